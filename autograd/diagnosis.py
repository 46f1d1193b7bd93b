"""The report of `check_backprop`: quantities, their causes, and the lines that mend them."""

from __future__ import annotations

import html
import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from autograd.errors import GradientError

if TYPE_CHECKING:
    from autograd.edits import Edit

__all__ = [
    "APART",
    "FOLLOWS",
    "RIGHT",
    "UPSTREAM",
    "WRONG",
    "BackpropDiagnosis",
    "Cause",
    "Quantity",
]

from_engine = True

UPSTREAM = "right, though what is upstream is not"
RIGHT, WRONG, FOLLOWS, APART = "right", "WRONG", "follows", "not compared"


@dataclass(frozen=True)
class Cause:
    """What a wrong value computes in the place of the right one.

    Attributes
    ----------
    kind : str
        A word that stays: "scale", "sign", "transposed", "factor", "operand", "upstream", "path",
        "sum", "term", "shape", "nan", "raises", "unknown".
    sentence : str
        What it computes instead, in the names of the derivation.
    why : str
        How such a slip comes about, and what to look at.
    edit : (str, str) or None
        Of functions: the line as it stands, and as it makes every gradient right.
    evidence : str
        What the cause was found by.
    """

    kind: str
    sentence: str
    edit: tuple[str, str] | None = None
    evidence: str = "its numbers agree with this formula, and not with the right one"

    @property
    def why(self) -> str:
        """How such a slip comes about, and what to look at."""
        return _WHY[self.kind]


_WHY = {
    "scale": "A factor is lost or doubled: see the 1/m of the average, the 2 of a square, the λ of "
    "a penalty and keep_prob; each stands in one place only.",
    "sign": "A minus is lost: −log has the derivative −1/a, and 1 − a the derivative −1.",
    "transposed": "The shapes allow both: dW = dZ Aᵀ has the rows of dZ, and a column for each row "
    "of A.",
    "factor": "The chain rule multiplies by the derivative of this very function, at the value "
    "that it was given in the forward pass.",
    "operand": "The derivative of a product by one factor is the other one, of the same layer.",
    "upstream": "Each step goes on from the derivative of its own result.",
    "path": "A value that is used in several places gets the sum of what comes back from each.",
    "sum": "What was repeated by broadcasting is summed over the repetitions only: axis=1 with "
    "keepdims=True for a bias.",
    "term": "Something is added that the cost does not contain, or left out that it does.",
    "shape": "A derivative has the shape of what it is the derivative of.",
    "name": "The gradient of a parameter is returned under its name, with a d before it.",
    "nan": "A formula that divides or takes a logarithm leaves the range of numbers here.",
    "raises": "NumPy cannot do this with these arrays: write the shape of each beside it.",
    "unknown": "Check the step against the formula in its row, with small arrays, by hand.",
}


@dataclass(frozen=True)
class Quantity:
    """One quantity of a derivation, judged.

    Attributes
    ----------
    name : str
        As in the derivation: ``dZ2``.
    status : str
        "right", "WRONG", "follows": right given what is upstream, which is wrong; or "not
        compared": a variable of another meaning.
    error : float
        Relative to the right value given what is upstream; NaN where there is none.
    formula : str
        The right one, in the names of the graph.
    causes : tuple of Cause
        The likeliest first; empty where it is not wrong.
    note : str
        What to know about a right one, such as its convention.
    occurrence : int
        Which assignment of that name in the derivation; the last one is compared.
    line : int or None
        Of functions: where it is assigned, in the file.
    follows : tuple of str
        Of a wrong one: the names of quantities that are wrong only because of it.
    """

    name: str
    status: str
    error: float
    formula: str
    causes: tuple[Cause, ...] = ()
    note: str = ""
    occurrence: int = 1
    line: int | None = None
    follows: tuple[str, ...] = ()


@dataclass(frozen=True)
class BackpropDiagnosis:
    """The result of `check_backprop`: falsy when a step is wrong; it prints as a table.

    Attributes
    ----------
    rows : tuple of Quantity
        In the order of the backward pass.
    notes : tuple of str
    edits : tuple of Edit
        Of functions: changes of a line each, in the order of the backward pass, that make returned
        gradients right at the given inputs and at two others; the notes say which, if not all.
    """

    rows: tuple[Quantity, ...]
    notes: tuple[str, ...] = field(default=())
    edits: tuple[Edit, ...] = ()

    @property
    def edit(self) -> Edit | None:
        """The first edit, if there is one."""
        return self.edits[0] if self.edits else None

    @property
    def mistakes(self) -> tuple[Quantity, ...]:
        """The quantities that are wrong in themselves, in the order of the backward pass."""
        return tuple(row for row in self.rows if row.status == WRONG)

    def __bool__(self) -> bool:
        return not self.mistakes and any(row.status == RIGHT for row in self.rows)

    @property
    def verdict(self) -> str:
        """The first line of the report."""
        n = len(self.mistakes)
        if not n:
            judged = sum(row.status == RIGHT for row in self.rows)
            apart = len(self.rows) - judged
            lost = [n.rstrip(".") for n in self.notes if n.startswith("Not returned: ")]
            every = "all " * (not apart and not lost)
            count = "1 quantity" if judged == 1 else f"{every}{judged} quantities"
            count += f"; {apart} not compared" if apart else ""
            head = f"check_backprop: right, {count}"
            if not judged:
                head = "check_backprop: nothing could be judged: see the rows and notes"
            head += "".join(f"; {n[0].lower()}{n[1:]}" for n in lost)
        else:
            first = self.mistakes[0]
            count = "1 mistake" if n == 1 else f"{n} mistakes"
            why = f": {first.causes[0].sentence}" if first.causes else ""
            head = f"check_backprop: {count}, first in {first.name}{why}"
        return head

    def __str__(self) -> str:
        many = Counter(row.name for row in self.rows)
        names = [
            row.name if many[row.name] == 1 else f"{row.name}:{row.occurrence}" for row in self.rows
        ]
        width = max(len(name) for name in names)
        wide = max(7, *(len(row.status) for row in self.rows))
        lines = [self.verdict]
        for name, row in zip(names, self.rows, strict=True):
            said = row.causes[0].sentence if row.causes else row.note
            line = f"  {name:<{width}}  {row.status:<{wide}}  {row.formula}".rstrip()
            lines.append(f"{line}   ({said})" if said else line)
        return "\n".join([*lines, *map(str, self.edits), *self.notes])

    __repr__ = __str__

    @property
    def markdown(self) -> str:
        """The report as Markdown: the verdict, and a table."""
        head, *_ = str(self).split("\n")
        lines = [f"**{head}**", "", "| quantity | verdict | right formula | what it is |"]
        lines.append("|---|---|---|---|")
        for row in self.rows:
            said = row.causes[0].sentence if row.causes else row.note
            why = f" {row.causes[0].why}" if row.causes else ""
            verdict = f"**{row.status}**" if row.status == WRONG else row.status
            cells = (f"`{row.name}`", verdict, f"`{row.formula}`", f"{said}.{why}" if said else "")
            lines.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
        for edit in self.edits:
            lines += ["", f"```text\n{edit}\n```"]
        return "\n".join([*lines, "", *self.notes, ""])

    def _repr_html_(self) -> str:
        """Return the table that a notebook shows."""
        head, *_ = str(self).split("\n")
        rows = []
        for row in self.rows:
            said = row.causes[0].sentence if row.causes else row.note
            why = row.causes[0].why if row.causes else ""
            colour = {WRONG: "#A3195B", FOLLOWS: "#B24A00"}.get(row.status, "inherit")
            cells = [html.escape(c) for c in (row.name, row.status, row.formula, said)]
            told = "".join(f"<td style='text-align:left'>{c}</td>" for c in cells)
            rows.append(
                f"<tr style='color:{colour}' title='{html.escape(why, quote=True)}'>{told}</tr>"
            )
        heads = "".join(
            f"<th>{h}</th>" for h in ("quantity", "verdict", "right formula", "what it is")
        )
        edits = "".join(f"<pre>{html.escape(str(edit))}</pre>" for edit in self.edits)
        notes = "".join(f"<p>{html.escape(n)}</p>" for n in self.notes)
        return (
            f"<p><b>{html.escape(head)}</b></p><table><tr>{heads}</tr>{''.join(rows)}</table>"
            f"{edits}{notes}"
        )

    def raise_if_wrong(self) -> None:
        """Raise GradientError with the table if a step is wrong."""
        if not self:
            raise GradientError(str(self))

    def to_dict(self) -> dict[str, Any]:
        """Return the rows as plain data, for other programs."""
        return {
            "right": bool(self),
            "rows": [
                {
                    "name": row.name,
                    "status": row.status,
                    "error": None if math.isnan(row.error) else float(row.error),
                    "formula": row.formula,
                    "note": row.note,
                    "occurrence": row.occurrence,
                    "line": row.line,
                    "follows": list(row.follows),
                    "causes": [
                        {
                            "kind": c.kind,
                            "sentence": c.sentence,
                            "why": c.why,
                            "edit": c.edit,
                            "evidence": c.evidence,
                        }
                        for c in row.causes
                    ],
                }
                for row in self.rows
            ],
            "mistakes": [row.name for row in self.mistakes],
            "notes": list(self.notes),
            "edit": None if self.edit is None else self.edit.to_dict(),
            "edits": [edit.to_dict() for edit in self.edits],
        }
