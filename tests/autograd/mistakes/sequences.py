"""The same for networks in time and space: recurrent ones, convolutions, attention, norms.

As in `networks`, in other hands.
"""

import numpy as np

CASES = []
RIGHT = []


def case(id, source, right_line, wrong_line, parameters, data, wrong, cause):
    """`source` is written right; the right line is replaced by the wrong one."""
    assert source.count(right_line) == 1, (id, source.count(right_line))
    src = source.replace(right_line, wrong_line)
    assert src.count(wrong_line) == 1, (id, src.count(wrong_line))
    CASES.append(
        {
            "id": id,
            "source": src,
            "right_line": right_line,
            "wrong_line": wrong_line,
            "parameters": parameters,
            "data": data,
            "wrong": wrong,
            "cause": cause,
        }
    )


def right(id, source, parameters, data):
    RIGHT.append({"id": id, "source": source, "parameters": parameters, "data": data})


# ---------------------------------------------------------------- vanilla RNN, Karpathy style
KARPATHY = """
def forward(inputs, targets, parameters):
    Wxh, Whh, Why = parameters["Wxh"], parameters["Whh"], parameters["Why"]
    bh, by = parameters["bh"], parameters["by"]
    xs, hs, ys, ps = {}, {}, {}, {}
    hs[-1] = parameters["hprev"]
    loss = 0
    for t in range(len(inputs)):
        xs[t] = np.zeros((Wxh.shape[1], 1))
        xs[t][inputs[t]] = 1
        hs[t] = np.tanh(np.dot(Wxh, xs[t]) + np.dot(Whh, hs[t-1]) + bh)
        ys[t] = np.dot(Why, hs[t]) + by
        ps[t] = np.exp(ys[t]) / np.sum(np.exp(ys[t]))
        loss += -np.log(ps[t][targets[t], 0])
    return loss, (xs, hs, ps)

def backward(inputs, targets, parameters, cache):
    Wxh, Whh, Why = parameters["Wxh"], parameters["Whh"], parameters["Why"]
    bh, by = parameters["bh"], parameters["by"]
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
        dhraw = (1 - hs[t] * hs[t]) * dh # through tanh
        dbh += dhraw
        dWxh += np.dot(dhraw, xs[t].T)
        dWhh += np.dot(dhraw, hs[t-1].T)
        dhnext = np.dot(Whh.T, dhraw)
    return {"dWxh": dWxh, "dWhh": dWhh, "dWhy": dWhy, "dbh": dbh, "dby": dby, "dhprev": dhnext}
"""


def kar_par(r):
    return {
        "Wxh": r.randn(5, 7),
        "Whh": 0.6 * r.randn(5, 5),
        "Why": r.randn(6, 5),
        "bh": r.randn(5, 1),
        "by": r.randn(6, 1),
        "hprev": 0.5 * r.randn(5, 1),
    }


def kar_dat(r):
    return r.randint(0, 7, 4), r.randint(0, 6, 4)


case(
    "rnn-whh-same-time",
    KARPATHY,
    "dWhh += np.dot(dhraw, hs[t-1].T)",
    "dWhh += np.dot(dhraw, hs[t].T)",
    kar_par,
    kar_dat,
    "dWhh",
    "Whh multiplied the previous hidden state hs[t-1] in the forward pass, so its gradient needs hs[t-1], not hs[t] (off by one in time).",
)
case(
    "rnn-dhnext-no-transpose",
    KARPATHY,
    "dhnext = np.dot(Whh.T, dhraw)",
    "dhnext = np.dot(Whh, dhraw)",
    kar_par,
    kar_dat,
    "dhnext",
    "Forgot to transpose Whh when sending the gradient to the previous time step (nobody complains as Whh is square).",
)

# an RNN for regression, a batch in columns, the states stacked in one array, the mean over m
RNN_BATCH = '''
def forward(X, Y, parameters):
    """X is (n_x, m, T), Y is (n_y, m, T)"""
    Wax, Waa, Wya = parameters["Wax"], parameters["Waa"], parameters["Wya"]
    ba, by, a0 = parameters["ba"], parameters["by"], parameters["a0"]
    n_x, m, T_x = X.shape
    n_a = Waa.shape[0]
    a = np.zeros((n_a, m, T_x + 1))
    a[:, :, 0] = a0                       # the same first state for each example
    y_hat = np.zeros(Y.shape)
    for t in range(T_x):
        a[:, :, t + 1] = np.tanh(Wax @ X[:, :, t] + Waa @ a[:, :, t] + ba)
        y_hat[:, :, t] = Wya @ a[:, :, t + 1] + by
    J = np.sum((y_hat - Y) ** 2) / (2 * m)
    return J, {"a": a, "y_hat": y_hat}

def backward(X, Y, parameters, cache):
    Wax, Waa, Wya = parameters["Wax"], parameters["Waa"], parameters["Wya"]
    a, y_hat = cache["a"], cache["y_hat"]
    n_x, m, T_x = X.shape
    gradients = {"d" + k: np.zeros(v.shape) for k, v in parameters.items()}
    da_prevt = np.zeros((Waa.shape[0], m))
    for t in range(T_x - 1, -1, -1):
        a_next = a[:, :, t + 1]
        a_prev = a[:, :, t]
        dyt = (y_hat[:, :, t] - Y[:, :, t]) / m
        gradients["dWya"] += dyt @ a_next.T
        gradients["dby"] += dyt.sum(axis=1, keepdims=True)
        da_next = Wya.T @ dyt + da_prevt
        dtanh = (1 - a_next ** 2) * da_next
        gradients["dWax"] += dtanh @ X[:, :, t].T
        gradients["dWaa"] += dtanh @ a_prev.T
        gradients["dba"] += np.sum(dtanh, axis=1, keepdims=True)
        da_prevt = Waa.T @ dtanh
    gradients["da0"] = np.sum(da_prevt, axis=1, keepdims=True)
    return gradients
'''


def rb_par(r):
    return {
        "Wax": r.randn(4, 3),
        "Waa": 0.5 * r.randn(4, 4),
        "Wya": r.randn(2, 4),
        "ba": 0.3 * r.randn(4, 1),
        "by": r.randn(2, 1),
        "a0": 0.5 * r.randn(4, 1),
    }


def rb_dat(r):
    return r.randn(3, 6, 5), r.randn(2, 6, 5)


case(
    "rnn-tanh-at-previous-state",
    RNN_BATCH,
    "dtanh = (1 - a_next ** 2) * da_next",
    "dtanh = (1 - a_prev ** 2) * da_next",
    rb_par,
    rb_dat,
    "dtanh",
    "tanh's derivative is 1 - a**2 with the state this step gave (a_next); the student used the state of the step before.",
)
case(
    "rnn-future-forgotten",
    RNN_BATCH,
    "da_next = Wya.T @ dyt + da_prevt",
    "da_next = Wya.T @ dyt",
    rb_par,
    rb_dat,
    "da_next",
    "Forgot to add the gradient which comes back from the later time steps; the state feeds both its output and the next state.",
)

# ---------------------------------------------------------------- LSTM, unrolled, 3 steps, Coursera names
LSTM_COL = """
def sigmoid(z):
    return 1 / (1 + np.exp(-z))

def forward(X, Y, parameters):
    Wf, Wi, Wc, Wo = parameters["Wf"], parameters["Wi"], parameters["Wc"], parameters["Wo"]
    bf, bi, bc, bo = parameters["bf"], parameters["bi"], parameters["bc"], parameters["bo"]
    n_a, m = Wf.shape[0], X.shape[1]
    a_prev, c_prev = np.zeros((n_a, m)), np.zeros((n_a, m))
    caches = []
    for t in range(X.shape[2]):
        concat = np.concatenate((a_prev, X[:, :, t]), axis=0)
        ft = sigmoid(np.dot(Wf, concat) + bf)
        it = sigmoid(np.dot(Wi, concat) + bi)
        cct = np.tanh(np.dot(Wc, concat) + bc)
        ot = sigmoid(np.dot(Wo, concat) + bo)
        c_next = ft * c_prev + it * cct
        a_next = ot * np.tanh(c_next)
        caches.append((concat, ft, it, cct, ot, c_prev, c_next))
        a_prev, c_prev = a_next, c_next
    J = 0.5 * np.sum((a_next - Y) ** 2)
    return J, (caches, a_next)

def backward(X, Y, parameters, cache):
    Wf, Wi, Wc, Wo = parameters["Wf"], parameters["Wi"], parameters["Wc"], parameters["Wo"]
    caches, a_last = cache
    n_a = Wf.shape[0]
    dWf, dWi, dWc, dWo = np.zeros_like(Wf), np.zeros_like(Wi), np.zeros_like(Wc), np.zeros_like(Wo)
    dbf, dbi, dbc, dbo = [np.zeros((n_a, 1)) for k in range(4)]
    da_next = a_last - Y
    dc_next = np.zeros_like(da_next)
    for concat, ft, it, cct, ot, c_prev, c_next in reversed(caches):
        tc = np.tanh(c_next)
        dot = da_next * tc * ot * (1 - ot)
        dc = dc_next + da_next * ot * (1 - tc ** 2)
        dcct = dc * it * (1 - cct ** 2)
        dit = dc * cct * it * (1 - it)
        dft = dc * c_prev * ft * (1 - ft)
        dWf += np.dot(dft, concat.T)
        dWi += np.dot(dit, concat.T)
        dWc += np.dot(dcct, concat.T)
        dWo += np.dot(dot, concat.T)
        dbf += np.sum(dft, axis=1, keepdims=True)
        dbi += np.sum(dit, axis=1, keepdims=True)
        dbc += np.sum(dcct, axis=1, keepdims=True)
        dbo += np.sum(dot, axis=1, keepdims=True)
        da_next = Wf[:, :n_a].T @ dft + Wi[:, :n_a].T @ dit + Wc[:, :n_a].T @ dcct + Wo[:, :n_a].T @ dot
        dc_next = dc * ft
    return {"dWf": dWf, "dWi": dWi, "dWc": dWc, "dWo": dWo,
            "dbf": dbf, "dbi": dbi, "dbc": dbc, "dbo": dbo}
"""


def lc_par(r):
    p = {"W" + g: 0.6 * r.randn(3, 7) for g in "fico"}
    p.update({"b" + g: r.randn(3, 1) for g in "fico"})
    return p


def lc_dat(r):
    return r.randn(4, 5, 3), r.randn(3, 5)


case(
    "lstm-candidate-as-sigmoid",
    LSTM_COL,
    "dcct = dc * it * (1 - cct ** 2)",
    "dcct = dc * it * cct * (1 - cct)",
    lc_par,
    lc_dat,
    "dcct",
    "The candidate cct is a tanh, its derivative is 1 - cct**2; the student used the sigmoid's cct*(1 - cct) as for the gates.",
)
case(
    "lstm-cell-carry-through-input-gate",
    LSTM_COL,
    "dc_next = dc * ft",
    "dc_next = dc * it",
    lc_par,
    lc_dat,
    "dc_next",
    "The old cell state passes through the forget gate, so dc_prev = dc*ft; the student took the input gate it.",
)

# an LSTM with the gates stacked in one matrix, row layout (CS231n), loss on each of the states
LSTM_ROW = """
sig = lambda v: 1.0 / (1.0 + np.exp(-v))

def forward(x, target, parameters):
    Wx, Wh, b, h0 = parameters["Wx"], parameters["Wh"], parameters["b"], parameters["h0"]
    N, T, D = x.shape
    H = Wh.shape[0]
    prev_h, prev_c = h0, np.zeros((N, H))
    steps, loss = [], 0.0
    for t in range(T):
        a = x[:, t].dot(Wx) + prev_h.dot(Wh) + b
        i, f, o = sig(a[:, :H]), sig(a[:, H:2*H]), sig(a[:, 2*H:3*H])
        g = np.tanh(a[:, 3*H:])
        next_c = f * prev_c + i * g
        next_h = o * np.tanh(next_c)
        loss += np.sum((next_h - target[:, t])**2) / N
        steps.append((prev_h, prev_c, i, f, o, g, next_c, next_h))
        prev_h, prev_c = next_h, next_c
    return loss, steps

def backward(x, target, parameters, cache):
    Wx, Wh = parameters["Wx"], parameters["Wh"]
    N, T, D = x.shape
    dWx, dWh, db = np.zeros(Wx.shape), np.zeros(Wh.shape), np.zeros(Wx.shape[1])
    dprev_h, dprev_c = 0, 0
    for t in range(T)[::-1]:
        prev_h, prev_c, i, f, o, g, next_c, next_h = cache[t]
        dnext_h = dprev_h + 2 * (next_h - target[:, t]) / N
        do = dnext_h * np.tanh(next_c)
        dnext_c = dprev_c + dnext_h * o * (1 - np.tanh(next_c)**2)
        df, di, dg = dnext_c * prev_c, dnext_c * g, dnext_c * i
        dprev_c = dnext_c * f
        da = np.hstack((di * i * (1-i), df * f * (1-f), do * o * (1-o), dg * (1 - g*g)))
        dWx += x[:, t].T.dot(da)
        dWh += prev_h.T.dot(da)
        db += da.sum(axis=0)
        dprev_h = da.dot(Wh.T)
    return {"dWx": dWx, "dWh": dWh, "db": db, "dh0": dprev_h}
"""


def lr_par(r):
    return {
        "Wx": r.randn(3, 16),
        "Wh": 0.6 * r.randn(4, 16),
        "b": 0.5 * r.randn(16),
        "h0": r.randn(5, 4),
    }


def lr_dat(r):
    return r.randn(5, 2, 3), r.randn(5, 2, 4)


case(
    "lstm-gates-in-other-order",
    LSTM_ROW,
    "da = np.hstack((di * i * (1-i), df * f * (1-f), do * o * (1-o), dg * (1 - g*g)))",
    "da = np.hstack((di * i * (1-i), df * f * (1-f), dg * (1 - g*g), do * o * (1-o)))",
    lr_par,
    lr_dat,
    "da",
    "The pieces are stacked in the order i, f, g, o, while the forward pass cut the activations in the order i, f, o, g.",
)

# ---------------------------------------------------------------- convolution by four loops, dense output
CONV = '''
def forward(X, Y, parameters):
    """X (m, H, W, C); one convolution with stride 2, ReLU, dense layer, squared error"""
    W, b, Wd, bd = parameters["W"], parameters["b"], parameters["Wd"], parameters["bd"]
    E = parameters["E"]                     # a bias for each pixel of the image, learned too
    stride = 2
    A_prev = X + E
    (m, n_H_prev, n_W_prev, n_C_prev) = A_prev.shape
    (f, f2, n_C_prev, n_C) = W.shape
    n_H = (n_H_prev - f) // stride + 1
    n_W = (n_W_prev - f2) // stride + 1
    Z = np.zeros((m, n_H, n_W, n_C))
    for i in range(m):
        for h in range(n_H):
            for w in range(n_W):
                for c in range(n_C):
                    a_slice = A_prev[i, h*stride:h*stride+f, w*stride:w*stride+f2, :]
                    Z[i, h, w, c] = np.sum(a_slice * W[:, :, :, c]) + b[c]
    A = np.maximum(0, Z)
    F = A.reshape(m, -1)
    out = F @ Wd + bd
    J = np.mean(np.sum((out - Y) ** 2, axis=1))
    return J, (A_prev, Z, F, out)

def backward(X, Y, parameters, cache):
    W, b, Wd, bd = parameters["W"], parameters["b"], parameters["Wd"], parameters["bd"]
    A_prev, Z, F, out = cache
    stride = 2
    m, n_H, n_W, n_C = Z.shape
    f, f2 = W.shape[:2]
    dout = 2 * (out - Y) / m
    dWd = F.T @ dout
    dbd = dout.sum(axis=0)
    dF = dout @ Wd.T
    dZ = dF.reshape(Z.shape) * (Z > 0)
    dA_prev = np.zeros(A_prev.shape)
    dW = np.zeros(W.shape)
    db = np.zeros(b.shape)
    for i in range(m):
        for h in range(n_H):
            for w in range(n_W):
                for c in range(n_C):
                    v, u = h * stride, w * stride
                    dA_prev[i, v:v+f, u:u+f2, :] += W[:, :, :, c] * dZ[i, h, w, c]
                    dW[:, :, :, c] += A_prev[i, v:v+f, u:u+f2, :] * dZ[i, h, w, c]
                    db[c] += dZ[i, h, w, c]
    dE = np.sum(dA_prev, axis=0)
    return {"dW": dW, "db": db, "dWd": dWd, "dbd": dbd, "dE": dE}
'''


def cv_par(r):
    return {
        "W": r.randn(3, 2, 2, 4),
        "b": 0.3 * r.randn(4),
        "Wd": r.randn(24, 5),
        "bd": r.randn(5),
        "E": 0.3 * r.randn(5, 6, 2),
    }


def cv_dat(r):
    return r.randn(3, 5, 6, 2), r.randn(3, 5)


case(
    "conv-stride-forgotten",
    CONV,
    "dW[:, :, :, c] += A_prev[i, v:v+f, u:u+f2, :] * dZ[i, h, w, c]",
    "dW[:, :, :, c] += A_prev[i, h:h+f, w:w+f2, :] * dZ[i, h, w, c]",
    cv_par,
    cv_dat,
    "dW",
    "The window of output (h, w) starts at h*stride, w*stride; the student cut the input at h, w and forgot the stride.",
)
case(
    "conv-input-overwritten",
    CONV,
    "dA_prev[i, v:v+f, u:u+f2, :] += W[:, :, :, c] * dZ[i, h, w, c]",
    "dA_prev[i, v:v+f, u:u+f2, :] = W[:, :, :, c] * dZ[i, h, w, c]",
    cv_par,
    cv_dat,
    "dA_prev",
    "A pixel is in many windows and filters, so its gradient must be accumulated with +=; the student overwrites it.",
)

# channels-first convolution, padded, softmax loss, the loops over the kernel's offsets are left to numpy
CONV_CF = '''
def forward(x, y, parameters):
    """x (N, C, H, W), y labels; 3x3 convolution with pad 1, sigmoid, affine scores"""
    w, b, V = parameters["w"], parameters["b"], parameters["V"]
    N, C, H, W = x.shape
    K = w.shape[0]
    xp = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="constant")
    conv = np.zeros((N, K, H, W))
    for n in range(N):
        for k in range(K):
            for i in range(H):
                for j in range(W):
                    conv[n, k, i, j] = (xp[n, :, i:i+3, j:j+3] * w[k]).sum() + b[k]
    act = 1 / (1 + np.exp(-conv))
    flat = act.reshape(N, -1)
    scores = flat.dot(V)
    scores = scores - scores.max(axis=1, keepdims=True)
    probs = np.exp(scores)
    probs = probs / probs.sum(axis=1, keepdims=True)
    loss = -np.log(probs[np.arange(N), y]).sum() / N
    return loss, {"xp": xp, "act": act, "flat": flat, "probs": probs}

def backward(x, y, parameters, cache):
    w, b, V = parameters["w"], parameters["b"], parameters["V"]
    xp, act, flat, probs = cache["xp"], cache["act"], cache["flat"], cache["probs"]
    N, K, H, W = act.shape
    dscores = probs.copy()
    dscores[np.arange(N), y] -= 1
    dscores = dscores / N
    dV = flat.T.dot(dscores)
    dact = dscores.dot(V.T).reshape(act.shape)
    dconv = dact * act * (1 - act)
    db = dconv.sum(axis=(0, 2, 3))
    dw = np.zeros_like(w)
    for n in range(N):
        for k in range(K):
            for i in range(H):
                for j in range(W):
                    dw[k] += xp[n, :, i:i+3, j:j+3] * dconv[n, k, i, j]
    return {"dw": dw, "db": db, "dV": dV}
'''


def cf_par(r):
    return {"w": r.randn(4, 6, 3, 3), "b": r.randn(4), "V": r.randn(60, 7)}


def cf_dat(r):
    return 0.5 * r.randn(2, 6, 3, 5), r.randint(0, 7, 2)


case(
    "conv-bias-mean-for-sum",
    CONV_CF,
    "db = dconv.sum(axis=(0, 2, 3))",
    "db = dconv.sum(axis=(2, 3)).mean(axis=0)",
    cf_par,
    cf_dat,
    "db",
    "The 1/N is already in dscores; the student takes the mean over the examples and so divides by N a second time.",
)

# ---------------------------------------------------------------- max pooling by loops
POOL = '''
def forward(X, Y, parameters):
    """images X (m, H, W): a gain and an offset for each pixel, tanh, 3x3 max pooling with stride 2, linear"""
    G, B, w, c = parameters["G"], parameters["B"], parameters["w"], parameters["c"]
    m = X.shape[0]
    A = np.tanh(G * X + B)
    nh, nw = (A.shape[1] - 3) // 2 + 1, (A.shape[2] - 3) // 2 + 1
    P = np.zeros((m, nh, nw))
    for i in range(m):
        for h in range(nh):
            for k in range(nw):
                P[i, h, k] = np.max(A[i, 2*h:2*h+3, 2*k:2*k+3])
    out = P.reshape(m, -1) @ w + c
    J = np.sum((out - Y) ** 2) / m
    return J, (A, P, out)

def create_mask_from_window(x):
    return x == np.max(x)

def backward(X, Y, parameters, cache):
    G, B, w, c = parameters["G"], parameters["B"], parameters["w"], parameters["c"]
    A, P, out = cache
    m, nh, nw = P.shape
    dout = (out - Y) * (2 / m)
    dw = P.reshape(m, -1).T @ dout
    dc = np.sum(dout, axis=0)
    dP = (dout @ w.T).reshape(m, nh, nw)
    dA = np.zeros_like(A)
    for i in range(m):
        for h in range(nh):
            for k in range(nw):
                mask = create_mask_from_window(A[i, 2*h:2*h+3, 2*k:2*k+3])
                dA[i, 2*h:2*h+3, 2*k:2*k+3] += mask * dP[i, h, k]
    dZ = dA * (1 - A ** 2)
    dG = np.sum(dZ * X, axis=0)
    dB = np.sum(dZ, axis=0)
    return {"dG": dG, "dB": dB, "dw": dw, "dc": dc}
'''


def po_par(r):
    return {"G": r.randn(5, 7), "B": 0.3 * r.randn(5, 7), "w": r.randn(6, 3), "c": r.randn(3)}


def po_dat(r):
    return r.randn(4, 5, 7), r.randn(4, 3)


case(
    "pool-mask-forgotten",
    POOL,
    "dA[i, 2*h:2*h+3, 2*k:2*k+3] += mask * dP[i, h, k]",
    "dA[i, 2*h:2*h+3, 2*k:2*k+3] += dP[i, h, k]",
    po_par,
    po_dat,
    "dA",
    "Max pooling sends the gradient only to the largest entry of the window; the student forgot the mask and sends it to all nine.",
)
case(
    "pool-overlap-overwritten",
    POOL,
    "dA[i, 2*h:2*h+3, 2*k:2*k+3] += mask * dP[i, h, k]",
    "dA[i, 2*h:2*h+3, 2*k:2*k+3] = mask * dP[i, h, k]",
    po_par,
    po_dat,
    "dA",
    "The 3x3 windows with stride 2 overlap, so dA must be accumulated with +=; the later window wipes out what the earlier one wrote.",
)

# ---------------------------------------------------------------- attention
ATT = '''
def softmax(s):
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)

def forward(X, Y, parameters):
    """X (T, n) words in rows, a projection to size d, self-attention, squared error"""
    E, Wq, Wk, Wv = [parameters[k] for k in ("E", "Wq", "Wk", "Wv")]
    H = X @ E
    Q, K, V = H @ Wq, H @ Wk, H @ Wv
    S = Q @ K.T / np.sqrt(K.shape[1])
    A = softmax(S)
    O = A @ V
    J = 0.5 * np.sum((O - Y) ** 2)
    return J, (H, Q, K, V, A, O)

def backward(X, Y, parameters, cache):
    E, Wq, Wk, Wv = [parameters[k] for k in ("E", "Wq", "Wk", "Wv")]
    H, Q, K, V, A, O = cache
    dO = O - Y
    dV = A.T @ dO
    dA = dO @ V.T
    dS = A * (dA - np.sum(dA * A, axis=1, keepdims=True))
    dS = dS / np.sqrt(K.shape[1])
    dQ = dS @ K
    dK = dS.T @ Q
    dWq, dWk, dWv = H.T @ dQ, H.T @ dK, H.T @ dV
    dH = dQ @ Wq.T + dK @ Wk.T + dV @ Wv.T
    dE = X.T @ dH
    return {"dE": dE, "dWq": dWq, "dWk": dWk, "dWv": dWv}
'''


def at_par(r):
    return {
        "E": r.randn(3, 5),
        "Wq": 0.5 * r.randn(5, 4),
        "Wk": 0.5 * r.randn(5, 4),
        "Wv": r.randn(5, 2),
    }


def at_dat(r):
    return r.randn(6, 3), r.randn(6, 2)


case(
    "attention-dK-no-transpose",
    ATT,
    "dK = dS.T @ Q",
    "dK = dS @ Q",
    at_par,
    at_dat,
    "dK",
    "S = Q K^T, so dK = dS^T Q; the student forgot the transpose, and as the scores are square (T x T) it runs.",
)
case(
    "attention-softmax-diagonal",
    ATT,
    "dS = A * (dA - np.sum(dA * A, axis=1, keepdims=True))",
    "dS = A * (1 - A) * dA",
    at_par,
    at_dat,
    "dS",
    "Used only the diagonal A*(1 - A) of the softmax's Jacobian; the other scores of the row change each weight too.",
)

# batched, with einsum and a for over the heads; output projection and a mean
ATT_HEADS = """
def forward(x, y, parameters):
    wq, wk, wv, wo = parameters["wq"], parameters["wk"], parameters["wv"], parameters["wo"]
    heads, dim = wq.shape[0], wq.shape[2]
    out = np.zeros((x.shape[0], x.shape[1], wo.shape[2]))
    cache = []
    for h in range(heads):
        q, k, v = x @ wq[h], x @ wk[h], x @ wv[h]
        s = np.einsum("btd,bsd->bts", q, k) * dim ** -0.5
        p = np.exp(s)
        p /= p.sum(-1, keepdims=True)
        z = np.einsum("bts,bsd->btd", p, v)
        out += z @ wo[h]
        cache.append((q, k, v, p, z))
    return np.mean((out - y) ** 2), (cache, out)

def backward(x, y, parameters, cache):
    wq, wk, wv, wo = parameters["wq"], parameters["wk"], parameters["wv"], parameters["wo"]
    heads, dim = wq.shape[0], wq.shape[2]
    cache, out = cache
    gq, gk, gv, go = (np.zeros_like(w) for w in (wq, wk, wv, wo))
    gout = 2 * (out - y) / out.size
    for h in range(heads):
        q, k, v, p, z = cache[h]
        go[h] = np.einsum("btd,bte->de", z, gout)
        gz = gout @ wo[h].T
        gvv = np.einsum("bts,btd->bsd", p, gz)
        gp = np.einsum("btd,bsd->bts", gz, v)
        gs = p * gp - p * (p * gp).sum(-1, keepdims=True)
        gqq = np.einsum("bts,bsd->btd", gs, k) * dim ** -0.5
        gkk = np.einsum("bts,btd->bsd", gs, q) * dim ** -0.5
        gq[h] = np.einsum("bti,btd->id", x, gqq)
        gk[h] = np.einsum("bti,btd->id", x, gkk)
        gv[h] = np.einsum("bti,btd->id", x, gvv)
    return dict(dwq=gq, dwk=gk, dwv=gv, dwo=go)
"""


def ah_par(r):
    return {
        "wq": 0.7 * r.randn(2, 4, 3),
        "wk": 0.7 * r.randn(2, 4, 3),
        "wv": r.randn(2, 4, 3),
        "wo": r.randn(2, 3, 6),
    }


def ah_dat(r):
    return r.randn(3, 5, 4), r.randn(3, 5, 6)


case(
    "attention-key-scale-forgotten",
    ATT_HEADS,
    """gkk = np.einsum("bts,btd->bsd", gs, q) * dim ** -0.5""",
    """gkk = np.einsum("bts,btd->bsd", gs, q)""",
    ah_par,
    ah_dat,
    "gkk",
    "The scores were divided by sqrt(dim), so the keys' gradient needs the same factor; the student wrote it for the queries only.",
)

# ---------------------------------------------------------------- layer normalisation, rows
LN = '''
def layernorm_forward(x, gamma, beta, eps=1e-5):
    mu = x.mean(axis=1, keepdims=True)
    xmu = x - mu
    var = (xmu ** 2).mean(axis=1, keepdims=True)
    std = np.sqrt(var + eps)
    xhat = xmu / std
    return gamma * xhat + beta, (xmu, std, xhat)

def forward(X, Y, parameters):
    """X W1 -> layer norm -> relu -> W2, softmax cross-entropy against one-hot Y"""
    z1 = X @ parameters["W1"] + parameters["b1"]
    y1, (xmu, std, xhat) = layernorm_forward(z1, parameters["gamma"], parameters["beta"])
    h = np.maximum(y1, 0)
    s = h @ parameters["W2"] + parameters["b2"]
    e = np.exp(s - np.max(s, axis=1, keepdims=True))
    P = e / np.sum(e, axis=1, keepdims=True)
    J = -np.sum(Y * np.log(P)) / X.shape[0]
    return J, (xmu, std, xhat, y1, h, P)

def backward(X, Y, parameters, cache):
    xmu, std, xhat, y1, h, P = cache
    gamma = parameters["gamma"]
    n, d = xmu.shape
    ds = (P - Y) / n
    dW2 = h.T @ ds
    db2 = ds.sum(axis=0)
    dh = ds @ parameters["W2"].T
    dy1 = dh.copy()
    dy1[y1 <= 0] = 0
    dbeta = dy1.sum(axis=0)
    dgamma = (dy1 * xhat).sum(axis=0)
    dxhat = dy1 * gamma
    dstd = -np.sum(dxhat * xmu, axis=1, keepdims=True) / std ** 2
    dvar = 0.5 * dstd / std
    dxmu = dxhat / std + 2 * xmu * dvar / d
    dmu = -np.sum(dxmu, axis=1, keepdims=True)
    dz1 = dxmu + dmu / d
    dW1 = X.T @ dz1
    db1 = dz1.sum(axis=0)
    return {"dW1": dW1, "db1": db1, "dgamma": dgamma, "dbeta": dbeta, "dW2": dW2, "db2": db2}
'''


def ln_par(r):
    return {
        "W1": r.randn(3, 6),
        "b1": r.randn(6),
        "gamma": 1 + 0.3 * r.randn(6),
        "beta": 0.3 * r.randn(6),
        "W2": r.randn(6, 4),
        "b2": r.randn(4),
    }


def ln_dat(r):
    return r.randn(5, 3), np.eye(4)[r.randint(0, 4, 5)]


case(
    "layernorm-variance-factor-two",
    LN,
    "dxmu = dxhat / std + 2 * xmu * dvar / d",
    "dxmu = dxhat / std + xmu * dvar / d",
    ln_par,
    ln_dat,
    "dxmu",
    "The variance is the mean of xmu**2, whose derivative is 2*xmu/d; the factor 2 was lost.",
)
case(
    "layernorm-mean-path-missing",
    LN,
    "dz1 = dxmu + dmu / d",
    "dz1 = dxmu",
    ln_par,
    ln_dat,
    "dz1",
    "Treated the mean mu as a constant; z1 also acts through mu, which adds dmu/d.",
)

# layer normalisation in column layout (examples in columns), closed form, sigmoid output
LN_COL = """
def forward(X, Y, parameters):
    W, g, b, U, c = (parameters[k] for k in "WgbUc")
    A = W @ X
    D, m = A.shape
    mean = np.sum(A, axis=0, keepdims=True) / D
    var = np.sum((A - mean) ** 2, axis=0, keepdims=True) / D
    ivar = 1 / np.sqrt(var + 1e-6)
    N = (A - mean) * ivar
    H = np.tanh(g * N + b)
    P = 1 / (1 + np.exp(-(U @ H + c)))
    cost = np.sum(-Y * np.log(P) - (1 - Y) * np.log(1 - P)) / m
    return cost, {"N": N, "ivar": ivar, "H": H, "P": P}

def backward(X, Y, parameters, cache):
    W, g, b, U, c = (parameters[k] for k in "WgbUc")
    N, ivar, H, P = cache["N"], cache["ivar"], cache["H"], cache["P"]
    D, m = N.shape
    delta2 = P - Y
    dU = delta2 @ H.T
    dc = np.sum(delta2, axis=1, keepdims=True)
    delta1 = (U.T @ delta2) * (1 - H * H)
    dg = np.sum(delta1 * N, axis=1, keepdims=True)
    db = np.sum(delta1, axis=1, keepdims=True)
    dN = g * delta1
    dA = ivar / D * (D * dN - np.sum(dN, axis=0, keepdims=True) - N * np.sum(dN * N, axis=0, keepdims=True))
    dW = dA @ X.T
    return {"dW": dW / m, "dg": dg / m, "db": db / m, "dU": dU / m, "dc": dc / m}
"""


def lnc_par(r):
    return {
        "W": r.randn(5, 3),
        "g": 1 + 0.4 * r.randn(5, 1),
        "b": 0.3 * r.randn(5, 1),
        "U": r.randn(2, 5),
        "c": r.randn(2, 1),
    }


def lnc_dat(r):
    return r.randn(3, 7), 1.0 * (r.rand(2, 7) > 0.5)


case(
    "layernorm-wrong-axis",
    LN_COL,
    "dA = ivar / D * (D * dN - np.sum(dN, axis=0, keepdims=True) - N * np.sum(dN * N, axis=0, keepdims=True))",
    "dA = ivar / D * (D * dN - np.sum(dN, axis=1, keepdims=True) - N * np.sum(dN * N, axis=1, keepdims=True))",
    lnc_par,
    lnc_dat,
    "dA",
    "The statistics were taken over the features (axis 0 here), but in backward the sums go over the examples (axis 1), as in batch norm.",
)

# ---------------------------------------------------------------- residual blocks
RES = """
def relu(z):
    return np.maximum(0, z)

def forward(X, Y, parameters):
    W0, b0, W1, b1, W2, b2, W3, b3 = [parameters[k] for k in ("W0", "b0", "W1", "b1", "W2", "b2", "W3", "b3")]
    Z0 = W0 @ X + b0
    A0 = np.tanh(Z0)
    Z1 = W1 @ A0 + b1
    A1 = relu(Z1)
    Z2 = W2 @ A1 + b2
    S = Z2 + A0          # the skip
    A2 = relu(S)
    Z3 = W3 @ A2 + b3
    J = 1.0 / (2 * X.shape[1]) * np.sum(np.square(Z3 - Y))
    return J, (Z0, A0, Z1, A1, Z2, S, A2, Z3)

def backward(X, Y, parameters, cache):
    W1, W2, W3 = parameters["W1"], parameters["W2"], parameters["W3"]
    Z0, A0, Z1, A1, Z2, S, A2, Z3 = cache
    m = X.shape[1]
    dZ3 = (Z3 - Y) / m
    dW3 = np.dot(dZ3, A2.T)
    db3 = np.sum(dZ3, axis=1, keepdims=True)
    dA2 = np.dot(W3.T, dZ3)
    dS = np.multiply(dA2, np.int64(S > 0))
    dW2 = np.dot(dS, A1.T)
    db2 = np.sum(dS, axis=1, keepdims=True)
    dA1 = np.dot(W2.T, dS)
    dZ1 = np.multiply(dA1, np.int64(A1 > 0))
    dW1 = np.dot(dZ1, A0.T)
    db1 = np.sum(dZ1, axis=1, keepdims=True)
    dA0 = np.dot(W1.T, dZ1) + dS
    dZ0 = dA0 * (1 - np.power(A0, 2))
    dW0 = np.dot(dZ0, X.T)
    db0 = np.sum(dZ0, axis=1, keepdims=True)
    return {"dW0": dW0, "db0": db0, "dW1": dW1, "db1": db1,
            "dW2": dW2, "db2": db2, "dW3": dW3, "db3": db3}
"""


def re_par(r):
    p = {"W0": r.randn(5, 3), "W1": r.randn(6, 5), "W2": r.randn(5, 6), "W3": r.randn(2, 5)}
    p.update({"b" + k[1]: 0.3 * r.randn(len(v), 1) for k, v in list(p.items())})
    return p


def re_dat(r):
    return r.randn(3, 8), r.randn(2, 8)


case(
    "residual-skip-forgotten",
    RES,
    "dA0 = np.dot(W1.T, dZ1) + dS",
    "dA0 = np.dot(W1.T, dZ1)",
    re_par,
    re_dat,
    "dA0",
    "A0 also goes straight to the sum by the skip connection; the student forgot to add that path's gradient dS.",
)
case(
    "residual-relu-before-sum",
    RES,
    "dS = np.multiply(dA2, np.int64(S > 0))",
    "dS = np.multiply(dA2, np.int64(Z2 > 0))",
    re_par,
    re_dat,
    "dS",
    "The last ReLU was applied after the skip was added, so its mask is S > 0; the student took the sign of Z2, before the sum.",
)

# ---------------------------------------------------------------- scalar expressions, a step per line
SCALAR = '''
def forward(t, parameters):
    """f = (x + sigmoid(y)) / (sigmoid(x) + (x + y)**2), squared distance to t (CS231n's staged computation)"""
    x, y = parameters["x"], parameters["y"]
    sigy = 1.0 / (1 + np.exp(-y))
    num = x + sigy
    sigx = 1.0 / (1 + np.exp(-x))
    xpy = x + y
    xpysqr = xpy**2
    den = sigx + xpysqr
    invden = 1.0 / den
    f = num * invden
    J = 0.5 * (f - t)**2
    return J, (sigy, num, sigx, xpy, den, invden, f)

def backward(t, parameters, cache):
    sigy, num, sigx, xpy, den, invden, f = cache
    df = f - t
    dnum = invden * df
    dinvden = num * df
    dden = (-1.0 / (den**2)) * dinvden
    dsigx = dden
    dxpysqr = dden
    dxpy = (2 * xpy) * dxpysqr
    dx = dxpy
    dy = dxpy
    dx += ((1 - sigx) * sigx) * dsigx
    dx += dnum
    dsigy = dnum
    dy += ((1 - sigy) * sigy) * dsigy
    return {"dx": dx, "dy": dy}
'''


def sc_par(r):
    return {"x": np.array(0.5 + r.rand()), "y": np.array(-2 + 0.5 * r.rand())}


def sc_dat(r):
    return (np.array(3 + r.rand()),)


case(
    "scalar-fork-overwritten",
    SCALAR,
    "dx += ((1 - sigx) * sigx) * dsigx",
    "dx = ((1 - sigx) * sigx) * dsigx",
    sc_par,
    sc_dat,
    "dx",
    "x is used in several places, so its gradients must be added up; writing = instead of += loses what came by (x + y)**2.",
)
SCALAR3 = '''
def forward(x, y, parameters):
    """z = exp(a*x) * log(1 + b**2) - c / (a + b*y), then J = sqrt(1 + z**2)"""
    a, b, c = parameters["a"], parameters["b"], parameters["c"]
    p = a * x
    q = np.exp(p)
    r = np.log(1 + b ** 2)
    s = q * r
    u = b * y
    v = a + u
    w = c / v
    z = s - w
    J = np.sqrt(1 + z ** 2)
    return J, {"q": q, "r": r, "v": v, "w": w, "z": z, "J": J}

def backward(x, y, parameters, cache):
    a, b, c = parameters["a"], parameters["b"], parameters["c"]
    q, r, v, w, z, J = [cache[k] for k in ("q", "r", "v", "w", "z", "J")]
    dz = z / J
    ds = dz
    dw = -dz
    dc = dw / v
    dv = -c / v ** 2 * dw
    da = dv
    du = dv
    db = du * y
    dq = ds * r
    dr = ds * q
    db = db + dr * 2 * b / (1 + b ** 2)
    dp = dq * q
    da = da + dp * x
    return {"da": da, "db": db, "dc": dc}
'''


def s3_par(r):
    return {
        "a": np.array(0.5 + r.rand()),
        "b": np.array(0.5 + r.rand()),
        "c": np.array(1 + r.rand()),
    }


def s3_dat(r):
    return np.array(0.3 + 0.5 * r.rand()), np.array(0.5 + r.rand())


case(
    "scalar-quotient-sign",
    SCALAR3,
    "dv = -c / v ** 2 * dw",
    "dv = c / v ** 2 * dw",
    s3_par,
    s3_dat,
    "dv",
    "The derivative of c/v in v is -c/v**2; the minus sign was lost.",
)

# ---------------------------------------------------------------- L layers in loops (Coursera), with weight decay
LDEEP = """
def forward(X, Y, parameters):
    lambd = 0.7
    L = len(parameters) // 2
    m = X.shape[1]
    caches = []
    A = X
    reg = 0.
    for l in range(1, L + 1):
        A_prev = A
        W, b = parameters["W" + str(l)], parameters["b" + str(l)]
        Z = np.dot(W, A_prev) + b
        if l < L:
            A = np.maximum(0, Z)
        else:
            A = 1 / (1 + np.exp(-Z))
        caches.append((A_prev, W, Z))
        reg += np.sum(np.square(W))
    J = -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / m + lambd / (2 * m) * reg
    return J, (caches, A)

def backward(X, Y, parameters, cache):
    lambd = 0.7
    caches, AL = cache
    L = len(caches)
    m = Y.shape[1]
    grads = {}
    dAL = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))
    dZ = dAL * AL * (1 - AL)
    for l in reversed(range(L)):
        A_prev, W, Z = caches[l]
        grads["dW" + str(l + 1)] = 1. / m * np.dot(dZ, A_prev.T) + lambd / m * W
        grads["db" + str(l + 1)] = 1. / m * np.sum(dZ, axis=1, keepdims=True)
        if l > 0:
            dA_prev = np.dot(W.T, dZ)
            Z_prev = caches[l - 1][2]
            dZ = np.array(dA_prev, copy=True)
            dZ[Z_prev <= 0] = 0
    return grads
"""


def ld_par(r):
    n = [4, 6, 5, 3, 1]
    p = {}
    for l in range(1, 5):
        p["W" + str(l)] = r.randn(n[l], n[l - 1])
        p["b" + str(l)] = 0.3 + 0.3 * r.randn(n[l], 1)
    return p


def ld_dat(r):
    return r.randn(4, 8), 1.0 * (r.rand(1, 8) > 0.5)


case(
    "deep-lambda-not-over-m",
    LDEEP,
    """grads["dW" + str(l + 1)] = 1. / m * np.dot(dZ, A_prev.T) + lambd / m * W""",
    """grads["dW" + str(l + 1)] = 1. / m * np.dot(dZ, A_prev.T) + lambd * W""",
    ld_par,
    ld_dat,
    "dW4",
    "The penalty is lambd/(2m)*sum(W**2), whose gradient is lambd/m*W; the student forgot to divide the decay by m.",
)

# L layers, row layout, tanh, caches as a list of dicts, the gradients scaled once at the top
LDEEP_ROW = """
def forward(X, y, parameters):
    L = len([k for k in parameters if k.startswith("W")])
    caches, a = [], X
    for l in range(1, L + 1):
        c = {"in": a}
        z = a @ parameters["W" + str(l)] + parameters["b" + str(l)]
        a = np.tanh(z) if l != L else z
        c["out"] = a
        caches.append(c)
    z = a - a.max(1, keepdims=True)
    logp = z - np.log(np.exp(z).sum(1, keepdims=True))
    loss = -logp[range(len(y)), y].mean()
    return loss, caches

def backward(X, y, parameters, cache):
    L = len(cache)
    z = cache[-1]["out"]
    p = np.exp(z - z.max(1, keepdims=True))
    p = p / p.sum(1, keepdims=True)
    grad_z = (p - np.eye(p.shape[1])[y]) / len(y)
    grads = {}
    for l in range(L, 0, -1):
        c = cache[l - 1]
        grads["dW" + str(l)] = c["in"].T @ grad_z
        grads["db" + str(l)] = grad_z.sum(0)
        grad_a = grad_z @ parameters["W" + str(l)].T
        if l > 1:
            grad_z = grad_a * (1 - c["in"] ** 2)
    return grads
"""


def lr2_par(r):
    n = [3, 6, 5, 4]
    p = {}
    for l in range(1, 4):
        p["W" + str(l)] = r.randn(n[l - 1], n[l])
        p["b" + str(l)] = 0.5 * r.randn(n[l])
    return p


def lr2_dat(r):
    return r.randn(7, 3), r.randint(0, 4, 7)


case(
    "deep-tanh-derivative-at-a",
    LDEEP_ROW,
    """grad_z = grad_a * (1 - c["in"] ** 2)""",
    """grad_z = grad_a * (1 - np.tanh(c["in"]) ** 2)""",
    lr2_par,
    lr2_dat,
    "grad_z",
    "c['in'] is already the activation a = tanh(z), so the derivative is 1 - a**2; the student took tanh a second time, at a instead of z.",
)

# ================================================================ RIGHT ones which look unusual
right(
    "right-rnn-double-loop",
    '''
def forward(X, Y, parameters):
    """X (N, T, D) rows; the loss reads the state at each step"""
    U, R, V, c = parameters["U"], parameters["R"], parameters["V"], parameters["c"]
    N, T, D = X.shape
    h = [np.zeros((N, R.shape[0]))]
    J = 0
    for t in range(T):
        h.append(np.tanh(X[:, t] @ U + h[t] @ R + c))
        J = J + ((h[t + 1] @ V - Y[:, t]) ** 2).sum()
    return J / (2 * N * T), h

def backward(X, Y, parameters, cache):
    """each loss is sent back through all earlier steps by itself; examples one by one; scaled at the end"""
    U, R, V, c = parameters["U"], parameters["R"], parameters["V"], parameters["c"]
    h = cache
    N, T, D = X.shape
    gU, gR, gV, gc = 0 * U, 0 * R, 0 * V, 0 * c
    for n in range(N):
        for t in range(T):
            e = h[t + 1][n] @ V - Y[n, t]
            gV += np.outer(h[t + 1][n], e)
            back = V @ e
            for k in range(t, -1, -1):
                z = back * (1 + h[k + 1][n]) * (1 - h[k + 1][n])
                gU += np.outer(X[n, k], z)
                gR += np.outer(h[k][n], z)
                gc += z
                back = R @ z
    s = 1.0 / (N * T)
    return {"dU": s * gU, "dR": s * gR, "dV": s * gV, "dc": s * gc}
''',
    lambda r: {"U": r.randn(3, 4), "R": 0.6 * r.randn(4, 4), "V": r.randn(4, 2), "c": r.randn(4)},
    lambda r: (r.randn(6, 5, 3), r.randn(6, 5, 2)),
)

right(
    "right-lstm-two-steps-unrolled",
    '''
def forward(x1, x2, y, parameters):
    Pf, Pi, Pg, Po = parameters["Pf"], parameters["Pi"], parameters["Pg"], parameters["Po"]
    s = lambda v: 1 / (1 + np.exp(-v))
    one = np.ones((1, x1.shape[1]))
    q1 = np.vstack([x1, np.zeros((Pf.shape[0], x1.shape[1])), one])
    i1, g1, o1 = Pi @ q1, Pg @ q1, Po @ q1
    c1 = s(i1) * np.tanh(g1)
    h1 = s(o1) * np.tanh(c1)
    q2 = np.vstack([x2, h1, one])
    f2, i2, g2, o2 = Pf @ q2, Pi @ q2, Pg @ q2, Po @ q2
    c2 = s(f2) * c1 + s(i2) * np.tanh(g2)
    h2 = s(o2) * np.tanh(c2)
    return np.mean((h2 - y) ** 2), (q1, i1, g1, o1, c1, q2, f2, i2, g2, o2, c2, h2)

def backward(x1, x2, y, parameters, cache):
    """the pre-activations are cached, the bias is the last column of each matrix"""
    Pf, Pi, Pg, Po = parameters["Pf"], parameters["Pi"], parameters["Pg"], parameters["Po"]
    q1, i1, g1, o1, c1, q2, f2, i2, g2, o2, c2, h2 = cache
    s = lambda v: 1 / (1 + np.exp(-v))
    ds = lambda v: np.exp(-v) / (1 + np.exp(-v)) ** 2
    dt = lambda v: 1 / np.cosh(v) ** 2
    nx, nh = x1.shape[0], Pf.shape[0]
    rows = slice(nx, nx + nh)
    dh2 = (h2 - y) / (0.5 * y.size)
    zo2 = dh2 * np.tanh(c2) * ds(o2)
    dc2 = dh2 * s(o2) * dt(c2)
    zf2, zi2, zg2 = dc2 * c1 * ds(f2), dc2 * np.tanh(g2) * ds(i2), dc2 * s(i2) * dt(g2)
    dh1 = (Pf.T @ zf2 + Pi.T @ zi2 + Pg.T @ zg2 + Po.T @ zo2)[rows]
    dc1 = dc2 * s(f2) + dh1 * s(o1) * dt(c1)
    zo1 = dh1 * np.tanh(c1) * ds(o1)
    zi1, zg1 = dc1 * np.tanh(g1) * ds(i1), dc1 * s(i1) * dt(g1)
    # the forget gate of step 1 multiplies c0 = 0
    return {"dPf": zf2 @ q2.T, "dPi": zi2 @ q2.T + zi1 @ q1.T,
            "dPg": zg2 @ q2.T + zg1 @ q1.T, "dPo": zo2 @ q2.T + zo1 @ q1.T}
''',
    lambda r: {"P" + g: 0.8 * r.randn(3, 6) for g in "figo"},
    lambda r: (r.randn(2, 5), r.randn(2, 5), r.randn(3, 5)),
)

right(
    "right-conv-flipped-kernel",
    '''
def forward(X, Y, parameters):
    """two convolutions (one channel), softplus between, a dense output; one example after another"""
    k1, k2, w = parameters["k1"], parameters["k2"], parameters["w"]
    def conv(a, k):
        p, q = k.shape
        z = np.zeros((a.shape[0] - p + 1, a.shape[1] - q + 1))
        for r in range(z.shape[0]):
            for s in range(z.shape[1]):
                for i in range(p):
                    for j in range(q):
                        z[r, s] += a[r + i, s + j] * k[i, j]
        return z
    J, cache = 0.0, []
    for x, y in zip(X, Y):
        z1 = conv(x, k1)
        a1 = np.log1p(np.exp(z1))
        z2 = conv(a1, k2)
        e = np.sum(z2 * w) - y
        J += e * e / 2
        cache.append((z1, a1, z2, e))
    return J / len(X), cache

def backward(X, Y, parameters, cache):
    k1, k2, w = parameters["k1"], parameters["k2"], parameters["w"]
    p, q = k2.shape
    dk1, dk2, dw = np.zeros_like(k1), np.zeros_like(k2), np.zeros_like(w)
    for x, (z1, a1, z2, e) in zip(X, cache):
        e = e / len(X)
        dw += z2 * e
        dz2 = e * w
        R, S = dz2.shape
        for i in range(p):
            for j in range(q):
                dk2[i, j] += np.vdot(a1[i:i + R, j:j + S], dz2)
        # a full correlation of the padded dz2 with the kernel turned by 180 degrees
        pad = np.pad(dz2, ((p - 1, p - 1), (q - 1, q - 1)))
        turned = k2[::-1, ::-1]
        da1 = np.array([[np.sum(pad[r:r + p, s:s + q] * turned) for s in range(a1.shape[1])] for r in range(a1.shape[0])])
        dz1 = da1 * (1 - np.exp(-a1))        # softplus' is the sigmoid, here from a1
        R, S = dz1.shape
        for i in range(k1.shape[0]):
            for j in range(k1.shape[1]):
                dk1[i, j] += (x[i:i + R, j:j + S] * dz1).sum()
    return dict(dk1=dk1, dk2=dk2, dw=dw)
''',
    lambda r: {"k1": r.randn(2, 3), "k2": r.randn(3, 2), "w": r.randn(2, 3)},
    lambda r: (r.randn(2, 5, 6), r.randn(2)),
)

right(
    "right-pool-argmax-add-at",
    '''
def forward(X, labels, parameters):
    """rows of X are signals: linear, max over overlapping windows of 3, softmax of the pooled values"""
    F, o = parameters["F"], parameters["o"]
    S = X @ F + o
    N, L = S.shape
    P = np.zeros((N, L - 2))
    where = np.zeros((N, L - 2), dtype=int)
    for n in range(N):
        for j in range(L - 2):
            where[n, j] = j + np.argmax(S[n, j:j + 3])
            P[n, j] = S[n, where[n, j]]
    lse = np.log(np.exp(P).sum(axis=1))
    J = (lse - P[np.arange(N), labels]).sum()
    return J, {"P": P, "where": where, "lse": lse}

def backward(X, labels, parameters, cache):
    P, where, lse = cache["P"], cache["where"], cache["lse"]
    N, K = P.shape
    dP = np.exp(P - lse[:, None])
    np.subtract.at(dP, (np.arange(N), labels), 1)
    dS = np.zeros((N, K + 2))
    np.add.at(dS, (np.arange(N)[:, None], where), dP)
    return {"dF": np.einsum("ni,nj->ij", X, dS), "do": np.ones(N) @ dS}
''',
    lambda r: {"F": r.randn(4, 7), "o": r.randn(7)},
    lambda r: (r.randn(6, 4), r.randint(0, 5, 6)),
)

right(
    "right-attention-jacobian-float32",
    '''
def forward(X, Y, parameters):
    """causal attention, the mask is -1e9; the data are float32"""
    WQ, WK, WV = parameters["WQ"], parameters["WK"], parameters["WV"]
    Q, K, V = X.dot(WQ), X.dot(WK), X.dot(WV)
    scores = Q.dot(K.T) / np.sqrt(WQ.shape[1])
    scores = np.where(np.tril(np.ones(scores.shape)) > 0, scores, -1e9)
    P = np.exp(scores - scores.max(axis=1, keepdims=True))
    P = P / P.sum(axis=1, keepdims=True)
    out = P.dot(V)
    return np.abs(out - Y).sum(), (Q, K, V, P, out)

def backward(X, Y, parameters, cache):
    """row after row with the whole Jacobian of the softmax; no mask needed as P is 0 there"""
    Q, K, V, P, out = cache
    T, d = Q.shape
    dout = np.sign(out - Y)
    dQ, dK, dV = np.zeros_like(Q), np.zeros_like(K), np.zeros_like(V)
    for t in range(T):
        jac = np.diag(P[t]) - np.outer(P[t], P[t])
        dscore = jac @ (V @ dout[t])
        dV += np.outer(P[t], dout[t])
        for s in range(T):
            dQ[t] += dscore[s] * K[s] / d ** 0.5
            dK[s] += dscore[s] * Q[t] / d ** 0.5
    return {"dWQ": X.T.dot(dQ), "dWK": X.T.dot(dK), "dWV": X.T.dot(dV)}
''',
    lambda r: {"WQ": 0.7 * r.randn(3, 4), "WK": 0.7 * r.randn(3, 4), "WV": r.randn(3, 2)},
    lambda r: (r.randn(6, 3).astype(np.float32), r.randn(6, 2).astype(np.float32)),
)

right(
    "right-layernorm-jacobian",
    '''
def forward(X, Y, parameters):
    W, scale, shift = parameters["W"], parameters["scale"], parameters["shift"]
    A = X.dot(W)
    mu = A.mean(1)
    sd = np.sqrt(A.var(1) + 1e-3)
    out = (A - mu[:, None]) / sd[:, None] * scale + shift
    J = np.sum(np.log(np.cosh(out - Y))) / len(X)
    return J, [A, mu, sd, out]

def backward(X, Y, parameters, cache):
    """one example at a time, the d x d Jacobian written down"""
    W, scale, shift = parameters["W"], parameters["scale"], parameters["shift"]
    A, mu, sd, out = cache
    n, d = A.shape
    g = np.tanh(out - Y)
    dW, dscale = np.zeros(W.shape), np.zeros(d)
    centre = np.eye(d) - np.ones((d, d)) / d
    for i in range(n):
        u = A[i] - mu[i]
        jac = centre / sd[i] - np.outer(u, u) / (d * sd[i] ** 3)
        dW += np.outer(X[i], jac @ (scale * g[i]))
        dscale += g[i] * u / sd[i]
    return {"dW": dW / n, "dscale": dscale / n, "dshift": g.mean(axis=0)}
''',
    lambda r: {"W": r.randn(3, 5), "scale": 1 + 0.3 * r.randn(5), "shift": r.randn(5)},
    lambda r: (r.randn(7, 3), r.randn(7, 5)),
)

right(
    "right-residual-shared-weight-kink",
    '''
def forward(X, Y, parameters):
    """a = x + relu(W x), then the same W again; no biases; the first example is all zero (ReLU at its kink)"""
    W, V = parameters["W"], parameters["V"]
    z1 = W @ X
    a1 = X + np.where(z1 > 0, z1, 0)
    z2 = W @ a1
    a2 = a1 + np.where(z2 > 0, z2, 0)
    r = Y - V @ a2
    return 0.5 * np.mean(np.sum(r * r, axis=0)), (z1, a1, z2, a2, r)

def backward(X, Y, parameters, cache):
    W, V = parameters["W"], parameters["V"]
    z1, a1, z2, a2, r = cache
    m = X.shape[1]
    dV = -(r @ a2.T) / m
    d = -(V.T @ r)
    step = np.where(z2 >= 0, d, 0.0)
    dW = step @ a1.T
    d += W.T @ step                   # in place: the straight path is already in d
    dW += np.where(z1 < 0, 0.0, d) @ X.T
    dW /= m
    return {"dW": dW, "dV": dV}
''',
    lambda r: {"W": r.randn(4, 4), "V": r.randn(3, 4)},
    lambda r: (r.randn(4, 6) * (np.arange(6) > 0), r.randn(3, 6)),
)

right(
    "right-scalar-log-derivative",
    '''
def forward(x, parameters):
    """h = u**v * cos(u*x) / (1 + v**2)**0.5"""
    u, v = parameters["u"], parameters["v"]
    a = u ** v
    t = u * x
    b = np.cos(t)
    n = (1 + v ** 2) ** 0.5
    h = a * b / n
    return h, (a, t, b, n, h)

def backward(x, parameters, cache):
    u, v = parameters["u"], parameters["v"]
    a, t, b, n, h = cache
    grad_a, grad_b = h / a, h / b
    grad_n = -h / n
    grad_u = grad_a * a * v / u
    grad_v = grad_a * a * np.log(u)
    grad_v += grad_n * v / n
    grad_t = -(1 - b ** 2) ** 0.5 * np.sign(np.sin(t)) * grad_b
    grad_u += x * grad_t
    return {"du": grad_u, "dv": grad_v}
''',
    lambda r: {"u": np.array(0.6 + r.rand()), "v": np.array(1 + r.rand())},
    lambda r: (np.array(0.5 + 0.2 * r.rand()),),
)

right(
    "right-deep-negative-errors",
    '''
def forward(X, Y, parameters):
    L = len(parameters) // 2
    acts = [X]
    for l in range(1, L + 1):
        acts.append(1 / (1 + np.exp(-(parameters["W" + str(l)] @ acts[-1] + parameters["b" + str(l)]))))
    P = acts[-1]
    J = -np.mean(Y * np.log(P) + (1 - Y) * np.log(1 - P))
    return J + 0.05 * sum(np.sum(parameters["W" + str(l)] ** 2) for l in range(1, L + 1)), acts

def backward(X, Y, parameters, cache):
    """carries the errors Y - P (the negative gradient) as old books do; the mean is taken at the end"""
    grads, err = {}, Y - cache[-1]
    for l in range(len(cache) - 1, 0, -1):
        W = parameters["W" + str(l)]
        grads["dW" + str(l)] = 0.1 * W - np.einsum("im,jm->ij", err, cache[l - 1]) / Y.size
        grads["db" + str(l)] = -err.sum(axis=1).reshape(-1, 1) / Y.size
        err = (W.T @ err) * (cache[l - 1] - cache[l - 1] ** 2)
    return grads
''',
    lambda r: {
        "W1": r.randn(5, 3),
        "b1": r.randn(5, 1),
        "W2": r.randn(4, 5),
        "b2": r.randn(4, 1),
        "W3": r.randn(2, 4),
        "b3": r.randn(2, 1),
    },
    lambda r: (r.randn(3, 7), 1.0 * (r.rand(2, 7) > 0.5)),
)

right(
    "right-deep-saturated-logits",
    '''
def forward(X, Y, parameters):
    """large inputs: many tanh are saturated; a loss stable in the logits, labels -1 and 1"""
    pairs, a = [], X
    L = len(parameters) // 2
    for l in range(1, L + 1):
        z = a.dot(parameters["W" + str(l)]) + parameters["b" + str(l)]
        pairs.append((a, z))
        a = np.tanh(z) if l < L else z
    return np.logaddexp(0, -Y * a).sum() / Y.shape[0], pairs

def backward(X, Y, parameters, cache):
    out = {}
    margin = Y * cache[-1][1]
    delta = -Y * 0.5 * (1 - np.tanh(margin / 2)) / Y.shape[0]
    for l, (a, z) in reversed(list(enumerate(cache, start=1))):
        out["dW" + str(l)] = sum(np.outer(a[i], delta[i]) for i in range(len(a)))
        out["db" + str(l)] = delta.T.dot(np.ones((len(a), 1))).T
        if l > 1:
            delta = delta.dot(parameters["W" + str(l)].T) * (1 - a) * (1 + a)
    return out
''',
    lambda r: {
        "W1": 2 * r.randn(3, 6),
        "b1": r.randn(1, 6),
        "W2": r.randn(6, 4),
        "b2": r.randn(1, 4),
        "W3": 2 * r.randn(4, 1),
        "b3": r.randn(1, 1),
    },
    lambda r: (3 * r.randn(8, 3), np.sign(r.randn(8, 1))),
)
