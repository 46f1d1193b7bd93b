"""The course's planar flower, and how many hidden units it takes.

400 points on petals of two colours, one hidden layer of tanh units, gradient descent on the whole
set. The accuracies are those that the course prints for 1 to 5 units.
"""

from __future__ import annotations

import sys

import numpy as np

import nn

PRINTED = {1: 67.5, 2: 67.25, 3: 90.75, 4: 90.5, 5: 91.25}


def flower() -> tuple[np.ndarray, np.ndarray]:
    """Return X (2, 400) and Y (1, 400): r = 4 sin 4θ with noise, a colour for each half turn."""
    rng = np.random.RandomState(1)  # the course's np.random.seed(1)
    n, halves, labels = 200, [], []
    for k in range(2):
        angle = np.linspace(3.12 * k, 3.12 * (k + 1), n) + 0.2 * rng.randn(n)
        r = 4 * np.sin(4 * angle) + 0.2 * rng.randn(n)
        halves.append([r * np.sin(angle), r * np.cos(angle)])
        labels.append(np.full(n, float(k)))
    return np.hstack(halves), np.hstack(labels).reshape(1, -1)


def train(units: int, steps: int = 5000) -> tuple[nn.Network, nn.History]:
    """Return a trained network of so many hidden units, and its history."""
    X, Y = flower()
    rng = np.random.RandomState(2)
    net = nn.Network([2, units, 1], hidden="tanh", init="small_random", rng=rng)
    history = nn.fit(
        net, X, Y, optimizer="sgd", learning_rate=1.2, epochs=steps, batch_size=None
    )  # fmt: skip
    return net, history


if __name__ == "__main__":
    X, Y = flower()
    found = {}
    for units, printed in PRINTED.items():
        net, history = train(units)
        found[units] = 100 * nn.accuracy(net, X, Y)
        print(f"{units} hidden units: {found[units]:.2f} % (the course: {printed} %), {history!r}")
    if len(sys.argv) > 1:  # a file for the picture, such as flower.svg
        print(nn.save_plot(sys.argv[1], lambda ax: nn.plot_decision_boundary(net, X, Y, ax=ax)))
    assert found == PRINTED
