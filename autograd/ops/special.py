"""Functions of scipy.special, by their names there; gammas and Bessel functions need SciPy to run.

`scipy.special.gammaln(t)` reaches the op of that name without SciPy being imported here.
"""

from __future__ import annotations

import importlib
import operator
from typing import Any

import numpy as np

from autograd.op import composite, op
from autograd.ops.neural import normal_cdf, quotient, softplus
from autograd.tensor import arrayed

from_engine = True

_ONE = ("2,3", "_", "0")
_PAIRS = ("2,3 2,3", "3,1 1,4", "_ 2", "_ _", "0,3 3")
_POSITIVE = {"a": (0.3, 3.0)}
_BOTH = {"a": (0.3, 3.0), "b": (0.3, 3.0)}
_INSIDE = {"a": (-0.9, 0.9)}


def by_scipy(name: str, *operands: Any) -> Any:
    """Return what a function of scipy.special gives, in the operands' own precision."""
    try:
        function = getattr(importlib.import_module("scipy.special"), name)
    except ImportError as error:
        raise ImportError(f"{name} is computed by SciPy: pip install scipy") from error
    out = function(*operands)
    return np.asarray(out).astype(np.result_type(*operands, np.float16), copy=False)[()]


@composite(samples=("2,3", "_"), domain={"p": (0.1, 0.9)})
def logit(p: Any) -> Any:
    """Logarithm of the odds p / (1 − p), the inverse of the sigmoid.

    Examples
    --------
    >>> from autograd import logit
    >>> logit(0.5)
    np.float64(0.0)
    """
    return np.log(p) - np.log1p(-arrayed(p))


@composite(samples=("2,3", "_"))
def log_expit(x: Any) -> Any:
    """Logarithm of the sigmoid, finite at any finite x.

    Examples
    --------
    >>> from autograd import log_expit
    >>> log_expit(-1000.0)
    np.float64(-1000.0)
    """
    return -softplus(-arrayed(x))


@op(symbol="xlogy", latex=r"{a} \log {b}", domain={"b": (0.3, 3.0)}, samples=_PAIRS)
def xlogy(a: Any, b: Any) -> Any:
    """Product a log b, which is 0 where a is 0, also for b = 0.

    Examples
    --------
    >>> from autograd import xlogy
    >>> xlogy([0.0, 2.0], [0.0, 1.0])
    array([0., 0.])
    """
    return np.where(
        np.equal(a, 0) & ~np.isnan(b), 0.0, a * np.log(np.where(np.equal(a, 0), 1.0, b))
    )


xlogy.vjp(a=lambda g, b: g * np.log(b), b=lambda g, a, b: g * quotient(a, b))


@op(symbol="xlog1py", latex=r"{a} \log(1 + {b})", domain={"b": (-0.6, 3.0)}, samples=_PAIRS)
def xlog1py(a: Any, b: Any) -> Any:
    """Product a log(1 + b), which is 0 where a is 0, also for b = −1.

    Examples
    --------
    >>> from autograd import xlog1py
    >>> xlog1py([0.0, 2.0], [-1.0, 0.0])
    array([0., 0.])
    """
    safe = np.where(np.equal(a, 0), 0.0, b)
    return np.where(np.equal(a, 0) & ~np.isnan(b), 0.0, a * np.log1p(safe))


xlog1py.vjp(a=lambda g, b: g * np.log1p(b), b=lambda g, a, b: g * quotient(a, 1 + b))


@op(symbol="entr", latex=r"-{a} \log {a}", domain=_POSITIVE, samples=_ONE)
def entr(a: Any) -> Any:
    """Entropy −a log a, in nats: 0 at a = 0 and −∞ below.

    Examples
    --------
    >>> from autograd import entr
    >>> entr([0.0, 1.0])
    array([ 0., -0.])
    """
    inside = -a * np.log(np.where(np.greater(a, 0), a, 1.0))
    return np.where(np.less(a, 0), -np.inf, np.where(np.equal(a, 0), 0.0, inside))


entr.vjp(a=lambda g, a: -g * (np.log(a) + 1))


@op(symbol="rel_entr", latex=r"{a} \log \frac{{a}}{{b}}", domain=_BOTH, samples=_PAIRS)
def rel_entr(a: Any, b: Any) -> Any:
    """Relative entropy a log(a/b), in nats: 0 where a is 0, ∞ outside of a, b ≥ 0.

    Examples
    --------
    >>> from autograd import rel_entr
    >>> rel_entr([0.0, 2.0], 2.0)
    array([0., 0.])
    """
    inside = np.greater(a, 0) & np.greater(b, 0)
    found = a * np.log(np.where(inside, a, 1.0) / np.where(inside, b, 1.0))
    zero = np.equal(a, 0) & np.greater_equal(b, 0)
    nan = np.isnan(a) | np.isnan(b)
    outside = np.where(nan, np.nan, np.where(zero, 0.0, np.inf)).astype(found.dtype)
    return np.where(inside & ~nan, found, outside)


rel_entr.vjp(
    a=lambda g, a, b: g * (np.log(a / b) + 1),
    b=lambda g, a, b: -g * quotient(a, b),
)


@op(
    symbol="kl_div",
    latex=r"{a} \log \frac{{a}}{{b}} - {a} + {b}",
    domain=_BOTH,
    samples=_PAIRS,
)
def kl_div(a: Any, b: Any) -> Any:
    """Kullback–Leibler divergence a log(a/b) − a + b of each pair of elements, in nats.

    Examples
    --------
    >>> from autograd import kl_div
    >>> kl_div([0.0, 2.0], 2.0)
    array([2., 0.])
    """
    return rel_entr.op.forward(a, b) - a + b


kl_div.vjp(a=lambda g, a, b: g * np.log(a / b), b=lambda g, a, b: g * (1 - quotient(a, b)))


@op(symbol="Φ", latex=r"\Phi({a})", samples=_ONE)
def ndtr(a: Any) -> Any:
    """Distribution function Φ of the standard normal distribution.

    Examples
    --------
    >>> from autograd import ndtr
    >>> ndtr(0.0)
    np.float64(0.5)
    """
    return normal_cdf(a)


ndtr.vjp(a=lambda g, a: g * (np.exp(-0.5 * a * a) * (2 * np.pi) ** -0.5))


@op(symbol="log Φ", latex=r"\log \Phi({a})", samples=_ONE)
def log_ndtr(a: Any) -> Any:
    """Logarithm of the standard normal distribution function, with all its digits for any a.

    Examples
    --------
    >>> from autograd import log_ndtr
    >>> print(f"{log_ndtr(-100.0):.4f}")
    -5005.5242
    """
    return by_scipy("log_ndtr", a)


@op(symbol="erfcx", domain={"a": (-1.0, 2.0)}, samples=_ONE)
def erfcx(a: Any) -> Any:
    """Scaled complement e^(a²) erfc(a) of the error function, without underflow.

    Examples
    --------
    >>> from autograd import erfcx
    >>> erfcx(0.0)
    np.float64(1.0)
    """
    return by_scipy("erfcx", a)


@op(
    symbol="ierfcx",
    latex=r"e^{{a}^2} \mathrm{i}^{{n}}\operatorname{erfc}({a})",
    domain={"a": (-1.0, 2.0)},
    samples=("3", "_", "0", "2,3 n=2"),
    elementwise=True,
)
def ierfcx(a: Any, n: int = 1) -> Any:
    """Repeated integral e^(a²) iⁿerfc(a) of the complementary error function, scaled.

    Parameters
    ----------
    a : Tensor or array_like
        Any shape.
    n : int
        How many times it is integrated from a to infinity; at least 1.

    References
    ----------
    DLMF, section 7.18, and W. Gautschi, Recursive computation of the repeated integrals of the
    error function, 1961.

    Examples
    --------
    >>> from autograd import ierfcx
    >>> print(f"{ierfcx(0.0):.6f}")
    0.564190
    """
    if operator.index(n) < 1:
        raise ValueError(f"n needs to be at least 1, got {n}")
    x = np.asarray(a, dtype=np.result_type(a, np.float64))
    start = by_scipy("erfcx", x)
    with np.errstate(all="ignore"):
        # Upwards Iₙ = (Iₙ₋₂ − 2x Iₙ₋₁) / 2n, which cancels at large x; there the ratios Iₙ/Iₙ₋₁
        # are a continued fraction, summed from its end.
        before, up = np.full(x.shape, 2 / np.sqrt(np.pi)), start
        for k in range(1, n + 1):
            before, up = up, (before - 2 * x * up) / (2 * k)
        ratio, down = np.zeros(x.shape), start
        for k in range(n + _FRACTION, 0, -1):
            ratio = 1 / (2 * x + 2 * (k + 1) * ratio)
            down = down * ratio if k <= n else down
    return np.where(x < 1, up, down).astype(np.result_type(a, np.float16))[()]


_FRACTION = 200  # terms of the continued fraction, enough from x = 1 on

# Differences of large numbers at large a, if they were written with erfcx alone.
erfcx.vjp(a=lambda g, a: g * (-2 * ierfcx(a)))
ierfcx.vjp(a=lambda g, a, n: g * (-2 * (n + 1) * ierfcx(a, n=n + 1)))
# φ(a)/Φ(a), in a form whose parts neither underflow nor cancel.
log_ndtr.vjp(a=lambda g, a: g * (np.sqrt(2 / np.pi) / erfcx(-a * 0.5**0.5)))


@op(symbol="erf⁻¹", latex=r"\operatorname{erf}^{-1}({a})", domain=_INSIDE, samples=_ONE)
def erfinv(a: Any) -> Any:
    """Inverse of the error function, in (−1, 1).

    Examples
    --------
    >>> from autograd import erfinv
    >>> erfinv(0.0)
    np.float64(0.0)
    """
    return by_scipy("erfinv", a)


@op(
    symbol="erfc⁻¹",
    latex=r"\operatorname{erfc}^{-1}({a})",
    domain={"a": (0.2, 1.8)},
    samples=_ONE,
)
def erfcinv(a: Any) -> Any:
    """Inverse of the complementary error function, in (0, 2).

    Examples
    --------
    >>> from autograd import erfcinv
    >>> print(f"{erfcinv(0.5):.6f}")
    0.476936
    """
    return by_scipy("erfcinv", a)


erfinv.vjp(a=lambda g, out: g * (np.sqrt(np.pi) / 2 * np.exp(out * out)))
erfcinv.vjp(a=lambda g, out: -g * (np.sqrt(np.pi) / 2 * np.exp(out * out)))


@op(symbol="Γ", latex=r"\Gamma({a})", domain=_POSITIVE, samples=_ONE)
def gamma(a: Any) -> Any:
    """Gamma function Γ(a), which is (a − 1)! for whole numbers.

    Examples
    --------
    >>> from autograd import gamma
    >>> gamma(5.0)
    np.float64(24.0)
    """
    return by_scipy("gamma", a)


@op(symbol="log Γ", latex=r"\log \Gamma({a})", domain=_POSITIVE, samples=_ONE)
def gammaln(a: Any) -> Any:
    """Logarithm of |Γ(a)|, without overflow.

    Examples
    --------
    >>> from autograd import gammaln
    >>> gammaln(1.0)
    np.float64(0.0)
    """
    return by_scipy("gammaln", a)


@op(symbol="ψ", latex=r"\psi({a})", domain=_POSITIVE, samples=_ONE)
def digamma(a: Any) -> Any:
    """Digamma function ψ, the derivative of log Γ.

    Examples
    --------
    >>> from autograd import digamma
    >>> print(f"{digamma(1.0):.6f}")
    -0.577216
    """
    return by_scipy("digamma", a)


@op(
    elementwise=True,
    symbol="ψ⁽ⁿ⁾",
    latex=r"\psi^{{(n)}}({a})",
    domain=_POSITIVE,
    samples=("2,3", "_ n=2", "3 n=0"),
)
def polygamma(a: Any, n: int = 1) -> Any:
    """n-th derivative of the digamma function.

    Called as ``scipy.special.polygamma(n, a)``, its arguments are in the other order.

    Examples
    --------
    >>> from autograd import polygamma
    >>> print(f"{polygamma(1.0, 1):.6f}")
    1.644934
    """
    if operator.index(n) < 0:
        raise ValueError(f"the order n cannot be negative, got {n}")
    return by_scipy("polygamma", n, a) if n else by_scipy("digamma", a)


gamma.vjp(a=lambda g, a, out: g * (out * digamma(a)))
gammaln.vjp(a=lambda g, a: g * digamma(a))
digamma.vjp(a=lambda g, a: g * polygamma(a, n=1))
polygamma.vjp(a=lambda g, a, n: g * polygamma(a, n=n + 1))


@op(symbol="B", latex=r"B({a}, {b})", domain=_BOTH, samples=_PAIRS)
def beta(a: Any, b: Any) -> Any:
    """Beta function B(a, b) = Γ(a) Γ(b) / Γ(a + b).

    Examples
    --------
    >>> from autograd import beta
    >>> beta(1.0, 2.0)
    np.float64(0.5)
    """
    return by_scipy("beta", a, b)


@op(symbol="log B", latex=r"\log B({a}, {b})", domain=_BOTH, samples=_PAIRS)
def betaln(a: Any, b: Any) -> Any:
    """Logarithm of |B(a, b)|, without overflow.

    Examples
    --------
    >>> from autograd import betaln
    >>> betaln(1.0, 1.0)
    np.float64(0.0)
    """
    return by_scipy("betaln", a, b)


beta.vjp(
    a=lambda g, a, b, out: g * (out * (digamma(a) - digamma(a + b))),
    b=lambda g, a, b, out: g * (out * (digamma(b) - digamma(a + b))),
)
betaln.vjp(
    a=lambda g, a, b: g * (digamma(a) - digamma(a + b)),
    b=lambda g, a, b: g * (digamma(b) - digamma(a + b)),
)


@op(symbol="I₀", latex="I_0({a})", samples=_ONE)
def i0(a: Any) -> Any:
    """Bessel function I₀, the modified one of the first kind and order 0.

    Examples
    --------
    >>> from autograd import i0
    >>> i0(0.0)
    np.float64(1.0)
    """
    return by_scipy("i0", a)


@op(symbol="I₁", latex="I_1({a})", samples=_ONE)
def i1(a: Any) -> Any:
    """Bessel function I₁, the modified one of the first kind and order 1.

    Examples
    --------
    >>> from autograd import i1
    >>> i1(0.0)
    np.float64(0.0)
    """
    return by_scipy("i1", a)


@op(symbol="J₀", latex="J_0({a})", samples=_ONE)
def j0(a: Any) -> Any:
    """Bessel function J₀ of the first kind and order 0.

    Examples
    --------
    >>> from autograd import j0
    >>> j0(0.0)
    np.float64(1.0)
    """
    return by_scipy("j0", a)


@op(symbol="J₁", latex="J_1({a})", samples=_ONE)
def j1(a: Any) -> Any:
    """Bessel function J₁ of the first kind and order 1.

    Examples
    --------
    >>> from autograd import j1
    >>> j1(0.0)
    np.float64(0.0)
    """
    return by_scipy("j1", a)


@op(elementwise=True, symbol="J", latex=r"J_{{n}}({a})", samples=("2,3 n=2", "_ n=3", "0 n=1"))
def jv(a: Any, /, n: int) -> Any:
    """Bessel function Jₙ of the first kind and whole order n.

    Called as ``scipy.special.jv(n, a)``, its arguments are in the other order.

    Examples
    --------
    >>> from autograd import jv
    >>> jv(0.0, 2)
    np.float64(0.0)
    """
    return by_scipy("jv", float(operator.index(n)), a)


@op(elementwise=True, symbol="I", latex=r"I_{{n}}({a})", samples=("2,3 n=2", "_ n=3", "0 n=1"))
def iv(a: Any, /, n: int) -> Any:
    """Bessel function Iₙ, the modified one of the first kind and whole order n.

    Called as ``scipy.special.iv(n, a)``, its arguments are in the other order.

    Examples
    --------
    >>> from autograd import iv
    >>> iv(0.0, 2)
    np.float64(0.0)
    """
    return by_scipy("iv", float(operator.index(n)), a)


i0.vjp(a=lambda g, a: g * i1(a))
j0.vjp(a=lambda g, a: -g * j1(a))
i1.vjp(a=lambda g, a: g * (0.5 * (i0(a) + iv(a, n=2))))
j1.vjp(a=lambda g, a: g * (0.5 * (j0(a) - jv(a, n=2))))
iv.vjp(a=lambda g, a, n: g * (0.5 * (iv(a, n=n - 1) + iv(a, n=n + 1))))
jv.vjp(a=lambda g, a, n: g * (0.5 * (jv(a, n=n - 1) - jv(a, n=n + 1))))

# What the functions of scipy.special are here, where the names differ.
SCIPY = {
    "expit": "sigmoid",
    "psi": "digamma",
    "loggamma": "gammaln",
    "log1p": "log1p",
    "expm1": "expm1",
    "exp2": "exp2",
    "cbrt": "cbrt",
    **{
        name: name
        for name in (
            *("logit", "log_expit", "xlogy", "xlog1py", "entr", "rel_entr", "kl_div", "ndtr"),
            *("log_ndtr", "erf", "erfc", "erfcx", "erfinv", "erfcinv", "gamma", "gammaln", "beta"),
            *("betaln", "i0", "i1", "j0", "j1", "jv", "iv"),
        )
    },
}
