"""Handwritten digits: 64-64-10 with ReLU, softmax, mini-batches and Adam.

python examples/digits.py [weights.svg]
"""

from __future__ import annotations

import sys

from sklearn.datasets import load_digits

import nn

digits = load_digits()
X, Y = digits.data.T / 16, nn.one_hot(digits.target)  # (64, 1797) in [0, 1], and (10, 1797)
train, dev, test = nn.split(X, Y, (0.7, 0.15, 0.15), stratify=True, rng=0)

net = nn.Network([64, 64, 10], hidden="relu", output="softmax", init="he", rng=0)
print(net.summary())
history = nn.fit(
    net,
    *train,
    learning_rate=nn.ExponentialDecay(0.005, 0.97),
    penalty=nn.L2(1.0),
    epochs=60,
    dev=dev,
    metrics=["accuracy"],
    early_stopping=15,
    rng=0,
)
print(history)
accuracy = nn.accuracy(net, *test)
print(f"test accuracy {accuracy:.2%}; most confused: {nn.f1(net, *test).argmin()}")
if len(sys.argv) > 1:
    nn.save_plot(sys.argv[1], lambda ax: nn.plot_weights(net["W1"], (8, 8), ax=ax))
assert accuracy >= 0.97
