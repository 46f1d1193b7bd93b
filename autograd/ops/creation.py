"""Making arrays: sequences of numbers, grids, diagonals, arrays of one number."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.axes import whole
from autograd.op import composite
from autograd.ops.joining import broadcast_arrays, stack
from autograd.tensor import arrayed, value_of

from_engine = True


@composite(
    samples=("_ _ num=4", "_ _ num=3 endpoint=False", "2 2 num=3", "2 _ num=3 axis=-1", "_ _ num=1")
)
def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    *,
    axis: int = 0,
) -> Any:
    """Evenly spaced numbers from start to stop, which may be arrays, along a new axis.

    With `retstep`, also the distance between two of them.

    Examples
    --------
    >>> from autograd import linspace
    >>> linspace(0.0, 1.0, 3)
    array([0. , 0.5, 1. ])
    """
    num = whole("num", num)
    if num < 0:
        raise ValueError(f"num cannot be negative, got {num}")
    n = num - 1 if endpoint else num
    shape = np.broadcast_shapes(np.shape(start), np.shape(stop))
    ends = [x if isinstance(x, (int, float)) else arrayed(x) for x in (start, stop)]
    dtype = np.asarray(value_of(ends[0]) + value_of(ends[1]) + 0.0).dtype
    parts = (np.arange(num) / max(n, 1)).astype(dtype).reshape((-1,) + (1,) * len(shape))
    points = start + (stop - start) * parts
    if endpoint and num > 1:  # exactly stop at the end
        points = np.where(np.equal(parts, 1), stop, points)
    points = np.moveaxis(points, 0, axis)
    return (points, (stop - start) / (n if n > 0 else np.nan)) if retstep else points


@composite(samples=("_ _ num=4", "2 _ num=3 base=2.0"))
def logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10.0,
    *,
    axis: int = 0,
) -> Any:
    """Powers of a base whose exponents are evenly spaced.

    Examples
    --------
    >>> from autograd import logspace
    >>> logspace(0.0, 2.0, 3)
    array([  1.,  10., 100.])
    """
    if np.ndim(base):
        raise ValueError(f"the base needs to be one number, got shape {np.shape(base)}")
    return np.power(base, linspace(start, stop, num, endpoint, axis=axis))


@composite(samples=("_ _ num=4", "2 _ num=3"), domain={"start": (0.5, 2.0), "stop": (0.5, 4.0)})
def geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, *, axis: int = 0) -> Any:
    """Numbers from start to stop with a constant ratio, both of one sign.

    Examples
    --------
    >>> from autograd import geomspace
    >>> geomspace(1.0, 4.0, 3)
    array([1., 2., 4.])
    """
    if np.any(value_of(start) * value_of(stop) <= 0):
        raise ValueError("start and stop need to be of one sign, and not 0")
    ratio = stop / start
    exponents = linspace(np.zeros(np.shape(value_of(ratio))), np.ones(()), num, endpoint, axis=0)
    points = start * ratio ** exponents.astype(value_of(arrayed(ratio)).dtype)
    if endpoint and num > 1:
        last = np.equal(exponents, 1)
        points = np.where(last, stop, points)
    return np.moveaxis(points, 0, axis)


@composite(samples=("2 3", "2 3 indexing='ij'", "2 3 4", "2 3 sparse=True"))
def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> Any:
    """Coordinates of a grid: an array for each of the vectors, all of one shape.

    Examples
    --------
    >>> from autograd import meshgrid
    >>> meshgrid([1.0, 2.0], [3.0, 4.0])[0]
    array([[1., 2.],
           [1., 2.]])
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"indexing needs to be 'xy' or 'ij', got {indexing!r}")
    n = len(xi)
    order = list(range(n))
    if indexing == "xy" and n > 1:
        order[:2] = [1, 0]
    grids = [
        np.reshape(x, tuple(-1 if i == k else 1 for i in range(n)))
        for x, k in zip(xi, order, strict=True)
    ]
    return tuple(grids) if sparse else tuple(broadcast_arrays(*grids))


@composite(samples=("3", "3 k=1", "2,2 k=-1"))
def diagflat(v: Any, k: int = 0) -> Any:
    """Matrix with the flattened array as a diagonal.

    Examples
    --------
    >>> from autograd import diagflat
    >>> diagflat([[1.0, 2.0]])
    array([[1., 0.],
           [0., 2.]])
    """
    return np.diag(np.ravel(v), k)


@composite(samples=("3", "3 N=2", "3 N=4 increasing=True"))
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    """Vandermonde matrix: the powers of a vector, in columns, highest first.

    Examples
    --------
    >>> from autograd import vander
    >>> vander([2.0, 3.0], 3)
    array([[4., 2., 1.],
           [9., 3., 1.]])
    """
    x = arrayed(x)
    n = np.size(x) if N is None else N
    if x.ndim != 1:
        raise ValueError("needs a vector")
    exponents = np.arange(n) if increasing else np.arange(n)[::-1]
    if n == 0:
        return np.empty((np.size(x), 0))
    return stack([x**0 if k == 0 else x ** int(k) for k in exponents], axis=1)


@composite(samples=("2,3 fill_value:_", "2,3 fill_value:3", "2 fill_value:2 shape=(4,2)"))
def full_like(a: Any, fill_value: Any, dtype: Any = None, *, shape: Any = None) -> Any:
    """Array of the shape and dtype of another, filled with a value, which broadcasts.

    Examples
    --------
    >>> from autograd import full_like
    >>> full_like([[1.0, 2.0]], 5.0)
    array([[5., 5.]])
    """
    a, value = arrayed(a), arrayed(fill_value)
    kind = a.dtype if dtype is None else np.dtype(dtype)
    return np.broadcast_to(value.astype(kind), a.shape if shape is None else shape)
