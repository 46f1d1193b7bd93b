"""The small workloads of this version beside those of another one, in turn.

    git worktree add ../before c5cf6db
    python benchmarks/beside_version.py ../before

Each run is a process that times every workload of `workloads.py` for half a second. Printed are the
minima over all runs, and the median ratio to the hand-written NumPy beside it in the same process.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def workloads(module: Any) -> dict[str, Any]:
    """Return what makes the two sides of each workload."""
    return {
        "W2, 1 element": lambda: module.w2(1),
        "W2, 100 elements": lambda: module.w2(100),
        "W3, 30 x 569": lambda: module.w3(30, 569),
        "W4, 2-20-7-5-1": lambda: module.w4([2, 20, 7, 5, 1], 209, float),
        "W6": lambda: module.w6(),
        "W8": lambda: module.w8(30, 569),
    }


def measure(folder: str, seconds: float) -> None:
    """Print for each workload the least time of a version, and its median ratio to NumPy."""
    sys.path.insert(0, folder)
    path = Path(folder) / "benchmarks" / "workloads.py"
    spec = importlib.util.spec_from_file_location("workloads", path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["workloads"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, make in workloads(module).items():
        by_hand, ours = make()
        by_hand(), ours()
        times, ratios = [], []
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            began = time.perf_counter()
            ours()
            middle = time.perf_counter()
            by_hand()
            times.append(middle - began)
            ratios.append(times[-1] / (time.perf_counter() - middle))
        print(f"{name}\t{min(times)}\t{median(ratios)}")


def main() -> None:
    """Run both versions in turn, and print them side by side."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="of the other version")
    parser.add_argument("--runs", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.folder, options.seconds)
        return
    sides = [str(Path(options.folder).resolve()), str(ROOT)]
    found: dict[str, dict[str, list[tuple[float, float]]]] = {}
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    for run in range(options.runs):
        for side in sides if run % 2 == 0 else sides[::-1]:
            command = [sys.executable, __file__, side, "--measure", "--seconds"]
            done = subprocess.run(
                [*command, str(options.seconds)],
                env=environment,
                capture_output=True,
                text=True,
                check=True,
            )
            for line in done.stdout.splitlines():
                name, least, ratio = line.split("\t")
                found.setdefault(name, {}).setdefault(side, []).append((float(least), float(ratio)))
    print(f"{'workload':20} {'before, µs':>12} {'now, µs':>12} {'to NumPy':>16}")
    for name, by in found.items():
        before, now = (min(t for t, _ in by[side]) * 1e6 for side in sides)
        ratios = " → ".join(f"{median(r for _, r in by[side]):.2f}" for side in sides)
        print(f"{name:20} {before:12.1f} {now:12.1f} {ratios:>16}")


if __name__ == "__main__":
    main()
