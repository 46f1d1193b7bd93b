"""Functions of each element: exponentials, roots, and those with a kink."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.op import op

from_engine = True

_ONE = ("2,3", "_", "0", "1,2,1")
_POSITIVE = {"a": (0.3, 3.0)}


@op(symbol="exp", latex="e^{{a}}", samples=_ONE)
def exp(a: Any) -> Any:
    """Elementwise exponential e^a.

    Examples
    --------
    >>> from autograd import exp
    >>> exp(0.0)
    np.float64(1.0)
    """
    return np.exp(a)


exp.vjp(a=lambda g, out: g * out)


@op(symbol="expm1", latex="e^{{a}} - 1", samples=_ONE)
def expm1(a: Any) -> Any:
    """Elementwise e^a − 1, accurate near 0.

    Examples
    --------
    >>> from autograd import expm1
    >>> float(expm1(1e-20))
    1e-20
    """
    return np.expm1(a)


expm1.vjp(a=lambda g, out: g * (out + 1))


@op(symbol="log", latex=r"\log {a}", domain=_POSITIVE, samples=_ONE)
def log(a: Any) -> Any:
    """Elementwise natural logarithm; of 0 it is −∞, of negative numbers NaN, as in NumPy.

    Examples
    --------
    >>> from autograd import log
    >>> log(1.0)
    np.float64(0.0)
    """
    return np.log(a)


log.vjp(a=lambda g, a: g / a)


@op(symbol="log1p", latex=r"\log(1 + {a})", domain=_POSITIVE, samples=_ONE)
def log1p(a: Any) -> Any:
    """Elementwise log(1 + a), accurate near 0.

    Examples
    --------
    >>> from autograd import log1p
    >>> float(log1p(1e-20))
    1e-20
    """
    return np.log1p(a)


log1p.vjp(a=lambda g, a: g / (1 + a))


@op(symbol="√", text="√({a})", latex=r"\sqrt{{a}}", domain=_POSITIVE, samples=_ONE)
def sqrt(a: Any) -> Any:
    """Elementwise square root. Its derivative at 0 is ∞.

    Examples
    --------
    >>> from autograd import sqrt
    >>> sqrt([0.0, 4.0])
    array([0., 2.])
    """
    return np.sqrt(a)


sqrt.vjp(a=lambda g, out: g / (2 * out))


@op(symbol="²", binds=40, text="{a}^2", latex="{a}^2", samples=_ONE)
def square(a: Any) -> Any:
    """Elementwise square.

    Examples
    --------
    >>> from autograd import square
    >>> square([1.0, -3.0])
    array([1., 9.])
    """
    return a * a


square.vjp(a=lambda g, a: g * (2 * a))


@op(symbol="tanh", latex=r"\tanh {a}", samples=_ONE)
def tanh(a: Any) -> Any:
    """Elementwise hyperbolic tangent; tanh′ = 1 − tanh².

    Examples
    --------
    >>> from autograd import tanh
    >>> tanh(0.0)
    np.float64(0.0)
    """
    return np.tanh(a)


tanh.vjp(a=lambda g, out: g * (1 - out * out))


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


@op(symbol="abs", text="|{a}|", latex=r"\left|{a}\right|", kinks=True, samples=_ONE)
def absolute(a: Any) -> Any:
    """Elementwise absolute value. Its derivative at 0 is 0.

    Examples
    --------
    >>> from autograd import absolute
    >>> absolute([-1.0, 2.0])
    array([1., 2.])
    """
    return np.absolute(a)


absolute.vjp(a=lambda g, a: g * np.sign(a))


@op(symbol="sign", latex=r"\operatorname{sign} {a}", kinks=True, samples=_ONE)
def sign(a: Any) -> Any:
    """Elementwise sign: −1, 0 or 1. Its derivative is 0.

    Examples
    --------
    >>> from autograd import sign
    >>> sign([-3.0, 0.0, 2.0])
    array([-1.,  0.,  1.])
    """
    return np.sign(a)


sign.vjp(a=None)

_PAIRS = ("2,3 2,3", "3,1 1,4", "_ 2", "_ _", "0,3 3")


def share(x: Any, other: Any) -> Any:
    """Return how much of a maximum belongs to x: 1 where it is greater, ½ at a tie, 0 elsewhere."""
    return np.greater(x, other) + 0.5 * np.equal(x, other)


@op(symbol="max", latex=r"\max({a}, {b})", kinks=True, samples=_PAIRS)
def maximum(a: Any, b: Any) -> Any:
    """Elementwise maximum; NaN where either is. At a tie each operand has derivative ½.

    Examples
    --------
    >>> from autograd import maximum
    >>> maximum([1.0, 5.0], 2.0)
    array([2., 5.])
    """
    return np.maximum(a, b)


maximum.vjp(a=lambda g, a, b: g * share(a, b), b=lambda g, a, b: g * share(b, a))


@op(symbol="min", latex=r"\min({a}, {b})", kinks=True, samples=_PAIRS)
def minimum(a: Any, b: Any) -> Any:
    """Elementwise minimum; NaN where either is. At a tie each operand has derivative ½.

    Examples
    --------
    >>> from autograd import minimum
    >>> minimum([1.0, 5.0], 2.0)
    array([1., 2.])
    """
    return np.minimum(a, b)


minimum.vjp(a=lambda g, a, b: g * share(b, a), b=lambda g, a, b: g * share(a, b))


@op(
    symbol="where",
    latex=r"\operatorname{where}({condition}, {a}, {b})",
    kinks=True,
    samples=("2,3 2,3 2,3", "3 2,3 _", "_ _ _", "0 0 0", "2,1 1,3 3"),
)
def where(condition: Any, a: Any, b: Any) -> Any:
    """Take elements of a where the condition holds, of b elsewhere.

    The derivative with respect to the condition is 0.

    Examples
    --------
    >>> from autograd import where
    >>> where([True, False], [1.0, 2.0], 0.0)
    array([1., 0.])
    """
    return np.where(condition, a, b)


where.vjp(
    condition=None,
    a=lambda g, condition: np.where(condition, g, 0),
    b=lambda g, condition: np.where(condition, 0, g),
)


@op(symbol="logaddexp", latex=r"\log(e^{{a}} + e^{{b}})", samples=_PAIRS)
def logaddexp(a: Any, b: Any) -> Any:
    """Elementwise log(e^a + e^b) without overflow.

    Examples
    --------
    >>> from autograd import logaddexp
    >>> logaddexp(1000.0, -1000.0)
    np.float64(1000.0)
    """
    return np.logaddexp(a, b)


logaddexp.vjp(
    a=lambda g, a, out: g * np.exp(a - out),
    b=lambda g, b, out: g * np.exp(b - out),
)
