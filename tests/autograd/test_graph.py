"""The graph as data, formulas, and the two checks."""

from __future__ import annotations

import gc
import inspect
import re
import time
import tracemalloc
import weakref
from pathlib import Path

import numpy as np
import pytest

import autograd
from autograd import (
    GradientError,
    ShapeError,
    Tensor,
    check_gradients,
    compare_backprop,
    graph,
    name_scope,
    op,
    relative_error,
    strong_zero,
)
from autograd.labels import latex_name
from autograd.symbol import raised


def leaf(value, name=None):
    return Tensor(value, requires_grad=True, name=name)


def lecture():
    a, b, c = leaf(5.0, "a"), leaf(3.0, "b"), leaf(2.0, "c")
    return (3 * (a + b * c)).named("J")


def test_lecture_graph_as_data() -> None:
    J = lecture()
    g = graph(J)
    assert [n.label for n in g] == ["a", "b", "c", "u", "v", "3", "J"]
    assert [n.value for n in g] == [5, 3, 2, 6, 11, 3, 33]
    assert [n.formula for n in g if n.op] == ["b · c", "a + u", "3 · v"]
    assert [n.latex for n in g if n.op] == [r"b \cdot c", "a + u", r"3 \cdot v"]
    edges = [
        (g.nodes[e.parent].label, g.nodes[e.child].label, e.formula, e.number) for e in g.edges
    ]
    assert edges == [
        ("b", "u", "c", 2.0),
        ("c", "u", "b", 3.0),
        ("a", "v", "1", 1.0),
        ("u", "v", "1", 1.0),
        ("3", "J", "v", None),
        ("v", "J", "3", 3.0),
    ]
    assert [n.label for n in g.leaves] == ["a", "b", "c"]
    assert [n.label for n in g.outputs] == ["J"]


def test_gradients_are_unknown_before_backward_and_exact_after_it() -> None:
    J = lecture()
    assert {n.cotangent for n in graph(J)} == {None}
    J.backward()
    g = graph(J)
    assert {n.label: n.cotangent for n in g} == {
        "a": 3,
        "b": 6,
        "c": 9,
        "u": 3,
        "v": 3,
        "J": 1,
        "3": None,
    }


def test_values_are_those_recorded_or_unknown() -> None:
    n = 200_000  # more than a picture keeps for itself
    w, held = leaf(np.ones(n), "w"), [np.arange(float(n))]
    held[0].setflags(write=False)
    y = (w + held[0]).sum()

    def known(y: Tensor) -> list[bool]:
        return [node.value is not None for node in graph(y)]

    assert known(y) == [True, True, True, True]
    held.clear()
    gc.collect()  # the views above
    assert known(y) == [True, False, False, True]  # the user still holds y itself
    few = np.array([1.0, 2.0])
    v = leaf(np.ones(2), "v")
    z = (v + few).sum()
    few[:] = 100.0
    assert [np.sum(node.value) for node in graph(z)] == [2.0, 3.0, 5.0, 5.0]


@pytest.mark.parametrize(
    "given",
    [
        lambda: np.arange(300.0),
        lambda: Tensor(np.arange(300.0)),
        lambda: np.arange(600.0)[::2],
        lambda: np.lib.stride_tricks.sliding_window_view(np.arange(302.0), 300)[1],
        lambda: np.frombuffer(np.arange(300.0).tobytes()),
    ],
    ids=["array", "tensor", "view", "windows", "bytes"],
)
def test_data_that_nobody_else_holds_is_known_after_the_backward_pass(given) -> None:
    w = leaf(np.ones(300), "w")
    for f in (lambda x: w * x, lambda x: w + x, lambda x: x / (1 + w)):
        w.grad = None
        J = (f(given()) ** 2).sum()
        J.backward()
        g = graph(J)
        assert all(node.value is not None for node in g)
        np.testing.assert_allclose(g.leaves[0].cotangent, w.grad, rtol=1e-12)


def test_an_array_written_to_since_is_unknown_and_so_is_what_follows_from_it() -> None:
    X, w = np.arange(10_000.0), leaf(np.ones(10_000), "w")
    J = ((w + X) ** 2).sum()
    J.backward()
    X[7] += 1e-3  # more than is copied, and no rule keeps it
    found = {node.label: node.value is not None for node in graph(J)}
    assert found == {"w": True, "c": False, "s1": False, "2": True, "p": False, "s2": True}
    assert graph(J).leaves[0].cotangent is None


def test_an_array_written_to_since_is_shown_as_it_was_recorded() -> None:
    rng = np.random.default_rng(0)
    for dtype in (np.float16, np.float32, np.float64):
        X, w = np.ones((100, 10), dtype), leaf(np.zeros(10, dtype), "w")
        J = ((X @ w - 1.0) ** 2).mean()  # at zero weights J itself does not depend on X
        J.backward()
        X[:] = rng.normal(size=X.shape)
        g = graph(J)
        (x,) = [node for node in g if node.shape == (100, 10)]
        np.testing.assert_array_equal(x.value, 1.0)
        np.testing.assert_allclose(g.leaves[0].cotangent, w.grad, rtol=1e-6)
    Y, v = np.arange(300.0), leaf(np.ones(300), "v")
    J = (v + Y).sum()
    Y[:] = -1.0
    assert graph(J).nodes[1].value[299] == 299.0
    Z, u = np.eye(20) * 4, leaf(1.0, "u")
    J = np.trace(np.linalg.cholesky(Z * u))
    J.backward()
    Z[:] = -1.0
    assert graph(J).leaves[0].cotangent == pytest.approx(u.grad)


def test_a_graph_holds_little_of_what_nobody_draws() -> None:
    tracemalloc.start()
    h = leaf(np.zeros(100_000))
    y = h
    for _ in range(50):
        y = y + np.random.default_rng(0).random(100_000)
    J = y.sum()
    J.backward()
    del y
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert held < 5e6, J


def test_an_array_beside_nan_is_still_known() -> None:
    X, w = np.full(300, np.nan), leaf(np.ones(300), "w")
    y = (w + X).sum()
    assert all(node.value is not None for node in graph(y))


def test_pictures_of_saved_arrays_show_what_was_recorded() -> None:
    X = np.arange(300.0)
    w = leaf(np.ones(300), "w")
    J = (w * X).sum()
    J.backward(retain_graph=True)
    X[:] = 7.0
    g = graph(J)
    assert g.nodes[1].value[1] == 1.0
    np.testing.assert_array_equal(g.leaves[0].cotangent, w.grad)


def test_values_and_cotangents_are_read_only() -> None:
    x = leaf(np.ones(3), "x")
    y = (x * x).sum()
    y.backward()
    for array in (graph(y).leaves[0].value, graph(y).leaves[0].cotangent):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 5.0


def test_gradients_of_several_outputs_are_of_their_sum_once_all_were_walked() -> None:
    a = leaf(2.0, "a")
    u = a * a
    one, two = u * 3, u * 5
    one.backward(retain_graph=True)
    assert {n.cotangent for n in graph(one, two)} == {None}
    two.backward(retain_graph=True)
    g = graph(one, two)
    assert g.leaves[0].cotangent == 8 * 2 * 2
    assert a.grad == 32


def test_other_graphs_and_other_seeds_do_not_pass_for_this_gradient() -> None:
    w = leaf(2.0, "w")
    first = w * w
    first.backward()
    (w * w * w).backward()
    assert graph(first).leaves[0].cotangent == 4
    x = leaf([1.0, 2.0], "x")
    y = x * 3
    y.backward([10.0, 100.0])
    assert graph(y).leaves[0].cotangent is None


def test_a_leaf_assigned_after_recording_makes_later_values_unknown() -> None:
    w = leaf(2.0, "w")
    y = w + 1
    y.backward()
    w.data = 7.0  # the value before is kept
    assert graph(y).leaves[0].value == 2.0
    assert graph(y).leaves[0].is_assigned
    w.data = 8.0
    assert graph(y).leaves[0].value is None
    assert graph(y).outputs[0].value == 3.0  # held by the user
    assert graph(y).leaves[0].cotangent == 1
    assert w.data == 8.0


def test_after_a_step_a_graph_has_the_values_it_was_recorded_with() -> None:
    W, x = leaf([[1.0, 2.0], [3.0, 4.0]], "W"), leaf([1.0, -1.0], "x")
    u = W @ x
    J = (u * u).sum()
    J.backward()
    then = [(n.value, n.cotangent) for n in graph(J).nodes]
    for p in (W, x):
        p.data = p.data - 0.1 * p.grad
    g = graph(J)
    for (value, slope), node in zip(then, g.nodes, strict=True):
        np.testing.assert_array_equal(node.value, value)
        np.testing.assert_array_equal(node.cotangent, slope)
    assert [n.is_assigned for n in g.leaves] == [True, True]
    again = (W @ x).sum()  # a graph that was recorded since has the new ones
    np.testing.assert_array_equal(graph(again).leaves[0].value, W.data)
    assert not any(n.is_assigned for n in graph(again).leaves)


def test_a_value_between_two_uses_belongs_to_neither() -> None:
    """A graph that used a leaf before and after an assignment has no single value of it."""
    w = leaf(2.0, "w")
    before = w * 3
    w.data = 5.0
    both = before + w * 3
    assert graph(both).leaves[0].value is None
    assert graph(before).leaves[0].value == 2.0


def test_large_values_are_not_kept_beside_new_ones() -> None:
    w = leaf(np.ones(200_000), "w")
    y = w.sum()
    old = weakref.ref(w.data.base if w.data.base is not None else w.data)
    w.data = np.zeros(200_000)
    gc.collect()
    assert old() is None
    assert graph(y).leaves[0].value is None


def test_nodes_know_scope_source_and_parameters() -> None:
    w = leaf(np.ones((2, 3)), "w")
    with name_scope("net"), name_scope("layer1"):
        y = w.sum(axis=0)
    node = graph(y).outputs[0]
    assert node.scope == ("net", "layer1")
    assert node.params == {"axis": 0, "keepdims": False, "initial": None, "where": None}
    file, line = node.source
    assert file.endswith("test_graph.py")
    assert "w.sum(axis=0)" in Path(file).read_text("utf-8").splitlines()[line - 1]


def test_source_is_the_users_line_through_numpy_and_swapped_operands() -> None:
    w = leaf(2.0)
    for y in (np.exp(w), 3 * w, w.mean(), np.float64(2) * w):
        assert graph(y).outputs[0].source[0].endswith("test_graph.py")


def test_one_array_used_twice_is_one_constant() -> None:
    X, w = np.ones(3), leaf(np.ones(3), "w")
    data = Tensor(X, name="X")
    g = graph((w * data + data).sum())
    assert [n.label for n in g if n.kind == "constant"] == ["X"]
    raw = graph((w + X + X).sum())
    assert sum(n.kind == "constant" for n in raw) == 1


def test_a_value_in_two_slots_has_two_edges() -> None:
    x = leaf(3.0, "x")
    g = graph(x * x)
    assert [(e.slot, e.operand, e.formula, e.number) for e in g.edges] == [
        (0, "a", "x", 3.0),
        (1, "b", "x", 3.0),
    ]


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda x, y: x - (x - y), "x − u"),
        (lambda x, y: x**2, "x^2"),
        (lambda x, y: -x, "−x"),
        (lambda x, y: x * -2.0, "x · (−2)"),
        (lambda x, y: autograd.sigmoid(x), "σ(x)"),
        (lambda x, y: abs(x), "|x|"),
    ],
)
def test_formulas_read_like_the_textbook(build, expected) -> None:
    x, y = leaf(2.0, "x"), leaf(3.0, "y")
    assert graph(build(x, y)).outputs[0].formula == expected


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda x: x**3, "3 · x^2"),
        (lambda x: np.exp(x), "J"),
        (lambda x: np.log(x), "1 / x"),
        (lambda x: np.tanh(x), "1 − J^2"),
        (lambda x: autograd.sigmoid(x), "J · (1 − J)"),
        (lambda x: autograd.relu(x), "[J > 0]"),
        (lambda x: x - 1, "1"),
        (lambda x: 1 - x, "−1"),
        (lambda x: x / 4, "1 / 4"),
        (lambda x: np.sqrt(x), "1 / (2 · J)"),
    ],
)
def test_local_derivatives_are_printed_by_the_rule(build, expected) -> None:
    J = build(leaf(2.0, "x")).named("J")
    edge = next(e for e in graph(J).edges if e.differentiable)
    assert edge.formula == expected


def test_matrix_rules_read_as_in_the_notes() -> None:
    W, X = leaf(np.ones((2, 3)), "W"), leaf(np.ones((3, 4)), "X")
    edges = graph((W @ X).named("Z")).edges
    assert [e.formula for e in edges] == ["∂Z @ Xᵀ", "Wᵀ @ ∂Z"]
    assert [e.is_factor for e in edges] == [False, False]
    assert edges[0].latex == r"\partial Z\,X^{\mathsf{T}}"


def test_values_of_one_name_are_numbered_in_the_order_they_were_recorded() -> None:
    x, h = leaf(2.0, "x"), leaf(1.0, "h_2")
    y = x
    for _ in range(3):
        y = np.tanh(y * h).named("h")
    g = graph(y)
    assert [n.label for n in g] == ["x", "h_2", "u", "h_1", "v", "h_3", "w", "h_4"]
    assert [n.name for n in g][3::2] == ["h", "h", "h"]
    assert [n.formula for n in g][4] == "h_1 · h_2"
    assert g.nodes[-1].latex == r"\tanh w"
    assert [n.label for n in graph(x * h)] == ["x", "h_2", "u"]


def test_every_label_looks_like_no_other() -> None:
    x, y = leaf(4.0, "x"), leaf(5.0, "x")
    h = (x * y).named("h")
    h = (h * x).named("h")
    J = (h + 1).named("J")
    assert [n.label for n in graph(J)] == ["x_1", "x_2", "h_1", "h_2", "1", "J"]
    # x1 and x_1 are both drawn as an x with a lowered 1.
    both = graph(leaf(2.0, "x1") * leaf(3.0, "x_1"))
    assert [n.label for n in both] == ["x1", "x_1′", "u"]
    three = graph(leaf(1.0, "x") * leaf(2.0, "x") * leaf(3.0, "x1"))
    assert [n.label for n in three] == ["x_2", "x_3", "u", "x1", "v"]
    twice = graph(leaf(1.0, "W1") * leaf(2.0, "W1"))
    assert [n.label for n in twice] == ["W1_1", "W1_2", "u"]
    letters = graph(np.sin(leaf(1.0, "u") * leaf(1.0, "u")))
    assert [n.label for n in letters] == ["u_1", "u_2", "v", "w"]


def test_letters_of_more_than_three_results_say_what_they_are() -> None:
    """s is a sum, p a product, a an activation, f another function; numbered only if need be."""
    x, W = leaf([[1.0], [2.0]], "x"), leaf([[1.0, 2.0], [3.0, 4.0]], "W")
    z = np.exp(W @ x + 1.0) / 3.0
    assert [n.label for n in graph(z) if n.op] == ["p", "s", "e", "q"]
    z = np.sum(np.tanh(W @ x + W @ x - 1.0))
    assert [n.label for n in graph(z) if n.op] == ["p1", "p2", "s1", "s2", "a", "s3"]
    y = x
    for _ in range(4):
        y = np.sin(y)
    assert [n.label for n in graph(y) if n.op] == ["f1", "f2", "f3", "f4"]
    # What the user calls S, a letter s would seem to be: another one stands there.
    S = leaf(2.0, "S1")
    assert [n.label for n in graph((S + 1) * 2 + S * S) if n.op] == ["v1", "p1", "p2", "v2"]
    Q, F, E = leaf(2.0, "Q"), leaf(2.0, "F"), leaf(1.0, "E")
    y = np.exp(np.sin(Q / 3) / F) * E
    assert [n.label for n in graph(y) if n.op] == ["d1", "h1", "d2", "h2", "p"]
    taken = [leaf(1.0, name) for name in "sfhuvwd"]
    assert [n.label for n in graph(sum(taken)) if n.op] == [f"add_{k}" for k in range(1, 8)]
    v = leaf(1.0, "v_1")  # of u, v, w two are left
    assert [n.label for n in graph(v * v * v) if n.op] == ["u", "w"]
    assert [n.label for n in graph(v * v * v * v) if n.op] == ["p1", "p2", "p3"]
    p1 = leaf(1.0, "p1")
    assert [n.label for n in graph(p1 * p1 * p1 * p1) if n.op] == ["u", "v", "w"]


def test_thirty_thousand_letters_take_no_longer_each() -> None:
    """Numbers go on where they were; they are not counted again for each result."""
    y = leaf(1.0, "x")
    for _ in range(30_000):
        y = y + 1.0
    began = time.process_time()
    labels = [n.label for n in graph(y) if n.op]
    assert labels[:2] + labels[-1:] == ["s1", "s2", "s30000"]
    assert time.process_time() - began < 20  # a second, where a second search would take minutes


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("W1", "W_{1}"),
        ("W_1", "W_{1}"),
        ("W₀₁", "W_{01}"),
        ("W₁₀,₂", "W_{10,2}"),
        ("W_hh", "W_{hh}"),
        ("layer_12", r"\mathrm{layer}_{12}"),
        ("theta2", r"\theta_{2}"),
        ("θ", r"\theta "),
        ("ж1", r"\mathtt{U{+}0436}_{1}"),
        ("x_train", r"\mathrm{x\_train}"),
        ("a__1", r"\mathrm{a\_\_1}"),
        ("7", "7"),
        ("", r"\ "),
        ("a b", r"\mathrm{a\ b}"),
        ("\x07", r"\ "),
    ],
)
def test_names_are_typeset(name: str, latex: str) -> None:
    assert latex_name(name) == latex


def test_graph_needs_a_tensor_with_a_graph() -> None:
    with pytest.raises(GradientError, match="constant"):
        graph(Tensor(1.0))
    with pytest.raises(GradientError, match="at least one"):
        graph()


def test_relative_error_is_the_courses() -> None:
    assert relative_error([3.0, 4.0], [0.0, 0.0]) == 1.0
    assert relative_error([1.0], [1.0 + 2e-7]) == pytest.approx(1e-7, rel=1e-3)
    assert relative_error([0.0], [0.0]) == 0.0
    assert np.isnan(relative_error([np.nan], [1.0]))
    assert relative_error([1e300, 1e300], [1e300, 2e300]) == pytest.approx(1 / (2**0.5 + 5**0.5))


def test_check_gradients_reports_the_worst_element() -> None:
    report = check_gradients(lambda x, y: x * np.exp(y), np.ones(3), np.zeros(()), names=("x", "y"))
    assert report
    assert [row.name for row in report.rows] == ["x", "y"]
    assert report.worst < 1e-7
    assert "great" in str(report)
    report.raise_if_wrong()


def test_a_small_wrong_gradient_fails_and_a_vanishing_one_is_not_called_wrong() -> None:
    def wrong(x):
        return x * 1e-6 + (x * 1e-9).detach()

    assert not check_gradients(wrong, np.array([1.0, 2.0]))
    # std of two numbers is |x − y| / 2: its second derivative is 0, but for rounding
    assert check_gradients(autograd.std, np.array([1.0, 2.5]), order=2)


def test_check_gradients_refuses_randomness_and_points_at_kinks() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(GradientError, match="dropout"):
        check_gradients(lambda x: x * rng.normal(), np.ones(2))
    report = check_gradients(lambda x: autograd.relu(x), np.array([0.0]))
    assert not report
    assert "relu has a kink" in str(report)
    with pytest.raises(GradientError, match="order needs to be 1 or 2"):
        check_gradients(np.tanh, 1.0, order=3)
    with pytest.raises(GradientError, match="return a Tensor"):
        check_gradients(lambda x: 3.0, 1.0)


def test_check_gradients_notices_nan() -> None:
    with np.errstate(invalid="ignore"):
        assert not check_gradients(np.sqrt, np.array([-1.0]))


def test_compare_backprop_finds_the_wrong_entry() -> None:
    w, b = leaf([1.0, 2.0], "w"), leaf(3.0, "b")
    u = (w * w).named("u")
    cost = (u.sum() + b) * 2
    right = {w: [4.0, 8.0], "b": 2.0, "u": [2.0, 2.0]}
    assert compare_backprop(cost, right)
    report = compare_backprop(cost, {**right, w: [4.0, 8.01]})
    assert not report
    assert "[1]: 8 against 8.01" in str(report)
    with pytest.raises(GradientError, match="DIFFER"):
        report.raise_if_wrong()
    with pytest.raises(ShapeError, match=r"'b' needs shape \(\), got \(2,\)"):
        compare_backprop(cost, {"b": [1.0, 2.0]})
    with pytest.raises(GradientError, match=r"'nope' is the name of 0 tensors.*b, u, w"):
        compare_backprop(cost, {"nope": 1.0})
    cost.backward()


def test_one_wrong_element_does_not_hide_behind_a_large_one(registry) -> None:
    @autograd.op(symbol="gap", samples=["2"])
    def gap(a):
        return a * a

    gap.vjp(a=lambda g, a: g * 2 * a * np.greater(np.abs(a), 0.01))
    x = np.array([100.0, 1e-4])
    report = check_gradients(gap, x)
    assert report.rows[0].error < 1e-6
    assert not report
    assert "WRONG" in str(report)
    assert check_gradients(np.square, x)


@pytest.mark.parametrize(
    ("f", "x"),
    [
        (np.log, [1e-5, 2e-5]),
        (np.log, [1e-10]),
        (lambda x: np.sin(1e3 * x), [0.3, 1.0]),
        (lambda x: np.exp(-1e4 * x * x), [1e-3, 0.02]),
        (lambda x: np.sqrt(x), [1e-12, 1e6]),
    ],
)
def test_check_gradients_finds_the_scale_of_the_function(f, x) -> None:
    report = check_gradients(f, np.array(x))
    assert report, report
    wrong = check_gradients(lambda t: f(t) * 1.001 - f(t).detach() * 0.001, np.array(x))
    assert not wrong, wrong


def test_check_gradients_in_single_precision_sees_a_rule_0_05_percent_wrong() -> None:
    x = np.float32([1.0, 2.0])
    assert check_gradients(np.sin, x)
    wrong = check_gradients(lambda t: np.sin(t) * 1.0005 - np.sin(t).detach() * 0.0005, x)
    assert not wrong


def test_check_gradients_is_exact_where_the_complex_step_is() -> None:
    assert check_gradients(lambda x: np.sin(x) * np.exp(x), np.array([0.3, 1.0])).worst < 1e-15
    # absolute is not analytic: the complex step is wrong there, and not used
    assert check_gradients(lambda x: np.abs(x) * x, np.array([-0.5, 1.0]))


def test_check_gradients_keeps_a_tolerance_of_zero() -> None:
    assert not check_gradients(lambda x: x * x * x / 3, np.array([0.1, 0.7]), tolerance=0.0)


def test_check_gradients_names_the_wrong_rule_and_the_line_that_called_it(registry) -> None:
    @op(symbol="almost", samples=["3"])
    def almost(a):
        return np.sin(a)

    almost.vjp(a=lambda g, a: g * np.cos(a) * 1.0005)

    def f(x):
        return np.exp(almost(x * 2)) * np.cosh(x)

    report = check_gradients(f, np.array([1.0, 2.0]))
    (note,) = report.notes
    line = inspect.getsourcelines(f)[1] + 1
    assert note.startswith("note: almost.vjp(a=...) gives ")
    assert note.endswith(f"test_graph.py:{line}.")


def test_check_gradients_sees_a_small_result_beside_a_large_one() -> None:
    def f(x):
        return np.stack([np.sum(x) * 0 + 1e12, np.sin(x[0]) * 2 - np.sin(x[0]).detach()])

    assert not check_gradients(f, np.array([1.0]))


def test_check_gradients_points_at_jumps() -> None:
    report = check_gradients(np.floor, np.array([1.0]))
    assert not report
    assert "across the jump" in report.notes[0]


@pytest.mark.parametrize("strong", [True, False])
def test_cotangents_are_those_of_the_walk_beside_an_infinite_derivative(strong: bool) -> None:
    w, x = leaf(0.0, "w"), leaf(2.0, "x")
    with np.errstate(divide="ignore"), strong_zero(strong):
        y = np.where(np.array(False), np.log(w), x * x)
        y.backward()
        found = {n.label: n.cotangent for n in graph(y).leaves}
    assert found["x"] == x.grad == 4.0
    np.testing.assert_array_equal(found["w"], w.grad)
    np.testing.assert_array_equal(w.grad, 0.0 if strong else np.nan)


def test_cotangents_of_half_precision_are_those_of_the_walk() -> None:
    x = Tensor(np.full(3, 0.1), dtype=np.float16, requires_grad=True)
    y = np.sum(np.exp(x) * x)
    y.backward()
    np.testing.assert_array_equal(graph(y).leaves[0].cotangent, x.grad)


def test_a_formula_with_others_in_it_computes_the_same_number() -> None:
    """Brackets stand where they are needed: read as Python, the text gives the value."""
    rng = np.random.default_rng(5)
    steps = [
        *(lambda a, b, _: a + b, lambda a, b, _: a - b, lambda a, b, _: a * b),
        *(lambda a, _, c: a / c, lambda a, *_: -a, lambda a, *_: a**2, lambda a, *_: 2 - a),
        *(lambda a, *_: np.exp(-a / 9), lambda a, *_: abs(a), lambda a, *_: np.positive(a)),
        *(lambda a, *_: a.astype(float), lambda a, b, _: a * b.astype(np.float64)),
    ]
    for _ in range(200):
        values = {f"x{k}": float(rng.uniform(0.5, 2)) for k in range(4)}
        made = [leaf(v, name) for name, v in values.items()]
        for _ in range(int(rng.integers(2, 9))):
            a, b = (made[i] for i in rng.integers(0, len(made), 2))
            c = made[rng.integers(0, 4)]
            made.append(steps[rng.integers(0, len(steps))](a, b, c))
        g = graph(made[-1])
        ops = [n.id for n in g if n.op]
        inside = [i for i in ops if rng.random() < 0.7]
        text = g.nodes[-1].composed(inside)
        read = text.replace("·", "*").replace("−", "-").replace("²", "**2").replace("^", "**")
        read = re.sub(r"\|(.*?)\|", r"abs(\1)", read) if read.count("|") == 2 else read
        if "|" in read:
            continue  # bars within bars: which of them open cannot be read
        names = {n.label: float(n.value) for n in g if n.op}
        value = eval(read, {"exp": np.exp, "abs": abs, **values, **names})
        assert value == pytest.approx(float(g.nodes[-1].value), rel=1e-9), text


def test_a_formula_with_nothing_in_it_is_the_formula() -> None:
    g = graph(lecture())
    assert g.nodes[-1].composed([]) == g.nodes[-1].formula
    assert g.nodes[-1].composed(range(len(g))) == "3 · (a + b · c)"
    assert g.nodes[0].composed([0]) == "a"


def test_results_of_a_function_are_called_what_it_calls_them() -> None:
    """As NumPy's tuples do, and numbered; a letter that the user has stays the user's."""
    A = leaf([[3.0, 1.0], [1.0, 2.0]], "A")
    Q, R = np.linalg.qr(A)
    g = graph((Q.sum() + R.sum()).named("J"))
    assert {g.find(Q).label, g.find(R).label} == {"Q", "R"}
    again = np.linalg.qr(R @ Q)
    labels = [n.label for n in graph(again[0].sum() + again[1].sum())]
    assert len(labels) == len({*labels})
    assert {"Q", "R"} <= {*labels}
    assert {x for x in labels if x[0] in "QR"} - {"Q", "R"}  # numbered, of the second call
    w, V = np.linalg.eigh(A)
    g = graph(w.sum() + V.sum())
    assert (g.find(w).label, g.find(V).label) == ("eigenvalues", "eigenvectors")
    q, X = leaf(2.0, "q"), leaf(np.eye(2), "X")
    Q, R = np.linalg.qr(X * q)
    g = graph(Q.sum() + R.sum())
    assert g.find(R).label == "R"
    assert g.find(Q).label not in ("Q", "q")


def test_brackets_of_casts_inverses_and_names() -> None:
    A, B = leaf([[2.0, 1.0], [1.0, 3.0]], "A"), leaf([[1.0, 0.0], [2.0, 1.0]], "B")

    def whole(y: Tensor) -> str:
        return graph(y).nodes[-1].composed(range(len(graph(y))))

    assert whole((A + B).astype(float) * B) == "(A + B) · B"
    assert whole(B - np.positive(A @ B + A)) == "B − (A @ B + A)"
    assert whole(np.linalg.inv(A) ** 2) == "(A⁻¹)^2"
    assert whole(A.T**2) == "(Aᵀ)^2"
    assert raised(whole(A**1e-7)) == "A^1e−7"
    assert whole(leaf(2.0, "1 − Y") * leaf(3.0, "b")) == "(1 − Y) · b"
