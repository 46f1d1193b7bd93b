"""What people write by mistake in a line of a backward function, and what makes it right again.

Each change is one of an expression or of a statement: another operator, name, key, index, number,
axis or function, a factor, a term or a transposition more or less. Those that are a slip of the pen
cost least.
"""

from __future__ import annotations

import ast
import copy
import itertools
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.written import targets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from autograd.captured import Pair
    from autograd.written import Written

__all__ = [
    "Change", "Pool", "changes", "names_in", "numbers_in", "products_of", "said", "scalars_of",
    "words_of",
]  # fmt: skip

from_engine = True

_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.MatMult)
_COMPARISONS = (ast.Gt, ast.GtE, ast.Lt, ast.LtE)
_PAIRS = [
    ("sum", "mean"), ("dot", "multiply"), ("maximum", "minimum"), ("max", "min"), ("cosh", "sinh"),
    ("argmax", "argmin"), ("zeros_like", "ones_like"), ("sin", "cos"), ("exp", "log"),
    ("matmul", "multiply"), ("inner", "outer"), ("vstack", "hstack"),
]  # fmt: skip
_FUNCTIONS = {a: b for pair in _PAIRS for a, b in (pair, pair[::-1])}
_IN_PLACE = (ast.Add, ast.Sub)
_SUMS = {"sum", "mean", "max", "min", "prod"}


class Change(NamedTuple):
    """One change of one statement."""

    kind: str
    sentence: str | tuple[ast.AST, ast.AST]  # or what is replaced by what
    after: list[ast.stmt]
    cost: int = 1
    value: ast.expr | None = None  # where nothing else of the statement is changed


class Pool:
    """What may stand in a function: its names, keys, and the expressions it is made of."""

    def __init__(
        self,
        tree: ast.FunctionDef,
        source: Written,
        texts: set[str],
        scalars: dict[str, ast.expr],
        pair: Pair,
        forward: Sequence[ast.expr] = (),
    ) -> None:
        kinds, entries = pair.kinds, pair.entries
        self.kinds = kinds
        self.parameters = {*pair.names}
        names = [a.arg for a in (*tree.args.posonlyargs, *tree.args.args, *tree.args.kwonlyargs)]
        names += [
            n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
        ]
        self.names = list(dict.fromkeys(names))
        self.words = sorted(texts)
        functions = [n for n in source.trees if "." not in n and n not in (source.name, tree.name)]
        self.functions = functions
        values: dict[str, ast.expr] = {n: ast.Name(n, ast.Load()) for n in self.names}
        products: dict[str, ast.expr] = {}
        for node in ast.walk(tree):
            loads = isinstance(getattr(node, "ctx", None), ast.Load)
            if isinstance(node, ast.Subscript) and loads and _is_flat(node):
                values.setdefault(ast.unparse(node), node)
            match node:
                case ast.BinOp(op=op) if not isinstance(op, ast.MatMult):
                    if sum(1 for _ in ast.walk(node)) < 30:
                        products.setdefault(ast.unparse(node), node)
            if isinstance(node, ast.Compare):
                products.setdefault(ast.unparse(node), node)
        called = {id(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}
        for node in (n for t in source.relatives(tree) for n in ast.walk(t)):
            match node:
                case ast.Attribute(value=ast.Name(id=of), attr=attr, ctx=ast.Load()):
                    known = of in self.names and attr not in _OF_ARRAYS
                    if known and id(node) not in called:
                        values.setdefault(ast.unparse(node), node)
        for name in self.names:  # parameters["gamma"], which may not have been used at all
            for key in entries.get(name, ()):
                node = ast.Subscript(ast.Name(name, ast.Load()), ast.Constant(key), ast.Load())
                values.setdefault(ast.unparse(node), node)
        self.indices = {
            ast.unparse(n.slice): n.slice
            for n in ast.walk(tree)
            if isinstance(n, ast.Subscript) and isinstance(n.slice, (ast.Tuple, ast.Slice))
        }
        self.values = values
        self.products = products
        for whole in forward:
            if names_in(whole) <= {*self.names, "np"}:
                products.setdefault(ast.unparse(whole), whole)
        arrays = list(values.values())
        one = ast.Constant(1)
        self.factors: list[ast.expr] = [*products.values()]
        for v in arrays:
            less = ast.BinOp(one, ast.Sub(), v)
            square = ast.BinOp(v, ast.Pow(), ast.Constant(2))
            self.factors += [
                ast.BinOp(one, ast.Sub(), square),
                ast.BinOp(v, ast.Mult(), less),
                ast.Compare(v, [ast.Gt()], [ast.Constant(0)]),
                less,
                _of_numpy("sign", v),
            ]
        all_, new = ast.Slice(None, None, None), ast.Constant(None)
        for k, v in values.items():
            if any(isinstance(shape, tuple) and len(shape) == 1 for shape in kinds.get(k, ())):
                index = ast.Tuple([all_, new], ast.Load())
                self.factors.append(ast.Subscript(v, index, ast.Load()))
        for s in (v for k, v in values.items() if f"1 - {k}" in products):  # of a σ(a)
            slope = ast.BinOp(s, ast.Mult(), ast.BinOp(one, ast.Sub(), s))
            for a in arrays:
                self.factors.append(ast.BinOp(s, ast.Add(), ast.BinOp(a, ast.Mult(), slope)))
        numbers = {int, float, ()}
        self.scalars = {  # a name says more than an expression
            k: v
            for k, v in values.items()
            if k.lower() in _SCALARS or (kinds.get(k) and kinds[k] <= numbers)
        }
        for n in ast.walk(tree):
            if isinstance(n, ast.Assign) and _is_scalar(n.value):
                self.scalars |= {
                    t.id: ast.Name(t.id, ast.Load()) for t in n.targets if isinstance(t, ast.Name)
                }
        self.scalars |= {k: v for k, v in scalars.items() if k not in self.scalars}
        for name in (n for n in self.names if n in pair.labels):  # lengths that nobody has named
            if any(isinstance(shape, tuple) and len(shape) == 2 for shape in kinds.get(name, ())):
                for axis in ("0", "1"):
                    text = f"{name}.shape[{axis}]"
                    self.scalars.setdefault(text, ast.parse(text, mode="eval").body)
        # Of lengths, where a root is taken: attention divides by √d.
        takes = any("sqrt(" in ast.unparse(node) for node in (*forward, tree))
        self.roots = [_of_numpy("sqrt", s) for s in self.scalars.values()] if takes else []
        self.terms: list[ast.expr] = []
        parameters = [v for k, v in values.items() if "W" in k or k in ("w", "u", "v", "U", "V")]
        strengths = [v for k, v in self.scalars.items() if k.lower() in _SCALARS]
        lengths = [v for k, v in self.scalars.items() if k.lower() not in _SCALARS]
        for s, w in itertools.product(strengths, parameters):
            whole = ast.BinOp(s, ast.Mult(), w)
            self.terms += [whole, ast.BinOp(ast.Constant(2), ast.Mult(), whole)]
            self.terms += [ast.BinOp(ast.BinOp(s, ast.Div(), n), ast.Mult(), w) for n in lengths]
        self.terms += [*products.values(), *arrays]
        self.slopes = {k: v for k, v in values.items() if k[:1] in "dg"}
        some = itertools.product(self.slopes.values(), lengths)
        self.terms += [ast.BinOp(d, ast.Div(), n) for d, n in some]
        self.functions_of_one = _functions_of_one(source)

    def products_of_shape(self, shapes: set[Any]) -> Iterator[ast.expr]:
        """Yield W.T @ dZ and the like: products of two arrays that have one of some shapes."""
        arrays = [
            (v, shape)
            for k, v in self.values.items()
            for shape in self.kinds.get(k, ())
            if isinstance(shape, tuple) and 0 < len(shape) < 3
        ]
        arrays.sort(key=lambda one: -len(one[1]))  # Kᵀ @ v rather than v @ K
        for (a, of_a), (b, of_b) in itertools.product(arrays, arrays):
            if a is b or max(len(of_a), len(of_b)) < 2:
                continue
            for left, turned in ((_transposed(a), of_a[::-1]), (a, of_a)):
                for right, other in ((b, of_b), (_transposed(b), of_b[::-1])):
                    flat = (left is not a and len(of_a) == 1) or (right is not b and len(of_b) == 1)
                    if not flat and turned[-1] == other[0] and (*turned[:-1], *other[1:]) in shapes:
                        yield ast.BinOp(left, ast.MatMult(), right)

    def slopes_times_values(self, shapes: set[Any]) -> Iterator[ast.expr]:
        """Yield dz * w and the like, of the slopes that have one of some shapes."""
        for (d, slope), (k, value) in itertools.product(self.slopes.items(), self.values.items()):
            theirs = self.kinds.get(d, set()) & shapes
            fits = any(_fits(shape, s) for shape in self.kinds.get(k, ()) for s in theirs)
            if d != k and fits:
                yield ast.BinOp(slope, ast.Mult(), value)


def _fits(shape: Any, other: Any) -> bool:
    """Return whether an array of a shape can be broadcast to another one."""
    if not isinstance(shape, tuple) or not isinstance(other, tuple) or len(shape) > len(other):
        return False
    return all(a in (1, b) for a, b in zip(shape[::-1], other[::-1], strict=False))


def products_of(source: Written) -> list[ast.expr]:
    """Return the products of the forward pass, and what is multiplied there."""
    found: dict[str, ast.expr] = {}
    for tree in source.trees.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div)):
                for whole in (node, node.left, node.right):
                    if isinstance(whole, (ast.BinOp, ast.Subscript, ast.Compare)):
                        found.setdefault(ast.unparse(whole), whole)
    return [node for node in found.values() if sum(1 for _ in ast.walk(node)) < 30]


def names_in(node: ast.AST) -> set[str]:
    """Return the names in a tree."""
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def _functions_of_one(source: Written) -> list[ast.expr]:
    """Return the functions of one value that are called: np.tanh, sigmoid."""
    found: dict[str, ast.expr] = {}
    for tree in source.trees.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
                name = ast.unparse(node.func)
                if name.removeprefix("np.") in _OF_ONE or name in source.trees:
                    found.setdefault(name, node.func)
    return [*found.values()]


_OF_ONE = {"tanh", "exp", "log", "sqrt", "sin", "cos", "sinh", "cosh", "abs", "sign", "square"}


_OF_ARRAYS = {"T", "shape", "size", "ndim", "dtype"}  # and no value of an object
_SCALARS = {
    "lam", "lambd", "lambda_", "lmbda", "lmbd", "reg", "reg_strength", "l2", "weight_decay", "wd",
    "decay",
}  # fmt: skip


def _of_numpy(name: str, x: ast.expr) -> ast.expr:
    """Return np.sign(x) and the like."""
    return ast.Call(ast.Attribute(ast.Name("np", ast.Load()), name, ast.Load()), [x], [])


def words_of(source: Written) -> set[str]:
    """Return the words that functions compare or look up: keys, and names such as "relu"."""
    found = [n for tree in source.trees.values() for n in ast.walk(tree)]
    texts = {n.value for n in found if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    return {t for t in texts if t.isidentifier()}


def scalars_of(source: Written) -> dict[str, ast.expr]:
    """Return the numbers that functions use: lengths, and names of the file that are numbers."""
    found: dict[str, ast.expr] = {}
    for tree in source.trees.values():
        for node in ast.walk(tree):
            match node:
                case ast.Name(id=name, ctx=ast.Load()):
                    if isinstance(source.space.get(name), (int, float)):
                        found.setdefault(name, node)
            if isinstance(node, ast.expr) and _is_scalar(node):
                found.setdefault(ast.unparse(node), node)
    return found


def numbers_in(source: Written) -> dict[str, ast.expr]:
    """Return the numbers that functions have in products and quotients: the 0.8 of A / 0.8."""
    found: dict[str, ast.expr] = {}
    for tree in source.trees.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div)):
                numbers = (x for x in (node.left, node.right) if isinstance(x, ast.Constant))
                for x in numbers:
                    if isinstance(x.value, (int, float)) and x.value not in (0, 1, 2):
                        found.setdefault(ast.unparse(x), x)
    return found


def _is_scalar(node: ast.expr) -> bool:
    """Return whether an expression is a length: len(y), y.size, X.shape[1]."""
    match node:
        case ast.Call(func=ast.Name(id="len")) | ast.Attribute(attr="size"):
            return True
        case ast.Subscript(value=ast.Attribute(attr="shape"), slice=ast.Constant()):
            return True
    return False


def _is_flat(node: ast.Subscript) -> bool:
    return isinstance(node.value, (ast.Name, ast.Subscript)) and not any(
        isinstance(n, ast.Slice) for n in ast.walk(node)
    )


# -- changes ---------------------------------------------------------------------------------------


def changes(statement: ast.stmt, pool: Pool, cost: int) -> Iterator[Change]:
    """Yield the changes of a statement that have a cost, from 1 to 5."""
    if cost < 4:
        yield from (change for change in _small(statement, pool) if change.cost == cost)
    else:
        yield from _large(statement, pool) if cost == 4 else _inner(statement, pool)


def _small(statement: ast.stmt, pool: Pool) -> Iterator[Change]:
    """Yield a statement with one small change each."""
    yield from _whole(statement, pool)
    value: Any = getattr(statement, "value", None)
    # Where nothing is computed, and nothing compared.
    if isinstance(statement, ast.Assign) and _is_taken(value) and not _is_masked(statement):
        yield from _replacing(statement, _one_off, 1)  # the likeliest slip where a cache is read
        price = 2 if _is_scalar(value) else 3
        yield from _replacing(statement, lambda node: _taken_otherwise(node, pool), price)
        yield from _everywhere(statement, pool)
        return
    yield from _replacing(statement, lambda node: _expressions_for(node, pool))
    yield from _replacing(statement, lambda node: _of_other_shapes(node, pool), 3)
    yield from _everywhere(statement, pool)
    if isinstance(statement, (ast.Assign, ast.AugAssign, ast.Return)) and value is not None:
        for kind, new, cost in _wraps(value, pool):
            yield _with_value(statement, value, new, kind, cost)


def _is_masked(statement: Any) -> bool:
    """Return whether a statement stores where something holds: dZ[Z <= 0] = 0."""
    return any(isinstance(n, ast.Compare) for t in statement.targets for n in ast.walk(t))


def _one_off(node: Any) -> Iterator[tuple[str, ast.expr]]:
    """Yield a part of a list that is one before, or one further: caches[l - 1] for caches[l]."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, (ast.Name, ast.BinOp)):
        for by in (-1, 1):
            yield "operand", ast.Subscript(node.value, _moved(node.slice, by), node.ctx)


def _everywhere(statement: ast.stmt, pool: Pool) -> Iterator[Change]:
    """Yield a statement in which what is there twice is something else in all places."""
    if hasattr(statement, "body"):  # of a loop or a branch each statement is tried by itself
        return
    yield from _axes_everywhere(statement)
    yield from _indices_everywhere(statement)
    loads = [n for n in ast.walk(statement) if isinstance(n, ast.Name) and n.id in pool.names]
    twice = Counter(n.id for n in loads if isinstance(n.ctx, ast.Load))
    for a, b in itertools.combinations(list(twice)[:8], 2):
        if {*pool.kinds.get(a, ())} & {*pool.kinds.get(b, ())}:
            one, two = ast.Name(a, ast.Load()), ast.Name(b, ast.Load())
            made = _Renamed(a, two, b, one).visit(ast.parse(ast.unparse(statement)).body[0])
            yield Change("operand", (one, two), [made], 3, getattr(made, "value", None))
    for name in (name for name, n in twice.items() if n > 1):
        own = ast.Name(name, ast.Load())
        new: list[ast.expr] = [v for _, v in _other_values(own, pool)]
        if int in pool.kinds.get(name, ()):
            scalars = [s for s in pool.scalars.values() if isinstance(s, ast.Name)]
            new += [ast.BinOp(own, op, s) for s in scalars for op in (ast.Mult(), ast.Add())]
            new += [_moved(own, 1), _moved(own, -1)]
        text = ast.unparse(statement) if new else ""
        for value in new:
            made = _Renamed(name, value).visit(ast.parse(text).body[0])
            yield Change("operand", (own, value), [made], 3, getattr(made, "value", None))


def _axes_everywhere(statement: ast.stmt) -> Iterator[Change]:
    """Yield a statement whose sums all run over another axis."""
    words = [n for n in ast.walk(statement) if isinstance(n, ast.keyword) and n.arg == "axis"]
    old = {ast.unparse(word.value): word.value for word in words}
    if len(words) < 2 or len(old) > 1:
        return
    (own,) = old.values()
    for axis in (0, 1, -1):
        if ast.unparse(own) == str(axis):
            continue
        made = copy.deepcopy(statement)
        new = ast.Constant(axis)
        for n in ast.walk(made):
            if isinstance(n, ast.keyword) and n.arg == "axis":
                n.value = new
        yield Change("sum", (own, new), [made], 3, getattr(made, "value", None))


def _indices_everywhere(statement: ast.stmt) -> Iterator[Change]:
    """Yield a statement without an index that is there twice."""
    parts = [n for n in ast.walk(statement) if isinstance(n, ast.Subscript)]
    twice = Counter(ast.unparse(n.slice) for n in parts if isinstance(n.ctx, ast.Load))
    for text in (text for text, n in twice.items() if n > 1):
        made = _Bare(text).visit(copy.deepcopy(statement))
        old = next(n for n in parts if ast.unparse(n.slice) == text)
        yield Change("operand", (old, old.value), [made], 3, getattr(made, "value", None))


class _Bare(ast.NodeTransformer):
    """Take an index away."""

    def __init__(self, text: str) -> None:
        self.text = text

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        self.generic_visit(node)
        is_it = isinstance(node.ctx, ast.Load) and ast.unparse(node.slice) == self.text
        return node.value if is_it else node


class _Renamed(ast.NodeTransformer):
    """Put a value in the place of a name, and maybe another one in that of another name."""

    def __init__(self, name: str, value: ast.expr, other: str = "", its: Any = None) -> None:
        self.values = {name: value, other: its}

    def visit_Name(self, node: ast.Name) -> ast.expr:
        is_it = node.id in self.values and isinstance(node.ctx, ast.Load)
        return copy.deepcopy(self.values[node.id]) if is_it else node


def _computed(statement: ast.stmt) -> ast.expr | None:
    """Return the value of a statement, if it is one that is computed."""
    if not isinstance(statement, (ast.Assign, ast.AugAssign, ast.Return, ast.Expr)):
        return None
    taken = isinstance(statement, ast.Assign) and _is_taken(statement.value)
    return None if taken else statement.value


def _large(statement: ast.stmt, pool: Pool) -> Iterator[Change]:
    """Yield a statement whose value is multiplied or added to, or has another factor."""
    value = _computed(statement)
    if value is None:
        return
    chain = _chain(value)
    for i, j in itertools.combinations(range(1, len(chain) + 1), 2):
        if j - i <= 2:  # one or two factors are another one
            for factor in pool.factors:
                new = _product([*chain[:i], factor, *chain[j:]])
                yield _with_value(statement, value, new, "factor")
    arrays = [x for x in chain if isinstance(x, (ast.Name, ast.Subscript))]
    for (a, g), axis in itertools.product(itertools.permutations(arrays, 2), (0, 1, -1)):
        new = _softmax_pulled(a, g, axis)  # of which the diagonal alone is often taken
        yield _with_value(statement, value, new, "path")
    own = [n for n in ast.walk(value) if isinstance(n, ast.Name) and n.id in pool.slopes]
    for g, f, axis in itertools.product(own, pool.values.values(), (0, 1, -1)):
        if not {*pool.kinds.get(ast.unparse(f), ())}.isdisjoint(pool.kinds.get(g.id, ())):
            path = next(p for p, n in _expressions(statement, ()) if n is g)
            made = _rebuilt(statement, path, _projected(g, f, axis))
            yield Change("path", (statement, made), [made], 4, made.value)
    shapes = {k for name in targets(statement) for k in pool.kinds.get(name, ())}
    for product in pool.products_of_shape(shapes):
        yield _with_value(statement, value, ast.BinOp(value, ast.Add(), product), "path")
    for product, op in itertools.product(pool.slopes_times_values(shapes), (ast.Add(), ast.Sub())):
        yield _with_value(statement, value, ast.BinOp(value, op, product), "path")
    for factor in pool.factors:
        yield _with_value(statement, value, ast.BinOp(value, ast.Mult(), factor), "factor")
    for term, op in itertools.product(pool.terms, (ast.Add(), ast.Sub())):
        yield _with_value(statement, value, ast.BinOp(value, op, term), "term")
    for text, factor in pool.values.items():  # a mask, and what it is divided by
        if any(_fits(shape, s) for shape in pool.kinds.get(text, ()) for s in shapes if shape):
            whole = ast.BinOp(value, ast.Mult(), factor)
            for scalar in pool.scalars.values():
                yield _with_value(statement, value, ast.BinOp(whole, ast.Div(), scalar), "factor")


def _inner(statement: ast.stmt, pool: Pool) -> Iterator[Change]:
    """Yield a statement with something inside of its expression multiplied or added to."""
    value = _computed(statement)
    if value is None:
        return

    def inside(node: Any) -> Iterator[tuple[str, Any]]:
        loads = isinstance(getattr(node, "ctx", None), ast.Load)
        short = isinstance(node, (ast.Name, ast.Subscript)) and loads
        if short and ast.unparse(node) not in pool.scalars:
            yield "factor", ast.BinOp(node, ast.Pow(), ast.Constant(3))
        if short or isinstance(node, (ast.Constant, ast.Call)):
            for scalar in pool.scalars.values():
                for op in (ast.Mult(), ast.Div()):
                    yield "scale", ast.BinOp(node, op, scalar)
                yield "term", ast.BinOp(node, ast.Add(), scalar)
                yield "operand", scalar
        if short or isinstance(node, ast.Call):
            for other in pool.values.values():
                yield "factor", ast.BinOp(node, ast.Mult(), other)
        if short or isinstance(node, (ast.BinOp, ast.Call)):
            for function in ("sign", "exp"):
                yield "factor", _of_numpy(function, node)
            yield "term", ast.BinOp(node, ast.Sub(), ast.Constant(1))
            yield "term", ast.BinOp(node, ast.Add(), ast.Constant(1))
            if node is not value:
                for factor in pool.factors:
                    yield "factor", ast.BinOp(node, ast.Mult(), factor)
                for term in pool.terms:
                    yield "term", ast.BinOp(node, ast.Add(), term)
                for other in pool.values.values():
                    yield "term", ast.BinOp(node, ast.Sub(), other)
            for product in pool.products.values():
                yield "factor", product

    yield from _replacing(statement, inside, 5)


def _is_taken(value: ast.expr) -> bool:
    """Return whether an expression only takes values: X.shape[1], cache["A1"], (a, b)."""
    if isinstance(value, ast.Tuple):
        return all(_is_taken(v) for v in value.elts)
    return _is_scalar(value) or isinstance(value, (ast.Subscript, ast.Constant))


def _taken_otherwise(node: Any, pool: Pool) -> Iterator[tuple[str, Any]]:
    yield from _other_values(node, pool)
    if isinstance(node, ast.Subscript):
        yield from _indices(node, pool)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield from (("operand", ast.Constant(w)) for w in pool.words if w != node.value)


def _chain(value: ast.expr) -> list[ast.expr]:
    """Return the factors of a product."""
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Mult):
        return [*_chain(value.left), value.right]
    return [value]


def _softmax_pulled(a: ast.expr, g: ast.expr, axis: int) -> ast.expr:
    """Return a * (g - (g * a).sum(axis=axis, keepdims=True))."""
    both = ast.BinOp(g, ast.Mult(), a)
    words = [ast.keyword("axis", ast.Constant(axis)), ast.keyword("keepdims", ast.Constant(True))]
    whole = ast.Call(ast.Attribute(both, "sum", ast.Load()), [], words)
    return ast.BinOp(a, ast.Mult(), ast.BinOp(g, ast.Sub(), whole))


def _projected(g: ast.expr, f: ast.expr, axis: int) -> ast.expr:
    """Return g - f * (f * g).sum(axis, keepdims=True), of what has length 1 along an axis."""
    words = [ast.keyword("axis", ast.Constant(axis)), ast.keyword("keepdims", ast.Constant(True))]
    both = ast.Attribute(ast.BinOp(f, ast.Mult(), g), "sum", ast.Load())
    return ast.BinOp(g, ast.Sub(), ast.BinOp(f, ast.Mult(), ast.Call(both, [], words)))


def _product(factors: list[ast.expr]) -> ast.expr:
    found = factors[0]
    for factor in factors[1:]:
        found = ast.BinOp(found, ast.Mult(), factor)
    return found


def _with_value(statement: Any, value: ast.expr, new: ast.expr, kind: str, cost: int = 4) -> Change:
    made = copy.copy(statement)
    made.value = new
    return Change(kind, (value, new), [made], cost, new)


def said(sentence: str | tuple[ast.AST, ast.AST]) -> str:
    """Return the sentence of a change."""
    if isinstance(sentence, str):
        return sentence
    old, new = sentence
    return f"{ast.unparse(old)} should be {ast.unparse(new)}"


def _whole(statement: ast.stmt, pool: Pool) -> Iterator[Change]:
    """Yield what may stand in the place of a whole statement."""
    if isinstance(statement, (ast.Assign, ast.AugAssign)):
        for name in {*targets(statement)} & pool.parameters:
            said = f"{name} is updated before it is used; update when all gradients are there"
            if isinstance(statement, ast.AugAssign) or name in ast.unparse(statement.value):
                yield Change("operand", said, [ast.Pass()])
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
        if isinstance(target, (ast.Name, ast.Subscript)):
            for op in (*_IN_PLACE, ast.Mult):
                made: ast.stmt = ast.AugAssign(target, op(), statement.value)
                said = "it overwrites what was there, and should be added to it"
                if op is ast.Mult:
                    said = "it overwrites what was there, and should multiply it"
                yield Change("path" if op in _IN_PLACE else "factor", said, [made])
    target = getattr(statement, "target", getattr(statement, "targets", [None])[0])
    if isinstance(target, ast.Subscript) and isinstance(statement, (ast.Assign, ast.AugAssign)):
        base = ast.parse(ast.unparse(target.value), mode="eval").body
        where = ast.Attribute(
            ast.Attribute(ast.Name("np", ast.Load()), "add", ast.Load()), "at", ast.Load()
        )
        call = ast.Call(where, [base, target.slice, statement.value], [])
        said = "a place that is there twice gets one of the two only: np.add.at adds both"
        yield Change("path", said, [ast.Expr(call)])
    if isinstance(statement, ast.Assign) and isinstance(target, ast.Subscript):
        for axis in (1, 0):  # what is taken from a row for all of its others
            total = ast.parse(f"-{ast.unparse(target.value)}.sum(axis={axis})", mode="eval").body
            yield _with_value(statement, statement.value, total, "sum", 3)
    if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
        own = pool.kinds.get(statement.target.id, set())
        for name in pool.names:  # what was taken in another order goes back to its places
            if name != statement.target.id and pool.kinds.get(name, set()) & own:
                base = ast.Name(statement.target.id, ast.Load())
                place = ast.Subscript(base, ast.Name(name, ast.Load()), ast.Store())
                made = ast.AugAssign(place, statement.op, statement.value)
                yield Change("operand", (statement.target, place), [made], 3)
    if isinstance(statement, ast.AugAssign):
        said = "it is added to what was there, and should take its place"
        yield Change("term", said, [ast.Assign([statement.target], statement.value)])
        for kind in (ast.Add, ast.Sub, ast.Mult, ast.Div):
            if not isinstance(statement.op, kind):
                made = ast.AugAssign(statement.target, kind(), statement.value)
                sign = isinstance(statement.op, _IN_PLACE) and kind in _IN_PLACE
                yield Change("sign" if sign else "scale", (statement, made), [made])
    if isinstance(statement, (ast.AugAssign, ast.Expr)):
        yield Change("term", f"{ast.unparse(statement)} should not be there", [ast.Pass()])
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Subscript):
        yield Change("term", f"{ast.unparse(statement)} should not be there", [ast.Pass()])


def _replacing(
    statement: ast.stmt,
    changes: Callable[[Any], Iterable[tuple[str, Any]]],
    price: int | None = None,
) -> Iterator[Change]:
    """Yield copies of a statement in which one expression is another."""
    for path, node in _expressions(statement, ()):
        for kind, new in changes(node):
            made = _rebuilt(statement, path, new)
            value = made.value if path[0] == ("value", None) else None
            cost = _cost(node, new) if price is None else price
            yield Change(kind, (node, new), [made], cost, value)


def _cost(old: ast.AST, new: ast.AST) -> int:
    """Return how unlikely it is that one was written for the other: 1 for a slip of the pen."""
    if isinstance(old, ast.Name) and isinstance(new, ast.Name):
        return 2
    if isinstance(old, ast.Subscript) and isinstance(new, ast.Subscript):
        return 2
    if isinstance(old, (ast.Name, ast.Subscript)):
        return 3  # a value with another expression in its place
    if isinstance(old, ast.BinOp) and new in (old.left, old.right):
        return 2
    if isinstance(new, ast.BinOp) and new.left is old:
        return 3  # twice, or half of it
    if isinstance(new, ast.Constant) and new.value == 0:
        return 2  # after what is left of x + 1 without the 1
    return 1


def _expressions(node: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Yield the expressions of a statement with the fields that lead to them, outer ones first."""
    level = [(path, node)]
    while level:
        below = []
        for at, parent in level:
            for name, value in ast.iter_fields(parent):
                if name in ("body", "orelse") and isinstance(parent, ast.stmt):
                    continue
                items = enumerate(value) if isinstance(value, list) else [(None, value)]
                for i, item in items:
                    if isinstance(item, (ast.expr, ast.keyword, ast.comprehension)):
                        here = (*at, (name, i))
                        if isinstance(item, ast.expr):
                            yield here, item
                        below.append((here, item))
        level = below


def _rebuilt(node: Any, path: tuple[Any, ...], new: Any) -> Any:
    """Return a tree with another node in one place; what is not on the way is shared."""
    if not path:
        return new
    (name, i), *rest = path
    made = copy.copy(node)
    value = getattr(node, name)
    if i is None:
        setattr(made, name, _rebuilt(value, tuple(rest), new))
    else:
        items = list(value)
        items[i] = _rebuilt(value[i], tuple(rest), new)
        setattr(made, name, items)
    return made


def _expressions_for(node: Any, pool: Pool) -> Iterator[tuple[str, Any]]:
    """Yield what may stand in the place of an expression, each with its kind of mistake."""
    kind: Any
    if isinstance(node, (ast.Subscript, ast.Name)) and isinstance(node.ctx, ast.Load):
        if ast.unparse(node) not in pool.scalars:
            yield "factor", ast.BinOp(node, ast.Pow(), ast.Constant(2))
        yield "transposed", _transposed(node)
        if any(isinstance(s, tuple) and len(s) == 1 for s in pool.kinds.get(ast.unparse(node), ())):
            turned = ast.Slice(None, None, ast.UnaryOp(ast.USub(), ast.Constant(1)))
            yield "transposed", ast.Subscript(node, turned, ast.Load())  # as convolve turns it
        yield "sign", ast.UnaryOp(ast.USub(), node)
    match node:
        case ast.BinOp(
            left=ast.BinOp(left=first, op=ast.Mult() | ast.Div(), right=ast.Constant()),
            op=ast.Mult() | ast.Div(),
            right=right,
        ):  # a / 2 * m
            yield "scale", ast.BinOp(first, ast.Mult(), right)
            yield "scale", ast.BinOp(first, ast.Div(), right)
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            one = isinstance(right, ast.Constant) and right.value == 1
            for kind in _OPERATORS:  # t * 1 is t, which comes below
                if not isinstance(op, kind) and not (one and kind in (ast.Mult, ast.Div)):
                    yield _of_operators(op, kind()), ast.BinOp(left, kind(), right)
            yield "factor", left
            yield "factor", right
            if isinstance(op, ast.MatMult):
                yield "transposed", ast.BinOp(_transposed(left), op, right)
                yield "transposed", ast.BinOp(left, op, _transposed(right))
                yield "transposed", ast.BinOp(_transposed(right), op, left)
                yield "transposed", ast.BinOp(right, op, _transposed(left))
                yield "transposed", ast.BinOp(_transposed(right), op, _transposed(left))
                yield "transposed", ast.BinOp(_transposed(left), op, _transposed(right))
            if isinstance(op, (ast.MatMult, ast.Sub, ast.Div)):
                yield (
                    "sign" if isinstance(op, ast.Sub) else "transposed",
                    ast.BinOp(right, op, left),
                )
            if isinstance(op, ast.Mult):
                yield from _other_slopes(node)
            if isinstance(op, (ast.Mult, ast.Div)):
                yield "scale", ast.BinOp(node, ast.Mult(), ast.Constant(2))
                yield "scale", ast.BinOp(node, ast.Div(), ast.Constant(2))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield "sign", operand
        case ast.UnaryOp(op=ast.Not() | ast.Invert(), operand=operand):
            yield "factor", operand
        case ast.Constant(value=bool() as value):
            yield "shape", ast.Constant(not value)
        case ast.Constant(value=int() | float() as value):
            numbers = (value + 1, value - 1, 2 * value, value / 2, 0, -value, 1 - value, 3 * value)
            for number in dict.fromkeys(numbers):
                if number != value:
                    whole = isinstance(value, int) and float(number).is_integer()
                    yield "scale", ast.Constant(int(number) if whole else number)
        case ast.Constant(value=str() as value):
            yield from (("operand", ast.Constant(w)) for w in pool.words if w != value)
        case ast.Tuple(elts=parts) | ast.List(elts=parts) if isinstance(node.ctx, ast.Load):
            yield from _orders(parts, type(node), pool)
        case ast.Attribute(attr="T", value=value):
            yield "transposed", value
        case ast.Attribute(attr=attr, value=value) if attr in _FUNCTIONS:
            yield (
                "sum" if attr in ("sum", "mean") else "factor",
                ast.Attribute(value, _FUNCTIONS[attr], ast.Load()),
            )
        case ast.Call(func=func, args=[ast.Constant(value=str() as text), *rest]) if "->" in text:
            for other in _subscripts(text):
                yield "transposed", ast.Call(func, [ast.Constant(other), *rest], node.keywords)
        case ast.Call(func=ast.Name(id="len"), args=[x]) | ast.Attribute(attr="size", value=x):
            yield "scale", ast.Call(ast.Attribute(x, "sum", ast.Load()), [], [])
            yield "scale", ast.Attribute(x, "size", ast.Load())
        case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords):
            for other in pool.functions:
                if other != name and name in pool.functions:
                    yield "factor", ast.Call(ast.Name(other, ast.Load()), args, keywords)
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            for kind in _COMPARISONS:
                if not isinstance(op, kind):
                    yield "factor", ast.Compare(left, [kind()], [right])
    yield from _other_values(node, pool)
    if isinstance(node, (ast.Name, ast.Subscript, ast.Attribute)) and not _is_index(node, pool):
        for function in pool.functions_of_one:
            yield "factor", ast.Call(function, [node], [])
        yield "factor", ast.BinOp(ast.Constant(1), ast.Sub(), node)  # 1 − τ, 1 − p
    if isinstance(node, ast.Call):
        yield from _calls(node, pool)
    if isinstance(node, ast.Subscript):
        yield from _indices(node, pool)
        if isinstance(node.value, ast.Call):  # one axis was summed, and then an index taken
            for slip, other in _calls(node.value, pool):
                if slip == "sum":
                    yield slip, other
        if isinstance(node.slice, (ast.Tuple, ast.Slice)):
            own = ast.unparse(node.slice)
            for text, index in pool.indices.items():
                if text != own:
                    yield "operand", ast.Subscript(node.value, index, node.ctx)


def _other_slopes(product: ast.BinOp) -> Iterator[tuple[str, ast.expr]]:
    """Yield g · (1 − a²) and g · [a > 0] for a product g · a · (1 − a), the slope of a sigmoid."""
    chain = _chain(product)
    texts = [ast.unparse(factor) for factor in chain]
    for i, a in enumerate(texts):
        j = next((k for k, text in enumerate(texts) if text == f"1 - {a}"), None)
        if j is None:
            continue
        others = [factor for k, factor in enumerate(chain) if k not in (i, j)]
        square = ast.BinOp(chain[i], ast.Pow(), ast.Constant(2))
        tanh = ast.BinOp(ast.Constant(1), ast.Sub(), square)
        yield "factor", _product([*others, tanh])
        yield "factor", _product([*others, ast.Compare(chain[i], [ast.Gt()], [ast.Constant(0)])])


def _orders(parts: list[ast.expr], of: Any, pool: Pool) -> Iterator[tuple[str, ast.expr]]:
    """Yield a tuple or a list with two of its elements exchanged, or one more word."""
    texts = [p.value for p in parts if isinstance(p, ast.Constant) and isinstance(p.value, str)]
    if len(texts) == len(parts):  # of keys: one may be missing
        for word in pool.words:
            if word not in texts:
                yield "operand", of([*parts, ast.Constant(word)], ast.Load())
    if len(parts) <= 6 and not all(isinstance(p, ast.Constant) for p in parts):
        for i, j in itertools.combinations(range(len(parts)), 2):
            made = [*parts]
            made[i], made[j] = parts[j], parts[i]
            yield "operand", of(made, ast.Load())


def _other_values(node: Any, pool: Pool) -> Iterator[tuple[str, Any]]:
    """Yield other names and short subscripts in the place of one."""
    if not isinstance(node, (ast.Name, ast.Subscript)) or not isinstance(node.ctx, ast.Load):
        return
    if isinstance(node, ast.Name) and node.id not in pool.names:
        return
    if isinstance(node, ast.Subscript) and not _is_flat(node):
        return
    own = ast.unparse(node)
    kind = pool.kinds.get(own)
    for text, value in pool.values.items():
        other = pool.kinds.get(text)
        if text != own and (kind is None or other is None or kind & other):
            yield "operand", value


def _of_other_shapes(node: Any, pool: Pool) -> Iterator[tuple[str, Any]]:
    """Yield other arrays of as many axes in the place of one: A1.T for X.T."""
    flat = isinstance(node, ast.Name) or (isinstance(node, ast.Subscript) and _is_flat(node))
    if not flat or not isinstance(node.ctx, ast.Load):
        return
    name = ast.unparse(node)
    own = {k for k in pool.kinds.get(name, ()) if isinstance(k, tuple) and k}
    for text, value in pool.values.items():
        other = {k for k in pool.kinds.get(text, ()) if isinstance(k, tuple)}
        if text != name and not own & other and {*map(len, own)} & {*map(len, other)}:
            yield "operand", value


def _is_index(node: ast.expr, pool: Pool) -> bool:
    kinds = pool.kinds.get(ast.unparse(node))
    return not isinstance(getattr(node, "ctx", None), ast.Load) or (
        kinds is not None and not any(isinstance(k, tuple) or k is float for k in kinds)
    )


def _subscripts(text: str) -> Iterator[str]:
    """Yield the subscripts of an einsum with two letters exchanged, or one in another's place."""
    sides = text.replace(" ", "").split("->")
    terms = [*sides[0].split(","), sides[1]]
    letters = sorted({c for c in text if c.isalpha()})
    seen = {",".join(terms)}
    for i, term in enumerate(terms):
        others = [
            term.translate({ord(a): b, ord(b): a}) for a, b in itertools.combinations(letters, 2)
        ]
        others += [term.replace(a, b) for a in term for b in letters if b not in term]
        others += ["".join(p) for p in itertools.permutations(term) if len(term) < 5]
        for other in others:
            made = [*terms[:i], other, *terms[i + 1 :]]
            if ",".join(made) not in seen:
                seen.add(",".join(made))
                yield f"{','.join(made[:-1])}->{made[-1]}"
    for a, b in itertools.combinations(range(len(terms) - 1), 2):
        made = [*terms]
        made[a], made[b] = made[b], made[a]
        yield f"{','.join(made[:-1])}->{made[-1]}"


def _of_operators(before: ast.operator, after: ast.operator) -> str:
    signs, scales = (ast.Add, ast.Sub), (ast.Mult, ast.Div)
    if isinstance(before, signs) and isinstance(after, signs):
        return "sign"
    if isinstance(before, scales) and isinstance(after, scales):
        return "scale"
    return "operand"


def _calls(node: ast.Call, pool: Pool) -> Iterator[tuple[str, Any]]:
    """Yield calls with their arguments otherwise."""
    if len(node.args) == 2:
        a, b = node.args
        for args in ([b, a], [_transposed(a), b], [a, _transposed(b)], [_transposed(b), a],
                     [b, _transposed(a)], [_transposed(a), _transposed(b)]):  # fmt: skip
            yield "transposed", ast.Call(node.func, args, node.keywords)
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    if name in _SUMS:
        inner = node.func.value if isinstance(node.func, ast.Attribute) else None
        is_np = isinstance(inner, ast.Name) and inner.id in ("np", "numpy")
        for axis in (0, 1, -1):
            for keep in (True, False):
                words = [ast.keyword("axis", ast.Constant(axis))]
                words += [ast.keyword("keepdims", ast.Constant(True))] if keep else []
                args = node.args[:1] if is_np else []
                yield "sum", ast.Call(node.func, args, words)
        if name != "sum" and isinstance(node.func, ast.Attribute):
            other = ast.Attribute(node.func.value, "sum", ast.Load())
            yield "sum", ast.Call(other, node.args, node.keywords)
        if node.keywords or len(node.args) > is_np:
            yield "sum", ast.Call(node.func, node.args[:1] if is_np else [], [])
        bare = node.args[0] if node.args and (is_np or inner is None) else inner
        if bare is not None:
            yield "sum", bare
    if name == "range":
        args = list(node.args)
        for i, by in itertools.product(range(len(args)), (1, -1)):
            made = [*args]
            made[i] = _moved(args[i], by)
            yield "path", ast.Call(node.func, made, [])
        yield "path", ast.Call(ast.Name("reversed", ast.Load()), [node], [])
        if len(args) == 1:
            yield "path", ast.Call(node.func, [ast.Constant(1), *args], [])
    if name == "reshape" and isinstance(node.func, ast.Attribute):
        yield from _layouts(node, pool)
    if name == "reversed" and len(node.args) == 1:
        yield "path", node.args[0]
    if len(node.args) == 1 and name not in ("range", "len", "reversed"):
        yield "factor", node.args[0]


def _layouts(node: ast.Call, pool: Pool) -> Iterator[tuple[str, ast.expr]]:
    """Yield x.transpose(0, 2, 3, 1).reshape(...), and a reshape that is transposed afterwards."""
    before = node.func.value if isinstance(node.func, ast.Attribute) else node
    for shape in pool.kinds.get(ast.unparse(before), ()):
        for axes in itertools.permutations(range(len(shape) if isinstance(shape, tuple) else 0)):
            if 2 <= len(axes) <= 4 and axes != tuple(range(len(axes))):
                order: list[ast.expr] = [ast.Constant(i) for i in axes]
                turned = ast.Call(ast.Attribute(before, "transpose", ast.Load()), order, [])
                func = ast.Attribute(turned, "reshape", ast.Load())
                yield "transposed", ast.Call(func, node.args, node.keywords)
    is_flat = len(node.args) == 1 and isinstance(node.args[0], ast.Tuple)
    lengths: Any = (
        node.args[0].elts if is_flat and isinstance(node.args[0], ast.Tuple) else node.args
    )
    if not 2 <= len(lengths) <= 4:
        return
    for way in itertools.permutations(range(len(lengths))):
        if way != tuple(range(len(lengths))):
            made = ast.Call(node.func, [lengths[i] for i in way], [])
            back: list[ast.expr] = [ast.Constant(way.index(i)) for i in range(len(lengths))]
            yield "shape", ast.Call(ast.Attribute(made, "transpose", ast.Load()), back, [])


def _indices(node: ast.Subscript, pool: Pool) -> Iterator[tuple[str, Any]]:
    """Yield subscripts one further or one before."""
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    for i, part in enumerate(parts):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            continue
        moved: list[ast.expr] = []
        if isinstance(part, ast.Slice):
            for by, end in itertools.product((1, -1), ("lower", "upper")):
                limit = getattr(part, end)
                if limit is not None:
                    slid = copy.copy(part)
                    setattr(slid, end, _moved(limit, by))
                    moved.append(slid)
        else:
            moved = [_moved(part, 1), _moved(part, -1)]
            if isinstance(part, ast.Name):  # from the other end
                ends = [*pool.scalars.values(), ast.Constant(0)]
                last = [_moved(end, -1) for end in ends]
                moved += [ast.BinOp(end, ast.Sub(), part) for end in (*last, *ends)]
        for other in moved:
            new = [*parts[:i], other, *parts[i + 1 :]]
            index: Any = ast.Tuple(new, ast.Load()) if len(parts) > 1 else new[0]
            yield "operand", ast.Subscript(node.value, index, node.ctx)
    texts = [ast.unparse(p) if isinstance(p, ast.Slice) else "" for p in parts]
    ways = {
        text: {**dict(_windows(part)), **dict(_offsets(part, pool))}
        for text, part in zip(texts, parts, strict=True)
        if isinstance(part, ast.Slice)
    }
    kinds = dict.fromkeys(kind for way in ways.values() for kind in way)
    alone = [{text: way[kind]} for text, way in ways.items() for kind in way]
    both = [{text: way[kind] for text, way in ways.items() if kind in way} for kind in kinds]
    for others in (*alone, *(some for some in both if len(some) > 1)):  # [:H, :W] in both axes
        new = [others.get(text, p) for text, p in zip(texts, parts, strict=True)]
        index = ast.Tuple(new, ast.Load()) if len(parts) > 1 else new[0]
        yield "operand", ast.Subscript(node.value, index, node.ctx)
    for i, (part, other) in enumerate(zip(parts, parts[::-1], strict=True)):
        whole = isinstance(part, ast.Slice) and part.lower is part.upper is None
        if len(parts) == 2 and whole and isinstance(other, (ast.Name, ast.Attribute)):
            count = ast.Call(ast.Name("len", ast.Load()), [other], [])
            each = ast.Call(
                ast.Attribute(ast.Name("np", ast.Load()), "arange", ast.Load()), [count], []
            )
            index = ast.Tuple([each, other] if i == 0 else [other, each], ast.Load())
            yield "operand", ast.Subscript(node.value, index, node.ctx)
    if len(parts) == 2:
        swapped = ast.Tuple(parts[::-1], ast.Load())
        yield "transposed", ast.Subscript(node.value, swapped, node.ctx)


def _windows(part: ast.Slice) -> Iterator[tuple[str, ast.Slice]]:
    """Yield a slice moved by one: [1:-1] for [:-2] or [2:], [1:] for [:-1]."""
    low, high = (_limit(x) for x in (part.lower, part.upper))
    if part.step is not None or low is None or high is None or low < 0 or high > 0:
        return
    for by in (1, -1):
        if low + by >= 0 and high + by <= 0 and (low or high):
            ends = [ast.Constant(x) if x else None for x in (low + by, high + by)]
            yield f"moved by {by}", ast.Slice(ends[0], ends[1], None)


def _offsets(part: ast.Slice, pool: Pool) -> Iterator[tuple[str, ast.Slice]]:
    """Yield [pad:pad + n] for [:n], [:n] for [pad:pad + n], and [i * s:i * s + n] for [i:i + n]."""
    match part:
        case ast.Slice(lower=None, upper=ast.expr() as high, step=None):
            for name, by in pool.scalars.items():
                yield f"from {name}", ast.Slice(by, ast.BinOp(by, ast.Add(), high), None)
        case ast.Slice(lower=low, upper=ast.BinOp(left=left, op=ast.Add(), right=right)):
            if low is not None and ast.unparse(low) == ast.unparse(left):
                yield "from 0", ast.Slice(None, right, None)
                begins: list[ast.expr] = [
                    ast.BinOp(low, ast.Mult(), by) for by in pool.scalars.values()
                ]
                if isinstance(low, ast.BinOp) and isinstance(low.op, ast.Mult):
                    begins += [low.left, low.right]
                for begin in begins:
                    end = ast.BinOp(begin, ast.Add(), right)
                    yield f"from {ast.unparse(begin)}", ast.Slice(begin, end, None)


def _limit(x: ast.expr | None) -> int | None:
    match x:
        case None:
            return 0
        case ast.Constant(value=int() as n):
            return n
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as n)):
            return -n
    return None


def _moved(x: ast.expr, by: int) -> ast.expr:
    """Return x + by, as one writes it."""
    one = ast.Constant(1)
    if isinstance(x, ast.Constant) and isinstance(x.value, int):
        return ast.Constant(x.value + by)
    match x:
        case ast.BinOp(left=left, op=op, right=ast.Constant(value=1)) if isinstance(
            op, ast.Add if by < 0 else ast.Sub
        ):
            return left
    return ast.BinOp(x, ast.Add() if by > 0 else ast.Sub(), one)


def _transposed(node: Any) -> Any:
    return (
        node.value
        if isinstance(node, ast.Attribute) and node.attr == "T"
        else ast.Attribute(node, "T", ast.Load())
    )


def _wraps(value: ast.expr, pool: Pool) -> Iterator[tuple[str, ast.expr, int]]:
    """Yield what can be done to a whole right-hand side, and how unlikely it is."""
    yield "sign", ast.UnaryOp(ast.USub(), value), 1
    yield "transposed", ast.Attribute(value, "T", ast.Load()), 2
    yield "scale", ast.BinOp(ast.Constant(2), ast.Mult(), value), 2
    yield "scale", ast.BinOp(value, ast.Div(), ast.Constant(2)), 2
    if isinstance(value, ast.Name):  # a step that does nothing may lack its factor
        yield from (("factor", ast.BinOp(value, ast.Mult(), f), 2) for f in pool.factors)
        yield from (("path", ast.BinOp(value, ast.Add(), d), 2) for d in pool.slopes.values())
    for text, other in {**pool.values, **pool.scalars}.items():
        length = text in pool.scalars
        yield "scale", ast.BinOp(value, ast.Div(), other), 2 if length else 3
        kind = "scale" if length else "factor"
        named = isinstance(other, ast.Name)
        yield kind, ast.BinOp(value, ast.Mult(), other), 3 if length and not named else 2
    for root in pool.roots:
        yield "scale", ast.BinOp(value, ast.Div(), root), 3
        yield "scale", ast.BinOp(value, ast.Mult(), root), 3
    lengths = [v for v in pool.scalars.values() if isinstance(v, ast.Name)]
    for a, b in itertools.combinations(lengths, 2):
        both = ast.BinOp(a, ast.Mult(), b)
        yield "scale", ast.BinOp(value, ast.Div(), both), 3
        yield "scale", ast.BinOp(value, ast.Mult(), both), 3
    for axis, keep in itertools.product((0, 1), (True, False)):
        words = [ast.keyword("axis", ast.Constant(axis))]
        words += [ast.keyword("keepdims", ast.Constant(True))] if keep else []
        yield "sum", ast.Call(ast.Attribute(value, "sum", ast.Load()), [], words), 3
    yield "sum", ast.Call(ast.Attribute(value, "sum", ast.Load()), [], []), 3
