"""The walk in detail: memory of gradients, what is pruned, parts, hooks, messages, checkpoints."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd import (
    OPS,
    AnomalyError,
    DTypeError,
    GradientError,
    ShapeError,
    Tensor,
    checkpoint,
    detect_anomaly,
    grad,
    gradients,
    graph,
    hessian,
    op,
    vjp,
)
from autograd.dispatch import _bound
from tests.autograd.helpers import leaf

# -- Memory, pruning, freeing ----------------------------------------------------------------------


def test_two_leaves_that_get_one_cotangent_own_an_array_each() -> None:
    x, y = leaf(np.zeros(3)), leaf(np.zeros(3))
    (x + y).backward(np.ones(3))
    x.grad[0] = 7.0
    np.testing.assert_array_equal(y.grad, np.ones(3))
    for g in gradients(x + y, [x, y], np.ones(3)):
        assert not np.shares_memory(g, x.grad)


def test_rules_of_operands_that_lead_nowhere_are_not_run(registry: Any) -> None:
    called = []

    @op(symbol="counted", samples=())
    def counted(a, b):
        return a * b

    counted.vjp(
        a=lambda g, b: (called.append("a"), g * b)[1], b=lambda g, a: (called.append("b"), g * a)[1]
    )
    x, y = leaf(2.0), leaf(3.0)
    assert gradients(counted(x, y), y) == 2.0
    assert called == ["b"]


def test_a_wanted_result_between_others_does_not_end_the_walk() -> None:
    x, w = leaf(2.0), leaf(5.0)
    y = w * 3.0  # older than u, whose own operands lead to nothing wanted
    u = x * x
    found = gradients(u * y, [u, w])
    assert [float(g) for g in found] == [15.0, 12.0]


@pytest.mark.parametrize("take", [lambda x: x[1], lambda x: x[1:2][0]])
def test_a_graph_of_parts_alone_is_freed_too(take: Any) -> None:
    x = leaf([1.0, 2.0])
    y = take(x)
    y.backward()
    with pytest.raises(GradientError, match=r"backward: the graph below getitem was freed"):
        y.backward()
    np.testing.assert_array_equal(x.grad, [0.0, 1.0])


@pytest.mark.parametrize(
    ("name", "said"), [("z", "below multiply 'z' was"), (None, "below multiply was")]
)
def test_the_freed_op_is_called_by_its_name(name: str | None, said: str) -> None:
    x = leaf(2.0)
    y = x * x
    y = y if name is None else y.named(name)
    y.backward()
    with pytest.raises(GradientError, match=said):
        y.backward()


def test_parts_and_the_whole_add_up_to_second_order() -> None:
    x = leaf([2.0, 3.0])
    for f in (lambda t: (t * t).sum() + t[0] * t[1], lambda t: t[0] * t[1] + (t * t).sum()):
        (slope,) = gradients(f(x), [x], create_graph=True)
        np.testing.assert_array_equal(slope.data, [7.0, 8.0])
        second = [gradients(slope[k], x, retain_graph=True) for k in range(2)]
        np.testing.assert_array_equal(second, [[2.0, 1.0], [1.0, 2.0]])


# -- Hooks -----------------------------------------------------------------------------------------


def test_a_hook_that_writes_into_what_it_is_shown_changes_nothing() -> None:
    x = leaf([1.0, 2.0])
    u = x * 3.0

    def clear(g: Any) -> None:
        g *= 0.0

    u.register_hook(clear)
    (u * u).sum().backward()
    np.testing.assert_array_equal(x.grad, [18.0, 36.0])


@pytest.mark.parametrize("give", [np.asarray, Tensor, lambda g: np.asarray(g).tolist()])
def test_a_hook_may_give_an_array_a_tensor_or_numbers(give: Any) -> None:
    x = leaf([1.0, 2.0])
    u = x * 3.0
    u.register_hook(lambda g: give(np.array([10.0, 20.0])))
    (u * u).sum().backward(retain_graph=True)
    assert type(x.grad) is np.ndarray
    np.testing.assert_array_equal(x.grad, [30.0, 60.0])
    (recorded,) = gradients((u * u).sum(), [x], create_graph=True)
    assert type(recorded) is Tensor
    np.testing.assert_array_equal(recorded.data, [30.0, 60.0])


def test_a_hook_on_a_recorded_pass_stays_in_the_graph() -> None:
    x = leaf(2.0)
    u = x * x
    remove = u.register_hook(lambda g: g * g)
    (slope,) = gradients(u * u, [x], create_graph=True)  # (2 u)² · 2 x = 8 x⁵
    remove()
    assert slope.data == 8.0 * 2.0**5
    assert gradients(slope, x) == 40.0 * 2.0**4


@pytest.mark.parametrize(("name", "said"), [("u", r"^hook 'u': needs"), (None, "^hook: needs")])
def test_a_hook_of_the_wrong_shape_is_called_by_the_tensors_name(
    name: str | None, said: str
) -> None:
    u = leaf([1.0, 2.0]) * 3.0
    u = u if name is None else u.named(name)
    u.register_hook(lambda g: np.ones(3))
    with pytest.raises(ShapeError, match=said):
        u.sum().backward()


# -- Cotangents ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dtype", "constant", "expected"),
    [(np.float16, np.float16, np.float32), (np.float32, np.float64, np.float32)],
)
def test_a_rule_is_given_the_dtype_of_its_result(
    registry: Any, dtype: Any, constant: Any, expected: Any
) -> None:
    """Half precision is walked in single; nothing is walked in more than single by accident."""
    seen = []

    @op(symbol="seen", samples=())
    def seen_by(a):
        return a * a.dtype.type(2)

    seen_by.vjp(a=lambda g: (seen.append(g.dtype), g + g)[1])
    x = leaf(np.ones(3, dtype))
    (seen_by(x) * np.ones(3, constant)).sum().backward()
    assert seen == [expected]
    assert x.grad.dtype == dtype


def test_a_variadic_rule_that_does_not_fit_is_named(registry: Any) -> None:
    @op(symbol="all", samples=())
    def all_of(*parts):
        return parts[0] + parts[1]

    all_of.vjp(parts=lambda g, i: np.ones(5))
    with pytest.raises(ShapeError, match=r"all_of\.vjp\(parts=\.\.\.\): needs a cotangent"):
        all_of([leaf(np.ones(2)), leaf(np.ones(2))]).sum().backward()


def test_a_recorded_rule_is_named_rather_than_the_ops_it_calls() -> None:
    x = leaf(0.0)
    with detect_anomaly(), pytest.raises(AnomalyError, match="backward pass of sqrt"):
        gradients(np.sqrt(x) * 3.0, [x], create_graph=True)


# -- Checkpoints -----------------------------------------------------------------------------------


def test_a_checkpoint_finds_what_stands_behind_a_constant() -> None:
    a, b = leaf(2.0), leaf(5.0)
    checkpoint(lambda: np.multiply(np.multiply(3.0, a), b))().backward()
    assert (a.grad, b.grad) == (15.0, 6.0)


def test_a_checkpoint_of_parts_and_the_whole_to_second_order() -> None:
    x = leaf([2.0, 3.0])
    f = checkpoint(lambda t: (t * t).sum() + t[0] * t[1])
    (slope,) = gradients(f(x) * 1.0, [x], create_graph=True)
    np.testing.assert_array_equal(slope.data, [7.0, 8.0])
    np.testing.assert_array_equal(gradients(slope[1], x), [1.0, 2.0])


def test_a_checkpoint_is_walked_when_the_pass_has_been() -> None:
    x = leaf(0.5)
    y = checkpoint(np.sin)(x)
    assert [n.walked for n in graph(y)] == [False, False]
    y.backward()
    assert [n.walked for n in graph(y)] == [True, True]


# -- Protocols and transforms ----------------------------------------------------------------------


def test_ufuncs_take_their_own_parameters() -> None:
    x, y = leaf([[1.0, 2.0], [3.0, 4.0]]), np.array([[5.0, 6.0], [7.0, 8.0]])
    np.vecdot(x, y, axis=0).backward(np.array([1.0, 10.0]))
    np.testing.assert_array_equal(x.grad, y * [1.0, 10.0])


def test_methods_of_ufuncs_take_what_is_left_out_as_numpy_does() -> None:
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    found = np.add.reduce(x, axis=1, dtype=None, out=None)
    np.testing.assert_array_equal(found.data, [3.0, 7.0])
    assert found.requires_grad


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda x: np.add.reduceat(x, [0, 1]), r"np\.add\.reduceat: not recorded"),
        (lambda x: np.gcd.outer(x, x), r"np\.gcd\.outer: not recorded"),
        (lambda x: np.add.outer(x, x, dtype=float), r"np\.add\.outer: not recorded"),
        (lambda x: np.add(x, x, casting="no"), r"np\.add: casting is not supported on a Tensor"),
        (lambda x: np.sum(x, dtype=float), r"np\.sum: dtype is not .* it takes axis, keepdims"),
        (lambda x: np.trace(x, dtype=float), r"np\.trace: dtype is not .* it takes offset"),
        (lambda x: np.linalg.eigvals(x), r"np\.linalg\.eigvals: has no derivative rule"),
        (lambda x: np.unwrap(np.sort_complex(x)), r"^np\.sort_complex: has no derivative rule"),
    ],
)
def test_what_is_not_supported_is_called_as_the_user_called_it(call: Any, said: str) -> None:
    with pytest.raises(DTypeError, match=said):
        call(leaf(np.eye(2)))


def test_functions_that_do_not_tell_their_signature_take_operands_first() -> None:
    a, b = leaf([1.0]), leaf([2.0])
    # The signature of max is not told, as those of NumPy's functions in C were not before 2.4.
    assert _bound(max, OPS["concatenate"], ([a, b], 1), {}) == ([[a, b]], {"axis": 1})
    operands, params = _bound(max, OPS["inner"], (a, b), {})
    assert operands[0] is a
    assert operands[1] is b
    assert params == {}
    assert _bound(max, OPS["sum"], (a,), {"keepdims": True}) == ([a], {"keepdims": True})


def test_a_pull_made_outside_may_be_differentiated_inside() -> None:
    _, pull = vjp(np.sin, np.array(0.5))
    assert grad(lambda g: pull(g)[0] * g)(3.0) == pytest.approx(2 * 3.0 * np.cos(0.5))

    def inner(t: Any) -> Any:
        _, back = vjp(np.sin, t)
        return back(np.array(1.0))[0]

    assert grad(inner)(0.5) == pytest.approx(-np.sin(0.5))


@pytest.mark.parametrize("argnums", [0, -1])
def test_second_derivatives_of_structures_are_refused_from_either_end(argnums: int) -> None:
    with pytest.raises(GradientError, match=f"argument {argnums} needs to be one array, got dict"):
        hessian(lambda p: p["a"] ** 2, argnums=argnums)({"a": 1.0})


# -- The graph as data -----------------------------------------------------------------------------


def test_constants_are_never_walked() -> None:
    x = leaf(2.0)
    y = x * np.array([1.0, 2.0])
    y.sum().backward()
    assert {n.kind: n.walked for n in graph(y)} == {"leaf": True, "constant": False, "op": True}


def test_a_lone_leaf_has_its_value() -> None:
    x = leaf(2.0)
    x.data = 3.0
    assert graph(x).nodes[0].value == 3.0


def test_a_value_that_is_unknown_on_one_way_has_no_cotangent() -> None:
    x = leaf(np.full(200_000, 2.0))
    weights = np.full(200_000, 3.0)
    known, unknown = x * 2.0, x * weights
    J = (known + unknown).sum()
    J.backward()
    del weights
    g = graph(J)
    assert g.nodes[-1].value is not None
    assert g.find(x).cotangent is None
    assert g.find(known).cotangent is not None


def test_variadic_operands_that_are_unknown_leave_cotangents_unknown(registry: Any) -> None:
    @op(symbol="product", samples=())
    def product_of(*parts):
        return parts[0] * parts[1]

    product_of.vjp(parts=lambda g, parts, i: g * parts[1 - i])
    x, y = leaf(np.full(200_000, 2.0)), leaf(np.full(200_000, 3.0))
    for other, expected in ((lambda: y, 3.0), (lambda: np.full(200_000, 3.0), None)):
        J = product_of([x, other()]).sum()
        J.backward()
        found = graph(J).find(x).cotangent
        assert found is None if expected is None else found[0] == expected


def test_letters_go_on_with_numbers() -> None:
    x = leaf(2.0, "x")
    y = x
    for _ in range(10):
        y = y + x
    labels = [n.label for n in graph(y) if n.op]
    assert labels == [f"s{k}" for k in range(1, 11)]  # sums
    arrays = [np.full(2, k) for k in range(7)]
    z = leaf(np.ones(2), "x")
    for a in arrays:
        z = z * a
    given = [n.label for n in graph(z) if n.kind == "constant"]
    assert given == [*"ck", "c1", "c2", "c3", "c4", "c5"]  # x and y would seem the user's own


@pytest.mark.parametrize("names", [["W1", "x"], ["w"], ["u_2", "V"], ["U", "v", "w3"]])
def test_results_get_no_letter_that_the_user_has(names) -> None:
    """In whatever case, and whatever its number: w beside W1 would seem a part of it."""
    y = sum((leaf(k + 1.0, name) for k, name in enumerate(names)), 0.0)
    for _ in range(12):
        y = np.sin(y)
    theirs = {name[0].lower() for name in names}
    labels = [n.label for n in graph(y) if n.op]
    assert len(set(labels)) == len(labels) >= 12
    assert not theirs & {label[0] for label in labels}


def test_letters_that_are_all_taken_are_numbered() -> None:
    y = sum((leaf(1.0, letter) for letter in "uvwpqrst"), 0.0)
    labels = [n.label for n in graph(y) if n.op]
    assert len(set(labels)) == len(labels)
    assert not {*"uvwpqrst"} & set(labels)


def test_numbers_are_their_own_label_in_text_and_latex() -> None:
    x = leaf(2.0, "x")
    y = x * np.array(-2.5e-7)
    (constant,) = (n for n in graph(y) if n.kind == "constant")
    assert constant.label == "−2.5e−7"
    assert graph(y).nodes[-1].latex == r"x \cdot (-2.5 \cdot 10^{-7})"
    (edge,) = (e for e in graph(y).edges if e.differentiable)
    assert edge.latex == r"-2.5 \cdot 10^{-7}"
    text, latex = (getattr(graph((x - 1) / 2).nodes[-1], form) for form in ("formula", "latex"))
    assert (text, latex) == ("u / 2", r"\frac{u}{2}")


def test_an_operand_without_a_rule_has_the_derivative_zero(registry: Any) -> None:
    @op(symbol="cut", samples=())
    def cut(a, b):
        return a + np.floor(b)

    cut.vjp(a=lambda g: g, b=None)
    x, y = leaf(2.0, "x"), leaf(1.5, "y")
    g = graph(cut(x, y))
    edge = next(e for e in g.edges if e.operand == "b")
    assert (edge.formula, edge.is_factor, edge.differentiable) == ("0", True, False)


def test_rules_of_sequences_and_rules_that_cannot_be_printed(registry: Any) -> None:
    @op(symbol="product", samples=())
    def product_of(*parts):
        return parts[0] * parts[1]

    product_of.vjp(parts=lambda g, parts, i: g * parts[1 - i])

    @op(symbol="odd", samples=())
    def odd(a):
        return a * 2.0

    odd.vjp(a=lambda g, a: g * (2.0 if float(np.asarray(a)) else 3.0))
    x, y = leaf(2.0, "x"), leaf(3.0, "y")
    first, second = graph(product_of([x, y])).edges
    assert (first.formula, first.is_factor, first.operand) == ("y", True, "parts[0]")
    assert (second.formula, second.operand) == ("x", "parts[1]")
    assert (first.number, second.number) == (3.0, 2.0)
    (edge,) = graph(odd(x)).edges
    assert (edge.formula, edge.is_factor, edge.number) == ("odd.vjp(1)", True, 2.0)


def test_local_derivatives_of_halves_are_computed_in_single() -> None:
    x = Tensor(np.float16(0.1), requires_grad=True)
    (edge,) = graph(np.tanh(x)).edges
    assert edge.number == 1 - np.float32(np.tanh(np.float16(0.1))) ** 2


def test_values_are_replayed_with_python_numbers_as_they_were() -> None:
    single = leaf(np.float32(1.0))
    node = graph(single * Tensor(0.1)).nodes[-1]
    assert node.value.dtype == node.dtype == np.float32
    half = leaf(np.float16(300.0))
    with np.errstate(over="ignore"):
        assert np.isinf(graph(np.exp(half * Tensor(300.0))).nodes[-2].value)


def test_a_variadic_rule_may_read_a_result_that_is_one_number(registry: Any) -> None:
    @op(symbol="product", samples=())
    def product_of(*parts):
        return parts[0] * parts[1]

    product_of.vjp(parts=lambda g, out, parts, i: g * out / parts[i])
    x = leaf(2.0)
    J = product_of([x, leaf(5.0)])
    J.backward()
    assert graph(J).find(x).cotangent == 5.0
    assert [e.number for e in graph(J).edges] == [5.0, 2.0]


def test_a_graph_is_a_snapshot() -> None:
    J = leaf(2.0, "x") * 3.0
    g = graph(J)
    assert g.nodes[-1].cotangent is None
    J.backward()
    J.named("cost")
    last = g.nodes[-1]
    assert (last.walked, last.cotangent, last.name, last.label) == (False, None, None, "u")
    assert [n.walked for n in graph(J)] == [True, False, True]


def test_a_hook_of_another_dtype_is_cast_in_recorded_passes_too() -> None:
    x = leaf(np.float32([1.0, 2.0]))
    u = x * np.float32(3.0)
    u.register_hook(lambda g: Tensor(np.array([1.0, 1.0])))
    (slope,) = gradients((u * u).sum(), [x], create_graph=True)
    assert slope.dtype == np.float32


def test_one_cotangent_for_a_list_of_one() -> None:
    x = leaf(2.0)
    assert gradients([x * x], x, 3.0) == 12.0
    with pytest.raises(GradientError, match="needs a Tensor, got float"):
        gradients(3.0, x, 2.0)


def test_a_graph_knows_its_hooks_and_where_zeros_were_kept() -> None:
    x = leaf(0.0)
    plain = graph(np.exp(x) * 2.0)
    assert (plain.is_hooked, plain.keeps_zeros) == (False, False)
    y = np.sqrt(x) * 0.0
    y.backward()
    assert graph(y).keeps_zeros
    z = np.exp(x)
    z.register_hook(lambda g: None)
    assert graph(z * 2.0).is_hooked
    z.backward()
    assert not graph(z).keeps_zeros


@pytest.mark.parametrize(
    "f",
    [
        lambda p: np.floor(p),
        lambda p: np.heaviside(p, 1.0),
        lambda p: np.copysign(1.0, p),
        lambda p: np.where(p, 1.0, 2.0),
        lambda p: np.sign(p) + np.heaviside(p, 0.5),
    ],
)
def test_what_has_derivative_0_everywhere_leaves_zeros(f: Any) -> None:
    p = leaf([1.3, -2.0], "p")
    f(p).sum().backward()
    np.testing.assert_array_equal(p.grad, [0.0, 0.0])
