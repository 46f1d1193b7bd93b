"""`GraphView`: what a picture shows, as frozen data with a JSON round trip.

Passes rearrange views, layouts measure them, renderers print them, and none of these knows of
tensors. Names, formulas and numbers are text; what is decided later (the worst of several marks,
which sentences stand under a picture) is decided from fields of its own, never read out of a text.
Ids are positions in topological order.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from viz.fields import read
from viz.scopes import Call
from viz.text import ROW, in_short, wrapped

__all__ = [
    "DOTS",
    "GRADES",
    "Alert",
    "EdgeView",
    "Grade",
    "Gradient",
    "GraphView",
    "Heat",
    "Kind",
    "NodeView",
]

DOTS = "…"  # in the place of lines that are left out
Grade = Literal[  # what a mark says, the worst first
    "wrong",
    "broken",  # in a way of its own
    "begins",  # what is not finite
    "nan",
    "infinite",
    "exploding",
    "vanishing",
    "zero",
    "changed",
    "new",
    "follows",
    "not compared",
    "right",
    "",
]
GRADES: tuple[Grade, ...] = get_args(Grade)
Kind = Literal["data", "parameter", "op", "cost", "constant", "call", "module", "repeat"]


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number of JSON")


@dataclass(frozen=True, slots=True)
class Gradient:
    """The derivative of the outputs by the value of a card.

    Attributes
    ----------
    symbol : str
        ``∂J/∂b``.
    text : str
        Its numbers, or the norm of them.
    state : str
        "value", "norm" (too many numbers), "none" (no backward pass has been), "lost" (not kept),
        or "gap": dots in the place of others.
    shape : str
        Beside a norm.
    paths : int
        How many ways it comes back; their terms are added.
    grid : tuple of str
        The rows of a matrix, aligned as those of the value above it are.
    """

    symbol: str
    text: str = ""
    state: Literal["value", "norm", "none", "lost", "gap"] = "value"
    shape: str = ""
    paths: int = 1
    grid: tuple[str, ...] = ()

    @property
    def rows(self) -> list[str]:
        """The lines that it is drawn in."""
        if not self.grid:
            return [str(self)]
        ways = f" ({self.paths} paths)" if self.paths > 1 else ""
        return [f"{self.symbol}{ways} =", *self.grid]

    @property
    def amount(self) -> str:
        """All that stands behind the symbol's sign of equality."""
        if self.state in ("none", "lost"):
            return "–" if self.state == "none" else "not kept"
        ways = f" ({self.paths} paths)" if self.paths > 1 else ""
        return f"{self.text} {self.shape}{ways}" if self.shape else f"{self.text}{ways}"

    def __str__(self) -> str:
        if self.state == "gap":
            return DOTS
        if self.state == "lost":
            return f"{self.symbol} {self.amount}"
        name = f"‖{self.symbol}‖" if self.state == "norm" else self.symbol
        return f"{name} = {self.amount}"


@dataclass(frozen=True, slots=True)
class Heat:
    """An array as a map of shades.

    Attributes
    ----------
    label : str
        What it shows: "value" or "gradient".
    cells : tuple of tuple of int
        Rows of shades, −5 (negative) to 5 (positive); 9 is not finite.
    unit : float
        Width and height of a cell in pixels.
    """

    label: str
    cells: tuple[tuple[int, ...], ...]
    unit: float

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in pixels."""
        return self.unit * len(self.cells[0]), self.unit * len(self.cells)

    def check(self) -> None:
        """Raise TypeError where it is no map that can be drawn."""
        long = {len(row) for row in self.cells}
        if len(long) != 1 or not 0 < max(long) <= 64 or len(self.cells) > 64:
            raise TypeError("a heat map needs rows of one length, of at most 64 cells")
        shades = {x for row in self.cells for x in row}
        if not shades <= {*range(-5, 6), 9}:
            raise TypeError(f"a heat map has the shades {sorted(shades)}")
        if not 0 < self.unit <= 50:
            raise TypeError(f"a heat map has cells of {self.unit!r}")


@dataclass(frozen=True, slots=True)
class NodeView:
    """One card.

    Attributes
    ----------
    id : int
        Position in topological order.
    kind : str
        "data", "parameter", "op", "cost", "constant", "call" (of a function of several ops,
        folded), "module" (a folded one) or "repeat" (what repeats itself, folded: rounds of a loop,
        layers in a row).
    name : str
        What formulas call it.
    formula : str
        How it was computed, ``b · c``; empty for what was given.
    value : tuple of str
        Lines that show the value; of a folded card, the values that come out of it.
    slope : Gradient, or None
        The derivative; None for constants, and where pictures show no values.
    scope : tuple of str
        The clusters it stands in, the outermost first.
    words : str
        The card read aloud.
    source : str
        File and line of the user's code, or empty.
    mark : str
        Words that stand out on the card: "vanishing", "NaN begins here", "changed".
    grade : str
        What the mark says, one of `GRADES`; empty without a mark.
    norm : float or None
        ‖gradient‖, for drawings that show its health; None where unknown, or not finite.
    latex : str
        The header as LaTeX.
    shape : str
        The shape of the value, ``(20, 7)``; empty where a card stands for several values.
    inside : str
        What a folded module does, to compare it with others; empty for other cards.
    body : tuple of str
        What one round of a folded loop, or one of folded modules, computes.
    slopes : tuple of Gradient
        Those of the parameters inside a folded card.
    count : str
        How much a folded card stands for: ``7 nodes``.
    row : int
        Characters of a row of its header.
    substituted : str
        The formula with numbers for the operands, ``3 · 2``; empty where they are not numbers.
    heat : tuple of Heat
        Maps of its value and its gradient, side by side.
    """

    id: int
    kind: Kind
    name: str
    formula: str
    value: tuple[str, ...]
    slope: Gradient | None
    scope: tuple[str, ...]
    words: str
    source: str = ""
    mark: str = ""
    grade: Grade = ""
    norm: float | None = None
    latex: str = ""
    shape: str = ""
    inside: str = ""
    body: tuple[str, ...] = ()
    slopes: tuple[Gradient, ...] = ()
    count: str = ""
    row: int = ROW
    substituted: str = ""
    heat: tuple[Heat, ...] = ()

    @property
    def gradient(self) -> str:
        """The line that shows the derivative; empty if there is none."""
        return "" if self.slope is None else str(self.slope)

    @property
    def gradient_rows(self) -> list[str]:
        """The lines that the derivative is drawn in: one, unless its value stands in rows too."""
        if self.slope is None:
            return []
        return [self.gradient] if self.is_folded or self.heat else self.slope.rows

    @property
    def details(self) -> list[str]:
        """The lines between the header and the gradient, but for the mark."""
        return [*self.body, *self.value, *map(str, self.slopes), *filter(None, [self.count])]

    @property
    def value_in_line(self) -> str:
        """The value in one line, without the spaces that align its rows below each other."""
        aligned = str.maketrans("", "", "\N{FIGURE SPACE}\N{PUNCTUATION SPACE}")
        return " ".join(self.value).translate(aligned)

    @property
    def gradients_inside(self) -> list[str]:
        """The gradients of the parameters inside a folded card, but for the dots between them."""
        return [str(slope) for slope in self.slopes if slope.state != "gap"]

    @property
    def header(self) -> str:
        """First row of the card: ``u = b · c``."""
        return f"{self.name} = {self.formula}" if self.formula else self.name

    @property
    def headers(self) -> list[str]:
        """The first row in as many rows as it is drawn in, where it is long."""
        return wrapped(self.header, self.row)

    @property
    def lines(self) -> list[str]:
        """All that the card says, from top to bottom."""
        return [self.header, *self.details, *filter(None, (self.mark, self.gradient))]

    @property
    def rows(self) -> list[str]:
        """The lines as they are drawn."""
        mark = [self.mark] if self.mark else []
        return [*self.headers, *self.details, *mark, *self.gradient_rows]

    @property
    def is_folded(self) -> bool:
        """Whether the card stands for others."""
        return self.kind in ("module", "repeat")

    @property
    def path(self) -> tuple[str, ...]:
        """The cluster that a folded card stands for."""
        return (*self.scope, self.formula if isinstance(self.formula, Call) else self.name)

    @property
    def opens(self) -> bool:
        """Whether it stands for a module, or for a call of a function."""
        return self.kind == "module" or isinstance(self.formula, Call)

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
    back : bool
        Whether a derivative comes back.
    forward : bool
        Whether the value going forward is drawn.
    words : str
        The chain rule along this edge, with numbers where they are known.
    latex : str
        The same as LaTeX.
    symbol : str
        What is derived by what, ``∂u/∂b``, or ``∂J/∂b`` where the formula is of a whole gradient;
        empty where nothing goes back, or it has no name here.
    formula : str
        The rule that computes it, ``c``.
    number : str
        Its number, where it has one and that is not the formula itself.
    brings : float or None
        The number that comes back along it, where it is a single one.
    """

    source: int
    target: int
    slot: int
    back: bool
    forward: bool = True
    words: str = ""
    latex: str = ""
    symbol: str = ""
    formula: str = ""
    number: str = ""
    brings: float | None = None

    @property
    def label(self) -> str:
        """What stands beside the arrow that goes back: ``∂u/∂b = c = 2``."""
        return " = ".join(filter(None, (self.symbol, self.formula, self.number)))

    def bare(self) -> EdgeView:
        """Return the arrow without what it says, of names that are inside a folded card."""
        return EdgeView(self.source, self.target, self.slot, self.back, self.forward)


@dataclass(frozen=True, slots=True)
class Alert:
    """A sentence that says what is broken.

    Attributes
    ----------
    names : str
        Of the cards it is about.
    line : str
        File and line of the user's code, or empty.
    text : str
        What is wrong there, and what to do.
    """

    names: str
    line: str
    text: str

    def __str__(self) -> str:
        return f"{self.names}{f' ({self.line})' if self.line else ''}: {self.text}"


@dataclass(frozen=True, slots=True)
class GraphView:
    """A whole picture.

    Attributes
    ----------
    title : str
        What the picture is called.
    notes : tuple of str
        Sentences under it: what is hidden or folded, what was not known.
    nodes : tuple of NodeView
        Operands before results.
    edges : tuple of EdgeView
        In the order of their targets.
    rows : int, optional
        How many rows the built-in layout makes of it; by default as many as it is long for.
    turned : bool
        Whether it runs from top to bottom.
    chips : bool
        Whether a value that is used far away appears there as a chip, rather than at the end of a
        long arrow.
    size : tuple of float, or None
        Width and height in pixels that the picture is to be fitted into; its own without.
    passes : str
        Which are drawn: "both", "forward" or "backward"; empty where the caption is not to say it.
    unrun : tuple of str
        The outputs from which no backward pass has gone.
    outputs : int
        How many outputs there are.
    alerts : tuple of Alert
        What is broken.
    results : tuple of str
        The equations of the outputs, ``J = 3 · v = 33.``
    left_out : tuple of str
        What is not told so that the rest can be read: "local derivatives".
    letters : tuple of str
        Names that results got by themselves, of those too that are folded away.
    notation : str
        Of derivatives: "plain" (∂J/∂Z) or "course" (dZ).
    inside : tuple of str
        Names that the user gave and that stand on no card, since it was folded.
    """

    title: str
    notes: tuple[str, ...]
    nodes: tuple[NodeView, ...]
    edges: tuple[EdgeView, ...]
    rows: int | None = None
    turned: bool = False
    chips: bool = False
    size: tuple[float, float] | None = None
    passes: Literal["both", "forward", "backward", ""] = ""
    unrun: tuple[str, ...] = ()
    outputs: int = 1
    alerts: tuple[Alert, ...] = ()
    results: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    letters: tuple[str, ...] = ()
    notation: Literal["plain", "course"] = "plain"
    inside: tuple[str, ...] = ()

    @property
    def shorthand(self) -> str:
        """What dZ is short for, where the picture writes it; else empty."""
        if self.notation == "plain" or all(n.slope is None for n in self.nodes):
            return ""
        return (
            "dZ is short for ∂J/∂Z; where J is an average its 1/m is in it, which the course "
            "leaves out."
        )

    @property
    def caption(self) -> tuple[str, ...]:
        """The sentences under the picture: what is broken, which passes it shows, and the notes."""
        alerts = map(str, self.alerts)
        if not self.passes:
            return (*alerts, *self.notes)
        said = [*self.results, *self.notes, *filter(None, [self.shorthand])]
        if self.left_out:
            some = ", ".join(self.left_out)
            said.append(f"Left out, to be legible: {some}; fit=None shows them.")
        if self.inside:
            said.append(f"Inside folded cards: {in_short(self.inside)}.")
        ahead, back = "left to right", "right to left"
        if self.turned:
            ahead, back = "top to bottom", "bottom to top"
        forward = f"Forward pass {ahead}"
        if self.passes == "forward":
            first = f"{forward}."
        elif self.passes == "backward":
            first = f"Backward pass {back}{'; it has not run' if self.unrun else ''}."
        elif not self.unrun:
            first = f"{forward}, backward pass {back}."
        else:
            some = f" from {' and '.join(self.unrun)}" if len(self.unrun) < self.outputs else ""
            first = f"{forward}; the backward pass has not run{some}."
        return (*alerts, first, *said)

    @property
    def digest(self) -> str:
        """Eight characters that tell this view from others, for the ids of a picture."""
        parts = [self.title, *self.caption, *([] if self.rows is None else [str(self.rows)])]
        if self.turned or self.chips or self.size:
            parts.append(f"{self.turned} {self.chips} {self.size}")
        for n in self.nodes:
            parts += (str(n.id), n.kind, n.header, *n.details, n.gradient, n.mark, *n.scope)
            parts += map(str, n.heat)
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
            view = read(cls, json.loads(text, parse_constant=_no_number))
            view._check()
        except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
            raise ValueError(f"GraphView.from_json: not the JSON of a view: {error}.") from error
        return view

    def _check(self) -> None:
        """Raise TypeError where a field is not what drawings rely on."""
        most = len(self.nodes) + 1
        if self.rows is not None and not 0 < self.rows <= most:
            raise TypeError(f"rows is {self.rows!r}")
        if self.size is not None and not all(x > 0 for x in self.size):
            raise TypeError(f"size is {self.size!r}")
        if not 0 <= self.outputs <= most:
            raise TypeError(f"it has {self.outputs!r} outputs")
        for n in self.nodes:
            if not 0 < n.row <= 1000:
                raise TypeError(f"card {n.id} has rows of {n.row!r} characters")
            if len(n.mark) > 400 or "<" in n.mark:
                raise TypeError(f"card {n.id} has the mark {n.mark!r}")
            if n.norm is not None and n.norm < 0:
                raise TypeError(f"card {n.id} has the norm {n.norm!r}")
            for heat in n.heat:
                heat.check()
        place = {n.id: i for i, n in enumerate(self.nodes)}
        if len(place) < len(self.nodes):
            raise TypeError("two cards have one id")
        for e in self.edges:
            if not place.get(e.source, len(place)) < place.get(e.target, -1):
                raise TypeError(f"an edge leads from {e.source!r} to {e.target!r}")
        self.to_json().encode()  # a lone surrogate is no text that can be written
