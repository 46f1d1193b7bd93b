"""Spread, range and their variants that pass over NaN."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.op import op
from autograd.ops.kinks import along
from autograd.ops.reduce import chosen, holders, masked, number, spread
from autograd.symbol import Symbol
from autograd.tensor import value_of

if TYPE_CHECKING:
    from autograd.axes import Axis

from_engine = True

_AXES = ("2,3", "2,3 axis=0", "2,3 axis=-1 keepdims=True", "2,3,2 axis=(0,2)")
_MASK = "where=[True,False,True]"
_MOMENTS = (*_AXES, "2,3 axis=0 ddof=1", "3 ddof=1", f"2,3 {_MASK}", f"2,3 axis=1 {_MASK} ddof=1")


def centred(a: Any, shape: tuple[int, ...], axis: Axis, where: Any) -> Any:
    """Return the distances from the mean of each slice, and 0 where a mask does not hold.

    Far from 0 the rounding of the mean is left in all distances alike, and a gradient taken on
    through W @ x would multiply it with x; so what is left is subtracted, too.
    """

    def moved(x: Any) -> Any:
        return x - spread(np.mean(x, axis=axis, **chosen(None, where)), shape, axis)

    once = moved(a)
    return masked(once if isinstance(a, Symbol) else moved(once), where)


@op(mixes="axis", accumulates=True, symbol="var", latex=r"\operatorname{var} {a}", samples=_MOMENTS)
def var(a: Any, axis: Axis = None, ddof: int = 0, keepdims: bool = False, where: Any = None) -> Any:
    """Mean squared distance from the mean, with n − ddof in the denominator.

    Examples
    --------
    >>> from autograd import var
    >>> var([1.0, 3.0])
    np.float64(1.0)
    """
    return np.var(a, axis=axis, ddof=float(ddof), keepdims=keepdims, **chosen(None, where))


def degrees(shape: tuple[int, ...], axis: Axis, ddof: int, where: Any) -> Any:
    """Return n − ddof, or NaN where nothing is left."""
    n = number(shape, axis, where) - ddof
    if where is None:
        return float(n) if n > 0 else float("nan")
    return np.where(n > 0, n, np.nan)


var.vjp(
    a=lambda g, a, a_shape, axis, ddof, where: (
        spread(g, a_shape, axis)
        * (2 * centred(a, a_shape, axis, where) / degrees(a_shape, axis, ddof, where))
    )
)


@op(mixes="axis", accumulates=True, symbol="std", latex=r"\operatorname{std} {a}", samples=_MOMENTS)
def std(a: Any, axis: Axis = None, ddof: int = 0, keepdims: bool = False, where: Any = None) -> Any:
    """Square root of the variance. Its derivative at a constant slice is 0.

    Examples
    --------
    >>> from autograd import std
    >>> std([1.0, 3.0])
    np.float64(1.0)
    """
    return np.std(a, axis=axis, ddof=float(ddof), keepdims=keepdims, **chosen(None, where))


def constant(a: Any, axis: Axis, where: Any) -> Any:
    """Return which slices are constant; the rounding of their mean must not count as a spread."""
    where = True if where is None else where
    high = np.max(value_of(a), axis=axis, keepdims=True, initial=-np.inf, where=where)
    low = np.min(value_of(a), axis=axis, keepdims=True, initial=np.inf, where=where)
    return np.less_equal(high, low)


def std_pulled(
    g: Any, a: Any, out: Any, shape: tuple[int, ...], axis: Axis, ddof: int, where: Any
) -> Any:
    """Return g · (a − mean) / ((n − ddof) std), and what a kink makes of it where std is 0."""
    count = degrees(shape, axis, ddof, where)
    distance = centred(a, shape, axis, where) / count
    kink = None
    if not isinstance(a, Symbol):
        kink = np.reshape(constant(a, axis, where) & ~np.isnan(count), np.shape(out))
    return along(g, distance, out, kink, lambda x: spread(x, shape, axis))


std.vjp(
    a=lambda g, a, out, a_shape, axis, ddof, where: std_pulled(
        g, a, out, a_shape, axis, ddof, where
    )
)


@op(selects=True, symbol="ptp", latex=r"\operatorname{ptp} {a}", kinks=True, samples=_AXES)
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
    return holders(value_of(a), which(value_of(a), axis=axis), axis, shape)
