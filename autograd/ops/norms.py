"""Norms of vectors and matrices, in every order that NumPy has."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.axes import Axis, kept_shape
from autograd.op import composite, op
from autograd.ops.arithmetic import nonzero
from autograd.ops.decompositions import svdvals
from autograd.ops.kinks import along, summed
from autograd.ops.reduce import holders, spread
from autograd.ops.solving import inv
from autograd.symbol import Symbol
from autograd.tensor import Tensor, value_of

from_engine = True


@op(
    mixes="axis",
    accumulates=True,
    symbol="norm",
    text="‖{a}‖",
    latex=r"\left\|{a}\right\|",
    kinks=True,
    samples=(
        *("4", "2,3", "2,3 axis=0", "2,3 axis=-1 keepdims=True", "2,3,2 axis=(0,2)"),
        *("2,3 axis=0 ord=1", "2,3 ord=3", "2,3 axis=1 ord=1e999", "4 ord=-1e999", "4 ord=0"),
        *("2,3 axis=1 ord=-1", "3 ord=0.5 keepdims=True"),
    ),
)
def vector_norm(a: Any, axis: Axis = None, keepdims: bool = False, ord: float = 2) -> Any:
    """Norm (Σ |a|^ord)^(1/ord) over axes, of all elements by default; its derivative at 0 is 0.

    For order ∞ and −∞ it is the greatest and the least absolute value, and elements that share it
    share its derivative evenly; for order 0 it counts the elements that are not 0.

    Examples
    --------
    >>> from autograd import vector_norm
    >>> vector_norm([3.0, 4.0])
    np.float64(5.0)
    """
    size = np.abs(a)
    scale = np.max(size, axis=axis, keepdims=True, initial=0.0)
    if ord == 0 or np.isinf(ord):
        of: Any = {0: np.count_nonzero, np.inf: np.max, -np.inf: np.min}[ord]
        result = of(size, axis=axis, keepdims=True)
    else:
        # Divided by the greatest, so that no power overflows.
        safe = np.where((scale > 0) & np.isfinite(scale), scale, 1.0).astype(size.dtype)
        with np.errstate(divide="ignore"):  # of 0, to a negative power: the norm is then 0
            powers = (size / safe) ** ord if ord != 2 else np.square(size / safe)
        total = np.sum(powers, axis=axis, keepdims=True)
        result = (np.sqrt(total) if ord == 2 else total ** (1 / ord)) * safe
    result = np.asarray(result, dtype=size.dtype if size.dtype.kind == "f" else float)
    return (
        np.reshape(result, kept_shape(np.shape(a), axis))
        if keepdims
        else np.squeeze(result, axis)[()]
    )


def direction(a: Any, out: Any, axis: Axis, shape: tuple[int, ...], ord: float) -> Any:
    """Return the derivative of a norm of another order than 2: sign(a) (|a| / ‖a‖)^(ord − 1)."""
    if ord == 0:
        return np.zeros(shape)
    if np.isinf(ord):
        return np.sign(a) * holders(np.absolute(value_of(a)), value_of(out), axis, shape)
    if ord == 1:
        return np.sign(a)
    if isinstance(a, Symbol):
        return np.sign(a) * (np.absolute(a) / out) ** (ord - 1)
    # An element of 0 counts as a kink, and a norm of 0 does not change with its other elements.
    still = np.logical_or(np.equal(a, 0), np.equal(spread(out, shape, axis), 0))
    size = np.where(still, 1.0, np.absolute(a) / spread(nonzero(out), shape, axis))
    return np.where(still, 0.0, np.sign(a) * size ** (ord - 1))


def _is_alone(a: Any, out: Any, ord: float) -> bool:
    """Whether each norm is that of one element, |a|."""
    return ord != 0 and np.size(value_of(a)) == np.size(value_of(out))


vector_norm.vjp(
    a=lambda g, a, out, axis, a_shape, ord: (
        summed(g, a, out, axis, lambda x: spread(x, a_shape, axis))
        if ord == 1 and np.size(value_of(a)) != np.size(value_of(out))
        else along(
            *(g, a, out),
            spread=lambda x: spread(x, a_shape, axis),
            by=None if ord == 2 else direction(a, out, axis, a_shape, ord),
            quadratic=ord == 2 or _is_alone(a, out, ord),
        )
        if ord > 0 or _is_alone(a, out, ord)  # then only a = 0 has a norm of 0
        else spread(g, a_shape, axis) * direction(a, out, axis, a_shape, ord)
    ),
)

_ORDERS = tuple(f"3,2 ord={o}" for o in ("'fro'", "'nuc'", 1, -1, 2, -2, "1e999", "-1e999"))


@composite(samples=(*_ORDERS, "2,3,2 ord=2", "2,3,2 keepdims=True ord=1", "3,2"), kinks=True)
def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """Norm of the matrix in the last two axes.

    Parameters
    ----------
    x : Tensor or array_like, shape (..., m, n)
        Matrices.
    keepdims : bool
        Keep the last two axes, with length 1.
    ord : {"fro", "nuc", 1, -1, 2, -2, inf, -inf}
        Frobenius: the root of the sum of squares; nuclear: the sum of the singular values; 2 and
        −2: the greatest and the least singular value; 1 and −1: the greatest and the least sum of
        absolute values of a column; ±inf: of a row.

    Examples
    --------
    >>> from autograd import matrix_norm
    >>> matrix_norm([[3.0, 0.0], [0.0, 4.0]], ord=2)
    np.float64(4.0)
    """
    if ord in (None, "fro"):
        return vector_norm(x, axis=(-2, -1), keepdims=keepdims)
    if ord in ("nuc", 2, -2):
        s = svdvals(x)
        norm = np.sum(s, axis=-1) if ord == "nuc" else s[..., 0 if ord == 2 else -1]
    elif ord in (1, -1, np.inf, -np.inf):
        sums = np.sum(np.absolute(x), axis=-2 if ord in (1, -1) else -1)
        norm = np.max(sums, axis=-1) if ord > 0 else np.min(sums, axis=-1)
    else:
        raise ValueError("a matrix has norms of order 'fro', 'nuc', ±1, ±2 and ±inf")
    return np.expand_dims(norm, (-2, -1)) if keepdims else norm


@composite(
    samples=(
        *("4", "2,3", "2,3 axis=0", "2,3 axis=-1 keepdims=True", "2,3,2 axis=(0,2)", "4 ord=3"),
        *("3,2 ord='nuc'", "3,2 ord=1 keepdims=True", "2,3 ord=1 axis=1", "2,3,2 axis=(2,0) ord=2"),
    ),
    kinks=True,
)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """Norm of a vector, or of a matrix; by default √(Σ x²) over the axes, or over all of them.

    Parameters
    ----------
    x : Tensor or array_like
        Of any shape where `ord` is None.
    ord : number or {"fro", "nuc"}, optional
        Order: see `vector_norm` for one axis, `matrix_norm` for two.
    axis : int or pair of int, optional
        An axis of vectors, or two axes of matrices.
    keepdims : bool
        Keep the axes, with length 1.

    Examples
    --------
    >>> from autograd import norm
    >>> norm([3.0, 4.0])
    np.float64(5.0)
    """
    n = np.ndim(x)
    if isinstance(axis, tuple) and len(axis) not in (1, 2):
        raise ValueError(f"a norm is of one axis or of two, got {axis}; see vector_norm")
    if axis is None and ord is not None:
        if n not in (1, 2):
            raise ValueError("an order needs a vector, a matrix, or axis=")
        axis = 0 if n == 1 else (0, 1)
    if ord is None:
        return vector_norm(x, axis=axis, keepdims=keepdims)
    if isinstance(axis, tuple) and len(axis) == 2:
        moved = np.moveaxis(x, axis, (-2, -1))
        found = matrix_norm(moved, ord=ord)
        return np.expand_dims(found, tuple(sorted(i % n for i in axis))) if keepdims else found
    if isinstance(ord, str):
        raise ValueError(f"order {ord!r} is for matrices; pass axis=(i, j)")
    return vector_norm(x, axis=axis, keepdims=keepdims, ord=ord)


@composite(samples=("3,3", "2,3", "3,3 p=1", "2,2 p='fro'", "2,2 p=-2"))
def cond(x: Any, p: Any = None) -> Any:
    """Condition number: greatest over least singular value, or ‖x‖ ‖x⁻¹‖ in another norm.

    Examples
    --------
    >>> from autograd import cond
    >>> cond([[4.0, 0.0], [0.0, 2.0]])
    np.float64(2.0)
    """
    if isinstance(p, Tensor):
        raise TypeError("p needs a number")
    if p in (None, 2, -2):
        s = svdvals(x)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    return matrix_norm(x, ord=p) * matrix_norm(inv(x), ord=p)
