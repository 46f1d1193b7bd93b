"""The same elements in another shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.op import op

from_engine = True

Shape = int | tuple[int, ...]


@op(
    symbol="reshape",
    samples=("2,3 shape=(3,2)", "2,3 shape=-1", "_ shape=(1,1)", "1 shape=()", "0,3 shape=(3,0)"),
)
def reshape(a: Any, /, shape: Shape) -> Any:
    """Arrange the elements, in C order, in another shape; one length may be −1.

    Examples
    --------
    >>> from autograd import reshape
    >>> reshape([1.0, 2.0, 3.0, 4.0], (2, 2))
    array([[1., 2.],
           [3., 4.]])
    """
    return np.reshape(a, shape)


reshape.vjp(a=lambda g, a_shape: np.reshape(g, a_shape))


@op(
    symbol="transpose",
    text="transpose({a})",
    latex=r"{a}^{\mathsf{T}}",
    samples=("2,3", "_", "2,3,4 axes=(1,2,0)", "2,3,4 axes=(-1,0,1)", "3"),
)
def transpose(a: Any, axes: tuple[int, ...] | None = None) -> Any:
    """Permute the axes; reverse them by default.

    Examples
    --------
    >>> from autograd import transpose
    >>> transpose([[1.0, 2.0], [3.0, 4.0]])
    array([[1., 3.],
           [2., 4.]])
    """
    return np.transpose(a, axes)


def inverse(axes: tuple[int, ...] | None) -> tuple[int, ...] | None:
    """Return the permutation that undoes another."""
    if axes is None:
        return None
    return tuple(int(i) for i in np.argsort([axis % len(axes) for axis in axes]))


transpose.vjp(a=lambda g, axes: np.transpose(g, inverse(axes)))


@op(
    symbol="ᵀ",
    binds=50,
    text="{a}ᵀ",
    latex=r"{a}^{\mathsf{T}}",
    samples=("2,3", "2,3,4", "0,3"),
)
def matrix_transpose(a: Any) -> Any:
    """Swap the last two axes.

    Examples
    --------
    >>> from autograd import matrix_transpose
    >>> matrix_transpose([[1.0, 2.0], [3.0, 4.0]])
    array([[1., 3.],
           [2., 4.]])
    """
    return np.matrix_transpose(np.asarray(a))


matrix_transpose.vjp(a=lambda g: np.matrix_transpose(g))


@op(
    symbol="broadcast",
    samples=("3 shape=(2,3)", "_ shape=(2,2)", "2,1 shape=(4,2,3)", "1 shape=(0,)"),
)
def broadcast_to(a: Any, /, shape: Shape) -> Any:
    """Repeat the array along new axes and along axes of length 1.

    Examples
    --------
    >>> from autograd import broadcast_to
    >>> broadcast_to([1.0, 2.0], (2, 2))
    array([[1., 2.],
           [1., 2.]])
    """
    return np.broadcast_to(a, shape)


broadcast_to.vjp(a=lambda g: g)  # the engine undoes broadcasting


@op(symbol="cast", text="{a}", latex="{a}", samples=("2,3 dtype='f8'", "_ dtype='f8'"))
def astype(a: Any, /, dtype: Any) -> Any:
    """Convert to another floating dtype; the gradient comes back in the operand's own.

    Examples
    --------
    >>> from autograd import astype
    >>> astype([0.5], "f4").dtype
    dtype('float32')
    """
    if np.dtype(dtype).kind != "f":
        raise TypeError(f"a tensor with a gradient stays floating, not {np.dtype(dtype)}")
    return np.asarray(a).astype(dtype)


astype.vjp(a=lambda g: g)
