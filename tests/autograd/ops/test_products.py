"""Products and running products with zeros among the factors, to second order."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import Tensor, hessian
from tests.autograd.helpers import (
    gradient_at,
    slopes_at,
)

SLICES: dict[str, tuple[Any, Any, Any]] = {
    # The function, the array, and the gradient of the sum of its results.
    "prod with one zero": (np.prod, [2.0, 0.0, 3.0], [0.0, 6.0, 0.0]),
    "prod with two zeros": (np.prod, [0.0, 0.0, 3.0], [0.0, 0.0, 0.0]),
    "prod of rows with zeros": (
        lambda x: np.prod(x, axis=1),
        [[2.0, 0.0, 3.0], [0.0, 0.0, 3.0], [2.0, 3.0, 4.0]],
        [[0.0, 6.0, 0.0], [0.0, 0.0, 0.0], [12.0, 8.0, 6.0]],
    ),
    "cumprod [2,0,3,4]": (np.cumprod, [2.0, 0.0, 3.0, 4.0], [1.0, 32.0, 0.0, 0.0]),
}


test_the_gradient_at = gradient_at(SLICES)


# A function, its point, and the derivative by each argument there, worked out by hand.
POINTS: dict[str, tuple[Any, list[Any], list[Any]]] = {
    "cumprod with zeros": (lambda a: np.cumprod(np.stack([a, Tensor(2.0)]))[1], [0.0], [2.0]),
}


test_derivatives_at_special_points = slopes_at(POINTS)


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
