"""The files that a picture can be written to: one table, by their endings.

`Drawing.save`, the command line, its help and their errors read it. A new format is one function
that takes a drawing, and one line here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from viz.render.mermaid import render_mermaid
from viz.render.tikz import render_tikz

if TYPE_CHECKING:
    from collections.abc import Callable

    from viz.drawing import Drawing

__all__ = ["FORMATS", "Format"]


class Format(NamedTuple):
    """What a file holds, and what makes it of a drawing."""

    holds: str
    make: Callable[[Drawing], str | bytes]


FORMATS: dict[str, Format] = {
    ".svg": Format("the picture", lambda d: d.svg),
    ".html": Format("a page that plays it", lambda d: d.html),
    ".dot": Format("source for Graphviz", lambda d: d.dot),
    ".json": Format("the view as data", lambda d: d.view.to_json()),
    ".txt": Format("the steps in words", lambda d: d.text),
    ".md": Format("a Mermaid flowchart", lambda d: render_mermaid(d.view)),
    ".tex": Format("a TikZ picture", lambda d: render_tikz(d.view)),
    ".png": Format("the picture in pixels", lambda d: d.image("png")),
    ".pdf": Format("the picture as a page", lambda d: d.image("pdf")),
    ".gif": Format("the steps, played", lambda d: d.image("gif")),
}
