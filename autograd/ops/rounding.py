"""Rounding, signs and bounds: piecewise functions, with zero slopes or kinks."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.op import op
from autograd.ops.kinks import shared

from_engine = True

_ONE = ("2,3", "_", "0", "1,2,1")
_PAIRS = ("2,3 2,3", "3,1 1,4", "_ 2", "_ _", "0,3 3")


@op(symbol="floor", latex=r"\lfloor {a} \rfloor", kinks=True, samples=_ONE)
def floor(a: Any) -> Any:
    """Greatest integer at most a. Its derivative is 0.

    Examples
    --------
    >>> from autograd import floor
    >>> floor(-1.5)
    np.float64(-2.0)
    """
    return np.floor(a)


@op(symbol="ceil", latex=r"\lceil {a} \rceil", kinks=True, samples=_ONE)
def ceil(a: Any) -> Any:
    """Least integer at least a. Its derivative is 0.

    Examples
    --------
    >>> from autograd import ceil
    >>> ceil(1.5)
    np.float64(2.0)
    """
    return np.ceil(a)


@op(symbol="trunc", kinks=True, samples=_ONE)
def trunc(a: Any) -> Any:
    """Integer part, toward 0. Its derivative is 0.

    Examples
    --------
    >>> from autograd import trunc
    >>> trunc(-1.5)
    np.float64(-1.0)
    """
    return np.trunc(a)


@op(symbol="rint", kinks=True, samples=_ONE)
def rint(a: Any) -> Any:
    """Nearest integer, halves to the even one. Its derivative is 0.

    Examples
    --------
    >>> from autograd import rint
    >>> rint(2.5)
    np.float64(2.0)
    """
    return np.rint(a)


@op(elementwise=True, symbol="round", kinks=True, samples=("2,3", "2,3 decimals=1", "_", "0"))
def round(a: Any, decimals: int = 0) -> Any:
    """Round to a number of decimals, halves to even. Its derivative is 0.

    Examples
    --------
    >>> from autograd import round
    >>> round(0.12345, decimals=2)
    np.float64(0.12)
    """
    return np.round(a, decimals)


for _flat in (floor, ceil, trunc, rint, round):
    _flat.vjp(a=None)


@op(symbol="copysign", kinks=True, samples=_PAIRS)
def copysign(a: Any, b: Any) -> Any:
    """Absolute value of a with the sign of b. Derivatives ±1 (0 at a = 0) and 0.

    Examples
    --------
    >>> from autograd import copysign
    >>> copysign(2.0, -1.0)
    np.float64(-2.0)
    """
    return np.copysign(a, b)


copysign.vjp(
    a=lambda g, a, out: shared(g, np.sign(a) * np.sign(out), a, 0.0, out),
    b=None,
)


@op(selects=True, symbol="heaviside", kinks=True, samples=_PAIRS)
def heaviside(a: Any, b: Any) -> Any:
    """Step: 0 where a is negative, b where it is 0, 1 where positive. Derivatives 0, [a = 0].

    Examples
    --------
    >>> from autograd import heaviside
    >>> heaviside([-1.0, 0.0, 2.0], 0.5)
    array([0. , 0.5, 1. ])
    """
    return np.heaviside(a, b)


heaviside.vjp(a=None, b=lambda g, a: g * np.equal(a, 0))


@op(
    selects=True,
    symbol="clip",
    kinks=True,
    absent={"a_min": -np.inf, "a_max": np.inf},
    domain={"a_min": (-1.5, -1.0), "a_max": (1.0, 1.5)},
    samples=("2,3 _ _", "_ _ _", "2,3 2,1 1,3", "0 _ _"),
)
def clip(a: Any, a_min: Any = None, a_max: Any = None, /) -> Any:
    """Keep each element within bounds; None for a bound leaves that side open.

    Derivative 1 inside, 0 at and outside the bounds; the bound that an element is at has the rest.
    An infinite bound leaves its side open, so that there is nothing to be at.

    Examples
    --------
    >>> from autograd import clip
    >>> clip([-3.0, 0.5, 3.0], -1.0, 1.0)
    array([-1. ,  0.5,  1. ])
    """
    return np.clip(a, a_min, a_max)


def _within(a: Any, a_min: Any, a_max: Any) -> Any:
    """Return where no bound holds; an infinite bound holds nothing."""
    above = np.logical_or(np.greater(a, a_min), np.equal(a_min, -np.inf))
    return np.logical_and(above, np.logical_or(np.less(a, a_max), np.equal(a_max, np.inf)))


clip.vjp(
    a=lambda g, a, a_min, a_max: g * _within(a, a_min, a_max),
    a_min=lambda g, a, a_min, a_max: (
        g
        * np.logical_and(
            np.less_equal(a, a_min), np.logical_and(np.less(a_min, a_max), a_min != -np.inf)
        )
    ),
    a_max=lambda g, a, a_min, a_max: (
        g
        * np.logical_and(
            np.logical_or(np.greater_equal(a, a_max), np.greater_equal(a_min, a_max)),
            a_max != np.inf,
        )
    ),
)


@op(
    elementwise=True,
    selects=True,
    symbol="nan_to_num",
    kinks=True,
    samples=("2,3", "_", "0", "2,3 nan=1.0 posinf=2.0 neginf=3.0"),
)
def nan_to_num(
    a: Any, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None
) -> Any:
    """Put numbers in the place of NaN and infinities, where the derivative is 0.

    Examples
    --------
    >>> from autograd import nan_to_num
    >>> nan_to_num([1.0, float("nan")])
    array([1., 0.])
    """
    return np.nan_to_num(a, nan=nan, posinf=posinf, neginf=neginf)


nan_to_num.vjp(a=lambda g, a: np.where(np.isfinite(a), g, 0))
