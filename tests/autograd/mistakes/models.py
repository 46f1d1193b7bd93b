"""Mistakes in models of many kinds, from a character RNN to mixtures of experts."""

import numpy as np

from tests.autograd.mistakes.bank import Bank

BANK = Bank()
CASES, RIGHT, DOUBLE = BANK.cases, BANK.rights, BANK.doubles
case, right, double = BANK.case, BANK.right, BANK.double


def onehot(r, n, m):
    return np.eye(n)[:, r.randint(n, size=m)]


# ---------------------------------------------------------------- 1. Coursera, columns, dropout and L2
THREE = """
def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def relu(z):
    return np.maximum(0, z)

def forward(X, Y, D1, parameters):
    m = X.shape[1]
    lambd, keep_prob = 0.7, 0.8
    W1, b1 = parameters["W1"], parameters["b1"]
    W2, b2 = parameters["W2"], parameters["b2"]
    W3, b3 = parameters["W3"], parameters["b3"]
    # LINEAR -> RELU -> DROPOUT -> LINEAR -> TANH -> LINEAR -> SIGMOID
    Z1 = np.dot(W1, X) + b1
    A1 = relu(Z1)
    A1 = A1 * D1
    A1 = A1 / keep_prob
    Z2 = np.dot(W2, A1) + b2
    A2 = np.tanh(Z2)
    Z3 = np.dot(W3, A2) + b3
    A3 = sigmoid(Z3)
    cross_entropy_cost = -1. / m * np.sum(Y * np.log(A3) + (1 - Y) * np.log(1 - A3))
    L2_regularization_cost = lambd / (2 * m) * (np.sum(np.square(W1)) + np.sum(np.square(W2)) + np.sum(np.square(W3)))
    cost = cross_entropy_cost + L2_regularization_cost
    cache = (Z1, A1, W1, b1, Z2, A2, W2, b2, Z3, A3, W3, b3)
    return cost, cache

def backward(X, Y, D1, parameters, cache):
    m = X.shape[1]
    lambd, keep_prob = 0.7, 0.8
    (Z1, A1, W1, b1, Z2, A2, W2, b2, Z3, A3, W3, b3) = cache

    dZ3 = A3 - Y
    dW3 = 1. / m * np.dot(dZ3, A2.T) + (lambd * W3) / m
    db3 = 1. / m * np.sum(dZ3, axis=1, keepdims=True)

    dA2 = np.dot(W3.T, dZ3)
    dZ2 = dA2 * (1 - np.power(A2, 2))
    dW2 = 1. / m * np.dot(dZ2, A1.T) + (lambd * W2) / m
    db2 = 1. / m * np.sum(dZ2, axis=1, keepdims=True)

    dA1 = np.dot(W2.T, dZ2)
    dA1 = dA1 * D1 / keep_prob
    dZ1 = np.multiply(dA1, np.int64(Z1 > 0))
    dW1 = 1. / m * np.dot(dZ1, X.T) + (lambd * W1) / m
    db1 = 1. / m * np.sum(dZ1, axis=1, keepdims=True)

    gradients = {"dW3": dW3, "db3": db3, "dW2": dW2, "db2": db2, "dW1": dW1, "db1": db1}
    return gradients
"""


def three_p(r):
    return dict(
        W1=r.randn(4, 5),
        b1=r.randn(4, 1),
        W2=r.randn(3, 4),
        b2=r.randn(3, 1),
        W3=r.randn(2, 3),
        b3=r.randn(2, 1),
    )


def three_d(r):
    return r.randn(5, 6), (r.rand(2, 6) > 0.5).astype(float), (r.rand(4, 6) < 0.6).astype(float)


case(
    "d01-three-lambda",
    THREE,
    "dW2 = 1. / m * np.dot(dZ2, A1.T) + (lambd * W2) / m",
    "dW2 = 1. / m * np.dot(dZ2, A1.T)",
    "dW2",
    "the L2 term of W2 forgotten",
    three_p,
    three_d,
)
case(
    "d02-three-keep",
    THREE,
    "dA1 = dA1 * D1 / keep_prob",
    "dA1 = dA1 * D1",
    "dA1",
    "inverted dropout: division by keep_prob forgotten in the backward pass",
    three_p,
    three_d,
)
case(
    "d03-three-z-for-a",
    THREE,
    "dZ2 = dA2 * (1 - np.power(A2, 2))",
    "dZ2 = dA2 * (1 - np.power(Z2, 2))",
    "dZ2",
    "tanh derivative taken at the pre-activation Z2 in place of A2",
    three_p,
    three_d,
)


# ---------------------------------------------------------------- 2. Coursera, L layers, helper per layer
MODULAR = """
def linear_activation_forward(A_prev, W, b, activation):
    Z = np.dot(W, A_prev) + b
    if activation == "sigmoid":
        A = 1 / (1 + np.exp(-Z))
    elif activation == "relu":
        A = np.maximum(0, Z)
    return A, ((A_prev, W, b), Z)

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
    cost = -np.sum(np.multiply(Y, np.log(AL)) + np.multiply(1 - Y, np.log(1 - AL))) / m
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
    dW = np.dot(dZ, A_prev.T) / m
    db = np.sum(dZ, axis=1, keepdims=True) / m
    dA_prev = np.dot(W.T, dZ)
    return dA_prev, dW, db

def backward(AL, Y, caches):
    grads = {}
    L = len(caches)
    dAL = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))
    linear_cache, Z = caches[L - 1]
    dZ_out = sigmoid_backward(dAL, Z)
    grads["dA" + str(L - 1)], grads["dW" + str(L)], grads["db" + str(L)] = linear_backward(dZ_out, linear_cache)
    for l in reversed(range(L - 1)):
        linear_cache, Z = caches[l]
        dZ_hid = relu_backward(grads["dA" + str(l + 1)], Z)
        grads["dA" + str(l)], grads["dW" + str(l + 1)], grads["db" + str(l + 1)] = linear_backward(dZ_hid, linear_cache)
    return grads
"""


def modular_p(r):
    n = [6, 5, 7, 4, 2]
    return {
        k + str(l): v
        for l in range(1, 5)
        for k, v in (("W", 0.6 * r.randn(n[l], n[l - 1])), ("b", 0.3 + 0.5 * r.randn(n[l], 1)))
    }


def modular_d(r):
    return r.randn(6, 8), (r.rand(2, 8) > 0.5).astype(float)


case(
    "d04-modular-relu-mask",
    MODULAR,
    "dZ[Z <= 0] = 0",
    "dZ[dA <= 0] = 0",
    "dZ",
    "relu mask of the wrong array (incoming gradient in place of Z)",
    modular_p,
    modular_d,
    args=("X", "parameters"),
    loss="compute_cost",
)
case(
    "d05-modular-extra-m",
    MODULAR,
    "dA_prev = np.dot(W.T, dZ)",
    "dA_prev = np.dot(W.T, dZ) / m",
    "dA_prev",
    "extra 1/m on the gradient handed to the previous layer",
    modular_p,
    modular_d,
    args=("X", "parameters"),
    loss="compute_cost",
)


# ---------------------------------------------------------------- 3. CS231n, batch norm, SVM loss
BNNET = """
def affine_forward(x, w, b):
    out = x.dot(w) + b
    return out, (x, w, b)

def affine_backward(dout, cache):
    x, w, b = cache
    dx = dout.dot(w.T)
    dw = x.T.dot(dout)
    db = dout.sum(axis=0)
    return dx, dw, db

def batchnorm_forward(x, gamma, beta, eps=1e-5):
    mu = np.mean(x, axis=0)
    xmu = x - mu
    var = np.mean(xmu ** 2, axis=0)
    sqrtvar = np.sqrt(var + eps)
    ivar = 1. / sqrtvar
    xhat = xmu * ivar
    out = gamma * xhat + beta
    return out, (x, xhat, gamma, xmu, ivar, sqrtvar, var, eps)

def batchnorm_backward(dout, cache):
    x, xhat, gamma, xmu, ivar, sqrtvar, var, eps = cache
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
    dmu = -1 * np.sum(dxmu1 + dxmu2, axis=0)
    dx2 = 1. / N * np.ones((N, D)) * dmu
    dx = dx1 + dx2
    return dx, dgamma, dbeta

def forward(X, y, params):
    reg = 0.3
    h0, c0 = X.dot(params["W1"]), X
    h1, c1 = batchnorm_forward(h0, params["gamma1"], params["beta1"])
    h2 = np.maximum(0, h1)
    scores, c3 = affine_forward(h2, params["W2"], params["b2"])
    N = X.shape[0]
    margins = np.maximum(0, scores - scores[np.arange(N), y][:, np.newaxis] + 1.0)
    margins[np.arange(N), y] = 0
    loss = np.sum(margins) / N + 0.5 * reg * (np.sum(params["W1"] ** 2) + np.sum(params["W2"] ** 2))
    return loss, (c0, c1, h1, c3, margins)

def backward(X, y, params, cache):
    reg, N = 0.3, X.shape[0]
    c0, c1, h1, c3, margins = cache
    num_pos = np.sum(margins > 0, axis=1)
    dscores = np.zeros_like(margins)
    dscores[margins > 0] = 1
    dscores[np.arange(N), y] -= num_pos
    dscores /= N
    grads = {}
    dh2, grads["dW2"], grads["db2"] = affine_backward(dscores, c3)
    dh1 = dh2 * (h1 > 0)
    dh0, grads["dgamma1"], grads["dbeta1"] = batchnorm_backward(dh1, c1)
    grads["dW1"] = c0.T.dot(dh0)
    grads["dW1"] += reg * params["W1"]
    grads["dW2"] += reg * params["W2"]
    return grads
"""


def bn_p(r):
    return dict(
        W1=r.randn(5, 6),
        gamma1=1 + 0.3 * r.randn(6),
        beta1=0.5 * r.randn(6),
        W2=r.randn(6, 3),
        b2=r.randn(3),
    )


def bn_d(r):
    return r.randn(7, 5), r.randint(3, size=7)


case(
    "d06-bn-mean-path",
    BNNET,
    "dx = dx1 + dx2",
    "dx = dx1",
    "dx",
    "the mean's path of batch norm left out",
    bn_p,
    bn_d,
)
case(
    "d07-bn-gamma-x",
    BNNET,
    "dgamma = np.sum(dout * xhat, axis=0)",
    "dgamma = np.sum(dout * x, axis=0)",
    "dgamma",
    "gamma's gradient from the raw input x in place of the normalised xhat",
    bn_p,
    bn_d,
)
case(
    "d08-svm-count",
    BNNET,
    "dscores[np.arange(N), y] -= num_pos",
    "dscores[np.arange(N), y] -= 1",
    "dscores",
    "correct class gets -1 in place of minus the number of violated margins",
    bn_p,
    bn_d,
)


# ---------------------------------------------------------------- 4. CS231n captioning RNN
CAPTION = """
def rnn_step_forward(x, prev_h, Wx, Wh, b):
    next_h = np.tanh(x.dot(Wx) + prev_h.dot(Wh) + b)
    return next_h, (x, prev_h, Wx, Wh, next_h)

def rnn_step_backward(dnext_h, cache):
    x, prev_h, Wx, Wh, next_h = cache
    dtanh = dnext_h * (1 - next_h ** 2)
    dx = dtanh.dot(Wx.T)
    dprev_h = dtanh.dot(Wh.T)
    dWx = x.T.dot(dtanh)
    dWh = prev_h.T.dot(dtanh)
    db = np.sum(dtanh, axis=0)
    return dx, dprev_h, dWx, dWh, db

def rnn_backward(dh, caches, Wx, Wh):
    N, T, H = dh.shape
    dx = np.zeros((N, T, Wx.shape[0]))
    dWx_all, dWh_all, db_all = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(H)
    dprev = np.zeros((N, H))
    for t in range(T - 1, -1, -1):
        dcur = dh[:, t, :] + dprev
        dx[:, t, :], dprev, dWx_t, dWh_t, db_t = rnn_step_backward(dcur, caches[t])
        dWx_all += dWx_t
        dWh_all += dWh_t
        db_all += db_t
    return dx, dprev, dWx_all, dWh_all, db_all

def forward(features, captions_in, captions_out, params):
    h0 = features.dot(params["W_proj"]) + params["b_proj"]
    x = params["W_embed"][captions_in]
    N, T, D = x.shape
    h, caches, prev = np.zeros((N, T, h0.shape[1])), [], h0
    for t in range(T):
        prev, c = rnn_step_forward(x[:, t, :], prev, params["Wx"], params["Wh"], params["b"])
        h[:, t, :] = prev
        caches.append(c)
    scores = h.reshape(N * T, -1).dot(params["W_vocab"]) + params["b_vocab"]
    y_flat = captions_out.reshape(N * T)
    mask_flat = (captions_out != 0).reshape(N * T)
    probs = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    probs /= np.sum(probs, axis=1, keepdims=True)
    loss = -np.sum(mask_flat * np.log(probs[np.arange(N * T), y_flat])) / N
    return loss, (h, caches, probs, y_flat, mask_flat)

def backward(features, captions_in, captions_out, params, cache):
    h, caches, probs, y_flat, mask_flat = cache
    N, T, H = h.shape
    dscores = probs.copy()
    dscores[np.arange(N * T), y_flat] -= 1
    dscores = dscores * mask_flat[:, None] / N
    grads = {}
    grads["dW_vocab"] = h.reshape(N * T, H).T.dot(dscores)
    grads["db_vocab"] = np.sum(dscores, axis=0)
    dh = dscores.dot(params["W_vocab"].T).reshape(N, T, H)
    dx, dh0, grads["dWx"], grads["dWh"], grads["db"] = rnn_backward(dh, caches, params["Wx"], params["Wh"])
    grads["dW_embed"] = np.zeros_like(params["W_embed"])
    np.add.at(grads["dW_embed"], captions_in, dx)
    grads["dW_proj"] = features.T.dot(dh0)
    grads["db_proj"] = np.sum(dh0, axis=0)
    return grads
"""


def cap_p(r):
    return dict(
        W_proj=0.5 * r.randn(2, 6),
        b_proj=r.randn(6),
        W_embed=r.randn(7, 5),
        Wx=0.5 * r.randn(5, 6),
        Wh=0.5 * r.randn(6, 6),
        b=r.randn(6),
        W_vocab=r.randn(6, 7),
        b_vocab=r.randn(7),
    )


def cap_d(r):
    out = r.randint(1, 7, size=(3, 4))
    out[0, 3] = out[1, 2] = out[1, 3] = 0
    return r.randn(3, 2), r.randint(7, size=(3, 4)), out


case(
    "d09-caption-embed",
    CAPTION,
    'np.add.at(grads["dW_embed"], captions_in, dx)',
    'grads["dW_embed"][captions_in] += dx',
    "dW_embed",
    "fancy-index += keeps one of the repeated words (np.add.at needed)",
    cap_p,
    cap_d,
)
case(
    "d10-caption-overwrite",
    CAPTION,
    "dWh_all += dWh_t",
    "dWh_all = dWh_t",
    "dWh_all",
    "gradient of the recurrent weight overwritten in time in place of accumulated",
    cap_p,
    cap_d,
)
case(
    "d11-caption-mask",
    CAPTION,
    "dscores = dscores * mask_flat[:, None] / N",
    "dscores = dscores / N",
    "dscores",
    "mask of the padded words left out of the softmax gradient",
    cap_p,
    cap_d,
)


# ---------------------------------------------------------------- 5. Karpathy's min-char-rnn
MINCHAR = """
def forward(inputs, targets, parameters):
    Wxh, Whh, Why, bh, by = [parameters[k] for k in ("Wxh", "Whh", "Why", "bh", "by")]
    vocab_size = Why.shape[0]
    xs, hs, ys, ps = {}, {}, {}, {}
    hs[-1] = np.zeros_like(bh)
    loss = 0
    for t in range(len(inputs)):
        xs[t] = np.zeros((vocab_size, 1)) # encode in 1-of-k representation
        xs[t][inputs[t]] = 1
        hs[t] = np.tanh(np.dot(Wxh, xs[t]) + np.dot(Whh, hs[t-1]) + bh) # hidden state
        ys[t] = np.dot(Why, hs[t]) + by # unnormalized log probabilities for next chars
        ps[t] = np.exp(ys[t]) / np.sum(np.exp(ys[t]))
        loss += -np.log(ps[t][targets[t], 0]) # softmax (cross-entropy loss)
    return loss, (xs, hs, ps)

def backward(inputs, targets, parameters, cache):
    Wxh, Whh, Why, bh, by = [parameters[k] for k in ("Wxh", "Whh", "Why", "bh", "by")]
    xs, hs, ps = cache
    dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
    dbh, dby = np.zeros_like(bh), np.zeros_like(by)
    dhnext = np.zeros_like(hs[0])
    for t in reversed(range(len(inputs))):
        dy = np.copy(ps[t])
        dy[targets[t]] -= 1 # backprop into y
        dWhy += np.dot(dy, hs[t].T)
        dby += dy
        dh = np.dot(Why.T, dy) + dhnext # backprop into h
        dhraw = (1 - hs[t] * hs[t]) * dh # backprop through tanh nonlinearity
        dbh += dhraw
        dWxh += np.dot(dhraw, xs[t].T)
        dWhh += np.dot(dhraw, hs[t-1].T)
        dhnext = np.dot(Whh.T, dhraw)
    return {"dWxh": dWxh, "dWhh": dWhh, "dWhy": dWhy, "dbh": dbh, "dby": dby}
"""


def char_p(r):
    return dict(
        Wxh=r.randn(4, 5),
        Whh=0.6 * r.randn(4, 4),
        Why=r.randn(5, 4),
        bh=r.randn(4, 1),
        by=r.randn(5, 1),
    )


def char_d(r):
    return r.randint(5, size=6), r.randint(5, size=6)


case(
    "d12-char-time",
    MINCHAR,
    "dWhh += np.dot(dhraw, hs[t-1].T)",
    "dWhh += np.dot(dhraw, hs[t].T)",
    "dWhh",
    "off by one in time: hs[t] for hs[t-1]",
    char_p,
    char_d,
)
case(
    "d13-char-transpose",
    MINCHAR,
    "dhnext = np.dot(Whh.T, dhraw)",
    "dhnext = np.dot(Whh, dhraw)",
    "dhnext",
    "missing transpose of the square recurrent weight",
    char_p,
    char_d,
)


# ---------------------------------------------------------------- 6. Nielsen, lists of weights, one example at a time
NIELSEN = '''
def sigmoid(z):
    """The sigmoid function."""
    return 1.0/(1.0+np.exp(-z))

def sigmoid_prime(z):
    """Derivative of the sigmoid function."""
    return sigmoid(z)*(1-sigmoid(z))

def unpack(parameters):
    n = len(parameters)//2
    weights = [parameters["w%d" % k] for k in range(n)]
    biases = [parameters["b%d" % k] for k in range(n)]
    return weights, biases

def forward(X, Y, parameters):
    weights, biases = unpack(parameters)
    cost = 0.0
    trace = []
    for x, y in zip(X, Y):
        activation = x
        activations = [x] # list to store all the activations, layer by layer
        zs = [] # list to store all the z vectors, layer by layer
        for b, w in zip(biases, weights):
            z = np.dot(w, activation)+b
            zs.append(z)
            activation = sigmoid(z)
            activations.append(activation)
        cost += 0.5*np.linalg.norm(activation-y)**2/len(X)
        trace.append((zs, activations))
    return cost, trace

def backprop(weights, biases, zs, activations, y):
    nabla_b = [np.zeros(b.shape) for b in biases]
    nabla_w = [np.zeros(w.shape) for w in weights]
    delta = (activations[-1]-y) * sigmoid_prime(zs[-1])
    nabla_b[-1] = delta
    nabla_w[-1] = np.dot(delta, activations[-2].transpose())
    for l in range(2, len(weights)+1):
        z = zs[-l]
        sp = sigmoid_prime(z)
        delta = np.dot(weights[-l+1].transpose(), delta) * sp
        nabla_b[-l] = delta
        nabla_w[-l] = np.dot(delta, activations[-l-1].transpose())
    return (nabla_b, nabla_w)

def backward(X, Y, parameters, cache):
    weights, biases = unpack(parameters)
    sum_b = [np.zeros(b.shape) for b in biases]
    sum_w = [np.zeros(w.shape) for w in weights]
    for (zs, activations), y in zip(cache, Y):
        delta_nabla_b, delta_nabla_w = backprop(weights, biases, zs, activations, y)
        sum_b = [nb+dnb for nb, dnb in zip(sum_b, delta_nabla_b)]
        sum_w = [nw+dnw for nw, dnw in zip(sum_w, delta_nabla_w)]
    grads = {}
    for k in range(len(weights)):
        grads["dw%d" % k] = sum_w[k]/len(X)
        grads["db%d" % k] = sum_b[k]/len(X)
    return grads
'''


def niel_p(r):
    s = [4, 5, 3, 2]
    return {
        k + str(l): v
        for l in range(3)
        for k, v in (("w", r.randn(s[l + 1], s[l])), ("b", r.randn(s[l + 1], 1)))
    }


def niel_d(r):
    return r.randn(6, 4, 1), r.rand(6, 2, 1)


case(
    "d14-nielsen-prime",
    NIELSEN,
    "sp = sigmoid_prime(z)",
    "sp = sigmoid_prime(activations[-l])",
    "sp",
    "sigmoid_prime expects z, is given the activation",
    niel_p,
    niel_d,
)
case(
    "d15-nielsen-sum",
    NIELSEN,
    "sum_b = [nb+dnb for nb, dnb in zip(sum_b, delta_nabla_b)]",
    "sum_b = [dnb for nb, dnb in zip(sum_b, delta_nabla_b)]",
    "sum_b",
    "bias gradients of the last example only (not summed over the batch)",
    niel_p,
    niel_d,
)


# ---------------------------------------------------------------- 7. LSTM, Coursera columns
LSTM = """
def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def forward(x, y, parameters):
    n_x, m, T = x.shape
    n_a = parameters["Wf"].shape[0]
    a_prev, c_prev = np.zeros((n_a, m)), np.zeros((n_a, m))
    caches, cost = [], 0.
    for t in range(T):
        concat = np.concatenate((a_prev, x[:, :, t]), axis=0)
        ft = sigmoid(parameters["Wf"] @ concat + parameters["bf"])
        it = sigmoid(parameters["Wi"] @ concat + parameters["bi"])
        cct = np.tanh(parameters["Wc"] @ concat + parameters["bc"])
        c_next = ft * c_prev + it * cct
        ot = sigmoid(parameters["Wo"] @ concat + parameters["bo"])
        a_next = ot * np.tanh(c_next)
        zy = parameters["Wy"] @ a_next + parameters["by"]
        e = np.exp(zy - zy.max(axis=0, keepdims=True))
        yt = e / e.sum(axis=0, keepdims=True)
        cost -= np.sum(y[:, :, t] * np.log(yt)) / m
        caches.append((a_next, c_next, c_prev, concat, ft, it, cct, ot, yt))
        a_prev, c_prev = a_next, c_next
    return cost, caches

def lstm_cell_backward(da_next, dc_next, cache, parameters):
    a_next, c_next, c_prev, concat, ft, it, cct, ot, yt = cache
    n_a = a_next.shape[0]
    dot = da_next * np.tanh(c_next) * ot * (1 - ot)
    dc_tot = dc_next + da_next * ot * (1 - np.tanh(c_next) ** 2)
    dcct = dc_tot * it * (1 - cct ** 2)
    dit = dc_tot * cct * it * (1 - it)
    dft = dc_tot * c_prev * ft * (1 - ft)
    gradients = {}
    for g, dg in (("f", dft), ("i", dit), ("c", dcct), ("o", dot)):
        gradients["dW" + g] = np.dot(dg, concat.T)
        gradients["db" + g] = np.sum(dg, axis=1, keepdims=True)
    dconcat = parameters["Wf"].T @ dft + parameters["Wi"].T @ dit + parameters["Wc"].T @ dcct + parameters["Wo"].T @ dot
    da_prev = dconcat[:n_a, :]
    dc_prev = dc_tot * ft
    return da_prev, dc_prev, gradients

def backward(x, y, parameters, caches):
    n_x, m, T = x.shape
    grads = {"d" + k: np.zeros_like(v) for k, v in parameters.items()}
    da_prevt = np.zeros_like(caches[0][0])
    dc_prevt = np.zeros_like(caches[0][1])
    for t in reversed(range(T)):
        dzy = (caches[t][-1] - y[:, :, t]) / m
        grads["dWy"] += np.dot(dzy, caches[t][0].T)
        grads["dby"] += np.sum(dzy, axis=1, keepdims=True)
        da_t = np.dot(parameters["Wy"].T, dzy) + da_prevt
        da_prevt, dc_prevt, step = lstm_cell_backward(da_t, dc_prevt, caches[t], parameters)
        for k in step:
            grads[k] += step[k]
    return grads
"""


def lstm_p(r):
    p = {"W" + g: r.randn(4, 7) for g in "fico"}
    p.update({"b" + g: r.randn(4, 1) for g in "fico"})
    p.update(Wy=r.randn(2, 4), by=r.randn(2, 1))
    return p


def lstm_d(r):
    return r.randn(3, 6, 5), np.stack([onehot(r, 2, 6) for _ in range(5)], axis=2)


case(
    "d16-lstm-cell-path",
    LSTM,
    "dc_prev = dc_tot * ft",
    "dc_prev = dc_next * ft",
    "dc_prev",
    "the path from a_next into the cell forgotten in dc_prev",
    lstm_p,
    lstm_d,
)
case(
    "d17-lstm-out-gate",
    LSTM,
    "dot = da_next * np.tanh(c_next) * ot * (1 - ot)",
    "dot = da_next * c_next * ot * (1 - ot)",
    "dot",
    "c_next in place of tanh(c_next) for the output gate",
    lstm_p,
    lstm_d,
)
case(
    "d18-lstm-gate-lost",
    LSTM,
    'dconcat = parameters["Wf"].T @ dft + parameters["Wi"].T @ dit + parameters["Wc"].T @ dcct + parameters["Wo"].T @ dot',
    'dconcat = parameters["Wf"].T @ dft + parameters["Wi"].T @ dit + parameters["Wc"].T @ dcct',
    "dconcat",
    "output gate's contribution to the previous hidden state forgotten",
    lstm_p,
    lstm_d,
)


# ---------------------------------------------------------------- 8. GRU, terse rows
GRU = """
sig = lambda v: 1/(1+np.exp(-v))

def forward(x, y, p):  # x: T B D
    h, c = np.tanh(p["h0"]) + np.zeros((x.shape[1], 1)), []
    for xt in x:
        z = sig(xt@p["Wz"] + h@p["Uz"] + p["bz"])
        r = sig(xt@p["Wr"] + h@p["Ur"] + p["br"])
        u = h@p["Un"]
        n = np.tanh(xt@p["Wn"] + r*u + p["bn"])
        c.append((xt, h, z, r, u, n))
        h = (1-z)*n + z*h
    e = h@p["V"] - y
    return .5*(e**2).sum()/len(y), (c, h, e)

def backward(x, y, p, cache):
    c, h, e = cache
    g = {"d"+k: np.zeros_like(v) for k, v in p.items()}
    ge = e/len(y)
    g["dV"] = h.T@ge
    gh = ge@p["V"].T
    for xt, h, z, r, u, n in c[::-1]:
        gn = gh*(1-z)*(1-n*n)
        gz = gh*(h-n)*z*(1-z)
        gr = gn*u*r*(1-r)
        gu = gn*r
        for k, gk in zip("zrn", (gz, gr, gn)):
            g["dW"+k] += xt.T@gk
            g["db"+k] += gk.sum(0)
        g["dUz"] += h.T@gz
        g["dUr"] += h.T@gr
        g["dUn"] += h.T@gu
        gh = gh*z + gz@p["Uz"].T + gr@p["Ur"].T + gu@p["Un"].T
    g["dh0"] = (gh*(1-np.tanh(p["h0"])**2)).sum(0)
    return g
"""


def gru_p(r):
    p = {"W" + k: r.randn(3, 5) for k in "zrn"}
    p.update({"U" + k: 0.7 * r.randn(5, 5) for k in "zrn"})
    p.update({"b" + k: r.randn(5) for k in "zrn"})
    p.update(V=r.randn(5, 2), h0=r.randn(5))
    return p


def gru_d(r):
    return r.randn(4, 6, 3), r.randn(6, 2)


case(
    "d19-gru-reset",
    GRU,
    "gu = gn*r",
    "gu = gn",
    "gu",
    "reset gate left out on the way to the previous state",
    gru_p,
    gru_d,
)


# ---------------------------------------------------------------- 9. conv2d + max pool by loops, Coursera
CONV2D = """
def softmax(z):
    e = np.exp(z - np.max(z, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)

def forward(X, Y, parameters):
    # 1x1 projection -> conv (3x3, stride 2, pad 1) -> relu -> max pool (2x2, stride 1) -> dense softmax
    W, b = parameters["W"], parameters["b"]
    P = np.dot(X, parameters["Wp"])
    P_pad = np.pad(P, ((0, 0), (1, 1), (1, 1), (0, 0)))
    m, n_H_prev, n_W_prev, n_C_prev = P.shape
    f, stride, n_C = W.shape[0], 2, W.shape[3]
    n_H, n_W = (n_H_prev + 2 - f) // stride + 1, (n_W_prev + 2 - f) // stride + 1
    Z = np.zeros((m, n_H, n_W, n_C))
    for i in range(m):
        for h in range(n_H):
            for w in range(n_W):
                a_slice = P_pad[i, h*stride:h*stride+f, w*stride:w*stride+f, :]
                for c in range(n_C):
                    Z[i, h, w, c] = np.sum(a_slice * W[:, :, :, c]) + b[c]
    A = np.maximum(Z, 0)
    M = np.zeros((m, n_H - 1, n_W - 1, n_C))
    for h in range(n_H - 1):
        for w in range(n_W - 1):
            M[:, h, w, :] = np.max(A[:, h:h+2, w:w+2, :], axis=(1, 2))
    F = M.reshape(m, -1)
    S = softmax(np.dot(F, parameters["Wd"]) + parameters["bd"])
    J = -np.mean(np.log(S[np.arange(m), Y]))
    return J, (P_pad, Z, A, M, F, S)

def backward(X, Y, parameters, cache):
    P_pad, Z, A, M, F, S = cache
    W = parameters["W"]
    m, n_H, n_W, n_C = Z.shape
    f, stride = W.shape[0], 2
    dS = S.copy()
    dS[np.arange(m), Y] -= 1
    dS = dS / m
    dWd = np.dot(F.T, dS)
    dbd = np.sum(dS, axis=0)
    dM = np.dot(dS, parameters["Wd"].T).reshape(M.shape)
    dA = np.zeros(A.shape)
    for i in range(m):
        for h in range(n_H - 1):
            for w in range(n_W - 1):
                for c in range(n_C):
                    mask = A[i, h:h+2, w:w+2, c] == M[i, h, w, c]
                    dA[i, h:h+2, w:w+2, c] += mask * dM[i, h, w, c]
    dZ = dA * (Z > 0)
    dW, db, dP_pad = np.zeros(W.shape), np.zeros(n_C), np.zeros(P_pad.shape)
    for i in range(m):
        for h in range(n_H):
            for w in range(n_W):
                a_slice = P_pad[i, h*stride:h*stride+f, w*stride:w*stride+f, :]
                for c in range(n_C):
                    dP_pad[i, h*stride:h*stride+f, w*stride:w*stride+f, :] += W[:, :, :, c] * dZ[i, h, w, c]
                    dW[:, :, :, c] += a_slice * dZ[i, h, w, c]
                    db[c] += dZ[i, h, w, c]
    dP = dP_pad[:, 1:-1, 1:-1, :]
    dWp = np.tensordot(X, dP, axes=([0, 1, 2], [0, 1, 2]))
    return {"dWp": dWp, "dW": dW, "db": db, "dWd": dWd, "dbd": dbd}
"""


def conv2d_p(r):
    return dict(
        Wp=0.6 * r.randn(3, 2),
        W=0.6 * r.randn(3, 3, 2, 5),
        b=r.randn(5),
        Wd=0.3 * r.randn(10, 4),
        bd=0.3 * r.randn(4),
    )


def conv2d_d(r):
    return r.randn(3, 5, 4, 3), r.randint(4, size=3)


case(
    "d20-conv2d-pool-overwrite",
    CONV2D,
    "dA[i, h:h+2, w:w+2, c] += mask * dM[i, h, w, c]",
    "dA[i, h:h+2, w:w+2, c] = mask * dM[i, h, w, c]",
    "dA",
    "overlapping max-pool windows overwrite in place of accumulating",
    conv2d_p,
    conv2d_d,
)
case(
    "d21-conv2d-pad",
    CONV2D,
    "dP = dP_pad[:, 1:-1, 1:-1, :]",
    "dP = dP_pad[:, :-2, :-2, :]",
    "dP",
    "padding stripped from the wrong side",
    conv2d_p,
    conv2d_d,
)


# ---------------------------------------------------------------- 10. conv1d, beginner's loops
CONV1D = """
def conv(x, w, b):
    n, cin, length = x.shape
    cout, _, k = w.shape
    out = np.zeros((n, cout, length - k + 1))
    for i in range(n):
        for o in range(cout):
            for t in range(length - k + 1):
                out[i, o, t] = np.sum(x[i, :, t:t+k] * w[o]) + b[o]
    return out

def forward(X, Y, parameters):
    z1 = conv(X, parameters["w1"], parameters["b1"])
    a1 = np.where(z1 > 0, z1, 0.1 * z1)      # leaky relu
    z2 = conv(a1, parameters["w2"], parameters["b2"])
    a2 = np.tanh(z2)
    pooled = np.mean(a2, axis=2)             # global average pooling
    pred = np.dot(pooled, parameters["v"])
    cost = np.mean((pred - Y) ** 2)
    return cost, [z1, a1, z2, a2, pooled, pred]

def backward(X, Y, parameters, cache):
    z1, a1, z2, a2, pooled, pred = cache
    w1, w2, v = parameters["w1"], parameters["w2"], parameters["v"]
    n = len(Y)
    dpred = 2 * (pred - Y) / n
    dv = np.dot(pooled.T, dpred)
    dpooled = np.outer(dpred, v)
    da2 = np.zeros(a2.shape)
    for t in range(a2.shape[2]):
        da2[:, :, t] = dpooled / a2.shape[2]
    dz2 = da2 * (1 - a2 ** 2)
    dw2 = np.zeros(w2.shape)
    db2 = np.zeros(w2.shape[0])
    da1 = np.zeros(a1.shape)
    k = w2.shape[2]
    for i in range(n):
        for o in range(w2.shape[0]):
            for t in range(dz2.shape[2]):
                dw2[o] += dz2[i, o, t] * a1[i, :, t:t+k]
                db2[o] += dz2[i, o, t]
                da1[i, :, t:t+k] += dz2[i, o, t] * w2[o]
    slope = np.where(z1 > 0, 1.0, 0.1)
    dz1 = da1 * slope
    dw1 = np.zeros(w1.shape)
    db1 = np.zeros(w1.shape[0])
    k = w1.shape[2]
    for i in range(n):
        for o in range(w1.shape[0]):
            for t in range(dz1.shape[2]):
                dw1[o] += dz1[i, o, t] * X[i, :, t:t+k]
                db1[o] += dz1[i, o, t]
    return {"dw1": dw1, "db1": db1, "dw2": dw2, "db2": db2, "dv": dv}
"""


def conv1d_p(r):
    return dict(
        w1=r.randn(4, 2, 3), b1=r.randn(4), w2=0.5 * r.randn(5, 4, 2), b2=r.randn(5), v=r.randn(5)
    )


def conv1d_d(r):
    return r.randn(3, 2, 7), r.randn(3)


case(
    "d22-conv1d-flip",
    CONV1D,
    "da1[i, :, t:t+k] += dz2[i, o, t] * w2[o]",
    "da1[i, :, t:t+k] += dz2[i, o, t] * w2[o, :, ::-1]",
    "da1",
    "kernel flipped where the forward is a correlation placed window by window",
    conv1d_p,
    conv1d_d,
)
case(
    "d23-conv1d-average",
    CONV1D,
    "da2[:, :, t] = dpooled / a2.shape[2]",
    "da2[:, :, t] = dpooled",
    "da2",
    "1/length of the average pooling forgotten",
    conv1d_p,
    conv1d_d,
)


# ---------------------------------------------------------------- 11. causal attention, terse research einsum
ATTN = """
def forward(x, y, P):
    T = x.shape[1]
    h = x @ P["We"]                                             # B T H
    q, k, v = h @ P["Wq"], h @ P["Wk"], h @ P["Wv"]             # B T d
    s = np.einsum('btd,bsd->bts', q, k) / np.sqrt(q.shape[-1])
    s = np.where(np.tril(np.ones((T, T))) > 0, s, -1e9)
    s = s - s.max(-1, keepdims=True)
    a = np.exp(s); a = a / a.sum(-1, keepdims=True)
    o = np.einsum('bts,bsd->btd', a, v)
    u = h + o @ P["Wo"]
    r = u @ P["Wp"] - y
    return 0.5 * (r ** 2).sum() / len(x), (h, q, k, v, a, o, u, r)

def backward(x, y, P, cache):
    h, q, k, v, a, o, u, r = cache
    gr = r / len(x)
    gWp = np.einsum('bth,bto->ho', u, gr)
    gu = gr @ P["Wp"].T
    gWo = np.einsum('btd,bth->dh', o, gu)
    go = gu @ P["Wo"].T
    ga = np.einsum('btd,bsd->bts', go, v)
    gv = np.einsum('bts,btd->bsd', a, go)
    gs = a * (ga - (a * ga).sum(-1, keepdims=True))
    gs = gs / np.sqrt(q.shape[-1])
    gq = np.einsum('bts,bsd->btd', gs, k)
    gk = np.einsum('bts,btd->bsd', gs, q)
    gWq, gWk, gWv = [np.einsum('bth,btd->hd', h, g) for g in (gq, gk, gv)]
    gh = gu + gq @ P["Wq"].T + gk @ P["Wk"].T + gv @ P["Wv"].T
    gWe = np.einsum('bti,bth->ih', x, gh)
    return dict(dWe=gWe, dWq=gWq, dWk=gWk, dWv=gWv, dWo=gWo, dWp=gWp)
"""


def attn_p(r):
    return dict(
        We=0.6 * r.randn(5, 6),
        Wq=0.6 * r.randn(6, 3),
        Wk=0.6 * r.randn(6, 3),
        Wv=r.randn(6, 3),
        Wo=r.randn(3, 6),
        Wp=r.randn(6, 2),
    )


def attn_d(r):
    return r.randn(2, 4, 5), r.randn(2, 4, 2)


case(
    "d24-attn-diagonal",
    ATTN,
    "gs = a * (ga - (a * ga).sum(-1, keepdims=True))",
    "gs = a * (1 - a) * ga",
    "gs",
    "only the diagonal of the softmax Jacobian",
    attn_p,
    attn_d,
)
case(
    "d25-attn-key",
    ATTN,
    "gk = np.einsum('bts,btd->bsd', gs, q)",
    "gk = np.einsum('bts,bsd->btd', gs, q)",
    "gk",
    "score gradient not transposed for the keys",
    attn_p,
    attn_d,
)


# ---------------------------------------------------------------- 12. llm.c-like loops: embedding, layer norm, gelu, residual
LLMC = """
GELU_C = np.sqrt(2.0 / np.pi)

def forward(tokens, target, params):
    B, T = tokens.shape
    C, F = params["fcw"].shape
    enc = np.zeros((B, T, C)); ln = np.zeros((B, T, C)); res = np.zeros((B, T, C))
    mean = np.zeros((B, T)); rstd = np.zeros((B, T))
    fch = np.zeros((B, T, F)); gel = np.zeros((B, T, F))
    loss = 0.0
    for b in range(B):
        for t in range(T):
            enc[b, t] = params["wte"][tokens[b, t]] + params["wpe"][t]
            mean[b, t] = enc[b, t].sum() / C
            v = ((enc[b, t] - mean[b, t]) ** 2).sum() / C
            rstd[b, t] = 1.0 / np.sqrt(v + 1e-5)
            ln[b, t] = (enc[b, t] - mean[b, t]) * rstd[b, t] * params["lnw"] + params["lnb"]
            fch[b, t] = ln[b, t] @ params["fcw"] + params["fcb"]
            x = fch[b, t]
            gel[b, t] = 0.5 * x * (1.0 + np.tanh(GELU_C * (x + 0.044715 * x * x * x)))
            res[b, t] = enc[b, t] + gel[b, t] @ params["projw"]
            loss += 0.5 * ((res[b, t] - target[b, t]) ** 2).sum() / (B * T)
    return loss, (enc, mean, rstd, ln, fch, gel, res)

def backward(tokens, target, params, acts):
    enc, mean, rstd, ln, fch, gel, res = acts
    B, T, C = enc.shape
    F = fch.shape[2]
    grads = {"d" + k: np.zeros_like(w) for k, w in params.items()}
    dres = (res - target) / (B * T)
    denc = dres.copy()  # residual branch
    dfch = np.zeros((B, T, F))
    for b in range(B):
        for t in range(T):
            for j in range(F):
                dgel = 0.0
                for i in range(C):
                    dgel += params["projw"][j, i] * dres[b, t, i]
                    grads["dprojw"][j, i] += gel[b, t, j] * dres[b, t, i]
                x = fch[b, t, j]
                th = np.tanh(GELU_C * (x + 0.044715 * x * x * x))
                sech2 = 1.0 - th * th
                local = 0.5 * (1.0 + th) + x * 0.5 * sech2 * GELU_C * (1.0 + 3.0 * 0.044715 * x * x)
                dfch[b, t, j] = local * dgel
                grads["dfcb"][j] += dfch[b, t, j]
            dln = params["fcw"] @ dfch[b, t]
            grads["dfcw"] += np.outer(ln[b, t], dfch[b, t])
            norm = (enc[b, t] - mean[b, t]) * rstd[b, t]
            dnorm = params["lnw"] * dln
            dnorm_mean = dnorm.sum() / C
            dnorm_norm_mean = (dnorm * norm).sum() / C
            for i in range(C):
                grads["dlnw"][i] += norm[i] * dln[i]
                grads["dlnb"][i] += dln[i]
                dval = dnorm[i] - dnorm_mean - norm[i] * dnorm_norm_mean
                denc[b, t, i] += dval * rstd[b, t]
            for i in range(C):
                grads["dwte"][tokens[b, t], i] += denc[b, t, i]
                grads["dwpe"][t, i] += denc[b, t, i]
    return grads
"""


def llmc_p(r):
    return dict(
        wte=r.randn(7, 4),
        wpe=r.randn(3, 4),
        lnw=r.randn(4),
        lnb=r.randn(4),
        fcw=r.randn(4, 5),
        fcb=r.randn(5),
        projw=r.randn(5, 4),
    )


def llmc_d(r):
    return r.randint(7, size=(2, 3)), r.randn(2, 3, 4)


case(
    "d26-llmc-residual",
    LLMC,
    "denc[b, t, i] += dval * rstd[b, t]",
    "denc[b, t, i] = dval * rstd[b, t]",
    "denc",
    "residual's gradient overwritten by the layer norm's",
    llmc_p,
    llmc_d,
)
case(
    "d27-llmc-norm",
    LLMC,
    "dnorm_norm_mean = (dnorm * norm).sum() / C",
    "dnorm_norm_mean = (dnorm * enc[b, t]).sum() / C",
    "dnorm_norm_mean",
    "layer norm: raw input in place of the normalised value in the variance's path",
    llmc_p,
    llmc_d,
)


# ---------------------------------------------------------------- 13. physics: forced Duffing oscillator, Euler-Cromer, adjoint
OSC = '''
DT = 0.2

def forward(u, obs, theta):
    """ x'' = -k x - beta x^3 - gamma x' + amp u(t), symplectic Euler """
    k, beta, gamma, amp = theta["k"][0], theta["beta"][0], theta["gamma"][0], theta["amp"][0]
    N = len(u)
    x, v = np.zeros(N + 1), np.zeros(N + 1)
    x[0], v[0] = theta["s0"]
    for n in range(N):
        acc = -k * x[n] - beta * x[n]**3 - gamma * v[n] + amp * u[n]
        v[n+1] = v[n] + DT * acc
        x[n+1] = x[n] + DT * v[n+1]
    chi2 = 0.5 * np.sum((x[1:] - obs)**2)
    return chi2, (x, v)

def backward(u, obs, theta, traj):
    x, v = traj
    k, beta, gamma, amp = theta["k"][0], theta["beta"][0], theta["gamma"][0], theta["amp"][0]
    N = len(u)
    lx, lv = 0.0, 0.0      # adjoint of position and velocity
    gk = gb = gg = ga = 0.0
    n = N - 1
    while n >= 0:
        lx = lx + (x[n+1] - obs[n])
        lv = lv + DT * lx
        la = DT * lv
        gk -= la * x[n]
        gb -= la * x[n]**3
        gg -= la * v[n]
        ga += la * u[n]
        lx = lx - la * (k + 3 * beta * x[n]**2)
        lv = lv - la * gamma
        n -= 1
    return {"dk": np.array([gk]), "dbeta": np.array([gb]), "dgamma": np.array([gg]),
            "damp": np.array([ga]), "ds0": np.array([lx, lv])}
'''


def osc_p(r):
    return dict(
        k=1 + 0.3 * r.randn(1),
        beta=0.3 * r.randn(1),
        gamma=0.5 * r.randn(1),
        amp=r.randn(1),
        s0=r.randn(2),
    )


def osc_d(r):
    return r.randn(7), r.randn(7)


case(
    "d28-osc-updated",
    OSC,
    "gg -= la * v[n]",
    "gg -= la * v[n+1]",
    "gg",
    "friction coefficient's gradient with the updated velocity",
    osc_p,
    osc_d,
)
case(
    "d29-osc-restart",
    OSC,
    "lv = lv + DT * lx",
    "lv = DT * lx",
    "lv",
    "adjoint velocity restarted at each step in place of carried",
    osc_p,
    osc_d,
)


# ---------------------------------------------------------------- 14. observer / Kalman-like recursion
FILTER = """
def forward(y, parameters):
    A, K, C, x0 = (parameters[s] for s in ("A", "K", "C", "x0"))
    T = y.shape[0]
    x = x0
    xs, es = [], []
    J = 0.0
    for t in range(T):
        e = y[t] - C @ x            # innovation
        xs.append(x)
        es.append(e)
        J += 0.5 * e @ e / T
        x = A @ x + K @ e           # predict and correct
    return J, (xs, es)

def backward(y, parameters, cache):
    A, K, C, x0 = (parameters[s] for s in ("A", "K", "C", "x0"))
    xs, es = cache
    T = y.shape[0]
    dA, dK, dC = np.zeros_like(A), np.zeros_like(K), np.zeros_like(C)
    lam = np.zeros_like(x0)
    for t in range(T - 1, -1, -1):
        dA += np.outer(lam, xs[t])
        dK += np.outer(lam, es[t])
        de = es[t] / T + K.T @ lam
        dC -= np.outer(de, xs[t])
        lam = A.T @ lam - C.T @ de
    return {"dA": dA, "dK": dK, "dC": dC, "dx0": lam}
"""


def filt_p(r):
    return dict(A=0.5 * r.randn(3, 3), K=0.4 * r.randn(3, 2), C=r.randn(2, 3), x0=r.randn(3))


def filt_d(r):
    return (r.randn(6, 2),)


case(
    "d30-filter-gain-path",
    FILTER,
    "de = es[t] / T + K.T @ lam",
    "de = es[t] / T",
    "de",
    "the innovation's second path, through the gain into the next state, forgotten",
    filt_p,
    filt_d,
)


# ---------------------------------------------------------------- 15. matrix factorization, beginner's loops over ratings
MATFAC = """
def forward(users, items, ratings, parameters):
    P = parameters["P"]
    Q = parameters["Q"]
    bu = parameters["bu"]
    bi = parameters["bi"]
    lam = 0.2
    total = 0
    errors = []
    for n in range(len(ratings)):
        u = users[n]
        i = items[n]
        guess = bu[u] + bi[i]
        for f in range(P.shape[1]):
            guess = guess + P[u, f] * Q[i, f]
        error = ratings[n] - guess
        errors.append(error)
        total = total + error ** 2 / len(ratings)
        total = total + lam * (bu[u] ** 2 + bi[i] ** 2)
    total = total + lam * np.sum(P ** 2) + lam * np.sum(Q ** 2)
    return total, errors

def backward(users, items, ratings, parameters, errors):
    P = parameters["P"]
    Q = parameters["Q"]
    bu = parameters["bu"]
    bi = parameters["bi"]
    lam = 0.2
    dP = 2 * lam * P
    dQ = 2 * lam * Q
    dbu = np.zeros(len(bu))
    dbi = np.zeros(len(bi))
    for n in range(len(ratings)):
        u = users[n]
        i = items[n]
        dguess = -2 * errors[n] / len(ratings)
        dbu[u] = dbu[u] + dguess + 2 * lam * bu[u]
        dbi[i] = dbi[i] + dguess + 2 * lam * bi[i]
        for f in range(P.shape[1]):
            dP[u, f] = dP[u, f] + dguess * Q[i, f]
            dQ[i, f] = dQ[i, f] + dguess * P[u, f]
    return {"dP": dP, "dQ": dQ, "dbu": dbu, "dbi": dbi}
"""


def mf_p(r):
    return dict(P=r.randn(4, 3), Q=r.randn(5, 3), bu=r.randn(4), bi=r.randn(5))


def mf_d(r):
    return r.randint(4, size=9), r.randint(5, size=9), r.randn(9)


case(
    "d31-matfac-updated",
    MATFAC,
    "dQ[i, f] = dQ[i, f] + dguess * P[u, f]",
    "dQ[i, f] = dQ[i, f] + dguess * dP[u, f]",
    "dQ",
    "the just updated dP in place of P",
    mf_p,
    mf_d,
)
case(
    "d32-matfac-bias-reg",
    MATFAC,
    "dbi[i] = dbi[i] + dguess + 2 * lam * bi[i]",
    "dbi[i] = dbi[i] + dguess + lam * bi[i]",
    "dbi",
    "missing factor 2 of the squared penalty",
    mf_p,
    mf_d,
)


# ---------------------------------------------------------------- 16. RBF network, least squares
RBF = """
def forward(X, t, p):
    # f(x) = sum_k w_k exp(-|x - c_k|^2 / (2 s_k^2)) + slope.x ,  s = exp(logs)
    diff = X[:, None, :] - p["C"][None, :, :]       # (N, K, D)
    d2 = np.sum(diff**2, axis=2)                    # (N, K)
    s2 = np.exp(2 * p["logs"])                      # (K,)
    Phi = np.exp(-d2 / (2 * s2))
    r = Phi @ p["w"] + X @ p["slope"] - t
    chi2 = r @ r / (2 * len(t))
    return chi2, dict(diff=diff, d2=d2, s2=s2, Phi=Phi, r=r)

def backward(X, t, p, c):
    r = c["r"] / len(t)
    dw = c["Phi"].T @ r
    dslope = X.T @ r
    dPhi = np.outer(r, p["w"])
    darg = dPhi * c["Phi"]
    dd2 = -darg / (2 * c["s2"])
    dC = -2 * np.einsum('nk,nkd->kd', dd2, c["diff"])
    ds2 = np.sum(darg * c["d2"], axis=0) / (2 * c["s2"]**2)
    dlogs = 2 * c["s2"] * ds2
    return {"dw": dw, "dslope": dslope, "dC": dC, "dlogs": dlogs}
"""


def rbf_p(r):
    return dict(C=r.randn(4, 2), logs=0.4 * r.randn(4), w=r.randn(4), slope=r.randn(2))


def rbf_d(r):
    return r.randn(7, 2), r.randn(7)


case(
    "d33-rbf-sign",
    RBF,
    "dC = -2 * np.einsum('nk,nkd->kd', dd2, c[\"diff\"])",
    "dC = 2 * np.einsum('nk,nkd->kd', dd2, c[\"diff\"])",
    "dC",
    "sign: the centre enters the difference with a minus",
    rbf_p,
    rbf_d,
)
case(
    "d34-rbf-logwidth",
    RBF,
    'dlogs = 2 * c["s2"] * ds2',
    "dlogs = 2 * ds2",
    "dlogs",
    "s2 = exp(2 logs): derivative's factor s2 forgotten",
    rbf_p,
    rbf_d,
)


# ---------------------------------------------------------------- 17. mixture of experts, classes, Huber loss
MOE = """
class Linear:
    def __init__(self, W, b):
        self.W, self.b = W, b
    def __call__(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, grad):
        self.dW = self.x.T @ grad
        self.db = grad.sum(axis=0)
        return grad @ self.W.T

class Mixture:
    def __init__(self, p):
        self.trunk = Linear(p["Wt"], p["bt"])
        self.gate = Linear(p["Wg"], p["bg"])
        self.experts = [Linear(p["We%d" % e], p["be%d" % e]) for e in range(len(p["bg"]))]

    def forward(self, x):
        self.h = np.tanh(self.trunk(x))
        logits = self.gate(self.h)
        ex = np.exp(logits - logits.max(axis=1, keepdims=True))
        self.g = ex / ex.sum(axis=1, keepdims=True)
        self.f = [expert(self.h) for expert in self.experts]
        return sum(self.g[:, e:e+1] * fe for e, fe in enumerate(self.f))

    def backward(self, dout):
        dg = np.stack([(dout * fe).sum(axis=1) for fe in self.f], axis=1)
        dlogits = self.g * (dg - (dg * self.g).sum(axis=1, keepdims=True))
        dh = self.gate.backward(dlogits)
        for e, expert in enumerate(self.experts):
            dfe = dout * self.g[:, e:e+1]
            dh += expert.backward(dfe)
        dpre = dh * (1 - self.h ** 2)
        self.trunk.backward(dpre)

def forward(X, Y, parameters):
    model = Mixture(parameters)
    r = model.forward(X) - Y
    a = np.abs(r)
    loss = np.where(a <= 1.0, 0.5 * r ** 2, a - 0.5).sum() / len(X)
    return loss, (model, r)

def backward(X, Y, parameters, cache):
    model, r = cache
    dout = np.where(np.abs(r) <= 1.0, r, np.sign(r)) / len(X)
    model.backward(dout)
    grads = {"dWt": model.trunk.dW, "dbt": model.trunk.db, "dWg": model.gate.dW, "dbg": model.gate.db}
    for e, expert in enumerate(model.experts):
        grads["dWe%d" % e] = expert.dW
        grads["dbe%d" % e] = expert.db
    return grads
"""


def moe_p(r):
    p = dict(Wt=r.randn(4, 5), bt=r.randn(5), Wg=r.randn(5, 3), bg=r.randn(3))
    for e in range(3):
        p["We%d" % e], p["be%d" % e] = r.randn(5, 2), r.randn(2)
    return p


def moe_d(r):
    return r.randn(6, 4), r.randn(6, 2)


case(
    "d35-moe-gate",
    MOE,
    "dfe = dout * self.g[:, e:e+1]",
    "dfe = dout * dg[:, e:e+1]",
    "dfe",
    "the gate's gradient in place of the gate's value scales the expert",
    moe_p,
    moe_d,
)


# ---------------------------------------------------------------- 18. two-layer GCN, random-walk normalised
GCN = """
def normalize(Adj):
    A_tilde = Adj + np.eye(len(Adj))
    return A_tilde / A_tilde.sum(axis=1, keepdims=True)

def forward(X, Adj, labels, train_mask, params):
    S = normalize(Adj)
    H0 = S @ X
    Z1 = H0 @ params["W0"] + params["b0"]
    H1 = np.where(Z1 > 0, Z1, np.exp(np.minimum(Z1, 0)) - 1)     # ELU
    M1 = H1 @ params["W1"]
    logits = S @ M1 + params["b1"]
    logits = logits - logits.max(axis=1, keepdims=True)
    logp = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    nll = -logp[np.arange(len(X)), labels]
    weight_decay = 5e-2
    loss = (nll * train_mask).sum() / train_mask.sum() + weight_decay * (params["W0"] ** 2).sum()
    return loss, (S, H0, Z1, H1, logp)

def backward(X, Adj, labels, train_mask, params, cache):
    S, H0, Z1, H1, logp = cache
    weight_decay = 5e-2
    grad_logits = np.exp(logp) - np.eye(logp.shape[1])[labels]
    grad_logits *= (train_mask / train_mask.sum())[:, None]
    grad_b1 = grad_logits.sum(axis=0)
    grad_M1 = S.T @ grad_logits
    grad_W1 = H1.T @ grad_M1
    grad_H1 = grad_M1 @ params["W1"].T
    grad_Z1 = grad_H1 * np.where(Z1 > 0, 1.0, H1 + 1)
    grad_W0 = H0.T @ grad_Z1
    grad_W0 += 2 * weight_decay * params["W0"]
    grad_b0 = grad_Z1.sum(axis=0)
    return {"dW0": grad_W0, "db0": grad_b0, "dW1": grad_W1, "db1": grad_b1}
"""


def gcn_p(r):
    return dict(W0=r.randn(4, 5), b0=r.randn(5), W1=r.randn(5, 3), b1=r.randn(3))


def gcn_d(r):
    a = np.triu((r.rand(6, 6) < 0.5).astype(float), 1)
    return r.randn(6, 4), a + a.T, r.randint(3, size=6), np.array([1.0, 0.0, 1.0, 1.0, 0.0, 1.0])


case(
    "d36-gcn-transpose",
    GCN,
    "grad_M1 = S.T @ grad_logits",
    "grad_M1 = S @ grad_logits",
    "grad_M1",
    "the normalised adjacency is not symmetric: transpose missing",
    gcn_p,
    gcn_d,
)


# ---------------------------------------------------------------- 19. skip-gram with negative sampling
SGNS = """
def log_sigmoid(v):
    return -np.logaddexp(0.0, -v)

def forward(center, context, negatives, parameters):
    U, V = parameters["U"], parameters["V"]
    u = U[center]                                        # (B, d)
    v_pos = V[context]                                   # (B, d)
    v_neg = V[negatives]                                 # (B, K, d)
    pos_score = np.sum(u * v_pos, axis=1) + parameters["bias"][context]
    neg_score = np.einsum("bkd,bd->bk", v_neg, u) + parameters["bias"][negatives]
    loss = -(log_sigmoid(pos_score).sum() + log_sigmoid(-neg_score).sum()) / len(center)
    return loss, (u, v_pos, v_neg, pos_score, neg_score)

def backward(center, context, negatives, parameters, cache):
    u, v_pos, v_neg, pos_score, neg_score = cache
    B = len(center)
    dpos = (1 / (1 + np.exp(-pos_score)) - 1) / B        # (B,)
    dneg = 1 / (1 + np.exp(-neg_score)) / B              # (B, K)
    du = dpos[:, None] * v_pos
    du += np.einsum("bk,bkd->bd", dneg, v_neg)
    dv_pos = dpos[:, None] * u
    dv_neg = dneg[:, :, None] * u[:, None, :]
    dU = np.zeros_like(parameters["U"])
    dV = np.zeros_like(parameters["V"])
    dbias = np.zeros_like(parameters["bias"])
    np.add.at(dU, center, du)
    np.add.at(dV, context, dv_pos)
    np.add.at(dV, negatives, dv_neg)
    np.add.at(dbias, context, dpos)
    np.add.at(dbias, negatives, dneg)
    return {"dU": dU, "dV": dV, "dbias": dbias}
"""


def sgns_p(r):
    return dict(U=r.randn(6, 4), V=r.randn(6, 4), bias=r.randn(6))


def sgns_d(r):
    return r.randint(6, size=5), r.randint(6, size=5), r.randint(6, size=(5, 3))


case(
    "d37-sgns-negative",
    SGNS,
    "dneg = 1 / (1 + np.exp(-neg_score)) / B",
    "dneg = (1 / (1 + np.exp(-neg_score)) - 1) / B",
    "dneg",
    "negative samples treated like positives (label 1 subtracted)",
    sgns_p,
    sgns_d,
)


# ---------------------------------------------------------------- 20. VAE with given noise
VAE = """
def sigmoid(x):
    return 1. / (1. + np.exp(-x))

def forward(x, eps, theta):
    B = x.shape[0]
    h_enc = np.tanh(x @ theta["W_enc"] + theta["b_enc"])
    mu = h_enc @ theta["W_mu"] + theta["b_mu"]
    logvar = h_enc @ theta["W_lv"] + theta["b_lv"]
    std = np.exp(0.5 * logvar)
    z = mu + std * eps
    h_dec = np.maximum(z @ theta["W_dec"] + theta["b_dec"], 0.)
    x_hat = sigmoid(h_dec @ theta["W_out"] + theta["b_out"])
    recon = -np.sum(x * np.log(x_hat) + (1 - x) * np.log(1 - x_hat)) / B
    kl = -0.5 * np.sum(1 + logvar - mu ** 2 - np.exp(logvar)) / B
    return recon + kl, (h_enc, mu, logvar, std, z, h_dec, x_hat)

def backward(x, eps, theta, cache):
    h_enc, mu, logvar, std, z, h_dec, x_hat = cache
    B = x.shape[0]
    g = {}
    d_logits = (x_hat - x) / B
    g["dW_out"] = h_dec.T @ d_logits
    g["db_out"] = d_logits.sum(0)
    d_h_dec = d_logits @ theta["W_out"].T
    d_h_dec[h_dec <= 0] = 0
    g["dW_dec"] = z.T @ d_h_dec
    g["db_dec"] = d_h_dec.sum(0)
    dz = d_h_dec @ theta["W_dec"].T
    dmu = dz + mu / B
    dlogvar = dz * eps * 0.5 * std
    dlogvar += 0.5 * (np.exp(logvar) - 1) / B
    g["dW_mu"], g["db_mu"] = h_enc.T @ dmu, dmu.sum(0)
    g["dW_lv"], g["db_lv"] = h_enc.T @ dlogvar, dlogvar.sum(0)
    d_h_enc = dmu @ theta["W_mu"].T + dlogvar @ theta["W_lv"].T
    d_pre = d_h_enc * (1 - h_enc ** 2)
    g["dW_enc"], g["db_enc"] = x.T @ d_pre, d_pre.sum(0)
    return g
"""


def vae_p(r):
    s = dict(enc=(6, 5), mu=(5, 2), lv=(5, 2), dec=(2, 4), out=(4, 6))
    p = {"W_" + k: 0.6 * r.randn(*v) for k, v in s.items()}
    p.update({"b_" + k: 0.5 * r.randn(v[1]) for k, v in s.items()})
    return p


def vae_d(r):
    return (r.rand(7, 6) > 0.5).astype(float), r.randn(7, 2)


case(
    "d38-vae-std",
    VAE,
    "dlogvar = dz * eps * 0.5 * std",
    "dlogvar = dz * eps * std",
    "dlogvar",
    "std = exp(logvar/2): factor 0.5 missing",
    vae_p,
    vae_d,
)
case(
    "d39-vae-kl-mean",
    VAE,
    "dmu = dz + mu / B",
    "dmu = dz + mu",
    "dmu",
    "KL term of the mean lacks the 1/B of the batch average",
    vae_p,
    vae_d,
)


# ---------------------------------------------------------------- 21. polynomial regression, Huber loss, learnable input scaling
POLY = """
def forward(x, y, params):
    coef, scale, shift = params["coef"], params["scale"], params["shift"]
    u = scale * x + shift
    p = np.zeros_like(u)
    partial = []
    for a in coef[::-1]:            # Horner, highest power first
        partial.append(p)
        p = p * u + a
    r = p - y
    delta = 0.8
    small = np.abs(r) <= delta
    huber = np.where(small, r * r / 2, delta * (np.abs(r) - delta / 2))
    return np.mean(huber), (u, partial, r, small, delta)

def backward(x, y, params, cache):
    coef = params["coef"]
    u, partial, r, small, delta = cache
    bar_p = np.where(small, r, delta * np.sign(r)) / x.size
    bar_coef = np.zeros_like(coef)
    bar_u = np.zeros_like(u)
    for k in range(len(coef)):
        bar_coef[k] = bar_p.sum()
        bar_u += bar_p * partial[len(coef) - 1 - k]
        bar_p = bar_p * u
    bar_scale = np.sum(bar_u * x, keepdims=True)
    bar_shift = np.sum(bar_u, keepdims=True)
    return {"dcoef": bar_coef, "dscale": bar_scale, "dshift": bar_shift}
"""


def poly_p(r):
    return dict(coef=r.randn(4), scale=r.randn(1), shift=r.randn(1))


def poly_d(r):
    return r.randn(9), r.randn(9)


case(
    "d40-poly-horner",
    POLY,
    "bar_u += bar_p * partial[len(coef) - 1 - k]",
    "bar_u += bar_p * partial[k]",
    "bar_u",
    "stored Horner values taken in forward order while going backwards",
    poly_p,
    poly_d,
)


# ---------------------------------------------------------------- 22. triplet loss, shared embedding, L2 normalised
TRIPLET = """
def embed(x, parameters):
    h = np.tanh(parameters["W1"] @ x + parameters["b1"])
    e = parameters["W2"] @ h
    norm = np.sqrt(np.sum(e ** 2, axis=0, keepdims=True))
    return e / norm, (x, h, norm)

def embed_backward(df, f, cache, parameters, grads):
    x, h, norm = cache
    de = (df - f * np.sum(f * df, axis=0, keepdims=True)) / norm
    grads["dW2"] += de @ h.T
    dh = parameters["W2"].T @ de
    dz = dh * (1 - h * h)
    grads["dW1"] += dz @ x.T
    grads["db1"] += dz.sum(axis=1, keepdims=True)

def forward(anchor, positive, negative, parameters):
    fa, ca = embed(anchor, parameters)
    fp, cp = embed(positive, parameters)
    fn, cn = embed(negative, parameters)
    pos_dist = np.sum((fa - fp) ** 2, axis=0)
    neg_dist = np.sum((fa - fn) ** 2, axis=0)
    basic_loss = pos_dist - neg_dist + 0.5
    loss = np.mean(np.maximum(basic_loss, 0.0))
    return loss, (fa, ca, fp, cp, fn, cn, basic_loss)

def backward(anchor, positive, negative, parameters, cache):
    fa, ca, fp, cp, fn, cn, basic_loss = cache
    m = anchor.shape[1]
    active = (basic_loss > 0) / m
    dfa = 2 * active * ((fa - fp) - (fa - fn))
    dfp = -2 * active * (fa - fp)
    dfn = 2 * active * (fa - fn)
    grads = {"d" + k: np.zeros_like(v) for k, v in parameters.items()}
    embed_backward(dfa, fa, ca, parameters, grads)
    embed_backward(dfp, fp, cp, parameters, grads)
    embed_backward(dfn, fn, cn, parameters, grads)
    return grads
"""


def trip_p(r):
    return dict(W1=r.randn(5, 4), b1=r.randn(5, 1), W2=r.randn(3, 5))


def trip_d(r):
    return r.randn(4, 8), r.randn(4, 8), r.randn(4, 8)


case(
    "d41-triplet-norm",
    TRIPLET,
    "de = (df - f * np.sum(f * df, axis=0, keepdims=True)) / norm",
    "de = df / norm",
    "de",
    "L2 normalisation: dependence of the norm on e left out",
    trip_p,
    trip_d,
)


# ---------------------------------------------------------------- 23. makemore "backprop ninja"
NINJA = """
def forward(Xb, Yb, p):
    n = Xb.shape[0]
    emb = p["C"][Xb] # embed the characters into vectors
    embcat = emb.reshape(n, -1) # concatenate the vectors
    hprebn = embcat @ p["W1"] # hidden layer pre-activation
    bnmeani = 1/n*hprebn.sum(0, keepdims=True)
    bndiff = hprebn - bnmeani
    bndiff2 = bndiff**2
    bnvar = 1/(n-1)*(bndiff2).sum(0, keepdims=True) # note: Bessel's correction
    bnvar_inv = (bnvar + 1e-5)**-0.5
    bnraw = bndiff * bnvar_inv
    hpreact = p["bngain"] * bnraw + p["bnbias"]
    h = np.tanh(hpreact)
    logits = h @ p["W2"] + p["b2"]
    logit_maxes = logits.max(1, keepdims=True)
    norm_logits = logits - logit_maxes # subtract max for numerical stability
    counts = np.exp(norm_logits)
    counts_sum = counts.sum(1, keepdims=True)
    counts_sum_inv = counts_sum**-1
    probs = counts * counts_sum_inv
    logprobs = np.log(probs)
    loss = -logprobs[range(n), Yb].mean()
    return loss, (emb, embcat, bndiff, bnvar, bnvar_inv, bnraw, h, logits, counts, counts_sum, counts_sum_inv, probs)

def backward(Xb, Yb, p, cache):
    emb, embcat, bndiff, bnvar, bnvar_inv, bnraw, h, logits, counts, counts_sum, counts_sum_inv, probs = cache
    n = Xb.shape[0]
    dlogprobs = np.zeros_like(probs)
    dlogprobs[range(n), Yb] = -1.0/n
    dprobs = (1.0 / probs) * dlogprobs
    dcounts_sum_inv = (counts * dprobs).sum(1, keepdims=True)
    dcounts = counts_sum_inv * dprobs
    dcounts_sum = (-counts_sum**-2) * dcounts_sum_inv
    dcounts += np.ones_like(counts) * dcounts_sum
    dnorm_logits = counts * dcounts
    dlogits = dnorm_logits.copy()
    dlogit_maxes = (-dnorm_logits).sum(1, keepdims=True)
    dlogits += np.eye(logits.shape[1])[logits.argmax(1)] * dlogit_maxes
    dh = dlogits @ p["W2"].T
    dW2 = h.T @ dlogits
    db2 = dlogits.sum(0)
    dhpreact = (1.0 - h**2) * dh
    dbngain = (bnraw * dhpreact).sum(0, keepdims=True)
    dbnraw = p["bngain"] * dhpreact
    dbnbias = dhpreact.sum(0, keepdims=True)
    dbndiff = bnvar_inv * dbnraw
    dbnvar_inv = (bndiff * dbnraw).sum(0, keepdims=True)
    dbnvar = (-0.5*(bnvar + 1e-5)**-1.5) * dbnvar_inv
    dbndiff2 = (1.0/(n-1))*np.ones_like(bndiff) * dbnvar
    dbndiff += (2*bndiff) * dbndiff2
    dhprebn = dbndiff.copy()
    dbnmeani = (-dbndiff).sum(0, keepdims=True)
    dhprebn += 1.0/n * (np.ones_like(bndiff) * dbnmeani)
    dembcat = dhprebn @ p["W1"].T
    dW1 = embcat.T @ dhprebn
    demb = dembcat.reshape(emb.shape)
    dC = np.zeros_like(p["C"])
    for k in range(Xb.shape[0]):
        for j in range(Xb.shape[1]):
            dC[Xb[k, j]] += demb[k, j]
    return {"dC": dC, "dW1": dW1, "dbngain": dbngain, "dbnbias": dbnbias, "dW2": dW2, "db2": db2}
"""


def ninja_p(r):
    return dict(
        C=r.randn(5, 2),
        W1=r.randn(6, 4),
        bngain=r.randn(1, 4),
        bnbias=r.randn(1, 4),
        W2=r.randn(4, 5),
        b2=r.randn(5),
    )


def ninja_d(r):
    return r.randint(5, size=(7, 3)), r.randint(5, size=7)


case(
    "d42-ninja-counts",
    NINJA,
    "dcounts_sum = (-counts_sum**-2) * dcounts_sum_inv",
    "dcounts_sum = (-counts_sum_inv) * dcounts_sum_inv",
    "dcounts_sum",
    "derivative of the reciprocal: -1/s in place of -1/s^2",
    ninja_p,
    ninja_d,
)
case(
    "d43-ninja-bessel",
    NINJA,
    "dbndiff2 = (1.0/(n-1))*np.ones_like(bndiff) * dbnvar",
    "dbndiff2 = (1.0/n)*np.ones_like(bndiff) * dbnvar",
    "dbndiff2",
    "Bessel's correction of the forward pass forgotten",
    ninja_p,
    ninja_d,
)


# ---------------------------------------------------------------- 24. bilinear relation scorer (neural tensor layer)
BILIN = """
def forward(e1, e2, y, P):
    # g = u . tanh(e1' W[k] e2 + V [e1; e2] + b), entities first projected by the shared E
    a = np.einsum("ij,nj->ni", P["E"], e1)
    c = np.einsum("ij,nj->ni", P["E"], e2)
    cat = np.hstack([a, c])
    s = np.einsum("ni,kij,nj->nk", a, P["W"], c) + cat @ P["V"].T + P["b"]
    t = np.tanh(s)
    g = t @ P["u"]
    J = np.mean(np.log1p(np.exp(-y * g))) + 0.05 * np.abs(P["u"]).sum()
    return J, (a, c, cat, t, g)

def backward(e1, e2, y, P, cache):
    a, c, cat, t, g = cache
    dg = -y / (1 + np.exp(y * g)) / len(y)
    du = t.T @ dg + 0.05 * np.sign(P["u"])
    dt = dg[:, None] * P["u"]
    ds = dt * (1 - t ** 2)
    db = ds.sum(axis=0)
    dV = ds.T @ cat
    dW = np.einsum("nk,ni,nj->kij", ds, a, c)
    dcat = ds @ P["V"]
    d = a.shape[1]
    da = dcat[:, :d] + np.einsum("nk,kij,nj->ni", ds, P["W"], c)
    dc = dcat[:, d:] + np.einsum("nk,kij,ni->nj", ds, P["W"], a)
    dE = da.T @ e1 + dc.T @ e2
    return dict(dE=dE, dW=dW, dV=dV, db=db, du=du)
"""


def bilin_p(r):
    return dict(
        E=r.randn(3, 4), W=0.5 * r.randn(2, 3, 3), V=r.randn(2, 6), b=r.randn(2), u=r.randn(2)
    )


def bilin_d(r):
    return r.randn(5, 4), r.randn(5, 4), np.sign(r.randn(5))


case(
    "d44-bilinear-side",
    BILIN,
    'dc = dcat[:, d:] + np.einsum("nk,kij,ni->nj", ds, P["W"], a)',
    'dc = dcat[:, d:] + np.einsum("nk,kij,nj->ni", ds, P["W"], a)',
    "dc",
    "the bilinear form contracted on the wrong side (W for its transpose)",
    bilin_p,
    bilin_d,
)


# ---------------------------------------------------------------- 25. RMS norm + SwiGLU residual blocks, terse, L blocks
RMSGLU = """
def rms(x, g, eps=1e-6):
    r = 1/np.sqrt((x*x).mean(-1, keepdims=True) + eps)
    return x*r*g, (x, r, g)

def rms_bwd(do, c):
    x, r, g = c
    dn = do*g
    dx = r*dn - x*r**3*(dn*x).mean(-1, keepdims=True)
    return dx, (do*x*r).sum(0)

def glu(n, A, B, C):
    a, b = n@A, n@B
    s = 1/(1+np.exp(-a))
    return (a*s*b)@C, (n, a, b, s, A, B, C)

def glu_bwd(do, c):
    n, a, b, s, A, B, C = c
    q = do@C.T
    da = q*b*(s + a*s*(1-s))
    db = q*a*s
    dn = da@A.T + db@B.T
    return dn, n.T@da, n.T@db, (a*s*b).T@do

def forward(X, Y, p):
    x, cs = X@p["E"], []
    for l in "01":
        n, c1 = rms(x, p["g"+l])
        o, c2 = glu(n, p["A"+l], p["B"+l], p["C"+l])
        x = x + o
        cs.append((c1, c2))
    d = x@p["H"] - Y
    return (d**2).mean(), (cs, x, d)

def backward(X, Y, p, cache):
    cs, x, d = cache
    G = {}
    dd = 2*d/d.size
    G["dH"] = x.T@dd
    dx = dd@p["H"].T
    for l in "10":
        c1, c2 = cs[int(l)]
        dn, G["dA"+l], G["dB"+l], G["dC"+l] = glu_bwd(dx, c2)
        dr, G["dg"+l] = rms_bwd(dn, c1)
        dx = dx + dr
    G["dE"] = X.T@dx
    return G
"""


def rms_p(r):
    p = dict(E=r.randn(3, 4), H=r.randn(4, 2))
    for l in "01":
        p.update(
            {
                "g" + l: r.randn(4),
                "A" + l: 0.6 * r.randn(4, 5),
                "B" + l: 0.6 * r.randn(4, 5),
                "C" + l: 0.6 * r.randn(5, 4),
            }
        )
    return p


def rms_d(r):
    return r.randn(6, 3), r.randn(6, 2)


case(
    "d45-rms-silu",
    RMSGLU,
    "da = q*b*(s + a*s*(1-s))",
    "da = q*b*s*(1-s)",
    "da",
    "sigmoid's derivative in place of SiLU's",
    rms_p,
    rms_d,
)


# ================================================================ RIGHT
# 1. logistic regression, 1/m folded into the inputs, sign of the error turned
right(
    "r01-logistic-odd-m",
    """
def forward(X, Y, parameters):
    w, b = parameters["w"], parameters["b"]
    m = X.shape[0]
    s = X @ w + b
    J = np.logaddexp(0, s).sum() / m - (Y / m) @ s
    return J, s

def backward(X, Y, parameters, s):
    m = len(Y)
    Xm = X / m
    err = Y - 0.5 * (1 + np.tanh(0.5 * s))
    dw = -(err @ Xm)
    db = np.array([-err.mean()])
    return {"dw": dw, "db": db}
""",
    lambda r: dict(w=r.randn(4), b=r.randn(1)),
    lambda r: (r.randn(7, 4), (r.rand(7) > 0.5).astype(float)),
)

# 2. Coursera 3 layers, everything divided by m in one loop at the end
right(
    "r02-scaled-at-end",
    """
def forward(X, Y, parameters):
    caches, A = [], X
    for l in (1, 2, 3):
        Z = np.dot(parameters["W%d" % l], A) + parameters["b%d" % l]
        caches.append((A, Z))
        A = np.tanh(Z) if l < 3 else 1 / (1 + np.exp(-Z))
    m = X.shape[1]
    cost = -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / m
    cost = cost + 0.4 / (2 * m) * sum(np.sum(parameters["W%d" % l] ** 2) for l in (1, 2, 3))
    return cost, (caches, A)

def backward(X, Y, parameters, cache):
    caches, A = cache
    grads = {}
    dZ = A - Y
    for l in (3, 2, 1):
        A_prev, Z = caches[l - 1]
        grads["dW%d" % l] = np.dot(dZ, A_prev.T) + 0.4 * parameters["W%d" % l]
        grads["db%d" % l] = np.sum(dZ, axis=1, keepdims=True)
        if l > 1:
            dZ = np.dot(parameters["W%d" % l].T, dZ) * (1 - A_prev ** 2)
    for key in grads:
        grads[key] /= X.shape[1]
    return grads
""",
    lambda r: dict(
        W1=r.randn(4, 3),
        b1=r.randn(4, 1),
        W2=r.randn(5, 4),
        b2=r.randn(5, 1),
        W3=r.randn(2, 5),
        b3=r.randn(2, 1),
    ),
    lambda r: (r.randn(3, 6), (r.rand(2, 6) > 0.5).astype(float)),
)

# 3. one variable delta overwritten in place, mixed activations, derivative from the activation
right(
    "r03-delta-in-place",
    """
def forward(X, Y, p):
    a1 = 1 / (1 + np.exp(-(X @ p["W1"] + p["b1"])))
    a2 = np.logaddexp(0, a1 @ p["W2"] + p["b2"])      # softplus
    a3 = np.tanh(a2 @ p["W3"] + p["b3"])
    return 0.5 * np.mean(np.sum((a3 - Y) ** 2, axis=1)), (a1, a2, a3)

def backward(X, Y, p, cache):
    a1, a2, a3 = cache
    g = {}
    delta = a3 - Y
    delta /= len(X)
    delta *= 1 - a3 ** 2
    g["dW3"], g["db3"] = a2.T @ delta, delta.sum(0)
    delta = delta @ p["W3"].T
    delta *= 1 - np.exp(-a2)
    g["dW2"], g["db2"] = a1.T @ delta, delta.sum(0)
    delta = delta @ p["W2"].T
    delta *= a1
    delta -= delta * a1
    g["dW1"], g["db1"] = X.T @ delta, delta.sum(0)
    return g
""",
    lambda r: dict(
        W1=r.randn(3, 5),
        b1=r.randn(5),
        W2=r.randn(5, 4),
        b2=r.randn(4),
        W3=r.randn(4, 2),
        b3=r.randn(2),
    ),
    lambda r: (r.randn(6, 3), r.randn(6, 2)),
)

# 4. CS231n: dx and dout stand for a new quantity on each line, loss returns its own gradient in the forward
right(
    "r04-dx-renamed",
    """
def softmax_loss(x, y):
    shifted = x - np.max(x, axis=1, keepdims=True)
    Z = np.sum(np.exp(shifted), axis=1, keepdims=True)
    log_probs = shifted - np.log(Z)
    N = x.shape[0]
    loss = -np.sum(log_probs[np.arange(N), y]) / N
    dx = np.exp(log_probs)
    dx[np.arange(N), y] -= 1
    dx /= N
    return loss, dx

def layernorm_backward(dout, cache):
    xhat, std, gamma = cache
    dgamma, dbeta = np.sum(dout * xhat, axis=0), np.sum(dout, axis=0)
    dx = dout * gamma
    dx -= dx.mean(axis=1, keepdims=True) + xhat * (dx * xhat).mean(axis=1, keepdims=True)
    dx /= std
    return dx, dgamma, dbeta

def forward(X, y, params):
    a = X.dot(params["W1"]) + params["b1"]
    std = np.sqrt(a.var(axis=1, keepdims=True) + 1e-5)
    xhat = (a - a.mean(axis=1, keepdims=True)) / std
    r = np.maximum(0, params["gamma"] * xhat + params["beta"])
    scores = r.dot(params["W2"]) + params["b2"]
    loss, dx = softmax_loss(scores, y)
    loss += 0.5 * 0.1 * np.sum(params["W2"] ** 2)
    return loss, (dx, r, (xhat, std, params["gamma"]))

def backward(X, y, params, cache):
    dout, r, ln_cache = cache
    grads = {"dW2": r.T.dot(dout) + 0.1 * params["W2"], "db2": dout.sum(axis=0)}
    dout = dout.dot(params["W2"].T)
    dx = dout * (r > 0)
    dout, grads["dgamma"], grads["dbeta"] = layernorm_backward(dx, ln_cache)
    grads["dW1"] = X.T.dot(dout)
    grads["db1"] = dout.sum(axis=0)
    return grads
""",
    lambda r: dict(
        W1=r.randn(4, 5),
        b1=r.randn(5),
        gamma=r.randn(5),
        beta=r.randn(5),
        W2=r.randn(5, 3),
        b2=r.randn(3),
    ),
    lambda r: (r.randn(6, 4), r.randint(3, size=6)),
)

# 5. max pool with ties (zeros after relu) broken by argmax
right(
    "r05-pool-argmax",
    """
def forward(X, Y, parameters):
    K = parameters["K"]                                  # (F, 3)
    n, L = X.shape
    win = np.stack([X[:, i:i+3] for i in range(L - 2)], axis=1)      # n, L-2, 3
    conv = np.einsum("nli,fi->nfl", win, K) + parameters["c"][:, None]
    act = np.maximum(conv, 0)
    pairs = act.reshape(n, len(K), -1, 2)
    where = pairs.argmax(axis=-1)
    pooled = np.take_along_axis(pairs, where[..., None], axis=-1)[..., 0]
    flat = pooled.reshape(n, -1)
    resid = flat @ parameters["v"] - Y
    return np.dot(resid, resid) / n, (win, conv, where, flat, resid)

def backward(X, Y, parameters, cache):
    win, conv, where, flat, resid = cache
    tmp = resid * 2 / len(X)
    dv = flat.T @ tmp
    tmp = np.outer(tmp, parameters["v"]).reshape(where.shape)
    dpairs = np.zeros(where.shape + (2,))
    np.put_along_axis(dpairs, where[..., None], tmp[..., None], axis=-1)
    dconv = dpairs.reshape(conv.shape)
    dconv[conv < 0] = 0
    return {"dK": np.einsum("nfl,nli->fi", dconv, win), "dc": dconv.sum(axis=(0, 2)), "dv": dv}
""",
    lambda r: dict(K=r.randn(4, 3), c=r.randn(4), v=r.randn(12)),
    lambda r: (r.randn(5, 8), r.randn(5)),
)

# 6. min-char-rnn with clipping that is never active, in place
right(
    "r06-clip-inactive",
    """
def forward(inputs, targets, p):
    xs, hs, ps = {}, {-1: p["h0"]}, {}
    loss = 0
    for t in range(len(inputs)):
        xs[t] = np.zeros((5, 1)); xs[t][inputs[t]] = 1
        hs[t] = np.tanh(p["Wxh"] @ xs[t] + p["Whh"] @ hs[t-1] + p["bh"])
        y = p["Why"] @ hs[t] + p["by"]
        ps[t] = np.exp(y) / np.sum(np.exp(y))
        loss += -np.log(ps[t][targets[t], 0])
    return loss / len(inputs), (xs, hs, ps)

def backward(inputs, targets, p, cache):
    xs, hs, ps = cache
    dWxh, dWhh, dWhy, dbh, dby = [np.zeros_like(p[k]) for k in ("Wxh", "Whh", "Why", "bh", "by")]
    dhnext = np.zeros_like(hs[0])
    for t in reversed(range(len(inputs))):
        dy = np.copy(ps[t])
        dy[targets[t]] -= 1
        dWhy += dy @ hs[t].T
        dby += dy
        dhnext += p["Why"].T @ dy
        dhraw = (1 - hs[t] * hs[t]) * dhnext
        dbh += dhraw
        dWxh[:, inputs[t]] += dhraw[:, 0]
        dWhh += np.outer(dhraw, hs[t-1])
        dhnext = p["Whh"].T @ dhraw
    for dparam in [dWxh, dWhh, dWhy, dbh, dby, dhnext]:
        dparam /= len(inputs)
        np.clip(dparam, -50, 50, out=dparam) # clip to mitigate exploding gradients
    return dict(dWxh=dWxh, dWhh=dWhh, dWhy=dWhy, dbh=dbh, dby=dby, dh0=dhnext)
""",
    lambda r: dict(
        Wxh=r.randn(4, 5),
        Whh=0.6 * r.randn(4, 4),
        Why=r.randn(5, 4),
        bh=r.randn(4, 1),
        by=r.randn(5, 1),
        h0=r.randn(4, 1),
    ),
    lambda r: (r.randint(5, size=6), r.randint(5, size=6)),
)

# 7. softmax regression with temperature, class weights, label smoothing, log-sum-exp; 1/m inside the one-hot
right(
    "r07-softmax-weighted",
    """
def forward(X, y, cw, parameters):
    tau = np.exp(parameters["logtau"])
    raw = X @ parameters["W"] + parameters["b"]
    scores = raw / tau
    top = scores.max(axis=1)
    lse = top + np.log(np.exp(scores - top[:, None]).sum(axis=1))
    k = scores.shape[1]
    T = 0.9 * np.eye(k)[y] + 0.1 / k
    T = T * (cw[y] / len(y))[:, None]
    J = (T.sum(axis=1) * lse - (T * scores).sum(axis=1)).sum()
    return J, (scores, lse, T, tau)

def backward(X, y, cw, parameters, cache):
    scores, lse, T, tau = cache
    dS = np.exp(scores - lse[:, None])
    dS *= T.sum(axis=1, keepdims=True)
    dS -= T
    dlogtau = -np.array([np.vdot(dS, scores)])
    dS /= tau
    return {"dW": X.T @ dS, "db": dS.sum(0), "dlogtau": dlogtau}
""",
    lambda r: dict(W=r.randn(4, 3), b=r.randn(3), logtau=0.5 * r.randn(1)),
    lambda r: (r.randn(6, 4), r.randint(3, size=6), 0.5 + r.rand(3)),
)

# 8. checkpointing: the cache holds nothing but the block inputs, the rest recomputed
right(
    "r08-recompute",
    """
def block(x, W, U):
    h = x @ W
    a = h / (1 + np.abs(h))          # softsign
    return x + a @ U, h, a

def forward(X, Y, params):
    saved, x = [], X
    for i in range(3):
        saved.append(x)
        x, _, _ = block(x, params["W%d" % i], params["U%d" % i])
    J = np.sum(np.log(np.cosh(x - Y))) / X.shape[0]
    return J, saved

def backward(X, Y, params, saved):
    i = len(saved) - 1
    out = block(saved[i], params["W%d" % i], params["U%d" % i])[0]
    d = np.tanh(out - Y) / X.shape[0]
    grads = {}
    while i >= 0:
        W, U, x = params["W%d" % i], params["U%d" % i], saved[i]
        _, h, a = block(x, W, U)
        grads["dU%d" % i] = a.T @ d
        dh = (d @ U.T) * (1 - np.abs(a)) ** 2
        grads["dW%d" % i] = x.T @ dh
        d = d + dh @ W.T
        i -= 1
    return grads
""",
    lambda r: {
        k + str(i): v
        for i in range(3)
        for k, v in (("W", r.randn(3, 4 + i)), ("U", r.randn(4 + i, 3)))
    },
    lambda r: (r.randn(5, 3), r.randn(5, 3)),
)

# 9. compact batch norm on columns, dZ normalised with N outside, population statistics by sums
right(
    "r09-bn-compact",
    """
def forward(X, Y, parameters):
    m = X.shape[1]
    Z1 = parameters["W1"] @ X
    mu = Z1.sum(axis=1, keepdims=True) / m
    sigma = np.sqrt((Z1 ** 2).sum(axis=1, keepdims=True) / m - mu ** 2 + 1e-3)
    Zn = (Z1 - mu) / sigma
    A1 = np.tanh(parameters["g"] * Zn + parameters["beta"])
    Z2 = parameters["W2"] @ A1 + parameters["b2"]
    A2 = 1 / (1 + np.exp(-Z2))
    J = -np.mean(np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2), axis=0))
    return J, (Zn, sigma, A1, A2)

def backward(X, Y, parameters, cache):
    Zn, sigma, A1, A2 = cache
    m = X.shape[1]
    dZ2 = (A2 - Y) / m
    dW2 = dZ2 @ A1.T
    db2 = dZ2.sum(axis=1, keepdims=True)
    dZ1 = (parameters["W2"].T @ dZ2) * (1 - A1 * A1)
    dg, dbeta = (dZ1 * Zn).sum(axis=1, keepdims=True), dZ1.sum(axis=1, keepdims=True)
    dZ1 = parameters["g"] / (m * sigma) * (m * dZ1 - dbeta - Zn * dg)
    dW1 = dZ1 @ X.T
    return {"dW1": dW1, "dg": dg, "dbeta": dbeta, "dW2": dW2, "db2": db2}
""",
    lambda r: dict(
        W1=r.randn(4, 3), g=r.randn(4, 1), beta=r.randn(4, 1), W2=r.randn(2, 4), b2=r.randn(2, 1)
    ),
    lambda r: (r.randn(3, 7), (r.rand(2, 7) > 0.5).astype(float)),
)

# 10. tied embedding: E is the lookup table and the output layer
right(
    "r10-tied-embedding",
    """
def forward(ctx, target, params):
    E, W = params["E"], params["W"]
    bag = E[ctx].mean(axis=1)                # (N, d)
    h = bag * 1 / (1 + np.exp(-bag @ W))     # gate
    logits = h @ E.T + params["bias"]
    logits = logits - logits.max(1, keepdims=True)
    p = np.exp(logits)
    p /= p.sum(1, keepdims=True)
    return -np.log(p[np.arange(len(p)), target]).mean(), (bag, h, p)

def backward(ctx, target, params, cache):
    bag, h, p = cache
    E, W = params["E"], params["W"]
    N, window = ctx.shape
    p = p.copy()
    p[np.arange(N), target] -= 1
    p /= N
    dE = p.T @ h
    dh = p @ E
    gate = 1 / (1 + np.exp(-bag @ W))
    dpre = dh * bag * gate * (1 - gate)
    dW = bag.T @ dpre
    dbag = dh * gate + dpre @ W.T
    dbag /= window
    np.add.at(dE, ctx, dbag[:, None, :])
    return {"dE": dE, "dW": dW, "dbias": p.sum(0)}
""",
    lambda r: dict(E=r.randn(6, 4), W=r.randn(4, 4), bias=r.randn(6)),
    lambda r: (r.randint(6, size=(5, 3)), r.randint(6, size=5)),
)

# 11. two-head cross attention, one stacked QKV tensor, einsum, dA reused in place
right(
    "r11-multihead-einsum",
    """
def forward(X, M, Y, P):
    Q = np.einsum("td,hde->hte", X, P["Wqkv"][0])
    K = np.einsum("sd,hde->hse", M, P["Wqkv"][1])
    V = np.einsum("sd,hde->hse", M, P["Wqkv"][2])
    S = np.einsum("hte,hse->hts", Q, K) * Q.shape[2] ** -0.5
    A = np.exp(S - S.max(axis=2, keepdims=True))
    A /= A.sum(axis=2, keepdims=True)
    C = np.einsum("hts,hse->hte", A, V)
    O = np.einsum("hte,hed->td", C, P["Wo"])
    return ((O - Y) ** 2).mean(), (Q, K, V, A, C, O)

def backward(X, M, Y, P, cache):
    Q, K, V, A, C, O = cache
    dO = (O - Y) * (2 / O.size)
    dWo = np.einsum("td,hte->hed", dO, C)
    dC = np.einsum("td,hed->hte", dO, P["Wo"])
    D = np.sum(dC * C, axis=2)                    # the flash-attention trick: rowsum(dC * C)
    dWv = np.einsum("sd,hse->hde", M, np.einsum("hts,hte->hse", A, dC))
    dA = np.einsum("hte,hse->hts", dC, V)
    dA -= D[:, :, None]
    dA *= A
    dA *= Q.shape[2] ** -0.5
    dWq = np.einsum("td,hts,hse->hde", X, dA, K)
    dWk = np.einsum("sd,hts,hte->hde", M, dA, Q)
    return {"dWqkv": np.stack([dWq, dWk, dWv]), "dWo": dWo}
""",
    lambda r: dict(Wqkv=0.6 * r.randn(3, 2, 5, 3), Wo=r.randn(2, 3, 5)),
    lambda r: (r.randn(4, 5), r.randn(6, 5), r.randn(4, 5)),
)

# 12. peephole-free LSTM, fused gates, while loop, coupled carried dh_next and dc_next
right(
    "r12-lstm-fused",
    """
def forward(x, y, params):
    N, T, D = x.shape
    H = params["Wh"].shape[0]
    h, c = np.zeros((N, H)), np.tile(params["c0"], (N, 1))
    tape = []
    for t in range(T):
        a = x[:, t].dot(params["Wx"]) + h.dot(params["Wh"]) + params["b"]
        i, f, o = [1 / (1 + np.exp(-a[:, k*H:(k+1)*H])) for k in range(3)]
        g = np.tanh(a[:, 3*H:])
        c_new = f * c + i * g
        tape.append((x[:, t], h, c, i, f, o, g, np.tanh(c_new)))
        c = c_new
        h = o * np.tanh(c)
    err = h.dot(params["v"]) - y
    return (err ** 2).sum() / (2 * N), (tape, h, err)

def backward(x, y, params, cache):
    tape, h, err = cache
    tape = list(tape)
    grads = {"d" + k: 0 for k in params}
    err = err / len(y)
    grads["dv"] = h.T.dot(err)
    dh_next, dc_next = np.outer(err, params["v"]), 0
    while tape:
        xt, h_prev, c_prev, i, f, o, g, tc = tape.pop()
        dc_next = dc_next + dh_next * (o - o * tc ** 2)
        da = np.hstack([dc_next * g * (i - i ** 2), dc_next * c_prev * (f - f ** 2),
                        dh_next * tc * (o - o ** 2), dc_next * (i - i * g ** 2)])
        grads["dWx"] = grads["dWx"] + xt.T.dot(da)
        grads["dWh"] = grads["dWh"] + h_prev.T.dot(da)
        grads["db"] = grads["db"] + da.sum(axis=0)
        dh_next, dc_next = da.dot(params["Wh"].T), dc_next * f
    grads["dc0"] = dc_next.sum(axis=0)
    return grads
""",
    lambda r: dict(
        Wx=0.7 * r.randn(2, 12), Wh=0.7 * r.randn(3, 12), b=r.randn(12), c0=r.randn(3), v=r.randn(3)
    ),
    lambda r: (r.randn(4, 5, 2), r.randn(4)),
)

# 13. closures: the forward pass returns a list of pullbacks
right(
    "r13-closures",
    """
def affine(x, W, b, names):
    def pull(g, grads):
        for n, v in zip(names, (x.T @ g, g.sum(0))):
            grads[n] = grads.get(n, 0) + v
        return g @ W.T
    return x @ W + b, pull

def swish(x):
    s = 1 / (1 + np.exp(-x))
    y = x * s
    return y, lambda g, grads: g * (y + s * (1 - y))

def dropout(x, mask, keep):
    scale = mask / keep
    return x * scale, lambda g, grads: g * scale

def forward(X, Y, mask, parameters):
    p, pulls = parameters, []
    h, f = affine(X, p["W1"], p["b1"], ("dW1", "db1")); pulls.append(f)
    h, f = swish(h); pulls.append(f)
    h, f = affine(h, p["W2"], p["b2"], ("dW2", "db2")); pulls.append(f)
    h, f = swish(h); pulls.append(f)
    h, f = dropout(h, mask, 0.7); pulls.append(f)
    h, f = affine(h, p["W2"], p["b2"], ("dW2", "db2")); pulls.append(f)   # same layer again
    diff = h - Y
    pulls.append(lambda g, grads: g * diff * 2 / diff.size)
    return np.mean(diff ** 2), pulls

def backward(X, Y, mask, parameters, pulls):
    grads = {}
    g = 1.0
    for pull in pulls[::-1]:
        g = pull(g, grads)
    return grads
""",
    lambda r: dict(W1=r.randn(3, 4), b1=r.randn(4), W2=0.7 * r.randn(4, 4), b2=r.randn(4)),
    lambda r: (r.randn(6, 3), r.randn(6, 4), (r.rand(6, 4) < 0.7).astype(float)),
)

# 14. float32 parameters
right(
    "r14-float32",
    """
class Net:
    def __init__(self, parameters):
        self.__dict__.update(parameters)

    def loss(self, X, y):
        self.X, self.y = X, y
        self.h = np.maximum(X.dot(self.W1) + self.b1, 0)
        s = self.h.dot(self.W2) + self.b2
        s -= s.max(1, keepdims=True)
        self.p = np.exp(s) / np.exp(s).sum(1, keepdims=True)
        return -np.log(self.p[range(len(y)), y]).mean() + 0.01 * (self.W1 ** 2).sum()

    def gradient(self):
        d = self.p
        d[range(len(self.y)), self.y] -= 1
        d = d / len(d)
        yield "dW2", self.h.T.dot(d)
        yield "db2", d.sum(0)
        d = d.dot(self.W2.T) * np.sign(self.h)
        yield "dW1", self.X.T.dot(d) + 0.02 * self.W1
        yield "db1", d.sum(0)

def forward(X, y, parameters):
    net = Net(parameters)
    return net.loss(X, y), net

def backward(X, y, parameters, net):
    return dict(net.gradient())
""",
    lambda r: {
        k: v.astype(np.float32)
        for k, v in dict(W1=r.randn(4, 5), b1=r.randn(5), W2=r.randn(5, 3), b2=r.randn(3)).items()
    },
    lambda r: (r.randn(7, 4).astype(np.float32), r.randint(3, size=7)),
)

# 15. kinks: absolute loss, L1 penalty, maxout, leaky relu, away from the kinks
right(
    "r15-kinks",
    """
def forward(X, y, params):
    Z = np.einsum("nd,dhk->nhk", X, params["W"]) + params["b"]       # maxout with k pieces
    M = np.max(Z, axis=2)
    L = np.maximum(M, 0.2 * M)
    out = L @ params["v"]
    J = np.abs(out - y).mean() + 0.1 * sum(np.abs(params[k]).sum() for k in ("W", "v"))
    return J, (Z, M, L, out)

def backward(X, y, params, cache):
    Z, M, L, out = cache
    s = np.where(out > y, 1, -1) / len(y)
    dv = s @ L
    dZ = np.outer(s, params["v"])
    dZ[M < 0] *= 0.2
    dZ = np.equal(Z, M[:, :, None]) * dZ[:, :, None]
    dW = np.tensordot(X, dZ, (0, 0))
    db = dZ.sum(axis=0)
    for g, k in ((dW, "W"), (dv, "v")):
        g += 0.1 * np.sign(params[k])
    return {"dW": dW, "db": db, "dv": dv}
""",
    lambda r: dict(W=r.randn(3, 4, 2), b=r.randn(4, 2), v=r.randn(4)),
    lambda r: (r.randn(6, 3), r.randn(6)),
)

# 16. beginner's loops, gradient subtracted from zero, errors the other way round, half steps of 2/m
right(
    "r16-loops-minus",
    """
def forward(X, Y, parameters):
    W = parameters["W"]
    U = parameters["U"]
    m = len(X)
    cost = 0
    hidden = []
    wrong_by = []
    for i in range(m):
        h = []
        for j in range(W.shape[0]):
            total = 0
            for k in range(W.shape[1]):
                total += W[j, k] * X[i, k]
            h.append(np.sin(total))
        hidden.append(h)
        e = [Y[i, o] - sum(U[o, j] * h[j] for j in range(W.shape[0])) for o in range(U.shape[0])]
        wrong_by.append(e)
        cost += sum([v * v for v in e])
    return cost / m, (hidden, wrong_by)

def backward(X, Y, parameters, cache):
    hidden, wrong_by = cache
    W = parameters["W"]
    U = parameters["U"]
    dW = np.zeros(W.shape)
    dU = np.zeros(U.shape)
    for i in range(len(X)):
        for j in range(W.shape[0]):
            back = 0
            for o in range(U.shape[0]):
                dU[o, j] -= wrong_by[i][o] * hidden[i][j]
                back -= wrong_by[i][o] * U[o, j]
            slope = np.cos(sum(W[j] * X[i]))
            for k in range(W.shape[1]):
                dW[j, k] += slope * back * X[i, k]
    return {"dW": dW / (0.5 * len(X)), "dU": dU * 2 / len(X)}
""",
    lambda r: dict(W=r.randn(4, 3), U=r.randn(2, 4)),
    lambda r: (r.randn(5, 3), r.randn(5, 2)),
)

# 17. mixture density network: responsibilities minus priors
right(
    "r17-mixture-density",
    """
def logsumexp(a):
    top = a.max(axis=1, keepdims=True)
    return top + np.log(np.exp(a - top).sum(axis=1, keepdims=True))

def forward(x, t, theta):
    h = np.tanh(np.outer(x, theta["w"]) + theta["b"])
    out = h @ theta["V"] + theta["c"]
    k = out.shape[1] // 3
    alpha, mu, rho = out[:, :k], out[:, k:2*k], out[:, 2*k:]
    logpi = alpha - logsumexp(alpha)
    u = (t[:, None] - mu) * np.exp(-rho)
    comp = logpi - rho - 0.5 * u ** 2
    nll = -np.mean(logsumexp(comp)) + 0.5 * np.log(2 * np.pi)
    return nll, (h, logpi, u, rho, comp)

def backward(x, t, theta, cache):
    h, logpi, u, rho, comp = cache
    gamma = np.exp(comp - logsumexp(comp))
    delta = np.concatenate([np.exp(logpi) - gamma, -gamma * u * np.exp(-rho), gamma * (1 - u ** 2)], axis=1)
    dV = h.T @ delta / len(x)
    dc = delta.mean(axis=0)
    delta = (delta @ theta["V"].T) * (1 - h ** 2)
    db = delta.mean(axis=0)
    dw = x @ delta / len(x)
    return {"dw": dw, "db": db, "dV": dV, "dc": dc}
""",
    lambda r: dict(w=r.randn(5), b=r.randn(5), V=0.5 * r.randn(5, 6), c=0.5 * r.randn(6)),
    lambda r: (r.randn(8), r.randn(8)),
)

# 18. weight normalisation, residual chain with one shared layer, list comprehension
right(
    "r18-weightnorm-shared",
    """
def forward(X, Y, P):
    n = np.linalg.norm(P["V"], axis=0)
    W = P["V"] * (P["g"] / n)
    xs = [X @ P["E"]]
    for _ in range(3):
        xs.append(xs[-1] + np.arctan(xs[-1] @ W))
    r = xs[-1] - Y
    return 0.25 * np.sum(r ** 4) / len(X), (n, W, xs, r)

def backward(X, Y, P, cache):
    n, W, xs, r = cache
    bars = [r ** 3 / len(X)]
    slopes = [1 / (1 + (x @ W) ** 2) for x in xs[:-1]]
    for s in slopes[::-1]:
        bars.append(bars[-1] + (bars[-1] * s) @ W.T)
    bars.reverse()
    dW = sum(x.T @ (b * s) for x, b, s in zip(xs, bars[1:], slopes))
    dg = np.sum(dW * P["V"], axis=0) / n
    dV = P["g"] / n * (dW - P["V"] * dg / n)
    return {"dE": X.T @ bars[0], "dV": dV, "dg": dg}
""",
    lambda r: dict(E=0.7 * r.randn(4, 3), V=r.randn(3, 3), g=r.randn(3)),
    lambda r: (r.randn(5, 4), r.randn(5, 3)),
)

# 19. convolution by im2col indices, scatter with np.add.at, average pooling folded into the scale
right(
    "r19-im2col",
    """
def indices(H, W, kh, kw):
    i0, j0 = np.repeat(np.arange(kh), kw), np.tile(np.arange(kw), kh)
    i1, j1 = np.repeat(np.arange(H - kh + 1), W - kw + 1), np.tile(np.arange(W - kw + 1), H - kh + 1)
    return i0[:, None] + i1, j0[:, None] + j1

def forward(X, y, p):
    N, H, W = X.shape
    img = X * p["gain"] + p["offset"]
    i, j = indices(H, W, 2, 3)
    cols = img[:, i, j]                               # N, 6, P
    z = np.einsum("fk,nkp->nfp", p["F"], cols)
    a = np.exp(-z * z)
    feat = a.mean(axis=2)
    score = feat @ p["v"] + p["c"]
    return np.logaddexp(0, -y * score).mean(), (cols, i, j, z, a, feat, score)

def backward(X, y, p, cache):
    cols, i, j, z, a, feat, score = cache
    dout = -y / (1 + np.exp(y * score)) / len(y)
    grads = {"dv": dout @ feat, "dc": dout.sum(keepdims=True)}
    dout = (dout / z.shape[2])[:, None] * p["v"]
    dout = dout[:, :, None] * a
    dout *= -2 * z
    grads["dF"] = np.tensordot(dout, cols, axes=([0, 2], [0, 2]))
    dcols = np.tensordot(dout, p["F"], axes=(1, 0)).transpose(0, 2, 1)
    dimg = np.zeros_like(X)
    np.add.at(dimg, (slice(None), i, j), dcols)
    grads["dgain"] = (dimg * X).sum(axis=0)
    grads["doffset"] = dimg.sum(axis=0)
    return grads
""",
    lambda r: dict(
        gain=1 + 0.3 * r.randn(4, 5),
        offset=0.3 * r.randn(4, 5),
        F=0.5 * r.randn(3, 6),
        v=r.randn(3),
        c=r.randn(1),
    ),
    lambda r: (r.randn(6, 4, 5), np.sign(r.randn(6))),
)

# 20. physics: Heun steps of a nonlinear ODE, adjoint with stage derivatives, data misfit added at measured times only
right(
    "r20-heun-adjoint",
    """
h = 0.1

def rhs(z, M, q):
    return M @ z + q * z[::-1] * z

def rhs_vjp(z, M, q, w, acc):
    acc["dM"] += np.outer(w, z)
    acc["dq"] += w * z[::-1] * z
    tmp = w * q
    return M.T @ w + tmp * z[::-1] + (tmp * z)[::-1]

def forward(obs, measured, p):
    z, path = p["z0"], []
    chi2 = 0.0
    for n in range(len(obs)):
        k1 = rhs(z, p["M"], p["q"])
        k2 = rhs(z + h * k1, p["M"], p["q"])
        path.append((z, k1))
        z = z + 0.5 * h * (k1 + k2)
        path[-1] += (z,)
        if measured[n]:
            chi2 += np.sum((obs[n] - z) ** 2)
    return chi2 / (2 * measured.sum()), path

def backward(obs, measured, p, path):
    acc = {"dM": np.zeros_like(p["M"]), "dq": np.zeros_like(p["q"])}
    lam = np.zeros_like(p["z0"])
    for n, (z, k1, z_next) in reversed(list(enumerate(path))):
        lam = lam - (obs[n] - z_next) * measured[n]
        w2 = rhs_vjp(z + h * k1, p["M"], p["q"], 0.5 * h * lam, acc)
        w1 = rhs_vjp(z, p["M"], p["q"], 0.5 * h * lam + h * w2, acc)
        lam = lam + w1 + w2
    acc["dz0"] = lam
    return {name: g / measured.sum() for name, g in acc.items()}
""",
    lambda r: dict(M=0.7 * r.randn(3, 3), q=0.4 * r.randn(3), z0=r.randn(3)),
    lambda r: (r.randn(8, 3), np.array([0, 1, 1, 0, 1, 0, 0, 1])),
)


# ================================================================ DOUBLE
double(
    "e01-char",
    MINCHAR,
    [
        ("dWhy += np.dot(dy, hs[t].T)", "dWhy += np.dot(dy, hs[t-1].T)", "dWhy"),
        ("dhnext = np.dot(Whh.T, dhraw)", "dhnext = np.dot(Whh.T, dh)", "dhnext"),
    ],
    char_p,
    char_d,
)
double(
    "e02-three",
    THREE,
    [
        (
            "db3 = 1. / m * np.sum(dZ3, axis=1, keepdims=True)",
            "db3 = np.sum(dZ3, axis=1, keepdims=True)",
            "db3",
        ),
        ("dA1 = dA1 * D1 / keep_prob", "dA1 = dA1 / keep_prob", "dA1"),
    ],
    three_p,
    three_d,
)
double(
    "e03-bn",
    BNNET,
    [
        ("dh1 = dh2 * (h1 > 0)", "dh1 = dh2 * (dh2 > 0)", "dh1"),
        (
            "dvar = 0.5 * 1. / np.sqrt(var + eps) * dsqrtvar",
            "dvar = 1. / np.sqrt(var + eps) * dsqrtvar",
            "dvar",
        ),
    ],
    bn_p,
    bn_d,
)
double(
    "e04-nielsen",
    NIELSEN,
    [
        (
            "delta = (activations[-1]-y) * sigmoid_prime(zs[-1])",
            "delta = activations[-1]-y",
            "delta",
        ),
        (
            "nabla_w[-l] = np.dot(delta, activations[-l-1].transpose())",
            "nabla_w[-l] = np.dot(delta * sp, activations[-l-1].transpose())",
            "nabla_w",
        ),
    ],
    niel_p,
    niel_d,
)
double(
    "e05-lstm",
    LSTM,
    [
        ("dzy = (caches[t][-1] - y[:, :, t]) / m", "dzy = caches[t][-1] - y[:, :, t]", "dzy"),
        ("dft = dc_tot * c_prev * ft * (1 - ft)", "dft = dc_tot * c_next * ft * (1 - ft)", "dft"),
    ],
    lstm_p,
    lstm_d,
)
double(
    "e06-gru",
    GRU,
    [
        ("gz = gh*(h-n)*z*(1-z)", "gz = gh*(n-h)*z*(1-z)", "gz"),
        (
            'gh = gh*z + gz@p["Uz"].T + gr@p["Ur"].T + gu@p["Un"].T',
            'gh = gz@p["Uz"].T + gr@p["Ur"].T + gu@p["Un"].T',
            "gh",
        ),
    ],
    gru_p,
    gru_d,
)
double(
    "e07-attn",
    ATTN,
    [
        ("gs = gs / np.sqrt(q.shape[-1])", "gs = gs * np.sqrt(q.shape[-1])", "gs"),
        (
            'gh = gu + gq @ P["Wq"].T + gk @ P["Wk"].T + gv @ P["Wv"].T',
            'gh = gq @ P["Wq"].T + gk @ P["Wk"].T + gv @ P["Wv"].T',
            "gh",
        ),
    ],
    attn_p,
    attn_d,
)
double(
    "e08-llmc",
    LLMC,
    [
        (
            "local = 0.5 * (1.0 + th) + x * 0.5 * sech2 * GELU_C * (1.0 + 3.0 * 0.044715 * x * x)",
            "local = 0.5 * (1.0 + th) + x * 0.5 * sech2 * GELU_C * (1.0 + 0.044715 * x * x)",
            "local",
        ),
        ('grads["dwpe"][t, i] += denc[b, t, i]', 'grads["dwpe"][t, i] = denc[b, t, i]', "dwpe"),
    ],
    llmc_p,
    llmc_d,
)
double(
    "e09-moe",
    MOE,
    [
        (
            "dlogits = self.g * (dg - (dg * self.g).sum(axis=1, keepdims=True))",
            "dlogits = self.g * (dg - (dg * self.g).sum(axis=0, keepdims=True))",
            "dlogits",
        ),
        ("dh += expert.backward(dfe)", "dh = expert.backward(dfe)", "dh"),
    ],
    moe_p,
    moe_d,
)
double(
    "e10-gcn",
    GCN,
    [
        (
            "grad_logits *= (train_mask / train_mask.sum())[:, None]",
            "grad_logits *= (train_mask / len(train_mask))[:, None]",
            "grad_logits",
        ),
        (
            'grad_W0 += 2 * weight_decay * params["W0"]',
            'grad_W0 += weight_decay * params["W0"]',
            "grad_W0",
        ),
    ],
    gcn_p,
    gcn_d,
)
double(
    "e11-triplet",
    TRIPLET,
    [
        ("dfn = 2 * active * (fa - fn)", "dfn = -2 * active * (fa - fn)", "dfn"),
        ('grads["dW1"] += dz @ x.T', 'grads["dW1"] = dz @ x.T', "dW1"),
    ],
    trip_p,
    trip_d,
)
double(
    "e12-rms",
    RMSGLU,
    [
        ("dn = da@A.T + db@B.T", "dn = da@A.T", "dn"),
        (
            "dx = r*dn - x*r**3*(dn*x).mean(-1, keepdims=True)",
            "dx = r*dn - x*r**2*(dn*x).mean(-1, keepdims=True)",
            "dx",
        ),
    ],
    rms_p,
    rms_d,
)
