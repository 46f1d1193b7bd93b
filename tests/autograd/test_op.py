"""The declaration of an op: what is an operand, what is a parameter, what is refused."""

from __future__ import annotations

import traceback
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import (
    COMPOSITES,
    OPS,
    GradientError,
    RuleError,
    ShapeError,
    composite,
    grad,
    graph,
    op,
)
from tests.autograd.helpers import leaf


def declared(f: Any, **options: Any) -> Any:
    op(symbol=options.pop("symbol", "f"), samples=(), **options)(f)
    return OPS[f.__name__]


def test_parameters_without_default_are_operands(registry: Any) -> None:
    def plain(a, b, *, axis=None, scale=2.0):
        """Scale a sum."""
        return (a + b) * scale

    found = declared(plain)
    assert (found.operands, found.params, found.variadic) == (("a", "b"), ("axis", "scale"), False)
    assert found.defaults == {"axis": None, "scale": 2.0}
    assert found.doc == "Scale a sum."
    assert found.record.__doc__ == "Scale a sum."
    assert repr(found) == "<op plain(a, b)>"


def test_what_stands_before_a_slash_is_an_operand_with_a_default_too(registry: Any) -> None:
    def slashed(a, b=1.0, /, n=3, *, m):
        return a * b * n * m

    found = declared(slashed)
    assert (found.operands, found.params) == (("a", "b"), ("n", "m"))
    assert found.defaults == {"n": 3}
    assert found.doc == ""
    assert found.record(2.0, 5.0, m=7.0) == 2.0 * 5.0 * 3 * 7.0
    assert found.record(2.0, 5.0, 4, m=7.0) == 2.0 * 5.0 * 4 * 7.0
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'm'"):
        found.record(2.0, 5.0, 4)


def test_starred_operands_stand_alone(registry: Any) -> None:
    def starred(*parts, axis):
        return np.concatenate(parts, axis)

    found = declared(starred)
    assert (found.operands, found.params, found.variadic) == (("parts",), ("axis",), True)
    assert found.defaults == {}
    found.vjp(parts=lambda g, parts, parts_shape, i: g)
    assert found.needed([True, False]) == {"parts", "parts_shape", "i", "g"}
    assert found.needed([False, False]) == set()


@pytest.mark.parametrize("name", ["<lambda>", "class", "a b"])
def test_a_function_needs_a_plain_name(registry: Any, name: str) -> None:
    def f(a):
        return a

    f.__name__ = name
    with pytest.raises(RuleError, match="the forward function needs a plain name"):
        declared(f)


def test_rules_that_read_values_may_meet_zero_times_infinity(registry: Any) -> None:
    def f(a, b):
        return a + b

    found = declared(f)
    assert found.multiplies is False
    found.vjp(a=lambda g: g, b=lambda g, b_shape: g)
    assert found.multiplies is False
    found.vjp(a=lambda g, out: g * out)
    assert found.multiplies is True


def test_a_text_template_serves_for_latex_and_not_the_other_way(registry: Any) -> None:
    def f(a):
        return a * 1.0

    def h(a):
        return a * 2.0

    text, latex = declared(f, text="F[{a}]"), declared(h, latex="H[{a}]", symbol="h")
    text.vjp(a=lambda g: g)
    latex.vjp(a=lambda g: 2 * g)
    x = leaf(2.0, "x")
    (node,) = (n for n in graph(text.record(x)) if n.op)
    assert (node.formula, node.latex) == ("F[x]", "F[x]")
    (node,) = (n for n in graph(latex.record(x)) if n.op)
    assert (node.formula, node.latex) == ("h(x)", "H[x]")


def test_two_operands_are_written_infix_where_the_op_binds(registry: Any) -> None:
    def f(a, b):
        return a + b

    def h(a, b):
        return a + b

    def k(a):
        return a * 1.0

    x, y = leaf(2.0, "x"), leaf(3.0, "y")
    for function, options, expected in (
        (f, {"symbol": "⊕", "binds": 10}, "x ⊕ y"),
        (h, {"symbol": "h"}, "h(x, y)"),
        (k, {"symbol": "k", "binds": 10}, "k(x)"),
    ):
        found = declared(function, **options)
        found.vjp(**{n: lambda g: g for n in found.operands})
        made = found.record(*[x, y][: len(found.operands)])
        assert graph(made).nodes[-1].formula == expected


def test_a_traceback_shows_the_generated_code(registry: Any) -> None:
    def f(a):
        return a * 1.0

    found = declared(f)
    found.vjp(a=lambda g, a: g.nothing)
    y = found.record(leaf(2.0))
    with pytest.raises(GradientError, match="'nothing'") as error:
        y.backward()
    lines = traceback.format_exception(error.value)
    (shown,) = (line for line in lines if 'File "<op f>"' in line)
    assert "_rule_a(" in shown


def test_a_composite_knows_its_function(registry: Any) -> None:
    @composite(samples=["3"], kinks=True, domain={"a": (0.5, 1.0)})
    def energy(a, axis=None):
        """Half the sum of squares."""
        return (a * a).sum(axis) / 2

    found = COMPOSITES["energy"]
    assert (found.params, found.defaults, found.kinks) == (("a", "axis"), {"axis": None}, True)
    assert (found.doc, found.domain) == ("Half the sum of squares.", {"a": (0.5, 1.0)})
    assert repr(found) == "<composite energy(a, axis)>"
    assert energy.composite is found
    assert found.call is energy
    np.testing.assert_array_equal(grad(energy)(np.array([1.0, 2.0])), [1.0, 2.0])
    with pytest.raises(ShapeError, match=r"sum: got shape \(3,\), axis=4"):
        energy(leaf(np.ones(3)), axis=4)


def test_the_name_of_a_composite_is_taken_once(registry: Any) -> None:
    def kron(a):
        return a

    with pytest.raises(RuleError, match=r"@composite kron: the name is taken by autograd\.ops"):
        composite(samples=["3"])(kron)

    def mine(a):
        return a + 1

    composite(samples=["3"])(mine)
    composite(samples=["3"])(mine)  # again, as when a cell of a notebook runs twice
    assert COMPOSITES["mine"].function is mine


def test_arrays_of_the_same_numbers_are_one_constant() -> None:
    """By their numbers: by their places in memory, a program could draw two pictures."""
    x, a, b = leaf(np.ones(3), "x"), np.full(3, 2.0), np.full(3, 2.0)
    for other in (a, b):
        assert sum(n.kind == "constant" for n in graph(x * a + x * other)) == 1
    for other in (np.full(3, 2.5), np.full(3, 2), np.full(1, 2.0)):
        assert sum(n.kind == "constant" for n in graph(x * a + x * other)) == 2


@pytest.mark.parametrize(("size", "known"), [(256, True), (8192, True), (8193, False)])
def test_arrays_of_up_to_64_kilobytes_are_copied_for_pictures(size: int, known: bool) -> None:
    given = np.full(size, 2.0)
    y = leaf(np.ones(size)) + given
    given[:] = 7.0
    (constant,) = (n for n in graph(y) if n.kind == "constant")
    assert (constant.value is not None) is known
    if known:
        np.testing.assert_array_equal(constant.value, np.full(size, 2.0))


def test_defaults_are_numpys_and_nothing_is_associative_by_itself(registry: Any) -> None:
    assert np.linspace(leaf(0.0), 1.0).shape == (50,)
    assert np.geomspace(leaf(1.0), 2.0).shape == (50,)
    assert autograd.abs is autograd.absolute

    def f(a, b):
        return a + b

    found = declared(f, symbol="⊕", binds=10)
    found.vjp(a=lambda g: g, b=lambda g: g)
    x, y, z = (leaf(1.0, n) for n in "xyz")
    inner = found.record(y, z)
    assert (found.associative, found.kinks, found.accumulates) == (False, False, False)
    assert graph(found.record(x, inner)).nodes[-1].formula == "x ⊕ u"


@pytest.mark.parametrize(
    "declare", [lambda f: op(f), lambda f: op()(f), lambda f: op(symbol="f")(f)]
)
def test_a_declaration_without_what_it_needs_says_how_one_writes_it(declare: Any) -> None:
    with pytest.raises(TypeError, match=r'@op\(symbol="cube", samples='):
        declare(lambda a: a)
