"""Reduce and cast a cotangent to the shape and dtype of its operand."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.errors import ShapeError
from autograd.registry import OPS
from autograd.tensor import Tensor

if TYPE_CHECKING:
    from autograd.node import Node

__all__ = ["conform"]

from_engine = True


_HALF, _SINGLE, _DOUBLE = (np.dtype(t) for t in (np.float16, np.float32, np.float64))
_SHORT = 4096  # doubles that a product with ones adds up, within 3 times the rounding of pairs


@functools.lru_cache(maxsize=64)
def _ones(n: int) -> Any:
    return np.ones(n)


def conform(g: Any, node: Node, parent: Node) -> Any:
    """Undo the broadcasting of an operand, and give its cotangent the operand's dtype."""
    if not isinstance(g, (np.ndarray, np.generic, Tensor)):
        g = np.asarray(g)[()]
    shape, dtype, given = parent.shape, parent.dtype, g.shape
    if dtype is _HALF:  # sums of many halves need more digits than halves have
        dtype = _SINGLE
    if g.dtype is _HALF:
        g = g.astype(_SINGLE)
    if given != shape:
        if len(given) == len(shape) == 2 and shape[1] == 1 and type(g) is np.ndarray:
            n = given[1]
            if shape[0] == given[0] and 1 < n <= _SHORT and dtype is g.dtype is _DOUBLE:
                return g.dot(_ones(n)).reshape(shape)  # of a bias
        while len(given) < len(shape) and shape[0] == 1:  # an assignment drops leading ones
            g = g.reshape((1, *given))
            given = g.shape
        extra = len(given) - len(shape)
        if extra < 0 or any(k != n != 1 for k, n in zip(given[extra:], shape, strict=True)):
            raise _misfit(g, node, parent)
        axes = [*range(extra)]
        axes += [i for i, n in enumerate(shape, extra) if n == 1 and given[i] != 1]
        if axes:
            add = OPS["sum"].record if type(g) is Tensor else np.add.reduce
            g = add(g, axis=tuple(axes), keepdims=True)
        if extra:
            g = g.reshape(shape)
    return g if g.dtype == dtype else g.astype(dtype)


def _misfit(g: Any, node: Node, parent: Node) -> ShapeError:
    assert node.op is not None
    slot = 0 if node.op.variadic else node.parents.index(parent)
    return ShapeError(
        f"{node.op.name}.vjp({node.op.operands[slot]}=...): "
        f"needs a cotangent that reduces to shape {parent.shape}, got {g.shape}; correct the rule."
    )
