"""`check_backprop` of functions: how they may be called, edits in classes, several edits."""

from __future__ import annotations

import functools
import itertools
import time
from typing import Any

import numpy as np
import pytest

from autograd import GradientError, Tensor, check_backprop, edits, forcing
from autograd.limited import Allowance, Endless, Limited
from tests.autograd.mistakes.programs import RIGHT, module_of

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 2))
W, B = RNG.normal(size=(3, 2)), RNG.normal(size=2)
BOTH = {"W": W, "b": B}


def cost(X: Any, Y: Any, W: Any, b: Any) -> Any:
    E = X @ W + b - Y
    return (E**2).sum() / 2, (E,)


def slopes(X: Any, E: Any, factor: float = 1.0) -> tuple[Any, Any]:
    dE = factor * E
    return X.T @ dE, dE.sum(axis=0)


def one_by_one(X: Any, Y: Any, W: Any, b: Any, cache: Any) -> Any:
    return slopes(X, *cache)


def keyword_only(X: Any, Y: Any, *, W: Any, b: Any) -> Any:
    return cost(X, Y, W, b)


def keyword_only_back(X: Any, cache: Any, *, W: Any, b: Any) -> Any:
    return slopes(X, *cache)


def starred(X: Any, Y: Any, *params: Any) -> Any:
    return cost(X, Y, *params)


def starred_back(cache: Any, X: Any, *params: Any) -> Any:
    assert len(params) == 2
    return slopes(X, *cache)


def double_starred(X: Any, Y: Any, **params: Any) -> Any:
    return cost(X, Y, params["W"], params["b"])


def cache_starred(X: Any, params: Any, *cache: Any) -> Any:
    return slopes(X, *cache)


def in_a_dict(X: Any, Y: Any, params: Any) -> Any:
    return cost(X, Y, params["W"], params["b"])


@pytest.mark.parametrize(
    ("forward", "backward", "params"),
    [
        (cost, one_by_one, BOTH),
        (cost, one_by_one, [W, B]),
        (cost, one_by_one, (W, B)),
        (keyword_only, keyword_only_back, BOTH),
        (starred, starred_back, [W, B]),
        (double_starred, one_by_one, BOTH),
        (in_a_dict, cache_starred, BOTH),
    ],
)
def test_parameters_may_be_given_in_any_way_of_python(forward, backward, params) -> None:
    report = check_backprop(forward, backward, params, (X, Y))
    assert report, report
    assert len(report.rows) >= 2
    assert {row.status for row in report.rows} == {"right"}
    # and what is wrong is seen
    wrong = functools.partial(twice, backward)
    functools.update_wrapper(wrong, backward)
    assert not check_backprop(forward, wrong, params, (X, Y))


def twice(backward: Any, *arguments: Any, **named: Any) -> Any:
    dW, db = backward(*arguments, **named)
    return 2 * dW, db


def alone(X: Any, Y: Any, W: Any) -> Any:
    E = X @ W - Y
    return (E**2).sum() / 2, (E,)


def unpacked(X: Any, Y: Any, weights: Any) -> Any:
    (W,) = weights
    return alone(X, Y, W)


@pytest.mark.parametrize("result", [lambda g: g, lambda g: [g], lambda g: {"dW": g}])
def test_one_parameter_in_a_list_is_what_forward_takes_it_for(result) -> None:
    """A list of one array is a list to `weights[0]`, and an array to `X @ W`."""

    def back(X: Any, Y: Any, W: Any, cache: Any) -> Any:
        assert isinstance(W, np.ndarray)
        return result(X.T @ cache[0])

    def back_of_list(X: Any, Y: Any, weights: Any, cache: Any) -> Any:
        assert isinstance(weights, list)
        return result(X.T @ cache[0])

    for given in ([W], W):
        report = check_backprop(alone, back, given, (X, Y))
        assert report, report
        assert [row.name for row in report.rows] == ["dW"]
    assert check_backprop(unpacked, back_of_list, [W], (X, Y))


def test_what_partial_has_given_is_known() -> None:
    def forward(X: Any, Y: Any, W: Any, b: Any, lam: float) -> Any:
        J, cache = cost(X, Y, W, b)
        return J + lam / 2 * (W**2).sum(), cache

    def backward(X: Any, W: Any, cache: Any, lam: float) -> Any:
        dW, db = slopes(X, *cache)
        return {"dW": dW - lam * W, "db": db}

    given = functools.partial(forward, lam=0.1), functools.partial(backward, lam=0.1)
    report = check_backprop(*given, BOTH, (X, Y))
    assert [row.name for row in report.mistakes] == ["dW"]
    assert report.edit is not None
    assert report.edit.after == "return {'dW': dW + lam * W, 'db': db}"


def test_data_may_be_the_labels_alone() -> None:
    def forward(y: Any, theta: Any) -> Any:
        return ((theta["b"] - y) ** 2).sum(), None

    def backward(y: Any, theta: Any) -> Any:
        return {"db": 2 * (theta["b"] - y).sum(axis=0)}

    assert check_backprop(forward, backward, {"b": B}, (Y,))


def test_float_and_item_of_the_cost_are_left_out_of_a_record() -> None:
    def forward(X: Any, Y: Any, W: Any, b: Any) -> Any:
        E = X @ W + b - Y
        J = float(np.sum(E**2)) / 2
        return J + (0 * W).sum().item(), (E,)

    report = check_backprop(forward, one_by_one, BOTH, (X, Y))
    assert report, report
    assert report.notes == ()  # not by differences


# -- edits -----------------------------------------------------------------------------------------

NET = """
class Linear:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def __call__(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, g):
        self.dW = self.x.T @ g
        self.db = g.sum(axis=0)
        return g @ self.W.T

class Net:
    def __init__(self, p):
        self.first, self.last = Linear(p["W1"], p["b1"]), Linear(p["W2"], p["b2"])

    def forward(self, X):
        self.h = np.tanh(self.first(X))
        return self.last(self.h)

    def backward(self, g):
        g = self.last.backward(g)
        g = g * (1 - self.h ** 2)
        self.first.backward(g)

def forward(X, Y, p):
    net = Net(p)
    E = net.forward(X) - Y
    return (E ** 2).sum() / len(X), (net, E)

def backward(X, Y, p, cache):
    net, E = cache
    net.backward(2 * E / len(X))
    return {"dW1": net.first.dW, "db1": net.first.db, "dW2": net.last.dW, "db2": net.last.db}
"""
NET_P = {"W1": RNG.normal(size=(3, 5)), "b1": RNG.normal(size=5)}
NET_P |= {"W2": RNG.normal(size=(5, 2)), "b2": RNG.normal(size=2)}


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("return g @ self.W.T", "return g @ self.W.T * 2"),
        ("g = g * (1 - self.h ** 2)", "g = g * (1 - self.h)"),
        ("self.db = g.sum(axis=0)", "self.db = g.mean(axis=0)"),
        ("net.backward(2 * E / len(X))", "net.backward(E / len(X))"),
    ],
)
def test_a_line_of_a_method_is_mended_and_the_class_left_as_it_was(right, wrong) -> None:
    module = module_of("net_wrong", NET.replace(right, wrong))
    before = {name: methods(c) for name, c in vars(module).items() if isinstance(c, type)}
    report = check_backprop(module.forward, module.backward, NET_P, (X, Y))
    assert not report
    assert report.edit is not None, report
    lines = ["import numpy as np", *NET.splitlines()]
    assert lines[report.edit.line - 1].strip() == right
    assert before == {name: methods(getattr(module, name)) for name in before}
    assert check_backprop(*functions("net_right", NET), NET_P, (X, Y))


def methods(owner: type) -> dict[str, Any]:
    return {name: f for name, f in vars(owner).items() if callable(f)}


def functions(name: str, text: str) -> tuple[Any, Any]:
    module = module_of(name, text)
    return module.forward, module.backward


LAYERS = """
def forward(X, Y, p):
    Z1 = X @ p["W1"] + p["b1"]
    A1 = np.tanh(Z1)
    E = A1 @ p["W2"] + p["b2"] - Y
    return (E ** 2).sum() / len(X), (A1, E)

def backward(X, Y, p, cache):
    A1, E = cache
    dE = 2 * E / len(X)
    dW2 = A1.T @ dE
    db2 = dE.sum(axis=0)
    dA1 = dE @ p["W2"].T
    dZ1 = dA1 * (1 - A1 ** 2)
    dW1 = X.T @ dZ1
    db1 = dZ1.sum(axis=0)
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}
"""


def test_several_mistakes_are_mended_one_after_the_other() -> None:
    slips = {
        "db2 = dE.sum(axis=0)": "db2 = dE.mean(axis=0)",
        "dZ1 = dA1 * (1 - A1 ** 2)": "dZ1 = dA1 * (1 - A1)",
        "db1 = dZ1.sum(axis=0)": "db1 = -dZ1.sum(axis=0)",
    }
    text = functools.reduce(lambda t, slip: t.replace(*slip), slips.items(), LAYERS)
    report = check_backprop(*functions("three_slips", text), NET_P, (X, Y))
    assert [row.name for row in report.mistakes] == ["db2", "dZ1", "db1"]
    assert [edit.after for edit in report.edits] == [*slips]
    assert all(row.causes[0].edit is not None for row in report.mistakes)
    follows = {row.name: row.follows for row in report.mistakes}
    assert "dW1" in follows["dZ1"]
    assert "dW1" not in follows["db2"]
    assert {r.name for r in report.rows if r.status == "right"} == {"dE", "dW2", "dA1"}
    assert [e["after"] for e in report.to_dict()["edits"]] == [*slips]
    assert all(edit.after in report.markdown for edit in report.edits)


def test_a_parameter_that_is_updated_before_its_use_is_said_to_be() -> None:
    text = LAYERS.replace("    dA1 = dE", '    p["W2"] = p["W2"] - 0.1 * dW2\n    dA1 = dE')
    report = check_backprop(*functions("updated", text), NET_P, (X, Y))
    (mistake,) = report.mistakes
    assert mistake.name == "dA1"  # the first quantity that is wrong because of it
    assert mistake.causes[0].sentence.startswith("W2 is updated before it is used")
    assert report.edit is not None
    assert report.edit.before == "p['W2'] = p['W2'] - 0.1 * dW2"
    assert mistake.follows == ("dZ1", "dW1", "db1")


def test_a_line_of_a_loop_is_one_mistake() -> None:
    text = """
def forward(X, Y, p):
    a = X
    caches = []
    for t in range(3):
        z = a @ p["W"]
        a = np.tanh(z)
        caches.append(a)
    E = a - Y
    return (E ** 2).sum(), (caches, E)

def backward(X, Y, p, cache):
    caches, E = cache
    da = 2 * E
    dW = np.zeros_like(p["W"])
    for t in reversed(range(3)):
        dz = da * (caches[t] - caches[t] ** 2) / (1 + caches[t] ** 4)
        dW += (caches[t - 1] if t else X).T @ dz
        da = dz @ p["W"].T
    return {"dW": dW}
"""
    p = {"W": RNG.normal(size=(3, 3))}
    forward, backward = functions("looped", text)
    report = check_backprop(forward, backward, p, (X, RNG.normal(size=(4, 3))))
    assert [row.name for row in report.mistakes] == ["dz"]


def test_a_while_loop_is_edited_where_its_end_does_not_depend_on_it() -> None:
    """An edit of `tape.pop()` would never end; one beside it is found."""
    text = """
def forward(X, Y, p):
    tape, a = [], X
    for k in "12":
        a = np.tanh(a @ p["W" + k])
        tape.append((k, a))
    E = a - Y
    return (E ** 2).sum(), (tape, E)

def backward(X, Y, p, cache):
    tape, E = list(cache[0]), cache[1]
    grads, da = {}, 2 * E
    while tape:
        k, a = tape.pop()
        dz = da * (1 - a)
        before = tape[-1][1] if tape else X
        grads["dW" + k] = before.T @ dz
        da = dz @ p["W" + k].T
    return grads
"""
    p = {"W1": RNG.normal(size=(3, 4)), "W2": RNG.normal(size=(4, 2))}
    report = check_backprop(*functions("tape", text), p, (X, Y))
    assert report.edit is not None
    assert report.edit.after == "dz = da * (1 - a ** 2)"


def test_a_gradient_of_rounding_is_right_beside_an_exact_zero() -> None:
    """A bias before batch norm has the gradient 0; so has one that shifts all logits alike."""
    text = """
def forward(X, Y, p):
    z = X @ p["W"] + p["b"]
    u = z - z.mean(axis=0)
    xhat = u / np.sqrt((u ** 2).mean(axis=0) + 1e-5)
    s = xhat - xhat.max(axis=1, keepdims=True) + p["c"]
    prob = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
    return -(Y * np.log(prob)).sum() / len(X), (xhat, u, prob)

def backward(X, Y, p, cache):
    xhat, u, prob = cache
    N = len(X)
    ds = (prob * Y.sum(axis=1, keepdims=True) - Y) / N
    dxhat = ds - np.where(xhat == xhat.max(axis=1, keepdims=True), ds.sum(axis=1, keepdims=True), 0)
    sd = np.sqrt((u ** 2).mean(axis=0) + 1e-5)
    dz = (dxhat - dxhat.mean(axis=0) - xhat * (dxhat * xhat).mean(axis=0)) / sd
    return {"dW": X.T @ dz, "db": np.zeros_like(p["b"]), "dc": np.zeros(())}
"""
    p = {"W": RNG.normal(size=(3, 4)), "b": RNG.normal(size=4), "c": np.array(0.3)}
    data = RNG.normal(size=(6, 3)), RNG.normal(size=(6, 4))
    report = check_backprop(*functions("normed", text), p, data)
    assert report, report


def test_a_leading_axis_of_one_may_be_missing_between() -> None:
    text = LAYERS.replace(
        "A1 = np.tanh(Z1)", "mu = Z1.mean(axis=0, keepdims=True)\n    A1 = np.tanh(Z1 - mu)"
    ).replace(
        "    dW1 = X", "    dmu = -dZ1.sum(axis=0)\n    dZ1 = dZ1 + dmu / len(X)\n    dW1 = X"
    )
    right = functions("centred", text)
    assert check_backprop(*right, NET_P, (X, Y))
    wrong = functions("uncentred", text.replace("dW1 = X.T @ dZ1", "dW1 = 2 * X.T @ dZ1"))
    report = check_backprop(*wrong, NET_P, (X, Y))
    assert [row.name for row in report.mistakes] == ["dW1"]


# -- what must not happen --------------------------------------------------------------------------

SQUARES = """
def forward(X, Y, p):
    Z = X @ p["W"]
    return np.sum((Z - Y) ** 2), (Z,)
"""
ENDLESS = {
    "a step from outside of the loop": """
def backward(X, Y, p, cache):
    n, i = len(X), 0
    block = max(1, n // 2)
    dW = np.zeros_like(p["W"])
    while i < n:
        dW += X[i:i + block].T @ (cache[0] - Y)[i:i + block]
        i += block
    return {"dW": dW}
""",
    "a helper that converges": """
def root(a):
    x = np.ones_like(a)
    while np.abs(x * x - a).max() > 1e-9:
        x = (x + a / x) / 2
    return x

def backward(X, Y, p, cache):
    E = cache[0] - Y
    return {"dW": X.T @ (root(E ** 2) * np.sign(E))}
""",
}


@pytest.mark.parametrize("text", ENDLESS.values(), ids=ENDLESS)
def test_an_edit_that_never_ends_is_given_up(text) -> None:
    begun = time.perf_counter()
    report = check_backprop(*functions("endless", SQUARES + text), {"W": W}, (X, Y))
    assert [row.name for row in report.mistakes] == ["dW"]
    assert time.perf_counter() - begun < 20


def test_a_call_is_ended_after_its_seconds() -> None:
    def endless() -> None:
        while True:
            pass

    with Limited() as limit:
        for _ in range(2):
            with pytest.raises(Endless):
                limit.call(endless, 0.1)
            assert limit.call(lambda: 3, 0.1) == 3


def test_a_call_that_catches_its_end_is_not_waited_for() -> None:
    def caught() -> int:
        try:
            while True:
                pass
        except BaseException:
            return 7

    begun = time.perf_counter()
    with Limited() as limit:
        assert limit.call(caught, 0.1) == 7
        assert limit.call(lambda: 3, 0.1) == 3
    assert time.perf_counter() - begun < 5


def test_a_search_takes_so_many_tries_and_no_more() -> None:
    whole = Allowance(8, 1e6)
    part = whole.share(4)
    assert [part.take() for _ in range(3)] == [True, True, False]
    assert part.over == "2 tries"
    assert whole.over == ""
    assert sum(whole.take() for _ in range(20)) == 6
    assert whole.over == "8 tries"
    refused = whole.share(1)
    assert not refused.take()
    assert refused.over == "8 tries"
    just = Allowance(1, 1e6)
    assert just.take()
    assert just.over == ""  # nothing was refused


def test_a_search_ends_after_a_time_of_computing() -> None:
    slow = Allowance(10**9, 0.05)
    taken = 0
    while slow.take():
        taken += 1
    assert 0 < taken < 10**9
    assert slow.over == "0.05 s"
    slept = Allowance(3, 0.05)
    time.sleep(0.1)  # other work of the machine does not count
    assert slept.take()


UNUSUAL = """
def backward(X, Y, p, cache):
    E = cache[0] - Y
    return {"dW": X.T @ (E ** 3 + 0.1 * E)}
"""


def test_it_is_said_when_a_search_was_cut(monkeypatch) -> None:
    monkeypatch.setattr(edits, "CHANGES", 5)
    report = check_backprop(*functions("cut", SQUARES + UNUSUAL), {"W": W}, (X, Y))
    said = "The search for a line that makes it right was cut after 5 tries."
    assert said in report.notes
    assert report.mistakes[0].causes[0].sentence == "it is none of the usual slips"
    monkeypatch.setattr(forcing, "FORMULAS", 3)
    report = check_backprop(*functions("cut2", SQUARES + UNUSUAL), {"W": W}, (X, Y))
    said = "the search for its cause was cut after 3 tries"
    assert report.mistakes[0].causes[0].sentence == said


def test_changed_copies_of_code_that_writes_files_are_not_run(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = """
def backward(X, Y, p, cache):
    with open("log.txt", "a") as log:
        log.write("x")
    return {"dW": X.T @ (cache[0] - Y)}
"""
    report = check_backprop(*functions("writes", SQUARES + text), {"W": W}, (X, Y))
    assert not report
    assert any("backward uses open" in note for note in report.notes)
    assert [path.name for path in tmp_path.iterdir()] == ["log.txt"]


def test_no_line_is_proposed_for_what_the_source_does_not_say() -> None:
    """A decorator divides by 4: a change of the bare function proves nothing of it."""
    text = """
import functools

def averaged(f):
    @functools.wraps(f)
    def wrapper(*a):
        return {n: g / 4 for n, g in f(*a).items()}
    return wrapper

@averaged
def backward(X, Y, p, cache):
    return {"dW": X.T @ (cache[0] - Y)}
"""
    report = check_backprop(*functions("decorated", SQUARES + text), {"W": W}, (X, Y))
    assert not report
    assert report.edits == ()
    assert any("gives other results" in note for note in report.notes)


def test_nonlocal_and_defaults_of_a_function_are_left_alone() -> None:
    text = """
def made():
    two, calls = 2.0, 0
    def backward(X, Y, p, cache, k=two):
        nonlocal calls
        calls += 1
        return {"dW": k * X.T @ (cache[0] - Y) * 2}
    return backward

backward = made()
"""
    report = check_backprop(*functions("nonlocals", SQUARES + text), {"W": W}, (X, Y))
    assert [row.name for row in report.mistakes] == ["dW"]


OBJECT = """
class Net:
    two = 2.0

    def __init__(self):
        self.step, self.__k = 0.1, 1.0

    def forward(self, X, Y, p):
        self.A = np.tanh(X @ p["W"])
        return np.sum((self.A - Y) ** 2)

    def backward(self, X, Y, p, k=two):
        self.step = self.step / 2
        slope = 1 - self.A ** 2
        d = k * (self.A - Y) * slope * self.__k
        return {"dW": X.T @ d}

net = Net()
"""


@pytest.mark.parametrize("wrong", [False, True])
def test_an_object_is_judged_as_its_forward_left_it_and_given_back(wrong) -> None:
    text = OBJECT.replace("1 - self.A ** 2", "1 - self.A") if wrong else OBJECT
    net = module_of(f"object{wrong}", text).net
    before = dict(vars(net))
    report = check_backprop(net.forward, net.backward, {"W": W}, (X, Y))
    assert bool(report) is not wrong
    assert vars(net) == before
    if wrong:
        assert report.edit is not None
        assert "1 - self.A ** 2" in report.edit.after


def test_random_numbers_go_on_as_without_the_check() -> None:
    np.random.seed(1)  # noqa: NPY002
    wanted = np.random.rand(2)  # noqa: NPY002
    np.random.seed(1)  # noqa: NPY002
    first = np.random.rand()  # noqa: NPY002
    assert check_backprop(cost, one_by_one, BOTH, (X, Y))
    assert [first, np.random.rand()] == wanted.tolist()  # noqa: NPY002


# -- what is right, and what is not ----------------------------------------------------------------


@pytest.mark.parametrize("at_zero", [lambda z: z > 0, lambda z: z >= 0])
def test_at_a_kink_any_slope_is_right_in_one_line_too(at_zero) -> None:
    """All weights 0: every pre-activation stands at the kink of ReLU."""

    def forward(X: Any, Y: Any, W: Any) -> Any:
        Z = X @ W
        return (np.maximum(Z, 0) - Y).sum() + ((np.maximum(Z, 0) - Y) ** 2).sum(), (Z,)

    def backward(X: Any, Y: Any, W: Any, cache: Any) -> Any:
        (Z,) = cache
        return {"dW": X.T @ ((1 + 2 * (np.maximum(Z, 0) - Y)) * at_zero(Z))}

    def wrong(X: Any, Y: Any, W: Any, cache: Any) -> Any:
        return {"dW": 1.5 * backward(X, Y, W, cache)["dW"]}

    zeros = {"W": np.zeros((3, 2))}
    report = check_backprop(forward, backward, zeros, (X, Y))
    assert report, report
    assert any("at a kink" in note for note in report.notes)
    assert not check_backprop(forward, wrong, zeros, (X, Y))


def test_what_cannot_be_judged_is_not_right() -> None:
    data = X.copy()
    data[0, 0] = np.nan
    report = check_backprop(alone, lambda X, Y, W, cache: -9 * X.T @ cache[0], [W], (data, Y))
    assert not report
    assert "nothing could be judged" in str(report)


@pytest.mark.parametrize(("slope", "right"), [(0.0, True), (9.0, False)])
def test_the_gradient_of_a_parameter_without_effect_is_0(slope, right) -> None:
    def forward(X: Any, Y: Any, p: Any) -> Any:
        return alone(X, Y, p["W"])

    def backward(X: Any, p: Any, cache: Any) -> Any:
        return {"dW": X.T @ cache[0], "dV": np.full(2, slope)}

    report = check_backprop(forward, backward, {"W": W, "V": np.ones(2)}, (X, Y))
    assert bool(report) is right
    assert [row.name for row in report.mistakes] == ([] if right else ["dV"])


@pytest.mark.parametrize("factor", [1, 2])
def test_a_dict_for_each_layer_is_read_as_it_is_returned(factor) -> None:
    def forward(X: Any, Y: Any, layers: Any) -> Any:
        a = X
        for p in layers:
            a = np.tanh(a @ p["W"] + p["b"])
        return ((a - Y) ** 2).sum()

    def backward(X: Any, Y: Any, layers: Any) -> Any:
        values = [X]
        for p in layers:
            values.append(np.tanh(values[-1] @ p["W"] + p["b"]))
        d, found = 2 * (values[-1] - Y), []
        for p, a, before in zip(layers[::-1], values[:0:-1], values[-2::-1], strict=True):
            dz = d * (1 - a * a)
            found.append({"dW": factor * before.T @ dz, "db": dz.sum(axis=0)})
            d = dz @ p["W"].T
        return found[::-1]

    layers = [{"W": NET_P[f"W{k}"], "b": NET_P[f"b{k}"]} for k in (1, 2)]
    assert bool(check_backprop(forward, backward, layers, (X, Y))) is (factor == 1)


@pytest.mark.parametrize("given", [1.5, [1.5], (1.5,), np.float64(1.5), np.array(1.5), {"w": 1.5}])
def test_a_single_number_may_be_the_parameter(given) -> None:
    def forward(x: Any, y: Any, w: Any) -> Any:
        w = w[0] if isinstance(w, tuple) else w["w"] if isinstance(w, dict) else w
        return ((w * x - y) ** 2).sum()

    def backward(x: Any, y: Any, w: Any) -> Any:
        w = w[0] if isinstance(w, tuple) else w["w"] if isinstance(w, dict) else w
        return [(2 * (w * x - y) * x).sum()]

    assert check_backprop(forward, backward, given, (np.arange(5.0), np.ones(5)))


def test_gradients_in_another_order_are_known_by_their_names() -> None:
    def turned(X: Any, Y: Any, W: Any, b: Any, cache: Any) -> Any:
        dW, db = slopes(X, *cache)
        return db, dW

    assert check_backprop(cost, turned, [W, B], (X, Y))


def test_a_jump_at_a_tie_is_not_taken_for_rounding() -> None:
    """Two greatest elements share the derivative; all of it on the third is wrong."""
    Z = Tensor([[0.7, 0.7, 0.1]], name="Z", requires_grad=True)
    M = np.max(Z * 1).named("M")
    J = M**2
    assert check_backprop(J, {"dM": 1.4, "dZ": [[0.7, 0.7, 0.0]]})
    assert not check_backprop(J, {"dM": 1.4, "dZ": [[0.0, 0.0, 1.4]]})


@pytest.mark.parametrize("wrong", [{"loss": "mse"}, {"cost": "f"}])
def test_what_is_no_function_is_refused(wrong) -> None:
    given = {"cost": cost, "loss": None} | wrong
    with pytest.raises(GradientError, match="check_backprop: "):
        check_backprop(given["cost"], one_by_one, BOTH, (X, Y), loss=given["loss"])


def test_two_changes_of_one_line_are_one_edit_of_it() -> None:
    text = """
def backward(X, Y, W, b, cache):
    dZ = 2 * cache[0]
    dW, db = -X.T @ dZ, dZ.sum(axis=0) / 2
    return {"dW": dW, "db": db}
"""
    forward = (
        "def forward(X, Y, W, b):\n    Z = X @ W + b\n    return ((Z - Y) ** 2).sum(), (Z - Y,)\n"
    )
    report = check_backprop(*functions("one_line", forward + text), BOTH, (X, Y))
    (edit,) = report.edits
    assert edit.before == "dW, db = (-X.T @ dZ, dZ.sum(axis=0) / 2)"
    mended = text.replace("dW, db = -X.T @ dZ, dZ.sum(axis=0) / 2", edit.after)
    assert check_backprop(*functions("one_line_mended", forward + mended), BOTH, (X, Y))


def test_a_missing_axis_is_the_mistake_where_it_makes_another_shape() -> None:
    W2 = Tensor(RNG.normal(size=(1, 3)), name="W2", requires_grad=True)
    A = Tensor(RNG.normal(size=(3, 4)), name="A")
    Z2 = (W2 @ A).named("Z2")
    J = (Z2**2).sum()
    dZ2 = 2 * Z2.numpy()
    assert check_backprop(J, {"dZ2": dZ2[0], "dW2": dZ2 @ A.numpy().T})
    report = check_backprop(J, {"dZ2": dZ2[0], "dW2": dZ2[0] @ A.numpy().T})
    assert report.mistakes[0].name == "dZ2"
    assert report.mistakes[0].causes[0].kind == "shape"


def test_what_the_rounding_of_a_cost_hides_is_not_called_right() -> None:
    def forward(x: Any, p: Any) -> Any:
        large, small = np.square(p["w"] * x).sum().tolist(), np.sin(p["c"]).sum().tolist()
        return 1e7 * large + 1e-4 * small

    def backward(x: Any, p: Any) -> Any:
        return {"dw": 2e7 * p["w"] * (x * x).sum(), "dc": -3e-4 * np.cos(p["c"])}

    given = {"w": np.array(0.7), "c": RNG.normal(size=3)}
    report = check_backprop(forward, backward, given, (np.arange(4.0),))
    status = {row.name: row.status for row in report.rows}
    assert status == {"dw": "right", "dc": "not compared"}


def test_json_of_functions_that_print_is_json(tmp_path, capsys) -> None:
    import json

    from autograd.__main__ import TEMPLATE, main

    file = tmp_path / "mine.py"
    file.write_text(TEMPLATE.replace("    m = X", '    print("in backward")\n    m = X'), "utf-8")
    assert main(["check", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["right"] is True


KEEPER = """
class Keeper:
    def forward(self, X, Y, p):
        self.A1 = np.tanh(X @ p["W1"] + p["b1"])
        self.Z2 = self.A1 @ p["W2"] + p["b2"]
        return np.sum((self.Z2 - Y) ** 2)

    def backward(self, X, Y, p):
        dZ2 = 2 * (self.Z2 - Y)
        dA1 = dZ2 @ p["W2"].T
        dZ1 = dA1 * (1 - self.A1 ** 2)
        dW2, db2 = self.A1.T @ dZ2, dZ2.sum(axis=0)
        return {"dW1": X.T @ dZ1, "db1": dZ1.sum(axis=0), "dW2": dW2, "db2": db2}

keeper = Keeper()
"""


@pytest.mark.parametrize(("wrong", "name"), [("self.Z2 - Y", "dZ2"), ("", "")])
def test_what_an_object_keeps_has_its_name(wrong, name) -> None:
    text = KEEPER.replace("2 * (self.Z2 - Y)", wrong) if wrong else KEEPER
    keeper = module_of(f"keeper{name}", text).keeper
    report = check_backprop(keeper.forward, keeper.backward, NET_P, (X, Y))
    assert [row.name for row in report.mistakes] == ([name] if name else [])
    assert "Z2" in next(row for row in report.rows if row.name == "dZ2").formula
    if name:
        assert report.edit is not None
        assert report.edit.after == "dZ2 = 2 * (self.Z2 - Y)"


def test_gradients_under_each_others_names_are_said_to_be() -> None:
    text = LAYERS.replace('"db1": db1', '"db1": db2').replace('"db2": db2', '"db2": db1')
    report = check_backprop(*functions("under_other_names", text), NET_P, (X, Y))
    said = {row.name: row.causes[0].sentence for row in report.mistakes}
    assert said == {
        "db1": "it is the gradient of b2, returned under another name",
        "db2": "it is the gradient of b1, returned under another name",
    }


def test_a_loss_beside_a_cost_is_refused() -> None:
    """It would be applied to J, and a right derivation called wrong."""
    with pytest.raises(GradientError, match="returns one number first, as a cost; leave loss= out"):
        check_backprop(cost, one_by_one, BOTH, (X, Y), loss=lambda A, Y: ((A - Y) ** 2).sum())


def test_a_backward_that_changes_its_data_is_told() -> None:
    def backward(X: Any, W: Any, b: Any, cache: Any) -> Any:
        dW, db = slopes(X, *cache)
        X *= 2
        return dW, db

    report = check_backprop(cost, backward, BOTH, (X.copy(), Y))
    assert report
    assert "backward changes its data; copy it before." in report.notes


def test_a_variable_may_be_called_as_a_function_that_reads() -> None:
    text = """
def forward(input, target, p):
    E = input @ p["W"] - target
    return (E ** 2).sum(), (E,)

def backward(input, target, p, cache):
    (E,) = cache
    return {"dW": input.T @ E}
"""
    report = check_backprop(*functions("named_input", text), {"W": W}, (X, Y))
    assert report.edit is not None, report


def test_data_that_is_missing_is_named() -> None:
    with pytest.raises(GradientError, match=r"takes X, Y, W, b, and data has X only; pass Y too"):
        check_backprop(cost, one_by_one, BOTH, (X,))


def test_what_backward_should_return_is_named() -> None:
    with pytest.raises(GradientError, match="no gradient of a parameter; expected are dW, db"):
        check_backprop(cost, lambda X, cache: {"V": X}, BOTH, (X, Y))


def test_variables_are_looked_at_without_asking_them() -> None:
    """A dict whose attributes are its keys has no shape, and says so with a KeyError."""
    text = """
class Saved(dict):
    __getattr__ = dict.__getitem__

def forward(X, Y, p):
    kept = Saved(X=X, E=X @ p["W"] - Y)
    return np.sum(kept.E ** 2), kept

def backward(Y, cache):
    dW = 2 * cache.X.T @ cache.E
    return {"dW": dW}
"""
    assert check_backprop(*functions("saved", text), {"W": W}, (X, Y))


def test_a_parameter_may_have_the_name_of_them_all() -> None:
    text = """
def forward(X, Y, theta):
    E = X @ theta["theta"] - Y
    return np.sum(E ** 2), (X, E)

def backward(theta, cache):
    X, E = cache
    return {"dtheta": 2 * X.T @ E}
"""
    assert check_backprop(*functions("theta", text), {"theta": W}, (X, Y))
    text = text.replace('theta["theta"]', "theta").replace("def backward(theta, ", "def backward(")
    assert check_backprop(*functions("theta2", text), {"theta": W}, (X, Y))


def test_parameters_may_lie_in_a_dict_of_that_name() -> None:
    text = """
def forward(X, Y, params):
    E = X @ params["W"] - Y
    return np.sum(E ** 2), (X, E)

def backward(params, cache):
    X, E = cache
    return {"params": {"W": 2 * X.T @ E}}
"""
    assert check_backprop(*functions("nested", text), {"params": {"W": W}}, (X, Y))


def test_a_right_report_calls_nothing_wrong() -> None:
    """A variable of another meaning is not compared, and what comes after it is no victim."""
    text = """
def forward(X, Y, p):
    H = np.tanh(X @ p["W"])
    E = H - Y
    return np.sum(E ** 2) / 2, (H, E)

def backward(X, p, cache):
    H, E = cache
    dH = E * 3 - 1
    dE = (dH + 1) / 3
    return {"dW": X.T @ (dE * (1 - H ** 2))}
"""
    report = check_backprop(*functions("meaning", text), {"W": W}, (X, Y))
    assert report
    assert "wrong" not in str(report).lower()
    apart = [row.name for row in report.rows if row.status == "not compared"]
    assert apart == ["dH"]
    assert f"{len(report.rows) - 1} quantities; 1 not compared" in str(report)


def test_what_forward_has_is_not_asked_for_as_a_derivative() -> None:
    text = """
def forward(X, Y, p):
    err = X @ p["W"] - Y
    return np.sum(err ** 2) / 2, err

def pulled(X, g):
    dw = X.T @ g
    return dw

def backward(X, Y, p, cache):
    err = X @ p["W"] - Y
    dW = pulled(X, err)
    return {"dW": dW}
"""
    report = check_backprop(*functions("err", text), {"W": W}, (X, Y))
    assert report
    assert report.notes == ()
    text = text.replace("    dW = pulled(X, err)", "    dZ = err + 1\n    dW = pulled(X, dZ - 1)")
    text = text.replace(
        "    err = X @", "    dZ = 0.5\n    err = X @", 1
    )  # forward's is another one
    report = check_backprop(*functions("err2", text), {"W": W}, (X, Y))
    assert any("dZ" in note for note in report.notes)


def test_the_ratio_of_two_numbers_is_no_cause() -> None:
    """It is one of any two; a factor that people lose, such as 2, is a cause."""
    text = """
def forward(X, Y, p):
    E = X @ (p["s"] * np.ones((3, 1))) - Y
    return np.sum(E ** 2), E

def backward(X, p, cache):
    return {"ds": np.sum(np.cos(X)) * np.ones(()) + 0.123}
"""
    s = {"s": np.array(0.7)}
    report = check_backprop(*functions("ratio", text), s, (X, Y))
    assert report.mistakes[0].causes[0].kind == "unknown"
    _, cache = functions("ratio", text)[0](X, Y, s)
    right = np.sum(2 * cache * (X @ np.ones((3, 1))))
    t = Tensor(0.7, name="s", requires_grad=True)
    J = ((X @ (t * np.ones((3, 1))) - Y) ** 2).sum()
    for factor, said in ((2, "it is 2 times"), (0.5, "it is 0.5 times"), (-1, "its sign is wrong")):
        found = check_backprop(J, {"ds": np.array(factor * right)})
        assert found.mistakes[0].causes[0].sentence.startswith(said)


# -- edits as a person would write them ------------------------------------------------------------


def gated(X: Any, Y: Any, p: Any) -> Any:
    g = np.tanh(p["Wg"] @ X)
    i = 1 / (1 + np.exp(-(p["Wi"] @ X)))
    c = i * g
    return ((c - Y) ** 2).sum() / 2, (i, g, c)


def gated_backward(X: Any, Y: Any, p: Any, cache: Any) -> Any:
    i, g, c = cache
    dc = c - Y
    di = dc * g
    dg = dc * i
    dWi = (di * i * (1 - i)) @ X.T
    dWg = (dg * g * (1 - g)) @ X.T
    return {"dWi": dWi, "dWg": dWg}


def test_the_slope_of_a_sigmoid_in_the_place_of_that_of_tanh_is_exchanged_whole() -> None:
    rng = np.random.default_rng(0)
    P = {name: rng.normal(size=(3, 4)) for name in ("Wi", "Wg")}
    data = rng.normal(size=(4, 6)), rng.normal(size=(3, 6))
    report = check_backprop(gated, gated_backward, P, data)
    (edit,) = report.edits
    assert edit.after == "dWg = dg * (1 - g ** 2) @ X.T"


def attention(Q: Any, K: Any, V: Any) -> Any:
    S = Q @ K.T / np.sqrt(Q.shape[1])
    e = np.exp(S)
    A = e / e.sum(axis=1, keepdims=True)
    return ((A @ V) ** 2).sum() / 2, (Q, K, V, A)


def attention_backward(cache: Any) -> Any:
    Q, K, V, A = cache
    dO = A @ V
    dV = A.T @ dO
    dA = dO @ V.T
    dS = A * (dA - (dA * A).sum(axis=1, keepdims=True))
    dQ = dS @ K; dK = dS.T @ Q  # noqa: E702 # fmt: skip
    return dQ, dK, dV


def test_a_forgotten_root_of_a_length_is_found_in_two_statements_of_one_line() -> None:
    rng = np.random.default_rng(0)
    sizes = ((4, 3), (5, 3), (5, 2))
    report = check_backprop(attention, attention_backward, [rng.normal(size=s) for s in sizes])
    assert [m.name for m in report.mistakes] == ["dQ", "dK"]
    assert [edit.after for edit in report.edits] == [
        "dQ = dS @ K / np.sqrt(Q.shape[1])",
        "dK = dS.T @ Q / np.sqrt(Q.shape[1])",
    ]
    assert "√3 times as large" in str(report)


def filtered(x: Any, w: Any) -> Any:
    y = np.convolve(x, w, mode="valid")
    return (y**2).sum() / 2, (x, w, y)


def unturned(cache: Any) -> Any:
    x, w, y = cache
    dx = np.convolve(y, w, mode="full")
    dw = np.convolve(x[::-1], y, mode="valid")
    return dx, dw


def turned_twice(cache: Any) -> Any:
    x, w, y = cache
    dx = np.convolve(y, w[::-1], mode="full")
    dw = np.convolve(x[::-1], y[::-1], mode="valid")
    return dx, dw


@pytest.mark.parametrize(
    ("backward", "after"),
    [
        (unturned, "dx = np.convolve(y, w[::-1], mode='full')"),
        (turned_twice, "dw = np.convolve(x[::-1], y, mode='valid')"),
    ],
)
def test_a_filter_is_turned_or_not(backward: Any, after: str) -> None:
    rng = np.random.default_rng(0)
    report = check_backprop(filtered, backward, [rng.normal(size=7), rng.normal(size=3)])
    (edit,) = report.edits
    assert edit.after == after


def folded(X: Any, W: Any) -> Any:
    Z = W @ X
    return np.abs(Z).sum(), (X, Z)


def folded_backward(cache: Any) -> Any:
    X, Z = cache
    dA = np.ones(Z.shape)
    dZ = dA * ((Z > 0) * 1.0 - (Z < 0) * 1.0) * 2
    return dZ @ X.T


def test_an_edit_that_is_shown_runs() -> None:
    """(Z > 0) * 1.0 is a number, and (Z > 0) is none that NumPy subtracts."""
    rng = np.random.default_rng(0)
    X, W = rng.normal(size=(3, 5)), rng.normal(size=(2, 3))
    report = check_backprop(lambda W: folded(X, W), folded_backward, [W])
    (edit,) = report.edits
    space = {"np": np, "X": X, "Z": W @ X, "dA": np.ones((2, 5))}
    exec(edit.after, space)
    np.testing.assert_array_equal(space["dZ"], np.sign(W @ X))


def test_a_large_factor_is_no_root() -> None:
    def backward(cache: Any) -> Any:
        (x,) = cache
        dx = 3 * x**2 * np.array(1234.5678)
        return dx  # noqa: RET504 - it has a name to be judged by

    def forward(x: Any) -> Any:
        return (x**3).sum(), (x,)

    said = str(check_backprop(forward, backward, [np.array([0.3, -1.2, 2.0])]))
    assert "1234.57 times as large" in said
    assert "√" not in said


def loop_forward(X, parameters):
    caches, A, L = [], X, len(parameters) // 2
    for l in range(1, L):  # noqa: E741
        A_prev = A
        Z = parameters["W" + str(l)] @ A_prev + parameters["b" + str(l)]
        A = np.maximum(0, Z)
        caches.append((A_prev, parameters["W" + str(l)], Z))
    Z = parameters["W" + str(L)] @ A + parameters["b" + str(L)]
    caches.append((A, parameters["W" + str(L)], Z))
    return 1 / (1 + np.exp(-Z)), caches


def loop_cost(AL, Y):
    return -np.sum(Y * np.log(AL) + (1 - Y) * np.log(1 - AL)) / Y.shape[1]


def loop_backward(AL, Y, caches):
    grads, L, m = {}, len(caches), AL.shape[1]
    dZ = AL - Y
    A_prev, W, Z = caches[L - 1]
    grads["dW" + str(L)] = dZ @ A_prev.T / m
    grads["db" + str(L)] = np.sum(dZ, axis=1, keepdims=True) / m
    dA = W.T @ dZ
    for l in reversed(range(1, L)):  # noqa: E741
        A_prev, W, Z = caches[l]
        dZ = dA * (Z > 0)
        grads["dW" + str(l)] = dZ @ A_prev.T / m
        grads["db" + str(l)] = np.sum(dZ, axis=1, keepdims=True) / m
        dA = W.T @ dZ
    return grads


@pytest.mark.parametrize("sizes", [(3, 4, 4, 1), (4, 4, 4, 4), (2, 5, 3, 2)])
def test_the_cache_of_the_wrong_layer_is_found_where_it_is_unpacked(sizes) -> None:
    """It raises for most sizes, and is silent where all layers have as many units."""
    rng = np.random.default_rng(3)
    parameters = {}
    for l, (n, units) in enumerate(itertools.pairwise(sizes), 1):  # noqa: E741
        parameters[f"W{l}"] = rng.normal(size=(units, n))
        parameters[f"b{l}"] = rng.normal(size=(units, 1))
    data = rng.normal(size=(sizes[0], 5)), (rng.random((sizes[-1], 5)) > 0.5) * 1.0
    report = check_backprop(loop_forward, loop_backward, parameters, data, loss=loop_cost)
    assert report.edit is not None
    assert report.edit.after.strip() == "A_prev, W, Z = caches[l - 1]"
    (mistake,) = report.mistakes
    assert mistake.causes[0].sentence == "caches[l] should be caches[l - 1]"


# -- what a backward function may be given, and what it may return ---------------------------------


def logistic(X, y, W):
    p = 1 / (1 + np.exp(-(X @ W)))
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)), p


SLOPES = {
    "p": lambda X, y, W, p: X.T @ ((p - y) / len(y)),
    "params": lambda X, y, W, params: X.T @ ((params - y) / len(y)),
    "theta": lambda X, y, W, theta: X.T @ ((theta - y) / len(y)),
    "dout": lambda X, y, W, dout, cache: dout * X.T @ ((cache - y) / len(y)),
}


@pytest.mark.parametrize("name", SLOPES)
def test_a_name_of_the_parameters_may_be_that_of_something_else(name: str) -> None:
    """Where forward takes the parameters one by one: p is the probability then."""
    X, y = RNG.normal(size=(5, 3)), np.array([1.0, 0, 1, 1, 0])
    W = {"W": RNG.normal(size=3)}
    assert check_backprop(logistic, SLOPES[name], W, (X, y))


def triplet(a, p, n, W):
    return np.sum((a @ W) * (p @ W)) - np.sum((a @ W) * (n @ W))


def triplet_back(a, p, n, W):
    return a.T @ (p @ W - n @ W) + p.T @ (a @ W) - n.T @ (a @ W)


def affine(x, w, b):
    return x @ w + b, (x, w, b)


def affine_back(dout, cache):
    x, _, _ = cache
    return x.T @ dout, dout.sum(axis=0)


def affine_twice(dout, cache):
    x, _, _ = cache
    return 2 * x.T @ dout, dout.sum(axis=0)


def test_data_may_be_called_p_and_a_layer_takes_what_comes_back() -> None:
    a, p, n = RNG.normal(size=(3, 5, 3))
    assert check_backprop(triplet, triplet_back, {"W": RNG.normal(size=(3, 2))}, (a, p, n))
    g = RNG.normal(size=(5, 2))
    layer = {"w": RNG.normal(size=(3, 2)), "b": RNG.normal(size=2)}
    for backward, right in ((affine_back, True), (affine_twice, False)):
        report = check_backprop(affine, backward, layer, (a,), loss=lambda out: np.sum(out * g))
        assert bool(report) == right, report
        assert [row.name for row in report.mistakes] == [] if right else ["dw"]


def masked(X, Y, W, mask, names):
    A = np.tanh(X @ W)
    A = A if mask is None else A * mask
    assert names == "ab"
    return np.sum((A - Y) ** 2)


def masked_back(X, Y, W, mask, names):
    A = np.tanh(X @ W)
    return X.T @ (2 * (A - Y) * (1 - A**2))


def of_a_tree(tree, W):
    def value(t):
        return W[t] if isinstance(t, int) else value(t[0]) * value(t[1])

    return value(tree)


def of_a_tree_back(tree, W):
    g = np.zeros_like(W)

    def value(t):
        return W[t] if isinstance(t, int) else value(t[0]) * value(t[1])

    def back(t, dv):
        if isinstance(t, int):
            g[t] += dv
        else:
            back(t[0], dv * value(t[1]))
            back(t[1], dv * value(t[0]))

    back(tree, 1.0)
    return g


def test_data_that_are_no_arrays_stay_as_they_are() -> None:
    X, Y, W = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 2)), RNG.normal(size=(3, 2))
    assert check_backprop(masked, masked_back, {"W": W}, (X, Y, None, "ab"))
    tree = ((0, 1), (2, (1, 3)))
    assert check_backprop(of_a_tree, of_a_tree_back, {"W": RNG.normal(size=4)}, (tree,))


def two(X, Y, W, b):
    Z = W @ X + b
    return np.mean((Z - Y) ** 2), Z


RETURNED = {
    "another name": (lambda u, v: {"dW": u, "dbias": v}, []),
    "another name, wrong": (lambda u, v: {"dW": u, "dbias": 100 * v}, ["db"]),
    "one missing": (lambda u, v: {"dW": u}, []),
    "of a model": (lambda u, v: {"model.dW": u, "model.db": v}, []),
    "of a model, wrong": (lambda u, v: {"model.W": u, "model.b": 3 * v}, ["db"]),
    "of a dict inside, wrong": (lambda u, v: {"layer1": {"dW": u, "db": 3 * v}}, ["db"]),
    "two names of nothing": (lambda u, v: {"dW": u, "dq": v, "dr": v}, ["db"]),
}


@pytest.mark.parametrize("case", RETURNED)
def test_a_gradient_under_a_wrong_name_is_not_passed_over(case: str) -> None:
    made, wrong = RETURNED[case]

    def backward(X, Y, W, b, cache):
        dZ = 2 * (cache - Y) / Y.size
        return made(dZ @ X.T, dZ.sum(axis=1, keepdims=True))

    X, Y = RNG.normal(size=(3, 4)), RNG.normal(size=(2, 4))
    P = {"W": RNG.normal(size=(2, 3)), "b": RNG.normal(size=(2, 1))}
    report = check_backprop(two, backward, P, (X, Y))
    assert [row.name for row in report.mistakes] == wrong, report
    assert ("not returned: db" in report.verdict) == (case == "one missing")


def test_another_gradient_is_not_taken_for_the_missing_one() -> None:
    def forward(x, w, b):
        z = w * x + b
        return np.sum(z**2), z

    def backward(x, w, b, z):
        return {"dw": 2 * z * x, "dx": 2 * z * w}

    def with_cost(x, w, b, z):
        return {"dw": 2 * z * x, "cost": np.sum(z**2)}

    P = {"w": RNG.normal(size=3), "b": RNG.normal(size=3)}
    for function in (backward, with_cost):
        report = check_backprop(forward, function, P, (RNG.normal(size=3),))
        assert report, report
        assert report.verdict.endswith("not returned: db")


def test_the_parameters_are_still_theirs_where_they_are_read_by_keys() -> None:
    def forward(X, W, b):
        return W @ X + b, X

    def loss(A, Y, parameters):
        return np.sum((A - Y) ** 2) + 0.5 * np.sum(parameters["W"] ** 2)

    def backward(X, Y, params, A):
        dA = 2 * (A - Y)
        return {"dW": dA @ X.T + params["W"], "db": dA.sum(axis=1, keepdims=True)}

    X, Y = RNG.normal(size=(3, 4)), RNG.normal(size=(2, 4))
    P = {"W": RNG.normal(size=(2, 3)), "b": RNG.normal(size=(2, 1))}
    assert check_backprop(forward, backward, P, (X, Y), loss=loss)


def hinge(X, y, w, C):
    m = 1 - y * (X @ w)
    return 0.5 * np.dot(w, w) + C * np.maximum(0, m).sum(), m


def hinge_back(X, y, w, C, m):
    dw = np.zeros_like(w)
    for xi, yi, mi in zip(X, y, m, strict=True):
        if mi > 0:
            dw -= C * yi * xi
    return dw


def test_no_edit_writes_into_what_the_function_is_given() -> None:
    """``dw = w`` makes the numbers right, and changes the parameters in the loop below."""
    X, y = RNG.normal(size=(8, 3)), np.array([1.0, -1, 1, 1, -1, 1, -1, -1])
    report = check_backprop(hinge, hinge_back, {"w": RNG.normal(size=3)}, (X, y, 0.7))
    assert report.mistakes[0].name == "dw"
    assert all(edit.after != "dw = w" for edit in report.edits)
    assert not any("changes its parameters" in note for note in report.notes)


def regular(X, y, W, lam):
    r = X @ W - y
    return np.sum(r**2) / 2 + lam * np.sum(W * W), r


def regular_back(X, y, W, lam, r):
    return X.T @ r


def test_one_example_is_said_to_hide_the_average() -> None:
    X, y, W = RNG.normal(size=(1, 3)), np.array([1.0]), RNG.normal(size=3)

    def backward(X, y, W, p):
        return X.T @ (p - y)  # without its 1 / m

    report = check_backprop(logistic, backward, {"W": W}, (X, y))
    assert report
    assert report.notes[-1].startswith("There is one example: a sum or an average")
    assert not check_backprop(logistic, backward, {"W": W}, (RNG.normal(size=(4, 3)), y[[0] * 4]))


@pytest.mark.parametrize("lam", [0.0, 1e-9])
def test_a_penalty_of_nothing_hides_that_it_is_missing(lam: float) -> None:
    X, y, W = RNG.normal(size=(5, 3)), RNG.normal(size=5), RNG.normal(size=3)
    report = check_backprop(regular, regular_back, {"W": W}, (X, y, lam))
    assert any("right for data such as yours only" in note for note in report.notes), report
    right = check_backprop(
        regular, lambda X, y, W, lam, r: X.T @ r + 2 * lam * W, {"W": W}, (X, y, lam)
    )
    assert right.notes == ()


def stored(X, Y, W1, W2):
    Z = W1 @ X
    A = np.maximum(Z, 0)
    P = W2 @ A
    return np.sum((P - Y) ** 2) / 2, (Z, A, P)


def stored_back(X, Y, W1, W2, cache):
    Z, A, P = cache
    dP = P - Y
    dW2 = dP @ A.T
    dA = W2.T @ dP
    dZ = np.array(dA, copy=True)
    dZ[Z >= 0] = 0
    dW1 = dZ @ X.T
    return {"dW1": dW1, "dW2": dW2}


def test_a_comparison_in_an_index_can_be_the_mistake() -> None:
    X, Y = RNG.normal(size=(3, 6)), RNG.normal(size=(2, 6))
    P = {"W1": RNG.normal(size=(4, 3)), "W2": RNG.normal(size=(2, 4))}
    report = check_backprop(stored, stored_back, P, (X, Y))
    assert report.mistakes[0].name == "dZ"
    assert report.edit is not None
    assert report.edit.after in ("dZ[Z < 0] = 0", "dZ[Z <= 0] = 0")


def flat(X, Y, theta):
    W1 = theta[:6].reshape(2, 3)
    W2 = theta[6:].reshape(1, 2)
    A1 = np.tanh(W1 @ X)
    A2 = 1 / (1 + np.exp(-(W2 @ A1)))
    J = -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / Y.shape[1]
    return J, (A1, W1, W2, A2)


def flat_back(X, Y, theta, cache):
    A1, _, W2, A2 = cache
    m = Y.shape[1]
    dZ2 = A2 - Y
    dW2 = 2.0 / m * np.dot(dZ2, A1.T)
    dZ1 = np.dot(W2.T, dZ2) * (1 - A1**2)
    dW1 = 1.0 / m * np.dot(dZ1, X.T)
    return np.concatenate([dW1.ravel(), dW2.ravel()])


def test_parts_of_a_flat_parameter_are_parameters() -> None:
    """The 1/m that the notes' dZ lacks comes in with them."""
    X, Y = RNG.normal(size=(3, 5)), np.array([[1.0, 0, 1, 0, 1]])
    report = check_backprop(flat, flat_back, {"theta": RNG.normal(size=8)}, (X, Y))
    assert report.verdict.endswith("first in dW2: it is 2 times as large")
    rows = {row.name: row for row in report.rows}
    assert rows["dW1"].formula == "dW1 = dZ1 @ Xᵀ / 5"
    assert not rows["dtheta"].formula.endswith("/ 5")


class Dropped:
    @staticmethod
    def forward(ctx, x, keep_prob=0.5):
        mask = (np.random.rand(*x.shape) < keep_prob) / keep_prob  # noqa: NPY002
        ctx.save_for_backward(mask)
        return x * mask

    @staticmethod
    def backward(ctx, g):
        (mask,) = ctx.saved_tensors
        return g * mask, None


class Instance:
    def forward(self, ctx, x):
        ctx.save_for_backward(x)
        return x**3

    def backward(self, ctx, g):
        (x,) = ctx.saved_tensors
        return 3 * x**2 * g


class Deaf:
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 3 * x**2


class Drawn:
    @staticmethod
    def forward(ctx, x):
        return x * np.random.default_rng().normal(size=x.shape)

    @staticmethod
    def backward(ctx, g):
        return g


class Writes:
    @staticmethod
    def forward(ctx, x):
        ctx.d = 3 * x**2
        return x**3

    @staticmethod
    def backward(ctx, g):
        ctx.d *= g
        return ctx.d


class Pops:
    @staticmethod
    def forward(ctx, x):
        ctx.stack = [3 * x**2]
        return x**3

    @staticmethod
    def backward(ctx, g):
        return g * ctx.stack.pop()


class Selfish:
    def forward(self, x):
        self.x = x
        return x**3

    def backward(self, g):
        return 3 * self.x**2 * g


class Several:
    @staticmethod
    def forward(ctx, *xs):
        ctx.save_for_backward(*xs)
        return xs[0] * xs[1]

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        return g * b, g * a


@pytest.mark.parametrize("kind", [Writes, Pops, Selfish])
def test_a_context_is_asked_once(kind: type) -> None:
    assert check_backprop(kind, data=(RNG.normal(size=(3, 4)),))


def test_classes_as_people_write_them() -> None:
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    assert check_backprop(Several, data=tuple(RNG.normal(size=(2, 3))))
    x = RNG.normal(size=(3, 4))
    assert check_backprop(Dropped, data=(x,))  # one mask, and None for what is as by default
    assert check_backprop(Instance, data=(x,))
    assert check_backprop(Instance, data=x)
    report = check_backprop(Deaf, data=(x,))
    assert report.verdict.endswith(
        "the gradient of the result, which backward is given, is not used"
    )
    assert np.array_equal(np.random.get_state()[1], state)  # noqa: NPY002
    with pytest.raises(GradientError, match=r"two calls of Drawn\.forward give different results"):
        check_backprop(Drawn, data=(x,))


def test_arrays_that_are_no_numbers_are_named_so() -> None:
    W = Tensor(RNG.normal(size=(2, 3)), name="W", requires_grad=True)
    J = (W * W).sum()
    for kind in (complex, object):
        report = check_backprop(J, {"dW": (2 * W.data).astype(kind)})
        assert "and real numbers are needed" in report.verdict
    assert check_backprop(W.sum(), {"dW": np.ones((2, 3), bool)})
    near = check_backprop(np.exp(W).sum(), {"dW": np.exp(W.data) * (1 + 1e-6)})
    assert near.verdict.endswith("it is 1.000001 times as large")


OBJECTS = """
class Layer:
    def forward(self, x, W):
        self.x = x
        self.a = np.tanh(x @ W)
        return self.a

    def backward(self, da, W):
        dz = da * (1 - self.a{power})
        return self.x.T @ dz

layers = [Layer(), Layer()]
kept = Layer()
kept.x = "as it was"

def forward(x, y, W1, W2):
    out = layers[1].forward(layers[0].forward(x, W1), W2)
    kept.x = out
    return 0.5 * ((out - y) ** 2).sum(), out

def backward(x, y, W1, W2, out):
    da = out - y
    dW2 = layers[1].backward(da, W2)
    da = (da * (1 - out**2)) @ W2.T
    return layers[0].backward(da, W1), dW2
"""


@pytest.mark.parametrize("power", ["**2", ""])
def test_objects_of_the_file_are_read_and_given_back(power: str) -> None:
    module = module_of(f"objects{len(power)}", OBJECTS.replace("{power}", power))
    x, y = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 2))
    P = {"W1": RNG.normal(size=(3, 5)), "W2": RNG.normal(size=(5, 2))}
    report = check_backprop(module.forward, module.backward, P, (x, y))
    assert bool(report) == bool(power), report
    if not power:
        assert report.mistakes[0].name == "dz"
        assert report.edit is not None
        assert report.edit.after == "dz = da * (1 - self.a ** 2)"
    assert module.kept.x == "as it was"
    assert not vars(module.layers[0])


def shallow(X, Y, W1, b1, W2, b2):
    A1 = np.tanh(W1 @ X + b1)
    A2 = W2 @ A1 + b2
    return np.sum((A2 - Y) ** 2) / 2, {"A1": A1, "A2": A2}


SHALLOW = """
def backward(X, Y, W1, b1, W2, b2, cache):
    dA2 = cache["A2"] - Y
    dW2 = dA2 @ {for_W2}.T
    dZ1 = (W2.T @ dA2) * (1 - cache["A1"] ** 2)
    dW1 = dZ1 @ {for_W1}.T
    return {{"dW1": dW1, "db1": dZ1.sum(axis=1, keepdims=True),
            "dW2": dW2, "db2": dA2.sum(axis=1, keepdims=True)}}
"""


@pytest.mark.parametrize(
    ("for_W2", "for_W1", "mended"),
    [
        ("X", "X", "dW2 = dA2 @ cache['A1'].T"),
        ("cache['A1']", "cache['A1']", "dW1 = dZ1 @ X.T"),
    ],
)
def test_an_array_of_another_shape_may_be_the_one_that_is_meant(for_W2, for_W1, mended) -> None:
    text = SHALLOW.format(for_W2=for_W2, for_W1=for_W1)
    backward = module_of(f"shallow_{len(for_W1)}", text).backward
    P = {"W1": (4, 3), "b1": (4, 1), "W2": (2, 4), "b2": (2, 1)}
    P = {k: RNG.normal(size=shape) for k, shape in P.items()}
    report = check_backprop(
        shallow, backward, P, (RNG.normal(size=(3, 5)), RNG.normal(size=(2, 5)))
    )
    assert report.edit is not None, report
    assert report.edit.after == mended


class Ignores:
    """Its result does not depend on b, and its backward function says it does."""

    of_b = 3.0

    @classmethod
    def forward(cls, ctx, x, b):
        ctx.save_for_backward(x)
        return x**2

    @classmethod
    def backward(cls, ctx, g):
        (x,) = ctx.saved_tensors
        return 2 * g * x, None if cls.of_b is None else cls.of_b * g


@pytest.mark.parametrize(("of_b", "right"), [(3.0, False), (0.0, True), (None, True)])
def test_a_gradient_of_what_the_result_does_not_depend_on_is_0(monkeypatch, of_b, right) -> None:
    monkeypatch.setattr(Ignores, "of_b", of_b)
    report = check_backprop(Ignores, data=(RNG.normal(size=3), RNG.normal(size=3)))
    assert bool(report) is right, report
    assert [row.name for row in report.mistakes] == ["db"] * (not right)
    if not right:
        assert "does not depend on b" in str(report)


def logistic_forward(params: Any, X: Any, Y: Any, lambd: float) -> Any:
    W, m = params["W"], X.shape[1]
    A = 1 / (1 + np.exp(-np.dot(W, X)))
    J = -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / m + lambd / (2 * m) * np.sum(W**2)
    return J, (A, W, X)


def logistic_backward(params: Any, cache: Any, X: Any, Y: Any, lambd: float) -> Any:
    A, W, X = cache
    m = X.shape[1]
    dZ = A - Y
    return {"dW": np.dot(dZ, X.T) / m + lambd / m * W}


def logistic_backward_without_mean(params: Any, cache: Any, X: Any, Y: Any, lambd: float) -> Any:
    A, W, X = cache
    dZ = A - Y
    return {"dW": np.dot(dZ, X.T) + lambd / X.shape[1] * W}


def logistic_backward_without_penalty(params: Any, cache: Any, X: Any, Y: Any, lambd: Any) -> Any:
    A, _W, X = cache
    dZ = A - Y
    return {"dW": np.dot(dZ, X.T) / X.shape[1]}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_large_data_saturate_and_a_right_derivation_stays_right(seed: int, dtype: Any) -> None:
    """1 − A has few digits there: A − Y is the more exact, and drawn parameters do the same."""
    rng = np.random.default_rng(seed)
    W, X = rng.normal(size=(1, 30)), rng.normal(size=(30, 200))
    W, X = W.astype(dtype), (X * 33 / np.abs(W @ X).max()).astype(dtype)  # log(1 − A) is finite
    Y = (rng.random((1, 200)) > 0.5).astype(dtype)
    assert check_backprop(logistic_forward, logistic_backward, {"W": W}, (X, Y, 0.7))
    wrong = check_backprop(logistic_forward, logistic_backward_without_mean, {"W": W}, (X, Y, 0.7))
    assert not wrong
    assert wrong.mistakes[0].name in {"dZ", "dW"}  # the 1/m is missing in one or the other


@pytest.mark.parametrize("nothing", [0, 0.0])
def test_a_penalty_of_0_hides_a_missing_term_and_that_is_said(nothing: Any) -> None:
    rng = np.random.default_rng(0)
    W, X = rng.normal(size=(1, 3)), rng.normal(size=(3, 5))
    Y = np.array([[0.0, 1.0, 1.0, 0.0, 1.0]])
    both = (logistic_backward, logistic_backward_without_penalty)
    right, missing = (check_backprop(logistic_forward, f, {"W": W}, (X, Y, nothing)) for f in both)
    assert right
    assert not any("With other data" in note for note in right.notes)
    assert any("With other data" in note for note in missing.notes)


LOOPED = """
import numpy as np


def forward(W1, b1, W2, b2, X, Y):
    Z1 = W1 @ X + b1
    A1 = np.tanh(Z1)
    Z2 = W2 @ A1 + b2
    return np.sum((Z2 - Y) ** 2) / (2 * X.shape[1]), (Z1, A1, Z2)


def backward(W1, b1, W2, b2, X, Y, cache):
    Z1, A1, Z2 = cache
    m = X.shape[1]
    dW1, db1, dW2, db2 = (np.zeros_like(p) for p in (W1, b1, W2, b2))
    for i in range(m):
        x, a1 = X[:, i : i + 1], A1[:, i : i + 1]
        dz2 = Z2[:, i : i + 1] - Y[:, i : i + 1]
        dW2 += dz2 @ a1.T / m
        db2 += dz2 / m
        dz1 = W2.T @ dz2 * (1 - a1 ** 2)
        dW1 += dz1 @ x.T / m
        db1 += dz1 / m
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}
"""


def test_the_dz_of_one_example_is_not_the_dZ_of_all() -> None:
    """With one output it is one number, and forward has a Z2 of several: no mistake of its own."""
    rng = np.random.default_rng(0)
    shapes = {"W1": (3, 2), "b1": (3, 1), "W2": (1, 3), "b2": (1, 1)}
    P = {k: rng.normal(size=s) for k, s in shapes.items()}
    data = rng.normal(size=(2, 5)), rng.normal(size=(1, 5))
    right = module_of("looped_right", LOOPED)
    assert check_backprop(right.forward, right.backward, P, data)
    wrong = module_of("looped_wrong", LOOPED.replace("1 - a1 ** 2", "1 - a1"))
    report = check_backprop(wrong.forward, wrong.backward, P, data)
    assert not report
    assert [row.name for row in report.mistakes] == ["dz1"]
    assert report.edit is not None
    assert report.edit.after == "dz1 = W2.T @ dz2 * (1 - a1 ** 2)"
    assert {row.name: row.status for row in report.rows}["dz2"] == "not compared"


def normalized_forward(W: Any, b: Any, gamma: Any, beta: Any, X: Any, Y: Any) -> Any:
    Z = W @ X + b
    mu, var = Z.mean(axis=1, keepdims=True), Z.var(axis=1, keepdims=True)
    Zn = (Z - mu) / np.sqrt(var + 1e-8)
    A = 1 / (1 + np.exp(-(gamma * Zn + beta)))
    return -(Y * np.log(A) + (1 - Y) * np.log(1 - A)).sum() / X.shape[1], (X, Y, Zn, var, gamma, A)


def normalized_backward(cache: Any) -> dict[str, Any]:
    X, Y, Zn, var, gamma, A = cache
    dZt = (A - Y) / X.shape[1]
    dZn = dZt * gamma
    inner = dZn - dZn.mean(axis=1, keepdims=True) - Zn * (dZn * Zn).mean(axis=1, keepdims=True)
    dZ = inner / np.sqrt(var + 1e-8)
    dgamma, dbeta = (dZt * Zn).sum(axis=1, keepdims=True), dZt.sum(axis=1, keepdims=True)
    return {"dW": dZ @ X.T, "db": dZ.sum(axis=1, keepdims=True), "dgamma": dgamma, "dbeta": dbeta}


def uncentred_backward(cache: Any) -> dict[str, Any]:
    X, Y, Zn, var, gamma, A = cache
    dZt = (A - Y) / X.shape[1]
    dZn = dZt * gamma
    inner = dZn - Zn * (dZn * Zn).mean(axis=1, keepdims=True)  # the mean of dZn is forgotten
    dZ = inner / np.sqrt(var + 1e-8)
    dgamma, dbeta = (dZt * Zn).sum(axis=1, keepdims=True), dZt.sum(axis=1, keepdims=True)
    return {"dW": dZ @ X.T, "db": dZ.sum(axis=1, keepdims=True), "dgamma": dgamma, "dbeta": dbeta}


@pytest.mark.parametrize("seed", range(24))
def test_the_gradient_of_a_bias_before_batch_norm_is_rounding_on_both_sides(
    seed: int, monkeypatch: Any
) -> None:
    """It is 0 in exact arithmetic; of right derivations of random data a fourth was called WRONG.

    Data far from 0 make the rounding larger, by hand more than here.
    """
    rng = np.random.default_rng(seed)
    m, k = int(rng.integers(4, 40)), int(rng.integers(1, 5))
    dtype = (np.float64, np.float64, np.float32)[seed % 3]
    far = 10.0 ** rng.uniform(0, 8) if seed % 2 else 0.0
    X, Y = (rng.normal(size=(3, m)) + far).astype(dtype), (rng.random((k, m)) > 0.5).astype(dtype)
    shapes = {"W": (k, 3), "b": (k, 1), "gamma": (k, 1), "beta": (k, 1)}
    P = {name: rng.normal(size=shape).astype(dtype) for name, shape in shapes.items()}
    assert check_backprop(normalized_forward, normalized_backward, P, (X, Y))
    monkeypatch.setattr(edits, "SECONDS", 0.5)  # which line it is, is no question here
    if seed < 3:
        assert not check_backprop(normalized_forward, uncentred_backward, P, (X, Y))


SHARES = """
import numpy as np


def forward(W, X, Y):
    Z = W @ X
    logA = Z - np.log(np.exp(Z).sum(axis=0, keepdims=True))
    return -np.sum(Y * logA), (logA,)


def backward(W, X, Y, cache):
    dZ = Y.sum(axis=0, keepdims=True) * np.exp(cache[0]) - Y
    return {"dW": dZ @ X.T}
"""


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_sums_of_data_in_single_precision_have_the_digits_of_double(dtype: Any) -> None:
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(3, 40)).astype(dtype), rng.random((4, 40)).astype(dtype)
    module = module_of("shares", SHARES)
    P = {"W": rng.normal(size=(4, 3)).astype(dtype)}
    assert check_backprop(module.forward, module.backward, P, (X, Y))


# Its forward goes through the examples one by one and cannot be recorded.
FORWARD = RIGHT["r-logreg-running-mean"]["source"].partition("def backward")[0]
ONE_BY_ONE = f"""{FORWARD}
def backward(X, y, parameters, cache):
    dw, db = np.zeros_like(parameters["w"]), np.zeros_like(parameters["b"])
    for i in range(len(y)):
        dw += (cache[i] - y[i]) * X[i] / len(y)
        db += (cache[i] - y[i]) / len(y)
    return {{"dw": dw, "db": db}}
"""


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_differences_of_a_saturated_cost_prove_nothing() -> None:
    """Forward fills an array, so that its cost is differenced; log(1 − p) moves in steps there."""
    module = module_of("one_by_one_saturated", ONE_BY_ONE)
    for seed in range(6):
        rng = np.random.default_rng(seed)
        X, y = 30 * rng.normal(size=(8, 3)), (rng.random(8) > 0.5).astype(float)
        P = {"w": rng.normal(size=3) / 3, "b": rng.normal(size=1)}
        report = check_backprop(module.forward, module.backward, P, (X, y))
        assert report, str(report)
    slipped = module_of("one_by_one_slipped", ONE_BY_ONE.replace("* X[i] / len(y)", "* X[i]"))
    assert not check_backprop(slipped.forward, slipped.backward, P, (X, y))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_cost_that_is_not_finite_is_judged_at_other_inputs_and_that_is_said() -> None:
    rng = np.random.default_rng(3)
    W, X = rng.normal(size=(1, 3)), 1000 * rng.normal(size=(3, 20))  # log(0)
    data = (X, (rng.random((1, 20)) > 0.5).astype(float), 0.7)
    with np.errstate(all="ignore"):
        report = check_backprop(logistic_forward, logistic_backward, {"W": W}, data)
        wrong = check_backprop(logistic_forward, logistic_backward_without_mean, {"W": W}, data)
    assert report
    assert any("At your inputs the cost is not finite" in note for note in report.notes)
    assert not wrong


HIDDEN = """
import numpy as np


def forward(W1, b1, W2, b2, X, Y):
    Z1 = W1 @ X + b1
    A1 = np.tanh(Z1)
    A2 = 1 / (1 + np.exp(-(W2 @ A1 + b2)))
    return -np.mean(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)), (A1, A2)


def backward(W1, b1, W2, b2, X, Y, cache):
    A1, A2 = cache
    m = X.shape[1]
    dZ2 = A2 - Y
    dZ1 = W2.T @ dZ2 * (1 - A1 ** 2)
    db1 = dZ1.sum(axis=1, keepdims=True) / m
    return {"dW1": dZ1 @ X.T / m, "db1": db1, "dW2": dZ2 @ A1.T / m,
            "db2": dZ2.sum(axis=1, keepdims=True) / m}
"""


@pytest.mark.parametrize("far", [0.0, 1000.0])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_flat_units_hide_a_mistake_and_other_data_show_it(far: float) -> None:
    """Where tanh is flat dZ1 is 0, and so is any number times it: data far from 0 prove nothing."""
    rng = np.random.default_rng(4)
    shapes = {"W1": (4, 3), "b1": (4, 1), "W2": (1, 4), "b2": (1, 1)}
    P = {k: rng.normal(size=s) for k, s in shapes.items()}
    data = rng.normal(size=(3, 7)) + far, (rng.random((1, 7)) > 0.5).astype(float)
    right = module_of(f"hidden_right_{far:.0f}", HIDDEN)
    assert check_backprop(right.forward, right.backward, P, data)
    for k, (old, new) in enumerate(
        [("keepdims=True) / m\n", "keepdims=True) / m / m\n"), ("(1 - A1 ** 2)", "(1 - A1)")]
    ):
        wrong = module_of(f"hidden_wrong_{k}_{far:.0f}", HIDDEN.replace(old, new, 1))
        report = check_backprop(wrong.forward, wrong.backward, P, data)
        assert not report
        assert report.mistakes[0].name == ("db1", "dZ1")[k]


def huber_forward(W: Any, b: Any, X: Any, Y: Any) -> Any:
    E = W @ X + b - Y
    a = np.abs(E)
    return np.where(a <= 10.0, 0.5 * E**2, 10.0 * (a - 5.0)).mean(), (E,)


def huber_backward(W: Any, b: Any, X: Any, Y: Any, cache: Any) -> dict[str, Any]:
    dZ = np.clip(cache[0], -10, 10) / X.shape[1]
    return {"dW": dZ @ X.T, "db": dZ.sum(axis=1, keepdims=True)}


def huber_backward_without_its_lines(W: Any, b: Any, X: Any, Y: Any, cache: Any) -> dict[str, Any]:
    dZ = cache[0] / X.shape[1]
    return {"dW": dZ @ X.T, "db": dZ.sum(axis=1, keepdims=True)}


@pytest.mark.parametrize("scale", [1e5, 1e8])
def test_a_small_gradient_beside_a_large_one_excuses_no_mistake(scale: float) -> None:
    """Features of 1e8 make db small, and nothing is saturated: the drawn residuals are small."""
    rng = np.random.default_rng(0)
    X = np.stack([scale * rng.lognormal(size=20), rng.lognormal(size=20) * 50.0])
    data = X, 300 * rng.lognormal(size=(1, 20))
    P = {"W": np.array([[1e-7, 0.5]]), "b": np.array([[1.0]])}
    assert check_backprop(huber_forward, huber_backward, P, data)
    assert not check_backprop(huber_forward, huber_backward_without_its_lines, P, data)


def quadratic(x: Any, c: Any, S: Any, t: Any) -> Any:
    return (x.T @ S @ x)[0, 0] + ((c - t) ** 2).sum(), ()


def quadratic_backward(x: Any, c: Any, S: Any, t: Any, cache: Any) -> dict[str, Any]:
    return {"dx": 2 * S @ x, "dc": 2 * (c - t)}


@pytest.mark.parametrize("size", [1.0, 1e8])
def test_data_of_a_structure_are_right_whatever_their_size(size: float) -> None:
    """S is symmetric; drawn ones are not, which is said, and proves nothing against it."""
    rng = np.random.default_rng(0)
    A = rng.normal(size=(4, 4))
    P = {"x": rng.normal(size=(4, 1)), "c": rng.normal(size=(3, 1))}
    data = size * (A @ A.T), rng.normal(size=(3, 1))
    report = check_backprop(quadratic, quadratic_backward, P, data)
    assert report
    assert any("With other data" in note for note in report.notes)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("seed", range(2))
def test_raw_pixels_are_judged_with_small_parameters(seed: int) -> None:
    """The cost is infinite with W ~ N(0, 1), and the user's data are integers."""
    rng = np.random.default_rng(seed)
    data = rng.integers(0, 256, size=(784, 50)), (rng.random((1, 50)) > 0.5) * 1.0, 0.7
    P = {"W": rng.normal(size=(1, 784))}
    with np.errstate(all="ignore"):
        right = check_backprop(logistic_forward, logistic_backward, P, data)
        wrong = check_backprop(logistic_forward, logistic_backward_without_mean, P, data)
    assert right
    assert not wrong


DECAYED = ONE_BY_ONE.replace("parameters):", "parameters, lam):").replace(
    "return J / len(y),", 'return (J + lam * float(np.sum(parameters["w"] ** 2))) / len(y),'
)
DECAYED = DECAYED.replace("cache):", "cache, lam):").replace(
    '{"dw": dw,', '{"dw": dw + 2 * lam * parameters["w"] / len(y),'
)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("size", [1, 100])
def test_an_infinite_cost_elsewhere_hides_no_missing_term(size: int, monkeypatch: Any) -> None:
    """The rounding of a cost is that of its own inputs: ∞ at others made every gradient right."""
    monkeypatch.setattr(edits, "SECONDS", 0.5)  # which line it is, is no question here
    rng = np.random.default_rng(1)
    X, y = size * rng.normal(size=(8, 3)), (rng.random(8) > 0.5).astype(float)
    P = {"w": rng.normal(size=3) / 3, "b": rng.normal(size=1)}
    missing = DECAYED.replace(" + 2 * lam * parameters", " + 0 * lam * parameters")
    for k, (text, is_right) in enumerate([(DECAYED, True), (missing, False)]):
        module = module_of(f"decayed_{k}_{size}", text)
        with np.errstate(all="ignore"):
            report = check_backprop(module.forward, module.backward, P, (X, y, 0.1))
        assert bool(report) == is_right, str(report)


@pytest.mark.parametrize("large", [15, 20, 25])
def test_one_saturated_element_excuses_no_other(large: float) -> None:
    """1 − a has few digits in one of twelve; −Y/A is forgotten in all."""
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(3, 12)), (rng.random((1, 12)) > 0.5) * 1.0
    W = Tensor(rng.normal(size=(1, 3)), name="W", requires_grad=True)
    X[:, 0] *= large / (W.numpy() @ X)[0, 0]
    Y[0, 0] = 0.0
    A = (1 / (1 + np.exp(-(W @ Tensor(X, name="X")).named("Z")))).named("A")
    J = -(Y * np.log(A) + (1 - Y) * np.log(1 - A)).mean()
    a = A.numpy()
    assert check_backprop(J, {"dA": -Y / a + (1 - Y) / (1 - a)})
    assert not check_backprop(J, {"dA": (1 - Y) / (1 - a)})


def zeros_forward(X: Any, Y: Any, w: Any, b: Any) -> Any:
    A = 1 / (1 + np.exp(-(np.dot(w.T, X) + b)))
    return -1 / X.shape[1] * np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)), {"A": A}


def zeros_backward(X: Any, Y: Any, w: Any, b: Any, cache: Any) -> dict[str, Any]:
    m, dZ = X.shape[1], cache["A"] - Y
    return {"dw": np.dot(X, dZ.T) / m, "db": np.sum(dZ) / m}


def zeros_backward_without_mean(X: Any, Y: Any, w: Any, b: Any, cache: Any) -> dict[str, Any]:
    m, dZ = X.shape[1], cache["A"] - Y
    return {"dw": np.dot(X, dZ.T), "db": np.sum(dZ) / m}


@pytest.mark.parametrize("pixels", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_parameters_of_zero_are_told_as_others_would_be(seed: int, pixels: bool) -> None:
    """The course's first exercise: A (1 − A) is 1/4 everywhere, and 12/3 examples seemed three."""
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 256, (30, 12)).astype(float) if pixels else rng.random((30, 12))
    data = X, rng.integers(0, 2, (1, 12))
    P = {"w": np.zeros((30, 1)), "b": 0.0}
    with np.errstate(all="ignore"):
        right = check_backprop(zeros_forward, zeros_backward, P, data)
        wrong = check_backprop(zeros_forward, zeros_backward_without_mean, P, data)
    assert right
    rows = {row.name: row for row in right.rows}
    assert rows["dw"].status == "right"
    assert pixels or rows["dw"].formula == "dw = X @ dZᵀ / 12"
    assert not any("1/3" in note for note in right.notes)
    assert not wrong
    (row,) = wrong.mistakes
    assert row.name == "dw"
    assert "12 times too large" in row.causes[0].sentence
    assert wrong.edit is not None
    assert "np.dot(X, dZ.T) / m" in wrong.edit.after


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_backward_that_refuses_other_data_is_judged_by_those_it_takes() -> None:
    """Units are flat, so that other data are asked too; that it raises there proves nothing."""
    rng = np.random.default_rng(4)
    shapes = {"W1": (4, 3), "b1": (4, 1), "W2": (1, 4), "b2": (1, 1)}
    P = {k: rng.normal(size=s) for k, s in shapes.items()}
    data = rng.normal(size=(3, 7)) + 1000.0, (rng.random((1, 7)) > 0.5).astype(float)
    picky = (
        "    m = X.shape[1]\n    if X.max() < 900:\n        raise ValueError('large data only')\n"
    )
    module = module_of("picky", HIDDEN.replace("    m = X.shape[1]\n", picky))
    assert check_backprop(module.forward, module.backward, P, data)


PIXELS = """
import numpy as np


def forward(W1, b1, W2, b2, X, Y):
    Z1 = W1 @ X + b1
    A1 = np.maximum(0, Z1)
    Z2 = W2 @ A1 + b2
    A2 = 1 / (1 + np.exp(-Z2))
    return -np.mean(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)), (A1, Z1, A2)


def backward(W1, b1, W2, b2, X, Y, cache):
    A1, Z1, A2 = cache
    m = X.shape[1]
    dA2 = -Y / A2 + (1 - Y) / (1 - A2)
    dZ2 = dA2 * A2 * (1 - A2)
    dA1 = W2.T @ dZ2
    dZ1 = dA1 * (Z1 > 0)
    return {"dW1": dZ1 @ X.T / m, "db1": dZ1.sum(axis=1, keepdims=True) / m,
            "dW2": dZ2 @ A1.T / m, "db2": dZ2.sum(axis=1, keepdims=True) / m}
"""


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("seed", [19, 23, 46, 58])
@pytest.mark.parametrize("dtype", [float, np.uint8])
def test_raw_pixels_hide_no_missing_factor(seed: int, dtype: Any) -> None:
    """The output is 0 or 1 to every digit, where (1 − A2) changes nothing: other data show it."""
    rng = np.random.default_rng(seed)
    data = rng.integers(0, 256, (4, 9)).astype(dtype), rng.integers(0, 2, (1, 9))
    P = {"W1": rng.normal(size=(5, 4)) / 2, "b1": np.zeros((5, 1))}
    P |= {"W2": rng.normal(size=(1, 5)) / 2, "b2": np.zeros((1, 1))}
    texts = (PIXELS, PIXELS.replace(" * A2 * (1 - A2)", " * A2"))
    with np.errstate(all="ignore"):
        for k, text in enumerate(texts):
            module = module_of(f"pixels_{k}", text)
            report = check_backprop(module.forward, module.backward, P, data)
            assert bool(report) == (k == 0), str(report)


def test_gradients_under_no_known_name_are_said_at_once() -> None:
    """Edits of names that nothing asks for were 6,000 characters of nonsense, after 20 s."""

    def backward(X: Any, Y: Any, w: Any, b: Any, cache: Any) -> dict[str, Any]:
        found = zeros_backward(X, Y, w, b, cache)
        return {"dW1": found["dw"], "db1": found["db"]}

    rng = np.random.default_rng(0)
    data = rng.random((3, 12)), rng.integers(0, 2, (1, 12))
    P = {"w": rng.normal(size=(3, 1)), "b": 0.3}
    begun = time.perf_counter()
    report = check_backprop(zeros_forward, backward, P, data)
    assert time.perf_counter() - begun < 10
    assert not report
    assert len(str(report)) < 1000
    assert "dW1, db1" in str(report)
