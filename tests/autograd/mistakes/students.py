"""The same as students write them, loops, caches and scalar expressions among them."""

import numpy as np

from tests.autograd.mistakes.bank import Bank

BANK = Bank()
CASES, RIGHT, DOUBLE = BANK.cases, BANK.rights, BANK.doubles
case, right, double = BANK.case, BANK.right, BANK.double


# ---------------------------------------------------------------- logistic regression by loops
LOGREG_LOOP = """
def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def forward(X, Y, parameters):
    w, b = parameters["w"], parameters["b"]
    n, m = X.shape
    J = 0.0
    activations = np.zeros(m)
    for i in range(m):
        z = b[0]
        for j in range(n):
            z = z + w[j] * X[j, i]
        a = sigmoid(z)
        activations[i] = a
        J += -(Y[i] * np.log(a) + (1 - Y[i]) * np.log(1 - a))
    J = J / m
    return J, activations

def backward(X, Y, parameters, cache):
    n, m = X.shape
    dw = np.zeros(n)
    db = np.zeros(1)
    for i in range(m):
        a = cache[i]
        dz = a - Y[i]
        for j in range(n):
            dw[j] += X[j, i] * dz
        db[0] += dz
    dw = dw / m
    db = db / m
    return {"dw": dw, "db": db}
"""
p_logreg = lambda r: dict(w=r.randn(4), b=r.randn(1))
d_logreg = lambda r: (r.randn(4, 7), (r.rand(7) > 0.5).astype(float))
case(
    "logreg_loop_overwrite",
    LOGREG_LOOP,
    "dw[j] += X[j, i] * dz",
    "dw[j] = X[j, i] * dz",
    "dw",
    "overwritten in the loop over examples instead of accumulated",
    p_logreg,
    d_logreg,
)

# ---------------------------------------------------------------- softmax regression, rows are examples
SOFTMAX_REG = """
LAMBDA = 0.3

def softmax(S):
    S = S - S.max(axis=1, keepdims=True)
    E = np.exp(S)
    return E / E.sum(axis=1, keepdims=True)

def forward(X, y, parameters):
    W, b = parameters["W"], parameters["b"]
    N = X.shape[0]
    scores = X @ W + b
    probs = softmax(scores)
    data_loss = -np.mean(np.log(probs[np.arange(N), y]))
    reg_loss = 0.5 * LAMBDA * np.sum(W * W)
    loss = data_loss + reg_loss
    return loss, (scores, probs)

def backward(X, y, parameters, cache):
    W, b = parameters["W"], parameters["b"]
    scores, probs = cache
    N = X.shape[0]
    dscores = probs.copy()
    dscores[np.arange(N), y] -= 1
    dscores /= N
    dW = X.T @ dscores
    db = np.sum(dscores, axis=0)
    dW += LAMBDA * W
    grads = {"dW": dW, "db": db}
    return grads
"""
p_smreg = lambda r: dict(W=r.randn(5, 3), b=r.randn(3))
d_smreg = lambda r: (r.randn(6, 5), r.randint(0, 3, 6))
case(
    "softmax_reg_index_all_rows",
    SOFTMAX_REG,
    "dscores[np.arange(N), y] -= 1",
    "dscores[:, y] -= 1",
    "dscores",
    "subtracts 1 in the label columns of every row",
    p_smreg,
    d_smreg,
)
case(
    "softmax_reg_l2_factor",
    SOFTMAX_REG,
    "dW += LAMBDA * W",
    "dW += 2 * LAMBDA * W",
    "dW",
    "factor 2 although the penalty has 0.5",
    p_smreg,
    d_smreg,
)

# ---------------------------------------------------------------- L-layer network (course style, separate cost)
LLAYER = """
def sigmoid(Z):
    A = 1 / (1 + np.exp(-Z))
    return A, Z

def relu(Z):
    A = np.maximum(0, Z)
    return A, Z

def linear_activation_forward(A_prev, W, b, activation):
    Z = np.dot(W, A_prev) + b
    A, activation_cache = sigmoid(Z) if activation == "sigmoid" else relu(Z)
    return A, ((A_prev, W, b), activation_cache)

def forward(X, parameters):
    caches = []
    A = X
    L = len(parameters) // 2
    for l in range(1, L):
        A_prev = A
        A, cache = linear_activation_forward(A_prev, parameters["W" + str(l)], parameters["b" + str(l)], "relu")
        caches.append(cache)
    AL, cache = linear_activation_forward(A, parameters["W" + str(L)], parameters["b" + str(L)], "sigmoid")
    caches.append(cache)
    return AL, caches

def compute_cost(AL, Y):
    m = Y.shape[1]
    cost = -1 / m * np.sum(Y * np.log(AL) + (1 - Y) * np.log(1 - AL))
    return np.squeeze(cost)

def relu_backward(dA, Z):
    dZ = np.array(dA, copy=True)
    dZ[Z <= 0] = 0
    return dZ

def sigmoid_backward(dA, Z):
    s = 1 / (1 + np.exp(-Z))
    dZ = dA * s * (1 - s)
    return dZ

def linear_backward(dZ, linear_cache):
    A_prev, W, b = linear_cache
    m = A_prev.shape[1]
    dW = 1 / m * np.dot(dZ, A_prev.T)
    db = 1 / m * np.sum(dZ, axis=1, keepdims=True)
    dA_prev = np.dot(W.T, dZ)
    return dA_prev, dW, db

def backward(AL, Y, caches):
    grads = {}
    L = len(caches)
    dAL = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))
    linear_cache, Z = caches[L - 1]
    dZ = sigmoid_backward(dAL, Z)
    dA, grads["dW" + str(L)], grads["db" + str(L)] = linear_backward(dZ, linear_cache)
    for l in reversed(range(L - 1)):
        linear_cache, Z = caches[l]
        dZ = relu_backward(dA, Z)
        dA, grads["dW" + str(l + 1)], grads["db" + str(l + 1)] = linear_backward(dZ, linear_cache)
    return grads
"""
p_ll = lambda r: dict(
    W1=r.randn(5, 4),
    b1=r.randn(5, 1),
    W2=r.randn(3, 5),
    b2=r.randn(3, 1),
    W3=r.randn(1, 3),
    b3=r.randn(1, 1),
)
d_ll = lambda r: (r.randn(4, 7), (r.rand(1, 7) > 0.5).astype(float))
LLM = dict(args=("X", "parameters"), loss="compute_cost")
case(
    "llayer_dAL_sign",
    LLAYER,
    "dAL = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))",
    "dAL = -(np.divide(Y, AL) + np.divide(1 - Y, 1 - AL))",
    "dAL",
    "sign of the second term of the cross entropy derivative",
    p_ll,
    d_ll,
    **LLM,
)
case(
    "llayer_relu_mask_dA",
    LLAYER,
    "dZ[Z <= 0] = 0",
    "dZ[dA <= 0] = 0",
    "dZ",
    "relu mask taken from the gradient instead of Z",
    p_ll,
    d_ll,
    **LLM,
)

# ---------------------------------------------------------------- shallow tanh network
PLANAR = """
def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def forward(X, Y, parameters):
    W1 = parameters["W1"]
    b1 = parameters["b1"]
    W2 = parameters["W2"]
    b2 = parameters["b2"]
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
    Z1 = cache["Z1"]
    A1 = cache["A1"]
    A2 = cache["A2"]
    dZ2 = A2 - Y
    dW2 = np.dot(dZ2, A1.T) / m
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dZ1 = np.dot(W2.T, dZ2) * (1 - np.power(A1, 2))
    dW1 = np.dot(dZ1, X.T) / m
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m
    grads = {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}
    return grads
"""
p_pl = lambda r: dict(W1=r.randn(4, 2), b1=r.randn(4, 1), W2=r.randn(1, 4), b2=r.randn(1, 1))
d_pl = lambda r: (r.randn(2, 6), (r.rand(1, 6) > 0.5).astype(float))
case(
    "planar_tanh_derivative",
    PLANAR,
    "(1 - np.power(A1, 2))",
    "A1 * (1 - A1)",
    "dZ1",
    "sigmoid's derivative used for tanh",
    p_pl,
    d_pl,
)

# ---------------------------------------------------------------- dropout + L2
DROPOUT = """
lambd = 0.7
keep_prob = 0.8

def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def forward(X, Y, parameters):
    np.random.seed(1)
    W1, b1, W2, b2, W3, b3 = [parameters[k] for k in ("W1", "b1", "W2", "b2", "W3", "b3")]
    m = X.shape[1]
    Z1 = W1 @ X + b1
    A1 = np.maximum(0, Z1)
    D1 = (np.random.rand(*A1.shape) < keep_prob).astype(float)
    A1 = A1 * D1 / keep_prob
    Z2 = W2 @ A1 + b2
    A2 = np.tanh(Z2)
    D2 = (np.random.rand(*A2.shape) < keep_prob).astype(float)
    A2d = A2 * D2 / keep_prob
    Z3 = W3 @ A2d + b3
    A3 = sigmoid(Z3)
    cross_entropy = -np.sum(Y * np.log(A3) + (1 - Y) * np.log(1 - A3)) / m
    L2_cost = lambd / (2 * m) * (np.sum(W1 ** 2) + np.sum(W2 ** 2) + np.sum(W3 ** 2))
    cost = cross_entropy + L2_cost
    return cost, (Z1, D1, A1, Z2, D2, A2, A2d, A3)

def backward(X, Y, parameters, cache):
    m = X.shape[1]
    W1, W2, W3 = parameters["W1"], parameters["W2"], parameters["W3"]
    Z1, D1, A1, Z2, D2, A2, A2d, A3 = cache
    dZ3 = A3 - Y
    dW3 = 1. / m * dZ3 @ A2d.T + lambd / m * W3
    db3 = 1. / m * np.sum(dZ3, axis=1, keepdims=True)
    dA2 = W3.T @ dZ3
    dA2 = dA2 * D2
    dA2 = dA2 / keep_prob
    dZ2 = dA2 * (1 - A2 ** 2)
    dW2 = 1. / m * dZ2 @ A1.T + lambd / m * W2
    db2 = 1. / m * np.sum(dZ2, axis=1, keepdims=True)
    dA1 = W2.T @ dZ2
    dA1 = dA1 * D1
    dA1 = dA1 / keep_prob
    dZ1 = dA1 * (Z1 > 0)
    dW1 = 1. / m * dZ1 @ X.T + lambd / m * W1
    db1 = 1. / m * np.sum(dZ1, axis=1, keepdims=True)
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2, "dW3": dW3, "db3": db3}
"""
p_do = lambda r: dict(
    W1=r.randn(5, 3),
    b1=r.randn(5, 1),
    W2=r.randn(5, 5),
    b2=r.randn(5, 1),
    W3=r.randn(2, 5),
    b3=r.randn(2, 1),
)
d_do = lambda r: (r.randn(3, 6), (r.rand(2, 6) > 0.5).astype(float))
case(
    "dropout_wrong_mask",
    DROPOUT,
    "dA1 = dA1 * D1",
    "dA1 = dA1 * D2",
    "dA1",
    "mask of the other layer",
    p_do,
    d_do,
)
case(
    "dropout_tanh_of_dropped",
    DROPOUT,
    "dZ2 = dA2 * (1 - A2 ** 2)",
    "dZ2 = dA2 * (1 - A2d ** 2)",
    "dZ2",
    "tanh derivative taken at the activation after dropout scaling",
    p_do,
    d_do,
)

# ---------------------------------------------------------------- batch norm, step by step
BN_STEPS = """
eps = 1e-5

def batchnorm_forward(x, gamma, beta):
    N, D = x.shape
    mu = 1. / N * np.sum(x, axis=0)
    xmu = x - mu
    sq = xmu ** 2
    var = 1. / N * np.sum(sq, axis=0)
    sqrtvar = np.sqrt(var + eps)
    ivar = 1. / sqrtvar
    xhat = xmu * ivar
    gammax = gamma * xhat
    out = gammax + beta
    return out, (xhat, gamma, xmu, ivar, sqrtvar, var)

def batchnorm_backward(dout, cache):
    xhat, gamma, xmu, ivar, sqrtvar, var = cache
    N, D = dout.shape
    dbeta = np.sum(dout, axis=0)
    dgammax = dout
    dgamma = np.sum(dgammax * xhat, axis=0)
    dxhat = dgammax * gamma
    divar = np.sum(dxhat * xmu, axis=0)
    dxmu1 = dxhat * ivar
    dsqrtvar = -1. / (sqrtvar ** 2) * divar
    dvar = 0.5 * 1. / np.sqrt(var + eps) * dsqrtvar
    dsq = 1. / N * np.ones((N, D)) * dvar
    dxmu2 = 2 * xmu * dsq
    dx1 = dxmu1 + dxmu2
    dmu = -1 * np.sum(dxmu1 + dxmu2, axis=0)
    dx2 = 1. / N * np.ones((N, D)) * dmu
    dx = dx1 + dx2
    return dx, dgamma, dbeta

def forward(X, Y, parameters):
    h = X @ parameters["W1"]
    bn, bncache = batchnorm_forward(h, parameters["gamma"], parameters["beta"])
    a = np.tanh(bn)
    yhat = a @ parameters["W2"]
    loss = 0.5 * np.mean(np.sum((yhat - Y) ** 2, axis=1))
    return loss, (bncache, a, yhat)

def backward(X, Y, parameters, cache):
    bncache, a, yhat = cache
    dyhat = (yhat - Y) / X.shape[0]
    dW2 = a.T @ dyhat
    da = dyhat @ parameters["W2"].T
    dbn = da * (1 - a * a)
    dh, dgamma, dbeta = batchnorm_backward(dbn, bncache)
    dW1 = X.T @ dh
    return {"dW1": dW1, "dgamma": dgamma, "dbeta": dbeta, "dW2": dW2}
"""
p_bns = lambda r: dict(W1=r.randn(3, 4), gamma=r.randn(4), beta=r.randn(4), W2=r.randn(4, 2))
d_bns = lambda r: (r.randn(6, 3), r.randn(6, 2))
case(
    "bn_steps_sqrt",
    BN_STEPS,
    "dvar = 0.5 * 1. / np.sqrt(var + eps) * dsqrtvar",
    "dvar = 0.5 * np.sqrt(var + eps) * dsqrtvar",
    "dvar",
    "derivative of sqrt has the root in the numerator",
    p_bns,
    d_bns,
)
case(
    "bn_steps_mean_path",
    BN_STEPS,
    "dx = dx1 + dx2",
    "dx = dx1",
    "dx",
    "path through the batch mean forgotten",
    p_bns,
    d_bns,
)

# ---------------------------------------------------------------- batch norm, compact, columns are examples
BN_COMPACT = """
EPS = 1e-4

def forward(X, Y, parameters):
    Z = parameters["W1"] @ X
    mu = Z.mean(axis=1, keepdims=True)
    var = Z.var(axis=1, keepdims=True)
    std = np.sqrt(var + EPS)
    Znorm = (Z - mu) / std
    Ztilde = parameters["gamma"] * Znorm + parameters["beta"]
    A = np.maximum(0.01 * Ztilde, Ztilde)
    S = parameters["W2"] @ A + parameters["b2"]
    S = S - S.max(axis=0, keepdims=True)
    P = np.exp(S) / np.exp(S).sum(axis=0, keepdims=True)
    J = -np.sum(Y * np.log(P)) / X.shape[1]
    return J, {"Z": Z, "mu": mu, "std": std, "Znorm": Znorm, "Ztilde": Ztilde, "A": A, "P": P}

def backward(X, Y, parameters, cache):
    m = X.shape[1]
    Z, Znorm, std = cache["Z"], cache["Znorm"], cache["std"]
    g = {}
    dS = (cache["P"] - Y) / m
    g["dW2"] = dS @ cache["A"].T
    g["db2"] = dS.sum(axis=1, keepdims=True)
    dA = parameters["W2"].T @ dS
    dZtilde = dA * np.where(cache["Ztilde"] > 0, 1.0, 0.01)
    g["dgamma"] = np.sum(dZtilde * Znorm, axis=1, keepdims=True)
    g["dbeta"] = np.sum(dZtilde, axis=1, keepdims=True)
    dZnorm = dZtilde * parameters["gamma"]
    dZ = (m * dZnorm - dZnorm.sum(axis=1, keepdims=True) - Znorm * np.sum(dZnorm * Znorm, axis=1, keepdims=True)) / (m * std)
    g["dW1"] = dZ @ X.T
    return g
"""


def onehot(r, k, m):
    return np.eye(k)[:, r.randint(0, k, m)]


p_bnc = lambda r: dict(
    W1=r.randn(4, 3), gamma=r.randn(4, 1), beta=r.randn(4, 1), W2=r.randn(3, 4), b2=r.randn(3, 1)
)
d_bnc = lambda r: (r.randn(3, 7), onehot(r, 3, 7))
case(
    "bn_compact_var_term",
    BN_COMPACT,
    "- Znorm * np.sum(dZnorm * Znorm, axis=1, keepdims=True)) / (m * std)",
    "- np.sum(dZnorm * Znorm, axis=1, keepdims=True)) / (m * std)",
    "dZ",
    "factor Znorm missing in the variance term",
    p_bnc,
    d_bnc,
)

# ---------------------------------------------------------------- character RNN
RNN = """
def forward(inputs, targets, parameters):
    Wxh, Whh, Why = parameters["Wxh"], parameters["Whh"], parameters["Why"]
    bh, by = parameters["bh"], parameters["by"]
    xs, hs, ps = {}, {}, {}
    hs[-1] = np.zeros((Whh.shape[0], 1))
    loss = 0.0
    for t in range(len(inputs)):
        xs[t] = np.zeros((Wxh.shape[1], 1))
        xs[t][inputs[t]] = 1
        hs[t] = np.tanh(Wxh @ xs[t] + Whh @ hs[t - 1] + bh)
        y = Why @ hs[t] + by
        ps[t] = np.exp(y) / np.sum(np.exp(y))
        loss += -np.log(ps[t][targets[t], 0])
    return loss, (xs, hs, ps)

def backward(inputs, targets, parameters, cache):
    Wxh, Whh, Why = parameters["Wxh"], parameters["Whh"], parameters["Why"]
    xs, hs, ps = cache
    dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
    dbh, dby = np.zeros_like(parameters["bh"]), np.zeros_like(parameters["by"])
    dhnext = np.zeros_like(hs[0])
    for t in reversed(range(len(inputs))):
        dy = np.copy(ps[t])
        dy[targets[t]] -= 1
        dWhy += np.dot(dy, hs[t].T)
        dby += dy
        dh = np.dot(Why.T, dy) + dhnext
        dhraw = (1 - hs[t] * hs[t]) * dh
        dbh += dhraw
        dWxh += np.dot(dhraw, xs[t].T)
        dWhh += np.dot(dhraw, hs[t - 1].T)
        dhnext = np.dot(Whh.T, dhraw)
    return {"dWxh": dWxh, "dWhh": dWhh, "dWhy": dWhy, "dbh": dbh, "dby": dby}
"""
p_rnn = lambda r: dict(
    Wxh=r.randn(4, 5), Whh=r.randn(4, 4), Why=r.randn(5, 4), bh=r.randn(4, 1), by=r.randn(5, 1)
)
d_rnn = lambda r: (r.randint(0, 5, 6), r.randint(0, 5, 6))
case(
    "rnn_off_by_one",
    RNN,
    "dWhh += np.dot(dhraw, hs[t - 1].T)",
    "dWhh += np.dot(dhraw, hs[t].T)",
    "dWhh",
    "off by one in time: current state for the previous",
    p_rnn,
    d_rnn,
)
case(
    "rnn_clip_early",
    RNN,
    "dhraw = (1 - hs[t] * hs[t]) * dh",
    "dhraw = np.clip((1 - hs[t] * hs[t]) * dh, -0.05, 0.05)",
    "dhraw",
    "gradient clipped inside the loop through time",
    p_rnn,
    d_rnn,
)

# ---------------------------------------------------------------- LSTM
LSTM = """
def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def forward(X, Y, parameters):
    # X: (T, n_x, m), Y: (n_y, m)
    Wf, Wi, Wc, Wo, Wy = [parameters[k] for k in ("Wf", "Wi", "Wc", "Wo", "Wy")]
    T, n_x, m = X.shape
    n_a = Wf.shape[0]
    a = np.zeros((n_a, m))
    c = np.zeros((n_a, m))
    caches = []
    for t in range(T):
        concat = np.concatenate([a, X[t]], axis=0)
        ft = sigmoid(Wf @ concat + parameters["bf"])
        it = sigmoid(Wi @ concat + parameters["bi"])
        cct = np.tanh(Wc @ concat + parameters["bc"])
        ot = sigmoid(Wo @ concat + parameters["bo"])
        c_prev, c = c, ft * c + it * cct
        a = ot * np.tanh(c)
        caches.append((concat, ft, it, cct, ot, c_prev, c, a))
    E = Wy @ a - Y
    J = np.sum(E ** 2) / (2 * m)
    return J, (caches, E)

def backward(X, Y, parameters, cache):
    caches, E = cache
    T, n_x, m = X.shape
    Wf, Wi, Wc, Wo, Wy = [parameters[k] for k in ("Wf", "Wi", "Wc", "Wo", "Wy")]
    n_a = Wf.shape[0]
    grads = {"d" + k: np.zeros_like(v) for k, v in parameters.items()}
    dyhat = E / m
    grads["dWy"] = dyhat @ caches[-1][-1].T
    da_next = Wy.T @ dyhat
    dc_next = np.zeros((n_a, m))
    for t in reversed(range(T)):
        concat, ft, it, cct, ot, c_prev, c, a = caches[t]
        dot = da_next * np.tanh(c) * ot * (1 - ot)
        dc = dc_next + da_next * ot * (1 - np.tanh(c) ** 2)
        dcct = dc * it * (1 - cct ** 2)
        dit = dc * cct * it * (1 - it)
        dft = dc * c_prev * ft * (1 - ft)
        for name, dgate in (("f", dft), ("i", dit), ("c", dcct), ("o", dot)):
            grads["dW" + name] += dgate @ concat.T
            grads["db" + name] += np.sum(dgate, axis=1, keepdims=True)
        da_next = Wf[:, :n_a].T @ dft + Wi[:, :n_a].T @ dit + Wc[:, :n_a].T @ dcct + Wo[:, :n_a].T @ dot
        dc_next = dc * ft
    return grads
"""


def p_lstm(r):
    P = {}
    for k in "fico":
        P["W" + k] = r.randn(3, 5)
        P["b" + k] = r.randn(3, 1)
    P["Wy"] = r.randn(2, 3)
    return P


d_lstm = lambda r: (r.randn(4, 2, 6), r.randn(2, 6))
case(
    "lstm_c_for_c_prev",
    LSTM,
    "dft = dc * c_prev * ft * (1 - ft)",
    "dft = dc * c * ft * (1 - ft)",
    "dft",
    "current cell state used for the previous one",
    p_lstm,
    d_lstm,
)
case(
    "lstm_tanh_c",
    LSTM,
    "dc = dc_next + da_next * ot * (1 - np.tanh(c) ** 2)",
    "dc = dc_next + da_next * ot * (1 - c ** 2)",
    "dc",
    "tanh derivative at c instead of tanh(c)",
    p_lstm,
    d_lstm,
)

# ---------------------------------------------------------------- GRU
GRU = """
def sig(x):
    return 1. / (1. + np.exp(-x))

def forward(X, y, p):
    T, B, D = X.shape
    H = p["Ur"].shape[0]
    h = np.zeros((B, H))
    tape = []
    for t in range(T):
        x = X[t]
        r = sig(x @ p["Wr"] + h @ p["Ur"] + p["br"])
        z = sig(x @ p["Wz"] + h @ p["Uz"] + p["bz"])
        rh = r * h
        n = np.tanh(x @ p["Wn"] + rh @ p["Un"] + p["bn"])
        h_new = (1 - z) * h + z * n
        tape.append((x, h, r, z, rh, n))
        h = h_new
    out = h @ p["v"]
    err = out - y
    return np.mean(err ** 2), (tape, h, err)

def backward(X, y, p, cache):
    tape, h_last, err = cache
    g = {"d" + k: np.zeros_like(p[k]) for k in p}
    dout = 2 * err / err.size
    g["dv"] += h_last.T @ dout
    dh = np.outer(dout, p["v"])
    for x, h, r, z, rh, n in tape[::-1]:
        dz = dh * (n - h)
        dn = dh * z
        dh_prev = dh * (1 - z)
        dn_in = dn * (1 - n ** 2)
        drh = dn_in @ p["Un"].T
        dr = drh * h
        dh_prev += drh * r
        dz_in = dz * z * (1 - z)
        dr_in = dr * r * (1 - r)
        dh_prev += dz_in @ p["Uz"].T + dr_in @ p["Ur"].T
        for k, d, s in (("r", dr_in, h), ("z", dz_in, h), ("n", dn_in, rh)):
            g["dW" + k] += x.T @ d
            g["dU" + k] += s.T @ d
            g["db" + k] += d.sum(axis=0)
        dh = dh_prev
    return g
"""


def p_gru(r):
    P = {}
    for k in "rzn":
        P["W" + k] = r.randn(2, 3)
        P["U" + k] = r.randn(3, 3)
        P["b" + k] = r.randn(3)
    P["v"] = r.randn(3)
    return P


d_gru = lambda r: (r.randn(4, 5, 2), r.randn(5))
case(
    "gru_dz_sign",
    GRU,
    "dz = dh * (n - h)",
    "dz = dh * (h - n)",
    "dz",
    "roles of update gate branches swapped (sign)",
    p_gru,
    d_gru,
)

# ---------------------------------------------------------------- convolution by loops + max pool
CONV_LOOP = """
pad, stride = 1, 2

def conv_forward(A_prev, W, b):
    (m, n_H_prev, n_W_prev, n_C_prev) = A_prev.shape
    (f, f, n_C_prev, n_C) = W.shape
    n_H = (n_H_prev - f + 2 * pad) // stride + 1
    n_W = (n_W_prev - f + 2 * pad) // stride + 1
    Z = np.zeros((m, n_H, n_W, n_C))
    A_prev_pad = np.pad(A_prev, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    for i in range(m):
        for h in range(n_H):
            for w in range(n_W):
                for c in range(n_C):
                    a_slice = A_prev_pad[i, h * stride:h * stride + f, w * stride:w * stride + f, :]
                    Z[i, h, w, c] = np.sum(a_slice * W[:, :, :, c]) + b[0, 0, 0, c]
    return Z, A_prev_pad

def forward(X, Y, parameters):
    A0 = np.tanh(X * parameters["s"])
    Z, A0_pad = conv_forward(A0, parameters["W1"], parameters["b1"])
    pooled = Z.max(axis=(1, 2))
    out = pooled @ parameters["W2"]
    J = 0.5 * np.sum((out - Y) ** 2) / X.shape[0]
    return J, (A0, A0_pad, Z, pooled, out)

def backward(X, Y, parameters, cache):
    A0, A0_pad, Z, pooled, out = cache
    W1, W2 = parameters["W1"], parameters["W2"]
    m, n_H, n_W, n_C = Z.shape
    f = W1.shape[0]
    dout = (out - Y) / m
    dW2 = pooled.T @ dout
    dpooled = dout @ W2.T
    mask = (Z == pooled[:, None, None, :])
    dZ = mask * dpooled[:, None, None, :]
    dA0_pad = np.zeros_like(A0_pad)
    dW1 = np.zeros_like(W1)
    db1 = np.zeros((1, 1, 1, n_C))
    for i in range(m):
        for h in range(n_H):
            for w in range(n_W):
                vert, horiz = h * stride, w * stride
                for c in range(n_C):
                    a_slice = A0_pad[i, vert:vert + f, horiz:horiz + f, :]
                    dA0_pad[i, vert:vert + f, horiz:horiz + f, :] += W1[:, :, :, c] * dZ[i, h, w, c]
                    dW1[:, :, :, c] += a_slice * dZ[i, h, w, c]
                    db1[:, :, :, c] += dZ[i, h, w, c]
    dA0 = dA0_pad[:, pad:-pad, pad:-pad, :]
    ds = np.sum(dA0 * (1 - A0 ** 2) * X, axis=(0, 1, 2))
    return {"ds": ds, "dW1": dW1, "db1": db1, "dW2": dW2}
"""
p_cl = lambda r: dict(
    s=r.randn(2), W1=r.randn(3, 3, 2, 3), b1=r.randn(1, 1, 1, 3), W2=r.randn(3, 2)
)
d_cl = lambda r: (r.randn(3, 5, 5, 2), r.randn(3, 2))
case(
    "conv_loop_overlap_overwrite",
    CONV_LOOP,
    "dA0_pad[i, vert:vert + f, horiz:horiz + f, :] += W1[:, :, :, c] * dZ[i, h, w, c]",
    "dA0_pad[i, vert:vert + f, horiz:horiz + f, :] = W1[:, :, :, c] * dZ[i, h, w, c]",
    "dA0_pad",
    "overlapping windows overwritten instead of accumulated",
    p_cl,
    d_cl,
)

# ---------------------------------------------------------------- im2col convolution + average pooling
IM2COL = """
def im2col(x, k):
    N, C, H, W = x.shape
    oh, ow = H - k + 1, W - k + 1
    cols = np.zeros((N, C, k, k, oh, ow))
    for i in range(k):
        for j in range(k):
            cols[:, :, i, j] = x[:, :, i:i + oh, j:j + ow]
    return cols.transpose(0, 4, 5, 1, 2, 3).reshape(N * oh * ow, C * k * k)

def forward(x, t, parameters):
    F, C, k, _ = parameters["W"].shape
    N, _, H, Wd = x.shape
    oh, ow = H - k + 1, Wd - k + 1
    cols = im2col(x, k)
    out = cols @ parameters["W"].reshape(F, -1).T + parameters["b"]
    out = out.reshape(N, oh, ow, F).transpose(0, 3, 1, 2)
    act = np.where(out > 0, out, np.exp(out) - 1)
    pool = act.reshape(N, F, oh // 2, 2, ow // 2, 2).mean(axis=(3, 5))
    flat = pool.reshape(N, -1)
    logits = flat @ parameters["V"]
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(N), t]).mean()
    return loss, (cols, out, act, pool, flat, p)

def backward(x, t, parameters, cache):
    cols, out, act, pool, flat, p = cache
    N, F, oh, ow = out.shape
    dlogits = p.copy()
    dlogits[np.arange(N), t] -= 1
    dlogits = dlogits / N
    dV = flat.T @ dlogits
    dflat = dlogits @ parameters["V"].T
    dpool = dflat.reshape(pool.shape)
    dact = dpool.repeat(2, axis=2).repeat(2, axis=3) / 4
    dout = dact * np.where(out > 0, 1, act + 1)
    db = dout.sum(axis=(0, 2, 3))
    dout_cols = dout.transpose(0, 2, 3, 1).reshape(-1, F)
    dW = (dout_cols.T @ cols).reshape(parameters["W"].shape)
    return {"dW": dW, "db": db, "dV": dV}
"""
p_im = lambda r: dict(W=r.randn(3, 2, 2, 2) * 0.7, b=r.randn(3), V=r.randn(12, 4))
d_im = lambda r: (r.randn(3, 2, 5, 5), r.randint(0, 4, 3))
case(
    "im2col_reshape_without_transpose",
    IM2COL,
    "dout_cols = dout.transpose(0, 2, 3, 1).reshape(-1, F)",
    "dout_cols = dout.reshape(-1, F)",
    "dout_cols",
    "reshaped without moving the channel axis last",
    p_im,
    d_im,
)
case(
    "im2col_avgpool_scale",
    IM2COL,
    "dact = dpool.repeat(2, axis=2).repeat(2, axis=3) / 4",
    "dact = dpool.repeat(2, axis=2).repeat(2, axis=3)",
    "dact",
    "average pooling not divided by the window size",
    p_im,
    d_im,
)

# ---------------------------------------------------------------- single-head causal attention
ATTN = """
def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)

def forward(X, Y, parameters):
    Wq, Wk, Wv, Wo = [parameters[n] for n in ["Wq", "Wk", "Wv", "Wo"]]
    T = X.shape[0]
    d = Wq.shape[1]
    Q = X @ Wq
    K = X @ Wk
    V = X @ Wv
    S = Q @ K.T / np.sqrt(d)
    M = np.triu(np.ones((T, T)), k=1).astype(bool)
    S = np.where(M, -1e9, S)
    P = softmax(S)
    O = P @ V
    out = O @ Wo
    J = np.sum((out - Y) ** 2) / T
    return J, (Q, K, V, P, O, out)

def backward(X, Y, parameters, cache):
    Wq, Wk, Wv, Wo = [parameters[n] for n in ["Wq", "Wk", "Wv", "Wo"]]
    Q, K, V, P, O, out = cache
    T = X.shape[0]
    d = Wq.shape[1]
    dout = 2 * (out - Y) / T
    dWo = O.T @ dout
    dO = dout @ Wo.T
    dP = dO @ V.T
    dV = P.T @ dO
    dS = P * (dP - np.sum(dP * P, axis=-1, keepdims=True))
    dS = dS / np.sqrt(d)
    dQ = dS @ K
    dK = dS.T @ Q
    dWq = X.T @ dQ
    dWk = X.T @ dK
    dWv = X.T @ dV
    return {"dWq": dWq, "dWk": dWk, "dWv": dWv, "dWo": dWo}
"""
p_at = lambda r: dict(Wq=r.randn(4, 3), Wk=r.randn(4, 3), Wv=r.randn(4, 2), Wo=r.randn(2, 4))
d_at = lambda r: (r.randn(5, 4), r.randn(5, 4))
case(
    "attention_keepdims",
    ATTN,
    "dS = P * (dP - np.sum(dP * P, axis=-1, keepdims=True))",
    "dS = P * (dP - np.sum(dP * P, axis=-1))",
    "dS",
    "keepdims missing: row sums broadcast along columns",
    p_at,
    d_at,
)
case(
    "attention_dK_transpose",
    ATTN,
    "dK = dS.T @ Q",
    "dK = dS @ Q",
    "dK",
    "transpose of the score gradient missing",
    p_at,
    d_at,
)

# ---------------------------------------------------------------- multi-head attention with key padding mask
MHA = """
H = 2

def split(M):
    T, D = M.shape
    return M.reshape(T, H, D // H).transpose(1, 0, 2)

def merge(M):
    h, T, d = M.shape
    return M.transpose(1, 0, 2).reshape(T, h * d)

def forward(X, keep, Y, params):
    q = split(X @ params["Wq"] + params["bq"])
    k = split(X @ params["Wk"])
    v = split(X @ params["Wv"] + params["bv"])
    scale = 1.0 / np.sqrt(q.shape[-1])
    scores = np.einsum("hid,hjd->hij", q, k) * scale
    scores = scores + (1 - keep)[None, None, :] * -1e8
    scores = scores - scores.max(axis=2, keepdims=True)
    att = np.exp(scores)
    att = att / att.sum(axis=2, keepdims=True)
    ctx = np.einsum("hij,hjd->hid", att, v)
    merged = merge(ctx)
    y = X + merged @ params["Wo"]
    J = 0.5 * np.mean((y - Y) ** 2)
    return J, dict(q=q, k=k, v=v, att=att, merged=merged, y=y, scale=scale)

def backward(X, keep, Y, params, cache):
    q, k, v, att, scale = (cache[n] for n in ("q", "k", "v", "att", "scale"))
    grads = {}
    dy = (cache["y"] - Y) / Y.size
    grads["dWo"] = cache["merged"].T @ dy
    dmerged = dy @ params["Wo"].T
    dctx = split(dmerged)
    datt = np.einsum("hid,hjd->hij", dctx, v)
    dv = np.einsum("hij,hid->hjd", att, dctx)
    dscores = att * datt
    dscores = dscores - att * dscores.sum(axis=2, keepdims=True)
    dq = np.einsum("hij,hjd->hid", dscores, k) * scale
    dk = np.einsum("hij,hid->hjd", dscores, q) * scale
    dqm, dkm, dvm = merge(dq), merge(dk), merge(dv)
    grads["dWq"] = X.T @ dqm
    grads["dbq"] = dqm.sum(axis=0)
    grads["dWk"] = X.T @ dkm
    grads["dWv"] = X.T @ dvm
    grads["dbv"] = dvm.sum(axis=0)
    return grads
"""
p_mha = lambda r: dict(
    Wq=r.randn(3, 6),
    bq=r.randn(6),
    Wk=r.randn(3, 6),
    Wv=r.randn(3, 6),
    bv=r.randn(6),
    Wo=r.randn(6, 3),
)
d_mha = lambda r: (r.randn(5, 3), np.array([1.0, 1.0, 0.0, 1.0, 1.0]), r.randn(5, 3))
case(
    "mha_split_heads",
    MHA,
    "dctx = split(dmerged)",
    "dctx = dmerged.reshape(H, -1, dmerged.shape[1] // H)",
    "dctx",
    "heads separated by reshape alone, without the axis swap",
    p_mha,
    d_mha,
)

# ---------------------------------------------------------------- embeddings, mean pooling
EMBED = """
def forward(tokens, labels, parameters):
    E, U, c = parameters["E"], parameters["U"], parameters["c"]
    B, T = tokens.shape
    vecs = E[tokens]
    bag = vecs.mean(axis=1)
    hidden = np.tanh(bag)
    logits = hidden @ U + c
    logits = logits - logits.max(axis=1, keepdims=True)
    logZ = np.log(np.exp(logits).sum(axis=1, keepdims=True))
    logp = logits - logZ
    loss = -logp[np.arange(B), labels].mean()
    return loss, (hidden, logp)

def backward(tokens, labels, parameters, cache):
    E, U, c = parameters["E"], parameters["U"], parameters["c"]
    hidden, logp = cache
    B, T = tokens.shape
    dlogits = np.exp(logp)
    dlogits[np.arange(B), labels] -= 1.0
    dlogits /= B
    dU = hidden.T @ dlogits
    dc = dlogits.sum(0)
    dhidden = dlogits @ U.T
    dbag = dhidden * (1 - hidden ** 2)
    dvecs = np.repeat(dbag[:, None, :], T, axis=1) / T
    dE = np.zeros_like(E)
    np.add.at(dE, tokens, dvecs)
    return {"dE": dE, "dU": dU, "dc": dc}
"""
p_em = lambda r: dict(E=r.randn(7, 3), U=r.randn(3, 4), c=r.randn(4))
d_em = lambda r: (r.randint(0, 7, (4, 5)), r.randint(0, 4, 4))
case(
    "embedding_duplicates_lost",
    EMBED,
    "np.add.at(dE, tokens, dvecs)",
    "dE[tokens] += dvecs",
    "dE",
    "fancy += keeps only one of the repeated tokens",
    p_em,
    d_em,
)

# ---------------------------------------------------------------- residual blocks with layer norm (pre-norm)
RESLN = """
def layernorm(x, g, b, eps=1e-5):
    mean = x.mean(axis=1, keepdims=True)
    xc = x - mean
    var = (xc ** 2).mean(axis=1, keepdims=True)
    inv = 1 / np.sqrt(var + eps)
    xh = xc * inv
    return g * xh + b, (xh, inv)

def layernorm_back(dy, g, cache):
    xh, inv = cache
    dg = (dy * xh).sum(axis=0)
    db = dy.sum(axis=0)
    dxh = dy * g
    dx = inv * (dxh - dxh.mean(axis=1, keepdims=True) - xh * (dxh * xh).mean(axis=1, keepdims=True))
    return dx, dg, db

def forward(X, Y, P):
    h = X @ P["Win"]
    tape = []
    for l in ("1", "2"):
        n, ln = layernorm(h, P["g" + l], P["b" + l])
        u = n @ P["A" + l]
        a = u / (1 + np.exp(-u))
        tape.append((ln, n, u, a))
        h = h + a @ P["B" + l]
    diff = h - Y
    J = np.sum(diff ** 2) / (2 * len(X))
    return J, (tape, diff)

def backward(X, Y, P, cache):
    tape, diff = cache
    G = {}
    dh = diff / len(X)
    for l in ("2", "1"):
        ln, n, u, a = tape[int(l) - 1]
        G["dB" + l] = a.T @ dh
        da = dh @ P["B" + l].T
        s = 1 / (1 + np.exp(-u))
        du = da * (s + u * s * (1 - s))
        G["dA" + l] = n.T @ du
        dn = du @ P["A" + l].T
        dbranch, G["dg" + l], G["db" + l] = layernorm_back(dn, P["g" + l], ln)
        dh = dh + dbranch
    G["dWin"] = X.T @ dh
    return G
"""
p_rl = lambda r: dict(
    Win=r.randn(2, 4),
    g1=r.randn(4),
    b1=r.randn(4),
    A1=r.randn(4, 6),
    B1=r.randn(6, 4),
    g2=r.randn(4),
    b2=r.randn(4),
    A2=r.randn(4, 6),
    B2=r.randn(6, 4),
)
d_rl = lambda r: (r.randn(5, 2), r.randn(5, 4))
case(
    "residual_path_forgotten",
    RESLN,
    "dh = dh + dbranch",
    "dh = dbranch",
    "dh",
    "skip connection forgotten in the backward pass",
    p_rl,
    d_rl,
)

# ---------------------------------------------------------------- tied autoencoder
TIEDAE = """
def forward(X, parameters):
    W, b, c = parameters["W"], parameters["b"], parameters["c"]
    Z = W @ X + b
    H = 1 / (1 + np.exp(-Z))
    R = W.T @ H + c
    D = R - X
    m = X.shape[1]
    rho = 0.2
    rho_hat = np.mean(H, axis=1, keepdims=True)
    sparse = np.sum(rho * np.log(rho / rho_hat) + (1 - rho) * np.log((1 - rho) / (1 - rho_hat)))
    J = np.sum(D * D) / (2 * m) + 0.5 * sparse
    return J, (H, D, rho_hat, rho)

def backward(X, parameters, cache):
    W, b, c = parameters["W"], parameters["b"], parameters["c"]
    H, D, rho_hat, rho = cache
    m = X.shape[1]
    dR = D / m
    dc = np.sum(dR, axis=1, keepdims=True)
    dW_dec = H @ dR.T
    dH = W @ dR
    drho_hat = 0.5 * (-rho / rho_hat + (1 - rho) / (1 - rho_hat))
    dH = dH + drho_hat / m
    dZ = dH * H * (1 - H)
    dW_enc = dZ @ X.T
    db = np.sum(dZ, axis=1, keepdims=True)
    dW = dW_enc + dW_dec
    return {"dW": dW, "db": db, "dc": dc}
"""
p_ta = lambda r: dict(W=r.randn(3, 5), b=r.randn(3, 1), c=r.randn(5, 1))
d_ta = lambda r: (r.randn(5, 6),)
case(
    "tied_ae_encoder_only",
    TIEDAE,
    "dW = dW_enc + dW_dec",
    "dW = dW_enc",
    "dW",
    "use of the shared weight in the decoder forgotten",
    p_ta,
    d_ta,
)

# ---------------------------------------------------------------- Huber + quantile + Poisson regression
HUBER = """
delta = 1.5
tau = 0.3

def forward(X, y, counts, theta):
    pred = X @ theta["w"] + theta["b"]
    r = pred - y
    small = np.abs(r) <= delta
    huber = np.where(small, 0.5 * r ** 2, delta * (np.abs(r) - 0.5 * delta))
    q = X @ theta["u"]
    e = y - q
    pinball = np.maximum(tau * e, (tau - 1) * e)
    eta = X @ theta["v"] + theta["c"]
    lam = np.exp(eta)
    poisson = lam - counts * eta
    J = np.mean(huber) + np.mean(pinball) + np.mean(poisson)
    return J, (r, small, e, lam)

def backward(X, y, counts, theta, cache):
    r, small, e, lam = cache
    N = len(y)
    dr = np.where(small, r, delta * np.sign(r)) / N
    dw = X.T @ dr
    db = np.array([dr.sum()])
    dq = np.where(e > 0, -tau, 1 - tau) / N
    du = X.T @ dq
    deta = (lam - counts) / N
    dv = X.T @ deta
    dc = np.array([deta.sum()])
    return {"dw": dw, "db": db, "du": du, "dv": dv, "dc": dc}
"""
p_hu = lambda r: dict(w=r.randn(3), b=r.randn(1), u=r.randn(3), v=0.5 * r.randn(3), c=r.randn(1))
d_hu = lambda r: (r.randn(7, 3), r.randn(7), r.poisson(2, 7).astype(float))
case(
    "poisson_log_rate",
    HUBER,
    "deta = (lam - counts) / N",
    "deta = (1 - counts / lam) / N",
    "deta",
    "derivative with respect to the rate, not its log (exp factor missing)",
    p_hu,
    d_hu,
)

# ---------------------------------------------------------------- scalar expressions
SCALAR1 = """
def forward(x, parameters):
    # J = sum over samples of ((a*b + c*x) * tanh(d*x)) / (e + x^2), then log(1 + .^2)
    a, b, c, d, e = (parameters[k][0] for k in "abcde")
    u = a * b
    v = u + c * x
    w = d * x
    t = np.tanh(w)
    n = v * t
    q = e ** 2 + x ** 2
    f = n / q
    s = f ** 2
    g = np.log(1 + s)
    J = 3 * np.sum(g)
    return J, (u, v, w, t, n, q, f, s)

def backward(x, parameters, cache):
    a, b, c, d, e = (parameters[k][0] for k in "abcde")
    u, v, w, t, n, q, f, s = cache
    dg = 3 * np.ones_like(x)
    ds = dg / (1 + s)
    df = ds * 2 * f
    dn = df / q
    dq = -df * n / q ** 2
    de = np.sum(dq) * 2 * e
    dv = dn * t
    dt = dn * v
    dw = dt * (1 - t ** 2)
    dd = np.sum(dw * x)
    dc = np.sum(dv * x)
    du = np.sum(dv)
    da = du * b
    db = du * a
    return {"da": np.array([da]), "db": np.array([db]), "dc": np.array([dc]), "dd": np.array([dd]), "de": np.array([de])}
"""
p_s1 = lambda r: dict(a=r.randn(1), b=r.randn(1), c=r.randn(1), d=r.randn(1), e=1 + r.rand(1))
d_s1 = lambda r: (r.randn(4),)
case(
    "scalar_quotient_rule",
    SCALAR1,
    "dq = -df * n / q ** 2",
    "dq = -df * n / q",
    "dq",
    "quotient rule: denominator not squared",
    p_s1,
    d_s1,
)
case(
    "scalar_product_copy",
    SCALAR1,
    "db = du * a",
    "db = du * b",
    "db",
    "copy of the neighbouring line: product rule factor of the wrong operand",
    p_s1,
    d_s1,
)

SCALAR2 = """
def forward(parameters):
    a = parameters["a"]
    b = parameters["b"]
    c = parameters["c"]
    k = parameters["k"]
    p = b * c
    v = a + p
    J1 = 3 * v
    r = np.sqrt(1 + v ** 2)
    h = a ** 3 / r
    i = np.exp(-k * h)
    l = i * b
    o = l - 0.5 * c ** 2
    J = J1 + o * np.sin(k)
    return J, {"p": p, "v": v, "r": r, "h": h, "i": i, "l": l, "o": o}

def backward(parameters, cache):
    a, b, c, k = parameters["a"], parameters["b"], parameters["c"], parameters["k"]
    v, r, h, i, o = (cache[s] for s in "vrhio")
    do = np.sin(k)
    dk = o * np.cos(k)
    dl = do
    dc = -c * do
    di = dl * b
    db = dl * i
    dh = di * i * -k
    dk += di * i * -h
    da = dh * 3 * a ** 2 / r
    dr = -dh * a ** 3 / r ** 2
    dv = 3 + dr * v / r
    da += dv
    dp = dv
    db += dp * c
    dc += dp * b
    return {"da": da, "db": db, "dc": dc, "dk": dk}
"""
p_s2 = lambda r: {n: np.array(v) for n, v in zip("abck", 0.5 + r.rand(4))}
d_s2 = lambda r: ()
case(
    "scalar2_overwrite_k",
    SCALAR2,
    "dk += di * i * -h",
    "dk = di * i * -h",
    "dk",
    "second path of k overwrites the first",
    p_s2,
    d_s2,
)

# ---------------------------------------------------------------- polynomial regression, ridge and lasso
POLY = """
alpha, beta = 0.4, 0.15

def design(x, degree):
    return np.stack([x ** k for k in range(1, degree + 1)], axis=1)

def forward(x, y, parameters):
    w, s, b = parameters["w"], parameters["s"], parameters["b"]
    xs = x * s[0]
    Phi = design(xs, len(w))
    yhat = Phi.dot(w) + b[0]
    res = yhat - y
    mse = np.mean(res ** 2)
    ridge = alpha * np.sum(w ** 2)
    lasso = beta * np.sum(np.abs(w))
    J = mse + ridge + lasso
    return J, (xs, Phi, res)

def backward(x, y, parameters, cache):
    w, s, b = parameters["w"], parameters["s"], parameters["b"]
    xs, Phi, res = cache
    n = x.shape[0]
    dyhat = 2 / n * res
    db = np.sum(dyhat, keepdims=True)
    dw = Phi.T.dot(dyhat)
    dw = dw + 2 * alpha * w
    dw = dw + beta * np.sign(w)
    dxs = np.zeros(n)
    for k in range(1, len(w) + 1):
        dxs += dyhat * w[k - 1] * k * xs ** (k - 1)
    ds = np.sum(dxs * x, keepdims=True)
    return {"dw": dw, "ds": ds, "db": db}
"""
p_po = lambda r: dict(w=r.randn(4), s=0.5 + r.rand(1), b=r.randn(1))
d_po = lambda r: (r.uniform(-1, 1, 7), r.randn(7))
case(
    "poly_power_exponent",
    POLY,
    "dxs += dyhat * w[k - 1] * k * xs ** (k - 1)",
    "dxs += dyhat * w[k - 1] * k * xs ** k",
    "dxs",
    "power rule: exponent not lowered",
    p_po,
    d_po,
)

# ---------------------------------------------------------------- matrix factorization with biases
MATFAC = """
reg = 0.1

def forward(ratings, known, parameters):
    P, Q = parameters["P"], parameters["Q"]
    bu, bi = parameters["bu"], parameters["bi"]
    pred = P @ Q.T + bu[:, None] + bi[None, :]
    err = (ratings - pred) * known
    sse = 0.5 * np.sum(err ** 2)
    penalty = 0.5 * reg * (np.sum(P ** 2) + np.sum(Q ** 2) + np.sum(bu ** 2) + np.sum(bi ** 2))
    return sse + penalty, err

def backward(ratings, known, parameters, cache):
    err = cache
    P, Q = parameters["P"], parameters["Q"]
    users, items = err.shape
    dP = np.zeros_like(P)
    dQ = np.zeros_like(Q)
    dbu = np.zeros(users)
    dbi = np.zeros(items)
    for u in range(users):
        for i in range(items):
            if not known[u, i]:
                continue
            g = -err[u, i]
            dP[u] += g * Q[i]
            dQ[i] += g * P[u]
            dbu[u] += g
            dbi[i] += g
    dP += reg * P
    dQ += reg * Q
    dbu += reg * parameters["bu"]
    dbi += reg * parameters["bi"]
    return {"dP": dP, "dQ": dQ, "dbu": dbu, "dbi": dbi}
"""
p_mf = lambda r: dict(P=r.randn(4, 2), Q=r.randn(5, 2), bu=r.randn(4), bi=r.randn(5))
d_mf = lambda r: (r.randn(4, 5), (r.rand(4, 5) > 0.3).astype(float))
case(
    "matfac_updated_value",
    MATFAC,
    "dQ[i] += g * P[u]",
    "dQ[i] += g * (P[u] - 0.01 * dP[u])",
    "dQ",
    "uses the already updated user vector for the item's gradient",
    p_mf,
    d_mf,
)

# ---------------------------------------------------------------- RBF network
RBF = """
def forward(X, y, p):
    C, logs, w = p["C"], p["logs"], p["w"]
    diff = X[:, None, :] - C[None, :, :]
    D2 = np.sum(diff ** 2, axis=2)
    sigma = np.exp(logs)
    Phi = np.exp(-D2 / (2 * sigma ** 2))
    f = Phi @ w
    r = f - y
    J = 0.5 * r @ r
    return J, (diff, D2, sigma, Phi, r)

def backward(X, y, p, cache):
    diff, D2, sigma, Phi, r = cache
    w = p["w"]
    df = r
    dw = Phi.T @ df
    dPhi = np.outer(df, w)
    dexpo = dPhi * Phi
    dD2 = -dexpo / (2 * sigma ** 2)
    dsigma = np.sum(dexpo * D2, axis=0) / sigma ** 3
    dlogs = dsigma * sigma
    ddiff = dD2[:, :, None] * 2 * diff
    dC = -np.sum(ddiff, axis=0)
    return {"dC": dC, "dlogs": dlogs, "dw": dw}
"""
p_rbf = lambda r: dict(C=r.randn(4, 2), logs=0.5 * r.randn(4), w=r.randn(4))
d_rbf = lambda r: (r.randn(6, 2), r.randn(6))
case(
    "rbf_sigma_exponent",
    RBF,
    "dsigma = np.sum(dexpo * D2, axis=0) / sigma ** 3",
    "dsigma = np.sum(dexpo * D2, axis=0) / sigma ** 2",
    "dsigma",
    "wrong exponent in the derivative of 1/sigma^2",
    p_rbf,
    d_rbf,
)

# ---------------------------------------------------------------- heteroscedastic Gaussian likelihood
GAUSS = """
def softplus(x):
    return np.log1p(np.exp(x))

def forward(X, Y, parameters):
    # negative log likelihood of N(mu(x), var(x))
    A1 = np.tanh(parameters["W1"] @ X + parameters["b1"])
    mu = parameters["Wm"] @ A1 + parameters["bm"]
    raw = parameters["Ws"] @ A1 + parameters["bs"]
    var = softplus(raw) + 0.05
    nll = 0.5 * np.log(2 * np.pi * var) + (Y - mu) ** 2 / (2 * var)
    J = np.mean(nll)
    return J, {"A1": A1, "mu": mu, "raw": raw, "var": var}

def backward(X, Y, parameters, cache):
    A1, mu, raw, var = cache["A1"], cache["mu"], cache["raw"], cache["var"]
    dnll = np.ones(Y.shape) / Y.size
    dmu = dnll * (mu - Y) / var
    dvar = dnll * (0.5 / var - (Y - mu) ** 2 / (2 * var ** 2))
    draw = dvar / (1 + np.exp(-raw))
    dWm = dmu @ A1.T
    dbm = dmu.sum(axis=1, keepdims=True)
    dWs = draw @ A1.T
    dbs = draw.sum(axis=1, keepdims=True)
    dA1 = parameters["Wm"].T @ dmu + parameters["Ws"].T @ draw
    dZ1 = dA1 * (1 - A1 ** 2)
    dW1 = dZ1 @ X.T
    db1 = dZ1.sum(axis=1, keepdims=True)
    return {"dW1": dW1, "db1": db1, "dWm": dWm, "dbm": dbm, "dWs": dWs, "dbs": dbs}
"""
p_ga = lambda r: dict(
    W1=r.randn(4, 3),
    b1=r.randn(4, 1),
    Wm=r.randn(2, 4),
    bm=r.randn(2, 1),
    Ws=r.randn(2, 4),
    bs=r.randn(2, 1),
)
d_ga = lambda r: (r.randn(3, 6), r.randn(2, 6))
case(
    "gauss_log_var_term",
    GAUSS,
    "dvar = dnll * (0.5 / var - (Y - mu) ** 2 / (2 * var ** 2))",
    "dvar = dnll * (1 / var - (Y - mu) ** 2 / (2 * var ** 2))",
    "dvar",
    "factor 0.5 of the log term missing",
    p_ga,
    d_ga,
)
case(
    "gauss_shared_layer",
    GAUSS,
    'dA1 = parameters["Wm"].T @ dmu + parameters["Ws"].T @ draw',
    'dA1 = parameters["Wm"].T @ dmu',
    "dA1",
    "variance head's path into the shared layer forgotten",
    p_ga,
    d_ga,
)

# ---------------------------------------------------------------- affine coupling flow
FLOW = """
def coupling(x1, x2, W, c, V, d):
    pre = x1 @ W + c
    s = np.tanh(pre)
    t = x1 @ V + d
    y2 = x2 * np.exp(s) + t
    return y2, s

def forward(x, parameters):
    k = x.shape[1] // 2
    xa, xb = x[:, :k], x[:, k:]
    p = parameters
    yb, s1 = coupling(xa, xb, p["W1"], p["c1"], p["V1"], p["d1"])
    ya, s2 = coupling(yb, xa, p["W2"], p["c2"], p["V2"], p["d2"])
    logdet = s1.sum(axis=1) + s2.sum(axis=1)
    logpz = -0.5 * np.sum(ya ** 2, axis=1) - 0.5 * np.sum(yb ** 2, axis=1)
    J = -np.mean(logpz + logdet)
    return J, (xa, xb, ya, yb, s1, s2)

def backward(x, parameters, cache):
    xa, xb, ya, yb, s1, s2 = cache
    p = parameters
    N = x.shape[0]
    dya = ya / N
    dyb = yb / N
    dlogdet = -1.0 / N
    ds2 = dya * xa * np.exp(s2) + dlogdet
    dpre2 = ds2 * (1 - s2 ** 2)
    dW2, dc2 = yb.T @ dpre2, dpre2.sum(axis=0)
    dV2, dd2 = yb.T @ dya, dya.sum(axis=0)
    dyb = dyb + dpre2 @ p["W2"].T + dya @ p["V2"].T
    ds1 = dyb * xb * np.exp(s1) + dlogdet
    dpre1 = ds1 * (1 - s1 ** 2)
    dW1, dc1 = xa.T @ dpre1, dpre1.sum(axis=0)
    dV1, dd1 = xa.T @ dyb, dyb.sum(axis=0)
    return {"dW1": dW1, "dc1": dc1, "dV1": dV1, "dd1": dd1, "dW2": dW2, "dc2": dc2, "dV2": dV2, "dd2": dd2}
"""
p_fl = lambda r: dict(
    W1=r.randn(2, 2),
    c1=r.randn(2),
    V1=r.randn(2, 2),
    d1=r.randn(2),
    W2=r.randn(2, 2),
    c2=r.randn(2),
    V2=r.randn(2, 2),
    d2=r.randn(2),
)
d_fl = lambda r: (r.randn(5, 4),)
case(
    "flow_logdet_forgotten",
    FLOW,
    "ds1 = dyb * xb * np.exp(s1) + dlogdet",
    "ds1 = dyb * xb * np.exp(s1)",
    "ds1",
    "log determinant's path into the scale forgotten",
    p_fl,
    d_fl,
)

# ---------------------------------------------------------------- Hopfield-like energy, gradient descent on the state
HOPFIELD = """
step = 0.2

def forward(X, target, parameters):
    # state relaxes on E(v) = -1/2 v W v - b v + sum log cosh(v); loss compares the final state
    W, b = parameters["W"], parameters["b"]
    v = X
    states = [v]
    for k in range(3):
        gradE = -0.5 * (v @ W + v @ W.T) - b + np.tanh(v)
        v = v - step * gradE
        states.append(v)
    diff = v - target
    loss = 0.5 * np.sum(diff ** 2)
    E = -0.5 * np.sum((v @ W) * v) - np.sum(v @ b)
    loss = loss + 0.1 * E
    return loss, (states, diff)

def backward(X, target, parameters, cache):
    states, diff = cache
    W, b = parameters["W"], parameters["b"]
    v = states[-1]
    dW = -0.1 * 0.5 * v.T @ v
    db = -0.1 * v.sum(axis=0)
    dv = diff - 0.1 * (0.5 * v @ (W + W.T) + b)
    for k in (2, 1, 0):
        v = states[k]
        dgradE = -step * dv
        dW += -0.5 * (v.T @ dgradE + dgradE.T @ v)
        db += -dgradE.sum(axis=0)
        dv = dv - 0.5 * dgradE @ (W + W.T) + dgradE * (1 - np.tanh(v) ** 2)
    return {"dW": dW, "db": db}
"""
p_ho = lambda r: dict(W=r.randn(4, 4), b=r.randn(4))
d_ho = lambda r: (r.randn(3, 4), r.randn(3, 4))
case(
    "hopfield_state_index",
    HOPFIELD,
    "v = states[k]",
    "v = states[k + 1]",
    "v",
    "state after the step used instead of the state before it",
    p_ho,
    d_ho,
)

# ---------------------------------------------------------------- mixture density network
MDN = """
def forward(X, y, params):
    h = np.tanh(X @ params["W"] + params["b"])
    zpi = h @ params["Wpi"]
    mu = h @ params["Wmu"]
    logsig = h @ params["Wsig"]
    e = np.exp(zpi - zpi.max(axis=1, keepdims=True))
    pi = e / e.sum(axis=1, keepdims=True)
    sig = np.exp(logsig)
    z = (y[:, None] - mu) / sig
    comp = pi * np.exp(-0.5 * z ** 2) / (np.sqrt(2 * np.pi) * sig)
    total = comp.sum(axis=1, keepdims=True)
    gamma = comp / total
    J = -np.mean(np.log(total))
    return J, (h, pi, sig, z, gamma)

def backward(X, y, params, cache):
    h, pi, sig, z, gamma = cache
    N = X.shape[0]
    dzpi = (pi - gamma) / N
    dmu = -gamma * z / sig / N
    dlogsig = gamma * (1 - z ** 2) / N
    dWpi = h.T @ dzpi
    dWmu = h.T @ dmu
    dWsig = h.T @ dlogsig
    dh = dzpi @ params["Wpi"].T + dmu @ params["Wmu"].T + dlogsig @ params["Wsig"].T
    da = dh * (1 - h ** 2)
    dW = X.T @ da
    db = da.sum(axis=0)
    return {"dW": dW, "db": db, "dWpi": dWpi, "dWmu": dWmu, "dWsig": dWsig}
"""
p_md = lambda r: dict(
    W=r.randn(2, 4), b=r.randn(4), Wpi=r.randn(4, 3), Wmu=r.randn(4, 3), Wsig=0.5 * r.randn(4, 3)
)
d_md = lambda r: (r.randn(6, 2), r.randn(6))
case(
    "mdn_responsibilities",
    MDN,
    "dmu = -gamma * z / sig / N",
    "dmu = -pi * z / sig / N",
    "dmu",
    "mixing weights used for the responsibilities",
    p_md,
    d_md,
)

# ---------------------------------------------------------------- soft decision tree of depth 2
TREE = """
def sig(x):
    return 1 / (1 + np.exp(-x))

def forward(X, y, parameters):
    W, b, leaf = parameters["W"], parameters["b"], parameters["leaf"]
    g = sig(X @ W.T + b)
    g0, g1, g2 = g[:, 0], g[:, 1], g[:, 2]
    probs = np.stack([g0 * g1, g0 * (1 - g1), (1 - g0) * g2, (1 - g0) * (1 - g2)], axis=1)
    pred = probs @ leaf
    loss = np.mean((pred - y) ** 2)
    return loss, (g, probs, pred)

def backward(X, y, parameters, cache):
    g, probs, pred = cache
    leaf = parameters["leaf"]
    g0, g1, g2 = g[:, 0], g[:, 1], g[:, 2]
    N = len(y)
    dpred = 2 * (pred - y) / N
    dleaf = probs.T @ dpred
    dprobs = np.outer(dpred, leaf)
    dg1 = g0 * (dprobs[:, 0] - dprobs[:, 1])
    dg2 = (1 - g0) * (dprobs[:, 2] - dprobs[:, 3])
    left = dprobs[:, 0] * g1 + dprobs[:, 1] * (1 - g1)
    right = dprobs[:, 2] * g2 + dprobs[:, 3] * (1 - g2)
    dg0 = left - right
    dg = np.stack([dg0, dg1, dg2], axis=1)
    dz = dg * g * (1 - g)
    dW = dz.T @ X
    db = dz.sum(axis=0)
    return {"dW": dW, "db": db, "dleaf": dleaf}
"""
p_tr = lambda r: dict(W=r.randn(3, 2), b=r.randn(3), leaf=r.randn(4))
d_tr = lambda r: (r.randn(7, 2), r.randn(7))
case(
    "tree_branch_copy",
    TREE,
    "dg2 = (1 - g0) * (dprobs[:, 2] - dprobs[:, 3])",
    "dg2 = g0 * (dprobs[:, 2] - dprobs[:, 3])",
    "dg2",
    "copied from the left branch: 1 - g0 forgotten",
    p_tr,
    d_tr,
)

# ---------------------------------------------------------------- graph convolution, row-normalized adjacency
GCN = """
def normalize(A):
    A = A + np.eye(len(A))
    return A / A.sum(axis=1, keepdims=True)

def forward(X, A, labels, train, parameters):
    W0, W1 = parameters["W0"], parameters["W1"]
    S = normalize(A)
    SX = S @ X
    Z0 = SX @ W0
    H = np.maximum(Z0, 0)
    SH = S @ H
    Z1 = SH @ W1
    E = np.exp(Z1)
    P = E / E.sum(axis=1, keepdims=True)
    n = len(labels)
    logp = np.log(P[np.arange(n), labels])
    J = -np.sum(logp * train) / np.sum(train)
    return J, (S, SX, Z0, H, SH, P)

def backward(X, A, labels, train, parameters, cache):
    S, SX, Z0, H, SH, P = cache
    n = len(labels)
    T = np.zeros_like(P)
    T[np.arange(n), labels] = 1
    dZ1 = (P - T) * train[:, None] / np.sum(train)
    dW1 = SH.T @ dZ1
    dSH = dZ1 @ parameters["W1"].T
    dH = S.T @ dSH
    dZ0 = dH * (Z0 > 0)
    dW0 = SX.T @ dZ0
    return {"dW0": dW0, "dW1": dW1}
"""
p_gc = lambda r: dict(W0=r.randn(3, 4), W1=r.randn(4, 2))


def d_gc(r):
    A = np.zeros((6, 6))
    for i, j in [(0, 1), (1, 2), (2, 3), (3, 0), (3, 4), (4, 5)]:
        A[i, j] = A[j, i] = 1
    return r.randn(6, 3), A, r.randint(0, 2, 6), np.array([1.0, 1.0, 0.0, 1.0, 0.0, 1.0])


case(
    "gcn_adjacency_transpose",
    GCN,
    "dH = S.T @ dSH",
    "dH = S @ dSH",
    "dH",
    "transpose of the row-normalized adjacency missing",
    p_gc,
    d_gc,
)

# ---------------------------------------------------------------- capsule squash
CAPS = """
def squash(s):
    n2 = np.sum(s ** 2, axis=-1, keepdims=True)
    n = np.sqrt(n2)
    scale = n2 / (1 + n2) / n
    return scale * s, (n2, n, scale)

def squash_backward(dv, s, cache):
    n2, n, scale = cache
    dscale = np.sum(dv * s, axis=-1, keepdims=True)
    ds = dv * scale
    # scale = n / (1 + n^2)
    dn = dscale * (1 - n2) / (1 + n2) ** 2
    ds += dn * s / n
    return ds

def forward(u, Y, parameters):
    # u: (batch, in_caps, d_in), W: (in_caps, out_caps, d_in, d_out)
    W, bias = parameters["W"], parameters["bias"]
    uhat = np.einsum("bid,iodk->biok", u, W)
    c = np.exp(bias) / np.exp(bias).sum(axis=1, keepdims=True)
    s = np.einsum("io,biok->bok", c, uhat)
    v, sq = squash(s)
    length2 = np.sum(v ** 2, axis=2)
    J = 0.5 * np.mean((length2 - Y) ** 2)
    return J, (uhat, c, s, v, sq, length2)

def backward(u, Y, parameters, cache):
    uhat, c, s, v, sq, length2 = cache
    dlength2 = (length2 - Y) / Y.size
    dv = dlength2[:, :, None] * 2 * v
    ds = squash_backward(dv, s, sq)
    duhat = np.einsum("io,bok->biok", c, ds)
    dc = np.einsum("bok,biok->io", ds, uhat)
    dbias = c * (dc - np.sum(c * dc, axis=1, keepdims=True))
    dW = np.einsum("bid,biok->iodk", u, duhat)
    return {"dW": dW, "dbias": dbias}
"""
p_ca = lambda r: dict(W=r.randn(3, 2, 4, 3), bias=r.randn(3, 2))
d_ca = lambda r: (r.randn(3, 3, 4), np.eye(2)[r.randint(0, 2, 3)])
case(
    "capsule_softmax_diagonal",
    CAPS,
    "dbias = c * (dc - np.sum(c * dc, axis=1, keepdims=True))",
    "dbias = dc * c * (1 - c)",
    "dbias",
    "only the diagonal of the softmax Jacobian",
    p_ca,
    d_ca,
)
case(
    "capsule_norm_derivative",
    CAPS,
    "ds += dn * s / n",
    "ds += dn * s",
    "ds",
    "derivative of the norm: division by the norm missing",
    p_ca,
    d_ca,
)

# ---------------------------------------------------------------- siamese net, cosine, contrastive loss
SIAMESE = """
margin = 0.2

def embed(X, W, b):
    return np.tanh(W @ X + b)

def forward(XA, XB, same, parameters):
    W, b = parameters["W"], parameters["b"]
    A = embed(XA, W, b)
    B = embed(XB, W, b)
    na = np.sqrt(np.sum(A * A, axis=0))
    nb = np.sqrt(np.sum(B * B, axis=0))
    dot = np.sum(A * B, axis=0)
    cos = dot / (na * nb)
    hinge = np.maximum(0, cos - margin)
    J = np.mean(same * (1 - cos) + (1 - same) * hinge ** 2)
    return J, (A, B, na, nb, cos, hinge)

def backward(XA, XB, same, parameters, cache):
    A, B, na, nb, cos, hinge = cache
    m = len(same)
    dcos = (-same + (1 - same) * 2 * hinge) / m
    dA = dcos * (B / (na * nb) - cos * A / na ** 2)
    dB = dcos * (A / (na * nb) - cos * B / nb ** 2)
    dZA = dA * (1 - A ** 2)
    dZB = dB * (1 - B ** 2)
    dW = dZA @ XA.T
    db = dZA.sum(axis=1, keepdims=True)
    dW += dZB @ XB.T
    db += dZB.sum(axis=1, keepdims=True)
    return {"dW": dW, "db": db}
"""
p_si = lambda r: dict(W=r.randn(3, 4), b=r.randn(3, 1))
d_si = lambda r: (r.randn(4, 6), r.randn(4, 6), np.array([1.0, 0.0, 1.0, 0.0, 0.0, 1.0]))
case(
    "siamese_cosine_norm",
    SIAMESE,
    "dB = dcos * (A / (na * nb) - cos * B / nb ** 2)",
    "dB = dcos * A / (na * nb)",
    "dB",
    "norm in the denominator treated as a constant",
    p_si,
    d_si,
)

# ---------------------------------------------------------------- weight normalization
WEIGHTNORM = """
def forward(X, Y, parameters):
    V1, g1, b1 = parameters["V1"], parameters["g1"], parameters["b1"]
    V2, g2, b2 = parameters["V2"], parameters["g2"], parameters["b2"]
    norm1 = np.linalg.norm(V1, axis=1, keepdims=True)
    W1 = g1 * V1 / norm1
    Z1 = W1 @ X + b1
    A1 = np.log(1 + np.exp(Z1))
    norm2 = np.linalg.norm(V2, axis=1, keepdims=True)
    W2 = g2 * V2 / norm2
    Z2 = W2 @ A1 + b2
    err = Z2 - Y
    J = np.mean(err ** 2)
    return J, (norm1, W1, Z1, A1, norm2, W2, err)

def backward(X, Y, parameters, cache):
    norm1, W1, Z1, A1, norm2, W2, err = cache
    V1, g1 = parameters["V1"], parameters["g1"]
    V2, g2 = parameters["V2"], parameters["g2"]
    dZ2 = 2 * err / err.size
    dW2 = dZ2 @ A1.T
    db2 = dZ2.sum(axis=1, keepdims=True)
    dg2 = np.sum(dW2 * V2, axis=1, keepdims=True) / norm2
    dV2 = g2 / norm2 * dW2 - g2 * dg2 / norm2 ** 2 * V2
    dA1 = W2.T @ dZ2
    dZ1 = dA1 / (1 + np.exp(-Z1))
    dW1 = dZ1 @ X.T
    db1 = dZ1.sum(axis=1, keepdims=True)
    dg1 = np.sum(dW1 * V1, axis=1, keepdims=True) / norm1
    dV1 = g1 / norm1 * dW1 - g1 * dg1 / norm1 ** 2 * V1
    return {"dV1": dV1, "dg1": dg1, "db1": db1, "dV2": dV2, "dg2": dg2, "db2": db2}
"""
p_wn = lambda r: dict(
    V1=r.randn(4, 3),
    g1=r.randn(4, 1),
    b1=r.randn(4, 1),
    V2=r.randn(2, 4),
    g2=r.randn(2, 1),
    b2=r.randn(2, 1),
)
d_wn = lambda r: (r.randn(3, 5), r.randn(2, 5))
case(
    "weightnorm_detached_norm",
    WEIGHTNORM,
    "dV1 = g1 / norm1 * dW1 - g1 * dg1 / norm1 ** 2 * V1",
    "dV1 = g1 / norm1 * dW1",
    "dV1",
    "norm treated as a constant (detached)",
    p_wn,
    d_wn,
)

# ---------------------------------------------------------------- exponential moving average as a layer
EMA = """
def forward(X, Y, parameters):
    # smooths hidden features along time with a learned decay per channel
    W, rho, v = parameters["W"], parameters["rho"], parameters["v"]
    T = X.shape[0]
    U = X @ W
    alpha = 1 / (1 + np.exp(-rho))
    M = np.zeros_like(U)
    M[0] = U[0]
    for t in range(1, T):
        M[t] = alpha * M[t - 1] + (1 - alpha) * U[t]
    R = np.maximum(M, 0)
    pred = R @ v
    J = 0.5 * np.mean((pred - Y) ** 2)
    return J, (U, alpha, M, R, pred)

def backward(X, Y, parameters, cache):
    U, alpha, M, R, pred = cache
    T = X.shape[0]
    dpred = (pred - Y) / T
    dv = R.T @ dpred
    dR = np.outer(dpred, parameters["v"])
    dM = dR * (M > 0)
    dU = np.zeros_like(U)
    dalpha = np.zeros_like(alpha)
    for t in range(T - 1, 0, -1):
        dU[t] = (1 - alpha) * dM[t]
        dalpha += dM[t] * (M[t - 1] - U[t])
        dM[t - 1] += alpha * dM[t]
    dU[0] = dM[0]
    drho = dalpha * alpha * (1 - alpha)
    dW = X.T @ dU
    return {"dW": dW, "drho": drho, "dv": dv}
"""
p_ema = lambda r: dict(W=r.randn(3, 4), rho=r.randn(4), v=r.randn(4))
d_ema = lambda r: (r.randn(6, 3), r.randn(6))
case(
    "ema_first_step",
    EMA,
    "dU[0] = dM[0]",
    "dU[0] = (1 - alpha) * dM[0]",
    "dU",
    "first step handled like the others although it has no decay",
    p_ema,
    d_ema,
)

# ---------------------------------------------------------------- sorting by softmax (SoftSort)
SOFTSORT = """
TAU = 0.7

def forward(X, target, parameters):
    w = parameters["w"]
    gain = parameters["gain"]
    s = X @ w
    order = np.argsort(-s)
    srt = s[order]
    D = srt[:, None] - s[None, :]
    L = -np.abs(D) / TAU
    E = np.exp(L)
    P = E / E.sum(axis=1, keepdims=True)
    soft = P @ (gain[0] * s)
    diff = soft - target
    J = 0.5 * np.sum(diff ** 2)
    return J, (s, order, D, P, diff)

def backward(X, target, parameters, cache):
    s, order, D, P, diff = cache
    gain = parameters["gain"]
    dsoft = diff
    dgain = np.array([dsoft @ (P @ s)])
    dP = np.outer(dsoft, gain[0] * s)
    ds = gain[0] * (P.T @ dsoft)
    dL = P * (dP - np.sum(P * dP, axis=1, keepdims=True))
    dD = -np.sign(D) * dL / TAU
    dsrt = dD.sum(axis=1)
    ds[order] += dsrt
    ds -= dD.sum(axis=0)
    dw = X.T @ ds
    return {"dw": dw, "dgain": dgain}
"""
p_ss = lambda r: dict(w=r.randn(3), gain=1 + r.rand(1))
d_ss = lambda r: (r.randn(6, 3), np.sort(r.randn(6))[::-1].copy())
case(
    "softsort_permutation",
    SOFTSORT,
    "ds[order] += dsrt",
    "ds += dsrt",
    "ds",
    "gradient of the sorted values not put back in the original order",
    p_ss,
    d_ss,
)

# ---------------------------------------------------------------- pendulum, explicit Euler
PENDULUM = """
dt = 0.1
steps = 8

def forward(observed, parameters):
    g_over_l, damping = parameters["k"][0], parameters["c"][0]
    theta, omega = parameters["init"]
    traj = [(theta, omega)]
    J = 0.0
    for n in range(steps):
        acc = -g_over_l * np.sin(theta) - damping * omega
        theta, omega = theta + dt * omega, omega + dt * acc
        traj.append((theta, omega))
        J = J + 0.5 * (theta - observed[n]) ** 2
    return J, traj

def backward(observed, parameters, cache):
    traj = cache
    k, c = parameters["k"][0], parameters["c"][0]
    dk = 0.0
    dc = 0.0
    dtheta = 0.0
    domega = 0.0
    for n in range(steps - 1, -1, -1):
        theta, omega = traj[n]
        theta_next = traj[n + 1][0]
        dtheta_next = dtheta + (theta_next - observed[n])
        domega_next = domega
        dacc = dt * domega_next
        dk += -dacc * np.sin(theta)
        dc += -dacc * omega
        dtheta = dtheta_next - dacc * k * np.cos(theta)
        domega = domega_next + dt * dtheta_next - dacc * c
    return {"dk": np.array([dk]), "dc": np.array([dc]), "dinit": np.array([dtheta, domega])}
"""
p_pe = lambda r: dict(k=3 + r.rand(1), c=r.rand(1), init=r.randn(2))
d_pe = lambda r: (r.randn(8),)
case(
    "pendulum_updated_value",
    PENDULUM,
    "domega = domega_next + dt * dtheta_next - dacc * c",
    "domega = domega_next + dt * dtheta - dacc * c",
    "domega",
    "uses the already updated dtheta",
    p_pe,
    d_pe,
)

# ---------------------------------------------------------------- REINFORCE surrogate with discounted returns
REINFORCE = """
GAMMA = 0.9

def discounted(rewards):
    G = np.zeros_like(rewards)
    running = 0.0
    for t in range(len(rewards) - 1, -1, -1):
        running = rewards[t] + GAMMA * running
        G[t] = running
    return G

def forward(states, actions, rewards, parameters):
    Z = states @ parameters["W1"] + parameters["b1"]
    H = np.tanh(Z)
    logits = H @ parameters["W2"]
    logits = logits - logits.max(axis=1, keepdims=True)
    pi = np.exp(logits)
    pi = pi / pi.sum(axis=1, keepdims=True)
    T = len(actions)
    G = discounted(rewards)
    adv = G - G.mean()
    logp = np.log(pi[np.arange(T), actions])
    entropy = -np.sum(pi * np.log(pi), axis=1)
    J = -np.mean(adv * logp) - 0.05 * np.mean(entropy)
    return J, (H, pi, G, adv, entropy)

def backward(states, actions, rewards, parameters, cache):
    H, pi, G, adv, entropy = cache
    T = len(actions)
    onehot = np.zeros_like(pi)
    onehot[np.arange(T), actions] = 1
    dpolicy = adv[:, None] * (pi - onehot) / T
    dentropy = 0.05 * pi * (np.log(pi) + entropy[:, None]) / T
    dlogits = dpolicy + dentropy
    dW2 = H.T @ dlogits
    dH = dlogits @ parameters["W2"].T
    dZ = dH * (1 - H ** 2)
    dW1 = states.T @ dZ
    db1 = dZ.sum(axis=0)
    return {"dW1": dW1, "db1": db1, "dW2": dW2}
"""
p_re = lambda r: dict(W1=r.randn(3, 4), b1=r.randn(4), W2=r.randn(4, 3))
d_re = lambda r: (r.randn(6, 3), r.randint(0, 3, 6), r.randn(6))
case(
    "reinforce_no_baseline",
    REINFORCE,
    "dpolicy = adv[:, None] * (pi - onehot) / T",
    "dpolicy = G[:, None] * (pi - onehot) / T",
    "dpolicy",
    "returns used in place of the advantages",
    p_re,
    d_re,
)

# ---------------------------------------------------------------- variational autoencoder with given noise
VAE = """
def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def forward(X, noise, p):
    N = X.shape[0]
    h = np.maximum(X @ p["We"] + p["be"], 0)
    mu = h @ p["Wmu"]
    logvar = h @ p["Wlv"]
    std = np.exp(0.5 * logvar)
    z = mu + noise * std
    xhat = sigmoid(z @ p["Wd"] + p["bd"])
    bce = -np.sum(X * np.log(xhat) + (1 - X) * np.log(1 - xhat)) / N
    kl = -0.5 * np.sum(1 + logvar - mu ** 2 - np.exp(logvar)) / N
    return bce + kl, dict(h=h, mu=mu, logvar=logvar, std=std, z=z, xhat=xhat)

def backward(X, noise, p, cache):
    h, mu, logvar, std = cache["h"], cache["mu"], cache["logvar"], cache["std"]
    z, xhat = cache["z"], cache["xhat"]
    N = X.shape[0]
    dlog = (xhat - X) / N
    dWd = z.T @ dlog
    dbd = dlog.sum(axis=0)
    dz = dlog @ p["Wd"].T
    dmu = dz + mu / N
    dlogvar = dz * noise * std * 0.5
    dlogvar = dlogvar + 0.5 * (np.exp(logvar) - 1) / N
    dWmu = h.T @ dmu
    dWlv = h.T @ dlogvar
    dh = dmu @ p["Wmu"].T + dlogvar @ p["Wlv"].T
    dpre = dh * (h > 0)
    dWe = X.T @ dpre
    dbe = dpre.sum(axis=0)
    return {"dWe": dWe, "dbe": dbe, "dWmu": dWmu, "dWlv": dWlv, "dWd": dWd, "dbd": dbd}
"""
p_va = lambda r: dict(
    We=r.randn(5, 4),
    be=r.randn(4),
    Wmu=0.5 * r.randn(4, 2),
    Wlv=0.5 * r.randn(4, 2),
    Wd=r.randn(2, 5),
    bd=r.randn(5),
)
d_va = lambda r: ((r.rand(6, 5) > 0.5).astype(float), r.randn(6, 2))
case(
    "vae_std_half",
    VAE,
    "dlogvar = dz * noise * std * 0.5",
    "dlogvar = dz * noise * std",
    "dlogvar",
    "inner derivative 0.5 of exp(0.5 logvar) missing",
    p_va,
    d_va,
)

# ---------------------------------------------------------------- focal loss
FOCAL = """
gam = 2.0
alpha = 0.25

def forward(X, t, parameters):
    Z1 = parameters["W1"] @ X + parameters["b1"]
    A1 = Z1 * (Z1 > 0) + 0.1 * Z1 * (Z1 <= 0)
    z = parameters["w2"] @ A1
    p = 1 / (1 + np.exp(-z))
    pt = np.where(t == 1, p, 1 - p)
    at = np.where(t == 1, alpha, 1 - alpha)
    mod = (1 - pt) ** gam
    ce = -np.log(pt)
    loss = np.sum(at * mod * ce) / len(t)
    return loss, (Z1, A1, p, pt, at, mod, ce)

def backward(X, t, parameters, cache):
    Z1, A1, p, pt, at, mod, ce = cache
    m = len(t)
    dmod = at * ce / m
    dce = at * mod / m
    dpt = -dce / pt
    dpt = dpt - dmod * gam * (1 - pt) ** (gam - 1)
    dp = np.where(t == 1, dpt, -dpt)
    dz = dp * p * (1 - p)
    dw2 = A1 @ dz
    dA1 = np.outer(parameters["w2"], dz)
    dZ1 = np.where(Z1 > 0, 1.0, 0.1) * dA1
    dW1 = dZ1 @ X.T
    db1 = dZ1.sum(axis=1, keepdims=True)
    return {"dW1": dW1, "db1": db1, "dw2": dw2}
"""
p_fo = lambda r: dict(W1=r.randn(4, 3), b1=r.randn(4, 1), w2=r.randn(4))
d_fo = lambda r: (r.randn(3, 7), (r.rand(7) > 0.5).astype(float))
case(
    "focal_inner_sign",
    FOCAL,
    "dpt = dpt - dmod * gam * (1 - pt) ** (gam - 1)",
    "dpt = dpt + dmod * gam * (1 - pt) ** (gam - 1)",
    "dpt",
    "inner derivative -1 of 1 - pt forgotten",
    p_fo,
    d_fo,
)

# ---------------------------------------------------------------- multi-class hinge loss
SVM = """
C = 0.5

def forward(X, y, parameters):
    W = parameters["W"]
    N, D = X.shape
    scale = parameters["scale"]
    Xs = X * scale
    scores = Xs @ W
    correct = scores[np.arange(N), y][:, None]
    margins = np.maximum(0, scores - correct + 1)
    margins[np.arange(N), y] = 0
    J = np.sum(margins) / N + C * np.sum(W * W)
    return J, (Xs, margins)

def backward(X, y, parameters, cache):
    W = parameters["W"]
    scale = parameters["scale"]
    Xs, margins = cache
    N, D = X.shape
    ind = (margins > 0).astype(float)
    row_sum = np.sum(ind, axis=1)
    ind[np.arange(N), y] = -row_sum
    dscores = ind / N
    dW = np.zeros_like(W)
    for i in range(N):
        for k in range(W.shape[1]):
            dW[:, k] += dscores[i, k] * Xs[i]
    dW += 2 * C * W
    dXs = dscores @ W.T
    dscale = np.sum(dXs * X, axis=0)
    return {"dW": dW, "dscale": dscale}
"""
p_sv = lambda r: dict(W=r.randn(3, 4), scale=1 + r.rand(3))
d_sv = lambda r: (r.randn(6, 3), r.randint(0, 4, 6))
case(
    "svm_correct_class_count",
    SVM,
    "ind[np.arange(N), y] = -row_sum",
    "ind[np.arange(N), y] = -1",
    "ind",
    "correct class gets -1 instead of minus the number of violated margins",
    p_sv,
    d_sv,
)
assert len(CASES) == 50, len(CASES)

# ================================================================ two mistakes
SPECTRAL = """
kappa = 1.5

def forward(X, Y, u, v, parameters):
    # W is rescaled by an estimate of its largest singular value (u, v fixed)
    W, b, a = parameters["W"], parameters["b"], parameters["a"]
    sigma = u @ W @ v
    What = kappa * W / sigma
    Z = X @ What.T + b
    H = np.where(Z > 0, Z, 0.2 * Z)
    score = H @ a
    J = np.mean(np.maximum(0, 1 - Y * score)) + 0.01 * np.sum(a ** 2)
    return J, (sigma, What, Z, H, score)

def backward(X, Y, u, v, parameters, cache):
    W, a = parameters["W"], parameters["a"]
    sigma, What, Z, H, score = cache
    active = (1 - Y * score > 0)
    dscore = -Y * active / len(Y)
    da = H.T @ dscore + 0.02 * a
    dH = np.outer(dscore, a)
    dZ = dH * np.where(Z > 0, 1, 0.2)
    db = dZ.sum(axis=0)
    dWhat = dZ.T @ X
    dsigma = -np.sum(dWhat * What) / sigma
    dW = kappa * dWhat / sigma + dsigma * np.outer(u, v)
    return {"dW": dW, "db": db, "da": da}
"""
p_sp = lambda r: dict(W=r.randn(4, 3) + 1, b=r.randn(4), a=r.randn(4))


def d_sp(r):
    u = 0.5 + r.rand(4)
    v = 0.5 + r.rand(3)
    return (
        r.randn(7, 3),
        np.array([1.0, -1.0, 1.0, 1.0, -1.0, -1.0, 1.0]),
        u / np.linalg.norm(u),
        v / np.linalg.norm(v),
    )


HEAT = """
def forward(u0, target, parameters):
    # explicit Euler for u_t = (k u_x)_x + source, with a conductivity on every edge
    k = np.exp(parameters["logk"])
    q = parameters["q"]
    lam = 0.1
    u = u0
    us = [u]
    for n in range(5):
        flux = k * (u[1:] - u[:-1])
        new = u + lam * q
        new[:-1] += lam * flux
        new[1:] -= lam * flux
        u = new
        us.append(u)
    e = u - target
    J = 0.5 * np.sum(e ** 2) + 0.05 * np.sum(q ** 2)
    return J, (k, lam, us, e)

def backward(u0, target, parameters, cache):
    k, lam, us, e = cache
    dq = 0.1 * parameters["q"]
    dk = np.zeros_like(k)
    du = e
    for n in range(4, -1, -1):
        u = us[n]
        dq = dq + lam * du
        dflux = lam * (du[:-1] - du[1:])
        dk += dflux * (u[1:] - u[:-1])
        dprev = du.copy()
        dprev[1:] += dflux * k
        dprev[:-1] -= dflux * k
        du = dprev
    dlogk = dk * k
    return {"dlogk": dlogk, "dq": dq}
"""
p_he = lambda r: dict(logk=0.3 * r.randn(5), q=r.randn(6))
d_he = lambda r: (r.randn(6), r.randn(6))

POSENC = """
def sinusoid(T, freq):
    pos = np.arange(T)[:, None]
    return np.concatenate([np.sin(pos * freq), np.cos(pos * freq)], axis=1)

def forward(X, Y, parameters):
    # learned frequencies of the positional encoding, then a gated linear unit
    freq, W, V = parameters["freq"], parameters["W"], parameters["V"]
    T = X.shape[0]
    PE = sinusoid(T, freq)
    E = X + PE
    G = 1 / (1 + np.exp(-(E @ W)))
    L = E @ V
    O = G * L
    diff = O - Y
    J = np.sum(diff ** 2) / T
    return J, (PE, E, G, L, diff)

def backward(X, Y, parameters, cache):
    freq, W, V = parameters["freq"], parameters["W"], parameters["V"]
    PE, E, G, L, diff = cache
    T, D = X.shape
    dO = 2 * diff / T
    dG = dO * L
    dL = dO * G
    dpre = dG * G * (1 - G)
    dW = E.T @ dpre
    dV = E.T @ dL
    dE = dpre @ W.T + dL @ V.T
    half = D // 2
    pos = np.arange(T)[:, None]
    sin, cos = PE[:, :half], PE[:, half:]
    dangle = dE[:, :half] * cos - dE[:, half:] * sin
    dfreq = np.sum(dangle * pos, axis=0)
    return {"dfreq": dfreq, "dW": dW, "dV": dV}
"""
p_pos = lambda r: dict(freq=r.rand(2) + 0.2, W=r.randn(4, 3), V=r.randn(4, 3))
d_pos = lambda r: (r.randn(5, 4), r.randn(5, 3))

double(
    "double_spectral",
    SPECTRAL,
    [
        ("dscore = -Y * active / len(Y)", "dscore = -Y * active", "dscore"),
        (
            "dW = kappa * dWhat / sigma + dsigma * np.outer(u, v)",
            "dW = kappa * dWhat / sigma",
            "dW",
        ),
    ],
    p_sp,
    d_sp,
)
double(
    "double_heat",
    HEAT,
    [
        ("dprev[:-1] -= dflux * k", "dprev[:-1] += dflux * k", "dprev"),
        ("dlogk = dk * k", "dlogk = dk / k", "dlogk"),
    ],
    p_he,
    d_he,
)
double(
    "double_posenc",
    POSENC,
    [
        ("dpre = dG * G * (1 - G)", "dpre = dG * (1 - G ** 2)", "dpre"),
        (
            "dangle = dE[:, :half] * cos - dE[:, half:] * sin",
            "dangle = dE[:, :half] * cos + dE[:, half:] * sin",
            "dangle",
        ),
    ],
    p_pos,
    d_pos,
)
double(
    "double_planar",
    PLANAR,
    [
        ("dW2 = np.dot(dZ2, A1.T) / m", "dW2 = np.dot(dZ2, A1.T)", "dW2"),
        (
            "dZ1 = np.dot(W2.T, dZ2) * (1 - np.power(A1, 2))",
            "dZ1 = np.dot(W2.T, dZ2) * (1 - np.power(Z1, 2))",
            "dZ1",
        ),
    ],
    p_pl,
    d_pl,
)
double(
    "double_dropout",
    DROPOUT,
    [
        ("dA2 = dA2 / keep_prob", "dA2 = dA2 * keep_prob", "dA2"),
        (
            "dW1 = 1. / m * dZ1 @ X.T + lambd / m * W1",
            "dW1 = 1. / m * dZ1 @ X.T + lambd / m * W1 ** 2",
            "dW1",
        ),
    ],
    p_do,
    d_do,
)
double(
    "double_bn_compact",
    BN_COMPACT,
    [
        (
            'g["dgamma"] = np.sum(dZtilde * Znorm, axis=1, keepdims=True)',
            'g["dgamma"] = np.sum(dZtilde * Z, axis=1, keepdims=True)',
            "dgamma",
        ),
        ('dZnorm = dZtilde * parameters["gamma"]', "dZnorm = dZtilde", "dZnorm"),
    ],
    p_bnc,
    d_bnc,
)
double(
    "double_rnn",
    RNN,
    [
        ("dh = np.dot(Why.T, dy) + dhnext", "dh = np.dot(Why.T, dy)", "dh"),
        ("dWxh += np.dot(dhraw, xs[t].T)", "dWxh = np.dot(dhraw, xs[t].T)", "dWxh"),
    ],
    p_rnn,
    d_rnn,
)
double(
    "double_gru",
    GRU,
    [
        ("dh_prev = dh * (1 - z)", "dh_prev = dh * z", "dh_prev"),
        ("dr_in = dr * r * (1 - r)", "dr_in = dr * (1 - r)", "dr_in"),
    ],
    p_gru,
    d_gru,
)
double(
    "double_reslayernorm",
    RESLN,
    [
        ("du = da * (s + u * s * (1 - s))", "du = da * (s + s * (1 - s))", "du"),
        (
            "dx = inv * (dxh - dxh.mean(axis=1, keepdims=True) - xh * (dxh * xh).mean(axis=1, keepdims=True))",
            "dx = inv * (dxh - xh * (dxh * xh).mean(axis=1, keepdims=True))",
            "dx",
        ),
    ],
    p_rl,
    d_rl,
)
double(
    "double_tied_ae",
    TIEDAE,
    [
        (
            "drho_hat = 0.5 * (-rho / rho_hat + (1 - rho) / (1 - rho_hat))",
            "drho_hat = 0.5 * (-rho / rho_hat - (1 - rho) / (1 - rho_hat))",
            "drho_hat",
        ),
        ("db = np.sum(dZ, axis=1, keepdims=True)", "db = np.mean(dZ, axis=1, keepdims=True)", "db"),
    ],
    p_ta,
    d_ta,
)
double(
    "double_huber_quantile",
    HUBER,
    [
        (
            "dr = np.where(small, r, delta * np.sign(r)) / N",
            "dr = np.where(small, 0.5 * r, delta * np.sign(r)) / N",
            "dr",
        ),
        ("dq = np.where(e > 0, -tau, 1 - tau) / N", "dq = np.where(e > 0, tau, 1 - tau) / N", "dq"),
    ],
    p_hu,
    d_hu,
)
double(
    "double_attention",
    ATTN,
    [("dV = P.T @ dO", "dV = P @ dO", "dV"), ("dS = dS / np.sqrt(d)", "dS = dS / d", "dS")],
    p_at,
    d_at,
)
double(
    "double_llayer",
    LLAYER,
    [
        ("dZ = dA * s * (1 - s)", "dZ = dA * s", "dZ"),
        (
            "db = 1 / m * np.sum(dZ, axis=1, keepdims=True)",
            "db = np.sum(dZ, axis=1, keepdims=True)",
            "db",
        ),
    ],
    p_ll,
    d_ll,
    **LLM,
)
double(
    "double_scalar",
    SCALAR1,
    [
        ("ds = dg / (1 + s)", "ds = dg * np.log(1 + s)", "ds"),
        ("dc = np.sum(dv * x)", "dc = np.sum(dv)", "dc"),
    ],
    p_s1,
    d_s1,
)
double(
    "double_lstm",
    LSTM,
    [
        ("dot = da_next * np.tanh(c) * ot * (1 - ot)", "dot = da_next * c * ot * (1 - ot)", "dot"),
        ("dc_next = dc * ft", "dc_next = dc * it", "dc_next"),
    ],
    p_lstm,
    d_lstm,
)
assert len(DOUBLE) == 15, len(DOUBLE)

# ================================================================ right programs that look wrong
right(
    "right_bn_mean_without_variance_path",
    BN_STEPS.replace(
        "dmu = -1 * np.sum(dxmu1 + dxmu2, axis=0)", "dmu = -1 * np.sum(dxmu1, axis=0)"
    ),
    p_bns,
    d_bns,
    why="the second path into the mean sums to zero because xmu sums to zero",
)

right(
    "right_cost_is_a_sum",
    """
def forward(X, Y, parameters):
    # cost summed over examples, not averaged; labels in {-1, +1}
    w, b = parameters["w"], parameters["b"]
    z = w @ X + b[0]
    J = np.sum(np.log(1 + np.exp(-Y * z)))
    return J, z

def backward(X, Y, parameters, cache):
    z = cache
    m = X.shape[1]
    dw = np.zeros(X.shape[0])
    db = np.zeros(1)
    for i in range(m):
        a = 1 / (1 + np.exp(Y[i] * z[i]))
        dz = -Y[i] * a
        dw += dz * X[:, i]
        db += dz
    grads = {"dw": dw, "db": db}
    return grads
""",
    lambda r: dict(w=r.randn(3), b=r.randn(1)),
    lambda r: (r.randn(3, 6), np.array([1.0, -1.0, -1.0, 1.0, 1.0, -1.0])),
    why="no 1/m because the cost is a sum; sigmoid of minus the margin",
)

right(
    "right_scale_in_query",
    """
def forward(X, Y, parameters):
    Wq, Wk, Wv = parameters["Wq"], parameters["Wk"], parameters["Wv"]
    d = Wq.shape[1]
    Q = (X @ Wq) / np.sqrt(d)
    K = X @ Wk
    V = X @ Wv
    S = Q @ K.T
    E = np.exp(S)
    P = E / E.sum(axis=1, keepdims=True)
    out = P @ V
    J = np.mean((out - Y) ** 2)
    return J, (Q, K, V, P, out)

def backward(X, Y, parameters, cache):
    Q, K, V, P, out = cache
    d = Q.shape[1]
    dout = 2 * (out - Y) / Y.size
    dV = P.T @ dout
    dS = np.zeros_like(P)
    for i in range(len(P)):
        dp = V @ dout[i]
        jac = np.diag(P[i]) - np.outer(P[i], P[i])
        dS[i] = jac @ dp
    dK = dS.T @ Q
    dQ = dS @ K / np.sqrt(d)
    dWq = X.T @ dQ
    dWk = X.T @ dK
    dWv = X.T @ dV
    return {"dWq": dWq, "dWk": dWk, "dWv": dWv}
""",
    lambda r: dict(Wq=r.randn(3, 2), Wk=r.randn(3, 2), Wv=r.randn(3, 4)),
    lambda r: (r.randn(5, 3), r.randn(5, 4)),
    why="only dQ is divided by sqrt(d): the cached Q carries the scale already",
)

right(
    "right_inverted_mask_folded",
    """
keep = 0.75

def forward(X, Y, parameters):
    rng = np.random.RandomState(3)
    W1, W2 = parameters["W1"], parameters["W2"]
    Z = W1 @ X
    A = np.maximum(Z, 0)
    M = (rng.rand(*A.shape) < keep) / keep
    A = A * M
    out = W2 @ A
    J = 0.5 * np.sum((out - Y) ** 2) / X.shape[1]
    return J, (A, M, out)

def backward(X, Y, parameters, cache):
    A, M, out = cache
    m = X.shape[1]
    dout = out - Y
    dW2 = dout @ A.T / m
    dA = parameters["W2"].T @ dout
    dA = dA * M
    dZ = np.where(A > 0, dA, 0)
    dW1 = dZ @ X.T / m
    return {"dW1": dW1, "dW2": dW2}
""",
    lambda r: dict(W1=r.randn(5, 3), W2=r.randn(2, 5)),
    lambda r: (r.randn(3, 6), r.randn(2, 6)),
    why="mask already carries 1/keep; relu mask from the dropped activation is the same where the mask is on",
)

right(
    "right_bias_before_batchnorm",
    """
def forward(X, Y, parameters):
    W, b, gamma, beta = [parameters[k] for k in ("W", "b", "gamma", "beta")]
    Z = X @ W + b
    Zc = Z - Z.mean(axis=0)
    var = (Zc ** 2).sum(axis=0) / (len(X) - 1)
    s = 1 / np.sqrt(var + 1e-3)
    N = Zc * s
    out = gamma * N + beta
    J = np.mean(np.log(np.cosh(out - Y)))
    return J, (N, s, out)

def backward(X, Y, parameters, cache):
    N, s, out = cache
    m = len(X)
    dout = np.tanh(out - Y) / Y.size
    dgamma = np.sum(dout * N, axis=0)
    dbeta = np.sum(dout, axis=0)
    dN = dout * parameters["gamma"]
    dZ = s * (dN - dN.mean(axis=0) - N * np.sum(dN * N, axis=0) / (m - 1))
    dW = X.T @ dZ
    db = np.zeros_like(parameters["b"])
    return {"dW": dW, "db": db, "dgamma": dgamma, "dbeta": dbeta}
""",
    lambda r: dict(W=r.randn(3, 4), b=r.randn(4), gamma=r.randn(4), beta=r.randn(4)),
    lambda r: (r.randn(6, 3), r.randn(6, 4)),
    why="bias before batch norm has zero gradient; variance with N-1",
)

right(
    "right_l2_on_bias",
    """
lam = 0.25

def forward(X, y, parameters):
    W, b = parameters["W"], parameters["b"]
    S = X @ W + b
    lse = np.log(np.exp(S).sum(axis=1))
    N = len(y)
    J = np.mean(lse - S[np.arange(N), y])
    J = J + lam * (np.sum(W ** 2) + np.sum(b ** 2))
    return J, (S, lse)

def backward(X, y, parameters, cache):
    S, lse = cache
    W, b = parameters["W"], parameters["b"]
    N = len(y)
    G = np.exp(S - lse[:, None])
    for i in range(N):
        G[i, y[i]] -= 1
    dW = 2 * lam * W
    db = 2 * lam * b
    for i in range(N):
        dW = dW + np.outer(X[i], G[i]) / N
        db = db + G[i] / N
    return dict(dW=dW, db=db)
""",
    lambda r: dict(W=r.randn(4, 3), b=r.randn(3)),
    lambda r: (r.randn(6, 4), r.randint(0, 3, 6)),
    why="the penalty includes the bias and has no 0.5",
)

right(
    "right_soft_targets_not_normalized",
    """
def forward(X, T, parameters):
    # targets are counts: rows of T do not sum to one
    W, b = parameters["W"], parameters["b"]
    S = X @ W + b
    shift = S.max(axis=1, keepdims=True)
    E = np.exp(S - shift)
    P = E / E.sum(axis=1, keepdims=True)
    J = -np.sum(T * np.log(P)) / np.sum(T)
    return J, P

def backward(X, T, parameters, cache):
    P = cache
    total = T.sum(axis=1, keepdims=True)
    dS = P * total - T
    dS /= T.sum()
    dW = X.T @ dS
    db = dS.sum(axis=0)
    return {"dW": dW, "db": db}
""",
    lambda r: dict(W=r.randn(4, 3), b=r.randn(3)),
    lambda r: (r.randn(5, 4), 1.0 + r.poisson(2, (5, 3))),
    why="P times the row total instead of P; the shift by the maximum is rightly ignored",
)

right(
    "right_rnn_last_step",
    """
def forward(X, y, parameters):
    Wx, Wh, b, w = [parameters[k] for k in ("Wx", "Wh", "b", "w")]
    T = X.shape[0]
    h = np.zeros(Wh.shape[0])
    H = [h]
    for t in range(T):
        h = np.tanh(Wx @ X[t] + Wh @ h + b)
        H.append(h)
    out = w @ h
    J = (out - y[0]) ** 2
    return J, (H, out)

def backward(X, y, parameters, cache):
    H, out = cache
    Wx, Wh, b, w = [parameters[k] for k in ("Wx", "Wh", "b", "w")]
    dout = 2 * (out - y[0])
    dw = dout * H[-1]
    delta = dout * w
    dWx, dWh, db = 0 * Wx, 0 * Wh, 0 * b
    for t in range(len(X))[::-1]:
        delta = delta * (1 - H[t + 1] ** 2)
        dWx += np.outer(delta, X[t])
        dWh += np.outer(delta, H[t])
        db += delta
        delta = delta @ Wh
    return {"dWx": dWx, "dWh": dWh, "db": db, "dw": dw}
""",
    lambda r: dict(Wx=r.randn(4, 2), Wh=r.randn(4, 4), b=r.randn(4), w=r.randn(4)),
    lambda r: (r.randn(5, 2), r.randn(1)),
    why="H is shifted by one, so H[t] is the previous state; delta @ Wh is the transpose",
)

right(
    "right_key_bias",
    MHA.replace(
        'k = split(X @ params["Wk"])', 'k = split(X @ params["Wk"] + params["bk"])'
    ).replace(
        'grads["dWk"] = X.T @ dkm',
        'grads["dWk"] = X.T @ dkm\n    grads["dbk"] = np.zeros_like(params["bk"])',
    ),
    lambda r: dict(p_mha(r), bk=r.randn(6)),
    d_mha,
    why="a bias on the keys shifts all scores of a row: gradient is zero",
)

right(
    "right_swapped_names",
    """
def forward(X, Y, parameters):
    W1, W2, W3 = parameters["W1"], parameters["W2"], parameters["W3"]
    A1 = np.sin(W1 @ X)
    A2 = np.cos(W2 @ A1)
    A3 = W3 @ A2
    J = np.sum((A3 - Y) ** 2) / (2 * X.shape[1])
    return J, (A1, A2, A3)

def backward(X, Y, parameters, cache):
    A1, A2, A3 = cache
    W1, W2, W3 = parameters["W1"], parameters["W2"], parameters["W3"]
    dX = (A3 - Y) / X.shape[1]
    out = []
    dW = dX @ A2.T
    out.append(dW)
    dX = W3.T @ dX
    dX = -dX * np.sin(W2 @ A1)
    dW = dX @ A1.T
    out.append(dW)
    dX = W2.T @ dX
    dX = dX * np.cos(W1 @ X)
    dW = dX @ X.T
    out.append(dW)
    dW3, dW2, dW1 = out
    return {"dW1": dW1, "dW2": dW2, "dW3": dW3}
""",
    lambda r: dict(W1=r.randn(4, 3), W2=r.randn(4, 4), W3=r.randn(2, 4)),
    lambda r: (r.randn(3, 5), r.randn(2, 5)),
    why="one variable reused for every layer, recomputed pre-activations, reversed list",
)

right(
    "right_conv_flipped_kernel",
    """
def correlate(x, k):
    n = len(x) - len(k) + 1
    return np.array([x[i:i + len(k)] @ k for i in range(n)])

def forward(x, target, parameters):
    k1, k2, b = parameters["k1"], parameters["k2"], parameters["b"]
    z1 = correlate(x, k1) + b[0]
    a1 = z1 ** 2
    z2 = correlate(a1, k2)
    e = z2 - target
    J = 0.5 * e @ e
    return J, (z1, a1, e)

def backward(x, target, parameters, cache):
    z1, a1, e = cache
    k1, k2 = parameters["k1"], parameters["k2"]
    dz2 = e
    dk2 = correlate(a1, dz2)
    padded = np.pad(dz2, len(k2) - 1)
    da1 = correlate(padded, k2[::-1])
    dz1 = 2 * z1 * da1
    dk1 = correlate(x, dz1)
    db = np.array([dz1.sum()])
    return {"dk1": dk1, "dk2": dk2, "db": db}
""",
    lambda r: dict(k1=0.6 * r.randn(3), k2=r.randn(2), b=r.randn(1)),
    lambda r: (r.randn(9), r.randn(6)),
    why="full correlation with the flipped kernel is the transpose",
)

right(
    "right_symmetric_energy",
    """
def forward(V, Hid, parameters):
    # energy of given states under a symmetrized coupling matrix
    J0, h, U = parameters["J0"], parameters["h"], parameters["U"]
    A = (J0 + J0.T) / 2
    A = A - np.diag(np.diag(A))
    E = -0.5 * np.einsum("ni,ij,nj->n", V, A, V) - V @ h - np.sum((V @ U) * Hid, axis=1)
    J = np.mean(np.exp(0.1 * E))
    return J, (A, E)

def backward(V, Hid, parameters, cache):
    A, E = cache
    N = len(V)
    dE = 0.1 * np.exp(0.1 * E) / N
    dA = -0.5 * (V * dE[:, None]).T @ V
    np.fill_diagonal(dA, 0)
    dJ0 = dA
    dh = -V.T @ dE
    dU = -V.T @ (dE[:, None] * Hid)
    return {"dJ0": dJ0, "dh": dh, "dU": dU}
""",
    lambda r: dict(J0=r.randn(4, 4), h=r.randn(4), U=r.randn(4, 3)),
    lambda r: (np.sign(r.randn(5, 4)), np.sign(r.randn(5, 3))),
    why="dA is symmetric, so symmetrizing it again is not needed; the diagonal has no gradient",
)

right(
    "right_maximized_objective",
    """
def forward(X, y, parameters):
    # log likelihood is to be maximized, J is its negative; exponential waiting times
    W, v, b = parameters["W"], parameters["v"], parameters["b"]
    H = np.arctan(X @ W)
    eta = H @ v + b[0]
    loglik = np.sum(eta - np.exp(eta) * y)
    prior = -0.5 * np.sum(v ** 2)
    J = -(loglik + prior)
    return J, (H, eta)

def backward(X, y, parameters, cache):
    W, v = parameters["W"], parameters["v"]
    H, eta = cache
    score = 1 - y * np.exp(eta)
    up_v = score @ H - v
    up_b = np.sum(score)
    dA = np.outer(score, v) * np.cos(H) ** 2
    up_W = X.T @ dA
    return {"dW": -up_W, "dv": -up_v, "db": np.array([-up_b])}
""",
    lambda r: dict(W=r.randn(3, 4), v=0.5 * r.randn(4), b=r.randn(1)),
    lambda r: (r.randn(6, 3), r.exponential(1, 6)),
    why="ascent direction negated at the end; arctan' written as cos^2 of the angle",
)

right(
    "right_value_class",
    """
class Node:
    def __init__(self, val, parents=()):
        self.val, self.parents, self.grad = val, parents, 0.0
    def __add__(self, o):
        return Node(self.val + o.val, ((self, 1.0), (o, 1.0)))
    def __mul__(self, o):
        return Node(self.val * o.val, ((self, o.val), (o, self.val)))
    def tanh(self):
        t = np.tanh(self.val)
        return Node(t, ((self, 1 - t * t),))
    def inv(self):
        return Node(1 / self.val, ((self, -1 / self.val ** 2),))

def forward(x, parameters):
    nodes = {k: Node(float(v[0])) for k, v in parameters.items()}
    total = Node(0.0)
    for xi in x:
        s = nodes["a"] * nodes["b"] + nodes["c"] * Node(xi)
        q = (s * s) + Node(1.0)
        y = s * nodes["d"].tanh() * q.inv()
        total = total + y * y
    return total.val, (total, nodes)

def backward(x, parameters, cache):
    total, nodes = cache
    for node in nodes.values():
        node.grad = 0.0
    stack = [(total, 1.0)]
    while stack:
        node, g = stack.pop()
        node.grad += g
        for parent, local in node.parents:
            stack.append((parent, g * local))
    return {"d" + k: np.array([n.grad]) for k, n in nodes.items()}
""",
    lambda r: {k: r.randn(1) for k in "abcd"},
    lambda r: (r.randn(3),),
    why="no topological order: every path is walked separately, which is right though slow",
)

right(
    "right_clip_not_active",
    """
def forward(X, Y, parameters):
    W1, b1, W2 = parameters["W1"], parameters["b1"], parameters["W2"]
    Z = W1 @ X + b1
    A = Z / (1 + np.abs(Z))
    out = W2 @ A
    J = np.mean(np.sqrt(1 + (out - Y) ** 2) - 1)
    return J, (Z, A, out)

def backward(X, Y, parameters, cache):
    Z, A, out = cache
    r = out - Y
    dout = r / np.sqrt(1 + r * r) / Y.size
    dW2 = dout @ A.T
    dA = np.clip(parameters["W2"].T @ dout, -1e3, 1e3)
    dZ = dA * (1 - np.abs(A)) ** 2
    dW1 = dZ @ X.T
    db1 = dZ.sum(axis=1, keepdims=True)
    grads = {"dW1": dW1, "db1": db1, "dW2": dW2}
    total = np.sqrt(sum(np.sum(g ** 2) for g in grads.values()))
    factor = min(1.0, 1e4 / (total + 1e-12))
    return {k: g * factor for k, g in grads.items()}
""",
    lambda r: dict(W1=r.randn(4, 3), b1=r.randn(4, 1), W2=r.randn(2, 4)),
    lambda r: (r.randn(3, 6), r.randn(2, 6)),
    why="clipping never acts; softsign' = (1 - |a|)^2",
)

right(
    "right_projection_once",
    """
def forward(X, y, parameters):
    # residual after projecting out the columns of C
    w, b = parameters["w"], parameters["b"]
    N = len(y)
    C = np.stack([np.ones(N), np.arange(N) * 1.0], axis=1)
    Proj = np.eye(N) - C @ np.linalg.inv(C.T @ C) @ C.T
    f = np.exp(X @ w * 0.3) + b[0]
    res = Proj @ (y - f)
    J = 0.5 * res @ res
    return J, (res, f)

def backward(X, y, parameters, cache):
    res, f = cache
    df = -res
    dw = 0.3 * X.T @ (df * (f - parameters["b"][0]))
    db = np.zeros(1)
    return {"dw": dw, "db": db}
""",
    lambda r: dict(w=r.randn(3), b=r.randn(1)),
    lambda r: (r.randn(6, 3), r.randn(6)),
    why="projection is symmetric and idempotent, so it is not applied again; the constant is projected out",
)

right(
    "right_ridge_solution_adjoint",
    """
def forward(X, y, Xv, yv, parameters):
    # validation loss of a ridge fit, differentiated with respect to penalties and feature scales
    s, loglam = parameters["s"], parameters["loglam"]
    F = X * s
    A = F.T @ F + np.diag(np.exp(loglam))
    w = np.linalg.solve(A, F.T @ y)
    r = (Xv * s) @ w - yv
    J = np.mean(r ** 2)
    return J, (F, A, w, r)

def backward(X, y, Xv, yv, parameters, cache):
    F, A, w, r = cache
    s, loglam = parameters["s"], parameters["loglam"]
    dr = 2 * r / len(r)
    ds = (Xv.T @ dr) * w
    dw = s * (Xv.T @ dr)
    adj = np.linalg.solve(A, dw)
    dF = np.outer(y - F @ w, adj) - np.outer(F @ adj, w)
    ds = ds + np.sum(dF * X, axis=0)
    dloglam = -adj * w * np.exp(loglam)
    return {"ds": ds, "dloglam": dloglam}
""",
    lambda r: dict(s=1 + r.rand(3), loglam=0.5 * r.randn(3)),
    lambda r: (r.randn(7, 3), r.randn(7), r.randn(5, 3), r.randn(5)),
    why="implicit differentiation through a linear system",
)

right(
    "right_cumsum_backward",
    """
def forward(increments, observed, parameters):
    w, g = parameters["w"], parameters["g"]
    rate = increments @ w
    level = np.cumsum(np.log1p(np.exp(rate)))
    disc = g[0] ** np.arange(len(level))
    e = level - observed
    J = np.sum(disc * e ** 2)
    return J, (rate, level, disc, e)

def backward(increments, observed, parameters, cache):
    rate, level, disc, e = cache
    n = np.arange(len(level))
    g = parameters["g"][0]
    dlevel = 2 * disc * e
    dstep = dlevel[::-1].cumsum()[::-1]
    drate = dstep * (1 - 1 / (1 + np.exp(rate)))
    dw = drate @ increments
    dg = np.sum(n[1:] * g ** n[:-1] * e[1:] ** 2)
    return {"dw": dw, "dg": np.array([dg])}
""",
    lambda r: dict(w=r.randn(3), g=0.6 + 0.3 * r.rand(1)),
    lambda r: (r.randn(6, 3), r.randn(6)),
    why="reversed cumulative sum; power rule started at the second term",
)

right(
    "right_log_variance",
    """
def forward(X, y, parameters):
    w, v = parameters["w"], parameters["v"]
    mu = X @ w
    s = X @ v
    r2 = (y - mu) ** 2 * np.exp(-s)
    J = 0.5 * np.sum(s + r2)
    return J, (mu, s, r2)

def backward(X, y, parameters, cache):
    mu, s, r2 = cache
    precision = np.exp(-s)
    g = (mu - y) * precision
    dw = X.T @ g
    h = (1 - r2) / 2
    dv = h @ X
    return {"dw": dw, "dv": dv}
""",
    lambda r: dict(w=r.randn(3), v=0.5 * r.randn(3)),
    lambda r: (r.randn(6, 3), r.randn(6)),
    why="parameterized by the log variance: no 1/var factors in the derivative",
)

right(
    "right_fortran_order",
    """
def forward(X, Y, parameters):
    K, b = parameters["K"], parameters["b"]
    m, h, w = X.shape
    flat = X.reshape(m, -1, order="F")
    Kv = K.ravel(order="F")
    z = flat @ Kv + b[0]
    a = np.exp(-z ** 2)
    J = -np.sum(Y * a) / m
    return J, (flat, z, a)

def backward(X, Y, parameters, cache):
    flat, z, a = cache
    m, h, w = X.shape
    da = -Y / m
    dz = -2 * z * a * da
    dKv = flat.T @ dz
    dK = dKv.reshape(w, h).T
    db = np.array([dz.sum()])
    return {"dK": dK, "db": db}
""",
    lambda r: dict(K=0.4 * r.randn(2, 3), b=r.randn(1)),
    lambda r: (r.randn(5, 2, 3), r.randn(5)),
    why="column-major flattening undone by reshape(w, h).T",
)

right(
    "right_maxpool_argmax",
    """
def forward(X, Y, parameters):
    s, w = parameters["s"], parameters["w"]
    m, H, W = X.shape
    Z = X * s
    blocks = Z.reshape(m, H // 2, 2, W // 2, 2).swapaxes(2, 3).reshape(m, H // 2, W // 2, 4)
    idx = blocks.argmax(axis=-1)
    P = blocks.max(axis=-1)
    pred = P.reshape(m, -1) @ w
    J = np.sum(np.abs(pred - Y))
    return J, (idx, P, pred)

def backward(X, Y, parameters, cache):
    s, w = parameters["s"], parameters["w"]
    idx, P, pred = cache
    m, h2, w2 = P.shape
    dpred = np.where(pred > Y, 1.0, -1.0)
    dw = P.reshape(m, -1).T @ dpred
    dP = (dpred[:, None] * w).reshape(P.shape)
    dZ = np.zeros_like(X)
    n, i, j = np.indices(P.shape)
    dZ[n, 2 * i + idx // 2, 2 * j + idx % 2] = dP
    ds = np.sum(dZ * X, axis=0)
    return {"ds": ds, "dw": dw}
""",
    lambda r: dict(s=r.randn(4, 6), w=r.randn(6)),
    lambda r: (r.randn(3, 4, 6), r.randn(3)),
    why="assignment instead of accumulation is right: windows do not overlap",
)

right(
    "right_shared_bilinear",
    """
def forward(U, V, parameters):
    # the same matrix on both sides: score = u' W W' v, with a temperature
    W, logt = parameters["W"], parameters["logt"]
    a = U @ W
    b = V @ W
    S = a @ b.T * np.exp(logt[0])
    S = S - S.max()
    L = S - np.log(np.exp(S).sum(axis=1, keepdims=True))
    J = -np.trace(L) / len(U)
    return J, (a, b, S, L)

def backward(U, V, parameters, cache):
    a, b, S, L = cache
    W, logt = parameters["W"], parameters["logt"]
    t = np.exp(logt[0])
    G = (np.exp(L) - np.eye(len(U))) / len(U)
    M = U.T @ G @ V
    dW = t * (M @ W + M.T @ W)
    dlogt = np.array([np.sum(G * S)])
    return {"dW": dW, "dlogt": dlogt}
""",
    lambda r: dict(W=r.randn(3, 4), logt=-1 + 0.3 * r.randn(1)),
    lambda r: (r.randn(5, 3), r.randn(5, 3)),
    why="shifted scores in the temperature gradient are fine since rows of G sum to zero",
)

right(
    "right_heat_symmetric",
    """
def forward(init, target, parameters):
    u = init * parameters["amp"]
    n = len(u)
    Lap = np.diag(-2 * np.ones(n)) + np.diag(np.ones(n - 1), 1) + np.diag(np.ones(n - 1), -1)
    M = np.eye(n) + 0.2 * Lap
    src = parameters["src"]
    for k in range(6):
        u = M @ u + src
    J = np.sum((u - target) ** 4)
    return J, (M, u)

def backward(init, target, parameters, cache):
    M, u = cache
    p = 4 * (u - target) ** 3
    dsrc = np.zeros_like(p)
    for k in range(6):
        dsrc += p
        p = M @ p
    damp = init * p
    return {"damp": damp, "dsrc": dsrc}
""",
    lambda r: dict(amp=r.randn(6), src=0.2 * r.randn(6)),
    lambda r: (r.randn(6), r.randn(6)),
    why="the matrix is symmetric, no transpose needed; source accumulated before the step",
)

right(
    "right_highway_one_minus_gate",
    """
def forward(X, Y, parameters):
    Wt, Wh, bt = parameters["Wt"], parameters["Wh"], parameters["bt"]
    T = 0.5 * (np.tanh(0.5 * (X @ Wt + bt)) + 1)
    H = np.tanh(X @ Wh)
    out = X + T * (H - X)
    T2 = 0.5 * (np.tanh(0.5 * (out @ Wt + bt)) + 1)
    H2 = np.tanh(out @ Wh)
    out2 = out + T2 * (H2 - out)
    J = np.sum((out2 - Y) ** 2) / (2 * len(X))
    return J, (T, H, out, T2, H2, out2)

def backward(X, Y, parameters, cache):
    T, H, out, T2, H2, out2 = cache
    Wt, Wh = parameters["Wt"], parameters["Wh"]
    d2 = (out2 - Y) / len(X)
    gt2 = d2 * (H2 - out) * T2 * (1 - T2)
    gh2 = d2 * T2 * (1 - H2) * (1 + H2)
    d1 = d2 - d2 * T2 + gt2 @ Wt.T + gh2 @ Wh.T
    gt1 = d1 * (H - X) * T * (1 - T)
    gh1 = d1 * T * (1 - H) * (1 + H)
    dWt = X.T @ gt1 + out.T @ gt2
    dWh = X.T @ gh1 + out.T @ gh2
    dbt = (gt1 + gt2).sum(axis=0)
    return {"dWt": dWt, "dWh": dWh, "dbt": dbt}
""",
    lambda r: dict(Wt=r.randn(3, 3), Wh=r.randn(3, 3), bt=r.randn(3)),
    lambda r: (r.randn(5, 3), r.randn(5, 3)),
    why="sigmoid written by tanh; weights shared by two layers; (1-h)(1+h)",
)

right(
    "right_perceptron_margin",
    """
def forward(X, y, parameters):
    # averaged perceptron criterion on normalized scores; scale invariance in w
    w, b = parameters["w"], parameters["b"]
    norm = np.sqrt(w @ w)
    unit = w / norm
    margin = y * (X @ unit + b[0])
    loss = np.where(margin <= 0, -margin, 0) + 0.5 * (margin - 1) ** 2
    J = loss.mean()
    return J, (norm, unit, margin)

def backward(X, y, parameters, cache):
    norm, unit, margin = cache
    mistakes = margin <= 0
    dmargin = margin - 1
    dmargin[mistakes] -= 1
    dmargin = dmargin * y / len(y)
    db = np.array([dmargin.sum()])
    dunit = X.T @ dmargin
    tangent = dunit - (dunit @ unit) * unit
    dw = tangent / norm
    return {"dw": dw, "db": db}
""",
    lambda r: dict(w=r.randn(4), b=r.randn(1)),
    lambda r: (r.randn(7, 4), np.array([1.0, -1.0, 1.0, -1.0, -1.0, 1.0, 1.0])),
    why="projection on the tangent space is the derivative of normalization",
)
assert len(RIGHT) == 25, len(RIGHT)
