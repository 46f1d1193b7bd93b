"""The writer of generated code: for each op one function that records and one that pushes back.

Interpreting a declaration on every call would cost more than the arithmetic, so two functions are
written from it once, as dataclasses do for `__init__`. docs/architecture.md shows what is written
for `multiply`. What generated code calls off its fast path is in `operands` and `messages`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.anomaly import inspect_forward
from autograd.cotangents import conform
from autograd.messages import explain, no_rule
from autograd.node import Node, next_id
from autograd.operands import (
    ATOMS,
    NUMBERS,
    SAFE,
    applied,
    coerce,
    constant_of,
    deferred,
    derived,
    dtype_of,
    in_single,
    kept_parameter,
    node_and_value,
    own,
    refuse_result,
    refuse_tracked,
    weakened,
)
from autograd.state import STATE
from autograd.tensor import Tensor
from autograd.zeros import mended, squares, vdot

if TYPE_CHECKING:
    from autograd.op import Op

__all__ = ["namespace", "push_source", "record_source"]

from_engine = True


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
        "_safe": SAFE,
        "_conform": conform,
        "_mended": mended,
        "_squares": squares,
        "_vdot": vdot,
        "_next_id": next_id,
        "_state": STATE.get,
        "_array": np.ndarray,
        "_frame": sys._getframe,
        "_numbers": NUMBERS,
        "_coerce": coerce,
        "_node_and_value": node_and_value,
        "_deferred": deferred,
        "_derived": derived,
        "_own": own,
        "_weakened": weakened,
        "_half": np.dtype(np.float16),
        "_single": in_single,
        "_dtype": dtype_of,
        "_kept": kept_parameter,
        "_inspect": inspect_forward,
        "_atoms": ATOMS,
        "_constant": constant_of,
        "_plain": applied,
        "_explain": explain,
        "_not_real": refuse_result,
        "_no_rule": no_rule,
        "_refuse_tracked": refuse_tracked,
    }
    namespace.update({f"_default_{name}": value for name, value in op.defaults.items()})
    namespace.update({f"_absent_{name}": value for name, value in op.absent.items()})
    return namespace


def record_source(op: Op, operator: str = "") -> list[str]:
    """Write the recording function of an op; operands whose derivative is 0 are recorded too.

    With the name of a reflected method, such as ``"__rmul__"``, it is that of an operator: what it
    does not know, but has that method, is given the word.
    """
    names, variadic = op.operands, op.variadic
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
    lines += _several_source(op) if variadic else _operands_source(op, operator)
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
    some = "_needed" if variadic else " or ".join(f"_n_{n} is not None" for n in names)
    called = n if variadic else f"({', '.join(names)},)"
    lines += [
        f"    _modes = _state() if {some or 'False'} else None",
        "    if _modes is None or not _modes.recording:",
        "        _result._node = None",
        *(
            ["        if _modes is None:", f"            _refuse_tracked(_op, dict({params}))"]
            if op.params
            else []
        ),
        f"        if _modes is not None or {_named_source(op)}:",
        f"            _result._constant = _derived(_op, {called}, dict({params}), out)",
        "        return _result",
    ]
    for n in names:
        if n not in op.rules:
            held = "_needed" if variadic else f"_n_{n} is not None"
            lines += [f"    if {held}:", f"        raise _no_rule(_op, {n!r})"]
    lines += [
        "    _result._node = _node = _new(_Node)",
        "    _node.id, _node.op = _next_id(), _op",
        "    _node.name = _node.extra = None",
        "    _node.walked = False",
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


def _named_source(op: Op) -> str:
    """Write whether an operand is a constant that pictures call by a name."""
    test = (
        "type({0}) is _Tensor and {0}._constant is not None "
        "and ({0}._constant.name or {0}._constant.expression)"
    )
    if op.variadic:
        return f"any([{test.format('x')} for x in {op.operands[0]}])"
    return " or ".join(test.format(n) for n in op.operands)


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


def _operands_source(op: Op, operator: str) -> list[str]:
    """Write what takes the value and the node of each operand."""
    names, params = op.operands, ", ".join(f"{p}={p}" for p in op.params)
    lines = []
    for k, n in enumerate(names):
        lines += [
            f"    if type({n}) is _Tensor:",
            f"        _n_{n}, _v_{n} = {n}._node, {n}._value",
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
            f"            _n_{n}, _v_{n} = _node_and_value(_op, {n}, {operator!r})",
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


def push_source(op: Op) -> list[str]:
    """Write `_push(node, saved, g, into, useful, strong, met)`: add to the parents' cotangents.

    Like `pull`, but adds to `into` after mending NaN that a zero has made and undoing broadcasting
    and dtype. `useful` are the nodes on the way to targets, or None for all; `strong` says
    whether strong zeros are on; `met` receives what was mended.
    """
    lines = ["def _push(_node, _saved, g, _into, _useful, _strong, _met):", *_unpacked(op)]
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
    scalar = ["        if _x != _x and _strong:", f"            {again}"]
    array = [
        "        if _strong:",
        "            _total = _vdot(_x, _x) if type(_x) is _array else _squares(_x)",
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


def _kept_param(name: str) -> str:
    return f"{name} if type({name}) in _atoms else _kept(_op, {name!r}, {name}), "
