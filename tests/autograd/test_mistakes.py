"""`check_backprop` of programs in many styles: the wrong line is found and mended; right ones pass.

The programs (`mistakes`) were written without knowledge of how they are judged.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pytest

from autograd import edits
from tests.autograd.mistakes.programs import CASES, DOUBLE, FILES, RIGHT, judged

if TYPE_CHECKING:
    from autograd import BackpropDiagnosis


@pytest.fixture(autouse=True)
def _shorter_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Searches that find nothing try all that they may: two thirds of it save minutes here."""
    monkeypatch.setattr(edits, "CHANGES", 26_000)


@functools.cache
def report(name: str) -> BackpropDiagnosis:
    return judged(name, CASES[name], CASES[name]["source"])


def line_of(case: dict[str, Any]) -> list[int]:
    """Return the lines of a mistake; some programs give a part of the line only."""
    lines = ["import numpy as np", *case["source"].splitlines()]
    wrong = case["wrong_line"].strip()
    whole = [i for i, line in enumerate(lines, 1) if line.strip() == wrong]
    return whole or [i for i, line in enumerate(lines, 1) if wrong in line]


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


def whole(report: BackpropDiagnosis) -> bool:
    """Return whether the edits make all gradients right; the notes say it where they do not."""
    return not any("still differ" in note for note in report.notes)


def balanced(text: str) -> bool:
    return all(text.count(a) == text.count(b) for a, b in ("()", "[]", "{}"))


# Of each file, how many may be misnamed, and how many may be without a line that mends them.
ALLOWED = {
    "networks": (5, 12),
    "sequences": (1, 4),
    "losses": (3, 6),
    "models": (1, 1),
    "engineering": (5, 5),
    "hands": (7, 17),
    "students": (1, 3),
}


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
    edits = {name: found.edits for name, found in reports.items() if found.edits and whole(found)}
    most, without = ALLOWED[file]
    assert len(misnamed) <= most, misnamed
    assert len(elsewhere) <= most, elsewhere
    assert len(cases) - len(edits) <= without, sorted({*cases} - {*edits})
    for name, some in edits.items():
        text = functools.reduce(edited, some, cases[name]["source"])
        assert judged(f"{name}-mended", cases[name], text), (name, some)


@pytest.mark.long
def test_two_mistakes_are_found_one_after_the_other() -> None:
    """Of most: where no gradient lies between the two, neither alone makes any of them right."""
    found = {name: judged(name, case, case["source"]) for name, case in DOUBLE.items()}
    wanted = {name: [w[2] for w in case["wrong_lines"]] for name, case in DOUBLE.items()}
    both = [name for name in found if [*wanted[name]] == [r.name for r in found[name].mistakes]]
    assert [name for name, report in found.items() if report] == []
    assert len(both) >= 0.5 * len(found), sorted({*found} - {*both})
    mended = {name: report for name, report in found.items() if report.edits and whole(report)}
    assert len(mended) >= 0.5 * len(found)
    for name, report in mended.items():
        text = functools.reduce(edited, report.edits, DOUBLE[name]["source"])
        assert judged(f"{name}-mended", DOUBLE[name], text), (name, report.edits)


@pytest.mark.parametrize("name", RIGHT)
def test_right_ones_are_right(name: str) -> None:
    found = judged(name, RIGHT[name], RIGHT[name]["source"])
    assert found, found


@pytest.mark.parametrize("name", ["tanh-prime-uses-z1", "lstm-candidate-as-sigmoid"])
def test_two_of_them_each_time(name: str) -> None:
    assert [row.name for row in report(name).mistakes] == [CASES[name]["wrong"]]


@pytest.mark.parametrize(
    "name", ["cbow_window", "kalman_innovation_sign", "groupnorm_squeeze", "realnvp_swapped"]
)
def test_an_edit_makes_no_right_quantity_wrong_to_make_up_for_another(name: str) -> None:
    """A change of dh, which is right, would mend what is done with it at these shapes."""
    found, case = report(name), CASES[name]
    assert found.mistakes[0].name == case["wrong"]
    for edit in found.edits:
        assert edit.line in line_of(case)


def test_an_edit_leaves_no_quantity_of_its_line_wrong() -> None:
    """[da, da] for [da, db] makes every parameter's gradient right, and half of dx stays wrong."""
    found, case = report("realnvp_swapped"), CASES["realnvp_swapped"]
    text = functools.reduce(edited, found.edits, case["source"])
    again = judged("realnvp_swapped-mended", case, text)
    wrong = [row.name for row in again.rows if row.status == "WRONG"]
    assert wrong == ([] if found.edits else ["dx"])
