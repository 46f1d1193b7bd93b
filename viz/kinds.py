"""The kinds of cards: one table, which every renderer reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["BORDER", "KINDS", "CardKind"]

BORDER = 1.2  # pixels of a usual one

Fill = Literal["leaf", "card", "cost", "module", "pill"]


@dataclass(frozen=True, slots=True)
class CardKind:
    """What tells one kind of card from another.

    Attributes
    ----------
    legend : str
        What the legend calls it.
    fill : str
        Its colour, by the name that themes have.
    border : str
        The border in words, for outputs that do not draw the legend; empty if it is plain.
    radius : float or None
        Of its corners in pixels; None for half of its height.
    double, stacked : bool
        A second border inside; a stack of cards behind it.
    thick : float
        Width of its border in pixels.
    given : bool
        Whether it stands for what was given, rather than computed.
    """

    legend: str
    fill: Fill = "card"
    border: str = ""
    radius: float | None = 7.0
    double: bool = False
    stacked: bool = False
    thick: float = BORDER
    given: bool = False

    def rounding(self, height: float, most: float) -> float:
        """Return the radius of the corners of a card of this height, of at most so much."""
        return height / 2 if self.radius is None else min(self.radius, most)


KINDS: dict[str, CardKind] = {  # in the order of the legend
    "parameter": CardKind(
        "leaf with a gradient", "leaf", border="double border", double=True, given=True
    ),
    "data": CardKind("data", "leaf", border="square corners", radius=0.0, given=True),
    "op": CardKind("result"),
    "cost": CardKind("output", "cost", border="thick border", thick=3.0),
    "call": CardKind("function of several ops, folded", border="double border, white", double=True),
    "module": CardKind("folded", "module"),
    "repeat": CardKind("what repeats, folded", "module", border="a stack of cards", stacked=True),
    "constant": CardKind("constant", "pill", border="round", radius=None, given=True),
}
