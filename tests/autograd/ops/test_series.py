"""Slopes and differences of samples: what they read, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd import Tensor
from tests.autograd.helpers import leaf


def test_differences_of_even_spacing_leave_the_point_itself_out() -> None:
    x = leaf([1.0, np.nan, 3.0])
    found = np.gradient(x)
    np.testing.assert_array_equal(found.data, np.gradient(x.data))
    assert found.data[1] == 1.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: np.gradient(x[:1]), "needs at least 2 points, got 1"),
        (lambda x: np.gradient(x[:2], edge_order=2), "needs at least 3 points, got 2"),
        (lambda x: np.diff(x, axis=1), "axis 1 is out of bounds"),
    ],
)
def test_messages_give_the_numbers(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(Tensor([1.0, 2.0, 4.0], requires_grad=True))
