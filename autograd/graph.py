"""`graph(J)`: views of a recorded program, which drawings and users read.

A graph is a snapshot of structure; values and cotangents are computed again when someone asks.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from autograd.errors import GradientError
from autograd.labels import bracketed, labelled, latex_name
from autograd.noise import rounding_of
from autograd.program import Instruction, Kind, Program
from autograd.symbol import (
    Symbol,
    fill,
    format_number,
    latex_number,
    local_derivative,
    render,
    rule_arguments,
)
from autograd.tensor import Tensor, value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

__all__ = ["Edge", "Graph", "GraphNode", "graph"]

from_engine = True

LONGEST = 120  # characters of a local derivative that is written out


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class GraphNode:
    """One value of the graph: a leaf, a constant, or the result of an op.

    Attributes
    ----------
    id : int
        Position in topological order, from 0.
    """

    id: int
    _formulas: _Formulas

    @property
    def _step(self) -> Instruction:
        return self._formulas.program.steps[self.id]

    @property
    def kind(self) -> Kind:
        """Whether it needs a gradient ("leaf"), needs none ("constant") or was computed ("op")."""
        return self._step.kind

    @property
    def op(self) -> str:
        """The name of the op that made it; empty for leaves and constants."""
        op = self._step.op
        return "" if op is None else op.name

    @property
    def symbol(self) -> str:
        """How the op is written in the header of a card."""
        op = self._step.op
        return "" if op is None else op.symbol

    @property
    def params(self) -> dict[str, Any]:
        """The parameters the op was called with."""
        return dict(self._step.params)

    @property
    def parents(self) -> tuple[int, ...]:
        """The ids of its operands, in the order of the arguments."""
        return self._step.operands

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the value."""
        return self._step.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the value."""
        return self._step.dtype

    @property
    def name(self) -> str | None:
        """The name the user gave."""
        return self._step.name

    @property
    def label(self) -> str:
        """The name, or a letter that no other node has; numbers are their own label.

        Nodes of one name are numbered in the order they were recorded: ``h_1``, ``h_2``.
        """
        return self._formulas.label(self.id)

    @property
    def scope(self) -> tuple[str, ...]:
        """The name scopes it was made in."""
        return self._step.scope

    @property
    def source(self) -> tuple[str, int] | None:
        """File and line of the user's code that made it."""
        return self._step.source

    @property
    def walked(self) -> bool:
        """Whether a backward pass has gone through it."""
        return self._step.walked

    @property
    def value(self) -> Any:
        """The value, an array or a NumPy scalar; None where it can no longer be known."""
        return _read_only(self._formulas.program.values[self.id])

    @property
    def cotangent(self) -> Any:
        """The gradient of the outputs with respect to this value; None where unknown."""
        return _read_only(self._formulas.program.cotangents[self.id])

    @property
    def shown(self) -> Any:
        """The value, with 0 for what is no more than the rounding of larger numbers."""
        return _without(self.value, self._formulas.rounding[0][self.id])

    @property
    def shown_cotangent(self) -> Any:
        """The same of the gradient."""
        return _without(self.cotangent, self._formulas.rounding[1][self.id])

    @property
    def grad(self) -> Any:
        """The value of the gradient that backward passes have accumulated on it; or None."""
        return _read_only(value_of(self._step.grad))

    @property
    def is_parameter(self) -> bool:
        """Whether it is a leaf that belongs to a module."""
        return self._step.is_parameter

    @property
    def is_assigned(self) -> bool:
        """Whether a leaf has got another value since it was used: `value` is the one before."""
        return self._formulas.program.is_assigned(self.id)

    @property
    def passes(self) -> int:
        """How many backward passes `grad` holds; one where it was assigned."""
        return self._step.passes

    def register_hook(self, hook: Callable[[Any], Any]) -> Callable[[], None]:
        """Call `hook(gradient)` when a backward walk reaches this node: see `Tensor.register_hook`.

        A hook on the last node that has no tensor any more is the way to look at a gradient inside.
        """
        return self._step.handle().register_hook(hook)

    @property
    def formula(self) -> str:
        """How the value was computed, in the labels of its operands: ``a + u``."""
        return self._formulas.formula(self.id, "text")

    def composed(self, inside: Collection[int]) -> str:
        """Return the formula with those of some operands, by id, in it: ``sigmoid(W @ x + b)``."""
        return self._formulas.written(self.id, "text", inside)[0]

    @property
    def substituted(self) -> str:
        """The formula with numbers for its operands, ``5 + 6``; empty where one is an array.

        So it is where numbers alone stand in the formula already, or are not known.
        """
        return self._formulas.substituted(self.id)

    @property
    def latex(self) -> str:
        """The formula as LaTeX."""
        return self._formulas.formula(self.id, "latex")

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
    _formulas: _Formulas

    @property
    def operand(self) -> str:
        """The op's name for that operand."""
        return self._formulas.program.steps[self.child].operand_name(self.slot)

    @property
    def differentiable(self) -> bool:
        """Whether the backward pass goes back along it, and brings something other than 0."""
        step = self._formulas.program.steps[self.child]
        if not step.is_differentiated(self.slot):
            return False
        op = step.op
        assert op is not None
        if not op.flat_in or op.flat:
            return True
        return op.operands[0 if op.variadic else self.slot] not in op.flat_in

    @property
    def formula(self) -> str:
        """The local derivative, printed by the rule that computes it.

        An elementwise rule reads as a factor, ``c``; another as what it does to the cotangent of
        the result, ``∂Z @ Aᵀ``.
        """
        return self._formulas.local(self.child, self.slot)[2]

    @property
    def latex(self) -> str:
        """The local derivative as LaTeX."""
        return render(self._formulas.local(self.child, self.slot)[0], "latex")

    @property
    def is_factor(self) -> bool:
        """Whether `formula` is the factor ∂child/∂parent, rather than a whole cotangent."""
        return self._formulas.local(self.child, self.slot)[1]

    @property
    def number(self) -> float | None:
        """The local derivative between two single numbers; None for arrays or where unknown."""
        return self._formulas.number(self.child, self.slot)

    @property
    def cotangent(self) -> Any:
        """What comes back along it, a term of the operand's gradient; None where unknown."""
        return _read_only(self._formulas.program.brought(self.child, self.slot))

    @property
    def shown_cotangent(self) -> Any:
        """The same, with 0 for what is no more than the rounding of larger numbers."""
        return _without(self.cotangent, self._formulas.rounding[1][self.parent])

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
    program : Program
        What it is a view of.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        formulas = _Formulas(program)
        self.nodes = tuple([GraphNode(i, formulas) for i in range(len(program.steps))])
        self.edges = tuple(
            [
                Edge(operand, child, slot, formulas)
                for child, step in enumerate(program.steps)
                for slot, operand in enumerate(step.operands)
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
        i = None if node is None else self.program.places.get(node)
        return None if i is None else self.nodes[i]

    @property
    def is_hooked(self) -> bool:
        """Whether hooks change, or look at, gradients that this graph computes without them."""
        return any(step.is_hooked for step in self.program.steps)

    @property
    def keeps_zeros(self) -> bool:
        """Whether a gradient of 0 met an infinite local derivative, and stayed 0 (strong zero)."""
        return bool(self.program.cotangents and self.program.zeros)

    @property
    def hidden_limits(self) -> tuple[GraphNode, ...]:
        """The nodes where a gradient of 0 that arithmetic made met an infinite derivative.

        It counts as 0, and may hide another limit: see `LimitWarning`.
        """
        if not self.keeps_zeros:
            return ()
        return tuple([self.nodes[i] for i in sorted(self.program.hidden_limits())])

    @property
    def cuts(self) -> tuple[tuple[GraphNode, str, tuple[str, int] | None, tuple[str, ...]], ...]:
        """Where leaves were lost: each with how, the user's line, and the names of the leaves.

        A constant counts if it was computed from leaves that no derivative of this graph reaches:
        by `detach`, in `no_grad`, through an array of `numpy` or `data`, or as Python's numbers,
        which their digits tell. Leaves that have backward passes of their own, such as those of a
        generator beside its discriminator, are trained by these, and not lost.
        """
        ids = {node.id for node in self.program.places}

        def is_lost(leaf: Any, turns: Any) -> bool:
            if leaf is None:  # nobody holds it
                return not turns.is_trained_apart(ids)
            return leaf not in self.program.places and not leaf.extra.is_trained_apart(ids)

        found = []
        for node, step in zip(self.nodes, self.program.steps, strict=True):
            cut = step.cut
            if cut is None:
                continue
            lost = tuple(
                name or "a leaf without a name"
                for ref, name, turns in cut.leaves.values()
                if is_lost(ref(), turns)
            )
            if lost:
                found.append((node, cut.how, cut.source, lost))
        return tuple(found)

    @property
    def leaves(self) -> tuple[GraphNode, ...]:
        """The nodes that were made with requires_grad=True."""
        return tuple(node for node in self.nodes if node.kind == "leaf")

    @property
    def outputs(self) -> tuple[GraphNode, ...]:
        """The nodes the graph was asked for."""
        return tuple(self.nodes[i] for i in self.program.outputs)


def _without(x: Any, floor: Any) -> Any:
    """Return numbers with 0 in the place of those that are no larger than what rounding makes."""
    if x is None or not np.any(floor) or np.asarray(x).dtype.kind != "f":
        return x
    return np.where(np.abs(x) <= floor, x.dtype.type(0), x)[()]


class _Formulas:
    """How the steps of a program read: labels, formulas and local derivatives.

    It does not refer to the views that users see, so a graph has no reference cycle.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        # What has been asked for: a picture asks for it several times. By step, by step and form,
        # by child and slot.
        self._symbols: dict[int, Any] = {}
        self._formulas: dict[tuple[int, str], str] = {}
        self._locals: dict[tuple[int, int], tuple[Any, bool, str]] = {}
        self._numbers: dict[tuple[int, int], float | None] = {}

    @functools.cached_property
    def _labels(self) -> list[str | None]:
        return labelled(self.program.steps)

    @functools.cached_property
    def rounding(self) -> tuple[list[Any], list[Any]]:
        """How large mere rounding can be in the values and in the gradients."""
        return rounding_of(self.program)

    def label(self, i: int) -> str:
        """Return the name of a node, its digits, or a letter that no other node has."""
        label = self._labels[i]
        return format_number(self.program.steps[i].constant) if label is None else label

    def _symbol(self, i: int) -> Any:
        found = self._symbols.get(i)
        if found is None:
            step = self.program.steps[i]
            found = step.number
            if found is None:
                label = self.label(i)
                written = bracketed(label) if step.name else label
                found = Symbol(written, self._latex_label(i))
            self._symbols[i] = found
        return found

    def _latex_label(self, i: int) -> str:
        """Return the label of a node as LaTeX: a name, or the digits of a constant."""
        if self._labels[i] is None:
            return latex_number(self.program.steps[i].constant)
        return latex_name(self.label(i))

    def formula(self, i: int, form: str) -> str:
        """Return how a value is computed, in the labels of its operands."""
        if (i, form) not in self._formulas:
            self._formulas[i, form] = self.written(i, form)[0]
        return self._formulas[i, form]

    def written(self, i: int, form: str, inside: Collection[int] = ()) -> tuple[str, int]:
        """Return a formula with those of the operands `inside` in it, and how tightly it binds."""
        step = self.program.steps[i]
        if step.op is None:
            return render(self._symbol(i), form) if inside else self.label(i), 1000
        inner = [
            self.written(k, form, inside) if k in inside else (render(self._symbol(k), form), 1000)
            for k in step.operands
        ]
        made = [self.program.steps[k].op if k in inside else None for k in step.operands]
        names = [None if op is None else op.name for op in made]
        return fill(step.op, form, inner, names, step.params)

    def substituted(self, i: int) -> str:
        """Return the formula of a step with the numbers of its operands, if they are numbers."""
        step = self.program.steps[i]
        values = [self.program.values[k] for k in step.operands]
        if step.op is None or any(v is None or np.ndim(v) for v in values):
            return ""
        inner = [(format_number(v), -1 if v < 0 else 1000) for v in values]
        text = fill(step.op, "text", inner, [None] * len(inner), step.params)[0]
        return "" if text == self.formula(i, "text") else text

    def local(self, i: int, slot: int) -> tuple[Any, bool, str]:
        """Return the local derivative as an expression, whether it is a factor, and as text."""
        if (i, slot) not in self._locals:
            self._locals[i, slot] = self._local(i, slot)
        return self._locals[i, slot]

    def _local(self, i: int, slot: int) -> tuple[Any, bool, str]:
        step = self.program.steps[i]
        op = step.op
        assert op is not None
        operand = op.operands[0] if op.variadic else op.operands[slot]
        rule = op.rules.get(operand)
        if rule is None:
            return 0, True, "0"
        symbols = [self._symbol(k) for k in step.operands]
        shapes = [self.program.steps[k].shape for k in step.operands]
        arguments = rule_arguments(op, symbols, shapes, slot)
        label = self.label(i)
        out = self._symbol(i)
        typeset = latex_name(label) if bracketed(label) == label else f"({latex_name(label)})"
        g = Symbol(f"∂{bracketed(label)}", rf"\partial {typeset}")
        try:
            arguments |= {**step.params, "out": out}
            found = local_derivative(rule, op.asks[operand], arguments, g)
            if len(text := render(found[0], "text")) <= LONGEST:
                return *found, text
        except Exception:  # a rule may do what cannot be printed; it can still be drawn
            pass
        upright = op.symbol.replace("_", r"\_")
        name = rf"\operatorname{{{upright}}}.\operatorname{{vjp}}"
        if step.shape == self.program.steps[step.operands[slot]].shape == ():
            text, latex, factor = f"{op.symbol}.vjp(1)", f"{name}(1)", True
        else:
            text, latex, factor = f"{op.symbol}.vjp({g.text})", f"{name}({g.latex})", False
        return Symbol(text, latex), factor, text

    def number(self, i: int, slot: int) -> float | None:
        """Return the local derivative between two numbers."""
        if (i, slot) not in self._numbers:
            self._numbers[i, slot] = self.program.local_number(i, slot)
        return self._numbers[i, slot]


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
    known = {y._node: y._value for y in outputs if y._node is not None}
    return Graph(Program(roots, known))


def _read_only(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return value
    view = value.view()
    view.setflags(write=False)
    return view
