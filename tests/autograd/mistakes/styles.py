"""The programs of styles.txt, with the mistakes that may be planted in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from autograd import BackpropDiagnosis, check_backprop
from tests.autograd.mistakes.programs import module_of

__all__ = ["PROGRAMS", "Planted", "Program", "judged"]

TEXT = (Path(__file__).parent / "styles.txt").read_text("utf-8")


class Planted(NamedTuple):
    """A mistake: in which quantities, what it is, and the program with it."""

    names: tuple[str, ...]
    cause: str
    text: str


class Program(NamedTuple):
    """A right derivation, and wrong ones made of it."""

    name: str
    text: str
    mistakes: list[Planted]


def _parsed(block: str) -> Program:
    name, body = block.split("\n", 1)
    lines = body.split("\n")
    text = "\n".join(line for line in lines if not line.startswith(("#W ", "#D ")))
    mistakes = []
    for line in (line for line in lines if line.startswith("#W ")):
        names, cause, change = line[3:].split(" | ", 2)
        right, _, wrong = (x.replace("\\n", "\n") for x in change.partition(" ==>"))
        assert text.count(right) == 1, (name, right)
        wanted = tuple(n.strip() for n in names.split("/"))
        mistakes.append(
            Planted(wanted, cause.strip(), text.replace(right, wrong.removeprefix(" ")))
        )
    return Program(name.strip(), text, mistakes)


PROGRAMS = {p.name: p for p in map(_parsed, TEXT.split("#### ")[1:])}


def judged(name: str, text: str) -> BackpropDiagnosis:
    """Judge a program."""
    module: Any = module_of(name, f"rng = np.random.RandomState(3)\n\n{text}")
    parameters = module.PARAMS
    if getattr(module, "INNER", False):  # the functions take the only one whole
        (parameters,) = parameters.values()
    loss = getattr(module, "LOSS", None)
    with np.errstate(all="ignore"):
        return check_backprop(
            module.forward, module.backward, parameters, tuple(module.DATA), loss=loss
        )
