"""Random expression graphs: fan-out, broadcasting, mixed ranks, against the complex step.

A program is a list of steps that runs on Tensors and, unchanged, on complex arrays. Moving the
inputs by i·h along a direction gives the derivative along it in the imaginary part, to full
precision, with no subtraction (Squire and Trapp 1998). That must be the product of the gradient and
the direction.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd import Tensor, gradients

GRAPHS = 10_000
CHUNKS = 20

Step = Callable[[Any, list[Any]], Any]  # of a module's functions and the values so far

SHAPES: list[tuple[int, ...]] = [(), (1,), (3,), (2, 3), (2, 1), (1, 3), (3, 3), (2, 1, 3)]


def random_program(rng: np.random.Generator) -> tuple[list[np.ndarray], list[Step]]:
    """Return inputs, and steps that each compute a new value from the earlier ones.

    No step grows faster than its inputs by more than a factor, so nothing overflows.
    """
    count = int(rng.integers(1, 5))
    inputs = [rng.normal(size=SHAPES[int(rng.integers(len(SHAPES)))]) for _ in range(count)]
    shapes = [x.shape for x in inputs]
    steps: list[Step] = []
    for _ in range(int(rng.integers(2, 13))):
        i, j = (int(k) for k in rng.integers(len(shapes), size=2))
        step, shape = random_step(rng, i, j, shapes)
        steps.append(step)
        shapes.append(shape)
    return inputs, steps


def random_step(
    rng: np.random.Generator, i: int, j: int, shapes: list[tuple[int, ...]]
) -> tuple[Step, tuple[int, ...]]:
    """Return one step and the shape of its result."""
    a, b = shapes[i], shapes[j]
    unary: list[Callable[[Any, Any], Any]] = [
        lambda m, x: m.tanh(x),
        lambda m, x: m.sin(x) * 0.5,
        lambda m, x: m.exp(-x * x),
        lambda m, x: x / (2 + m.cos(x)),
        lambda m, x: 1.5 - x,
        lambda m, x: x**3 / (1 + x * x),
        lambda m, x: m.log(x * x + 1.0),
        lambda m, x: m.sqrt(x * x + 2.0),
    ]
    kind = int(rng.integers(8))
    if kind <= 2:
        try:
            shape = np.broadcast_shapes(a, b)
        except ValueError:
            kind = 7
        else:
            combine = [
                lambda m, v: v[i] + v[j],
                lambda m, v: v[i] * m.tanh(v[j]),
                lambda m, v: v[i] - v[j] / (v[j] * v[j] + 2.0),
            ][kind]
            return combine, shape
    if kind == 3 and a:
        axis = int(rng.integers(-len(a), len(a)))
        keep = bool(rng.integers(2))
        example = np.zeros(a).sum(axis=axis, keepdims=keep)
        return lambda m, v: m.sum(v[i], axis=axis, keepdims=keep) * 0.7, np.shape(example)
    if kind == 4 and len(a) >= 2:
        return lambda m, v: m.transpose(v[i]), a[::-1]
    if kind == 5 and a and a[0]:
        index = [0, slice(None, None, -1), [0, 0, -1], (None, slice(0, 1))][int(rng.integers(4))]
        return lambda m, v: m.getitem(v[i], index), np.zeros(a)[index].shape
    if kind == 6 and 1 <= len(a) <= 2 and len(b) == 2 and a[-1] == b[-2]:
        return lambda m, v: m.tanh(v[i]) @ v[j] * 0.5, np.shape(np.zeros(a) @ np.zeros(b))
    f = unary[int(rng.integers(len(unary)))]
    return lambda m, v: f(m, v[i]), a


class ByNumPy:
    """NumPy's functions, which record on Tensors; the steps of a program call them."""

    tanh, sin, cos, exp, log, sqrt = np.tanh, np.sin, np.cos, np.exp, np.log, np.sqrt
    sum, transpose = np.sum, np.transpose

    @staticmethod
    def getitem(x: Any, index: Any) -> Any:
        return x[index]


def run(inputs: list[Any], steps: list[Step], m: Any = ByNumPy) -> Any:
    values = list(inputs)
    for step in steps:
        values.append(step(m, values))
    return m.sum(values[-1]) + m.sum(values[len(values) // 2]) * 0.3


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_gradients_of_random_graphs_agree_with_the_complex_step(chunk: int) -> None:
    each = GRAPHS // CHUNKS
    for seed in range(chunk * each, (chunk + 1) * each):
        rng = np.random.default_rng(seed)
        inputs, steps = random_program(rng)
        leaves = [Tensor(x, requires_grad=True) for x in inputs]
        result = run(leaves, steps)
        value = run(inputs, steps)
        assert result.item() == pytest.approx(float(value), rel=1e-13, abs=1e-13), seed
        found = gradients(result, leaves, allow_unused=True)
        directions = [rng.normal(size=x.shape) for x in inputs]
        h = 1e-150
        moved = [x + 1j * h * v for x, v in zip(inputs, directions, strict=True)]
        expected = run(moved, steps).imag / h
        terms = [np.sum(g * v) for g, v in zip(found, directions, strict=True) if g is not None]
        actual = float(np.sum(terms)) if terms else 0.0
        scale = 1.0 + sum(abs(float(t)) for t in terms)
        # Rounding of a few dozen operations, relative to the largest terms that add up.
        assert abs(actual - expected) <= 1e-12 * scale, seed


def torchs_functions(torch: Any) -> Any:
    class ByTorch:
        tanh, sin, cos, exp = torch.tanh, torch.sin, torch.cos, torch.exp
        log, sqrt = torch.log, torch.sqrt

        @staticmethod
        def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
            return x.sum() if axis is None else x.sum(dim=axis, keepdim=keepdims)

        @staticmethod
        def transpose(x: Any) -> Any:
            return x.permute(*range(x.ndim - 1, -1, -1))

        @staticmethod
        def getitem(x: Any, index: Any) -> Any:
            return x.flip(0) if isinstance(index, slice) else x[index]  # only ::-1 is a slice here

    return ByTorch


def agree(ours: list[Any], theirs: list[Any], seed: int) -> None:
    for a, b in zip(ours, theirs, strict=True):
        zero = np.zeros(())
        # Rounding of a few dozen operations, in another order.
        np.testing.assert_allclose(
            zero if a is None else a, zero if b is None else b, rtol=1e-10, atol=1e-11, err_msg=seed
        )


@pytest.mark.oracle
def test_gradients_of_random_graphs_agree_with_pytorch() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    functions = torchs_functions(torch)
    for seed in range(2000):
        inputs, steps = random_program(np.random.default_rng(seed))
        leaves = [Tensor(x, requires_grad=True) for x in inputs]
        found = gradients(run(leaves, steps), leaves, allow_unused=True)
        others = [torch.tensor(x, requires_grad=True) for x in inputs]
        run(others, steps, functions).backward()
        agree(found, [None if t.grad is None else t.grad.numpy() for t in others], seed)


@pytest.mark.oracle
@pytest.mark.filterwarnings("ignore")
def test_gradients_of_random_graphs_agree_with_mygrad() -> None:
    mygrad = pytest.importorskip("mygrad", reason="MyGrad is not installed")
    for seed in range(2000):
        inputs, steps = random_program(np.random.default_rng(seed))
        leaves = [Tensor(x, requires_grad=True) for x in inputs]
        found = gradients(run(leaves, steps), leaves, allow_unused=True)
        others = [mygrad.tensor(x) for x in inputs]
        run(others, steps).backward()
        agree(found, [t.grad for t in others], seed)
