"""Arrays as heat maps: shapes, shades and scales, read back from the SVG."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import viz
from autograd import Tensor
from tests.viz.graphs import leaf
from tests.viz.models import MODELS
from tests.viz.test_fit import assert_clear
from viz.view import GraphView

SVG = "{http://www.w3.org/2000/svg}"


def product() -> Tensor:
    W, A = leaf([[1.0, -2.0, 0.0], [0.5, 4.0, -4.0]], "W"), Tensor(np.ones((3, 5)), name="A")
    J = ((W @ A).named("Z") * 0.5).sum().named("J")
    J.backward()
    return J


def card(view: GraphView, name: str):
    return next(n for n in view.nodes if n.name == name)


def test_shades_are_the_values_on_a_scale_that_all_share() -> None:
    view = viz.draw(product(), arrays="heat").view
    value, gradient = card(view, "W").heat
    # The greatest value of all is Z = 4 − 4 + 0.5 or 1 − 2, so 4 in W: five shades up to it.
    assert value.cells == ((1, -2, 0), (1, 5, -5))
    assert (value.label, gradient.label) == ("value", "gradient")
    # ∂J/∂W = ∂Z Aᵀ: 0.5 five times is 2.5, the greatest gradient of all
    assert gradient.cells == ((5, 5, 5), (5, 5, 5))
    assert card(view, "Z").heat[1].cells == ((1,) * 5,) * 2
    assert card(view, "J").heat == ()
    assert any("values up to ±4, gradients up to ±2.5" in line for line in view.caption)


def test_maps_are_as_large_as_shapes() -> None:
    view = viz.draw(product(), arrays="heat").view
    sizes = {n.name: n.heat[0].size for n in view.nodes if n.heat}
    unit = sizes["W"][0] / 3
    assert sizes["W"] == pytest.approx((3 * unit, 2 * unit))
    assert sizes["A"] == pytest.approx((5 * unit, 3 * unit))
    assert sizes["Z"] == pytest.approx((5 * unit, 2 * unit))


def test_cells_stand_in_their_cards_in_the_colours_of_the_passes() -> None:
    drawing = viz.draw(product(), arrays="heat")
    root = ET.fromstring(drawing.svg)
    for group in root.iter(f"{SVG}g"):
        maps = group.findall(f"{SVG}path[@class='heat']")
        if not maps:
            continue
        rect = group.find(f"{SVG}rect")
        x, y, w, h = (float(rect.get(k)) for k in ("x", "y", "width", "height"))
        for path in maps:
            for px, py in re.findall(r"M([\d.-]+) ([\d.-]+)", path.get("d")):
                assert x < float(px) < x + w
                assert y < float(py) < y + h
            assert re.fullmatch(r"#[0-9A-F]{6}", path.get("fill"))
    fills = {p.get("fill") for p in root.iter(f"{SVG}path") if p.get("class") == "heat"}
    assert {"#0072B2", "#D55E00", "#FFFFFF"} <= fills


def test_what_is_not_finite_is_grey_and_large_arrays_are_blocks() -> None:
    x = leaf([np.nan, 1.0, -1.0], "x")
    big = leaf(np.arange(100.0 * 60).reshape(100, 60), "big")
    with np.errstate(all="ignore"):
        J = (x.sum() + big.sum()).named("J")
    view = viz.draw(J, arrays="heat").view
    assert card(view, "x").heat[0].cells[0] == (9,)
    caption = " ".join(view.caption)
    assert "Blue is negative, vermillion positive, white 0: values up to ±" in caption
    assert "Of arrays with more than 24 rows or columns a cell is the mean of a block" in caption
    cells = card(view, "big").heat[0].cells
    assert (len(cells), len(cells[0])) == (24, 24)
    assert cells[0][0] == 1 < cells[-1][-1] == 5


@pytest.mark.parametrize("model", ["four layers", "softmax", "attention", "recurrent"])
def test_nothing_overlaps_and_the_view_round_trips(model: str) -> None:
    view = viz.draw(MODELS[model](), arrays="heat", fit="column").view
    assert_clear(view)
    assert GraphView.from_json(view.to_json()) == view


def test_scalars_have_no_maps() -> None:
    view = viz.draw(MODELS["lecture"](), arrays="heat").view
    assert not any(n.heat for n in view.nodes)
    with pytest.raises(ValueError, match="arrays needs one of numbers, heat, got 'map'"):
        viz.draw(MODELS["lecture"](), arrays="map")


def test_a_sum_that_is_zero_but_for_rounding_is_zero() -> None:
    x = np.tile([0.1, 0.2, -0.3], 40)
    assert abs(x.mean()) < 1e-16
    view = viz.draw((leaf(x, "x") * 2).named("y")).view
    assert "mean 0" in card(view, "x").value[-1]


def test_white_is_zero_and_nothing_else() -> None:
    """Beside a large number a small one keeps its sign; rounding does not."""
    x = leaf([1000.0, 8.0, -8.0, 0.0, 1e-12, -1e-12], "x")
    J = (x * np.array([224.0, 8.0, -8.0, 0.0, 1e-13, 1.0])).sum().named("J")
    J.backward()
    value, gradient = card(viz.draw(J, arrays="heat").view, "x").heat
    assert [np.sign(row[0]) for row in value.cells] == [1, 1, -1, 0, 0, 0]
    assert [row[0] for row in gradient.cells] == [5, 1, -1, 0, 0, 1]


@pytest.mark.parametrize("model", ["two layers", "attention", "four layers"])
def test_maps_stay_where_cards_fold_into_fewer(model: str) -> None:
    """A folded card has the maps of what comes out of it, as its numbers would be."""
    drawing = viz.draw(MODELS[model](), arrays="heat", fit="slide")
    cards = {n.id: n for n in viz.draw(MODELS[model](), arrays="heat", fit=None).view.nodes}
    shown = [n for n in drawing.view.nodes if cards[n.id].heat]
    assert len(shown) > 2
    assert all(n.heat for n in shown)
    assert drawing.svg.count(">value</text>") >= len(shown)


def test_maps_of_a_card_stand_below_each_other_with_their_labels_between() -> None:
    root = ET.fromstring(viz.draw(product(), arrays="heat").svg)
    seen = 0
    for group in root.iter(f"{SVG}g"):
        frames = group.findall(f"{SVG}rect[@class='frame']")
        if len(frames) != 2:
            continue
        seen += 1
        (top, high), (below, tall) = [
            [float(f.get(name, "")) for name in ("y", "height")] for f in frames
        ]
        labels = {t.text: float(t.get("y", "")) for t in group.findall(f"{SVG}text")}
        assert top + high < labels["value"] < below
        card = group.findall(f"{SVG}rect")[0]
        end = float(card.get("y", "")) + float(card.get("height", ""))
        assert below + tall < labels["gradient"] < end
    assert seen == 3  # W, Z and half of it
