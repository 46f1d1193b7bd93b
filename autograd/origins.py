"""Which op a value comes from, seen through what only arranges it: a sigmoid written out is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from autograd.node import Node


__all__ = ["origin_of"]

# Ops that leave numbers as they are, or keep them in bounds.
_BOUNDING = {"astype", "positive", "clip", "maximum", "minimum", "nan_to_num"}
_FAR = 12  # ops that are looked through
_SMALL_SHIFT = 1e-3  # such as the 1e-8 that keeps a logarithm finite


def _is(node: Node | None, *names: str) -> bool:
    return node is not None and node.op is not None and node.op.name in names


def _constant(node: Node) -> Any:
    """Return the value of the only constant operand of a node; None without one that is known."""
    pairs = zip(node.parents, node.constants, strict=False)
    values = [getattr(c, "value", c) for p, c in pairs if p is None]
    return values[0] if len(values) == 1 else None


def _by(node: Node | None, name: str, *numbers: float) -> bool:
    """Whether a node is an op whose only constant operand holds these numbers and no others."""
    if node is None or not _is(node, name):
        return False
    value = _constant(node)
    return value is not None and bool(np.isin(value, numbers).all())


def _divided(node: Node | None, *numbers: float) -> bool:
    """Whether a node is something divided by constants, rather than constants by it."""
    return node is not None and _by(node, "divide", *numbers) and node.parents[0] is not None


def _halved(node: Node | None) -> bool:
    return _divided(node, 2) or _by(node, "multiply", 0.5)


def _one_and(node: Node | None, name: str) -> Node | None:
    """Return the operand that an op has made and to which 1 is added."""
    if node is None or not _by(node, "add", 1):
        return None
    return next((p for p in node.parents if _is(p, name)), None)


def _is_logistic(node: Node) -> bool:
    """Whether a node is a sigmoid: 1 / (1 + e^−z), e^z / (1 + e^z) or (1 + tanh(z / 2)) / 2."""
    if _halved(node):
        return any(_one_and(p, "tanh") is not None for p in node.parents)
    if _by(node, "add", 0.5):  # ½ + tanh(z / 2) / 2
        halves = [p for p in node.parents if p is not None and _halved(p)]
        return any(_is(x, "tanh") for p in halves for x in p.parents)
    if not _is(node, "divide", "reciprocal"):
        return False
    power, above = _one_and(node.parents[-1], "exp"), node.parents[0]
    if power is None:
        return False
    if _is(node, "reciprocal") or above is None:
        return _is(node, "reciprocal") or _by(node, "divide", 1)
    return above is power or (_is(above, "exp") and above.parents == power.parents)


def _arranged(node: Node) -> Node | None:
    """Return the operand whose numbers a node has, in another place, a little moved or left out."""
    parents = [p for p in node.parents if p is not None]
    if len(parents) != 1 or node.op is None:
        return None
    (below,) = parents
    if node.op.moves or node.op.name in _BOUNDING:
        return below
    if _is(node, "add") or (_is(node, "subtract") and node.parents[0] is below):
        value = _constant(node)
        return below if value is not None and np.all(np.abs(value) <= _SMALL_SHIFT) else None
    masked = _by(node, "multiply", 0, 1)
    kept = _is(node, "divide") and node.parents[0] is below and _by(below, "multiply", 0, 1)
    return below if masked or _divided(node, 1) or kept else None  # dropout divides by keep_prob


def origin_of(node: Node) -> str | None:
    """Return the name of the op whose results a node has, seen through what arranges them."""
    at, flipped = node, None
    for _ in range(_FAR):
        if len(at.parents) == 2 and None not in at.parents and not _is(at, "divide"):
            break  # such as W A + b: a sigmoid of two operands is e^z / (1 + e^z)
        if _is_logistic(at):
            return "sigmoid"
        below = _arranged(at)
        if below is None and _by(at, "subtract", 1):
            below, flipped = at.parents[1], flipped or at  # 1 − σ(−z) is a sigmoid too
        if below is None:
            break
        at = below
    name = None if at.op is None else str(at.op.name)
    return name if flipped is None or name == "sigmoid" else "subtract"
