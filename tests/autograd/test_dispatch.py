"""NumPy meets tensors: broadcasting, dtypes, memory layouts, protocols.

Expectations are numbers worked out by hand, or come from plain NumPy without derivative rules.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd
from autograd import (
    OPS,
    DTypeError,
    GradientError,
    Tensor,
    at,
    gradients,
    op,
)
from autograd.dispatch import array_ufunc
from tests.autograd.helpers import from_where, leaf, table, weights


@pytest.mark.parametrize(
    ("f", "value", "gradient"),
    table(
        {
            "np.exp(t)": (np.exp, np.exp([1.0, 2.0]), np.exp([1.0, 2.0])),
            "np.sum(t, axis=0)": (lambda t: np.sum(t, axis=0), 3.0, [1.0, 1.0]),
            "np.concatenate([t, a])": (
                lambda t: np.concatenate([t, np.array([5.0])]),
                [1.0, 2.0, 5.0],
                [1.0, 1.0],
            ),
            "np.concatenate([a, t])": (
                lambda t: np.concatenate([np.array([5.0]), t]),
                [5.0, 1.0, 2.0],
                [1.0, 1.0],
            ),
            "ndarray * t": (lambda t: np.array([3.0, 4.0]) * t, [3.0, 8.0], [3.0, 4.0]),
            "ndarray + t": (lambda t: np.array([3.0, 4.0]) + t, [4.0, 6.0], [1.0, 1.0]),
            "ndarray - t": (lambda t: np.array([3.0, 4.0]) - t, [2.0, 2.0], [-1.0, -1.0]),
            "ndarray / t": (lambda t: np.array([3.0, 4.0]) / t, [3.0, 2.0], [-3.0, -1.0]),
            "ndarray ** t": (
                lambda t: np.array([1.0, np.e]) ** t,
                [1.0, np.e**2],
                [0.0, np.e**2],
            ),
            "ndarray @ t": (lambda t: np.array([[3.0, 4.0]]) @ t, [11.0], [3.0, 4.0]),
            "t @ ndarray": (lambda t: t @ np.array([[3.0], [4.0]]), [11.0], [3.0, 4.0]),
            "np.float64(3) * t": (lambda t: np.float64(3) * t, [3.0, 6.0], [3.0, 3.0]),
            "np.float64(3) - t": (lambda t: np.float64(3) - t, [2.0, 1.0], [-1.0, -1.0]),
            "np.int64(3) * t": (lambda t: np.int64(3) * t, [3.0, 6.0], [3.0, 3.0]),
        }
    ),
)
def test_numpys_functions_and_operators_record(f: Any, value: Any, gradient: Any) -> None:
    t = leaf([1.0, 2.0])
    y = f(t)
    assert isinstance(y, Tensor)
    np.testing.assert_allclose(y.data, value, rtol=1e-15)
    y.backward(np.ones(y.shape))
    np.testing.assert_allclose(t.grad, gradient, rtol=1e-15)


@pytest.mark.parametrize(
    ("call", "name"),
    table(
        {
            "function": (np.unique, "np.unique"),
            "of fft": (np.fft.fft, "np.fft"),
            "of linalg": (np.linalg.eig, r"np\.linalg\.eig"),
            "ufunc": (lambda t: np.nextafter(t, 1.0), "np.nextafter"),
            "bitwise": (np.bitwise_not, "np.invert"),
        }
    ),
)
def test_an_unsupported_function_raises_and_suggests_detach(call: Any, name: str) -> None:
    A = leaf([[1.0, 2.0], [3.0, 4.0]])
    with pytest.raises(TypeError, match=rf"{name}.*t\.detach\(\)"):
        call(A)
    if name != "np.invert":  # which takes no floats
        np.testing.assert_array_equal(call(A.detach())[0], call(A.data)[0])


@pytest.mark.parametrize(
    "convert",
    table(
        {
            "np.asarray(t)": np.asarray,
            "np.array(t)": np.array,
            "np.array([t, t])": lambda t: np.array([t, t]),
            "np.asarray(t, dtype)": lambda t: np.asarray(t, dtype=np.float32),
            "a[:] = t": lambda t: np.zeros(2).__setitem__(slice(None), t),
            "np.ascontiguousarray(t)": np.ascontiguousarray,
            "Tensor(t)": Tensor,
            "np.vectorize": np.vectorize(lambda v: v),
        }
    ),
)
def test_arrays_of_tensors_raise_where_a_gradient_would_be_lost(convert: Any) -> None:
    for t in (leaf([1.0, 2.0]), leaf([1.0, 2.0]) * 1):
        with pytest.raises(GradientError, match=r"gradient would be lost.*t\.detach\(\)"):
            convert(t)
    convert(leaf([1.0, 2.0]).detach())


def test_arrays_of_constants_are_copies() -> None:
    np.testing.assert_array_equal(np.asarray(leaf([1.0, 2.0]).detach()), [1.0, 2.0])
    assert np.asarray(Tensor([1.0]), dtype=np.float32).dtype == np.float32


STAYING: dict[str, Any] = {
    "t + 1": lambda t: t + 1,
    "2 * t": lambda t: 2 * t,
    "0.1 - t": lambda t: 0.1 - t,
    "t / 3": lambda t: t / 3,
    "1 / t": lambda t: 1 / t,
    "t ** 2": lambda t: t**2,
    "t ** 0.5": lambda t: t**0.5,
    "2.0 ** t": lambda t: 2.0**t,
    "True * t": lambda t: True * t,
    "Tensor(2.0) * t": lambda t: Tensor(2.0) * t,
    "t * Tensor(2)": lambda t: t * Tensor(2),
    "t - named constant": lambda t: t - Tensor(0.1, name="c"),
    "np.multiply(Tensor(2.0), t)": lambda t: np.multiply(Tensor(2.0), t),
    "np.maximum(t, 0.5)": lambda t: np.maximum(t, 0.5),
    "np.where(mask, t, 0.0)": lambda t: np.where([True, False], t, 0.0),
    "np.clip(t, 0.1, 5.0)": lambda t: np.clip(t, 0.1, 5.0),
    "np.exp(t)": np.exp,
    "np.mean(t)": np.mean,
    "np.std(t)": np.std,
    "autograd.sigmoid(t)": autograd.sigmoid,
    "autograd.softmax(t)": autograd.softmax,
    "autograd.gelu(t)": autograd.gelu,
    "autograd.leaky_relu(t)": autograd.leaky_relu,
    "np.linalg.norm(t)": np.linalg.norm,
    "np.median(t)": np.median,
    "np.pad(t, 1)": lambda t: np.pad(t, 1),
    "np.stack([t, t])": lambda t: np.stack([t, t]),
    "t @ t": lambda t: t @ t,
    "t[0] * 3": lambda t: t[0] * 3,
    "t.sum() * Tensor(0.1)": lambda t: t.sum() * Tensor(0.1),
}


@pytest.mark.parametrize("f", table(STAYING))
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_float32_stays_float32(f: Any, dtype: Any) -> None:
    t = leaf([1.0, 2.0], dtype=dtype)
    y = f(t)
    assert y.dtype == dtype
    found = gradients(y, t, np.ones(y.shape), create_graph=True)
    assert found.dtype == dtype
    assert gradients((y * y).sum(), t).dtype == dtype


def test_float64_takes_part_as_in_numpy_and_gradients_carry_the_leafs_dtype() -> None:
    single, double = leaf([1.0, 2.0], dtype=np.float32), leaf([3.0, 4.0])
    half = leaf(2.0, dtype=np.float16)
    y = single * double * half
    assert y.dtype == np.float64
    assert (single * np.float64(2)).dtype == np.float64
    assert (single * Tensor(np.float64(2))).dtype == np.float64
    y.sum().backward()
    for t, expected in ((single, [6.0, 8.0]), (double, [2.0, 4.0]), (half, 11.0)):
        assert t.grad.dtype == t.dtype
        np.testing.assert_array_equal(t.grad, expected)


ONES = np.ones(3000, np.float16)  # in half precision 2048 + 1 is 2048
HALVES: dict[str, tuple[Any, Any, Any]] = {
    "sum": (ONES, np.sum, 3000),
    "cumsum": (ONES, lambda t: np.cumsum(t)[-1], 3000),
    "mean": (np.ones(70_000, np.float16), np.mean, 1),
    "dot": (ONES, lambda t: np.dot(t, ONES), 3000),
    "matmul": (ONES, lambda t: t[None] @ ONES[:, None], 3000),
    "einsum": (ONES, lambda t: np.einsum("i,i->", t, ONES), 3000),
    "vdot": (ONES, lambda t: np.vdot(t, ONES), 3000),
    "tensordot": (ONES, lambda t: np.tensordot(t, ONES, 1), 3000),
    "trace": (ONES[:60], lambda t: np.trace(np.diag(t * 50)), 3000),
    "scatter": (ONES, lambda t: autograd.scatter(t, (1,), np.zeros(3000, int)), 3000),
    "at add": (ONES, lambda t: at(np.zeros(1, np.float16), np.zeros(3000, int)).add(t), 3000),
    "logsumexp": (ONES * 0, autograd.logsumexp, np.log(3000.0)),
    "softmax": (ONES, lambda t: autograd.softmax(t)[0] * 3000, 1),
    "norm": (ONES[:2500] * 8, np.linalg.norm, 400),
    "convolve": (ONES, lambda t: np.convolve(t, ONES, "valid"), 3000),
}


@pytest.mark.parametrize(("value", "f", "expected"), table(HALVES))
def test_float16_sums_accumulate_in_float32(value: Any, f: Any, expected: float) -> None:
    y = f(leaf(value))
    assert y.dtype == np.float16
    # One rounding to half precision, and one of each step of the composites.
    np.testing.assert_allclose(y.data.astype(float), np.full(y.shape, expected), rtol=2e-3)


def test_float16_gradients_accumulate_in_float32() -> None:
    x = leaf(1.0, dtype=np.float16)
    y = x * 1
    for _ in range(2999):
        y = y + x
    y.backward()
    assert x.grad == 3000
    row = leaf(np.ones((1, 2)), dtype=np.float16)
    (row * np.ones((3000, 1), np.float16)).backward(np.ones((3000, 2), np.float16))
    np.testing.assert_array_equal(row.grad, [[3000, 3000]])
    taken = leaf([1.0, 1.0], dtype=np.float16)
    taken[np.zeros(3000, int)].backward(ONES)
    np.testing.assert_array_equal(taken.grad, [3000, 0])
    parts = leaf([1.0, 1.0], dtype=np.float16)
    np.concatenate([parts[:1]] * 3000).backward(ONES)
    np.testing.assert_array_equal(parts.grad, [3000, 0])
    assert {t.grad.dtype for t in (x, row, taken, parts)} == {np.dtype(np.float16)}


@pytest.mark.parametrize("value", [3, [1, 2], True, np.uint8(3), np.arange(3)], ids=str)
def test_an_integer_leaf_is_an_error_with_the_fix(value: Any) -> None:
    with pytest.raises(DTypeError, match=r"n'.*floating dtype.*x\.astype\(float\).*dtype=float"):
        leaf(value, "n")
    assert leaf(value, dtype=float).requires_grad
    x = leaf(2.0)
    gradients((x * Tensor(value)).sum(), x)  # integer data may take part


def test_complex_numbers_are_refused_with_a_clear_error() -> None:
    t = leaf([1.0, 2.0])
    for call in (
        lambda: Tensor(1j),
        lambda: leaf(np.ones(2, np.complex64)),
        lambda: Tensor(1.0, dtype=complex),
        lambda: t * 1j,
        lambda: 1j * t,
        lambda: t + np.array([1j, 2.0]),
        lambda: np.array([1j, 2.0]) @ t,
        lambda: np.concatenate([t, [1j]]),
        lambda: autograd.exp(1j),
    ):
        with pytest.raises(DTypeError, match=r"needs real numbers, got .*complex"):
            call()
    with pytest.raises(DTypeError, match="complex"):
        t.astype(complex)


def test_results_without_axes_stay_tensors() -> None:
    x = leaf([3.0, 4.0])
    s = leaf(0.5)
    results = [
        *(x.sum(), x[0], x.max(), x @ x, np.mean(x), np.linalg.norm(x), np.prod(x), np.median(x)),
        *(s + 1, 1 - s, -s, abs(s), s**2, np.exp(s), s.T, s.reshape(()), np.where(True, s, 0.0)),
        *(np.squeeze(x[:1]), np.einsum("i->", x), np.vdot(x, x), np.std(x), s[()], s[...]),
        *(autograd.sigmoid(s), autograd.logsumexp(x), np.float64(2) * s, np.trace(np.diag(x))),
    ]
    for y in results:
        assert type(y) is Tensor
        assert y.shape == ()
        assert y.requires_grad
    assert type(next(iter(x))) is Tensor


CUBE = np.array(
    [[[3.0, -1.0, 2.0], [0.5, 4.0, -2.0]], [[1.5, 2.5, -3.0], [5.0, 0.25, 1.0]]]
)  # (2, 2, 3), all different, none 0


def size_of(axis: Any) -> float:
    return CUBE.size / np.sum(CUBE, axis=axis, keepdims=True).size


def away(axis: Any) -> Any:
    return CUBE - np.mean(CUBE, axis=axis, keepdims=True)


def root(axis: Any) -> Any:
    if axis == ():
        return np.zeros(CUBE.shape)  # of one value it is constantly 0
    return away(axis) / (np.std(CUBE, axis=axis, keepdims=True) * size_of(axis))


REDUCTIONS: dict[str, tuple[Any, Any]] = {
    # What it is, and its derivatives by definition.
    "sum": (np.sum, lambda axis: np.ones(CUBE.shape)),
    "mean": (np.mean, lambda axis: np.full(CUBE.shape, 1 / size_of(axis))),
    "max": (np.max, lambda axis: np.equal(CUBE, np.max(CUBE, axis=axis, keepdims=True))),
    "min": (np.min, lambda axis: np.equal(CUBE, np.min(CUBE, axis=axis, keepdims=True))),
    "prod": (np.prod, lambda axis: np.prod(CUBE, axis=axis, keepdims=True) / CUBE),
    "var": (np.var, lambda axis: 2 * away(axis) / size_of(axis)),
    "std": (np.std, root),
    "logsumexp": (
        autograd.logsumexp,
        lambda axis: np.exp(CUBE) / np.sum(np.exp(CUBE), axis=axis, keepdims=True),
    ),
}


@pytest.mark.parametrize(("f", "derivative"), table(REDUCTIONS))
@pytest.mark.parametrize("axis", [None, (), 0, -1, 1, (0, 2), (-1, 0), (2, -2), (0, 1, 2)], ids=str)
@pytest.mark.parametrize("keepdims", [False, True], ids=["dropped", "kept"])
def test_axes_that_are_empty_tuples_tuples_and_negative(
    f: Any, derivative: Any, axis: Any, keepdims: bool
) -> None:
    x = leaf(CUBE)
    y = f(x, axis=axis, keepdims=keepdims)
    assert y.shape == np.sum(CUBE, axis=axis, keepdims=keepdims).shape
    w = weights(y.shape)
    y.backward(w)
    kept = w.reshape(np.sum(CUBE, axis=axis, keepdims=True).shape)
    np.testing.assert_allclose(x.grad, kept * derivative(axis), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("f", "shape", "expected"),
    table(
        {
            "exp": (np.exp, (0,), np.ones(0)),
            "sum of nothing": (np.sum, (0,), 0.0),
            "sum of columns of nothing": (lambda x: np.sum(x, axis=0), (0, 3), np.zeros(3)),
            "sum of rows, of which there are none": (lambda x: np.sum(x, axis=1), (0, 3), []),
            "prod of nothing": (np.prod, (0,), 1.0),
            "logsumexp of nothing": (autograd.logsumexp, (0,), -np.inf),
            "cumsum": (np.cumsum, (0,), []),
            "cumprod": (np.cumprod, (0,), []),
            "sort": (np.sort, (0,), []),
            "concatenate": (lambda x: np.concatenate([x, x, np.ones(2)]), (0,), [1.0, 1.0]),
            "stack": (lambda x: np.stack([x, x]), (0, 2), np.ones((2, 0, 2))),
            "reshape": (lambda x: x.reshape(3, 0), (0, 2), np.ones((3, 0))),
            "transpose": (lambda x: x.T, (0, 2), np.ones((2, 0))),
            "broadcast": (lambda x: x + np.ones((0, 3)), (1, 3), np.ones((0, 3))),
            "broadcast of a column": (lambda x: x * np.ones((2, 0)), (2, 1), np.ones((2, 0))),
            "index": (lambda x: x[[]], (3,), []),
            "slice": (lambda x: x[3:], (3,), []),
            "repeat": (lambda x: np.repeat(x, 0), (3,), []),
            "matmul": (lambda x: x @ np.ones((3, 2)), (0, 3), np.ones((0, 2))),
            "einsum": (lambda x: np.einsum("ij->j", x), (0, 3), np.zeros(3)),
            "relu": (autograd.relu, (0, 3), np.ones((0, 3))),
            "softmax": (lambda x: autograd.softmax(x, axis=1), (0, 3), np.ones((0, 3))),
            "where": (lambda x: np.where(np.ones(0, bool), x, 0.0), (0,), []),
        }
    ),
)
def test_empty_arrays(f: Any, shape: tuple[int, ...], expected: Any) -> None:
    x = leaf(np.ones(shape))
    y = f(x)
    assert y.shape == np.shape(expected)
    np.testing.assert_array_equal(y.data, expected)
    y.backward(np.ones(y.shape))
    assert x.grad.shape == shape
    np.testing.assert_array_equal(x.grad, np.zeros(shape))


@pytest.mark.parametrize("reduce", [np.max, np.min])
def test_reductions_of_nothing_raise_as_numpy_does(reduce: Any) -> None:
    with pytest.raises(ValueError, match="zero-size"):
        reduce(leaf(np.zeros(0)))


PAIRS = [
    *[((2, 3), (3,)), ((2, 3), (1, 3)), ((2, 3), (2, 1)), ((2, 1), (1, 3)), ((), (2, 3))],
    *[((1,), (2, 3)), ((1, 1), (3,)), ((4, 1, 3), (2, 1)), ((1, 1, 1), ()), ((2, 1, 1), (1, 3, 1))],
    *[((0, 3), (3,)), ((0, 3), (1, 3)), ((1, 0), (2, 1)), ((0,), ()), ((1,), (0,))],
]


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=str)
@pytest.mark.parametrize("swapped", [False, True])
def test_size_one_and_leading_axes_are_unbroadcast(
    one: tuple[int, ...], other: tuple[int, ...], swapped: bool
) -> None:
    shapes = (other, one) if swapped else (one, other)
    rng = np.random.default_rng(0)
    a, b = (np.asarray(rng.normal(size=s)) for s in shapes)
    w = rng.normal(size=np.broadcast_shapes(*shapes))
    x, y = leaf(a), leaf(b)
    (x * y).backward(w)
    for t, other_value in ((x, b), (y, a)):
        places = np.broadcast_to(np.arange(t.size).reshape(t.shape), w.shape)
        expected = from_where(places, t.shape, w * other_value)
        assert t.grad.shape == t.shape
        np.testing.assert_allclose(t.grad, expected, rtol=1e-13, atol=1e-13)


def fortran(a: Any) -> Any:
    return np.asfortranarray(a)


def strided(a: Any) -> Any:
    wide = np.full((*a.shape[:-1], 2 * a.shape[-1]), np.nan)
    wide[..., ::2] = a
    return wide[..., ::2]


def backwards(a: Any) -> Any:
    return np.ascontiguousarray(a[..., ::-1])[..., ::-1]


def turned(a: Any) -> Any:
    return np.ascontiguousarray(a.T).T


@pytest.mark.parametrize("layout", [fortran, strided, backwards, turned])
@pytest.mark.parametrize(
    "f",
    table(
        {
            "ravel": np.ravel,
            "reshape": lambda x: np.reshape(x, (3, 4)),
            "transpose": np.transpose,
            "index": lambda x: x[1],
            "flip": np.flip,
            "repeat": lambda x: np.repeat(x, 2, 1),
            "take": lambda x: np.take(x, [0, 7, 7]),
            "concatenate": lambda x: np.concatenate([x, x], axis=None),
            "roll": lambda x: np.roll(x, 5),
            "mask": lambda x: x[np.arange(12).reshape(2, 2, 3) % 2 == 0],
        }
    ),
)
def test_fortran_order_and_inputs_that_are_not_contiguous(layout: Any, f: Any) -> None:
    a = layout(CUBE)
    np.testing.assert_array_equal(a, CUBE)
    places = f(np.arange(12).reshape(CUBE.shape))
    x = leaf(a)
    y = f(x)
    np.testing.assert_array_equal(y.data, CUBE.ravel()[places])
    w = weights(places.shape)
    y.backward(layout(w) if w.ndim > 1 else w)
    np.testing.assert_array_equal(x.grad, from_where(places, CUBE.shape, w))


@pytest.mark.parametrize("layout", [fortran, strided, backwards, turned])
def test_layouts_of_values_constants_and_seeds_in_arithmetic(layout: Any) -> None:
    x = leaf(layout(CUBE))
    seed = weights(CUBE.shape)
    (x * x * layout(3 * CUBE)).backward(layout(seed))
    np.testing.assert_allclose(x.grad, 6 * CUBE**2 * seed, rtol=1e-15)
    x.zero_grad()
    (x @ layout(CUBE[0].T)).backward(np.broadcast_to(1.0, (2, 2, 2)))
    # Each of two rows meets both columns of the constant: the sums of its rows.
    np.testing.assert_array_equal(x.grad, np.broadcast_to(CUBE[0].sum(axis=0), CUBE.shape))


def test_a_ufunc_runs_the_op_that_is_declared_last(registry: Any) -> None:
    """A cell of a notebook is run again, with another rule."""
    x = leaf(2.0)
    for slope in (3.0, 5.0):

        @op(symbol="spacing", samples=["3"])
        def spacing(a):
            """Return a, for a test."""
            return a * 1.0

        spacing.vjp(a={3.0: lambda g: g * 3.0, 5.0: lambda g: g * 5.0}[slope])
        assert gradients(np.spacing(x), x) == slope


def test_a_ufunc_of_the_name_of_an_op_is_not_taken_for_it() -> None:
    class Theirs:  # as numba's @vectorize makes one: a ufunc that is called like an op of ours
        def __init__(self, name: str) -> None:
            self.__name__ = name

        def __call__(self, x: Any) -> Any:
            return 10 * x

    t = leaf([0.5, 2.0])
    for name in ("relu", "exp"):
        assert name in OPS
        with pytest.raises(TypeError, match=f"^{name} .a ufunc that is not NumPy's"):
            array_ufunc(t, Theirs(name), "__call__", t)  # type: ignore[arg-type]
        found = array_ufunc(t, Theirs(name), "__call__", t.detach())  # type: ignore[arg-type]
        np.testing.assert_array_equal(found, [5.0, 20.0])


def test_other_objects_have_the_word_in_their_operators() -> None:
    class Unit:
        def __rmul__(self, other: Any) -> Any:
            return "unit", other

        def __radd__(self, other: Any) -> Any:
            return "sum", other

    t = leaf([1.0])
    assert (t * Unit())[0] == "unit"
    assert (t + Unit())[1] is t
    with pytest.raises(TypeError):
        t - Unit()
    with pytest.raises(TypeError, match="real numbers"):
        t * None
