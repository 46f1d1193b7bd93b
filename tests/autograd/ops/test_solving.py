"""Determinants of singular matrices, pseudoinverses, whole powers; singular systems refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd
from autograd import DTypeError, GradientError, ShapeError, Tensor, grad, gradients
from tests.autograd.helpers import gradient_at, leaf, quiet, table

SLICES: dict[str, tuple[Any, Any, Any]] = {
    # The function, the array, and the gradient of the sum of its results.
    "det at a singular matrix": (
        np.linalg.det,
        [[1.0, 2.0], [3.0, 6.0]],
        [[6.0, -3.0], [-2.0, 1.0]],
    ),
    "det at a matrix of rank 0": (np.linalg.det, np.zeros((2, 2)), np.zeros((2, 2))),
}


test_the_gradient_at = gradient_at(SLICES)


def adjugate_transposed(a: Any) -> Any:
    """Return the cofactors, by Laplace's expansion of the minors."""

    def determinant(m: Any) -> float:
        if not m.size:
            return 1.0
        return sum((-1) ** j * m[0, j] * determinant(np.delete(m[1:], j, 1)) for j in range(len(m)))

    n = len(a)
    return np.array(
        [
            [(-1) ** (i + j) * determinant(np.delete(np.delete(a, i, 0), j, 1)) for j in range(n)]
            for i in range(n)
        ]
    )


@pytest.mark.parametrize(
    "a",
    table(
        {
            "of rank 2": np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]),
            "of rank 1": np.outer([1.0, 2.0, 3.0], [1.0, -1.0, 2.0]),
            "of rank 0": np.zeros((3, 3)),
            "with a row of 0": np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0], [1.0, 0.0, 2.0]]),
            "of four rows": np.array(
                [[1.0, 2, 0, 1], [0.0, 1, 1, 0], [1.0, 3, 1, 1], [2.0, 0, 5, 1]]
            ),
            "1 by 1": np.zeros((1, 1)),
            "regular": np.array([[1.0, 2.0], [3.0, 4.0]]),
        }
    ),
)
def test_det_has_the_adjugate_transposed_at_a_singular_matrix(a: Any) -> None:
    x = leaf(a)
    np.linalg.det(x).backward()
    np.testing.assert_allclose(x.grad, adjugate_transposed(a), rtol=1e-12, atol=1e-13)
    batch = leaf(np.stack([a, a + np.eye(len(a))]))
    np.linalg.det(batch).backward([1.0, 0.0])
    np.testing.assert_allclose(batch.grad[0], adjugate_transposed(a), rtol=1e-12, atol=1e-13)
    np.testing.assert_array_equal(batch.grad[1], np.zeros(a.shape))


def test_determinant_of_a_singular_matrix_has_the_adjugates_derivative() -> None:
    a = Tensor([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, 1.0]], requires_grad=True)
    np.linalg.det(a).backward()
    # the cofactors, by hand
    expected = [[4.0, 4.0, -4.0], [-2.0, -2.0, 2.0], [0.0, 0.0, 0.0]]
    np.testing.assert_allclose(a.grad, expected, atol=1e-14)


@quiet
def test_one_matrix_of_a_stack_does_not_speak_for_another() -> None:
    stack = [[[np.nan, 2.0], [3.0, 4.0]], [[1.0, 2.0], [3.0, 5.0]]]
    t = leaf(stack)
    found = gradients(autograd.det(t), t, np.array([1.0, 0.0]))
    np.testing.assert_allclose(found[0], [[4.0, -3.0], [-2.0, np.nan]], rtol=1e-14)  # cofactors
    np.testing.assert_array_equal(found[1], np.zeros((2, 2)))
    t = leaf(stack)
    found = gradients(autograd.det(t), t, np.array([0.0, 1.0]))
    np.testing.assert_allclose(found[1], [[5.0, -3.0], [-2.0, 1.0]], rtol=1e-14)  # cofactors
    np.testing.assert_array_equal(found[0], np.zeros((2, 2)))


def test_pinv_refuses_a_derivative_that_its_rule_does_not_have() -> None:
    a = np.diag([3.0, 2.0, 0.1])
    with pytest.raises(GradientError, match=r"pinv: rcond or rtol cuts a singular value of 0\.1"):
        grad(lambda a: np.linalg.pinv(a, rtol=0.05).sum())(a)
    a[2, 2] = 1e-12  # is rounding: the derivative among matrices of rank 2
    found = grad(lambda a: np.linalg.pinv(a, rtol=1e-9)[0, 0])(a)
    np.testing.assert_allclose(found, np.diag([-1 / 9, 0, 0]), atol=1e-12)
    half = grad(lambda a: np.linalg.pinv(a, hermitian=True)[0, 1])(np.array([[2.0, 1], [1, 3]]))
    np.testing.assert_allclose(half, [[0.12, -0.14], [-0.14, 0.08]], rtol=1e-12)
    with pytest.raises(ShapeError, match=r"pinv: .*needs a symmetric matrix"):
        autograd.pinv(Tensor([[2.0, 5.0], [1.0, 3.0]], requires_grad=True), hermitian=True)


@pytest.mark.parametrize("n", [0.5, 2.7, -1.5, Tensor(2.0)])
def test_powers_of_matrices_are_whole(n: Any) -> None:
    M = leaf([[1.0, 2.0], [3.0, 4.0]])
    with pytest.raises(DTypeError, match="matrix_power"):
        np.linalg.matrix_power(M, n)
    np.testing.assert_array_equal(np.linalg.matrix_power(M, np.int64(2)).data, M.data @ M.data)


REFUSED: dict[str, tuple[Any, type[Exception], str]] = {
    "inv": (
        lambda x, v: np.linalg.inv(x),
        np.linalg.LinAlgError,
        r"inv: got shape \(2, 2\): Singular matrix; use pinv",
    ),
    "solve": (
        lambda x, v: np.linalg.solve(x, v[:2]),
        np.linalg.LinAlgError,
        r"solve: got shapes \(2, 2\) and \(2,\): Singular matrix; use pinv or lstsq",
    ),
    "not square": (
        lambda x, v: np.linalg.inv(x[:1]),
        np.linalg.LinAlgError,
        r"inv: got shape \(1, 2\): .*; pass square matrices\.$",
    ),
}


@pytest.mark.parametrize(("f", "kind", "message"), table(REFUSED))
def test_what_numpy_refuses_names_the_op_the_shapes_and_the_fix(
    f: Any, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        f(leaf(np.ones((2, 2))), leaf([1.0, 2.0, 3.0]))
