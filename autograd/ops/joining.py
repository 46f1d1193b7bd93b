"""Joining and splitting arrays, and adding and taking away parts of them."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from autograd.errors import ShapeError
from autograd.op import composite, op
from autograd.ops.indexing import getitem
from autograd.tensor import Tensor, arrayed, has_tensors, value_of

from_engine = True

_LAST: dict[int | None, tuple[tuple[tuple[int, ...], ...], list[int]]] = {}


def array(data: Any, dtype: Any = None) -> Any:
    """Make one tensor of nested lists of tensors and numbers, as `np.array` makes an array.

    NumPy itself cannot: a list of tensors would become a plain array, which is an error.

    Parameters
    ----------
    data : list, tuple, Tensor or array_like
        Nested lists of one shape; their elements are tensors, arrays or numbers of one shape.
    dtype : dtype_like, optional
        Convert the result.

    Returns
    -------
    Tensor
        Recorded as one `stack` of the elements; a constant where none of them has a graph.

    Raises
    ------
    ShapeError
        If the lists do not have one shape.

    Examples
    --------
    >>> from autograd import Tensor, array
    >>> a, b = Tensor(1.0, requires_grad=True), Tensor(2.0, requires_grad=True)
    >>> array([[a, b], [0.0, a * b]]).data
    array([[1., 2.],
           [0., 2.]])
    """
    if not has_tensors(data):
        return Tensor(data, dtype=dtype)
    if isinstance(data, Tensor):
        made: Any = +data
    else:
        outer: list[int] = []
        parts = [data]
        while any(isinstance(x, (list, tuple)) and has_tensors(x) for x in parts):
            lengths = {len(x) if isinstance(x, (list, tuple)) else np.shape(x)[:1] for x in parts}
            if len(lengths) != 1 or not all(isinstance(x, (list, tuple)) for x in parts):
                raise ShapeError(
                    f"array: needs nested lists of one shape, got {sorted(map(str, lengths))} "
                    f"elements at depth {len(outer) + 1}; pad the shorter ones."
                )
            outer.append(len(parts[0]))
            parts = [y for x in parts for y in x]
        shapes = {np.shape(value_of(x)) for x in parts}
        if len(shapes) != 1:
            raise ShapeError(
                f"array: needs elements of one shape, got {', '.join(map(str, sorted(shapes)))}; "
                "use concatenate([...]) for parts of different lengths."
            )
        made = np.reshape(stack(parts), (*outer, *shapes.pop()))
    return made if dtype is None else made.astype(dtype)


def pieces(a: Any, indices_or_sections: Any, axis: int, *, evenly: bool) -> list[Any]:
    """Return the views that NumPy's split of the same arguments gives."""
    n = a.shape[axis]
    if isinstance(indices_or_sections, (int, np.integer)):
        cut = np.split if evenly else np.array_split
        lengths = [len(part) for part in cut(np.arange(n), indices_or_sections)]
        ends = np.cumsum(lengths).tolist()
    else:  # slices, as NumPy takes them: indices may go back, and beyond the end
        ends = [*(int(i) for i in indices_or_sections), n]
    before = (slice(None),) * (axis % a.ndim)
    return [a[(*before, slice(*ends_of))] for ends_of in zip([0, *ends[:-1]], ends, strict=True)]


@composite(
    samples=(
        "6 indices_or_sections=3",
        "2,4 indices_or_sections=[1,3] axis=1",
        "4 indices_or_sections=[3,2,9]",
    )
)
def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Cut into equal parts, or at indices, along an axis; the parts are views.

    Examples
    --------
    >>> from autograd import split
    >>> split([1.0, 2.0, 3.0, 4.0], 2)
    [array([1., 2.]), array([3., 4.])]
    """
    return pieces(arrayed(ary), indices_or_sections, axis, evenly=True)


@composite(samples=("5 indices_or_sections=3", "2,5 indices_or_sections=2 axis=-1"))
def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Cut into parts of nearly equal length, or at indices, along an axis.

    Examples
    --------
    >>> from autograd import array_split
    >>> array_split([1.0, 2.0, 3.0], 2)
    [array([1., 2.]), array([3.])]
    """
    return pieces(arrayed(ary), indices_or_sections, axis, evenly=False)


@composite(samples=("2,4 indices_or_sections=2", "4 indices_or_sections=[1]"))
def hsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """Cut along the second axis, or the only one.

    Examples
    --------
    >>> from autograd import hsplit
    >>> hsplit([[1.0, 2.0]], 2)
    [array([[1.]]), array([[2.]])]
    """
    a = arrayed(ary)
    return pieces(a, indices_or_sections, 1 if a.ndim > 1 else 0, evenly=True)


@composite(samples=("4,2 indices_or_sections=2",))
def vsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """Cut along the first of two or more axes.

    Examples
    --------
    >>> from autograd import vsplit
    >>> vsplit([[1.0], [2.0]], 2)
    [array([[1.]]), array([[2.]])]
    """
    a = arrayed(ary)
    if a.ndim < 2:
        raise ValueError("needs at least two axes")
    return pieces(a, indices_or_sections, 0, evenly=True)


@composite(samples=("2,1,4 indices_or_sections=[1,3]",))
def dsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """Cut along the third axis.

    Examples
    --------
    >>> from autograd import dsplit
    >>> len(dsplit([[[1.0, 2.0]]], 2))
    2
    """
    a = arrayed(ary)
    if a.ndim < 3:
        raise ValueError("needs at least three axes")
    return pieces(a, indices_or_sections, 2, evenly=True)


@composite(samples=("2,3", "2,3 axis=1", "2,3 axis=-1"))
def unstack(x: Any, /, *, axis: int = 0) -> tuple[Any, ...]:
    """Take apart along an axis: the inverse of `stack`.

    Examples
    --------
    >>> from autograd import unstack
    >>> unstack([[1.0, 2.0], [3.0, 4.0]])
    (array([1., 2.]), array([3., 4.]))
    """
    moved = np.moveaxis(arrayed(x), axis, 0)
    return tuple(moved[i] for i in range(moved.shape[0]))


def _each(arrays: tuple[Any, ...], raised: Any) -> Any:
    found = tuple(raised(arrayed(a)) for a in arrays)
    return found[0] if len(found) == 1 else found


@composite(samples=("_", "2,3", "_ 2"))
def atleast_1d(*arys: Any) -> Any:
    """Give numbers an axis.

    Examples
    --------
    >>> from autograd import atleast_1d
    >>> atleast_1d(1.0)
    array([1.])
    """
    return _each(arys, lambda a: np.reshape(a, (1,)) if a.ndim == 0 else a)


def rows(a: Any) -> Any:
    """Return a matrix, of one row where there was a vector or a number."""
    return np.reshape(a, (1, -1)) if a.ndim < 2 else a


@composite(samples=("_", "3", "2,3 2"))
def atleast_2d(*arys: Any) -> Any:
    """Make a vector a row.

    Examples
    --------
    >>> from autograd import atleast_2d
    >>> atleast_2d([1.0, 2.0])
    array([[1., 2.]])
    """
    return _each(arys, rows)


def deep(a: Any) -> Any:
    """Return an array with at least three axes, as np.atleast_3d places them."""
    if a.ndim < 2:
        return np.reshape(a, (1, -1, 1))
    return a[:, :, None] if a.ndim == 2 else a


@composite(samples=("_", "3", "2,3", "1,2,3"))
def atleast_3d(*arys: Any) -> Any:
    """Make a vector of length n an array of shape (1, n, 1), a matrix one of shape (m, n, 1).

    Examples
    --------
    >>> from autograd import atleast_3d
    >>> atleast_3d([1.0, 2.0]).shape
    (1, 2, 1)
    """
    return _each(arys, deep)


@composite(samples=("tup:2,3|1,3", "tup:3|3", "tup:_|1"))
def vstack(tup: Any) -> Any:
    """Join along the first axis; vectors become rows.

    Examples
    --------
    >>> from autograd import vstack
    >>> vstack([[1.0, 2.0], [3.0, 4.0]])
    array([[1., 2.],
           [3., 4.]])
    """
    return concatenate([rows(arrayed(a)) for a in tup], axis=0)


@composite(samples=("tup:2,3|2,1", "tup:3|2", "tup:_|_"))
def hstack(tup: Any) -> Any:
    """Join along the second axis, vectors along their only one.

    Examples
    --------
    >>> from autograd import hstack
    >>> hstack([[1.0], [2.0, 3.0]])
    array([1., 2., 3.])
    """
    arrays = [atleast_1d(a) for a in tup]
    return concatenate(arrays, axis=0 if all(a.ndim == 1 for a in arrays) else 1)


@composite(samples=("tup:2,3|2,3", "tup:3|3", "tup:2,1,2|2,1,1"))
def dstack(tup: Any) -> Any:
    """Join along the third axis.

    Examples
    --------
    >>> from autograd import dstack
    >>> dstack([[1.0, 2.0], [3.0, 4.0]]).shape
    (1, 2, 2)
    """
    return concatenate([deep(arrayed(a)) for a in tup], axis=2)


@composite(samples=("tup:3|3,2|3", "tup:2|2"))
def column_stack(tup: Any) -> Any:
    """Join along the second axis; vectors become columns.

    Examples
    --------
    >>> from autograd import column_stack
    >>> column_stack([[1.0, 2.0], [3.0, 4.0]])
    array([[1., 3.],
           [2., 4.]])
    """
    arrays = [arrayed(a) for a in tup]
    return concatenate([np.reshape(a, (-1, 1)) if a.ndim < 2 else a for a in arrays], axis=1)


@composite(samples=("2,3 3", "2,3 1,3 axis=0"))
def append(arr: Any, values: Any, axis: int | None = None) -> Any:
    """Join two arrays along an axis, or flattened.

    Examples
    --------
    >>> from autograd import append
    >>> append([1.0], [2.0, 3.0])
    array([1., 2., 3.])
    """
    return concatenate([arr, values], axis=axis)


@composite(samples=("4 obj=1", "3,4 obj=[0,2] axis=1", "3,2 obj=-1 axis=0", "2,2 obj=[1,2]"))
def delete(arr: Any, obj: Any, axis: int | None = None) -> Any:
    """Leave out elements, by index, slice or mask, along an axis or of the flattened array.

    Examples
    --------
    >>> from autograd import delete
    >>> delete([1.0, 2.0, 3.0], 1)
    array([1., 3.])
    """
    a = arrayed(arr) if axis is not None else np.ravel(arr)
    which = 0 if axis is None else axis
    return np.take(a, np.delete(np.arange(a.shape[which]), obj), axis=which)


@composite(
    samples=(
        "4 _ obj=1",
        "3,2 2 obj=1 axis=0",
        "4 2 obj=[0,3]",
        "2,2 2 obj=1 axis=1",
        "4 2 obj=[1]",
    )
)
def insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    """Put values in before indices, along an axis or into the flattened array.

    Examples
    --------
    >>> from autograd import insert
    >>> insert([1.0, 3.0], 1, 2.0)
    array([1., 2., 3.])
    """
    a = arrayed(arr) if axis is not None else np.ravel(arr)
    which = 0 if axis is None else axis
    n = a.shape[which]
    # NumPy inserts the places; the values follow as it would have moved them.
    new = arrayed(values)
    one = not isinstance(obj, slice) and np.size(obj) == 1 and np.asarray(obj).dtype.kind in "iu"
    if one:  # one place takes all of the values
        new = np.reshape(new, (1,) * (a.ndim - new.ndim) + new.shape)
        if np.ndim(obj) == 0:
            new = np.moveaxis(new, 0, which)
        count = new.shape[which]
        place = int(np.ravel(obj)[0])
        if not -n <= place <= n:
            raise IndexError(f"index {place} is out of bounds for axis {which} with size {n}")
        place += n if place < 0 else 0
        places = np.concatenate([np.arange(place), n + np.arange(count), np.arange(place, n)])
    else:
        count = np.insert(np.arange(n), obj, -1).size - n
        places = np.insert(np.arange(n), obj, n + np.arange(count))
    shape = [count if i == which % a.ndim else k for i, k in enumerate(a.shape)]
    joined = concatenate([a, np.broadcast_to(new, shape)], axis=which)
    return np.take(joined, places, axis=which)


@composite(samples=("3 2,3", "2,1 1,3", "_ 2"))
def broadcast_arrays(*args: Any) -> tuple[Any, ...]:
    """Give arrays one shape, as their sum would have.

    Examples
    --------
    >>> from autograd import broadcast_arrays
    >>> broadcast_arrays([1.0, 2.0], 3.0)[1]
    array([3., 3.])
    """
    shape = np.broadcast_shapes(*(np.shape(a) for a in args))
    return tuple(np.broadcast_to(a, shape) for a in args)


@composite(samples=("arrays:2,2|2,3", "arrays:2|3"))
def block(arrays: Any) -> Any:
    """Put arrays, in nested lists, together as the blocks of one array.

    The innermost lists are joined along the last axis, those around them along the one before.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import block
    >>> block([[np.eye(2), np.zeros((2, 1))], [np.ones((1, 2)), np.full((1, 1), 5.0)]])
    array([[1., 0., 0.],
           [0., 1., 0.],
           [1., 1., 5.]])
    """
    blocks = [arrays] if isinstance(arrays, tuple) else arrays
    depth, leaves = 0, [blocks]
    while any(isinstance(x, list) for x in leaves):
        if not all(isinstance(x, list) and x for x in leaves):
            raise ValueError("needs lists of one depth, none of them empty")
        depth, leaves = depth + 1, [y for x in leaves for y in x]
        if all(np.isscalar(x) for x in leaves):
            break
    ndim = max(depth, *(np.ndim(x) for x in leaves))

    def joined(x: Any, level: int) -> Any:
        if level == depth:
            return np.reshape(x, (1,) * (ndim - np.ndim(x)) + np.shape(x))
        return concatenate([joined(y, level + 1) for y in x], axis=ndim - depth + level)

    return joined(blocks, 0)


@op(
    moves=True,
    symbol="concatenate",
    samples=("2,3 1,3", "2,3 2,1 2,2 axis=-1", "2 3 1", "0,2 3,2", "2,2 axis=1", "2,2 3 axis=None"),
)
def concatenate(*arrays: Any, axis: int | None = 0) -> Any:
    """Join a sequence of arrays along an axis; flattened where the axis is None.

    Examples
    --------
    >>> from autograd import concatenate
    >>> concatenate([[1.0], [2.0, 3.0]])
    array([1., 2., 3.])
    """
    return np.concatenate(arrays, axis=axis)


def place_of_part(shapes: tuple[tuple[int, ...], ...], i: int, axis: int | None) -> Any:
    """Return the index of the i-th array in the joined one."""
    ends = _ends(shapes, axis)
    cut = slice(ends[i - 1] if i else 0, ends[i])
    if axis is None:
        return cut
    return (*[slice(None)] * (axis % len(shapes[i])), cut)


def _ends(shapes: tuple[tuple[int, ...], ...], axis: int | None) -> list[int]:
    """Return where each array ends in the joined one.

    The rule is called for one array after another of the same op, so the last answer is kept: n
    arrays then cost n, not n².
    """
    known = _LAST.get(axis)
    if known is not None and known[0] is shapes:
        return known[1]
    lengths = [math.prod(s) if axis is None else s[axis] for s in shapes]
    ends = list(itertools.accumulate(lengths))
    _LAST.clear()
    _LAST[axis] = shapes, ends
    return ends


concatenate.vjp(
    arrays=lambda g, i, arrays_shape, axis: np.reshape(
        g[place_of_part(arrays_shape, i, axis)], arrays_shape[i]
    )
)


@op(moves=True, symbol="stack", samples=("2,3 2,3", "2 2 2 axis=-1", "_ _", "2,3 2,3 axis=1"))
def stack(*arrays: Any, axis: int = 0) -> Any:
    """Join a sequence of arrays of one shape along a new axis.

    Examples
    --------
    >>> from autograd import stack
    >>> stack([[1.0, 2.0], [3.0, 4.0]], axis=1)
    array([[1., 3.],
           [2., 4.]])
    """
    return np.stack(arrays, axis=axis)


stack.vjp(arrays=lambda g, i, axis: getitem(g, place(axis, i)))


def place(axis: int, i: int) -> tuple[Any, ...]:
    """Return the index that takes place i along an axis."""
    rest = slice(None)
    return (*[rest] * axis, i) if axis >= 0 else (..., i, *[rest] * (-axis - 1))
