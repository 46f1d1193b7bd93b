"""Views to views: hide constants, fold modules, keep to a budget of nodes."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from viz.repeats import repeats
from viz.view import EdgeView, GraphView, NodeView

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

__all__ = [
    "deepest",
    "explain_shorthand",
    "fold",
    "fold_repeats",
    "fold_to_budget",
    "hide_constants",
    "one_direction",
    "open_but_repeats",
    "with_worst",
]


def hide_constants(view: GraphView, *, arrays: bool = True) -> GraphView:
    """Take out constants without a name, which formulas already show, and say how many.

    Arrays have only a letter in formulas; without `arrays` they stay.
    """
    hidden = {
        n.id
        for n in view.nodes
        if n.kind == "constant" and (arrays or not n.value or n.value == (n.name,))
    }
    if not hidden:
        return view
    # Numbers stand in the formulas; what has only a letter there is said.
    there = [n for n in view.nodes if n.id in hidden and n.value and n.value != (n.name,)]
    said = [f"{n.name} = {' '.join(n.value)}" for n in there[:3]] + ["…"] * (len(there) > 3)
    count = f"{len(hidden)} constant{'s' if len(hidden) > 1 else ''} not drawn"
    return replace(
        view,
        caption=(*view.caption, f"{count}: {'; '.join(said)}." if said else f"{count}."),
        nodes=tuple(n for n in view.nodes if n.id not in hidden),
        edges=tuple(e for e in view.edges if e.source not in hidden),
    )


def one_direction(view: GraphView, direction: str) -> GraphView:
    """Keep only the forward pass, or only the backward one."""
    if direction == "forward":
        return replace(
            view,
            caption=("Forward pass left to right.", *view.caption[1:]),
            nodes=tuple(replace(n, gradient="") for n in view.nodes),
            edges=tuple(replace(e, label="", back=False) for e in view.edges),
        )
    if direction == "backward":
        unrun = "; it has not run" if "has not run" in view.caption[0] else ""
        ends = {i for e in view.edges if e.back for i in (e.source, e.target)}
        return replace(
            view,
            caption=(f"Backward pass right to left{unrun}.", *view.caption[1:]),
            nodes=tuple(n for n in view.nodes if n.id in ends or not view.edges),
            edges=tuple(replace(e, forward=False) for e in view.edges if e.back),
        )
    return view


def fold(
    view: GraphView, depth: int, opened: Collection[tuple[str, ...]] = frozenset()
) -> GraphView:
    """Make one card of every module deeper than `depth` levels of opened clusters.

    The card shows the shape of what comes out and the gradients of the parameters inside. Modules
    named in `opened` by their path are open whatever their depth.
    """
    groups: dict[tuple[str, ...], list[NodeView]] = {}
    paths = {scope: _closed(scope, depth, opened) for scope in {n.scope for n in view.nodes}}
    for node in view.nodes:
        if (path := paths[node.scope]) is not None:
            groups.setdefault(path, []).append(node)
    if not groups:
        return view
    home: dict[int, int] = {}
    cards: dict[int, NodeView] = {}
    leaving = {e.source for e in view.edges} - _only_inside(view, paths)
    for path, members in groups.items():
        last = members[-1].id  # ids are in topological order: the card stands where it ends
        home.update((m.id, last) for m in members)
        results = [m for m in members if m.id in leaving or m.kind == "cost"]
        cards[last] = _card(last, path, members, results)
    order = sorted({home.get(n.id, n.id) for n in view.nodes})
    by_id = {n.id: n for n in view.nodes}
    merged: dict[tuple[int, int], EdgeView] = {}
    kept: list[EdgeView] = []
    for edge in view.edges:
        source, target = home.get(edge.source, edge.source), home.get(edge.target, edge.target)
        if source == target and edge.source in home:
            continue
        if edge.target not in home:
            kept.append(replace(edge, source=source))
        elif (source, target) not in merged:
            bare = replace(edge, label="", words="", latex="")  # of names inside the card
            merged[source, target] = replace(bare, source=source, target=target)
            kept.append(merged[source, target])
        elif edge.back and not merged[source, target].back:
            kept[kept.index(merged[source, target])] = replace(merged[source, target], back=True)
    note = f"{len(groups)} module{'s' if len(groups) > 1 else ''} folded; depth={depth + 1} opens "
    folded = replace(
        view,
        caption=(*view.caption, note + ("them." if len(groups) > 1 else "it.")),
        nodes=tuple(cards.get(i) or by_id[i] for i in order),
        edges=tuple(kept),
    )
    return folded if _is_ordered(folded) else view


def _is_ordered(view: GraphView) -> bool:
    """Whether every edge still leads from an earlier card to a later one."""
    place = {n.id: i for i, n in enumerate(view.nodes)}
    return all(place[e.source] < place[e.target] for e in view.edges)


def _closed(
    scope: tuple[str, ...], depth: int, opened: Collection[tuple[str, ...]]
) -> tuple[str, ...] | None:
    """Return the path of the outermost module around a scope that is folded."""
    for level in range(1, len(scope) + 1):
        if level > depth and scope[:level] not in opened:
            return scope[:level]
    return None


def _only_inside(view: GraphView, paths: dict[tuple[str, ...], tuple[str, ...] | None]) -> set[int]:
    """Return the nodes whose every use stays in their own folded module."""
    by_id = {n.id: paths[n.scope] for n in view.nodes}
    inside: dict[int, bool] = {}
    for edge in view.edges:
        home = by_id[edge.source]
        stays = home is not None and by_id[edge.target] == home
        inside[edge.source] = inside.get(edge.source, True) and stays
    return {i for i, stays in inside.items() if stays}


def _card(
    id: int, path: tuple[str, ...], members: list[NodeView], results: list[NodeView]
) -> NodeView:
    parameters = [m for m in members if m.kind == "parameter"]
    lines = [f"out {r.name}: {' '.join(r.value)}" if r.value else f"out {r.name}" for r in results]
    lines += [p.gradient or p.name for p in parameters]
    lines.append(f"{len(members)} node{'s' * (len(members) > 1)}")
    card = NodeView(
        id=id,
        kind="module",
        name=path[-1],
        formula="",
        value=tuple(lines),
        gradient=results[-1].gradient if results else "",
        scope=path[:-1],
        words=f"module {path[-1]}. " + ". ".join(lines),
        inside="; ".join(f"{m.kind} {_without_names(m.formula)} {m.shape}" for m in members),
    )
    return with_worst(card, members)


_WORST = ("begins here", "NaN", "∞", "exploding", "vanishing", "zero gradient", "changed", "new")


def with_worst(card: NodeView, inside: Sequence[NodeView]) -> NodeView:
    """Give a card the worst mark of what is folded into it, and the norm of its last gradient."""
    found = [n.mark for n in inside if n.mark]
    worst = min(found, key=lambda m: next(k for k, w in enumerate(_WORST) if w in m), default="")
    norms = [n.norm for n in inside if n.norm is not None]
    words = f"{card.words}. {worst} inside" if worst else card.words
    return replace(card, mark=worst, norm=norms[-1] if norms else None, words=words)


def _without_names(formula: str) -> str:
    """Return a formula with _ for every name that is not a function's."""
    return re.sub(r"[^\W\d]\w*(?!\w*\()", "_", formula)


def explain_shorthand(view: GraphView) -> GraphView:
    """Say once what ∂u means, where a label multiplies whole cotangents."""
    for edge in view.edges:
        head, _, body = edge.label.partition(" = ")
        _, short, rest = body.partition("∂")
        if short:
            name = (re.match(r"\w+", rest) or [rest])[0].rstrip("ᵀ")
            if head.split("/")[0] == f"∂{name}":  # ∂J is 1
                continue
            note = f"∂{name} is short for {head.split('/')[0]}/∂{name}."
            return replace(view, caption=(*view.caption, note))
    return view


def fold_repeats(view: GraphView) -> GraphView:
    """Make one card of folded modules in a row that have the same type and the same inside."""
    place = {n.id: i for i, n in enumerate(view.nodes)}
    given = {n.id for n in view.nodes if n.kind in {"parameter", "data", "constant"}}
    operands: dict[int, list[int]] = {n.id: [] for n in view.nodes}
    for edge in view.edges:  # what is made in the round, or before; what is given is the same
        back = place[edge.target] - place[edge.source]
        operands[edge.target].append(-edge.source - 1 if edge.source in given else back)
    modules = {n.id for n in view.nodes if n.kind == "module"}

    def signature(node: NodeView) -> tuple[object, ...]:
        if node.kind == "parameter" or node.kind == "data":
            return (node.id,)
        name = re.sub(r"\d+", "#", node.name if node.id in modules else node.formula)
        return node.kind, name, node.scope, node.inside, *sorted(operands[node.id])

    home: dict[int, int] = {}
    cards: dict[int, NodeView] = {}
    for start, period, rounds in repeats([signature(n) for n in view.nodes], longest=8):
        inside = view.nodes[start : start + period * rounds]
        if not any(n.id in modules for n in inside):
            continue
        first, last = inside[:period], inside[-1]
        between = f"{inside[0].name} … {inside[(rounds - 1) * period].name}"
        lines = (
            " → ".join(
                re.sub(r"^.*\((\w+)\)$", r"\1", n.name) if n.id in modules else n.formula
                for n in first
            ),
            *[line for line in last.value if line.startswith("out ")],
            *_gradients_inside([n for n in inside if n.id in modules]),
            f"{len(inside)} cards",
        )
        name = f"{between} × {rounds}"
        words = f"{name}. {'. '.join(lines)}"
        card = NodeView(last.id, "repeat", name, "", lines, last.gradient, last.scope, words)
        cards[last.id] = with_worst(card, inside)
        home.update((n.id, last.id) for n in inside)
    if not cards:
        return view
    edges: dict[tuple[int, int, int], EdgeView] = {}
    for edge in view.edges:
        source, target = home.get(edge.source, edge.source), home.get(edge.target, edge.target)
        if source == target:
            continue
        into = edge.target in home
        key = (source, target, -1 if into else edge.slot)
        before = edges.get(key)
        edges[key] = replace(
            edge,
            source=source,
            target=target,
            label="" if into else edge.label,
            words="" if into else edge.words,
            latex="" if into else edge.latex,
            back=edge.back or (before is not None and before.back),
        )
    folded = replace(
        view,
        caption=(*view.caption, f"{len(home)} cards folded into {len(cards)} that repeat."),
        nodes=tuple(cards.get(n.id, n) for n in view.nodes if home.get(n.id, n.id) == n.id),
        edges=tuple(edges.values()),
    )
    return folded if _is_ordered(folded) else view


def _gradients_inside(modules: Sequence[NodeView]) -> list[str]:
    """Return the gradients that the first and the last of folded modules show."""
    first, last = ([x for x in m.value if "∂" in x] for m in (modules[0], modules[-1]))
    return [*first, "…", *last] if first or last else []


def fold_to_budget(view: GraphView, max_nodes: int) -> GraphView:
    """Open as many levels of modules as the budget allows."""
    for depth in range(deepest(view), -1, -1):
        folded = fold(view, depth)
        if len(folded.nodes) <= max_nodes:
            return folded
    return fold(view, 0)


def open_but_repeats(view: GraphView, max_nodes: int) -> GraphView:
    """Open as many levels of modules as leave some that repeat in a row, and fold these."""
    for depth in range(deepest(view), -1, -1):
        part = fold(view, depth)
        folded = fold_repeats(part)
        if len(folded.nodes) < len(part.nodes):
            return folded
    return fold_to_budget(view, max_nodes)


def deepest(view: GraphView) -> int:
    """Return how many levels of modules a view has."""
    return max((len(n.scope) for n in view.nodes), default=0)
