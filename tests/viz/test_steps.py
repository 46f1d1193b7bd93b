"""The steps that page and GIF play: their order, their words, what readers are asked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import nn
import viz
from autograd import Tensor
from tests.viz.graphs import leaf, lecture
from viz.loops import Loop
from viz.render.page import Picture, Step, marks_of, steps_of
from viz.render.svg import thickness


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
