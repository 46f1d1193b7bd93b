"""`check_backprop` of programs in many styles: the wrong line is found and mended; right ones pass.

The programs (`mistakes`) were written without knowledge of how they are judged.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pytest

from tests.autograd.mistakes.programs import CASES, RIGHT, judged

if TYPE_CHECKING:
    from autograd import BackpropDiagnosis


@functools.cache
def report(name: str) -> BackpropDiagnosis:
    return judged(name, CASES[name], CASES[name]["source"])


def line_of(case: dict[str, Any]) -> list[int]:
    lines = ["import numpy as np", *case["source"].splitlines()]
    return [i for i, line in enumerate(lines, 1) if line.strip() == case["wrong_line"].strip()]


def edited(text: str, edit: Any) -> str:
    """Return a program with an edit applied, as its reader would."""
    lines = ["import numpy as np", *text.splitlines()]
    old = lines[edit.line - 1]
    statement = old.strip()
    after = edit.after.splitlines()
    if statement.endswith(":"):
        after = [a if a.endswith(":") else a.replace(": pass", ":") for a in after]
    end = edit.line
    while not balanced("\n".join(lines[edit.line - 1 : end])):  # of several lines
        end += 1
    indent = " " * (len(old) - len(old.lstrip()))
    return "\n".join([*lines[1 : edit.line - 1], *(indent + a for a in after), *lines[end:]])


def balanced(text: str) -> bool:
    return all(text.count(a) == text.count(b) for a, b in ("()", "[]", "{}"))


@pytest.mark.slow
def test_every_mistake_is_seen() -> None:
    assert [name for name in CASES if report(name)] == []


@pytest.mark.slow
def test_the_first_wrong_quantity_is_named() -> None:
    missed = {
        name: (case["wrong"], [row.name for row in report(name).mistakes])
        for name, case in CASES.items()
        if report(name).mistakes[0].name != case["wrong"].partition("[")[0]
    }
    assert len(CASES) - len(missed) >= 0.94 * len(CASES), missed


@pytest.mark.slow
def test_the_wrong_line_is_shown_or_one_that_makes_up_for_it() -> None:
    there = [
        name
        for name, case in CASES.items()
        if report(name).mistakes[0].line in line_of(case)
        or any(c.edit for c in report(name).mistakes[0].causes)
    ]
    assert len(there) >= 0.94 * len(CASES), sorted({*CASES} - {*there})


@pytest.mark.slow
def test_an_edit_makes_it_right() -> None:
    mended = {name: report(name).edit for name in CASES if report(name).edit is not None}
    assert len(mended) >= 0.88 * len(CASES)
    for name, edit in mended.items():
        text = edited(CASES[name]["source"], edit)
        assert judged(f"{name}-mended", CASES[name], text), (name, edit)


@pytest.mark.slow
@pytest.mark.parametrize("name", RIGHT)
def test_right_ones_are_right(name: str) -> None:
    found = judged(name, RIGHT[name], RIGHT[name]["source"])
    assert found, found


@pytest.mark.parametrize("name", ["tanh-prime-uses-z1", "lstm-candidate-as-sigmoid"])
def test_two_of_them_each_time(name: str) -> None:
    assert [row.name for row in report(name).mistakes] == [CASES[name]["wrong"]]
