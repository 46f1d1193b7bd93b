"""Turn the sample strings of an op's declaration into arrays."""

from __future__ import annotations

import ast
import inspect
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autograd import Composite, Op


def parse(op: Op, sample: str, dtype: type = np.float64) -> tuple[list[Any], dict[str, Any]]:
    """Return operands of the shapes a sample asks for, and its keyword parameters."""
    words = sample.split()
    params = {k: ast.literal_eval(v) for k, v in (w.split("=", 1) for w in words if "=" in w)}
    shapes = [shape(w) for w in words if "=" not in w]
    names = [op.operands[0]] * len(shapes) if op.variadic else list(op.operands)
    domains = [op.domain.get(name, (-2.0, 2.0)) for name in names]
    return values(op.name, sample, shapes, domains, dtype), params


def parse_composite(
    function: Composite, sample: str, dtype: type = np.float64
) -> tuple[list[Any], Callable[..., Any]]:
    """Return a sample's arrays, and a function that calls the composite with such arrays."""
    parameters = inspect.signature(function.function).parameters
    words = sample.split()
    literals = {k: ast.literal_eval(v) for k, v in (w.split("=", 1) for w in words if "=" in w)}
    named = dict(w.split(":") for w in words if ":" in w)
    shapes: list[tuple[int, ...]] = []
    owners: list[str] = []  # the parameter that each array is for, or is one of a list for
    free = [name for name in parameters if name not in literals and name not in named]
    for word in [w for w in words if "=" not in w and ":" not in w]:
        owners.append(free[0])
        shapes.append(shape(word))
        if parameters[free[0]].kind is not inspect.Parameter.VAR_POSITIONAL:
            del free[0]
    for name, given in named.items():
        shapes += [shape(w) for w in given.split("|")]
        owners += [name] * (given.count("|") + 1)
    domains = [function.domain.get(name, (-2.0, 2.0)) for name in owners]
    arrays = values(function.name, sample, shapes, domains, dtype)

    def call(given: Sequence[Any], target: Any = None) -> Any:
        found: dict[str, Any] = dict(literals)
        for name in dict.fromkeys(owners):
            mine = [x for x, owner in zip(given, owners, strict=True) if owner == name]
            found[name] = mine if "|" in named.get(name, "") else mine[0]
        args: list[Any] = []  # by position as far as it goes, because some functions need that
        for name, parameter in parameters.items():
            if parameter.kind is parameter.VAR_POSITIONAL:
                args += [x for x, owner in zip(given, owners, strict=True) if owner == name]
                found.pop(name, None)
            optional = name in literals and parameter.default is not parameter.empty
            if name not in found or optional or parameter.kind is parameter.KEYWORD_ONLY:
                break
            args.append(found.pop(name))
        return (target or function.call)(*args, **found)

    return arrays, call


def shape(word: str) -> tuple[int, ...]:
    """Return the shape that a word such as ``2,3`` or ``_`` stands for."""
    return () if word == "_" else tuple(int(n) for n in word.split(","))


def values(
    name: str,
    sample: str,
    shapes: list[tuple[int, ...]],
    domains: list[Any],
    dtype: type,
) -> list[Any]:
    """Return one array for each shape.

    Values are distinct and at least 0.05 apart from each other and from 0, so that an op with a
    kink is differentiable at all of them and differences do not step across it. A domain is an
    interval, or a function that makes a valid operand of any array.
    """
    rng = np.random.default_rng(len(sample) + sum(map(ord, name)))
    total = sum(int(np.prod(s)) for s in shapes)
    # An even count of grid points leaves 0 out; the order is shuffled across all operands.
    grid = rng.permutation(np.linspace(0, 1, total + 1 + total % 2)[: total or None])
    operands, start = [], 0
    for domain, lengths in zip(domains, shapes, strict=True):
        low, high = (-2.0, 2.0) if callable(domain) else domain
        size = int(np.prod(lengths))
        part = grid[start : start + size] + 0.17 / (total + 1)
        start += size
        operand = (low + (high - low) * part).reshape(lengths)
        operands.append((domain(operand) if callable(domain) else operand).astype(dtype))
    return operands
