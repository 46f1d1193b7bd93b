"""Optimizers, weighted averages and clipping."""

from __future__ import annotations

import inspect
import math
import re
from typing import Any

import numpy as np
import pytest

import nn
from autograd import GradientError, ShapeError, Tensor
from nn.optim import OPTIMIZERS
from tests.nn.helpers import toy

ALL = sorted(OPTIMIZERS.values(), key=lambda kind: kind.__name__)
X, Y = toy(64)


def leaf(x) -> Tensor:
    return Tensor(np.asarray(x, float), requires_grad=True)


# -- the notes' formulas, from the published exercises ---------------------------------------------


def test_weighted_averages_of_the_notes() -> None:
    assert nn.weighted_average([40, 49, 45], 0.9) == pytest.approx([4, 8.5, 12.15])
    assert nn.weighted_average([10, 10], 0.5) == pytest.approx([5, 7.5])
    assert nn.weighted_average([10, 10], 0.5, corrected=True) == pytest.approx([10, 10])
    theta = np.random.default_rng(0).normal(size=(20, 3))
    v, expected = np.zeros(3), []
    for row in theta:
        v = 0.8 * v + 0.2 * row
        expected.append(v)
    np.testing.assert_allclose(nn.weighted_average(theta, 0.8), expected, atol=1e-15)


def test_weighted_averages_of_matrices_are_those_of_their_elements() -> None:
    theta = np.random.default_rng(0).normal(size=(6, 2, 3))
    whole = nn.weighted_average(theta, 0.8)
    assert whole.shape == theta.shape
    for i in np.ndindex(2, 3):
        assert whole[(slice(None), *i)] == pytest.approx(nn.weighted_average(theta[(..., *i)], 0.8))


@pytest.mark.parametrize("beta", [1, -0.1, 1.5, True, "0.9", math.nan])
def test_a_weight_of_the_past_is_in_0_1(beta) -> None:
    with pytest.raises(ValueError, match=r"beta needs to be in \[0, 1\)"):
        nn.weighted_average([1.0], beta)
    with pytest.raises(ValueError, match=r"beta needs to be in \[0, 1\)"):
        nn.Momentum([leaf(1.0)], learning_rate=0.1, beta=beta)


# What the course prints as W1 after one step (course 2, week 2), of seed 1 and these settings.
PRINTED = {
    "gradient descent": (
        lambda p: nn.SGD(p, learning_rate=0.01),
        [[1.63535156, -0.62320365, -0.53718766], [-1.07799357, 0.85639907, -2.29470142]],
    ),
    "momentum": (
        lambda p: nn.Momentum(p, learning_rate=0.01, beta=0.9),
        [[1.62544598, -0.61290114, -0.52907334], [-1.07347112, 0.86450677, -2.30085497]],
    ),
    "adam, t = 2": (
        lambda p: nn.Adam(p, learning_rate=0.01),
        [[1.63178673, -0.61919778, -0.53561312], [-1.08040999, 0.85796626, -2.29409733]],
    ),
}


@pytest.mark.parametrize("name", PRINTED)
def test_steps_that_the_course_prints_come_out(name) -> None:
    rng = np.random.RandomState(1)
    shapes = [(2, 3), (2, 1), (3, 3), (3, 1)]
    values, slopes = ([rng.randn(*shape) for shape in shapes] for _ in range(2))
    parameters = [leaf(x) for x in values]
    make, printed = PRINTED[name]
    optimizer = make(parameters)
    if name == "adam, t = 2":
        optimizer.load_state_dict({**optimizer.state_dict(), "steps": 1})
    optimizer.update(slopes)
    np.testing.assert_allclose(parameters[0].data, printed, atol=6e-9)


def cs231n(low: float, high: float) -> np.ndarray:
    return np.linspace(low, high, num=20).reshape(4, 5)


def test_published_steps_of_adam_rmsprop_and_momentum_come_out() -> None:
    """Assignment 2 of CS231n prints what follows one step from these states."""
    w, dw = leaf(cs231n(-0.4, 0.6)), cs231n(-0.6, 0.4)
    adam = nn.Adam([w], learning_rate=1e-2)
    adam.load_state_dict({"steps": 5, "v.0": cs231n(0.6, 0.9), "s.0": cs231n(0.7, 0.5)})
    adam.update([dw])
    assert w.data[0, :2] == pytest.approx([-0.40094747, -0.34836187], abs=5e-9)
    assert w.data[3, 4] == pytest.approx(0.59801459, abs=5e-9)
    assert adam.state["v"][0][0, 0] == pytest.approx(0.48, abs=1e-12)
    assert adam.state["s"][0][0, 0] == pytest.approx(0.69966, abs=1e-8)

    w = leaf(cs231n(-0.4, 0.6))
    rms = nn.RMSprop([w], learning_rate=1e-2, beta=0.99)
    rms.load_state_dict({"steps": 0, "s.0": cs231n(0.6, 0.9)})
    rms.update([dw])
    assert w.data[0, :2] == pytest.approx([-0.39223849, -0.34037513], abs=5e-9)
    assert rms.state["s"][0][0, 0] == pytest.approx(0.5976, abs=1e-10)

    # Theirs is v := μv − αdw, w += v: ours with v = −v(1 − β)/α and a rate of α/(1 − β).
    w = leaf(cs231n(-0.4, 0.6))
    momentum = nn.Momentum([w], learning_rate=1e-3 / 0.1, beta=0.9)
    momentum.load_state_dict({"steps": 0, "v.0": -cs231n(0.6, 0.9) * 0.1 / 1e-3})
    momentum.update([dw])
    assert w.data[0, :2] == pytest.approx([0.1406, 0.20738947], abs=5e-9)


def test_gradient_descent_is_theta_minus_alpha_dtheta() -> None:
    w = Tensor([1.0, 2.0], requires_grad=True)
    (w * w).sum().backward()
    nn.SGD([w], learning_rate=0.1).step()
    np.testing.assert_allclose(w.data, [0.8, 1.6], rtol=1e-15)


def test_momentum_and_rmsprop_follow_their_formulas_over_steps() -> None:
    rng = np.random.default_rng(1)
    slopes = rng.normal(size=(6, 2, 3))
    w, u = leaf(np.ones((2, 3))), leaf(np.ones((2, 3)))
    momentum = nn.Momentum([w], learning_rate=0.1, beta=0.8)
    rms = nn.RMSprop([u], learning_rate=0.1, beta=0.7, epsilon=1e-3)
    theta, phi, v, s = np.ones((2, 3)), np.ones((2, 3)), 0.0, 0.0
    for g in slopes:
        momentum.update([g])
        rms.update([g])
        v = 0.8 * v + 0.2 * g
        theta = theta - 0.1 * v
        s = 0.7 * s + 0.3 * g**2
        phi = phi - 0.1 * g / (np.sqrt(s) + 1e-3)
    np.testing.assert_allclose(w.data, theta, rtol=1e-14)
    np.testing.assert_allclose(u.data, phi, rtol=1e-14)


def test_a_beta_of_0_forgets_everything() -> None:
    """Momentum without a past is plain gradient descent."""
    nets = [nn.Network([2, 1], rng=0) for _ in range(2)]
    for net, kind in zip(nets, ("momentum", "sgd"), strict=True):
        options = {"beta": 0.0} if kind == "momentum" else {}
        of = nn.Momentum if kind == "momentum" else nn.SGD
        optimizer = of(net.parameters(), learning_rate=0.3, **options)
        for _ in range(3):
            optimizer.zero_grad()
            nn.cost(net, X, Y, nn.binary_cross_entropy).backward()
            optimizer.step()
    np.testing.assert_allclose(nets[0]["W1"].data, nets[1]["W1"].data, rtol=1e-14)


def test_adam_follows_its_formulas() -> None:
    w = Tensor(1.0, requires_grad=True)
    optimizer = nn.Adam([w], learning_rate=0.1)
    theta, v, s = 1.0, 0.0, 0.0
    for t in range(1, 6):
        optimizer.zero_grad()
        (w**4).backward()
        optimizer.step()
        d = 4 * theta**3
        v, s = 0.9 * v + 0.1 * d, 0.999 * s + 0.001 * d * d
        theta -= 0.1 * (v / (1 - 0.9**t)) / ((s / (1 - 0.999**t)) ** 0.5 + 1e-8)
        assert w.item() == pytest.approx(theta, rel=1e-13)


def test_adamw_decays_apart_from_the_gradient() -> None:
    w, u = leaf([2.0, -3.0]), leaf([2.0, -3.0])
    plain, decayed = nn.Adam([w], learning_rate=0.1), nn.AdamW([u], learning_rate=0.1)
    expected = np.array([2.0, -3.0])
    for g in ([0.5, 1.0], [-0.5, 2.0]):
        before = w.data.copy()
        plain.update([g])
        decayed.update([g])
        expected = expected + (w.data - before) - 0.1 * 0.01 * expected
    np.testing.assert_allclose(u.data, expected, rtol=1e-14)
    assert nn.AdamW([u], weight_decay=0).weight_decay == 0


def test_defaults_are_the_published_ones() -> None:
    adam = nn.Adam([leaf(1.0)])
    assert (adam.learning_rate, adam.beta1, adam.beta2, adam.epsilon) == (1e-3, 0.9, 0.999, 1e-8)
    assert nn.Momentum([leaf(1.0)], learning_rate=1).beta == 0.9
    assert nn.RMSprop([leaf(1.0)]).epsilon == 1e-8


# -- steps -----------------------------------------------------------------------------------------


def test_a_missing_gradient_stops_the_step_before_any_change() -> None:
    w, v = (Tensor(1.0, requires_grad=True, name=n) for n in "wv")
    (w * w).backward()
    for optimizer in (nn.SGD([w, v], learning_rate=1), nn.Adam([w, v])):
        with pytest.raises(GradientError, match=r"parameter v has no gradient; call backward"):
            optimizer.step()
    assert w.item() == 1.0


def test_update_takes_gradients_that_are_given() -> None:
    w, v = (Tensor(x, requires_grad=True, name="w") for x in (np.ones(2), np.ones(2)))
    one, two = nn.Adam([w], learning_rate=0.1), nn.Adam([v], learning_rate=0.1)
    for _ in range(3):
        w.zero_grad()
        (w**2).sum().backward()
        one.step()
        two.update([2 * v.data])
    np.testing.assert_array_equal(w.data, v.data)
    assert one.steps == two.steps == 3
    before = v.data
    with pytest.raises(ShapeError, match=r"Adam\.update: the gradient of w needs shape \(2,\)"):
        two.update([np.ones(3)])
    with pytest.raises(ShapeError, match="one gradient for each of 1 parameters, got 2"):
        two.update([before, before])
    np.testing.assert_array_equal(v.data, before)


def test_a_gradient_that_is_not_real_is_told_by_its_parameters_name() -> None:
    w, v = Tensor(1.0, requires_grad=True, name="w"), Tensor(1.0, requires_grad=True)
    for parameters, said in (([w], "the gradient of w needs"), ([v], "the gradient of 0 needs")):
        with pytest.raises(TypeError, match=said):
            nn.SGD(parameters, learning_rate=0.1).update([1j])


def test_a_step_takes_recorded_gradients_and_numpy_learning_rates() -> None:
    w = Tensor(2.0, requires_grad=True)
    (w * w).backward(create_graph=True)
    nn.Adam([w], learning_rate=np.float32(0.5)).step()
    assert w.item() == pytest.approx(1.5)


def test_float32_parameters_stay_float32() -> None:
    X, Y = toy()
    net = nn.Network([2, 3, 1], rng=0, dtype=np.float32)
    optimizer = nn.Adam(net.parameters())
    nn.fit(net, X.astype(np.float32), Y.astype(np.float32), optimizer=optimizer, epochs=1, rng=0)
    assert {p.dtype for p in net.parameters()} == {np.dtype(np.float32)}


@pytest.mark.parametrize("kind", ALL)
def test_each_parameter_has_an_average_of_its_own(kind) -> None:
    """Parameters of one shape do not share what is kept for them."""
    w, u = leaf(np.ones(3)), leaf(np.ones(3))
    both = kind([w, u], learning_rate=0.1)
    alone = [leaf(np.ones(3)), leaf(np.ones(3))]
    apart = [kind([p], learning_rate=0.1) for p in alone]
    for t in range(1, 4):
        g, h = np.full(3, t), np.full(3, -2.0)
        both.update([g, h])
        apart[0].update([g])
        apart[1].update([h])
    np.testing.assert_array_equal(w.data, alone[0].data)
    np.testing.assert_array_equal(u.data, alone[1].data)


# -- state -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ALL)
def test_a_step_from_saved_state_is_the_same_step(kind) -> None:
    w = leaf([1.0, 2.0])
    first = kind([w], learning_rate=0.1)
    first.update([[0.5, -0.5]])
    saved, at = first.state_dict(), w.numpy()
    first.update([[1.0, 2.0]])
    u = leaf(at)
    second = kind([u], learning_rate=0.1)
    second.load_state_dict(saved)
    second.update([[1.0, 2.0]])
    np.testing.assert_array_equal(u.data, w.data)
    assert second.steps == first.steps == 2


def test_an_optimizers_state_is_saved_and_loaded(tmp_path) -> None:
    def trained(steps, w, optimizer):
        for _ in range(steps):
            optimizer.update([2 * w.data])
        return w.data

    w = Tensor(np.array([1.0, -2.0]), requires_grad=True)
    first = nn.Adam([w], learning_rate=0.1)
    trained(4, w, first)
    np.savez(tmp_path / "state.npz", **first.state_dict())
    again = Tensor(w.data, requires_grad=True)
    second = nn.Adam([again], learning_rate=0.1)
    with np.load(tmp_path / "state.npz") as state:
        second.load_state_dict(state)
    np.testing.assert_array_equal(trained(3, again, second), trained(3, w, first))
    assert set(first.state_dict()) == {"steps", "epoch", "v.0", "s.0"}
    with pytest.raises(ShapeError, match=r"missing \['s\.0'\], unknown \['r\.0'\]"):
        second.load_state_dict({"steps": 1, "v.0": np.zeros(2), "r.0": np.zeros(2)})
    with pytest.raises(ShapeError, match=r"v\.0 needs shape \(2,\), got \(3,\)"):
        second.load_state_dict({"steps": 1, "v.0": np.zeros(3), "s.0": np.zeros(2)})
    assert second.steps == 7


def test_an_optimizers_epoch_is_saved_and_may_be_left_out():
    optimizer = nn.SGD([Tensor(1.0, requires_grad=True)], learning_rate=nn.InverseDecay(0.1))
    optimizer.load_state_dict({"steps": 3})
    assert (optimizer.steps, optimizer.epoch) == (3, 1)
    optimizer.load_state_dict({"steps": 3, "epoch": 7})
    assert optimizer.state_dict()["epoch"] == 7
    with pytest.raises(ValueError, match="epochs count from 1"):
        optimizer.load_state_dict({"steps": 3, "epoch": 0})


@pytest.mark.parametrize("kind", [k for k in ALL if k.averages])
def test_state_that_is_no_state_is_refused(kind) -> None:
    optimizer = kind([leaf([1.0, 2.0])], learning_rate=0.1)
    good = optimizer.state_dict()
    name = f"{kind.averages[0]}.0"
    for change, error in (
        ({name: np.ones(3)}, ShapeError),
        ({name: np.array([np.nan, 1.0])}, ValueError),
        ({"steps": np.array(-1)}, ValueError),
        ({"other": np.ones(2)}, ShapeError),
    ):
        with pytest.raises(error, match=rf"{kind.__name__}\.load_state_dict"):
            optimizer.load_state_dict({**good, **change})
    for key, value in optimizer.state_dict().items():
        np.testing.assert_array_equal(value, good[key])


# -- mistakes of use -------------------------------------------------------------------------------


def mistakes():
    net = nn.Network([2, 1], rng=0)
    p = net.parameters()
    return {
        "net": (lambda k: k(net), r"got a Network; write {}\(net.parameters\(\), learning_rate"),
        "one": (lambda k: k(p[0], learning_rate=1), r"needs a list of tensors; write {}\(\[w\]"),
        "positional": (lambda k: k(p, 0.1), r"options go by name, as in {}\("),
        "lr": (lambda k: k(p, lr=0.1), r"no option 'lr'; it takes .*learning_rate"),
        "typo": (lambda k: k(p, learning_rat=0.1), r"Did you mean 'learning_rate'\?"),
        "none": (lambda k: k([], learning_rate=0.1), "needs at least one parameter"),
        "twice": (lambda k: k([p[0], p[0]], learning_rate=0.1), "twice"),
        "result": (lambda k: k([p[0] * 2], learning_rate=0.1), "need to be leaves"),
    }


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("mistake", mistakes())
def test_a_wrong_call_says_what_to_write(kind, mistake) -> None:
    call, message = mistakes()[mistake]
    with pytest.raises((TypeError, ValueError, GradientError), match=message.format(kind.__name__)):
        call(kind)


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf"), "0.1"])
def test_optimizers_refuse_impossible_settings(rate) -> None:
    w = Tensor(1.0, requires_grad=True)
    with pytest.raises(ValueError, match="learning_rate needs to be a positive number"):
        nn.SGD([w], learning_rate=rate)
    with pytest.raises(ValueError, match="at least one parameter"):
        nn.SGD([], learning_rate=1)
    with pytest.raises(GradientError, match="requires_grad=True"):
        nn.SGD([Tensor(1.0)], learning_rate=1)
    with pytest.raises(ValueError, match=r"beta1 needs to be in \[0, 1\)"):
        nn.Adam([w], beta1=1)


def test_an_optimizer_takes_its_rate_by_name() -> None:
    net = nn.Network([2, 1], rng=0)
    for kind in (nn.SGD, nn.Adam):
        with pytest.raises(TypeError, match="learning_rate="):
            kind(net.parameters(), 0.1)


def test_a_rate_is_asked_for_where_there_is_no_usual_one() -> None:
    for kind in (nn.SGD, nn.Momentum):
        with pytest.raises(TypeError, match=rf"{kind.__name__}: needs learning_rate="):
            kind([leaf(1.0)])


@pytest.mark.parametrize("rate", [0, -1, math.nan, math.inf, "0.1", None, True])
def test_a_rate_set_later_is_checked_too(rate) -> None:
    optimizer = nn.SGD([leaf(1.0)], learning_rate=0.1)
    with pytest.raises(ValueError, match="SGD: learning_rate needs to be a positive number"):
        optimizer.learning_rate = rate
    assert optimizer.learning_rate == 0.1


@pytest.mark.parametrize("kind", ALL)
def test_help_shows_the_constructor(kind) -> None:
    names = list(inspect.signature(kind).parameters)
    assert names[:2] == ["parameters", "learning_rate"]


def test_an_own_optimizer_may_have_any_constructor() -> None:
    class Sign(nn.Optimizer):
        def __init__(self, parameters, rate):
            super().__init__(parameters, learning_rate=rate)

        def change(self, g):
            return self.learning_rate * np.sign(g)

    w = leaf(1.0)
    Sign([w], 0.25).update([2.0])
    assert w.item() == 0.75


# -- rates that a schedule gives -------------------------------------------------------------------


@pytest.mark.parametrize("kind", ALL)
def test_optimizers_follow_a_schedule_of_epochs_or_steps(kind) -> None:
    rates = {1: 0.1, 2: 0.05}
    w, u = leaf(1.0), leaf(1.0)
    scheduled = kind([w], learning_rate=lambda epoch: rates[epoch])
    plain = kind([u], learning_rate=0.1)
    for epoch in (1, 2):
        scheduled.epoch, plain.learning_rate = epoch, rates[epoch]
        assert scheduled.learning_rate == rates[epoch]
        scheduled.update([1.5])
        plain.update([1.5])
    assert w.item() == u.item()

    seen = []

    def per_step(epoch, step):
        seen.append((epoch, step))
        return 0.1

    counted = kind([leaf(1.0)], learning_rate=per_step)
    seen.clear()
    counted.update([1.0])
    counted.update([1.0])
    assert seen == [(1, 1), (1, 2)]


def test_a_schedule_that_gives_no_rate_stops_the_step_before_any_change() -> None:
    w = leaf(1.0)
    optimizer = nn.Adam([w], learning_rate=lambda epoch: -epoch)
    with pytest.raises(ValueError, match="in epoch 1: the learning rate needs to be a number"):
        optimizer.update([1.0])
    assert (w.item(), optimizer.steps) == (1.0, 0)


def test_a_schedule_of_the_epoch_alone_may_have_options_of_its_own() -> None:
    def halved(epoch, factor=0.5, floor=None):
        return max(factor**epoch, floor or 0)

    def of_steps(epoch, step):
        return 1 / (1 + step)

    for schedule, expected in ((halved, 0.25), (of_steps, 0.5)):  # steps count from 1
        optimizer = nn.SGD([leaf(0.0)], learning_rate=schedule)
        optimizer.epoch = 2
        assert optimizer.learning_rate == pytest.approx(expected)


@pytest.mark.parametrize(
    "schedule",
    [
        lambda epoch, base=0.95: 0.1 * base**epoch,
        lambda epoch, *, base=0.95: 0.1 * base**epoch,
        nn.ExponentialDecay(0.1, 0.95),
    ],
)
def test_a_default_of_a_schedule_is_not_the_step(schedule) -> None:
    optimizer = nn.SGD([Tensor(1.0, requires_grad=True)], learning_rate=schedule)
    optimizer.epoch, optimizer.steps = 2, 40
    assert optimizer.learning_rate == pytest.approx(0.1 * 0.95**2)


def test_a_schedule_gets_the_step_where_it_has_a_place_for_it() -> None:
    seen: list[Any] = []

    def named(epoch: int, step: int | None = None) -> float:
        seen.append(step)
        return 0.1

    def needed(epoch: int, t: int) -> float:
        seen.append(t)
        return 0.1

    def with_default(epoch: int, rate: float = 0.1) -> float:
        seen.append(rate)
        return rate

    for schedule, expected in ((named, 1), (needed, 1), (with_default, 0.1)):
        seen.clear()
        net = nn.Network([2, 1], rng=0)
        optimizer = nn.SGD(net.parameters(), learning_rate=schedule)
        nn.cost(net, X, Y, nn.binary_cross_entropy).backward()
        optimizer.step()
        assert set(seen) == {expected}


# -- clipping --------------------------------------------------------------------------------------


def test_clipping_scales_all_gradients_together() -> None:
    w, b = leaf([3.0, 0.0]), leaf(4.0)
    (0.5 * (w * w).sum() + 0.5 * b * b).backward()
    assert nn.clip_gradients([w, b], 1.0) == pytest.approx(5)
    assert w.grad == pytest.approx([0.6, 0])
    assert b.grad == pytest.approx(0.8)
    assert nn.clip_gradients([w, b], 2.0) == pytest.approx(1)  # below the bound: left alone
    assert w.grad == pytest.approx([0.6, 0])
    assert nn.clip_gradients([leaf(1.0)], 1.0) == 0.0


def test_clipping_does_not_overflow_and_does_not_hide_nan() -> None:
    w = leaf([1.0, 1.0])
    w.grad = [1e200, 1e200]
    assert nn.clip_gradients([w], 1.0) == pytest.approx(1e200 * 2**0.5)
    assert w.grad == pytest.approx([0.5**0.5] * 2)
    w.grad = [np.nan, 1.0]
    with pytest.raises(GradientError, match="a gradient is not finite"):
        nn.clip_gradients([w], 1.0)


def test_gradients_at_the_bound_stay_as_they_are() -> None:
    p = leaf([0.0, 0.0])
    p.grad = np.array([3.0, 4.0])
    assert nn.clip_gradients([p], 5.0) == 5.0
    assert p.grad.tolist() == [3.0, 4.0]
    assert nn.clip_gradients([p], 2.5) == 5.0
    assert p.grad == pytest.approx([1.5, 2.0])


def test_gradients_at_the_bound_are_not_clipped() -> None:
    w = Tensor([3.0, 4.0], requires_grad=True)
    (w * np.array([3.0, 4.0])).sum().backward()
    assert nn.clip_gradients([w], 5.0) == pytest.approx(5.0)
    np.testing.assert_array_equal(w.grad, [3.0, 4.0])


def test_small_gradients_have_their_own_norm_before_it_is_clipped() -> None:
    w = Tensor([3.0, 4.0], requires_grad=True)
    (w * np.array([3e-3, 4e-3])).sum().backward()
    assert nn.clip_gradients([w], 1e-3) == pytest.approx(5e-3)
    np.testing.assert_allclose(w.grad, [6e-4, 8e-4])


@pytest.mark.parametrize("size", [0.0, 1.0, 2.0])
def test_clipping_where_the_greatest_gradient_is_0_or_1(size: float) -> None:
    w = Tensor(np.ones(2), requires_grad=True)
    w.grad = np.array([size, 0.0])
    assert nn.clip_gradients([w], 0.5) == size
    np.testing.assert_array_equal(w.grad, [min(size, 0.5), 0.0])


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [
        (
            nn.SGD,
            "lr",
            "SGD: no option 'lr'; it takes parameters, learning_rate. Write ",
        ),
        (nn.Adam, "beta", "Write beta1."),
        (nn.Momentum, "momentum", "Write beta."),
        (nn.Adam, "eps", "Write epsilon."),
        (nn.Adam, "rho", "Write beta2."),
        (nn.Adam, "decay", "Write learning_rate=nn.InverseDecay(…)."),
        (nn.SGD, "momentum", "Write an optimizer object, nn.Momentum(net.parameters(), beta=…)."),
        (nn.SGD, "beta1", "Write an optimizer object, such as nn.Adam(net.parameters(), beta1=…)."),
        (nn.Momentum, "epsilon", "Momentum: no option 'epsilon'; it takes"),
    ],
)
def test_a_setting_of_another_library_is_not_taken_silently(
    kind: Any, name: str, said: str
) -> None:
    optimizer = kind([Tensor(1.0, requires_grad=True)], learning_rate=0.1)
    with pytest.raises(AttributeError, match=re.escape(said)):
        setattr(optimizer, name, 5.0)
    optimizer.learning_rate = 0.5
    assert optimizer.learning_rate == 0.5


def test_an_optimizer_of_ones_own_may_have_any_attribute() -> None:
    class Own(nn.Optimizer):
        def __init__(self, parameters: Any) -> None:
            super().__init__(parameters, learning_rate=0.1)
            self.scale = 2.0

        def change(self, g: Any) -> Any:
            return self.scale * g

    w = Tensor(3.0, requires_grad=True)
    Own([w]).update([1.0])
    assert w.item() == 1.0
