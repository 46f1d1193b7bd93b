"""Where drawings meet the engine: a recorded graph becomes a `GraphView`.

The only file of `viz`, beside the guard, that imports `autograd`.
"""

from __future__ import annotations

import functools
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import autograd
from autograd import (
    COMPOSITES,
    OPS,
    Graph,
    GraphNode,
    Tensor,
    format_number,
    graph,
    name_scope,
    pause_collector,
)
from autograd.graph import LONGEST
from autograd.labels import LETTERS, accented, latex_name
from autograd.ops.special import SCIPY
from autograd.state import STATE
from autograd.symbol import latex_number
from viz.loops import Loop, homes, with_loops
from viz.scopes import clusters_of
from viz.text import clean
from viz.view import EdgeView, Gradient, GraphView, Kind, NodeView

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = [
    "LETTERS",
    "NotDrawable",
    "accented",
    "engine",
    "find",
    "functions",
    "graph_of",
    "is_recorded",
    "leaf",
    "op_named",
    "pause_collector",
    "scalar",
    "scoped",
    "unreached",
    "view_of",
]

LARGE = 2000  # nodes, beyond which loops fold by themselves
TYPESET = 2000  # nodes, beyond which formulas are not written as LaTeX as well
CHAINS = 300  # nodes, beyond which the chain rule along arrows is not
_HERE = Path(__file__).parent  # what a command computes has no line of the user's
VANISHING, EXPLODING = 1e-7, 1e3  # norms of gradients beyond which a card says so


class NotDrawable(ValueError):
    """Something that has no picture, or not one of a readable size."""


# What an expression may call besides the functions of each element.
_ARRAYS = (
    *("dot", "inner", "logsumexp", "log_softmax", "matmul", "mean", "norm", "outer", "prod"),
    *("softmax", "sum", "std", "transpose", "var", "matvec", "vecdot", "vecmat"),
    *("binary_cross_entropy", "binary_cross_entropy_with_logits"),
)


def functions() -> dict[str, Callable[..., Any]]:
    """Return what an expression may call, by name: functions of each element, sums and products."""
    names = [
        n for n, o in OPS.items() if o.elementwise and o.rules and o.defaults.keys() >= {*o.params}
    ]
    found: dict[str, Callable[..., Any]] = {
        n: OPS[n].record if n in OPS else COMPOSITES[n].call
        for n in (*names, *_ARRAYS, *SCIPY.values())
    }
    found["abs"] = OPS["absolute"].record
    for of_one, of_two in (("max", "maximum"), ("min", "minimum")):
        found[of_one] = functools.partial(_greatest, OPS[of_one].record, OPS[of_two].record)
    return found


def _greatest(of_one: Any, of_two: Any, *arguments: Any, **options: Any) -> Any:
    """Return the greatest (or least) element of one array, or of each pair of two."""
    return (of_one if len(arguments) == 1 else of_two)(*arguments, **options)


def engine() -> Path:
    """Return the folder of the engine that is in use."""
    return Path(autograd.__file__).resolve().parent


def op_named(name: str) -> Any:
    """Return the engine's op of a name; None if no op has that name."""
    return OPS.get(name)


def scalar(value: float, name: str, is_leaf: bool) -> Tensor:
    """Return one named number."""
    return Tensor(value, name=name, requires_grad=is_leaf)


def is_recorded(x: Any) -> bool:
    """Return whether a number is the result of a recorded op, or a leaf."""
    return isinstance(x, Tensor) and x.requires_grad


def scoped(name: str) -> Any:
    """Return a block in which ops belong to a module."""
    return name_scope(name)


def leaf(name: str, value: Any) -> Tensor:
    """Return a named value that derivatives are wanted for."""
    return Tensor(value, name=name, requires_grad=True)


def graph_of(*outputs: Any, where: str = "viz.draw") -> Graph:
    """Return the recorded graph of some results; `where` is what refusals are called by."""
    for y in outputs:
        if not isinstance(y, Tensor):
            raise NotDrawable(
                f"{where}: needs an autograd.Tensor, got {_type(y)}; pass the result of a "
                "computation."
            )
        if not y.requires_grad:
            raise NotDrawable(
                f"{where}: the tensor of shape {y.shape} has no graph; make its leaves with "
                "requires_grad=True, outside no_grad()."
            )
    return graph(*outputs)


def _type(x: Any) -> str:
    """Return the name of a type, with its module where that is not Python's own."""
    kind = type(x)
    package = kind.__module__.partition(".")[0]
    return kind.__qualname__ if package == "builtins" else f"{package}.{kind.__qualname__}"


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
    written as LaTeX too; with None, of up to TYPESET cards, and on arrows of up to CHAINS.
    """
    found = [loop.after(rounds) for loop in loops]
    home = homes(g, found)
    shown = [node for node, loop in zip(g.nodes, home, strict=True) if loop is None]
    meeting = [e for e in g.edges if home[e.parent] is None or home[e.child] != home[e.parent]]
    outs = {node.id for node in g.outputs}
    cost = " + ".join(clean(node.label, 40) for node in g.outputs)
    if len(outs) > 1:
        cost = f"({cost})"
    scopes = clusters_of(g)
    walked = all(node.walked for node in g.outputs)
    paths = _paths(g, [e for e in meeting if home[e.parent] is None]) if values else {}
    in_latex = len(shown) <= TYPESET if typeset is None else typeset
    chains = len(shown) <= CHAINS if typeset is None else typeset

    def card(node: GraphNode) -> NodeView:
        known, scope = paths.get(node.id, []), scopes[node.id]
        return _node(node, _kind(node, outs), cost, scope, known, walked, values, in_latex)

    nodes = tuple(card(node) for node in shown)
    if health:
        nodes = _with_health(g, nodes)
    drawn = [e for e in meeting if home[e.child] is None]
    edges = tuple(_edge(g, e, cost, paths, values, chains) for e in drawn)
    if found:
        hidden = tuple(card(g.nodes[i]) for loop in found for i in loop.ids) if health else ()
        marks = {n.id: n for n in _with_health(g, hidden)} if hidden else {}
        nodes, edges = with_loops(g, found, home, (nodes, edges), meeting, card, marks)
    unrun = tuple(clean(node.label, 40) for node in g.outputs if not node.walked)
    caption = []
    for node in g.outputs:
        value = node.value if values else None
        known = f" = {format_number(value)}" if value is not None and np.ndim(value) == 0 else ""
        made = f" = {raised(clean(node.formula))}" if node.op else ""
        caption.append(f"{clean(node.label)}{made}{known}.")
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
    if values and any(n.kind == "leaf" and n.value is None for n in g):
        caption.append(
            "Values assigned since the recording, and what follows from them, are not shown: draw "
            "before the optimizer's step."
        )
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
        title, tuple(caption), nodes, edges, passes="both", unrun=unrun, outputs=len(outs)
    )


def _edge(
    g: Graph,
    edge: Any,
    cost: str,
    paths: dict[int, list[float]],
    values: bool,
    typeset: bool,
) -> EdgeView:
    if not edge.differentiable:
        return EdgeView(edge.parent, edge.child, edge.slot, back=False)
    local = _local(g, edge, cost, values)
    ways = len(paths.get(edge.parent, []))
    words = clean(_chain_rule(g, edge, cost, local, ways, values), 400)
    latex = _latex_rule(g, edge, cost) if typeset else ""
    return EdgeView(*local.ends, True, True, words, latex, *local.parts)


def _chain_rule(g: Graph, edge: Any, cost: str, bare: _Local, paths: int, values: bool) -> str:
    """Say what comes back along an edge: ∂J/∂b = ∂J/∂u · ∂u/∂b = 3 · 2 = 6."""
    parent, child = g.nodes[edge.parent], g.nodes[edge.child]
    one = f", on one of {paths} paths" if paths > 1 else ""
    brings = edge.cotangent if values and parent.shape else None
    is_whole = bare.symbol.startswith(f"∂{cost}/")
    if brings is not None:
        number = is_whole and not bare.number and _NUMBER.fullmatch(bare.formula)
        if _is_few(brings):
            one = f"{' for each:' if number else ' ='} {' '.join(_rows(brings))}{one}"
        elif brings.size == 1:
            one = ("" if number else f" = {format_number(brings.item())}") + one
        else:
            one = f"{' for each' if number else ''}, of norm {format_number(_norm(brings))}{one}"
    if not edge.is_factor or is_whole:
        return f"{bare.label}{one}"
    back, local = child.cotangent, edge.number
    whole = f"∂{cost}/∂{child.label} · {bare.symbol}"
    how = f", where {bare.label}" if bare.number or local is None else ""
    if back is not None and np.ndim(back) == 0 and local is not None:
        numbers = f"{_factor(back)} · {_factor(local)} = {format_number(_times(back, local))}"
        return f"∂{cost}/∂{parent.label} = {whole} = {numbers}{one}{how}"
    return f"∂{cost}/∂{parent.label} = {whole}{one}{how}"


def _latex_rule(g: Graph, edge: Any, cost: str) -> str:
    """Return the chain rule along an edge as LaTeX."""
    parent, child = g.nodes[edge.parent], g.nodes[edge.child]
    top = " + ".join(latex_name(n.label) for n in g.outputs)
    top = f"({top})" if len(g.outputs) > 1 else top
    ahead = _fraction(top, latex_name(child.label))
    whole = f"{_fraction(top, latex_name(parent.label))} = "
    brings = edge.cotangent if parent.shape else None
    end = "" if brings is None else _latex_array(brings)
    if not edge.is_factor:
        return f"{whole}{edge.latex}{end}"
    local = _fraction(latex_name(child.label), latex_name(parent.label))
    if _is_repeated(g, edge):
        factor = "" if edge.formula == "1" else rf" \cdot {edge.latex}"
        if " " in edge.formula:
            factor = rf" \cdot \left({edge.latex}\right)"
        return rf"{whole}\sum {ahead}{factor}{end}"
    if child.label == cost:
        return f"{whole}{edge.latex}{_number(edge)}{end}"
    back = child.cotangent
    known = back is not None and np.ndim(back) == 0 and edge.number is not None
    numbers = ""
    if known:
        product = latex_number(_times(back, edge.number))
        numbers = rf" = {_bracketed(back)} \cdot {_bracketed(edge.number)} = {product}"
    how = rf", \quad {local} = {edge.latex}{_number(edge)}" if _number(edge) or not numbers else ""
    return rf"{whole}{ahead} \cdot {local}{numbers}{end}{how}"


def _latex_array(array: Any) -> str:
    """Return the numbers of a gradient, or its norm, as the end of an equation."""
    if array.size == 1:
        return f" = {latex_number(array.item())}"
    if not _is_few(array):
        return rf", \quad \text{{of norm }} {latex_number(_norm(array))}"
    rows = [" & ".join(map(latex_number, row)) for row in np.atleast_2d(array)]
    inside = r" \\ ".join(rows)
    return rf" = \begin{{bmatrix}} {inside} \end{{bmatrix}}"


def _is_repeated(g: Graph, edge: Any) -> bool:
    """Return whether an operand was broadcast, so that its gradient is a sum over the copies."""
    parent, child = g.nodes[edge.parent], g.nodes[edge.child]
    if parent.shape == child.shape == ():
        return False
    try:
        full = np.broadcast_shapes(*(g.nodes[p].shape for p in child.parents), ())
    except ValueError:  # of an op that is not elementwise
        full = child.shape
    return bool(math.prod(parent.shape) < max(math.prod(full), math.prod(child.shape)))


def _number(edge: Any) -> str:
    """Return the value of a local derivative, unless its formula is that number."""
    if edge.number is None or format_number(edge.number) == edge.formula:
        return ""
    return f" = {latex_number(edge.number)}"


def _fraction(top: str, bottom: str) -> str:
    return rf"\frac{{\partial {top}}}{{\partial {bottom}}}"


def _bracketed(x: Any) -> str:
    text = latex_number(x)
    return f"({text})" if text.startswith("-") else text


def _times(back: Any, local: float) -> float:
    """Return what comes back along an edge; a cotangent of 0 stays 0 where the walk keeps it so."""
    strong = STATE.get().strong_zero
    return 0.0 if strong and not back else float(back) * local


def _factor(x: Any) -> str:
    text = format_number(x)
    return f"({text})" if text.startswith("−") else text


def _with_health(g: Graph, views: tuple[NodeView, ...]) -> tuple[NodeView, ...]:
    """Add the norm of each gradient, and a word where something is out of bounds."""
    before: list[list[int]] = [[] for _ in g.nodes]
    after: list[list[int]] = [[] for _ in g.nodes]
    for edge in g.edges:
        before[edge.child].append(edge.parent)
        if edge.differentiable:
            after[edge.parent].append(edge.child)
    value = [_trouble(node.value) for node in g]
    slope = [_trouble(node.cotangent) for node in g]
    healthy = []
    for view in views:
        i = view.id
        mark, norm = "", None
        if value[i]:
            mark = value[i] if any(value[p] for p in before[i]) else f"{value[i]} begins here"
        elif slope[i]:
            begins = not any(slope[c] or value[c] for c in after[i])
            mark = f"{slope[i]} gradient" + (" begins here" if begins else "")
        elif view.slope is not None and g.nodes[i].cotangent is not None:
            norm = _norm(g.nodes[i].cotangent)
            if norm == 0:
                mark = "zero gradient"
            else:
                mark = "vanishing" if norm < VANISHING else "exploding" if norm > EXPLODING else ""
        words = f"{view.words}. {mark}" if mark else view.words
        healthy.append(replace(view, mark=mark, norm=norm, words=words))
    return tuple(healthy)


def _norm(x: Any) -> float:
    """Return the root of the sum of squares, which overflows only where it is itself too large."""
    array = np.asarray(x, np.float64)
    greatest = float(np.max(np.abs(array), initial=0.0))
    if not greatest or not math.isfinite(greatest):
        return greatest
    return float(greatest * np.linalg.norm(array / greatest))


def _trouble(x: Any) -> str:
    """Return NaN or ∞ for an array that has one."""
    if x is None or np.all(np.isfinite(x)):
        return ""
    return "NaN" if np.any(np.isnan(x)) else "∞"


def unreached(output: Tensor, named: Mapping[str, Any]) -> list[str]:
    """Return the names of what no derivative of an output leads to."""
    g = graph_of(output)
    tensors = {name: x for name, x in named.items() if isinstance(x, Tensor)}
    return [name for name, x in tensors.items() if g.find(x) is None]


def find(output: Tensor, x: Any) -> int:
    """Return the id of a tensor in the graph of an output."""
    node = graph_of(output).find(x) if isinstance(x, Tensor) else None
    if node is None:
        name = getattr(x, "name", None)
        raise NotDrawable(
            f"viz.explain: the output does not depend on {name or f'this {type(x).__name__}'}; "
            "pass tensors it was computed from, made with requires_grad=True."
        )
    return node.id


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
    lines = _value_lines(node) if values else ()
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
    source = "" if node.source is None else _line(*node.source)
    latex = ""
    if typeset:
        latex = latex_name(node.label) + (f" = {node.latex}" if node.op else "")
    return NodeView(
        *(node.id, kind, name, formula, lines, slope, scope, spoken, source),
        latex=latex,
        shape=_shape(node.shape),
    )


@functools.lru_cache(maxsize=4096)
def _line(file: str, line: int) -> str:
    """Return the user's line as cards show it; empty where it is one of ours."""
    path = Path(file)
    return "" if path.parent == _HERE else clean(f"{path.name}:{line}")


def raised(text: str) -> str:
    """Return a formula with whole powers as superscripts: v² rather than v^2."""
    return _POWER.sub(lambda m: (m[1] or m[2]).translate(_SUPERSCRIPTS), text)


_POWER = re.compile(r"\^(?:\((−\d+)\)|(\d+)(?![\d.]))")
_SUPERSCRIPTS = str.maketrans("0123456789−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def _value_lines(node: GraphNode) -> tuple[str, ...]:
    value = node.value
    kind = f"{_shape(node.shape)} {node.dtype}"
    if value is None:
        lost = "assigned since" if node.kind == "leaf" else "value not kept"
        return (kind, lost) if node.shape else (lost,)
    array = np.asarray(value)
    if array.ndim == 0:
        return (format_number(array),)
    if array.size == 0:
        return (kind, "empty")
    if array.ndim <= 2 and (max(array.shape) <= 3 or array.size <= 4):
        return _rows(array)
    finite = array[np.isfinite(array)].astype(np.float64)
    wrong = array.size - finite.size
    nan = int(np.count_nonzero(np.isnan(array)))
    words = "NaN" if nan == wrong else "NaN or ∞" if nan else "±∞"
    if not finite.size:
        return kind, f"all {words}"
    scale = float(np.max(np.abs(finite))) or 1.0  # so that no sum overflows
    middle = np.mean(finite / scale) * scale
    low, middle, high = (format_number(x, 3) for x in (np.min(finite), middle, np.max(finite)))
    beside = f", {wrong} of {array.size} {words}" if wrong else f", mean {middle}"
    return kind, f"{low} … {high}{beside}"


_NUMBER = re.compile(r"−?[\d.]+( / \d+)?")


def _is_few(array: Any) -> bool:
    """Whether all numbers of a gradient are shown, rather than its norm."""
    return bool(1 < array.size <= 4 and array.ndim <= 2)


def _rows(array: Any) -> tuple[str, ...]:
    rows = [f"[{' '.join(map(format_number, row))}]" for row in np.atleast_2d(array)]
    return (f"[{rows[0]}]",) if array.ndim == 2 and len(rows) == 1 else tuple(rows)


def _gradient(node: GraphNode, name: str, cost: str, paths: list[float], walked: bool) -> Gradient:
    g = node.cotangent
    symbol = f"∂{cost}/∂{clean(name, 60)}"
    if g is None:
        return Gradient(symbol, state="lost" if walked else "none")
    array = np.asarray(g)
    known = Gradient(symbol, paths=max(1, len(paths)))
    if _is_few(array):
        return replace(known, text=" ".join(_rows(array)))
    if array.size != 1:
        norm = format_number(_norm(array))
        return replace(known, text=norm, state="norm", shape=_shape(array.shape))
    if 1 < len(paths) <= 4 and not array.ndim and all(math.isfinite(p) for p in paths):
        terms = " + ".join(format_number(p) for p in paths).replace("+ −", "− ")
        return replace(known, text=f"{terms} = {format_number(array)}")
    return replace(known, text=format_number(array.item()))


def _paths(g: Graph, edges: Sequence[Any]) -> dict[int, list[float]]:
    """Return what each use of a value brings back to it; NaN stands for an array."""
    used = {edge.parent for edge in g.edges}
    # An output that is also used counts for itself.
    found: dict[int, list[float]] = {n.id: [1.0] for n in g.outputs if n.id in used}
    for edge in edges:
        if not edge.differentiable:
            continue
        local, back = edge.number, g.nodes[edge.child].cotangent
        known = local is not None and back is not None and np.ndim(back) == 0
        found.setdefault(edge.parent, []).append(
            _times(back, local) if known and local is not None else math.nan
        )
    return found


class _Local(NamedTuple):
    """What an arrow brings back, as `EdgeView` has it."""

    ends: tuple[int, int, int]
    symbol: str
    formula: str
    number: str = ""
    short: str = ""

    @property
    def parts(self) -> tuple[str, str, str, str]:
        return self.symbol, self.formula, self.number, self.short

    @property
    def label(self) -> str:
        return " = ".join(filter(None, (self.symbol, self.formula, self.number)))


def _local(g: Graph, edge: Any, cost: str, values: bool) -> _Local:
    """Return the local derivative that an arrow brings back."""
    parent, child = (clean(g.nodes[i].label, 40) for i in (edge.parent, edge.child))
    formula = raised(clean(edge.formula, LONGEST))
    ends = edge.parent, edge.child, edge.slot
    whole, short = f"∂{cost}/∂{parent}", child if child != cost else ""
    if not edge.is_factor:
        return _Local(ends, whole, formula, short=short if "∂" in formula else "")
    if _is_repeated(g, edge):
        # A value that was broadcast gets the sum over its copies: db = Σ dZ.
        factor = "" if formula == "1" else f" · ({formula})" if " " in formula else f" · {formula}"
        return _Local(ends, whole, f"Σ ∂{child}{factor}", short=short)
    number = edge.number if values else None
    text = "" if number is None else format_number(number)
    return _Local(ends, f"∂{child}/∂{parent}", formula, "" if text == edge.formula else text)


def _shape(shape: tuple[int, ...]) -> str:
    return str(shape) if shape else "scalar"


def without_values(view: GraphView) -> GraphView:
    """Return the view with structure only."""
    return replace(
        view, nodes=tuple(replace(n, value=(), slope=None, words=n.header) for n in view.nodes)
    )
