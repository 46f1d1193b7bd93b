"""Each family of ops at shapes, axes, broadcasting and memory layouts that Hypothesis draws.

What holds for all: the gradient times a direction is the difference of the function along it, and
neither depends on how the operands lie in memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import given, settings, strategies as st

import autograd
from autograd import Tensor, gradients

if TYPE_CHECKING:
    from collections.abc import Callable

examples = settings(max_examples=60, deadline=None)
shapes = hnp.array_shapes(min_dims=0, max_dims=4, min_side=1, max_side=4)
filled = hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=4)
layouts = st.sampled_from(["C", "F", "reversed", "every other", "transposed"])
seeds = st.integers(0, 2**32 - 1)


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
    leaves = [Tensor(laid_out(x, layout), requires_grad=True) for x in arrays]
    y = f(*leaves)
    rng = np.random.default_rng(7)
    weights = rng.uniform(0.5, 1.5, y.shape)
    found = gradients(y, leaves, laid_out(weights, layout), allow_unused=True)
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
    expected = float(np.sum((at(h) - at(-h)) * weights) / (2 * h))
    # Truncation h² and rounding 1e-16/h, of sums of up to a few hundred terms.
    assert abs(sum(terms) - expected) <= 1e-6 * (1.0 + sum(abs(t) for t in terms))


UNARY: list[tuple[Callable[..., Any], float, float]] = [
    (np.exp, -2, 2),
    (np.log, 0.3, 3),
    (np.sqrt, 0.3, 3),
    (np.sin, -2, 2),
    (np.tanh, -2, 2),
    (np.arctan, -2, 2),
    (np.absolute, -2, 2),
    (np.reciprocal, 0.5, 3),
    (autograd.relu, -2, 2),
    (autograd.sigmoid, -2, 2),
    (autograd.softplus, -2, 2),
    (autograd.gelu, -2, 2),
    (np.sinc, -2, 2),
]


@examples
@given(st.sampled_from(UNARY), shapes, layouts, seeds)
def test_functions_of_each_element(of: Any, shape: Any, layout: str, seed: int) -> None:
    f, low, high = of
    holds(f, [values(shape, seed, low, high)], layout)


BINARY = [
    *(np.add, np.subtract, np.multiply, np.divide, np.maximum, np.minimum, np.hypot),
    *(np.logaddexp, np.arctan2, np.power, np.fmax, np.copysign),
]


@examples
@given(
    st.sampled_from(BINARY),
    hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=4),
    layouts,
    seeds,
)
def test_operands_that_broadcast(f: Any, drawn: Any, layout: str, seed: int) -> None:
    a, b = drawn.input_shapes
    joint = values((int(np.prod(a)) + int(np.prod(b)),), seed, 0.5, 2.5)
    n = int(np.prod(a))
    holds(f, [joint[:n].reshape(a), joint[n:].reshape(b)], layout)


@examples
@given(hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=3, max_side=3), layouts, seeds)
def test_where_and_clip_broadcast_three(drawn: Any, layout: str, seed: int) -> None:
    c, a, b = drawn.input_shapes
    mask = np.random.default_rng(seed).random(c) > 0.5
    holds(lambda x, y: np.where(mask, x, y), [values(a, seed), values(b, seed + 1)], layout)


REDUCTIONS = [
    *(np.sum, np.mean, np.prod, np.max, np.min, np.var, np.std, np.ptp, np.median),
    *(autograd.logsumexp, autograd.vector_norm),
]


@examples
@given(st.data(), st.sampled_from(REDUCTIONS), filled, layouts, seeds, st.booleans())
def test_reductions_over_axes(
    data: Any, f: Any, shape: Any, layout: str, seed: int, keepdims: bool
) -> None:
    axis = data.draw(st.one_of(st.none(), hnp.valid_tuple_axes(len(shape), min_size=1)))
    lengths = shape if axis is None else [shape[i] for i in axis]
    if f in (np.std, np.ptp, np.var) and np.prod(lengths) == 1:
        return  # a slice of one element: std has no difference quotient there
    x = values(shape, seed, 0.4, 2.0)
    holds(lambda a: f(a, axis=axis, keepdims=keepdims), [x], layout)


@examples
@given(st.data(), st.sampled_from([np.sum, np.mean, np.prod, np.max]), filled, layouts, seeds)
def test_reductions_where_a_mask_holds(
    data: Any, f: Any, shape: Any, layout: str, seed: int
) -> None:
    axis = data.draw(st.one_of(st.none(), hnp.valid_tuple_axes(len(shape), min_size=1)))
    mask = np.random.default_rng(seed).random(shape) > 0.3
    mask[np.where(np.all(~mask, axis=axis, keepdims=True), True, False) & np.ones(shape, bool)] = (
        True
    )
    more = {"initial": 0.1} if f is np.max else {}
    holds(lambda a: f(a, axis=axis, where=mask, **more), [values(shape, seed, 0.4, 2.0)], layout)


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


@examples
@given(
    st.data(), st.sampled_from([np.cumsum, np.cumprod, np.sort, np.diff]), filled, layouts, seeds
)
def test_running_and_ordering_along_an_axis(
    data: Any, f: Any, shape: Any, layout: str, seed: int
) -> None:
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    holds(lambda a: f(a, axis=axis), [values(shape, seed)], layout)


@examples
@given(st.data(), filled, layouts, seeds)
def test_rearrangements(data: Any, shape: Any, layout: str, seed: int) -> None:
    n = len(shape)
    axes = data.draw(st.permutations(range(n)))
    i, j = data.draw(st.tuples(st.integers(-n, n - 1), st.integers(-n, n - 1)))
    shift = data.draw(st.integers(-5, 5))
    reps = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    widths = data.draw(
        st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=n, max_size=n)
    )
    f = data.draw(
        st.sampled_from(
            [
                lambda a: np.transpose(a, axes),
                lambda a: np.swapaxes(a, i, j),
                lambda a: np.moveaxis(a, i, j),
                lambda a: np.flip(a, i),
                lambda a: np.roll(a, shift, i),
                lambda a: np.roll(a, shift),
                lambda a: np.expand_dims(a, i),
                lambda a: np.squeeze(np.expand_dims(a, i), i),
                lambda a: np.reshape(a, -1),
                lambda a: np.ravel(a),
                lambda a: np.repeat(a, 2, i),
                lambda a: np.tile(a, reps),
                lambda a: np.pad(a, widths),
                lambda a: np.broadcast_to(a, (2, *shape)),
                lambda a: np.concatenate([a, a * 2], axis=i),
                lambda a: np.stack([a, a * a], axis=i),
                lambda a: np.array_split(a, 2, axis=i)[0],
            ]
        )
    )
    holds(lambda a: f(a) * 1.5, [values(shape, seed)], layout)


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


METHODS = ["linear", "lower", "higher", "nearest", "midpoint"]


@examples
@given(st.data(), filled, layouts, seeds)
def test_selecting_along_an_axis(data: Any, shape: Any, layout: str, seed: int) -> None:
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    n = shape[axis]
    q = data.draw(
        st.lists(st.integers(0, 64), min_size=1, max_size=3).map(lambda k: np.divide(k, 64))
    )
    method = data.draw(st.sampled_from(METHODS))
    kth = data.draw(st.integers(-n, n - 1))
    mask = np.random.default_rng(seed).random(n) > 0.5
    picks = data.draw(hnp.arrays(int, st.integers(1, 4), elements=st.integers(-n, n - 1)))
    f = data.draw(
        st.sampled_from(
            [
                lambda a: np.quantile(a, q, axis=axis, method=method),
                lambda a: np.percentile(a, 100 * q, axis=axis, keepdims=True),
                lambda a: np.median(a, axis=axis),
                lambda a: np.take(np.partition(a, kth, axis=axis), kth, axis=axis),
                lambda a: np.compress(mask, a, axis=axis),
                lambda a: np.take(a, picks, axis=axis),
                lambda a: np.take_along_axis(a, np.argsort(a, axis=axis), axis),
                lambda a: np.select([a > 0.5, a > -0.5], [a * a, 3 * a], 1.0),
                lambda a: np.choose(np.greater(a, 0), [a * 2, a * a]),
            ]
        )
    )
    holds(f, [values(shape, seed)], layout)


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


@examples
@given(st.data(), layouts, seeds)
def test_matrix_products_of_every_pair_of_ranks(data: Any, layout: str, seed: int) -> None:
    drawn = data.draw(
        hnp.mutually_broadcastable_shapes(
            signature="(m?,n),(n,p?)->(m?,p?)", max_dims=2, max_side=3
        )
    )
    a, b = drawn.input_shapes
    holds(np.matmul, [values(a, seed), values(b, seed + 1)], layout)


@examples
@given(st.data(), layouts, seeds)
def test_einsum_of_drawn_labels(data: Any, layout: str, seed: int) -> None:
    sizes = {"i": 2, "j": 3, "k": 1, "l": 2}
    terms = data.draw(st.lists(st.text("ijkl", min_size=0, max_size=3), min_size=1, max_size=3))
    used = sorted(set("".join(terms)))
    out = "".join(data.draw(st.lists(st.sampled_from(used), unique=True)) if used else [])
    arrays = [values(tuple(sizes[c] for c in t), seed + k) for k, t in enumerate(terms)]
    holds(lambda *xs: np.einsum(f"{','.join(terms)}->{out}", *xs), arrays, layout)


@examples
@given(
    hnp.array_shapes(min_dims=0, max_dims=2, max_side=3),
    st.integers(1, 4),
    st.sampled_from(
        [
            *(np.linalg.inv, np.linalg.det, lambda a: np.linalg.slogdet(a)[1], np.linalg.pinv),
            *(lambda a: np.linalg.solve(a, np.ones((*a.shape[:-1], 2))), np.linalg.cholesky),
            *(lambda a: np.linalg.qr(a).R, np.linalg.eigvalsh, lambda a: np.linalg.svd(a).S),
            *(lambda a: np.linalg.matrix_norm(a, ord="nuc"), np.linalg.matrix_transpose),
        ]
    ),
    layouts,
    seeds,
)
def test_linear_algebra_of_stacks(batch: Any, n: int, f: Any, layout: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(*batch, n, n)) * 0.2 + np.diag(np.arange(1.0, n + 1))
    # Symmetric, because the functions that need it take the symmetric part.
    holds(lambda x: f((x + np.matrix_transpose(x)) / 2), [a], layout)
