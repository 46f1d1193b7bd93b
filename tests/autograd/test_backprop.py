"""`check_backprop`: mistakes planted in derivations by hand are found, placed and named.

The derivation is the course's for networks of any depth, written with a hook at every line. A
mistake changes one line; every line after it goes on with its wrong value, as in a student's code.
"""

from __future__ import annotations

import json
import math
import pickle
import re

import numpy as np
import pytest

import nn
from autograd import GradientError, Tensor, check_backprop, compare_backprop
from tests.autograd.mistakes.programs import module_of

MODELS = {
    "shallow": ([3, 4, 1], ["tanh"], 8),
    "deep": ([3, 5, 4, 1], ["tanh", "relu"], 9),
    "sigmoids": ([2, 6, 5, 1], ["sigmoid", "sigmoid"], 7),
}


def model(name: str, seed: int = 0):
    """Return J, the caches and the labels of a network with random parameters."""
    n, g, m = MODELS[name]
    rng = np.random.default_rng(seed)
    net = nn.Network(n, hidden=g, rng=seed + 1)
    for i in range(1, net.L + 1):
        net[f"b{i}"] = 0.3 * rng.normal(size=net[f"b{i}"].shape)
    X, Y = rng.normal(size=(n[0], m)), (np.arange(m) % 2).astype(float)[None]
    A, caches = nn.by_hand.forward(net.as_dict(), X, hidden=g)
    return nn.cost(net, X, Y), A, Y, caches


def derive(A, Y, caches, at: str = "", change=None):
    """Return the whole derivation, with one line changed."""
    L, m = len(caches), Y.shape[1]
    hand = {}

    def line(name, right, **known):
        hand[name] = change(right, **known) if name == at else right
        return hand[name]

    dZ = line(f"dZ{L}", A - Y, Z=caches[-1].Z, A=A, Y=Y, m=m)
    for l in range(L, 0, -1):  # noqa: E741
        c = caches[l - 1]
        line(f"dW{l}", dZ @ c.A_previous.T / m, dZ=dZ, c=c, m=m)
        line(f"db{l}", dZ.sum(axis=1, keepdims=True) / m, dZ=dZ, c=c, m=m)
        if l > 1:
            b = caches[l - 2]
            dA = line(f"dA{l - 1}", c.W.T @ dZ, dZ=dZ, c=c, m=m)
            slope = nn.by_hand.ACTIVATIONS[b.g][1](b.Z)
            dZ = line(f"dZ{l - 1}", dA * slope, dA=dA, Z=b.Z, A=b.A, m=m, slope=slope)
    return hand


MISTAKES = {
    "W": {
        "1/m missing": ("scale", lambda r, dZ, c, m: r * m),
        "1/m twice": ("scale", lambda r, dZ, c, m: r / m),
        "twice": ("scale", lambda r, dZ, c, m: 2 * r),
        "sign": ("sign", lambda r, dZ, c, m: -r),
        "transposed": ("shape", lambda r, dZ, c, m: r.T),
        "plus W": ("term", lambda r, dZ, c, m: r + 0.1 * c.W),
        "squared": ("unknown", lambda r, dZ, c, m: r**2),
    },
    "b": {
        "1/m missing": ("scale", lambda r, dZ, c, m: r * m),
        "not summed": ("shape", lambda r, dZ, c, m: dZ / m),
        "keepdims": ("shape", lambda r, dZ, c, m: dZ.sum(axis=1) / m),
        "wrong axis": ("shape", lambda r, dZ, c, m: dZ.sum(axis=0, keepdims=True) / m),
        "sign": ("sign", lambda r, dZ, c, m: -r),
    },
    "A": {
        "sign": ("sign", lambda r, dZ, c, m: -r),
        "twice": ("scale", lambda r, dZ, c, m: 2 * r),
        "not finite": ("nan", lambda r, dZ, c, m: r * np.nan),
    },
    "Z": {
        "slope missing": ("factor", lambda r, dA, Z, A, m, slope: dA),
        "value for slope": ("factor", lambda r, dA, Z, A, m, slope: dA * Z),
        "A for slope": ("factor", lambda r, dA, Z, A, m, slope: dA * A),
        "1 - A": ("factor", lambda r, dA, Z, A, m, slope: dA * (1 - A)),
        "sign": ("sign", lambda r, dA, Z, A, m, slope: -r),
        "divided by m": ("scale", lambda r, dA, Z, A, m, slope: r / m),
    },
}


def bank():
    for name, (n, _, _) in MODELS.items():
        L = len(n) - 1
        for letter, mistakes in MISTAKES.items():
            for l in range(1, L + 1):  # noqa: E741
                if letter in "AZ" and l == L:
                    continue
                for what, (kind, change) in mistakes.items():
                    yield pytest.param(
                        name, f"d{letter}{l}", kind, change, id=f"{name}-d{letter}{l}-{what}"
                    )


@pytest.mark.parametrize(("name", "at", "kind", "change"), [*bank()])
def test_a_planted_mistake_is_placed_and_named(name, at, kind, change) -> None:
    J, A, Y, caches = model(name)
    report = check_backprop(J, derive(A, Y, caches, at, change))
    assert not report
    assert [row.name for row in report.mistakes] == [at], report
    assert kind in {cause.kind for cause in report.mistakes[0].causes}, report
    assert report.mistakes[0].causes[0].kind in {kind, "factor", "operand", "upstream"}, report


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("seed", range(8))
def test_right_derivations_are_right_in_both_conventions(name, seed) -> None:
    J, A, Y, caches = model(name, seed)
    hand = derive(A, Y, caches)
    report = check_backprop(J, hand)
    assert report, report
    assert "the notes' convention" in str(report)
    m = Y.shape[1]
    of_J = {k: v / m if k[1] in "AZ" else v for k, v in hand.items()}
    report = check_backprop(J, of_J)
    assert report, report
    assert "convention" not in str(report)
    for _ in range(3):  # any part of it
        some = {k: hand[k] for k in np.random.default_rng(seed).permutation([*hand])[:4]}
        assert check_backprop(J, some)
    single = {k: v.astype(np.float32) for k, v in hand.items()}
    assert check_backprop(J, single)
    J.backward()
    assert check_backprop(J, hand)  # after a backward pass, too


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda A, Y: Y - A, "sign"),
        (lambda A, Y: 2 * (A - Y), "scale"),
        (lambda A, Y: A, None),
        (lambda A, Y: A + Y, None),
    ],
)
def test_the_first_line_may_be_the_wrong_one(change, kind) -> None:
    J, A, Y, caches = model("deep")
    L = len(caches)
    report = check_backprop(J, derive(A, Y, caches, f"dZ{L}", lambda r, **k: change(A, Y)))
    assert [row.name for row in report.mistakes] == [f"dZ{L}"], report
    assert {row.status for row in report.rows[1:]} == {"follows"}
    if kind is not None:
        assert report.mistakes[0].causes[0].kind == kind


def test_several_mistakes_all_show() -> None:
    J, A, Y, caches = model("deep")
    hand = derive(A, Y, caches, "dZ2", lambda r, dA, **k: dA)
    hand["dW1"] = hand["dW1"] * Y.shape[1]
    hand["db3"] = -hand["db3"]
    report = check_backprop(J, hand)
    assert {row.name for row in report.mistakes} == {"dZ2", "dW1", "db3"}
    assert "3 mistakes, first in " in str(report)


def test_values_that_were_mixed_up_are_named() -> None:
    J, A, Y, caches = model("deep")
    m = Y.shape[1]
    dZ = derive(A, Y, caches)["dZ2"]
    for wrong, words in (
        (dZ @ caches[0].Z.T / m, "Z1 stands in the place of A1"),
        ((caches[1].W @ caches[0].A) @ caches[0].A.T / m, ""),
    ):
        (row,) = check_backprop(J, {"dZ2": dZ, "dW2": wrong}).mistakes
        assert words in row.causes[0].sentence
    W = Tensor([[1.0, 2.0]], name="W", requires_grad=True)
    X = np.array([[1.0, 2.0], [3.0, -1.0]])
    J = (W @ X).sum() + (W * W).sum()
    (row,) = check_backprop(J, {"dW": X.sum(axis=1)[None]}).mistakes
    assert row.causes[0].kind == "path"


def test_a_report_reads_well_and_by_programs() -> None:
    J, A, Y, caches = model("shallow")
    hand = derive(A, Y, caches, "dW2", lambda r, m, **k: r * m)
    report = check_backprop(J, hand)
    text = str(report).splitlines()
    assert text[0] == (
        "check_backprop: 1 mistake, first in dW2: it is 8 times too large: an average over 8 lacks "
        "its 1/8"
    )
    assert any(line.startswith("  dW1  right    dW1 = dZ1 @ Xᵀ / 8") for line in text)
    assert any(line.startswith("  db1  right    db1 = Σ dZ1 / 8") for line in text)
    assert any("dZ1  right    dZ1 = dA1 · (1 − A1" in line for line in text)
    data = json.loads(json.dumps(report.to_dict()))
    assert data["right"] is False
    assert [row["name"] for row in data["rows"] if row["status"] == "WRONG"] == ["dW2"]
    with pytest.raises(GradientError, match="1 mistake, first in dW2"):
        report.raise_if_wrong()
    assert pickle.loads(pickle.dumps(report)) == report


def test_names_that_are_none_get_a_hint() -> None:
    J, A, Y, caches = model("shallow")
    hand = derive(A, Y, caches)
    nothing = r"nothing to compare. dW3: J was computed from nothing called W3; did you mean 'dW\d'"
    with pytest.raises(GradientError, match=nothing):
        check_backprop(J, {"dW3": hand["dW2"]})
    report = check_backprop(J, {"dW3": hand["dW2"], "dW2": hand["dW2"]})  # the rest is judged
    assert not report
    assert [(row.name, row.status) for row in report.rows] == [("dW2", "right"), ("dW3", "WRONG")]
    assert not check_backprop(J, {"dW3": hand["dW2"], "dW2": 3 * hand["dW2"]})
    other = Tensor([1.0], name="q", requires_grad=True)
    for key, said in ((other, "J was not computed from q"), ("dxyz", "there is dW1, ")):
        row = check_backprop(J, {key: [1.0], "dW2": hand["dW2"]}).rows[1]
        assert (row.status, said in row.causes[0].sentence) == ("WRONG", True), row
    x = Tensor([1.0, 2.0], name="x")
    w = Tensor([3.0, 4.0], name="w", requires_grad=True)
    report = check_backprop((w * x).sum(), {"dw": x.data, "dx": w.data})
    assert report  # data have a gradient too, which nobody asked for
    assert (
        report.rows[1].note
        == "x needs no gradient here: Tensor(…, requires_grad=True) gives it one"
    )
    with pytest.raises(GradientError, match="needs at least one quantity"):
        check_backprop(J, {})
    with pytest.raises(GradientError, match="the cost needs to be one number"):
        check_backprop(nn.Network([3, 2], rng=0)(np.ones((3, 2))), {"W1": 1})


def test_compare_backprop_knows_the_courses_names_and_convention() -> None:
    J, A, Y, caches = model("deep")
    report = compare_backprop(J, derive(A, Y, caches))
    assert report
    assert "without 1/9" in str(report)
    wrong = compare_backprop(J, {"dW1": derive(A, Y, caches)["dW1"] * 9})
    assert not wrong  # of a parameter it is a mistake


def test_a_factor_that_the_cost_does_not_average_by_is_no_convention() -> None:
    """Two features, two units: a doubled dZ is not "without 1/2"."""
    rng = np.random.default_rng(0)
    W = Tensor(rng.normal(size=(2, 2)), name="W", requires_grad=True)
    X, Y = rng.normal(size=(2, 5)), rng.normal(size=(2, 5))
    for mean, allowed in ((lambda S: S.sum(), False), (lambda S: S.sum() / 5, True)):
        Z = (W @ X).named("Z")
        J = mean((Z - Y) ** 2)
        dZ = 2 * (Z.numpy() - Y)
        report = check_backprop(J, {"dZ": dZ, "dW": dZ @ X.T / (5 if allowed else 1)})
        assert report, report
        report = check_backprop(J, {"dZ": 2 * dZ})
        assert [row.causes[0].kind for row in report.mistakes] == ["scale"], report


# -- other models ----------------------------------------------------------------------------------


def softmax_with_l2():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(4, 7)), np.eye(3)[:, rng.integers(0, 3, 7)]
    net = nn.Network([4, 6, 3], output="softmax", rng=1)
    A, caches = nn.by_hand.forward(net.as_dict(), X, output="softmax")
    loss = "softmax_cross_entropy"
    right = nn.by_hand.backward(A, Y, caches, loss=loss, l2=0.7)
    wrong = nn.by_hand.backward(A, Y, caches, loss=loss)["dW1"]
    hand = {k: v for k, v in right.items() if k not in ("dA0", "dA2")}
    return nn.cost(net, X, Y, penalty=nn.L2(0.7)), hand, {"dW1": (wrong, "path")}


def dropout():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(4, 7)), rng.integers(0, 2, (1, 7)).astype(float)
    net = nn.Network([4, 6, 5, 1], keep_prob=0.6, rng=1)
    J = nn.cost(net, X, Y)
    masks = {"D1": net.dropout1.D, "D2": net.dropout2.D}
    A, caches = nn.by_hand.forward(net.as_dict(), X, masks=masks, keep_prob=0.6)
    hand = {k: v for k, v in nn.by_hand.backward(A, Y, caches).items() if k[1] in "WbZ"}
    return J, hand, {"dW3": (7 * hand["dW3"], "scale")}


def batch_norm():
    rng = np.random.default_rng(0)
    shapes = {"x": (3, 8), "gamma": (3, 1), "beta": (3, 1)}
    x, gamma, beta = (
        Tensor(rng.normal(size=s), name=n, requires_grad=True) for n, s in shapes.items()
    )
    centred = x - x.mean(axis=1, keepdims=True)
    std = np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
    xhat = (centred / std).named("xhat")
    out = (gamma * xhat + beta).named("out")
    dout = rng.normal(size=(3, 8))
    J = (out * dout).sum()
    dxhat, h, s = dout * gamma.data, xhat.data, std.data
    means = dxhat.mean(axis=1, keepdims=True), (dxhat * h).mean(axis=1, keepdims=True)
    hand = {"dout": dout, "dxhat": dxhat, "dx": (dxhat - means[0] - h * means[1]) / s}
    hand |= {"dgamma": (dout * h).sum(axis=1, keepdims=True)}
    hand |= {"dbeta": dout.sum(axis=1, keepdims=True)}
    return J, hand, {"dx": (dxhat / s, None), "dxhat": (dout, "factor"), "dbeta": (dout, "shape")}


def recurrent():
    rng = np.random.default_rng(0)
    Wx = Tensor(rng.normal(size=(3, 2)) / 2, name="Wx", requires_grad=True)
    Wh = Tensor(rng.normal(size=(3, 3)) / 2, name="Wh", requires_grad=True)
    xs, h, hs = [rng.normal(size=(2, 1)) for _ in range(4)], np.zeros((3, 1)), []
    for t, x in enumerate(xs, 1):
        h = np.tanh(Wx @ x + Wh @ h).named(f"h{t}")
        hs.append(h)
    hand, dh, dWx, dWh = {}, 2 * h.data, 0, 0
    for t in (3, 2, 1, 0):
        hand[f"dh{t + 1}"] = dh
        dz = dh * (1 - hs[t].data ** 2)
        dWx = dWx + dz @ xs[t].T
        dWh = dWh + dz @ (hs[t - 1].data.T if t else np.zeros((1, 3)))
        dh = Wh.data.T @ dz
    last = {"dWx": (dz @ xs[0].T, "path"), "dh2": (hand["dh2"] * 2, "scale")}  # the last step only
    return (h**2).sum(), {**hand, "dWx": dWx, "dWh": dWh}, last


@pytest.mark.parametrize("make", [softmax_with_l2, dropout, batch_norm, recurrent])
def test_other_models_are_judged_step_by_step(make) -> None:
    J, hand, mistakes = make()
    report = check_backprop(J, hand)
    assert report, report
    assert len(report.rows) == len(hand)
    for name, (wrong, kind) in mistakes.items():
        report = check_backprop(J, {**hand, name: wrong})
        assert [row.name for row in report.mistakes] == [name], report
        assert kind in {None, report.mistakes[0].causes[0].kind}, report


# -- what a second reader found --------------------------------------------------------------------


def linear(mean):
    """Return J, Z, X and Y of a linear layer with a mean of squares of somebody's own."""
    rng = np.random.default_rng(0)
    W = Tensor(rng.normal(size=(2, 3)), name="W", requires_grad=True)
    X, Y = rng.normal(size=(3, 5)), rng.normal(size=(2, 5))
    Z = (W @ X).named("Z")
    return mean(Z - Y), Z, X, Y


def test_a_mean_with_one_half_has_the_notes_convention() -> None:
    for mean in (
        lambda E: (E**2).sum() / 10,
        lambda E: 1 / (2 * 5) * (E**2).sum(),
        lambda E: (E**2).sum() / 5 / 2,
        lambda E: 0.5 * (E**2).sum() / 5,
    ):
        J, Z, X, Y = linear(mean)
        dZ = Z.numpy() - Y
        report = check_backprop(J, {"dZ": dZ, "dW": dZ @ X.T / 5})
        assert report, report
        assert "without the average's 1/5" in str(report)
        report = check_backprop(J, {"dZ": dZ / 5, "dW": dZ @ X.T / 5})
        assert report, report
        assert not check_backprop(J, {"dZ": 2 * dZ, "dW": 2 * dZ @ X.T / 5})


def test_a_doubled_line_is_no_convention_of_a_half() -> None:
    J, Z, X, Y = linear(lambda E: 0.5 * (E**2).sum())
    dZ = Z.numpy() - Y
    assert check_backprop(J, {"dZ": dZ, "dW": dZ @ X.T})
    (row,) = check_backprop(J, {"dZ": 2 * dZ, "dW": 2 * dZ @ X.T}).mistakes
    assert (row.name, row.causes[0].kind) == ("dZ", "scale")


@pytest.mark.parametrize("scale", [1, 10, 30])
@pytest.mark.parametrize("seed", range(6))
def test_saturated_sigmoids_do_not_blame_the_derivation(scale, seed) -> None:
    rng = np.random.default_rng(seed)
    X, Y = scale * rng.normal(size=(3, 8)), (np.arange(8) % 2).astype(float)[None]
    w = Tensor(rng.normal(size=(1, 3)), name="w", requires_grad=True)
    Z = (w @ X).named("Z")
    with np.errstate(all="ignore"):
        A = 1 / (1 + np.exp(-Z))
        J = -(Y * np.log(A) + (1 - Y) * np.log(1 - A)).mean()
        dZ = 1 / (1 + np.exp(-Z.numpy())) - Y
        report = check_backprop(J, {"dZ": dZ, "dw": dZ @ X.T / 8})
    assert report, report


def test_where_the_reference_is_not_finite_nothing_is_right() -> None:
    w = Tensor([[40.0]], name="w", requires_grad=True)
    Z = (w @ np.ones((1, 1))).named("Z")
    A = 1 / (1 + np.exp(-Z))
    with np.errstate(all="ignore"):
        J = -np.log(1 - A).sum()
        report = check_backprop(J, {"dZ": np.array([[1.0]]), "dw": np.array([[1.0]])})
        wrong = check_backprop(J, {"dZ": np.array([[1.0]]), "dw": np.array([[-123.0]])})
    assert report
    assert "not judged" in str(report)
    assert [row.name for row in wrong.mistakes] == ["dw"]


@pytest.mark.parametrize("slope", [0.0, 1.0, 0.5])
def test_any_slope_of_a_kink_is_right(slope) -> None:
    Z = Tensor([[0.0, 1.0, -1.0]], name="Z", requires_grad=True)
    for f in (lambda z: np.maximum(0, z), lambda z: np.maximum(z, 0)):
        J = (f(Z) * np.array([[3.0, 2.0, 1.0]])).sum()
        assert check_backprop(J, {"dZ": [[3.0 * slope, 2.0, 0.0]]})
        assert not check_backprop(J, {"dZ": [[3.0 * slope, 2.0, 1.0]]})


@pytest.mark.parametrize("scale", [1, 100, 1e4])
def test_a_gradient_that_cancels_is_judged_by_what_was_summed(scale) -> None:
    rng = np.random.default_rng(1)
    b = Tensor(np.zeros((3, 1)), name="b", requires_grad=True)
    H = scale * rng.normal(size=(3, 50)) + b
    c = H - H.mean(axis=1, keepdims=True)
    out = c / np.sqrt((c**2).mean(axis=1, keepdims=True) + 1e-5)
    J = (out * rng.normal(size=(3, 50))).sum()
    assert check_backprop(J, {"db": np.zeros((3, 1))})
    assert not check_backprop(J, {"db": np.full((3, 1), 1.0 / scale)})


def test_small_gradients_are_judged_by_their_own_size() -> None:
    W = Tensor([[1e-12]], name="W", requires_grad=True)
    J = (W * W * 1e-12).sum()
    right = 2e-24
    assert check_backprop(J, {"dW": [[right]]})
    assert not check_backprop(J, {"dW": [[-7 * right]]})
    assert not check_backprop(J, {"dW": [[0.0]]})


@pytest.mark.parametrize("factor", ["2", "slope", "A"])
@pytest.mark.parametrize("average", [True, False])
def test_a_wrong_first_line_takes_no_other_with_it(factor, average) -> None:
    J, A, Y, caches = model("shallow")
    m = 1 if average else Y.shape[1]
    change = {
        "2": lambda r, **k: 2 * (A - Y) * m / Y.shape[1],
        "slope": lambda r, **k: (A - Y) * A * (1 - A) * m / Y.shape[1],
        "A": lambda r, **k: A * m / Y.shape[1],
    }[factor]
    hand = derive(A, Y, caches, "dZ2", change)
    if average:  # the whole derivation is of J
        hand = {k: v * Y.shape[1] if k[1] in "Wb" else v for k, v in hand.items()}
    report = check_backprop(J, hand)
    assert [row.name for row in report.mistakes] == ["dZ2"], report


# -- functions in the course's way -----------------------------------------------------------------


def forward(X, Y, parameters):
    m = Y.shape[1]
    Z1 = np.dot(parameters["W1"], X) + parameters["b1"]
    A1 = np.tanh(Z1)
    Z2 = np.dot(parameters["W2"], A1) + parameters["b2"]
    A2 = 1 / (1 + np.exp(-Z2))
    J = -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / m
    return J, {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2}


def backward(X, Y, parameters, cache):
    m = X.shape[1]
    dZ2 = cache["A2"] - Y
    dW2 = np.dot(dZ2, cache["A1"].T) / m
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dZ1 = np.dot(parameters["W2"].T, dZ2) * (1 - cache["A1"] ** 2)
    dW1 = np.dot(dZ1, X.T) / m
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}


def wrong_slope(X, Y, parameters, cache):
    m = X.shape[1]
    dZ2 = cache["A2"] - Y
    dZ1 = np.dot(parameters["W2"].T, dZ2) * (1 - cache["Z1"] ** 2)
    dW2 = np.dot(dZ2, cache["A1"].T) / m
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dW1 = np.dot(dZ1, X.T) / m
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m
    return dW1, db1, dW2, db2


def course():
    rng = np.random.default_rng(0)
    P = {"W1": rng.normal(size=(4, 3)), "b1": rng.normal(size=(4, 1))}
    P |= {"W2": rng.normal(size=(1, 4)), "b2": rng.normal(size=(1, 1))}
    return P, (rng.normal(size=(3, 6)), (np.arange(6) % 2).astype(float)[None])


def test_functions_are_run_as_they_are_and_their_variables_compared() -> None:
    P, data = course()
    before = {k: v.copy() for k, v in P.items()}
    report = check_backprop(forward, backward, P, data)
    assert report, report
    assert {row.name for row in report.rows} == {"dZ2", "dZ1", "dW1", "db1", "dW2", "db2"}
    report = check_backprop(forward, wrong_slope, P, data)
    assert [row.name for row in report.mistakes] == ["dZ1"]
    assert report.mistakes[0].causes[0].sentence.startswith("the factor is 1 − Z1²")
    assert {row.name for row in report.rows if row.status == "follows"} == {"dW1", "db1"}
    assert all(np.array_equal(P[k], before[k]) for k in P)


def test_functions_may_name_their_arguments_otherwise() -> None:
    P, data = course()

    def first(params, X, Y):
        return forward(X, Y, params)

    def cost_only(p, x, y):
        Z = p["w"] @ x
        return ((Z - y) ** 2).sum()

    assert check_backprop(first, lambda params, cache, X, Y: backward(X, Y, params, cache), P, data)
    w = np.array([[1.0, -2.0, 0.5]])
    assert check_backprop(
        cost_only, lambda p, x, y: {"w": 2 * (p["w"] @ x - y) @ x.T}, {"w": w}, data
    )
    assert not check_backprop(
        cost_only, lambda p, x, y: {"w": (p["w"] @ x - y) @ x.T}, {"w": w}, data
    )


def test_what_is_wrong_with_functions_is_said() -> None:
    P, data = course()

    def spoils(X, Y, parameters, cache):
        cache["A2"] -= Y
        return backward(X, Y, parameters, {**cache, "A2": cache["A2"] + Y})

    def raises(X, Y, parameters, cache):
        return cache["A3"]

    assert "changes the cache" in str(check_backprop(forward, spoils, P, data))
    report = check_backprop(forward, raises, P, data)
    assert [row.causes[0].kind for row in report.mistakes] == ["raises"]
    assert "it raises KeyError: 'A3'" in str(report)
    assert report.mistakes[0].line == raises.__code__.co_firstlineno + 1
    with pytest.raises(GradientError, match="one for each of 4 parameters, got tuple"):
        check_backprop(forward, lambda X, Y, parameters, cache: (1.0, 2.0), P, data)
    with pytest.raises(GradientError, match=r"needs to return J or \(J, cache\)"):
        check_backprop(lambda X, Y, parameters: parameters["W1"] @ X, backward, P, data)
    with pytest.raises(GradientError, match="or two functions"):
        check_backprop(forward, {"dW1": 1})
    with pytest.raises(GradientError, match="params needs a dict"):
        check_backprop(forward, backward, 3, data)


def layers(X, Y, parameters):
    A, caches = X, []
    for l in range(1, 3):  # noqa: E741
        A_prev, W, b = A, parameters[f"W{l}"], parameters[f"b{l}"]
        Z = W @ A_prev + b
        A = 1 / (1 + np.exp(-Z)) if l == 2 else np.maximum(0, Z)
        caches.append((A_prev, W, Z))
    J = -np.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A))
    return J, (caches, A)


def layers_back(X, Y, parameters, cache):
    caches, A = cache
    m, grads = X.shape[1], {}
    dZ = A - Y
    for l in (2, 1):  # noqa: E741
        A_prev, W, _Z = caches[l - 1]
        grads[f"dW{l}"] = dZ @ A_prev.T / m
        grads[f"db{l}"] = dZ.sum(axis=1, keepdims=True) / m
        if l > 1:
            dA = W.T @ dZ
            dZ = dA * (caches[l - 2][2] > 0)
    return grads


def test_variables_of_a_loop_are_compared_each_time() -> None:
    P, data = course()
    report = check_backprop(layers, layers_back, P, data)
    assert report, report
    seen = [(row.name, row.occurrence) for row in report.rows]
    assert seen == [
        *(("dZ", 1), ("dA", 1), ("dZ", 2)),
        *(("db2", 1), ("dW2", 1), ("db1", 1), ("dW1", 1)),
    ]
    assert "dZ:2  right    dZ1 = dA1 · ([Z1 > 0] + 0.5 · [Z1 = 0])" in str(report)


def test_course_idioms_run() -> None:
    P, data = course()

    def dropped(X, Y, parameters):
        A1 = np.tanh(parameters["W1"] @ X + parameters["b1"])
        D1 = np.random.rand(*A1.shape) < 0.8  # noqa: NPY002
        A1 = A1 * D1
        A1 = A1 / 0.8
        Z2 = parameters["W2"] @ A1 + parameters["b2"]
        return ((Z2 - Y) ** 2).sum(), {"D1": D1, "A1": A1, "Z2": Z2}

    def back(X, Y, parameters, cache):
        dZ2 = 2 * (cache["Z2"] - Y)
        dA1 = parameters["W2"].T @ dZ2
        dA1 = dA1 * cache["D1"] / 0.8
        dZ1 = dA1
        dZ1 = dZ1 * (1 - (cache["A1"] * 0.8) ** 2)
        grads = {"dW1": dZ1 @ X.T, "db1": dZ1.sum(axis=1, keepdims=True)}
        grads |= {"dW2": dZ2 @ cache["A1"].T, "db2": dZ2.sum(axis=1, keepdims=True)}
        return grads, 0.0

    np.random.seed(0)  # noqa: NPY002
    assert check_backprop(dropped, back, P, data), check_backprop(dropped, back, P, data)

    def in_place(X, Y, parameters, cache):
        grads = backward(X, Y, parameters, cache)
        dA1 = parameters["W2"].T @ (cache["A2"] - Y)
        dZ1 = dA1
        dZ1 *= 1 - cache["A1"] ** 2
        return grads

    assert check_backprop(forward, in_place, P, data)
    report = check_backprop(
        forward,
        lambda X, Y, parameters, cache: {"dW2": backward(X, Y, parameters, cache)["dW2"]},
        P,
        data,
    )
    assert "Not returned: dW1, db1, db2" in str(report)

    def of_dense(X, Y, dense):
        return ((dense @ X - Y) ** 2).sum()

    w = {"dense": np.ones((1, 3))}
    assert check_backprop(
        of_dense, lambda X, Y, dense: {"dense": 2 * (dense @ X - Y) @ X.T}, w, data
    )
    assert not check_backprop(
        of_dense, lambda X, Y, dense: {"dense": (dense @ X - Y) @ X.T}, w, data
    )


def test_a_list_of_parameters_has_the_names_of_its_items() -> None:
    P, data = course()

    def unpacked(X, Y, params):
        W1, b1, W2, b2 = params
        return forward(X, Y, {"W1": W1, "b1": b1, "W2": W2, "b2": b2})

    def back(X, Y, params, cache):
        _W1, _b1, W2, _b2 = params
        grads = backward(X, Y, {"W2": W2}, cache)
        return [grads[f"d{k}"] for k in P]

    report = check_backprop(unpacked, back, [*P.values()], data)
    assert report
    assert {row.name for row in report.rows} >= {"dW1", "db1", "dW2", "db2"}


def test_arguments_that_are_unknown_are_named() -> None:
    P, data = course()
    assert check_backprop(lambda X, Y, P: forward(X, Y, P), backward, P, data)
    with pytest.raises(GradientError, match="not lambd: rename it, or give it a default"):
        check_backprop(lambda X, Y, parameters, lambd: 0, backward, P, data)
    with pytest.raises(GradientError, match=r"data needs a pair \(X, Y\)"):
        check_backprop(forward, backward, P, data[0])
    with pytest.raises(GradientError, match="parameter 'l1' needs to be an array of numbers"):
        check_backprop(forward, backward, {"l1": "W"}, data)


# -- the line that makes it right ------------------------------------------------------------------

RIGHT = """
def backward(X, Y, parameters, cache):
    m = X.shape[1]
    dZ2 = cache["A2"] - Y
    dW2 = np.dot(dZ2, cache["A1"].T) / m
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dA1 = np.dot(parameters["W2"].T, dZ2)
    dZ1 = dA1 * (1 - cache["A1"] ** 2)
    dW1 = np.dot(dZ1, X.T) / m
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}
"""

SLIPS = [
    ('cache["A2"] - Y', 'cache["A2"] + Y'),
    ('cache["A2"] - Y', 'Y - cache["A2"]'),
    ('cache["A2"] - Y', 'cache["Z2"] - Y'),
    ('cache["A1"].T) / m\n    db2', 'cache["A1"].T)\n    db2'),
    ('cache["A1"].T) / m', 'cache["Z1"].T) / m'),
    ("np.sum(dZ2, axis=1, keepdims=True) / m", "np.sum(dZ2, axis=1, keepdims=True)"),
    ("np.sum(dZ2, axis=1, keepdims=True) / m", "np.mean(dZ2, axis=1, keepdims=True) / m"),
    ("np.sum(dZ1, axis=1, keepdims=True)", "np.sum(dZ1, axis=0, keepdims=True)"),
    ("np.sum(dZ1, axis=1, keepdims=True)", "np.sum(dZ1)"),
    ('np.dot(parameters["W2"].T, dZ2)', 'np.dot(dZ2.T, parameters["W2"])'),
    ('(1 - cache["A1"] ** 2)', '(1 - cache["A1"])'),
    ('(1 - cache["A1"] ** 2)', '(1 - cache["Z1"] ** 2)'),
    ('(1 - cache["A1"] ** 2)', '(1 + cache["A1"] ** 2)'),
    ('(1 - cache["A1"] ** 2)', 'cache["A1"] * (1 - cache["A1"])'),
    ('dA1 * (1 - cache["A1"] ** 2)', 'dA1 * 2 * (1 - cache["A1"] ** 2)'),
    ('dA1 * (1 - cache["A1"] ** 2)', 'dA1 - (1 - cache["A1"] ** 2)'),
    ("np.dot(dZ1, X.T) / m", "np.dot(dZ1, X.T)"),
    ("np.dot(dZ1, X.T) / m", "-np.dot(dZ1, X.T) / m"),
    ("np.dot(dZ1, X.T) / m", "np.dot(dA1, X.T) / m"),
    ("np.dot(dZ1, X.T) / m", "np.dot(dZ1, X.T).T / m"),
    ("np.dot(dZ1, X.T) / m", "np.dot(X, dZ1.T) / m"),
    ("m = X.shape[1]", "m = X.shape[0]"),
]


def loaded(text: str, path) -> object:
    """Return the function of a file, whose source can be read."""
    import importlib.util

    path.write_text("import numpy as np\n" + text, "utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.backward


@pytest.mark.parametrize("number", range(len(SLIPS)))
def test_a_line_is_found_that_makes_it_right_and_applied_it_does(number, tmp_path) -> None:
    right, slip = SLIPS[number]
    assert right in RIGHT
    P, data = course()
    wrong = loaded(RIGHT.replace(right, slip), tmp_path / f"wrong{number}.py")
    report = check_backprop(forward, wrong, P, data)
    assert not report
    if number == 9:  # and the next line does not run
        assert [(row.name, row.causes[0].kind) for row in report.mistakes] == [("dA1", "shape")]
    assert report.edit is not None, report
    lines = ("import numpy as np\n" + RIGHT.replace(right, slip)).splitlines()
    indent = " " * (len(lines[report.edit.line - 1]) - len(lines[report.edit.line - 1].lstrip()))
    lines[report.edit.line - 1] = indent + report.edit.after
    mended = loaded("\n".join(lines), tmp_path / f"mended{number}.py")
    assert check_backprop(forward, mended, P, data)
    assert f"line {report.edit.line}:" in str(report)
    assert report.to_dict()["edit"]["after"] == report.edit.after


def test_an_edit_that_returns_a_gradient_less_mends_nothing(tmp_path) -> None:
    """No single edit makes this line right; renaming the key that returns it would hide it."""
    P, data = course()
    text = RIGHT.replace("np.dot(dZ1, X.T) / m", "np.sin(np.dot(dZ1, X.T)) + 3")
    report = check_backprop(forward, loaded(text, tmp_path / "hidden.py"), P, data)
    assert [row.name for row in report.mistakes] == ["dW1"]
    assert report.edit is None


def test_a_list_of_parameters_gets_an_edit_too(tmp_path) -> None:
    P, data = course()

    def unpacked(X, Y, params):
        W1, b1, W2, b2 = params
        return forward(X, Y, {"W1": W1, "b1": b1, "W2": W2, "b2": b2})

    text = RIGHT.replace("parameters, cache):", "params, cache):\n    W1, b1, W2, b2 = params")
    text = text.replace('parameters["W2"]', "W2")
    assert check_backprop(unpacked, loaded(text, tmp_path / "right.py"), [*P.values()], data)
    text = text.replace("np.dot(dZ1, X.T) / m", "np.dot(dZ1, X.T)")
    report = check_backprop(unpacked, loaded(text, tmp_path / "wrong.py"), [*P.values()], data)
    assert report.edit.after == "dW1 = np.dot(dZ1, X.T) / m"


# -- functions as people write them ----------------------------------------------------------------


def test_an_untaken_branch_is_no_kink() -> None:
    """Where the condition is False the other branch counts: its slope is not a matter of taste."""
    z = Tensor([-2.0, -1.0, 3.0], name="z", requires_grad=True)
    J = np.where(z > 0, z, 0.2 * z).sum()
    assert check_backprop(J, {"dz": np.array([0.2, 0.2, 1.0])})
    assert not check_backprop(J, {"dz": np.array([0.0, 0.0, 1.0])})
    zero = Tensor([0.0, 3.0], name="z", requires_grad=True)
    J = np.where(zero > 0, zero, 0.2 * zero).sum()
    assert check_backprop(J, {"dz": np.array([0.2, 1.0])})
    assert check_backprop(J, {"dz": np.array([1.0, 1.0])})


@pytest.mark.parametrize(("slope", "right"), [(-1.0, True), (0.3, True), (1.0, True), (1.5, False)])
def test_the_slopes_of_an_absolute_value_at_zero_go_from_minus_one_to_one(slope, right) -> None:
    x = Tensor([0.0, -2.0], name="x", requires_grad=True)
    assert bool(check_backprop(abs(x).sum(), {"dx": np.array([slope, -1.0])})) == right


def convolved(X, Y, parameters):
    K, b = parameters["K"], parameters["b"]
    n = X.shape[0] - K.shape[0] + 1
    Z = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            Z[i, j] = np.sum(X[i : i + 2, j : j + 2] * K) + b
    A = np.maximum(Z, 0)
    return 0.5 * np.sum((A - Y) ** 2), (Z, A)


def convolved_back(X, Y, parameters, cache):
    Z, A = cache
    K = parameters["K"]
    dZ = (A - Y) * (Z > 0)
    dK, db = np.zeros_like(K), 0.0
    for i in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            dK += X[i : i + 2, j : j + 2] * dZ[i, j]
            db += dZ[i, j]
    return {"dK": dK, "db": db}


def overwritten(X, Y, parameters, cache):
    Z, A = cache
    K = parameters["K"]
    dZ = (A - Y) * (Z > 0)
    dK, db = np.zeros_like(K), 0.0
    for i in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            dK = X[i : i + 2, j : j + 2] * dZ[i, j]
            db += dZ[i, j]
    return {"dK": dK, "db": db}


def picture():
    rng = np.random.default_rng(3)
    data = rng.normal(size=(4, 4)), rng.normal(size=(3, 3))
    return {"K": rng.normal(size=(2, 2)), "b": np.array(0.3)}, data


def test_arrays_that_a_loop_fills_are_recorded() -> None:
    P, data = picture()
    report = check_backprop(convolved, convolved_back, P, data)
    assert report, report
    assert {"dZ", "dK", "db"} <= {row.name for row in report.rows}
    assert not any("differences" in note for note in report.notes)
    report = check_backprop(convolved, overwritten, P, data)
    assert [row.name for row in report.mistakes] == ["dK"]
    assert report.edit.after.startswith("dK += ")
    assert report.mistakes[0].causes[0].kind == "path"


def test_a_store_that_is_read_by_another_name_is_compared_with_differences() -> None:
    """A new array in its place would be another program: it is not taken for the user's."""

    def forward(X, Y, parameters):
        Z = np.zeros(3)
        seen = Z
        for i in range(3):
            Z[i] = float(parameters["w"][i]) * X[i]
        return np.sum((seen - Y) ** 2), Z

    def backward(X, Y, parameters, cache):
        return {"dw": 2 * (cache - Y) * X}

    w, data = {"w": np.array([1.0, -2.0, 0.5])}, (np.array([0.5, 1.0, 2.0]), np.ones(3))
    report = check_backprop(forward, backward, w, data)
    assert report, report
    assert any("differences" in note for note in report.notes)
    wrong = check_backprop(
        forward, lambda X, Y, parameters, cache: {"dw": (cache - Y) * X}, w, data
    )
    assert [row.causes[0].kind for row in wrong.mistakes] == ["scale"]


def test_a_cost_may_have_a_function_of_its_own() -> None:
    P, data = course()

    def predicts(X, parameters):
        _, cache = forward(X, data[1], parameters)
        return cache["A2"], cache

    def loss(A2, Y):
        return -np.mean(Y * np.log(A2) + (1 - Y) * np.log(1 - A2))

    def back(A2, Y, X, parameters, cache):
        return backward(X, Y, parameters, {**cache, "A2": A2})

    assert check_backprop(predicts, back, P, data, loss=loss)
    assert not check_backprop(predicts, back, P, data, loss=lambda A2, Y: 2 * loss(A2, Y))
    with pytest.raises(GradientError, match="pass loss= if the cost has a function of its own"):
        check_backprop(lambda X, parameters: predicts(X, parameters), back, P, data)


def test_parameters_may_be_nested_and_data_be_more_than_two() -> None:
    def forward(X, Y, weight, parameters):
        A = X
        for W, b in parameters:
            A = np.tanh(W @ A + b)
        return np.sum(weight * (A - Y) ** 2), A

    def backward(X, Y, weight, parameters, cache):
        (W1, b1), (W2, _) = parameters
        A1 = np.tanh(W1 @ X + b1)
        dZ2 = 2 * weight * (cache - Y) * (1 - cache**2)
        dZ1 = W2.T @ dZ2 * (1 - A1**2)
        return [
            (dZ1 @ X.T, dZ1.sum(axis=1, keepdims=True)),
            (dZ2 @ A1.T, dZ2.sum(axis=1, keepdims=True)),
        ]

    rng = np.random.default_rng(0)
    P = [(rng.normal(size=(n, m)), rng.normal(size=(n, 1))) for n, m in ((4, 3), (2, 4))]
    data = rng.normal(size=(3, 5)), rng.normal(size=(2, 5)), rng.random((2, 5))
    report = check_backprop(forward, backward, P, data)
    assert report, report
    assert len([row for row in report.rows if row.status == "right"]) >= 4

    def unweighted(X, Y, weight, parameters, cache):
        return backward(X, Y, np.ones_like(weight), parameters, cache)

    assert not check_backprop(forward, unweighted, P, data)


def test_each_time_of_a_loop_has_its_line_and_number() -> None:
    P, data = course()

    def wrong(X, Y, parameters, cache):
        caches, A = cache
        m, grads = X.shape[1], {}
        dZ = A - Y
        for l in (2, 1):  # noqa: E741
            A_prev, W, _Z = caches[l - 1]
            grads[f"dW{l}"] = dZ @ A_prev.T / m
            grads[f"db{l}"] = dZ.sum(axis=1, keepdims=True) / m
            if l > 1:
                dA = W.T @ dZ
                dZ = dA * (caches[l - 2][2] < 0)
        return grads

    report = check_backprop(layers, wrong, P, data)
    (row,) = report.mistakes
    assert (row.name, row.occurrence) == ("dZ", 2)
    assert row.line == wrong.__code__.co_firstlineno + 10
    assert report.edit.after == "dZ = dA * (caches[l - 2][2] > 0)"
    assert {"dW1", "db1"} == {r.name for r in report.rows if r.status == "follows"}


@pytest.mark.parametrize(
    ("name", "stands_for"),
    [
        ("dZ1", "Z1"),
        ("dz1", "Z1"),
        ("d_Z1", "Z1"),
        ("grad_Z1", "Z1"),
        ("Z1_grad", "Z1"),
        ("delta1", "Z1"),
        ("dJ_dZ1", "Z1"),
        ("dhidden", "hidden_layer"),
        ("dq", None),
        ("W1", None),
    ],
)
def test_names_of_derivatives_are_understood(name, stands_for) -> None:
    from autograd.placed import meant

    assert meant(name, {"Z1": 0, "hidden_layer": 0, "A1": 0}) == stands_for


def test_a_variable_that_means_something_else_is_not_called_wrong() -> None:
    """dA is that of Z here, as where a mask is multiplied in place; what is returned is right."""
    P, data = course()

    def back(X, Y, parameters, cache):
        dA2 = cache["A2"] - Y
        dA1 = parameters["W2"].T @ dA2
        dA1 *= 1 - cache["A1"] ** 2
        m = X.shape[1]
        grads = {"dW2": dA2 @ cache["A1"].T / m, "db2": dA2.sum(axis=1, keepdims=True) / m}
        return grads | {"dW1": dA1 @ X.T / m, "db1": dA1.sum(axis=1, keepdims=True) / m}

    report = check_backprop(forward, back, P, data)
    assert report, report
    assert "right, all" in str(report)


def test_what_the_inputs_hide_shows_at_others() -> None:
    def forward(X, Y, parameters):
        Z = parameters["w"] @ X + parameters["b"] ** 2
        return np.sum((Z - Y) ** 2), Z

    def backward(X, Y, parameters, cache):
        dZ = 2 * (cache - Y)
        return {"dw": dZ @ X.T, "db": 3 * parameters["b"] * np.sum(dZ, keepdims=True)}

    rng = np.random.default_rng(0)
    P = {"w": rng.normal(size=(1, 3)), "b": np.zeros((1, 1))}
    report = check_backprop(forward, backward, P, (rng.normal(size=(3, 4)), np.ones((1, 4))))
    assert [row.name for row in report.mistakes] == ["db"]
    assert any("hide it" in note for note in report.notes)


# -- what must not be called right, or wrong -------------------------------------------------------


def residual(Z):
    return np.maximum(Z, 0) + Z


@pytest.mark.parametrize(("slope", "right"), [(1.0, True), (2.0, True), (1.4, True), (0.0, False)])
def test_a_kink_beside_another_way_adds_up(slope, right) -> None:
    z = Tensor([0.0, -1.0], name="z", requires_grad=True)
    assert bool(check_backprop(residual(z).sum(), {"dz": np.array([slope, 1.0])})) == right


def test_a_mask_is_no_kink() -> None:
    z = Tensor([0.0, 3.0, -1.0, 2.0], name="z", requires_grad=True)
    J = np.where(np.array([True, False, True, True]), z, 0.0).sum()
    assert check_backprop(J, {"dz": np.array([1.0, 0.0, 1.0, 1.0])})
    assert not check_backprop(J, {"dz": np.array([0.0, 0.0, 1.0, 1.0])})


def test_the_finite_elements_beside_one_that_is_not_are_judged() -> None:
    a = Tensor([0.0, 0.5], name="a", requires_grad=True)
    with np.errstate(all="ignore"):
        J = (a * np.log(a)).sum()
        wrong = check_backprop(J, {"da": np.array([5.0, 77.0])})
        right = check_backprop(J, {"da": np.array([5.0, np.log(0.5) + 1])})
    assert not wrong
    assert [row.status for row in right.rows] == ["not compared"]


def test_a_lost_term_that_is_small_beside_the_others_is_seen() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(6, 2)) * [1e4, 0.1], rng.normal(size=6)

    def forward(X, Y, parameters):
        z = X @ parameters["w"]
        return np.sum((z - Y) ** 2) + 0.5 * np.sum(parameters["w"] ** 2), z

    def backward(X, Y, parameters, cache):
        return {"dw": 2 * X.T @ (cache - Y)}

    report = check_backprop(forward, backward, {"w": rng.normal(size=2)}, (X, y))
    assert [row.name for row in report.mistakes] == ["dw"]

    def close(X, Y, parameters, cache):
        return {"dw": (1 + 3e-8) * (2 * X.T @ (cache - Y) + parameters["w"])}

    w = {"w": rng.normal(size=2)}
    assert check_backprop(forward, close, w, (X, y))
    assert not check_backprop(forward, close, w, (X, y), tolerance=1e-10)


def test_what_is_not_returned_is_judged_all_the_same() -> None:
    P, data = course()

    def part(X, Y, parameters, cache):
        dZ2 = cache["A2"] - Y
        dA1 = parameters["W2"].T @ dZ2
        dZ1 = dA1 * (1 - cache["A1"])
        return {"dW2": dZ2 @ cache["A1"].T / X.shape[1] + 0 * dZ1.sum()}

    report = check_backprop(forward, part, P, data)
    assert [row.name for row in report.mistakes] == ["dZ1"]
    assert report.edit is None


@pytest.mark.parametrize("wrong", [False, True])
def test_parameters_that_a_loop_unpacks_stay_apart(wrong) -> None:
    def forward(X, Y, params):
        A = X
        kept = []
        for W in params:
            kept.append(A)
            A = np.tanh(W @ A)
        return np.sum((A - Y) ** 2), (kept, A)

    def backward(X, Y, params, cache):
        (X, A1), A2 = cache
        _, W2 = params
        d2 = 2 * (A2 - Y) * (1 - A2**2)
        d1 = W2.T @ d2 * (1 - A1**2)
        return [(-5 if wrong else 1) * d1 @ X.T, d2 @ A1.T]

    rng = np.random.default_rng(0)
    P = [rng.normal(size=(4, 3)), rng.normal(size=(2, 4))]
    data = rng.normal(size=(3, 5)), rng.normal(size=(2, 5))
    assert bool(check_backprop(forward, backward, P, data)) != wrong


def test_dropout_without_a_seed_is_refused_not_judged() -> None:
    stream = np.random.default_rng(5)

    def forward(X, Y, parameters):
        D = stream.random(X.shape) < 0.5
        return np.sum((parameters["w"] @ (X * D) - Y) ** 2), D

    def backward(X, Y, parameters, cache):
        return {"dw": 2 * (parameters["w"] @ (X * cache) - Y) @ (X * cache).T}

    rng = np.random.default_rng(0)
    with pytest.raises(GradientError, match="give different costs; seed what is random"):
        check_backprop(
            forward,
            backward,
            {"w": rng.normal(size=(1, 3))},
            (rng.normal(size=(3, 4)), np.ones((1, 4))),
        )


def test_a_search_meets_no_endless_loop(tmp_path) -> None:
    import time

    P, data = course()
    text = RIGHT.replace("    dZ2 =", "    l = 2\n    while l > 0:\n        l -= 1\n    dZ2 =", 1)
    text = text.replace("np.dot(dZ1, X.T) / m", "np.sin(np.dot(dZ1, X.T)) + 3")
    begun = time.perf_counter()
    report = check_backprop(forward, loaded(text, tmp_path / "loop.py"), P, data)
    assert [row.name for row in report.mistakes] == ["dW1"]
    assert time.perf_counter() - begun < 30


def test_methods_and_their_helpers_are_watched() -> None:
    class Net:
        def act(self, z):
            return np.tanh(z)

        def forward(self, X, Y, parameters):
            Z1 = parameters["W"] @ X
            A1 = self.act(Z1)
            return np.sum((A1 - Y) ** 2), A1

        def backward(self, X, Y, parameters, cache):
            dA1 = 2 * (cache - Y)
            dZ1 = dA1 * (1 - cache)
            return {"dW": dZ1 @ X.T}

    rng = np.random.default_rng(0)
    net, P = Net(), {"W": rng.normal(size=(2, 3))}
    report = check_backprop(
        net.forward, net.backward, P, (rng.normal(size=(3, 4)), rng.normal(size=(2, 4)))
    )
    assert [row.name for row in report.mistakes] == ["dZ1"]


def test_what_functions_print_is_printed_once(capsys) -> None:
    P, data = course()

    def told(X, Y, parameters):
        print("forward")
        return forward(X, Y, parameters)

    def back(X, Y, parameters, cache):
        print("backward")
        return {k: 2 * g for k, g in backward(X, Y, parameters, cache).items()}

    assert not check_backprop(told, back, P, data)
    assert capsys.readouterr().out.split() == ["forward", "backward"]


def test_a_large_cost_that_cannot_be_recorded_is_measured_in_part() -> None:
    import time

    def forward(X, Y, parameters):
        return math.fsum(((parameters["W"] @ X - Y) ** 2).ravel().tolist())

    def backward(X, Y, parameters):
        return {"dW": 2 * (parameters["W"] @ X - Y) @ X.T}

    rng = np.random.default_rng(0)
    P, data = {"W": rng.normal(size=(150, 150))}, (rng.normal(size=(150, 20)), np.zeros((150, 20)))
    begun = time.perf_counter()
    report = check_backprop(forward, backward, P, data)
    assert report, report
    assert any("elements, drawn at random" in note for note in report.notes)
    assert not check_backprop(
        forward, lambda X, Y, parameters: {"dW": (parameters["W"] @ X - Y) @ X.T}, P, data
    )
    assert time.perf_counter() - begun < 60


def test_a_gradient_that_is_not_returned_stands_in_the_first_line() -> None:
    P, data = course()

    def part(X, Y, parameters, cache):
        grads = backward(X, Y, parameters, cache)
        return {"dW1": grads["dW1"], "dW2": grads["dW2"], "db2": grads["db2"]}

    head = str(check_backprop(forward, part, P, data)).splitlines()[0]
    assert re.fullmatch(r"check_backprop: right, \d+ quantities; not returned: db1", head)
    with pytest.raises(GradientError, match=r"takes X, Y, .*, and there is no data; pass X, Y too"):
        check_backprop(forward, part, P)


def test_the_last_unknown_argument_is_the_cache() -> None:
    P, data = course()
    assert check_backprop(
        forward, lambda X, Y, parameters, kept: backward(X, Y, parameters, kept), P, data
    )


# -- from a shell ----------------------------------------------------------------------------------


def test_a_file_is_checked_from_a_shell(tmp_path, capsys) -> None:
    from autograd.__main__ import main

    assert main(["check", "--template"]) == 0
    text = capsys.readouterr().out
    file = tmp_path / "mine.py"
    file.write_text(text, "utf-8")
    assert main(["check", str(file)]) == 0
    assert capsys.readouterr().out.startswith("check_backprop: right, all 7 quantities")
    file.write_text(text.replace('dA1 * (1 - cache["A1"] ** 2)', "dA1"), "utf-8")
    assert main(["check", str(file)]) == 1
    assert (
        "1 mistake, first in dZ1: the derivative of A1 by Z1 is missing" in capsys.readouterr().out
    )
    assert main(["check", "--json", str(file)]) == 1
    assert json.loads(capsys.readouterr().out)["right"] is False
    for content, message in (
        ("forward = 1", "needs backward, X, Y, parameters"),
        ("1 / 0", "raised ZeroDivisionError"),
        (text.replace("return J, {", "return Z1, {"), r"needs to return J or"),
    ):
        file.write_text(content, "utf-8")
        assert main(["check", str(file)]) == 2
        assert message in capsys.readouterr().err
    assert main(["check", str(tmp_path / "none.py")]) == 2
    with pytest.raises(SystemExit):
        main(["check"])


def test_letters_in_a_wrong_formula_are_explained() -> None:
    """They are ours; beside dq or dv of the user's own they look like names."""
    a, b = Tensor([1.0, 2.0], name="a", requires_grad=True), Tensor([0.5, 3.0], name="b")
    J = ((a - b) ** 2 + np.sin(a * b)).sum()
    slope = 2 * (a.data - b.data) + np.cos(a.data * b.data) * b.data
    report = check_backprop(J, {"da": slope - 2 * (a.data - b.data)})
    formula = report.rows[0].formula
    (note,) = [n for n in report.notes if n.startswith("Values without a name: ")]
    letters = dict(part.split(" = ") for part in note.rstrip(".").split(": ")[1].split(", "))
    assert sorted(letters.values()) == ["a · b", "a − b"]
    assert all(f"d{letter}" in formula for letter in letters)
    right = check_backprop(J, {"da": slope})
    assert right
    assert right.notes == ()


def test_a_name_in_another_case_gets_a_hint() -> None:
    w = Tensor([1.0, 2.0], name="w", requires_grad=True)
    with pytest.raises(GradientError, match="did you mean 'dw'"):
        check_backprop((w * w).sum(), {"dW": np.ones(2)})


# -- a value in the place of another ---------------------------------------------------------------


def softmax_written_out():
    """A layer of sigmoids and a softmax of the same size, written with exp, and a penalty."""
    rng = np.random.default_rng(7)
    W1, W2 = (Tensor(rng.normal(size=(3, 3)), name=n, requires_grad=True) for n in ("W1", "W2"))
    b1, b2 = (Tensor(rng.normal(size=(3, 1)), name=n, requires_grad=True) for n in ("b1", "b2"))
    X, Y = Tensor(rng.normal(size=(3, 6)), name="X"), np.eye(3)[:, [0, 1, 2, 0, 1, 1]]
    Y = Tensor(Y, name="Y")
    Z1 = (W1 @ X + b1).named("Z1")
    A1 = (1 / (1 + np.exp(-Z1))).named("A1")
    Z2 = (W2 @ A1 + b2).named("Z2")
    E = np.exp(Z2).named("E")
    A2 = (E / E.sum(axis=0)).named("A2")
    J = -(Y * np.log(A2)).sum() / 6 + 0.35 / 6 * ((W1**2).sum() + (W2**2).sum())
    z = {t.name: t.numpy() for t in (W1, b1, W2, b2, X, Y, Z1, A1, Z2, A2)}
    z["dZ2"] = z["A2"] - z["Y"]
    z["dZ1"] = z["W2"].T @ z["dZ2"] * z["A1"] * (1 - z["A1"])
    right = {
        "dZ2": z["dZ2"],
        "dZ1": z["dZ1"],
        "dW2": (z["dZ2"] @ z["A1"].T + 0.7 * z["W2"]) / 6,
        "db2": z["dZ2"].sum(axis=1, keepdims=True) / 6,
    }
    return J, right, z


def test_the_slope_of_a_softmax_written_out_is_that_of_the_notes() -> None:
    J, right, _ = softmax_written_out()
    report = check_backprop(J, right)
    assert report
    assert next(row.formula for row in report.rows if row.name == "dZ2") == "dZ2 = A2 − Y"


@pytest.mark.parametrize(
    ("at", "wrong", "sentence"),
    [
        ("dZ2", lambda z: z["A1"] - z["Y"], "A1 stands in the place of A2"),
        ("dZ2", lambda z: z["A2"] - z["X"], "X stands in the place of Y"),
        (
            "dW2",
            lambda z: (z["dZ2"] @ z["A1"].T + 0.7 * z["W1"]) / 6,
            "W1 stands in the place of W2",
        ),
        (
            "dZ1",
            lambda z: z["W2"].T @ z["dZ2"] * z["Z1"] * (1 - z["A1"]),
            "Z1 stands in the place of A1",
        ),
        (
            "dZ1",
            lambda z: z["W2"].T @ z["dZ2"] * z["A1"] * (1 - z["A2"]),
            "A2 stands in the place of A1",
        ),
        # Each column of A − Y sums to 0, so the sum over all is rounding.
        ("db2", lambda z: np.full((3, 1), z["dZ2"].sum() / 6), "it is summed over all elements"),
    ],
)
def test_a_value_in_the_place_of_another_is_named(at, wrong, sentence) -> None:
    J, right, z = softmax_written_out()
    report = check_backprop(J, {"dZ2": z["dZ2"], at: wrong(z)})  # dZ2 shows the convention
    assert not report
    (mistake,) = report.mistakes
    assert mistake.name == at
    assert mistake.causes[0].sentence == sentence
    assert check_backprop(J, right)


def test_zeros_are_no_sum_over_all() -> None:
    J, _, _ = softmax_written_out()
    (mistake,) = check_backprop(J, {"db2": np.zeros((3, 1))}).mistakes
    assert "summed over all" not in mistake.causes[0].sentence


def test_a_slope_of_two_terms_is_in_brackets_and_what_is_spread_is_no_sum() -> None:
    """A = E / Σ E: the sum s goes to every element, so ds comes back as it is."""
    rng = np.random.default_rng(3)
    Z = Tensor(rng.normal(size=(4, 3)), name="Z", requires_grad=True)
    H = np.maximum(Z, 0).named("H")
    E = np.exp(H).named("E")
    s = E.sum(axis=0, keepdims=True).named("s")
    A = (E / s).named("A")
    J = (A**2).sum().named("J")
    e, t, a = E.numpy(), s.numpy(), A.numpy()
    hand = {"dA": 2 * a, "ds": (-2 * a * a / t).sum(axis=0, keepdims=True)}
    hand["dE"] = hand["ds"] + 2 * a / t
    hand["dH"] = hand["dE"] * e
    hand["dZ"] = hand["dH"] * (Z.numpy() > 0)
    report = check_backprop(J, hand)
    assert report
    formulas = {row.name: row.formula for row in report.rows}
    assert formulas["dE"] in ("dE = dA · (1 / s) + ds", "dE = ds + dA · (1 / s)")
    assert formulas["ds"].startswith("ds = Σ dA · ")
    assert formulas["dZ"] == "dZ = dH · ([Z > 0] + 0.5 · [Z = 0])"


@pytest.mark.parametrize("factor", [2.0, 3.0])
def test_a_whole_factor_is_no_root(factor: float) -> None:
    rng = np.random.default_rng(0)
    W, X = Tensor(rng.normal(size=(9, 4)), name="W", requires_grad=True), rng.normal(size=(4, 5))
    J = ((W @ X) ** 2).sum() + 0.3 * (W**2).sum()
    right = 2 * W.numpy() @ X @ X.T
    report = check_backprop(J, {"dW": right + factor * 0.6 * W.numpy()})
    assert "√" not in report.mistakes[0].causes[0].sentence


# -- dropout, as the course writes it --------------------------------------------------------------


def dropped(X, Y, parameters, keep_prob=0.8):
    np.random.seed(1)  # noqa: NPY002 - as the course has it
    Z1 = parameters["W1"] @ X + parameters["b1"]
    A1 = np.tanh(Z1)
    D1 = (np.random.rand(*A1.shape) < keep_prob).astype(int)  # noqa: NPY002
    A1 = A1 * D1
    A1 = A1 / keep_prob
    Z2 = parameters["W2"] @ A1 + parameters["b2"]
    A2 = 1 / (1 + np.exp(-Z2))
    J = -np.mean(Y * np.log(A2) + (1 - Y) * np.log(1 - A2))
    return J, (Z1, D1, A1, A2)


DROPOUT = """
def backward(X, Y, parameters, cache, keep_prob=0.8):
    Z1, D1, A1, A2 = cache
    dZ2 = (A2 - Y) / X.shape[1]
    dA1 = parameters["W2"].T @ dZ2
    {masked}
    {divided}
    dZ1 = dA1 * {slope}
    dW1, db1 = dZ1 @ X.T, dZ1.sum(axis=1, keepdims=True)
    dW2, db2 = dZ2 @ A1.T, dZ2.sum(axis=1, keepdims=True)
    return {{"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}}
"""


def undropping(
    name: str,
    masked: str = "dA1 = dA1 * D1",
    divided: str = "dA1 = dA1 / keep_prob",
    slope: str = "(1 - np.tanh(Z1) ** 2)",
):
    """Return a backward function of dropout; an empty line leaves its step out."""
    text = DROPOUT.format(masked=masked, divided=divided, slope=slope)
    return module_of(f"dropout_{name}", text).backward


UNDROPPED = undropping("right")
WITHOUT_MASK = undropping("without_mask", masked="")
WITHOUT_DROPOUT = undropping("without_dropout", masked="", divided="")
STEEP = undropping("steep", slope="(1 - np.tanh(Z1))")
UNDIVIDED = undropping("undivided", divided="")


@pytest.mark.parametrize(
    ("backward", "said", "mended"),
    [
        (WITHOUT_MASK, "the step ∂J/∂A1:1 = dA1:2 · D1 is left out", "* D1"),
        (WITHOUT_DROPOUT, "∂J/∂A1:1 = ∂J/∂A1:2 · D1 are left out", "* D1 / keep_prob"),
    ],
)
def test_what_dropout_does_to_derivatives_is_named(backward, said: str, mended: str) -> None:
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(3, 8)), (rng.random((1, 8)) > 0.5) * 1.0
    P = {"W1": (4, 3), "b1": (4, 1), "W2": (1, 4), "b2": (1, 1)}
    P = {k: rng.normal(size=shape) for k, shape in P.items()}
    assert check_backprop(dropped, UNDROPPED, P, (X, Y))
    report = check_backprop(dropped, backward, P, (X, Y))
    assert [row.name for row in report.mistakes] == ["dZ1"]
    assert said in report.verdict, report
    assert report.edit is not None
    assert report.edit.after.endswith(mended), report


@pytest.mark.parametrize(
    ("backward", "wrong"), [(UNDROPPED, []), (STEEP, ["dZ1"]), (UNDIVIDED, ["dA1"])]
)
def test_factors_may_come_back_in_another_order(backward, wrong: list[str]) -> None:
    """The course multiplies by D1 first, forward and back; the chain rule would divide first."""
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(3, 8)), (rng.random((1, 8)) > 0.5) * 1.0
    P = {"W1": (4, 3), "b1": (4, 1), "W2": (1, 4), "b2": (1, 1)}
    P = {k: rng.normal(size=shape) for k, shape in P.items()}
    report = check_backprop(dropped, backward, P, (X, Y))
    assert [row.name for row in report.mistakes] == wrong, report
    assert not any(row.status == "not compared" for row in report.rows)
    if backward is not UNDIVIDED:
        (row,) = [r for r in report.rows if (r.name, r.occurrence) == ("dA1", 2)]
        assert row.note == "right: the same factors, in another order"
