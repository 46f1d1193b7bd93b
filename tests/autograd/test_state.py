"""Modes, hooks, copies, and what may be written to.

Expectations are numbers worked out by hand, or come from plain NumPy without derivative rules.
"""

from __future__ import annotations

import asyncio
import contextvars
import copy
import pickle
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import autograd
from autograd import (
    AnomalyError,
    DTypeError,
    GradientError,
    Tensor,
    at,
    detect_anomaly,
    enable_grad,
    grad,
    gradients,
    graph,
    name_scope,
    no_grad,
    strong_zero,
)
from tests.autograd.helpers import leaf, line_of, quiet, table

if TYPE_CHECKING:
    from collections.abc import Callable


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
    return bool(np.isnan(grad(lambda x: np.where(np.array(False), np.sqrt(x), x))(0.0)))


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
