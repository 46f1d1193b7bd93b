"""What rounding can make of a gradient: the recorded program again, each result off by one digit.

A gradient that is 0 in exact arithmetic comes out as the rounding of what was summed, here or by
hand, and two such numbers have no digit in common. How large they can be is measured: every value
and every cotangent is multiplied by 1 ± machine epsilon, at random, and the gradients that come out
are compared (stochastic arithmetic: J. Vignes, A stochastic arithmetic for reliable scientific
computation, 1993). Rounding grows with the digit; what does not is a jump, at a kink, and no noise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.backward import pulled, single
from autograd.cotangents import conform
from autograd.graph import Graph
from autograd.node import Constant, Leaf, Node

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autograd.tensor import Tensor

__all__ = ["FACTOR", "noise"]

from_engine = True

SAMPLES, FACTOR = 6, 8.0  # runs, and how many machine epsilons are allowed to rounding


def noise(output: Tensor, seed: Any, wanted: Sequence[Node]) -> tuple[Any, list[Any]]:
    """Return how far rounding may move a result, and its gradients.

    Parameters
    ----------
    output : Tensor
        A recorded result.
    seed : array_like
        The weights of its elements, of its shape.
    wanted : sequence of Node
        What the gradients are taken by.

    Returns
    -------
    value : array
        For each element of the result, the distance that rounding explains.
    gradients : list of array
        The same for each gradient; 0 where the program cannot be run again.
    """
    assert output._node is not None
    behind = Graph([output._node])._recording
    rng = np.random.default_rng(0)
    base = _run(behind, seed, wanted, None)
    small, large, huge = (
        [_run(behind, seed, wanted, (rng, size)) for _ in range(SAMPLES)]
        for size in (1, FACTOR, FACTOR**2)
    )
    if base is None:
        return np.zeros(output.shape), [np.zeros(node.shape) for node in wanted]
    floors = []
    with np.errstate(all="ignore"):
        for i, exact in enumerate(base):
            little, much, more = (
                np.max([np.abs(run[i] - exact) for run in runs if run is not None], axis=0)
                for runs in (small, large, huge)
            )
            floors.append(
                np.where(np.isfinite(much) & (2 * little <= much) & (2 * much <= more), much, 0.0)
            )
    return floors[0], floors[1:]


def _off(x: Any, by: tuple[np.random.Generator, float] | None) -> Any:
    """Return numbers that are off by some machine epsilons, at random up or down."""
    x = np.asarray(x)
    if by is None or x.dtype.kind != "f":
        return x[()]
    rng, size = by
    signs = rng.choice(np.array([-1, 1], x.dtype), x.shape)
    return (x * (1 + size * np.finfo(x.dtype).eps * signs)).astype(x.dtype)[()]


def _run(
    behind: Any,
    seed: Any,
    wanted: Sequence[Node],
    by: tuple[np.random.Generator, float] | None,
) -> list[Any] | None:
    """Compute a recorded result and its gradients again; None where a value is not known."""
    values: list[Any] = []
    behind._values = values
    found: dict[Any, Any] = {}
    with np.errstate(all="ignore"):
        for i, entry in enumerate(behind._entries):
            if isinstance(entry, Leaf):
                value = _off(entry.value, by)
            elif isinstance(entry, Node):
                value = behind._replayed(i, entry, values)
                value = None if value is None else _off(value, by)
            else:
                value = entry.value if isinstance(entry, Constant) else entry
            if value is None:
                return None
            values.append(value)
        root = behind._entries[behind.roots[0]]
        found[root] = np.asarray(seed, root.dtype)[()]
        for i in range(len(values) - 1, -1, -1):
            node = behind._entries[i]
            if not isinstance(node, Node) or node.op is None or node not in found:
                continue
            saved, g = behind._saved_again(i, node), found[node]
            if saved is None:
                return None
            if node.dtype == np.float16:
                saved, g = single(saved), single(g)
            for parent, x in zip(node.parents, pulled(node, saved, g, np.vdot), strict=False):
                if parent is not None and x is not None:
                    x = conform(_off(x, by), node, parent)
                    found[parent] = found[parent] + x if parent in found else x
    result = np.asarray(values[behind.roots[0]], np.float64)
    return [result, *(np.asarray(found.get(n, np.zeros(n.shape)), np.float64) for n in wanted)]
