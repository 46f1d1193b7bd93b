"""Pictures for a place: read from the SVG as it is shown there, not from what the code believes."""

from __future__ import annotations

import functools
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import autograd
import viz
from autograd import name_scope
from tests.viz.graphs import leaf
from tests.viz.models import MODELS, long_short_term, network, recurrent
from viz.far import far_uses
from viz.fit import PLACES, _brief, _told
from viz.render.svg import placed
from viz.stretches import fold_stretches
from viz.text import width
from viz.theme import LABEL
from viz.view import DOTS, Gradient, GraphView, NodeView

SVG = "{http://www.w3.org/2000/svg}"
every_model = pytest.mark.parametrize("model", MODELS)
every_place = pytest.mark.parametrize("place", ["slide", "column", "page", "phone"])


@functools.cache
def drawn(model: str, place: Any) -> viz.Drawing:
    return viz.draw(MODELS[model](), fit=place, scalars=model == "scalars")


@functools.cache
def whole(model: str) -> viz.Drawing:
    options = {"fit": None, "max_nodes": 2000, "repeats": False}
    return viz.draw(MODELS[model](), scalars=model == "scalars", **options)


def heights_of_text(svg: str, wide: float, high: float) -> list[float]:
    """Return the heights in pixels of all texts, of a picture that is shown as large as it may be.

    It is as wide as its place or as its own width, if that is less, as a browser shows it.
    """
    root = ET.fromstring(svg)
    style = root.find(f"{SVG}style").text
    sizes = {
        name.strip(): float(size)
        for names, size in re.findall(r"([^{}]+)\{[^}]*font-size: ([\d.]+)px", style)
        for name in names.split(",")
    }
    prefix = f"#{root.get('id')} "
    own = float(root.get("width")), float(root.get("height"))
    scale = min(own[0], wide, own[0] * high / own[1]) / float(root.get("viewBox").split()[2])
    found = []
    for text in root.iter(f"{SVG}text"):
        kind = text.get("class")
        size = sizes.get(f"{prefix}.{kind}", sizes.get(f"{prefix}text.{kind}"))
        found.append(scale * (sizes[f"{prefix}text"] if size is None else size))
    return found


@every_place
@every_model
def test_the_least_text_can_be_read_where_the_picture_stands(model: str, place: str) -> None:
    there = PLACES[place]
    drawing = drawn(model, place)
    least = min(heights_of_text(drawing.svg, there.width, there.height))
    unread = [line for line in drawing.view.caption if line.startswith("The smallest text is")]
    assert least >= there.least - 0.01
    assert not unread


@every_place
@every_model
def test_what_was_named_is_on_the_picture_or_in_its_words(model: str, place: str) -> None:
    drawing = drawn(model, place)
    texts = ET.fromstring(drawing.svg).iter(f"{SVG}text")
    said = " ".join("".join(t.itertext()) for t in texts)  # not what a pointer has to find
    ranges = {re.sub(r"\d+", "#", a) for a, b in re.findall(r"(\w+) … (\w+)", said)}
    named = {n.name for n in autograd.graph(MODELS[model]()).nodes if n.name}
    if model == "scalars":  # each number has its own
        full = whole(model).view
        named = {n.name for n in full.nodes if n.kind != "constant"} - {*full.letters}
    assert named
    for name in named:
        alike = re.sub(r"\d+", "#", name)  # W2 … W4 says W3 too
        found = re.search(rf"(?<!\w){re.escape(name)}(?![^\W\d])", said)
        assert found or alike in ranges, name


@every_place
@every_model
def test_what_was_left_out_is_said(model: str, place: str) -> None:
    view, full = drawn(model, place).view, whole(model).view
    caption = " ".join(view.caption)
    if len(view.nodes) < len(full.nodes) and model != "scalars":
        assert "folded" in caption
    if not any(e.label for e in view.edges) and not any(n.is_folded for n in view.nodes):
        assert re.search(r"Left out, to be legible: (.*, )?local derivatives\b", caption)
    assert len(view.caption) == len(set(view.caption))


def boxes_of(view: Any) -> tuple[Any, list[Any], list[Any]]:
    """Return the layout, the boxes of cards and chips, and those of labels, with their numbers."""
    place, _ = placed(view)
    cards = [(f"n{i}", r.x, r.y, r.x + r.width, r.y + r.height) for i, r in place.cards.items()] + [
        (f"c{i}", r.x, r.y, r.x + r.width, r.y + r.height) for i, r in place.chips.items()
    ]
    labels = []
    for k, edge in enumerate(view.edges):
        if edge.label:
            (x, y), wide = place.ways[k][-1], width(edge.label, LABEL)
            if place.turned:
                labels.append((f"e{k}", x + 9, y - 17, x + 9 + wide, y - 5))
            else:
                labels.append((f"e{k}", x - 10 - wide, y + 5, x - 10, y + 19))
    return place, cards, labels


def along(way: list[tuple[float, float]], turned: bool) -> list[tuple[float, float]]:
    """Return points of a way: straight pieces, and S-curves where both coordinates change."""
    found = []
    for (ax, ay), (bx, by) in pairwise(way):
        for k in range(13):
            t = k / 12
            s = 3 * t * t - 2 * t * t * t
            u, v = (s, t) if turned else (t, s)
            found.append((ax + (bx - ax) * u, ay + (by - ay) * v))
    return found


def assert_clear(view: Any) -> None:
    """Assert that cards, chips, labels and arrows keep clear of each other."""
    place, cards, labels = boxes_of(view)
    everything = cards + labels
    for i, one in enumerate(everything):
        for two in everything[i + 1 :]:
            apart = one[3] <= two[1] or two[3] <= one[1] or one[4] <= two[2] or two[4] <= one[2]
            assert apart, (one, two)
    for k, way in enumerate(place.ways):
        for x, y in along(way, place.turned):
            for name, left, top, right, bottom in cards:
                inside = left + 1 < x < right - 1 and top + 1 < y < bottom - 1
                assert not inside, (k, name)
            for name, left, top, right, bottom in labels:
                assert name == f"e{k}" or not (left < x < right and top < y < bottom), (k, name)
    for _, left, top, right, bottom in everything:
        assert left > -0.01
        assert top > -0.01
        assert right <= place.width + 1
        assert bottom <= place.height + 1


@every_place
@every_model
def test_nothing_overlaps(model: str, place: str) -> None:
    assert_clear(drawn(model, place).view)


@every_model
def test_nothing_overlaps_from_top_to_bottom_with_every_label(model: str) -> None:
    view = viz.draw(MODELS[model](), fit=None).view
    assert_clear(replace(view, turned=True, chips=True))


@pytest.mark.parametrize("rows", [1, 2, 3, 5])
@every_model
def test_rows_that_are_asked_for_are_made(model: str, rows: int) -> None:
    view = viz.draw(MODELS[model](), fit=None, rows=rows).view
    place, _ = placed(view)
    why = f"It has {place.rows} row{'s' * (place.rows > 1)}, not {rows}"
    assert (place.rows == rows) != any(why in line for line in view.caption)
    assert place.rows == rows or 4 * rows > len(view.nodes)
    assert_clear(replace(view, chips=True))


def test_the_fullest_telling_that_can_be_read_is_taken() -> None:
    small = viz.draw(MODELS["lecture"](), fit="slide").view
    assert [e.label for e in small.edges] == [
        e.label for e in viz.draw(MODELS["lecture"](), fit=None).view.edges
    ]
    J = network(3, 4, 1)
    slide, screen = viz.draw(J, fit="slide").view, viz.draw(J, fit="screen").view
    assert len(slide.nodes) < len(screen.nodes)


def test_more_room_never_shows_less() -> None:
    J = MODELS["four layers"]()
    cards = [len(viz.draw(J, fit=(w, 0.6 * w)).view.nodes) for w in (400, 800, 1600, 3200, 6400)]
    assert cards == sorted(cards)
    assert cards[-1] == len(viz.draw(J, fit=None).view.nodes)


def test_options_that_were_given_are_kept() -> None:
    J = network(3, 4, 1)
    assert len(viz.draw(J, fit="phone", depth=5).view.nodes) >= 3
    assert placed(viz.draw(J, fit="slide", rows=2).view)[0].rows == 2
    assert all(n.slope is None for n in viz.draw(J, fit="page", values=False).view.nodes)
    assert {e.back for e in viz.draw(J, fit="slide", direction="forward").view.edges} == {False}


@pytest.mark.parametrize("bad", ["Slide", "", 12, (300,), (50, 400), ("a", "b"), (1, 2, 3), True])
def test_a_place_that_is_none_is_refused_with_those_there_are(bad: Any) -> None:
    with pytest.raises(ValueError, match=r"viz\.draw: fit needs one of 'slide', 'screen'"):
        viz.draw(MODELS["lecture"](), fit=bad)


def test_what_cannot_be_read_anywhere_says_so() -> None:
    J = leaf(1.0, "a" * 150) * 2
    view = viz.draw(J, fit=(120, 120)).view
    assert any(line.startswith("The smallest text is ") for line in view.caption)
    assert any("on 120 × 120, and should be 12" in line for line in view.caption)
    (said,) = (line for line in view.caption if line.startswith("The smallest text is "))
    least = min(heights_of_text(viz.draw(J, fit=(120, 120)).svg, 120, 120))
    assert float(re.findall(r"is ([\d.]+) px", said)[0]) == pytest.approx(least, rel=0.02)


def test_a_value_that_is_used_far_away_reappears_as_a_chip() -> None:
    view = viz.draw(recurrent(5), fit=None, repeats=False).view
    names = {n.id: n.name for n in view.nodes}
    far = far_uses(view)
    assert {names[view.edges[k].source] for k in far} == {"W", "U"}
    uses = [k for k, e in enumerate(view.edges) if names[e.source] == "W"]
    assert 1 <= len(uses) - len(far & set(uses)) <= 2  # the nearest keep their arrows
    root = ET.fromstring(viz.draw(recurrent(5), fit=(3000, 3000), repeats=False).svg)
    chips = [t.text for t in root.iter(f"{SVG}text") if t.get("class") == "chip"]
    assert set(chips) == {"W", "U"}


def length(view: Any) -> float:
    """Return the length of all arrows of a view."""
    place, _ = placed(view)
    return sum(
        abs(bx - ax) + abs(by - ay) for w in place.ways for (ax, ay), (bx, by) in pairwise(w)
    )


def test_chips_shorten_arrows() -> None:
    view = viz.draw(recurrent(5), fit=None, repeats=False, rows=1).view
    assert length(replace(view, chips=True)) < 0.6 * length(view)


def test_every_value_keeps_the_arrow_to_its_nearest_use() -> None:
    for model in MODELS:
        view = whole(model).view
        if len(view.nodes) > 300:
            continue
        far = far_uses(view)
        kept = {e.source for k, e in enumerate(view.edges) if k not in far}
        assert kept == {e.source for e in view.edges}


def test_a_file_is_arranged_and_leaves_nothing_out() -> None:
    J = network(5, 6, 5, 4, 1)
    drawing, plain = viz.draw(J), viz.draw(J, fit=None)
    assert drawing.view == plain.view
    shown = {
        g.get("id").rpartition("-")[2]
        for g in ET.fromstring(drawing.svg).iter(f"{SVG}g")
        if g.get("id")
    }
    assert {s for s in shown if s[0] == "n"} == {f"n{n.id}" for n in plain.view.nodes}
    assert "fit='slide'" in drawing.svg.replace("&#x27;", "'")
    assert min(heights_of_text(drawing.svg, 1920, 1080)) > min(
        heights_of_text(plain.svg, 1920, 1080)
    )


def test_a_file_is_never_shown_smaller_than_it_is() -> None:
    leaves = [leaf(float(k), f"p{k}") for k in range(80)]
    drawing = viz.draw(sum(leaves[1:], leaves[0] * 1))
    assert min(heights_of_text(drawing.svg, 1e9, 1e9)) >= 11.99


def test_names_without_end_are_cut_where_there_is_little_room() -> None:
    drawing = viz.draw(np.tanh(leaf([0.5, 1.0], "a_very_long_name_" * 8)), fit="column")
    assert min(heights_of_text(drawing.svg, 840, 2520)) >= 11.99


@every_model
def test_a_cell_of_a_notebook_can_be_read(model: str) -> None:
    drawing = viz.draw(MODELS[model]())
    svg = drawing._repr_mimebundle_()["image/svg+xml"]
    assert min(heights_of_text(svg, 920, 2400)) >= 11.99


def test_a_picture_runs_down_in_words_too() -> None:
    view = viz.draw(network(3, 4, 1), fit="column").view
    assert view.turned
    assert view.caption[0] == "Forward pass top to bottom, backward pass bottom to top."
    assert viz.GraphView.from_json(view.to_json()) == view


def test_a_title_of_a_module_that_runs_down_is_cut_to_its_box() -> None:
    from autograd import name_scope

    x = leaf(np.ones(3), "x")
    with name_scope("a module with a name that is longer than it is high, by far"):
        y = np.tanh(x).sum().named("y")
    view = replace(viz.draw(y, fit=None).view, turned=True)
    from viz.render.svg import render_svg

    root = ET.fromstring(render_svg(view))
    (title,) = (t for t in root.iter(f"{SVG}text") if t.get("class") == "title")
    (rect,) = (r for r in root.iter(f"{SVG}rect") if r.get("class") == "cluster")
    assert title.text.endswith("…")
    assert width(title.text, LABEL, bold=True) < float(rect.get("height"))


def test_a_gradient_inside_a_folded_card_keeps_its_whole_name() -> None:
    with name_scope("layer"):
        z = leaf(np.ones((3, 4)), "p (old)") ** 2
    J = z.sum().named("J")
    J.backward()
    views = [viz.draw(J, depth=0, fit=(width, 300)).view for width in (300, 900)]
    inside = [str(s) for view in views for n in view.nodes for s in n.slopes]
    assert len(inside) == 2
    assert all(line.startswith("‖∂J/∂(p (old))‖ = 6.928") for line in inside)


def test_numbers_that_are_given_stand_where_they_are_folded_in() -> None:
    x, y, z = leaf(-2.0, "x"), leaf(5.0, "y"), leaf(-4.0, "z")
    J = ((x + y) * z).named("f")
    J.backward()
    texts = [t for n in fold_stretches(viz.draw(J).view).nodes for t in n.lines]
    for number in ("x = −2", "y = 5"):  # z is used by the output, and has a card
        assert any(number in text for text in texts), texts
    assert any("u = 3" in text for text in texts)
    bare = fold_stretches(viz.draw(J, values=False).view)
    assert not any("−2" in t for n in bare.nodes for t in n.lines)


@pytest.mark.parametrize("place", ["slide", "page", (2000, 500)])
def test_a_picture_for_another_place_is_no_wider_than_the_cell(place: Any) -> None:
    """It is shown smaller, with all that is on it: what does not fit would be cut off."""
    drawing = drawn("four layers", place)
    cell = ET.fromstring(drawing._repr_mimebundle_()["image/svg+xml"])
    whole = ET.fromstring(drawing.svg)
    assert float(cell.get("width")) <= PLACES["notebook"].width
    texts = [["".join(t.itertext()) for t in x.iter(f"{SVG}text")] for x in (cell, whole)]
    assert texts[0] == texts[1]
    assert float(cell.get("height")) / float(cell.get("width")) == pytest.approx(
        float(whole.get("height")) / float(whole.get("width")), rel=0.01
    )


def test_what_was_asked_for_is_not_folded_further_in_a_cell() -> None:
    y = leaf(0.5, "x")
    for k in range(40):
        y = np.sin(y) if k % 2 else np.exp(-y)
    y.backward()
    cell = PLACES["notebook"]
    asked = viz.draw(y, max_nodes=60, repeats=False)
    assert asked._views is not None
    assert len(asked._views.fitted_to(cell).nodes) == len(asked.view.nodes)
    free = viz.draw(y)
    assert free._views is not None
    assert len(free._views.fitted_to(cell).nodes) < len(free.view.nodes)


def folded(body: int) -> NodeView:
    """A folded card that says so many formulas of what is in it."""
    lines = tuple(f"u{k} = a · b" for k in range(body))
    return NodeView(0, "module", "m", "", ("out u: 3",), None, (), "m", body=lines)


@pytest.mark.parametrize(("body", "kept"), [(3, 3), (4, 3), (9, 3)])
def test_a_folded_card_keeps_three_of_its_formulas_where_room_is_scarce(
    body: int, kept: int
) -> None:
    brief = _brief(folded(body), True)
    assert len(brief.body) == kept
    assert brief.body[0] == "u0 = a · b"
    assert brief.body[-1] == f"u{body - 1} = a · b"
    assert (DOTS in brief.body) == (body > 3)


def test_a_folded_loop_keeps_the_short_lines_of_its_round_where_room_is_scarce() -> None:
    lines = ("h2 … h5", "f2 = σ(Wf @ h1 + Uf @ x2 + bf)", "i2 = σ(Wi @ h1 + Ui @ x2 + bi)")
    loop = replace(folded(0), kind="repeat", body=(*lines, "c2 = f2 · c1", "h2 = o2 · a2"))
    assert _brief(loop, True).body == ("h2 … h5", DOTS, "c2 = f2 · c1", "h2 = o2 · a2")


def test_a_header_is_as_wide_as_what_stands_below_it() -> None:
    """A card that is wide anyway does not break its formula."""
    formula = "tanh(W1 @ X + b1)"
    plain = replace(folded(0), name="h", formula=formula, value=())
    assert len(_brief(plain, True).headers) == 2
    slope = Gradient("∂J/∂b1", "[−0.1181] [−0.1193] [−0.2931]")
    assert _brief(replace(plain, slopes=(slope,)), True).headers == [f"h = {formula}"]


def test_what_leads_to_one_named_result_is_one_card_with_its_whole_formula() -> None:
    """The gates of an LSTM, which were "part 1" to "part 7" of the order of the computation."""
    view = drawn("long short-term", "column").view
    made = {n.name: n.formula for n in view.nodes}
    assert made["f1"] == "σ(Wf @ h0 + Uf @ x1 + bf)"
    assert made["g1"] == "tanh(Wc @ h0 + Uc @ x1 + bc)"
    assert made["c1"] == "f1 · c0 + i1 · g1"
    assert made["h1"] == "o1 · tanh(c1)"
    assert not any(name.startswith("part") for name in made)
    assert {s.symbol for n in view.nodes if n.name == "f1" for s in n.slopes} == {
        *("∂J/∂Wf", "∂J/∂Uf", "∂J/∂bf")
    }
    ends = {n.id: n.name for n in view.nodes}
    assert {ends[e.source] for e in view.edges if ends[e.target] == "c1"} == {"f1", "i1", "g1"}


@pytest.mark.parametrize("place", ["slide", "column", "phone"])
def test_a_loop_has_a_card_that_says_which_rounds_it_stands_for(place: str) -> None:
    """The first round reads what is given and is drawn; × 4 alone was taken for all five."""
    view = drawn("long short-term", place).view
    (loop,) = (n for n in view.nodes if n.name == "loop × 4")
    assert loop.kind == "repeat"
    assert loop.body[0] == "h2 … h5"
    assert "h2 = o2 · tanh(c2)" in loop.body


def test_lines_of_a_loop_are_what_one_writes() -> None:
    (loop,) = (
        n
        for n in viz.draw(long_short_term(), fit=None, repeats=True).view.nodes
        if n.kind == "repeat"
    )
    assert loop.body == (
        "h2 … h5",
        "f2 = σ(Wf @ h1 + Uf @ x2 + bf)",
        "i2 = σ(Wi @ h1 + Ui @ x2 + bi)",
        "o2 = σ(Wo @ h1 + Uo @ x2 + bo)",
        "g2 = tanh(Wc @ h1 + Uc @ x2 + bc)",
        "c2 = f2 · c1 + i2 · g2",
        "h2 = o2 · tanh(c2)",
        "constants differ",
    )


def test_powers_in_lines_of_a_loop_are_raised_as_on_cards() -> None:
    h: Any = leaf(0.5, "h0")
    for k in range(1, 6):
        h = (np.tanh(h**2 + 0.3) * h + 0.1).named(f"h{k}")
    (loop,) = (n for n in viz.draw(h, fit=None, repeats=True).view.nodes if n.kind == "repeat")
    assert any("h1² + 0.3" in line for line in loop.body), loop.body


def test_long_names_and_formulas_are_cut_where_room_is_scarce() -> None:
    long = NodeView(0, "op", "n" * 60, "f" * 90, ("1",), None, (), "")
    brief = _brief(long, True)
    assert (len(brief.name), len(brief.formula)) == (28, 56)
    short = NodeView(0, "op", "n" * 28, "f" * 56, ("1",), None, (), "")
    assert (_brief(short, True).name, _brief(short, True).formula) == (short.name, short.formula)


def test_gradients_that_are_left_out_of_folded_cards_are_said() -> None:
    """Only where they are: a card that keeps them says nothing of it."""
    slope = Gradient("∂J/∂W", "1.5", "norm", "(3, 4)")
    card = replace(folded(1), slopes=(slope,))
    view = GraphView("one", (), (card,), ())
    told = [*_told(view)]
    said = "values and gradients inside folded cards"
    assert [bool(v.nodes[0].slopes) for v in told] == [True, True, True, True, False]
    assert [said in v.left_out for v in told] == [False, False, False, False, True]


@pytest.mark.parametrize("place", ["slide", "column"])
def test_a_difference_is_fitted_into_its_place(place: str) -> None:
    """As wide as one row of old and new numbers side by side, its text was 6 px high in a page."""
    J = network(3, 4, 1)
    before = viz.draw(J, depth=0)
    there = PLACES[place]
    after = viz.draw(MODELS["two layers"](), depth=0, values=False)
    changed = viz.diff(before, after, fit=place)
    assert any("changed" in line for line in changed.view.caption)
    assert min(heights_of_text(changed.svg, there.width, there.height)) >= there.least - 0.01
    assert [n.name for n in changed.view.nodes] == [n.name for n in after.view.nodes]


def test_a_difference_refuses_a_place_that_is_none() -> None:
    drawing = viz.draw(MODELS["lecture"]())
    with pytest.raises(ValueError, match=r"^viz\.diff: fit needs one of 'slide'"):
        viz.diff(drawing, drawing, fit="slides")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({"fit": "slides"}, "'slide'"),
        ({"notation": "Course"}, "'course'"),
        ({"arrays": "heatmap"}, "'heat'"),
        ({"theme": "Dark"}, "'dark'"),
    ],
)
def test_an_option_that_is_misspelled_is_answered_with_the_nearest(given: Any, meant: str) -> None:
    with pytest.raises(ValueError, match=f"Did you mean {meant}"):
        viz.draw(MODELS["lecture"](), **given)
    with pytest.raises(ValueError, match=r"got 'zzz'\.$"):
        viz.draw(MODELS["lecture"](), fit="zzz")
