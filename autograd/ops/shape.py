"""The same elements in another shape or order."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from autograd.op import composite, op
from autograd.ops.indexing import scatter
from autograd.symbol import printed
from autograd.tensor import arrayed

from_engine = True

Shape = int | tuple[int, ...]


@op(
    moves=True,
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
    return np.reshape(a, shape, order=checked_order(order))


def checked_order(order: str) -> Any:
    """Return an order that does not depend on where in memory the elements are."""
    if order not in {"C", "F"}:
        raise ValueError(f"order needs to be 'C' or 'F', got {order!r}")
    return order


reshape.vjp(a=lambda g, a_shape, order: np.reshape(g, a_shape, order=order))


@op(
    moves=True,
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
    moves=True,
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
    moves=True,
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


@op(
    elementwise=True,
    symbol="cast",
    text="{a}",
    latex="{a}",
    samples=("2,3 dtype='f8'", "_ dtype='f8'"),
)
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


@op(moves=True, symbol="ravel", samples=("2,3", "_", "0,3", "4", "2,3 order='F'"))
def ravel(a: Any, order: str = "C") -> Any:
    """Flatten to one axis; the last index changes fastest, or with order="F" the first.

    Examples
    --------
    >>> from autograd import ravel
    >>> ravel([[1.0, 2.0], [3.0, 4.0]])
    array([1., 2., 3., 4.])
    """
    return np.ravel(a, checked_order(order))


ravel.vjp(a=lambda g, a_shape, order: np.reshape(g, a_shape, order=order))


@op(moves=True, symbol="swapaxes", samples=("2,3 axis1=0 axis2=1", "2,3,4 axis1=-1 axis2=0"))
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
    moves=True,
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


@op(moves=True, symbol="squeeze", samples=("1,3,1", "1,3,1 axis=0", "1,3,1 axis=(0,2)", "_", "2,3"))
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


@op(
    moves=True,
    symbol="expand_dims",
    samples=("2,3 axis=0", "2,3 axis=(0,-1)", "_ axis=0", "0 axis=1"),
)
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


@op(moves=True, symbol="flip", samples=("2,3", "2,3 axis=0", "2,3 axis=(0,-1)", "_", "0"))
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
    moves=True,
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


@op(moves=True, symbol="rot90", samples=("2,3", "2,3 k=-1", "2,3,4 k=3 axes=(1,2)", "2,3 k=2"))
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


@op(
    moves=True,
    symbol="repeat",
    samples=("3 repeats=2", "2,3 repeats=2 axis=0", "2,3 repeats=[1,0,2] axis=1", "2,3 repeats=3"),
)
def repeat(a: Any, /, repeats: Any, axis: int | None = None) -> Any:
    """Repeat each element, a number of times or each its own; flattened by default.

    Examples
    --------
    >>> from autograd import repeat
    >>> repeat([1.0, 2.0], 2)
    array([1., 1., 2., 2.])
    """
    return np.repeat(a, repeats, axis)


def origins(shape: tuple[int, ...], repeats: Any, axis: int | None) -> Any:
    """Return the index that `repeat` takes its elements from."""
    length = math.prod(shape) if axis is None else shape[axis]
    taken = np.repeat(np.arange(length), repeats)
    return taken if axis is None else (*[slice(None)] * (axis % len(shape)), taken)


def gathered(g: Any, shape: tuple[int, ...], repeats: Any, axis: int | None) -> Any:
    """Return the sum of the cotangents of each element's repetitions."""
    axis = axis if shape else None  # NumPy takes any axis of a number for its only element
    full = (math.prod(shape),) if axis is None else shape
    return np.reshape(scatter(g, shape=full, index=origins(shape, repeats, axis)), shape)


repeat.vjp(a=lambda g, a_shape, repeats, axis: gathered(g, a_shape, repeats, axis))


@op(
    moves=True,
    symbol="tile",
    samples=("3 reps=2", "2,3 reps=(2,1)", "2,3 reps=2", "3 reps=(2,2)", "_ reps=3"),
)
def tile(a: Any, /, reps: Any) -> Any:
    """Repeat an array as a whole along axes.

    Examples
    --------
    >>> from autograd import tile
    >>> tile([1.0, 2.0], 2)
    array([1., 2., 1., 2.])
    """
    return np.tile(a, [operator.index(k) for k in np.ravel(reps).tolist()])


@printed("Σ of the copies in {0}", r"\sum_{\text{copies}} {0}")
def untiled(g: Any, shape: tuple[int, ...], reps: Any) -> Any:
    """Return the sum over the repetitions."""
    times = tuple(max(int(k), 0) for k in np.ravel(reps).tolist())
    n = max(len(times), len(shape))
    times = (1,) * (n - len(times)) + times
    lengths = (1,) * (n - len(shape)) + shape
    split = [int(k) for pair in zip(times, lengths, strict=True) for k in pair]
    return np.reshape(np.sum(np.reshape(g, split), axis=tuple(range(0, 2 * n, 2))), shape)


tile.vjp(a=lambda g, a_shape, reps: untiled(g, a_shape, reps))


@composite(samples=("5 new_shape=(2,4)", "2,3 new_shape=4", "3 new_shape=()"))
def resize(a: Any, new_shape: Any) -> Any:
    """Fill a shape with the elements in C order, over and over as far as needed.

    Examples
    --------
    >>> from autograd import resize
    >>> resize([1.0, 2.0], 5)
    array([1., 2., 1., 2., 1.])
    """
    a = arrayed(a)
    shape = (new_shape,) if isinstance(new_shape, (int, np.integer)) else tuple(new_shape)
    n = int(np.prod(shape))
    if n and not np.size(a):
        return np.zeros(shape, a.dtype)
    places = np.arange(n) % max(np.size(a), 1)
    return np.reshape(np.ravel(a)[places], shape)


@composite(samples=("2,3", "3"))
def flipud(m: Any) -> Any:
    """Reverse the first axis.

    Examples
    --------
    >>> from autograd import flipud
    >>> flipud([1.0, 2.0])
    array([2., 1.])
    """
    return np.flip(arrayed(m), 0)


@composite(samples=("2,3",))
def fliplr(m: Any) -> Any:
    """Reverse the second axis.

    Examples
    --------
    >>> from autograd import fliplr
    >>> fliplr([[1.0, 2.0]])
    array([[2., 1.]])
    """
    return np.flip(arrayed(m), 1)


@composite(samples=("2,3,4 axis=2", "2,3,4 axis=0 start=2", "2,3,4 axis=-1 start=1"))
def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    """Move an axis back until it lies before another; `moveaxis` is clearer.

    Examples
    --------
    >>> from autograd import rollaxis
    >>> rollaxis([[1.0, 2.0]], 1).shape
    (2, 1)
    """
    n = np.ndim(a)
    if not -n <= axis < n:
        raise np.exceptions.AxisError(axis, n)
    axis, start = axis % n, start + n if start < 0 else start
    if not 0 <= start <= n:
        raise ValueError(f"start needs to be between {-n} and {n}")
    return np.moveaxis(arrayed(a), axis, start - 1 if axis < start else start)
