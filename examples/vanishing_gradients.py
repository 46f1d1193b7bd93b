"""Thirty layers: sigmoids whose gradients vanish, and ReLU with He's weights, which do not.

python examples/vanishing_gradients.py [norms.svg]
"""

from __future__ import annotations

import sys
import warnings

from sklearn.datasets import make_moons

import nn

X, y = make_moons(n_samples=400, noise=0.15, random_state=0)
X, Y = nn.Normalizer().fit(X.T).transform(X.T), y.reshape(1, -1)
found, first = {}, {}
for hidden, init in (("sigmoid", "xavier"), ("relu", "he")):
    net = nn.Network([2, *[32] * 29, 1], hidden=hidden, init=init, rng=1)
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always", nn.TrainingWarning)
        history = nn.fit(net, X, Y, learning_rate=1e-3, epochs=40, rng=1)
    found[hidden] = nn.accuracy(net, X, Y)
    first[hidden] = history.gradient_norms["layer1.W"][0]
    print(f"{hidden}: ‖dW1‖ = {first[hidden]:.1e} at first, accuracy {found[hidden]:.1%}")
    for note in notes:
        print(f"  {note.message}")
if len(sys.argv) > 1:
    nn.save_plot(sys.argv[1], lambda ax: nn.plot_gradient_norms(history, ax=ax))
assert first["sigmoid"] < 1e-8 < 1e-3 < first["relu"]
assert found["sigmoid"] <= 0.5 < 0.97 <= found["relu"]
