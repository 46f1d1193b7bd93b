"""Every example runs as a user would run it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
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


def test_the_loop_of_the_notes_equals_the_vectorized_form(monkeypatch) -> None:
    import importlib.util

    spec = importlib.util.spec_from_file_location("by_hand", ROOT / "examples" / "by_hand.py")
    by_hand = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(by_hand)
    rng = np.random.default_rng(0)
    w, b, X = rng.normal(size=(3, 1)), 0.3, rng.normal(size=(3, 7))
    Y = (rng.random((1, 7)) > 0.5).astype(float)
    loop, whole = (
        f(w, b, X, Y) for f in (by_hand.logistic_regression_loop, by_hand.logistic_regression)
    )
    for one, two in zip(loop, whole, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-13)
    # and both equal autograd, with w as the row W
    import nn
    from autograd import compare_backprop

    net = nn.Network([3, 1], rng=0)
    net.layer1.W.data, net.layer1.b.data = w.T, [[b]]
    J = nn.cost(net, X, Y, nn.binary_cross_entropy)
    assert J.item() == pytest.approx(whole[0], rel=1e-14)
    assert compare_backprop(J, {"W1": whole[1].T, "b1": [[whole[2]]]})
