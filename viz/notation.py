"""The notation of a course on deep learning: dZ^[l] for ∂J/∂Zl, W^[l], ŷ, Greek letters."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING

from viz.engine import bracketed

if TYPE_CHECKING:
    from viz.view import Alert, EdgeView, Gradient, GraphView, NodeView

__all__ = ["NOTATIONS", "in_course_notation"]

NOTATIONS = ("plain", "course")
_LAYERED = "W|w|b|Z|z|A|a|D|g|gamma|beta|mu|sigma|n|γ|β|μ|σ"  # what has a layer in its name
_POWERS = "⁰¹²³⁴-⁹⁻"
_AFTER = rf"(?![^\W{_POWERS}ᵀ]|\.|\^\[)"  # what follows a name: no letter, but a power or ᵀ
_LAYER = re.compile(rf"(?<![\w^.])({_LAYERED})_?(\d+){_AFTER}")
_UNIT = re.compile(rf"(?<![\w^.])({_LAYERED})_?(\d+)_(\d+){_AFTER}")
_VARIANCE = re.compile(rf"(?<![\w.])(sigma|σ)2{_AFTER}")
_GREEK = {
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "delta": "δ",
    "epsilon": "ε",
    "eta": "η",
    "theta": "θ",
    "lambda": "λ",
    "lambd": "λ",
    "mu": "μ",
    "rho": "ρ",
    "sigma": "σ",
    "tau": "τ",
    "phi": "φ",
}
_WORDS = re.compile(rf"(?<![\w.])({'|'.join(_GREEK)})_?(\d*)(?![^\W{_POWERS}ᵀ]|\()")
# ``y_hat``, ``mu_bar``, and without the underscore of one letter; "that" and "what" are words.
_SIGNED = re.compile(
    rf"(?<![\w.])(?!(?i:what|that|chat)\b)((?:{'|'.join(_GREEK)})_|[A-Za-z]_?)(hat|bar|tilde)(?![\w.])"
)
_SIGNS = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303"}


def in_course_notation(view: GraphView) -> GraphView:
    """Return a view whose names and derivatives are written as the course writes them.

    ``W1`` and ``W_1`` become W^[1], ``a1_3`` (unit 3 of layer 1) a_3^[1], the second ``A1`` A′^[1],
    ``y_hat`` ŷ, ``mu_bar`` μ̄, ``theta1`` θ1, ``sigma2`` σ², and the derivative of the cost by a
    value d and its name: dW^[1].
    """
    costs = [n.name for n in view.nodes if n.kind == "cost"]
    cost = re.escape(bracketed(costs[0])) if len(costs) == 1 else r"\(.*?\)"
    whole = re.compile(rf"∂{cost}/∂(?=\w)")
    short = re.compile(r"∂(?=\w+(?![\w/]))(?<!/∂)")

    def told(text: str) -> str:
        text = whole.sub("\0", text)
        text = short.sub("\0", text)
        text = re.sub(r"(?<![\w.])d(?=(\w+))", lambda m: "\0" if _is_name(m[1]) else m[0], text)
        text = _SIGNED.sub(_signed, text)
        text = _VARIANCE.sub(variance, text.replace("\0", "\0\1"))
        text = _UNIT.sub(lambda m: m[0] if m[0] in alike else _of_layer(m), text)
        text = _LAYER.sub(lambda m: m[0] if m[0] in own else f"{m[1]}^[{m[2]}]", text)
        text = re.sub(rf"({_LAYERED})(\w*′*\^\[\d+\])(?=[{_POWERS}^])", r"(\1\2)", text)
        text = re.sub(rf"σ²(?=[{_POWERS}^])", "(σ²)", text)
        return _WORDS.sub(lambda m: _GREEK[m[1]] + m[2], text).replace("\0\1", "d")

    def variance(m: re.Match[str]) -> str:
        return m[0] if several else "σ²"

    names = {n.name for n in view.nodes}
    own = {*view.letters}  # a2, a second activation, is of no layer
    several = any(re.fullmatch(r"(sigma|σ)_?([013-9]|\d\d+)", name) for name in names)
    alike = _alike(names)

    def _is_name(word: str) -> bool:
        return word in names

    def all_told(texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(told, texts))

    def slope(g: Gradient | None) -> Gradient | None:
        return None if g is None else replace(g, symbol=told(g.symbol))

    def node(n: NodeView) -> NodeView:
        return replace(
            n,
            name=told(n.name),
            formula=told(n.formula),
            value=all_told(n.value),
            slope=slope(n.slope),
            slopes=tuple(replace(g, symbol=told(g.symbol)) for g in n.slopes),
            body=all_told(n.body),
            words=told(n.words),
        )

    def edge(e: EdgeView) -> EdgeView:
        return replace(
            e,
            words=told(e.words),
            symbol=told(e.symbol),
            formula=told(e.formula),
        )

    def alert(a: Alert) -> Alert:
        return replace(a, names=told(a.names), text=told(a.text))

    return replace(
        view,
        nodes=tuple(map(node, view.nodes)),
        edges=tuple(map(edge, view.edges)),
        notes=all_told(view.notes),
        results=all_told(view.results),
        alerts=tuple(map(alert, view.alerts)),
        inside=all_told(view.inside),
        notation="course",
    )


def _signed(m: re.Match[str]) -> str:
    """Return a letter with its hat, bar or tilde, as one character where there is one."""
    name = m[1].removesuffix("_")
    return unicodedata.normalize("NFC", _GREEK.get(name, name) + _SIGNS[m[2]])


def _of_layer(m: re.Match[str]) -> str:
    """Return the unit of a layer, a_3^[1]; of a whole layer, A, which of several values it is."""
    name, layer, number = m.groups()
    if name in _WHOLE:
        return f"{name}{'′' * (int(number) - 1)}^[{layer}]" if int(number) < 4 else m[0]
    return f"{name}_{number}^[{layer}]"


_WHOLE = {"W", "Z", "A", "D"}


def _alike(names: set[str]) -> set[str]:
    """Return names of units that stay as they are, for they would be told like another name."""
    found = {name: m for name in names if (m := _UNIT.fullmatch(name)) and m[1] in _WHOLE}
    layers = {(m[1], m[2]) for name in names if (m := _LAYER.fullmatch(name))}
    layers |= {(m[1], m[2]) for m in found.values() if not int(m[3])}  # W1_0, counted from 0
    return {name for name, m in found.items() if (m[1], m[2]) in layers}
