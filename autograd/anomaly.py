"""The checks and messages of `detect_anomaly`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.errors import AnomalyError
from autograd.node import source_of
from autograd.tensor import Tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autograd.node import Node
    from autograd.op import Op

__all__ = ["inspect_backward", "inspect_cotangent", "inspect_forward"]


def inspect_forward(node: Node, out: Any, operands: Sequence[Any]) -> None:
    """Raise AnomalyError if an op's result is not finite."""
    found = _first(out)
    if found is None:
        return
    assert node.op is not None
    began = all(_first(x) is None for x in operands)
    shapes = " and ".join(str(np.shape(x)) for x in operands)
    raise AnomalyError(
        f"detect_anomaly: {node.op.name} gave {found} (operands of shape {shapes}, "
        f"{'all finite: it began here' if began else 'not all finite themselves'}){_where(node)}."
    )


def inspect_backward(node: Node, pulled: Sequence[Any]) -> None:
    """Raise AnomalyError if a rule turns a finite cotangent into NaN or infinity."""
    op = node.op
    assert op is not None
    for slot, cotangent in enumerate(pulled):
        found = None if cotangent is None else _first(cotangent, f" for {operand(op, slot)}")
        if found is None:
            continue
        raise AnomalyError(
            f"detect_anomaly: the backward pass of {op.name} gave {found} "
            f"(of shape {np.shape(cotangent)}; what came back to {op.name} was finite: it began "
            f"here){_where(node)}."
        )


def inspect_cotangent(node: Node, g: Any) -> None:
    """Raise AnomalyError if what has come back to a node, in sum, is not finite."""
    found = _first(g)
    if found is not None:
        what = "a leaf" if node.op is None else node.op.name
        name = "" if node.name is None else f" {node.name!r}"
        raise AnomalyError(
            f"detect_anomaly: the cotangents that came back to {what}{name} of shape {node.shape} "
            f"add up to {found}, though each was finite{_where(node)}."
        )


def operand(op: Op, slot: int) -> str:
    """Return the name of an operand by its place."""
    return f"{op.operands[0]}[{slot}]" if op.variadic else op.operands[slot]


def _first(x: Any, whose: str = "") -> str | None:
    """Return the first value that is not finite, and its place."""
    array = np.asarray(x.data if isinstance(x, Tensor) else x)
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return None
    place = [int(i) for i in np.argwhere(~np.isfinite(array))[0]]
    return f"{array[tuple(place)]}{whose} at {place}"


def _where(node: Node) -> str:
    source = source_of(node)
    scope = f", in {' / '.join(node.scope)}" if node.scope else ""
    return scope + ("" if source is None else f", called at {source[0]}:{source[1]}")
