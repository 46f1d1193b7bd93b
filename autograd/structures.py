"""Structures of arrays: tuples, lists and dicts, inside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["arrays_of", "is_numbers", "like", "mapped"]

from_engine = True


def mapped(f: Callable[[Any], Any], tree: Any) -> Any:
    """Apply a function to every array of a structure."""
    if isinstance(tree, dict):
        return {key: mapped(f, value) for key, value in tree.items()}
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*[mapped(f, value) for value in tree])
    if isinstance(tree, (tuple, list)) and not is_numbers(tree):
        return type(tree)(mapped(f, value) for value in tree)
    return f(tree)


def is_numbers(tree: Any) -> bool:
    """Whether a list stands for an array, as [1.0, 2.0] does."""
    return (
        isinstance(tree, list)
        and bool(tree)
        and all(isinstance(x, (int, float)) or is_numbers(x) for x in tree)
    )


def arrays_of(tree: Any) -> Iterator[Any]:
    """Yield the arrays of a structure in order."""
    found: list[Any] = []
    mapped(found.append, tree)
    return iter(found)


def like(tree: Any, arrays: Iterator[Any]) -> Any:
    """Return the arrays in the structure of another tree."""
    return mapped(lambda _: next(arrays), tree)
