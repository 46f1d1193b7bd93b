"""Choosing elements: by masks and choices, by order, by quantiles, and between points."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.op import composite, op
from autograd.ops.index import scatter
from autograd.ops.order import along
from autograd.tensor import Tensor, arrayed, value_of

from_engine = True


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


def partitioned(g: Any, a: Any, shape: tuple[int, ...], kth: Any, axis: int | None) -> Any:
    """Put each cotangent where its element came from."""
    values = value_of(a) if axis is not None else np.ravel(value_of(a))
    which = -1 if axis is None else axis
    places = along(np.argpartition(values, kth, which), which, values.ndim)
    return np.reshape(scatter(g, shape=values.shape, index=places), shape)


partition.vjp(a=lambda g, a, a_shape, kth, axis: partitioned(g, a, a_shape, kth, axis))


@composite(samples=("condition=[True,False,True] a:4", "condition=[False,True,True] a:2,3 axis=1"))
def compress(condition: Any, a: Any, axis: int | None = None) -> Any:
    """Take the elements where a condition holds, along an axis or of the flattened array.

    Examples
    --------
    >>> from autograd import compress
    >>> compress([True, False, True], [1.0, 2.0, 3.0])
    array([1., 3.])
    """
    mask = np.asarray(value_of(condition), bool)
    if mask.ndim != 1:
        raise ValueError("the condition needs one axis")
    return np.take(arrayed(a), np.flatnonzero(mask), axis=axis)


@composite(
    samples=("arr:2,3 condition=[[True,False,True],[False,False,True]]", "arr:3 condition=[1,0,1]")
)
def extract(condition: Any, arr: Any) -> Any:
    """Take the elements of the flattened array where a flattened condition holds.

    Examples
    --------
    >>> from autograd import extract
    >>> extract([True, False, True], [1.0, 2.0, 3.0])
    array([1., 3.])
    """
    return np.take(arrayed(arr), np.flatnonzero(np.ravel(value_of(condition))))


@composite(
    samples=(
        *("a=[0,1,1] choices:3|3", "a=[2,0,1] choices:2,3|3|3", "a=[[0],[1]] choices:_|3"),
        "a=[0,3,-1] choices:3|3 mode='wrap'",
    )
)
def choose(a: Any, choices: Any, mode: str = "raise") -> Any:
    """Take each element from the choice that an array of indices names.

    Examples
    --------
    >>> from autograd import choose
    >>> choose([1, 0], [[1.0, 2.0], [3.0, 4.0]])
    array([3., 2.])
    """
    options = list(choices)
    numbers: Any = np.arange(len(options))
    which = np.choose(value_of(a), numbers, mode=mode)  # type: ignore[call-overload]
    result = options[0]
    for k, option in enumerate(options[1:], 1):
        result = np.where(np.equal(which, k), option, result)
    return np.broadcast_to(result, np.broadcast_shapes(which.shape, np.shape(result)))


@composite(
    samples=(
        "condlist=([True,True,False],[True,False,False]) choicelist:3|3",
        "condlist=([True,False,False],[False,True,True]) choicelist:2,3|_ default=5.0",
    )
)
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """Take each element from the choice of the first condition that holds, or the default.

    Examples
    --------
    >>> from autograd import select
    >>> select([[True, False], [True, False]], [[1.0, 2.0], [3.0, 4.0]], -1.0)
    array([ 1., -1.])
    """
    choices, conditions = list(choicelist), [np.asarray(value_of(c)) for c in condlist]
    if len(choices) != len(conditions) or not choices:
        raise ValueError(f"needs a choice for each of {len(conditions)} conditions")
    result = default
    for condition, choice in zip(reversed(conditions), reversed(choices), strict=True):
        if condition.dtype != bool:
            raise TypeError("conditions need to be boolean arrays")
        result = np.where(condition, choice, result)
    return result


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


_METHODS = ("linear", "lower", "higher", "nearest", "midpoint")


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


@composite(samples=("5 new_shape=(2,4)", "2,3 new_shape=4", "3 new_shape=()"))
def resize(a: Any, new_shape: Any) -> Any:
    """Fill a shape with the elements in C order, over and over as far as needed.

    Examples
    --------
    >>> from autograd import resize
    >>> resize([1.0, 2.0], 5)
    array([1., 2., 1., 2., 1.])
    """
    a = arrayed(a)
    shape = (new_shape,) if isinstance(new_shape, (int, np.integer)) else tuple(new_shape)
    n = int(np.prod(shape))
    if n and not np.size(a):
        return np.zeros(shape, a.dtype)
    places = np.arange(n) % max(np.size(a), 1)
    return np.reshape(np.ravel(a)[places], shape)


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
