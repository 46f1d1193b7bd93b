"""Axes of reductions, and parameters that are whole numbers."""

from __future__ import annotations

import operator
from typing import Any

__all__ = ["Axis", "kept_shape", "whole"]

Axis = int | tuple[int, ...] | None


def kept_shape(shape: tuple[int, ...], axis: Axis) -> tuple[int, ...]:
    """Return the shape that a reduction would have with keepdims=True."""
    if axis is None:
        return (1,) * len(shape)
    axes = {i % len(shape) for i in ((axis,) if isinstance(axis, int) else axis)} if shape else ()
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


def whole(name: str, value: Any) -> int:
    """Return a parameter that counts something as an int.

    Raises
    ------
    TypeError
        If it is no whole number.
    """
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{name} needs an int, got {value!r}") from None
