"""`check_backprop`: which line of a derivation by hand is wrong, and what it computes instead.

Each quantity is judged given the values that the derivation itself has upstream (teacher forcing):
going right to left, what the user has takes the place of what was computed. So every step is
judged alone, several mistakes all show, and what is wrong only because of an earlier one is said to
follow.
"""

from __future__ import annotations

import ast
import contextlib
import difflib
import html
import itertools
import math
import re
import time
import warnings
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autograd.captured import Judge, Pair, RandomCostError
from autograd.checking import relative_error
from autograd.edits import Edit, Search
from autograd.errors import GradientError
from autograd.graph import Graph, graph
from autograd.judged_rules import class_cases, op_cases, op_of, what_it_is
from autograd.limited import Limited
from autograd.noise import moved_by_rounding
from autograd.tensor import Tensor
from autograd.written import Written, reaches_outside, targets, written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy.typing as npt

    from autograd.watched import Failed

__all__ = ["BackpropDiagnosis", "Cause", "Quantity", "check_backprop"]

from_engine = True

# Ops that keep an average one of the same terms.
_MOVES = {
    "add", "subtract", "sum", "negative", "reshape", "squeeze", "expand_dims", "transpose", "ravel",
    "getitem", "broadcast_to",
}  # fmt: skip
# Where elementwise ops have a kink, so that any slope between those of its two sides is right; a
# function of the value that is differentiated, and of all operands.
_AT_ZERO = dict.fromkeys(
    ("relu", "leaky_relu", "elu", "absolute", "fabs"), lambda x, *operands: x == 0
)
_EQUAL = dict.fromkeys(("maximum", "minimum", "fmax", "fmin"), lambda x, a, b: a == b)
_TIES: dict[str, Callable[..., Any]] = {
    **_AT_ZERO,
    **_EQUAL,
    "where": lambda x, *operands: (operands[-2] == operands[-1]) & _is_sign(operands[0], x),
}


def _is_sign(condition: Any, x: Any) -> bool:
    """Return whether a condition is x > 0 or the like, and no mask of another origin."""
    if np.shape(condition) != np.shape(x):
        return False
    signs = (x > 0, x >= 0, x < 0, x <= 0)
    return any(np.array_equal(condition, sign) for sign in signs)


MANY = 8  # uses of a value, up to which each of them is looked at
SECONDS = 3.0  # in which the causes of a report are looked for
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

    def __str__(self) -> str:
        n = len(self.mistakes)
        if not n:
            judged = sum(row.status == RIGHT for row in self.rows)
            count = "the 1 quantity" if judged == 1 else f"all {judged} quantities"
            head = f"check_backprop: right, {count}"
            if not judged:
                head = "check_backprop: nothing could be judged: see the rows and notes"
            lost = [n.rstrip(".") for n in self.notes if n.startswith("Not returned: ")]
            head += "".join(f"; {n[0].lower()}{n[1:]}" for n in lost)
        else:
            first = self.mistakes[0]
            count = "1 mistake" if n == 1 else f"{n} mistakes"
            head = f"check_backprop: {count}, first in {first.name}: {first.causes[0].sentence}"
        many = Counter(row.name for row in self.rows)
        names = [
            row.name if many[row.name] == 1 else f"{row.name}:{row.occurrence}" for row in self.rows
        ]
        width = max(len(name) for name in names)
        lines = [head]
        for name, row in zip(names, self.rows, strict=True):
            said = row.causes[0].sentence if row.causes else row.note
            line = f"  {name:<{width}}  {row.status:<7}  {row.formula}"
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


def check_backprop(
    cost: Tensor | Callable[..., Any] | type,
    hand: Mapping[Tensor | str, npt.ArrayLike] | Callable[..., Any] | None = None,
    params: Any = None,
    data: Sequence[npt.ArrayLike] = (),
    *,
    loss: Callable[..., Any] | None = None,
    tolerance: float | None = None,
) -> BackpropDiagnosis:
    """Say which step of a backward pass derived by hand is wrong, and what it computes instead.

    Parameters
    ----------
    cost : Tensor or callable
        A single number J, with its graph; before or after ``backward()``. Or a function in the
        course's way, such as ``forward(X, Y, parameters)``, that returns J or (J, cache). Or a
        class with ``forward(ctx, ...)`` and ``backward(ctx, g)`` in PyTorch's way, or an op made
        by `op`: these two alone, with `data` for their arguments.
    hand : mapping or callable, optional
        The derivation, or a part of it: from names in the course's way ("dZ2" of the tensor "Z2",
        or "Z2" itself) or from tensors, to arrays. The more intermediate quantities there are, the
        better a mistake is placed. Or a function such as ``backward(X, Y, parameters, cache)``
        that returns the gradients, as a dict or in the order of the parameters: then its variables
        (dZ2, dA1, …) are compared with those of the same names in the forward function.
    params : dict, list or tuple of array
        With functions: the parameters, such as {"W1": W1, "b1": b1}.
    loss : callable, optional
        With functions, where forward returns (A, cache): the cost, such as ``loss(A, Y)``.
    data : sequence of array_like
        With functions: (X, Y), or all other arguments of forward in their order. Of a class or an
        op: the arguments of its forward function. It is judged at these and at two other sets of
        the same shapes.
    tolerance : float, optional
        Greatest relative error of a right step; by default 1e-7 in double precision, 1e-3 in
        single.

    Returns
    -------
    BackpropDiagnosis
        Falsy when a step is wrong.

    Raises
    ------
    GradientError
        If a name is not in the graph, or stands there more than once.

    Notes
    -----
    Quantities between parameters and cost may be of the sum of the losses, without its 1/m, as the
    notes of a well-known course have them (dZ = A − Y); that is found, and said. Parameters' own
    gradients are of J.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import Tensor, check_backprop
    >>> W = Tensor([[0.5, -1.0]], name="W", requires_grad=True)
    >>> X, Y = np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([[1.0, 0.0]])
    >>> Z = (W @ X).named("Z")
    >>> J = ((Z - Y) ** 2).sum()
    >>> dZ = Z.numpy() - Y  # a factor 2 is missing
    >>> report = check_backprop(J, {"dZ": dZ, "dW": dZ @ X.T})
    >>> [row.status for row in report.rows]
    ['WRONG', 'follows']
    """
    if hand is None:
        return _alone(cost, data, tolerance)
    if loss is not None and not callable(loss):
        raise GradientError(f"check_backprop: loss needs to be a function, got {loss!r}.")
    if callable(cost) and callable(hand):
        pair = Pair(cost, hand, params, data, loss)
        with pair.kept():
            return _of_functions(pair, tolerance)
    if callable(cost) or callable(hand) or not isinstance(cost, Tensor):
        raise GradientError(
            "check_backprop: needs J and a dict of arrays, or two functions: "
            "check_backprop(forward, backward, params, (X, Y))."
        )
    if not hand:
        raise GradientError("check_backprop: needs at least one quantity, got none.")
    if int(np.prod(cost.shape)) != 1:
        raise GradientError(f"check_backprop: the cost needs to be one number, got {cost.shape}.")
    view = graph(cost)
    given = _places(view, hand)
    return _with_followers(_voted(view, given, tolerance, []), view, given)


class _Judged(NamedTuple):
    """A report, and the values that it is about, by name and occurrence."""

    report: BackpropDiagnosis
    values: dict[tuple[str, int], Any]


def _of_functions(pair: Pair, tolerance: float | None) -> BackpropDiagnosis:
    """Judge two functions: by their variables first, then by what they return at three inputs."""
    seed: int | None = None
    hidden: list[str] = []
    try:
        judged = _by_variables(pair, None, tolerance)
    except RandomCostError:
        raise
    except GradientError as error:
        judged = _by_differences(pair, error)
    judge = Judge(pair)
    cases, params = len(judge.cases), {f"d{name}" for name in pair.names}
    off = [row for row in judged.report.mistakes if row.name in params]
    if judge.passes(pair.backward, given_data=True):
        if off:  # in elements that are small beside the others, or by the tolerance that was given
            return judged.report
        if {*judge.wanted} >= params:  # a variable of that name is something else then
            report = _freed(judged.report, params)
            if not judge.passes(pair.backward):
                said = "With other data of these shapes the gradients differ from the right ones: "
                said += "they are right for data such as yours only."
                report = replace(report, notes=(*report.notes, said))
            return report
        if judged.report.mistakes:  # in what is not returned: no edit could show
            return judged.report
    if cases > 1 and judge.passes(pair.backward, drawn=True) and _is_at_a_kink(pair):
        said = (
            "At your inputs a value stands exactly at a kink, where any slope is right; at others "
        )
        return replace(
            _freed(judged.report, params), notes=(*judged.report.notes, f"{said}all is.")
        )
    judged = judged._replace(report=_with_returned(judged.report, judge, pair))
    if judged.report:  # at these inputs it cannot be seen
        for seed in (c.seed for c in judge.cases if c.seed is not None and c.seed % 2):
            by = _by_differences(pair, None, seed) if pair.refused else None
            other = by or _by_variables(pair, seed, tolerance)
            if not other.report:
                hidden = ["Right at your inputs, which hide it; wrong at others of their shapes."]
                judged = other
                break
    report = judged.report
    source = None if report or not cases else written(pair.backward, pair.forward)
    if source is not None:
        report = _mended(pair, judge, judged, source, seed, tolerance)
    return replace(report, notes=(*report.notes, *hidden))


def _is_at_a_kink(pair: Pair) -> bool:
    """Return whether an op of the cost stands exactly at its kink, at the given inputs."""
    if pair.refused:
        return False
    program = graph(pair.recorded(None)[0]).program
    for step in program.steps:
        tie = _TIES.get(step.op.name) if step.op is not None else None
        values = [np.asarray(program.values[k]) for k in step.operands] if tie else []
        if tie is not None and any(np.any(tie(x, *values)) for x in values[-1:]):
            return True
    return False


def _with_returned(report: BackpropDiagnosis, judge: Judge, pair: Pair) -> BackpropDiagnosis:
    """Return a report with a row for each returned gradient that is wrong, and has none."""
    case = next((c for c in judge.cases if c.seed is None), None)
    if not report or case is None:
        return report
    try:
        found = judge.returned(pair.backward, case)
    except Exception:  # which has its row
        return report
    more = []
    for name in {*judge.wanted} & {*found} - {row.name for row in report.rows}:
        if not judge.is_right(found[name], name, case):
            row = _of_rule("J", name[1:], np.asarray(found[name]), case.expected[name], {})
            unused = not np.any(case.expected[name])
            cause = Cause("term", "the cost does not depend on it, so it is 0")
            causes = (cause,) if unused else row.causes
            line = pair.lines.get(name)
            row = replace(row, formula=f"∂J/∂{name[1:]}", status=WRONG, causes=causes, line=line)
            more.append(row)
    return replace(report, rows=(*report.rows, *more))


def _mended(
    pair: Pair,
    judge: Judge,
    judged: _Judged,
    source: Written,
    seed: int | None,
    tolerance: float | None,
) -> BackpropDiagnosis:
    """Return a report with the lines that make gradients right, as far as they are found."""
    report, outside = judged.report, reaches_outside(source)
    said = "No line that makes it right was looked for: "
    if outside:
        said += f"backward uses {outside}, and changed copies of it might do harm."
        return replace(report, notes=(*report.notes, said))
    before = written(pair.forward, methods=False)
    try:
        if not judge.is_remade(source.whole()):
            said += (
                "what can be read of backward gives other results than it does, as a decorator or "
            )
            return replace(report, notes=(*report.notes, f"{said}a closure makes it."))
        with Limited() as judge.limit:
            search = Search(source, judge.keys, before, pair)
            return _edited(pair, judge, judged, search, seed, tolerance)
    except (SyntaxError, NameError):  # it cannot be made again by itself, as with nonlocal
        return report
    finally:
        judge.limit = None
        source.restore()


MOST = 4  # edits of one function


def _edited(
    pair: Pair,
    judge: Judge,
    judged: _Judged,
    search: Search,
    seed: int | None,
    tolerance: float | None,
) -> BackpropDiagnosis:
    """Return a report with the edits that make gradients right: one, or else one after another."""
    stages, edits = [judged], list[Edit]()
    right = [judge.right(pair.backward)]
    known = 0  # how many edits stand, even if not all becomes right
    whole = False
    while len(edits) < MOST and not whole:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what an edit does
            for found, own in _next_edits(search, judge, stages[-1].report):
                again = pair.mended(search.source.function)
                by = _by_differences(again, None, seed) if pair.refused else None
                stage = by or _by_variables(again, seed, tolerance)
                whole = judge.passes(again.backward)
                if whole or _is_better(stage.report, stages[-1].report, found):
                    edits.append(found)
                    stages.append(stage)
                    right.append(judge.right(again.backward))
                    known = len(edits) if own and known == len(edits) - 1 else known
                    break
                search.undo()  # it makes up for a mistake in another line
            else:
                break
    if not whole:
        edits, stages, right = edits[:known], stages[: known + 1], right[: known + 1]
    if not edits:
        return replace(judged.report, notes=(*judged.report.notes, *filter(None, [search.note])))
    left, more = {*judge.wanted} - right[-1], right[-1] - right[0]
    mended = f"{', '.join(sorted(more))} {'are' if len(more) > 1 else 'is'} right"
    with_it = "with this line" if len(edits) == 1 else f"with these {len(edits)} lines"
    said = "every returned gradient is right" if whole else mended
    proof = f"{with_it} {said}, at {len(judge.cases)} inputs"
    report = _with_edits(stages, edits, proof, pair.seen, whole=whole)
    notes = [] if whole else [f"W{proof[1:]}; {', '.join(sorted(left))} still differ.", search.note]
    return replace(report, notes=(*report.notes, *filter(None, notes)))


def _is_better(report: BackpropDiagnosis, before: BackpropDiagnosis, edit: Edit) -> bool:
    """Return whether an edit has mended its line, or at least no other one is wrong now."""
    now, then = ({_key(row) for row in r.mistakes} for r in (report, before))
    return now <= then or all(row.line != edit.line for row in report.mistakes)


def _next_edits(
    search: Search, judge: Judge, report: BackpropDiagnosis
) -> Iterator[tuple[Edit, bool]]:
    """Yield edits with which more gradients are right, each made: one for all, or for some.

    With each, whether it is in the very line of a quantity that is wrong.

    A step that is wrong given what is upstream is wrong in its own line. What is wrong in several
    gradients, which are the end of the way, is rather wrong in the line that they come from.
    """
    known = [r.name for r in report.rows if r.status in (RIGHT, FOLLOWS)]
    wrong = [(r.name, r.line) for r in report.mistakes if r.line is not None]
    lines = list(dict.fromkeys(line for _, line in wrong))
    ends = {f"d{name}" for name in search.parameters}
    whole = search.all_right(judge, known, lines, quick=True)
    common = search.best
    if whole is not None:
        yield whole, True
        return
    for name, line in wrong:
        found = None if name in ends and len(wrong) > 1 else search.some_right(judge, line)
        if found is not None:
            yield found, True
    if len(wrong) > 1:
        found = search.made(common)
        if found is not None:
            yield found, False
        for name, line in wrong:
            found = search.some_right(judge, line) if name in ends else None
            if found is not None:
                yield found, True
    found = search.all_right(judge, known, lines, quick=False) or search.made()
    if found is not None:
        yield found, False


def _freed(report: BackpropDiagnosis, params: set[str]) -> BackpropDiagnosis:
    """Return the report on a derivation whose results are right, whatever its variables mean."""
    rows = []
    for row in report.rows:
        if row.status in (WRONG, FOLLOWS):
            status = RIGHT if row.name in params else APART
            note = "" if status == RIGHT else "a variable of another meaning"
            row = replace(row, status=status, causes=(), note=note)
        elif row.note == UPSTREAM:
            row = replace(row, note="")
        rows.append(row)
    return replace(report, rows=tuple(rows))


def _by_variables(pair: Pair, seed: int | None, tolerance: float | None) -> _Judged:
    """Judge the variables and results of a backward function, by their names."""
    found = pair.derivation(seed)
    view = graph(found.J)
    many = Counter(g.name for g in found.given.values())
    called = {
        k: g.name if many[g.name] == 1 else f"{g.name}:{g.occurrence}"
        for k, g in found.given.items()
    }
    given = {k: (called[k], g.array) for k, g in found.given.items()}
    report = BackpropDiagnosis((), tuple(found.notes))
    if given:
        report = _with_followers(_voted(view, given, tolerance, found.notes), view, given)
    elif found.error is None:
        raise GradientError("check_backprop: backward returns no gradient of a parameter.")
    by_name = {called[k]: g for k, g in found.given.items()}
    orders = {(g.name, g.occurrence): g.order for g in found.given.values()}
    rows = []
    for row in report.rows:
        g = by_name[row.name]
        rows.append(replace(row, name=g.name, occurrence=g.occurrence, line=g.line))
    wrong = [(by_name[r.name].order, r.name) for r in report.rows if r.status == WRONG]
    if found.error is None and len(wrong) > 1:
        _, name = min(wrong)
        for i, row in enumerate(report.rows):
            if row.status == WRONG and row.name != name and row.causes[0].kind == "unknown":
                note = f"not judged: it comes after {name}, which is wrong"
                rows[i] = replace(rows[i], status=APART, causes=(), note=note)
    rows.sort(key=lambda row: orders[_key(row)])
    first: dict[tuple[str, int | None], str] = {}
    for i, row in enumerate(rows):  # a line of a loop is one mistake
        if row.status == WRONG and row.line is not None:
            earlier = first.setdefault((row.name, row.line), f"{row.name}:{row.occurrence}")
            if earlier != f"{row.name}:{row.occurrence}":
                said = f"wrong as {earlier} is, in the same line"
                rows[i] = replace(row, status=FOLLOWS, causes=(), note=said)
    if found.error is not None:
        rows.append(_failed(found.error, pair))
    return _Judged(replace(report, rows=tuple(rows)), found.values)


def _failed(error: Failed, pair: Pair) -> Quantity:
    """Return the row of a line that raised."""
    source = written(pair.backward, pair.forward)
    statement = None if source is None else source.at(error.line)
    names = [] if statement is None else targets(statement)
    shown = "" if statement is None else ast.unparse(statement)
    cause = Cause("raises", f"it raises {error.text}", evidence="the line was run")
    name = names[0] if names else getattr(pair.backward, "__name__", "backward")
    return Quantity(name, WRONG, np.nan, shown, (cause,), line=error.line or None)


def _by_differences(pair: Pair, error: GradientError | None, seed: int | None = None) -> _Judged:
    """Judge the gradients that backward returns, where forward cannot be recorded."""
    value, plain, data, before = pair.plain(seed)
    if error is not None:
        if np.size(value) != 1 or isinstance(value, (tuple, list, dict)):
            raise error
        pair.refused = str(error)
    _, right = pair.differences(seed)
    returned, mine, notes = pair.backpropagated(plain, data, before)
    lines = {a.name: a for a in mine.assigned}
    rows = [] if mine.error is None else [_failed(mine.error, pair)]
    values = {(a.name, a.occurrence): a.value for a in mine.assigned}
    for name, theirs in returned.items():
        if name in right:
            row = _of_rule("J", name[1:], theirs, right[name], {}, slack=pair.slack)
            last = lines.get(name)
            at = (last.occurrence, last.line) if last else (1, pair.lines.get(name))
            rows.append(replace(row, formula=f"∂J/∂{name[1:]}", occurrence=at[0], line=at[1]))
            values[name, at[0]] = theirs
    if not rows:
        raise error or GradientError("check_backprop: backward returns no gradient.")
    why = pair.refused.removeprefix("check_backprop: ")
    measured = f", {pair.measured}" if pair.measured else ""
    notes.append(
        f"Compared with differences of the cost{measured}, as forward cannot be recorded: {why}"
    )
    return _Judged(BackpropDiagnosis(tuple(rows), tuple(notes)), values)


def _with_edits(
    stages: Sequence[_Judged],
    edits: Sequence[Edit],
    proof: str,
    seen: set[str],
    *,
    whole: bool,
) -> BackpropDiagnosis:
    """Return a report in which each edited line is a mistake.

    The rows are those of the mended function, in whose convention all is right: what had another
    value before an edit is what follows from that mistake.
    """
    after = stages[-1].report
    rows: list[Quantity] = []
    for row in after.rows:
        if row.status == WRONG and whole:  # a variable of that name, and of another meaning
            row = replace(row, status=APART, causes=())
        rows.append(row)
    made: list[tuple[int, Quantity]] = []  # of lines that no row is about
    mistaken: set[int] = set()
    for (then, now), edit in zip(itertools.pairwise(stages), edits, strict=True):
        changed = []
        for i, row in enumerate(rows):
            off = _difference(then, now, (row.name, row.occurrence))
            if off >= 1e-9 and i not in mistaken and row.status != WRONG:
                changed.append(i)
                note = "right, given what is upstream"
                rows[i] = replace(row, status=FOLLOWS, error=off, note=note)
        own = Cause(edit.kind, edit.sentence, (edit.before, edit.after), proof)
        here = _row_of(rows, changed, edit, seen)
        row = here if isinstance(here, Quantity) else rows[here]
        was = next((r for r in then.report.rows if _key(r) == _key(row)), None)
        causes = _causes_of(was, own, [c for r in then.report.rows for c in r.causes])
        line = edit.line if row.line is None or row.name in edit.names else row.line
        follows = dict.fromkeys(rows[i].name for i in changed if rows[i] is not row)
        row = replace(row, status=WRONG, causes=causes, line=line, follows=(*follows,), note="")
        if isinstance(here, Quantity):
            made.append((changed[0] if changed else 0, row))
        else:
            rows[here] = row
            mistaken.add(here)
    for i, row in sorted(made, key=lambda one: -one[0]):
        rows.insert(i, row)
    order = [c.edit for row in rows for c in row.causes if c.edit is not None]
    edits = sorted(edits, key=lambda e: order.index((e.before, e.after)))
    return BackpropDiagnosis(tuple(rows), after.notes, tuple(edits))


def _key(row: Quantity) -> tuple[str, int]:
    return row.name, row.occurrence


def _difference(then: _Judged, now: _Judged, key: tuple[str, int]) -> float:
    """Return by how much an edit changes a value, relative to it; infinity for another shape."""
    a, b = (np.asarray(v.values.get(key, np.nan), float) for v in (then, now))
    if a.shape != b.shape:
        return np.inf
    error = relative_error(a, b)
    return np.inf if math.isnan(error) else error


def _row_of(rows: list[Quantity], changed: list[int], edit: Edit, seen: set[str]) -> int | Quantity:
    """Return the row that an edited line is about, or a new one."""
    mine = [i for i in changed if rows[i].name in edit.names and rows[i].line in (None, edit.line)]
    named = next((n for n in edit.names if n in seen), "")
    here = next((i for n in edit.names for i in mine if rows[i].name == n), None)
    if here is None and not named and changed:  # a key that is computed
        here = changed[0]
    if here is not None:
        return here
    # It is no derivative of a named value, or of another one than its name says.
    formula = edit.after.partition(" = ")[2] or edit.after
    made = Quantity(named or "backward", WRONG, np.nan, formula, line=edit.line)
    apart = [i for i, r in enumerate(rows) if r.name == made.name and r.status == APART]
    if not apart:
        return made
    rows[apart[0]] = replace(made, occurrence=rows[apart[0]].occurrence)
    return apart[0]


def _causes_of(was: Quantity | None, own: Cause, others: Sequence[Cause]) -> tuple[Cause, ...]:
    """Return the causes of an edited line: what its numbers say, the edit, and what was raised."""
    known = [] if was is None else [c for c in was.causes if c.kind not in ("unknown", "raises")]
    if known:
        known[0] = replace(known[0], edit=own.edit, evidence=own.evidence)
    again = own.kind in {c.kind for c in known}
    mended = [*known, *([] if again else [own])]
    raised = [c for c in others if c.kind == "raises"]
    shapes = not raised or "ValueError" in raised[0].sentence
    return tuple([*mended, *raised] if shapes else [*raised, *mended])[:3]


def _alone(rule: Any, data: Sequence[npt.ArrayLike], tolerance: float | None) -> BackpropDiagnosis:
    """Judge a class in PyTorch's way, or an op; return the first report that finds a mistake."""
    op = op_of(rule)
    if op is None and not (hasattr(rule, "forward") and hasattr(rule, "backward")):
        raise GradientError(
            "check_backprop: needs a derivation to compare: a dict of arrays, a backward function, "
            "a class with forward(ctx, ...) and backward(ctx, g), or an op."
        )
    report: BackpropDiagnosis | None = None
    if op is not None:
        for case in op_cases(op, data):
            rows = tuple(_of_rule(op.name, name, *found) for name, found in case.items())
            report = BackpropDiagnosis(rows, ("Judged by differences, at 3 sets of inputs.",))
            if not report:
                return report
    else:
        for J, gradients in class_cases(rule, data):
            view = graph(J)
            found: dict[Tensor | str, Any] = dict(gradients.items())
            given = _places(view, found)
            check = _Check(view, given, tolerance)
            report = check.report(["Judged at 3 sets of inputs."], *check.reference())
            report = _with_followers(report, view, given)
            if not report:
                return report
    assert report is not None
    return report


def _of_rule(
    op: str,
    operand: str,
    theirs: Any,
    right: Any,
    others: dict[str, Any],
    *,
    slack: float | None = None,
) -> Quantity:
    """Judge what the rule of an op gives for one operand."""
    name, formula = f"d{operand}", f"{op}.vjp({operand}=...)"
    if theirs.shape != right.shape:
        try:
            fits = np.broadcast_shapes(theirs.shape, right.shape) == theirs.shape
        except ValueError:
            fits = False
        if not fits:
            return Quantity(name, WRONG, np.nan, formula, (Cause("shape", _shapes(theirs, right)),))
        lead = theirs.ndim - right.ndim  # the engine sums over what was broadcast
        theirs = theirs.sum(axis=tuple(range(lead)))
        kept = tuple(k for k, n in enumerate(right.shape) if n == 1 < theirs.shape[k])
        theirs = theirs.sum(axis=kept, keepdims=True) if kept else theirs
    if slack is not None and theirs.shape == right.shape:  # by differences, of some of its elements
        there = np.isfinite(right)
        theirs, right = theirs[there], right[there]
    error = relative_error(theirs, right)
    most = float(np.abs(right).max(initial=0.0))
    least = 1e-7 * max(1.0, most) if slack is None else 1e-7 * most + slack
    if np.allclose(theirs, right, rtol=1e-5, atol=least):
        return Quantity(name, RIGHT, error, formula)
    causes = tuple(Cause(*found) for found in what_it_is(theirs, right, others))[:3]
    unknown = (Cause("unknown", "it is none of the usual slips"),)
    return Quantity(name, WRONG, error, formula, causes or unknown)


def _with_followers(
    report: BackpropDiagnosis, view: Graph, given: dict[int, tuple[str, Any]]
) -> BackpropDiagnosis:
    """Return a report whose mistakes say what follows from them."""
    place = {name: k for k, (name, _) in given.items()}
    above: dict[int, set[int]] = defaultdict(set)  # the steps that a cotangent is computed from
    for i in range(len(view.program.steps) - 1, -1, -1):
        step = view.program.steps[i]
        for slot, k in enumerate(step.operands):
            if step.op is not None and step.is_differentiated(slot):
                above[k] |= {i} | above[i]
    rows = []
    for row in report.rows:
        if row.status == WRONG:
            k = place[row.name]
            after = [
                r.name for r in report.rows if r.status == FOLLOWS and k in above[place[r.name]]
            ]
            row = replace(row, follows=tuple(after))
        rows.append(row)
    return replace(report, rows=tuple(rows))


def _places(view: Graph, hand: Mapping[Tensor | str, Any]) -> dict[int, tuple[str, Any]]:
    """Return the user's name and array for each step of the program."""
    by_name: dict[str, list[int]] = defaultdict(list)
    for i, step in enumerate(view.program.steps):
        if step.name is not None and step.kind != "constant":
            by_name[step.name].append(i)
    found: dict[int, tuple[str, Any]] = {}
    for key, array in hand.items():
        if isinstance(key, Tensor):
            node = view.find(key)
            if node is None:
                raise GradientError(
                    f"check_backprop: {key.name or 'a tensor'} is not in the graph."
                )
            found[node.id] = (f"d{key.name or node.label}", np.asarray(array))
            continue
        places = by_name.get(key) or (by_name.get(key[1:]) if key[:1] == "d" else None) or []
        if len(places) != 1:
            close = difflib.get_close_matches(key.removeprefix("d"), by_name, 1, 0.5)
            hint = f" Did you mean 'd{close[0]}'?" if close and not places else ""
            raise GradientError(
                f"check_backprop: {key!r} is the name of {len(places)} values in the graph, one is "
                f"needed; it has {', '.join(f'd{n}' for n in by_name) or 'no names'}.{hint}"
            )
        name = key if key[:1] == "d" and key not in by_name else f"d{key}"
        found[places[0]] = (name, np.asarray(array))
    return found


def _voted(
    view: Graph, given: dict[int, tuple[str, Any]], tolerance: float | None, notes: list[str]
) -> BackpropDiagnosis:
    """Judge a derivation in each convention that it may have; return the one with fewest mistakes.

    A first line that is wrong says nothing of its convention; the lines after it do.
    """
    first = _Check(view, given, tolerance)
    reference = first.reference()  # the same for all of them
    best: list[_Check] = []
    count = (0, False)
    for mixed in (False, True):
        for n in (1, *first.divisors()):
            check = _Check(view, given, tolerance, n, mixed=mixed)
            found = check.report(notes, *reference, explained=False)
            # Among equals, that in which the first line is right.
            opening = next((r for r in found.rows if r.name in check.between), None)
            size = (len(found.mistakes), opening is not None and opening.status == WRONG)
            if not best or size < count:
                best, count = [], size
            if size == count:
                best.append(check)
        if not count[0]:
            break
    if not count[0]:
        report = best[0].report(notes, *reference)
        # After another subgradient at a kink all follows from it, and is as right.
        as_right = [r.status == FOLLOWS and not math.isnan(r.error) for r in report.rows]
        rows = [
            replace(r, status=RIGHT) if right else r
            for r, right in zip(report.rows, as_right, strict=True)
        ]
        return replace(report, rows=tuple(rows))
    # And of these, that in which the mistakes have a simple explanation.
    until = time.perf_counter() + SECONDS
    for check in best:
        check.until = until
    reports = [check.report(notes, *reference) for check in best[:6]]
    return min(
        reports, key=lambda r: sum(q.causes[0].kind in ("unknown", "upstream") for q in r.mistakes)
    )


class _OutOfTimeError(Exception):
    """The causes of a report have been looked for long enough."""


class _Check:
    """One check: goes through the program from the cost to the leaves."""

    def __init__(
        self,
        view: Graph,
        given: dict[int, tuple[str, Any]],
        tolerance: float | None,
        convention: int = 1,
        *,
        mixed: bool = False,
    ) -> None:
        self.view, self.program, self.given = view, view.program, given
        self.values = self.program.values
        self.tolerance = tolerance
        self.rows: list[Quantity] = []
        self.convention = convention  # by which quantities between parameters and cost are larger
        self.mixed = mixed  # whether some of them may be of the cost itself
        self.used = False
        self.explained, self.searching, self.until = True, False, math.inf
        steps = view.program.steps
        self.between = {name for k, (name, _) in given.items() if steps[k].op is not None}
        self.slack: list[Any] = []
        self.right: Any = None  # the right value of the step that is judged
        self.now = 0  # the step whose causes are looked for
        self.edges = {(edge.child, edge.slot): edge for edge in view.edges}
        self.users: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for i, step in enumerate(self.program.steps):
            for slot, k in enumerate(step.operands):
                if step.op is not None and step.is_differentiated(slot):
                    self.users[k].append((i, slot))

    def seeds(self) -> dict[int, Any]:
        """Return where a backward pass begins: a 1 at the cost."""
        out = self.program.steps[self.program.outputs[0]]
        return {self.program.outputs[0]: np.ones(out.shape, out.dtype)[()]}

    def reference(self) -> tuple[list[Any], list[Any]]:
        """Return the cotangents, and how much rounding can change each."""
        self.true = self.program.pulled_back(self.values, self.seeds())
        return self.true, moved_by_rounding(self.program, self.true, self.seeds())

    def report(
        self, said: list[str], true: list[Any], slack: list[Any], *, explained: bool = True
    ) -> BackpropDiagnosis:
        """Judge every quantity that is given."""
        self.true, self.slack, self.explained = true, slack, explained
        self.rows, self.used = [], False
        instead = {k: (lambda g, k=k: self.judged(k, g)) for k in self.given}
        self.forced: list[Any] = []
        self.program.pulled_back(self.values, self.seeds(), instead=instead, found_in=self.forced)
        rows = self.rows
        for k, (name, theirs) in self.given.items():
            if true[k] is None:  # nothing comes back to it
                said_of = (Cause("term", "the cost does not depend on it, so it is 0"),)
                wrong = bool(np.any(theirs))
                rows.append(
                    Quantity(name, WRONG, 1.0, "0", said_of)
                    if wrong
                    else Quantity(name, RIGHT, 0.0, "0")
                )
        notes = [*said]
        if self.used:
            notes.append(
                f"Quantities between parameters and cost are of the sum of the losses, without "
                f"1/{self.convention}: the notes' convention."
            )
        return BackpropDiagnosis(tuple(rows), tuple(notes))

    def judged(self, k: int, right: Any) -> Any:
        """Judge the user's value of a step; return what the steps before it are judged with."""
        name, theirs = self.given[k]
        right = self.right = np.asarray(right)
        between = self.program.steps[k].op is not None
        missing = right.ndim - theirs.ndim
        if between and right.shape == (*(1,) * missing, *theirs.shape):
            # (4,) for (1, 4), which NumPy broadcasts alike; a parameter's has its very shape.
            theirs = theirs.reshape(right.shape)
        if theirs.shape != right.shape or theirs.dtype.kind not in "biuf":
            wrong = (Cause("shape", _shapes(theirs, right)),)
            self.rows.append(Quantity(name, WRONG, np.nan, self.formula(k), wrong))
            return right
        if not np.isfinite(theirs).all():
            first = np.isfinite(right).all()
            said = "it is not finite, and the right value is"
            lost: tuple[Cause, ...] = (Cause("nan", said),) if first else ()
            status, note = (WRONG, "") if first else (FOLLOWS, "not finite, as what is upstream")
            self.rows.append(Quantity(name, status, np.nan, self.formula(k), lost, note))
            return theirs
        if not np.isfinite(right).all():
            finite = np.isfinite(right)
            times = 1 if self.program.steps[k].op is None else self.convention
            found, wanted = (np.where(finite, x, 0.0) for x in (theirs, times * right))
            if not self.near(found, wanted, k):
                off: tuple[Cause, ...] = (Cause("unknown", "its finite elements are other ones"),)
                self.rows.append(Quantity(name, WRONG, np.nan, self.formula(k), off))
            else:
                note = "not judged: the reference is not finite here"
                self.rows.append(Quantity(name, APART, np.nan, self.formula(k), (), note))
            return theirs / (1 if self.program.steps[k].op is None else self.convention)
        times, note = 1, ""
        if self.program.steps[k].op is not None:
            times = self.convention
            if self.mixed and times > 1 and self.near(theirs, right, k):
                times = 1
        ours, right = right, self.at_kinks(k, theirs / times, right)
        expected = times * right
        if self.near(theirs, expected, k):
            true = None if self.true[k] is None else times * np.asarray(self.true[k])
            if true is not None:
                true = times * self.at_kinks(k, theirs / times, true / times)
            status = RIGHT if true is None or self.near(theirs, true, k) else FOLLOWS
            self.used = self.used or times > 1
            if status == FOLLOWS:
                note = "right, given what is upstream"
            elif not self.near(theirs, times * ours, k):
                note = "another subgradient at a kink, as right as ours"
            self.rows.append(
                Quantity(name, status, relative_error(theirs, expected), self.formula(k), (), note)
            )
            # Rounding of its own goes no further: what follows is judged by the sharper value.
            return right if status == RIGHT else theirs / times
        if self.true[k] is not None and self.near(theirs, times * np.asarray(self.true[k]), k):
            note = UPSTREAM
            self.rows.append(Quantity(name, RIGHT, 0.0, self.formula(k), (), note))
            return np.asarray(self.true[k])
        causes = self.causes(k, theirs, expected, times)
        error = relative_error(theirs, expected)
        self.rows.append(Quantity(name, WRONG, error, self.formula(k), causes))
        return theirs / times

    def at_kinks(self, k: int, theirs: Any, right: Any) -> Any:
        """Return the right value, with the user's where an op has a kink and any slope is right.

        Each use of a value adds what lies between the slopes of the two sides of its kink.
        """
        x = np.asarray(self.values[k])
        low, high, kinked = np.zeros(right.shape), np.zeros(right.shape), np.zeros(x.shape, bool)
        for i, slot in self.users[k]:
            step, g = self.program.steps[i], self.forced[i]
            own = self.term(i, slot)
            if own is None or np.shape(own) != right.shape:
                return right
            op = "" if step.op is None else step.op.name
            tie = np.zeros(x.shape, bool)
            if op in _TIES and np.shape(g) == right.shape:
                values = [np.asarray(self.values[j]) for j in step.operands]
                tie = np.broadcast_to(_TIES[op](x, *values), x.shape)
            least = -np.abs(g) if op in ("absolute", "fabs") else np.minimum(0, g)
            most = np.abs(g) if op in ("absolute", "fabs") else np.maximum(0, g)
            low = low + np.where(tie, least if np.shape(g) == right.shape else own, own)
            high = high + np.where(tie, most if np.shape(g) == right.shape else own, own)
            kinked |= tie
        slack = 1e-9 * np.maximum(np.abs(low), np.abs(high))
        inside = (theirs >= low - slack) & (theirs <= high + slack)
        return np.where(kinked & inside, theirs, right)

    def near(self, a: Any, b: Any, k: int | None = None) -> bool:
        """Return whether two arrays are equal but for rounding, that of a step's cotangent too."""
        if self.searching and time.perf_counter() > self.until:
            raise _OutOfTimeError
        a, b = np.asarray(a), np.asarray(b)
        if a.shape != b.shape or not (np.isfinite(a).all() and np.isfinite(b).all()):
            return False
        single = min(a.dtype.itemsize if a.dtype.kind == "f" else 8, b.dtype.itemsize) < 8
        allowed = self.tolerance or (1e-3 if single else 1e-7)
        size = float(np.abs(b).max(initial=0.0))
        slack = 0.0 if k is None else self.slack[k] * max(1, self.convention)
        if single and k is not None:  # the user's own sums are of single precision
            slack = slack * (1 if b.dtype.itemsize < 8 else 2**29)
        bound = allowed * np.maximum(np.abs(b), 1e-3 * size) + slack
        return bool((np.abs(a - b) <= bound).all())

    def divisors(self) -> list[int]:
        """Return the numbers that the cost is an average over: only these may be left out."""
        totals = self.scales_of(self.program.outputs[0], 1.0, 0)
        lengths = self.lengths()
        # A lone ½ belongs to the squared error, unless there are two examples.
        totals = [n for n in totals if n != 2 or self.pair()]
        found = [n for total in totals for n in lengths if n <= total and total % n == 0]
        return [*dict.fromkeys(n for n in found if n > 1)]

    def pair(self) -> bool:
        """Return whether the arrays of the program have two columns."""
        widths = [step.shape[-1] for step in self.program.steps if len(step.shape) > 1]
        return bool(widths) and max(set(widths), key=widths.count) == 2

    def scales_of(self, k: int, scale: float, depth: int) -> list[int]:
        """Return by what the terms of the cost are divided on the way to it."""
        step, steps = self.program.steps[k], self.program.steps
        whole = [round(scale)] if scale > 1 and abs(scale - round(scale)) < 1e-9 * scale else []
        if step.op is None or depth > 50:
            return whole
        name, operands = step.op.name, step.operands
        if name in ("divide", "multiply") and len(operands) == 2:
            for here, other in ((0, 1), (1, 0)):
                value = self.values[operands[other]]
                constant = steps[operands[other]].kind == "constant" and np.size(value) == 1
                if constant and np.all(value) and (name == "multiply" or other == 1):
                    n = float(np.abs(np.asarray(value, float)).reshape(()))
                    by = n if name == "divide" else 1 / n
                    return self.scales_of(operands[here], scale * by, depth + 1)
        if name == "mean":
            many = math.prod(steps[operands[0]].shape) / max(math.prod(step.shape), 1)
            return self.scales_of(operands[0], scale * many, depth + 1)
        if name in _MOVES:
            inner = [self.scales_of(j, scale, depth + 1) for j in operands]
            return [n for found in inner for n in found] or whole
        return whole

    def lengths(self) -> list[int]:
        """Return the numbers by which an average may have been divided."""
        found = {n for step in self.program.steps for n in (*step.shape, math.prod(step.shape))}
        return sorted((n for n in found if n > 1), reverse=True)

    def near_lengths(self) -> list[int]:
        """Return those of them that the step at hand has to do with."""
        steps = self.program.steps
        shapes = [steps[k].shape for k in {self.now, *(i for i, _ in self.users[self.now])}]
        found = {n for shape in shapes for n in (*shape, math.prod(shape))} | {*self.divisors()}
        return sorted((n for n in found if n > 1), reverse=True)

    def label(self, k: int) -> str:
        """Return what pictures call a step."""
        return str(self.view.nodes[k].label)

    def formula(self, k: int) -> str:
        """Return the right formula of a cotangent, in the names of the graph."""
        short = self.composed(k)
        parts = [short] if short else self.parts(k)
        if len(parts) > MANY:
            parts = [*parts[:2], f"… ({len(parts)} terms)"]
        whole = " + ".join(parts) or "1"
        if self.used and self.program.steps[k].op is None:  # the 1/m that the others lack
            whole = f"{f'({whole})' if len(parts) > 1 else whole} / {self.convention}"
        return f"d{self.label(k)} = {whole}"

    def composed(self, k: int) -> str:
        """Return a formula over steps without a name, such as 1 / (1 + exp(−Z)), or nothing.

        It is one that people write, and is said where its numbers are the right ones.
        """
        users = self.users[k]
        if not users or not all(self.is_unnamed(i) for i, _ in users) or self.right is None:
            return ""
        end = self.next_named(users[0][0])
        through = self.of_a_function(k, end) if len(users) == 1 else ""
        return through if through and end in self.given else self.of_a_loss(k) or through

    def of_a_function(self, k: int, end: int) -> str:
        """Return dA · (1 − A²) and the like, of a function of one value in several steps."""
        g, out, x = self.forced[end], self.values[end], self.values[k]
        if self.is_unnamed(end) or g is None or not np.shape(g) == np.shape(out) == np.shape(x):
            return ""
        child, own = self.label(end), self.label(k)
        for words, slope in _slopes(child, own, out, x).items():
            if self.near(g * slope, self.right, k):
                factor = f"({words})" if " " in words and words[0] != "[" else words
                return f"d{child} · {factor}"
        return ""

    def of_a_loss(self, k: int) -> str:
        """Return A − Y and the like: the slope of a usual loss by what was predicted."""
        steps, shape = self.program.steps, self.right.shape
        named = [n for n, step in enumerate(steps) if step.name and step.shape == shape]
        above = {k}  # what comes of it, one of which was predicted
        for n in range(k + 1, len(steps)):
            if above & {*steps[n].operands}:
                above.add(n)
        wanted = [n for n in named if steps[n].kind == "constant" and _varies(self.values[n])]
        expected = self.right * (self.convention if steps[k].op is not None else 1)
        divisors = [1, *self.divisors()]
        if np.size(expected) < 2:
            return ""
        for p, q in itertools.product((n for n in named if n in above), wanted[:20]):
            a, y = (np.asarray(self.values[n], float) for n in (p, q))
            A, Y = self.label(p), self.label(q)
            with np.errstate(all="ignore"):
                forms = {
                    f"{A} − {Y}": a - y,
                    f"2 ({A} − {Y})": 2 * (a - y),
                    f"−{Y} / {A}": -y / a,
                    f"−{Y} / {A} + (1 − {Y}) / (1 − {A})": -y / a + (1 - y) / (1 - a),
                }
            for words, value in forms.items():
                for n in divisors:
                    if self.near(value / n, expected, k):
                        bare = n == 1 or words.startswith("2 ")
                        whole = words if bare else f"({words})"
                        return whole if n == 1 else f"{whole} / {n}"
        return ""

    def parts(self, k: int) -> list[str]:
        """Return the terms of a cotangent, one for each use of the value."""
        parts = []
        for i, slot in self.users[k]:
            edge = self.edges[i, slot]
            text, factor, own = edge.formula, edge.is_factor, self.label(i)
            multiple = self.multiple(k, i, slot)
            if multiple:
                parts.append(multiple)
                continue
            child = self.cotangent_name(i)
            if not factor:
                parts.append(re.sub(rf"∂{re.escape(own)}(?!\w)", child, text).replace("∂", "d"))
                continue
            summed = self.program.steps[i].shape != self.program.steps[k].shape
            whole = (
                child
                if text == "1"
                else f"{child} · {f'({text})' if ' ' in text and text[0] != '[' else text}"
            )
            parts.append(f"Σ {whole}" if summed and self.program.steps[i].shape else whole)
        return parts

    def multiple(self, k: int, i: int, slot: int) -> str:
        """Return 0.7 · W for the term of a penalty: a number times the value itself."""
        x, g = np.asarray(self.values[k]), self.term(i, slot) if self.is_unnamed(i) else None
        if g is None or np.shape(g) != x.shape or not _varies(x):
            return ""
        c = float(np.vdot(g, x) / np.vdot(x, x))
        if not c or not self.near(g, c * x):
            return ""
        leaf = self.program.steps[k].op is None
        return f"{c * (self.convention if self.used and leaf else 1):.4g} · {self.label(k)}"

    def cotangent_name(self, i: int) -> str:
        """Return the name of a step's cotangent: that of a named one, where they are equal."""
        while self.program.steps[i].name is None and len(self.users[i]) == 1:
            ((child, slot),) = self.users[i]
            same = self.program.steps[child].shape == self.program.steps[i].shape
            if self.edges[child, slot].formula != "1" or not same:
                break
            i = child
        return f"d{self.label(i)}"

    # -- causes ------------------------------------------------------------------------------------

    def causes(self, k: int, theirs: Any, right: Any, times: float) -> tuple[Cause, ...]:
        """Return what a wrong value computes, the simplest explanation first."""
        self.now = k
        found: list[Cause] = []
        if self.explained:
            self.searching = True
            with contextlib.suppress(_OutOfTimeError):
                found.extend(itertools.islice(self.explanations(k, theirs, right, times), 3))
            self.searching = False
        return tuple(found) or (Cause("unknown", "it is none of the usual slips"),)

    def explanations(self, k: int, theirs: Any, right: Any, times: float) -> Iterator[Cause]:
        """Yield what explains a value, cheapest first."""
        yield from self.scaled(theirs, right)
        if theirs.ndim == 2 and theirs.shape[0] == theirs.shape[1]:
            for _, words in self.scales(theirs.T, right):
                yield Cause("transposed", f"it is transposed{words}")
        ways = [*self.ways(k)]
        terms = [
            times * x for x in (self.term(i, slot) for i, slot in self.users[k]) if x is not None
        ]
        several = len(terms) == len(self.users[k]) > 1
        if several:
            written = self.parts(k)
            leaf = self.program.steps[k].op is None
            by = f" / {self.convention}" if self.used and leaf else ""
            few = len(terms) <= MANY
            for n in range(1, len(terms)) if few else (1, len(terms) - 1):
                for some in itertools.combinations(range(len(terms)), n):
                    if self.near(theirs, sum(terms[j] for j in some), k):
                        lost = [written[j] + by for j in range(len(terms)) if j not in some]
                        yield Cause("path", f"the term {' + '.join(lost)} is missing")
            for j, term in enumerate(terms):
                rest = sum(x for n, x in enumerate(terms) if n != j)
                for c, words in self.scales(theirs - rest, np.asarray(term)):
                    kind = "sign" if c == -1 else "scale"
                    if c != 1:
                        said = words.removeprefix(",")
                        yield Cause(kind, f"the term {written[j]}{by} is{said}")
        for cause, value in ways:
            if several:  # a factor would be of one term only
                if self.near(theirs, times * value, k):
                    yield cause
                continue
            for c, words in self.scales(theirs, times * value):
                if words == "" or c in self.plain(c):
                    yield Cause(cause.kind, cause.sentence + words)
        total = right.sum()
        for n, words in ((1, ""), (right.size, ", and averaged")):
            if right.size > 1 and self.near(theirs, np.full(right.shape, total / n)):
                yield Cause("sum", f"it is summed over all elements{words}")
        for j, value in enumerate(self.values):
            if value is not None and np.shape(value) == right.shape and np.any(value):
                extra = theirs - right
                c = float(np.vdot(extra, value) / np.vdot(value, value))
                if c and self.near(extra, c * np.asarray(value)):
                    yield Cause("term", f"{c:.4g} times {self.label(j)} is added to it")

    def scaled(self, theirs: Any, right: Any) -> Iterator[Cause]:
        for c, words in self.scales(theirs, right):
            if c == -1:
                yield Cause("sign", "its sign is wrong")
            elif c != 1:
                yield Cause("scale", f"it is{words.removeprefix(',')}")

    def scales(self, theirs: Any, right: Any) -> Iterator[tuple[float, str]]:
        """Yield the factor between two arrays, if they differ by one, and its words."""
        below = float(np.vdot(right, right))
        if not below or theirs.shape != right.shape:
            return
        c = float(np.vdot(right, theirs)) / below
        if not c or not self.near(theirs, c * right):
            return
        if abs(c - 1) < 1e-6:
            yield 1, ""
        elif abs(c + 1) < 1e-6:
            yield -1, ", with the wrong sign"
        else:
            turned = ", and of the wrong sign" if c < 0 else ""
            for n in self.near_lengths():
                if abs(abs(c) - n) < 1e-6 * n:
                    yield c, f", {n} times too large: an average over {n} lacks its 1/{n}{turned}"
                    return
                if abs(abs(c) * n - 1) < 1e-6:
                    yield c, f", {n} times too small: divided by {n} once too often{turned}"
                    return
            yield c, f", {c:.6g} times as large"

    def plain(self, c: float) -> list[float]:
        """Return the factor itself if it is one that people lose or double; else nothing."""
        usual = [2.0, 0.5, 1.0, *map(float, self.near_lengths())]
        known = [x for n in usual for x in (n, 1 / n)]
        return [c] if any(abs(abs(c) - x) < 1e-6 * x for x in known) else []

    def term(self, i: int, slot: int, saved: Any = None, g: Any = None) -> Any:
        """Return what a step gives to one operand, with another cotangent perhaps."""
        g = self.forced[i] if g is None else g
        if g is None:
            return None
        if self.searching and time.perf_counter() > self.until:
            raise _OutOfTimeError
        return self.program.given(i, slot, self.values, g, saved)

    def ways(self, k: int) -> Iterator[tuple[Cause, Any]]:
        """Yield what a value would be with something else in one of the steps that use it."""
        if len(self.users[k]) > MANY:  # of a loop: what is wrong is hardly in one of them
            return
        terms = [self.term(i, slot) for i, slot in self.users[k]]
        if any(x is None for x in terms):
            return
        for j, (i, slot) in enumerate(self.users[k]):
            rest = [x for n, x in enumerate(terms) if n != j]
            for cause, value in self.ways_of(k, i, slot):
                yield cause, sum(rest, value) if rest else value

    def ways_of(
        self, k: int, i: int, slot: int, *, deep: bool = True
    ) -> Iterator[tuple[Cause, Any]]:
        """Yield what a single step would give with something else in it."""
        step, g = self.program.steps[i], self.forced[i]
        if g is None:
            return
        yield from self.slopes(k, i)
        end = self.next_named(i)
        if end != i:  # a function of several unnamed steps, such as 1 / (1 + exp(−Z))
            yield from self.slopes(k, end)
        for other, j in enumerate(step.operands):
            if other == slot:
                continue
            named = sorted(
                range(len(self.values)), key=lambda n: self.program.steps[n].name is None
            )
            for n in named:  # a name says more than a letter
                value = self.values[n]
                if n == j or value is None or np.shape(value) != np.shape(self.values[j]):
                    continue
                if np.array_equal(value, self.values[j]):
                    continue
                term = self.program.given(
                    i, slot, [*self.values[:j], value, *self.values[j + 1 :]], g
                )
                if term is not None:
                    yield (
                        Cause("operand", f"{self.label(n)} stands in the place of {self.label(j)}"),
                        term,
                    )
            square = np.asarray(self.values[j])
            if square.ndim == 2 and square.shape[0] == square.shape[1]:
                turned = [*self.values[:j], square.T, *self.values[j + 1 :]]
                term = self.program.given(i, slot, turned, g)
                if term is not None:
                    said = f"the transpose of {self.label(j)} is missing, or one too many"
                    yield Cause("transposed", said), term
        for n, cotangent in enumerate(self.forced):
            if n == i or cotangent is None or np.shape(cotangent) != np.shape(g):
                continue
            term = self.term(i, slot, g=cotangent) if self.program.steps[n].op else None
            if term is not None:
                said = f"d{self.label(n)} stands in the place of {self.cotangent_name(i)}"
                yield Cause("upstream", said), term
        users = self.users[i]
        if deep and len(users) == 1 and step.op is not None and self.is_unnamed(i):
            # two steps in one line: what is wrong may be in the one before
            (after, at) = users[0]
            for cause, value in self.ways_of(i, after, at, deep=False):
                if np.shape(value) == np.shape(g):
                    term = self.term(i, slot, g=value)
                    if term is not None:
                        yield cause, term

    def is_unnamed(self, i: int) -> bool:
        """Whether a step has no name, and no quantity of the derivation."""
        return self.program.steps[i].name is None and i not in self.given

    def next_named(self, i: int) -> int:
        """Return the first step from one on that has a name, if each is used once only."""
        seen = 0
        while self.is_unnamed(i) and len(self.users[i]) == 1 and seen < 8:
            i, seen = self.users[i][0][0], seen + 1
        return i

    def slopes(self, k: int, i: int) -> Iterator[tuple[Cause, Any]]:
        """Yield what an elementwise step would give with another derivative."""
        g = self.forced[i]
        child, own = self.label(i), self.label(k)
        x, out = self.values[k], self.values[i]
        if g is None or np.shape(g) != np.shape(x) or np.shape(out) != np.shape(x) or x is None:
            return
        yield Cause("factor", f"the derivative of {child} by {own} is missing"), g
        slopes = _slopes(child, own, out, x)
        for words, slope in slopes.items():
            yield Cause("factor", f"the factor is {words}, which is not the derivative"), g * slope
        for n, value in enumerate(self.values):  # the right form, of another layer
            named = self.program.steps[n].name is not None and n not in (i, k)
            if named and value is not None and np.shape(value) == np.shape(x):
                said = f"{self.label(n)} stands in the place of {child}"
                for slope in (1 - value * value, value * (1 - value), np.greater(value, 0) * 1.0):
                    yield Cause("operand", said), g * slope


def _varies(x: Any) -> bool:
    """Return whether an array has numbers that differ: others make many formulas true."""
    return np.size(x) > 1 and bool(np.any(np.asarray(x) != np.ravel(x)[0]))


def _slopes(child: str, own: str, out: Any, x: Any) -> dict[str, Any]:
    """Return the derivatives of functions that people use, of a value and its result, in words."""
    with np.errstate(all="ignore"):
        return {
            f"{child} (1 − {child})": out * (1 - out),
            f"1 − {child}²": 1 - out * out,
            f"{own} (1 − {own})": x * (1 - x),
            f"1 − {own}²": 1 - x * x,
            f"1 − tanh²({own})": 1 - np.tanh(x) ** 2,
            f"σ({own}) (1 − σ({own}))": np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))) ** 2,
            f"[{own} > 0]": np.greater(x, 0).astype(float),
            f"[{own} ≥ 0]": np.greater_equal(x, 0).astype(float),
            f"1 − {child}": 1 - out,
            f"1 − {own}": 1 - x,
            f"1 + {child}²": 1 + out * out,
            f"1 + {child}": 1 + out,
            f"{child} (1 + {child})": out * (1 + out),
            f"{child}²": out * out,
            f"{own}": np.asarray(x),
            f"{child}": np.asarray(out),
        }


def _shapes(theirs: Any, right: Any) -> str:
    said = f"its shape is {theirs.shape}, and should be {right.shape}"
    if theirs.shape == right.shape[::-1]:
        return f"{said}: it is transposed"
    if theirs.size == right.size:
        return f"{said}: keepdims=True is missing, or a reshape"
    if theirs.ndim == right.ndim and any(
        a != b == 1 for a, b in zip(theirs.shape, right.shape, strict=True)
    ):
        return f"{said}: a sum over the axis that was broadcast is missing"
    return said
