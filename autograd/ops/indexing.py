"""Indexing: taking parts of arrays, writing into them, diagonals."""

from __future__ import annotations

import math
from typing import Any, cast

import numpy as np

from autograd.op import composite, op
from autograd.symbol import Symbol, printed
from autograd.tensor import arrayed, value_of

from_engine = True


@op(
    moves=True,
    symbol="[ ]",
    text="{a}[{index}]",
    latex=r"{a}[{index}]",
    binds=60,
    samples=(
        "4,3 index=1",
        "4,3 index=(-1,2)",
        "5 index=[0,0,3]",
        "4,3 index=([0,2,2],[1,1,1])",
        "3 index=None",
        "4,3 index=[True,False,True,True]",
        "4 index=[]",
    ),
)
def getitem(a: Any, /, index: Any) -> Any:
    """Index as NumPy does, with integers, slices, None, Ellipsis, and integer or boolean arrays.

    An element that is taken twice receives the sum of both derivatives.

    Examples
    --------
    >>> from autograd import getitem
    >>> getitem([1.0, 2.0, 3.0], [0, 2])
    array([1., 3.])
    """
    return np.asarray(a)[plain_index(index)]


def plain_index(index: Any) -> Any:
    """Return an index with lists as arrays, which belong to the graph."""
    if isinstance(index, tuple):
        return tuple(plain_index(i) for i in index)
    if isinstance(index, list):
        return np.array(index, dtype=None if index else np.intp)
    return index


@op(
    accumulates=True,
    symbol="scatter",
    text="scatter({a}, [{index}])",
    latex=r"\operatorname{scatter}({a}, [{index}])",
    samples=("3 shape=(4,3) index=1", "3 shape=(5,) index=[0,0,3]", "_ shape=(2,2) index=(0,1)"),
)
def scatter(a: Any, /, shape: tuple[int, ...], index: Any) -> Any:
    """Add the elements into zeros of a shape, at an index: the transpose of indexing.

    Examples
    --------
    >>> from autograd import scatter
    >>> scatter([1.0, 2.0, 3.0], (4,), [0, 0, 2])
    array([3., 0., 3., 0.])
    """
    result = np.zeros(shape, np.asarray(a).dtype)
    add_at(result, a, index)
    return result


def add_at(total: Any, part: Any, index: Any) -> None:
    """Add a part to the array it was taken from."""
    where = plain_index(index)
    parts = where if isinstance(where, tuple) else (where,)
    if any(isinstance(p, np.ndarray) for p in parts):
        np.add.at(total, where, part)
    else:  # basic indexing never meets an element twice
        total[where] += part


getitem.op.add_to = add_at
getitem.vjp(a=lambda g, a_shape, index: scatter(g, shape=a_shape, index=index))
scatter.vjp(a=lambda g, index: getitem(g, index))


@op(
    symbol="scatter",
    accumulates=True,
    samples=("3 3 shape=(4,3) indices=(1,-1)", "_ 2 shape=(3,) indices=(0,[0,2])"),
)
def scatter_all(*parts: Any, shape: tuple[int, ...], indices: tuple[Any, ...]) -> Any:
    """Add several parts into zeros of a shape, each at its own index.

    Examples
    --------
    >>> from autograd import scatter_all
    >>> scatter_all([1.0, 2.0], shape=(3,), indices=(0, 2))
    array([1., 0., 2.])
    """
    result = np.zeros(shape, np.result_type(*parts))
    for part, index in zip(parts, indices, strict=True):
        add_at(result, part, index)
    return result


scatter_all.vjp(parts=lambda g, i, indices: getitem(g, indices[i]))


@op(
    moves=True,
    symbol="diagonal",
    samples=("3,3", "2,3 offset=1", "2,3,4 axis1=1 axis2=2", "2,3,4 offset=-1 axis1=0 axis2=-1"),
)
def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Diagonal of the plane of two axes, as the last axis.

    Examples
    --------
    >>> from autograd import diagonal
    >>> diagonal([[1.0, 2.0], [3.0, 4.0]])
    array([1., 4.])
    """
    return np.diagonal(a, offset, axis1, axis2)


def diagonal_places(shape: tuple[int, ...], offset: int) -> Any:
    """Return the index of a diagonal of the last two axes."""
    rows, columns = shape[-2:]
    first = np.arange(max(0, min(rows + min(offset, 0), columns - max(offset, 0))))
    return (..., first - min(offset, 0), first + max(offset, 0))


def last_two(shape: tuple[int, ...], axis1: int, axis2: int) -> tuple[int, ...]:
    """Return the shape with two axes moved to the end."""
    n = len(shape)
    rest = [shape[i] for i in range(n) if i not in {axis1 % n, axis2 % n}]
    return (*rest, shape[axis1], shape[axis2])


def back_on_diagonal(g: Any, shape: tuple[int, ...], offset: int, axis1: int, axis2: int) -> Any:
    """Return zeros with a cotangent on the diagonal it was taken from."""
    moved = last_two(shape, axis1, axis2)
    found: Any = scatter(g, shape=moved, index=diagonal_places(moved, offset))
    return np.moveaxis(found, (-2, -1), (axis1, axis2))


diagonal.vjp(
    a=lambda g, a_shape, offset, axis1, axis2: back_on_diagonal(g, a_shape, offset, axis1, axis2)
)


@op(symbol="diag", samples=("3", "3 k=1", "3,3", "2,3 k=-1"))
def diag(a: Any, k: int = 0) -> Any:
    """Diagonal of a matrix, or the matrix with a diagonal.

    Examples
    --------
    >>> from autograd import diag
    >>> diag([1.0, 2.0])
    array([[1., 0.],
           [0., 2.]])
    """
    return np.diag(a, k)


diag.vjp(a=lambda g, a_shape, k: np.diagonal(g, k) if len(a_shape) == 1 else placed(g, a_shape, k))


def placed(g: Any, shape: tuple[int, ...], k: int) -> Any:
    """Put values on the k-th diagonal of zeros."""
    return scatter(g, shape=shape, index=diagonal_places(shape, k))


@op(accumulates=True, symbol="trace", samples=("3,3", "2,3 offset=1", "2,3,4 axis1=1 axis2=2"))
def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Sum of a diagonal of the plane of two axes.

    Examples
    --------
    >>> from autograd import trace
    >>> trace([[1.0, 2.0], [3.0, 4.0]])
    np.float64(5.0)
    """
    return np.trace(np.asarray(a), offset, axis1, axis2)


trace.vjp(
    a=lambda g, a_shape, offset, axis1, axis2: (on_diagonal if offset else on_main_diagonal)(
        g, a_shape, offset, axis1, axis2
    )
)


@printed("{0} · eye(k={2})", r"{0} \operatorname{eye}(k={2})")
def on_diagonal(g: Any, shape: tuple[int, ...], offset: int, axis1: int, axis2: int) -> Any:
    """Return zeros with g on a diagonal."""
    ones = ones_on(last_two(shape, axis1, axis2)[-2:], offset)
    return np.moveaxis(np.expand_dims(g, (-2, -1)) * ones, (-2, -1), (axis1, axis2))


@printed("{0} · I", "{0} I")
def on_main_diagonal(g: Any, shape: tuple[int, ...], offset: int, axis1: int, axis2: int) -> Any:
    """Return zeros with g on the diagonal."""
    return on_diagonal(g, shape, offset, axis1, axis2)


def ones_on(shape: tuple[int, ...], offset: int) -> Any:
    """Return zeros with ones on a diagonal."""
    return np.eye(shape[0], shape[1], offset)


def index_along(indices: Any, axis: int, ndim: int) -> tuple[Any, ...]:
    """Return the full index of `take_along_axis`."""
    grid = [
        np.arange(n).reshape([-1 if k == i else 1 for k in range(ndim)])
        for i, n in enumerate(indices.shape)
    ]
    grid[axis] = indices
    return tuple(grid)


@op(
    moves=True,
    symbol="take",
    samples=(
        "4 indices=[0,0,3]",
        "2,3 indices=[2,0] axis=1",
        "2,3 indices=4",
        "2,3 indices=[[0,1],[1,1]] axis=0",
        "2,3 indices=-1 axis=-1",
        "2,3 indices=[0,7,-9] mode='wrap'",
        "2,3 indices=[0,7,-9] axis=1 mode='clip'",
    ),
)
def take(a: Any, /, indices: Any, axis: int | None = None, mode: str = "raise") -> Any:
    """Take elements along an axis; of the flattened array by default.

    Indices beyond the ends are an error, or with mode="wrap" begin again, or with mode="clip" are
    the first and the last.

    Examples
    --------
    >>> from autograd import take
    >>> take([1.0, 2.0, 3.0], [2, 0])
    array([3., 1.])
    """
    length = np.size(a) if axis is None or not np.ndim(a) else np.shape(a)[axis]
    if not length and np.size(indices):  # where NumPy looks for ever, with mode="wrap"
        raise IndexError("cannot take elements of an empty axis")
    return np.take(a, indices, axis, mode=cast("Any", mode))


@printed("{0}, put back where it was taken", r"{0} \text{, put back where it was taken}")
def put_back(g: Any, shape: tuple[int, ...], indices: Any, axis: int | None, mode: str) -> Any:
    """Return the cotangents of the elements that `take` took, at their places."""
    if not g.size:
        return np.broadcast_to(np.sum(g), shape)  # 0: nothing was taken, whatever the indices
    axis = axis if shape else None  # a number has one element along any axis
    full = (math.prod(shape),) if axis is None else shape
    which = 0 if axis is None else axis % len(shape)
    places = np.array(indices, dtype=np.intp)
    if mode == "clip":
        places = np.clip(places, 0, full[which] - 1)
    elif mode == "wrap":
        places = places % full[which]
    index = (*[slice(None)] * which, places)
    return np.reshape(scatter(g, shape=full, index=index), shape)


take.vjp(a=lambda g, a_shape, indices, axis, mode: put_back(g, a_shape, indices, axis, mode))


@op(
    moves=True,
    symbol="take_along_axis",
    samples=(
        "2,3 indices=[[2,0],[1,1]] axis=1",
        "3,2 indices=[[0,0],[2,1]] axis=0",
        "4 indices=[3,3,0] axis=0",
        "2,3 indices=[[1]] axis=1",
        "1,3 indices=[[1],[0]] axis=1",
        "4 indices=[3,3,0] axis=None",
    ),
)
def take_along_axis(a: Any, /, indices: Any, axis: int | None = -1) -> Any:
    """Take from each slice along an axis its own elements, as `argsort` gives them.

    Examples
    --------
    >>> from autograd import take_along_axis
    >>> take_along_axis([[3.0, 1.0]], [[1, 0]], axis=1)
    array([[1., 3.]])
    """
    return np.take_along_axis(np.asarray(a), np.asarray(indices), axis)


def spanning(indices: Any, shape: tuple[int, ...], axis: int) -> Any:
    """Return the indices for the whole array, where they are the same along an axis."""
    lengths = [n if i == axis % len(shape) else None for i, n in enumerate(indices.shape)]
    full = [n if k is None else k for n, k in zip(shape, lengths, strict=True)]
    return np.broadcast_to(indices, full)


def put_along(g: Any, shape: tuple[int, ...], indices: Any, axis: int | None) -> Any:
    """Add each cotangent where its element was taken; axes of length 1 are for the whole array."""
    if axis is None:
        return np.reshape(scatter(g, shape=(int(np.prod(shape)),), index=indices), shape)
    full = tuple(
        n if i == axis % len(shape) or n != 1 else m
        for i, (n, m) in enumerate(zip(shape, indices.shape, strict=True))
    )
    return scatter(g, shape=full, index=index_along(spanning(indices, full, axis), axis, len(full)))


take_along_axis.vjp(
    a=lambda g, a_shape, indices, axis: put_along(g, a_shape, np.array(indices), axis)
)


@composite(samples=("condition=[True,False,True] a:4", "condition=[False,True,True] a:2,3 axis=1"))
def compress(condition: Any, a: Any, axis: int | None = None) -> Any:
    """Take the elements where a condition holds, along an axis or of the flattened array.

    Examples
    --------
    >>> from autograd import compress
    >>> compress([True, False, True], [1.0, 2.0, 3.0])
    array([1., 3.])
    """
    mask = np.asarray(value_of(condition), bool)
    if mask.ndim != 1:
        raise ValueError("the condition needs one axis")
    return np.take(arrayed(a), np.flatnonzero(mask), axis=axis)


@composite(
    samples=("arr:2,3 condition=[[True,False,True],[False,False,True]]", "arr:3 condition=[1,0,1]")
)
def extract(condition: Any, arr: Any) -> Any:
    """Take the elements of the flattened array where a flattened condition holds.

    Examples
    --------
    >>> from autograd import extract
    >>> extract([True, False, True], [1.0, 2.0, 3.0])
    array([1., 3.])
    """
    return np.take(arrayed(arr), np.flatnonzero(np.ravel(value_of(condition))))


@composite(
    samples=(
        *("a=[0,1,1] choices:3|3", "a=[2,0,1] choices:2,3|3|3", "a=[[0],[1]] choices:_|3"),
        "a=[0,3,-1] choices:3|3 mode='wrap'",
    )
)
def choose(a: Any, choices: Any, mode: str = "raise") -> Any:
    """Take each element from the choice that an array of indices names.

    Examples
    --------
    >>> from autograd import choose
    >>> choose([1, 0], [[1.0, 2.0], [3.0, 4.0]])
    array([3., 2.])
    """
    options = list(choices)
    numbers: Any = np.arange(len(options))
    which = np.choose(value_of(a), numbers, mode=mode)  # type: ignore[call-overload]
    result = options[0]
    for k, option in enumerate(options[1:], 1):
        result = np.where(np.equal(which, k), option, result)
    return np.broadcast_to(result, np.broadcast_shapes(which.shape, np.shape(result)))


@composite(
    samples=(
        "condlist=([True,True,False],[True,False,False]) choicelist:3|3",
        "condlist=([True,False,False],[False,True,True]) choicelist:2,3|_ default=5.0",
    )
)
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """Take each element from the choice of the first condition that holds, or the default.

    Examples
    --------
    >>> from autograd import select
    >>> select([[True, False], [True, False]], [[1.0, 2.0], [3.0, 4.0]], -1.0)
    array([ 1., -1.])
    """
    choices, conditions = list(choicelist), [np.asarray(value_of(c)) for c in condlist]
    if len(choices) != len(conditions) or not choices:
        raise ValueError(f"needs a choice for each of {len(conditions)} conditions")
    result = default
    for condition, choice in zip(reversed(conditions), reversed(choices), strict=True):
        if condition.dtype != bool:
            raise TypeError("conditions need to be boolean arrays")
        result = np.where(condition, choice, result)
    return result


_PLACES = (
    "4,3 3 index=1",
    "4,3 _ index=(-1,2)",
    "5 3 index=[0,4,3]",
    "4,3 2,3 index=[True,False,True,False]",
    "4,3 1 index=([0,2],[1,1])",
    "3 _ index=[]",
)


@op(symbol="set", text="set({a}[{index}], {b})", samples=(*_PLACES, "4 3 index=[1,1,2]"))
def index_set(a: Any, b: Any, /, index: Any) -> Any:
    """Copy of a with b at an index: see `at`. The last of several values for one place stays.

    Examples
    --------
    >>> from autograd import index_set
    >>> index_set([1.0, 2.0, 3.0], 0.0, index=1)
    array([1., 0., 3.])
    """
    result = np.array(a, dtype=np.result_type(a, b))
    result[plain_index(index)] = b
    return result


def staying(shape: tuple[int, ...], index: Any) -> Any:
    """Return 1 for each value that an assignment at the index leaves in its place."""
    where = plain_index(index)
    owner = np.zeros(shape, np.intp)
    numbers = np.arange(owner[where].size).reshape(owner[where].shape)
    owner[where] = numbers
    return np.equal(owner[where], numbers)


def set_pulled(g: Any, shape: tuple[int, ...], index: Any) -> Any:
    """Return the cotangent of the values that stay."""
    taken = getitem(g, index)
    return taken if isinstance(g, Symbol) else np.where(staying(shape, index), taken, 0.0)


index_set.vjp(
    a=lambda g, index: index_set(g, 0.0, index=index),
    b=lambda g, a_shape, index: set_pulled(g, a_shape, index),
)


@op(
    accumulates=True,
    symbol="add at",
    text="add({a}[{index}], {b})",
    samples=(*_PLACES, "4 3 index=[1,1,2]"),
)
def index_add(a: Any, b: Any, /, index: Any) -> Any:
    """Copy of a with b added at an index: see `at`. A place that is there twice is added to twice.

    Examples
    --------
    >>> from autograd import index_add
    >>> index_add([1.0, 2.0, 3.0], 1.0, index=[0, 0])
    array([3., 2., 3.])
    """
    result = np.array(a, dtype=np.result_type(a, b))
    np.add.at(result, plain_index(index), b)
    return result


index_add.vjp(a=lambda g: g, b=lambda g, index: getitem(g, index))


class at:
    """The place x[index], for what is written there instead; x itself never changes.

    Parameters
    ----------
    x : Tensor or array_like
        Where to write.
    index : any index of NumPy
        Integers, slices, None, Ellipsis, integer or boolean arrays, or a tuple of them.

    Examples
    --------
    >>> from autograd import Tensor, at
    >>> x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> y = at(x, 1).set(x[0] * 10)
    >>> y.data
    array([ 1., 10.,  3.])
    >>> y.sum().backward()
    >>> x.grad
    array([11.,  0.,  1.])
    """

    def __init__(self, x: Any, index: Any) -> None:
        self._x, self._index = x, index

    def set(self, values: Any) -> Any:
        """Return x with these values there, which broadcast to the shape of x[index]."""
        return index_set(self._x, values, index=self._index)

    def add(self, values: Any) -> Any:
        """Return x with these values added there; a place that is there twice gets both."""
        return index_add(self._x, values, index=self._index)

    def multiply(self, values: Any) -> Any:
        """Return x with its elements there multiplied by these values."""
        return index_set(self._x, getitem(self._x, self._index) * values, index=self._index)

    def get(self) -> Any:
        """Return x[index]."""
        return getitem(self._x, self._index)
