"""The notes' loops, the vectorized form and autograd, side by side: one result, different times.

python examples/vectorization.py [times.svg]
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np

import nn
from nn import by_hand

if TYPE_CHECKING:
    from collections.abc import Callable


def timed(f: Callable[[], Any], times: int) -> tuple[Any, float]:
    """Return a result and the least time in milliseconds."""
    spent = []
    for _ in range(times):
        begun = time.perf_counter()
        result = f()
        spent.append(1000 * (time.perf_counter() - begun))
    return result, min(spent)


rng = np.random.default_rng(0)
X, Y = rng.normal(size=(30, 2000)), rng.integers(0, 2, (1, 2000))
net = nn.Network([30, 8, 1], rng=1)
P = net.as_dict()


def vectorized() -> tuple[float, dict[str, Any]]:
    """Return J and all gradients, by the derivation by hand."""
    A, caches = by_hand.forward(P, X)
    return by_hand.cost(A, Y), by_hand.backward(A, Y, caches)


def automatic() -> tuple[float, dict[str, Any]]:
    """Return J and all gradients, by autograd."""
    net.zero_grad()
    J = nn.cost(net, X, Y)
    J.backward()
    return J.item(), {f"d{name}": net[name].grad for name in P}


(J, gradients), slow = timed(lambda: by_hand.network_loop(P, X, Y), 1)
print(f"loops       J = {J:.12f}  {slow:9.2f} ms")
times = {"loops": slow}
for name, f in (("vectorized", vectorized), ("autograd", automatic)):
    (same, others), fast = timed(f, 20)
    times[name] = fast
    print(f"{name:11} J = {same:.12f}  {fast:9.2f} ms, {slow / fast:.0f} times as fast")
    assert abs(J - same) < 1e-12
    for key, g in gradients.items():
        assert np.abs(g - others[key]).max() < 1e-12
    assert fast < slow / 10


def bars(ax: Any) -> None:
    """Draw the times, on a logarithmic axis."""
    ax.barh(list(times), list(times.values()), color="#0072B2")
    ax.invert_yaxis()
    for k, spent in enumerate(times.values()):
        ax.text(spent, k, f"  {spent:.3g} ms", va="center")
    ax.set(xscale="log", xlabel="time of one cost and all gradients [ms]", title="Vectorization")
    ax.margins(x=0.25)


if len(sys.argv) > 1:
    nn.save_plot(sys.argv[1], bars)
