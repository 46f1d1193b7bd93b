"""Where weights begin: zeros, large random numbers, He. The course's exercise on circles.

    python examples/initializations.py [costs.svg]

The accuracies are those that the exercise prints: 50 %, 83 % / 86 %, 99.3 % / 96 %.
"""

from __future__ import annotations

import sys
import warnings

import numpy as np
from sklearn.datasets import make_circles

import nn


def circles(m: int, seed: int) -> nn.Part:
    """Return m points on two circles: X (2, m) and Y (1, m)."""
    stream = np.random.RandomState(seed)
    X, y = make_circles(n_samples=m, noise=0.05, random_state=stream)
    return nn.Part(X.T, y.reshape(1, -1))


def large(n_in: int, n_out: int, rng: np.random.RandomState) -> np.ndarray:
    """Return normal values × 10, shape (n_out, n_in)."""
    return rng.standard_normal((n_out, n_in)) * 10


train, test = circles(300, 1), circles(100, 2)
found, histories = {}, {}
for name, init, steps in (("zeros", "zeros", 500), ("large", large, 15000), ("he", "he", 15000)):
    net = nn.Network([2, 10, 5, 1], init=init, rng=np.random.RandomState(3))
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always", nn.TrainingWarning)
        histories[name] = nn.fit(
            net, *train, optimizer="sgd", learning_rate=0.01, epochs=steps, batch_size=None
        )
    found[name] = nn.accuracy(net, *train), nn.accuracy(net, *test)
    print(f"{name:6} train {found[name][0]:.1%}, test {found[name][1]:.1%}")
    for note in notes:
        print(f"       {note.message}")
if len(sys.argv) > 1:
    nn.save_plot(sys.argv[1], lambda ax: nn.plot_cost(histories, ax=ax, log=True))
assert found == {"zeros": (0.5, 0.5), "large": (0.83, 0.86), "he": (298 / 300, 0.96)}
assert set(histories["zeros"].cost) == {np.log(2)}  # it never moves
