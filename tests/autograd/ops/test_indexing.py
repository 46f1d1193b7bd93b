"""Every kind of index, unpacking, loops over elements, functional updates, and refusals."""

from __future__ import annotations

from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, strategies as st

import autograd
from autograd import DTypeError, Tensor, at, gradients
from tests.autograd.helpers import (
    examples,
    filled,
    from_where,
    holds,
    layouts,
    leaf,
    seeds,
    table,
    values,
    weights,
)

BLOCK = (2, 3, 4)
MASK = np.arange(24).reshape(BLOCK) % 3 == 0
INDICES: dict[str, Any] = {
    "an integer": 1,
    "a negative integer": -1,
    "integers for every axis": (1, -1, 2),
    "a NumPy integer": np.int64(1),
    "duplicates": [0, 1, 0, 0],
    "duplicates in two axes": ([0, 0, 1, 0], [1, 1, 2, 1]),
    "duplicates in a matrix": np.array([[0, 0], [1, 0]]),
    "duplicates in every axis": ([0, 0], [2, 2], [3, 3]),
    "a boolean mask": MASK,
    "a mask of one axis": np.array([True, False]),
    "a mask as a list": [False, True],
    "a mask of the last axis": (..., np.array([True, False, True, True])),
    "a mask of two axes": MASK[:, :, 0],
    "a mask and integers": ([1, 0], slice(None), np.array([True, False, False, True])),
    "a mask of nothing": np.zeros(BLOCK, bool),
    "a single True": True,
    "a single False": False,
    "None": None,
    "None between": (0, None, slice(None), None, 2),
    "Ellipsis": ...,
    "Ellipsis and an integer": (..., 2),
    "Ellipsis of no axes": (0, 1, ..., 2),
    "a negative step": (slice(None), slice(None, None, -1)),
    "a negative step with ends": (..., slice(3, 0, -2)),
    "steps of two": (slice(None), slice(None, None, 2), slice(1, None, 2)),
    "a slice beyond the end": (slice(1, 99),),
    "a slice mixed with an array": (slice(None), [2, 0, 2]),
    "a negative step mixed with an array": (slice(None, None, -1), [2, 0, 2]),
    "an array, a slice, an array": ([0, 1, 0], slice(None, None, -1), [3, 0, 3]),
    "arrays that broadcast": (np.array([[0], [1]]), np.array([0, 2, 2])),
    "an integer, a slice, an array": (0, slice(None), [1, 1]),
    "None between arrays": ([0, 1], None, [1, 1]),
    "Ellipsis between arrays": ([0, 1], ..., [1, 1]),
    "positive and negative aliases": [1, -1, 1],
    "aliases in every axis": ([0, -2], [2, -1], [3, -1]),
    "aliases with a slice": (slice(None), [0, -3, 1]),
    "an empty list": [],
    "an empty array": np.array([], dtype=int),
    "an empty slice": (slice(1, 1),),
    "an empty tuple": (),
    "an empty list beside a slice": (slice(None), []),
    "a Tensor": Tensor([1, 0, 1]),
    "an array without axes": np.array(1),
}


@pytest.mark.parametrize("name", INDICES)
def test_indexing_with(name: str) -> None:
    given = INDICES[name]
    plain = np.array([1, 0, 1]) if isinstance(given, Tensor) else given
    places = np.arange(24).reshape(BLOCK)[plain]
    value = np.sqrt(np.arange(24.0)).reshape(BLOCK)
    x = leaf(value)
    y = x[given]
    np.testing.assert_array_equal(y.data, value[plain])
    w = weights(places.shape)
    expected = from_where(places, BLOCK, w)
    np.testing.assert_array_equal(gradients(y, x, w, retain_graph=True), expected)
    again = gradients(y, x, w, create_graph=True)  # the rule, not the fast way of the walk
    np.testing.assert_array_equal(again.data, expected)
    y.backward(w)
    np.testing.assert_array_equal(x.grad, expected)


def test_every_index_form_of_basic_and_advanced_indexing() -> None:
    a = np.arange(24.0).reshape(2, 3, 4)
    x = leaf(a)
    for index in [
        0,
        -1,
        slice(None, None, -1),
        (..., 1),
        (None, 0),
        (0, [0, 2]),
        ([0, 1], slice(1, 3), [3, 3]),
        np.array([[0, 1], [1, 1]]),
        a > 7,
        (0, np.array([True, False, True])),
        Tensor([0, 1]),
        (slice(5, 9),),
    ]:
        plain = index._value if isinstance(index, Tensor) else index
        y = x[index]
        np.testing.assert_array_equal(y.data, a[plain])
        x.zero_grad()
        y.backward(np.ones(y.shape))
        expected = np.zeros_like(a)
        np.add.at(expected, plain, 1.0)
        np.testing.assert_array_equal(x.grad, expected)
    with pytest.raises(IndexError):
        x[5]
    with pytest.raises(DTypeError, match="integers"):
        x[np.array([0.5])]


@examples
@given(st.data(), filled, layouts, seeds)
def test_every_kind_of_index(data: Any, shape: Any, layout: str, seed: int) -> None:
    kinds = st.one_of(
        hnp.basic_indices(shape, allow_newaxis=True),
        hnp.integer_array_indices(shape, result_shape=hnp.array_shapes(max_dims=2, max_side=3)),
        hnp.arrays(bool, shape),
    )
    index = data.draw(kinds)
    x = values(shape, seed)
    holds(lambda a: np.asarray(a)[index] if isinstance(a, np.ndarray) else a[index], [x], layout)
    part = np.zeros(x[index].shape)
    holds(lambda a, b: autograd.at(a, index).add(b) * a, [x, values(part.shape, seed)], layout)


def test_duplicate_indices_accumulate() -> None:
    x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    x[[0, 0, 2]].sum().backward()
    np.testing.assert_array_equal(x.grad, [2.0, 0.0, 1.0])


def test_unpacking() -> None:
    x = leaf([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    first, *rest = x
    (a, b), (c, d) = rest
    (first[0] * 2 + first[1] * 3 + a * 5 + b * 7 + c * 11 + d * d).backward()
    np.testing.assert_array_equal(x.grad, [[2.0, 3.0], [5.0, 7.0], [11.0, 12.0]])
    one, two = leaf([1.0, 2.0])
    assert (one.shape, two.item()) == ((), 2.0)
    with pytest.raises(ValueError, match="unpack"):
        one, two = x


@pytest.mark.parametrize("way", ["index", "iterate", "slice"])
def test_a_loop_over_elements_is_linear(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    n = 1000
    x = leaf(np.arange(float(n)))
    parts = {
        "index": lambda: (x[i] for i in range(n)),
        "iterate": lambda: iter(x),
        "slice": lambda: (x[i : i + 1].sum() for i in range(n)),
    }[way]()
    total: Any = 0.0
    for i, part in enumerate(parts):
        total = total + part * i
    made: list[int] = []
    zeros = np.zeros

    def counted(shape: Any, *args: Any, **params: Any) -> Any:
        made.append(int(np.prod(shape)))
        return zeros(shape, *args, **params)

    monkeypatch.setattr(np, "zeros", counted)
    np.testing.assert_array_equal(gradients(total, x), np.arange(float(n)))
    assert sum(made) <= 2 * n  # an array of the size of x for each element would be n²


def test_a_functional_update_shows_what_it_takes() -> None:
    place = at(leaf([1.0, 2.0, 3.0]), 1)
    assert place.get().data == 2.0


REFUSED: dict[str, tuple[Any, type[Exception], str]] = {
    "index": (
        lambda x, v: v[5],
        IndexError,
        r"getitem: got shape \(3,\), index=5: .*; take an index within the shape\.$",
    ),
    "take": (
        lambda x, v: np.take(v, [7]),
        IndexError,
        r"take: got shape \(3,\), indices=\[7\]: .*; take an index within the shape\.$",
    ),
    "at": (
        lambda x, v: at(v, 9).set(1.0),
        IndexError,
        r"index_set: .*index 9 is out of bounds.*; take an index within the shape\.$",
    ),
    "text": (lambda x, v: v["a"], IndexError, r"getitem: .*only integers, slices .*indices\.$"),
}


@pytest.mark.parametrize(("f", "kind", "message"), table(REFUSED))
def test_what_numpy_refuses_names_the_op_the_shapes_and_the_fix(
    f: Any, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        f(leaf(np.ones((2, 2))), leaf([1.0, 2.0, 3.0]))
