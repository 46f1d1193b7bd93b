"""The notes' schedules, and what a decaying rate gains.

python examples/learning_rate_decay.py [schedules.svg]
"""

from __future__ import annotations

import sys

import numpy as np

import nn

assert abs(nn.InverseDecay(0.5, decay=1)(2) - 0.5 / 3) < 1e-15
assert abs(nn.InverseDecay(0.3, decay=0.25, every=100)(1000) - 0.0857142857) < 1e-10

rng = np.random.default_rng(0)
X = rng.normal(size=(3, 256))
Y = np.array([[2.0, -1.0, 0.5]]) @ X + rng.normal(size=(1, 256))
rates = {
    "constant": 0.3,
    "α₀/(1 + e)": nn.InverseDecay(0.3),
    "α₀/√e": nn.RootDecay(0.3),
    "0.9ᵉ α₀": nn.ExponentialDecay(0.3, 0.9),
    "staircase": nn.Staircase(0.3, 0.5, every=5),
}
# the least cost there is, from the normal equations
A = np.vstack([X, np.ones(256)])
best = np.mean((Y - Y @ np.linalg.pinv(A) @ A) ** 2)
above = {}
for name, rate in rates.items():
    net = nn.Network([3, 1], output="identity", init="zeros")
    nn.fit(
        net, X, Y, optimizer="sgd", learning_rate=rate, loss=nn.mean_squared_error, epochs=40,
        batch_size=16, rng=1,
    )  # fmt: skip
    above[name] = nn.cost(net, X, Y, nn.mean_squared_error).item() / best - 1
    print(f"{name:12} ends {above[name]:.2%} above the least cost")
if len(sys.argv) > 1:
    drawn = {name: rate for name, rate in rates.items() if callable(rate)}
    nn.save_plot(sys.argv[1], lambda ax: nn.plot_schedule(drawn, 40, ax=ax))
assert max(v for k, v in above.items() if k != "constant") < above["constant"]
