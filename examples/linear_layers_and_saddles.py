"""Two facts of the notes: linear layers collapse into one, and most flat points are saddles.

python examples/linear_layers_and_saddles.py [saddle.svg]
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

import nn
from autograd import grad, hessian

# 1. Without g, any number of layers is one layer: W = W3 W2 W1, b = W3 (W2 b1 + b2) + b3.
deep = nn.Network([4, 8, 6, 1], hidden="identity", output="sigmoid", rng=0)
for name in ("b1", "b2", "b3"):
    deep[name] = np.random.default_rng(1).normal(size=deep[name].shape)
W1, W2, W3, b1, b2, b3 = (deep[k].data for k in ("W1", "W2", "W3", "b1", "b2", "b3"))
flat = nn.Network.from_dict({"W1": W3 @ W2 @ W1, "b1": W3 @ (W2 @ b1 + b2) + b3})
X = np.random.default_rng(2).normal(size=(4, 100))
apart = np.abs(deep.predict_proba(X) - flat.predict_proba(X)).max()
print(f"three linear layers and one differ by {apart:.1e}")
assert apart < 1e-14


# 2. x² − y² is flat at the origin, and goes down along y: a saddle.
def saddle(p: np.ndarray) -> np.ndarray:
    """Return x² − y²."""
    return p[0] ** 2 - p[1] ** 2


origin = np.zeros(2)
curvatures = np.linalg.eigvalsh(hessian(saddle)(origin))
print(f"saddle: gradient {grad(saddle)(origin)}, curvatures {curvatures}")


# A network of tanh units whose weights are all 0 stands at one, too.
def cost(theta: np.ndarray) -> np.ndarray:
    """Return the mean squared error of v·tanh(W x) on the exclusive or."""
    W, v = theta[:4].reshape(2, 2), theta[4:].reshape(1, 2)
    X, Y = np.array([[-1.0, -1, 1, 1], [-1, 1, -1, 1]]), np.array([[1.0, 1, -1, 2]])
    return ((v @ np.tanh(W @ X) - Y) ** 2).mean()


start = np.zeros(6)
slopes, curvatures = grad(cost)(start), np.linalg.eigvalsh(hessian(cost)(start))
print(f"network at 0: ‖gradient‖ = {np.linalg.norm(slopes):g}, curvatures {curvatures.round(3)}")
assert not slopes.any()
assert curvatures.min() < 0 < curvatures.max()


def along(ax: Any) -> None:
    """Draw the cost around that point along its steepest curvatures: up one way, down the other."""
    ways = np.linalg.eigh(hessian(cost)(start))[1]
    t = np.linspace(-1, 1, 81)
    for k, colour, way in ((-1, "#0072B2", "greatest"), (0, "#D55E00", "least")):
        J = [float(cost(s * ways[:, k])) for s in t]
        ax.plot(t, J, color=colour, lw=2, label=f"along the {way} curvature, {curvatures[k]:.2f}")
    ax.plot(0, float(cost(start)), "o", color="black", label="all weights 0: no slope")
    ax.set(xlabel="distance", ylabel="cost J", title="A saddle point of a network")
    ax.legend(frameon=False)


if len(sys.argv) > 1:
    nn.save_plot(sys.argv[1], along)
