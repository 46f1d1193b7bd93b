"""History: what it holds, and what its short text says."""

from __future__ import annotations

import copy
import pickle
import warnings

import numpy as np
import pytest

import nn
from tests.nn.helpers import net_of, small_net, toy

X, Y = toy(64)


def test_a_history_is_a_dict_of_lists_with_a_short_repr() -> None:
    X, Y = toy()
    history = nn.fit(net_of(), X, Y, epochs=3, learning_rate=0.02, dev=toy(50, seed=1), rng=0)
    assert set(history) == {"cost", "dev_cost", "learning_rate"}
    assert {len(v) for v in history.values()} == {3}
    assert history["cost"] is history.cost
    assert repr(history).startswith("History(3 epochs, ")
    assert "\n" not in repr(history)
    assert f"cost {history.cost[0]:.4g} → {history.cost[-1]:.4g}" in repr(history)
    assert {path: len(v) for path, v in history.gradient_norms.items()} == {
        f"layer{i}.{name}": 3 for i in (1, 2) for name in ("W", "b")
    }
    for other in (copy.deepcopy(history), pickle.loads(pickle.dumps(history))):
        assert other == history
        assert other.gradient_norms == history.gradient_norms
        assert other.notes == history.notes
    assert repr(nn.History()) == "History(no epoch)"


def test_gradient_norms_are_those_of_the_first_batch() -> None:
    X, Y = toy(64)
    net = net_of()
    J = nn.cost(net, X, Y)
    J.backward()
    expected = np.linalg.norm(net["W1"].grad)
    history = nn.fit(net, X, Y, epochs=1, learning_rate=0.01, batch_size=None)
    assert history.gradient_norms["layer1.W"] == pytest.approx([expected])


def test_seconds_of_an_interrupted_run_are_its_own() -> None:
    import time

    def stop(epoch, history):
        if epoch == 2:
            raise KeyboardInterrupt

    begun = time.perf_counter()
    history = nn.fit(nn.Network([2, 3, 1], rng=0), *toy(), epochs=5, rng=0, on_epoch=stop)
    assert 0 < history.seconds <= time.perf_counter() - begun


def test_a_history_is_interrupted_only_by_the_keyboard() -> None:
    assert nn.History().interrupted is False
    assert toy_fit().interrupted is False


def toy_fit() -> nn.History:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return nn.fit(small_net(), X, Y, epochs=1, progress=False, rng=0)


def test_the_repr_of_a_history_says_what_matters() -> None:
    history = nn.History(cost=[2.0, 1.0], dev_cost=[3.0, 1.5], dev_recall=[np.nan, np.nan])
    history.best_epoch, history.seconds = 1, 0.25
    history.notes = ["a"]
    history.stopped = "stopped early after epoch 2"
    assert repr(history) == (
        "History(2 epochs, 0.25 s: cost 2 → 1, dev cost 1.5, best in epoch 1, "
        "stopped early after epoch 2, 1 note)"
    )
    history.notes = ["a", "b"]
    assert repr(history).endswith("2 notes)")


def test_a_history_tells_its_last_numbers_and_its_best_epoch_where_that_is_another() -> None:
    history = nn.History()
    for cost, dev in ((3.0, 2.0), (2.0, 0.5), (1.0, 0.75)):
        history.add(cost=cost, dev_cost=dev)
    history.best_epoch = 2
    assert "cost 3 → 1, dev cost 0.75, best in epoch 2" in repr(history)
    history.best_epoch = 3
    assert "best" not in repr(history)


def test_a_metric_that_is_not_a_number_is_left_out_of_the_short_text() -> None:
    history = nn.History({"cost": [1.0, 0.5], "dev_auc": [0.7, float("nan")], "f1": [0.2, 0.4]})
    assert "f1 0.4" in repr(history)
    assert "auc" not in repr(history)
    history = nn.History({"cost": [1.0, 0.5], "dev_auc": [float("nan"), 0.7]})
    assert "dev auc 0.7" in repr(history)
