"""Activations at their kinks and far out, and losses at extreme logits and certain classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Tensor, graph
from tests.autograd.helpers import (
    derivatives_at,
    gradient_at,
    leaf,
    slopes_at,
)

KINKS: dict[str, tuple[Any, Any, Any]] = {
    # The function, the point, and the derivative by each argument there.
    "relu(0)": (autograd.relu, [0.0], [0.0]),
    "leaky relu slope at 0": (lambda x: autograd.leaky_relu(x, 0.25), [0.0], [0.25]),
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
    "sigmoid at 1000": (autograd.sigmoid, [1000.0], [0.0]),
    "sigmoid at -1000": (autograd.sigmoid, [-1000.0], [0.0]),
    "softplus at 1000": (autograd.softplus, [1000.0], [1.0]),
    "softplus at -1000": (autograd.softplus, [-1000.0], [0.0]),
}


test_the_derivative_at = derivatives_at(KINKS)


# A function, its point, and the derivative by each argument there, worked out by hand.
POINTS: dict[str, tuple[Any, list[Any], list[Any]]] = {
    "elu at 0.5": (autograd.elu, [0.5], [1.0]),
    "elu at 30": (autograd.elu, [30.0], [1.0]),
    "elu at −1": (autograd.elu, [-1.0], [np.exp(-1.0)]),
    "loss of a certain class": (lambda a: autograd.binary_cross_entropy(a, 1.0), [1.0], [-1.0]),
    "loss of the other class": (lambda a: autograd.binary_cross_entropy(a, 0.0), [0.0], [1.0]),
}


test_derivatives_at_special_points = slopes_at(POINTS)


SLICES: dict[str, tuple[Any, Any, Any]] = {
    # The function, the array, and the gradient of the sum of its results.
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


test_the_gradient_at = gradient_at(SLICES)


@pytest.mark.parametrize(
    ("function", "x", "expected"),
    [
        (autograd.relu, 0.0, 0.0),
        (lambda t: autograd.leaky_relu(t, slope=0.2), 0.0, 0.2),
        (autograd.sigmoid, 1000.0, 0.0),
        (autograd.sigmoid, -1000.0, 0.0),
        (autograd.softplus, 1000.0, 1.0),
        (autograd.softplus, -1000.0, 0.0),
        (lambda t: autograd.binary_cross_entropy_with_logits(t, 1.0), 1000.0, 0.0),
        (lambda t: autograd.binary_cross_entropy_with_logits(t, 1.0), -1000.0, -1.0),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
def test_gradients_at_kinks_and_singular_points(function: Any, x: float, expected: float) -> None:
    t = Tensor(x, requires_grad=True)
    function(t).backward()
    assert t.grad == expected


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


def test_softmax_cross_entropy_is_exact_at_extreme_logits() -> None:
    z = Tensor([[1000.0], [0.0], [-1000.0]], requires_grad=True)
    loss = autograd.softmax_cross_entropy(z, [[1.0], [0.0], [0.0]]).sum()
    loss.backward()
    assert loss.item() == 0.0
    np.testing.assert_array_equal(z.grad, np.zeros((3, 1)))


def test_softmax_over_no_elements_is_empty() -> None:
    for f in (autograd.softmax, autograd.log_softmax):
        x = leaf(np.zeros((0, 3)))
        y = f(x, axis=0)
        assert y.shape == (0, 3)
        y.sum().backward()
        assert x.grad.shape == (0, 3)


def test_the_derivative_of_the_loss_is_printed_as_a_fraction() -> None:
    a = Tensor(0.25, name="a", requires_grad=True)
    loss = autograd.binary_cross_entropy(a, Tensor(1.0, name="y"))
    (edge,) = (e for e in graph(loss).edges if e.differentiable)
    assert edge.formula == "(1 − y) / (1 − a) − y / a"
