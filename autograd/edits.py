"""Changes of a backward function that make its gradients right.

Single edits of its source, and of the functions of its file that it calls, are tried, the likeliest
first (`slips`). One with which every returned gradient is right, at the user's inputs and at others
that are drawn, is the answer; where there is none, one with which more of them are.
"""

from __future__ import annotations

import ast
import copy
import re
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.limited import Allowance
from autograd.slips import (
    Change,
    Pool,
    changes,
    names_in,
    numbers_in,
    products_of,
    said,
    scalars_of,
    words_of,
)  # fmt: skip
from autograd.written import Written, targets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from autograd.captured import Pair
    from autograd.judge import Judge

__all__ = ["Edit", "Search"]

from_engine = True

CHANGES = 40_000  # tried in a search at most: a count, so that every machine finds the same
SECONDS = 20.0  # of computing in it at most, where one try takes long


@dataclass(frozen=True)
class Edit:
    """What to change in a function.

    Attributes
    ----------
    line : int
        In the file.
    before, after : str
        The statement as it stands, and as it makes gradients right.
    kind : str
        Of `Cause`.
    sentence : str
        What is changed.
    names : tuple of str
        That the statement gives a value.
    """

    line: int
    before: str
    after: str
    kind: str = "unknown"
    sentence: str = ""
    names: tuple[str, ...] = ()

    @property
    def where(self) -> tuple[int, tuple[str, ...]]:
        """What tells its statement from others; a line may have several."""
        return self.line, self.names

    def then(self, other: Edit) -> Edit:
        """Return this edit and another one of the changed line as one."""
        sentence = f"{self.sentence}, and {other.sentence}"
        return replace(self, after=other.after, sentence=sentence)

    def to_dict(self) -> dict[str, Any]:
        """Return the line and what it says, for other programs."""
        return {"line": self.line, "before": self.before, "after": self.after}

    def __str__(self) -> str:
        first, *rest = self.before.splitlines() or [""]
        after, *more = self.after.splitlines() or [""]
        pad = " " * 14
        lines = [f"line {self.line}:".ljust(14) + first, *(pad + x for x in rest)]
        if not rest and not more:
            lines.append(pad + _caret(first, after))
        return "\n".join([*lines, "right with:".ljust(14) + after, *(pad + x for x in more)])


def _caret(before: str, after: str) -> str:
    """Return carets to stand under what is changed, or one where something is missing."""
    old, new = (re.findall(r"\w+|\s+|[^\w\s]", text) for text in (before, after))
    same = _alike(old, new)
    rest = _alike(old[same:][::-1], new[same:][::-1])
    changed = "".join(old[same : len(old) - rest])
    begin = len("".join(old[:same])) + len(changed) - len(changed.lstrip())
    return " " * begin + "^" * max(len(changed.strip()), 1)


def _alike(old: Sequence[str], new: Sequence[str]) -> int:
    """Return how many of the first words are the same."""
    differ = (i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b)
    return next(differ, min(len(old), len(new)))


class Search:
    """A search for edits of a function and of those that it calls, the likeliest first.

    Parameters
    ----------
    source : Written
        Of the backward function.
    keys : sequence of str
        Of the cache.
    forward : Written, optional
        Whose numbers and products may have been forgotten.
    pair : Pair
        What the run of the functions has shown: one variable takes the place of another of its own
        kind only, and one key of a dict that of another.

    Attributes
    ----------
    sound : callable
        Says of a changed function that returns what is right, and of the line that was changed,
        whether its variables are as right as before, and those of the line are right. If not, the
        edit only makes up for a mistake in another line.
    """

    def __init__(
        self, source: Written, keys: Sequence[str], forward: Written | None, pair: Pair
    ) -> None:
        self.source = source
        self.parameters = pair.names
        source.whole()
        others = {} if forward is None else {**scalars_of(forward), **numbers_in(forward)}
        products = [] if forward is None else products_of(forward)
        scalars = {**others, **scalars_of(source)}
        known = [*keys, *pair.names]
        texts = {t for t in known if t.isidentifier()} | words_of(source)
        self.pools = {
            key: Pool(tree, source, texts, scalars, pair, products)
            for key, tree in source.trees.items()
        }
        self.allowed = Allowance(CHANGES, SECONDS)
        self.told = False
        self.changed = ""  # the function that is not as it was
        self.right: set[str] = set()
        self.best = _Best(0, None)
        self.sound: Callable[[Any, int], bool] = lambda function, line: True
        self.last: tuple[_Place, int, int]

    @property
    def note(self) -> str:
        """What to say where nothing was found."""
        over = self.allowed.over
        return f"The search for a line that makes it right was cut after {over}." if over else ""

    def all_right(
        self, judge: Judge, judged: Sequence[str], wrong: Sequence[int], *, quick: bool
    ) -> Edit | None:
        """Return the first edit with which every gradient is right, and make it.

        Parameters
        ----------
        judge : Judge
            Of a changed function.
        judged : sequence of str
            The names of quantities that are right, or follow: their lines are tried last.
        wrong : sequence of int
            The lines of quantities that are wrong: they are tried first.
        quick : bool
            Try what is likely, or all the rest.
        """
        places = self.places()
        first = [p for p in places if p.statement.lineno in wrong]
        some = [p for p in places if p not in first]
        suspected = [p for p in some if not {*targets(p.statement)} & {*judged}]
        rest = [p for p in some if p not in suspected]
        suspected.sort(key=lambda p: p.statement.lineno)
        rest.sort(key=lambda p: -p.statement.lineno)  # what is wrong comes after what is right
        likely = [(first, 1), (first, 2), (suspected, 1), (first, 3), (suspected, 2)]
        likely += [(rest, 1), (rest, 2)]
        others = [(first, 4), (suspected, 3), (first, 5), (suspected, 4)]
        others += [(suspected, 5), (rest, 3), (rest, 4), (rest, 5)]
        self.right = judge.right(self.source.whole())
        self.best = _Best(len(self.right) + 1, None)
        for at in likely if quick else others:
            if self.tried(*at, judge, self.allowed):
                return self.made()
        return None

    def some_right(self, judge: Judge, line: int) -> Edit | None:
        """Return the edit of a line, or of what it calls, with which most gradients are right."""
        self.right = judge.right(self.source.whole())
        self.best = _Best(len(self.right), None)
        places = self.places()
        here = [p for p in places if p.statement.lineno == line]
        calls = {_called(n) for p in here for n in ast.walk(p.statement) if isinstance(n, ast.Call)}
        inside = {key for key, tree in self.source.trees.items() if tree.name in calls}
        here += [p for p in places if p.key in inside]
        some = self.allowed.share(4)
        for cost in (1, 2, 3, 4, 5):
            if self.tried(here, cost, judge, some):
                break
        return self.made()

    def places(self) -> list[_Place]:
        """Return where the statements of all functions stand."""
        return [p for key in self.source.trees for p in _statements(self.source, key)]

    def tried(self, some: Sequence[_Place], cost: int, judge: Judge, allowed: Allowance) -> bool:
        """Try the changes of a cost; return whether one makes all right; keep the best."""
        source = self.source
        for place in some:
            if self.changed not in ("", place.key):
                source.make(self.changed)
            self.changed = place.key
            quick = _Quick(source, place)
            for change in changes(place.statement, self.pools[place.key], cost):
                if not self.told and self.allowed.spent > 1 and sys.stderr.isatty():
                    said = f"looking for a line that makes it right, for up to {SECONDS:g} s …"
                    print(f"check_backprop: {said}", file=sys.stderr)
                    self.told = True
                if not allowed.take():
                    return False
                made = quick.made(change) or _made(source, place, change.after)
                right = 0 if made is None else len(judge.right(made, self.right))
                whole = right == len(judge.wanted)
                if whole and not self.sound(made, place.statement.lineno):
                    continue
                if right > self.best.right or whole:
                    self.best = _Best(right, (place, change))
                if whole:
                    return True
        return False

    def made(self, best: _Best | None = None) -> Edit | None:
        """Make the best edit that was found in the last search, or another one."""
        best = best or self.best
        if best.found is None:
            return None
        place, change = best.found
        found = _edit(self.source, place, change)
        self.last = place, place.block.index(place.statement), len(change.after)
        _put(place, change.after)
        self.source.whole()
        self.best = _Best(0, None)
        return found

    def undo(self) -> None:
        """Take the last edit back."""
        place, i, n = self.last
        place.block[i : i + n] = [place.statement]
        self.source.whole()


class _Best(NamedTuple):
    """How many gradients are right with the best edit so far, or have to be without one."""

    right: int
    found: tuple[_Place, Change] | None


_UNCHANGED = (ast.FunctionDef, ast.Pass, ast.Import, ast.ImportFrom, ast.While)


class _Place(NamedTuple):
    """Where a statement stands."""

    key: str  # of the function
    block: list[ast.stmt]
    statement: ast.stmt


def _statements(source: Written, key: str) -> Iterator[_Place]:
    """Yield the statements of a function; not those on which the end of a while loop depends."""
    tree = source.trees[key]
    loops = [node for node in ast.walk(tree) if isinstance(node, ast.While)]
    steering = {name for loop in loops for name in _steering(loop)}
    inside = {node for loop in loops for node in ast.walk(loop)}
    for node in ast.walk(tree):
        for field in ("body", "orelse"):
            block: Any = getattr(node, field, None)
            for s in block if isinstance(block, list) else []:
                if isinstance(s, _UNCHANGED):
                    continue
                if not (s in inside and steering & _changed_by(s)):
                    yield _Place(key, block, s)


def _changed_by(statement: ast.stmt) -> set[str]:
    """Return the names that a statement gives a value, or whose methods it calls."""
    found = {*targets(statement)}
    for node in ast.walk(statement):
        match node:
            case ast.Call(func=ast.Attribute(value=base)):
                found |= names_in(base)
    return found if found else names_in(statement)


def _steering(loop: ast.While) -> set[str]:
    """Return the names on which it depends whether a loop goes on, directly or not."""
    names = names_in(loop.test)
    for node in ast.walk(loop):
        if isinstance(node, ast.If) and any(isinstance(n, ast.Break) for n in ast.walk(node)):
            names |= names_in(node.test)
    assigned = [n for n in ast.walk(loop) if isinstance(n, (ast.Assign, ast.AugAssign))]
    while True:
        more = {m for s in assigned if names & {*targets(s)} for m in names_in(s)} - names
        if not more:
            return names
        names |= more


class _Quick:
    """A function in which the value of one statement is an expression that is compiled alone."""

    def __init__(self, source: Written, place: _Place) -> None:
        self.source, self.key = source, place.key
        self.latest: Any = None
        statement: Any = place.statement
        if getattr(statement, "value", None) is None or isinstance(statement, ast.AnnAssign):
            self.place: _Place | None = None
            return
        bare = copy.copy(statement)
        code = ast.Name("__edit__", ast.Load())
        bare.value = ast.Call(ast.Name("eval", ast.Load()), [code], [])
        self.place, self.bare = place, bare

    def made(self, change: Change) -> Any:
        """Return the function with a value changed; None where it has to be made anew."""
        if self.place is None or change.value is None:
            return None
        if not _is_placed(change.value):
            return None
        try:
            self.source.space["__edit__"] = compile(ast.Expression(change.value), "<edit>", "eval")
        except (SyntaxError, ValueError, TypeError):
            return None
        if self.latest is None or self.source.made.get(self.key) is not self.latest:
            _made(self.source, self.place, [self.bare])
            self.latest = self.source.made.get(self.key)
        return self.source.function


_INNER = (ast.ListComp, ast.GeneratorExp, ast.DictComp, ast.SetComp, ast.Lambda)


def _is_placed(value: ast.expr) -> bool:
    """Give new parts of an expression a line, as compile asks; False if it needs its function.

    What has a scope of its own sees globals only, where an expression is compiled alone.
    """
    parts: list[ast.AST] = [value]
    for node in parts:
        if isinstance(node, _INNER):
            return False
        if isinstance(node, (ast.expr, ast.keyword)) and not hasattr(node, "lineno"):
            node.lineno = node.end_lineno = 1
            node.col_offset = node.end_col_offset = 0
        parts += ast.iter_child_nodes(node)
    return True


def _put(place: _Place, after: list[ast.stmt]) -> None:
    """Put other statements in the place of one."""
    i = place.block.index(place.statement)
    for s in after:
        ast.fix_missing_locations(ast.copy_location(s, place.statement))
    place.block[i : i + 1] = after


def _made(source: Written, place: _Place, after: list[ast.stmt]) -> Any:
    """Return the function with one statement changed, or None where that is no program."""
    i = place.block.index(place.statement)
    _put(place, after)
    try:
        source.make(place.key)
    except Exception:
        return None
    finally:
        place.block[i : i + len(after)] = [place.statement]
    return source.function


class _Simple(ast.NodeTransformer):
    """Write what an edit has made of 2 · x, x ** 2 or x[::-1] as a person would: x.

    What stood there before, and what makes numbers of True and False, stays.
    """

    def __init__(self, before: str) -> None:
        self.before = before

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        """Leave out a factor, a divisor and a power of 1."""
        self.generic_visit(node)
        truths = any(isinstance(n, (ast.Compare, ast.BoolOp, ast.Not)) for n in ast.walk(node))
        if truths or ast.unparse(node) in self.before:
            return node
        left, right = (
            isinstance(x, ast.Constant) and x.value == 1 for x in (node.left, node.right)
        )
        if right and isinstance(node.op, (ast.Mult, ast.Div, ast.Pow)):
            return node.left
        return node.right if left and isinstance(node.op, ast.Mult) else node

    def visit_Subscript(self, node: ast.Subscript) -> Any:
        """Leave out a slice of everything."""
        self.generic_visit(node)
        part = node.slice
        loads = isinstance(node.ctx, ast.Load) and ast.unparse(node) not in self.before
        if not isinstance(part, ast.Slice) or not loads:
            return node
        one = isinstance(part.step, ast.Constant) and part.step.value == 1
        return node.value if one and part.lower is None and part.upper is None else node


def _edit(source: Written, place: _Place, change: Change) -> Edit:
    """Describe an edit: of a header, such as that of a loop, without its body."""
    before = _head(place.statement)
    after = (
        "\n".join(_head(_Simple(before).visit(copy.deepcopy(s))) for s in change.after) or "pass"
    )
    names = targets(place.statement) or [n for s in change.after for n in targets(s)]
    if isinstance(place.statement, ast.Return) and place.key != source.name:
        names = _results(source, source.trees[place.key].name)
    if isinstance(place.statement, ast.If):
        names = sorted(names_in(place.statement.test))
    if isinstance(place.statement, ast.For):  # what it is wrong in is inside of it
        names = []
    line = place.statement.lineno
    return Edit(line, before, after, change.kind, said(change.sentence), tuple(names))


def _results(source: Written, name: str) -> list[str]:
    """Return the variables that take the result of a function."""
    for tree in source.trees.values():
        for node in ast.walk(tree):
            value = node.value if isinstance(node, ast.Assign) else None
            calls = ast.walk(value) if value is not None else ()
            if any(isinstance(c, ast.Call) and _called(c) == name for c in calls):
                return targets(node)
    return []


def _called(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def _head(statement: ast.stmt) -> str:
    if isinstance(statement, (ast.For, ast.While, ast.If, ast.With)):
        bare = copy.copy(statement)
        bare.body = [ast.Pass()]
        if not isinstance(bare, ast.With):
            bare.orelse = []
        return ast.unparse(bare).splitlines()[0]
    return ast.unparse(statement)
