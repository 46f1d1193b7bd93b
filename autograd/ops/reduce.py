"""Reductions over axes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.axes import Axis, kept_shape
from autograd.op import op
from autograd.ops.kinks import watched
from autograd.symbol import Symbol, apply

from_engine = True

_AXES = (
    "2,3",
    "_",
    "2,3 axis=0",
    "2,3 axis=-1 keepdims=True",
    "2,3,2 axis=(0,2)",
    "2,3 axis=()",
    "1,3 axis=1",
)


_SMALL = 4096  # elements that are filled as fast as a view of one number is made


def spread(g: Any, shape: tuple[int, ...], axis: Axis) -> Any:
    """Give each element of the reduced slices the cotangent of their result."""
    if type(g) is np.float64 and shape and math.prod(shape) <= _SMALL:
        filled = np.empty(shape)
        filled.fill(g)
        return filled
    if isinstance(g, np.generic) and shape:
        # A view of one number under all indices: np.broadcast_to, without its 2 µs of checks.
        view = np.ndarray(shape, g.dtype, np.asarray(g), 0, (0,) * len(shape))
        view.flags.writeable = False
        return view
    return np.broadcast_to(np.reshape(g, kept_shape(shape, axis)), shape)


def masked(x: Any, where: Any) -> Any:
    """Return x where a reduction took the elements, and 0 elsewhere."""
    return x if where is None else np.where(where, x, 0.0)


def chosen(initial: Any, where: Any) -> dict[str, Any]:
    """Return the keywords of NumPy's reductions that were given."""
    if initial is not None and np.asarray(initial).dtype.kind not in "fiub":
        raise TypeError(f"initial needs to be a real number, got {type(initial).__name__}")
    given = {"initial": initial, "where": where}
    return {name: value for name, value in given.items() if value is not None}


_MASK = "where=[True,False,True]"


@op(
    accumulates=True,
    symbol="Σ",
    text="Σ {a}",
    latex=r"\sum {a}",
    binds=19,
    samples=(*_AXES, "0", "0,3 axis=0", f"2,3 {_MASK} initial=2.0", f"2,3 axis=1 {_MASK}"),
)
def sum(
    a: Any, axis: Axis = None, keepdims: bool = False, initial: Any = None, where: Any = None
) -> Any:
    """Sum over axes, of all elements by default, or where a mask holds; added to an initial value.

    Examples
    --------
    >>> from autograd import sum
    >>> sum([[1.0, 2.0], [3.0, 4.0]], axis=1)
    array([3., 7.])
    """
    total: Any = np.add.reduce  # np.sum's own core, without its 0.2 µs of argument handling
    if initial is None and where is None:
        return total(a, axis=axis, keepdims=keepdims)
    return total(a, axis=axis, keepdims=keepdims, **chosen(initial, where))


sum.vjp(a=lambda g, a_shape, axis, where: masked(spread(g, a_shape, axis), where))


def count(shape: tuple[int, ...], axis: Axis) -> int:
    """Return how many elements of the shape go into one result of a reduction."""
    return math.prod(n // k for n, k in zip(shape, kept_shape(shape, axis), strict=True) if k)


def number(shape: tuple[int, ...], axis: Axis, where: Any) -> Any:
    """Return how many elements go into each result, with kept axes where a mask decides."""
    if where is None:
        return count(shape, axis)
    return np.sum(np.broadcast_to(where, shape), axis=axis, keepdims=True).astype(float)


def holders(
    a: Any, out: Any, axis: Axis, shape: tuple[int, ...], initial: Any = None, where: Any = None
) -> Any:
    """Return each element's part of an extreme value: 1, or 1/n for each of n that share it."""
    extreme = np.reshape(out, kept_shape(shape, axis))
    hit = np.equal(a, extreme)
    if isinstance(hit, Symbol):
        return hit / apply("sum", (hit,))
    nan = np.isnan(extreme)
    hit = np.where(nan, np.isnan(a), hit) if np.any(nan) else hit
    if where is not None:
        hit = np.logical_and(hit, where)
    n = np.sum(hit, axis=axis, keepdims=True)
    if initial is not None:  # it is one more that may hold the extreme value, or the only one
        n = np.maximum(n + np.equal(extreme, initial), 1)
    return hit / n.astype(out.dtype)


_EXTREMES = (
    *("2,3", "_", "2,3 axis=0", "2,3 axis=-1 keepdims=True", "2,3,2 axis=(0,2)"),
    *(f"2,3 {_MASK} initial=0.0", f"2,3 axis=1 {_MASK} initial=0.0", "4 initial=-9.0"),
)


@op(
    selects=True,
    symbol="max",
    latex=r"\max {a}",
    kinks=True,
    samples=_EXTREMES,
)
def max(
    a: Any, axis: Axis = None, keepdims: bool = False, initial: Any = None, where: Any = None
) -> Any:
    """Greatest value over axes. Elements that share it share its derivative evenly.

    Examples
    --------
    >>> from autograd import max
    >>> max([[1.0, 5.0], [3.0, 4.0]], axis=0)
    array([3., 5.])
    """
    return np.max(a, axis=axis, keepdims=keepdims, **chosen(initial, where))


def shared_out(
    g: Any, share: Any, out: Any, axis: Axis, shape: tuple[int, ...], least: Any = None
) -> Any:
    """Return g for each element, times its share of its slice's extreme; less that of the least."""
    part = share if least is None else share - least
    return watched(spread(g, shape, axis) * part, g, share, out, axis)


max.vjp(
    a=lambda g, a, out, axis, a_shape, initial, where: shared_out(
        g, holders(a, out, axis, a_shape, initial, where), out, axis, a_shape
    )
)


@op(
    selects=True,
    symbol="min",
    latex=r"\min {a}",
    kinks=True,
    samples=_EXTREMES,
)
def min(
    a: Any, axis: Axis = None, keepdims: bool = False, initial: Any = None, where: Any = None
) -> Any:
    """Least value over axes. Elements that share it share its derivative evenly.

    Examples
    --------
    >>> from autograd import min
    >>> min([[1.0, 5.0], [3.0, 4.0]], axis=0)
    array([1., 4.])
    """
    return np.min(a, axis=axis, keepdims=keepdims, **chosen(initial, where))


min.vjp(
    a=lambda g, a, out, axis, a_shape, initial, where: shared_out(
        g, holders(a, out, axis, a_shape, initial, where), out, axis, a_shape
    )
)


@op(
    mixes="axis",
    accumulates=True,
    symbol="logsumexp",
    latex=r"\log \sum e^{{a}}",
    samples=(*_AXES, f"2,3 {_MASK}", f"2,3 axis=1 {_MASK}"),
)
def logsumexp(a: Any, axis: Axis = None, keepdims: bool = False, where: Any = None) -> Any:
    """Logarithm of the sum of exponentials over axes, or where a mask holds, without overflow.

    Examples
    --------
    >>> from autograd import logsumexp
    >>> logsumexp([1000.0, -1000.0])
    np.float64(1000.0)
    """
    a = a if where is None else np.where(where, a, -np.inf).astype(np.asarray(a).dtype)
    top = np.max(a, axis=axis, keepdims=True, initial=-np.inf)
    shift = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):  # the logarithm of no terms is −∞
        found = np.log(np.sum(np.exp(a - shift), axis=axis, keepdims=True)) + shift
    return found if keepdims else np.reshape(found, np.sum(a, axis=axis).shape)


def zero_for_minus_infinity(x: Any) -> Any:
    """Return x, and 0 where it is −∞, from which nothing can be taken away."""
    return x if isinstance(x, Symbol) else np.where(np.equal(x, -np.inf), 0.0, x)


logsumexp.vjp(
    a=lambda g, a, out, axis, a_shape, where: masked(
        spread(g, a_shape, axis) * np.exp(a - spread(zero_for_minus_infinity(out), a_shape, axis)),
        where,
    )
)
