"""An op is one declaration: what is asked of it anywhere follows from it."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

import viz
from autograd import Tensor, check_gradients, gradients, op
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
    with pytest.raises(viz.NotDrawable, match="cannot open centre, which mixes elements"):
        viz.draw(y.sum(), scalars=True)
