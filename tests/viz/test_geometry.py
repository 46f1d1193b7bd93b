"""Where things stand in pictures, measured from the SVG itself: no browser is needed for it."""

from __future__ import annotations

import copy
import pickle
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import nn
import viz
from autograd import Tensor, name_scope
from tests.viz.graphs import leaf, lecture
from viz.layout import Card, Link, layout
from viz.render.mermaid import render_mermaid
from viz.render.svg import render_svg
from viz.render.tikz import escaped, render_tikz
from viz.scopes import clusters_of
from viz.text import width
from viz.theme import LABEL, NAME, VALUE

SVG = "{http://www.w3.org/2000/svg}"


def layers() -> Tensor:
    net = nn.Network([3, 4, 2, 1], rng=0)
    rng = np.random.default_rng(0)
    J = nn.cost(net, rng.normal(size=(3, 9)), np.ones((1, 9)), nn.binary_cross_entropy)
    J.backward()
    return J


def nested() -> Tensor:
    """A computation in modules three deep, with two beside each other."""
    x, w = leaf(0.5, "x"), leaf(2.0, "w")
    with name_scope("outer"):
        y = (x * w).named("y")
        with name_scope("left"):
            z = np.tanh(y).named("z")
            with name_scope("deep"):
                v = np.exp(z).named("v")
        with name_scope("right"):
            u = np.sin(y).named("u")
        s = (u + v).named("s")
    J = (s * s).named("J")
    J.backward()
    return J


def diamond() -> Tensor:
    x = leaf([[1.0, 2.0], [3.0, -4.0]], "x")
    J = (np.maximum(x, 0.0) * x + x @ x).sum().named("J")
    J.backward()
    return J


def long() -> Tensor:
    """A chain that goes on in several rows, with one arrow across all of them."""
    x = leaf([0.5, 1.5], "x")
    y = x
    for k in range(14):
        y = np.tanh(y) if k % 2 else y * 1.5
    J = (y * x).sum().named("J")
    J.backward()
    return J


PICTURES = {
    "long": lambda: viz.draw(long(), repeats=False),
    "lecture": lambda: viz.draw(lecture()),
    "layers": lambda: viz.draw(layers()),
    "folded": lambda: viz.draw(layers(), depth=0),
    "nested": lambda: viz.draw(nested()),
    "diamond": lambda: viz.draw(diamond(), constants=True),
}
every_picture = pytest.mark.parametrize("make", PICTURES.values(), ids=PICTURES)


def number(element: Any, name: str) -> float:
    return float(element.get(name))


def box(rect: Any) -> tuple[float, float, float, float]:
    x, y = number(rect, "x"), number(rect, "y")
    return x, y, x + number(rect, "width"), y + number(rect, "height")


def points(path: str) -> list[tuple[float, float]]:
    """Return the absolute ends of the moves and lines of a path."""
    found, x, y = [], 0.0, 0.0
    for command, numbers in re.findall(r"([MLHVCQAlhvcqaz])([^A-Za-z]*)", path):
        n = [float(v) for v in re.findall(r"-?[\d.]+", numbers)]
        if command in "MLCQA":
            x, y = n[-2:]
        elif command == "H":
            x = n[-1]
        elif command == "V":
            y = n[-1]
        elif command == "h":
            x += n[0]
        elif command == "v":
            y += n[0]
        elif command in "qac" and n:
            x, y = x + n[-2], y + n[-1]
        elif command == "l":
            x, y = x + n[0], y + n[1]
        found.append((x, y))
    return found


def parts(drawing: Any) -> tuple[Any, dict[int, Any], dict[int, Any]]:
    """Return the SVG, its groups of cards and those of arrows, by number."""
    root = ET.fromstring(drawing.svg)
    groups = [g for g in root.iter(f"{SVG}g") if g.get("id")]
    cards = {int(g.get("id").rpartition("-n")[2]): g for g in groups if "-n" in g.get("id")}
    arrows = {int(g.get("id").rpartition("-e")[2]): g for g in groups if "-e" in g.get("id")}
    return root, cards, arrows


@every_picture
def test_texts_stand_in_their_cards_one_below_the_other(make: Any) -> None:
    drawing = make()
    _, cards, _ = parts(drawing)
    assert len(cards) == len(drawing.view.nodes)
    for node in drawing.view.nodes:
        card = cards[node.id]
        rects = [r for r in card.findall(f"{SVG}rect") if "behind" not in r.get("class")]
        left, top, right, bottom = box(rects[0])
        texts = card.findall(f"{SVG}text")
        assert ["".join(t.itertext()) for t in texts] == node.rows
        heights = [number(t, "y") for t in texts]
        assert top + 10 < heights[0] < top + 28 + (bottom - top) / 2
        assert all(12 < b - a < 40 for a, b in pairwise(heights))
        if node.gradient:  # in the strip at the bottom
            assert bottom - 15 < heights[-1] < bottom - 3
        for text in texts:
            kind = text.get("class")
            size, bold = (NAME, True) if kind == "name" else (VALUE, False)
            size = LABEL if kind in ("grad", "mark") else size
            wide = width("".join(text.itertext()), size, bold=bold)
            assert number(text, "x") == pytest.approx((left + right) / 2, abs=0.15)
            assert text.get("text-anchor") == "middle"
            assert wide + 20 <= right - left
        widest = max(width(row, NAME, bold=True) for row in node.rows)
        assert right - left <= max(64, widest) + 24.5
        for strip in card.findall(f"{SVG}path"):
            xs, ys = zip(*points(strip.get("d")), strict=True)
            border = 3.0 if rects[1:] else 0.0
            assert left + border < min(xs) < max(xs) < right - border
            assert top < min(ys) < max(ys) <= bottom - border
            assert max(xs) - min(xs) > right - left - 2 * border - 4
        for inner in rects[1:]:
            assert box(inner) == pytest.approx((left + 3, top + 3, right - 3, bottom - 3), abs=0.1)


@every_picture
def test_arrows_end_at_cards_and_labels_stand_below_them(make: Any) -> None:
    drawing = make()
    _, cards, arrows = parts(drawing)
    assert len(arrows) == len(drawing.view.edges)
    for k, edge in enumerate(drawing.view.edges):
        source = box(cards[edge.source].findall(f"{SVG}rect")[0])
        target = box(cards[edge.target].findall(f"{SVG}rect")[-1])
        ahead = arrows[k].find(f"{SVG}g[@class='ahead']/{SVG}path")
        ends = points(ahead.get("d"))
        assert source[0] <= ends[0][0] <= source[2] + 1
        assert target[0] - 12 <= ends[-1][0] <= target[0]
        assert target[1] < ends[-1][1] < target[3]
        label = arrows[k].find(f"{SVG}g[@class='back']/{SVG}text")
        if label is not None:
            back = points(arrows[k].find(f"{SVG}g[@class='back']/{SVG}path").get("d"))
            middle = (target[1] + target[3]) / 2
            near = min(
                (back[0], back[-1]), key=lambda p: abs(p[0] - target[0]) + abs(p[1] - middle)
            )
            level = near[1]
            assert 8 < number(label, "y") - level < 16  # below the line, not on it
            assert target[0] - 16 < number(label, "x") < target[0]
            wide = width("".join(label.itertext()), LABEL)
            left = number(label, "x") - wide
            others = [box(c.findall(f"{SVG}rect")[-1]) for c in cards.values()]
            y = number(label, "y")
            assert not any(a < left < c and b < y < d for a, b, c, d in others)


@every_picture
def test_the_picture_is_as_large_as_what_is_in_it(make: Any) -> None:
    root, _, _ = parts(make())
    left, top, wide, high = map(float, root.get("viewBox").split())
    rects = [r for r in root.iter(f"{SVG}rect") if r.get("class") not in (None, "bg")]
    boxes = [box(r) for r in rects]
    notes = [t for t in root.iter(f"{SVG}text") if t.get("class") == "note"]
    right = max(number(t, "x") + width("".join(t.itertext()), 10.0) for t in notes)
    across = max(*(b[2] for b in boxes), right)
    low = max(*(b[3] for b in boxes), *(number(t, "y") for t in notes))
    assert (left, top) == (0, 0)
    assert across + 24 <= wide <= max(across + 90, 320 + 48)
    assert low + 24 <= high <= low + 70


@every_picture
def test_cards_do_not_overlap(make: Any) -> None:
    _, cards, _ = parts(make())
    boxes = [box(c.findall(f"{SVG}rect")[-1]) for c in cards.values()]
    for i, (a, b, c, d) in enumerate(boxes):
        for e, f, g, h in boxes[:i]:
            assert c <= e or g <= a or d <= f or h <= b


def test_links_that_cross_are_untangled() -> None:
    """Cards of the second column take the order in which those of the first are linked to them."""
    cards = [Card(i, 60.0, 40.0) for i in range(8)]
    links = [Link(k, i, 7 - i, 0, 0.0) for k, i in enumerate(range(4))]
    place = layout(cards, links)
    first = sorted(range(4), key=lambda i: place.cards[i].y)
    assert [7 - i for i in first] == sorted(range(4, 8), key=lambda i: place.cards[i].y)


def test_a_label_has_room_between_two_cards() -> None:
    for room in (0.0, 80.0, 160.0):
        cards = [Card(0, 60.0, 40.0), Card(1, 60.0, 40.0)]
        place = layout(cards, [Link(0, 0, 1, 0, room)])
        free = place.cards[1].x - place.cards[0].x - 60
        assert room < free < room + 80


# -- modules ---------------------------------------------------------------------------------------

PATHS = {
    "y": ("outer",),
    "z": ("outer", "left"),
    "v": ("outer", "left", "deep"),
    "u": ("outer", "right"),
    "s": ("outer",),
    "J": (),
    "x": (),
    "w": (),
}


def test_a_leaf_stands_where_it_was_made() -> None:
    """Outside of a scope it stays outside, though all that use it are inside."""
    view = viz.draw(nested()).view
    assert {n.name: n.scope for n in view.nodes} == PATHS
    x = leaf(2.0, "x")
    with name_scope("layer"):
        w = leaf(3.0, "w")
        y = (w * x).named("y")
    scopes = {n.name: n.scope for n in viz.draw(y * 2).view.nodes}
    assert scopes["x"] == ()
    assert scopes["w"] == scopes["y"] == ("layer",)


def test_a_parameter_stands_in_its_module_also_in_a_copy() -> None:
    net = nn.Network([3, 2, 1], rng=0)
    X = np.ones((3, 4))
    for one in (net, copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        J = one(Tensor(X, name="X")).sum()
        scopes = {n.name: n.scope for n in viz.draw(J).view.nodes}
        assert scopes["W1"] == scopes["b1"] == ("layer1 (Linear)",)
        assert scopes["W2"] == ("layer2 (Linear)",)
        assert scopes["X"] == ()


class Held(nn.Module):
    """Three parameters, of which one is used in two parts."""

    def __init__(self) -> None:
        self.x, self.w, self.v = leaf(1.0, "x"), leaf(2.0, "w"), leaf(3.0, "v")


def test_a_parameter_stands_in_the_part_that_all_its_users_share() -> None:
    held = Held()
    x, w, v = held.x, held.w, held.v
    with name_scope("a"):
        with name_scope("one"):
            p = x * w
        with name_scope("two"):
            q = x * v
        r = x * 2.0
    import autograd

    g = autograd.graph(p * x + q + r)
    found = {n.name: s for n, s in zip(g, clusters_of(g), strict=True) if n.kind == "leaf"}
    assert found == {"x": (), "w": ("a", "one"), "v": ("a", "two")}
    g = autograd.graph(p + q + r)
    found = {n.name: s for n, s in zip(g, clusters_of(g), strict=True) if n.kind == "leaf"}
    assert found == {"x": ("a",), "w": ("a", "one"), "v": ("a", "two")}


def nesting(text: str, begin: str, end: str, card: str) -> dict[str, tuple[str, ...]]:
    """Return the clusters that each card is written in."""
    path: list[str] = []
    found: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        if opened := re.search(begin, line):
            path.append(opened[1])
        elif re.fullmatch(end, line) and path:
            path.pop()
        for name in re.findall(card, line) if path else ():
            assert name not in found
            found[name] = tuple(path)
    assert not path
    return found


def test_clusters_nest_in_dot_and_mermaid_as_modules_do() -> None:
    drawing = viz.draw(nested())
    wanted = {f"n{n.id}": PATHS[n.name] for n in drawing.view.nodes if PATHS[n.name]}
    assert (
        nesting(render_mermaid(drawing.view), r'subgraph \S+\["(\w+)"\]', r"\s*end", r"^\s+(n\d+)$")
        == wanted
    )
    titles = dict(re.findall(r'subgraph (\w+) \{\s+label="(\w+)"', drawing.dot))
    inside = nesting(drawing.dot, r"subgraph (\w+)", r"\s+\}", r"(?<![\w>] )\b(n\d+);")
    assert {n: tuple(titles[c] for c in path) for n, path in inside.items()} == wanted
    assert len(titles) == 4


def test_cards_of_mermaid_have_the_shapes_of_their_kinds() -> None:
    shapes = {"parameter": "[[", "data": "[", "op": "(", "cost": "(", "module": "[", "repeat": "[["}
    seen = set()
    data = leaf([1.0, 2.0], "w") * Tensor([3.0, 4.0], name="X")
    for view in (viz.draw(layers(), depth=0).view, viz.draw(lecture()).view, viz.draw(data).view):
        text = render_mermaid(view)
        for node in view.nodes:
            assert re.search(rf'^  n{node.id}{re.escape(shapes[node.kind])}"', text, re.MULTILINE)
            seen.add(node.kind)
    assert seen >= {"parameter", "data", "op", "cost", "module"}


# -- TikZ ------------------------------------------------------------------------------------------


def test_labels_of_tikz_stand_at_the_ends_of_their_arrows() -> None:
    drawing = viz.draw(lecture())
    text = render_tikz(drawing.view)
    size = re.search(r"papersize=\{(\d+)bp,(\d+)bp\}", text)
    nodes = re.findall(
        r"\\node\[(\w+), minimum width=([\d.]+)bp, minimum height=([\d.]+)bp\]"
        r" at \(([-\d.]+),([-\d.]+)\)",
        text,
    )
    boxes = [
        (float(x) - float(w) / 2, float(y), float(x) + float(w) / 2) for _, w, _, x, y in nodes
    ]
    assert len(boxes) == len(drawing.view.nodes)
    lowest = max(float(y) + float(h) / 2 for _, _, h, _, y in nodes)
    assert max(b[2] for b in boxes) < float(size[1])
    lines = 1 + len(drawing.view.caption)
    assert lowest + 14 * lines < float(size[2]) < lowest + 14 * lines + 120
    for x, y in re.findall(r"\\node\[rule\] at \(([-\d.]+),([-\d.]+)\)", text):
        near = min(abs(b[0] - float(x)) + abs(b[1] - float(y)) / 8 for b in boxes)
        assert near < 12  # left of the card that the derivative comes from


def test_accents_are_set_by_latex() -> None:
    assert escaped("ŷ") == r"$\hat{y}$"
    assert escaped("x̄ = ȧ") == r"$\bar{x}$ = $\dot{a}$"


# -- networks of neurons ---------------------------------------------------------------------------


def test_neurons_stand_in_columns_inside_the_picture() -> None:
    net = nn.Network([5, 3, 1], rng=0)
    drawing = viz.draw_network(net)
    root = ET.fromstring(drawing.svg)
    _, _, wide, high = map(float, root.get("viewBox").split())
    circles = [(number(c, "cx"), number(c, "cy")) for c in root.iter(f"{SVG}circle")]
    columns = sorted({x for x, _ in circles})
    assert [sum(x == c for x, _ in circles) for c in columns] == [5, 3, 1]
    middles = []
    for c in columns:
        ys = [y for x, y in circles if x == c]
        assert ys == sorted(ys)  # the first unit on top
        assert ys[0] > 24
        middles.append((ys[0] + ys[-1]) / 2)
        assert all(b - a == pytest.approx(44, abs=0.2) for a, b in pairwise(ys))
    assert max(middles) - min(middles) < 0.2  # every column is centred
    lowest = max(number(t, "y") for t in root.iter(f"{SVG}text"))
    assert max(y for _, y in circles) + 15 < lowest < high
    assert high < lowest + 60
    assert 24 < columns[0] < columns[-1] < wide - 24


def test_a_network_says_where_its_numbers_are_not_finite() -> None:
    net = nn.Network([2, 2, 1], rng=0)
    assert "NaN or ∞" not in viz.draw_network(net).svg
    net.layer1.W.data = np.array([[np.nan, 1.0], [1.0, 1.0]])
    assert "NaN or ∞" in viz.draw_network(net).svg


# -- words -----------------------------------------------------------------------------------------


def test_markdown_derives_forward_and_backward() -> None:
    text = viz.explain(lecture()).markdown
    forward, _, backward = text.partition("**Backward**")
    assert forward.startswith("## The derivative of J by a, b, c")
    assert "**Forward**" in forward
    assert forward.count("\n- $") == 6
    assert backward.count("\n- ") >= 6


def test_a_loops_words_are_its_lines() -> None:
    y = x = leaf(0.5, "x")
    for _ in range(20):
        y = np.tanh(y) * 1.5
    y.backward()
    del x
    view = viz.draw(y, repeats=True).view
    (loop,) = (n for n in view.nodes if n.kind == "repeat")
    assert loop.words.startswith(f"{loop.name}. ")
    assert all(line in loop.words for line in loop.details)


def test_steps_of_a_page_say_values_and_where_the_pass_begins() -> None:
    from viz.render.page import steps_of

    steps = steps_of(viz.draw(lecture()).view).steps
    words = [s.words for s in steps]
    assert "u = b · c = 3 · 2 = 6." in words
    (begins,) = [w for w in words if "begins here" in w]
    assert begins == "∂J/∂J = 1: the backward pass begins here."
    folded = steps_of(viz.draw(layers(), depth=0).view).steps
    assert any("out Z1" in s.words or "out A1" in s.words for s in folded)
    assert any(s.words.startswith("Inside layer1 (Linear): ‖∂J/∂W1‖ = ") for s in folded)


def test_repeats_keep_an_arrow_back_if_one_of_theirs_goes_back() -> None:
    net = nn.Network([4, *[4] * 8, 1], rng=0)
    J = nn.cost(net, np.ones((4, 3)), np.ones((1, 3)), nn.binary_cross_entropy)
    J.backward()
    view = viz.draw(J, depth=0, repeats=True).view
    (card,) = (n for n in view.nodes if n.kind == "repeat")
    touching = [e for e in view.edges if card.id in (e.source, e.target)]
    assert len(touching) == 2
    assert all(e.back and e.forward for e in touching)


# -- what is said and folded -----------------------------------------------------------------------


def test_masked_extremes_open_into_the_numbers_they_compare() -> None:
    x = leaf([3.0, 7.0, 5.0], "x")
    mask = np.array([True, False, True])
    for reduce in (np.max, np.min):
        y = reduce(x, where=mask, initial=4.0 if reduce is np.min else -9.0)
        y.backward(retain_graph=True)
        view = viz.draw(y, scalars=True).view
        names = {n.name for n in view.nodes if n.kind == "parameter"}
        assert names == {"x_0", "x_2"}  # not x_1, which the mask leaves out
    same = leaf([2.0, 2.0, 2.0], "s")
    for reduce in (np.max, np.min):
        with pytest.raises(viz.NotDrawable, match="three or more numbers are equal"):
            viz.draw(reduce(same), scalars=True)
        two = viz.draw(reduce(leaf([2.0, 2.0, 0.0 if reduce is np.max else 9.0])), scalars=True)
        assert len(two.view.nodes) >= 5
    rows = leaf([[1.0, 2.0], [3.0, 4.0]], "r")
    view = viz.draw(
        np.sum(np.max(rows, axis=0, where=[[True, False], [True, True]], initial=0.0)), scalars=True
    ).view
    assert {n.name for n in view.nodes if n.kind == "parameter"} == {"r_00", "r_10", "r_11"}


def test_a_folded_card_shows_what_leaves_it_and_its_last_norm() -> None:
    view = viz.draw(nested(), depth=1, health=True).view
    cards = {n.name: n for n in view.nodes if n.kind == "module"}
    assert [v.split(":")[0] for v in cards["left"].value] == ["out v"]  # z stays inside
    assert [v.split(":")[0] for v in cards["right"].value] == ["out u"]
    v = next(n for n in viz.draw(nested(), health=True).view.nodes if n.name == "v")
    assert cards["left"].norm == v.norm is not None
    assert cards["left"].gradient == v.gradient


def test_labels_of_dot_are_those_of_the_view() -> None:
    drawing = viz.draw(lecture())
    labels = {e.label for e in drawing.view.edges if e.label}
    assert len(labels) >= 4
    for label in labels:
        assert f'label="{label}"' in drawing.dot


def test_a_page_adds_up_two_paths() -> None:
    from viz.render.page import steps_of

    x = leaf(2.0, "x")
    J = (x * 3 + np.sin(x)).named("J")
    J.backward()
    words = " ".join(s.words for s in steps_of(viz.draw(J).view).steps)
    assert "In all ∂J/∂x = 3 − 0.4161 = 2.584 (2 paths)." in words.replace("−0.4161", "− 0.4161")


def test_a_loop_over_elements_says_when_they_differ() -> None:
    def loop(places: list[Any]) -> Any:
        x, y = leaf(np.arange(1.0, 9.0), "x"), leaf(1.0, "y")
        for i in places:
            y = np.tanh(y * x[i])
        y.backward()
        (card,) = (n for n in viz.draw(y, repeats=True).view.nodes if n.kind == "repeat")
        return card

    assert "constants differ" in loop([0, 1, 2, 3, 4, 5]).body
    assert "constants differ" not in loop([2] * 6).body


def test_a_network_is_read_by_its_paths_and_shapes() -> None:
    class Net:
        def __init__(self, *named: tuple[str, Any]) -> None:
            self.named = named

        def named_parameters(self) -> Any:
            return ((n, Tensor(np.asarray(v, float), requires_grad=True)) for n, v in self.named)

    W, b = np.ones((3, 2)), np.ones((3, 1))
    gain, last = np.ones(3), np.ones((1, 3))
    net = Net(("a.W", W), ("a.b", b), ("a.gain", gain), ("z.W", last))
    svg = viz.draw_network(net).svg
    assert "Network of 2 → 3 → 1 units" in svg  # what is no matrix is passed over
    column = Net(("one.W", np.ones((3, 1))), ("two.W", np.ones((1, 3))))
    assert "Network of 1 → 3 → 1 units" in viz.draw_network(column).svg
    assert "3 → 1 → 1" in viz.draw_network(Net(("a.W", last), ("b.weight", np.ones((1, 1))))).svg
    root = ET.fromstring(svg)
    xs = {number(c, "cx") for c in root.iter(f"{SVG}circle")}
    named = [t for t in root.iter(f"{SVG}text") if t.get("class") == "name"]
    assert {number(t, "x") for t in named} == xs  # each column's name is under it
    one, two = viz.draw_network(net).svg, viz.draw_network(column).svg
    ids = [re.search(r"#(n[0-9a-f]{8}) ", s) for s in (one, two)]
    assert ids[0][1] != ids[1][1]  # two pictures on a page keep their styles apart


def test_a_card_with_many_arrows_has_its_text_in_the_middle() -> None:
    xs = [leaf(float(i), f"x{i}") for i in range(9)]
    y = np.stack(xs).sum().named("y")
    y.backward()
    drawing = viz.draw(y)
    _, cards, _ = parts(drawing)
    stack = next(n for n in drawing.view.nodes if "stack" in n.formula)
    _, top, _, bottom = box(cards[stack.id].findall(f"{SVG}rect")[-1])
    texts = [t for t in cards[stack.id].findall(f"{SVG}text") if t.get("class") != "grad"]
    middle = (number(texts[0], "y") + number(texts[-1], "y")) / 2
    assert bottom - top > 150
    assert abs(middle - (top + bottom) / 2) < 25


@every_picture
def test_the_two_lines_of_an_arrow_keep_their_distance(make: Any) -> None:
    _, _, arrows = parts(make())
    for arrow in arrows.values():
        ahead = arrow.find(f"{SVG}g[@class='ahead']/{SVG}path")
        back = arrow.find(f"{SVG}g[@class='back']/{SVG}path")
        if ahead is None or back is None:
            continue
        one, two = points(ahead.get("d")), points(back.get("d"))
        two = two if abs(two[0][0] - one[0][0]) < abs(two[-1][0] - one[0][0]) else two[::-1]
        assert two[0][1] - one[0][1] == pytest.approx(7, abs=0.3)
        assert two[-1][1] - one[-1][1] == pytest.approx(7, abs=0.3)


def test_calculations_have_the_names_of_mathematics() -> None:
    from viz.engine import functions

    known = functions()
    assert known["abs"](-2.0) == known["absolute"](-2.0) == 2.0
    assert known["max"]([1.0, 3.0]) == known["max"](1.0, 3.0) == 3.0
    assert known["min"]([1.0, 3.0]) == known["min"](1.0, 3.0) == 1.0


def test_a_label_of_tikz_is_level_with_its_own_arrow() -> None:
    text = render_tikz(viz.draw(nested()).view)
    backs = re.findall(
        r"\\path\[back\] (.*?);\n(?:\\node\[rule\] at \(([-\d.]+),([-\d.]+)\))?", text
    )
    labelled = [(path, float(x), float(y)) for path, x, y in backs if x]
    assert len(labelled) >= 4
    for path, x, y in labelled:
        ends = re.findall(r"\(([-\d.]+),([-\d.]+)\)", path)
        end = float(ends[-1][0]), float(ends[-1][1])
        assert 0 < end[0] - x < 16
        assert abs(end[1] - y) < 4


def test_rows_stand_one_below_the_other_and_inside_the_picture() -> None:
    drawing = viz.draw(long(), repeats=False)
    root, cards, arrows = parts(drawing)
    boxes = {i: box(c.findall(f"{SVG}rect")[-1]) for i, c in cards.items()}
    turned = [
        k for k, e in enumerate(drawing.view.edges) if boxes[e.target][0] < boxes[e.source][0]
    ]
    assert len(turned) >= 2  # an arrow to the next row starts on its left again
    _, _, wide, high = map(float, root.get("viewBox").split())
    for k in turned:
        for path in arrows[k].iter(f"{SVG}path"):
            xs, ys = zip(*points(path.get("d")), strict=True)
            assert -24 <= min(xs) < max(xs) <= wide - 24
            assert 0 <= min(ys) < max(ys) < high
        ends = points(arrows[k].find(f"{SVG}g[@class='ahead']/{SVG}path").get("d"))
        source, target = (
            boxes[i] for i in (drawing.view.edges[k].source, drawing.view.edges[k].target)
        )
        assert ends[0][0] >= source[2] - 1
        assert max(x for x, _ in ends) > source[2]  # out to the right, and round
        assert min(x for x, _ in ends) < target[0]


def test_clusters_of_tikz_hold_their_cards() -> None:
    view = viz.draw(nested()).view
    text = render_tikz(view)
    rooms = [
        tuple(map(float, r))
        for r in re.findall(
            r"draw=muted.*?\] \(([-\d.]+),([-\d.]+)\) rectangle \(([-\d.]+),([-\d.]+)\)", text
        )
    ]
    assert len(rooms) == 4
    middles = re.findall(r"\] at \(([-\d.]+),([-\d.]+)\) \{\{\\bfseries", text)
    assert len(middles) == len(view.nodes)
    inside = [
        sum(a < float(x) < c and b < float(y) < d for a, b, c, d in rooms) for x, y in middles
    ]
    assert inside == [len(n.scope) for n in view.nodes]


def test_columns_of_neurons_have_their_colours_and_room() -> None:
    drawing = viz.draw_network(nn.Network([3, 4, 4, 2], rng=0))
    root = ET.fromstring(drawing.svg)
    wide = float(root.get("viewBox").split()[2])
    columns: dict[float, set[str]] = {}
    for c in root.iter(f"{SVG}circle"):
        columns.setdefault(number(c, "cx"), set()).add(c.get("class"))
    kinds = [kind for _, (kind,) in sorted(columns.items())]
    assert kinds == ["card leaf", "card", "card", "card cost"]
    xs = sorted(columns)
    assert all(b - a > 189.8 for a, b in pairwise(xs))
    assert xs[-1] + 24 < wide < xs[-1] + 400


@pytest.mark.parametrize("most", [0, -1, 2.5, "many"])
def test_max_nodes_is_a_positive_whole_number(most: Any) -> None:
    with pytest.raises(ValueError, match="max_nodes needs to be an int of at least 1"):
        viz.draw(lecture(), max_nodes=most)


def test_an_expression_transposes_arrays_and_bounds_products() -> None:
    from viz.expression import ExpressionError, run

    W = np.arange(6.0).reshape(2, 3)
    assert run("W.T", {"W": W}, {}).result.shape == (3, 2)
    with pytest.raises(ExpressionError, match="T"):
        run("3.5.T", {}, {})
    tall, flat = np.ones((2000, 1)), np.ones((1, 2000))
    with pytest.raises(ExpressionError, match="a result of 4000000 elements is more than 1000000"):
        run("a @ b", {"a": tall, "b": flat}, {})
    assert run("b @ a", {"a": tall, "b": flat}, {}).result.shape == (1, 1)
    assert run("a + a", {"a": tall}, {}).result.shape == (2000, 1)


def ends_of(path: str) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return where a path of lines and curves begins and ends."""
    x = y = 0.0
    start = None
    for command, given in re.findall(r"([MHVCQ])([^MHVCQ]*)", path):
        numbers = [float(v) for v in re.findall(r"-?[\d.]+", given)]
        x = x if command == "V" else numbers[0] if command == "H" else numbers[-2]
        y = y if command == "H" else numbers[-1]
        start = start or (x, y)
    assert start is not None
    return start, (x, y)


@pytest.mark.parametrize("turned", [False, True])
def test_heads_of_arrows_stand_at_the_ends_of_their_lines(turned: bool) -> None:
    root = ET.fromstring(render_svg(replace(viz.draw(lecture()).view, turned=turned)))
    heads = 0
    for group in root.iter(f"{SVG}g"):
        if group.get("class") not in ("ahead", "back"):
            continue
        line, head = group.findall(f"{SVG}path")
        (x, y), _ = ends_of((head.get("d") or "").partition("l")[0])
        apart = [(abs(x - a), abs(y - b)) for a, b in ends_of(line.get("d") or "")]
        assert any(max(d) <= 8 and min(d) <= 1 for d in apart), apart
        heads += 1
    assert heads == 10  # five arrows ahead, five back


def test_signs_of_the_legend_stand_before_their_words() -> None:
    """The border of each kind of card, then what it is called, 32 further right."""
    legend = ET.fromstring(viz.draw(lecture()).svg).findall(f".//{SVG}g[@aria-hidden='true']")[-1]
    parts = [p for p in legend if p.get("class") != "inner"]
    pairs = [(a, b) for a, b in pairwise(parts) if a.tag == f"{SVG}rect"]
    assert len(pairs) == 3  # a leaf, a result, the output
    for sign, word in pairs:
        assert word.tag == f"{SVG}text"
        assert float(word.get("x", "")) - float(sign.get("x", "")) == 32


def recurrent() -> Any:
    h, W = leaf([[0.5], [0.1]], "h"), leaf([[0.3, -0.2], [0.1, 0.4]], "weights")
    for _ in range(5):
        h = np.tanh(W @ h)
    J = h.sum().named("J")
    J.backward()
    return J


def test_the_name_on_a_chip_stands_in_its_middle() -> None:
    root = ET.fromstring(viz.draw(recurrent(), fit=(3000, 3000), repeats=False).svg)
    texts = [t for t in root.iter(f"{SVG}text") if t.get("class") == "chip"]
    pills = [box(r) for r in root.iter(f"{SVG}rect") if r.get("class") == "pill"]
    assert len(texts) == len(pills) > 1
    for text, (left, top, right, bottom) in zip(texts, pills, strict=True):
        assert number(text, "x") == pytest.approx((left + right) / 2, abs=0.15)
        assert 2.5 < number(text, "y") - (top + bottom) / 2 < 5.5  # its letters are 8 px high
        assert width("weights", LABEL, bold=True) + 10 < right - left


def test_what_a_network_says_of_its_arrows_stands_beside_each_other() -> None:
    net = nn.Network([2, 3, 1], rng=0)
    net["W1"].data = np.full((3, 2), np.nan)
    root = ET.fromstring(viz.draw_network(net).svg)
    lines = [p for p in root.iter(f"{SVG}path") if re.fullmatch(r"M\S+ \S+H\S+", p.get("d"))]
    (height,) = {points(p.get("d"))[0][1] + 3.5 for p in lines}
    texts = [t for t in root.iter(f"{SVG}text") if number(t, "y") == pytest.approx(height, abs=0.1)]
    taken = [(x, x + width("".join(t.itertext()), LABEL)) for t in texts for x in [number(t, "x")]]
    taken += [(points(p.get("d"))[0][0], points(p.get("d"))[-1][0]) for p in lines]
    assert len(lines) == 3
    assert len(taken) == 7  # three signs with a word each, and a sentence
    assert all(a < c for (_, a), (c, _) in pairwise(sorted(taken)))


@pytest.mark.parametrize("kind", ["parameter", "cost", "op"])
def test_the_strip_of_a_card_ends_at_the_middle_of_its_border_or_inside(kind: str) -> None:
    """It would cover the border, or leave white between them."""
    from viz.kinds import KINDS

    drawing = viz.draw(lecture())
    node = next(n for n in drawing.view.nodes if n.kind == kind)
    card = parts(drawing)[1][node.id]
    left, _, right, bottom = box(next(r for r in card.iter(f"{SVG}rect")))
    xs, ys = zip(*points(card.find(f"{SVG}path").get("d")), strict=True)
    thick = 3.0 + 0.5 if KINDS[kind].double else KINDS[kind].thick / 2
    for gap in (min(xs) - left, right - max(xs), bottom - max(ys)):
        assert gap == pytest.approx(thick, abs=0.25)


def test_a_card_has_the_colours_of_its_kind() -> None:
    drawing = viz.draw(lecture())
    _, cards, _ = parts(drawing)
    classes = {n.kind: cards[n.id].find(f"{SVG}rect").get("class") for n in drawing.view.nodes}
    assert classes["parameter"].split()[:2] == ["card", "leaf"]
    assert classes["op"] == "card"
    assert classes["cost"] == "card cost"
