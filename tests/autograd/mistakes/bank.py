"""What the files of this folder are made with: programs with one mistake, two, or none."""

from __future__ import annotations

from typing import Any


class Bank:
    """The programs of one file.

    Attributes
    ----------
    cases : list of dict
        With one wrong line, its name and its cause.
    rights : list of dict
        That are right, and look unusual.
    doubles : list of dict
        With two wrong lines, in the order in which the backward pass runs them.
    """

    def __init__(self) -> None:
        self.cases: list[dict[str, Any]] = []
        self.rights: list[dict[str, Any]] = []
        self.doubles: list[dict[str, Any]] = []

    def case(
        self,
        id: str,
        right_source: str,
        right_line: str,
        wrong_line: str,
        wrong: str,
        cause: str,
        parameters: Any,
        data: Any,
        **more: Any,
    ) -> None:
        """Add a program, given as it is right, with a wrong line in the place of a right one."""
        source = _with(right_source, right_line, wrong_line, id)
        own = {"id": id, "source": source, "right_line": right_line, "wrong_line": wrong_line}
        of_it = {"wrong": wrong, "cause": cause, "parameters": parameters, "data": data}
        self.cases.append(own | of_it | more)

    def right(self, id: str, source: str, parameters: Any, data: Any, **more: Any) -> None:
        """Add a program that is right."""
        own = {"id": id, "source": source, "parameters": parameters, "data": data}
        self.rights.append(own | more)

    def double(
        self,
        id: str,
        right_source: str,
        wrong_lines: list[tuple[str, str, str]],
        parameters: Any,
        data: Any,
        **more: Any,
    ) -> None:
        """Add a program with two wrong lines: (right, wrong, name) of each."""
        source = right_source
        for right_line, wrong_line, _ in wrong_lines:
            source = _with(source, right_line, wrong_line, id)
        own = {"id": id, "source": source, "right_source": right_source, "wrong_lines": wrong_lines}
        self.doubles.append(own | {"parameters": parameters, "data": data} | more)


def _with(source: str, right: str, wrong: str, id: str) -> str:
    assert source.count(right) == 1, (id, right, source.count(right))
    made = source.replace(right, wrong)
    assert made.count(wrong) == 1, (id, wrong, made.count(wrong))
    return made
