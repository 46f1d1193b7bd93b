"""TrainingError: what counts as divergence, what it names, and what is restored."""

from __future__ import annotations

import pickle
import warnings
from typing import Any

import numpy as np
import pytest

import nn
from tests.nn.helpers import QUIET, net_of, same, small_net, toy, values

X, Y = toy(64)
DRAWN = np.random.default_rng(3)


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_a_diverging_cost_stops_with_the_last_finite_parameters() -> None:
    X, Y = toy()
    net = nn.Network([2, 8, 8, 8, 1], hidden="identity", output="sigmoid", rng=0)
    with pytest.raises(nn.TrainingError, match=r"became (nan|inf) in epoch \d+.*learning rate"):
        nn.fit(net, X, Y, optimizer=nn.SGD(net.parameters(), learning_rate=1e80), epochs=5, rng=0)
    assert all(np.isfinite(p.data).all() for p in net.parameters())
    assert np.isfinite(nn.cost(net, X, Y, nn.binary_cross_entropy).item())


def test_divergence_is_said_while_it_is_still_finite_and_the_best_is_restored() -> None:
    X, Y = toy(64)
    net = net_of(output="identity")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(nn.TrainingError, match=r"the cost rose from .* in epoch \d+") as caught:
            nn.fit(
                net, X, Y, optimizer="sgd", learning_rate=1.0, loss=nn.mean_squared_error,
                epochs=200, batch_size=None,
            )  # fmt: skip
    error = caught.value
    assert error.epoch == error.history.epochs + 1
    assert error.layer in dict(net.named_parameters())
    assert all(np.isfinite(error.history.cost))
    best = error.history.best_epoch
    again = net_of(output="identity")
    assert best == 1  # whose cost is that of the parameters before its step
    assert same(net, again)
    loaded = pickle.loads(pickle.dumps(error))
    assert (loaded.epoch, loaded.layer, str(loaded)) == (error.epoch, error.layer, str(error))


@QUIET
def test_after_divergence_the_parameters_are_those_of_a_cost_that_was_seen() -> None:
    net = small_net()
    begin, cost = net.as_dict(), nn.cost(net, X, Y).item()
    with pytest.raises(nn.TrainingError):
        nn.fit(net, X, Y, optimizer="sgd", learning_rate=1e9, batch_size=None, epochs=5)
    assert nn.cost(net, X, Y).item() == cost
    assert all(np.array_equal(v, begin[k]) for k, v in net.as_dict().items())
    # one step, which no epoch after it has looked at
    with pytest.raises(nn.TrainingError, match="the cost went from"):
        nn.fit(small_net(), X, Y, optimizer="sgd", learning_rate=1e9, batch_size=None, epochs=1)


def test_what_a_callback_changes_is_what_the_next_epoch_begins_with() -> None:
    """The best values are those before the epoch that measured them, after all changes."""
    good = nn.Network([2, 3, 1], rng=0)
    nn.fit(good, *toy(), epochs=30, learning_rate=0.05, rng=0)
    better = {name: good[name].data for name in good.as_dict()}
    net = nn.Network([2, 3, 1], rng=0)

    def change(epoch, history):
        for name, value in better.items():
            if epoch == 2:
                net[name] = value
            if epoch == 3:
                net[name] = np.full(value.shape, 1e300)

    with pytest.raises(nn.TrainingError) as caught:
        nn.fit(net, *toy(), epochs=5, learning_rate=1e-9, rng=0, on_epoch=change)
    assert caught.value.history.best_epoch == 3
    for name, value in better.items():
        np.testing.assert_array_equal(net[name].data, value)


def test_a_parameter_that_overflows_in_the_last_step_is_no_success() -> None:
    class Bad(nn.SGD):
        def change(self, g):
            return np.full_like(g, np.inf)

    net, (X, Y) = net_of(), toy(64)
    before = values(net)
    with pytest.raises(nn.TrainingError, match=r"parameter layer1\.W is not finite in epoch 1"):
        nn.fit(
            net, X, Y, optimizer=Bad(net.parameters(), learning_rate=1.0), epochs=1, batch_size=None
        )
    for p, old in zip(net.parameters(), before, strict=True):
        np.testing.assert_array_equal(p.data, old)


def test_a_dev_cost_that_is_no_number_is_no_success() -> None:
    X, Y = np.array([[1.0, -1.0] * 8]), np.array([[1.0, 0.0] * 8])
    net = nn.Network([1, 1], output="identity", rng=0)

    def own(A, Y):
        return (np.exp(A) - Y).sum() / A.shape[1]

    net.layer1.W.data = [[0.1]]
    with pytest.raises(nn.TrainingError, match="the dev cost became inf in epoch 1"):
        nn.fit(
            net, X, Y, optimizer="sgd", learning_rate=0.1, loss=own, epochs=1,
            dev=([[1e5]], [[1.0]]),
        )  # fmt: skip


@QUIET
def test_a_small_first_batch_is_no_measure_of_divergence() -> None:
    rng = np.random.RandomState(0)
    y = np.concatenate([np.zeros(150), rng.rand(50) * 100]).reshape(1, -1)
    for seed in range(5):
        net = nn.Network([2, 1], output="identity", init="zeros")
        nn.fit(
            net, rng.randn(2, 200), y, loss=nn.mean_squared_error, batch_size=1, epochs=3,
            optimizer="sgd", learning_rate=0.001, rng=seed,
        )  # fmt: skip


def test_no_numpy_warning_escapes() -> None:
    X, Y = toy(64)
    net = net_of(init=lambda n_in, n_out, rng: rng.normal(size=(n_out, n_in)) * 1e155)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        warnings.simplefilter("ignore", nn.TrainingWarning)
        with pytest.raises(nn.TrainingError, match="the cost became"):
            nn.fit(net, X, Y, learning_rate=0.1, epochs=2)


# -- the layer that is named -----------------------------------------------------------------------


def test_the_layer_that_breaks_is_named() -> None:
    """A step that makes one parameter infinite is blamed on it, whatever the gradients are."""
    net = nn.Network([2, 3, 1], rng=0)

    class Breaks(nn.SGD):
        def change(self, g, *averages):
            return np.full(g.shape, np.inf) if g.shape == (1, 1) else 0 * g

    with pytest.raises(nn.TrainingError, match=r"the first to see is layer2\.b") as caught:
        nn.fit(net, *toy(), optimizer=Breaks(net.parameters(), learning_rate=1.0), rng=0)
    assert caught.value.layer == "layer2.b"
    assert np.isfinite(net["b2"].data).all()


def test_divergence_after_the_last_step_names_a_layer() -> None:
    X = DRAWN.normal(size=(2, 50))
    with pytest.raises(nn.TrainingError) as caught:
        nn.fit(
            nn.Network([2, 3, 1], output="identity", rng=0), X, X[:1], optimizer="sgd",
            learning_rate=1e6, loss=nn.mean_squared_error, epochs=1, batch_size=None,
            progress=False,
        )  # fmt: skip
    assert caught.value.layer in {"layer1.W", "layer1.b", "layer2.W", "layer2.b"}


@QUIET
def test_what_diverges_in_the_first_epoch_names_a_layer() -> None:
    net = nn.Network([2, 3, 1], output="identity", rng=0)
    calls = iter([1.0] * 3)

    def loss(A: Any, targets: Any) -> Any:
        return ((A - targets) ** 2).mean() * next(calls, np.inf)

    with pytest.raises(nn.TrainingError, match=r"the first to see is layer\d\.[Wb]") as found:
        nn.fit(net, X, Y, loss=loss, batch_size=16, epochs=2, learning_rate=1e-3, optimizer="sgd")
    assert found.value.layer is not None


# -- the optimizer afterwards ----------------------------------------------------------------------


def test_an_optimizer_can_be_used_after_a_run_failed() -> None:
    net = small_net()
    optimizer = nn.Adam(net.parameters(), learning_rate=0.01)
    with pytest.raises(nn.TrainingError):
        nn.fit(
            net, X, Y, optimizer=optimizer, epochs=2,
            loss=lambda A, Y: np.sqrt(A - A.numpy()).sum(),  # its slope is infinite everywhere
        )  # fmt: skip
    assert all(np.isfinite(a).all() for a in optimizer.state["v"])
    history = nn.fit(net, X, Y, optimizer=optimizer, loss=nn.mean_squared_error, epochs=10, rng=0)
    assert history.cost[-1] < history.cost[0]


@QUIET
def test_an_optimizer_whose_state_is_spoiled_begins_anew():
    """The square of the gradient is infinite after one step; the next cost is NaN."""
    net, costs = small_net(output="identity"), iter([1e160] * 3)
    optimizer = nn.RMSprop(net.parameters(), learning_rate=0.1)

    def loss(A, targets):
        return (A - targets).mean() * next(costs, np.nan)

    with pytest.raises(nn.TrainingError), np.errstate(all="ignore"):
        nn.fit(net, X, Y, optimizer=optimizer, epochs=20, loss=loss, batch_size=None)
    kept = [a for arrays in optimizer.state.values() for a in arrays]
    assert kept
    assert not any(a.any() for a in kept)
    assert optimizer.steps == 0
