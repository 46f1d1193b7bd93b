"""The same elements in another shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.op import op

from_engine = True

Shape = int | tuple[int, ...]


@op(
    symbol="reshape",
    samples=(
        *("2,3 shape=(3,2)", "2,3 shape=-1", "_ shape=(1,1)", "1 shape=()", "0,3 shape=(3,0)"),
        "2,3,2 shape=(3,4) order='F'",
    ),
)
def reshape(a: Any, /, shape: Shape, order: str = "C") -> Any:
    """Arrange the elements in another shape; one length may be −1.

    The last index changes fastest, or with order="F" the first.

    Examples
    --------
    >>> from autograd import reshape
    >>> reshape([1.0, 2.0, 3.0, 4.0], (2, 2))
    array([[1., 2.],
           [3., 4.]])
    """
    return np.reshape(a, shape, order=known(order))


def known(order: str) -> Any:
    """Return an order that does not depend on where in memory the elements are."""
    if order not in {"C", "F"}:
        raise ValueError(f"order needs to be 'C' or 'F', got {order!r}")
    return order


reshape.vjp(a=lambda g, a_shape, order: np.reshape(g, a_shape, order=order))


@op(
    symbol="transpose",
    text="transpose({a})",
    latex=r"{a}^{\mathsf{T}}",
    samples=("2,3", "_", "2,3,4 axes=(1,2,0)", "2,3,4 axes=(-1,0,1)", "3"),
)
def transpose(a: Any, axes: int | tuple[int, ...] | None = None) -> Any:
    """Permute the axes; reverse them by default.

    Examples
    --------
    >>> from autograd import transpose
    >>> transpose([[1.0, 2.0], [3.0, 4.0]])
    array([[1., 3.],
           [2., 4.]])
    """
    return np.transpose(a, axes)


def inverse(axes: int | tuple[int, ...] | None) -> tuple[int, ...] | None:
    """Return the permutation that undoes another; NumPy takes a number for that of one axis."""
    if axes is None:
        return None
    axes = (axes,) if isinstance(axes, (int, np.integer)) else axes
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


@op(symbol="ravel", samples=("2,3", "_", "0,3", "4", "2,3 order='F'"))
def ravel(a: Any, order: str = "C") -> Any:
    """Flatten to one axis; the last index changes fastest, or with order="F" the first.

    Examples
    --------
    >>> from autograd import ravel
    >>> ravel([[1.0, 2.0], [3.0, 4.0]])
    array([1., 2., 3., 4.])
    """
    return np.ravel(a, known(order))


ravel.vjp(a=lambda g, a_shape, order: np.reshape(g, a_shape, order=order))


@op(symbol="swapaxes", samples=("2,3 axis1=0 axis2=1", "2,3,4 axis1=-1 axis2=0"))
def swapaxes(a: Any, /, axis1: int, axis2: int) -> Any:
    """Exchange two axes.

    Examples
    --------
    >>> from autograd import swapaxes
    >>> swapaxes([[1.0, 2.0]], 0, 1)
    array([[1.],
           [2.]])
    """
    return np.swapaxes(a, axis1, axis2)


swapaxes.vjp(a=lambda g, axis1, axis2: np.swapaxes(g, axis1, axis2))


@op(
    symbol="moveaxis",
    samples=(
        "2,3,4 source=0 destination=-1",
        "2,3,4 source=(0,1) destination=(2,0)",
        "2,3,4 source=-1 destination=0",
    ),
)
def moveaxis(a: Any, /, source: int | tuple[int, ...], destination: int | tuple[int, ...]) -> Any:
    """Move axes to other positions; the others keep their order.

    Examples
    --------
    >>> from autograd import moveaxis
    >>> moveaxis([[1.0, 2.0]], 0, 1)
    array([[1.],
           [2.]])
    """
    return np.moveaxis(np.asarray(a), source, destination)


moveaxis.vjp(a=lambda g, source, destination: np.moveaxis(g, destination, source))


@op(symbol="squeeze", samples=("1,3,1", "1,3,1 axis=0", "1,3,1 axis=(0,2)", "_", "2,3"))
def squeeze(a: Any, axis: int | tuple[int, ...] | None = None) -> Any:
    """Take out axes of length 1; all of them by default.

    Examples
    --------
    >>> from autograd import squeeze
    >>> squeeze([[1.0, 2.0]])
    array([1., 2.])
    """
    return np.squeeze(a, axis)


squeeze.vjp(a=lambda g, a_shape: np.reshape(g, a_shape))


@op(symbol="expand_dims", samples=("2,3 axis=0", "2,3 axis=(0,-1)", "_ axis=0", "0 axis=1"))
def expand_dims(a: Any, /, axis: int | tuple[int, ...]) -> Any:
    """Put in axes of length 1, at positions of the result.

    Examples
    --------
    >>> from autograd import expand_dims
    >>> expand_dims([1.0, 2.0], 0)
    array([[1., 2.]])
    """
    return np.expand_dims(a, axis)


expand_dims.vjp(a=lambda g, a_shape: np.reshape(g, a_shape))


@op(symbol="flip", samples=("2,3", "2,3 axis=0", "2,3 axis=(0,-1)", "_", "0"))
def flip(a: Any, axis: int | tuple[int, ...] | None = None) -> Any:
    """Reverse the order along axes; along all of them by default.

    Examples
    --------
    >>> from autograd import flip
    >>> flip([1.0, 2.0])
    array([2., 1.])
    """
    return np.flip(a, axis)


flip.vjp(a=lambda g, axis: np.flip(g, axis))


@op(
    symbol="roll",
    samples=("2,3 shift=1", "2,3 shift=-2 axis=1", "2,3 shift=(1,2) axis=(0,1)", "0 shift=1"),
)
def roll(a: Any, /, shift: int | tuple[int, ...], axis: int | tuple[int, ...] | None = None) -> Any:
    """Shift elements along axes, the last ones coming back first; flattened by default.

    Examples
    --------
    >>> from autograd import roll
    >>> roll([1.0, 2.0, 3.0], 1)
    array([3., 1., 2.])
    """
    return np.roll(a, opposite(opposite(shift)), axis)


roll.vjp(a=lambda g, shift, axis: np.roll(g, opposite(shift), axis))


def opposite(shift: int | tuple[int, ...]) -> int | tuple[int, ...]:
    """Return the shift that undoes another."""
    if isinstance(shift, (tuple, list, np.ndarray)):
        return tuple(-int(s) for s in shift)
    return -int(shift)


@op(symbol="rot90", samples=("2,3", "2,3 k=-1", "2,3,4 k=3 axes=(1,2)", "2,3 k=2"))
def rot90(a: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Any:
    """Turn by k right angles in the plane of two axes.

    Examples
    --------
    >>> from autograd import rot90
    >>> rot90([[1.0, 2.0]])
    array([[2.],
           [1.]])
    """
    return np.rot90(np.asarray(a), k, axes)


rot90.vjp(a=lambda g, k, axes: np.rot90(g, -k, axes))


@op(symbol="tril", samples=("3,3", "2,3 k=-1", "2,3,4 k=1"))
def tril(a: Any, k: int = 0) -> Any:
    """Lower triangle of the last two axes, at and below the k-th diagonal.

    Examples
    --------
    >>> from autograd import tril
    >>> tril([[1.0, 2.0], [3.0, 4.0]])
    array([[1., 0.],
           [3., 4.]])
    """
    return np.tril(np.asarray(a), k)


tril.vjp(a=lambda g, k: np.tril(g, k))


@op(symbol="triu", samples=("3,3", "2,3 k=-1", "2,3,4 k=1"))
def triu(a: Any, k: int = 0) -> Any:
    """Upper triangle of the last two axes, at and above the k-th diagonal.

    Examples
    --------
    >>> from autograd import triu
    >>> triu([[1.0, 2.0], [3.0, 4.0]])
    array([[1., 2.],
           [0., 4.]])
    """
    return np.triu(np.asarray(a), k)


triu.vjp(a=lambda g, k: np.triu(g, k))
