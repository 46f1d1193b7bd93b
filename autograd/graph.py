"""`graph(J)`: the recorded graph as data, which drawings and exporters read.

A graph is a snapshot of structure. Values and cotangents are not kept by recorded nodes, so they
are computed again when someone asks, from the leaves up, by the ops and rules that ran the first
time. What can no longer be known (an array nobody holds, a leaf assigned since) is None, and so is
everything that follows from it.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import numpy as np

from autograd.backward import in_dtype, pulled, reach, single
from autograd.cotangents import conform
from autograd.errors import GradientError
from autograd.labels import OPERATORS, labelled, latex_name, name_of
from autograd.node import FREED, Constant, Leaf, Node, source_of
from autograd.state import STATE
from autograd.symbol import Symbol, fill, format_number, latex_number, local_derivative, render
from autograd.tensor import Tensor, wrap
from autograd.zeros import Met

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from autograd.op import Op

__all__ = ["Edge", "Graph", "GraphNode", "graph"]

from_engine = True

LONGEST = 120  # characters of a local derivative that is written out

Kind = Literal["leaf", "constant", "op"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class GraphNode:
    """One value of the graph: a leaf, a constant, or the result of an op.

    Attributes
    ----------
    id : int
        Position in topological order, from 0.
    """

    id: int
    _graph: _Recording

    @property
    def kind(self) -> Kind:
        """Whether it needs a gradient ("leaf"), needs none ("constant") or was computed ("op")."""
        entry = self._graph._entries[self.id]
        return "constant" if not isinstance(entry, Node) else "leaf" if entry.op is None else "op"

    @property
    def op(self) -> str:
        """The name of the op that made it; empty for leaves and constants."""
        op = self._graph.op(self.id)
        return "" if op is None else op.name

    @property
    def symbol(self) -> str:
        """How the op is written in the header of a card."""
        op = self._graph.op(self.id)
        return "" if op is None else op.symbol

    @property
    def params(self) -> dict[str, Any]:
        """The parameters the op was called with."""
        return self._graph.params(self.id)

    @property
    def parents(self) -> tuple[int, ...]:
        """The ids of its operands, in the order of the arguments."""
        return self._graph.parents[self.id]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the value."""
        return self._graph.shape(self.id)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the value."""
        return self._graph.dtype(self.id)

    @property
    def name(self) -> str | None:
        """The name the user gave."""
        return self._graph.names[self.id]

    @property
    def label(self) -> str:
        """The name, or a letter that no other node has; numbers are their own label.

        Nodes of one name are numbered in the order they were recorded: ``h_1``, ``h_2``.
        """
        return self._graph.label(self.id)

    @property
    def scope(self) -> tuple[str, ...]:
        """The name scopes it was made in."""
        entry = self._graph._entries[self.id]
        return entry.scope if isinstance(entry, Node) else ()

    @property
    def source(self) -> tuple[str, int] | None:
        """File and line of the user's code that made it."""
        entry = self._graph._entries[self.id]
        return source_of(entry) if isinstance(entry, Node) else None

    @property
    def walked(self) -> bool:
        """Whether a backward pass has gone through it."""
        return self._graph.walked(self.id)

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
        return self._graph.formula(self.id, "text")

    @property
    def latex(self) -> str:
        """The formula as LaTeX."""
        return self._graph.formula(self.id, "latex")

    def __repr__(self) -> str:
        made = f" = {self.formula}" if self.op else ""
        return f"<GraphNode {self.id}: {self.kind} {self.label}{made}, shape {self.shape}>"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Edge:
    """One use of a value as an operand.

    Attributes
    ----------
    parent, child : int
        Ids: the operand and the result.
    slot : int
        The position among the operands; a value used twice has two edges.
    """

    parent: int
    child: int
    slot: int
    _graph: _Recording

    @property
    def operand(self) -> str:
        """The op's name for that operand."""
        return _operand(self._graph._entries[self.child], self.slot)

    @property
    def differentiable(self) -> bool:
        """Whether the backward pass goes back along it."""
        found: Node | None = self._graph._entries[self.child].parents[self.slot]
        return found is not None

    @property
    def formula(self) -> str:
        """The local derivative, printed by the rule that computes it.

        An elementwise rule reads as a factor, ``c``; another as what it does to the cotangent of
        the result, ``∂Z @ Aᵀ``.
        """
        return render(self._graph.local(self)[0], "text")

    @property
    def latex(self) -> str:
        """The local derivative as LaTeX."""
        return render(self._graph.local(self)[0], "latex")

    @property
    def is_factor(self) -> bool:
        """Whether `formula` is the factor ∂child/∂parent, rather than a whole cotangent."""
        return self._graph.local(self)[1]

    @property
    def number(self) -> float | None:
        """The local derivative between two single numbers; None for arrays or where unknown."""
        return self._graph.number(self)

    @property
    def cotangent(self) -> Any:
        """What comes back along it, a term of the operand's gradient; None where unknown."""
        return _read_only(self._graph.brought(self))

    def __repr__(self) -> str:
        return f"<Edge from {self.parent} to {self.child} as {self.operand}>"


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
        self.nodes = tuple([GraphNode(i, behind) for i in range(len(behind.parents))])
        self.edges = tuple(
            [
                Edge(parent, child, slot, behind)
                for child, parents in enumerate(behind.parents)
                for slot, parent in enumerate(parents)
            ]
        )

    def __iter__(self) -> Iterator[GraphNode]:
        return iter(self.nodes)

    def __len__(self) -> int:
        return len(self.nodes)

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "graph(J): a graph refers to the ops that were recorded, and cannot be pickled; pickle "
            "the values, or save a picture's data with viz.draw(J).save('J.json')."
        )

    def __repr__(self) -> str:
        return f"<Graph of {len(self.nodes)} nodes and {len(self.edges)} edges>"

    def find(self, tensor: Tensor) -> GraphNode | None:
        """Return the node of a tensor that requires a gradient; None if it is not in the graph."""
        node = tensor._node
        found = (i for i, entry in enumerate(self._recording._entries) if entry is node)
        i = None if node is None else next(found, None)
        return None if i is None else self.nodes[i]

    @property
    def is_hooked(self) -> bool:
        """Whether hooks change, or look at, gradients that this graph computes without them."""
        entries = self._recording._entries
        return any(isinstance(e, Node) and e.extra is not None and e.extra.hooks for e in entries)

    @property
    def keeps_zeros(self) -> bool:
        """Whether a gradient of 0 met an infinite local derivative, and stayed 0 (strong zero)."""
        return bool(self._recording._cotangents and self._recording.zeros)

    @property
    def hidden_limits(self) -> tuple[GraphNode, ...]:
        """The nodes where a gradient of 0 that arithmetic made met an infinite derivative.

        It counts as 0, and may hide another limit: see `LimitWarning`.
        """
        behind = self._recording
        if not self.keeps_zeros or behind.zeros is None:
            return ()
        found = set(behind.zeros.hidden())
        return tuple([n for n in self.nodes if behind._entries[n.id] in found])

    @property
    def leaves(self) -> tuple[GraphNode, ...]:
        """The nodes that were made with requires_grad=True."""
        return tuple(node for node in self.nodes if node.kind == "leaf")

    @property
    def outputs(self) -> tuple[GraphNode, ...]:
        """The nodes the graph was asked for."""
        return tuple(self.nodes[i] for i in self._recording.roots)


class _Recording:
    """The recorded nodes behind a graph, and all that is computed from them.

    It does not refer to the views that users see, so a graph has no reference cycle, and dropping
    it is enough to free what was recorded.
    """

    def __init__(self, roots: list[Node], values: dict[Node, Any] | None) -> None:
        recorded = reach(roots)[::-1]
        self._known = {} if values is None else values
        self._entries: list[Any] = []  # Node, Constant or number behind each id
        self.parents: list[tuple[int, ...]] = []
        # By child and slot, what has been asked for: a picture asks for it several times.
        self._locals: dict[tuple[int, int], tuple[Any, bool]] = {}
        self._numbers: dict[tuple[int, int], float | None] = {}
        self._last: tuple[int, list[Any]] = (-1, [])
        self.zeros: Met | None = None  # where a zero has met NaN, once cotangents were computed
        index: dict[Any, int] = {}

        def enter(entry: Any, key: Any, parents: tuple[int, ...]) -> int:
            index[key] = len(self._entries)
            self._entries.append(entry)
            self.parents.append(parents)
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
        self.roots = [index[root] for root in dict.fromkeys(roots)]
        self.names = [name_of(entry) for entry in self._entries]
        self._walked = [isinstance(entry, Node) and entry.walked for entry in self._entries]

    def op(self, i: int) -> Op | None:
        entry = self._entries[i]
        return entry.op if isinstance(entry, Node) else None

    def params(self, i: int) -> dict[str, Any]:
        op = self.op(i)
        if op is None or not op.params:
            return {}
        return dict(zip(op.params, self._entries[i].params, strict=True))

    def shape(self, i: int) -> tuple[int, ...]:
        entry = self._entries[i]
        return entry.shape if isinstance(entry, (Node, Constant)) else ()

    def dtype(self, i: int) -> np.dtype[Any]:
        entry = self._entries[i]
        return entry.dtype if isinstance(entry, (Node, Constant)) else np.asarray(entry).dtype

    def walked(self, i: int) -> bool:
        return self._walked[i]

    # -- values and cotangents, computed again -----------------------------------------------------

    @functools.cached_property
    def _values(self) -> list[Any]:
        values: list[Any] = []
        used: dict[int, int] = {}  # leaf to its first use
        for entry, parents in zip(self._entries, self.parents, strict=True):
            for i in parents:
                if isinstance(self._entries[i], Leaf):
                    used[i] = min(used.get(i, entry.id), entry.id)
        with np.errstate(all="ignore"):
            for i, entry in enumerate(self._entries):
                if isinstance(entry, Leaf):  # a value assigned since is not the one recorded
                    assigned = entry.written > used.get(i, entry.written)
                    values.append(None if assigned else entry.value)
                elif isinstance(entry, Node):
                    known = self._known.get(entry)
                    values.append(self._replayed(i, entry, values) if known is None else known)
                else:
                    values.append(entry.value if isinstance(entry, Constant) else entry)
        return values

    def _replayed(self, i: int, entry: Node, values: list[Any]) -> Any:
        """Compute a result again from the values of its operands."""
        op = entry.op
        assert op is not None
        operands = []
        for slot, k in enumerate(self.parents[i]):
            value, given = values[k], self._entries[k]
            if value is not None and isinstance(given, Constant) and given.weak:
                value = value.item()  # made of a Python number, it takes the dtype of what it meets
            if value is None:
                value = _still_saved(entry, slot)
                if not isinstance(self._entries[k], Leaf):  # its value has been assigned since
                    values[k] = value
            if value is None:
                return None
            operands.append(value)
        out = op.forward(*operands, **self.params(i))
        return out[()] if isinstance(out, np.ndarray) else out

    @functools.cached_property
    def _cotangents(self) -> list[Any]:
        unknown = object()
        found: list[Any] = [None] * len(self._entries)
        if not all(self.walked(i) for i in self.roots):
            return found
        for i in self.roots:
            root = self._entries[i]
            one = int(np.prod(root.shape)) == 1  # otherwise the pass began with other weights
            found[i] = np.ones(root.shape, root.dtype)[()] if one else unknown
        places = {entry: i for i, entry in enumerate(self._entries) if isinstance(entry, Node)}
        met = self.zeros = Met(
            [*places][::-1],
            [(self._entries[i], found[i]) for i in self.roots if found[i] is not unknown],
            lambda node: self._saved_again(places[node], node),
        )
        with np.errstate(all="ignore"):
            for k in range(len(found) - 1, -1, -1):
                entry, parents, g = self._entries[k], self.parents[k], found[k]
                if not isinstance(entry, Node) or entry.op is None or g is None:
                    continue
                saved = None if g is unknown else self._saved_again(k, entry)
                if saved is None:
                    gs = [unknown] * len(parents)
                else:
                    gs = self._pulled(entry, saved, g, met)
                for parent, i, g_parent in zip(entry.parents, parents, gs, strict=False):
                    if parent is None:
                        continue
                    if g_parent is None:  # of an op whose derivative is 0
                        g_parent = np.zeros(parent.shape, parent.dtype)
                    if g_parent is not unknown:
                        g_parent = conform(g_parent, entry, parent)
                    before = found[i]
                    if before is unknown or g_parent is unknown:
                        found[i] = unknown
                    else:
                        found[i] = g_parent if before is None else before + g_parent
        return [
            None if g is None or g is unknown else in_dtype(g, node)
            for g, node in zip(found, self._entries, strict=True)
        ]

    def _pulled(self, entry: Node, saved: tuple[Any, ...], g: Any, met: Met | None) -> list[Any]:
        """Return what a node gives to each parent, half precision in single as the walk does."""
        square = np.vdot if STATE.get().strong_zero else None
        if entry.dtype == np.float16:
            saved, g = single(saved), single(g)
        return pulled(entry, saved, g, square, met)

    def brought(self, edge: Edge) -> Any:
        """Return what comes back along an edge; None where that is not known."""
        entry, g = self._entries[edge.child], self._cotangents[edge.child]
        parent = entry.parents[edge.slot]
        if g is None or parent is None:
            return None
        if self._last[0] != edge.child:  # all operands of one op are asked for in a row
            saved = self._saved_again(edge.child, entry)
            with np.errstate(all="ignore"):
                gs = None if saved is None else self._pulled(entry, saved, g, None)
            self._last = edge.child, gs or [None] * len(entry.parents)
        found = self._last[1][edge.slot]
        return None if found is None else in_dtype(conform(found, entry, parent), parent)

    def _saved_again(self, i: int, entry: Node) -> tuple[Any, ...] | None:
        """Return what the rules of a node read, from computed values; None where one is unknown."""
        op, values, parents = entry.op, self._values, self.parents[i]
        assert op is not None
        operands = []
        for slot, k in enumerate(parents):
            known = values[k]
            operands.append(_still_saved(entry, slot) if known is None else known)
        needed = op.needed([parent is not None for parent in entry.parents])
        saved: list[Any] = []
        for name in op.saved:
            if name not in needed:
                saved.append(None)
                continue
            if name == "out":
                found = values[i]
            else:
                asks = name in op.operands
                given = operands if asks else [self.shape(k) for k in parents]
                slot = op.operands.index(name if asks else name.removesuffix("_shape"))
                found = tuple(given) if op.variadic else given[slot]
            if found is None or (type(found) is tuple and any(x is None for x in found)):
                return None
            saved.append(found)
        return tuple(saved)

    # -- formulas ----------------------------------------------------------------------------------

    @functools.cached_property
    def _labels(self) -> list[str | None]:
        return labelled(self._entries, self.names)

    def label(self, i: int) -> str:
        """Return the name of a node, its digits, or a letter that is its alone."""
        label, entry = self._labels[i], self._entries[i]
        if label is not None:
            return label
        return format_number(entry.value if isinstance(entry, Constant) else entry)

    def _symbol(self, i: int) -> Any:
        entry = self._entries[i]
        if isinstance(entry, (bool, int, float)):
            return entry
        label = self.label(i)
        written = f"({label})" if self.names[i] and OPERATORS.search(label) else label
        return Symbol(written, self._latex_label(i))

    def _latex_label(self, i: int) -> str:
        """Return the label of a node as LaTeX: a name, or the digits of a constant."""
        entry = self._entries[i]
        if isinstance(entry, Constant) and self._labels[i] is None:
            return latex_number(entry.value)
        return latex_name(self.label(i))

    def formula(self, i: int, form: str) -> str:
        op = self.op(i)
        if op is None:
            return self.label(i)
        inner = [(render(self._symbol(k), form), 1000) for k in self.parents[i]]
        return fill(op, form, inner, [None] * len(inner), self.params(i))[0]

    def local(self, edge: Edge) -> tuple[Any, bool]:
        """Return the local derivative as an expression, and whether it is a factor."""
        place = edge.child, edge.slot
        if place not in self._locals:
            self._locals[place] = self._local(edge)
        return self._locals[place]

    def _local(self, edge: Edge) -> tuple[Any, bool]:
        op, parents = self.op(edge.child), self.parents[edge.child]
        assert op is not None
        operand = op.operands[0] if op.variadic else op.operands[edge.slot]
        rule = op.rules.get(operand)
        if rule is None:
            return 0, True
        symbols = [self._symbol(i) for i in parents]
        shapes = [self.shape(i) for i in parents]
        if op.variadic:
            n = op.operands[0]
            arguments: dict[str, Any] = {n: symbols, f"{n}_shape": tuple(shapes), "i": edge.slot}
        else:
            arguments = dict(zip(op.operands, symbols, strict=True))
            arguments |= {f"{n}_shape": s for n, s in zip(op.operands, shapes, strict=True)}
        label = self.label(edge.child)
        out = self._symbol(edge.child)
        g = Symbol(f"∂{label}", rf"\partial {latex_name(label)}")
        try:
            arguments |= {**self.params(edge.child), "out": out}
            found = local_derivative(rule, op.asks[operand], arguments, g)
            if len(render(found[0], "text")) <= LONGEST:
                return found
        except Exception:  # a rule may do what cannot be printed; it can still be drawn
            pass
        upright = op.symbol.replace("_", r"\_")
        name = rf"\operatorname{{{upright}}}.\operatorname{{vjp}}"
        if self.shape(edge.child) == self.shape(edge.parent) == ():
            return Symbol(f"{op.symbol}.vjp(1)", f"{name}(1)"), True
        return Symbol(f"{op.symbol}.vjp({g.text})", f"{name}({g.latex})"), False

    def number(self, edge: Edge) -> float | None:
        """Return the local derivative between two numbers."""
        place = edge.child, edge.slot
        if place not in self._numbers:
            self._numbers[place] = self._number(edge)
        return self._numbers[place]

    def _number(self, edge: Edge) -> float | None:
        entry = self._entries[edge.child]
        if not edge.differentiable or entry.shape != () or self.shape(edge.parent) != ():
            return None
        saved = self._saved_again(edge.child, entry)
        if saved is None:
            return None
        one = np.ones((), entry.dtype)[()]
        if entry.dtype == np.float16:
            saved, one = single(saved), single(one)
        with np.errstate(all="ignore"):
            found = entry.op.pull(entry, saved, one)[edge.slot]
            return 0.0 if found is None else float(found)


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


def _identity(constant: Constant) -> Any:
    """Return a key that is the same for every use of one array."""
    if constant.name is not None or not isinstance(constant.value, np.ndarray):
        return "constant", id(constant)
    # By its numbers, not by its place in memory: the same program draws the same picture.
    return "array", constant.dtype, constant.shape, constant.value.tobytes()


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
