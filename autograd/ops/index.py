"""Taking elements out and putting them together."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from autograd.op import op
from autograd.symbol import printed

from_engine = True


@op(
    symbol="[ ]",
    text="{a}[{index}]",
    latex=r"{a}[{index}]",
    binds=60,
    samples=(
        "4,3 index=1",
        "4,3 index=(-1,2)",
        "5 index=[0,0,3]",
        "4,3 index=([0,2,2],[1,1,1])",
        "3 index=None",
        "4,3 index=[True,False,True,True]",
        "4 index=[]",
    ),
)
def getitem(a: Any, /, index: Any) -> Any:
    """Index as NumPy does, with integers, slices, None, Ellipsis, and integer or boolean arrays.

    An element that is taken twice receives the sum of both derivatives.

    Examples
    --------
    >>> from autograd import getitem
    >>> getitem([1.0, 2.0, 3.0], [0, 2])
    array([1., 3.])
    """
    return np.asarray(a)[plain_index(index)]


def plain_index(index: Any) -> Any:
    """Return an index with lists as arrays, which belong to the graph."""
    if isinstance(index, tuple):
        return tuple(plain_index(i) for i in index)
    if isinstance(index, list):
        return np.array(index, dtype=None if index else np.intp)
    return index


@op(
    accumulates=True,
    symbol="scatter",
    text="scatter({a}, [{index}])",
    latex=r"\operatorname{scatter}({a}, [{index}])",
    samples=("3 shape=(4,3) index=1", "3 shape=(5,) index=[0,0,3]", "_ shape=(2,2) index=(0,1)"),
)
def scatter(a: Any, /, shape: tuple[int, ...], index: Any) -> Any:
    """Add the elements into zeros of a shape, at an index: the transpose of indexing.

    Examples
    --------
    >>> from autograd import scatter
    >>> scatter([1.0, 2.0, 3.0], (4,), [0, 0, 2])
    array([3., 0., 3., 0.])
    """
    result = np.zeros(shape, np.asarray(a).dtype)
    add_at(result, a, index)
    return result


def add_at(total: Any, part: Any, index: Any) -> None:
    """Add a part to the array it was taken from."""
    where = plain_index(index)
    parts = where if isinstance(where, tuple) else (where,)
    if any(isinstance(p, np.ndarray) for p in parts):
        np.add.at(total, where, part)
    else:  # basic indexing never meets an element twice
        total[where] += part


getitem.op.add_to = add_at
getitem.vjp(a=lambda g, a_shape, index: scatter(g, shape=a_shape, index=index))
scatter.vjp(a=lambda g, index: getitem(g, index))


@op(
    symbol="scatter",
    accumulates=True,
    samples=("3 3 shape=(4,3) indices=(1,-1)", "_ 2 shape=(3,) indices=(0,[0,2])"),
)
def scatter_all(*parts: Any, shape: tuple[int, ...], indices: tuple[Any, ...]) -> Any:
    """Add several parts into zeros of a shape, each at its own index.

    Examples
    --------
    >>> from autograd import scatter_all
    >>> scatter_all([1.0, 2.0], shape=(3,), indices=(0, 2))
    array([1., 0., 2.])
    """
    result = np.zeros(shape, np.result_type(*parts))
    for part, index in zip(parts, indices, strict=True):
        add_at(result, part, index)
    return result


scatter_all.vjp(parts=lambda g, i, indices: getitem(g, indices[i]))


@op(
    symbol="concatenate",
    samples=("2,3 1,3", "2,3 2,1 2,2 axis=-1", "2 3 1", "0,2 3,2", "2,2 axis=1", "2,2 3 axis=None"),
)
def concatenate(*arrays: Any, axis: int | None = 0) -> Any:
    """Join a sequence of arrays along an axis; flattened where the axis is None.

    Examples
    --------
    >>> from autograd import concatenate
    >>> concatenate([[1.0], [2.0, 3.0]])
    array([1., 2., 3.])
    """
    return np.concatenate(arrays, axis=axis)


def span(shapes: tuple[tuple[int, ...], ...], i: int, axis: int | None) -> Any:
    """Return the index of the i-th array in the joined one."""
    ends = _ends(shapes, axis)
    cut = slice(ends[i - 1] if i else 0, ends[i])
    if axis is None:
        return cut
    return (*[slice(None)] * (axis % len(shapes[i])), cut)


def _ends(shapes: tuple[tuple[int, ...], ...], axis: int | None) -> list[int]:
    """Return where each array ends in the joined one.

    The rule is called for one array after another of the same op, so the last answer is kept: n
    arrays then cost n, not n².
    """
    known = _LAST.get(axis)
    if known is not None and known[0] is shapes:
        return known[1]
    lengths = [math.prod(s) if axis is None else s[axis] for s in shapes]
    ends = list(itertools.accumulate(lengths))
    _LAST.clear()
    _LAST[axis] = shapes, ends
    return ends


_LAST: dict[int | None, tuple[tuple[tuple[int, ...], ...], list[int]]] = {}

concatenate.vjp(
    arrays=lambda g, i, arrays_shape, axis: np.reshape(
        g[span(arrays_shape, i, axis)], arrays_shape[i]
    )
)


@op(symbol="stack", samples=("2,3 2,3", "2 2 2 axis=-1", "_ _", "2,3 2,3 axis=1"))
def stack(*arrays: Any, axis: int = 0) -> Any:
    """Join a sequence of arrays of one shape along a new axis.

    Examples
    --------
    >>> from autograd import stack
    >>> stack([[1.0, 2.0], [3.0, 4.0]], axis=1)
    array([[1., 3.],
           [2., 4.]])
    """
    return np.stack(arrays, axis=axis)


stack.vjp(arrays=lambda g, i, axis: getitem(g, place(axis, i)))


def place(axis: int, i: int) -> tuple[Any, ...]:
    """Return the index that takes place i along an axis."""
    rest = slice(None)
    return (*[rest] * axis, i) if axis >= 0 else (..., i, *[rest] * (-axis - 1))


@op(
    symbol="repeat",
    samples=("3 repeats=2", "2,3 repeats=2 axis=0", "2,3 repeats=[1,0,2] axis=1", "2,3 repeats=3"),
)
def repeat(a: Any, /, repeats: Any, axis: int | None = None) -> Any:
    """Repeat each element, a number of times or each its own; flattened by default.

    Examples
    --------
    >>> from autograd import repeat
    >>> repeat([1.0, 2.0], 2)
    array([1., 1., 2., 2.])
    """
    return np.repeat(a, repeats, axis)


def origins(shape: tuple[int, ...], repeats: Any, axis: int | None) -> Any:
    """Return the index that `repeat` takes its elements from."""
    length = math.prod(shape) if axis is None else shape[axis]
    taken = np.repeat(np.arange(length), repeats)
    return taken if axis is None else (*[slice(None)] * (axis % len(shape)), taken)


def gathered(g: Any, shape: tuple[int, ...], repeats: Any, axis: int | None) -> Any:
    """Return the sum of the cotangents of each element's repetitions."""
    axis = axis if shape else None  # NumPy takes any axis of a number for its only element
    full = (math.prod(shape),) if axis is None else shape
    return np.reshape(scatter(g, shape=full, index=origins(shape, repeats, axis)), shape)


repeat.vjp(a=lambda g, a_shape, repeats, axis: gathered(g, a_shape, repeats, axis))


@op(
    symbol="diagonal",
    samples=("3,3", "2,3 offset=1", "2,3,4 axis1=1 axis2=2", "2,3,4 offset=-1 axis1=0 axis2=-1"),
)
def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Diagonal of the plane of two axes, as the last axis.

    Examples
    --------
    >>> from autograd import diagonal
    >>> diagonal([[1.0, 2.0], [3.0, 4.0]])
    array([1., 4.])
    """
    return np.diagonal(a, offset, axis1, axis2)


def diagonal_places(shape: tuple[int, ...], offset: int) -> Any:
    """Return the index of a diagonal of the last two axes."""
    rows, columns = shape[-2:]
    first = np.arange(max(0, min(rows + min(offset, 0), columns - max(offset, 0))))
    return (..., first - min(offset, 0), first + max(offset, 0))


def last_two(shape: tuple[int, ...], axis1: int, axis2: int) -> tuple[int, ...]:
    """Return the shape with two axes moved to the end."""
    n = len(shape)
    rest = [shape[i] for i in range(n) if i not in {axis1 % n, axis2 % n}]
    return (*rest, shape[axis1], shape[axis2])


def back_on_diagonal(g: Any, shape: tuple[int, ...], offset: int, axis1: int, axis2: int) -> Any:
    """Return zeros with a cotangent on the diagonal it was taken from."""
    moved = last_two(shape, axis1, axis2)
    found: Any = scatter(g, shape=moved, index=diagonal_places(moved, offset))
    return np.moveaxis(found, (-2, -1), (axis1, axis2))


diagonal.vjp(
    a=lambda g, a_shape, offset, axis1, axis2: back_on_diagonal(g, a_shape, offset, axis1, axis2)
)


@op(symbol="diag", samples=("3", "3 k=1", "3,3", "2,3 k=-1"))
def diag(a: Any, k: int = 0) -> Any:
    """Diagonal of a matrix, or the matrix with a diagonal.

    Examples
    --------
    >>> from autograd import diag
    >>> diag([1.0, 2.0])
    array([[1., 0.],
           [0., 2.]])
    """
    return np.diag(a, k)


diag.vjp(a=lambda g, a_shape, k: np.diagonal(g, k) if len(a_shape) == 1 else placed(g, a_shape, k))


def placed(g: Any, shape: tuple[int, ...], k: int) -> Any:
    """Put values on the k-th diagonal of zeros."""
    return scatter(g, shape=shape, index=diagonal_places(shape, k))


@op(accumulates=True, symbol="trace", samples=("3,3", "2,3 offset=1", "2,3,4 axis1=1 axis2=2"))
def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Sum of a diagonal of the plane of two axes.

    Examples
    --------
    >>> from autograd import trace
    >>> trace([[1.0, 2.0], [3.0, 4.0]])
    np.float64(5.0)
    """
    return np.trace(np.asarray(a), offset, axis1, axis2)


trace.vjp(
    a=lambda g, a_shape, offset, axis1, axis2: (on_diagonal if offset else on_main_diagonal)(
        g, a_shape, offset, axis1, axis2
    )
)


@printed("{0} · eye(k={2})", r"{0} \operatorname{eye}(k={2})")
def on_diagonal(g: Any, shape: tuple[int, ...], offset: int, axis1: int, axis2: int) -> Any:
    """Return zeros with g on a diagonal."""
    ones = ones_on(last_two(shape, axis1, axis2)[-2:], offset)
    return np.moveaxis(np.expand_dims(g, (-2, -1)) * ones, (-2, -1), (axis1, axis2))


@printed("{0} · I", "{0} I")
def on_main_diagonal(g: Any, shape: tuple[int, ...], offset: int, axis1: int, axis2: int) -> Any:
    """Return zeros with g on the diagonal."""
    return on_diagonal(g, shape, offset, axis1, axis2)


def ones_on(shape: tuple[int, ...], offset: int) -> Any:
    """Return zeros with ones on a diagonal."""
    return np.eye(shape[0], shape[1], offset)
