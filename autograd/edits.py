"""One change of a backward function that makes all of its gradients right.

Every single edit of its source is tried: another operator, name, key, number or axis, a factor or a
transposition more or less. An edit counts when every gradient that the function returns is right at
the user's inputs and at others that are drawn.
"""

from __future__ import annotations

import ast
import copy
import functools
import inspect
import textwrap
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["Edit", "assigned_at", "found_edit"]

from_engine = True

SECONDS = 8.0  # of search at most

_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.MatMult)
_COMPARISONS = (ast.Gt, ast.GtE, ast.Lt, ast.LtE)
_FUNCTIONS = {"sum": ("mean",), "mean": ("sum",), "dot": ("multiply",), "multiply": ("dot",)}


@dataclass(frozen=True)
class Edit:
    """What to change in a function.

    Attributes
    ----------
    line : int
        In the file.
    before, after : str
        The statement as it stands, and as it makes every gradient right.
    """

    line: int
    before: str
    after: str

    def __str__(self) -> str:
        return f"line {self.line}:      {self.before}\nright with:  {self.after}"


def found_edit(
    backward: Callable[..., Any],
    passes: Callable[[Callable[..., Any]], bool],
    suspects: Sequence[str],
    keys: Sequence[str],
) -> tuple[Edit | None, str]:
    """Return the first edit with which a function passes, and a note on a search that was cut.

    Parameters
    ----------
    backward : callable
        A function whose source can be read.
    passes : callable
        Whether a changed function gives the right gradients.
    suspects : sequence of str
        The names of wrong quantities: the lines that compute them are tried first.
    keys : sequence of str
        Text that may stand in a subscript, such as the keys of the cache.
    """
    try:
        source = textwrap.dedent(inspect.getsource(backward))
        tree = ast.parse(source)
    except (OSError, TypeError, SyntaxError):
        return None, ""
    function = next((n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)), None)
    if function is None:
        return None, ""
    function.decorator_list = []
    first = backward.__code__.co_firstlineno
    space = {**backward.__globals__, **inspect.getclosurevars(backward).nonlocals}
    names = sorted({n.id for n in ast.walk(function) if isinstance(n, ast.Name)})
    names = [n for n in names if n in set(_assigned(function))]
    texts = {n.value for n in ast.walk(function) if isinstance(n, ast.Constant)}
    words = sorted({t for t in texts if isinstance(t, str)} | set(keys))
    statements = [
        s for s in ast.walk(function) if isinstance(s, (ast.Assign, ast.AugAssign, ast.Return))
    ]
    statements.sort(key=lambda s: (not _assigns(s, suspects), s.lineno))
    begun = time.perf_counter()
    for statement in statements:
        for changed in _edits(statement, names, words):
            if time.perf_counter() - begun > SECONDS:
                return (
                    None,
                    f"The search for a line that makes it right was cut after {SECONDS:g} s.",
                )
            made = _made(tree, statement, changed, function.name, space)
            if made is not None and passes(made):
                offset = first - 1 - (function.lineno - 1)
                return Edit(
                    statement.lineno + offset, ast.unparse(statement), ast.unparse(changed)
                ), ""
    return None, ""


def assigned_at(function: Callable[..., Any]) -> dict[str, list[int]]:
    """Return the lines of the file at which a function assigns each of its names."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return {}
    first = function.__code__.co_firstlineno - 1
    found: dict[str, list[int]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.setdefault(node.id, []).append(node.lineno + first)
    return {name: sorted(lines) for name, lines in found.items()}


def _assigned(function: ast.FunctionDef) -> Iterator[str]:
    yield from (a.arg for a in function.args.args)
    for n in ast.walk(function):
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store):
            yield n.id


def _assigns(statement: ast.stmt, names: Sequence[str]) -> bool:
    """Return whether a statement gives one of the names its value."""
    targets = (
        statement.targets
        if isinstance(statement, ast.Assign)
        else [getattr(statement, "target", None)]
    )
    found = {n.id for t in targets if t is not None for n in ast.walk(t) if isinstance(n, ast.Name)}
    found |= {
        n.value
        for t in targets
        if t is not None
        for n in ast.walk(t)
        if isinstance(n, ast.Constant) and isinstance(n.value, str)
    }
    return bool(found & set(names))


def _made(
    tree: ast.Module, statement: ast.stmt, changed: ast.stmt, name: str, space: dict[str, Any]
) -> Any:
    """Return the function with one statement changed, or None where that is no program."""

    class Swap(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> Any:
            return changed if node is statement else self.generic_visit(node)

    kept = {id(statement): statement}
    whole = copy.deepcopy(tree, dict(kept))
    try:
        code = compile(ast.fix_missing_locations(Swap().visit(whole)), "<edit>", "exec")
        inside = dict(space)
        exec(code, inside)
    except Exception:
        return None
    return inside.get(name)


def _edits(statement: ast.stmt, names: list[str], words: list[str]) -> Iterator[ast.stmt]:
    """Yield copies of a statement with one change each, small ones first."""
    count = sum(1 for _ in ast.walk(statement))
    for i in range(count):
        node = _at(statement, i)
        for change in _changes(node, names, words):
            copied = copy.deepcopy(statement)
            target = _at(copied, i)
            replaced = change(target)
            if replaced is not None:
                _replace(copied, target, replaced)
            yield copied
    if isinstance(statement, ast.Assign):
        for wrap in _wraps(names):
            copied = copy.deepcopy(statement)
            copied.value = wrap(copied.value)
            yield copied


def _at(statement: ast.AST, i: int) -> ast.AST:
    for k, node in enumerate(ast.walk(statement)):
        if k == i:
            return node
    raise IndexError(i)


def _replace(root: ast.AST, old: ast.AST, new: ast.AST) -> None:
    for node in ast.walk(root):
        for field, value in ast.iter_fields(node):
            if value is old:
                setattr(node, field, new)
            elif isinstance(value, list) and any(v is old for v in value):
                setattr(node, field, [new if v is old else v for v in value])


def _changes(node: Any, names: list[str], words: list[str]) -> Iterator[Callable[[Any], Any]]:
    """Yield functions that change a node in place, or return what takes its place."""
    kind: Any
    other: Any
    if isinstance(node, (ast.Subscript, ast.Name)) and isinstance(node.ctx, ast.Load):
        yield lambda n: ast.BinOp(n, ast.Pow(), ast.Constant(2))
    match node:
        case ast.BinOp():
            for kind in _OPERATORS:
                if not isinstance(node.op, kind):
                    yield _setting("op", kind)
            yield lambda n: n.left
            yield lambda n: n.right
            if isinstance(node.op, (ast.MatMult, ast.Sub, ast.Div)):
                yield lambda n: ast.BinOp(n.right, n.op, n.left)
            if isinstance(node.op, ast.MatMult):
                yield lambda n: ast.BinOp(_transposed(n.left), n.op, n.right)
                yield lambda n: ast.BinOp(n.left, n.op, _transposed(n.right))
        case ast.UnaryOp(op=ast.USub()):
            yield lambda n: n.operand
        case ast.Constant(value=bool() as value):
            yield _constant(not value)
        case ast.Constant(value=int() | float() as value):
            for other in (value + 1, value - 1, 2 * value, value / 2, 0):
                if other != value:
                    yield _constant(other)
        case ast.Constant(value=str() as value):
            for other in words:
                if other != value:
                    yield _constant(other)
        case ast.Name(ctx=ast.Load()) if node.id in names:
            for other in names:
                if other != node.id:
                    yield _named(other)
        case ast.Attribute(attr="T"):
            yield lambda n: n.value
        case ast.Attribute(attr=attr) if attr in _FUNCTIONS:
            for other in _FUNCTIONS[attr]:
                yield _setting("attr", functools.partial(str, other))
        case ast.Call() if len(node.args) == 2:
            yield lambda n: setattr(n, "args", n.args[::-1])
            yield lambda n: setattr(n, "args", [_transposed(n.args[0]), n.args[1]])
            yield lambda n: setattr(n, "args", [n.args[0], _transposed(n.args[1])])
        case ast.Call(func=ast.Attribute(attr="sum" | "mean")):
            keys = {k.arg for k in node.keywords}
            for axis in (0, 1):
                whole = [
                    ast.keyword("axis", ast.Constant(axis)),
                    ast.keyword("keepdims", ast.Constant(True)),
                ]
                yield _setting("keywords", functools.partial(list, whole))
            if "keepdims" in keys:
                yield lambda n: setattr(n, "keywords", [])
        case ast.Compare(ops=[_]):
            for kind in _COMPARISONS:
                if not isinstance(node.ops[0], kind):
                    yield _setting("ops", functools.partial(_one, kind))


def _one(kind: Any) -> list[Any]:
    return [kind()]


def _setting(field: str, make: Callable[[], Any]) -> Callable[[Any], Any]:
    return lambda n: setattr(n, field, make())


def _constant(value: Any) -> Callable[[Any], Any]:
    return lambda n: ast.Constant(value)


def _named(name: str) -> Callable[[Any], Any]:
    return lambda n: ast.Name(name, ast.Load())


def _with(op: Any, name: str) -> Callable[[Any], Any]:
    return lambda v: ast.BinOp(v, op(), ast.Name(name, ast.Load()))


def _transposed(node: Any) -> Any:
    return (
        node.value
        if isinstance(node, ast.Attribute) and node.attr == "T"
        else ast.Attribute(node, "T", ast.Load())
    )


def _wraps(names: list[str]) -> Iterator[Callable[[Any], Any]]:
    """Yield what can be done to a whole right-hand side."""
    yield lambda v: ast.UnaryOp(ast.USub(), v)
    yield lambda v: ast.Attribute(v, "T", ast.Load())
    yield lambda v: ast.BinOp(ast.Constant(2), ast.Mult(), v)
    yield lambda v: ast.BinOp(v, ast.Div(), ast.Constant(2))
    for name in names:
        yield _with(ast.Div, name)
        yield _with(ast.Mult, name)


def redrawn(arrays: Sequence[Any], seed: int) -> list[Any]:
    """Return arrays of other numbers: labels of 0 and 1 stay such."""
    rng = np.random.default_rng(seed)
    found = []
    for a in arrays:
        x = np.asarray(a)
        if x.size and np.isin(x, (0, 1)).all():
            found.append(rng.permuted(x, axis=-1) if x.ndim else x)
        else:
            found.append(rng.normal(size=x.shape) + 0.1)
    return found
