"""Products, also where factors are zero, and running sums and products."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.axes import Axis, kept_shape
from autograd.op import composite, op
from autograd.ops.reduce import chosen, masked, spread
from autograd.symbol import printed
from autograd.tensor import arrayed, value_of

from_engine = True


@op(
    mixes="axis",
    accumulates=True,
    symbol="∏",
    text="∏ {a}",
    latex=r"\prod {a}",
    binds=19,
    samples=(
        "2,3",
        "_",
        "2,3 axis=0",
        "2,3 axis=-1 keepdims=True",
        "2,3,2 axis=(0,2)",
        "2,3 axis=()",
        "0",
        "4",
        "2,3 where=[True,False,True] initial=2.0",
        "2,3 axis=1 where=[True,False,True]",
    ),
)
def prod(
    a: Any, axis: Axis = None, keepdims: bool = False, initial: Any = None, where: Any = None
) -> Any:
    """Product over axes, of all elements by default, or where a mask holds; times an initial value.

    Notes
    -----
    The derivative with respect to a factor is the product of the others, so it is exact also where
    factors are 0: 6 for the middle one of (2, 0, 3).

    Examples
    --------
    >>> from autograd import prod
    >>> prod([[1.0, 2.0], [3.0, 4.0]], axis=1)
    array([ 2., 12.])
    """
    return np.prod(a, axis=axis, keepdims=keepdims, **chosen(initial, where))


def other_factors(a: Any, shape: tuple[int, ...], axis: Axis, initial: Any, where: Any) -> Any:
    """Return for each element what it is multiplied by, 0 where a mask does not hold."""
    if where is not None:
        return masked(other_factors(np.where(where, a, 1.0), shape, axis, initial, None), where)
    return others(a, shape, axis) if initial is None else others(a, shape, axis) * initial


prod.vjp(
    a=lambda g, a, axis, a_shape, initial, where: (
        spread(g, a_shape, axis) * other_factors(a, a_shape, axis, initial, where)
    )
)


@printed("∏ of the other {0}", r"\prod_{j \ne i} {0}_j")
def others(a: Any, shape: tuple[int, ...], axis: Axis) -> Any:
    """Return for each element the product of the other elements of its slice.

    Arrays take the running products from both ends. Tensors, from which derivatives must follow,
    take the product of each slice with the element itself replaced by 1.
    """
    axes = [
        i for i, (n, k) in enumerate(zip(shape, kept_shape(shape, axis), strict=True)) if n != k
    ]
    if not axes or not math.prod(shape):
        return np.ones_like(a)
    rest = [i for i in range(len(shape)) if i not in axes]
    length = math.prod(shape[i] for i in axes)
    moved: Any = np.reshape(np.transpose(a, (*rest, *axes)), (*(shape[i] for i in rest), length))
    if isinstance(moved, np.ndarray):
        ones = np.ones((*moved.shape[:-1], 1), moved.dtype)
        left = np.concatenate([ones, np.cumprod(moved, -1)[..., :-1]], -1)
        right = np.concatenate([np.cumprod(moved[..., ::-1], -1)[..., -2::-1], ones], -1)
        product: Any = left * right
    else:
        product = prod(np.where(np.eye(length) > 0, 1.0, moved[..., None, :]), axis=-1)
    back = np.reshape(product, [shape[i] for i in (*rest, *axes)])
    return np.transpose(back, [int(i) for i in np.argsort((*rest, *axes))])


@op(accumulates=True, symbol="cumsum", samples=("2,3", "2,3 axis=0", "2,3 axis=-1", "0", "4", "_"))
def cumsum(a: Any, axis: int | None = None) -> Any:
    """Add up along an axis, keeping every step; flattened by default.

    Examples
    --------
    >>> from autograd import cumsum
    >>> cumsum([1.0, 2.0, 3.0])
    array([1., 3., 6.])
    """
    return np.cumsum(a, axis)


def from_the_end(g: Any, axis: int | None) -> Any:
    """Return the running sum that begins at the end."""
    return np.flip(np.cumsum(np.flip(g, axis), axis), axis)


cumsum.vjp(a=lambda g, axis, a_shape: np.reshape(from_the_end(g, axis), a_shape))


@op(
    mixes="axis",
    accumulates=True,
    symbol="cumprod",
    samples=("2,3", "2,3 axis=0", "2,3 axis=-1", "0", "4", "_"),
)
def cumprod(a: Any, axis: int | None = None) -> Any:
    """Multiply along an axis, keeping every step; flattened by default. Exact at zeros too.

    Examples
    --------
    >>> from autograd import cumprod
    >>> cumprod([1.0, 2.0, 3.0])
    array([1., 2., 6.])
    """
    return np.cumprod(a, axis)


def _strong(factor: Any, c: Any) -> Any:
    """Return factor · c, 0 where c is: later products that nobody asks about may not be finite."""
    found = factor * c
    return np.where(c == 0, 0.0, found) if np.isnan(found).any() else found


@printed(
    "Σ of later {0} · ∏ of the other {1}", r"\sum_{k \ge i} {0}_k \prod_{j \le k, j \ne i} {1}_j"
)
def running_others(g: Any, a: Any, shape: tuple[int, ...], axis: int | None) -> Any:
    """Return Σ_k≥i g_k Π_j≤k,j≠i a_j for each element i along an axis."""
    if axis is None or not shape:
        n = math.prod(shape)
        return np.reshape(running_others(g, np.reshape(a, (n,)), (n,), 0), shape)
    last = np.moveaxis(a, axis, -1)
    g_last = np.moveaxis(g, axis, -1)
    n = shape[axis]
    if isinstance(last, np.ndarray):
        # c_i = Σ_k≥i g_k Π_i<j≤k a_j, from the end: c_i = g_i + a_i+1 c_i+1.
        c = np.array(g_last, dtype=np.result_type(g_last, last))
        for i in range(n - 2, -1, -1):
            c[..., i] += _strong(last[..., i + 1], c[..., i + 1])
        before = np.ones_like(c)
        np.cumprod(last[..., :-1], -1, out=before[..., 1:])
        found: Any = _strong(before, c)
    else:
        each = cumprod(np.where(np.eye(n) > 0, 1.0, last[..., None, :]), axis=-1)
        # A product that nobody asks about, as its cotangent is 0, may not be finite.
        idle = np.equal(value_of(g_last), 0)[..., None, :] & ~np.isfinite(value_of(each))
        each = np.where(idle, 0.0, each) if np.any(idle) else each
        found = np.sum(np.where(np.tri(n).T > 0, each * g_last[..., None, :], 0.0), axis=-1)
    return np.moveaxis(found, -1, axis)


cumprod.vjp(a=lambda g, a, axis, a_shape: running_others(g, a, a_shape, axis))


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
