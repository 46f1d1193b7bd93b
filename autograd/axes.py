"""Axes of reductions."""

from __future__ import annotations

__all__ = ["Axis", "kept"]

Axis = int | tuple[int, ...] | None


def kept(shape: tuple[int, ...], axis: Axis) -> tuple[int, ...]:
    """Return the shape that a reduction would have with keepdims=True."""
    if axis is None:
        return (1,) * len(shape)
    axes = {i % len(shape) for i in ((axis,) if isinstance(axis, int) else axis)} if shape else ()
    return tuple(1 if i in axes else n for i, n in enumerate(shape))
