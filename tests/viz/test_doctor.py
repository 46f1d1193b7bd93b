"""Programs that are broken in a way that raises nothing, and healthy ones that look alike."""

from __future__ import annotations

import re
import subprocess
import sys
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import autograd
import nn
import viz
from autograd import Tensor, leaky_relu, no_grad, relu, sigmoid
from tests.viz.graphs import leaf
from tests.viz.models import MODELS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RNG = np.random.default_rng


def done(J: Tensor) -> Tensor:
    J = J.named("J")
    with np.errstate(all="ignore"):
        J.backward()
    return J


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return RNG(seed).normal(size=shape)


def data(n: int = 3, m: int = 40) -> tuple[Tensor, Tensor]:
    return Tensor(normal(n, m), name="X"), Tensor((normal(1, m, seed=1) > 0) * 1.0, name="Y")


# -- broken ----------------------------------------------------------------------------------------


def three_passes() -> Tensor:
    w = leaf(3.0, "w")
    for _ in range(3):
        J = done(w * w)
    return J


def two_losses_in_one_loop() -> Tensor:
    w, X = leaf(normal(1, 3), "w"), data()[0]
    for k in range(2):
        J = done(((w @ X - k) ** 2).mean())
    return J


def network_without_zero_grad() -> Tensor:
    net = nn.Network([3, 4, 1], rng=0)
    for _ in range(4):
        J = nn.cost(net, *data(), nn.binary_cross_entropy)
        done(J)
    return J


def detached() -> Tensor:
    W1, W2, (X, Y) = leaf(normal(4, 3), "W1"), leaf(normal(1, 4), "W2"), data()
    h = np.tanh(W1 @ X).detach()
    return done(((W2 @ h - Y) ** 2).mean())


def under_no_grad() -> Tensor:
    W1, W2, (X, Y) = leaf(normal(4, 3), "W1"), leaf(normal(1, 4), "W2"), data()
    with no_grad():
        h = np.tanh(W1 @ X)
    return done(((W2 @ h - Y) ** 2).mean())


def detached_after_good_passes() -> Tensor:
    """Passes that reached W1 and W2 together are no passes of W1's own."""
    W1, W2, (X, Y) = leaf(normal(4, 3), "W1"), leaf(normal(1, 4), "W2"), data()
    for k in range(3):
        for p in (W1, W2):
            p.zero_grad()
        h = np.tanh(W1 @ X)
        J = done(((W2 @ (h if k < 2 else h.detach()) - Y) ** 2).mean())
    return J


def oscillating_without_zero_grad() -> Tensor:
    """What is held is smaller than what this pass gives, for the signs differ."""
    w = leaf(3.0, "w")
    for _ in range(3):
        J = done(w**2)
        w.data = w.data - 0.7 * w.grad
    return J


def through_numpy() -> Tensor:
    W1, W2, (X, Y) = leaf(normal(4, 3), "W1"), leaf(normal(1, 4), "W2"), data()
    h = np.tanh(W1 @ X).numpy()
    return done(((W2 @ h - Y) ** 2).mean())


def through_data() -> Tensor:
    W1, W2, (X, Y) = leaf(normal(4, 3), "W1"), leaf(normal(1, 4), "W2"), data()
    h = np.tanh(W1 @ X)
    return done(((W2 @ h.data - Y) ** 2).mean())


def labels_in_one_dimension() -> Tensor:
    w, X = leaf(normal(3, 1), "w"), Tensor(normal(5, 3), name="X")
    return done(((X @ w - normal(5)) ** 2).mean())


def labels_in_rows() -> Tensor:
    w, X, y = leaf(normal(1, 3), "w"), data(3, 6)[0], Tensor(normal(6, 1), name="y")
    return done(((w @ X - y) ** 2).mean())


def targets_times_column() -> Tensor:
    p, y = leaf(np.full((4, 1), 0.3), "p"), Tensor([0.0, 1.0, 1.0, 0.0], name="y")
    return done(-(y * np.log(p)).mean())


def predictions(shape: Any) -> Tensor:
    """Subtract targets of shape (5,) from predictions that were brought into another shape."""
    w, (X, _) = leaf(normal(3, 1), "w"), data()
    return done(((shape(X.data[:, :5].T @ w) - np.arange(5.0)) ** 2).mean())


def targets_in_a_column() -> Tensor:
    w, (X, _) = leaf(normal(3, 1), "w"), data()
    return done((((X.data[:, :5].T @ w)[:, 0] - np.arange(5.0)[:, None]) ** 2).mean())


def recurrent(scale: float, steps: int = 30) -> Tensor:
    """One weight for all steps: no other gradient stands beside its own."""
    W, h = leaf(scale * normal(4, 4), "W"), Tensor(np.ones((4, 1)), name="h0")
    for _ in range(steps):
        h = W @ h
    return done(h.sum())


def linear_layers(scale: float) -> Tensor:
    """All gradients are alike."""
    h = Tensor(np.ones((4, 1)), name="h0")
    for k in range(20):
        h = leaf(scale * normal(4, 4), f"W{k + 1}") @ h
    return done(h.sum())


def dead_relu() -> Tensor:
    W, b, X = leaf(normal(8, 3), "W"), leaf(np.full((8, 1), -6.0), "b"), data()[0]
    return done((leaf(normal(1, 8), "W2") @ relu(W @ X + b)).mean())


def dead_maximum() -> Tensor:
    W, b, X = leaf(normal(8, 3), "W"), leaf(np.full((8, 1), -4.0), "b"), data()[0]
    return done((leaf(normal(1, 8), "W2") @ np.maximum(W @ X + b, 0) * 3).sum())


def identical_units() -> Tensor:
    W1, W2, (X, Y) = leaf(np.full((4, 3), 0.5), "W1"), leaf(np.ones((1, 4)), "W2"), data()
    return done(((W2 @ np.tanh(W1 @ X) - Y) ** 2).mean())


def identical_columns() -> Tensor:
    W1, w2, (X, Y) = leaf(np.full((3, 4), 0.5), "W1"), leaf(np.ones((4, 1)), "w2"), data()
    return done(((np.tanh(X.data.T @ W1) @ w2 - Y.data.T) ** 2).mean())


def all_zero_network() -> Tensor:
    net = nn.Network([3, 4, 1], hidden="tanh", init="zeros")
    return done(nn.cost(net, *data(), nn.binary_cross_entropy))


def saturated() -> Tensor:
    W1, W2, (X, Y) = leaf(200 * normal(4, 3), "W1"), leaf(normal(1, 4), "W2"), data()
    return done(((W2 @ sigmoid(W1 @ X) - Y) ** 2).mean())


def saturated_tanh() -> Tensor:
    W1, W2 = leaf(normal(4, 3), "W1"), leaf(normal(1, 4), "W2")
    return done((W2 @ np.tanh(W1 @ (1000 * data()[0].data))).mean())


def vanishing() -> Tensor:
    net = nn.Network([3, *[4] * 30, 1], hidden="sigmoid", rng=0)
    return done(nn.cost(net, *data(), nn.binary_cross_entropy))


def exploding() -> Tensor:
    """Each step is bounded, and multiplies what comes back by about thirty."""
    a = leaf(0.1, "x")
    for k in range(1, 9):
        a = np.sin(leaf(30.0 + k, f"w{k}") * a)
    return done(a * leaf(0.5, "v"))


def overflowing_softplus() -> Tensor:
    z = leaf([800.0, 1.0], "z")
    with np.errstate(all="ignore"):
        return done((np.log(1 + np.exp(z)) * Tensor([0.0, 1.0], name="mask")).sum())


def log_of_zero() -> Tensor:
    p = leaf([0.0, 0.5], "p")
    with np.errstate(all="ignore"):
        return done((np.log(p) * np.array([0.3, 0.7])).sum())


def divided_by_zero() -> Tensor:
    x = leaf([1.0, 2.0, 2.0], "x")
    with np.errstate(all="ignore"):
        spread = x - x[1]
        return done((1.0 / spread).sum())


def data_with_nan() -> Tensor:
    X = normal(3, 4)
    X[1, 2] = np.nan
    return done((leaf(normal(1, 3), "w") @ Tensor(X, name="X")).sum())


def slope_of_a_root_at_zero() -> Tensor:
    return done(np.sqrt(leaf([0.0, 4.0], "x")).sum())


def zero_met_infinity() -> Tensor:
    with pytest.warns(match="a gradient of 0 has met"):
        return done((np.sqrt(leaf([0.0, 3.0], "x")) ** 2).sum())


def through_a_named_array() -> Tensor:
    W1, W2, (X, Y) = leaf(normal(4, 3), "W1"), leaf(normal(1, 4), "W2"), data()
    h = Tensor(np.tanh(W1 @ X).numpy(), name="h")
    return done(((W2 @ h - Y) ** 2).mean())


def after_a_step_without_zero_grad() -> Tensor:
    w = leaf(3.0, "w")
    for _ in range(3):
        J = done(w * w)
        w.data = w.data - 0.1 * w.grad
    return J


def after_two_assignments_without_zero_grad() -> Tensor:
    w = leaf(3.0, "w")
    for _ in range(3):
        J = done(w * w)
        w.data = w.data - 0.1 * w.grad
    w.data = w.data * 1.0
    return J


def a_number_of_a_tensor(convert: Any) -> Tensor:
    w, v = leaf(normal(3), "w"), leaf(normal(3, seed=1), "v")
    scale = convert((w * w).sum())
    return done((v * scale).sum())


def a_large_number_of_a_tensor() -> Tensor:
    w, u = leaf(3.7e3, "w"), leaf(1.5, "u")
    return done(u * float(w * w * 1.0123456789))


def a_list_of_a_tensor() -> Tensor:
    W1, W2, (X, _) = leaf(normal(4, 3), "W1"), leaf(normal(1, 4), "W2"), data(m=5)
    h = Tensor(np.tanh(W1 @ X).tolist(), name="h")
    return done((W2 @ h).sum())


def dead_where() -> Tensor:
    W, b, X = leaf(normal(8, 3), "W"), leaf(np.full((8, 1), -6.0), "b"), data()[0]
    Z = W @ X + b
    return done((leaf(normal(1, 8), "W2") @ autograd.where(Z > 0, Z, 0.0)).mean())


def dead(relu: Callable[[Tensor], Tensor], bias: float = -6.0) -> Tensor:
    W, b, X = leaf(normal(8, 3), "W"), leaf(np.full((8, 1), bias), "b"), data()[0]
    return done((leaf(normal(1, 8), "W2") @ relu(W @ X + b)).mean())


def exploding_after_a_large_unit() -> Tensor:
    """The cost is in a unit that is large: its one step is more than half of the way."""
    h = Tensor(np.ones((4, 1)), name="h0")
    for k in range(12):
        h = leaf(10 * normal(4, 4), f"W{k + 1}") @ h
    return done(h.sum() * 1e20)


BROKEN: dict[str, tuple[Any, str, str, str]] = {  # program: kind, card, words of the mark
    "three passes": (three_passes, "accumulated", "w", "grad is 3 × this pass"),
    "two losses": (two_losses_in_one_loop, "accumulated", "w", "this pass gives"),
    "no zero_grad": (network_without_zero_grad, "accumulated", "W1", "grad is 4 × this pass"),
    "detach": (detached, "cut", "detach(tanh)", "cut by detach()"),
    "detach again": (detached_after_good_passes, "cut", "detach(tanh)", "cut by detach()"),
    "oscillating": (oscillating_without_zero_grad, "accumulated", "w", "this pass gives"),
    "no_grad": (under_no_grad, "cut", "no_grad(W1)", "cut by no_grad()"),
    "numpy()": (through_numpy, "cut", "", "cut by numpy()"),
    "data": (through_data, "cut", "", "cut by data"),
    "named array": (through_a_named_array, "cut", "h", "cut by numpy()"),
    "float()": (lambda: a_number_of_a_tensor(float), "cut", "", "cut by float()"),
    "a large float()": (a_large_number_of_a_tensor, "cut", "", "cut by float()"),
    "item()": (lambda: a_number_of_a_tensor(lambda t: t.item()), "cut", "", "cut by item()"),
    "tolist()": (a_list_of_a_tensor, "cut", "h", "cut by tolist()"),
    "dead where": (dead_where, "dead", "", "of relu is 0"),
    "dead clip": (lambda: dead(lambda Z: np.clip(Z, 0, None)), "dead", "", "of relu is 0"),
    "dead mask": (lambda: dead(lambda Z: Z * (Z.data > 0), -3.0), "dead", "", "of relu is 0"),
    "all dead mask": (lambda: dead(lambda Z: Z * (Z.data > 0), -60.0), "dead", "", "of relu is 0"),
    "a large unit": (exploding_after_a_large_unit, "exploding", "W1", "exploding: ‖gradient‖ ="),
    "steps": (after_a_step_without_zero_grad, "accumulated", "w", "this pass gives"),
    "clipped": (after_two_assignments_without_zero_grad, "accumulated", "w", "holds 3 passes"),
    "labels (5,)": (labels_in_one_dimension, "broadcast", "", "(5, 1) − (5,) → (5, 5)"),
    "labels (6, 1)": (labels_in_rows, "broadcast", "", "(1, 6) − (6, 1) → (6, 6)"),
    "times a column": (targets_times_column, "broadcast", "", "(4,) · (4, 1) → (4, 4)"),
    "a column by .T": (lambda: predictions(lambda p: p.T.T), "broadcast", "", "(5, 1) − (5,)"),
    "by reshape": (
        lambda: predictions(lambda p: p.reshape(5, 1)),
        "broadcast",
        "",
        "(5, 1) − (5,)",
    ),
    "a slice": (lambda: predictions(lambda p: p[:, :1]), "broadcast", "", "(5, 1) − (5,)"),
    "targets[:, None]": (targets_in_a_column, "broadcast", "", "(5,) − (5, 1) → (5, 5)"),
    "one weight explodes": (lambda: recurrent(10), "exploding", "W", "exploding: ‖gradient‖ ="),
    "one weight vanishes": (lambda: recurrent(0.05), "vanishing", "W", "vanishing: ‖gradient‖ ="),
    "all explode": (lambda: linear_layers(100), "exploding", "W1", "exploding: ‖gradient‖ ="),
    "all vanish": (lambda: linear_layers(0.05), "vanishing", "W1", "vanishing: ‖gradient‖ ="),
    "dead relu": (dead_relu, "dead", "", "of relu is 0"),
    "dead maximum": (dead_maximum, "dead", "", "of relu is 0"),
    "identical rows": (identical_units, "identical", "W1", "its 4 rows are equal"),
    "identical columns": (identical_columns, "identical", "W1", "its 4 columns are equal"),
    "zeros": (all_zero_network, "identical", "W1", "its 4 rows are equal"),
    "saturated sigmoid": (saturated, "saturated", "", "saturated: 9"),
    "saturated tanh": (saturated_tanh, "saturated", "", "saturated: "),
    "vanishing": (vanishing, "vanishing", "", "vanishing: ‖gradient‖ ="),
    "exploding": (exploding, "exploding", "", "exploding: ‖gradient‖ ="),
    "overflow": (overflowing_softplus, "not finite", "", "∞ begins here"),
    "log 0": (log_of_zero, "not finite", "", "∞ begins here"),
    "division": (divided_by_zero, "not finite", "", "∞ begins here"),
    "NaN in X": (data_with_nan, "not finite", "X", "NaN begins here"),
    "root at 0": (slope_of_a_root_at_zero, "not finite", "x", "∞ gradient begins here"),
    "0 met ∞": (zero_met_infinity, "hidden limit", "", "0 met ∞"),
}


# -- healthy ---------------------------------------------------------------------------------------


def one_pass_with_zero_grad() -> Tensor:
    w = leaf(3.0, "w")
    for _ in range(3):
        w.zero_grad()
        J = done(w * w)
    return J


def straight_through() -> Tensor:
    x = leaf(normal(5), "x")
    return done(((x + (np.round(x.data) - x.data)) ** 2).sum())


def stop_gradient_of_a_target() -> Tensor:
    w, X = leaf(normal(1, 3), "w"), data()[0]
    value = w @ X
    target = (0.9 * value + 1).detach()
    return done(((value - target) ** 2).mean())


def truncated_through_time() -> Tensor:
    W, h = leaf(normal(2, 2), "W"), Tensor(np.ones((2, 1)), name="h0")
    for t in range(6):
        h = np.tanh(W @ h)
        if t == 3:
            h = h.detach()
    return done((h * h).sum())


def constants_made_under_no_grad() -> Tensor:
    w, X = leaf(normal(1, 3), "w"), data()[0]
    with no_grad():
        scale = np.exp(X).sum() / 10
    return done((w @ X * scale).mean())


def a_penalty_under_no_grad_is_used_elsewhere() -> Tensor:
    w, X = leaf(normal(1, 3), "w"), data()[0]
    with no_grad():
        size = (w * w).sum()
    return done((w @ X).mean() / size)


def all_pairs() -> Tensor:
    x = leaf(normal(6), "x")
    return done(((x[:, None] - x[None, :]) ** 2).sum())


def outer_product() -> Tensor:
    return done((leaf(normal(4, 1), "a") * leaf(normal(1, 4), "b")).sum())


def bias_of_a_column() -> Tensor:
    W, b, X = leaf(normal(4, 3), "W"), leaf(normal(4, 1), "b"), data()[0]
    return done(np.tanh(W @ X + b).mean())


def batch_statistics() -> Tensor:
    Z = leaf(normal(3, 12), "Z")
    mean, std = Z.mean(axis=1, keepdims=True), Z.std(axis=1, keepdims=True)
    return done((((Z - mean) / std) ** 3).mean())


def half_of_relu_is_zero() -> Tensor:
    return done((relu(leaf(normal(20, 20), "Z")) ** 2).mean())


def leaky() -> Tensor:
    return done(leaky_relu(leaf(normal(8, 8) - 4, "Z")).sum())


def maximum_of_two() -> Tensor:
    return done(np.maximum(leaf(normal(20), "a"), leaf(np.zeros(20) + 9, "b")).sum())


def zeros_in_logistic_regression() -> Tensor:
    net = nn.Network([3, 1], init="zeros")
    return done(nn.cost(net, *data(), nn.binary_cross_entropy))


def zeros_in_softmax_regression() -> Tensor:
    net = nn.Network([3, 4], output="softmax", init="zeros")
    return done(nn.cost(net, data()[0], nn.one_hot(np.arange(40) % 4)))


def trained_to_certainty() -> Tensor:
    """Outputs near 0 and 1 are what a good classifier gives."""
    X, _ = data()
    w = leaf([[40.0, 0.0, 0.0]], "w")
    A = sigmoid(w @ X)
    T = (X.data[:1] > 0) * 1.0
    return done(-(T * np.log(A + 1e-9) + (1 - T) * np.log(1 - A + 1e-9)).mean())


def at_the_minimum() -> Tensor:
    w, v = leaf(1.0 + 1e-12, "w"), leaf(2.0 - 1e-12, "v")
    return done((w - 1) ** 2 + (v - 2) ** 2)


def large_units() -> Tensor:
    """Prices in thousands: every gradient is large."""
    w, b, x = leaf(3.0, "w"), leaf(1.0, "b"), Tensor(1e3 + normal(20), name="x")
    return done(((w * x + b - 5e3) ** 2).mean())


def root_that_is_selected_away() -> Tensor:
    x = leaf([-1.0, 4.0], "x")
    with np.errstate(all="ignore"):
        return done(np.where(x.data > 0, np.sqrt(np.where(x.data > 0, x, 1.0)), 0.0).sum())


def masked_data() -> Tensor:
    w, X = leaf(normal(1, 3), "w"), Tensor(normal(3, 6) * (normal(3, 6) > 0), name="X")
    return done((w @ X).sum())


def after_a_step() -> Tensor:
    """The optimizer has assigned new values: those before are looked at."""
    net = nn.Network([3, 4, 1], rng=0)
    J = done(nn.cost(net, *data(), nn.binary_cross_entropy))
    nn.SGD(net.parameters(), learning_rate=0.1).step()
    return J


def loss_scaling() -> Tensor:
    w = leaf(normal(1, 3), "w")
    J = (w @ data()[0]).mean().named("J")
    J.backward(4.0)
    return J


def decay_added_to_the_gradient() -> Tensor:
    w = leaf(normal(1, 3), "w")
    J = done((w @ data()[0]).mean())
    w.grad = w.grad + 0.5 * w.data
    return J


def array_that_was_filled_anew() -> Tensor:
    W, V, X = leaf(normal(4, 3), "W"), leaf(normal(1, 4), "V"), data()[0]
    buffer = (W @ X).numpy()
    buffer[:] = normal(4, 40, seed=9)
    return done((V @ buffer).mean())


def pairwise_distances() -> Tensor:
    h = leaf(normal(6, 2), "h")
    squares = (h * h).sum(axis=1, keepdims=True)
    return done((squares + squares.T - 2 * (h @ h.T)).sum())


def attention_scores() -> Tensor:
    h, a, b = leaf(normal(5, 3), "h"), leaf(normal(3, 1), "a"), leaf(normal(3, 1), "b")
    return done(np.tanh((h @ a) + (h @ b).T).sum())


def all_pairs_of_data() -> Tensor:
    x, y, s = Tensor(normal(4, 1), name="x"), Tensor(normal(1, 4), name="y"), leaf(1.0, "s")
    return done(np.exp(-s * (x - y) ** 2).sum())


def several_targets_at_once() -> Tensor:
    """Linear regression is convex: zeros are a good start, whatever the targets are."""
    W, X = leaf(np.zeros((2, 3)), "W"), data()[0]
    return done(((W @ X - 1) ** 2).mean())


def hinge_of_a_separated_set() -> Tensor:
    w, (X, _) = leaf([[40.0, 0.0, 0.0]], "w"), data()
    y = np.sign(X.data[:1])
    return done(np.maximum(0, 1 - y * (w @ X)).mean())


def open_gates() -> Tensor:
    f, c = leaf(np.full(6, 9.0), "f"), Tensor(normal(6), name="c0")
    return done((sigmoid(f) * np.tanh(c)).sum())


def two_detached_values_of_lost_leaves() -> Tensor:
    def value() -> Tensor:
        w = leaf(np.ones(3))
        with no_grad():
            return w * 2

    total = Tensor(0.0)
    for _ in range(3):
        total = total + (leaf(normal(2, 2)) ** 2).mean().detach()
    v = leaf(1.0, "v")
    del total
    assert (value() * value()).shape == (3,)
    return done(v * v)


def pairs_of_scores() -> Tensor:
    """Ranking compares each with each."""
    w, (X, _) = leaf(normal(1, 3), "w"), data()
    scores = (w @ X)[0]
    return done(np.log(1 + np.exp(scores[:, None] - scores[None, :])).mean())


def distances_to_centres() -> Tensor:
    """As many centres as points, by chance."""
    c = leaf(normal(6), "c")
    return done(((normal(6, seed=1)[:, None] - c[None, :]) ** 2).min(axis=1).sum())


def trained_deep_network() -> Tensor:
    """All gradients are small, because the targets are met."""
    h = data()[0]
    for k in range(12):
        h = np.tanh(leaf(np.eye(3), f"W{k + 1}") @ h)
    return done(((h - (h.data + 1e-14)) ** 2).mean())


def first_state_of_a_long_sequence() -> Tensor:
    """It is forgotten, as it should be; the weight learns."""
    W, h = leaf(0.05 * np.eye(4), "W"), leaf(np.ones((4, 1)), "h0")
    for t in range(30):
        h = np.tanh(W @ h + np.sin(t))
    return done((h * h).sum())


def test_arrays_that_were_joined_are_not_turned_on_purpose() -> None:
    """(4, 1) of parts against (4,): nobody has said which way the second lies."""
    b, y = leaf(normal(2), "b"), normal(4, seed=1)
    C = np.concatenate([np.ones((2, 1)), np.tanh(b.reshape(2, 1) * 2)])
    found = viz.diagnose(done(((C - y) ** 2).mean()))
    assert [f.kind for f in found] == ["broadcast"]


def a_grid_of_sizes_that_differ() -> Tensor:
    """Three rows and four columns can only be meant as a table."""
    w = leaf(normal(3, 1), "w")
    return done(((w - normal(4, seed=1)) ** 2).mean())


def explicit_pairs() -> Tensor:
    """Both sides say that pairs are meant."""
    c, grid = leaf(normal(5), "c"), normal(5, seed=1)
    return done(((np.tanh(c)[:, None] - grid[None, :]) ** 2).sum())


def fixed_point() -> Tensor:
    """It does not depend on where it was begun."""
    y = leaf(0.3, "y0")
    for _ in range(60):
        y = np.cos(y) * 0.5
    return done(y * 1)


def a_step_of_a_discriminator() -> Tensor:
    """The generator has its own pass; it is no part of this one."""
    G, D, (z, _) = leaf(normal(3, 3), "G"), leaf(normal(1, 3), "D"), data()
    for _ in range(2):
        fake = G @ z
        G.zero_grad()
        np.log1p(np.exp(-(D @ fake))).mean().named("J_G").backward()
        G.data = G.data - 0.1 * G.grad
        G.zero_grad()
        D.zero_grad()
        done(np.log1p(np.exp(D @ fake.detach())).mean())
        D.data = D.data - 0.1 * D.grad
        D.zero_grad()
    D.zero_grad()
    return done(np.log1p(np.exp(D @ (G @ z).detach())).mean())


def values_that_a_mask_keeps() -> Tensor:
    """Nine tenths are 0, and no unit is dead."""
    W1, W2, (X, _) = leaf(normal(4, 3), "W1"), leaf(normal(1, 4), "W2"), data()
    mask = normal(4, 40, seed=3) > 1.3
    return done((W2 @ autograd.where(mask, np.tanh(W1 @ X), 0.0)).mean())


def an_actor_beside_its_critic() -> Tensor:
    """Each has a pass of its own, which reaches nothing of the other."""
    V, P = leaf(normal(3), "V"), leaf(normal(3, seed=1), "P")
    s = Tensor(normal(3, seed=2), name="s")
    for _ in range(3):
        for p in (V, P):
            p.zero_grad()
        done(((V * s).sum() - 1) ** 2)
        gain = (1 - (V * s).sum()).detach()
        J = done(-np.tanh((P * s).sum()) * gain)
    return J


def an_encoder_that_was_trained_before() -> Tensor:
    E, D, H = leaf(normal(2, 3), "E"), leaf(normal(3, 2), "D"), leaf(normal(1, 2), "H")
    X, Y = data()
    done(((D @ (E @ X) - X) ** 2).mean())
    return done(((H @ (E @ X).detach() - Y) ** 2).mean())


def a_shift_by_the_largest() -> Tensor:
    z = leaf(normal(4), "z")
    powers = np.exp(z - float(z.max()))
    return done((powers / powers.sum() * normal(4, seed=1)).sum())


def a_cost_in_units_of_the_first() -> Tensor:
    w = leaf(normal(3), "w")
    first = float((w * w).sum())
    return done(((w * 2) ** 2).sum() / first)


def the_same_plain_numbers() -> Tensor:
    """A half is not told by its digits."""
    w, v = leaf([0.5], "w"), leaf([2.0], "v")
    assert float((w * 1.0)[0]) == 0.5
    return done((v * 0.5).sum())


def common_numbers() -> Tensor:
    """Numbers that were converted once, and are written here."""
    rate, part = leaf(0.1, "rate"), leaf(np.array([1.0, 9.0]), "part")
    float(rate * 1.0)
    (part / part.sum()).tolist()
    float(np.exp(leaf(1.0, "c")))
    float(1 / leaf(3.0, "n"))
    v = leaf(normal(3), "v")
    return done((v * 0.1 + v * 0.9 + v * np.e + v * (1 / 3)).sum() + 0.01 * (v * v).sum())


HEALTHY = [
    an_actor_beside_its_critic,
    an_encoder_that_was_trained_before,
    common_numbers,
    values_that_a_mask_keeps,
    a_step_of_a_discriminator,
    a_shift_by_the_largest,
    a_cost_in_units_of_the_first,
    the_same_plain_numbers,
    a_grid_of_sizes_that_differ,
    explicit_pairs,
    fixed_point,
    first_state_of_a_long_sequence,
    pairs_of_scores,
    distances_to_centres,
    trained_deep_network,
    lambda: linear_layers(0.5),
    lambda: recurrent(0.6),
    loss_scaling,
    decay_added_to_the_gradient,
    array_that_was_filled_anew,
    pairwise_distances,
    attention_scores,
    all_pairs_of_data,
    several_targets_at_once,
    hinge_of_a_separated_set,
    open_gates,
    two_detached_values_of_lost_leaves,
    one_pass_with_zero_grad,
    straight_through,
    stop_gradient_of_a_target,
    truncated_through_time,
    constants_made_under_no_grad,
    a_penalty_under_no_grad_is_used_elsewhere,
    all_pairs,
    outer_product,
    bias_of_a_column,
    batch_statistics,
    half_of_relu_is_zero,
    leaky,
    maximum_of_two,
    zeros_in_logistic_regression,
    zeros_in_softmax_regression,
    trained_to_certainty,
    at_the_minimum,
    large_units,
    root_that_is_selected_away,
    masked_data,
    after_a_step,
    *(MODELS[m] for m in MODELS if m != "broadcasting"),
]


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_named_on_the_picture(name: str) -> None:
    program, kind, card, words = BROKEN[name]
    J = program()
    found = viz.diagnose(J)
    (first, *_) = [f for f in found if f.kind == kind]
    assert words in first.mark
    assert not card or first.name == card
    assert first.advice.endswith((".", "?"))
    assert first.line == "" or re.fullmatch(
        r"(test_doctor|linear|losses|module)\.py:\d+", first.line
    )
    # the picture says it, on the card and below
    drawing = viz.draw(J, max_nodes=500, fit=None)
    marked = [n for n in drawing.view.nodes if words in n.mark]
    assert marked
    assert any(words in line and first.advice in line for line in drawing.view.caption)
    assert words.replace("&", "&amp;") in drawing.svg
    assert words in drawing.text


@pytest.mark.parametrize("name", BROKEN)
def test_nothing_else_is_said_of_it(name: str) -> None:
    program, kind, _, _ = BROKEN[name]
    assert {f.kind for f in viz.diagnose(program())} == {kind}


@pytest.mark.parametrize("program", HEALTHY, ids=lambda p: p.__name__)
def test_what_is_healthy_is_left_alone(program: Any) -> None:
    J = program()
    assert viz.diagnose(J) == ()
    assert not any(n.mark for n in viz.draw(J).view.nodes)


def test_a_name_does_not_hide_a_cut() -> None:
    W1, W2, (X, Y) = leaf(normal(4, 3), "W1"), leaf(normal(1, 4), "W2"), data()
    h = np.tanh(W1 @ X).detach().named("h")
    (found,) = viz.diagnose(done(((W2 @ h - Y) ** 2).mean()))
    assert (found.kind, found.name) == ("cut", "h")


def test_what_is_remembered_of_cuts_stays_small() -> None:
    average = Tensor(0.0)
    for _ in range(200):
        average = average * 0.9 + (leaf(normal(3), "W") * 2).detach().sum() * 0.1
    assert len(average._constant.cut.leaves) <= 12


def test_health_false_says_nothing() -> None:
    view = viz.draw(three_passes(), health=False).view
    assert not any(n.mark for n in view.nodes)
    assert not any("zero_grad" in line for line in view.caption)


def test_a_fault_inside_a_folded_card_is_on_the_card() -> None:
    view = viz.draw(network_without_zero_grad(), depth=0).view
    assert [n.mark for n in view.nodes if n.kind == "module"] == ["grad is 4 × this pass"] * 2


def test_what_several_cards_have_in_common_is_said_once() -> None:
    caption = viz.draw(network_without_zero_grad(), fit=None).view.caption
    (line,) = [line for line in caption if "zero_grad" in line]
    assert line.startswith("W1, W2, b1, b2: grad is 4 × this pass. ")


def run(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "viz", "doctor", *words]
    return subprocess.run(command, cwd=cwd, capture_output=True, encoding="utf-8", check=False)


SCRIPT = """
import numpy as np
from autograd import Tensor

w = Tensor(3.0, name="w", requires_grad=True)
for _ in range({times}):
    u = w * 2
    J = (u * w).named("J")
    J.backward()
"""


def test_the_command_diagnoses_a_script(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(SCRIPT.format(times=3))
    done = run("train.py", "-o", "J.svg", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout.startswith("w: grad is 3 × this pass. Its grad holds other backward passes")
    assert "grad is 3 × this pass" in (tmp_path / "J.svg").read_text("utf-8")
    script.write_text(SCRIPT.format(times=1))
    done = run("train.py", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "nothing found in what J was computed by\n")


IN_A_FUNCTION = """
import numpy as np
from autograd import Tensor

def train(clears):
    rng = np.random.default_rng(0)
    w = Tensor(rng.normal(size=(1, 3)), requires_grad=True, name="w")
    X, Y = rng.normal(size=(3, 20)), rng.normal(size=(1, 20))
    for _ in range(3):
        if clears:
            w.zero_grad()
        J = ((w @ X - Y) ** 2).mean()
        J.backward()
        w.data = w.data - 0.1 * w.grad

train({clears})
"""


def test_the_command_diagnoses_what_is_trained_in_a_function(tmp_path: Path) -> None:
    """It leaves nothing in the module: what `backward` was called on is looked at."""
    script = tmp_path / "train.py"
    script.write_text(IN_A_FUNCTION.format(clears=False))
    done = run("train.py", cwd=tmp_path)
    assert done.returncode == 1
    assert "w: ‖grad‖ = " in done.stdout
    assert "zero_grad()" in done.stdout
    script.write_text(IN_A_FUNCTION.format(clears=True))
    done = run("train.py", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "nothing found in what train.py:13 was computed by\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1", "leaves no result of a recorded computation"),
        (None, "there is no file 'train.py'"),
    ],
)
def test_the_command_says_what_it_needs(tmp_path: Path, text: str | None, said: str) -> None:
    if text is not None:
        (tmp_path / "train.py").write_text(text)
    done = run("train.py", cwd=tmp_path)
    assert done.returncode == 1
    assert said in done.stderr


STEPPED = """
import numpy as np
from autograd import Tensor
w = Tensor([{first}, 2.0], name="w", requires_grad=True)
r = np.sqrt(w)
loss = r.mean().named("loss")
loss.backward()
w.data = w.data - 0.1
w.data = w.data.clip(-1, 1)
"""


@pytest.mark.parametrize(("first", "nan"), [(-1.0, True), (1.0, False)])
def test_what_is_gone_after_a_step_is_not_judged(first: float, nan: bool, tmp_path: Path) -> None:
    """A mean of something unknown has not begun a NaN, and not all is well."""
    script = tmp_path / "train.py"
    script.write_text(STEPPED.replace("{first}", str(first)), "utf-8")
    command = [sys.executable, "-m", "viz", "doctor", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "begins here" not in done.stdout
    assert ("NaN here. Where it begins is not known any more" in done.stdout) == nan
    assert "Not looked at: 2 of 3 values, computed from w" in done.stdout
    assert "Look before the step." in done.stdout


def test_numbers_are_remembered_for_a_while_and_hold_nothing() -> None:
    from autograd import cuts

    kept = leaf(normal(3), "w")
    for k in range(400):
        (kept * (k + 0.1)).sum().item()
        np.tanh(kept * k + 0.3).tolist()
    assert len(cuts._numbers) <= 256
    result = leaf(normal(2), "v") * 1.1
    array = weakref.ref(result)
    result.tolist()
    result.sum().item()
    del result
    assert array() is None
    assert float((kept * 1.7).sum()) == pytest.approx(1.7 * normal(3).sum())


def test_each_gradient_that_adds_up_is_told_with_its_own_numbers() -> None:
    a, b = leaf(2.0, "a"), leaf(-1.5, "b")
    for k in range(2):
        J = done((a * b + (k + 1) * a - b**2) ** 2)
        for p in (a, b):
            p.data = p.data - 0.01 * p.grad
    (alert,) = viz.draw(J).view.alerts
    marks = {f.name: f.mark for f in viz.diagnose(J)}
    assert len(set(marks.values())) == 2
    assert str(alert).startswith(f"a: {marks['a']}; b: {marks['b']}. ")
