"""Long pictures in rows, as text is: cut between cards, and continued below.

A cut goes where every link runs level and no card, cluster or label stands. Links that it meets
turn round at the right, run back below the row, and turn into the next one. They keep their order,
so they do not cross; between two points of one x a way turns.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from viz.layout import HEAD, Layout, Rect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viz.layout import Link

__all__ = ["RADIUS", "in_rows"]

RADIUS = 9.0  # of the corners where a way turns
_LANE = 15.0  # between links that turn at one cut
_SPACE = 34.0  # between rows, beside the links that run there
_LONG, _FLAT = 2600.0, 3.0  # width, and width by height, beyond which a picture gets rows
_SHAPE = 1.9  # width by height that is aimed at
_LEAST = 1100.0  # width of a row
_CARDS = 2000  # more are nothing to look at as a whole
_MOST = 8  # links that one cut may meet


def in_rows(place: Layout, links: Sequence[Link], rows: int | None = None) -> Layout:
    """Return a layout cut into rows; the same one where it is not long, or cannot be cut.

    Parameters
    ----------
    place : Layout
        From left to right.
    links : sequence of Link
        What was laid out.
    rows : int, optional
        How many; by default as many as make the picture of a usual shape, one if it is not long.
    """
    if rows is None:
        if place.width < max(_LONG, _FLAT * place.height) or len(place.cards) > _CARDS:
            return place
        rows = round((place.width / (_SHAPE * (place.height + 2 * _SPACE))) ** 0.5)
        rows = min(rows, int(place.width / _LEAST))
        most = _MOST
    else:
        most = len(links)
    cuts = _cuts(place, links, rows, most) if rows > 1 else []
    return _cut(place, links, cuts) if cuts else place


def _cuts(place: Layout, links: Sequence[Link], rows: int, most: int) -> list[float]:
    """Return where to cut, as evenly as gaps that at most so many links cross allow."""
    taken = [(r.x, r.x + r.width) for r in (*place.cards.values(), *place.clusters.values())]
    for link, way in zip(links, place.ways, strict=True):
        end = way[-1][0]
        taken.append((end - link.label - HEAD, end))
        taken += [(ax, bx) for (ax, ay), (bx, by) in pairwise(way) if ay != by]
    gaps, done = [], 0.0
    for start, end in sorted(taken):
        if start - done >= 4.0:
            gaps.append(done + min(6.0, (start - done) / 2))
        done = max(done, end)
    begins = sorted(way[0][0] for way in place.ways)
    ends = sorted(way[-1][0] for way in place.ways)
    met = {x: bisect_left(begins, x) - bisect_right(ends, x) for x in gaps}
    gaps = [x for x in gaps if met[x] <= most]
    long = place.width / rows
    cuts: list[float] = []
    for k in range(1, rows):
        least = max((k - 0.75) * long, (cuts[-1] if cuts else 0.0) + long / 3)
        furthest = min((k + 0.75) * long, place.width - long / 4)
        near = gaps[bisect_left(gaps, least) : bisect_right(gaps, furthest)]
        if near:
            cuts.append(min(near, key=lambda x: abs(x - k * long) / long + 0.04 * met[x]))
    return cuts


def _cut(place: Layout, links: Sequence[Link], cuts: list[float]) -> Layout:
    """Put what is between the cuts one below the other."""
    place, first = _brought(place, links, cuts)
    crossing: list[list[tuple[float, int]]] = [[] for _ in cuts]  # height and number of each link
    spans: list[list[float]] = [[] for _ in range(len(cuts) + 1)]  # heights that are in use
    starts = [0.0, *cuts]  # of each row; what begins in it may stand before the cut
    for i, row in first.items():
        starts[row] = min(starts[row], place.cards[i].x)
    for number, way in enumerate(place.ways):
        row = first.get(links[number].source, bisect_left(cuts, way[0][0]))
        for (ax, ay), (bx, by) in pairwise(way):
            for k in range(max(bisect_left(cuts, ax), row), bisect_left(cuts, bx)):
                crossing[k].append((ay, number))
                spans[k + 1].append(ay)
            spans[max(bisect_left(cuts, ax), row)].append(ay)
            spans[max(bisect_left(cuts, bx), row)].append(by)
    rows = [first.get(i, bisect_left(cuts, r.x)) for i, r in place.cards.items()]
    rows += [bisect_left(cuts, r.x) for r in place.clusters.values()]
    boxes = (*place.cards.values(), *place.clusters.values())
    for row, r in zip(rows, boxes, strict=True):
        spans[row] += (r.y, r.y + r.height)
    moves: list[tuple[float, float]] = []  # of each row, to the right and down
    lanes: list[dict[int, tuple[float, float, float]]] = []  # right turn, line below, left turn
    top = width = 0.0
    for k, heights in enumerate(spans):
        left = 0.0 if not k or not crossing[k - 1] else _LANE * len(crossing[k - 1]) + RADIUS
        moves.append((left - starts[k], top - min(heights, default=0.0)))
        top += max(heights, default=0.0) - min(heights, default=0.0) + 2 * RADIUS
        end = cuts[k] if k < len(cuts) else place.width
        width = max(width, end + moves[k][0])
        if k == len(cuts):
            break
        met = sorted(crossing[k])
        width = max(width, end + moves[k][0] + _LANE * len(met) + RADIUS)
        after = _LANE * len(met) + RADIUS  # where the next row begins
        lanes.append({})
        for i, (_, number) in enumerate(met):  # the upper one turns outside at the right
            out = len(met) - 1 - i
            lanes[k][number] = (
                cuts[k] + moves[k][0] + _LANE * out,
                top + _LANE * out,
                after - _LANE * i,
            )
        top += _LANE * len(met) + _SPACE
    result = Layout(
        scopes=place.scopes,
        rows=len(cuts) + 1,
        lanes=max(map(len, crossing)),
        width=width,
        height=top - 2 * RADIUS,
    )

    def moved(r: Rect, row: int) -> Rect:
        x, y = moves[row]
        return Rect(r.x + x, r.y + y, r.width, r.height)

    result.cards = {
        i: moved(r, first.get(i, bisect_left(cuts, r.x))) for i, r in place.cards.items()
    }
    result.clusters = {p: moved(r, bisect_left(cuts, r.x)) for p, r in place.clusters.items()}
    for number, way in enumerate(place.ways):
        row = first.get(links[number].source, bisect_left(cuts, way[0][0]))
        points = [(way[0][0] + moves[row][0], way[0][1] + moves[row][1])]
        for (_, y), (bx, by) in pairwise(way):
            while row < len(cuts) and cuts[row] < bx:
                right, below, left = lanes[row][number]
                above, row = y + moves[row][1], row + 1
                points += ((right, above), (right, below), (left, below))
                points.append((left, y + moves[row][1]))
            points.append((bx + moves[row][0], by + moves[row][1]))
        result.ways.append(points)
    return result


def _brought(
    place: Layout, links: Sequence[Link], cuts: list[float]
) -> tuple[Layout, dict[int, int]]:
    """Bring what is given, and used once and in a later row, to that row.

    Returns
    -------
    Layout
        In which such cards stand before the cut, where they meet no way that runs there.
    dict
        The row of each such card.
    """
    cards, ways = dict(place.cards), list(place.ways)
    first: dict[int, int] = {}
    taken: dict[int, list[tuple[float, float]]] = {}  # heights in use, for each cut
    for i, link in _given(place, links):
        way, card = ways[link.number], cards[i]
        row = bisect_left(cuts, way[-1][0])
        if row <= bisect_left(cuts, card.x):
            continue
        cut = cuts[row - 1]
        if row not in taken:
            used = {k.number for _, k in _given(place, links)}
            others = [w for k, w in enumerate(ways) if k not in used]
            met = [y for w in others if w[0][0] < cut < w[-1][0] for y in [_height(w, cut)]]
            taken[row] = [(y - _CLEAR, y + _CLEAR) for y in met]
        y = _height(way, cut)
        top = _free(way[-1][1] - (way[0][1] - card.y), card.height, taken[row])
        taken[row].append((top, top + card.height))
        own = top + way[0][1] - card.y
        rest = [p for p in way if p[0] > cut]
        if _is_open(place, cut, rest[0][0], own):
            right, begin = cut - RADIUS, [(cut - RADIUS, own)]
            rest[0] = (rest[0][0], own) if len(rest) > 1 else rest[0]
        else:  # it has to take the height at which it ran before
            right = cut - _BEFORE
            begin = [(right, own), (right + RADIUS, own), (cut, y)]
        cards[i] = Rect(right - card.width, top, card.width, card.height)
        ways[link.number] = [*begin, *rest]
        first[i] = row
    return replace(place, cards=cards, ways=ways), first


_CLEAR = 14.0  # between a card that is brought and a way beside it
_BEFORE = 64.0  # between it and the cut, for a way that has to leave its height


def _is_open(place: Layout, begin: float, end: float, height: float) -> bool:
    """Whether no card stands in the way of a level line."""
    return not any(
        r.x < end and r.x + r.width > begin and r.y - RADIUS < height < r.y + r.height + RADIUS
        for r in place.cards.values()
    )


def _given(place: Layout, links: Sequence[Link]) -> list[tuple[int, Link]]:
    """Return the cards outside of clusters to which nothing leads, and their only uses."""
    uses: dict[int, list[Link]] = {}
    for link in links:
        uses.setdefault(link.source, []).append(link)
    made = {link.target for link in links}
    return [
        (i, uses[i][0])
        for i in place.cards
        if i not in made and len(uses.get(i, ())) == 1 and not place.scopes.get(i)
    ]


def _height(way: Sequence[tuple[float, float]], x: float) -> float:
    """Return the height of a way where it runs level."""
    return next(ay for (ax, ay), (bx, _) in pairwise(way) if ax <= x <= bx)


def _free(top: float, height: float, taken: list[tuple[float, float]]) -> float:
    """Return the place nearest to a height at which so much is free."""
    edges = [top, *(a - height - _CLEAR for a, _ in taken), *(b + _CLEAR for _, b in taken)]
    free = [y for y in edges if all(y + height < a or b < y for a, b in taken)]
    return min(free, key=lambda y: abs(y - top))
