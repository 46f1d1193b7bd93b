"""Functions as a user wrote them: read from their source, and made again with a change.

A function is made again together with the functions of its own file that it calls, so that a change
may be in any of them. Their lines keep the numbers that they have in the file.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from dataclasses import dataclass, field
from types import CodeType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.ops.indexing import at
from autograd.tensor import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = [
    "Written", "objects_of", "reaches_outside", "storing", "targets", "users_functions", "written",
]  # fmt: skip

from_engine = True


@dataclass
class Written:
    """A function whose source can be read, with those that it calls.

    Attributes
    ----------
    name : str
        Of the function; "Net.backward" of a method.
    trees : dict of str to FunctionDef
        Its own tree and those of functions and methods of its file that it uses, by their names.
    space : dict
        The global names with which all of them run; `make` puts functions there, and methods into
        their classes, until `restore`.
    file : str
    owners : dict of str to type
        The classes of methods.
    defaults : dict of str to pair
        What arguments are by default, of each.
    bound : object
        What the function is a method of, if it was given so.
    """

    name: str
    trees: dict[str, ast.FunctionDef]
    space: dict[str, Any]
    file: str
    owners: dict[str, type]
    defaults: dict[str, tuple[Any, Any]]
    bound: Any = None
    before: dict[str, Any] = field(default_factory=dict)
    made: dict[str, Any] = field(default_factory=dict)  # the latest of each

    def make(self, key: str, tree: ast.FunctionDef | None = None) -> None:
        """Put a function, with another tree perhaps, in its place."""
        tree = tree or self.trees[key]
        own: dict[str, Any] = {}
        owner = self.owners.get(key)
        body: ast.stmt = tree
        if owner is not None:  # in a class of its name, for the names of private attributes
            body = ast.copy_location(ast.ClassDef(owner.__name__, [], [], [tree], []), tree)
        exec(compile(ast.Module([body], []), self.file, "exec"), self.space, own)
        made = own[tree.name] if owner is None else vars(own[owner.__name__])[tree.name]
        self.made[key] = made
        made.__defaults__, made.__kwdefaults__ = self.defaults[key]
        if owner is None:
            self.space[key] = made
            return
        made.__qualname__ = key
        was = self.before.setdefault(key, owner.__dict__[tree.name])
        setattr(owner, tree.name, staticmethod(made) if isinstance(was, staticmethod) else made)

    def relatives(self, tree: ast.FunctionDef) -> list[ast.FunctionDef]:
        """Return the methods of the class that a function belongs to; a function alone."""
        keys = {id(t): key for key, t in self.trees.items()}
        owner = self.owners.get(keys[id(tree)])
        if owner is None:
            return [tree]
        return [t for key, t in self.trees.items() if self.owners.get(key) is owner]

    @property
    def function(self) -> Any:
        """The function that was asked for, as it was made last."""
        if self.bound is not None:
            return getattr(self.bound, self.trees[self.name].name)
        return self.space[self.name]

    def whole(self) -> Any:
        """Put all functions in their places; return the one that was asked for."""
        for key in self.trees:
            self.make(key)
        return self.function

    def restore(self) -> None:
        """Give classes the methods that they had."""
        for key, was in self.before.items():
            setattr(self.owners[key], self.trees[key].name, was)
        self.before.clear()

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


def users_functions(f: Callable[..., Any], *others: Callable[..., Any]) -> list[FunctionType]:
    """Return a function and those of its file that it uses by their names, itself first.

    Of a class all methods come with it, and of a method those of its class. The classes that other
    functions use belong to it as well: objects of theirs may be in a cache. What is not written in
    Python has none.
    """
    found: dict[str, FunctionType] = {}
    waiting: list[Any] = [_called(f)]
    if isinstance(waiting[0], MethodType):
        waiting = [waiting[0].__func__, type(waiting[0].__self__)]
    if others:
        waiting += [g for other in others for g in _used(_called(other)) if isinstance(g, type)]
    while waiting:
        g: Any = waiting.pop(0)
        if isinstance(g, type):
            waiting += [m for m in map(_plain, vars(g).values()) if isinstance(m, FunctionType)]
        elif isinstance(g, FunctionType) and g.__qualname__ not in found:
            found[g.__qualname__] = g
            waiting += _used(g)
    return list(found.values())


def _called(f: Callable[..., Any]) -> Any:
    """Return the function that runs when something is called."""
    own: Any = inspect.unwrap(f)
    if isinstance(own, (FunctionType, MethodType, type)):
        return own
    return getattr(own, "__call__", own)  # noqa: B004 - an object that is called


def _plain(f: Any) -> Any:
    return f.__func__ if isinstance(f, staticmethod) else f


def _used(g: Any) -> list[Any]:
    """Return the functions and classes of a function's file that it names, or has objects of."""
    g = getattr(g, "__func__", g)
    if not isinstance(g, FunctionType):
        return []
    found: list[Any] = []
    for other in _named(g):
        other = inspect.unwrap(other) if isinstance(other, FunctionType) else other
        other = other if isinstance(other, (FunctionType, type)) else type(other)
        if _file(other) == g.__code__.co_filename and other not in found:
            found.append(other)
    return found


def _named(g: FunctionType) -> Iterator[Any]:
    """Yield what a function names in its file or around it; of lists of objects each."""
    closed = inspect.getclosurevars(g).nonlocals
    for name in _names_in(g.__code__):
        other = closed.get(name, g.__globals__.get(name))
        yield from other if isinstance(other, (list, tuple)) and len(other) < 100 else [other]


def objects_of(functions: Sequence[Callable[..., Any]]) -> list[Any]:
    """Return the objects of classes of their own file that functions name: layers, a model."""
    found: dict[int, Any] = {}
    for f in functions:
        for g in users_functions(f):
            for x in _named(g):
                own = not isinstance(x, type) and _file(type(x)) == g.__code__.co_filename
                if own and hasattr(x, "__dict__"):
                    found[id(x)] = x
    return [*found.values()]


def _file(thing: Any) -> str:
    """Return the file that a function or the methods of a class are written in."""
    if isinstance(thing, type):
        own = (m for m in map(_plain, vars(thing).values()) if isinstance(m, FunctionType))
        return next((m.__code__.co_filename for m in own), "")
    return thing.__code__.co_filename if isinstance(thing, FunctionType) else ""


def _names_in(code: CodeType) -> Iterator[str]:
    yield from (*code.co_names, *code.co_freevars)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_in(constant)


def written(
    f: Callable[..., Any], *others: Callable[..., Any], methods: bool = True
) -> Written | None:
    """Return what can be read of a function; None where there is no source, as in a prompt.

    Classes that other functions use belong to it as well. Without `methods`, functions alone.
    """
    own = _called(f)
    bound = own.__self__ if isinstance(own, MethodType) else None
    if not isinstance(own, FunctionType) and (bound is None or not methods):
        return None
    trees: dict[str, ast.FunctionDef] = {}
    space: dict[str, Any] = {}
    owners: dict[str, type] = {}
    defaults: dict[str, tuple[Any, Any]] = {}
    used = users_functions(f, *others)
    for g in used:
        owner = _owner(g, [own, *others])
        key = g.__qualname__ if owner is not None else g.__name__
        if key in trees or (owner is None and g.__qualname__ != g.__name__ and "." in key):
            continue
        tree = None if owner is not None and not methods else _tree(g)
        if tree is not None:
            trees[key] = tree
            defaults[key] = g.__defaults__, g.__kwdefaults__
            if owner is not None:
                owners[key] = owner
        space |= {**g.__globals__, **space, **inspect.getclosurevars(g).nonlocals}
    name = "" if not used else used[0].__qualname__ if bound is not None else used[0].__name__
    if name not in trees:
        return None
    return Written(name, trees, space, used[0].__code__.co_filename, owners, defaults, bound)


def _owner(g: FunctionType, roots: list[Any]) -> type | None:
    """Return the class that a function is a method of; None for another one.

    A method that reads ``__class__``, as ``super()`` does, is left as it is.
    """
    parts = g.__qualname__.split(".")
    if len(parts) < 2 or parts[-2] == "<locals>":
        return None
    spaces = [g.__globals__, *(inspect.getclosurevars(r).nonlocals for r in map(_bare, roots) if r)]
    for space in spaces:
        owner = space.get(parts[-2])
        if isinstance(owner, type) and _plain(vars(owner).get(g.__name__)) is g:
            return owner
    return None


def _bare(f: Any) -> Any:
    g = getattr(f, "__func__", f)
    return g if isinstance(g, FunctionType) else None


def _tree(f: FunctionType) -> ast.FunctionDef | None:
    """Return the tree of a function, with the line numbers of its file."""
    try:
        module = ast.parse(textwrap.dedent(inspect.getsource(f)))
    except (OSError, TypeError, SyntaxError):
        return None
    found = next((n for n in ast.walk(module) if isinstance(n, ast.FunctionDef)), None)
    if found is None or found.name != f.__name__ or "__class__" in f.__code__.co_freevars:
        return None
    ast.increment_lineno(module, f.__code__.co_firstlineno - 1)
    found.decorator_list = []
    nothing = ast.copy_location(ast.Constant(None), found)  # they are not computed again
    found.args.defaults = [nothing for _ in found.args.defaults]
    found.args.kw_defaults = [x and nothing for x in found.args.kw_defaults]
    return found


_CALLS = {
    "open", "input", "exec", "eval", "save", "savez", "savez_compressed", "savetxt", "tofile",
    "dump",
}  # fmt: skip
_MODULES = {"os", "subprocess", "shutil", "socket", "requests", "urllib", "pickle", "Path"}


def reaches_outside(source: Written) -> str:
    """Return the name by which a function reaches files or other programs; empty if it does not.

    Changed copies of such a function are not run.
    """
    for node in (n for tree in source.trees.values() for n in ast.walk(tree)):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in _CALLS:
                return name
            case ast.Name(id=name) if name in _MODULES:
                return name
    return ""


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
    found = written(f, methods=False)
    if found is None:
        return None
    for tree in found.trees.values():
        _Storing().visit(tree)
        ast.fix_missing_locations(tree)
    found.space |= {"__stored__": _stored, "__index__": _Index(), "__number__": _number}
    try:
        return found.whole()  # type: ignore[no-any-return]
    except Exception:  # such as one with nonlocal
        return None


def _number(x: Any) -> Any:
    """Return what float(x) gives, where nothing is recorded of it."""
    return x if _tracks(x) else float(x)


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

    def visit_Call(self, node: ast.Call) -> Any:
        """Leave float(x) and x.item() out."""
        self.generic_visit(node)
        match node:
            case ast.Call(func=ast.Name(id="float"), args=[x], keywords=[]):
                made = ast.Call(ast.Name("__number__", ast.Load()), [x], [])
            case ast.Call(func=ast.Attribute(value=x, attr="item"), args=[], keywords=[]):
                made = ast.Call(ast.Name("__number__", ast.Load()), [x], [])
            case _:
                return node
        return ast.copy_location(made, node)

    def visit_Assign(self, node: ast.Assign) -> Any:
        self.generic_visit(node)
        if len(node.targets) != 1:
            return node
        target = node.targets[0]
        if isinstance(target, (ast.Tuple, ast.List)):
            return self.unpacked(node, target.elts)
        if not isinstance(target, ast.Subscript):
            return node
        return self.changed(node, target, node.value)

    def unpacked(self, node: ast.Assign, targets: list[ast.expr]) -> Any:
        """Give ``x[0], v[0] = s`` one statement for each, where one of them is a place."""
        if not any(isinstance(t, ast.Subscript) for t in targets) or any(
            not isinstance(t, (ast.Name, ast.Subscript)) for t in targets
        ):
            return node
        names = [f"__{i}__" for i in range(len(targets))]
        first = ast.Assign(
            [ast.Tuple([ast.Name(n, ast.Store()) for n in names], ast.Store())], node.value
        )
        made: list[ast.stmt] = [ast.copy_location(first, node)]
        for target, name in zip(targets, names, strict=True):
            value = ast.Name(name, ast.Load())
            each = ast.copy_location(ast.Assign([target], value), node)
            place = target if isinstance(target, ast.Subscript) else None
            made.append(each if place is None else self.changed(each, place, value))
        for inner in (n for statement in made for n in ast.walk(statement)):
            if isinstance(inner, (ast.expr, ast.stmt)):
                ast.copy_location(inner, node)
        return made

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        self.generic_visit(node)
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
