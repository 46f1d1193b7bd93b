"""The backward walk: accumulation, lifetime of the graph, and its errors."""

from __future__ import annotations

import gc
import threading
import weakref

import numpy as np
import pytest
from hypothesis import given, strategies as st

from autograd import (
    GradientError,
    RuleError,
    ShapeError,
    Tensor,
    at,
    binary_cross_entropy,
    concatenate,
    getitem,
    grad,
    gradients,
    graph,
    logsumexp,
    no_grad,
    op,
)


def leaf(value, name=None):
    return Tensor(value, requires_grad=True, name=name)


def test_lecture_graph_has_the_published_derivatives() -> None:
    a, b, c = leaf(5.0), leaf(3.0), leaf(2.0)
    u = (b * c).retain_grad()
    v = (a + u).retain_grad()
    J = 3 * v
    J.backward()
    assert (u.item(), v.item(), J.item()) == (6, 11, 33)
    assert [t.grad.item() for t in (a, b, c, u, v)] == [3, 6, 9, 3, 3]


def test_published_examples() -> None:
    a, b = leaf(2.0), leaf(1.0)
    ((a + b) * (b + 1)).backward()
    assert (a.grad, b.grad) == (2, 5)
    x, y, z = leaf(-2.0), leaf(5.0), leaf(-4.0)
    f = (x + y) * z
    f.backward()
    assert (f.item(), x.grad, y.grad, z.grad) == (-12, -4, -4, 3)
    x1, x2 = leaf(2.0), leaf(5.0)
    f = np.log(x1) + x1 * x2 - np.sin(x2)
    f.backward()
    assert f"{f:.3f}" == "11.652"
    assert (f"{x1.grad:.3f}", f"{x2.grad:.3f}") == ("5.500", "1.716")


def test_sigmoid_neuron_has_the_published_derivatives() -> None:
    w, x = leaf([2.0, -3.0, -3.0]), leaf([-1.0, -2.0])
    out = 1 / (1 + np.exp(-(w[0] * x[0] + w[1] * x[1] + w[2])))
    out.backward()
    assert f"{out:.2f}" == "0.73"
    assert [f"{g:.2f}" for g in w.grad] == ["-0.20", "-0.39", "0.20"]
    assert [f"{g:.2f}" for g in x.grad] == ["0.39", "-0.59"]


def test_one_value_in_both_slots_counts_twice() -> None:
    x = leaf(3.0)
    (x * x).backward()
    assert x.grad == 6
    x.zero_grad()
    (x + x).backward()
    assert x.grad == 2


def test_sixty_diamonds_take_linear_time() -> None:
    x = leaf(1.0)
    y = x
    for _ in range(60):
        y = y + y
    y.backward()
    assert x.grad == 2.0**60


def test_two_graphs_over_one_leaf_accumulate() -> None:
    x = leaf(2.0)
    (x * 3).backward()
    (x * 4).backward()
    assert x.grad == 7
    x.zero_grad()
    assert x.grad is None


def test_second_backward_is_refused_and_names_retain_graph() -> None:
    x = leaf(2.0)
    y = x * x
    y.backward()
    with pytest.raises(GradientError, match="retain_graph=True"):
        y.backward()
    assert x.grad == 4
    z = x * x
    z.backward(retain_graph=True)
    z.backward()
    assert x.grad == 12


def test_backward_of_many_elements_needs_a_cotangent_of_that_shape() -> None:
    x = leaf([1.0, 2.0])
    with pytest.raises(GradientError, match=r"single number, got shape \(2,\).*\.sum\(\)"):
        (x * x).backward()
    with pytest.raises(ShapeError, match=r"needs the output's shape \(2,\), got \(3,\)"):
        (x * x).backward([1.0, 2.0, 3.0])
    (x * x).backward([1.0, 10.0])
    np.testing.assert_array_equal(x.grad, [2.0, 40.0])


def test_backward_without_leaves_says_how_to_get_them() -> None:
    with pytest.raises(GradientError, match="requires_grad=True"):
        (Tensor(2.0) * 3).backward()
    x = leaf(2.0)
    with no_grad():
        y = x * x
    with pytest.raises(GradientError, match="no_grad"):
        y.backward()


def test_leaf_backward_and_reshape_only_graphs() -> None:
    x = leaf(2.0)
    x.backward()
    assert x.grad == 1
    y = leaf([1.0, 2.0])
    y.reshape(2, 1).reshape(2).backward([3.0, 4.0])
    np.testing.assert_array_equal(y.grad, [3.0, 4.0])


def test_gradients_prunes_the_walk_and_touches_no_grad() -> None:
    x, w = leaf(2.0), leaf(3.0)
    visited = []
    y = w * w
    y.register_hook(visited.append)
    z = x * x + y
    assert gradients(z, x) == 4
    assert visited == []
    assert x.grad is None
    assert w.grad is None


def test_gradients_with_respect_to_results_and_of_several_outputs() -> None:
    x = leaf(2.0)
    u = x * x
    v = u * 3
    assert gradients(v, u) == 3
    p, q = leaf(1.0), leaf(2.0)
    found = gradients([p * q, p + q], [p, q], [1.0, 10.0])
    assert [g.item() for g in found] == [12.0, 11.0]


def test_unused_inputs_are_an_error_unless_allowed() -> None:
    x, other = leaf(2.0), leaf(3.0, "other")
    with pytest.raises(GradientError, match=r"'other'.*allow_unused=True"):
        gradients(x * x, [x, other])
    assert gradients(x * x, other, allow_unused=True) is None
    with pytest.raises(GradientError, match="requires no gradient"):
        gradients(x * x, Tensor(1.0))


def test_gradient_of_the_output_by_itself_is_one() -> None:
    x = leaf(2.0)
    y = x * 3
    assert gradients(y, y, retain_graph=True) == 1
    assert gradients(x, x) == 1


def test_create_graph_gives_every_order() -> None:
    x = leaf(0.5)
    y = x**4
    expected = [4 * 0.5**3, 12 * 0.5**2, 24 * 0.5, 24.0]
    for value in expected:
        y = gradients(y, x, create_graph=True)
        assert y.item() == pytest.approx(value, rel=1e-15)


def test_backward_with_create_graph_leaves_a_tensor_in_grad() -> None:
    x = leaf(3.0)
    (x * x * x).backward(create_graph=True)
    assert isinstance(x.grad, Tensor)
    assert gradients(x.grad, x) == 18


def test_nested_grad_has_no_perturbation_confusion() -> None:
    assert grad(lambda x: x * grad(lambda y: x + y)(x))(1.0) == 1.0
    assert grad(lambda x: grad(lambda y: x * y)(2.0))(1.0) == 1.0
    assert grad(lambda x: x * grad(lambda y: x * y)(2.0))(3.0) == 6.0


def test_grad_returns_arrays_for_each_argument_and_zeros_where_independent() -> None:
    g = grad(lambda x, y: (x * y).sum(), argnums=(0, 1))
    gx, gy = g(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    np.testing.assert_array_equal(gx, [3.0, 4.0])
    np.testing.assert_array_equal(gy, [1.0, 2.0])
    np.testing.assert_array_equal(grad(lambda x: 7.0)(np.ones(2)), np.zeros(2))
    assert grad(lambda x: x * x)(3) == 6.0
    with pytest.raises(TypeError, match="astype"):
        grad(lambda x: x.sum())(np.arange(3))


def test_leaf_gradients_alias_nothing() -> None:
    a, b = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    seed = np.ones(2)
    (a + b).backward(seed)
    a.grad[0] = 100.0
    np.testing.assert_array_equal(b.grad, [1.0, 1.0])
    np.testing.assert_array_equal(seed, [1.0, 1.0])


def test_an_array_changed_after_recording_does_not_change_the_gradient() -> None:
    data = np.array([1.0, 2.0])
    factor = np.array([3.0, 4.0])
    x = leaf(data)
    y = (x * x * factor).sum()
    data[:] = 100.0
    factor[:] = 100.0
    y.backward()
    np.testing.assert_array_equal(x.grad, [6.0, 16.0])
    with pytest.raises(ValueError, match="read-only"):
        x.data[0] = 1.0


def test_assigning_a_leaf_keeps_recorded_gradients_right() -> None:
    x = leaf(2.0)
    y = x * x
    x.data = 50.0
    y.backward()
    assert x.grad == 4


def test_in_place_operators_rebind_and_item_assignment_is_refused() -> None:
    x = leaf(2.0)
    y = np.exp(x)
    kept = y
    y += 1
    y.backward()
    assert x.grad == np.exp(2.0)
    assert kept is not y
    with pytest.raises(GradientError, match="where"):
        leaf([1.0])[0] = 3.0


def test_a_failing_rule_leaves_every_gradient_as_it_was(registry) -> None:
    @op(symbol="broken", samples=["_"])
    def broken(a):
        return a * 1

    def raises(g):
        raise ZeroDivisionError("in the rule")

    broken.vjp(a=raises)
    x, w = leaf(2.0), leaf(3.0)
    (x * 5).backward()
    y = broken(w * x) + x
    said = r"broken: its derivative rule raised ZeroDivisionError: in the rule .*called at .*:\d+"
    with pytest.raises(GradientError, match=said) as raised:
        y.backward()
    assert isinstance(raised.value.__cause__, ZeroDivisionError)
    assert x.grad == 5
    assert w.grad is None


def test_a_rule_of_the_wrong_shape_is_named(registry) -> None:
    @op(symbol="crooked", samples=["3"])
    def crooked(a):
        return a * 1

    crooked.vjp(a=lambda g: g[:2])
    with pytest.raises(ShapeError, match=r"crooked\.vjp\(a=\.\.\.\): needs .*\(3,\), got \(2,\)"):
        crooked(leaf([1.0, 2.0, 3.0])).sum().backward()


def test_hooks_see_and_replace_gradients_and_can_be_removed() -> None:
    x = leaf(2.0)
    y = x * 3
    seen = []
    y.register_hook(seen.append)
    remove = y.register_hook(lambda g: g * 10)
    (y * 2).backward(retain_graph=True)
    assert seen == [2]
    assert x.grad == 60
    remove()
    x.zero_grad()
    (y * 2).backward()
    assert x.grad == 6


def test_freed_by_reference_counts_alone() -> None:
    gc.collect()
    gc.disable()
    try:
        x = leaf(np.ones(4))

        def nodes():
            return sum(type(thing).__name__ == "Node" for thing in gc.get_objects())

        before = nodes()
        y = x
        for _ in range(10):
            y = y * y
        y.sum().backward(retain_graph=True)
        assert nodes() == before + 10
        del y
        assert nodes() == before
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_values_no_rule_asks_for_are_not_kept_alive() -> None:
    x, w = leaf(np.ones(4)), leaf(np.ones(4))
    u = x * 2.0
    value = weakref.ref(u.data.base)
    y = u + w  # the rules of add read nothing
    del u
    assert value() is None
    y.sum().backward()
    np.testing.assert_array_equal(x.grad, [2.0] * 4)


def test_a_chain_of_a_million_ops_needs_no_recursion() -> None:
    x = leaf(1.0)
    y = x
    for _ in range(500_000):
        y = y * 1.0
        y = y + 1e-6
    y.backward(retain_graph=True)
    assert x.grad == 1.0
    assert "op=add" in repr(y)
    del y


@given(
    shape=st.lists(st.integers(1, 3), max_size=3),
    drop=st.integers(0, 3),
    ones=st.lists(st.booleans(), min_size=3, max_size=3),
)
def test_broadcasting_is_the_same_as_tiling(shape, drop, ones) -> None:
    small = tuple(1 if one else n for n, one in zip(shape, ones, strict=False))[drop:]
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=shape), rng.normal(size=small)
    g = rng.normal(size=shape)
    x, y = leaf(a), leaf(b)
    (x * y).backward(g)
    tiled = leaf(np.broadcast_to(b, a.shape))
    (leaf(a) * tiled).backward(g)
    expected = tiled.grad
    extra = expected.ndim - len(small)
    expected = expected.sum(axis=tuple(range(extra)))
    stretched = tuple(i for i, n in enumerate(small) if n == 1)
    np.testing.assert_allclose(y.grad, expected.sum(axis=stretched, keepdims=True), rtol=1e-12)


def test_mixed_second_derivatives_are_symmetric_where_guards_stand() -> None:
    def mixed(f, x, y):
        one = grad(lambda b: grad(lambda a: f(a, b))(x))(y)
        two = grad(lambda a: grad(lambda b: f(a, b))(y))(x)
        return float(one), float(two)

    # ∂²/∂a∂b a^b = a^(b−1) (1 + b log a): ½ at (2, 0)
    assert mixed(lambda a, b: a**b, 2.0, 0.0) == pytest.approx((0.5, 0.5), rel=1e-14)
    # ∂²L/∂a∂y of the cross-entropy is −1/a − 1/(1 − a), also for hard labels
    for y in (0.0, 1.0):
        expected = -1 / 0.3 - 1 / 0.7
        found = mixed(binary_cross_entropy, 0.3, y)
        assert found == pytest.approx((expected, expected), rel=1e-14)


def test_cotangents_that_are_zeros_are_not_taken_for_none() -> None:
    x = leaf([1.0, 2.0])
    np.testing.assert_array_equal(gradients([(x * x).sum()], [x], np.array([0.0])), [[0.0, 0.0]])


def test_views_and_parameters_changed_after_recording_change_nothing() -> None:
    base = np.ones(2)
    w = leaf([1.0, 2.0])
    J = (w * np.broadcast_to(base, (3, 2))).sum()
    base[:] = 9.0
    J.backward()
    np.testing.assert_array_equal(w.grad, [3.0, 3.0])
    index, repeats, axes = np.array([0, 1]), [1, 2], [1, 0]
    results = [getitem(w, index), np.repeat(w, repeats), np.transpose(w.reshape(1, 2), axes)]
    index[:], repeats[:], axes[:] = 1, [0, 3], [0, 1]
    for y, expected in zip(results, ([1, 1], [1, 2], [1, 1]), strict=True):
        w.zero_grad()
        y.backward(np.ones(y.shape))
        np.testing.assert_array_equal(w.grad, expected)


def test_an_op_that_writes_into_its_operand_is_stopped(registry) -> None:
    @op(symbol="inplace", samples=["3"])
    def inplace(a):
        a -= 1
        return a

    inplace.vjp(a=lambda g: g)
    w = leaf([1.0, 2.0])
    for operand in (w, w * 2):
        with pytest.raises(RuleError, match="inplace: the forward function writes into an operand"):
            inplace(operand)
    np.testing.assert_array_equal(w.data, [1.0, 2.0])


def test_operands_may_have_any_name_the_generated_code_does_not_use(registry) -> None:
    @op(symbol="s", samples=["_ _"])
    def affine(node, a_, state=3.0):
        return node * 2 + a_ * state

    affine.vjp(node=lambda g: g * 2, a_=lambda g, state: g * state)
    x, y = leaf(2.0), leaf(3.0)
    z = affine(x, y)
    z.backward()
    assert (z.item(), x.grad, y.grad) == (13, 2, 3)
    with pytest.raises(RuleError, match="other than"):
        op(symbol="s", samples=["_"])(lambda type: type)


def test_variadic_ops_take_generators() -> None:
    parts = [leaf([1.0, 2.0]), leaf([3.0])]
    np.testing.assert_array_equal(concatenate(v for v in parts).data, [1.0, 2.0, 3.0])


def test_half_precision_sums_keep_their_count() -> None:
    x = Tensor(np.ones(70_000), dtype=np.float16, requires_grad=True)
    x.mean().backward()
    assert x.grad[0] == np.float16(1 / 70_000)
    row = Tensor(np.ones((1, 3)), dtype=np.float16, requires_grad=True)
    (row + np.zeros((5000, 1), np.float16)).backward(np.ones((5000, 3), np.float16))
    np.testing.assert_array_equal(row.grad, np.full((1, 3), 5000, np.float16))


def test_threads_on_one_leaf_lose_nothing() -> None:
    w = leaf(np.zeros(4))

    def work():
        for _ in range(300):
            (w * 1.0).sum().backward()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    np.testing.assert_array_equal(w.grad, np.full(4, 1200.0))


def test_create_graph_records_inside_no_grad_too() -> None:
    x = leaf(3.0)
    y = x * x * x
    with no_grad():
        slope = gradients(y, x, create_graph=True)
    assert gradients(slope, x) == 18


@pytest.mark.parametrize(
    ("function", "x", "expected"),
    [
        (np.expm1, -40.0, np.exp(-40.0)),
        (lambda b: np.fmod(1.0, b), 0.1, -9.0),
        (lambda a: np.arctan2(a, 1e-200), 1e-200, 0.5e200),
        (lambda a: np.arctan2(a, 1e200), 1e200, 0.5e-200),
        (np.prod, np.inf, 1.0),
        (lambda t: t ** np.array(-128, np.int8), 1.1, -128 * 1.1**-129),
    ],
)
def test_derivatives_where_a_naive_form_loses_everything(function, x, expected) -> None:
    t = leaf(x)
    function(t).backward()
    assert t.grad == pytest.approx(expected, rel=1e-12)


def test_reductions_where_a_naive_form_loses_everything() -> None:
    x = Tensor(np.zeros(10**6), dtype=np.float32, requires_grad=True)
    y = logsumexp(x)
    y.backward()
    assert y.item() == pytest.approx(np.log(1e6), rel=1e-6)
    assert x.grad.sum(dtype=float) == pytest.approx(1.0, rel=1e-5)
    z = leaf([-np.inf, -np.inf, 0.0])
    logsumexp(z).backward()
    np.testing.assert_array_equal(z.grad, [0.0, 0.0, 1.0])
    c = leaf(np.full(341, 0.1))
    np.std(c).backward()
    assert not c.grad.any()
    d = leaf([1.0, 2.0])
    np.diff(d, n=3).sum().backward()
    assert not d.grad.any()


def test_messages_name_an_input_only_if_it_has_a_name() -> None:
    x = Tensor(1.0, requires_grad=True)
    for constant, called in (
        (Tensor(2.0), "an input requires"),
        (Tensor(2.0, name="c"), "input 'c'"),
    ):
        with pytest.raises(GradientError, match=called):
            gradients(x * constant, constant)


def test_a_recorded_loop_over_elements_is_exact_to_second_order() -> None:
    x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x[0] ** 3 + x[1:] @ x[:2] + x[[0, 0]].sum()
    (slope,) = gradients(y, [x], create_graph=True)
    # x0³ + x1 x0 + x2 x1 + 2 x0
    np.testing.assert_array_equal(slope.data, [3.0 + 2.0 + 2.0, 1.0 + 3.0, 2.0])
    np.testing.assert_array_equal(gradients(slope.sum(), x), [6.0 + 1.0, 2.0, 1.0])


@pytest.mark.parametrize(
    ("shape", "given"), [((3, 1), ()), ((3,), (2,)), ((2, 3), (3,)), ((3,), (2, 4))]
)
def test_a_rule_whose_cotangent_does_not_fit_is_named(registry, shape, given):
    @op(symbol="odd", samples=())
    def odd_rule(a):
        return a * 1.0

    odd_rule.vjp(a=lambda g: np.ones(given))
    x = leaf(np.ones(shape))
    with pytest.raises(
        ShapeError, match=r"odd_rule\.vjp\(a=\.\.\.\): needs a cotangent .*; correct the rule"
    ):
        odd_rule(x).sum().backward()
    assert x.grad is None


def test_one_output_given_twice_counts_twice():
    x = leaf(3.0)
    y = x * x
    assert gradients([y, y, y], x, [2.0, 5.0, -1.0]) == 6.0 * 6.0


def test_what_has_no_cotangent_does_not_end_the_walk():
    x, w = leaf(0.75), leaf(2.0)
    y = w * x  # older than what the rounding cuts off
    z = np.floor(np.sin(x * 3.0) * w)
    (y + z).backward()
    assert (x.grad, w.grad) == (2.0, 0.75)


def test_a_rule_may_give_a_python_number(registry):
    @op(symbol="twice", samples=())
    def doubled_up(a):
        return a * 2.0

    doubled_up.vjp(a=lambda g: 2.0 * float(g))
    x = leaf(1.5)
    doubled_up(x).backward()
    assert x.grad == 2.0


def test_gradients_of_views_of_one_cotangent_do_not_share_memory():
    x, y = leaf([1.0, 2.0]), leaf([[3.0, 4.0]])
    total = (np.reshape(x, (1, 2)) + y).sum()
    total.backward()
    assert not np.shares_memory(x.grad, y.grad)
    z = leaf(np.ones((2, 2)))
    seed = np.ones((2, 2))
    (z + 0.0).T.backward(seed.T)
    assert not np.shares_memory(z.grad, seed)


def test_the_sum_of_a_rules_halves_is_taken_in_single_precision(registry):
    @op(symbol="spread", samples=())
    def spread_out(a):
        return np.zeros(3000) + a

    spread_out.vjp(a=lambda g: np.ones(3000, np.float16))
    x = leaf(1.0)
    spread_out(x).sum().backward()
    assert x.grad == 3000.0  # in half precision 2048 + 1 is 2048


@pytest.mark.parametrize("shape", [(1, 3), (1, 1, 3), (3,), (1, 1), ()])
def test_an_assigned_value_keeps_its_leading_ones(shape):
    x, v = leaf(np.zeros((2, 3))), leaf(np.ones(shape))
    weights = np.arange(6.0).reshape(2, 3)
    (at(x, 1).set(v) * weights).sum().backward()
    expected = weights[1] if 3 in shape else weights[1].sum()
    np.testing.assert_array_equal(v.grad, np.broadcast_to(expected, shape))


@pytest.mark.parametrize(
    ("f", "ops"),
    [
        (lambda x: np.tanh(x) ** 2, ["multiply", "multiply", "multiply", "subtract", "tanh"]),
        (lambda x: (x**2).sum(), ["multiply"]),  # 2 x
        (lambda x: np.sin(x) * x, ["add", "cos", "multiply", "sin"]),  # cos(x) x + sin(x)
    ],
)
def test_a_recorded_pass_has_no_factors_of_1(f, ops) -> None:
    x = Tensor(0.7, requires_grad=True)
    (slope,) = gradients(f(x), [x], create_graph=True)
    assert sorted(n.op for n in graph(slope) if n.op) == ops


def test_a_seed_that_is_1_and_may_change_stays_a_factor() -> None:
    """The gradient is g · cos x, whose derivative by g is cos x."""
    x, g = (Tensor(v, requires_grad=True) for v in (0.7, 1.0))
    (slope,) = gradients(np.sin(x), [x], g, create_graph=True)
    by_x, by_g = gradients(slope, [x, g])
    assert by_x == pytest.approx(-np.sin(0.7), rel=1e-15)
    assert by_g == pytest.approx(np.cos(0.7), rel=1e-15)
