"""`graph(J)`: the recorded graph as data, which drawings and exporters read.

A graph is a snapshot of structure. Values and cotangents are not kept by recorded nodes, so they
are computed again when someone asks, from the leaves up, by the ops and rules that ran the first
time. What can no longer be known (an array nobody holds, a leaf assigned since) is None, and so is
everything that follows from it.
"""

from __future__ import annotations

import itertools
import unicodedata
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from autograd.backward import in_dtype, pulled, reach, single
from autograd.cotangents import conform
from autograd.errors import GradientError
from autograd.node import FREED, Constant, Leaf, Node, source_of
from autograd.state import STATE
from autograd.symbol import Symbol, fill, format_number, latex_number, local_derivative, render
from autograd.tensor import Tensor, wrap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Edge", "Graph", "GraphNode", "graph"]

from_engine = True

Kind = Literal["leaf", "constant", "op"]


@dataclass(frozen=True, slots=True, eq=False)
class GraphNode:
    """One value of the graph: a leaf, a constant, or the result of an op.

    Attributes
    ----------
    id : int
        Position in topological order, from 0.
    kind : {"leaf", "constant", "op"}
        A leaf requires a gradient; a constant does not.
    op : str
        The name of the op that made it; empty for leaves and constants.
    symbol : str
        How the op is written in the header of a card.
    parents : tuple of int
        The ids of its operands, in the order of the arguments.
    shape, dtype : tuple of int, dtype
        Of the value.
    name : str or None
        The name the user gave.
    label : str
        The name, or a letter that no other node has; numbers are their own label.
    scope : tuple of str
        The name scopes it was made in.
    source : tuple of (str, int) or None
        File and line of the user's code that made it.
    walked : bool
        A backward pass has gone through it.
    """

    id: int
    kind: Kind
    op: str
    symbol: str
    parents: tuple[int, ...]
    params: dict[str, Any]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    name: str | None
    label: str
    scope: tuple[str, ...]
    source: tuple[str, int] | None
    walked: bool
    _graph: _Recording = field(repr=False)

    @property
    def value(self) -> Any:
        """The value, an array or a NumPy scalar; None where it can no longer be known."""
        return _read_only(self._graph._values[self.id])

    @property
    def cotangent(self) -> Any:
        """The gradient of the outputs with respect to this value; None where unknown."""
        return _read_only(self._graph._cotangents[self.id])

    def register_hook(self, hook: Callable[[Any], Any]) -> Callable[[], None]:
        """Call `hook(gradient)` when a backward walk reaches this node: see `Tensor.register_hook`.

        A hook on the last node that has no tensor any more is the way to look at a gradient inside.
        """
        entry = self._graph._entries[self.id]
        tensor: Tensor = wrap(None, entry if isinstance(entry, Node) else None)
        return tensor.register_hook(hook)

    @property
    def formula(self) -> str:
        """How the value was computed, in the labels of its operands: ``a + u``."""
        return self._graph._formula(self, "text")

    @property
    def latex(self) -> str:
        """The formula as LaTeX."""
        return self._graph._formula(self, "latex")


@dataclass(frozen=True, slots=True, eq=False)
class Edge:
    """One use of a value as an operand.

    Attributes
    ----------
    parent, child : int
        Ids: the operand and the result.
    slot : int
        The position among the operands; a value used twice has two edges.
    operand : str
        The op's name for that operand.
    differentiable : bool
        Whether the backward pass goes back along it.
    """

    parent: int
    child: int
    slot: int
    operand: str
    differentiable: bool
    _graph: _Recording = field(repr=False)

    @property
    def formula(self) -> str:
        """The local derivative, printed by the rule that computes it.

        An elementwise rule reads as a factor, ``c``; another as what it does to the cotangent of
        the result, ``∂Z @ Aᵀ``.
        """
        return render(self._graph._local(self)[0], "text")

    @property
    def latex(self) -> str:
        """The local derivative as LaTeX."""
        return render(self._graph._local(self)[0], "latex")

    @property
    def is_factor(self) -> bool:
        """Whether `formula` is the factor ∂child/∂parent, rather than a whole cotangent."""
        return self._graph._local(self)[1]

    @property
    def number(self) -> float | None:
        """The local derivative between two single numbers; None for arrays or where unknown."""
        return self._graph._number(self)


class Graph:
    """A read-only view of what was recorded, in topological order; iterate it for its nodes.

    Attributes
    ----------
    nodes : tuple of GraphNode
        Operands before results.
    edges : tuple of Edge
        One for each argument slot, in the order of the results.
    """

    def __init__(self, roots: list[Node], values: dict[Node, Any] | None = None) -> None:
        behind = self._recording = _Recording(roots, values)
        entries = behind._entries
        self.nodes = tuple(
            _view(row, entry, behind) for row, entry in zip(behind.nodes, entries, strict=True)
        )
        self.edges = tuple(
            Edge(
                parent, row.id, slot, _operand(entry, slot), entry.parents[slot] is not None, behind
            )
            for row, entry in zip(behind.nodes, entries, strict=True)
            if isinstance(entry, Node)
            for slot, parent in enumerate(row.parents)
        )

    def __iter__(self) -> Iterator[GraphNode]:
        return iter(self.nodes)

    def __len__(self) -> int:
        return len(self.nodes)

    def __repr__(self) -> str:
        return f"<Graph of {len(self.nodes)} nodes and {len(self.edges)} edges>"

    def find(self, tensor: Tensor) -> GraphNode | None:
        """Return the node of a tensor that requires a gradient; None if it is not in the graph."""
        node = tensor._node
        if node is None:
            return None
        return next((v for v in self.nodes if self._recording._entries[v.id] is node), None)

    @property
    def leaves(self) -> tuple[GraphNode, ...]:
        """The nodes that were made with requires_grad=True."""
        return tuple(node for node in self.nodes if node.kind == "leaf")

    @property
    def outputs(self) -> tuple[GraphNode, ...]:
        """The nodes the graph was asked for."""
        return tuple(self.nodes[i] for i in self._recording._roots)


class _Row(NamedTuple):
    """What computing values and formulas needs to know of a node."""

    id: int
    parents: tuple[int, ...]
    params: dict[str, Any]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    label: str
    walked: bool


class _Recording:
    """The recorded nodes behind a graph, and all that is computed from them.

    It does not refer to the views that users see, so a graph has no reference cycle, and dropping
    it is enough to free what was recorded.
    """

    def __init__(self, roots: list[Node], values: dict[Node, Any] | None) -> None:
        recorded = reach(roots)[::-1]
        self._known = {} if values is None else values
        self._entries: list[Any] = []  # Node, Constant or number behind each id
        index: dict[Any, int] = {}
        operands: list[tuple[int, ...]] = []

        def enter(entry: Any, key: Any, parents: tuple[int, ...]) -> int:
            index[key] = len(self._entries)
            self._entries.append(entry)
            operands.append(parents)
            return index[key]

        for node in recorded:
            slots = []
            for slot, parent in enumerate(node.parents):
                if parent is not None:
                    slots.append(index[parent])
                    continue
                constant = node.constants[slot]
                key = (node, slot) if not isinstance(constant, Constant) else _identity(constant)
                slots.append(index[key] if key in index else enter(constant, key, ()))
            enter(node, node, tuple(slots))
        self._roots = [index[root] for root in dict.fromkeys(roots)]
        labels = _labels(self._entries)
        self.nodes = tuple(
            _row(i, entry, operands[i], labels[i]) for i, entry in enumerate(self._entries)
        )

    # -- values and cotangents, computed again -----------------------------------------------------

    @cached_property
    def _values(self) -> list[Any]:
        values: list[Any] = []
        used: dict[int, int] = {}  # leaf to its first use
        for view, entry in zip(self.nodes, self._entries, strict=True):
            for i in view.parents:
                used[i] = min(used.get(i, entry.id), entry.id)
        with np.errstate(all="ignore"):
            for view, entry in zip(self.nodes, self._entries, strict=True):
                if isinstance(entry, Leaf):  # a value assigned since is not the one recorded
                    assigned = entry.written > used.get(view.id, entry.written)
                    values.append(None if assigned else entry.value)
                elif entry in self._known if isinstance(entry, Node) else False:
                    values.append(self._known[entry])
                elif isinstance(entry, Node):
                    values.append(self._replayed(view, entry, values))
                else:
                    values.append(entry.value if isinstance(entry, Constant) else entry)
        return values

    def _replayed(self, view: _Row | GraphNode, entry: Node, values: list[Any]) -> Any:
        """Compute a result again from the values of its operands."""
        op = entry.op
        assert op is not None
        operands = []
        for slot, i in enumerate(view.parents):
            if entry.parents[slot] is None or values[i] is None:
                saved = _still_saved(entry, slot)
                if saved is not None and not isinstance(self._entries[i], Leaf):
                    values[i] = saved
                value = values[i] if saved is None else saved
            else:
                value = values[i]
            if value is None:
                return None
            operands.append(value)
        out = op.forward(*operands, **view.params)
        return out[()] if isinstance(out, np.ndarray) else out

    @cached_property
    def _cotangents(self) -> list[Any]:
        unknown, half = object(), np.dtype(np.float16)
        square = np.vdot if STATE.get().strong_zero else None
        found: list[Any] = [None] * len(self.nodes)
        if not all(self.nodes[i].walked for i in self._roots):
            return found
        for i in self._roots:
            root = self.nodes[i]
            one = int(np.prod(root.shape)) == 1  # otherwise the pass began with other weights
            found[i] = np.ones(root.shape, root.dtype)[()] if one else unknown
        with np.errstate(all="ignore"):
            for view in reversed(self.nodes):
                entry, g = self._entries[view.id], found[view.id]
                if not isinstance(entry, Node) or entry.op is None or g is None:
                    continue
                saved = None if g is unknown else self._saved_again(view, entry)
                if saved is None:
                    gs = [unknown] * len(view.parents)
                else:
                    saved, g = (single(saved), single(g)) if entry.dtype == half else (saved, g)
                    gs = pulled(entry, saved, g, square)
                for parent, i, g_parent in zip(entry.parents, view.parents, gs, strict=False):
                    if parent is None:
                        continue
                    if g_parent is not unknown:
                        g_parent = conform(g_parent, entry, parent)
                    before = found[i]
                    if before is unknown or g_parent is unknown:
                        found[i] = unknown
                    else:
                        found[i] = g_parent if before is None else before + g_parent
        return [
            None if g is None or g is unknown else in_dtype(g, node)
            for g, node in zip(found, self.nodes, strict=True)
        ]

    def _saved_again(self, view: _Row | GraphNode, entry: Node) -> tuple[Any, ...] | None:
        """Return what the rules of a node read, from computed values; None where one is unknown."""
        op, values = entry.op, self._values
        assert op is not None
        given = [values[i] for i in view.parents]
        for slot, value in enumerate(given):
            if value is None:
                given[slot] = _still_saved(entry, slot)
        shapes = [self.nodes[i].shape for i in view.parents]
        if op.variadic:
            n = op.operands[0]
            table: dict[str, Any] = {n: tuple(given), f"{n}_shape": tuple(shapes)}
        else:
            table = dict(zip(op.operands, given, strict=True))
            table |= {f"{n}_shape": s for n, s in zip(op.operands, shapes, strict=True)}
        table["out"] = values[view.id]
        needed = op.needed([parent is not None for parent in entry.parents])
        saved = tuple(table[name] if name in needed else None for name in op.saved)
        for name, value in zip(op.saved, saved, strict=True):
            if name in needed and (
                value is None or (type(value) is tuple and any(v is None for v in value))
            ):
                return None
        return saved

    # -- formulas ----------------------------------------------------------------------------------

    def _symbol(self, i: int) -> Any:
        entry = self._entries[i]
        if isinstance(entry, (bool, int, float)):
            return entry
        return Symbol(self.nodes[i].label, self._latex_label(i))

    def _latex_label(self, i: int) -> str:
        """Return the label of a node as LaTeX: a name, or the digits of a constant."""
        entry, label = self._entries[i], self.nodes[i].label
        if isinstance(entry, Constant) and entry.name is None and entry.shape == ():
            return latex_number(entry.value) if entry.value is not None else latex_name(label)
        return latex_name(label)

    def _formula(self, view: _Row | GraphNode, form: str) -> str:
        entry = self._entries[view.id]
        if not isinstance(entry, Node) or entry.op is None:
            return view.label
        inner = [(render(self._symbol(i), form), 1000) for i in view.parents]
        return fill(entry.op, form, inner, [None] * len(inner), view.params)[0]

    def _local(self, edge: Edge) -> tuple[Any, bool]:
        """Return the local derivative as an expression, and whether it is a factor."""
        entry, view = self._entries[edge.child], self.nodes[edge.child]
        op = entry.op
        rule = op.rules.get(op.operands[0] if op.variadic else edge.operand)
        if rule is None:
            return 0, True
        symbols = [self._symbol(i) for i in view.parents]
        shapes = [self.nodes[i].shape for i in view.parents]
        if op.variadic:
            n = op.operands[0]
            arguments: dict[str, Any] = {n: symbols, f"{n}_shape": tuple(shapes), "i": edge.slot}
        else:
            arguments = dict(zip(op.operands, symbols, strict=True))
            arguments |= {f"{n}_shape": s for n, s in zip(op.operands, shapes, strict=True)}
        out = Symbol(view.label, latex_name(view.label))
        g = Symbol(f"∂{view.label}", rf"\partial {latex_name(view.label)}")
        try:
            return local_derivative(rule, {**arguments, **view.params, "out": out}, g)
        except Exception:  # a rule may do what cannot be printed; it can still be drawn
            return Symbol(f"{op.name}.vjp({edge.operand})"), True

    def _number(self, edge: Edge) -> float | None:
        view, entry = self.nodes[edge.child], self._entries[edge.child]
        if not edge.differentiable or view.shape != () or self.nodes[edge.parent].shape != ():
            return None
        saved = self._saved_again(view, entry)
        if saved is None:
            return None
        one = np.ones((), view.dtype)[()]
        if view.dtype == np.float16:
            saved, one = single(saved), single(one)
        with np.errstate(all="ignore"):
            return float(entry.op.pull(entry, saved, one)[edge.slot])


def _row(i: int, entry: Any, parents: tuple[int, ...], label: str) -> _Row:
    if isinstance(entry, Node):
        params = {} if entry.op is None else dict(zip(entry.op.params, entry.params, strict=True))
        return _Row(i, parents, params, entry.shape, entry.dtype, label, entry.walked)
    number = not isinstance(entry, Constant)
    shape = () if number else entry.shape
    return _Row(
        i, (), {}, shape, np.asarray(entry).dtype if number else entry.dtype, label, walked=False
    )


def _view(row: _Row, entry: Any, behind: _Recording) -> GraphNode:
    node = entry if isinstance(entry, Node) else None
    op = None if node is None else node.op
    named = isinstance(entry, Constant)
    return GraphNode(
        id=row.id,
        kind="constant" if node is None else "leaf" if op is None else "op",
        op="" if op is None else op.name,
        symbol="" if op is None else op.symbol,
        parents=row.parents,
        params=row.params,
        shape=row.shape,
        dtype=row.dtype,
        name=_name(node) if node is not None else entry.name if named else None,
        label=row.label,
        scope=() if node is None else node.scope,
        source=None if node is None else source_of(node),
        walked=row.walked,
        _graph=behind,
    )


def graph(*outputs: Tensor) -> Graph:
    """Return the graph that one or more tensors were computed by.

    Parameters
    ----------
    *outputs : Tensor
        Results, or leaves.

    Raises
    ------
    GradientError
        If an output was computed from nothing that requires a gradient: it has no graph.

    Examples
    --------
    >>> from autograd import Tensor, graph
    >>> a, b = (Tensor(v, name=n, requires_grad=True) for n, v in [("a", 2.0), ("b", 1.0)])
    >>> e = ((a + b) * (b + 1)).named("e")
    >>> for node in graph(e):
    ...     if node.op:
    ...         print(f"{node.label} = {node.formula} = {node.value}")
    u = a + b = 3.0
    v = b + 1 = 2.0
    e = u · v = 6.0
    """
    if not outputs:
        raise GradientError("graph: needs at least one Tensor, got none.")
    roots = []
    for y in outputs:
        if not isinstance(y, Tensor) or y._node is None:
            what = f"a constant of shape {y.shape}" if isinstance(y, Tensor) else type(y).__name__
            raise GradientError(
                f"graph: needs a Tensor with a graph, got {what}; "
                "make its leaves with requires_grad=True, outside no_grad()."
            )
        roots.append(y._node)
    return Graph(roots, {y._node: y._value for y in outputs if y._node is not None})


_GREEK = frozenset(
    {"alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"}
    | {"lambda", "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "phi", "chi", "psi", "omega"}
)


_SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉"


def latex_name(name: str) -> str:
    r"""Return a name as LaTeX: trailing digits become a subscript, text is set upright.

    Examples
    --------
    >>> latex_name("W12"), latex_name("cost"), latex_name("theta")
    ('W_{12}', '\\mathrm{cost}', '\\theta')
    """
    stem = name.rstrip(
        "0123456789" + _SUBSCRIPTS + ("," if name and name[-1] in _SUBSCRIPTS else "")
    )
    digits = name[len(stem) :].translate(str.maketrans(_SUBSCRIPTS, "0123456789"))
    if not stem:
        return name or r"\ "
    escaped = "".join(map(_latex_character, stem))
    upright = "\\mathrm{" + escaped + "}"
    body = escaped if len(stem) == 1 else "\\" + stem if stem in _GREEK else upright
    return body + "_{" + digits + "}" if digits else body


def _latex_character(c: str) -> str:
    """Return what stands for a character of a name in LaTeX's mathematics."""
    if c in _SIGNS:
        return _SIGNS[c]
    if c.isascii():
        return c if c.isprintable() else r"\ "
    name = unicodedata.name(c, "").removeprefix("GREEK SMALL LETTER ").lower()
    return f"\\{name} " if name in _GREEK else rf"\mathtt{{U{{+}}{ord(c):04X}}}"


_SIGNS = {
    **{c: f"\\{c}" for c in "_&%$#{}"},
    "\\": r"\backslash ",
    " ": r"\ ",
    "^": r"\wedge ",
    "~": r"\sim ",
    "-": r"\mbox{-}",
}


def _labels(entries: list[Any]) -> list[str]:
    """Label every entry: its name, a number's digits, or a letter that is still free."""
    taken = {name for entry in entries if (name := _name(entry)) is not None}
    letters = itertools.chain("uvwpqrst", (f"v{i}" for i in itertools.count(1)))
    anonymous = itertools.chain("xyzkc", (f"c{i}" for i in itertools.count(1)))
    labels = []
    for entry in entries:
        name = _name(entry)
        if name is not None:
            labels.append(name)
        elif isinstance(entry, (bool, int, float)):
            labels.append(format_number(entry))
        elif isinstance(entry, Constant) and entry.shape == () and entry.value is not None:
            labels.append(format_number(entry.value))
        else:
            pool = letters if isinstance(entry, Node) and entry.op is not None else anonymous
            labels.append(next(letter for letter in pool if letter not in taken))
    return labels


def _name(entry: Any) -> str | None:
    if isinstance(entry, Constant):
        return entry.name
    if isinstance(entry, Node) and entry.extra is not None:
        return entry.extra.name
    return None


def _identity(constant: Constant) -> Any:
    """Return a key that is the same for every use of one array."""
    if constant.name is not None or not isinstance(constant.value, np.ndarray):
        return "constant", id(constant)
    # The array may be gone and another in its place: only the same numbers make it the same.
    return "array", constant.source, constant.value.tobytes()


def _operand(entry: Node, slot: int) -> str:
    assert entry.op is not None
    return f"{entry.op.operands[0]}[{slot}]" if entry.op.variadic else entry.op.operands[slot]


def _read_only(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return value
    view = value.view()
    view.setflags(write=False)
    return view


def _still_saved(entry: Node, slot: int) -> Any:
    """Return an operand's value if the node still keeps it for its rules."""
    op = entry.op
    if op is None or entry.saved is FREED or op.variadic:
        return None
    saved = dict(zip(op.saved, entry.saved, strict=True))
    return saved.get(op.operands[slot])
