"""Other views of a graph: number by number, networks of neurons, films, differences."""

from __future__ import annotations

import json
import re
import time
import weakref
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import autograd
import nn
import viz
from autograd import LimitWarning, Tensor, name_scope, strong_zero
from tests.viz.browser import PROGRAM, Browser
from tests.viz.graphs import leaf
from viz.text import width

if TYPE_CHECKING:
    from pathlib import Path

SVG = "{http://www.w3.org/2000/svg}"


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
    assert formulas["z_00"] == "p1 + p2"
    assert formulas["p1"] == "W_00 · x_00"
    assert formulas["p2"] == "W_01 · x_10"
    # By hand: z = (−1, 3.5), J = 13.25, ∂J/∂W = 2 z xᵀ.
    assert (values["z_00"], values["z_10"], values["J"]) == (("−1",), ("3.5",), ("13.25",))
    assert gradients["W_00"] == "∂J/∂W_00 = −6"
    assert gradients["W_11"] == "∂J/∂W_11 = 14"


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
            name = x.name + "_" + "".join(map(str, index))
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
    assert "w_10" in names
    matrix = leaf(np.ones((11, 1)), "M")
    names = [n.name for n in viz.draw(np.sum(matrix), scalars=True).view.nodes]
    assert "M_10,0" in names


def test_what_cannot_be_opened_says_so() -> None:
    x = leaf(np.ones(3), "x")
    with pytest.raises(viz.NotDrawable, match="cannot open softmax, whose elements may depend"):
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
    texts = ["".join(t.itertext()) for t in root.iter(f"{SVG}text")]
    assert len(list(root.iter(f"{SVG}circle"))) == 3 + 4 + 1
    for shown in ("X (3, m)", "W1 (4, 3)", "b1 (4, 1)", "Z1, A1 (4, m)", "W2 (1, 4)", "ŷ", "x3"):
        assert shown in texts
    titles = ["".join(t.itertext()) for t in root.iter(f"{SVG}title")][1:]
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
    texts = ["".join(t.itertext()) for t in root.iter(f"{SVG}text")]
    assert texts.count("⋮") == 2
    assert {"x1", "x30", "a20^[1]", "ŷ1", "ŷ2", "W1 (20, 30)"} <= set(texts)


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


def training(n: int, name: str = "w") -> list[viz.Drawing]:
    w, frames = leaf(1.0, name), []
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
    texts = [
        ["".join(piece for piece, _ in line) for line in f["cards"]["0"]["texts"]] for f in frames
    ]
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
    film = viz.film(training(3, "w_1"))
    path = film.save(tmp_path / "film.html")
    with Browser() as browser:
        browser.open(path)
        shown = "[...document.querySelectorAll('#p0-n0 text')].map(t => t.textContent)"
        assert browser.js(shown)[1] == "1"
        browser.js(
            "const f = document.getElementById('frame'); f.value = 2;"
            "f.dispatchEvent(new Event('input'))"
        )
        assert browser.js(shown)[:3] == ["w_1", "1e−8", "vanishing"]
        # A frame's texts are set as the picture's are: a lowered 1, and no underscore to see.
        parts = "[...document.querySelectorAll('#p0-n0 text')][0].childNodes"
        look = "[p.textContent, p.getAttribute('font-size'), p.getAttribute('dy')]"
        assert browser.js(f"[...{parts}].map(p => {look})") == [
            ["w", None, None],
            ["_", "0", None],
            ["1", "82%", "2.5"],
        ]
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


# -- corners -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda x: np.mean(x, where=[True, False, True]), [0.5, 0.0, 0.5]),
        (lambda x: np.max(x, initial=0.0, where=[True, True, False]), [0.0, 1.0, 0.0]),
        (lambda x: np.max(x, initial=9.0), [0.0, 0.0, 0.0]),
        (lambda x: np.min(x, where=[False, True, True], initial=99.0), [0.0, 1.0, 0.0]),
        (lambda x: np.sum(x, where=[True, False, True], initial=2.0), [1.0, 0.0, 1.0]),
    ],
)
def test_opened_reductions_keep_their_mask_and_initial_value(f: Any, expected: Any) -> None:
    x = leaf([1.0, 2.0, 4.0], "x")
    J = f(x).named("J")
    J.backward()
    np.testing.assert_array_equal(x.grad, expected)
    from viz.scalars import opened

    (result,) = opened(J)
    assert result.item() == J.item()
    found = {n.name: n.cotangent for n in autograd.graph(result).leaves}
    assert [found.get(f"x_{i}", 0.0) for i in range(3)] == expected


def test_three_that_tie_cannot_be_opened() -> None:
    with pytest.raises(viz.NotDrawable, match="three or more numbers are equal"):
        viz.draw(np.max(leaf([4.0, 4.0, 4.0], "x")), scalars=True)


def test_a_layer_of_one_unit_without_a_bias_is_a_layer() -> None:
    class Narrow:
        def named_parameters(self) -> Any:
            for name, shape in (("a.W", (1, 3)), ("b.W", (1, 1)), ("c.W", (2, 1))):
                yield name, leaf(np.ones(shape), name)

    assert "3 → 1 → 1 → 2 units" in repr(viz.draw_network(Narrow()))


def test_a_difference_with_itself_is_empty_even_where_names_repeat() -> None:
    one, two = leaf(1.0, "w"), leaf(2.0, "w")
    drawing = viz.draw((one * two).named("J"))
    assert {n.mark for n in viz.diff(drawing, drawing).view.nodes} == {""}


def test_films_and_differences_need_drawings() -> None:
    for wrong in (lambda: viz.film([leaf(1.0, "x")]), lambda: viz.diff(1.0, 2.0)):
        with pytest.raises(viz.NotDrawable, match=r"needs drawings as viz\.draw makes them"):
            wrong()
    assert len(viz.film(viz.draw((leaf(1.0, "x") * 2).named("y")))) == 1


def test_a_mask_given_as_a_list_stays_in_the_formula() -> None:
    x = leaf([1.0, 2.0, 4.0], "x")
    J = np.mean(x, where=[True, False, True]).named("J")
    J.backward()
    (label,) = (e.label for e in viz.draw(J).view.edges)
    assert label == "∂J/∂x = where([True, False, True], 1 / 2, 0)"


def test_words_and_cards_agree_beside_an_infinite_derivative() -> None:
    x = leaf(0.0, "x")
    J = (0 * np.sqrt(x) + x).named("J")
    J.backward()
    view = viz.draw(J).view
    assert all("NaN" not in e.words for e in view.edges)
    (card,) = (n for n in view.nodes if n.name == "x")
    assert card.gradient == "∂J/∂x = 0 + 1 = 1 (2 paths)"
    half = Tensor(np.float16(200.0), name="h", requires_grad=True)
    with np.errstate(over="ignore"):  # 200³ is beyond half precision, its derivative by h is not
        J = (half**3 * np.float16(1e-3)).named("J")
        J.backward()
    assert all("∞" not in e.words for e in viz.draw(J).view.edges)


def test_numbers_and_names_in_latex() -> None:
    x = leaf(2.0, "x")
    for f, expected in (
        (lambda: x * 1e-9, r"x \cdot 1 \cdot 10^{-9}"),
        (lambda: x * np.float32(0.5), r"x \cdot 0.5"),
        (lambda: x * Tensor(-2.5), r"x \cdot (-2.5)"),
        (lambda: (-2.0) ** x, r"(-2)^{x}"),
    ):
        assert autograd.graph(f()).nodes[-1].latex == expected
    assert autograd.graph((-2.0) ** x).nodes[-1].formula == "(−2)^x"
    from autograd.labels import latex_name

    assert latex_name("W₀₁") == "W_{01}"
    assert latex_name("W₁₀,₂") == "W_{10,2}"


def test_an_operand_that_a_reduction_broadcasts_gets_a_sum() -> None:
    a, b = leaf(np.ones((2, 3)), "a"), leaf(np.ones(3), "b")
    J = np.vecdot(a, b).named("u").sum().named("J")
    J.backward()
    labels = {e.label for e in viz.draw(J).view.edges}
    assert "∂J/∂b = Σ ∂J/∂u · a" in labels


def test_vectors_in_a_product_are_printed_as_the_notes_do() -> None:
    w, x, W = leaf([1.0, 2.0], "w"), leaf([3.0, 4.0], "x"), leaf(np.ones((2, 2)), "W")
    z = (w @ x).named("z")
    z.backward()
    view = viz.draw(z).view
    assert {e.label for e in view.edges} == {"∂z/∂w = x", "∂z/∂x = w"}
    assert {n.gradient for n in view.nodes if n.name in "wx"} == {
        "∂z/∂w = [3 4]",
        "∂z/∂x = [1 2]",
    }
    J = (W @ x).named("u").sum().named("J")
    J.backward()
    labels = {e.label for e in viz.draw(J).view.edges}
    assert {"∂J/∂W = ∂J/∂u ⊗ x", "∂J/∂x = Wᵀ @ ∂J/∂u"} <= labels
    assert "∂J/∂x = Wᵀ @ ∂J/∂u = [2 2]" in viz.explain(J, wrt="x").text


def test_a_name_that_is_not_there_is_an_error_that_lists_names() -> None:
    x = leaf(2.0, "x")
    J = (x * x).named("J")
    J.backward()
    with pytest.raises(viz.NotDrawable, match="no cards are called 'w'; there are x, J"):
        viz.explain(J, wrt="w")
    with pytest.raises(viz.NotDrawable, match="wrt is empty"):
        viz.explain(J, wrt=[])


def test_modules_that_differ_inside_do_not_fold_into_one() -> None:
    h, W = leaf([[0.1], [0.2]], "h"), leaf(np.eye(2), "W")
    for k, f in enumerate((np.tanh, np.sin, np.exp, np.cos)):
        with name_scope(f"layer{k}"):
            h = f(W @ h)
    J = h.sum().named("J")
    names = [
        n.name
        for n in viz.draw(J, depth=0, repeats=True).view.nodes
        if n.kind in ("module", "repeat")
    ]
    assert names == ["layer0", "layer1", "layer2", "layer3"]


def test_loops_of_other_parameters_do_not_fold_and_other_constants_are_said() -> None:
    x = leaf(np.ones((3, 3)), "x")
    y = x
    for k in range(1, 7):
        y = np.roll(y, k)
    assert not [
        n for n in viz.draw(y.sum(), repeats=True).view.nodes if n.kind in ("module", "repeat")
    ]
    z = leaf(1.5, "z")
    for k in range(2, 8):
        z = np.tanh(z) * float(k)
    (loop,) = (n for n in viz.draw(z, repeats=True).view.nodes if n.kind == "repeat")
    assert "constants differ" in loop.body


def test_a_folded_card_carries_the_worst_mark_inside() -> None:
    z = leaf(-1.0, "z")
    with np.errstate(all="ignore"):
        with name_scope("bad"):
            a = np.log(z) * 2
        with name_scope("next"):
            J = (a * 3 + 1).named("J")
        J.backward()
    marks = {n.name: n.mark for n in viz.draw(J, depth=0, health=True).view.nodes}
    assert marks["bad"] == "NaN begins here"
    assert marks["next"] == "NaN"
    x = leaf(1.0, "x")
    y = x
    for _ in range(20):
        y = y * 3.0
    y = y.named("y")
    y.backward()
    (loop,) = (n for n in viz.draw(y, health=True, repeats=True).view.nodes if n.kind == "repeat")
    assert loop.mark == "exploding"


def test_sums_by_einsum_are_drawn() -> None:
    x = leaf([1.0, 2.0, 3.0], "x")
    J = np.einsum("i,i->", x, x).named("J")
    J.backward()
    (card,) = (n for n in viz.draw(J).view.nodes if n.name == "x")
    assert card.gradient == "∂J/∂x = [2 4 6] (2 paths)"


def test_values_assigned_since_are_explained() -> None:
    w = leaf(2.0, "w")
    J = (w * w).named("J")
    J.backward()
    w.data = 1.0
    view = viz.draw(J).view
    assert "Assigned since, and shown with the values before: w." in view.caption
    assert view.nodes[0].value == ("2",)
    w.data = 0.5
    first = viz.draw(J).view.caption[0]  # what to do comes before all else
    assert first.startswith("w: draw before the optimizer's step.")


def test_the_theme_of_a_page_is_the_drawings() -> None:
    J = (leaf(1.0, "x") * 2).named("J")
    assert "color-scheme: dark;" in viz.draw(J, theme="dark").html
    assert "@media not all" in viz.draw(J, theme="light").html
    assert "prefers-color-scheme: dark" in viz.draw(J, theme="auto").html


def test_a_page_of_a_graph_without_a_backward_pass_has_forward_steps_only() -> None:
    J = (leaf(1.0, "x") * 2).named("J")
    data = json.loads(re.search(r'id="data">(.*?)</script>', viz.draw(J).html)[1])
    assert [s["back"] for s in data["pictures"][0]["steps"]] == [False, False]


def test_captions_say_what_is_hidden_and_which_pass_is_shown() -> None:
    x = leaf([1.0, 2.0], "x")
    J = np.where([True, False], x * x, [5.0, 6.0]).sum().named("J")
    J.backward()
    caption = " ".join(viz.draw(J).view.caption)
    assert "2 constants not drawn: " in caption
    assert "= [5 6]" in caption
    assert viz.draw(J, direction="forward").view.caption[0] == "Forward pass left to right."
    assert viz.draw(J, direction="backward").view.caption[0] == "Backward pass right to left."


def test_explain_writes_derivatives_in_one_way() -> None:
    W, X = leaf(np.ones((2, 3)), "W"), Tensor(np.ones((3, 4)), name="X")
    J = (W @ X).named("Z").sum().named("J")
    J.backward()
    made = viz.explain(J)
    assert "∂J/∂W = ∂J/∂Z @ Xᵀ" in made.text
    assert (
        r"\frac{\partial J}{\partial W} = \frac{\partial J}{\partial Z}\,X^{\mathsf{T}}"
        in made.latex
    )
    assert "short" not in made.text + made.markdown + made.latex


def test_a_home_folder_is_found(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    path = viz.draw((leaf(1.0, "x") * 2).named("y")).save("~/y.svg")
    assert path == tmp_path / "y.svg"
    assert path.exists()


def test_numbers_of_several_outputs_have_no_gradients_that_were_not_computed() -> None:
    w = leaf([1.0, 2.0], "w")
    y = (w * w).named("y")
    y.backward(np.array([1.0, 10.0]))  # weights that the recording does not keep
    view = viz.draw(y, scalars=True).view
    assert all(n.gradient.endswith("= –") for n in view.nodes if n.kind in ("parameter", "cost"))


def test_words_follow_the_arithmetic_that_the_walk_had() -> None:
    x = leaf(0.0, "x")
    with autograd.strong_zero(False), np.errstate(all="ignore"):
        J = (0 * np.sqrt(x) + x).named("J")
        J.backward()
        view = viz.draw(J).view
    assert np.isnan(x.grad)
    assert any("0 · ∞ = NaN" in e.words for e in view.edges)


def test_a_long_derivation_has_its_formulas() -> None:
    x = leaf(1.0, "x")
    y = x
    for _ in range(2_100):
        y = y * 1.001
    y.backward()
    made = viz.explain(y).markdown
    assert "$$" not in made
    assert made.count(r"\frac{\partial") > 2_000


def test_depth_holds_where_loops_fold_too() -> None:
    x = leaf(1.0, "x")
    y = x
    with name_scope("outer"):
        y = np.sin(y)
    for _ in range(200):
        y = np.tanh(y) * 1.5
    y = y.named("y")
    names = [n.name for n in viz.draw(y, depth=0).view.nodes if n.kind in ("module", "repeat")]
    assert names[0] == "outer"
    assert names[1].startswith("loop × ")


def test_the_legend_names_what_is_there_and_no_more() -> None:
    from viz.render.svg import legend

    x, d = leaf(2.0, "x"), Tensor(3.0, name="d")
    J = (x * d * 7).named("J")
    undone = viz.draw(J, direction="forward").view
    assert legend(undone) == (
        "Blue arrows: values; double border: leaf with a gradient; square corners: data; "
        "thick border: output."
    )
    J.backward()
    view = viz.draw(J, constants=True, health=True).view
    assert legend(view) == (
        "Blue arrows: values; dashed arrows: derivatives, as wide as ‖gradient‖; "
        "double border: leaf with a gradient; square corners: data; thick border: output; "
        "round: constant."
    )
    drawing = viz.draw(J)
    assert legend(drawing.view) in drawing.dot
    texts = ["".join(t.itertext()) for t in ET.fromstring(drawing.svg).iter(f"{SVG}text")]
    assert "backward: derivatives" in texts
    assert "leaf with a gradient" in texts
    assert "constant" not in texts


def captions(drawing: viz.Drawing) -> str:
    return " ".join(drawing.view.caption)


def test_what_a_picture_cannot_know_is_said() -> None:
    a = leaf(2.0, "a")
    h = (a * a).named("h")
    h.register_hook(lambda g: g * 10)
    J = (h * 3).named("J")
    J.backward()
    assert "Hooks may change gradients" in captions(viz.draw(J))
    x = leaf([1.0, 2.0], "x")
    y = (x * x).named("y")
    y.backward(np.array([1.0, 10.0]))
    assert "began with weights that are not kept" in captions(viz.draw(y))
    z = leaf(800.0, "z")
    with np.errstate(over="ignore"):
        J = np.log(1 + np.exp(z)).named("J")
    with pytest.warns(LimitWarning, match="exp: a gradient of 0 has met"):
        J.backward()
    assert "A gradient of 0 stayed 0" in captions(viz.draw(J))
    assert "Arithmetic made that 0" in captions(viz.draw(J))
    with strong_zero(False):
        assert "stayed 0" not in captions(viz.draw(J))
    plain = (leaf(2.0, "w") * 3).named("J")
    plain.backward()
    said = captions(viz.draw(plain))
    assert not re.search("Hooks|weights|stayed", said)


def test_marks_of_health_are_in_the_words() -> None:
    w = leaf(1.5, "w")
    J = np.exp(np.exp(w * 3)).named("J")
    J.backward()
    assert "w = 1.5 (exploding)" in viz.draw(J, health=True).text
    assert "exploding" not in viz.draw(J).text


def test_names_that_read_as_formulas_are_bracketed() -> None:
    a, b = leaf(1.0, "a"), leaf(2.0, "b")
    u = (a + b).named("a+b")
    J = (3 * u).named("J")
    assert [n.header for n in viz.draw(J).view.nodes][-2:] == ["a+b = a + b", "J = 3 · (a+b)"]
    dotted = (3 * leaf(1.0, "layer1.W") * leaf(2.0, "x[0]")).named("J")
    assert viz.draw(dotted).view.nodes[-1].header == "J = u · x[0]"


def test_a_row_is_told_from_a_vector() -> None:
    row, vector = leaf([[1.0, 2.0]], "r"), leaf([1.0, 2.0], "v")
    J = (row * vector).sum().named("J")
    J.backward()
    cards = {n.name: n for n in viz.draw(J).view.nodes}
    assert (cards["r"].value, cards["v"].value) == (("[[1 2]]",), ("[1 2]",))
    assert cards["r"].gradient == "∂J/∂r = [[1 2]]"
    column = viz.draw(leaf([[1.0], [2.0]], "c") * 1).view.nodes[0]
    assert column.value == ("[1]", "[2]")


def test_a_derivative_is_written_in_one_way_throughout() -> None:
    """∂J/∂u in every label, also where the whole of it is multiplied or transposed."""
    W, x = leaf([[1.0, 2.0], [3.0, 4.0]], "W"), leaf([1.0, 2.0], "x")
    J = ((W.T @ x).named("z").sum() / 2).named("L/m")
    J.backward()
    view = viz.draw(J).view
    labels = {e.label for e in view.edges if e.label}
    assert "∂(L/m)/∂W = (∂(L/m)/∂u)ᵀ" in labels
    alone = re.compile(r"(?<!/)∂(\([^()]+\)|[^/ ()]+)(?= |$|ᵀ)")
    assert alone.search("∂W = uᵀ @ ∂u")
    assert not any(map(alone.search, labels))
    assert not any("short" in line for line in view.caption)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d["edges"][0].update(source=999), "an edge leads from 999"),
        (lambda d: d["edges"][0].update(source=d["edges"][0]["target"]), "an edge leads from"),
        (lambda d: d["edges"][0].update(source="n0"), "EdgeView.source is 'n0'"),
        (lambda d: d["nodes"][0].update(kind="zz"), "NodeView.kind is 'zz'"),
        (lambda d: d["nodes"][0].update(id='0"><script>'), "NodeView.id is"),
        (lambda d: d["nodes"][0].update(name=3), "NodeView.name is 3"),
        (lambda d: d["nodes"][0].update(norm="x"), "NodeView.norm is 'x'"),
        (lambda d: d["nodes"][0].update(norm=-1), "has the norm -1"),
        (lambda d: d["nodes"][0].update(norm=10**400), "NodeView.norm is 1000"),
        (lambda d: d["nodes"][0].update(grade="bad"), "NodeView.grade is 'bad'"),
        (lambda d: d["nodes"][0].update(scope="layer1"), "NodeView.scope is 'layer1'"),
        (lambda d: d["nodes"][0]["slope"].update(paths=True), "Gradient.paths is True"),
        (lambda d: d.update(size=[1, 2, 3]), "GraphView.size is"),
        (lambda d: d.update(size=[0, 2]), "size is"),
        (lambda d: d.update(outputs=-1), "it has -1 outputs"),
        (lambda d: d["nodes"][0].update(odd=1), "odd"),
        (lambda d: d["nodes"][1].update(id=0), "edge|one id"),
        (lambda d: d.update(title=None), "GraphView.title is None"),
        (lambda d: d.pop("edges"), "edges"),
    ],
)
def test_the_json_of_something_else_is_refused(change: Any, said: str) -> None:
    J = (leaf(2.0, "a") * leaf(3.0, "b")).named("J")
    J.backward()
    text = viz.draw(J).view.to_json()
    assert viz.GraphView.from_json(text) == viz.draw(J).view
    data = json.loads(text)
    change(data)
    with pytest.raises(ValueError, match=f"not the JSON of a view.*({said})"):
        viz.GraphView.from_json(json.dumps(data))
    with pytest.raises(ValueError, match="not the JSON of a view"):
        viz.GraphView.from_json("J.json")


def test_a_module_may_be_called_as_a_picture_is(tmp_path: Path) -> None:
    y = leaf(1.0, "x")
    for name in ("all", "1", "as drawn"):
        with name_scope(name):
            y = np.tanh(y * 2)
    y.backward()
    page = viz.draw(y, depth=0).html
    labels = re.findall(r"<option[^>]*>([^<]*)", page)
    assert len(labels) == len(set(labels)) >= 4


def test_refusals_are_called_by_what_was_called() -> None:
    with pytest.raises(viz.NotDrawable, match=r"^viz\.explain: needs an autograd.Tensor, got int"):
        viz.explain(3)
    with pytest.raises(viz.NotDrawable, match=r"^viz\.film: needs"):
        viz.film(3)


# -- numbers at the edges of range -----------------------------------------------------------------


def test_norms_and_means_neither_overflow_nor_vanish() -> None:
    for size in (1e-170, 1e155):
        x = leaf(np.ones(9), "x")
        J = (x * size).sum().named("J")
        J.backward()
        drawing = viz.draw(J, health=True)
        (node,) = [n for n in drawing.view.nodes if n.name == "x"]
        assert node.gradient == f"‖∂J/∂x‖ = {autograd.format_number(3 * size)} (9,)"
        assert node.mark == ("vanishing" if size < 1 else "exploding")
        assert f'class="bwd {"w0" if size < 1 else "w6"}"' in drawing.svg
    z = leaf(1e155, "z")
    with np.errstate(over="ignore"):
        J = z * z
        J.backward()
    assert " w6" in viz.draw(J, health=True).svg  # where the value itself is infinite
    big = viz.draw(leaf(np.full(5, 1e308), "b") * 1.0).view.nodes[0]
    assert big.value[1] == "1e308 … 1e308, mean 1e308"


def test_what_is_not_finite_is_counted() -> None:
    values = np.arange(20.0)
    for wrong, said in (
        ({3: np.nan}, "0 … 19, 1 of 20 NaN"),
        ({3: np.inf, 4: -np.inf}, "0 … 19, 2 of 20 ±∞"),
        ({0: np.nan, 19: np.inf}, "1 … 18, 2 of 20 NaN or ∞"),
        (dict.fromkeys(range(20), np.nan), "all NaN"),
    ):
        x = values.copy()
        x[list(wrong)] = list(wrong.values())
        assert viz.draw(leaf(x, "x") * 1.0).view.nodes[0].value[1] == said


# -- data that nobody else holds -------------------------------------------------------------------


def test_a_network_on_data_without_a_name_shows_its_numbers() -> None:
    rng = np.random.default_rng(0)
    net = nn.Network([2, 4, 1], rng=0)
    X = rng.normal(size=(2, 600))
    J = nn.cost(net, Tensor(X), Tensor((X[:1] > 0).astype(float)), nn.binary_cross_entropy)
    J.backward()
    assert "not kept" not in viz.draw(J).text
    huge = (leaf(np.ones(200_000), "w") * np.full(200_000, 2.0)).sum()
    huge.backward()
    drawing = viz.draw(huge)
    assert "∂v/∂w not kept" in drawing.text
    assert "An array of shape (200000,) that nobody kept" in drawing.text
    assert "Tensor(X, name='X')" in drawing.text


# -- differences -----------------------------------------------------------------------------------


def test_a_difference_inside_a_module_makes_a_page() -> None:
    def drawn(value: float) -> viz.Drawing:
        w = leaf(value, "w")
        with name_scope("m"):
            u = w * 2
        J = (u * u).named("J")
        J.backward()
        return viz.draw(J)

    page = viz.diff(drawn(1.0), drawn(2.0)).html
    assert "changed" in page


def test_letters_that_moved_are_not_a_difference() -> None:
    def drawn(f: Any) -> viz.Drawing:
        J = ((f(leaf(2.0, "w") * 3) + 1) ** 2).named("J")
        J.backward()
        return viz.draw(J)

    view = viz.diff(drawn(lambda x: x), drawn(np.tanh)).view
    assert {n.header: n.mark for n in view.nodes} == {
        "w": "changed",
        "p = w · 3": "changed",
        "a = tanh(p)": "new",
        "s = a + 1": "changed",
        "J = s²": "changed",
    }
    assert view.caption[-1] == "4 changed, 1 new, 0 gone, in the digits that are shown."
    (J,) = [n for n in view.nodes if n.name == "J"]
    assert J.value == ("49 → 4",)


# -- derivations -----------------------------------------------------------------------------------


def test_a_derivation_defines_its_arrays_and_gives_each_term() -> None:
    x = leaf([3.0, 4.0], "x")
    J = (np.where(x.data > 3.5, x**2, -x) * np.array([0.5, 2.0])).sum().named("J")
    J.backward()
    made = viz.explain(J)
    for line in (
        "c = [0 1], given",
        "k = [0.5 2], given",
        "∂J/∂p2 = 1 for each: [1 1]",
        "∂J/∂x = ∂J/∂s · ∂s/∂x = [−0.5 0], on one of 2 paths, where ∂s/∂x = −1",
        "∂J/∂x = ∂J/∂p1 · ∂p1/∂x = [0 16], on one of 2 paths, where ∂p1/∂x = 2 · x",
        "The sum over 2 paths: ∂J/∂x = [−0.5 16] (2 paths)",
    ):
        assert f"  {line}\n" in made.text
    assert made.markdown.count(r"\text{(one of 2 paths)}") == 2
    assert r"\begin{bmatrix} 0 & 16 \end{bmatrix}" in made.latex
    assert repr(made) == "<Explanation: The derivative of J by x; print it>"


def test_a_derivation_says_what_a_picture_says_under_it() -> None:
    a = leaf(0.0, "a")
    J = (np.sqrt(a) * 0).named("J")
    J.backward()
    assert "A gradient of 0 stayed 0" in viz.explain(J).text
    w = leaf(2.0, "w")
    J = (w * w).named("J")
    J.backward()
    w.data = 1.0
    assert "shown with the values before: w" in viz.explain(J).text
    w.data = 0.5
    assert "draw before the optimizer's step" in viz.explain(J).text


def test_a_leaf_is_its_own_derivation() -> None:
    a = leaf(2.0, "a")
    a.backward()
    assert "∂a/∂a = 1" in viz.draw(a).text
    assert viz.draw(a).view.caption[1] == "a = 2."
    assert viz.explain(a).text.splitlines()[-1] == "  ∂a/∂a = 1"


def test_what_cannot_be_opened_into_numbers_is_refused() -> None:
    x = leaf([1.0, 2.0], "x")
    with pytest.raises(viz.NotDrawable, match="cannot open checkpoint, which runs a function"):
        viz.draw(autograd.checkpoint(np.tanh)(x).sum(), scalars=True)
    with pytest.raises(viz.NotDrawable, match="found no number that the output depends on"):
        viz.draw((leaf(np.zeros((0, 3)), "x") * 2).sum() + 1, scalars=True)


def test_another_librarys_tensor_is_called_by_its_module() -> None:
    other = type("Tensor", (), {"__module__": "torch._tensor"})()
    with pytest.raises(viz.NotDrawable, match=r"needs an autograd\.Tensor, got torch\.Tensor"):
        viz.draw(other)


# -- more of what users met ------------------------------------------------------------------------


def test_weights_that_are_not_finite_are_drawn_as_such() -> None:
    net = nn.Network([2, 2, 1], rng=0)
    weights = dict(net.named_parameters())["layer1.W"]
    weights.data = [[np.nan, 1.0], [2.0, np.inf]]
    root = ET.fromstring(viz.draw_network(net).svg)
    edges = {p.find(f"{SVG}title").text: p for p in root.iter(f"{SVG}path") if len(p)}
    wrong = {k for k, p in edges.items() if p.get("class") == "wrong"}
    assert wrong == {"layer1.W[0, 0] = nan", "layer1.W[1, 1] = inf"}
    assert edges["layer1.W[1, 0] = 2"].get("stroke-opacity") == "1.00"
    assert edges["layer1.W[0, 1] = 1"].get("stroke-opacity") == "0.57"  # 0.15 + 0.85 / 2
    assert "NaN or ∞" in ["".join(t.itertext()) for t in root.iter(f"{SVG}text")]
    (words,) = [e.text for e in root.iter(f"{SVG}desc")]
    assert "from 1 to 2, 2 NaN or infinite" in words


def test_equal_modules_fold_when_asked_although_there_is_room() -> None:
    net = nn.Network([2, *[4] * 12, 1], rng=0)
    J = nn.cost(net, Tensor(np.ones((2, 5))), Tensor(np.ones((1, 5))), nn.binary_cross_entropy)
    J.backward()
    names = [n.name for n in viz.draw(J, repeats=True).view.nodes]
    assert any(name.endswith("× 11") for name in names)
    assert len(names) < 10
    plain = leaf(1.0, "x") * 2.0
    assert len(viz.draw(plain, repeats=True).view.nodes) == 2


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("ŷ", r"\hat{y}"),
        ("x̂", r"\hat{x}"),
        ("x̄", r"\bar{x}"),
        ("ẋ", r"\dot{x}"),
        ("θ̂", r"\hat{\theta}"),
        ("W_{ij}", "W_{ij}"),
        ("ŷ_1", r"\hat{y}_{1}"),
    ],
)
def test_accents_and_braces_in_names_are_typeset(name: str, latex: str) -> None:
    from autograd.labels import latex_name

    assert latex_name(name) == latex


def test_a_film_shows_itself_in_a_notebook() -> None:
    shown = viz.film(training(2))._repr_html_()
    assert shown.startswith('<iframe srcdoc="&lt;!DOCTYPE html&gt;')
    assert shown.count('"') == 8  # of four attributes: the page inside is escaped


def test_numbers_stay_on_labels_beside_long_names() -> None:
    long = "the weight of the first hidden layer of the second encoder block before dropout " * 2
    a, b = leaf(2.0, long), leaf(3.0, "b")
    J = (b / a).named("J")
    J.backward()
    view = viz.draw(J).view
    assert {e.label.rpartition(" = ")[2] for e in view.edges} == {"0.5", "−0.75"}
    assert max(len(e.label) for e in view.edges) < 190
    (node,) = [n for n in view.nodes if n.name != "J" and n.name != "b"]
    assert node.gradient.endswith(" = −0.75")
    assert len(node.gradient) < 80


def test_four_numbers_are_shown_forward_as_backward() -> None:
    x = leaf([1.0, 2.0, 3.0, 4.0], "x")
    J = (x * x).sum().named("J")
    J.backward()
    (node,) = [n for n in viz.draw(J).view.nodes if n.name == "x"]
    assert node.value == ("[1 2 3 4]",)
    assert node.gradient == "∂J/∂x = [2 4 6 8] (2 paths)"


def test_an_empty_name_is_none() -> None:
    y = (leaf(2.0, "") * 3).named("")
    assert y.name is None
    assert [n.header for n in viz.draw(y).view.nodes] == ["x", "u = x · 3"]


@pytest.mark.parametrize("shape", [(2, 3, 4), (5,), (1, 1), (1,), ()])
def test_terms_of_every_shape_are_said(shape: tuple[int, ...]) -> None:
    b = leaf(np.full(shape, 2.0), "b")
    J = (b * 3 - b * 5).sum().named("J")
    J.backward()
    text = viz.explain(J).text
    assert ("of norm" in text) == (np.prod(shape) > 4)
    if np.prod(shape) == 1:
        assert " −5, on one of 2 paths" in text
        assert " 3, on one of 2 paths" in text
    assert viz.draw(J).svg


def test_large_gradients_are_not_written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from viz import cards, numbers as shown, wording

    numbers: list[Any] = []

    def counted(x: Any, digits: int = 4) -> str:
        numbers.append(x)
        return autograd.format_number(x, digits)

    for room in (cards, shown, wording):
        monkeypatch.setattr(room, "format_number", counted)
    W = leaf(np.ones((300, 300)), "W")
    J = (np.tanh(W) * 2).sum()
    J.backward()
    viz.draw(J)
    assert 4 < len(numbers) < 60  # of 90 000 in each of three arrays


def test_rounds_of_a_loop_end_with_an_op() -> None:
    h = leaf(1.0, "w")
    for _ in range(6):
        h = h * 1.5
    J = (h - 7.0).named("J")
    J.backward()
    view = viz.draw(J, repeats=True).view
    (loop,) = [n for n in view.nodes if n.kind == "repeat"]
    assert loop.name == "loop × 5"
    assert not any("constants differ" in line or "out 7" in line for line in loop.details)
    assert loop.gradient.endswith(" = 1")
    assert [n.header for n in view.nodes if n.kind == "op"] == ["p1 = w · 1.5"]
    assert sum(e.source == loop.id for e in view.edges) == 1


def test_a_difference_does_not_hide_another_operand() -> None:
    def drawn(swap: bool) -> viz.Drawing:
        w, b = leaf(2.0, "w"), leaf(1.0, "b")
        first, second = (b, w) if swap else (w, b)
        J = (np.sin(first) * 2 + second).named("J")
        J.backward()
        return viz.draw(J)

    view = viz.diff(drawn(False), drawn(True)).view
    assert {n.header: n.mark for n in view.nodes}["u = sin(b)"] == "new"
    assert any("Gone: u = sin(w)" in line for line in view.caption)


def test_a_sum_of_a_derivative_is_bracketed_in_latex() -> None:
    J = np.sum(np.maximum(leaf(np.ones((2, 3)), "x"), leaf(np.zeros(3), "b"))).named("J")
    J.backward()
    assert r"\cdot \left([b > x] + 0.5 \cdot [b = x]\right)" in viz.explain(J).latex


def test_rounds_that_share_their_data_fold() -> None:
    rng = np.random.default_rng(0)
    X, y = Tensor(rng.normal(size=(2, 10)), name="X"), Tensor(rng.normal(size=10), name="y")
    w = leaf([1.0, -2.0], "w")
    for k in range(30):
        with name_scope(f"round {k + 1}"):
            w = w - 0.1 * (X @ (w @ X - y)) / 10
    J = ((w @ X - y) ** 2).mean().named("J")
    J.backward()
    view = viz.draw(J, repeats=True).view
    (rounds,) = [n for n in view.nodes if n.kind == "repeat"]
    assert rounds.name == "round 2 … round 30 × 29"  # the first reads the leaf w
    assert {n.name for n in view.nodes if n.kind == "data"} == {"X", "y"}
    into = {
        next(n.name for n in view.nodes if n.id == e.source)
        for e in view.edges
        if e.target == rounds.id
    }
    assert into == {"X", "y", "round 1"}


def test_too_many_cards_are_folded_by_stretches_and_all_are_accounted_for() -> None:
    x = leaf(np.ones(2), "x")
    plain = x
    for k in range(40):
        plain = np.tanh(plain) if k % 3 else np.sin(plain * x[k % 2])
    whole = viz.draw(plain.sum(), max_nodes=1000).view
    view = viz.draw(plain.sum(), max_nodes=5, repeats=False).view
    assert len(view.nodes) <= 5
    assert view.nodes[-1].kind == "cost"
    folded = f"{len(whole.nodes)} cards folded into {len(view.nodes)}, in the order"
    assert any(line.startswith(folded) for line in view.caption)
    said = " ".join(n.words for n in view.nodes)
    for node in whole.nodes:  # every step stands in the words of a part
        assert node.header in said
    place = {n.id: i for i, n in enumerate(view.nodes)}
    assert all(place[e.source] < place[e.target] for e in view.edges)
    assert len(viz.draw(plain.sum(), max_nodes=1).view.nodes) == 1


def test_no_arrow_begins_at_the_card_of_another_value() -> None:
    """b is folded into u = a · b; J uses b, and not u."""
    a, b = leaf(2.0, "a"), leaf(3.0, "b")
    u = (a * b).named("u")
    J = ((u * a).named("z") + b).named("J")
    J.backward()
    view = viz.draw(J, max_nodes=4).view
    names = {n.id: n.name for n in view.nodes}
    labels = {(names[e.source], names[e.target]): e.label for e in view.edges}
    assert not any(k[0] == "u" and "∂b" in label for k, label in labels.items())
    assert ("u", "J") not in labels


def test_many_outputs_are_named_by_the_first_and_the_last() -> None:
    x = leaf(1.0, "x")
    view = viz.draw(*[(x * k).named(f"out{k}") for k in range(1, 9)]).view
    assert view.nodes[0].slope.symbol == "∂(out1 + … + out8)/∂x"


def test_modules_without_room_are_folded_by_stretches() -> None:
    y = leaf(np.ones(2), "x")
    for k in range(6):
        with name_scope(f"part{k}"):
            y = (np.sin, np.cos, np.tanh, np.exp, np.square, np.arctan)[k](y)
    assert len(viz.draw(y.sum(), max_nodes=5).view.nodes) <= 5


def test_layers_of_two_networks_are_not_calls_of_one() -> None:
    first, second = nn.Network([2, 3, 1], rng=0), nn.Network([1, 2, 1], rng=1)
    J = nn.binary_cross_entropy(second(first(Tensor(np.ones((2, 4))))), np.ones((1, 4)))
    text = viz.draw(J, depth=0).text
    assert "call 2" not in text
    assert "layer1 (Linear) (2)" in text
    shared = nn.Network([2, 2], hidden="tanh", output="identity", rng=0)
    twice = (shared(shared(Tensor(np.ones((2, 4)))) + 1) ** 2).sum()
    assert "call 2" in viz.draw(twice, depth=0).text


# -- arithmetic of data ----------------------------------------------------------------------------


def shown(J) -> dict:
    """Return the names of the cards that hold data, and the formulas of the others."""
    view = viz.draw(J).view
    return {n.name for n in view.nodes if n.kind == "data"}


def test_what_was_computed_from_named_data_is_drawn_as_it_was_written() -> None:
    X, Y = Tensor(np.full((3, 4), 51.0), name="X"), Tensor(np.ones((1, 4)), name="Y")
    W = Tensor(np.ones((1, 3)), name="W", requires_grad=True)
    assert shown((W @ (X / 255)).sum()) == {"X / 255"}
    a = 1 / (1 + np.exp(-(W @ X / 255)))
    assert shown(((1 - Y) * np.log(a)).sum()) == {"X", "1 − Y"}
    mu = X.mean(axis=1, keepdims=True)
    assert shown((W @ (X - mu)).sum()) == {"X − mean(X, axis=1)"}
    assert shown((W @ (X - np.ones((3, 1)))).sum()) == {"X − …"}  # an array without a name
    assert shown((W @ (2 * (X + 1))).sum()) == {"2 · (X + 1)"}
    text = viz.draw((W @ (X / 255)).sum()).text
    assert "u = W @ (X / 255)" in text
    assert "∂u @ (X / 255)ᵀ" in text


def test_data_of_a_composite_keep_their_name() -> None:
    import autograd

    images = Tensor(np.ones((2, 1, 6, 6)), name="images")
    K = Tensor(np.ones((3, 1, 3, 3)), name="K", requires_grad=True)
    (name,) = shown(autograd.conv(images, K).sum())
    assert "images" in name


def test_one_expression_is_one_card_and_has_no_name_of_its_own() -> None:
    Y = Tensor([1.0, 0.0], name="Y")
    w = Tensor([1.0, 2.0], name="w", requires_grad=True)
    first, second = 1 - Y, 1 - Y
    J = (w * first).sum() + (w * second).sum()
    assert [n.name for n in viz.draw(J).view.nodes].count("1 − Y") == 1
    assert first.name is None
    assert (first.named("Q") * w).sum().requires_grad
    assert shown((first * w).sum()) == {"Q"}


# -- a derivation by hand --------------------------------------------------------------------------


def test_a_picture_shows_the_verdicts_on_a_derivation() -> None:
    W = Tensor([[0.5, -1.0]], name="W", requires_grad=True)
    X = np.array([[1.0, 2.0, 3.0], [0.0, 1.0, -1.0]])
    Z = (W @ X).named("Z")
    A = np.tanh(Z).named("A")
    J = A.sum()
    report = autograd.check_backprop(J, {"dA": np.ones((1, 3)), "dZ": np.ones((1, 3))})
    view = viz.draw(J, against=report).view
    marks = {n.name: n.mark for n in view.nodes}
    assert marks["Z"] == "dZ WRONG: the derivative of A by Z is missing"
    assert marks["A"] == "dA right"
    assert not marks["W"]
    assert "dZ WRONG: the derivative of A by Z is missing" in viz.draw(J, against=report).svg
    again = type(view).from_json(view.to_json())
    assert {n.name: n.mark for n in again.nodes} == marks


# -- functions of several ops ----------------------------------------------------------------------


def kernels() -> Any:
    rng = np.random.default_rng(0)
    images, K = (
        leaf(rng.normal(size=s), n) for s, n in (((1, 1, 4, 4), "images"), ((2, 1, 3, 3), "K"))
    )
    J = (autograd.conv(images, K) ** 2).sum().named("J")
    J.backward()
    return J


def test_a_function_of_several_ops_is_one_card_that_opens() -> None:
    J = kernels()
    view = viz.draw(J).view
    (call,) = [n for n in view.nodes if n.kind == "call"]
    assert call.formula == "conv(images, K)"
    assert call.count == "3 ops inside"
    assert call.shape == "(1, 2, 2, 2)"
    assert call.gradient.startswith(f"‖∂J/∂{call.name}‖ = ")
    names = {n.id: n.name for n in view.nodes}
    assert {names[e.source] for e in view.edges if e.target == call.id} == {"images", "K"}
    assert all(e.back for e in view.edges if e.target == call.id)
    assert "1 function folded; depth=1 opens it." in view.notes
    opened = viz.draw(J, depth=1).view
    assert [n.scope for n in opened.nodes if n.formula.startswith("windows")] == [(call.formula,)]
    assert not any(n.kind == "call" for n in opened.nodes)
    assert viz.GraphView.from_json(view.to_json()) == view


def test_a_call_names_the_data_that_it_was_given() -> None:
    """Of data no graph is recorded: the first op of the call has changed it already."""
    rng = np.random.default_rng(0)
    images, K = (
        Tensor(rng.normal(size=(1, 1, 4, 4)), name="images"),
        leaf(rng.normal(size=(2, 1, 3, 3)), "K"),
    )
    J = (autograd.conv(images, K) ** 2).sum()
    assert "conv(images, K)" in {n.formula for n in viz.draw(J).view.nodes}
    J = (autograd.conv(images / 255, K) ** 2).sum()
    (call,) = [n for n in viz.draw(J).view.nodes if n.kind == "call"]
    assert call.formula.startswith("conv(")
    assert "images" in " ".join(n.name for n in viz.draw(J).view.nodes)


def test_a_page_opens_the_functions() -> None:
    page = viz.draw(kernels()).html
    assert "conv(images, K)" in page
    assert "windows(images" in page


def test_a_function_of_two_results_names_both() -> None:
    A = leaf(np.diag([1.0, 2.0, 4.0]), "A")
    w, V = np.linalg.eigh(A)
    J = (w * V[0]).sum().named("J")
    J.backward()
    (call,) = [n for n in viz.draw(J).view.nodes if n.kind == "call"]
    first, second = call.name.split(", ")
    assert call.formula == "eigh(A)"
    assert [line.partition(":")[0] for line in call.value] == [first, second]
    assert call.slope is not None
    drawn = {n.formula for n in viz.draw(J).view.nodes}
    assert f"{second}[0]" in drawn


def test_results_stand_in_the_order_in_which_they_are_returned() -> None:
    A = leaf(np.diag([3.0, 2.0, 1.0]), "A")
    U, s, Vh = np.linalg.svd(A)
    named = [t.named(n) for t, n in ((U, "U"), (s, "s"), (Vh, "Vh"))]
    J = (named[0][0] * named[1] * named[2][0]).sum()
    (call,) = [n for n in viz.draw(J).view.nodes if n.kind == "call"]
    assert call.header == "U, s, Vh = svd(A)"


def test_a_call_has_its_arguments_in_their_order() -> None:
    """The graph reads them in another one: a formula with them exchanged is a wrong formula."""

    @autograd.composite(samples=["3 3"])
    def ratio(a: Any, b: Any, scale: float = 1.0, shift: Any = None) -> Any:
        return (b * scale + 1 if shift is None else b + shift) / (a * a + 1)

    def title(J: Any) -> str:
        (card,) = [n for n in viz.draw(J.sum()).view.nodes if n.formula.startswith("ratio")]
        return card.formula

    try:
        x, y = (leaf(np.array([1.0, 2.0]), name) for name in "xy")
        data = Tensor(np.array([3.0, 5.0]), name="data")
        assert title(ratio(x, y)) == "ratio(x, y)"
        caption = viz.draw(ratio(x, y).named("J")).view.caption
        assert any(line.startswith("J = ratio(x, y)") for line in caption)
        assert title(ratio(y, x)) == "ratio(y, x)"
        assert title(ratio(b=x, a=y)) == "ratio(y, x)"
        assert title(ratio(x, x)) == "ratio(x, x)"
        assert title(ratio(x, data)) == "ratio(x, data)"
        assert title(ratio(data, x)) == "ratio(data, x)"
        assert title(ratio(data / 2, x)) == "ratio(data / 2, x)"
        assert title(ratio(np.array([7.0, 8.0]), x)) == "ratio(…, x)"
        assert title(ratio(x, y, 2)) == "ratio(x, y, 2)"
        assert title(ratio(x, y, scale=2)) == "ratio(x, y, scale=2)"
        assert title(ratio(x, y, shift=data)) == "ratio(x, y, shift=data)"
        assert title(ratio(2.0, y)) == "ratio(2, y)"
        assert title(ratio(np.array(2.0), y)) == "ratio(2, y)"
        assert title(ratio(x, y, True)) == "ratio(x, y, True)"
    finally:
        del autograd.COMPOSITES["ratio"]


def test_arguments_of_any_signature_keep_their_names_and_places() -> None:
    @autograd.composite(samples=["3"])
    def total(a: Any, *rest: Any, scale: Any = 1.0, **more: Any) -> Any:
        return sum((*rest, *more.values()), a * a) * scale

    outside = Tensor(np.array([7.0, 8.0]), name="outside")

    @autograd.composite(samples=["3 3"])
    def unread(a: Any, p: Any) -> Any:
        return p * outside + p * p

    try:
        x, y, z = (leaf(np.array([1.0, 2.0]), name) for name in "xyz")
        for made, title in (
            (total(x, y, z, scale=z), "total(x, y, z, scale=z)"),
            (total(x, y, scale=z), "total(x, y, scale=z)"),
            (total(x, foo=z), "total(x, foo=z)"),
            (unread(np.array([9.0, 9.0]), x), "unread(…, x)"),  # which no op reads
        ):
            assert [n.formula for n in viz.draw(made).view.nodes][-1] == title
    finally:
        del autograd.COMPOSITES["total"], autograd.COMPOSITES["unread"]


def test_a_call_with_many_arguments_is_drawn_quickly() -> None:
    @autograd.composite(samples=["3"])
    def chain(parts: Any) -> Any:
        return sum(parts[1:], parts[0] * 1.0)

    try:
        J = chain([leaf(float(k), f"x{k}") for k in range(2000)])
        begun = time.perf_counter()
        assert len(autograd.graph(J).program.calls) == 1
        assert time.perf_counter() - begun < 0.5  # 1.1 s if each argument looks at all that is read
    finally:
        del autograd.COMPOSITES["chain"]


def test_arguments_of_a_call_are_not_kept_alive() -> None:
    @autograd.composite(samples=["3"])
    def ahead(a: Any, b: Any) -> Any:
        return a * b[:3] + 1

    try:
        for name, said in ((None, "…"), ("data", "data")):
            data = np.ones(200_000)
            gone = weakref.ref(data)
            result = ahead(leaf(np.ones(3), "a"), data if name is None else Tensor(data, name=name))
            del data
            assert gone() is None
            assert [n.formula for n in viz.draw(result).view.nodes][-1] == f"ahead(a, {said})"
    finally:
        del autograd.COMPOSITES["ahead"]


def test_a_name_that_is_a_fraction_has_brackets_in_a_derivative() -> None:
    x = leaf(3.0, "x")
    (slope,) = autograd.gradients((x**3).named("y"), [x], create_graph=True)
    slope = slope.named("dy/dx")
    drawing = viz.draw(slope)
    assert "∂(dy/dx)/∂x" in drawing.svg
    assert "∂dy/dx" not in drawing.svg
    assert "∂dy/dx" not in drawing.html
    typeset = " ".join(e.latex for e in drawing.view.edges)
    assert r"\frac{\partial (\mathrm{dy/dx})}{\partial x}" in typeset
    twice = (slope * x).named("J")
    assert "∂J/∂(dy/dx)" in viz.draw(twice).svg
    slope.backward()
    assert viz.explain(slope, wrt=x).text.count("∂(dy/dx)/∂x = ∂(dy/dx)/∂u · ∂u/∂x") == 1


def test_names_in_latex_are_typeset() -> None:
    W, b = leaf(np.ones((1, 2)), r"W^{[1]}"), leaf(np.zeros((1, 1)), r"b^{[1]}")
    Z = (W @ np.ones((2, 3)) + b).named(r"z^{[1](i)}")
    J = (autograd.sigmoid(Z).named(r"\hat{y}") ** 2).sum().named(r"\mathcal{L}")
    J.backward()
    view = viz.draw(J).view
    names = [n.name for n in view.nodes]
    assert {"W^[1]", "b^[1]", "z^[1](i)", "ŷ", "L"} <= set(names)
    assert not any("{" in line for line in view.caption)
    report = autograd.check_backprop(J, {r"d\hat{y}": np.ones((1, 3))})
    marked = viz.draw(J, against=report).view
    assert any("WRONG" in n.words for n in marked.nodes if n.name == "ŷ")
    assert "{" not in "".join(names) + "".join(n.formula for n in view.nodes)
    assert any(n.formula.startswith("W^[1] @") for n in view.nodes)
    assert viz.explain(J, wrt=r"W^{[1]}").text == viz.explain(J, wrt=W).text
    unknown = (W * 2).sum().named(r"\frac{a}{b}")
    assert viz.draw(unknown).view.nodes[-1].name == r"\frac{a}{b}"
    squared = viz.draw((W**2).sum()).view
    assert "(W^[1])²" in [n.formula for n in squared.nodes]


def test_a_gradient_stands_in_the_grid_of_its_value() -> None:
    """Where the value is shown in rows the gradient is; elsewhere it is one line."""
    W = leaf([[1.0, -2.5, 3.0], [0.25, 5.0, 6.0]], "W")
    (W * W).sum().named("J").backward()
    (card,) = (n for n in viz.draw((W * W).sum().named("J")).view.nodes if n.name == "W")
    assert card.gradient_rows == ["∂J/∂W = –"]
    J = (W * W).sum().named("J")
    J.backward()
    card = viz.draw(J).view.nodes[0]
    assert card.gradient_rows[0] == "∂J/∂W (2 paths) ="
    rows = [re.findall(r"[−\d.]+", row) for row in card.gradient_rows[1:]]
    assert rows == [["2", "−5", "6"], ["0.5", "10", "12"]]
    spaced = re.sub(r"\s+", " ", viz.draw(J).text.translate({0x2007: " ", 0x2008: " "}))
    assert re.search(r"∂J/∂W \(2 paths\) = \[ ?2 −5 6 ?\], \[ ?0\.5 10 12 ?\]", spaced)
    wide = {width(row, 11) for row in card.gradient_rows[1:]}
    assert max(wide) - min(wide) < 3  # a minus is a little wider than the space for a digit
    assert len(card.gradient_rows[1:]) == len(card.value)
    v = leaf([1.0, 2.0], "v")
    K = (v * v).sum().named("K")
    K.backward()
    assert viz.draw(K).view.nodes[0].gradient_rows == ["∂K/∂v = [2 4] (2 paths)"]
    big = leaf(np.ones((4, 4)), "B")
    L = big.sum().named("L")
    L.backward()
    assert viz.draw(L).view.nodes[0].gradient_rows == ["‖∂L/∂B‖ = 4 (4, 4)"]


def test_what_rounding_makes_is_shown_as_0() -> None:
    a, b = leaf(0.1, "a"), leaf(0.2, "b")
    J = ((a + b - 0.3) / 2).named("J")
    assert float(J) != 0
    J.backward()
    view = viz.draw(J).view
    assert view.nodes[-1].value == ("0",)
    assert "J = v / 2 = 0." in view.caption
    x = leaf([[1.0, 2.0, 4.1], [0.1, 0.2, 0.3]], "x")
    spread = (x - np.mean(x, axis=1, keepdims=True)).named("c")
    K = spread.sum().named("K")
    K.backward()
    assert 0 < abs(float(K)) < 1e-14
    nodes = {n.name: n for n in viz.draw(K).view.nodes}
    assert nodes["K"].value == ("0",)
    assert "e−1" not in " ".join(nodes["x"].gradient_rows)
    assert set(re.findall(r"[\d.e−]+", " ".join(nodes["x"].gradient_rows[1:]))) == {"0"}


def test_what_is_small_and_no_rounding_keeps_its_digits() -> None:
    t = leaf(1e-20, "t")
    J = (t * 3).named("J")
    J.backward()
    assert [n.value for n in viz.draw(J).view.nodes if n.value] == [("1e−20",), ("3e−20",)]
    a, b = leaf(1 + 2**-51, "a"), leaf(1.0, "b")  # an exact difference of what is given
    J = ((a - b) ** 2).named("J")
    J.backward()
    assert [n.value for n in viz.draw(J).view.nodes][-2:] == [("4.441e−16",), ("1.972e−31",)]
    z = leaf([[0.0], [40.0]], "z")
    K = (autograd.softmax(z).named("p") ** 2).sum().named("K")
    K.backward()
    nodes = {n.name: n for n in viz.draw(K).view.nodes}
    assert "4.248e−18" in " ".join(nodes["p"].value)
    assert autograd.graph(K).nodes[1].value[0, 0] == pytest.approx(4.248354255291589e-18)


def test_functions_of_users_and_calls_of_one_title() -> None:
    @autograd.composite(samples=["3"])
    def energy(a: Any) -> Any:
        return (a * a).sum() / 2

    @autograd.composite(samples=["3"])
    def twice(a: Any) -> Any:
        return energy(a) + energy(a)

    try:
        x = leaf(np.array([1.0, 2.0]), "x")
        J = (energy(x) * energy(x)).named("J")
        cards = [n for n in viz.draw(J).view.nodes if n.kind == "call"]
        assert [n.formula for n in cards] == ["energy(x)", "energy(x) (2)"]
        whole = viz.draw(twice(x)).view
        assert [(n.kind, n.formula) for n in whole.nodes if n.formula] == [("cost", "twice(x)")]
        with autograd.name_scope("layer"):
            J = (energy(x) * x).sum()
        (card,) = [n for n in viz.draw(J).view.nodes if n.kind == "call"]
        assert card.scope == ("layer",)
        assert [n.name for n in viz.draw(J, depth=0).view.nodes if n.kind == "module"] == ["layer"]
    finally:
        del autograd.COMPOSITES["energy"], autograd.COMPOSITES["twice"]


@pytest.mark.parametrize("f", [np.hstack, autograd.norm, np.dot])
def test_a_function_that_records_one_op_is_that_op(f: Any) -> None:
    x = leaf(np.array([1.0, 2.0]), "x")
    y = f([x, x]) if f is np.hstack else f(x, x) if f is np.dot else f(x)
    J = (y * 1).sum()
    assert all(n.kind != "call" for n in viz.draw(J).view.nodes)


def test_the_rule_of_a_transpose_is_right_in_latex() -> None:
    W, X = leaf(np.ones((2, 3)), "W"), Tensor(np.ones((3, 2)), name="X")
    J = ((W.T * X) @ W).sum().named("J")
    J.backward()
    (edge,) = (
        e for e in viz.draw(J, fit=None).view.edges if "mathsf{T}" in e.latex and "(" in e.latex
    )
    assert edge.latex.startswith(
        r"\frac{\partial J}{\partial W} \mathrel{+}= "
        r"\left(\frac{\partial J}{\partial t}\right)^{\mathsf{T}}"
    )


def test_names_without_end_and_several_outputs_have_whole_derivatives() -> None:
    long = "activation_of_the_third_hidden_layer_before_dropout"
    W, X = leaf(np.ones((2, 3)), "W"), Tensor(np.ones((4, 2)), name="X")
    A = (X @ W).named(long)
    J, K = A.sum().named("J"), (A * A).sum().named("K")
    (J + K).backward()
    labels = {e.label for e in viz.draw(J, K, fit=None).view.edges if e.label}
    (label,) = (x for x in labels if "@" in x)
    assert label.startswith("∂(J + K)/∂W = Xᵀ @ ∂(J + K)/∂activation_of")


def test_numbers_of_rows_are_no_truth_values() -> None:
    with pytest.raises(ValueError, match="rows needs to be an int of at least 1, got True"):
        viz.draw(leaf(1.0, "x") * 2, rows=True)


@pytest.mark.parametrize("options", [{"depth": 0}, {"max_nodes": 4}, {"fit": (900, 400)}])
def test_letters_of_folded_results_are_of_no_layer_either(options: Any) -> None:
    x = leaf([0.5, -1.0], "x")
    with name_scope("body"):
        y = np.tanh(np.tanh(np.tanh(x * 2) * x) * 4)
    J = (y * np.tanh(y)).sum().named("J")
    J.backward()
    assert "^[" not in repr(viz.draw(J, notation="course", **options).view)


def test_letters_inside_of_folded_cards_are_no_difference() -> None:
    def drawn(f: Any) -> viz.Drawing:
        x = leaf([0.5, -1.0], "x")
        with name_scope("body"):
            u = f(x * 2) * 3
        J = (np.exp(u) + u * u).sum().named("J")
        J.backward()
        return viz.draw(J, depth=0)

    marks = {n.kind: n.mark for n in viz.diff(drawn(lambda v: v), drawn(np.tanh)).view.nodes}
    assert marks["cost"] == "changed"
