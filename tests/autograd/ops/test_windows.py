"""Windows, pools and convolutions: drawn shapes, what is not finite, and refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

import autograd
from autograd import Tensor, jvp
from tests.autograd.helpers import examples, holds, layouts, quiet, seeds, values


@examples
@given(st.data(), layouts, seeds)
def test_windows_pools_and_convolutions(data: Any, layout: str, seed: int) -> None:
    dims = data.draw(st.integers(1, 2))
    sides = st.tuples(*[st.integers(1, 5)] * dims)
    size = data.draw(sides)
    window = tuple(min(k, n) for k, n in zip(data.draw(sides), size, strict=True))
    stride = data.draw(st.tuples(*[st.integers(1, 3)] * dims))
    padding = data.draw(st.tuples(*[st.integers(0, 2)] * dims))
    axes = tuple(range(-dims, 0))
    n, channels, filters = data.draw(st.tuples(*[st.integers(1, 2)] * 3))
    x = values((n, channels, *size), seed)
    slide = np.lib.stride_tricks.sliding_window_view
    holds(lambda a: autograd.max_pool(a, window, stride), [x], layout)
    holds(lambda a: autograd.avg_pool(a, window, stride), [x], layout)
    holds(lambda a: slide(a, window, axes), [x], layout)
    w = values((filters, channels, *window), seed + 1)
    holds(lambda a, b: autograd.conv(a, b, stride, padding), [x, w], layout)
    row, kernel = values((size[0] + 1,), seed), values((window[0],), seed + 1)
    mode = data.draw(st.sampled_from(["full", "same", "valid"]))
    holds(lambda a, b: np.convolve(a, b, mode), [row, kernel], layout)
    holds(lambda a, b: np.correlate(a, b, mode), [row, kernel], layout)


@quiet
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_tangents_of_convolutions_beside_what_is_not_finite(bad: float) -> None:
    x, v = np.array([1.0, 2.0, 4.0]), np.array([1.0, 3.0, 5.0])
    for f in (lambda x: np.convolve(x, [1, bad]), lambda x: np.convolve([1, bad], x)):
        found = jvp(f, (x,), (v,))[1]
        assert found[0] == 1.0
        assert not np.isfinite(found[1:]).any()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: autograd.conv(x, x), r"needs x \(m, c, \*spatial\)"),
        (
            lambda x: autograd.conv(np.ones((2, 1, 5)) * x[0], np.ones((1, 2, 3))),
            r"got \(2, 1, 5\) and \(1, 2, 3\)",
        ),
        (
            lambda x: autograd.conv(np.ones((2, 1, 5)) * x[0], np.ones((1, 1, 3, 3))),
            r"and \(1, 1, 3, 3\)",
        ),
    ],
)
def test_messages_give_the_numbers(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(Tensor([1.0, 2.0, 4.0], requires_grad=True))
