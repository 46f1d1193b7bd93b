"""What an op costs, graphs of numbers, wide graphs, and micrograd's own demo beside micrograd.

    make bench, or python benchmarks/scalars.py

The demo is a perceptron 2-16-16-1 with ReLU on 100 points of two moons, a hinge loss and an L2
penalty, number by number: some 65 000 nodes a step. The same program runs on micrograd's `Value`
where micrograd is installed (A. Karpathy, https://github.com/karpathy/micrograd).
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from statistics import median
from typing import Any

import numpy as np

from autograd import Tensor, pause_collector, relu, strong_zero

Step = Callable[[], Any]


def moons(n: int = 100) -> tuple[list[list[float]], list[float]]:
    """Return points on two half circles, and labels 1 and −1."""
    rng = np.random.default_rng(1)
    t, s = np.pi * rng.random((2, n // 2))
    upper, lower = np.c_[np.cos(t), np.sin(t)], np.c_[1 - np.cos(s), 0.5 - np.sin(s)]
    points = np.vstack([upper, lower]) + 0.1 * rng.normal(size=(n, 2))
    return points.tolist(), [1.0] * (n // 2) + [-1.0] * (n // 2)


def demo(number: Callable[[float], Any], rectified: Callable[[Any], Any], forget: Any) -> Step:
    """Return one step of the demo, on numbers of any kind that record."""
    rng = np.random.default_rng(2)
    shapes = ((16, 3), (16, 17), (1, 17))
    layers = [
        [[number(float(v)) for v in row] for row in rng.uniform(-1, 1, shape)] for shape in shapes
    ]
    X, Y = moons()

    def step() -> tuple[Any, Any]:
        scores = []
        for x in X:
            a: list[Any] = x
            for k, layer in enumerate(layers):
                z = [sum((w * v for w, v in zip(row, a, strict=False)), row[-1]) for row in layer]
                a = [rectified(v) for v in z] if k < 2 else z
            scores.append(a[0])
        losses = [rectified(1 + -y * s) for y, s in zip(Y, scores, strict=True)]
        penalty = sum(p * p for layer in layers for row in layer for p in row)
        total = sum(losses) * (1.0 / len(losses)) + 1e-4 * penalty
        for layer in layers:
            for row in layer:
                for p in row:
                    forget(p)
        total.backward()
        return total, layers[0][0][0].grad

    return step


def tensors() -> Step:
    return demo(lambda v: Tensor(v, requires_grad=True), relu, Tensor.zero_grad)


def values() -> Step:
    from micrograd.engine import Value

    return demo(Value, Value.relu, lambda p: setattr(p, "grad", 0))


def steps(side: str, times: int = 5) -> None:
    """Print the median of the seconds of some steps; garbage is left to Python, as for users."""
    step = values() if side == "micrograd" else tensors()
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        with pause_collector() if side == "paused" else nullcontext():
            step()
        spent.append(time.perf_counter() - began)
    print(median(spent))


def micrograds(rounds: int = 5) -> None:
    print("demo of micrograd, 65 000 nodes a step, seconds: median of each side's processes,")
    print("five steps each, in turn; the collector on, but for the second line")
    sides = ["ours", "paused"]
    if importlib.util.find_spec("micrograd") is not None:
        (total, slope), (other, theirs_slope) = tensors()(), values()()
        assert abs(total.item() - other.data) < 1e-12
        assert abs(slope - theirs_slope) < 1e-12
        sides.append("micrograd")
    spent: dict[str, list[float]] = {side: [] for side in sides}
    for _ in range(rounds):
        for side in sides:
            command = [sys.executable, __file__, "--demo", side]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            spent[side].append(float(done.stdout))
    for side, times in spent.items():
        print(f"  {side:24} {median(times):.3f} ({min(times):.3f} to {max(times):.3f})")
    if "micrograd" not in spent:
        print("  micrograd                not installed: pip install micrograd")
        return
    m, o, p = (median(spent[side]) for side in ("micrograd", "ours", "paused"))
    print(f"  micrograd takes {m / o:.1f} times as long as ours, {m / p:.1f} times as paused")


def overheads() -> None:
    """Time ops on 16 elements, recorded and pulled back, beside the same in NumPy."""
    a, b = np.random.default_rng(0).normal(size=(2, 4, 4))
    x, y = Tensor(a, requires_grad=True), Tensor(b, requires_grad=True)
    pairs: dict[str, tuple[Step, Step]] = {
        "add": (lambda: a + b, lambda: x + y),
        "multiply": (lambda: a * b, lambda: x * y),
        "tanh": (lambda: np.tanh(a), lambda: np.tanh(x)),
        "matmul": (lambda: a @ b, lambda: x @ y),
        "sum": (lambda: a.sum(), lambda: x.sum()),
        "getitem": (lambda: a[1], lambda: x[1]),
    }
    print("an op on 16 elements, µs (minimum of 7): NumPy, recorded, backward of it and its leaves")
    for name, (plain, recorded) in pairs.items():
        seed = np.ones(recorded().shape)

        def both(op: Step = recorded, seed: Any = seed) -> None:
            op().backward(seed)
            x.zero_grad()
            y.zero_grad()

        plain_, record, full = (
            min(timed(f, 5000) for _ in range(7)) * 1e6 for f in (plain, recorded, both)
        )
        print(f"  {name:10} {plain_:6.2f} {record:6.2f} {full - record:6.2f}", flush=True)


def timed(f: Step, repeat: int) -> float:
    began = time.perf_counter()
    for _ in range(repeat):
        f()
    return (time.perf_counter() - began) / repeat


def wide(n: int = 100_000) -> None:
    """Time one leaf that is used n times, and n parts of one array."""
    for name, build in {
        "one number used n times": lambda: sum_of(Tensor(1.5, requires_grad=True), n),
        "n elements of one array": lambda: elements_of(Tensor(np.ones(n), requires_grad=True), n),
    }.items():
        with pause_collector():
            began = time.perf_counter()
            y = build()
            built = time.perf_counter()
            y.backward()
            walked = time.perf_counter()
        print(
            f"{name}, n = {n}: built {1e6 * (built - began) / n:.2f} µs, "
            f"walked {1e6 * (walked - built) / n:.2f} µs each",
            flush=True,
        )


def sum_of(x: Any, n: int) -> Any:
    y = x
    for _ in range(n - 1):
        y = y + x
    return y


def elements_of(x: Any, n: int) -> Any:
    y = x[0]
    for i in range(1, n):
        y = y + x[i]
    return y


def strong_zeros() -> None:
    """Time W2 at 100 elements with and without the search for NaN, in turn."""
    x, y, z = (Tensor(v, requires_grad=True) for v in np.random.default_rng(0).random((3, 100)))

    def step() -> None:
        np.tanh(x * y + z).sum().backward()
        for leaf in (x, y, z):
            leaf.zero_grad()

    spent: list[list[float]] = [[], []]
    for _ in range(40):
        for times, on in zip(spent, (True, False), strict=True):
            with strong_zero(on):
                times.append(timed(step, 500) * 1e6)
    strong, ieee = (median(t) for t in spent)
    print(f"W2, 100 elements, µs: {strong:.2f} with strong zeros, {ieee:.2f} without")


if __name__ == "__main__":
    if "--demo" in sys.argv:
        steps(sys.argv[-1])
    else:
        overheads()
        strong_zeros()
        wide()
        micrograds()
