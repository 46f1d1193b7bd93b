"""Sums, means and extremes that pass over NaN; medians and quantiles: `statistics`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.op import composite, op
from autograd.ops import products, reduce, statistics
from autograd.ops.reduce import chosen, holders, shared_out
from autograd.tensor import arrayed, value_of

if TYPE_CHECKING:
    from autograd.axes import Axis

from_engine = True

_AXES = ("2,3", "2,3 axis=0", "2,3 axis=-1 keepdims=True", "2,3,2 axis=(0,2)")
_MASK = "where=[True,False,True]"
_SUMS = (*_AXES, f"2,3 {_MASK} initial=2.0", f"2,3 axis=1 {_MASK}")
_MOMENTS = (*_AXES, "2,3 axis=1 ddof=1", f"2,3 {_MASK}", f"2,3 axis=1 {_MASK} ddof=1")
_EXTREMES = (*_AXES, f"2,3 {_MASK} initial=0.0", f"2,3 axis=1 {_MASK} initial=0.0")


def not_nan(a: Any, where: Any = None) -> Any:
    """Return where an element is not NaN, and a mask holds."""
    found = np.logical_not(np.isnan(value_of(a)))
    return found if where is None else np.logical_and(found, where)


def without_nan(a: Any, instead: float) -> Any:
    """Return the array with a number in the place of each NaN, which gets no gradient."""
    return np.where(not_nan(a), a, instead)


@composite(samples=_SUMS)
def nansum(
    a: Any, axis: Axis = None, keepdims: bool = False, initial: Any = None, where: Any = None
) -> Any:
    """Sum that passes over NaN, whose derivative is 0.

    Examples
    --------
    >>> from autograd import nansum
    >>> nansum([1.0, float("nan"), 2.0])
    np.float64(3.0)
    """
    a = arrayed(a)
    return reduce.sum(a, axis, keepdims, initial, not_nan(a, where))


@composite(samples=_SUMS)
def nanprod(
    a: Any, axis: Axis = None, keepdims: bool = False, initial: Any = None, where: Any = None
) -> Any:
    """Product that passes over NaN.

    Examples
    --------
    >>> from autograd import nanprod
    >>> nanprod([2.0, float("nan"), 3.0])
    np.float64(6.0)
    """
    a = arrayed(a)
    return products.prod(a, axis, keepdims, initial, not_nan(a, where))


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


@composite(samples=(*_AXES, f"2,3 {_MASK}", f"2,3 axis=1 {_MASK}"))
def nanmean(a: Any, axis: Axis = None, keepdims: bool = False, *, where: Any = None) -> Any:
    """Average that passes over NaN, whose derivative is 0.

    Examples
    --------
    >>> from autograd import nanmean
    >>> nanmean([1.0, float("nan"), 2.0])
    np.float64(1.5)
    """
    a = arrayed(a)
    return statistics.mean(a, axis, keepdims, not_nan(a, where))


@composite(samples=_MOMENTS)
def nanvar(
    a: Any, axis: Axis = None, ddof: int = 0, keepdims: bool = False, *, where: Any = None
) -> Any:
    """Variance that passes over NaN, with n − ddof in the denominator.

    Examples
    --------
    >>> from autograd import nanvar
    >>> nanvar([1.0, float("nan"), 3.0])
    np.float64(1.0)
    """
    a = arrayed(a)
    taken = not_nan(a, where)
    return _of_enough(statistics.var(a, axis, ddof, keepdims, taken), taken, axis, ddof, keepdims)


@composite(samples=_MOMENTS)
def nanstd(
    a: Any, axis: Axis = None, ddof: int = 0, keepdims: bool = False, *, where: Any = None
) -> Any:
    """Spread √variance that passes over NaN. Its derivative at a constant slice is 0.

    Examples
    --------
    >>> from autograd import nanstd
    >>> nanstd([1.0, float("nan"), 3.0])
    np.float64(1.0)
    """
    a = arrayed(a)
    taken = not_nan(a, where)
    return _of_enough(statistics.std(a, axis, ddof, keepdims, taken), taken, axis, ddof, keepdims)


def _of_enough(found: Any, taken: Any, axis: Axis, ddof: int, keepdims: bool) -> Any:
    """Return NaN for slices of no more than `ddof` numbers, as NumPy does here, unlike in `var`."""
    few = np.sum(taken, axis=axis, keepdims=keepdims) - ddof <= 0
    return np.where(few, np.nan, found) if np.any(few) else found


@op(
    selects=True, symbol="nanmax", latex=r"\operatorname{nanmax} {a}", kinks=True, samples=_EXTREMES
)
def nanmax(
    a: Any, axis: Axis = None, keepdims: bool = False, initial: Any = None, where: Any = None
) -> Any:
    """Greatest value that is not NaN. Elements that share it share its derivative evenly.

    Examples
    --------
    >>> from autograd import nanmax
    >>> nanmax([1.0, float("nan"), 2.0])
    np.float64(2.0)
    """
    return np.nanmax(a, axis=axis, keepdims=keepdims, **chosen(initial, where))


@op(
    selects=True, symbol="nanmin", latex=r"\operatorname{nanmin} {a}", kinks=True, samples=_EXTREMES
)
def nanmin(
    a: Any, axis: Axis = None, keepdims: bool = False, initial: Any = None, where: Any = None
) -> Any:
    """Least value that is not NaN. Elements that share it share its derivative evenly.

    Examples
    --------
    >>> from autograd import nanmin
    >>> nanmin([1.0, float("nan"), 2.0])
    np.float64(1.0)
    """
    return np.nanmin(a, axis=axis, keepdims=keepdims, **chosen(initial, where))


for _extreme in (nanmax, nanmin):
    _extreme.vjp(
        a=lambda g, a, out, axis, a_shape, initial, where: shared_out(
            g, holders(a, out, axis, a_shape, initial, where), out, axis, a_shape
        )
    )
