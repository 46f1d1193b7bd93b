"""SVG by the built-in layout: cards, two arrows for each use of a value, and a legend.

The file needs no script, no font, no stylesheet and no network. Text is put in by an XML library.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from viz.layout import Card, Layout, Link, Rect, layout
from viz.text import clean, width
from viz.theme import DARK, FONT, LABEL, LIGHT, NAME, SMALL, VALUE, Theme

if TYPE_CHECKING:
    from viz.view import EdgeView, GraphView, NodeView

__all__ = [
    "MARGIN",
    "coord",
    "description",
    "figure",
    "placed",
    "render_svg",
    "standalone",
    "style_of",
    "svg_element",
    "text_at",
    "thickness",
]

MARGIN = 24.0
_SIDE = 12.0  # inside a card, left and right of its text
_HEADER, _LINE, _STRIP = 28.0, 17.0, 24.0
_APART = 3.5  # half the distance between the forward and the backward line


def render_svg(view: GraphView, theme: str = "light") -> str:
    """Return the picture as SVG text, which needs nothing else.

    Parameters
    ----------
    view : GraphView
        What to show.
    theme : {"light", "dark", "auto"}
        auto follows the reader's setting by a media query.
    """
    return standalone(svg_element(view, f"g{view.digest}"), theme)


def figure(prefix: str, width: float, height: float, title: str, words: str) -> ET.Element:
    """Return an SVG element of a size, with its title, its description and its background."""
    root = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {coord(width)} {coord(height)}",
            "width": coord(width),
            "height": coord(height),
            "class": "graph",
            "role": "img",
            "id": prefix,
            "aria-labelledby": f"{prefix}-title {prefix}-desc",
            "font-family": FONT,
        },
    )
    ET.SubElement(root, "title", {"id": f"{prefix}-title"}).text = title
    ET.SubElement(root, "desc", {"id": f"{prefix}-desc"}).text = words
    ET.SubElement(root, "rect", {"class": "bg", "width": "100%", "height": "100%"})
    return root


def standalone(root: ET.Element, theme: str) -> str:
    """Return a figure as text, with the style it needs."""
    root.set("style", "max-width: 100%; height: auto")
    style = ET.Element("style")
    style.text = style_of(f"#{root.get('id')}", theme)
    root.insert(2, style)  # after the title and the description
    ET.indent(root, " ")
    return ET.tostring(root, encoding="unicode") + "\n"


def svg_element(view: GraphView, prefix: str, measured: GraphView | None = None) -> ET.Element:
    """Return the picture as an SVG element without a style.

    Parameters
    ----------
    view : GraphView
        What to show.
    prefix : str
        What the ids of its elements begin with.
    measured : GraphView, optional
        The same nodes and edges with other texts, which cards and labels get their sizes from: for
        several pictures in one place.
    """
    place, sizes = placed(measured or view)
    legend = _legend_size(view)
    total_width = max(place.width, legend[0], 320.0) + 2 * MARGIN
    total_height = place.height + legend[1] + 2 * MARGIN
    root = figure(prefix, total_width, total_height, view.title, description(view))
    canvas = ET.SubElement(root, "g", {"transform": f"translate({coord(MARGIN)} {coord(MARGIN)})"})
    for path, rect in place.clusters.items():
        _cluster(canvas, path[-1], rect)
    thick = {n.id: thickness(n.norm) for n in view.nodes}
    for number, edge in enumerate(view.edges):
        _arrows(canvas, f"{prefix}-e{number}", edge, place.ways[number], thick[edge.source])
    for node in view.nodes:
        _card(canvas, f"{prefix}-n{node.id}", node, place.cards[node.id], sizes[node.id][1])
    _legend(canvas, view, place)
    return root


def description(view: GraphView) -> str:
    """Return the picture in words, for those who do not see it."""
    return " ".join([*view.caption, *(f"{n.words}." for n in view.nodes)])


def placed(view: GraphView) -> tuple[Layout, dict[int, tuple[float, float]]]:
    """Return the layout of a view, and the width and height that each card's text needs."""
    sizes = {n.id: _size(n) for n in view.nodes}
    cards = [
        Card(n.id, *sizes[n.id], scope=n.scope, at_start=n.kind != "constant") for n in view.nodes
    ]
    links = [
        Link(i, e.source, e.target, e.slot, width(e.label, LABEL) + 4 if e.label else 0.0)
        for i, e in enumerate(view.edges)
    ]
    return layout(cards, links), sizes


def _size(node: NodeView) -> tuple[float, float]:
    """Return the width and height a card needs for its text."""
    widths = [width(node.header, NAME, bold=True)]
    widths += [width(line, VALUE) for line in node.value]
    widths += [width(node.gradient, LABEL)] if node.gradient else []
    widths += [width(node.mark, LABEL, bold=True)] if node.mark else []
    lines = len(node.value) + bool(node.mark)
    height = _HEADER + _LINE * lines + (6.0 if lines else 0.0)
    return max(64.0, *widths) + 2 * _SIDE, height + (_STRIP if node.gradient else 0.0)


def style_of(prefix: str, theme: str) -> str:
    """Return the style sheet of pictures below a CSS selector."""

    def rules(t: Theme, indent: str = "") -> str:
        table = {
            ".bg": f"fill: {t.background}",
            ".card": f"fill: {t.card}; stroke: {t.ink}; stroke-width: 1.2",
            ".leaf": f"fill: {t.leaf}",
            ".cost": f"fill: {t.cost}; stroke-width: 3",
            ".module": f"fill: {t.cluster}",
            ".inner": f"fill: none; stroke: {t.ink}; stroke-width: 0.8",
            ".strip": f"fill: {t.gradient}",
            ".pill": f"fill: {t.cluster}; stroke: {t.muted}; stroke-width: 1",
            ".cluster": f"fill: {t.cluster}; stroke: {t.muted}; stroke-width: 1",
            ".fwd": f"fill: none; stroke: {t.forward}; stroke-width: 1.7",
            ".bwd": f"fill: none; stroke: {t.backward}; stroke-width: 1.5; stroke-dasharray: 5 4",
            **{f".w{k}": f"stroke-width: {0.6 + 0.7 * k:.1f}" for k in range(7)},
            ".fhead": f"fill: {t.forward}",
            ".bhead": f"fill: {t.backward}",
            "text": f"fill: {t.ink}; font-size: {VALUE:g}px",
            ".name": f"font-size: {NAME:g}px; font-weight: bold",
            ".grad, text.back": f"fill: {t.backward_text}; font-size: {LABEL:g}px",
            "text.mark": f"fill: {t.mark}; font-size: {LABEL:g}px; font-weight: bold",
            ".note": f"fill: {t.muted}; font-size: {SMALL:g}px",
            ".title": f"fill: {t.muted}; font-size: {LABEL:g}px; font-weight: bold",
        }
        lines = []
        for names, body in table.items():
            scoped = ", ".join(f"{prefix} {name.strip()}" for name in names.split(","))
            lines.append(f"{indent}{scoped} {{ {body} }}")
        return "\n".join(lines)

    text = rules(DARK if theme == "dark" else LIGHT)
    if theme == "auto":
        text += f"\n@media (prefers-color-scheme: dark) {{\n{rules(DARK, ' ')}\n}}"
    return f"\n{text}\n"


def _cluster(parent: ET.Element, title: str, rect: Rect) -> None:
    group = ET.SubElement(parent, "g")
    _rect(group, "cluster", rect, radius=10)
    text_at(group, "title", title, rect.x + 14, rect.y + 20)


def _card(parent: ET.Element, id: str, node: NodeView, rect: Rect, needed: float) -> None:
    attributes = {"data-kind": node.kind, "role": "img", "aria-label": node.words}
    group = ET.SubElement(parent, "g", {"id": id, "class": "node", **attributes})
    ET.SubElement(group, "title").text = "\n".join(filter(None, [*node.lines, node.source]))
    fill = {"parameter": " leaf", "data": " leaf", "cost": " cost", "module": " module"}
    radius = {"data": 0.0, "constant": rect.height / 2}.get(node.kind, 7.0)
    _rect(
        group, "pill" if node.kind == "constant" else "card" + fill.get(node.kind, ""), rect, radius
    )
    y = rect.y + _HEADER - 9
    spare = rect.height - needed  # a card with many ports is taller than its text
    y += spare / 2
    middle = rect.x + rect.width / 2
    text_at(group, "name", node.header, middle, y, middle=True)
    y += 3
    for line in node.value:
        y += _LINE
        text_at(group, "", line, middle, y, middle=True)
    if node.mark:
        text_at(group, "mark", node.mark, middle, y + _LINE, middle=True)
    if node.gradient:
        strip = Rect(rect.x, rect.y + rect.height - _STRIP, rect.width, _STRIP)
        inset = 3.4 if node.kind == "parameter" else 1.6 if node.kind == "cost" else 0.7
        _bottom(group, strip, inset, max(radius - inset, 0.0))
        text_at(group, "grad", node.gradient, middle, strip.y + 16, middle=True)
    if node.kind == "parameter":
        _rect(group, "inner", Rect(rect.x + 3, rect.y + 3, rect.width - 6, rect.height - 6), 5)


def _bottom(parent: ET.Element, r: Rect, inset: float, radius: float) -> None:
    """Fill the bottom of a card, rounded as the card is, inside its border."""
    left, right = r.x + inset, r.x + r.width - inset
    low = r.y + r.height - inset
    ET.SubElement(
        parent,
        "path",
        {
            "class": "strip",
            "d": f"M{coord(left)} {coord(r.y)}H{coord(right)}V{coord(low - radius)}"
            f"Q{coord(right)} {coord(low)} {coord(right - radius)} {coord(low)}"
            f"H{coord(left + radius)}"
            f"Q{coord(left)} {coord(low)} {coord(left)} {coord(low - radius)}Z",
        },
    )


def _arrows(
    parent: ET.Element, id: str, edge: EdgeView, way: list[tuple[float, float]], thick: str
) -> None:
    """Draw the forward arrow, and the backward one below it with its label."""
    group = ET.SubElement(parent, "g", {"id": id, "class": "edge"})
    shift = _APART if edge.back and edge.forward else 0.0
    (x0, y0), (x1, y1) = way[0], way[-1]
    if edge.forward:
        ahead = ET.SubElement(group, "g", {"class": "ahead"})
        ET.SubElement(ahead, "path", {"class": "fwd", "d": _line(way, -shift, end=-7.0)})
        _head(ahead, "fhead", x1 - 1, y1 - shift, -1.0)
    if not edge.back:
        return
    back = ET.SubElement(group, "g", {"class": "back"})
    if edge.words:
        ET.SubElement(back, "title").text = edge.words
    ET.SubElement(back, "path", {"class": f"bwd{thick}", "d": _line(way, shift, start=7.0)})
    _head(back, "bhead", x0 + 1, y0 + shift, 1.0)
    if edge.label:
        text_at(back, "back", edge.label, x1 - 10, y1 + shift + 12.5, end=True)


def thickness(norm: float | None) -> str:
    """Return the class of a derivative's arrow: one step for every two powers of ten."""
    if norm is None:
        return ""
    return f" w{min(max(round((math.log10(norm) + 8) / 2), 0), 6)}" if norm else " w0"


def _line(
    way: list[tuple[float, float]], shift: float, start: float = 0.0, end: float = 0.0
) -> str:
    """Return a path along a way, moved down by `shift` and shortened at its ends."""
    points = [(x, y + shift) for x, y in way]
    points[0] = (points[0][0] + start, points[0][1])
    points[-1] = (points[-1][0] + end, points[-1][1])
    parts = [f"M{coord(points[0][0])} {coord(points[0][1])}"]
    for (ax, ay), (bx, by) in pairwise(points):
        if abs(ay - by) < 0.05:
            parts.append(f"L{coord(bx)} {coord(by)}")
        else:
            mid = coord((ax + bx) / 2)
            parts.append(f"C{mid} {coord(ay)} {mid} {coord(by)} {coord(bx)} {coord(by)}")
    return "".join(parts)


def _head(parent: ET.Element, kind: str, x: float, y: float, direction: float) -> None:
    """Draw an arrow head whose point is at (x, y); direction −1 points right, 1 left."""
    back = x + direction * 9
    ET.SubElement(
        parent,
        "path",
        {
            "class": kind,
            "d": f"M{coord(x)} {coord(y)}L{coord(back)} {coord(y - 4)}V{coord(y + 4)}Z",
        },
    )


_KEYS = (
    ("parameter", "leaf with a gradient"),
    ("data", "data"),
    ("op", "result"),
    ("cost", "output"),
    ("module", "module, folded"),
)


def _legend_entries(view: GraphView) -> list[tuple[str, str]]:
    kinds = {n.kind for n in view.nodes}
    entries = []
    if any(e.forward for e in view.edges):
        entries.append(("fwd", "forward: values"))
    if any(e.back for e in view.edges):
        entries.append(("bwd", "backward: derivatives"))
    return entries + [(kind, text) for kind, text in _KEYS if kind in kinds]


def _legend_size(view: GraphView) -> tuple[float, float]:
    widths = [44 + width(text, SMALL) for _, text in _legend_entries(view)]
    lines = [width(line, SMALL) for line in view.caption]
    return max([sum(widths), *lines]), 38.0 + 15.0 * len(view.caption)


def _legend(parent: ET.Element, view: GraphView, place: Layout) -> None:
    x, y = 0.0, place.height + 30.0
    group = ET.SubElement(parent, "g", {"aria-hidden": "true"})
    for kind, text in _legend_entries(view):
        if kind in {"fwd", "bwd"}:
            ET.SubElement(
                group, "path", {"class": kind, "d": f"M{coord(x)} {coord(y - 3.5)}H{coord(x + 26)}"}
            )
            point = x + 27 if kind == "fwd" else x
            _head(
                group,
                "fhead" if kind == "fwd" else "bhead",
                point,
                y - 3.5,
                1 - 2 * (kind == "fwd"),
            )
        else:
            fill = {"parameter": " leaf", "data": " leaf", "cost": " cost", "module": " module"}
            r = Rect(x, y - 10, 26, 13)
            _rect(group, "card" + fill.get(kind, ""), r, 0 if kind == "data" else 4)
            if kind == "parameter":
                _rect(group, "inner", Rect(r.x + 2.5, r.y + 2.5, r.width - 5, r.height - 5), 2)
        text_at(group, "note", text, x + 32, y)
        x += 44 + width(text, SMALL)
    for line in view.caption:
        y += 15
        text_at(group, "note", line, 0, y + 3)


def _rect(parent: ET.Element, kind: str, r: Rect, radius: float = 0.0) -> None:
    attributes = {"x": r.x, "y": r.y, "width": r.width, "height": r.height}
    element = ET.SubElement(parent, "rect", {"class": kind})
    element.attrib.update({name: coord(value) for name, value in attributes.items()})
    if radius:
        element.set("rx", coord(radius))


def text_at(
    parent: ET.Element,
    kind: str,
    text: str,
    x: float,
    y: float,
    *,
    middle: bool = False,
    end: bool = False,
) -> None:
    """Put a line of text at a place: beginning there, or with its middle or end there."""
    element = ET.SubElement(parent, "text", {"x": coord(x), "y": coord(y)})
    if kind:
        element.set("class", kind)
    if middle or end:
        element.set("text-anchor", "middle" if middle else "end")
    element.text = clean(text, 400)


def coord(value: float) -> str:
    """Write a coordinate, to a hundredth of a pixel."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
