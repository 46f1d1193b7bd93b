"""Initial weights: their standard deviations, and what zeros do."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from tests.nn.helpers import toy


@pytest.mark.parametrize(
    ("init", "expected"),
    [
        ("small_random", 0.01),
        ("xavier", (1 / 400) ** 0.5),
        ("glorot", (2 / 1000) ** 0.5),
        ("he", (2 / 400) ** 0.5),
        ("zeros", 0.0),
    ],
)
def test_initializations_have_the_notes_standard_deviation(init, expected) -> None:
    W = nn.Linear(400, 600, init=init, rng=0).W.data
    # 240 000 normal values: the standard deviation is known to 1 / sqrt(480 000) = 0.15 %.
    assert W.std() == pytest.approx(expected, rel=0.01)
    assert abs(W.mean()) <= 5 * expected / 240_000**0.5


def test_zero_weights_keep_all_hidden_units_identical() -> None:
    X, Y = toy()
    net = nn.Network([2, 4, 1], hidden="tanh", init="zeros", rng=0)
    net.layer2.W.data = np.full((1, 4), 0.5)  # even then every unit gets the same gradient
    with pytest.warns(nn.TrainingWarning, match="All 4 units of layer1"):
        nn.fit(net, X, Y, optimizer=nn.SGD(net.parameters(), learning_rate=0.1), epochs=5, rng=0)
    W = net.layer1.W.data
    assert np.ptp(W, axis=0).max() == 0
    assert W.any()
