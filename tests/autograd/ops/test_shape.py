"""Elements in other places: repeats, tiles, rolls, transposes and broadcasts; casts of dtype."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Tensor, graph
from tests.autograd.helpers import assert_elements_move, leaf, table

REARRANGED: dict[str, tuple[tuple[int, ...], Any]] = {
    "repeat": ((2, 3), lambda x: np.repeat(x, 2)),
    "repeat along an axis": ((2, 3), lambda x: np.repeat(x, 2, -1)),
    "repeat with counts": ((2, 3), lambda x: np.repeat(x, [1, 0, 3], 1)),
    "repeat with counts along the first": ((2, 3), lambda x: np.repeat(x, np.array([3, 1]), 0)),
    "repeat with counts, flattened": ((2, 3), lambda x: np.repeat(x, [1, 2, 0, 0, 4, 1])),
    "repeat with one count in a list": ((3,), lambda x: np.repeat(x, [2])),
    "repeat no times": ((3,), lambda x: np.repeat(x, 0)),
    "tile": ((2, 3), lambda x: np.tile(x, (2, 2))),
    "tile with fewer reps": ((2, 3), lambda x: np.tile(x, 2)),
    "tile with fewer reps of three axes": ((2, 3, 2), lambda x: np.tile(x, (3, 2))),
    "tile with more reps": ((3,), lambda x: np.tile(x, (2, 1, 2))),
    "tile of a number": ((), lambda x: np.tile(x, (2, 2))),
    "tile with no reps": ((2, 3), lambda x: np.tile(x, ())),
    "tile no times": ((2, 3), lambda x: np.tile(x, (0, 2))),
    "roll": ((2, 3), lambda x: np.roll(x, 4)),
    "roll by tuples": ((2, 3), lambda x: np.roll(x, (1, -2), (0, 1))),
    "roll by tuples on one axis": ((2, 5), lambda x: np.roll(x, (1, 2), (1, -1))),
    "roll by a number on two axes": ((2, 3), lambda x: np.roll(x, 1, (0, 1))),
    "roll by a list": ((2, 3), lambda x: np.roll(x, [1, -2], [0, 1])),
    "roll too far": ((3,), lambda x: np.roll(x, -7)),
    "moveaxis": ((2, 3, 4), lambda x: np.moveaxis(x, 0, -1)),
    "moveaxis by tuples": ((2, 3, 4), lambda x: np.moveaxis(x, (0, 1), (2, 0))),
    "moveaxis by negative tuples": ((2, 3, 4, 1), lambda x: np.moveaxis(x, (-1, 0), (0, -2))),
    "moveaxis by lists": ((2, 3, 4), lambda x: np.moveaxis(x, [0, 2], [1, 0])),
    "transpose": ((2, 3, 4), lambda x: np.transpose(x)),
    "transpose with axes": ((2, 3, 4), lambda x: np.transpose(x, (1, 2, 0))),
    "transpose with negative axes": ((2, 3, 4), lambda x: np.transpose(x, (-1, 0, 1))),
    "transpose with mixed axes": ((2, 3, 4), lambda x: np.transpose(x, (1, -1, -3))),
    "transpose method": ((2, 3, 4), lambda x: x.transpose(-1, 0, 1)),
    "broadcast_to": ((2, 1), lambda x: np.broadcast_to(x, (2, 3))),
    "broadcast_to new leading axes": ((2, 3), lambda x: np.broadcast_to(x, (4, 2, 2, 3))),
    "broadcast_to new and stretched": ((2, 1), lambda x: np.broadcast_to(x, (4, 2, 3))),
    "broadcast_to a leading 1": ((3,), lambda x: np.broadcast_to(x, (1, 3))),
    "broadcast_to of a number": ((), lambda x: np.broadcast_to(x, (2, 2))),
    "broadcast_to of nothing": ((1, 2), lambda x: np.broadcast_to(x, (0, 2))),
}


@pytest.mark.parametrize(("shape", "f"), table(REARRANGED))
def test_elements_in_other_places(shape: tuple[int, ...], f: Any) -> None:
    assert_elements_move(f, shape)


@pytest.mark.parametrize(
    ("call", "axes"),
    [
        (lambda x: x.transpose(), (2, 1, 0)),
        (lambda x: x.transpose(None), (2, 1, 0)),
        (lambda x: x.transpose((1, 0, 2)), (1, 0, 2)),
        (lambda x: x.transpose([1, 0, 2]), (1, 0, 2)),
        (lambda x: x.transpose(np.array([1, 0, 2])), (1, 0, 2)),
        (lambda x: x.transpose(1, 0, 2), (1, 0, 2)),
        (lambda x: x.T, (2, 1, 0)),
    ],
)
def test_transpose_takes_axes_one_by_one_or_together(call: Any, axes: Any) -> None:
    x = leaf(np.arange(24.0).reshape(2, 3, 4))
    y = call(x)
    np.testing.assert_array_equal(y.data, x.data.transpose(axes))
    y.backward(np.arange(24.0).reshape(y.shape))
    back = np.arange(24.0).reshape(y.shape).transpose(np.argsort(axes))
    np.testing.assert_array_equal(x.grad, back)


def test_transpose_takes_one_axis_as_a_number() -> None:
    x = leaf(np.arange(3.0))
    np.testing.assert_array_equal(x.transpose(0).data, x.data)
    matrix = leaf(np.arange(6.0).reshape(2, 3))
    assert graph(matrix.T).nodes[-1].op == "matrix_transpose"
    np.testing.assert_array_equal(matrix.T.data, matrix.data.T)


def test_astype_gives_the_gradient_in_the_operands_dtype() -> None:
    x = Tensor([1.0, 2.0], requires_grad=True, dtype=np.float32)
    y = x.astype(np.float64)
    assert y.dtype == np.float64
    (y * y).sum().backward()
    assert x.grad.dtype == np.float32
    np.testing.assert_array_equal(x.grad, [2.0, 4.0])


def test_nothing_may_be_resized_to_zeros() -> None:
    np.testing.assert_array_equal(autograd.resize(leaf(np.zeros(0)), 3), np.zeros(3))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: np.rollaxis(x, 0, 5), "start needs to be between -1 and 1"),
    ],
)
def test_messages_give_the_numbers(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(Tensor([1.0, 2.0, 4.0], requires_grad=True))
