"""Circular and hyperbolic functions and their inverses; angles in radians."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.op import op
from autograd.ops.kinks import along
from autograd.symbol import Symbol, printed
from autograd.tensor import value_of

from_engine = True

_ONE = ("2,3", "_", "0", "1,2,1")
_PAIRS = ("2,3 2,3", "3,1 1,4", "_ 2", "_ _", "0,3 3")
_INSIDE = {"a": (-0.9, 0.9)}  # away from ±1, where arcsin and its kin have no finite slope


@op(symbol="sin", latex=r"\sin {a}", samples=_ONE)
def sin(a: Any) -> Any:
    """Elementwise sine of an angle in radians.

    Examples
    --------
    >>> from autograd import sin
    >>> sin(0.0)
    np.float64(0.0)
    """
    return np.sin(a)


sin.vjp(a=lambda g, a: g * np.cos(a))


@op(symbol="cos", latex=r"\cos {a}", samples=_ONE)
def cos(a: Any) -> Any:
    """Elementwise cosine of an angle in radians.

    Examples
    --------
    >>> from autograd import cos
    >>> cos(0.0)
    np.float64(1.0)
    """
    return np.cos(a)


cos.vjp(a=lambda g, a: -g * np.sin(a))


@op(symbol="tan", latex=r"\tan {a}", domain={"a": (-1.2, 1.2)}, samples=_ONE)
def tan(a: Any) -> Any:
    """Elementwise tangent of an angle in radians; tan′ = 1 + tan².

    Examples
    --------
    >>> from autograd import tan
    >>> tan(0.0)
    np.float64(0.0)
    """
    return np.tan(a)


tan.vjp(a=lambda g, out: g * (1 + out * out))


@op(symbol="arcsin", latex=r"\arcsin {a}", domain=_INSIDE, samples=_ONE)
def arcsin(a: Any) -> Any:
    """Elementwise inverse sine, in [−π/2, π/2]. Its derivative at ±1 is ∞.

    Examples
    --------
    >>> from autograd import arcsin
    >>> arcsin(0.0)
    np.float64(0.0)
    """
    return np.arcsin(a)


# (1 − a)(1 + a) keeps its digits near ±1, where 1 − a² loses them.
arcsin.vjp(a=lambda g, a: g / np.sqrt((1 - a) * (1 + a)))


@op(symbol="arccos", latex=r"\arccos {a}", domain=_INSIDE, samples=_ONE)
def arccos(a: Any) -> Any:
    """Elementwise inverse cosine, in [0, π]. Its derivative at ±1 is −∞.

    Examples
    --------
    >>> from autograd import arccos
    >>> arccos(1.0)
    np.float64(0.0)
    """
    return np.arccos(a)


arccos.vjp(a=lambda g, a: -g / np.sqrt((1 - a) * (1 + a)))


@op(symbol="arctan", latex=r"\arctan {a}", samples=_ONE)
def arctan(a: Any) -> Any:
    """Elementwise inverse tangent, in (−π/2, π/2).

    Examples
    --------
    >>> from autograd import arctan
    >>> arctan(0.0)
    np.float64(0.0)
    """
    return np.arctan(a)


arctan.vjp(a=lambda g, a: g / (1 + a * a))


@op(
    symbol="arctan2",
    latex=r"\operatorname{arctan2}({a}, {b})",
    domain={"b": (0.5, 2.0)},
    samples=_PAIRS,
)
def arctan2(a: Any, b: Any) -> Any:
    """Angle of the point (b, a), in [−π, π]. Both derivatives at (0, 0) are 0.

    Examples
    --------
    >>> from autograd import arctan2
    >>> arctan2(0.0, 1.0)
    np.float64(0.0)
    """
    return np.arctan2(a, b)


def over_square(x: Any, r: Any, g: Any) -> Any:
    """Return x / r², and 0 at the origin, where all derivatives are 0 by convention.

    A cotangent of 0 meets NaN there: the angle jumps at the origin, so r · sin(angle) has a limit
    that the convention would hide.
    """
    if isinstance(r, Symbol):
        return x / r / r
    origin = np.equal(value_of(r), 0)
    there = np.where(origin & np.equal(value_of(g), 0), np.nan, 0.0) if np.any(origin) else 0.0
    safe = np.where(origin, 1.0, r)
    return np.where(origin, there, x / safe / safe)


arctan2.vjp(
    # hypot, because the squares over- and underflow
    a=lambda g, a, b: g * over_square(b, np.hypot(a, b), g),
    b=lambda g, a, b: -g * over_square(a, np.hypot(a, b), g),
)


@op(symbol="hypot", latex=r"\sqrt{{a}^2 + {b}^2}", domain={"b": (0.5, 2.0)}, samples=_PAIRS)
def hypot(a: Any, b: Any) -> Any:
    """Elementwise √(a² + b²) without overflow. Both derivatives at (0, 0) are 0.

    Examples
    --------
    >>> from autograd import hypot
    >>> hypot(3.0, 4.0)
    np.float64(5.0)
    """
    return np.hypot(a, b)


hypot.vjp(
    a=lambda g, a, out: along(g, a, out),
    b=lambda g, b, out: along(g, b, out),
)


@op(symbol="sinh", latex=r"\sinh {a}", samples=_ONE)
def sinh(a: Any) -> Any:
    """Elementwise hyperbolic sine.

    Examples
    --------
    >>> from autograd import sinh
    >>> sinh(0.0)
    np.float64(0.0)
    """
    return np.sinh(a)


sinh.vjp(a=lambda g, a: g * np.cosh(a))


@op(symbol="cosh", latex=r"\cosh {a}", samples=_ONE)
def cosh(a: Any) -> Any:
    """Elementwise hyperbolic cosine.

    Examples
    --------
    >>> from autograd import cosh
    >>> cosh(0.0)
    np.float64(1.0)
    """
    return np.cosh(a)


cosh.vjp(a=lambda g, a: g * np.sinh(a))


@op(symbol="tanh", latex=r"\tanh {a}", samples=_ONE)
def tanh(a: Any) -> Any:
    """Elementwise hyperbolic tangent; tanh′ = 1 − tanh², exact to the last place of 1.

    Examples
    --------
    >>> from autograd import tanh
    >>> tanh(0.0)
    np.float64(0.0)
    """
    return np.tanh(a)


tanh.vjp(a=lambda g, out: g * (1 - out * out))


@op(symbol="arcsinh", latex=r"\operatorname{arcsinh} {a}", samples=_ONE)
def arcsinh(a: Any) -> Any:
    """Elementwise inverse hyperbolic sine.

    Examples
    --------
    >>> from autograd import arcsinh
    >>> arcsinh(0.0)
    np.float64(0.0)
    """
    return np.arcsinh(a)


# hypot, because a² overflows long before 1/a vanishes.
arcsinh.vjp(a=lambda g, a: g / np.hypot(a, 1.0))


@op(symbol="arccosh", latex=r"\operatorname{arccosh} {a}", domain={"a": (1.3, 3.0)}, samples=_ONE)
def arccosh(a: Any) -> Any:
    """Elementwise inverse hyperbolic cosine, for a ≥ 1. Its derivative at 1 is ∞.

    Examples
    --------
    >>> from autograd import arccosh
    >>> arccosh(1.0)
    np.float64(0.0)
    """
    return np.arccosh(a)


arccosh.vjp(a=lambda g, a: g / (np.sqrt(a - 1) * np.sqrt(a + 1)))


@op(symbol="arctanh", latex=r"\operatorname{arctanh} {a}", domain=_INSIDE, samples=_ONE)
def arctanh(a: Any) -> Any:
    """Elementwise inverse hyperbolic tangent, in (−1, 1). Its derivative at ±1 is ∞.

    Examples
    --------
    >>> from autograd import arctanh
    >>> arctanh(0.0)
    np.float64(0.0)
    """
    return np.arctanh(a)


arctanh.vjp(a=lambda g, a: g / ((1 - a) * (1 + a)))


@op(symbol="deg", latex=r"{a}\cdot 180/\pi", samples=_ONE)
def rad2deg(a: Any) -> Any:
    """Elementwise degrees of an angle in radians.

    Examples
    --------
    >>> from autograd import rad2deg
    >>> rad2deg(0.0)
    np.float64(0.0)
    """
    return np.rad2deg(a)


rad2deg.vjp(a=lambda g: g * (180 / np.pi))


@op(symbol="rad", latex=r"{a}\cdot \pi/180", samples=_ONE)
def deg2rad(a: Any) -> Any:
    """Elementwise radians of an angle in degrees.

    Examples
    --------
    >>> from autograd import deg2rad
    >>> deg2rad(0.0)
    np.float64(0.0)
    """
    return np.deg2rad(a)


deg2rad.vjp(a=lambda g: g * (np.pi / 180))


@op(symbol="sinc", latex=r"\operatorname{sinc} {a}", samples=_ONE)
def sinc(a: Any) -> Any:
    """Elementwise sin(πa) / (πa), and 1 at 0, where f′ = 0 and f″ = −π²/3.

    Examples
    --------
    >>> from autograd import sinc
    >>> sinc(0.0)
    np.float64(1.0)
    """
    zero = np.equal(a, 0)  # older NumPy gives NaN there in half precision
    return np.where(zero, 1.0, np.sinc(np.where(zero, 1.0, a))).astype(np.sinc(a * 0 + 1).dtype)[()]


# Of (cos x − sin x / x) / x = Σ (−1)^k 2k x^(2k−1) / (2k+1)!, from k = 10 down to 1.
_SINC = [(-1.0) ** k * 2 * k / math.factorial(2 * k + 1) for k in range(10, 0, -1)]


@printed("(cos(π {0}) − sinc({0})) / {0}", r"\frac{\cos \pi {0} - \operatorname{sinc} {0}}{{0}}")
def sinc_slope(a: Any) -> Any:
    """Return (cos πa − sinc a) / a, by its series near 0, where the difference loses its digits.

    Farther away the sine and cosine are taken of what is left of a after whole turns, because πa
    rounded would be off by more than their digits.
    """
    x = np.pi * a
    s = x * x
    series: Any = 0.0
    for coefficient in _SINC:
        series = series * s + coefficient
    far = np.greater(np.absolute(x), 1.0)
    away = np.where(far, a, 1.0)
    angle = np.pi * (away - 2 * np.rint(away / 2))
    slope = (np.cos(angle) - np.sin(angle) / (np.pi * away)) / away
    return np.where(far, slope, np.pi * x * series)


sinc.vjp(a=lambda g, a: g * sinc_slope(a))
