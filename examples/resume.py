"""A run that is killed goes on where its checkpoint stands, to the same last bit."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import nn

EPOCHS = 60


def train(checkpoint: Path, killed_after: int | None = None) -> nn.Network:
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

    nn.fit(
        net, X, Y, learning_rate=0.01, epochs=EPOCHS, rng=2, checkpoint=checkpoint, on_epoch=watch
    )  # fmt: skip
    return net


if __name__ == "__main__":
    if len(sys.argv) > 1:
        train(Path(sys.argv[1]), killed_after=25)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "run.safetensors")
        code = subprocess.run([sys.executable, __file__, str(file)], check=False).returncode
        print(f"the first process ended with {code}, and left {file.stat().st_size} bytes")
        resumed = train(file)
        whole = train(Path(folder, "other.safetensors"))
    equal = [np.array_equal(resumed[k].data, whole[k].data) for k in ("W1", "b1", "W2", "b2")]
    print(f"resumed and uninterrupted parameters equal: {equal}")
    assert code != 0
    assert all(equal)
