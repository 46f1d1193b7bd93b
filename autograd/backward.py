"""The backward walk: topological order, the chain rule, and the three things rules leave to it.

Broadcasting, dtype and accumulation are undone here and nowhere else, so the rule of an op is
its textbook formula. The walk never recurses; the order of creation is a topological order.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest
from operator import attrgetter
from sys import getrefcount
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.anomaly import inspect_backward, inspect_cotangent
from autograd.errors import AutogradError, DTypeError, GradientError, LimitWarning, ShapeError
from autograd.node import FREED, Constant, Node, Pass, source_of
from autograd.registry import OPS
from autograd.state import STATE, detect_anomaly, enable_grad
from autograd.tensor import Tensor, real_array, wrap
from autograd.zeros import Met, mended, report, squares, strict_limits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

__all__ = [
    "backward",
    "gradients",
    "in_dtype",
    "pulled",
    "reach",
    "seed",
    "single",
    "towards",
    "walk",
]

from_engine = True

_AGE = attrgetter("id")
_ACCUMULATING = Lock()
_ONE, _HALF = np.float64(1.0), np.dtype(np.float16)


def backward(
    self: Tensor,
    cotangent: npt.ArrayLike | None = None,
    *,
    retain_graph: bool = False,
    create_graph: bool = False,
) -> None:
    """Add the gradient of this tensor to the `grad` of every leaf it was computed from.

    Parameters
    ----------
    cotangent : array_like, optional
        Weights of this tensor's elements, of its shape. May be left out for a single number,
        where it is 1.
    retain_graph : bool
        Keep what the rules read, so that a backward walk can pass again.
    create_graph : bool
        Record the backward pass as well; `grad` is then a Tensor that can be differentiated. It
        refers to the leaf it is the gradient of, so the leaf's `zero_grad()` (or Python's cyclic
        collector) is what frees the graph; `gradients` makes no such cycle.

    Raises
    ------
    GradientError
        If nothing here requires a gradient, if this is not a single number and no cotangent is
        given, or if an earlier walk has freed the graph.
    ShapeError
        If the cotangent does not have this tensor's shape.
    """
    root = _root(self, "backward()")
    start = {root: seed(self, cotangent, "backward()", lift=create_graph)}
    kept: list[tuple[Node, Any]] = []
    keep = retain_graph or create_graph
    walk(reach(start), start, retain_graph=keep, record=create_graph, kept=kept)
    # All at once, after the walk: a rule that fails leaves every grad as it was. One thread at a
    # time: two that share a leaf must not lose each other's part.
    with _ACCUMULATING:
        this, most = Pass(), 0
        ids: list[int] = []
        this.ids, this.most = ids, most  # whole at any moment, should it be interrupted
        while kept:
            node, g = kept.pop()
            extra = node.extra
            assert extra is not None  # what retains its gradient has a place for it
            before = extra.grad
            if before is not None:
                g = before + g
            extra.grad = g if type(g) is Tensor else _own(g)
            extra.passes += 1
            extra.last, extra.total = this, extra.total + 1
            ids.append(node.id)
            if extra.total > most:
                most = extra.total
        this.most = most


def _own(g: Any) -> np.ndarray[Any, Any]:
    """Return g, copied if anything else refers to it."""
    # Three references are the caller's name, this one, and the question itself.
    alone = type(g) is np.ndarray and g.base is None and getrefcount(g) <= 3
    return g if alone else np.array(g)


def gradients(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    cotangents: Any = None,
    *,
    create_graph: bool = False,
    retain_graph: bool | None = None,
    allow_unused: bool = False,
) -> Any:
    """Return the gradients of outputs with respect to inputs, touching no `grad`.

    Parameters
    ----------
    outputs : Tensor or sequence of Tensor
        What to differentiate; several are summed, each weighted by its cotangent.
    inputs : Tensor or sequence of Tensor
        Leaves or intermediate results. The walk visits only paths that lead to them.
    cotangents : array_like or sequence of array_like, optional
        One for each output, of its shape; may be left out where an output is a single number.
    create_graph : bool
        Return Tensors that can be differentiated again.
    retain_graph : bool, optional
        Keep what the rules read for another walk; by default as `create_graph`.
    allow_unused : bool
        Return None for an input that the outputs do not depend on, rather than raise.

    Returns
    -------
    array, Tensor, or list of them
        Of the shape and dtype of each input; a single one where `inputs` is a single Tensor.

    Raises
    ------
    GradientError
        If an output or input requires no gradient, an input is unused, or the graph was freed.
    ShapeError
        If a cotangent does not have its output's shape.

    Examples
    --------
    >>> from autograd import Tensor, gradients
    >>> x = Tensor(3.0, requires_grad=True)
    >>> slope = gradients(x * x * x, x, create_graph=True)
    >>> slope.item(), gradients(slope, x)
    (27.0, array(18.))
    """
    outs, ins = _listed(outputs), _listed(inputs)
    seeds = [cotangents] if isinstance(outputs, Tensor) else [None] * len(outs)
    if cotangents is not None and not isinstance(outputs, Tensor):
        seeds = list(cotangents) if isinstance(cotangents, Iterable) else [cotangents]
    if len(seeds) != len(outs):
        raise ShapeError(
            f"gradients: needs one cotangent for each of {len(outs)} outputs, got {len(seeds)}."
        )
    wanted: list[Node] = []
    for x in ins:
        if not isinstance(x, Tensor) or x._node is None:
            raise GradientError(
                f"gradients: an input{_quoted(x)} requires no gradient; "
                "make it with Tensor(..., requires_grad=True) before it is used."
            )
        wanted.append(x._node)
    start: dict[Node, Any] = {}
    for y, given in zip(outs, seeds, strict=True):
        root, g = _root(y, "gradients"), seed(y, given, "gradients", lift=create_graph)
        start[root] = start[root] + g if root in start else g
    order = reach(start)
    targets = set(wanted)
    whole = all(node.op is not None or node in targets for node in order)
    if not whole:  # some leaves are not asked for
        order = towards(targets, order)
    keep = create_graph if retain_graph is None else retain_graph
    found = walk(
        order, start, retain_graph=keep, record=create_graph, kept=[], targets=targets, whole=whole
    )
    results = []
    for x, node in zip(ins, wanted, strict=True):
        g = found.get(node)
        if g is None and not allow_unused:
            raise GradientError(
                f"gradients: the outputs do not depend on an input{_quoted(x)} of shape {x.shape}; "
                "pass allow_unused=True to get None for it."
            )
        results.append(g if g is None or type(g) is Tensor else _own(g))
    return results[0] if isinstance(inputs, Tensor) else results


def _listed(tensors: Any) -> list[Any]:
    """Return what was given as a list: one Tensor, or any collection of them."""
    one = isinstance(tensors, Tensor) or not isinstance(tensors, Iterable)
    return [tensors] if one else list(tensors)


def reach(roots: Iterable[Node]) -> list[Node]:
    """Return every node the roots were computed from, latest first."""
    seen = set(roots)
    stack = list(seen)
    while stack:
        for parent in stack.pop().parents:
            if parent is not None and parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return sorted(seen, key=_AGE, reverse=True)


def towards(wanted: set[Node], order: list[Node]) -> list[Node]:
    """Keep the nodes from which a wanted one can be reached."""
    useful: set[Node | None] = set(wanted)
    for node in reversed(order):
        if node not in useful and any(p in useful for p in node.parents if p is not None):
            useful.add(node)
    return [node for node in order if node in useful]


def walk(
    order: Sequence[Node],
    cotangents: dict[Node, Any],
    *,
    retain_graph: bool,
    record: bool,
    kept: list[tuple[Node, Any]],
    targets: set[Node] | None = None,
    whole: bool = False,
) -> dict[Node, Any]:
    """Take cotangents through the nodes in order; the chain rule is what each op's `push` does.

    It is silent where a local derivative is infinite or NaN, as the value that follows says it:
    NumPy's warnings would also come where a strong zero mends it.

    Parameters
    ----------
    order : sequence of Node
        Latest first. Where `targets` is given, contributions to nodes outside it are dropped.
    cotangents : dict
        The seeds, by node; used up by the walk.
    retain_graph, record : bool
        Keep the saved values; give the rules Tensors, so that they record a graph.
    kept : list
        Receives (node, cotangent) of each node that retains its gradient.
    targets : set of Node, optional
        Nodes whose cotangents are returned.
    whole : bool
        All nodes of the graph are in the order, whatever the targets are.

    Returns
    -------
    dict
        The cotangent of each target that was reached.
    """
    met = Met(order, [*cotangents.items()], targets=targets)
    with np.errstate(divide="ignore", invalid="ignore"):
        if not record:
            found, late = _walk(order, cotangents, retain_graph, False, kept, targets, whole, met)
        else:
            with enable_grad():
                found, late = _walk(
                    order, cotangents, retain_graph, True, kept, targets, whole, met
                )
    limits = met.hidden() if met else ()
    for node in late:
        node.saved = FREED
    if limits:
        report(limits)
    return found


def _walk(
    order: Sequence[Node],
    cotangents: dict[Node, Any],
    retain_graph: bool,
    record: bool,
    kept: list[tuple[Node, Any]],
    targets: set[Node] | None,
    whole: bool,
    met: Met,
) -> tuple[dict[Node, Any], list[Node]]:
    """Return the cotangents of targets, and the nodes whose saved values are still to be freed."""
    found: dict[Node, Any] = {}
    # Nodes whose saved values tell which zeros were selected: by the op itself, or by a constant.
    late: list[Node] = []
    useful: set[Node | None] | None = None if targets is None or whole else set(order)
    half, pop, state = _HALF, cotangents.pop, STATE.get()
    anomaly, strong = state.anomaly, state.strong_zero
    buffers: set[Node] = set()  # nodes whose cotangent is an array that is only ours
    parts: dict[Node, list[tuple[Any, Any]]] = {}  # recorded cotangents of parts, with their places
    for node in order:
        g = pop(node, None)
        if parts and node in parts:
            together = _together(node, parts.pop(node))
            g = together if g is None else g + together
        reached = g is not None
        if g is None:  # only ops whose derivative is 0 lead here
            g = np.zeros(node.shape, node.dtype)[()]
            g = wrap(g) if record else g
        if anomaly:
            inspect_cotangent(node, g)
        extra = node.extra
        if extra is not None:
            if extra.hooks:
                g = _hooked(node, extra.hooks, g)
            if extra.retains:
                kept.append((node, g if g.dtype is node.dtype else in_dtype(g, node)))
        if targets is not None and node in targets:
            found[node] = in_dtype(g, node)
        op = node.op
        node.walked = True
        if op is None or not reached:
            continue
        if useful is not None and not any(p in useful for p in node.parents):
            continue
        saved = node.saved
        if saved is FREED:
            raise GradientError(
                f"backward: the graph below {op.name}{_name_of(node)} was freed by an earlier "
                "backward pass; compute the result again, or pass retain_graph=True to that pass."
            )
        first = node.parents[0]
        if op.add_to is not None and first is not None and first.shape and not anomaly:
            if not retain_graph:
                node.saved = FREED
            if record:
                parts.setdefault(first, []).append((g, node.params[0]))
            else:
                _add_into(node, cotangents, buffers, g)
            continue
        if record:
            saved = _lifted(node, saved)
        if node.dtype is half:
            saved, g = single(saved), single(g)
        try:
            if anomaly:  # the ops of a recorded rule do not look themselves: this names the rule
                with detect_anomaly(False), strict_limits():
                    inspect_backward(node, pulled(node, saved, g, strong))
                    op.push(node, saved, g, cotangents, useful, strong, met)
            else:
                op.push(node, saved, g, cotangents, useful, strong, met)
                if record and g._node is None and np.all(np.equal(g._value, 1)):
                    _drop_ones(node, cotangents)
        except Exception as error:
            raise _of_rule(node, error) from error
        if not retain_graph:
            if op.selects or None in node.parents:
                late.append(node)
            else:
                node.saved = FREED
    for node, given in parts.items():  # of nodes that this walk does not visit, but leads to
        together = _together(node, given)
        before = cotangents.get(node)
        cotangents[node] = together if before is None else before + together
    return found, late


def _drop_ones(node: Node, cotangents: dict[Node, Any]) -> None:
    """Take x for 1 · x in what a recorded rule gave for a cotangent that is 1 for good."""
    multiply = OPS["multiply"]
    for parent in node.parents:
        x = None if parent is None else cotangents.get(parent)
        if parent is None or type(x) is not Tensor:
            continue
        made = x._node
        if made is None or made.op is not multiply or None not in made.parents:
            continue
        slot = made.parents.index(None)
        factor, constant = made.parents[1 - slot], made.constants[slot]
        value = constant.value if isinstance(constant, Constant) else constant
        alike = factor is not None and (factor.shape, factor.dtype) == (made.shape, made.dtype)
        if alike and value is not None and np.all(np.equal(value, 1)):
            cotangents[parent] = wrap(x._value, factor)


def _of_rule(node: Node, error: Exception) -> Exception:
    """Say whose rule raised, on which shapes, and at which of the user's lines it was recorded."""
    if isinstance(error, (AutogradError, LimitWarning)):  # the latter where warnings are errors
        return error
    assert node.op is not None
    shapes = [
        np.shape(c) if p is None else p.shape for p, c in zip_longest(node.parents, node.constants)
    ]
    source = source_of(node)
    where = "" if source is None else f", called at {source[0]}:{source[1]}"
    return GradientError(
        f"{node.op.name}: its derivative rule raised {type(error).__name__}: {error} (operands of "
        f"shape {' and '.join(map(str, shapes))}, result of shape {node.shape}){where}."
    )


def _add_into(node: Node, cotangents: dict[Node, Any], buffers: set[Node], g: Any) -> None:
    """Add the cotangent of a part to its parent's, in place: n parts then cost n, not n²."""
    parent, op = node.parents[0], node.op
    assert parent is not None
    assert op is not None
    assert op.add_to is not None
    buffer = cotangents.get(parent)
    if buffer is None:
        buffer = np.zeros(parent.shape, np.float32 if parent.dtype.itemsize == 2 else parent.dtype)
    elif parent not in buffers:
        buffer = np.array(buffer)
    buffers.add(parent)
    cotangents[parent] = buffer
    op.add_to(buffer, g, *node.params)


def _together(node: Node, parts: list[tuple[Any, Any]]) -> Any:
    """Record the sum of the cotangents of parts as one op: n parts then cost n, not n²."""
    pieces, places = zip(*parts, strict=True)
    if len(parts) == 1:
        return OPS["scatter"].record(pieces[0], shape=node.shape, index=places[0])
    return OPS["scatter_all"].record(pieces, shape=node.shape, indices=places)


def single(x: Any) -> Any:
    """Return half precision as single, in which rules compute, and anything else as it is."""
    if isinstance(x, tuple):
        return tuple([single(v) for v in x])
    return x.astype(np.float32) if getattr(x, "dtype", None) == np.float16 else x


def in_dtype(g: Any, node: Any) -> Any:
    """Return a cotangent in the dtype of its node: those of half precision are added in single."""
    return g if g.dtype == node.dtype else g.astype(node.dtype)


def pulled(
    node: Node, saved: tuple[Any, ...], g: Any, strong: bool, met: Met | None = None
) -> list[Any]:
    """Return what a node gives to each parent, mended where a zero has met NaN."""
    assert node.op is not None
    found = list(node.op.pull(node, saved, g))
    for slot, x in enumerate(found):
        if x is not None and strong and np.isnan(squares(x)):
            found[slot] = mended(node, saved, g, x, slot, met)
    return found


def seed(output: Tensor, cotangent: Any, where: str, *, lift: bool) -> Any:
    """Return the cotangent that a walk starts from."""
    if cotangent is None:
        if type(output._value) is np.float64 and not lift:
            return _ONE
        if output.size != 1:
            raise GradientError(
                f"{where}: needs a single number, got shape {output.shape}; reduce it "
                f"with .sum() or "
                ".mean(), or pass a cotangent of that shape."
            )
        value: Any = output.dtype.type(1)
        if output.shape:
            value = np.full(output.shape, value)
    elif type(cotangent) is Tensor and lift:
        value = cotangent
    else:
        given = real_array(cotangent)
        value = np.array(given)[()] if given.dtype == output.dtype else _narrow(given, output.dtype)
        if value is None:
            raise DTypeError(
                f"{where}: a cotangent of {given.dtype} is beyond the range of the output's dtype "
                f"{output.dtype}; scale it, or compute in {given.dtype}."
            )
    if value.shape != output.shape:
        raise ShapeError(
            f"{where}: the cotangent needs the output's shape {output.shape}, got {value.shape}."
        )
    return value if type(value) is Tensor or not lift else wrap(value)


def _narrow(given: Any, dtype: np.dtype[Any]) -> Any:
    """Return a cotangent in another dtype, or None where a number is beyond its range."""
    with np.errstate(over="ignore"):
        value = given.astype(dtype)[()]
    return value if np.all(np.isfinite(value) | ~np.isfinite(given)) else None


def _root(output: Any, where: str) -> Node:
    if not isinstance(output, Tensor):
        raise GradientError(
            f"{where}: needs a Tensor, got {type(output).__name__}; it was computed without any."
        )
    if output._node is None:
        raise GradientError(
            f"{where}: the tensor{_quoted(output)} of shape {output.shape} depends on nothing that "
            "requires a gradient; make leaves with requires_grad=True, outside no_grad()."
        )
    return output._node


def _lifted(node: Node, saved: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the saved values as Tensors on their nodes, so that a rule records what it does."""
    op = node.op
    if op is None:
        return saved
    if op.variadic:
        return tuple(
            tuple(
                wrap(v, p) if p is not None else v for v, p in zip(value, node.parents, strict=True)
            )
            if name == op.operands[0]
            else wrap(value, node)
            if name == "out"
            else value
            for name, value in zip(op.saved, saved, strict=True)
        )
    owners = (*node.parents, node, None)  # of the operands, of the result, of shapes
    return tuple(
        [
            wrap(value, owner) if value is not None and (owner := owners[k]) is not None else value
            for k, value in zip(op.saved_slots, saved, strict=True)
        ]
    )


def _hooked(node: Node, hooks: list[Callable[[Any], Any]], g: Any) -> Any:
    """Show a cotangent to a node's hooks; return it, or what they put in its place."""
    g, recorded = in_dtype(g, node), type(g) is Tensor
    for hook in tuple(hooks):
        new = hook(g if recorded else np.array(g))
        if new is None:
            continue
        if not recorded:
            new = real_array(new, node.dtype)[()]
        elif type(new) is not Tensor:
            new = wrap(real_array(new, node.dtype)[()])
        else:
            new = in_dtype(new, node)
        if new.shape != node.shape:
            raise ShapeError(
                f"hook{_name_of(node)}: needs a gradient of shape {node.shape}, got {new.shape}."
            )
        g = new
    return g


def _name_of(node: Node) -> str:
    name = node.name
    return "" if name is None else f" {name!r}"


def _quoted(x: Any) -> str:
    return f" {x.name!r}" if isinstance(x, Tensor) and x.name is not None else ""
