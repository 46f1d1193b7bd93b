"""The checker's numbers: tolerances, bands, rounding, the element it shows, its refined quotients.

The documentation of `check_gradients` and `Comparison` says what they are.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import (
    AutogradError,
    Tensor,
    check_gradients,
    compare_backprop,
    grad,
    gradients,
    hessian,
    op,
    relative_error,
    vjp,
)
from autograd.checking import Comparison, GradientReport
from autograd.differences import blame, central, refined
from autograd.graph import graph
from tests.autograd.helpers import leaf, table

EPSILON = float(np.finfo(np.float64).eps)


def row(**changes: Any) -> Comparison:
    given: dict[str, Any] = {
        "name": "w",
        "shape": (),
        "error": 0.0,
        "worst": (),
        "ours": 1.0,
        "theirs": 1.0,
        "norm": 1.0,
        "tolerance": 1.0,
    }
    return Comparison(**{**given, **changes})


def test_the_relative_error_of_tiny_gradients_does_not_underflow() -> None:
    assert relative_error([1e-200], [2e-200]) == pytest.approx(1 / 3)
    assert relative_error([], []) == 0.0


@pytest.mark.parametrize(
    ("shape", "rounding", "wrong"),
    [
        # 100 · rounding / √size against a distance of 1
        ((), 0.00995, True),
        ((), 0.01005, False),
        ((4,), 0.0199, True),
        ((4,), 0.0201, False),
        ((2, 2), 0.0199, True),
        ((100,), 0.0995, True),
        ((100,), 0.1005, False),
        ((), 0.01, False),  # equal is not more
        ((), 0.0, False),  # nothing is known of the rounding
    ],
)
def test_one_element_is_far_off_beyond_a_hundred_times_the_rounding(
    shape: Any, rounding: float, wrong: bool
) -> None:
    assert row(shape=shape, rounding=rounding, theirs=2.0).wrong is wrong


@pytest.mark.parametrize(
    ("theirs", "wrong"), [(99.1, False), (99.0, False), (98.9, True), (103.1, True)]
)
def test_one_element_is_far_off_beyond_one_percent(theirs: float, wrong: bool) -> None:
    assert row(ours=101.0, theirs=theirs, rounding=1e-9).wrong is wrong


@pytest.mark.parametrize(
    ("error", "wrong"), [(0.9e-6, False), (1e-6, False), (1.1e-6, True), (math.nan, True)]
)
def test_an_error_up_to_the_tolerance_is_right(error: float, wrong: bool) -> None:
    assert row(error=error, tolerance=1e-6).wrong is wrong


@pytest.mark.parametrize(
    ("norm", "rounding", "error", "band"),
    [
        (0.5, 0.6, 0.0, "below rounding"),
        (0.6, 0.6, 0.0, "below rounding"),
        (0.7, 0.6, 0.0, "great"),
        (0.0, 0.6, 0.0, "great"),
        (1.0, 0.0, 1e-7, "acceptable"),
        (1.0, 0.0, 1e-5, "acceptable"),
        (1.0, 0.0, 1.01e-5, "suspect"),
    ],
)
def test_the_bands_at_their_ends(norm: float, rounding: float, error: float, band: str) -> None:
    assert row(norm=norm, rounding=rounding, error=error).band == band


def test_a_report_of_nothing_has_no_error() -> None:
    assert GradientReport([], []).worst == 0.0
    assert math.isnan(GradientReport([row(), row(error=math.nan)], []).worst)
    assert GradientReport([row(error=0.25), row()], []).worst == 0.25


TOLERANCES: list[tuple[Any, Any, list[float]]] = [
    (np.sin, np.array([0.5]), [1e-6, 1e-5]),
    (np.sin, np.float32([0.5]), [1e-4, 1e-4]),
    (lambda x: x.astype(np.float32) ** 3, np.array([0.5, 1.3]), [1e-2, 1e-2]),
    (lambda x: x.astype(np.float64) * 2, np.float32([0.5]), [1e-4, 1e-4]),
    (np.sin, np.float16([0.5]), [10 * 2.0**-10, 10 * 2.0**-10]),
]


@pytest.mark.parametrize(("f", "x", "expected"), TOLERANCES)
def test_the_tolerance_is_that_of_the_coarsest_dtype(f: Any, x: Any, expected: Any) -> None:
    report = check_gradients(f, x, order=2)
    assert [r.tolerance for r in report.rows] == expected
    assert report, report
    assert [r.tolerance for r in check_gradients(f, x, order=2, tolerance=0.5).rows] == [0.5, 0.5]


def test_a_function_may_take_gradients_itself() -> None:
    def slope(x: Any) -> Any:
        return gradients((x**3).sum(), x, create_graph=True)

    assert check_gradients(slope, np.array([1.0, 2.0]), order=2)
    assert check_gradients(grad(np.tanh), 0.5, order=2)
    assert check_gradients(lambda x: hessian(lambda t: (t**4).sum())(x), np.array([1.0, 2.0]))
    assert check_gradients(lambda x: vjp(np.sin, x)[1](x)[0], np.array([1.0, 2.0]), order=2)


def test_a_constant_function_has_a_second_order() -> None:
    report = check_gradients(np.sign, np.array([0.5]), order=2)
    assert report
    assert [r.error for r in report.rows] == [0.0, 0.0]


def test_an_empty_input_has_a_row_of_zeros() -> None:
    (found,) = check_gradients(lambda x: np.sum(x), np.zeros((0, 3))).rows
    assert (found.shape, found.error, found.worst) == ((0, 3), 0.0, ())
    assert (found.ours, found.theirs, found.norm) == (0.0, 0.0, 0.0)


def test_the_element_shown_is_the_furthest_off_for_its_size(registry: Any) -> None:
    @op(symbol="wrong_half", samples=["3"])
    def wrong_half(a):
        return a * a / 2

    # The first element is off by 1 in 1000, the second by 0.5 in 1.
    wrong_half.vjp(a=lambda g, a: g * (a + np.where(np.abs(a) > 100, 1.0, 0.5)))
    report = check_gradients(wrong_half, np.array([1000.0, 1.0]))
    (found,) = report.rows
    assert found.worst == (1,)
    assert found.ours == pytest.approx(1.5 * found.theirs, rel=1e-6)


def test_a_tensor_is_called_by_its_name_or_its_place() -> None:
    w, b = leaf(2.0, "w"), leaf(3.0)
    report = compare_backprop(w * b, {w: 3.0, b: 2.0})
    assert report
    assert [r.name for r in report.rows] == ["w", "parameter 1"]


@pytest.mark.parametrize("cost", [3.0, Tensor(3.0)])
def test_a_cost_without_a_graph_is_refused(cost: Any) -> None:
    with pytest.raises(AutogradError, match="the cost needs a graph"):
        compare_backprop(cost, {"w": 1.0})


def test_the_rounding_of_a_difference_is_what_its_values_can_lose() -> None:
    h = EPSILON ** (1 / 3)
    one = central(lambda x: x * 1, np.ones(1), [np.array([1.0])], 0)
    assert one.rounding == pytest.approx(4 * EPSILON / (2 * h), rel=1e-4)
    assert one.gradient == pytest.approx(1.0, rel=1e-9)

    # A result that does not depend on the element has no part in it.
    def beside(x: Any) -> Any:
        return np.concatenate([x, Tensor([1e6])])

    both = central(beside, np.ones(2), [np.array([1.0])], 0)
    assert both.rounding == pytest.approx(one.rounding, rel=1e-12)
    weighted = central(lambda x: x * 1, np.array([3.0]), [np.array([1.0])], 0)
    assert weighted.rounding == pytest.approx(3 * one.rounding, rel=1e-12)


def test_a_step_out_of_the_domain_has_no_rounding() -> None:
    found = central(np.sqrt, np.ones(1), [np.array([0.0])], 0)
    assert np.isnan(found.gradient[0])
    assert found.rounding == 0.0
    found = central(lambda x: x * 1e308, np.ones(1), [np.array([1.79769])], 0)
    assert np.isinf(found.gradient[0])
    assert found.rounding == 0.0


@pytest.mark.parametrize(
    ("f", "slope", "x"),
    [
        (lambda x: np.sin(50 * x), lambda x: 50 * np.cos(50 * x), 0.7),
        (lambda x: np.exp(3 * x), lambda x: 3 * np.exp(3 * x), 2.0),
        (lambda x: np.cos(x) + x, lambda x: 1 - np.sin(x), 0.0),
        (lambda x: np.exp(-x), lambda x: -np.exp(-x), 0.0),
        (lambda x: np.log(x), lambda x: 1 / x, 1e-9),
        (lambda x: np.log(x), lambda x: 1 / x, 1e9),
        # Steps from a tenth of the argument leave the domain, or are longer than a period.
        (lambda x: np.log(x - 1 + 1e-4), lambda x: 1 / (x - 1 + 1e-4), 1.0),
        (lambda x: np.sqrt(x - 0.9999), lambda x: 0.5 / np.sqrt(x - 0.9999), 1.0),
        (lambda x: np.arctanh(x), lambda x: 1 / (1 - x * x), 0.9999),
        (lambda x: np.sin(x), lambda x: np.cos(x), 1e5),
    ],
)
def test_a_refined_quotient_has_eleven_digits_and_knows_it(f: Any, slope: Any, x: float) -> None:
    found, error, _ = refined(f, np.ones(()), [np.array(x)], 0, ())
    exact = slope(x)
    assert found == pytest.approx(exact, rel=1e-11)
    assert abs(found - exact) / 3 <= error <= 1e-10 * abs(exact)


def test_a_polynomial_of_degree_four_is_exact_after_one_refinement() -> None:
    """(4 q(h/2) − q(h)) / 3 has no error of h² left, and a quartic has no other."""
    seen: list[float] = []

    def f(x: Any) -> Any:
        seen.append(float(x.data))
        return x**4

    found, error, _ = refined(f, np.ones(()), [np.array(2.0)], 0, ())
    assert found == pytest.approx(32.0, rel=1e-13)
    assert error <= 1e-11
    # Steps begin at a tenth and go down by halves.
    assert seen[:4] == [2.2, 1.8, 2.1, 1.9]


def test_blame_looks_past_constants_and_operands_without_derivative(registry: Any) -> None:
    @op(symbol="scaled", samples=["3", "2"])
    def scaled(a, b):
        return a * b

    scaled.vjp(a=lambda g, b: g * b, b=lambda g, a: g * a * 1.5)
    x = leaf(2.0, "x")
    notes = blame(graph(np.exp(scaled(3.0, x * 1))))
    assert len(notes) == 1
    assert notes[0].startswith("note: scaled.vjp(b=...) gives ")

    gone = np.ones(5000) * 3.0  # a large array that nobody holds: its value is not known any more
    y = leaf(np.ones(5000))
    product = y * gone
    del gone
    notes = blame(graph((np.sum(product) * 0 + scaled(3.0, x)).named("J")))
    assert [note.partition(" gives")[0] for note in notes] == ["note: scaled.vjp(b=...)"]


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sin(x),
        lambda x: np.sin(x * 10.0),
        lambda x: np.log(x - 99999.9999),
        lambda x: np.abs(np.sin(x)) ** 1.5,
    ],
)
def test_functions_that_vary_faster_than_their_argument_pass_and_wrong_ones_do_not(f: Any) -> None:
    x = np.array([1e5])
    assert check_gradients(f, x)
    wrong = check_gradients(lambda t: f(t) * 1.0005 - f(t.detach()) * 0.0005, x)
    assert not wrong
    assert not [note for note in wrong.notes if "vjp" in note]  # no op is to blame


def test_a_change_that_rounding_swallows_whole_is_not_told_from_zero() -> None:
    assert check_gradients(lambda a: 1e9 + 1e-4 * np.sin(a), np.array([0.5, 1.0]))
    # What stands beside it is still measured.
    mixed = check_gradients(
        lambda a: np.stack([1e9 + 1e-9 * a[0], a[1] * 1.01 - a[1].detach() * 0.01]),
        np.array([0.5, 1.0]),
    )
    assert not mixed
    assert mixed.rows[0].worst == (1,)


CANCELLING: dict[str, tuple[Any, Any]] = {
    # Gradients that are 0 in exact arithmetic.
    "sum of 100 deviations": (lambda x: (x - x.mean()).sum(), 100),
    "sum of 200 deviations": (lambda x: (x - x.mean()).sum(), 200),
    "deviations from column means": (lambda x: (x - x.mean(axis=0)).sum(axis=0), (20, 5)),
    "deviations of large numbers": (lambda x: (1e4 + x - (1e4 + x).mean()).sum(), 50),
    "divergence at the fit": (
        lambda z: (
            autograd.softmax(z, axis=0)
            * (autograd.log_softmax(z, axis=0) - autograd.log_softmax(z.detach(), axis=0))
        ).sum(),
        4,
    ),
    "logarithm of an exponential": (lambda x: (np.log(np.exp(x)) - x).sum(), 6),
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("f", "shape"), table(CANCELLING))
def test_a_gradient_that_cancels_to_rounding_is_right(f: Any, shape: Any, seed: int) -> None:
    x = np.random.default_rng(seed).normal(size=shape)
    report = check_gradients(f, x)
    assert report, report
    if not seed:  # what is wrong by a thousandth of the terms is seen
        assert not check_gradients(lambda t: f(t) + 1e-3 * (t - t.detach()).sum(), x)


@pytest.mark.parametrize("power", [3, 4, 5, 10])
@pytest.mark.parametrize("order", [1, 2])
def test_a_flat_point_is_right_though_no_difference_is_0(power: int, order: int) -> None:
    assert check_gradients(lambda x: (x**power).sum(), np.zeros(3), order=order)
    assert not check_gradients(
        lambda x: (x**power).sum() + 1e-9 * (x - x.detach()).sum(), np.zeros(3)
    )


def test_the_rounding_of_one_element_excuses_no_other(registry: Any) -> None:
    @op(symbol="r", samples=("3",), elementwise=True)
    def root(a: Any) -> Any:
        return np.cbrt(a)

    root.vjp(a=lambda g, a: g * 1.01 / (3 * np.cbrt(a) ** 2))
    x = np.random.default_rng(0).normal(size=80)
    for off in (1e8, 1e12):
        assert not check_gradients(
            lambda t, off=off: np.concatenate([(t[:1] + off) - off, root(t[1:])]), x
        )


@pytest.mark.parametrize("columns", [1, 3])
def test_a_normalized_column_of_large_numbers_is_right(columns: int) -> None:
    x = 1e5 + np.random.default_rng(0).normal(size=(20, columns))

    def first(t: Any) -> Any:
        return ((t - t.mean(axis=0)) / np.sqrt(t.var(axis=0)))[0].sum()

    assert check_gradients(first, x)


def test_a_difference_that_is_nan_excuses_nothing(registry: Any) -> None:
    @op(symbol="√", samples=("3",), elementwise=True)
    def flat_root(a: Any) -> Any:
        return np.sqrt(a)

    flat_root.vjp(a=lambda g, a: 0 * g * a)
    with np.errstate(all="ignore"):
        report = check_gradients(flat_root, np.array([0.0, 4.0]))
        assert not report
        assert "its step leaves the domain of the function" in str(report)
        assert math.isnan(report.rows[0].error)
        assert not check_gradients(lambda x, y: flat_root(x) * y, np.array([0.0, 4.0]), np.ones(2))


def test_the_second_order_sees_functions_of_a_difference(registry: Any) -> None:
    """Along one direction for both inputs, x − y would not change."""

    @op(symbol="cubed", samples=("3",))
    def cubed_apart(a: Any) -> Any:
        return a**3

    cubed_apart.vjp(a=lambda g, a: g * (3 * a**2 if isinstance(a, np.ndarray) else 3 * a * abs(a)))
    x, y = np.array([-1.5, -2.0, -0.5]), np.array([0.5, 1.0, 2.0])
    assert check_gradients(lambda a, b: cubed_apart(a - b), x, y)
    assert not check_gradients(lambda a, b: cubed_apart(a - b), x, y, order=2)
    assert check_gradients(lambda a, b: (a - b) ** 3, x, y, order=2)


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 1e-5), (np.float16, 1e-2)]
)
def test_backprop_by_hand_is_compared_to_the_precision_it_has(dtype: Any, tolerance: float) -> None:
    w = Tensor(np.array([0.1, 0.2], dtype), name="w", requires_grad=True)
    report = compare_backprop((w * w).sum(), {"w": 2 * w.data})
    assert [r.tolerance for r in report.rows] == [tolerance]
    assert report
    assert not compare_backprop((w * w).sum(), {"w": 2.1 * w.data})
    assert "WRONG" in str(compare_backprop((w * w).sum(), {"w": 2.1 * w.data}))


def test_reports_say_what_was_compared_with_what() -> None:
    x = np.array([0.5, 1.0])
    report = check_gradients(np.sin, x, order=2)
    assert str(report).startswith("check_gradients: 2 agree with central differences to ")
    assert repr(report) == str(report)
    by_hand = compare_backprop((leaf(x, "w") * 2).sum(), {"w": [2.0, 2.0]})
    assert str(by_hand).startswith("compare_backprop: 1 agree with the hand-derived gradients to ")
    assert by_hand.rows[0].rounding == 0.0
    wrong = compare_backprop((leaf(x, "w") * 2).sum(), {"w": [2.0, 3.0]})
    assert str(wrong).startswith("compare_backprop: 1 DIFFER with the hand-derived gradients to ")


def test_what_rounding_can_hide_is_four_epsilon_of_the_value_over_the_step() -> None:
    h = EPSILON ** (1 / 3)
    found = central(lambda x: x * 0.0 + 1e9, np.array([3.0]), [np.array([0.5])], 0)
    assert found.lost == pytest.approx(4 * EPSILON * 3e9 / (2 * h), rel=1e-6)
    seen = central(lambda x: x * 1.0, np.ones(1), [np.array([0.5])], 0)
    assert seen.lost == 0.0
    infinite = central(lambda x: x * 0.0 + np.inf, np.ones(1), [np.array([0.5])], 0)
    assert infinite.lost == 0.0


def test_blame_names_an_operand_of_a_sequence(registry: Any) -> None:
    @op(symbol="product", samples=())
    def product_of(*parts):
        return parts[0] * parts[1]

    product_of.vjp(parts=lambda g, parts, i: g * parts[1 - i] * (1 + i))
    notes = blame(graph(product_of([leaf(2.0), leaf(3.0)])))
    assert [note.partition(" gives")[0] for note in notes] == ["note: product_of.vjp(parts[1]=...)"]


# -- gradients that are 0 to the rounding of what was summed ---------------------------------------

A_FIT = np.array([[1.0, 2.0], [3.0, 1.0]])
LOGITS = np.random.default_rng(0).normal(size=(3, 5))
ONE_HOT = np.eye(3)[:, [0, 1, 2, 1, 0]]
VANISHING: dict[str, tuple[Any, Any]] = {
    # The function, and a point where its gradient is 0 in exact arithmetic.
    "exact fit": (lambda w: ((A_FIT @ w - A_FIT @ np.ones(2)) ** 2).sum(), [1.0, 1.0]),
    "exact fit of curves": (
        lambda w: (np.exp(A_FIT @ w) - np.exp(A_FIT @ np.array([0.1, 0.7]))).sum() ** 2,
        [0.1, 0.7],
    ),
    "cos at 0 and π": (lambda x: np.cos(x).sum(), [0.0, np.pi]),
    "distances from the mean": (lambda x: (x - x.mean()).sum(), [0.1, 0.2, 0.7]),
    "bias of all logits": (
        lambda b: autograd.softmax_cross_entropy(LOGITS + b, ONE_HOT).mean(),
        0.3,
    ),
}


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(("f", "point"), table(VANISHING))
def test_a_right_gradient_that_is_0_to_rounding_passes(f: Any, point: Any, order: int) -> None:
    report = check_gradients(f, np.array(point), order=order)
    assert report, report


@pytest.mark.parametrize("seed", range(8))
def test_exact_fits_of_any_scale_pass(seed: int) -> None:
    rng = np.random.default_rng(seed)
    A, w = rng.normal(size=(6, 3)) * 10.0 ** rng.integers(-3, 4), rng.normal(size=3)
    y = A @ w
    report = check_gradients(lambda w: ((A @ w - y) ** 2).mean(), w)
    assert report, report


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_a_rule_that_adds_a_little_fails_beside_a_gradient_of_0(size: float) -> None:
    @op(symbol="f", samples=())
    def slightly_off(a: Any) -> Any:
        return a * size

    slightly_off.vjp(a=lambda g: g * (size * (1 + 1e-5)))
    try:
        # The gradient by x is 0, that of the rule 1e-5 of one term.
        report = check_gradients(lambda x: slightly_off(x) - x * size, np.array(0.7))
    finally:
        del autograd.OPS["slightly_off"]
    assert not report


def test_hand_derived_gradients_that_are_0_to_rounding_agree() -> None:
    w = leaf(np.full(3, 0.1), "w")
    spread = (w - w.mean()).sum()
    assert compare_backprop(spread, {w: np.zeros(3)})
    assert compare_backprop(spread, {w: np.full(3, 1e-17)})
    assert not compare_backprop(spread, {w: np.full(3, 1e-10)})
    b = leaf(0.3, "b")
    cost = autograd.softmax_cross_entropy(LOGITS + b, ONE_HOT).mean()
    distance = autograd.softmax(LOGITS + 0.3) - ONE_HOT
    assert compare_backprop(cost, {b: (distance.sum(axis=1) / 5).sum()})
    assert not compare_backprop(cost, {b: distance[0].sum() / 5})
    v = leaf([0.1, 0.7], "v")
    y = A_FIT @ np.array([0.1, 0.7])
    fit = ((A_FIT @ v - y) ** 2).sum()
    assert compare_backprop(fit, {v: 2 * A_FIT.T @ ((A_FIT * v.data).sum(axis=1) - y)})


@pytest.mark.parametrize("offset", [0.0, 1e3, 1e4])
@pytest.mark.parametrize("variance", [np.var, lambda z, **o: ((z - z.mean(**o)) ** 2).mean(**o)])
def test_batch_norm_far_from_0_agrees_with_its_derivation(offset: float, variance: Any) -> None:
    rng = np.random.default_rng(0)
    W, X = leaf(rng.normal(size=(4, 4)), "W"), rng.normal(size=(4, 32)) + offset
    T, rows = rng.normal(size=(4, 32)), {"axis": 1, "keepdims": True}
    Z = W @ X
    normal = (Z - Z.mean(**rows)) / np.sqrt(variance(Z, **rows) + 1e-5)
    cost = ((np.tanh(normal) - T) ** 2).mean()
    centred = Z.data - Z.data.mean(**rows)
    scale = 1 / np.sqrt((centred**2).mean(**rows) + 1e-5)
    A = np.tanh(centred * scale)
    dn = 2 * (A - T) / T.size * (1 - A * A)
    dvar = (dn * centred).sum(**rows) * -0.5 * scale**3
    dmean = -(dn * scale).sum(**rows) + dvar * (-2 * centred).mean(**rows)
    dZ = dn * scale + dvar * 2 * centred / 32 + dmean / 32
    assert compare_backprop(cost, {W: dZ @ X.T})
    assert not compare_backprop(cost, {W: (dZ - dmean / 32) @ X.T})
