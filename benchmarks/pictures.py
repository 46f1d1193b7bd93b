"""What a picture costs: layout and SVG at growing size, beside `dot`, and loops folded.

    make bench, or python benchmarks/pictures.py

The graphs are chains; networks of 2-8-8-1 neurons recorded number by number; and woven ones, each
card made of two of the dozen before it. Times are medians of three runs in milliseconds, of one run
beyond 10 000 cards and for `dot`, which gets the same graph as DOT; the collector is paused, as
`draw` pauses it.
"""

from __future__ import annotations

import shutil
import time
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

import viz
from autograd import Tensor, pause_collector
from viz.layout import Card, Link, layout
from viz.render.dot import EngineError, by_dot, render_dot
from viz.render.svg import render_svg
from viz.view import EdgeView, Gradient, GraphView, NodeView

if TYPE_CHECKING:
    from collections.abc import Callable


def chain(n: int) -> GraphView:
    """Return n cards in a row."""
    return view(n, [(i, i + 1) for i in range(n - 1)])


def woven(n: int) -> GraphView:
    """Return n cards, each made of two of the dozen before it."""
    rng = np.random.default_rng(0)
    ends = []
    for target in range(1, n):
        near = rng.integers(max(0, target - 12), target, 2)
        ends += [(int(source), target) for source in near]
    return view(n, ends)


def network(n: int) -> GraphView:
    """Return about n cards of a small network's cost, recorded number by number."""
    rng = np.random.default_rng(0)

    def number() -> Tensor:
        return Tensor(rng.uniform(-1, 1), requires_grad=True)

    sizes, total = (2, 8, 8, 1), Tensor(0.0)
    layers = [
        [([number() for _ in range(a)], number()) for _ in range(b)] for a, b in pairwise(sizes)
    ]
    for _ in range(max(1, n // 222)):  # numbers that an example computes
        values: list[Any] = [1.0, -0.5]
        for layer in layers:
            values = [
                np.tanh(sum((w * a for w, a in zip(weights, values, strict=True)), bias))
                for weights, bias in layer
            ]
        total = total + (values[0] - 1.0) ** 2
    total.backward()
    return viz.draw(total, max_nodes=10**7, repeats=False).view


def recorded(n: int) -> Tensor:
    """Return the result of about n sums and products, each of two of the dozen before it."""
    rng = np.random.default_rng(0)
    made = [Tensor(0.5, requires_grad=True), Tensor(1.5, requires_grad=True)]
    for k in range(2, n):
        a, b = (made[i] for i in rng.integers(max(0, k - 12), k, 2))
        made.append(a - b if k % 2 else a * 0.5 + b)
    total = sum(made[-12:], Tensor(0.0))
    total.backward()
    return total


def view(n: int, ends: list[tuple[int, int]]) -> GraphView:
    nodes = tuple(
        NodeView(
            i, "op", f"v{i}", "a · b", ("1.234",), Gradient(f"∂J/∂v{i}", "0.5678"), (), f"v{i}"
        )
        for i in range(n)
    )
    edges = tuple(
        EdgeView(*(source, target, slot), back=True, symbol=f"∂v{target}/∂v{source}", formula="1.5")
        for slot, (source, target) in enumerate(ends)
    )
    return GraphView("benchmark", (), nodes, edges)


def milliseconds(f: Callable[[], object], runs: int = 1) -> float:
    spent = []
    with pause_collector():
        for _ in range(runs):
            began = time.perf_counter()
            f()
            spent.append(1000 * (time.perf_counter() - began))
    return median(spent)


def placed(graph: GraphView) -> None:
    cards = [Card(n.id, 120.0, 69.0) for n in graph.nodes]
    links = [Link(i, e.source, e.target, e.slot, 80.0) for i, e in enumerate(graph.edges)]
    layout(cards, links)


def main() -> None:
    """Print the table."""
    print(f"{'graph':8} {'nodes':>7} {'layout':>9} {'with SVG':>9} {'dot':>9}   ms")
    for name, make, sizes in (
        ("chain", chain, (100, 1000, 10_000, 100_000)),
        ("network", network, (1000, 10_000)),
        ("woven", woven, (100, 1000, 10_000)),
    ):
        for n in sizes:
            graph = make(n)
            runs = 3 if n <= 10_000 else 1
            alone = milliseconds(lambda graph=graph: placed(graph), runs)
            whole = milliseconds(lambda graph=graph: render_svg(graph), runs)
            beside = "–"
            if shutil.which("dot") and n <= 1000:
                source = render_dot(graph)
                try:
                    beside = f"{milliseconds(lambda s=source: by_dot(s, 'svg', timeout=120)):.0f}"
                except EngineError:
                    beside = "> 120 s"
            print(
                f"{name:8} {len(graph.nodes):7} {alone:9.1f} {whole:9.1f} {beside:>9}", flush=True
            )
    for n in (1000, 10_000):
        total = recorded(n)
        spent = milliseconds(lambda y=total: viz.draw(y, max_nodes=10**6, repeats=False).svg)
        cards = len(viz.draw(total, max_nodes=10**6, repeats=False).view.nodes)
        print(
            f"the whole of viz.draw(J).svg, {cards} woven cards: {spent / 1000:.2f} s", flush=True
        )
    for n in (10_000, 100_000, 1_000_000):
        y = x = Tensor(1.0, name="x", requires_grad=True)
        with pause_collector():
            for _ in range(n // 2):
                y = np.tanh(y) * 1.01
            y.backward()
        spent = milliseconds(lambda y=y: viz.draw(y).svg)
        print(f"a loop of {n} recorded ops, drawn folded: {spent / 1000:.2f} s", flush=True)
        del x, y


if __name__ == "__main__":
    main()
