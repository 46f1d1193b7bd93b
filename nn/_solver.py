"""L-BFGS: a minimum of a smooth function whose gradient is known, on the whole set at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

__all__ = ["minimum"]

MEMORY = 30  # steps that the curvature is estimated from


def minimum(
    f: Callable[[Any], tuple[float, Any]], x: npt.NDArray[Any], *, steps: int, tolerance: float
) -> tuple[npt.NDArray[Any], int, bool]:
    """Return where f is least, the number of steps, and whether the gradient got small enough.

    Parameters
    ----------
    f : callable
        Gives the value and the gradient.
    x : array, shape (n,)
        Where to begin.
    steps : int
        The most steps.
    tolerance : float
        Of the greatest element of the gradient.

    References
    ----------
    Nocedal and Wright (2006), Numerical optimization, algorithms 7.4, 7.5 and 3.1.
    """
    value, g = f(x)
    moves: list[tuple[Any, Any, float]] = []
    for step in range(steps):
        if np.abs(g).max(initial=0.0) <= tolerance:
            return x, step, True
        direction = _direction(g, moves)
        slope = float(g @ direction)
        if slope >= 0:  # rounding has spoiled the estimate: begin it anew
            moves, direction, slope = [], -g, -float(g @ g)
        length = 1.0 if moves else min(1.0, 1 / float(np.abs(g).sum()))
        for _ in range(60):
            new = x + length * direction
            new_value, new_g = f(new)
            if new_value <= value + 1e-4 * length * slope:
                break
            length /= 2
        else:
            return x, step, bool(np.abs(g).max() <= max(tolerance, 1e-6 * max(1.0, abs(value))))
        s, y = new - x, new_g - g
        if (curvature := float(s @ y)) > 1e-12 * float(y @ y):
            moves = [*moves[-(MEMORY - 1) :], (s, y, 1 / curvature)]
        x, value, g = new, new_value, new_g
    return x, steps, bool(np.abs(g).max(initial=0.0) <= tolerance)


def _direction(g: Any, moves: list[tuple[Any, Any, float]]) -> Any:
    """Return −H g for the H that the last moves estimate (the two loops)."""
    q, used = -g, []
    for s, y, rho in reversed(moves):
        a = rho * float(s @ q)
        q = q - a * y
        used.append(a)
    if moves:
        s, y, rho = moves[-1]
        q = q / (rho * float(y @ y))
    for (s, y, rho), a in zip(moves, reversed(used), strict=True):
        q = q + s * (a - rho * float(y @ q))
    return q
