"""Twenty models that people draw, from one line to a thousand cards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import nn
from autograd import Tensor, conv, gradients, name_scope, sigmoid, softmax
from tests.viz.graphs import leaf, lecture

if TYPE_CHECKING:
    from collections.abc import Callable


def done(J: Tensor) -> Tensor:
    J = J.named("J")
    J.backward()
    return J


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).normal(size=shape)


def examples(n: int, m: int = 40) -> tuple[Tensor, Tensor]:
    return Tensor(normal(n, m), name="X"), Tensor((normal(1, m) > 0) * 1.0, name="Y")


def neuron() -> Tensor:
    w, x = [leaf(v, f"w{k}") for k, v in enumerate((2.0, -3.0, -3.0))], [-1.0, -2.0]
    x = [leaf(v, f"x{k}") for k, v in enumerate(x)]
    return done(1 / (1 + np.exp(-(w[0] * x[0] + w[1] * x[1] + w[2]))))


def logistic_loop() -> Tensor:
    w, b, J = leaf(normal(2), "w"), leaf(0.1, "b"), 0.0
    for i in range(6):
        x, y = Tensor(normal(2), name=f"x{i}"), float(i % 2)
        a = sigmoid(w @ x + b)
        J = J - (y * np.log(a) + (1 - y) * np.log(1 - a))
    return done(J / 6)


def logistic() -> Tensor:
    X, Y = examples(2)
    w, b = leaf(normal(2, 1), "w"), leaf(0.0, "b")
    A = sigmoid((w.T @ X + b).named("Z")).named("A")
    return done(-(Y * np.log(A) + (1 - Y) * np.log(1 - A)).mean())


def network(*n: int) -> Tensor:
    return done(nn.cost(nn.Network([*n], rng=1), *examples(n[0]), nn.binary_cross_entropy))


def softmax_regression() -> Tensor:
    W, b, X = leaf(normal(3, 2), "W"), leaf(np.zeros((3, 1)), "b"), Tensor(normal(2, 6), name="X")
    Y = Tensor(np.eye(3)[:, [0, 1, 2, 0, 1, 2]], name="Y")
    return done(nn.softmax_cross_entropy((W @ X + b).named("Z"), Y))


def attention() -> Tensor:
    X = Tensor(normal(5, 8), name="X")
    Q, K, V = ((X @ leaf(normal(8, 4), f"W_{k}")).named(k.upper()) for k in "qkv")
    A = softmax((Q @ K.T / 2).named("S"), axis=1).named("A")
    O = (A @ V).named("O")  # noqa: E741
    return done((O * O).mean())


def recurrent(steps: int = 5) -> Tensor:
    W, U = leaf(0.5 * normal(2, 2), "W"), leaf(0.5 * normal(2, 1), "U")
    h = Tensor(np.zeros((2, 1)), name="h0")
    for t in range(1, steps + 1):
        with name_scope(f"step {t}"):
            h = np.tanh(W @ h + U @ Tensor(normal(1, 1), name=f"x{t}")).named(f"h{t}")
    return done((h * h).sum())


def residual() -> Tensor:
    h = Tensor(normal(4, 6), name="X")
    for k in range(1, 4):
        with name_scope(f"block{k}"):
            h = (h + np.tanh(leaf(0.5 * normal(4, 4), f"W{k}") @ h)).named(f"h{k}")
    return done((h * h).mean())


def batch_norm() -> Tensor:
    W, gamma, beta = (
        leaf(normal(4, 3), "W"),
        leaf(np.ones((4, 1)), "gamma"),
        leaf(normal(4, 1), "beta"),
    )
    Z = (W @ Tensor(normal(3, 20), name="X")).named("Z")
    mu = Z.mean(axis=1, keepdims=True).named("mu")
    var = ((Z - mu) ** 2).mean(axis=1, keepdims=True).named("var")
    return done((np.tanh(gamma * ((Z - mu) / np.sqrt(var + 1e-8)) + beta) ** 2).mean())


def convolution() -> Tensor:
    images, K = Tensor(normal(2, 1, 8, 8), name="images"), leaf(normal(3, 1, 3, 3), "K")
    y = np.maximum(conv(images, K), 0).named("A")
    return done((y * y).mean())


def scalars() -> Tensor:
    return done(nn.cost(nn.Network([3, 4, 1], rng=0), *examples(3, 1), nn.binary_cross_entropy))


def micrograd() -> Tensor:
    """2-16-16-1 in single numbers."""
    rng = np.random.default_rng(0)

    def layer(xs: list[Tensor], n: int, k: int) -> list[Tensor]:
        made = []
        for i in range(n):
            s = leaf(0.0, f"b{k}_{i}")
            for j, x in enumerate(xs):
                s = s + leaf(rng.uniform(-1, 1), f"w{k}_{i}_{j}") * x
            made.append(np.maximum(s, 0))
        return made

    return done(layer(layer(layer([leaf(0.5, "x1"), leaf(-1.0, "x2")], 16, 1), 16, 2), 1, 3)[0])


def broadcasting() -> Tensor:
    """Predictions of shape (5, 1) beside labels of shape (5,): a table of 5 × 5 differences."""
    return done(((Tensor(normal(5), name="y") - leaf(normal(5, 1), "p")) ** 2).mean())


def second_order() -> Tensor:
    w, x = leaf(3.0, "w"), leaf(2.0, "x")
    return done(gradients((w * w * x).named("y"), w, create_graph=True))


def chain() -> Tensor:
    h = Tensor(1.0, name="x")
    for k in range(70):
        h = np.tanh(leaf(1.1, f"w{k}") * h)
    return done(h * h)


def autoencoder() -> Tensor:
    """A variational one, with the noise that is given to it."""
    rng = np.random.default_rng(0)

    def some(name: str, *shape: int) -> Tensor:
        return leaf(0.5 * rng.normal(size=shape), name)

    X = Tensor(rng.normal(size=(6, 8)), name="X")
    eps = Tensor(rng.normal(size=(2, 8)), name="eps")
    h = np.tanh(some("W1", 4, 6) @ X + some("b1", 4, 1)).named("h")
    mu = (some("W_mu", 2, 4) @ h + some("b_mu", 2, 1)).named("mu")
    spread = (some("W_s", 2, 4) @ h + some("b_s", 2, 1)).named("logvar")
    z = (mu + np.exp(spread / 2) * eps).named("z")
    d = np.tanh(some("W3", 4, 2) @ z + some("b3", 4, 1)).named("d")
    again = (some("W4", 6, 4) @ d + some("b4", 6, 1)).named("x_hat")
    KL = (-0.5 * (1 + spread - mu**2 - np.exp(spread)).sum()).named("KL")
    return done((((again - X) ** 2).sum().named("rec") + KL) / 8)


def long_short_term(steps: int = 5) -> Tensor:
    """An LSTM without scopes: what folds it is the names of its gates."""
    rng = np.random.default_rng(0)
    X = [Tensor(rng.normal(size=(2, 4)), name=f"x{t}") for t in range(1, steps + 1)]
    shapes = {"W": (3, 3), "U": (3, 2), "b": (3, 1)}
    P = {
        k: [leaf(0.5 * rng.normal(size=shape), f"{p}{k}") for p, shape in shapes.items()]
        for k in "fioc"
    }
    h, c = Tensor(np.zeros((3, 4)), name="h0"), Tensor(np.zeros((3, 4)), name="c0")
    for t, x in enumerate(X, 1):
        Z = {k: W @ h + U @ x + b for k, (W, U, b) in P.items()}
        f, i, o = (sigmoid(Z[k]).named(f"{k}{t}") for k in "fio")
        g = np.tanh(Z["c"]).named(f"g{t}")
        c = (f * c + i * g).named(f"c{t}")
        h = (o * np.tanh(c)).named(f"h{t}")
    return done((h * h).sum())


MODELS: dict[str, Callable[[], Tensor]] = {
    "lecture": lecture,
    "neuron": neuron,
    "logistic by a loop": logistic_loop,
    "logistic": logistic,
    "two layers": lambda: network(3, 4, 1),
    "four layers": lambda: network(5, 6, 5, 4, 1),
    "ten layers": lambda: network(4, *[5] * 9, 1),
    "softmax": softmax_regression,
    "attention": attention,
    "recurrent": recurrent,
    "residual": residual,
    "batch norm": batch_norm,
    "convolution": convolution,
    "scalars": scalars,
    "micrograd": micrograd,
    "broadcasting": broadcasting,
    "second order": second_order,
    "chain": chain,
    "autoencoder": autoencoder,
    "long short-term": long_short_term,
}
