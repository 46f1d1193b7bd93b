"""New arrays with some elements replaced: what `x[i] = v` would do, without changing x."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.op import op
from autograd.ops.index import getitem, plain_index
from autograd.symbol import Symbol

from_engine = True

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
