"""Files and terminals: what is written, read and printed, and what is refused."""

from __future__ import annotations

import io
import json
import os
import pickle
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd
import nn
import viz
from autograd.__main__ import main as autograd_main
from tests.autograd.helpers import leaf
from viz.__main__ import main
from viz.expression import ExpressionError
from viz.files import write
from viz.text import clean

ROOT = Path(__file__).resolve().parents[2]


def saved(path: Path, text: str = "new") -> Path:
    return write("test", path, {".svg": lambda: text})


def test_a_link_stays_one_and_what_it_leads_to_is_written(tmp_path: Path) -> None:
    target, link = tmp_path / "real.svg", tmp_path / "link.svg"
    target.write_text("old")
    link.symlink_to(target)
    saved(link)
    assert link.is_symlink()
    assert target.read_text("utf-8") == "new"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_modes_and_the_umask_stay(tmp_path: Path) -> None:
    path = tmp_path / "J.svg"
    old = os.umask(0o027)
    try:
        saved(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        path.chmod(0o604)
        saved(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o604
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(old)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
@pytest.mark.parametrize("linked", [False, True])
def test_what_is_no_regular_file_is_never_replaced(tmp_path: Path, linked: bool) -> None:
    pipe, link = tmp_path / "pipe.svg", tmp_path / "link.svg"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    with pytest.raises(OSError, match="no regular file"):
        saved(link if linked else pipe)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_link_to_itself_is_an_error_of_ours(tmp_path: Path) -> None:
    link = tmp_path / "loop.svg"
    link.symlink_to(link)
    with pytest.raises(OSError, match="leads back to itself"):
        saved(link)
    assert link.is_symlink()


def test_names_may_be_as_long_as_the_system_takes(tmp_path: Path) -> None:
    assert saved(tmp_path / ("n" * 251 + ".svg")).read_text("utf-8") == "new"


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "J.svg"
    path.write_text("old")

    def fails() -> str:
        raise ValueError("no picture")

    with pytest.raises(ValueError, match="no picture"):
        write("test", path, {".svg": fails})
    assert path.read_text("utf-8") == "old"

    class Broken(str):
        def encode(self, *_: Any) -> bytes:  # type: ignore[override]
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        write("test", path, {".svg": lambda: Broken("x")})
    assert path.read_text("utf-8") == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["J.svg"]


def test_a_name_that_begins_with_a_dash_is_kept(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["draw", "J = a*a", "a=2", "-o", "-rf.svg"]) == 0
    assert [p.name for p in tmp_path.iterdir()] == ["-rf.svg"]


def test_a_saved_view_is_drawn_again(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.chdir(tmp_path)
    values = ["a=5", "b=3", "c=2"]
    for name in ("J.json", "J.svg"):
        assert main(["draw", "J = 3*(a + b*c)", *values, "-o", name, "--theme", "dark"]) == 0
    assert main(["draw", "J.json", "-o", "again.svg", "--theme", "dark"]) == 0
    assert Path("again.svg").read_bytes() == Path("J.svg").read_bytes()
    assert main(["draw", "J.json", "-o", "light.svg"]) == 0
    assert Path("light.svg").read_bytes() != Path("J.svg").read_bytes()
    assert main(["play", "J.json", "-o", "J.html"]) == 0
    assert main(["draw", "J.json", "--rows", "2", "-o", "rows.json"]) == 0
    assert viz.GraphView.from_json(Path("rows.json").read_text()).rows == 2
    capsys.readouterr()
    Path("bad.json").write_text("{}")
    refused = {
        ("J.json", "--depth", "1"): "--depth: needs the graph",
        ("J.json", "--depth", "0"): "--depth: needs the graph",
        ("J.json", "--max-nodes", "2"): "--max-nodes: needs the graph",
        ("J.json", "--rows", "0"): "at least 1, got 0",
        ("none.json",): "no such file",
        ("bad.json",): "not the JSON of a view",
    }
    for words, why in refused.items():
        assert main(["draw", *words]) == 1
        assert why in capsys.readouterr().err


def test_an_endless_file_is_refused_at_once(capsys: Any) -> None:
    start = time.perf_counter()
    assert main(["draw", "-f", "/dev/zero", "a=2"]) == 1
    assert time.perf_counter() - start < 5
    assert "viz:" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        "sum(outer(outer(outer(outer(x,x),x),x),x))",
        "sum(outer(outer(outer(x,x),outer(x,x)),outer(x,x)))",
    ],
)
def test_results_have_a_limit_as_values_have(text: str, capsys: Any) -> None:
    start = time.perf_counter()
    assert main(["draw", text, f"x={list(range(1, 60))}"]) == 1
    assert time.perf_counter() - start < 5
    assert "elements is more than 1000000" in capsys.readouterr().err


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_terminals_without_our_signs_get_escapes(encoding: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "viz", "explain", "J = a*b", "a=2", "b=3"],
        capture_output=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
    )
    assert done.returncode == 0, done.stderr
    assert rb"\u2202J/\u2202a" in done.stdout


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
@pytest.mark.parametrize("module", ["autograd", "viz"])
def test_a_derivation_is_checked_on_such_terminals_too(
    encoding: str, module: str, tmp_path: Path
) -> None:
    def run(*words: str) -> Any:
        command = [sys.executable, "-m", module, "check", *words]
        environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
        return subprocess.run(command, capture_output=True, check=False, cwd=ROOT, env=environment)

    template = run("--template").stdout
    path = tmp_path / "derived.py"
    path.write_bytes(template.replace(b'cache["A2"] - Y', b'Y - cache["A2"]'))
    done = run(str(path))
    assert done.returncode == 1, done.stderr
    assert rb"dZ2 = A2 \u2212 Y" in done.stdout


def test_a_long_note_in_a_saved_view_takes_no_time(tmp_path: Path, capsys: Any) -> None:
    J = (leaf(2.0, "x") * 3).named("J")
    saved = json.loads(viz.draw(J).view.to_json())
    saved["notes"] = ["a" * 300_000, "b " * 10_000]
    path = tmp_path / "J.json"
    path.write_text(json.dumps(saved), "utf-8")
    start = time.process_time()
    assert main(["draw", str(path), "-o", str(tmp_path / "J.svg")]) == 0
    assert time.process_time() - start < 3
    assert "a…" in (tmp_path / "J.svg").read_text("utf-8")


def test_a_file_that_claims_terabytes_is_refused(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "x.npy"
    np.save(path, np.zeros(3))
    path.write_bytes(path.read_bytes().replace(b"(3,), }" + b" " * 12, b"(%d,), }" % 10**13))
    assert main(["draw", "J = sum(x)", f"x={path}"]) == 1
    assert "Unable to allocate" in capsys.readouterr().err


def test_the_version_is_told_and_one() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    assert f'version = "{autograd.__version__}"' in text
    assert autograd.__version__ == nn.__version__ == viz.__version__
    assert 'retrograd = "viz.__main__:main"' in text
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    with pytest.raises(SystemExit) as ended:
        autograd_main(["--version"])
    assert ended.value.code == 0


def test_pickled_objects_in_a_file_are_not_run(tmp_path: Path, capsys: Any) -> None:
    class Runs:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "run",))

    np.save(tmp_path / "x.npy", np.array([Runs()], object), allow_pickle=True)
    assert main(["draw", "J = sum(x)", f"x={tmp_path / 'x.npy'}"]) == 1
    assert not (tmp_path / "run").exists()
    assert "holds no array of numbers" in capsys.readouterr().err


def test_tabs_separate_the_columns_of_tsv(tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "x.tsv").write_text("1\t2\n3\t4\n")
    assert main(["explain", "J = sum(x @ x)", f"x={tmp_path / 'x.tsv'}"]) == 0
    assert "54" in capsys.readouterr().out
    (tmp_path / "y.tsv").write_text("1,2\n3,4\n")
    assert main(["explain", "J = sum(y)", f"y={tmp_path / 'y.tsv'}"]) == 1


def test_signs_that_turn_the_direction_of_writing_are_taken_out() -> None:
    for sign in "\u202e\u2066\u200f\u061c":
        assert sign not in clean(f"a{sign}b")
    J = (leaf(1.0, "w\u202etxt.exe") * 2).named("J")
    J.backward()
    assert "\u202e" not in viz.draw(J).svg


def test_a_mistake_in_an_expression_survives_pickling() -> None:
    error = ExpressionError("unknown name 'd'", "J = a + d", 8)
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error)
    assert (again.text, again.position) == (error.text, error.position)


def hostile() -> dict[str, Any]:
    J = (leaf(2.0, "w") * 3).named("J")
    J.backward()
    text = viz.draw(J).view.to_json()

    def changed(**fields: Any) -> str:
        return json.dumps({**json.loads(text), **fields})

    def card(**fields: Any) -> str:
        data = json.loads(text)
        data["nodes"][0].update(fields)
        return json.dumps(data)

    def edge(**fields: Any) -> str:
        data = json.loads(text)
        data["edges"][0].update(fields)
        return json.dumps(data)

    return {
        "depth": "[" * 100_000,
        "rows": changed(rows=1_000_000_000),
        "outputs": changed(outputs=1_000_000_000),
        "a row of a header": card(row=1_000_000_000),
        "value of another type": card(value={"a": 1}),
        "value of numbers": card(value=[1, 2]),
        "scope as one text": card(scope="layer1"),
        "NaN": card(norm=float("nan")),
        "infinite": card(norm=float("inf")),
        "negative": card(norm=-1.0),
        "boolean norm": card(norm=True),
        "mark": card(mark="<script>"),
        "back": edge(back="yes"),
        "slot": edge(slot=True),
        "surrogate": card(name="\ud800"),
        "number": "3",
        "nothing": "",
    }


@pytest.mark.parametrize("name", hostile())
def test_hostile_views_are_refused_at_the_door(name: str) -> None:
    start = time.perf_counter()
    with pytest.raises(ValueError, match=r"GraphView\.from_json"):
        viz.GraphView.from_json(hostile()[name])
    assert time.perf_counter() - start < 2


def test_views_with_every_mark_come_back() -> None:
    with np.errstate(all="ignore"):
        w = leaf([0.0, 1.0], "w")
        J = (np.log(w) * 0.0).sum() + (w * 1e-9).sum()
        J.backward()
    view = viz.draw(J, health=True).view
    assert any(n.mark for n in view.nodes)
    assert viz.GraphView.from_json(view.to_json()) == view


def test_a_stream_that_is_no_terminal_is_left_alone(monkeypatch: Any) -> None:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    assert main(["explain", "J = a*a", "a=2"]) == 0
    assert "∂J/∂a" in out.getvalue()


def test_each_ending_writes_what_it_says(tmp_path: Path) -> None:
    """Each file begins as one of its kind does, and has the cost's name or pixels in it."""
    from viz.formats import FORMATS

    begins = {
        ".svg": "<svg",
        ".html": "<!DOCTYPE html>",
        ".dot": "digraph",
        ".json": "{",
        ".txt": "Computation graph of Cost",
        ".md": "```mermaid",
        ".tex": r"\documentclass",
    }
    assert set(begins) | {".png", ".pdf", ".gif"} == set(FORMATS)
    drawing = viz.draw((leaf(2.0, "w") * 3).named("Cost"))
    for ending, begin in begins.items():
        text = drawing.save(tmp_path / f"picture{ending}").read_text("utf-8")
        lines = [line for line in text.splitlines() if line and not line.startswith(("%", "<?"))]
        lines = lines[lines.index("```mermaid") :] if ending == ".md" else lines
        assert lines[0].startswith(begin), ending
        assert "Cost" in text, ending
