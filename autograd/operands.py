"""Operands, parameters and results of recorded functions, off their fast path."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.cuts import Cut, cut_of, cut_since, further, joined
from autograd.errors import DTypeError
from autograd.messages import explain, not_differentiated
from autograd.node import Constant, Node
from autograd.state import STATE
from autograd.symbol import Symbol, apply, fill, render
from autograd.tensor import Tensor, arrayed, has_tensors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autograd.op import Op

__all__ = [
    "ATOMS",
    "NUMBERS",
    "SAFE",
    "applied",
    "coerce",
    "constant_of",
    "deferred",
    "derived",
    "dtype_of",
    "frozen",
    "in_single",
    "is_sparse",
    "kept_parameter",
    "refuse_tracked",
    "own",
    "refuse_result",
    "node_and_value",
    "weakened",
]

from_engine = True

# Operand types that are taken as they are; anything else is looked at first.
ATOMS = frozenset({int, bool, float, str, type(None)})  # parameters that cannot change
SAFE = frozenset({Tensor, float, int, bool, np.float64, np.float32})  # values that cannot change
NUMBERS = frozenset({float, int, bool, np.float64, np.float32, np.float16, np.int64})


def coerce(op: Op, x: Any) -> Any:
    """Return an operand that is no Tensor as a real array or number."""
    if isinstance(x, (bool, int, float)):
        return x
    try:
        if isinstance(x, np.ma.MaskedArray):
            raise DTypeError(
                f"{op.name}: the mask of a masked array would be lost; pass x.filled(value)."
            )
        if isinstance(x, np.matrix) and op.name in ("multiply", "power"):
            raise DTypeError(
                f"{op.name}: a product of np.matrix is one of matrices; write np.asarray(m), and @ "
                "where that is meant and * for elements."
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


def node_and_value(op: Op, x: Any, operator: str) -> tuple[Node | None, Any]:
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
    return None, coerce(op, x)


def deferred(op: Op, a: Any, b: Any) -> Any:
    """Return what an operator gives for an object that has its own: the word, or a product."""
    if op.name == "matmul" and is_sparse(b):
        from autograd.ops.sparse import sparse_product

        return sparse_product(a, b, left=False)
    return NotImplemented


def is_sparse(x: Any) -> bool:
    """Whether an object is a sparse matrix of SciPy, which is not imported for this."""
    return type(x).__module__.startswith("scipy.sparse") and hasattr(x, "tocsr")


def weakened(operands: tuple[Any, ...], values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the values with Python numbers for constants made of them, beside another dtype."""
    weak = [type(x) is Tensor and x._constant is not None and x._constant.weak for x in operands]
    if not any(w is False and hasattr(v, "dtype") for w, v in zip(weak, values, strict=True)):
        return values
    return tuple([v.item() if w else v for w, v in zip(weak, values, strict=True)])


def dtype_of(x: Any) -> Any:
    """Return the dtype of an array or a NumPy number; None for a Python number."""
    return getattr(x, "dtype", None)


def in_single(forward: Callable[..., Any], operands: Sequence[Any], params: Any) -> Any:
    """Compute in single precision, because sums of many halves need more digits than halves have.

    The result has the dtype that it would have had.
    """
    half = np.dtype(np.float16)
    dtype = np.result_type(*operands)
    wide = [x.astype(np.float32) if dtype_of(x) is half else x for x in operands]
    out = forward(*wide, **params)
    return out.astype(np.float16) if dtype == half else out


def _complex_step() -> bool:
    return STATE.get().complex_step


def own(value: Any, given: Any) -> Any:
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


def constant_of(x: Any, node: Node | None, kept: Any = None) -> Any:
    """Return what the graph remembers of an operand that needs no gradient.

    That is the copy that a rule keeps, if there is one.
    """
    if node is not None:
        return None
    if type(x) is Tensor:
        if x._node is not None:  # its derivative is zero here
            return Constant(x._value, x.name)
        known: Any = x._constant
        if known is None:
            x._constant = known = Constant(x._value)
        elif type(known) is Cut:
            x._constant = known = Constant(x._value, expression=known.expression, cut=known)
        return known
    if isinstance(x, (bool, int, float)):
        return x
    cut = cut_of(x)
    if type(kept) is np.ndarray:
        return Constant(kept, expression=None if cut is None else cut.expression, cut=cut)
    array = x if type(x) is np.ndarray else np.asarray(x)
    return Constant(array, expression=None if cut is None else cut.expression, cut=cut)


_LONGEST = 32  # characters of an expression that names a constant


def derived(
    op: Op, operands: tuple[Any, ...], params: dict[str, Any], value: Any
) -> Constant | Cut:
    """Return what the graph remembers of a constant that was computed from named ones.

    So it does of what was computed from tensors with a graph, inside `no_grad`.
    """
    cuts = []
    for x in operands:
        known = x._constant if type(x) is Tensor and x._node is None else None
        if known is not None and known.cut is not None:
            cuts.append(known.cut)
    if not STATE.get().recording:
        nodes = tuple([x._node if type(x) is Tensor else None for x in operands])
        found = joined(cuts)
        if found is not None:
            return further(found, nodes)
        if any(nodes):
            return cut_since("no_grad()", nodes)
    words: list[Any] = []
    for x in operands:
        known = x._constant if type(x) is Tensor and x._node is None else None
        if known is not None and (known.name or known.expression):
            words.append(known.name or known.expression)
        elif type(x) is Tensor and x._node is not None and np.ndim(x._value):
            words.append(x.name or "…")
        else:
            number = x._value if type(x) is Tensor else x
            words.append(float(number) if np.ndim(number) == 0 else "…")
    try:
        text = _expression(op, tuple(words), tuple(params.items()))
    except TypeError:  # parameters that cannot be hashed
        text = _expression.__wrapped__(op, tuple(words), tuple(params.items()))
    return Constant(value, expression=text, cut=joined(cuts))


@functools.lru_cache(maxsize=512)  # a training loop asks for the same few again and again
def _expression(op: Op, words: tuple[Any, ...], params: tuple[tuple[str, Any], ...]) -> str:
    """Return a formula of names and numbers, or a shorter word for a long one."""
    infix = [isinstance(w, str) and " " in w and not w.endswith(")") for w in words]
    written = [f"({w})" if inside else w for w, inside in zip(words, infix, strict=True)]
    symbols = [Symbol(w) if isinstance(w, str) else w for w in written]
    inner = [(render(s, "text"), 1000) for s in symbols]
    text = fill(op, "text", inner, [None] * len(inner), dict(params))[0]
    if len(text) <= _LONGEST:
        return text
    name = next(w for w in words if isinstance(w, str) and w != "…")
    return f"{op.name}({name if len(name) <= _LONGEST else '…'}, …)"


def applied(op: Op, operands: tuple[Any, ...], params: dict[str, Any]) -> Any:
    """Apply the op where there is no Tensor: arrays in, an array out; symbols in, a formula out."""
    if any(isinstance(x, Symbol) for x in operands):
        return apply(op.name, operands, params)
    if any(type(x) in (list, tuple) and has_tensors(x) for x in operands):
        found = [arrayed(x) if type(x) in (list, tuple) and has_tensors(x) else x for x in operands]
        return op.record(found, **params) if op.variadic else op.record(*found, **params)
    refuse_tracked(op, params)
    values = tuple([coerce(op, x) for x in operands])
    try:
        arrays = [np.asarray(v)[()] for v in values]
        half = op.accumulates and any(v.dtype == np.float16 for v in arrays)
        out = in_single(op.forward, arrays, params) if half else op.forward(*arrays, **params)
        if type(out) is Tensor:
            raise not_differentiated(op, next(k for k, v in params.items() if has_tensors(v)))
        return out[()] if type(out) is np.ndarray and not out.ndim else out
    except Exception as error:
        raise explain(op, error, values, params) from error


def refuse_tracked(op: Op, params: dict[str, Any]) -> None:
    """Refuse a parameter with a graph where nothing else is recorded, so that nobody would see."""
    for name, value in params.items():
        if type(value) is Tensor and value._node is not None:
            raise not_differentiated(op, name)


def kept_parameter(op: Op, name: str, value: Any) -> Any:
    """Return a parameter that nobody else can change; refuse a tensor."""
    if has_tensors(value):
        raise not_differentiated(op, name)
    return frozen(value)


def refuse_result(out: Any) -> None:
    """Raise for the result of a forward function that is no real array."""
    if type(out) is Tensor:
        raise TypeError("a parameter is a Tensor")
    raise TypeError(f"gave {out.dtype}, and tensors are real numbers")
