"""Shares at a tie add up to 1, of any function that moves with its operands."""

from __future__ import annotations

import numpy as np
import pytest

from autograd import grad, gradients
from tests.autograd.helpers import leaf

# What moves with its operands, f(x + t) = f(x) + t, has derivatives that add up to 1 at a tie too.
MOVING = {
    "maximum": lambda x, y: np.maximum(x, y),
    "minimum": lambda x, y: np.minimum(x, y),
    "fmax": lambda x, y: np.fmax(x, y),
    "fmin": lambda x, y: np.fmin(x, y),
    "clip": lambda x, y: np.clip(x, y, y + 1),
    "clip above": lambda x, y: np.clip(x, y - 1, y),
    "clip between": lambda x, y: np.clip(x, y, y),
    "clip below alone": lambda x, y: np.clip(x, y, None),
    "max": lambda x, y: np.max(np.stack([x, y]), axis=0),
    "min": lambda x, y: np.min(np.stack([x, y]), axis=0),
    "nanmax": lambda x, y: np.nanmax(np.stack([x, y]), axis=0),
    "nanmin": lambda x, y: np.nanmin(np.stack([x, y]), axis=0),
    "median": lambda x, y: np.median(np.stack([x, y, x]), axis=0),
    "quantile": lambda x, y: np.quantile(np.stack([x, y, y]), 0.3, axis=0),
    "sort": lambda x, y: np.sort(np.stack([x, y]), axis=0)[1],
    "partition": lambda x, y: np.partition(np.stack([x, y]), 1, axis=0)[0],
    "where": lambda x, y: np.where(x > y, x, y),
    "copysign": lambda x, y: x + np.copysign(y - x, 1.0) - np.abs(y - x),
}


@pytest.mark.parametrize("name", MOVING)
@pytest.mark.parametrize("other", [[1.0, 2.0, 3.0], [0.0, 2.0, 4.0]])
def test_shares_at_a_tie_add_up_to_1(name: str, other: list[float]) -> None:
    x, y = leaf([1.0, 2.0, 3.0]), leaf(other)
    found = gradients(MOVING[name](x, y).sum(), [x, y], allow_unused=True)
    total = sum(g for g in found if g is not None)
    np.testing.assert_array_equal(total, np.ones(3))


def test_shares_at_a_tie_of_an_array_with_itself() -> None:
    x = np.array([1.0, 2.0, 3.0])
    for f in (
        lambda t: np.clip(t, t.min(), t.max()),
        lambda t: np.clip(t, t, None),
        lambda t: np.clip(t, None, t),
        lambda t: np.maximum(t, t),
        lambda t: np.minimum(np.maximum(t, t.min()), t.max()),
    ):
        found = grad(lambda t, f=f: f(t).sum())(x)
        assert found.sum() == 3.0
    np.testing.assert_array_equal(
        grad(lambda t: np.clip(t, t.min(), t.max()).sum())(x), [1.0, 1.0, 1.0]
    )
