"""The course's notation: layers raised, dZ for ∂J/∂Z, hats and Greek letters."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

import viz
from autograd import Tensor
from autograd.labels import latex_name
from tests.viz.graphs import leaf, lecture
from tests.viz.models import network
from viz.text import pieces, width

SVG = "{http://www.w3.org/2000/svg}"


def test_a_network_reads_as_in_the_notes() -> None:
    view = viz.draw(network(3, 4, 1), notation="course", fit=None).view
    headers = {n.header for n in view.nodes}
    assert {"W^[1]", "b^[2]", "X", "Z^[1] = p1 + b^[1]", "A^[1] = relu(Z^[1])"} <= headers
    gradients = {n.slope.symbol for n in view.nodes if n.slope is not None}
    assert {"dW^[1]", "db^[2]", "dZ^[2]", "dA^[1]", "dJ", "dp1"} <= gradients
    labels = {e.label for e in view.edges}
    assert {"dW^[1] = dp1 @ Xᵀ", "dA^[1] = W^[2]ᵀ @ dp2", "db^[1] = Σ dZ^[1]"} <= labels
    assert not any("∂J" in label for label in labels)
    assert any("dZ is short for ∂J/∂Z; where J is an average" in note for note in view.caption)


def test_local_derivatives_stay_fractions() -> None:
    view = viz.draw(lecture(), notation="course").view
    assert {e.label for e in view.edges} >= {"∂u/∂b = c = 2", "∂v/∂a = 1"}
    assert {n.gradient for n in view.nodes} >= {"db = 6", "dc = 9", "dJ = 1"}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("W1", "W^[1]"),
        ("W_1", "W^[1]"),
        ("a1_3", "a_3^[1]"),
        ("y_hat", "ŷ"),
        ("yhat", "ŷ"),
        ("xbar", "x̄"),
        ("mu_hat", "μ̂"),
        ("theta1", "θ1"),  # its number is lowered where it is drawn
        ("theta_2", "θ2"),
        ("what", "what"),  # more often a word
        ("That", "That"),
        ("ybarn", "ybarn"),
        ("gamma2", "γ^[2]"),
        ("sigma2", "σ²"),  # a variance
        ("A1_2", "A′^[1]"),  # the second value of that name, no unit
        ("alpha", "α"),
        ("x1", "x1"),  # a feature, not a layer
        ("batch1", "batch1"),
        ("data", "data"),
    ],
)
def test_names_become_the_courses(name: str, told: str) -> None:
    J = (leaf(2.0, name) * 3).named("J")
    J.backward()
    view = viz.draw(J, notation="course").view
    assert view.nodes[0].name == told
    assert view.nodes[0].slope.symbol == f"d{told}"
    assert view.nodes[-1].header == f"J = {told} · 3"
    plain = viz.draw(J).view
    assert plain.nodes[0].name == name


def test_a_layers_number_is_raised_in_pictures_and_latex() -> None:
    J = (leaf(2.0, "Z^[2]") * 3).named("J")
    J.backward()
    root = ET.fromstring(viz.draw(J).svg)
    name = next(t for t in root.iter(f"{SVG}text") if t.get("class") == "name")
    assert "".join(name.itertext()) == "Z^[2]"
    raised = [s for s in name.iter(f"{SVG}tspan") if s.text == "[2]"]
    assert float(raised[0].get("dy")) < 0
    assert latex_name("Z^[2]") == "Z^{[2]}"
    assert latex_name("a^[2](i)") == "a^{[2](i)}"


@pytest.mark.parametrize(
    "text", ["Z^[1] = W^[1] @ X + b^[1]", "a_3^[1]", "x^[a b](i) · y", "2^[", "^[1]", "W1 ^[2]"]
)
def test_pieces_are_the_text(text: str) -> None:
    assert "".join(piece for piece, _ in pieces(text)) == text
    assert width(text, 12) > 0


def test_levels_come_back_to_the_line() -> None:
    """What follows a raised or a lowered part stands on the line again."""
    J = (leaf(2.0, "x_1") * leaf(3.0, "Z^[2]") + leaf(1.0, "y")).named("J")
    root = ET.fromstring(viz.draw(J).svg)
    for text in root.iter(f"{SVG}text"):
        spans = list(text.iter(f"{SVG}tspan"))
        if not spans or spans[-1].get("font-size"):
            continue
        assert sum(float(s.get("dy") or 0) for s in spans) == pytest.approx(0.0)


def test_an_unknown_notation_is_refused() -> None:
    with pytest.raises(ValueError, match="notation needs one of plain, course, got 'Course'"):
        viz.draw(lecture(), notation="Course")


def test_a_derivation_substitutes_numbers() -> None:
    a, b = leaf(-5.0, "a"), leaf(3.0, "b")
    J = ((a + b * 2) / a).named("J")
    J.backward()
    told = viz.explain(J).text
    assert "  u = b · 2 = 3 · 2 = 6\n" in told
    assert "  v = a + u = (−5) + 6 = 1\n" in told
    assert "  J = v / a = 1 / (−5) = −0.2\n" in told
    assert "$v = a + u$ = (−5) + 6 = 1" in viz.explain(J).markdown


def test_arrays_are_not_substituted() -> None:
    W = leaf(np.ones((2, 2)), "W")
    J = (W @ Tensor(np.ones((2, 2)), name="X")).sum().named("J")
    J.backward()
    assert all(not n.substituted for n in viz.draw(J).view.nodes)


def test_powers_and_transposes_of_layers_keep_their_places() -> None:
    """Not A₁², in which the 1 is no layer, nor sigma² beside a card that is called σ."""
    J = (np.tanh(leaf(0.3, "Z1")).named("A1") ** 2 + leaf(2.0, "sigma") ** 2).named("J")
    J.backward()
    view = viz.draw(J, notation="course").view
    assert "∂A^[1]/∂Z^[1] = 1 − (A^[1])² = 0.9151" in {e.label for e in view.edges}
    assert {"σ²", "(A^[1])²"} <= {n.formula for n in view.nodes}
    svg = viz.draw(network(3, 4, 1), notation="course", fit=None).svg
    assert ">[2]T</tspan>" in svg  # the course's W^{[2]T}


def test_gradients_inside_folded_cards_are_told_alike() -> None:
    view = viz.draw(network(3, 4, 1), notation="course", fit="slide", max_nodes=6).view
    slopes = [str(s) for n in view.nodes for s in n.slopes]
    assert slopes
    assert all(re.match(r"‖?d[Wb]\^\[\d\]", s) for s in slopes), slopes


def test_no_two_names_become_one() -> None:
    """Blocks of W1 are no layers, nor are sigma1 and sigma2 a layer and a variance."""
    for names in (("W1", "W1_0", "W1_1"), ("W1_0", "W1_1"), ("sigma1", "sigma2"), ("A1", "A1")):
        leaves = [leaf(float(k + 1), name) for k, name in enumerate(names)]
        J = (sum(leaves[1:], leaves[0]) * 2).named("J")
        told = [n.name for n in viz.draw(J, notation="course").view.nodes if n.kind == "parameter"]
        assert len(set(told)) == len(names), told


def test_powers_of_whole_names_have_brackets() -> None:
    s, W = leaf(2.0, "sigma2"), leaf(2.0, "W1")
    view = viz.draw((s**2 + W**-1 + W**0.5).named("J"), notation="course").view
    formulas = {n.formula for n in view.nodes}
    assert {"(σ²)²", "(W^[1])⁻¹", "(W^[1])^0.5"} <= formulas


@pytest.mark.parametrize("place", ["notebook", "column", "page", "phone", (500, 300)])
def test_dz_is_explained_where_it_stands(place) -> None:
    view = viz.draw(network(3, 4, 1), notation="course", fit=place).view
    assert any(n.slope is not None and n.slope.symbol.startswith("d") for n in view.nodes)
    assert any("dZ is short for" in note for note in view.caption)


def test_names_of_files_are_not_told(tmp_path) -> None:
    """A fault in gamma.py stands there, not in γ.py, whatever letters are told."""
    script = tmp_path / "gamma.py"
    script.write_text(
        "import numpy as np\n"
        "J = ((w - np.array([1.0, 2.0, 3.0])) ** 2).mean().named('J')\n"
        "J.backward()\n"
    )
    w = leaf([[1.0], [2.0], [3.0]], "gamma1")
    names = {"w": w}
    exec(compile(script.read_text(), str(script), "exec"), names)
    (alert, *_) = viz.draw(names["J"], notation="course").view.caption
    assert alert.startswith("u (gamma.py:2): (3, 1) − (3,)")
    assert "γ^[1] and the array" in alert


def test_a_round_of_a_loop_on_the_page_has_the_notation_too() -> None:
    theta = leaf(0.5, "theta")
    h = theta * 1.0
    for _ in range(60):
        h = np.tanh(theta * h)
    J = (h * h).named("J")
    J.backward()
    drawing = viz.draw(J, notation="course", max_nodes=20)
    assert any(n.kind == "repeat" for n in drawing.view.nodes)
    letters = Path(viz.render.__path__[0], "algebra.js").read_text("utf-8")  # "θ": "theta", …
    page = drawing.html.replace(letters, "")
    assert "one round open" in page
    assert "theta" not in page
    assert "θ" in page


def test_letters_that_results_get_by_themselves_are_of_no_layer() -> None:
    x = leaf([0.5, -1.0], "x")
    y = np.tanh(np.tanh(np.tanh(x * 2) * 3) * 4)
    names = {n.name for n in viz.draw(y, notation="course").view.nodes}
    assert {"a1", "a2"} <= names
    assert not any("^[" in name for name in names)
