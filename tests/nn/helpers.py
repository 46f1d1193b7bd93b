"""What the tests of nn share."""

from __future__ import annotations

import numpy as np


def toy(m: int = 200, seed: int = 0):
    """Return two overlapping clouds, (2, m) and labels (1, m)."""
    rng = np.random.default_rng(seed)
    Y = (rng.random((1, m)) > 0.5).astype(float)
    return rng.normal(size=(2, m)) + 2 * Y, Y


def three(m: int = 90, seed: int = 0):
    """Return three clouds, (2, m) and one-hot labels (3, m)."""
    rng = np.random.default_rng(seed)
    k = np.arange(m) % 3
    centres = np.array([[0.0, 4.0, 0.0], [0.0, 0.0, 4.0]])
    return (rng.normal(size=(2, m)) + centres[:, k]) / 2, np.eye(3)[:, k]
