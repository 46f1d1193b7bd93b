"""Higher derivatives where sizes and norms are 0 and extremes tie: known, told or refused."""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import (
    GradientError,
    LimitWarning,
    check_gradients,
    detect_anomaly,
    grad,
    gradients,
    hessian,
    hvp,
    jacobian,
    norm,
)
from autograd.zeros import collected_limits
from tests.autograd.helpers import leaf, quiet, table

X_NAN = np.array([[1.0, 2.0], [np.nan, 3.0]])
MASK = np.array([0.0, 1.0])
HESSIANS: dict[str, tuple[Any, Any, Any]] = {
    # The function, a point, and its Hessian there by the definition of the function.
    "index of a NaN row": (lambda w: ((X_NAN @ w)[0]) ** 2, [0.0, 0.0], [[2, 4], [4, 8]]),
    "mask of a NaN row at the exact fit": (
        lambda w: (np.where(MASK < 1, X_NAN @ w - 3.0, 0.0) ** 2).sum(),
        [1.0, 1.0],
        [[2, 4], [4, 8]],
    ),
    "root in a branch at the exact fit": (
        lambda x: ((np.where(x > 0, np.sqrt(x), 0.0) - np.array([0.0, 2.0])) ** 2).sum(),
        [0.0, 4.0],
        [[0, 0], [0, 0.125]],
    ),
    "norm²": (lambda x: np.linalg.norm(x) ** 2, [0.0, 0.0], 2 * np.eye(2)),
    "norm² of rows": (
        lambda x: (np.linalg.norm(x.reshape(2, 2), axis=1) ** 2).sum(),
        [0.0, 0.0, 3.0, 4.0],
        2 * np.eye(4),
    ),
    "Frobenius norm²": (lambda x: np.linalg.norm(x.reshape(2, 2)) ** 2, [0.0] * 4, 2 * np.eye(4)),
    "hypot²": (lambda x: np.hypot(x[0], x[1]) ** 2, [0.0, 0.0], 2 * np.eye(2)),
    "root of a sum, squared": (lambda x: np.sqrt((x * x).sum()) ** 2, [0.0, 0.0], 2 * np.eye(2)),
    "half power, squared": (lambda x: ((x * x).sum() ** 0.5) ** 2, [0.0, 0.0], 2 * np.eye(2)),
    "exp of norm²": (lambda x: np.exp(np.linalg.norm(x) ** 2), [0.0, 0.0], 2 * np.eye(2)),
    "norm⁴": (lambda x: np.linalg.norm(x) ** 4, [0.0, 0.0], np.zeros((2, 2))),
    "std²": (lambda x: np.std(x) ** 2, [0.1] * 3, 2 / 3 * (np.eye(3) - 1 / 3)),
    "std² with ddof": (lambda x: np.std(x, ddof=1) ** 2, [0.1] * 3, np.eye(3) - 1 / 3),
    "nanstd²": (lambda x: np.nanstd(x) ** 2, [0.1] * 3, 2 / 3 * (np.eye(3) - 1 / 3)),
    "abs²": (lambda x: (np.abs(x) ** 2).sum(), [0.0, 2.0], 2 * np.eye(2)),
    "abs · abs": (lambda x: (np.abs(x) * np.abs(x)).sum(), [0.0, 2.0], 2 * np.eye(2)),
    "fabs · fabs": (lambda x: (np.fabs(x) * np.fabs(x)).sum(), [0.0, 2.0], 2 * np.eye(2)),
    "abs³": (lambda x: (np.abs(x) ** 3).sum(), [0.0, 2.0], [[0, 0], [0, 12]]),
    "abs": (lambda x: np.abs(x).sum(), [0.0, 2.0], np.zeros((2, 2))),
    "abs + abs²": (lambda x: (np.abs(x) + np.abs(x) ** 2).sum(), [0.0, 2.0], 2 * np.eye(2)),
    "norm of abs, squared": (lambda x: np.linalg.norm(np.abs(x)) ** 2, [0.0, 0.0], 2 * np.eye(2)),
    "abs · fabs": (lambda x: (np.abs(x) * np.fabs(x)).sum(), [0.0, 2.0], 2 * np.eye(2)),
    "the same distance twice": (
        lambda x: (np.abs(x - 1) * np.abs(x - 1)).sum(),
        [1.0, 3.0],
        2 * np.eye(2),
    ),
    "the same element twice": (lambda x: np.abs(x[0]) * np.abs(x[0]), [0.0], [[2]]),
    "abs of abs": (lambda x: (np.sin(np.abs(np.abs(x))) ** 2).sum(), [0.0], [[2]]),
    "products of different kinks": (lambda x: np.abs(x[0]) * x[1], [0.0, 0.0], np.zeros((2, 2))),
    "masked std, twice": (
        lambda x: np.std(x, where=MASK < 2) * np.std(x, where=MASK < 2),
        [0.0, 0.0],
        [[0.5, -0.5], [-0.5, 0.5]],
    ),
    "maximum of x and −x, squared": (
        lambda x: (np.maximum(x, -x) ** 2).sum(),
        [0, 2],
        2 * np.eye(2),
    ),
    "fmax of x and −x, squared": (lambda x: (np.fmax(-x, x) ** 2).sum(), [0, 2], 2 * np.eye(2)),
    "minimum of x and −x, squared": (lambda x: (np.minimum(x, -x) ** 2).sum(), [0], [[2]]),
    "copysign, squared": (lambda x: (np.copysign(x, [1.0, -1]) ** 2).sum(), [0, 0], 2 * np.eye(2)),
    "copysign, twice": (lambda x: (np.copysign(x, -1) * np.copysign(x, 1)).sum(), [0], [[-2]]),
    "positive part² + negative part²": (
        lambda x: (np.maximum(x, 0.0) ** 2 + np.minimum(x, 0.0) ** 2).sum(),
        [0, 2],
        2 * np.eye(2),
    ),
    "(positive part − negative part)²": (
        lambda x: ((np.maximum(x, 0.0) - np.maximum(-x, 0.0)) ** 2).sum(),
        [0, 2],
        2 * np.eye(2),
    ),
    "(positive part + negative part)²": (
        lambda x: ((np.fmax(x, 0.0) + np.fmax(0.0, -x)) ** 2).sum(),
        [0, 2],
        2 * np.eye(2),
    ),
    "leaky, squared: the mean of both sides": (
        lambda x: ((np.maximum(x, 0.0) + 0.1 * np.minimum(x, 0.0)) ** 2).sum(),
        [0],
        [[1.01]],
    ),
    "range², of two": (
        lambda x: (np.maximum(x[0], x[1]) - np.minimum(x[1], x[0])) ** 2,
        [3, 3],
        [[2, -2], [-2, 2]],
    ),
    "squares of the larger and the smaller": (
        lambda x: np.maximum(x[0], x[1]) ** 2 + np.minimum(x[0], x[1]) ** 2,
        [3, 3],
        2 * np.eye(2),
    ),
    "the larger times the smaller": (
        lambda x: np.fmax(x[0], x[1]) * np.fmin(x[0], x[1]),
        [3, 3],
        [[0, 1], [1, 0]],
    ),
    "abs · abs of the opposite": (lambda x: (np.abs(x) * np.abs(-x)).sum(), [0, 2], 2 * np.eye(2)),
    "maximum · x": (lambda x: (np.maximum(x, -x) * x).sum(), [0, 2], [[0, 0], [0, 2]]),
    # (|x| + c)² is x² + 2 c |x| + c², and |x|″ is 0 at 0: whichever way the sum is written.
    "square of the sum of abs": (lambda x: np.abs(x).sum() ** 2, [0.0, 2.0], 2 * np.eye(2)),
    "square of two abs": (
        lambda x: (np.abs(x[0]) + np.abs(x[1])) ** 2,
        [0.0, 2.0],
        2 * np.eye(2),
    ),
    "square of a norm of order 1": (
        lambda x: np.linalg.norm(x, 1) ** 2,
        [0.0, 2.0],
        2 * np.eye(2),
    ),
    "square of the mean of abs": (lambda x: np.abs(x).mean() ** 2, [0.0, 2.0], np.eye(2) / 2),
    "variance of abs": (lambda x: np.abs(x).var(), [0.0, 2.0], np.eye(2) / 2),
    "squares of sums of abs": (
        lambda x: ((np.array([[1.0, 2.0], [3.0, 4.0]]) @ np.abs(x)) ** 2).sum(),
        [0.0, 2.0],
        np.diag([20.0, 40.0]),
    ),
    "larger ones": (lambda x: np.maximum(x, -x).sum() ** 2, [0.0, 2.0], 2 * np.eye(2)),
    "sum of hypot": (
        lambda x: np.hypot(x[:2], x[2:]).sum() ** 2,
        [0.0, 3.0, 0.0, 4.0],
        2 * np.eye(4),
    ),
    "norms of rows": (
        lambda x: np.linalg.norm(x.reshape(2, 2), axis=1).sum() ** 2,
        [0.0, 0.0, 3.0, 4.0],
        # of row 2 by its own law: 2 (|r| r/|r|)′ = 2 I
        2 * np.eye(4),
    ),
    # Smooth functions, by sizes that cancel.
    "mean² + variance of abs": (
        lambda x: np.abs(x).mean() ** 2 + np.abs(x).var(),
        [0.0, 1.0],
        np.eye(2),
    ),
    "mean² + variance of norms": (
        lambda x: (lambda r: r.mean() ** 2 + r.var())(np.linalg.norm(x.reshape(2, 2), axis=1)),
        [0.0, 0.0, 3.0, 4.0],
        np.eye(4),
    ),
    "a form in abs": (
        lambda x: np.abs(x) @ np.array([[1.0, 1.0], [-1.0, 1.0]]) @ np.abs(x),
        [0.0, 1.0],
        2 * np.eye(2),
    ),
    "norm · norm": (lambda x: np.linalg.norm(x) * np.linalg.norm(x), [0.0, 0.0], 2 * np.eye(2)),
    "norm": (np.linalg.norm, [0.0, 0.0], np.zeros((2, 2))),
    "norm of one element, as abs": (np.linalg.norm, [0.0], [[0]]),
    "hypot": (lambda x: np.hypot(x[0], x[1]), [0.0, 0.0], np.zeros((2, 2))),
    "arctan2": (lambda x: np.arctan2(x[0], x[1]), [0.0, 0.0], np.zeros((2, 2))),
}


@quiet
@pytest.mark.parametrize(("f", "point", "expected"), table(HESSIANS))
def test_second_derivatives_at_points_that_a_convention_mends(
    f: Any, point: Any, expected: Any
) -> None:
    at = np.array(point, float)
    found = hessian(f)(at)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)
    for v in np.eye(len(point)):
        np.testing.assert_allclose(hvp(f)(at, v), found @ v, rtol=1e-12, atol=1e-15)


_EXTREMES = [
    "maximum of x and −x, squared",
    "copysign, squared",
    "positive part² + negative part²",
    "(positive part − negative part)²",
    "squares of the larger and the smaller",
]


@pytest.mark.parametrize(
    "name",
    ["norm²", "hypot²", "exp of norm²", "std²", "nanstd²", "abs²", "range², of two", *_EXTREMES],
)
def test_the_checker_agrees_with_them(name: str) -> None:
    f, point, _ = HESSIANS[name]
    assert check_gradients(f, np.array(point, float), order=2)


def test_many_kinks_cost_as_much_as_there_are_rows() -> None:
    def calls(rows: int) -> int:
        count = 0

        def counted(*args: Any) -> Any:
            nonlocal count
            count += 1
            return pull(*args)

        op = autograd.OPS["multiply"]
        pull = op.forward
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(op._namespace, "_forward", counted)
            x = leaf(np.zeros((rows, 2)))
            slope = gradients((np.linalg.norm(x, axis=1) ** 2).sum(), x, create_graph=True)
            np.testing.assert_array_equal(gradients(slope.sum(), x), np.full((rows, 2), 2.0))
        return count

    assert 0 < calls(200) == calls(2)


@pytest.mark.parametrize("order", [1, 1.5, 2, 3, np.inf, -np.inf, -1, -2.5, 0.5])
def test_the_square_of_a_norm_of_one_element_is_its_square(order: float) -> None:
    def square(x: Any) -> Any:
        return np.linalg.norm(x, ord=order) ** 2

    np.testing.assert_array_equal(hessian(square)(np.zeros(1)), [[2.0]])
    np.testing.assert_array_equal(hvp(square)(np.zeros(1), np.ones(1)), [2.0])


@pytest.mark.parametrize("order", [1, 1.5, 3, np.inf])
def test_of_several_elements_it_is_no_square_and_that_is_told(order: float) -> None:
    """(|x| + |x|)² is 4 x², whose second derivative the rule of the norm cannot know at 0."""
    with pytest.warns(LimitWarning, match="a gradient of 0 has met"):
        hessian(lambda x: np.linalg.norm(x * np.ones(2), ord=order) ** 2)(np.zeros(1))


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.linalg.norm(x) * np.linalg.norm(2 * x),
        lambda x: np.hypot(x[0], x[1]) * np.linalg.norm(x),
        lambda x: x[0] * np.linalg.norm(x),
    ],
)
def test_a_product_of_two_kinks_is_told(f: Any) -> None:
    with pytest.warns(LimitWarning, match="a gradient of 0 has met"):
        hessian(f)(np.zeros(2))


def test_a_weight_of_norm_squared_is_differentiated_after_it() -> None:
    def second(w: Any) -> Any:  # the Hessian of w ‖x‖² is 2 w I
        return hessian(lambda x: w * np.linalg.norm(x) ** 2)(np.zeros(2))[0, 0]

    assert grad(second)(3.0) == 2.0


def test_sizes_of_other_elements_are_not_the_same_size() -> None:
    """Long indices look alike when they are printed, but |x0| · |x1| is no square."""
    one, two = np.zeros(5000, int), np.zeros(5000, int)
    two[2500] = 1
    with pytest.warns(LimitWarning, match="absolute"):
        hessian(lambda x: (np.abs(x[(one,)]) * np.abs(x[(two,)])).sum())(np.zeros(2))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = hessian(lambda x: (np.abs(x[(two,)]) * np.abs(x[(two,)])).sum())(np.zeros(2))
    np.testing.assert_allclose(found, np.diag([2 * 4999.0, 2.0]))


def test_what_is_infinite_at_a_kink_is_so_in_recorded_passes_too() -> None:
    for f in (lambda x: np.sqrt(np.abs(x)).sum(), lambda x: np.log(np.fabs(x)).sum()):
        x = leaf([0.0])
        with np.errstate(all="ignore"):
            assert np.isnan(gradients(f(x), x)).all()
            assert np.isnan(gradients(f(x), x, create_graph=True).data).all()


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda x: np.abs(x) * np.sin(np.abs(x)), [0, 2, 0, -4]),
        (lambda x: np.cos(np.abs(x)), [0, -1, 0, 1]),
        (lambda x: np.abs(x) * np.abs(x) * np.abs(x) * np.abs(x), [0, 0, 0, 24]),
        (lambda x: np.maximum(x, -x) ** 4, [0, 0, 0, 24]),
        (lambda x: np.cos(np.fmax(-x, x)), [0, -1, 0, 1]),
        (lambda x: np.maximum(x, 0) ** 4 + np.minimum(x, 0) ** 4, [0, 0, 0, 24]),
        (lambda x: np.copysign(x, -1.0) ** 4, [0, 0, 0, 24]),
    ],
)
def test_derivatives_of_abs_to_the_fourth(f: Any, expected: list[float]) -> None:
    for wanted in expected:
        f = grad(f)
        assert f(0.0) == pytest.approx(wanted, abs=1e-12)


def test_fourth_derivatives_at_a_kink() -> None:
    f: Any = lambda x: np.hypot(x, 0.0) ** 4  # noqa: E731 - x⁴, whose fourth derivative is 24
    for _ in range(4):
        f = grad(f)
    assert f(0.0) == 24.0


@pytest.mark.long
@pytest.mark.parametrize(
    ("f", "name"),
    [
        (lambda x: np.abs(x) ** 6, "absolute"),
        (lambda x: np.maximum(x, -x) ** 6, "maximum"),
        (lambda x: np.abs(x) ** 4 * np.square(np.fabs(x)), "absolute|fabs"),
    ],
)
def test_derivatives_of_a_higher_order_than_is_known_at_a_kink_are_refused(
    f: Any, name: str
) -> None:
    """The sixth derivative of x⁶ is 720."""
    for _ in range(5):
        f = grad(f)
    assert f(0.0) == 0.0
    with pytest.raises(
        GradientError, match=rf"({name}): derivatives of order 6 and more .* beside"
    ):
        grad(f)(0.0)
    assert grad(f)(1.0) == pytest.approx(720.0, rel=1e-12)


Z = np.zeros
TOLD: dict[str, tuple[Any, Any]] = {
    # Second derivatives in which sizes or values that are 0 or equal together have shares whose
    # limits are not known.
    "two norms": (lambda x: (norm(x) + norm(2 * x)) ** 2, Z(2)),
    "difference of norms": (lambda x: (norm(x) - norm(2 * x)) ** 2, Z(2)),
    "two hypotenuses": (lambda x: (np.hypot(x[0], x[1]) + np.hypot(x[1], x[0])) ** 2, Z(2)),
    "two deviations": (lambda x: (np.std(x) + np.std(2 * x)) ** 2, np.ones(2)),
    "rows of norms": (lambda x: norm(np.stack([x, x]), axis=1).sum() ** 2, Z(2)),
    "two sizes": (lambda x: ((np.abs(x) - np.abs(2 * x)) ** 2).sum(), Z(1)),
    "greatest and least": (lambda x: x.max() ** 2 + x.min() ** 2, np.ones(2)),
    "greatest times least": (lambda x: x.max() * x.min(), np.ones(2)),
    "of rows": (lambda x: (np.nanmax(x, 1) * np.nanmin(x, 1)).sum(), np.ones((2, 2))),
    "range": (lambda x: np.ptp(x) ** 2, np.ones(3)),
    "product of p-norms": (lambda x: norm(x, 3) * norm(x, 3), Z(2)),
    "two maxima": (lambda x: ((np.maximum(x, 0) + np.maximum(2 * x, 0)) ** 2).sum(), Z(1)),
    "a maximum and a size": (lambda x: ((np.maximum(x, -x) - np.abs(2 * x)) ** 2).sum(), Z(1)),
    "elements of maxima": (lambda x: np.maximum(np.stack([x, 2 * x]), 0).sum() ** 2, Z(1)),
    "elements of one": (lambda x: np.abs(np.stack([x, 2 * x])).sum() ** 2, Z(1)),
    "singular values of 0": (lambda x: (np.linalg.svd(x)[1] ** 2).sum(), Z((2, 2))),
    "equal eigenvalues": (
        lambda x: (np.linalg.eigvalsh((x + x.T) / 2) ** 2).sum(),
        Z((2, 2)),
    ),
    "spectral norm of a row": (lambda x: norm(x.reshape(1, 2), 2) ** 2, Z(2)),
    "nuclear norm of a row": (lambda x: norm(x.reshape(1, 2), "nuc") ** 2, Z(2)),
}
KNOWN: dict[str, tuple[Any, Any, Any]] = {
    "norms of parts": (lambda x: norm(x[:2]) ** 2 + norm(x[2:]) ** 2, Z(4), 2 * np.eye(4)),
    "norms of rows": (lambda x: (norm(x.reshape(2, 2), axis=1) ** 2).sum(), Z(4), 2 * np.eye(4)),
    "sizes": (lambda x: (np.abs(x) ** 2).sum(), Z(3), 2 * np.eye(3)),
    "a maximum that cancels": (
        lambda x: np.log(np.exp(x - x.max()).sum()) + x.max(),
        Z(2),
        np.array([[0.25, -0.25], [-0.25, 0.25]]),
    ),
    "a maximum beside others": (lambda x: 3 * x.max() + (x * x).sum(), np.ones(2), 2 * np.eye(2)),
    "extremes without a tie": (lambda x: x.max() * x.min(), np.array([1.0, 2.0]), 1 - np.eye(2)),
    "times one that is not 0": (
        lambda x: norm(x[:2]) ** 2 * norm(x[2:]),
        np.array([0.0, 0.0, 3.0, 4.0]),
        np.diag([10.0, 10.0, 0.0, 0.0]),
    ),
    "different eigenvalues": (
        lambda x: (np.linalg.eigvalsh((x + x.T) / 2) ** 2).sum(),
        np.diag([1.0, 2.0]),
        [[2, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 2]],  # of Σ ((x + xᵀ)/2)²
    ),
    "different singular values": (
        lambda x: (np.linalg.svd(x, compute_uv=False) ** 2).sum(),
        np.diag([1.0, 0.0]),
        2 * np.eye(4),
    ),
}


@pytest.mark.parametrize(("f", "point"), table(TOLD))
def test_kinks_that_meet_are_told_in_second_derivatives(f: Any, point: Any) -> None:
    with collected_limits() as told:
        grad(f)(point)
        assert not told
        hessian(f)(point)
        assert told
    with detect_anomaly(), pytest.raises(autograd.AnomalyError):
        hessian(f)(point)


@pytest.mark.parametrize(("f", "point", "expected"), table(KNOWN))
def test_kinks_that_do_not_meet_have_their_second_derivatives(
    f: Any, point: Any, expected: Any
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = hessian(f)(point).reshape(point.size, point.size)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_maxima_in_half_precision_and_of_infinities_have_their_shares() -> None:
    t = leaf(np.array([0.0, 0.0, 1.0], np.float16))
    for f in (np.maximum, np.minimum, np.fmax, np.copysign):
        (g,) = gradients((f(t, 0) ** 2).sum(), [t], create_graph=True)
        assert np.isfinite(gradients(g.sum(), t)).all()
    with np.errstate(all="ignore"):
        H = hessian(lambda x: np.exp(np.maximum(x, -np.inf)).sum())(np.array([-np.inf, 1.0]))
        np.testing.assert_allclose(H, np.diag([0.0, np.e]), rtol=1e-15)
        assert hessian(lambda x: np.exp(-np.maximum(x, np.inf)))(np.array(np.inf)) == 0.0
        assert hessian(lambda x: np.maximum(x, 0.0) ** 1.5)(np.array(0.0)) == np.inf


def test_many_ties_cost_no_pass_each() -> None:
    """At zero weights every unit ties, and nothing has reached them."""
    rng = np.random.default_rng(0)
    X, W2 = rng.normal(size=(8, 60)), np.zeros((1, 40))
    W1 = leaf(np.zeros((40, 8)), "W1")
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        J = ((W2 @ np.maximum(W1 @ X, 0.0) - 1.0) ** 2).sum()
        (g,) = gradients(J, [W1], create_graph=True)
        again = gradients(g.sum(), W1, allow_unused=True)
    assert time.perf_counter() - start < 2.0
    assert again is None or not np.any(again)


def test_a_shift_by_a_maximum_that_is_written_twice_is_silent() -> None:
    def softmax(Z: Any) -> Any:
        e = np.exp(Z - np.max(Z, axis=0))
        return e / np.sum(np.exp(Z - np.max(Z, axis=0)), axis=0)

    Z = np.array([[1.0, 0.0], [1.0, 2.0]])
    with detect_anomaly(), warnings.catch_warnings():
        warnings.simplefilter("error")
        found = hessian(lambda Z: (softmax(Z) ** 2).sum())(Z)
    expected = hessian(lambda Z: (autograd.softmax(Z) ** 2).sum())(Z)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_more_kinks_than_passes_are_told() -> None:
    """(Σ |x|)² at 99 zeros beside 1: each second derivative is 2, and would take a pass."""
    x = np.zeros(100)
    x[0] = 1.0

    def square(x: Any) -> Any:
        return np.abs(x).sum() ** 2

    with pytest.warns(LimitWarning):
        hvp(square)(x, np.ones(100))
    np.testing.assert_array_equal(hvp(square)(x[:9], np.ones(9)), np.full(9, 2.0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        linear = hvp(lambda x: np.abs(x).sum())(x, np.ones(100))
    assert not linear.any()


OF_SUMS: dict[str, tuple[Any, list[float]]] = {  # f, and f, f′, f″, f‴ at 1
    "cube": (lambda n: n**3, [1, 3, 6, 6]),
    "exp": (np.exp, [np.e] * 4),
    "sine": (np.sin, [np.sin(1), np.cos(1), -np.sin(1), -np.cos(1)]),
}


@pytest.mark.parametrize(("f", "values"), table(OF_SUMS))
@pytest.mark.parametrize("norm_of", [lambda x: np.linalg.norm(x, 1), lambda x: np.abs(x).sum()])
def test_third_derivatives_of_a_sum_of_sizes(f: Any, values: list[float], norm_of: Any) -> None:
    """Of f(|x| + |y|) at [1, 0]: f″ and f‴ where y is taken an even number of times, else 0."""
    third = jacobian(hessian(lambda x: f(norm_of(x))))(np.array([1.0, 0.0]))
    for index in np.ndindex(2, 2, 2):
        expected = values[3] if sum(index) % 2 == 0 else 0.0
        assert third[index] == pytest.approx(expected, abs=1e-12), index


def test_fourth_derivatives_of_a_norm_of_order_1_are_refused() -> None:
    def quartic(x: Any) -> Any:
        return np.linalg.norm(x, 1) ** 4

    with pytest.raises(GradientError, match="vector_norm: derivatives of"):
        jacobian(jacobian(hessian(quartic)))(np.array([1.0, 0.0]))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("rows", [3, 70])
def test_one_zero_in_many_rows_is_one_kink(rows: int) -> None:
    W = np.random.default_rng(0).normal(size=(rows, 5))
    W[0, 0] = 0.0
    v = np.zeros_like(W)
    v[0, 0] = 1.0

    def square(W: Any) -> Any:
        return np.sum(np.linalg.vector_norm(W, axis=1, ord=1)) ** 2

    assert hvp(square)(W, v)[0, 0] == pytest.approx(2.0)


@pytest.mark.filterwarnings("ignore::autograd.LimitWarning")
@pytest.mark.parametrize("g", [lambda Z: np.maximum(0, Z), np.abs])
def test_an_example_of_zeros_does_not_make_a_second_derivative_slow(g: Any) -> None:
    """All units of a layer are at their kink, and the cost is not flat there: it took minutes."""
    rng = np.random.default_rng(0)
    X, V = rng.normal(size=(20, 50)), rng.normal(size=(3, 64)) / 8
    X[:, 0] = 0.0
    calls, forward = 0, autograd.OPS["matmul"].forward

    def counted(*args: Any) -> Any:
        nonlocal calls
        calls += 1
        return forward(*args)

    def cost(W: Any) -> Any:
        return autograd.logsumexp(V @ g(W @ X), axis=0).mean()

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(autograd.OPS["matmul"]._namespace, "_forward", counted)
        W = rng.normal(size=(64, 20)) / 5
        hvp(cost)(W, np.ones_like(W))
    assert 3 < calls < 60
