"""`draw` and `Drawing`."""

from __future__ import annotations

import functools
import html
import tempfile
import warnings
import webbrowser
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import graphviz

from viz.engine import NotDrawable, graph_of, pause_collector
from viz.files import write
from viz.fit import MOST, PLACES, arranged, in_window, is_legible
from viz.formats import FORMATS
from viz.passes import deepest, fold
from viz.render.dot import EngineTimeout, by_dot, render_dot, svg_by_pygraphviz
from viz.render.image import render_image
from viz.render.page import Picture, render_page
from viz.render.reel import render_play
from viz.render.svg import render_svg
from viz.render.text import render_text
from viz.scalars import opened
from viz.views import MOST as MOST_CARDS, Options, Views

if TYPE_CHECKING:
    import os

    from viz.view import GraphView, NodeView

__all__ = ["Drawing", "Playback", "draw", "play"]

DRAWN, FOLDED, ROUND = "as drawn", "all folded", "one round open"  # pictures of a page
TIMEOUT = 60.0  # seconds for dot, after which the built-in layout draws


class Drawing:
    """A picture of a graph; it shows itself in a notebook.

    Attributes
    ----------
    view : GraphView
        What it shows, as data.
    """

    def __init__(
        self,
        view: GraphView,
        *,
        theme: str = "light",
        engine: str = "auto",
        views: Views | None = None,
        suits: bool | None = None,
    ) -> None:
        self.view: GraphView = view
        self.theme, self.engine = theme, engine
        self._views = views
        if suits is None:
            suits = views is not None and views.options.fit == "auto"
        self._suits = suits  # any place it is shown in

    @functools.cached_property
    def svg(self) -> str:
        """The picture as SVG text."""
        if self.engine == "dot":
            try:
                return by_dot(self.dot, "svg", TIMEOUT).decode()
            except EngineTimeout as error:
                message = f"{error} The built-in layout has drawn it instead."
                warnings.warn(message, RuntimeWarning, stacklevel=2)
        if self.engine == "pygraphviz":
            return svg_by_pygraphviz(self.dot)
        return self._svg(self.theme)

    def _svg(self, theme: str) -> str:
        with pause_collector():
            view, screen = self.view, PLACES["screen"]
            some = len(view.nodes) <= MOST  # more are nothing to look at as a whole
            if self._suits and some and not is_legible(view, screen):
                view = arranged(view, screen, view.rows)
            return render_svg(view, theme)

    def _svg_of_cell(self) -> str:
        """Return the picture as SVG text, told so that it can be read in a notebook's cell."""
        place, size = PLACES["notebook"], self.view.size
        own = self.engine in ("auto", "builtin")
        if own and size is not None and size[0] > place.width:  # a slide: all of it, though smaller
            part = place.width / size[0]
            return render_svg(replace(self.view, size=(place.width, part * size[1])), self.theme)
        if self._views is None or not self._suits or is_legible(self.view, place):
            return self.svg
        with pause_collector():
            return render_svg(self._views.fitted_to(place), self.theme)

    @functools.cached_property
    def html(self) -> str:
        """The picture as one HTML page, which plays it, opens its modules and finds its cards.

        It works from a file and offline; without scripts it is the picture and its words.
        """
        with pause_collector():
            pictures, first = _pictures(self.view, self._views)
            if self._suits:
                pictures = [replace(p, view=in_window(p.view)) for p in pictures]
            arrays = {} if self._views is None else self._views.arrays
            known = {} if self._views is None else self._views.known
            return render_page(pictures, first, theme=self.theme, arrays=arrays, known=known)

    def image(self, kind: Literal["png", "pdf", "gif"]) -> bytes:
        """Return the picture as PNG, two pixels for one of its own, as PDF, or played as GIF.

        They show what the SVG shows; a theme that follows the reader is light in them. A GIF shows
        the steps of the page, one after the other, each with its words.

        Raises
        ------
        EngineError
            If there is no library for it: the extra "images" brings one. If a GIF would have more
            than 300 steps.
        """
        theme = "dark" if self.theme == "dark" else "light"
        if kind == "gif":
            return render_play(self.view, theme)
        if self.engine in ("dot", "pygraphviz"):
            return by_dot(self.dot, kind, TIMEOUT)
        return render_image(self._svg(theme), kind)

    @property
    def graphviz(self) -> graphviz.Source:
        """The picture as a `graphviz.Source`, which that package styles, renders and embeds."""
        return graphviz.Source(self.dot)

    @property
    def dot(self) -> str:
        """The picture as DOT source for Graphviz."""
        return render_dot(self.view, self.theme)

    @property
    def text(self) -> str:
        """The picture in words, the forward steps and then the backward steps."""
        return render_text(self.view)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture to a file of the kind its ending names; return the path.

        Parameters
        ----------
        path : path_like
            Its ending says what is written: see `viz.FORMATS`.

        Raises
        ------
        ValueError
            If the ending is another one.
        EngineError
            If what makes it is not installed.
        OSError
            If the file cannot be written. What was there before is untouched.
        """
        makers = {end: functools.partial(kind.make, self) for end, kind in FORMATS.items()}
        return write("Drawing.save", path, makers)

    def show(self) -> Path:
        """Open the page that plays it in a browser; return the file, in a folder for such files."""
        folder = Path(tempfile.gettempdir(), "retrograd")
        folder.mkdir(exist_ok=True)
        path = self.save(folder / f"{self.view.digest}.html")
        webbrowser.open(path.as_uri())
        return path

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        bundle = {"text/plain": repr(self)}
        try:
            own = self.engine in ("auto", "builtin")
            bundle["image/svg+xml"] = self._svg_of_cell() if own else self.svg
        except Exception as error:  # a notebook must not break because a picture cannot be made
            bundle["text/plain"] += f": {error}"
        return bundle

    def __repr__(self) -> str:
        return f"<Drawing of {len(self.view.nodes)} nodes: {self.view.title}>"


class Playback:
    """A drawing as the page that plays it, which shows itself in a notebook.

    Attributes
    ----------
    drawing : Drawing
        What it plays.
    height : int
        Of the frame in a notebook, in pixels.
    """

    def __init__(self, drawing: Drawing, height: int = 720) -> None:
        self.drawing, self.height = drawing, height

    @property
    def html(self) -> str:
        """The page."""
        return self.drawing.html

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page to a file ending in .html; return the path."""
        return write("Playback.save", path, {".html": lambda: self.html})

    def show(self) -> Path:
        """Open the page in a browser; return the file."""
        return self.drawing.show()

    def _repr_html_(self) -> str:
        page = html.escape(self.html)
        return (
            f'<iframe srcdoc="{page}" width="100%" height="{self.height}" '
            'style="border: 0" allow="fullscreen" title="Computation graph"></iframe>'
        )

    def __repr__(self) -> str:
        return f"<Playback of {self.drawing.view.title}>"


def play(*outputs: Any, height: int = 720, **options: Any) -> Playback:
    """Return a page that plays both passes step by step; it shows itself in a notebook's cell.

    Readers step, search and zoom, and can be asked to predict each derivative before it is shown.

    Parameters
    ----------
    *outputs : Tensor
        Results of a recorded computation.
    height : int
        Of the frame in a notebook, in pixels.
    **options
        As those of `draw`.

    Examples
    --------
    >>> import viz
    >>> from autograd import Tensor
    >>> w = Tensor(2.0, name="w", requires_grad=True)
    >>> J = (w * w).named("J")
    >>> J.backward()
    >>> viz.play(J)
    <Playback of Computation graph of J>
    """
    if not isinstance(height, int) or height < 100:
        raise ValueError(f"viz.play: height needs to be an int of at least 100, got {height!r}.")
    options.setdefault("theme", "auto")
    return Playback(draw(*outputs, **options), height)


def draw(
    *outputs: Any,
    direction: Literal["both", "forward", "backward"] = "both",
    depth: int | None = None,
    values: bool = True,
    health: bool | None = None,
    repeats: bool | None = None,
    scalars: bool = False,
    constants: bool = False,
    theme: Literal["light", "dark", "auto"] = "light",
    engine: Literal["auto", "builtin", "dot", "pygraphviz"] = "auto",
    max_nodes: int | None = None,
    rows: int | None = None,
    fit: Any = "auto",
    notation: Literal["plain", "course"] = "plain",
    arrays: Literal["numbers", "heat"] = "numbers",
    against: Any = None,
) -> Drawing:
    """Draw the computation graph of one or more tensors.

    Values and derivatives are computed again from the leaves by the ops and rules that ran; a
    derivative is shown where a backward pass has been.

    Parameters
    ----------
    *outputs : Tensor
        Results of a recorded computation.
    direction : {"both", "forward", "backward"}
        Both passes, or one of them.
    depth : int, optional
        How many levels of modules to open: 0 makes one card of each. By default as many as
        `max_nodes` allows.
    values : bool
        Show numbers; without them, structure and formulas only.
    health : bool, optional
        By default cards and caption say what is broken, with the line and what to do: gradients
        that hold several passes, graphs that were cut, tables made by broadcasting, dead, identical
        and saturated units, gradients that vanish or explode beside others, where NaN begins. True
        draws derivatives by the size of their gradients too, and marks every norm below 1e-7 or
        above 1e3; False says nothing of it.
    repeats : bool, optional
        Fold what repeats: rounds of a loop into one card, equal modules in a row into one. By
        default only where there are too many cards otherwise.
    scalars : bool
        Open tensors into their numbers: what ``W @ A`` and a sum really are. For small examples.
    constants : bool
        Give unnamed constants a card each. Otherwise they stand in the formulas only.
    theme : {"light", "dark", "auto"}
        auto follows the reader's setting.
    engine : {"auto", "builtin", "dot", "pygraphviz"}
        auto is the built-in layout, whose pictures are the same on every machine. `dot` has a
        minute, after which the built-in layout draws, with a warning.
    max_nodes : int, optional
        The greatest number of cards, by default 150. Modules, rounds of loops and, where that is
        not enough, stretches of the computation are folded until there are no more.
    rows : int, optional
        Cut a long picture into so many rows, where few arrows pass; 1 keeps it in one. By default
        as many as make it of a usual shape. For the built-in layout.
    fit : {"auto", "slide", "screen", "notebook", "column", "page", "phone"}, (w, h) or None
        Where it will be read, or a width and a height in pixels. The picture is arranged for that
        place, in rows or from top to bottom, and folded or told in fewer words, until its smallest
        text is 12 pixels high there (18 on a slide); the caption says what was left out, or that
        it could not be done. What other options ask for is kept. "auto" does so in a notebook's
        cell, and arranges a file for a screen of 1920 × 1080, leaving nothing out; None does
        neither.
    notation : {"plain", "course"}
        course writes dW^[1] for ∂J/∂W1, Z^[1] for ``Z1``, ŷ for ``y_hat`` and Greek letters for
        their names. A name such as ``Z^[2]`` is set so in any case.
    arrays : {"numbers", "heat"}
        heat draws the value and the gradient of each matrix as maps of shades, as large as their
        shapes and on shared scales; large ones by means of blocks.
    against : BackpropDiagnosis, optional
        A report of `autograd.check_backprop`: the cards say which steps of the derivation are
        wrong, and why, which follow, and which are right.

    Returns
    -------
    Drawing

    Raises
    ------
    NotDrawable
        If an output has no graph.
    EngineError
        If the engine is not installed.
    ValueError
        If an option has an unknown value.
    TypeError
        If `against` is no report of `check_backprop`.

    Examples
    --------
    >>> import viz
    >>> from autograd import Tensor
    >>> a, b = Tensor(2.0, name="a", requires_grad=True), Tensor(1.0, name="b", requires_grad=True)
    >>> e = ((a + b) * (b + 1)).named("e")
    >>> e.backward()
    >>> print(viz.draw(e).text.split("Backward")[0])
    Computation graph of e
    <BLANKLINE>
    Forward
      a = 2
      b = 1
      u = a + b = 3
      v = b + 1 = 2
      e = u · v = 6
    <BLANKLINE>
    <BLANKLINE>
    """
    options = Options(
        direction=direction,
        depth=depth,
        values=values,
        health=health,
        repeats=repeats,
        constants=constants,
        theme=theme,
        engine=engine,
        max_nodes=max_nodes,
        rows=rows,
        fit=fit,
        notation=notation,
        arrays=arrays,
        against=against,
    )
    if not outputs:
        raise NotDrawable("viz.draw: needs at least one Tensor, got none.")
    with pause_collector():
        views = Views(graph_of(*(opened(*outputs) if scalars else outputs)), options)
    return Drawing(views.view, theme=theme, engine=engine, views=views)


def _pictures(view: GraphView, source: Views | None) -> tuple[list[Picture], int]:
    """Return the graph with more and fewer modules open, and which of them `view` is.

    A card of what repeats leads to one round of its loop, or to its modules folded one by one.
    """
    full, one_round, max_nodes = view, None, MOST_CARDS
    if source is not None:
        full, one_round, max_nodes = source.opened, source.one_round, source.options.most
    views = {DRAWN: view}
    alone: dict[tuple[str, ...], str] = {}  # module path to the picture in which it is open
    levels = deepest(full)
    for depth in range(levels + 1):
        label = FOLDED if not depth else "all open" if depth == levels else f"{depth} levels open"
        folded = fold(full, depth)
        if len(folded.nodes) > max_nodes:
            break
        if folded.nodes == view.nodes:
            views = {label: view, **{k: v for k, v in views.items() if k != DRAWN}}
        else:
            views[label] = folded
        for node in folded.nodes:
            path = node.path
            if not node.opens or path in alone or len(views) > 24:
                continue
            ancestors = {path[:k] for k in range(1, len(path) + 1)}
            opened = fold(full, 0, ancestors)
            if len(opened.nodes) <= max_nodes and opened.nodes != views[label].nodes:
                alone[path] = f"“{' › '.join(path)}” open"
                views[alone[path]] = opened
    if one_round is not None and len(one_round.nodes) <= max_nodes:
        views[ROUND] = one_round
    labels = list(views)

    def leads(label: str, node: NodeView) -> str | None:
        if node.opens:
            return alone.get(node.path)
        if node.kind == "repeat" and label != ROUND:
            folds = [x for x in labels if x != label and not any(n == node for n in views[x].nodes)]
            return next((x for x in (ROUND, FOLDED) if x in folds), None)
        return None

    pictures = [
        Picture(
            label,
            shown,
            {n.id: labels.index(to) for n in shown.nodes if (to := leads(label, n)) is not None},
        )
        for label, shown in views.items()
    ]
    return pictures, next(i for i, p in enumerate(pictures) if p.view is view)
