"""Judge a derivation step by step, each given the values that it has itself upstream.

Going right to left, what the user has takes the place of what was computed (teacher forcing). So
every step is judged alone, several mistakes all show, and what is wrong only because of an earlier
one is said to follow.
"""

from __future__ import annotations

import difflib
import functools
import itertools
import math
import re
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

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
from autograd.errors import GradientError
from autograd.judged_rules import shapes_in_words
from autograd.limited import Allowance
from autograd.noise import moved_by_rounding
from autograd.symbol import raised
from autograd.tensor import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from autograd.graph import Graph

__all__ = [
    "SWAPPED",
    "TIES",
    "Check",
    "letters_of",
    "places",
    "voted",
    "with_followers",
    "with_letters",
]

from_engine = True

_SUMMING = {"add", "subtract", "sum", "negative"}  # a sum of averages is one of the same terms
# Where elementwise ops have a kink, so that any slope between those of its two sides is right; a
# function of the value that is differentiated, and of all operands.
_AT_ZERO = dict.fromkeys(
    ("relu", "leaky_relu", "elu", "absolute", "fabs"), lambda x, *operands: x == 0
)
_EQUAL = dict.fromkeys(("maximum", "minimum", "fmax", "fmin"), lambda x, a, b: a == b)
TIES: dict[str, Callable[..., Any]] = {
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


SWAPPED = "it is the gradient of"
MANY = 8  # uses of a value, up to which each of them is looked at
FORMULAS = 60_000  # tried as the causes of a report at most: a count, the same on every machine
SECONDS = 5.0  # of computing in it at most, where the arrays are large


def letters_of(view: Graph) -> dict[str, str]:
    """Return what the letters stand for that values without a name have got."""
    return {str(n.label): raised(str(n.formula)) for n in view.nodes if n.op and n.name is None}


def with_letters(report: BackpropDiagnosis, letters: Mapping[str, str]) -> BackpropDiagnosis:
    """Add a note of what the letters in the formulas of wrong rows stand for."""
    text = " ".join(row.formula.partition(" = ")[2] for row in report.mistakes)
    words = re.findall(r"[^\W\d]\w*", text)
    found = dict.fromkeys(w if w in letters else w.removeprefix("d") for w in words)
    meant = [f"{w} = {letters[w]}" for w in found if w in letters][:MANY]
    if not meant:
        return report
    return replace(report, notes=(*report.notes, f"Values without a name: {', '.join(meant)}."))


def with_followers(
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


def places(
    view: Graph, hand: Mapping[Tensor | str, Any]
) -> tuple[dict[int, tuple[str, Any]], tuple[Quantity, ...]]:
    """Return the user's name and array for each step of the program, and rows of what has none.

    Raises
    ------
    GradientError
        If nothing has one.
    """
    by_name: dict[str, list[int]] = defaultdict(list)
    for i, step in enumerate(view.program.steps):
        if step.name is not None and step.kind != "constant":
            by_name[step.name].append(i)
    data = {step.name for step in view.program.steps if step.kind == "constant"}
    found: dict[int, tuple[str, Any]] = {}
    lost: list[Quantity] = []
    for key, array in hand.items():
        if isinstance(key, Tensor):
            node = view.find(key)
            if node is None:
                name = f"d{key.name}" if key.name else "a tensor"
                lost.append(_unplaced(name, f"J was not computed from {key.name or name}"))
                continue
            found[node.id] = (f"d{key.name or node.label}", np.asarray(array))
            continue
        places = by_name.get(key) or (by_name.get(key[1:]) if key[:1] == "d" else None) or []
        if len(places) != 1:
            lower = {name.lower(): name for name in by_name}  # dW for dw is the usual slip
            stem = key[1:] if key[:1] == "d" and len(key) > 1 else key
            close = difflib.get_close_matches(stem.lower(), lower, 1, 0.5)
            if places:
                why = f"{len(places)} values are called {stem}: pass the tensor in its place"
            else:
                known = ", ".join(f"d{n}" for n in by_name) or "no name: tensor.named gives one"
                why = f"J was computed from nothing called {stem}"
                why += f"; did you mean 'd{lower[close[0]]}'?" if close else f"; there is {known}"
            if stem in data or key in data:
                note = f"{stem} needs no gradient here: Tensor(…, requires_grad=True) gives it one"
                lost.append(Quantity(key, APART, math.nan, "", (), note))
            else:
                lost.append(_unplaced(key, why))
            continue
        name = key if key[:1] == "d" and key not in by_name else f"d{key}"
        found[places[0]] = (name, np.asarray(array))
    if not found:
        notes = ((r.name, r.note or r.causes[0].sentence) for r in lost)
        why = "; ".join(f"{name}: {note}" for name, note in notes)
        raise GradientError(f"check_backprop: nothing to compare. {why}{'.' * (why[-1] != '?')}")
    return found, (*lost,)


def _unplaced(name: str, why: str) -> Quantity:
    return Quantity(name, WRONG, math.nan, "", (Cause("name", why),))


def voted(
    view: Graph,
    given: dict[int, tuple[str, Any]],
    tolerance: float | None,
    notes: list[str],
    *,
    explained: bool = True,
) -> BackpropDiagnosis:
    """Judge a derivation in each convention that it may have; return the one with fewest mistakes.

    A first line that is wrong says nothing of its convention; the lines after it do. Causes are
    looked for where the report is `explained`.
    """
    first = Check(view, given, tolerance)
    reference = first.reference()  # the same for all of them
    best: list[Check] = []
    count = (0, False)
    for mixed in (False, True):
        for n in (1, *first.divisors):
            check = Check(view, given, tolerance, n, mixed=mixed)
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
    if not explained:
        return best[0].report(notes, *reference, explained=False)
    # And of these, that in which the mistakes have a simple explanation.
    allowed = Allowance(FORMULAS, SECONDS)
    for check in best:
        check.allowed = allowed
    reports = [check.report(notes, *reference) for check in best[:6]]
    return min(
        reports, key=lambda r: sum(q.causes[0].kind in ("unknown", "upstream") for q in r.mistakes)
    )


class _LongEnoughError(Exception):
    """The causes of a report have been looked for long enough."""


class Check:
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
        self.used = self.strict = self.reshaped = False
        self.explained, self.searching = True, False
        self.allowed = Allowance(FORMULAS, SECONDS)
        self.between = {name for k, (name, _) in given.items() if not self.is_parameter(k)}
        self.slack: Callable[[], list[Any]] = list  # how much rounding can change each cotangent
        self.right: Any = None  # the right value of the step that is judged
        self.now = 0  # the step whose causes are looked for
        self.edges = {(edge.child, edge.slot): edge for edge in view.edges}
        self.users: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for i, step in enumerate(self.program.steps):
            for slot, k in enumerate(step.operands):
                if step.op is not None and step.is_differentiated(slot):
                    self.users[k].append((i, slot))

    def is_parameter(self, k: int) -> bool:
        """Return whether a step is a parameter, or a part of one, as W1 of a flat theta."""
        step = self.program.steps[k]
        while step.op is not None and step.op.moves and len(step.operands) == 1:
            step = self.program.steps[step.operands[0]]
        return step.op is None

    def is_averaged(self, k: int) -> bool:
        """Return whether a step is a parameter whose formula has the 1/m that others may lack."""
        users = [i for i, _ in self.users[k]]
        return self.is_parameter(k) and not (users and all(map(self.is_parameter, users)))

    def seeds(self) -> dict[int, Any]:
        """Return where a backward pass begins: a 1 at the cost."""
        out = self.program.steps[self.program.outputs[0]]
        return {self.program.outputs[0]: np.ones(out.shape, out.dtype)[()]}

    def reference(self) -> tuple[list[Any], Callable[[], list[Any]]]:
        """Return the cotangents, and what measures how much rounding can change each.

        It runs the program many times, and only where something differs.
        """
        program, seeds = self.program, self.seeds()
        true = self.true = program.pulled_back(self.values, seeds)
        return true, functools.cache(lambda: moved_by_rounding(program, true, seeds))

    def report(
        self,
        said: list[str],
        true: list[Any],
        slack: Callable[[], list[Any]],
        *,
        explained: bool = True,
    ) -> BackpropDiagnosis:
        """Judge every quantity that is given."""
        self.true, self.slack, self.explained = true, slack, explained
        for self.strict in (False, True):
            self.walk()
            shapes = (r.status == WRONG and r.causes[0].kind == "shape" for r in self.rows)
            if not self.reshaped or not any(shapes):
                break  # else the shape that was missing upstream is the mistake
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
                f"dZ, dA and the like are without the average's 1/{self.convention}, which comes "
                "in with dW and db: the notes' convention."
            )
        return BackpropDiagnosis(tuple(rows), tuple(notes))

    def walk(self) -> None:
        """Go from the cost to the leaves, and judge each value that the user has."""
        self.rows, self.used, self.reshaped = [], False, False
        self.own: dict[int, Any] = {}  # the user's values that were judged
        instead = {k: (lambda g, k=k: self.judged(k, g)) for k in self.given}
        self.forced: list[Any] = []
        self.program.pulled_back(self.values, self.seeds(), instead=instead, found_in=self.forced)

    def judged(self, k: int, right: Any) -> Any:
        """Judge the user's value of a step; return what the steps before it are judged with."""
        name, theirs = self.given[k]
        right = self.right = np.asarray(right)
        if theirs.dtype.kind in "biu":
            theirs = theirs.astype(float)
        between = not self.is_parameter(k)
        missing = right.ndim - theirs.ndim
        if not self.strict and between and right.shape == (*(1,) * missing, *theirs.shape):
            # (4,) for (1, 4), which NumPy broadcasts alike; a parameter's has its very shape.
            self.reshaped = self.reshaped or missing > 0
            theirs = theirs.reshape(right.shape)
        if theirs.shape != right.shape or theirs.dtype.kind != "f":
            said = f"it is of {theirs.dtype}, and real numbers are needed"
            if theirs.dtype.kind == "f":
                said = shapes_in_words(theirs, right)
            shape = Cause("shape", said)
            wrong = self.mistaken_for(k, theirs) or (shape,)
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
            times = 1 if self.is_parameter(k) else self.convention
            found, wanted = (np.where(finite, x, 0.0) for x in (theirs, times * right))
            if not self.near(found, wanted, k):
                off: tuple[Cause, ...] = (Cause("unknown", "its finite elements are other ones"),)
                self.rows.append(Quantity(name, WRONG, np.nan, self.formula(k), off))
            else:
                note = "not judged: the reference is not finite here"
                self.rows.append(Quantity(name, APART, np.nan, self.formula(k), (), note))
            return theirs / (1 if self.is_parameter(k) else self.convention)
        times, note = 1, ""
        if self.program.steps[k].op is not None:
            times = self.convention
            if self.mixed and times > 1 and self.near(theirs, right, k):
                times = 1
            # A part of a parameter has the 1/m, unless it says otherwise.
            if self.is_parameter(k) and not self.near(theirs, times * right, k):
                times = 1
        ours, right = right, self.at_kinks(k, theirs / times, right)
        expected = times * right
        self.own[k] = theirs / times
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
        if self.is_rounding_of(k, theirs, expected, times):  # upstream; it is larger here
            follows = any(r.status in (WRONG, FOLLOWS) for r in self.rows)
            status, note = (FOLLOWS, "right, given what is upstream") if follows else (RIGHT, "")
            error = relative_error(theirs, expected)
            self.rows.append(Quantity(name, status, error, self.formula(k), (), note))
            return theirs / times
        if self.is_reordered(k, theirs, times):
            note = "right: the same factors, in another order"
            self.rows.append(Quantity(name, RIGHT, 0.0, self.formula(k), (), note))
            return right
        causes = self.causes(k, theirs, expected, times)
        error = relative_error(theirs, expected)
        self.rows.append(Quantity(name, WRONG, error, self.formula(k), causes))
        return theirs / times

    def is_rounding_of(self, k: int, theirs: Any, expected: Any, times: float) -> bool:
        """Return whether a value is right given the user's own values upstream, to every digit.

        And whether it is off by no more than one part in 10⁸ of these can make of it: the sum of
        numbers that are 0 together.
        """
        plain = times * self.from_theirs(k)
        if not self.near(theirs, plain, k):
            return False
        rng = np.random.default_rng(0)
        shaken = [times * self.from_theirs(k, rng) for _ in range(4)]
        most = max(float(np.abs(x - plain).max(initial=0.0)) for x in shaken)
        return bool(np.abs(theirs - expected).max(initial=0.0) <= 4 * most)

    def from_theirs(self, k: int, rng: np.random.Generator | None = None) -> Any:
        """Return the right value of a step given the user's own values upstream.

        With a generator each of these is off by up to one part in 10⁸.
        """
        needed, ahead = {k}, [k]
        while ahead:  # the steps between it and what the user has
            ahead = [i for n in ahead for i, _ in self.users[n] if i not in needed | {*self.own}]
            needed.update(ahead)
        found: dict[int, Any] = {**self.own, **self.seeds()}
        if rng is not None:
            for i, x in self.own.items():
                found[i] = x * (1 + 1e-8 * rng.uniform(-1, 1, np.shape(x)))
        for n in sorted(needed, reverse=True):
            if n != k and n in found:
                continue
            terms = [self.term(i, slot, g=found.get(i)) for i, slot in self.users[n]]
            found[n] = sum((x for x in terms if x is not None), start=np.zeros(()))
        return np.broadcast_to(found[k], np.shape(self.right))

    def is_reordered(self, k: int, theirs: Any, times: float) -> bool:
        """Return whether a value is one of a chain of products whose end is right.

        As dA · D1 before dA / keep_prob: forward has the factors in this order, so that its
        derivative begins with the other one. What all come to has to be there, and right.
        """
        first, factors = k, list[Any]()
        while (below := self.factor_below(first)) is not None:
            first = below
        end = first
        while len(self.users[end]) == 1 and len(factors) < 6:
            ((user, slot),) = self.users[end]
            factor = self.factor(user, slot)
            if factor is None or self.forced[user] is None:
                break
            factors.append(factor)
            end = user
        if first == k or first not in self.given or len(factors) < 2:
            return False
        g = times * np.asarray(self.forced[end])
        whole = g * math.prod(factors)
        last = self.given[first][1]
        if np.shape(last) != np.shape(whole) or not self.near(last, whole, first):
            return False
        some = (c for n in range(len(factors)) for c in itertools.combinations(factors, n))
        return any(self.near(theirs, g * math.prod(c), k) for c in some)

    def factor(self, i: int, slot: int) -> Any:
        """Return the factor of a step that multiplies or divides one operand by constants."""
        step = self.program.steps[i]
        if step.op is None or step.op.name not in ("multiply", "divide", "negative"):
            return None
        others = [k for n, k in enumerate(step.operands) if n != slot]
        if any(self.program.steps[k].kind != "constant" for k in others):
            return None
        found = self.program.given(i, slot, self.values, np.ones(step.shape, step.dtype))
        return None if found is None or np.shape(found) != step.shape else np.asarray(found)

    def factor_below(self, i: int) -> int | None:
        """Return the operand that a step multiplies by constants, if nothing else uses it."""
        step = self.program.steps[i]
        if step.op is None:
            return None
        for slot, k in enumerate(step.operands):
            alone = len(self.users[k]) == 1 and self.program.steps[k].op is not None
            if step.is_differentiated(slot) and alone and self.factor(i, slot) is not None:
                return k
        return None

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
            if op in TIES and np.shape(g) == right.shape:
                values = [np.asarray(self.values[j]) for j in step.operands]
                tie = np.broadcast_to(TIES[op](x, *values), x.shape)
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
        if self.searching and not self.allowed.take():
            raise _LongEnoughError
        a, b = np.asarray(a), np.asarray(b)
        if a.shape != b.shape or not (np.isfinite(a).all() and np.isfinite(b).all()):
            return False
        single = min(a.dtype.itemsize if a.dtype.kind == "f" else 8, b.dtype.itemsize) < 8
        allowed = self.tolerance or (1e-3 if single else 1e-7)
        size = float(np.abs(b).max(initial=0.0))
        bound, off = allowed * np.maximum(np.abs(b), 1e-3 * size), np.abs(a - b)
        if k is None or (off <= bound).all():
            return bool((off <= bound).all())
        slack = self.slack()[k] * max(1, self.convention)
        if single:  # the user's own sums are of single precision
            slack = slack * (1 if b.dtype.itemsize < 8 else 2**29)
        return bool((off <= bound + slack).all())

    @functools.cached_property
    def divisors(self) -> list[int]:
        """Return the numbers that the cost is an average over: only these may be left out."""
        totals = self.scales_of(self.program.outputs[0], 1.0, 0)
        lengths = self.lengths
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
        if step.op.moves or name in _SUMMING:
            inner = [self.scales_of(j, scale, depth + 1) for j in operands]
            return [n for found in inner for n in found] or whole
        return whole

    @functools.cached_property
    def lengths(self) -> list[int]:
        """Return the numbers by which an average may have been divided."""
        found = {n for step in self.program.steps for n in (*step.shape, math.prod(step.shape))}
        return sorted((n for n in found if n > 1), reverse=True)

    def near_lengths(self) -> list[int]:
        """Return those of them that the step at hand has to do with."""
        steps = self.program.steps
        shapes = [steps[k].shape for k in {self.now, *(i for i, _ in self.users[self.now])}]
        found = {n for shape in shapes for n in (*shape, math.prod(shape))} | {*self.divisors}
        return sorted((n for n in found if n > 1), reverse=True)

    def label(self, k: int) -> str:
        """Return what pictures call a step."""
        return str(self.view.nodes[k].label)

    def formula(self, k: int) -> str:
        """Return the right formula of a cotangent, in the names of the graph."""
        turned = self.of_a_transpose(k)
        short = self.composed(k) or turned
        parts = [short] if short else self.parts(k)
        if len(parts) > MANY:
            parts = [*parts[:2], f"… ({len(parts)} terms)"]
        whole = " + ".join(parts) or "1"
        # The 1/m that the others lack.
        if self.used and (self.is_averaged(k) or (turned and self.is_parameter(k))):
            whole = f"{f'({whole})' if len(parts) > 1 else whole} / {self.convention}"
        return raised(f"{self.slope(k)} = {whole}")

    def composed(self, k: int) -> str:
        """Return a formula over steps that the user does not have, such as A − Y, or nothing.

        It is one that people write, and is said where its numbers are the right ones.
        """
        users = self.users[k]
        if not users or any(i in self.given for i, _ in users) or self.right is None:
            return ""
        end, through = self.next_named(users[0][0]), ""
        if len(users) == 1 and self.is_unnamed(users[0][0]) and self.is_of_one(*users[0], k):
            through = self.of_a_function(k, end)
        return through if through and end in self.given else self.of_a_loss(k) or through

    def of_a_transpose(self, k: int) -> str:
        """Return X @ dZᵀ, where forward transposes a value that has no name: (dZ @ Xᵀ)ᵀ."""
        if len(self.users[k]) != 1:
            return ""
        ((i, _),) = self.users[k]
        step = self.program.steps[i]
        if step.op is None or step.op.name not in ("transpose", "matrix_transpose"):
            return ""
        if step.name or i in self.given or len(step.shape) != 2:
            return ""
        inner = self.parts(i)
        product = re.fullmatch(r"([\w:]+) @ ([\w:]+)ᵀ", inner[0]) if len(inner) == 1 else None
        return "" if product is None else f"{product[2]} @ {product[1]}ᵀ"

    def is_of_one(self, i: int, slot: int, k: int) -> bool:
        """Return whether a step is a function of one value: its other operands are constants."""
        steps = self.program.steps
        others = [j for n, j in enumerate(steps[i].operands) if n != slot and j != k]
        return all(steps[j].kind == "constant" for j in others)

    def of_a_function(self, k: int, end: int) -> str:
        """Return dA · (1 − A²) and the like, of a function of one value in several steps."""
        g, out, x = self.forced[end], self.values[end], self.values[k]
        if self.is_unnamed(end) or g is None or not np.shape(g) == np.shape(out) == np.shape(x):
            return ""
        child, own = self.label(end), self.label(k)
        for words, slope in _slopes(child, own, out, x).items():
            if self.near(g * slope, self.right, k):
                factor = f"({words})" if " " in words and words[0] != "[" else words
                return f"{self.slope(end)} · {factor}"
        return ""

    def of_a_loss(self, k: int) -> str:
        """Return A − Y and the like: the slope of a usual loss by what was predicted."""
        found = self.loss_of(k)
        if found is None:
            return ""
        form, p, q, n = found
        words = form.format(A=self.label(p), Y=self.label(q))
        whole = words if n == 1 or words.startswith("2 ") else f"({words})"
        return whole if n == 1 else f"{whole} / {n}"

    def loss_of(self, k: int) -> tuple[str, int, int, int] | None:
        """Return the slope of a usual loss, of which two values it is, and what divides it."""
        steps, shape = self.program.steps, np.shape(self.right)
        expected = self.right * (1 if self.is_parameter(k) else self.convention)
        if np.size(expected) < 2:
            return None
        named = [n for n, step in enumerate(steps) if step.name and step.shape == shape]
        above = {k}  # what comes of it, one of which was predicted
        for n in range(k + 1, len(steps)):
            if above & {*steps[n].operands}:
                above.add(n)
        wanted = [n for n in named if steps[n].kind == "constant" and _varies(self.values[n])]
        divisors = [1, *self.divisors]
        for p, q in itertools.product((n for n in named if n in above), wanted[:20]):
            for form in _LOSSES:
                value = self.loss(form, p, q)
                for n in divisors:
                    if self.near(value / n, expected, k):
                        return form, p, q, n
        return None

    def loss(self, form: str, p: int, q: int) -> Any:
        """Return the slope of a usual loss, for two values: what was predicted, and wanted."""
        with np.errstate(all="ignore"):
            return _LOSSES[form](*(np.asarray(self.values[n], float) for n in (p, q)))

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
            mine, its = (math.prod(self.program.steps[n].shape) for n in (k, i))
            alone = " " not in text or (text[0] == "[" and "]" not in text[:-1])
            whole = child if text == "1" else f"{child} · {text if alone else f'({text})'}"
            parts.append(f"Σ {whole}" if mine < its else whole)  # one of several copies
        return parts

    def multiple(self, k: int, i: int, slot: int) -> str:
        """Return 0.7 · W for the term of a penalty: a number times the value itself."""
        x, g = np.asarray(self.values[k]), self.term(i, slot) if self.is_unnamed(i) else None
        if g is None or np.shape(g) != x.shape or not _varies(x):
            return ""
        c = float(np.vdot(g, x) / np.vdot(x, x))
        if not c or not self.near(g, c * x):
            return ""
        leaf = self.is_averaged(k)
        return f"{c * (self.convention if self.used and leaf else 1):.4g} · {self.label(k)}"

    def cotangent_name(self, i: int) -> str:
        """Return the name of a step's cotangent: that of a named one, where they are equal."""
        while self.program.steps[i].name is None and len(self.users[i]) == 1:
            ((child, slot),) = self.users[i]
            same = self.program.steps[child].shape == self.program.steps[i].shape
            if self.edges[child, slot].formula != "1" or not same:
                break
            i = child
        return self.slope(i)

    @functools.cached_property
    def known(self) -> set[str]:
        """Return the names of the quantities that are given."""
        return {name for name, _ in self.given.values()}

    def slope(self, i: int) -> str:
        """Return what a step's cotangent is called: as in the derivation, where it is there.

        But dZ2 for the dZ of a loop over layers.
        """
        label, own = self.label(i), self.given.get(i, ("", None))[0]
        of_a_layer = own.partition(":")[0] == f"d{label.rstrip('0123456789')}"
        if own and (":" in label or not of_a_layer):
            return own
        # dA1 and dA1:2 may be what the derivation calls other ones.
        name, _, number = f"d{label}".partition(":")
        taken = {k.partition(":")[0] if number else k for k in self.known - {own}}
        return f"∂J/∂{label}" if name in taken else f"d{label}"

    def left_out(self, i: int, n: int) -> str:
        """Say which steps lie between a cotangent and a later one that was taken for it."""
        steps: list[str] = []
        while i != n and len(self.users[i]) == 1 and i not in self.given and len(steps) < 3:
            steps.append(raised(f"{self.slope(i)} = {self.parts(i)[0]}"))
            i = self.users[i][0][0]
        if i != n or not steps:
            return ""
        if len(steps) == 1:
            return f"the step {steps[0]} is left out"
        return f"the steps {', '.join(steps[::-1])} are left out"

    # -- causes ------------------------------------------------------------------------------------

    def causes(self, k: int, theirs: Any, right: Any, times: float) -> tuple[Cause, ...]:
        """Return what a wrong value computes, the simplest explanation first."""
        self.now = k
        found: list[Cause] = [*self.mistaken_for(k, theirs)]
        unknown = "it is none of the usual slips"
        if self.explained and not found:
            self.searching = True
            try:
                found.extend(itertools.islice(self.explanations(k, theirs, right, times), 3))
            except _LongEnoughError:
                unknown = f"the search for its cause was cut after {self.allowed.over}"
            self.searching = False
        return tuple(found) or (Cause("unknown", unknown),)

    def mistaken_for(self, k: int, theirs: Any) -> tuple[Cause, ...]:
        """Return that a parameter's gradient is the right one of another parameter, if it is."""
        steps = self.program.steps
        if steps[k].op is not None or steps[k].name is None:
            return ()
        for j, step in enumerate(steps):
            g = self.true[j] if step.op is None and step.name is not None and j != k else None
            if g is not None and np.shape(g) == np.shape(theirs) and self.near(theirs, g, j):
                return (Cause("operand", f"{SWAPPED} {step.name}, returned under another name"),)
        return ()

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
            written = [*map(raised, self.parts(k))]
            leaf = self.is_averaged(k)
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
        yield from self.of_other_values(k, theirs, right, times)
        total, rounding = right.sum(), 1e-13 * float(np.abs(right).sum())
        for n, words in ((1, ""), (right.size, ", and averaged")):
            if right.size < 2 or not np.any(theirs):
                continue
            # A sum over all may be 0, as that of A − Y of a softmax: then what is left is rounding.
            same = not np.ptp(theirs) and abs(theirs.flat[0]) <= rounding
            zero = same and abs(total) <= rounding
            if zero or self.near(theirs, np.full(right.shape, total / n)):
                yield Cause("sum", f"it is summed over all elements{words}")
                break
        for j, value in enumerate(self.values if right.size > 1 else ()):
            if value is not None and np.shape(value) == right.shape and np.any(value):
                extra = theirs - right
                c = float(np.vdot(extra, value) / np.vdot(value, value))
                if c and self.near(extra, c * np.asarray(value)):
                    yield Cause("term", f"{c:.4g} times {self.label(j)} is added to it")

    def of_other_values(self, k: int, theirs: Any, right: Any, times: float) -> Iterator[Cause]:
        """Yield what stands in the place of another value in A − Y, or in the λW of a penalty."""
        steps, values = self.program.steps, self.values
        alike = [
            n
            for n, step in enumerate(steps)
            if step.name and step.shape == right.shape and values[n] is not None
        ]
        loss = self.loss_of(k)
        if loss is not None:
            form, p, q, _ = loss
            whole = self.loss(form, p, q)
            scale = float(np.vdot(whole, right) / np.vdot(whole, whole))
            for n in (n for n in alike if n not in (p, q)):
                for one, other, lost in ((n, q, p), (p, n, q)):
                    if self.near(theirs, scale * self.loss(form, one, other), k):
                        said = f"{self.label(n)} stands in the place of {self.label(lost)}"
                        yield Cause("operand", said)
        own = np.asarray(values[k])
        slots: dict[int, list[int]] = {}  # of each step that uses it: w · w does so twice
        for i, slot in self.users[k]:
            slots.setdefault(i, []).append(slot)
        for i, its_slots in slots.items() if len(slots) > 1 else ():
            terms = [self.term(i, slot) for slot in its_slots]
            if any(x is None for x in terms):
                continue
            term = sum(np.asarray(x) for x in terms)
            c = float(np.vdot(term, own) / np.vdot(own, own)) if np.any(own) else 0.0
            if not c or not _varies(own) or not self.near(term, c * own):
                continue  # not the term of a penalty, a number times the value itself
            for n in alike:
                change = times * c * (np.asarray(values[n]) - own)
                if n != k and self.near(theirs - right, change, k):
                    said = f"{self.label(n)} stands in the place of {self.label(k)}"
                    yield Cause("operand", said)

    def scaled(self, theirs: Any, right: Any) -> Iterator[Cause]:
        """Yield that a value is a number times the right one, if it is."""
        for c, words in self.scales(theirs, right):
            if c == -1:
                yield Cause("sign", "its sign is wrong")
            elif c != 1:
                yield Cause("scale", f"it is{words.removeprefix(',')}")
            else:  # and yet it is wrong
                exact = float(np.vdot(right, theirs)) / float(np.vdot(right, right))
                yield Cause("scale", f"it is {exact:.9g} times as large")

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
                if n == 2 and n not in self.divisors:
                    continue  # a 2 is lost or doubled more often than an average over two
                if abs(abs(c) - n) < 1e-6 * n:
                    yield c, f", {n} times too large: an average over {n} lacks its 1/{n}{turned}"
                    return
                if abs(abs(c) * n - 1) < 1e-6:
                    yield c, f", {n} times too small: divided by {n} once too often{turned}"
                    return
            if right.size > 1 or self.plain(c):  # two numbers have a ratio in any case
                root = round(c * c) if c > 0 else 0
                is_root = root in self.near_lengths() and abs(c - root**0.5) < 1e-6 * c
                is_root = is_root and math.isqrt(root) ** 2 != root
                number = f"{c:.6g}" if abs(c - 1) > 1e-5 else f"{c:.9g}"
                yield c, f", {f'√{root}' if is_root else number} times as large"

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
        if self.searching and not self.allowed.take():
            raise _LongEnoughError
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
                said = self.left_out(i, n)
                said = said or f"{self.slope(n)} stands in the place of {self.cotangent_name(i)}"
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
        said = f"the derivative of {child} by {own}"
        slot = next((slot for user, slot in self.users[k] if user == i), -1)
        edge = self.edges.get((i, slot))
        if edge is not None and edge.is_factor and self.program.steps[i].name is None:
            said = f"the factor {raised(edge.formula)}"  # a letter says less
        yield Cause("factor", f"{said} is missing"), g
        slopes = _slopes(child, own, out, x)
        for words, slope in slopes.items():
            yield Cause("factor", f"the factor is {words}, which is not the derivative"), g * slope
        with np.errstate(all="ignore"):
            logistic = np.allclose(out, 1 / (1 + np.exp(-x)))
        for n, value in enumerate(self.values):  # the right form, of another layer
            named = self.program.steps[n].name is not None and n != i
            if not named or value is None or np.shape(value) != np.shape(x):
                continue
            said = f"{self.label(n)} stands in the place of {child}"
            if n != k:
                for slope in (1 - value * value, value * (1 - value), np.greater(value, 0) * 1.0):
                    yield Cause("operand", said), g * slope
            for slope in (value * (1 - out), out * (1 - value)) if logistic else ():
                yield Cause("operand", said), g * slope  # in one of two factors


_LOSSES: dict[str, Callable[[Any, Any], Any]] = {
    "{A} − {Y}": lambda a, y: a - y,
    "2 ({A} − {Y})": lambda a, y: 2 * (a - y),
    "−{Y} / {A}": lambda a, y: -y / a,
    "−{Y} / {A} + (1 − {Y}) / (1 − {A})": lambda a, y: -y / a + (1 - y) / (1 - a),
}


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
