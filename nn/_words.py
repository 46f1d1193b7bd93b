"""What the errors of several rooms say in the same words, and the checks that say it."""

from __future__ import annotations

import difflib
import math
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

BOOLS: tuple[Any, ...] = (bool, np.bool_)  # they count as numbers to Python, and are meant as none

__all__ = ["count", "positive", "suggestion"]


def suggestion(given: object, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'relu'?"`` where a name is close to a known one, otherwise ""."""
    spelled = {name.lower(): name for name in known}
    asked = str(given).lower().replace("-", "_").replace(" ", "_")
    close = difflib.get_close_matches(asked, spelled, 1)
    return f" Did you mean {spelled[close[0]]!r}?" if close else ""


def positive(where: str, name: str, value: Any, *, zero: bool = False) -> float:
    """Return a real number as a float, or say that it needs to be positive (or 0, where `zero`)."""
    real = isinstance(value, Real) and not isinstance(value, BOOLS)
    if not (real and math.isfinite(value) and (value > 0 or (zero and value == 0))):
        kind = "a number of at least 0" if zero else "a positive number"
        raise ValueError(f"{where}: {name} needs to be {kind}, got {value!r}.")
    return float(value)


def count(where: str, name: str, value: Any, least: int = 1) -> int:
    """Return an int, or say that it needs to be one of at least `least`."""
    if not isinstance(value, Integral) or isinstance(value, BOOLS) or value < least:
        kind = "a positive int" if least == 1 else f"an int of at least {least}"
        raise ValueError(f"{where}: {name} needs to be {kind}, got {value!r}.")
    return int(value)
