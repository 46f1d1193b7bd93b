"""Inverses, linear systems and determinants, of stacks of matrices too."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from autograd.axes import whole
from autograd.errors import GradientError
from autograd.op import composite, op
from autograd.ops.products import others
from autograd.symbol import Symbol, printed
from autograd.tensor import arrayed, value_of

from_engine = True


@op(
    mixes="matrices",
    symbol="⁻¹",
    binds=50,
    text="{a}⁻¹",
    latex="{a}^{-1}",
    samples=("3,3", "2,2,2", "1,1"),
)
def inv(a: Any) -> Any:
    """Inverse of a square matrix, or of each in a stack.

    Examples
    --------
    >>> from autograd import inv
    >>> inv([[2.0, 0.0], [0.0, 4.0]])
    array([[0.5 , 0.  ],
           [0.  , 0.25]])
    """
    return np.linalg.inv(a)


inv.vjp(
    a=lambda g, out: -np.matrix_transpose(out) @ g @ np.matrix_transpose(out),
)


@op(
    mixes="matrices",
    symbol="solve",
    latex=r"{a}^{-1} {b}",
    samples=("3,3 3,2", "3,3 3", "2,3,3 2,3,1", "3,3 2,3,2", "3,3,3 3", "2,3,3 3"),
)
def solve(a: Any, b: Any) -> Any:
    """Solution x of a x = b, for a vector b or the columns of a matrix.

    Examples
    --------
    >>> from autograd import solve
    >>> solve([[2.0, 0.0], [0.0, 4.0]], [2.0, 2.0])
    array([1. , 0.5])
    """
    return np.linalg.solve(a, b)


def as_columns(x: Any, b_shape: tuple[int, ...]) -> Any:
    """Return a vector, or a stack of solutions for one vector, as columns; a matrix as it is."""
    return np.expand_dims(x, -1) if len(b_shape) == 1 else x


def solved(g: Any, a: Any, b_shape: tuple[int, ...]) -> Any:
    """Return a⁻ᵀ g, the cotangent of b, for columns."""
    return np.linalg.solve(np.matrix_transpose(a), as_columns(g, b_shape))


solve.vjp(
    a=lambda g, a, out, b_shape: (
        -solved(g, a, b_shape) @ np.matrix_transpose(as_columns(out, b_shape))
    ),
    b=lambda g, a, b_shape: (
        np.squeeze(solved(g, a, b_shape), -1) if len(b_shape) == 1 else solved(g, a, b_shape)
    ),
)


@op(mixes="matrices", symbol="det", latex=r"\det {a}", samples=("3,3", "2,2", "2,3,3", "1,1"))
def det(a: Any) -> Any:
    """Compute the determinant of a square matrix, or of each in a stack.

    Its derivative is the transposed adjugate, also where the matrix is singular.

    Examples
    --------
    >>> from autograd import det
    >>> print(f"{det([[2.0, 0.0], [0.0, 4.0]]):.12g}")
    8
    """
    return np.linalg.det(a)


@printed("cof({0})", r"\operatorname{cof} {0}")
def cofactors(a: Any, shape: tuple[int, ...]) -> Any:
    """Return the matrix of cofactors, which exists at singular a too.

    Arrays take it from the singular values: with a = U S Vᵀ it is det U det V · U adj(S) Vᵀ, and
    adj(S) has the products of the other values. Tensors, from which derivatives must follow, take
    the determinants of the minors.
    """
    n = shape[-1]
    if not math.prod(shape):
        return np.ones(shape)
    if isinstance(a, np.ndarray):
        finite = np.all(np.isfinite(a), axis=(-2, -1), keepdims=True)
        u, s, vt = np.linalg.svd(np.where(finite, a, 0.0))
        sign = np.linalg.det(u) * np.linalg.det(vt)
        scaled = u * others(s, s.shape, -1)[..., None, :]
        found = np.where(finite, np.asarray(sign)[..., None, None] * (scaled @ vt), np.nan)
        for place in np.argwhere(~finite[..., 0, 0]):
            found[tuple(place)] = _finite_cofactors(a[tuple(place)])
        return found
    if n == 1:
        return np.ones(shape)
    keep = [np.delete(np.arange(n), i) for i in range(n)]
    rows = [
        np.stack([(-1.0) ** (i + j) * det(a[..., keep[i], :][..., keep[j]]) for j in range(n)], -1)
        for i in range(n)
    ]
    return np.stack(rows, -2)


def _finite_cofactors(a: Any) -> Any:
    """Return the cofactors of one array whose minor has finite elements only; others are NaN."""
    found = np.full(a.shape, np.nan)
    off = ~np.isfinite(a)
    outside = off.sum() - off.sum(1)[:, None] - off.sum(0) + off  # of row i and column j
    for i, j in np.argwhere(outside == 0):
        minor = np.delete(np.delete(a, i, 0), j, 1)
        found[i, j] = (-1.0) ** (i + j) * np.linalg.det(minor)
    return found


det.vjp(a=lambda g, a, a_shape: np.expand_dims(g, (-2, -1)) * cofactors(a, a_shape))


class SlogdetResult(NamedTuple):
    """Sign of a determinant, a plain array, and the logarithm of its absolute value."""

    sign: Any
    logabsdet: Any


@op(
    mixes="matrices",
    symbol="log|det|",
    latex=r"\log \lvert \det {a} \rvert",
    samples=("3,3", "2,2", "2,3,3", "1,1"),
)
def logabsdet(a: Any) -> Any:
    """Logarithm of the absolute value of the determinant, without overflow.

    Examples
    --------
    >>> from autograd import logabsdet
    >>> logabsdet([[1.0, 0.0], [0.0, -1.0]])
    np.float64(0.0)
    """
    return np.linalg.slogdet(a)[1]


logabsdet.vjp(
    a=lambda g, a: np.expand_dims(g, (-2, -1)) * np.matrix_transpose(inv(invertible(a, g)))
)


def invertible(a: Any, g: Any) -> Any:
    """Return a stack of matrices with the identity for singular ones whose cotangent is 0."""
    if isinstance(a, Symbol) or np.ndim(a) < 3:
        return a
    stacked, zeros = np.ndim(a) - 2, np.equal(value_of(g), 0)
    idle = np.all(zeros, axis=tuple(range(stacked, zeros.ndim)))
    lost = idle & np.equal(np.linalg.slogdet(value_of(a))[0], 0)
    return np.where(lost[..., None, None], np.eye(a.shape[-1]), a) if np.any(lost) else a


@composite(samples=("3,3", "2,2,2"))
def slogdet(a: Any) -> Any:
    """Sign of the determinant, and the logarithm of its absolute value.

    Returns
    -------
    SlogdetResult
        The sign is a plain array: its derivative is zero where the matrix is not singular.

    Examples
    --------
    >>> from autograd import slogdet
    >>> slogdet([[1.0, 0.0], [0.0, -1.0]]).sign
    np.float64(-1.0)
    """
    return SlogdetResult(np.linalg.slogdet(value_of(a))[0], logabsdet(a))


def symmetric_part(a: Any) -> Any:
    """Return (a + aᵀ) / 2."""
    return (a + np.matrix_transpose(a)) / 2


def symmetric(a: Any) -> Any:
    """Return the symmetric part of a matrix that is symmetric but for rounding, or raise.

    NumPy reads one triangle; a matrix whose triangles differ would have another value here.
    """
    if np.ndim(a) < 2 or np.shape(a)[-1] != np.shape(a)[-2]:
        raise ValueError("needs square matrices")
    off = np.max(np.abs(a - np.matrix_transpose(a)), initial=0.0)
    if off > 1e-3 * np.max(np.abs(a), initial=0.0):
        raise ValueError(
            f"needs a symmetric matrix, and a differs from its transpose by up to {off:.3g}; "
            "pass (a + a.T) / 2, or np.tril(a) + np.tril(a, -1).T"
        )
    return symmetric_part(a)


@op(
    mixes="matrices",
    symbol="⁺",
    binds=50,
    text="{a}⁺",
    latex="{a}^{+}",
    samples=("3,3", "2,3", "4,2", "2,3,2", "2,3 rcond=1e-9", "4,2 rtol=1e-9"),
)
def pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    """Moore–Penrose inverse of a matrix, or of each in a stack.

    Singular values of at most ``rcond`` (or ``rtol``) times the greatest count as 0; `hermitian`
    says that the matrices are symmetric. Its derivative is that among matrices of the same rank.

    References
    ----------
    G. H. Golub and V. Pereyra, The differentiation of pseudo-inverses, 1973, equation 4.12.

    Examples
    --------
    >>> from autograd import pinv
    >>> pinv([[2.0, 0.0]])
    array([[0.5],
           [0. ]])
    """
    if rcond is not None and rtol is not None:
        raise ValueError("rtol and rcond cannot both be given")
    cut = {} if rtol is None else {"rtol": rtol}
    return np.linalg.pinv(symmetric(a) if hermitian else a, rcond, hermitian, **cut)


def pinv_pulled(g: Any, a: Any, p: Any, cut: Any, hermitian: bool) -> Any:
    """Return −Pᵀ g Pᵀ + (I − a P) gᵀ P Pᵀ + Pᵀ P gᵀ (I − P a), where P is the result.

    Raises
    ------
    GradientError
        If a cut that was given takes away more than rounding.
    """
    if hermitian and not isinstance(a, Symbol):
        return symmetric_part(pinv_pulled(g, symmetric_part(a), p, cut, False))
    if cut is not None and not isinstance(a, Symbol):
        sizes = np.linalg.svd(value_of(a), compute_uv=False)
        greatest = np.max(sizes, axis=-1, keepdims=True, initial=0.0)
        out = sizes <= np.reshape(cut, (*np.shape(cut), 1)) * greatest
        least = np.min(np.where(out, np.inf, sizes), axis=-1, initial=np.inf)
        lost = np.max(np.where(out, sizes, 0.0), axis=-1, initial=0.0)
        if np.any(lost > 1e-5 * least):
            raise GradientError(
                f"pinv: rcond or rtol cuts a singular value of {np.max(lost):.2g}, and the rule "
                "holds among matrices of one rank; take u, s, vh = svd(a), and invert with "
                "where(s > cut, 1 / s, 0)."
            )
    g_t, p_t = np.matrix_transpose(g), np.matrix_transpose(p)
    rows = (g_t - a @ (p @ g_t)) @ p @ p_t
    columns = p_t @ p @ (g_t - (g_t @ p) @ a)
    return rows + columns - p_t @ g @ p_t


pinv.vjp(
    a=lambda g, a, out, rcond, rtol, hermitian: pinv_pulled(
        g, a, out, rcond if rtol is None else rtol, hermitian
    )
)


@composite(samples=("3,3 n=3", "2,2 n=-2", "3,3 n=0", "2,2,2 n=5", "3,3 n=1"))
def matrix_power(a: Any, n: int) -> Any:
    """Matrix times itself n times, by repeated squaring; of the inverse where n is negative.

    Examples
    --------
    >>> from autograd import matrix_power
    >>> matrix_power([[1.0, 1.0], [0.0, 1.0]], 5)
    array([[1., 5.],
           [0., 1.]])
    """
    a, n = arrayed(a), whole("n", n)
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise ValueError("needs square matrices")
    if n == 0:
        return np.where(np.zeros(a.shape, bool), a, np.eye(a.shape[-1], dtype=a.dtype))
    square, result, k = (inv(a) if n < 0 else a), None, abs(n)
    while k:
        if k % 2:
            result = square if result is None else result @ square
        k //= 2
        square = square @ square if k else square
    return result


@composite(samples=("4,2,2 ind=1", "2,2,4 ind=2"))
def tensorinv(a: Any, ind: int = 2) -> Any:
    """Inverse of an array seen as a matrix from its later axes to its first `ind` ones.

    Examples
    --------
    >>> from autograd import tensorinv
    >>> tensorinv([[2.0]], ind=1)
    array([[0.5]])
    """
    first, later = np.shape(a)[:ind], np.shape(a)[ind:]
    return np.reshape(inv(np.reshape(a, (int(np.prod(first)), -1))), (*later, *first))


@composite(samples=("2,2,4 2,2", "3,3 3"))
def tensorsolve(a: Any, b: Any, axes: tuple[int, ...] | None = None) -> Any:
    """Solution x of tensordot(a, x) = b; the axes, if any, are first moved to the end of a.

    Examples
    --------
    >>> from autograd import tensorsolve
    >>> tensorsolve([[2.0]], [1.0])
    array([0.5])
    """
    if axes is not None:
        a = np.moveaxis(a, axes, tuple(range(-len(axes), 0)))
    shape = np.shape(a)[np.ndim(b) :]
    flat = np.ravel(b)
    return np.reshape(solve(np.reshape(a, (np.shape(flat)[0], -1)), flat), shape)
