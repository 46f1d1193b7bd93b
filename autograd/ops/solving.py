"""Inverses, linear systems and determinants, of stacks of matrices too."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.op import op
from autograd.ops.products import others

from_engine = True


@op(symbol="⁻¹", binds=50, text="{a}⁻¹", latex="{a}^{-1}", samples=("3,3", "2,2,2", "1,1"))
def inv(a: Any) -> Any:
    """Inverse of a square matrix, or of each in a stack.

    Examples
    --------
    >>> from autograd import inv
    >>> inv([[2.0, 0.0], [0.0, 4.0]])
    array([[0.5 , 0.  ],
           [0.  , 0.25]])
    """
    return np.linalg.inv(a)


inv.vjp(
    a=lambda g, out: -np.matrix_transpose(out) @ g @ np.matrix_transpose(out),
)


@op(symbol="solve", latex=r"{a}^{-1} {b}", samples=("3,3 3,2", "3,3 3", "2,3,3 2,3,1", "3,3 2,3,2"))
def solve(a: Any, b: Any) -> Any:
    """Solution x of a x = b, for a vector b or the columns of a matrix.

    Examples
    --------
    >>> from autograd import solve
    >>> solve([[2.0, 0.0], [0.0, 4.0]], [2.0, 2.0])
    array([1. , 0.5])
    """
    return np.linalg.solve(a, b)


def as_columns(x: Any, b_shape: tuple[int, ...]) -> Any:
    """Return a vector as a column; a matrix as it is."""
    return x[:, None] if len(b_shape) == 1 else x


def solved(g: Any, a: Any) -> Any:
    """Return a⁻ᵀ g, the cotangent of b."""
    return np.linalg.solve(np.matrix_transpose(a), g)


solve.vjp(
    a=lambda g, a, out, b_shape: (
        -as_columns(solved(g, a), b_shape) @ np.matrix_transpose(as_columns(out, b_shape))
    ),
    b=lambda g, a: solved(g, a),
)


@op(symbol="det", latex=r"\det {a}", samples=("3,3", "2,2", "2,3,3", "1,1"))
def det(a: Any) -> Any:
    """Compute the determinant of a square matrix, or of each in a stack.

    Its derivative is the transposed adjugate, also where the matrix is singular.

    Examples
    --------
    >>> from autograd import det
    >>> print(f"{det([[2.0, 0.0], [0.0, 4.0]]):.12g}")
    8
    """
    return np.linalg.det(a)


def cofactors(a: Any, shape: tuple[int, ...]) -> Any:
    """Return the matrix of cofactors, which exists at singular a too.

    Arrays take it from the singular values: with a = U S Vᵀ it is det U det V · U adj(S) Vᵀ, and
    adj(S) has the products of the other values. Tensors, from which derivatives must follow, take
    the determinants of the minors.
    """
    n = shape[-1]
    if isinstance(a, np.ndarray):
        u, s, vt = np.linalg.svd(a)
        sign = np.linalg.det(u) * np.linalg.det(vt)
        scaled = u * others(s, s.shape, -1)[..., None, :]
        return np.asarray(sign)[..., None, None] * (scaled @ vt)
    if n == 1:
        return np.ones(shape)
    keep = [np.array([k for k in range(n) if k != i]) for i in range(n)]
    rows = [
        np.stack([(-1.0) ** (i + j) * det(a[..., keep[i], :][..., keep[j]]) for j in range(n)], -1)
        for i in range(n)
    ]
    return np.stack(rows, -2)


det.vjp(a=lambda g, a, a_shape: np.expand_dims(g, (-2, -1)) * cofactors(a, a_shape))
