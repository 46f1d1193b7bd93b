"""One change of a backward function that makes all of its gradients right.

Single edits of its source, and of the functions of its file that it calls, are tried, the likeliest
first (`slips`). An edit counts when every gradient that the function returns is right at the user's
inputs and at others that are drawn.
"""

from __future__ import annotations

import ast
import copy
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.slips import Change, Pool, changes, said, scalars_of, words_of
from autograd.written import Written, targets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from autograd.captured import Judge, Pair

__all__ = ["Edit", "found_edit"]

from_engine = True

SECONDS = 8.0  # of search at most


@dataclass(frozen=True)
class Edit:
    """What to change in a function.

    Attributes
    ----------
    line : int
        In the file.
    before, after : str
        The statement as it stands, and as it makes every gradient right.
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

    def __str__(self) -> str:
        first, *rest = self.before.splitlines() or [""]
        after, *more = self.after.splitlines() or [""]
        pad = " " * 14
        lines = [f"line {self.line}:".ljust(14) + first, *(pad + x for x in rest)]
        return "\n".join([*lines, "right with:".ljust(14) + after, *(pad + x for x in more)])


def found_edit(
    source: Written,
    judge: Judge,
    judged: Sequence[str],
    others: dict[str, ast.expr],
    pair: Pair,
) -> tuple[Edit | None, Any, str]:
    """Return the first edit with which a function passes, that function, and a note on the search.

    Parameters
    ----------
    source : Written
        Of the backward function.
    judge : Judge
        Of a changed function.
    judged : sequence of str
        The names of quantities that are right, or follow: their lines are tried last.
    others : dict of str to expression
        Numbers that may have been forgotten, as the source of forward has them.
    pair : Pair
        What the run of the functions has shown: one variable takes the place of another of its own
        kind only, and one key of a dict that of another.
    """
    source.whole()
    places = [place for tree in source.trees.values() for place in _statements(tree)]
    suspected = [p for p in places if not {*targets(p.statement)} & {*judged}]
    rest = [p for p in places if p not in suspected]
    suspected.sort(key=lambda p: p.statement.lineno)
    rest.sort(key=lambda p: -p.statement.lineno)  # what is wrong comes after what is right
    scalars = {**others, **scalars_of(source)}
    texts = {t for t in judge.keys if t.isidentifier()} | words_of(source)
    pools = {
        name: Pool(tree, source, texts, scalars, pair.kinds, pair.entries)
        for name, tree in source.trees.items()
    }
    begun = time.perf_counter()
    told = False
    changed = ""  # the function that is not as it was
    order = [*((suspected, c) for c in (1, 2, 3)), (rest, 1), (rest, 2), (suspected, 4)]
    for some, cost in [*order, (suspected, 5), (rest, 3), (rest, 4), (rest, 5)]:
        for place in some:
            if changed not in ("", place.tree.name):
                source.make(changed)
            changed = place.tree.name
            quick = _Quick(source, place)
            for change in changes(place.statement, pools[place.tree.name], cost):
                spent = time.perf_counter() - begun
                if spent > 1 and not told and sys.stderr.isatty():
                    said = f"looking for a line that makes it right, for up to {SECONDS:g} s …"
                    print(f"check_backprop: {said}", file=sys.stderr)
                    told = True
                if spent > SECONDS:
                    note = f"The search for a line that makes it right was cut after {SECONDS:g} s."
                    return None, None, note
                made = quick.made(change) or _made(source, place, change.after)
                if made is not None and judge.passes(made):
                    made = _made(source, place, change.after)
                    return _edit(source, place, change), made, ""
    return None, None, ""


_UNCHANGED = (ast.FunctionDef, ast.Pass, ast.Import, ast.ImportFrom, ast.While)


class _Place(NamedTuple):
    """Where a statement stands."""

    tree: ast.FunctionDef
    block: list[ast.stmt]
    statement: ast.stmt


def _statements(tree: ast.FunctionDef) -> Iterator[_Place]:
    """Yield the statements of a function; not those of a while loop, which might never end."""
    endless = {n for w in ast.walk(tree) if isinstance(w, ast.While) for n in ast.walk(w)}
    for node in ast.walk(tree):
        if node in endless:
            continue
        for field in ("body", "orelse"):
            block = getattr(node, field, None)
            if isinstance(block, list):
                yield from (_Place(tree, block, s) for s in block if not isinstance(s, _UNCHANGED))


class _Quick:
    """A function in which the value of one statement is an expression that is compiled alone."""

    def __init__(self, source: Written, place: _Place) -> None:
        self.source, self.name = source, place.tree.name
        self.function: Any = None
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
        inner = (ast.ListComp, ast.GeneratorExp, ast.DictComp, ast.SetComp, ast.Lambda)
        if any(isinstance(n, inner) for n in ast.walk(change.value)):  # they see globals only
            return None
        try:
            expression = ast.fix_missing_locations(ast.Expression(change.value))
            self.source.space["__edit__"] = compile(expression, "<edit>", "eval")
        except (SyntaxError, ValueError, TypeError):
            return None
        if self.function is None or self.source.space[self.name] is not self.function:
            self.function = None
            _made(self.source, self.place, [self.bare])
            self.function = self.source.space[self.name]
        return self.source.space[self.source.name]


def _made(source: Written, place: _Place, after: list[ast.stmt]) -> Any:
    """Return the function with one statement changed, or None where that is no program."""
    i = place.block.index(place.statement)
    for s in after:
        ast.fix_missing_locations(ast.copy_location(s, place.statement))
    place.block[i : i + 1] = after
    try:
        source.make(place.tree.name)
    except Exception:
        return None
    finally:
        place.block[i : i + len(after)] = [place.statement]
    return source.space[source.name]


def _edit(source: Written, place: _Place, change: Change) -> Edit:
    """Describe an edit: of a header, such as that of a loop, without its body."""
    before = _head(place.statement)
    after = "\n".join(_head(s) for s in change.after) or "pass"
    names = targets(place.statement) or [n for s in change.after for n in targets(s)]
    if isinstance(place.statement, ast.Return) and place.tree.name != source.name:
        names = _results(source, place.tree.name)
    line = place.statement.lineno
    return Edit(line, before, after, change.kind, said(change.sentence), tuple(names))


def _results(source: Written, name: str) -> list[str]:
    """Return the variables that take the result of a function."""
    for tree in source.trees.values():
        for node in ast.walk(tree):
            value = node.value if isinstance(node, ast.Assign) else None
            calls = ast.walk(value) if value is not None else ()
            if any(isinstance(c, ast.Call) and getattr(c.func, "id", "") == name for c in calls):
                return targets(node)
    return []


def _head(statement: ast.stmt) -> str:
    if isinstance(statement, (ast.For, ast.While, ast.If, ast.With)):
        bare = copy.copy(statement)
        bare.body = [ast.Pass()]
        if not isinstance(bare, ast.With):
            bare.orelse = []
        return ast.unparse(bare).splitlines()[0]
    return ast.unparse(statement)
