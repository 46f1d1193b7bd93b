"""Every example runs as a user would run it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHORT = sorted(p for p in (ROOT / "examples").glob("*.py") if p.name != "demo.py")


def run(*command: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONWARNINGS": "error"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("path", SHORT, ids=lambda p: p.stem)
def test_example_runs_and_its_assertion_holds(path: Path, tmp_path) -> None:
    assert "assert " in path.read_text("utf-8")
    assert run(str(path), cwd=tmp_path)


def test_demo_trains_proves_and_draws(tmp_path) -> None:
    pytest.importorskip("sklearn", reason="the extra 'examples' is not installed")
    out = run(str(ROOT / "examples" / "demo.py"), "made", cwd=tmp_path)
    files = ["lecture", "logistic", "network-folded", "network-opened", "network-neurons", "cost"]
    names = [*(f"{f}.svg" for f in files), "lecture.html", "training.html"]
    assert sorted(p.name for p in (tmp_path / "made").iterdir()) == sorted(names)
    assert all(name in out for name in names)
    errors = re.findall(r"^  [Wb]\d +[\d×]+ +(\S+) +(\S+)  great$", out, re.MULTILINE)
    assert len(errors) == 2 + 8 + 8
    assert all(float(hand) < 1e-12 and float(numerical) < 1e-7 for hand, numerical in errors)
    test = [float(x) for x in re.findall(r"(\d+\.\d)% +(?:\d\.\d+|–)$", out, re.MULTILINE)]
    assert len(test) == 3
    assert min(test[:2]) >= test[2] - 2.0
