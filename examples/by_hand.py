"""The course's backward passes, derived by hand and written out in NumPy.

Reference code to read beside the notes: the letters and shapes are theirs, examples are columns,
and nothing here uses autograd. `compare_backprop` shows that autograd agrees with all of it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def sigmoid(Z: Array) -> Array:
    """Return 1 / (1 + e^−Z). The notes print `1 / 1 + np.exp(-Z)`, without the parentheses."""
    return 1 / (1 + np.exp(-Z))


def logistic_regression_loop(w: Array, b: float, X: Array, Y: Array) -> tuple[float, Array, float]:
    """Return J, dw and db by the notes' loop over examples and features.

    Shapes: w (n_x, 1), X (n_x, m), Y (1, m); dw (n_x, 1).
    """
    n_x, m = X.shape
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
    m = X.shape[1]
    Z = np.dot(w.T, X) + b  # (1, m)
    A = sigmoid(Z)
    J = -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / m
    dZ = A - Y  # (1, m)
    dw = np.dot(X, dZ.T) / m
    db = np.sum(dZ) / m
    return float(J), dw, float(db)


def forward(W: list[Array], b: list[Array], X: Array) -> tuple[list[Array], list[Array]]:
    """Return the caches Z[1] … Z[L] and A[0] … A[L] of a network with ReLU and a sigmoid output.

    Shapes: W[l] (n[l], n[l−1]), b[l] (n[l], 1), Z[l] and A[l] (n[l], m). Lists start at layer 1.
    """
    L = len(W)
    Z, A = [], [X]
    for l in range(1, L + 1):  # noqa: E741 - the notes' letter for a layer
        Z.append(W[l - 1] @ A[l - 1] + b[l - 1])
        A.append(np.maximum(0, Z[-1]) if l < L else sigmoid(Z[-1]))
    return Z, A


def cost(A_L: Array, Y: Array) -> float:
    """Return J = (1/m) Σ −[y log a + (1 − y) log(1 − a)], for A[L] and Y of shape (1, m)."""
    return float(-np.sum(Y * np.log(A_L) + (1 - Y) * np.log(1 - A_L)) / Y.shape[1])


def backward(
    W: list[Array], Z: list[Array], A: list[Array], Y: Array
) -> tuple[list[Array], list[Array]]:
    """Return dW[1] … dW[L] and db[1] … db[L].

    From the last layer to the first, with dZ[L] = A[L] − Y:

        dW[l] = (1/m) dZ[l] A[l−1]ᵀ        (a matrix product; the notes print `*`)
        db[l] = (1/m) Σ dZ[l] over columns
        dA[l−1] = W[l]ᵀ dZ[l]
        dZ[l−1] = dA[l−1] * g′(Z[l−1])     (g′(z) = 1 where z > 0, else 0)
    """
    L, m = len(W), Y.shape[1]
    dW, db = [np.empty(0)] * L, [np.empty(0)] * L
    dZ = A[L] - Y
    for l in range(L, 0, -1):  # noqa: E741
        dW[l - 1] = dZ @ A[l - 1].T / m
        db[l - 1] = np.sum(dZ, axis=1, keepdims=True) / m
        if l > 1:
            dA = W[l - 1].T @ dZ
            dZ = dA * (Z[l - 2] > 0)
    return dW, db


if __name__ == "__main__":
    import nn
    from autograd import compare_backprop

    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(3, 8)), (rng.random((1, 8)) > 0.5).astype(float)
    net = nn.Network([3, 4, 1], rng=1)
    W = [layer.W.numpy() for layer in net.layers]
    b = [layer.b.numpy() for layer in net.layers]
    dW, db = backward(W, *forward(W, b, X), Y)
    hand = {f"W{i}": g for i, g in enumerate(dW, 1)} | {f"b{i}": g for i, g in enumerate(db, 1)}
    report = compare_backprop(nn.cost(net, X, Y, nn.binary_cross_entropy), hand)
    print(report)
    assert report.worst < 1e-12
