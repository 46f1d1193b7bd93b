"""What a network, an optimizer or a function is, as plain data: to tell one from another one."""

from __future__ import annotations

import dis
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import Tensor

if TYPE_CHECKING:
    from nn.module import Module

__all__ = ["architecture", "described", "function_of", "settings_of"]

from_engine = True

TRAINING = {"keep_prob", "momentum"}  # what has no part in prediction
PASSING = {"training", "attribute", "steps", "epoch", "learning_rate"}  # what a run changes


def function_of(f: Any, *, around: bool = False) -> Any:
    """Return what tells a function or an object from another one, the same in each process.

    That is its name, and, if it is none of ours, a checksum of its code, its defaults, what it
    closes over, and, `around` it, the plain global values that it reads.
    """
    if f is None:
        return None
    code = getattr(f, "__code__", None)
    name = getattr(f, "__qualname__", None)
    if name is None:
        name = f"{type(f).__qualname__}({settings_of(f, arrays=True)})"
    if code is None or str(getattr(f, "__module__", "")).startswith("nn."):
        return name
    inner = [c for c in code.co_consts if not hasattr(c, "co_code")]
    closed = [str(c.cell_contents) for c in f.__closure__ or ()]
    names = {i.argval for i in dis.get_instructions(code) if i.opname == "LOAD_GLOBAL"}
    read = {k: f.__globals__[k] for k in sorted(names) if around and k in f.__globals__}
    values = {k: _plain(v) for k, v in read.items() if _is_plain(v)}
    text = repr((code.co_code, inner, code.co_names, f.__defaults__, closed, values))
    return [name, zlib.crc32(text.encode())]


def settings_of(x: Any, *, arrays: bool = False) -> dict[str, Any]:
    """Return the type of an object and those of its attributes that are plain values.

    With `arrays`, lists and arrays of numbers too; an object may keep results in such.
    """
    kept = {
        k: _plain(v)
        for k, v in sorted(vars(x).items())
        if (_is_plain(v) if arrays else isinstance(v, (bool, int, float, str)))
        and k not in PASSING
        and not k.startswith("_")
    }
    return {"type": type(x).__qualname__, "settings": kept}


def described(net: Module) -> list[Any]:
    """Return what a module is made of: types, settings, functions, shapes and dtypes."""
    found = []
    for m in net.modules():
        tensors = {k: v for k, v in vars(m).items() if isinstance(v, Tensor)}
        shapes = {k: [list(v.shape), v.dtype.str] for k, v in tensors.items()}
        found.append([m.attribute, settings_of(m), function_of(vars(m).get("function")), shapes])
    return found


def architecture(net: Module) -> dict[str, dict[str, Any]]:
    """Return what computes a module's outputs from its parameters, by the path of each part.

    Of nn's own modules: what others keep in their attributes may be anything. Functions are known
    by their names alone, if they have one: their code differs between versions of Python.
    """
    found = {}
    for path, m in _paths(net, ""):
        if not type(m).__module__.startswith("nn."):
            continue
        given = settings_of(m)
        settings = {k: v for k, v in given["settings"].items() if k not in TRAINING}
        name = getattr(vars(m).get("function"), "__qualname__", "<>")
        if "<" not in name:
            settings["function"] = name
        found[path] = {"type": given["type"], **settings}
    return found


def _paths(module: Module, path: str) -> Any:
    yield path or "the network", module
    for child in module.children():
        yield from _paths(child, f"{path}.{child.attribute}".lstrip("."))


def _is_plain(v: Any) -> bool:
    if isinstance(v, (list, tuple)):
        return all(map(_is_plain, v))
    if isinstance(v, np.ndarray):
        return v.dtype.kind in "biuf"
    return isinstance(v, (bool, int, float, str, np.generic))


def _plain(v: Any) -> Any:
    """Return a plain value as JSON keeps it; of an array, its shape and a checksum."""
    if isinstance(v, (list, tuple)):
        return [_plain(x) for x in v]
    if isinstance(v, np.ndarray):
        return [list(v.shape), v.dtype.str, zlib.crc32(np.ascontiguousarray(v).tobytes())]
    return v.item() if isinstance(v, np.generic) else v
