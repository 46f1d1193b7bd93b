"""Loops of a recorded graph: found by what repeats, and drawn as one card each."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from viz.engine import raised
from viz.passes import heads_of, is_one_formula, with_worst
from viz.repeats import repeats
from viz.text import ROW, clean
from viz.view import DOTS, EdgeView, NodeView

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Loop", "homes", "loops_of", "with_loops"]


class Loop(NamedTuple):
    """A part of a recording that repeats itself: its first id, and how long a round is."""

    start: int
    period: int
    rounds: int

    def after(self, rounds: int) -> Loop:
        """Return what is left of the loop after some rounds, at least one."""
        rounds = min(rounds, self.rounds - 1)
        return Loop(self.start + rounds * self.period, self.period, self.rounds - rounds)

    @property
    def ids(self) -> range:
        """The ids of its nodes."""
        return range(self.start, self.start + self.period * self.rounds)


def homes(g: Any, loops: Sequence[Loop]) -> list[int | None]:
    """Return for each node the loop it is in."""
    home: list[int | None] = [None] * len(g)
    for k, loop in enumerate(loops):
        home[loop.start : loop.ids.stop] = [k] * len(loop.ids)
    return home


def loops_of(g: Any) -> list[Loop]:
    """Return the loops of a graph: each round has the same ops, and reads what the last one made.

    What is given (leaves, constants) may differ from round to round, outputs are never inside. Q, K
    and V are no rounds of one loop, nor W_q, W_k and W_v; h1, h2 and h3 are.
    """
    outs = {node.id for node in g.outputs}
    ops = [node.op for node in g]

    def signature(i: int, node: Any) -> Any:
        op = ops[i]
        if not op or i in outs:
            return i if i in outs or node.kind == "leaf" else "given"
        operands = [i - p if ops[p] else _stem(g.nodes[p]) for p in node.parents]
        params = () if op in _INDEXED else [(k, _hashed(v)) for k, v in node.params.items()]
        return op, node.scope, node.shape, _stem(node), *params, *operands

    found = repeats(map(signature, range(len(g)), g), may_end=lambda i: bool(ops[i]))
    return [Loop(*x) for x in found]


def _stem(node: Any) -> str:
    """Return the name of a value without its numbers, if a user gave it one; data has any name."""
    name = node.name if node.kind != "constant" else ""
    return re.sub(r"_?\d+", "", name or "")


_LINES, _FEW = 6, 3  # of a round, that stand on its card; that do where there are more
_INDEXED = {"getitem", "take", "index_set", "index_add"}  # x[t] is given, and differs by round


def _hashed(x: Any) -> Any:
    return (x.shape, x.tobytes()) if isinstance(x, np.ndarray) else repr(x)


def _differ(g: Any, loop: Loop) -> bool:
    """Return whether constants or indices of a loop differ from round to round."""
    for first in g.nodes[loop.start : loop.start + loop.period]:
        others = g.nodes[first.id + loop.period : loop.ids.stop : loop.period]
        if first.op in _INDEXED:
            params = repr(first.params)
            if any(repr(other.params) != params for other in others):
                return True
        elif first.kind == "constant":
            value = first.value
            values = (other.value for other in others)
            if any(v is not value and not np.array_equal(v, value) for v in values):
                return True
    return False


def _between(g: Any, loop: Loop) -> list[str]:
    """Return what the last named result is called in the first round and in the last."""
    named = [i for i in loop.ids[-loop.period :] if g.nodes[i].op and g.nodes[i].name]
    if not named:
        return []
    ends = (named[-1] - (loop.rounds - 1) * loop.period, named[-1])
    names = [clean(g.nodes[i].label) for i in ends]
    return [f" {DOTS} ".join(names)] if names[0] != names[1] else []


def _lines(g: Any, ids: range, uses: dict[int, list[int]]) -> list[str]:
    """Return the lines of a round; of many, what is for one result alone stands in its formula."""
    ops = [i for i in ids if g.nodes[i].kind == "op"]

    def line(i: int) -> str:
        return f"{clean(g.nodes[i].label)} = {clean(g.nodes[i].formula)}"

    if len(ops) <= _FEW:
        return [raised(line(i)) for i in ops]
    named = [i for i in ops if g.nodes[i].name]
    heads = heads_of(ops, {i: uses.get(i, ()) for i in ops}, ops, named)
    lines: list[str] = []
    for head in sorted({*heads.values()}):
        inside = [i for i in ops if heads[i] == head]
        one = is_one_formula(inside, uses)
        whole = f"{clean(g.nodes[head].label)} = {clean(g.nodes[head].composed(inside))}"
        lines += [whole] if one and len(whole) <= 2 * ROW else [line(i) for i in inside]
    return [raised(text) for text in lines]


def _around(loop: Loop, scopes: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the clusters that all of a loop is in; rounds are called alike, but for a number."""
    inside = [scopes[i] for i in (*loop.ids[: loop.period], *loop.ids[-loop.period :])]
    common = itertools.takewhile(lambda level: len(set(level)) == 1, zip(*inside, strict=False))
    return tuple(level[0] for level in common)


def with_loops(
    g: Any,
    loops: list[Loop],
    home: list[int | None],
    view: tuple[tuple[NodeView, ...], tuple[EdgeView, ...]],
    meeting: Sequence[Any],
    card: Callable[[Any], NodeView],
    scopes: Sequence[tuple[str, ...]],
    marks: dict[int, NodeView],
) -> tuple[tuple[NodeView, ...], tuple[EdgeView, ...]]:
    """Add a card for each loop, and the edges from and to it."""

    def place(i: int) -> int:
        loop = home[i]  # a card stands where it ends
        return i if loop is None else loops[loop].ids[-1]

    results: dict[int, dict[int, None]] = {}
    links: dict[tuple[int, int], EdgeView] = {}
    for edge in meeting:
        source, target = place(edge.parent), place(edge.child)
        if home[edge.parent] is not None:
            results.setdefault(source, {})[edge.parent] = None
        if home[edge.child] is not None:
            known = links.get((source, target))
            slot = len(links) if known is None else known.slot
            back = edge.differentiable or (known is not None and known.back)
            links[source, target] = EdgeView(source, target, slot, back=back)
    uses: dict[int, list[int]] = {}
    for edge in g.edges:
        uses.setdefault(edge.parent, []).append(edge.child)
    cards = []
    for loop in loops:
        last = loop.ids[-1]
        first = _between(g, loop)
        body = _lines(g, range(loop.start, loop.start + loop.period), uses)
        outs = [card(g.nodes[i]) for i in sorted(results.get(last, [last]))]
        if len(body) > _LINES:
            body = [*body[:_FEW], DOTS]
        more = ["constants differ"] * _differ(g, loop)
        ops = sum(g.nodes[i].kind == "op" for i in loop.ids)
        made_card = NodeView(
            id=last,
            kind="repeat",
            name=f"loop × {loop.rounds}",
            formula="",
            value=tuple(
                f"out {o.name}: {o.value_in_line}" if o.value else f"out {o.name}" for o in outs
            ),
            slope=outs[-1].slope,
            scope=_around(loop, scopes),
            words="",
            body=(*first, *body, *more),
            count=f"{ops} ops",
        )
        words = f"{made_card.name}. {'. '.join(made_card.details)}"
        made_card = replace(made_card, words=words)
        cards.append(with_worst(made_card, [marks[i] for i in loop.ids if i in marks]))
    nodes, edges = view
    moved = [replace(e, source=place(e.source)) for e in edges]
    return (
        tuple(sorted([*nodes, *cards], key=lambda n: n.id)),
        tuple(sorted([*moved, *links.values()], key=lambda e: (e.target, e.slot))),
    )
