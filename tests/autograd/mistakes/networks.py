"""Backward passes of networks and classifiers in the styles of many hands, one mistake in each.

``forward(*data, parameters) -> (J, cache)`` and ``backward(*data, parameters, cache)``, which
returns {"d" + name: gradient}. `CASES` tell the line that is wrong, the right one, the name of the
first wrong quantity and what the student did; `RIGHT` are right, and look unusual.
"""

import numpy as np

CASES = []
RIGHT = []


class _Model:
    def __init__(self, model, args, source, parameters, data):
        self.model, self.args = model, args
        self.source = source.strip("\n") + "\n"
        self.parameters, self.data = parameters, data

    def case(self, id, right_line, wrong_line, wrong, cause):
        lines = self.source.split("\n")
        at = [i for i, s in enumerate(lines) if s.strip() == right_line]
        assert len(at) == 1, (id, len(at))
        s = lines[at[0]]
        lines[at[0]] = s[: len(s) - len(s.lstrip())] + wrong_line
        CASES.append(
            {
                "id": id,
                "model": self.model,
                "args": self.args,
                "source": "\n".join(lines),
                "right_line": right_line,
                "wrong_line": wrong_line,
                "parameters": self.parameters,
                "data": self.data,
                "wrong": wrong,
                "cause": cause,
            }
        )


def _right(id, model, args, source, parameters, data):
    RIGHT.append(
        {
            "id": id,
            "model": model,
            "args": args,
            "source": source.strip("\n") + "\n",
            "parameters": parameters,
            "data": data,
        }
    )


def _shapes(scale=0.6, **shapes):
    """rng -> dict of normal arrays, in the order written."""

    def parameters(rng):
        return {k: scale * rng.randn(*s) for k, s in shapes.items()}

    return parameters


def _labels(rng, m, c):
    """labels in which every class occurs when m >= c"""
    y = np.concatenate([np.arange(c), rng.randint(c, size=max(m - c, 0))])[:m]
    rng.shuffle(y)
    return y


# ---------------------------------------------------------------- 1. logistic regression, vectorised
A = _Model(
    "logistic regression vectorised",
    ("X", "Y"),
    """
def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def forward(X, Y, parameters):
    w, b = parameters["w"], parameters["b"]
    m = X.shape[1]
    A = sigmoid(np.dot(w.T, X) + b)
    cost = -1 / m * np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A))
    cache = (A,)
    return cost, cache

def backward(X, Y, parameters, cache):
    (A,) = cache
    m = X.shape[1]
    dZ = A - Y
    dw = 1 / m * np.dot(X, dZ.T)
    db = 1 / m * np.sum(dZ, axis=1, keepdims=True)
    return {"dw": dw, "db": db}
""",
    _shapes(w=(4, 1), b=(1, 1)),
    lambda rng: (rng.randn(4, 9), (rng.rand(1, 9) > 0.5).astype(float)),
)

A.case(
    "logreg-no-1-over-m",
    "dw = 1 / m * np.dot(X, dZ.T)",
    "dw = np.dot(X, dZ.T)",
    "dw",
    "The cost is averaged over the m examples, but the 1/m was forgotten in dw.",
)
A.case(
    "logreg-sign",
    "dZ = A - Y",
    "dZ = Y - A",
    "dZ",
    "The sign of dZ is turned around: the derivative of the cross-entropy with respect to Z is A - Y.",
)
A.case(
    "logreg-mse-derivative",
    "dZ = A - Y",
    "dZ = (A - Y) * A * (1 - A)",
    "dZ",
    "The sigmoid derivative A(1-A) was multiplied in as if the loss were squared error; with cross-entropy it cancels.",
)
A.case(
    "logreg-db-sum-of-A",
    "db = 1 / m * np.sum(dZ, axis=1, keepdims=True)",
    "db = 1 / m * np.sum(A, axis=1, keepdims=True)",
    "db",
    "The bias gradient sums the activations A instead of the errors dZ.",
)

A2 = _Model(
    "logistic regression vectorised",
    ("X", "Y"),
    """
def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))

def forward(X, Y, parameters):
    theta, bias = parameters["theta"], parameters["bias"]
    z = X @ theta + bias
    a = sigmoid(z)
    J = np.mean(-Y * np.log(a) - (1 - Y) * np.log(1 - a))
    return J, {"z": z, "a": a}

def backward(X, Y, parameters, cache):
    z, a = cache["z"], cache["a"]
    m = len(Y)
    grad_a = (-Y / a + (1 - Y) / (1 - a)) / m
    grad_z = grad_a * sigmoid(z) * (1 - sigmoid(z))
    grad_theta = X.T @ grad_z
    grad_bias = grad_z.sum(keepdims=True)
    return {"dtheta": grad_theta, "dbias": grad_bias}
""",
    _shapes(theta=(4,), bias=(1,)),
    lambda rng: (rng.randn(7, 4), (rng.rand(7) > 0.5).astype(float)),
)

A2.case(
    "logreg-sigma-prime-at-a",
    "grad_z = grad_a * sigmoid(z) * (1 - sigmoid(z))",
    "grad_z = grad_a * sigmoid(a) * (1 - sigmoid(a))",
    "grad_z",
    "The derivative of the sigmoid is evaluated at the activation a instead of at z (sigmoid applied twice).",
)
A2.case(
    "logreg-da-sign-second-term",
    "grad_a = (-Y / a + (1 - Y) / (1 - a)) / m",
    "grad_a = (-Y / a - (1 - Y) / (1 - a)) / m",
    "grad_a",
    "When differentiating log(1-a) the inner derivative -1 was forgotten, so the second term has the wrong sign.",
)
A2.case(
    "logreg-sigma-prime-forgot-one-minus",
    "grad_z = grad_a * sigmoid(z) * (1 - sigmoid(z))",
    "grad_z = grad_a * sigmoid(z) * (1 - z)",
    "grad_z",
    "The derivative of the sigmoid is s(z)(1-s(z)); the student wrote s(z)(1-z).",
)

# ---------------------------------------------------------------- 2. logistic regression by loops
B = _Model(
    "logistic regression by loops over examples",
    ("X", "y"),
    """
import math

def forward(X, y, parameters):
    w, b = parameters["w"], parameters["b"]
    m, n = X.shape
    J = 0.0
    a = np.zeros(m)
    for i in range(0, m):
        z = b[0]
        for j in range(n):
            z += w[j] * X[i, j]
        a[i] = 1 / (1 + math.exp(-z))
        J += -(y[i] * math.log(a[i]) + (1 - y[i]) * math.log(1 - a[i]))
    return J / m, (a,)

def backward(X, y, parameters, cache):
    a = cache[0]
    m, n = X.shape
    dw = np.zeros(n)
    db = np.zeros(1)
    for i in range(m):
        dz = a[i] - y[i]
        for j in range(n):
            dw[j] += X[i, j] * dz
        db += dz
    dw /= m
    db /= m
    return {"dw": dw, "db": db}
""",
    _shapes(w=(3,), b=(1,)),
    lambda rng: (rng.randn(5, 3), (rng.rand(5) > 0.5).astype(float)),
)

B.case(
    "logloop-overwritten-dw",
    "dw[j] += X[i, j] * dz",
    "dw[j] = X[i, j] * dz",
    "dw",
    "The gradient is overwritten (=) at each example instead of accumulated (+=), so only the last example counts.",
)
B.case(
    "logloop-db-divided-by-n",
    "db /= m",
    "db /= n",
    "db",
    "db is divided by the number of features n instead of by the number of examples m.",
)
B.case(
    "logloop-last-example-missed",
    "for i in range(m):",
    "for i in range(m - 1):",
    "dw",
    "The loop over the examples stops one too early: the last example never contributes to dw and db.",
)
B.case(
    "logloop-db-overwritten",
    "db += dz",
    "db = np.array([dz])",
    "db",
    "db is replaced by the current dz at each example instead of summed over the examples.",
)

C = _Model(
    "logistic regression vectorised",
    ("X", "y"),
    """
LAM = 0.3

def forward(X, y, parameters):
    w, b = parameters["w"], parameters["b"]
    margin = y * (X.dot(w) + b)
    J = np.mean(np.log(1 + np.exp(-margin))) + 0.5 * LAM * np.sum(w * w)
    return J, [margin]

def backward(X, y, parameters, cache):
    margin, = cache
    w = parameters["w"]
    dmargin = -1 / (1 + np.exp(margin)) / len(y)
    dscore = dmargin * y
    dw = X.T.dot(dscore) + LAM * w
    db = np.array([dscore.sum()])
    return dict(dw=dw, db=db)
""",
    _shapes(w=(5,), b=(1,)),
    lambda rng: (rng.randn(8, 5), np.where(rng.rand(8) > 0.5, 1.0, -1.0)),
)

C.case(
    "logmargin-forgot-label",
    "dscore = dmargin * y",
    "dscore = dmargin",
    "dscore",
    "The chain rule through margin = y * score was forgotten: the factor y is missing.",
)
C.case(
    "logmargin-exponent-sign",
    "dmargin = -1 / (1 + np.exp(margin)) / len(y)",
    "dmargin = -1 / (1 + np.exp(-margin)) / len(y)",
    "dmargin",
    "The exponent has the wrong sign: d/dm log(1+e^-m) is -1/(1+e^m), not -1/(1+e^-m).",
)
C.case(
    "logmargin-reg-without-lambda",
    "dw = X.T.dot(dscore) + LAM * w",
    "dw = X.T.dot(dscore) + w",
    "dw",
    "The regularization gradient lacks the strength LAM.",
)

# ---------------------------------------------------------------- 3. two-layer tanh net, column layout
D = _Model(
    "2-layer tanh net (column layout)",
    ("X", "Y"),
    """
def sigmoid(x):
    s = 1 / (1 + np.exp(-x))
    return s

def forward(X, Y, parameters):
    W1, b1 = parameters["W1"], parameters["b1"]
    W2, b2 = parameters["W2"], parameters["b2"]
    Z1 = np.dot(W1, X) + b1
    A1 = np.tanh(Z1)
    Z2 = np.dot(W2, A1) + b2
    A2 = sigmoid(Z2)
    m = Y.shape[1]
    logprobs = np.multiply(np.log(A2), Y) + np.multiply(np.log(1 - A2), 1 - Y)
    cost = -np.sum(logprobs) / m
    cache = {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2}
    return cost, cache

def backward(X, Y, parameters, cache):
    m = X.shape[1]
    W1 = parameters["W1"]
    W2 = parameters["W2"]
    Z1, Z2 = cache["Z1"], cache["Z2"]
    A1 = cache["A1"]
    A2 = cache["A2"]
    dZ2 = A2 - Y
    dW2 = (1 / m) * np.dot(dZ2, A1.T)
    db2 = (1 / m) * np.sum(dZ2, axis=1, keepdims=True)
    dZ1 = np.dot(W2.T, dZ2) * (1 - np.power(A1, 2))
    dW1 = (1 / m) * np.dot(dZ1, X.T)
    db1 = (1 / m) * np.sum(dZ1, axis=1, keepdims=True)
    grads = {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}
    return grads
""",
    _shapes(W1=(4, 3), b1=(4, 1), W2=(1, 4), b2=(1, 1)),
    lambda rng: (rng.randn(3, 8), (rng.rand(1, 8) > 0.5).astype(float)),
)

D.case(
    "tanh-prime-uses-z1",
    "dZ1 = np.dot(W2.T, dZ2) * (1 - np.power(A1, 2))",
    "dZ1 = np.dot(W2.T, dZ2) * (1 - np.power(Z1, 2))",
    "dZ1",
    "The derivative of tanh is 1 - A1^2; the student squared Z1 (before the tanh) instead.",
)
D.case(
    "tanh-sigmoid-derivative",
    "dZ1 = np.dot(W2.T, dZ2) * (1 - np.power(A1, 2))",
    "dZ1 = np.dot(W2.T, dZ2) * A1 * (1 - A1)",
    "dZ1",
    "The hidden layer is tanh, but the derivative of the sigmoid, A1(1-A1), was used.",
)
D.case(
    "tanh-db1-no-axis",
    "db1 = (1 / m) * np.sum(dZ1, axis=1, keepdims=True)",
    "db1 = (1 / m) * np.sum(dZ1, keepdims=True)",
    "db1",
    "axis=1 was forgotten in db1: it sums over the hidden units as well as over the examples.",
)
D.case(
    "tanh-dw2-from-z1",
    "dW2 = (1 / m) * np.dot(dZ2, A1.T)",
    "dW2 = (1 / m) * np.dot(dZ2, Z1.T)",
    "dW2",
    "dW2 takes Z1 from the cache instead of the activation A1 that the second layer saw.",
)
D.case(
    "tanh-forgot-activation-derivative",
    "dZ1 = np.dot(W2.T, dZ2) * (1 - np.power(A1, 2))",
    "dZ1 = np.dot(W2.T, dZ2)",
    "dZ1",
    "The derivative of the hidden tanh was left out: dZ1 is only dA1.",
)
D.case(
    "tanh-1-minus-a-not-squared",
    "dZ1 = np.dot(W2.T, dZ2) * (1 - np.power(A1, 2))",
    "dZ1 = np.dot(W2.T, dZ2) * (1 - A1)",
    "dZ1",
    "The square is missing in the derivative of tanh: 1 - A1 instead of 1 - A1**2.",
)

D2 = _Model(
    "2-layer tanh net (column layout)",
    ("X", "Y"),
    """
def sigmoid(x): return 1/(1 + np.exp(-x))

def forward(X, Y, parameters):
    W1, b1, W2, b2 = [parameters[k] for k in ("W1", "b1", "W2", "b2")]
    A1 = np.tanh(W1 @ X + b1)
    A2 = sigmoid(W2 @ A1 + b2)
    m = X.shape[1]
    J = -(Y*np.log(A2) + (1-Y)*np.log(1-A2)).sum()/m
    return J, (A1, A2)

def backward(X, Y, parameters, cache):
    A1, A2 = cache
    W2 = parameters["W2"]
    learning_rate = 0.5
    m = X.shape[1]
    dz2 = (A2 - Y)/m
    dw2, db2 = dz2 @ A1.T, dz2.sum(axis=1, keepdims=True)
    W2_new = W2 - learning_rate*dw2
    da1 = W2.T @ dz2
    dz1 = da1*(1 - A1**2)
    dw1 = dz1 @ X.T
    db1 = dz1.sum(axis=1, keepdims=True)
    return {"dW1": dw1, "db1": db1, "dW2": dw2, "db2": db2}
""",
    _shapes(W1=(5, 3), b1=(5, 1), W2=(2, 5), b2=(2, 1)),
    lambda rng: (rng.randn(3, 7), (rng.rand(2, 7) > 0.5).astype(float)),
)

D2.case(
    "tanh-updated-weights",
    "da1 = W2.T @ dz2",
    "da1 = W2_new.T @ dz2",
    "da1",
    "The error is propagated through the already updated weights W2_new instead of the W2 of the forward pass.",
)
D2.case(
    "tanh-double-1-over-m",
    "dw1 = dz1 @ X.T",
    "dw1 = dz1 @ X.T / m",
    "dw1",
    "1/m is already inside dz2, so dividing dw1 by m again scales it twice.",
)
D2.case(
    "tanh-bias-gradient-mean",
    "db1 = dz1.sum(axis=1, keepdims=True)",
    "db1 = dz1.mean(axis=1, keepdims=True)",
    "db1",
    "db1 takes the mean over the examples although dz1 already carries the 1/m: it must be a sum.",
)

E = _Model(
    "2-layer tanh net (column layout)",
    ("X", "T"),
    '''
def tanh_prime(z):
    """derivative of tanh at the pre-activation z"""
    return 1.0 - np.tanh(z) ** 2

def forward(X, T, parameters):
    p = parameters
    net1 = p["W1"] @ X + p["b1"]
    out1 = np.tanh(net1)
    net2 = p["W2"] @ out1 + p["b2"]
    out2 = np.tanh(net2)
    E = 0.5 * np.sum((out2 - T) ** 2) / X.shape[1]
    return E, {"net1": net1, "out1": out1, "net2": net2, "out2": out2}

def backward(X, T, parameters, cache):
    net1, out1 = cache["net1"], cache["out1"]
    net2, out2 = cache["net2"], cache["out2"]
    n_samples = X.shape[1]
    error = (out2 - T) / n_samples
    delta2 = error * tanh_prime(net2)
    delta1 = (parameters["W2"].T @ delta2) * tanh_prime(net1)
    grads = {}
    grads["dW2"] = delta2 @ out1.T
    grads["db2"] = np.sum(delta2, axis=1, keepdims=True)
    grads["dW1"] = delta1 @ X.T
    grads["db1"] = np.sum(delta1, axis=1, keepdims=True)
    return grads
''',
    _shapes(W1=(5, 4), b1=(5, 1), W2=(3, 5), b2=(3, 1)),
    lambda rng: (rng.randn(4, 6), rng.uniform(-1, 1, (3, 6))),
)

E.case(
    "tanhmse-forgot-output-activation",
    "delta2 = error * tanh_prime(net2)",
    "delta2 = error",
    "delta2",
    "With squared error the derivative of the output tanh does not cancel; delta2 lacks the factor tanh'(net2).",
)
E.case(
    "tanhmse-prime-at-activation",
    'delta1 = (parameters["W2"].T @ delta2) * tanh_prime(net1)',
    'delta1 = (parameters["W2"].T @ delta2) * tanh_prime(out1)',
    "delta1",
    "tanh_prime expects the pre-activation net1 but was given the activation out1.",
)
E.case(
    "tanhmse-extra-factor-two",
    "error = (out2 - T) / n_samples",
    "error = 2 * (out2 - T) / n_samples",
    "error",
    "The cost has a factor 1/2 that cancels the 2 of the square, yet the 2 was kept.",
)
E.case(
    "tanhmse-delta2-instead-of-error-path",
    'delta1 = (parameters["W2"].T @ delta2) * tanh_prime(net1)',
    'delta1 = (parameters["W2"].T @ error) * tanh_prime(net1)',
    "delta1",
    "The raw output error was propagated back instead of delta2, so the output activation is skipped on the way.",
)

# ---------------------------------------------------------------- 4. three-layer relu net with L2
F = _Model(
    "3-layer relu net with L2",
    ("X", "Y"),
    """
lambd = 0.7

def relu(x):
    return np.maximum(0, x)

def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def forward(X, Y, parameters):
    W1, b1 = parameters["W1"], parameters["b1"]
    W2, b2 = parameters["W2"], parameters["b2"]
    W3, b3 = parameters["W3"], parameters["b3"]
    m = X.shape[1]
    Z1 = np.dot(W1, X) + b1
    A1 = relu(Z1)
    Z2 = np.dot(W2, A1) + b2
    A2 = relu(Z2)
    Z3 = np.dot(W3, A2) + b3
    A3 = sigmoid(Z3)
    cross_entropy = -np.sum(Y * np.log(A3) + (1 - Y) * np.log(1 - A3)) / m
    L2_cost = lambd / (2 * m) * (np.sum(np.square(W1)) + np.sum(np.square(W2)) + np.sum(np.square(W3)))
    cache = (Z1, A1, W1, b1, Z2, A2, W2, b2, Z3, A3, W3, b3)
    return cross_entropy + L2_cost, cache

def backward(X, Y, parameters, cache):
    m = X.shape[1]
    (Z1, A1, W1, b1, Z2, A2, W2, b2, Z3, A3, W3, b3) = cache

    dZ3 = A3 - Y
    dW3 = 1. / m * np.dot(dZ3, A2.T) + (lambd / m) * W3
    db3 = 1. / m * np.sum(dZ3, axis=1, keepdims=True)

    dA2 = np.dot(W3.T, dZ3)
    dZ2 = np.multiply(dA2, np.int64(A2 > 0))
    dW2 = 1. / m * np.dot(dZ2, A1.T) + (lambd / m) * W2
    db2 = 1. / m * np.sum(dZ2, axis=1, keepdims=True)

    dA1 = np.dot(W2.T, dZ2)
    dZ1 = np.multiply(dA1, np.int64(A1 > 0))
    dW1 = 1. / m * np.dot(dZ1, X.T) + (lambd / m) * W1
    db1 = 1. / m * np.sum(dZ1, axis=1, keepdims=True)

    return {"dW3": dW3, "db3": db3, "dW2": dW2, "db2": db2, "dW1": dW1, "db1": db1}
""",
    _shapes(0.8, W1=(6, 4), b1=(6, 1), W2=(5, 6), b2=(5, 1), W3=(1, 5), b3=(1, 1)),
    lambda rng: (rng.randn(4, 9), (rng.rand(1, 9) > 0.5).astype(float)),
)

F.case(
    "relu3-reg-not-over-m",
    "dW3 = 1. / m * np.dot(dZ3, A2.T) + (lambd / m) * W3",
    "dW3 = 1. / m * np.dot(dZ3, A2.T) + lambd * W3",
    "dW3",
    "The L2 term of the cost is lambd/(2m), so its gradient is lambd/m * W3; the division by m is missing.",
)
F.case(
    "relu3-reg-forgotten-dw2",
    "dW2 = 1. / m * np.dot(dZ2, A1.T) + (lambd / m) * W2",
    "dW2 = 1. / m * np.dot(dZ2, A1.T)",
    "dW2",
    "The gradient of the L2 penalty was forgotten in dW2.",
)
F.case(
    "relu3-da-instead-of-dz",
    "dA1 = np.dot(W2.T, dZ2)",
    "dA1 = np.dot(W2.T, dA2)",
    "dA1",
    "dA2 was propagated through W2 instead of dZ2, so the relu gate of layer 2 is skipped.",
)
F.case(
    "relu3-db1-factor-4",
    "db1 = 1. / m * np.sum(dZ1, axis=1, keepdims=True)",
    "db1 = 4. / m * np.sum(dZ1, axis=1, keepdims=True)",
    "db1",
    "A stray factor 4 in db1 (the well known planted error): it must be 1/m.",
)
F.case(
    "relu3-mask-flipped",
    "dZ1 = np.multiply(dA1, np.int64(A1 > 0))",
    "dZ1 = np.multiply(dA1, np.int64(Z1 < 0))",
    "dZ1",
    "The relu mask is upside down: the gradient must pass where Z1 > 0, not where Z1 < 0.",
)
F.case(
    "relu3-reg-doubled",
    "dW1 = 1. / m * np.dot(dZ1, X.T) + (lambd / m) * W1",
    "dW1 = 1. / m * np.dot(dZ1, X.T) + (2 * lambd / m) * W1",
    "dW1",
    "The 1/2 in the L2 cost cancels the 2 from the square; the gradient of the penalty is doubled here.",
)
F.case(
    "relu3-multiplied-by-activation",
    "dZ2 = np.multiply(dA2, np.int64(A2 > 0))",
    "dZ2 = np.multiply(dA2, A2)",
    "dZ2",
    "dA2 is multiplied with the relu output itself instead of with its derivative, the 0/1 mask A2 > 0.",
)

F2 = _Model(
    "3-layer relu net with L2",
    ("X", "Y", "lam"),
    """
def forward(X, Y, lam, parameters):
    acts, zs = [X], [None]
    J = 0.0
    for l in (1, 2, 3):
        W, b = parameters["W%d" % l], parameters["b%d" % l]
        z = acts[-1] @ W + b
        zs.append(z)
        acts.append(np.maximum(z, 0) if l < 3 else z)
        J += 0.5 * lam * np.sum(W ** 2)
    J += np.sum((acts[-1] - Y) ** 2) / (2 * len(X))
    return J, [acts, zs]

def backward(X, Y, lam, parameters, cache):
    acts, zs = cache
    grads = {}
    dZ = (acts[3] - Y) / len(X)
    for l in (3, 2, 1):
        W = parameters["W%d" % l]
        b = parameters["b%d" % l]
        A_prev = acts[l - 1]
        grads["dW%d" % l] = A_prev.T @ dZ + lam * W
        grads["db%d" % l] = dZ.sum(axis=0)
        if l > 1:
            dA = dZ @ W.T
            dZ = dA * (zs[l - 1] > 0)
    return grads
""",
    _shapes(0.8, W1=(3, 6), b1=(6,), W2=(6, 5), b2=(5,), W3=(5, 2), b3=(2,)),
    lambda rng: (rng.randn(7, 3), rng.randn(7, 2), np.float64(0.4)),
)

F2.case(
    "relu3rows-bias-regularized",
    'grads["db%d" % l] = dZ.sum(axis=0)',
    'grads["db%d" % l] = dZ.sum(axis=0) + lam * b',
    "db3",
    "The biases are regularized in the gradient although the cost penalizes the weights only.",
)
F2.case(
    "relu3rows-mask-of-gradient",
    "dZ = dA * (zs[l - 1] > 0)",
    "dZ = dA * (dA > 0)",
    "dZ",
    "The relu gate looks at the sign of the incoming gradient instead of at the pre-activation z.",
)
F2.case(
    "relu3rows-forgot-gate",
    "dZ = dA * (zs[l - 1] > 0)",
    "dZ = dA",
    "dZ",
    "The derivative of the relu was left out in the loop over the layers.",
)
F2.case(
    "relu3rows-reg-sign",
    'grads["dW%d" % l] = A_prev.T @ dZ + lam * W',
    'grads["dW%d" % l] = A_prev.T @ dZ - lam * W',
    "dW3",
    "The weight decay has the sign it has in the update rule; in the gradient it must be +lam*W.",
)

# ---------------------------------------------------------------- 5. inverted dropout (masks as data)
G = _Model(
    "inverted dropout net",
    ("X", "Y", "D1", "D2"),
    """
keep_prob = 0.8

def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def forward(X, Y, D1, D2, parameters):
    W1, b1 = parameters["W1"], parameters["b1"]
    W2, b2 = parameters["W2"], parameters["b2"]
    W3, b3 = parameters["W3"], parameters["b3"]
    Z1 = W1 @ X + b1
    A1 = np.maximum(0, Z1)
    A1 = A1 * D1
    A1 = A1 / keep_prob
    Z2 = W2 @ A1 + b2
    H2 = np.tanh(Z2)
    A2 = H2 * D2 / keep_prob
    Z3 = W3 @ A2 + b3
    A3 = sigmoid(Z3)
    J = np.mean(-Y * np.log(A3) - (1 - Y) * np.log(1 - A3))
    cache = (Z1, A1, Z2, H2, A2, Z3, A3)
    return J, cache

def backward(X, Y, D1, D2, parameters, cache):
    Z1, A1, Z2, H2, A2, Z3, A3 = cache
    W2, W3 = parameters["W2"], parameters["W3"]
    m = X.shape[1]
    dZ3 = A3 - Y
    dW3 = dZ3 @ A2.T / m
    db3 = np.sum(dZ3, axis=1, keepdims=True) / m
    dA2 = W3.T @ dZ3
    dH2 = dA2 * D2 / keep_prob
    dZ2 = dH2 * (1 - H2 ** 2)
    dW2 = dZ2 @ A1.T / m
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dA1 = W2.T @ dZ2
    dA1 = dA1 * D1 / keep_prob
    dZ1 = dA1 * (Z1 > 0)
    dW1 = dZ1 @ X.T / m
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2, "dW3": dW3, "db3": db3}
""",
    _shapes(0.8, W1=(6, 4), b1=(6, 1), W2=(5, 6), b2=(5, 1), W3=(1, 5), b3=(1, 1)),
    lambda rng: (
        rng.randn(4, 8),
        (rng.rand(1, 8) > 0.5).astype(float),
        (rng.rand(6, 8) < 0.8).astype(int),
        (rng.rand(5, 8) < 0.7).astype(int),
    ),
)

G.case(
    "dropout-mask-forgotten",
    "dH2 = dA2 * D2 / keep_prob",
    "dH2 = dA2 / keep_prob",
    "dH2",
    "The dropout mask D2 was not applied in the backward pass: units that were switched off still receive gradient.",
)
G.case(
    "dropout-keep-prob-forgotten",
    "dA1 = dA1 * D1 / keep_prob",
    "dA1 = dA1 * D1",
    "dA1",
    "Inverted dropout scales by 1/keep_prob in the forward pass; the backward pass of layer 1 forgot this scale.",
)
G.case(
    "dropout-times-keep-prob",
    "dH2 = dA2 * D2 / keep_prob",
    "dH2 = dA2 * D2 * keep_prob",
    "dH2",
    "The gradient is multiplied by keep_prob where the forward pass divided by it.",
)
G.case(
    "dropout-tanh-prime-after-dropout",
    "dZ2 = dH2 * (1 - H2 ** 2)",
    "dZ2 = dH2 * (1 - A2 ** 2)",
    "dZ2",
    "The tanh derivative is taken from A2 (after dropout and scaling) instead of from H2, the output of tanh.",
)

G2 = _Model(
    "inverted dropout net",
    ("X", "y", "U1"),
    '''
def forward(X, y, U1, parameters):
    """U1 is the dropout mask, already divided by p"""
    H1 = np.maximum(0, X.dot(parameters["W1"]) + parameters["b1"])
    H1d = H1 * U1
    s = H1d.dot(parameters["W2"]) + parameters["b2"]
    e = np.exp(s - s.max(axis=1, keepdims=True))
    P = e / e.sum(axis=1, keepdims=True)
    loss = -np.log(P[np.arange(len(y)), y]).mean()
    return loss, {"H1": H1, "H1d": H1d, "P": P}

def backward(X, y, U1, parameters, cache):
    H1, H1d, P = cache["H1"], cache["H1d"], cache["P"]
    N = len(y)
    ds = P.copy()
    ds[np.arange(N), y] -= 1
    ds /= N
    dW2 = H1d.T.dot(ds)
    db2 = ds.sum(axis=0)
    dH1d = ds.dot(parameters["W2"].T)
    dH1 = dH1d * U1
    dH1[H1 <= 0] = 0
    dW1 = X.T.dot(dH1)
    db1 = dH1.sum(axis=0)
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}
''',
    _shapes(0.8, W1=(4, 6), b1=(6,), W2=(6, 3), b2=(3,)),
    lambda rng: (rng.randn(7, 4), _labels(rng, 7, 3), (rng.rand(7, 6) < 0.75) / 0.75),
)

G2.case(
    "dropout-dw2-before-dropout",
    "dW2 = H1d.T.dot(ds)",
    "dW2 = H1.T.dot(ds)",
    "dW2",
    "dW2 uses the hidden activations before dropout; the second layer saw the dropped ones, H1d.",
)
G2.case(
    "dropout-binary-mask",
    "dH1 = dH1d * U1",
    "dH1 = dH1d * (U1 > 0)",
    "dH1",
    "Only the 0/1 pattern of the mask is applied, the 1/p scale contained in U1 is lost.",
)

# ---------------------------------------------------------------- 6. softmax classifier, row layout, CS231n
H = _Model(
    "softmax classifier (row layout)",
    ("X", "y"),
    """
reg = 0.5

def forward(X, y, parameters):
    W, b = parameters["W"], parameters["b"]
    num_examples = X.shape[0]
    scores = np.dot(X, W) + b
    exp_scores = np.exp(scores)
    probs = exp_scores / np.sum(exp_scores, axis=1, keepdims=True)
    correct_logprobs = -np.log(probs[range(num_examples), y])
    data_loss = np.sum(correct_logprobs) / num_examples
    reg_loss = 0.5 * reg * np.sum(W * W)
    return data_loss + reg_loss, (probs,)

def backward(X, y, parameters, cache):
    W, b = parameters["W"], parameters["b"]
    num_examples = X.shape[0]
    probs = cache[0]
    dscores = probs.copy()
    dscores[range(num_examples), y] -= 1
    dscores /= num_examples
    dW = np.dot(X.T, dscores)
    db = np.sum(dscores, axis=0, keepdims=True)
    dW += reg * W
    return {"dW": dW, "db": db}
""",
    _shapes(W=(4, 3), b=(1, 3)),
    lambda rng: (rng.randn(8, 4), _labels(rng, 8, 3)),
)

H.case(
    "softmax-colon-index",
    "dscores[range(num_examples), y] -= 1",
    "dscores[:, y] -= 1",
    "dscores",
    "dscores[:, y] subtracts 1 in every row of all the classes in y, not at the correct class of each example.",
)
H.case(
    "softmax-one-over-n-subtracted",
    "dscores[range(num_examples), y] -= 1",
    "dscores[range(num_examples), y] -= 1 / num_examples",
    "dscores",
    "1/N is subtracted at the correct class although the division by N comes only afterwards; it must be 1.",
)
H.case(
    "softmax-divided-by-classes",
    "dscores /= num_examples",
    "dscores /= dscores.shape[1]",
    "dscores",
    "The gradient is averaged over the number of classes (shape[1]) instead of the number of examples.",
)
H.case(
    "softmax-reg-overwrites",
    "dW += reg * W",
    "dW = reg * W",
    "dW",
    "The regularization gradient overwrites the data gradient (= where += was meant).",
)
H.case(
    "softmax-dw-from-probs",
    "dW = np.dot(X.T, dscores)",
    "dW = np.dot(X.T, probs)",
    "dW",
    "dW was computed from the probabilities instead of from the score gradient dscores.",
)

H2 = _Model(
    "softmax classifier (row layout)",
    ("X", "y"),
    """
reg = 0.1

def forward(X, y, parameters):
    W = parameters["W"]
    loss = 0.0
    probs = []
    for i in range(X.shape[0]):
        f = X[i].dot(W)
        f = f - np.max(f)
        p = np.exp(f) / np.sum(np.exp(f))
        loss += -np.log(p[y[i]])
        probs.append(p)
    loss /= X.shape[0]
    loss += reg * np.sum(W * W)
    return loss, probs

def backward(X, y, parameters, cache):
    W = parameters["W"]
    num_train, num_classes = X.shape[0], W.shape[1]
    dW = np.zeros_like(W)
    for i in range(num_train):
        p = cache[i]
        for j in range(num_classes):
            if j == y[i]:
                dW[:, j] += (p[j] - 1) * X[i]
            else:
                dW[:, j] += p[j] * X[i]
    dW = dW / num_train + 2 * reg * W
    return {"dW": dW}
""",
    _shapes(W=(5, 3)),
    lambda rng: (rng.randn(6, 5), _labels(rng, 6, 3)),
)

H2.case(
    "softmaxloop-forgot-p-at-correct",
    "dW[:, j] += (p[j] - 1) * X[i]",
    "dW[:, j] += -X[i]",
    "dW",
    "At the correct class only the -x of the log-numerator was kept; the derivative of the normalizer, p*x, is missing.",
)
H2.case(
    "softmaxloop-not-subtracting-one",
    "dW[:, j] += (p[j] - 1) * X[i]",
    "dW[:, j] += X[i] * p[j]",
    "dW",
    "The 1 of the correct class was not subtracted from the probability.",
)
H2.case(
    "softmaxloop-reg-inside-mean",
    "dW = dW / num_train + 2 * reg * W",
    "dW = (dW + 2 * reg * W) / num_train",
    "dW",
    "The regularization gradient was divided by the number of examples too, but the penalty in the loss is not averaged.",
)
H2.case(
    "softmaxloop-reg-half",
    "dW = dW / num_train + 2 * reg * W",
    "dW = dW / num_train + reg * W",
    "dW",
    "The penalty is reg*sum(W*W) without 1/2, so its derivative is 2*reg*W; the 2 is missing.",
)

# ---------------------------------------------------------------- 7. softmax regression, column layout, one-hot
I = _Model(
    "softmax regression column layout with one-hot",
    ("X", "Y"),
    """
def softmax(Z):
    T = np.exp(Z - np.max(Z, axis=0, keepdims=True))
    return T / np.sum(T, axis=0, keepdims=True)

def forward(X, Y, parameters):
    Z = np.dot(parameters["W"], X) + parameters["b"]
    A = softmax(Z)
    J = -np.sum(Y * np.log(A)) / X.shape[1]
    return J, {"Z": Z, "A": A}

def backward(X, Y, parameters, cache):
    A = cache["A"]
    m = X.shape[1]
    dA = -Y / A / m
    dZ = np.zeros_like(A)
    for i in range(m):
        a = A[:, i]
        dZ[:, i] = np.dot(np.diagflat(a) - np.outer(a, a), dA[:, i])
    dW = np.dot(dZ, X.T)
    db = np.sum(dZ, axis=1, keepdims=True)
    return {"dW": dW, "db": db}
""",
    _shapes(W=(4, 3), b=(4, 1)),
    lambda rng: (rng.randn(3, 7), np.eye(4)[:, _labels(rng, 7, 4)]),
)

I.case(
    "softmaxcol-jacobian-diagonal-only",
    "dZ[:, i] = np.dot(np.diagflat(a) - np.outer(a, a), dA[:, i])",
    "dZ[:, i] = a * (1 - a) * dA[:, i]",
    "dZ",
    "Only the diagonal a(1-a) of the softmax Jacobian was used; the outputs also depend on the other scores (-a_i a_j).",
)
I.case(
    "softmaxcol-da-sign",
    "dA = -Y / A / m",
    "dA = Y / A / m",
    "dA",
    "The minus sign of the cross-entropy -sum(Y log A) was lost in dA.",
)
I.case(
    "softmaxcol-jacobian-sign",
    "dZ[:, i] = np.dot(np.diagflat(a) - np.outer(a, a), dA[:, i])",
    "dZ[:, i] = np.dot(np.diagflat(a) + np.outer(a, a), dA[:, i])",
    "dZ",
    "The off-diagonal part of the softmax Jacobian has the wrong sign: it is diag(a) - a a^T.",
)
I.case(
    "softmaxcol-db-averaged-again",
    "db = np.sum(dZ, axis=1, keepdims=True)",
    "db = np.mean(dZ, axis=1, keepdims=True)",
    "db",
    "db averages over the examples although dZ already contains 1/m.",
)

I2 = _Model(
    "softmax regression column layout with one-hot",
    ("X", "Y"),
    """
def forward(X, Y, parameters):
    W1, b1, W2, b2 = parameters["W1"], parameters["b1"], parameters["W2"], parameters["b2"]
    h = 1 / (1 + np.exp(-(W1 @ X + b1)))
    s = W2 @ h + b2
    E = np.exp(s)
    yhat = E / E.sum(axis=0)
    loss = -(Y * np.log(yhat)).sum() / Y.shape[1]
    return loss, (h, yhat)

def backward(X, Y, parameters, cache):
    h, yhat = cache
    W2 = parameters["W2"]
    m = Y.shape[1]
    dyhat = -(Y / yhat) / m
    ds = yhat * (dyhat - np.sum(dyhat * yhat, axis=0, keepdims=True))
    dW2 = ds @ h.T
    db2 = ds.sum(axis=1)[:, None]
    dh = W2.T @ ds
    dz = dh * h * (1 - h)
    dW1 = dz @ X.T
    db1 = dz.sum(axis=1)[:, None]
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}
""",
    _shapes(0.8, W1=(5, 4), b1=(5, 1), W2=(3, 5), b2=(3, 1)),
    lambda rng: (rng.randn(4, 6), np.eye(3)[:, _labels(rng, 6, 3)]),
)

I2.case(
    "softmaxcol-wrong-axis",
    "ds = yhat * (dyhat - np.sum(dyhat * yhat, axis=0, keepdims=True))",
    "ds = yhat * (dyhat - np.sum(dyhat * yhat, axis=1, keepdims=True))",
    "ds",
    "In the softmax backward the sum runs over the examples (axis=1) instead of over the classes (axis=0).",
)
I2.case(
    "softmaxcol-tanh-derivative-for-sigmoid",
    "dz = dh * h * (1 - h)",
    "dz = dh * (1 - h ** 2)",
    "dz",
    "The hidden layer is a sigmoid; 1 - h^2 is the derivative of tanh.",
)
I2.case(
    "softmaxcol-propagate-prediction",
    "dh = W2.T @ ds",
    "dh = W2.T @ dyhat",
    "dh",
    "dyhat (the gradient after the softmax) was propagated through W2 instead of ds (before the softmax).",
)

# ---------------------------------------------------------------- 8. SVM multiclass hinge
Jv = _Model(
    "SVM multiclass hinge loss",
    ("X", "y"),
    """
reg = 0.2

def forward(X, y, parameters):
    W = parameters["W"]
    N = X.shape[0]
    scores = X.dot(W)
    correct = scores[np.arange(N), y].reshape(-1, 1)
    margins = np.maximum(0, scores - correct + 1)
    margins[np.arange(N), y] = 0
    loss = margins.sum() / N + reg * np.sum(W * W)
    return loss, (margins,)

def backward(X, y, parameters, cache):
    margins, = cache
    W = parameters["W"]
    N = X.shape[0]
    coeff = np.zeros_like(margins)
    coeff[margins > 0] = 1
    coeff[np.arange(N), y] = -np.sum(coeff, axis=1)
    dW = X.T.dot(coeff) / N
    dW += 2 * reg * W
    return {"dW": dW}
""",
    _shapes(W=(5, 4)),
    lambda rng: (rng.randn(7, 5), _labels(rng, 7, 4)),
)

Jv.case(
    "svm-correct-class-minus-one",
    "coeff[np.arange(N), y] = -np.sum(coeff, axis=1)",
    "coeff[np.arange(N), y] = -1",
    "coeff",
    "The correct class must get minus the number of violated margins of the example, not just -1.",
)
Jv.case(
    "svm-margin-values",
    "coeff[margins > 0] = 1",
    "coeff[margins > 0] = margins[margins > 0]",
    "coeff",
    "The derivative of the hinge is an indicator 0/1; the values of the margins were put there instead.",
)
Jv.case(
    "svm-correct-class-forgotten",
    "coeff[np.arange(N), y] = -np.sum(coeff, axis=1)",
    "coeff[np.arange(N), y] = 0",
    "coeff",
    "The path through the score of the correct class was forgotten; it enters every margin with a minus sign.",
)
Jv.case(
    "svm-reg-factor",
    "dW += 2 * reg * W",
    "dW += reg * W",
    "dW",
    "The penalty reg*sum(W*W) has no 1/2, so its gradient is 2*reg*W.",
)

Jl = _Model(
    "SVM multiclass hinge loss",
    ("X", "y"),
    """
def forward(X, y, parameters):
    W, b = parameters["W"], parameters["b"]
    delta, lam = 1.0, 0.3
    loss = 0.0
    all_scores = np.zeros((X.shape[0], W.shape[0]))
    for i in range(X.shape[0]):
        all_scores[i] = W.dot(X[i]) + b
        for j in range(W.shape[0]):
            if j == y[i]:
                continue
            loss += max(0, all_scores[i, j] - all_scores[i, y[i]] + delta)
    return loss / X.shape[0] + 0.5 * lam * np.sum(W ** 2), {"scores": all_scores}

def backward(X, y, parameters, cache):
    W, b = parameters["W"], parameters["b"]
    delta, lam = 1.0, 0.3
    num_train = X.shape[0]
    gW = np.zeros(W.shape)
    gb = np.zeros(b.shape)
    for i in range(num_train):
        s = cache["scores"][i]
        for j in range(W.shape[0]):
            if j == y[i]:
                continue
            margin = s[j] - s[y[i]] + delta
            if margin > 0:
                gW[j] += X[i]
                gW[y[i]] -= X[i]
                gb[j] += 1
                gb[y[i]] -= 1
    gW = gW / num_train + lam * W
    gb = gb / num_train
    return {"dW": gW, "db": gb}
""",
    _shapes(W=(3, 4), b=(3,)),
    lambda rng: (rng.randn(6, 4), _labels(rng, 6, 3)),
)

Jl.case(
    "svmloop-sign-correct-class",
    "gW[y[i]] -= X[i]",
    "gW[y[i]] += X[i]",
    "gW",
    "The score of the correct class enters the margin with a minus sign; its gradient must be subtracted.",
)
Jl.case(
    "svmloop-not-averaged",
    "gW = gW / num_train + lam * W",
    "gW = gW + lam * W",
    "gW",
    "The sum over the training examples was not divided by num_train.",
)
Jl.case(
    "svmloop-margin-without-delta",
    "margin = s[j] - s[y[i]] + delta",
    "margin = s[j] - s[y[i]]",
    "margin",
    "The margin in the backward pass lacks delta, so too few margins count as violated.",
)
Jl.case(
    "svmloop-bias-overwritten",
    "gb[y[i]] -= 1",
    "gb[y[i]] = -1",
    "gb",
    "The bias gradient of the correct class is set to -1 instead of being decremented for every violated margin.",
)

Js = _Model(
    "SVM multiclass hinge loss",
    ("X", "y"),
    """
def forward(X, y, parameters):
    f = X @ parameters["W"] + parameters["b"]
    rows = np.arange(len(y))
    m = np.maximum(f - f[rows, y][:, None] + 1.0, 0)
    m[rows, y] = 0
    return (m ** 2).sum() / len(y), m

def backward(X, y, parameters, cache):
    rows = np.arange(len(y))
    dm = 2 * cache / len(y)
    df = dm * (cache > 0)
    df[rows, y] -= df.sum(axis=1)
    dW = X.T @ df
    db = df.sum(axis=0)
    return {"dW": dW, "db": db}
""",
    _shapes(W=(4, 3), b=(3,)),
    lambda rng: (rng.randn(8, 4), _labels(rng, 8, 3)),
)

Js.case(
    "sqhinge-plain-hinge-derivative",
    "dm = 2 * cache / len(y)",
    "dm = np.ones_like(cache) / len(y)",
    "dm",
    "The loss is the squared hinge, so the derivative is 2*margin; the derivative of the plain hinge was used.",
)
Js.case(
    "sqhinge-axis",
    "df[rows, y] -= df.sum(axis=1)",
    "df[rows, y] -= df.sum(axis=0)[y]",
    "df",
    "The correct class must get minus the sum over the classes of its own row; here the sum runs over the examples (axis=0).",
)

# ---------------------------------------------------------------- 9. two-layer net, CS231n style
K = _Model(
    "2-layer net CS231n style with reg",
    ("X", "y"),
    """
reg = 0.25

def forward(X, y, parameters):
    W, b, W2, b2 = parameters["W"], parameters["b"], parameters["W2"], parameters["b2"]
    num_examples = X.shape[0]
    hidden = np.maximum(0, np.dot(X, W) + b)
    scores = np.dot(hidden, W2) + b2
    exp_scores = np.exp(scores)
    probs = exp_scores / np.sum(exp_scores, axis=1, keepdims=True)
    data_loss = np.sum(-np.log(probs[range(num_examples), y])) / num_examples
    reg_loss = 0.5 * reg * np.sum(W * W) + 0.5 * reg * np.sum(W2 * W2)
    return data_loss + reg_loss, (hidden, probs)

def backward(X, y, parameters, cache):
    W, W2 = parameters["W"], parameters["W2"]
    hidden, probs = cache
    num_examples = X.shape[0]
    dscores = np.array(probs)
    dscores[range(num_examples), y] -= 1
    dscores /= num_examples
    dW2 = np.dot(hidden.T, dscores)
    db2 = np.sum(dscores, axis=0, keepdims=True)
    dhidden = np.dot(dscores, W2.T)
    dhidden[hidden <= 0] = 0
    dW = np.dot(X.T, dhidden)
    db = np.sum(dhidden, axis=0, keepdims=True)
    dW2 += reg * W2
    dW += reg * W
    return {"dW": dW, "db": db, "dW2": dW2, "db2": db2}
""",
    _shapes(0.8, W=(4, 6), b=(1, 6), W2=(6, 3), b2=(1, 3)),
    lambda rng: (rng.randn(8, 4), _labels(rng, 8, 3)),
)

K.case(
    "cs231-gate-on-gradient",
    "dhidden[hidden <= 0] = 0",
    "dhidden[dhidden <= 0] = 0",
    "dhidden",
    "The relu backward kills the negative gradients instead of the gradients of the units with hidden <= 0.",
)
K.case(
    "cs231-probs-propagated",
    "dhidden = np.dot(dscores, W2.T)",
    "dhidden = np.dot(probs, W2.T)",
    "dhidden",
    "The probabilities were propagated back instead of the score gradient dscores.",
)
K.case(
    "cs231-reg-overwrites-dw2",
    "dW2 += reg * W2",
    "dW2 = reg * W2",
    "dW2",
    "The regularization term overwrites the data gradient of W2: = instead of +=.",
)
K.case(
    "cs231-labels-not-subtracted",
    "dscores[range(num_examples), y] -= 1",
    "dscores[range(num_examples), y] = -1",
    "dscores",
    "At the correct class the entry was set to -1 instead of having 1 subtracted from the probability.",
)
K.case(
    "cs231-bias-max",
    "db = np.sum(dhidden, axis=0, keepdims=True)",
    "db = np.max(dhidden, axis=0, keepdims=True)",
    "db",
    "np.max was written where the bias gradient needs np.sum over the examples.",
)

K2 = _Model(
    "2-layer net CS231n style with reg",
    ("X", "y"),
    """
def affine(x, w, b):
    return x.dot(w) + b, (x, w, b)

def affine_back(dout, cache):
    x, w, b = cache
    return dout.dot(w.T), x.T.dot(dout), dout.sum(axis=0)

def relu_back(dout, x):
    return dout * (x > 0)

def softmax_loss(x, y):
    shifted = x - x.max(axis=1, keepdims=True)
    logp = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -logp[np.arange(x.shape[0]), y].mean(), np.exp(logp)

def forward(X, y, parameters):
    p = parameters
    reg = 0.6
    z, fc1 = affine(X, p["W1"], p["b1"])
    h = np.maximum(z, 0)
    scores, fc2 = affine(h, p["W2"], p["b2"])
    loss, probs = softmax_loss(scores, y)
    loss += 0.5 * reg * (np.sum(p["W1"] ** 2) + np.sum(p["W2"] ** 2))
    return loss, {"z": z, "h": h, "fc1": fc1, "fc2": fc2, "probs": probs}

def backward(X, y, parameters, cache):
    reg = 0.6
    grads = {}
    onehot = np.zeros_like(cache["probs"])
    onehot[np.arange(len(y)), y] = 1
    dout = (cache["probs"] - onehot) / len(y)
    dh, grads["dW2"], grads["db2"] = affine_back(dout, cache["fc2"])
    dz = relu_back(dh, cache["z"])
    dx, grads["dW1"], grads["db1"] = affine_back(dz, cache["fc1"])
    for k in ("W1", "W2"):
        grads["d" + k] += reg * parameters[k]
    return grads
""",
    _shapes(0.8, W1=(5, 6), b1=(6,), W2=(6, 4), b2=(4,)),
    lambda rng: (rng.randn(7, 5), _labels(rng, 7, 4)),
)

K2.case(
    "cs231mod-relu-skipped",
    'dx, grads["dW1"], grads["db1"] = affine_back(dz, cache["fc1"])',
    'dx, grads["dW1"], grads["db1"] = affine_back(dh, cache["fc1"])',
    "dW1",
    "dh was handed to the first affine layer instead of dz, so the relu backward has no effect.",
)
K2.case(
    "cs231mod-forgot-average",
    'dout = (cache["probs"] - onehot) / len(y)',
    'dout = cache["probs"] - onehot',
    "dout",
    "The loss is a mean over the batch but the gradient of the scores was not divided by the batch size.",
)
K2.case(
    "cs231mod-reg-first-layer-only",
    'for k in ("W1", "W2"):',
    'for k in ("W1",):',
    "dW2",
    "Only W1 got its regularization gradient; the penalty on W2 was forgotten.",
)

# ---------------------------------------------------------------- 10. batch normalisation
L = _Model(
    "batch normalisation followed by linear",
    ("X", "Y"),
    """
eps = 0.1

def forward(X, Y, parameters):
    W1, gamma, beta = parameters["W1"], parameters["gamma"], parameters["beta"]
    x = X @ W1
    mu = x.mean(axis=0)
    xmu = x - mu
    var = np.mean(xmu ** 2, axis=0)
    ivar = 1 / np.sqrt(var + eps)
    xhat = xmu * ivar
    out = gamma * xhat + beta
    yhat = out @ parameters["W2"] + parameters["b2"]
    J = 0.5 * np.mean(np.sum((yhat - Y) ** 2, axis=1))
    return J, (x, xmu, var, ivar, xhat, out, yhat)

def backward(X, Y, parameters, cache):
    x, xmu, var, ivar, xhat, out, yhat = cache
    gamma = parameters["gamma"]
    N = X.shape[0]
    dyhat = (yhat - Y) / N
    dW2 = out.T @ dyhat
    db2 = dyhat.sum(axis=0)
    dout = dyhat @ parameters["W2"].T
    dbeta = np.sum(dout, axis=0)
    dgamma = np.sum(dout * xhat, axis=0)
    dxhat = dout * gamma
    dvar = np.sum(dxhat * xmu, axis=0) * -0.5 * ivar ** 3
    dmu = -np.sum(dxhat * ivar, axis=0)
    dx = dxhat * ivar + dvar * 2 * xmu / N + dmu / N
    dW1 = X.T @ dx
    return {"dW1": dW1, "dgamma": dgamma, "dbeta": dbeta, "dW2": dW2, "db2": db2}
""",
    lambda rng: {
        "W1": 0.7 * rng.randn(3, 5),
        "gamma": 1 + 0.4 * rng.randn(5),
        "beta": 0.4 * rng.randn(5),
        "W2": 0.7 * rng.randn(5, 2),
        "b2": 0.4 * rng.randn(2),
    },
    lambda rng: (rng.randn(8, 3), rng.randn(8, 2)),
)

L.case(
    "bn-mean-path-missing",
    "dx = dxhat * ivar + dvar * 2 * xmu / N + dmu / N",
    "dx = dxhat * ivar + dvar * 2 * xmu / N",
    "dx",
    "The path through the batch mean is missing in dx: dmu / N must be added.",
)
L.case(
    "bn-var-factor-two",
    "dx = dxhat * ivar + dvar * 2 * xmu / N + dmu / N",
    "dx = dxhat * ivar + dvar * xmu / N + dmu / N",
    "dx",
    "The factor 2 from the derivative of the squared deviations in the variance is missing.",
)
L.case(
    "bn-ivar-power",
    "dvar = np.sum(dxhat * xmu, axis=0) * -0.5 * ivar ** 3",
    "dvar = np.sum(dxhat * xmu, axis=0) * -0.5 * ivar",
    "dvar",
    "d/dvar (var+eps)^(-1/2) is -1/2 (var+eps)^(-3/2), i.e. ivar cubed; the power 3 is missing.",
)
L.case(
    "bn-dgamma-raw-input",
    "dgamma = np.sum(dout * xhat, axis=0)",
    "dgamma = np.sum(dout * x, axis=0)",
    "dgamma",
    "dgamma multiplies with the raw input x; gamma scales the normalized xhat.",
)
L.case(
    "bn-gamma-forgotten",
    "dxhat = dout * gamma",
    "dxhat = dout",
    "dxhat",
    "The scale gamma was forgotten when going from dout to dxhat.",
)
L.case(
    "bn-stats-as-constants",
    "dx = dxhat * ivar + dvar * 2 * xmu / N + dmu / N",
    "dx = dxhat * ivar",
    "dx",
    "Mean and variance were treated as constants, but they depend on the batch.",
)
L.case(
    "bn-dvar-sign",
    "dvar = np.sum(dxhat * xmu, axis=0) * -0.5 * ivar ** 3",
    "dvar = np.sum(dxhat * xmu, axis=0) * 0.5 * ivar ** 3",
    "dvar",
    "The minus sign from differentiating the inverse square root is missing in dvar.",
)

L2 = _Model(
    "batch normalisation followed by linear",
    ("X", "Y"),
    """
def forward(X, Y, parameters):
    Z = np.dot(parameters["W1"], X)
    m = X.shape[1]
    mean = np.sum(Z, axis=1, keepdims=True) / m
    std = np.sqrt(np.sum((Z - mean) ** 2, axis=1, keepdims=True) / m + 1e-2)
    Znorm = (Z - mean) / std
    Ztilde = parameters["gamma"] * Znorm + parameters["beta"]
    H = np.tanh(Ztilde)
    O = np.dot(parameters["W2"], H) + parameters["b2"]
    J = np.sum((O - Y) ** 2) / m
    return J, dict(std=std, Znorm=Znorm, H=H, O=O)

def backward(X, Y, parameters, cache):
    std, Znorm, H, O = cache["std"], cache["Znorm"], cache["H"], cache["O"]
    gamma = parameters["gamma"]
    m = X.shape[1]
    dO = 2 * (O - Y) / m
    dW2 = np.dot(dO, H.T)
    db2 = np.sum(dO, axis=1, keepdims=True)
    dZtilde = np.dot(parameters["W2"].T, dO) * (1 - H * H)
    dgamma = np.sum(dZtilde * Znorm, axis=1, keepdims=True)
    dbeta = np.sum(dZtilde, axis=1, keepdims=True)
    dZ = gamma / (m * std) * (m * dZtilde - dbeta - Znorm * dgamma)
    dW1 = np.dot(dZ, X.T)
    return {"dW1": dW1, "dgamma": dgamma, "dbeta": dbeta, "dW2": dW2, "db2": db2}
""",
    lambda rng: {
        "W1": 0.7 * rng.randn(5, 4),
        "gamma": 1 + 0.4 * rng.randn(5, 1),
        "beta": 0.4 * rng.randn(5, 1),
        "W2": 0.7 * rng.randn(2, 5),
        "b2": 0.4 * rng.randn(2, 1),
    },
    lambda rng: (rng.randn(4, 9), rng.randn(2, 9)),
)

L2.case(
    "bncompact-znorm-missing",
    "dZ = gamma / (m * std) * (m * dZtilde - dbeta - Znorm * dgamma)",
    "dZ = gamma / (m * std) * (m * dZtilde - dbeta - dgamma)",
    "dZ",
    "In the compact batch norm formula the last term must be Znorm * dgamma; Znorm is missing.",
)
L2.case(
    "bncompact-m-missing",
    "dZ = gamma / (m * std) * (m * dZtilde - dbeta - Znorm * dgamma)",
    "dZ = gamma / (m * std) * (dZtilde - dbeta - Znorm * dgamma)",
    "dZ",
    "In the compact formula dZtilde must be multiplied by m because 1/m was pulled out in front.",
)
L2.case(
    "bncompact-times-std",
    "dZ = gamma / (m * std) * (m * dZtilde - dbeta - Znorm * dgamma)",
    "dZ = gamma * std / m * (m * dZtilde - dbeta - Znorm * dgamma)",
    "dZ",
    "The gradient is multiplied by std where normalization divides by it.",
)
L2.case(
    "bncompact-dbeta-mean",
    "dbeta = np.sum(dZtilde, axis=1, keepdims=True)",
    "dbeta = np.mean(dZtilde, axis=1, keepdims=True)",
    "dbeta",
    "dbeta is a mean over the batch instead of the sum (1/m is already in dO).",
)

# ---------------------------------------------------------------- 11. leaky relu / ELU
M = _Model(
    "leaky relu / ELU net",
    ("X", "y"),
    """
alpha = 0.2

def leaky(z):
    return np.where(z > 0, z, alpha * z)

def forward(X, y, parameters):
    z1 = X @ parameters["W1"] + parameters["b1"]
    a1 = leaky(z1)
    z2 = a1 @ parameters["W2"] + parameters["b2"]
    a2 = leaky(z2)
    pred = a2 @ parameters["w3"]
    return np.mean((pred - y) ** 2), (z1, a1, z2, a2, pred)

def backward(X, y, parameters, cache):
    z1, a1, z2, a2, pred = cache
    W2, w3 = parameters["W2"], parameters["w3"]
    dpred = 2 * (pred - y) / y.size
    dw3 = a2.T @ dpred
    da2 = np.outer(dpred, w3)
    dz2 = da2 * np.where(z2 > 0, 1, alpha)
    dW2 = a1.T @ dz2
    db2 = dz2.sum(axis=0)
    da1 = dz2 @ W2.T
    dz1 = da1.copy()
    dz1[z1 < 0] *= alpha
    dW1 = X.T @ dz1
    db1 = dz1.sum(axis=0)
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2, "dw3": dw3}
""",
    _shapes(0.8, W1=(3, 6), b1=(6,), W2=(6, 5), b2=(5,), w3=(5,)),
    lambda rng: (rng.randn(7, 3), rng.randn(7)),
)

M.case(
    "leaky-plain-relu-derivative",
    "dz2 = da2 * np.where(z2 > 0, 1, alpha)",
    "dz2 = da2 * np.where(z2 > 0, 1, 0)",
    "dz2",
    "The derivative of the plain relu was used; leaky relu has slope alpha, not 0, for negative z.",
)
M.case(
    "leaky-slopes-swapped",
    "dz2 = da2 * np.where(z2 > 0, 1, alpha)",
    "dz2 = da2 * np.where(z2 > 0, alpha, 1)",
    "dz2",
    "The two slopes of the leaky relu are swapped.",
)
M.case(
    "leaky-assigned-not-multiplied",
    "dz1[z1 < 0] *= alpha",
    "dz1[z1 < 0] = alpha",
    "dz1",
    "The gradient at negative z was set to alpha instead of multiplied by alpha: the upstream gradient is lost.",
)
M.case(
    "leaky-factor-two-forgotten",
    "dpred = 2 * (pred - y) / y.size",
    "dpred = (pred - y) / y.size",
    "dpred",
    "The 2 from the square was dropped although the cost has no 1/2.",
)

M2 = _Model(
    "leaky relu / ELU net",
    ("X", "Y"),
    """
ALPHA = 0.7

def elu(z):
    return np.where(z > 0, z, ALPHA * (np.exp(np.minimum(z, 0)) - 1))

def forward(X, Y, parameters):
    P = parameters
    u = P["W1"] @ X + P["b1"]
    h = elu(u)
    v = P["W2"] @ h + P["b2"]
    g = h + elu(v)
    o = P["W3"] @ g + P["b3"]
    J = 0.5 * np.sum((o - Y) ** 2)
    return J, {"u": u, "h": h, "v": v, "g": g, "o": o}

def backward(X, Y, parameters, cache):
    P = parameters
    u, h, v, g, o = (cache[k] for k in "uhvgo")
    d_o = o - Y
    d_W3 = d_o @ g.T
    d_b3 = d_o.sum(1, keepdims=True)
    d_g = P["W3"].T @ d_o
    d_v = d_g * np.where(v > 0, 1, ALPHA * np.exp(np.minimum(v, 0)))
    d_W2 = d_v @ h.T
    d_b2 = d_v.sum(1, keepdims=True)
    d_h = d_g + P["W2"].T @ d_v
    d_u = d_h * np.where(u > 0, 1, h + ALPHA)
    d_W1 = d_u @ X.T
    d_b1 = d_u.sum(1, keepdims=True)
    return {"dW1": d_W1, "db1": d_b1, "dW2": d_W2, "db2": d_b2, "dW3": d_W3, "db3": d_b3}
""",
    _shapes(0.6, W1=(5, 3), b1=(5, 1), W2=(5, 5), b2=(5, 1), W3=(2, 5), b3=(2, 1)),
    lambda rng: (rng.randn(3, 6), rng.randn(2, 6)),
)

M2.case(
    "elu-max-for-min",
    "d_v = d_g * np.where(v > 0, 1, ALPHA * np.exp(np.minimum(v, 0)))",
    "d_v = d_g * np.where(v > 0, 1, ALPHA * np.exp(np.maximum(v, 0)))",
    "d_v",
    "np.maximum was written for np.minimum: for negative v the slope becomes the constant ALPHA (as in leaky relu).",
)
M2.case(
    "elu-residual-path-forgotten",
    'd_h = d_g + P["W2"].T @ d_v',
    'd_h = P["W2"].T @ d_v',
    "d_h",
    "The skip connection was forgotten: h also reaches g directly, so d_g must be added.",
)
M2.case(
    "elu-alpha-not-added",
    "d_u = d_h * np.where(u > 0, 1, h + ALPHA)",
    "d_u = d_h * np.where(u > 0, 1, h)",
    "d_u",
    "For negative u the ELU derivative is h + ALPHA (= ALPHA*exp(u)); the student used h itself.",
)
M2.case(
    "elu-derivative-at-output",
    "d_u = d_h * np.where(u > 0, 1, h + ALPHA)",
    "d_u = d_h * np.where(u > 0, 1, ALPHA * np.exp(h))",
    "d_u",
    "The ELU derivative ALPHA*exp is evaluated at the output h instead of at the pre-activation u.",
)
M2.case(
    "elu-transpose-forgotten-square",
    'd_h = d_g + P["W2"].T @ d_v',
    'd_h = d_g + P["W2"] @ d_v',
    "d_h",
    "The transpose of W2 was forgotten; it goes unnoticed because W2 is square.",
)

# ---------------------------------------------------------------- 12. linear regression, ridge and lasso
N_ = _Model(
    "linear regression with ridge and lasso",
    ("X", "y", "l1", "l2"),
    """
def forward(X, y, l1, l2, parameters):
    w, b = parameters["w"], parameters["b"]
    residual = y - (X @ w + b)
    mse = np.mean(residual ** 2)
    J = mse + l1 * np.sum(np.abs(w)) + l2 * np.sum(w ** 2)
    return J, (residual,)

def backward(X, y, l1, l2, parameters, cache):
    w = parameters["w"]
    (residual,) = cache
    m = len(y)
    dw_data = -2 / m * X.T @ residual
    dw_ridge = 2 * l2 * w
    dw_lasso = l1 * np.sign(w)
    dw = dw_data + dw_ridge + dw_lasso
    db = -2 * np.mean(residual, keepdims=True)
    return {"dw": dw, "db": db}
""",
    _shapes(0.9, w=(4,), b=(1,)),
    lambda rng: (rng.randn(7, 4), rng.randn(7), np.float64(0.3), np.float64(0.45)),
)

N_.case(
    "linreg-sign-of-residual",
    "dw_data = -2 / m * X.T @ residual",
    "dw_data = 2 / m * X.T @ residual",
    "dw_data",
    "The residual is y - prediction, so its derivative brings a minus sign, which is missing.",
)
N_.case(
    "linreg-lasso-as-ridge",
    "dw_lasso = l1 * np.sign(w)",
    "dw_lasso = l1 * w",
    "dw_lasso",
    "The derivative of |w| is sign(w); the student differentiated the L1 penalty as if it were w^2/2.",
)
N_.case(
    "linreg-lasso-abs",
    "dw_lasso = l1 * np.sign(w)",
    "dw_lasso = l1 * np.abs(w)",
    "dw_lasso",
    "The L1 penalty itself, |w|, was put in the gradient instead of its derivative sign(w).",
)
N_.case(
    "linreg-ridge-factor",
    "dw_ridge = 2 * l2 * w",
    "dw_ridge = l2 * w",
    "dw_ridge",
    "The ridge penalty l2*sum(w^2) has no 1/2, so the gradient needs the factor 2.",
)
N_.case(
    "linreg-db-two-missing",
    "db = -2 * np.mean(residual, keepdims=True)",
    "db = -np.mean(residual, keepdims=True)",
    "db",
    "The factor 2 of the squared error is in dw but was forgotten in db.",
)
N_.case(
    "linreg-lasso-strength-mixed",
    "dw_lasso = l1 * np.sign(w)",
    "dw_lasso = l2 * np.sign(w)",
    "dw_lasso",
    "The lasso term was scaled with the ridge strength l2 instead of l1.",
)

N2 = _Model(
    "linear regression with ridge and lasso",
    ("X", "Y"),
    """
lam = 1.5

def forward(X, Y, parameters):
    m = Y.shape[0]
    h = X.dot(parameters["Theta"]) + parameters["theta0"]
    J = 1 / (2 * m) * np.sum((h - Y) ** 2) + lam / (2 * m) * np.sum(parameters["Theta"] ** 2)
    return J, [h]

def backward(X, Y, parameters, cache):
    h = cache[0]
    m, n = X.shape
    Theta = parameters["Theta"]
    dTheta = np.zeros_like(Theta)
    dtheta0 = np.zeros_like(parameters["theta0"])
    for i in range(m):
        err = h[i] - Y[i]
        dTheta += np.outer(X[i], err)
        dtheta0 += err
    dTheta = dTheta / m + lam / m * Theta
    dtheta0 = dtheta0 / m
    return {"dTheta": dTheta, "dtheta0": dtheta0}
""",
    _shapes(0.9, Theta=(4, 2), theta0=(2,)),
    lambda rng: (rng.randn(6, 4), rng.randn(6, 2)),
)

N2.case(
    "ridge-divided-by-n-features",
    "dTheta = dTheta / m + lam / m * Theta",
    "dTheta = dTheta / n + lam / m * Theta",
    "dTheta",
    "The data term is divided by the number of features n instead of the number of examples m.",
)
N2.case(
    "ridge-squared-penalty",
    "dTheta = dTheta / m + lam / m * Theta",
    "dTheta = dTheta / m + lam / m * Theta ** 2",
    "dTheta",
    "The penalty Theta^2 was not differentiated: the gradient holds lam/m*Theta**2 instead of lam/m*Theta.",
)
N2.case(
    "ridge-loop-overwritten",
    "dTheta += np.outer(X[i], err)",
    "dTheta = np.outer(X[i], err)",
    "dTheta",
    "The outer product of every example overwrites the previous ones; it must be accumulated.",
)
N2.case(
    "ridge-intercept-not-averaged",
    "dtheta0 = dtheta0 / m",
    "dtheta0 = dtheta0 / 2 * m",
    "dtheta0",
    "Operator precedence: / 2 * m multiplies by m; the sum has to be divided by m.",
)

# ---------------------------------------------------------------- 13. autoencoder with tied weights
O = _Model(
    "autoencoder with tied weights",
    ("X",),
    """
def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def forward(X, parameters):
    W, b, c = parameters["W"], parameters["b"], parameters["c"]
    h = sigmoid(X @ W + b)
    r = sigmoid(h @ W.T + c)
    J = 0.5 * np.sum((r - X) ** 2) / X.shape[0]
    return J, (h, r)

def backward(X, parameters, cache):
    W = parameters["W"]
    h, r = cache
    N = X.shape[0]
    dr = (r - X) / N
    dzr = dr * r * (1 - r)
    dc = dzr.sum(axis=0)
    dW_dec = dzr.T @ h
    dh = dzr @ W
    dzh = dh * h * (1 - h)
    db = dzh.sum(axis=0)
    dW_enc = X.T @ dzh
    dW = dW_enc + dW_dec
    return {"dW": dW, "db": db, "dc": dc}
""",
    _shapes(0.9, W=(5, 3), b=(3,), c=(5,)),
    lambda rng: (rng.rand(7, 5),),
)

O.case(
    "tied-decoder-path-forgotten",
    "dW = dW_enc + dW_dec",
    "dW = dW_enc",
    "dW",
    "W is shared: the gradient through the decoder must be added, only the encoder's was returned.",
)
O.case(
    "tied-averaged",
    "dW = dW_enc + dW_dec",
    "dW = (dW_enc + dW_dec) / 2",
    "dW",
    "The two contributions to the shared weight were averaged; gradients of shared weights add up.",
)
O.case(
    "tied-output-sigmoid-forgotten",
    "dzr = dr * r * (1 - r)",
    "dzr = dr",
    "dzr",
    "The derivative of the output sigmoid was left out although the loss is squared error.",
)
O.case(
    "tied-dc-from-dr",
    "dc = dzr.sum(axis=0)",
    "dc = dr.sum(axis=0)",
    "dc",
    "dc sums dr, the gradient after the sigmoid, instead of dzr.",
)

O2 = _Model(
    "autoencoder with tied weights",
    ("x_batch",),
    """
def forward(x_batch, parameters):
    W, bh, bv = parameters["W"], parameters["bh"], parameters["bv"]
    hid = np.tanh(W.dot(x_batch) + bh)
    rec = 1 / (1 + np.exp(-(W.T.dot(hid) + bv)))
    L = -np.sum(x_batch * np.log(rec) + (1 - x_batch) * np.log(1 - rec))
    return L / x_batch.shape[1], {"hid": hid, "rec": rec}

def backward(x_batch, parameters, cache):
    W = parameters["W"]
    n = x_batch.shape[1]
    gW = np.zeros_like(W)
    gbh, gbv = np.zeros_like(parameters["bh"]), np.zeros_like(parameters["bv"])
    for t in range(n):
        x = x_batch[:, [t]]
        hid, rec = cache["hid"][:, [t]], cache["rec"][:, [t]]
        grad_v = rec - x
        gbv += grad_v
        gW += hid @ grad_v.T
        grad_h = (W @ grad_v) * (1 - hid ** 2)
        gbh += grad_h
        gW += grad_h @ x.T
    gW /= n; gbh /= n; gbv /= n
    return {"dW": gW, "dbh": gbh, "dbv": gbv}
""",
    _shapes(0.8, W=(3, 6), bh=(3, 1), bv=(6, 1)),
    lambda rng: (rng.rand(6, 5),),
)

O2.case(
    "tiedloop-encoder-overwrites",
    "gW += grad_h @ x.T",
    "gW = grad_h @ x.T",
    "gW",
    "The encoder's contribution overwrites what the decoder (and the earlier examples) had accumulated in the shared gW.",
)
O2.case(
    "tiedloop-reconstruction-as-input",
    "gW += grad_h @ x.T",
    "gW += grad_h @ rec.T",
    "gW",
    "The encoder's input is x; the student used the reconstruction rec.",
)
O2.case(
    "tiedloop-error-sign",
    "grad_v = rec - x",
    "grad_v = x - rec",
    "grad_v",
    "The reconstruction error has the wrong sign: for cross-entropy with sigmoid it is rec - x.",
)

# ---------------------------------------------------------------- 14. word embeddings with softmax
P = _Model(
    "word embedding lookup with softmax",
    ("context", "target"),
    '''
def forward(context, target, parameters):
    """CBOW: average the context embeddings, predict the target word"""
    E, U, b = parameters["E"], parameters["U"], parameters["b"]
    vecs = E[context]
    h = vecs.mean(axis=1)
    scores = h @ U + b
    scores = scores - scores.max(axis=1, keepdims=True)
    probs = np.exp(scores)
    probs /= probs.sum(axis=1, keepdims=True)
    B = len(target)
    return -np.mean(np.log(probs[np.arange(B), target])), {"h": h, "probs": probs}

def backward(context, target, parameters, cache):
    E, U = parameters["E"], parameters["U"]
    h, probs = cache["h"], cache["probs"]
    B, win = context.shape
    dscores = probs.copy()
    dscores[np.arange(B), target] -= 1
    dscores /= B
    dU = h.T @ dscores
    db = dscores.sum(axis=0)
    dh = dscores @ U.T
    dvecs = np.repeat(dh[:, None, :] / win, win, axis=1)
    dE = np.zeros_like(E)
    np.add.at(dE, context, dvecs)
    return {"dE": dE, "dU": dU, "db": db}
''',
    _shapes(0.7, E=(6, 4), U=(4, 6), b=(6,)),
    lambda rng: (rng.randint(6, size=(7, 3)), _labels(rng, 7, 6)),
)

P.case(
    "emb-fancy-index-plus-equal",
    "np.add.at(dE, context, dvecs)",
    "dE[context] += dvecs",
    "dE",
    "dE[context] += adds only once for words that occur repeatedly; np.add.at is needed to accumulate.",
)
P.case(
    "emb-mean-not-divided",
    "dvecs = np.repeat(dh[:, None, :] / win, win, axis=1)",
    "dvecs = np.repeat(dh[:, None, :], win, axis=1)",
    "dvecs",
    "The context vectors were averaged, so every one gets dh/win; the division by the window size is missing.",
)
P.case(
    "emb-first-context-word-only",
    "np.add.at(dE, context, dvecs)",
    "np.add.at(dE, context[:, 0], dvecs[:, 0])",
    "dE",
    "Only the first word of each context gets its gradient, the others of the window were forgotten.",
)
P.case(
    "emb-target-rows",
    "np.add.at(dE, context, dvecs)",
    "np.add.at(dE, target, dh)",
    "dE",
    "The gradient was scattered to the target words' rows instead of to the context words that were looked up.",
)

P2 = _Model(
    "word embedding lookup with softmax",
    ("words", "labels"),
    """
def softmax_rows(s):
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)

def forward(words, labels, parameters):
    emb = parameters["Emb"][words].reshape(words.shape[0], -1)
    pre = emb @ parameters["W"] + parameters["b"]
    hid = np.tanh(pre)
    p = softmax_rows(hid @ parameters["V"])
    loss = -np.log(p[np.arange(len(labels)), labels]).sum()
    return loss, (emb, pre, hid, p)

def backward(words, labels, parameters, cache):
    emb, pre, hid, p = cache
    Emb, W, V = parameters["Emb"], parameters["W"], parameters["V"]
    nb, width = words.shape
    dim = Emb.shape[1]
    d_s = p - np.eye(p.shape[1])[labels]
    d_V = hid.T @ d_s
    d_pre = (d_s @ V.T) * (1 - hid * hid)
    d_W = emb.T @ d_pre
    d_b = d_pre.sum(0)
    d_emb = (d_pre @ W.T).reshape(nb, width, dim)
    d_Emb = np.zeros(Emb.shape)
    for n in range(nb):
        for k in range(width):
            d_Emb[words[n, k]] += d_emb[n, k]
    return {"dEmb": d_Emb, "dW": d_W, "db": d_b, "dV": d_V}
""",
    _shapes(0.7, Emb=(5, 4), W=(12, 6), b=(6,), V=(6, 2)),
    lambda rng: (rng.randint(5, size=(7, 3)), _labels(rng, 7, 2)),
)

P2.case(
    "embcat-assigned",
    "d_Emb[words[n, k]] += d_emb[n, k]",
    "d_Emb[words[n, k]] = d_emb[n, k]",
    "d_Emb",
    "The row of a word is overwritten at each occurrence instead of accumulated.",
)
P2.case(
    "embcat-reshape-order",
    "d_emb = (d_pre @ W.T).reshape(nb, width, dim)",
    "d_emb = (d_pre @ W.T).reshape(width, nb, dim).transpose(1, 0, 2)",
    "d_emb",
    "The reshape does not undo the one of the forward pass: the axes of batch and window are mixed up.",
)
P2.case(
    "embcat-averaged-although-sum",
    "d_s = p - np.eye(p.shape[1])[labels]",
    "d_s = (p - np.eye(p.shape[1])[labels]) / nb",
    "d_s",
    "The gradient is divided by the batch size although the loss is a sum over the batch, not a mean.",
)
P2.case(
    "embcat-tanh-of-pre",
    "d_pre = (d_s @ V.T) * (1 - hid * hid)",
    "d_pre = (d_s @ V.T) * (1 - pre * pre)",
    "d_pre",
    "The tanh derivative uses the pre-activation pre instead of the activation hid.",
)

P3 = _Model(
    "word embedding lookup with softmax",
    ("center", "outside", "neg"),
    '''
def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def forward(center, outside, neg, parameters):
    """skip-gram with negative sampling"""
    v_c = parameters["Vc"][center]
    u_o = parameters["Uo"][outside]
    u_k = parameters["Uo"][neg]
    pos = np.sum(u_o * v_c, axis=1)
    negs = np.einsum("bkd,bd->bk", u_k, v_c)
    J = -np.sum(np.log(sigmoid(pos))) - np.sum(np.log(sigmoid(-negs)))
    return J, (v_c, u_o, u_k, pos, negs)

def backward(center, outside, neg, parameters, cache):
    v_c, u_o, u_k, pos, negs = cache
    dpos = sigmoid(pos) - 1
    dnegs = 1 - sigmoid(-negs)
    dv_c = dpos[:, None] * u_o + np.einsum("bk,bkd->bd", dnegs, u_k)
    du_o = dpos[:, None] * v_c
    du_k = dnegs[:, :, None] * v_c[:, None, :]
    dVc = np.zeros_like(parameters["Vc"])
    dUo = np.zeros_like(parameters["Uo"])
    np.add.at(dVc, center, dv_c)
    np.add.at(dUo, outside, du_o)
    np.add.at(dUo, neg, du_k)
    return {"dVc": dVc, "dUo": dUo}
''',
    _shapes(0.7, Vc=(6, 4), Uo=(6, 4)),
    lambda rng: (rng.randint(6, size=5), rng.randint(6, size=5), rng.randint(6, size=(5, 3))),
)

P3.case(
    "neg-sampling-sign",
    "dnegs = 1 - sigmoid(-negs)",
    "dnegs = sigmoid(-negs) - 1",
    "dnegs",
    "For the negative samples the inner derivative of -u_k.v was forgotten, so their gradient has the wrong sign.",
)
P3.case(
    "neg-sampling-center-path",
    'dv_c = dpos[:, None] * u_o + np.einsum("bk,bkd->bd", dnegs, u_k)',
    "dv_c = dpos[:, None] * u_o",
    "dv_c",
    "The center vector also enters the scores of the negative samples; that path was forgotten.",
)
P3.case(
    "neg-sampling-treated-as-positive",
    "dnegs = 1 - sigmoid(-negs)",
    "dnegs = sigmoid(negs) - 1",
    "dnegs",
    "The negative samples were given the gradient of positive ones, sigmoid(s) - 1.",
)
P3.case(
    "neg-sampling-repeated-index",
    "np.add.at(dUo, neg, du_k)",
    "dUo[neg] += du_k",
    "dUo",
    "Words drawn several times as negatives are added only once by fancy-index +=; np.add.at is needed.",
)

# ================================================================ RIGHT
_bin = lambda rng, *s: (rng.rand(*s) > 0.5).astype(float)

_right(
    "r-logreg-exp-form",
    "logistic regression vectorised",
    ("X", "Y"),
    """
def forward(X, Y, parameters):
    z = np.dot(parameters["w"].T, X) + parameters["b"]
    a = 1 / (1 + np.exp(-z))
    return -np.mean(Y * np.log(a) + (1 - Y) * np.log(1 - a)), (z, a)

def backward(X, Y, parameters, cache):
    z, a = cache
    da = -np.divide(Y, a) + np.divide(1 - Y, 1 - a)
    dz = da * (np.exp(-z) / (1 + np.exp(-z)) ** 2)
    return {"dw": np.mean(X * dz, axis=1, keepdims=True), "db": np.mean(dz, axis=1, keepdims=True)}
""",
    _shapes(w=(4, 1), b=(1, 1)),
    lambda rng: (rng.randn(4, 7), _bin(rng, 1, 7)),
)

_right(
    "r-logreg-running-mean",
    "logistic regression by loops over examples",
    ("X", "y"),
    """
def forward(X, y, parameters):
    w, b = parameters["w"], parameters["b"]
    J, probs = 0, []
    for xi, yi in zip(X, y):
        p = 1 / (1 + np.exp(-(xi.dot(w) + b[0])))
        probs.append(p)
        J -= np.log(p if yi == 1 else 1 - p)
    return J / len(y), np.array(probs)

def backward(X, y, parameters, cache):
    dw, db = np.zeros_like(parameters["w"]), np.zeros_like(parameters["b"])
    for i, (xi, yi) in enumerate(zip(X, y)):
        g = cache[i] - yi
        dw += (g * xi - dw) / (i + 1)
        db += (g - db) / (i + 1)
    return {"dw": dw, "db": db}
""",
    _shapes(w=(3,), b=(1,)),
    lambda rng: (rng.randn(6, 3), _bin(rng, 6)),
)

_right(
    "r-logreg-seeded-dj",
    "logistic regression vectorised",
    ("X", "Y"),
    """
def forward(X, Y, parameters):
    z = X @ parameters["w"] + parameters["b"]
    loss = np.logaddexp(0, z) - Y * z
    return loss.mean(), [z]

def backward(X, Y, parameters, cache):
    z = cache[0]
    dJ = 1.0
    dloss = np.full(z.shape, dJ / z.size)
    dz = dloss * 0.5 * (1 + np.tanh(z / 2)) - dloss * Y
    return {"dw": (dz[:, None] * X).sum(0), "db": dz.sum(keepdims=True)}
""",
    _shapes(w=(4,), b=(1,)),
    lambda rng: (rng.randn(9, 4), _bin(rng, 9)),
)

_right(
    "r-logreg-saturated",
    "logistic regression vectorised",
    ("X", "Y"),
    '''
def forward(X, Y, parameters):
    """X has a few huge inputs: the sigmoid saturates there"""
    z = X @ parameters["w"] + parameters["b"]
    J = np.mean(np.maximum(z, 0) - z * Y + np.log1p(np.exp(-np.abs(z))))
    return J, {"z": z}

def backward(X, Y, parameters, cache):
    z = cache["z"]
    e = np.exp(-np.abs(z))
    p = np.where(z >= 0, 1 / (1 + e), e / (1 + e))
    err = p - Y
    return {"dw": X.T @ err / len(Y), "db": np.array([err.mean()])}
''',
    _shapes(w=(4,), b=(1,)),
    lambda rng: (rng.randn(8, 4) * np.array([1, 1, 60, 1, 40, 1, 1, 1.0])[:, None], _bin(rng, 8)),
)

_right(
    "r-logreg-bias-trick-masked-reg",
    "logistic regression vectorised",
    ("X", "Y"),
    """
lam = 0.8

def forward(X, Y, parameters):
    Xb = np.hstack([np.ones((len(X), 1)), X])
    h = 1 / (1 + np.exp(-Xb @ parameters["theta"]))
    m = len(Y)
    J = (-Y @ np.log(h) - (1 - Y) @ np.log(1 - h)) / m + lam / (2 * m) * parameters["theta"][1:] @ parameters["theta"][1:]
    return J, (Xb, h)

def backward(X, Y, parameters, cache):
    Xb, h = cache
    decay = np.ones(Xb.shape[1])
    decay[0] = 0
    grad = ((h - Y) @ Xb + lam * decay * parameters["theta"]) / len(Y)
    return {"dtheta": grad}
""",
    _shapes(theta=(5,)),
    lambda rng: (rng.randn(7, 4), _bin(rng, 7)),
)

_right(
    "r-tanh-einsum",
    "2-layer tanh net (column layout)",
    ("X", "Y"),
    """
def forward(X, Y, parameters):
    W1, b1, W2, b2 = (parameters[k] for k in ["W1", "b1", "W2", "b2"])
    A1 = np.tanh(np.einsum("hn,nm->hm", W1, X) + b1)
    A2 = 1 / (1 + np.exp(-np.einsum("kh,hm->km", W2, A1) - b2))
    return -np.einsum("km->", Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / X.shape[1], (A1, A2)

def backward(X, Y, parameters, cache):
    A1, A2 = cache
    D2 = (A2 - Y) / X.shape[1]
    D1 = np.einsum("kh,km,hm->hm", parameters["W2"], D2, 1 - A1 ** 2)
    return {"dW2": np.einsum("km,hm->kh", D2, A1), "db2": np.einsum("km->k", D2)[:, None],
            "dW1": np.einsum("hm,nm->hn", D1, X), "db1": np.einsum("hm->h", D1)[:, None]}
""",
    _shapes(W1=(5, 3), b1=(5, 1), W2=(2, 5), b2=(2, 1)),
    lambda rng: (rng.randn(3, 7), _bin(rng, 2, 7)),
)

_right(
    "r-tanh-sech-saturated",
    "2-layer tanh net (column layout)",
    ("X", "T"),
    """
def forward(X, T, parameters):
    net = parameters["W1"] @ X + parameters["b1"]
    out = parameters["W2"] @ np.tanh(net) + parameters["b2"]
    return np.sum(np.square(T - out)) / (2 * X.shape[1]), {"net": net, "out": out}

def backward(X, T, parameters, cache):
    net, out = cache["net"], cache["out"]
    e = T - out
    back = parameters["W2"].T @ e / np.cosh(net) ** 2
    g = {"dW2": e @ np.tanh(net).T, "db2": e.sum(1, keepdims=True), "dW1": back @ X.T, "db1": back.sum(1, keepdims=True)}
    return {k: -v / X.shape[1] for k, v in g.items()}
""",
    lambda rng: {
        "W1": rng.randn(5, 4),
        "b1": np.array([[0.1], [15.0], [-12.0], [0.3], [-0.2]]),
        "W2": rng.randn(2, 5),
        "b2": rng.randn(2, 1),
    },
    lambda rng: (rng.randn(4, 6), rng.randn(2, 6)),
)

_right(
    "r-tanh-per-example-scaled-at-end",
    "2-layer tanh net (column layout)",
    ("X", "Y"),
    """
def forward(X, Y, parameters):
    W1, b1, W2, b2 = parameters["W1"], parameters["b1"], parameters["W2"], parameters["b2"]
    hs, ps, J = [], [], 0.0
    for i in range(X.shape[1]):
        h = np.tanh(W1.dot(X[:, i]) + b1)
        p = 1 / (1 + np.exp(-(W2.dot(h) + b2)))
        J += -np.sum(Y[:, i] * np.log(p) + (1 - Y[:, i]) * np.log(1 - p))
        hs.append(h); ps.append(p)
    return J / X.shape[1], (hs, ps)

def backward(X, Y, parameters, cache):
    hs, ps = cache
    nabla = {"d" + k: np.zeros_like(v) for k, v in parameters.items()}
    m = X.shape[1]
    for i in reversed(range(m)):
        delta = ps[i] - Y[:, i]
        nabla["dW2"] += np.outer(delta, hs[i]); nabla["db2"] += delta
        delta = delta.dot(parameters["W2"])
        delta *= (1 - hs[i]) * (1 + hs[i])
        nabla["dW1"] += np.outer(delta, X[:, i]); nabla["db1"] += delta
    for k in nabla:
        nabla[k] /= m
    return nabla
""",
    _shapes(W1=(4, 3), b1=(4,), W2=(2, 4), b2=(2,)),
    lambda rng: (rng.randn(3, 5), _bin(rng, 2, 5)),
)

_right(
    "r-relu-kink-zero-rows-no-bias",
    "3-layer relu net with L2",
    ("X", "Y"),
    '''
lam = 0.3

def forward(X, Y, parameters):
    """padding rows of X are zero: there z is exactly 0 whatever the weights"""
    Z1 = X @ parameters["W1"]
    A1 = np.where(Z1 >= 0, Z1, 0)
    Z2 = A1 @ parameters["W2"]
    A2 = np.where(Z2 >= 0, Z2, 0)
    Z3 = A2 @ parameters["W3"] + parameters["b3"]
    J = ((Z3 - Y) ** 2).sum() / len(X) + lam * sum((parameters[k] ** 2).sum() for k in ("W1", "W2", "W3"))
    return J, (Z1, A1, Z2, A2, Z3)

def backward(X, Y, parameters, cache):
    Z1, A1, Z2, A2, Z3 = cache
    dZ3 = (Z3 - Y) * (2 / len(X))
    dZ2 = np.where(Z2 >= 0, dZ3 @ parameters["W3"].T, 0)
    dZ1 = np.where(Z1 >= 0, dZ2 @ parameters["W2"].T, 0)
    return {"dW3": A2.T @ dZ3 + 2 * lam * parameters["W3"], "db3": dZ3.sum(0),
            "dW2": A1.T @ dZ2 + 2 * lam * parameters["W2"], "dW1": X.T @ dZ1 + 2 * lam * parameters["W1"]}
''',
    _shapes(0.8, W1=(3, 6), W2=(6, 5), W3=(5, 2), b3=(2,)),
    lambda rng: (rng.randn(8, 3) * np.array([1, 1, 0, 1, 1, 0, 1, 1.0])[:, None], rng.randn(8, 2)),
)

_right(
    "r-relu-sign-form-reg-first",
    "3-layer relu net with L2",
    ("X", "Y"),
    """
lambd = 0.9

def forward(X, Y, parameters):
    a, cache, m = X, [], X.shape[1]
    for l in "123":
        z = parameters["W" + l].dot(a) + parameters["b" + l]
        cache.append((a, z))
        a = (z + np.abs(z)) / 2 if l != "3" else 1 / (1 + np.exp(-z))
    J = -np.sum(Y * np.log(a) + (1 - Y) * np.log(1 - a)) / m
    J += lambd / (2 * m) * sum(np.linalg.norm(parameters["W" + l]) ** 2 for l in "123")
    return J, cache + [a]

def backward(X, Y, parameters, cache):
    m = X.shape[1]
    grads = {"dW" + l: lambd * parameters["W" + l] for l in "123"}
    d = cache[3] - Y
    for l in (3, 2, 1):
        a_prev, _ = cache[l - 1]
        grads["dW%d" % l] += d @ a_prev.T
        grads["db%d" % l] = d.sum(axis=1, keepdims=True)
        if l > 1:
            d = (parameters["W%d" % l].T @ d) * (1 + np.sign(cache[l - 2][1])) / 2
    return {k: v / m for k, v in grads.items()}
""",
    _shapes(0.8, W1=(6, 4), b1=(6, 1), W2=(5, 6), b2=(5, 1), W3=(1, 5), b3=(1, 1)),
    lambda rng: (rng.randn(4, 9), _bin(rng, 1, 9)),
)

_right(
    "r-relu-gate-by-postactivation-inplace",
    "3-layer relu net with L2",
    ("X", "Y"),
    """
def forward(X, Y, parameters):
    p = parameters
    h1 = (X @ p["W1"] + p["b1"]).clip(min=0)
    h2 = (h1 @ p["W2"] + p["b2"]).clip(min=0)
    o = h2 @ p["W3"] + p["b3"]
    return 0.5 * ((o - Y) ** 2).mean() + 0.05 * sum((p[k] ** 2).sum() for k in p if k[0] == "W"), (h1, h2, o)

def backward(X, Y, parameters, cache):
    p, (h1, h2, o) = parameters, cache
    g = {}
    up = (o - Y) / o.size
    for k, inp in (("3", h2), ("2", h1), ("1", X)):
        g["dW" + k] = inp.T @ up
        g["dW" + k] += 0.1 * p["W" + k]
        g["db" + k] = np.ones(len(X)) @ up
        up = up @ p["W" + k].T
        up[inp == 0] = 0
    return g
""",
    _shapes(0.8, W1=(3, 6), b1=(6,), W2=(6, 5), b2=(5,), W3=(5, 2), b3=(2,)),
    lambda rng: (rng.randn(7, 3), rng.randn(7, 2)),
)

_right(
    "r-dropout-mask-from-activation",
    "inverted dropout net",
    ("X", "Y", "D"),
    """
keep = 0.6

def forward(X, Y, D, parameters):
    A1 = np.maximum(parameters["W1"] @ X + parameters["b1"], 0) * D / keep
    A2 = 1 / (1 + np.exp(-(parameters["W2"] @ A1 + parameters["b2"])))
    J = -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / Y.shape[1]
    return J, (A1, A2)

def backward(X, Y, D, parameters, cache):
    A1, A2 = cache
    m = Y.shape[1]
    dZ2 = A2 - Y
    # A1 > 0 only where the unit was on *and* kept: one mask does both
    dZ1 = (parameters["W2"].T @ dZ2) * (A1 > 0) / keep
    return {"dW1": dZ1 @ X.T / m, "db1": dZ1.mean(axis=1, keepdims=True),
            "dW2": dZ2 @ A1.T / m, "db2": dZ2.mean(axis=1, keepdims=True)}
""",
    _shapes(0.8, W1=(6, 4), b1=(6, 1), W2=(1, 6), b2=(1, 1)),
    lambda rng: (rng.randn(4, 9), _bin(rng, 1, 9), rng.rand(6, 9) < 0.6),
)

_right(
    "r-dropout-scale-late",
    "inverted dropout net",
    ("X", "Y", "keep1"),
    """
def forward(X, Y, keep1, parameters):
    H = np.tanh(X @ parameters["W1"] + parameters["b1"])
    Hd = np.where(keep1, H, 0) / 0.75
    out = Hd @ parameters["W2"] + parameters["b2"]
    return ((out - Y) ** 2).sum() / 2, dict(H=H, out=out)

def backward(X, Y, keep1, parameters, cache):
    H, out = cache["H"], cache["out"]
    dout = out - Y
    dW2 = (H * keep1).T @ dout / 0.75
    dpre = (dout @ parameters["W2"].T) * (keep1 - keep1 * H ** 2)
    # the 1/keep_prob is put in at the end
    return {"dW1": X.T @ dpre / 0.75, "db1": dpre.sum(0) / 0.75, "dW2": dW2, "db2": dout.sum(0)}
""",
    _shapes(W1=(4, 5), b1=(5,), W2=(5, 2), b2=(2,)),
    lambda rng: (rng.randn(7, 4), rng.randn(7, 2), rng.rand(7, 5) < 0.75),
)

_right(
    "r-softmax-negated-onehot",
    "softmax classifier (row layout)",
    ("X", "y"),
    """
reg = 0.4

def forward(X, y, parameters):
    f = X @ parameters["W"]
    logZ = np.log(np.exp(f).sum(1))
    return (logZ - f[np.arange(len(y)), y]).mean() + reg / 2 * (parameters["W"] ** 2).sum(), (f, logZ)

def backward(X, y, parameters, cache):
    f, logZ = cache
    P = np.exp(f - logZ[:, None])
    T = np.equal.outer(y, np.arange(P.shape[1]))
    descent = X.T @ (T - P) / len(y) - reg * parameters["W"]
    return {"dW": -descent}
""",
    _shapes(W=(5, 3)),
    lambda rng: (rng.randn(8, 5), _labels(rng, 8, 3)),
)

_right(
    "r-softmax-cs231n-inplace-probs",
    "softmax classifier (row layout)",
    ("X", "y"),
    """
def forward(X, y, parameters):
    scores = X.dot(parameters["W"]) + parameters["b"]
    probs = np.exp(scores) / np.sum(np.exp(scores), axis=1, keepdims=True)
    return np.sum(-np.log(probs[range(len(y)), y])) / len(y), (probs,)

def backward(X, y, parameters, cache):
    dscores = cache[0]
    dscores[range(len(y)), y] -= 1   # changes the cache, as the notes do
    dscores /= len(y)
    return {"dW": np.dot(X.T, dscores), "db": np.sum(dscores, axis=0, keepdims=True)}
""",
    _shapes(W=(4, 3), b=(1, 3)),
    lambda rng: (rng.randn(7, 4), _labels(rng, 7, 3)),
)

_right(
    "r-softmax-float32-data",
    "softmax classifier (row layout)",
    ("X", "y"),
    """
def forward(X, y, parameters):
    s = X @ parameters["W"] + parameters["b"]
    s = s - s.max(1)[:, None]
    p = np.exp(s); p /= p.sum(1)[:, None]
    return -np.log(np.choose(y, p.T)).mean(), p

def backward(X, y, parameters, cache):
    d = cache - (y[:, None] == np.arange(cache.shape[1]))
    return {"dW": np.tensordot(X, d, axes=(0, 0)) / len(y), "db": d.mean(0)}
""",
    _shapes(W=(4, 3), b=(3,)),
    lambda rng: (rng.randn(9, 4).astype(np.float32), _labels(rng, 9, 3).astype(np.int32)),
)

_right(
    "r-softmaxcol-full-jacobian",
    "softmax regression column layout with one-hot",
    ("X", "Y"),
    """
def forward(X, Y, parameters):
    Z = parameters["W"] @ X + parameters["b"]
    A = np.exp(Z) / np.exp(Z).sum(0)
    return -(Y * np.log(A)).sum(0).mean(), {"A": A}

def backward(X, Y, parameters, cache):
    A = cache["A"]
    c, m = A.shape
    jac = np.einsum("im,ij->ijm", A, np.eye(c)) - np.einsum("im,jm->ijm", A, A)
    dZ = np.einsum("im,ijm->jm", -Y / A, jac)
    return {"dW": (dZ @ X.T) / m, "db": dZ.mean(1, keepdims=True)}
""",
    _shapes(W=(4, 3), b=(4, 1)),
    lambda rng: (rng.randn(3, 7), np.eye(4)[:, _labels(rng, 7, 4)]),
)

_right(
    "r-softmaxcol-soft-targets-sum",
    "softmax regression column layout with one-hot",
    ("X", "Y"),
    '''
def forward(X, Y, parameters):
    """Y are weights that need not sum to one; the loss is a sum, not a mean"""
    Z = parameters["W"] @ X + parameters["b"]
    logA = Z - np.log(np.exp(Z).sum(axis=0, keepdims=True))
    return -np.sum(Y * logA), (logA,)

def backward(X, Y, parameters, cache):
    mass = Y.sum(axis=0, keepdims=True)
    dZ = mass * np.exp(cache[0]) - Y
    return {"dW": dZ @ X.T, "db": dZ @ np.ones((X.shape[1], 1))}
''',
    _shapes(W=(4, 3), b=(4, 1)),
    lambda rng: (rng.randn(3, 6), rng.rand(4, 6)),
)

_right(
    "r-svm-crammer-singer",
    "SVM multiclass hinge loss",
    ("X", "y"),
    """
def forward(X, y, parameters):
    S = X @ parameters["W"] + parameters["b"]
    r = np.arange(len(y))
    M = S - S[r, y][:, None] + 1
    M[r, y] = 0
    worst = M.argmax(1)
    return M[r, worst].mean(), (worst,)

def backward(X, y, parameters, cache):
    worst, = cache
    dW, db = np.zeros_like(parameters["W"]), np.zeros_like(parameters["b"])
    for x, good, bad in zip(X, y, worst):
        dW[:, bad] += x; dW[:, good] -= x
        db[bad] += 1; db[good] -= 1
    return {"dW": dW / len(y), "db": db / len(y)}
""",
    _shapes(W=(4, 3), b=(3,)),
    lambda rng: (rng.randn(7, 4), _labels(rng, 7, 3)),
)

_right(
    "r-svm-indicator-products",
    "SVM multiclass hinge loss",
    ("X", "y"),
    """
reg = 0.15

def forward(X, y, parameters):
    W = parameters["W"]
    T = np.eye(W.shape[1])[y]
    S = X @ W
    M = S - (S * T).sum(1, keepdims=True) + 1 - T
    return np.maximum(M, 0).sum() / len(y) + reg * (W ** 2).sum(), (M, T)

def backward(X, y, parameters, cache):
    M, T = cache
    V = (M > 0) * (1 - T)
    G = V - T * V.sum(1, keepdims=True)
    return {"dW": (G.T @ X).T / len(y) + (reg + reg) * parameters["W"]}
""",
    _shapes(W=(5, 4)),
    lambda rng: (rng.randn(7, 5), _labels(rng, 7, 4)),
)

_right(
    "r-cs231-bias-in-last-row",
    "2-layer net CS231n style with reg",
    ("X", "y"),
    """
reg = 0.2

def forward(X, y, parameters):
    W1, W2 = parameters["W1"], parameters["W2"]
    X1 = np.c_[X, np.ones(len(X))]
    hidden = np.maximum(0, X1.dot(W1))
    H1 = np.c_[hidden, np.ones(len(X))]
    s = H1.dot(W2)
    p = np.exp(s - s.max()); p /= p.sum(1, keepdims=True)
    loss = -np.log(p[range(len(y)), y]).mean() + reg * (W1[:-1] ** 2).sum() + reg * (W2[:-1] ** 2).sum()
    return loss, (X1, hidden, H1, p)

def backward(X, y, parameters, cache):
    W1, W2 = parameters["W1"], parameters["W2"]
    X1, hidden, H1, p = cache
    ds = p.copy(); ds[range(len(y)), y] -= 1; ds *= 1.0 / len(y)
    dW2 = H1.T.dot(ds)
    dW2[:-1] += 2 * reg * W2[:-1]
    dhidden = ds.dot(W2.T)[:, :-1] * (hidden > 0)
    dW1 = X1.T.dot(dhidden)
    dW1[:-1] += 2 * reg * W1[:-1]
    return {"dW1": dW1, "dW2": dW2}
""",
    _shapes(0.8, W1=(5, 6), W2=(7, 3)),
    lambda rng: (rng.randn(8, 4), _labels(rng, 8, 3)),
)

_right(
    "r-cs231-minibatch-chunks",
    "2-layer net CS231n style with reg",
    ("X", "y"),
    """
def forward(X, y, parameters):
    hidden = np.maximum(0, X @ parameters["W"] + parameters["b"])
    scores = hidden @ parameters["W2"] + parameters["b2"]
    logp = scores - np.log(np.exp(scores).sum(1, keepdims=True))
    J = -logp[np.arange(len(y)), y].sum() / len(y) + 0.5 * 0.3 * (np.sum(parameters["W"] ** 2) + np.sum(parameters["W2"] ** 2))
    return J, {"hidden": hidden, "logp": logp}

def backward(X, y, parameters, cache):
    acc = {"d" + k: 0.3 * v if v.ndim == 2 else 0 * v for k, v in parameters.items()}
    for start in range(0, len(y), 3):
        sl = slice(start, start + 3)
        hid, g = cache["hidden"][sl], np.exp(cache["logp"][sl])
        g[np.arange(len(g)), y[sl]] -= 1
        g = g / len(y)
        acc["dW2"] += hid.T @ g
        acc["db2"] += g.sum(0)
        g = np.heaviside(hid, 0) * (g @ parameters["W2"].T)
        acc["dW"] += X[sl].T @ g
        acc["db"] += g.sum(0)
    return acc
""",
    _shapes(0.8, W=(4, 6), b=(6,), W2=(6, 3), b2=(3,)),
    lambda rng: (rng.randn(8, 4), _labels(rng, 8, 3)),
)

_right(
    "r-bn-projection-matrix",
    "batch normalisation followed by linear",
    ("X", "Y"),
    """
def forward(X, Y, parameters):
    x = X @ parameters["W1"]
    s = np.sqrt(x.var(axis=0) + 0.05)
    xhat = (x - x.mean(axis=0)) / s
    y = xhat * parameters["gamma"] + parameters["beta"]
    o = y @ parameters["W2"]
    return 0.5 * ((o - Y) ** 2).sum(), (s, xhat, y, o)

def backward(X, Y, parameters, cache):
    s, xhat, y, o = cache
    n = len(X)
    do = o - Y
    dy = do @ parameters["W2"].T
    dx = np.empty_like(dy)
    for k in range(dy.shape[1]):
        v = xhat[:, k]
        proj = np.eye(n) - 1 / n - np.outer(v, v) / n
        dx[:, k] = parameters["gamma"][k] / s[k] * proj @ dy[:, k]
    return {"dW1": X.T @ dx, "dgamma": (dy * xhat).sum(0), "dbeta": dy.sum(0), "dW2": y.T @ do}
""",
    lambda rng: {
        "W1": 0.7 * rng.randn(3, 5),
        "gamma": 1 + 0.4 * rng.randn(5),
        "beta": 0.4 * rng.randn(5),
        "W2": 0.7 * rng.randn(5, 2),
    },
    lambda rng: (rng.randn(7, 3), rng.randn(7, 2)),
)

_right(
    "r-bn-useless-bias",
    "batch normalisation followed by linear",
    ("X", "Y"),
    '''
def forward(X, Y, parameters):
    """b1 stands before the batch norm: its gradient is zero up to rounding"""
    z = X @ parameters["W1"] + parameters["b1"]
    c = z - z.mean(0)
    std = np.sqrt((c * c).mean(0) + 1e-3)
    n = c / std
    o = (parameters["gamma"] * n + parameters["beta"]) @ parameters["W2"]
    return np.mean((o - Y) ** 2), {"c": c, "std": std, "n": n, "o": o}

def backward(X, Y, parameters, cache):
    c, std, n, o = cache["c"], cache["std"], cache["n"], cache["o"]
    do = 2 * (o - Y) / o.size
    dbn = do @ parameters["W2"].T
    dn = dbn * parameters["gamma"]
    dstd = -(dn * c).sum(0) / std ** 2
    dc = dn / std + dstd * c / (len(X) * std)
    dz = dc - dc.mean(0)
    return {"dW1": X.T @ dz, "db1": dz.sum(0), "dgamma": (dbn * n).sum(0), "dbeta": dbn.sum(0),
            "dW2": (parameters["gamma"] * n + parameters["beta"]).T @ do}
''',
    lambda rng: {
        "W1": 0.7 * rng.randn(3, 5),
        "b1": rng.randn(5),
        "gamma": 1 + 0.4 * rng.randn(5),
        "beta": 0.4 * rng.randn(5),
        "W2": 0.7 * rng.randn(5, 2),
    },
    lambda rng: (rng.randn(8, 3), rng.randn(8, 2)),
)

_right(
    "r-bn-var-kept-mean-term",
    "batch normalisation followed by linear",
    ("X", "Y"),
    """
def forward(X, Y, parameters):
    z = parameters["W1"] @ X
    N = X.shape[1]
    mu = z.mean(1, keepdims=True)
    v = ((z - mu) ** 2).sum(1, keepdims=True) / (N - 1)     # unbiased variance
    zh = (z - mu) * (v + 0.01) ** -0.5
    o = parameters["W2"] @ (parameters["gamma"] * zh + parameters["beta"]) + parameters["b2"]
    return 0.5 * np.sum((Y - o) ** 2) / N, (z, mu, v, zh, o)

def backward(X, Y, parameters, cache):
    z, mu, v, zh, o = cache
    N = X.shape[1]
    do = -(Y - o) / N
    a = parameters["gamma"] * zh + parameters["beta"]
    da = parameters["W2"].T @ do
    dzh = da * parameters["gamma"]
    dv = np.sum(dzh * (z - mu) * (-0.5) * (v + 0.01) ** -1.5, 1, keepdims=True)
    dmu = np.sum(-dzh / np.sqrt(v + 0.01), 1, keepdims=True) + dv * np.sum(-2 * (z - mu), 1, keepdims=True) / (N - 1)
    dz = dzh / np.sqrt(v + 0.01) + dv * 2 * (z - mu) / (N - 1) + dmu / N
    return {"dW1": dz @ X.T, "dgamma": (da * zh).sum(1, keepdims=True), "dbeta": da.sum(1, keepdims=True),
            "dW2": do @ a.T, "db2": do.sum(1, keepdims=True)}
""",
    lambda rng: {
        "W1": 0.7 * rng.randn(5, 4),
        "gamma": 1 + 0.4 * rng.randn(5, 1),
        "beta": 0.4 * rng.randn(5, 1),
        "W2": 0.7 * rng.randn(2, 5),
        "b2": 0.4 * rng.randn(2, 1),
    },
    lambda rng: (rng.randn(4, 7), rng.randn(2, 7)),
)

_right(
    "r-leaky-ratio",
    "leaky relu / ELU net",
    ("X", "y"),
    """
slope = 0.1

def forward(X, y, parameters):
    z = X @ parameters["W1"] + parameters["b1"]
    a = np.maximum(z, slope * z)
    out = a @ parameters["w2"] + parameters["b2"]
    return 0.5 * np.mean((y - out) ** 2), (z, a, out)

def backward(X, y, parameters, cache):
    z, a, out = cache
    k = (out - y) / len(y)
    q = np.outer(k, parameters["w2"]) * (a / z)     # leaky relu is piecewise linear through 0
    return {"dw2": k @ a, "db2": k.sum(keepdims=True), "dW1": (q.T @ X).T, "db1": q.sum(0)}
""",
    _shapes(0.8, W1=(4, 6), b1=(6,), w2=(6,), b2=(1,)),
    lambda rng: (rng.randn(7, 4), rng.randn(7)),
)

_right(
    "r-elu-residual-inplace",
    "leaky relu / ELU net",
    ("X", "Y"),
    """
def forward(X, Y, parameters):
    u = X @ parameters["W1"] + parameters["b1"]
    h = np.where(u > 0, u, np.expm1(np.minimum(u, 0)))
    g = h + np.tanh(h @ parameters["W2"])
    o = g @ parameters["W3"]
    return 0.5 * np.sum((o - Y) ** 2) / len(X), [h, g, o]

def backward(X, Y, parameters, cache):
    h, g, o = cache
    t = g - h
    do = (o - Y) / len(X)
    dh = do @ parameters["W3"].T
    dt = dh * (1 - t ** 2)
    dW2 = h.T @ dt
    dh += dt @ parameters["W2"].T
    dh *= np.minimum(h, 0) + 1          # elu' = 1 for h > 0, h + 1 below
    return {"dW3": g.T @ do, "dW2": dW2, "dW1": X.T @ dh, "db1": dh.sum(0)}
""",
    _shapes(0.7, W1=(3, 5), b1=(5,), W2=(5, 5), W3=(5, 2)),
    lambda rng: (rng.randn(6, 3), rng.randn(6, 2)),
)

_right(
    "r-lasso-at-zero",
    "linear regression with ridge and lasso",
    ("X", "y"),
    '''
l1 = 0.5

def forward(X, y, parameters):
    r = X @ parameters["w"] - y
    return r @ r / (2 * len(y)) + l1 * np.abs(parameters["w"]).sum(), r

def backward(X, y, parameters, cache):
    """some weights are exactly zero; the subgradient 0 of |w| is taken there"""
    w = parameters["w"]
    sub = np.zeros_like(w)
    sub[w > 0] = 1
    sub[w < 0] = -1
    return {"dw": cache @ X / len(y) + l1 * sub}
''',
    lambda rng: {"w": rng.randn(5) * np.array([1, 0, 1, 1, 0.0])},
    lambda rng: (rng.randn(8, 5), rng.randn(8)),
)

_right(
    "r-ridge-normal-equation-form",
    "linear regression with ridge and lasso",
    ("X", "y"),
    """
def forward(X, y, parameters):
    w = parameters["w"]
    return np.sum((X.dot(w) - y) ** 2) + 0.7 * w.dot(w), ()

def backward(X, y, parameters, cache):
    gram = X.T.dot(X) + 0.7 * np.eye(X.shape[1])
    return {"dw": 2 * (gram.dot(parameters["w"]) - X.T.dot(y))}
""",
    _shapes(w=(4,)),
    lambda rng: (rng.randn(7, 4), rng.randn(7)),
)

_right(
    "r-elasticnet-weighted-examples",
    "linear regression with ridge and lasso",
    ("X", "y", "v"),
    '''
def forward(X, y, v, parameters):
    """v: weight of each example, normalized here"""
    e = y - X @ parameters["w"] - parameters["b"]
    return 0.5 * np.sum(v * e * e) / v.sum() + 0.2 * np.abs(parameters["w"]).sum() + 0.1 * np.sum(parameters["w"] ** 2), {"e": e}

def backward(X, y, v, parameters, cache):
    w = parameters["w"]
    push = v / v.sum() * cache["e"]
    dw = np.zeros(len(w))
    for j in range(len(w)):
        dw[j] -= np.sum(push * X[:, j])
        dw[j] += 0.2 * w[j] / abs(w[j]) + 0.2 * w[j]
    return {"dw": dw, "db": -np.array([push.sum()])}
''',
    _shapes(w=(4,), b=(1,)),
    lambda rng: (rng.randn(7, 4), rng.randn(7), rng.rand(7) + 0.1),
)

_right(
    "r-tied-one-product",
    "autoencoder with tied weights",
    ("X",),
    """
def forward(X, parameters):
    W = parameters["W"]
    h = np.tanh(X @ W + parameters["b"])
    r = h @ W.T + parameters["c"]
    return np.mean((r - X) ** 2), (h, r)

def backward(X, parameters, cache):
    h, r = cache
    dr = 2 * (r - X) / X.size
    dz = (dr @ parameters["W"]) * (1 - h ** 2)
    # both uses of W in one product
    dW = np.vstack([X, dr]).T @ np.vstack([dz, h])
    return {"dW": dW, "db": dz.sum(0), "dc": dr.sum(0)}
""",
    _shapes(0.7, W=(5, 3), b=(3,), c=(5,)),
    lambda rng: (rng.randn(7, 5),),
)

_right(
    "r-tied-denoising",
    "autoencoder with tied weights",
    ("X", "noisy"),
    """
def sg(v): return 1 / (1 + np.exp(-v))

def forward(X, noisy, parameters):
    h = sg(parameters["W"] @ noisy + parameters["b"])
    r = sg(parameters["W"].T @ h + parameters["c"])
    return -np.sum(X * np.log(r) + (1 - X) * np.log(1 - r)) / X.shape[1], {"h": h, "r": r}

def backward(X, noisy, parameters, cache):
    h, r = cache["h"], cache["r"]
    m = X.shape[1]
    L_vis = r - X
    L_hid = parameters["W"] @ L_vis * h * (1 - h)
    return {"dW": (L_hid @ noisy.T + h @ L_vis.T) / m, "db": np.mean(L_hid, 1, keepdims=True),
            "dc": np.mean(L_vis, 1, keepdims=True)}
""",
    _shapes(0.8, W=(3, 6), b=(3, 1), c=(6, 1)),
    lambda rng: (lambda X: (X, X * (rng.rand(*X.shape) < 0.8)))(rng.rand(6, 5)),
)

_right(
    "r-emb-onehot-matrix",
    "word embedding lookup with softmax",
    ("idx", "y"),
    """
def forward(idx, y, parameters):
    h = parameters["E"][idx].sum(axis=1)
    s = h @ parameters["U"]
    p = np.exp(s) / np.exp(s).sum(1, keepdims=True)
    return -np.mean(np.log(p[np.arange(len(y)), y])), (h, p)

def backward(idx, y, parameters, cache):
    h, p = cache
    V = parameters["E"].shape[0]
    counts = (idx[:, :, None] == np.arange(V)).sum(axis=1)      # batch x vocabulary
    d = (p - np.eye(p.shape[1])[y]) / len(y)
    return {"dE": counts.T @ (d @ parameters["U"].T), "dU": h.T @ d}
""",
    _shapes(0.7, E=(6, 4), U=(4, 3)),
    lambda rng: (rng.randint(6, size=(7, 2)), _labels(rng, 7, 3)),
)

_right(
    "r-emb-tied-softmax",
    "word embedding lookup with softmax",
    ("center", "outside"),
    '''
def forward(center, outside, parameters):
    """the same matrix E gives the input and the output vectors"""
    E = parameters["E"]
    s = E[center] @ E.T
    lse = np.log(np.exp(s).sum(axis=1))
    return np.mean(lse - s[np.arange(len(center)), outside]), (s, lse)

def backward(center, outside, parameters, cache):
    s, lse = cache
    E = parameters["E"]
    g = np.exp(s - lse[:, None])
    g[np.arange(len(center)), outside] -= 1
    g /= len(center)
    dE = g.T @ E[center]
    for b, w in enumerate(center):
        dE[w] += g[b] @ E
    return {"dE": dE}
''',
    _shapes(0.7, E=(6, 4)),
    lambda rng: (rng.randint(6, size=7), rng.randint(6, size=7)),
)

_right(
    "r-neg-sampling-labels",
    "word embedding lookup with softmax",
    ("center", "cand", "label"),
    """
def forward(center, cand, label, parameters):
    s = (parameters["U"][cand] * parameters["V"][center][:, None, :]).sum(-1)
    return np.logaddexp(0, np.where(label == 1, -s, s)).sum() / len(center), {"s": s}

def backward(center, cand, label, parameters, cache):
    s = cache["s"]
    ds = (1 / (1 + np.exp(-s)) - label) / len(center)
    dV, dU = np.zeros_like(parameters["V"]), np.zeros_like(parameters["U"])
    for i, c in enumerate(center):
        for j, o in enumerate(cand[i]):
            dV[c] += ds[i, j] * parameters["U"][o]
            dU[o] += ds[i, j] * parameters["V"][c]
    return {"dV": dV, "dU": dU}
""",
    _shapes(0.7, V=(6, 4), U=(7, 4)),
    lambda rng: (
        rng.randint(6, size=5),
        rng.randint(7, size=(5, 3)),
        np.tile(np.array([1, 0, 0]), (5, 1)),
    ),
)
