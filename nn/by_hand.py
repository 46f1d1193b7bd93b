"""The course's forward and backward passes, derived by hand and written out in NumPy.

Reference code to read beside the notes: the letters and shapes are theirs, examples are columns,
and nothing here uses autograd's derivatives. Tests compare all of it with autograd, to 1e-12.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from autograd import ShapeError
from nn._words import suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = [
    "ACTIVATIONS",
    "Cache",
    "activation_backward",
    "backward",
    "cost",
    "forward",
    "linear_backward",
    "linear_forward",
    "logistic_regression",
    "logistic_regression_loop",
    "network_loop",
    "sigmoid",
]

Array = npt.NDArray[Any]


def sigmoid(Z: Array) -> Array:
    """Return 1 / (1 + e^−Z). The notes print `1 / 1 + np.exp(-Z)`, without the parentheses."""
    A: Array = 1 / (1 + np.exp(-Z))
    return A


def _softmax(Z: Array) -> Array:
    E = np.exp(Z - Z.max(axis=0, keepdims=True))
    A: Array = E / E.sum(axis=0, keepdims=True)
    return A


def _normal_cdf(Z: Array) -> Array:
    erf: Array = np.vectorize(math.erf, otypes=[float])(Z / math.sqrt(2))
    return 0.5 * (1 + erf)


def _normal_pdf(Z: Array) -> Array:
    density: Array = np.exp(-Z * Z / 2) / math.sqrt(2 * math.pi)
    return density


_Pair = tuple["Callable[[Array], Array]", "Callable[[Array], Array] | None"]


def _leaky(a: float) -> _Pair:
    return lambda Z: np.where(Z > 0, Z, a * Z), lambda Z: np.where(Z > 0, 1, a)


def _elu(a: float) -> _Pair:
    return (
        lambda Z: np.where(Z > 0, Z, a * (np.exp(np.minimum(Z, 0)) - 1)),
        lambda Z: np.where(Z > 0, 1, a * np.exp(np.minimum(Z, 0))),
    )


# g(Z) and g′(Z) by name. The slope of ReLU at 0 is taken as 0.
ACTIVATIONS: dict[str, _Pair] = {
    "identity": (lambda Z: Z, np.ones_like),
    "sigmoid": (sigmoid, lambda Z: sigmoid(Z) * (1 - sigmoid(Z))),
    "tanh": (np.tanh, lambda Z: 1 - np.tanh(Z) ** 2),
    "relu": (lambda Z: np.maximum(0, Z), lambda Z: (Z > 0).astype(float)),
    "leaky_relu": _leaky(0.01),
    "softplus": (lambda Z: np.log(1 + np.exp(Z)), sigmoid),
    "elu": _elu(1.0),
    "silu": (lambda Z: Z * sigmoid(Z), lambda Z: sigmoid(Z) * (1 + Z * (1 - sigmoid(Z)))),
    "gelu": (lambda Z: Z * _normal_cdf(Z), lambda Z: _normal_cdf(Z) + Z * _normal_pdf(Z)),
    "softmax": (_softmax, None),  # its Jacobian is no elementwise factor: with its cost, dZ = A − Y
}


_WITH_NUMBER = {"leaky_relu": _leaky, "elu": _elu}


def _named(g: str) -> _Pair | None:
    """Return g and g′ by name, such as "relu" or "leaky_relu(0.2)"; None for another name."""
    name, _, number = g.rstrip(")").partition("(")
    if not number or name not in _WITH_NUMBER:
        return ACTIVATIONS.get(g)
    try:
        return _WITH_NUMBER[name](float(number))
    except ValueError:
        return None


class Cache(NamedTuple):
    """What the backward pass of layer l reads: the notes' cache.

    Attributes
    ----------
    A_previous : array, shape (n[l−1], m)
        The input of the layer.
    W, b : array, shapes (n[l], n[l−1]) and (n[l], 1)
        Its parameters.
    Z, A : array, shape (n[l], m)
        Its linear part, and its output.
    g : str
        The name of its activation.
    D : array or None
        Its dropout mask, of 0 and 1.
    keep_prob : float
        By which what is left was divided.
    """

    A_previous: Array
    W: Array
    b: Array
    Z: Array
    A: Array
    g: str
    D: Array | None = None
    keep_prob: float = 1.0


def _check_labels(where: str, A_L: Any, Y: Any) -> tuple[Array, Array]:
    A_L, Y = np.asarray(A_L, float), np.asarray(Y, float)
    if A_L.shape != Y.shape or Y.ndim != 2:
        raise ShapeError(
            f"{where}: A[L] and Y need one shape (n[L], m), got {A_L.shape} and {Y.shape}; "
            "examples are columns."
        )
    return A_L, Y


def _check_loss(where: str, loss: Any) -> None:
    known = ("cross_entropy", "softmax_cross_entropy", "squared_error")
    if loss not in known:
        raise ValueError(
            f"{where}: loss needs to be {', '.join(map(repr, known[:2]))} or {known[2]!r}, got "
            f"{loss!r}.{suggestion(loss, known)}"
        )


def _check_unit(w: Any, X: Any, Y: Any) -> None:
    shapes = np.shape(w), np.shape(X), np.shape(Y)
    (n_x, m) = shapes[1] if len(shapes[1]) == 2 else (-1, -1)
    if shapes != ((n_x, 1), (n_x, m), (1, m)):
        raise ShapeError(
            "logistic_regression: needs w (n_x, 1), X (n_x, m) and Y (1, m), got "
            f"{', '.join(map(str, shapes))}; examples are columns."
        )
    if not np.isin(Y, (0, 1)).all():
        raise ValueError("logistic_regression: labels need to be 0 or 1.")


def linear_forward(A: Array, W: Array, b: Array) -> Array:
    """Return Z = W A + b, shape (n[l], m)."""
    Z: Array = np.dot(W, A) + b
    return Z


def linear_backward(
    dZ: Array, A_previous: Array, W: Array, *, l2: float = 0.0
) -> tuple[Array, Array, Array]:
    """Return dA[l−1], dW[l] and db[l], for dZ[l] of shape (n[l], m)."""
    m = dZ.shape[1]
    dW = np.dot(dZ, A_previous.T) / m + l2 / m * W
    db = np.sum(dZ, axis=1, keepdims=True) / m
    return np.dot(W.T, dZ), dW, db


def activation_backward(dA: Array, Z: Array, g: str) -> Array:
    """Return dZ = dA * g′(Z), for dA and Z of shape (n[l], m)."""
    known = _named(getattr(g, "written", g))
    if known is None:
        raise ValueError(f"backward: needs one of {', '.join(ACTIVATIONS)}, got {g!r}.")
    slope = known[1]
    if slope is None:
        raise ValueError(f"backward: {g} needs its own cross-entropy as loss.")
    return dA * slope(Z)


def forward(
    parameters: Mapping[str, Any],
    X: Array,
    *,
    hidden: Any = "relu",
    output: Any = "sigmoid",
    masks: Mapping[str, Any] | None = None,
    keep_prob: float | Sequence[float] = 1.0,
) -> tuple[Array, list[Cache]]:
    """Return A[L] and the caches of layers 1 … L.

    Parameters
    ----------
    parameters : mapping
        W1, b1, … WL, bL, as `Network.as_dict` gives them.
    X : array, shape (n[0], m)
        Examples.
    hidden, output : str or nn.Activation
        Such as "relu", "leaky_relu(0.2)" or nn.ELU(2); `hidden` may be a list, one for each hidden
        layer.
    masks : mapping, optional
        Dropout masks "D1", "D2", … of 0 and 1; without one, a layer keeps every unit.
    keep_prob : float or sequence of float
        By which the layers that have a mask divide what they keep.
    """
    if not hasattr(parameters, "items"):
        raise TypeError(
            f"forward: needs a dict of W1, b1, …, got {type(parameters).__name__}; write "
            "net.as_dict()."
        )
    L = max(1, sum(re.fullmatch(r"W\d+", str(name)) is not None for name in parameters))
    wanted = [f"{letter}{l}" for l in range(1, L + 1) for letter in ("W", "b")]  # noqa: E741
    if not {*wanted} <= {*parameters}:
        raise ShapeError(
            f"forward: needs {', '.join(wanted)}, got {', '.join(map(str, parameters)) or 'none'}."
        )
    one = isinstance(hidden, (str, type)) or hasattr(hidden, "written")
    given = [*([hidden] * (L - 1) if one else hidden), output]
    names = [getattr(g() if isinstance(g, type) else g, "written", g) for g in given]
    kept = [keep_prob] * L if isinstance(keep_prob, (int, float)) else [*keep_prob, 1.0]
    unknown = [name for name in names if not isinstance(name, str) or _named(name) is None]
    if unknown or len(names) != L:
        raise ValueError(
            f"forward: needs an activation for each of {L} layers, of {', '.join(ACTIVATIONS)}; "
            f"got {names}."
        )
    caches, A = [], np.asarray(X, float)
    if A.ndim != 2 or A.shape[0] != np.shape(parameters["W1"])[1]:
        raise ShapeError(
            f"forward: X needs {np.shape(parameters['W1'])[1]} rows, got shape {A.shape}; examples "
            "are columns."
        )
    for l in range(1, L + 1):  # noqa: E741 - the notes' letter for a layer
        W, b = np.asarray(parameters[f"W{l}"]), np.asarray(parameters[f"b{l}"])
        if len(W) == 1 == b.size:  # of one unit, as the notes' b
            b = b.reshape(1, 1)
        if W.ndim != 2 or b.shape != (len(W), 1) or W.shape[1] != len(A):
            raise ShapeError(
                f"forward: W{l} and b{l} need shapes (n[{l}], {len(A)}) and (n[{l}], 1), got "
                f"{W.shape} and {b.shape}."
            )
        A_previous = A
        Z = linear_forward(A_previous, W, b)
        A = cast("_Pair", _named(names[l - 1]))[0](Z)
        D = None if masks is None or f"D{l}" not in masks else np.asarray(masks[f"D{l}"], float)
        if D is not None:
            A = A * D / kept[l - 1]
        caches.append(Cache(A_previous, W, b, Z, A, names[l - 1], D, kept[l - 1]))
    return A, caches


class _Default(str):
    """A word that nobody has said."""

    __slots__ = ()


_BY_DEFAULT = _Default("cross_entropy")


def cost(
    A_L: Array,
    Y: Array,
    *,
    loss: str = _BY_DEFAULT,
    parameters: Mapping[str, Any] | None = None,
    l2: float = 0.0,
) -> float:
    """Return J, for A[L] and Y of shape (n[L], m).

    J = (1/m) Σ −[y log a + (1 − y) log(1 − a)] for "cross_entropy", which it is by default,
    (1/m) Σ −Σ y log a for "softmax_cross_entropy", (1/m) Σ ½(a − y)² for "squared_error"; plus
    (λ/2m) Σ ‖W‖²_F.
    """
    A_L, Y = _check_labels("cost", A_L, Y)
    _check_loss("cost", loss)
    if l2 and parameters is None:
        raise ValueError("cost: l2 needs parameters=, whose W it is of.")
    m = Y.shape[1]
    sums = [np.sum(a, axis=0) for a in (A_L, Y)]
    if loss is _BY_DEFAULT and len(A_L) > 1 and np.allclose(sums, 1, rtol=0, atol=1e-9):
        raise ValueError(
            "cost: the columns of A and Y sum to 1, as those of softmax do; pass "
            "loss='softmax_cross_entropy', or 'cross_entropy' for several sigmoids."
        )
    if loss == "cross_entropy":
        J = -np.sum(_times_log(Y, A_L) + _times_log(1 - Y, 1 - A_L)) / m
    elif loss == "softmax_cross_entropy":
        J = -np.sum(_times_log(Y, A_L)) / m
    else:
        J = np.sum((A_L - Y) ** 2) / (2 * m)
    if l2 and parameters is not None:
        J += l2 / (2 * m) * sum(np.sum(np.square(W)) for k, W in parameters.items() if k[0] == "W")
    return float(J)


def _times_log(y: Array, a: Array) -> Array:
    """Return y log a, which is 0 where y is, also at a = 0."""
    with np.errstate(divide="ignore"):
        return y * np.log(np.where((y == 0) & (a == 0), 1.0, a))


def backward(
    A_L: Array,
    Y: Array,
    caches: Sequence[Cache],
    *,
    loss: str = "cross_entropy",
    l2: float = 0.0,
) -> dict[str, Array]:
    """Return dW1, db1, … dWL, dbL, and dZ and dA of every layer, in the notes' convention.

    From the last layer to the first:

        dZ[l] = dA[l] * g′(Z[l])            (g′(z), not the notes' g′ * z)
        dW[l] = (1/m) dZ[l] A[l−1]ᵀ + (λ/m) W[l]    (a matrix product; the notes print `*`)
        db[l] = (1/m) Σ dZ[l] over columns          (the notes' db = dz is for one example)
        dA[l−1] = W[l]ᵀ dZ[l]

    dZ and dA are of the sum of the losses, and so without 1/m, as in the notes; dW and db have it.
    For a sigmoid or softmax with its cross-entropy dZ[L] = A[L] − Y, if A[L] is what the last cache
    has; another A[L] goes through dA[L] * g′(Z[L]). Where a layer has a dropout mask, dA[l] is
    what has been multiplied by D[l] and divided by keep_prob, as in the course: the derivative by
    the activation before dropout, where the cache's A is after it.
    """
    A_L, Y = _check_labels("backward", A_L, Y)
    _check_loss("backward", loss)
    L = len(caches)
    gradients: dict[str, Array] = {}
    last = caches[-1]
    together = (last.g, loss) in {
        ("sigmoid", "cross_entropy"),
        ("softmax", "softmax_cross_entropy"),
    } and np.allclose(A_L, last.A, rtol=1e-9, atol=0)
    if loss == "cross_entropy":
        dA = -Y / A_L + (1 - Y) / (1 - A_L)
    elif loss == "softmax_cross_entropy":
        dA = -Y / A_L
    else:
        dA = A_L - Y
    for l in range(L, 0, -1):  # noqa: E741
        cache = caches[l - 1]
        if cache.D is not None:
            dA = dA * cache.D / cache.keep_prob
        gradients[f"dA{l}"] = dA
        dZ = A_L - Y if l == L and together else activation_backward(dA, cache.Z, cache.g)
        dA, dW, db = linear_backward(dZ, cache.A_previous, cache.W, l2=l2)
        gradients |= {f"dZ{l}": dZ, f"dW{l}": dW, f"db{l}": db}
    gradients["dA0"] = dA
    return gradients


def logistic_regression_loop(w: Array, b: float, X: Array, Y: Array) -> tuple[float, Array, float]:
    """Return J, dw and db by the notes' loop over examples and features.

    Shapes: w (n_x, 1), X (n_x, m), Y (1, m); dw (n_x, 1).
    """
    _check_unit(w, X, Y)
    n_x, m = X.shape
    b = float(np.asarray(b).reshape(()))  # (1, 1), as parameters have it, is a number too
    J, dw, db = 0.0, np.zeros((n_x, 1)), 0.0
    for i in range(m):
        z = b
        for j in range(n_x):
            z += w[j, 0] * X[j, i]
        a = 1 / (1 + np.exp(-z))
        y = Y[0, i]
        J += -(y * np.log(a) + (1 - y) * np.log(1 - a))  # the notes leave out the minus sign
        dz = a - y
        for j in range(n_x):
            dw[j, 0] += X[j, i] * dz
        db += dz
    return J / m, dw / m, db / m


def logistic_regression(w: Array, b: float, X: Array, Y: Array) -> tuple[float, Array, float]:
    """Return J, dw and db without a loop.

    Shapes: w (n_x, 1), X (n_x, m), Y (1, m); dw (n_x, 1).
    """
    _check_unit(w, X, Y)
    m = X.shape[1]
    Z = np.dot(w.T, X) + b  # (1, m)
    A = sigmoid(Z)
    J = -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / m
    dZ = A - Y  # (1, m)
    dw = np.dot(X, dZ.T) / m
    db = np.sum(dZ) / m
    return float(J), dw, float(db)


def network_loop(
    parameters: Mapping[str, Any], X: Array, Y: Array
) -> tuple[float, dict[str, Array]]:
    """Return J and dW, db of a network of ReLU and one sigmoid, by loops over single numbers.

    The same as `forward` and `backward`, some hundred times slower: what vectorization is for.
    """
    L, m = len(parameters) // 2, X.shape[1]
    gradients = {f"d{k}": np.zeros(np.shape(v)) for k, v in parameters.items()}
    J = 0.0
    for i in range(m):
        a = [[float(x) for x in X[:, i]]]
        z: list[list[float]] = [[]]
        for l in range(1, L + 1):  # noqa: E741
            W, b = parameters[f"W{l}"], parameters[f"b{l}"]
            z.append([])
            for k in range(len(W)):
                total = float(b[k][0])
                for j in range(len(a[l - 1])):
                    total += float(W[k][j]) * a[l - 1][j]
                z[l].append(total)
            a.append([1 / (1 + math.exp(-t)) if l == L else max(0.0, t) for t in z[l]])
        y = float(Y[0, i])
        J += -(y * math.log(a[L][0]) + (1 - y) * math.log(1 - a[L][0]))
        dz = [a[L][0] - y]
        for l in range(L, 0, -1):  # noqa: E741
            W = parameters[f"W{l}"]
            for k in range(len(dz)):
                for j in range(len(a[l - 1])):
                    gradients[f"dW{l}"][k, j] += dz[k] * a[l - 1][j] / m
                gradients[f"db{l}"][k, 0] += dz[k] / m
            if l > 1:
                da = [
                    sum(float(W[k][j]) * dz[k] for k in range(len(dz)))
                    for j in range(len(a[l - 1]))
                ]
                dz = [d if t > 0 else 0.0 for d, t in zip(da, z[l - 1], strict=True)]
    return J / m, gradients
