"""Text of drawings: made harmless, and measured.

Names, formulas and paths come from users. `clean` is the one door they come through; each renderer
then escapes for its own format.
"""

from __future__ import annotations

import functools
import re
import textwrap
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ROW", "clean", "in_short", "line_of", "pieces", "width", "wrapped"]

LIMIT = 200  # characters of one piece of text
_TOLD = 12  # names, or ranges of names, in a list
ROW, ROWS = 44, 5  # characters of a row of a card's header, and rows

# Advance widths in thousandths of the font size, read from the tables of DejaVu Sans 2.37, the
# widest of the fonts a drawing asks for.
_WIDTHS = {
    275: "'",
    278: "ijl",
    295: "IJ",
    318: " ,.·\N{PUNCTUATION SPACE}",
    337: "/:;\\|",
    361: "f-",
    390: "()[]ᵀ",
    411: "tr!²³⁴⁵⁶⁷⁸⁹⁰¹",
    500: '"*_`‖–',
    550: "∂sz⁻?c",
    579: "LFk",
    613: "vxyPTYoa",
    637: "eEΣhnuσSbdgpq$0123456789{}√\N{FIGURE SPACE}",
    698: "KAVXZBRC",
    775: "UNHDG",
    838: "&OQw∞#+<=>^~−×≥≤≠→",
    1000: "M%mW@…",
}


class _Advances(dict[str, int]):
    """Widths of characters; what the table has not is found when it is first asked for."""

    def __missing__(self, character: str) -> int:
        wide = 1000 if unicodedata.east_asian_width(character) in "WF" else 800
        self[character] = 0 if unicodedata.combining(character) else wide
        return self[character]


_ADVANCE = _Advances((c, w) for w, characters in _WIDTHS.items() for c in characters)
_BOLD = 1.13  # DejaVu Sans Bold is 9 % wider on average over the same characters, 26 % at most


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Return a text's width in pixels, at least as wide as it will be drawn.

    Parameters
    ----------
    text : str
        One line.
    size : float
        Font size in pixels.
    bold : bool
        Whether it is drawn bold.

    Examples
    --------
    >>> width("", 12), round(width("000", 10), 2)
    (0.0, 19.11)
    """
    return sum(map(_ADVANCE.__getitem__, text)) * size * (_BOLD if bold else 1.0) / 1000


def clean(text: str, limit: int = LIMIT) -> str:
    r"""Return text that is safe to put into any output.

    Control characters, surrogates and characters that change the direction of writing become
    U+FFFD; what is longer than the limit ends in an ellipsis.

    Examples
    --------
    >>> clean("a\x00b")
    'a�b'
    >>> clean("x" * 9, limit=5)
    'xxxx…'
    """
    safe = (
        text
        if text.isprintable()
        else "".join(
            "\N{REPLACEMENT CHARACTER}"
            if unicodedata.category(c) in {"Cc", "Cs", "Cf", "Cn", "Zl", "Zp"}
            else c
            for c in text
        )
    )
    return safe if len(safe) <= limit else safe[: limit - 1] + "…"


@functools.lru_cache(maxsize=4096)
def line_of(file: str, line: int) -> str:
    """Return the user's line as pictures say it; empty where a command of ours has computed it."""
    path = Path(file)
    return "" if path.parent == _HERE else clean(f"{path.name}:{line}")


_HERE = Path(__file__).parent


# One letter, perhaps after the d of a derivative, and digits or a few letters after an underscore:
# W1, x_12, W_hh, dW1; not log2, 1e5 or the file g2.py.
_INDEXED = re.compile(
    r"(?<![\w.#])(d?[^\W\d_])(?:([0-9]{1,3})|(_)([A-Za-z0-9]{1,3}(?:,[0-9]{1,3})*))(?![^\W⁰¹²³⁴-⁹ᵀ]|\.\d|\.py\b)"
)


def pieces(text: str) -> list[tuple[str, str]]:
    """Return a text in pieces, each with how it is set: "", "sub", "sup" or "hidden".

    A name of one letter and a number has the number as its subscript, with or without an underscore
    between them. The pieces together are the text.

    Examples
    --------
    >>> pieces("W1 · x")
    [('W', ''), ('1', 'sub'), (' · x', '')]
    >>> pieces("log2(x_1)")
    [('log2(x', ''), ('_', 'hidden'), ('1', 'sub'), (')', '')]
    >>> pieces("Z^[2]")
    [('Z', ''), ('^', 'hidden'), ('[2]', 'sup')]
    >>> pieces("dW1")
    [('dW', ''), ('1', 'sub')]
    """
    found = _INDEXED.split(text)  # what is between the names, and the four groups of each
    parts: list[tuple[str, str]] = []
    for k in range(0, len(found) - 1, 5):
        between, letter, number, bar, letters = found[k : k + 5]
        parts += _raised(between + letter)
        if bar:
            parts.append((bar, "hidden"))
        parts.append((number or letters, "sub"))
    return [*parts, *_raised(found[-1])] if found[-1] or not parts else parts


_LAYER = re.compile(  # Z^[2], a^[2](i), W^[2]ᵀ, x^(i)
    r"(\^)(\[[\w, +−-]{1,6}\](?:\([\w, ]{1,6}\)|ᵀ)?|\([A-Za-z0-9]{1,6}\))"
)


def _raised(text: str) -> list[tuple[str, str]]:
    """Return a text in pieces, with the number of a layer as a superscript."""
    if "^[" not in text and "^(" not in text:
        return [(text, "")]
    found = _LAYER.split(text)
    parts = [(found[0], "")] if found[0] else []
    for k in range(1, len(found), 3):
        parts += [(found[k], "hidden"), (found[k + 1], "sup")]
        parts += [(found[k + 2], "")] if found[k + 2] else []
    return parts


_CUT = " …"  # of a text that goes on


def wrapped(text: str, row: int = ROW) -> list[str]:
    """Return a long text in rows, broken between words; what has no room in them ends in "…".

    Examples
    --------
    >>> wrapped("u = a + b")
    ['u = a + b']
    >>> wrapped("joined = concatenate(x1, x2, x3, x4, x5, x6, x7, x8)")
    ['joined = concatenate(x1,', 'x2, x3, x4, x5, x6, x7, x8)']
    """
    if len(text) <= row:
        return [text]
    rows = _rows(text, row) or [text]
    for narrow in range(len(text) // len(rows), row):  # rows that are about as long
        if len(rows) == 1 or rows[-1].endswith(_CUT):
            break
        even = _rows(text, narrow)
        if len(even) == len(rows) and " ".join(even) == " ".join(rows):
            return even
    return rows


def _rows(text: str, row: int) -> list[str]:
    return textwrap.wrap(
        text,
        row,
        break_long_words=False,
        break_on_hyphens=False,
        replace_whitespace=False,
        expand_tabs=False,
        max_lines=ROWS,
        placeholder=_CUT,
    )


def in_short(names: Sequence[str]) -> str:
    """Return a list of names, those that differ by a number told as a range.

    Examples
    --------
    >>> in_short(["W2", "b2", "W3", "b3", "W4", "b4", "h"])
    'W2 … W4, b2 … b4, h'
    """
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(re.sub(r"\d+", "#", name), []).append(name)
    told = [f"{g[0]} … {g[-1]}" if len(g) > 2 else ", ".join(g) for g in groups.values()]
    return ", ".join(told[:_TOLD]) + (f" and {len(told) - _TOLD} more" if len(told) > _TOLD else "")
