"""`nn.fit` beside the loop that one writes over the engine: per epoch, in turn.

python benchmarks/training.py

Four networks: mini-batches of 64 of 500 and of 6000 examples, and 300 and 400 examples in one step.
CPU time of one thread, 25 runs of each side in turn; median and least ratio. What `fit` does once,
before the first epoch and after the last, is in it.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import nn
from autograd import Tensor

CASES = [
    ([30, 20, 7, 5, 1], 500, 64, 40),
    ([2, 16, 8, 1], 300, 300, 400),
    ([2, 4, 1], 400, 400, 400),
    ([100, 50, 20, 1], 6000, 64, 6),
]


def by_hand(net, X, Y, epochs: int, size: int) -> None:
    """Train as one does without `fit`."""
    optimizer, stream = nn.Adam(net.parameters()), np.random.default_rng(0)
    m = X.shape[1]
    for _ in range(epochs):
        order = stream.permutation(m) if size < m else None
        for start in range(0, m, size):
            some = slice(None) if order is None else order[start : start + size]
            J = nn.cost(net, Tensor(X[:, some]), Tensor(Y[:, some]), nn.binary_cross_entropy)
            J.item()
            optimizer.zero_grad()
            J.backward()
            optimizer.step()


def by_fit(net, X, Y, epochs: int, size: int) -> None:
    nn.fit(
        net,
        X,
        Y,
        optimizer=nn.Adam(net.parameters()),
        loss=nn.binary_cross_entropy,
        epochs=epochs,
        batch_size=size,
        rng=0,
        progress=False,
    )


def main() -> None:
    for sizes, m, size, epochs in CASES:
        rng = np.random.default_rng(0)
        X, Y = rng.normal(size=(sizes[0], m)), (rng.random((1, m)) > 0.5).astype(float)
        spent: dict[object, list[float]] = {by_hand: [], by_fit: []}
        for _ in range(25):
            for side, times in spent.items():
                net = nn.Network(sizes, rng=0)
                begun = time.process_time()
                side(net, X, Y, epochs, size)  # type: ignore[operator]
                times.append(time.process_time() - begun)
        hand, fit = spent.values()
        ratio, least = statistics.median(fit) / statistics.median(hand), min(fit) / min(hand)
        print(f"{sizes}, {m} examples by {size}: fit / by hand {ratio:.2f} (least {least:.2f})")


if __name__ == "__main__":
    main()
