"""Functions of each element: exponentials, logarithms, roots, and those with a kink."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.op import op
from autograd.ops.kinks import limit, shared, signed
from autograd.ops.reduce import zero_for_minus_infinity

from_engine = True

LN2, LN10 = float(np.log(2.0)), float(np.log(10.0))

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


expm1.vjp(a=lambda g, a: g * np.exp(a))  # out + 1 would lose its digits below −36


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


@op(
    symbol="√",
    text="√({a})",
    latex=r"\sqrt{{a}}",
    limit=limit(lambda known: 0.5),
    domain=_POSITIVE,
    samples=_ONE,
)
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


@op(symbol="abs", text="|{a}|", latex=r"\left|{a}\right|", kinks=True, samples=_ONE)
def absolute(a: Any) -> Any:
    """Elementwise absolute value. Its derivative at 0 is 0; that of its square is smooth there.

    Examples
    --------
    >>> from autograd import absolute
    >>> absolute([-1.0, 2.0])
    array([1., 2.])
    """
    return np.absolute(a)


absolute.vjp(a=lambda g, a, out: signed(g, a, out))


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


@op(selects=True, symbol="max", latex=r"\max({a}, {b})", kinks=True, samples=_PAIRS)
def maximum(a: Any, b: Any) -> Any:
    """Elementwise maximum; NaN where either is. At a tie each operand has derivative ½.

    Examples
    --------
    >>> from autograd import maximum
    >>> maximum([1.0, 5.0], 2.0)
    array([2., 5.])
    """
    return np.maximum(a, b)


maximum.vjp(
    a=lambda g, a, b, out: shared(g, share(a, b), a, b, out),
    b=lambda g, a, b, out: shared(g, share(b, a), b, a, out),
)


@op(selects=True, symbol="min", latex=r"\min({a}, {b})", kinks=True, samples=_PAIRS)
def minimum(a: Any, b: Any) -> Any:
    """Elementwise minimum; NaN where either is. At a tie each operand has derivative ½.

    Examples
    --------
    >>> from autograd import minimum
    >>> minimum([1.0, 5.0], 2.0)
    array([1., 2.])
    """
    return np.minimum(a, b)


minimum.vjp(
    a=lambda g, a, b, out: shared(g, share(b, a), a, b, out),
    b=lambda g, a, b, out: shared(g, share(a, b), b, a, out),
)


@op(
    selects=True,
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
    a=lambda g, a, out: g * np.exp(a - zero_for_minus_infinity(out)),
    b=lambda g, b, out: g * np.exp(b - zero_for_minus_infinity(out)),
)


@op(symbol="exp2", latex="2^{{a}}", samples=_ONE)
def exp2(a: Any) -> Any:
    """Elementwise power of two, 2^a.

    Examples
    --------
    >>> from autograd import exp2
    >>> exp2(3.0)
    np.float64(8.0)
    """
    return np.exp2(a)


exp2.vjp(a=lambda g, out: g * (out * LN2))


@op(symbol="log2", latex=r"\log_2 {a}", domain=_POSITIVE, samples=_ONE)
def log2(a: Any) -> Any:
    """Elementwise logarithm to the base 2.

    Examples
    --------
    >>> from autograd import log2
    >>> log2(8.0)
    np.float64(3.0)
    """
    return np.log2(a)


log2.vjp(a=lambda g, a: g / (a * LN2))


@op(symbol="log10", latex=r"\log_{10} {a}", domain=_POSITIVE, samples=_ONE)
def log10(a: Any) -> Any:
    """Elementwise logarithm to the base 10.

    Examples
    --------
    >>> from autograd import log10
    >>> log10(1000.0)
    np.float64(3.0)
    """
    return np.log10(a)


log10.vjp(a=lambda g, a: g / (a * LN10))


@op(symbol="∛", text="∛({a})", latex=r"\sqrt[3]{{a}}", domain=_POSITIVE, samples=_ONE)
def cbrt(a: Any) -> Any:
    """Elementwise cube root, of negative numbers too. Its derivative at 0 is ∞.

    Examples
    --------
    >>> from autograd import cbrt
    >>> cbrt(-8.0)
    np.float64(-2.0)
    """
    return np.cbrt(a)


cbrt.vjp(a=lambda g, out: g / (3 * (out * out)))


@op(symbol="logaddexp2", latex=r"\log_2(2^{{a}} + 2^{{b}})", samples=_PAIRS)
def logaddexp2(a: Any, b: Any) -> Any:
    """Elementwise log₂(2^a + 2^b) without overflow.

    Examples
    --------
    >>> from autograd import logaddexp2
    >>> logaddexp2(1.0, 1.0)
    np.float64(2.0)
    """
    return np.logaddexp2(a, b)


logaddexp2.vjp(
    a=lambda g, a, out: g * np.exp2(a - zero_for_minus_infinity(out)),
    b=lambda g, b, out: g * np.exp2(b - zero_for_minus_infinity(out)),
)


@op(symbol="fabs", text="|{a}|", latex=r"\left|{a}\right|", kinks=True, samples=_ONE)
def fabs(a: Any) -> Any:
    """Elementwise absolute value. Its derivative at 0 is 0.

    Examples
    --------
    >>> from autograd import fabs
    >>> fabs(-2.0)
    np.float64(2.0)
    """
    return np.fabs(a)


fabs.vjp(a=lambda g, a, out: signed(g, a, out))


@op(selects=True, symbol="fmax", latex=r"\max({a}, {b})", kinks=True, samples=_PAIRS)
def fmax(a: Any, b: Any) -> Any:
    """Elementwise maximum that prefers a number to NaN. At a tie each derivative is ½.

    Examples
    --------
    >>> from autograd import fmax
    >>> fmax([1.0, float("nan")], 2.0)
    array([2., 2.])
    """
    return np.fmax(a, b)


fmax.vjp(
    a=lambda g, a, b, out: shared(g, share(a, b) + beside_nan(a, b), a, b, out),
    b=lambda g, a, b, out: shared(g, share(b, a) + beside_nan(b, a), b, a, out),
)


@op(selects=True, symbol="fmin", latex=r"\min({a}, {b})", kinks=True, samples=_PAIRS)
def fmin(a: Any, b: Any) -> Any:
    """Elementwise minimum that prefers a number to NaN. At a tie each derivative is ½.

    Examples
    --------
    >>> from autograd import fmin
    >>> fmin([1.0, float("nan")], 2.0)
    array([1., 2.])
    """
    return np.fmin(a, b)


fmin.vjp(
    a=lambda g, a, b, out: shared(g, share(b, a) + beside_nan(a, b), a, b, out),
    b=lambda g, a, b, out: shared(g, share(a, b) + beside_nan(b, a), b, a, out),
)


def beside_nan(x: Any, other: Any) -> Any:
    """Return 1 where x is a number and the other is NaN."""
    return np.logical_and(np.isnan(other), np.logical_not(np.isnan(x)))
