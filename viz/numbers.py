"""How cards show numbers: values, shapes and norms."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from viz.engine import format_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viz.engine import Graph, GraphNode

DIGIT, POINT = "\N{FIGURE SPACE}", "\N{PUNCTUATION SPACE}"  # as wide as those in most fonts

__all__ = [
    "DIGIT",
    "POINT",
    "Known",
    "arrays_of",
    "grid_of",
    "is_few",
    "known_of",
    "norm_of",
    "rows_of",
    "shape_of",
    "value_lines",
]


def value_lines(node: GraphNode) -> tuple[str, ...]:
    """Return the lines of a card that show its value: its numbers, or its range and mean."""
    value = node.shown
    kind = f"{shape_of(node.shape)} {node.dtype}"
    if value is None:
        lost = "assigned since" if node.kind == "leaf" else "value not kept"
        return (kind, lost) if node.shape else (lost,)
    array = np.asarray(value)
    if array.ndim == 0:
        return (format_number(array),)
    if array.size == 0:
        return (kind, "empty")
    if _in_rows(array):
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


def arrays_of(g: Graph) -> dict[int, list[tuple[str, str]]]:
    """Return the value and the gradient of each node in numbers, long ones without their middle.

    Each with a caption: its shape, dtype and, of a gradient, its norm.
    """
    found: dict[int, list[tuple[str, str]]] = {}
    for node in g.nodes:
        rows = []
        for name, x in (("value", node.value), ("gradient", node.cotangent)):
            if x is None:
                continue
            array = np.asarray(x)
            norm = f", norm {format_number(norm_of(array))}" if name == "gradient" else ""
            caption = f"{name} {shape_of(array.shape)} {array.dtype}{norm}"
            numbers = np.array2string(array, precision=4, threshold=144, max_line_width=100)
            rows.append((caption, numbers))
        if rows:
            found[node.id] = rows
    return found


def known_of(g: Graph) -> dict[int, Known]:
    """Return the shape, value and gradient of each node, to compute formulas with.

    Of long arrays, and of those with NaN or ∞, the numbers are left out.
    """

    def numbers(x: Any) -> list[float] | None:
        if x is None or np.size(x) > _FEW or not np.all(np.isfinite(x)):
            return None
        return [float(f"{float(v):.9g}") for v in np.ravel(x)]

    return {n.id: ([*n.shape], numbers(n.value), numbers(n.cotangent)) for n in g.nodes}


Known = tuple[list[int], "list[float] | None", "list[float] | None"]
_FEW = 144  # numbers of an array


def grid_of(array: Any) -> tuple[str, ...]:
    """Return the rows of a matrix with several of them, where its value is shown in rows too."""
    shown = array.ndim == 2 and len(array) > 1 and _in_rows(array)
    return rows_of(array) if shown else ()


def _in_rows(array: Any) -> bool:
    return bool(array.ndim <= 2 and (max(array.shape) <= 3 or array.size <= 4))


def is_few(array: Any) -> bool:
    """Whether all numbers of a gradient are shown, rather than its norm."""
    return bool(1 < array.size <= 4 and array.ndim <= 2)


def rows_of(array: Any, *, below: bool = True) -> tuple[str, ...]:
    """Return the rows of an array, each in brackets; one number is a number.

    The columns of rows below each other are aligned at the decimal point, by spaces of the width of
    a digit and of a point.
    """
    if array.size == 1:
        return (format_number(array.reshape(())),)
    table = [[format_number(x) for x in row] for row in np.atleast_2d(array)]
    if len(table) == 1:
        row = f"[{' '.join(table[0])}]"
        return (f"[{row}]",) if array.ndim == 2 else (row,)
    columns = [_aligned(c) if below else c for c in zip(*table, strict=True)]
    return tuple(f"[{' '.join(row)}]" for row in zip(*columns, strict=True))


def _aligned(column: Sequence[str]) -> list[str]:
    """Return numbers with their decimal points below each other."""
    parts = [text.partition(".") for text in column]
    before = max(len(whole) for whole, _, _ in parts)
    after = max(len(rest) for _, _, rest in parts)
    point = any(dot for _, dot, _ in parts)
    return [
        DIGIT * (before - len(whole))
        + whole
        + (dot or POINT * point)
        + rest
        + DIGIT * (after - len(rest))
        for whole, dot, rest in parts
    ]


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
