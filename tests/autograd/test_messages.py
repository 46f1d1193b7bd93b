"""Messages: what each refusal says, beside those that stand with the behaviour they belong to."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np
import pytest

import autograd
from autograd import (
    DTypeError,
    GradientError,
    RuleError,
    ShapeError,
    Tensor,
    check_gradients,
    checkpoint,
    compare_backprop,
    grad,
    gradients,
    graph,
    hessian,
    op,
    relative_error,
)
from tests.autograd.helpers import leaf

V, M = np.ones(3), np.ones((3, 4))


def x() -> Tensor:
    return leaf(V)


def m() -> Tensor:
    return leaf(M)


MESSAGES: list[tuple[Any, type[Exception], str]] = [
    # -- gradients and checks
    (
        lambda: gradients([x().sum()], [x()], [1.0, 2.0]),
        ShapeError,
        "gradients: needs one cotangent for each of 1 outputs, got 2",
    ),
    (
        lambda: gradients(3.0, x()),
        GradientError,
        "gradients: needs a Tensor, got float; it was computed without any",
    ),
    (
        lambda: relative_error([1.0], [1.0, 2.0]),
        ShapeError,
        "relative_error: needs two arrays of one shape, got (1,) and (2,)",
    ),
    (
        lambda: check_gradients(np.sin),
        GradientError,
        "check_gradients: needs at least one input to differentiate by",
    ),
    (
        lambda: check_gradients(np.sin, V, names=("a", "b")),
        GradientError,
        "check_gradients: needs one name for each of 1 inputs, got 2",
    ),
    (
        lambda: compare_backprop(x().sum(), {}),
        GradientError,
        "compare_backprop: needs at least one hand-derived gradient, got none",
    ),
    (
        lambda: hessian(np.sum, argnums=(0, 1))(V, V),
        GradientError,
        "hessian: argnums needs to be one int, got (0, 1)",
    ),
    (lambda: Tensor(2.0).retain_grad(), GradientError, "retain_grad: a constant has no gradient"),
    (lambda: x().register_hook(3), DTypeError, "needs a function"),
    (lambda: gradients(x().sum(), 3.0), GradientError, "gradients: an input requires no gradient"),
    # -- what has no derivative, or no mask
    (
        lambda: Tensor(np.ma.masked_array([1.0], [True])),
        DTypeError,
        "the mask of a masked array would be lost; pass x.filled(value), or use where",
    ),
    (
        lambda: autograd.sin(np.ma.masked_array([1.0], [True])),
        DTypeError,
        "sin: the mask of a masked array would be lost; pass x.filled(value)",
    ),
    (
        lambda: np.ldexp(x(), x()),
        DTypeError,
        "the exponent needs integers; use x1 * 2**x2 to differentiate it",
    ),
    (
        lambda: np.percentile(V, x()),
        DTypeError,
        "per cents are not differentiated; pass q.detach()",
    ),
    # -- linear algebra
    (lambda: np.linalg.svd(m()), ShapeError, "full_matrices=False"),
    (
        lambda: np.linalg.qr(m(), "complete"),
        ShapeError,
        "mode='complete' has no derivative; take 'reduced' or 'r'",
    ),
    (lambda: np.linalg.lstsq(x(), V), ShapeError, "needs a matrix"),
    (
        lambda: np.linalg.multi_dot([m(), V, m()]),
        ShapeError,
        "needs matrices, and vectors only at the ends",
    ),
    # -- joining and selecting
    (
        lambda: np.meshgrid(x(), V, indexing="ji"),
        ShapeError,
        "indexing needs to be 'xy' or 'ij', got 'ji'",
    ),
    (lambda: np.vander(m()), ShapeError, "vander: got shape (3, 4): needs a vector"),
    (lambda: np.compress(M > 0, m()), ShapeError, "the condition needs one axis"),
    (lambda: np.select([V], [x()]), DTypeError, "conditions need to be boolean arrays"),
    (lambda: np.quantile(x()[:0], 0.5), ShapeError, "an empty slice has no quantile"),
    (
        lambda: np.quantile(x(), 0.5, method="weibull"),
        ShapeError,
        "method needs to be one of linear, lower, higher, nearest, midpoint, got 'weibull'",
    ),
    # -- series
    (
        lambda: np.average(m(), axis=1, weights=V),
        ShapeError,
        "weights need the shape of a or of its axes 1, got (3,)",
    ),
    (lambda: np.gradient(x(), edge_order=3), ShapeError, "edge_order needs to be 1 or 2, got 3"),
    (lambda: np.gradient(x(), V[:2]), ShapeError, "coordinates need length 3, got (2,)"),
    # -- windows
    (
        lambda: autograd.max_pool(leaf(np.ones((1, 1, 4, 4))), (2,)),
        ShapeError,
        "needs one window length for each of 2 axes, got (2,)",
    ),
    (
        lambda: autograd.max_pool(leaf(np.ones((1, 1, 4, 4))), (5, 5)),
        ShapeError,
        "a window of (5, 5) does not fit into (4, 4)",
    ),
    (
        lambda: autograd.conv(leaf(np.ones((1, 1, 4, 4))), np.ones((1, 1, 2, 2)), padding=-1),
        ShapeError,
        "padding cannot be negative, got -1",
    ),
]


@pytest.mark.parametrize(("call", "kind", "said"), MESSAGES, ids=lambda v: v if v is str else None)
def test_a_refusal_says_what_and_why(call: Any, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=re.escape(said)):
        call()


def test_a_variadic_op_needs_a_rule(registry: Any) -> None:
    @op(symbol="all", samples=())
    def all_of(*parts):
        return parts[0]

    with pytest.raises(RuleError, match=r"all_of\.vjp: a variadic op needs a rule for parts"):
        all_of.vjp(parts=None)


def test_what_an_op_gives_needs_to_be_real(registry: Any) -> None:
    @op(symbol="odd", samples=())
    def odd(a, k=1):
        return a * 1j

    odd.vjp(a=lambda g: g)
    with pytest.raises(DTypeError, match="gave complex128, and tensors are real numbers"):
        odd(x())


def test_a_checkpoint_without_anything_recorded_is_the_function(registry: Any) -> None:
    outside = x() * 2.0
    assert checkpoint(lambda t: outside)(x()) is outside
    assert checkpoint(lambda t: V)(x()) is V


def test_graphs_nodes_and_edges_say_what_they_are() -> None:
    y = leaf(2.0, "x") * 3.0
    g = graph(y)
    assert repr(g) == "<Graph of 3 nodes and 2 edges>"
    assert repr(g.nodes[0]) == "<GraphNode 0: leaf x, shape ()>"
    assert repr(g.nodes[-1]) == "<GraphNode 2: op u = x · 3, shape ()>"
    assert repr(g.edges[0]) == "<Edge from 0 to 2 as a>"
    assert [n.symbol for n in g] == ["", "", "·"]


def test_a_tensor_formats_as_its_repr_without_a_specification() -> None:
    assert f"{Tensor([1.0, 2.0])}" == "Tensor([1., 2.])"


class Pair(NamedTuple):
    a: Any
    b: Any


def test_named_tuples_are_structures() -> None:
    found = grad(lambda p: p.a * p.b)(Pair(2.0, 5.0))
    assert found == Pair(5.0, 2.0)
    assert type(found) is Pair


@pytest.mark.parametrize(
    ("build", "formula"),
    [
        (lambda t: np.float64(2.0) * t / np.nan, "u / NaN"),
        (lambda t: t[np.array([True, False, True])], "x[[True, False, True]]"),
    ],
)
def test_odd_numbers_and_indices_are_printed(build: Any, formula: str) -> None:
    assert graph(build(leaf(V, "x"))).nodes[-1].formula.startswith(formula)
