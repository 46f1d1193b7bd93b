"""What the rules of norms and roots are where the function has a kink or an infinite slope.

A norm n of x has no derivative at 0; by convention it is 0 there, as that of |x| is. But n² has
one, 2x, and its second derivative is 2. In a recorded pass the cotangent g of n is itself a
function of n, so it can be asked: near 0 it is g(0) + g′(0) n. The constant part meets the kink and
gives 0; the other gives g′(0) n · x/n = g′(0) x, without a kink. One law for all of them.

A maximum of two is half of their sum and half of |a − b|, so it obeys the same law at a tie, with
the weight ½; a minimum has −½.

As a function of n, (g(n) − g(0)) / n is g′ − n g″/2 + n² g‴/6 − …; the terms after the first are 0
at the kink, and are there for derivatives of higher order, to the fifth. Higher ones are refused.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.backward import gradients, reach, towards
from autograd.messages import PASSES
from autograd.registry import HIDDEN
from autograd.symbol import Symbol
from autograd.tensor import Tensor, value_of, wrap
from autograd.zeros import OF_TIES, report

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autograd.node import Node

from_engine = True

_ABS = ("absolute", "fabs")
_SIZES = (*_ABS, "vector_norm", "hypot", "std")
_DEEP = 12  # ops that two sizes may have above them to be known as the same


def slopes(g: Any, nodes: Sequence[Node], places: Any) -> Any | None:
    """Return how each element of a recorded cotangent changes with the same element of a result.

    Parameters
    ----------
    g : Tensor
        The cotangent of the result.
    nodes : sequence of Node
        The node of the result, and others that compute the same from the same.
    places : array of bool
        The elements that are asked for; the others are 0.

    Returns
    -------
    Tensor, or None
        None where g does not depend on the result at all.
    """
    return _slopes(g, [(node, 1.0) for node in nodes], places)[0]


def _slopes(
    g: Any,
    parts: Sequence[tuple[Node, Any]],
    places: Any,
    size: Callable[[Any], Any] = lambda out: out,
) -> tuple[Any | None, int]:
    """Return the same by a size of which each node has a part; `size` gives it from the first.

    And how many recorded passes are to be counted for it, of `PASSES`: more where fewer terms of
    its expansion are known.
    """
    inside = _DEPTH.get()
    if inside > 1:  # a kink in a kink in a kink is not computed; the caller reports it
        return None, 1
    token = _DEPTH.set(inside + 1)
    try:
        places, terms = _asked(g, [node for node, _ in parts], places)
        slope = _expanded(g, parts, places, terms if not inside else 1, size)
        return slope, 1 if inside else _COUNTED[terms]
    finally:
        _DEPTH.reset(token)


_TERMS = 3  # enough for as many recorded passes as `PASSES` says
_COUNTED = {1: PASSES, 2: PASSES - 1, _TERMS: 1}  # passes for terms: second, third, fifth order
_FEW = 8  # kinks that a pass each, and one each for how that changes, is spent on


def _asked(g: Any, nodes: list[Node], places: Any) -> tuple[Any, int]:
    """Return the places whose slopes are computed, and the terms of their expansion.

    One pass tells all of them where each cotangent depends on its own element only. Otherwise each
    takes one, and each of the next term as many again. Of more than a few, those are asked where
    the cotangent is 0 and the function may be smooth; that others matter is reported.
    """
    if type(g) is not Tensor or g._node is None:
        return places, _TERMS
    ends = set(nodes)
    between = towards(ends, reach([g._node]))
    if all(n in ends or _apart(n, nodes[0].shape) for n in between):
        return places, _TERMS
    many = int(np.sum(places))
    if many <= _FEW and _DEPTH.get() <= 1:
        return places, 2
    flat = places & np.equal(value_of(g), 0)
    left = places & ~flat
    if not _is_extreme(nodes[0]) and np.any(left) and _matters(g, _handles(nodes), left):
        report(nodes[:1])
    return flat, 1


_DEPTH: ContextVar[int] = ContextVar("autograd_kinks", default=0)  # of slopes inside slopes


def limit(half: Callable[[dict[str, Any]], Any]) -> Callable[..., Any]:
    """Return what an op with infinite slopes declares as its `limit`.

    Parameters
    ----------
    half : callable
        Takes a dict of what the rules read, as arrays, and returns the limit of (f − f₀) f′.
    """

    def slope(g: Any, node: Any, read: dict[str, Any], places: Any) -> Any | None:
        """Return what g · ∞ tends to where g goes to 0 with the result: g′ (f − f₀) f′."""
        rate = slopes(g, [node], places) if np.any(places) else None
        return None if rate is None else rate * half({n: value_of(v) for n, v in read.items()})

    return slope


def _handles(nodes: Sequence[Node]) -> list[Any]:
    """Return tensors of some nodes to differentiate by; nobody reads their values."""
    return [wrap(np.broadcast_to(np.array(np.nan, n.dtype), n.shape), n) for n in nodes]


def _expanded(
    g: Any,
    parts: Sequence[tuple[Node, Any]],
    places: Any,
    terms: int,
    size: Callable[[Any], Any],
) -> Any | None:
    """Return g′ − n g″/2 + …, to a number of terms; None where g does not depend on n."""
    outs, weights = _handles([node for node, _ in parts]), [weight for _, weight in parts]
    found = _slope(g, outs, weights, places)
    if found is None:
        return None
    n = _stilled(size(outs[0]), places, reach([g._node]), parts[0][0])
    term, factor = found, 1.0
    power: Any = 1.0
    for k in range(2, terms + 1):
        term = _slope(term, outs, weights, places)
        if term is None:
            break
        factor, power = -factor / k, power * n
        found = found + factor * power * term
    return found


def _passes(behind: Sequence[Node]) -> int:
    """Return how many recorded passes through a kink lie behind a cotangent."""
    return max((m.params[2] for m in behind if m.op is HIDDEN["substitute"]), default=0)


def _slope(g: Any, outs: list[Any], weights: list[Any], places: Any) -> Any | None:
    """Return ∂g/∂n of the same elements, recorded; None where g does not depend on the outs.

    Several outs have a part of one size: what they give, times their weights, adds up. One pass
    tells it for all elements where each g depends on its own element only. Otherwise it takes one
    pass for each place.
    """
    if type(g) is not Tensor or g._node is None:
        return None
    ends = {out._node for out in outs}
    between = towards(ends, reach([g._node]))
    if not ends & set(between):
        return None

    def pulled(one: Any) -> Any:
        terms = gradients(g, outs, one, create_graph=True, allow_unused=True)
        known = [x * w for x, w in zip(terms, weights, strict=True) if x is not None]
        return sum(known[1:], known[0]) * one

    shape = outs[0].shape
    if all(n in ends or _apart(n, shape) for n in between):
        return pulled(places.astype(float))
    found = None
    for place in np.argwhere(places):
        one = np.zeros(shape)
        one[tuple(place)] = 1.0
        slope = pulled(one)
        found = slope if found is None else found + slope
    return found


def _is_crossed(g: Any, sizes: list[Node], others: list[Node], kink: Any) -> bool:
    """Whether a cotangent depends on another size at its kink, whose share has no known limit.

    Such are other elements of the same sizes, as in (|x₁| + |x₂|)², and other nodes.
    """
    flat = kink & np.equal(value_of(g), 0)
    if not np.any(flat):
        return False
    outs = _handles(sizes)
    ends = set(sizes)
    between = towards(ends, reach([g._node]))
    alone = all(n in ends or _apart(n, sizes[0].shape) for n in between)
    if np.sum(flat) > 1 and not alone:
        one = np.zeros(sizes[0].shape)
        first = tuple(np.argwhere(flat)[0])
        one[first] = 1.0
        found = gradients(g, outs, one, retain_graph=True, allow_unused=True)
        reached = sum(np.not_equal(x, 0) for x in found if x is not None) * flat
        reached[first] = 0
        if np.any(reached):
            return True
    asked = [m for m in others if m in set(reach([g._node])) and _may_be_0(m)]
    if not asked:
        return False
    found = gradients(g, _handles(asked), flat.astype(float), retain_graph=True, allow_unused=True)
    return any(x is not None and np.any(x) for x in found)


def _may_be_0(node: Node) -> bool:
    """Whether a size has an element that is 0, as far as is known."""
    op, saved = node.op, node.saved
    assert op is not None
    known = dict(zip(op.saved, saved, strict=True)) if len(saved) == len(op.saved) else {}
    if _is_extreme(node) and not _is_signed(node):
        return bool(np.any(np.equal(*(value_of(known[k]) for k in op.operands)))) if known else True
    value = known.get("out")
    return value is None or not np.all(value_of(value))


def _apart(node: Node, shape: tuple[int, ...]) -> bool:
    """Whether a node has this shape, and each element depends on the same one of its operands."""
    return node.op is not None and node.op.elementwise and node.shape == shape


def along(
    g: Any,
    a: Any,
    n: Any,
    kink: Any = None,
    spread: Any = None,
    by: Any = None,
    *,
    quadratic: bool = True,
) -> Any:
    """Return g · a / n, where n is the size of a; at a kink, where n is 0, what the law above says.

    Parameters
    ----------
    g, n : array, Tensor or Symbol
        The cotangent of the sizes, and the sizes.
    a : array, Tensor or Symbol
        What has these sizes; 0 where they are.
    kink : array of bool, optional
        Where the size is 0; found from n by default.
    spread : callable, optional
        Gives each element of a what belongs to its slice.
    by : array, Tensor or Symbol, optional
        The derivative of a size that is not a root of squares, in the place of a / n.
    quadratic : bool
        Whether n² is a · a, so that the law holds. Where it is not, a second derivative that asks
        for it is 0, and reported.
    """
    spread = spread or (lambda x: x)
    symbolic = isinstance(n, Symbol)
    if kink is None and not symbolic:
        kink = np.equal(value_of(n), 0)
    if symbolic or not np.any(kink):
        return spread(g) * (a / spread(n) if by is None else by)
    plain = spread(g) * (a / spread(np.where(kink, 1.0, n)) if by is None else by)
    if not quadratic:
        asked = type(n) is Tensor and type(g) is Tensor and g._node is not None
        if asked and any(m is n._node or _is_size(m) for m in reach([g._node])):
            report([n._node] * bool(np.any(kink & np.equal(value_of(g), 0))))
        return np.where(spread(kink), 0.0, plain)
    return _smooth(g, a, n, kink, plain, spread)


def signed(g: Any, a: Any, n: Any) -> Any:
    """Return g · sign(a), where n is |a|; at a kink, where both are 0, what the law above says."""
    plain = g * np.sign(a)
    if type(n) is not Tensor or _DEPTH.get():  # of another kink's slope; then |a| has none here
        return plain
    kink = np.equal(value_of(a), 0) & np.isfinite(value_of(g))
    return _smooth(g, a, n, kink, plain, lambda x: x) if np.any(kink) else plain


def summed(g: Any, a: Any, n: Any, axis: Any, spread: Callable[[Any], Any]) -> Any:
    """Return g · sign(a), where n adds up |a|; at an element of 0, what the law above says.

    As g changes with |a| as it does with n, its expansion about |a| = 0 is that in n.
    """
    plain = spread(g) * np.sign(a)
    node = n._node if type(n) is Tensor else None
    if node is None or type(g) is not Tensor or g._node is None or _DEPTH.get():
        return plain
    kink = np.equal(value_of(a), 0) & np.isfinite(value_of(spread(g)))
    if not np.any(kink):
        return plain
    behind = reach([g._node])
    nodes = [node, *(m for m in behind if m is not node and _same(m, node))]
    places = np.reshape(np.any(kink, axis=axis), n.shape)
    terms, counted = _derivatives(g, nodes, places)
    if not terms:
        return plain
    flat = np.equal(value_of(g), 0) & np.not_equal(value_of(terms[0]), 0)
    if np.sum(kink & value_of(spread(flat))) > 1:
        report([node])  # |x₁| |x₂| has no second derivative where both are 0
    size = _stilled(a * np.sign(value_of(a)), kink, behind, node, counted)
    slope, factor, power = spread(terms[0]), 1.0, 1.0
    for k, term in enumerate(terms[1:], 2):
        factor, power = -factor / k, power * size
        slope = slope + factor * power * spread(term)
    return np.where(kink, _stilled(a * slope, kink, behind, node, counted), plain)


def _derivatives(g: Any, nodes: list[Node], places: Any) -> tuple[list[Any], int]:
    """Return g′ and perhaps g″ by the same element of a result, and how many passes to count."""
    token = _DEPTH.set(1)
    try:
        places, terms = _asked(g, nodes, places)
        outs, found, term = _handles(nodes), list[Any](), g
        for _ in range(min(terms, 2)):
            term = _slope(term, outs, [1.0] * len(outs), places)
            if term is None:
                break
            found.append(term)
        return found, _COUNTED[min(terms, 2)]
    finally:
        _DEPTH.reset(token)


def shared(g: Any, share: Any, x: Any, other: Any, n: Any) -> Any:
    """Return g · share for x, an operand of a maximum or minimum n; at a tie, with the law above.

    So for copysign, which is x or −x, with 0 for the other operand.
    """
    plain = g * share
    if type(n) is not Tensor or n._node is None or type(g) is not Tensor or g._node is None:
        return plain
    node, a = n._node, value_of(x)
    tie = np.equal(a, value_of(other)) & np.isfinite(value_of(g)) & np.isfinite(a)
    if _DEPTH.get() or not np.any(tie) or not _is_extreme(node):  # of half precision: a copy
        return plain
    behind = reach([g._node])
    others = [m for m in behind if m is not node and (_is_size(m) or _is_extreme(m))]
    twins = [m for m in others if _are_tied(m, node)]
    if _are_too_many(g, [node, *twins], tie):
        return plain
    weight = _part(node)
    mean = 0.0 if _is_signed(node) else (x + other) / 2
    parts = [(m, _part(m)) for m in (node, *twins)]
    slope, counted = _slopes(g, parts, tie, lambda out: (out - mean) / weight)
    if _is_crossed(g, [node, *twins], [m for m in others if m not in twins], tie):
        report([node])
    if slope is None:
        return plain
    tie = tie & np.isfinite(value_of(slope))  # else it has no second derivative to mend
    still = _stilled((x - other) * slope, tie, behind, node, counted)
    return np.where(tie, plain + weight * still, plain)


_MOST = 64  # ties that one pass each is spent on


def _are_too_many(g: Any, nodes: list[Node], tie: Any) -> bool:
    """Whether a pass for each tie would take too long; then the ties that matter are reported.

    Of an output that nothing has reached yet, as at zero weights, there are as many as units.
    """
    flat = tie & np.equal(value_of(g), 0)
    if np.sum(flat) <= _MOST:
        return False
    between = towards(set(nodes), reach([g._node]))
    if all(n in nodes or _apart(n, nodes[0].shape) for n in between):
        return False
    if _matters(g, _handles(nodes), flat):
        report(nodes[:1], OF_TIES)
    return True


def _matters(g: Any, outs: list[Any], places: Any) -> bool:
    """Whether a cotangent changes at some places with the same places of a result."""
    weights = places * np.random.default_rng(0).uniform(0.5, 1.5, places.shape)
    found = gradients(g, outs, weights, retain_graph=True, allow_unused=True)
    return any(x is not None and np.any(np.abs(value_of(x)) * places > 1e-10) for x in found)


_PARTS = {"maximum": 0.5, "fmax": 0.5, "minimum": -0.5, "fmin": -0.5}  # of |a − b|


def _part(node: Node) -> Any:
    """Return the part of its size that a node has: |a − b| for extremes, |a| for copysign."""
    assert node.op is not None
    if _is_signed(node):
        return np.copysign(1.0, value_of(node.saved[node.op.saved.index("out")]))
    return _PARTS[node.op.name]


def _is_signed(node: Node) -> bool:
    return node.op is not None and node.op.name == "copysign"


def _name(node: Node) -> str:
    return "" if node.op is None else node.op.name


def _is_extreme(node: Node) -> bool:
    return node.op is not None and (node.op.name in _PARTS or _is_signed(node))


def _are_tied(m: Node, n: Node) -> bool:
    """Whether two nodes are extremes of the same two operands, in any order, or of their negatives.

    So are max(x, 0) and max(−x, 0).
    """
    if not _is_extreme(m) or m.shape != n.shape:
        return False
    if _is_signed(m) or _is_signed(n):
        return m.op is n.op and _same_operand((m, 0), (n, 0))
    one, two = ([(node, k) for k in range(2)] for node in (m, n))
    ways = ((alike, order) for alike in (_same_operand, _opposite) for order in (two, two[::-1]))
    return any(all(map(alike, one, order)) for alike, order in ways)


_Operand = tuple["Node", int]  # a node and a slot


def _same_operand(one: _Operand, two: _Operand, deep: int = _DEEP) -> bool:
    """Whether operands of two nodes are computed from the same."""
    p, q = (node.parents[slot] for node, slot in (one, two))
    if p is None or q is None:
        return p is q and _equal(_fixed(*one), _fixed(*two))
    return _same(p, q, deep)


def _opposite(one: _Operand, two: _Operand) -> bool:
    """Whether an operand is the negative of another."""
    p, q = (node.parents[slot] for node, slot in (one, two))
    if p is None or q is None:
        return p is q and _equal(_fixed(*one), np.asarray(0 - _fixed(*two)))
    return any(
        x.op is not None
        and x.op.name == "negative"
        and x.parents[0] is not None
        and _same(x.parents[0], y)
        for x, y in ((p, q), (q, p))
    )


def watched(pulled: Any, g: Any, share: Any, n: Any, axis: Any) -> Any:
    """Return what the rule of an extreme over axes gives, and report a tie that it cannot know.

    The elements of a tie share the derivative; how it changes depends on which of them grows.
    """
    if type(n) is not Tensor or n._node is None or type(g) is not Tensor or g._node is None:
        return pulled
    mixed = np.greater(share, 0) & np.less(share, 1)
    if _DEPTH.get() or not np.any(mixed):
        return pulled
    tie = np.reshape(np.any(mixed, axis=axis, keepdims=True), n.shape)
    operand = n._node.parents[0]
    nodes = [m for m in reach([g._node]) if _is_reduced(m) and m.parents[0] is operand]
    one = np.broadcast_to(tie, g.shape).astype(float)
    found = gradients(g, _handles(nodes), one, retain_graph=True, allow_unused=True)
    alike: dict[Any, Any] = {}  # what is written twice is one value
    sizes = [0.0]
    for m, x in zip(nodes, found, strict=True):
        if x is not None:
            key = m.op, repr(m.params), m.shape
            alike[key] = alike.get(key, 0.0) + value_of(x)
            sizes.append(float(np.abs(value_of(x)).max(initial=0.0)))
    if any(np.any(np.abs(x) > 1e-10 * max(1e-300, *sizes)) for x in alike.values()):
        report([n._node], OF_TIES)
    return pulled


def _is_reduced(node: Node) -> bool:
    return node.op is not None and node.op.name in ("max", "min", "nanmax", "nanmin", "ptp")


def _stilled(x: Any, places: Any, behind: Sequence[Node], node: Node, least: int = 1) -> Any:
    """Return a tensor with 0 at the kinks of a node, and the derivative that it has."""
    passes = max(1 + _passes(behind), least)
    op = HIDDEN["substitute"]
    return op.record(x, places=places, values=0.0, passes=passes, of=_name(node))


def _smooth(g: Any, a: Any, n: Any, kink: Any, plain: Any, spread: Callable[[Any], Any]) -> Any:
    """Return a rule's result with a · ∂g/∂n at the kinks, where g is recorded and depends on n."""
    places = spread(kink)
    node = n._node if type(n) is Tensor else None
    if node is None or type(g) is not Tensor or g._node is None:
        return np.where(places, 0.0, plain)
    behind = reach([g._node])
    others = [m for m in behind if m is not node and _is_size(m)]
    twins = [m for m in others if _same(m, node)]
    slope, counted = _slopes(g, [(m, 1.0) for m in (node, *twins)], kink)
    if slope is None:
        # Where g is 0 by way of something else, such as another norm, the limit is not known.
        if others or not _is_abs(node):
            report([node] * bool(np.any(kink & np.equal(value_of(g), 0))))
        return np.where(places, 0.0, plain)
    if _is_crossed(g, [node, *twins], [m for m in others if m not in twins], kink):
        report([node])
    # What a is where it counts as 0 may be rounding.
    still = _stilled(a * spread(slope), places, behind, node, counted)
    return np.where(places, still, plain)


def _is_abs(node: Node) -> bool:
    return node.op is not None and node.op.name in _ABS


def _is_size(node: Node) -> bool:
    return node.op is not None and node.op.name in _SIZES


def _same(m: Node, n: Node, deep: int = _DEEP) -> bool:
    """Whether two nodes compute the same from the same, written twice."""
    if m is n:
        return True
    if _is_abs(m) and _is_abs(n) and m.shape == n.shape and _opposite((m, 0), (n, 0)):
        return True
    alike = m.op is n.op or (_is_abs(m) and _is_abs(n))
    if not deep or not alike or m.op is None or m.shape != n.shape:
        return False
    if len(m.parents) != len(n.parents) or not all(map(_equal, m.params, n.params)):
        return False
    slots = range(len(m.parents))
    return all(_same_operand((m, k), (n, k), deep - 1) for k in slots)


def _fixed(node: Node, slot: int) -> Any:
    """Return the value of a constant operand; NaN, which equals nothing, if it is lost."""
    constant = node.constants[slot]
    value = getattr(constant, "value", constant)
    return np.array(np.nan if value is None else value)


def _equal(x: Any, y: Any) -> bool:
    """Whether two parameters or constants are the same, element by element."""
    if isinstance(x, np.ndarray) or isinstance(y, np.ndarray):
        return type(x) is type(y) and x.dtype == y.dtype and np.array_equal(x, y)
    if isinstance(x, (tuple, list)) and isinstance(y, (tuple, list)):
        return len(x) == len(y) and all(map(_equal, x, y))
    return x is y or (type(x) is type(y) and bool(x == y))
