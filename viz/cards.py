"""A recorded graph becomes a `GraphView`: its cards, its arrows and what stands under them."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from viz.engine import bracketed, format_number, latex_name, raised
from viz.health import with_health
from viz.loops import Loop, homes, with_loops
from viz.numbers import grid_of, is_few, norm_of, rows_of, shape_of, value_lines
from viz.scopes import Call, clusters_of
from viz.text import clean, in_short, line_of
from viz.view import Alert, EdgeView, Gradient, GraphView, Kind, NodeView
from viz.wording import chain_rule, latex_rule, local_of, times

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from viz.engine import Graph, GraphNode

__all__ = ["LARGE", "view_of", "without_values"]

LARGE = 2000  # nodes, beyond which loops fold by themselves
TYPESET = 300  # nodes, beyond which formulas are not written as LaTeX as well


def view_of(
    g: Graph,
    values: bool = True,
    health: bool = False,
    loops: Sequence[Loop] = (),
    rounds: int = 0,
    typeset: bool | None = None,
) -> GraphView:
    """Return everything a picture of a graph can show.

    The loops become one card each, after as many of their rounds as are to be shown. Formulas are
    written as LaTeX too; with None, of up to TYPESET cards.
    """
    found = [loop.after(rounds) for loop in loops]
    home = homes(g, found)
    shown = [node for node, loop in zip(g.nodes, home, strict=True) if loop is None]
    meeting = [e for e in g.edges if home[e.parent] is None or home[e.child] != home[e.parent]]
    outs = {node.id for node in g.outputs}
    names = [clean(node.label, 40) for node in g.outputs]
    cost = " + ".join(names) if len(names) > 1 else bracketed(names[0])
    if len(outs) > 3:
        cost = f"({clean(g.outputs[0].label, 40)} + … + {clean(g.outputs[-1].label, 40)})"
    elif len(outs) > 1:
        cost = f"({cost})"
    scopes = clusters_of(g)
    walked = all(node.walked for node in g.outputs)
    paths = _paths(g, [e for e in meeting if home[e.parent] is None]) if values else {}
    in_latex = len(shown) <= TYPESET if typeset is None else typeset

    def card(node: GraphNode) -> NodeView:
        known, scope = paths.get(node.id, []), scopes[node.id]
        return _node(node, _kind(node, outs), cost, scope, known, walked, values, in_latex)

    nodes = tuple(card(node) for node in shown)
    if health:
        nodes = with_health(g, nodes)
    drawn = [e for e in meeting if home[e.child] is None]
    uses = _uses(g)
    edges = tuple(_edge(g, e, cost, uses, values, in_latex) for e in drawn)
    if found:
        hidden = tuple(card(g.nodes[i]) for loop in found for i in loop.ids) if health else ()
        marks = {n.id: n for n in with_health(g, hidden)} if hidden else {}
        nodes, edges = with_loops(g, found, home, (nodes, edges), meeting, card, scopes, marks)
    unrun = tuple(clean(node.label, 40) for node in g.outputs if not node.walked)
    results, caption = [], []
    for node in g.outputs:
        value = node.shown if values else None
        known = f" = {format_number(value)}" if value is not None and np.ndim(value) == 0 else ""
        called = scopes[node.id][-1] if scopes[node.id] else ""
        one = isinstance(called, Call) and called.results == (node.id,)
        formula = called if one else node.formula
        made = f" = {raised(clean(formula))}" if node.op else ""
        results.append(f"{clean(node.label)}{made}{known}.")
    if walked and values:
        if g.is_hooked:
            caption.append("Hooks may change gradients; the derivatives drawn are without them.")
        if any(n.cotangent is None for n in g.outputs):
            caption.append(
                "The backward pass began with weights that are not kept, so no derivatives are "
                "shown: draw a sum of the output, with its weights."
            )
        if g.keeps_zeros:
            caption.append(
                "A gradient of 0 stayed 0 where it met an infinite local derivative; "
                "strong_zero(False) shows NaN there."
            )
        if g.hidden_limits:
            where = ", ".join(clean(n.label) for n in g.hidden_limits)
            caption.append(
                f"Arithmetic made that 0 at {where}, so the true derivative may be another number."
            )
    since = [n for n in g.leaves if n.is_assigned] if values else []
    gone = in_short([clean(n.label) for n in since if n.value is None])
    alerts: tuple[Alert, ...] = ()
    if gone:
        text = (
            "draw before the optimizer's step. Other values were assigned since the recording, so "
            "that these, and what follows from them, are not shown."
        )
        alerts = (Alert(gone, "", text),)
    if past := in_short([clean(n.label) for n in since if n.value is not None]):
        caption.append(f"Assigned since, and shown with the values before: {past}.")
    lost = [n for n in g if n.kind == "constant" and n.value is None] if values else []
    if lost:
        caption.append(
            f"An array of shape {lost[0].shape} that nobody kept, or that was written to since, "
            "and what follows from it, is not shown: give data a name, Tensor(X, name='X')."
        )
    if found:
        inside = sum(len(loop.ids) for loop in found)
        caption.append(f"{inside} nodes folded into {len(found)} loop{'s' * (len(found) > 1)}.")
    title = f"Computation graph of {', '.join(clean(n.label) for n in g.outputs)}"
    return GraphView(
        title,
        tuple(caption),
        nodes,
        edges,
        passes="both",
        unrun=unrun,
        outputs=len(outs),
        results=tuple(results),
        alerts=alerts,
        letters=tuple(
            clean(n.label) for n in (g if len(g) <= LARGE else shown) if n.name is None and n.op
        ),
    )


def _edge(
    g: Graph,
    edge: Any,
    cost: str,
    uses: Mapping[int, Sequence[tuple[int, int]]],
    values: bool,
    typeset: bool,
) -> EdgeView:
    if not edge.differentiable:
        return EdgeView(edge.parent, edge.child, edge.slot, back=False)
    ways = len(uses[edge.parent])
    bare = local_of(g, edge, cost, values)
    local = local_of(g, edge, cost, values, uses[edge.parent]) if ways > 1 else bare
    words = clean(chain_rule(g, edge, cost, bare, ways, values), 400)
    latex = latex_rule(g, edge, cost, ways) if typeset else ""
    back = edge.shown_cotangent if values else None
    brings = None
    if back is not None and np.size(back) == 1 and math.isfinite(float(np.asarray(back).item())):
        brings = float(np.asarray(back).item())
    return EdgeView(*local.ends, True, True, words, latex, *local.parts, brings=brings)


def _kind(node: GraphNode, outs: set[int]) -> Kind:
    if node.kind == "leaf":
        return "parameter"
    if node.kind == "constant":
        return "data" if node.name is not None else "constant"
    return "cost" if node.id in outs else "op"


def _node(
    node: GraphNode,
    kind: Kind,
    cost: str,
    scope: tuple[str, ...],
    paths: list[float],
    walked: bool,
    values: bool,
    typeset: bool,
) -> NodeView:
    name = clean(node.label)
    formula = raised(clean(node.formula)) if node.op else ""
    lines = value_lines(node) if values else ()
    slope = None
    if values and kind not in {"data", "constant"}:
        slope = _gradient(node, name, cost, paths, walked)
    spoken = ". ".join(
        filter(
            None,
            [
                f"{name} = {formula}" if formula else f"{kind} {name}",
                f"value {' '.join(lines)}" if lines else "",
                "" if slope is None else str(slope),
            ],
        )
    )
    source = "" if node.source is None else line_of(*node.source)
    latex = ""
    if typeset:
        latex = latex_name(node.label) + (f" = {node.latex}" if node.op else "")
    return NodeView(
        *(node.id, kind, name, formula, lines, slope, scope, spoken, source),
        latex=latex,
        shape=shape_of(node.shape),
        substituted=raised(node.substituted) if values and node.op and not node.shape else "",
    )


def _gradient(node: GraphNode, name: str, cost: str, paths: list[float], walked: bool) -> Gradient:
    g = node.shown_cotangent
    symbol = f"∂{cost}/∂{bracketed(clean(name, 60))}"
    if g is None:
        return Gradient(symbol, state="lost" if walked else "none")
    array = np.asarray(g)
    known = Gradient(symbol, paths=max(1, len(paths)), grid=grid_of(array))
    if is_few(array):
        return replace(known, text=" ".join(rows_of(array, below=False)))
    if array.size != 1:
        norm = format_number(norm_of(array))
        return replace(known, text=norm, state="norm", shape=shape_of(array.shape))
    if 1 < len(paths) <= 4 and not array.ndim and all(math.isfinite(p) for p in paths):
        terms = " + ".join(format_number(p) for p in paths).replace("+ −", "− ")
        return replace(known, text=f"{terms} = {format_number(array)}")
    return replace(known, text=format_number(array.item()))


def _uses(g: Graph) -> dict[int, list[tuple[int, int]]]:
    """Return where each value is used and differentiated: the ids of nodes, and their slots."""
    uses: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for edge in g.edges:
        if edge.differentiable:
            uses[edge.parent].append((edge.child, edge.slot))
    for node in g.outputs:
        if node.id in uses:  # an output that is also used counts for itself
            uses[node.id].append((node.id, -1))
    return uses


def _paths(g: Graph, edges: Sequence[Any]) -> dict[int, list[float]]:
    """Return what each use of a value brings back to it; NaN stands for an array."""
    used = {edge.parent for edge in g.edges}
    # An output that is also used counts for itself.
    found: dict[int, list[float]] = {n.id: [1.0] for n in g.outputs if n.id in used}
    for edge in edges:
        if not edge.differentiable:
            continue
        local, back = edge.number, g.nodes[edge.child].shown_cotangent
        known = local is not None and back is not None and np.ndim(back) == 0
        found.setdefault(edge.parent, []).append(
            times(back, local) if known and local is not None else math.nan
        )
    return found


def without_values(view: GraphView) -> GraphView:
    """Return the view with structure only."""
    nodes = [replace(n, value=(), slope=None, words=n.header, substituted="") for n in view.nodes]
    return replace(view, nodes=tuple(nodes))
