"""What is broken in a graph: faults that give wrong or useless gradients without an error.

Each kind is one function of `_KINDS`, which yields findings. A finding names the card, the fault in
a few words, the line of the user's code, and what to do. What is often meant is left alone: a
`detach` that loses no parameter, zeros that a mask made, a small gradient where all are small.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from viz.engine import format_number, graph_of, pause_collector
from viz.health import EXPLODING, VANISHING, neighbours, trouble
from viz.numbers import norm_of
from viz.text import clean, in_short, line_of
from viz.view import Alert

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from viz.engine import Graph, GraphNode
    from viz.view import Grade, GraphView

__all__ = ["Finding", "diagnose", "findings", "with_findings"]

_DEAD = 0.85  # share of zeros behind relu that is said
_FLAT = 1e-3  # local derivative of a sigmoid or tanh, below which an element is saturated
_SATURATED = 0.9  # share of saturated elements that is said
_APART = 1e4  # ratio of the gradients of two parameters, beyond which one of them is said
_RELU = {"relu", "maximum", "where", "clip", "multiply"}
_SQUASHING = {"sigmoid", "tanh"}
_PRODUCTS = {"matmul", "multiply", "dot", "tensordot", "einsum", "inner", "matvec", "vecmat"}
_ELEMENTWISE = {"add", "subtract", "multiply", "divide", "power", "maximum", "minimum"}
_SHAPED = {  # by which one says which way an array lies
    *("reshape", "getitem", "expand_dims", "transpose", "swapaxes", "moveaxis"),
    *("matrix_transpose", "ravel", "squeeze"),
}
_REDUCED = {"sum", "mean", "max", "min"}
_GRADES: dict[str, Grade] = {  # of the others "broken"
    "not finite": "begins",
    "vanishing": "vanishing",
    "exploding": "exploding",
}
_LAYERS = 4  # products with parameters on the way
_DEEP = 8  # steps over which gradients grow or shrink by themselves, rather than by one unit


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault.

    Attributes
    ----------
    kind : str
        A stable word: "accumulated", "cut", "broadcast", "dead", "identical", "saturated",
        "vanishing", "exploding", "not finite" or "hidden limit".
    node : int
        The id of the card it stands on.
    name : str
        What the card is called.
    mark : str
        The fault in a few words.
    advice : str
        What it means, and what to do.
    line : str
        ``train.py:12``, or empty.
    """

    kind: str
    node: int
    name: str
    mark: str
    advice: str
    line: str = ""

    def __str__(self) -> str:
        return str(Alert(self.name, self.line, f"{self.mark}. {self.advice}"))

    @property
    def grade(self) -> Grade:
        """What its mark says, as `GRADES` has it."""
        return _GRADES.get(self.kind, "broken")


def findings(g: Graph) -> tuple[Finding, ...]:
    """Return the faults of a graph, in the order of its cards; each card has the first of its own.

    Numbers are computed again from the leaves; what was assigned since is not judged.
    """
    found: dict[int, Finding] = {}
    with np.errstate(all="ignore"):
        for kind in _KINDS:
            for finding in kind(g):
                found.setdefault(finding.node, finding)
    return tuple(found[i] for i in sorted(found))


def diagnose(*outputs: Any) -> tuple[Finding, ...]:
    """Return what is broken in the computation of one or more tensors.

    Parameters
    ----------
    *outputs : Tensor
        Results, best after ``backward()``; values and gradients are computed again.

    Returns
    -------
    tuple of Finding
        Empty where nothing was found.

    Examples
    --------
    >>> import numpy as np
    >>> import viz
    >>> from autograd import Tensor
    >>> w = Tensor([[1.0], [2.0], [3.0]], name="w", requires_grad=True)
    >>> J = ((w - np.array([1.0, 2.0, 3.0])) ** 2).mean().named("J")
    >>> [found] = viz.diagnose(J)
    >>> found.kind, found.mark
    ('broadcast', '(3, 1) − (3,) → (3, 3)')
    """
    with pause_collector():
        return findings(graph_of(*outputs, where="viz.diagnose"))


def with_findings(view: GraphView, found: tuple[Finding, ...]) -> GraphView:
    """Return a view whose cards and caption say what is broken."""
    if not found:
        return view
    marks = {f.node: f for f in found}
    nodes = []
    for node in view.nodes:
        finding = marks.get(node.id)
        if finding is None or node.mark:
            nodes.append(node)
        else:
            words = f"{node.words}. {finding.mark}: {finding.advice}"
            nodes.append(replace(node, mark=finding.mark, grade=finding.grade, words=words))
    said: dict[tuple[str, str], list[Finding]] = {}
    for f in found:
        said.setdefault((f.kind, f.advice), []).append(f)
    alerts = [_alert(advice, same) for (_, advice), same in said.items()]
    return replace(view, nodes=tuple(nodes), alerts=(*view.alerts, *alerts))


def _alert(advice: str, same: list[Finding]) -> Alert:
    """Return one sentence for findings of one kind, each with what is seen there."""
    first, *rest = same
    if all(f.mark == first.mark for f in rest):
        return Alert(in_short([f.name for f in same]), first.line, f"{first.mark}. {advice}")
    marks = [first.mark, *(f"{f.name}: {f.mark}" for f in rest[:3])]
    more = f"; and {len(rest) - 3} more" if len(rest) > 3 else ""
    return Alert(first.name, first.line, f"{'; '.join(marks)}{more}. {advice}")


def _finding(node: GraphNode, kind: str, mark: str, advice: str, source: Any = None) -> Finding:
    source = source or node.source
    line = line_of(*source) if source else ""
    return Finding(kind, node.id, clean(node.label), mark, advice, line)


# -- kinds -----------------------------------------------------------------------------------------


def _not_finite(g: Graph) -> Iterator[Finding]:
    """Find where NaN or infinity begins, in values or in gradients.

    What a selection keeps from the outputs and from every gradient is left alone: a mask of −∞
    before a softmax, a logarithm that where does not take.
    """
    before, after = neighbours(g)
    value = [trouble(node.value) for node in g]
    slope = [trouble(node.cotangent) for node in g]
    if not any(value[n.id] for n in g.outputs) and not any(slope[n.id] for n in g.leaves):
        return
    for node in g:
        i = node.id
        if value[i] and any(g.nodes[p].value is None for p in before[i]):
            yield _finding(node, "not finite", f"{value[i]} here", f"Where it begins {_UNKNOWN}")
        elif value[i] and not any(value[p] for p in before[i]):
            given = "" if node.op else "It was given so: look at the data, and at what filled it."
            mark = f"{value[i]} begins here"
            yield _finding(node, "not finite", mark, given or _origin(node, value[i]))
        elif slope[i] and not value[i] and not any(slope[c] or value[c] for c in after[i]):
            advice = "The derivative is not finite at this point: move the input away from it."
            yield _finding(node, "not finite", f"{slope[i]} gradient begins here", advice)


_UNKNOWN = (
    "is not known any more: values were assigned since, as an optimizer's step does, and what was "
    "computed from them is gone. Look before the step, or compute inside detect_anomaly()."
)


def unknown(g: Graph) -> str:
    """Say what cannot be judged because values were assigned since; empty where all are known."""
    lost = [node.name or node.label for node in g.leaves if node.value is None]
    gone = sum(node.value is None for node in g)
    if not lost:
        return ""
    return (
        f"Not looked at: {gone} of {len(g)} values, computed from {in_short(lost)}, to which other "
        "numbers were assigned since, as an optimizer's step does. Look before the step."
    )


_ORIGINS = {
    "exp": "It overflows above 709: subtract the greatest element first, or use logsumexp, "
    "softplus or a loss on logits.",
    "log": "It is of 0 or less: use a loss on logits, or log1p, or clip what it gets.",
    "divide": "It divides by 0: add a small number to the divisor, or use where on both.",
    "sqrt": "It is of a number below 0.",
    "power": "The base or the exponent leaves its range: see what they are.",
}


def _origin(node: GraphNode, what: str) -> str:
    return _ORIGINS.get(node.op, f"Its operands are finite and {node.op} of them is {what}.")


def _hidden_limit(g: Graph) -> Iterator[Finding]:
    """Find zeros that arithmetic made, where they met an infinite derivative."""
    for node in g.hidden_limits:
        advice = (
            "A gradient of 0 stayed 0, and the true one may be another number: simplify the "
            "formula, or move the input away from 0."
        )
        yield _finding(node, "hidden limit", "0 met ∞", advice)


def _accumulated(g: Graph) -> Iterator[Finding]:
    """Find gradients that hold more than this pass has brought."""
    for node in g.leaves if not g.is_hooked else ():
        held, brought = node.grad, node.cotangent
        if held is None or not node.walked or node.passes < 2:
            continue
        advice = (
            "Its grad holds other backward passes too: call zero_grad() before each one, if you do "
            "not mean to add them."
        )
        if brought is None:  # a step has been made since
            mark = f"grad holds {node.passes} passes"
            yield _finding(node, "accumulated", mark, advice)
            continue
        held, brought = np.asarray(held, float), np.asarray(brought, float)
        finite = np.isfinite(held).all() and np.isfinite(brought).all()
        if held.shape != brought.shape or not finite or not norm_of(brought):
            continue
        if norm_of(held - brought) < 1e-4 * max(norm_of(held), norm_of(brought)):
            continue
        times = norm_of(held) / norm_of(brought)
        whole = round(times)
        if norm_of(held - whole * brought) < 1e-6 * norm_of(held):
            mark = f"grad is {whole} × this pass"
        elif held.size == 1:
            now, then = format_number(held.item()), format_number(brought.item())
            mark = f"grad = {now}, this pass gives {then}"
        else:
            now, then = format_number(norm_of(held)), format_number(norm_of(brought))
            mark = f"‖grad‖ = {now}, this pass gives {then}"
        yield _finding(node, "accumulated", mark, advice)


def _cut(g: Graph) -> Iterator[Finding]:
    """Find values that lost their graph, and with it parameters."""
    for node, how, source, names in g.cuts:
        if node.name is None and not node.shape:  # a number has no card: what it is put into has
            node = next(n for n in g if node.id in n.parents)
        lost = in_short([clean(n) for n in names])
        instead = {
            "detach()": "leave the detach() out",
            "no_grad()": "compute it outside no_grad()",
        }.get(how, "use the tensor itself, which NumPy's functions take")
        advice = f"No derivative reaches {lost}: {instead}, if it is to be trained."
        yield _finding(node, "cut", f"cut by {how}", advice, source)


def _broadcast(g: Graph) -> Iterator[Finding]:
    """Find elementwise ops that made a table of two columns of numbers."""
    for node in g:
        if node.op not in _ELEMENTWISE or len(node.parents) != 2:
            continue
        a, b = (g.nodes[p] for p in node.parents)
        sizes = [math.prod(x.shape) for x in (a, b)]
        if math.prod(node.shape) <= max(sizes) or sizes[0] != sizes[1] or sizes[0] < 2:
            continue
        if a.op in _REDUCED or b.op in _REDUCED:
            continue  # all pairs of sums, as one writes them
        moved = a.op in _SHAPED or b.op in _SHAPED
        residual = node.op == "subtract" and len(a.shape) != len(b.shape) and _is_residual(g, a, b)
        if moved and not residual:
            continue  # all pairs too
        if not moved and len(a.shape) == len(b.shape) and (not a.op) == (not b.op):
            continue  # two computed, or two given: a table is meant
        shapes = f"{a.shape} {_sign(node.op)} {b.shape} → {node.shape}"
        one, other = _called(a), _called(b)
        advice = (
            f"{one} and {other} have equally many elements, and every pair is combined: give both "
            "one shape, such as with reshape."
        )
        yield _finding(node, "broadcast", shapes, advice)


def _called(node: GraphNode) -> str:
    """Return what a message calls a node: an array without a name is not known by its letter."""
    if node.name is None and node.kind == "constant":
        return f"the array of shape {node.shape}"
    return clean(node.label)


def _is_residual(g: Graph, a: GraphNode, b: GraphNode) -> bool:
    """Whether one of two is given and the other computed, other than by moving what is given."""

    def begin(node: GraphNode) -> GraphNode:
        while node.op in _SHAPED:
            node = g.nodes[node.parents[0]]
        return node

    given, other = sorted((begin(a), begin(b)), key=lambda n: bool(n.op))
    return not given.op and given.kind == "constant" and bool(other.op) and other.op not in _REDUCED


def _sign(op: str) -> str:
    return {"add": "+", "subtract": "−", "multiply": "·", "divide": "/"}.get(op, op)


def _hidden(g: Graph) -> set[int]:
    """Return the nodes that a later layer reads: a product with a leaf comes after them."""
    _, after = neighbours(g)
    leaves = {node.id for node in g.leaves}
    found: set[int] = set()
    for node in reversed(g.nodes):
        for user in after[node.id]:
            others = [p for p in g.nodes[user].parents if p != node.id]
            layer = g.nodes[user].op in _PRODUCTS and any(p in leaves for p in others)
            if user in found or layer:
                found.add(node.id)
    return found


def _dead(g: Graph) -> Iterator[Finding]:
    """Find relu in hidden layers that is 0 for nearly all examples."""
    hidden = _hidden(g)
    for node in g:
        if node.id not in hidden:
            continue
        if node.op not in _RELU or node.value is None or math.prod(node.shape) < 8:
            continue
        value = np.asarray(node.value)
        if node.op != "relu" and not _is_relu_of_one(g, node, value):
            continue
        share = float(np.mean(value == 0))
        if share < _DEAD:
            continue
        mark = f"{share:.0%} of relu is 0".replace("%", " %")
        advice = (
            "Where relu is 0 nothing is learned: normalize the inputs, use init='he', a lower "
            "learning rate, or leaky_relu."
        )
        yield _finding(node, "dead", mark, advice)


def _is_relu_of_one(g: Graph, node: GraphNode, value: Any) -> bool:
    """Whether it is maximum(0, Z), where(Z > 0, Z, 0), clip(Z, 0) or Z * (Z > 0)."""
    two = [g.nodes[p] for p in (node.parents[:2] if node.op == "clip" else node.parents[-2:])]
    if node.op == "multiply":
        given = [x for x in two if x.kind != "constant"]
    else:
        given = [x for x in two if not _is_zero(x)]
    if len(given) != 1 or given[0].op in _RELU:  # one that is looked at itself, times dropout
        return False
    known = given[0].value
    return known is not None and np.array_equal(value, np.maximum(known, 0))


def _is_zero(node: GraphNode) -> bool:
    return node.kind == "constant" and node.value is not None and not np.any(node.value)


def _identical(g: Graph) -> Iterator[Finding]:
    """Find hidden units with equal weights and equal gradients, which stay equal for ever."""
    hidden = _hidden(g)
    for edge in g.edges:
        node, child = g.nodes[edge.parent], g.nodes[edge.child]
        if child.id not in hidden:
            continue
        if node.kind != "leaf" or child.op != "matmul" or len(node.shape) != 2:
            continue
        if node.value is None or node.cotangent is None:
            continue
        W, dW = np.asarray(node.value), np.asarray(node.cotangent)
        W, dW = (W, dW) if edge.slot == 0 else (W.T, dW.T)
        if len(W) < 2 or not _rows_equal(W) or not _rows_equal(dW):
            continue
        what = "rows" if edge.slot == 0 else "columns"
        mark = f"its {len(W)} {what} are equal"
        advice = (
            "All units compute the same and have the same gradient, so they stay equal: begin with "
            "random weights."
        )
        yield _finding(node, "identical", mark, advice)


def _rows_equal(M: Any) -> bool:
    return bool(np.isfinite(M).all() and norm_of(M - M[:1]) <= 1e-9 * norm_of(M))


def _saturated(g: Graph) -> Iterator[Finding]:
    """Find sigmoid or tanh inside a network that is flat for nearly all examples."""
    _, after = neighbours(g)
    leaves = {node.id for node in g.leaves}
    for node in g:
        if node.op not in _SQUASHING or node.value is None or node.cotangent is None:
            continue
        layers = [g.nodes[c] for c in after[node.id] if g.nodes[c].op in _PRODUCTS]
        if not any(p in leaves for layer in layers for p in layer.parents):
            continue  # an output, or a gate
        value = np.asarray(node.value)
        local = value * (1 - value) if node.op == "sigmoid" else 1 - value * value
        share = float(np.mean(np.abs(local) < _FLAT))
        if share < _SATURATED or not norm_of(node.cotangent):
            continue
        mark = f"saturated: {share:.0%}".replace("%", " %")
        advice = (
            f"{node.op} is flat there, so hardly anything comes back through it: normalize the "
            "inputs, begin with smaller weights, or use relu in hidden layers."
        )
        yield _finding(node, "saturated", mark, advice)


def _out_of_bounds(g: Graph) -> Iterator[Finding]:
    """Find the first parameter whose gradient vanishes or explodes, as do all before it."""
    far = _distances(g)
    norms = {
        node.id: norm_of(node.cotangent)
        for node in g.leaves
        if node.cotangent is not None and np.isfinite(node.cotangent).all()
    }
    steady = _steady(g, norms, far)
    if steady is not None:
        yield steady
        return
    if len(norms) < 2:
        return
    least, most = min([n for n in norms.values() if n], default=0.0), max(norms.values())
    order = sorted(norms, key=lambda i: -far[i])  # the first layer's first
    small = _leading(order, lambda n: n < VANISHING and n * _APART < most, norms)
    large = _leading(order, lambda n: n > EXPLODING and n > least * _APART, norms)
    if len(small) > 1 and any(norms[i] for i in small):
        mark = f"vanishing: ‖gradient‖ = {norms[small[-1]]:.1e}"
        advice = (
            f"That of another parameter is {format_number(most)}; up to here hardly anything is "
            "learned: use relu and init='he', fewer layers, or skip connections."
        )
        yield _finding(g.nodes[small[-1]], "vanishing", mark, advice)
    if len(large) > 1:
        mark = f"exploding: ‖gradient‖ = {norms[large[-1]]:.1e}"
        advice = (
            f"That of another parameter is {format_number(least)}: normalize the inputs, begin "
            "with smaller weights, or clip with max_norm."
        )
        yield _finding(g.nodes[large[-1]], "exploding", mark, advice)


def _steady(g: Graph, norms: dict[int, float], far: list[int]) -> Finding | None:
    """Return what has exploded or vanished over many steps, where no parameter is beside it.

    Such as the one weight of a recurrent network, or all layers alike. One unit that is large or
    small is left alone: no step may make up for half of the way, on a logarithmic scale.
    """
    sizes = {n.id: norm_of(n.cotangent) for n in g if n.cotangent is not None}
    _, after = neighbours(g)
    learns = any(VANISHING < size < math.inf for size in norms.values())
    for leaf in sorted(norms, key=lambda i: -far[i]):
        size = norms[leaf]
        if not 0 < size < math.inf or (size < _MOST and (learns or size > _LEAST)):
            continue
        path = _path(leaf, sizes, far, after)
        leaves = set(norms)
        layers = [i for i in path if g.nodes[i].op in _PRODUCTS and leaves & {*g.nodes[i].parents}]
        if len(layers) < _LAYERS:  # a function that is applied again and again is no network
            continue
        if not _is_gradual([math.log10(sizes[i]) for i in path if 0 < sizes[i] < math.inf]):
            continue
        kind, way, cure = (
            ("exploding", "grows", "clip with max_norm")
            if size > 1
            else ("vanishing", "shrinks", "use skip connections")
        )
        advice = (
            f"It {way} step by step, over {len(path)} of them: begin with weights of another size, "
            f"such as init='he', normalize what is between, or {cure}."
        )
        return _finding(g.nodes[leaf], kind, f"{kind}: ‖gradient‖ = {size:.1e}", advice)
    return None


_LEAST, _MOST = 1e-12, 1e12  # norms of gradients that no unit explains where it came step by step


def _path(leaf: int, sizes: dict[int, float], far: list[int], after: list[list[int]]) -> list[int]:
    """Return the longest way from a leaf to an output, as ids."""
    path = [leaf]
    while users := [c for c in after[path[-1]] if c in sizes]:
        path.append(max(users, key=far.__getitem__))
    return path


def _is_gradual(logs: list[float]) -> bool:
    """Whether numbers have changed by a factor of a million at least, and not in one step.

    One step apart from that, such as the unit of the cost, may be of any size.
    """
    if len(logs) <= _DEEP:
        return False
    steps = sorted((b - a for a, b in pairwise(logs)), key=abs)
    return any(
        abs(sum(some)) > 6 and abs(some[-1]) < abs(sum(some)) / 2 for some in (steps, steps[:-1])
    )


def _leading(
    order: list[int], holds: Callable[[float], bool], norms: dict[int, float]
) -> list[int]:
    """Return the leaves up to the last from where something holds of nearly all before."""
    end = 0
    for k in range(1, len(order) + 1):
        if holds(norms[order[k - 1]]) and sum(holds(norms[i]) for i in order[:k]) >= 0.8 * k:
            end = k
    return order[:end]


def _distances(g: Graph) -> list[int]:
    """Return the greatest number of steps from each node to an output."""
    far = [0] * len(g.nodes)
    for edge in reversed(g.edges):
        far[edge.parent] = max(far[edge.parent], far[edge.child] + 1)
    return far


_KINDS: tuple[Callable[[Graph], Iterator[Finding]], ...] = (
    _not_finite,
    _hidden_limit,
    _cut,
    _accumulated,
    _broadcast,
    _identical,
    _dead,
    _saturated,
    _out_of_bounds,
)
