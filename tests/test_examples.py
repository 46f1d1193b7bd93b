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
LONG = {"initializations", "optimizers", "planar_flower"}  # many seconds each
SHORT = [
    pytest.param(p, id=p.stem, marks=[pytest.mark.long] if p.stem in LONG else [])
    for p in sorted((ROOT / "examples").glob("*.py"))
    if p.name != "demo.py"
]


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


@pytest.mark.parametrize("path", SHORT)
def test_example_runs_and_its_assertion_holds(path: Path, tmp_path) -> None:
    text = path.read_text("utf-8")
    assert "assert " in text
    if "import sklearn" in text or "from sklearn" in text:
        pytest.importorskip("sklearn", reason="the extra 'examples' is not installed")
    assert run(str(path), cwd=tmp_path)


PICTURES = {
    "breast_cancer": ["a.svg"],
    "digits": ["a.svg"],
    "learning_rate_decay": ["a.svg"],
    "linear_layers_and_saddles": ["a.svg"],
    "planted_bug": ["a.svg"],
    "regularization": ["a.svg"],
    "resume": ["a.svg"],
    "vanishing_gradients": ["a.svg"],
    "vectorization": ["a.svg"],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", PICTURES)
def test_example_draws_its_picture(name: str, tmp_path) -> None:
    pytest.importorskip("sklearn", reason="the extra 'examples' is not installed")
    pytest.importorskip("matplotlib", reason="the extra 'plot' is not installed")
    run(str(ROOT / "examples" / f"{name}.py"), *PICTURES[name], cwd=tmp_path)
    assert (tmp_path / "a.svg").read_text("utf-8").startswith(("<?xml", "<svg"))


def test_the_tiny_engine_has_autograds_numbers() -> None:
    """One neuron and a hundred steps: every loss, gradient and parameter, number by number."""
    import importlib.util

    spec = importlib.util.spec_from_file_location("tiny", ROOT / "examples" / "tiny.py")
    tiny = importlib.util.module_from_spec(spec)
    sys.modules["tiny"] = tiny
    spec.loader.exec_module(tiny)
    from autograd import Tensor

    w, b, losses = tiny.train(steps=100, rate=0.1)
    start, _, _ = tiny.train(steps=0)
    W = Tensor([p.data for p in start], requires_grad=True)
    B = Tensor(0.0, requires_grad=True)
    X = np.array([[-1.0, -1.0, 1.0, 1.0], [-1.0, 1.0, -1.0, 1.0]])
    Y = np.array([-1.0, 1.0, 1.0, 1.0])
    for expected in losses:
        W.zero_grad(), B.zero_grad()
        loss = ((np.tanh(W @ X + B) - Y) ** 2).sum()
        assert loss.item() == pytest.approx(expected, rel=1e-12)
        loss.backward()
        last = W.grad, B.grad
        W.data, B.data = W.data - 0.1 * W.grad, B.data - 0.1 * B.grad
    assert W.data.tolist() == pytest.approx([p.data for p in w], rel=1e-12)
    assert B.item() == pytest.approx(b.data, rel=1e-12)
    assert [p.grad for p in w] == pytest.approx(last[0].tolist(), rel=1e-11)
    # a value that is used twice, and one that is used by what it was used for
    a = tiny.Value(3.0)
    c = a * a + a
    (c * a + 2 * c - a).backward()
    t = Tensor(3.0, requires_grad=True)
    d = t * t + t
    (d * t + 2 * d - t).backward()
    assert a.grad == t.grad
    lines = (ROOT / "examples" / "tiny.py").read_text("utf-8").splitlines()
    assert len([line for line in lines if line.strip()]) <= 100  # one screen


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
