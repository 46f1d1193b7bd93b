"""An op is one declaration: what is asked of it anywhere follows from it."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

import viz
from autograd import Tensor, check_gradients, gradients, op, sigmoid
from viz.__main__ import main

ROOT = Path(__file__).parents[1]


def test_a_new_op_in_five_lines_is_everywhere(registry, tmp_path, capsys) -> None:
    @op(symbol="softsign", latex=r"\frac{{a}}{1 + |{a}|}", samples=["2,3", "_"])
    def softsign(a):
        """Return a / (1 + |a|)."""
        return a / (1 + np.abs(a))

    softsign.vjp(a=lambda g, a: g / (1 + np.absolute(a)) ** 2)

    x = Tensor([1.0, -3.0], requires_grad=True, name="x")
    J = softsign(x).sum().named("J")
    assert J.item() == 1 / 2 - 3 / 4
    np.testing.assert_array_equal(gradients(J, x, retain_graph=True), [1 / 4, 1 / 16])
    assert check_gradients(softsign, np.array([0.5, -2.0]), order=2)
    slope = gradients(J, x, create_graph=True)
    np.testing.assert_allclose(gradients(slope.sum(), x), [-1 / 4, 1 / 32])

    picture = viz.draw(J)
    assert "softsign(x)" in picture.text
    J.backward()
    opened = viz.draw(softsign(x).sum(), scalars=True)
    assert {"x_0", "x_1"} <= {n.name for n in opened.view.nodes}
    assert opened.text.count("softsign") >= 2

    assert main(["explain", "J = softsign(x)", "x=1"]) == 0
    assert "∂J/∂x = 1 / (1 + |x|)² = 0.25" in capsys.readouterr().out

    page = next(p for p in runpy.run_path(str(ROOT / "docs" / "make.py"))["pages"](tmp_path))
    assert "| `softsign(a)` | Return a / (1 + \\|a\\|). | 2 |  |" in page.read_text("utf-8")


def test_an_op_that_mixes_elements_is_not_opened(registry) -> None:
    @op(symbol="centre", samples=["3"])
    def centre(a):
        """Return a less its mean."""
        return a - np.mean(a)

    centre.vjp(a=lambda g: g - np.mean(g))
    y = centre(Tensor([1.0, 2.0, 6.0], requires_grad=True, name="x"))
    with pytest.raises(viz.NotDrawable, match="centre, whose elements may depend on each other"):
        viz.draw(y.sum(), scalars=True)


def test_an_op_with_parameters_is_opened_where_it_says_that_it_may_be(registry) -> None:
    @op(symbol="leak", samples=["2,3"], elementwise=True)
    def leak(a, slope=0.1):
        """Return a where it is positive, else slope times a."""
        return np.where(np.greater(a, 0), a, slope * a)

    leak.vjp(a=lambda g, a, slope: g * np.where(np.greater(a, 0), 1.0, slope))
    x = Tensor([1.0, -2.0], requires_grad=True, name="x")
    J = leak(x, slope=0.25).sum().named("J")
    J.backward()
    values = [n.value for n in viz.draw(J, scalars=True).view.nodes if "leak" in n.formula]
    assert values == [("1",), ("−0.5",)]


def test_an_op_that_says_what_it_does_not_do_is_not_opened(registry) -> None:
    @op(symbol="m", samples=["3"], elementwise=True)
    def centre(a):
        """Return a less its mean."""
        return a - np.mean(a)

    centre.vjp(a=lambda g: g - np.mean(g))
    y = centre(Tensor([1.0, 2.0, 6.0], requires_grad=True, name="x"))
    with pytest.raises(viz.NotDrawable, match="computes other numbers for u than centre gave"):
        viz.draw(y.sum(), scalars=True)


def test_a_limit_that_no_sample_reaches_makes_no_op_elementwise(registry) -> None:
    @op(symbol="clip_norm", samples=["2,3"], kinks=True)
    def clip_norm(a, limit=1000.0):
        """Return a, shortened to a norm."""
        return a * np.minimum(1.0, limit / np.sqrt(np.sum(a * a)))

    clip_norm.vjp(a=lambda g: g)
    x = Tensor([3.0, 4.0], requires_grad=True, name="x")
    with pytest.raises(viz.NotDrawable, match="whose elements may depend on each other"):
        viz.draw(clip_norm(x, limit=1.0).sum(), scalars=True)


def test_an_op_that_moves_elements_is_known_as_such(registry) -> None:
    @op(symbol="mirror", samples=["2,3"], moves=True)
    def mirror(a):
        """Return a, upside down."""
        return a[::-1]

    mirror.vjp(a=lambda g: g[::-1])
    x = Tensor([1.0, -3.0], requires_grad=True, name="x")
    y = mirror(sigmoid(x))
    assert y.comes_from == "sigmoid"
    opened = viz.draw(y[0] * 2, scalars=True).view.nodes
    assert [n.name for n in opened if n.kind == "parameter"] == ["x_1"]  # the last is the first
