"""What a user's type checker knows of the public functions."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = """
import numpy as np
import nn
from autograd import Tensor, exp, grad, value_and_grad

t = Tensor([1.0, 2.0], requires_grad=True)
y: Tensor = exp(t) * 2 + t.sum()
same = t == t
count: int = int(np.count_nonzero(same))
slope = grad(lambda x: (x * x).sum())(np.ones(2))
total: float = float(np.sum(slope))
value, g = value_and_grad(lambda x: (x * x).sum())(np.ones(2))
y.sum().backward()
step = 0.1 * t.grad
net = nn.Network([2, 3, 1], rng=0)
out: Tensor = net(np.ones((2, 4)))
flat: Tensor = out.reshape(-1).copy().flatten()
order = t.argsort()
rest: Tensor = round(t % 2, 1)
wrong: int = exp(t)  # an error: the one that is expected
"""


def run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, capture_output=True, check=False, text=True, cwd=folder)
    return done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_a_users_file_is_understood(checker: str, tmp_path: Path) -> None:
    (tmp_path / "user.py").write_text(PROGRAM)
    if checker == "mypy":
        command = [sys.executable, "-m", "mypy", "--strict", "user.py"]
        said = run(["env", f"MYPYPATH={ROOT}", *command], tmp_path)
    else:
        settings = f'{{"extraPaths": ["{ROOT}"], "typeCheckingMode": "standard"}}'
        (tmp_path / "pyrightconfig.json").write_text(settings)
        command = [sys.executable, "-m", "basedpyright"]  # pyright, with the Node.js that it needs
        said = run([*command, "--pythonpath", sys.executable, "user.py"], tmp_path)
    errors = [line for line in said.splitlines() if "error" in line and "user.py" in line]
    assert len(errors) == 1, said
    assert f":{len(PROGRAM.splitlines())}" in errors[0], said
