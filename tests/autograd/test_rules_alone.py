"""check_backprop of a rule by itself: classes in PyTorch's way, and ops."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from autograd import OPS, GradientError, check_backprop, op

RNG = np.random.default_rng(0)
X, W, B = RNG.normal(size=(3, 4)), RNG.normal(size=(2, 3)), RNG.normal(size=(2, 1))


def layer(wrong: Any = None) -> Any:
    """Return tanh(W x + b) as a class with a backward by hand, with something changed in it."""

    class Layer:
        @staticmethod
        def forward(ctx, x, W, b):
            z = W @ x + b
            a = np.tanh(z)
            ctx.save_for_backward(x, W, a)
            return a

        @staticmethod
        def backward(ctx, g):
            x, W, a = ctx.saved_tensors
            dz = g * (1 - a**2)
            grads = {"x": W.T @ dz, "W": dz @ x.T, "b": dz.sum(axis=1, keepdims=True)}
            if wrong is not None:
                wrong(grads, locals())
            return tuple(grads.values())

    return Layer


def test_a_right_class_is_right_at_all_inputs() -> None:
    report = check_backprop(layer(), data=(X, W, B))
    assert report
    assert {(r.name, r.status) for r in report.rows} == {(n, "right") for n in ("dx", "dW", "db")}
    assert "3 sets of inputs" in str(report)


@pytest.mark.parametrize(
    ("change", "name", "kind"),
    [
        (lambda g, v: g.update(W=2 * g["W"]), "dW", "scale"),
        (lambda g, v: g.update(b=-g["b"]), "db", "sign"),
        (lambda g, v: g.update(W=v["g"] @ v["x"].T), "dW", "upstream"),
        (lambda g, v: g.update(b=g["b"].ravel()), "db", "shape"),
        (
            lambda g, v: g.update(x=v["W"] @ v["dz"].T @ np.ones((2, 1)) if False else g["x"].T),
            "dx",
            "shape",
        ),
    ],
)
def test_a_wrong_gradient_of_a_class_is_named(change: Any, name: str, kind: str) -> None:
    report = check_backprop(layer(change), data=(X, W, B))
    assert not report
    (mistake,) = report.mistakes
    assert mistake.name == name
    assert mistake.causes[0].kind == kind
    assert mistake.causes[0].why


def test_a_mistake_that_the_given_point_hides_is_found_at_others() -> None:
    """With b = 0 a gradient by b² looks right."""

    class Hidden:
        @staticmethod
        def forward(ctx, x, b):
            ctx.save_for_backward(x, b)
            return x + b * b

        @staticmethod
        def backward(ctx, g):
            _, b = ctx.saved_tensors
            return g, 3 * g * b

    assert not check_backprop(Hidden, data=(X, np.zeros((3, 4))))


def test_what_a_class_needs_is_said() -> None:
    class Loops:
        @staticmethod
        def forward(ctx, x):
            out = np.zeros(3)
            for i in range(3):
                out[i] = float(np.asarray(x.data)[i]) if hasattr(x, "data") else x[i]
            return out

        backward = staticmethod(lambda ctx, g: g)

    with pytest.raises(GradientError, match=r"Loops\.forward gave ndarray, which has no graph"):
        check_backprop(Loops, data=(np.ones(3),))

    class Few:
        forward = staticmethod(lambda ctx, x, y: x * y)
        backward = staticmethod(lambda ctx, g: g)

    with pytest.raises(GradientError, match="one gradient for each of the 2 arguments"):
        check_backprop(Few, data=(np.ones(3), np.ones(3)))

    class Raises:
        forward = staticmethod(lambda ctx, x: x * 2)
        backward = staticmethod(lambda ctx, g: g @ np.ones(9))

    with pytest.raises(GradientError, match=r"Raises\.backward raised ValueError"):
        check_backprop(Raises, data=(np.ones(3),))
    with pytest.raises(GradientError, match="needs a derivation to compare"):
        check_backprop(np.sin, data=(np.ones(3),))


def test_integers_and_options_of_a_class_need_no_gradient() -> None:
    class Power:
        @staticmethod
        def forward(ctx, x, n):
            ctx.x, ctx.n = x, n
            return x**n

        @staticmethod
        def backward(ctx, g):
            return g * ctx.n * ctx.x ** (ctx.n - 1), None

    assert check_backprop(Power, data=(np.array([1.0, -2.0]), 3))


@pytest.fixture
def own_op() -> Any:
    made = []

    def make(name: str, forward: Any, **rules: Any) -> Any:
        forward.__name__ = forward.__qualname__ = name
        forward.__doc__ = "Return a test's own function."
        function = op(symbol=name, samples=("2,3 2,3",))(forward)
        function.vjp(**rules)
        made.append(name)
        return function

    yield make
    for name in made:
        OPS.pop(name, None)


A, C = RNG.normal(size=(2, 3)), RNG.normal(size=(2, 3))
FORWARD = lambda a, b: a * np.tanh(b)  # noqa: E731
DA = lambda g, b: g * np.tanh(b)  # noqa: E731
DB = lambda g, a, b: g * a * (1 - np.tanh(b) ** 2)  # noqa: E731


def test_a_right_op_is_right(own_op: Any) -> None:
    def forward(a, b, /):
        return a * np.tanh(b)

    report = check_backprop(own_op("right_op", forward, a=DA, b=DB), data=(A, C))
    assert report
    assert {r.name for r in report.rows} == {"da", "db"}


@pytest.mark.parametrize(
    ("rules", "name", "sentence"),
    [
        ({"a": lambda g, b: 2 * DA(g, b), "b": DB}, "da", "it is 2 times as large"),
        ({"a": DA, "b": lambda g, a, b: -DB(g, a, b)}, "db", "its sign is wrong"),
        ({"a": lambda g, a, b: DB(g, a, b), "b": DB}, "da", "it is the derivative by b"),
        ({"a": lambda g, b: np.tanh(b), "b": DB}, "da", "g is not used"),
        (
            {"a": lambda g, a, b: g * np.tanh(a), "b": DB},
            "da",
            "a stands where b should",
        ),
        (
            {"a": DA, "b": lambda g, a, b: np.where(b > 0, DB(g, a, b), 0.0)},
            "db",
            "it is right where b > 0 only",
        ),
    ],
)
def test_what_is_wrong_with_a_rule_is_said(
    own_op: Any, rules: Any, name: str, sentence: str
) -> None:
    def forward(a, b, /):
        return a * np.tanh(b)

    report = check_backprop(own_op("wrong_op", forward, **rules), data=(A, C))
    (mistake,) = report.mistakes
    assert mistake.name == name
    assert sentence in [c.sentence for c in mistake.causes]


def test_a_rule_that_raises_is_named_with_its_operand(own_op: Any) -> None:
    def forward(a, b, /):
        return a * np.tanh(b)

    function = own_op("raising", forward, a=DA, b=lambda g, a: g @ a)
    with pytest.raises(GradientError, match=r"raising\.vjp\(b=\.\.\.\) raised ValueError"):
        check_backprop(function, data=(A, C))


def test_a_report_is_data_markdown_and_html() -> None:
    report = check_backprop(layer(lambda g, v: g.update(W=7.5 * g["W"])), data=(X, W, B))
    data = json.loads(json.dumps(report.to_dict()))
    assert data["mistakes"] == ["dW"]
    row = next(r for r in data["rows"] if r["name"] == "dW")
    assert row["causes"][0].keys() == {"kind", "sentence", "why", "edit", "evidence"}
    assert "| `dW` | **WRONG** |" in report.markdown
    page = report._repr_html_()
    assert page.count("<tr") == 4
    assert "7.5 times as large" in page
    with pytest.raises(GradientError, match="1 mistake, first in dW"):
        report.raise_if_wrong()
