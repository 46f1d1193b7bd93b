"""What pictures say of derivatives: local ones, and the chain rule in words and in LaTeX."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from viz.engine import (
    LONGEST,
    bracketed,
    format_number,
    latex_name,
    latex_number,
    raised,
    strong_zeros,
)
from viz.numbers import is_few, norm_of, rows_of
from viz.text import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from viz.engine import Graph

__all__ = ["Local", "chain_rule", "latex_rule", "local_of", "times"]

_NUMBER = re.compile(r"−?[\d.]+( / \d+)?")


class Local(NamedTuple):
    """What an arrow brings back, as `EdgeView` has it."""

    ends: tuple[int, int, int]
    symbol: str
    formula: str
    number: str = ""

    @property
    def parts(self) -> tuple[str, str, str]:
        """The fields of `EdgeView` that it fills, in their order."""
        return self.symbol, self.formula, self.number

    @property
    def label(self) -> str:
        """What stands beside the arrow."""
        return " = ".join(filter(None, (self.symbol, self.formula, self.number)))


def local_of(
    g: Graph, edge: Any, cost: str, values: bool, uses: Sequence[tuple[int, int]] = ()
) -> Local:
    """Return the local derivative that an arrow brings back.

    With all uses of the value, a child and a slot each, it says whether it is a share: ∂J/∂x via u,
    or ∂u/∂x (1 of 2) for u = x · x.
    """
    parent, child = (_name(g.nodes[i]) for i in (edge.parent, edge.child))
    formula = raised(clean(edge.formula, LONGEST))
    ends = edge.parent, edge.child, edge.slot
    whole, is_inside = f"∂{cost}/∂{parent}", child != cost
    back = f"∂{cost}/∂{child}" if is_inside else f"∂{child}"
    if not edge.is_factor and is_inside:  # the one derivative in a rule is what comes back to it
        own = rf"∂{re.escape(bracketed(g.nodes[edge.child].label))}(ᵀ?)"
        written = re.sub(own, lambda m: f"({back})ᵀ" if m[1] else back, edge.formula)
        formula = raised(clean(written, LONGEST + len(back)))
    here = [slot for i, slot in uses if i == edge.child]
    place = f" ({here.index(edge.slot) + 1} of {len(here)})" if len(here) > 1 else ""
    if len(uses) > len(here):
        whole += f" via {child}" if is_inside else " directly"
    whole += place
    if not edge.is_factor:
        return Local(ends, whole, formula)
    if _is_repeated(g, edge):
        # A value that was broadcast gets the sum over its copies: db = Σ dZ.
        factor = "" if formula == "1" else f" · ({formula})" if " " in formula else f" · {formula}"
        summed = f"−Σ {back}" if formula == "−1" else f"Σ {back}{factor}"
        return Local(ends, whole, summed)
    number = edge.number if values else None
    text = "" if number is None else format_number(number)
    symbol = f"∂{child}/∂{parent}{place}" if is_inside else whole
    return Local(ends, symbol, formula, "" if text == edge.formula else text)


def _name(node: Any) -> str:
    """Return what a node is called in a derivative."""
    return bracketed(clean(node.label, 40))


def _typeset(node: Any) -> str:
    """Return the same as LaTeX."""
    name = latex_name(node.label)
    return f"({name})" if bracketed(node.label) != node.label else name


def chain_rule(g: Graph, edge: Any, cost: str, bare: Local, paths: int, values: bool) -> str:
    """Say what comes back along an edge: ∂J/∂b = ∂J/∂u · ∂u/∂b = 3 · 2 = 6."""
    parent, child = g.nodes[edge.parent], g.nodes[edge.child]
    one = f", on one of {paths} paths" if paths > 1 else ""
    brings = edge.shown_cotangent if values and parent.shape else None
    is_whole = bare.symbol.startswith(f"∂{cost}/")
    if brings is not None:
        number = is_whole and not bare.number and _NUMBER.fullmatch(bare.formula)
        if is_few(brings):
            one = (
                f"{' for each:' if number else ' ='} {' '.join(rows_of(brings, below=False))}{one}"
            )
        elif brings.size == 1:
            one = ("" if number else f" = {format_number(brings.item())}") + one
        else:
            one = f"{' for each' if number else ''}, of norm {format_number(norm_of(brings))}{one}"
    if not edge.is_factor or is_whole:
        return f"{bare.label}{one}"
    back, local = child.shown_cotangent, edge.number
    above = f"∂{cost}/∂{_name(parent)}"
    whole = f"∂{cost}/∂{_name(child)} · {bare.symbol}"
    how = f", where {bare.label}" if bare.number or local is None else ""
    if back is not None and np.ndim(back) == 0 and local is not None:
        numbers = f"{_factor(back)} · {_factor(local)} = {format_number(times(back, local))}"
        return f"{above} = {whole} = {numbers}{one}{how}"
    return f"{above} = {whole}{one}{how}"


def latex_rule(g: Graph, edge: Any, cost: str, paths: int = 1) -> str:
    """Return the chain rule along an edge as LaTeX; one of several paths adds to the gradient."""
    parent, child = g.nodes[edge.parent], g.nodes[edge.child]
    top = " + ".join(latex_name(n.label) for n in g.outputs)
    top = f"({top})" if len(g.outputs) > 1 else _typeset(g.outputs[0])
    ahead = _fraction(top, _typeset(child))
    equal = r"\mathrel{+}=" if paths > 1 else "="
    whole = f"{_fraction(top, _typeset(parent))} {equal} "
    brings = edge.shown_cotangent if parent.shape else None
    end = "" if brings is None else _latex_array(brings)
    if not edge.is_factor:
        short = rf"\partial {_typeset(child)}"
        made = edge.latex
        if _name(child) != cost:
            raised_too = rf"\left({ahead}\right)^"
            made = re.sub(
                re.escape(short) + r"(\^?)", lambda m: raised_too if m[1] else ahead, made
            )
        return f"{whole}{made}{end}"
    local = _fraction(_typeset(child), _typeset(parent))
    if _is_repeated(g, edge):
        factor = "" if edge.formula == "1" else rf" \cdot {edge.latex}"
        if " " in edge.formula:
            factor = rf" \cdot \left({edge.latex}\right)"
        return rf"{whole}\sum {ahead}{factor}{end}"
    if _name(child) == cost:
        return f"{whole}{edge.latex}{_number(edge)}{end}"
    back = child.shown_cotangent
    known = back is not None and np.ndim(back) == 0 and edge.number is not None
    numbers = ""
    if known:
        product = latex_number(times(back, edge.number))
        numbers = rf" = {_bracketed(back)} \cdot {_bracketed(edge.number)} = {product}"
    how = rf", \quad {local} = {edge.latex}{_number(edge)}" if _number(edge) or not numbers else ""
    return rf"{whole}{ahead} \cdot {local}{numbers}{end}{how}"


def _latex_array(array: Any) -> str:
    """Return the numbers of a gradient, or its norm, as the end of an equation."""
    if array.size == 1:
        return f" = {latex_number(array.item())}"
    if not is_few(array):
        return rf", \quad \text{{of norm }} {latex_number(norm_of(array))}"
    rows = [" & ".join(map(latex_number, row)) for row in np.atleast_2d(array)]
    inside = r" \\ ".join(rows)
    return rf" = \begin{{bmatrix}} {inside} \end{{bmatrix}}"


def _is_repeated(g: Graph, edge: Any) -> bool:
    """Return whether an operand was broadcast, so that its gradient is a sum over the copies."""
    parent, child = g.nodes[edge.parent], g.nodes[edge.child]
    if parent.shape == child.shape == ():
        return False
    try:
        full = np.broadcast_shapes(*(g.nodes[p].shape for p in child.parents), ())
    except ValueError:  # of an op that is not elementwise
        full = child.shape
    return bool(math.prod(parent.shape) < max(math.prod(full), math.prod(child.shape)))


def _number(edge: Any) -> str:
    """Return the value of a local derivative, unless its formula is that number."""
    if edge.number is None or format_number(edge.number) == edge.formula:
        return ""
    return f" = {latex_number(edge.number)}"


def _fraction(top: str, bottom: str) -> str:
    return rf"\frac{{\partial {top}}}{{\partial {bottom}}}"


def _bracketed(x: Any) -> str:
    text = latex_number(x)
    return f"({text})" if text.startswith("-") else text


def times(back: Any, local: float) -> float:
    """Return what comes back along an edge; a cotangent of 0 stays 0 where the walk keeps it so."""
    return 0.0 if strong_zeros() and not back else float(back) * local


def _factor(x: Any) -> str:
    text = format_number(x)
    return f"({text})" if text.startswith("−") else text
