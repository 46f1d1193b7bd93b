"""A GIF of a play or a film, for slides, chats and other places where no page can be played."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from viz.render.dot import EngineError
from viz.render.image import render_image
from viz.render.page import Picture, marks_of, steps_of
from viz.render.svg import MARGIN, lines_of, size_of, style_of, svg_of, text_at
from viz.theme import DARK, LIGHT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from viz.render.page import Step
    from viz.view import GraphView

__all__ = ["render_film", "render_play"]

MOST = 300  # frames
_WIDEST = 1600.0  # pixels
_PACE, _LAST = 1100, 3500  # milliseconds of a step, and of the last
_FILM = 350  # milliseconds of one time of a film, at least
_SIZE, _LINE = 14.0, 20.0  # of the words below the picture
_CLASSED = re.compile(r'(<[^>]* class=")([^"]*)("[^>]* data-at="(\d+)")')


def render_play(view: GraphView, theme: str = "light") -> bytes:
    """Return a GIF of the forward steps and then the backward ones, with their words below.

    Parameters
    ----------
    view : GraphView
        What to play.
    theme : {"light", "dark"}
        Its colours.

    Raises
    ------
    EngineError
        If Pillow, or what draws the picture, is not there; or if there are more than 300 steps.
    """
    steps = steps_of(view).steps
    pace = [_PACE] * (len(steps) - 1) + [_LAST]
    return _gif([*_played(view, steps, theme)], pace)


def render_film(views: Sequence[GraphView], measured: GraphView, theme: str = "light") -> bytes:
    """Return a GIF of one graph at several times, each with its title below.

    Parameters
    ----------
    views : sequence of GraphView
        The graph at each time.
    measured : GraphView
        What the sizes of cards and labels are taken from.
    theme : {"light", "dark"}
        Its colours.

    Raises
    ------
    EngineError
        As `render_play`.
    """
    style = style_of("#g", theme)
    made = [svg_of(view, "g", measured, style=style) for view in views]
    words = [_lines(view.title, measured) for view in views]
    high = max(map(len, words))
    pace = [max(_FILM, 6000 // len(views))] * (len(views) - 1) + [_LAST]
    return _gif([_under(svg, w, high) for svg, w in zip(made, words, strict=True)], pace)


def _played(view: GraphView, steps: Sequence[Step], theme: str) -> Iterator[str]:
    """Yield the picture at each step: what is still to come is faint, or not there yet."""
    _allowed(len(steps))
    view = replace(view, notes=(), passes="")
    marks = marks_of(Picture("", view, {}), steps_of(view))
    whole = svg_of(view, "g", None, marks, f"{style_of('#g', theme)}\n{_style(theme)}")
    words = [_lines(step.words, view) for step in steps]
    high = max(map(len, words))
    for k, (step, said) in enumerate(zip(steps, words, strict=True), 1):
        lit = view.edges[step.edge] if step.edge >= 0 else None
        svg = _at_step(whole, k)
        for card in () if lit is None else (lit.source, lit.target):
            svg = svg.replace(f'id="g-n{card}" class="node', f'id="g-n{card}" class="node reached')
        yield _under(svg, said, high)


def _at_step(svg: str, step: int) -> str:
    """Return a picture whose marked parts have the class of their state at a step."""
    return _CLASSED.sub(lambda m: f"{m[1]}{m[2]}{_state(m[2], int(m[4]), step)}{m[3]}", svg)


def _state(kind: str, at: int, step: int) -> str:
    """Return the class of what appears at one step, seen at another."""
    if at > step:
        return " off"
    return " on" if at == step and kind not in {"strip", "grad", "within"} else ""


def _style(theme: str) -> str:
    """Return how the page's player shows what is still to come, and what a step is about."""
    t = DARK if theme == "dark" else LIGHT
    gone = ", ".join(f"#g .{kind}.off" for kind in ("back", "strip", "grad", "within"))
    return (
        f"#g .off {{ opacity: 0.07 }}\n{gone} {{ opacity: 0 }}\n"
        f"#g .on .card, #g .on .pill {{ stroke: {t.forward}; stroke-width: 3.5 }}\n"
        f"#g .reached .card {{ stroke: {t.backward}; stroke-width: 3 }}\n"
        "#g .on .fwd, #g .on .bwd { stroke-width: 3 }\n"
        f"#g text.words {{ font-size: {_SIZE:g}px }}"
    )


def _lines(words: str, view: GraphView) -> list[str]:
    return lines_of(words, size_of(view)[0] - 2 * MARGIN, size=_SIZE)


_SIZES = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)" width="([\d.]+)" height="([\d.]+)"')


def _under(svg: str, words: Sequence[str], most: int) -> str:
    """Return a picture with words below it, and room for the most lines of any frame."""
    found = _SIZES.search(svg)
    assert found is not None
    wide, high, width, _ = map(float, found.groups())
    tall = high + most * _LINE
    size = f'viewBox="0 0 {wide:g} {tall:g}" width="{width:g}" height="{tall * width / wide:g}"'
    texts = [
        text_at("words", line, MARGIN, high + k * _LINE, anchor="start")
        for k, line in enumerate(words)
    ]
    body = svg[: found.start()] + size + svg[found.end() :].rstrip().removesuffix("</svg>")
    return f"{body}{''.join(texts)}</svg>\n"


def _allowed(frames: int) -> None:
    if frames > MOST:
        raise EngineError(
            f".gif would have {frames} frames, and {MOST} are the most; fold the graph with "
            "depth=0, or save a page that plays it as .html."
        )


def _colours(image: Any) -> Any:
    """Return a palette, shape (n, 3), of the colours of a frame: the most frequent ones exactly.

    The last frame has them all; one palette keeps what stands still from flickering.
    """
    counted = sorted(image.getcolors(image.width * image.height), reverse=True)
    exact = np.array([colour for _, colour in counted[:128]])
    mixed = np.array(image.quantize(127).getpalette()).reshape(-1, 3)
    return np.concatenate([exact, mixed[:127]]).astype(np.int32)


def _indexed(image: Any, palette: Any) -> Any:
    """Return the nearest colour of a palette for each pixel; Pillow takes an approximate one."""
    packed = np.asarray(image).astype(np.int32) @ np.array([1 << 16, 1 << 8, 1])
    colours, places = np.unique(packed, return_inverse=True)
    known = np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=1)
    off = ((known[:, None] - palette[None]) ** 2).sum(axis=2)
    return np.argmin(off, axis=1).astype(np.uint8)[places].reshape(packed.shape)


def _gif(frames: Sequence[str], pace: Sequence[int]) -> bytes:
    """Return frames as one file, each shown for its milliseconds."""
    try:
        from PIL import Image
    except ImportError:
        raise EngineError(
            ".gif needs Pillow: pip install pillow (the extra 'images'); .html needs nothing."
        ) from None
    _allowed(len(frames))
    found = _SIZES.search(frames[0])
    assert found is not None
    scale = min(1.5, _WIDEST / float(found[3]))
    images = [
        Image.open(io.BytesIO(render_image(svg, "png", scale))).convert("RGB") for svg in frames
    ]
    palette = _colours(images[-1])
    drawn = [Image.fromarray(_indexed(image, palette)) for image in images]
    for image in drawn:
        image.putpalette(palette.astype(np.uint8).tobytes())
    made = io.BytesIO()
    drawn[0].save(
        made, "GIF", save_all=True, append_images=drawn[1:], duration=list(pace), loop=0, disposal=1
    )
    return made.getvalue()
