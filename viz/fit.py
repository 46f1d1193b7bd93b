"""Legibility: the picture is arranged, and told in fewer words, until it can be read in its place.

A place has a size in pixels and a least height of text there. Of each way to tell the graph, the
fullest first, every arrangement is laid out: in one or several rows, or from top to bottom. The
first way whose best arrangement can be read is taken. What it leaves out is said in the caption.
"""

from __future__ import annotations

import difflib
import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from viz.render.svg import OWN, placed, size_of
from viz.text import clean
from viz.theme import LABEL
from viz.view import DOTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from viz.view import EdgeView, GraphView, NodeView

__all__ = [
    "MOST", "PLACES", "Place", "arranged", "fitted", "in_window", "is_legible", "meant", "place_of",
    "rows_or_why",
]  # fmt: skip


class Place(NamedTuple):
    """Where a picture is looked at.

    Attributes
    ----------
    name : str
        What the caption calls it.
    width, height : float
        Its size in CSS pixels; one scrolls through three screens where that is usual.
    least : float
        Height in pixels that the smallest text has to have.
    """

    name: str
    width: float
    height: float
    least: float = 12.0


PLACES = {
    "slide": Place("a slide of 1920 × 1080", 1920.0, 1080.0, 18.0),
    "screen": Place("a screen of 1920 × 1080", 1920.0, 1080.0),
    "notebook": Place("a notebook's cell of 920", 920.0, 2400.0),
    "column": Place("a column of 840", 840.0, 2520.0),
    "page": Place("a page of 642 × 971", 642.0, 971.0),  # A4 with margins of 20 mm, at 96 dpi
    "phone": Place("a phone of 390 × 844", 390.0, 3 * 844.0),
}
WINDOW = Place("a window", 1240.0, 600.0)
_MOST_SIZE = 1.4  # times the least size of text, beyond which a picture does not grow
_ROWS = 6  # rows that are tried; in a high place, only a few
_SEVERAL, MOST = 120, 300  # cards of a view that is arranged in all ways, and in two at least
_LANES = 6  # arrows that may lead from one row to the next; in a high place, half of them
_NAME = 28  # characters of a name, where little room is left
_HEADER = 0.8  # characters of a header that are as wide as one of a line below it
_NARROW = (28, 20)  # characters of a header's row, where cards are to be narrow


def place_of(fit: Any, where: str = "viz.draw") -> Place:
    """Return the place that a user of a function names, or gives as width and height.

    Raises
    ------
    ValueError
        If it is neither.
    """
    if isinstance(fit, str) and fit in PLACES:
        return PLACES[fit]
    if isinstance(fit, (tuple, list)) and len(fit) == 2:
        wide, high = fit
        if all(isinstance(x, (int, float)) and x >= 100 for x in fit):
            return Place(f"{wide:g} × {high:g}", float(wide), float(high))
    known = ", ".join(repr(name) for name in PLACES)
    raise ValueError(
        f"{where}: fit needs one of {known}, 'auto', None, or a width and a height in pixels of "
        f"at least 100, got {fit!r}.{meant(fit, PLACES)}"
    )


def meant(given: Any, known: Iterable[str]) -> str:
    """Return a sentence that asks for the name that is nearest to what was given, or nothing."""
    close = difflib.get_close_matches(str(given).lower(), [*known], 1)
    return f" Did you mean {close[0]!r}?" if close else ""


def is_legible(view: GraphView, place: Place) -> bool:
    """Return whether a view can be read in a place in its own size."""
    width, height = size_of(view)
    return OWN * width <= place.width and OWN * height <= place.height


def arranged(view: GraphView, place: Place, rows: int | None = None) -> GraphView:
    """Return a view that leaves nothing out, arranged so that its text is as large as can be."""
    found, scale = _arranged(view, place, rows)
    if scale * LABEL < 0.999 * place.least:
        said = (
            f"It is larger than {place.name}; fit='slide', 'column', 'page' or 'phone' tells less "
            "of it, in one piece."
        )
        found = replace(found, notes=(*found.notes, said))
    width, height = size_of(found)
    own = max(scale, OWN)  # larger than the screen, rather than too small to read
    return replace(found, size=(own * width, own * height))


def in_window(view: GraphView) -> GraphView:
    """Return a view arranged for the window of a page, where one can zoom: all of it is there."""
    if len(view.nodes) > MOST or is_legible(view, WINDOW):
        return view
    return replace(_arranged(view, WINDOW, view.rows)[0], size=view.size)


def fitted(
    views: Iterable[GraphView],
    place: Place,
    rows: int | None = None,
    told: Callable[[GraphView], GraphView] = lambda view: view,
) -> GraphView:
    """Return the fullest view that can be read in a place, arranged for it.

    Parameters
    ----------
    views : iterable of GraphView
        Of the graph, the fullest first; no more are taken than are needed.
    place : Place
        Where it is to be read.
    rows : int, optional
        How many rows it has to have.
    told : callable, optional
        Adds to a view what its caption has to say of it, as it is drawn.

    Returns
    -------
    GraphView
        Where none can be read, the one with the largest text, whose caption says so.
    """
    best: GraphView | None = None
    reached = 0.0
    for view in views:
        for shorter in _told(view):
            found, scale = _arranged(told(shorter), place, rows)
            if scale * LABEL >= place.least - 1e-9:
                return found
            if scale > 1.02 * reached:
                best, reached = found, scale
    assert best is not None

    def said(scale: float) -> GraphView:
        note = (
            f"The smallest text is {scale * LABEL:.2g} px high on {place.name}, and should be "
            f"{place.least:g}: draw a part of it, or save a page (.html), in which one can zoom."
        )
        return replace(best, notes=(*best.notes, note))

    width, height = size_of(said(reached))  # the sentence takes room too
    scale = min(reached, place.width / width, place.height / height)
    return replace(said(scale), size=(width * scale, height * scale))


def rows_or_why(view: GraphView) -> GraphView:
    """Return a view that says why it does not have the rows that it was asked for."""
    made = placed(view)[0].rows
    if view.rows is None or made == view.rows:
        return view
    said = (
        f"It has {made} row{'s' * (made > 1)}, not {view.rows}: there are too few gaps to cut at."
    )
    return replace(view, notes=(*view.notes, said))


def _told(view: GraphView) -> Iterator[GraphView]:
    """Yield a view in fewer and fewer words."""
    yield view
    narrow = tuple(replace(n, row=_NARROW[0]) for n in view.nodes)
    short = tuple(_short(e) for e in view.edges)
    names = ("names of derivatives",) * (short != view.edges)
    yield replace(view, nodes=narrow, edges=short, left_out=names)
    rules = ("local derivatives",) * any(e.label for e in view.edges)
    plain = replace(view, edges=tuple(_silent(e) for e in view.edges), left_out=rules)
    yield replace(plain, nodes=narrow)
    for inside in (True, False):
        brief = tuple(_brief(n, inside) for n in view.nodes)
        lost = {
            n.is_folded
            for b, n in zip(brief, view.nodes, strict=True)
            if b.value != n.value or (n.slopes and not b.slopes)
        }
        arrays = ("numbers of arrays",) * (False in lost)
        folded = ("values and gradients inside folded cards",) * (True in lost)
        yield replace(plain, nodes=brief, left_out=(*rules, *arrays, *folded))


def _short(edge: EdgeView) -> EdgeView:
    """Return an arrow whose label is only what the derivative is, without its symbol.

    Nor has it a number beside a formula: ``w = 3`` would be taken for the value of w.
    """
    return replace(edge, symbol="", number="") if edge.formula else edge


def _silent(edge: EdgeView) -> EdgeView:
    """Return an arrow without a label; its words stay."""
    return replace(edge, symbol="", formula="", number="")


def _brief(node: NodeView, inside: bool) -> NodeView:
    """Return a card with one line for its value, and for what is folded into it, or none."""
    value = node.value
    if len(node.name) > _NAME or len(node.formula) > 2 * _NAME:
        node = replace(node, name=clean(node.name, _NAME), formula=clean(node.formula, 2 * _NAME))
    if node.is_folded:
        slopes = tuple(replace(s, shape="", paths=1) for s in node.slopes) if inside else ()
        value = value if len(value) == 1 and len(value[0]) <= _NARROW[1] else ()
        brief = replace(node, value=value, slopes=slopes, body=_body(node))
        widest = max((len(line) for line in (*brief.details, brief.gradient)), default=0)
        return replace(brief, row=max(_NARROW[1], int(_HEADER * widest)))
    if len(value) > 1:
        value = (node.shape,) if node.shape else value[:1]
    elif value and len(value[0]) > _NARROW[1]:
        value = (node.shape,)
    slope = None if node.slope is None else replace(node.slope, grid=())
    if slope is not None and len(str(slope)) > _NARROW[0]:
        slope = replace(slope, shape="", symbol=clean(slope.symbol, _NARROW[0]))
    return replace(node, row=_NARROW[1], value=value, slope=slope)


def _body(node: NodeView) -> tuple[str, ...]:
    """Return the formulas of a folded card that are kept where room is scarce."""
    body = node.body
    if len(body) < 4:
        return body
    if node.kind != "repeat":
        return body[0], DOTS, body[-1]
    short = [line if len(line) <= _NARROW[0] else DOTS for line in body]
    return tuple(line for line, _ in itertools.groupby(short))


def _arranged(view: GraphView, place: Place, rows: int | None) -> tuple[GraphView, float]:
    """Return the arrangement of a view whose text is the largest in a place, and its scale."""
    many = len(view.nodes)
    high = place.height > place.width
    most = 1 if many < 4 else 3 if high else _ROWS
    ways: list[dict[str, Any]] = [{"rows": k} for k in range(1, most + 1)]
    if rows is not None:
        ways = [{"rows": rows}]
    else:
        ways.insert(1 if high else most, {"turned": True, "rows": None})
    best, reached, enough = view, 0.0, place.least / LABEL
    if many > _SEVERAL and rows is None:  # each takes its time
        ways = [ways[0], ways[1 if high else most - 1]] if many <= MOST else ways[:1]
    for way in ways:
        found = replace(view, chips=True, size=(1.0, 1.0), **way)
        laid, _ = placed(found)
        if rows is None and laid.lanes > (_LANES // 2 if high else _LANES):
            continue
        width, height = size_of(found, laid)
        scale = min(place.width / width, place.height / height, _MOST_SIZE * enough)
        if min(scale, enough) > 1.02 * min(reached, enough):  # the simplest of about equal ones
            best, reached = found, scale
    width, height = size_of(best)
    size = (width * reached, height * reached)
    return replace(best, size=size), reached
