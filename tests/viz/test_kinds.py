"""The table of kinds: what it says of a card, each renderer draws, whichever kind it is."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import Any

import pytest

import viz
from tests.viz.graphs import lecture
from viz.kinds import BORDER, KINDS
from viz.render.mermaid import render_mermaid
from viz.render.tikz import render_tikz

SVG = "{http://www.w3.org/2000/svg}"


def with_look(kind: Any, monkeypatch: Any, **look: Any) -> viz.Drawing:
    """Return a drawing whose only card of a kind, and the legend, have another look."""
    monkeypatch.setitem(KINDS, kind, replace(KINDS[kind], **look))
    view = viz.draw(lecture()).view
    other: Any = "op" if kind != "op" else "data"
    nodes = tuple(replace(n, kind=kind if n.name == "u" else other) for n in view.nodes)
    return viz.Drawing(replace(view, nodes=nodes))


def rect_of(drawing: viz.Drawing) -> ET.Element:
    """Return the border of the card u in the SVG."""
    card = next(n for n in drawing.view.nodes if n.name == "u")
    group = ET.fromstring(drawing.svg).find(f".//{SVG}g[@id='g{drawing.view.digest}-n{card.id}']")
    assert group is not None
    return next(r for r in group.findall(f"{SVG}rect") if "behind" not in r.get("class", ""))


def card_in(group: ET.Element, card: ET.Element) -> bool:
    """Whether the border of a card is in a group."""
    return any(r.attrib == card.attrib for r in group.findall(f"{SVG}rect"))


def ends_of(rect: ET.Element) -> tuple[float, float]:
    """Return where a rectangle begins and ends, from left to right."""
    x, width = (float(rect.get(name, "")) for name in ("x", "width"))
    return x, x + width


@pytest.mark.parametrize("kind", KINDS)
def test_a_thick_border_is_thick_in_each_output(kind: str, monkeypatch: Any) -> None:
    drawing = with_look(kind, monkeypatch, thick=4.5)
    u = next(n.id for n in drawing.view.nodes if n.name == "u")
    classes = (rect_of(drawing).get("class") or "").split()
    rule = r"^#\w+ (?:rect)?\.(\w+) \{.*?stroke-width: ([\d.]+)"
    rules = dict(re.findall(rule, drawing.svg, re.M))
    assert float([rules[c] for c in classes if c in rules][-1]) == 4.5
    line = next(x for x in drawing.dot.splitlines() if x.startswith(f"  n{u} [label"))
    assert "penwidth=4.5" in line
    assert re.search(rf"style .*n{u}\b.* stroke-width:4.5px", render_mermaid(drawing.view))
    (style,) = re.findall(rf"^\s*{kind}/\.style=.*$", render_tikz(drawing.view), re.M)
    assert "line width=3.5bp" in style


@pytest.mark.parametrize("kind", [k for k in KINDS if not KINDS[k].double])
def test_a_double_border_is_double_in_each_output(kind: str, monkeypatch: Any) -> None:
    before = with_look(kind, monkeypatch).svg.count('class="inner"')
    drawing = with_look(kind, monkeypatch, double=True)
    u = next(n.id for n in drawing.view.nodes if n.name == "u")
    assert drawing.svg.count('class="inner"') == before + 2  # the card, and the legend
    line = next(x for x in drawing.dot.splitlines() if x.startswith(f"  n{u} [label"))
    assert "peripheries=2" in line
    assert f'n{u}[["' in render_mermaid(drawing.view)
    (style,) = re.findall(rf"^\s*{kind}/\.style=.*$", render_tikz(drawing.view), re.M)
    assert "double" in style


@pytest.mark.parametrize("kind", [k for k in KINDS if not KINDS[k].stacked])
def test_a_stack_is_a_stack_in_each_output(kind: str, monkeypatch: Any) -> None:
    drawing = with_look(kind, monkeypatch, stacked=True)
    u = next(n.id for n in drawing.view.nodes if n.name == "u")
    assert drawing.svg.count("behind") == 2
    card = rect_of(drawing)
    group = next(g for g in ET.fromstring(drawing.svg).iter(f"{SVG}g") if card_in(g, card))
    left, right = ends_of(card)
    for behind in group.findall(f"{SVG}rect[@class='card module behind']"):
        assert left < ends_of(behind)[0] < ends_of(behind)[1] < right  # it looks out above
        assert float(behind.get("y", "")) < float(card.get("y", ""))
    line = next(x for x in drawing.dot.splitlines() if x.startswith(f"  n{u} [label"))
    assert "shape=box3d" in line
    assert f'n{u}[["' in render_mermaid(drawing.view)
    (style,) = re.findall(rf"^\s*{kind}/\.style=.*$", render_tikz(drawing.view), re.M)
    assert "copy shadow" in style


@pytest.mark.parametrize("kind", KINDS)
def test_round_corners_are_round_in_dot(kind: str, monkeypatch: Any) -> None:
    """Graphviz rounds no double border, and data has square corners."""
    drawing = with_look(kind, monkeypatch)
    u = next(n.id for n in drawing.view.nodes if n.name == "u")
    line = next(x for x in drawing.dot.splitlines() if x.startswith(f"  n{u} [label"))
    assert ("rounded" in line) == (kind in ("op", "cost", "constant"))


def test_a_usual_border_has_the_width_of_the_table() -> None:
    svg = viz.draw(lecture()).svg
    (width,) = re.findall(r"^#\w+ \.card \{.*?stroke-width: ([\d.]+)", svg, re.M)
    assert float(width) == BORDER
