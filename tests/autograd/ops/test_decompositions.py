"""Eigenvalues, singular values, QR and least squares: ties, scales, ranks and refusals."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import GradientError, Tensor, detect_anomaly, grad, gradients, hessian, strong_zero
from autograd.zeros import collected_limits
from tests.autograd.helpers import leaf, slope, table


@pytest.mark.parametrize("f", [np.linalg.eigh, np.linalg.cholesky, np.linalg.eigvalsh])
def test_a_matrix_that_is_not_symmetric_is_refused(f: Any) -> None:
    # NumPy would read one triangle; the other would have had no gradient.
    lower = Tensor([[4.0, 0.0], [2.0, 3.0]], requires_grad=True)
    with pytest.raises(autograd.ShapeError, match=r"up to 2; pass \(a \+ a.T\) / 2"):
        f(lower)
    with pytest.raises(autograd.ShapeError, match="needs square matrices"):
        f(Tensor(np.ones((2, 3)), requires_grad=True))


SYMMETRIC = np.array([[2.0, 0.5], [0.5, 1.0]])


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_symmetry_is_judged_at_the_scale_of_the_matrix(scale: float) -> None:
    rounded = scale * np.add(SYMMETRIC, [[0.0, 1e-6], [0.0, 0.0]])
    w = np.linalg.eigvalsh(Tensor(rounded, requires_grad=True))
    np.testing.assert_allclose(w.data, scale * np.linalg.eigvalsh(SYMMETRIC), rtol=1e-5)
    with pytest.raises(autograd.ShapeError, match="needs a symmetric matrix"):
        np.linalg.eigvalsh(Tensor(scale * np.add(SYMMETRIC, [[0.0, 0.1], [0.0, 0.0]])))


REFUSED: dict[str, tuple[Any, type[Exception], str]] = {
    "cholesky": (
        lambda x, v: np.linalg.cholesky(-x),
        np.linalg.LinAlgError,
        r"cholesky: .*not positive definite; add a small multiple of the identity",
    ),
    "nan": (
        lambda x, v: np.linalg.svd(x * np.nan),
        np.linalg.LinAlgError,
        r"^svd_stacked: got shape \(2, 2\): SVD[\w ]*; look for NaN and infinities in it\.\n",
    ),
}


@pytest.mark.parametrize(("f", "kind", "message"), table(REFUSED))
def test_what_numpy_refuses_names_the_op_the_shapes_and_the_fix(
    f: Any, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        f(leaf(np.ones((2, 2))), leaf([1.0, 2.0, 3.0]))


def test_equal_eigenvalues_that_nobody_asks_about_are_not_told() -> None:
    """Of λ², with λ″ = 2 v v′ᵀ / (λ − μ), the entries off the diagonal have λ / (λ − μ)."""
    expected = np.zeros((3, 3, 3, 3))
    expected[2, 2, 2, 2] = 2
    for k in (0, 1):
        for index in ((k, 2, k, 2), (k, 2, 2, k), (2, k, k, 2), (2, k, 2, k)):
            expected[index] = 5 / 4
    with detect_anomaly(), warnings.catch_warnings():
        warnings.simplefilter("error")
        found = hessian(lambda x: np.linalg.eigvalsh((x + x.T) / 2)[-1] ** 2)(np.diag([1.0, 1, 5]))
    np.testing.assert_allclose(found, expected, atol=1e-12)


def turned(values: Any) -> Any:
    """Return a symmetric matrix with these eigenvalues, to rounding."""
    V, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(len(values), len(values))))
    A = V @ np.diag(values) @ V.T
    return (A + A.T) / 2


C = turned([1.0, -2.0, 0.5])


def of_matrix(h: Any) -> Any:
    """Return A ↦ ⟨C, h(A)⟩ by way of eigenvectors, whose gradient at A = c I is h′(c) C."""

    def f(A: Any) -> Any:
        w, V = np.linalg.eigh(A)
        return (C * ((V * h(w)) @ V.T)).sum()

    return f


@pytest.mark.parametrize("A", [2 * np.eye(3), turned([2.0, 2.0, 2.0]), turned([2.0, 2.0, 5.0])])
@pytest.mark.parametrize("h", [np.exp, np.log, lambda w: 1 / w])
def test_eigenvectors_of_equal_eigenvalues_give_no_finite_wrong_number(A: Any, h: Any) -> None:
    """The limit is finite, and the rule does not know it; equal to rounding is equal."""
    with np.errstate(all="ignore"):
        assert np.isnan(grad(of_matrix(h))(A)).any()


@pytest.mark.parametrize("A", [np.eye(3), np.diag([1.0, 1.0, 4.0])])
def test_a_zero_beside_equal_eigenvalues_is_told(A: Any) -> None:
    """As log 1 = 0 here, 0 / 0 counts as 0, where the gradient of log A has C off the diagonal."""
    with collected_limits() as told:
        grad(of_matrix(np.log))(A)
    assert len(told) == 1
    assert "eigh" in told[0]


@pytest.mark.parametrize("A", [2 * np.eye(3), turned([2.0, 2.0, 5.0]), turned([0.0, 0.0, 3.0])])
def test_what_does_not_ask_for_tied_vectors_is_right_and_silent(A: Any) -> None:
    with detect_anomaly(), warnings.catch_warnings():
        warnings.simplefilter("error")
        found = grad(lambda x: (np.linalg.eigvalsh(x) ** 3).sum())(A)
        of_svd = grad(lambda x: (np.linalg.svd(x, compute_uv=False) ** 2).sum())(A)
    np.testing.assert_allclose(found, 3 * A @ A, atol=1e-12)
    np.testing.assert_allclose(of_svd, 2 * A, atol=1e-12)


def test_a_vector_whose_own_value_is_alone_has_its_derivative_beside_a_tie() -> None:
    """Where λ is alone, dv = (λ I − A)⁺ dA v, with the pseudoinverse."""
    A, rng = turned([1.0, 1.0, 3.0]), np.random.default_rng(1)
    weights = rng.normal(size=3)
    w, V = np.linalg.eigh(A)
    with detect_anomaly():
        found = grad(lambda x: np.linalg.eigh(x)[1][:, 2] @ weights)(A)
    expected = np.outer(np.linalg.pinv(w[2] * np.eye(3) - A, rcond=1e-10) @ weights, V[:, 2])
    np.testing.assert_allclose(found, (expected + expected.T) / 2, atol=1e-12)


def test_values_of_ties_need_no_strong_zero() -> None:
    t = leaf(np.eye(3), "t")
    with strong_zero(False):
        np.testing.assert_array_equal(gradients(np.linalg.eigvalsh(t).sum(), t), np.eye(3))


@pytest.mark.parametrize("scale", [1e19, 1.0, 1e-22])
def test_singular_vectors_do_not_depend_on_the_scale(scale: float) -> None:
    a = np.array([[3.0, 1.0], [2.0, 5.0]])
    expected = slope(lambda t: np.linalg.svd(t).U[0, 0] ** 2, a)
    t = Tensor((a * scale).astype(np.float32), requires_grad=True)
    found = gradients(np.linalg.svd(t).U[0, 0] ** 2, t).astype(float) * scale
    np.testing.assert_allclose(found, expected, rtol=1e-4)  # single precision, gaps of size 1


@pytest.mark.parametrize("scale", [1.0, 1e-8, 1e8])
def test_dependent_columns_have_no_derivative_of_qr(scale: float) -> None:
    """A pivot that is rounding is 0, whatever this machine's library makes of it."""
    for columns in ([[1.0, 1], [1, 1]], [[0.1, 0.3], [0.2, 0.6]], [[1, 2.0], [3, 6], [7, 14]]):
        with pytest.raises(GradientError, match="Singular matrix"):
            grad(lambda x: np.linalg.qr(x)[0].sum())(scale * np.array(columns))


@pytest.mark.parametrize("scale", [1e-20, 1e-8, 1e8])
def test_columns_of_another_scale_are_independent(scale: float) -> None:
    """R₁₁ of a matrix with columns (1, 0) and (0, s) is s, whose derivative by s is 1."""
    found = grad(lambda s: np.abs(np.linalg.qr(np.eye(2) * np.stack([1.0, s]))[1][1, 1]))(scale)
    assert found == pytest.approx(1.0, rel=1e-12)
    V = np.vander(np.linspace(1.0, 100.0, 12), 9)
    weights = np.random.default_rng(0).normal(size=9)
    g = grad(lambda t: (np.abs(np.linalg.qr(t)[1].diagonal()) * weights).sum())(V)
    assert np.isfinite(g).all()


def test_a_least_squares_solution_has_numpys_rank_and_residuals() -> None:
    rng = np.random.default_rng(0)
    full = rng.normal(size=(5, 3))
    thin = np.stack([full[:, 0], full[:, 1], full[:, 0] + full[:, 1]], 1)
    b = rng.normal(size=5)
    for a in (full, thin, full.T, full[:3]):
        found = np.linalg.lstsq(Tensor(a, requires_grad=True), b[: a.shape[0]])
        expected = np.linalg.lstsq(a, b[: a.shape[0]])
        assert found[2] == expected[2]
        np.testing.assert_allclose(found[0].data, expected[0], rtol=1e-9)
        np.testing.assert_allclose(getattr(found[1], "data", found[1]), expected[1], rtol=1e-9)
        np.testing.assert_allclose(found[3].data, expected[3], rtol=1e-9, atol=1e-14)


def test_a_rank_is_judged_at_the_scale_of_the_matrix() -> None:
    eps = np.finfo(float).eps
    for scale in (1e-3, 1.0, 1e3):
        for smallest, rank in ((2 * eps, 1), (20 * eps, 2)):
            a = np.zeros((5, 2))
            a[0, 0], a[1, 1] = scale, scale * smallest
            assert np.linalg.matrix_rank(a) == rank  # by NumPy's own measure
            assert np.linalg.lstsq(Tensor(a, requires_grad=True), np.ones(5))[2] == rank
