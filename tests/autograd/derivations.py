"""Right backward passes in the course's style, and what students do to them, line by line.

`bank()` yields every change of every line that runs and gives other gradients: each is one planted
mistake, with the name of the quantity whose line was changed and the kinds that name it rightly.
`benchmarks/derivations.py` prints which kinds were found for which.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autograd import check_backprop
from autograd.captured import Pair

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autograd import BackpropDiagnosis

SIGMOID = """
def forward(X, Y, parameters):
    Z = parameters["W"] @ X + parameters["b"]
    A = 1 / (1 + np.exp(-Z))
    J = -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / X.shape[1]
    return J, {"Z": Z, "A": A}


def backward(X, Y, parameters, cache):
    m = X.shape[1]
    dZ = cache["A"] - Y
    dW = dZ @ X.T / m
    db = np.sum(dZ, axis=1, keepdims=True) / m
    return {"dW": dW, "db": db}
"""
SQUARED = """
def forward(X, Y, parameters):
    Z1 = parameters["W1"] @ X + parameters["b1"]
    A1 = np.tanh(Z1)
    Z2 = parameters["W2"] @ A1 + parameters["b2"]
    J = np.sum((Z2 - Y) ** 2) / (2 * X.shape[1])
    return J, {"Z1": Z1, "A1": A1, "Z2": Z2}


def backward(X, Y, parameters, cache):
    m = X.shape[1]
    dZ2 = (cache["Z2"] - Y) / m
    dW2 = dZ2 @ cache["A1"].T
    db2 = np.sum(dZ2, axis=1, keepdims=True)
    dA1 = parameters["W2"].T @ dZ2
    dZ1 = dA1 * (1 - cache["A1"] ** 2)
    dW1 = dZ1 @ X.T
    db1 = np.sum(dZ1, axis=1, keepdims=True)
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}
"""
DEEP = """
def forward(X, Y, parameters):
    Z1 = parameters["W1"] @ X + parameters["b1"]
    A1 = np.maximum(Z1, 0)
    Z2 = parameters["W2"] @ A1 + parameters["b2"]
    A2 = np.tanh(Z2)
    Z3 = parameters["W3"] @ A2 + parameters["b3"]
    A3 = 1 / (1 + np.exp(-Z3))
    J = -np.sum(Y * np.log(A3) + (1 - Y) * np.log(1 - A3)) / X.shape[1]
    return J, {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2, "A3": A3}


def backward(X, Y, parameters, cache):
    m = X.shape[1]
    dZ3 = cache["A3"] - Y
    dW3 = dZ3 @ cache["A2"].T / m
    db3 = np.sum(dZ3, axis=1, keepdims=True) / m
    dA2 = parameters["W3"].T @ dZ3
    dZ2 = dA2 * (1 - cache["A2"] ** 2)
    dW2 = dZ2 @ cache["A1"].T / m
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dA1 = parameters["W2"].T @ dZ2
    dZ1 = dA1 * (cache["Z1"] > 0)
    dW1 = dZ1 @ X.T / m
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2, "dW3": dW3, "db3": db3}
"""
SOFTMAX = """
def forward(X, Y, parameters):
    m = X.shape[1]
    Z1 = parameters["W1"] @ X + parameters["b1"]
    A1 = 1 / (1 + np.exp(-Z1))
    Z2 = parameters["W2"] @ A1 + parameters["b2"]
    E = np.exp(Z2)
    A2 = E / np.sum(E, axis=0, keepdims=True)
    penalty = np.sum(parameters["W1"] ** 2) + np.sum(parameters["W2"] ** 2)
    J = -np.sum(Y * np.log(A2)) / m + 0.7 / (2 * m) * penalty
    return J, {"Z1": Z1, "A1": A1, "A2": A2}


def backward(X, Y, parameters, cache):
    m = X.shape[1]
    dZ2 = cache["A2"] - Y
    dW2 = dZ2 @ cache["A1"].T / m + 0.7 / m * parameters["W2"]
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dA1 = parameters["W2"].T @ dZ2
    dZ1 = dA1 * cache["A1"] * (1 - cache["A1"])
    dW1 = dZ1 @ X.T / m + 0.7 / m * parameters["W1"]
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}
"""
RECURRENT = """
def forward(X, Y, parameters):
    h1 = np.tanh(parameters["U"] @ X)
    h2 = np.tanh(parameters["W"] @ h1)
    h3 = np.tanh(parameters["W"] @ h2)
    J = np.sum((h3 - Y) ** 2) / 2
    return J, {"h1": h1, "h2": h2, "h3": h3}


def backward(X, Y, parameters, cache):
    dh3 = cache["h3"] - Y
    dh2 = parameters["W"].T @ (dh3 * (1 - cache["h3"] ** 2))
    dh1 = parameters["W"].T @ (dh2 * (1 - cache["h2"] ** 2))
    dU = dh1 * (1 - cache["h1"] ** 2) @ X.T
    dW = dh3 * (1 - cache["h3"] ** 2) @ cache["h2"].T + dh2 * (1 - cache["h2"] ** 2) @ cache["h1"].T
    return {"dU": dU, "dW": dW}
"""
SHAPES: dict[str, tuple[str, list[dict[str, tuple[int, ...]]]]] = {
    "logistic": (SIGMOID, [{"W": (1, 3), "b": (1, 1)}, {"W": (2, 4), "b": (2, 1)}]),
    "squared": (
        SQUARED,
        [
            {"W1": (4, 3), "b1": (4, 1), "W2": (2, 4), "b2": (2, 1)},
            {"W1": (3, 3), "b1": (3, 1), "W2": (3, 3), "b2": (3, 1)},
        ],
    ),
    "deep": (
        DEEP,
        [
            {
                "W1": (5, 3),
                "b1": (5, 1),
                "W2": (4, 5),
                "b2": (4, 1),
                "W3": (1, 4),
                "b3": (1, 1),
            },
            {
                "W1": (4, 4),
                "b1": (4, 1),
                "W2": (4, 4),
                "b2": (4, 1),
                "W3": (4, 4),
                "b3": (4, 1),
            },
        ],
    ),
    "softmax": (
        SOFTMAX,
        [
            {"W1": (5, 4), "b1": (5, 1), "W2": (3, 5), "b2": (3, 1)},
            {"W1": (3, 3), "b1": (3, 1), "W2": (3, 3), "b2": (3, 1)},
        ],
    ),
    "recurrent": (RECURRENT, [{"U": (3, 2), "W": (3, 3)}, {"U": (4, 4), "W": (4, 4)}]),
}

# What is done to a line: a pattern, what takes its place, and the kinds that name it rightly.
ONE = {"sum"}
CHANGES: list[tuple[str, str, str, set[str]]] = [
    ("no 1/m", r" / m\b", "", {"scale", "term"}),
    ("1/m twice", r" / m\b", " / m / m", {"scale", "term"}),
    ("twice", r"= (.+)$", r"= 2 * (\1)", {"scale", "term"}),
    ("half", r"= (.+)$", r"= (\1) / 2", {"scale", "term"}),
    ("minus", r"= (.+)$", r"= -(\1)", {"sign"}),
    ("plus Y", r" - Y\b", " + Y", {"sign", "term", "factor", "operand", "scale"}),
    ("Y − A", r'(cache\["\w+"\]) - Y', r"Y - \1", {"sign"}),
    ("no keepdims", r", keepdims=True", "", {"shape"}),
    ("other axis", r"axis=1", "axis=0", {"shape", "sum"}),
    ("over all", r"np\.sum\((\w+), axis=1, keepdims=True\)", r"(np.sum(\1) + 0 * \1[:, :1])", ONE),
    ("mean", r"np\.sum\(", "np.mean(", {"scale"}),
    ("no transpose", r"\.T\b", "", {"shape", "transposed", "operand"}),
    ("transposed", r"= (.+)$", r"= (\1).T", {"shape", "transposed"}),
    ("no square", r" \*\* 2\)", ")", {"factor", "path"}),
    ("no slope", r" \* \((1 - cache[^)]*|cache\[\"Z1\"\] > 0)\)", "", {"factor", "upstream"}),
    ("other slope", r"\(1 - (cache\[\"\w+\"\]) \*\* 2\)", r"\1 * (1 - \1)", {"factor"}),
    ("no penalty", r" \+ 0\.7 / m \* parameters\[\"\w+\"\]", "", {"term", "path"}),
    ("λ/2m", r"0\.7 / m", "0.7 / (2 * m)", {"scale", "term"}),
    ("+ for −", r"\(1 - cache", "(1 + cache", {"factor"}),
    ("layer below", r'parameters\["W2"\]', 'parameters["W1"]', {"operand", "shape"}),
    ("layer above", r'parameters\["W2"\]', 'parameters["W3"]', {"operand", "shape"}),
    ("wrong cache", r'cache\["A1"\]', 'cache["Z1"]', {"operand", "factor"}),
    ("wrong layer", r'cache\["A2"\]', 'cache["A1"]', {"operand", "factor", "shape"}),
    (
        "wrong layer back",
        r'cache\["A1"\]',
        'cache["A2"]',
        {"operand", "factor", "shape"},
    ),
    ("without g", r"dZ2 @", "dA1 @", {"upstream", "shape"}),
    ("dA for dZ", r"dZ1 @", "dA1 @", {"upstream", "shape"}),
    ("before g", r"sum\(dZ1", "sum(dA1", {"upstream", "sum"}),
    ("one term", r" \+ dh2 \* .*$", "", {"path", "term"}),
    ("other term", r"dh3 \* \(1 - cache\[\"h3\"\] \*\* 2\) @ cache\[\"h2\"\]\.T \+ ", "", {"path"}),
    (
        "h of before",
        r'cache\["h1"\]',
        'cache["h2"]',
        {"operand", "factor", "path", "shape"},
    ),
]


class Planted(NamedTuple):
    """One mistake: where it stands, the functions, what they take, and what names it."""

    model: str
    change: str
    name: str
    line: str
    functions: dict[str, Any]
    parameters: dict[str, Any]
    data: tuple[Any, Any]
    kinds: set[str]


def functions_of(text: str) -> dict[str, Any]:
    space: dict[str, Any] = {"np": np}
    exec(compile(text, "derivation", "exec"), space)
    return space


def inputs(model: str, which: int, seed: int = 0) -> tuple[dict[str, Any], tuple[Any, Any]]:
    """Return parameters and data of a model."""
    rng = np.random.default_rng(seed + 100 * which + len(model))
    shapes = SHAPES[model][1][which]
    parameters = {k: 0.7 * rng.normal(size=shape) for k, shape in shapes.items()}
    first = next(v for k, v in shapes.items() if k[0] in "WU")
    last = [v for k, v in shapes.items() if k[0] == "W"][-1]
    m = 6
    X = rng.normal(size=(first[1], m))
    if model in ("logistic", "deep"):
        Y = rng.integers(0, 2, size=(last[0], m)).astype(float)
    elif model == "softmax":
        Y = np.eye(last[0])[:, rng.integers(0, last[0], m)]
    else:
        Y = rng.normal(size=(last[0], m))
    return parameters, (X, Y)


def judged(functions, parameters, data) -> BackpropDiagnosis:
    """Return the report on the arrays of a derivation, without its source."""
    with np.errstate(all="ignore"):
        pair = Pair(functions["forward"], functions["backward"], parameters, data)
        found = pair.derivation()
        return check_backprop(found.J, {g.name: g.array for g in found.given.values()})


def bank() -> Iterator[Planted]:
    """Yield every mistake that runs and gives another gradient."""
    for model, (text, shapes) in SHAPES.items():
        lines = text.splitlines()
        begin = next(i for i, line in enumerate(lines) if line.startswith("def backward"))
        for which in range(len(shapes)):
            parameters, data = inputs(model, which)
            right = functions_of(text)
            _, cache = right["forward"](*data, parameters)
            wanted = right["backward"](*data, parameters, cache)
            for i in range(begin + 1, len(lines)):
                name = lines[i].strip().split(" = ")[0]
                if not re.fullmatch(r"d\w+", name):
                    continue
                seen = set()
                for change, pattern, instead, kinds in CHANGES:
                    line = re.sub(pattern, instead, lines[i], count=1)
                    if line == lines[i] or line in seen:
                        continue
                    seen.add(line)
                    wrong = functions_of("\n".join([*lines[:i], line, *lines[i + 1 :]]))
                    try:
                        with np.errstate(all="ignore"):
                            found = wrong["backward"](*data, parameters, cache)
                    except Exception:  # Python says it itself
                        continue
                    if all(
                        np.shape(found[k]) == np.shape(g) and np.allclose(found[k], g)
                        for k, g in wanted.items()
                    ):
                        continue
                    yield Planted(model, change, name, line, wrong, parameters, data, kinds)
