"""Strong zero: a cotangent of exactly 0 stays 0, whatever the local derivative is.

In IEEE arithmetic 0 · ∞ is NaN, so a branch that `where` did not take, or the derivative of a root
at 0, can turn a whole gradient into NaN although its contribution is nothing. Here the product is 0
(Griewank and Walther, Evaluating Derivatives, 2008, chapter 14). The walk looks for NaN in what a
rule gives; only then is anything here called.

Two laws hold. The zero changes a value, never what was recorded: a second pass goes through the
rule as it stands, and meets the same law there. And a zero that selection made (where, an index, a
mask, a constant 0) is silent, while one that arithmetic made may hide a limit, and is reported.
"""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import zip_longest
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.axes import kept_shape
from autograd.cotangents import conform
from autograd.errors import AnomalyError, LimitWarning
from autograd.node import FREED, Constant, source_of
from autograd.registry import HIDDEN
from autograd.state import STATE, no_grad
from autograd.tensor import Tensor, value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from autograd.node import Node
    from autograd.op import Op

__all__ = ["Met", "collected_limits", "mended", "report", "squares", "strict_limits", "vdot"]

from_engine = True

# Whether a report from inside of a rule is an error: there `detect_anomaly` is off.
_STRICT: ContextVar[bool] = ContextVar("autograd_strict_limits", default=False)
# Where reports of zeros that arithmetic made go, instead of to warnings.
_COLLECTED: ContextVar[list[str] | None] = ContextVar("autograd_limits", default=None)


# Whether 0 / 0 counts as 0 where a rule divides: a mended one does.
_STRONG: ContextVar[bool] = ContextVar("autograd_strong_quotients", default=False)


def strong_quotient(x: Any, d: Any) -> Any:
    """Return x / d, in which 0 / 0 counts as 0 when a rule is mended, as 0 · ∞ does."""
    if STATE.get().strong_zero and not _STRONG.get():
        return x / d
    return x / np.where(np.logical_and(np.equal(x, 0), np.equal(d, 0)), 1.0, d)


vdot = getattr(np.vdot, "_implementation", np.vdot)  # of arrays: no protocol has to be asked


def squares(x: Any) -> Any:
    """Return the sum of the squares of a cotangent's elements: NaN if one is, in one pass."""
    value = value_of(x)
    return np.vdot(value, value)


class Met:
    """Where cotangents of 0 have met NaN in a walk, and which of those zeros arithmetic made.

    Parameters
    ----------
    order : sequence of Node
        The nodes of the walk, latest first.
    seeds : list of (Node, cotangent)
        What it began with.
    saved_of : callable
        Returns what the rules of a node read; None where that is not known.
    targets : set of Node, optional
        What is differentiated by; the leaves, where it is not given.
    """

    __slots__ = ("_found", "_order", "_saved_of", "_seeds", "_targets")

    def __init__(
        self,
        order: Sequence[Node],
        seeds: list[tuple[Node, Any]],
        saved_of: Callable[[Node], tuple[Any, ...] | None] = attrgetter("saved"),
        targets: set[Node] | None = None,
    ) -> None:
        self._order, self._seeds, self._saved_of = order, seeds, saved_of
        self._targets = targets
        self._found: list[tuple[Node, int, Any]] = []

    def add(self, node: Node, slot: int, zero: Any) -> None:
        """Add a node, and where a 0 in its cotangent has met what is not finite in one operand."""
        self._found.append((node, slot, zero))

    def __bool__(self) -> bool:
        """Whether a zero has met NaN."""
        return bool(self._found)

    def hidden(self) -> list[Node]:
        """Return the nodes at which a zero that arithmetic made has met NaN.

        Only where the operand depends on what is differentiated by: what a selection has put there
        has a derivative of 0, whatever the factor is.
        """
        if not self._found:
            return []
        live = self._live({node for node, _, _ in self._found})
        made = [(n, k, live[n] & zero) for n, k, zero in self._found if n in live]
        made = [(n, k, zero) for n, k, zero in made if np.any(zero)]
        if not made:
            return []
        varies, _ = self._varying({n.parents[k] for n, k, _ in made})
        found: list[Node] = []
        for n, k, zero in made:
            of = varies.get(n.parents[k], False)
            each = n.op is not None and n.op.elementwise
            if n not in found and np.any(zero & of if each else np.any(of)):
                found.append(n)
        return found

    def live(self, node: Node) -> Any:
        """Return which elements of a node are a part of the outputs, whatever factors happen to be.

        Where one is, and its cotangent is 0, arithmetic made the zero. Where it is not, the zero
        was selected: by the seed, by an index or a mask, by a constant factor of 0, or by an op
        that takes one of its operands.
        """
        return self._live({node}).get(node, np.zeros(node.shape, bool))

    def seeded(self, node: Node) -> Any:
        """Return which elements have a cotangent of 0 because a recorded seed has that 0.

        Another seed would not have it, so the second pass, which asks for the dependence on the
        seed, must find it. (Seeds that are constants are never asked.)
        """
        if not any(type(g) is Tensor and g._node is not None for _, g in self._seeds):
            return np.zeros(node.shape, bool)
        free = self._live({node}, free=True).get(node, np.zeros(node.shape, bool))
        return free & ~self.live(node)

    def _live(self, wanted: set[Node], *, free: bool = False) -> dict[Node, Any]:
        """Carry masks from the outputs to some nodes, in one pass over the order of the walk."""
        between: set[Node | None] = {*wanted}
        for node in reversed(self._order):
            if any(parent in between for parent in node.parents if parent is not None):
                between.add(node)
        live = {
            node: np.not_equal(value_of(g), 0) | free for node, g in self._seeds if node in between
        }
        empty = self._varying({p for node in between if node is not None for p in node.parents})[1]
        for node in self._order:
            if node not in between or node not in live:
                continue
            for slot, parent in enumerate(node.parents):
                if parent is not None and parent in between:
                    reached = _reached(node, slot, live[node], self._saved_of, empty)
                    live[parent] = live[parent] | reached if parent in live else reached
        return live

    def _is_asked(self, node: Node) -> bool:
        """Whether somebody gets the gradient of a result."""
        extra = node.extra
        looked = extra is not None and (extra.retains or bool(extra.hooks))
        return looked or (self._targets is not None and node in self._targets)

    def _varying(self, wanted: set[Node | None]) -> tuple[_Masks, _Masks]:
        """Return which elements of some nodes depend on what is differentiated by.

        And which are 0 and do not.
        """
        behind: set[Node | None] = {*wanted}
        for node in self._order:
            if node in behind:
                behind.update(node.parents)
        varies: _Masks = {}
        empty: _Masks = {}
        for node in reversed(self._order):
            if node not in behind:
                continue
            if node.op is None or self._is_asked(node):
                varies[node] = np.ones(node.shape, bool)
            else:
                of = [varies.get(p) for p in node.parents]
                empty[node] = _zeros_for_good(node, empty)
                varies[node] = _carried(node, of, self._saved_of, empty)
                empty[node] &= ~varies[node]
        return varies, empty


_Masks = dict["Node | None", Any]  # an array of bool for each node


def mended(
    node: Node, saved: tuple[Any, ...], g: Any, pulled: Any, slot: int, met: Met | None = None
) -> Any:
    """Return a rule's result again, without the NaN that a cotangent of 0 has met.

    Parameters
    ----------
    node : Node
        Whose rule ran.
    saved : tuple
        What the rule read.
    g : array or Tensor
        Its cotangent.
    pulled : array or Tensor
        What the rule gave for the operand in this slot, with NaN in it.
    slot : int
        The operand's place.
    met : Met, optional
        Of the walk; receives what is mended.
    """
    op = node.op
    assert op is not None
    if op.selects and op.elementwise:
        pulled = _unselected(node, saved, pulled, slot)
    zero, found = np.equal(value_of(g), 0), np.isnan(value_of(pulled))
    if not np.any(zero):
        return pulled
    if op.ties is not None and not _STRONG.get():
        return _untied(node, saved, g, slot, met)
    if op.bilinear:
        places, values = _of_products(node, saved, g, value_of(pulled), slot)
        zero = zero & _touches(node, saved, slot)
    else:
        still = _still(node, zero, found.shape, slot)
        places, values = found & still, 0.0
        zero = zero & _slices_of(node, places, zero.shape)
    if not np.any(places):
        return pulled
    if type(pulled) is not Tensor:
        if met is not None:
            met.add(node, slot, zero)
        return np.where(places, values, pulled)[()]
    # What is 0 in this pass stays 0: a second pass must neither meet ∞ · 0 on its way to g, unless
    # it asks for the seed that has this 0, nor f″, which is multiplied with g.
    gone = zero if met is None else zero & ~met.seeded(node)
    slope = None
    if met is not None and op.limit is not None and not slot:
        known = gone & met.live(node)
        slope = op.limit(g, node, dict(zip(op.saved, saved, strict=True)), known)
        if slope is not None:
            zero, gone = zero & ~known, gone & ~known
    if met is not None and np.any(zero):
        met.add(node, slot, zero)
    read = saved if op.bilinear else _cut(node, saved, still, zero)
    pulled = op.pull(node, read, np.where(gone, 0.0, g) if np.any(gone) else g)[slot]
    pulled = HIDDEN["substitute"].record(pulled, places=places, values=values)
    return pulled if slope is None else np.where(known, slope, pulled)


def _untied(node: Node, saved: tuple[Any, ...], g: Any, slot: int, met: Met | None) -> Any:
    """Return the result of a rule that divides by 0 at ties, where what is 0 counts as 0."""
    op = node.op
    assert op is not None
    assert op.ties is not None
    parent, out = node.parents[slot], value_of(saved[op.saved.index("out")])
    assert parent is not None
    tied = np.equal(value_of(g), 0) & op.ties(out, parent.shape)
    if met is not None and np.any(tied):
        met.add(node, slot, tied)
    token = _STRONG.set(True)
    try:
        pulled = op.pull(node, saved, g)[slot]
        if not np.any(np.isnan(value_of(pulled))):
            return pulled
        return mended(node, saved, g, pulled, slot, met)
    finally:
        _STRONG.reset(token)


def _unselected(node: Node, saved: tuple[Any, ...], pulled: Any, slot: int) -> Any:
    """Return a rule's result with 0 in the place of the NaN that ∞ · 0 gives where the op left out.

    As `where` gives it: what was left out has a derivative of 0, whatever comes back.
    """
    op = node.op
    assert op is not None
    with no_grad():
        values = _mapped(op, saved, lambda _, v: value_of(v))
        factor = value_of(op.pull(node, values, np.ones(node.shape))[slot])
    out = np.isnan(value_of(pulled)) & np.equal(factor, 0)
    return np.where(out, 0.0, pulled)[()] if np.any(out) else pulled


def _touches(node: Node, saved: tuple[Any, ...], slot: int) -> Any:
    """Return which results of an op that adds up products have a factor that is not finite."""
    op = node.op
    assert op is not None
    known = dict(zip(op.saved, saved, strict=True))
    operands = []
    for k, parent in enumerate(node.parents):
        value = known[op.operands[0]][k] if op.variadic else known.get(op.operands[k])
        if k == slot or value is None:
            shape = parent.shape if parent is not None else np.shape(value_of(value))
            operands.append(np.ones(shape))
        else:
            operands.append((~np.isfinite(value_of(value))).astype(float))
    params = dict(zip(op.params, node.params, strict=True))
    return np.not_equal(op.forward(*operands, **params), 0)


def _still(node: Node, zero: Any, shape: tuple[int, ...], slot: int) -> Any:
    """Return where a result reads cotangents of 0 only, as far as the op says."""
    op = node.op
    assert op is not None
    params = dict(zip(op.params, node.params, strict=True))
    if op.mixes == "axis":
        return _along(zero, shape, params["axis"])
    if op.mixes == "matrices" and zero.ndim:
        n = len(shape) - (1 if node.parents[slot] is not None and _is_vector(node, slot) else 2)
        stacks = zero.shape[:n]
        one = np.all(zero, axis=tuple(range(n, zero.ndim)))
        return np.broadcast_to(np.reshape(one, (*stacks, *(1,) * (len(shape) - n))), shape)
    if op.elementwise and zero.shape == shape:
        return zero
    return np.full(shape, np.all(zero))


def _slices_of(node: Node, places: Any, shape: tuple[int, ...]) -> Any:
    """Return which cotangents, an array of this shape, the results at some places read."""
    op = node.op
    assert op is not None
    params = dict(zip(op.params, node.params, strict=True))
    if op.mixes == "matrices":
        n = max(len(shape) - 2, 0) if places.ndim > 2 else 0
        some = np.any(places, axis=tuple(range(n, places.ndim)))
        return np.broadcast_to(np.reshape(some, (*some.shape, *(1,) * (len(shape) - n))), shape)
    if op.mixes is None:  # such as stack, whose results have another shape than its operands
        return places if places.shape == shape else np.full(shape, np.any(places))
    if params.get("axis") is None:
        return np.full(shape, np.any(places))
    some = np.any(places, axis=params["axis"], keepdims=True)
    return np.broadcast_to(some, shape) if places.shape == shape else np.reshape(some, shape)


def _is_vector(node: Node, slot: int) -> bool:
    parent = node.parents[slot]
    return parent is not None and len(parent.shape) == 1


def _along(zero: Any, shape: tuple[int, ...], axis: Any) -> Any:
    """Return whether all cotangents of each slice are 0, for each of its elements."""
    if axis is None:
        return np.full(shape, np.all(zero))
    if zero.shape != shape:  # of a reduction: one for each slice
        return np.broadcast_to(np.reshape(zero, kept_shape(shape, axis)), shape)
    return np.broadcast_to(np.all(zero, axis=axis, keepdims=True), shape)


def _cut(node: Node, saved: tuple[Any, ...], still: Any, zero: Any) -> tuple[Any, ...]:
    """Return the saved values as constants where the cotangents are 0."""
    op = node.op
    assert op is not None

    def cut(v: Any) -> Any:
        if type(v) is tuple:
            return tuple(map(cut, v))
        if type(v) is not Tensor or v._node is None:
            return v
        if still.all():
            return Tensor.detach(v)
        if v.shape == still.shape:
            mask = still
        elif v.shape == zero.shape or op.mixes is None:
            mask = zero
        elif op.mixes == "matrices" and still.ndim >= 2:
            mask = np.reshape(still[..., 0, 0], still.shape[:-2] + (1,) * (v.ndim - still.ndim + 2))
        else:
            return v
        return np.where(mask, v._value, v)

    return tuple(map(cut, saved))


def _operand(op: Op, slot: int) -> str:
    return op.operands[0] if op.variadic else op.operands[slot]


def _of_products(
    node: Node, saved: tuple[Any, ...], g: Any, pulled: Any, slot: int
) -> tuple[Any, Any]:
    """Return where a rule that adds up products, as matmul's does, can be mended, and the values.

    Terms with g = 0 count as 0. Where another term is not finite the result stays what it was: a
    count of the terms whose g is not 0 tells.
    """
    op = node.op
    assert op is not None

    def ask(cotangent: Any, each: Callable[[Any], Any]) -> Any:
        values = _mapped(op, saved, lambda _, v: each(value_of(v)))
        return value_of(op.pull(node, values, cotangent)[slot])

    weight = np.not_equal(value_of(g), 0).astype(float)
    with no_grad():
        terms = ask(weight, lambda v: np.ones(np.shape(v)))
        good = ask(weight, lambda v: np.isfinite(v).astype(float))
        values = ask(value_of(g), lambda v: np.where(np.isfinite(v), v, 0.0)[()])
    return np.isnan(pulled) & np.equal(terms, good), values


def _mapped(op: Op, saved: Sequence[Any], f: Callable[[str, Any], Any]) -> tuple[Any, ...]:
    """Apply a function to each saved array, with its name; shapes stay as they are."""
    arrays = {*op.operands, "out"}
    return tuple(
        v
        if v is None or n not in arrays
        else tuple(f(n, x) for x in v)
        if type(v) is tuple
        else f(n, v)
        for n, v in zip(op.saved, saved, strict=True)
    )


# -- which zeros hide a limit ----------------------------------------------------------------------


def _reached(
    node: Node,
    slot: int,
    live: Any,
    saved_of: Callable[[Node], tuple[Any, ...] | None],
    empty: _Masks,
) -> Any:
    """Return which elements of an operand take part in the live elements of a result.

    Ask the op's rule. A selecting op gets its saved values. Another op gets arbitrary numbers for
    computed values, so that a factor that happens to be 0 does not hide, and its own constants,
    where a 0 is a 0 for good, as it is in computed values that depend on nothing.
    """
    op, parent = node.op, node.parents[slot]
    assert op is not None
    assert parent is not None
    everywhere = np.ones(parent.shape, bool)
    if op.rules.get(_operand(op, slot)) is None:
        return np.zeros(parent.shape, bool)
    try:
        values = saved_of(node) if op.selects else _without_meaning(node, empty)
        if values is None or values is FREED:
            return everywhere
        with no_grad(), np.errstate(all="ignore"):
            pulled = op.pull(
                node, _mapped(op, values, lambda _, v: value_of(v)), live.astype(float)
            )
            size = np.abs(np.nan_to_num(value_of(pulled[slot]), nan=1.0, posinf=1.0, neginf=1.0))
            return np.not_equal(conform(size, node, parent), 0)
    except Exception:  # a rule that cannot take such numbers; it may lead everywhere
        return everywhere


def _carried(
    node: Node,
    varies: Sequence[Any],
    saved_of: Callable[[Node], tuple[Any, ...] | None],
    empty: _Masks,
) -> Any:
    """Return which elements of a result depend on the elements of operands that vary.

    An op of each element keeps them apart, a linear one is applied to them, and of another one all
    results may depend on any of them. What an op does not select does not vary.
    """
    op = node.op
    assert op is not None
    everywhere = np.full(node.shape, any(v is not None and np.any(v) for v in varies))
    rng = np.random.default_rng(0)
    try:
        if not op.elementwise:
            if op.bilinear and _has_zeros(node, empty):
                return _carried_by_products(node, varies, empty)
            if op.multiplies:
                return everywhere
            arrays = [
                np.zeros(np.shape(c)) if v is None else rng.uniform(0.3, 0.7, v.shape) * v
                for v, c in zip_longest(varies, node.constants)
            ]
            params = dict(zip(op.params, node.params, strict=True))
            return np.not_equal(op.forward(*arrays, **params), 0)
        values = saved_of(node) if op.selects else _without_meaning(node, empty)
        if values is None or values is FREED:
            return everywhere
        with no_grad(), np.errstate(all="ignore"):
            values = _mapped(op, values, lambda _, v: value_of(v))
            factors = op.pull(node, values, np.ones(node.shape))
        found = np.zeros(node.shape, bool)
        for v, factor, name in zip(varies, factors, op.operands, strict=True):
            if v is not None and op.rules.get(name) is not None:
                found |= v & np.not_equal(value_of(factor), 0)
    except Exception:  # a forward function that cannot take such numbers
        return everywhere
    return found


def _has_zeros(node: Node, empty: _Masks) -> bool:
    """Whether a computed operand has zeros for good."""
    return any(np.any(empty.get(p, False)) for p in node.parents)


def _carried_by_products(node: Node, varies: Sequence[Any], empty: _Masks) -> Any:
    """Return which results of an op that adds up products vary, where no factor is 0 for good."""
    op = node.op
    assert op is not None
    params = dict(zip(op.params, node.params, strict=True))
    others = [_arbitrary(node, slot, empty) for slot in range(len(node.parents))]
    found = np.zeros(node.shape, bool)
    for slot, v in enumerate(varies):
        if v is not None and np.any(v):
            operands = [*others[:slot], v.astype(float), *others[slot + 1 :]]
            found |= np.not_equal(op.forward(*operands, **params), 0)
    return found


def _zeros_for_good(node: Node, empty: _Masks) -> Any:
    """Return which elements of a result are 0 whatever its computed operands are.

    As far as the forward function says, given arbitrary numbers. An op that selects by value, or
    has no derivative, is not asked: it may give 0 for some numbers only. Nor are products of
    matrices in which no zero stands, as they would cost as much as the forward pass.
    """
    op = node.op
    assert op is not None
    nowhere = np.zeros(node.shape, bool)
    zeros = op.bilinear and _has_zeros(node, empty)
    product = op.multiplies and not op.elementwise and not zeros
    asked = op.name == "where" or not (op.selects or product)
    if not asked or all(op.rules.get(_operand(op, k)) is None for k in range(len(node.parents))):
        return nowhere
    try:
        params = dict(zip(op.params, node.params, strict=True))
        operands = [_arbitrary(node, slot, empty) for slot in range(len(node.parents))]
        with np.errstate(all="ignore"):
            return np.equal(op.forward(*operands, **params), 0) & ~nowhere
    except Exception:  # a forward function that cannot take such numbers, or a lost constant
        return nowhere


def _arbitrary(node: Node, slot: int, empty: _Masks) -> Any:
    """Return a constant operand, or arbitrary numbers for a computed one, with its zeros for good.

    Raises
    ------
    ValueError
        Where the constant is no longer there.
    """
    parent = node.parents[slot]
    if parent is not None:
        numbers = np.random.default_rng(slot).uniform(0.3, 0.7, parent.shape)
        return np.where(empty.get(parent, False), 0.0, numbers)
    constant = node.constants[slot]
    value = constant.value if isinstance(constant, Constant) else constant
    if value is None:
        raise ValueError("lost")
    return np.where(np.isfinite(value), np.abs(value), 1.0)


def _without_meaning(node: Node, empty: _Masks) -> tuple[Any, ...]:
    """Return what a node's rules read: its constants, and arbitrary numbers for computed values."""
    op = node.op
    assert op is not None
    rng = np.random.default_rng(0)

    def operand(slot: int) -> Any:
        try:
            return _arbitrary(node, slot, empty)
        except ValueError:
            return rng.uniform(0.3, 0.7, node.constants[slot].shape)

    def shape(slot: int) -> tuple[int, ...]:
        parent = node.parents[slot]
        return np.shape(node.constants[slot]) if parent is None else parent.shape

    every = range(len(node.parents))
    found: list[Any] = []
    for name in op.saved:
        of: Any = shape if name.endswith("_shape") and name not in op.operands else operand
        if name == "out":
            numbers = rng.uniform(0.3, 0.7, node.shape)
            found.append(np.where(empty.get(node, False), 0.0, numbers))
        elif op.variadic:
            found.append(tuple(map(of, every)))
        else:
            found.append(
                of(op.operands.index(name.removesuffix("_shape") if of is shape else name))
            )
    return tuple(found)


_OF_ZEROS = (
    "a gradient of 0 has met a derivative that is not finite, and counts as 0; arithmetic made "
    "this 0, so the limit may be another number. Keep the operand away from that point, or select "
    "with where() what is not wanted"
)
OF_TIES = (
    "elements that share the extreme value share its derivative evenly, and how that changes is "
    "not known, so the limit of the second derivative may be another number. Keep them apart"
)


def report(nodes: Sequence[Node], why: str = _OF_ZEROS) -> None:
    """Say that zeros of arithmetic met infinite derivatives: warn, or raise in `detect_anomaly`.

    Warns once a line, as Python counts.

    Parameters
    ----------
    nodes : sequence of Node
        Where.
    why : str
        What has happened there, and what to do.

    Raises
    ------
    AnomalyError
        In `detect_anomaly`.
    """
    collected = _COLLECTED.get()
    for node in nodes:
        assert node.op is not None
        source = source_of(node)
        said = f"{node.op.name}: {why}"
        place = "" if source is None else f", called at {source[0]}:{source[1]}"
        if STATE.get().anomaly or _STRICT.get():
            raise AnomalyError(f"detect_anomaly: {said}{place}.")
        if collected is not None:
            line = f"note: {said}{place}."
            if line not in collected:
                collected.append(line)
        elif source is None:
            warnings.warn(f"{said}.", LimitWarning, stacklevel=2)
        else:
            warnings.warn_explicit(f"{said}.", LimitWarning, *source, registry=_WARNED)


_WARNED: dict[Any, Any] = {}  # which lines have been warned of, for Python's filters


@contextmanager
def strict_limits() -> Iterator[None]:
    """Make each report an error, as in `detect_anomaly`."""
    token = _STRICT.set(True)
    try:
        yield
    finally:
        _STRICT.reset(token)


@contextmanager
def collected_limits() -> Iterator[list[str]]:
    """Collect what `report` says in a list, as notes, rather than warn."""
    notes: list[str] = []
    token = _COLLECTED.set(notes)
    try:
        yield notes
    finally:
        _COLLECTED.reset(token)
