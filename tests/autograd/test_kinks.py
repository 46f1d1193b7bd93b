"""Derivatives at kinks and singular points.

Expectations are numbers worked out by hand, or come from plain NumPy without derivative rules.
"""

from __future__ import annotations

import inspect
import sys
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import (
    Tensor,
    grad,
    gradients,
    hessian,
    strong_zero,
    vjp,
)
from tests.autograd.helpers import leaf, limits, quiet, table

every_float = pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])

INF, NAN = np.inf, np.nan
ELEMENTWISE: dict[str, tuple[Any, Any, Any]] = {
    # The function, the point, and the derivative by each argument there.
    "abs(0)": (np.abs, [0.0], [0.0]),
    "abs(-0)": (abs, [-0.0], [0.0]),
    "relu(0)": (autograd.relu, [0.0], [0.0]),
    "leaky relu slope at 0": (lambda x: autograd.leaky_relu(x, 0.25), [0.0], [0.25]),
    "maximum tie": (np.maximum, [2.0, 2.0], [0.5, 0.5]),
    "minimum tie": (np.minimum, [2.0, 2.0], [0.5, 0.5]),
    "clip at the lower bound": (lambda x: np.clip(x, -1.0, 1.0), [-1.0], [0.0]),
    "clip at the upper bound": (lambda x: np.clip(x, -1.0, 1.0), [1.0], [0.0]),
    "clip at its only bound": (lambda x: np.clip(x, 0, None), [0.0], [0.0]),
    "sqrt(0)": (np.sqrt, [0.0], [INF]),
    "cbrt(0)": (np.cbrt, [0.0], [INF]),
    "hypot(0, 0)": (np.hypot, [0.0, 0.0], [0.0, 0.0]),
    "arctan2(0, 0)": (np.arctan2, [0.0, 0.0], [0.0, 0.0]),
    "x sqrt(x) at 0": (lambda x: x * np.sqrt(x), [0.0], [0.0]),
    "sqrt(x) x at 0": (lambda x: np.sqrt(x) * x, [0.0], [0.0]),
    "BCE with logits 1000, y=1": (
        lambda z: autograd.binary_cross_entropy_with_logits(z, 1.0),
        [1000.0],
        [0.0],
    ),
    "BCE with logits -1000, y=1": (
        lambda z: autograd.binary_cross_entropy_with_logits(z, 1.0),
        [-1000.0],
        [-1.0],
    ),
    "x^0 at 0": (lambda x: x**0, [0.0], [0.0]),
    "x^1 at 0": (lambda x: x**1, [0.0], [1.0]),
    "x^2 at 0": (lambda x: x**2, [0.0], [0.0]),
    "x^½ at 0": (lambda x: x**0.5, [0.0], [INF]),
    "x^y at (0, 0)": (np.power, [0.0, 0.0], [0.0, 0.0]),
    "x^y at (0, 1)": (np.power, [0.0, 1.0], [1.0, 0.0]),
    "x^y at (0, 2)": (np.power, [0.0, 2.0], [0.0, 0.0]),
    "x^y at (0, ½)": (np.power, [0.0, 0.5], [INF, 0.0]),
    "(-2)^3": (np.power, [-2.0, 3.0], [12.0, NAN]),
    "(-2)^3, constant exponent": (lambda x: x**3, [-2.0], [12.0]),
    "sinc at 0": (np.sinc, [0.0], [0.0]),
    "sigmoid at 1000": (autograd.sigmoid, [1000.0], [0.0]),
    "sigmoid at -1000": (autograd.sigmoid, [-1000.0], [0.0]),
    "tanh at 1000": (np.tanh, [1000.0], [0.0]),
    "tanh at -1000": (np.tanh, [-1000.0], [0.0]),
    "softplus at 1000": (autograd.softplus, [1000.0], [1.0]),
    "softplus at -1000": (autograd.softplus, [-1000.0], [0.0]),
}


@limits
@every_float
@pytest.mark.parametrize("shape", [(), (2, 1)], ids=["number", "array"])
@pytest.mark.parametrize(("f", "point", "expected"), table(ELEMENTWISE))
def test_the_derivative_at(
    f: Any, point: Any, expected: Any, shape: tuple[int, ...], dtype: Any
) -> None:
    xs = [leaf(np.full(shape, x), dtype=dtype) for x in point]
    found = gradients(f(*xs), xs, np.ones(shape))
    for actual, value in zip(found, expected, strict=True):
        np.testing.assert_array_equal(actual, np.full(shape, value))
        assert actual.dtype == dtype


SLICES: dict[str, tuple[Any, Any, Any]] = {
    # The function, the array, and the gradient of the sum of its results.
    "max reduction tie": (np.max, [3.0, 1.0, 3.0], [0.5, 0.0, 0.5]),
    "max tie of four": (np.max, [[3.0, 3.0], [3.0, 3.0]], [[0.25, 0.25], [0.25, 0.25]]),
    "max ties of slices": (
        lambda x: np.max(x, axis=1),
        [[2.0, 2.0, 1.0], [5.0, 1.0, 5.0], [0.0, 1.0, 2.0]],
        [[0.5, 0.5, 0.0], [0.5, 0.0, 0.5], [0.0, 0.0, 1.0]],
    ),
    "min reduction tie": (np.min, [1.0, 3.0, 1.0], [0.5, 0.0, 0.5]),
    "min ties of slices": (
        lambda x: np.min(x, axis=0),
        [[2.0, 2.0], [2.0, 5.0]],
        [[0.5, 1.0], [0.5, 0.0]],
    ),
    "norm(0)": (np.linalg.norm, [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]),
    "norm of a zero row": (
        lambda x: np.linalg.norm(x, axis=1),
        [[0.0, 0.0], [3.0, 4.0]],
        [[0.0, 0.0], [0.6, 0.8]],
    ),
    "norm of a zero matrix": (np.linalg.norm, [[0.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]),
    "norm of order 3 at 0": (lambda x: np.linalg.norm(x, 3), [0.0, 0.0], [0.0, 0.0]),
    "norm of order 1 at 0": (lambda x: np.linalg.norm(x, 1), [0.0, 0.0], [0.0, 0.0]),
    "max with NaN": (np.max, [1.0, NAN, 2.0], [0.0, 1.0, 0.0]),
    "min with NaN": (np.min, [1.0, NAN, 2.0], [0.0, 1.0, 0.0]),
    "max of rows with NaN": (
        lambda x: np.max(x, axis=1),
        [[1.0, NAN], [1.0, 2.0]],
        [[0.0, 1.0], [0.0, 1.0]],
    ),
    "prod with one zero": (np.prod, [2.0, 0.0, 3.0], [0.0, 6.0, 0.0]),
    "prod with two zeros": (np.prod, [0.0, 0.0, 3.0], [0.0, 0.0, 0.0]),
    "prod of rows with zeros": (
        lambda x: np.prod(x, axis=1),
        [[2.0, 0.0, 3.0], [0.0, 0.0, 3.0], [2.0, 3.0, 4.0]],
        [[0.0, 6.0, 0.0], [0.0, 0.0, 0.0], [12.0, 8.0, 6.0]],
    ),
    "cumprod [2,0,3,4]": (np.cumprod, [2.0, 0.0, 3.0, 4.0], [1.0, 32.0, 0.0, 0.0]),
    "std of a constant vector": (np.std, [5.0, 5.0, 5.0], [0.0, 0.0, 0.0]),
    "std of a constant that rounds": (np.std, [0.1] * 3, [0.0, 0.0, 0.0]),
    "std of a constant vector, ddof=1": (lambda x: np.std(x, ddof=1), [5.0, 5.0], [0.0, 0.0]),
    "median of even n": (np.median, [1.0, 4.0, 2.0, 9.0], [0.0, 0.5, 0.5, 0.0]),
    "median of equal middles": (np.median, [3.0, 3.0], [0.5, 0.5]),
    "det at a singular matrix": (
        np.linalg.det,
        [[1.0, 2.0], [3.0, 6.0]],
        [[6.0, -3.0], [-2.0, 1.0]],
    ),
    "det at a matrix of rank 0": (np.linalg.det, np.zeros((2, 2)), np.zeros((2, 2))),
    "softmax cross-entropy at 1000": (
        lambda z: autograd.softmax_cross_entropy(z, np.array([1.0, 0.0, 0.0])),
        [1000.0, 0.0, -1000.0],
        [0.0, 0.0, 0.0],
    ),
    "softmax cross-entropy at 0": (
        lambda z: autograd.softmax_cross_entropy(z, np.array([0.0, 1.0, 0.0])),
        [1000.0, 0.0, -1000.0],
        [1.0, -1.0, 0.0],
    ),
    "softmax cross-entropy at -1000": (
        lambda z: autograd.softmax_cross_entropy(z, np.array([0.0, 0.0, 1.0])),
        [1000.0, 0.0, -1000.0],
        [1.0, 0.0, -1.0],
    ),
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("f", "point", "expected"), table(SLICES))
def test_the_gradient_at(f: Any, point: Any, expected: Any, dtype: Any) -> None:
    x = leaf(point, dtype=dtype)
    y = f(x)
    found = gradients(y, x, np.ones(y.shape))
    assert found.dtype == dtype
    # Exact but for the cofactors, which come from a decomposition, and 3/5 and 4/5.
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=4 * np.finfo(dtype).eps)


def test_values_at_logits_of_a_thousand() -> None:
    z = leaf([1000.0, -1000.0])
    for f, expected in (
        (autograd.sigmoid, [1.0, 0.0]),
        (np.tanh, [1.0, -1.0]),
        (autograd.softplus, [1000.0, 0.0]),
        (lambda t: autograd.binary_cross_entropy_with_logits(t, 1.0), [0.0, 1000.0]),
    ):
        np.testing.assert_array_equal(f(z).data, expected)
    three = leaf([1000.0, 0.0, -1000.0])
    for i, loss in enumerate([0.0, 1000.0, 2000.0]):
        assert autograd.softmax_cross_entropy(three, np.eye(3)[i]).item() == loss


@quiet
def test_std_with_ddof_1_of_one_value_is_nan() -> None:
    x = leaf([3.0])
    y = np.std(x, ddof=1)
    y.backward()
    assert np.isnan(y.item())
    assert np.isnan(x.grad).all()


def test_prod_with_one_zero_and_with_two_is_exact_to_second_order() -> None:
    # ∂²/∂a∂b of abc is c, and so on.
    one = [[0.0, 3.0, 0.0], [3.0, 0.0, 2.0], [0.0, 2.0, 0.0]]
    np.testing.assert_array_equal(hessian(np.prod)(np.array([2.0, 0.0, 3.0])), one)
    two = [[0.0, 3.0, 0.0], [3.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    np.testing.assert_array_equal(hessian(np.prod)(np.array([0.0, 0.0, 3.0])), two)
    three = np.zeros((3, 3))
    np.testing.assert_array_equal(hessian(np.prod)(np.zeros(3)), three)


def test_cumprod_with_a_zero_is_exact_to_second_order() -> None:
    # a + ab + abc + abcd: ∂²/∂a∂b = 1 + c + cd, ∂a∂c = b + bd, ∂a∂d = bc, ∂b∂c = a + ad,
    # ∂b∂d = ac, ∂c∂d = ab, at (2, 0, 3, 4).
    expected = [
        [0.0, 16.0, 0.0, 0.0],
        [16.0, 0.0, 10.0, 6.0],
        [0.0, 10.0, 0.0, 0.0],
        [0.0, 6.0, 0.0, 0.0],
    ]
    found = hessian(lambda x: np.cumprod(x).sum())(np.array([2.0, 0.0, 3.0, 4.0]))
    np.testing.assert_array_equal(found, expected)


def test_a_constant_exponent_takes_no_logarithm(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[Any] = []
    log = np.log
    monkeypatch.setattr(np, "log", lambda a: taken.append(a) or log(a))
    for exponent in (3, 3.0, np.array([3.0]), Tensor(3.0)):
        x = leaf([-2.0])
        (x**exponent).sum().backward()
        assert x.grad == [12.0]
    assert taken == []
    x, y = leaf([2.0]), leaf([3.0])
    (x**y).sum().backward()
    assert len(taken) == 1


def test_sinc_has_its_second_derivative_at_0() -> None:
    # sinc x = 1 − (πx)²/6 + (πx)⁴/120 − …
    assert grad(np.sinc)(0.0) == 0.0
    assert grad(grad(np.sinc))(0.0) == pytest.approx(-(np.pi**2) / 3, rel=1e-14)
    assert grad(grad(grad(np.sinc)))(0.0) == pytest.approx(0.0, abs=1e-12)


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


@quiet
@every_float
def test_where_x_is_positive_sqrt_x_else_0_is_flat_at_0_and_minus_1(dtype: Any) -> None:
    def f(x: Any) -> Any:
        return np.where(x > 0, np.sqrt(x), 0)

    for value, expected in ((0.0, 0.0), (-1.0, 0.0), (4.0, 0.25)):
        x = leaf(value, dtype=dtype)
        assert gradients(f(x), x) == expected
    x = leaf([0.0, -1.0, 4.0], dtype=dtype)
    np.testing.assert_array_equal(gradients(f(x), x, np.ones(3)), [0.0, 0.0, 0.25])
    second = hessian(lambda x: f(x).sum())(np.array([0.0, -1.0, 4.0], dtype))
    np.testing.assert_array_equal(second, np.diag([0.0, 0.0, -1 / 32]))


@quiet
def test_strong_zero_a_zero_times_what_is_not_finite_is_0() -> None:
    # The cotangent is 0 in the first place only, the local derivative is ∞ or NaN in both.
    for f, local in ((np.sqrt, INF), (np.log, INF), (lambda x: x**-0.5, -INF)):
        x = leaf([0.0, 0.0])
        np.testing.assert_array_equal(gradients(f(x), x, [0.0, 1.0]), [0.0, local])
    x = leaf([-1.0, -1.0])
    np.testing.assert_array_equal(gradients(np.sqrt(x), x, [0.0, 1.0]), [0.0, NAN])
    factor = np.array([NAN, INF])
    x = leaf([1.0, 1.0])
    np.testing.assert_array_equal(gradients(x * factor, x, [0.0, 0.0]), [0.0, 0.0])
    np.testing.assert_array_equal(gradients(x * factor, x, [1.0, 1.0]), [NAN, INF])


def test_strong_zero_is_computed_only_when_something_is_not_finite() -> None:
    from autograd.zeros import mended

    calls: list[Any] = []

    def count(frame: Any, event: str, _: Any) -> None:
        if event == "call" and frame.f_code is mended.__code__:
            calls.append(frame)

    x = leaf([0.0, 1.0])
    finite = np.where([False, True], np.exp(x), 0.0) * x
    root = np.sqrt(x)
    before = sys.getprofile()
    try:
        sys.setprofile(count)
        gradients(finite, x, [0.0, 1.0])
        gradients(root, x, [1.0, 1.0], retain_graph=True)  # ∞, but no 0 meets it
        none = len(calls)
        found = gradients(root, x, [0.0, 1.0])
    finally:
        sys.setprofile(before)
    np.testing.assert_array_equal(found, [0.0, 0.5])
    assert (none, len(calls)) == (0, 1)


def test_strong_zero_is_documented() -> None:
    text = inspect.getdoc(strong_zero) or ""
    assert "a cotangent of exactly 0 stays 0" in text
    assert "0 · ∞ is NaN" in text


@quiet
def test_strong_zero_has_a_switch_that_gives_ieee_behaviour() -> None:
    def f(x: Any) -> Any:
        return np.where(x > 0, np.sqrt(x), 0.0)

    assert grad(f)(0.0) == 0.0
    with strong_zero(False):
        assert np.isnan(grad(f)(0.0))
        assert np.isnan(grad(lambda x: x * np.sqrt(x))(0.0))
    assert grad(f)(0.0) == 0.0


# -- shares at a tie -------------------------------------------------------------------------------

# What moves with its operands, f(x + t) = f(x) + t, has derivatives that add up to 1 at a tie too.
MOVING = {
    "maximum": lambda x, y: np.maximum(x, y),
    "minimum": lambda x, y: np.minimum(x, y),
    "fmax": lambda x, y: np.fmax(x, y),
    "fmin": lambda x, y: np.fmin(x, y),
    "clip": lambda x, y: np.clip(x, y, y + 1),
    "clip above": lambda x, y: np.clip(x, y - 1, y),
    "clip between": lambda x, y: np.clip(x, y, y),
    "clip below alone": lambda x, y: np.clip(x, y, None),
    "max": lambda x, y: np.max(np.stack([x, y]), axis=0),
    "min": lambda x, y: np.min(np.stack([x, y]), axis=0),
    "nanmax": lambda x, y: np.nanmax(np.stack([x, y]), axis=0),
    "nanmin": lambda x, y: np.nanmin(np.stack([x, y]), axis=0),
    "median": lambda x, y: np.median(np.stack([x, y, x]), axis=0),
    "quantile": lambda x, y: np.quantile(np.stack([x, y, y]), 0.3, axis=0),
    "sort": lambda x, y: np.sort(np.stack([x, y]), axis=0)[1],
    "partition": lambda x, y: np.partition(np.stack([x, y]), 1, axis=0)[0],
    "where": lambda x, y: np.where(x > y, x, y),
    "copysign": lambda x, y: x + np.copysign(y - x, 1.0) - np.abs(y - x),
}


@pytest.mark.parametrize("name", MOVING)
@pytest.mark.parametrize("other", [[1.0, 2.0, 3.0], [0.0, 2.0, 4.0]])
def test_shares_at_a_tie_add_up_to_1(name: str, other: list[float]) -> None:
    x, y = leaf([1.0, 2.0, 3.0]), leaf(other)
    found = gradients(MOVING[name](x, y).sum(), [x, y], allow_unused=True)
    total = sum(g for g in found if g is not None)
    np.testing.assert_array_equal(total, np.ones(3))


def test_shares_at_a_tie_of_an_array_with_itself() -> None:
    x = np.array([1.0, 2.0, 3.0])
    for f in (
        lambda t: np.clip(t, t.min(), t.max()),
        lambda t: np.clip(t, t, None),
        lambda t: np.clip(t, None, t),
        lambda t: np.maximum(t, t),
        lambda t: np.minimum(np.maximum(t, t.min()), t.max()),
    ):
        found = grad(lambda t, f=f: f(t).sum())(x)
        assert found.sum() == 3.0
    np.testing.assert_array_equal(
        grad(lambda t: np.clip(t, t.min(), t.max()).sum())(x), [1.0, 1.0, 1.0]
    )


def test_an_infinite_bound_of_clip_holds_nothing() -> None:
    """An element at −∞ is not kept by a side that is open, nor one at +∞ by the other."""
    x = np.array([-np.inf, 0.5, np.inf])

    def slopes(*bounds: object, **more: object) -> object:
        _, pull = vjp(lambda x: np.clip(x, *bounds, **more), x)
        return pull(np.ones(3))[0]

    np.testing.assert_array_equal(slopes(None, 1.0), [1, 1, 0])
    np.testing.assert_array_equal(slopes(-1.0, None), [0, 1, 1])
    np.testing.assert_array_equal(slopes(-np.inf, np.inf), [1, 1, 1])
    np.testing.assert_array_equal(slopes(max=1.0), [1, 1, 0])
    # the bound that is infinite has no share in what it does not hold
    assert grad(lambda low: np.clip(x[0], low, 1.0))(-np.inf) == 0
    assert grad(lambda high: np.clip(x[2], -1.0, high))(np.inf) == 0
