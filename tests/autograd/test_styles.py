"""Right derivations in many styles are right, and mistakes planted in them are seen."""

from __future__ import annotations

import pytest

from tests.autograd.mistakes.styles import PROGRAMS, judged


@pytest.mark.parametrize("name", PROGRAMS)
def test_right_ones_of_many_styles_are_right(name: str) -> None:
    report = judged(f"{name}_right", PROGRAMS[name].text)
    assert report, report


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name, p in PROGRAMS.items() if p.mistakes])
def test_mistakes_in_many_styles_are_seen(name: str) -> None:
    """The first of each program; `benchmarks/derivations.py` counts all of them."""
    planted = PROGRAMS[name].mistakes[0]
    report = judged(f"{name}_wrong", planted.text)
    assert not report, (planted.cause, report)
