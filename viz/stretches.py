"""Folding a computation into parts, where nothing has a name to fold by."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import TYPE_CHECKING

from viz.kinds import KINDS
from viz.passes import heads_of, is_one_formula, lead, with_worst
from viz.text import ROW
from viz.view import DOTS, EdgeView, Gradient, GraphView, NodeView

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    Composed = Callable[[int, Collection[int]], str]

__all__ = ["fold_stretches"]

_PARTS = 20  # more parts of a computation, without a name of their own, tell nobody anything


def fold_stretches(
    view: GraphView,
    most: int | None = None,
    named: Collection[int] = (),
    *,
    composed: Composed | None = None,
) -> GraphView:
    """Make one card of each stretch of the computation, so that there are at most so many.

    What is given goes with the step that uses it; where it is used in several, and outputs and
    loops, stay as they are if there is room for them. Without a limit each step is a stretch of
    its own. A stretch ends where a result has a name (its id is among `named`), if one is near.

    Parameters
    ----------
    view : GraphView
        Of which results come after what they are computed from.
    most : int, optional
        How many cards there may be.
    named : collection of int
        The ids of results that have a name of the user's.
    composed : callable, optional
        Returns the formula of a result, by id, with those of other results in it. Steps that lead
        to one result alone are one step with it then, if enough steps are left, and half of them
        have names.
    """
    by_id = {n.id: n for n in view.nodes}
    operands: dict[int, list[int]] = {n.id: [] for n in view.nodes}
    uses: dict[int, list[int]] = {n.id: [] for n in view.nodes}
    for edge in view.edges:
        operands[edge.target].append(edge.source)
        uses[edge.source].append(edge.target)
    alone = {n.id: n.id for n in view.nodes}  # each card leads to itself
    ops = {n.id for n in view.nodes if n.kind == "op"}
    heads = alone if composed is None else heads_of([*by_id], uses, ops, named)
    kept, units = _units(view, most, heads, (operands, uses))
    wanted = 3 if most is None else min(most, _PARTS) / 4
    if len(units) < max(wanted, 2 * sum(unit[-1] not in named for unit in units)):
        composed, heads = None, alone
        kept, units = _units(view, most, heads, (operands, uses))
    size = 1
    if most is not None:
        size = math.ceil(len(units) / max(min(most, _PARTS) - len(kept), 1))
    order: list[int] = []
    home: dict[int, int] = {}
    cards: dict[int, NodeView] = {}
    ends = _ends([unit[-1] in named for unit in units], size)
    for number, (begin, end) in enumerate(itertools.pairwise([0, *ends]), 1):
        parts = [[i for i in unit if i not in kept] for unit in units[begin:end]]
        members = [i for unit in units[begin:end] for i in unit]
        nodes = [by_id[i] for i in members if i not in kept]
        order += [i for i in members if i in kept and KINDS[by_id[i].kind].given]
        order += [n.id for n in nodes[-1:]]
        order += [i for i in members if i in kept and not KINDS[by_id[i].kind].given]
        if len(nodes) > 1:
            last = nodes[-1].id
            home.update((n.id, last) for n in nodes)
            steps = [s for p in parts for s in _steps([by_id[i] for i in p], uses, composed)]
            cards[last] = with_worst(_stretch(last, number, nodes, named, steps), nodes)
    given = {n.id for n in view.nodes if KINDS[n.kind].given}
    several = {home[i] for i in home if i not in given and i != home[i]}
    edges: dict[tuple[int, int, int], EdgeView] = {}
    for edge in view.edges:
        source, target = home.get(edge.source, edge.source), home.get(edge.target, edge.target)
        if source == target:
            continue
        if source != edge.source and edge.source in given:
            continue  # the formula names it; its gradient stands where it was folded in
        # An arrow between two results says as much as before, whatever was given to them.
        same = edge.source == source and edge.target == target
        inside = target in cards or (source in cards and source != edge.source)
        bare = inside and not (same and target not in several)
        lead(edges, edge, source, target, bare=bare)
    shown = [cards.get(i) or by_id[i] for i in order]
    note = (
        f"{len(view.nodes)} cards folded into {len(shown)}, in the order of the computation; "
        f"name_scope() gives them names, fit=None and max_nodes={len(view.nodes)} show all."
    )
    if size == 1:
        less = len(view.nodes) - len(shown)
        note = f"{less} cards of what is given folded into the formulas that use it."
        if heads != alone:
            note = f"{less} cards folded into the formulas of the results that use them."
    place = {i: k for k, i in enumerate(order)}
    return replace(
        view,
        notes=(*view.notes, note),
        nodes=tuple(replace(n, scope=()) for n in shown),
        edges=tuple(sorted(edges.values(), key=lambda e: place[e.target])),
    )


def _steps(
    nodes: list[NodeView], uses: Mapping[int, Sequence[int]], composed: Composed | None
) -> list[NodeView]:
    """Return the steps of a part: one with the whole formula, if it is one that can be read."""
    made = [n for n in nodes if not KINDS[n.kind].given]
    ids = [n.id for n in made]
    if composed is None or len(made) < 2 or not is_one_formula(ids, uses):
        return made
    formula = composed(ids[-1], ids)
    return [replace(made[-1], formula=formula, latex="")] if len(formula) <= 2 * ROW else made


def _ends(named: Sequence[bool], size: int) -> list[int]:
    """Return where stretches of about a size end: after a named step where one is near.

    There are no more of them than of stretches of that very size.
    """
    if size == 1:
        return [*range(1, len(named) + 1)]
    ends, begin = list[int](), 0
    for left in range(math.ceil(len(named) / size), 0, -1):
        rest = len(named) - begin
        even = math.ceil(rest / left)
        near = [
            n for n in range(max(size // 2, 1), min(2 * size, rest) + 1) if named[begin + n - 1]
        ]
        begin += min(near, key=lambda n: abs(n - even), default=even) if left > 1 else rest
        ends.append(begin)
    return ends


_TITLE = 24  # characters of names that stand over a part

_NUMBERS, _SLOPES = 3, 4  # given numbers and gradients of parameters that stand on it


def _stretch(
    id: int, number: int, nodes: list[NodeView], named: Collection[int], made: list[NodeView]
) -> NodeView:
    """Return the card of a part of the computation; its formulas name what is given to it."""
    given = [n.name for n in nodes if KINDS[n.kind].given]
    last = made[-1] if made else nodes[-1]
    known = [n for n in made if n.id in named]
    lines = [n.header for n in made]
    if len(lines) > 4 and 1 < len(known) < 5:  # what has a name says most
        lines = [n.header for n in dict.fromkeys([*known, last])]
    elif len(lines) > 4:
        lines = [*lines[:2], DOTS, lines[-1]]
    alone = len(made) == 1
    numbers = [n for n in nodes if KINDS[n.kind].given and n.shape == "scalar" and n.value]
    known_as = ", ".join(f"{n.name} = {n.value[0]}" for n in numbers[:_NUMBERS])
    count = f"{len(nodes)} cards" + (f", of {_named(given)}" if given and len(made) > 4 else "")
    title = ", ".join(n.name for n in known)
    if not 0 < len(known) < 4 or len(title) > _TITLE:
        title = f"part {number}"
    value = last.value
    if len(value) == 1 and (known_as or not alone):
        value = (f"{last.name} = {value[0]}" if alone else f"{last.name}: {value[0]}",)
    elif value and not alone:  # of which of them it is
        value = (f"{last.name}:", *value)
    slopes = tuple(n.slope for n in nodes if n.kind == "parameter" and n.slope is not None)
    card = NodeView(
        id=id,
        kind="module",
        name=last.name if alone else title,
        formula=last.formula if alone else "",
        value=value,
        slope=last.slope,
        scope=(),
        words="",
        heat=last.heat,
        shape=last.shape if alone else "",
        body=tuple(filter(None, (known_as, *(() if alone else lines or given)))),
        slopes=slopes if len(slopes) <= _SLOPES else (*slopes[:_SLOPES], Gradient("", state="gap")),
        count="" if alone else count,
    )
    inside = "; ".join(n.header for n in nodes)
    return replace(card, words=f"{card.name}: {inside}. {'. '.join(card.details)}")


def _named(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 3 else f"{names[0]}, {names[1]} {DOTS} {names[-1]}"


def _units(
    view: GraphView,
    most: int | None,
    heads: Mapping[int, int],
    around: tuple[Mapping[int, Sequence[int]], Mapping[int, Sequence[int]]],
) -> tuple[set[int], list[list[int]]]:
    """Return the cards that stay, and each step after what is given to it, in an order of use.

    A step is all that has the same head, which is the last of it. Around each card are its operands
    and its uses.
    """
    operands, uses = around
    costs = {n.id for n in view.nodes if n.kind in ("cost", "repeat")}
    given = {n.id for n in view.nodes if KINDS[n.kind].given}
    shared = {i for i in given if len({heads[k] for k in uses[i]}) > 1}
    kept = next((k for k in (costs | shared, costs) if most is None or 2 * len(k) <= most), set())
    steps: dict[int, list[int]] = {}
    for node in view.nodes:
        if operands[node.id] or not uses[node.id]:
            steps.setdefault(heads[node.id], []).append(node.id)
    seen: set[int] = set()
    units: list[list[int]] = []
    for head in (n.id for n in view.nodes if n.id in steps):
        leaves = [i for k in steps[head] for i in operands[k] if not operands[i]]
        unit = [i for i in dict.fromkeys(leaves) if i not in seen]
        seen.update(unit)
        units.append([*unit, *steps[head]])
    return kept, units
