"""Graphs that several tests draw."""

from __future__ import annotations

from typing import Any

from autograd import Tensor


def leaf(value: Any, name: str | None = None) -> Tensor:
    return Tensor(value, name=name, requires_grad=True)


def lecture() -> Tensor:
    a, b, c = leaf(5.0, "a"), leaf(3.0, "b"), leaf(2.0, "c")
    J = (3 * (a + (b * c).named("u")).named("v")).named("J")
    J.backward()
    return J
