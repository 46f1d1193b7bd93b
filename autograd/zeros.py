"""Strong zero: a cotangent of exactly 0 stays 0, whatever the local derivative is.

In IEEE arithmetic 0 · ∞ is NaN, so a branch that `where` did not take, or the derivative of a root
at 0, can turn a whole gradient into NaN although its contribution is nothing. Here the product is 0
(Griewank and Walther, Evaluating Derivatives, 2008, chapter 14). The walk looks for NaN in what a
rule gives; only then is anything here called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.state import no_grad
from autograd.symbol import Symbol, local_derivative
from autograd.tensor import Tensor, value_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from autograd.node import Node

__all__ = ["mended"]

from_engine = True


def mended(node: Node, saved: tuple[Any, ...], g: Any, pulled: Any, slot: int) -> Any:
    """Return a rule's result again, without the NaN that a cotangent of 0 has met.

    Parameters
    ----------
    node : Node
        Whose rule ran.
    saved : tuple
        What the rule read.
    g : array or Tensor
        Its cotangent.
    pulled : array or Tensor
        What the rule gave for the operand in this slot, with NaN in it.
    slot : int
        The operand's place.
    """
    op = node.op
    assert op is not None
    operand = op.operands[0] if op.variadic else op.operands[slot]
    zero, found = np.equal(value_of(g), 0), np.isnan(value_of(pulled))
    if not np.any(zero):
        return pulled
    if np.all(zero):
        return _where(np.ones(found.shape, bool), 0.0, pulled)
    if _is_factor(node, saved, operand, slot):
        params = dict(zip(op.params, node.params, strict=True))
        if zero.shape == found.shape or "axis" in params:
            return _where(_spread(zero, found.shape, params) & found, 0.0, pulled)
    if op.bilinear:
        return _of_products(node, saved, g, pulled, operand, slot)
    return pulled


def _is_factor(node: Node, saved: tuple[Any, ...], operand: str, slot: int) -> bool:
    """Whether the rule is g times a factor of each element: so its own formula reads."""
    op = node.op
    assert op is not None
    known = dict(zip((*op.saved, *op.params), (*saved, *node.params), strict=True))
    symbols: Any = {name: Symbol(name) for name in (*op.operands, "out")}
    if op.variadic:
        symbols[operand] = [Symbol(operand)] * len(node.parents)
    rule = op.rules[operand]
    assert rule is not None
    try:
        return local_derivative(
            rule, op.asks[operand], {**known, **symbols, "i": slot}, Symbol("g")
        )[1]
    except Exception:  # a helper that cannot read symbols; then nothing is known of it
        return False


def _spread(zero: Any, shape: tuple[int, ...], params: dict[str, Any]) -> Any:
    """Return the zeros of a cotangent for each element of the operand it was reduced from."""
    from autograd.ops.reduce import kept

    if zero.shape == shape:
        return zero
    return np.broadcast_to(np.reshape(zero, kept(shape, params["axis"])), shape)


def _of_products(
    node: Node, saved: tuple[Any, ...], g: Any, pulled: Any, operand: str, slot: int
) -> Any:
    """Mend a rule that adds up products, such as that of matmul.

    Terms with g = 0 count as 0. Where another term is not finite the result stays what it was: a
    count of the terms whose g is not 0 tells.
    """
    op = node.op
    assert op is not None
    arrays = {*op.operands, "out"}

    def ask(cotangent: Any, each: Callable[[Any], Any]) -> Any:
        values = [
            (tuple(map(each, v)) if isinstance(v, tuple) else each(v)) if n in arrays else v
            for n, v in zip(op.saved, saved, strict=True)
        ]
        return op.pull(node, tuple(values), cotangent)[slot]

    def finite(v: Any) -> Any:
        return v if v is None else _where(np.isfinite(value_of(v)), v, 0.0)

    weight = np.not_equal(value_of(g), 0).astype(float)
    with no_grad():
        terms = ask(weight, lambda v: v if v is None else np.ones(np.shape(value_of(v))))
        good = ask(weight, lambda v: v if v is None else np.isfinite(value_of(v)).astype(float))
    return _where(np.equal(terms, good), ask(g, finite), pulled)


def _where(condition: Any, x: Any, y: Any) -> Any:
    """Choose elements; recorded where a Tensor takes part, as a rule's own arithmetic is."""
    chosen: Any = np.where(condition, x, y)
    return chosen if type(chosen) is Tensor else chosen[()]
