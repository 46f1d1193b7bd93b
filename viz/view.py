"""`GraphView`: what a picture shows, as frozen data with a JSON round trip.

Everything is text by now: passes rearrange views, layouts measure them, renderers print them, and
none of these knows of tensors. Ids are positions in topological order.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from viz.text import wrapped

__all__ = ["EdgeView", "GraphView", "Kind", "NodeView"]

Kind = Literal["data", "parameter", "op", "cost", "constant", "module", "repeat"]


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number of JSON")


# The words of `mark`, as passes and the health of a graph give them.
_MARKS = r"(NaN|−?∞)( gradient)?( begins here)?|vanishing|exploding|zero gradient|changed|new| "


@dataclass(frozen=True, slots=True)
class NodeView:
    """One card.

    Attributes
    ----------
    id : int
        Position in topological order.
    kind : str
        "data", "parameter", "op", "cost", "constant", "module" (a folded one) or "repeat" (what
        repeats itself, folded: rounds of a loop, layers in a row).
    name : str
        What formulas call it.
    formula : str
        How it was computed, ``b · c``; empty for what was given.
    value : tuple of str
        Lines that show the value.
    gradient : str
        The line that shows the derivative; empty where there is none to speak of.
    scope : tuple of str
        The clusters it stands in, the outermost first.
    words : str
        The card read aloud.
    source : str
        File and line of the user's code, or empty.
    mark : str
        A word that stands out on the card: "vanishing", "NaN begins here", "changed".
    norm : float or None
        ‖gradient‖, for drawings that show its health; None where unknown, or not finite.
    latex : str
        The header as LaTeX.
    shape : str
        The shape of the value, ``(20, 7)``; empty where a card stands for several values.
    inside : str
        What a folded module does, to compare it with others; empty for other cards.
    """

    id: int
    kind: Kind
    name: str
    formula: str
    value: tuple[str, ...]
    gradient: str
    scope: tuple[str, ...]
    words: str
    source: str = ""
    mark: str = ""
    norm: float | None = None
    latex: str = ""
    shape: str = ""
    inside: str = ""

    @property
    def header(self) -> str:
        """First row of the card: ``u = b · c``."""
        return f"{self.name} = {self.formula}" if self.formula else self.name

    @property
    def headers(self) -> list[str]:
        """The first row in as many rows as it is drawn in, where it is long."""
        return wrapped(self.header)

    @property
    def lines(self) -> list[str]:
        """All that the card says, from top to bottom."""
        return [self.header, *self.value, *filter(None, (self.mark, self.gradient))]

    @property
    def rows(self) -> list[str]:
        """The lines as they are drawn."""
        return [*self.headers, *self.lines[1:]]

    @property
    def is_folded(self) -> bool:
        """Whether the card stands for others."""
        return self.kind in ("module", "repeat")

    @property
    def gradients_inside(self) -> list[str]:
        """The lines of a folded card that come from the backward pass."""
        if not self.is_folded:
            return []
        return [line for line in self.value if line.startswith(("∂", "‖∂"))]

    @property
    def label(self) -> str:
        """What assistive technology calls the card.

        A folded one opens when it is clicked, so its label has the words that are seen, in order.
        """
        return ". ".join([self.kind, *self.lines]) if self.is_folded else self.words


@dataclass(frozen=True, slots=True)
class EdgeView:
    """One pair of arrows: a value going forward into a slot, a derivative coming back from it.

    Attributes
    ----------
    source, target : int
        Ids of the operand and the result.
    slot : int
        Which operand it is.
    label : str
        The local derivative, ``∂u/∂b = c = 2``; empty where nothing goes back.
    back : bool
        Whether a derivative comes back.
    forward : bool
        Whether the value going forward is drawn.
    words : str
        The chain rule along this edge, with numbers where they are known.
    latex : str
        The same as LaTeX.
    """

    source: int
    target: int
    slot: int
    label: str
    back: bool
    forward: bool = True
    words: str = ""
    latex: str = ""


@dataclass(frozen=True, slots=True)
class GraphView:
    """A whole picture.

    Attributes
    ----------
    title : str
        What the picture is called.
    caption : tuple of str
        Sentences under it: what is shown, what is hidden or folded.
    nodes : tuple of NodeView
        Operands before results.
    edges : tuple of EdgeView
        In the order of their targets.
    rows : int, optional
        How many rows the built-in layout makes of it; by default as many as it is long for.
    """

    title: str
    caption: tuple[str, ...]
    nodes: tuple[NodeView, ...]
    edges: tuple[EdgeView, ...]
    rows: int | None = None

    @property
    def digest(self) -> str:
        """Eight characters that tell this view from others, for the ids of a picture."""
        parts = [self.title, *self.caption, *([] if self.rows is None else [str(self.rows)])]
        for n in self.nodes:
            parts += (str(n.id), n.kind, n.header, *n.value, n.gradient, n.mark, *n.scope)
        for e in self.edges:
            parts += (f"{e.source} {e.target} {e.slot} {e.back} {e.forward}", e.label)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]

    def to_json(self) -> str:
        """Return the view as JSON text; the same view gives the same text."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> GraphView:
        """Return the view that `to_json` wrote.

        Raises
        ------
        ValueError
            If the text is not JSON, or not of a view.
        """
        try:
            data: dict[str, Any] = json.loads(text, parse_constant=_no_number)
            view = cls(
                title=data["title"],
                caption=tuple(data["caption"]),
                nodes=tuple(
                    NodeView(**{**n, "value": tuple(n["value"]), "scope": tuple(n["scope"])})
                    for n in data["nodes"]
                ),
                edges=tuple(EdgeView(**e) for e in data["edges"]),
                rows=data.get("rows"),
            )
            view._check()
        except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
            raise ValueError(f"GraphView.from_json: not the JSON of a view: {error}.") from error
        return view

    def _check(self) -> None:
        """Raise TypeError where a field is not what drawings rely on."""
        most = len(self.nodes) + 1
        if self.rows is not None and (type(self.rows) is not int or not 0 < self.rows <= most):
            raise TypeError(f"rows is {self.rows!r}")
        place = {n.id: i for i, n in enumerate(self.nodes)}
        for n in self.nodes:
            texts = (n.name, n.formula, *n.value, n.gradient, *n.scope, n.words, n.source, n.mark)
            if type(n.id) is not int or n.kind not in get_args(Kind):
                raise TypeError(f"a card has id {n.id!r} and kind {n.kind!r}")
            if not all(isinstance(x, str) for x in (*texts, n.latex, n.shape, n.inside)):
                raise TypeError(f"card {n.id} has a text that is none")
            if not (n.norm is None or (type(n.norm) in (int, float) and 0 <= n.norm < math.inf)):
                raise TypeError(f"card {n.id} has the norm {n.norm!r}")
            if n.mark and not re.fullmatch(_MARKS, n.mark):
                raise TypeError(f"card {n.id} has the mark {n.mark!r}")
        for e in self.edges:
            if not place.get(e.source, len(place)) < place.get(e.target, -1):
                raise TypeError(f"an edge leads from {e.source!r} to {e.target!r}")
            if not all(isinstance(x, str) for x in (e.label, e.words, e.latex)):
                raise TypeError(f"an edge to {e.target} has a text that is none")
            if type(e.slot) is not int or type(e.back) is not bool or type(e.forward) is not bool:
                raise TypeError(f"an edge to {e.target} has the slot {e.slot!r}, or no directions")
        if len(place) < len(self.nodes):
            raise TypeError("two cards have one id")
        if not all(isinstance(x, str) for x in (self.title, *self.caption)):
            raise TypeError("its title or its caption is no text")
        self.to_json().encode()  # a lone surrogate is no text that can be written
