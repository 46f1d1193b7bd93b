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
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.callers import asked_by
from autograd.errors import DTypeError, ShapeError
from autograd.missing import BESIDE, INSTEAD, MODULES, reason
from autograd.op import COMPOSITES, OPS, Composite, Op
from autograd.ops.special import SCIPY
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
    """Run the op that is the ufunc's (NumPy's `__array_ufunc__` protocol)."""
    known = OPS.get(_NAMES.get(ufunc, "")) if method == "__call__" and not params else None
    if known is not None:
        return known.record(*inputs)
    name = ufunc.__name__
    if ufunc not in _NUMPYS:  # by identity: another one may have the name of one of NumPy's
        return _of_scipy(ufunc, method, inputs, params)
    found = OPS.get(name) or OPS.get(ALIASES.get(name, ""))
    if found is not None and method == "__call__" and not params:
        _NAMES[ufunc] = found.name
        return found.record(*inputs)
    if found is not None and method == "__call__" and params.keys() <= set(found.params):
        return found.record(*inputs, **params)
    if method != "__call__":
        return _of_ufunc(name, method, inputs, params)
    if params.get("out") is not None:
        if not _tracked((inputs, params)):  # constants are as good as arrays
            return ufunc(*_plain_values(inputs), **params)
        raise _in_place(name, inputs, params["out"])
    if name in PLAIN:
        return getattr(ufunc, method)(*[value_of(x) for x in inputs], **params)
    if name in COMPOSITES and not params:
        return COMPOSITES[name].call(*inputs)
    if found is None and name not in COMPOSITES:
        if not _tracked(inputs):  # constants are as good as arrays
            return ufunc(*_plain_values(inputs), **params)
        return _refuse(f"np.{name}", reason(name))
    raise DTypeError(
        f"np.{name}: {', '.join(params)} is not supported on a Tensor; "
        "use where() for a mask, astype() for a dtype."
    )


_NAMES: dict[np.ufunc, str] = {}  # of the op that a ufunc of NumPy has led to before
_UMATH: Any = np._core.umath  # type: ignore[attr-defined]  # ndarray.clip has a ufunc of its own
_NUMPYS = frozenset(
    f for f in [*vars(np).values(), *vars(_UMATH).values()] if isinstance(f, np.ufunc)
)


def _of_scipy(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], params: dict[str, Any]) -> Any:
    """Run what a ufunc of scipy.special is here; refuse one that is nobody's we know."""
    name, special = ufunc.__name__, sys.modules.get("scipy.special")
    home = "scipy.special" if getattr(special, ufunc.__name__, None) is ufunc else ""
    ours = SCIPY.get(name) if home else None
    if ours is not None and method == "__call__" and not params:
        if name in ("jv", "iv"):  # the order comes first there
            order, x = inputs
            if isinstance(order, Tensor) or np.ndim(order) or order != int(order):
                raise DTypeError(f"scipy.special.{name}: the order needs to be one whole number.")
            return OPS[ours].record(x, n=int(order))
        return OPS[ours].record(*inputs) if ours in OPS else COMPOSITES[ours].call(*inputs)
    if not _tracked(inputs) and "out" not in params:
        return getattr(ufunc, method)(*_plain_values(inputs), **params)
    made = f"{home}.{name}" if home else f"{name} (a ufunc that is not NumPy's)"
    return _refuse(made if method == "__call__" else f"{made}.{method}", "")


def _in_place(name: str, inputs: tuple[Any, ...], out: Any) -> DTypeError:
    """Return the error of a result that would be written into an array."""
    signs = {op: dunder for dunder, op in _SIGNS.items()}
    if name in signs and inputs and isinstance(out, tuple) and inputs[0] is out[0]:
        sign = signs[name]
        return DTypeError(
            f"y {sign}= t: this would write into the plain array y (out=y), which keeps no "
            f"gradient; write y = y {sign} t for a new tensor."
        )
    return DTypeError(
        f"np.{name}: out= would overwrite an array that a graph may still need; "
        "use the result instead."
    )


_SIGNS = {
    "+": "add",
    "-": "subtract",
    "*": "multiply",
    "/": "divide",
    "**": "power",
    "@": "matmul",
    "%": "remainder",
    "//": "floor_divide",
}

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
    if method == "at":
        form = {"add": "add(values)", "multiply": "multiply(values)"}.get(name, "set(values)")
        raise DTypeError(
            f"np.{name}.at: this would write into its first argument, which a graph may need; "
            f"write y = at(y, index).{form} for a new tensor."
        )
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
    if name in PLAIN and function in _homes(name):
        asking = sys._getframe(1)
        if asking.f_globals.get("__name__", "").startswith("scipy.special") and _tracked(args):
            return _refuse(asked_by(asking), "")  # it looks whether it has numbers
        return function(*_values(args), **{k: value_of(v) for k, v in params.items()})
    found = OPS.get(ALIASES.get(name, name))
    if name in COMPOSITES and function in _homes(name):
        return _call(function, COMPOSITES[name], args, params)
    if name in _LAST_AXES and function is getattr(np.linalg, name):
        return OPS[name].record(*args, **params, axis1=-2, axis2=-1)
    if function not in _homes(name):
        found = None
    if found is None or (name == "where" and len(args) == 1):
        if not _tracked((args, params)):  # constants are as good as arrays
            return function(*_plain_values(args), **_plain_values(params))
        home = _module_of(function)
        asking = sys._getframe(1)
        if asking.f_globals.get("__name__", "").startswith("numpy."):  # which uses this one
            who = asked_by(asking)
            name = who.rpartition(".")[2]
            if name in OPS or name in COMPOSITES or name in ALIASES:
                raise DTypeError(
                    f"{who} with a Tensor beside a plain array: NumPy's own function runs, and has "
                    f"no derivative; {BESIDE}, or pass t.detach() if no gradient is needed."
                )
            return _refuse(who, f"write {INSTEAD[who]}; " if who in INSTEAD else "")
        why = MODULES.get(home, "").format(name=name) or reason(name)
        return _refuse(f"{home}.{name}", f"{why.rstrip('; ')}; " if why else "")
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
            if long in bound:
                raise ValueError(f"np.{op.name}: {short} and {long} mean the same; pass one.")
            bound[long] = bound.pop(short)
    for passed_over in _IGNORED.get(op.name, ()):
        bound.pop(passed_over, None)
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
    params = {_SHORT.get(found.name, {}).get(k, k): v for k, v in params.items()}
    bound = signature.bind(*args, **params)
    positional: list[Any] = []
    named: dict[str, Any] = {}
    for name, value in bound.arguments.items():
        parameter = signature.parameters[name]
        if parameter.kind is parameter.VAR_POSITIONAL:
            positional += value
        elif parameter.kind is parameter.VAR_KEYWORD:
            named.update(value)
        elif parameter.default is parameter.empty and not named:  # NumPy may call it otherwise
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


# What makes no difference here: sorting is stable, which suits every kind.
_IGNORED = {"sort": ("kind", "stable")}
# NumPy 2 has second names for some operands.
_SHORT = {
    "clip": {"min": "a_min", "max": "a_max"},
    **{name: {"correction": "ddof"} for name in ("var", "std", "nanvar", "nanstd")},
}


class _Nothing:
    """A default that no argument is."""


_signature = functools.cache(inspect.signature)


def _module_of(function: Callable[..., Any]) -> str:
    """Return the name of NumPy's public module that a function is called in."""
    name = function.__name__
    for home, module in (
        ("np", np),
        ("np.linalg", np.linalg),
        ("np.lib.stride_tricks", np.lib.stride_tricks),
        ("np.emath", np.emath),
        ("np.fft", np.fft),
        ("np.polynomial", np.polynomial),
    ):
        if getattr(module, name, None) is function:
            return home
    return str(getattr(function, "__module__", "numpy")).replace("numpy", "np", 1)


def _refuse(name: str, why: str) -> Any:
    values = "about files" in why
    raise DTypeError(
        f"{name}: has no derivative rule here; {why}use t.detach() where no gradient is needed"
        f"{'' if values else ', or declare an op for it with @op'}."
    )


def _tracked(x: Any) -> bool:
    """Whether there is a tensor with a graph in nested arguments."""
    if isinstance(x, dict):
        return any(map(_tracked, x.values()))
    if isinstance(x, (tuple, list)):
        return any(map(_tracked, x))
    return isinstance(x, Tensor) and x.requires_grad


def _plain_values(x: Any) -> Any:
    """Return nested arguments with arrays in the place of tensors."""
    if isinstance(x, dict):
        return {k: _plain_values(v) for k, v in x.items()}
    if type(x) in (tuple, list):
        return type(x)(map(_plain_values, x))
    return np.asarray(x._value) if isinstance(x, Tensor) else x


def _values(args: tuple[Any, ...]) -> list[Any]:
    return [
        type(a)(value_of(x) for x in a) if type(a) in (list, tuple) else value_of(a) for a in args
    ]
