"""Taking elements out and putting them together."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.op import op

from_engine = True


@op(
    symbol="[ ]",
    text="{a}[…]",
    latex=r"{a}_{[\ldots]}",
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
    symbol="scatter",
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
    where = plain_index(index)
    parts = where if isinstance(where, tuple) else (where,)
    if any(isinstance(part, np.ndarray) for part in parts):
        np.add.at(result, where, a)
    else:  # basic indexing never meets an element twice
        result[where] = a
    return result


getitem.vjp(a=lambda g, a_shape, index: scatter(g, shape=a_shape, index=index))
scatter.vjp(a=lambda g, index: getitem(g, index))


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
    lengths = [int(np.prod(s)) if axis is None else s[axis] for s in shapes]
    start = int(np.sum(lengths[:i], dtype=int))
    cut = slice(start, start + lengths[i])
    if axis is None:
        return cut
    return (*[slice(None)] * (axis % len(shapes[i])), cut)


concatenate.vjp(
    arrays=lambda g, i, arrays_shape, axis: np.reshape(
        g[span(arrays_shape, i, axis)], arrays_shape[i]
    )
)
