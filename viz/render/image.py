"""PNG and PDF of the picture itself, by a library that draws SVG, or by a browser."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import unicodedata
from pathlib import Path
from typing import Literal

from viz.render.dot import EngineError
from viz.theme import FONT

__all__ = ["render_image"]

SCALE = 2.0  # pixels of a PNG for one of the picture, so that it is sharp on every screen
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_TIMEOUT = 60.0  # seconds for a browser


def render_image(svg: str, kind: Literal["png", "pdf"], scale: float = SCALE) -> bytes:
    """Return a picture as PNG, or as a PDF page of its size.

    Parameters
    ----------
    svg : str
        A whole picture with one theme.
    kind : {"png", "pdf"}
        What to make.
    scale : float
        Pixels of a PNG for one of the picture.

    Raises
    ------
    EngineError
        If neither vl-convert-python nor a browser is there.
    """
    # The font that texts were measured with, which has all their characters: another one may be
    # replaced, a text with a character that it lacks, by one with serifs.
    svg = svg.replace(FONT, f"'DejaVu Sans', {FONT}")
    # What is hidden is there to be read aloud and copied; it would move what stands after it.
    svg = re.sub(r'<tspan font-size="0">[^<]*</tspan>', "", svg)
    try:
        import vl_convert
    except ImportError:
        return _by_browser(svg, kind, scale)
    svg = _apart(svg)
    try:
        made: bytes = (
            vl_convert.svg_to_png(svg, scale=scale) if kind == "png" else vl_convert.svg_to_pdf(svg)
        )
    except Exception as error:
        reason = str(error).partition("\n")[0]
        raise EngineError(f"no {kind.upper()} could be made of the picture: {reason}") from error
    return made


# The library ends in a panic, and makes no picture after it, where a letter has a mark for which
# there is no character of both: μ̂. The mark stands behind the letter then.
_MARKS = {
    "\u0302": "ˆ",
    "\u0303": "˜",
    "\u0304": "ˉ",
    "\u0305": "ˉ",
    "\u0307": "˙",
    "\u0308": "¨",
    "\u20d7": "→",
}
_MARKED = re.compile(r"(?<=[\w\u0300-\u036f\u20d7])[\u0300-\u036f\u20d7]")


def _apart(svg: str) -> str:
    """Return a picture without letters that are made of several characters."""
    one = unicodedata.normalize("NFC", svg)
    return _MARKED.sub(lambda m: _MARKS.get(m[0], ""), one)


def _by_browser(svg: str, kind: str, scale: float) -> bytes:
    program = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if program is None:
        raise EngineError(
            f".{kind} needs a library that draws SVG: pip install vl-convert-python (the extra "
            "'images'), or Chromium on the path; .svg and .html need nothing."
        )
    found = re.search(r' width="([\d.]+)" height="([\d.]+)"', svg)
    assert found is not None
    wide, high = (float(x) for x in found.groups())
    with tempfile.TemporaryDirectory(prefix="retrograd-") as folder:
        page, made = Path(folder, "picture.html"), Path(folder, f"picture.{kind}")
        style = f"@page {{ size: {wide}px {high}px; margin: 0 }} body {{ margin: 0 }}"
        alone = svg.replace("max-width: 100%", "display: block")
        page.write_text(
            f"<!doctype html><meta charset=utf-8><style>{style}</style>{alone}", "utf-8"
        )
        output = [f"--screenshot={made}", f"--force-device-scale-factor={scale:g}"]
        if kind == "pdf":
            output = [f"--print-to-pdf={made}", "--no-pdf-header-footer"]
        command = [
            *(program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
            *(f"--user-data-dir={folder}/profile", f"--window-size={wide:.0f},{high:.0f}"),
            *(*output, page.as_uri()),
        ]
        try:
            subprocess.run(command, capture_output=True, timeout=_TIMEOUT, check=False)
            return made.read_bytes()
        except (OSError, subprocess.TimeoutExpired) as error:
            raise EngineError(
                f"{program} made no {kind.upper()} of the picture: {error}"
            ) from error
