"""Sizes, roots, maxima and minima at their kinks and beside NaN; where of three operands."""

from __future__ import annotations

from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given

from autograd import Tensor
from tests.autograd.helpers import (
    derivatives_at,
    examples,
    holds,
    layouts,
    seeds,
    slopes_at,
    values,
)

INF, NAN = np.inf, np.nan

KINKS: dict[str, tuple[Any, Any, Any]] = {
    # The function, the point, and the derivative by each argument there.
    "abs(0)": (np.abs, [0.0], [0.0]),
    "abs(-0)": (abs, [-0.0], [0.0]),
    "maximum tie": (np.maximum, [2.0, 2.0], [0.5, 0.5]),
    "minimum tie": (np.minimum, [2.0, 2.0], [0.5, 0.5]),
    "sqrt(0)": (np.sqrt, [0.0], [INF]),
    "cbrt(0)": (np.cbrt, [0.0], [INF]),
    "x sqrt(x) at 0": (lambda x: x * np.sqrt(x), [0.0], [0.0]),
    "sqrt(x) x at 0": (lambda x: np.sqrt(x) * x, [0.0], [0.0]),
}


test_the_derivative_at = derivatives_at(KINKS)


# A function, its point, and the derivative by each argument there, worked out by hand.
POINTS: dict[str, tuple[Any, list[Any], list[Any]]] = {
    "fmax beside NaN on the right": (np.fmax, [2.0, NAN], [1.0, 0.0]),
    "fmax beside NaN on the left": (np.fmax, [NAN, 2.0], [0.0, 1.0]),
    "fmin beside NaN on the right": (np.fmin, [2.0, NAN], [1.0, 0.0]),
    "fmin beside NaN on the left": (np.fmin, [NAN, 2.0], [0.0, 1.0]),
    "fmax of equal numbers": (np.fmax, [2.0, 2.0], [0.5, 0.5]),
    "fabs of zero": (np.fabs, [0.0], [0.0]),
}


test_derivatives_at_special_points = slopes_at(POINTS)


@pytest.mark.parametrize(
    ("function", "x", "expected"),
    [
        (np.absolute, 0.0, 0.0),
        (lambda t: np.maximum(t, 0.0), 0.0, 0.5),
        (lambda t: np.minimum(t, 0.0), 0.0, 0.5),
        (lambda t: np.maximum(t, t), 3.0, 1.0),
        (np.sqrt, 0.0, np.inf),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
def test_gradients_at_kinks_and_singular_points(function: Any, x: float, expected: float) -> None:
    t = Tensor(x, requires_grad=True)
    function(t).backward()
    assert t.grad == expected


@examples
@given(hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=3, max_side=3), layouts, seeds)
def test_where_and_clip_broadcast_three(drawn: Any, layout: str, seed: int) -> None:
    c, a, b = drawn.input_shapes
    mask = np.random.default_rng(seed).random(c) > 0.5
    holds(lambda x, y: np.where(mask, x, y), [values(a, seed), values(b, seed + 1)], layout)
