"""LaTeX: the picture as a TikZ document of its own size, at the places of the built-in layout."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise
from typing import TYPE_CHECKING

from viz.engine import accented
from viz.kinds import BORDER, KINDS
from viz.render.svg import legend, placed
from viz.rows import RADIUS
from viz.text import pieces, width
from viz.theme import LIGHT, SMALL

if TYPE_CHECKING:
    from viz.kinds import CardKind
    from viz.view import GraphView, NodeView

__all__ = ["escaped", "render_tikz"]

_APART = 3.5

_GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta lambda mu nu xi pi rho tau phi chi psi omega"
)

# Every character of drawings that LaTeX does not know by itself, in text.
_SIGNS = {
    **{c: f"\\{c}" for c in "&%$#_{}"},
    **{c: f"${c}$" for c in "<>|"},
    **{c: f"$^{k}$" for k, c in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
    **{c: f"$_{k}$" for k, c in enumerate("₀₁₂₃₄₅₆₇₈₉")},
    **{
        c: "$\\" + name + "$" for c, name in zip("αβγδεζηθλμνξπρτφχψω", _GREEK.split(), strict=True)
    },
    "\N{FIGURE SPACE}": r"\phantom{0}",
    "\N{PUNCTUATION SPACE}": r"\phantom{.}",
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    '"': r"\textquotedbl{}",
    "−": "$-$",
    "·": r"$\cdot$",
    "∂": r"$\partial$",
    "Σ": r"$\sum$",
    "∏": r"$\prod$",
    "‖": r"$\|$",
    "∞": r"$\infty$",
    "√": r"$\surd$",
    "σ": r"$\sigma$",
    "×": r"$\times$",
    "≥": r"$\ge$",
    "≤": r"$\le$",
    "≠": r"$\ne$",
    "→": r"$\to$",
    "…": r"\ldots{}",
    "–": "--",
    "ᵀ": r"$^{\mathsf{T}}$",
    "⁻": "$^{-}$",
    "⁺": "$^{+}$",
}


def render_tikz(view: GraphView) -> str:
    r"""Return a document for pdflatex; `\\input` its tikzpicture into a paper as it stands."""
    place, _ = placed(view)
    words = [legend(view), *view.caption]
    wide = max(place.width, *(width(line, SMALL) for line in words)) + 60
    lines = [
        r"% pdflatex makes a page of the picture's own size; the tikzpicture can be copied out.",
        r"\documentclass{article}",
        r"\usepackage[T1]{fontenc}",
        r"\usepackage{amsmath,amssymb,tikz}",
        r"\usetikzlibrary{arrows.meta,shadows}",
        rf"\usepackage[papersize={{{wide:.0f}bp,{place.height + 80 + 14 * len(words):.0f}bp}},"
        r"margin=24bp]{geometry}",
        r"\pagestyle{empty}\parindent=0pt",
        r"\begin{document}\sffamily\noindent",
        *[
            rf"\definecolor{{{name}}}{{HTML}}{{{colour.lstrip('#')}}}"
            for name, colour in (
                ("forward", LIGHT.forward),
                ("backward", LIGHT.backward),
                ("backtext", LIGHT.backward_text),
                ("leaf", LIGHT.leaf),
                ("cost", LIGHT.cost),
                ("cluster", LIGHT.cluster),
                ("muted", LIGHT.muted),
            )
        ],
        r"\begin{tikzpicture}[x=1bp, y=-1bp, card/.style={draw, rounded corners=4bp, fill=white,",
        r"  align=center, inner sep=1bp, font=\fontsize{9}{11}\selectfont\sffamily},",
        *(f"  {name}/.style={{{_style(kind)}}}," for name, kind in KINDS.items()),
        r"  ahead/.style={draw=forward, line width=1bp, -{Stealth[length=6bp]}},",
        r"  back/.style={draw=backward, line width=.9bp, dashed, {Stealth[length=6bp]}-},",
        r"  rule/.style={text=backtext, anchor=north east, inner sep=1.5bp,",
        r"    font=\fontsize{7.5}{9}\selectfont\sffamily}]",
    ]
    for path, r in place.clusters.items():
        corner = f"({r.x:.2f},{r.y:.2f}) rectangle ({r.x + r.width:.2f},{r.y + r.height:.2f})"
        lines.append(rf"\draw[draw=muted, fill=cluster, rounded corners=6bp] {corner};")
        lines.append(
            rf"\node[anchor=north west, text=muted] at ({r.x + 6:.2f},{r.y + 4:.2f}) "
            rf"{{\footnotesize {escaped(path[-1])}}};"
        )
    for edge, way in zip(view.edges, place.ways, strict=True):
        if edge.forward:
            lines.append(rf"\path[ahead] {_way(way, -_APART if edge.back else 0.0)};")
        if edge.back:
            shift = _APART if edge.forward else 0.0
            lines.append(rf"\path[back] {_way(way, shift)};")
            if edge.label:
                x, y = way[-1][0] - 6, way[-1][1] + shift
                lines.append(rf"\node[rule] at ({x:.2f},{y:.2f}) {{{_set(edge.label)}}};")
    for node in view.nodes:
        r = place.cards[node.id]
        size = f"minimum width={r.width:.2f}bp, minimum height={r.height:.2f}bp"
        middle = f"({r.x + r.width / 2:.2f},{r.y + r.height / 2:.2f})"
        lines.append(rf"\node[{node.kind}, {size}] at {middle} {{{_rows(node)}}};")
    lines += [r"\end{tikzpicture}", "", r"\bigskip\footnotesize"]
    lines += [rf"{_set(line)}\\" for line in words]
    return "\n".join([*lines, r"\end{document}", ""])


def _style(kind: CardKind) -> str:
    """Return the options of a card's border and colour."""
    fill = {
        "leaf": "fill=leaf",
        "cost": "fill=cost",
        "module": "fill=cluster",
        "pill": "draw=muted",
    }
    options = [
        "card",
        "double, double distance=1.5bp" if kind.double else "",
        "sharp corners" if kind.radius == 0 else "",
        f"line width={kind.thick - 1:g}bp" if kind.thick != BORDER else "",
        "draw=muted" if kind.fill == "pill" else fill.get(kind.fill, ""),
        "copy shadow={shadow xshift=2bp, shadow yshift=2bp}" if kind.stacked else "",
    ]
    return ", ".join(filter(None, options))


def _rows(node: NodeView) -> str:
    heads = [f"${node.latex}$"] if node.latex else [*map(escaped, node.headers)]
    if len(node.headers) > 1:  # LaTeX does not break a formula in a node
        heads = [*map(_set, node.headers)]
    rows = [*(rf"{{\bfseries\boldmath {head}}}" for head in heads), *map(_set, node.details)]
    if node.mark:
        rows.append(rf"\textbf{{{escaped(node.mark)}}}")
    small = r"\textcolor{backtext}{\fontsize{7.5}{9}\selectfont "
    rows += [f"{small}{_set(row)}}}" for row in node.gradient_rows]
    return r"\\[1bp] ".join(rows)


def _set(text: str) -> str:
    """Return text with its subscripts lowered."""
    made = []
    for piece, way in pieces(text):
        if way != "hidden":
            made.append(rf"$_{{\mathsf{{{piece}}}}}$" if way == "sub" else escaped(piece))
    return "".join(made)


def _way(way: list[tuple[float, float]], shift: float) -> str:
    """Return a path beside a way; where it turns back, what is above is then below."""
    (x, y), side = way[0], 1.0
    parts = [f"({x:.2f},{y + shift:.2f})"]
    for (ax, ay), (bx, by) in pairwise(way):
        if ax == bx and ay != by:
            beside = ax + side * RADIUS - shift
            line = (
                f"({beside:.2f},{ay + side * shift:.2f}) -- ({beside:.2f},{by - side * shift:.2f})"
            )
            parts.append(f" -- {line}")
            side = -side
            continue
        middle, a, b = (ax + bx) / 2, ay + side * shift, by + side * shift
        turn = f" .. controls ({middle:.2f},{a:.2f}) and ({middle:.2f},{b:.2f}) .. "
        parts.append(f"{' -- ' if abs(ay - by) < 0.05 else turn}({bx:.2f},{b:.2f})")
    return "".join(parts)


_ACCENTED = re.compile(r"(?s).[\u0302-\u0308\u20d7]?")  # a character, and an accent over it


def _character(c: str) -> str:
    if c in _SIGNS:
        return _SIGNS[c]
    if c.isascii() and c.isprintable():
        return c
    accent = accented(c)
    if accent is not None:
        letter, over = accent
        inside = _SIGNS.get(letter, letter).strip("$")
        return "$\\" + over + "{" + inside + "}$"
    return "".join(rf"\texttt{{U+{ord(x):04X}}}" for x in c)


def escaped(text: str) -> str:
    """Return text that LaTeX prints as it is; a character it cannot print becomes its number."""
    made = "".join(map(_character, _ACCENTED.findall(unicodedata.normalize("NFC", text))))
    return re.sub(r"--+", lambda m: "{-}" * len(m[0]) if m[0] != "--" else "--", made)
