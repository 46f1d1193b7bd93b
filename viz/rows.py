"""Long pictures in rows, as text is: cut between cards, and continued below.

A cut goes where every link runs level and no card, cluster or label stands. Links that it meets
turn round at the right, run back below the row, and turn into the next one. They keep their order,
so they do not cross; between two points of one x a way turns.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
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
    cuts = _cuts(place, links, rows) if rows > 1 else []
    return _cut(place, cuts) if cuts else place


def _cuts(place: Layout, links: Sequence[Link], rows: int) -> list[float]:
    """Return where to cut, as evenly as gaps that few links cross allow."""
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
    gaps = [x for x in gaps if met[x] <= _MOST]
    long = place.width / rows
    cuts: list[float] = []
    for k in range(1, rows):
        least = max((k - 0.75) * long, (cuts[-1] if cuts else 0.0) + long / 3)
        most = min((k + 0.75) * long, place.width - long / 4)
        near = gaps[bisect_left(gaps, least) : bisect_right(gaps, most)]
        if near:
            cuts.append(min(near, key=lambda x: abs(x - k * long) / long + 0.04 * met[x]))
    return cuts


def _cut(place: Layout, cuts: list[float]) -> Layout:
    """Put what is between the cuts one below the other."""
    crossing: list[list[tuple[float, int]]] = [[] for _ in cuts]  # height and number of each link
    spans: list[list[float]] = [[] for _ in range(len(cuts) + 1)]  # heights that are in use
    for number, way in enumerate(place.ways):
        for (ax, ay), (bx, by) in pairwise(way):
            for k in range(bisect_left(cuts, ax), bisect_left(cuts, bx)):
                crossing[k].append((ay, number))
                spans[k + 1].append(ay)
            spans[bisect_left(cuts, ax)].append(ay)
            spans[bisect_left(cuts, bx)].append(by)
    boxes = [*place.cards.values(), *place.clusters.values()]
    for r in boxes:
        spans[bisect_left(cuts, r.x)] += (r.y, r.y + r.height)
    moves: list[tuple[float, float]] = []  # of each row, to the right and down
    lanes: list[dict[int, tuple[float, float, float]]] = []  # right turn, line below, left turn
    top = width = 0.0
    for k, heights in enumerate(spans):
        left = 0.0 if not k else _LANE * len(crossing[k - 1]) + RADIUS
        moves.append((left - (cuts[k - 1] if k else 0.0), top - min(heights, default=0.0)))
        top += max(heights, default=0.0) - min(heights, default=0.0) + 2 * RADIUS
        end = cuts[k] if k < len(cuts) else place.width
        width = max(width, end + moves[k][0])
        if k == len(cuts):
            break
        links = sorted(crossing[k])
        width = max(width, end + moves[k][0] + _LANE * len(links) + RADIUS)
        after = _LANE * len(links) + RADIUS - cuts[k]  # as the next row is moved
        lanes.append({})
        for i, (_, number) in enumerate(links):  # the upper one turns outside at the right
            out = len(links) - 1 - i
            lanes[k][number] = (
                cuts[k] + moves[k][0] + _LANE * out,
                top + _LANE * out,
                cuts[k] + after - _LANE * i,
            )
        top += _LANE * len(links) + _SPACE
    result = Layout(scopes=place.scopes, width=width, height=top - 2 * RADIUS)

    def moved(r: Rect) -> Rect:
        x, y = moves[bisect_left(cuts, r.x)]
        return Rect(r.x + x, r.y + y, r.width, r.height)

    result.cards = {i: moved(r) for i, r in place.cards.items()}
    result.clusters = {path: moved(r) for path, r in place.clusters.items()}
    for number, way in enumerate(place.ways):
        row = bisect_left(cuts, way[0][0])
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
