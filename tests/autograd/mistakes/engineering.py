"""The same in layers and losses as engineers write them, and in course exercises."""

import numpy as np

from tests.autograd.mistakes.bank import Bank

BANK = Bank()
CASES, RIGHT, DOUBLE = BANK.cases, BANK.rights, BANK.doubles
case, right, double = BANK.case, BANK.right, BANK.double


def P(_s=1.0, **shapes):
    """parameters ~ _s * N(0,1) of the given shapes"""
    return lambda r: {k: _s * r.randn(*s) for k, s in shapes.items()}


# ---------------------------------------------------------------- Andrew Ng's course
PLANAR = """
def forward(X, Y, parameters):
    W1, b1 = parameters["W1"], parameters["b1"]
    W2, b2 = parameters["W2"], parameters["b2"]
    Z1 = np.dot(W1, X) + b1
    A1 = np.tanh(Z1)
    Z2 = np.dot(W2, A1) + b2
    A2 = 1 / (1 + np.exp(-Z2))
    logprobs = np.multiply(np.log(A2), Y) + np.multiply(np.log(1 - A2), 1 - Y)
    cost = -np.sum(logprobs) / Y.shape[1]
    cache = {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2}
    return float(cost), cache

def backward(X, Y, parameters, cache):
    m = X.shape[1]
    W1 = parameters["W1"]
    W2 = parameters["W2"]
    Z1, A1, A2 = cache["Z1"], cache["A1"], cache["A2"]
    dZ2 = A2 - Y
    dW2 = (1 / m) * np.dot(dZ2, A1.T)
    db2 = (1 / m) * np.sum(dZ2, axis=1, keepdims=True)
    dZ1 = np.multiply(np.dot(W2.T, dZ2), 1 - np.power(A1, 2))
    dW1 = (1 / m) * np.dot(dZ1, X.T)
    db1 = (1 / m) * np.sum(dZ1, axis=1, keepdims=True)
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}
"""
planar_p = P(W1=(4, 2), b1=(4, 1), W2=(1, 4), b2=(1, 1))
planar_d = lambda r: (r.randn(2, 7), (r.rand(1, 7) > 0.5).astype(float))
case(
    "planar-m-rows",
    PLANAR,
    "m = X.shape[1]",
    "m = X.shape[0]",
    "m",
    "the number of features taken for the number of examples",
    planar_p,
    planar_d,
)
case(
    "planar-tanh-of-z",
    PLANAR,
    "dZ1 = np.multiply(np.dot(W2.T, dZ2), 1 - np.power(A1, 2))",
    "dZ1 = np.multiply(np.dot(W2.T, dZ2), 1 - np.power(Z1, 2))",
    "dZ1",
    "tanh' written in terms of A but given Z",
    planar_p,
    planar_d,
)

LLAYER = """
def linear_activation_forward(A_prev, W, b, activation):
    Z = np.dot(W, A_prev) + b
    if activation == "sigmoid":
        A = 1 / (1 + np.exp(-Z))
    else:
        A = np.maximum(0, Z)
    return A, ((A_prev, W, b), Z)

def forward(X, parameters):
    caches = []
    A = X
    L = len(parameters) // 2
    for l in range(1, L):
        A, cache = linear_activation_forward(A, parameters["W" + str(l)], parameters["b" + str(l)], "relu")
        caches.append(cache)
    AL, cache = linear_activation_forward(A, parameters["W" + str(L)], parameters["b" + str(L)], "sigmoid")
    caches.append(cache)
    return AL, caches

def compute_cost(AL, Y):
    m = Y.shape[1]
    cost = (1. / m) * (-np.dot(Y, np.log(AL).T) - np.dot(1 - Y, np.log(1 - AL).T))
    return np.squeeze(cost)

def relu_backward(dA, activation_cache):
    Z = activation_cache
    dZ = np.array(dA, copy=True)
    dZ[Z <= 0] = 0
    return dZ

def sigmoid_backward(dA, activation_cache):
    Z = activation_cache
    s = 1 / (1 + np.exp(-Z))
    dZ = dA * s * (1 - s)
    return dZ

def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dW = (1. / m) * np.dot(dZ, A_prev.T)
    db = (1. / m) * np.sum(dZ, axis=1, keepdims=True)
    dA_prev = np.dot(W.T, dZ)
    return dA_prev, dW, db

def linear_activation_backward(dA, cache, activation):
    linear_cache, activation_cache = cache
    if activation == "relu":
        dZ = relu_backward(dA, activation_cache)
    else:
        dZ = sigmoid_backward(dA, activation_cache)
    return linear_backward(dZ, linear_cache)

def backward(AL, Y, caches):
    grads = {}
    L = len(caches)
    Y = Y.reshape(AL.shape)
    dAL = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))
    dA, grads["dW" + str(L)], grads["db" + str(L)] = linear_activation_backward(dAL, caches[L - 1], "sigmoid")
    for l in reversed(range(L - 1)):
        dA, dW, db = linear_activation_backward(dA, caches[l], "relu")
        grads["dW" + str(l + 1)] = dW
        grads["db" + str(l + 1)] = db
    return grads
"""
ll_p = P(W1=(5, 3), b1=(5, 1), W2=(4, 5), b2=(4, 1), W3=(1, 4), b3=(1, 1), _s=0.7)
ll_d = lambda r: (r.randn(3, 6), (r.rand(1, 6) > 0.5).astype(float))
ll_m = dict(args=("X", "parameters"), loss="compute_cost")
case(
    "llayer-dal-sign",
    LLAYER,
    "dAL = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))",
    "dAL = -(np.divide(Y, AL) + np.divide(1 - Y, 1 - AL))",
    "dAL",
    "sign of the second term of the cross-entropy derivative",
    ll_p,
    ll_d,
    **ll_m,
)
case(
    "llayer-relu-mask-da",
    LLAYER,
    "dZ[Z <= 0] = 0",
    "dZ[dA <= 0] = 0",
    "dZ",
    "relu mask taken from the gradient rather than from Z",
    ll_p,
    ll_d,
    **ll_m,
)

REG = """
def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def forward(X, Y, parameters, lambd=0.7):
    m = X.shape[1]
    Z1 = np.dot(parameters["W1"], X) + parameters["b1"]
    A1 = np.maximum(0, Z1)
    Z2 = np.dot(parameters["W2"], A1) + parameters["b2"]
    A2 = np.maximum(0, Z2)
    Z3 = np.dot(parameters["W3"], A2) + parameters["b3"]
    A3 = sigmoid(Z3)
    cross_entropy = np.sum(-np.log(A3) * Y - np.log(1 - A3) * (1 - Y)) / m
    l2 = sum(np.sum(np.square(parameters[k])) for k in ("W1", "W2", "W3"))
    cost = cross_entropy + lambd / (2 * m) * l2
    return cost, (Z1, A1, Z2, A2, Z3, A3)

def backward(X, Y, parameters, cache, lambd=0.7):
    m = X.shape[1]
    W1, W2, W3 = parameters["W1"], parameters["W2"], parameters["W3"]
    Z1, A1, Z2, A2, Z3, A3 = cache
    dZ3 = A3 - Y
    dW3 = 1. / m * np.dot(dZ3, A2.T) + (lambd * W3) / m
    db3 = 1. / m * np.sum(dZ3, axis=1, keepdims=True)
    dA2 = np.dot(W3.T, dZ3)
    dZ2 = np.multiply(dA2, np.int64(A2 > 0))
    dW2 = 1. / m * np.dot(dZ2, A1.T) + (lambd * W2) / m
    db2 = 1. / m * np.sum(dZ2, axis=1, keepdims=True)
    dA1 = np.dot(W2.T, dZ2)
    dZ1 = np.multiply(dA1, np.int64(A1 > 0))
    dW1 = 1. / m * np.dot(dZ1, X.T) + (lambd * W1) / m
    db1 = 1. / m * np.sum(dZ1, axis=1, keepdims=True)
    return {"dW3": dW3, "db3": db3, "dW2": dW2, "db2": db2, "dW1": dW1, "db1": db1}
"""
reg_p = P(W1=(4, 3), b1=(4, 1), W2=(4, 4), b2=(4, 1), W3=(1, 4), b3=(1, 1), _s=0.8)
reg_d = lambda r: (r.randn(3, 7), (r.rand(1, 7) > 0.5).astype(float))
case(
    "reg-lambda-half",
    REG,
    "dW2 = 1. / m * np.dot(dZ2, A1.T) + (lambd * W2) / m",
    "dW2 = 1. / m * np.dot(dZ2, A1.T) + (lambd * W2) / (2 * m)",
    "dW2",
    "the 2 of lambda/(2m) kept in the derivative",
    reg_p,
    reg_d,
)
case(
    "reg-wrong-a",
    REG,
    "dZ1 = np.multiply(dA1, np.int64(A1 > 0))",
    "dZ1 = np.multiply(dA1, np.int64(A2 > 0))",
    "dZ1",
    "relu mask of the next layer",
    reg_p,
    reg_d,
)

DROP = """
def forward(X, Y, parameters, keep_prob=0.6):
    np.random.seed(1)
    m = X.shape[1]
    Z1 = parameters["W1"] @ X + parameters["b1"]
    A1 = np.maximum(0, Z1)
    D1 = (np.random.rand(*A1.shape) < keep_prob).astype(int)
    A1 = A1 * D1 / keep_prob
    Z2 = parameters["W2"] @ A1 + parameters["b2"]
    A2 = np.tanh(Z2)
    D2 = (np.random.rand(*A2.shape) < keep_prob).astype(int)
    A2drop = A2 * D2 / keep_prob
    Z3 = parameters["W3"] @ A2drop + parameters["b3"]
    A3 = 1 / (1 + np.exp(-Z3))
    cost = -np.sum(Y * np.log(A3) + (1 - Y) * np.log(1 - A3)) / m
    return cost, dict(D1=D1, A1=A1, D2=D2, A2=A2, A2drop=A2drop, A3=A3)

def backward(X, Y, parameters, cache, keep_prob=0.6):
    m = X.shape[1]
    grads = {}
    dZ3 = (cache["A3"] - Y) / m
    grads["dW3"] = dZ3 @ cache["A2drop"].T
    grads["db3"] = dZ3.sum(axis=1, keepdims=True)
    dA2 = parameters["W3"].T @ dZ3
    dA2 = dA2 * cache["D2"]
    dA2 = dA2 / keep_prob
    dZ2 = dA2 * (1 - cache["A2"] ** 2)
    grads["dW2"] = dZ2 @ cache["A1"].T
    grads["db2"] = dZ2.sum(axis=1, keepdims=True)
    dA1 = parameters["W2"].T @ dZ2
    dA1 = dA1 * cache["D1"] / keep_prob
    dZ1 = dA1 * (cache["A1"] > 0)
    grads["dW1"] = dZ1 @ X.T
    grads["db1"] = dZ1.sum(axis=1, keepdims=True)
    return grads
"""
drop_p = P(W1=(5, 3), b1=(5, 1), W2=(5, 5), b2=(5, 1), W3=(1, 5), b3=(1, 1))
case(
    "drop-other-mask",
    DROP,
    'dA1 = dA1 * cache["D1"] / keep_prob',
    'dA1 = dA1 * cache["D2"] / keep_prob',
    "dA1",
    "mask of the other layer",
    drop_p,
    reg_d,
)

NGRNN = """
def rnn_cell_forward(xt, a_prev, parameters):
    a_next = np.tanh(np.dot(parameters["Wax"], xt) + np.dot(parameters["Waa"], a_prev) + parameters["ba"])
    return a_next, (a_next, a_prev, xt)

def forward(x, Y, parameters):
    n_x, m, T_x = x.shape
    a_next = parameters["a0"]
    caches = []
    a = np.zeros((a_next.shape[0], m, T_x))
    for t in range(T_x):
        a_next, cache = rnn_cell_forward(x[:, :, t], a_next, parameters)
        a[:, :, t] = a_next
        caches.append(cache)
    J = 0.5 * np.sum((a - Y) ** 2) / m
    return J, (caches, a)

def rnn_cell_backward(da_next, cache, parameters):
    a_next, a_prev, xt = cache
    dz = (1 - a_next ** 2) * da_next
    dWax = np.dot(dz, xt.T)
    da_prev = np.dot(parameters["Waa"].T, dz)
    dWaa = np.dot(dz, a_prev.T)
    dba = np.sum(dz, axis=1, keepdims=True)
    return {"da_prev": da_prev, "dWax": dWax, "dWaa": dWaa, "dba": dba}

def backward(x, Y, parameters, cache):
    caches, a = cache
    n_a, m, T_x = a.shape
    da = (a - Y) / m
    dWax = np.zeros_like(parameters["Wax"])
    dWaa = np.zeros_like(parameters["Waa"])
    dba = np.zeros((n_a, 1))
    da_prevt = np.zeros((n_a, m))
    for t in reversed(range(T_x)):
        gradients = rnn_cell_backward(da[:, :, t] + da_prevt, caches[t], parameters)
        da_prevt = gradients["da_prev"]
        dWax += gradients["dWax"]
        dWaa += gradients["dWaa"]
        dba += gradients["dba"]
    da0 = da_prevt
    return {"da0": da0, "dWax": dWax, "dWaa": dWaa, "dba": dba}
"""
ngrnn_p = P(Wax=(4, 3), Waa=(4, 4), ba=(4, 1), a0=(4, 2), _s=0.6)
ngrnn_d = lambda r: (r.randn(3, 2, 5), r.randn(4, 2, 5))
case(
    "ngrnn-dwaa-anext",
    NGRNN,
    "dWaa = np.dot(dz, a_prev.T)",
    "dWaa = np.dot(dz, a_next.T)",
    "dWaa",
    "new hidden state rather than the previous one",
    ngrnn_p,
    ngrnn_d,
)

NGLSTM = """
def sigmoid(x):
    return 1 / (1 + np.exp(-x))

def lstm_cell_forward(xt, a_prev, c_prev, p):
    concat = np.concatenate((a_prev, xt), axis=0)
    ft = sigmoid(p["Wf"] @ concat + p["bf"])
    it = sigmoid(p["Wi"] @ concat + p["bi"])
    cct = np.tanh(p["Wc"] @ concat + p["bc"])
    c_next = ft * c_prev + it * cct
    ot = sigmoid(p["Wo"] @ concat + p["bo"])
    a_next = ot * np.tanh(c_next)
    return a_next, c_next, (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt)

def forward(x, Y, parameters):
    n_x, m, T_x = x.shape
    n_a = parameters["bf"].shape[0]
    a_next, c_next = np.zeros((n_a, m)), np.zeros((n_a, m))
    a, caches = np.zeros((n_a, m, T_x)), []
    for t in range(T_x):
        a_next, c_next, cache = lstm_cell_forward(x[:, :, t], a_next, c_next, parameters)
        a[:, :, t] = a_next
        caches.append(cache)
    return 0.5 * np.sum((a - Y) ** 2), (a, caches)

def lstm_cell_backward(da_next, dc_next, cache, p):
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt = cache
    n_a = a_next.shape[0]
    dot = da_next * np.tanh(c_next) * ot * (1 - ot)
    dcct = (dc_next * it + ot * (1 - np.square(np.tanh(c_next))) * it * da_next) * (1 - np.square(cct))
    dit = (dc_next * cct + ot * (1 - np.square(np.tanh(c_next))) * cct * da_next) * it * (1 - it)
    dft = (dc_next * c_prev + ot * (1 - np.square(np.tanh(c_next))) * c_prev * da_next) * ft * (1 - ft)
    concat = np.concatenate((a_prev, xt), axis=0)
    g = {"dWf": dft @ concat.T, "dWi": dit @ concat.T, "dWc": dcct @ concat.T, "dWo": dot @ concat.T}
    for name, d in (("dbf", dft), ("dbi", dit), ("dbc", dcct), ("dbo", dot)):
        g[name] = np.sum(d, axis=1, keepdims=True)
    da_prev = p["Wf"][:, :n_a].T @ dft + p["Wi"][:, :n_a].T @ dit + p["Wc"][:, :n_a].T @ dcct + p["Wo"][:, :n_a].T @ dot
    dc_prev = dc_next * ft + ot * (1 - np.square(np.tanh(c_next))) * ft * da_next
    return da_prev, dc_prev, g

def backward(x, Y, parameters, cache):
    a, caches = cache
    da = a - Y
    grads = {"d" + k: np.zeros_like(v) for k, v in parameters.items()}
    da_prevt = np.zeros(a.shape[:2])
    dc_prevt = np.zeros(a.shape[:2])
    for t in reversed(range(x.shape[2])):
        da_prevt, dc_prevt, g = lstm_cell_backward(da[:, :, t] + da_prevt, dc_prevt, caches[t], parameters)
        for k in g:
            grads[k] += g[k]
    return grads
"""
nglstm_p = P(Wf=(3, 5), bf=(3, 1), Wi=(3, 5), bi=(3, 1), Wc=(3, 5), bc=(3, 1), Wo=(3, 5), bo=(3, 1))
nglstm_d = lambda r: (r.randn(2, 4, 4), r.randn(3, 4, 4))
case(
    "nglstm-dcprev-path",
    NGLSTM,
    "dc_prev = dc_next * ft + ot * (1 - np.square(np.tanh(c_next))) * ft * da_next",
    "dc_prev = dc_next * ft",
    "dc_prev",
    "path of da_next through tanh(c_next) forgotten",
    nglstm_p,
    nglstm_d,
)
case(
    "nglstm-dft-cnext",
    NGLSTM,
    "dft = (dc_next * c_prev + ot * (1 - np.square(np.tanh(c_next))) * c_prev * da_next) * ft * (1 - ft)",
    "dft = (dc_next * c_prev + ot * (1 - np.square(np.tanh(c_next))) * c_next * da_next) * ft * (1 - ft)",
    "dft",
    "c_next for c_prev in the forget gate",
    nglstm_p,
    nglstm_d,
)

NGCONV = """
def zero_pad(X, pad):
    return np.pad(X, ((0, 0), (pad, pad), (pad, pad), (0, 0)), mode="constant")

def conv_forward(A_prev, W, b, stride, pad):
    m, n_H_prev, n_W_prev, n_C_prev = A_prev.shape
    f, f, n_C_prev, n_C = W.shape
    n_H = int((n_H_prev - f + 2 * pad) / stride) + 1
    n_W = int((n_W_prev - f + 2 * pad) / stride) + 1
    Z = np.zeros((m, n_H, n_W, n_C))
    A_prev_pad = zero_pad(A_prev, pad)
    for h in range(n_H):
        for w in range(n_W):
            a_slice_prev = A_prev_pad[:, h * stride:h * stride + f, w * stride:w * stride + f, :]
            Z[:, h, w, :] = np.tensordot(a_slice_prev, W, 3) + b[0, 0, 0]
    return Z, (A_prev, W, b, stride, pad)

def conv_backward(dZ, cache):
    A_prev, W, b, stride, pad = cache
    m, n_H, n_W, n_C = dZ.shape
    f = W.shape[0]
    dA_prev = np.zeros(A_prev.shape)
    dW = np.zeros(W.shape)
    db = np.zeros(b.shape)
    A_prev_pad = zero_pad(A_prev, pad)
    dA_prev_pad = zero_pad(dA_prev, pad)
    for i in range(m):
        a_prev_pad = A_prev_pad[i]
        da_prev_pad = dA_prev_pad[i]
        for h in range(n_H):
            for w in range(n_W):
                for c in range(n_C):
                    vert_start = h * stride
                    vert_end = vert_start + f
                    horiz_start = w * stride
                    horiz_end = horiz_start + f
                    a_slice = a_prev_pad[vert_start:vert_end, horiz_start:horiz_end, :]
                    da_prev_pad[vert_start:vert_end, horiz_start:horiz_end, :] += W[:, :, :, c] * dZ[i, h, w, c]
                    dW[:, :, :, c] += a_slice * dZ[i, h, w, c]
                    db[:, :, :, c] += dZ[i, h, w, c]
        n_Hp, n_Wp = A_prev.shape[1:3]
        dA_prev[i, :, :, :] = da_prev_pad[pad:pad + n_Hp, pad:pad + n_Wp, :]
    return dA_prev, dW, db

def forward(X, Y, parameters):
    Z1, cache1 = conv_forward(X, parameters["W1"], parameters["b1"], 1, 0)
    A1 = np.tanh(Z1)
    Z2, cache2 = conv_forward(A1, parameters["W2"], parameters["b2"], 2, 1)
    return 0.5 * np.mean((Z2 - Y) ** 2), (A1, Z2, cache1, cache2)

def backward(X, Y, parameters, cache):
    A1, Z2, cache1, cache2 = cache
    dZ2 = (Z2 - Y) / Y.size
    dA1, dW2, db2 = conv_backward(dZ2, cache2)
    dZ1 = dA1 * (1 - A1 ** 2)
    _, dW1, db1 = conv_backward(dZ1, cache1)
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}
"""
ngconv_p = P(W1=(2, 2, 2, 2), b1=(1, 1, 1, 2), W2=(3, 3, 2, 2), b2=(1, 1, 1, 2), _s=0.6)
ngconv_d = lambda r: (r.randn(2, 5, 6, 2), r.randn(2, 2, 3, 2))
case(
    "ngconv-stride",
    NGCONV,
    "horiz_start = w * stride\n",
    "horiz_start = w\n",
    "horiz_start",
    "stride forgotten in the horizontal start",
    ngconv_p,
    ngconv_d,
)
case(
    "ngconv-overwrite",
    NGCONV,
    "da_prev_pad[vert_start:vert_end, horiz_start:horiz_end, :] += W[:, :, :, c] * dZ[i, h, w, c]",
    "da_prev_pad[vert_start:vert_end, horiz_start:horiz_end, :] = W[:, :, :, c] * dZ[i, h, w, c]",
    "da_prev_pad",
    "overwritten instead of accumulated",
    ngconv_p,
    ngconv_d,
)
case(
    "ngconv-pad-offset",
    NGCONV,
    "dA_prev[i, :, :, :] = da_prev_pad[pad:pad + n_Hp, pad:pad + n_Wp, :]",
    "dA_prev[i, :, :, :] = da_prev_pad[:n_Hp, :n_Wp, :]",
    "dA_prev",
    "padding cut off at the wrong side",
    ngconv_p,
    ngconv_d,
)

NGPOOL = """
def windows(n_H, n_W, f, stride):
    for h in range(n_H):
        for w in range(n_W):
            yield h, w, slice(h * stride, h * stride + f), slice(w * stride, w * stride + f)

def pool_forward(A_prev, f, stride, mode):
    m, n_Hp, n_Wp, n_C = A_prev.shape
    n_H, n_W = 1 + (n_Hp - f) // stride, 1 + (n_Wp - f) // stride
    A = np.zeros((m, n_H, n_W, n_C))
    for h, w, vs, hs in windows(n_H, n_W, f, stride):
        win = A_prev[:, vs, hs, :]
        A[:, h, w, :] = win.max(axis=(1, 2)) if mode == "max" else win.mean(axis=(1, 2))
    return A, (A_prev, f, stride)

def create_mask_from_window(x):
    mask = (x == np.max(x))
    return mask

def distribute_value(dz, shape):
    (n_H, n_W) = shape
    average = dz / (n_H * n_W)
    return np.ones(shape) * average

def pool_backward(dA, cache, mode):
    A_prev, f, stride = cache
    m, n_H, n_W, n_C = dA.shape
    dA_prev = np.zeros(A_prev.shape)
    for i in range(m):
        a_prev = A_prev[i]
        for h, w, vs, hs in windows(n_H, n_W, f, stride):
            for c in range(n_C):
                if mode == "max":
                    a_prev_slice = a_prev[vs, hs, c]
                    mask = create_mask_from_window(a_prev_slice)
                    dA_prev[i, vs, hs, c] += mask * dA[i, h, w, c]
                else:
                    da = dA[i, h, w, c]
                    dA_prev[i, vs, hs, c] += distribute_value(da, (f, f))
    return dA_prev

def forward(X, Y, parameters):
    A0 = np.tanh(X @ parameters["W1"] + parameters["b1"])
    A1, cache1 = pool_forward(A0, 2, 1, "max")
    A2, cache2 = pool_forward(A1, 3, 2, "average")
    out = A2.reshape(A2.shape[0], -1) @ parameters["W2"]
    return 0.5 * np.sum((out - Y) ** 2), (A0, A2, out, cache1, cache2)

def backward(X, Y, parameters, cache):
    A0, A2, out, cache1, cache2 = cache
    dout = out - Y
    dW2 = A2.reshape(A2.shape[0], -1).T @ dout
    dA2 = (dout @ parameters["W2"].T).reshape(A2.shape)
    dA1 = pool_backward(dA2, cache2, "average")
    dA0 = pool_backward(dA1, cache1, "max")
    dZ0 = dA0 * (1 - A0 ** 2)
    dW1 = np.tensordot(X, dZ0, axes=((0, 1, 2), (0, 1, 2)))
    db1 = dZ0.sum(axis=(0, 1, 2))
    return {"dW1": dW1, "db1": db1, "dW2": dW2}
"""
ngpool_p = P(W1=(3, 2), b1=(2,), W2=(4, 3))
ngpool_d = lambda r: (r.randn(2, 4, 6, 3), r.randn(2, 3))
case(
    "ngpool-mask-abs",
    NGPOOL,
    "mask = (x == np.max(x))",
    "mask = (x == np.max(np.abs(x)))",
    "mask",
    "mask of the largest absolute value",
    ngpool_p,
    ngpool_d,
)

# ---------------------------------------------------------------- CS231n
SVM = """
def forward(X, y, parameters, reg=0.05):
    W = parameters["W"]
    num_train = X.shape[0]
    scores = X.dot(W) + parameters["b"]
    correct = scores[np.arange(num_train), y][:, np.newaxis]
    margin = np.maximum(0, scores - correct + 1)
    margin[np.arange(num_train), y] = 0
    loss = margin.sum() / num_train + reg * np.sum(W * W)
    return loss, margin

def backward(X, y, parameters, margin, reg=0.05):
    W = parameters["W"]
    num_train = X.shape[0]
    mask = np.zeros(margin.shape)
    mask[margin > 0] = 1
    count = mask.sum(axis=1)
    mask[np.arange(num_train), y] = -count
    mask /= num_train
    dW = X.T.dot(mask)
    dW += 2 * reg * W
    db = mask.sum(axis=0)
    return {"dW": dW, "db": db}
"""
svm_p = P(W=(4, 5), b=(5,))
svm_d = lambda r: (r.randn(6, 4), r.randint(0, 5, 6))
case(
    "svm-vec-count",
    SVM,
    "mask[np.arange(num_train), y] = -count",
    "mask[np.arange(num_train), y] = -1",
    "mask",
    "the correct class lowered once rather than once per violated margin",
    svm_p,
    svm_d,
)

SVMNAIVE = """
def forward(X, y, parameters, reg=0.1):
    W = parameters["W"]
    loss = 0.0
    for i in range(X.shape[0]):
        scores = X[i].dot(W)
        for j in range(W.shape[1]):
            if j == y[i]:
                continue
            loss += max(0, scores[j] - scores[y[i]] + 1)
    return loss / X.shape[0] + reg * np.sum(W * W), None

def backward(X, y, parameters, cache, reg=0.1):
    W = parameters["W"]
    dW = np.zeros(W.shape)
    num_train = X.shape[0]
    for i in range(num_train):
        scores = X[i].dot(W)
        correct_class_score = scores[y[i]]
        for j in range(W.shape[1]):
            if j == y[i]:
                continue
            margin = scores[j] - correct_class_score + 1
            if margin > 0:
                dW[:, j] += X[i]
                dW[:, y[i]] -= X[i]
    dW /= num_train
    dW += 2 * reg * W
    return {"dW": dW}
"""
case(
    "svm-naive-delta",
    SVMNAIVE,
    "margin = scores[j] - correct_class_score + 1",
    "margin = scores[j] - correct_class_score",
    "margin",
    "the 1 of the margin forgotten",
    P(W=(4, 5)),
    svm_d,
)

TWOLAYER = """
def affine_forward(x, w, b):
    out = x.reshape(x.shape[0], -1).dot(w) + b
    return out, (x, w, b)

def affine_backward(dout, cache):
    x, w, b = cache
    dx = dout.dot(w.T).reshape(x.shape)
    dw = x.reshape(x.shape[0], -1).T.dot(dout)
    db = np.sum(dout, axis=0)
    return dx, dw, db

def relu_backward(dout, cache):
    x = cache
    dx = dout * (x > 0)
    return dx

def forward(X, y, parameters, reg=0.3):
    h, c1 = affine_forward(X, parameters["W1"], parameters["b1"])
    a = np.maximum(0, h)
    scores, c2 = affine_forward(a, parameters["W2"], parameters["b2"])
    shifted = scores - np.max(scores, axis=1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    N = X.shape[0]
    loss = -np.sum(log_probs[np.arange(N), y]) / N
    loss += 0.5 * reg * (np.sum(parameters["W1"] ** 2) + np.sum(parameters["W2"] ** 2))
    return loss, (c1, h, c2, np.exp(log_probs))

def backward(X, y, parameters, cache, reg=0.3):
    c1, h, c2, probs = cache
    N = X.shape[0]
    dscores = probs.copy()
    dscores[np.arange(N), y] -= 1
    dscores /= N
    grads = {}
    da, grads["dW2"], grads["db2"] = affine_backward(dscores, c2)
    dh = relu_backward(da, h)
    _, grads["dW1"], grads["db1"] = affine_backward(dh, c1)
    grads["dW2"] += reg * parameters["W2"]
    grads["dW1"] += reg * parameters["W1"]
    return grads
"""
twolayer_p = P(W1=(6, 5), b1=(5,), W2=(5, 4), b2=(4,))
twolayer_d = lambda r: (r.randn(7, 2, 3), r.randint(0, 4, 7))
case(
    "twolayer-indexing",
    TWOLAYER,
    "dscores[np.arange(N), y] -= 1",
    "dscores[:, y] -= 1",
    "dscores",
    "columns rather than pairs indexed",
    twolayer_p,
    twolayer_d,
)

BATCHNORM = """
def batchnorm_forward(x, gamma, beta, eps=1e-3):
    mu = x.mean(axis=0)
    xmu = x - mu
    var = np.mean(xmu ** 2, axis=0)
    sqrtvar = np.sqrt(var + eps)
    ivar = 1. / sqrtvar
    xhat = xmu * ivar
    out = gamma * xhat + beta
    return out, (xhat, gamma, xmu, ivar, sqrtvar, var, eps)

def batchnorm_backward(dout, cache):
    xhat, gamma, xmu, ivar, sqrtvar, var, eps = cache
    N, D = dout.shape
    dbeta = np.sum(dout, axis=0)
    dgamma = np.sum(dout * xhat, axis=0)
    dxhat = dout * gamma
    divar = np.sum(dxhat * xmu, axis=0)
    dxmu1 = dxhat * ivar
    dsqrtvar = -1. / (sqrtvar ** 2) * divar
    dvar = 0.5 * 1. / np.sqrt(var + eps) * dsqrtvar
    dsq = 1. / N * np.ones((N, D)) * dvar
    dxmu2 = 2 * xmu * dsq
    dx1 = dxmu1 + dxmu2
    dmu = -1 * np.sum(dx1, axis=0)
    dx2 = 1. / N * np.ones((N, D)) * dmu
    dx = dx1 + dx2
    return dx, dgamma, dbeta

def forward(X, Y, parameters):
    z = X @ parameters["W1"]
    out, bn = batchnorm_forward(z, parameters["gamma"], parameters["beta"])
    a = np.maximum(0, out)
    pred = a @ parameters["W2"] + parameters["b2"]
    return np.sum((pred - Y) ** 2) / X.shape[0], (bn, out, a, pred)

def backward(X, Y, parameters, cache):
    bn, out, a, pred = cache
    dpred = 2 * (pred - Y) / X.shape[0]
    dW2 = a.T @ dpred
    db2 = dpred.sum(axis=0)
    da = dpred @ parameters["W2"].T
    dout = da * (out > 0)
    dz, dgamma, dbeta = batchnorm_backward(dout, bn)
    dW1 = X.T @ dz
    return {"dW1": dW1, "dgamma": dgamma, "dbeta": dbeta, "dW2": dW2, "db2": db2}
"""
bn_p = P(W1=(3, 5), gamma=(5,), beta=(5,), W2=(5, 2), b2=(2,))
bn_d = lambda r: (r.randn(6, 3), r.randn(6, 2))
case(
    "bn-dvar-power",
    BATCHNORM,
    "dvar = 0.5 * 1. / np.sqrt(var + eps) * dsqrtvar",
    "dvar = 0.5 * np.sqrt(var + eps) * dsqrtvar",
    "dvar",
    "square root multiplied rather than divided by",
    bn_p,
    bn_d,
)
case(
    "bn-mean-path",
    BATCHNORM,
    "dx = dx1 + dx2",
    "dx = dx1",
    "dx",
    "path through the mean left out",
    bn_p,
    bn_d,
)

CAPTION = """
def rnn_step_forward(x, prev_h, Wx, Wh, b):
    next_h = np.tanh(x.dot(Wx) + prev_h.dot(Wh) + b)
    return next_h, (x, prev_h, Wx, Wh, next_h)

def rnn_step_backward(dnext_h, cache):
    x, prev_h, Wx, Wh, next_h = cache
    dtheta = dnext_h * (1 - next_h ** 2)
    dx = dtheta.dot(Wx.T)
    dprev_h = dtheta.dot(Wh.T)
    dWx = x.T.dot(dtheta)
    dWh = prev_h.T.dot(dtheta)
    db = dtheta.sum(axis=0)
    return dx, dprev_h, dWx, dWh, db

def forward(features, captions, parameters):
    p = parameters
    captions_in, captions_out = captions[:, :-1], captions[:, 1:]
    mask = (captions_out != 0)
    h0 = features.dot(p["W_proj"]) + p["b_proj"]
    x = p["W_embed"][captions_in]
    N, T, D = x.shape
    h, caches, prev_h = np.zeros((N, T, h0.shape[1])), [], h0
    for t in range(T):
        prev_h, c = rnn_step_forward(x[:, t], prev_h, p["Wx"], p["Wh"], p["b"])
        h[:, t] = prev_h
        caches.append(c)
    scores = h.dot(p["W_vocab"]) + p["b_vocab"]
    e = np.exp(scores - scores.max(axis=2, keepdims=True))
    probs = e / e.sum(axis=2, keepdims=True)
    picked = probs[np.arange(N)[:, None], np.arange(T), captions_out]
    return -np.sum(mask * np.log(picked)) / N, (h, caches, probs)

def backward(features, captions, parameters, cache):
    p = parameters
    h, caches, probs = cache
    captions_in, captions_out = captions[:, :-1], captions[:, 1:]
    N, T, H = h.shape
    mask = (captions_out != 0)
    dscores = probs.copy()
    dscores[np.arange(N)[:, None], np.arange(T), captions_out] -= 1
    dscores = dscores / N
    dscores = dscores * mask[:, :, None]
    grads = {"dW_vocab": h.reshape(N * T, H).T.dot(dscores.reshape(N * T, -1)), "db_vocab": dscores.sum(axis=(0, 1))}
    dh = dscores.dot(p["W_vocab"].T)
    dx = np.zeros((N, T, p["Wx"].shape[0]))
    dWx, dWh, db = np.zeros_like(p["Wx"]), np.zeros_like(p["Wh"]), np.zeros_like(p["b"])
    dprev_h = np.zeros((N, H))
    for t in range(T - 1, -1, -1):
        dx[:, t], dprev_h, dWx_t, dWh_t, db_t = rnn_step_backward(dh[:, t] + dprev_h, caches[t])
        dWx += dWx_t
        dWh += dWh_t
        db += db_t
    dh0 = dprev_h
    dW_embed = np.zeros_like(p["W_embed"])
    np.add.at(dW_embed, captions_in, dx)
    grads.update(dWx=dWx, dWh=dWh, db=db, dW_embed=dW_embed)
    grads["dW_proj"] = features.T.dot(dh0)
    grads["db_proj"] = dh0.sum(axis=0)
    return grads
"""
cap_p = P(
    W_proj=(3, 4),
    b_proj=(4,),
    W_embed=(6, 2),
    Wx=(2, 4),
    Wh=(4, 4),
    b=(4,),
    W_vocab=(4, 6),
    b_vocab=(6,),
    _s=0.7,
)


def cap_d(r):
    f, c = r.randn(3, 3), r.randint(1, 6, (3, 6))
    c[0, 4:] = 0
    c[2, 3:] = 0
    c[1, 1] = c[1, 2]
    return f, c


case(
    "caption-mask",
    CAPTION,
    "dscores = dscores * mask[:, :, None]",
    "dscores = dscores * (captions_in != 0)[:, :, None]",
    "dscores",
    "null mask of the input captions",
    cap_p,
    cap_d,
)
case(
    "caption-embed-at",
    CAPTION,
    "np.add.at(dW_embed, captions_in, dx)",
    "dW_embed[captions_in] += dx",
    "dW_embed",
    "fancy-index += does not accumulate repeated words",
    cap_p,
    cap_d,
)

GROUPNORM = """
def forward(X, Y, parameters, G=2, eps=1e-5):
    x = np.einsum("nchw,ck->nkhw", X, parameters["W"])
    N, C, H, W = x.shape
    xg = x.reshape(N, G, -1)
    mean = xg.mean(axis=2, keepdims=True)
    var = xg.var(axis=2, keepdims=True)
    xhat = ((xg - mean) / np.sqrt(var + eps)).reshape(N, C, H, W)
    out = parameters["gamma"] * xhat + parameters["beta"]
    return 0.5 * np.sum((out - Y) ** 2), (xhat, var, out)

def backward(X, Y, parameters, cache, G=2, eps=1e-5):
    xhat, var, out = cache
    N, C, H, W = out.shape
    dout = out - Y
    dbeta = dout.sum(axis=(0, 2, 3), keepdims=True)
    dgamma = np.sum(dout * xhat, axis=(0, 2, 3), keepdims=True)
    dxhat = (dout * parameters["gamma"]).reshape(N, G, -1)
    xh = xhat.reshape(N, G, -1)
    M = xh.shape[2]
    s1 = dxhat.sum(axis=2, keepdims=True)
    s2 = np.sum(dxhat * xh, axis=2, keepdims=True)
    dx = (M * dxhat - s1 - xh * s2) / (M * np.sqrt(var + eps))
    dx = dx.reshape(N, C, H, W)
    dW = np.einsum("nchw,nkhw->ck", X, dx)
    return {"dW": dW, "dgamma": dgamma, "dbeta": dbeta}
"""
gn_p = P(W=(3, 4), gamma=(1, 4, 1, 1), beta=(1, 4, 1, 1))
gn_d = lambda r: (r.randn(2, 3, 3, 2), r.randn(2, 4, 3, 2))
case(
    "groupnorm-count",
    GROUPNORM,
    "M = xh.shape[2]",
    "M = H * W",
    "M",
    "number of pixels rather than of elements in the group",
    gn_p,
    gn_d,
)

SPATIALBN = """
def forward(X, Y, parameters, eps=1e-5):
    N, C, H, W = X.shape
    s = X * parameters["scale"].reshape(1, C, 1, 1) + parameters["W"]
    flat = s.transpose(0, 2, 3, 1).reshape(-1, C)
    mu, var = flat.mean(0), flat.var(0)
    xhat = (flat - mu) / np.sqrt(var + eps)
    out = (parameters["gamma"] * xhat + parameters["beta"]).reshape(N, H, W, C).transpose(0, 3, 1, 2)
    a = np.where(out > 0, out, 0.1 * out)
    return np.sum((a - Y) ** 2), (xhat, var, out, a)

def backward(X, Y, parameters, cache, eps=1e-5):
    xhat, var, out, a = cache
    N, C, H, W = X.shape
    da = 2 * (a - Y)
    dout = np.where(out > 0, da, 0.1 * da)
    dflat = dout.transpose(0, 2, 3, 1).reshape(-1, C)
    dgamma = np.sum(dflat * xhat, axis=0)
    dbeta = dflat.sum(axis=0)
    dxhat = dflat * parameters["gamma"]
    istd = 1 / np.sqrt(var + eps)
    dx = istd * (dxhat - dxhat.mean(0) - xhat * np.mean(dxhat * xhat, axis=0))
    ds = dx.reshape(N, H, W, C).transpose(0, 3, 1, 2)
    dscale = np.sum(ds * X, axis=(0, 2, 3))
    dW = ds.sum(axis=0)
    return {"dscale": dscale, "dW": dW, "dgamma": dgamma, "dbeta": dbeta}
"""
sbn_p = P(scale=(3,), W=(3, 2, 4), gamma=(3,), beta=(3,))
sbn_d = lambda r: (r.randn(2, 3, 2, 4), r.randn(2, 3, 2, 4))
case(
    "spatialbn-reshape",
    SPATIALBN,
    "ds = dx.reshape(N, H, W, C).transpose(0, 3, 1, 2)",
    "ds = dx.reshape(N, C, H, W)",
    "ds",
    "reshaped back without undoing the transpose",
    sbn_p,
    sbn_d,
)

# ---------------------------------------------------------------- Karpathy
NINJA = """
def forward(Xb, Yb, parameters):
    C, W1, b1, W2, b2, bngain, bnbias = [parameters[k] for k in ("C", "W1", "b1", "W2", "b2", "bngain", "bnbias")]
    n = Xb.shape[0]
    emb = C[Xb]
    embcat = emb.reshape(n, -1)
    hprebn = embcat @ W1 + b1
    bnmeani = 1 / n * hprebn.sum(0, keepdims=True)
    bndiff = hprebn - bnmeani
    bndiff2 = bndiff ** 2
    bnvar = 1 / (n - 1) * bndiff2.sum(0, keepdims=True)
    bnvar_inv = (bnvar + 1e-5) ** -0.5
    bnraw = bndiff * bnvar_inv
    hpreact = bngain * bnraw + bnbias
    h = np.tanh(hpreact)
    logits = h @ W2 + b2
    logit_maxes = logits.max(1, keepdims=True)
    norm_logits = logits - logit_maxes
    counts = np.exp(norm_logits)
    counts_sum = counts.sum(1, keepdims=True)
    counts_sum_inv = counts_sum ** -1
    probs = counts * counts_sum_inv
    logprobs = np.log(probs)
    loss = -logprobs[range(n), Yb].mean()
    return loss, (emb, embcat, bndiff, bndiff2, bnvar, bnvar_inv, bnraw, h, logits, counts, counts_sum, counts_sum_inv, probs)

def backward(Xb, Yb, parameters, cache):
    C, W1, W2, bngain = [parameters[k] for k in ("C", "W1", "W2", "bngain")]
    emb, embcat, bndiff, bndiff2, bnvar, bnvar_inv, bnraw, h, logits, counts, counts_sum, counts_sum_inv, probs = cache
    n = Xb.shape[0]
    dlogprobs = np.zeros_like(probs)
    dlogprobs[range(n), Yb] = -1.0 / n
    dprobs = (1.0 / probs) * dlogprobs
    dcounts_sum_inv = (counts * dprobs).sum(1, keepdims=True)
    dcounts = counts_sum_inv * dprobs
    dcounts_sum = (-counts_sum ** -2) * dcounts_sum_inv
    dcounts += np.ones_like(counts) * dcounts_sum
    dnorm_logits = counts * dcounts
    dlogits = dnorm_logits.copy()
    dlogit_maxes = (-dnorm_logits).sum(1, keepdims=True)
    dlogits += np.eye(logits.shape[1])[logits.argmax(1)] * dlogit_maxes
    dh = dlogits @ W2.T
    dW2 = h.T @ dlogits
    db2 = dlogits.sum(0)
    dhpreact = (1.0 - h ** 2) * dh
    dbngain = (bnraw * dhpreact).sum(0, keepdims=True)
    dbnraw = bngain * dhpreact
    dbnbias = dhpreact.sum(0, keepdims=True)
    dbndiff = bnvar_inv * dbnraw
    dbnvar_inv = (bndiff * dbnraw).sum(0, keepdims=True)
    dbnvar = (-0.5 * (bnvar + 1e-5) ** -1.5) * dbnvar_inv
    dbndiff2 = (1.0 / (n - 1)) * np.ones_like(bndiff2) * dbnvar
    dbndiff += (2 * bndiff) * dbndiff2
    dhprebn = dbndiff.copy()
    dbnmeani = (-dbndiff).sum(0)
    dhprebn += 1.0 / n * (np.ones_like(dhprebn) * dbnmeani)
    dembcat = dhprebn @ W1.T
    dW1 = embcat.T @ dhprebn
    db1 = dhprebn.sum(0)
    demb = dembcat.reshape(emb.shape)
    dC = np.zeros_like(C)
    for k in range(Xb.shape[0]):
        for j in range(Xb.shape[1]):
            ix = Xb[k, j]
            dC[ix] += demb[k, j]
    return {"dC": dC, "dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2, "dbngain": dbngain, "dbnbias": dbnbias}
"""
ninja_p = P(C=(5, 2), W1=(6, 4), b1=(4,), W2=(4, 5), b2=(5,), bngain=(1, 4), bnbias=(1, 4))
ninja_d = lambda r: (r.randint(0, 5, (6, 3)), r.randint(0, 5, 6))
case(
    "ninja-dcounts-sum-sign",
    NINJA,
    "dcounts_sum = (-counts_sum ** -2) * dcounts_sum_inv",
    "dcounts_sum = (counts_sum ** -2) * dcounts_sum_inv",
    "dcounts_sum",
    "sign of the derivative of 1/x",
    ninja_p,
    ninja_d,
)
case(
    "ninja-dc-overwrite",
    NINJA,
    "dC[ix] += demb[k, j]",
    "dC[ix] = demb[k, j]",
    "dC",
    "embedding row overwritten, repeated characters",
    ninja_p,
    ninja_d,
)

MICROGRAD = """
class Value:
    def __init__(self, data, children=()):
        self.data = data
        self.grad = 0.0
        self._prev = children
        self._backward = lambda: None
    def __add__(self, other):
        out = Value(self.data + other.data, (self, other))
        def _backward():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = _backward
        return out
    def __mul__(self, other):
        out = Value(self.data * other.data, (self, other))
        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._backward = _backward
        return out
    def tanh(self):
        t = np.tanh(self.data)
        out = Value(t, (self,))
        def _backward():
            self.grad += (1 - t ** 2) * out.grad
        out._backward = _backward
        return out
    def backward(self):
        topo, visited = [], set()
        def build(v):
            if v not in visited:
                visited.add(v)
                for child in v._prev:
                    build(child)
                topo.append(v)
        build(self)
        self.grad = 1.0
        for v in reversed(topo):
            v._backward()

def forward(X, Y, parameters):
    w = {k: np.array([Value(v) for v in a.ravel()]).reshape(a.shape) for k, a in parameters.items()}
    total = Value(0.0)
    for x, y in zip(X, Y):
        hidden = []
        for j in range(w["W1"].shape[0]):
            s = w["b1"][j]
            for i in range(len(x)):
                s = s + w["W1"][j, i] * Value(x[i])
            hidden.append(s.tanh())
        out = Value(-y)
        for j, h in enumerate(hidden):
            out = out + w["W2"][j] * h
        total = total + out * out
    return total.data, (total, w)

def backward(X, Y, parameters, cache):
    total, w = cache
    total.backward()
    grads = {}
    for k, a in w.items():
        g = np.array([v.grad for v in a.ravel()])
        grads["d" + k] = g.reshape(a.shape)
    return grads
"""
case(
    "micrograd-overwrite",
    MICROGRAD,
    "self.grad += other.data * out.grad",
    "self.grad = other.data * out.grad",
    "self.grad",
    "a value used twice (out * out) keeps only the last gradient",
    P(W1=(3, 2), b1=(3,), W2=(3,)),
    lambda r: (r.randn(4, 2), r.randn(4)),
)

# ---------------------------------------------------------------- Nielsen
NIELSEN = """
def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))

def sigmoid_prime(z):
    return sigmoid(z) * (1 - sigmoid(z))

def layers(parameters):
    n = len(parameters) // 2
    return [parameters["w%d" % i] for i in range(1, n + 1)], [parameters["b%d" % i] for i in range(1, n + 1)]

def forward(X, Y, parameters):
    weights, biases = layers(parameters)
    cost, cache = 0.0, []
    for x, y in zip(X, Y):
        activation = x
        activations, zs = [x], []
        for b, w in zip(biases, weights):
            z = np.dot(w, activation) + b
            zs.append(z)
            activation = sigmoid(z)
            activations.append(activation)
        cost += 0.5 * np.linalg.norm(activation - y) ** 2
        cache.append((activations, zs))
    return cost / len(X), cache

def backprop(y, weights, biases, activations, zs):
    nabla_b = [np.zeros(b.shape) for b in biases]
    nabla_w = [np.zeros(w.shape) for w in weights]
    delta = (activations[-1] - y) * sigmoid_prime(zs[-1])
    nabla_b[-1] = delta
    nabla_w[-1] = np.dot(delta, activations[-2].transpose())
    for l in range(2, len(weights) + 1):
        z = zs[-l]
        sp = sigmoid_prime(z)
        delta = np.dot(weights[-l + 1].transpose(), delta) * sp
        nabla_b[-l] = delta
        nabla_w[-l] = np.dot(delta, activations[-l - 1].transpose())
    return nabla_b, nabla_w

def backward(X, Y, parameters, cache):
    weights, biases = layers(parameters)
    grads = {"d" + k: np.zeros(v.shape) for k, v in parameters.items()}
    for y, (activations, zs) in zip(Y, cache):
        delta_nabla_b, delta_nabla_w = backprop(y, weights, biases, activations, zs)
        for i in range(len(weights)):
            grads["dw%d" % (i + 1)] += delta_nabla_w[i] / len(X)
            grads["db%d" % (i + 1)] += delta_nabla_b[i] / len(X)
    return grads
"""
nie_p = P(w1=(4, 3), b1=(4, 1), w2=(4, 4), b2=(4, 1), w3=(2, 4), b3=(2, 1))
nie_d = lambda r: (r.randn(5, 3, 1), r.rand(5, 2, 1))
case(
    "nielsen-sp-of-activation",
    NIELSEN,
    "sp = sigmoid_prime(z)",
    "sp = sigmoid_prime(activations[-l])",
    "sp",
    "sigma' taken at the activation rather than at z",
    nie_p,
    nie_d,
)

# ---------------------------------------------------------------- engineers
LNMLP = """
C0 = np.sqrt(2 / np.pi)

def gelu(u):
    t = np.tanh(C0 * (u + 0.044715 * u ** 3))
    return 0.5 * u * (1 + t), t

def layernorm(x, g, b, eps=1e-5):
    mu = x.mean(-1, keepdims=True)
    rstd = 1 / np.sqrt(x.var(-1, keepdims=True) + eps)
    xhat = (x - mu) * rstd
    return xhat * g + b, (xhat, rstd, g)

def layernorm_bwd(dy, cache):
    xhat, rstd, g = cache
    dg = np.sum(dy * xhat, axis=0)
    db = np.sum(dy, axis=0)
    dxhat = dy * g
    dx = rstd * (dxhat - dxhat.mean(-1, keepdims=True) - xhat * np.mean(dxhat * xhat, axis=-1, keepdims=True))
    return dx, dg, db

def forward(X, Y, parameters):
    p = parameters
    x = X @ p["Win"]
    n, ln = layernorm(x, p["g"], p["b"])
    u = n @ p["W1"] + p["b1"]
    a, t = gelu(u)
    out = x + a @ p["W2"]
    loss = 0.5 * np.mean((out - Y) ** 2)
    return loss, (n, ln, u, t, a, out)

def backward(X, Y, parameters, cache):
    p = parameters
    n, ln, u, t, a, out = cache
    dout = (out - Y) / out.size
    dW2 = a.T @ dout
    da = dout @ p["W2"].T
    dinner = C0 * (1 + 3 * 0.044715 * u ** 2)
    du = da * (0.5 * (1 + t) + 0.5 * u * (1 - t ** 2) * dinner)
    dW1 = n.T @ du
    db1 = du.sum(0)
    dn = du @ p["W1"].T
    dx, dg, db = layernorm_bwd(dn, ln)
    dx = dx + dout
    dWin = X.T @ dx
    return dict(dWin=dWin, dg=dg, db=db, dW1=dW1, db1=db1, dW2=dW2)
"""
ln_p = P(Win=(3, 5), g=(5,), b=(5,), W1=(5, 6), b1=(6,), W2=(6, 5))
ln_d = lambda r: (r.randn(4, 3), r.randn(4, 5))
case(
    "lnmlp-gelu-inner",
    LNMLP,
    "dinner = C0 * (1 + 3 * 0.044715 * u ** 2)",
    "dinner = C0 * (1 + 0.044715 * u ** 2)",
    "dinner",
    "factor 3 of the cube's derivative missing",
    ln_p,
    ln_d,
)

ROPE = """
def rope_tables(T, d):
    inv = 10.0 ** (-np.arange(d // 2) / (d // 2))
    ang = np.arange(T)[:, None] * inv[None, :]
    return np.cos(ang), np.sin(ang)

def rotate(x, cos, sin):
    h = x.shape[-1] // 2
    x1, x2 = x[..., :h], x[..., h:]
    return np.concatenate([x1 * cos - x2 * sin, x1 * sin + x2 * cos], axis=-1)

def forward(X, Y, parameters):
    T = X.shape[1]
    q, k, v = (X @ parameters[n] for n in ("Wq", "Wk", "Wv"))
    cos, sin = rope_tables(T, q.shape[-1])
    qr, kr = rotate(q, cos, sin), rotate(k, cos, sin)
    s = qr @ kr.transpose(0, 2, 1) / np.sqrt(q.shape[-1])
    s = np.where(np.tril(np.ones((T, T), bool)), s, -1e9)
    e = np.exp(s - s.max(-1, keepdims=True))
    att = e / e.sum(-1, keepdims=True)
    out = att @ v
    return 0.5 * np.sum((out - Y) ** 2), (qr, kr, v, att, out, cos, sin)

def backward(X, Y, parameters, cache):
    qr, kr, v, att, out, cos, sin = cache
    dout = out - Y
    dv = att.transpose(0, 2, 1) @ dout
    datt = dout @ v.transpose(0, 2, 1)
    ds = att * (datt - np.sum(datt * att, axis=-1, keepdims=True))
    ds = ds / np.sqrt(qr.shape[-1])
    dqr = ds @ kr
    dkr = ds.transpose(0, 2, 1) @ qr
    dq = rotate(dqr, cos, -sin)
    dk = rotate(dkr, cos, -sin)
    grads = {}
    for name, d in (("dWq", dq), ("dWk", dk), ("dWv", dv)):
        grads[name] = np.einsum("nti,ntj->ij", X, d)
    return grads
"""
rope_p = P(Wq=(3, 4), Wk=(3, 4), Wv=(3, 2))
rope_d = lambda r: (r.randn(2, 5, 3), r.randn(2, 5, 2))
case(
    "rope-direction",
    ROPE,
    "dk = rotate(dkr, cos, -sin)",
    "dk = rotate(dkr, cos, sin)",
    "dk",
    "rotated forward again rather than back",
    rope_p,
    rope_d,
)

SWIGLU = """
def forward(X, Y, parameters):
    gate = X @ parameters["Wg"]
    up = X @ parameters["Wu"]
    sig = 1 / (1 + np.exp(-gate))
    hidden = gate * sig * up
    out = hidden @ parameters["Wd"]
    err = out - Y
    return np.mean(err ** 2), dict(gate=gate, up=up, sig=sig, hidden=hidden, err=err)

def backward(X, Y, parameters, cache):
    gate, up, sig = cache["gate"], cache["up"], cache["sig"]
    dout = 2 * cache["err"] / cache["err"].size
    dWd = cache["hidden"].T @ dout
    dhidden = dout @ parameters["Wd"].T
    dup = dhidden * gate * sig
    dsilu = dhidden * up
    dgate = dsilu * (sig + gate * sig * (1 - sig))
    dWg = X.T @ dgate
    dWu = X.T @ dup
    return {"dWg": dWg, "dWu": dWu, "dWd": dWd}
"""
sw_p = P(Wg=(3, 5), Wu=(3, 5), Wd=(5, 2))
sw_d = lambda r: (r.randn(6, 3), r.randn(6, 2))
case(
    "swiglu-silu-derivative",
    SWIGLU,
    "dgate = dsilu * (sig + gate * sig * (1 - sig))",
    "dgate = dsilu * sig * (1 - sig)",
    "dgate",
    "sigmoid' used for silu'",
    sw_p,
    sw_d,
)

CROSSATT = """
def softmax(s):
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)

def forward(X, M, Y, parameters):
    mem = np.tanh(M @ parameters["Wm"])
    Q = X @ parameters["Wq"]
    K = mem @ parameters["Wk"]
    V = mem @ parameters["Wv"]
    A = softmax(Q @ K.T / np.sqrt(K.shape[1]))
    O = A @ V
    J = 0.5 * np.sum((O - Y) ** 2)
    return J, (mem, Q, K, V, A, O)

def backward(X, M, Y, parameters, cache):
    mem, Q, K, V, A, O = cache
    scale = 1 / np.sqrt(K.shape[1])
    dO = O - Y
    dV = A.T @ dO
    dA = dO @ V.T
    dS = A * (dA - np.sum(A * dA, axis=1, keepdims=True))
    dQ = scale * dS @ K
    dK = scale * dS.T @ Q
    dWq = X.T @ dQ
    dWk = mem.T @ dK
    dWv = mem.T @ dV
    dmem = dK @ parameters["Wk"].T
    dmem += dV @ parameters["Wv"].T
    dpre = dmem * (1 - mem ** 2)
    dWm = M.T @ dpre
    return {"dWm": dWm, "dWq": dWq, "dWk": dWk, "dWv": dWv}
"""
ca_p = P(Wm=(3, 4), Wq=(2, 5), Wk=(4, 5), Wv=(4, 3))
ca_d = lambda r: (r.randn(4, 2), r.randn(6, 3), r.randn(4, 3))
case(
    "crossatt-softmax-diagonal",
    CROSSATT,
    "dS = A * (dA - np.sum(A * dA, axis=1, keepdims=True))",
    "dS = A * (1 - A) * dA",
    "dS",
    "only the diagonal of the softmax Jacobian",
    ca_p,
    ca_d,
)
case(
    "crossatt-memory-path",
    CROSSATT,
    'dmem += dV @ parameters["Wv"].T',
    'dmem = dV @ parameters["Wv"].T',
    "dmem",
    "the path through the keys overwritten",
    ca_p,
    ca_d,
)

EMBBAG = """
def smooth(y, K, eps=0.2):
    return (1 - eps) * np.eye(K)[y] + eps / K

def forward(tokens, lengths, y, parameters):
    E = parameters["E"]
    ends = np.cumsum(lengths)
    bags = np.stack([E[tokens[e - l:e]].mean(axis=0) for e, l in zip(ends, lengths)])
    logits = bags @ parameters["W"] + parameters["b"]
    z = logits - logits.max(axis=1, keepdims=True)
    logp = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    target = smooth(y, logits.shape[1])
    return -np.mean(np.sum(target * logp, axis=1)), (bags, logp, target)

def backward(tokens, lengths, y, parameters, cache, eps=0.2):
    bags, logp, target = cache
    N, K = logp.shape
    dlogits = (np.exp(logp) - target) / N
    dW = bags.T @ dlogits
    db = dlogits.sum(axis=0)
    dbags = dlogits @ parameters["W"].T
    dE = np.zeros_like(parameters["E"])
    segment = np.repeat(np.arange(N), lengths)
    dtok = dbags[segment] / lengths[segment][:, None]
    np.add.at(dE, tokens, dtok)
    return {"dE": dE, "dW": dW, "db": db}
"""
eb_p = P(E=(7, 3), W=(3, 4), b=(4,))
eb_d = lambda r: (r.randint(0, 7, 11), np.array([3, 1, 5, 2]), r.randint(0, 4, 4))
case(
    "embbag-smoothed-twice",
    EMBBAG,
    "dlogits = (np.exp(logp) - target) / N",
    "dlogits = (np.exp(logp) - ((1 - eps) * target + eps / K)) / N",
    "dlogits",
    "label smoothing applied to the smoothed target",
    eb_p,
    eb_d,
)

FOCAL = """
def forward(X, y, parameters, gamma=2.0, alpha=0.25):
    h = np.log1p(np.exp(X @ parameters["W1"] + parameters["b1"]))
    z = h @ parameters["w2"] + parameters["b2"]
    p = 1 / (1 + np.exp(-z))
    pt = np.where(y == 1, p, 1 - p)
    at = np.where(y == 1, alpha, 1 - alpha)
    loss = np.mean(-at * (1 - pt) ** gamma * np.log(pt))
    return loss, (h, p, pt, at)

def backward(X, y, parameters, cache, gamma=2.0, alpha=0.25):
    h, p, pt, at = cache
    n = len(y)
    dpt = at * (gamma * (1 - pt) ** (gamma - 1) * np.log(pt) - (1 - pt) ** gamma / pt) / n
    dp = np.where(y == 1, dpt, -dpt)
    dz = dp * p * (1 - p)
    dw2 = h.T @ dz
    db2 = np.array([dz.sum()])
    dh = np.outer(dz, parameters["w2"])
    dpre = dh * (1 - np.exp(-h))
    dW1 = X.T @ dpre
    db1 = dpre.sum(axis=0)
    return {"dW1": dW1, "db1": db1, "dw2": dw2, "db2": db2}
"""
fo_p = P(W1=(3, 4), b1=(4,), w2=(4,), b2=(1,), _s=0.7)
fo_d = lambda r: (r.randn(7, 3), np.array([0, 1, 1, 0, 0, 1, 0]))
case(
    "focal-weight-constant",
    FOCAL,
    "dpt = at * (gamma * (1 - pt) ** (gamma - 1) * np.log(pt) - (1 - pt) ** gamma / pt) / n",
    "dpt = at * (-(1 - pt) ** gamma / pt) / n",
    "dpt",
    "modulating factor treated as a constant",
    fo_p,
    fo_d,
)

INFONCE = """
def forward(Xa, Xb, parameters):
    ua, ub = Xa @ parameters["Wa"], Xb @ parameters["Wb"]
    na = np.linalg.norm(ua, axis=1, keepdims=True)
    nb = np.linalg.norm(ub, axis=1, keepdims=True)
    za, zb = ua / na, ub / nb
    scale = np.exp(parameters["t"])
    cos = za @ zb.T
    S = scale * cos
    lse = np.log(np.exp(S).sum(axis=1))
    loss = np.mean(lse - np.diag(S))
    return loss, (ua, ub, na, nb, za, zb, scale, cos, S, lse)

def backward(Xa, Xb, parameters, cache):
    ua, ub, na, nb, za, zb, scale, cos, S, lse = cache
    n = len(S)
    dS = (np.exp(S - lse[:, None]) - np.eye(n)) / n
    dt = np.array([np.sum(dS * cos) * scale[0]])
    dcos = scale * dS
    dza = dcos @ zb
    dzb = dcos.T @ za
    dua = (dza - za * np.sum(dza * za, axis=1, keepdims=True)) / na
    dub = (dzb - zb * np.sum(dzb * zb, axis=1, keepdims=True)) / nb
    dWa = Xa.T @ dua
    dWb = Xb.T @ dub
    return {"dWa": dWa, "dWb": dWb, "dt": dt}
"""
in_p = P(Wa=(3, 4), Wb=(2, 4), t=(1,))
in_d = lambda r: (r.randn(5, 3), r.randn(5, 2))
case(
    "infonce-unnormalised",
    INFONCE,
    "dub = (dzb - zb * np.sum(dzb * zb, axis=1, keepdims=True)) / nb",
    "dub = (dzb - ub * np.sum(dzb * zb, axis=1, keepdims=True)) / nb",
    "dub",
    "projection uses the vector before normalisation",
    in_p,
    in_d,
)

CTC = """
def forward(X, labels, parameters):
    z = X @ parameters["W"] + parameters["b"]
    e = np.exp(z - z.max(axis=1, keepdims=True))
    y = e / e.sum(axis=1, keepdims=True)
    T, S = len(X), len(labels)
    alpha = np.zeros((T, S))
    alpha[0, 0] = y[0, labels[0]]
    for t in range(1, T):
        for s in range(S):
            move = alpha[t - 1, s - 1] if s > 0 else 0.0
            alpha[t, s] = (alpha[t - 1, s] + move) * y[t, labels[s]]
    return -np.log(alpha[-1, -1]), (y, alpha)

def backward(X, labels, parameters, cache):
    y, alpha = cache
    T, S = alpha.shape
    dalpha = np.zeros_like(alpha)
    dy = np.zeros_like(y)
    dalpha[-1, -1] = -1 / alpha[-1, -1]
    for t in range(T - 1, 0, -1):
        for s in range(S):
            move = alpha[t - 1, s - 1] if s > 0 else 0.0
            dy[t, labels[s]] += dalpha[t, s] * (alpha[t - 1, s] + move)
            g = dalpha[t, s] * y[t, labels[s]]
            dalpha[t - 1, s] += g
            if s > 0:
                dalpha[t - 1, s - 1] += g
    dy[0, labels[0]] += dalpha[0, 0]
    dz = y * (dy - np.sum(y * dy, axis=1, keepdims=True))
    dW = X.T @ dz
    db = dz.sum(axis=0)
    return {"dW": dW, "db": db}
"""
ctc_p = P(W=(3, 4), b=(4,), _s=0.7)
ctc_d = lambda r: (r.randn(6, 3), np.array([1, 0, 2, 1]))
case(
    "ctc-time-index",
    CTC,
    "g = dalpha[t, s] * y[t, labels[s]]",
    "g = dalpha[t, s] * y[t - 1, labels[s]]",
    "g",
    "off by one in time",
    ctc_p,
    ctc_d,
)

CRF = """
def logsumexp(a, axis):
    m = a.max(axis=axis, keepdims=True)
    return np.squeeze(m, axis) + np.log(np.exp(a - m).sum(axis=axis))

def forward(X, tags, parameters):
    emit = X @ parameters["W"] + parameters["b"]
    trans = parameters["A"]
    T, K = emit.shape
    alpha = np.zeros((T, K))
    alpha[0] = emit[0]
    for t in range(1, T):
        alpha[t] = emit[t] + logsumexp(alpha[t - 1][:, None] + trans, 0)
    logZ = logsumexp(alpha[-1], 0)
    gold = emit[np.arange(T), tags].sum() + trans[tags[:-1], tags[1:]].sum()
    return logZ - gold, (emit, alpha, logZ)

def backward(X, tags, parameters, cache):
    emit, alpha, logZ = cache
    trans = parameters["A"]
    T, K = emit.shape
    beta = np.zeros((T, K))
    for t in range(T - 2, -1, -1):
        beta[t] = logsumexp(trans + emit[t + 1] + beta[t + 1], 1)
    demit = np.exp(alpha + beta - logZ)
    dA = np.zeros_like(trans)
    for t in range(1, T):
        pair = alpha[t - 1][:, None] + trans + emit[t] + beta[t] - logZ
        dA += np.exp(pair)
    demit[np.arange(T), tags] -= 1
    np.subtract.at(dA, (tags[:-1], tags[1:]), 1)
    return {"dW": X.T @ demit, "db": demit.sum(axis=0), "dA": dA}
"""
crf_p = P(W=(2, 4), b=(4,), A=(4, 4))
crf_d = lambda r: (r.randn(5, 2), np.array([1, 3, 1, 3, 0]))
case(
    "crf-pair-alpha",
    CRF,
    "pair = alpha[t - 1][:, None] + trans + emit[t] + beta[t] - logZ",
    "pair = alpha[t][:, None] + trans + emit[t] + beta[t] - logZ",
    "pair",
    "alpha of the same step",
    crf_p,
    crf_d,
)

PEEP = """
def sig(x):
    return 1 / (1 + np.exp(-x))

def forward(X, Y, parameters):
    p = parameters
    H = len(p["po"])
    h, c = np.zeros(H), np.zeros(H)
    steps, J = [], 0.0
    for x, y in zip(X, Y):
        v = np.concatenate([x, h])
        zi, zf, zo, zg = np.split(p["W"] @ v + p["b"], 4)
        i = sig(zi + p["pi"] * c)
        f = sig(zf + p["pf"] * c)
        g = np.tanh(zg)
        c_new = f * c + i * g
        o = sig(zo + p["po"] * c_new)
        h = o * np.tanh(c_new)
        steps.append((v, i, f, g, o, c, c_new, h - y))
        c = c_new
        J += 0.5 * np.sum((h - y) ** 2)
    return J, steps

def backward(X, Y, parameters, steps):
    p = parameters
    grads = {"d" + k: np.zeros_like(v) for k, v in p.items()}
    dh_next, dc_next = np.zeros_like(p["po"]), np.zeros_like(p["po"])
    for v, i, f, g, o, c_prev, c, err in reversed(steps):
        dh = err + dh_next
        dzo = dh * np.tanh(c) * o * (1 - o)
        dc = dc_next + dh * o * (1 - np.tanh(c) ** 2) + dzo * p["po"]
        dzi = dc * g * i * (1 - i)
        dzf = dc * c_prev * f * (1 - f)
        dzg = dc * i * (1 - g ** 2)
        dz = np.concatenate([dzi, dzf, dzo, dzg])
        grads["dW"] += np.outer(dz, v)
        grads["db"] += dz
        grads["dpi"] += dzi * c_prev
        grads["dpf"] += dzf * c_prev
        grads["dpo"] += dzo * c
        dh_next = (p["W"].T @ dz)[-len(c):]
        dc_next = dc * f + dzi * p["pi"] + dzf * p["pf"]
    return grads
"""
pe_p = P(W=(12, 5), b=(12,), pi=(3,), pf=(3,), po=(3,))
pe_d = lambda r: (r.randn(5, 2), r.randn(5, 3))
case(
    "peephole-dc-output",
    PEEP,
    'dc = dc_next + dh * o * (1 - np.tanh(c) ** 2) + dzo * p["po"]',
    "dc = dc_next + dh * o * (1 - np.tanh(c) ** 2)",
    "dc",
    "the output gate's peephole path forgotten",
    pe_p,
    pe_d,
)
case(
    "peephole-po-cprev",
    PEEP,
    'grads["dpo"] += dzo * c\n',
    'grads["dpo"] += dzo * c_prev\n',
    "dpo",
    "the output gate looks at the new cell",
    pe_p,
    pe_d,
)

HIGHWAY = """
def forward(X, Y, parameters, depth=3):
    x, tape = X, []
    for _ in range(depth):
        h = np.maximum(x @ parameters["Wh"] + parameters["bh"], 0)
        t = 1 / (1 + np.exp(-(x @ parameters["Wt"] + parameters["bt"])))
        tape.append((x, h, t))
        x = t * h + (1 - t) * x
    return 0.5 * np.mean(np.sum((x - Y) ** 2, axis=1)), (tape, x)

def backward(X, Y, parameters, cache, depth=3):
    tape, out = cache
    grads = {"d" + k: 0 for k in parameters}
    dy = (out - Y) / X.shape[0]
    while tape:
        x, h, t = tape.pop()
        dh = dy * t
        dt = dy * (h - x)
        dzh = dh * (h > 0)
        dzt = dt * t * (1 - t)
        grads["dWh"] = grads["dWh"] + x.T @ dzh
        grads["dbh"] = grads["dbh"] + dzh.sum(axis=0)
        grads["dWt"] = grads["dWt"] + x.T @ dzt
        grads["dbt"] = grads["dbt"] + dzt.sum(axis=0)
        dy = dy * (1 - t) + dzh @ parameters["Wh"].T + dzt @ parameters["Wt"].T
    return grads
"""
hw_p = P(Wh=(4, 4), bh=(4,), Wt=(4, 4), bt=(4,))
hw_d = lambda r: (r.randn(5, 4), r.randn(5, 4))
case(
    "highway-carry-gate",
    HIGHWAY,
    "dt = dy * (h - x)",
    "dt = dy * h",
    "dt",
    "the gate also enters through 1 - t",
    hw_p,
    hw_d,
)

SQUEEZE = """
def forward(X, Y, parameters):
    x = np.einsum("nchw,ck->nkhw", X, parameters["Wc"])
    s = x.mean(axis=(2, 3))
    z = np.maximum(s @ parameters["W1"] + parameters["b1"], 0)
    e = 1 / (1 + np.exp(-(z @ parameters["W2"] + parameters["b2"])))
    out = x * e[:, :, None, None]
    return 0.5 * np.sum((out - Y) ** 2) / X.shape[0], (x, s, z, e, out)

def backward(X, Y, parameters, cache):
    x, s, z, e, out = cache
    N, C, H, W = x.shape
    dout = (out - Y) / N
    dx = dout * e[:, :, None, None]
    de = np.sum(dout * x, axis=(2, 3))
    dze = de * e * (1 - e)
    dW2, db2 = z.T @ dze, dze.sum(axis=0)
    dz = dze @ parameters["W2"].T
    dzz = dz * (z > 0)
    dW1, db1 = s.T @ dzz, dzz.sum(axis=0)
    ds = dzz @ parameters["W1"].T
    dx += ds[:, :, None, None] / (H * W)
    dWc = np.einsum("nchw,nkhw->ck", X, dx)
    return {"dWc": dWc, "dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}
"""
se_p = P(Wc=(2, 4), W1=(4, 3), b1=(3,), W2=(3, 4), b2=(4,))
se_d = lambda r: (r.randn(3, 2, 3, 2), r.randn(3, 4, 3, 2))
case(
    "squeeze-mean-size",
    SQUEEZE,
    "dx += ds[:, :, None, None] / (H * W)",
    "dx += ds[:, :, None, None]",
    "dx",
    "spatial mean treated as a sum",
    se_p,
    se_d,
)

DECONV = """
def deconv(x, W, b, stride):
    N, Ci, L = x.shape
    _, Co, k = W.shape
    out = np.zeros((N, Co, (L - 1) * stride + k))
    for l in range(L):
        out[:, :, l * stride:l * stride + k] += np.einsum("nc,cok->nok", x[:, :, l], W)
    return out + b[None, :, None]

def forward(X, Y, parameters, stride=2):
    h = np.tanh(np.einsum("ncl,cd->ndl", X, parameters["V"]))
    out = deconv(h, parameters["W"], parameters["b"], stride)
    return 0.5 * np.mean((out - Y) ** 2), (h, out)

def backward(X, Y, parameters, cache, stride=2):
    h, out = cache
    W = parameters["W"]
    k = W.shape[2]
    dout = (out - Y) / Y.size
    db = dout.sum(axis=(0, 2))
    dW = np.zeros_like(W)
    dh = np.zeros_like(h)
    for l in range(h.shape[2]):
        patch = dout[:, :, l * stride:l * stride + k]
        dW += np.einsum("nc,nok->cok", h[:, :, l], patch)
        dh[:, :, l] = np.einsum("nok,cok->nc", patch, W)
    dz = dh * (1 - h ** 2)
    dV = np.einsum("ncl,ndl->cd", X, dz)
    return {"dV": dV, "dW": dW, "db": db}
"""
dec_p = P(V=(2, 3), W=(3, 2, 3), b=(2,))
dec_d = lambda r: (r.randn(2, 2, 4), r.randn(2, 2, 9))
case(
    "deconv-stride",
    DECONV,
    "patch = dout[:, :, l * stride:l * stride + k]",
    "patch = dout[:, :, l:l + k]",
    "patch",
    "stride forgotten in the backward window",
    dec_p,
    dec_d,
)

NEGBIN = """
def forward(X, y, parameters):
    eta = X @ parameters["beta"] + parameters["b0"]
    mu = np.exp(eta)
    r = np.exp(parameters["logr"][0])
    ll = 0.0
    for yi, mi in zip(y, mu):
        ll += np.sum(np.log(r + np.arange(yi))) + r * np.log(r / (r + mi)) + yi * np.log(mi / (r + mi))
    return -ll / len(y), (mu, r)

def backward(X, y, parameters, cache):
    mu, r = cache
    n = len(y)
    deta = -(y - mu) * r / (r + mu) / n
    dbeta = X.T @ deta
    db0 = np.array([deta.sum()])
    poch = np.array([np.sum(1 / (r + np.arange(k))) for k in y])
    dr = -np.sum(poch + np.log(r / (r + mu)) + 1 - (r + y) / (r + mu)) / n
    dlogr = np.array([dr * r])
    return {"dbeta": dbeta, "db0": db0, "dlogr": dlogr}
"""
nb_p = P(beta=(3,), b0=(1,), logr=(1,), _s=0.6)
nb_d = lambda r: (r.randn(6, 3), np.array([0, 2, 5, 1, 3, 1]))
case(
    "negbin-poisson-residual",
    NEGBIN,
    "deta = -(y - mu) * r / (r + mu) / n",
    "deta = -(y - mu) / n",
    "deta",
    "Poisson residual used for the negative binomial",
    nb_p,
    nb_d,
)

COX = """
def forward(X, time, event, parameters):
    h = np.tanh(X @ parameters["W"])
    eta = h @ parameters["beta"]
    R = (time[None, :] >= time[:, None]).astype(float)
    risk = np.exp(eta)
    denom = R @ risk
    J = -np.sum(event * (eta - np.log(denom))) / event.sum()
    return J, (h, R, risk, denom)

def backward(X, time, event, parameters, cache):
    h, R, risk, denom = cache
    hazard = R.T @ (event / denom)
    deta = (risk * hazard - event) / event.sum()
    dbeta = h.T @ deta
    dh = np.outer(deta, parameters["beta"])
    dW = X.T @ (dh * (1 - h ** 2))
    return {"dW": dW, "dbeta": dbeta}
"""
cox_p = P(W=(3, 4), beta=(4,))
cox_d = lambda r: (r.randn(7, 3), r.permutation(7).astype(float), np.array([1.0, 0, 1, 1, 0, 1, 1]))
case(
    "cox-risk-set",
    COX,
    "hazard = R.T @ (event / denom)",
    "hazard = R @ (event / denom)",
    "hazard",
    "risk-set matrix not transposed",
    cox_p,
    cox_d,
)

FM = """
def forward(X, y, parameters, lam=0.1):
    w, V = parameters["w"], parameters["V"]
    XV = X @ V
    pair = 0.5 * np.sum(XV ** 2 - (X ** 2) @ (V ** 2), axis=1)
    yhat = parameters["w0"] + X @ w + pair
    loss = np.mean(np.log1p(np.exp(-y * yhat))) + 0.5 * lam * np.sum(V ** 2)
    return loss, (XV, yhat)

def backward(X, y, parameters, cache, lam=0.1):
    XV, yhat = cache
    dyhat = -y / (1 + np.exp(y * yhat)) / len(y)
    grads = {"dw0": np.array([dyhat.sum()]), "dw": X.T @ dyhat}
    dV = X.T @ (dyhat[:, None] * XV)
    dV -= ((X ** 2).T @ dyhat)[:, None] * parameters["V"]
    dV += lam * parameters["V"]
    grads["dV"] = dV
    return grads
"""
fm_p = P(w0=(1,), w=(4,), V=(4, 3), _s=0.7)
fm_d = lambda r: (r.randn(6, 4), np.sign(r.randn(6)))
case(
    "fm-square-term",
    FM,
    'dV -= ((X ** 2).T @ dyhat)[:, None] * parameters["V"]',
    'dV -= 0.5 * ((X ** 2).T @ dyhat)[:, None] * parameters["V"]',
    "dV",
    "the 0.5 kept though the square's 2 cancels it",
    fm_p,
    fm_d,
)

GLOVE = """
def forward(counts, parameters, xmax=5.0, alpha=0.75):
    W, C = parameters["W"], parameters["C"]
    weight = np.where(counts > 0, np.minimum(counts / xmax, 1.0) ** alpha, 0.0)
    diff = W @ C.T + parameters["b"][:, None] + parameters["d"][None, :] - np.log(np.maximum(counts, 1))
    return np.sum(weight * diff ** 2), (weight, diff)

def backward(counts, parameters, cache):
    weight, diff = cache
    g = 2 * weight * diff
    dW = g @ parameters["C"]
    dC = g.T @ parameters["W"]
    db = g.sum(axis=1)
    dd = g.sum(axis=0)
    return {"dW": dW, "dC": dC, "db": db, "dd": dd}
"""
gl_p = P(W=(5, 3), C=(5, 3), b=(5,), d=(5,))
gl_d = lambda r: (r.randint(0, 9, (5, 5)).astype(float),)
case(
    "glove-context-axis",
    GLOVE,
    "dd = g.sum(axis=0)",
    "dd = g.sum(axis=1)",
    "dd",
    "axis of the row bias used for the column bias",
    gl_p,
    gl_d,
)

TSNE = """
def forward(P, parameters):
    E = parameters["E"]
    sq = np.sum(E ** 2, axis=1)
    num = 1 / (1 + sq[:, None] + sq[None, :] - 2 * E @ E.T)
    np.fill_diagonal(num, 0)
    Q = num / num.sum()
    off = ~np.eye(len(E), dtype=bool)
    return np.sum(P[off] * np.log(P[off] / Q[off])), (num, Q)

def backward(P, parameters, cache):
    num, Q = cache
    E = parameters["E"]
    PQ = (P - Q) * num
    dE = np.zeros_like(E)
    for i in range(len(E)):
        dE[i] = 4 * PQ[i] @ (E[i] - E)
    return {"dE": dE}
"""


def ts_d(r):
    a = r.rand(6, 6) + 0.1
    a = a + a.T
    np.fill_diagonal(a, 0)
    return (a / a.sum(),)


case(
    "tsne-student-weight",
    TSNE,
    "PQ = (P - Q) * num",
    "PQ = P - Q",
    "PQ",
    "gradient of the Gaussian SNE, Student weight missing",
    P(E=(6, 2)),
    ts_d,
)

NTM = """
def softplus(v):
    return np.log1p(np.exp(v))

def forward(M, w_prev, T, parameters):
    p = parameters
    k = p["k"]
    beta, gamma = softplus(p["beta"][0]), 1 + softplus(p["gamma"][0])
    g = 1 / (1 + np.exp(-p["g"][0]))
    K = M @ k / (np.linalg.norm(M, axis=1) * np.linalg.norm(k))
    wc = np.exp(beta * K) / np.exp(beta * K).sum()
    wg = g * wc + (1 - g) * w_prev
    s = np.exp(p["s"]) / np.exp(p["s"]).sum()
    ws = sum(s[j] * np.roll(wg, j - 1) for j in range(3))
    w = ws ** gamma / np.sum(ws ** gamma)
    read = w @ M
    return 0.5 * np.sum((read - T) ** 2), (beta, gamma, g, K, wc, wg, s, ws, w, read)

def backward(M, w_prev, T, parameters, cache):
    p = parameters
    beta, gamma, g, K, wc, wg, s, ws, w, read = cache
    dw = M @ (read - T)
    du = (dw - np.sum(dw * w)) / np.sum(ws ** gamma)
    dgam = np.sum(du * ws ** gamma * np.log(ws))
    dws = du * gamma * ws ** (gamma - 1)
    ds = np.array([np.sum(dws * np.roll(wg, j - 1)) for j in range(3)])
    dwg = sum(s[j] * np.roll(dws, 1 - j) for j in range(3))
    ds_raw = s * (ds - np.sum(s * ds))
    dg = np.sum(dwg * (wc - w_prev))
    dwc = g * dwg
    dlogit = wc * (dwc - np.sum(wc * dwc))
    dbeta = np.sum(dlogit * K)
    dK = beta * dlogit
    kn = np.linalg.norm(p["k"])
    Mn = M / np.linalg.norm(M, axis=1, keepdims=True)
    dk = dK @ Mn / kn - np.sum(dK * K) * p["k"] / kn ** 2
    sg = lambda v: 1 / (1 + np.exp(-v))
    return {"dk": dk, "dbeta": dbeta * sg(p["beta"]), "dgamma": dgam * sg(p["gamma"]),
            "dg": np.array([dg * g * (1 - g)]), "ds": ds_raw}
"""
ntm_p = P(k=(3,), beta=(1,), gamma=(1,), g=(1,), s=(3,))


def ntm_d(r):
    w = r.rand(5) + 0.1
    return r.randn(5, 3), w / w.sum(), r.randn(3)


case(
    "ntm-roll",
    NTM,
    "dwg = sum(s[j] * np.roll(dws, 1 - j) for j in range(3))",
    "dwg = sum(s[j] * np.roll(dws, j - 1) for j in range(3))",
    "dwg",
    "shifted in the same direction as in the forward pass",
    ntm_p,
    ntm_d,
)

ODE = """
def forward(X, Y, parameters, steps=3, dt=0.4):
    W, b = parameters["W"], parameters["b"]
    y, traj = X, []
    for _ in range(steps):
        k1 = np.tanh(y @ W + b)
        mid = y + 0.5 * dt * k1
        k2 = np.tanh(mid @ W + b)
        traj.append((y, k1, mid, k2))
        y = y + dt * k2
    out = y @ parameters["V"]
    return 0.5 * np.mean((out - Y) ** 2), (traj, y, out)

def backward(X, Y, parameters, cache, steps=3, dt=0.4):
    traj, yT, out = cache
    W = parameters["W"]
    dout = (out - Y) / Y.size
    dV = yT.T @ dout
    dy = dout @ parameters["V"].T
    dW, db = np.zeros_like(W), np.zeros_like(parameters["b"])
    for n in range(steps - 1, -1, -1):
        y, k1, mid, k2 = traj[n]
        da2 = dt * dy * (1 - k2 ** 2)
        dmid = da2 @ W.T
        da1 = 0.5 * dt * dmid * (1 - k1 ** 2)
        dW += mid.T @ da2 + y.T @ da1
        db += da2.sum(axis=0) + da1.sum(axis=0)
        dy = dy + dmid + da1 @ W.T
    return {"dW": dW, "db": db, "dV": dV}
"""
ode_p = P(W=(4, 4), b=(4,), V=(4, 2))
ode_d = lambda r: (r.randn(5, 4), r.randn(5, 2))
case(
    "ode-mid-path",
    ODE,
    "dy = dy + dmid + da1 @ W.T",
    "dy = dy + da1 @ W.T",
    "dy",
    "the state also enters the midpoint directly",
    ode_p,
    ode_d,
)

KALMAN = """
def forward(Y, parameters):
    a, q, r = parameters["a"][0], np.exp(parameters["logq"][0]), np.exp(parameters["logr"][0])
    x, P, J, tape = parameters["x0"][0], 1.0, 0.0, []
    for y in Y:
        xp, Pp = a * x, a * a * P + q
        v, S = y - xp, Pp + r
        K = Pp / S
        tape.append((x, P, Pp, v, S, K))
        x, P = xp + K * v, (1 - K) * Pp
        J += 0.5 * (np.log(S) + v * v / S)
    return J, tape

def backward(Y, parameters, tape):
    a, q, r = parameters["a"][0], np.exp(parameters["logq"][0]), np.exp(parameters["logr"][0])
    da = dq = dr = dx = dP = 0.0
    for x, P, Pp, v, S, K in tape[::-1]:
        dK = dx * v - dP * Pp
        dv = dx * K + v / S
        dS = 0.5 / S - 0.5 * v * v / S ** 2 - dK * Pp / S ** 2
        dPp = dP * (1 - K) + dK / S + dS
        dr += dS
        dq += dPp
        dxp = dx - dv
        da += dxp * x + 2 * a * P * dPp
        dx = a * dxp
        dP = a * a * dPp
    return {"da": np.array([da]), "dlogq": np.array([dq * q]), "dlogr": np.array([dr * r]), "dx0": np.array([dx])}
"""
kal_p = P(a=(1,), logq=(1,), logr=(1,), x0=(1,))
kal_d = lambda r: (r.randn(6),)
case(
    "kalman-gain-covariance",
    KALMAN,
    "dK = dx * v - dP * Pp",
    "dK = dx * v",
    "dK",
    "the gain also enters the posterior covariance",
    kal_p,
    kal_d,
)

# ---------------------------------------------------------------- RIGHT programs
right(
    "right-scaled-at-end",
    """
def forward(X, Y, parameters):
    H = np.tanh(parameters["W1"] @ X + parameters["b1"])
    S = parameters["W2"] @ H + parameters["b2"]
    J = 0.5 * np.sum((S - Y) ** 2) / X.shape[1]
    return J, {"H": H, "S": S}

def backward(X, Y, parameters, cache):
    dZ = cache["S"] - Y
    grads = {"dW2": dZ @ cache["H"].T, "db2": dZ.sum(axis=1, keepdims=True)}
    dZ = parameters["W2"].T @ dZ
    dZ *= (1 - cache["H"]) * (1 + cache["H"])
    grads["db1"] = dZ.sum(axis=1, keepdims=True)
    grads["dW1"] = dZ @ X.T
    return {name: g / X.shape[1] for name, g in grads.items()}
""",
    P(W1=(4, 3), b1=(4, 1), W2=(2, 4), b2=(2, 1)),
    lambda r: (r.randn(3, 6), r.randn(2, 6)),
)

right(
    "right-dz-holds-da",
    """
def forward(X, Y, parameters):
    Z1 = X @ parameters["W1"]
    A1 = 1 / (1 + np.exp(-Z1))
    Z2 = A1 @ parameters["W2"]
    A2 = 1 / (1 + np.exp(-Z2))
    return -np.mean(np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2), axis=1)), (A1, A2)

def backward(X, Y, parameters, cache):
    Z1, Z2 = cache
    m = len(X)
    dZ2 = (Z2 - Y) / (Z2 * (1 - Z2))
    dA2 = dZ2 * Z2 * (1 - Z2) / m
    dW2 = Z1.T @ dA2
    dZ1 = dA2 @ parameters["W2"].T
    dA1 = dZ1 * Z1 * (1 - Z1)
    dW1 = X.T @ dA1
    return {"dW2": dW2, "dW1": dW1}
""",
    P(W1=(3, 5), W2=(5, 2)),
    lambda r: (r.randn(6, 3), (r.rand(6, 2) > 0.5).astype(float)),
)

right(
    "right-maxpool-argmax",
    """
def forward(X, Y, parameters):
    Z = np.einsum("nhwc,cd->nhwd", X, parameters["W"]) + parameters["b"]
    N, H, Wd, C = Z.shape
    blocks = Z.reshape(N, H // 2, 2, Wd // 2, 2, C).transpose(0, 1, 3, 5, 2, 4).reshape(N, H // 2, Wd // 2, C, 4)
    where = blocks.argmax(axis=-1)
    pooled = np.take_along_axis(blocks, where[..., None], axis=-1)[..., 0]
    a = np.maximum(pooled, 0)
    return 0.5 * np.sum((a - Y) ** 2) / N, (Z.shape, where, pooled, a)

def backward(X, Y, parameters, cache):
    (N, H, Wd, C), where, pooled, a = cache
    dpooled = (a - Y) / N
    dpooled[pooled <= 0] = 0
    dblocks = np.zeros(where.shape + (4,))
    np.put_along_axis(dblocks, where[..., None], dpooled[..., None], axis=-1)
    dZ = dblocks.reshape(N, H // 2, Wd // 2, C, 2, 2).transpose(0, 1, 4, 2, 5, 3).reshape(N, H, Wd, C)
    return {"dW": np.tensordot(X, dZ, axes=([0, 1, 2], [0, 1, 2])), "db": dZ.reshape(-1, C).sum(0)}
""",
    P(W=(3, 2), b=(2,)),
    lambda r: (r.randn(2, 4, 6, 3), r.randn(2, 2, 3, 2)),
)

right(
    "right-clip-inactive",
    """
def forward(inputs, targets, parameters):
    Wxh, Whh, Why = parameters["Wxh"], parameters["Whh"], parameters["Why"]
    xs, hs, ps = {}, {-1: np.zeros((Whh.shape[0], 1))}, {}
    loss = 0
    for t in range(len(inputs)):
        xs[t] = np.zeros((Wxh.shape[1], 1))
        xs[t][inputs[t]] = 1
        hs[t] = np.tanh(Wxh @ xs[t] + Whh @ hs[t - 1] + parameters["bh"])
        y = Why @ hs[t] + parameters["by"]
        ps[t] = np.exp(y) / np.sum(np.exp(y))
        loss += -np.log(ps[t][targets[t], 0])
    return loss, (xs, hs, ps)

def backward(inputs, targets, parameters, cache):
    xs, hs, ps = cache
    dWxh, dWhh, dWhy = (np.zeros_like(parameters[k]) for k in ("Wxh", "Whh", "Why"))
    dbh, dby = np.zeros_like(parameters["bh"]), np.zeros_like(parameters["by"])
    dhnext = np.zeros_like(hs[0])
    for t in reversed(range(len(inputs))):
        dy = np.copy(ps[t])
        dy[targets[t]] -= 1
        dWhy += np.dot(dy, hs[t].T)
        dby += dy
        dh = np.dot(parameters["Why"].T, dy) + dhnext
        dhraw = (1 - hs[t] * hs[t]) * dh
        dbh += dhraw
        dWxh += np.dot(dhraw, xs[t].T)
        dWhh += np.dot(dhraw, hs[t - 1].T)
        dhnext = np.dot(parameters["Whh"].T, dhraw)
    for dparam in [dWxh, dWhh, dWhy, dbh, dby]:
        np.clip(dparam, -500, 500, out=dparam)
    return {"dWxh": dWxh, "dWhh": dWhh, "dWhy": dWhy, "dbh": dbh, "dby": dby}
""",
    P(Wxh=(4, 5), Whh=(4, 4), Why=(5, 4), bh=(4, 1), by=(5, 1), _s=0.8),
    lambda r: (r.randint(0, 5, 6), r.randint(0, 5, 6)),
)

right(
    "right-ninja-fused",
    """
def forward(Xb, Yb, parameters):
    n = len(Xb)
    embcat = parameters["C"][Xb].reshape(n, -1)
    hprebn = embcat @ parameters["W1"] + parameters["b1"]
    mean, var = hprebn.mean(0, keepdims=True), hprebn.var(0, keepdims=True, ddof=1)
    inv = (var + 1e-5) ** -0.5
    raw = (hprebn - mean) * inv
    h = np.tanh(parameters["gain"] * raw + parameters["bias"])
    logits = h @ parameters["W2"] + parameters["b2"]
    shifted = logits - logits.max(1, keepdims=True)
    logp = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    return -logp[np.arange(n), Yb].mean(), (embcat, inv, raw, h, logp)

def backward(Xb, Yb, parameters, cache):
    embcat, inv, raw, h, logp = cache
    n = len(Xb)
    dlogits = np.exp(logp)
    dlogits[range(n), Yb] -= 1
    dlogits /= n
    g = {"dW2": h.T @ dlogits, "db2": dlogits.sum(0)}
    dhpre = (1 - h ** 2) * (dlogits @ parameters["W2"].T)
    g["dgain"], g["dbias"] = (dhpre * raw).sum(0, keepdims=True), dhpre.sum(0, keepdims=True)
    dhprebn = parameters["gain"] * inv / n * (n * dhpre - dhpre.sum(0) - n / (n - 1) * raw * (dhpre * raw).sum(0))
    g["dW1"] = embcat.T @ dhprebn
    g["db1"] = np.zeros_like(parameters["b1"])
    demb = (dhprebn @ parameters["W1"].T).reshape(n, Xb.shape[1], -1)
    onehot = np.eye(len(parameters["C"]))[Xb]
    g["dC"] = np.tensordot(onehot, demb, axes=([0, 1], [0, 1]))
    return g
""",
    P(C=(5, 2), W1=(6, 4), b1=(4,), gain=(1, 4), bias=(1, 4), W2=(4, 5), b2=(5,)),
    lambda r: (r.randint(0, 5, (7, 3)), r.randint(0, 5, 7)),
)

right(
    "right-checkpoint-recompute",
    """
def block(x, W, b):
    z = x @ W + b
    return x + np.where(z > 0, z, np.expm1(np.minimum(z, 0)))

def forward(X, Y, parameters):
    x, saved = X, []
    for i in "123":
        saved.append(x)
        x = block(x, parameters["W" + i], parameters["b" + i])
    return np.mean((x - Y) ** 2), saved

def backward(X, Y, parameters, saved):
    out = block(saved[-1], parameters["W3"], parameters["b3"])
    d = 2 * (out - Y) / out.size
    grads = {}
    for i in "321":
        x = saved[int(i) - 1]
        z = x @ parameters["W" + i] + parameters["b" + i]
        dz = d * np.where(z > 0, 1.0, np.exp(np.minimum(z, 0)))
        grads["dW" + i] = x.T @ dz
        grads["db" + i] = dz.sum(axis=0)
        d = d + dz @ parameters["W" + i].T
    return grads
""",
    P(W1=(3, 3), b1=(3,), W2=(3, 3), b2=(3,), W3=(3, 3), b3=(3,)),
    lambda r: (r.randn(5, 3), r.randn(5, 3)),
)

right(
    "right-gru-carried",
    """
def sg(x):
    return 1 / (1 + np.exp(-x))

def forward(X, Y, parameters):
    h = np.zeros((X.shape[1], parameters["U"].shape[0]))
    H, tape, J = h.shape[1], [], 0.0
    for t, x in enumerate(X):
        a = x @ parameters["W"] + parameters["b"]
        u = h @ parameters["U"]
        z, r = sg(a[:, :H] + u[:, :H]), sg(a[:, H:2 * H] + u[:, H:2 * H])
        c = np.tanh(a[:, 2 * H:] + r * u[:, 2 * H:])
        tape.append((x, h, z, r, c, u[:, 2 * H:]))
        h = z * h + (1 - z) * c
        J += 0.5 * np.sum((h - Y[t]) ** 2)
    tape.append(h)
    return J, tape

def backward(X, Y, parameters, tape):
    dW, dU, db = (np.zeros_like(parameters[k]) for k in "WUb")
    h_new = tape[-1]
    carried = 0.0
    for t in range(len(X))[::-1]:
        x, h, z, r, c, uc = tape[t]
        dh = carried + h_new - Y[t]
        dzc = dh * (1 - z) * (1 - c * c)
        dzz = dh * (h - c) * z * (1 - z)
        dzr = dzc * uc * r * (1 - r)
        da = np.hstack([dzz, dzr, dzc])
        du = np.hstack([dzz, dzr, dzc * r])
        dW += x.T @ da
        db += da.sum(0)
        dU += h.T @ du
        carried = dh * z + du @ parameters["U"].T
        h_new = h
    return {"dU": dU, "dW": dW, "db": db}
""",
    P(W=(2, 9), U=(3, 9), b=(9,)),
    lambda r: (r.randn(5, 4, 2), r.randn(5, 4, 3)),
)

right(
    "right-tied-embedding",
    """
def forward(X, Y, parameters):
    E = parameters["E"]
    ctx = E[X].sum(axis=1)
    h = np.tanh(ctx @ parameters["W"])
    s = h @ E.T
    s = s - s.max(axis=1, keepdims=True)
    logZ = np.log(np.exp(s).sum(axis=1))
    return np.mean(logZ - s[np.arange(len(Y)), Y]), (h, s, logZ, ctx)

def backward(X, Y, parameters, cache):
    h, s, logZ, ctx = cache
    E = parameters["E"]
    n = len(Y)
    d = np.exp(s - logZ[:, None])
    np.subtract.at(d, (np.arange(n), Y), 1)
    dE = d.T @ h / n
    d = (d @ E) * (1 - h ** 2) / n
    dW = ctx.T @ d
    d = d @ parameters["W"].T
    np.add.at(dE, X, d[:, None, :])
    return {"dE": dE, "dW": dW}
""",
    P(E=(6, 3), W=(3, 3)),
    lambda r: (r.randint(0, 6, (5, 4)), r.randint(0, 6, 5)),
)

right(
    "right-mha-einsum",
    """
def forward(X, Y, parameters):
    q = np.einsum("btd,hdk->bhtk", X, parameters["Wq"])
    k = np.einsum("btd,hdk->bhtk", X, parameters["Wk"]) + parameters["bk"][:, None, :]
    v = np.einsum("btd,hdk->bhtk", X, parameters["Wv"])
    s = np.einsum("bhik,bhjk->bhij", q, k, optimize=True) * q.shape[-1] ** -0.5
    e = np.exp(s - s.max(-1, keepdims=True))
    a = e / e.sum(-1, keepdims=True)
    o = np.einsum("bhij,bhjk->bhik", a, v)
    out = np.einsum("bhik,hkd->bid", o, parameters["Wo"], optimize="greedy")
    return 0.5 * np.mean((out - Y) ** 2), (q, k, v, a, o, out)

def backward(X, Y, parameters, cache):
    q, k, v, a, o, out = cache
    d = (out - Y) / out.size
    dWo = np.einsum("bhik,bid->hkd", o, d)
    do = np.einsum("bid,hkd->bhik", d, parameters["Wo"])
    dv = np.einsum("bhij,bhik->bhjk", a, do)
    delta = np.sum(do * o, axis=-1)
    ds = a * (np.einsum("bhik,bhjk->bhij", do, v) - delta[..., None])
    ds *= q.shape[-1] ** -0.5
    dWq = np.einsum("bid,bhij,bhjk->hdk", X, ds, k, optimize=True)
    dWk = np.einsum("bjd,bhij,bhik->hdk", X, ds, q, optimize=True)
    return {"dWo": dWo, "dWv": np.einsum("bjd,bhjk->hdk", X, dv), "dWk": dWk, "dWq": dWq,
            "dbk": np.zeros_like(parameters["bk"])}
""",
    P(Wq=(2, 4, 3), Wk=(2, 4, 3), Wv=(2, 4, 3), bk=(2, 3), Wo=(2, 3, 4)),
    lambda r: (r.randn(2, 5, 4), r.randn(2, 5, 4)),
)

right(
    "right-dropout-scaled-mask",
    """
def forward(X, Y, parameters):
    rng = np.random.RandomState(7)
    keep = 0.7
    mask = (rng.rand(X.shape[0], parameters["b1"].size) < keep) / keep
    h = np.maximum(0, X @ parameters["W1"] + parameters["b1"]) * mask
    out = h @ parameters["W2"] + parameters["b2"]
    return np.abs(out - Y).sum() / len(X), (mask, h, out)

def backward(X, Y, parameters, cache):
    mask, h, out = cache
    dout = np.sign(out - Y) / len(X)
    dh = dout @ parameters["W2"].T
    dh = np.where(h > 0, dh * mask, 0)
    return {"dW1": X.T @ dh, "dW2": h.T @ dout, "db1": dh.sum(0), "db2": dout.sum(0)}
""",
    P(W1=(3, 6), b1=(6,), W2=(6, 2), b2=(2,)),
    lambda r: (r.randn(5, 3), r.randn(5, 2)),
)

right(
    "right-float32-parameters",
    """
def forward(X, Y, parameters):
    z = X @ parameters["W"] + parameters["b"]
    sp = np.logaddexp(0, z)
    rate = sp @ parameters["v"]
    return np.sum(np.logaddexp(0, rate) - Y * rate) / len(Y), (z, sp, rate)

def backward(X, Y, parameters, cache):
    z, sp, rate = cache
    drate = (1 / (1 + np.exp(-rate)) - Y) / len(Y)
    dv = drate @ sp
    dz = np.multiply.outer(drate, parameters["v"]) * (1 - np.exp(-sp))
    return {"dW": (dz.T @ X).T, "db": np.ones(len(Y)) @ dz, "dv": dv}
""",
    lambda r: {
        "W": r.randn(3, 5).astype(np.float32),
        "b": r.randn(5).astype(np.float32),
        "v": r.randn(5).astype(np.float32),
    },
    lambda r: (r.randn(6, 3), (r.rand(6) > 0.5).astype(float)),
)

right(
    "right-dataclass-tape",
    """
from dataclasses import dataclass, field

@dataclass
class Tape:
    undo: list = field(default_factory=list)
    grads: dict = field(default_factory=dict)

def linear(tape, x, parameters, name):
    w = parameters[name]
    def undo(d):
        tape.grads["d" + name] = tape.grads.get("d" + name, 0) + x.T @ d
        return d @ w.T
    tape.undo.append(undo)
    return x @ w

def gauss(tape, x):
    y = np.exp(-x ** 2)
    tape.undo.append(lambda d: -2 * x * y * d)
    return y

def forward(X, Y, parameters):
    tape = Tape()
    x = gauss(tape, linear(tape, X, parameters, "A"))
    x = gauss(tape, linear(tape, x, parameters, "B"))
    x = linear(tape, x, parameters, "B")
    tape.undo.append(lambda d: d * (x - Y))
    return 0.5 * np.sum((x - Y) ** 2), tape

def backward(X, Y, parameters, tape):
    d = 1.0
    for undo in reversed(tape.undo):
        d = undo(d)
    return tape.grads
""",
    P(A=(3, 4), B=(4, 4)),
    lambda r: (r.randn(5, 3), r.randn(5, 4)),
)

right(
    "right-generator-while",
    """
def backwards_layers(parameters, acts):
    i = len(acts) - 1
    while i > 0:
        yield i, parameters["W%d" % i], acts[i - 1], acts[i]
        i -= 1

def forward(X, Y, parameters):
    acts = [X]
    while "W%d" % len(acts) in parameters:
        i = len(acts)
        acts.append(np.arctan(parameters["W%d" % i] @ acts[-1] + parameters["b%d" % i]))
    return 0.5 * np.mean((acts[-1] - Y) ** 2), acts

def backward(X, Y, parameters, acts):
    out, delta = {}, (acts[-1] - Y) / Y.size
    for i, W, a_in, a_out in backwards_layers(parameters, acts):
        delta = delta * np.cos(a_out) ** 2
        out["db%d" % i] = delta @ np.ones((delta.shape[1], 1))
        out["dW%d" % i] = np.dot(a_in, delta.T).T
        delta = W.T @ delta
    return out
""",
    P(W1=(5, 3), b1=(5, 1), W2=(4, 5), b2=(4, 1), W3=(2, 4), b3=(2, 1)),
    lambda r: (r.randn(3, 6), r.randn(2, 6)),
)

right(
    "right-recursive-tree",
    """
TREE = (((0, 1), 2), (3, (1, 0)))

def encode(node, E, W, b):
    if isinstance(node, int):
        return E[node], node
    (l, cl), (r, cr) = (encode(c, E, W, b) for c in node)
    both = np.concatenate([l, r])
    h = np.tanh(W @ both + b)
    return h, (both, h, cl, cr)

def forward(Y, parameters):
    h, cache = encode(TREE, parameters["E"], parameters["W"], parameters["b"])
    score = parameters["u"] @ h
    return float((score - Y[0]) ** 2), (h, score, cache)

def back(d, node, W, g):
    if isinstance(node, (int, np.integer)):
        g["dE"][node] += d
        return
    both, h, cl, cr = node
    d = d * (1 - h ** 2)
    g["db"] += d
    g["dW"] += d[:, None] * both
    d = d @ W
    back(d[:len(h)], cl, W, g)
    back(d[len(h):], cr, W, g)

def backward(Y, parameters, cache):
    h, score, node = cache
    g = {"d" + k: np.zeros_like(v) for k, v in parameters.items()}
    g["du"] += 2 * (score - Y[0]) * h
    back(2 * (score - Y[0]) * parameters["u"], node, parameters["W"], g)
    return g
""",
    P(E=(4, 3), W=(3, 6), b=(3,), u=(3,)),
    lambda r: (r.randn(1),),
)

right(
    "right-flat-buffer-views",
    """
def views(flat, parameters):
    out, at = {}, 0
    for k in sorted(parameters):
        n = parameters[k].size
        out["d" + k] = flat[at:at + n].reshape(parameters[k].shape)
        at += n
    return out

def forward(X, Y, parameters):
    pre = X @ parameters["W"] + parameters["b"]
    h = pre / (1 + np.abs(pre))
    e = h @ parameters["V"] - Y
    reg = 0.5 * 0.1 * np.vdot(parameters["V"], parameters["V"])
    return 0.5 * np.vdot(e, e) / len(X) + reg, (pre, h, e)

def backward(X, Y, parameters, cache):
    pre, h, e = cache
    flat = np.zeros(sum(v.size for v in parameters.values()))
    g = views(flat, parameters)
    g["dV"] += h.T @ e
    dh = e @ parameters["V"].T
    dh /= (1 + np.abs(pre)) ** 2
    for row, d in zip(X, dh):
        g["dW"] += row[:, None] * d
        g["db"] += d
    flat /= len(X)
    g["dV"] += 0.1 * parameters["V"]
    return g
""",
    P(W=(3, 4), b=(4,), V=(4, 2)),
    lambda r: (r.randn(6, 3), r.randn(6, 2)),
)

right(
    "right-gaussian-inverse",
    """
def forward(X, parameters):
    L = parameters["L"]
    S = L @ L.T + np.eye(len(L))
    D = X - parameters["mu"]
    M = np.linalg.solve(S, D.T)
    J = 0.5 * len(X) * np.linalg.slogdet(S)[1] + 0.5 * np.sum(D.T * M)
    return J, (S, M)

def backward(X, parameters, cache):
    S, M = cache
    dmu = -M.sum(axis=1)
    dS = 0.5 * (len(X) * np.linalg.inv(S) - M @ M.T)
    return {"dmu": dmu, "dL": 2 * dS @ parameters["L"]}
""",
    P(L=(3, 3), mu=(3,)),
    lambda r: (r.randn(6, 3),),
)

right(
    "right-implicit-solve",
    """
def forward(X, Y, parameters):
    A = np.eye(4) * 3 + parameters["A"].T @ parameters["A"]
    B = X @ parameters["B"]
    Z = np.linalg.solve(A, B.T).T
    return np.mean(np.sum((np.sin(Z) - Y) ** 2, axis=1)), (A, Z)

def backward(X, Y, parameters, cache):
    A, Z = cache
    m = Z.shape[0]
    dZ = 2 / m * (np.sin(Z) - Y) * np.cos(Z)
    G = np.linalg.solve(A.T, dZ.T)
    dB = X.T @ G.T
    dA = -G @ Z
    dA = parameters["A"] @ (dA + dA.T)
    return {"dA": dA, "dB": dB}
""",
    P(A=(4, 4), B=(3, 4)),
    lambda r: (r.randn(5, 3), r.randn(5, 4)),
)

right(
    "right-sliding-window",
    """
from numpy.lib.stride_tricks import sliding_window_view

def conv(x, K):
    win = sliding_window_view(x, K.shape[2:], axis=(2, 3))
    return np.einsum("nchwij,ocij->nohw", win, K)

def forward(X, Y, parameters):
    h = np.tanh(conv(X, parameters["K1"]) + parameters["b1"][:, None, None])
    out = conv(h, parameters["K2"])
    return 0.5 * np.sum((out - Y) ** 2) / X.shape[0], (h, out)

def backward(X, Y, parameters, cache):
    h, out = cache
    K2 = parameters["K2"]
    d = (out - Y) / X.shape[0]
    dK2 = np.einsum("nchwij,nohw->ocij", sliding_window_view(h, K2.shape[2:], axis=(2, 3)), d)
    i, j = K2.shape[2] - 1, K2.shape[3] - 1
    padded = np.pad(d, ((0, 0), (0, 0), (i, i), (j, j)))
    d = conv(padded, K2[:, :, ::-1, ::-1].swapaxes(0, 1))
    d = d * (1 - h * h)
    dK1 = conv(X.swapaxes(0, 1), d.swapaxes(0, 1)).swapaxes(0, 1)
    return {"dK1": dK1, "dK2": dK2, "db1": d.sum(axis=(0, 2, 3))}
""",
    P(K1=(3, 2, 2, 3), b1=(3,), K2=(2, 3, 3, 2), _s=0.6),
    lambda r: (r.randn(2, 2, 5, 6), r.randn(2, 2, 2, 3)),
)

right(
    "right-quantile-huber-where",
    """
def forward(X, y, parameters, *, taus=(0.1, 0.5, 0.9), kappa=1.0):
    q = np.where(X @ parameters["W"] > 0, X @ parameters["W"], parameters["slope"] * (X @ parameters["W"])) @ parameters["V"]
    u = y[:, None] - q
    a = np.abs(u)
    huber = np.where(a <= kappa, 0.5 * u * u, kappa * (a - 0.5 * kappa))
    weight = np.abs(np.array(taus) - (u < 0))
    return np.mean(np.sum(weight * huber, axis=1)), (u, weight)

def backward(X, y, parameters, cache, *, kappa=1.0):
    u, weight = cache
    dq = -weight * np.where(u > kappa, kappa, np.where(u < -kappa, -kappa, u)) / len(y)
    z = X @ parameters["W"]
    h = np.where(z > 0, z, parameters["slope"] * z)
    dV = h.T @ dq
    dh = dq @ parameters["V"].T
    dslope = np.array([dh[z <= 0] @ z[z <= 0]])
    dz = dh.copy()
    dz[z <= 0] *= parameters["slope"]
    return {"dslope": dslope, "dV": dV, "dW": X.T @ dz}
""",
    P(W=(3, 4), slope=(1,), V=(4, 3)),
    lambda r: (r.randn(7, 3), r.randn(7)),
)

right(
    "right-out-ufuncs",
    """
def forward(X, Y, parameters):
    z = X @ parameters["W1"]
    np.add(z, parameters["b1"], out=z)
    s = np.empty_like(z)
    np.negative(z, out=s)
    np.exp(s, out=s)
    np.add(s, 1, out=s)
    np.reciprocal(s, out=s)
    np.multiply(z, s, out=z)
    e = z @ parameters["W2"]
    np.subtract(e, Y, out=e)
    return 0.5 * float(np.sum(e * e)), (z, s, e)

def backward(X, Y, parameters, cache):
    h, s, e = cache
    d = e @ parameters["W2"].T
    deriv = np.subtract(1, s)
    np.multiply(deriv, h, out=deriv)
    np.add(deriv, s, out=deriv)
    np.multiply(d, deriv, out=d)
    dW2 = np.empty_like(parameters["W2"])
    np.matmul(h.T, e, out=dW2)
    return {"dW2": dW2, "dW1": np.matmul(X.T, d), "db1": np.add.reduce(d, axis=0)}
""",
    P(W1=(3, 5), b1=(5,), W2=(5, 2)),
    lambda r: (r.randn(4, 3), r.randn(4, 2)),
)

right(
    "right-m-in-dal",
    """
def forward(X, Y, parameters, lambd=0.4):
    A1 = np.maximum(parameters["W1"] @ X + parameters["b1"], 0)
    A2 = 1 / (1 + np.exp(-(parameters["W2"] @ A1 + parameters["b2"])))
    m = X.shape[-1]
    cost = -(Y * np.log(A2) + (1 - Y) * np.log1p(-A2)).sum() / m
    cost += lambd / (2 * m) * sum((parameters[k] ** 2).sum() for k in ("W1", "W2"))
    return cost, (A1, A2)

def backward(X, Y, parameters, cache, lambd=0.4):
    A1, A2 = cache
    m = Y.size
    dA2 = (A2 - Y) / m / (A2 * (1 - A2))
    dZ2 = dA2 * (A2 - A2 ** 2)
    dW2 = dZ2 @ A1.T + lambd * parameters["W2"] / m
    dZ1 = np.outer(parameters["W2"], dZ2) * (A1 > 0)
    dW1 = dZ1 @ X.T + lambd / m * parameters["W1"]
    return {"db2": dZ2.sum(1, keepdims=True), "db1": dZ1.sum(1, keepdims=True), "dW2": dW2, "dW1": dW1}
""",
    P(W1=(4, 3), b1=(4, 1), W2=(1, 4), b2=(1, 1)),
    lambda r: (r.randn(3, 7), (r.rand(1, 7) > 0.5).astype(float)),
)

right(
    "right-negative-residual",
    """
def forward(X, Y, parameters):
    h = np.tanh(X @ parameters["W1"])
    residual = Y - h @ parameters["W2"]
    sigma2 = np.mean(residual ** 2)
    return 0.5 * np.log(sigma2), (h, residual, sigma2)

def backward(X, Y, parameters, cache):
    h, residual, sigma2 = cache
    delta = residual / (sigma2 * residual.size)
    grads = {"dW1": np.zeros_like(parameters["W1"]), "dW2": np.zeros_like(parameters["W2"])}
    grads["dW2"] -= h.T @ delta
    delta = (delta @ parameters["W2"].T) * (h ** 2 - 1)
    grads["dW1"] += X.T @ delta
    return grads
""",
    P(W1=(3, 5), W2=(5, 2)),
    lambda r: (r.randn(6, 3), r.randn(6, 2)),
)

right(
    "right-vae-reparam",
    """
def forward(X, parameters):
    eps = np.random.RandomState(3).randn(X.shape[0], 2)
    enc = X @ parameters["We"] + parameters["be"]
    mu, logvar = enc[:, ::2], enc[:, 1::2]
    std = np.exp(logvar / 2)
    z = mu + std * eps
    rec = z @ parameters["Wd"] + parameters["bd"]
    kl = -0.5 * np.sum(1 + logvar - mu ** 2 - std ** 2)
    return (0.5 * np.sum((rec - X) ** 2) + kl) / len(X), (eps, mu, std, z, rec)

def backward(X, parameters, cache):
    eps, mu, std, z, rec = cache
    drec = rec - X
    dWd, dbd = z.T @ drec, drec.sum(0)
    dz = drec @ parameters["Wd"].T
    denc = np.empty((len(X), 4))
    denc[:, ::2] = dz + mu
    denc[:, 1::2] = 0.5 * (dz * (z - mu) + std * std - 1)
    g = dict(dWe=X.T @ denc, dbe=denc.sum(0), dWd=dWd, dbd=dbd)
    for v in g.values():
        v /= len(X)
    return g
""",
    P(We=(3, 4), be=(4,), Wd=(2, 3), bd=(3,), _s=0.7),
    lambda r: (r.randn(5, 3),),
)

right(
    "right-siamese-shared",
    """
class Siamese:
    def __init__(self, parameters, margin=3.0):
        self.W1, self.W2, self.margin = parameters["W1"], parameters["W2"], margin

    def embed(self, x):
        h = np.tanh(x @ self.W1)
        return h, h @ self.W2

    def loss(self, pair, same):
        self.x = pair.reshape(-1, pair.shape[-1])
        self.h, e = self.embed(self.x)
        self.diff = e[0::2] - e[1::2]
        self.dist = np.sqrt(np.sum(self.diff ** 2, axis=1))
        self.slack = np.maximum(self.margin - self.dist, 0)
        return np.mean(np.where(same, self.dist ** 2, self.slack ** 2))

    def grad(self, same):
        coef = np.where(same, 2, -2 * self.slack / self.dist) / len(same)
        d = (coef[:, None, None] * self.diff[:, None, :] * np.array([[1.0], [-1.0]])).reshape(-1, self.diff.shape[1])
        dW2 = self.h.T @ d
        return self.x.T @ (d @ self.W2.T * (1 - self.h ** 2)), dW2

def forward(X, same, parameters):
    net = Siamese(parameters)
    return net.loss(X, same), net

def backward(X, same, parameters, net):
    dW1, dW2 = net.grad(same)
    return {"dW1": dW1, "dW2": dW2}
""",
    P(W1=(4, 5), W2=(5, 3)),
    lambda r: (r.randn(6, 2, 4), r.rand(6) > 0.5),
)

right(
    "right-ordinal-maxout",
    """
def forward(X, y, parameters):
    pieces = np.stack([X @ parameters["A"], X @ parameters["B"]])
    h = pieces.max(axis=0)
    s = h @ parameters["w"]
    cuts = np.cumsum(np.concatenate([parameters["c"][:1], np.exp(parameters["c"][1:])]))
    F = 1 / (1 + np.exp(-(cuts - s[:, None])))
    F = np.hstack([np.zeros((len(y), 1)), F, np.ones((len(y), 1))])
    n = np.arange(len(y))
    prob = F[n, y + 1] - F[n, y]
    return -np.log(prob).mean(), (pieces, h, F, prob, n)

def backward(X, y, parameters, cache):
    pieces, h, F, prob, n = cache
    f = F * (1 - F)
    dF = np.zeros_like(F)
    dF[n, y + 1] = -1 / prob
    dF[n, y] = 1 / prob
    dt = (dF * f)[:, 1:-1] / len(y)
    ds = -dt.sum(axis=1)
    dcuts = dt.sum(axis=0)[::-1].cumsum()[::-1]
    dc = dcuts * np.where(np.arange(len(dcuts)) > 0, np.exp(parameters["c"]), 1)
    dh = ds[:, None] * parameters["w"]
    first = pieces[0] >= pieces[1]
    return {"dA": X.T @ (dh * first), "dB": X.T @ (dh * ~first), "dw": h.T @ ds, "dc": dc}
""",
    P(A=(3, 4), B=(3, 4), w=(4,), c=(3,), _s=0.8),
    lambda r: (r.randn(6, 3), np.array([0, 3, 1, 2, 2, 1])),
)

# ---------------------------------------------------------------- DOUBLE: two independent mistakes
double(
    "double-planar",
    PLANAR,
    [
        (
            "db2 = (1 / m) * np.sum(dZ2, axis=1, keepdims=True)",
            "db2 = np.sum(dZ2, axis=1, keepdims=True)",
            "db2",
        ),
        (
            "dZ1 = np.multiply(np.dot(W2.T, dZ2), 1 - np.power(A1, 2))",
            "dZ1 = np.multiply(np.dot(W2.T, dZ2), A1 * (1 - A1))",
            "dZ1",
        ),
    ],
    planar_p,
    planar_d,
)

double(
    "double-llayer",
    LLAYER,
    [
        ("dZ = dA * s * (1 - s)", "dZ = dA * s * (1 + s)", "dZ"),
        (
            "db = (1. / m) * np.sum(dZ, axis=1, keepdims=True)",
            "db = np.sum(dZ, axis=1, keepdims=True)",
            "db",
        ),
    ],
    ll_p,
    ll_d,
    **ll_m,
)

double(
    "double-reg",
    REG,
    [
        (
            "dW3 = 1. / m * np.dot(dZ3, A2.T) + (lambd * W3) / m",
            "dW3 = 1. / m * np.dot(dZ3, A2.T) + lambd * W3",
            "dW3",
        ),
        ("dA1 = np.dot(W2.T, dZ2)", "dA1 = np.dot(W2, dZ2)", "dA1"),
    ],
    reg_p,
    reg_d,
)

double(
    "double-dropout",
    DROP,
    [
        ('grads["dW3"] = dZ3 @ cache["A2drop"].T', 'grads["dW3"] = dZ3 @ cache["A2"].T', "dW3"),
        ('dA1 = dA1 * cache["D1"] / keep_prob', 'dA1 = dA1 * cache["D1"]', "dA1"),
    ],
    drop_p,
    reg_d,
)

double(
    "double-nglstm",
    NGLSTM,
    [
        (
            "dcct = (dc_next * it + ot * (1 - np.square(np.tanh(c_next))) * it * da_next) * (1 - np.square(cct))",
            "dcct = (dc_next * it + ot * (1 - np.square(np.tanh(c_next))) * it * da_next) * (1 - cct)",
            "dcct",
        ),
        (
            'da_prev = p["Wf"][:, :n_a].T @ dft + p["Wi"][:, :n_a].T @ dit + p["Wc"][:, :n_a].T @ dcct + p["Wo"][:, :n_a].T @ dot',
            'da_prev = p["Wf"][:, :n_a].T @ dft + p["Wi"][:, :n_a].T @ dit + p["Wc"][:, :n_a].T @ dcct',
            "da_prev",
        ),
    ],
    nglstm_p,
    nglstm_d,
)

double(
    "double-ngpool",
    NGPOOL,
    [
        ("average = dz / (n_H * n_W)", "average = dz / n_H", "average"),
        ("dZ0 = dA0 * (1 - A0 ** 2)", "dZ0 = dA0 * (1 - A0) ** 2", "dZ0"),
    ],
    ngpool_p,
    ngpool_d,
)

double(
    "double-twolayer",
    TWOLAYER,
    [
        ("dx = dout * (x > 0)", "dx = dout * (dout > 0)", "dx"),
        (
            'grads["dW1"] += reg * parameters["W1"]',
            'grads["dW1"] += 2 * reg * parameters["W1"]',
            "dW1",
        ),
    ],
    twolayer_p,
    twolayer_d,
)

double(
    "double-batchnorm",
    BATCHNORM,
    [
        (
            "dvar = 0.5 * 1. / np.sqrt(var + eps) * dsqrtvar",
            "dvar = 1. / np.sqrt(var + eps) * dsqrtvar",
            "dvar",
        ),
        ("dx2 = 1. / N * np.ones((N, D)) * dmu", "dx2 = np.ones((N, D)) * dmu", "dx2"),
    ],
    bn_p,
    bn_d,
)

double(
    "double-caption",
    CAPTION,
    [
        ("dprev_h = dtheta.dot(Wh.T)", "dprev_h = dtheta.dot(Wh)", "dprev_h"),
        ('grads["db_proj"] = dh0.sum(axis=0)', 'grads["db_proj"] = dh0.mean(axis=0)', "db_proj"),
    ],
    cap_p,
    cap_d,
)

double(
    "double-ninja",
    NINJA,
    [
        (
            "dcounts += np.ones_like(counts) * dcounts_sum",
            "dcounts = np.ones_like(counts) * dcounts_sum",
            "dcounts",
        ),
        (
            "dbndiff2 = (1.0 / (n - 1)) * np.ones_like(bndiff2) * dbnvar",
            "dbndiff2 = (1.0 / n) * np.ones_like(bndiff2) * dbnvar",
            "dbndiff2",
        ),
    ],
    ninja_p,
    ninja_d,
)

double(
    "double-lnmlp",
    LNMLP,
    [
        ("dxhat = dy * g", "dxhat = dy", "dxhat"),
        ("dx = dx + dout", "dx = dx", "dx"),
    ],
    ln_p,
    ln_d,
)

double(
    "double-rope",
    ROPE,
    [
        ("ds = ds / np.sqrt(qr.shape[-1])", "ds = ds / qr.shape[-1]", "ds"),
        ("dq = rotate(dqr, cos, -sin)", "dq = dqr", "dq"),
    ],
    rope_p,
    rope_d,
)

double(
    "double-crf",
    CRF,
    [
        (
            "beta[t] = logsumexp(trans + emit[t + 1] + beta[t + 1], 1)",
            "beta[t] = logsumexp(trans + emit[t + 1] + beta[t + 1], 0)",
            "beta",
        ),
        ("np.subtract.at(dA, (tags[:-1], tags[1:]), 1)", "dA[tags[:-1], tags[1:]] -= 1", "dA"),
    ],
    crf_p,
    crf_d,
)

double(
    "double-ode",
    ODE,
    [
        ("da2 = dt * dy * (1 - k2 ** 2)", "da2 = dy * (1 - k2 ** 2)", "da2"),
        ("dW += mid.T @ da2 + y.T @ da1", "dW += y.T @ da2 + y.T @ da1", "dW"),
    ],
    ode_p,
    ode_d,
)

PRELUDW = """
def dwconv(x, K):
    T, k = x.shape[1], K.shape[0]
    y = np.zeros_like(x)
    for j in range(k):
        y[:, j:] += x[:, :T - j] * K[j]
    return y

def forward(X, Y, parameters):
    h = X @ parameters["W"]
    c = dwconv(h, parameters["K"]) + parameters["b"]
    a = np.where(c > 0, c, parameters["slope"] * c)
    up = a.repeat(2, axis=1)
    J = 0.5 * np.sum((up - Y) ** 2) / len(X)
    return J, (h, c, up)

def backward(X, Y, parameters, cache):
    h, c, up = cache
    K = parameters["K"]
    N, T, C = c.shape
    dup = (up - Y) / N
    da = dup.reshape(N, T, 2, C).sum(axis=2)
    dslope = np.sum(np.where(c > 0, 0, da * c), axis=(0, 1))
    dc = np.where(c > 0, da, parameters["slope"] * da)
    db = dc.sum(axis=(0, 1))
    dK = np.zeros_like(K)
    dh = np.zeros_like(h)
    for j in range(len(K)):
        dK[j] = np.sum(dc[:, j:] * h[:, :T - j], axis=(0, 1))
        dh[:, :T - j] += dc[:, j:] * K[j]
    dW = np.einsum("nti,ntc->ic", X, dh)
    return {"dW": dW, "dK": dK, "db": db, "dslope": dslope}
"""
double(
    "double-prelu-depthwise",
    PRELUDW,
    [
        ("da = dup.reshape(N, T, 2, C).sum(axis=2)", "da = dup[:, ::2]", "da"),
        ("dh[:, :T - j] += dc[:, j:] * K[j]", "dh[:, j:] += dc[:, j:] * K[j]", "dh"),
    ],
    P(W=(2, 3), K=(3, 3), b=(3,), slope=(3,)),
    lambda r: (r.randn(4, 5, 2), r.randn(4, 10, 3)),
)
