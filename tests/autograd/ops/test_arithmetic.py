"""Powers at zero and of negatives, remainders and quotients, and how they are printed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd import Tensor, graph
from tests.autograd.helpers import (
    derivatives_at,
    leaf,
    slopes_at,
)

INF, NAN = np.inf, np.nan

KINKS: dict[str, tuple[Any, Any, Any]] = {
    # The function, the point, and the derivative by each argument there.
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
}


test_the_derivative_at = derivatives_at(KINKS)


# A function, its point, and the derivative by each argument there, worked out by hand.
POINTS: dict[str, tuple[Any, list[Any], list[Any]]] = {
    "zero to the zero": (lambda a: a**0.0, [0.0], [0.0]),
    "zero to a whole power": (lambda a: a ** np.int64(3), [0.0], [0.0]),
    "zero to the first": (lambda a: a**1.0, [0.0], [1.0]),
    "a negative to a whole power": (lambda a: a ** np.array(3), [-2.0], [12.0]),
    "modf of an integer": (lambda a: np.modf(a)[0], [3.0], [1.0]),
}


test_derivatives_at_special_points = slopes_at(POINTS)


@pytest.mark.parametrize(
    ("function", "x", "expected"),
    [
        (lambda t: t**0, 0.0, 0.0),
        (lambda t: t**1, 0.0, 1.0),
        (lambda t: t**2, 0.0, 0.0),
        (lambda t: t**0.5, 0.0, np.inf),
        (lambda t: 0.0**t, 2.0, 0.0),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
def test_gradients_at_kinks_and_singular_points(function: Any, x: float, expected: float) -> None:
    t = Tensor(x, requires_grad=True)
    function(t).backward()
    assert t.grad == expected


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


def test_remainder_and_floor_division_operators() -> None:
    x = leaf(7.0)
    (x % 3).backward()
    assert (x.grad, (x // 2).item(), (7 % leaf(4.0)).item()) == (1.0, 3.0, 3.0)


def test_divmod_leaves_unknown_objects_to_their_own_method() -> None:
    class Unit:
        def __rdivmod__(self, other: Any) -> str:
            return "theirs"

    assert divmod(leaf(2.0), Unit()) == "theirs"
    quotient, rest = divmod(leaf(7.0), 2.0)
    assert (float(quotient), float(rest)) == (3.0, 1.0)


def test_the_derivative_of_a_power_is_printed_as_the_notes_do() -> None:
    a, b = Tensor(2.0, name="a", requires_grad=True), Tensor(3.0, name="b", requires_grad=True)
    formulas = {e.operand: e.formula for e in graph(a**b).edges}
    assert formulas["a"] == "b · a^(b − 1)"


def test_the_rule_of_a_remainder_reads_as_it_computes() -> None:
    x, y = leaf(7.0, "x"), leaf(2.0, "y")
    first, second = graph(x % y).edges
    assert (first.formula, second.formula, second.number) == ("1", "−⌊x / y⌋", -3.0)
