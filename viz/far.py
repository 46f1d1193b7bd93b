"""Which uses of a value are so far from its card that a chip with its name stands there instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from viz.view import GraphView

__all__ = ["LONG", "far_uses"]

LONG = 6  # columns of a graph, beyond which what is given stands beside its user
_FAR = 3  # columns that an arrow may pass
_MANY, _NEAR = 2, 2  # uses of one value, beyond which arrows pass fewer columns


def far_uses(view: GraphView) -> frozenset[int]:
    """Return the numbers of the edges that begin at a chip.

    Every value keeps the arrow to its nearest use. What is given stands beside that one.
    """
    rank, made = _columns(view)
    uses: dict[int, list[int]] = {}
    for k, edge in enumerate(view.edges):
        uses.setdefault(edge.source, []).append(k)
    far: set[int] = set()
    for source, numbers in uses.items():
        first = min(rank[view.edges[k].target] for k in numbers)
        start = rank[source] if source in made else first - 1
        most = _NEAR if len(numbers) > _MANY else _FAR
        if first - start <= most:
            far.update(k for k in numbers if rank[view.edges[k].target] - start > most)
        else:  # none is near: the nearest keeps its arrow
            far.update(k for k in numbers if rank[view.edges[k].target] > first)
    return frozenset(far)


def _columns(view: GraphView) -> tuple[dict[int, int], set[int]]:
    """Return about the column of each card, and which cards are computed.

    A module is one box in the layout: all of it stands behind everything that leads into it.
    """
    box = {n.id: n.scope[:1] for n in view.nodes}
    starts: dict[tuple[str, ...], int] = {}
    rank: dict[int, int] = {}
    for _ in range(2):
        rank = {n.id: starts.get(box[n.id], 0) if box[n.id] else 0 for n in view.nodes}
        for edge in view.edges:  # in the order of their targets, so that sources are known
            rank[edge.target] = max(rank[edge.target], rank[edge.source] + 1)
            home = box[edge.target]
            if home and home != box[edge.source]:
                starts[home] = max(starts.get(home, 0), rank[edge.source] + 1)
    made = {edge.target for edge in view.edges}
    if max(rank.values(), default=0) > LONG and not any(box.values()):
        _beside_their_users(view, rank, made)
    return rank, made


def _beside_their_users(view: GraphView, rank: dict[int, int], made: set[int]) -> None:
    """Move what is computed from given values alone to its first use, as the layout does."""
    before: dict[int, list[int]] = {}
    after: dict[int, list[int]] = {}
    for edge in view.edges:
        before.setdefault(edge.target, []).append(edge.source)
        after.setdefault(edge.source, []).append(edge.target)
    free = {n.id for n in view.nodes} - made
    for node in view.nodes:
        if node.id in made and node.id in after and free.issuperset(before[node.id]):
            free.add(node.id)
    for node in reversed(view.nodes):
        if node.id in free and node.id in made:
            rank[node.id] = min(rank[k] for k in after[node.id]) - 1
