"""`check_backprop` of programs in many styles: the wrong line is found and mended; right ones pass.

The programs (`mistakes`) were written without knowledge of how they are judged.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pytest

from tests.autograd.mistakes.programs import CASES, FILES, RIGHT, judged

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


# Of each file, how many may be misnamed, and how many may be without a line that mends them.
ALLOWED = {"networks": (9, 16), "sequences": (1, 4), "losses": (5, 6)}


@pytest.mark.long
@pytest.mark.parametrize("file", ALLOWED)
def test_mistakes_are_seen_named_and_mended(file: str) -> None:
    """In one test, because each report is needed by all of its parts."""
    cases = {case["id"]: case for case in FILES[file].CASES}
    reports = {name: report(name) for name in cases}
    assert [name for name, found in reports.items() if found] == []
    misnamed = {
        name: (cases[name]["wrong"], [row.name for row in found.mistakes])
        for name, found in reports.items()
        if found.mistakes[0].name != cases[name]["wrong"].partition("[")[0]
    }
    elsewhere = [  # neither the wrong line, nor one that makes up for it
        name
        for name, found in reports.items()
        if found.mistakes[0].line not in line_of(cases[name])
        and not any(cause.edit for cause in found.mistakes[0].causes)
    ]
    edits = {name: found.edit for name, found in reports.items() if found.edit is not None}
    most, without = ALLOWED[file]
    assert len(misnamed) <= most, misnamed
    assert len(elsewhere) <= most, elsewhere
    assert len(cases) - len(edits) <= without, sorted({*cases} - {*edits})
    for name, edit in edits.items():
        text = edited(cases[name]["source"], edit)
        assert judged(f"{name}-mended", cases[name], text), (name, edit)


@pytest.mark.parametrize("name", RIGHT)
def test_right_ones_are_right(name: str) -> None:
    found = judged(name, RIGHT[name], RIGHT[name]["source"])
    assert found, found


@pytest.mark.parametrize("name", ["tanh-prime-uses-z1", "lstm-candidate-as-sigmoid"])
def test_two_of_them_each_time(name: str) -> None:
    assert [row.name for row in report(name).mistakes] == [CASES[name]["wrong"]]
