"""Functions as a user wrote them: read from their source, and made again with a change.

A function is made again together with the functions of its own file that it calls, so that a change
may be in any of them. Their lines keep the numbers that they have in the file.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from dataclasses import dataclass
from types import CodeType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.ops.indexing import at
from autograd.tensor import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Written", "storing", "targets", "users_functions", "written"]

from_engine = True


@dataclass
class Written:
    """A function whose source can be read, with those that it calls.

    Attributes
    ----------
    name : str
        Of the function.
    trees : dict of str to FunctionDef
        Its own tree and those of the functions of its file that it calls, by their names.
    space : dict
        The global names with which all of them run; `make` puts them there.
    file : str
    """

    name: str
    trees: dict[str, ast.FunctionDef]
    space: dict[str, Any]
    file: str

    def make(self, name: str, tree: ast.FunctionDef | None = None) -> Any:
        """Put a function, with another tree perhaps, in its place; return it."""
        module = ast.Module([tree or self.trees[name]], [])
        exec(compile(module, self.file, "exec"), self.space)
        return self.space[name]

    def at(self, line: int) -> ast.stmt | None:
        """Return the innermost statement that stands in a line of the file."""
        inside = [
            node
            for tree in self.trees.values()
            for node in ast.walk(tree)
            if isinstance(node, ast.stmt)
            and node is not tree
            and node.lineno <= line <= (node.end_lineno or node.lineno)
        ]
        return inside[-1] if inside else None

    def whole(self) -> Any:
        """Put all functions in their places; return the one that was asked for."""
        for name in self.trees:
            self.make(name)
        return self.space[self.name]


def users_functions(f: Callable[..., Any]) -> list[FunctionType]:
    """Return a function and those of its file that it calls by their names, itself first.

    Of a method, those of its class come with it. What is not written in Python has none.
    """
    found: dict[str, FunctionType] = {}
    own: Any = inspect.unwrap(f)
    if not isinstance(own, (FunctionType, MethodType)) and not isinstance(own, type):
        own = getattr(own, "__call__", own)  # noqa: B004 - an object that is called
    waiting: list[Any] = [own]
    if isinstance(own, MethodType):
        others = inspect.getmembers(type(own.__self__), inspect.isfunction)
        waiting = [own.__func__, *(g for _, g in others if g.__module__ == own.__module__)]
    while waiting:
        g: Any = waiting.pop(0)
        if not isinstance(g, FunctionType) or g.__name__ in found:
            continue
        found[g.__name__] = g
        closed = inspect.getclosurevars(g).nonlocals
        for name in _names_in(g.__code__):
            other = closed.get(name, g.__globals__.get(name))
            other = inspect.unwrap(other) if isinstance(other, FunctionType) else other
            own = g.__code__.co_filename
            if isinstance(other, FunctionType) and other.__code__.co_filename == own:
                waiting.append(other)
    return list(found.values())


def _names_in(code: CodeType) -> Iterator[str]:
    yield from (*code.co_names, *code.co_freevars)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_in(constant)


def written(f: Callable[..., Any]) -> Written | None:
    """Return what can be read of a function; None where there is no source, as in a prompt.

    A method is bound to its object, and cannot be made again without it.
    """
    if not isinstance(inspect.unwrap(f), FunctionType):
        return None
    trees: dict[str, ast.FunctionDef] = {}
    space: dict[str, Any] = {}
    own = users_functions(f)
    for g in own:
        tree = _tree(g)
        if tree is not None:
            trees[tree.name] = tree
        space |= {**g.__globals__, **space, **inspect.getclosurevars(g).nonlocals}
    if not own or own[0].__name__ not in trees:
        return None
    return Written(own[0].__name__, trees, space, own[0].__code__.co_filename)


def _tree(f: FunctionType) -> ast.FunctionDef | None:
    """Return the tree of a function, with the line numbers of its file."""
    try:
        module = ast.parse(textwrap.dedent(inspect.getsource(f)))
    except (OSError, TypeError, SyntaxError):
        return None
    found = next((n for n in ast.walk(module) if isinstance(n, ast.FunctionDef)), None)
    if found is None or found.name != f.__name__:
        return None
    ast.increment_lineno(module, f.__code__.co_firstlineno - 1)
    found.decorator_list = []
    return found


def targets(statement: ast.AST) -> list[str]:
    """Return the names that a statement gives a value, keys such as ``grads["dW1"]`` among them."""
    if isinstance(statement, (ast.AugAssign, ast.AnnAssign, ast.For)):
        places: list[ast.expr] = [statement.target]
    else:
        places = getattr(statement, "targets", [])
    found = []
    for place in places:
        for item in place.elts if isinstance(place, (ast.Tuple, ast.List)) else [place]:
            key = item.slice if isinstance(item, ast.Subscript) else None
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                found.append(key.value)
                continue
            while isinstance(item, (ast.Subscript, ast.Starred)):
                item = item.value
            if isinstance(item, ast.Name):
                found.append(item.id)
    return found


# -- arrays that a loop fills ----------------------------------------------------------------------


def storing(f: Callable[..., Any]) -> Callable[..., Any] | None:
    """Return a function whose stores into arrays are recorded; None where it cannot be read.

    ``Z[i] = z`` becomes ``Z = stored(Z, i, z)``, which makes a new array of a plain one. A program
    that reads the old one by another name computes something else then: compare the results.
    """
    found = written(f)
    if found is None:
        return None
    for tree in found.trees.values():
        _Storing().visit(tree)
        ast.fix_missing_locations(tree)
    found.space |= {"__stored__": _stored, "__index__": _Index()}
    return found.whole()  # type: ignore[no-any-return]


class _Index:
    def __getitem__(self, index: Any) -> Any:
        return index


def _stored(base: Any, index: Any, value: Any) -> Any:
    """Return an array with a value in one place; dicts and lists are changed as they are."""
    if isinstance(base, np.ndarray) and not _tracks(value):
        base[index] = value
        return base
    if isinstance(base, (np.ndarray, Tensor)):
        return at(base if isinstance(base, Tensor) else Tensor(base.copy()), index).set(value)
    base[index] = value
    return base


def _tracks(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(_tracks(v) for v in value)
    return isinstance(value, Tensor) and value.requires_grad


class _Storing(ast.NodeTransformer):
    """Make a new value of what a statement changes in place."""

    def visit_Assign(self, node: ast.Assign) -> Any:
        if len(node.targets) != 1 or not isinstance(node.targets[0], ast.Subscript):
            return node
        return self.changed(node, node.targets[0], node.value)

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        before = ast.parse(ast.unparse(node.target), mode="eval").body
        value = ast.BinOp(before, node.op, node.value)
        if isinstance(node.target, ast.Subscript):
            return self.changed(node, node.target, value)
        return ast.copy_location(ast.Assign([node.target], value), node)

    def changed(self, node: ast.stmt, target: ast.Subscript, value: ast.expr) -> ast.stmt:
        base = ast.parse(ast.unparse(target.value), mode="eval").body
        place = ast.parse(ast.unparse(target.value), mode="eval").body
        if not isinstance(place, (ast.Name, ast.Attribute, ast.Subscript)):
            return node
        place.ctx = ast.Store()
        index = ast.Subscript(ast.Name("__index__", ast.Load()), target.slice, ast.Load())
        call = ast.Call(ast.Name("__stored__", ast.Load()), [base, index, value], [])
        made = ast.copy_location(ast.Assign([place], call), node)
        for inner in ast.walk(made):
            if isinstance(inner, (ast.expr, ast.stmt)):
                ast.copy_location(inner, node)
        return made
