"""Reductions that pass over NaN are those of the other elements."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from autograd import DTypeError, Tensor
from tests.autograd.helpers import examples, filled, laid_out, layouts, seeds, values


@examples
@given(
    st.data(),
    st.sampled_from(
        [
            *((np.nansum, np.sum), (np.nanprod, np.prod), (np.nanmean, np.mean)),
            *((np.nanvar, np.var), (np.nanstd, np.std), (np.nanmedian, np.median)),
            *((np.nanmax, np.max), (np.nanmin, np.min)),
        ]
    ),
    filled,
    layouts,
    seeds,
)
def test_reductions_that_pass_over_nan_are_those_of_the_other_elements(
    data: Any, pair: Any, shape: Any, layout: str, seed: int
) -> None:
    passing, plain = pair
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    rng = np.random.default_rng(seed)
    x = values(shape, seed, 0.4, 2.0)
    x[rng.random(shape) < 0.4] = np.nan
    slices = np.moveaxis(x, axis, -1)
    slices[np.all(np.isnan(slices), -1), 0] = 1.0  # no slice of nothing
    a = Tensor(laid_out(x, layout), requires_grad=True)
    y = passing(a, axis=axis)
    w = rng.uniform(0.5, 1.5, y.shape)
    y.backward(w)
    expected = np.zeros_like(x)
    found = np.moveaxis(expected, axis, -1)
    for place in np.ndindex(*slices.shape[:-1]):
        there = ~np.isnan(slices[place])
        part = Tensor(slices[place][there], requires_grad=True)
        result = plain(part)
        np.testing.assert_allclose(y.data[place], result.data, rtol=1e-12)
        result.backward(w[place])
        found[(*place, there)] = part.grad
    np.testing.assert_allclose(a.grad, expected, rtol=1e-11, atol=1e-13)


def test_numpys_positional_parameters_keep_their_meaning() -> None:
    x = Tensor([[1.0, 2.0, 4.0]], requires_grad=True)
    assert np.nanvar(x, 1, None, None, 1).item() == pytest.approx(7 / 3, rel=1e-15)  # ddof=1
    with pytest.raises(DTypeError, match="dtype is not supported"):
        np.nanprod(x, 1, np.float32)
