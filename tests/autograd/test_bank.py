"""Planted mistakes, one in each: the quantity is named in all, its cause in nearly all."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.autograd.derivations import SHAPES, Planted, bank, functions_of, inputs, judged

if TYPE_CHECKING:
    from autograd import BackpropDiagnosis


@functools.cache
def reports() -> list[tuple[Planted, BackpropDiagnosis]]:
    return [(case, judged(case.functions, case.parameters, case.data)) for case in bank()]


@pytest.mark.slow
def test_the_first_wrong_quantity_is_named_in_all_of_them() -> None:
    assert len(reports()) >= 300
    missed = [
        (case.model, case.change, case.line)
        for case, report in reports()
        if not report.mistakes or report.mistakes[0].name != case.name
    ]
    assert missed == []


@pytest.mark.slow
def test_one_mistake_is_counted_as_one() -> None:
    counts = [len(report.mistakes) for _, report in reports()]
    assert np.mean(np.equal(counts, 1)) > 0.98


@pytest.mark.slow
def test_its_cause_comes_first_in_nearly_all() -> None:
    right = [report.mistakes[0].causes[0].kind in case.kinds for case, report in reports()]
    assert np.mean(right) >= 0.95


@pytest.mark.slow
@pytest.mark.parametrize("model", SHAPES)
def test_right_derivations_are_right(model: str) -> None:
    text, shapes = SHAPES[model]
    for which in range(len(shapes)):
        for seed in range(12):
            report = judged(functions_of(text), *inputs(model, which, seed))
            assert report, (which, seed, str(report))
