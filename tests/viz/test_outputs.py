"""Every output read back: Mermaid, LaTeX, PNG, PDF and GIF, the derivation, the page's data."""

from __future__ import annotations

import html
import importlib.util
import io
import json
import re
import shutil
import struct
import subprocess
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import graphviz
import numpy as np
import pytest
from hypothesis import example, given, settings, strategies as st

import viz
from autograd import Tensor, name_scope
from tests.viz.graphs import leaf, lecture
from tests.viz.models import MODELS
from viz.__main__ import main
from viz.engine import readable
from viz.render.mermaid import render_mermaid
from viz.render.page import steps_of
from viz.render.tikz import escaped, render_tikz
from viz.text import clean
from viz.theme import DARK, LIGHT

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"] --> n9["x',
    "`code` **bold** [link](javascript:alert(1))",
    "#quot;",
    "\\input{/etc/passwd}",
    "$\\infty$ & % _ ^ ~ # {}",
    "\\end{document}",
    "}}{{",
    "end",
    "n0",
    "a\nb",
    "--",
    "中文 é θ",
    "\\",
    "^",
    "",
]
names = st.one_of(st.text(max_size=30), st.text("\\{}$&#^_~%<>\"'`|;:-=[]()", max_size=12))


def scoped(name: str) -> Tensor:
    x = leaf(2.0, name)
    with name_scope(name or "scope"):
        y = x * x + 1
    y = (y * x).named("J")
    y.backward()
    return y


def unescaped(label: str) -> str:
    """Read Mermaid's character codes."""
    return re.sub(r"#(\d+);", lambda m: chr(int(m[1])), label)


def test_mermaid_has_the_nodes_and_both_arrows_of_the_lecture() -> None:
    text = render_mermaid(viz.draw(lecture()).view)
    assert "flowchart LR" in text
    assert len(re.findall(r"^  n\d+ --> n\d+$", text, re.M)) == 5
    back = re.findall(r'^  n\d+ -\. "(.*)" \.-> n\d+$', text, re.M)
    assert sorted(map(unescaped, back)) == sorted(
        ["∂J/∂v = 3", "∂v/∂a = 1", "∂v/∂u = 1", "∂u/∂b = c = 2", "∂u/∂c = b = 3"]
    )


@settings(max_examples=100, deadline=None)
@given(names)
@example("end")
def test_mermaid_reads_back_as_what_was_drawn(name: str) -> None:
    view = viz.draw(scoped(name)).view
    text = render_mermaid(view)
    block = text.split("```mermaid\n")[1].split("\n```\n")[0].splitlines()[1:]
    found = {}
    for line in block:
        if m := re.fullmatch(r'  n(\d+)[\[(]{1,2}"([^"]*)"[\])]{1,2}', line):
            found[int(m[1])] = unescaped(m[2].split("<br/>")[0])
        else:
            assert re.fullmatch(
                r'\s*(n\d+ (-->|-\.->|-\. "[^"]*" \.->) n\d+|subgraph s\d+x\d+\["[^"]*"\]|end|n\d+'
                r"|style [n\d,]+ stroke-width:3px)",
                line,
            ), line
    assert found == {n.id: n.header for n in view.nodes}
    assert sum(" --> " in line for line in block) == len(view.edges)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_printed_by_latex(name: str, tmp_path: Path) -> None:
    for text in (render_tikz(viz.draw(scoped(name)).view), viz.explain(scoped(name)).latex):
        body = text.split(r"\begin{document}")[1]
        assert body.count(r"\end{document}") == 1
        assert r"\input" not in body.replace(r"\textbackslash{}input", "")
        assert text.isascii()
        compiled(text, tmp_path)


def compiled(text: str, folder: Path) -> Path:
    if shutil.which("pdflatex") is None:
        pytest.skip("pdflatex is not installed")
    (folder / "J.tex").write_text(text)
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "J.tex"],
        cwd=folder,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
    return folder / "J.pdf"


def test_latex_of_the_lecture_compiles_with_formulas(tmp_path: Path) -> None:
    text = render_tikz(viz.draw(lecture()).view)
    assert r"$u = b \cdot c$" in text
    assert text.count(r"\path[ahead]") == text.count(r"\path[back]") == 5
    assert text.count(r"\node[rule]") == 5
    assert compiled(text, tmp_path).stat().st_size > 1000


def test_every_printable_character_of_ascii_survives_latex(tmp_path: Path) -> None:
    text = escaped(" ".join(map(chr, range(33, 127))))
    head = r"\documentclass{article}\usepackage[T1]{fontenc}\begin{document}"
    compiled(rf"{head}{text}\end{{document}}", tmp_path)
    if shutil.which("pdftotext"):
        subprocess.run(["pdftotext", "J.pdf"], cwd=tmp_path, check=True)
        shown = (tmp_path / "J.txt").read_text("utf-8").replace(" ", "").replace("\n", "")
        for sign in "\\&%$#_{}~^<>|":
            assert sign in shown.replace("∼", "~").replace("ˆ", "^").replace("˜", "~")


def makers() -> list[Any]:
    """Return what can make images here: the library, a browser, or both."""
    there = importlib.util.find_spec("vl_convert") is not None
    no_library = pytest.mark.skipif(not there, reason="the extra 'images' is not installed")
    found = shutil.which("chromium") is not None
    no_browser = pytest.mark.skipif(not found, reason="Chromium is not installed")
    return [
        pytest.param("library", marks=no_library),
        pytest.param("browser", marks=[no_browser, pytest.mark.slow]),
    ]


@pytest.mark.parametrize("maker", makers())
@pytest.mark.parametrize("theme", ["light", "dark", "auto"])
def test_png_and_pdf_show_the_svg(tmp_path: Path, monkeypatch: Any, maker: str, theme: str) -> None:
    if maker == "browser":
        monkeypatch.setitem(sys.modules, "vl_convert", None)
    drawing = viz.draw(lecture(), theme=theme)
    png = drawing.save(tmp_path / "J.png").read_bytes()
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    root = ET.fromstring(drawing.svg)
    wide, high = struct.unpack(">II", png[16:24])
    assert abs(wide - 2 * float(root.get("width"))) <= 2
    assert abs(high - 2 * float(root.get("height"))) <= 2
    pdf = drawing.save(tmp_path / "J.pdf").read_bytes()
    assert pdf[:5] == b"%PDF-"
    assert len(pdf) > 2000


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium is not installed")
@pytest.mark.parametrize("model", ["lecture", "four layers", "softmax"])
def test_png_has_the_colours_that_a_browser_shows(model: str, monkeypatch: Any) -> None:
    """Pixel by pixel, but for the edges of letters and lines."""
    pytest.importorskip("vl_convert", reason="the extra 'images' is not installed")
    image = pytest.importorskip("matplotlib.image", reason="the extra 'plot' is not installed")
    drawing = viz.draw(MODELS[model](), fit="column")
    ours = image.imread(io.BytesIO(drawing.image("png")))[:, :, :3]
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    theirs = image.imread(io.BytesIO(drawing.image("png")))[:, :, :3]
    high, wide = (min(a, b) for a, b in zip(ours.shape[:2], theirs.shape[:2], strict=True))
    apart = np.abs(ours[:high, :wide] - theirs[:high, :wide]).max(axis=2)
    assert np.mean(apart > 0.1) < 0.04  # letters of another rasterizer
    # areas of 16 pixels look the same, whatever the edges are
    blocks = apart[: high // 16 * 16, : wide // 16 * 16].reshape(high // 16, 16, wide // 16, 16)
    assert blocks.mean(axis=(1, 3)).max() < 0.35


def test_an_index_stands_where_it_does_in_the_svg() -> None:
    """The library counts a hidden underscore as a letter: x_1 came out as x1, W_in as Wiₙ."""
    pytest.importorskip("vl_convert", reason="the extra 'images' is not installed")
    image = pytest.importorskip("matplotlib.image", reason="the extra 'plot' is not installed")

    def name_of(name: str) -> Any:
        """Return the pixels of a name on its card, which is as wide for all of these."""
        J = (Tensor(2.0, name=name, requires_grad=True) * 3).named("J")
        pixels = image.imread(io.BytesIO(viz.draw(J).image("png")))
        return pixels[40:85, 40:180, :3]

    np.testing.assert_allclose(name_of("x_1"), name_of("x1"), atol=0.1)
    assert np.abs(name_of("x_1") - name_of("x")).max() > 0.5


@pytest.mark.parametrize("kind", ["png", "pdf"])
def test_texts_are_drawn_with_the_font_they_were_measured_with(kind: Any, monkeypatch: Any) -> None:
    """Whichever fonts a machine has: one without ∂ is replaced by one with serifs."""
    given: list[str] = []

    class Library:
        @staticmethod
        def svg_to_png(svg: str, scale: float) -> bytes:
            given.append(svg)
            return b"png"

        @staticmethod
        def svg_to_pdf(svg: str) -> bytes:
            given.append(svg)
            return b"pdf"

    monkeypatch.setitem(sys.modules, "vl_convert", Library)
    assert viz.draw(MODELS["lecture"]()).image(kind) == kind.encode()
    families = re.findall(r'font-family="([^"]*)"', given[0])
    assert families
    assert all(family.startswith("'DejaVu Sans'") for family in families)


def test_without_a_library_png_says_what_to_install(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    for name in ("J.png", "J.pdf"):
        with pytest.raises(viz.EngineError, match="pip install vl-convert-python"):
            viz.draw(lecture()).save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def frames_of(made: bytes) -> list[tuple[Any, int]]:
    """Return the pixels of the frames of a GIF, each with its milliseconds."""
    image = pytest.importorskip("PIL.Image", reason="the extra 'images' is not installed")
    gif, frames = image.open(io.BytesIO(made)), []
    for k in range(gif.n_frames):
        gif.seek(k)
        frames.append((np.asarray(gif.convert("RGB")), gif.info["duration"]))
    assert gif.info["loop"] == 0  # for ever
    return frames


def count(pixels: Any, colour: str) -> int:
    """Return how many pixels have exactly a colour."""
    wanted = [int(colour[k : k + 2], 16) for k in (1, 3, 5)]
    return int((pixels == wanted).all(axis=2).sum())


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_gif_plays_the_steps_of_the_page(tmp_path: Path, theme: str) -> None:
    pytest.importorskip("vl_convert", reason="the extra 'images' is not installed")
    drawing = viz.draw(lecture(), theme=theme)
    steps = steps_of(drawing.view).steps
    frames = frames_of(drawing.save(tmp_path / "J.gif").read_bytes())
    assert len(frames) == len(steps)
    assert len({pixels.shape for pixels, _ in frames}) == 1
    assert frames[-1][1] > 2 * frames[0][1]  # time to look at the whole
    colours = {"light": LIGHT, "dark": DARK}[theme]
    assert (frames[0][0][0, 0] == [int(colours.background[k : k + 2], 16) for k in (1, 3, 5)]).all()
    ahead = [
        count(p, colours.backward) for (p, _), s in zip(frames, steps, strict=True) if not s.back
    ]
    back = [count(p, colours.backward) for (p, _), s in zip(frames, steps, strict=True) if s.back]
    assert ahead
    assert len(set(ahead)) == 1  # the legend's arrow alone
    assert min(back) >= ahead[0]
    assert back[-1] > back[0]
    for (one, _), (other, _) in pairwise(frames):
        assert (one != other).any()


def test_a_film_is_a_gif_of_its_times(tmp_path: Path) -> None:
    pytest.importorskip("vl_convert", reason="the extra 'images' is not installed")
    drawings = []
    for value in (1.0, 20.0, 300.0):
        J = (leaf(value, "w") ** 2).named("J")
        J.backward()
        drawings.append(viz.draw(J))
    film = viz.film(drawings)
    frames = frames_of(film.save(tmp_path / "film.gif").read_bytes())
    assert len(frames) == 3
    assert len({pixels.shape for pixels, _ in frames}) == 1
    assert (frames[0][0] != frames[1][0]).any()
    with pytest.raises(ValueError, match=r"needs one of the endings \.html, \.gif"):
        film.save(tmp_path / "film.svg")


def test_a_gif_of_too_many_steps_or_without_pillow_says_what_to_do(
    tmp_path: Path, monkeypatch: Any
) -> None:
    x = leaf(1.0, "x")
    for k in range(301):
        x = (x + 1).named(f"x{k}")
    with pytest.raises(
        viz.EngineError, match=r"302 frames, and 300 are the most; .*depth=0.*\.html"
    ):
        viz.draw(x, max_nodes=1000).save(tmp_path / "J.gif")
    monkeypatch.setitem(sys.modules, "PIL", None)
    for made in (viz.draw(lecture()), viz.film([viz.draw(lecture())])):
        with pytest.raises(viz.EngineError, match="pip install pillow"):
            made.save(tmp_path / "J.gif")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_dot_makes_images_where_it_is_asked_for(tmp_path: Path) -> None:
    drawing = viz.draw(lecture(), engine="dot")
    assert drawing.save(tmp_path / "J.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert drawing.save(tmp_path / "J.pdf").read_bytes()[:5] == b"%PDF-"


def test_graphvizs_source_is_there_to_style() -> None:
    source = viz.draw(lecture()).graphviz
    assert isinstance(source, graphviz.Source)
    assert source.source == viz.draw(lecture()).dot
    if shutil.which("dot"):
        assert source.pipe("svg").startswith(b"<?xml")


# -- explain ---------------------------------------------------------------------------------------


def test_explain_derives_by_hand() -> None:
    text = viz.explain(lecture()).text
    lines = [line.strip() for line in text.splitlines()]
    assert lines[0] == "The derivative of J by a, b, c"
    assert lines[3:8] == [
        "a = 5, given",
        "b = 3, given",
        "c = 2, given",
        "u = b · c = 3 · 2 = 6",
        "v = a + u = 5 + 6 = 11",
    ]
    assert "∂J/∂u = ∂J/∂v · ∂v/∂u = 3 · 1 = 3" in lines
    assert "∂J/∂b = ∂J/∂u · ∂u/∂b = 3 · 2 = 6, where ∂u/∂b = c = 2" in lines
    assert "∂J/∂c = ∂J/∂u · ∂u/∂c = 3 · 3 = 9, where ∂u/∂c = b = 3" in lines


def test_explain_with_respect_to_one_input_tells_its_paths_only() -> None:
    a, b = leaf(2.0, "a"), leaf(3.0, "b")
    J = (a * b + b * b).named("J")
    J.backward()
    text = viz.explain(J, wrt=b).text
    assert "The sum over 3 paths: ∂J/∂b = 2 + 3 + 3 = 8 (3 paths)" in text
    assert "∂J/∂a" not in text
    assert "∂J/∂a" in viz.explain(J, wrt=[a, b]).text


def test_explain_as_latex_and_markdown() -> None:
    made = viz.explain(lecture())
    by, whole = r"\frac{\partial u}{\partial b}", r"\frac{\partial J}{\partial u}"
    chain = rf"\frac{{\partial J}}{{\partial b}} = {whole} \cdot {by} = 3 \cdot 2 = 6"
    chain += rf", \quad {by} = c = 2"
    assert f"${chain}$" in made.markdown
    assert chain in made.latex
    assert made._repr_markdown_() == made.markdown
    assert str(made) == made.text


def test_explain_of_arrays_gives_the_rules() -> None:
    W, X = leaf(np.ones((2, 3)), "W"), Tensor(np.ones((3, 4)), name="X")
    J = (W @ X).named("Z").sum().named("J")
    J.backward()
    assert "∂J/∂W = ∂J/∂Z @ Xᵀ" in viz.explain(J).text


def test_explain_needs_a_backward_pass_and_a_path(tmp_path: Path) -> None:
    a, b = leaf(2.0, "a"), leaf(3.0, "b")
    J = a * a
    with pytest.raises(viz.NotDrawable, match=r"call backward\(\) first"):
        viz.explain(J)
    J.backward()
    with pytest.raises(viz.NotDrawable, match="does not depend on b"):
        viz.explain(J, wrt=b)
    with pytest.raises(viz.NotDrawable, match=r"needs an autograd\.Tensor, got float"):
        viz.explain(3.0)
    with pytest.raises(ValueError, match=r"one of the endings \.txt, \.md, \.tex"):
        viz.explain(J).save(tmp_path / "J.svg")
    assert viz.explain(J).save(tmp_path / "J.md").read_text("utf-8") == viz.explain(J).markdown


# -- the page without a browser --------------------------------------------------------------------


class Page(HTMLParser):
    """The elements, the script texts and the policy of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))
        self.inside = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside == "script":
            self.scripts[-1] += data


def test_the_page_refers_to_nothing_and_lets_nothing_else_in() -> None:
    text = viz.draw(lecture()).html
    page = Page(text)
    assert not {t for t, _ in page.tags} & {"link", "img", "iframe", "object", "embed", "a", "base"}
    for _, attributes in page.tags:
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name not in {"src", "href", "style", "xlink:href"}
            assert "url(" not in (value or "")
    (policy,) = [a["content"] for t, a in page.tags if t == "meta" and "http-equiv" in a]
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert len(page.scripts) == 2
    assert "http" not in page.scripts[1]


@settings(max_examples=60, deadline=None)
@given(names)
@example("$0$")
def test_names_in_the_page_read_back(name: str) -> None:
    J = scoped(name)
    text = viz.draw(J).html
    page = Page(text)
    assert len(page.scripts) == 2
    data = json.loads(page.scripts[0])
    assert data["pictures"]
    labels = [a.get("aria-label") for t, a in page.tags if a.get("class") == "node"]
    assert len(labels) >= len(viz.draw(J).view.nodes)
    assert f'<h1 id="title">{html.escape(viz.draw(J).view.title)}</h1>' in text
    assert clean(readable(name)) in (labels[0] or "")


def test_the_same_program_gives_the_same_page() -> None:
    assert viz.draw(lecture()).html == viz.draw(lecture()).html


def test_a_format_is_one_line_of_the_table(tmp_path: Path, monkeypatch, capsys) -> None:
    upper = viz.Format("the steps, shouted", lambda d: d.text.upper())
    monkeypatch.setitem(viz.FORMATS, ".loud", upper)
    drawing = viz.draw(scoped("J"))
    written = drawing.save(tmp_path / "J.loud").read_text("utf-8")
    assert written == drawing.text.upper()
    with pytest.raises(ValueError, match=r"needs one of the endings .*\.gif, \.loud\."):
        drawing.save(tmp_path / "J.none")
    with pytest.raises(SystemExit):
        main(["draw", "--help"])
    assert ".loud the steps, shouted" in " ".join(capsys.readouterr().out.split())


def test_a_space_after_a_subscript_stays_in_any_renderer() -> None:
    W, x = (Tensor(v, requires_grad=True, name=n) for n, v in (("W1", np.eye(2)), ("x", [1.0, 2])))
    svg = viz.draw((W @ x).named("Z1").sum()).svg
    texts = [t for t in re.findall(r"<text .*?</text>", svg) if "> " in t]
    assert len(texts) >= 2  # W₁ @ x, and ∂u @ xᵀ beside ∂W₁
    assert all('xml:space="preserve"' in t for t in texts)


@pytest.mark.parametrize(
    "name", [r"\hat{\mu}", r"\hat{\beta}", r"\bar{\alpha}", r"\tilde{\eta}", "x⃗"]
)
def test_letters_with_marks_are_drawn_as_png_and_so_is_what_comes_after(name: str) -> None:
    """A library that draws text ended in a panic there, and made no picture any more."""
    pytest.importorskip("vl_convert", reason="the extra 'images' is not installed")
    parts = [leaf(1.0, n) for n in ("a", "b", name, "c", "x^T")]
    J = (sum(parts[1:], parts[0] * 1.0) ** 2).named("J")
    J.backward()
    assert viz.draw(J).image("png").startswith(b"\x89PNG")
    assert viz.draw((leaf(1.0, "w") * 2).named("K")).image("pdf").startswith(b"%PDF")
