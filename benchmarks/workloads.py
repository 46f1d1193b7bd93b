"""Time the engine beside hand-written NumPy of the same mathematics.

Run it with ``make bench``. Both sides of each workload run in one process, in turn, and each line
gives the ratio of medians, then medians and minima. W1 gives time and memory of a chain of scalar
ops.
"""

from __future__ import annotations

import gc
import os
import platform
import sys
import time
import tracemalloc
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

import nn
from autograd import (
    Tensor,
    binary_cross_entropy_with_logits,
    hessian,
    relu,
    softmax_cross_entropy,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    Step = Callable[[], Any]


def sigmoid(z: np.ndarray) -> np.ndarray:
    """Return the logistic function of an array, without overflow."""
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)


def w2(n: int) -> tuple[Step, Step]:
    rng = np.random.default_rng(0)
    x, y, z = rng.normal(size=(3, n))

    def by_hand() -> tuple[np.ndarray, ...]:
        t = np.tanh(x * y + z)
        t.sum()
        d = 1 - t * t
        return d * y, d * x, d

    leaves = [Tensor(v, requires_grad=True) for v in (x, y, z)]
    a, b, c = leaves

    def ours() -> None:
        for leaf in leaves:
            leaf.zero_grad()
        np.tanh(a * b + c).sum().backward()

    return by_hand, ours


def w3(n_x: int, m: int) -> tuple[Step, Step]:
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(n_x, m)), (rng.random((1, m)) > 0.5).astype(float)
    W, b = rng.normal(size=(1, n_x)) / n_x**0.5, np.zeros((1, 1))

    def by_hand() -> tuple[float, np.ndarray, np.ndarray]:
        Z = W @ X + b
        J = (np.maximum(Z, 0) - Z * Y + np.log1p(np.exp(-np.abs(Z)))).sum() / m
        dZ = (sigmoid(Z) - Y) / m
        return J, dZ @ X.T, dZ.sum(axis=1, keepdims=True)

    tW, tb = Tensor(W, requires_grad=True), Tensor(b, requires_grad=True)
    tX, tY = Tensor(X), Tensor(Y)

    def ours() -> None:
        tW.zero_grad()
        tb.zero_grad()
        (binary_cross_entropy_with_logits(tW @ tX + tb, tY).sum() / m).backward()

    return by_hand, ours


def w4(n: list[int], m: int, dtype: type) -> tuple[Step, Step]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n[0], m)).astype(dtype)
    Y = (rng.random((1, m)) > 0.5).astype(dtype)
    net = nn.Network(n, rng=1, dtype=dtype)
    W, b = ([getattr(layer, k).numpy() for layer in net.layers] for k in "Wb")
    L = len(W)

    def by_hand() -> list[np.ndarray]:
        A, Z = [X], []
        for k in range(L):
            Z.append(W[k] @ A[-1] + b[k])
            A.append(np.maximum(Z[-1], 0) if k < L - 1 else Z[-1])
        z = Z[-1]
        (np.maximum(z, 0) - z * Y + np.log1p(np.exp(-np.abs(z)))).sum() / m
        dZ, grads = (sigmoid(z) - Y) / m, []
        for k in range(L - 1, -1, -1):
            grads += [dZ @ A[k].T, dZ.sum(axis=1, keepdims=True)]
            if k:
                dZ = (W[k].T @ dZ) * (Z[k - 1] > 0)
        return grads

    tX, tY = Tensor(X), Tensor(Y)

    def ours() -> None:
        net.zero_grad()
        A: Any = tX
        for layer in net.layers[:-1]:
            A = relu(layer.W @ A + layer.b)
        z = net.layers[-1].W @ A + net.layers[-1].b
        (binary_cross_entropy_with_logits(z, tY).sum() / m).backward()

    return by_hand, ours


def w5(m: int) -> tuple[Step, Step]:
    rng = np.random.default_rng(0)
    n, dtype = [784, 512, 256, 10], np.float32
    X = rng.normal(size=(n[0], m)).astype(dtype)
    Y = np.eye(10, dtype=dtype)[:, rng.integers(0, 10, m)]
    net = nn.Network(n, output="softmax", rng=1, dtype=dtype)
    theta = [p.numpy() for p in net.parameters()]
    v, s = [np.zeros_like(p) for p in theta], [np.zeros_like(p) for p in theta]
    step = [0]

    def by_hand() -> None:
        A, Z = [X], []
        for k in range(3):
            Z.append(theta[2 * k] @ A[-1] + theta[2 * k + 1])
            A.append(np.maximum(Z[-1], 0))
        shifted = Z[-1] - Z[-1].max(axis=0)
        e = np.exp(shifted)
        (np.log(e.sum(axis=0)) - (Y * shifted).sum(axis=0)).sum() / m
        dZ, grads = (e / e.sum(axis=0) - Y) / m, [np.empty(0)] * 6
        for k in (2, 1, 0):
            grads[2 * k], grads[2 * k + 1] = dZ @ A[k].T, dZ.sum(axis=1, keepdims=True)
            if k:
                dZ = (theta[2 * k].T @ dZ) * (Z[k - 1] > 0)
        step[0] += 1
        t = step[0]
        for k, g in enumerate(grads):
            v[k] *= 0.9
            v[k] += 0.1 * g
            s[k] *= 0.999
            s[k] += 0.001 * (g * g)
            root = np.sqrt(s[k] / (1 - 0.999**t))
            theta[k] -= 1e-3 / (1 - 0.9**t) * v[k] / (root + 1e-8)

    optimizer = nn.Adam(net.parameters())
    tX, tY = Tensor(X), Tensor(Y)

    def ours() -> None:
        optimizer.zero_grad()
        A: Any = tX
        for layer in net.layers[:-1]:
            A = relu(layer.W @ A + layer.b)
        z = net.layers[-1].W @ A + net.layers[-1].b
        (softmax_cross_entropy(z, tY).sum() / m).backward()
        optimizer.step()

    return by_hand, ours


def w6() -> tuple[Step, Step]:
    rng = np.random.default_rng(0)
    depth, n, m = 1000, 16, 32
    X = rng.normal(size=(n, m))
    W = [rng.normal(size=(n, n)) / 4 for _ in range(depth)]
    b = [np.zeros((n, 1)) for _ in range(depth)]

    def by_hand() -> list[np.ndarray]:
        A = [X]
        for k in range(depth):
            A.append(np.tanh(W[k] @ A[-1] + b[k]))
        A[-1].sum()
        dA, grads = np.ones((n, m)), []
        for k in range(depth - 1, -1, -1):
            dZ = dA * (1 - A[k + 1] * A[k + 1])
            grads += [dZ @ A[k].T, dZ.sum(axis=1, keepdims=True)]
            dA = W[k].T @ dZ
        return grads

    tW, tb = ([Tensor(p, requires_grad=True) for p in ps] for ps in (W, b))
    tX = Tensor(X)

    def ours() -> None:
        A = tX
        for w, c in zip(tW, tb, strict=True):
            w.zero_grad()
            c.zero_grad()
            A = np.tanh(w @ A + c)
        A.sum().backward()

    return by_hand, ours


def w8(n_x: int, m: int) -> tuple[Step, Step]:
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(n_x, m)), (rng.random(m) > 0.5).astype(float)
    w = rng.normal(size=n_x) / n_x**0.5

    def by_hand() -> np.ndarray:
        a = sigmoid(w @ X)
        return (X * (a * (1 - a) / m)) @ X.T

    tX, tY = Tensor(X), Tensor(Y)
    ours = hessian(lambda v: binary_cross_entropy_with_logits(v @ tX, tY).sum() / m)
    np.testing.assert_allclose(ours(w), by_hand(), rtol=1e-10, atol=1e-12)
    return by_hand, lambda: ours(w)


def w9(m: int) -> None:
    """Print the peak memory of one training step beside the hand-written one."""
    peaks = []
    for step in w5(m):
        step()
        tracemalloc.start()
        step()
        peaks.append(tracemalloc.get_traced_memory()[1] / 1e6)
        tracemalloc.stop()
    print(
        f"W9 peak memory of a step of 784-512-256-10, batch {m}: {peaks[1] / peaks[0]:.2f} "
        f"of hand-written (target 1.1): {peaks[0]:.1f} MB by hand, {peaks[1]:.1f} MB ours"
    )


def chain(n: int) -> tuple[Tensor, Tensor]:
    """Return a leaf and the end of n scalar ops on it."""
    x = y = Tensor(1.0, requires_grad=True)
    for _ in range(n // 2):
        y = y * 0.999
        y = y + 0.001
    return x, y


def compare(name: str, target: float, sides: tuple[Step, Step], seconds: float) -> None:
    """Time two functions in turn for a while; print the ratio of their medians."""
    by_hand, ours = sides
    for f in sides:
        f()
    spent: tuple[list[float], list[float]] = ([], [])
    began = time.perf_counter()
    once = timed(ours, 1)
    repeat = max(1, int(0.002 / max(once, 1e-9)))
    while len(spent[0]) < 7 or time.perf_counter() - began < seconds:
        for times, f in zip(spent, (by_hand, ours), strict=True):
            times.append(timed(f, repeat))
    middles, least = [median(t) for t in spent], [min(t) for t in spent]
    numbers = " ".join(f"{1e3 * t:9.3f}" for t in (*middles, *least))
    print(f"{name:44} {middles[1] / middles[0]:6.2f} {target:7.2f}   {numbers}", flush=True)


def timed(f: Step, repeat: int) -> float:
    start = time.perf_counter()
    for _ in range(repeat):
        f()
    return (time.perf_counter() - start) / repeat


def w1(n: int = 1_000_000) -> None:
    """Build, differentiate and free a chain; say what a node costs."""
    for collector in ("on", "off"):
        gc.collect()
        if collector == "off":
            gc.disable()
        try:
            marks = [time.perf_counter()]
            x, y = chain(n)
            marks.append(time.perf_counter())
            y.backward()
            marks.append(time.perf_counter())
            assert x.grad is not None
            del y
            marks.append(time.perf_counter())
        finally:
            gc.enable()
        built, walked, freed = (1e6 * (b - a) / n for a, b in pairwise(marks))
        print(
            f"W1 chain of {n} scalar ops, collector {collector:3}: {built + walked:.2f} µs per "
            f"node (target 3), built {built:.2f}, walked {walked:.2f}, freed {freed:.2f}",
            flush=True,
        )
    tracemalloc.start()
    x, y = chain(n // 10)
    held = tracemalloc.get_traced_memory()[0]
    y.backward()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(
        f"W1 memory: {10 * held / n:.0f} bytes per node held, {10 * peak / n:.0f} at the peak "
        "(target 400)"
    )


def main(seconds: float) -> None:
    threads = os.environ.get("OPENBLAS_NUM_THREADS", "default")
    print(
        f"Python {platform.python_version()}, NumPy {np.__version__}, BLAS threads {threads}; "
        "forward and backward"
    )
    w1()
    sides = f"{'by hand':>9} {'ours':>9}"
    print(f"\n{'times in ms':44} {'':6} {'':7}   {'median':^19} {'minimum':^19}")
    print(f"{'workload':44} {'ratio':>6} {'target':>7}   {sides} {sides}")
    compare("W2 ((x*y+z).tanh()).sum(), 1 element", 3.5, w2(1), seconds)
    compare("W2, 100 elements", 3.5, w2(100), seconds)
    compare("W2, 10 000 elements", 1.5, w2(10_000), seconds)
    compare("W2, 1 000 000 elements", 1.2, w2(1_000_000), seconds)
    compare("W3 logistic regression 30 x 569", 1.7, w3(30, 569), seconds)
    compare("W3 logistic regression 12288 x 209", 1.1, w3(12288, 209), seconds)
    compare("W4 network 2-20-7-5-1, m = 209", 1.4, w4([2, 20, 7, 5, 1], 209, np.float64), seconds)
    big = [12288, 20, 7, 5, 1]
    compare("W4 network 12288-20-7-5-1, float64", 1.05, w4(big, 209, np.float64), seconds)
    compare("W4 network 12288-20-7-5-1, float32", 1.05, w4(big, 209, np.float32), seconds)
    compare("W5 784-512-256-10, batch 128, Adam, float32", 1.05, w5(128), seconds)
    compare("W6 1000 layers of width 16, batch 32", 1.7, w6(), seconds)
    compare("W8 Hessian, logistic regression 30 x 569", 32, w8(30, 569), seconds)
    print()
    w9(2048)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 3.0)
