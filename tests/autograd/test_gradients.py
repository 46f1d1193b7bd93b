"""Gradients of shared, unused and repeated values; seeds; what keeps a graph alive.

Expectations are numbers worked out by hand, or come from plain NumPy without derivative rules.
"""

from __future__ import annotations

import copy
import gc
import itertools
import pickle
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import viz
from autograd import (
    DTypeError,
    GradientError,
    ShapeError,
    Tensor,
    grad,
    gradients,
    jacobian,
    jvp,
    name_scope,
    op,
)
from tests.autograd.helpers import leaf, table

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


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
    (loop,) = (n for n in viz.draw(y).view.nodes if n.kind == "repeat")
    assert (loop.scope, loop.name) == (("chain",), "loop × 19998")
    drawing = viz.draw(y, repeats=False)
    start, card = drawing.view.nodes  # x was made outside of the scope
    assert (start.name, start.gradient) == ("x", "∂y/∂x = 1")
    assert (card.kind, card.name) == ("module", "chain")
    assert "out y: 10001" in card.value
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
    with pytest.raises(GradientError, match="where no input is"):
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
