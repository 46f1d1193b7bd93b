"""Turn the sample strings of an op's declaration into arrays."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from autograd import Op


def parse(op: Op, sample: str, dtype: type = np.float64) -> tuple[list[Any], dict[str, Any]]:
    """Return operands of the shapes a sample asks for, and its keyword parameters.

    Values are distinct and at least 0.05 apart from each other and from 0, so that an op with a
    kink is differentiable at all of them and differences do not step across it.
    """
    rng = np.random.default_rng(len(sample) + sum(map(ord, op.name)))
    words = sample.split()
    params = {k: ast.literal_eval(v) for k, v in (w.split("=", 1) for w in words if "=" in w)}
    shapes = [
        () if w == "_" else tuple(int(n) for n in w.split(",")) for w in words if "=" not in w
    ]
    names = [op.operands[0]] * len(shapes) if op.variadic else op.operands
    total = sum(int(np.prod(s)) for s in shapes)
    # An even count of grid points leaves 0 out; the order is shuffled across all operands.
    grid = rng.permutation(np.linspace(0, 1, total + 1 + total % 2)[: total or None])
    operands, start = [], 0
    for name, shape in zip(names, shapes, strict=True):
        low, high = op.domain.get(name, (-2.0, 2.0))
        size = int(np.prod(shape))
        part = grid[start : start + size] + 0.17 / (total + 1)
        start += size
        operands.append((low + (high - low) * part).reshape(shape).astype(dtype))
    return operands, params
