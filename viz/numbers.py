"""How cards show numbers: values, shapes and norms."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from viz.engine import format_number

if TYPE_CHECKING:
    from viz.engine import GraphNode

__all__ = ["is_few", "norm_of", "rows_of", "shape_of", "value_lines"]


def value_lines(node: GraphNode) -> tuple[str, ...]:
    """Return the lines of a card that show its value: its numbers, or its range and mean."""
    value = node.value
    kind = f"{shape_of(node.shape)} {node.dtype}"
    if value is None:
        lost = "assigned since" if node.kind == "leaf" else "value not kept"
        return (kind, lost) if node.shape else (lost,)
    array = np.asarray(value)
    if array.ndim == 0:
        return (format_number(array),)
    if array.size == 0:
        return (kind, "empty")
    if array.ndim <= 2 and (max(array.shape) <= 3 or array.size <= 4):
        return rows_of(array)
    finite = array[np.isfinite(array)].astype(np.float64)
    wrong = array.size - finite.size
    nan = int(np.count_nonzero(np.isnan(array)))
    words = "NaN" if nan == wrong else "NaN or ∞" if nan else "±∞"
    if not finite.size:
        return kind, f"all {words}"
    scale = float(np.max(np.abs(finite))) or 1.0  # so that no sum overflows
    middle = np.mean(finite / scale) * scale
    middle = 0.0 if abs(middle) < 1e-13 * scale else middle  # the rounding of a sum that is 0
    low, middle, high = (format_number(x, 3) for x in (np.min(finite), middle, np.max(finite)))
    beside = f", {wrong} of {array.size} {words}" if wrong else f", mean {middle}"
    return kind, f"{low} … {high}{beside}"


def is_few(array: Any) -> bool:
    """Whether all numbers of a gradient are shown, rather than its norm."""
    return bool(1 < array.size <= 4 and array.ndim <= 2)


def rows_of(array: Any) -> tuple[str, ...]:
    """Return the rows of an array, each in brackets."""
    rows = [f"[{' '.join(map(format_number, row))}]" for row in np.atleast_2d(array)]
    return (f"[{rows[0]}]",) if array.ndim == 2 and len(rows) == 1 else tuple(rows)


def shape_of(shape: tuple[int, ...]) -> str:
    """Return a shape as cards show it."""
    return str(shape) if shape else "scalar"


def norm_of(x: Any) -> float:
    """Return the root of the sum of squares, which overflows only where it is itself too large."""
    array = np.asarray(x, np.float64)
    greatest = float(np.max(np.abs(array), initial=0.0))
    if not greatest or not math.isfinite(greatest):
        return greatest
    return float(greatest * np.linalg.norm(array / greatest))
