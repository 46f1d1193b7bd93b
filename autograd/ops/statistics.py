"""Averages, spreads, order statistics, covariances and counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.op import composite, op
from autograd.ops.indexing import scatter
from autograd.ops.kinks import along
from autograd.ops.reduce import chosen, count, holders, masked, number, shared_out, spread
from autograd.symbol import Symbol, printed
from autograd.tensor import Tensor, arrayed, value_of

if TYPE_CHECKING:
    from autograd.axes import Axis

from_engine = True


def _ones(shape: tuple[int, ...], axis: Axis) -> list[bool]:
    """Return whether each axis is reduced."""
    if axis is None:
        return [True] * len(shape)
    axes = {i % len(shape) for i in ((axis,) if isinstance(axis, int) else axis)}
    return [i in axes for i in range(len(shape))]


_WEIGHTS = {"weights": (0.5, 2.0)}

_METHODS = ("linear", "lower", "higher", "nearest", "midpoint")

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
    a=lambda g, a, out, axis, a_shape: shared_out(
        g,
        extreme(np.max, a, axis, a_shape),
        out,
        axis,
        a_shape,
        extreme(np.min, a, axis, a_shape),
    )
)


def extreme(which: Any, a: Any, axis: Axis, shape: tuple[int, ...]) -> Any:
    """Return each element's part of the greatest or the least value of its slice."""
    return holders(value_of(a), which(value_of(a), axis=axis), axis, shape)


@op(
    selects=True,
    symbol="median",
    latex=r"\operatorname{median} {a}",
    kinks=True,
    samples=(
        *("5", "4", "2,3", "2,3 axis=0", "2,4 axis=-1 keepdims=True", "2,3,2 axis=(0,2)"),
        *("2,3 axis=()", "2,3,2 axis=(-1,0) keepdims=True"),
    ),
)
def median(a: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Middle value; the mean of the middle two of an even number, which then count ½ each.

    Examples
    --------
    >>> from autograd import median
    >>> median([3.0, 1.0, 10.0])
    np.float64(3.0)
    """
    return np.median(a, axis=axis, keepdims=keepdims)


@printed("(share of {0} in the middle)", r"(\text{share of } {0} \text{ in the middle})")
def middles(a: Any, shape: tuple[int, ...], axis: Axis) -> Any:
    """Return each element's part of the median of its slice; of NaN, where one is there."""
    reduced = [i for i, (n, k) in enumerate(zip(shape, _ones(shape, axis), strict=True)) if k]
    rest = [i for i in range(len(shape)) if i not in reduced]
    values = np.transpose(value_of(a), (*rest, *reduced))
    if not values.size:
        return np.zeros(shape)
    flat = np.reshape(values, (*(shape[i] for i in rest), -1))
    n = flat.shape[-1]
    order = np.argsort(flat, -1, kind="stable")
    parts = np.zeros(flat.shape)
    for k in {(n - 1) // 2, n // 2}:
        place = order[..., [k]]
        old = np.take_along_axis(parts, place, -1)
        np.put_along_axis(parts, place, old + (1.0 if n % 2 else 0.5), -1)
    nan = np.isnan(flat)
    parts = np.where(np.any(nan, -1, keepdims=True), nan, parts)
    back = np.argsort((*rest, *reduced))
    return np.transpose(np.reshape(parts, values.shape), [int(i) for i in back])


median.vjp(
    a=lambda g, a, a_shape, axis: spread(g, a_shape, axis) * middles(a, a_shape, axis),
)


@composite(
    samples=(
        *(
            "5 q=0.3",
            "5 q=[0.1,0.5,1.0]",
            "2,4 q=0.25 axis=1",
            "2,4 q=[[0.2,0.6]] axis=-2 keepdims=True",
        ),
        *("2,3,2 q=0.4 axis=(0,2)", *(f"5 q=0.33 method='{m}'" for m in _METHODS[1:]), "1 q=0.5"),
    ),
    kinks=True,
)
def quantile(
    a: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """Value below which a fraction q of the elements lies.

    Parameters
    ----------
    a : Tensor or array_like
        Any shape; a slice with NaN gives NaN.
    q : array_like
        Fractions, in [0, 1]; their axes come first in the result.
    axis : int or tuple of int, optional
        Of a slice; all of the elements by default.
    method : {"linear", "lower", "higher", "nearest", "midpoint"}
        Between two elements.
    keepdims : bool
        Keep the axes, with length 1.

    Examples
    --------
    >>> from autograd import quantile
    >>> quantile([1.0, 2.0, 4.0], 0.75)
    np.float64(3.0)
    """
    fractions = _checked(q, method)
    a = arrayed(a)
    ordered, shape = _slices_last(a, axis)
    ordered = np.sort(ordered, axis=-1)
    n = ordered.shape[-1]
    if not n:
        raise ValueError("an empty slice has no quantile")
    position = fractions * (n - 1)
    floor, ceiling = np.floor(position).astype(int), np.ceil(position).astype(int)
    part = _part(position, method).astype(ordered.dtype)
    below, above = ordered[..., floor], ordered[..., ceiling]
    found = _between(below, above, part)
    nan = np.isnan(value_of(ordered)[..., -1])  # NaN sorts last, and makes its whole slice NaN
    if np.any(nan):
        found = np.where(nan.reshape(nan.shape + (1,) * fractions.ndim), np.nan, found)
    k, m = fractions.ndim, found.ndim
    found = np.moveaxis(found, tuple(range(m - k, m)), tuple(range(k))) if k else found
    return np.reshape(found, (*fractions.shape, *shape)) if keepdims else found


def _checked(q: Any, method: str) -> Any:
    """Return the fractions as an array, or raise."""
    if isinstance(q, Tensor) and q.requires_grad:
        raise TypeError("fractions are not differentiated; pass q.detach()")
    fractions = np.asarray(value_of(q), float)
    if method not in _METHODS:
        raise ValueError(f"method needs to be one of {', '.join(_METHODS)}, got {method!r}")
    if not np.all((fractions >= 0) & (fractions <= 1)):
        raise ValueError("fractions need to be between 0 and 1")
    return fractions


def _per_cent(q: Any) -> Any:
    """Return per cents as fractions, refusing those that somebody wants to differentiate."""
    if isinstance(q, Tensor) and q.requires_grad:
        raise TypeError("per cents are not differentiated; pass q.detach()")
    return np.true_divide(value_of(q), 100)


def _part(position: Any, method: str) -> Any:
    """Return how far from the element below to the one above a quantile lies."""
    return {
        "linear": position - np.floor(position),
        "lower": 0.0 * position,
        "higher": 0.0 * position + 1.0,  # at an element, that above is the element itself
        "nearest": np.round(position) - np.floor(position),
        "midpoint": 0.0 * position + 0.5,
    }[method]


def _between(below: Any, above: Any, part: Any) -> Any:
    """Return what lies a part of the way from below to above; an end that has no part is left out.

    So an infinite end does not make NaN of a finite quantile.
    """
    mixed = below * (1 - part) + above * part
    return np.where(np.equal(part, 0), below, np.where(np.equal(part, 1), above, mixed))


def _slices_last(a: Any, axis: Any) -> tuple[Any, tuple[int, ...]]:
    """Return the array with the axes of its slices flattened into the last, and the kept shape."""
    every = tuple(range(a.ndim))
    axes = every if axis is None else tuple(np.atleast_1d(axis).tolist())
    if any(not -a.ndim <= i < a.ndim for i in axes):
        raise ValueError(f"axis {axis} is out of bounds for {a.ndim} axes")
    axes = tuple(i % a.ndim for i in axes)
    rest = [i for i in every if i not in axes]
    moved = np.transpose(a, (*rest, *axes)) if a.ndim else a
    flat = np.reshape(
        moved, (*(a.shape[i] for i in rest), int(np.prod([a.shape[i] for i in axes])))
    )
    return flat, tuple(1 if i in axes else n for i, n in enumerate(a.shape))


@composite(samples=("5 q=30", "2,4 q=[25,75] axis=1"), kinks=True)
def percentile(
    a: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """Value below which q per cent of the elements lie: see `quantile`.

    Examples
    --------
    >>> from autograd import percentile
    >>> percentile([1.0, 2.0, 4.0], 75)
    np.float64(3.0)
    """
    return quantile(a, _per_cent(q), axis=axis, method=method, keepdims=keepdims)


@composite(
    samples=("5 q=0.3", "2,4 q=0.25 axis=1", "2,4 q=[0.2,0.6] axis=0 keepdims=True", "4 q=[0.5]"),
    kinks=True,
)
def nanquantile(
    a: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """Value below which a fraction q of the elements that are not NaN lies: see `quantile`.

    Examples
    --------
    >>> from autograd import nanquantile
    >>> nanquantile([1.0, float("nan"), 3.0], 0.5)
    np.float64(2.0)
    """
    fractions = _checked(q, method)
    a = arrayed(a)
    flat, shape = _slices_last(a, axis)
    if not flat.shape[-1]:  # of no elements it is NaN
        flat = np.concatenate([flat, np.full((*flat.shape[:-1], 1), np.nan)], axis=-1)
    ordered = np.sort(flat, axis=-1)  # NaN comes last
    n = np.sum(np.logical_not(np.isnan(value_of(ordered))), axis=-1, keepdims=True)
    position = fractions.ravel() * np.maximum(n - 1, 0)
    floor, ceiling = np.floor(position).astype(int), np.ceil(position).astype(int)
    part = _part(position, method).astype(ordered.dtype)
    below = np.take_along_axis(ordered, floor, axis=-1)
    above = np.take_along_axis(ordered, ceiling, axis=-1)
    found = _between(below, above, part)
    found = np.reshape(np.moveaxis(found, -1, 0), (*fractions.shape, *np.shape(found)[:-1]))
    return np.reshape(found, (*fractions.shape, *shape)) if keepdims else found


@composite(samples=("4 q=30", "2,4 q=[25,75] axis=1"), kinks=True)
def nanpercentile(
    a: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """Value below which q per cent of the elements that are not NaN lie: see `quantile`.

    Examples
    --------
    >>> from autograd import nanpercentile
    >>> nanpercentile([1.0, float("nan"), 3.0], 50)
    np.float64(2.0)
    """
    return nanquantile(a, _per_cent(q), axis, method, keepdims)


@composite(samples=("4", "3", "2,4 axis=1", "2,3 axis=0 keepdims=True"), kinks=True)
def nanmedian(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Middle value of the elements that are not NaN.

    Examples
    --------
    >>> from autograd import nanmedian
    >>> nanmedian([1.0, float("nan"), 3.0])
    np.float64(2.0)
    """
    return nanquantile(a, 0.5, axis=axis, keepdims=keepdims)


@composite(samples=("x=[0,2,2] weights:3 minlength=4", "x=[1,1] weights:2"))
def bincount(x: Any, weights: Any = None, minlength: int = 0) -> Any:
    """Sum of the weights of each integer in x: a sum by groups.

    Examples
    --------
    >>> from autograd import bincount
    >>> bincount([0, 2, 2], [0.5, 1.0, 2.0])
    array([0.5, 0. , 3. ])
    """
    groups = np.asarray(value_of(x))
    if weights is None:
        return np.bincount(groups, minlength=minlength)
    if groups.shape != np.shape(weights) or groups.ndim != 1:
        raise ValueError("needs vectors of one length")
    length = np.bincount(groups, minlength=minlength).size
    return scatter(weights, shape=(length,), index=groups)


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


@op(
    accumulates=True,
    symbol="mean",
    latex=r"\operatorname{mean} {a}",
    samples=("_", "2,3 axis=()", "1,3 axis=1", *_AXES, f"2,3 {_MASK}", f"2,3 axis=1 {_MASK}"),
)
def mean(a: Any, axis: Axis = None, keepdims: bool = False, where: Any = None) -> Any:
    """Average over axes, of all elements by default, or where a mask holds.

    Examples
    --------
    >>> from autograd import mean
    >>> mean([[1.0, 2.0], [3.0, 4.0]], axis=0)
    array([2., 3.])
    """
    return np.mean(a, axis=axis, keepdims=keepdims, **chosen(None, where))


mean.vjp(
    a=lambda g, a_shape, axis, where: (
        spread(g / count(a_shape, axis), a_shape, axis)
        if where is None
        else masked(spread(g, a_shape, axis) / number(a_shape, axis, where), where)
    )
)
