"""The same for losses and helper functions of the course; `loss` names a cost of its own."""

from tests.autograd.mistakes.bank import Bank

BANK = Bank()
CASES, RIGHT = BANK.cases, BANK.rights
case, right = BANK.case, BANK.right


# ---------------------------------------------------------------- L-layer network, Coursera style
LNET = """
def sigmoid(Z):
    A = 1 / (1 + np.exp(-Z))
    return A, Z

def relu(Z):
    A = np.maximum(0, Z)
    return A, Z

def linear_forward(A, W, b):
    Z = np.dot(W, A) + b
    return Z, (A, W, b)

def linear_activation_forward(A_prev, W, b, activation):
    Z, linear_cache = linear_forward(A_prev, W, b)
    if activation == "sigmoid":
        A, activation_cache = sigmoid(Z)
    else:
        A, activation_cache = relu(Z)
    return A, (linear_cache, activation_cache)

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
    cost = -(1 / m) * np.sum(Y * np.log(AL) + (1 - Y) * np.log(1 - AL))
    return np.squeeze(cost)

def relu_backward(dA, cache):
    Z = cache
    dZ = np.array(dA, copy=True)
    dZ[Z <= 0] = 0
    return dZ

def sigmoid_backward(dA, cache):
    Z = cache
    s = 1 / (1 + np.exp(-Z))
    dZ = dA * s * (1 - s)
    return dZ

def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dW = 1 / m * np.dot(dZ, A_prev.T)
    db = 1 / m * np.sum(dZ, axis=1, keepdims=True)
    dA_prev = np.dot(W.T, dZ)
    return dA_prev, dW, db

def linear_activation_backward(dA, cache, activation):
    linear_cache, activation_cache = cache
    if activation == "relu":
        dZ = relu_backward(dA, activation_cache)
    elif activation == "sigmoid":
        dZ = sigmoid_backward(dA, activation_cache)
    dA_prev, dW, db = linear_backward(dZ, linear_cache)
    return dA_prev, dW, db

def backward(AL, Y, caches):
    grads = {}
    L = len(caches)
    Y = Y.reshape(AL.shape)
    dAL = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))
    current_cache = caches[L - 1]
    grads["dA" + str(L - 1)], grads["dW" + str(L)], grads["db" + str(L)] = linear_activation_backward(dAL, current_cache, "sigmoid")
    for l in reversed(range(L - 1)):
        current_cache = caches[l]
        dA_prev_temp, dW_temp, db_temp = linear_activation_backward(grads["dA" + str(l + 1)], current_cache, "relu")
        grads["dA" + str(l)] = dA_prev_temp
        grads["dW" + str(l + 1)] = dW_temp
        grads["db" + str(l + 1)] = db_temp
    return grads
"""


def _np():
    import numpy as np

    return np


def lnet_parameters(r):
    sizes = [4, 5, 3, 1]
    p = {}
    for l in range(1, 4):
        p[f"W{l}"] = r.randn(sizes[l], sizes[l - 1]) * 0.7
        p[f"b{l}"] = r.randn(sizes[l], 1) * 0.3
    return p


def lnet_data(r):
    return r.randn(4, 7), (r.rand(1, 7) > 0.5).astype(float)


LN = {
    "parameters": lnet_parameters,
    "data": lambda r: lnet_data(r),
    "args": ("X", "parameters"),
    "loss": "compute_cost",
}

case(
    "lnet-relu-mask-on-dA",
    LNET,
    "dZ[Z <= 0] = 0",
    "dZ[dA <= 0] = 0",
    "dZ",
    "The ReLU mask was taken where the incoming gradient dA is negative instead of where the pre-activation Z is.",
    function="relu_backward",
    wrong_in_backward="dA_prev_temp",
    **LN,
)
case(
    "lnet-sigmoid-of-z-not-applied",
    LNET,
    "dZ = dA * s * (1 - s)",
    "dZ = dA * Z * (1 - Z)",
    "dZ",
    "The formula s(1-s) holds for the activation s = sigmoid(Z), but Z itself was put into it.",
    function="sigmoid_backward",
    wrong_in_backward="dA2",
    **LN,
)
case(
    "lnet-db-without-m",
    LNET,
    "db = 1 / m * np.sum(dZ, axis=1, keepdims=True)",
    "db = np.sum(dZ, axis=1, keepdims=True)",
    "db",
    "The bias gradient was summed over the examples but not divided by m as dW is.",
    function="linear_backward",
    wrong_in_backward="db3",
    **LN,
)
case(
    "lnet-dAL-sign",
    LNET,
    "dAL = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))",
    "dAL = -(np.divide(Y, AL) + np.divide(1 - Y, 1 - AL))",
    "dAL",
    "The derivative of log(1 - AL) is -1/(1 - AL); the minus sign of the second term was lost.",
    **LN,
)
case(
    "lnet-hidden-as-sigmoid",
    LNET,
    'dA_prev_temp, dW_temp, db_temp = linear_activation_backward(grads["dA" + str(l + 1)], current_cache, "relu")',
    'dA_prev_temp, dW_temp, db_temp = linear_activation_backward(grads["dA" + str(l + 1)], current_cache, "sigmoid")',
    "dA_prev_temp",
    "The hidden layers are ReLU in forward, but backward goes through them as if they were sigmoids.",
    **LN,
)
case(
    "lnet-dA-prev-over-m",
    LNET,
    "dA_prev = np.dot(W.T, dZ)",
    "dA_prev = 1 / m * np.dot(W.T, dZ)",
    "dA_prev",
    "The 1/m belongs to dW and db only; dividing dA_prev as well makes every earlier layer lose another factor m.",
    function="linear_backward",
    wrong_in_backward="dA2",
    **LN,
)


# ---------------------------------------------------------------- logistic regression, python loops, floats
LOGI = """
def sigma(t):
    return 1.0 / (1.0 + np.exp(-t))

def forward(X, Y, parameters):
    w1, w2, b = parameters["w1"], parameters["w2"], parameters["b"]
    m = X.shape[1]
    J = 0
    a = np.zeros(m)
    for i in range(m):
        z = w1 * X[0, i] + w2 * X[1, i] + b
        a[i] = sigma(z)
        J += -(Y[i] * np.log(a[i]) + (1 - Y[i]) * np.log(1 - a[i]))
    J = J / m
    return J, (a,)

def backward(X, Y, parameters, cache):
    (a,) = cache
    m = X.shape[1]
    dw1 = 0; dw2 = 0; db = 0
    for i in range(m):
        dz = a[i] - Y[i]
        dw1 += X[0, i] * dz
        dw2 += X[1, i] * dz
        db += dz
    dw1 /= m
    dw2 /= m
    db /= m
    return {"dw1": dw1, "dw2": dw2, "db": db}
"""
LO = {
    "parameters": lambda r: {
        "w1": r.randn() * _np().ones(()),
        "w2": r.randn() * _np().ones(()),
        "b": r.randn() * _np().ones(()),
    },
    "data": lambda r: (r.randn(2, 6), (r.rand(6) > 0.4).astype(float)),
}
case(
    "logi-loop-db-overwritten",
    LOGI,
    "db += dz",
    "db = dz",
    "db",
    "The bias gradient is overwritten at each example instead of being accumulated with +=.",
    **LO,
)
case(
    "logi-loop-wrong-feature",
    LOGI,
    "dw2 += X[1, i] * dz",
    "dw2 += X[0, i] * dz",
    "dw2",
    "Copied line: dw2 is accumulated with the first feature instead of the second.",
    **LO,
)
case(
    "logi-loop-dw1-twice-divided",
    LOGI,
    "dw1 /= m",
    "dw1 /= m ** 2",
    "dw1",
    "dw1 is divided by m twice; the cost has a single 1/m.",
    **LO,
)

LOGF = """
def forward(X, Y, parameters):
    w, b, lam = parameters["w"], parameters["b"], 0.3
    m, n = X.shape
    cost = 0.0
    zs = []
    for i in range(m):
        z_i = b
        for j in range(n):
            z_i = z_i + w[j] * X[i, j]
        zs.append(z_i)
        f = 1 / (1 + np.exp(-z_i))
        cost += -Y[i] * np.log(f) - (1 - Y[i]) * np.log(1 - f)
    cost /= m
    for j in range(n):
        cost += lam / (2 * m) * w[j] ** 2
    return cost, {"z": zs, "lam": lam}

def backward(X, Y, parameters, cache):
    w = parameters["w"]
    lam = cache["lam"]
    m, n = X.shape
    dj_dw = np.zeros(n)
    dj_db = 0.0
    for i in range(m):
        f_wb = 1 / (1 + np.exp(-cache["z"][i]))
        err = f_wb - Y[i]
        for j in range(n):
            dj_dw[j] += err * X[i, j]
        dj_db += err
    dj_dw = dj_dw / m
    dj_db = dj_db / m
    for j in range(n):
        dj_dw[j] += lam / m * w[j]
    return {"dw": dj_dw, "db": dj_db}
"""
LF = {
    "parameters": lambda r: {"w": r.randn(4), "b": r.randn() * _np().ones(())},
    "data": lambda r: (r.randn(6, 4), (r.rand(6) > 0.5).astype(float)),
}
case(
    "logf-no-inner-accumulation",
    LOGF,
    "dj_dw[j] += err * X[i, j]",
    "dj_dw[j] = err * X[i, j]",
    "dj_dw",
    "dj_dw[j] is assigned in the loop over the examples, so that only the last example counts.",
    **LF,
)
case(
    "logf-reg-not-over-m",
    LOGF,
    "dj_dw[j] += lam / m * w[j]",
    "dj_dw[j] += lam * w[j]",
    "dj_dw",
    "The cost has lambda/(2m) times w squared, so the gradient term is lambda/m * w; the 1/m was forgotten.",
    **LF,
)

# ---------------------------------------------------------------- 2-layer net, weights as a list, row layout
LIST2 = """
REG = 0.1

def forward(weights, X, Y):
    W1, b1, W2, b2 = weights
    h = np.tanh(X.dot(W1) + b1)
    scores = h.dot(W2) + b2
    N = X.shape[0]
    loss = 0.5 * np.sum((scores - Y) ** 2) / N + REG * (np.sum(W1 * W1) + np.sum(W2 * W2))
    return loss, [h, scores]

def backward(weights, X, Y, cache):
    W1, b1, W2, b2 = weights
    h, scores = cache
    N = len(X)
    dscores = (scores - Y) / N
    gW2 = h.T.dot(dscores)
    gb2 = dscores.sum(axis=0)
    dhidden = dscores.dot(W2.T)
    dhidden *= 1 - h ** 2
    gW1 = X.T.dot(dhidden)
    gb1 = dhidden.sum(axis=0)
    gW1 += 2 * REG * W1; gW2 += 2 * REG * W2
    return [gW1, gb1, gW2, gb2]
"""
L2 = {
    "parameters": lambda r: [r.randn(3, 5) * 0.6, r.randn(5), r.randn(5, 2), r.randn(2)],
    "data": lambda r: (r.randn(7, 3), r.randn(7, 2)),
    "args": ("weights", "X", "Y"),
    "params_name": "weights",
}
case(
    "list2-tanh-not-squared",
    LIST2,
    "dhidden *= 1 - h ** 2",
    "dhidden *= 1 - h",
    "dhidden",
    "The derivative of tanh is 1 - h**2; the square was forgotten.",
    **L2,
)
case(
    "list2-reg-without-two",
    LIST2,
    "gW1 += 2 * REG * W1; gW2 += 2 * REG * W2",
    "gW1 += REG * W1; gW2 += REG * W2",
    "gW1",
    "The regularisation in forward is REG * sum(W*W) without a 1/2, so its gradient is 2 * REG * W.",
    **L2,
)
case(
    "list2-gb1-no-axis",
    LIST2,
    "gb1 = dhidden.sum(axis=0)",
    "gb1 = dhidden.sum()",
    "gb1",
    "The sum over the batch lacks axis=0, so the bias gradient is a single number.",
    **L2,
)


# ---------------------------------------------------------------- convolution by im2col helpers
CONV = """
def im2col(x, HH, WW, stride):
    N, C, H, W = x.shape
    oh = (H - HH) // stride + 1
    ow = (W - WW) // stride + 1
    cols = np.zeros((N, oh, ow, C, HH, WW))
    for i in range(oh):
        for j in range(ow):
            cols[:, i, j] = x[:, :, i * stride:i * stride + HH, j * stride:j * stride + WW]
    return cols.reshape(N * oh * ow, C * HH * WW), oh, ow

def col2im(dcols, shape, HH, WW, stride):
    N, C, H, W = shape
    oh = (H - HH) // stride + 1
    ow = (W - WW) // stride + 1
    d6 = dcols.reshape(N, oh, ow, C, HH, WW)
    dx = np.zeros(shape)
    for i in range(oh):
        for j in range(ow):
            dx[:, :, i * stride:i * stride + HH, j * stride:j * stride + WW] += d6[:, i, j]
    return dx

def conv(x, w, b, stride):
    F, C, HH, WW = w.shape
    cols, oh, ow = im2col(x, HH, WW, stride)
    out = cols.dot(w.reshape(F, -1).T) + b
    return out.reshape(x.shape[0], oh, ow, F).transpose(0, 3, 1, 2), (x, w, cols, stride)

def conv_back(dout, cache):
    x, w, cols, stride = cache
    F, C, HH, WW = w.shape
    dflat = dout.transpose(0, 2, 3, 1).reshape(-1, F)
    dw = dflat.T.dot(cols).reshape(w.shape)
    db = dflat.sum(axis=0)
    dcols = dflat.dot(w.reshape(F, -1))
    dx = col2im(dcols, x.shape, HH, WW, stride)
    return dx, dw, db

def forward(X, Y, parameters):
    u, c1 = conv(X, parameters["K1"], parameters["c1"], 1)
    h = np.maximum(u, 0)
    v, c2 = conv(h, parameters["K2"], parameters["c2"], 2)
    J = np.mean((v - Y) ** 2)
    return J, (u, v, c1, c2)

def backward(X, Y, parameters, cache):
    u, v, cache1, cache2 = cache
    dv = 2 * (v - Y) / v.size
    dh, dK2, dc2 = conv_back(dv, cache2)
    du = dh * (u > 0)
    dX, dK1, dc1 = conv_back(du, cache1)
    return {"dK1": dK1, "dc1": dc1, "dK2": dK2, "dc2": dc2}
"""
# X 2x2x7x8, K1 3x2x2x2 -> 2x3x6x7, K2 4x3x3x3, stride 2 -> 2x4x2x3
CV = {
    "parameters": lambda r: {
        "K1": r.randn(3, 2, 2, 2) * 0.5,
        "c1": r.randn(3) * 0.2,
        "K2": r.randn(4, 3, 3, 3) * 0.3,
        "c2": r.randn(4) * 0.2,
    },
    "data": lambda r: (r.randn(2, 2, 7, 8), r.randn(2, 4, 2, 3)),
}
case(
    "im2col-col2im-overwrites",
    CONV,
    "dx[:, :, i * stride:i * stride + HH, j * stride:j * stride + WW] += d6[:, i, j]",
    "dx[:, :, i * stride:i * stride + HH, j * stride:j * stride + WW] = d6[:, i, j]",
    "dx",
    "Overlapping windows must add their gradients in col2im; with = the later window erases the earlier one.",
    function="col2im",
    wrong_in_backward="dh",
    **CV,
)
case(
    "im2col-dout-not-transposed",
    CONV,
    "dflat = dout.transpose(0, 2, 3, 1).reshape(-1, F)",
    "dflat = dout.reshape(-1, F)",
    "dflat",
    "dout is (N, F, H, W); it has to be transposed to channels-last before it is reshaped to (N*H*W, F).",
    function="conv_back",
    wrong_in_backward="dK2",
    **CV,
)
case(
    "im2col-stride-dropped-in-col2im",
    CONV,
    "dx[:, :, i * stride:i * stride + HH, j * stride:j * stride + WW] += d6[:, i, j]",
    "dx[:, :, i * stride:i * stride + HH, j:j + WW] += d6[:, i, j]",
    "dx",
    "The column index of the window in col2im was not multiplied by the stride.",
    function="col2im",
    wrong_in_backward="dh",
    **CV,
)

# ---------------------------------------------------------------- batch norm, column layout, cache dict
BN = """
EPS = 1e-3

def forward(X, Y, parameters):
    m = X.shape[1]
    Z = parameters["W"] @ X
    mu = np.mean(Z, axis=1, keepdims=True)
    xc = Z - mu
    var = np.mean(xc ** 2, axis=1, keepdims=True)
    istd = 1 / np.sqrt(var + EPS)
    zhat = xc * istd
    out = parameters["gamma"] * zhat + parameters["beta"]
    J = np.sum((np.sin(out) - Y) ** 2) / m
    return J, {"xc": xc, "istd": istd, "zhat": zhat, "out": out}

def backward(X, Y, parameters, cache):
    xc, istd, zhat, out = cache["xc"], cache["istd"], cache["zhat"], cache["out"]
    m = X.shape[1]
    g = {}
    dout = 2 / m * (np.sin(out) - Y) * np.cos(out)
    g["dgamma"] = np.sum(dout * zhat, axis=1, keepdims=True)
    g["dbeta"] = np.sum(dout, axis=1, keepdims=True)
    dzhat = dout * parameters["gamma"]
    dvar = np.sum(dzhat * xc, axis=1, keepdims=True) * -0.5 * istd ** 3
    dxc = dzhat * istd + dvar * 2 * xc / m
    dmu = -np.sum(dxc, axis=1, keepdims=True)
    dZ = dxc + dmu / m
    g["dW"] = dZ @ X.T
    return g
"""
BNK = {
    "parameters": lambda r: {
        "W": r.randn(3, 4),
        "gamma": 1 + 0.3 * r.randn(3, 1),
        "beta": r.randn(3, 1),
    },
    "data": lambda r: (r.randn(4, 6) + 0.8, r.randn(3, 6)),
}
case(
    "bn-col-no-mean-path",
    BN,
    "dZ = dxc + dmu / m",
    "dZ = dxc",
    "dZ",
    "Z also enters through the batch mean; the term dmu/m is missing.",
    **BNK,
)
case(
    "bn-col-istd-squared",
    BN,
    "dvar = np.sum(dzhat * xc, axis=1, keepdims=True) * -0.5 * istd ** 3",
    "dvar = np.sum(dzhat * xc, axis=1, keepdims=True) * -0.5 * istd ** 2",
    "dvar",
    "d/dvar (var+eps)^(-1/2) = -1/2 (var+eps)^(-3/2), that is istd cubed, not squared.",
    **BNK,
)
case(
    "bn-col-gamma-forgotten",
    BN,
    'dzhat = dout * parameters["gamma"]',
    "dzhat = dout",
    "dzhat",
    "The gradient at the normalised value has to be multiplied by gamma.",
    **BNK,
)


# ---------------------------------------------------------------- RNN many-to-one, hidden states in a list
RNN = """
def forward(inputs, target, p):
    hs = [p["h0"]]
    for x in inputs:
        hs.append(np.tanh(p["Wx"] @ x + p["Wh"] @ hs[-1] + p["bh"]))
    logits = p["Wy"] @ hs[-1] + p["by"]
    e = np.exp(logits - logits.max())
    probs = e / e.sum()
    loss = -np.sum(target * np.log(probs))
    return loss, (hs, probs)

def backward(inputs, target, p, cache):
    hs, probs = cache
    T = len(inputs)
    dWx = np.zeros_like(p["Wx"]); dWh = np.zeros_like(p["Wh"]); dbh = np.zeros_like(p["bh"])
    dy = probs - target
    dWy = dy @ hs[T].T
    dby = dy
    dh = p["Wy"].T @ dy
    for t in reversed(range(T)):
        draw = (1 - hs[t + 1] ** 2) * dh
        dbh += draw
        dWx += draw @ inputs[t].T
        dWh += draw @ hs[t].T
        dh = p["Wh"].T @ draw
    return {"dWx": dWx, "dWh": dWh, "dbh": dbh, "dWy": dWy, "dby": dby, "dh0": dh}
"""
RN = {
    "parameters": lambda r: {
        "Wx": r.randn(4, 3) * 0.6,
        "Wh": r.randn(4, 4) * 0.5,
        "bh": r.randn(4, 1) * 0.3,
        "Wy": r.randn(2, 4),
        "by": r.randn(2, 1),
        "h0": r.randn(4, 1) * 0.5,
    },
    "data": lambda r: (r.randn(5, 3, 1), _np().eye(2)[:, [r.randint(2)]]),
    "args": ("inputs", "target", "p"),
    "params_name": "p",
}
case(
    "rnn-m2o-dWh-off-by-one",
    RNN,
    "dWh += draw @ hs[t].T",
    "dWh += draw @ hs[t + 1].T",
    "dWh",
    "hs[0] is the initial state, so the state before step t is hs[t]; the state after it was taken.",
    **RN,
)
case(
    "rnn-m2o-Wh-not-transposed",
    RNN,
    'dh = p["Wh"].T @ draw',
    'dh = p["Wh"] @ draw',
    "dh",
    "Going one step back in time multiplies by Wh transposed; Wh is square, so the missing .T raises no error.",
    **RN,
)
case(
    "rnn-m2o-dWx-overwritten",
    RNN,
    "dWx += draw @ inputs[t].T",
    "dWx = draw @ inputs[t].T",
    "dWx",
    "Wx is shared by all the time steps, but its gradient is overwritten at each step instead of accumulated.",
    **RN,
)

# ---------------------------------------------------------------- GRU over 2 steps, row layout
GRU = """
def sigmoid(a):
    return 1 / (1 + np.exp(-a))

def step(x, h_prev, P):
    xh = np.concatenate([x, h_prev], axis=1)
    z = sigmoid(xh @ P["Wz"])
    r = sigmoid(xh @ P["Wr"])
    xr = np.concatenate([x, r * h_prev], axis=1)
    c = np.tanh(xr @ P["Wc"])
    h = (1 - z) * h_prev + z * c
    return h, (xh, z, r, xr, c, h_prev)

def forward(X1, X2, Y, P):
    h0 = np.zeros((X1.shape[0], P["Wz"].shape[1]))
    h1, cache1 = step(X1, h0, P)
    h2, cache2 = step(X2, h1, P)
    J = 0.5 * np.mean(np.sum((h2 @ P["V"] - Y) ** 2, axis=1))
    return J, (cache1, cache2, h1, h2)

def backward(X1, X2, Y, P, cache):
    cache1, cache2, h1, h2 = cache
    D = X1.shape[1]
    dpred = (h2 @ P["V"] - Y) / len(Y)
    grads = {"dV": h2.T @ dpred, "dWz": 0, "dWr": 0, "dWc": 0}
    dh = dpred @ P["V"].T
    for (xh, z, r, xr, c, h_prev) in (cache2, cache1):
        dz = dh * (c - h_prev)
        dc = dh * z
        dh_prev = dh * (1 - z)
        dac = dc * (1 - c ** 2)
        drh = (dac @ P["Wc"].T)[:, D:]
        dr = drh * h_prev
        dh_prev += drh * r
        daz = dz * z * (1 - z)
        dar = dr * r * (1 - r)
        dh_prev += (daz @ P["Wz"].T + dar @ P["Wr"].T)[:, D:]
        grads["dWc"] += xr.T @ dac
        grads["dWz"] += xh.T @ daz
        grads["dWr"] += xh.T @ dar
        dh = dh_prev
    return grads
"""
GR = {
    "parameters": lambda r: {
        "Wz": r.randn(7, 4),
        "Wr": r.randn(7, 4),
        "Wc": r.randn(7, 4),
        "V": r.randn(4, 2),
    },
    "data": lambda r: (r.randn(5, 3), r.randn(5, 3), r.randn(5, 2)),
    "args": ("X1", "X2", "Y", "P"),
    "params_name": "P",
}
case(
    "gru2-dz-sign",
    GRU,
    "dz = dh * (c - h_prev)",
    "dz = dh * (h_prev - c)",
    "dz",
    "h = (1-z)*h_prev + z*c, so dh/dz = c - h_prev; the sign is that of the other GRU convention.",
    **GR,
)
case(
    "gru2-reset-path-forgotten",
    GRU,
    "dh_prev += drh * r",
    "dh_prev += drh",
    "dh_prev",
    "h_prev enters the candidate as r * h_prev, so this path has to be multiplied by the reset gate r.",
    **GR,
)
case(
    "gru2-update-derivative-at-c",
    GRU,
    "daz = dz * z * (1 - z)",
    "daz = dz * c * (1 - c)",
    "daz",
    "The sigmoid derivative of the update gate was computed with the candidate c instead of the gate z.",
    **GR,
)


# ---------------------------------------------------------------- softmax cross-entropy, label smoothing
SMOOTH = """
def softmax(s):
    e = np.exp(s - s.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)

def forward(X, labels, parameters):
    eps = 0.1
    n = X.shape[0]
    p = softmax(X @ parameters["W"] + parameters["b"])
    K = p.shape[1]
    onehot = np.zeros_like(p)
    onehot[np.arange(n), labels] = 1
    q = (1 - eps) * onehot + eps / K
    J = -np.sum(q * np.log(p)) / n
    return J, dict(p=p, q=q, onehot=onehot)

def backward(X, labels, parameters, cache):
    n = len(labels)
    dlogits = (cache["p"] - cache["q"]) / n
    return {"dW": X.T @ dlogits,
            "db": dlogits.sum(axis=0)}
"""
SM = {
    "parameters": lambda r: {"W": r.randn(3, 4), "b": r.randn(4)},
    "data": lambda r: (r.randn(6, 3), r.randint(0, 4, 6)),
    "args": ("X", "labels", "parameters"),
}
case(
    "smooth-hard-labels",
    SMOOTH,
    'dlogits = (cache["p"] - cache["q"]) / n',
    'dlogits = (cache["p"] - cache["onehot"]) / n',
    "dlogits",
    "The loss uses the smoothed labels q, but backward subtracts the hard one-hot labels.",
    **SM,
)
case(
    "smooth-db-mean",
    SMOOTH,
    '"db": dlogits.sum(axis=0)}',
    '"db": dlogits.mean(axis=0)}',
    "db",
    "dlogits already contains 1/n; taking the mean instead of the sum divides by n once more.",
    **SM,
)

# ---------------------------------------------------------------- Poisson regression with exposure
POIS = """
def forward(X, counts, exposure, beta):
    eta = X @ beta["w"] + beta["b"] + np.log(exposure)
    rate = np.exp(eta)
    nll = np.mean(rate - counts * eta)
    return nll, (eta, rate)

def backward(X, counts, exposure, beta, cache):
    eta, rate = cache
    resid = (rate - counts) / counts.size
    dw = X.T @ resid
    db = resid.sum()
    return {"dw": dw, "db": db}
"""
case(
    "poisson-eta-for-rate",
    POIS,
    "resid = (rate - counts) / counts.size",
    "resid = (eta - counts) / counts.size",
    "resid",
    "The residual of a Poisson model is exp(eta) - y; the linear predictor eta was used as if the link were the identity.",
    parameters=lambda r: {"w": r.randn(4) * 0.4, "b": r.randn() * _np().ones(())},
    data=lambda r: (r.randn(9, 4), r.poisson(2.0, 9).astype(float), 0.5 + r.rand(9)),
    args=("X", "counts", "exposure", "beta"),
    params_name="beta",
)

# ---------------------------------------------------------------- Gaussian mixture, logsumexp
GMM = """
def logsumexp(a):
    M = a.max(axis=1, keepdims=True)
    return M + np.log(np.exp(a - M).sum(axis=1, keepdims=True))

def forward(x, parameters):
    alpha, mu, log_sigma = parameters["alpha"], parameters["mu"], parameters["log_sigma"]
    log_pi = alpha - np.log(np.exp(alpha).sum())
    diff = (x[:, None] - mu) / np.exp(log_sigma)
    logp = log_pi - log_sigma - 0.5 * diff ** 2 - 0.5 * np.log(2 * np.pi)
    lse = logsumexp(logp)
    return -lse.sum() / x.size, (log_pi, diff, logp, lse)

def backward(x, parameters, cache):
    log_pi, diff, logp, lse = cache
    N = x.size
    resp = np.exp(logp - lse)
    dlogp = -resp / N
    dmu = (dlogp * diff / np.exp(parameters["log_sigma"])).sum(axis=0)
    dlog_sigma = (dlogp * (diff ** 2 - 1)).sum(axis=0)
    dlog_pi = dlogp.sum(axis=0)
    dalpha = dlog_pi - np.exp(log_pi) * dlog_pi.sum()
    return {"dalpha": dalpha, "dmu": dmu, "dlog_sigma": dlog_sigma}
"""
GM = {
    "parameters": lambda r: {
        "alpha": r.randn(3),
        "mu": r.randn(3) * 1.5,
        "log_sigma": r.randn(3) * 0.3,
    },
    "data": lambda r: (r.randn(8) * 2,),
    "args": ("x", "parameters"),
}
case(
    "gmm-log-sigma-normaliser",
    GMM,
    "dlog_sigma = (dlogp * (diff ** 2 - 1)).sum(axis=0)",
    "dlog_sigma = (dlogp * diff ** 2).sum(axis=0)",
    "dlog_sigma",
    "log_sigma also stands in the normalising term -log_sigma, whose -1 is missing.",
    **GM,
)
case(
    "gmm-alpha-softmax-coupling",
    GMM,
    "dalpha = dlog_pi - np.exp(log_pi) * dlog_pi.sum()",
    "dalpha = dlog_pi",
    "dalpha",
    "log_pi is a log-softmax of alpha; the derivative of its normalising sum was left out.",
    **GM,
)

# ---------------------------------------------------------------- scalar physics-like function
PHYS = '''
def forward(height, p):
    """Kinetic energy at the ground of a body thrown upwards, less what drag took, in units of its weight."""
    v2 = p["v0"] ** 2 + 2 * p["g"] * height
    v = np.sqrt(v2)
    t = (p["v0"] + v) / p["g"]
    drag = p["k"] * v * t
    E = 0.5 * p["mass"] * v2 - drag
    out = E / (p["mass"] * p["g"])
    return out, {"v2": v2, "v": v, "t": t, "drag": drag, "E": E}

def backward(height, p, cache):
    v2, v, t, drag, E = (cache[n] for n in ("v2", "v", "t", "drag", "E"))
    mass, g, v0, k = p["mass"], p["g"], p["v0"], p["k"]
    dE = 1 / (mass * g)
    dmass = -E / (mass ** 2 * g)
    dg = -E / (mass * g ** 2)
    dmass += dE * 0.5 * v2
    dv2 = dE * 0.5 * mass
    ddrag = -dE
    dk = ddrag * v * t
    dv = ddrag * k * t
    dt = ddrag * k * v
    dv0 = dt / g
    dv += dt / g
    dg -= dt * (v0 + v) / g ** 2
    dv2 += dv / (2 * v)
    dv0 += dv2 * 2 * v0
    dg += dv2 * 2 * height
    return {"dv0": dv0, "dg": dg, "dk": dk, "dmass": dmass}
'''
PH = {
    "parameters": lambda r: {
        n: _np().array(a + 0.5 * r.rand())
        for n, a in (("v0", 2.0), ("g", 3.0), ("k", 0.4), ("mass", 1.3))
    },
    "data": lambda r: (1.5 + r.rand(),),
    "args": ("height", "p"),
    "params_name": "p",
}
case(
    "phys-v-path-overwritten",
    PHYS,
    "dv += dt / g",
    "dv = dt / g",
    "dv",
    "v is used both in the drag and in the time of flight; the second contribution overwrites the first.",
    **PH,
)
case(
    "phys-sqrt-derivative",
    PHYS,
    "dv2 += dv / (2 * v)",
    "dv2 += dv / (2 * v2)",
    "dv2",
    "The derivative of sqrt(v2) is 1/(2 sqrt(v2)) = 1/(2 v); it was divided by v2 instead of its root.",
    **PH,
)


# ---------------------------------------------------------------- bilinear form x^T A y with encoded x, y
case(
    "bilinear-A-not-applied-to-u",
    """
def forward(X, Z, t, parameters):
    U = X @ parameters["P"]
    V = Z @ parameters["Q"]
    A = parameters["A"]
    s = np.sum((U @ A) * V, axis=1)
    e = s - t
    return np.mean(e ** 2), (U, V, e)

def backward(X, Z, t, parameters, cache):
    U, V, e = cache
    A = parameters["A"]
    ds = (2 * e / len(e))[:, None]
    dA = U.T @ (ds * V)
    dU = ds * (V @ A.T)
    dV = ds * (U @ A)
    return {"dA": dA, "dP": X.T @ dU, "dQ": Z.T @ dV}
""",
    "dV = ds * (U @ A)",
    "dV = ds * (U @ A.T)",
    "dV",
    "For s = u^T A v the gradient at v is A^T u, in rows U @ A; A was transposed (it is square, so nothing complains).",
    lambda r: {"P": r.randn(4, 3), "Q": r.randn(5, 3), "A": r.randn(3, 3)},
    lambda r: (r.randn(7, 4), r.randn(7, 5), r.randn(7)),
    args=("X", "Z", "t", "parameters"),
)

# ---------------------------------------------------------------- cosine similarity loss
case(
    "cosine-norm-not-squared",
    """
def forward(X, T, parameters):
    u = X @ parameters["W"]
    nu = np.linalg.norm(u, axis=1, keepdims=True)
    nt = np.linalg.norm(T, axis=1, keepdims=True)
    cos = np.sum(u * T, axis=1, keepdims=True) / (nu * nt)
    return np.mean(1 - cos), {"u": u, "nu": nu, "nt": nt, "cos": cos}

def backward(X, T, parameters, cache):
    u, nu, nt, cos = cache["u"], cache["nu"], cache["nt"], cache["cos"]
    dcos = -np.ones_like(cos) / len(X)
    du = dcos * (T / (nu * nt) - cos * u / nu ** 2)
    return {"dW": X.T @ du}
""",
    "du = dcos * (T / (nu * nt) - cos * u / nu ** 2)",
    "du = dcos * (T / (nu * nt) - cos * u / nu)",
    "du",
    "The second term of the derivative of the cosine is cos * u / |u|^2; the norm was not squared.",
    lambda r: {"W": r.randn(4, 3)},
    lambda r: (r.randn(6, 4), r.randn(6, 3)),
    args=("X", "T", "parameters"),
)

# ---------------------------------------------------------------- focal loss, parameters first
case(
    "focal-modulating-factor-constant",
    """
GAMMA = 2.0

def forward(params, X, y):
    z = X.dot(params["w"]) + params["b"]
    p = 1 / (1 + np.exp(-z))
    pt = np.where(y == 1, p, 1 - p)
    loss = np.mean(-(1 - pt) ** GAMMA * np.log(pt))
    return loss, (p, pt)

def backward(params, X, y, cache):
    p, pt = cache
    dpt = (GAMMA * (1 - pt) ** (GAMMA - 1) * np.log(pt) - (1 - pt) ** GAMMA / pt) / len(y)
    dp = np.where(y == 1, dpt, -dpt)
    dz = dp * p * (1 - p)
    return {"dw": X.T.dot(dz), "db": np.sum(dz)}
""",
    "dpt = (GAMMA * (1 - pt) ** (GAMMA - 1) * np.log(pt) - (1 - pt) ** GAMMA / pt) / len(y)",
    "dpt = -(1 - pt) ** GAMMA / pt / len(y)",
    "dpt",
    "The factor (1-pt)^gamma was treated as a constant; the product rule gives a second term with log(pt).",
    lambda r: {"w": r.randn(3), "b": r.randn() * _np().ones(())},
    lambda r: (r.randn(8, 3), (r.rand(8) > 0.5).astype(int)),
    args=("params", "X", "y"),
    params_name="params",
)

# ---------------------------------------------------------------- BCE with sample weights, small net, column layout
case(
    "wbce-sample-weights-left-out",
    """
def forward(X, Y, S, parameters):
    Z1 = parameters["W1"] @ X + parameters["b1"]
    A1 = np.log1p(np.exp(Z1))
    Z2 = parameters["W2"] @ A1 + parameters["b2"]
    A2 = 1 / (1 + np.exp(-Z2))
    J = -np.sum(S * (Y * np.log(A2) + (1 - Y) * np.log(1 - A2))) / np.sum(S)
    return J, (Z1, A1, Z2, A2)

def backward(X, Y, S, parameters, cache):
    Z1, A1, Z2, A2 = cache
    dZ2 = S * (A2 - Y) / np.sum(S)
    dW2 = dZ2 @ A1.T
    db2 = np.sum(dZ2, axis=1, keepdims=True)
    dZ1 = (parameters["W2"].T @ dZ2) / (1 + np.exp(-Z1))
    dW1 = dZ1 @ X.T
    db1 = np.sum(dZ1, axis=1, keepdims=True)
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}
""",
    "dZ2 = S * (A2 - Y) / np.sum(S)",
    "dZ2 = (A2 - Y) / np.sum(S)",
    "dZ2",
    "Each example's error has to be multiplied by its sample weight, as in the loss.",
    lambda r: {"W1": r.randn(4, 3), "b1": r.randn(4, 1), "W2": r.randn(1, 4), "b2": r.randn(1, 1)},
    lambda r: (r.randn(3, 6), (r.rand(1, 6) > 0.5) * 1.0, 0.2 + 2 * r.rand(1, 6)),
    args=("X", "Y", "S", "parameters"),
)

# ---------------------------------------------------------------- Huber, data last, mask; MAE on a list; elastic net
case(
    "huber-linear-part-without-delta",
    """
DELTA = 0.7

def forward(theta, X, y):
    r = X @ theta["w"] + theta["b"] - y
    small = np.abs(r) <= DELTA
    loss = np.where(small, 0.5 * r ** 2, DELTA * (np.abs(r) - 0.5 * DELTA))
    return loss.sum() / len(r), [r, small]

def backward(theta, X, y, cache):
    r, small = cache
    grad_r = np.where(small, r, DELTA * np.sign(r))
    grad_r = grad_r / r.shape[0]
    return {"dw": X.T @ grad_r, "db": grad_r.sum()}
""",
    "grad_r = np.where(small, r, DELTA * np.sign(r))",
    "grad_r = np.where(small, r, np.sign(r))",
    "grad_r",
    "In the linear part the Huber loss has slope DELTA, not 1.",
    lambda r: {"w": r.randn(3), "b": r.randn() * _np().ones(())},
    lambda r: (r.randn(8, 3), r.randn(8)),
    args=("theta", "X", "y"),
    params_name="theta",
)
case(
    "mae-residual-for-its-sign",
    """
def forward(X, ws):
    W, b, v, c = ws
    hid = np.sin(X @ W + b)
    return hid @ v + c, (hid, X)

def mae(pred, y):
    return np.abs(pred - y).mean()

def backward(pred, y, ws, cache):
    hid, X = cache
    W, b, v, c = ws
    dpred = np.sign(pred - y) / len(y)
    dv = hid.T @ dpred
    dc = dpred.sum()
    dhid = np.outer(dpred, v)
    dpre = dhid * np.cos(X @ W + b)
    return X.T @ dpre, dpre.sum(0), dv, dc
""",
    "dpred = np.sign(pred - y) / len(y)",
    "dpred = (pred - y) / len(y)",
    "dpred",
    "That is the derivative of the (half) squared error; the absolute error has the sign of the residual.",
    lambda r: [r.randn(3, 4), r.randn(4), r.randn(4), _np().array(r.randn())],
    lambda r: (r.randn(7, 3), r.randn(7)),
    args=("X", "ws"),
    params_name="ws",
    loss="mae",
)
case(
    "elastic-l1-without-sign",
    """
def forward(X, y, parameters):
    w, b = parameters["w"], parameters["b"]
    alpha, rho = 0.5, 0.6
    err = X @ w + b - y
    J = err @ err / (2 * len(y)) + alpha * (rho * np.abs(w).sum() + 0.5 * (1 - rho) * w @ w)
    return J, {"err": err, "alpha": alpha, "rho": rho}

def backward(X, y, parameters, cache):
    w = parameters["w"]
    err, alpha, rho = cache["err"], cache["alpha"], cache["rho"]
    n = len(y)
    db = 0
    dw = np.zeros_like(w)
    for xi, ei in zip(X, err):
        dw += ei * xi / n
        db += ei / n
    dw += alpha * rho * np.sign(w) + alpha * (1 - rho) * w
    return {"dw": dw, "db": db}
""",
    "dw += alpha * rho * np.sign(w) + alpha * (1 - rho) * w",
    "dw += alpha * rho + alpha * (1 - rho) * w",
    "dw",
    "The derivative of |w| is sign(w), not 1: negative weights must be pushed up, not down.",
    lambda r: {"w": r.randn(6), "b": r.randn() * _np().ones(())},
    lambda r: (r.randn(8, 6), r.randn(8)),
    args=("X", "y", "parameters"),
)


# ================================================================ RIGHT derivations that look unusual
right(
    "r-lnet-m-moved-to-dAL",
    LNET.replace(
        "dAL = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))",
        "dAL = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL)) / AL.shape[1]",
    )
    .replace("dW = 1 / m * np.dot(dZ, A_prev.T)", "dW = np.dot(dZ, A_prev.T)")
    .replace(
        "db = 1 / m * np.sum(dZ, axis=1, keepdims=True)", "db = np.sum(dZ, axis=1, keepdims=True)"
    ),
    **LN,
)
right(
    "r-lnet-sigmoid-as-exp-and-where",
    LNET.replace("dZ = dA * s * (1 - s)", "dZ = dA * np.exp(-Z) / (1 + np.exp(-Z)) ** 2").replace(
        "dZ[Z <= 0] = 0", "dZ = np.where(Z > 0, dZ, 0.0)"
    ),
    **LN,
)
right(
    "r-logi-loop-scaled-inside",
    LOGI.replace("dz = a[i] - Y[i]", "dz = (a[i] - Y[i]) / m").replace(
        "    dw1 /= m\n    dw2 /= m\n    db /= m\n", ""
    ),
    **LO,
)
right(
    "r-list2-outer-product-loop",
    LIST2.replace(
        """    gW1 = X.T.dot(dhidden)
    gb1 = dhidden.sum(axis=0)
""",
        """    gW1 = 0
    gb1 = 0
    for n in range(N):
        gW1 = gW1 + X[n][:, None] * dhidden[n]
        gb1 = gb1 + dhidden[n]
""",
    ).replace("dhidden *= 1 - h ** 2", "dhidden /= np.cosh(X.dot(W1) + b1) ** 2"),
    **L2,
)
right(
    "r-bn-closed-form",
    BN[: BN.index("    dvar =")]
    + """    dZ = istd / m * (m * dzhat - dzhat.sum(1, keepdims=True) - zhat * (dzhat * zhat).sum(1, keepdims=True))
    g["dW"] = np.einsum("im,jm->ij", dZ, X)
    return g
""",
    **BNK,
)
right(
    "r-rnn-carry-then-add",
    RNN.replace(
        """    dh = p["Wy"].T @ dy
    for t in reversed(range(T)):
        draw = (1 - hs[t + 1] ** 2) * dh
""",
        """    dh = 0 * hs[0]
    for t in range(T - 1, -1, -1):
        if t == T - 1:
            dh = dh + p["Wy"].T @ dy
        draw = dh - dh * hs[t + 1] * hs[t + 1]
""",
    ),
    **RN,
)
right(
    "r-gru-convex-difference",
    GRU.replace("dz = dh * (c - h_prev)", "dz = -dh * h_prev + dh * c").replace(
        "daz = dz * z * (1 - z)", "daz = dz * (z - np.square(z))"
    ),
    **GR,
)
right(
    "r-smooth-sum-of-two-losses",
    SMOOTH.replace(
        'dlogits = (cache["p"] - cache["q"]) / n',
        """eps, K = 0.1, cache["p"].shape[1]
    hard = cache["p"].copy()
    hard[np.arange(n), labels] -= 1
    flat = cache["p"] - 1.0 / K
    dlogits = ((1 - eps) * hard + eps * flat) / n""",
    ),
    **SM,
)
right(
    "r-softmax-full-jacobian",
    """
def forward(X, Y, parameters):
    s = parameters["W"] @ X + parameters["b"]
    P = np.exp(s - s.max(0)) / np.exp(s - s.max(0)).sum(0)
    return -np.mean(np.log((P * Y).sum(0))), (P,)

def backward(X, Y, parameters, cache):
    P, = cache
    m = X.shape[1]
    dW = np.zeros(parameters["W"].shape)
    db = np.zeros(parameters["b"].shape)
    for i in range(m):
        p, y, x = P[:, i:i + 1], Y[:, i:i + 1], X[:, i:i + 1]
        dp = -y / p
        jac = np.diagflat(p) - p @ p.T
        ds = jac @ dp
        dW += ds @ x.T
        db += ds
    return {"dW": dW / m, "db": db / m}
""",
    lambda r: {"W": r.randn(4, 3), "b": r.randn(4, 1)},
    lambda r: (r.randn(3, 6), _np().eye(4)[:, r.randint(0, 4, 6)]),
)
right(
    "r-dead-relu-units",
    """
def forward(X, Y, parameters):
    Z1 = X @ parameters["W1"] + parameters["b1"]
    A1 = Z1 * (Z1 > 0)
    out = A1 @ parameters["W2"]
    return 0.5 * np.sum((out - Y) ** 2), {"Z1": Z1, "A1": A1, "out": out}

def backward(X, Y, parameters, cache):
    delta2 = cache["out"] - Y
    delta1 = delta2 @ parameters["W2"].T
    delta1[cache["A1"] == 0] = 0
    return dict(dW1=(delta1.T @ X).T, db1=np.ones(len(X)) @ delta1, dW2=(delta2.T @ cache["A1"]).T)
""",
    lambda r: {
        "W1": r.randn(3, 5),
        "b1": _np().array([0.2, -30.0, 0.1, -30.0, 0.4]),
        "W2": r.randn(5, 2),
    },
    lambda r: (r.randn(6, 3).astype("float32"), r.randn(6, 2).astype("float32")),
)
right(
    "r-saturated-sigmoid-logaddexp",
    """
def forward(X, y, parameters):
    z = X @ parameters["w"] + parameters["b"]
    return np.sum(np.logaddexp(0, z) - y * z) / len(y), [z]

def backward(X, y, parameters, cache):
    z = cache[0]
    p = 0.5 * (1 + np.tanh(0.5 * z))
    dz = np.where(y == 1, p - 1, p)
    return {"dw": np.mean(dz[:, np.newaxis] * X, axis=0), "db": np.mean(dz)}
""",
    lambda r: {"w": r.randn(3), "b": r.randn() * _np().ones(())},
    lambda r: (r.randn(7, 3) * 12, (r.rand(7) > 0.5).astype(float)),
    args=("X", "y", "parameters"),
)
right(
    "r-conv-gather-col2im",
    CONV.replace(
        """    for i in range(oh):
        for j in range(ow):
            dx[:, :, i * stride:i * stride + HH, j * stride:j * stride + WW] += d6[:, i, j]
""",
        """    for a in range(HH):
        for b in range(WW):
            dx[:, :, a:a + stride * oh:stride, b:b + stride * ow:stride] += d6[..., a, b].transpose(0, 3, 1, 2)
""",
    ).replace("dv = 2 * (v - Y) / v.size", "dv = (v - Y) * (2.0 / np.prod(Y.shape))"),
    **CV,
)
right(
    "r-cosine-through-the-norm",
    """
def forward(X, T, parameters):
    u = X @ parameters["W"]
    nu = np.sqrt((u * u).sum(1))
    uh = u / nu[:, None]
    th = T / np.sqrt((T * T).sum(1))[:, None]
    return 1 - np.einsum("ij,ij->", uh, th) / len(X), (u, nu, uh, th)

def backward(X, T, parameters, cache):
    u, nu, uh, th = cache
    duh = -th
    dnu = -(duh * u).sum(1) / nu ** 2
    du = duh / nu[:, None]
    du += (dnu / nu)[:, None] * u
    dW = X.T @ du
    dW /= X.shape[0]
    return {"dW": dW}
""",
    lambda r: {"W": r.randn(4, 3)},
    lambda r: (r.randn(6, 4), r.randn(6, 3)),
    args=("X", "T", "parameters"),
)
right(
    "r-quadratic-form-shared-encoder",
    """
def forward(parameters, X):
    A, P = parameters
    U = X @ P
    q = np.einsum("ni,ij,nj->n", U, A, U)
    return np.log(1 + q ** 2).sum(), (U, q)

def backward(parameters, X, cache):
    A, P = parameters
    U, q = cache
    dq = 2 * q / (1 + q * q)
    dU = dq[:, None] * (U @ (A + A.T))
    return np.einsum("n,ni,nj->ij", dq, U, U), X.T @ dU
""",
    lambda r: [r.randn(3, 3), r.randn(4, 3)],
    lambda r: (r.randn(5, 4),),
    args=("parameters", "X"),
)
right(
    "r-huber-as-clip",
    """
def forward(X, y, parameters):
    r = y - X @ parameters["w"]
    a = np.abs(r)
    q = np.minimum(a, 0.7)
    return np.mean(0.5 * q ** 2 + 0.7 * (a - q)), (r,)

def backward(X, y, parameters, cache):
    g = np.clip(cache[0], -0.7, 0.7)
    return {"dw": -(g @ X) / y.size}
""",
    lambda r: {"w": r.randn(3)},
    lambda r: (r.randn(8, 3), r.randn(8)),
    args=("X", "y", "parameters"),
)
