"""The built-in layered layout: columns from left to right, deterministic, without overlaps.

Every module is laid out on its own and then takes part in its surroundings as one box, so no card
can stand in a cluster it does not belong to. Edges run level through columns, in a strip of their
own, and change height only in the channels between columns; labels stand in the level part in front
of a card. So no label can cover an arrow, and no arrow a card, by construction.

The steps are the classic ones (Sugiyama, Tagawa and Toda 1981): ranks by longest path, placeholders
where an edge passes a column, barycentre sweeps for the order in a column, then heights by
alternating least squares, each solved exactly under the order's constraints by pooling adjacent
violators.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import pairwise
from operator import itemgetter, le
from typing import TYPE_CHECKING, Any, NamedTuple

from viz.far import LONG

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Card", "Layout", "Link", "Rect", "layout"]

STRIP = 36.0  # height an edge with its label needs
PASSING = 18.0  # height an edge needs where it passes a column
GAP = 22.0  # between cards in a column
STUB = 12.0  # level part of an edge before a channel
HEAD = 14.0  # room for an arrow head beside a label
PAD = 16.0  # inside a cluster's border
TITLE = 24.0  # a cluster's title
_SWEEPS = 13  # odd, so that the last one goes forward
_FEWER = {8_000: 3, 800: 5}  # more boxes than these have to do with fewer sweeps


class Card(NamedTuple):
    """What is laid out: a size and the clusters it stands in."""

    id: int
    width: float
    height: float
    scope: tuple[str, ...] = ()
    at_start: bool = False  # prefers the first column over a place near its user


class Link(NamedTuple):
    """An edge, with the length of its label along it (0 without one)."""

    number: int  # position in the sequence of links
    source: int
    target: int
    slot: int
    label: float = 0.0
    across: float = STRIP  # room it needs beside others that arrive with it
    lean: float = 0.0  # room beside it, of `across`, for a label that stands there


class Rect(NamedTuple):
    """A place: left, top, width, height."""

    x: float
    y: float
    width: float
    height: float


@dataclass(slots=True)
class Layout:
    """The result: places of cards and clusters, and the way of each link.

    Attributes
    ----------
    cards : dict
        Card id to Rect.
    clusters : dict
        Scope path to Rect, outer ones first.
    ways : list
        For each link, in order, points from the source's right side to the target's left. Between
        points of equal height the way is level, between others it is a curve.
    scopes : dict
        Card id to the clusters it was put in; clusters that feed each other are opened.
    chips : dict
        Link number to the place of a chip that it begins at, instead of at its source.
    rows, lanes : int
        How many rows it is cut into, and how many links one cut meets at most.
    turned : bool
        Whether it runs from top to bottom; ways are level in columns then.
    width, height : float
        Of the whole.
    """

    cards: dict[int, Rect] = field(default_factory=dict)
    clusters: dict[tuple[str, ...], Rect] = field(default_factory=dict)
    ways: list[list[tuple[float, float]]] = field(default_factory=list)
    scopes: dict[int, tuple[str, ...]] = field(default_factory=dict)
    chips: dict[int, Rect] = field(default_factory=dict)
    rows: int = 1
    lanes: int = 0
    turned: bool = False
    width: float = 0.0
    height: float = 0.0

    def swapped(self) -> Layout:
        """Return the layout with its axes exchanged: what ran to the right runs down."""

        def turn(rects: dict[Any, Rect]) -> dict[Any, Rect]:
            return {k: Rect(r.y, r.x, r.height, r.width) for k, r in rects.items()}

        return Layout(
            cards=turn(self.cards),
            clusters=turn(self.clusters),
            ways=[[(y, x) for x, y in way] for way in self.ways],
            scopes=self.scopes,
            chips=turn(self.chips),
            rows=self.rows,
            turned=not self.turned,
            width=self.height,
            height=self.width,
        )


@dataclass(slots=True)
class _Item:
    """A box at one level of the layout: a card, a cluster, a placeholder or a side of the frame."""

    width: float
    height: float
    rank: int = 0
    order: float = 0.0
    x: float = 0.0
    y: float = 0.0
    card: int | None = None
    inside: _Group | None = None
    side: str = ""  # "in" or "out", where a link crosses the cluster's border
    ins: dict[int, float] = field(default_factory=dict)  # link to the height of its port
    outs: dict[int, float] = field(default_factory=dict)
    weight: float = 1.0
    label: float = 0.0  # room its incoming links need for labels
    at_start: bool = False
    # The ends of its links in the columns beside it, from our upper port down: the item there,
    # where along its side in 0..1, and the height of our port.
    before: list[tuple[_Item, float, float]] = field(default_factory=list)
    after: list[tuple[_Item, float, float]] = field(default_factory=list)
    before_above: float = 0.0  # how far above ours these ends are, in all
    after_above: float = 0.0


@dataclass(slots=True)
class _Group:
    """One cluster, laid out: its items and the ways inside it, relative to its own corner."""

    path: tuple[str, ...]
    width: float
    height: float
    items: list[_Item]
    ways: dict[int, list[tuple[float, float]]]
    into: dict[int, float]  # heights at which links cross the left border
    out_of: dict[int, float]  # and the right one


class _Cycle(Exception):
    def __init__(self, path: tuple[str, ...]) -> None:
        self.path = path


def layout(cards: Sequence[Card], links: Sequence[Link]) -> Layout:
    """Place cards and links.

    Parameters
    ----------
    cards : sequence of Card
        In topological order.
    links : sequence of Link
        Each from an earlier card to a later one.

    Returns
    -------
    Layout
    """
    scopes = {card.id: card.scope for card in cards}
    while True:
        try:
            group = _arrange((), cards, links, scopes)
            break
        except _Cycle as cycle:  # clusters that feed each other cannot be two boxes: open one
            level = len(cycle.path)
            scopes = {
                i: s[: level - 1] + s[level:] if s[:level] == cycle.path else s
                for i, s in scopes.items()
            }
    result = Layout(ways=[[] for _ in links], scopes=scopes, width=group.width, height=group.height)
    _collect(group, 0.0, 0.0, result)
    return result


def _arrange(
    path: tuple[str, ...],
    cards: Sequence[Card],
    links: Sequence[Link],
    scopes: dict[int, tuple[str, ...]],
) -> _Group:
    """Lay out the inside of one cluster."""
    level = len(path)
    home: dict[int, _Item] = {}  # card id to its item at this level
    clusters: dict[tuple[str, ...], _Item] = {}
    boxes: list[_Item] = []
    for card in cards:
        scope = scopes[card.id]
        if scope[:level] != path:
            continue
        if len(scope) == level:
            item = _Item(card.width, card.height, card=card.id, at_start=card.at_start)
            boxes.append(item)
        elif (key := scope[: level + 1]) in clusters:
            item = clusters[key]
        else:
            members = [c for c in cards if scopes[c.id][: level + 1] == key]
            ids = {c.id for c in members}
            group = _arrange(key, members, [k for k in links if {k.source, k.target} & ids], scopes)
            item = clusters[key] = _Item(group.width, group.height, inside=group)
            item.ins.update(group.into)
            item.outs.update(group.out_of)
            boxes.append(item)
        home[card.id] = item
    ends: dict[int, tuple[_Item, _Item]] = {}
    for link in links:
        source, target = home.get(link.source), home.get(link.target)
        if source is target:
            continue  # inside a deeper cluster, or not of this level at all
        if source is None:
            source = _Item(0.0, PASSING, side="in", outs={link.number: PASSING / 2})
            boxes.append(source)
        if target is None:
            target = _Item(0.0, PASSING, side="out", ins={link.number: PASSING / 2})
            boxes.append(target)
        if target.card is not None:
            target.label = max(target.label, link.label)
            target.ins[link.number] = 0.0
        if source.card is not None:
            source.outs[link.number] = 0.0
        ends[link.number] = source, target
    _ports(boxes, {link.number: link for link in links})
    _rank(boxes, ends)
    chains = _placeholders(boxes, ends)
    _neighbours(boxes, chains)
    sweeps = next((n for many, n in _FEWER.items() if len(boxes) > many), _SWEEPS)
    columns = _ordered(boxes, sweeps)
    _untangle(boxes, chains)
    _heights(columns, sweeps)
    return _placed(path, columns, chains)


def _ports(boxes: list[_Item], links: dict[int, Link]) -> None:
    """Give each link a height of its own on the sides of cards."""
    for box in boxes:
        if box.card is None:
            continue
        needed = sum(links[n].across for n in box.ins)
        box.height = max(box.height, needed, PASSING * len(box.outs))
        for k, number in enumerate(box.outs):
            box.outs[number] = box.height * (k + 0.5) / len(box.outs)
        stretch, top = box.height / needed if needed else 1.0, 0.0
        for number in sorted(box.ins, key=lambda n: (links[n].slot, n)):
            strip = stretch * links[number].across
            box.ins[number] = top + min(strip / 2, strip - links[number].lean)
            top += strip


def _rank(boxes: list[_Item], ends: dict[int, tuple[_Item, _Item]]) -> None:
    """Give every item the column that its longest way in asks for."""
    followers: dict[int, list[_Item]] = {}
    missing = {id(box): 0 for box in boxes}
    before: dict[int, list[_Item]] = {}
    for source, target in ends.values():
        followers.setdefault(id(source), []).append(target)
        before.setdefault(id(target), []).append(source)
        missing[id(target)] += 1
    sources = [box for box in boxes if not missing[id(box)]]
    ready, order = list(sources), list[_Item]()
    while ready:
        box = ready.pop()
        order.append(box)
        for target in followers.get(id(box), ()):
            target.rank = max(target.rank, box.rank + 1)
            missing[id(target)] -= 1
            if not missing[id(target)]:
                ready.append(target)
    stuck = [box.inside for box in boxes if missing[id(box)] and box.inside is not None]
    if stuck:
        raise _Cycle(stuck[0].path)
    last = max((box.rank for box in boxes if box.side != "out"), default=0)
    long = last > LONG or any(box.inside for box in boxes)
    free = {id(box) for box in sources if not box.side}
    for box in order:  # what is computed from such alone, as U @ x in each step of a loop
        known = before.get(id(box), ())
        if known and all(id(source) in free for source in known) and followers.get(id(box)):
            free.add(id(box))
    for box in reversed(order) if long else ():
        if id(box) in free and before.get(id(box)):
            box.rank = min(target.rank for target in followers[id(box)]) - 1
    for box in sources:
        # Beside its user in a long graph; in a short one, leaves make the left column.
        if not box.side and id(box) in followers and (long or not box.at_start):
            box.rank = min(target.rank for target in followers[id(box)]) - 1
    for box in boxes:
        if box.side == "out":
            box.rank = last + 1


def _placeholders(
    boxes: list[_Item], ends: dict[int, tuple[_Item, _Item]]
) -> dict[int, list[_Item]]:
    """Return each link's items from end to end, with a placeholder in every column it passes."""
    chains: dict[int, list[_Item]] = {}
    for number, (source, target) in ends.items():
        chain = [source]
        for rank in range(source.rank + 1, target.rank):
            port = {number: PASSING / 2}
            holder = _Item(0.0, PASSING, rank=rank, weight=4.0, ins=port, outs=port)
            boxes.append(holder)
            chain.append(holder)
        chain.append(target)
        chains[number] = chain
    return chains


def _neighbours(boxes: list[_Item], chains: dict[int, list[_Item]]) -> None:
    """Tell each item what it is linked with in the columns beside it."""
    for number, chain in chains.items():
        left = chain[0]
        for right in chain[1:]:
            leaves, arrives = left.outs[number], right.ins[number]
            right.before.append((left, leaves / max(left.height, 1.0), arrives))
            left.after.append((right, arrives / max(right.height, 1.0), leaves))
            right.before_above += leaves - arrives
            left.after_above += arrives - leaves
            left = right
    for box in boxes:
        for ends in (box.before, box.after):
            if len(ends) > 1:
                ends.sort(key=itemgetter(2))


def _ordered(boxes: list[_Item], sweeps: int) -> list[list[_Item]]:
    """Return the columns, ordered so that few links cross."""
    columns: list[list[_Item]] = [[] for _ in range(1 + max((b.rank for b in boxes), default=0))]
    for box in boxes:
        box.order = float(len(columns[box.rank]))
        columns[box.rank].append(box)
    tangled = [
        c for c in columns if len(c) > 1 or (c and max(len(c[0].before), len(c[0].after)) > 1)
    ]
    found = [sum(_inversions(_ends(column, forward=True)) for column in tangled)]
    best = [list(column) for column in tangled]
    for sweep in range(1, sweeps):
        if not found[-1] or (sweep > 3 and found[-1] == found[-3]):  # none left, or in circles
            break
        forward = sweep % 2 == 0
        found.append(sum(_sort(c, forward) for c in (tangled if forward else reversed(tangled))))
        if found[-1] < min(found[:-1]):
            best = [list(column) for column in tangled]
    for column, kept in zip(tangled, best, strict=True):
        column[:] = kept
        for k, box in enumerate(column):
            box.order = float(k)
    return columns


def _ends(column: list[_Item], forward: bool) -> list[list[float]]:
    """Return for each box the places of what it is linked with on one side."""
    return [
        [other.order + along for other, along, _ in (box.before if forward else box.after)]
        for box in column
    ]


def _sort(column: list[_Item], forward: bool) -> int:
    """Order a column by the mean place of what each box is linked with on one side.

    Returns how many links cross there: as many as pairs of their ends are out of order.
    """
    found = _ends(column, forward)
    keyed = sorted(
        [(sum(ends) / len(ends) if ends else column[k].order, k) for k, ends in enumerate(found)]
    )
    column[:] = [column[k] for _, k in keyed]
    for k, box in enumerate(column):
        box.order = float(k)
    return _inversions([found[k] for _, k in keyed])


def _inversions(ends: list[list[float]]) -> int:
    """Count the pairs of numbers that are out of order."""
    values = [place for places in ends for place in places]
    if all(map(le, values, values[1:])):
        return 0
    count = 0
    later: list[float] = []
    for value in reversed(values):
        place = bisect_left(later, value)
        count += place
        later.insert(place, value)
    return count


def _untangle(boxes: list[_Item], chains: dict[int, list[_Item]]) -> None:
    """Let links leave each card in the order in which they arrive, so that they do not cross."""
    leaving: dict[int, list[tuple[float, float, int, _Item]]] = {}
    for number, chain in chains.items():
        first, after = chain[0], chain[1]
        if first.card is not None and len(first.outs) > 1:
            end = (after.order, after.ins[number], number, after)
            leaving.setdefault(id(first), []).append(end)
    for box in boxes:
        found = sorted(leaving.get(id(box), ()))
        for k, (_, _, number, after) in enumerate(found):
            leaves = box.height * (k + 0.5) / len(found)
            after.before_above += leaves - box.outs[number]
            box.after_above -= leaves - box.outs[number]
            box.outs[number] = leaves


def _heights(columns: list[list[_Item]], sweeps: int) -> None:
    """Choose the heights: links as level as the order in each column allows."""
    stacked = []  # each column with the heights at which its boxes touch
    for column in columns:
        y, offsets = 0.0, []
        for box in column:
            offsets.append(y)
            y += box.height + _gap(box)
        for box, offset in zip(column, offsets, strict=True):  # centred, to begin with
            box.y = offset - y / 2
        stacked.append((column, offsets))
    for sweep in range(sweeps):
        forward = sweep % 2 == 0
        for column, offsets in stacked if forward else reversed(stacked):
            wanted = []
            for box in column:
                wish, others = box.y, box.before if forward else box.after
                if others:
                    wish = box.before_above if forward else box.after_above
                    for other, _, _ in others:
                        wish += other.y
                    if len(others) > 1:
                        wish /= len(others)
                wanted.append(wish)
            _settle(column, offsets, wanted)
    top = min((box.y for column in columns for box in column), default=0.0)
    for column in columns:
        for box in column:
            box.y -= top


def _gap(box: _Item) -> float:
    return GAP if box.card is not None or box.inside is not None else 4.0


def _settle(column: list[_Item], offsets: list[float], wanted: list[float]) -> None:
    """Place a column as near as possible to where it wants to be, in order and without overlap.

    Least squares under y[k+1] − y[k] ≥ offset[k+1] − offset[k] is an isotonic regression of the
    wishes minus the offsets; pooling adjacent violators solves it in linear time.
    """
    if len(column) == 1:
        column[0].y = wanted[0]
        return
    pools: list[tuple[float, float, int]] = []  # sum of weighted wishes, weight, count
    for box, offset, wish in zip(column, offsets, wanted, strict=True):
        weight, count = box.weight, 1
        total = (wish - offset) * weight
        while pools and pools[-1][0] * weight > total * pools[-1][1]:
            more, heavier, further = pools.pop()
            total, weight, count = total + more, weight + heavier, count + further
        pools.append((total, weight, count))
    start = 0
    for total, weight, count in pools:
        y = total / weight
        for k in range(start, start + count):
            column[k].y = y + offsets[k]
        start += count


def _placed(
    path: tuple[str, ...], columns: list[list[_Item]], chains: dict[int, list[_Item]]
) -> _Group:
    """Turn columns and heights into coordinates and ways."""
    border = PAD if path else 0.0
    top = border + (TITLE if path else 0.0)
    rises = [0.0] * len(columns)
    climbs: dict[int, list[tuple[int, float, float]]] = {}  # of each link: column, from and to
    for number, chain in chains.items():
        climbs[number] = climb = []
        for left, right in pairwise(chain):
            y0, y1 = left.y + left.outs[number] + top, right.y + right.ins[number] + top
            if y0 != y1:
                climb.append((right.rank, y0, y1))
                rises[right.rank] = max(rises[right.rank], abs(y0 - y1))
    channels, starts = [], []  # where each column begins, and the channel before it
    x = end = border
    for rank, column in enumerate(columns):
        room = 0.0
        if rank:
            room = max((box.label + HEAD for box in column if box.card is not None), default=0.0)
            x = end + STUB + min(110.0, 16.0 + 0.25 * rises[rank]) + room
        channels.append((end + STUB, x - room))
        starts.append(x)
        end = x + max((box.width for box in column), default=0.0)
    width, height = end + border, 0.0
    for rank, column in enumerate(columns):
        for box in column:
            box.x = {"in": 0.0, "out": width}.get(box.side, starts[rank])
            box.y += top
            height = max(height, box.y + box.height)
    ways: dict[int, list[tuple[float, float]]] = {}
    for number, chain in chains.items():
        first, final = chain[0], chain[-1]
        ways[number] = points = [(first.x + first.width, first.y + first.outs[number])]
        for rank, y0, y1 in climbs[number]:
            begin, stop = channels[rank]
            points += ((begin, y0), (stop, y1))
        points.append((final.x, final.y + final.ins[number]))
    items = [box for column in columns for box in column]
    return _Group(
        path=path,
        width=width,
        height=height + border,
        items=items,
        ways=ways,
        into={n: b.y + h for b in items if b.side == "in" for n, h in b.outs.items()},
        out_of={n: b.y + h for b in items if b.side == "out" for n, h in b.ins.items()},
    )


def _collect(group: _Group, x: float, y: float, result: Layout) -> None:
    """Write a group's places and ways into the result, and then those of the groups inside it."""
    for number, points in group.ways.items():
        moved, known = points, result.ways[number]
        if x or y:
            moved = [(px + x, py + y) for px, py in points]
        # The parts of a way meet at the borders of clusters.
        result.ways[number] = known + moved if known[:1] < moved[:1] else moved + known
    for item in group.items:
        if item.card is not None:
            result.cards[item.card] = Rect(x + item.x, y + item.y, item.width, item.height)
        elif item.inside is not None:
            place = Rect(x + item.x, y + item.y, item.width, item.height)
            result.clusters[item.inside.path] = place
            _collect(item.inside, place.x, place.y, result)
