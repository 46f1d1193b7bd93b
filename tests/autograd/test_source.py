"""Code made of graphs, run and laid beside the engine: to the last bit ahead, its numbers back."""

from __future__ import annotations

import ast
import re
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import (
    OPS,
    GradientError,
    Source,
    Tensor,
    conv,
    graph,
    name_scope,
    op,
    sigmoid,
    to_source,
)
from tests.autograd.helpers import leaf
from tests.autograd.samples import parse
from tests.autograd.test_random_graphs import random_program, run
from tests.viz.models import MODELS


def executed(source: Source) -> tuple[Any, dict[str, Any]]:
    """Run the code as a user would: from its text, and what it says it takes."""
    space: dict[str, Any] = {}
    exec(compile(str(source), "source", "exec"), space)
    with np.errstate(all="ignore"):
        result, cache = space["forward"](**source.inputs)
        return result, space["backward"](cache)


def gradients_of(J: Tensor) -> dict[str, Any]:
    """Return the engine's gradients of the sum of all elements, by the labels of the leaves."""
    g = graph(J)
    seed = np.ones(J.shape, J.dtype)
    found = g.program.pulled_back(list(g.program.values), {g.program.outputs[0]: seed[()]})
    return {g.nodes[i].label: found[i] for i in range(len(g)) if g.nodes[i].kind == "leaf"}


def assert_round_trip(J: Tensor) -> Source:
    source = to_source(J)
    result, found = executed(source)
    value = np.asarray(J.data)
    assert np.asarray(result).dtype == value.dtype
    assert np.asarray(result).tobytes() == value.tobytes()
    wanted = {name: x for name, x in gradients_of(J).items() if x is not None}
    assert len(found) == len(wanted)
    for (name, x), got in zip(wanted.items(), found.values(), strict=True):
        far = 1e-9 if value.dtype == np.float64 else 1e-3
        scale = np.max(np.abs(x), initial=1e-300)
        np.testing.assert_allclose(got, x, rtol=far, atol=1e-3 * far * scale, err_msg=name)
        assert np.shape(got) == np.shape(x)
    return source


@pytest.mark.parametrize("model", MODELS)
def test_models_round_trip(model: str) -> None:
    assert_round_trip(MODELS[model]())


@pytest.mark.parametrize("chunk", range(20))
def test_a_thousand_random_graphs_round_trip(chunk: int) -> None:
    for seed in range(50 * chunk, 50 * chunk + 50):
        inputs, steps = random_program(np.random.default_rng(seed))
        leaves = [leaf(x, f"x{k}" if k % 2 else None) for k, x in enumerate(inputs)]
        with np.errstate(all="ignore"):
            J = run(leaves, steps)
        assert_round_trip(J)


CASES = [(name, sample) for name, o in sorted(OPS.items()) for sample in o.samples[:3]]


@pytest.mark.parametrize(("name", "sample"), CASES)
def test_every_op_round_trips(name: str, sample: str) -> None:
    op = OPS[name]
    arrays, params = parse(op, sample)
    leaves = [leaf(x, n) for x, n in zip(arrays, "abcdefgh", strict=False)]
    with np.errstate(all="ignore"):
        y = op.record(leaves, **params) if op.variadic else op.record(*leaves, **params)
    if y.requires_grad:
        assert_round_trip(y)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_other_precisions_round_trip(dtype: Any) -> None:
    rng = np.random.default_rng(0)
    W, x = (
        leaf(rng.normal(size=(2, 3)), "W", dtype),
        Tensor(rng.normal(size=3).astype(dtype), name="x"),
    )
    source = to_source((np.tanh(W @ x) * 2).sum())
    result, found = executed(source)
    assert result.dtype == dtype
    np.testing.assert_allclose(
        found["dW"], gradients_of((np.tanh(W @ x) * 2).sum())["W"], rtol=2e-2
    )


# -- at other inputs than the recorded ones --------------------------------------------------------

SQUARE, STACK = (3, 3), (3, 3, 3)
ELSEWHERE: dict[str, tuple[Any, list[tuple[int, ...]]]] = {
    "sum of rows": (lambda x: (x.sum(axis=1) ** 2).sum(), [SQUARE]),
    "sum of squares": (lambda x: ((x * x).sum(axis=1) ** 2).sum(), [SQUARE]),
    "mean": (lambda x: (x.mean(axis=1) ** 2).sum(), [SQUARE]),
    "logsumexp": (lambda x: np.log(np.exp(x).sum(axis=1)).sum(), [SQUARE]),
    "prod": (lambda x: (x.prod(axis=1) ** 2).sum(), [SQUARE]),
    "var": (lambda x: (x.var(axis=1) * x[0]).sum(), [SQUARE]),
    "max": (lambda x: (np.max(x, axis=1) ** 2).sum(), [SQUARE]),
    "norm": (lambda x: (np.linalg.norm(x + 1, axis=1) ** 3).sum(), [SQUARE]),
    "both sums": (lambda x: (x.sum(axis=0) * x.sum(axis=1)).sum(), [SQUARE]),
    "stack @ matrix": (lambda a, b: ((a @ b) ** 2).sum(), [STACK, SQUARE]),
    "stack @ vector": (lambda a, b: ((a @ b) ** 2).sum(), [STACK, (3,)]),
    "distances": (
        lambda a, b: (((a[:, None, :] - b[None]) ** 2).sum(axis=2) ** 2).sum(),
        [SQUARE] * 2,
    ),
    "times a scalar": (lambda x, k: (k * np.max(x, axis=0)).sum(), [(3, 5), ()]),
    "normalized": (
        lambda x, w: (w @ (x - x.mean(axis=1, keepdims=True) + np.max(x, axis=1))).sum(),
        [SQUARE, (1, 3)],
    ),
    "powers": (lambda a, b: (-(a**2) - (b - (a - b)) / (a * b + 3)).sum(), [SQUARE] * 2),
    "greater one": (lambda a, b: (np.maximum(a, b) ** 2).sum(), [SQUARE] * 2),
}


@pytest.mark.parametrize("start", ["zeros", "ones", "halves"])
@pytest.mark.parametrize("name", ELSEWHERE)
def test_code_is_right_at_other_inputs_than_the_recorded(name: str, start: str) -> None:
    """A special point hides an axis that was lost: what is printed is a formula, not its value."""
    f, shapes = ELSEWHERE[name]
    fill = {"zeros": 0.0, "ones": 1.0, "halves": 0.5}[start]
    names = "abcd"[: len(shapes)]
    leaves = [leaf(np.full(shape, fill), n) for n, shape in zip(names, shapes, strict=True)]
    with np.errstate(all="ignore"):
        source = to_source(f(*leaves))
    rng = np.random.default_rng(5)
    others = {n: rng.normal(size=shape) + 2.5 for n, shape in zip(names, shapes, strict=True)}
    space: dict[str, Any] = {}
    exec(str(source), space)
    result, cache = space["forward"](**{**source.inputs, **others})
    found = space["backward"](cache)
    again = [leaf(x, n) for n, x in others.items()]
    J = f(*again)
    np.testing.assert_allclose(result, J.data, rtol=1e-12)
    for n, x in gradients_of(J).items():
        np.testing.assert_allclose(found[f"d{n}"], x, rtol=1e-9, err_msg=f"{source}")


def test_types_of_gradients_are_the_engines() -> None:
    W, x = leaf(np.ones((2, 3)), "W", np.float32), np.linspace(0, 1, 3)
    for J in ((np.tanh(W @ x)).mean() * 2, (W * np.float64(0.1)).sum()):
        _, found = executed(to_source(J))
        assert found["dW"].dtype == np.float32


@pytest.mark.parametrize("name", ["ϵ", "ϕ", "µ", "ℓ", "𝑥", "ﬁ", "ef", "el", "e", "aise"])
def test_names_that_python_reads_otherwise(name: str) -> None:
    assert_round_trip((leaf(2.0, name) * leaf(3.0, "ε")).named("J"))


def test_a_scope_is_a_comment_whatever_it_is_called() -> None:
    x = leaf(1.0, "x")
    with name_scope("c\nimport os\x1b"):
        y = np.tanh(x).named("y")
    source = assert_round_trip(y)
    assert "import os" not in [line.strip() for line in source.splitlines()]


FACTOR = 3.0


def test_an_op_of_ones_own_is_an_input(registry: Any) -> None:
    @op(symbol="scaled({a})", samples=("2",))
    def scaled(a: Any) -> Any:
        """Return a product with a number of the module."""
        return a * FACTOR

    scaled.vjp(a=lambda g: g * FACTOR)
    source = assert_round_trip((scaled(leaf([1.0, 2.0], "x")) ** 2).sum().named("J"))
    assert [name for name, x in source.inputs.items() if callable(x)] == ["scaled_op"]
    assert "FACTOR" not in source


def test_what_is_made_of_functions_and_objects_is_refused() -> None:
    W = leaf(np.ones((2, 2)), "W")
    J = autograd.checkpoint(lambda w: np.tanh(w) * 2)(W).sum().named("J")
    with pytest.raises(GradientError, match="to_source: checkpoint is made of Python functions"):
        to_source(J)
    sparse = pytest.importorskip("scipy.sparse", reason="the extra 'special' is not installed")
    J = (sparse.csr_matrix(np.eye(2)) @ W).sum()
    with pytest.raises(GradientError, match="leave checkpoint"):
        to_source(J)


# -- what is read ----------------------------------------------------------------------------------


def network() -> Tensor:
    return MODELS["two layers"]()


def test_a_network_reads_as_in_the_notes() -> None:
    lines = [line.strip() for line in to_source(network()).splitlines()]
    assert "def forward(W1, b1, W2, b2, X, Y):" in lines
    for line in (
        "Z1 = W1 @ X + b1",
        "A1 = relu(Z1)",
        "dZ2 = dL * (sigmoid(Z2) - Y)",
        "dW2 = dZ2 @ A1.T",
        "db2 = np.sum(dZ2, axis=1, keepdims=True)",
        "dA1 = W2.T @ dZ2",
        "dZ1 = dA1 * (A1 > 0)",
        "dW1 = dZ1 @ X.T",
        'return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}',
    ):
        assert line in lines
    assert "# layer1 (Linear)" in lines
    assert "autograd" not in to_source(network())  # it needs NumPy alone


def test_only_what_the_backward_pass_reads_is_cached() -> None:
    source = to_source(network())
    tree = ast.parse(source)
    backward = next(f for f in tree.body if isinstance(f, ast.FunctionDef) and f.name == "backward")
    unpacked = {n.id for n in ast.walk(backward.body[0]) if isinstance(n, ast.Name)} - {"cache"}
    read = {n.id for line in backward.body[1:] for n in ast.walk(line) if isinstance(n, ast.Name)}
    assert unpacked <= read
    assert "b1" not in unpacked


def test_a_value_used_several_times_adds_up_line_by_line() -> None:
    x = leaf(2.0, "x")
    source = to_source((x * x + np.sin(x)).named("y"))
    assert source.count("dx = dx + ") == 2
    assert "dx = dx + " in source
    assert executed(source)[1]["dx"] == pytest.approx(4 + np.cos(2.0), rel=1e-15)


def test_code_is_valid_whatever_names_and_shapes_are() -> None:
    names = ["class", "W[0]", "∂x", "1st", "a-b", "np", "cache", "W1", "W_1", "θ", "d", "dx", "x"]
    leaves = [leaf(float(k + 1), name) for k, name in enumerate(names)]
    J = leaves[0]
    for x in leaves[1:]:
        J = J * x + 1
    source = assert_round_trip(J.named("J"))
    assert len(source.inputs) == len(names)


def test_names_of_functions_may_be_the_users() -> None:
    gamma, beta = leaf(np.ones((3, 1)), "gamma"), leaf(np.ones((3, 1)), "beta")
    source = assert_round_trip((gamma * np.arange(6.0).reshape(3, 2) + beta).sum().named("J"))
    assert "def forward(gamma, beta" in source
    s = leaf([0.5, 1.0], "sigmoid")
    assert_round_trip((sigmoid(s) * s).sum().named("J"))


def test_data_without_names_is_taken_as_inputs_and_numbers_stand_in_the_code() -> None:
    w = leaf(np.ones(30), "w")
    c = np.linspace(0, 1, 30)
    source = to_source((w * c * 0.25).sum().named("J"))
    assert [*source.inputs] == ["w", "c"]
    assert "0.25" in source
    np.testing.assert_array_equal(source.inputs["c"], c)


def test_several_results_come_back_as_a_tuple() -> None:
    a, b = leaf(2.0, "a"), leaf(3.0, "b")
    u = (a * b).named("u")
    source = to_source(u, (u + a).named("v"))
    (first, second), found = executed(source)
    assert (first, second) == (6.0, 8.0)
    assert (found["da"], found["db"]) == (3.0 + 3.0 + 1.0, 4.0)  # of u + v


def test_scopes_are_comments() -> None:
    x = leaf(1.0, "x")
    with name_scope("outer"), name_scope("inner"):
        y = np.tanh(x).named("y")
    assert "# outer › inner" in to_source(y)


def test_what_cannot_be_printed_calls_the_engine() -> None:
    K, images = leaf(np.ones((2, 1, 2, 2)), "K"), Tensor(np.ones((1, 1, 4, 4)), name="images")
    source = assert_round_trip(conv(images, K).sum().named("J"))
    assert "import autograd" in source


def test_dropout_is_reproduced_with_its_mask() -> None:
    net = nn.Sequential(nn.Linear(4, 3, rng=0), nn.Dropout(0.5, rng=1))
    J = (net(np.ones((4, 5))) ** 2).sum().named("J")
    assert_round_trip(J)


def test_second_order_graphs_are_programs_like_any() -> None:
    assert_round_trip(MODELS["second order"]())


def test_latex_has_every_derivative() -> None:
    text = to_source(MODELS["lecture"](), form="latex")
    assert text.startswith("\\begin{aligned}\n")
    assert r"u &= b \cdot c \\" in text
    whole = (
        r"\frac{\partial J}{\partial b} &= \frac{\partial J}{\partial u} \cdot \left(c\right) \\"
    )
    assert whole in text
    assert text.count("{") == text.count("}")
    assert len(re.findall(r"\\partial J\}\{\\partial [abcuv]\} &", text)) == 5


def test_what_is_not_known_is_refused() -> None:
    w = leaf(1.0, "w")
    J = (w * w).named("J")
    w.data = 2.0  # the value before is kept
    assert "J = w * w" in to_source(J)
    w.data = 3.0
    with pytest.raises(GradientError, match="the value of w is not known any more"):
        to_source(J)
    with pytest.raises(GradientError, match="graph: needs a Tensor with a graph"):
        to_source(Tensor(1.0))
    with pytest.raises(ValueError, match="form needs one of numpy, latex"):
        to_source(leaf(1.0, "w") * 2, form="torch")
