"""Initial weights, as the notes give them. Values under the roots are standard deviations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nn._words import suggestion

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from nn.rng import Stream

    Init = Callable[[int, int, Any], npt.NDArray[Any]]

__all__ = ["INITIALIZATIONS", "glorot", "he", "initial", "small_random", "xavier", "zeros"]


def zeros(n_in: int, n_out: int, rng: Stream) -> npt.NDArray[Any]:
    """Return zeros, shape (n_out, n_in). All units of a layer stay identical: see the notes."""
    return np.zeros((n_out, n_in))


def small_random(n_in: int, n_out: int, rng: Stream) -> npt.NDArray[Any]:
    """Return normal values × 0.01, shape (n_out, n_in); enough for one hidden layer."""
    return _normal(n_in, n_out, rng, 0.01)


def xavier(n_in: int, n_out: int, rng: Stream) -> npt.NDArray[Any]:
    """Return normal values × √(1 / n_in), shape (n_out, n_in); made for tanh."""
    return _normal(n_in, n_out, rng, np.sqrt(1 / n_in))


def glorot(n_in: int, n_out: int, rng: Stream) -> npt.NDArray[Any]:
    """Return normal values × √(2 / (n_in + n_out)), shape (n_out, n_in); Xavier's second form."""
    return _normal(n_in, n_out, rng, np.sqrt(2 / (n_in + n_out)))


def he(n_in: int, n_out: int, rng: Stream) -> npt.NDArray[Any]:
    """Return normal values × √(2 / n_in), shape (n_out, n_in); made for ReLU."""
    return _normal(n_in, n_out, rng, np.sqrt(2 / n_in))


def _normal(n_in: int, n_out: int, rng: Stream, std: float) -> npt.NDArray[Any]:
    return rng.standard_normal((n_out, n_in)) * std


INITIALIZATIONS: dict[str, Init] = {
    "glorot": glorot,
    "he": he,
    "small_random": small_random,
    "xavier": xavier,
    "zeros": zeros,
}


def initial(init: str | Init, n_in: int, n_out: int, rng: Stream) -> npt.NDArray[Any]:
    """Return initial weights, shape (n_out, n_in), by the name of an initialization or a function.

    Raises
    ------
    ValueError
        If the name is unknown.
    """
    if callable(init):
        return np.asarray(init(n_in, n_out, rng))
    if init not in INITIALIZATIONS:
        raise ValueError(
            f"init: needs one of {', '.join(INITIALIZATIONS)}, got {init!r}."
            f"{suggestion(init, INITIALIZATIONS)}"
        )
    return INITIALIZATIONS[init](n_in, n_out, rng)
