"""The README and the documents: their code runs, their links lead somewhere."""

from __future__ import annotations

import contextlib
import io
import linecache
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize(
    "name", ["README.md", "docs/guide.md", "docs/course.md", "docs/checking.md"]
)
def test_code_prints_what_the_page_says(name: str, registry, tmp_path, monkeypatch) -> None:
    text = (ROOT / name).read_text("utf-8")
    blocks = re.findall(r"```python\n(.*?)```(?:\s*```text\n(.*?)```)?", text, re.DOTALL)
    assert len(blocks) >= 3
    monkeypatch.chdir(tmp_path)
    space: dict[str, object] = {}
    for i, (code, expected) in enumerate(blocks):
        file = f"<{name}, block {i}>"  # whose source can be read, as that of a notebook's cell
        lines = code.splitlines(keepends=True)
        monkeypatch.setitem(linecache.cache, file, (len(code), None, lines, file))
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, file, "exec"), space)
        assert printed.getvalue().strip() == expected.strip()


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_and_pictures_lead_to_files(page: Path) -> None:
    # A target has no brackets: g[l](Z[l]) is mathematics.
    for target in re.findall(r"\]\(([^)#\[\s]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_pictures_in_the_docs_are_up_to_date(tmp_path) -> None:
    """The figures in docs/img are what the code draws today."""
    import runpy

    made = runpy.run_path(str(ROOT / "docs" / "make.py"))["figures"](tmp_path)
    assert len(made) >= 15
    for path in made:
        kept = ROOT / "docs" / "img" / path.name
        assert kept.read_bytes() == path.read_bytes(), f"run make docs: {path.name}"


def test_generated_pages_are_up_to_date(tmp_path) -> None:
    import runpy

    program = runpy.run_path(str(ROOT / "docs" / "make.py"))
    for path in [*program["pages"](tmp_path), *program["gallery"](tmp_path)]:
        kept = ROOT / "docs" / path.relative_to(tmp_path)
        assert kept.read_text("utf-8") == path.read_text("utf-8"), path.name


@pytest.mark.slow
@pytest.mark.parametrize("name", ["logistic_regression", "deep_network"])
def test_notebooks_run_and_print_what_they_show(name: str, monkeypatch) -> None:
    """Digits apart: the last ones depend on the version of NumPy."""
    pytest.importorskip("matplotlib", reason="the extra 'plot' is not installed")
    import json
    import runpy

    path = ROOT / "examples" / "notebooks" / f"{name}.ipynb"
    execute = runpy.run_path(str(ROOT / "docs" / "notebooks.py"))["execute"]

    def shown(notebook: str) -> list[list[tuple[str, str]]]:
        return [
            [
                (
                    o["output_type"],
                    re.sub(r"[-−]?[\d.]+(e[-+]\d+)?| +", "", "".join(o.get("text", ""))),
                )
                for o in cell["outputs"]
            ]
            for cell in json.loads(notebook)["cells"]
            if cell["cell_type"] == "code"
        ]

    kept = path.read_text("utf-8")
    assert shown(execute(path)) == shown(kept)
