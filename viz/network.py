"""`draw_network`: neurons in columns, the edges tinted by weight or by gradient.

A network is read by its parameters alone: pairs of a matrix of weights of shape (n_out, n_in) and a
bias of shape (n_out, 1), in the order of the layers, as `named_parameters()` gives them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from viz.engine import NotDrawable
from viz.files import write
from viz.render.image import render_image
from viz.render.svg import MARGIN, OWN, figure, safe, style_of, text_at
from viz.text import clean, width
from viz.theme import LABEL, NAMES, SMALL

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence
    from pathlib import Path

__all__ = ["NetworkDrawing", "draw_network"]

RADIUS, ROW, COLUMN = 18.0, 44.0, 190.0


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: its path, its weights, its bias if it has one, and what tints its edges."""

    name: str
    weights: Any
    bias: Any
    tint: Any


@dataclass(frozen=True)
class NetworkDrawing:
    """A picture of a network; it shows itself in a notebook.

    Attributes
    ----------
    svg : str
        The picture as SVG text.
    title : str
        What it shows.
    """

    svg: str
    title: str

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture to a file ending in .svg, .png or .pdf; return the path.

        Raises
        ------
        EngineError
            If there is no library for .png and .pdf: the extra "images" brings one.
        """
        makers: dict[str, Callable[[], str | bytes]] = {
            ".svg": lambda: self.svg,
            ".png": lambda: render_image(self.svg, "png"),
            ".pdf": lambda: render_image(self.svg, "pdf"),
        }
        return write("NetworkDrawing.save", path, makers)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": repr(self), "image/svg+xml": self.svg}

    def __repr__(self) -> str:
        return f"<NetworkDrawing: {self.title}>"


def draw_network(
    network: Any,
    *,
    tint: Literal["weight", "gradient"] = "weight",
    theme: Literal["light", "dark", "auto"] = "light",
    max_neurons: int = 10,
) -> NetworkDrawing:
    """Draw a network of dense layers as neurons in columns.

    Parameters
    ----------
    network : object with named_parameters()
        Such as `nn.Network`: matrices (n_out, n_in), each with a bias (n_out, 1) or without.
    tint : {"weight", "gradient"}
        What the colour and the width of an edge show: blue for positive, vermillion and dashed for
        negative numbers, in proportion to the greatest of the layer.
    theme : {"light", "dark", "auto"}
        auto follows the reader's setting.
    max_neurons : int
        The greatest number of neurons drawn in a column; of more, the first and the last are.

    Raises
    ------
    NotDrawable
        If there are no such matrices, they do not fit each other, or `tint="gradient"` comes before
        a backward pass.
    ValueError
        If an option has an unknown value.
    """
    for name, value, known in (("tint", tint, ("weight", "gradient")), ("theme", theme, NAMES)):
        if value not in known:
            raise ValueError(
                f"viz.draw_network: {name} needs one of {', '.join(known)}, got {value!r}."
            )
    if not isinstance(max_neurons, int) or max_neurons < 3:
        raise ValueError(f"viz.draw_network: max_neurons needs to be at least 3, got {max_neurons}")
    layers = _layers(network, tint)
    sizes = [layers[0].weights.shape[1], *(layer.weights.shape[0] for layer in layers)]
    title = f"Network of {' → '.join(map(str, sizes))} units, edges by {tint}"
    return NetworkDrawing(_svg(layers, sizes, title, tint, theme, max_neurons), title)


def _layers(network: Any, tint: str) -> list[Layer]:
    named = getattr(network, "named_parameters", None)
    if named is None:
        raise NotDrawable(
            f"viz.draw_network: needs a network with named_parameters(), got "
            f"{type(network).__name__}; to draw a computation use viz.draw."
        )
    layers: list[Layer] = []
    for path, parameter in named():
        value = np.asarray(parameter.data, np.float64)
        last = layers[-1] if layers else None
        units = last.weights.shape[0] if last is not None and last.bias is None else None
        named_as_weights = path.rsplit(".", 1)[-1].lower().startswith("w")
        if last is not None and value.shape == (units, 1) and not named_as_weights:
            layers[-1] = replace(last, bias=value)
            continue
        if value.ndim != 2:
            continue
        if last is not None and last.weights.shape[0] != value.shape[1]:
            raise NotDrawable(
                f"viz.draw_network: {path} has shape {value.shape}, which does not take the "
                f"{last.weights.shape[0]} units of the layer before it."
            )
        slope = parameter.grad if tint == "gradient" else value
        if slope is None:
            raise NotDrawable(
                f"viz.draw_network: {path} has no gradient; call backward() first, or pass "
                "tint='weight'."
            )
        layers.append(Layer(clean(path, 40), value, None, np.asarray(slope, np.float64)))
    if not layers:
        raise NotDrawable("viz.draw_network: the network has no matrices of weights.")
    return layers


def _svg(
    layers: Sequence[Layer], sizes: list[int], title: str, tint: str, theme: str, most: int
) -> str:
    drawn = [_drawn(n, most) for n in sizes]
    rows = max(len(d) for d in drawn)
    under = [_under(k, layers, sizes) for k in range(len(sizes))]
    step = max(COLUMN, *(max(width(line, LABEL) for line in lines) + 24 for lines in under))
    side = max(width(line, LABEL) for line in under[0]) / 2
    legend = f"width and depth of colour: the share of the layer's greatest {tint}"
    wide = max(2 * side + step * len(layers), 400 + width(legend, SMALL)) + 2 * MARGIN
    high = 2 * MARGIN + ROW * rows + 16 * max(map(len, under)) + 44
    prefix = f"n{hashlib.sha256(repr([*layers, title, theme]).encode()).hexdigest()[:8]}"
    words = ". ".join(
        f"{layer.name}: {layer.tint.shape[0]} by {layer.tint.shape[1]} {tint}s {_range(layer.tint)}"
        for layer in layers
    )
    is_wrong = any(not np.all(np.isfinite(layer.tint)) for layer in layers)
    parts = []

    def place(column: int, k: int) -> tuple[float, float]:
        offset = (rows - len(drawn[column])) / 2
        return MARGIN + side + step * column, MARGIN + ROW * (k + offset + 0.5)

    for column, layer in enumerate(layers):
        finite = np.abs(layer.tint[np.isfinite(layer.tint)])
        greatest = float(np.max(finite, initial=0.0)) or 1.0
        for i, target in enumerate(drawn[column + 1]):
            for j, source in enumerate(drawn[column]):
                if source is None or target is None:
                    continue
                x0, y0 = place(column, j)
                x1, y1 = place(column + 1, i)
                ends = (x0 + RADIUS, y0, x1 - RADIUS, y1)
                parts.append(_edge(ends, layer, target, source, greatest))
    for column, units in enumerate(drawn):
        for k, unit in enumerate(units):
            x, y = place(column, k)
            if unit is None:
                parts.append(text_at("name", "⋮", x, y + 5))
                continue
            kind = " leaf" if not column else " cost" if column == len(layers) else ""
            said = _unit(column, unit, len(layers), sizes[column])
            parts.append(
                f'<circle class="card{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{RADIUS:g}"/>'
                f"{text_at('note', said, x, y + 3.5)}\n"
            )
        x, y = MARGIN + side + step * column, MARGIN + ROW * rows + 16
        for k, line in enumerate(under[column]):
            parts.append(text_at("note" if k else "name", line, x, y + 16 * k))
    parts.append(_legend(tint, legend, high - MARGIN, is_wrong))
    style = style_of(f"#{prefix}", theme)
    return figure(prefix, (wide, high), title, words, parts, style, OWN)


def _drawn(n: int, most: int) -> list[int | None]:
    """Return the units of a column that are drawn; None stands for those left out."""
    if n <= most:
        return list(range(n))
    half = (most - 1) // 2
    return [*range(most - 1 - half), None, *range(n - half, n)]


def _unit(column: int, k: int, last: int, units: int) -> str:
    if column == 0:
        return f"x{k + 1}"
    if column == last:
        return "ŷ" if units == 1 else f"ŷ{k + 1}"
    return f"a{k + 1}^[{column}]"


def _under(column: int, layers: Sequence[Layer], sizes: list[int]) -> list[str]:
    """Return what stands under a column: the shapes that the notes give."""
    if not column:
        return ["input", f"X ({sizes[0]}, m)"]
    layer, n = layers[column - 1], sizes[column]
    name = f"layer {column}" if column < len(layers) else "output"
    lines = [name, f"W{column} {layer.weights.shape}"]
    lines += [f"b{column} {layer.bias.shape}"] if layer.bias is not None else []
    return [*lines, f"Z{column}, A{column} ({n}, m)"]


def _edge(
    ends: tuple[float, float, float, float],
    layer: Layer,
    target: int,
    source: int,
    greatest: float,
) -> str:
    value = float(layer.tint[target, source])
    x0, y0, x1, y1 = ends
    share = min(abs(value) / greatest, 1.0) if np.isfinite(value) else 1.0
    kind = "wrong" if not np.isfinite(value) else "fwd" if value >= 0 else "bwd"
    return (
        f'<path class="{kind}" d="M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}" '
        f'stroke-opacity="{0.15 + 0.85 * share:.2f}" '
        f'style="stroke-width: {0.4 + 3.2 * share:.2f}">'
        f"<title>{safe(layer.name)}[{target}, {source}] = {value:.4g}</title></path>\n"
    )


def _range(values: Any) -> str:
    """Say how far numbers reach, and how many are none."""
    finite = values[np.isfinite(values)]
    said = (
        f"from {finite.min():.4g} to {finite.max():.4g}" if finite.size else "none of them finite"
    )
    wrong = values.size - finite.size
    return f"{said}, {wrong} NaN or infinite" if wrong and finite.size else said


def _legend(tint: str, words: str, y: float, is_wrong: bool) -> str:
    x, parts = MARGIN, []
    signs = [("fwd", f"positive {tint}"), ("bwd", f"negative {tint}")]
    for kind, sign in [*signs, *[("wrong", "NaN or ∞")][:is_wrong]]:
        parts.append(
            f'<path class="{kind}" d="M{x:.1f} {y - 3.5:.1f}H{x + 26:.1f}"/>'
            f"{text_at('note', sign, x + 32, y, anchor='start')}\n"
        )
        x += 48 + width(sign, SMALL)
    return "".join([*parts, text_at("note", words, x, y, anchor="start")])
