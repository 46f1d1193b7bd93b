"""Sequences of numbers, polynomials, and numbers taken apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.axes import whole
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


@composite(
    samples=("_ _ num=4", "_ _ num=3 endpoint=False", "2 2 num=3", "2 _ num=3 axis=-1", "_ _ num=1")
)
def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    *,
    axis: int = 0,
) -> Any:
    """Evenly spaced numbers from start to stop, which may be arrays, along a new axis.

    With `retstep`, also the distance between two of them.

    Examples
    --------
    >>> from autograd import linspace
    >>> linspace(0.0, 1.0, 3)
    array([0. , 0.5, 1. ])
    """
    num = whole("num", num)
    if num < 0:
        raise ValueError(f"num cannot be negative, got {num}")
    n = num - 1 if endpoint else num
    shape = np.broadcast_shapes(np.shape(start), np.shape(stop))
    ends = [x if isinstance(x, (int, float)) else arrayed(x) for x in (start, stop)]
    dtype = np.asarray(value_of(ends[0]) + value_of(ends[1]) + 0.0).dtype
    parts = (np.arange(num) / max(n, 1)).astype(dtype).reshape((-1,) + (1,) * len(shape))
    points = start + (stop - start) * parts
    if endpoint and num > 1:  # exactly stop at the end
        points = np.where(np.equal(parts, 1), stop, points)
    points = np.moveaxis(points, 0, axis)
    return (points, (stop - start) / (n if n > 0 else np.nan)) if retstep else points


@composite(samples=("_ _ num=4", "2 _ num=3 base=2.0"))
def logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10.0,
    *,
    axis: int = 0,
) -> Any:
    """Powers of a base whose exponents are evenly spaced.

    Examples
    --------
    >>> from autograd import logspace
    >>> logspace(0.0, 2.0, 3)
    array([  1.,  10., 100.])
    """
    if np.ndim(base):
        raise ValueError(f"the base needs to be one number, got shape {np.shape(base)}")
    return np.power(base, linspace(start, stop, num, endpoint, axis=axis))


@composite(samples=("_ _ num=4", "2 _ num=3"), domain={"start": (0.5, 2.0), "stop": (0.5, 4.0)})
def geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, *, axis: int = 0) -> Any:
    """Numbers from start to stop with a constant ratio, both of one sign.

    Examples
    --------
    >>> from autograd import geomspace
    >>> geomspace(1.0, 4.0, 3)
    array([1., 2., 4.])
    """
    if np.any(value_of(start) * value_of(stop) <= 0):
        raise ValueError("start and stop need to be of one sign, and not 0")
    ratio = stop / start
    exponents = linspace(np.zeros(np.shape(value_of(ratio))), np.ones(()), num, endpoint, axis=0)
    points = start * ratio ** exponents.astype(value_of(arrayed(ratio)).dtype)
    if endpoint and num > 1:
        last = np.equal(exponents, 1)
        points = np.where(last, stop, points)
    return np.moveaxis(points, 0, axis)
