"""Schedules of the learning rate."""

from __future__ import annotations

import pytest

import nn


def test_published_rates_of_the_notes_schedules() -> None:
    assert nn.InverseDecay(0.5, 1)(2) == pytest.approx(0.1666666667)
    assert nn.InverseDecay(0.3, 0.25, every=100)(1000) == pytest.approx(0.0857142857)
    assert [nn.InverseDecay(0.2)(e) for e in (1, 2, 3, 4)] == pytest.approx(
        [0.1, 0.2 / 3, 0.05, 0.04]
    )
    assert nn.RootDecay(0.2)(1) == 0.2
    assert nn.RootDecay(0.2, k=3)(9) == pytest.approx(0.2)
    assert nn.RootDecay(0.2, per="step")(1, 100) == pytest.approx(0.02)
    assert nn.ExponentialDecay(0.1, 0.95)(2) == pytest.approx(0.1 * 0.95**2)
    assert [nn.Staircase(1.0, 0.1, every=3)(e) for e in range(1, 8)] == pytest.approx(
        [1, 1, 1, 0.1, 0.1, 0.1, 0.01]
    )


def test_inverse_decay_falls_in_stairs() -> None:
    stairs = nn.InverseDecay(0.6, 1.0, every=10)
    assert [stairs(e) for e in (0, 9, 10, 19, 25)] == pytest.approx([0.6, 0.6, 0.3, 0.3, 0.2])


@pytest.mark.parametrize("schedule", [nn.ExponentialDecay, nn.Staircase])
def test_a_factor_of_one_keeps_the_rate(schedule):
    made = schedule(0.1, 1.0) if schedule is nn.ExponentialDecay else schedule(0.1, 1.0, every=2)
    assert [made(t) for t in (1, 2, 9)] == [0.1] * 3


def test_the_first_epoch_is_1_and_0_is_refused() -> None:
    with pytest.raises(ValueError, match=r"the epoch needs to be at least 1, got 0; .* infinite"):
        nn.RootDecay(0.2)(0)
    with pytest.raises(ValueError, match="the step needs to be at least 1, got None"):
        nn.RootDecay(0.2, per="step")(1)


@pytest.mark.parametrize(
    ("schedule", "epoch"),
    [(nn.Staircase(0.1), 0), (nn.InverseDecay(0.1), -1), (nn.ExponentialDecay(0.1), -3)],
)
def test_epochs_before_the_first_are_refused(schedule: nn.Schedule, epoch: int) -> None:
    with pytest.raises(ValueError, match="epochs count from 1"):
        schedule(epoch)


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.InverseDecay(-1),
        lambda: nn.InverseDecay(1, -1),
        lambda: nn.InverseDecay(1, every=0),
        lambda: nn.RootDecay(0),
        lambda: nn.RootDecay(1, per="batch"),
        lambda: nn.ExponentialDecay(1, 1.5),
        lambda: nn.Staircase(1, 0),
        lambda: nn.Staircase(1, every=1.5),
    ],
)
def test_impossible_schedules_are_refused(make) -> None:
    with pytest.raises(ValueError, match="needs to be"):
        make()


def test_a_schedule_of_ones_own_keeps_its_own_constructor() -> None:
    class Own(nn.Schedule):
        def __init__(self, *rates: float) -> None:
            self.rates = rates

        def __call__(self, epoch: int, step: int | None = None) -> float:
            return self.rates[epoch - 1]

    assert Own(0.3, 0.2)(2) == 0.2
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        Own(rate=0.3)  # Python's own words: it is none of ours
