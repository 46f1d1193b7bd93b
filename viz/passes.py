"""Views to views: hide constants, fold modules, keep to a budget of nodes."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from viz.kinds import KINDS
from viz.repeats import repeats
from viz.scopes import Call
from viz.view import GRADES, EdgeView, Gradient, GraphView, NodeView

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

__all__ = [
    "deepest",
    "fold",
    "fold_calls",
    "fold_repeats",
    "fold_to_budget",
    "heads_of",
    "hide_constants",
    "is_one_formula",
    "lead",
    "name_inside",
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
    said = [f"{n.name} = {n.value_in_line}" for n in there[:3]] + ["…"] * (len(there) > 3)
    count = f"{len(hidden)} constant{'s' if len(hidden) > 1 else ''} not drawn"
    return replace(
        view,
        notes=(*view.notes, f"{count}: {'; '.join(said)}." if said else f"{count}."),
        nodes=tuple(n for n in view.nodes if n.id not in hidden),
        edges=tuple(e for e in view.edges if e.source not in hidden),
    )


def one_direction(view: GraphView, direction: str) -> GraphView:
    """Keep only the forward pass, or only the backward one."""
    if direction == "forward":
        return replace(
            view,
            passes="forward",
            nodes=tuple(replace(n, slope=None) for n in view.nodes),
            edges=tuple(
                replace(e.bare(), words=e.words, latex=e.latex, back=False) for e in view.edges
            ),
        )
    if direction == "backward":
        ends = {i for e in view.edges if e.back for i in (e.source, e.target)}
        return replace(
            view,
            passes="backward",
            nodes=tuple(n for n in view.nodes if n.id in ends or not view.edges),
            edges=tuple(replace(e, forward=False) for e in view.edges if e.back),
        )
    return view


def fold_calls(view: GraphView) -> GraphView:
    """Make one card of every call of a function that is written with several ops."""
    scopes = {n.scope for n in view.nodes}
    paths = {s: s if s and isinstance(s[-1], Call) else None for s in scopes}
    return _folded(view, paths, f"depth={deepest(view)} opens ")


def fold(
    view: GraphView, depth: int, opened: Collection[tuple[str, ...]] = frozenset()
) -> GraphView:
    """Make one card of every module deeper than `depth` levels of opened clusters.

    The card shows the shape of what comes out and the gradients of the parameters inside. Modules
    named in `opened` by their path are open whatever their depth.
    """
    paths = {scope: _closed(scope, depth, opened) for scope in {n.scope for n in view.nodes}}
    return _folded(view, paths, f"depth={depth + 1} opens ")


def _folded(
    view: GraphView, paths: dict[tuple[str, ...], tuple[str, ...] | None], opens: str
) -> GraphView:
    """Make one card of the nodes of each path; those of scopes whose path is None stay."""
    groups: dict[tuple[str, ...], list[NodeView]] = {}
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
            merged[source, target] = replace(edge.bare(), source=source, target=target)
            kept.append(merged[source, target])
        elif edge.back and not merged[source, target].back:
            kept[kept.index(merged[source, target])] = replace(merged[source, target], back=True)
    kinds = {"function" if isinstance(path[-1], Call) else "module" for path in groups}
    several = "s" * (len(groups) > 1)
    note = f"{len(groups)} {' or '.join(sorted(kinds))}{several} folded; {opens}"
    folded = replace(
        view,
        notes=(*view.notes, note + ("them." if len(groups) > 1 else "it.")),
        nodes=tuple(cards.get(i) or by_id[i] for i in order),
        edges=tuple(kept),
    )
    return folded if _is_ordered(folded) else view


def heads_of(
    ids: Sequence[int],
    uses: Mapping[int, Collection[int]],
    ops: Collection[int],
    named: Collection[int],
) -> dict[int, int]:
    """Return for each id, in topological order, the last of the `ops` that it leads to alone.

    It is the id itself where the result has a name, is used for several, or is none of the ops.
    """
    heads: dict[int, int] = {}
    for i in reversed(ids):
        ends = {heads.get(k, k) for k in uses[i]}
        joins = i in ops and i not in named and len(ends) == 1 and all(k in ops for k in ends)
        heads[i] = ends.pop() if joins else i
    return heads


_MOST = 12  # steps of which a formula is put together


def is_one_formula(ids: Sequence[int], uses: Mapping[int, Collection[int]]) -> bool:
    """Whether results may stand in the formula of the last of them: each is used there, once."""
    return len(ids) <= _MOST and all(len(uses[i]) == 1 for i in ids[:-1])


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
    if isinstance(path[-1], Call):
        return _call_card(id, path, members, results)
    parameters = [m for m in members if m.kind == "parameter"]
    lines = [f"out {r.name}: {r.value_in_line}" if r.value else f"out {r.name}" for r in results]
    lines += [p.name for p in parameters if p.slope is None]
    slopes = tuple(p.slope for p in parameters if p.slope is not None)
    count = f"{len(members)} node{'s' * (len(members) > 1)}"
    card = NodeView(
        id=id,
        kind="module",
        name=path[-1],
        formula="",
        value=tuple(lines),
        slope=results[-1].slope if results else None,
        slopes=slopes,
        count=count,
        heat=results[-1].heat if results else (),
        scope=path[:-1],
        words=f"module {path[-1]}. " + ". ".join([*lines, *map(str, slopes), count]),
        inside="; ".join(f"{m.kind} {_without_names(m.formula)} {m.shape}" for m in members),
    )
    return with_worst(card, members)


def _call_card(
    id: int, path: tuple[str, ...], members: list[NodeView], results: list[NodeView]
) -> NodeView:
    """Return the card of a call: of one result, like that of an op; else with what comes out."""
    title, last = path[-1], results[-1]
    order = title.results if isinstance(title, Call) else ()
    results = sorted(results, key=lambda r: order.index(r.id) if r.id in order else len(order))
    ops = f"{sum(m.kind != 'constant' for m in members)} ops inside"
    card = replace(
        last,
        id=id,
        kind="cost" if last.kind == "cost" else "call",
        name=", ".join(r.name for r in results),
        formula=title,
        substituted="",
        latex="",
        count=ops,
        scope=path[:-1],
        words=f"{last.name} = {title}, a function of {ops}. {last.gradient}",
    )
    if len(results) > 1:
        lines = tuple(f"{r.name}: {r.value_in_line}" if r.value else r.name for r in results)
        words = ". ".join([card.header, f"a function of {ops}", *lines])
        card = replace(card, value=lines, heat=(), shape="", words=words)
    return with_worst(card, members)


def with_worst(card: NodeView, inside: Sequence[NodeView]) -> NodeView:
    """Give a card the worst mark of what is folded into it, and the norm of its last gradient."""
    norms = [n.norm for n in inside if n.norm is not None]
    card = replace(card, mark="", grade="", norm=norms[-1] if norms else None)
    marked = [n for n in inside if n.mark]
    if not marked:
        return card
    worst = min(marked, key=lambda n: GRADES.index(n.grade))
    words = f"{card.words}. {worst.mark} inside"
    return replace(card, mark=worst.mark, grade=worst.grade, words=words)


def _without_names(formula: str) -> str:
    """Return a formula with _ for every name that is not a function's."""
    return re.sub(r"[^\W\d]\w*(?!\w*\()", "_", formula)


def name_inside(view: GraphView, names: Iterable[str]) -> GraphView:
    """Keep the names that stand on no card and in no formula of a view."""
    texts = [t for n in view.nodes for t in (n.name, n.formula, *n.details)]
    said = set(re.findall(r"[^\W\d]\w*", " ".join(texts)))
    plain = {n.name for n in view.nodes}
    plain |= {re.sub(r"_\d+$", "", name) for name in plain}  # w_1, the first of several w
    hidden = [name for name in dict.fromkeys(names) if name not in plain and name not in said]
    return replace(view, inside=tuple(hidden)) if hidden else view


def fold_repeats(view: GraphView) -> GraphView:
    """Make one card of folded modules in a row that have the same type and the same inside."""
    place = {n.id: i for i, n in enumerate(view.nodes)}
    given = {n.id for n in view.nodes if KINDS[n.kind].given}
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
        types = " → ".join(
            re.sub(r"^.*\((\w+)\)$", r"\1", n.name) if n.id in modules else n.formula for n in first
        )
        card = NodeView(
            id=last.id,
            kind="repeat",
            name=f"{between} × {rounds}",
            formula="",
            value=last.value if last.is_folded else (),
            heat=last.heat,
            slope=last.slope,
            scope=last.scope,
            words="",
            body=(types,),
            slopes=_slopes_of([n for n in inside if n.id in modules]),
            count=f"{len(inside)} cards",
        )
        card = replace(card, words=f"{card.name}. {'. '.join(card.details)}")
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
        lead(edges, edge, source, target, bare=into)
    folded = replace(
        view,
        notes=(*view.notes, f"{len(home)} cards folded into {len(cards)} that repeat."),
        nodes=tuple(cards.get(n.id, n) for n in view.nodes if home.get(n.id, n.id) == n.id),
        edges=tuple(edges.values()),
    )
    return folded if _is_ordered(folded) else view


def lead(
    edges: dict[tuple[int, int, int], EdgeView],
    edge: EdgeView,
    source: int,
    target: int,
    *,
    bare: bool,
) -> None:
    """Put an arrow between two cards that others were folded into; bare ones become one."""
    key = (source, target, -1 if bare else edge.slot)
    before = edges.get(key)
    edges[key] = replace(
        edge.bare() if bare else edge,
        source=source,
        target=target,
        back=edge.back or (before is not None and before.back),
    )


def _slopes_of(modules: Sequence[NodeView]) -> tuple[Gradient, ...]:
    """Return the gradients that the first and the last of folded modules show."""
    first, last = modules[0].slopes, modules[-1].slopes
    return (*first, Gradient("", state="gap"), *last) if first or last else ()


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
