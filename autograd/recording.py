"""The code that records an op, written once from its declaration.

`record_source` and `pull_source` write two small functions for each op: one that computes, and
keeps exactly what the rules will read, and one that hands it to the rules. The rest is what they
call off their fast path.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.anomaly import inspect_forward
from autograd.cotangents import conform
from autograd.errors import AutogradError, DTypeError, GradientError, RuleError, ShapeError
from autograd.node import Constant, Node, next_id
from autograd.state import STATE
from autograd.symbol import Symbol, apply
from autograd.tensor import Tensor, arrayed, has_tensors
from autograd.zeros import mended

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autograd.op import Composite, Op

__all__ = [
    "explain",
    "frozen",
    "is_sparse",
    "namespace",
    "pull_source",
    "push_source",
    "record_source",
]

from_engine = True

# Operand types that are taken as they are; anything else is looked at first.
_ATOMS = frozenset({int, bool, float, str, type(None)})  # parameters that cannot change
_SAFE = frozenset({Tensor, float, int, bool, np.float64, np.float32})  # values that cannot change
_PLAIN_NUMBERS = frozenset({float, int, bool, np.float64, np.float32, np.float16, np.int64})


def namespace(op: Op) -> dict[str, Any]:
    """Return the names that generated code uses."""
    namespace = {
        "__name__": op.forward.__module__,
        "from_engine": True,
        "_forward": op.forward,
        "_op": op,
        "_Tensor": Tensor,
        "_Node": Node,
        "_new": object.__new__,
        "_float": float,
        "_float64": np.float64,
        "_double": np.dtype(np.float64),
        "_safe": _SAFE,
        "_conform": conform,
        "_mended": mended,
        "_next_id": next_id,
        "_state": STATE.get,
        "_array": np.ndarray,
        "_frame": sys._getframe,
        "_numbers": _PLAIN_NUMBERS,
        "_coerce": _coerce,
        "_taken": _taken,
        "_deferred": _deferred,
        "_own": _own,
        "_weakened": _weakened,
        "_half": np.dtype(np.float16),
        "_single": _in_single,
        "_dtype": _dtype,
        "_kept": _kept,
        "_inspect": inspect_forward,
        "_atoms": _ATOMS,
        "_constant": _constant,
        "_plain": _plain,
        "_explain": explain,
        "_not_real": _not_real,
        "_no_rule": _no_rule,
    }
    namespace.update({f"_default_{name}": value for name, value in op.defaults.items()})
    namespace.update({f"_absent_{name}": value for name, value in op.absent.items()})
    return namespace


def record_source(op: Op, operator: str = "") -> list[str]:
    """Write the recording function of an op.

    With the name of a reflected method, such as ``"__rmul__"``, it is that of an operator: what it
    does not know, but has that method, is given the word.
    """
    names, variadic = op.operands, op.variadic
    # An op of which every derivative is 0 is recorded, so that backward() finds its leaves.
    tracked = [n for n in names if op.flat or not (n in op.rules and op.rules[n] is None)]
    default = [f"{p}=_default_{p}" if p in op.defaults else p for p in op.params]
    if op.keywords and any(p not in op.defaults for p in op.keywords):
        default.insert(len(op.params) - len(op.keywords), "*")  # a default may stand before them
    params = ", ".join(f"{p}={p}" for p in op.params)
    values = [f"_v_{n}" for n in names]
    given = [f"{n}=None" if n in op.absent else n for n in names]
    name = f"_operator_{op.name}" if operator else op.name
    lines = [f"def {name}({', '.join([*given, *default])}):"]
    for n in op.absent:
        lines += [f"    if {n} is None:", f"        {n} = _absent_{n}"]
    lines += _several_source(op) if variadic else _operands_source(op, tracked, operator)
    n = names[0]
    call = ", ".join(filter(None, [f"*_v_{n}" if variadic else ", ".join(values), params]))
    everything = f"_v_{n}" if variadic else f"({', '.join(values)},)"
    lines += [
        "    try:",
        *_forward_source(op, call),
        "        _shape = () if type(out) is _float64 else out.shape",
        *(
            [
                "        if type(out) is _Tensor or out.dtype.kind not in 'fiub':",
                "            _not_real(out)",
            ]
            if op.params
            else []
        ),
        "    except Exception as _error:",
        f"        raise _explain(_op, _error, {everything}, dict({params})) from _error",
        "    if _shape:",
        "        out.setflags(False)",
        "    elif type(out) is _array:",
        "        out = out[()]",
        "    _result = _new(_Tensor)",
        "    _result._value, _result._constant = out, None",
    ]
    parents = "_parents" if variadic else f"({', '.join(f'_n_{n}' for n in names)},)"
    some = "_needed" if variadic else " or ".join(f"_n_{n} is not None" for n in tracked)
    lines += [
        f"    _modes = _state() if {some or 'False'} else None",
        "    if _modes is None or not _modes.recording:",
        "        _result._node = None",
        "        return _result",
    ]
    for n in tracked:
        if n not in op.rules:
            held = "_needed" if variadic else f"_n_{n} is not None"
            lines += [f"    if {held}:", f"        raise _no_rule(_op, {n!r})"]
    lines += [
        "    _result._node = _node = _new(_Node)",
        "    _node.id, _node.op, _node.extra, _node.walked = _next_id(), _op, None, False",
        f"    _node.parents = {parents}",
        f"    _node.saved = {_saved_source(op)}",
        f"    _node.params = ({''.join(_kept_param(p) for p in op.params)})",
        "    _node.shape = _shape",
        "    _node.dtype = _double if type(out) is _float64 else out.dtype",
        f"    _node.constants = {_constants_source(op)}",
        "    _node.scope = _modes.scope",
        "    _caller = _frame(1)",
        "    while 'from_engine' in _caller.f_globals and _caller.f_back is not None:",
        "        _caller = _caller.f_back",
        "    _node.code, _node.lasti = _caller.f_code, _caller.f_lasti",
        "    if _modes.anomaly:",
        f"        _inspect(_node, out, {everything})",
        "    return _result",
    ]
    return lines


def _several_source(op: Op) -> list[str]:
    """Write what takes the values and nodes of a sequence of operands."""
    (n,), params = op.operands, ", ".join(f"{p}={p}" for p in op.params)
    return [
        f"    {n} = tuple({n})",
        f"    if not any([type(x) is _Tensor for x in {n}]):",
        f"        return _plain(_op, {n}, dict({params}))",
        f"    _v_{n} = tuple([x._value if type(x) is _Tensor else _coerce(_op, x) for x in {n}])",
        f"    _parents = tuple([x._node if type(x) is _Tensor else None for x in {n}])",
        "    _needed = any([p is not None for p in _parents])",
    ]


def _operands_source(op: Op, tracked: list[str], operator: str) -> list[str]:
    """Write what takes the value and the node of each operand."""
    names, params = op.operands, ", ".join(f"{p}={p}" for p in op.params)
    lines = []
    for k, n in enumerate(names):
        lines += [
            f"    if type({n}) is _Tensor:",
            f"        _n_{n}, _v_{n} = {f'{n}._node' if n in tracked else 'None'}, {n}._value",
            "    else:",
        ]
        if k == 0:
            others = " and ".join(f"type({m}) is not _Tensor" for m in names[1:]) or "True"
            call = f"_plain(_op, ({', '.join(names)},), dict({params}))"
            lines += [f"        if {others}:", f"            return {call}"]
        lines += [
            f"        if type({n}) in _numbers:",
            f"            _n_{n}, _v_{n} = None, {n}",
            "        else:",
            f"            _n_{n}, _v_{n} = _taken(_op, {n}, {operator!r})",
        ]
        if operator and k:
            lines += [
                f"            if _v_{n} is NotImplemented:",
                f"                return _deferred(_op, {', '.join(names)})",
            ]
    if len(names) > 1:  # constants made of Python numbers take the dtype of what they meet
        constant = " or ".join(
            f"_n_{n} is None and type({n}) is _Tensor and {n}._constant is not None "
            f"and {n}._constant.weak"
            for n in names
        )
        values = ", ".join(f"_v_{n}" for n in names)
        lines += [
            f"    if {constant}:",
            f"        {values} = _weakened(({', '.join(names)}), ({values}))",
        ]
    return lines


def _forward_source(op: Op, call: str) -> list[str]:
    """Write the call of the forward function, in single precision where an op adds up halves."""
    plain = f"        out = _forward({call})"
    if not op.accumulates:
        return [plain]
    n = op.operands[0]
    some = f"any([_dtype(v) is _half for v in _v_{n}])" if op.variadic else None
    some = some or " or ".join(
        f"(_v_{n}.dtype if type({n}) is _Tensor else _dtype(_v_{n})) is _half" for n in op.operands
    )
    everything = f"_v_{n}" if op.variadic else f"({', '.join(f'_v_{n}' for n in op.operands)},)"
    params = ", ".join(f"{p}={p}" for p in op.params)
    return [
        f"        if {some}:",
        f"            out = _single(_forward, {everything}, dict({params}))",
        "        else:",
        f"    {plain}",
    ]


def _saved_source(op: Op) -> str:
    """Write the tuple of saved values: each one only if a rule that will run reads it."""
    items = []
    for name in op.saved:
        if op.variadic:
            n = op.operands[0]
            items.append(
                f"tuple([v.shape if hasattr(v, 'shape') else () for v in _v_{n}])"
                if name == f"{n}_shape"
                else f"tuple([_own(v, x) for v, x in zip(_v_{n}, {n})])"
                if name == n
                else name
            )
            continue
        readers = [o for o, asks in op.asks.items() if name in asks]
        if name in op.operands:
            value = f"(_v_{name} if type({name}) in _safe else _own(_v_{name}, {name}))"
        elif name.endswith("_shape") and name.removesuffix("_shape") in op.operands:
            n = name.removesuffix("_shape")
            value = f"(_v_{n}.shape if hasattr(_v_{n}, 'shape') else ())"
        else:
            value = name
        if readers == list(op.operands):
            items.append(value)  # at least one of them is needed, or nothing is recorded
        else:
            needed = " or ".join(f"_n_{o} is not None" for o in readers)
            items.append(f"({value} if {needed} else None)")
    return f"({''.join(item + ', ' for item in items)})"


def _constants_source(op: Op) -> str:
    if op.variadic:
        n = op.operands[0]
        if n not in op.saved:
            return f"tuple([_constant(x, p) for x, p in zip({n}, _parents)])"
        kept = f"_node.saved[{op.saved.index(n)}]"
        return f"tuple([_constant(x, p, k) for x, p, k in zip({n}, _parents, {kept})])"
    full = " and ".join(f"_n_{n} is not None" for n in op.operands)
    copies = {n: f", _node.saved[{op.saved.index(n)}]" for n in op.operands if n in op.saved}
    each = "".join(
        f"None if _n_{n} is not None else {n} if type({n}) is _float else "
        f"_constant({n}, None{copies.get(n, '')}), "
        for n in op.operands
    )
    return f"() if {full} else ({each})"


def pull_source(op: Op) -> list[str]:
    """Write `_pull(node, saved, g)`: the parents' cotangents, None where none is needed."""
    lines = ["def _pull(_node, _saved, g):", *_unpacked(op)]
    if op.variadic:
        (n,) = op.operands
        call = f"_rule_{n}({', '.join(op.asks.get(n, []))})"
        lines.append(
            f"    return [None if p is None else {call} for i, p in enumerate(_node.parents)]"
        )
        return lines
    lines.append(f"    {', '.join(f'_n_{n}' for n in op.operands)}, = _node.parents")
    parts = [
        f"None if _n_{n} is None else _rule_{n}({', '.join(op.asks[n])})"
        if op.rules.get(n) is not None
        else "None"
        for n in op.operands
    ]
    lines.append(f"    return ({', '.join(parts)},)")
    return lines


def push_source(op: Op) -> list[str]:
    """Write `_push(node, saved, g, into, useful, square, met)`: add to the parents' cotangents.

    Like `pull`, but adds to `into` after mending NaN that a zero has made and undoing broadcasting
    and dtype. `useful` are the nodes that somebody asked for, or None; `square` finds a NaN, or is
    None where nobody looks; `met` receives what was mended.
    """
    lines = ["def _push(_node, _saved, g, _into, _useful, _square, _met):", *_unpacked(op)]
    if op.variadic:
        lines.append("    for i, _parent in enumerate(_node.parents):")
        return lines + _pushed(op, op.operands[0], "i", "_parent", "        ")
    lines.append(f"    {', '.join(f'_n_{n}' for n in op.operands)}, = _node.parents")
    for slot, n in enumerate(op.operands):
        if op.rules.get(n) is not None:
            lines += _pushed(op, n, str(slot), f"_n_{n}", "    ")
    return lines


def _unpacked(op: Op) -> list[str]:
    """Write what gives the saved values and the parameters their names."""
    lines = [f"    {', '.join(op.saved)}, = _saved"] if op.saved else []
    return lines + ([f"    {', '.join(op.params)}, = _node.params"] if op.params else [])


def _pushed(op: Op, operand: str, slot: str, parent: str, indent: str) -> list[str]:
    """Write what pushes the cotangent of one operand."""
    again = f"_x = _mended(_node, _saved, g, _x, {slot}, _met)"
    scalar = ["        if _x != _x and _square is not None:", f"            {again}"]
    array = [
        "        if _square is not None:",
        "            _total = _square(_x, _x)",
        "            if _total != _total:",  # NaN is the number that differs from itself
        f"                {again}",
    ]
    if not op.multiplies:
        scalar = array = []
    lines = [
        f"if {parent} is not None and (_useful is None or {parent} in _useful):",
        f"    _x = _rule_{operand}({', '.join(op.asks.get(operand, []))})",
        "    if type(_x) is _float64:",
        *scalar,
        f"        if {parent}.shape or {parent}.dtype is not _double:",
        f"            _x = _conform(_x, _node, {parent})",
        "    else:",
        *array,
        f"        if type(_x) is not _array or _x.shape != {parent}.shape "
        f"or _x.dtype is not {parent}.dtype:",
        f"            _x = _conform(_x, _node, {parent})",
        f"    _before = _into.get({parent})",
        f"    _into[{parent}] = _x if _before is None else _before + _x",
    ]
    return [indent + line for line in lines]


def _coerce(op: Op, x: Any) -> Any:
    """Return an operand that is no Tensor as a real array or number."""
    if isinstance(x, (bool, int, float)):
        return x
    try:
        if isinstance(x, np.ma.MaskedArray):
            raise DTypeError(
                f"{op.name}: the mask of a masked array would be lost; pass x.filled(value)."
            )
        value = np.asarray(x)
    except ValueError as error:
        raise DTypeError(
            f"{op.name}: needs real numbers, got {type(x).__name__}: {error}"
        ) from error
    if value.dtype.kind not in "biuf" and not (value.dtype.kind == "c" and _complex_step()):
        raise DTypeError(
            f"{op.name}: needs real numbers, got {type(x).__name__} of dtype {value.dtype}; "
            "pass floats, or a Tensor of floats."
        )
    return value


def _taken(op: Op, x: Any, operator: str) -> tuple[Node | None, Any]:
    """Return the node and the value of an operand that is neither a Tensor nor a number.

    A list of tensors is recorded as one. The value is NotImplemented where the operand's own
    operator has the word: NumPy cannot make numbers of it, and it has the reflected method.
    """
    if type(x) in (list, tuple) and has_tensors(x):
        joined = arrayed(x)
        return joined._node, joined._value
    if operator and type(x) is not np.ndarray and hasattr(type(x), operator):
        try:
            known = np.asarray(x).dtype.kind in "biufcSU"
        except Exception:  # whatever its conversion raises
            known = False
        if not known:
            return None, NotImplemented
    return None, _coerce(op, x)


def _deferred(op: Op, a: Any, b: Any) -> Any:
    """Return what an operator gives for an object that has its own: the word, or a product."""
    if op.name == "matmul" and is_sparse(b):
        from autograd.ops.sparse import sparse_product

        return sparse_product(a, b, left=False)
    return NotImplemented


def is_sparse(x: Any) -> bool:
    """Whether an object is a sparse matrix of SciPy, which is not imported for this."""
    return type(x).__module__.startswith("scipy.sparse") and hasattr(x, "tocsr")


def _weakened(operands: tuple[Any, ...], values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the values with Python numbers for constants made of them, beside another dtype."""
    weak = [type(x) is Tensor and x._constant is not None and x._constant.weak for x in operands]
    if not any(w is False and hasattr(v, "dtype") for w, v in zip(weak, values, strict=True)):
        return values
    return tuple([v.item() if w else v for w, v in zip(weak, values, strict=True)])


def _dtype(x: Any) -> Any:
    return getattr(x, "dtype", None)


def _in_single(forward: Callable[..., Any], operands: Sequence[Any], params: Any) -> Any:
    """Compute in single precision, because sums of many halves need more digits than halves have.

    The result has the dtype that it would have had.
    """
    half = np.dtype(np.float16)
    dtype = np.result_type(*operands)
    wide = [x.astype(np.float32) if _dtype(x) is half else x for x in operands]
    out = forward(*wide, **params)
    return out.astype(np.float16) if dtype == half else out


def _complex_step() -> bool:
    return STATE.get().complex_step


def _own(value: Any, given: Any) -> Any:
    """Return a value to keep: a copy of an array that somebody could still write to."""
    return value if type(given) is Tensor else frozen(value)


def frozen(value: Any) -> Any:
    """Return what nobody else can change: copies of arrays and lists, in tuples too."""
    if isinstance(value, np.integer) or (
        type(value) is np.ndarray and not value.ndim and value.dtype.kind in "iu"
    ):
        return int(value)
    if isinstance(value, tuple):
        return tuple(frozen(v) for v in value)
    if isinstance(value, list):
        return [frozen(v) for v in value]
    if isinstance(value, dict):
        return {k: frozen(v) for k, v in value.items()}
    under = value
    while isinstance(under, np.ndarray):  # a read-only view can still change through its base
        if under.flags.writeable or (under.base is not None and type(under.base) is not np.ndarray):
            return value.copy()
        under = under.base
    return value


def _constant(x: Any, node: Node | None, kept: Any = None) -> Any:
    """Return what the graph remembers of an operand that needs no gradient.

    That is the copy that a rule keeps, if there is one.
    """
    if node is not None:
        return None
    if type(x) is Tensor:
        if x._node is not None:  # its derivative is zero here
            return Constant(x._value, x.name)
        if x._constant is None:
            x._constant = Constant(x._value)
        return x._constant
    if isinstance(x, (bool, int, float)):
        return x
    if type(kept) is np.ndarray:
        return Constant(kept)
    return Constant(x if type(x) is np.ndarray else np.asarray(x))


def _plain(op: Op, operands: tuple[Any, ...], params: dict[str, Any]) -> Any:
    """Apply the op where there is no Tensor: arrays in, an array out; symbols in, a formula out."""
    if any(type(x) is Symbol for x in operands):
        return apply(op.name, operands, params)
    if any(type(x) in (list, tuple) and has_tensors(x) for x in operands):
        found = [arrayed(x) if type(x) in (list, tuple) and has_tensors(x) else x for x in operands]
        return op.record(found, **params) if op.variadic else op.record(*found, **params)
    values = tuple([_coerce(op, x) for x in operands])
    try:
        arrays = [np.asarray(v)[()] for v in values]
        half = op.accumulates and any(v.dtype == np.float16 for v in arrays)
        out = _in_single(op.forward, arrays, params) if half else op.forward(*arrays, **params)
        if type(out) is Tensor:
            raise _not_by(op, next(k for k, v in params.items() if has_tensors(v)))
        return out[()] if type(out) is np.ndarray and not out.ndim else out
    except Exception as error:
        raise explain(op, error, values, params) from error


def explain(
    op: Op | Composite, error: Exception, operands: Sequence[Any], params: dict[str, Any]
) -> Exception:
    """Say which op failed on which shapes, and keep the type that NumPy raised."""
    for name, value in params.items():
        if has_tensors(value):
            return _not_by(op, name)
    if isinstance(error, AutogradError):
        return error
    if isinstance(error, AttributeError) and "'shape'" in str(error):
        return RuleError(
            f"{op.name}: the forward function needs to return an array or a NumPy number; "
            "compute with NumPy functions rather than with math, or wrap it in np.float64()."
        )
    if "read-only" in str(error):
        return RuleError(
            f"{op.name}: the forward function writes into an operand, which a graph may need; "
            "compute a new array instead (a - m, not a -= m)."
        )
    shapes = " and ".join(str(np.shape(v)) for v in operands)
    given = "".join(
        f", {k}={_brief(v)}" for k, v in params.items() if v is not op.defaults.get(k, ...)
    )
    where = f"{op.name}: got shape{'s' if len(operands) > 1 else ''} {shapes}{given}"
    said = str(error).rstrip(".")
    if op.name == "matmul" and len(operands) == 2 and min(np.ndim(v) for v in operands) > 0:
        inner = np.shape(operands[0])[-1], np.shape(operands[1])[-2:][0]
        said = f"the inner lengths {inner[0]} and {inner[1]} must agree; transpose one with .T"
        if inner[0] == inner[1]:
            stacks = " and ".join(str(np.shape(v)[:-2]) for v in operands)
            said = f"the stacks {stacks} must broadcast; give them equal lengths, or 1"
    kinds: dict[type[Exception], type[Exception]] = {ValueError: ShapeError, TypeError: DTypeError}
    kind = next((ours for theirs, ours in kinds.items() if type(error) is theirs), None)
    if kind is None and isinstance(error, np.exceptions.AxisError):
        return ShapeError(f"{where}: {said}; choose an axis the operand has.")
    ours = error.__cause__ is not None  # an op inside a composite has explained it
    if isinstance(error, np.linalg.LinAlgError) and not ours:
        return np.linalg.LinAlgError(f"{where}: {said}; {_mending(said)}.")
    if type(error) is IndexError and not ours:
        fix = "" if said.startswith("only integers") else "; take an index within the shape"
        return IndexError(f"{where}: {said}{fix}.")
    if kind is None:
        error.add_note(where)
        return error
    return kind(f"{where}: {said}.")


def _mending(said: str) -> str:
    """Return what to do about a matrix that linear algebra cannot take."""
    if "square" in said:
        return "pass square matrices"
    if "positive definite" in said:
        return "add a small multiple of the identity, such as 1e-8 * np.eye(n)"
    if "Singular" in said:
        return "use pinv or lstsq, or add a small multiple of the identity"
    return "look for NaN and infinities in it"


def _not_real(out: Any) -> None:
    if type(out) is Tensor:
        raise TypeError("a parameter is a Tensor")
    raise TypeError(f"gave {out.dtype}, and tensors are real numbers")


def _not_by(op: Op | Composite, name: str) -> DTypeError:
    """Return the error of a tensor that is given as a parameter."""
    return DTypeError(
        f"{op.name}: {name} needs a plain value, got a Tensor; nothing is differentiated by it. "
        "Pass t.item() or t.data, or write the function with ops, such as where(x > 0, x, t * x)."
    )


def _kept(op: Op, name: str, value: Any) -> Any:
    """Return a parameter that nobody else can change; refuse a tensor."""
    if has_tensors(value):
        raise _not_by(op, name)
    return frozen(value)


def _kept_param(name: str) -> str:
    return f"{name} if type({name}) in _atoms else _kept(_op, {name!r}, {name}), "


def _brief(value: Any) -> str:
    return f"array{np.shape(value)}" if isinstance(value, np.ndarray) else repr(value)


def _no_rule(op: Op, operand: str) -> GradientError:
    return GradientError(
        f"{op.name}: has no derivative rule for {operand!r}, which requires a gradient; "
        f"declare one with {op.name}.vjp({operand}=...), or pass {operand}.detach()."
    )
