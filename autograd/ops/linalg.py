"""Products of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.op import op

from_engine = True


@op(
    symbol="@",
    binds=20,
    associative=True,
    latex=r"{a}\,{b}",
    samples=(
        "2,3 3,4",
        "3 3",
        "3 3,2",
        "2,3 3",
        "5,2,3 5,3,4",
        "2,3 5,3,1",
        "4,1,2,3 5,3,2",
        "3 5,3,2",
        "5,2,3 3",
        "2,0 0,3",
    ),
)
def matmul(a: Any, b: Any) -> Any:
    """Matrix product; a 1-D operand is a row on the left, a column on the right.

    Examples
    --------
    >>> from autograd import matmul
    >>> matmul([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0])
    array([3., 7.])
    """
    return a @ b


def as_matrix(g: Any, a_shape: tuple[int, ...], b_shape: tuple[int, ...]) -> Any:
    """Give the product the axis of length 1 that a 1-D operand took away."""
    if len(b_shape) == 1:
        g = g[..., None]
    return g[..., None, :] if len(a_shape) == 1 else g


def right_transposed(b: Any, b_shape: tuple[int, ...]) -> Any:
    """Return bᵀ, of a 1-D b as a row."""
    return b[None, :] if len(b_shape) == 1 else np.matrix_transpose(b)


def left_transposed(a: Any, a_shape: tuple[int, ...]) -> Any:
    """Return aᵀ, of a 1-D a as a column."""
    return a[:, None] if len(a_shape) == 1 else np.matrix_transpose(a)


def as_right(g_b: Any, b_shape: tuple[int, ...]) -> Any:
    """Drop the column axis again where b is 1-D."""
    return g_b[..., 0] if len(b_shape) == 1 else g_b


matmul.vjp(
    a=lambda g, b, a_shape, b_shape: as_matrix(g, a_shape, b_shape) @ right_transposed(b, b_shape),
    b=lambda g, a, a_shape, b_shape: as_right(
        left_transposed(a, a_shape) @ as_matrix(g, a_shape, b_shape), b_shape
    ),
)
