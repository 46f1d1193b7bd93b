"""Where random numbers come from: one meaning of ``rng=`` everywhere."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np

from nn._words import BOOLS

__all__ = ["Rng", "check_rng_state", "generator", "load_rng_state", "rng_state"]

Stream = np.random.Generator | np.random.RandomState
Rng = Stream | int | None


def generator(rng: Any, where: str) -> Stream:
    """Return a source of random numbers.

    Parameters
    ----------
    rng : Generator, RandomState, int or None
        A seed makes a `Generator`. A `RandomState` is used as it is: its stream is that of
        ``np.random.seed`` and ``np.random.randn``, in which the course's numbers are printed.
        None takes a seed from the operating system.
    where : str
        Who asks, for the error.

    Raises
    ------
    TypeError
        If it is none of these.

    Examples
    --------
    >>> generator(np.random.RandomState(2), "doctest").standard_normal(2) * 0.01
    array([-0.00416758, -0.00056267])
    """
    if isinstance(rng, (np.random.Generator, np.random.RandomState)):
        return rng
    seed = isinstance(rng, Integral) and not isinstance(rng, BOOLS)
    if seed and rng < 0:
        raise ValueError(f"{where}: a seed needs to be at least 0, got rng={rng}.")
    if rng is None or seed or isinstance(rng, (np.random.SeedSequence, np.random.BitGenerator)):
        return np.random.default_rng(rng)
    raise TypeError(
        f"{where}: rng needs to be an int, a Generator (np.random.default_rng(1)), a RandomState "
        f"(np.random.RandomState(1), for the course's np.random.seed(1)) or None, got {rng!r}."
    )


def rng_state(rng: Stream) -> dict[str, Any]:
    """Return the state of a stream as numbers and strings that JSON can hold."""
    if isinstance(rng, np.random.RandomState):
        name, key, position, has_gauss, gauss = rng.get_state(legacy=True)
        return {
            "kind": "RandomState",
            "name": name,
            "key": [int(k) for k in key],
            "position": int(position),
            "has_gauss": int(has_gauss),
            "gauss": float(gauss).hex(),
        }
    state = rng.bit_generator.state
    return {"kind": "Generator", "state": _plain(state)}


def check_rng_state(rng: Stream, state: dict[str, Any]) -> None:
    """Raise ValueError if a state is that of another kind of stream."""
    kind = "RandomState" if isinstance(rng, np.random.RandomState) else "Generator"
    if state.get("kind") != kind:
        raise ValueError(
            f"the random state is that of a {state.get('kind')}, and rng= is a {kind}; "
            "give the kind that the run began with."
        )
    if isinstance(rng, np.random.Generator):
        own = rng.bit_generator.state["bit_generator"]
        if state["state"]["bit_generator"] != own:
            raise ValueError(
                f"the random state is that of {state['state']['bit_generator']}, and rng= is {own}."
            )


def load_rng_state(rng: Stream, state: dict[str, Any]) -> None:
    """Set a stream to a state that `rng_state` returned.

    Raises
    ------
    ValueError
        If it is the state of another kind of stream.
    """
    check_rng_state(rng, state)
    if isinstance(rng, np.random.RandomState):
        rng.set_state(
            (
                state["name"],
                np.array(state["key"], np.uint32),
                state["position"],
                state["has_gauss"],
                float.fromhex(state["gauss"]),
            )
        )
        return
    rng.bit_generator.state = _arrays(state["state"])


def _plain(x: Any) -> Any:
    if isinstance(x, dict):
        return {k: _plain(v) for k, v in x.items()}
    if isinstance(x, np.ndarray):
        return {"array": [int(v) for v in x], "dtype": x.dtype.str}
    return int(x) if isinstance(x, Integral) else x


def _arrays(x: Any) -> Any:
    if isinstance(x, dict) and x.keys() == {"array", "dtype"}:
        return np.array(x["array"], x["dtype"])
    return {k: _arrays(v) for k, v in x.items()} if isinstance(x, dict) else x
