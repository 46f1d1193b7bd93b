"""Decompositions of matrices, and what follows from them; of stacks of matrices too.

An op has one result. A decomposition has several, so its op stacks them in one array, which has a
rule like any other op, and the function of NumPy's name takes it apart with views.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from autograd.backward import gradients, reach
from autograd.op import composite, op
from autograd.ops.linalg import matmul
from autograd.ops.solving import inv, invertible, pinv, solve, symmetric, symmetric_part
from autograd.symbol import printed
from autograd.tensor import Tensor, arrayed, value_of
from autograd.zeros import report, strong_quotient

from_engine = True


def transposed(a: Any) -> Any:
    """Swap the last two axes."""
    return np.matrix_transpose(a)


def definite(a: Any) -> Any:
    """Return a positive definite matrix made of any matrix: where the samples of cholesky live."""
    return a @ transposed(a) + 2 * np.eye(a.shape[-1])


def rounding(values: Any) -> Any:
    """Return the size below which values, shape (..., n), or their differences are rounding."""
    w = value_of(values)
    finite = np.where(np.isfinite(w), np.abs(w), 0.0)
    return 8 * np.finfo(w.dtype).eps * finite.max(axis=-1, initial=0.0, keepdims=True)


def gaps(values: Any) -> Any:
    """Return values[j] − values[i] for each i, j, 0 if it is rounding, with 1 on the diagonal."""
    found = np.expand_dims(values, -2) - np.expand_dims(values, -1)
    near = np.abs(value_of(found)) <= np.expand_dims(rounding(values), -1)
    return np.where(near, 0.0, found) + np.eye(np.shape(values)[-1])


def tied(values: Any, *, zeros: bool = False) -> Any:
    """Return which values, shape (..., n), equal another one, or are 0, but for rounding."""
    near = np.equal(gaps(values), 0).any(axis=-1)
    return near | (np.abs(values) <= rounding(values)) if zeros else near


def off_diagonal(a: Any) -> Any:
    """Return the matrix with zeros on its diagonal."""
    return np.where(np.eye(np.shape(a)[-1]) > 0, 0.0, a)


def on_diagonal(v: Any) -> Any:
    """Return the diagonal matrix of a vector."""
    return np.expand_dims(v, -1) * np.eye(np.shape(v)[-1])


def tell_of_ties(g: Any, out: Any, place: int, *, zeros: bool = False) -> None:
    """Report equal values whose recorded cotangents are equal: what parts them has a limit.

    Of f(a) = Σ h(w), the second derivative asks for (h′(w_j) − h′(w_i)) / (w_j − w_i), which counts
    as 0 where both are 0, and tends to h″. Values that nobody asks about, whose cotangents do not
    change with them, are left out.

    Parameters
    ----------
    g, out : Tensor
        The cotangent of the result, and the result.
    place : int
        The row of both that belongs to the values w, shape (..., n).
    zeros : bool
        A value of 0 is a tie, too.
    """
    node = out._node if type(out) is Tensor else None
    if node is None or type(g) is not Tensor or g._node is None or node not in reach([g._node]):
        return
    w, slopes = value_of(out)[..., place, :], value_of(g)[..., place, :]
    near = rounding(w)
    steep = 1e-8 * np.abs(slopes).max(axis=-1, initial=0.0, keepdims=True)
    pairs = np.abs(w[..., None, :] - w[..., None]) <= near[..., None]
    pairs &= np.abs(slopes[..., None, :] - slopes[..., None]) <= steep[..., None]
    pairs &= ~np.eye(w.shape[-1], dtype=bool)
    alone = zeros & (np.abs(w) <= near)
    if not (np.any(pairs) or np.any(alone)):
        return
    weights = np.random.default_rng(0).uniform(0.5, 1.5, w.shape)
    asked = (g[..., place, :] * weights).sum()
    (found,) = gradients(asked, [out], retain_graph=True, allow_unused=True)
    if found is not None:
        changes = np.asarray(found)[..., place, :] != 0
        either = changes[..., None, :] | changes[..., None]
        if np.any(alone & changes) or np.any(pairs & either):
            report([node])


@op(
    mixes="matrices",
    symbol="chol",
    domain={"a": definite},
    samples=("3,3", "2,2,2", "1,1", "3,3 upper=True"),
)
def cholesky(a: Any, /, upper: bool = False) -> Any:
    """Lower triangular L with L Lᵀ = a, for a symmetric positive definite matrix.

    The matrix has to be symmetric, but for rounding, and the gradient is symmetric too.

    Raises
    ------
    numpy.linalg.LinAlgError
        If the matrix is not positive definite.

    References
    ----------
    I. Murray, Differentiation of the Cholesky decomposition, 2016, equation 10.

    Examples
    --------
    >>> from autograd import cholesky
    >>> cholesky([[4.0, 2.0], [2.0, 2.0]])
    array([[2., 0.],
           [1., 1.]])
    """
    return np.linalg.cholesky(symmetric(np.asarray(a)), upper=upper)


@printed(
    "sym({1}⁻ᵀ Φ({1}ᵀ · {0}) {1}⁻¹)",
    r"\operatorname{sym}({1}^{-\mathsf{T}} \Phi({1}^{\mathsf{T}} {0}) {1}^{-1})",
)
def cholesky_pulled(g: Any, lower: Any) -> Any:
    """Return L⁻ᵀ Φ(Lᵀ g) L⁻¹, symmetrised, where Φ takes the lower triangle, half the diagonal."""
    inner = np.tril(transposed(lower) @ np.tril(g))
    half = inner - np.where(np.eye(np.shape(inner)[-1]) > 0, inner / 2, 0.0)
    back = transposed(inv(lower))
    return symmetric_part(back @ half @ transposed(back))


@printed(
    "sym({1}⁻¹ Φ({1} · {0}ᵀ) {1}⁻ᵀ)",
    r"\operatorname{sym}({1}^{-1} \Phi({1} \, {0}^{\mathsf{T}}) {1}^{-\mathsf{T}})",
)
def cholesky_upper(g: Any, upper: Any) -> Any:
    """Return the same of an upper triangle U = Lᵀ."""
    return cholesky_pulled(transposed(g), transposed(upper))


cholesky.vjp(a=lambda g, out, upper: cholesky_upper(g, out) if upper else cholesky_pulled(g, out))


class EighResult(NamedTuple):
    """Eigenvalues, ascending, shape (..., n), and eigenvectors, in columns, shape (..., n, n)."""

    eigenvalues: Any
    eigenvectors: Any


def eigh_ties(out: Any, shape: tuple[int, ...]) -> Any:
    """Return which elements of a result are in eigenvectors of equal eigenvalues."""
    rows = np.arange(shape[-1] + 1)[:, None] > 0
    return np.expand_dims(tied(out[..., 0, :]), -2) & rows


@op(
    mixes="matrices",
    ties=eigh_ties,
    symbol="eigh",
    domain={"a": symmetric_part},
    samples=("3,3", "2,2,2", "1,1", "4,4"),
)
def eigh_stacked(a: Any) -> Any:
    """Eigenvalues, as the first row, above the eigenvectors of a symmetric matrix: see `eigh`.

    Examples
    --------
    >>> from autograd import eigh_stacked
    >>> eigh_stacked([[2.0, 0.0], [0.0, 1.0]])
    array([[1., 2.],
           [0., 1.],
           [1., 0.]])
    """
    values, vectors = np.linalg.eigh(symmetric(np.asarray(a)))
    return np.concatenate([values[..., None, :], vectors], axis=-2)


@printed(
    "V (∂Λ + sym(Vᵀ · ∂V / (λⱼ − λᵢ))) Vᵀ",
    r"V (\partial \Lambda + \operatorname{sym}"
    r"(V^{\mathsf{T}} \partial V / (\lambda_j - \lambda_i))) V^{\mathsf{T}}",
)
def eigh_pulled(g: Any, out: Any) -> Any:
    """Return V (diag(gw) + Vᵀ gV / (w_j − w_i)) Vᵀ, symmetrised."""
    vectors = out[..., 1:, :]
    tell_of_ties(g, out, 0)
    turning = off_diagonal(
        strong_quotient(transposed(vectors) @ g[..., 1:, :], gaps(out[..., 0, :]))
    )
    return symmetric_part(vectors @ (on_diagonal(g[..., 0, :]) + turning) @ transposed(vectors))


eigh_stacked.vjp(a=lambda g, out: eigh_pulled(g, out))


def from_triangle(a: Any, uplo: str | None) -> Any:
    """Return the symmetric matrix that one triangle of a stands for, or a itself."""
    if uplo is None:
        return a
    if uplo not in ("L", "U", "l", "u"):
        raise ValueError(f"UPLO needs to be 'L' or 'U', got {uplo!r}")
    a = arrayed(a)
    half, strict = (np.tril(a), np.tril(a, -1)) if uplo in "Ll" else (np.triu(a), np.triu(a, 1))
    return half + np.matrix_transpose(strict)


@composite(
    domain={"a": symmetric_part}, samples=("3,3", "2,2,2", "1,1", "3,3 UPLO='L'", "3,3 UPLO='U'")
)
def eigh(a: Any, UPLO: str | None = None) -> Any:
    """Eigenvalues and eigenvectors of a symmetric matrix, or of each in a stack.

    The matrix has to be symmetric, but for rounding, and the gradient is symmetric too.

    Parameters
    ----------
    a : Tensor or array_like, shape (..., n, n)
        Real symmetric matrices.
    UPLO : {"L", "U"}, optional
        Read the lower or the upper triangle alone; the gradient is then of that triangle. By
        default both are read, and have to agree.

    Returns
    -------
    EighResult
        Eigenvalues, ascending, shape (..., n), and eigenvectors in columns, shape (..., n, n), each
        determined up to its sign. Where eigenvalues are equal their eigenvectors are not
        determined, and have no derivative: it is not finite there, unless it cancels exactly.

    References
    ----------
    M. Giles, Collected matrix derivative results for forward and reverse mode algorithmic
    differentiation, 2008, section 3.1.

    Examples
    --------
    >>> from autograd import eigh
    >>> eigh([[2.0, 0.0], [0.0, 1.0]]).eigenvalues
    array([1., 2.])
    """
    stacked = eigh_stacked(from_triangle(a, UPLO))
    return EighResult(stacked[..., 0, :], stacked[..., 1:, :])


@composite(domain={"a": symmetric_part}, samples=("3,3", "2,2,2", "3,3 UPLO='U'"))
def eigvalsh(a: Any, UPLO: str | None = None) -> Any:
    """Eigenvalues of a symmetric matrix, ascending; those of (a + aᵀ)/2, as for `eigh`.

    Examples
    --------
    >>> from autograd import eigvalsh
    >>> eigvalsh([[2.0, 0.0], [0.0, 1.0]])
    array([1., 2.])
    """
    return eigh_stacked(from_triangle(a, UPLO))[..., 0, :]


class SVDResult(NamedTuple):
    """Singular vectors in columns, singular values descending, singular vectors in rows."""

    U: Any
    S: Any
    Vh: Any


def svd_ties(out: Any, shape: tuple[int, ...]) -> Any:
    """Return which elements of a result are in singular vectors of equal values, or of 0."""
    m, n = shape[-2:]
    rows = np.arange(m + 1 + n)[:, None] != m
    return np.expand_dims(tied(out[..., m, :], zeros=m != n), -2) & rows


@op(mixes="matrices", ties=svd_ties, symbol="svd", samples=("3,3", "2,3", "4,2", "2,3,2", "1,1"))
def svd_stacked(a: Any) -> Any:
    """Matrix U above the singular values, in a row, above Vhᵀ, of the reduced form: see `svd`.

    Examples
    --------
    >>> from autograd import svd_stacked
    >>> svd_stacked([[2.0]])
    array([[1.],
           [2.],
           [1.]])
    """
    u, s, vh = np.linalg.svd(np.asarray(a), full_matrices=False)
    return np.concatenate([u, s[..., None, :], transposed(vh)], axis=-2)


def svd_pulled(g: Any, out: Any, shape: tuple[int, ...]) -> Any:
    """Return the cotangent of a = U S Vᵀ from those of U, S and V.

    With P = Uᵀ gU / (s_j² − s_i²) and Q = Vᵀ gV / (s_j² − s_i²) off the diagonal, it is
    U ((P + Pᵀ) S + S (Q + Qᵀ) + diag(gS)) Vᵀ, and, of each of U and V that is not square, what
    leaves its columns: (I − U Uᵀ) gU S⁻¹ Vᵀ and U S⁻¹ gVᵀ (I − V Vᵀ).
    """
    m, n = shape[-2:]
    u, s, v = out[..., :m, :], out[..., m, :], out[..., m + 1 :, :]
    g_u, g_s, g_v = g[..., :m, :], g[..., m, :], g[..., m + 1 :, :]
    tell_of_ties(g, out, m, zeros=m != n)
    row, column = np.expand_dims(s, -2), np.expand_dims(s, -1)
    # s_j² − s_i² as a product, whose factors neither overflow nor vanish where squares would.
    p = off_diagonal(strong_quotient(strong_quotient(transposed(u) @ g_u, gaps(s)), row + column))
    q = off_diagonal(strong_quotient(strong_quotient(transposed(v) @ g_v, gaps(s)), row + column))
    core = (p + transposed(p)) * row + column * (q + transposed(q)) + on_diagonal(g_s)
    found = u @ core @ transposed(v)
    whole = np.expand_dims(np.where(value_of(s) <= rounding(s), 0.0, s), -2)
    if m > n:
        rest = g_u - u @ (transposed(u) @ g_u)
        found = found + strong_quotient(rest, whole) @ transposed(v)
    if n > m:
        rest = g_v - v @ (transposed(v) @ g_v)
        found = found + u @ transposed(strong_quotient(rest, whole))
    return found


_CORE = "U ((P + Pᵀ) S + S (Q + Qᵀ) + ∂S) Vᵀ"  # of P and Q above
_CORE_LATEX = r"U ((P + P^{\mathsf{T}}) S + S (Q + Q^{\mathsf{T}}) + \partial S) V^{\mathsf{T}}"


@printed(_CORE, _CORE_LATEX)
def svd_square(g: Any, out: Any, shape: tuple[int, ...]) -> Any:
    """Return the cotangent of square matrices."""
    return svd_pulled(g, out, shape)


@printed(
    f"{_CORE} + (I − U Uᵀ) ∂U S⁻¹ Vᵀ",
    rf"{_CORE_LATEX} + (I - U U^{{\mathsf{{T}}}}) \, \partial U S^{{-1}} V^{{\mathsf{{T}}}}",
)
def svd_tall(g: Any, out: Any, shape: tuple[int, ...]) -> Any:
    """Return the cotangent of matrices of more rows than columns."""
    return svd_pulled(g, out, shape)


@printed(
    f"{_CORE} + U S⁻¹ ∂Vᵀ (I − V Vᵀ)",
    rf"{_CORE_LATEX} + U S^{{-1}} \partial V^{{\mathsf{{T}}}} (I - V V^{{\mathsf{{T}}}})",
)
def svd_wide(g: Any, out: Any, shape: tuple[int, ...]) -> Any:
    """Return the cotangent of matrices of more columns than rows."""
    return svd_pulled(g, out, shape)


def svd_rule(g: Any, out: Any, shape: tuple[int, ...]) -> Any:
    """Return the cotangent, by the rule that is printed for the shape."""
    m, n = shape[-2:]
    rule = svd_square if m == n else svd_tall if m > n else svd_wide
    return rule(g, out, shape)


svd_stacked.vjp(a=lambda g, out, a_shape: svd_rule(g, out, a_shape))


@composite(
    samples=("3,3", "2,3 full_matrices=False", "4,2 full_matrices=False", "2,3 compute_uv=False")
)
def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """Singular value decomposition a = U diag(S) Vh, of each matrix in a stack too.

    Parameters
    ----------
    a : Tensor or array_like, shape (..., m, n)
        Any matrices.
    full_matrices : bool
        Square U and Vh. Their further columns and rows are not determined, so where m and n differ
        this needs to be False; U has then shape (..., m, k) and Vh (..., k, n) with k = min(m, n).
    compute_uv : bool
        Return U, S and Vh, rather than S alone.

    Returns
    -------
    SVDResult or Tensor
        Singular values are descending, shape (..., k); singular vectors are determined up to a
        sign for each pair, and where singular values are equal they have no derivative.

    Raises
    ------
    ShapeError
        If full matrices are asked of a matrix that is not square.

    References
    ----------
    J. Townsend, Differentiating the singular value decomposition, 2016.

    Examples
    --------
    >>> from autograd import svd
    >>> svd([[0.0, 3.0], [2.0, 0.0]]).S
    array([3., 2.])
    """
    m, n = np.shape(a)[-2:]
    if full_matrices and compute_uv and m != n:
        raise ValueError(
            f"the further columns of a full decomposition of a {m} by {n} matrix are arbitrary and "
            "have no derivative; pass full_matrices=False"
        )
    stacked = svd_stacked(a)
    values = stacked[..., m, :]
    if not compute_uv:
        return values
    return SVDResult(stacked[..., :m, :], values, transposed(stacked[..., m + 1 :, :]))


@composite(samples=("3,3", "2,3", "4,2"))
def svdvals(x: Any, /) -> Any:
    """Singular values, descending.

    Examples
    --------
    >>> from autograd import svdvals
    >>> svdvals([[0.0, 3.0], [2.0, 0.0]])
    array([3., 2.])
    """
    return svd(x, compute_uv=False)


class QRResult(NamedTuple):
    """Orthonormal columns Q, shape (..., m, k), and upper triangular R, shape (..., k, n)."""

    Q: Any
    R: Any


@op(mixes="matrices", symbol="qr", samples=("3,3", "4,2", "2,3,2", "1,1"))
def qr_stacked(a: Any) -> Any:
    """Matrix Q above Rᵀ, for at least as many rows as columns: see `qr`.

    Examples
    --------
    >>> from autograd import qr_stacked
    >>> qr_stacked([[-2.0]])
    array([[ 1.],
           [-2.]])
    """
    if np.shape(a)[-1] > np.shape(a)[-2]:
        raise ValueError("needs at least as many rows as columns; qr() takes any matrix")
    q, r = np.linalg.qr(np.asarray(a))
    return np.concatenate([q, transposed(r)], axis=-2)


@printed(
    "(∂Q + Q copy(R · ∂Rᵀ − ∂Qᵀ · Q)) R⁻ᵀ",
    r"(\partial Q + Q \operatorname{copy}(R \, \partial R^{\mathsf{T}} - "
    r"\partial Q^{\mathsf{T}} Q)) R^{-\mathsf{T}}",
)
def qr_pulled(g: Any, out: Any, shape: tuple[int, ...]) -> Any:
    """Return (gQ + Q C) R⁻ᵀ, where C is R gRᵀ − gQᵀ Q made symmetric from its lower triangle."""
    m = shape[-2]
    q, r = out[..., :m, :], transposed(out[..., m:, :])
    g_q, g_r = g[..., :m, :], np.triu(transposed(g[..., m:, :]))
    lower = np.tril(matmul(r, transposed(g_r)) - transposed(g_q) @ q)
    copied = lower + transposed(np.tril(lower, -1))
    return transposed(solve(invertible(_whole(r), g), transposed(g_q + q @ copied)))


def _whole(r: Any) -> Any:
    """Return R, singular where columns are dependent: with 0 for rounding in its diagonal."""
    values = value_of(r)
    pivots = np.abs(np.diagonal(values, axis1=-2, axis2=-1))
    lengths = np.sqrt(np.sum(np.square(values), axis=-2))  # of the columns of a, whatever scales
    lengths = np.where(np.isfinite(lengths), lengths, 0.0)
    gone = on_diagonal(pivots <= 8 * np.finfo(values.dtype).eps * lengths) > 0
    return np.where(gone, 0.0, r) if np.any(gone) else r


qr_stacked.vjp(a=lambda g, out, a_shape: qr_pulled(g, out, a_shape))


@composite(samples=("3,3", "4,2", "2,3", "2,2,3", "3,2 mode='r'"))
def qr(a: Any, mode: str = "reduced") -> Any:
    """Decomposition a = Q R into orthonormal columns and an upper triangle.

    Parameters
    ----------
    a : Tensor or array_like, shape (..., m, n)
        Matrices whose first min(m, n) columns are independent.
    mode : {"reduced", "r"}
        Return both, or R alone.

    Returns
    -------
    QRResult or Tensor
        Q of shape (..., m, k) and R of shape (..., k, n), with k = min(m, n).

    References
    ----------
    S. F. Walter and L. Lehmann, Algorithmic differentiation of linear algebra functions, 2010.

    Examples
    --------
    >>> from autograd import qr
    >>> qr([[0.0, 2.0], [3.0, 0.0]]).R
    array([[-3.,  0.],
           [ 0., -2.]])
    """
    if mode not in ("reduced", "r"):
        raise ValueError(f"mode={mode!r} has no derivative; take 'reduced' or 'r'")
    m, n = np.shape(a)[-2:]
    k = min(m, n)
    stacked = qr_stacked(a if n == k else a[..., :k])
    q, r = stacked[..., :m, :], transposed(stacked[..., m:, :])
    if n > k:  # the further columns of R are those of a, seen from Q
        r = np.concatenate([r, transposed(q) @ a[..., k:]], axis=-1)
    return r if mode == "r" else QRResult(q, r)


@composite(samples=("4,2 4", "4,2 4,3", "3,3 3", "2,3 2"))
def lstsq(a: Any, b: Any, rcond: float | None = None) -> tuple[Any, Any, Any, Any]:
    """Least squares: the x of least norm that makes ‖a x − b‖ least.

    Returns
    -------
    x : Tensor or array, shape (n,) or (n, k)
        Solution, pinv(a) b.
    residuals : Tensor or array, shape (1,), (k,) or (0,)
        Sums of the squared residuals, where the columns of a are independent and fewer than rows.
    rank : int
        Rank of a.
    s : Tensor or array
        Singular values of a.

    Examples
    --------
    >>> from autograd import lstsq
    >>> print(round(lstsq([[1.0], [1.0]], [1.0, 3.0])[0][0], 12))
    2.0
    """
    a, b = arrayed(a), arrayed(b)
    if a.ndim != 2:
        raise ValueError("needs a matrix")
    m, n = a.shape
    eps = np.finfo(value_of(a).dtype).eps
    cut = float(eps * max(m, n)) if rcond is None else rcond
    x = pinv(a, cut) @ b
    s = svdvals(a)
    rank = int(np.sum(value_of(s) > cut * value_of(s)[0])) if min(m, n) else 0
    squares = np.sum((a @ x - b) ** 2, axis=0) if rank == n and m > n else np.empty(0)
    return x, np.ravel(squares), rank, s
