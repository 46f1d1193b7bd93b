"""Sums, products, quotients, powers and remainders of each pair of elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.op import composite, op
from autograd.ops.kinks import limit
from autograd.symbol import Symbol, apply
from autograd.tensor import arrayed, value_of

from_engine = True

_ONE = ("2,3", "_", "0", "1,2,1")
_PAIRS = ("2,3 2,3", "3,1 1,4", "_ 2", "2,3 _", "_ _", "0,3 3", "1 2,1,3")


@op(symbol="+", binds=10, associative=True, samples=_PAIRS)
def add(a: Any, b: Any) -> Any:
    """Elementwise sum.

    Examples
    --------
    >>> from autograd import add
    >>> add([1.0, 2.0], 3.0)
    array([4., 5.])
    """
    return a + b


add.vjp(a=lambda g: g, b=lambda g: g)


@op(symbol="−", binds=10, latex=r"{a} - {b}", samples=_PAIRS)
def subtract(a: Any, b: Any) -> Any:
    """Elementwise difference.

    Examples
    --------
    >>> from autograd import subtract
    >>> subtract([1.0, 2.0], 3.0)
    array([-2., -1.])
    """
    return a - b


subtract.vjp(a=lambda g: g, b=lambda g: -g)


@op(symbol="·", binds=20, associative=True, latex=r"{a} \cdot {b}", samples=_PAIRS)
def multiply(a: Any, b: Any) -> Any:
    """Elementwise product.

    Examples
    --------
    >>> from autograd import multiply
    >>> multiply([1.0, 2.0], 3.0)
    array([3., 6.])
    """
    return a * b


multiply.vjp(a=lambda g, b: g * b, b=lambda g, a: g * a)


@op(
    symbol="/",
    binds=20,
    latex=r"\frac{{a}}{{b}}",
    domain={"b": (0.5, 2.0)},
    samples=_PAIRS,
)
def divide(a: Any, b: Any) -> Any:
    """Elementwise quotient.

    Examples
    --------
    >>> from autograd import divide
    >>> divide([1.0, 2.0], 4.0)
    array([0.25, 0.5 ])
    """
    return np.divide(a, b)  # unlike `/`, never Python's ZeroDivisionError


divide.vjp(a=lambda g, b: g / b, b=lambda g, b, out: -g * out / b)


@op(symbol="−", binds=15, text="−{a}", latex="-{a}", samples=("2,3", "_", "0"))
def negative(a: Any) -> Any:
    """Elementwise change of sign.

    Examples
    --------
    >>> from autograd import negative
    >>> negative([1.0, -2.0])
    array([-1.,  2.])
    """
    return -a


negative.vjp(a=lambda g: -g)


@op(symbol="+", text="{a}", latex="{a}", samples=("2,3", "_", "0"))
def positive(a: Any) -> Any:
    """Return the same values as a new result.

    Examples
    --------
    >>> from autograd import positive
    >>> positive([1.0, -2.0])
    array([ 1., -2.])
    """
    return +a


positive.vjp(a=lambda g: g)


@op(
    symbol="^",
    binds=40,
    text="{a}^{b}",
    latex="{a}^{{b}}",
    limit=limit(lambda known: half_at_half(known["b"])),
    domain={"a": (0.3, 2.0)},
    samples=("2,3 2,3", "3,1 1,4", "_ 2", "2,3 _", "_ _", "0,3 3"),
)
def power(a: Any, b: Any) -> Any:
    """Elementwise power a^b.

    Notes
    -----
    d/da is b·a^(b−1), and 0 where b = 0; d/db is a^b·log a, and 0 where a = 0. It is NaN where a is
    negative, as a real power of a negative number has no derivative in its exponent. An exponent
    that needs no gradient is never given to a logarithm.

    Examples
    --------
    >>> from autograd import power
    >>> power([1.0, 2.0, 3.0], 2)
    array([1., 4., 9.])
    """
    return a**b


def less_one(a: Any, b: Any) -> Any:
    """Return b − 1, and 1 where a and b are 0, so that b·a^less_one(a, b) is 0 there."""
    if isinstance(b, Symbol):
        return apply("subtract", (b, 1))
    if isinstance(b, (int, float)) and b != 0:
        return b - 1
    if isinstance(b, (np.ndarray, np.integer)) and b.dtype.kind in "iu":
        b = b.astype(np.float64)  # b − 1 may not fit the integers of b
    return np.where(np.logical_and(np.equal(b, 0), np.equal(a, 0)), 1.0, b - 1)


def lowered(a: Any, b: Any) -> Any:
    """Return a^(b − 1), which is a itself in a square."""
    if isinstance(b, (int, float)) and b == 2:
        return a
    return a ** less_one(a, b)


def half_at_half(b: Any) -> Any:
    """Return the limit of b a^(2b − 1) at a = 0, for b < 1."""
    return np.where(np.equal(b, 0.5), 0.5, np.where(np.greater(b, 0.5), 0.0, np.inf))


def nonzero(a: Any) -> Any:
    """Return a, and 1 where a is 0, so that the logarithm of a zero base counts as 0."""
    return a if isinstance(a, Symbol) else np.where(np.equal(a, 0), 1.0, a)


power.vjp(
    a=lambda g, a, b: g * (b * lowered(a, b)),
    b=lambda g, a, out: g * (out * np.log(nonzero(a))),
)


@op(symbol="1/", text="1 / ({a})", latex=r"\frac{1}{{a}}", domain={"a": (0.3, 3.0)}, samples=_ONE)
def reciprocal(a: Any) -> Any:
    """Elementwise 1 / a.

    Examples
    --------
    >>> from autograd import reciprocal
    >>> reciprocal(4.0)
    np.float64(0.25)
    """
    return np.reciprocal(a)


reciprocal.vjp(a=lambda g, out: -g * (out * out))


@op(
    symbol="//",
    text="⌊{a} / {b}⌋",
    latex=r"\left\lfloor \frac{{a}}{{b}} \right\rfloor",
    binds=20,
    domain={"b": (0.5, 2.0)},
    kinks=True,
    samples=_PAIRS,
)
def floor_divide(a: Any, b: Any) -> Any:
    """Floor of the quotient. Both derivatives are 0.

    Examples
    --------
    >>> from autograd import floor_divide
    >>> floor_divide(7.0, 2.0)
    np.float64(3.0)
    """
    return np.floor_divide(a, b)


floor_divide.vjp(a=None, b=None)


@op(
    symbol="mod",
    binds=20,
    latex=r"{a} \bmod {b}",
    domain={"b": (0.5, 2.0)},
    kinks=True,
    samples=_PAIRS,
)
def remainder(a: Any, b: Any) -> Any:
    """Remainder a − b ⌊a/b⌋, of the sign of b. Derivatives 1 and −⌊a/b⌋.

    Examples
    --------
    >>> from autograd import remainder
    >>> remainder(-1.0, 3.0)
    np.float64(2.0)
    """
    return np.remainder(a, b)


remainder.vjp(a=lambda g: g, b=lambda g, a, b: -g * np.floor_divide(a, b))


@op(symbol="fmod", domain={"b": (0.5, 2.0)}, kinks=True, samples=_PAIRS)
def fmod(a: Any, b: Any) -> Any:
    """Remainder of the division toward 0, of the sign of a. Derivatives 1 and −trunc(a/b).

    Examples
    --------
    >>> from autograd import fmod
    >>> fmod(-1.0, 3.0)
    np.float64(-1.0)
    """
    return np.fmod(a, b)


fmod.vjp(a=lambda g: g, b=lambda g, a, b, out: -g * np.rint((a - out) / b))


@composite(samples=("3 3", "2,3 _"), domain={"x2": (0.3, 2.0)}, kinks=True)
def divmod(x1: Any, x2: Any, /) -> tuple[Any, Any]:
    """Quotient rounded down, and remainder.

    Examples
    --------
    >>> from autograd import divmod
    >>> divmod(7.0, 2.0)
    (np.float64(3.0), np.float64(1.0))
    """
    return np.floor_divide(x1, x2), np.remainder(x1, x2)


@composite(samples=("4", "_"), kinks=True)
def modf(x: Any, /) -> tuple[Any, Any]:
    """Fractional and integral parts, both with the sign of x.

    Examples
    --------
    >>> from autograd import modf
    >>> modf(-1.5)
    (np.float64(-0.5), np.float64(-1.0))
    """
    whole = np.trunc(x)
    return np.where(np.isinf(value_of(x)), 0.0 * np.sign(value_of(whole)), x - whole), whole


@composite(samples=("3 3", "2,3 _"), domain={"x1": (0.3, 2.0)})
def float_power(x1: Any, x2: Any, /) -> Any:
    """Power in double precision at least: integers and single precision are converted first.

    Examples
    --------
    >>> from autograd import float_power
    >>> float_power(2, -1)
    np.float64(0.5)
    """
    return np.power(arrayed(x1).astype(float), arrayed(x2).astype(float))
