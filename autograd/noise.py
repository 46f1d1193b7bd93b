"""How far rounding can move a gradient: run the program again, each result off by one digit.

A gradient that is 0 in exact arithmetic comes out as the rounding of what was summed, here or by
hand, and two such numbers have no digit in common. How large they can be is measured: every value
and every cotangent is multiplied by 1 ± machine epsilon, at random, and the gradients that come out
are compared (stochastic arithmetic: J. Vignes, A stochastic arithmetic for reliable scientific
computation, 1993). Rounding grows with the digit; what does not is a jump, at a kink, and no noise.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.program import UNKNOWN, Program

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from autograd.node import Node
    from autograd.tensor import Tensor

__all__ = ["FACTOR", "moved_by_rounding", "noise", "rounding_of", "shaken"]

from_engine = True

SAMPLES, FACTOR = 6, 8.0  # runs, and how many machine epsilons are allowed to rounding
_SPREAD = 6.0  # times more or less than is usual, that rounding moves in some runs


def noise(output: Tensor, seed: Any, wanted: Sequence[Node]) -> tuple[Any, list[Any]]:
    """Return how far rounding may move a result, and its gradients.

    Parameters
    ----------
    output : Tensor
        A recorded result.
    seed : array_like
        The weights of its elements, of its shape.
    wanted : sequence of Node
        What the gradients are taken by.

    Returns
    -------
    value : array
        For each element of the result, the distance that rounding explains.
    gradients : list of array
        The same for each gradient; 0 where the program cannot be run again.
    """
    assert output._node is not None
    program = Program([output._node])
    rng = np.random.default_rng(0)
    base = _run(program, seed, wanted, None)
    small, large, huge = (
        [_run(program, seed, wanted, (rng, size)) for _ in range(SAMPLES)]
        for size in (1, FACTOR, FACTOR**2)
    )
    if base is None:
        return np.zeros(output.shape), [np.zeros(node.shape) for node in wanted]
    floors = []
    with np.errstate(all="ignore"):
        for i, exact in enumerate(base):
            little, much, more = (
                np.max([np.abs(run[i] - exact) for run in runs if run is not None], axis=0)
                for runs in (small, large, huge)
            )
            grows = (2 * little <= much) & (2 * much <= more)
            tops = [np.max(x, where=np.isfinite(x), initial=0.0) for x in (little, much, more)]
            if 2 * tops[0] <= tops[1] and 2 * tops[1] <= tops[2]:  # no element of it jumps
                grows = np.True_
            floors.append(np.where(np.isfinite(much) & grows, much, 0.0))
    return floors[0], floors[1:]


def moved_by_rounding(program: Program, found: Sequence[Any], seeds: dict[int, Any]) -> list[Any]:
    """Return how much rounding inside of a function can change each of its cotangents.

    Parameters
    ----------
    program : Program
    found : sequence of array
        The cotangents of its steps.
    seeds : dict
        What they were pulled back from.
    """
    rng = np.random.default_rng(0)
    little, much, more = ([0.0] * len(found) for _ in range(3))  # moved by 1, 8 and 64 digits
    numbers = (np.ndarray, np.generic)
    for size, most in ((1.0, little), (FACTOR, much), (FACTOR**2, more)):
        for _, moved in _runs(program, seeds, size, rng, SAMPLES):
            with np.errstate(all="ignore"):
                for k, (g, other) in enumerate(zip(found, moved, strict=True)):
                    if isinstance(g, numbers) and isinstance(other, numbers):
                        apart = np.abs(np.asarray(g, float) - np.asarray(other, float))
                        most[k] = np.maximum(most[k], apart)
    return [_grown(*moves) for moves in zip(found, little, much, more, strict=True)]


def shaken(program: Program, output: Tensor) -> tuple[list[Any], list[Any]]:
    """Return the cotangents of a program's steps, and those with each result off by one digit."""
    seeds = {program.outputs[0]: np.ones(output.shape, output.dtype)[()]}
    with np.errstate(all="ignore"):
        found = program.pulled_back(program.values, seeds)
        ((_, moved),) = _runs(program, seeds, 1.0, np.random.default_rng(0), 1)
    return found, moved


def _runs(
    program: Program,
    seeds: dict[int, Any],
    size: float,
    rng: np.random.Generator,
    many: int,
    *,
    given: bool = False,
) -> Iterator[tuple[list[Any], list[Any]]]:
    """Yield values and cotangents of runs in which each result is off by some digits."""
    shake = functools.partial(_shaken, rng=rng, size=size)
    for _ in range(many):
        values = program.computed(shake, given=given)
        yield values, program.pulled_back(values, seeds, change=shake)


def rounding_of(program: Program) -> tuple[list[Any], list[Any]]:
    """Return how large mere rounding can be in the values and cotangents of a program's steps.

    It is measured only where something is so small that it may be no more than that; else 0.
    """
    nothing = [0.0] * len(program.steps)
    values, slopes = program.values, program.cotangents
    tiny = any(map(_is_tiny, (*values, *slopes)))
    sizes = sum(np.size(v) for v in values)
    many = len(program.steps) > _STEPS or sizes > _NUMBERS
    if many or not tiny or any(v is None for v in values):
        return nothing, nothing
    seeds = {i: np.ones(program.steps[i].shape)[()] for i in program.outputs}
    rng = np.random.default_rng(0)
    most: list[tuple[list[Any], list[Any]]] = []  # moved by one digit, and by eight
    for size in (1.0, FACTOR):
        most.append(([*nothing], [*nothing]))
        for moved in _runs(program, seeds, size, rng, SAMPLES, given=True):
            for kept, found, again in zip(most[-1], (values, slopes), moved, strict=True):
                for k, (x, other) in enumerate(zip(found, again, strict=True)):
                    kept[k] = np.maximum(kept[k], _apart(x, other))
    # Element by element: beside the 1 of a softmax stands a number that is small and exact.
    little, much = most
    floors = [_each_grown(little[part], much[part]) for part in (0, 1)]
    # Of what is given no digit is rounding, and neither is its difference from what is given.
    return (
        [f if _is_tiny(x) else 0.0 for f, x in zip(floors[0], values, strict=True)],
        [f if _is_tiny(x) else 0.0 for f, x in zip(floors[1], slopes, strict=True)],
    )


def _apart(x: Any, other: Any) -> Any:
    """Return how far numbers are from others; 0 where there are none."""
    numbers = (np.ndarray, np.generic)
    if not isinstance(x, numbers) or not isinstance(other, numbers) or x.dtype.kind != "f":
        return 0.0
    with np.errstate(all="ignore"):
        return np.nan_to_num(np.abs(np.subtract(x, other)), nan=0.0, posinf=0.0)


def _each_grown(little: list[Any], much: list[Any]) -> list[Any]:
    """Return some times what rounding moves; 0 where it does not grow with the digit."""
    return [np.where(2 * a <= b, 4 / FACTOR * b, 0.0) for a, b in zip(little, much, strict=True)]


_STEPS, _NUMBERS, _LARGE, _TINY = 2000, 200_000, 10_000, 1e-11


def _is_tiny(x: Any) -> bool:
    """Whether there is a number that is nearly 0, and not 0."""
    if not isinstance(x, (np.ndarray, np.generic)) or x.dtype.kind != "f" or x.size > _LARGE:
        return False
    size = np.abs(x)
    return bool(np.any((size < _TINY) & (size > 0)))


def _shaken(x: Any, _terms: Any = 0.0, *, rng: np.random.Generator, size: float) -> Any:
    """Return numbers that are off by up to some machine epsilons."""
    x = np.asarray(x)
    if x.dtype.kind != "f":
        return x
    return x * (1 + size * np.finfo(x.dtype).eps * rng.uniform(-1, 1, x.shape)).astype(x.dtype)


def _grown(g: Any, little: Any, much: Any, more: Any) -> Any:
    """Return ten times what one digit moves; 0 where it does not grow as the digits do: at a jump.

    The distances are those by 1, 8 and 64 digits. From one to the next they grow by 8, or, where
    two differences that are nearly 0 are multiplied, by its square; the greatest of six samples of
    a single number is within a factor of four of the usual one. Where 1 − a is a few digits only,
    more digits are all of it, and the result is infinite.
    """
    little, much, more = np.broadcast_arrays(little, much, more)
    g = np.asarray(g, float) if isinstance(g, (np.ndarray, np.generic)) else np.zeros(())
    largest = float(np.max(np.abs(g), where=np.isfinite(g), initial=0.0))
    for size, x, y in ((FACTOR, much, more), (1.0, little, much)):
        there = np.isfinite(x) & np.isfinite(y)
        before, after = (float(np.max(z, where=there, initial=0.0)) for z in (x, y))
        if before * FACTOR / _SPREAD <= after <= before * FACTOR**2 * _SPREAD:
            moved, one = np.where(there, y, 0.0) / (size * FACTOR), after / (size * FACTOR)
            if largest <= 10 * one:
                moved = np.maximum(moved, 0.1 * one)  # all of it is the rounding of one sum
            few = np.nan_to_num(little, nan=0.0, posinf=0.0)
            return 10 * np.where(there, moved, few)
    return np.zeros_like(much)


def _off(x: Any, terms: Any, rng: np.random.Generator, size: float) -> Any:
    """Return numbers that are off by some machine epsilons, at random up or down."""
    x = np.asarray(x)
    if x.dtype.kind != "f":
        return x[()]
    signs = rng.choice(np.array([-1, 1], x.dtype), x.shape)
    return (x + size * np.finfo(x.dtype).eps * signs * np.maximum(np.abs(x), terms)).astype(
        x.dtype
    )[()]


def _run(
    program: Program,
    seed: Any,
    wanted: Sequence[Node],
    by: tuple[np.random.Generator, float] | None,
) -> list[Any] | None:
    """Compute a recorded result and its gradients again; None where a value is not known."""

    def change(x: Any, terms: Any = 0.0) -> Any:
        return np.asarray(x)[()] if by is None else _off(x, terms, *by)

    values, root = program.computed(change), program.outputs[0]
    if any(v is None for v in values):
        return None
    one = np.asarray(seed, program.steps[root].dtype)[()]
    found = program.pulled_back(values, {root: one}, change=change)
    if any(g is UNKNOWN for g in found):
        return None
    of = [found[program.places[n]] if n in program.places else None for n in wanted]
    gradients = [np.zeros(n.shape) if g is None else g for n, g in zip(wanted, of, strict=True)]
    return [np.asarray(x, np.float64) for x in (values[root], *gradients)]
