"""Spread, range and their variants that pass over NaN."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.op import op
from autograd.ops.arithmetic import nonzero
from autograd.ops.reduce import Axis, count, holders, kept, spread
from autograd.tensor import Tensor

from_engine = True

_AXES = ("2,3", "2,3 axis=0", "2,3 axis=-1 keepdims=True", "2,3,2 axis=(0,2)")
_MOMENTS = (*_AXES, "2,3 axis=0 ddof=1", "3 ddof=1")


def centred(a: Any, shape: tuple[int, ...], axis: Axis) -> Any:
    """Return the distances from the mean of each slice."""
    return a - spread(np.mean(a, axis=axis), shape, axis)


@op(symbol="var", latex=r"\operatorname{var} {a}", samples=_MOMENTS)
def var(a: Any, axis: Axis = None, ddof: int = 0, keepdims: bool = False) -> Any:
    """Mean squared distance from the mean, with n − ddof in the denominator.

    Examples
    --------
    >>> from autograd import var
    >>> var([1.0, 3.0])
    np.float64(1.0)
    """
    return np.var(a, axis=axis, ddof=ddof, keepdims=keepdims)


def degrees(shape: tuple[int, ...], axis: Axis, ddof: int) -> float:
    """Return n − ddof, or NaN where nothing is left."""
    n = count(shape, axis) - ddof
    return float(n) if n > 0 else float("nan")


var.vjp(
    a=lambda g, a, a_shape, axis, ddof: (
        spread(g, a_shape, axis) * (2 * centred(a, a_shape, axis) / degrees(a_shape, axis, ddof))
    )
)


@op(symbol="std", latex=r"\operatorname{std} {a}", samples=_MOMENTS)
def std(a: Any, axis: Axis = None, ddof: int = 0, keepdims: bool = False) -> Any:
    """Square root of the variance. Its derivative at a constant slice is 0.

    Examples
    --------
    >>> from autograd import std
    >>> std([1.0, 3.0])
    np.float64(1.0)
    """
    return np.std(a, axis=axis, ddof=ddof, keepdims=keepdims)


def varies(a: Any, axis: Axis) -> Any:
    """Return 1 for slices that are not constant; the rounding of their mean must not count."""
    return np.greater(np.ptp(plain(a), axis=axis, keepdims=True), 0)


def plain(a: Any) -> Any:
    """Return the values of a tensor, for what is piecewise constant: nothing to record."""
    return a.data if isinstance(a, Tensor) else a


std.vjp(
    a=lambda g, a, out, a_shape, axis, ddof: (
        spread(g / (nonzero(out) * degrees(a_shape, axis, ddof)), a_shape, axis)
        * (centred(a, a_shape, axis) * varies(a, axis))
    )
)


@op(symbol="ptp", latex=r"\operatorname{ptp} {a}", kinks=True, samples=_AXES)
def ptp(a: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Greatest minus least value. Elements that share an extreme share its derivative evenly.

    Examples
    --------
    >>> from autograd import ptp
    >>> ptp([1.0, 5.0, 2.0])
    np.float64(4.0)
    """
    return np.ptp(a, axis=axis, keepdims=keepdims)


ptp.vjp(
    a=lambda g, a, axis, a_shape: (
        spread(g, a_shape, axis)
        * (extreme(np.max, a, axis, a_shape) - extreme(np.min, a, axis, a_shape))
    )
)


def extreme(which: Any, a: Any, axis: Axis, shape: tuple[int, ...]) -> Any:
    """Return each element's part of the greatest or the least value of its slice."""
    return holders(plain(a), which(plain(a), axis=axis), axis, shape)


@op(symbol="nansum", latex=r"\operatorname{nansum} {a}", samples=_AXES)
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


@op(symbol="nanmean", latex=r"\operatorname{nanmean} {a}", samples=_AXES)
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


@op(
    symbol="norm",
    text="‖{a}‖",
    latex=r"\left\|{a}\right\|_2",
    samples=("4", "2,3", "2,3 axis=0", "2,3 axis=-1 keepdims=True", "2,3,2 axis=(0,2)"),
)
def norm(a: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Euclidean norm √(Σ a²) over axes, the Frobenius norm of a matrix. Its derivative at 0 is 0.

    Examples
    --------
    >>> from autograd import norm
    >>> norm([3.0, 4.0])
    np.float64(5.0)
    """
    scale = np.max(np.abs(a), axis=axis, keepdims=True, initial=0.0)
    safe = np.where((scale > 0) & np.isfinite(scale), scale, 1.0)  # no overflow in the squares
    root = np.sqrt(np.sum((a / safe) ** 2, axis=axis, keepdims=True)) * safe
    shape = kept(np.shape(a), axis)
    if keepdims:
        return np.reshape(root, shape)
    return np.squeeze(root, axis)[()]


norm.vjp(
    a=lambda g, a, out, axis, a_shape: spread(g / nonzero(out), a_shape, axis) * a,
)
