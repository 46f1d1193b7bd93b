"""What several tests share."""

from __future__ import annotations

import doctest
import inspect
from typing import TYPE_CHECKING, Any

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import settings, strategies as st

from autograd import Tensor, gradients

if TYPE_CHECKING:
    from collections.abc import Callable

limits = pytest.mark.filterwarnings("ignore::autograd.LimitWarning")  # of zeros that hide one
quiet = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of the forward pass
every_float = pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])

# What Hypothesis draws: shapes with an axis at least, orders of memory, seeds of values.
examples = settings(max_examples=60, deadline=None)
filled = hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=4)
layouts = st.sampled_from(["C", "F", "reversed", "every other", "transposed"])
seeds = st.integers(0, 2**32 - 1)


def leaf(value: Any, name: str | None = None, dtype: Any = None) -> Tensor:
    return Tensor(value, requires_grad=True, name=name, dtype=dtype)


def weights(shape: tuple[int, ...]) -> Any:
    """Return a cotangent of large whole numbers, whose sums are exact and tell what was added."""
    return np.random.default_rng(0).integers(1, 2**40, shape).astype(float)


def table(cases: dict[str, Any]) -> list[Any]:
    """Return parameters with their names as ids; what is no tuple is one argument."""
    return [pytest.param(*(v if type(v) is tuple else (v,)), id=k) for k, v in cases.items()]


def from_where(places: Any, shape: tuple[int, ...], w: Any) -> Any:
    """Return the gradient of Σ w · y where y takes the elements of x from these places.

    A place of −1 is of no element.
    """
    taken, parts = np.ravel(places), np.ravel(w)
    size = int(np.prod(shape))
    total = np.bincount(taken[taken >= 0], parts[taken >= 0], minlength=size)
    return total[:size].reshape(shape)


def line_of(function: Callable[..., Any], text: str) -> str:
    """Return the place of the line of a function that has a text: file:line."""
    lines, start = inspect.getsourcelines(function)
    (found,) = [start + i for i, line in enumerate(lines) if text in line and "line_of" not in line]
    return f"{inspect.getsourcefile(function)}:{found}"


def run_example(name: str, doc: str) -> None:
    """Run the example that a docstring needs to have."""
    examples = doctest.DocTestParser().get_doctest(doc, {}, name, None, 0)
    assert examples.examples, f"{name} needs an example in its docstring"
    messages: list[str] = []
    result = doctest.DocTestRunner().run(examples, out=messages.append)
    assert result.failed == 0, "".join(messages)


def slope(f: Any, x: Any, dtype: Any = None) -> Any:
    """Return the gradient of f at x."""
    t = leaf(x, dtype=dtype)
    return gradients(f(t), t)


def derivatives_at(cases: dict[str, tuple[Any, Any, Any]]) -> Callable[..., None]:
    """Return a test of the derivative by each argument, at arrays of a number each, to the bit."""

    @limits
    @every_float
    @pytest.mark.parametrize("shape", [(), (2, 1)], ids=["number", "array"])
    @pytest.mark.parametrize(("f", "point", "expected"), table(cases))
    def test(f: Any, point: Any, expected: Any, shape: tuple[int, ...], dtype: Any) -> None:
        xs = [leaf(np.full(shape, x), dtype=dtype) for x in point]
        found = gradients(f(*xs), xs, np.ones(shape))
        for actual, value in zip(found, expected, strict=True):
            np.testing.assert_array_equal(actual, np.full(shape, value))
            assert actual.dtype == dtype

    return test


def gradient_at(cases: dict[str, tuple[Any, Any, Any]]) -> Callable[..., None]:
    """Return a test of the gradient of the sum of the results at an array."""

    @pytest.mark.parametrize("dtype", [np.float64, np.float32])
    @pytest.mark.parametrize(("f", "point", "expected"), table(cases))
    def test(f: Any, point: Any, expected: Any, dtype: Any) -> None:
        x = leaf(point, dtype=dtype)
        y = f(x)
        found = gradients(y, x, np.ones(y.shape))
        assert found.dtype == dtype
        # Exact but for the cofactors, which come from a decomposition, and 3/5 and 4/5.
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=4 * np.finfo(dtype).eps)

    return test


def slopes_at(cases: dict[str, tuple[Any, Any, Any]]) -> Callable[..., None]:
    """Return a test of the derivative by each argument at numbers; of one that has none it is 0."""

    @quiet
    @pytest.mark.parametrize(("f", "point", "expected"), table(cases))
    def test(f: Any, point: list[Any], expected: list[Any]) -> None:
        leaves = [Tensor(x, requires_grad=True) for x in point]
        f(*leaves).backward()
        found = [0.0 if x.grad is None else x.grad for x in leaves]
        np.testing.assert_allclose(found, expected, rtol=1e-14, atol=0)

    return test


def assert_elements_move(f: Any, shape: tuple[int, ...]) -> None:
    """Compare with where f takes the elements of an array from, values and gradient."""
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
    """Compare the gradients of f, which is linear in each operand, with its values alone."""
    rng = np.random.default_rng(0)
    operands = [np.asarray(rng.normal(size=s)) for s in shapes]
    value = np.asarray(f(*operands))
    w = np.asarray(rng.normal(size=value.shape))
    xs = [leaf(a) for a in operands]
    y = f(*xs)
    np.testing.assert_allclose(y.data, value, rtol=1e-12, atol=1e-12)
    for actual, expected in zip(gradients(y, xs, w), by_linearity(f, operands, w), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-12)


def values(shape: tuple[int, ...], seed: int, low: float = -2.0, high: float = 2.0) -> Any:
    """Return numbers that are apart from each other and from 0, so that no kink is near."""
    rng = np.random.default_rng(seed)
    n = int(np.prod(shape))
    grid = np.linspace(low, high, n + 1 + n % 2)[:n] + 0.13 * (high - low) / (n + 1)
    return rng.permutation(grid).reshape(shape)


def laid_out(x: Any, layout: str) -> Any:
    """Return the same numbers in another order of memory."""
    if not x.ndim:
        return x
    if layout == "F":
        return np.asfortranarray(x)
    if layout == "reversed":
        return np.ascontiguousarray(x[::-1])[::-1]
    if layout == "every other":
        wide = np.zeros((*x.shape[:-1], 2 * x.shape[-1]))
        wide[..., ::2] = x
        return wide[..., ::2]
    if layout == "transposed":
        return np.ascontiguousarray(x.T).T
    return np.ascontiguousarray(x)


def holds(f: Callable[..., Any], arrays: list[Any], layout: str = "C") -> None:
    """Compare the gradient times a direction with the difference of f along it."""
    leaves = [Tensor(laid_out(x, layout), requires_grad=True) for x in arrays]
    y = f(*leaves)
    rng = np.random.default_rng(7)
    cotangent = rng.uniform(0.5, 1.5, y.shape)
    found = gradients(y, leaves, laid_out(cotangent, layout), allow_unused=True)
    directions = [rng.normal(size=x.shape) for x in arrays]
    terms = [0.0] + [
        float(np.sum(g * v)) for g, v in zip(found, directions, strict=True) if g is not None
    ]
    for g, x in zip(found, arrays, strict=True):
        assert g is None or (g.shape == x.shape and g.dtype == x.dtype)

    def at(h: float) -> Any:
        return np.asarray(f(*[x + h * v for x, v in zip(arrays, directions, strict=True)]))

    h = 1e-5
    np.testing.assert_allclose(y.data, at(0.0), rtol=1e-12, atol=1e-12)
    expected = float(np.sum((at(h) - at(-h)) * cotangent) / (2 * h))
    # Truncation h² and rounding 1e-16/h, of sums of up to a few hundred terms.
    assert abs(sum(terms) - expected) <= 1e-6 * (1.0 + sum(abs(t) for t in terms))
