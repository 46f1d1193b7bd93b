"""Numerical derivatives: central differences, their refinement, and the complex step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autograd.state import complex_step, no_grad
from autograd.tensor import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy.typing as npt

    from autograd.graph import Graph
    from autograd.program import Instruction

    Arrays = list[npt.NDArray[Any]]

__all__ = ["STEP", "Numerical", "blame", "by_complex_step", "central", "fixed", "refined", "slopes"]

from_engine = True

STEP = 6e-6  # of a central difference, about ε^⅓ in double precision


class Refined(NamedTuple):
    """A derivative by Ridders' method.

    Attributes
    ----------
    value, error : float
        The derivative, and an estimate of its error.
    size : float
        The quotient of the longest step, a tenth of the point.
    """

    value: float
    error: float
    size: float


@dataclass(frozen=True)
class Numerical:
    """A numerical gradient.

    Attributes
    ----------
    gradient : array
        One difference quotient for each element of the input.
    rounding : float
        What rounding of the function's values alone can make of its norm.
    lost : array
        For each element, the greatest derivative that rounding can hide whole: where two steps gave
        the very same values. 0 elsewhere.
    """

    gradient: npt.NDArray[np.float64]
    rounding: float
    lost: npt.NDArray[np.float64]


def fixed(shape: tuple[int, ...], seed: int) -> npt.NDArray[np.float64]:
    """Return random weights, or a direction, that are the same each time: none of them small."""
    return np.random.default_rng(seed).uniform(0.5, 1.5, shape)


def _at(
    f: Callable[..., Any], arrays: Arrays, which: int, index: tuple[int, ...], step: float
) -> tuple[Any, float]:
    """Return the values of f with one element moved, and where that element then is."""
    moved = arrays[which].copy()
    moved[index] += moved.dtype.type(step)
    # A leaf, because f may itself take gradients of what it is given.
    xs = [Tensor(moved if i == which else a, requires_grad=True) for i, a in enumerate(arrays)]
    with np.errstate(all="ignore"):  # a step may leave the domain
        return np.asarray(f(*xs).data, np.float64), float(moved[index])


def _quotient(
    f: Callable[..., Any],
    weights: Any,
    arrays: Arrays,
    which: int,
    index: tuple[int, ...],
    step: float,
) -> tuple[float, float]:
    """Return a central difference quotient of Σ weights · f, and its rounding error.

    Results that do not depend on the element drop out before they are summed, so that a large one
    does not drown a small one.
    """
    (above, high), (below, low) = (_at(f, arrays, which, index, s) for s in (step, -step))
    with np.errstate(all="ignore"):
        moved = np.where(above == below, 0.0, above - below)
        size = np.where(above == below, 0.0, np.abs(above) + np.abs(below))
        epsilon = 2 * float(np.finfo(arrays[which].dtype).eps)
        rounding = epsilon * float(np.linalg.norm(size * weights)) / (high - low)
        return float((moved * weights).sum()) / (high - low), rounding


def central(f: Callable[..., Any], weights: Any, arrays: Arrays, which: int) -> Numerical:
    """Return (f(θ + ε) − f(θ − ε)) / 2ε for each element θ of one input, f summed with weights.

    The step ε is (machine epsilon)^⅓ of the input's dtype times max(1, |θ|): it balances rounding
    and truncation for a function that varies on the scale of its argument.
    """
    base = arrays[which]
    result, rounding, lost = (np.zeros(base.shape) for _ in range(3))
    epsilon = float(np.finfo(base.dtype).eps) ** (1 / 3)
    for index in np.ndindex(base.shape):
        step = epsilon * max(1.0, abs(float(base[index])))
        result[index], rounding[index] = _quotient(f, weights, arrays, which, index, step)
        if result[index] == 0 == rounding[index]:
            value, _ = _at(f, arrays, which, index, 0.0)
            size = float(np.linalg.norm(value * weights))
            lost[index] = np.nan_to_num(
                4 * np.finfo(base.dtype).eps * size / (2 * step), posinf=0.0
            )
    total = float(np.linalg.norm(np.nan_to_num(rounding, nan=0.0, posinf=0.0)))
    return Numerical(result, total, lost)


def slopes(
    cost: Callable[[Any], float], x: npt.NDArray[Any], places: Iterable[tuple[int, ...]]
) -> npt.NDArray[np.float64]:
    """Return the central differences of a cost of a plain array at some of its elements.

    NaN elsewhere.
    """
    found = np.full(x.shape, np.nan)
    for at in places:
        step = STEP * max(1.0, abs(float(x[at])))
        ends = []
        for sign in (1, -1):
            moved = x.copy()
            moved[at] += sign * step
            ends.append(cost(moved))
        found[at] = (ends[0] - ends[1]) / (2 * step)
    return found


def refined(
    f: Callable[..., Any],
    weights: Any,
    arrays: Arrays,
    which: int,
    index: tuple[int, ...],
) -> Refined:
    """Return the derivative at one element by Ridders' method, and an estimate of its error.

    Steps go down by halves from a tenth of |θ| (from 0.1 at 0), and their quotients are
    extrapolated to step 0; the estimate that changed least is taken, and no change counts as less
    than the rounding of its quotient. So it also measures functions that vary on
    a smaller scale than their argument. Nothing here looks at the automatic gradient.

    References
    ----------
    C. J. F. Ridders, Accurate computation of F'(x) and F'(x)F''(x), 1982.
    """
    theta = float(arrays[which][index])
    step = abs(theta) / 10 or 0.1
    rows: list[list[float]] = []
    best, error, size = np.nan, np.inf, 0.0
    for _ in range(40):
        quotient, rounding = _quotient(f, weights, arrays, which, index, step)
        if quotient == 0 == rounding and any(row[0] for row in rows):
            break  # the step is too short to change anything
        row = [quotient]
        size = size or abs(np.nan_to_num(quotient, posinf=0.0, neginf=0.0))
        for k, earlier in enumerate(rows[-1] if rows else []):
            factor = 4.0 ** (k + 1)
            row.append((factor * row[k] - earlier) / (factor - 1))
            change = max(rounding, abs(row[k + 1] - row[k]), abs(row[k + 1] - earlier))
            if change <= error and np.isfinite(row[k + 1]):  # the first steps may leave the domain
                best, error = row[k + 1], change
        rows.append(row)
        step /= 2
    return Refined(best, error, size)


def by_complex_step(
    f: Callable[..., Any], weights: Any, arrays: Arrays, which: int
) -> npt.NDArray[np.float64] | None:
    """Return Im f(θ + ih) / h for each element, exact to rounding; None where f takes no complex.

    It holds for functions that are analytic in the complex plane; the caller compares the result
    with differences, which tells the others (absolute values, say) apart.

    References
    ----------
    W. Squire and G. Trapp, Using complex variables to estimate derivatives of real functions, 1998.
    """
    tiny = 1e-30
    result = np.empty(arrays[which].shape)
    try:
        for index in np.ndindex(result.shape):
            moved: list[Any] = list(arrays)
            moved[which] = arrays[which].astype(complex)
            moved[which][index] += 1j * tiny
            with no_grad(), complex_step(), np.errstate(all="ignore"):
                value = f(*[x[()] for x in moved])
            value = value._value if isinstance(value, Tensor) else value
            if np.asarray(value).dtype.kind != "c":
                return None
            result[index] = float((value * weights).sum().imag) / tiny
    except Exception:  # whatever f does that complex numbers or arrays do not
        return None
    return result


def blame(g: Graph) -> list[str]:
    """Return a line for each derivative rule of a recorded graph that differences contradict.

    Each is tried alone, on the values it was recorded with: along one random direction.
    """
    found: list[str] = []
    for view in g:
        step = g.program.steps[view.id]
        if step.op is None or view.value is None:
            continue
        values = [g.nodes[i].value for i in view.parents]
        if any(v is None or not np.all(np.isfinite(v)) for v in (*values, view.value)):
            continue  # no difference can be taken there
        weights = fixed(step.shape, seed=view.id)
        pulled = g.program.recorded_pull(view.id, weights.astype(step.dtype)[()])
        for slot, cotangent in enumerate(pulled):
            if cotangent is None:
                continue
            line = _contradiction(step, values, weights, slot, np.asarray(cotangent, float))
            if line and line not in found:
                found.append(line)
    return found


def _jumps(at: Callable[[float], float]) -> bool:
    """Whether a function of a number jumps at 0: a millionth of a step changes it as much."""
    with np.errstate(all="ignore"):
        far, near = (abs(at(h) - at(-h)) for h in (1e-3, 1e-9))
        return bool(near > 0.5 * far and near > 1e-6 * (abs(at(1e-9)) + abs(at(-1e-9))))


def _contradiction(
    step: Instruction, values: list[Any], weights: Any, slot: int, cotangent: Any
) -> str | None:
    """Compare one rule with a difference along a direction; return what differs."""
    op, params = step.op, step.params
    assert op is not None
    base = np.asarray(values[slot], float)
    direction = fixed(base.shape, seed=slot)

    def at(t: float) -> float:
        moved = [*values]
        moved[slot] = base + t * direction
        return float(np.sum(op.forward(*[np.asarray(v)[()] for v in moved], **params) * weights))

    def along(t: Tensor) -> Tensor:
        return Tensor(at(float(t.data)))

    with np.errstate(all="ignore"):
        numerical, error, _ = refined(along, np.ones(()), [np.zeros(())], 0, ())
    ours = float(np.sum(cotangent * direction))
    if not abs(ours - numerical) > 1e-5 * (abs(ours) + abs(numerical)) + error:
        return None
    operand, source = step.operand_name(slot), step.source
    where = "" if source is None else f", called at {source[0]}:{source[1]}"
    if _jumps(at):
        return (
            f"note: {op.name} jumps at this point of {operand}{where}: it has no derivative there, "
            "so that a difference proves nothing. Try inputs beside it."
        )
    return (
        f"note: {op.name}.vjp({operand}=...) gives {ours:.6g} along a direction where differences "
        f"give {numerical:.6g}{where}."
    )
