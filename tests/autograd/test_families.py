"""Each family of ops at shapes, axes, broadcasting and memory layouts that Hypothesis draws.

What holds for all: the gradient times a direction is the difference of the function along it, and
neither depends on how the operands lie in memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import given, strategies as st

import autograd
from tests.autograd.helpers import examples, filled, holds, layouts, seeds, values

if TYPE_CHECKING:
    from collections.abc import Callable

shapes = hnp.array_shapes(min_dims=0, max_dims=4, min_side=1, max_side=4)


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
