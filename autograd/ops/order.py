"""Sorting, taking along axes, padding and tiling: elements in another order or more than once."""

from __future__ import annotations

import math
import operator
from typing import Any, cast

import numpy as np

from autograd.op import op
from autograd.ops.index import scatter
from autograd.ops.reduce import Axis, spread
from autograd.symbol import printed
from autograd.tensor import value_of

from_engine = True


@op(
    selects=True,
    symbol="sort",
    kinks=True,
    samples=("4", "2,3", "2,3 axis=0", "2,3 axis=None", "0"),
)
def sort(a: Any, axis: int | None = -1) -> Any:
    """Sort along an axis, stably; flattened where the axis is None.

    Examples
    --------
    >>> from autograd import sort
    >>> sort([3.0, 1.0, 2.0])
    array([1., 2., 3.])
    """
    return np.sort(a, axis if axis is None else operator.index(axis), kind="stable")


def sorted_places(a: Any, shape: tuple[int, ...], axis: int | None) -> Any:
    """Return the index that sorts, of the flattened array where the axis is None."""
    axis = axis if axis is None else operator.index(axis)
    order = np.argsort(value_of(a), axis, kind="stable")
    return order if axis is None else along(order, axis, len(shape))


def along(indices: Any, axis: int, ndim: int) -> tuple[Any, ...]:
    """Return the full index of `take_along_axis`."""
    grid = [
        np.arange(n).reshape([-1 if k == i else 1 for k in range(ndim)])
        for i, n in enumerate(indices.shape)
    ]
    grid[axis] = indices
    return tuple(grid)


sort.vjp(
    a=lambda g, a, a_shape, axis: np.reshape(
        scatter(
            g,
            shape=(int(np.prod(a_shape)),) if axis is None else a_shape,
            index=sorted_places(a, a_shape, axis),
        ),
        a_shape,
    )
)


@op(
    symbol="take",
    samples=(
        "4 indices=[0,0,3]",
        "2,3 indices=[2,0] axis=1",
        "2,3 indices=4",
        "2,3 indices=[[0,1],[1,1]] axis=0",
        "2,3 indices=-1 axis=-1",
        "2,3 indices=[0,7,-9] mode='wrap'",
        "2,3 indices=[0,7,-9] axis=1 mode='clip'",
    ),
)
def take(a: Any, /, indices: Any, axis: int | None = None, mode: str = "raise") -> Any:
    """Take elements along an axis; of the flattened array by default.

    Indices beyond the ends are an error, or with mode="wrap" begin again, or with mode="clip" are
    the first and the last.

    Examples
    --------
    >>> from autograd import take
    >>> take([1.0, 2.0, 3.0], [2, 0])
    array([3., 1.])
    """
    return np.take(a, indices, axis, mode=cast("Any", mode))


def taken(g: Any, shape: tuple[int, ...], indices: Any, axis: int | None, mode: str) -> Any:
    """Return the cotangents of the elements that `take` took, at their places."""
    full = (math.prod(shape),) if axis is None else shape
    which = 0 if axis is None else axis % len(shape)
    places = np.array(indices, dtype=np.intp)
    if mode == "clip":
        places = np.clip(places, 0, full[which] - 1)
    elif mode == "wrap":
        places = places % full[which]
    index = (*[slice(None)] * which, places)
    return np.reshape(scatter(g, shape=full, index=index), shape)


take.vjp(a=lambda g, a_shape, indices, axis, mode: taken(g, a_shape, indices, axis, mode))


@op(
    symbol="take_along_axis",
    samples=(
        "2,3 indices=[[2,0],[1,1]] axis=1",
        "3,2 indices=[[0,0],[2,1]] axis=0",
        "4 indices=[3,3,0] axis=0",
        "2,3 indices=[[1]] axis=1",
        "1,3 indices=[[1],[0]] axis=1",
        "4 indices=[3,3,0] axis=None",
    ),
)
def take_along_axis(a: Any, /, indices: Any, axis: int | None = -1) -> Any:
    """Take from each slice along an axis its own elements, as `argsort` gives them.

    Examples
    --------
    >>> from autograd import take_along_axis
    >>> take_along_axis([[3.0, 1.0]], [[1, 0]], axis=1)
    array([[1., 3.]])
    """
    return np.take_along_axis(np.asarray(a), np.asarray(indices), axis)


def spanning(indices: Any, shape: tuple[int, ...], axis: int) -> Any:
    """Return the indices for the whole array, where they are the same along an axis."""
    lengths = [n if i == axis % len(shape) else None for i, n in enumerate(indices.shape)]
    full = [n if k is None else k for n, k in zip(shape, lengths, strict=True)]
    return np.broadcast_to(indices, full)


def put_along(g: Any, shape: tuple[int, ...], indices: Any, axis: int | None) -> Any:
    """Add each cotangent where its element was taken; axes of length 1 are for the whole array."""
    if axis is None:
        return np.reshape(scatter(g, shape=(int(np.prod(shape)),), index=indices), shape)
    full = tuple(
        n if i == axis % len(shape) else max(n, m)
        for i, (n, m) in enumerate(zip(shape, indices.shape, strict=True))
    )
    return scatter(g, shape=full, index=along(spanning(indices, full, axis), axis, len(full)))


take_along_axis.vjp(
    a=lambda g, a_shape, indices, axis: put_along(g, a_shape, np.array(indices), axis)
)


@op(
    symbol="pad",
    samples=(
        "3 pad_width=1",
        "2,3 pad_width=((1,0),(0,2))",
        "3 pad_width=(2,1) constant_values=5.0",
        "2,3 pad_width={1:(1,2)}",
        "2,3 pad_width={-2:1}",
    ),
)
def pad(a: Any, /, pad_width: Any, constant_values: float = 0.0) -> Any:
    """Put a constant around an array, as `np.pad` does by default.

    Examples
    --------
    >>> from autograd import pad
    >>> pad([1.0, 2.0], 1)
    array([0., 1., 2., 0.])
    """
    return np.pad(a, pad_width, constant_values=constant_values)


def inside(shape: tuple[int, ...], pad_width: Any) -> tuple[slice, ...]:
    """Return the index of what was padded."""
    if isinstance(pad_width, dict):
        sides = {i % len(shape): w for i, w in pad_width.items()}
        pad_width = [np.broadcast_to(sides.get(i, 0), 2) for i in range(len(shape))]
    widths = np.broadcast_to(np.asarray(pad_width if shape else np.empty((0, 2))), (len(shape), 2))
    return tuple(slice(int(w[0]), int(w[0]) + n) for w, n in zip(widths, shape, strict=True))


pad.vjp(a=lambda g, a_shape, pad_width: g[inside(a_shape, pad_width)])


@op(symbol="tile", samples=("3 reps=2", "2,3 reps=(2,1)", "2,3 reps=2", "3 reps=(2,2)", "_ reps=3"))
def tile(a: Any, /, reps: Any) -> Any:
    """Repeat an array as a whole along axes.

    Examples
    --------
    >>> from autograd import tile
    >>> tile([1.0, 2.0], 2)
    array([1., 2., 1., 2.])
    """
    return np.tile(a, [operator.index(k) for k in np.ravel(reps).tolist()])


@printed("Σ of the copies in {0}", r"\sum_{\text{copies}} {0}")
def untiled(g: Any, shape: tuple[int, ...], reps: Any) -> Any:
    """Return the sum over the repetitions."""
    times = tuple(max(int(k), 0) for k in np.ravel(reps).tolist())
    n = max(len(times), len(shape))
    times = (1,) * (n - len(times)) + times
    lengths = (1,) * (n - len(shape)) + shape
    split = [int(k) for pair in zip(times, lengths, strict=True) for k in pair]
    return np.reshape(np.sum(np.reshape(g, split), axis=tuple(range(0, 2 * n, 2))), shape)


tile.vjp(a=lambda g, a_shape, reps: untiled(g, a_shape, reps))


@op(
    selects=True,
    symbol="median",
    latex=r"\operatorname{median} {a}",
    kinks=True,
    samples=(
        *("5", "4", "2,3", "2,3 axis=0", "2,4 axis=-1 keepdims=True", "2,3,2 axis=(0,2)"),
        *("2,3 axis=()", "2,3,2 axis=(-1,0) keepdims=True"),
    ),
)
def median(a: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Middle value; the mean of the middle two of an even number, which then count ½ each.

    Examples
    --------
    >>> from autograd import median
    >>> median([3.0, 1.0, 10.0])
    np.float64(3.0)
    """
    return np.median(a, axis=axis, keepdims=keepdims)


def middles(a: Any, shape: tuple[int, ...], axis: Axis) -> Any:
    """Return each element's part of the median of its slice; of NaN, where one is there."""
    reduced = [i for i, (n, k) in enumerate(zip(shape, _ones(shape, axis), strict=True)) if k]
    rest = [i for i in range(len(shape)) if i not in reduced]
    values = np.transpose(value_of(a), (*rest, *reduced))
    if not values.size:
        return np.zeros(shape)
    flat = np.reshape(values, (*(shape[i] for i in rest), -1))
    n = flat.shape[-1]
    order = np.argsort(flat, -1, kind="stable")
    parts = np.zeros(flat.shape)
    for k in {(n - 1) // 2, n // 2}:
        place = order[..., [k]]
        old = np.take_along_axis(parts, place, -1)
        np.put_along_axis(parts, place, old + (1.0 if n % 2 else 0.5), -1)
    nan = np.isnan(flat)
    parts = np.where(np.any(nan, -1, keepdims=True), nan, parts)
    back = np.argsort((*rest, *reduced))
    return np.transpose(np.reshape(parts, values.shape), [int(i) for i in back])


def _ones(shape: tuple[int, ...], axis: Axis) -> list[bool]:
    """Return whether each axis is reduced."""
    if axis is None:
        return [True] * len(shape)
    axes = {i % len(shape) for i in ((axis,) if isinstance(axis, int) else axis)}
    return [i in axes for i in range(len(shape))]


median.vjp(
    a=lambda g, a, a_shape, axis: spread(g, a_shape, axis) * middles(a, a_shape, axis),
)
