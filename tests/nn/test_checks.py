"""The course's gradient check."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import GradientError, ShapeError
from tests.nn.helpers import small_net, three, toy

X, Y = toy(64)


def exercise():
    """Return network and data of the course's gradient checking exercise."""
    rng = np.random.RandomState(1)
    X, Y = rng.randn(4, 3), np.array([[1, 1, 0]])
    shapes = {"W1": (5, 4), "b1": (5, 1), "W2": (3, 5), "b2": (3, 1), "W3": (1, 3), "b3": (1, 1)}
    return nn.Network.from_dict({k: rng.randn(*s) for k, s in shapes.items()}), X, Y


def test_the_exercises_numbers_come_out() -> None:
    net, X, Y = exercise()
    right = nn.check_gradients(net, X, Y, epsilon=1e-7)
    assert right == pytest.approx(1.189e-07, abs=5e-11)  # printed: 1.18904178788e-07
    assert right.band == "great"  # the rest is the rounding of log(1 − a): on logits 1e-9
    assert right.on_logits < 1e-8
    assert str(right).startswith("gradient check: 1.189e-07 (great: ")
    A, caches = nn.by_hand.forward(net.as_dict(), X)
    planted = {k: v for k, v in nn.by_hand.backward(A, Y, caches).items() if k[1] in "Wb"}
    planted["dW2"] = 2 * planted["dW2"]
    planted["db1"] = 4 * planted["db1"]
    wrong = nn.check_gradients(net, X, Y, gradients=planted)
    assert wrong == pytest.approx(0.28509315678, abs=5e-12)
    assert wrong.band == "WRONG"
    assert "worst at layer1.b" in str(wrong)


def test_everything_is_left_as_it_was() -> None:
    X, Y = toy(6)
    net = nn.Network([2, 3, 1], keep_prob=0.5, hidden="tanh", rng=0)
    nn.cost(net, X, Y).backward()
    before = {k: (p.numpy(), p.grad.copy()) for k, p in net.named_parameters()}
    assert nn.check_gradients(net, X, Y) < 1e-6
    for k, p in net.named_parameters():
        np.testing.assert_array_equal(p.data, before[k][0])
        np.testing.assert_array_equal(p.grad, before[k][1])
    assert net.training
    assert net.dropout1.training


def test_other_outputs_losses_and_penalties() -> None:
    X, Y = three(6)
    net = nn.Network([2, 3, 3], hidden="tanh", output="softmax", rng=0)
    assert nn.check_gradients(net, X, Y, penalty=nn.L2(0.5)) < 1e-7
    net = nn.Network([2, 3, 1], hidden="tanh", output="identity", rng=0)
    assert nn.check_gradients(net, X, Y[:1], nn.squared_error) < 1e-7
    with pytest.raises(ValueError, match="cost: needs a loss"):
        nn.check_gradients(net, X, Y[:1])


def test_a_saturated_output_is_no_mistake() -> None:
    """log(1 − a) is −inf at a = 1, in the notes' form; on logits the cost is finite."""
    net = nn.Network.from_dict({"W1": [[100.0]], "b1": [[0.0]]})
    found = nn.check_gradients(net, [[1.0, -0.02]], [[0, 1]])
    assert found.band == "great"


def test_a_wrong_rule_is_found() -> None:
    from autograd import op

    @op(symbol="halved", samples=["2,3"])
    def halved(a):
        """Return tanh a, with half of its derivative."""
        return np.tanh(a)

    halved.vjp(a=lambda g, out: 0.5 * g * (1 - out * out))
    try:
        X, Y = toy(6)
        net = nn.Network([2, 3, 1], hidden=halved, rng=0)
        assert nn.check_gradients(net, X, Y).band == "WRONG"
    finally:
        import autograd

        autograd.OPS.pop("halved")


def test_names_of_gradients_are_checked() -> None:
    net, X, Y = exercise()
    A, caches = nn.by_hand.forward(net.as_dict(), X)
    by = nn.by_hand.backward(A, Y, caches)
    letters = {k[1:]: v for k, v in by.items() if k[1] in "Wb"}
    assert nn.check_gradients(net, X, Y, gradients=letters).band == "great"
    paths = {f"layer{k[1]}.{k[0]}": v for k, v in letters.items()}
    assert nn.check_gradients(net, X, Y, gradients=paths).band == "great"
    with pytest.raises(GradientError, match=r"needs one entry for layer1\.W .*, got 0"):
        nn.check_gradients(net, X, Y, gradients={k: v for k, v in letters.items() if k != "W1"})
    with pytest.raises(GradientError, match="got 2"):
        nn.check_gradients(net, X, Y, gradients={**letters, "dW1": letters["W1"]})
    with pytest.raises(ShapeError, match=r"W1 needs shape \(5, 4\), got \(4, 5\)"):
        nn.check_gradients(net, X, Y, gradients={**letters, "W1": letters["W1"].T})
    with pytest.raises(TypeError, match=r"use autograd\.check_gradients"):
        nn.check_gradients(np.sin, X, Y)


def test_what_a_check_cannot_measure_is_refused() -> None:
    with pytest.raises(ValueError, match=r"need float64, and layer1\.W is float32"):
        nn.check_gradients(small_net(dtype=np.float32), X, Y)


def test_errors_of_the_check_begin_with_its_name() -> None:
    with pytest.raises((TypeError, ValueError), match=r"^check_gradients: "):
        nn.check_gradients(nn.Network([2, 1]), X, Y, epsilon=-1.0)


@pytest.mark.parametrize(
    ("error", "band"),
    [(0.99e-7, "great"), (1.01e-7, "look again"), (0.99e-5, "look again"), (1.01e-5, "WRONG")],
)
def test_bands_are_the_courses(error: float, band: str) -> None:
    found = nn.CourseCheck(error)
    found.on_logits = error
    assert found.band == band


def test_a_number_below_the_band_needs_no_explanation() -> None:
    rng = np.random.RandomState(1)
    X, Y = rng.randn(4, 3), np.array([[1, 1, 0]])
    quiet = nn.check_gradients(nn.Network([4, 2, 1], hidden="tanh", rng=0), X, Y, epsilon=1e-5)
    assert quiet < 1e-7
    assert str(quiet).endswith("(great)")


def test_randomness_of_ones_own_is_no_wrong_gradient() -> None:
    def dropped(A: Any) -> Any:
        return A * (np.random.random(A.shape) < 0.8) / 0.8  # noqa: NPY002

    net = nn.Sequential(nn.Linear(3, 4, rng=0), "tanh", dropped, nn.Linear(4, 1, rng=1), "sigmoid")
    for _ in range(10):
        with pytest.raises(GradientError, match="two costs of the same data differ"):
            nn.check_gradients(net, np.ones((3, 8)), np.ones((1, 8)))


def test_a_cost_that_is_nan_is_not_taken_for_a_random_one() -> None:
    net = nn.Sequential(nn.Linear(2, 1, rng=0), lambda Z: Z * np.nan)
    with np.errstate(all="ignore"):
        found = nn.check_gradients(net, np.ones((2, 3)), np.ones((1, 3)), nn.squared_error)
    assert found.band == "WRONG"


def test_rare_randomness_is_seen_when_a_difference_has_met_it() -> None:
    for keep_prob in (0.98, 0.99, 0.995):
        for seed in range(60):
            layer = nn.Dropout(keep_prob, rng=seed)
            with contextlib.suppress(GradientError):  # what it says is another test's
                assert autograd.check_gradients(layer, np.ones((2, 2)))


def test_at_an_exact_fit_the_gradient_is_0_and_right() -> None:
    net = nn.Network.from_dict({"W1": [[2.0]], "b1": [[1.0]]}, output="identity")
    X = np.array([[1.0, -1.0, 3.0]])
    found = nn.check_gradients(net, X, 2 * X + 1, nn.mean_squared_error)
    assert found.band == "great"
    assert "the gradient is 0" in str(found)
    wrong = {"W1": [[1e-6]], "b1": [[0.0]]}
    assert nn.check_gradients(net, X, 2 * X + 1, nn.mean_squared_error, gradients=wrong).band == (
        "WRONG"
    )


def test_a_cost_too_large_for_its_differences_says_so() -> None:
    X = np.random.default_rng(0).normal(size=(3, 8))
    net = nn.Network([3, 4, 1], output="identity", rng=0)
    data = X, 1e6 + X[:1], nn.mean_squared_error
    found = nn.check_gradients(net, *data)
    assert found.band == "look again"
    assert "take 1e-3 or scale the targets" in str(found)
    assert nn.check_gradients(net, *data, epsilon=1e-3).band == "great"


def test_what_rounding_explains_is_that_of_the_costs_differences() -> None:
    """A cost J is off by eps |J|, each of n differences by that over the step, together √n times.

    Its slopes are off by eps times squares of what it is made of.
    """
    X = np.random.default_rng(0).normal(size=(3, 8))
    net = nn.Network([3, 4, 1], output="identity", rng=0)  # 21 numbers
    found = nn.check_gradients(net, X, 100 + X[:1], nn.mean_squared_error, epsilon=1e-5)
    J = nn.cost(net, X, 100 + X[:1], nn.mean_squared_error).item()
    assert J > 1000
    eps = np.finfo(float).eps
    squares = np.mean(net(X).data ** 2) + np.mean((100 + X[:1]) ** 2)
    assert found.rounding == pytest.approx(21**0.5 * eps * (J / 1e-5 + squares), rel=1e-12)


def test_a_wrong_slope_near_a_fit_is_wrong(registry: Any) -> None:
    """At a cost of 1e-18 differences are exact, and a gradient that is doubled shows."""
    import autograd as engine

    @engine.op(symbol="same", samples=("3",), elementwise=True)
    def same(a: Any) -> Any:
        return a * 1.0

    same.vjp(a=lambda g: g * 2)
    X = np.random.default_rng(0).normal(size=(3, 8))
    net = nn.Sequential(nn.Linear(3, 1, rng=0), lambda Z: same(Z))
    net.step1.W.data, net.step1.b.data = np.array([[1.0, 0.0, 0.0]]), np.array([[1e-9]])
    assert nn.check_gradients(net, X, X[:1], nn.squared_error).band == "WRONG"


@pytest.mark.parametrize("seed", range(20))
def test_a_kink_of_relu_is_no_mistake(seed: int) -> None:
    """With b = 0, an example for which a whole layer answers 0 stands at the kink of the next."""
    net = nn.Network([2, 3, 3, 1], rng=seed)
    X = np.random.default_rng(seed).normal(size=(2, 8))
    X[:, 0] = 0.0
    found = nn.check_gradients(net, X, X[:1] > 0)
    assert found.band == "great", found
    assert f"at a kink in {found.kinked} of 25 numbers" in str(found)
    wrong = {k: g.copy() for k, g in found.gradients.items()}
    wrong["layer3.b"] *= 1.5  # where nothing is at a kink
    assert nn.check_gradients(net, X, X[:1] > 0, gradients=wrong).band == "WRONG"


def test_a_slope_beyond_both_sides_of_a_kink_is_wrong() -> None:
    net = nn.Network([1, 1, 1], rng=0)
    net["W1"].data, net["W2"].data = [[1.0]], [[2.0]]
    own = nn.check_gradients(net, [[0.0]], [[1]])
    assert own.band == "great"
    assert own.kinked == 1  # b1: 0 on one side, −1 on the other; W1 is times 0
    for slope, band in ((0.0, "great"), (-1.0, "great"), (-0.3, "great"), (0.2, "WRONG")):
        given = {**own.gradients, "layer1.b": [[slope]]}
        assert nn.check_gradients(net, [[0.0]], [[1]], gradients=given).band == band


def test_a_jump_is_no_kink() -> None:
    class Step(nn.Module):
        def __init__(self) -> None:
            self.W = autograd.Tensor([[0.0]], name="W", requires_grad=True)

        def forward(self, X: Any) -> Any:
            Z = self.W @ X
            return np.where(Z.data > 0, 1.0, 0.0) + 0 * Z

    one = np.ones((1, 3))
    for given in (None, {"W": [[-1e4]]}):
        found = nn.check_gradients(Step(), one, one, nn.mean_squared_error, gradients=given)
        assert found.band == "WRONG"
        assert found.kinked == 0


@pytest.mark.parametrize("epsilon", [1e-10, 1e-12, 1e-15, 1e-17])
def test_a_step_that_is_too_short_proves_nothing(epsilon: float) -> None:
    net = nn.Network([2, 3, 1], hidden="tanh", rng=0)
    X, Y = toy(20)
    own = nn.check_gradients(net, X, Y)
    wrong = {**own.gradients, "layer1.W": 1.5 * own.gradients["layer1.W"]}
    found = nn.check_gradients(net, X, Y, epsilon=epsilon, gradients=wrong)
    assert found.band != "great", found
    right = nn.check_gradients(net, X, Y, epsilon=epsilon)
    assert right.band != "WRONG" or epsilon > 1e-12, right
    if epsilon < 1e-12:
        assert "epsilon is too small" in str(found)


def test_a_long_step_finds_no_kink_in_a_smooth_network() -> None:
    net = nn.Network([2, 3, 1], hidden="tanh", rng=0)
    assert nn.check_gradients(net, *toy(20), epsilon=1.0).kinked == 0
