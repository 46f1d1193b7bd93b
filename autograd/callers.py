"""Read the caller's instruction: a tensor that becomes a plain number loses its gradient unseen.

NumPy reaches a tensor through `__float__`, as ``float(loss)`` does, when it is stored into an
array. Only the instruction that is running in the caller's frame tells the two apart. Where there
is none (the caller is compiled code without frames) nothing is known, and nothing is refused.
"""

from __future__ import annotations

import builtins
import cmath
import dis
import functools
import itertools
import math
import operator
import sys
from types import BuiltinFunctionType, ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from types import CodeType, FrameType

__all__ = ["Use", "asked_by", "attribute_use", "in_numpy", "number_use"]

from_engine = True

Use = str  # "store", "function", "callback", "augmented" or ""
_Instruction = tuple[str, tuple[str, ...], bool, tuple[tuple[tuple[str, ...], bool], ...]]

# Methods and functions that store the number they are given; only an array asks a tensor for one.
_STORING = frozenset(
    {"fill", "fromiter", "put", "itemset", "setitem", "__setitem__", "array", "append", "extend"}
    | {"astype", "asarray", "asanyarray", "ascontiguousarray", "copyto"}  # of an array of objects
)
_WRITING = frozenset({"fill", "put", "sort", "partition", "itemset", "resize"})  # of an array
# Methods of ufuncs, which add a number that they are given as `initial`.
_REDUCING = frozenset({"reduce", "accumulate", "reduceat"})
# Functions of math whose result is a choice or a whole number.
_CHOICES = frozenset({"isnan", "isinf", "isfinite", "isclose", "floor", "ceil", "trunc"})
_MATH = frozenset(
    f
    for name, f in [*vars(math).items(), *vars(cmath).items()]
    if isinstance(f, BuiltinFunctionType) and name not in _CHOICES
)


def number_use(frame: FrameType) -> tuple[Use, str]:
    """Return what a frame does with a tensor that it asks for a number, and how it is written.

    Returns
    -------
    use : str
        ``"store"`` where the number goes into an array; ``"function"`` where a function of `math`
        or a ufunc's method takes it; ``"callback"`` where a function of SciPy has called for it;
        empty otherwise.
    text : str
        The names of the function that is called, such as ``"math.sqrt"``; empty for an assignment.
    """
    if "from_engine" in frame.f_globals:  # a transform that calls what it was given
        return "", ""
    kind, names, local, given = _instruction(frame.f_code, frame.f_lasti)
    if kind not in ("call", "loop"):
        return kind, ""
    text = ".".join(names)
    function = _resolved(frame, names, local)
    if _package(frame) == "scipy" and isinstance(function, BuiltinFunctionType):
        return "callback", asked_by(frame)  # quad and its like, which sum up what a function gives
    use = _use_of(function)
    chains = [chain for chain, _ in given]
    if (("map",), ("float",)) in itertools.pairwise(chains):  # in so many words
        return "", text
    if names[-1:] and names[-1] in _STORING:
        use = "store"
    elif len(names) > 1 and names[-1] in _REDUCING:
        use = "function"
    if use or (names and names[-1] in _EXPLICIT):
        return use, text
    # What a function in C is given may do it, as in list(map(math.sqrt, w)).
    items = [((".0",), True)] if kind == "loop" and ".0" in frame.f_locals else []
    for chain, is_local in (*items, *given):
        use = _use_of(_resolved(frame, chain, is_local))
        if use:
            return use, ".".join(chain) if chain != (".0",) else "map"
    return "", text


_EXPLICIT = frozenset({"float", "int", "complex", "print", "format", "str", "repr"})


def _use_of(function: Any) -> Use:
    """Return what a function does with a number that it asks for."""
    while isinstance(function, (functools.partial, map)):  # what wraps another one
        wrapped: Any = function
        partial = isinstance(function, functools.partial)
        function = wrapped.func if partial else wrapped.__reduce__()[1][0]
    if isinstance(function, operator.methodcaller):
        return "store" if function.__reduce__()[1][0] in _STORING else ""
    if isinstance(function, np.ufunc):  # one that takes a tensor as such asks for no number
        return "store"
    if not isinstance(function, _IN_C):
        return ""
    if function in (operator.setitem, np.fromiter) or (
        isinstance(getattr(function, "__self__", None), np.ndarray)
        and function.__name__ in _STORING
    ):
        return "store"
    return "function" if isinstance(function, BuiltinFunctionType) and function in _MATH else ""


_IN_C = (BuiltinFunctionType, type([].__len__))


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


def in_numpy(frame: FrameType) -> bool:
    """Whether a frame runs a function of NumPy, other than its tests."""
    home = str(frame.f_globals.get("__name__", ""))
    return home.startswith("numpy.") and not home.startswith("numpy.testing")


def attribute_use(frame: FrameType) -> Use:
    """Return what a frame does with the attribute that it loads.

    ``"augmented"`` for ``t.data -= …``, ``"store"`` for ``t.data[i] = …`` and what else writes,
    such as ``t.data.fill(…)`` and ``np.add.at(t.data, …)``; empty otherwise.
    """
    use, names = _attribute(frame.f_code, frame.f_lasti)
    if use == "at":
        return "store" if any(isinstance(_resolved(frame, *n), np.ufunc) for n in names) else ""
    return use


def asked_by(frame: FrameType) -> str:
    """Return the name of the library function that asks for a plain array, as users call it.

    It is the outermost one of a library, seen from the frame that asks; where that is the user's
    own, what its instruction calls.
    """
    outer, at = "", frame
    while True:
        home, package = at.f_globals.get("__name__", ""), _package(at)
        if package not in _LIBRARIES:
            break
        name = at.f_code.co_name
        if name in {"__new__", "__init__", "__call__"}:  # of a class that users call
            name = at.f_code.co_qualname.partition(".")[0]
        if not name.startswith(("_", "<")):
            special = home.startswith("scipy.special") and "scipy.special"
            linalg = home.startswith("numpy.linalg") and "np.linalg"
            outer = f"{special or linalg or _LIBRARIES[package]}.{name}"
        elif at.f_code.co_qualname.startswith("AxisConcatenator."):
            outer = "np.r_ or np.c_"
        if at.f_back is None:
            break
        at = at.f_back
    if outer:
        return outer
    kind, names, _, _ = _instruction(at.f_code, at.f_lasti)
    return ".".join(names) if kind == "call" and names else "np.asarray"


_LIBRARIES = {
    "numpy": "np",
    "scipy": "scipy",
    "pandas": "pandas",
    "sklearn": "sklearn",
    "matplotlib": "matplotlib",
    "torch": "torch",
}


@functools.lru_cache(maxsize=4096)
def _instruction(code: CodeType, lasti: int) -> _Instruction:
    """Return whether an instruction stores, calls or loops, and the names of what it calls.

    Then whether the first of them is a local name; and other names that it gives as arguments, or
    that stand on its line where it loops.
    """
    skipped = {"CACHE", "EXTENDED_ARG", "KW_NAMES", "RESUME"}
    before = [
        i for i in dis.get_instructions(code) if i.offset <= lasti and i.opname not in skipped
    ]
    if not before:
        return "", (), False, ()
    last = before.pop()
    if last.opname in {"STORE_SUBSCR", "STORE_SLICE"}:
        return "store", (), False, ()
    if last.opname.startswith(("FOR_ITER", "UNPACK", "LIST_EXTEND", "SET_UPDATE")):
        line = last.positions.lineno if last.positions else None
        own = [i.offset for i in before if i.positions and i.positions.lineno == line]
        return "loop", (), False, _chains(code, min(own, default=last.offset), last.offset)
    if last.opname not in _CALLS:
        return "", (), False, ()
    if before and before[-1].opname == "PRECALL":  # its share of the effect of this very call
        before.pop()
    # The callable and its arguments are what the instructions before have put on the stack.
    start = _begin(before, last)
    names, local = _callable(code, start, last.offset)
    return "call", names, local, _chains(code, start, last.offset)


def _begin(before: list[dis.Instruction], call: dis.Instruction) -> int:
    """Return the offset at which the computing of what a call calls begins."""
    need = (call.arg or 0) + (3 if call.opname == "CALL_KW" else 2)
    if call.opname == "CALL_FUNCTION_EX":
        need = 1 - dis.stack_effect(call.opcode, call.arg)
    for at in reversed(before):
        need -= dis.stack_effect(at.opcode, at.arg if at.opcode >= dis.HAVE_ARGUMENT else None)
        if need <= 0:
            return int(at.offset)
    return 0


_CALLS = frozenset({"CALL", "CALL_KW", "CALL_FUNCTION_EX"})


def _chains(code: CodeType, start: int, end: int) -> tuple[tuple[tuple[str, ...], bool], ...]:
    """Return the names, with their attributes, of values that are not called; and which are local.

    `map` is among them: what it calls is the next one.
    What is called in between has given its result already, as in ``math.isclose(J, math.sqrt(4))``.
    """
    skipped = {"CACHE", "EXTENDED_ARG", "KW_NAMES", "RESUME"}
    inside = [
        i for i in dis.get_instructions(code) if start <= i.offset < end and i.opname not in skipped
    ]
    called: set[int] = set()
    for k, i in enumerate(inside):
        if i.opname in _CALLS:
            earlier = inside[: k - 1] if inside[k - 1].opname == "PRECALL" else inside[:k]
            called.add(_begin(earlier, i))
    found: list[tuple[list[str], bool]] = []
    skip = False
    for i in inside:
        if i.opname == "PUSH_NULL":
            skip = i.offset in called
            continue
        local, *loaded = _loaded(i)
        if loaded:
            gone = skip or i.offset in called
            found += [([] if gone and name != "map" else [name], local) for name in loaded]
            skip = False
        elif found and found[-1][0] and i.opname in {"LOAD_ATTR", "LOAD_METHOD"}:
            found[-1][0].append(str(i.argval))
    return tuple([(tuple(names), local) for names, local in found if names])


def _loaded(i: dis.Instruction) -> tuple[bool, *tuple[str, ...]]:
    """Return whether an instruction loads local names, and the names; two where it loads two."""
    local = i.opname.startswith(("LOAD_FAST", "LOAD_DEREF", "LOAD_CLOSURE"))
    if not local and not i.opname.startswith(("LOAD_GLOBAL", "LOAD_NAME")):
        return (False,)
    return (local, *(i.argval if isinstance(i.argval, tuple) else (str(i.argval),)))


def _callable(code: CodeType, start: int, end: int) -> tuple[tuple[str, ...], bool]:
    """Return the names of what a call at `end` calls, and whether the first is a local name.

    What is called is computed before its arguments, and lies below them on the stack: what reads an
    attribute while nothing else lies there belongs to it, as in ``default_rng(0).normal``.
    """
    names: list[str] = []
    local, depth, own = False, 0, 0
    for i in dis.get_instructions(code):
        if not start <= i.offset < end or i.opname in {"CACHE", "EXTENDED_ARG", "KW_NAMES"}:
            continue
        effect = dis.stack_effect(i.opcode, i.arg if i.opcode >= dis.HAVE_ARGUMENT else None)
        if not names and i.opname != "PUSH_NULL":
            local, *loaded = _loaded(i)
            if not loaded:
                break
            names.append(loaded[-1])
            own = depth + effect
        elif i.opname in {"LOAD_ATTR", "LOAD_METHOD"} and depth in (own, 1):  # 1: of a result
            names.append(str(i.argval))
        depth += effect
    return tuple(names), local


def _resolved(frame: FrameType, names: tuple[str, ...], local: bool) -> Any:
    """Return what a frame means by a name and attributes, which are only read."""
    if not names:
        return None
    if local or frame.f_code.co_name == "<module>":
        found = frame.f_locals.get(names[0])
    else:
        found = None
    if found is None:
        found = frame.f_globals.get(names[0], getattr(builtins, names[0], None))
    for name in names[1:]:
        if isinstance(found, (ModuleType, np.ndarray)):
            found = getattr(found, name, None)
        else:  # what an object keeps itself: nothing of the user's is run
            kept = getattr(type(found), "__dict__", {}).get("__dict__") and vars(found)
            found = kept.get(name) if isinstance(kept, dict) else None
    return found


@functools.lru_cache(maxsize=4096)
def _attribute(code: CodeType, lasti: int) -> tuple[Use, tuple[tuple[tuple[str, ...], bool], ...]]:
    """Return what is done with an attribute; of ``f.at(t.data)``, "at" and the names of f."""
    instructions = [
        i for i in dis.get_instructions(code) if i.opname not in {"CACHE", "EXTENDED_ARG"}
    ]
    place = next((k for k, i in enumerate(instructions) if i.offset == lasti), None)
    if place is None or not instructions[place].opname.startswith("LOAD_ATTR"):
        return "", ()
    if place and instructions[place - 1].opname == "COPY" and instructions[place - 1].arg == 1:
        return "augmented", ()
    then = next(iter(instructions[place + 1 :]), None)
    if then is not None and _is_method(then) and then.argval in _WRITING:
        return "store", ()
    # `np.add.at(t.data, …)` writes, whatever the array says of itself.
    first = place
    while first and instructions[first - 1].opname.startswith(("LOAD_ATTR", "LOAD_METHOD")):
        first -= 1
    before = [i for i in instructions[: max(first - 1, 0)] if i.opname != "PUSH_NULL"]
    is_at = bool(before) and _is_method(before[-1]) and before[-1].argval == "at"
    if is_at and not (then is not None and then.opname in {"LOAD_ATTR", "LOAD_METHOD"}):
        names = []
        for i in before[-2::-1]:
            names.append(str(i.argval))
            if not i.opname.startswith(("LOAD_ATTR", "LOAD_METHOD")):
                return "at", ((tuple(names[::-1]), _loaded(i)[0]),)
    above = 0  # what lies on the stack on top of the attribute
    for i in instructions[place + 1 :]:
        # Of `container[key] = value`, the container lies below the key.
        if (i.opname, above) in {("STORE_SUBSCR", 1), ("STORE_SLICE", 2)}:
            return "store", ()
        # `container[key] -= value` copies both first, to read the element.
        if i.opname == "COPY" and (i.arg, above) in {(2, 1), (3, 2)}:
            return "store", ()
        if i.opcode in dis.hasjrel or i.opcode in dis.hasjabs or i.opname.startswith("STORE"):
            return "", ()
        above += dis.stack_effect(i.opcode, i.arg if i.opcode >= dis.HAVE_ARGUMENT else None)
        if above < 1:
            return "", ()
    return "", ()


def _is_method(i: dis.Instruction) -> bool:
    """Whether an attribute is loaded to be called."""
    called = sys.version_info >= (3, 12) and i.opname == "LOAD_ATTR" and bool((i.arg or 0) & 1)
    return i.opname == "LOAD_METHOD" or called
