"""`film`: one graph at several times; `diff`: what changed between two."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from viz.drawing import Drawing
from viz.engine import NotDrawable
from viz.files import write
from viz.fit import fitted, place_of
from viz.render.page import Picture, render_page
from viz.render.reel import render_film
from viz.text import width
from viz.theme import LABEL, VALUE
from viz.view import Gradient

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from viz.view import EdgeView, GraphView, NodeView

__all__ = ["Film", "diff", "film"]


class Film:
    """Drawings of one graph at several times, as a page with a slider.

    Attributes
    ----------
    views : tuple of GraphView
        The graph at each time, first to last.
    """

    def __init__(self, views: Sequence[GraphView], theme: str = "light") -> None:
        self.views, self.theme = tuple(views), theme

    @cached_property
    def html(self) -> str:
        """The page: values, gradients and health change on one fixed layout."""
        frames, measured = self._frames()
        pictures = [Picture("", frames[0], {})]
        return render_page(pictures, frames=frames, measured=measured, theme=self.theme)

    def gif(self) -> bytes:
        """Return the times one after the other as an animated picture.

        Raises
        ------
        EngineError
            If there is no library for it: the extra "images" brings one. If there are more than
            300 times.
        """
        return render_film(*self._frames(), "dark" if self.theme == "dark" else "light")

    def _frames(self) -> tuple[list[GraphView], GraphView]:
        """Return the views with lines in the same places, and one with room for all of them."""
        wide = _widest(self.views)
        # Every card has the same lines at every time, and the caption says what is true of all.
        common = tuple(
            line for line in self.views[0].caption if all(line in v.caption for v in self.views)
        )
        frames = [
            replace(
                view,
                notes=common,
                passes="",
                inside=(),
                nodes=tuple(
                    replace(n, mark=n.mark or " ") if w.mark else n
                    for n, w in zip(view.nodes, wide.nodes, strict=True)
                ),
            )
            for view in self.views
        ]
        return frames, replace(wide, notes=common, passes="")

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page to a file ending in .html, or an animated .gif; return the path."""
        return write("Film.save", path, {".html": lambda: self.html, ".gif": self.gif})

    def _repr_html_(self) -> str:
        page = html.escape(self.html)
        return f'<iframe srcdoc="{page}" width="100%" height="760" title="Film"></iframe>'

    def __len__(self) -> int:
        return len(self.views)

    def __repr__(self) -> str:
        return f"<Film of {len(self.views)} drawings: {self.views[0].title}>"


def film(drawings: Iterable[Drawing], titles: Sequence[str] | None = None) -> Film:
    """Put drawings of the same graph at several times behind one slider.

    Parameters
    ----------
    drawings : iterable of Drawing
        What `draw` gave at each time, such as after each epoch. They need the same cards and
        arrows; their values, gradients and marks may differ.
    titles : sequence of str, optional
        What to call each time; by default "step 1 of n" and so on.

    Returns
    -------
    Film

    Raises
    ------
    NotDrawable
        If there are no drawings, or one has other cards or arrows than the first.
    ValueError
        If there is not one title for each.

    Examples
    --------
    >>> import viz
    >>> from autograd import Tensor
    >>> w, frames = Tensor(1.0, name="w", requires_grad=True), []
    >>> for _ in range(3):
    ...     J = (w * w).named("J")
    ...     w.zero_grad()
    ...     J.backward()
    ...     frames.append(viz.draw(J))
    ...     w.data = w.data - 0.1 * w.grad
    >>> viz.film(frames)
    <Film of 3 drawings: step 1 of 3: Computation graph of J>
    """
    if isinstance(drawings, Drawing) or not isinstance(drawings, Iterable):
        drawings = [drawings]
    drawings = list(drawings)
    for d in drawings:
        _need_drawing("viz.film", d)
    views = [d.view for d in drawings]
    if not views:
        raise NotDrawable("viz.film: needs at least one drawing, got none.")
    names = [f"step {k + 1} of {len(views)}" for k in range(len(views))]
    names = names if titles is None else [str(t) for t in titles]
    if len(names) != len(views):
        raise ValueError(
            f"viz.film: needs one title for each of {len(views)} drawings, got {len(names)}."
        )
    for k, view in enumerate(views):
        if _shape(view) != _shape(views[0]):
            raise NotDrawable(
                f"viz.film: drawing {k + 1} has other cards or arrows than the first; draw the "
                "same computation each time, with the same options."
            )
    named = [replace(v, title=f"{name}: {v.title}") for name, v in zip(names, views, strict=True)]
    return Film(named, theme=drawings[0].theme)


def diff(before: Drawing, after: Drawing, *, fit: Any = "auto") -> Drawing:
    """Mark what changed between two drawings.

    Cards are matched by their names, formulas and modules; where the letters of unnamed results
    have moved, by kind and name or by the shape of the formula. What differs shows both texts, old
    → new, and the mark "changed"; new cards are marked "new", and those that have gone are listed
    under the picture.

    Parameters
    ----------
    before, after : Drawing
        Of two graphs, or of one before and after a step.
    fit : str, or (float, float), optional
        Where the picture will be read, as for `draw`.

    Returns
    -------
    Drawing

    Examples
    --------
    >>> import viz
    >>> from autograd import Tensor
    >>> w = Tensor(1.0, name="w", requires_grad=True)
    >>> old = viz.draw((w * 2).named("J"))
    >>> w.data = 3.0
    >>> print(viz.diff(old, viz.draw((w * 2).named("J"))).view.nodes[0].value)
    ('1 → 3',)
    """
    for d in (before, after):
        _need_drawing("viz.diff", d)
    matched = _matched(before.view, after.view)
    nodes, changed, new = [], 0, 0
    for node in after.view.nodes:
        old = matched.get(node.id)
        if old is None:
            nodes.append(replace(node, mark="new", grade="new", words=f"new: {node.words}"))
            new += 1
            continue
        value, slope = _both(old.value, node.value), _moved(old.slope, node.slope)
        slopes = node.slopes
        if len(old.slopes) == len(slopes):
            slopes = tuple(map(_moved, old.slopes, slopes))
        if (value, slopes, slope) == (node.value, node.slopes, node.slope):
            nodes.append(node)
            continue
        changed += 1
        texts = {"value": value, "slopes": slopes, "slope": slope}
        made = replace(node, mark="changed", grade="changed", **texts)
        words = f"changed: {node.header}; {'; '.join(made.details)}; {made.gradient}"
        nodes.append(replace(made, words=words))
    kept = {n.id for n in matched.values()}
    gone = [n.header for n in before.view.nodes if n.id not in kept]
    counts = f"{changed} changed, {new} new, {len(gone)} gone"
    notes = [*after.view.notes, f"{counts}, in the digits that are shown."]
    if gone:
        notes.append(f"Gone: {', '.join(gone)}.")
    view = replace(
        after.view,
        title=f"What changed: {after.view.title}",
        nodes=tuple(nodes),
        notes=tuple(notes),
    )
    suits = fit == "auto"
    if not suits and fit is not None:
        view = fitted([view], place_of(fit, "viz.diff"))
    return Drawing(view, theme=after.theme, engine=after.engine, suits=suits)


def _need_drawing(where: str, x: Any) -> None:
    if not isinstance(x, Drawing):
        raise NotDrawable(
            f"{where}: needs drawings as viz.draw makes them, got {type(x).__name__}."
        )


def _shape(view: GraphView) -> Any:
    return (
        [(n.id, n.kind, n.header, len(n.details), n.scope) for n in view.nodes],
        [(e.source, e.target, e.slot, e.back) for e in view.edges],
    )


def _matched(one: GraphView, other: GraphView) -> dict[int, NodeView]:
    """Return the card that each card was, by id; the surest matches first."""
    before, after, letters = one.nodes, other.nodes, {*one.letters, *other.letters}
    keys: tuple[Callable[[NodeView], Any], ...] = (
        lambda n: (n.name, n.formula, n.scope),
        lambda n: (n.name, _blank(n.formula, letters), n.scope) if n.kind != "op" else None,
        lambda n: (_blank(n.formula, letters), n.scope) if n.kind == "op" else None,
    )
    matched: dict[int, NodeView] = {}
    left = list(before)
    for key in keys:
        known: dict[Any, list[NodeView]] = {}
        for node in left:
            known.setdefault(key(node), []).append(node)
        for node in after:
            if node.id not in matched and key(node) is not None and known.get(key(node)):
                matched[node.id] = known[key(node)].pop(0)
        taken = {id(n) for n in matched.values()}
        left = [n for n in left if id(n) not in taken]
    return matched


_RAISED = "⁰¹²³⁴-⁹⁻ᵀ"
_NAME = re.compile(rf"(?<![\w.])[^\W\d{_RAISED}][^\W{_RAISED}]*(?!\w*\()")


def _blank(formula: str, letters: set[str]) -> str:
    """Return a formula without the letters that results get by themselves."""
    return _NAME.sub(lambda m: "_" if m[0] in letters else m[0], formula)


def _both(old: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, ...]:
    if len(old) != len(new):
        return (*old, "→", *new)
    return tuple(_one(a, b) for a, b in zip(old, new, strict=True))


def _one(old: str, new: str) -> str:
    """Return a line with what it was where that differs; a folded card's lines have heads."""
    if old == new or not old:
        return new
    for sign in (" = ", ": "):
        head, found, value = new.partition(sign)
        before, _, was = old.partition(sign)
        if found and head == before:
            return f"{head}{sign}{was} → {value}"
    return f"{old} → {new}"


def _moved(old: Any, new: Any) -> Any:
    """Return the gradient of a card, with what it was where that differs."""
    if old is None or new is None or replace(old, symbol=new.symbol) == new:
        return new
    both = f"{old.amount} → {new.amount}"
    return Gradient(new.symbol, both, "norm" if new.state == "norm" else "value")


def _widest(views: Sequence[GraphView]) -> GraphView:
    """Return a view with the widest text of any frame in each place."""

    def widest(texts: Iterable[str], size: float) -> str:
        return max(texts, key=lambda t: width(t, size))

    def card(nodes: tuple[NodeView, ...]) -> NodeView:
        def lines(texts: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
            return tuple(widest(line, VALUE) for line in zip(*texts, strict=True))

        return replace(
            nodes[0],
            value=lines(n.value for n in nodes),
            slopes=tuple(
                max(same, key=lambda g: width(str(g), VALUE))
                for same in zip(*(n.slopes for n in nodes), strict=True)
            ),
            slope=max(nodes, key=lambda n: width(n.gradient, LABEL)).slope,
            mark=widest((n.mark for n in nodes), LABEL),
        )

    def arrow(edges: tuple[EdgeView, ...]) -> EdgeView:
        return max(edges, key=lambda e: width(e.label, LABEL))

    return replace(
        views[0],
        nodes=tuple(card(nodes) for nodes in zip(*(v.nodes for v in views), strict=True)),
        edges=tuple(arrow(edges) for edges in zip(*(v.edges for v in views), strict=True)),
    )
