"""Judge two functions: by their variables, by what they return, and by lines that mend them."""

from __future__ import annotations

import ast
import itertools
import math
import warnings
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autograd.captured import Pair, RandomCostError
from autograd.checking import relative_error
from autograd.diagnosis import (
    APART,
    FOLLOWS,
    RIGHT,
    UPSTREAM,
    WRONG,
    BackpropDiagnosis,
    Cause,
    Quantity,
)
from autograd.edits import Edit, Search
from autograd.errors import GradientError
from autograd.forcing import SWAPPED, TIES, letters_of, voted, with_followers, with_letters
from autograd.graph import graph
from autograd.judge import Judge
from autograd.judged_rules import of_rule
from autograd.limited import Limited
from autograd.written import Written, reaches_outside, targets, written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from autograd.graph import Graph
    from autograd.watched import Failed

__all__ = ["of_functions"]

from_engine = True


class _Judged(NamedTuple):
    """A report, and the values that it is about, by name and occurrence.

    With what the letters of unnamed values stand for.
    """

    report: BackpropDiagnosis
    values: dict[tuple[str, int], Any]
    letters: dict[str, str]


def of_functions(pair: Pair, tolerance: float | None) -> BackpropDiagnosis:
    """Judge two functions: by their variables first, then by what they return at three inputs."""
    seed: int | None = None
    hidden: list[str] = []
    if tolerance is None and pair.is_single:
        tolerance = pair.allowed
    try:
        judged = _by_variables(pair, None, tolerance)
    except RandomCostError:
        raise
    except GradientError as error:
        judged = _by_differences(pair, error)
    judge = Judge(pair)
    cases, params = len(judge.cases), {f"d{name}" for name in pair.names}
    why = "" if judge.cases and judged.report else pair.few_digits()
    if why:
        elsewhere = _where_digits_are_more(pair, judge, judged.report, why, tolerance)
        if elsewhere is not None:
            return elsewhere
    elif all(not np.ptp(x) for x in pair.named.values() if x.size):  # such as zeros
        judged, seed = _at_other_parameters(pair, judge, judged, tolerance)
    off = [row for row in judged.report.mistakes if row.name in params]
    is_right = judge.holds(pair.backward)
    hides = is_right and not judge.passes(pair.backward) and _is_flat_what_is_wrong(judge)
    if is_right and not hides:
        if off:  # in elements that are small beside the others, or by the tolerance that was given
            return judged.report
        if {*judge.wanted} >= params:  # a variable of that name is something else then
            report = _freed(judged.report, params)
            if not judge.passes(pair.backward):
                said = "With other data of these shapes the gradients differ from the right ones: "
                said += "they are right for data such as yours only."
                report = replace(report, notes=(*report.notes, said))
            return _with_one_example(report, pair)
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
        for seed in (c.seed for c in judge.cases if c.seed is not None and (hides or c.seed % 2)):
            other = _judged(pair, seed, tolerance)
            if not other.report:
                hidden = ["Right at your inputs, which hide it; wrong at others of their shapes."]
                judged = other
                break
    elif why:  # what is wrong is named where rounding decides nothing
        drawn = [c.seed for c in judge.cases if c.seed is not None]
        for seed in sorted(drawn, key=lambda s: (s % 2, s)):
            other = _judged(pair, seed, tolerance)
            if other.report.mistakes:
                hidden = [f"At your inputs {why}; what is wrong is shown at others."]
                judged = other
                break
        else:
            seed = None
    report = judged.report
    source = None if report or not cases else written(pair.backward, pair.forward)
    if not judge.wanted:  # no gradient has a name of a parameter: no edit could be judged
        source = None
    if source is not None:
        report = _mended(pair, judge, judged, source, seed, tolerance)
    report = with_letters(report, judged.letters)
    return replace(report, notes=(*report.notes, *hidden))


def _where_digits_are_more(
    pair: Pair, judge: Judge, report: BackpropDiagnosis, why: str, tolerance: float | None
) -> BackpropDiagnosis | None:
    """Return the report at drawn inputs, if all is right there, and rounding decides at others."""
    seeds = [c.seed for c in judge.cases if c.seed is not None]
    if not judge.cases:  # and nowhere else: neither right nor wrong can be told
        said = f"At your inputs {why}, and others that show more were not found: scale the data."
        rows = [
            r if r.causes and r.causes[0].kind in _WITHOUT_NUMBERS else _apart(r)
            for r in report.rows
        ]
        return BackpropDiagnosis(tuple(rows), (*report.notes, said))
    if not seeds or not judge.holds(pair.backward, drawn=True) or not judge.is_rounding():
        return None
    found = [_judged(pair, seeds[0], tolerance)]
    if not found[0].report and len(seeds) > 1:
        found.append(_judged(pair, seeds[-1], tolerance))
    last = found[-1]
    if not last.report:  # a variable of another meaning, as what is returned is right
        last = last._replace(report=_freed(last.report, {f"d{name}" for name in pair.names}))
    if not last.report:
        return None
    said = f"At your inputs {why}; at others of their shapes, which are shown, all is right."
    report = with_letters(last.report, last.letters)
    return replace(report, notes=(*report.notes, said))


def _at_other_parameters(
    pair: Pair, judge: Judge, judged: _Judged, tolerance: float | None
) -> tuple[_Judged, int | None]:
    """Return what is found with parameters that are not all equal, if the verdict is the same.

    With zeros a sigmoid is 1/2 everywhere, and many formulas and averages give the same numbers.
    """
    seed = next((c.seed for c in judge.cases if c.seed is not None and c.seed % 2), None)
    if seed is None:
        return judged, None
    other = _judged(pair, seed, tolerance)
    same = bool(other.report) == bool(judged.report)
    if same or (other.report and judge.passes(pair.backward, given_data=True)):
        return other, seed
    return judged, None


_WITHOUT_NUMBERS = {"shape", "raises", "name", "nan"}  # kinds of mistakes that need no reference


def _apart(row: Quantity) -> Quantity:
    return replace(row, status=APART, causes=(), note="not judged: the reference has no digits")


def _is_flat_what_is_wrong(judge: Judge) -> bool:
    """Return whether other data show something as wrong that is 0 at the given inputs."""
    drawn = [c for c in judge.cases if c.seed is not None and c.seed % 2 == 0]
    flat = judge.flat()
    return bool(flat) and any(judge.wrong(case) & flat for case in drawn)


def _judged(pair: Pair, seed: int | None, tolerance: float | None) -> _Judged:
    """Judge a backward function at some inputs, by what is recorded or by differences."""
    if pair.refused:
        return _by_differences(pair, None, seed)
    return _by_variables(pair, seed, tolerance)


def _with_one_example(report: BackpropDiagnosis, pair: Pair) -> BackpropDiagnosis:
    """Return a right report that says what one example cannot show."""
    shapes = [np.shape(x) for x in pair.data if isinstance(x, np.ndarray) and x.ndim]
    one = len(shapes) > 1 and any({shape[axis] for shape in shapes} == {1} for axis in (0, -1))
    if not one:
        return report
    said = "There is one example: a sum or an average over examples cannot be seen; give several."
    return replace(report, notes=(*report.notes, said))


def _is_at_a_kink(pair: Pair) -> bool:
    """Return whether an op of the cost stands exactly at its kink, at the given inputs."""
    if pair.refused:
        return False
    program = graph(pair.recorded(None)[0]).program
    for step in program.steps:
        tie = TIES.get(step.op.name) if step.op is not None else None
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
            row = of_rule("J", name[1:], np.asarray(found[name]), case.expected[name], {})
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
            said += "its source gives other results than backward does, which may be decorated."
            return replace(report, notes=(*report.notes, said))
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
            search.sound = _soundness(pair, stages[-1].report, seed, tolerance)
            for found, own in _next_edits(search, judge, stages[-1].report):
                again = pair.mended(search.source.function)
                stage = _judged(again, seed, tolerance)
                whole = judge.passes(again.backward)
                if whole or _is_better(stage.report, stages[-1].report, found):
                    edits.append(found)
                    stages.append(stage)
                    right.append(judge.right(again.backward))
                    known = len(edits) if own and known == len(edits) - 1 else known
                    if len(edits) > 1 and edits[-2].where == found.where:  # one change of it
                        edits[-2:] = [edits[-2].then(found)]
                        del stages[-2], right[-2]
                        known = min(known, len(edits))
                    break
                search.undo()  # it makes up for a mistake in another line
            else:
                break
    if not whole:
        edits, stages, right = edits[:known], stages[: known + 1], right[: known + 1]
    if not edits:
        note = search.note or "No change of a single line was found that makes it right."
        return replace(judged.report, notes=(*judged.report.notes, note))
    left, more = {*judge.wanted} - right[-1], right[-1] - right[0]
    mended = f"{', '.join(sorted(more))} {'are' if len(more) > 1 else 'is'} right"
    with_it = "with this line" if len(edits) == 1 else f"with these {len(edits)} lines"
    said = "every returned gradient is right" if whole else mended
    proof = f"{with_it} {said}, at {len(judge.cases)} inputs of these shapes"
    report = _with_edits(stages, edits, proof, pair.seen, whole=whole)
    notes = [] if whole else [f"W{proof[1:]}; {', '.join(sorted(left))} still differ.", search.note]
    return replace(report, notes=(*report.notes, *filter(None, notes)))


def _soundness(
    pair: Pair, before: BackpropDiagnosis, seed: int | None, tolerance: float | None
) -> Callable[[Any, int], bool]:
    """Return what says whether a changed function has every variable right that was right before.

    And those of the line that was changed. An edit of a line whose quantity is right only makes up
    for what another line does with it; one that leaves its own quantity wrong is half of an edit.
    """
    right = {_key(row) for row in before.rows if row.status == RIGHT}
    apart = {_key(row) for row in before.rows if row.note.startswith(_OTHER_SIZE)}

    def sound(function: Any, line: int) -> bool:
        if pair.refused:
            return True
        after = _by_variables(pair.mended(function), seed, tolerance, explained=False).report
        wrong = [row for row in after.rows if row.status == WRONG and _key(row) not in apart]
        return not any(_key(row) in right or row.line == line for row in wrong)

    return sound


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
    own = [r for r in report.mistakes if not r.causes[0].sentence.startswith(SWAPPED)]
    wrong = [(r.name, r.line) for r in own if r.line is not None]
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


_OTHER_SIZE = "a variable of another size"
_LATER = "not judged: it comes after "


def _freed(report: BackpropDiagnosis, params: set[str]) -> BackpropDiagnosis:
    """Return the report on a derivation whose results are right, whatever its variables mean."""
    rows = []
    for row in report.rows:
        if row.status in (WRONG, FOLLOWS):
            status = RIGHT if row.name in params else APART
            note = "" if status == RIGHT else "a variable of another meaning"
            row = replace(row, status=status, causes=(), note=note)
        elif row.note == UPSTREAM or row.note.startswith(_LATER):
            row = replace(row, note="")
        rows.append(row)
    return replace(report, rows=tuple(rows))


def _by_variables(
    pair: Pair, seed: int | None, tolerance: float | None, *, explained: bool = True
) -> _Judged:
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
        report = voted(view, given, tolerance, found.notes, explained=explained)
        report = with_followers(report, view, given)
        times = Counter(name for name, _ in found.values)
        again = {k for k, g in found.given.items() if times[g.name] > 1}
        apart = _of_other_sizes(report, view, given, again)
        if apart and explained:
            rest = {k: g for k, g in given.items() if k not in apart}
            other = voted(view, rest, tolerance, found.notes)
            if not other:
                note = f"{_OTHER_SIZE}, and so of another meaning"
                rows = [Quantity(given[k][0], APART, math.nan, "", (), note) for k in apart]
                other = with_followers(other, view, rest)
                report = replace(other, rows=(*other.rows, *rows))
    elif found.error is None:
        names = ", ".join(f"d{name}" for name in pair.names)
        raise GradientError(
            f"check_backprop: backward returns no gradient of a parameter; expected are {names}."
        )
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
                note = f"{_LATER}{name}, which is wrong"
                rows[i] = replace(rows[i], status=APART, causes=(), note=note)
    rows.sort(key=lambda row: orders[_key(row)])
    first: dict[tuple[str, int | None], str] = {}
    for i, row in enumerate(rows):  # a line of a loop is one mistake
        if row.status == WRONG and row.line is not None:
            earlier = first.setdefault((row.name, row.line), f"{row.name}:{row.occurrence}")
            if earlier != f"{row.name}:{row.occurrence}":
                said = f"wrong as {earlier} is, in the same line"
                rows[i] = replace(row, status=FOLLOWS, causes=(), note=said)
    absent, strange = pair.misnamed
    rows += [_misnamed(name, strange) for name in absent]
    if found.error is not None:
        rows.append(_failed(found.error, pair))
    return _Judged(replace(report, rows=tuple(rows)), found.values, letters_of(view))


def _of_other_sizes(
    report: BackpropDiagnosis, view: Graph, given: dict[int, tuple[str, Any]], again: set[int]
) -> list[int]:
    """Return the steps whose quantity has a name of theirs, and another number of elements.

    Such as the dh of one example beside the h of all: it is a mistake only if nothing else is. One
    number may well be a sum too many, unless the variable is assigned again and again, in a loop.
    """
    wrong = {row.name for row in report.mistakes if row.causes[0].kind == "shape"}
    steps = view.program.steps
    return [
        k
        for k, (name, array) in given.items()
        if name in wrong
        and steps[k].op is not None
        and np.size(array) != math.prod(steps[k].shape)
        and (np.size(array) > 1 or k in again)
    ]


def _misnamed(name: str, others: Sequence[str]) -> Quantity:
    """Return the row of a gradient that is returned under no name, or under a wrong one."""
    verb = "is the gradient" if len(others) == 1 else "are gradients"
    said = f"it is not returned; {', '.join(others)} {verb} of nothing in forward"
    return Quantity(name, WRONG, math.nan, f"∂J/∂{name[1:]}", (Cause("name", said),))


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
    if not pair.has_digits(seed):
        right = {name: np.full_like(g, np.nan) for name, g in right.items()}
    returned, mine, notes = pair.backpropagated(plain, data, before)
    lines = {a.name: a for a in mine.assigned}
    rows = [] if mine.error is None else [_failed(mine.error, pair)]
    values = {(a.name, a.occurrence): a.value for a in mine.assigned}
    for name, theirs in returned.items():
        if name in right:
            row = of_rule("J", name[1:], theirs, right[name], {}, slack=pair.slack.get(seed, 0.0))
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
    return _Judged(BackpropDiagnosis(tuple(rows), tuple(notes)), values, {})


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
