"""Norms at zero, of tiny numbers, of negative order, and of an order that is a tensor."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd import DTypeError, Tensor, grad
from tests.autograd.helpers import (
    gradient_at,
    leaf,
    slope,
    slopes_at,
)

SLICES: dict[str, tuple[Any, Any, Any]] = {
    # The function, the array, and the gradient of the sum of its results.
    "norm(0)": (np.linalg.norm, [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]),
    "norm of a zero row": (
        lambda x: np.linalg.norm(x, axis=1),
        [[0.0, 0.0], [3.0, 4.0]],
        [[0.0, 0.0], [0.6, 0.8]],
    ),
    "norm of a zero matrix": (np.linalg.norm, [[0.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]),
    "norm of order 3 at 0": (lambda x: np.linalg.norm(x, 3), [0.0, 0.0], [0.0, 0.0]),
    "norm of order 1 at 0": (lambda x: np.linalg.norm(x, 1), [0.0, 0.0], [0.0, 0.0]),
}


test_the_gradient_at = gradient_at(SLICES)


# A function, its point, and the derivative by each argument there, worked out by hand.
POINTS: dict[str, tuple[Any, list[Any], list[Any]]] = {
    "norm of order 3 with a zero": (
        lambda a: np.linalg.norm(np.stack([a, Tensor(2.0)]), 3),
        [0.0],
        [0.0],
    ),
    "norm of order 3": (
        lambda a: np.linalg.norm(np.stack([a, Tensor(2.0)]), 3),
        [1.0],
        [9.0 ** (-2 / 3)],
    ),
    "norm of order 2 of tiny numbers": (
        lambda a: np.linalg.norm(np.stack([a, a])),
        [1e-200],
        [2**0.5],
    ),
    "norm of zeros": (lambda a: np.linalg.norm(np.stack([a, a]), 3), [0.0], [0.0]),
}


test_derivatives_at_special_points = slopes_at(POINTS)


def test_norms_of_negative_order_with_a_zero_do_not_change() -> None:
    found = slope(lambda t: np.linalg.vector_norm(t, ord=-1), [0.0, 2.0, 3.0])
    np.testing.assert_array_equal(found, [0.0, 0.0, 0.0])


@pytest.mark.parametrize(
    "f",
    [
        lambda p: np.linalg.norm(np.ones(3), p),
        lambda p: np.linalg.norm(np.ones(3), ord=p),
        lambda p: np.linalg.vector_norm(np.ones(3), ord=p),
        lambda p: np.linalg.matrix_norm(np.ones((3, 3)), ord=p),
        lambda p: np.linalg.norm(Tensor(np.ones(3)), ord=p),
    ],
)
@pytest.mark.parametrize("order", [1.0, 2.0, 3.0, np.inf])
def test_an_order_that_is_a_tensor_is_refused(f: Any, order: float) -> None:
    """NumPy compares it with 1 and 2, and takes another way there."""
    for of in (f, grad(lambda p: f(p) * p)):
        with pytest.raises(DTypeError, match=r"norm: (got a Tensor|ord needs a plain value)"):
            of(leaf(order) if of is f else order)
