"""Random search and the diagnosis of bias and variance."""

from __future__ import annotations

import math

import numpy as np
import pytest

import nn
from tests.nn.helpers import three, toy


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


@pytest.mark.parametrize(
    "wrong", [{"learning_rate": (0, 1)}, {"units": (5, 2)}, {"layers": (-1, 2)}, {"trials": 0}]
)
def test_impossible_ranges_are_refused(wrong) -> None:
    with pytest.raises(ValueError, match="random_search: "):
        search(**wrong)


@pytest.mark.parametrize(
    ("train", "dev", "optimal", "bias", "variance"),
    [
        (0.01, 0.11, 0.0, False, True),  # the four rows of the lecture
        (0.15, 0.16, 0.0, True, False),
        (0.15, 0.30, 0.0, True, True),
        (0.005, 0.01, 0.0, False, False),
        (0.15, 0.16, 0.15, False, False),  # nobody does better
    ],
)
def test_the_four_cases_of_the_notes(train, dev, optimal, bias, variance) -> None:
    found = nn.diagnose_bias_variance(train, dev, optimal)
    assert (found.high_bias, found.high_variance) == (bias, variance)
    assert found.bias == pytest.approx(train - optimal)
    assert found.variance == pytest.approx(dev - train)
    text = str(found)
    assert ("bigger network" in text) == bias
    assert ("more data, or augment" in text) == variance
    assert ("done" in text) == (not bias and not variance)


def test_errors_are_fractions() -> None:
    with pytest.raises(ValueError, match=r"train_error needs to be a fraction in \[0, 1\], got 15"):
        nn.diagnose_bias_variance(15, 16)
    assert "is that one right" in str(nn.diagnose_bias_variance(0.0, 0.0, 0.1))


@pytest.mark.filterwarnings("ignore::nn.TrainingWarning")
def test_both_ends_of_a_range_are_drawn() -> None:
    found = search(trials=40, units=(2, 3), layers=(1, 2))
    assert {u for t in found for u in t.settings["units"]} == {2, 3}
    assert {len(t.settings["units"]) for t in found} == {1, 2}
    assert {u for t in search(trials=3, units=(4, 4)) for u in t.settings["units"]} == {4}


def test_no_tolerance_is_a_tolerance() -> None:
    found = nn.diagnose_bias_variance(0.01, 0.01, 0.0, tolerance=0.0)
    assert found.high_bias
    assert not found.high_variance


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
