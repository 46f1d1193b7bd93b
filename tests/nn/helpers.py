"""What the tests of nn share."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import nn

QUIET = pytest.mark.filterwarnings("ignore::nn.TrainingWarning")
QUICK = {"epochs": 60, "random_state": 0}  # of an estimator


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


def rare_rows():
    """Return rows of three features, classes of which one is rare, and a count for each row."""
    drawn = np.random.default_rng(5)
    rows = drawn.normal(size=(80, 3))
    classes = (rows[:, 0] + 0.3 * drawn.normal(size=80) > 0.6).astype(int)
    return rows, classes, drawn.integers(0, 4, 80)


def picture(m: int = 3) -> np.ndarray:
    """Return m grey images, (m, 9, 9)."""
    return np.random.default_rng(0).random((m, 9, 9))


def small_net(**options) -> nn.Network:
    """Return a network of three hidden units."""
    return nn.Network([2, 3, 1], rng=0, **options)


def net_of(seed: int = 0, **options) -> nn.Network:
    """Return a network of eight hidden units, whose weights are drawn from the seed."""
    return nn.Network([2, 8, 1], rng=seed, **options)


def values(net) -> list:
    """Return copies of a network's parameters."""
    return [p.numpy() for p in net.parameters()]


def same(one, two) -> bool:
    """Tell whether two networks have equal parameters."""
    return all(np.array_equal(a, b) for a, b in zip(values(one), values(two), strict=True))


def notes_of(net: nn.Module, X: Any, Y: Any, **options: Any) -> list[str]:
    """Return the notes of a training."""
    settled = {"progress": False, "rng": 0, "epochs": 50, **options}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", nn.TrainingWarning)
        return nn.fit(net, X, Y, **settled).notes


def mentions(notes: list[str], words: str) -> bool:
    """Tell whether one of the notes has these words."""
    return any(words in note for note in notes)
