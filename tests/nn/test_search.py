"""Random search."""

from __future__ import annotations

import math

import numpy as np
import pytest

import nn
from tests.nn.helpers import QUIET, three, toy

X, Y = toy(64)


def search(**options):
    return nn.random_search(
        toy(60), toy(40, seed=1), **{"trials": 12, "epochs": 1, "rng": 0, **options}
    )


@pytest.mark.filterwarnings("ignore::nn.TrainingWarning")
def test_trials_are_drawn_from_the_ranges_and_sorted_by_dev_cost() -> None:
    seen = []
    found = search(
        learning_rate=(1e-3, 1e-1), layers=(0, 2), units=(2, 5), hidden=["tanh", "elu"],
        on_trial=lambda number, trial: seen.append((number, trial)),
    )  # fmt: skip
    assert [n for n, _ in seen] == list(range(1, 13))
    assert sorted((t for _, t in seen), key=lambda t: t.dev_cost) == found
    costs = [t.dev_cost for t in found]
    assert costs == sorted(costs)
    for trial in found:
        s = trial.settings
        assert 1e-3 <= s["learning_rate"] <= 1e-1
        assert all(2 <= u <= 5 for u in s["units"])
        assert trial.net.n == (2, *s["units"], 1)
        assert trial.dev_cost == nn.cost(trial.net, *toy(40, seed=1)).item()
        assert trial.dev_accuracy == nn.accuracy(trial.net, *toy(40, seed=1))
        assert trial.history.epochs == 1
    assert {len(t.settings["units"]) for t in found} == {0, 1, 2}
    assert {t.settings["hidden"] for t in found} == {"tanh", "elu"}
    again = search(learning_rate=(1e-3, 1e-1), layers=(0, 2), units=(2, 5), hidden=["tanh", "elu"])
    assert [t.settings for t in again] == [t.settings for t in found]


@pytest.mark.filterwarnings("ignore::nn.TrainingWarning")
def test_learning_rates_are_even_on_a_logarithmic_scale() -> None:
    found = nn.random_search(
        toy(4), toy(4), trials=200, learning_rate=(1e-5, 1e-1), layers=(0, 0), epochs=0 + 1, rng=1
    )
    decades = np.floor([math.log10(t.settings["learning_rate"]) for t in found])
    counts = np.unique(decades, return_counts=True)[1]
    assert len(counts) == 4
    assert counts.min() > 30


@pytest.mark.filterwarnings("ignore::nn.TrainingWarning")
def test_both_ends_of_a_range_are_drawn() -> None:
    found = search(trials=40, units=(2, 3), layers=(1, 2))
    assert {u for t in found for u in t.settings["units"]} == {2, 3}
    assert {len(t.settings["units"]) for t in found} == {1, 2}
    assert {u for t in search(trials=3, units=(4, 4)) for u in t.settings["units"]} == {4}


@pytest.mark.filterwarnings("ignore::nn.TrainingWarning")
def test_what_diverges_is_last_and_says_why() -> None:
    found = search(
        trials=3, learning_rate=(50.0, 60.0), optimizer="sgd", loss=nn.mean_squared_error,
        output="identity", epochs=30, layers=(2, 3),
    )  # fmt: skip
    assert found[-1].dev_cost == math.inf
    assert "fit: " in found[-1].error
    assert math.isnan(found[-1].dev_accuracy)


@pytest.mark.filterwarnings("ignore::nn.TrainingWarning")
def test_several_classes_get_softmax() -> None:
    (found,) = nn.random_search(three(60), three(30, seed=1), trials=1, epochs=1, rng=0)
    assert type(found.net.ending) is nn.Softmax


@QUIET
def test_a_search_reports_the_cost_of_the_network_that_it_returns() -> None:
    dev = X[:, :40], 1 - Y[:, :40]
    found = nn.random_search(
        (X, Y), dev, trials=3, epochs=20, early_stopping=3, learning_rate=(0.05, 0.1), rng=0
    )
    for trial in found:
        assert trial.dev_cost == nn.cost(trial.net, *dev).item()
    with pytest.raises(TypeError, match="a checkpoint is of one run"):
        nn.random_search((X, Y), dev, checkpoint="a.safetensors")


@QUIET
def test_random_search_of_numbers_has_no_accuracy():
    pair = X, 3.0 * Y + X[:1]
    options = {"output": "identity", "epochs": 2, "rng": 0, "units": (2, 3), "progress": False}
    loss = nn.mean_squared_error
    trials = nn.random_search(pair, pair, trials=2, loss=loss, **options)
    assert np.isnan([trial.dev_accuracy for trial in trials]).all()
    assert np.isfinite([trial.dev_cost for trial in trials]).all()


@pytest.mark.parametrize(
    "wrong", [{"learning_rate": (0, 1)}, {"units": (5, 2)}, {"layers": (-1, 2)}, {"trials": 0}]
)
def test_impossible_ranges_are_refused(wrong) -> None:
    with pytest.raises(ValueError, match="random_search: "):
        search(**wrong)


@pytest.mark.filterwarnings("ignore:fit")
def test_an_interrupt_ends_the_search_with_what_was_finished() -> None:
    X = np.random.default_rng(0).normal(size=(2, 40))
    Y = (X[:1] > 0) * 1.0
    calls = []

    def interrupt(epoch, history):
        calls.append(epoch)
        if len(calls) == 8:
            raise KeyboardInterrupt

    with pytest.warns(nn.TrainingWarning, match="interrupted in trial 3 of 5; these are the 2"):
        found = nn.random_search(
            (X, Y), (X, Y), trials=5, epochs=3, on_epoch=interrupt, rng=0, progress=False
        )
    assert [len(trial.history.cost) for trial in found] == [3, 3]
    calls[:] = [0] * 7
    with pytest.raises(KeyboardInterrupt):
        nn.random_search(
            (X, Y), (X, Y), trials=5, epochs=3, on_epoch=interrupt, rng=0, progress=False
        )
