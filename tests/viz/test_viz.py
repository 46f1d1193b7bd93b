"""Drawings: what they show, that nothing overlaps, that hostile text stays text."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import example, given, settings, strategies as st

import autograd
import nn
import viz
from autograd import Tensor, check_backprop, graph, name_scope
from tests.viz.models import MODELS
from viz.cards import view_of
from viz.drawing import _pictures
from viz.engine import graph_of, readable
from viz.passes import fold_repeats, with_worst
from viz.stretches import fold_stretches
from viz.text import clean, width, wrapped
from viz.views import Options, Views

if TYPE_CHECKING:
    from viz.view import Grade

SVG = "{http://www.w3.org/2000/svg}"


def leaf(value, name=None):
    return Tensor(value, requires_grad=True, name=name)


def lecture():
    a, b, c = leaf(5.0, "a"), leaf(3.0, "b"), leaf(2.0, "c")
    J = (3 * (a + b * c)).named("J")
    J.backward()
    return J


def network():
    rng = np.random.default_rng(0)
    net = nn.Network([4, 3, 2, 1], rng=1)
    X = Tensor(rng.normal(size=(4, 10)), name="X")
    Y = Tensor((rng.random((1, 10)) > 0.5).astype(float), name="Y")
    J = nn.cost(net, X, Y, nn.binary_cross_entropy)
    J.backward()
    return J


def cards(drawing):
    """Return the texts of each card of an SVG by its first row, with its box."""
    root = ET.fromstring(drawing.svg)
    found = {}
    for group in root.iter(f"{SVG}g"):
        if group.get("data-kind"):
            box = group.find(f"{SVG}rect")
            texts = ["".join(t.itertext()) for t in group.findall(f"{SVG}text")]
            found[texts[0]] = (
                texts[1:],
                [float(box.get(k)) for k in ("x", "y", "width", "height")],
            )
    return found


# -- what a picture says ---------------------------------------------------------------------------


def test_lecture_picture_shows_values_gradients_and_local_derivatives() -> None:
    drawing = viz.draw(lecture())
    assert {head: texts for head, (texts, _) in cards(drawing).items()} == {
        "a": ["5", "∂J/∂a = 3"],
        "b": ["3", "∂J/∂b = 6"],
        "c": ["2", "∂J/∂c = 9"],
        "u = b · c": ["6", "∂J/∂u = 3"],
        "v = a + u": ["11", "∂J/∂v = 3"],
        "J = 3 · v": ["33", "∂J/∂J = 1"],
    }
    assert [e.label for e in drawing.view.edges] == [
        "∂u/∂b = c = 2",
        "∂u/∂c = b = 3",
        "∂v/∂a = 1",
        "∂v/∂u = 1",
        "∂J/∂v = 3",
    ]


def test_lecture_picture_reads_left_to_right_with_backward_below_forward() -> None:
    drawing = viz.draw(lecture())
    boxes = {head: box for head, (_, box) in cards(drawing).items()}
    column = {head: box[0] for head, box in boxes.items()}
    assert column["a"] == column["b"] == column["c"] < column["u = b · c"]
    assert column["u = b · c"] < column["v = a + u"] < column["J = 3 · v"]
    root = ET.fromstring(drawing.svg)
    style = root.find(f"{SVG}style").text
    assert ".fwd { fill: none; stroke: #0072B2; stroke-width: 1.7 }" in style
    assert ".bwd { fill: none; stroke: #D55E00; stroke-width: 1.5; stroke-dasharray: 5 4 }" in style
    pairs = 0
    for group in root.iter(f"{SVG}g"):
        ways = {p.get("class"): p.get("d") for p in group.iter(f"{SVG}path")}
        if "bwd" in ways and (group.get("id") or "").split("-e")[-1].isdigit():
            start = {k: float(re.match(r"M\S+ ([0-9.]+)", ways[k])[1]) for k in ("fwd", "bwd")}
            assert start["fwd"] < start["bwd"]  # y grows downwards
            pairs += 1
    assert pairs == 5


def test_before_backward_a_gradient_is_a_dash_and_drawing_changes_nothing() -> None:
    a = leaf(2.0, "a")
    J = (a * a).named("J")
    drawing = viz.draw(J)
    assert cards(drawing)["a"][0] == ["2", "∂J/∂a = –"]
    assert "has not run" in " ".join(drawing.view.caption)
    J.backward()
    assert a.grad == 4
    viz.draw(J)
    assert a.grad == 4


def test_zero_and_not_computed_are_told_apart() -> None:
    a = leaf(-2.0, "a")
    J = np.maximum(a, 0.0).named("J")
    J.backward()
    assert cards(viz.draw(J))["a"][0] == ["−2", "∂J/∂a = 0"]


def test_a_fan_out_says_its_sum() -> None:
    x = leaf(3.0, "x")
    J = (x * x + 2 * x).named("J")
    J.backward()
    drawing = viz.draw(J)
    assert cards(drawing)["x"][0] == ["3", "∂J/∂x = 3 + 3 + 2 = 8 (3 paths)"]
    into_square = [e for e in drawing.view.edges if e.label.startswith("∂u/∂x")]
    assert [e.slot for e in into_square] == [0, 1]  # one pair of arrows for each slot


def test_small_arrays_show_all_numbers_and_large_ones_a_summary() -> None:
    w = leaf(np.array([[1.0, 2.0], [3.0, 4.5]]), "w")
    big = leaf(np.arange(20.0).reshape(4, 5), "big")
    J = (w.sum() + big.sum()).named("J")
    J.backward()
    found = cards(viz.draw(J))
    digit, point = "\N{FIGURE SPACE}", "\N{PUNCTUATION SPACE}"
    assert found["w"][0] == [f"[1 2{point}{digit}]", "[3 4.5]", "∂J/∂w =", "[1 1]", "[1 1]"]
    assert found["big"][0][:2] == ["(4, 5) float64", "0 … 19, mean 9.5"]


def test_matrix_edges_show_the_notes_formulas() -> None:
    labels = {e.label for e in viz.draw(network()).view.edges}
    assert {
        *("∂J/∂W1 = ∂J/∂p1 @ Xᵀ", "∂J/∂b1 = Σ ∂J/∂Z1"),
        *("∂A1/∂Z1 = [A1 > 0]", "∂L/∂Z3 = σ(Z3) − Y"),
    } <= labels


def test_modules_are_clusters_that_fold_to_cards() -> None:
    J = network()
    opened, folded = viz.draw(J), viz.draw(J, depth=0)
    scopes = {n.name: n.scope for n in opened.view.nodes}
    assert scopes["W1"] == scopes["Z1"] == ("layer1 (Linear)",)
    assert scopes["X"] == scopes["J"] == ()
    assert "layer1 (Linear)" in opened.svg
    names = [n.name for n in folded.view.nodes]
    assert names[:3] == ["X", "layer1 (Linear)", "layer2 (Linear)"]
    module = folded.view.nodes[1]
    assert module.kind == "module"
    slopes = [str(slope) for slope in module.slopes]
    assert any(line.startswith("‖∂J/∂W1‖ = ") for line in slopes)
    assert any(line.startswith("∂J/∂b1 = [") for line in slopes)
    assert "3 modules folded; depth=1 opens them." in folded.view.caption
    chain = [(e.source, e.target) for e in folded.view.edges]
    assert (folded.view.nodes[1].id, folded.view.nodes[2].id) in chain


def test_the_budget_folds_and_says_so() -> None:
    J = network()
    assert "3 modules folded; depth=1 opens them." in viz.draw(J, max_nodes=12).view.caption
    y = x = leaf(1.0, "x")
    rng = np.random.default_rng(0)
    for _ in range(200):  # nothing in it repeats
        y = (np.sin, np.cos, np.tanh, lambda t: t * x, lambda t: t + x)[rng.integers(5)](y)
    folded = viz.draw(y).view
    assert len(folded.nodes) <= 20
    assert any(re.search(r"cards folded into \d+, .* name_scope", x) for x in folded.caption)
    assert len(viz.draw(y, max_nodes=300).view.nodes) == 201


def test_a_module_called_in_a_loop_is_one_cluster_for_each_call() -> None:
    class Cell(nn.Module):
        def __init__(self):
            self.w = leaf(0.5, "w")

        def forward(self, h):
            return np.tanh(self.w * h)

    class Loop(nn.Module):
        def __init__(self):
            self.cell = Cell()

        def forward(self, h):
            for _ in range(3):
                h = self.cell(h) + 1
            return h

    drawing = viz.draw(Loop()(leaf(1.0, "h")).named("J"))
    scopes = {n.scope for n in drawing.view.nodes if n.scope}
    assert scopes == {(f"cell (Cell), call {k}",) for k in (1, 2, 3)}
    overlap_free(drawing.view)


def test_text_reads_forward_and_then_backward() -> None:
    text = viz.draw(lecture()).text
    assert text.index("u = b · c = 6") < text.index("J = 3 · v = 33") < text.index("∂J/∂v = 3")
    assert text.index("∂J/∂v = 3") < text.index("∂J/∂a = 3")


def test_the_figure_is_described_for_a_screen_reader() -> None:
    root = ET.fromstring(viz.draw(lecture()).svg)
    assert root.get("role") == "img"
    ids = [root.get("aria-labelledby"), root.get("aria-describedby")]
    described = {e.get("id"): e.text for e in root if e.get("id")}
    assert described[ids[0]] == "Computation graph of J"
    assert "u = b · c. value 6. ∂J/∂u = 3." in described[ids[1]]
    everything = [e.get("id") for e in root.iter() if e.get("id")]
    assert len(everything) == len(set(everything))
    assert all(i.startswith(root.get("id")) for i in everything)


@pytest.mark.parametrize("theme", ["light", "dark", "auto"])
def test_themes_use_the_specified_colours(theme) -> None:
    svg = viz.draw(lecture(), theme=theme).svg
    assert ("#0072B2" in svg) == (theme != "dark")
    assert ("#0F172A" in svg) == (theme != "light")
    assert ("prefers-color-scheme: dark" in svg) == (theme == "auto")


def test_options_outside_their_range_are_refused() -> None:
    J = lecture()
    for option in ({"theme": "pink"}, {"engine": "neato"}, {"direction": "up"}, {"depth": -1}):
        with pytest.raises(ValueError, match=f"viz.draw: {next(iter(option))} needs"):
            viz.draw(J, **option)
    for nothing in ((), (3.0,), (Tensor(1.0),)):
        with pytest.raises(viz.NotDrawable, match=r"viz\.draw: "):
            viz.draw(*nothing)


def test_backward_only_has_no_forward_arrows_and_no_data() -> None:
    drawing = viz.draw(network(), direction="backward")
    classes = {p.get("class") for p in ET.fromstring(drawing.svg).iter(f"{SVG}path")}
    assert "bwd" in classes
    assert "fwd" not in classes
    assert not {"X", "Y"} & {n.name for n in drawing.view.nodes}


def test_forward_only_has_no_derivatives_and_structure_only_no_numbers() -> None:
    J = lecture()
    assert "bwd" not in {
        p.get("class") for p in ET.fromstring(viz.draw(J, direction="forward").svg).iter()
    }
    assert cards(viz.draw(J, values=False))["u = b · c"][0] == []


def test_an_output_that_is_also_used_counts_itself_in_the_sum() -> None:
    a = leaf(5.0, "a")
    u = (a * 1.0).named("u")
    J = (u * 2 + u * 3).named("J")
    u.backward(retain_graph=True)
    J.backward()
    assert cards(viz.draw(u, J))["u = a · 1"][0][1] == "∂(u + J)/∂u = 1 + 2 + 3 = 6 (3 paths)"


def test_a_leaf_assigned_since_says_so_and_single_elements_show_their_sign() -> None:
    w = leaf([[2.0]], "w")
    J = (w * -3.0).sum().named("J")
    J.backward()
    w.data = [[50.0]]
    w.data = [[60.0]]
    found = cards(viz.draw(J))
    assert found["w"][0] == ["(1, 1) float64", "assigned since", "∂J/∂w = −3"]
    assert found["J = Σ u"][0][0] == "−6"


def test_rules_that_cannot_be_printed_are_drawn_without_a_formula(registry) -> None:
    @autograd.op(symbol="band", samples=["3"])
    def band(a):
        return np.where((a > 0) & (a < 1), a, 0.0)

    band.vjp(a=lambda g, a: g * np.array([float(0 < x < 1) for x in a]))
    y = band(leaf([0.5, 2.0], "a"))
    y.backward([1.0, 1.0])
    assert [e.label for e in viz.draw(y).view.edges] == ["∂u/∂a = band.vjp(∂u)"]


def test_indices_are_shown() -> None:
    x = leaf(np.ones((4, 3)), "x")
    assert [n.header for n in viz.draw(x[1:3, 0]).view.nodes] == ["x", "u = x[1:3, 0]"]


# -- nothing overlaps ------------------------------------------------------------------------------


def overlap_free(view) -> None:
    """Assert that cards, labels and ways keep clear of each other, by their own geometry."""
    from viz.layout import Card, Link, layout
    from viz.render.svg import _size

    sizes = [Card(n.id, *_size(n), scope=n.scope) for n in view.nodes]
    links = [
        Link(i, e.source, e.target, e.slot, width(e.label, 11.0) + 4 if e.label else 0.0)
        for i, e in enumerate(view.edges)
    ]
    place = layout(sizes, links)
    boxes = [(r.x, r.y, r.x + r.width, r.y + r.height) for r in place.cards.values()]
    labels = []
    for link, way in zip(links, place.ways, strict=True):
        x, y = way[-1]
        if link.label:
            labels.append((x - 10 - link.label, y + 5, x - 10, y + 19))
    everything = boxes + labels
    for i, one in enumerate(everything):
        for two in everything[i + 1 :]:
            apart = one[2] <= two[0] or two[2] <= one[0] or one[3] <= two[1] or two[3] <= one[1]
            assert apart, (one, two)
    for way in place.ways:
        for x, y in sampled(way):
            for box in boxes:
                inside = box[0] + 0.5 < x < box[2] - 0.5 and box[1] < y < box[3]
                assert not inside, (x, y, box)
        assert all(a[0] <= b[0] + 1e-6 for a, b in pairwise(way))
    for left, top, right, bottom in boxes:
        assert left >= 0
        assert top >= 0
        assert right <= place.width + 0.01
        assert bottom <= place.height + 0.01
    clusters = {
        path: (r.x, r.y, r.x + r.width, r.y + r.height) for path, r in place.clusters.items()
    }
    scopes = place.scopes
    for path, area in clusters.items():
        for card, box in zip(place.cards, boxes, strict=True):
            member = scopes[card][: len(path)] == path
            within = area[0] < box[0] and box[2] < area[2] and area[1] < box[1] and box[3] < area[3]
            apart = box[2] <= area[0] or area[2] <= box[0] or box[3] <= area[1] or area[3] <= box[1]
            assert within if member else apart


def sampled(way):
    """Return points along a way: level pieces and S-curves."""
    for (ax, ay), (bx, by) in pairwise(way):
        for k in range(11):
            t = k / 10
            m = (ax + bx) / 2
            s = 1 - t
            yield (
                s**3 * ax + 3 * s * s * t * m + 3 * s * t * t * m + t**3 * bx,
                s**3 * ay + 3 * s * s * t * ay + 3 * s * t * t * by + t**3 * by,
            )


@pytest.mark.parametrize("make", [lecture, network])
def test_nothing_overlaps_in_the_lectures_pictures(make) -> None:
    overlap_free(viz.draw(make()).view)
    overlap_free(viz.draw(make(), depth=0).view)


@pytest.mark.parametrize("seed", range(200))
def test_nothing_overlaps_in_random_graphs(seed) -> None:
    rng = np.random.default_rng(seed)
    values = [leaf(float(k + 1), f"x{k}") for k in range(int(rng.integers(1, 5)))]
    for _ in range(int(rng.integers(1, 25))):
        one, two = (values[int(rng.integers(len(values)))] for _ in range(2))
        scope = ["", "", "left", "right", "deep"][int(rng.integers(5))]
        with name_scope(scope or "top"):
            if scope == "deep":
                with name_scope(f"inner{int(rng.integers(2))}"):
                    values.append(one * two)
            else:
                values.append([one + two, one * two, np.tanh(one)][int(rng.integers(3))])
    J = sum(values[-3:], values[0]).named("J")
    J.backward()
    overlap_free(viz.draw(J, max_nodes=500).view)


def test_text_is_measured_at_least_as_wide_as_matplotlib_draws_it() -> None:
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    font = FontProperties(family="DejaVu Sans")
    for text in ("u = b · c", "∂J/∂W1 = ∂u @ Xᵀ", "min −0.795, mean 0.036", "WWW iii"):
        drawn = TextPath((0, 0), text, size=100, prop=font).get_extents().width
        assert drawn <= width(text, 100) <= 1.25 * drawn


# -- determinism, files, engines -------------------------------------------------------------------

PROGRAM = """
import sys, numpy as np, nn, viz
from autograd import Tensor
net = nn.Network([4, 3, 1], rng=1)
X = Tensor(np.linspace(-1, 1, 20).reshape(4, 5), name="X")
J = nn.cost(net, X, np.array([[0., 1, 0, 1, 1]]), nn.binary_cross_entropy)
J.backward()
d = viz.draw(J)
from viz.render.mermaid import render_mermaid
from viz.render.tikz import render_tikz
sys.stdout.write(d.svg + d.html + d.dot + d.text + d.view.to_json() + render_mermaid(d.view))
sys.stdout.write(render_tikz(d.view) + viz.explain(J).markdown + viz.draw_network(net).svg)
"""


def test_the_same_program_gives_the_same_bytes_under_any_hash_seed() -> None:
    outputs = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(outputs) == 1
    assert len(next(iter(outputs))) > 10_000


def test_view_round_trips_through_json() -> None:
    view = viz.draw(network()).view
    assert viz.GraphView.from_json(view.to_json()) == view
    for bad in ("{}", "[]", "nonsense", '{"title": 1, "caption": [], "nodes": [{}], "edges": []}'):
        with pytest.raises(ValueError, match=r"from_json|Expecting"):
            viz.GraphView.from_json(bad)


def test_save_writes_each_kind_and_refuses_others(tmp_path) -> None:
    drawing = viz.draw(lecture())
    for ending in (".svg", ".html", ".dot", ".json", ".txt"):
        path = drawing.save(tmp_path / f"J{ending}")
        assert path.read_text(encoding="utf-8")
    assert json.loads((tmp_path / "J.json").read_text("utf-8"))["title"] == "Computation graph of J"
    with pytest.raises(ValueError, match=r"one of the endings \.svg, \.html, \.dot"):
        drawing.save(tmp_path / "J.bmp")


def test_a_path_that_cannot_be_written_is_a_clear_error_and_loses_nothing(tmp_path) -> None:
    drawing = viz.draw(lecture())
    with pytest.raises(FileNotFoundError, match="does not exist; create it first"):
        drawing.save(tmp_path / "no" / "J.svg")
    (tmp_path / "J.svg").mkdir()
    with pytest.raises(OSError, match="cannot write"):
        drawing.save(tmp_path / "J.svg")
    assert [p.name for p in tmp_path.iterdir()] == ["J.svg"]
    kept = tmp_path / "kept.svg"
    kept.write_text("old")
    broken = viz.Drawing(drawing.view, engine="dot")
    broken.__dict__["svg"] = None  # what cannot be encoded, in the middle of writing
    with pytest.raises(TypeError):
        broken.save(kept)
    assert kept.read_text("utf-8") == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["J.svg", "kept.svg"]


def test_a_notebook_gets_svg_and_never_an_error(monkeypatch) -> None:
    drawing = viz.draw(lecture())
    bundle = drawing._repr_mimebundle_()
    assert bundle["image/svg+xml"].startswith("<svg")
    monkeypatch.setenv("PATH", "")
    broken = viz.Drawing(drawing.view, engine="dot")._repr_mimebundle_()
    assert set(broken) == {"text/plain"}
    assert "not on the path" in broken["text/plain"]


def test_missing_engines_are_named_with_the_remedy(monkeypatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(viz.EngineError, match=r"apt-get install graphviz.*builtin"):
        viz.draw(lecture(), engine="dot").svg
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    with pytest.raises(viz.EngineError, match=r"pip install 'pygraphviz>=2'"):
        viz.draw(lecture(), engine="pygraphviz").svg


@pytest.mark.skipif(shutil.which("dot") is None, reason="the program dot is not installed")
def test_dot_draws_the_same_cards() -> None:
    assert_same_cards(viz.draw(network(), engine="dot").svg)


def test_pygraphviz_draws_the_same_cards() -> None:
    pytest.importorskip("pygraphviz", reason="the extra 'render' is not installed")
    assert_same_cards(viz.draw(network(), engine="pygraphviz").svg)


def assert_same_cards(svg: str) -> None:
    view = viz.draw(network()).view
    texts = {"".join(t.itertext()) for t in ET.fromstring(svg).iter(f"{SVG}text")}
    assert {n.header for n in view.nodes} <= texts
    assert {row for n in view.nodes for row in n.gradient_rows} <= texts
    nodes = [g for g in ET.fromstring(svg).iter(f"{SVG}g") if g.get("class") == "node"]
    edges = [g for g in ET.fromstring(svg).iter(f"{SVG}g") if g.get("class") == "edge"]
    assert len(nodes) == len(view.nodes)
    assert len(edges) == len(view.edges) + sum(e.back for e in view.edges)


# -- hostile text ----------------------------------------------------------------------------------

HOSTILE = [
    "</text><script>alert(1)</script>",
    '"><image href="javascript:alert(1)"/>',
    "<b>bold</b>",
    "a:b:c",
    "ends with \\",
    'quote " and \\" more',
    "line\nbreak",
    "\x00\x1b[31m",
    "&lt;&amp;&#x41;",
    "]]>",
    "<!-- -->",
    "\u202egnp.exe",
    "\ud800",
    "x" * 5000,
    "javascript:alert(1)",
    "%s {0} ${HOME}",
    "digraph { a -> b }",
    "名前 é ñ 🎉",
    "",
    " ",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_text_in_every_output(name) -> None:
    check_hostile(name)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=40))
def test_any_name_stays_text(name) -> None:
    check_hostile(name)


@pytest.mark.parametrize(
    ("name", "lowered"),
    [
        ("W1", ["1"]),
        ("x_12", ["12"]),
        ("W_hh", ["hh"]),
        ("ŷ2", ["2"]),
        ("log2", []),
        ("1e5", []),
        ("x.y1", []),
        ("layer1", []),
        ("W1a", []),
        ("x_train", []),
        ("x1234", []),
        ("&x27;", ["27"]),
        ("W1ᵀ", ["1"]),
        ("h_12²", ["12"]),
    ],
)
def test_numbers_of_names_of_one_letter_are_subscripts(name, lowered) -> None:
    root = ET.fromstring(viz.draw(leaf(1.0, name) * leaf(2.0, "b")).svg)
    card = next(g for g in root.iter(f"{SVG}g") if g.get("data-kind") == "parameter")
    text = card.find(f"{SVG}text")
    assert "".join(text.itertext()) == name
    small = [t for t in text.iter(f"{SVG}tspan") if t.get("font-size") == "82%"]
    assert [t.text for t in small] == lowered
    # What follows a subscript stands on the line again.
    shifts = [float(t.get("dy", 0)) for t in text.iter(f"{SVG}tspan")]
    after = "" if not lowered else name.rpartition(lowered[0])[2]
    assert sum(shifts) == (2.5 if lowered and not after else 0)


def check_hostile(name) -> None:
    a = leaf(5.0, name)
    with name_scope(name):
        J = (a * 2).named("K" if name == "J" else "J")
    J.backward()
    drawing = viz.draw(J)
    root = ET.fromstring(drawing.svg)
    shown = [g for g in root.iter(f"{SVG}g") if g.get("data-kind")]
    assert len(shown) == 2
    first = ["".join(t.itertext()) for t in shown[0].findall(f"{SVG}text")]
    assert first[0] == (clean(readable(name)) or "x")  # an empty name is none
    assert {e.tag.removeprefix(SVG) for e in root.iter()} <= {
        *("svg", "title", "desc", "style", "rect", "g", "path", "text", "tspan"),
    }
    for element in root.iter():
        assert not any(k.lower().startswith("on") or "href" in k.lower() for k in element.attrib)
    assert viz.GraphView.from_json(drawing.view.to_json()) == drawing.view
    assert len(drawing.dot.splitlines()) == len(viz.draw(lecture_like()).dot.splitlines())
    assert "\x1b" not in drawing.text + drawing.dot


def lecture_like():
    """Return a graph of the same structure under a harmless name."""
    a = leaf(5.0, "a")
    with name_scope("s"):
        return (a * 2).named("J")


@pytest.mark.parametrize("name", [n for n in HOSTILE if n.strip()])
def test_graphviz_reads_hostile_names_back_as_they_were(name) -> None:
    pytest.importorskip("pygraphviz", reason="the extra 'render' is not installed")
    a = leaf(5.0, name)
    J = (a * 2).named("J")
    svg = viz.draw(J, engine="pygraphviz").svg
    nodes = [g for g in ET.fromstring(svg).iter(f"{SVG}g") if g.get("class") == "node"]
    assert len(nodes) == 2
    text = nodes[0].find(f"{SVG}text").text
    assert text.replace("\xa0", " ").strip() == clean(readable(name)).strip()


def test_health_says_where_gradients_vanish_explode_or_stop_being_numbers() -> None:
    x, w = leaf(0.001, "x"), leaf(0.0, "w")
    with np.errstate(all="ignore"):
        u = (1e-5 * x).named("u")
        v = (u * u).named("v")
        q = np.log(w).named("q")
        J = (v + 1e5 * x + 0 * q).named("J")
        J.backward()
    view = viz.draw(J, health=True).view
    marks = {n.name: n.mark for n in view.nodes if n.mark}
    # By hand: ∂J/∂u = 2u = 2e-8; ∂J/∂x = 1e5; log 0 = −∞, and 0 · −∞ is NaN.
    assert marks == {
        "x": "exploding",
        "w": "zero gradient",  # 0 times ∞: a strong zero
        "u": "vanishing",
        "q": "∞ begins here",
        "p2": "NaN",
        "J": "NaN",
    }
    norms = {n.name: n.norm for n in view.nodes}
    assert norms["u"] == pytest.approx(2e-8, rel=1e-12)
    assert "vanishing" in next(n.words for n in view.nodes if n.name == "u")
    assert not any(n.mark or n.norm for n in viz.draw(J, health=False).view.nodes)
    root = ET.fromstring(viz.draw(J, health=True).svg)
    thin, thick = (
        next(
            p.get("class")
            for g in root.iter(f"{SVG}g")
            if g.get("class") == "edge"
            for t in g.iter(f"{SVG}text")
            if "".join(t.itertext()) == label
            for p in g.iter(f"{SVG}path")
            if (p.get("class") or "").startswith("bwd")
        )
        for label in ("∂v/∂u (1 of 2) = u = 1e−8", "∂p1/∂x = 100000")
    )
    assert int(thin[-1]) < int(thick[-1])


def test_chain_rule_of_each_edge_in_words() -> None:
    words = {e.words for e in viz.draw(lecture()).view.edges}
    assert "∂J/∂b = ∂J/∂u · ∂u/∂b = 3 · 2 = 6, where ∂u/∂b = c = 2" in words


# -- what repeats ----------------------------------------------------------------------------------


def steps(n: int) -> Tensor:
    x = leaf(1.0, "x")
    y = x
    for _ in range(n):
        y = np.tanh(y) * 1.5
    y = y.named("y")
    y.backward()
    return y


def test_a_loop_folds_into_one_card_when_there_are_too_many() -> None:
    y = steps(200)
    view = viz.draw(y).view
    (loop,) = (n for n in view.nodes if n.kind == "repeat")
    assert loop.name == "loop × 199"
    assert [line.split(" = ")[1] for line in loop.body[:2]] == ["a1 · 1.5", "tanh(p1)"]
    assert loop.count == "398 ops"  # two of each round but the first
    assert any("597 nodes folded into 1 loop" in line for line in view.caption)
    assert len(view.nodes) <= 5
    assert next(n for n in view.nodes if n.name == "x").gradient.startswith("∂y/∂x = ")
    assert len(viz.draw(y, max_nodes=1000).view.nodes) == 401  # nothing folds that need not
    assert len(viz.draw(y, repeats=True, max_nodes=1000).view.nodes) <= 5
    assert not any(n.kind == "repeat" for n in viz.draw(y, repeats=False).view.nodes)
    assert len(viz.draw(y, repeats=False).view.nodes) <= 150


def test_a_loop_over_time_folds_with_its_shared_parameters_outside() -> None:
    W, U, h = leaf(np.full((2, 2), 0.4), "W"), leaf(np.full((2, 2), 0.3), "U"), Tensor(np.ones(2))
    for t in range(60):
        h = np.tanh(W @ h + U @ Tensor(np.full(2, 0.01 * t)))
    J = h.sum().named("J")
    J.backward()
    view = viz.draw(J, max_nodes=20).view
    (loop,) = (n for n in view.nodes if n.kind == "repeat")
    names = {n.id: n.name for n in view.nodes}
    into = {names[e.source] for e in view.edges if e.target == loop.id}
    assert {"W", "U"} <= into
    assert int(loop.name.split("× ")[1]) >= 57


def test_equal_layers_in_a_row_fold() -> None:
    net = nn.Network([3, *[4] * 10, 1], rng=0)
    X, Y = Tensor(np.ones((3, 5)), name="X"), Tensor(np.ones((1, 5)), name="Y")
    J = nn.cost(net, X, Y, nn.binary_cross_entropy)
    J.backward()
    view = viz.draw(J, depth=0, repeats=True).view
    modules = [n.name for n in view.nodes if n.kind in ("module", "repeat")]
    # The first and the last layer have weights of another shape.
    between = "layer2 (Linear) … layer10 (Linear) × 9"
    assert modules == ["layer1 (Linear)", between, "layer11 (Linear)"]
    (card,) = (n for n in view.nodes if n.kind == "repeat")
    inside = [str(slope).partition(" = ")[0] for slope in card.slopes]
    assert inside == ["‖∂J/∂W2‖", "∂J/∂b2", "…", "‖∂J/∂W10‖", "∂J/∂b10"]
    assert len(viz.draw(J, depth=0).view.nodes) == 11 + 5


def test_a_picture_extracts_its_cards_once(monkeypatch) -> None:
    """Where loops have to fold, no view of every card is made before; nor one for the page."""
    made = []

    def counted(*args, **options):
        view = view_of(*args, **options)
        made.append(len(view.nodes))
        return view

    monkeypatch.setattr("viz.views.view_of", counted)
    for steps in (3, 100):  # drawn whole, and folded
        made.clear()
        w = Tensor(0.5, name="w", requires_grad=True)
        h = w * 1.0
        for _ in range(steps):
            h = np.tanh(w * h)
        J = (h * h).named("J")
        J.backward()
        drawing = viz.draw(J)
        assert drawing.svg
        assert len(made) == 1
        assert made[0] < 20
    assert "one round open" in drawing.html
    assert len(made) == 2


def looped(steps: int) -> Tensor:
    """h = tanh(w h) again and again, and its square."""
    w = leaf(0.5, "w")
    h = w * 1.0
    for _ in range(steps):
        h = np.tanh(w * h)
    J = (h * h).named("J")
    J.backward()
    return J


def test_derivatives_come_back_through_a_folded_loop() -> None:
    view = viz.draw(looped(100)).view
    (loop,) = (n for n in view.nodes if n.kind == "repeat")
    assert {e.back for e in view.edges if e.target == loop.id} == {True}
    assert {e.back for e in view.edges if e.source == loop.id} == {True}
    x = Tensor(1.0, name="x")  # through the data of a loop nothing comes back
    for _ in range(3):
        y = leaf(0.5, "w") * 1.0
        for _ in range(100):
            y = np.tanh(y + x)
    y.backward()
    view = viz.draw(y).view
    (loop,) = (n for n in view.nodes if n.kind == "repeat")
    backs = {view.nodes[0].name: False}
    named = {n.id: n.name for n in view.nodes}
    for e in view.edges:
        if e.target == loop.id:
            backs[named[e.source]] = e.back
    assert backs["x"] is False
    assert any(backs.values())


def test_the_page_opens_a_round_of_a_loop_and_nothing_else_so() -> None:
    views = Views(graph_of(looped(100)), Options())
    pictures, first = _pictures(views.view, views)
    (loop,) = (n.id for n in pictures[first].view.nodes if n.kind == "repeat")
    assert pictures[first].leads.keys() == {loop}
    opened = pictures[pictures[first].leads[loop]]
    assert opened.label == "one round open"
    assert len(opened.view.nodes) > len(pictures[first].view.nodes)


def sequence(rounds: int) -> Tensor:
    """One network applied again and again, each time to data of its own."""
    net = nn.Network([2, 2, 2], rng=0)
    h = Tensor(np.zeros((2, 1)), name="h")
    for t in range(rounds):
        h = net(h + Tensor(np.full((2, 1), float(t)), name=f"x_{t}"))
    J = (h * h).sum().named("J")
    J.backward()
    return J


def test_data_of_each_round_stays_where_modules_repeat() -> None:
    """Cells of a sequence repeat, what they read does not: each x_t keeps its card."""
    view = viz.draw(sequence(8), depth=0, max_nodes=100).view
    assert {n.name for n in view.nodes} >= {f"x_{t}" for t in range(1, 8)}
    folded = fold_repeats(view)
    assert {n.name for n in folded.nodes} >= {f"x_{t}" for t in range(1, 8)}


def test_a_loop_over_modules_is_a_card_outside_of_them() -> None:
    view = viz.draw(sequence(8), depth=0, repeats=True, max_nodes=100).view
    (loop,) = (n for n in view.nodes if n.kind == "repeat")
    assert loop.name == "loop × 7"
    assert loop.scope == ()
    assert not any("call 8" in n.name for n in view.nodes)


def test_levels_are_opened_down_to_those_that_repeat() -> None:
    """One card of the whole says nothing, and all open is too much: its layers are one card."""

    class Outer(nn.Module):
        def __init__(self) -> None:
            self.net = nn.Sequential(*(nn.Linear(3, 3, activation="tanh", rng=k) for k in range(6)))

        def forward(self, x: Tensor) -> Tensor:
            return self.net(x)

    class Whole(nn.Module):
        def __init__(self) -> None:
            self.outer = Outer()

        def forward(self, x: Tensor) -> Tensor:
            return self.outer(x)

    J = (Whole()(Tensor(np.ones((3, 2)), name="X")) ** 2).sum().named("J")
    J.backward()
    view = viz.draw(J, repeats=True, max_nodes=40).view
    (card,) = (n for n in view.nodes if n.kind == "repeat")
    assert card.name.endswith("× 5")  # the first of six reads what is given
    assert card.scope == ("outer (Outer)", "net (Sequential)")


def test_a_loop_inside_of_a_module_stays_there() -> None:
    w = leaf(0.5, "w")
    with name_scope("cell"):
        h = w * 1.0
        for _ in range(100):
            h = np.tanh(w * h)
    h.named("J").backward()
    view = viz.draw(h, depth=5, repeats=True).view
    (loop,) = (n for n in view.nodes if n.kind == "repeat")
    assert loop.scope == ("cell",)


def test_repeats_of_sequences() -> None:
    from viz.repeats import repeats

    assert repeats("abcabcabc") == [(0, 3, 3)]
    assert repeats("abababx" * 3) == [(0, 2, 3), (7, 2, 3), (14, 2, 3)]
    assert repeats("aab") == []
    assert repeats("") == []
    assert repeats("xaaaay") == [(1, 1, 4)]


def test_a_hundred_thousand_nodes_are_drawn_folded_in_seconds() -> None:
    y = steps(50_000)
    began = time.process_time()
    drawing = viz.draw(y)
    assert len(drawing.view.nodes) <= 5
    assert len(drawing.svg) < 20_000
    assert time.process_time() - began < 30


def test_a_view_without_a_caption_is_drawn() -> None:
    view = viz.GraphView("t", (), (viz.NodeView(0, "op", "a", "", ("1",), None, (), "a"),), ())
    assert "a" in viz.Drawing(view).svg


def test_a_dot_that_takes_too_long_is_replaced_and_said(tmp_path, monkeypatch) -> None:
    slow = tmp_path / "dot"
    slow.write_text("#!/bin/sh\nsleep 30\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr("viz.drawing.TIMEOUT", 0.2)
    drawing = viz.draw(lecture(), engine="dot")
    with pytest.warns(RuntimeWarning, match=r"no picture after 0\.2 s.*built-in layout has drawn"):
        svg = drawing.svg
    assert svg == viz.draw(lecture()).svg


def test_whole_powers_are_raised() -> None:
    x = leaf(2.0, "x")
    y = (np.tanh(x) + x**-3).named("y")
    y.backward()
    texts = viz.draw(y).svg
    assert "u = tanh(x)" in texts
    assert "∂u/∂x = 1 − u² = 0.07065" in texts
    assert "v = x⁻³" in texts


# -- long headers ----------------------------------------------------------------------------------


def test_a_long_formula_is_broken_between_words_and_inside_its_card() -> None:
    parts = [leaf(np.ones(2) * i, f"feature_{i}") for i in range(14)]
    J = np.sum(np.concatenate(parts).named("joined")).named("J")
    J.backward()
    drawing = viz.draw(J)
    (node,) = [n for n in drawing.view.nodes if n.name == "joined"]
    assert len(node.header) > 140
    assert len(node.headers) == 5
    assert " ".join(node.headers) == node.header
    root = ET.fromstring(drawing.svg)
    (group,) = [g for g in root.iter(f"{SVG}g") if (g.get("id") or "").endswith(f"-n{node.id}")]
    drawn = [t for t in group.iter(f"{SVG}text") if t.get("class") == "name"]
    assert ["".join(t.itertext()) for t in drawn] == node.headers
    heights = [float(t.get("y")) for t in group.iter(f"{SVG}text")]
    assert all(b - a >= 14 for a, b in pairwise(heights))
    card = next(iter(group.iter(f"{SVG}rect")))
    assert all(width(t, 13.0, bold=True) < float(card.get("width")) for t in node.headers)
    assert float(card.get("width")) < 400
    dot = drawing.dot
    assert "\\n".join(node.headers) in dot
    overlap_free(drawing.view)


@given(st.text("ab_ .,()", max_size=400))
@example(" " * 60)
@example("x" * 300)
def test_rows_of_a_header_are_its_words(text: str) -> None:
    rows = wrapped(text)
    words = " ".join(rows).split()
    whole = text.split()
    assert 1 <= len(rows) <= 5
    if words[-1:] == ["…"] != whole[-1:]:
        assert words[:-1] == whole[: len(words) - 1]
    else:
        assert words == whole
    assert all(len(row) <= 44 or " " not in row.strip().removesuffix(" …") for row in rows)


def test_what_the_backward_pass_has_not_reached_is_named() -> None:
    w, x = leaf([1.0, 2.0], "w"), Tensor([3.0, 4.0], name="x")
    u, v = (w * w).sum().named("u"), (w * x).sum().named("v")
    v.backward()
    caption = viz.draw(u, v).view.caption[0]
    assert caption == "Forward pass left to right; the backward pass has not run from u."
    caption = viz.draw(u).view.caption[0]
    assert caption == "Forward pass left to right; the backward pass has not run."


def test_the_caption_says_what_is_so_and_nothing_more() -> None:
    """Nothing of hooks, of arrays that nobody keeps, or of values assigned since."""
    assert viz.draw(lecture()).view.caption == (
        "Forward pass left to right, backward pass right to left.",
        "J = 3 · v = 33.",
        "1 constant not drawn.",
    )


def test_save_needs_a_path() -> None:
    with pytest.raises(TypeError, match=r"Drawing\.save: needs the path of a file, .* got None"):
        viz.draw(lecture()).save(None)


def test_columns_stand_below_each_other_at_the_decimal_point() -> None:
    W = leaf(np.array([[0.5, -1.25, 10.0], [2.0, 0.333, -0.5]]), "W")
    rows = cards(viz.draw(W.sum().named("J")))["W"][0][:2]
    spaces = str.maketrans({"\N{FIGURE SPACE}": "0", "\N{PUNCTUATION SPACE}": "."})
    first, second = (row.translate(spaces).strip("[]").split(" ") for row in rows)
    for one, other in zip(first, second, strict=True):  # as wide, with the point in one place
        assert len(one) == len(other)
        assert one.find(".") == other.find(".")
    plain = [
        row.replace("\N{FIGURE SPACE}", "").replace("\N{PUNCTUATION SPACE}", "") for row in rows
    ]
    assert plain == ["[0.5 −1.25 10]", "[2 0.333 −0.5]"]


def test_an_array_of_one_number_is_shown_as_a_number() -> None:
    b = leaf(np.array([[0.1]]), "b")
    found = cards(viz.draw((b * 3).sum().named("J")))
    assert found["b"][0][0] == "0.1"


def test_of_several_verdicts_on_one_name_the_card_shows_the_wrong_one() -> None:
    from autograd import BackpropDiagnosis
    from autograd.backprop import Quantity

    w = leaf(np.array([1.0, 2.0]), "w")
    J = (w * w).sum().named("J")
    for statuses, shown in (
        (("right", "WRONG", "follows", "right"), "dw WRONG"),
        (("follows", "right"), "dw follows"),
        (("follows", "not compared"), "dw follows"),
    ):
        rows = tuple(Quantity("dw", s, 0.0, "", occurrence=k) for k, s in enumerate(statuses, 1))
        view = viz.draw(J, against=BackpropDiagnosis(rows)).view
        assert [n.mark for n in view.nodes if n.name == "w"] == [shown]


def test_a_verdict_inside_a_folded_card_is_the_worst_one_and_all_stand_in_the_caption() -> None:
    J = MODELS["four layers"]()
    view = viz.draw(J).view
    right = next(n.name for n in view.nodes if n.name.startswith("b"))
    wrong = next(n.name for n in view.nodes if n.name.startswith("W"))
    by_name = {n.name: n for n in graph(J).nodes if n.name}
    given = {f"d{right}": by_name[right].cotangent, f"d{wrong}": 3 * by_name[wrong].cotangent}
    report = check_backprop(J, given)
    assert [row.name for row in report.mistakes] == [f"d{wrong}"]
    for fit in ("slide", "phone", None):
        folded = viz.draw(J, against=report, fit=fit, max_nodes=5).view
        marks = [n.mark for n in folded.nodes if n.mark]
        assert any(mark.startswith(f"d{wrong} WRONG") for mark in marks), (fit, marks)
        assert f"d{wrong} WRONG; d{right} right." in folded.caption
        assert any(note.startswith("check_backprop: 1 mistake") for note in folded.caption)


def test_a_right_verdict_does_not_look_like_an_alarm() -> None:
    w = leaf(np.array([1.0, 2.0]), "w")
    J = (w * w).sum().named("J")
    svg = viz.draw(J, against=check_backprop(J, {"dw": np.array([2.0, 4.0])})).svg
    assert 'class="mark"' not in svg
    assert re.search(r'class="fine"[^>]*>dw right<', svg)


def test_parts_end_at_results_that_have_a_name() -> None:
    x, J = leaf(0.5, "x"), 0.0
    for name in "fiog":
        J = J + np.tanh(leaf(1.0, f"W_{name}") * x + leaf(0.0, f"b_{name}")).named(name)
    view = viz.draw(J.named("J"), max_nodes=7, fit=None).view
    assert {"f", "i", "o", "g"} <= {part for n in view.nodes for part in n.name.split(", ")}
    assert not any(n.name.startswith("part") for n in view.nodes)


def test_values_with_names_of_their_own_are_no_rounds_of_a_loop() -> None:
    """Q, K and V are used each by itself; h1, h2, h3 are what one line computed in turn."""
    X = Tensor(np.ones((3, 2)), name="X")
    made = [(X @ leaf(np.ones((2, 2)), f"W_{n}")).named(n) for n in "QKV"]
    J = (made[0] @ made[1].T @ made[2]).sum().named("J")
    assert {"Q", "K", "V"} <= {n.name for n in viz.draw(J, repeats=True).view.nodes}
    h, W = Tensor([1.0, 2.0], name="h0"), leaf(np.eye(2), "W")
    for t in range(1, 5):
        h = np.tanh(W @ h).named(f"h{t}")
    names = [n.name for n in viz.draw(h.sum().named("J"), repeats=True).view.nodes]
    assert any(name.startswith("loop × ") for name in names)


def test_the_caption_names_as_folded_what_is_folded_only() -> None:
    twice = (leaf(1.0, "w") * 3 + leaf(2.0, "w")).named("y")
    assert not any("Inside folded" in note for note in viz.draw(twice).view.caption)
    scalars = viz.draw(MODELS["lecture"](), fit="phone").view
    assert not any("arrays" in note for note in scalars.caption)


def test_an_arrow_that_brings_a_share_does_not_claim_the_whole() -> None:
    """x @ x brings x twice; beside a card that says 2x, "∂J/∂x = x" would be false."""
    x = leaf([2.0, 3.0], "x")
    labels = [e.label for e in viz.draw((x @ x).named("J")).view.edges]
    assert labels == ["∂J/∂x (1 of 2) = x", "∂J/∂x (2 of 2) = x"]
    plain = viz.draw((x @ x + x.sum()).named("J"), values=False).view
    assert {"∂u/∂x (1 of 2) = x", "∂v/∂x = 1"} <= {e.label for e in plain.edges}
    square = viz.draw((x * x).sum().named("J")).view
    assert {"∂u/∂x (1 of 2) = x", "∂u/∂x (2 of 2) = x"} <= {e.label for e in square.edges}
    assert any(r"\mathrel{+}=" in e.latex for e in square.edges)
    W, A = leaf(np.ones((2, 2)), "W"), leaf(np.ones((2, 2)), "A")
    Z = (W @ A).named("Z")
    J = (Z + A).sum().named("J")
    found = {e.label for e in viz.draw(J).view.edges}
    assert "∂J/∂A via Z = Wᵀ @ ∂J/∂Z" in found
    assert "∂J/∂W = ∂J/∂Z @ Aᵀ" in found
    once = next(e for e in viz.draw(J).view.edges if e.label.startswith("∂J/∂W"))
    assert r"\mathrel" not in once.latex
    b = leaf(2.0, "b")
    J = ((A - b) * b).sum().named("J")
    assert "∂J/∂b via u = −Σ ∂J/∂u" in {e.label for e in viz.draw(J).view.edges}


def test_the_worst_verdict_is_found_whatever_names_contain() -> None:
    card = viz.draw(lecture()).view.nodes[0]
    marks: list[tuple[str, Grade]] = [
        ("dh_new right", "right"),
        ("dx not compared", "not compared"),
        ("dW follows", "follows"),
        ("vanishing", "vanishing"),
        ("∞ gradient", "infinite"),
        ("0 met ∞", "broken"),
        ("dNaN WRONG", "wrong"),
    ]
    for k in range(1, len(marks) + 1):  # each is worse than those before
        inside = [replace(card, mark=mark, grade=grade) for mark, grade in marks[:k]]
        for order in (inside, inside[::-1]):
            worst = with_worst(card, order)
            assert (worst.mark, worst.grade) == marks[k - 1]
            assert worst.words == f"{card.words}. {marks[k - 1][0]} inside"
    assert with_worst(card, [card]) == card  # nothing is marked


def test_a_part_says_how_it_begins_and_ends() -> None:
    y = leaf(1.5, "x")
    for f in (np.sin, np.exp, np.tanh, np.cos, np.sqrt, np.square):
        y = f(y)
    view = fold_stretches(viz.draw(y, repeats=False).view, 2)
    (part,) = (n for n in view.nodes if n.kind == "module")
    formulas = [n.header for n in viz.draw(y).view.nodes if n.kind == "op"]
    assert part.body == ("x = 1.5", *formulas[:2], "…", formulas[-1])


def test_a_part_of_four_steps_says_them_all() -> None:
    y = leaf(1.5, "x")
    for k, f in enumerate((np.sin, np.exp, np.tanh, np.cos, np.sqrt)):
        y = f(y).named(f"y{k}") if k < 2 else f(y)
    drawn = viz.draw(y, repeats=False).view
    ids = {n.id for n in drawn.nodes if n.name[0] == "y"}
    view = fold_stretches(drawn, 2, named=ids)
    (part,) = (n for n in view.nodes if n.kind == "module")
    made = [n.header for n in drawn.nodes if n.kind == "op"]
    assert len(made) == 4
    assert part.body[1:] == tuple(made)  # after what is given


def test_what_is_given_folds_without_any_step() -> None:
    """The caption says of how many cards; a named result does not take the one before it along."""
    a = Tensor([[1.0], [2.0]], name="X")
    for k in range(1, 4):
        Z = (leaf(np.eye(2), f"W{k}") @ a + leaf(np.ones((2, 1)), f"b{k}")).named(f"Z{k}")
        a = np.tanh(Z).named(f"A{k}")
    view = viz.draw(a.sum().named("J")).view
    named = {n.id for n in view.nodes if n.name[0] in "ZA"}
    steps = {n.name for n in view.nodes if n.kind in ("op", "cost")}
    folded = fold_stretches(view, named=named)
    assert {n.name for n in folded.nodes} == steps
    less = len(view.nodes) - len(folded.nodes)
    assert any(line.startswith(f"{less} cards of what is given") for line in folded.caption)


def test_a_value_in_one_line_has_no_spaces_of_a_column() -> None:
    """Rows are aligned where they stand below each other; beside each other they are not."""
    with name_scope("step"):
        h = (leaf([[12.5], [3.0]], "w") * np.array([[1.0], [1.0]])).named("h")
    J = (h * h).sum().named("J")
    (line,) = [t for n in viz.draw(J, depth=0).view.nodes for t in n.value if t.startswith("out h")]
    assert line == "out h: [12.5] [3]"


def test_a_picture_of_just_as_many_cards_as_are_wanted_folds_nothing() -> None:
    """At the limit nothing is folded; one card beyond it something is."""
    y = leaf(0.5, "x")
    for k in range(6):
        with name_scope(f"block{k}"):
            y = np.tanh(y * 2)
    J = y.named("J")
    cards = len(viz.draw(J, depth=0, repeats=False, fit=None).view.nodes)
    assert len(viz.draw(J, depth=0, max_nodes=cards, fit=None).view.nodes) == cards
    assert len(viz.draw(J, depth=0, max_nodes=cards - 1, fit=None).view.nodes) < cards


def test_long_lists_of_names_say_how_many_more_there_are() -> None:
    from viz.text import in_short

    names = [chr(97 + k) * 2 for k in range(20)]
    assert in_short(names) == ", ".join(names[:12]) + " and 8 more"
    assert in_short(names[:12]) == ", ".join(names[:12])


def test_as_many_numbers_as_can_be_opened_are() -> None:
    from viz.scalars import MOST

    x = leaf(np.ones(MOST // 2), "x")
    assert len(viz.draw(np.tanh(x), scalars=True, max_nodes=10, fit=None).view.nodes) <= 10
    with pytest.raises(viz.NotDrawable, match=f"would open {MOST + 2} numbers"):
        viz.draw(np.tanh(leaf(np.ones(MOST // 2 + 1), "x")), scalars=True)


@pytest.mark.parametrize("bad", [3, "report", {"dw": 1.0}])
def test_against_takes_a_report_of_check_backprop_only(bad) -> None:
    J = (leaf(2.0, "w") * 3).named("J")
    with pytest.raises(TypeError, match="against needs what check_backprop returns, got "):
        viz.draw(J, against=bad)
