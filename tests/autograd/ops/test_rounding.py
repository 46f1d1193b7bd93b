"""Clip at its bounds, open, infinite and tracked; signs, steps and numbers in the place of NaN."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd import grad, vjp
from tests.autograd.helpers import (
    derivatives_at,
    leaf,
    slopes_at,
)

INF, NAN = np.inf, np.nan

KINKS: dict[str, tuple[Any, Any, Any]] = {
    # The function, the point, and the derivative by each argument there.
    "clip at the lower bound": (lambda x: np.clip(x, -1.0, 1.0), [-1.0], [0.0]),
    "clip at the upper bound": (lambda x: np.clip(x, -1.0, 1.0), [1.0], [0.0]),
    "clip at its only bound": (lambda x: np.clip(x, 0, None), [0.0], [0.0]),
}


test_the_derivative_at = derivatives_at(KINKS)


# A function, its point, and the derivative by each argument there, worked out by hand.
POINTS: dict[str, tuple[Any, list[Any], list[Any]]] = {
    "copysign of zero": (np.copysign, [0.0, -3.0], [0.0, 0.0]),
    "copysign of a negative": (np.copysign, [-2.0, 3.0], [-1.0, 0.0]),
    "heaviside at the step": (np.heaviside, [0.0, 0.5], [0.0, 1.0]),
    "heaviside at one": (np.heaviside, [1.0, 0.5], [0.0, 0.0]),
    "nan_to_num of infinity": (np.nan_to_num, [INF], [0.0]),
    "nan_to_num of NaN": (np.nan_to_num, [NAN], [0.0]),
    "nan_to_num of a number": (np.nan_to_num, [2.0], [1.0]),
}


test_derivatives_at_special_points = slopes_at(POINTS)


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


def test_clip_takes_open_bounds_in_every_spelling() -> None:
    x = leaf([-2.0, 0.5, 2.0])
    for y in (np.clip(x, 0, None), np.clip(x, 0.0, np.inf), np.clip(x, min=0), x.clip(0)):
        np.testing.assert_array_equal(y.data, [0.0, 0.5, 2.0])
        x.zero_grad()
        y.sum().backward()
        np.testing.assert_array_equal(x.grad, [0.0, 1.0, 1.0])
    np.testing.assert_array_equal(np.clip(x, None, 1).data, [-2.0, 0.5, 1.0])
    np.testing.assert_array_equal(autograd.clip([-2.0, 3.0], None, 1.0), [-2.0, 1.0])


def test_a_plain_array_takes_bounds_that_are_tensors() -> None:
    t = leaf(2.0)
    np.ones(3).clip(0.0, t).sum().backward()
    assert t.grad == 0.0
    np.full(3, 5.0).clip(0.0, t).sum().backward()
    assert t.grad == 3.0
