"""The steps that page and GIF play: their order, their words, what readers are asked."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import nn
import viz
from autograd import Tensor
from tests.viz.graphs import leaf, lecture
from tests.viz.models import network
from viz.__main__ import main
from viz.engine import functions
from viz.expression import run
from viz.loops import Loop
from viz.render.page import Picture, Step, marks_of, steps_of
from viz.render.svg import placed, thickness
from viz.render.tikz import render_tikz

if TYPE_CHECKING:
    from pathlib import Path

SVG = "{http://www.w3.org/2000/svg}"


def shared() -> Tensor:
    """J = w² + wx: three arrows come back to w."""
    w, x = leaf(3.0, "w"), Tensor(5.0, name="x")
    J = (w * w + w * x).named("J")
    J.backward()
    return J


def asked(J: Tensor) -> dict[str, Step]:
    view = viz.draw(J).view
    names = {n.id: n.name for n in view.nodes}
    return {
        f"{names[view.edges[s.edge].target]}→{names[view.edges[s.edge].source]}": s
        for s in steps_of(view).steps
        if s.ask
    }


def test_a_number_is_asked_for_with_the_factor_it_needs() -> None:
    steps = asked(lecture())  # J = 3v, v = a + u, u = bc, at a, b, c = 5, 3, 2
    assert {k: float(s.answer) for k, s in steps.items()} == {
        "J→v": 3.0,
        "v→a": 3.0,
        "v→u": 3.0,
        "u→b": 6.0,
        "u→c": 9.0,
    }
    assert steps["u→b"].ask == "∂J/∂b = "
    assert steps["u→b"].hint == "∂J/∂b = ∂J/∂u · ∂u/∂b. The factor ∂u/∂b is c."
    assert steps["J→v"].hint == "∂J/∂J is 1, so it is the local derivative: 3."


def test_of_an_array_the_rule_is_asked_for() -> None:
    W, x = leaf([[1.0, -2.0], [0.5, 3.0]], "W"), Tensor([[1.0], [2.0]], name="x")
    J = (W @ x).named("z").sum().named("J")
    J.backward()
    step = asked(J)["z→W"]
    assert step.answer == "∂J/∂z @ xᵀ"
    assert "It is made of ∂J/∂z, x" in step.hint
    assert step.hint.endswith("and has the shape of W, (2, 2).")


def test_a_gradient_appears_when_all_that_comes_back_to_it_has_come() -> None:
    view = viz.draw(shared()).view
    steps = steps_of(view)
    w = next(n.id for n in view.nodes if n.name == "w")
    arrows = [number for number, e in enumerate(view.edges) if e.source == w and e.back]
    assert len(arrows) == 3
    assert steps.gradients[w] == max(steps.back[number] for number in arrows)
    last = steps.steps[steps.gradients[w] - 1]
    assert last.words.endswith("In all ∂J/∂w = 3 + 3 + 5 = 11 (3 paths).")


@pytest.mark.parametrize("name", ["lecture", "shared", "network"])
def test_each_part_appears_after_what_it_is_made_of(name: str) -> None:
    if name == "network":
        net = nn.Network([2, 3, 1], rng=0)
        J = nn.cost(net, Tensor(np.ones((2, 4)), name="X"), Tensor(np.ones((1, 4)), name="Y"))
        J.backward()
    else:
        J = {"lecture": lecture, "shared": shared}[name]()
    view = viz.draw(J).view
    s = steps_of(view)
    assert [x.back for x in s.steps] == sorted(x.back for x in s.steps)  # forward first
    for number, edge in enumerate(view.edges):
        assert s.nodes[edge.source] <= s.ahead[number] <= s.nodes[edge.target]
        if edge.back:
            assert s.gradients[edge.target] <= s.back[number] <= s.gradients[edge.source]
    marks = marks_of(Picture("", view, {}), s)
    for node in view.nodes:
        assert f"n{node.id}" in marks


def test_loops_keep_a_round_that_is_folded() -> None:
    loop = Loop(4, 3, 5)
    assert loop.after(0) == loop
    assert loop.after(2) == Loop(10, 3, 3)
    assert loop.after(4) == loop.after(9) == Loop(16, 3, 1)


@pytest.mark.parametrize(
    ("norm", "step"),
    [(0.0, 0), (1e-9, 0), (1e-8, 0), (1e-6, 1), (1e-4, 2), (1e-2, 3), (1.0, 4), (1e2, 5), (1e4, 6)],
)
def test_an_arrow_is_a_step_wider_for_every_two_powers_of_ten(norm: float, step: int) -> None:
    assert thickness(norm) == f" w{step}"
    assert thickness(None) == ""
    assert thickness(1e300) == " w6"


def test_parts_without_names_are_counted_from_one() -> None:
    y: Any = leaf(1.1, "x")
    for _ in range(40):
        y = np.sin(y * 1.1) + 0.1
        y = np.exp(-y) if y.item() > 0.5 else y * y
    y.backward()
    view = viz.draw(y, max_nodes=6, repeats=False).view
    parts = [n.name for n in view.nodes if n.name.startswith("part ")]
    assert len(parts) > 2
    assert parts == [f"part {k}" for k in range(1, len(parts) + 1)]


def test_every_card_has_its_lines_and_its_source_for_a_pointer() -> None:
    drawing = viz.draw(lecture())
    root = ET.fromstring(drawing.svg)
    titles = ["".join(t.itertext()) for t in root.iter(f"{SVG}title")]
    for node in drawing.view.nodes:
        (said,) = (t for t in titles if t.splitlines()[0] == node.header)
        assert node.gradient in said
        assert node.source.rpartition("/")[2] in said


def test_numbers_stand_in_formulas_of_numbers_only() -> None:
    by_name = {n.name: n for n in viz.draw(lecture()).view.nodes}
    assert by_name["u"].substituted == "3 · 2"
    assert {n.substituted for n in viz.draw(lecture(), values=False).view.nodes} == {""}
    x = leaf([1.0, 2.0], "x")
    assert {n.substituted for n in viz.draw((x * 2).sum()).view.nodes} == {""}


def test_a_card_of_repeats_has_what_comes_out_of_the_last() -> None:
    J = network(4, *[5] * 9, 1)
    (card,) = (n for n in viz.draw(J, depth=0, repeats=True).view.nodes if n.kind == "repeat")
    plain = {n.name: n for n in viz.draw(J, depth=0, repeats=False).view.nodes}
    last = card.name.split(" … ")[1].partition(" × ")[0]
    assert card.slope == plain[last].slope
    assert card.id == plain[last].id


def test_maps_are_of_vectors_and_matrices_of_two_numbers_or_more() -> None:
    two, four, one = leaf([1.0, -2.0], "two"), leaf(np.ones((1, 1, 2, 2)), "four"), leaf([3.0], "c")
    view = viz.draw((two.sum() + four.sum() + one.sum()).named("J"), arrays="heat").view
    cells = {n.name: [h.cells for h in n.heat] for n in view.nodes if n.kind == "parameter"}
    (value,) = cells["two"]  # a shade of each element, of five to the greatest of all, 3
    assert np.sign(value).ravel().tolist() == [1, -1]
    assert cells["four"] == cells["c"] == []


def test_arrows_of_one_direction_run_in_the_middle_in_tikz() -> None:
    both, back = (viz.draw(lecture(), direction=d, fit=None) for d in ("both", "backward"))

    def heights(drawing: viz.Drawing, kind: str) -> set[str]:
        ways = re.findall(rf"\\path\[{kind}\] \(([\d.]+),([\d.]+)\)", render_tikz(drawing.view))
        return {y for _, y in ways}

    shifted, middle = heights(both, "back"), heights(back, "back")
    assert shifted
    assert middle
    ports = {f"{way[0][1]:.2f}" for way in placed(back.view)[0].ways}
    assert middle == ports
    assert shifted.isdisjoint({f"{way[0][1]:.2f}" for way in placed(both.view)[0].ways})


def test_a_picture_of_many_cards_is_fitted_too() -> None:
    y: Any = leaf(1.1, "x")
    for k in range(140):
        y = np.sin(y * 1.1) if k % 2 else y + 0.1
    view = viz.draw(y, fit=(20_000, 20_000), repeats=False, max_nodes=1000).view
    assert len(view.nodes) > 120
    assert any(e.label for e in view.edges)


def test_products_have_one_precedence_in_expressions() -> None:
    """As in Python: a * b @ c is (a * b) @ c."""
    A, B, C = (np.arange(6.0).reshape(2, 3), np.ones((2, 3)), np.ones((3, 2)))
    program = run("A * B @ C", {"A": A, "B": B, "C": C}, functions())
    assert np.shape(program.result.data) == (2, 2)
    np.testing.assert_array_equal(program.result.data, (A * B) @ C)


def test_a_value_that_is_given_twice_is_named(capsys: Any) -> None:
    assert main(["draw", "J = a*b", "a=1", "b=2", "b=3"]) != 0
    assert "b: given a value twice" in capsys.readouterr().err


def test_a_picture_of_neurons_is_saved_as_pdf_and_its_legend_stands_below(tmp_path: Path) -> None:
    net = nn.Network([3, 4, 2], rng=0)
    drawing = viz.draw_network(net)
    assert drawing.save(tmp_path / "net.pdf").read_bytes().startswith(b"%PDF")
    root = ET.fromstring(drawing.svg)
    lowest = max(float(c.get("cy")) for c in root.iter(f"{SVG}circle"))
    under = [t for t in root.iter(f"{SVG}text") if "".join(t.itertext()).startswith("X (3, m)")]
    assert under
    assert all(float(t.get("y")) > lowest for t in under)
    for wrong in ("3", 2.5, 2):
        with pytest.raises(ValueError, match="max_neurons"):
            viz.draw_network(net, max_neurons=wrong)
