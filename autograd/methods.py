"""Operators and methods of `Tensor`, taken from the registry of ops.

The recording function of an op is itself the operator, so `a * b` costs one call.
"""

from __future__ import annotations

import operator
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from autograd.backward import backward
from autograd.callers import asked_by, in_numpy
from autograd.cuts import remember_numbers
from autograd.dispatch import array_function, array_ufunc
from autograd.errors import DTypeError, GradientError
from autograd.missing import ATTRIBUTES
from autograd.op import COMPOSITES, OPS, Op
from autograd.operands import is_sparse
from autograd.ops.sparse import sparse_product
from autograd.state import STATE
from autograd.symbol import BINARY, COMPARISONS, UNARY
from autograd.tensor import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FunctionType

    import numpy.typing as npt

__all__ = ["attach"]

from_engine = True

_METHODS = (
    *("sum", "mean", "max", "min", "prod", "var", "std", "cumsum", "cumprod", "ptp"),
    *("ravel", "squeeze", "swapaxes", "repeat", "take", "diagonal", "trace", "round"),
)
_PLAIN_METHODS = (
    *("argmax", "argmin", "argsort", "argpartition", "nonzero", "searchsorted"),
    *("any", "all", "tolist"),
)


def attach() -> None:
    """Give Tensor its operators and methods."""
    for dunder, name in BINARY.items():
        setattr(Tensor, f"__{dunder}__", OPS[name].operator)
        setattr(Tensor, f"__r{dunder}__", _reflected(OPS[name]))
        setattr(Tensor, f"__i{dunder}__", _rebinding(OPS[name]))
    for dunder, name in UNARY.items():
        setattr(Tensor, f"__{dunder}__", OPS[name].record)
    for dunder in COMPARISONS:
        setattr(Tensor, f"__{dunder}__", _comparison(getattr(operator, dunder)))
    Tensor.__rmatmul__ = _rmatmul  # type: ignore[method-assign]
    for name in _METHODS:
        setattr(Tensor, name, OPS[name].record)
    for name in _PLAIN_METHODS:
        setattr(Tensor, name, _plain_method(name))
    for name, why in ATTRIBUTES.items():
        setattr(Tensor, name, _Lacking(name, why.format(name=name)))
    for name, method in {
        "backward": backward,
        "__getitem__": _getitem,
        "reshape": _reshape,
        "astype": _astype,
        "clip": _clip,
        "transpose": _transpose,
        "dot": COMPOSITES["dot"].call,
        "copy": _copy,
        "conj": _copy,
        "conjugate": _copy,
        "flatten": _flatten,
        "sort": _sort,
        "partition": _partition,
        "compress": _compress,
        "choose": _choose,
        "__round__": _round,
        "__divmod__": _divmod,
        "__rdivmod__": _rdivmod,
        "real": property(_copy),
        "mT": property(_swapped),
        "T": property(_reversed_axes),
        "__array_ufunc__": array_ufunc,
        "__array_function__": array_function,
    }.items():
        setattr(Tensor, name, method)


def _rmatmul(self: Tensor, other: Any) -> Any:
    """Return other @ t; a sparse matrix of SciPy leaves the product to us."""
    if is_sparse(other):
        return sparse_product(self, other, left=True)
    return OPS["matmul"].record(other, self)


class _Lacking:
    """An attribute of arrays that tensors lack: asked for, it says what to write instead.

    (A `__getattr__` of the class would do, but make every other attribute slower.)
    """

    def __init__(self, name: str, why: str) -> None:
        self._name, self._why = name, why

    def __get__(self, instance: Any, owner: Any = None) -> NoReturn:
        raise AttributeError(
            f"Tensor has no attribute {self._name!r}: {self._why}.", name=self._name, obj=instance
        )


def _reflected(op: Op) -> Any:
    """Return the recording function with its operands swapped, for `3 * t`."""
    record: Any = op.record
    space: dict[str, Any] = {"from_engine": True, "record": record}
    exec(f"def {op.name}(self, other):\n    return record(other, self)", space)
    function: FunctionType = space[op.name]
    return function


def _rebinding(op: Op) -> Any:
    """Return `x += y`: a new result under the same name, as for numbers."""

    def operate(self: Tensor, other: Any) -> Any:
        if self.is_leaf and not STATE.get().recording:
            raise GradientError(
                f"in-place {op.name} on a leaf under no_grad(): this would only rebind the name, "
                "and the leaf would not change; write p.data = p.data - learning_rate * p.grad."
            )
        return op.operator(self, other)

    return operate


def _comparison(compared: Callable[[Any, Any], Any]) -> Any:
    """Return a comparison of values; an object that does not want arrays, as None, has its own."""

    def compare(self: Tensor, other: Any) -> Any:
        if other is None or isinstance(other, str):
            return NotImplemented
        if self._node is not None and in_numpy(sys._getframe(1)):
            who = asked_by(sys._getframe(1))
            raise DTypeError(
                f"{who}: got a Tensor where NumPy looks at a plain value: it has no derivative by "
                "it, and a gradient would be lost. Pass t.item() if that is meant."
            )
        return compared(self._value, other._value if type(other) is Tensor else other)

    return compare


def _plain_method(name: str) -> Any:
    def method(self: Tensor, *args: Any, **params: Any) -> Any:
        if name == "tolist":
            self._converted(name)
            remember_numbers(self._value, "tolist()", self._node)
        return getattr(self._value, name)(*args, **params)

    method.__name__ = name
    method.__doc__ = f"Return `{name}` of the values, as NumPy does; nothing is recorded."
    return method


def _getitem(self: Tensor, index: Any) -> Tensor:
    """Index as NumPy does; the result is recorded."""
    result: Tensor = OPS["getitem"].record(self, _frozen_index(index))
    return result


def _frozen_index(index: Any) -> Any:
    """Return an index of plain arrays, checked."""
    if isinstance(index, tuple):
        return tuple(_frozen_index(i) for i in index)
    if isinstance(index, Tensor):
        index = index._value
    if isinstance(index, np.ndarray):
        if index.dtype.kind not in "biu":
            raise DTypeError(f"getitem: an index needs integers or booleans, got {index.dtype}.")
        return index
    if isinstance(index, list):
        return np.array(index, dtype=None if index else np.intp)
    return index


def _reshape(self: Tensor, *shape: Any, order: str = "C") -> Tensor:
    """Arrange the elements in another shape: `t.reshape(2, 3)` or `t.reshape((2, 3))`."""
    if len(shape) == 1 and not isinstance(shape[0], (int, np.integer)):
        shape = tuple(shape[0])
    given = {} if order == "C" else {"order": order}
    result: Tensor = OPS["reshape"].record(self, tuple(int(n) for n in shape), **given)
    return result


def _astype(
    self: Tensor,
    dtype: npt.DTypeLike,
    order: str = "K",
    casting: str = "unsafe",
    subok: bool = True,
    copy: bool = True,
) -> Tensor:
    """Return the values in another floating-point dtype; the gradient comes back in this one."""
    result: Tensor = OPS["astype"].record(self, dtype)
    return result


_BOUND: Any = object()


def _clip(
    self: Tensor, a_min: Any = None, a_max: Any = None, *, min: Any = _BOUND, max: Any = _BOUND
) -> Any:
    """Keep the elements between two bounds, which NumPy calls `min` and `max` as well."""
    low, high = a_min if min is _BOUND else min, a_max if max is _BOUND else max
    return OPS["clip"].record(self, low, high)


def _transpose(self: Tensor, *axes: Any) -> Tensor:
    """Permute the axes: `t.transpose()`, `t.transpose(1, 0)` or `t.transpose((1, 0))`."""
    if len(axes) == 1 and not isinstance(axes[0], (int, np.integer)):
        axes = () if axes[0] is None else tuple(axes[0])
    result: Tensor = OPS["transpose"].record(self, axes or None)
    return result


def _copy(self: Tensor, order: str = "C") -> Tensor:
    """Return the same values as a new result, whose gradient is that of this tensor."""
    result: Tensor = OPS["positive"].record(self)
    return result


def _flatten(self: Tensor, order: str = "C") -> Tensor:
    """Return the elements along one axis, as `ravel` does."""
    result: Tensor = OPS["ravel"].record(self, order=order)
    return result


def _sort(self: Tensor, axis: int | None = -1, kind: str | None = None) -> Tensor:
    """Return the sorted elements as a new tensor; this one does not change, unlike an array."""
    result: Tensor = OPS["sort"].record(self, axis=axis)
    return result


def _partition(self: Tensor, kth: Any, axis: int | None = -1) -> Tensor:
    """Return the partitioned elements as a new tensor; this one does not change."""
    result: Tensor = OPS["partition"].record(self, kth=kth, axis=axis)
    return result


def _compress(self: Tensor, condition: Any, axis: int | None = None) -> Any:
    """Take the elements where a condition holds, along an axis or of the flattened tensor."""
    return COMPOSITES["compress"].call(condition, self, axis=axis)


def _choose(self: Tensor, choices: Any, mode: str = "raise") -> Any:
    """Take each element from the choice that an element of this tensor, an index, names."""
    return COMPOSITES["choose"].call(self, choices, mode=mode)


def _round(self: Tensor, digits: int | None = None) -> Any:
    """Round to a number of decimals: `round(t, 2)`; its derivative is 0."""
    return OPS["round"].record(self, decimals=0 if digits is None else digits)


def _divmod(self: Tensor, other: Any) -> Any:
    ours = (int, float, np.generic, np.ndarray, Tensor)
    if not isinstance(other, ours) and hasattr(other, "__rdivmod__"):
        return NotImplemented
    return COMPOSITES["divmod"].call(self, other)


def _rdivmod(self: Tensor, other: Any) -> Any:
    return COMPOSITES["divmod"].call(other, self)


def _swapped(self: Tensor) -> Tensor:
    """Return the tensor with its last two axes exchanged."""
    result: Tensor = OPS["matrix_transpose"].record(self)
    return result


def _reversed_axes(self: Tensor) -> Tensor:
    """Return the tensor with its axes reversed."""
    result: Tensor = OPS["matrix_transpose" if self.ndim == 2 else "transpose"].record(self)
    return result
