"""Initial weights, as the notes give them. Values under the roots are standard deviations."""

from __future__ import annotations

import sys
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


# What they are called elsewhere.
_ELSEWHERE = {
    "kaiming": "he",
    "kaiming_normal": "he",
    "he_normal": "he",
    "xavier_normal": "glorot",
    "glorot_normal": "glorot",
    "lecun": "xavier",
    "lecun_normal": "xavier",
    "normal": "small_random",
    "random": "small_random",
}


def initial(init: str | float | Init, n_in: int, n_out: int, rng: Stream) -> npt.NDArray[Any]:
    """Return initial weights, shape (n_out, n_in).

    Parameters
    ----------
    init : str, float or callable
        The name of an initialization, the standard deviation of normal values, or a function of
        n_in, n_out and the stream of random numbers.
    n_in, n_out : int
        The widths of the layer before, and of this one.
    rng : Generator or RandomState
        Where they are drawn.

    Raises
    ------
    ValueError
        If the name is unknown, or the number is no standard deviation.
    """
    if callable(init):
        return np.asarray(init(n_in, n_out, rng))
    if isinstance(init, (int, float, np.integer, np.floating)) and not isinstance(init, bool):
        if not 0 <= init <= sys.float_info.max:
            raise ValueError(f"init: a standard deviation is finite and at least 0, got {init!r}.")
        return _normal(n_in, n_out, rng, float(init))
    if not isinstance(init, str) or init not in INITIALIZATIONS:
        known = _ELSEWHERE.get(init.lower()) if isinstance(init, str) else None
        hint = f" Write {known!r}." if known else suggestion(init, INITIALIZATIONS)
        raise ValueError(
            f"init: needs one of {', '.join(INITIALIZATIONS)}, a standard deviation such as 0.01, "
            f"or a function of n_in, n_out and rng, got {init!r}."
            f"{hint}"
        )
    return INITIALIZATIONS[init](n_in, n_out, rng)
