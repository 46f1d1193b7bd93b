"""Frozen dataclasses from JSON: each field is checked against its annotation."""

from __future__ import annotations

import functools
import sys
import types
from dataclasses import fields
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

__all__ = ["read"]

_T = TypeVar("_T")


def read(kind: type[_T], data: Any) -> _T:
    """Return the dataclass that a JSON object describes, which has each of its fields.

    Annotations may be str, bool, int, float, Literal, dataclasses, tuples of these, and any of them
    or None.

    Raises
    ------
    TypeError
        If a field is missing, unknown, or not of its kind; floats need to be finite.
    """
    hints: dict[str, Any] = _hints(kind)  # type: ignore[arg-type]
    if type(data) is not dict or data.keys() != hints.keys():
        known = data.keys() if isinstance(data, dict) else set()
        odd = sorted(map(str, hints.keys() ^ known))
        raise TypeError(f"a {kind.__name__} needs an object of {len(hints)} fields; see {odd}")
    return kind(
        **{name: _field(f"{kind.__name__}.{name}", hints[name], data[name]) for name in hints}
    )


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {f.name: hints[f.name] for f in fields(kind)}


def _field(where: str, hint: Any, data: Any) -> Any:
    """Return a value that is of an annotation, with tuples for lists."""
    origin, inside = get_origin(hint), get_args(hint)
    if origin is types.UnionType:  # of a kind and None
        return None if data is None else _field(where, inside[0], data)
    if origin is tuple and type(data) is list:
        kinds = inside[:1] * len(data) if inside[1:] == (...,) else inside
        if len(kinds) == len(data):
            return tuple(_field(where, k, x) for k, x in zip(kinds, data, strict=True))
    if hint is float and type(data) in (int, float) and abs(data) <= sys.float_info.max:
        return data
    if origin is Literal and type(data) is str and data in inside:
        return data
    if hint in (str, bool, int) and type(data) is hint:
        return data
    if isinstance(hint, type) and hasattr(hint, "__dataclass_fields__"):
        return read(hint, data)
    raise TypeError(f"{where} is {data!r:.60}")
