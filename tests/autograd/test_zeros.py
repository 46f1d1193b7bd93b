"""A cotangent of exactly 0 stays 0, and nothing else is touched."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd
from autograd import (
    AnomalyError,
    Tensor,
    detect_anomaly,
    grad,
    gradients,
    hessian,
    strong_zero,
)

quiet = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def leaf(x: Any, dtype: Any = None) -> Tensor:
    return Tensor(x, requires_grad=True, dtype=dtype)


def slope(f: Any, x: Any, dtype: Any = None) -> Any:
    t = leaf(x, dtype)
    return gradients(f(t), t)


def test_x_times_its_root_at_0() -> None:
    assert slope(lambda x: x * np.sqrt(x), 0.0) == 0


@quiet
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_branch_that_where_did_not_take_adds_nothing(dtype: Any) -> None:
    def f(x: Any) -> Any:
        return np.where(x.data > 0, np.sqrt(x), 0.0).sum()

    found = slope(f, [0.0, -1.0, 4.0], dtype)
    np.testing.assert_array_equal(found, [0.0, 0.0, 0.25])
    assert found.dtype == dtype


@quiet
@pytest.mark.parametrize(
    "bad",
    [
        lambda x: np.log(x - 1),  # NaN below 1, −∞ at 1
        lambda x: 1 / (x - 1),
        lambda x: np.arcsin(2 * x),
        lambda x: (x - 1) ** -1.5,
        lambda x: (x - 1) ** (x - 1),
        lambda x: np.exp(x * 1e4) * np.log(x - 1),
        lambda x: np.arctanh(x),
        lambda x: np.divide(x, np.zeros(3)),
        lambda x: autograd.prod(np.log(x - 1)[:, None], axis=1),
        lambda x: autograd.logsumexp(np.log(x - 1)[:, None], axis=1),
        lambda x: autograd.std(np.stack([np.log(x - 1), x]), axis=0),
        lambda x: autograd.vector_norm(np.log(x - 1)[:, None], axis=1, ord=3),
    ],
)
def test_guarding_by_where_is_enough(bad: Any) -> None:
    # What `where` does not take: the usual ways to a NaN, and their reductions along axes.
    found = slope(lambda x: np.where([False] * 3, bad(x), x * x).sum(), [0.5, 1.0, 2.0])
    np.testing.assert_array_equal(found, [1.0, 2.0, 4.0])


@quiet
def test_rows_that_are_masked_out_do_not_reach_shared_weights() -> None:
    X = np.array([[1.0, 2.0], [np.nan, 3.0], [4.0, 5.0], [np.inf, -np.inf]])
    valid = np.array([True, False, True, False])
    expected = 2 * X[valid].T @ (X[valid] @ np.ones(2))
    for product in (
        lambda w: X @ w,
        lambda w: np.einsum("ij,j->i", X, w),
        lambda w: np.dot(X, w),
        lambda w: np.inner(X, w),
        lambda w: np.tensordot(X, w, 1),
        lambda w: np.matvec(X, w),
        lambda w: np.vecdot(X, w),
    ):
        found = slope(lambda w, p=product: np.where(valid, p(w) ** 2, 0.0).sum(), [1.0, 1.0])
        np.testing.assert_array_equal(found, expected)


@quiet
def test_a_product_keeps_what_really_is_not_finite() -> None:
    X = np.array([[1.0, 2.0], [np.nan, 3.0]])
    np.testing.assert_array_equal(slope(lambda w: (X @ w).sum(), [1.0, 1.0]), [np.nan, 5.0])
    infinite = np.array([[np.inf, 1.0], [-np.inf, 1.0], [np.nan, np.nan]])
    found = slope(lambda w: np.where([True, True, False], infinite @ w, 0.0).sum(), [1.0, 1.0])
    np.testing.assert_array_equal(found, [np.nan, 2.0])  # ∞ − ∞ stays, the last row is out


@quiet
def test_nan_in_a_cotangent_goes_on() -> None:
    x = leaf([3.0, 1.0, 2.0])
    seed = np.array([0.0, np.nan, 1.0])
    np.testing.assert_array_equal(gradients(np.sort(x), x, seed), [1.0, 0.0, np.nan])
    x = leaf([3.0, 1.0, 2.0])
    np.testing.assert_array_equal(gradients(np.exp(x) * 0 + x, x, seed), [0.0, np.nan, 1.0])
    x = leaf([np.nan, 1.0])
    assert np.isnan(gradients(autograd.softmax(x)[1], x)).all()  # it depends on both


@quiet
def test_a_whole_cotangent_of_0_gives_0_in_any_rule() -> None:
    singular = leaf(np.full((2, 2), np.nan))
    zero = np.zeros((2, 2))
    for f in (autograd.softmax, lambda a: autograd.solve(a, np.eye(2)), autograd.cumprod):
        y = f(singular)
        np.testing.assert_array_equal(gradients(y, singular, np.zeros(y.shape)), zero)


@quiet
def test_second_derivatives_have_strong_zeros_too() -> None:
    def f(x: Any) -> Any:
        return np.where(np.array([True, False]), np.sqrt(x), x**3).sum()

    expected = [[-1 / 32, 0.0], [0.0, 0.0]]
    np.testing.assert_array_equal(hessian(f)(np.array([4.0, 0.0])), expected)
    X = np.array([[1.0, 2.0], [np.nan, 3.0]])

    def loss(w: Any) -> Any:
        return np.where([True, False], (X @ w) ** 2, 0.0).sum()

    np.testing.assert_array_equal(hessian(loss)(np.ones(2)), [[2.0, 4.0], [4.0, 8.0]])


@quiet
def test_the_switch_gives_ieee_arithmetic_and_nests() -> None:
    f = grad(lambda x: x * np.sqrt(x))
    with strong_zero(False):
        assert np.isnan(f(0.0))
        with strong_zero():
            assert f(0.0) == 0
        assert np.isnan(f(0.0))
    assert f(0.0) == 0


@quiet
def test_anomaly_detection_sees_what_is_left() -> None:
    with detect_anomaly():
        x = leaf(0.0)
        (x * np.sqrt(x)).backward()
        assert x.grad == 0


def test_the_backward_pass_is_silent() -> None:
    # filterwarnings = error: NumPy's warnings would be raised here
    assert slope(np.sqrt, 0.0) == np.inf
    assert slope(lambda x: x * np.sqrt(x), 0.0) == 0


@quiet
def test_one_matrix_of_a_stack_does_not_speak_for_another() -> None:
    stack = [[[np.nan, 2.0], [3.0, 4.0]], [[1.0, 2.0], [3.0, 5.0]]]
    t = leaf(stack)
    found = gradients(autograd.det(t), t, np.array([1.0, 0.0]))
    assert np.isnan(found[0]).all()
    np.testing.assert_array_equal(found[1], np.zeros((2, 2)))
    t = leaf(stack)
    found = gradients(autograd.det(t), t, np.array([0.0, 1.0]))
    np.testing.assert_allclose(found[1], [[5.0, -3.0], [-2.0, 1.0]], rtol=1e-14)  # cofactors


@quiet
def test_anomaly_detection_sees_what_a_zero_beside_it_has_not_mended() -> None:
    t = leaf([np.nan, np.nan])
    y = t * t
    with pytest.raises(AnomalyError, match="backward pass of multiply gave nan"), detect_anomaly():
        gradients(y, t, np.array([0.0, 1.0]))
