"""The hard places: where an engine is easily silently wrong, crashes or surprises.

Each test is named after the line it holds. Expectations are numbers worked out by hand, or come
from a computation in plain NumPy that knows nothing of derivative rules.
"""

from __future__ import annotations

import asyncio
import contextvars
import copy
import gc
import inspect
import itertools
import pickle
import sys
import threading
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import autograd
import viz
from autograd import (
    AnomalyError,
    DTypeError,
    GradientError,
    ShapeError,
    Tensor,
    at,
    check_gradients,
    compare_backprop,
    detect_anomaly,
    enable_grad,
    grad,
    gradients,
    graph,
    hessian,
    jacobian,
    jvp,
    name_scope,
    no_grad,
    op,
    relative_error,
    strong_zero,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

quiet = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of the forward pass
every_float = pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])


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


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


# -- Graph -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "x", "expected"),
    [
        (lambda x: x * x, 3.0, 6.0),
        (lambda x: x + x, 3.0, 2.0),
        (lambda x: np.maximum(x, x), 3.0, 1.0),
        (lambda x: np.minimum(x, x), 3.0, 1.0),
        (lambda x: x - x, 3.0, 0.0),
        (lambda x: x / x, 3.0, 0.0),
        (lambda x: x**x, 2.0, 4.0 * (1.0 + np.log(2.0))),
    ],
)
def test_one_value_in_both_places_of_an_op(f: Any, x: float, expected: float) -> None:
    for value in (x, [x, x]):
        t = leaf(value)
        f(t).sum().backward()
        np.testing.assert_allclose(t.grad, np.full(t.shape, expected), rtol=1e-15, atol=0)


def test_sixty_diamonds_in_linear_time() -> None:
    x = leaf(1.0)
    y, visits = x, []
    for _ in range(60):
        y = y + y
        y.register_hook(visits.append)
    y.backward()
    assert x.grad == 2.0**60
    assert len(visits) == 60  # not 2^60


def test_b_is_a_plus_a_and_c_is_b_plus_b() -> None:
    a = leaf(5.0)
    b = a + a
    c = b + b
    c.backward()
    assert (c.item(), a.grad) == (20.0, 4.0)


def test_a_long_chain_is_copied_pickled_shown_drawn_and_deleted_without_recursion() -> None:
    n = 20_000  # twenty times what Python's recursion allows
    x = leaf(1.0, "x")
    y = x
    with name_scope("chain"):
        for _ in range(n):
            y = y + 0.5
    y = y.named("y")
    y.backward(retain_graph=True)
    assert x.grad == 1.0
    assert repr(y) == "Tensor(10001., name='y', op=add)"
    for made in (copy.copy(y), copy.deepcopy(y), pickle.loads(pickle.dumps(y))):
        assert (made.item(), made.requires_grad) == (1 + n / 2, False)
    del y  # a million of them are deleted in test_backward.py


def test_a_long_chain_is_drawn_folded_without_recursion() -> None:
    x = leaf(1.0, "x")
    y = x
    with name_scope("chain"):
        for _ in range(20_000):
            y = y + 0.5
    y = y.named("y")
    y.backward()
    drawing = viz.draw(y)
    (card,) = drawing.view.nodes
    assert (card.kind, card.name) == ("module", "chain")
    assert "out y: 10001" in card.value
    assert "∂y/∂x = 1" in card.value
    assert "chain" in drawing.svg


def plain_chain(x: Tensor) -> Any:
    return np.exp(np.exp(x)).sum()


def retained(x: Tensor) -> Any:
    y = np.exp(np.exp(x)).sum()
    y.backward(retain_graph=True)
    return y


def of_second_order(x: Tensor) -> Any:
    return (gradients((np.exp(x) ** 3).sum(), x, create_graph=True) ** 2).sum()


def refused(x: Tensor) -> Any:
    y = np.exp(x)
    with pytest.raises(ShapeError):
        y + np.ones(7)
    return y.sum()


@pytest.mark.parametrize("build", [plain_chain, retained, of_second_order, refused])
def test_without_the_collector_dropping_the_last_handle_frees_the_graph(
    build: Any, no_collector: None
) -> None:
    def alive() -> int:
        return sum(type(thing).__name__ == "Node" for thing in gc.get_objects())

    before = alive()
    x = leaf(np.zeros(3))
    saved = np.exp(x * 1.0)
    reference = weakref.ref(saved.data.base)
    y = build(saved)
    assert alive() > before + 3
    del saved
    assert reference() is not None  # a rule reads it
    del y
    assert reference() is None
    assert alive() == before


def test_a_second_backward_names_retain_graph_and_with_it_accumulates_exactly() -> None:
    x = leaf([2.0, 3.0])
    y = (x * x).sum()
    y.backward()
    with pytest.raises(GradientError, match="retain_graph=True"):
        y.backward()
    with pytest.raises(GradientError, match="retain_graph=True"):
        gradients(y, x)
    np.testing.assert_array_equal(x.grad, [4.0, 6.0])  # the refused walks left it
    z = (x * x).sum()
    for _ in range(3):
        z.backward(retain_graph=True)
    np.testing.assert_array_equal(x.grad, [16.0, 24.0])


def test_two_graphs_over_one_leaf_accumulate_and_zero_grad_sets_none() -> None:
    x = leaf(2.0)
    (x * 3).backward()
    (x**3).backward()
    assert x.grad == 3 + 12
    x.zero_grad()
    assert x.grad is None
    (x * 3).backward()
    assert x.grad == 3


CONSTANT = np.array([[2.0, 3.0], [5.0, 7.0]])
CONSTANT.setflags(write=False)  # so that the graph keeps this array and no copy


@pytest.mark.parametrize(
    "f",
    table(
        {
            "multiply": lambda x: x * CONSTANT,
            "exp": np.exp,
            "square": lambda x: x * x,
            "add": lambda x: x + CONSTANT,
            "copy": np.copy,
            "where": lambda x: np.where(CONSTANT > 4, x, CONSTANT),
            "transpose": lambda x: x.T,
            "reshape": lambda x: x.reshape(4),
            "broadcast": lambda x: np.broadcast_to(x, (1, 2, 2)),
            "slice": lambda x: x[:],
            "sum of products": lambda x: (x * CONSTANT).sum(),
            "vdot": lambda x: np.vdot(x, CONSTANT),
            "einsum": lambda x: np.einsum("ij,ij->", x, CONSTANT),
            "tensordot": lambda x: np.tensordot(x, CONSTANT, 2),
            "matmul by the identity": lambda x: x @ np.eye(2),
            "the leaf itself": lambda x: x,
        }
    ),
)
def test_leaf_gradients_never_alias_a_seed_or_a_saved_array(f: Any) -> None:
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    y = f(x)
    seed = np.ones(y.shape)
    y.backward(seed, retain_graph=True)
    expected = x.grad.copy()
    assert not np.shares_memory(x.grad, seed)
    assert not np.shares_memory(x.grad, CONSTANT)
    assert not np.shares_memory(x.grad, x.data)
    x.grad[...] = np.nan  # nothing that the graph reads may see it
    x.zero_grad()
    y.backward(seed)
    np.testing.assert_array_equal(x.grad, expected)
    np.testing.assert_array_equal(seed, np.ones(y.shape))
    seed[...] = np.nan
    np.testing.assert_array_equal(x.grad, expected)


def test_leaf_gradients_never_alias_each_other() -> None:
    a, b = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    u = (a + b).retain_grad()
    y = (u.reshape(2, 1) + 0.0).reshape(2)
    y.backward(np.ones(2))
    found = [a.grad, b.grad, u.grad]
    found += gradients(a + b, [a, b, a], np.ones(2))
    for one, other in itertools.combinations(found, 2):
        assert not np.shares_memory(one, other)
    earlier = a.grad
    (a * 5).sum().backward()
    np.testing.assert_array_equal(a.grad, [6.0, 6.0])
    np.testing.assert_array_equal(earlier, [1.0, 1.0])  # accumulation made a new array


def test_backward_of_many_elements_without_a_seed_says_the_shape_and_the_fix() -> None:
    x = leaf(np.ones((2, 3)))
    message = r"got shape \(2, 3\).*\.sum\(\).*\.mean\(\).*pass a cotangent"
    with pytest.raises(GradientError, match=message):
        (x * x).backward()
    with pytest.raises(GradientError, match=message):
        gradients(x * x, x)
    assert x.grad is None
    (x[:1, :1] * 5).backward()  # one element in two axes is a single number
    np.testing.assert_array_equal(x.grad, [[5.0, 0.0, 0.0], [0.0, 0.0, 0.0]])


@pytest.mark.parametrize("shape", [(), (1,), (2,), (1, 3), (3, 1), (3, 3)])
def test_seeds_are_checked_for_shape(shape: tuple[int, ...]) -> None:
    x = leaf(np.ones(3))
    for call in (lambda y, s: y.backward(s), lambda y, s: gradients(y, x, s)):
        with pytest.raises(ShapeError, match=r"shape \(3,\), got \("):
            call(x * x, np.ones(shape))
    assert x.grad is None


@pytest.mark.parametrize("seed", [1j, "one", [[1.0], [2.0, 3.0]], None.__class__, 1e300])
def test_seeds_are_checked_for_dtype(seed: Any) -> None:
    x = leaf(1.0, dtype=np.float32)  # 1e300 is beyond its range
    with pytest.raises(DTypeError):
        (x * x).backward(seed)
    assert x.grad is None


def test_seeds_take_the_dtype_of_the_output() -> None:
    x = leaf([1.0, 2.0], dtype=np.float32)
    (x * x).backward([1, 10])  # integers
    np.testing.assert_array_equal(x.grad, [2.0, 40.0])
    assert x.grad.dtype == np.float32


def test_unused_inputs_are_an_error_unless_allowed() -> None:
    x, unused = leaf(2.0, "x"), leaf(np.ones(2), "unused")
    with pytest.raises(GradientError, match=r"'unused' of shape \(2,\).*allow_unused=True"):
        gradients(x * x, [x, unused])
    found = gradients(x * x, [x, unused], allow_unused=True)
    assert found[0] == 4.0
    assert found[1] is None
    cut = (x * x).detach() + unused.sum()
    assert gradients(cut, [x, unused], allow_unused=True)[0] is None


def test_the_walk_is_pruned_to_paths_that_reach_the_inputs(registry: Any) -> None:
    @op(symbol="forbidden", samples=["_"])
    def forbidden(a):
        return a * 1

    def raises(g):
        raise AssertionError("the walk went where no input is")

    forbidden.vjp(a=raises)
    x, w = leaf(2.0), leaf(3.0)
    y = forbidden(w) * x + forbidden(w * 5)
    assert gradients(y, x, retain_graph=True) == 3.0
    with pytest.raises(AssertionError, match="where no input is"):
        gradients(y, w)
    inner = x * 7
    beneath = inner * inner
    reached: list[Any] = []
    x.register_hook(reached.append)
    assert gradients(beneath, inner) == 28.0  # 2 · 14, and not on to x
    assert reached == []


def test_an_output_that_is_its_own_input_has_gradient_one() -> None:
    x = leaf([2.0, 3.0])
    y = x * x
    np.testing.assert_array_equal(gradients(y, y, [1.0, 5.0], retain_graph=True), [1.0, 5.0])
    np.testing.assert_array_equal(gradients(x, x, [1.0, 5.0]), [1.0, 5.0])
    both = gradients([y, x], [y, x], [[1.0, 1.0], [10.0, 10.0]])
    np.testing.assert_array_equal(both, [[1.0, 1.0], [14.0, 16.0]])


def test_backward_of_a_leaf_gives_it_the_seed() -> None:
    x, v = leaf(7.0), leaf([7.0, 8.0])
    x.backward()
    x.backward()  # nothing was freed
    v.backward([2.0, 3.0])
    assert x.grad == 2.0
    np.testing.assert_array_equal(v.grad, [2.0, 3.0])


def test_graphs_of_nothing_but_reshapes() -> None:
    x = leaf(np.arange(6.0).reshape(2, 3))
    y = np.expand_dims(x.reshape(3, 2).T, 0).squeeze(0).ravel()
    y.backward([1.0, 2.0, 4.0, 8.0, 16.0, 32.0])
    # Elements 0 … 5 in columns of two: 0 2 4 1 3 5.
    np.testing.assert_array_equal(x.grad, [[1.0, 8.0, 2.0], [16.0, 4.0, 32.0]])


def test_outputs_that_are_independent_of_a_leaf() -> None:
    x, w = leaf(2.0), leaf(3.0)
    assert gradients([x * x, w * w], x) == 4.0
    (x * x).backward()
    assert w.grad is None
    np.testing.assert_array_equal(grad(lambda t: 7.0)(np.ones(2)), [0.0, 0.0])
    np.testing.assert_array_equal(jacobian(lambda t: np.arange(3.0))(np.ones(2)), np.zeros((3, 2)))
    np.testing.assert_array_equal(gradients((x * 0.0) * np.ones(2), x, [1.0, 1.0]), 0.0)


def test_nested_grad_has_no_perturbation_confusion() -> None:
    assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(1.0) == 1.0
    assert grad(lambda x: x * grad(lambda y: x + y)(x))(1.0) == 1.0
    assert grad(lambda x: x * grad(lambda y: x * y)(2.0))(3.0) == 6.0  # x · x

    def forward(x: Any) -> Any:
        return x * jvp(lambda y: x + y, (1.0,), (1.0,))[1]

    assert jvp(forward, (1.0,), (1.0,))[1] == 1.0
    x = leaf(1.0)
    y = leaf(1.0)
    inner = gradients(x + y, y, create_graph=True)
    assert gradients(x * inner, x) == 1.0


X = np.array([1.0, 2.0, 3.0])
CHANGES: dict[str, tuple[Any, Any, Any]] = {
    # What the caller holds, what is computed with it from X, and the gradient of its sum.
    "factor": (np.array([4.0, 5.0, 6.0]), lambda x, a: x * a, [4.0, 5.0, 6.0]),
    "factor on the left": (np.array([4.0, 5.0, 6.0]), lambda x, a: a * x, [4.0, 5.0, 6.0]),
    "divisor": (np.array([4.0, 2.0, 1.0]), lambda x, a: x / a, [0.25, 0.5, 1.0]),
    "dividend": (np.array([4.0, 4.0, 9.0]), lambda x, a: a / x, [-4.0, -1.0, -1.0]),
    "exponent": (np.array([2.0, 2.0, 2.0]), lambda x, a: x**a, [2.0, 4.0, 6.0]),
    "matmul": (np.array([4.0, 5.0, 6.0]), lambda x, a: x @ a, [4.0, 5.0, 6.0]),
    "matmul on the left": (np.array([[4.0, 5.0, 6.0]]), lambda x, a: a @ x, [4.0, 5.0, 6.0]),
    "einsum": (np.array([4.0, 5, 6]), lambda x, a: np.einsum("i,i->", x, a), [4.0, 5.0, 6.0]),
    "dot": (np.array([4.0, 5.0, 6.0]), np.dot, [4.0, 5.0, 6.0]),
    "convolve": (np.array([4.0, 5.0]), np.convolve, [9.0, 9.0, 9.0]),
    "maximum": (np.array([9.0, 0.0, 9.0]), np.maximum, [0.0, 1.0, 0.0]),
    "mask of where": (np.array([True, False, True]), lambda x, m: np.where(m, x, 0.0), [1, 0, 1]),
    "bounds of clip": (np.array([0.0, 0.0, 5.0]), lambda x, a: np.clip(x, a, None), [1, 1, 0]),
    "index": (np.array([0, 0, 2]), lambda x, i: x[i], [2, 0, 1]),
    "list of an index": ([0, 0, 2], lambda x, i: x[i], [2, 0, 1]),
    "index in a tuple": (np.array([0, 0, 2]), lambda x, i: x[None][0, i], [2, 0, 1]),
    "mask as index": (np.array([True, False, True]), lambda x, m: x[m], [1, 0, 1]),
    "indices of take": (np.array([0, 0, 2]), np.take, [2, 0, 1]),
    "counts of repeat": ([1, 2, 3], np.repeat, [1, 2, 3]),
    "array of counts": (np.array([1, 2, 3]), np.repeat, [1, 2, 3]),
    "place of at": (np.array([1, 2]), lambda x, i: at(x, i).set(0.0), [1, 0, 0]),
    "labels": (
        np.array([1.0, 0.0, 1.0]),
        autograd.binary_cross_entropy_with_logits,
        1 / (1 + np.exp(-X)) - [1.0, 0.0, 1.0],
    ),
    "view": (np.array([4.0, 5.0, 6.0]), lambda x, a: x * a[:], [4.0, 5.0, 6.0]),
    "broadcast view": (
        np.array([4.0]),
        lambda x, a: x * np.broadcast_to(a, (3,)),
        [4.0, 4.0, 4.0],
    ),
    "array inside a list": (
        np.array([4.0, 5.0, 6.0]),
        lambda x, a: np.concatenate([x * a, a]),
        [4.0, 5.0, 6.0],
    ),
    "table of interp": (
        np.array([0.0, 2.0, 6.0]),
        lambda x, a: np.interp(x, np.array([0.5, 1.5, 3.5]), a),
        [2.0, 2.0, 2.0],
    ),
}


@pytest.mark.parametrize(("held", "f", "expected"), table(CHANGES))
def test_changing_an_array_the_caller_holds_never_changes_a_gradient(
    held: Any, f: Any, expected: Any
) -> None:
    held = copy.deepcopy(held)
    x = leaf(X)
    y = f(x, held)
    if isinstance(held, list):
        held[:] = [1] * len(held)
    else:
        held[...] = {"b": ~held.astype(bool), "i": 0, "f": 7 - held}[held.dtype.kind]
    y.backward(np.ones(y.shape))
    np.testing.assert_allclose(x.grad, expected, rtol=1e-15, atol=1e-15)
    z = leaf(X)
    other = f(z, held)
    other.backward(np.ones(other.shape))
    assert not np.allclose(z.grad, expected)  # so the change would have been seen


def test_changing_what_a_leaf_was_made_of_never_changes_a_gradient() -> None:
    data = X.copy()
    x = leaf(data)
    y = (x * x).sum()
    data[:] = 100.0
    y.backward()
    np.testing.assert_array_equal(x.grad, [2.0, 4.0, 6.0])


def test_changing_memory_under_a_read_only_array_never_changes_a_gradient() -> None:
    base = np.array([4.0, 5.0, 6.0])
    view = base.view()
    view.setflags(write=False)
    buffer = bytearray(base.tobytes())
    window = np.frombuffer(buffer)
    window.setflags(write=False)
    for factor in (view, window):
        x = leaf(X)
        y = (x * factor).sum()
        base[:] = 0.0
        buffer[:] = np.zeros(3).tobytes()
        assert factor[0] == 0.0
        y.backward()
        np.testing.assert_array_equal(x.grad, [4.0, 5.0, 6.0])
        base[:] = [4.0, 5.0, 6.0]
        buffer[:] = base.tobytes()


def test_changing_a_tensors_value_is_impossible() -> None:
    x = leaf(X)
    for array in (x.data, (x * 2).data, Tensor(X).data, graph(x * 2).nodes[0].value):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 9.0
        with pytest.raises(ValueError, match="WRITEABLE"):
            array.setflags(write=True)
    with pytest.raises(DTypeError, match="out="):
        np.add(X, x, out=X.copy())
    a = X.copy()
    with pytest.raises(DTypeError, match="out="):
        a += x
    np.testing.assert_array_equal(a, X)
    x.numpy()[:] = 9.0  # a copy
    np.asarray(x.detach())[:] = 9.0  # a copy
    np.testing.assert_array_equal(x.data, X)


def test_assigning_data_between_forward_and_backward_keeps_the_recorded_gradient() -> None:
    x = leaf(X)
    y = (x * x).sum()
    x.data = [10.0, 10.0, 10.0]
    y.backward()
    np.testing.assert_array_equal(x.grad, [2.0, 4.0, 6.0])
    with pytest.raises(GradientError, match="only a leaf"):
        (x * 2).data = X


def test_y_is_exp_x_then_y_plus_equals_one() -> None:
    x = leaf(0.5)
    y = np.exp(x)
    y += 1
    y.backward()
    assert x.grad == pytest.approx(np.exp(0.5), rel=1e-15)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("x += 1", 1.0),
        ("x -= 1", 1.0),
        ("x *= 3", 3.0),
        ("x /= 4", 0.25),
        ("x **= 2", 4.0),
        ("x %= 5", 1.0),
    ],
)
def test_in_place_operators_rebind(change: str, expected: float) -> None:
    first = leaf([2.0, 2.0])
    names = {"x": first}
    exec(change, names)
    assert names["x"] is not first
    np.testing.assert_array_equal(first.data, [2.0, 2.0])
    names["x"].sum().backward()
    np.testing.assert_array_equal(first.grad, [expected, expected])


def test_setting_an_item_raises_with_the_functional_form_which_works() -> None:
    x = leaf([1.0, 2.0, 3.0], "x")
    with pytest.raises(GradientError, match=r"'x'.*at\(x, index\)\.set\(value\).*where\(mask"):
        x[0] = 5.0
    y, v = leaf([1.0, 2.0, 3.0]), leaf(5.0)
    (at(y, 0).set(v) * [2.0, 3.0, 4.0]).sum().backward()
    np.testing.assert_array_equal(y.grad, [0.0, 3.0, 4.0])
    assert v.grad == 2.0
    y, v = leaf([1.0, 2.0, 3.0]), leaf([5.0, 6.0])
    (at(y, [0, 0]).add(v) * [2.0, 3.0, 4.0]).sum().backward()
    np.testing.assert_array_equal(y.grad, [2.0, 3.0, 4.0])
    np.testing.assert_array_equal(v.grad, [2.0, 2.0])
    y, v = leaf([1.0, 2.0, 3.0]), leaf(5.0)
    (at(y, slice(1, None)).multiply(v) * [2.0, 3.0, 4.0]).sum().backward()
    np.testing.assert_array_equal(y.grad, [2.0, 15.0, 20.0])
    assert v.grad == 2 * 3 + 3 * 4


def is_not_recording() -> bool:
    return not (leaf(1.0) * 2).requires_grad


def is_scoped() -> bool:
    with enable_grad():
        return graph(leaf(1.0) * 2).outputs[0].scope != ()


def is_watched() -> bool:
    try:
        with enable_grad():
            leaf(np.inf) * 2
    except AnomalyError:
        return True
    return False


def is_ieee() -> bool:
    return bool(np.isnan(grad(lambda x: x * np.sqrt(x))(0.0)))


every_mode = pytest.mark.parametrize(
    ("mode", "active"),
    table(
        {
            "no_grad": (no_grad, is_not_recording),
            "name_scope": (lambda: name_scope("layer"), is_scoped),
            "detect_anomaly": (detect_anomaly, is_watched),
            "strong_zero": (lambda: strong_zero(False), is_ieee),
        }
    ),
)


@every_mode
def test_state_is_per_thread(mode: Any, active: Any) -> None:
    seen: list[bool] = []
    with mode():
        thread = threading.Thread(target=lambda: seen.append(active()))
        thread.start()
        thread.join()
        assert active()
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with mode():
            inside.set()
            leave.wait(5)
            seen.append(active())

    thread = threading.Thread(target=hold)
    thread.start()
    inside.wait(5)
    assert not active()
    leave.set()
    thread.join()
    assert seen == [False, True]


@every_mode
def test_state_is_per_context(mode: Any, active: Any) -> None:
    with mode():
        assert not contextvars.Context().run(active)
        assert contextvars.copy_context().run(active)

    async def holds(inside: asyncio.Event, leave: asyncio.Event) -> bool:
        with mode():
            inside.set()
            await leave.wait()
            return active()

    async def main() -> tuple[bool, bool]:
        inside, leave = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(holds(inside, leave))
        await inside.wait()
        here = active()
        leave.set()
        return here, await task

    assert asyncio.run(main()) == (False, True)


@every_mode
def test_state_is_reentrant(mode: Any, active: Any) -> None:
    one = mode()
    with one:
        with one:
            assert active()
        assert active()
        with mode():
            assert active()
        assert active()
    assert not active()
    with one:  # and may be used again
        assert active()
    assert not active()


@every_mode
def test_state_is_usable_as_a_decorator(mode: Any, active: Any) -> None:
    @mode()
    def inside(depth: int) -> bool:
        """Say whether the mode is active."""
        return active() and (depth == 0 or inside(depth - 1))

    assert inside(3)
    assert not active()
    assert (inside.__name__, inside.__doc__) == ("inside", "Say whether the mode is active.")


@every_mode
def test_state_is_restored_after_exceptions(mode: Any, active: Any) -> None:
    @mode()
    def fails() -> None:
        assert active()
        raise KeyError

    with pytest.raises(KeyError):
        fails()
    assert not active()
    with mode():
        with pytest.raises(KeyError), mode():
            raise KeyError
        assert active()
    assert not active()


def test_enable_grad_records_inside_no_grad_and_restores_it() -> None:
    with no_grad():
        with enable_grad():
            assert not is_not_recording()
        with pytest.raises(KeyError), enable_grad():
            raise KeyError
        assert is_not_recording()
    assert not is_not_recording()


def test_hooks_on_tensors_see_replace_and_go() -> None:
    x = leaf(2.0)
    y = x * 3
    seen: list[Any] = []
    y.register_hook(seen.append)
    x.register_hook(lambda g: g + 1)
    remove = y.register_hook(lambda g: g * 10)
    (y * y).backward(retain_graph=True)
    assert seen == [12.0]  # 2 · 6, once, though y is there twice
    assert x.grad == 12 * 10 * 3 + 1
    remove()
    x.zero_grad()
    (y * y).backward()
    assert x.grad == 12 * 3 + 1


def test_hooks_on_nodes_reach_values_that_have_no_tensor_any_more() -> None:
    x = leaf([1.0, 2.0])
    y = np.exp(x * 3).sum()
    node = next(n for n in graph(y) if n.op == "multiply")
    seen: list[Any] = []
    node.register_hook(seen.append)
    remove = node.register_hook(lambda g: g * 0 + 1)
    y.backward(retain_graph=True)
    np.testing.assert_allclose(seen, [np.exp([3.0, 6.0])], rtol=1e-15)
    np.testing.assert_array_equal(x.grad, [3.0, 3.0])
    remove()
    x.zero_grad()
    y.backward()
    np.testing.assert_allclose(x.grad, 3 * np.exp([3.0, 6.0]), rtol=1e-15)
    constant = next(n for n in graph(x * Tensor(2.0)) if n.kind == "constant")
    with pytest.raises(GradientError, match="constant"):
        constant.register_hook(seen.append)


@quiet
@pytest.mark.parametrize(
    ("start", "found"),
    [([1.0, -1.0], r"log gave nan at \[1\]"), ([0.0, 1.0], r"log gave -inf at \[0\]")],
)
def test_anomaly_mode_stops_at_the_first_nan_or_infinity_forward(start: Any, found: str) -> None:
    def model(x: Tensor) -> Any:
        with name_scope("net"), name_scope("layer2"):
            z = np.log(x * 1.0)  # the line to name
            return np.sqrt(z) + np.log(z)

    with detect_anomaly(), pytest.raises(AnomalyError, match=found) as caught:
        model(leaf(start))
    message = str(caught.value)
    assert "operands of shape (2,)" in message
    assert "in net / layer2" in message
    assert message.endswith(f"called at {line_of(model, 'the line to name')}.")


def test_anomaly_mode_stops_at_the_first_nan_or_infinity_backward() -> None:
    def model(x: Tensor) -> Any:
        with name_scope("net"), name_scope("layer2"):
            z = np.sqrt(x * 1.0)  # the line to name
        return (np.sqrt(z + 1) * 3).sum()

    x = leaf([4.0, 0.0])
    y = model(x)
    message = r"backward pass of sqrt gave inf for a at \[1\] \(of shape \(2,\)"
    with detect_anomaly(), pytest.raises(AnomalyError, match=message) as caught:
        y.backward()
    assert "in net / layer2" in str(caught.value)
    assert str(caught.value).endswith(f"called at {line_of(model, 'the line to name')}.")
    assert x.grad is None


def test_the_users_line_is_always_recorded() -> None:
    def model(x: Tensor) -> Any:
        return 2 * np.mean(np.tanh(x))  # all of it is here

    y = model(leaf([1.0, 2.0]))
    file, line = line_of(model, "all of it is here").rsplit(":", 1)
    assert {node.source for node in graph(y) if node.kind == "op"} == {(file, int(line))}


@pytest.mark.parametrize(
    "duplicate",
    [copy.deepcopy, copy.copy, lambda t: pickle.loads(pickle.dumps(t))],
    ids=["deepcopy", "copy", "pickle"],
)
@pytest.mark.parametrize("value", [2.5, [1.0, 2.0], [[]]])
def test_copies_and_pickles_detach_with_the_value(duplicate: Any, value: Any) -> None:
    x = leaf(value, "x", np.float32)
    x.sum().backward()
    y = np.exp(x)
    for original, is_leaf in ((x, True), (y, False), (y.detach(), False)):
        made = duplicate(original)
        np.testing.assert_array_equal(made.data, original.data)
        assert (made.dtype, made.shape) == (np.float32, np.shape(value))
        assert (made.requires_grad, made.grad) == (is_leaf, None)
        assert not np.shares_memory(made.data, original.data)
        if is_leaf:
            assert gradients(made.sum(), x, allow_unused=True) is None
            assert made.name == "x"


def test_equality_is_elementwise_and_hash_is_identity() -> None:
    t, other = Tensor([1.0, 2.0]), Tensor([1.0, 3.0])
    np.testing.assert_array_equal(t == other, [True, False])
    np.testing.assert_array_equal(t != other, [False, True])
    np.testing.assert_array_equal(np.array([1.0, 5.0]) == t, [True, False])
    assert type(t == other) is np.ndarray
    same = Tensor([1.0, 2.0])
    found = {t: "t", same: "same"}
    assert (found[t], found[same]) == ("t", "same")
    assert hash(t) != hash(same)


def test_a_loss_formats_as_a_number() -> None:
    loss = (leaf([0.5, 0.25]) ** 2).sum()
    assert f"{loss:.4f}" == "0.3125"
    assert f"{loss:8.1e}|{leaf([[2.0]]):g}" == " 3.1e-01|2"
    assert f"{Tensor(7):03d}" == "007"
    with pytest.raises(TypeError, match=r"shape \(2,\)"):
        f"{leaf([1.0, 2.0]):.2f}"


VALUES = [1.5, 0.0, [1.5], [0.0], [1.0, 2.0], [], [[2.0]], [[1.0, 2.0], [3.0, 4.0]]]


def outcome(call: Callable[[], Any]) -> tuple[str, Any]:
    """Return what a call gives, or the kind of its error."""
    try:
        result = call()
    except Exception as error:
        return "raises", type(error)
    if isinstance(result, list):
        return "gives", [
            np.asarray(x.data if isinstance(x, Tensor) else x).tolist() for x in result
        ]
    return "gives", (type(result), result)


@pytest.mark.parametrize(
    "protocol",
    table(
        {
            "bool": bool,
            "float": float,
            "int": int,
            "len": len,
            "iteration": list,
            "in": lambda t: 2.0 in t,
        }
    ),
)
@pytest.mark.parametrize("value", VALUES, ids=str)
@pytest.mark.parametrize("make", [Tensor, leaf, lambda v: leaf(v) * 1], ids=["t", "leaf", "result"])
def test_python_protocols_behave_as_numpys(protocol: Any, value: Any, make: Any) -> None:
    expected = outcome(lambda: protocol(np.array(value)))
    assert outcome(lambda: protocol(make(value))) == expected


def test_bool_of_many_elements_raises_as_numpy_does() -> None:
    with pytest.raises(ValueError, match="ambiguous"):
        bool(leaf([1.0, 2.0]))


# -- Meeting NumPy ---------------------------------------------------------------------------------


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
@pytest.mark.parametrize("make", [Tensor, leaf], ids=["constant", "leaf"])
def test_an_unsupported_function_raises_and_suggests_detach(
    call: Any, name: str, make: Any
) -> None:
    with pytest.raises(TypeError, match=rf"{name}.*t\.detach\(\)"):
        call(make([[1.0, 2.0], [3.0, 4.0]]))


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


# -- Kinks and singular points ---------------------------------------------------------------------

INF, NAN = np.inf, np.nan
ELEMENTWISE: dict[str, tuple[Any, Any, Any]] = {
    # The function, the point, and the derivative by each argument there.
    "abs(0)": (np.abs, [0.0], [0.0]),
    "abs(-0)": (abs, [-0.0], [0.0]),
    "relu(0)": (autograd.relu, [0.0], [0.0]),
    "leaky relu slope at 0": (lambda x: autograd.leaky_relu(x, 0.25), [0.0], [0.25]),
    "maximum tie": (np.maximum, [2.0, 2.0], [0.5, 0.5]),
    "minimum tie": (np.minimum, [2.0, 2.0], [0.5, 0.5]),
    "clip at the lower bound": (lambda x: np.clip(x, -1.0, 1.0), [-1.0], [0.0]),
    "clip at the upper bound": (lambda x: np.clip(x, -1.0, 1.0), [1.0], [0.0]),
    "clip at its only bound": (lambda x: np.clip(x, 0, None), [0.0], [0.0]),
    "sqrt(0)": (np.sqrt, [0.0], [INF]),
    "cbrt(0)": (np.cbrt, [0.0], [INF]),
    "hypot(0, 0)": (np.hypot, [0.0, 0.0], [0.0, 0.0]),
    "arctan2(0, 0)": (np.arctan2, [0.0, 0.0], [0.0, 0.0]),
    "x sqrt(x) at 0": (lambda x: x * np.sqrt(x), [0.0], [0.0]),
    "sqrt(x) x at 0": (lambda x: np.sqrt(x) * x, [0.0], [0.0]),
    "BCE with logits 1000, y=1": (
        lambda z: autograd.binary_cross_entropy_with_logits(z, 1.0),
        [1000.0],
        [0.0],
    ),
    "BCE with logits -1000, y=1": (
        lambda z: autograd.binary_cross_entropy_with_logits(z, 1.0),
        [-1000.0],
        [-1.0],
    ),
    "x^0 at 0": (lambda x: x**0, [0.0], [0.0]),
    "x^1 at 0": (lambda x: x**1, [0.0], [1.0]),
    "x^2 at 0": (lambda x: x**2, [0.0], [0.0]),
    "x^½ at 0": (lambda x: x**0.5, [0.0], [INF]),
    "x^y at (0, 0)": (np.power, [0.0, 0.0], [0.0, 0.0]),
    "x^y at (0, 1)": (np.power, [0.0, 1.0], [1.0, 0.0]),
    "x^y at (0, 2)": (np.power, [0.0, 2.0], [0.0, 0.0]),
    "x^y at (0, ½)": (np.power, [0.0, 0.5], [INF, 0.0]),
    "(-2)^3": (np.power, [-2.0, 3.0], [12.0, NAN]),
    "(-2)^3, constant exponent": (lambda x: x**3, [-2.0], [12.0]),
    "sinc at 0": (np.sinc, [0.0], [0.0]),
    "sigmoid at 1000": (autograd.sigmoid, [1000.0], [0.0]),
    "sigmoid at -1000": (autograd.sigmoid, [-1000.0], [0.0]),
    "tanh at 1000": (np.tanh, [1000.0], [0.0]),
    "tanh at -1000": (np.tanh, [-1000.0], [0.0]),
    "softplus at 1000": (autograd.softplus, [1000.0], [1.0]),
    "softplus at -1000": (autograd.softplus, [-1000.0], [0.0]),
}


@every_float
@pytest.mark.parametrize("shape", [(), (2, 1)], ids=["number", "array"])
@pytest.mark.parametrize(("f", "point", "expected"), table(ELEMENTWISE))
def test_the_derivative_at(
    f: Any, point: Any, expected: Any, shape: tuple[int, ...], dtype: Any
) -> None:
    xs = [leaf(np.full(shape, x), dtype=dtype) for x in point]
    found = gradients(f(*xs), xs, np.ones(shape))
    for actual, value in zip(found, expected, strict=True):
        np.testing.assert_array_equal(actual, np.full(shape, value))
        assert actual.dtype == dtype


SLICES: dict[str, tuple[Any, Any, Any]] = {
    # The function, the array, and the gradient of the sum of its results.
    "max reduction tie": (np.max, [3.0, 1.0, 3.0], [0.5, 0.0, 0.5]),
    "max tie of four": (np.max, [[3.0, 3.0], [3.0, 3.0]], [[0.25, 0.25], [0.25, 0.25]]),
    "max ties of slices": (
        lambda x: np.max(x, axis=1),
        [[2.0, 2.0, 1.0], [5.0, 1.0, 5.0], [0.0, 1.0, 2.0]],
        [[0.5, 0.5, 0.0], [0.5, 0.0, 0.5], [0.0, 0.0, 1.0]],
    ),
    "min reduction tie": (np.min, [1.0, 3.0, 1.0], [0.5, 0.0, 0.5]),
    "min ties of slices": (
        lambda x: np.min(x, axis=0),
        [[2.0, 2.0], [2.0, 5.0]],
        [[0.5, 1.0], [0.5, 0.0]],
    ),
    "norm(0)": (np.linalg.norm, [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]),
    "norm of a zero row": (
        lambda x: np.linalg.norm(x, axis=1),
        [[0.0, 0.0], [3.0, 4.0]],
        [[0.0, 0.0], [0.6, 0.8]],
    ),
    "norm of a zero matrix": (np.linalg.norm, [[0.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]),
    "norm of order 3 at 0": (lambda x: np.linalg.norm(x, 3), [0.0, 0.0], [0.0, 0.0]),
    "norm of order 1 at 0": (lambda x: np.linalg.norm(x, 1), [0.0, 0.0], [0.0, 0.0]),
    "max with NaN": (np.max, [1.0, NAN, 2.0], [0.0, 1.0, 0.0]),
    "min with NaN": (np.min, [1.0, NAN, 2.0], [0.0, 1.0, 0.0]),
    "max of rows with NaN": (
        lambda x: np.max(x, axis=1),
        [[1.0, NAN], [1.0, 2.0]],
        [[0.0, 1.0], [0.0, 1.0]],
    ),
    "prod with one zero": (np.prod, [2.0, 0.0, 3.0], [0.0, 6.0, 0.0]),
    "prod with two zeros": (np.prod, [0.0, 0.0, 3.0], [0.0, 0.0, 0.0]),
    "prod of rows with zeros": (
        lambda x: np.prod(x, axis=1),
        [[2.0, 0.0, 3.0], [0.0, 0.0, 3.0], [2.0, 3.0, 4.0]],
        [[0.0, 6.0, 0.0], [0.0, 0.0, 0.0], [12.0, 8.0, 6.0]],
    ),
    "cumprod [2,0,3,4]": (np.cumprod, [2.0, 0.0, 3.0, 4.0], [1.0, 32.0, 0.0, 0.0]),
    "std of a constant vector": (np.std, [5.0, 5.0, 5.0], [0.0, 0.0, 0.0]),
    "std of a constant that rounds": (np.std, [0.1] * 3, [0.0, 0.0, 0.0]),
    "std of a constant vector, ddof=1": (lambda x: np.std(x, ddof=1), [5.0, 5.0], [0.0, 0.0]),
    "median of even n": (np.median, [1.0, 4.0, 2.0, 9.0], [0.0, 0.5, 0.5, 0.0]),
    "median of equal middles": (np.median, [3.0, 3.0], [0.5, 0.5]),
    "det at a singular matrix": (
        np.linalg.det,
        [[1.0, 2.0], [3.0, 6.0]],
        [[6.0, -3.0], [-2.0, 1.0]],
    ),
    "det at a matrix of rank 0": (np.linalg.det, np.zeros((2, 2)), np.zeros((2, 2))),
    "softmax cross-entropy at 1000": (
        lambda z: autograd.softmax_cross_entropy(z, np.array([1.0, 0.0, 0.0])),
        [1000.0, 0.0, -1000.0],
        [0.0, 0.0, 0.0],
    ),
    "softmax cross-entropy at 0": (
        lambda z: autograd.softmax_cross_entropy(z, np.array([0.0, 1.0, 0.0])),
        [1000.0, 0.0, -1000.0],
        [1.0, -1.0, 0.0],
    ),
    "softmax cross-entropy at -1000": (
        lambda z: autograd.softmax_cross_entropy(z, np.array([0.0, 0.0, 1.0])),
        [1000.0, 0.0, -1000.0],
        [1.0, 0.0, -1.0],
    ),
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("f", "point", "expected"), table(SLICES))
def test_the_gradient_at(f: Any, point: Any, expected: Any, dtype: Any) -> None:
    x = leaf(point, dtype=dtype)
    y = f(x)
    found = gradients(y, x, np.ones(y.shape))
    assert found.dtype == dtype
    # Exact but for the cofactors, which come from a decomposition, and 3/5 and 4/5.
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=4 * np.finfo(dtype).eps)


def test_values_at_logits_of_a_thousand() -> None:
    z = leaf([1000.0, -1000.0])
    for f, expected in (
        (autograd.sigmoid, [1.0, 0.0]),
        (np.tanh, [1.0, -1.0]),
        (autograd.softplus, [1000.0, 0.0]),
        (lambda t: autograd.binary_cross_entropy_with_logits(t, 1.0), [0.0, 1000.0]),
    ):
        np.testing.assert_array_equal(f(z).data, expected)
    three = leaf([1000.0, 0.0, -1000.0])
    for i, loss in enumerate([0.0, 1000.0, 2000.0]):
        assert autograd.softmax_cross_entropy(three, np.eye(3)[i]).item() == loss


@quiet
def test_std_with_ddof_1_of_one_value_is_nan() -> None:
    x = leaf([3.0])
    y = np.std(x, ddof=1)
    y.backward()
    assert np.isnan(y.item())
    assert np.isnan(x.grad).all()


def test_prod_with_one_zero_and_with_two_is_exact_to_second_order() -> None:
    # ∂²/∂a∂b of abc is c, and so on.
    one = [[0.0, 3.0, 0.0], [3.0, 0.0, 2.0], [0.0, 2.0, 0.0]]
    np.testing.assert_array_equal(hessian(np.prod)(np.array([2.0, 0.0, 3.0])), one)
    two = [[0.0, 3.0, 0.0], [3.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    np.testing.assert_array_equal(hessian(np.prod)(np.array([0.0, 0.0, 3.0])), two)
    three = np.zeros((3, 3))
    np.testing.assert_array_equal(hessian(np.prod)(np.zeros(3)), three)


def test_cumprod_with_a_zero_is_exact_to_second_order() -> None:
    # a + ab + abc + abcd: ∂²/∂a∂b = 1 + c + cd, ∂a∂c = b + bd, ∂a∂d = bc, ∂b∂c = a + ad,
    # ∂b∂d = ac, ∂c∂d = ab, at (2, 0, 3, 4).
    expected = [
        [0.0, 16.0, 0.0, 0.0],
        [16.0, 0.0, 10.0, 6.0],
        [0.0, 10.0, 0.0, 0.0],
        [0.0, 6.0, 0.0, 0.0],
    ]
    found = hessian(lambda x: np.cumprod(x).sum())(np.array([2.0, 0.0, 3.0, 4.0]))
    np.testing.assert_array_equal(found, expected)


def test_a_constant_exponent_takes_no_logarithm(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[Any] = []
    log = np.log
    monkeypatch.setattr(np, "log", lambda a: taken.append(a) or log(a))
    for exponent in (3, 3.0, np.array([3.0]), Tensor(3.0)):
        x = leaf([-2.0])
        (x**exponent).sum().backward()
        assert x.grad == [12.0]
    assert taken == []
    x, y = leaf([2.0]), leaf([3.0])
    (x**y).sum().backward()
    assert len(taken) == 1


def test_sinc_has_its_second_derivative_at_0() -> None:
    # sinc x = 1 − (πx)²/6 + (πx)⁴/120 − …
    assert grad(np.sinc)(0.0) == 0.0
    assert grad(grad(np.sinc))(0.0) == pytest.approx(-(np.pi**2) / 3, rel=1e-14)
    assert grad(grad(grad(np.sinc)))(0.0) == pytest.approx(0.0, abs=1e-12)


def adjugate_transposed(a: Any) -> Any:
    """Return the cofactors, by Laplace's expansion of the minors."""

    def determinant(m: Any) -> float:
        if not m.size:
            return 1.0
        return sum((-1) ** j * m[0, j] * determinant(np.delete(m[1:], j, 1)) for j in range(len(m)))

    n = len(a)
    return np.array(
        [
            [(-1) ** (i + j) * determinant(np.delete(np.delete(a, i, 0), j, 1)) for j in range(n)]
            for i in range(n)
        ]
    )


@pytest.mark.parametrize(
    "a",
    table(
        {
            "of rank 2": np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]),
            "of rank 1": np.outer([1.0, 2.0, 3.0], [1.0, -1.0, 2.0]),
            "of rank 0": np.zeros((3, 3)),
            "with a row of 0": np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0], [1.0, 0.0, 2.0]]),
            "of four rows": np.array(
                [[1.0, 2, 0, 1], [0.0, 1, 1, 0], [1.0, 3, 1, 1], [2.0, 0, 5, 1]]
            ),
            "1 by 1": np.zeros((1, 1)),
            "regular": np.array([[1.0, 2.0], [3.0, 4.0]]),
        }
    ),
)
def test_det_has_the_adjugate_transposed_at_a_singular_matrix(a: Any) -> None:
    x = leaf(a)
    np.linalg.det(x).backward()
    np.testing.assert_allclose(x.grad, adjugate_transposed(a), rtol=1e-12, atol=1e-13)
    batch = leaf(np.stack([a, a + np.eye(len(a))]))
    np.linalg.det(batch).backward([1.0, 0.0])
    np.testing.assert_allclose(batch.grad[0], adjugate_transposed(a), rtol=1e-12, atol=1e-13)
    np.testing.assert_array_equal(batch.grad[1], np.zeros(a.shape))


@quiet
@every_float
def test_where_x_is_positive_sqrt_x_else_0_is_flat_at_0_and_minus_1(dtype: Any) -> None:
    def f(x: Any) -> Any:
        return np.where(x > 0, np.sqrt(x), 0)

    for value, expected in ((0.0, 0.0), (-1.0, 0.0), (4.0, 0.25)):
        x = leaf(value, dtype=dtype)
        assert gradients(f(x), x) == expected
    x = leaf([0.0, -1.0, 4.0], dtype=dtype)
    np.testing.assert_array_equal(gradients(f(x), x, np.ones(3)), [0.0, 0.0, 0.25])
    second = hessian(lambda x: f(x).sum())(np.array([0.0, -1.0, 4.0], dtype))
    np.testing.assert_array_equal(second, np.diag([0.0, 0.0, -1 / 32]))


@quiet
def test_strong_zero_a_zero_times_what_is_not_finite_is_0() -> None:
    # The cotangent is 0 in the first place only, the local derivative is ∞ or NaN in both.
    for f, local in ((np.sqrt, INF), (np.log, INF), (lambda x: x**-0.5, -INF)):
        x = leaf([0.0, 0.0])
        np.testing.assert_array_equal(gradients(f(x), x, [0.0, 1.0]), [0.0, local])
    x = leaf([-1.0, -1.0])
    np.testing.assert_array_equal(gradients(np.sqrt(x), x, [0.0, 1.0]), [0.0, NAN])
    factor = np.array([NAN, INF])
    x = leaf([1.0, 1.0])
    np.testing.assert_array_equal(gradients(x * factor, x, [0.0, 0.0]), [0.0, 0.0])
    np.testing.assert_array_equal(gradients(x * factor, x, [1.0, 1.0]), [NAN, INF])


def test_strong_zero_is_computed_only_when_something_is_not_finite() -> None:
    from autograd.zeros import mended

    calls: list[Any] = []

    def count(frame: Any, event: str, _: Any) -> None:
        if event == "call" and frame.f_code is mended.__code__:
            calls.append(frame)

    x = leaf([0.0, 1.0])
    finite = np.where([False, True], np.exp(x), 0.0) * x
    root = np.sqrt(x)
    before = sys.getprofile()
    try:
        sys.setprofile(count)
        gradients(finite, x, [0.0, 1.0])
        gradients(root, x, [1.0, 1.0], retain_graph=True)  # ∞, but no 0 meets it
        none = len(calls)
        found = gradients(root, x, [0.0, 1.0])
    finally:
        sys.setprofile(before)
    np.testing.assert_array_equal(found, [0.0, 0.5])
    assert (none, len(calls)) == (0, 1)


def test_strong_zero_is_documented() -> None:
    text = inspect.getdoc(strong_zero) or ""
    assert "a cotangent of exactly 0 stays 0" in text
    assert "0 · ∞ is NaN" in text


@quiet
def test_strong_zero_has_a_switch_that_gives_ieee_behaviour() -> None:
    def f(x: Any) -> Any:
        return np.where(x > 0, np.sqrt(x), 0.0)

    assert grad(f)(0.0) == 0.0
    with strong_zero(False):
        assert np.isnan(grad(f)(0.0))
        assert np.isnan(grad(lambda x: x * np.sqrt(x))(0.0))
    assert grad(f)(0.0) == 0.0


# -- Indexing and shape ----------------------------------------------------------------------------

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


# -- The checker -----------------------------------------------------------------------------------


def off_by(f: Any, factor: float) -> Any:
    """Return f with a gradient that is too large by a factor."""
    return lambda *xs: f(*xs) * factor - f(*[x.detach() for x in xs]) * (factor - 1)


SCALES: dict[str, tuple[Any, Any]] = {
    "about 1": (np.sin, np.array([0.3, 1.0, -2.0])),
    "large": (lambda x: np.log(x), np.array([1e6, 1e9])),
    "small": (np.log, np.array([1e-6, 1e-10])),
    "both at once": (np.sqrt, np.array([1e-12, 1e6])),
    "fast": (lambda x: np.sin(1e3 * x), np.array([0.3, 1.0])),
    "absolute value, by differences": (lambda x: np.abs(x) ** 1.5, np.array([0.5, -40.0])),
    "single precision": (np.sin, np.float32([0.3, 1.0])),
    "single precision, large": (np.log, np.float32([1e6, 3e4])),
    "many inputs": (lambda x: x / np.sum(x * x), np.linspace(1.0, 2.0, 12).reshape(3, 4)),
}


@pytest.mark.parametrize(("f", "x"), table(SCALES))
def test_the_step_fits_the_dtype_and_the_scale(f: Any, x: Any) -> None:
    report = check_gradients(f, x)
    assert report, report
    for factor in (1.0005, 0.9995):
        wrong = check_gradients(off_by(f, factor), x)
        assert not wrong, wrong


def test_differences_step_by_the_cube_root_of_the_dtypes_epsilon() -> None:
    def steps(x: Any, cast: Any) -> Any:
        seen: list[float] = []

        def f(t: Any) -> Any:
            seen.append(float(t.data[0]))
            return np.abs(cast(t))

        assert check_gradients(f, x)
        moved = np.unique(np.abs(np.array(seen) - float(x[0])))
        return moved[moved > 0]

    for theta in (1.0, 1e6):
        (double,) = set(np.round(steps(np.array([theta]), lambda t: t) / theta, 12))
        assert double == pytest.approx(2.0 ** (-52 / 3), rel=1e-3)
    single = steps(np.float32([1.0]), lambda t: t.astype(np.float32))
    assert single == pytest.approx(2.0 ** (-23 / 3), rel=1e-3)


def test_the_complex_step_is_used_where_the_op_allows_it() -> None:
    exact = check_gradients(lambda x: np.sin(x) * np.exp(x) / (1 + x * x), np.array([0.3, 1.0]))
    assert exact.worst < 1e-15  # differences reach about 1e-11
    kinked = check_gradients(lambda x: np.abs(x) * np.sin(x), np.array([-0.5, 1.0]))
    assert kinked
    assert 0 < kinked.worst < 1e-7


def test_the_report_has_the_worst_element_of_each_input() -> None:
    def f(a: Any, b: Any) -> Any:
        wrong = np.array([[1.0, 1.0, 1.0], [1.0, 1.0, 1.5]])
        product = a * b
        return (product * wrong - (product * (wrong - 1)).detach()).sum()

    a, b = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), np.array([7.0, 8.0, 10.0])
    report = check_gradients(f, Tensor(a, name="a"), b, names=None)
    assert not report
    first, second = report.rows
    assert (first.name, first.shape, first.worst) == ("a", (2, 3), (1, 2))
    assert (first.ours, first.theirs) == pytest.approx((15.0, 10.0), rel=1e-9)
    assert (second.name, second.shape, second.worst) == ("input 1", (3,), (2,))
    assert (second.ours, second.theirs) == pytest.approx((3.0 + 9.0, 3.0 + 6.0), rel=1e-9)
    numeric = np.array([7.0, 8.0, 10.0, 7.0, 8.0, 10.0])
    analytic = np.array([7.0, 8.0, 10.0, 7.0, 8.0, 15.0])
    error = 5.0 / (np.sqrt(np.sum(analytic**2)) + np.sqrt(np.sum(numeric**2)))
    assert first.error == pytest.approx(error, rel=1e-6)
    assert "[1, 2]: 15 against 10" in str(report)
    with pytest.raises(GradientError, match=r"\[1, 2\]: 15 against 10"):
        report.raise_if_wrong()


@pytest.mark.parametrize(
    ("a", "n", "expected"),
    [
        ([3.0, 4.0], [0.0, 0.0], 1.0),
        ([3.0, 4.0], [4.0, 3.0], np.sqrt(2.0) / 10),
        ([1.0], [-1.0], 1.0),
        ([0.0], [0.0], 0.0),
        ([3.0, 4.0], [3.0, 4.0], 0.0),
        ([6.0, 8.0], [3.0, 4.0], 5.0 / 15.0),
    ],
)
def test_the_relative_error_is_the_courses(a: Any, n: Any, expected: float) -> None:
    assert relative_error(a, n) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(
    ("error", "band"),
    [(0.9e-7, "great"), (1.1e-7, "acceptable"), (0.9e-5, "acceptable"), (1.1e-5, "suspect")],
)
def test_the_bands_are_the_courses(error: float, band: str) -> None:
    w = leaf(3.0, "w")
    # |a − n| / (|a| + |n|) = e for a = 6 and n = 6 (1 − e) / (1 + e)
    report = compare_backprop(w * w, {"w": 6 * (1 - error) / (1 + error)}, tolerance=1e-3)
    (row,) = report.rows
    assert row.error == pytest.approx(error, rel=1e-6)
    assert row.band == band
    assert band in str(report)
    (row,) = check_gradients(off_by(np.square, (1 + error) / (1 - error)), 3.0).rows
    assert row.error == pytest.approx(error, rel=1e-3)
    assert row.band == band


def wrong_cube(registry: Any, factor: float, order: int = 1) -> Any:
    """Declare a³ with a rule of which the derivative of some order is off by a factor."""

    @op(symbol="wrong_cube", samples=["3"])
    def wrong_cube(a):
        return a * a * a

    def rule(g, a):
        if order == 1:
            return g * (3 * factor * a * a)
        value = a.detach() if isinstance(a, Tensor) else a
        return g * (3 * value * value + 6 * factor * value * (a - value))

    wrong_cube.vjp(a=rule)
    return wrong_cube


@pytest.mark.parametrize("factor", [1.0005, 0.9995])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_rule_that_is_a_twentieth_of_a_percent_wrong_fails(
    registry: Any, factor: float, dtype: Any
) -> None:
    f = wrong_cube(registry, factor)
    x = np.array([1.0, -2.0, 0.5], dtype)
    report = check_gradients(f, x)
    assert not report
    # |f − 1| / (f + 1), and the rounding of single precision
    assert report.worst == pytest.approx(0.0005 / 2, rel=1e-2)
    assert not check_gradients(lambda t: np.exp(f(t)).sum(), x)
    assert check_gradients(lambda t: t**3, x)


@pytest.mark.parametrize("factor", [1.0005, 0.9995])
def test_a_second_order_that_is_a_twentieth_of_a_percent_wrong_fails(
    registry: Any, factor: float
) -> None:
    x = np.array([1.0, -2.0, 0.5])
    f = wrong_cube(registry, factor, order=2)
    assert check_gradients(f, x, order=1)
    report = check_gradients(f, x, order=2)
    assert not report
    assert [row.wrong for row in report.rows] == [False, True]
    assert report.rows[1].name == "∂²: input 0"
    assert check_gradients(lambda t: t**3, x, order=2)


def test_orders_1_and_2_and_no_others() -> None:
    x, y = np.array([0.5, 1.5]), np.array([2.0, 0.25])
    assert len(check_gradients(lambda a, b: a**b, x, y).rows) == 2
    second = check_gradients(lambda a, b: a**b, x, y, order=2)
    assert second
    assert [row.name for row in second.rows] == [
        *("input 0", "input 1", "∂²: input 0", "∂²: input 1")
    ]
    for order in (0, 3):
        with pytest.raises(GradientError, match="1 or 2"):
            check_gradients(np.sin, x, order=order)


def test_the_report_names_the_op_and_the_users_line(registry: Any) -> None:
    cube = wrong_cube(registry, 1.0005)

    def model(t: Any) -> Any:
        u = np.sin(t) + 2
        v = cube(u)  # the line to name
        return np.log(v) * t

    report = check_gradients(model, np.array([1.0, 2.0, 3.0]))
    assert not report
    (note,) = report.notes
    assert note.startswith("note: wrong_cube.vjp(a=...) gives ")
    assert note.endswith(f"called at {line_of(model, 'the line to name')}.")
    assert note in str(report)


def test_stochastic_functions_are_refused() -> None:
    rng = np.random.default_rng(0)

    def dropout(t: Any) -> Any:
        return t * (rng.random(t.shape) < 0.5) * 2

    with pytest.raises(GradientError, match=r"two calls with the same inputs differ.*dropout"):
        check_gradients(dropout, np.ones(20))
    fixed = (np.random.default_rng(0).random(20) < 0.5) * 2
    assert check_gradients(lambda t: t * fixed, np.ones(20))


@pytest.mark.parametrize(
    ("f", "x", "name"),
    table(
        {
            "relu": (autograd.relu, [0.0, 1.0], "relu"),
            "relu inside": (lambda t: np.exp(autograd.relu(np.sin(t)) * 2), [0.0, 1.0], "relu"),
            "leaky relu": (autograd.leaky_relu, [0.0], "leaky_relu"),
            "clip": (lambda t: np.clip(t, 0.0, 1.0), [1.0], "clip"),
            "where": (lambda t: np.where(t > 0, t, 3 * t), [0.0], "where"),
            "maximum of three": (lambda t: np.maximum(np.maximum(t, 1.0), 1.0), [1.0], "maximum"),
            "sort": (np.sort, [2.0, 2.0], "sort"),
            "remainder": (lambda t: np.remainder(t, 1.0), [2.0], "remainder"),
        }
    ),
)
def test_the_checker_points_at_kinks(f: Any, x: Any, name: str) -> None:
    report = check_gradients(f, np.array(x))
    assert not report
    assert f"note: {name} has a kink" in str(report)
    beside = check_gradients(f, np.array(x) + [0.01, 0.02][: len(x)])
    assert beside, beside
    assert "kink" not in str(beside)


@pytest.mark.parametrize("f", [np.abs, lambda t: np.maximum(t, 0.0), lambda t: np.max(t) * 1])
def test_derivatives_at_symmetric_kinks_are_what_differences_give(f: Any) -> None:
    assert check_gradients(f, np.zeros(1))
    assert check_gradients(f, np.zeros(2))
