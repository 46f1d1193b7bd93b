"""Spreads, medians, quantiles and covariances: ties, NaN, infinities, degrees of freedom."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd
from autograd import DTypeError, Tensor
from tests.autograd.helpers import (
    gradient_at,
    leaf,
    quiet,
    slopes_at,
)

NAN = np.nan

SLICES: dict[str, tuple[Any, Any, Any]] = {
    # The function, the array, and the gradient of the sum of its results.
    "std of a constant vector": (np.std, [5.0, 5.0, 5.0], [0.0, 0.0, 0.0]),
    "std of a constant that rounds": (np.std, [0.1] * 3, [0.0, 0.0, 0.0]),
    "std of a constant vector, ddof=1": (lambda x: np.std(x, ddof=1), [5.0, 5.0], [0.0, 0.0]),
    "median of even n": (np.median, [1.0, 4.0, 2.0, 9.0], [0.0, 0.5, 0.5, 0.0]),
    "median of equal middles": (np.median, [3.0, 3.0], [0.5, 0.5]),
}


test_the_gradient_at = gradient_at(SLICES)


# A function, its point, and the derivative by each argument there, worked out by hand.
POINTS: dict[str, tuple[Any, list[Any], list[Any]]] = {
    "mean of 32 768 halves": (
        lambda a: np.mean(np.broadcast_to(a, (2**15,))),
        [0.5],
        [1.0],
    ),
}


test_derivatives_at_special_points = slopes_at(POINTS)


@quiet
def test_std_with_ddof_1_of_one_value_is_nan() -> None:
    x = leaf([3.0])
    y = np.std(x, ddof=1)
    y.backward()
    assert np.isnan(y.item())
    assert np.isnan(x.grad).all()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_variance_with_no_degrees_of_freedom_has_no_derivative() -> None:
    for where in (True, [True, True, False]):
        x = Tensor([1.0, 2.0, 7.0] if where is not True else [1.0, 2.0], requires_grad=True)
        np.var(x, ddof=2, where=where).backward()
        assert np.isnan(x.grad[0])


def test_spread_takes_numpys_other_name_for_ddof() -> None:
    x = np.array([1.0, 2.0, 4.0])
    for f in (np.var, np.std):
        assert f(leaf(x), correction=1).item() == f(x, correction=1)


def test_two_names_of_one_parameter_are_refused() -> None:
    M = leaf([[1.0, 2.0], [3.0, 4.0]])
    assert np.var(M, correction=1).item() == np.var(M.data, ddof=1)
    with pytest.raises((ValueError, TypeError)):
        np.var(M, ddof=1, correction=1)  # type: ignore[call-overload]


@pytest.mark.parametrize("q", [0.5, [0.25, 0.5]])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_quantile_of_a_slice_with_nan_is_nan_and_others_are_not(q: Any) -> None:
    x = np.array([[1.0, 2.0, 5.0], [NAN, 3.0, 4.0]])
    t = Tensor(x, requires_grad=True)
    y = np.quantile(t, q, axis=1)
    np.testing.assert_array_equal(y.data, np.quantile(x, q, axis=1))
    np.sum(y[..., 0]).backward()
    assert np.all(np.isfinite(t.grad[0]))
    assert t.grad[0].sum() == pytest.approx(np.size(q), rel=1e-15)


@pytest.mark.parametrize("q", [1.5, 2.0, -0.5])
def test_a_quantile_outside_the_range_says_the_range(q: float) -> None:
    with pytest.raises(autograd.ShapeError, match="fractions need to be between 0 and 1"):
        np.quantile(Tensor([1.0, 2.0, 3.0], requires_grad=True), q)


@pytest.mark.parametrize(
    ("x", "q", "expected"), [([-np.inf, 1, 2], 0.25, -np.inf), ([1, 2, 4], 1, 4)]
)
def test_quantiles_of_infinities(x: Any, q: float, expected: float) -> None:
    assert np.quantile(Tensor(np.array(x, float)), q).item() == expected
    with pytest.raises(DTypeError, match=r"pass q.detach\(\)"):
        np.quantile(np.array([1.0, 2.0]), Tensor(0.5, requires_grad=True))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("method", ["linear", "lower", "higher", "nearest"])
@pytest.mark.parametrize("ends", [(-np.inf, 2.0), (0.0, 5.0), (-np.inf, np.inf)])
def test_an_infinite_element_that_has_no_part_in_a_quantile_does_not_spoil_it(
    method: str, ends: tuple[float, float]
) -> None:
    a = np.array([ends[0], 1.0, 2.0, 3.0, ends[1]])
    q = [0.3, 0.5, 0.6] if method == "linear" else [0.1, 0.3, 0.6, 0.9]
    found = np.quantile(Tensor(a, requires_grad=True), q, method=method)
    np.testing.assert_array_equal(found.data, np.quantile(a, q, method=method))


def test_quantiles_of_nothing_are_nan_as_in_numpy() -> None:
    x = leaf(np.zeros((2, 0)))
    found = autograd.nanmedian(x, axis=1)
    assert np.isnan(found.data).all()
    found.sum().backward()
    assert x.grad is not None
    assert x.grad.shape == (2, 0)


def test_correlations_never_leave_their_range() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        x = rng.normal(size=5)
        found = np.corrcoef(Tensor(np.stack([x, rng.normal() * x]), requires_grad=True)).data
        assert np.all(np.abs(found) <= 1.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: np.cov(x, fweights=[1, 2]), "fweights need 3 numbers"),
        (
            lambda x: np.cov(x, aweights=[1.0, -2.0, 1.0]),
            "need 3 numbers that are not negative",
        ),
        (lambda x: np.cov(x, fweights=[1.0, 2.5, 1.0]), "fweights need to be whole numbers"),
    ],
)
def test_messages_give_the_numbers(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(Tensor([1.0, 2.0, 4.0], requires_grad=True))


def test_counts_without_weights_are_whole_numbers() -> None:
    np.testing.assert_array_equal(autograd.bincount([0, 1, 1]), [1, 2])
