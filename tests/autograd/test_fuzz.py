"""Hostile operands and parameters: NumPy's own result, or a typed error, and nothing half done."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import autograd
from autograd import OPS, AutogradError, Op, Tensor, gradients
from autograd.state import STATE
from tests.autograd.helpers import leaf, quiet
from tests.autograd.samples import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

# What NumPy itself raises for arguments that it cannot take.
SEED = 0
NUMPYS = (
    *(ValueError, TypeError, IndexError, ZeroDivisionError, OverflowError, MemoryError),
    *(NotImplementedError, np.linalg.LinAlgError, np.exceptions.AxisError),
)

SHAPES: list[tuple[int, ...]] = [
    *((), (0,), (1,), (3,), (4,), (0, 3), (3, 0), (1, 1), (2, 3), (3, 3), (2, 2)),
    *((2, 0, 2), (1, 3, 1), (2, 3, 4), (2, 2, 2), (1, 1, 1, 1, 1, 1)),
]
DTYPES = ["f8", "f8", "f8", "f4", "f2", "i8", "u1", "?", "g"]
PARAMETERS: list[Any] = [
    *(None, 0, 1, -1, 2, -3, 7, 50, True, 0.5, -2.5, np.nan, np.inf, "", "full", "ij->ji"),
    *((), (0,), (0, 1), (0, 0), (1, 0), (-1, 5), (2, -1), ((1, 0), (0, 2)), [1, 0], [[0], [1]]),
    *(np.int64(1), np.array(1), np.array([0, 1]), np.array([True, False]), slice(None), ...),
    *({}, {0: 1}, object(), "f4", np.float32, b"x", 1j, [None], ("a",)),
]


def operand(rng: np.random.Generator) -> Any:
    """Return an array as users may pass one, special numbers included."""
    shape = SHAPES[rng.integers(len(SHAPES))]
    x = rng.normal(size=shape) * 10.0 ** rng.integers(-3, 4)
    if rng.random() < 0.3:
        special = rng.choice([0.0, -0.0, np.nan, np.inf, -np.inf, 1e308, 5e-324, 1.0], size=shape)
        x = np.where(rng.random(shape) < 0.5, special, x)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        x = np.asarray(x).astype(DTYPES[rng.integers(len(DTYPES))])
    return x.T if rng.random() < 0.3 else x


def call(name: str, rng: np.random.Generator) -> tuple[list[Any], dict[str, Any]]:
    o = OPS[name]
    n = int(rng.integers(0, 4)) if o.variadic else len(o.operands)
    params = {p: PARAMETERS[rng.integers(len(PARAMETERS))] for p in o.params if rng.random() < 0.6}
    return [operand(rng) for _ in range(n)], params


def run(name: str, operands: list[Any], params: dict[str, Any]) -> Any:
    o = OPS[name]
    return o.record(operands, **params) if o.variadic else o.record(*operands, **params)


def outcome(name: str, operands: list[Any], params: dict[str, Any]) -> Any:
    """Return the result, or the error if it is one that users may see."""
    try:
        return run(name, operands, params)
    except (AutogradError, *NUMPYS) as error:
        return error


@pytest.mark.parametrize("name", sorted(OPS))
def test_hostile_arguments_give_numpys_result_or_a_typed_error(name: str) -> None:
    rng = np.random.default_rng(SEED + sum(map(ord, name)))
    state = STATE.get()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for _ in range(40):
            operands, params = call(name, rng)
            before = [x.copy() for x in operands]
            expected = outcome(name, operands, params)
            leaves = [
                Tensor(x, requires_grad=x.dtype.kind == "f") if rng.random() < 0.8 else x
                for x in operands
            ]
            actual = outcome(name, leaves, params)
            assert STATE.get() is state
            for x, old in zip(operands, before, strict=True):
                np.testing.assert_array_equal(x, old)
            if isinstance(expected, Exception):
                assert isinstance(actual, Exception), (name, params, [x.shape for x in operands])
                continue
            if isinstance(actual, Exception):  # refused only for what cannot be differentiated
                assert isinstance(actual, AutogradError), (name, params, actual)
                continue
            value = actual.data if isinstance(actual, Tensor) else actual
            np.testing.assert_array_equal(value, expected)
            if isinstance(actual, Tensor) and actual.requires_grad:
                check_backward(actual, leaves)


def check_backward(y: Tensor, leaves: list[Any]) -> None:
    """A walk gives every leaf a gradient of its shape and dtype, or raises a typed error."""
    try:
        y.backward(np.ones(y.shape, y.dtype))
    except np.linalg.LinAlgError:  # a singular matrix, whose logarithm of the determinant is −∞
        assert all(getattr(x, "grad", None) is None for x in leaves)
    except (AutogradError, *NUMPYS) as error:
        raise AssertionError(f"the op ran forward, and not backward: {error}") from error
    for x in leaves:
        if isinstance(x, Tensor) and x.requires_grad and x.grad is not None:
            assert x.grad.shape == x.shape
            assert x.grad.dtype == x.dtype


def test_a_failed_op_leaves_a_usable_graph() -> None:
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    with pytest.raises(autograd.ShapeError):
        y + np.ones(3)
    with pytest.raises(autograd.ShapeError):
        autograd.matmul(y, np.ones((3, 3)))
    (y + 1).sum().backward()
    np.testing.assert_array_equal(x.grad, [2.0, 4.0])


EDGES = ("_", "0", "1", "3", "0,3", "3,0", "0,0", "0,0,0", "3,0,0", "2,2", "2,3")
AXES = ("None", "0", "-1", "1", "(0,)")


def edge_cases(o: Op) -> Iterator[str]:
    """Yield samples of numbers, of empty arrays and of small ones, with every form of an axis."""
    key = next((p for p in ("axis", "axes") if p in o.params), None)
    for sample in o.samples[:6]:
        words = sample.split()
        count = len([w for w in words if "=" not in w])
        options = [w for w in words if "=" in w]
        rest = [w for w in options if key is None or not w.startswith(f"{key}=")]
        forms = [options] if key is None else [options, *([*rest, f"{key}={a}"] for a in AXES)]
        for shape in EDGES:
            for form in forms:
                yield " ".join([*[shape] * count, *form])


@quiet
@pytest.mark.filterwarnings("ignore:Out of bound index found:DeprecationWarning")
@pytest.mark.parametrize("name", sorted(OPS))
def test_what_runs_forward_runs_backward_twice(name: str) -> None:
    o = OPS[name]
    for sample in dict.fromkeys(edge_cases(o)):
        try:
            arrays, params = parse(o, sample)
            xs = [leaf(a) for a in arrays]
            y = o.record(xs, **params) if o.variadic else o.record(*xs, **params)
        except (ValueError, TypeError, IndexError, np.linalg.LinAlgError, ArithmeticError):
            continue  # a form that NumPy refuses, too
        if not y.requires_grad:
            continue
        found = gradients(y, xs, np.ones(y.shape), create_graph=True, allow_unused=True)
        for x, g in zip(xs, found, strict=True):
            assert g is None or g.shape == x.shape, sample
            if g is not None and g.requires_grad:
                again = gradients(g, xs, np.ones(g.shape), allow_unused=True, retain_graph=True)
                shapes = [None if h is None else h.shape for h in again]
                assert shapes == [
                    None if h is None else z.shape for h, z in zip(again, xs, strict=True)
                ], sample
