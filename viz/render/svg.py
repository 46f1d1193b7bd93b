"""SVG by the built-in layout: cards, two arrows for each use of a value, and a legend.

The file needs no script, no font, no stylesheet and no network. It is written as text, since large
graphs spend most of their time here; what comes from users goes through `safe`.
"""

from __future__ import annotations

import html
import itertools
import math
import re
import sys
import threading
from collections import deque
from itertools import pairwise
from typing import TYPE_CHECKING

from viz.far import far_uses
from viz.kinds import BORDER, KINDS
from viz.layout import PASSING, Card, Layout, Link, Rect, layout
from viz.rows import RADIUS, in_rows
from viz.text import clean, pieces, width
from viz.theme import DARK, FONT, LABEL, LIGHT, NAME, SMALL, VALUE, Theme

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from viz.view import EdgeView, GraphView, NodeView

__all__ = [
    "MARGIN",
    "OWN",
    "description",
    "figure",
    "legend",
    "lines_of",
    "placed",
    "render_svg",
    "safe",
    "size_of",
    "style_of",
    "svg_of",
    "text_at",
    "thickness",
]

MARGIN = 24.0
OWN = 12.0 / LABEL  # pixels of a unit, where nothing else is asked for: no text is below 12
_SIDE = 12.0  # inside a card, left and right of its text
_HEADER, _LINE, _STRIP, _UNDER_IT = 28.0, 17.0, 24.0, 15.0
_HEAD = 7.0  # how far before an arrow's end its line stops
_APART = 3.5  # half the distance between the forward and the backward line
_LOWER = 2.5  # how far below the line a subscript stands
_HIGHER = 4.0  # how far above it a superscript
_UNDER = 24.0  # room for the label below a map
_CHIP = 20.0  # height of the chip of a value that is used far away
_ENTRY, _TEXT = 19.0, 15.5  # heights of a row of the legend, and of a line of the caption
_LEGEND, _NARROW = 640.0, 300.0  # least widths of the legend, in its own size and in a place
_BESIDE = 10.0  # length along an arrow of a label that stands beside it
_LONGEST = 400  # characters of a line that is drawn


def render_svg(view: GraphView, theme: str = "light") -> str:
    """Return the picture as SVG text, which needs nothing else.

    Parameters
    ----------
    view : GraphView
        What to show.
    theme : {"light", "dark", "auto"}
        auto follows the reader's setting by a media query.
    """
    prefix = f"g{view.digest}"
    made = svg_of(view, prefix, style=style_of(f"#{prefix}", theme))
    _LAYOUTS.__dict__.pop("kept", None)
    return made


def figure(
    prefix: str,
    size: tuple[float, float],
    title: str,
    words: str,
    parts: Iterable[str],
    style: str = "",
    scale: float = 1.0,
) -> str:
    """Return a whole SVG element: its title, its description, its style, its background, its parts.

    Parameters
    ----------
    prefix : str
        Its id.
    size : tuple of float
        Width and height in pixels.
    title, words : str
        What it is called, and what it shows, for those who do not see it.
    parts : iterable of str
        Elements as text, made by the functions of this module.
    style : str
        A style sheet for a figure that stands alone.
    scale : float
        How many pixels a unit of it takes where there is room.
    """
    width, height = size
    alone = f' style="max-width: 100%; height: auto">\n<style>{style}</style' if style else ""
    return "".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.1f} {height:.1f}" '
            f'width="{scale * width:.1f}" height="{scale * height:.1f}" class="graph" '
            f'role="img" id="{prefix}" '
            f'aria-labelledby="{prefix}-title" aria-describedby="{prefix}-desc" '
            f'font-family="{FONT}"{alone}>\n'
            f'<title id="{prefix}-title">{safe(title)}</title>\n'
            f'<desc id="{prefix}-desc">{safe(words)}</desc>\n'
            '<rect class="bg" width="100%" height="100%"/>\n',
            *parts,
            "</svg>\n",
        )
    )


def svg_of(
    view: GraphView,
    prefix: str,
    measured: GraphView | None = None,
    marks: Mapping[str, str] | None = None,
    style: str = "",
) -> str:
    """Return the picture as an SVG element.

    Parameters
    ----------
    view : GraphView
        What to show.
    prefix : str
        What the ids of its elements begin with.
    measured : GraphView, optional
        The same nodes and edges with other texts, which cards and labels get their sizes from: for
        several pictures in one place.
    marks : mapping, optional
        More attributes, each with a space before it, of the card ``n3``, its gradient
        ``n3 gradient``, and the two arrows of an edge ``e5 ahead`` and ``e5 back``.
    style : str
        Its style sheet, if it stands alone.
    """
    place, sizes = placed(measured or view)
    marks = marks or {}
    width, height = _whole(view, place)
    scale = OWN
    if view.size is not None:
        scale = min(view.size[0] / width, view.size[1] / height)
    thick = {n.id: thickness(n.norm) for n in view.nodes}
    margin = margin_of(view)
    parts = [f'<g transform="translate({margin:g} {margin:g})">\n']
    parts += (_cluster(path[-1], rect, place.turned) for path, rect in place.clusters.items())
    names = {n.id: n.name for n in view.nodes} if place.chips else {}
    for k, edge in enumerate(view.edges):
        chip = _chip(names[edge.source], place.chips[k]) if k in place.chips else ""
        way = place.ways[k]
        parts.append(_arrows(prefix, k, edge, way, thick[edge.source], marks, place.turned, chip))
    parts += (_card(prefix, n, place.cards[n.id], sizes[n.id][1], marks) for n in view.nodes)
    parts += (_legend(view, place), "</g>\n")
    return figure(prefix, (width, height), view.title, description(view), parts, style, scale)


def size_of(view: GraphView, place: Layout | None = None) -> tuple[float, float]:
    """Return the width and height of a picture in its own units."""
    return _whole(view, place or placed(view)[0])


def _whole(view: GraphView, place: Layout) -> tuple[float, float]:
    legend = _legend_size(view, place.width)
    margin = margin_of(view)
    least = 320.0 if view.size is None else 0.0
    return max(place.width, legend[0], least) + 2 * margin, place.height + legend[1] + 2 * margin


def margin_of(view: GraphView) -> float:
    """Return the empty space around a picture, in its own units."""
    return MARGIN if view.size is None else MARGIN / 2


def description(view: GraphView) -> str:
    """Return the picture in words, for those who do not see it."""
    inside = [f"Inside: {', '.join(view.inside)}."] if view.inside else []
    return " ".join([*view.caption, *(f"{n.words}." for n in view.nodes), *inside])


def placed(view: GraphView) -> tuple[Layout, dict[int, tuple[float, float]]]:
    """Return the layout of a view, and the width and height that each card's text needs.

    A picture is measured, arranged and drawn in turn; the last few layouts are kept for that.
    """
    kept = _LAYOUTS.__dict__.setdefault("kept", deque(maxlen=8))
    key = view.rows, view.turned, view.chips
    for nodes, edges, known, found in kept:
        if nodes is view.nodes and edges is view.edges and known == key:
            result: tuple[Layout, dict[int, tuple[float, float]]] = found
            return result
    made = _placed(view)
    kept.append((view.nodes, view.edges, key, made))
    return made


_LAYOUTS = threading.local()


def _placed(view: GraphView) -> tuple[Layout, dict[int, tuple[float, float]]]:
    sizes = {n.id: _size(n) for n in view.nodes}
    cards = [
        Card(n.id, *sizes[n.id], scope=n.scope, at_start=n.kind != "constant") for n in view.nodes
    ]
    labels = [width(e.label, LABEL) if e.label else 0.0 for e in view.edges]
    far = far_uses(view) if view.chips else frozenset()
    names = {n.id: n.name for n in view.nodes}
    scopes = {n.id: n.scope for n in view.nodes}
    for k in far:  # a card of its own, in front of its use
        edge = view.edges[k]
        chip = Card(-1 - k, _chip_width(names[edge.source]), _CHIP, scopes[edge.target])
        cards.insert(0, chip)
    ends = [(-1 - k if k in far else e.source, e.target) for k, e in enumerate(view.edges)]
    if view.turned:
        cards = [c._replace(width=c.height, height=c.width) for c in cards]
        links = [
            Link(i, *ends[i], e.slot, _BESIDE, across=wide + 28.0, lean=wide + 10.0)
            if (wide := labels[i])
            else Link(i, *ends[i], e.slot, across=PASSING + 8.0)
            for i, e in enumerate(view.edges)
        ]
        place = layout(cards, links).swapped()
    else:
        links = [
            Link(i, *ends[i], e.slot, labels[i] + 4 if e.label else 0.0)
            for i, e in enumerate(view.edges)
        ]
        place = in_rows(layout(cards, links), links, view.rows)
    place.chips = {k: place.cards.pop(-1 - k) for k in far}
    return place, sizes


def _chip_width(name: str) -> float:
    return width(clean(name, 40), LABEL, bold=True) + 16.0


def _size(node: NodeView) -> tuple[float, float]:
    """Return the width and height a card needs for its text."""
    headers = node.headers
    widths = [width(row, NAME, bold=True) for row in headers]
    widths += [width(line, VALUE) for line in node.details]
    widths += [width(row, LABEL) for row in node.gradient_rows]
    widths += [width(node.mark, LABEL, bold=True)] if node.mark else []
    if node.heat:
        widths.append(max(h.size[0] for h in node.heat))
    lines = len(node.details) + bool(node.mark)
    height = _HEADER + _LINE * (lines + len(headers) - 1) + (6.0 if lines else 0.0)
    height += sum(h.size[1] + _UNDER for h in node.heat)
    return max(64.0, *widths) + 2 * _SIDE, height + _strip(node)


def _strip(node: NodeView) -> float:
    """Return the height of what stands at the bottom of a card, its derivative."""
    rows = len(node.gradient_rows)
    return _STRIP + _UNDER_IT * (rows - 1) if rows else 0.0


def style_of(prefix: str, theme: str) -> str:
    """Return the style sheet of pictures below a CSS selector."""

    def rules(t: Theme, indent: str = "") -> str:
        table = {
            ".bg": f"fill: {t.background}",
            ".card": f"fill: {t.card}; stroke: {t.ink}; stroke-width: {BORDER:g}",
            ".leaf": f"fill: {t.leaf}",
            ".cost": f"fill: {t.cost}",
            ".module": f"fill: {t.cluster}",
            **{
                f"rect.{name}": f"stroke-width: {kind.thick:g}"
                for name, kind in KINDS.items()
                if kind.thick != BORDER
            },
            ".inner": f"fill: none; stroke: {t.ink}; stroke-width: 0.8",
            ".frame": f"fill: none; stroke: {t.muted}; stroke-width: 0.6",
            ".strip": f"fill: {t.gradient}",
            ".pill": f"fill: {t.cluster}; stroke: {t.muted}; stroke-width: 1",
            ".cluster": f"fill: {t.cluster}; stroke: {t.muted}; stroke-width: 1",
            ".fwd": f"fill: none; stroke: {t.forward}; stroke-width: 1.7",
            ".bwd": f"fill: none; stroke: {t.backward}; stroke-width: 1.5; stroke-dasharray: 5 4",
            **{f".w{k}": f"stroke-width: {0.6 + 0.7 * k:.1f}" for k in range(7)},
            ".wrong": f"fill: none; stroke: {t.mark}; stroke-width: 3; stroke-dasharray: 2 3",
            ".fhead": f"fill: {t.forward}",
            ".bhead": f"fill: {t.backward}",
            "text": f"fill: {t.ink}; font-size: {VALUE:g}px",
            ".name": f"font-size: {NAME:g}px; font-weight: bold",
            ".grad, text.back": f"fill: {t.backward_text}; font-size: {LABEL:g}px",
            "text.within": f"fill: {t.backward_text}",
            "text.chip": f"font-size: {LABEL:g}px; font-weight: bold",
            "text.mark": f"fill: {t.mark}; font-size: {LABEL:g}px; font-weight: bold",
            "text.fine": f"font-size: {LABEL:g}px; font-weight: bold",
            "text.alert": f"fill: {t.mark}; font-size: {SMALL:g}px; font-weight: bold",
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


def _cluster(title: str, r: Rect, turned: bool) -> str:
    """Draw the box of a module; its title stands where no arrow comes in."""
    x, y, more = r.x + 14, r.y + 20, ""
    if turned:
        x, y = r.x + 20, r.y + r.height - 14
        more = f' transform="rotate(-90 {x:.1f} {y:.1f})"'
        while len(title) > 1 and width(title, LABEL, bold=True) > r.height - 20:
            title = f"{title.rstrip('…')[:-1]}…"
    return (
        f'<g class="group">{_rect("cluster", r, radius=10)}'
        f"{text_at('title', title, x, y, anchor='start', more=more)}</g>\n"
    )


def _chip(name: str, r: Rect) -> str:
    """Draw the name of a value again, where it is used far from its card."""
    text = text_at("chip", clean(name, 40), r.x + r.width / 2, r.y + r.height / 2 + 4)
    return f"{_rect('pill', r, radius=r.height / 2)}{text}"


def _card(prefix: str, node: NodeView, r: Rect, needed: float, marks: Mapping[str, str]) -> str:
    kind, middle = KINDS[node.kind], r.x + r.width / 2
    # A card with many ports is taller than its text.
    y = r.y + _HEADER - 9 + (r.height - needed) / 2
    radius = kind.rounding(r.height, 7.0)
    behind = (7.0, 3.5) if kind.stacked else ()
    title = _escaped("\n".join([clean(x, len(x)) for x in (*node.lines, node.source) if x]))
    parts = [
        f'<g id="{prefix}-n{node.id}" class="node" data-kind="{node.kind}" role="img" '
        f'aria-label="{safe(node.label)}"{marks.get(f"n{node.id}", "")}>'
        f"<title>{title}</title>",
        *(
            _rect("card module behind", Rect(r.x + 2 * k, r.y - k, r.width - 4 * k, 20), 7)
            for k in behind
        ),
        _rect(_css(node.kind), r, radius),
    ]
    for row in node.headers:
        parts.append(text_at("name", row, middle, y))
        y += _LINE
    y -= _LINE - 3
    inside, more = node.gradients_inside, marks.get(f"n{node.id} inside", "")
    for line in node.details:
        y += _LINE
        if line in inside:
            parts.append(text_at("within", line, middle, y, more=more))
        else:
            parts.append(text_at("value", line, middle, y))
    if node.mark:
        y += _LINE
        is_fine = node.grade in ("right", "not compared")
        parts.append(text_at("fine" if is_fine else "mark", node.mark, middle, y))
    if node.heat:
        parts.append(_maps(node, middle, y + 8.0))
    if node.gradient:
        top = r.y + r.height - _strip(node)
        inset = 3.4 if kind.double else kind.thick / 2 + 0.1
        more = marks.get(f"n{node.id} gradient", "")
        parts.append(_bottom(r, top, inset, max(radius - inset, 0.0), more))
        for k, row in enumerate(node.gradient_rows):
            parts.append(text_at("grad", row, middle, top + 16 + k * _UNDER_IT, more=more))
    if kind.double:
        parts.append(_rect("inner", Rect(r.x + 3, r.y + 3, r.width - 6, r.height - 6), 5))
    # Lines between the texts keep their words apart for whatever reads them one after another.
    return "\n".join([*parts, "</g>\n"])


def _maps(node: NodeView, middle: float, top: float) -> str:
    """Draw the maps of a card, one below the other, each over its label."""
    parts = []
    for heat in node.heat:
        wide, high = heat.size
        left = middle - wide / 2
        shades: dict[int, list[str]] = {}
        for i, row in enumerate(heat.cells):
            for k, shade in enumerate(row):
                at = f"M{left + k * heat.unit:.1f} {top + i * heat.unit:.1f}"
                cell = f"{at}h{heat.unit:.2f}v{heat.unit:.2f}h-{heat.unit:.2f}z"
                shades.setdefault(shade, []).append(cell)
        for shade, cells in sorted(shades.items()):
            parts.append(f'<path class="heat" fill="{_shade(shade)}" d="{"".join(cells)}"/>')
        parts.append(_rect("frame", Rect(left, top, wide, high)))
        kind = "within" if heat.label == "gradient" else "value"
        parts.append(text_at(kind, heat.label, middle, top + high + 14.0))
        top += high + _UNDER
    return "\n".join(parts)


def _shade(level: int) -> str:
    """Return a colour between blue (−5), white and vermillion (5); grey for what is not finite."""
    if abs(level) > 5:
        return "#9CA3AF"
    end = (0x00, 0x72, 0xB2) if level < 0 else (0xD5, 0x5E, 0x00)
    part = abs(level) / 5
    return "#" + "".join(f"{round(255 + part * (c - 255)):02X}" for c in end)


def _css(kind: str) -> str:
    """Return the classes of a card's rectangle."""
    fill = KINDS[kind].fill
    classes: list[str] = [fill] if fill in ("card", "pill") else ["card", fill]
    if KINDS[kind].thick != BORDER and kind not in classes:
        classes.append(kind)
    return " ".join(classes)


def _bottom(r: Rect, top: float, inset: float, radius: float, more: str) -> str:
    """Fill the bottom of a card, rounded as the card is, inside its border."""
    left, right, low = r.x + inset, r.x + r.width - inset, r.y + r.height - inset
    corner = f"{radius:.1f}"
    return (
        f'<path class="strip"{more} d="M{left:.1f} {top:.1f}H{right:.1f}V{low - radius:.1f}'
        f'q0 {corner} -{corner} {corner}H{left + radius:.1f}q-{corner} 0 -{corner} -{corner}z"/>'
    )


def _arrows(
    prefix: str,
    number: int,
    edge: EdgeView,
    way: list[tuple[float, float]],
    thick: str,
    marks: Mapping[str, str],
    turned: bool = False,
    chip: str = "",
) -> str:
    """Draw the forward arrow, and the backward one below or beside it with its label."""
    shift = _APART if edge.back and edge.forward else 0.0
    (x0, y0), (x1, y1) = way[0], way[-1]
    made = f'<g id="{prefix}-e{number}" class="edge">{chip}'
    if turned:
        ahead, back = map(_turned, _lines([(y, x) for x, y in way], shift))
        heads = (x1 - shift, y1 - 1), (x0 + shift, y0 + 1)
        at, anchor = (x1 + shift + 6, y1 - 8), "start"
    else:
        ahead, back = _lines(way, shift)
        heads = (x1 - 1, y1 - shift), (x0 + 1, y0 + shift)
        at, anchor = (x1 - 10, y1 + shift + 12.5), "end"
    if edge.forward:
        more = marks.get(f"e{number} ahead", "") if marks else ""
        made += (
            f'<g class="ahead"{more}><path class="fwd" d="{ahead}"/>'
            f"{_head('fhead', *heads[0], -1, down=turned)}</g>"
        )
    if edge.back:
        said = f"<title>{safe(edge.words)}</title>" if edge.words else ""
        label = edge.label and text_at("back", edge.label, *at, anchor=anchor)
        more = marks.get(f"e{number} back", "") if marks else ""
        made += (
            f'<g class="back"{more}>{said}<path class="bwd{thick}" d="{back}"/>'
            f"{_head('bhead', *heads[1], 1, down=turned)}{label}</g>"
        )
    return f"{made}</g>\n"


def thickness(norm: float | None) -> str:
    """Return the class of a derivative's arrow: one step for every two powers of ten."""
    if norm is None:
        return ""
    power = math.log10(min(norm, sys.float_info.max)) if norm else -math.inf
    return f" w{round(min(max((power + 8) / 2, 0), 6))}"


def _lines(way: list[tuple[float, float]], shift: float) -> tuple[str, str]:
    """Return paths beside a way: `shift` above it, and below; each ends before its arrow's head.

    A way is level at its ends, and between any two of its curves or turns.
    """
    (x, y), (end, _) = way[0], way[-1]
    high, low = f"{y - shift:.1f}", f"{y + shift:.1f}"
    upper, lower = [f"M{x:.1f} {high}"], [f"M{x + _HEAD:.1f} {low}"]
    ahead = True  # whether it runs to the right
    for (left, _), (right, height) in pairwise(way):
        if -0.05 < height - y < 0.05:
            continue
        if left == right:
            upper.append(_turn(right, y, height, shift, ahead))
            lower.append(_turn(right, y, height, -shift, ahead))
            ahead, y = not ahead, height
            high, low = f"{y - shift:.1f}", f"{y + shift:.1f}"
            continue
        y = height
        begin, middle, stop = f"{left:.1f}", f"{(left + right) / 2:.1f}", f"{right:.1f}"
        higher, lower_y = f"{y - shift:.1f}", f"{y + shift:.1f}"
        upper.append(f"H{begin}C{middle} {high} {middle} {higher} {stop} {higher}")
        lower.append(f"H{begin}C{middle} {low} {middle} {lower_y} {stop} {lower_y}")
        high, low = higher, lower_y
    return "".join(upper) + f"H{end - _HEAD:.1f}", "".join(lower) + f"H{end:.1f}"


def _turn(x: float, y0: float, y1: float, shift: float, ahead: bool) -> str:
    """Return the part of a path that turns round, down to another height."""
    side = 1.0 if ahead else -1.0
    begin, end = y0 - side * shift, y1 + side * shift
    beside, back = x + side * RADIUS + shift, x + shift
    corner = max(min(RADIUS, (end - begin) / 2), 0.0)  # there is not always room for a whole one
    return (
        f"H{back:.1f}Q{beside:.1f} {begin:.1f} {beside:.1f} {begin + corner:.1f}"
        f"V{end - corner:.1f}Q{beside:.1f} {end:.1f} {back:.1f} {end:.1f}"
    )


_PART = re.compile(r"([MHVCQ])([^MHVCQ]*)")
_OTHER = {"H": "V", "V": "H"}


def _turned(path: str) -> str:
    """Return a path with its axes exchanged."""

    def swap(part: re.Match[str]) -> str:
        numbers = part[2].split()
        pairs = [f"{y} {x}" for x, y in zip(numbers[::2], numbers[1::2], strict=False)]
        return f"{part[1]}{' '.join(pairs)}" if pairs else f"{_OTHER[part[1]]}{part[2]}"

    return _PART.sub(swap, path)


def _head(kind: str, x: float, y: float, direction: int, *, down: bool = False) -> str:
    """Draw an arrow head whose point is at (x, y); direction −1 points right (or down), 1 left."""
    if down:
        return f'<path class="{kind}" d="M{x:.1f} {y:.1f}l-4 {9 * direction}h8z"/>'
    return f'<path class="{kind}" d="M{x:.1f} {y:.1f}l{9 * direction} -4v8z"/>'


def _legend_entries(view: GraphView) -> list[tuple[str, str]]:
    kinds = {n.kind for n in view.nodes}
    entries = []
    if any(e.forward for e in view.edges):
        entries.append(("fwd", "forward: values"))
    if any(e.back for e in view.edges):
        sized = any(n.norm is not None for n in view.nodes)
        entries.append(("bwd", f"backward: derivatives{', as wide as ‖gradient‖' * sized}"))
    return entries + [(name, kind.legend) for name, kind in KINDS.items() if name in kinds]


def legend(view: GraphView) -> str:
    """Return the legend in words, for outputs that do not draw it."""
    arrows = {"fwd": "blue arrows", "bwd": "dashed arrows"}
    known = arrows | {name: kind.border for name, kind in KINDS.items() if kind.border}
    parts = [
        f"{known[kind]}: {text.replace('backward: ', '').replace('forward: ', '')}"
        for kind, text in _legend_entries(view)
        if kind in known
    ]
    return f"{'; '.join(parts)}.".capitalize() if parts else ""


def _legend_rows(
    view: GraphView, wide: float
) -> tuple[list[list[tuple[str, str]]], list[tuple[str, str]]]:
    """Return the entries of the legend in rows, and the lines of the caption with their classes."""
    wide = max(wide, _LEGEND if view.size is None else _NARROW)
    rows: list[list[tuple[str, str]]] = []
    left = 0.0
    for kind, text in _legend_entries(view):
        needed = 44 + width(text, SMALL)
        if not rows or needed > left + 12:
            rows.append([])
            left = wide
        rows[-1].append((kind, text))
        left -= needed
    said = view.caption[len(view.alerts) :]
    said = said if view.size is None else (" ".join(said),)
    alerts = map(str, view.alerts)
    lines = [("alert", line) for text in alerts for line in lines_of(text, wide, bold=True)]
    return rows, lines + [("note", line) for text in said for line in lines_of(text, wide)]


def lines_of(text: str, wide: float, *, bold: bool = False, size: float = SMALL) -> list[str]:
    """Return a sentence in lines of a width, in the picture's own units."""
    lines = [""]
    for given in text.split(" "):
        word = given
        if len(word) > 8 and width(word, size, bold=bold) > wide:  # a name without end
            whole = itertools.accumulate(width(c, size, bold=bold) for c in word)
            fits = sum(1 for _ in itertools.takewhile(lambda x: x <= wide - size, whole))
            word = f"{word[: max(fits, 1)]}…"
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and width(longer, size, bold=bold) > wide:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _legend_size(view: GraphView, wide: float) -> tuple[float, float]:
    rows, lines = _legend_rows(view, wide)
    widths = [sum(44 + width(text, SMALL) for _, text in row) - 12 for row in rows]
    widths += [width(line, SMALL, bold=kind == "alert") for kind, line in lines]
    return max(widths, default=0.0), 20.0 + _ENTRY * len(rows) + _TEXT * len(lines)


def _legend(view: GraphView, place: Layout) -> str:
    rows, lines = _legend_rows(view, place.width)
    y = place.height + 30.0 - _ENTRY
    parts = ['<g aria-hidden="true">']
    for row in rows:
        x, y = 0.0, y + _ENTRY
        for kind, text in row:
            parts.append(_sign(kind, x, y))
            parts.append(text_at("note", text, x + 32, y, anchor="start"))
            x += 44 + width(text, SMALL)
    for kind, line in lines:
        y += _TEXT
        parts.append(text_at(kind, line, 0, y + 3, anchor="start"))
    return "".join([*parts, "</g>\n"])


def _sign(kind: str, x: float, y: float) -> str:
    """Draw what an entry of the legend explains."""
    if kind in {"fwd", "bwd"}:
        ahead = kind == "fwd"
        point = (x + 27, y - 3.5, -1) if ahead else (x, y - 3.5, 1)
        line = f'<path class="{kind}" d="M{x:.1f} {y - 3.5:.1f}H{x + 26:.1f}"/>'
        return line + _head("fhead" if ahead else "bhead", *point)
    parts = []
    if KINDS[kind].stacked:
        parts.append(_rect(_css(kind), Rect(x + 4, y - 12.5, 18, 10), 4))
    r = Rect(x, y - 10, 26, 13)
    parts.append(_rect(_css(kind), r, KINDS[kind].rounding(r.height, 4)))
    if KINDS[kind].double:
        parts.append(_rect("inner", Rect(x + 2.5, y - 7.5, 21, 8), 2))
    return "".join(parts)


def _rect(kind: str, r: Rect, radius: float = 0.0) -> str:
    corner = f' rx="{radius:.1f}"' if radius else ""
    return (
        f'<rect class="{kind}" x="{r.x:.1f}" y="{r.y:.1f}" width="{r.width:.1f}" '
        f'height="{r.height:.1f}"{corner}/>'
    )


def text_at(
    kind: str, text: str, x: float, y: float, anchor: str = "middle", more: str = ""
) -> str:
    """Return a line of text whose start, middle or end stands at a place."""
    shown = _set(_escaped(clean(text, _LONGEST)))
    # Some renderers take a space away that stands first in an element, as after a subscript.
    kept = ' xml:space="preserve"' if "> " in shown else ""
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{kept}{more}>'
        f"{shown}</text>"
    )


def _set(text: str) -> str:
    """Return text with its subscripts lowered, and what follows them raised again."""
    found = pieces(text)
    if len(found) == 1:
        return text
    made, level = "", 0.0  # how far below the line the next piece would stand
    for piece, way in found:
        if way == "hidden":
            made = f'{made}<tspan font-size="0">{piece}</tspan>'
            continue
        if way == "sup":
            piece = piece.replace("ᵀ", "T")  # which is raised already
        wanted = {"sub": _LOWER, "sup": -_HIGHER}.get(way, 0.0)
        if not way and not level:
            made += piece
            continue
        size = ' font-size="82%"' if way else ""
        move = wanted - level
        made += f'<tspan dy="{move:g}"{size}>{piece}</tspan>' if move or way else piece
        level = wanted
    return made


def safe(text: str) -> str:
    """Return text that is harmless in an element and in an attribute.

    All that users named comes through here; everything else in a figure is ours.
    """
    return _escaped(clean(text, len(text)))


def _escaped(text: str) -> str:
    """Return text without markup; most has none, and is not copied."""
    if "&" in text or "<" in text or ">" in text or '"' in text or "'" in text:
        return html.escape(text)
    return text
