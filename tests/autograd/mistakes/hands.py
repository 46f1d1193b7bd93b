"""Programs in other hands."""

import numpy as np

from tests.autograd.mistakes.bank import Bank

BANK = Bank()
CASES, RIGHT, DOUBLE = BANK.cases, BANK.rights, BANK.doubles
case, right, double = BANK.case, BANK.right, BANK.double

# ------------------------------------------------ CS231n layers, out/cache
A_231N = """
def affine_forward(x, w, b):
    out = x.reshape(x.shape[0], -1).dot(w) + b
    cache = (x, w, b)
    return out, cache


def affine_backward(dout, cache):
    x, w, b = cache
    dx = dout.dot(w.T).reshape(x.shape)
    dw = x.reshape(x.shape[0], -1).T.dot(dout)
    db = np.sum(dout, axis=0)
    return dx, dw, db


def leaky_forward(x, slope=0.1):
    return np.where(x > 0, x, slope * x), (x, slope)


def leaky_backward(dout, cache):
    x, slope = cache
    dx = dout.copy()
    dx[x <= 0] *= slope
    return dx


def svm_loss(x, y):
    N = x.shape[0]
    correct = x[np.arange(N), y]
    margins = np.maximum(0, x - correct[:, np.newaxis] + 1.0)
    margins = margins * (np.arange(x.shape[1])[None, :] != y[:, None])
    loss = np.sum(margins) / N
    return loss, margins


def forward(X, y, params):
    h, fc1 = affine_forward(X, params["W1"], params["b1"])
    a, act = leaky_forward(h)
    scores, fc2 = affine_forward(a, params["W2"], params["b2"])
    loss, margins = svm_loss(scores, y)
    return loss, (fc1, act, fc2, margins)


def backward(y, cache):
    fc1, act, fc2, margins = cache
    N = len(y)
    num_pos = np.sum(margins > 0, axis=1)
    dscores = np.zeros_like(margins)
    dscores[margins > 0] = 1
    dscores[np.arange(N), y] -= num_pos
    dscores /= N
    da, dW2, db2 = affine_backward(dscores, fc2)
    dh = leaky_backward(da, act)
    _, dW1, db1 = affine_backward(dh, fc1)
    return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}
"""
p_231 = lambda r: dict(W1=r.randn(12, 5), b1=r.randn(5), W2=r.randn(5, 4), b2=r.randn(4))
d_231 = lambda r: (r.randn(6, 3, 4), r.randint(0, 4, 6))
case(
    "cs231n_svm_num_pos",
    A_231N,
    "dscores[np.arange(N), y] -= num_pos",
    "dscores[np.arange(N), y] -= 1",
    "dscores",
    "only one margin subtracted for the right class",
    p_231,
    d_231,
)

# ------------------------------------------------ classes with self.cache, list of layers
A_SEQ = """
class Linear:
    def __init__(self, W, b):
        self.W = W
        self.b = b
        self.cache = None
        self.grads = {}

    def forward(self, inp):
        self.cache = inp
        return inp @ self.W + self.b

    def backward(self, grad_out):
        inp = self.cache
        self.grads["W"] = inp.T @ grad_out
        self.grads["b"] = grad_out.sum(0)
        return grad_out @ self.W.T


class Swish:
    def forward(self, inp):
        self.sig = 1.0 / (1.0 + np.exp(-inp))
        self.inp = inp
        return inp * self.sig

    def backward(self, grad_out):
        s = self.sig
        return grad_out * (s + self.inp * s * (1 - s))


class CrossEntropy:
    def forward(self, logits, target):
        z = logits - np.max(logits, axis=1, keepdims=True)
        self.logp = z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))
        self.target = target
        return -np.sum(target * self.logp) / target.shape[0]

    def backward(self):
        return (np.exp(self.logp) - self.target) / self.target.shape[0]


class Sequential:
    def __init__(self, layers, criterion):
        self.layers = layers
        self.criterion = criterion

    def forward(self, x, t):
        for layer in self.layers:
            x = layer.forward(x)
        return self.criterion.forward(x, t)

    def backward(self):
        grad = self.criterion.backward()
        for layer in reversed(self.layers):
            grad = layer.backward(grad)
        return grad


def forward(x, t, params):
    model = Sequential(
        [Linear(params["W1"], params["b1"]), Swish(), Linear(params["W2"], params["b2"])],
        CrossEntropy(),
    )
    return model.forward(x, t), model


def backward(model):
    model.backward()
    first, _, last = model.layers
    return {
        "W1": first.grads["W"],
        "b1": first.grads["b"],
        "W2": last.grads["W"],
        "b2": last.grads["b"],
    }
"""
p_seq = lambda r: dict(W1=r.randn(4, 5), b1=r.randn(5), W2=r.randn(5, 3), b2=r.randn(3))
d_seq = lambda r: (r.randn(6, 4), np.eye(3)[r.randint(0, 3, 6)])
case(
    "sequential_swish",
    A_SEQ,
    "return grad_out * (s + self.inp * s * (1 - s))",
    "return grad_out * (s + self.inp * (1 - s))",
    "grad",
    "a factor s of the sigmoid's derivative forgotten",
    p_seq,
    d_seq,
)

# ------------------------------------------------ micrograd-like tape of closures
A_TAPE = """
class Var:
    def __init__(self, data):
        self.data = data
        self.grad = 0.0


def forward(X, Y, params):
    tape = []
    v = {k: Var(params[k]) for k in params}

    def matmul(a, b):
        out = Var(a.data @ b.data)

        def _backward():
            a.grad = a.grad + out.grad @ b.data.T
            b.grad = b.grad + a.data.T @ out.grad

        tape.append(_backward)
        return out

    def add_bias(a, b):
        out = Var(a.data + b.data)

        def _backward():
            a.grad = a.grad + out.grad
            b.grad = b.grad + out.grad.sum(axis=0)

        tape.append(_backward)
        return out

    def tanh(a):
        t = np.tanh(a.data)
        out = Var(t)

        def _backward():
            a.grad = a.grad + (1 - t**2) * out.grad

        tape.append(_backward)
        return out

    def mul(a, b):
        out = Var(a.data * b.data)

        def _backward():
            a.grad = a.grad + b.data * out.grad
            b.grad = b.grad + a.data * out.grad

        tape.append(_backward)
        return out

    def mse(a, target):
        diff = a.data - target
        out = Var((diff**2).mean())

        def _backward():
            a.grad = a.grad + 2 * diff / diff.size * out.grad

        tape.append(_backward)
        return out

    x = Var(X)
    hidden = tanh(add_bias(matmul(x, v["W1"]), v["b1"]))
    gated = mul(hidden, hidden)
    pred = add_bias(matmul(gated, v["W2"]), v["b2"])
    loss = mse(pred, Y)
    return loss.data, (tape, loss, v)


def backward(cache):
    tape, loss, v = cache
    loss.grad = 1.0
    for node in v.values():
        node.grad = 0.0
    for f in reversed(tape):
        f()
    return {k: v[k].grad for k in v}
"""
p_tape = lambda r: dict(W1=r.randn(3, 4), b1=r.randn(4), W2=r.randn(4, 2), b2=r.randn(2))
d_tape = lambda r: (r.randn(5, 3), r.randn(5, 2))
case(
    "tape_mul_overwrites",
    A_TAPE,
    "b.grad = b.grad + a.data * out.grad",
    "b.grad = a.data * out.grad",
    "db1",
    "= instead of += in a closure, where both factors are the same node",
    p_tape,
    d_tape,
)

# ------------------------------------------------ functional, lists of layers, lookup of activations
A_FUNC = """
ACT = {
    "elu": (lambda z: np.where(z > 0, z, np.exp(np.minimum(z, 0)) - 1), lambda z, a: np.where(z > 0, 1, a + 1)),
    "softplus": (lambda z: np.log(1 + np.exp(z)), lambda z, a: 1 / (1 + np.exp(-z))),
    "id": (lambda z: z, lambda z, a: np.ones_like(z)),
}
ARCH = ["softplus", "elu", "id"]


def forward(x, y, params):
    Ws = [params["W%d" % i] for i in range(len(ARCH))]
    bs = [params["b%d" % i] for i in range(len(ARCH))]
    zs, acts = [], [x]
    for W, b, kind in zip(Ws, bs, ARCH):
        zs.append(acts[-1] @ W.T + b)
        acts.append(ACT[kind][0](zs[-1]))
    cost = 0.5 * np.sum((acts[-1] - y) ** 2) / len(x)
    return cost, (zs, acts)


def backward(x, y, params, cache):
    zs, acts = cache
    grads = {}
    delta = (acts[-1] - y) / len(x)
    for i, kind in reversed(list(enumerate(ARCH))):
        delta = delta * ACT[kind][1](zs[i], acts[i + 1])
        grads["W%d" % i] = delta.T @ acts[i]
        grads["b%d" % i] = delta.sum(axis=0)
        delta = delta @ params["W%d" % i]
    return grads
"""
p_func = lambda r: dict(
    W0=r.randn(5, 3),
    b0=r.randn(5),
    W1=r.randn(4, 5),
    b1=r.randn(4),
    W2=r.randn(2, 4),
    b2=r.randn(2),
)
d_func = lambda r: (r.randn(6, 3), r.randn(6, 2))
case(
    "functional_layer_index",
    A_FUNC,
    "ACT[kind][1](zs[i], acts[i + 1])",
    "ACT[kind][1](zs[i], acts[i])",
    "delta",
    "the activation of the layer below, off by one (shapes may not fit)",
    p_func,
    d_func,
)
case(
    "functional_elu",
    A_FUNC,
    "lambda z, a: np.where(z > 0, 1, a + 1)",
    "lambda z, a: np.where(z > 0, 1, a)",
    "delta",
    "the derivative of elu is a + 1, in a table of lambdas",
    p_func,
    d_func,
)

# ------------------------------------------------ in-place, preallocated buffers
A_INPLACE = """
def forward(X, T, W1, b1, W2, b2):
    H = X @ W1
    H += b1
    G = 1.0 / (1.0 + np.exp(-H))
    U = G @ W2
    U += b2
    E = U - T
    loss = 0.5 * (E * E).sum(axis=1).mean()
    return loss, (G, E)


def backward(X, W2, cache):
    G, E = cache
    m = X.shape[0]
    E = E.copy()
    E /= m
    gW2 = G.T @ E
    gb2 = E.sum(axis=0)
    D = E @ W2.T
    D *= G
    D *= 1 - G
    gW1 = X.T @ D
    gb1 = D.sum(axis=0)
    return gW1, gb1, gW2, gb2
"""
p_inp = lambda r: dict(W1=r.randn(3, 4), b1=r.randn(4), W2=r.randn(4, 2), b2=r.randn(2))
d_inp = lambda r: (r.randn(5, 3), r.randn(5, 2))
case(
    "inplace_sigmoid",
    A_INPLACE,
    "    D *= 1 - G\n",
    "    D *= 1 - D\n",
    "D",
    "the buffer itself instead of the activation",
    p_inp,
    d_inp,
)

# ------------------------------------------------ CBOW with negative sampling, scatter-add
A_CBOW = """
def sigmoid(u):
    return 1.0 / (1.0 + np.exp(-u))


def forward(contexts, targets, negatives, Ein, Eout):
    h = Ein[contexts].mean(axis=1)
    pos = np.sum(h * Eout[targets], axis=1)
    neg = np.einsum("nd,nkd->nk", h, Eout[negatives])
    loss = -np.mean(np.log(sigmoid(pos))) - np.sum(np.log(sigmoid(-neg))) / len(targets)
    return loss, (h, pos, neg)


def backward(contexts, targets, negatives, Ein, Eout, cache):
    h, pos, neg = cache
    n, window = contexts.shape
    dpos = (sigmoid(pos) - 1) / n
    dneg = sigmoid(neg) / n
    dEout = np.zeros_like(Eout)
    np.add.at(dEout, targets, dpos[:, None] * h)
    np.add.at(dEout, negatives, dneg[:, :, None] * h[:, None, :])
    dh = dpos[:, None] * Eout[targets] + np.einsum("nk,nkd->nd", dneg, Eout[negatives])
    dEin = np.zeros_like(Ein)
    np.add.at(dEin, contexts, np.repeat(dh[:, None, :], window, axis=1) / window)
    return {"Ein": dEin, "Eout": dEout}
"""
p_cbow = lambda r: dict(Ein=r.randn(7, 3), Eout=r.randn(7, 3))
d_cbow = lambda r: (
    r.randint(0, 7, (9, 2)),
    r.permutation(np.arange(9) % 7),
    r.randint(0, 7, (9, 3)),
)
case(
    "cbow_window",
    A_CBOW,
    "np.repeat(dh[:, None, :], window, axis=1) / window",
    "np.repeat(dh[:, None, :], window, axis=1)",
    "dEin",
    "the mean over the window forgotten",
    p_cbow,
    d_cbow,
)
case(
    "cbow_fancy_add",
    A_CBOW,
    "    np.add.at(dEout, negatives, dneg[:, :, None] * h[:, None, :])",
    "    dEout[negatives] += dneg[:, :, None] * h[:, None, :]",
    "dEout",
    "buffered += loses repeated indices",
    p_cbow,
    d_cbow,
)

# ------------------------------------------------ conv1d via sliding windows, max over time (TextCNN)
A_TEXTCNN = '''
from numpy.lib.stride_tricks import sliding_window_view


def forward(tokens, label, E, K, c, w):
    """Kim's CNN: embed, convolve, max over time, logistic."""
    emb = E[tokens]  # (B, T, D)
    width = K.shape[1]
    T = tokens.shape[1]
    feats = []
    for t in range(T - width + 1):
        feats.append(np.einsum("bwd,fwd->bf", emb[:, t : t + width], K) + c)
    F = np.stack(feats, axis=1)  # (B, T', F)
    best = F.argmax(axis=1)
    pooled = F.max(axis=1)
    logit = np.tanh(pooled) @ w
    loss = np.mean(np.logaddexp(0, logit) - label * logit)
    return loss, dict(emb=emb, best=best, pooled=pooled, logit=logit)


def backward(tokens, label, E, K, w, cache):
    emb, best, pooled, logit = (cache[k] for k in ("emb", "best", "pooled", "logit"))
    B, T = tokens.shape
    width = K.shape[1]
    dlogit = (1 / (1 + np.exp(-logit)) - label) / B
    dw = np.tanh(pooled).T @ dlogit
    dpooled = np.outer(dlogit, w) * (1 - np.tanh(pooled) ** 2)
    dc = dpooled.sum(0)
    dK = np.zeros_like(K)
    demb = np.zeros_like(emb)
    for b in range(B):
        for f in range(K.shape[0]):
            t = best[b, f]
            dK[f] += dpooled[b, f] * emb[b, t : t + width]
            demb[b, t : t + width] += dpooled[b, f] * K[f]
    dE = np.zeros_like(E)
    for b in range(B):
        for t in range(T):
            dE[tokens[b, t]] += demb[b, t]
    return dE, dK, dc, dw
'''
p_tcnn = lambda r: dict(E=r.randn(6, 3), K=r.randn(4, 2, 3), c=r.randn(4), w=r.randn(4))
d_tcnn = lambda r: (
    np.concatenate([np.arange(6)[None], r.randint(0, 6, (3, 6))]),
    np.array([1.0, 0, 1, 0]),
)
case(
    "textcnn_window",
    A_TEXTCNN,
    "demb[b, t : t + width] += dpooled[b, f] * K[f]",
    "demb[b, t : t + width] = dpooled[b, f] * K[f]",
    "demb",
    "overlapping windows overwritten",
    p_tcnn,
    d_tcnn,
)

# ------------------------------------------------ min-char-rnn
A_CHAR = """
def forward(inputs, targets, hprev, params):
    Wxh, Whh, Why, bh, by = [params[k] for k in ("Wxh", "Whh", "Why", "bh", "by")]
    xs, hs, ys, ps = {}, {}, {}, {}
    hs[-1] = hprev
    loss = 0
    for t in range(len(inputs)):
        xs[t] = np.zeros((Wxh.shape[1], 1))
        xs[t][inputs[t]] = 1
        hs[t] = np.tanh(np.dot(Wxh, xs[t]) + np.dot(Whh, hs[t - 1]) + bh)
        ys[t] = np.dot(Why, hs[t]) + by
        ps[t] = np.exp(ys[t]) / np.sum(np.exp(ys[t]))
        loss += -np.log(ps[t][targets[t], 0])
    return loss, (xs, hs, ps)


def backward(inputs, targets, params, cache):
    Wxh, Whh, Why, bh, by = [params[k] for k in ("Wxh", "Whh", "Why", "bh", "by")]
    xs, hs, ps = cache
    dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
    dbh, dby = np.zeros_like(bh), np.zeros_like(by)
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
    return dict(Wxh=dWxh, Whh=dWhh, Why=dWhy, bh=dbh, by=dby)
"""
p_char = lambda r: dict(
    Wxh=r.randn(4, 5),
    Whh=0.5 * r.randn(4, 4),
    Why=r.randn(5, 4),
    bh=r.randn(4, 1),
    by=r.randn(5, 1),
)
d_char = lambda r: (r.permutation(5), r.randint(0, 5, 5), r.randn(4, 1))
case(
    "minchar_dhnext",
    A_CHAR,
    "dhnext = np.dot(Whh.T, dhraw)",
    "dhnext = np.dot(Whh.T, dh)",
    "dhnext",
    "dh instead of dhraw",
    p_char,
    d_char,
)

# ------------------------------------------------ LSTM, gates in one matrix, peephole
A_LSTM = """
def sig(x):
    return 1 / (1 + np.exp(-x))


def step(x, h, c, W, U, b, peep):
    n = h.shape[1]
    z = x @ W + h @ U + b
    i = sig(z[:, :n] + peep[0] * c)
    f = sig(z[:, n : 2 * n] + peep[1] * c)
    g = np.tanh(z[:, 2 * n : 3 * n])
    c_new = f * c + i * g
    o = sig(z[:, 3 * n :] + peep[2] * c_new)
    h_new = o * np.tanh(c_new)
    return h_new, c_new, (x, h, c, i, f, g, o, c_new)


def forward(xs, target, W, U, b, peep):
    n = U.shape[0]
    h = np.zeros((xs.shape[1], n))
    c = np.zeros((xs.shape[1], n))
    caches = []
    for x in xs:
        h, c, cache = step(x, h, c, W, U, b, peep)
        caches.append(cache)
    loss = np.sum((h - target) ** 2)
    return loss, (caches, h)


def step_backward(dh, dc, cache, W, U, peep):
    x, h, c, i, f, g, o, c_new = cache
    tc = np.tanh(c_new)
    do = dh * tc * o * (1 - o)
    dc = dc + dh * o * (1 - tc**2) + do * peep[2]
    di = dc * g * i * (1 - i)
    df = dc * c * f * (1 - f)
    dg = dc * i * (1 - g**2)
    dz = np.concatenate([di, df, dg, do], axis=1)
    dpeep = np.stack([(di * c).sum(0), (df * c).sum(0), (do * c_new).sum(0)])
    dc_prev = dc * f + di * peep[0] + df * peep[1]
    return dz @ U.T, dc_prev, x.T @ dz, h.T @ dz, dz.sum(0), dpeep


def backward(target, W, U, b, peep, cache):
    caches, h = cache
    dh = 2 * (h - target)
    dc = np.zeros_like(dh)
    dW, dU, db, dpeep = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b), np.zeros_like(peep)
    while caches:
        dh, dc, gW, gU, gb, gp = step_backward(dh, dc, caches[-1], W, U, peep)
        dW += gW
        dU += gU
        db += gb
        dpeep += gp
        caches = caches[:-1]
    return {"W": dW, "U": dU, "b": db, "peep": dpeep}
"""
p_lstm = lambda r: dict(W=r.randn(2, 12), U=r.randn(3, 12), b=r.randn(12), peep=r.randn(3, 3))
d_lstm = lambda r: (r.randn(4, 2, 2), r.randn(2, 3))
case(
    "lstm_peephole_old_cell",
    A_LSTM,
    "(do * c_new).sum(0)])",
    "(do * c).sum(0)])",
    "dpeep",
    "the output gate peeps at the new cell",
    p_lstm,
    d_lstm,
)
case(
    "lstm_peephole_dc_prev",
    A_LSTM,
    "dc_prev = dc * f + di * peep[0] + df * peep[1]",
    "dc_prev = dc * f",
    "dc_prev",
    "the peepholes' paths to the previous cell forgotten",
    p_lstm,
    d_lstm,
)

# ------------------------------------------------ causal attention with einsum, several heads
A_ATT = '''
NEG = -1e9


def forward(x, y, Wq, Wk, Wv, Wo):
    """x (B, T, D); weights (H, D, K), Wo (H, K, D)."""
    T = x.shape[1]
    q = np.einsum("btd,hdk->bhtk", x, Wq)
    k = np.einsum("btd,hdk->bhtk", x, Wk)
    v = np.einsum("btd,hdk->bhtk", x, Wv)
    scale = Wq.shape[-1] ** -0.5
    att = np.einsum("bhtk,bhsk->bhts", q, k) * scale
    mask = np.tril(np.ones((T, T), dtype=bool))
    att = np.where(mask, att, NEG)
    att = att - att.max(-1, keepdims=True)
    w = np.exp(att)
    w = w / w.sum(-1, keepdims=True)
    ctx_ = np.einsum("bhts,bhsk->bhtk", w, v)
    out = np.einsum("bhtk,hkd->btd", ctx_, Wo) + x
    loss = np.mean((out - y) ** 2)
    return loss, (q, k, v, w, ctx_, out)


def backward(x, y, Wq, Wk, Wv, Wo, cache):
    q, k, v, w, ctx_, out = cache
    scale = Wq.shape[-1] ** -0.5
    dout = 2 * (out - y) / out.size
    dWo = np.einsum("bhtk,btd->hkd", ctx_, dout)
    dctx = np.einsum("btd,hkd->bhtk", dout, Wo)
    dw = np.einsum("bhtk,bhsk->bhts", dctx, v)
    dv = np.einsum("bhtk,bhts->bhsk", dctx, w)
    datt = w * (dw - (dw * w).sum(-1, keepdims=True))
    dq = np.einsum("bhts,bhsk->bhtk", datt, k) * scale
    dk = np.einsum("bhts,bhtk->bhsk", datt, q) * scale
    dWq, dWk, dWv = (np.einsum("btd,bhtk->hdk", x, g) for g in (dq, dk, dv))
    return dWq, dWk, dWv, dWo
'''
p_att = lambda r: dict(
    Wq=r.randn(2, 4, 3), Wk=r.randn(2, 4, 3), Wv=r.randn(2, 4, 3), Wo=r.randn(2, 3, 4)
)
d_att = lambda r: (r.randn(2, 3, 4), r.randn(2, 3, 4))
case(
    "attention_dk_indices",
    A_ATT,
    'dk = np.einsum("bhts,bhtk->bhsk", datt, q) * scale',
    'dk = np.einsum("bhts,bhsk->bhtk", datt, q) * scale',
    "dk",
    "sums over the keys' axis instead of the queries'",
    p_att,
    d_att,
)
case(
    "attention_softmax_sum_axis",
    A_ATT,
    "(dw * w).sum(-1, keepdims=True)",
    "(dw * w).sum(-2, keepdims=True)",
    "datt",
    "the softmax's sum over the wrong axis",
    p_att,
    d_att,
)

# ------------------------------------------------ conv by im2col with stride/pad, average pool
A_CONV = """
def im2col(x, k, pad):
    N, C, H, W = x.shape
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    Ho, Wo = H + 2 * pad - k + 1, W + 2 * pad - k + 1
    cols = [xp[:, :, i : i + Ho, j : j + Wo] for i in range(k) for j in range(k)]
    return np.stack(cols, axis=2).reshape(N, C * k * k, Ho * Wo), (Ho, Wo)


def col2im(dcols, shape, k, pad):
    N, C, H, W = shape
    Ho, Wo = H + 2 * pad - k + 1, W + 2 * pad - k + 1
    d = dcols.reshape(N, C, k, k, Ho, Wo)
    dxp = np.zeros((N, C, H + 2 * pad, W + 2 * pad))
    for i in range(k):
        for j in range(k):
            dxp[:, :, i : i + Ho, j : j + Wo] += d[:, :, i, j]
    return dxp[:, :, pad : pad + H, pad : pad + W]


def conv(x, w, b, pad=1):
    F, C, k, _ = w.shape
    cols, (Ho, Wo) = im2col(x, k, pad)
    out = np.matmul(w.reshape(F, -1), cols).reshape(x.shape[0], F, Ho, Wo) + b[None, :, None, None]
    return out, (x.shape, cols, w, pad)


def conv_back(dout, cache):
    shape, cols, w, pad = cache
    F = w.shape[0]
    g = dout.reshape(dout.shape[0], F, -1)
    dw = np.sum(np.matmul(g, cols.transpose(0, 2, 1)), axis=0).reshape(w.shape)
    db = dout.sum(axis=(0, 2, 3))
    dcols = np.matmul(w.reshape(F, -1).T, g)
    dx = col2im(dcols, shape, w.shape[2], pad)
    return dx, dw, db


def forward(images, labels, params):
    z1, c1 = conv(images, params["K1"], params["c1"])
    a1 = np.maximum(z1, 0)
    z2, c2 = conv(a1, params["K2"], params["c2"])
    N, F, H, W = z2.shape
    p = z2.reshape(N, F, H // 2, 2, W // 2, 2).mean(axis=(3, 5))
    logits = p.reshape(N, -1) @ params["V"]
    e = np.exp(logits - logits.max(1, keepdims=True))
    probs = e / e.sum(1, keepdims=True)
    loss = -np.log(probs[range(N), labels]).mean()
    return loss, (c1, z1, c2, z2.shape, p, probs)


def backward(labels, params, cache):
    c1, z1, c2, shape2, p, probs = cache
    N = len(labels)
    dlogits = (probs - np.eye(probs.shape[1])[labels]) / N
    dV = p.reshape(N, -1).T @ dlogits
    dp = (dlogits @ params["V"].T).reshape(p.shape)
    dz2 = np.repeat(np.repeat(dp, 2, axis=2), 2, axis=3) / 4
    da1, dK2, dc2 = conv_back(dz2, c2)
    dz1 = da1 * (z1 > 0)
    _, dK1, dc1 = conv_back(dz1, c1)
    return {"K1": dK1, "c1": dc1, "K2": dK2, "c2": dc2, "V": dV}
"""
p_conv = lambda r: dict(
    K1=r.randn(2, 2, 3, 3), c1=r.randn(2), K2=r.randn(3, 2, 3, 3), c2=r.randn(3), V=r.randn(12, 3)
)
d_conv = lambda r: (r.randn(3, 2, 4, 4), np.array([0, 2, 1]))
case(
    "im2col_avgpool",
    A_CONV,
    "np.repeat(np.repeat(dp, 2, axis=2), 2, axis=3) / 4",
    "np.repeat(np.repeat(dp, 2, axis=2), 2, axis=3) / 2",
    "dz2",
    "the mean is over 4 pixels",
    p_conv,
    d_conv,
)
case(
    "im2col_unpad",
    A_CONV,
    "return dxp[:, :, pad : pad + H, pad : pad + W]",
    "return dxp[:, :, :H, :W]",
    "dx",
    "the padding is cut off at one end only, in a helper",
    p_conv,
    d_conv,
)

# ------------------------------------------------ batch norm compact + namedtuple
A_BN = """
from collections import namedtuple

BN = namedtuple("BN", "xhat inv gamma")


def bn(x, gamma, beta, eps=1e-3):
    mu = x.mean(0)
    var = ((x - mu) ** 2).mean(0)
    inv = 1 / np.sqrt(var + eps)
    xhat = (x - mu) * inv
    return gamma * xhat + beta, BN(xhat, inv, gamma)


def bn_grad(g, c):
    n = g.shape[0]
    dbeta = g.sum(0)
    dgamma = (g * c.xhat).sum(0)
    dx = c.gamma * c.inv / n * (n * g - dbeta - c.xhat * dgamma)
    return dx, dgamma, dbeta


def forward(X, t, W, gamma, beta, v):
    z = X @ W
    y, norm = bn(z, gamma, beta)
    h = np.maximum(y, 0)
    out = h @ v
    loss = np.sum(np.log(np.cosh(out - t)))
    return loss, (norm, y, h, out)


def backward(X, t, W, v, cache):
    norm, y, h, out = cache
    dout = np.tanh(out - t)
    dv = h.T @ dout
    dh = np.outer(dout, v)
    dy = np.where(y > 0, dh, 0)
    dz, dgamma, dbeta = bn_grad(dy, norm)
    dW = X.T @ dz
    return dict(W=dW, gamma=dgamma, beta=dbeta, v=dv)
"""
p_bn = lambda r: dict(W=r.randn(3, 4), gamma=1 + 0.3 * r.randn(4), beta=r.randn(4), v=r.randn(4))
d_bn = lambda r: (r.randn(7, 3), r.randn(7))
case(
    "bn_compact_lost_n",
    A_BN,
    "(n * g - dbeta - c.xhat * dgamma)",
    "(g - dbeta - c.xhat * dgamma)",
    "dx",
    "n lost in the compact formula, in a helper",
    p_bn,
    d_bn,
)

# ------------------------------------------------ RMSNorm + gated unit (transformer FFN)
A_RMS = """
EPS = 1e-5


def silu(x):
    return x / (1 + np.exp(-x))


def dsilu(x):
    s = 1 / (1 + np.exp(-x))
    return s * (1 + x * (1 - s))


def forward(x, target, params):
    g, W, V, U = params["g"], params["W"], params["V"], params["U"]
    ms = np.mean(x ** 2 * np.ones_like(x), axis=-1, keepdims=True)
    n = x * g
    r = np.sqrt(np.mean(n * n, axis=-1, keepdims=True) + EPS)
    xn = n / r
    a = xn @ W
    b = xn @ V
    h = silu(a) * b
    y = x + h @ U
    loss = np.abs(y - target).mean()
    return loss, {"n": n, "r": r, "xn": xn, "a": a, "b": b, "h": h, "y": y}


def backward(x, target, params, cache):
    W, V, U = params["W"], params["V"], params["U"]
    n, r, xn, a, b, h, y = cache.values()
    dy = np.sign(y - target) / y.size
    dU = h.T @ dy
    dh = dy @ U.T
    da = dh * b * dsilu(a)
    db = dh * silu(a)
    dW = xn.T @ da
    dV = xn.T @ db
    dxn = da @ W.T + db @ V.T
    dn = dxn / r - n * np.mean(dxn * n, axis=-1, keepdims=True) / r ** 3
    dg = (dn * x).sum(0)
    return {"g": dg, "W": dW, "V": dV, "U": dU}
"""
p_rms = lambda r: dict(g=r.rand(4) + 0.5, W=r.randn(4, 5), V=r.randn(4, 5), U=r.randn(5, 4))
d_rms = lambda r: (r.randn(6, 4), r.randn(6, 4))
case(
    "rmsnorm_power",
    A_RMS,
    "n * np.mean(dxn * n, axis=-1, keepdims=True) / r ** 3",
    "n * np.mean(dxn * n, axis=-1, keepdims=True) / r ** 2",
    "dn",
    "r squared instead of cubed",
    p_rms,
    d_rms,
)
case(
    "rmsnorm_gate",
    A_RMS,
    "    db = dh * silu(a)\n",
    "    db = dh * a\n",
    "db",
    "the gate before its activation (and db is no bias)",
    p_rms,
    d_rms,
)

# ------------------------------------------------ triplet loss, shared tower
A_TRIP = """
MARGIN = 0.8


def tower(x, W, b):
    z = x @ W + b
    n = np.linalg.norm(z, axis=1, keepdims=True)
    return z / n, n


def tower_grad(g, e, n):
    # derivative of z / |z|
    return (g - e * np.sum(g * e, axis=1, keepdims=True)) / n


def forward(anchor, positive, negative, W, b):
    ea, na = tower(anchor, W, b)
    ep, np_ = tower(positive, W, b)
    en, nn_ = tower(negative, W, b)
    dist_p = np.sum((ea - ep) ** 2, axis=1)
    dist_n = np.sum((ea - en) ** 2, axis=1)
    hinge = dist_p - dist_n + MARGIN
    loss = np.maximum(hinge, 0).mean()
    return loss, [(ea, na), (ep, np_), (en, nn_), hinge]


def backward(anchor, positive, negative, W, b, cache):
    (ea, na), (ep, np_), (en, nn_), hinge = cache
    active = (hinge > 0)[:, None] / len(hinge)
    dea = 2 * active * (en - ep)
    dep = -2 * active * (ea - ep)
    den = 2 * active * (ea - en)
    dza = tower_grad(dea, ea, na)
    dzp = tower_grad(dep, ep, np_)
    dzn = tower_grad(den, en, nn_)
    dW = anchor.T @ dza + positive.T @ dzp + negative.T @ dzn
    db = (dza + dzp + dzn).sum(0)
    return dW, db
"""
p_trip = lambda r: dict(W=r.randn(4, 3), b=r.randn(3))
d_trip = lambda r: (r.randn(8, 4), r.randn(8, 4), r.randn(8, 4))
case(
    "triplet_anchor",
    A_TRIP,
    "dea = 2 * active * (en - ep)",
    "dea = 2 * active * (ea - ep)",
    "dea",
    "the anchor's gradient from the negative pair is forgotten",
    p_trip,
    d_trip,
)

# ------------------------------------------------ focal loss + PReLU, course names
A_FOCAL = """
GAMMA, ALPHA = 2.0, 0.25

def forward(X, Y, parameters):
    Z1 = np.dot(parameters['W1'], X) + parameters['b1']
    A1 = np.where(Z1 > 0, Z1, parameters['s'] * Z1)
    Z2 = np.dot(parameters['W2'], A1) + parameters['b2']
    A2 = 1 / (1 + np.exp(-Z2))
    PT = Y * A2 + (1 - Y) * (1 - A2)
    AT = Y * ALPHA + (1 - Y) * (1 - ALPHA)
    L = -AT * (1 - PT) ** GAMMA * np.log(PT)
    J = np.sum(L) / X.shape[1]
    return J, (Z1, A1, Z2, A2, PT, AT)

def backward(X, Y, parameters, caches):
    (Z1, A1, Z2, A2, PT, AT) = caches; m = X.shape[1]
    dPT = AT * (GAMMA * (1 - PT) ** (GAMMA - 1) * np.log(PT) - (1 - PT) ** GAMMA / PT) / m
    dA2 = dPT * (2 * Y - 1); dZ2 = dA2 * A2 * (1 - A2)
    dW2 = np.dot(dZ2, A1.T); db2 = np.sum(dZ2, axis=1, keepdims=True)
    dA1 = np.dot(parameters['W2'].T, dZ2); dZ1 = dA1 * np.where(Z1 > 0, 1, parameters['s'])
    ds = np.sum(dA1 * np.minimum(Z1, 0), axis=1, keepdims=True)
    dW1 = np.dot(dZ1, X.T); db1 = np.sum(dZ1, axis=1, keepdims=True)
    return {'dW1': dW1, 'db1': db1, 'dW2': dW2, 'db2': db2, 'ds': ds}
"""
p_focal = lambda r: dict(
    W1=r.randn(4, 3), b1=r.randn(4, 1), W2=r.randn(1, 4), b2=r.randn(1, 1), s=0.2 * r.rand(4, 1)
)
d_focal = lambda r: (r.randn(3, 8), (r.rand(1, 8) > 0.5) * 1.0)
case(
    "focal_sign",
    A_FOCAL,
    "dA2 = dPT * (2 * Y - 1);",
    "dA2 = dPT;",
    "dA2",
    "p_t is 1 − p for the negatives: the sign forgotten; two statements a line",
    p_focal,
    d_focal,
)
case(
    "focal_prelu_slope",
    A_FOCAL,
    "ds = np.sum(dA1 * np.minimum(Z1, 0), axis=1, keepdims=True)",
    "ds = np.sum(dZ1 * np.minimum(Z1, 0), axis=1, keepdims=True)",
    "ds",
    "dZ1 instead of dA1, the slope twice",
    p_focal,
    d_focal,
)

# ------------------------------------------------ VAE
A_VAE = """
def forward(x, eps, enc_W, mu_W, lv_W, dec_W, dec_b):
    h = np.tanh(x @ enc_W)
    mu = h @ mu_W
    logvar = h @ lv_W
    std = np.exp(0.5 * logvar)
    z = mu + eps * std
    xhat = z @ dec_W + dec_b
    recon = 0.5 * ((xhat - x) ** 2).sum(axis=1)
    kl = -0.5 * (1 + logvar - mu**2 - np.exp(logvar)).sum(axis=1)
    elbo = -(recon + kl).mean()
    return -elbo, (h, mu, logvar, std, z, xhat)


def backward(x, eps, mu_W, lv_W, dec_W, cache):
    h, mu, logvar, std, z, xhat = cache
    B = len(x)
    g_xhat = (xhat - x) / B
    g_dec_W = z.T @ g_xhat
    g_dec_b = g_xhat.sum(axis=0)
    g_z = g_xhat @ dec_W.T
    g_mu = g_z + mu / B
    g_logvar = g_z * eps * 0.5 * std + 0.5 * (np.exp(logvar) - 1) / B
    g_mu_W = h.T @ g_mu
    g_lv_W = h.T @ g_logvar
    g_h = g_mu @ mu_W.T + g_logvar @ lv_W.T
    g_pre = g_h * (1 - h**2)
    g_enc_W = x.T @ g_pre
    return g_enc_W, g_mu_W, g_lv_W, g_dec_W, g_dec_b
"""
p_vae = lambda r: dict(
    enc_W=r.randn(5, 4),
    mu_W=r.randn(4, 2),
    lv_W=0.5 * r.randn(4, 2),
    dec_W=r.randn(2, 5),
    dec_b=r.randn(5),
)
d_vae = lambda r: (r.randn(6, 5), r.randn(6, 2))
case(
    "vae_half_std",
    A_VAE,
    "g_z * eps * 0.5 * std + 0.5",
    "g_z * eps * std + 0.5",
    "g_logvar",
    "half of the log variance forgotten",
    p_vae,
    d_vae,
)
case(
    "vae_kl_mu",
    A_VAE,
    "g_mu = g_z + mu / B",
    "g_mu = g_z + mu",
    "g_mu",
    "the KL term is averaged over the batch as well",
    p_vae,
    d_vae,
)

# ------------------------------------------------ RealNVP coupling stack
A_NVP = '''
def forward(x, params):
    """Two affine couplings; negative log-likelihood under a standard normal."""
    caches = []
    logdet = np.zeros(x.shape[0])
    d = x.shape[1] // 2
    for k in range(2):
        a, b = x[:, :d], x[:, d:]
        hid = np.tanh(a @ params[f"A{k}"])
        s = np.tanh(hid @ params[f"S{k}"])
        t = hid @ params[f"T{k}"]
        y = b * np.exp(s) + t
        logdet = logdet + s.sum(axis=1)
        caches.append((a, b, hid, s, t, y))
        x = np.concatenate([y, a], axis=1)
    nll = np.mean(0.5 * np.sum(x ** 2, axis=1) - logdet)
    return nll, (caches, x)


def backward(params, cache):
    caches, z = cache
    n, D = z.shape
    d = D // 2
    grads = {}
    dx = z / n
    for k in (1, 0):
        a, b, hid, s, t, y = caches[k]
        dy, da = dx[:, :d], dx[:, d:]
        dt = dy
        ds = dy * b * np.exp(s) - 1 / n
        dpre = ds * (1 - s ** 2)
        grads[f"S{k}"] = hid.T @ dpre
        grads[f"T{k}"] = hid.T @ dt
        dhid = dpre @ params[f"S{k}"].T + dt @ params[f"T{k}"].T
        dact = dhid * (1 - hid ** 2)
        grads[f"A{k}"] = a.T @ dact
        da = da + dact @ params[f"A{k}"].T
        db = dy * np.exp(s)
        dx = np.concatenate([da, db], axis=1)
    return grads
'''
p_nvp = lambda r: {
    f"{c}{k}": 0.7 * r.randn(*s)
    for k in range(2)
    for c, s in (("A", (2, 3)), ("S", (3, 2)), ("T", (3, 2)))
}
d_nvp = lambda r: (r.randn(6, 4),)
case(
    "realnvp_logdet",
    A_NVP,
    "ds = dy * b * np.exp(s) - 1 / n",
    "ds = dy * b * np.exp(s)",
    "ds",
    "the log-determinant's own term",
    p_nvp,
    d_nvp,
)
case(
    "realnvp_swapped",
    A_NVP,
    "dx = np.concatenate([da, db], axis=1)",
    "dx = np.concatenate([db, da], axis=1)",
    "dx",
    "the halves in the wrong order",
    p_nvp,
    d_nvp,
)

# ------------------------------------------------ Kalman filter, scalar state, dataclass
A_KAL = '''
from dataclasses import dataclass


@dataclass
class Step:
    m: float
    P: float
    m_pred: float
    P_pred: float
    e: float
    S: float
    K: float
    y: float


def forward(ys, theta):
    """Negative log-likelihood of a local AR(1) model; theta = a, log q, log r."""
    a = theta["a"]
    q = np.exp(theta["log_q"])
    r = np.exp(theta["log_r"])
    m, P = 0.0, 1.0
    nll = 0.0
    steps = []
    for y in ys:
        m_pred = a * m
        P_pred = a * a * P + q
        e = y - m_pred
        S = P_pred + r
        K = P_pred / S
        nll = nll + 0.5 * (np.log(S) + e * e / S)
        steps.append(Step(m, P, m_pred, P_pred, e, S, K, y))
        m = m_pred + K * e
        P = (1 - K) * P_pred
    return nll, steps


def backward(theta, cache):
    a, q, r = theta["a"], np.exp(theta["log_q"]), np.exp(theta["log_r"])
    da = dq = dr = 0.0
    dm = dP = 0.0
    for s in cache[::-1]:
        dm_pred = dm
        dK = dm * s.e - dP * s.P_pred
        de = dm * s.K + s.e / s.S
        dP_pred = dP * (1 - s.K) + dK / s.S
        dS = 0.5 * (1 / s.S - s.e**2 / s.S**2) - dK * s.P_pred / s.S**2
        dP_pred = dP_pred + dS
        dr = dr + dS
        dm_pred = dm_pred - de
        da = da + dP_pred * 2 * a * s.P + dm_pred * s.m
        dq = dq + dP_pred
        dP = dP_pred * a * a
        dm = dm_pred * a
    return {"a": da, "log_q": dq * q, "log_r": dr * r}
'''
p_kal = lambda r: dict(
    a=np.array(0.7 + 0.1 * r.randn()),
    log_q=np.array(0.3 * r.randn()),
    log_r=np.array(0.3 * r.randn()),
)
d_kal = lambda r: (r.randn(6),)
case(
    "kalman_gain_in_variance",
    A_KAL,
    "dK = dm * s.e - dP * s.P_pred",
    "dK = dm * s.e",
    "dK",
    "the gain's path through the posterior variance",
    p_kal,
    d_kal,
)
case(
    "kalman_innovation_sign",
    A_KAL,
    "dm_pred = dm_pred - de",
    "dm_pred = dm_pred + de",
    "dm_pred",
    "the innovation falls with the prediction",
    p_kal,
    d_kal,
)

# ------------------------------------------------ linear-chain CRF, log-space
A_CRF = """
def lse(v, axis):
    m = np.max(v, axis=axis, keepdims=True)
    return np.squeeze(m, axis) + np.log(np.sum(np.exp(v - m), axis=axis))


def forward(X, tags, W, trans, start):
    emit = X @ W
    alphas = [start + emit[0]]
    for t in range(1, len(X)):
        alphas.append(lse(alphas[-1][:, None] + trans, 0) + emit[t])
    logZ = lse(alphas[-1], 0)
    gold = start[tags[0]] + emit[np.arange(len(X)), tags].sum() + trans[tags[:-1], tags[1:]].sum()
    return logZ - gold, (emit, alphas, logZ)


def backward(X, tags, W, trans, start, cache):
    emit, alphas, logZ = cache
    T, K = emit.shape
    demit = np.zeros((T, K))
    dtrans = np.zeros((K, K))
    dalpha = np.exp(alphas[-1] - logZ)
    for t in range(T - 1, 0, -1):
        demit[t] = dalpha
        score = alphas[t - 1][:, None] + trans
        p = np.exp(score - (alphas[t] - emit[t])[None, :])
        edge = p * dalpha[None, :]
        dtrans += edge
        dalpha = edge.sum(axis=1)
    demit[0] = dalpha
    dstart = dalpha.copy()
    demit[np.arange(T), tags] -= 1
    dstart[tags[0]] -= 1
    for i, j in zip(tags[:-1], tags[1:]):
        dtrans[i, j] -= 1
    dW = X.T @ demit
    return dW, dtrans, dstart
"""
p_crf = lambda r: dict(W=r.randn(3, 4), trans=r.randn(4, 4), start=r.randn(4))
d_crf = lambda r: (r.randn(5, 3), r.randint(0, 4, 5))
case(
    "crf_edge_axis",
    A_CRF,
    "dalpha = edge.sum(axis=1)",
    "dalpha = edge.sum(axis=0)",
    "dalpha",
    "summed over where it came from",
    p_crf,
    d_crf,
)
case(
    "crf_normalizer",
    A_CRF,
    "(alphas[t] - emit[t])[None, :]",
    "alphas[t][None, :]",
    "p",
    "the emission belongs to alpha, not to the normalizer",
    p_crf,
    d_crf,
)

# ------------------------------------------------ soft-DTW of a learned template
A_DTW = """
G = 0.5

def softmin(a, b, c):
    m = min(float(np.min(a)), float(np.min(b)), float(np.min(c)))
    return m - G * np.log(np.exp((m - a) / G) + np.exp((m - b) / G) + np.exp((m - c) / G))

def forward(x, params):
    z = params['z']
    n, m = len(x), len(z)
    R = [[1e6] * (m + 1) for _ in range(n + 1)]
    R[0][0] = 0.0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            cost = (x[i - 1] - z[j - 1]) ** 2
            R[i][j] = cost + softmin(R[i - 1][j - 1], R[i - 1][j], R[i][j - 1])
    return R[n][m], R

def backward(x, params, cache):
    z = params['z']
    R = cache
    n, m = len(x), len(z)
    E = np.zeros((n + 2, m + 2))
    E[n, m] = 1.0
    dz = np.zeros(m)
    for i in range(n, 0, -1):
        for j in range(m, 0, -1):
            c = (x[i - 1] - z[j - 1]) ** 2
            s = R[i][j] - c
            dz[j - 1] += E[i, j] * 2 * (z[j - 1] - x[i - 1])
            E[i - 1, j - 1] += E[i, j] * np.exp((s - R[i - 1][j - 1]) / G)
            E[i - 1, j] += E[i, j] * np.exp((s - R[i - 1][j]) / G)
            E[i, j - 1] += E[i, j] * np.exp((s - R[i][j - 1]) / G)
    return {'z': dz}
"""
p_dtw = lambda r: dict(z=r.randn(4))
d_dtw = lambda r: (r.randn(5),)
case(
    "softdtw_cost_included",
    A_DTW,
    "s = R[i][j] - c",
    "s = R[i][j]",
    "s",
    "the local cost has to be taken off before the weights",
    p_dtw,
    d_dtw,
)
case(
    "softdtw_neighbour",
    A_DTW,
    "E[i, j - 1] += E[i, j] * np.exp((s - R[i][j - 1]) / G)",
    "E[i, j - 1] += E[i, j] * np.exp((s - R[i - 1][j]) / G)",
    "E",
    "copy and paste: the neighbour above instead of the left one",
    p_dtw,
    d_dtw,
)

# ------------------------------------------------ factorization machine
A_FM = """
def forward(X, y, w0, w, V):
    linear = X @ w
    s = X @ V
    s2 = (X ** 2) @ (V ** 2)
    pair = 0.5 * np.sum(s ** 2 - s2, axis=1)
    yhat = w0 + linear + pair
    margin = y * yhat
    loss = np.mean(np.log1p(np.exp(-margin)))
    return loss, (s, margin)


def backward(X, y, w0, w, V, cache):
    s, margin = cache
    N = X.shape[0]
    dmargin = -1 / (1 + np.exp(margin)) / N
    dyhat = dmargin * y
    dw0 = np.sum(dyhat)
    dw = X.T @ dyhat
    dV = X.T @ (dyhat[:, None] * s) - ((X ** 2).T @ dyhat)[:, None] * V
    return dw0, dw, dV
"""
p_fm = lambda r: dict(w0=np.array(r.randn()), w=r.randn(5), V=0.5 * r.randn(5, 3))
d_fm = lambda r: (r.randn(8, 5), np.sign(r.randn(8)))
case(
    "fm_self_interaction",
    A_FM,
    "(dyhat[:, None] * s) - ((X ** 2).T @ dyhat)[:, None] * V",
    "(dyhat[:, None] * s)",
    "dV",
    "the x_i² v_i² that is taken off",
    p_fm,
    d_fm,
)

# ------------------------------------------------ message passing on edges
A_GNN = """
def segment_sum(values, index, n):
    out = np.zeros((n, values.shape[1]))
    np.add.at(out, index, values)
    return out


def forward(H, edges, labels, params):
    src, dst = edges[:, 0], edges[:, 1]
    n = H.shape[0]
    deg = np.bincount(dst, minlength=n)[:, None] + 1.0
    cache = []
    for layer in range(2):
        W, U = params["W"][layer], params["U"][layer]
        A = np.zeros((n, n))
        np.add.at(A, (dst, src), 1.0)
        msg = A @ H
        agg = msg / deg
        pre = H @ W + agg @ U
        out = np.tanh(pre)
        cache.append((H, agg, out))
        H = out
    S = H - np.log(np.exp(H).sum(1, keepdims=True))
    loss = -S[np.arange(n), labels].mean()
    return loss, (cache, S, deg)


def backward(edges, labels, params, cache):
    layers, S, deg = cache
    src, dst = edges.T
    n = len(labels)
    dW, dU = [None] * 2, [None] * 2
    dH = np.exp(S)
    dH[np.arange(n), labels] -= 1
    dH = dH / n
    for layer in (1, 0):
        H, agg, out = layers[layer]
        dpre = dH * (1 - out * out)
        dW[layer] = H.T @ dpre
        dU[layer] = agg.T @ dpre
        dagg = dpre @ params["U"][layer].T
        dmsg = dagg / deg
        dH = dpre @ params["W"][layer].T + segment_sum(dmsg[dst], src, n)
    return {"W": dW, "U": dU}
"""
p_gnn = lambda r: dict(W=[r.randn(3, 4), r.randn(4, 3)], U=[r.randn(3, 4), r.randn(4, 3)])
d_gnn = lambda r: (
    r.randn(5, 3),
    np.array([[0, 1], [1, 2], [2, 0], [3, 1], [4, 3], [0, 3], [2, 4]]),
    r.randint(0, 3, 5),
)
case(
    "gnn_direction",
    A_GNN,
    "segment_sum(dmsg[dst], src, n)",
    "segment_sum(dmsg[src], dst, n)",
    "dH",
    "messages backwards go against the edges",
    p_gnn,
    d_gnn,
)

# ------------------------------------------------ PINN: u' = -u with a tanh net, derivative by hand in the cost
A_PINN = """
def forward(t, W, b, v):
    # u(t) = sum_j v_j tanh(W_j t + b_j); residual u' + u, and u(0) = 1
    pre = np.outer(t, W) + b
    h = np.tanh(pre)
    hp = 1 - h ** 2
    u = h @ v
    ut = (hp * W) @ v
    res = ut + u
    h0 = np.tanh(b)
    u0 = np.sum(h0 * v)
    J = np.mean(res ** 2) + 10 * (u0 - 1) ** 2
    return J, (h, hp, res, h0, u0)


def backward(t, W, b, v, cache):
    h, hp, res, h0, u0 = cache
    n = t.size
    dres = 2 * res / n
    du0 = 20 * (u0 - 1)
    dv = h.T @ dres + (hp * W).T @ dres + du0 * h0
    dhp = np.outer(dres, v * W)
    dh = np.outer(dres, v) - 2 * h * dhp
    dpre = dh * hp
    dW = t @ dpre + (dres @ hp) * v
    db = dpre.sum(0) + du0 * v * (1 - h0 ** 2)
    return dW, db, dv
"""
p_pinn = lambda r: dict(W=r.randn(5), b=r.randn(5), v=r.randn(5))
d_pinn = lambda r: (np.linspace(0, 2, 7),)
case(
    "pinn_chain_weight",
    A_PINN,
    "dW = t @ dpre + (dres @ hp) * v",
    "dW = t @ dpre",
    "dW",
    "W is in u' as a factor as well",
    p_pinn,
    d_pinn,
)
case(
    "pinn_second_derivative",
    A_PINN,
    "dh = np.outer(dres, v) - 2 * h * dhp",
    "dh = np.outer(dres, v) - 2 * h * hp * dhp",
    "dh",
    "the derivative of 1 − h² with respect to the pre-activation instead of h",
    p_pinn,
    d_pinn,
)

# ------------------------------------------------ quantile regression, generator of layers
A_QUANT = """
TAUS = np.array([0.1, 0.5, 0.9])


def layers(params):
    i = 1
    while f"W{i}" in params:
        yield i, params[f"W{i}"], params[f"b{i}"]
        i += 1


def forward(x, y, params):
    hs = [x]
    for i, W, b in layers(params):
        z = hs[-1] @ W + b
        hs.append(z if f"W{i + 1}" not in params else np.log1p(np.exp(z)))
    err = y[:, None] - hs[-1]
    loss = np.mean(np.maximum(TAUS * err, (TAUS - 1) * err).sum(axis=1))
    return loss, (hs, err)


def backward(params, cache):
    hs, err = cache
    out = {}
    g = (np.where(err > 0, -TAUS, 1 - TAUS)) / err.shape[0]
    for i, W, b in list(layers(params))[::-1]:
        if i < len(hs) - 1:
            g = g * (1 - np.exp(-hs[i]))
        out[f"W{i}"] = hs[i - 1].T @ g
        out[f"b{i}"] = g.sum(0)
        g = g @ W.T
    return out
"""
p_quant = lambda r: dict(W1=r.randn(3, 4), b1=r.randn(4), W2=r.randn(4, 3), b2=r.randn(3))
d_quant = lambda r: (r.randn(9, 3), r.randn(9))
case(
    "quantile_below",
    A_QUANT,
    "np.where(err > 0, -TAUS, 1 - TAUS)",
    "np.where(err > 0, -TAUS, TAUS)",
    "g",
    "under the quantile it is 1 − τ",
    p_quant,
    d_quant,
)
case(
    "quantile_softplus",
    A_QUANT,
    "g = g * (1 - np.exp(-hs[i]))",
    "g = g * hs[i] * (1 - hs[i])",
    "g",
    "as if the hidden units were sigmoids",
    p_quant,
    d_quant,
)

# ------------------------------------------------ PPO clipped surrogate with entropy bonus
A_PPO = """
CLIP, BETA = 0.2, 0.01


def forward(obs, act, adv, logp_old, W, b):
    logits = obs @ W + b
    logp_all = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    n = np.arange(len(act))
    logp = logp_all[n, act]
    ratio = np.exp(logp - logp_old)
    surr1 = ratio * adv
    surr2 = np.clip(ratio, 1 - CLIP, 1 + CLIP) * adv
    entropy = -(np.exp(logp_all) * logp_all).sum(-1)
    loss = -np.minimum(surr1, surr2).mean() - BETA * entropy.mean()
    return loss, (logp_all, ratio, surr1, surr2, entropy)


def backward(obs, act, adv, W, b, cache):
    logp_all, ratio, surr1, surr2, entropy = cache
    N = len(act)
    probs = np.exp(logp_all)
    use = surr1 <= surr2
    dratio = np.where(use, -adv, 0) / N
    dlogp = dratio * ratio
    onehot = np.eye(probs.shape[1])[act]
    dlogits = dlogp[:, None] * (onehot - probs)
    dlogits += BETA / N * probs * (logp_all + entropy[:, None])
    return obs.T @ dlogits, dlogits.sum(0)
"""
p_ppo = lambda r: dict(W=r.randn(4, 3), b=r.randn(3))
d_ppo = lambda r: (r.randn(10, 4), r.randint(0, 3, 10), r.randn(10), np.log(r.rand(10)))
case(
    "ppo_ratio",
    A_PPO,
    "dlogp = dratio * ratio",
    "dlogp = dratio",
    "dlogp",
    "the derivative of exp forgotten",
    p_ppo,
    d_ppo,
)
case(
    "ppo_entropy",
    A_PPO,
    "probs * (logp_all + entropy[:, None])",
    "probs * (logp_all - entropy[:, None])",
    "dlogits",
    "the sign of the entropy in the mean",
    p_ppo,
    d_ppo,
)

# ------------------------------------------------ Cox proportional hazards
A_COX = '''
def forward(X, event, params):
    """Rows are sorted by falling time, so the risk set of i is rows 0..i."""
    eta = X @ params["beta"] + params["gam"] * np.tanh(X @ params["c"])
    risk = np.cumsum(np.exp(eta))
    ll = np.sum(event * (eta - np.log(risk)))
    pen = params["beta"] @ params["beta"]
    return -ll / event.sum() + 0.05 * pen, {"eta": eta, "risk": risk, "th": np.tanh(X @ params["c"])}


def backward(X, event, params, cache):
    eta, risk, th = cache["eta"], cache["risk"], cache["th"]
    k = event.sum()
    drisk = event / risk / k
    deta = -event / k + np.exp(eta) * np.cumsum(drisk[::-1])[::-1]
    dbeta = X.T @ deta + 0.1 * params["beta"]
    dgam = np.sum(deta * th)
    dc = X.T @ (deta * params["gam"] * (1 - th**2))
    return {"dbeta": dbeta, "dgam": dgam, "dc": dc}
'''
p_cox = lambda r: dict(beta=r.randn(3), gam=np.array(r.randn()), c=r.randn(3))
d_cox = lambda r: (r.randn(7, 3), np.array([1.0, 0, 1, 1, 0, 1, 1]))
case(
    "cox_reversed_cumsum",
    A_COX,
    "np.cumsum(drisk[::-1])[::-1]",
    "np.cumsum(drisk)",
    "deta",
    "the cumulative sum backwards runs backwards",
    p_cox,
    d_cox,
)

# ------------------------------------------------ Gaussian process evidence
A_GP = """
def forward(X, y, params):
    ell, sf, sn = np.exp(params["log_ell"]), np.exp(params["log_sf"]), np.exp(params["log_sn"])
    diff = X[:, None, :] - X[None, :, :]
    D2 = (diff**2 / ell**2).sum(-1)
    K0 = sf**2 * np.exp(-0.5 * D2)
    K = K0 + sn**2 * np.eye(len(y))
    Kinv = np.linalg.inv(K)
    alpha = Kinv @ y
    nll = 0.5 * y @ alpha + 0.5 * np.log(np.linalg.det(K))
    return nll, (diff, K0, Kinv, alpha)


def backward(params, cache):
    diff, K0, Kinv, alpha = cache
    ell, sn = np.exp(params["log_ell"]), np.exp(params["log_sn"])
    dK = 0.5 * (Kinv - np.outer(alpha, alpha))
    dlog_sf = 2 * np.sum(dK * K0)
    dlog_sn = 2 * sn**2 * np.trace(dK)
    dD2 = -0.5 * dK * K0
    dlog_ell = -2 * np.einsum("ij,ijd->d", dD2, diff**2) / ell**2
    return {"log_ell": dlog_ell, "log_sf": dlog_sf, "log_sn": dlog_sn}
"""
p_gp = lambda r: dict(
    log_ell=0.3 * r.randn(2),
    log_sf=np.array(0.2 * r.randn()),
    log_sn=np.array(-0.5 + 0.1 * r.randn()),
)
d_gp = lambda r: (r.randn(6, 2), r.randn(6))
case(
    "gp_dK_sign",
    A_GP,
    "dK = 0.5 * (Kinv - np.outer(alpha, alpha))",
    "dK = 0.5 * (Kinv + np.outer(alpha, alpha))",
    "dK",
    "the sign of the data fit",
    p_gp,
    d_gp,
)
case(
    "gp_noise_chain",
    A_GP,
    "dlog_sn = 2 * sn**2 * np.trace(dK)",
    "dlog_sn = 2 * sn * np.trace(dK)",
    "dlog_sn",
    "the chain through exp: sn once more",
    p_gp,
    d_gp,
)

# ------------------------------------------------ neural ODE, RK4, nested functions
A_RK4 = """
H = 0.3


def forward(x0, target, A, b):
    def f(x):
        return np.tanh(x @ A + b)

    x = x0
    trace = []
    for _ in range(3):
        k1 = f(x)
        k2 = f(x + H / 2 * k1)
        k3 = f(x + H / 2 * k2)
        k4 = f(x + H * k3)
        trace.append((x, k1, k2, k3, k4))
        x = x + H / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return 0.5 * np.sum((x - target) ** 2), (trace, x)


def backward(target, A, b, cache):
    trace, xT = cache
    gA, gb = np.zeros_like(A), np.zeros_like(b)

    def vjp(x, k, g):
        nonlocal gA, gb
        pre = g * (1 - k * k)
        gA = gA + x.T @ pre
        gb = gb + pre.sum(axis=0)
        return pre @ A.T

    gx = xT - target
    for x, k1, k2, k3, k4 in trace[::-1]:
        gk4 = H / 6 * gx
        g4 = vjp(x + H * k3, k4, gk4)
        gk3 = H / 3 * gx + H * g4
        g3 = vjp(x + H / 2 * k2, k3, gk3)
        gk2 = H / 3 * gx + H / 2 * g3
        g2 = vjp(x + H / 2 * k1, k2, gk2)
        gk1 = H / 6 * gx + H / 2 * g2
        g1 = vjp(x, k1, gk1)
        gx = gx + g1 + g2 + g3 + g4
    return {"A": gA, "b": gb}
"""
p_rk4 = lambda r: dict(A=r.randn(3, 3), b=r.randn(3))
d_rk4 = lambda r: (r.randn(4, 3), r.randn(4, 3))
case(
    "rk4_step",
    A_RK4,
    "gk3 = H / 3 * gx + H * g4",
    "gk3 = H / 3 * gx + H / 2 * g4",
    "gk3",
    "the last stage takes a whole step",
    p_rk4,
    d_rk4,
)

# ------------------------------------------------ group norm on images + squeeze-excite
A_GN = """
def forward(x, t, params):
    N, C, H, W = x.shape
    G = 2
    x = x * params['a'].reshape(1, C, 1, 1)
    xg = x.reshape(N, G, -1)
    mean = xg.mean(axis=2, keepdims=True)
    xc = xg - mean
    var = (xc ** 2).mean(axis=2, keepdims=True)
    std = np.sqrt(var + 1e-5)
    xh = (xc / std).reshape(N, C, H, W)
    y = params['gamma'].reshape(1, C, 1, 1) * xh + params['beta'].reshape(1, C, 1, 1)
    sq = y.mean(axis=(2, 3))
    gate = 1 / (1 + np.exp(-(sq @ params['S'])))
    out = y * gate[:, :, None, None]
    loss = ((out - t) ** 2).sum() / N
    return loss, (x, xc, std, xh, y, sq, gate, out)


def backward(x, t, params, cache):
    x0 = x
    x, xc, std, xh, y, sq, gate, out = cache
    N, C, H, W = x.shape
    grads = {}
    dout = 2 * (out - t) / N
    dgate = (dout * y).sum(axis=(2, 3))
    dpre = dgate * gate * (1 - gate)
    grads['S'] = sq.T @ dpre
    dsq = dpre @ params['S'].T
    dy = dout * gate[:, :, None, None] + dsq[:, :, None, None] / (H * W)
    grads['gamma'] = (dy * xh).sum(axis=(0, 2, 3))
    grads['beta'] = dy.sum(axis=(0, 2, 3))
    dxh = (dy * params['gamma'].reshape(1, C, 1, 1)).reshape(xc.shape)
    n = xc.shape[2]
    dstd = -(dxh * xc).sum(axis=2, keepdims=True) / std ** 2
    dvar = dstd / (2 * std)
    dxc = dxh / std + 2 * xc * dvar / n
    dxg = dxc - dxc.mean(axis=2, keepdims=True)
    dx = dxg.reshape(N, C, H, W)
    grads['a'] = (dx * x0).sum(axis=(0, 2, 3))
    return grads
"""
p_gn = lambda r: dict(a=1 + 0.3 * r.randn(4), gamma=r.randn(4), beta=r.randn(4), S=r.randn(4, 4))
d_gn = lambda r: (r.randn(2, 4, 3, 2), r.randn(2, 4, 3, 2))
case(
    "groupnorm_squeeze",
    A_GN,
    "dsq[:, :, None, None] / (H * W)",
    "dsq[:, :, None, None]",
    "dy",
    "the mean over the pixels forgotten",
    p_gn,
    d_gn,
)

# ================================================ two mistakes
A_GRU = '''
class GRUCell:
    """r, z, n as in PyTorch: n = tanh(Wn x + r * (Un h))."""

    def __init__(self, p):
        self.p = p
        self.trace = []
        self.grad = {k: 0 for k in p}

    def step(self, x, h):
        p = self.p
        r = 1 / (1 + np.exp(-(p["Wr"] @ x + p["Ur"] @ h)))
        z = 1 / (1 + np.exp(-(p["Wz"] @ x + p["Uz"] @ h)))
        u = p["Un"] @ h
        n = np.tanh(p["Wn"] @ x + r * u)
        self.trace.append((x, h, r, z, u, n))
        return (1 - z) * n + z * h

    def step_back(self, dh_new):
        p, g = self.p, self.grad
        x, h, r, z, u, n = self.trace.pop()
        dz = dh_new * (h - n)
        dn = dh_new * (1 - z)
        dh = dh_new * z
        dan = dn * (1 - n**2)
        dr = dan * u
        du = dan * r
        daz = dz * z * (1 - z)
        dar = dr * r * (1 - r)
        for key, da in (("n", dan), ("z", daz), ("r", dar)):
            g["W" + key] = g["W" + key] + np.outer(da, x)
        g["Un"] = g["Un"] + np.outer(du, h)
        g["Uz"] = g["Uz"] + np.outer(daz, h)
        g["Ur"] = g["Ur"] + np.outer(dar, h)
        dh = dh + p["Un"].T @ du + p["Uz"].T @ daz + p["Ur"].T @ dar
        return dh


def forward(xs, target, params):
    cell = GRUCell(params)
    h = np.zeros(params["Un"].shape[0])
    for x in xs:
        h = cell.step(x, h)
    return 0.5 * np.sum((h - target) ** 2), (cell, h)


def backward(target, cache):
    cell, h = cache
    dh = h - target
    for _ in range(len(cell.trace)):
        dh = cell.step_back(dh)
    return cell.grad
'''
p_gru = lambda r: {
    k: r.randn(3, 2 if k[0] == "W" else 3) for k in ("Wr", "Ur", "Wz", "Uz", "Wn", "Un")
}
d_gru = lambda r: (r.randn(4, 2), r.randn(3))
double(
    "d_gru_class",
    A_GRU,
    [("dz = dh_new * (h - n)", "dz = dh_new * (n - h)", "dz"), ("du = dan * r", "du = dan", "du")],
    p_gru,
    d_gru,
)

A_NCE = """
TEMP = 0.5


def forward(a, b, params):
    W1, W2 = params
    u, v = a @ W1, b @ W2
    nu = np.sqrt((u**2).sum(1, keepdims=True))
    nv = np.sqrt((v**2).sum(1, keepdims=True))
    uh, vh = u / nu, v / nv
    sim = uh @ vh.T / TEMP
    row = sim - np.log(np.exp(sim).sum(1, keepdims=True))
    col = sim - np.log(np.exp(sim).sum(0, keepdims=True))
    loss = -0.5 * (np.diag(row).mean() + np.diag(col).mean())
    return loss, (nu, nv, uh, vh, row, col)


def backward(a, b, params, cache):
    nu, nv, uh, vh, row, col = cache
    B = len(a)
    dsim = 0.5 * (np.exp(row) + np.exp(col) - 2 * np.eye(B)) / B
    duh = dsim @ vh / TEMP
    dvh = dsim.T @ uh / TEMP
    du = (duh - uh * (duh * uh).sum(1, keepdims=True)) / nu
    dv = (dvh - vh * (dvh * vh).sum(1, keepdims=True)) / nv
    return [a.T @ du, b.T @ dv]
"""
p_nce = lambda r: [r.randn(4, 3), r.randn(5, 3)]
d_nce = lambda r: (r.randn(5, 4), r.randn(5, 5))
double(
    "d_clip_infonce",
    A_NCE,
    [
        (
            "dsim = 0.5 * (np.exp(row) + np.exp(col) - 2 * np.eye(B)) / B",
            "dsim = 0.5 * (np.exp(row) + np.exp(col) - np.eye(B)) / B",
            "dsim",
        ),
        (
            "dv = (dvh - vh * (dvh * vh).sum(1, keepdims=True)) / nv",
            "dv = (dvh - vh * (dvh * vh).sum(1, keepdims=True))",
            "dv",
        ),
    ],
    p_nce,
    d_nce,
)

A_ORD = '''
def forward(X, y, w, raw):
    """Cumulative logits; thresholds are cumulative sums of exp."""
    sig = lambda t: 1 / (1 + np.exp(-t))
    steps = np.exp(raw)
    theta = np.cumsum(steps) - 2.0
    eta = X @ w
    F = sig(theta[None, :] - eta[:, None])
    n = len(y)
    upper = np.concatenate([F, np.ones((n, 1))], axis=1)
    lower = np.concatenate([np.zeros((n, 1)), F], axis=1)
    prob = (upper - lower)[np.arange(n), y]
    loss = -np.log(prob).sum()
    return loss, (steps, F, prob)


def backward(X, y, w, raw, cache):
    steps, F, prob = cache
    n, K = F.shape
    dprob = -1 / prob
    dF = np.zeros_like(F)
    for i in range(n):
        if y[i] < K:
            dF[i, y[i]] += dprob[i]
        if y[i] > 0:
            dF[i, y[i] - 1] -= dprob[i]
    dlogit = dF * F * (1 - F)
    deta = -dlogit.sum(1)
    dtheta = dlogit.sum(0)
    dsteps = dtheta[::-1].cumsum()[::-1]
    draw = dsteps * steps
    dw = X.T @ deta
    return dw, draw
'''
p_ord = lambda r: dict(w=r.randn(3), raw=0.3 * r.randn(3))
d_ord = lambda r: (r.randn(8, 3), np.array([0, 1, 2, 3, 1, 2, 0, 3]))
double(
    "d_ordinal",
    A_ORD,
    [
        ("deta = -dlogit.sum(1)", "deta = dlogit.sum(1)", "deta"),
        ("draw = dsteps * steps", "draw = dsteps", "draw"),
    ],
    p_ord,
    d_ord,
)

A_IIR = """
def forward(u, ref, params):
    a, b = params['a'], params['b']
    T = len(u)
    y = [0.0, 0.0]
    for t in range(T):
        past = u[t - 1] if t > 0 else 0.0
        y.append(b[0] * u[t] + b[1] * past - a[0] * y[t + 1] - a[1] * y[t])
    e = np.stack(y[2:]) - ref
    return np.mean(e * e), {'y': y, 'e': e}

def backward(u, ref, params, cache):
    a, b, y, e = params['a'], params['b'], cache['y'], cache['e']
    T = len(u)
    da, db = np.zeros(2), np.zeros(2)
    lam = np.zeros(T + 2)
    de = 2 * e / T
    for t in range(T - 1, -1, -1):
        lam[t] = de[t] - a[0] * lam[t + 1] - a[1] * lam[t + 2]
        da[0] -= lam[t] * y[t + 1]
        da[1] -= lam[t] * y[t]
        db[0] += lam[t] * u[t]
        if t > 0:
            db[1] += lam[t] * u[t - 1]
    return {'a': da, 'b': db}
"""
p_iir = lambda r: dict(a=0.4 * r.randn(2), b=r.randn(2))
d_iir = lambda r: (r.randn(7), r.randn(7))
double(
    "d_iir_adjoint",
    A_IIR,
    [
        ("de = 2 * e / T", "de = 2 * e", "de"),
        ("da[1] -= lam[t] * y[t]\n", "da[1] -= lam[t] * y[t + 2]\n", "da"),
    ],
    p_iir,
    d_iir,
)

A_MOE = """
def forward(x, y, params):
    G, E, c = params["G"], params["E"], params["c"]  # (D, K), (K, D, O), (K, O)
    g = np.exp(x @ G)
    g = g / g.sum(axis=1, keepdims=True)
    o = np.tanh(np.einsum("nd,kdo->nko", x, E) + c)
    mix = np.einsum("nk,nko->no", g, o)
    r = mix - y
    huber = np.where(np.abs(r) < 1, 0.5 * r**2, np.abs(r) - 0.5)
    balance = np.sum(g.mean(0) ** 2)
    return huber.mean() + 0.3 * balance, {"g": g, "o": o, "r": r}


def backward(x, params, cache):
    g, o, r = cache["g"], cache["o"], cache["r"]
    N = x.shape[0]
    dmix = np.clip(r, -1, 1) / r.size
    dg = np.einsum("no,nko->nk", dmix, o)
    dg = dg + 0.6 * g.mean(0) / N
    do = g[:, :, None] * dmix[:, None, :]
    dpre = do * (1 - o**2)
    dE = np.einsum("nd,nko->kdo", x, dpre)
    dc = dpre.sum(0)
    ds = g * (dg - (g * dg).sum(1, keepdims=True))
    dG = x.T @ ds
    return {"G": dG, "E": dE, "c": dc}
"""
p_moe = lambda r: dict(G=r.randn(3, 3), E=r.randn(3, 3, 2), c=r.randn(3, 2))
d_moe = lambda r: (r.randn(6, 3), 2 * r.randn(6, 2))
double(
    "d_moe",
    A_MOE,
    [
        ("dmix = np.clip(r, -1, 1) / r.size", "dmix = np.clip(r, -1, 1) / N", "dmix"),
        ("ds = g * (dg - (g * dg).sum(1, keepdims=True))", "ds = g * dg", "ds"),
    ],
    p_moe,
    d_moe,
)
double(
    "d_cs231n",
    A_231N,
    [
        (
            "dw = x.reshape(x.shape[0], -1).T.dot(dout)",
            "dw = x.reshape(x.shape[0], -1).T.dot(dout) / x.shape[0]",
            "dw",
        ),
        ("dx[x <= 0] *= slope", "dx[x <= 0] = slope", "dx"),
    ],
    p_231,
    d_231,
)
double(
    "d_vae",
    A_VAE,
    [
        ("g_mu = g_z + mu / B", "g_mu = mu / B", "g_mu"),
        ("g_pre = g_h * (1 - h**2)", "g_pre = g_h * h * (1 - h)", "g_pre"),
    ],
    p_vae,
    d_vae,
)
double(
    "d_minchar",
    A_CHAR,
    [
        ("dby += dy", "dby = dy", "dby"),
        ("dWhh += np.dot(dhraw, hs[t - 1].T)", "dWhh += np.dot(dhraw, hs[t].T)", "dWhh"),
    ],
    p_char,
    d_char,
)

# ================================================ right ones
right(
    "r_tsne_closed_form",
    """
def forward(P, Y):
    D = ((Y[:, None] - Y[None]) ** 2).sum(-1)
    Q = 1 / (1 + D) * (1 - np.eye(len(P)))
    Q = Q / Q.sum()
    mask = P > 0
    return np.sum(np.where(mask, P * (np.log(np.where(mask, P, 1)) - np.log(np.where(mask, Q, 1))), 0)), Q


def backward(P, Y, cache):
    Q = cache
    D = ((Y[:, None] - Y[None]) ** 2).sum(-1)
    PQ = (P - Q) / (1 + D)
    L = np.diag(PQ.sum(1)) - PQ
    return {"dY": 4 * L @ Y}
""",
    lambda r: dict(Y=r.randn(5, 2)),
    lambda r: (
        (lambda A: (A + A.T) * (1 - np.eye(5)) / ((A + A.T) * (1 - np.eye(5))).sum())(r.rand(5, 5)),
    ),
)

right(
    "r_operator_overloading",
    '''
class Value:
    """A scalar that remembers where it came from."""

    def __init__(self, data, parents=()):
        self.data = data
        self.parents = parents
        self.grad = 0.0

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, ((self, 1.0), (other, 1.0)))

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, ((self, other.data), (other, self.data)))

    def tanh(self):
        t = np.tanh(self.data)
        return Value(t, ((self, 1 - t * t),))

    def backprop(self, g=1.0):
        self.grad = self.grad + g
        for parent, local in self.parents:
            parent.backprop(g * local)


def forward(xs, ys, params):
    w = [Value(params["w"][i]) for i in range(2)]
    v = [Value(params["v"][i]) for i in range(2)]
    total = Value(0.0)
    for x, y in zip(xs, ys):
        h = (w[0] * x + w[1]).tanh()
        err = v[0] * h + v[1] + (-y)
        total = total + err * err
    return total.data, (total, w, v)


def backward(cache):
    total, w, v = cache
    total.backprop()
    return {"w": np.array([a.grad for a in w]), "v": np.array([a.grad for a in v])}
''',
    lambda r: dict(w=r.randn(2), v=r.randn(2)),
    lambda r: (r.randn(4), r.randn(4)),
)

right(
    "r_recursive_layers",
    '''
def forward(X, Y, Ws):
    def go(h, rest):
        if not rest:
            return [h]
        return [h] + go(np.tanh(h @ rest[0]), rest[1:])

    hs = go(X, Ws)
    return ((hs[-1] - Y) ** 2).sum() / 2, hs


def backward(X, Y, Ws, cache):
    def back(depth):
        """The gradient at the input of a layer, and those of all weights from there on."""
        if depth == len(Ws):
            return cache[-1] - Y, []
        g, later = back(depth + 1)
        g = g * (1 - cache[depth + 1] ** 2)
        return g @ Ws[depth].T, [cache[depth].T @ g] + later

    return back(0)[1]
''',
    lambda r: [r.randn(3, 4), r.randn(4, 4), r.randn(4, 2)],
    lambda r: (r.randn(5, 3), r.randn(5, 2)),
)

right(
    "r_explicit_jacobians",
    """
def forward(x, t, W1, W2):
    z = W1 @ x
    h = 1 / (1 + np.exp(-z))
    s = W2 @ h
    p = np.exp(s) / np.exp(s).sum()
    return -t @ np.log(p), (z, h, s, p)


def backward(x, t, W1, W2, cache):
    z, h, s, p = cache
    J_loss_p = -(t / p)[None, :]
    J_p_s = np.diag(p) - np.outer(p, p)
    J_s_h = W2
    J_h_z = np.diag(h * (1 - h))
    J_s_W2 = np.kron(np.eye(len(s)), h[None, :])
    J_z_W1 = np.kron(np.eye(len(z)), x[None, :])
    row = J_loss_p @ J_p_s
    gW2 = (row @ J_s_W2).reshape(W2.shape)
    gW1 = (row @ J_s_h @ J_h_z @ J_z_W1).reshape(W1.shape)
    return gW1, gW2
""",
    lambda r: dict(W1=r.randn(4, 3), W2=r.randn(3, 4)),
    lambda r: (r.randn(3), np.array([0.0, 1, 0])),
)

right(
    "r_sinkhorn",
    """
EPS, ITER = 0.7, 4

def forward(a, b, params):
    C = (params["x"][:, None] - params["y"][None, :]) ** 2
    K = np.exp(-C / EPS)
    v = np.ones(len(b))
    us, vs = [], [v]
    for _ in range(ITER):
        u = a / (K @ v)
        v = b / (K.T @ u)
        us.append(u)
        vs.append(v)
    plan = u[:, None] * K * v[None, :]
    return np.sum(plan * C), (C, K, us, vs, plan)

def backward(a, b, params, cache):
    C, K, us, vs, plan = cache
    u, v = us[-1], vs[-1]
    dC = plan.copy()
    dplan = C
    du = (dplan * K) @ v
    dv = (dplan * K).T @ u
    dK = dplan * np.outer(u, v)
    for it in range(ITER)[::-1]:
        u, v, v_old = us[it], vs[it + 1], vs[it]
        dq = -dv * v * v / b          # v = b / q, q = Kᵀu
        dK += np.outer(u, dq)
        du = du + K @ dq
        dp = -du * u * u / a          # u = a / p, p = K v_old
        dK += np.outer(dp, v_old)
        dv = K.T @ dp
        du = np.zeros_like(du)
    dC -= dK * K / EPS
    D = 2 * (params["x"][:, None] - params["y"][None, :])
    return {"dx": np.sum(dC * D, axis=1), "dy": -np.sum(dC * D, axis=0)}
""",
    lambda r: dict(x=r.randn(4), y=r.randn(3)),
    lambda r: (np.full(4, 0.25), np.full(3, 1 / 3)),
)

right(
    "r_implicit_ridge",
    '''
def forward(X, y, Xv, yv, log_lam, s):
    """Validation loss of a ridge regression that is solved exactly; hyper-gradients."""
    Z = X * s
    A = Z.T @ Z + np.exp(log_lam) * np.eye(Z.shape[1])
    w = np.linalg.solve(A, Z.T @ y)
    r = (Xv * s) @ w - yv
    return 0.5 * r @ r / len(r), (A, w, r, Z)


def backward(X, y, Xv, yv, log_lam, s, cache):
    A, w, r, Z = cache
    g = r / len(r)
    gw = (Xv * s).T @ g
    q = np.linalg.solve(A.T, gw)
    hyper_lam = -np.exp(log_lam) * (q @ w)
    # A and Zᵀy depend on s
    GZ = -(Z @ np.outer(q, w) + Z @ np.outer(w, q)) + np.outer(y, q)
    hyper_s = np.einsum("nd,nd->d", GZ, X) + (Xv.T @ g) * w
    return {"log_lam": hyper_lam, "s": hyper_s}
''',
    lambda r: dict(log_lam=np.array(0.1 * r.randn()), s=1 + 0.3 * r.randn(3)),
    lambda r: (r.randn(6, 3), r.randn(6), r.randn(5, 3), r.randn(5)),
)

right(
    "r_hmm_expected_counts",
    '''
def _softmax_rows(M):
    E = np.exp(M)
    return E / E.sum(axis=-1, keepdims=True)


def forward(obs, pi, A, B):
    p, T, E = _softmax_rows(pi), _softmax_rows(A), _softmax_rows(B)
    alpha = p * E[:, obs[0]]
    scales = [alpha.sum()]
    alphas = [alpha / scales[0]]
    for o in obs[1:]:
        alpha = (alphas[-1] @ T) * E[:, o]
        scales.append(alpha.sum())
        alphas.append(alpha / scales[-1])
    nll = 0.0
    for c in scales:
        nll = nll - np.log(c)
    return nll, (p, T, E, alphas, scales)


def backward(obs, cache):
    """No chain rule: gradients are model minus expected counts (Fisher's identity)."""
    p, T, E, alphas, scales = cache
    n, K = len(obs), len(p)
    beta = np.ones(K)
    xi = np.zeros((K, K))
    gamma = [alphas[-1]]
    for t in range(n - 2, -1, -1):
        xi += np.outer(alphas[t], E[:, obs[t + 1]] * beta) * T / scales[t + 1]
        beta = T @ (E[:, obs[t + 1]] * beta) / scales[t + 1]
        gamma.insert(0, alphas[t] * beta)
    counts = np.zeros_like(E)
    for o, g in zip(obs, gamma):
        counts[:, o] += g
    g_pi = p - gamma[0]
    g_A = T * xi.sum(1, keepdims=True) - xi
    g_B = E * counts.sum(1, keepdims=True) - counts
    return g_pi, g_A, g_B
''',
    lambda r: dict(pi=r.randn(3), A=r.randn(3, 3), B=r.randn(3, 4)),
    lambda r: (r.randint(0, 4, 6),),
)

right(
    "r_flat_theta",
    """
SHAPES = [(4, 3), (4,), (1, 4), (1,)]


def unpack(theta):
    out, at = [], 0
    for shape in SHAPES:
        size = int(np.prod(shape))
        out.append(theta[at : at + size].reshape(shape))
        at += size
    return out


def forward(X, y, theta):
    W1, b1, W2, b2 = unpack(theta["theta"])
    h = np.tanh(X @ W1.T + b1)
    o = (h @ W2.T + b2)[:, 0]
    return np.log1p(np.exp(-y * o)).mean(), (h, o)


def backward(X, y, theta, cache):
    W1, b1, W2, b2 = unpack(theta["theta"])
    h, o = cache
    do = (-y / (1 + np.exp(y * o)) / len(y))[:, None]
    dh = (do @ W2) * (1 - h**2)
    pieces = [dh.T @ X, dh.sum(0), do.T @ h, do.sum(0)]
    return {"theta": np.concatenate([p.ravel() for p in pieces])}
""",
    lambda r: dict(theta=r.randn(21)),
    lambda r: (r.randn(6, 3), np.sign(r.randn(6))),
)

right(
    "r_unicode",
    """
σ = lambda z: 1 / (1 + np.exp(-z))


def forward(x, y, W, V):
    a = σ(W @ x)
    ŷ = σ(V @ a)
    return -(y * np.log(ŷ) + (1 - y) * np.log(1 - ŷ)).sum(), (a, ŷ)


def backward(x, y, V, cache):
    a, ŷ = cache
    δ2 = ŷ - y
    δ1 = V.T @ δ2 * a * (1 - a)
    ΔV = δ2 @ a.T
    ΔW = δ1 @ x.T
    return ΔW, ΔV
""",
    lambda r: dict(W=r.randn(4, 3), V=r.randn(1, 4)),
    lambda r: (r.randn(3, 6), (r.rand(1, 6) > 0.5) * 1.0),
)

right(
    "r_buffers_destroyed",
    """
def forward(X, Y, params):
    Z = X @ params["A"]
    H = np.where(Z > 0, Z, 0)
    R = H @ params["B"] - Y
    return (R ** 2).sum(), {"Z": Z, "H": H, "R": R}


def backward(X, params, cache):
    R, H, Z = cache["R"], cache["H"], cache["Z"]
    R *= 2                      # is now the gradient
    gB = H.T @ R
    np.matmul(R, params["B"].T, out=H)   # H is not needed any more
    H[Z <= 0] = 0
    np.dot(X.T, H, out=(gA := np.empty_like(params["A"])))
    return {"A": gA, "B": gB}
""",
    lambda r: dict(A=r.randn(3, 4), B=r.randn(4, 2)),
    lambda r: (r.randn(5, 3), r.randn(5, 2)),
)

right(
    "r_forward_mode",
    '''
def forward(x, y, a, b):
    u = np.sin(a * x)
    f = u * np.exp(b * u)
    return np.mean((f - y) ** 2), (u, f)


def backward(x, y, a, b, cache):
    """Tangents, one parameter after the other."""
    u, f = cache
    grads = []
    for da, db in ((1.0, 0.0), (0.0, 1.0)):
        tu = np.cos(a * x) * x * da
        tf = tu * np.exp(b * u) + u * np.exp(b * u) * (db * u + b * tu)
        grads.append(np.mean(2 * (f - y) * tf))
    return tuple(grads)
''',
    lambda r: dict(a=np.array(r.randn()), b=np.array(r.randn())),
    lambda r: (r.randn(7), r.randn(7)),
)

right(
    "r_ascent_and_scale",
    '''
SCALE = 128.0


def forward(X, y, W, b):
    """Poisson regression with a log link."""
    eta = X @ W + b
    rate = np.exp(eta)
    return np.mean(rate - y * eta) + 0.5 * 0.1 * np.sum(W**2), rate


def backward(X, y, W, b, cache):
    # ascent direction of the scaled log likelihood, as our optimizer wants it
    score = SCALE * (y - cache)
    up_W = X.T @ score - SCALE * 0.1 * len(y) * W
    up_b = score.sum()
    down = lambda g: -g / SCALE / len(y)
    return {"W": down(up_W), "b": down(up_b)}
''',
    lambda r: dict(W=0.5 * r.randn(4), b=np.array(0.3 * r.randn())),
    lambda r: (r.randn(8, 4), r.poisson(2, 8).astype(float)),
)

right(
    "r_no_cache_recomputed",
    '''
def block(x, W, b):
    return x + np.tanh(x @ W + b)


def forward(x, y, params):
    for W, b in zip(params["W"], params["b"]):
        x = block(x, W, b)
    return np.mean(np.sum((x - y) ** 2, axis=1)), None


def backward(x, y, params):
    """Checkpointing: every block is computed again from the start when it is needed."""
    L = len(params["W"])

    def until(k):
        h = x
        for i in range(k):
            h = block(h, params["W"][i], params["b"][i])
        return h

    dW, db = [0] * L, [0] * L
    g = 2 * (until(L) - y) / len(x)
    for k in range(L - 1, -1, -1):
        h = until(k)
        t = np.tanh(h @ params["W"][k] + params["b"][k])
        pre = g * (1 - t * t)
        dW[k] = h.T @ pre
        db[k] = pre.sum(0)
        g = g + pre @ params["W"][k].T
    return {"W": dW, "b": db}
''',
    lambda r: dict(W=[r.randn(3, 3) for _ in range(3)], b=[r.randn(3) for _ in range(3)]),
    lambda r: (r.randn(4, 3), r.randn(4, 3)),
)

right(
    "r_microbatches",
    """
def forward(X, y, W, V):
    H = np.maximum(0.01 * (X @ W), X @ W)
    S = H @ V
    S = S - S.max(axis=1, keepdims=True)
    logp = S - np.log(np.exp(S).sum(axis=1, keepdims=True))
    eps = 0.1
    K = S.shape[1]
    smooth = np.eye(K)[y] * (1 - eps) + eps / K
    return -(smooth * logp).sum() / len(y), (H, logp, smooth)


def backward(X, y, W, V, cache):
    H, logp, smooth = cache
    total = len(y)
    gW = gV = 0
    for rows in np.array_split(np.arange(total), 3):
        h = H[rows]
        d = (np.exp(logp[rows]) - smooth[rows]) / len(rows)
        gV = gV + h.T @ d * (len(rows) / total)
        back = d @ V.T
        back[h < 0] *= 0.01
        gW = gW + X[rows].T @ back * (len(rows) / total)
    return gW, gV
""",
    lambda r: dict(W=r.randn(4, 5), V=r.randn(5, 3)),
    lambda r: (r.randn(8, 4), r.randint(0, 3, 8)),
)

right(
    "r_kinks_at_zero",
    """
def forward(x, y, w, b):
    z = x @ w + b
    h = np.maximum(z, 0)
    e = np.abs(h - y)
    return e.sum() + 0.1 * np.abs(w).sum(), (z, h)


def backward(x, y, w, b, cache):
    z, h = cache
    s = np.where(h >= y, 1.0, -1.0)
    dz = s * (z >= 0)
    return {"w": x.T @ dz + 0.1 * np.where(w >= 0, 1, -1), "b": dz.sum()}
""",
    lambda r: dict(w=r.randn(3), b=np.array(0.5)),
    lambda r: (r.randn(6, 3), r.randn(6)),
)

right(
    "r_strided_conv_backward_as_conv",
    """
from numpy.lib.stride_tricks import as_strided


def windows(x, k):
    n = x.shape[1] - k + 1
    b, c = x.strides
    return as_strided(x, (x.shape[0], n, k), (b, c, c), writeable=False)


def forward(x, y, k1, k2):
    h = np.tanh(sum(x[:, i : x.shape[1] - len(k1) + 1 + i] * k1[i] for i in range(len(k1))))
    o = sum(h[:, i : h.shape[1] - len(k2) + 1 + i] * k2[i] for i in range(len(k2)))
    return ((o - y) ** 2).mean(), (h, o)


def backward(x, y, k1, k2, cache):
    h, o = cache
    d = 2 * (o - y) / o.size
    g2 = np.einsum("bn,bnk->k", d, windows(h, len(k2)))
    full = np.pad(d, ((0, 0), (len(k2) - 1,) * 2))
    dh = windows(full, len(k2)) @ k2[::-1] * (1 - h * h)
    g1 = np.tensordot(dh, windows(x, len(k1)), axes=([0, 1], [0, 1]))
    return g1, g2
""",
    lambda r: dict(k1=r.randn(3), k2=r.randn(2)),
    lambda r: (r.randn(3, 8), r.randn(3, 5)),
)

right(
    "r_generator_and_match",
    """
OPS = ("linear", "square", "linear", "mean_abs")


def forward(x, t, params):
    weights = iter([params["P"], params["Q"]])
    stack = []
    for op in OPS:
        match op:
            case "linear":
                w = next(weights)
                stack.append((op, x, w))
                x = x @ w
            case "square":
                stack.append((op, x, None))
                x = x * x
            case "mean_abs":
                stack.append((op, x - t, None))
                x = np.abs(x - t).mean()
    return x, stack


def backward(cache):
    def gradients():
        g = 1.0
        names = iter("QP")
        for op, x, w in reversed(cache):
            match op:
                case "mean_abs":
                    g = g * np.sign(x) / x.size
                case "square":
                    g = 2 * x * g
                case "linear":
                    yield next(names), x.T @ g
                    g = g @ w.T

    return dict(gradients())
""",
    lambda r: dict(P=r.randn(3, 4), Q=r.randn(4, 2)),
    lambda r: (r.randn(5, 3), r.randn(5, 2)),
)

right(
    "r_em_like_gmm_responsibilities",
    '''
def forward(X, params):
    """Negative log likelihood of a mixture of diagonal normals."""
    mu, log_s, a = params["mu"], params["log_s"], params["a"]
    z = (X[:, None, :] - mu[None]) / np.exp(log_s)[None]
    logw = a - np.log(np.exp(a).sum())
    lp = logw - 0.5 * (z**2).sum(-1) - log_s.sum(-1)
    m = lp.max(1, keepdims=True)
    ll = m[:, 0] + np.log(np.exp(lp - m).sum(1))
    return -ll.mean(), (lp, ll)


def backward(X, params, cache):
    mu, log_s, a = (params[k] for k in ("mu", "log_s", "a"))
    lp, ll = cache
    R = np.exp(lp - ll[:, None])           # responsibilities
    N_k = R.sum(0)
    S1 = R.T @ X                           # sufficient statistics
    S2 = R.T @ (X * X)
    prec = np.exp(-2 * log_s)
    g_mu = -(S1 - N_k[:, None] * mu) * prec
    g_s = N_k[:, None] - (S2 - 2 * mu * S1 + N_k[:, None] * mu**2) * prec
    pi = np.exp(a) / np.exp(a).sum()
    g_a = N_k.sum() * pi - N_k
    return {k: v / len(X) for k, v in dict(mu=g_mu, log_s=g_s, a=g_a).items()}
''',
    lambda r: dict(mu=r.randn(3, 2), log_s=0.2 * r.randn(3, 2), a=r.randn(3)),
    lambda r: (r.randn(9, 2),),
)

right(
    "r_spectral_loss_fft_free",
    '''
def forward(x, mag, params):
    """A filter h, judged by the magnitudes of its output's discrete Fourier transform."""
    n = len(x)
    F = np.outer(np.arange(n), np.arange(n)) * 2 * np.pi / n
    C, S = np.cos(F), np.sin(F)
    h = params["h"]
    y = np.zeros(n)
    for k in range(len(h)):
        y = y + h[k] * np.roll(x, k)
    re, im = C @ y, S @ y
    power = re**2 + im**2 + 1e-3
    return np.sum((np.sqrt(power) - mag) ** 2) / n, (C, S, re, im, power)


def backward(x, mag, params, cache):
    C, S, re, im, power = cache
    n = len(x)
    amp = np.sqrt(power)
    c = 2 / n * (1 - mag / amp)
    dy = C.T @ (c * re) + S.T @ (c * im)
    return {"h": np.array([np.roll(x, k) @ dy for k in range(len(params["h"]))])}
''',
    lambda r: dict(h=r.randn(3)),
    lambda r: (r.randn(6), r.rand(6) * 3),
)

right(
    "r_weightnorm_dropout_dataclass",
    """
from dataclasses import dataclass, field


@dataclass
class Tape:
    items: dict = field(default_factory=dict)

    def keep(self, **kw):
        self.items.update(kw)
        return next(iter(kw.values()))

    def __getattr__(self, name):
        if name.startswith("_") or name == "items":
            raise AttributeError(name)
        return self.items[name]


def forward(X, y, mask, params):
    t = Tape()
    V, g = params["V"], params["g"]
    norm = t.keep(norm=np.sqrt((V * V).sum(axis=0)))
    W = t.keep(W=V * (g / norm))
    h = t.keep(h=np.tanh(X @ W))
    d = t.keep(d=h * mask / 0.5)
    o = t.keep(o=d @ params["u"])
    return np.mean(np.log1p(np.exp(o)) - y * o), t


def backward(X, y, mask, params, cache):
    t, V, g = cache, params["V"], params["g"]
    do = (1 / (1 + np.exp(-t.o)) - y) / len(y)
    dd = np.multiply.outer(do, params["u"])
    dh = np.where(mask, 2 * dd, 0)
    dW = X.T @ (dh - dh * t.h ** 2)
    unit = V / t.norm
    dg = np.einsum("ij,ij->j", dW, unit)
    dV = g / t.norm * (dW - unit * dg)
    return {"V": dV, "g": dg, "u": do @ t.d}
""",
    lambda r: dict(V=r.randn(3, 4), g=r.rand(4) + 0.5, u=r.randn(4)),
    lambda r: (r.randn(7, 3), (r.rand(7) > 0.5) * 1.0, (r.rand(7, 4) > 0.5) * 1.0),
)
