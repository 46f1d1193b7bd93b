"""Polynomials, angles without jumps, and numbers as mantissa and exponent."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.op import composite
from autograd.tensor import Tensor, arrayed, value_of

from_engine = True


@composite(samples=("p:3 x:4", "p:1 x:2,2", "p:4 x:_"))
def polyval(p: Any, x: Any) -> Any:
    """Value of a polynomial, highest power first, at any points, by Horner's scheme.

    Examples
    --------
    >>> from autograd import polyval
    >>> polyval([1.0, 0.0, 2.0], 3.0)
    np.float64(11.0)
    """
    p, x = arrayed(p), arrayed(x)
    found: Any = np.zeros(x.shape, x.dtype)
    for i in range(p.shape[0]):
        found = found * x + p[i]
    return found


@composite(samples=("5", "2,4 axis=0", "5 discont=1.0"), kinks=True)
def unwrap(
    p: Any, discont: float | None = None, axis: int = -1, *, period: float = 2 * np.pi
) -> Any:
    """Add to angles the multiples of a period that take away jumps of more than half of it.

    Examples
    --------
    >>> from autograd import unwrap
    >>> unwrap([0.0, 3.0, 6.0], period=4)
    array([ 0., -1., -2.])
    """
    numbers: Any = discont, period
    if any(isinstance(x, Tensor) for x in numbers):
        raise TypeError("discont and period need numbers")
    values = value_of(arrayed(p))
    turns = np.round((np.unwrap(values, discont, axis, period=period) - values) / period)
    return p + period * turns


@composite(samples=("4", "_"), kinks=True)
def frexp(x: Any, /) -> tuple[Any, Any]:
    """Mantissa, in [0.5, 1), and exponent of 2, a plain array of integers.

    Examples
    --------
    >>> from autograd import frexp
    >>> frexp(8.0)
    (np.float64(0.5), np.int32(4))
    """
    _, exponent = np.frexp(value_of(x))
    return ldexp(x, -exponent), exponent


@composite(samples=("3 x2=[1,-2,0]", "_ x2=3"))
def ldexp(x1: Any, x2: Any) -> Any:
    """Product x1 · 2^x2, for integers x2.

    Examples
    --------
    >>> from autograd import ldexp
    >>> ldexp(0.5, 4)
    np.float64(8.0)
    """
    n = np.asarray(value_of(x2))
    if n.dtype.kind not in "biu":
        raise TypeError("the exponent needs integers; use x1 * 2**x2 to differentiate it")
    dtype = value_of(arrayed(x1)).dtype
    # In two factors, neither of which overflows where the product does not.
    half = n // 2
    return x1 * np.ldexp(dtype.type(1), half) * np.ldexp(dtype.type(1), n - half)
