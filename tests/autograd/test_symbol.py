"""Formulas that rules print of themselves: short, and equal to what the rules compute."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Tensor, graph
from autograd.symbol import Symbol, apply, printed, render
from tests.autograd.helpers import leaf
from tests.autograd.samples import parse

SQUARE, WIDE, TALL = np.array([[2.0, 1.0], [0.5, 3.0]]), np.ones((2, 3)), np.ones((3, 2))
STACK, FOUR = np.ones((3, 2, 4)), np.ones(4)
THREE, TWO = np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0])


def backward_formulas(y: Tensor) -> list[str]:
    return [edge.formula for edge in graph(y).edges if edge.differentiable]


@pytest.mark.parametrize("name", sorted(autograd.OPS))
def test_every_rule_is_printed_in_symbols_or_words(name: str) -> None:
    """Not as the name of a function of ours."""
    op = autograd.OPS[name]
    for sample in op.samples:
        operands, params = parse(op, sample)
        tensors = [leaf(v, "abcd"[k]) for k, v in enumerate(operands)]
        y = op.record(tensors, **params) if op.variadic else op.record(*tensors, **params)
        for formula in backward_formulas(y) if y.requires_grad else []:
            assert formula
            assert "vjp" not in formula, sample


@pytest.mark.parametrize(
    ("f", "shown", "back"),
    [
        (np.dot, (THREE, THREE), ["b", "a"]),
        (np.dot, (WIDE, THREE), ["∂u ⊗ b", "aᵀ @ ∂u"]),
        (np.dot, (THREE, TALL), ["b @ ∂u", "a ⊗ ∂u"]),
        (np.dot, (WIDE, TALL), ["∂u @ bᵀ", "aᵀ @ ∂u"]),
        (np.matmul, (THREE, TALL), ["b @ ∂u", "a ⊗ ∂u"]),
        (np.inner, (THREE, THREE), ["b", "a"]),
        (lambda a: np.einsum("ij->", a), (WIDE,), ['einsum(",i,j->ij", ∂u, 1, 1)']),
        (lambda a: np.einsum("ii->i", a), (SQUARE,), ['einsum("i,iZ->iZ", ∂u, I)']),
        (lambda a, b: np.einsum("ij,kj->ik", a, b), (WIDE, WIDE), ["∂u @ b", "∂uᵀ @ a"]),
        (np.prod, (THREE,), ["∏ of the other a"]),
        (np.linalg.det, (SQUARE,), ["cof(a)"]),
        (np.trace, (SQUARE,), ["∂u · I"]),
        (lambda a: np.trace(a, 1), (SQUARE,), ["∂u · eye(k=1)"]),
        (lambda a: np.tile(a, (2, 1)), (SQUARE,), ["Σ of the copies in ∂u"]),
        (
            np.matmul,
            (TWO, np.ones((3, 2, 4))),
            ["∂u[…, None, :] @ bᵀ", "a[:, None] @ ∂u[…, None, :]"],
        ),
        (
            np.matmul,
            (np.ones((3, 2, 4)), np.ones(4)),
            ["∂u[…, None] @ b[None, :]", "(aᵀ @ ∂u[…, None])[…, 0]"],
        ),
        (np.sinc, (THREE,), ["(cos(π a) − sinc(a)) / a"]),
        (lambda a: np.stack([a, a]), (TWO,), ["∂u[0]", "∂u[1]"]),
        (lambda a: np.stack([a, a], axis=-1), (TWO,), ["∂u[…, 0]", "∂u[…, 1]"]),
        (lambda a: np.clip(a, 0.0, 1.0), (TWO,), ["[a > 0] · [a < 1]"]),
        (lambda a: np.linalg.norm(a, 3), (TWO,), ["sign(a) · (|a| / u)^2"]),
        (lambda a: np.linalg.norm(a, 0), (TWO,), ["0"]),
        (np.linalg.cholesky, (np.eye(2),), ["sym(u⁻ᵀ Φ(uᵀ · ∂u) u⁻¹)"]),
        (
            lambda a: np.linalg.qr(a)[0],
            (WIDE.T,),
            ["(∂Q + Q copy(R · ∂Rᵀ − ∂Qᵀ · Q)) R⁻ᵀ", "scatter(∂Q, […, :3, :])"],
        ),
    ],
)
def test_derivatives_are_printed_as_one_would_write_them(f, shown, back) -> None:
    y = f(*[leaf(x, name) for x, name in zip(shown, "ab", strict=False)])
    found = backward_formulas(y)
    assert found == back


def test_an_einsum_shows_its_subscripts_forward_too() -> None:
    y = np.einsum("ij,j->i", leaf(WIDE, "W"), leaf(THREE, "x"))
    (node,) = graph(y).outputs
    assert node.formula == 'einsum("ij,j->i", W, x)'
    assert node.latex == r"\operatorname{einsum}(\text{ij,j->i}, W, x)"


def _value(expression: Any, known: dict[str, Any]) -> Any:
    """Compute a printed product."""
    if expression.op is None:
        return known[expression.text]
    of = {
        "multiply": np.multiply,
        "matmul": np.matmul,
        "outer": np.outer,
        "matrix_transpose": np.transpose,
        "einsum": lambda *x: np.einsum(expression.params["subscripts"], *x),
    }[expression.op]
    return of(*[_value(x, known) for x in expression.args])


SUBSCRIPTS = [
    f"{s},{t}->{out}"
    for s, t in itertools.product(["", "a", "b", "ab", "ba", "aa", "bc", "cb", "ac"], repeat=2)
    for n in range(4)
    for out in map("".join, itertools.permutations(sorted({*s, *t}), n))
]


def test_an_einsum_of_two_operands_prints_a_product_of_the_same_value() -> None:
    rng, sizes = np.random.default_rng(0), {"a": 2, "b": 3, "c": 4}
    for subscripts in SUBSCRIPTS:
        s, t = subscripts.partition("->")[0].split(",")
        out = subscripts.partition("->")[2]
        known = {
            name: rng.normal(size=[sizes[c] for c in term]) for name, term in (("x", s), ("y", t))
        }
        product = apply("einsum", (Symbol("x"), Symbol("y")), {"subscripts": subscripts})
        if len(s) == len(t) == len(out) == 2 and {*out} == {*s} ^ {*t}:
            assert product.op == "matmul"
        expected = np.einsum(subscripts, known["x"], known["y"])
        np.testing.assert_allclose(_value(product, known), expected, err_msg=subscripts)


def test_a_helper_of_a_rule_prints_the_formula_it_is_given(registry) -> None:
    @printed("half of {0}", r"\frac{{0}}{2}")
    def halved(a):
        return a / 2

    @autograd.op(symbol="quarter", samples=["2"])
    def quarter(a):
        return a * a / 4

    quarter.vjp(a=lambda g, a: g * halved(a))
    x = leaf([2.0, 6.0], "x")
    y = quarter(x)
    (edge,) = graph(y).edges
    assert (edge.formula, edge.latex, edge.is_factor) == ("half of x", r"\frac{x}{2}", True)
    y.backward([1.0, 1.0])
    np.testing.assert_array_equal(x.grad, [1.0, 3.0])
    assert halved.__name__ == "halved"


def test_conditions_read_as_brackets() -> None:
    a, b = Symbol("a"), Symbol("b")
    both: Any = np.logical_and(np.greater(a, 0), np.logical_not(np.isnan(b)))
    assert render(both, "text") == "[a > 0] · (1 − [b is NaN])"
    assert (
        render(np.logical_or(np.isfinite(a), np.equal(b, 1)), "text")
        == "([a is finite] or [b = 1])"
    )


def test_a_scalar_rule_that_cannot_be_printed_still_has_its_number(registry) -> None:
    @autograd.op(symbol="odd", samples=["_"])
    def odd(a):
        return a * 2.0

    odd.vjp(a=lambda g, a: g * (2.0 if float(np.asarray(a)) else 3.0))
    (edge,) = graph(odd(leaf(1.0, "x"))).edges
    assert (edge.formula, edge.number) == ("odd.vjp(1)", 2.0)
    assert edge.latex == r"\operatorname{odd}.\operatorname{vjp}(1)"


@pytest.mark.parametrize(
    ("f", "formula", "latex"),
    [
        (lambda a: np.sum(a, axis=0), "Σ(a, axis=0)", r"\sum a\;(\text{axis}=0)"),
        (lambda a: np.sum(a, axis=1, keepdims=True), "Σ(a, axis=1)", None),
        (lambda a: np.sum(a), "Σ a", r"\sum a"),
        (lambda a: np.mean(a, axis=(0, 1)), "mean(a, axis=(0, 1))", None),
        (lambda a: np.var(a, ddof=1), "var(a, ddof=1)", None),
        (lambda a: np.linalg.norm(np.ravel(a), 1), "norm(u, axis=0, ord=1)", None),
        (lambda a: np.transpose(a, (0, 1)), "transpose(a, axes=(0, 1))", None),
        (lambda a: np.roll(a, 1, axis=1), "roll(a, 1, axis=1)", None),
        (lambda a: np.moveaxis(a, 0, 1), "moveaxis(a, 0, 1)", None),
        (lambda a: a[np.array([0, 1])], "a[[0, 1]]", "a[[0, 1]]"),
        (lambda a: a[np.array([[True, False], [True, True]])], "a[mask (2, 2)]", None),
        (lambda a: a[..., 0], "a[…, 0]", r"a[\ldots, 0]"),
        (lambda a: np.take(a, np.arange(9), mode="wrap"), "take(a, …, mode=wrap)", None),
        (lambda a: autograd.softmax(a, axis=1), "softmax(a, axis=1)", None),
        (lambda a: autograd.log_softmax(a), "log_softmax(a)", r"\operatorname{log\_softmax}(a)"),
        (lambda a: a % 2, "a mod 2", r"a \bmod 2"),
        (lambda a: np.dot(a, a), "a @ a", r"a\,a"),
        (lambda a: np.dot(2.0, a), "2 · a", r"2 \cdot a"),
        (lambda a: np.dot(a, np.ones((3, 2, 4))), "tensordot(a, c, axes=(1, 1))", None),
        (lambda a: np.max(a, initial=-np.inf), "max(a)", None),
        (lambda a: np.max(a, initial=np.inf), "max(a, initial=∞)", None),
        (lambda a: np.min(a, initial=np.inf), "min(a)", None),
    ],
)
def test_formulas_have_the_parameters_that_matter(f, formula, latex) -> None:
    (node,) = graph(f(leaf(SQUARE, "a"))).outputs
    assert node.formula == formula
    assert latex is None or node.latex == latex


def test_what_comes_back_along_each_edge_adds_up_to_the_gradient() -> None:
    rng = np.random.default_rng(1)
    x, W = leaf(rng.normal(size=3), "x"), leaf(rng.normal(size=(2, 3)), "W")
    J = (np.tanh(W @ x).sum() + np.exp(x).sum() * x[0] + (W * x).sum()).named("J")
    assert all(e.cotangent is None for e in graph(J).edges)
    J.backward()
    for leaf_ in (x, W):
        g = graph(J)
        node = g.find(leaf_)
        assert node is not None
        terms = [e.cotangent for e in g.edges if e.parent == node.id]
        assert len(terms) >= 2
        np.testing.assert_allclose(sum(terms), leaf_.grad, rtol=1e-13)
        assert not terms[0].flags.writeable


def test_a_name_that_is_no_word_keeps_its_brackets_in_its_own_rule() -> None:
    y = (1 / leaf([1.0], "v")).named("a+b")
    assert backward_formulas(y.sum())[0] == "−(a+b) / v"
    assert backward_formulas(np.tanh(leaf(0.5, "x")).named("y hat")) == ["1 − (y hat)^2"]
    assert graph(autograd.sigmoid(leaf(0.5, "c~"))).outputs[0].formula == "σ(c~)"


def test_latex_has_one_superscript_at_a_place() -> None:
    M = leaf(SQUARE, "M")
    (edge, *_) = graph(np.linalg.slogdet(M)[1]).edges
    assert edge.latex == r"{M^{-1}}^{\mathsf{T}}"
