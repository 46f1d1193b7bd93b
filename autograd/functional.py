"""Transforms: functions in, derivative functions out; arrays in, arrays out; and they nest."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.backward import gradients
from autograd.errors import DTypeError, GradientError
from autograd.op import OPS
from autograd.state import STATE, inside_transform
from autograd.tensor import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["grad"]

from_engine = True


def grad(f: Callable[..., Any], argnums: int | tuple[int, ...] = 0) -> Callable[..., Any]:
    """Return the function that computes the gradient of f.

    Parameters
    ----------
    f : callable
        Takes arrays (as Tensors it may use freely) and returns a single number.
    argnums : int or tuple of int
        The positions of the arguments to differentiate.

    Returns
    -------
    callable
        Takes the arguments of f. Returns the gradient: an array of the shape and dtype of that
        argument (Python integers count as floats), or a tuple of them where `argnums` is one.
        Called inside another transform it returns Tensors, so gradients of gradients are exact.

    Raises
    ------
    GradientError
        If f does not return a single number.
    DTypeError
        If an argument to differentiate is not made of real numbers, or is an integer array.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import grad
    >>> grad(lambda x: (x * x).sum())(np.array([1.0, 2.0]))
    array([2., 4.])
    >>> print(f"{grad(grad(grad(np.tanh)))(0.5):.12f}")
    -0.565209288260
    """
    positions = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    @functools.wraps(f)
    def gradient(*args: Any, **params: Any) -> Any:
        nested = STATE.get().depth > 0
        with inside_transform():
            given, variables = list(args), []
            for i in positions:
                if not -len(args) <= i < len(args):
                    raise GradientError(
                        f"grad: argnums={i}, but the function was called with {len(args)} "
                        f"arguments."
                    )
                given[i] = _variable(args[i])
                variables.append(given[i])
            result = f(*given, **params)
            if not isinstance(result, Tensor) or not result.requires_grad:
                if np.size(result) != 1:
                    raise GradientError(
                        f"grad: the function needs to return a single number, got shape "
                        f"{np.shape(result)}."
                    )
                found = [np.zeros(v.shape, v.dtype) for v in variables]
            else:
                found = gradients(result, variables, create_graph=nested, allow_unused=True)
                found = [
                    np.zeros(v.shape, v.dtype) if g is None else g
                    for g, v in zip(found, variables, strict=True)
                ]
        return found[0] if isinstance(argnums, int) else tuple(found)

    return gradient


def _variable(x: Any) -> Tensor:
    """Return a tensor to differentiate by: a new leaf, or a new node on an outer transform's."""
    if isinstance(x, Tensor) and x.requires_grad:
        alias: Tensor = OPS["positive"].record(x)
        return alias
    value = x.data if isinstance(x, Tensor) else x
    if isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if np.asarray(value).dtype.kind in "biu":
        raise DTypeError(
            f"grad: an argument to differentiate needs a floating dtype, got "
            f"{np.asarray(value).dtype}; pass x.astype(float)."
        )
    return Tensor(value, requires_grad=True)
