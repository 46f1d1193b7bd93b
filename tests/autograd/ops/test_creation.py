"""Evenly spaced numbers: their exact ends, their count and their dtype."""

from __future__ import annotations

import numpy as np
import pytest

from autograd import DTypeError, Tensor
from tests.autograd.helpers import leaf


def test_the_last_of_evenly_spaced_numbers_is_exactly_the_end() -> None:
    rng = np.random.default_rng(0)
    for low, high in rng.uniform(0.1, 9.0, (300, 2)):
        start = Tensor(low, requires_grad=True)
        for n in (2, 3, 7):
            assert np.linspace(start, high, n).data[-1] == high
            assert np.geomspace(start, high, n).data[-1] == np.geomspace(low, high, n)[-1]
        assert np.linspace(start, high, 1).data[0] == low
        assert np.linspace(start, high, 4, endpoint=False).data[-1] < max(low, high)


def test_a_number_of_points_is_whole() -> None:
    with pytest.raises(DTypeError, match=r"linspace: .* num needs an int, got 3\.5"):
        np.linspace(leaf(0.0), leaf(1.0), 3.5)  # type: ignore[call-overload]


def test_single_precision_stays() -> None:
    t = leaf(2.0, dtype=np.float32)
    assert np.linspace(0, t, 3).dtype == np.float32
    assert np.linspace(t, 3.0, 3).dtype == np.float32
