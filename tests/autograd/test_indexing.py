"""Indexing and shapes.

Expectations are numbers worked out by hand, or come from plain NumPy without derivative rules.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd import (
    ShapeError,
    Tensor,
    at,
    gradients,
)
from tests.autograd.helpers import from_where, leaf, table, weights

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
    "concatenate, twice the same": ((2, 3), lambda x: np.concatenate([x, x])),
    "concatenate, axis -1": ((2, 3), lambda x: np.concatenate([x, x[:, :1], x], -1)),
    "stack, twice the same": ((2, 3), lambda x: np.stack([x, x], 1)),
    "stack, axis -1": ((2, 3), lambda x: np.stack([x, x, x], -1)),
    "stack of numbers": ((), lambda x: np.stack([x, x])),
}


@pytest.mark.parametrize(("shape", "f"), table(REARRANGED))
def test_elements_in_other_places(shape: tuple[int, ...], f: Any) -> None:
    size = int(np.prod(shape))
    places = f(np.arange(size).reshape(shape))
    x = leaf(np.sqrt(np.arange(float(size))).reshape(shape))
    y = f(x)
    np.testing.assert_array_equal(y.data, np.sqrt(places))
    w = weights(places.shape)
    expected = from_where(places, shape, w)
    assert gradients(y, x, w, create_graph=True).shape == shape
    y.backward(w)
    np.testing.assert_array_equal(x.grad, expected)


@pytest.mark.parametrize("mode", ["maximum", "minimum", "median", "mean", "edge", "wrap"])
def test_pad_beside_an_axis_of_length_0(mode: str) -> None:
    """Nothing is taken of the axis that is not padded."""
    empty, width = np.zeros((2, 0)), ((1, 1), (0, 0))
    padded = np.pad(leaf(empty), width, mode=mode)
    assert padded.shape == np.pad(empty, width, mode=mode).shape == (4, 0)
    if mode in ("maximum", "minimum"):
        with pytest.raises(ValueError, match="zero-size"):
            np.pad(leaf(empty), 1, mode=mode)


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


def by_linearity(f: Any, operands: list[Any], w: Any) -> list[Any]:
    """Return the gradients of Σ w · f, which is linear in each operand, from its values alone."""
    found = []
    for k, a in enumerate(operands):
        g = np.zeros(a.shape)
        for place in np.ndindex(a.shape):
            unit = np.zeros(a.shape)
            unit[place] = 1.0
            g[place] = np.sum(w * f(*operands[:k], unit, *operands[k + 1 :]))
        found.append(g)
    return found


def assert_gradients_by_linearity(f: Any, shapes: Any) -> None:
    rng = np.random.default_rng(0)
    operands = [np.asarray(rng.normal(size=s)) for s in shapes]
    value = np.asarray(f(*operands))
    w = np.asarray(rng.normal(size=value.shape))
    xs = [leaf(a) for a in operands]
    y = f(*xs)
    np.testing.assert_allclose(y.data, value, rtol=1e-12, atol=1e-12)
    for actual, expected in zip(gradients(y, xs, w), by_linearity(f, operands, w), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-12)


EINSUMS: list[tuple[str, list[tuple[int, ...]]]] = [
    # repeated indices
    ("ii->", [(3, 3)]),
    ("ii->i", [(3, 3)]),
    ("iii->i", [(2, 2, 2)]),
    ("iij->j", [(2, 2, 3)]),
    ("iij,j->i", [(2, 2, 3), (3,)]),
    ("ii,ij->j", [(2, 2), (2, 3)]),
    ("iijj->ij", [(2, 2, 3, 3)]),
    # lone sums
    ("ij->", [(2, 3)]),
    ("ij->j", [(2, 3)]),
    ("ij,k->j", [(2, 3), (4,)]),
    ("ij,jk->k", [(2, 3), (3, 4)]),
    ("i,j->", [(2,), (3,)]),
    # ellipsis
    ("...->...", [(2, 3)]),
    ("...ij->...ji", [(2, 3, 4)]),
    ("...ii->...i", [(2, 3, 3)]),
    ("...ij,...jk->...ik", [(2, 3, 4), (2, 4, 2)]),
    ("...i,...i->...", [(2, 3), (3,)]),
    ("...ij,jk->...ik", [(2, 1, 2, 3), (3, 2)]),
    ("i...,i...->...", [(2, 3), (2, 1)]),
    ("i...->...", [(2, 3, 2)]),
    ("...ij,...j", [(2, 2, 3), (2, 3)]),
    # implicit output
    ("ij,jk", [(2, 3), (3, 4)]),
    ("ba", [(2, 3)]),
    ("ii", [(3, 3)]),
    ("ij,ij", [(2, 3), (2, 3)]),
    ("i,j", [(2,), (3,)]),
    ("ji,kj", [(2, 3), (4, 2)]),
    # and the rest
    (",i->i", [(), (3,)]),
    ("ij,jk,kl->il", [(2, 3), (3, 2), (2, 4)]),
    ("i,i,i->i", [(3,), (3,), (3,)]),
    ("ij,kj->ik", [(2, 3), (4, 3)]),
    ("ij, jk -> ik", [(2, 3), (3, 2)]),
    ("ij,jk->ik", [(2, 0), (0, 3)]),
    ("ij,ij->ij", [(1, 3), (2, 3)]),
]


@pytest.mark.parametrize(("subscripts", "shapes"), EINSUMS, ids=[s for s, _ in EINSUMS])
def test_einsum(subscripts: str, shapes: Any) -> None:
    assert_gradients_by_linearity(lambda *xs: np.einsum(subscripts, *xs), shapes)


@pytest.mark.parametrize("subscripts", ["ij,ij->", "ij,jk->ik", "ij,ji->", "ij,kj->ik", "ii,jj->"])
def test_einsum_of_the_same_operand_twice(subscripts: str) -> None:
    a = np.array([[1.0, 2.0], [3.0, 5.0]])
    w = weights(np.einsum(subscripts, a, a).shape)
    x = leaf(a)
    np.einsum(subscripts, x, x).backward(w)
    first, second = by_linearity(lambda p, q: np.einsum(subscripts, p, q), [a, a], w)
    np.testing.assert_array_equal(x.grad, first + second)


RANKS = {1: (3,), 2: (2, 3), 3: (4, 2, 3), 4: (5, 4, 2, 3)}
RANKS_RIGHT = {1: (3,), 2: (3, 2), 3: (4, 3, 2), 4: (5, 4, 3, 2)}
MATMULS = [
    *[(RANKS[i], RANKS_RIGHT[j]) for i in RANKS for j in RANKS],
    # batches that broadcast
    *[((1, 2, 3), (4, 3, 2)), ((4, 2, 3), (1, 3, 2)), ((5, 1, 2, 3), (4, 3, 1))],
    *[((5, 1, 1, 3), (1, 4, 3, 1)), ((1, 1, 3), (3,)), ((3,), (1, 4, 3, 2))],
    # an inner dimension of 0, and others
    *[((2, 0), (0, 3)), ((0,), (0,)), ((2, 0), (0,)), ((0,), (0, 3)), ((4, 2, 0), (0, 3))],
    *[((0, 2), (2, 3)), ((2, 3), (3, 0)), ((0, 2, 3), (3, 2)), ((0, 2, 3), (1, 3, 2))],
]


@pytest.mark.parametrize(("left", "right"), MATMULS, ids=str)
def test_matmul_of_every_rank_pair_and_batch(left: Any, right: Any) -> None:
    assert_gradients_by_linearity(lambda a, b: a @ b, [left, right])


def test_sort_ties_follow_the_stable_permutation() -> None:
    x = leaf([2.0, 1.0, 2.0, 1.0])
    y = np.sort(x)
    np.testing.assert_array_equal(y.data, [1.0, 1.0, 2.0, 2.0])
    y.backward([1.0, 10.0, 100.0, 1000.0])  # of elements 1, 3, 0, 2
    np.testing.assert_array_equal(x.grad, [100.0, 1.0, 1000.0, 10.0])
    many = leaf(np.arange(200.0) % 2)  # more than an insertion sort takes
    np.sort(many).backward(np.arange(200.0))
    expected = np.empty(200)
    expected[0::2], expected[1::2] = np.arange(100.0), np.arange(100.0, 200.0)
    np.testing.assert_array_equal(many.grad, expected)
    columns = leaf([[1.0, 1.0], [1.0, 0.0]])
    np.sort(columns, axis=0).backward([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(columns.grad, [[1.0, 4.0], [3.0, 2.0]])
    flat = leaf([[1.0, 0.0], [1.0, 0.0]])
    np.sort(flat, axis=None).backward([1.0, 2.0, 3.0, 4.0])
    np.testing.assert_array_equal(flat.grad, [[3.0, 1.0], [4.0, 2.0]])


SINGULAR = np.ones((2, 2))
REFUSED: dict[str, tuple[Any, type[Exception], str]] = {
    "inv": (
        lambda x, v: np.linalg.inv(x),
        np.linalg.LinAlgError,
        r"inv: got shape \(2, 2\): Singular matrix; use pinv",
    ),
    "solve": (
        lambda x, v: np.linalg.solve(x, v[:2]),
        np.linalg.LinAlgError,
        r"solve: got shapes \(2, 2\) and \(2,\): Singular matrix; use pinv or lstsq",
    ),
    "cholesky": (
        lambda x, v: np.linalg.cholesky(-x),
        np.linalg.LinAlgError,
        r"cholesky: .*not positive definite; add a small multiple of the identity",
    ),
    "not square": (
        lambda x, v: np.linalg.inv(x[:1]),
        np.linalg.LinAlgError,
        r"inv: got shape \(1, 2\): .*; pass square matrices\.$",
    ),
    "nan": (
        lambda x, v: np.linalg.svd(x * np.nan),
        np.linalg.LinAlgError,
        r"^svd_stacked: got shape \(2, 2\): SVD[\w ]*; look for NaN and infinities in it\.\n",
    ),
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
        f(leaf(SINGULAR), leaf([1.0, 2.0, 3.0]))
