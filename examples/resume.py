"""A run that is killed goes on where its checkpoint stands, to the same last bit.

python examples/resume.py [costs.svg]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import nn

EPOCHS, KILLED = 60, 25


def train(checkpoint: Path, killed_after: int | None = None) -> tuple[nn.Network, nn.History]:
    """Train, or go on; with `killed_after` the process ends without a word in that epoch."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2, 300))
    Y = (np.sum(X**2, axis=0, keepdims=True) < 1.4).astype(float)
    net = nn.Network([2, 16, 1], keep_prob=0.9, rng=1)

    def watch(epoch: int, history: nn.History) -> None:
        if epoch == killed_after:
            import os
            import signal

            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))

    history = nn.fit(
        net, X, Y, learning_rate=0.01, epochs=EPOCHS, rng=2, checkpoint=checkpoint, on_epoch=watch
    )  # fmt: skip
    return net, history


def main(picture: str | None = None) -> None:
    """Kill a run, resume it, and lay it beside one that nobody disturbed."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "run.safetensors")
        command = [sys.executable, __file__, "--train", str(file)]
        code = subprocess.run(command, check=False).returncode
        print(f"the first process ended with {code}, and left {file.stat().st_size} bytes")
        resumed, history = train(file)
        whole, other = train(Path(folder, "other.safetensors"))
    equal = [np.array_equal(resumed[k].data, whole[k].data) for k in ("W1", "b1", "W2", "b2")]
    print(f"resumed and uninterrupted parameters equal: {equal}")
    assert code != 0
    assert all(equal)
    assert history.cost == other.cost
    if picture is not None:
        nn.save_plot(picture, lambda ax: costs(ax, history))


def costs(ax: Any, history: nn.History) -> None:
    """Draw the cost of both processes."""
    nn.plot_cost(history, ax=ax, title="One run in two processes")
    ax.axvline(KILLED, color="#D55E00", ls="--")
    ax.annotate("SIGKILL; resumed from the checkpoint", (KILLED, max(history.cost)), (6, -12),
                textcoords="offset points", color="#B24A00")  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1:2] == ["--train"]:
        train(Path(sys.argv[2]), killed_after=KILLED)
    main(*sys.argv[1:2])
