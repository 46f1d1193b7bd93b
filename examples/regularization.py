"""None, L2 (λ = 0.7) and dropout (keep_prob = 0.86): the course's three ways, on noisy data.

    python examples/regularization.py [boundary.svg]

The course's own data (a football field) are a file of its exercise; these are moons with so much
noise that a large network learns it by heart.
"""

from __future__ import annotations

import sys

from sklearn.datasets import make_moons

import nn


def moons(m: int, seed: int) -> nn.Part:
    """Return m points of two noisy moons: X (2, m) and Y (1, m)."""
    X, y = make_moons(n_samples=m, noise=0.35, random_state=seed)
    return nn.Part(X.T, y.reshape(1, -1))


train, test = moons(200, 1), moons(2000, 2)
gaps, nets = {}, {}
for name, keep_prob, penalty in (
    ("none", 1.0, None),
    ("L2", 1.0, nn.L2(0.7)),
    ("dropout", 0.86, None),
):
    net = nn.Network([2, 40, 20, 1], keep_prob=keep_prob, rng=3)
    nn.fit(net, *train, learning_rate=0.003, penalty=penalty, epochs=400, rng=3)
    errors = [1 - nn.accuracy(net, *part) for part in (train, test)]
    found = nn.diagnose_bias_variance(*errors, optimal_error=0.1)
    gaps[name], nets[name] = nn.cost(net, *test).item(), net
    print(
        f"{name:8} train {1 - errors[0]:.1%}, test {1 - errors[1]:.1%}, test cost {gaps[name]:.3f}:"
        f" {str(found).splitlines()[0]}"
    )
if len(sys.argv) > 1:
    nn.save_plot(sys.argv[1], lambda ax: nn.plot_decision_boundary(nets["L2"], *test, ax=ax))
assert gaps["L2"] < gaps["none"]
assert gaps["dropout"] < gaps["none"]
