"""Averages, integrals and differences of sampled functions, and sums that pass over NaN."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.op import composite

if TYPE_CHECKING:
    from autograd.axes import Axis
from autograd.tensor import arrayed, value_of

from_engine = True

_WEIGHTS = {"weights": (0.5, 2.0)}


@composite(
    samples=(
        *("2,3", "2,3 axis=0", "2,3 axis=1 weights:3", "2,3 weights:2,3 keepdims=True"),
        *("2,3 axis=0 weights:2 returned=True", "3 weights:3", "2,3,2 axis=(0,2) weights:2,2"),
    ),
    domain=_WEIGHTS,
)
def average(
    a: Any,
    axis: Axis = None,
    weights: Any = None,
    returned: bool = False,
    *,
    keepdims: bool = False,
) -> Any:
    """Weighted average Σ w a / Σ w over axes.

    Parameters
    ----------
    a : Tensor or array_like
        Any shape.
    axis : int or tuple of int, optional
        Axes to average over; all of them by default.
    weights : Tensor or array_like, optional
        Of the shape of a, or of the lengths of the axes; 1 by default.
    returned : bool
        Return the sum of the weights too.
    keepdims : bool
        Keep the axes, with length 1.

    Raises
    ------
    ZeroDivisionError
        If weights sum to 0.

    Examples
    --------
    >>> from autograd import average
    >>> average([1.0, 3.0], weights=[3.0, 1.0])
    np.float64(1.5)
    """
    a = arrayed(a)
    if weights is None:
        mean = np.mean(a, axis=axis, keepdims=keepdims)
        n = np.size(a) / max(np.size(mean), 1)
        return (mean, np.full(np.shape(mean), n)[()]) if returned else mean
    w = arrayed(weights)
    if w.shape != a.shape:
        if axis is None:
            raise ValueError("weights of another shape need an axis")
        axes = [i % a.ndim for i in ((axis,) if isinstance(axis, int) else axis)]
        if w.shape != tuple(a.shape[i] for i in axes):
            raise ValueError(f"weights need the shape of a or of its axes {axis}, got {w.shape}")
        order = sorted(range(len(axes)), key=axes.__getitem__)
        full = [a.shape[i] if i in axes else 1 for i in range(a.ndim)]
        w = np.reshape(np.transpose(w, order), full)
    w = np.broadcast_to(w, a.shape)
    total = np.sum(w, axis=axis, keepdims=keepdims)
    if np.any(np.equal(value_of(total), 0)):
        raise ZeroDivisionError("weights sum to zero, and cannot be normalized")
    mean = np.sum(a * w, axis=axis, keepdims=keepdims) / total
    return (mean, total) if returned else mean


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


def _centred(m: Any, y: Any, *, rowvar: bool) -> Any:
    """Return the variables of cov in rows."""
    rows = np.atleast_2d(arrayed(m))
    rows = rows.T if not rowvar and np.ndim(m) == 2 else rows
    if y is not None:
        others = np.atleast_2d(arrayed(y))
        others = others.T if not rowvar and others.shape[0] != 1 else others
        rows = np.concatenate([rows, others], axis=0)
    return rows


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


@composite(
    samples=(
        "2,4",
        "4",
        "4,2 rowvar=False",
        "2,4 bias=True",
        "4 4",
        "2,4 ddof=0",
        "2,3 fweights=[1,2,3]",
    )
)
def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
) -> Any:
    """Covariance matrix of variables in rows, observed in columns.

    Parameters
    ----------
    m : Tensor or array_like, shape (variables, observations) or (observations,)
        Data.
    y : Tensor or array_like, optional
        More variables, in the same form.
    rowvar : bool
        Variables are rows; otherwise columns.
    bias : bool
        Divide by n rather than by n − 1.
    ddof : int, optional
        Divide by n − ddof, whatever `bias` is.
    fweights : array_like of int, shape (observations,), optional
        How often each observation was made.
    aweights : Tensor or array_like, shape (observations,), optional
        How much each observation counts.

    Examples
    --------
    >>> from autograd import cov
    >>> cov([1.0, 3.0])
    np.float64(2.0)
    """
    rows = _centred(m, y, rowvar=rowvar)
    less = (0 if bias else 1) if ddof is None else ddof
    aweights = None if aweights is None else arrayed(aweights)
    weights = _weights(fweights, aweights, rows)
    if weights is None:
        centred = rows - np.mean(rows, axis=1, keepdims=True)
        n = rows.shape[1] - less
        return np.squeeze(centred @ centred.T / (float(n) if n > 0 else np.nan))
    total = np.sum(weights)
    if value_of(total) == 0:
        raise ZeroDivisionError("weights sum to zero, and cannot be normalized")
    centred = rows - np.sum(rows * weights, axis=1, keepdims=True) / total
    if aweights is not None and less:
        less = less * np.sum(weights * aweights) / total
    n = total - less
    return np.squeeze((centred * weights) @ centred.T / np.where(value_of(n) > 0, n, np.nan))


def _weights(fweights: Any, aweights: Any, rows: Any) -> Any:
    """Return how much each observation, a column, counts; None where all count the same."""
    n = rows.shape[1]
    for name, given in (("fweights", fweights), ("aweights", aweights)):
        if given is not None and (np.shape(given) != (n,) or np.any(np.less(value_of(given), 0))):
            raise ValueError(f"{name} need {n} numbers that are not negative, got {given!r}")
    if fweights is not None and np.any(np.not_equal(fweights, np.round(fweights))):
        raise ValueError("fweights need to be whole numbers")
    if fweights is None or aweights is None:
        return aweights if fweights is None else np.asarray(fweights, value_of(rows).dtype)
    return aweights * np.asarray(fweights)


@composite(samples=("2,4", "4 4", "4,2 rowvar=False"))
def corrcoef(x: Any, y: Any = None, rowvar: bool = True) -> Any:
    """Matrix of the correlation coefficients of variables in rows.

    Examples
    --------
    >>> from autograd import corrcoef
    >>> corrcoef([[1.0, 2.0], [2.0, 1.0]])
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    c = cov(x, y, rowvar)
    if np.ndim(c) == 0:
        return c / c
    deviation = np.sqrt(np.diagonal(c))
    return np.clip(c / deviation[:, None] / deviation[None, :], -1, 1)


@composite(samples=("4", "2,3 axis=1", "2,3 axis=0 include_initial=True"))
def cumulative_sum(x: Any, /, *, axis: int | None = None, include_initial: bool = False) -> Any:
    """Cumulative sum along an axis, beginning with 0 where `include_initial`.

    Examples
    --------
    >>> from autograd import cumulative_sum
    >>> cumulative_sum([1.0, 2.0], include_initial=True)
    array([0., 1., 3.])
    """
    return _begun(np.cumsum, x, axis, include_initial, 0.0)


@composite(samples=("4", "2,3 axis=1", "2,3 axis=0 include_initial=True"))
def cumulative_prod(x: Any, /, *, axis: int | None = None, include_initial: bool = False) -> Any:
    """Cumulative product along an axis, beginning with 1 where `include_initial`.

    Examples
    --------
    >>> from autograd import cumulative_prod
    >>> cumulative_prod([2.0, 3.0], include_initial=True)
    array([1., 2., 6.])
    """
    return _begun(np.cumprod, x, axis, include_initial, 1.0)


def _begun(running: Any, x: Any, axis: int | None, include_initial: bool, first: float) -> Any:
    x = arrayed(x)
    if axis is None and x.ndim > 1:
        raise ValueError("several axes need axis=")
    which = 0 if axis is None else axis
    found = running(x, axis=which)
    if not include_initial:
        return found
    shape = [1 if i == which % x.ndim else n for i, n in enumerate(x.shape)]
    return np.concatenate([np.full(shape, first, x.dtype), found], axis=which)
