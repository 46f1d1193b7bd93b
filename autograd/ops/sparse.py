"""Products with sparse matrices of SciPy, which is never imported here."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.op import OPS, op
from autograd.symbol import Symbol, apply
from autograd.tensor import Tensor

__all__ = ["sparse_product"]

from_engine = True


class Sparse:
    """A copy of a sparse matrix, as a parameter of an op that nobody else can change."""

    def __init__(self, matrix: Any) -> None:
        if matrix.dtype.kind not in "biuf":
            raise TypeError(f"a sparse matrix needs real numbers, got {matrix.dtype}")
        self.matrix = matrix.tocsr(copy=True)

    def __str__(self) -> str:
        return f"sparse{self.matrix.shape}"

    __repr__ = __str__


def sparse_product(t: Tensor, matrix: Any, *, left: bool) -> Any:
    """Return matrix @ t, or t @ matrix, recorded."""
    return _OP.record(t, matrix=Sparse(matrix), left=left)


@op(symbol="@", samples=())
def sparse_matmul(a: Any, /, matrix: Sparse, left: bool) -> Any:
    """Product of a sparse matrix, on the left or on the right, with a tensor of one or two axes."""
    m = matrix.matrix
    return np.asarray(m @ a if left else (m.T @ np.asarray(a).T).T)


def pulled(g: Any, matrix: Sparse, *, left: bool) -> Any:
    """Return Mᵀ g, or g Mᵀ."""
    if isinstance(g, Symbol):
        s_t = apply("matrix_transpose", (Symbol("S"),))
        return s_t @ g if left else g @ s_t
    transposed = Sparse(matrix.matrix.T)
    if type(g) is Tensor:
        return _OP.record(g, matrix=transposed, left=left)
    return _OP.forward(g, transposed, left)


sparse_matmul.vjp(a=lambda g, matrix, left: pulled(g, matrix, left=left))

# It belongs to the operator @ of Tensor: its samples would need SciPy.
_OP = OPS.pop("sparse_matmul")
