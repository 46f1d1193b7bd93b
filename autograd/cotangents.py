"""What an operand is owed of a rule's result: its own shape and its own dtype."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.errors import ShapeError
from autograd.tensor import Tensor

if TYPE_CHECKING:
    from autograd.node import Node

__all__ = ["conform"]

from_engine = True


def conform(g: Any, node: Node, parent: Node) -> Any:
    """Undo the broadcasting of an operand, and give its cotangent the operand's dtype."""
    if not isinstance(g, (np.ndarray, np.generic, Tensor)):
        g = np.asarray(g)[()]
    shape, dtype = parent.shape, parent.dtype
    if dtype == np.float16:  # sums of many halves need more digits than halves have
        dtype = np.dtype(np.float32)
    if g.dtype == np.float16:
        g = g.astype(np.float32)
    extra = g.ndim - len(shape)
    if extra > 0:
        g = g.sum(axis=tuple(range(extra)))
    stretched = tuple(i for i, n in enumerate(shape) if n == 1 and i < g.ndim and g.shape[i] != 1)
    if stretched:
        g = g.sum(axis=stretched, keepdims=True)
    if g.shape != shape:
        assert node.op is not None
        slot = 0 if node.op.variadic else node.parents.index(parent)
        raise ShapeError(
            f"{node.op.name}.vjp({node.op.operands[slot]}=...): "
            f"needs a cotangent that reduces to shape {shape}, got {g.shape}; correct the rule."
        )
    return g if g.dtype == dtype else g.astype(dtype)
