"""Reductions that pass over NaN, whose derivative is then 0."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.op import composite, op
from autograd.ops.joining import arrayed
from autograd.ops.reduce import Axis, holders, spread
from autograd.ops.statistics import plain

from_engine = True

_AXES = ("2,3", "2,3 axis=0", "2,3 axis=-1 keepdims=True", "2,3,2 axis=(0,2)")


@op(accumulates=True, symbol="nansum", latex=r"\operatorname{nansum} {a}", samples=_AXES)
def nansum(a: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Sum that passes over NaN, whose derivative is 0.

    Examples
    --------
    >>> from autograd import nansum
    >>> nansum([1.0, float("nan"), 2.0])
    np.float64(3.0)
    """
    return np.nansum(a, axis=axis, keepdims=keepdims)


def there(a: Any) -> Any:
    """Return 1 where an element is not NaN."""
    return np.logical_not(np.isnan(a))


nansum.vjp(a=lambda g, a, axis, a_shape: spread(g, a_shape, axis) * there(a))


@op(accumulates=True, symbol="nanmean", latex=r"\operatorname{nanmean} {a}", samples=_AXES)
def nanmean(a: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Average that passes over NaN, whose derivative is 0.

    Examples
    --------
    >>> from autograd import nanmean
    >>> nanmean([1.0, float("nan"), 2.0])
    np.float64(1.5)
    """
    return np.nanmean(a, axis=axis, keepdims=keepdims)


nanmean.vjp(
    a=lambda g, a, axis, a_shape: (
        spread(g, a_shape, axis) * (there(a) / np.sum(there(a), axis=axis, keepdims=True))
    )
)


@op(symbol="nanmax", latex=r"\operatorname{nanmax} {a}", kinks=True, samples=_AXES)
def nanmax(a: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Greatest value that is not NaN. Elements that share it share its derivative evenly.

    Examples
    --------
    >>> from autograd import nanmax
    >>> nanmax([1.0, float("nan"), 2.0])
    np.float64(2.0)
    """
    return np.nanmax(a, axis=axis, keepdims=keepdims)


@op(symbol="nanmin", latex=r"\operatorname{nanmin} {a}", kinks=True, samples=_AXES)
def nanmin(a: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Least value that is not NaN. Elements that share it share its derivative evenly.

    Examples
    --------
    >>> from autograd import nanmin
    >>> nanmin([1.0, float("nan"), 2.0])
    np.float64(1.0)
    """
    return np.nanmin(a, axis=axis, keepdims=keepdims)


for _extreme in (nanmax, nanmin):
    _extreme.vjp(
        a=lambda g, a, out, axis, a_shape: spread(g, a_shape, axis) * holders(a, out, axis, a_shape)
    )


def without_nan(a: Any, instead: float) -> Any:
    """Return the array with a number in the place of each NaN, which gets no gradient."""
    return np.where(np.isnan(plain(a)), instead, a)


_MOMENTS = (*_AXES, "2,3 axis=1 ddof=1")


@composite(samples=_AXES)
def nanprod(a: Any, axis: Axis = None, *, keepdims: bool = False) -> Any:
    """Product that passes over NaN.

    Examples
    --------
    >>> from autograd import nanprod
    >>> nanprod([2.0, float("nan"), 3.0])
    np.float64(6.0)
    """
    return np.prod(without_nan(a, 1.0), axis=axis, keepdims=keepdims)


@composite(samples=("4", "2,3 axis=1"))
def nancumsum(a: Any, axis: int | None = None) -> Any:
    """Cumulative sum that passes over NaN.

    Examples
    --------
    >>> from autograd import nancumsum
    >>> nancumsum([1.0, float("nan"), 2.0])
    array([1., 1., 3.])
    """
    return np.cumsum(without_nan(a, 0.0), axis=axis)


@composite(samples=("4", "2,3 axis=1"))
def nancumprod(a: Any, axis: int | None = None) -> Any:
    """Cumulative product that passes over NaN.

    Examples
    --------
    >>> from autograd import nancumprod
    >>> nancumprod([2.0, float("nan"), 3.0])
    array([2., 2., 6.])
    """
    return np.cumprod(without_nan(a, 1.0), axis=axis)


def _nan_centred(a: Any, axis: Axis, ddof: int) -> tuple[Any, Any, Any]:
    """Return distances from the means, 0 for NaN; n − ddof, NaN for none; and where n > 0."""
    there = np.logical_not(np.isnan(plain(a)))
    n = np.sum(there, axis=axis, keepdims=True)
    filled = without_nan(a, 0.0)
    mean = np.sum(filled, axis=axis, keepdims=True) / np.maximum(n, 1).astype(filled.dtype)
    degrees = np.where(n - ddof > 0, n - ddof, np.nan).astype(plain(a).dtype)
    return np.where(there, filled - mean, 0.0), degrees, n


@composite(samples=_MOMENTS)
def nanvar(a: Any, axis: Axis = None, *, ddof: int = 0, keepdims: bool = False) -> Any:
    """Variance that passes over NaN, with n − ddof in the denominator.

    Examples
    --------
    >>> from autograd import nanvar
    >>> nanvar([1.0, float("nan"), 3.0])
    np.float64(1.0)
    """
    a = arrayed(a)
    centred, degrees, _ = _nan_centred(a, axis, ddof)
    found = np.sum(centred * centred, axis=axis, keepdims=True) / degrees
    return found if keepdims else np.reshape(found, _reduced(a.shape, axis))


@composite(samples=_MOMENTS)
def nanstd(a: Any, axis: Axis = None, *, ddof: int = 0, keepdims: bool = False) -> Any:
    """Spread √variance that passes over NaN. Its derivative at a constant slice is 0.

    Examples
    --------
    >>> from autograd import nanstd
    >>> nanstd([1.0, float("nan"), 3.0])
    np.float64(1.0)
    """
    a = arrayed(a)
    centred, degrees, n = _nan_centred(a, axis, ddof)
    low = np.min(np.where(np.isnan(plain(a)), np.inf, plain(a)), axis=axis, keepdims=True)
    high = np.max(np.where(np.isnan(plain(a)), -np.inf, plain(a)), axis=axis, keepdims=True)
    varies = np.logical_and(n > 0, np.greater(high, low))  # the mean's rounding must not count
    squares = np.sum(np.where(varies, centred * centred, 0.0), axis=axis, keepdims=True)
    root = np.sqrt(np.where(varies, squares, 1.0) / degrees)
    found = np.where(varies, root, 0.0 * degrees)
    return found if keepdims else np.reshape(found, _reduced(a.shape, axis))


def _reduced(shape: tuple[int, ...], axis: Axis) -> tuple[int, ...]:
    """Return the shape that a reduction has without the axes."""
    if axis is None:
        return ()
    axes = {i % len(shape) for i in ((axis,) if isinstance(axis, int) else axis)}
    return tuple(n for i, n in enumerate(shape) if i not in axes)
