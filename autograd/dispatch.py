"""NumPy functions on tensors: `np.exp(t)`, `array * t`, `np.concatenate([t, a])` all record.

The registry decides: a NumPy function whose name is an op's runs that op. Comparisons and tests
give plain arrays. Anything else is refused by name, because converting silently would lose the
gradient.
"""

from __future__ import annotations

import functools
import inspect
import operator
import string
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.errors import DTypeError, ShapeError
from autograd.missing import reason
from autograd.op import COMPOSITES, OPS, Composite, Op
from autograd.tensor import Tensor, value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


__all__ = ["array_function", "array_ufunc"]

from_engine = True

# Functions without a derivative to record: they see values and give plain arrays.
PLAIN = frozenset(
    {"greater", "greater_equal", "less", "less_equal", "equal", "not_equal"}
    | {"isnan", "isinf", "isfinite", "signbit", "array_equal", "allclose", "isclose"}
    | {"logical_and", "logical_or", "logical_not", "logical_xor", "all", "any", "count_nonzero"}
    | {"argmax", "argmin", "argsort", "nonzero", "shape", "ndim", "size", "result_type", "can_cast"}
    | {"zeros_like", "ones_like", "empty_like", "may_share_memory", "shares_memory"}
    | {"argwhere", "flatnonzero", "argpartition", "nanargmax", "nanargmin", "searchsorted"}
    | {"digitize", "isin"}
    | {"lexsort", "array_equiv", "isneginf", "isposinf", "iscomplex", "isreal", "common_type"}
    | {"matrix_rank", "tril_indices_from", "triu_indices_from", "diag_indices_from", "spacing"}
    | {"min_scalar_type", "einsum_path", "bitwise_count"}
    | {"array_repr", "array_str", "array2string", "iscomplexobj", "isrealobj"}
)
# NumPy spells some functions in more than one way.
ALIASES = {
    "amax": "max",
    "amin": "min",
    "abs": "absolute",
    "true_divide": "divide",
    "degrees": "rad2deg",
    "radians": "deg2rad",
    "fix": "trunc",
    "conjugate": "positive",
    "copy": "positive",
    "real": "positive",
    "around": "round",
}


def array_ufunc(self: Tensor, ufunc: np.ufunc, method: str, *inputs: Any, **params: Any) -> Any:
    """Run the op named as the ufunc (NumPy's `__array_ufunc__` protocol)."""
    name = ufunc.__name__
    found = OPS.get(name) or OPS.get(ALIASES.get(name, ""))
    if found is not None and method == "__call__" and not params:
        return found.record(*inputs)
    if found is not None and method == "__call__" and params.keys() <= set(found.params):
        return found.record(*inputs, **params)
    if method != "__call__":
        return _of_ufunc(name, method, inputs, params)
    if params.get("out") is not None:
        raise DTypeError(
            f"np.{name}: out= would overwrite an array that a graph may still need; "
            "use the result instead."
        )
    if name in PLAIN:
        return getattr(ufunc, method)(*[value_of(x) for x in inputs], **params)
    if name in COMPOSITES and not params:
        return COMPOSITES[name].call(*inputs)
    if found is None and name not in COMPOSITES:
        return _refuse(name)
    raise DTypeError(
        f"np.{name}: {', '.join(params)} is not supported on a Tensor; "
        "use where() for a mask, astype() for a dtype."
    )


# What the methods of ufuncs are as ops: np.add.reduce(t) is a sum along the first axis.
_METHODS = {
    ("add", "reduce"): "sum",
    ("multiply", "reduce"): "prod",
    ("add", "accumulate"): "cumsum",
    ("maximum", "reduce"): "max",
    ("minimum", "reduce"): "min",
    ("multiply", "accumulate"): "cumprod",
    ("logaddexp", "reduce"): "logsumexp",
}


def _of_ufunc(name: str, method: str, inputs: tuple[Any, ...], params: dict[str, Any]) -> Any:
    """Run the op that a method of a ufunc is."""
    found = OPS.get(_METHODS.get((name, method), ""))
    given = {k: v for k, v in params.items() if v is not None and v is not np._NoValue}
    if found is not None and len(inputs) == 1 and given.keys() <= set(found.params):
        return found.record(inputs[0], **{"axis": 0, **given, **_kept_axis(params)})
    if method == "outer" and name in OPS and len(inputs) == 2 and not given:
        a, b = inputs
        return OPS[name].record(OPS["reshape"].record(a, (*np.shape(a), *(1,) * np.ndim(b))), b)
    raise DTypeError(
        f"np.{name}.{method}: not recorded on a Tensor; use an op such as sum, "
        "or t.detach() where no gradient is needed."
    )


def _kept_axis(params: dict[str, Any]) -> dict[str, Any]:
    """Return axis=None where it was given: all axes, while a missing axis is the first."""
    return {"axis": None} if "axis" in params and params["axis"] is None else {}


def array_function(
    self: Tensor,
    function: Callable[..., Any],
    types: Iterable[type],
    args: tuple[Any, ...],
    params: dict[str, Any],
) -> Any:
    """Run the op named as the function (NumPy's `__array_function__` protocol)."""
    name = function.__name__
    if name in PLAIN:
        return function(*_values(args), **{k: value_of(v) for k, v in params.items()})
    found = OPS.get(ALIASES.get(name, name))
    if name in COMPOSITES and function in _homes(name):
        return _call(function, COMPOSITES[name], args, params)
    if name in _LAST_AXES and function is getattr(np.linalg, name):
        return OPS[name].record(*args, **params, axis1=-2, axis2=-1)
    if function not in _homes(name):
        found = None
    if found is None or (name == "where" and len(args) == 1):
        return _refuse(name)
    if len(args) == 1 and not params:
        return found.record(*args)
    if name == "einsum":  # np.einsum("ij,jk->ik", a, b, optimize=...)
        subscripts, arrays = _einsum(args)
        params.pop("optimize", None)
        return found.record(arrays, subscripts=subscripts, **params)
    operands, given = _bound(function, found, args, params)
    unknown = [k for k in given if k not in found.params]
    if unknown:
        raise _unsupported(name, unknown, found.params)
    return found.record(*operands, **given)


def _homes(name: str) -> list[Any]:
    """Return the functions that NumPy has under a name."""
    modules = (np, np.linalg, np.lib.stride_tricks)
    return [getattr(module, name) for module in modules if hasattr(module, name)]


def _bound(
    function: Callable[..., Any], op: Op, args: tuple[Any, ...], params: dict[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """Return the operands and the keyword parameters of a call, as NumPy's signature reads it.

    NumPy and the op may order their parameters differently, so only names count after the operands;
    what has NumPy's default is left out.
    """
    try:
        signature = _signature(function)
    except ValueError:  # a few functions in C do not tell theirs; they take operands first
        n = 1 if op.variadic else len(op.operands)
        named = dict(zip(op.params, args[n:], strict=False))
        return list(args[:n]), {**named, **params}
    bound = signature.bind(*args, **params).arguments
    bound.update(bound.pop("kwargs", {}))
    for short, long in _SHORT.get(op.name, {}).items():
        if short in bound and bound[short] is not np._NoValue:
            bound[long] = bound.pop(short)
    names = list(signature.parameters)[: 1 if op.variadic else len(op.operands)]
    operands = [bound.pop(n) if n in bound else signature.parameters[n].default for n in names]
    operands = [None if x is np._NoValue else x for x in operands]
    defaults = {n: p.default for n, p in signature.parameters.items()}
    given = {n: v for n, v in bound.items() if n in op.params or v is not defaults.get(n, _Nothing)}
    # np.sum and others mark "not given" by a value of their own.
    return operands, {n: v for n, v in given.items() if v is not np._NoValue}


_LETTERS = string.ascii_uppercase + string.ascii_lowercase  # in NumPy's order


def _einsum(args: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
    """Return subscripts and operands; each operand may be followed by a list of its indices."""
    if isinstance(args[0], str):
        return args[0], args[1:]

    def letters(indices: Any) -> str:
        for i in indices:
            if i is not Ellipsis and (isinstance(i, bool) or not 0 <= operator.index(i) < 52):
                raise ShapeError(f"np.einsum: an index needs to be an int from 0 to 51, got {i!r}.")
        return "".join("..." if i is Ellipsis else _LETTERS[i] for i in indices)

    n = len(args) // 2
    subscripts = ",".join(letters(args[2 * k + 1]) for k in range(n))
    if len(args) % 2:
        subscripts += f"->{letters(args[-1])}"
    return subscripts, args[: 2 * n : 2]


# np.linalg has these two for the last two axes, np for the first two.
_LAST_AXES = {"trace", "diagonal"}


def _call(
    function: Callable[..., Any], found: Composite, args: tuple[Any, ...], params: dict[str, Any]
) -> Any:
    """Call a composite with the arguments as NumPy's signature names them."""
    try:
        signature = _signature(function)
    except ValueError:  # a function in C that does not tell its signature
        return found.call(*args, **params)
    bound = signature.bind(*args, **params)
    positional: list[Any] = []
    named: dict[str, Any] = {}
    for name, value in bound.arguments.items():
        parameter = signature.parameters[name]
        if parameter.kind is parameter.VAR_POSITIONAL:
            positional += value
        elif parameter.kind is parameter.VAR_KEYWORD:
            named.update(value)
        elif name in found.params and parameter.default is parameter.empty and not named:
            positional.append(value)
        elif value is not np._NoValue and (name in found.params or value is not parameter.default):
            named[name] = value
    unknown = [name for name in named if name not in found.params]
    if unknown:
        raise _unsupported(found.name, unknown, found.params)
    return found.call(*positional, **named)


def _unsupported(name: str, unknown: list[str], known: tuple[str, ...]) -> DTypeError:
    return DTypeError(
        f"np.{name}: {', '.join(unknown)} is not supported on a Tensor; "
        f"it takes {', '.join(known) or 'no keywords'}."
    )


# NumPy 2 has second names for some operands.
_SHORT = {"clip": {"min": "a_min", "max": "a_max"}}


class _Nothing:
    """A default that no argument is."""


_signature = functools.cache(inspect.signature)


def _refuse(name: str) -> Any:
    module = "np.linalg" if hasattr(np.linalg, name) and not hasattr(np, name) else "np"
    raise DTypeError(
        f"{module}.{name}: has no derivative rule here; {reason(name)}use t.detach() where no "
        "gradient is needed, or declare an op for it with @op."
    )


def _values(args: tuple[Any, ...]) -> list[Any]:
    return [
        type(a)(value_of(x) for x in a) if type(a) in (list, tuple) else value_of(a) for a in args
    ]
