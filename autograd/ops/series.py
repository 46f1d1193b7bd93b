"""Integrals, differences and slopes of sampled functions, and interpolation between samples."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.op import composite

if TYPE_CHECKING:
    from autograd.axes import Axis
from autograd.tensor import arrayed, value_of

from_engine = True


@composite(
    samples=(
        "4",
        "2,4 dx=0.5",
        "4,2 axis=0",
        "4 x:4",
        "2,4 x:4",
        "3,2 x:3 axis=0",
        "2,3 x:2,3",
        "3,2,3 x:3,3 axis=0",
    )
)
def trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Any:
    """Integral along an axis by the trapezoidal rule, over points x or steps of dx.

    Examples
    --------
    >>> from autograd import trapezoid
    >>> trapezoid([0.0, 1.0, 4.0])
    np.float64(3.0)
    """
    y = arrayed(y)
    step: Any = dx
    before = (slice(None),) * (axis % y.ndim)
    if x is not None:
        x = arrayed(x)
        step = np.diff(x, axis=0 if x.ndim == 1 else axis)
        if x.ndim == 1:
            step = np.reshape(step, [-1 if i == axis % y.ndim else 1 for i in range(y.ndim)])
    pairs = y[(*before, slice(1, None))] + y[(*before, slice(None, -1))]
    return np.sum(step * pairs / 2, axis=axis)


@composite(
    samples=(
        *("5", "5 _", "3,4", "3,4 axis=1", "4,3 axis=0 edge_order=2", "5 5", "5 5 edge_order=2"),
        *("3,4 3 4", "3,4 _ _", "2,4 4 axis=1"),
    ),
)
def gradient(f: Any, *varargs: Any, axis: Axis = None, edge_order: int = 1) -> Any:
    """Slope of sampled values by central differences; at the ends by one-sided ones.

    Parameters
    ----------
    f : Tensor or array_like
        Values on a grid.
    *varargs : number or vector
        The step, or the coordinates, of each axis; a step of 1 by default, and one for all alike.
    axis : int or tuple of int, optional
        Axes along which to differentiate; all of them by default.
    edge_order : {1, 2}
        Order of accuracy at the ends.

    Returns
    -------
    Tensor or tuple of Tensor
        Of the shape of f, one for each axis.

    Examples
    --------
    >>> from autograd import gradient
    >>> gradient([0.0, 1.0, 4.0])
    array([1., 2., 3.])
    """
    f = arrayed(f)
    axes = tuple(range(f.ndim)) if axis is None else tuple(np.atleast_1d(axis).tolist())
    if any(not -f.ndim <= i < f.ndim for i in axes):
        raise ValueError(f"axis {axis} is out of bounds for {f.ndim} axes")
    spacing = list(varargs) or [1.0]
    if len(spacing) == 1 and np.ndim(spacing[0]) == 0:
        spacing = spacing * len(axes)
    if len(spacing) != len(axes):
        raise TypeError(f"needs one spacing for each of {len(axes)} axes, got {len(spacing)}")
    if edge_order not in (1, 2):
        raise ValueError(f"edge_order needs to be 1 or 2, got {edge_order}")
    found = [_slope(f, h, i % f.ndim, edge_order) for h, i in zip(spacing, axes, strict=True)]
    return found[0] if len(found) == 1 else tuple(found)


def _slope(f: Any, spacing: Any, axis: int, edge_order: int) -> Any:
    """Differentiate along one axis, with the steps before and after each point."""
    n = f.shape[axis]
    if n < edge_order + 1:
        raise ValueError(f"axis {axis} needs at least {edge_order + 1} points, got {n}")
    y = np.moveaxis(f, axis, -1)
    if np.ndim(spacing):
        if np.shape(spacing) != (n,):
            raise ValueError(f"coordinates need length {n}, got {np.shape(spacing)}")
        steps = np.diff(arrayed(spacing))
        before, after = steps[:-1], steps[1:]
        first, second, last, second_last = steps[0], steps[1:2], steps[n - 2], steps[n - 3 : n - 2]
    else:
        before = after = first = second = last = second_last = spacing
    parts = []
    if n > 2:
        weighed = y[..., 2:] * (before / (after * (before + after)))
        if before is not after:  # else the weight of the point itself is 0
            weighed = weighed + y[..., 1:-1] * ((after - before) / (before * after))
        inner = weighed - y[..., :-2] * (after / (before * (before + after)))
        parts = [inner]
    if edge_order == 1:
        low, high = (y[..., 1:2] - y[..., :1]) / first, (y[..., -1:] - y[..., -2:-1]) / last
    else:
        low = _one_sided(y[..., :1], y[..., 1:2], y[..., 2:3], first, second)
        high = -_one_sided(y[..., -1:], y[..., -2:-1], y[..., -3:-2], last, second_last)
    return np.moveaxis(np.concatenate([low, *parts, high], axis=-1), -1, axis)


def _one_sided(y0: Any, y1: Any, y2: Any, h1: Any, h2: Any) -> Any:
    """Slope at the first of three points, of the parabola through them."""
    y1_part = y1 * ((h1 + h2) / (h1 * h2))
    return y1_part - y0 * ((2 * h1 + h2) / (h1 * (h1 + h2))) - y2 * (h1 / (h2 * (h1 + h2)))


@composite(samples=("4", "2,2", "4 to_begin=0.5 to_end=[1.0,2.0]"))
def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    """Differences of neighbours in the flattened array, with values put before and after.

    Examples
    --------
    >>> from autograd import ediff1d
    >>> ediff1d([1.0, 4.0, 9.0])
    array([3., 5.])
    """
    inner = np.diff(np.ravel(ary))
    ends = [
        np.reshape(x if hasattr(x, "shape") else np.asarray(x, inner.dtype), (-1,))
        for x in (to_begin, to_end)
        if x is not None
    ]
    parts = [*([ends[0]] if to_begin is not None else []), inner]
    return np.concatenate([*parts, *([ends[-1]] if to_end is not None else [])])


@composite(
    samples=(
        "4",
        "2,3",
        "2,3 axis=0",
        "5 n=2",
        "2,4 n=3 axis=1",
        "3 n=0",
        "4 prepend=0.5 append=2.0",
    )
)
def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """Differences of neighbours along an axis, taken n times.

    Parameters
    ----------
    a : Tensor or array_like, of at least one axis
        Data.
    n : int
        How often.
    axis : int
        Along which axis.
    prepend, append : Tensor or array_like, optional
        What stands before and after the data: numbers, or arrays that fit along the axis.

    Examples
    --------
    >>> from autograd import diff
    >>> diff([1.0, 4.0, 9.0])
    array([3., 5.])
    """
    a, n = arrayed(a), operator.index(n)
    if not -a.ndim <= operator.index(axis) < a.ndim:
        raise np.exceptions.AxisError(axis, a.ndim)
    if n < 0:
        raise ValueError(f"order must be non-negative but got {n}")
    if not n:
        return a
    ends = [
        arrayed(x) if np.ndim(x) else np.broadcast_to(_weak(x, a), _one_along(a.shape, axis))
        for x in (prepend, append)
        if x is not None
    ]
    if ends:
        parts = [*ends[: prepend is not None], a, *ends[prepend is not None :]]
        a = np.concatenate(parts, axis=axis)
    last, first = ([slice(None)] * a.ndim for _ in range(2))
    last[axis], first[axis] = slice(1, None), slice(None, -1)
    for _ in range(n):
        if value_of(a).dtype == bool:
            a = np.not_equal(a[tuple(last)], a[tuple(first)])
        else:
            a = a[tuple(last)] - a[tuple(first)]
    return a


def _weak(x: Any, a: Any) -> Any:
    """Return a Python number in the dtype of the array it meets, if that can hold it."""
    if not isinstance(x, (int, float)):
        return x
    with np.errstate(over="ignore"):
        narrow = np.asarray(x, np.result_type(value_of(a).dtype, x))
    return narrow if np.isfinite(narrow) or not np.isfinite(x) else np.asarray(x)


def _one_along(shape: tuple[int, ...], axis: int) -> list[int]:
    return [1 if i == axis % len(shape) else k for i, k in enumerate(shape)]


def ascending(x: Any) -> Any:
    """Return sorted samples for the points of interp."""
    return np.sort(x)


@composite(
    samples=("4 3 3", "_ 4 4", "2,3 3 3 left=-1.0 right=9.0", "3 1 1"),
    domain={"xp": ascending},
    kinks=True,
)
def interp(
    x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None
) -> Any:
    """Interpolate between points (xp, fp) by straight lines.

    Parameters
    ----------
    x : Tensor or array_like
        Where to look, any shape.
    xp, fp : Tensor or array_like, shape (n,)
        Points, xp increasing.
    left, right : number, optional
        Results below xp[0] and above xp[-1]; fp[0] and fp[-1] by default.
    period : number, optional
        Period of x; the points are then wrapped and sorted.

    Notes
    -----
    The derivative at a point is the slope on its right, and at the last one that on its left.

    Examples
    --------
    >>> from autograd import interp
    >>> interp(1.5, [1.0, 2.0], [10.0, 20.0])
    np.float64(15.0)
    """
    x, xp, fp = arrayed(x), arrayed(xp), arrayed(fp)
    if xp.ndim != 1 or xp.shape != fp.shape or not xp.shape[0]:
        raise ValueError("xp and fp need to be vectors of one length, and not empty")
    if period is not None:
        if not period:
            raise ValueError("the period cannot be 0")
        x, xp = x % abs(period), xp % abs(period)
        order = np.argsort(value_of(xp))
        xp = np.concatenate([xp[order[-1:]] - abs(period), xp[order], xp[order[:1]] + abs(period)])
        fp = np.concatenate([fp[order[-1:]], fp[order], fp[order[:1]]])
        left = right = None
    n = xp.shape[0]
    low = fp[0] if left is None else left
    high = fp[n - 1] if right is None else right
    below, above = np.less(value_of(x), value_of(xp)[0]), np.greater(value_of(x), value_of(xp)[-1])
    between: Any = np.broadcast_to(fp[0], x.shape)
    if n > 1:
        i = np.clip(np.searchsorted(value_of(xp), value_of(x), side="right") - 1, 0, n - 2)
        x0, y0 = xp[i], fp[i]
        slope = (fp[i + 1] - y0) / (xp[i + 1] - x0)
        # Exactly fp at the points, also at the last one.
        last = np.equal(value_of(x), value_of(xp)[n - 1])
        between = np.where(last, fp[n - 1] + slope * (x - xp[n - 1]), y0 + slope * (x - x0))
    return np.where(below, low, np.where(above, high, between))
