"""Elementwise derivatives beside 30 digits of mpmath, at 50 points each, extremes included."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
from mpmath import mp

import autograd
from autograd import OPS, Tensor, gradients

mp.dps = 60  # so that 30 digits are right whatever cancels


def ladder(low: float, high: float, n: int = 25) -> np.ndarray:
    """Return magnitudes from the smallest to the greatest, evenly in their logarithm."""
    return np.geomspace(low, high, n)


def both(low: float, high: float) -> np.ndarray:
    return np.concatenate([-ladder(low, high), ladder(low, high)])


EVERYWHERE = both(1e-300, 1e300)
# Half of them where exponentials are neither 0 nor infinite.
MODERATE = np.concatenate([both(1e-300, 700.0)[::2], np.linspace(-40.0, 40.0, 25)])
POSITIVE = ladder(1e-300, 1e300, 50)
INSIDE = np.concatenate([both(1e-300, 0.5)[::2], 1 - ladder(1e-15, 0.5), ladder(1e-15, 0.5) - 1])
BEYOND_1 = np.concatenate([1 + ladder(1e-15, 1), ladder(2, 1e150)])

one = mpmath.mpf(1)


def sigma(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


def cdf(x: Any) -> Any:
    return mp.erfc(-x / mp.sqrt(2)) / 2


def pdf(x: Any) -> Any:
    return mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)


# Op: its derivative from the textbook, and the points.
DERIVATIVES: dict[str, tuple[Any, np.ndarray]] = {
    "negative": (lambda x: -one, EVERYWHERE),
    "positive": (lambda x: one, EVERYWHERE),
    "exp": (mp.exp, MODERATE),
    "expm1": (mp.exp, MODERATE),
    "exp2": (lambda x: mp.log(2) * mp.power(2, x), both(1e-300, 1000.0)),
    "log": (lambda x: 1 / x, POSITIVE),
    "log2": (lambda x: 1 / (x * mp.log(2)), POSITIVE),
    "log10": (lambda x: 1 / (x * mp.log(10)), POSITIVE),
    "log1p": (lambda x: 1 / (1 + x), np.concatenate([-ladder(1e-300, 1 - 1e-15), POSITIVE[::2]])),
    "sqrt": (lambda x: 1 / (2 * mp.sqrt(x)), POSITIVE),
    "cbrt": (lambda x: 1 / (3 * mp.cbrt(abs(x)) ** 2), both(1e-200, 1e200)),
    "square": (lambda x: 2 * x, both(1e-300, 1e150)),
    "reciprocal": (lambda x: -1 / x**2, both(1e-150, 1e150)),
    "absolute": (mp.sign, EVERYWHERE),
    "fabs": (mp.sign, EVERYWHERE),
    "relu": (lambda x: one if x > 0 else 0 * one, EVERYWHERE),
    "softplus": (sigma, MODERATE),
    "sigmoid": (lambda x: sigma(x) * sigma(-x), MODERATE),
    "silu": (lambda x: sigma(x) * (1 + x * sigma(-x)), MODERATE),
    "erf": (
        lambda x: 2 / mp.sqrt(mp.pi) * mp.exp(-x * x),
        np.concatenate([both(1e-300, 26.0)[::2], np.linspace(-6, 6, 25)]),
    ),
    "gelu": (
        lambda x: cdf(x) + x * pdf(x),
        np.concatenate([both(1e-300, 36.0)[::2], np.linspace(-6, 6, 25)]),
    ),
    "sin": (mp.cos, both(1e-300, 1e15)),
    "cos": (lambda x: -mp.sin(x), both(1e-300, 1e15)),
    "tan": (lambda x: 1 / mp.cos(x) ** 2, both(1e-300, 1e15)),
    "arcsin": (lambda x: 1 / mp.sqrt(1 - x * x), INSIDE),
    "arccos": (lambda x: -1 / mp.sqrt(1 - x * x), INSIDE),
    "arctan": (lambda x: 1 / (1 + x * x), both(1e-300, 1e150)),
    "sinh": (mp.cosh, MODERATE),
    "cosh": (mp.sinh, MODERATE),
    "tanh": (
        lambda x: 1 / mp.cosh(x) ** 2,
        np.concatenate([both(1e-300, 350.0)[::2], np.linspace(-18.0, 18.0, 25)]),
    ),
    "arcsinh": (lambda x: 1 / mp.sqrt(1 + x * x), EVERYWHERE),
    "arccosh": (lambda x: 1 / mp.sqrt(x * x - 1), BEYOND_1),
    "arctanh": (lambda x: 1 / (1 - x * x), INSIDE),
    "rad2deg": (lambda x: 180 / mp.pi, EVERYWHERE),
    "deg2rad": (lambda x: mp.pi / 180, EVERYWHERE),
    "sinc": (
        lambda x: (mp.cos(mp.pi * x) - mp.sin(mp.pi * x) / (mp.pi * x)) / x,
        np.concatenate([both(1e-12, 1e6)[::2], np.linspace(-3.1, 3.1, 25)]),
    ),
    "erfc": (
        lambda x: -2 / mp.sqrt(mp.pi) * mp.exp(-x * x),
        np.concatenate([both(1e-300, 26.0)[::2], np.linspace(-6, 6, 25)]),
    ),
}


# Their rules read the result, 1 − tanh² and σ(1 − σ), as textbooks and the course's notes have
# them: where they saturate they are right to the last place of 1, not of themselves.
SATURATING = {"sigmoid", "tanh"}


def rounded(x: Any) -> float:
    """Round 30 digits once, to double precision."""
    return float(mpmath.mpf(mpmath.nstr(x, 30)))


@pytest.mark.parametrize("name", sorted(DERIVATIVES))
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_derivative_agrees_with_30_digits(name: str) -> None:
    f, points = DERIVATIVES[name]
    assert len(points) >= 50
    expected = np.array([rounded(f(mpmath.mpf(float(x)))) for x in points])
    x = Tensor(points, requires_grad=True)
    actual = gradients(getattr(autograd, name)(x), x, np.ones(points.shape))
    # Four roundings, in the last place of the derivative; below the least normal number, of that.
    size = 1.0 if name in SATURATING else np.maximum(np.abs(expected), np.finfo(float).tiny)
    assert np.max(np.abs(actual - expected) / size) <= 4 * np.finfo(float).eps


def test_every_elementwise_function_of_one_argument_is_here() -> None:
    smooth = {
        name
        for name, o in OPS.items()
        if isinstance(getattr(np, name, None), np.ufunc)
        and len(o.operands) == 1
        and any(o.rules.values())
    }
    assert smooth <= set(DERIVATIVES)


# Op: its two derivatives, and the range of both operands.
PAIRS: dict[str, tuple[Any, Any, tuple[float, float]]] = {
    "multiply": (lambda x, y: y, lambda x, y: x, (-1e150, 1e150)),
    "divide": (lambda x, y: 1 / y, lambda x, y: -x / y**2, (1e-60, 1e60)),
    "power": (
        lambda x, y: y * mp.power(x, y - 1),
        lambda x, y: mp.power(x, y) * mp.log(x),
        (1e-3, 30.0),
    ),
    "hypot": (
        lambda x, y: x / mp.sqrt(x * x + y * y),
        lambda x, y: y / mp.sqrt(x * x + y * y),
        (1e-300, 1e150),
    ),
    "arctan2": (
        lambda x, y: y / (x * x + y * y),
        lambda x, y: -x / (x * x + y * y),
        (1e-100, 1e100),
    ),
    "logaddexp": (lambda x, y: sigma(x - y), lambda x, y: sigma(y - x), (-300.0, 300.0)),
}


@pytest.mark.parametrize("name", sorted(PAIRS))
def test_derivatives_of_two_arguments_agree_with_30_digits(name: str) -> None:
    by_x, by_y, (low, high) = PAIRS[name]
    rng = np.random.default_rng(0)
    if low > 0:
        points = np.exp(rng.uniform(np.log(low), np.log(high), (2, 50)))
    else:
        points = rng.uniform(low, high, (2, 50))
    x, y = (Tensor(p, requires_grad=True) for p in points)
    actual = gradients(getattr(autograd, name)(x, y), [x, y], np.ones(50))
    for f, found in zip((by_x, by_y), actual, strict=True):
        expected = [rounded(f(mpmath.mpf(a), mpmath.mpf(b))) for a, b in points.T.tolist()]
        # power and logaddexp lose the digits of y log x and of x − y, which reach 7 and 300.
        units = 2000 if name == "logaddexp" else 60 if name == "power" else 6
        np.testing.assert_allclose(found, expected, rtol=units * np.finfo(float).eps, atol=0)
