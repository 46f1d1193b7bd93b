"""The figures of the gallery, each a small program that can be copied.

`FIGURES` maps the name of a file in docs/img/ to a title, a sentence and the drawing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import nn
import viz
from autograd import Tensor, check_backprop, gradients, name_scope, sigmoid


def leaf(value: Any, name: str) -> Tensor:
    """Return a named tensor that derivatives are wanted for."""
    return Tensor(value, name=name, requires_grad=True)


def lecture() -> Tensor:
    """Return J = 3(a + bc), differentiated."""
    a, b, c = leaf(5.0, "a"), leaf(3.0, "b"), leaf(2.0, "c")
    J = (3 * (a + b * c)).named("J")
    J.backward()
    return J


def neuron() -> Tensor:
    """Return the sigmoid neuron with w = (2, −3, −3) and x = (−1, −2), differentiated."""
    values = {"w0": 2.0, "x0": -1.0, "w1": -3.0, "x1": -2.0, "w2": -3.0}
    w0, x0, w1, x1, w2 = (leaf(v, n) for n, v in values.items())
    z = (w0 * x0 + w1 * x1 + w2).named("z")
    a = (1 / (1 + np.exp(-z))).named("a")
    a.backward()
    return a


def data(n: int, m: int = 40) -> tuple[Tensor, Tensor]:
    """Return m made-up examples of n features, and their classes."""
    rng = np.random.default_rng(0)
    Y = Tensor((rng.random((1, m)) > 0.5).astype(float), name="Y")
    return Tensor(rng.normal(size=(n, m)) + 0.7 * Y.data, name="X"), Y


def network(n: list[int]) -> Tensor:
    """Return the cost of a network on 40 made-up examples, differentiated."""
    X, Y = data(n[0])
    J = nn.cost(nn.Network(n, rng=2), X, Y, nn.binary_cross_entropy).named("J")
    J.backward()
    return J


def linear() -> Tensor:
    """Return the squared length of z = W x + b, differentiated."""
    W, x = leaf([[1.0, -2.0], [0.5, 1.0]], "W"), Tensor([[1.0], [2.0]], name="x")
    b = leaf([[0.5], [-1.0]], "b")
    z = (W @ x + b).named("z")
    J = (z * z).sum().named("J")
    J.backward()
    return J


def trained(n: list[int], epochs: int = 30) -> tuple[nn.Network, list[viz.Drawing]]:
    """Return a network after some steps of gradient descent, and its drawings before each."""
    net, (X, Y), drawings = nn.Network(n, rng=1), data(n[0]), []
    for _ in range(epochs):
        for parameter in net.parameters():
            parameter.zero_grad()
        J = nn.cost(net, X, Y, nn.binary_cross_entropy).named("J")
        J.backward()
        drawings.append(viz.draw(J, depth=0, health=True, theme="auto"))
        for parameter in net.parameters():
            parameter.data = parameter.data - 0.5 * parameter.grad
    return net, drawings


def recurrent(steps: int) -> Tensor:
    """Return the squared error of a recurrent cell after some steps, differentiated."""
    rng = np.random.default_rng(1)
    W, U = leaf(0.5 * rng.normal(size=(2, 2)), "W"), leaf(0.5 * rng.normal(size=(2, 1)), "U")
    h = Tensor(np.zeros((2, 1)), name="h0")
    for t in range(steps):
        x = Tensor(rng.normal(size=(1, 1)), name=f"x{t + 1}")
        with name_scope(f"step {t + 1}"):
            h = np.tanh(W @ h + U @ x).named(f"h{t + 1}")
    J = (h * h).sum().named("J")
    J.backward()
    return J


def fan_out() -> Tensor:
    """Return x² + sin x + 3x, in which x is used four times, differentiated."""
    x = leaf(2.0, "x")
    y = (x * x + np.sin(x) + 3 * x).named("y")
    y.backward()
    return y


def second_order() -> Tensor:
    """Return d(w²x)/dw as a graph of its own, differentiated once more."""
    w, x = leaf(3.0, "w"), leaf(2.0, "x")
    y = (w * w * x).named("y")
    slope = gradients(y, w, create_graph=True).named("slope")
    slope.backward()
    return slope


def exploding() -> Tensor:
    """Return a product of four large weights with an input, differentiated."""
    x = leaf(0.1, "x")
    y = x
    for k in range(1, 5):
        y = (leaf(9.0, f"w{k}") * y).named(f"a{k}")
    J = (y * y).named("J")
    J.backward()
    return J


def vanishing() -> Tensor:
    """Return a chain of three saturated sigmoids, differentiated."""
    a = leaf(1.0, "x")
    for k in range(1, 4):
        a = sigmoid(leaf(9.0, f"w{k}") * a).named(f"a{k}")
    a.backward()
    return a


def not_a_number() -> Tensor:
    """Return a softplus that overflows: ∞ begins in exp, NaN where it meets a zero."""
    z = leaf([800.0, 1.0], "z")
    with np.errstate(all="ignore"):
        s = np.log(1 + np.exp(z)).named("s")
        J = (s * Tensor([0.0, 1.0], name="mask")).sum().named("J")
        J.backward()
    return J


def softmax() -> Tensor:
    """Return the cost of softmax regression with three classes, differentiated."""
    rng = np.random.default_rng(2)
    W, b = leaf(rng.normal(size=(3, 2)), "W"), leaf(np.zeros((3, 1)), "b")
    X = Tensor(rng.normal(size=(2, 6)), name="X")
    Y = Tensor(np.eye(3)[:, rng.integers(3, size=6)], name="Y")
    Z = (W @ X + b).named("Z")
    J = nn.softmax_cross_entropy(Z, Y).named("J")
    J.backward()
    return J


Made = Callable[[], Any]
AUTO: dict[str, Any] = {"theme": "auto"}
COLUMN: dict[str, Any] = {**AUTO, "fit": "column"}  # the width that a page of documentation has

FIGURES: dict[str, tuple[str, str, Made]] = {
    "lecture": (
        "The lecture's graph",
        "J = 3(a + bc): values from left to right, derivatives from right to left.",
        lambda: viz.draw(lecture(), **COLUMN),
    ),
    "neuron": (
        "A sigmoid neuron",
        "Its formula step by step; each arrow back carries the local derivative.",
        lambda: viz.draw(neuron(), **COLUMN),
    ),
    "fan-out": (
        "A value used four times",
        "What comes back along each path adds up.",
        lambda: viz.draw(fan_out(), **COLUMN),
    ),
    "forward": (
        "Forward only",
        '`direction="forward"`: what is computed, before anything is differentiated.',
        lambda: viz.draw(neuron(), direction="forward", **COLUMN),
    ),
    "logistic": (
        "Logistic regression",
        "Arrays show shape, dtype, range and mean; gradients their norm.",
        lambda: viz.draw(network([3, 1]), **COLUMN),
    ),
    "softmax": (
        "Softmax regression",
        "Three classes, six examples.",
        lambda: viz.draw(softmax(), **COLUMN),
    ),
    "linear": (
        "W x + b, in tensors",
        "The tensor graph of a linear layer ...",
        lambda: viz.draw(linear(), **COLUMN),
    ),
    "scalars": (
        "... and number by number",
        "`scalars=True` opens the same graph: what a matrix product is.",
        lambda: viz.draw(linear(), scalars=True, **COLUMN),
    ),
    "folded": (
        "A network, layer by layer",
        "`depth=0` folds each module into a card with the gradients of its parameters.",
        lambda: viz.draw(network([3, 4, 2, 1]), depth=0, **COLUMN),
    ),
    "opened": (
        "The same network, open",
        "`depth=1` opens the modules again; they stay together as clusters.",
        lambda: viz.draw(network([3, 2, 1]), depth=1, **COLUMN),
    ),
    "ten-layers": (
        "Ten layers alike",
        "`repeats=True` folds equal layers in a row.",
        lambda: viz.draw(network([3, *[4] * 10, 1]), depth=0, repeats=True, **COLUMN),
    ),
    "neurons": (
        "Neurons in columns",
        "`draw_network`: the notes' picture, its edges tinted by weight.",
        lambda: viz.draw_network(trained([3, 5, 4, 1])[0], **AUTO),
    ),
    "neurons-gradient": (
        "Neurons, by gradient",
        '`tint="gradient"`: which weights the next step will move.',
        lambda: viz.draw_network(trained([3, 5, 4, 1])[0], tint="gradient", **AUTO),
    ),
    "recurrent": (
        "A recurrent cell, unrolled",
        "Three steps in time share W and U, whose derivatives add up over the steps.",
        lambda: viz.draw(recurrent(3), depth=0, **COLUMN),
    ),
    "loop": (
        "A loop, folded",
        "The same cell over sixty steps: the loop is found in the recording.",
        lambda: viz.draw(loop(60), **COLUMN),
    ),
    "second-order": (
        "The backward pass is a graph too",
        "d(w²x)/dw, recorded with `create_graph=True` and differentiated once more.",
        lambda: viz.draw(second_order(), **COLUMN),
    ),
    "exploding": (
        "An exploding gradient",
        "`health=True`: the larger a gradient, the thicker its arrow; a word where it is large.",
        lambda: viz.draw(exploding(), health=True, **COLUMN),
    ),
    "vanishing": (
        "A vanishing gradient",
        "Saturated sigmoids, one after the other.",
        lambda: viz.draw(vanishing(), health=True, **COLUMN),
    ),
    "nan": (
        "Where a NaN begins",
        "A softplus written carelessly: ∞ begins in exp, and becomes NaN where it meets a zero.",
        lambda: viz.draw(not_a_number(), health=True, **COLUMN),
    ),
    "checked": (
        "A derivation with a mistake in it",
        "`against=`: which step is wrong, why, and which only follow.",
        lambda: checked(),
    ),
    "accumulated": (
        "What is broken is said",
        "A training loop without `zero_grad`: the picture says so, with the remedy.",
        lambda: viz.draw(accumulated(), **COLUMN),
    ),
    "heat": (
        "Matrices as heat maps",
        '`arrays="heat", notation="course"`: value and gradient, as large as their shapes.',
        lambda: viz.draw(few(), arrays="heat", notation="course", **COLUMN),
    ),
    "changed": (
        "What a step of training changed",
        "`diff` of two drawings.",
        lambda: difference(),
    ),
}


def loop(steps: int) -> Tensor:
    """Return the squared error of a scalar recurrent cell after many steps, differentiated."""
    w, u, h = leaf(0.9, "w"), leaf(0.4, "u"), leaf(0.1, "h0")
    for t in range(steps):
        h = np.tanh(w * h + u * Tensor(np.sin(0.3 * t), name=None))
    J = (h * h).named("J")
    J.backward()
    return J


def few() -> Tensor:
    """Return the cost of a layer of three units on six examples, differentiated."""
    X, Y = data(4, 6)
    net = nn.Network([4, 3], output="identity", rng=1)
    J = nn.cost(net, X, Tensor(np.ones((3, 6)) * Y.data, name="Y"), nn.mean_squared_error)
    J.named("J").backward()
    return J


def accumulated() -> Tensor:
    """Return the cost in a loop that forgets to zero its gradients, after three rounds."""
    w, X = leaf(np.ones((1, 3)), "w"), Tensor(np.arange(12.0).reshape(3, 4), name="X")
    for _ in range(3):
        J = ((w @ X - 1) ** 2).mean().named("J")
        J.backward()
    return J


def checked() -> viz.Drawing:
    """Return a derivation of logistic regression that lacks a factor, on its graph."""
    X, Y = data(2, 8)
    w, b = leaf(np.ones((1, 2)), "w"), leaf(0.5, "b")
    Z = (w @ X + b).named("Z")
    J = ((sigmoid(Z).named("A") - Y) ** 2).mean().named("J")
    J.backward()
    A = 1 / (1 + np.exp(-Z.data))
    dA = 2 * (A - Y.data) / 8
    dZ = dA * A  # times (1 − A) is missing
    hand = {"dA": dA, "dZ": dZ, "dw": dZ @ X.data.T, "db": dZ.sum()}
    return viz.draw(J, against=check_backprop(J, hand), **COLUMN)


def difference() -> viz.Drawing:
    """Return the difference of the first and the last drawing of a training."""
    _, drawings = trained([2, 1], epochs=10)
    return viz.diff(drawings[0], drawings[-1], fit="column")
