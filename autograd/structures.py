"""Structures of arrays: tuples, lists, dicts and dataclasses, inside each other."""

from __future__ import annotations

import copy
import dataclasses
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["arrays_of", "as_given", "is_numbers", "is_structure", "like", "mapped", "mapped_at"]

from_engine = True


def mapped(f: Callable[[Any], Any], tree: Any) -> Any:
    """Apply a function to every array of a structure; the result is one of the same types."""
    return mapped_at(lambda x, _: f(x), tree)


def mapped_at(f: Callable[[Any, str], Any], tree: Any, path: str = "") -> Any:
    """Apply a function to every array of a structure, and to how one writes its place."""
    if isinstance(tree, dict):
        found = {k: mapped_at(f, v, f"{path}[{k!r}]") for k, v in tree.items()}
        if type(tree) is dict:
            return found
        if isinstance(tree, defaultdict):
            return type(tree)(tree.default_factory, found)
        return type(tree)(found)
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        fields = zip(tree._fields, tree, strict=True)
        return type(tree)(*[mapped_at(f, v, f"{path}.{name}") for name, v in fields])
    if isinstance(tree, (tuple, list)) and not is_numbers(tree):
        return type(tree)(mapped_at(f, v, f"{path}[{i}]") for i, v in enumerate(tree))
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        made = copy.copy(tree)
        for field in dataclasses.fields(tree):
            value = mapped_at(f, getattr(tree, field.name), f"{path}.{field.name}")
            object.__setattr__(made, field.name, value)  # a frozen one, too
        return made
    return f(tree, path)


def is_numbers(tree: Any) -> bool:
    """Whether a list stands for an array, as [1.0, 2.0] does."""
    return (
        isinstance(tree, list)
        and bool(tree)
        and all(isinstance(x, (int, float)) or is_numbers(x) for x in tree)
    )


def is_structure(tree: Any) -> bool:
    """Whether a value has arrays inside, rather than being one."""
    if isinstance(tree, (dict, tuple)) or (isinstance(tree, list) and not is_numbers(tree)):
        return True
    return dataclasses.is_dataclass(tree) and not isinstance(tree, type)


def arrays_of(tree: Any) -> Iterator[Any]:
    """Yield the arrays of a structure in order."""
    found: list[Any] = []
    mapped(found.append, tree)
    return iter(found)


def as_given(tree: Any, arrays: Iterator[Any]) -> Any:
    """Return arrays in the structure of what was given; of a list of numbers, a list of numbers."""

    def listed(x: Any) -> Any:
        found = next(arrays)
        return found.tolist() if is_numbers(x) and type(found) is np.ndarray else found

    return mapped(listed, tree)


def like(tree: Any, arrays: Iterator[Any]) -> Any:
    """Return the arrays in the structure of another tree."""
    return mapped(lambda _: next(arrays), tree)
