"""Activations, the error function, and losses of networks, finite at any logit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.axes import kept_shape
from autograd.op import op
from autograd.ops.reduce import logsumexp, spread
from autograd.symbol import Symbol

from_engine = True

_ONE = ("2,3", "_", "0", "1,2,1")
_PAIRS = ("2,3 2,3", "1,4 1,4", "_ _", "0,3 3")


@op(symbol="σ", latex=r"\sigma({a})", samples=_ONE)
def sigmoid(a: Any) -> Any:
    """Logistic function 1 / (1 + e^−a), in (0, 1); exact at any a, without overflow.

    Its derivative σ(a) (1 − σ(a)) is exact to the last place of 1, so it is 0 from a = 37.

    Examples
    --------
    >>> from autograd import sigmoid
    >>> sigmoid([-1000.0, 0.0, 1000.0])
    array([0. , 0.5, 1. ])
    """
    e = np.exp(-np.absolute(a))
    return np.where(np.greater_equal(a, 0), 1.0, e) / (1 + e)


sigmoid.vjp(a=lambda g, out: g * out * (1 - out))


@op(selects=True, symbol="relu", latex=r"\operatorname{ReLU}({a})", kinks=True, samples=_ONE)
def relu(a: Any) -> Any:
    """Rectified linear unit max(0, a). Its derivative at 0 is 0.

    Examples
    --------
    >>> from autograd import relu
    >>> relu([-1.0, 2.0])
    array([0., 2.])
    """
    return np.maximum(a, 0)


relu.vjp(a=lambda g, out: g * (out > 0))


@op(
    elementwise=True,
    selects=True,
    symbol="leaky_relu",
    latex=r"\operatorname{LeakyReLU}({a})",
    kinks=True,
    samples=("2,3", "_", "2,3 slope=0.2", "0"),
)
def leaky_relu(a: Any, slope: float = 0.01) -> Any:
    """Leaky rectified linear unit: a where positive, slope·a elsewhere; derivative `slope` at 0.

    Examples
    --------
    >>> from autograd import leaky_relu
    >>> leaky_relu([-1.0, 2.0])
    array([-0.01,  2.  ])
    """
    return np.where(np.greater(a, 0), a, slope * a)


leaky_relu.vjp(a=lambda g, a, slope: np.where(np.greater(a, 0), g, slope * g))


@op(symbol="softplus", latex=r"\log(1 + e^{{a}})", samples=_ONE)
def softplus(a: Any) -> Any:
    """Smooth form of ReLU, log(1 + e^a), without overflow.

    Examples
    --------
    >>> from autograd import softplus
    >>> softplus([-1000.0, 1000.0])
    array([   0., 1000.])
    """
    return np.logaddexp(a, 0.0)


softplus.vjp(a=lambda g, a: g * sigmoid(a))


@op(
    mixes="axis",
    accumulates=True,
    symbol="softmax",
    samples=("2,3", "3 axis=-1", "2,3 axis=1", "2,3,2 axis=(0,2)"),
)
def softmax(a: Any, axis: int | tuple[int, ...] = 0) -> Any:
    """Exponentials that sum to 1 along an axis (axis 0: examples are columns), without overflow.

    Examples
    --------
    >>> from autograd import softmax
    >>> softmax([1000.0, 1000.0, -1000.0])
    array([0.5, 0.5, 0. ])
    """
    e = np.exp(a - np.max(a, axis=axis, keepdims=True, initial=-np.inf))
    return e / np.sum(e, axis=axis, keepdims=True)


softmax.vjp(a=lambda g, out, axis: out * (g - np.sum(g * out, axis=axis, keepdims=True)))


@op(
    symbol="BCE",
    latex=r"-\left[{y} \log {a} + (1 - {y}) \log(1 - {a})\right]",
    domain={"a": (0.1, 0.9), "y": (0.1, 0.9)},
    samples=_PAIRS,
)
def binary_cross_entropy(a: Any, y: Any) -> Any:
    """Loss −[y log a + (1 − y) log(1 − a)] of each probability a in [0, 1], in nats.

    Terms whose factor y or 1 − y is 0 are 0, also where the logarithm is infinite.

    Examples
    --------
    >>> from autograd import binary_cross_entropy
    >>> binary_cross_entropy([1.0, 0.0], [1.0, 0.0])
    array([0., 0.])
    """
    log_a = np.log(np.where(np.equal(y, 0), 1.0, a))
    log_not_a = np.log1p(-np.where(np.equal(y, 1), 0.0, a))
    return 0 - (y * log_a + (1 - y) * log_not_a)  # not -x, which would make −0 of a loss of 0


binary_cross_entropy.vjp(
    # As in the notes, −y/a + (1 − y)/(1 − a); a quotient 0/0 counts as 0.
    a=lambda g, a, y: g * (quotient(1 - y, 1 - a) - quotient(y, a)),
    y=lambda g, a: g * (np.log1p(-1.0 * a) - np.log(a)),
)


def quotient(x: Any, d: Any) -> Any:
    """Return x / d, and 0 where both are 0."""
    if isinstance(d, Symbol):
        return x / d
    return x / np.where(np.logical_and(np.equal(x, 0), np.equal(d, 0)), 1.0, d)


@op(
    symbol="BCE logits",
    latex=r"\log(1 + e^{{z}}) - {y} \cdot {z}",
    domain={"y": (0.1, 0.9)},
    samples=_PAIRS,
)
def binary_cross_entropy_with_logits(z: Any, y: Any) -> Any:
    """Loss −[y log σ(z) + (1 − y) log(1 − σ(z))] of each logit z, in nats, finite at any finite z.

    Examples
    --------
    >>> from autograd import binary_cross_entropy_with_logits
    >>> binary_cross_entropy_with_logits([1000.0, -1000.0], [1.0, 0.0])
    array([0., 0.])
    """
    return np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.absolute(z)))


binary_cross_entropy_with_logits.vjp(
    z=lambda g, z, y: g * (sigmoid(z) - y),
    y=lambda g, z: -g * z,
)


@op(
    mixes="axis",
    accumulates=True,
    symbol="softmax CE",
    latex=r"-\sum {y} \log \operatorname{softmax}({z})",
    domain={"y": (0.1, 0.9)},
    samples=("3,2 3,2", "3 3", "2,3 2,3 axis=1"),
)
def softmax_cross_entropy(z: Any, y: Any, axis: int = 0) -> Any:
    """Loss −Σ y log softmax(z) along an axis, in nats, one for each example.

    Finite at any finite logit; a class with label 0 may have logit −∞. With examples in columns,
    z and y have shape (n_y, m) and the result (m,).

    Examples
    --------
    >>> from autograd import softmax_cross_entropy
    >>> softmax_cross_entropy([[1000.0], [0.0]], [[1.0], [0.0]])
    array([0.])
    """
    if np.shape(z) != np.shape(y):
        raise ValueError("logits and labels need the same shape; pass one-hot labels")
    shifted = z - np.max(z, axis=axis, keepdims=True)
    log_sum = np.log(np.sum(np.exp(shifted), axis=axis))
    weighed = y * np.where(np.equal(y, 0), 0.0, shifted)  # a class ruled out may have logit −∞
    return log_sum * np.sum(y, axis=axis) - np.sum(weighed, axis=axis)


softmax_cross_entropy.vjp(
    z=lambda g, z, y, axis, z_shape: (
        spread(g, z_shape, axis) * (softmax(z, axis=axis) * np.sum(y, axis=axis, keepdims=True) - y)
    ),
    y=lambda g, z, axis, z_shape: (
        spread(g, z_shape, axis)
        * (np.reshape(logsumexp(z, axis=axis), kept_shape(z_shape, axis)) - z)
    ),
)


@op(
    mixes="axis", accumulates=True, symbol="log_softmax", samples=("2,3", "3 axis=-1", "2,3 axis=1")
)
def log_softmax(a: Any, axis: int | tuple[int, ...] = 0) -> Any:
    """Logarithm of softmax along an axis (axis 0: examples are columns), finite at any logit.

    Examples
    --------
    >>> from autograd import log_softmax
    >>> log_softmax([1000.0, 0.0])
    array([    0., -1000.])
    """
    shifted = a - np.max(a, axis=axis, keepdims=True, initial=-np.inf)
    with np.errstate(divide="ignore"):  # of no elements
        return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


log_softmax.vjp(a=lambda g, out, axis: g - np.exp(out) * np.sum(g, axis=axis, keepdims=True))


@op(symbol="silu", latex=r"{a}\,\sigma({a})", samples=_ONE)
def silu(a: Any) -> Any:
    """Sigmoid-weighted linear unit a σ(a), also called swish.

    Examples
    --------
    >>> from autograd import silu
    >>> silu([-1000.0, 0.0, 1000.0])
    array([  -0.,    0., 1000.])
    """
    return a * sigmoid(a)


silu.vjp(a=lambda g, a: g * (sigmoid(a) * (1 + a * sigmoid(-a))))


@op(elementwise=True, symbol="elu", kinks=True, samples=("2,3", "_", "2,3 alpha=0.5", "0"))
def elu(a: Any, alpha: float = 1.0) -> Any:
    """Exponential linear unit: a where positive, alpha (e^a − 1) elsewhere; derivative alpha at 0.

    Examples
    --------
    >>> from autograd import elu
    >>> elu([-1000.0, 2.0])
    array([-1.,  2.])
    """
    return np.where(np.greater(a, 0), a, alpha * np.expm1(np.minimum(a, 0)))


elu.vjp(a=lambda g, a, alpha: g * np.where(np.greater(a, 0), 1.0, alpha * np.exp(np.minimum(a, 0))))


@op(symbol="erf", samples=_ONE)
def erf(a: Any) -> Any:
    """Error function (2/√π) ∫₀^a e^(−t²) dt, from the C library, element by element.

    Examples
    --------
    >>> from autograd import erf
    >>> erf([0.0, 10.0])
    array([0., 1.])
    """
    array = np.asarray(a)
    values = [math.erf(x) for x in array.ravel().tolist()]
    return np.array(values, dtype=np.result_type(array, np.float16)).reshape(array.shape)


erf.vjp(a=lambda g, a: g * (2 / np.sqrt(np.pi) * np.exp(-a * a)))


@op(symbol="erfc", samples=_ONE)
def erfc(a: Any) -> Any:
    """Complement 1 − erf(a), with all its digits where erf is near 1.

    Examples
    --------
    >>> from autograd import erfc
    >>> print(f"{erfc(10.0):.6e}")
    2.088488e-45
    """
    array = np.asarray(a)
    values = [math.erfc(x) for x in array.ravel().tolist()]
    return np.array(values, dtype=np.result_type(array, np.float16)).reshape(array.shape)


erfc.vjp(a=lambda g, a: g * (-2 / np.sqrt(np.pi) * np.exp(-a * a)))


@op(symbol="gelu", samples=_ONE)
def gelu(a: Any) -> Any:
    """Gaussian error linear unit a Φ(a), with Φ(a) = ½ (1 + erf(a/√2)).

    Examples
    --------
    >>> from autograd import gelu
    >>> gelu([-1000.0, 0.0, 1000.0])
    array([  -0.,    0., 1000.])
    """
    return a * normal_cdf(a)


def normal_cdf(a: Any) -> Any:
    """Return the standard normal distribution function."""
    return 0.5 * erfc(-a * 0.5**0.5)


gelu.vjp(
    a=lambda g, a: g * (normal_cdf(a) + a * (np.exp(-0.5 * a * a) * (2 * np.pi) ** -0.5)),
)
