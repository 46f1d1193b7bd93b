"""Right derivations in many styles are right, and mistakes planted in them are seen."""

from __future__ import annotations

import pytest

from tests.autograd.mistakes.styles import PROGRAMS, judged


@pytest.mark.parametrize("name", PROGRAMS)
def test_right_ones_of_many_styles_are_right(name: str) -> None:
    report = judged(f"{name}_right", PROGRAMS[name].text)
    assert report, report


# Mistakes that cannot be seen at all: why, by the program and the number of the mistake.
UNSEEN: dict[tuple[str, int], str] = {}


@pytest.mark.long
@pytest.mark.parametrize("name", PROGRAMS)
def test_mistakes_in_many_styles_are_seen(name: str) -> None:
    for k, planted in enumerate(PROGRAMS[name].mistakes):
        report = judged(f"{name}_wrong{k}", planted.text)
        assert bool(report) == ((name, k) in UNSEEN), (planted.cause, report)
