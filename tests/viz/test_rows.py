"""Long pictures in rows: nothing is lost, nothing crosses a card, and turns keep apart."""

from __future__ import annotations

import math
import random
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import nn
import viz
from autograd import Tensor, name_scope
from tests.viz.graphs import leaf
from tests.viz.test_outputs import compiled
from viz.layout import Card, Layout, Link, layout
from viz.render.svg import placed
from viz.render.tikz import render_tikz
from viz.rows import RADIUS, in_rows
from viz.view import GraphView

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SVG = "{http://www.w3.org/2000/svg}"


def graph(seed: int) -> tuple[list[Card], list[Link]]:
    """Return a long graph with short links, and modules in some."""
    rng = random.Random(seed)
    n = rng.randint(12, 60)
    scopes = [(f"m{i // 6}",) if seed % 2 and i % 6 else () for i in range(n)]
    cards = [Card(i, rng.uniform(70, 260), rng.uniform(40, 110), scopes[i]) for i in range(n)]
    ends = [(i, i + 1) for i in range(n - 1)]
    ends += [(i, i + rng.randint(1, 3)) for i in range(n - 3) if rng.random() < 0.3]
    return cards, [Link(k, s, t, k, rng.uniform(0, 120)) for k, (s, t) in enumerate(sorted(ends))]


def drawn(way: list[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Yield points along a way, as it is drawn."""
    ahead = True
    for (ax, ay), (bx, by) in pairwise(way):
        if ax == bx and ay != by:
            x = ax + (RADIUS if ahead else -RADIUS)
            ahead = not ahead
            yield from ((x, ay + (by - ay) * k / 20) for k in range(21))
            continue
        for k in range(21):
            t = k / 20
            s = 3 * t * t * (1 - t) + t**3  # of a curve that is level at its ends
            u = t if ay == by else 1.5 * t * (1 - t) + t**3  # its middle is half way
            yield ax + (bx - ax) * (t if ay == by else min(u, 1.0)), ay + (by - ay) * s


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("rows", [2, 3, 6])
def test_rows_keep_cards_clear_and_links_whole(seed: int, rows: int) -> None:
    cards, links = graph(seed)
    line = layout(cards, links)
    place = in_rows(line, links, rows)
    if place is line:  # a graph too dense to cut; most are not
        return
    assert place.width < line.width
    assert {i: (r.width, r.height) for i, r in place.cards.items()} == {
        i: (r.width, r.height) for i, r in line.cards.items()
    }
    boxes = [(r.x, r.y, r.x + r.width, r.y + r.height) for r in place.cards.values()]
    for k, one in enumerate(boxes):
        assert one[0] >= 0
        assert one[2] <= place.width + 0.01
        assert one[1] >= -0.01
        assert one[3] <= place.height + 0.01
        for two in boxes[k + 1 :]:
            assert one[2] <= two[0] or two[2] <= one[0] or one[3] <= two[1] or two[3] <= one[1]
    turns: list[tuple[float, float, float]] = []
    for link, way in zip(links, place.ways, strict=True):
        source, target = place.cards[link.source], place.cards[link.target]
        assert way[0][0] == pytest.approx(source.x + source.width)
        assert source.y <= way[0][1] <= source.y + source.height
        assert way[-1][0] == pytest.approx(target.x)
        assert target.y <= way[-1][1] <= target.y + target.height
        for x, y in drawn(way):
            assert -RADIUS <= x <= place.width + RADIUS
            assert -0.01 <= y <= place.height + 0.01
            for left, top, right, bottom in boxes:
                assert not (left + 0.5 < x < right - 0.5 and top < y < bottom)
        turns += [(y, bx, ax) for (ax, y), (bx, _) in pairwise(way) if bx < ax]
    for (y0, left0, right0), (y1, left1, right1) in pairwise(sorted(turns)):
        assert y1 - y0 >= 12 or right0 < left1 or right1 < left0
    for path, area in place.clusters.items():
        members = [place.cards[c.id] for c in cards if place.scopes[c.id][: len(path)] == path]
        assert all(area.y < r.y and r.y + r.height < area.y + area.height for r in members)


def test_most_long_graphs_are_cut_as_often_as_asked() -> None:
    cut = 0
    for seed in range(60):
        cards, links = graph(seed)
        line = layout(cards, links)
        place = in_rows(line, links, 3)
        rows = {sum(ax > bx for (ax, _), (bx, _) in pairwise(way)) for way in place.ways}
        cut += place is not line and max(rows) >= 1 and place.width < 0.6 * line.width
    assert cut >= 50


def chain(n: int) -> Any:
    y = leaf(0.5, "x")
    for k in range(n):
        with name_scope(f"part{k}"):
            y = np.tanh(y * 1.5) + 0.1
    y = y.named("J")
    y.backward()
    return y


def test_a_long_picture_has_a_usual_shape_and_a_short_one_stays_as_it_was() -> None:
    def shape(drawing: viz.Drawing) -> float:
        left, top, width, height = map(float, ET.fromstring(drawing.svg).get("viewBox").split())
        assert left == top == 0.0
        return width / height

    long = chain(16)
    assert 1.0 < shape(viz.draw(long)) < 4.0
    assert shape(viz.draw(long, rows=1)) > 20
    assert shape(viz.draw(chain(1))) == shape(viz.draw(chain(1), rows=1))
    cards = [Card(i, 100.0, 50.0) for i in range(4)]
    links = [Link(i, i, i + 1, i, 60.0) for i in range(3)]
    small = layout(cards, links)
    assert in_rows(small, links) is small
    assert in_rows(small, [], 1) is small
    assert in_rows(Layout(), []).cards == {}


def test_both_arrows_of_a_turn_run_side_by_side() -> None:
    root = ET.fromstring(viz.draw(chain(16), rows=3).svg)
    seen = 0
    for group in root.iter(f"{SVG}g"):
        paths = {p.get("class"): p.get("d") for p in group.iter(f"{SVG}path")}
        if group.get("class") != "edge" or "V" not in paths["fwd"].replace("v8z", ""):
            continue
        seen += 1
        ahead, back = (
            [float(v) for v in re.findall(r"Q([\d.]+) [\d.]+ \1 ", paths[kind])]
            for kind in ("fwd", "bwd")
        )
        assert [round(a - b, 1) for a, b in zip(ahead, back, strict=True)] == [7.0, 7.0]
    assert seen == 2


def test_rows_are_kept_in_json_and_checked() -> None:
    view = viz.draw(chain(16), rows=3).view
    again = GraphView.from_json(view.to_json())
    assert again == view
    assert again.rows == 3
    old = view.to_json().replace('"rows": 3', '"rows": 0')
    with pytest.raises(ValueError, match="rows is 0"):
        GraphView.from_json(old)
    for bad in (0, -1, 2.5, "2"):
        with pytest.raises(ValueError, match="rows needs to be an int of at least 1, got"):
            viz.draw(chain(2), rows=bad)


def test_rows_in_latex_compile(tmp_path: Path) -> None:
    text = render_tikz(viz.draw(chain(16), rows=3).view)
    assert len(re.findall(r" -- \(\S+\) -- \(", text)) >= 2
    numbers = [float(v) for v in re.findall(r"-?\d+\.\d\d", text)]
    assert all(map(math.isfinite, numbers))
    compiled(text, tmp_path)


def test_latex_draws_the_same_turns_as_svg() -> None:
    net = nn.Network([2, 3, 1], rng=1)
    J = nn.cost(net, np.ones((2, 5)), np.ones((1, 5)), nn.binary_cross_entropy)
    J.backward()
    text = render_tikz(viz.draw(J, rows=1).view)
    number = r"([-\d.]+)"
    ends = rf"\\path\[(ahead|back)\] \({number},{number}\)(.*)\({number},{number}\);"
    paths = re.findall(ends, text)
    assert len(paths) > 20
    for one, two in pairwise(paths):
        if one[0] == "ahead" and two[0] == "back" and one[1] == two[1]:
            assert float(two[2]) - float(one[2]) == pytest.approx(7.0)
            assert float(two[5]) - float(one[5]) == pytest.approx(7.0)


@pytest.mark.parametrize("rows", [2, 3])
def test_what_is_given_stands_in_the_row_that_uses_it(rows: int) -> None:
    net = nn.Network([4, 3, 1], rng=0)
    X = Tensor(np.arange(24.0).reshape(4, 6), name="X")
    Y = Tensor([[0.0, 1, 0, 1, 1, 0]], name="Y")
    J = nn.cost(net, X, Y, nn.binary_cross_entropy).named("J")
    J.backward()
    view = viz.draw(J, rows=rows, fit=None).view
    place, _ = placed(view)
    assert place.rows == rows
    cards = {n.name: place.cards[n.id] for n in view.nodes}
    loss = next(n for n in view.nodes if n.formula.startswith("BCE logits"))
    (way,) = [
        w
        for e, w in zip(view.edges, place.ways, strict=True)
        if e.target == loss.id and e.source == next(n.id for n in view.nodes if n.name == "Y")
    ]
    assert len(way) <= 5  # it does not turn round at the end of a row
    assert cards["Y"].x + cards["Y"].width <= way[0][0] + 1e-6 < place.cards[loss.id].x
    for other in cards.values():
        if other is not cards["Y"]:
            apart = (
                other.x >= cards["Y"].x + cards["Y"].width
                or other.x + other.width <= cards["Y"].x
                or other.y >= cards["Y"].y + cards["Y"].height
                or other.y + other.height <= cards["Y"].y
            )
            assert apart


def recurrent(steps: int) -> Tensor:
    """A loop that adds U @ x of each step."""
    W, U, h = leaf(0.5 * np.eye(3), "W"), leaf(np.ones((3, 2)), "U"), Tensor(np.zeros((3, 1)))
    for t in range(1, steps + 1):
        h = np.tanh(W @ h + U @ Tensor(np.full((2, 1), float(t)), name=f"x{t}")).named(f"h{t}")
    return (h * h).sum().named("J")


def test_what_is_computed_from_given_values_alone_stands_beside_its_user() -> None:
    """U @ x5 does not depend on the steps before: it stood in the second column."""
    J = recurrent(5)
    J.backward()
    view = viz.draw(J, repeats=False, rows=1, fit=None).view
    place, _ = placed(view)
    names = {n.id: n.name for n in view.nodes}

    def apart(edge: Any) -> float:
        """Return the length of an arrow."""
        source, target = place.cards[edge.source], place.cards[edge.target]
        return float(target.x - source.x - source.width)

    formulas = {n.id: n.formula for n in view.nodes}
    given = [apart(e) for e in view.edges if names[e.source].startswith("x")]
    products = [apart(e) for e in view.edges if formulas[e.source].startswith("U @")]
    assert len(given) == len(products) == 5
    assert max(products) < 200
    assert max(given) < 500  # over the width of one column
    # U itself is a chip in every step but the first.
    uses = [k for k, e in enumerate(view.edges) if names[e.source] == "U"]
    chips = placed(replace(view, chips=True))[0].chips
    assert sum(k in chips for k in uses) == 4
