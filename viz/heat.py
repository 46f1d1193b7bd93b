"""Arrays as heat maps: value and gradient in one card, as large as their shapes, on shared scales.

A product of matrices can be seen so: dW has the rows of dZ and the columns of Aᵀ.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from viz.engine import format_number
from viz.numbers import norm_of
from viz.view import Heat

if TYPE_CHECKING:
    from collections.abc import Iterable

    from viz.engine import Graph
    from viz.view import Gradient, GraphView, NodeView

__all__ = ["ARRAYS", "with_heat"]

ARRAYS = ("numbers", "heat")
LEVELS = 5  # shades of each sign
_MOST = 24  # rows and columns of cells; larger arrays are shown by means of blocks
_NOISE = 1e-12  # of the largest number: what is less is rounding, and looks like 0
_LARGEST, _SMALLEST, _CELL = 144.0, 2.0, 14.0  # pixels: of a whole map, and of a cell


def with_heat(view: GraphView, g: Graph) -> GraphView:
    """Return a view whose arrays are heat maps, instead of their numbers.

    Values share one scale and gradients another; a cell has the same size on all cards.
    """
    nodes = {node.id: node for node in g.nodes}
    shown = {n.id: nodes[n.id] for n in view.nodes if not n.is_folded and n.value}
    values = {i: _matrix(node.value) for i, node in shown.items()}
    slopes = {i: _matrix(node.cotangent) for i, node in shown.items()}
    tables = [t for t in (*values.values(), *slopes.values()) if t is not None]
    if not tables:
        return view
    most = max(max(t.shape) for t in tables)
    unit = min(max(_LARGEST / most, _SMALLEST), _CELL)
    top, steep = _greatest(values.values()), _greatest(slopes.values())
    made = []
    for node in view.nodes:
        maps = []
        for label, table, scale in (
            ("value", values.get(node.id), top),
            ("gradient", slopes.get(node.id) if node.slope is not None else None, steep),
        ):
            if table is not None:
                maps.append(Heat(label, _levels(table, scale), unit))
        if maps:
            slope = _in_short(node, nodes)
            node = replace(node, heat=tuple(maps), value=(node.shape,), slope=slope)
        made.append(node)
    note = (
        f"Blue is negative, vermillion positive, white 0: values up to ±{format_number(top)}, "
        f"gradients up to ±{format_number(steep)}; grey is not finite."
    )
    if any(max(np.shape(node.value), default=0) > _MOST for node in shown.values()):
        note += (
            f" Of arrays with more than {_MOST} rows or columns a cell is the mean of a block, "
            "and the map is shorter than the shape."
        )
    return replace(view, nodes=tuple(made), notes=(*view.notes, note))


def _in_short(node: NodeView, nodes: dict[int, Any]) -> Gradient | None:
    """Return the gradient of a card as a norm, where the map shows its numbers."""
    slope, array = node.slope, nodes[node.id].shown_cotangent
    if slope is None or array is None or np.size(array) < 2:
        return slope
    norm = format_number(norm_of(array))
    return replace(slope, text=norm, state="norm", shape=node.shape, grid=())


def _matrix(array: Any) -> Any:
    """Return an array as a table of at most so many rows and columns; None for what is none."""
    if array is None or np.ndim(array) not in (1, 2) or np.size(array) < 2:
        return None
    table = np.asarray(array, float)
    table = table[:, None] if table.ndim == 1 else table
    for axis in (0, 1):
        n = table.shape[axis]
        if n > _MOST:
            edges = np.linspace(0, n, _MOST + 1).astype(int)
            blocks = [table.take(range(a, b), axis).mean(axis) for a, b in pairwise(edges)]
            table = np.stack(blocks, axis)
    return table


def _greatest(tables: Iterable[Any]) -> float:
    found = [np.abs(t[np.isfinite(t)]).max(initial=0.0) for t in tables if t is not None]
    return float(max(found, default=0.0))


def _levels(table: Any, scale: float) -> tuple[tuple[int, ...], ...]:
    """Return the shade of each cell: −5 to 5, 0 for what is 0 only, or 9 where it is not finite."""
    with np.errstate(all="ignore"):
        size = np.abs(table) / (scale or 1.0)
        shades = np.sign(table) * np.maximum(np.rint(LEVELS * size), size > _NOISE)
    shades = np.where(np.isfinite(table), shades, 9).astype(int)
    return tuple(tuple(int(x) for x in row) for row in shades)
