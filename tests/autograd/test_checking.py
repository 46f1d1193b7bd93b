"""`check_gradients` and `compare_backprop`: what they accept, refuse and report.

Expectations are numbers worked out by hand, or come from plain NumPy without derivative rules.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd
from autograd import (
    GradientError,
    Tensor,
    check_gradients,
    compare_backprop,
    op,
    relative_error,
)
from tests.autograd.helpers import leaf, line_of, table


def off_by(f: Any, factor: float) -> Any:
    """Return f with a gradient that is too large by a factor."""
    return lambda *xs: f(*xs) * factor - f(*[x.detach() for x in xs]) * (factor - 1)


SCALES: dict[str, tuple[Any, Any]] = {
    "about 1": (np.sin, np.array([0.3, 1.0, -2.0])),
    "large": (lambda x: np.log(x), np.array([1e6, 1e9])),
    "small": (np.log, np.array([1e-6, 1e-10])),
    "both at once": (np.sqrt, np.array([1e-12, 1e6])),
    "fast": (lambda x: np.sin(1e3 * x), np.array([0.3, 1.0])),
    "absolute value, by differences": (lambda x: np.abs(x) ** 1.5, np.array([0.5, -40.0])),
    "single precision": (np.sin, np.float32([0.3, 1.0])),
    "single precision, large": (np.log, np.float32([1e6, 3e4])),
    "many inputs": (lambda x: x / np.sum(x * x), np.linspace(1.0, 2.0, 12).reshape(3, 4)),
}


@pytest.mark.parametrize(("f", "x"), table(SCALES))
def test_the_step_fits_the_dtype_and_the_scale(f: Any, x: Any) -> None:
    report = check_gradients(f, x)
    assert report, report
    for factor in (1.0005, 0.9995):
        wrong = check_gradients(off_by(f, factor), x)
        assert not wrong, wrong


def test_differences_step_by_the_cube_root_of_the_dtypes_epsilon() -> None:
    def steps(x: Any, cast: Any) -> Any:
        seen: list[float] = []

        def f(t: Any) -> Any:
            seen.append(float(t.data[0]))
            return np.abs(cast(t))

        assert check_gradients(f, x)
        moved = np.unique(np.abs(np.array(seen) - float(x[0])))
        return moved[moved > 0]

    for theta in (1.0, 1e6):
        (double,) = set(np.round(steps(np.array([theta]), lambda t: t) / theta, 12))
        assert double == pytest.approx(2.0 ** (-52 / 3), rel=1e-3)
    single = steps(np.float32([1.0]), lambda t: t.astype(np.float32))
    assert single == pytest.approx(2.0 ** (-23 / 3), rel=1e-3)


def test_the_complex_step_is_used_where_the_op_allows_it() -> None:
    exact = check_gradients(lambda x: np.sin(x) * np.exp(x) / (1 + x * x), np.array([0.3, 1.0]))
    assert exact.worst < 1e-15  # differences reach about 1e-11
    kinked = check_gradients(lambda x: np.abs(x) * np.sin(x), np.array([-0.5, 1.0]))
    assert kinked
    assert 0 < kinked.worst < 1e-7


def test_the_report_has_the_worst_element_of_each_input() -> None:
    def f(a: Any, b: Any) -> Any:
        wrong = np.array([[1.0, 1.0, 1.0], [1.0, 1.0, 1.5]])
        product = a * b
        return (product * wrong - (product * (wrong - 1)).detach()).sum()

    a, b = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), np.array([7.0, 8.0, 10.0])
    report = check_gradients(f, Tensor(a, name="a"), b, names=None)
    assert not report
    first, second = report.rows
    assert (first.name, first.shape, first.worst) == ("a", (2, 3), (1, 2))
    assert (first.ours, first.theirs) == pytest.approx((15.0, 10.0), rel=1e-9)
    assert (second.name, second.shape, second.worst) == ("input 1", (3,), (2,))
    assert (second.ours, second.theirs) == pytest.approx((3.0 + 9.0, 3.0 + 6.0), rel=1e-9)
    numeric = np.array([7.0, 8.0, 10.0, 7.0, 8.0, 10.0])
    analytic = np.array([7.0, 8.0, 10.0, 7.0, 8.0, 15.0])
    error = 5.0 / (np.sqrt(np.sum(analytic**2)) + np.sqrt(np.sum(numeric**2)))
    assert first.error == pytest.approx(error, rel=1e-6)
    assert "[1, 2]: 15 against 10" in str(report)
    with pytest.raises(GradientError, match=r"\[1, 2\]: 15 against 10"):
        report.raise_if_wrong()


@pytest.mark.parametrize(
    ("a", "n", "expected"),
    [
        ([3.0, 4.0], [0.0, 0.0], 1.0),
        ([3.0, 4.0], [4.0, 3.0], np.sqrt(2.0) / 10),
        ([1.0], [-1.0], 1.0),
        ([0.0], [0.0], 0.0),
        ([3.0, 4.0], [3.0, 4.0], 0.0),
        ([6.0, 8.0], [3.0, 4.0], 5.0 / 15.0),
    ],
)
def test_the_relative_error_is_the_courses(a: Any, n: Any, expected: float) -> None:
    assert relative_error(a, n) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(
    ("error", "band"),
    [(0.9e-7, "great"), (1.1e-7, "acceptable"), (0.9e-5, "acceptable"), (1.1e-5, "suspect")],
)
def test_the_bands_are_the_courses(error: float, band: str) -> None:
    w = leaf(3.0, "w")
    # |a − n| / (|a| + |n|) = e for a = 6 and n = 6 (1 − e) / (1 + e)
    report = compare_backprop(w * w, {"w": 6 * (1 - error) / (1 + error)}, tolerance=1e-3)
    (row,) = report.rows
    assert row.error == pytest.approx(error, rel=1e-6)
    assert row.band == band
    assert band in str(report)
    (row,) = check_gradients(off_by(np.square, (1 + error) / (1 - error)), 3.0).rows
    assert row.error == pytest.approx(error, rel=1e-3)
    assert row.band == band


def wrong_cube(registry: Any, factor: float, order: int = 1) -> Any:
    """Declare a³ with a rule of which the derivative of some order is off by a factor."""

    @op(symbol="wrong_cube", samples=["3"])
    def wrong_cube(a):
        return a * a * a

    def rule(g, a):
        if order == 1:
            return g * (3 * factor * a * a)
        value = a.detach() if isinstance(a, Tensor) else a
        return g * (3 * value * value + 6 * factor * value * (a - value))

    wrong_cube.vjp(a=rule)
    return wrong_cube


@pytest.mark.parametrize("factor", [1.0005, 0.9995])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_rule_that_is_a_twentieth_of_a_percent_wrong_fails(
    registry: Any, factor: float, dtype: Any
) -> None:
    f = wrong_cube(registry, factor)
    x = np.array([1.0, -2.0, 0.5], dtype)
    report = check_gradients(f, x)
    assert not report
    # |f − 1| / (f + 1), and the rounding of single precision
    assert report.worst == pytest.approx(0.0005 / 2, rel=1e-2)
    assert not check_gradients(lambda t: np.exp(f(t)).sum(), x)
    assert check_gradients(lambda t: t**3, x)


@pytest.mark.parametrize("factor", [1.0005, 0.9995])
def test_a_second_order_that_is_a_twentieth_of_a_percent_wrong_fails(
    registry: Any, factor: float
) -> None:
    x = np.array([1.0, -2.0, 0.5])
    f = wrong_cube(registry, factor, order=2)
    assert check_gradients(f, x, order=1)
    report = check_gradients(f, x, order=2)
    assert not report
    assert [row.wrong for row in report.rows] == [False, True]
    assert report.rows[1].name == "∂²: input 0"
    assert check_gradients(lambda t: t**3, x, order=2)


def test_orders_1_and_2_and_no_others() -> None:
    x, y = np.array([0.5, 1.5]), np.array([2.0, 0.25])
    assert len(check_gradients(lambda a, b: a**b, x, y).rows) == 2
    second = check_gradients(lambda a, b: a**b, x, y, order=2)
    assert second
    assert [row.name for row in second.rows] == [
        *("input 0", "input 1", "∂²: input 0", "∂²: input 1")
    ]
    for order in (0, 3):
        with pytest.raises(GradientError, match="1 or 2"):
            check_gradients(np.sin, x, order=order)


def test_the_report_names_the_op_and_the_users_line(registry: Any) -> None:
    cube = wrong_cube(registry, 1.0005)

    def model(t: Any) -> Any:
        u = np.sin(t) + 2
        v = cube(u)  # the line to name
        return np.log(v) * t

    report = check_gradients(model, np.array([1.0, 2.0, 3.0]))
    assert not report
    (note,) = report.notes
    assert note.startswith("note: wrong_cube.vjp(a=...) gives ")
    assert note.endswith(f"called at {line_of(model, 'the line to name')}.")
    assert note in str(report)


def test_stochastic_functions_are_refused() -> None:
    rng = np.random.default_rng(0)

    def dropout(t: Any) -> Any:
        return t * (rng.random(t.shape) < 0.5) * 2

    with pytest.raises(GradientError, match=r"two calls with the same inputs differ.*dropout"):
        check_gradients(dropout, np.ones(20))
    fixed = (np.random.default_rng(0).random(20) < 0.5) * 2
    assert check_gradients(lambda t: t * fixed, np.ones(20))


@pytest.mark.parametrize(
    ("f", "x", "name"),
    table(
        {
            "relu": (autograd.relu, [0.0, 1.0], "relu"),
            "relu inside": (lambda t: np.exp(autograd.relu(np.sin(t)) * 2), [0.0, 1.0], "relu"),
            "leaky relu": (autograd.leaky_relu, [0.0], "leaky_relu"),
            "clip": (lambda t: np.clip(t, 0.0, 1.0), [1.0], "clip"),
            "where": (lambda t: np.where(t > 0, t, 3 * t), [0.0], "where"),
            "maximum of three": (lambda t: np.maximum(np.maximum(t, 1.0), 1.0), [1.0], "maximum"),
            "sort": (np.sort, [2.0, 2.0], "sort"),
            "remainder": (lambda t: np.remainder(t, 1.0), [2.0], "remainder"),
        }
    ),
)
def test_the_checker_points_at_kinks(f: Any, x: Any, name: str) -> None:
    report = check_gradients(f, np.array(x))
    assert not report
    assert f"note: {name} has a kink" in str(report)
    beside = check_gradients(f, np.array(x) + [0.01, 0.02][: len(x)])
    assert beside, beside
    assert "kink" not in str(beside)


@pytest.mark.parametrize("f", [np.abs, lambda t: np.maximum(t, 0.0), lambda t: np.max(t) * 1])
def test_derivatives_at_symmetric_kinks_are_what_differences_give(f: Any) -> None:
    assert check_gradients(f, np.zeros(1))
    assert check_gradients(f, np.zeros(2))


def test_second_order_sees_a_rule_that_is_wrong_for_tensors_alone(registry: Any) -> None:
    """The rule's way for Tensors is a function of its own, whose derivative is right for it."""

    @op(symbol="cubed", samples=("3",))
    def cubed_twice(a: Any) -> Any:
        return a**3

    cubed_twice.vjp(a=lambda g, a: g * (3 * a**2 if isinstance(a, np.ndarray) else 3 * a**3))
    x = np.array([0.5, 1.5, -2.0])
    assert check_gradients(cubed_twice, x)
    report = check_gradients(cubed_twice, x, order=2)
    assert not report
    assert [row.name for row in report.rows if row.wrong] == ["∂²: input 0"]


def test_a_function_that_ignores_its_arguments_is_noted() -> None:
    w = leaf([1.0, 2.0])
    report = check_gradients(lambda q: Tensor(5.0) * w.detach().sum(), w)
    assert report
    assert "no gradient reaches the inputs" in str(report)
    assert "no gradient" not in str(check_gradients(lambda q: (q * q).sum(), w))


def test_where_a_function_jumps_no_rule_is_blamed() -> None:
    """The angle of a vector jumps at the origin: no number there is its derivative."""
    report = check_gradients(lambda a, b: np.arctan2(a, b), 0.0, 0.0)
    assert not report
    assert "arctan2 jumps at this point of a" in str(report)
    assert "vjp" not in str(report)
    beside = check_gradients(lambda a, b: np.arctan2(a, b), 0.0, 0.5, order=2)
    assert beside
    assert "jumps" not in str(beside)


@pytest.mark.parametrize(
    ("f", "point"),
    [
        (lambda x: (x**1.5).sum(), [1e-10, 2.0]),
        (lambda x: np.exp(np.log(x).sum()), [0.0, 3.0]),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_a_difference_that_leaves_the_domain_proves_nothing(f: Any, point: Any) -> None:
    report = check_gradients(f, np.array(point))
    assert not report  # nor does it prove anything right
    (row,) = report.rows
    assert not row.judged
    assert row.band == "not judged"
    assert "COULD NOT BE JUDGED" in str(report)
    assert "WRONG" not in str(report)
    assert "vjp" not in str(report)  # no rule is blamed
    with pytest.raises(GradientError, match="COULD NOT BE JUDGED"):
        report.raise_if_wrong()


def test_a_wrong_element_beside_one_that_cannot_be_judged_is_wrong(registry: Any) -> None:
    @op(symbol="odd", samples=())
    def odd(a):
        return np.sqrt(a)

    odd.vjp(a=lambda g, a: g / np.sqrt(a))
    with np.errstate(all="ignore"):
        report = check_gradients(lambda x: odd(x).sum(), np.array([1e-9, 4.0]))
    assert "WRONG" in str(report)
    assert report.rows[0].judged
