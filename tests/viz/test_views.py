"""Other views of a graph: number by number, networks of neurons, films, differences."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import autograd
import nn
import viz
from autograd import Tensor, name_scope
from tests.viz.browser import PROGRAM, Browser

if TYPE_CHECKING:
    from pathlib import Path

SVG = "{http://www.w3.org/2000/svg}"


def leaf(value: Any, name: str) -> Tensor:
    return Tensor(value, name=name, requires_grad=True)


# -- scalars=True ----------------------------------------------------------------------------------


def test_a_matrix_product_opens_into_products_and_sums() -> None:
    W, x = leaf([[1.0, -2.0], [0.5, 1.0]], "W"), Tensor([[3.0], [2.0]], name="x")
    z = (W @ x).named("z")
    J = (z * z).sum().named("J")
    J.backward()
    view = viz.draw(J, scalars=True).view
    formulas = {n.name: n.formula for n in view.nodes}
    values = {n.name: n.value for n in view.nodes}
    gradients = {n.name: n.gradient for n in view.nodes}
    assert formulas["z₀₀"] == "u + v"
    assert formulas["u"] == "W₀₀ · x₀₀"
    assert formulas["v"] == "W₀₁ · x₁₀"
    # By hand: z = (−1, 3.5), J = 13.25, ∂J/∂W = 2 z xᵀ.
    assert (values["z₀₀"], values["z₁₀"], values["J"]) == (("−1",), ("3.5",), ("13.25",))
    assert gradients["W₀₀"] == "∂J/∂W₀₀ = −6"
    assert gradients["W₁₁"] == "∂J/∂W₁₁ = 14"


OPENED: dict[str, Any] = {
    "elementwise": lambda a, b: np.tanh(a) * np.exp(-b) + np.maximum(a, b) - a / b,
    "broadcasting": lambda a, b: a + b[0] + a[:, :1] * 2.0,
    "mean and sums": lambda a, b: np.mean(a * b, axis=0) + np.sum(b, axis=0) + np.mean(a),
    "product and extremes": lambda a, b: np.prod(a, axis=1) + np.max(b) - np.min(a * b, axis=1),
    "shapes": lambda a, b: np.concatenate([a.T, np.reshape(b, (2, 2))], axis=1)[::-1, 1:],
    "stack": lambda a, b: np.stack([a[0], b[1], a[:, 1]]),
    "matmul": lambda a, b: autograd.sigmoid(a @ b) @ a[0],
    "losses": lambda a, b: autograd.binary_cross_entropy_with_logits(a, np.array([[1.0, 0.0]] * 2)),
    "relu and clip": lambda a, b: autograd.relu(a) + np.clip(b, -0.5, 0.5) + autograd.softplus(a),
}


@pytest.mark.parametrize("f", OPENED.values(), ids=OPENED)
def test_numbers_and_gradients_are_those_of_the_arrays(f: Any) -> None:
    rng = np.random.default_rng(1)
    a, b = leaf(rng.normal(size=(2, 2)), "a"), leaf(rng.normal(size=(2, 2)), "b")
    J = np.sum(f(a, b) * 1.5).named("J")
    J.backward()
    from viz.scalars import opened

    (result,) = opened(J)
    assert result.item() == pytest.approx(J.item(), rel=1e-14)
    g = autograd.graph(result)
    for x in (a, b):
        if x.grad is None:
            continue
        assert x.grad is not None
        for index in np.ndindex(2, 2):
            name = x.name + "".join("₀₁"[i] for i in index)
            found = [n.cotangent for n in g.leaves if n.name == name]
            expected = x.grad[index]
            assert (found[0] if found else 0.0) == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_scalars_keep_modules_names_and_unused_passes() -> None:
    x = leaf([1.0, 2.0], "x")
    with name_scope("layer"):
        y = (x * 3).named("y")
    view = viz.draw(y.sum(), scalars=True).view
    assert {n.scope for n in view.nodes if n.name.startswith("y")} == {("layer",)}
    assert "the backward pass has not run" in view.caption[0]
    big = leaf(np.ones(12), "w")
    names = [n.name for n in viz.draw(np.sum(big), scalars=True).view.nodes]
    assert "w₁₀" in names
    matrix = leaf(np.ones((11, 1)), "M")
    names = [n.name for n in viz.draw(np.sum(matrix), scalars=True).view.nodes]
    assert "M₁₀,₀" in names


def test_what_cannot_be_opened_says_so() -> None:
    x = leaf(np.ones(3), "x")
    with pytest.raises(viz.NotDrawable, match="cannot open softmax, which mixes elements"):
        viz.draw(autograd.softmax(x), scalars=True)
    with pytest.raises(viz.NotDrawable, match="would open 5001 numbers, more than 2000"):
        viz.draw(np.sum(leaf(np.ones(5000), "x")), scalars=True)


# -- networks --------------------------------------------------------------------------------------


def network() -> tuple[Any, Tensor]:
    net = nn.Network([3, 4, 1], rng=0)
    rng = np.random.default_rng(0)
    X, Y = Tensor(rng.normal(size=(3, 8)), name="X"), Tensor(np.ones((1, 8)), name="Y")
    J = nn.cost(net, X, Y, nn.binary_cross_entropy)
    return net, J


def test_a_network_has_its_units_edges_and_shapes() -> None:
    net, _ = network()
    root = ET.fromstring(viz.draw_network(net).svg)
    texts = [t.text for t in root.iter(f"{SVG}text")]
    assert len(list(root.iter(f"{SVG}circle"))) == 3 + 4 + 1
    for shown in ("X (3, m)", "W1 (4, 3)", "b1 (4, 1)", "Z1, A1 (4, m)", "W2 (1, 4)", "ŷ", "x3"):
        assert shown in texts
    titles = [t.text for t in root.iter(f"{SVG}title")][1:]
    weights = dict(net.named_parameters())
    assert len(titles) == 12 + 4
    value = float(weights["layer1.W"].data[2, 1])
    assert f"layer1.W[2, 1] = {value:.4g}" in titles
    signs = [p.get("class") for p in root.iter(f"{SVG}path") if p.find(f"{SVG}title") is not None]
    negative = sum(int(np.sum(w.data < 0)) for n, w in weights.items() if n.endswith("W"))
    assert signs.count("bwd") == negative


def test_a_network_tinted_by_gradients_needs_a_backward_pass(tmp_path: Path) -> None:
    net, J = network()
    with pytest.raises(viz.NotDrawable, match=r"layer1\.W has no gradient; call backward\(\)"):
        viz.draw_network(net, tint="gradient")
    J.backward()
    drawing = viz.draw_network(net, tint="gradient", theme="auto")
    W = dict(net.named_parameters())["layer2.W"]
    assert f"layer2.W[0, 3] = {W.grad[0, 3]:.4g}" in drawing.svg
    assert drawing.save(tmp_path / "net.svg").read_text("utf-8") == drawing.svg
    assert "image/svg+xml" in drawing._repr_mimebundle_()
    assert "3 → 4 → 1 units, edges by gradient" in repr(drawing)


def test_wide_layers_leave_units_out_and_show_it() -> None:
    root = ET.fromstring(viz.draw_network(nn.Network([30, 20, 2], rng=0), max_neurons=7).svg)
    assert len(list(root.iter(f"{SVG}circle"))) == 6 + 6 + 2
    texts = [t.text for t in root.iter(f"{SVG}text")]
    assert texts.count("⋮") == 2
    assert {"x1", "x30", "a20", "ŷ1", "ŷ2", "W1 (20, 30)"} <= set(texts)


def test_what_is_no_network_says_so() -> None:
    with pytest.raises(viz.NotDrawable, match=r"a network with named_parameters\(\), got float"):
        viz.draw_network(3.0)
    with pytest.raises(viz.NotDrawable, match="no matrices"):
        viz.draw_network(nn.Module())
    with pytest.raises(ValueError, match="tint needs one of weight, gradient"):
        viz.draw_network(nn.Network([2, 1], rng=0), tint="loss")
    net = nn.Sequential(nn.Linear(2, 3, rng=0), nn.Linear(4, 1, rng=0))
    with pytest.raises(viz.NotDrawable, match=r"shape \(1, 4\), which does not take the 3 units"):
        viz.draw_network(net)


# -- films and differences -------------------------------------------------------------------------


def training(n: int) -> list[viz.Drawing]:
    w, frames = leaf(1.0, "w"), []
    for _ in range(n):
        J = (w * w).named("J")
        w.zero_grad()
        J.backward()
        frames.append(viz.draw(J, health=True))
        w.data = w.data * 1e-4
    return frames


def test_a_film_has_a_frame_for_each_time_on_one_layout() -> None:
    film = viz.film(training(3))
    assert len(film) == 3
    data = json.loads(re.search(r'id="data">(.*?)</script>', film.html)[1])
    frames = data["frames"]
    assert [f["title"][:11] for f in frames] == ["step 1 of 3", "step 2 of 3", "step 3 of 3"]
    texts = [f["cards"]["0"]["texts"] for f in frames]
    assert [t[1] for t in texts] == ["1", "0.0001", "1e−8"]
    assert [t[-1] for t in texts] == [
        "∂J/∂w = 1 + 1 = 2 (2 paths)",
        "∂J/∂w = 0.0001 + 0.0001 = 0.0002 (2 paths)",
        "∂J/∂w = 1e−8 + 1e−8 = 2e−8 (2 paths)",
    ]
    # A mark that comes later has its line from the beginning.
    assert [t[2] for t in texts] == [" ", " ", "vanishing"]
    assert not any("= 1." in line for line in data["pictures"][0]["summary"].split("\n"))


def test_a_film_refuses_other_graphs_and_titles() -> None:
    frames = training(2)
    with pytest.raises(viz.NotDrawable, match="drawing 3 has other cards or arrows"):
        viz.film([*frames, viz.draw(leaf(1.0, "w") * 2)])
    with pytest.raises(viz.NotDrawable, match="at least one drawing"):
        viz.film([])
    with pytest.raises(ValueError, match="one title for each of 2 drawings, got 1"):
        viz.film(frames, titles=["first"])
    assert viz.film(frames, titles=["first", "last"]).views[1].title.startswith("last: ")


@pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed")
def test_a_film_scrubs_in_the_browser(tmp_path: Path) -> None:
    path = viz.film(training(3)).save(tmp_path / "film.html")
    with Browser() as browser:
        browser.open(path)
        shown = "[...document.querySelectorAll('#p0-n0 text')].map(t => t.textContent)"
        assert browser.js(shown)[1] == "1"
        browser.js(
            "const f = document.getElementById('frame'); f.value = 2;"
            "f.dispatchEvent(new Event('input'))"
        )
        assert browser.js(shown)[1:3] == ["1e−8", "vanishing"]
        assert browser.js("document.getElementById('title').textContent").startswith("step 3 of 3")
        assert "1e−8" in browser.js("document.querySelector('svg desc').textContent")
        browser.press("End")
        assert "1e−8" in browser.js("document.getElementById('words').textContent")
        assert browser.troubles() == []


def test_a_difference_marks_what_changed() -> None:
    first, last = training(2)
    view = viz.diff(first, last).view
    cards = {n.name: n for n in view.nodes}
    assert cards["w"].mark == "changed"
    assert cards["w"].value == ("1 → 0.0001",)
    assert cards["w"].gradient.startswith("∂J/∂w = 1 + 1 = 2 (2 paths) → 0.0001")
    assert any("2 changed, 0 new, 0 gone" in line for line in view.caption)
    assert {n.mark for n in viz.diff(first, first).view.nodes} == {""}


def test_a_difference_of_structure_names_new_and_gone() -> None:
    x = leaf(2.0, "x")
    old, new = viz.draw(np.exp(x).named("y")), viz.draw((x * x).named("y"))
    view = viz.diff(old, new).view
    assert {n.name: n.mark for n in view.nodes} == {"x": "", "y": "new"}
    assert any("Gone: y = " in line for line in view.caption)
