"""A cotangent of exactly 0 stays 0, and nothing else is touched."""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import (
    OPS,
    AnomalyError,
    GradientError,
    LimitWarning,
    check_gradients,
    compare_backprop,
    detect_anomaly,
    grad,
    gradients,
    graph,
    hessian,
    hvp,
    jacobian,
    jvp,
    norm,
    strong_zero,
    vjp,
)
from autograd.zeros import collected_limits
from tests.autograd.helpers import leaf, limits, quiet, table
from tests.autograd.samples import parse


def slope(f: Any, x: Any, dtype: Any = None) -> Any:
    t = leaf(x, dtype=dtype)
    return gradients(f(t), t)


@limits
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


@limits
def test_the_switch_gives_ieee_arithmetic_and_nests() -> None:
    f = grad(lambda x: x * np.sqrt(x))
    with strong_zero(False):
        assert np.isnan(f(0.0))
        with strong_zero():
            assert f(0.0) == 0
        assert np.isnan(f(0.0))
    assert f(0.0) == 0


def test_the_backward_pass_is_silent() -> None:
    # filterwarnings = error: NumPy's warnings would be raised here
    assert slope(np.sqrt, 0.0) == np.inf
    assert slope(lambda x: np.where([False], np.sqrt(x), x).sum(), [0.0]) == 1


# -- zeros that hide a limit -----------------------------------------------------------------------

ROOTS = np.array([0.0, 4.0])
MASK = np.array([0.0, 1.0])
WATCHED: dict[str, tuple[Any, list[float], str | None]] = {
    # The function, its gradient at (0, 4) as it is given, and the op that is named, if one is.
    "product with a root": (lambda x: (x * np.sqrt(x)).sum(), [0, 3], "sqrt"),
    "square of a root": (lambda x: (np.sqrt(x) ** 2).sum(), [0, 1], "sqrt"),
    "square of a half power": (lambda x: ((x**0.5) ** 2).sum(), [0, 1], "power"),
    "exp of a sum of logarithms": (lambda x: np.exp(np.log(x).sum()), [0, 0], "log"),
    "branch that was taken": (lambda x: np.where(x >= 0, np.sqrt(x) ** 2, 0).sum(), [0, 1], "sqrt"),
    "index that was taken": (lambda x: (np.sqrt(x) ** 2)[0], [0, 0], "sqrt"),
    "mask of 1": (lambda x: ((1 - MASK) * np.sqrt(x) ** 2).sum(), [0, 0], "sqrt"),
    "branch": (lambda x: np.where(x > 0, x * np.sqrt(x), 0).sum(), [0, 3], None),
    "branch of a division": (lambda x: np.where(x > 0, 1 / x, 0).sum(), [0, -1 / 16], None),
    "index": (lambda x: np.sqrt(x)[1], [0, 0.25], None),
    "list of indices": (lambda x: np.sqrt(x)[[1, 1]].sum(), [0, 0.5], None),
    "slice": (lambda x: np.sqrt(x)[1:].sum(), [0, 0.25], None),
    "boolean index": (lambda x: np.sqrt(x)[x.data > 0].sum(), [0, 0.25], None),
    "mask": (lambda x: (MASK * np.sqrt(x)).sum(), [0, 0.25], None),
    "weights": (lambda x: MASK @ np.sqrt(x), [0, 0.25], None),
    "constant 0": (lambda x: 0.0 * np.sqrt(x[0]) + x[1], [0, 1], None),
    "masked sum": (lambda x: np.sum(np.sqrt(x), where=MASK > 0), [0, 0.25], None),
    "clip": (lambda x: np.clip(np.sqrt(x), 1.0, 3.0).sum(), [0, 0.25], None),
    "max": (lambda x: np.sqrt(x).max(), [0, 0.25], None),
    "maximum": (lambda x: np.maximum(np.sqrt(x), 1.0).sum(), [0, 0.25], None),
    "relu": (lambda x: autograd.relu(np.sqrt(x) - 1).sum(), [0, 0.25], None),
    "sort": (lambda x: np.sort(np.sqrt(x))[1], [0, 0.25], None),
    "median": (lambda x: np.median(np.concatenate([np.sqrt(x), [9.0]])), [0, 0.25], None),
}


@pytest.mark.parametrize("how", ["grad", "backward", "recorded", "anomaly"])
@pytest.mark.parametrize(("f", "expected", "op"), table(WATCHED))
def test_a_zero_of_arithmetic_is_reported_and_one_of_selection_is_silent(
    f: Any, expected: Any, op: str | None, how: str
) -> None:
    def found() -> Any:
        with np.errstate(all="ignore"):
            if how == "grad":
                return grad(f)(ROOTS)
            x = leaf(ROOTS)
            if how == "backward":
                f(x).backward()
                return x.grad
            if how == "recorded":
                return gradients(f(x), x, create_graph=True).data
            y = f(x)
            with detect_anomaly():
                return gradients(y, x)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if how == "anomaly" and op is not None:
            with pytest.raises(AnomalyError, match=f"{op}.* of 0 .*called at .*test_zeros"):
                found()
            return
        actual = found()
    ours = [w for w in caught if issubclass(w.category, LimitWarning)]
    if how == "recorded" and op in ("sqrt", "power") and actual.tolist() != expected:
        # A recorded pass knows how the zero depends on the root, and so the limit.
        x = leaf(ROOTS + np.array([1e-12, 0.0]))
        np.testing.assert_allclose(actual, gradients(f(x), x), rtol=1e-5)
        assert not ours
        return
    np.testing.assert_array_equal(actual, expected)
    assert [str(w.message).split(":")[0] for w in ours] == ([] if op is None else [op])
    assert all(w.filename == __file__ for w in ours)


def test_the_warning_comes_once_a_line() -> None:
    def f(x: Any) -> Any:
        return (x * np.sqrt(x)).sum()

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(3):
            grad(f)(ROOTS)
    assert len(caught) == 1
    assert "sqrt: a gradient of 0" in str(caught[0].message)


def test_a_warning_that_is_an_error_leaves_gradients_as_they_were() -> None:
    x = leaf(0.0)
    y = x * np.sqrt(x)
    with pytest.raises(LimitWarning):
        y.backward()
    assert x.grad is None


@limits
def test_pictures_and_reports_tell_of_hidden_limits() -> None:
    x = leaf([0.0, 4.0], "x")
    y = (np.sqrt(x).named("r") ** 2).sum()
    y.backward()
    g = graph(y)
    assert [n.label for n in g.hidden_limits] == ["r"]
    z = np.where([False, True], np.sqrt(x), 0.0).sum()
    z.backward()
    assert graph(z).keeps_zeros
    assert not graph(z).hidden_limits


def test_reports_note_hidden_limits() -> None:
    with np.errstate(divide="ignore"):
        report = check_gradients(lambda x: (x * np.sqrt(x * x)).sum(), np.array([0.0, 4.0]))
    assert "note: sqrt: a gradient of 0 has met" in str(report)
    w = leaf(np.array([0.0, 4.0]), "w")
    cost = (np.sqrt(w) ** 2).sum()
    report_of_hand = compare_backprop(cost, {"w": np.array([1.0, 1.0])})
    assert not report_of_hand
    assert "note: sqrt: a gradient of 0 has met" in str(report_of_hand)


# -- the second pass -------------------------------------------------------------------------------

X_NAN = np.array([[1.0, 2.0], [np.nan, 3.0]])
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


SELECTED: dict[str, tuple[Any, Any]] = {
    # What is not finite was not selected; a second pass meets it again, and has nothing to tell.
    "root of a square": (lambda x: np.where(x > 0, np.sqrt(x * x), 0).sum(), [[0, 0], [0, 0]]),
    "quotient": (
        lambda x: np.where(x > 0, x**3 / np.sqrt(x * x), 0).sum(),
        [[0, 0], [0, 2]],
    ),
    "power over a root": (
        lambda x: np.where(x > 0, x**1.5 / np.sqrt(x * x), 0).sum(),
        [[0, 0], [0, -1 / 32]],
    ),
    "product of roots": (
        lambda x: np.where(x > 0, x**1.5 * x**0.5, 0).sum(),
        [[0, 0], [0, 2]],
    ),
    "square of an element": (lambda x: (x**1.5)[1] ** 2, [[0, 0], [0, 24]]),
    "square of a masked sum": (lambda x: (x**1.5 * MASK).sum() ** 2, [[0, 0], [0, 24]]),
    "square of the greatest": (lambda x: np.max(x**1.5) ** 2, [[0, 0], [0, 24]]),
    "one-hot times log of 0": (
        lambda x: (MASK * np.log(np.exp(x * x - np.array([800.0, 0.0])))).sum(),
        [[0, 0], [0, 2]],
    ),
    "masked row of softmax": (
        lambda x: np.log((lambda e: e / e.sum())(np.exp(np.where(x > 0, x, -np.inf))))[1],
        [[0, 0], [0, 0]],
    ),
    "index of a root": (lambda x: np.sqrt(x)[1], [[0, 0], [0, -1 / 32]]),
}


@pytest.mark.parametrize("how", ["hessian", "hvp", "jvp", "create_graph"])
@pytest.mark.parametrize(("f", "expected"), table(SELECTED))
def test_a_second_pass_is_silent_where_selection_made_the_zero(
    f: Any, expected: Any, how: str
) -> None:
    x, v = ROOTS, np.array([1.0, -3.0])
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("error")
        if how == "hessian":
            np.testing.assert_allclose(hessian(f)(x), expected, atol=1e-15)
        elif how == "hvp":
            np.testing.assert_allclose(hvp(f)(x, v), np.array(expected) @ v, atol=1e-15)
        elif how == "jvp":
            np.testing.assert_allclose(jvp(f, (x,), (v,))[1], grad(f)(x) @ v, rtol=1e-12)
        else:
            w = leaf(x)
            slope = gradients(f(w), w, create_graph=True)
            found = gradients((slope * v).sum(), w, allow_unused=True)
            np.testing.assert_allclose(found, np.array(expected) @ v, atol=1e-15)


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


def test_what_somebody_looks_at_is_a_derivative_too() -> None:
    """A zero beside a retained gradient hides a limit, though no leaf depends on it."""
    for how in ("retain", "hook"):
        t = autograd.relu(leaf([1.0, 2.0]) - 5)
        if how == "retain":
            t.retain_grad()
        else:
            t.register_hook(lambda g: None)
        with pytest.warns(LimitWarning, match="sqrt"):
            (np.sqrt(t) ** 2).sum().backward()


def test_a_step_function_has_no_limit_to_hide() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert grad(lambda x: (np.sqrt(np.floor(x)) ** 2).sum())(np.array([0.5])) == [0.0]


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


TANGENTS: dict[str, tuple[Any, Any, Any]] = {
    # The function, a point, and its derivative along (1, 1).
    "root": (np.sqrt, [0.0, 4.0], [np.inf, 0.25]),
    "power of 1.5": (lambda x: x * np.sqrt(x), [0.0, 4.0], [0, 3]),
    "branch": (lambda x: np.where(x > 0, np.sqrt(x), 0.0), [-1.0, 4.0], [0, 0.25]),
    "infinite row": (lambda x: np.array([[np.inf, 1], [0, 1]]) @ x, [1.0, 1.0], [np.inf, 1]),
    "NaN row": (lambda x: X_NAN @ x, [1.0, 1.0], [3, np.nan]),
}


@quiet
@pytest.mark.parametrize(("f", "point", "expected"), table(TANGENTS))
def test_tangents_where_derivatives_are_infinite(f: Any, point: Any, expected: Any) -> None:
    _, tangent = jvp(f, (np.array(point),), (np.ones(2),))
    np.testing.assert_array_equal(tangent, expected)


@quiet
@pytest.mark.parametrize("name", WATCHED)
def test_products_of_derivatives_agree_in_compositions(name: str) -> None:
    f, v = WATCHED[name][0], np.array([0.7, 1.3])
    slope_of, (_, tangent) = grad(f)(ROOTS), jvp(f, (ROOTS,), (v,))
    recorded = gradients(f(x := leaf(ROOTS)), x, create_graph=True).data
    if np.array_equal(slope_of, recorded):  # the recorded pass knows some limits
        np.testing.assert_allclose(tangent, slope_of @ v, rtol=1e-14)
    H = hessian(f)(ROOTS)
    finite = np.isfinite(H).all(axis=0) & np.isfinite(H).all(axis=1)
    assert finite[1]
    np.testing.assert_allclose(H[finite][:, finite], H.T[finite][:, finite], rtol=1e-14)
    np.testing.assert_allclose(hvp(f)(ROOTS, v)[finite], (H @ v)[finite], rtol=1e-14)


def test_a_seed_of_0_can_be_differentiated_by() -> None:
    # the derivative of gᵀJ by g along v is J v, also at g = 0
    x, g = leaf(ROOTS), leaf(np.zeros(2))
    pulled = gradients(np.sqrt(x), x, g, create_graph=True)
    np.testing.assert_array_equal(gradients(pulled.sum(), g), [np.inf, 0.25])


def special(name: str, sample: str, which: int) -> tuple[Any, Any, Any]:
    """Return a function of one operand of an op, with zeros, infinities and NaN in it."""
    o = OPS[name]
    arrays, params = parse(o, sample)
    for k, value in enumerate((0.0, np.nan, np.inf)[: max(arrays[which].size - 2, 0)]):
        arrays[which].flat[k] = value

    def f(x: Any) -> Any:
        operands = [*arrays]
        operands[which] = x
        return o.record(operands, **params) if o.variadic else o.record(*operands, **params)

    return f, arrays[which], o


SPECIAL = [
    pytest.param(name, sample, which, id=f"{name}-{sample.replace(' ', '_')}-{which}")
    for name, o in sorted(OPS.items())
    for sample in o.samples
    for which in range(len([w for w in sample.split() if "=" not in w]))
    if o.variadic or o.rules.get(o.operands[which]) is not None
]


@quiet
@pytest.mark.parametrize(("name", "sample", "which"), SPECIAL)
def test_products_of_derivatives_agree_beside_zeros_infinities_and_nan(
    name: str, sample: str, which: int
) -> None:
    f, point, _ = special(name, sample, which)
    try:
        J = jacobian(f)(point)
    except np.linalg.LinAlgError:
        pytest.skip("the decomposition of a matrix with NaN is an error, as in NumPy")
    shape = J.shape[: J.ndim - point.ndim]
    J = J.reshape(int(np.prod(shape)), point.size)
    rng = np.random.default_rng(0)
    v, g = rng.uniform(0.5, 1.5, point.shape), rng.uniform(0.5, 1.5, shape)
    _, tangent = jvp(f, (point,), (v,))
    finite = np.isfinite(J).all(axis=1)
    np.testing.assert_allclose(
        np.ravel(tangent)[finite], (J @ v.ravel())[finite], rtol=1e-12, atol=1e-14
    )
    _, pull = vjp(f, point)
    columns = np.isfinite(J).all(axis=0)
    np.testing.assert_allclose(
        pull(g)[0].ravel()[columns], (g.ravel() @ J)[columns], rtol=1e-12, atol=1e-14
    )

    def cost(x: Any) -> Any:
        return (f(x) * g).sum()

    H = hessian(cost)(point).reshape(point.size, point.size)
    along = hvp(cost)(point, v).ravel()
    rows = np.isfinite(H).all(axis=1) & np.isfinite(H).all(axis=0)
    np.testing.assert_allclose(along[rows], (H @ v.ravel())[rows], rtol=1e-10, atol=1e-12)
    both = np.isfinite(H) & np.isfinite(H.T)
    np.testing.assert_allclose(H[both], H.T[both], rtol=1e-10, atol=1e-12)


STACKS: dict[str, tuple[Any, tuple[int, ...]]] = {
    "softmax": (lambda a: autograd.softmax(a, axis=1), (2, 3)),
    "log_softmax": (lambda a: autograd.log_softmax(a, axis=1), (2, 3)),
    "cumprod": (lambda a: np.cumprod(a, axis=1), (2, 3)),
    "logsumexp": (lambda a: autograd.logsumexp(a, axis=1), (2, 3)),
    "prod": (lambda a: np.prod(a, axis=1), (2, 3)),
    "std": (lambda a: np.std(a, axis=1), (2, 3)),
    "norm": (lambda a: np.linalg.norm(a, axis=1), (2, 3)),
    "cross": (lambda a: np.linalg.cross(a, np.array([1.0, 2.0, 3.0])), (2, 3)),
    "det": (np.linalg.det, (2, 2, 2)),
    "inv": (np.linalg.inv, (2, 2, 2)),
    "solve": (lambda a: np.linalg.solve(a, np.ones((2, 1))), (2, 2, 2)),
    "solve for a vector": (lambda a: np.linalg.solve(a, np.ones(2)), (2, 2, 2)),
    "logabsdet": (lambda a: np.linalg.slogdet(a)[1], (2, 2, 2)),
}


@quiet
@pytest.mark.parametrize("recorded", [False, True])
@pytest.mark.parametrize(("f", "shape"), table(STACKS))
def test_a_nan_slice_whose_cotangent_is_0_spoils_nothing(
    f: Any, shape: tuple[int, ...], recorded: bool
) -> None:
    values = np.random.default_rng(0).uniform(0.5, 1.5, shape)
    beside = leaf(values[1:])
    expected = gradients(f(beside).sum(), beside)
    values[0] = np.nan
    x = leaf(values)
    found = gradients(f(x)[1:].sum(), x, create_graph=recorded)
    found = found.data if recorded else found
    np.testing.assert_array_equal(found[0], np.zeros(shape[1:]))
    np.testing.assert_allclose(found[1:], expected, rtol=1e-13)


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


@quiet
def test_anomaly_detection_sees_what_a_zero_beside_it_has_not_mended() -> None:
    t = leaf([np.nan, np.nan])
    y = t * t
    with pytest.raises(AnomalyError, match="backward pass of multiply gave nan"), detect_anomaly():
        gradients(y, t, np.array([0.0, 1.0]))


@pytest.mark.parametrize(
    ("name", "sample"),
    [
        (n, s)
        for n, o in sorted(autograd.OPS.items())
        for s in o.samples[:2]
        if n not in ("det", "inv")
    ],
)
def test_a_recomputed_pass_goes_as_the_walk_where_0_stands_beside_nan(
    name: str, sample: str
) -> None:
    """A cotangent of NaN and one of 0: what a picture recomputes has the same gradients."""
    op = autograd.OPS[name]
    arrays, params = parse(op, sample)
    tensors = [leaf(a) for a in arrays]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        out = op.record(tensors, **params) if op.variadic else op.record(*tensors, **params)
        weights = np.zeros(out.shape)
        weights.flat[:2] = [np.nan, 1.0][: out.size]
        walked = gradients((out * weights).sum(), tensors, allow_unused=True)
        view = autograd.graph((out * weights).sum())
        program = view.program
        seeds = {program.outputs[0]: np.ones(())[()]}
        again = program.pulled_back(program.values, seeds)
    for t, g in zip(tensors, walked, strict=True):
        node = view.find(t)
        if node is not None and g is not None:
            np.testing.assert_array_equal(np.asarray(again[node.id]), g)


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda x: np.linalg.slogdet(x)[1][1], np.linalg.inv([[3.0, 1.0], [1.0, 2.0]]).T),
        (lambda x: (np.linalg.qr(x)[1][1] ** 2).sum(), 2 * np.array([[3.0, 1.0], [1.0, 2.0]])),
    ],
)
def test_a_singular_matrix_that_nobody_asks_about_spoils_no_other(f: Any, expected: Any) -> None:
    """‖R‖² = ‖A‖², as Q is orthogonal."""
    stack = np.array([[[1.0, 1.0], [1.0, 1.0]], [[3.0, 1.0], [1.0, 2.0]]])
    found = grad(f)(stack)
    np.testing.assert_allclose(found[1], expected, rtol=1e-12)
    np.testing.assert_array_equal(found[0], np.zeros((2, 2)))
    H = hessian(f)(stack)
    assert not H[0].any()
    assert not H[:, :, :, 0].any()
    with pytest.raises(GradientError, match="Singular matrix"):
        grad(lambda x: f(x[::-1]))(stack)


def test_quantiles_of_nothing_are_nan_as_in_numpy() -> None:
    x = leaf(np.zeros((2, 0)))
    found = autograd.nanmedian(x, axis=1)
    assert np.isnan(found.data).all()
    found.sum().backward()
    assert x.grad is not None
    assert x.grad.shape == (2, 0)


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


LEFT_OUT: dict[str, Any] = {
    "relu": lambda x: autograd.relu(x),
    "maximum": lambda x: np.maximum(x, 0.0),
    "minimum": lambda x: -np.minimum(-x, 0.0),
    "fmax": lambda x: np.fmax(x, 0.0),
    "clip": lambda x: np.clip(x, 0.0, 9.0),
    "where": lambda x: np.where(x > 0, x, 0.0),
}


@pytest.mark.parametrize("outer", [np.sqrt, lambda u: np.log(u + 0.0) * 0.25, np.cbrt])
@pytest.mark.parametrize("f", table(LEFT_OUT))
def test_an_infinite_slope_beyond_what_was_left_out_is_nothing(f: Any, outer: Any) -> None:
    """The composition is constant around −1, whatever its outer function does at 0."""
    point = np.array([-1.0, 4.0])
    with np.errstate(all="ignore"):
        found = grad(lambda x: outer(f(x)).sum())(point)
        alone = grad(lambda x: outer(x).sum())(4.0)
        assert found[0] == 0.0
        assert found[1] == pytest.approx(alone, rel=1e-15)
        H = hessian(lambda x: outer(f(x)).sum())(point)
    np.testing.assert_array_equal(H[0], [0.0, 0.0])
    assert H[1, 1] == pytest.approx(grad(grad(lambda x: outer(x)))(4.0), rel=1e-14)


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


@pytest.mark.parametrize("scale", [1.0, 1e-8, 1e8])
def test_dependent_columns_have_no_derivative_of_qr(scale: float) -> None:
    """A pivot that is rounding is 0, whatever this machine's library makes of it."""
    for columns in ([[1.0, 1], [1, 1]], [[0.1, 0.3], [0.2, 0.6]], [[1, 2.0], [3, 6], [7, 14]]):
        with pytest.raises(GradientError, match="Singular matrix"):
            grad(lambda x: np.linalg.qr(x)[0].sum())(scale * np.array(columns))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_products_that_leave_out_what_is_not_finite_have_their_derivatives(bad: float) -> None:
    x = np.array([2.0, 3.0, bad, 5.0])
    f = lambda x: np.cumprod(x)[0] + 2 * np.cumprod(x)[1]  # noqa: E731 - x₀ + 2 x₀ x₁
    np.testing.assert_array_equal(grad(f)(x), [7.0, 4.0, 0.0, 0.0])
    H = np.zeros((4, 4))
    H[0, 1] = H[1, 0] = 2
    np.testing.assert_array_equal(hessian(f)(x), H)
    with np.errstate(all="ignore"):
        found = grad(np.linalg.det)(np.array([[1.0, 2.0, 1.0], [2.0, bad, 3.0], [4.0, 5.0, 6.0]]))
    # The minors of the row and of the column in which it stands.
    np.testing.assert_allclose(found[1], [-7.0, 2.0, 3.0], rtol=1e-12)
    np.testing.assert_allclose(found[:, 1], [0.0, 2.0, -1.0], atol=1e-12)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_cross_product_beside_what_is_not_finite(bad: float) -> None:
    """(c × x)₁ is c₂ x₀ − c₀ x₂, without c₁."""
    x, v = np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0]) / 3
    H = 2 * np.array([[1.0, 0, -1], [0, 0, 0], [-1, 0, 1]])
    for f in (lambda x: np.cross([1, bad, 1], x)[1], lambda x: -np.linalg.cross(x, [1, bad, 1])[1]):
        g = lambda x, f=f: f(x) ** 2  # noqa: E731
        np.testing.assert_allclose(grad(g)(x), [-4.0, 0.0, 4.0], rtol=1e-15)
        np.testing.assert_allclose(hessian(g)(x), H, rtol=1e-15)
        np.testing.assert_allclose(jvp(grad(g), (x,), (v,))[1], H @ v, rtol=1e-15)


def test_differences_of_even_spacing_leave_the_point_itself_out() -> None:
    x = leaf([1.0, np.nan, 3.0])
    found = np.gradient(x)
    np.testing.assert_array_equal(found.data, np.gradient(x.data))
    assert found.data[1] == 1.0


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


def test_values_of_ties_need_no_strong_zero() -> None:
    t = leaf(np.eye(3), "t")
    with strong_zero(False):
        np.testing.assert_array_equal(gradients(np.linalg.eigvalsh(t).sum(), t), np.eye(3))


@pytest.mark.parametrize("scale", [1e-20, 1e-8, 1e8])
def test_columns_of_another_scale_are_independent(scale: float) -> None:
    """R₁₁ of a matrix with columns (1, 0) and (0, s) is s, whose derivative by s is 1."""
    found = grad(lambda s: np.abs(np.linalg.qr(np.eye(2) * np.stack([1.0, s]))[1][1, 1]))(scale)
    assert found == pytest.approx(1.0, rel=1e-12)
    V = np.vander(np.linspace(1.0, 100.0, 12), 9)
    weights = np.random.default_rng(0).normal(size=9)
    g = grad(lambda t: (np.abs(np.linalg.qr(t)[1].diagonal()) * weights).sum())(V)
    assert np.isfinite(g).all()


@quiet
@pytest.mark.filterwarnings("ignore::autograd.LimitWarning")
def test_tangents_of_gradients_beside_a_row_of_nan() -> None:
    """Where the rows are centred, cotangents that are equal would cancel."""
    a = np.array([1.0, np.nan, 1.0])
    X = np.array([[3.0, 2.0, 1.0], [1.0, 2.5, 0.0], [2.0, 2.0, 7.0]])
    V = np.arange(1.0, 10.0).reshape(3, 3) / 9

    def centred(a: Any) -> Any:
        def f(x: Any) -> Any:
            c = x * a[:, None]
            c = c - c.mean(1, keepdims=True)
            return (c @ c.T)[0, 2] ** 2

        return f

    expected = jvp(grad(centred(np.ones(3))), (X,), (V,))[1]  # of the rows that count
    found = jvp(grad(centred(a)), (X,), (V,))[1]
    np.testing.assert_allclose(found[[0, 2]], expected[[0, 2]], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(hvp(centred(a))(X, V)[[0, 2]], expected[[0, 2]], atol=1e-12)


@quiet
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_tangents_of_convolutions_beside_what_is_not_finite(bad: float) -> None:
    x, v = np.array([1.0, 2.0, 4.0]), np.array([1.0, 3.0, 5.0])
    for f in (lambda x: np.convolve(x, [1, bad]), lambda x: np.convolve([1, bad], x)):
        found = jvp(f, (x,), (v,))[1]
        assert found[0] == 1.0
        assert not np.isfinite(found[1:]).any()


def test_the_angle_at_the_origin_tells_of_limits() -> None:
    """Polar coordinates taken back: r sin θ is y, whose derivative the convention would hide."""

    def y(v: Any) -> Any:
        return np.hypot(v[0], v[1]) * np.sin(np.arctan2(v[0], v[1]))

    with pytest.warns(LimitWarning, match="arctan2: a gradient of 0 has met"):
        grad(y)(np.zeros(2))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert grad(lambda v: np.arctan2(v[0], v[1]))(np.zeros(2)).tolist() == [0, 0]
        # What was selected away is silent.
        angles = jacobian(lambda v: np.arctan2(v[:2], v[2:]))(np.array([0.0, 1, 0, 2]))
        np.testing.assert_allclose(angles, [[0, 0, 0, 0], [0, 0.4, 0, -0.2]])
        chosen = grad(lambda v: np.where(v[0] > 0, np.arctan2(v[0], v[1]), v[0]))(np.zeros(2))
        assert chosen.tolist() == [1, 0]


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
