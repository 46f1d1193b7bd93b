"""Padding with numbers in all forms of its widths, and beside an axis of length 0."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.autograd.helpers import from_where, leaf, weights


@pytest.mark.parametrize(
    ("shape", "width"),
    [
        ((3,), 2),
        ((2, 3), 1),
        ((2, 3), (1, 2)),
        ((2, 3), ((1, 0), (0, 2))),
        ((2, 3), ((1, 2),)),
        ((2, 3), [[0, 0], [3, 1]]),
        ((2, 3), np.array([[1, 1], [0, 2]])),
        ((2, 3), 0),
        ((0, 3), 1),
    ],
    ids=str,
)
def test_pad(shape: tuple[int, ...], width: Any) -> None:
    size = int(np.prod(shape))
    places = np.pad(np.arange(size).reshape(shape), width, constant_values=-1)
    x = leaf(np.arange(float(size)).reshape(shape))
    y = np.pad(x, width, constant_values=7.0)
    np.testing.assert_array_equal(y.data, np.where(places < 0, 7.0, places))
    w = weights(places.shape)
    y.backward(w)
    np.testing.assert_array_equal(x.grad, from_where(places, shape, w))


@pytest.mark.parametrize("mode", ["maximum", "minimum", "median", "mean", "edge", "wrap"])
def test_pad_beside_an_axis_of_length_0(mode: str) -> None:
    """Nothing is taken of the axis that is not padded."""
    empty, width = np.zeros((2, 0)), ((1, 1), (0, 0))
    padded = np.pad(leaf(empty), width, mode=mode)
    assert padded.shape == np.pad(empty, width, mode=mode).shape == (4, 0)
    if mode in ("maximum", "minimum"):
        with pytest.raises(ValueError, match="zero-size"):
            np.pad(leaf(empty), 1, mode=mode)
