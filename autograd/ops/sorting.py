"""Sorting and partitioning."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from autograd.op import op
from autograd.ops.indexing import index_along, scatter
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
    return order if axis is None else index_along(order, axis, len(shape))


@printed("{0}, put back in the order of {1}", r"{0} \text{, put back in the order of } {1}")
def unsorted(g: Any, a: Any, shape: tuple[int, ...], axis: int | None) -> Any:
    """Put each cotangent where its element came from."""
    flat = (int(np.prod(shape)),) if axis is None else shape
    return np.reshape(scatter(g, shape=flat, index=sorted_places(a, shape, axis)), shape)


sort.vjp(a=lambda g, a, a_shape, axis: unsorted(g, a, a_shape, axis))


# What each mode reads, as np.pad has it.


@op(
    selects=True,
    symbol="partition",
    kinks=True,
    samples=("5 kth=2", "2,4 kth=1", "3,2 kth=(0,2) axis=0", "4 kth=-1"),
)
def partition(a: Any, /, kth: Any, axis: int | None = -1) -> Any:
    """Put the k-th smallest element in its place, smaller ones before it and greater ones after.

    Examples
    --------
    >>> from autograd import partition
    >>> partition([3.0, 1.0, 2.0], 0)[0]
    np.float64(1.0)
    """
    values = np.asarray(a) if axis is not None else np.ravel(a)
    which = -1 if axis is None else axis
    return np.take_along_axis(values, np.argpartition(values, kth, which), which)


@printed("{0}, put back in the order of {1}", r"{0} \text{, put back in the order of } {1}")
def partitioned(g: Any, a: Any, shape: tuple[int, ...], kth: Any, axis: int | None) -> Any:
    """Put each cotangent where its element came from."""
    values = value_of(a) if axis is not None else np.ravel(value_of(a))
    which = -1 if axis is None else axis
    places = index_along(np.argpartition(values, kth, which), which, values.ndim)
    return np.reshape(scatter(g, shape=values.shape, index=places), shape)


partition.vjp(a=lambda g, a, a_shape, kth, axis: partitioned(g, a, a_shape, kth, axis))
