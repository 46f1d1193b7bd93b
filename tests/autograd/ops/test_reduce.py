"""Greatest and least elements with ties, NaN and initial values, and logsumexp of infinities."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd import Tensor, graph
from tests.autograd.helpers import (
    gradient_at,
    leaf,
    slopes_at,
)

INF, NAN = np.inf, np.nan

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
    "max with NaN": (np.max, [1.0, NAN, 2.0], [0.0, 1.0, 0.0]),
    "min with NaN": (np.min, [1.0, NAN, 2.0], [0.0, 1.0, 0.0]),
    "max of rows with NaN": (
        lambda x: np.max(x, axis=1),
        [[1.0, NAN], [1.0, 2.0]],
        [[0.0, 1.0], [0.0, 1.0]],
    ),
}


test_the_gradient_at = gradient_at(SLICES)


# A function, its point, and the derivative by each argument there, worked out by hand.
POINTS: dict[str, tuple[Any, list[Any], list[Any]]] = {
    "logsumexp of −∞ and a number": (
        lambda a: autograd.logsumexp(np.stack([a, Tensor(1.0)])),
        [-INF],
        [0.0],
    ),
    "logsumexp of +∞ alone": (lambda a: autograd.logsumexp(np.stack([a, a])), [3.0], [1.0]),
    "max with an initial value that ties": (lambda a: np.max(a, initial=2.0), [2.0], [0.5]),
    "max with an initial value that wins": (lambda a: np.max(a, initial=3.0), [2.0], [0.0]),
    "max with an initial value that loses": (lambda a: np.max(a, initial=1.0), [2.0], [1.0]),
    "min with an initial value that ties": (lambda a: np.min(a, initial=2.0), [2.0], [0.5]),
}


test_derivatives_at_special_points = slopes_at(POINTS)


def test_extreme_values_share_their_derivative_evenly() -> None:
    x = Tensor([2.0, 5.0, 5.0, 1.0], requires_grad=True)
    x.max().backward()
    np.testing.assert_array_equal(x.grad, [0.0, 0.5, 0.5, 0.0])


def test_the_derivative_of_a_maximum_is_printed_as_a_share() -> None:
    A = leaf(np.array([1.0, 5.0]), "A")
    (edge,) = graph(np.max(A).named("J")).edges
    assert edge.formula == "[A = J] / (Σ [A = J])"
