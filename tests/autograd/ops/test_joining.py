"""Joining, splitting, inserting and deleting, with numbers and other dtypes among the parts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from autograd import ShapeError, Tensor
from tests.autograd.helpers import (
    assert_elements_move,
    examples,
    filled,
    holds,
    layouts,
    leaf,
    seeds,
    table,
    values,
)

REARRANGED: dict[str, tuple[tuple[int, ...], Any]] = {
    "concatenate, twice the same": ((2, 3), lambda x: np.concatenate([x, x])),
    "concatenate, axis -1": ((2, 3), lambda x: np.concatenate([x, x[:, :1], x], -1)),
    "stack, twice the same": ((2, 3), lambda x: np.stack([x, x], 1)),
    "stack, axis -1": ((2, 3), lambda x: np.stack([x, x, x], -1)),
    "stack of numbers": ((), lambda x: np.stack([x, x])),
}


@pytest.mark.parametrize(("shape", "f"), table(REARRANGED))
def test_elements_in_other_places(shape: tuple[int, ...], f: Any) -> None:
    assert_elements_move(f, shape)


def test_stack_and_concatenate_with_scalars() -> None:
    x, s = leaf([1.0, 2.0]), leaf(3.0)
    y = np.stack([s, 5.0, s * 2, np.float64(7.0), 1])
    np.testing.assert_array_equal(y.data, [3.0, 5.0, 6.0, 7.0, 1.0])
    y.backward([1.0, 10.0, 100.0, 1e3, 1e4])
    assert s.grad == 201.0
    s.zero_grad()
    y = np.concatenate([x, s, 5.0, [x[0], 4.0][1:]], axis=None)
    np.testing.assert_array_equal(y.data, [1.0, 2.0, 3.0, 5.0, 4.0])
    y.backward([1.0, 10.0, 100.0, 1e3, 1e4])
    np.testing.assert_array_equal(x.grad, [1.0, 10.0])
    assert s.grad == 100.0
    with pytest.raises(ShapeError, match="concatenate"):
        np.concatenate([x, s])


@pytest.mark.parametrize("join", [np.concatenate, np.stack])
def test_joining_mixed_dtypes(join: Any) -> None:
    single, double = leaf([1.0, 2.0], dtype=np.float32), leaf([3.0, 4.0])
    whole = np.array([5, 6], np.int32)
    y = join([single, whole, double])
    assert y.dtype == np.float64
    np.testing.assert_array_equal(y.data.ravel(), [1.0, 2.0, 5.0, 6.0, 3.0, 4.0])
    y.backward(2.0 ** np.arange(6).reshape(y.shape))
    np.testing.assert_array_equal(single.grad, [1.0, 2.0])
    np.testing.assert_array_equal(double.grad, [16.0, 32.0])
    assert (single.grad.dtype, double.grad.dtype) == (np.float32, np.float64)
    half = leaf([1.0, 2.0], dtype=np.float16)
    assert join([half, np.zeros(2, np.float32)]).dtype == np.float32


@pytest.mark.parametrize("obj", [[1], np.array([True, False, False]), slice(0, 2), -1, np.int64(2)])
def test_insert_of_several_values(obj: Any) -> None:
    a, values = np.array([1.0, 2.0, 3.0]), np.array([8.0, 9.0])
    values = values if np.size(obj) == 1 or isinstance(obj, slice) else values[:1]
    expected = np.insert(a, obj, values)
    actual = np.insert(Tensor(a, requires_grad=True), obj, values)
    np.testing.assert_array_equal(actual.data, expected)


@examples
@given(st.data(), filled, layouts, seeds)
def test_joining_and_splitting(data: Any, shape: Any, layout: str, seed: int) -> None:
    n = len(shape)
    axis = data.draw(st.integers(-n, n - 1))
    cuts = sorted(data.draw(st.lists(st.integers(-5, 5), max_size=3)))
    where = data.draw(st.integers(-shape[axis], shape[axis] - 1))
    joined = data.draw(
        st.sampled_from(
            [
                lambda a, b: np.concatenate([a, b], axis=axis),
                lambda a, b: np.stack([a, b, a], axis=axis),
                lambda a, b: np.vstack([a, b]),
                lambda a, b: np.hstack([a, b]),
                lambda a, b: np.dstack([a, b]),
                lambda a, b: np.append(a, b, axis=axis),
                lambda a, b: np.append(a, b),
                lambda a, b: np.block([[a, b], [b, a]]),
                lambda a, b: np.insert(a, where, np.mean(b), axis=axis),
                lambda a, b: np.concatenate([np.delete(a, where, axis=axis), b], axis=axis),
            ]
        )
    )
    holds(joined, [values(shape, seed), values(shape, seed + 1)], layout)

    def in_parts(a: Any) -> Any:
        parts = np.split(a, cuts, axis=axis)
        return np.concatenate([(k + 1.0) * p for k, p in enumerate(parts)], axis=axis)

    holds(in_parts, [values(shape, seed)], layout)
