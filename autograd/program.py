"""A recorded computation as data: a straight-line program of instructions.

Views of a graph, pictures, checks and exporters read it; nothing else reaches into recorded nodes.
Nodes do not keep values and cotangents, so the program computes them again when someone asks, from
the leaves up, by the ops and rules that ran the first time. A value that cannot be recovered (an
array that is gone, a leaf assigned since) is None, and so is everything that follows from it.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from autograd.backward import in_dtype, pulled, reach, single
from autograd.cotangents import conform
from autograd.cuts import cut_of_numbers
from autograd.node import FREED, Constant, Leaf, Node, source_of
from autograd.state import STATE
from autograd.tensor import Tensor, wrap
from autograd.zeros import Met

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from autograd.cuts import Cut
    from autograd.node import Ended, Given
    from autograd.op import Op

__all__ = ["UNKNOWN", "Instruction", "Program", "numbers_of"]

from_engine = True

Kind = Literal["leaf", "constant", "op"]

UNKNOWN = object()  # a cotangent that cannot be computed, where None is none at all


class Instruction:
    """One step of a program: a leaf, a constant, or an op applied to earlier steps.

    Attributes
    ----------
    kind : str
        Whether it needs a gradient ("leaf"), needs none ("constant") or is computed ("op").
    op : Op, or None
        None for leaves and constants.
    operands : tuple of int
        The steps that the op reads, in the order of its arguments.
    params : dict
        The parameters the op was called with.
    shape, dtype
        Of the value.
    name : str, or None
        What the user called the value; for a constant that was computed from named ones, how:
        ``"X / 255"``.
    scope : tuple of str
        The name scopes it was made in.
    walked : bool
        Whether a backward pass had gone through it when the program was made.
    """

    __slots__ = (
        "_entry",
        "dtype",
        "kind",
        "name",
        "op",
        "operands",
        "params",
        "scope",
        "shape",
        "walked",
    )

    def __init__(self, entry: Any, operands: tuple[int, ...]) -> None:
        self._entry, self.operands = entry, operands
        self.kind: Kind = "constant"
        self.op: Op | None = None
        self.params: dict[str, Any] = {}
        self.shape: tuple[int, ...] = ()
        self.name: str | None = None
        self.scope: tuple[str, ...] = ()
        self.walked = False
        self.dtype: np.dtype[Any]
        if isinstance(entry, Node):
            op = self.op = entry.op
            self.kind = "leaf" if op is None else "op"
            if op is not None and op.params:
                self.params = dict(zip(op.params, entry.params, strict=True))
            self.shape, self.dtype = entry.shape, entry.dtype
            self.name, self.scope, self.walked = entry.name, entry.scope, entry.walked
        elif isinstance(entry, Constant):
            self.shape, self.dtype = entry.shape, entry.dtype
            self.name = entry.name or entry.expression
        else:
            self.dtype = np.asarray(entry).dtype

    @property
    def source(self) -> tuple[str, int] | None:
        """File and line of the user's code that made it."""
        return source_of(self._entry) if isinstance(self._entry, Node) else None

    @property
    def constant(self) -> Any:
        """The value of a constant, if it is known; None for others."""
        return self._entry.value if isinstance(self._entry, Constant) else self.number

    @property
    def cut(self) -> Cut | None:
        """How a constant lost its graph, if it had one."""
        if self.kind != "constant":
            return None
        known = self._entry.cut if isinstance(self._entry, Constant) else None
        return known or (None if self.constant is None else cut_of_numbers(self.constant))

    @property
    def grad(self) -> Any:
        """The gradient that backward passes have accumulated on it; None without one."""
        entry = self._entry
        return entry.extra.grad if isinstance(entry, Node) and entry.extra is not None else None

    @property
    def passes(self) -> int:
        """How many backward passes that gradient holds."""
        entry = self._entry
        return entry.extra.passes if isinstance(entry, Node) and entry.extra is not None else 0

    @property
    def number(self) -> bool | int | float | None:
        """A Python number that stands in the program; None for others."""
        return self._entry if isinstance(self._entry, (bool, int, float)) else None

    @property
    def is_weak(self) -> bool:
        """Whether it was a Python number, which takes the dtype of what it meets."""
        return isinstance(self._entry, Constant) and self._entry.weak

    @property
    def is_parameter(self) -> bool:
        """Whether it is a leaf that belongs to a module."""
        return isinstance(self._entry, Leaf) and self._entry.of_module

    @property
    def is_hooked(self) -> bool:
        """Whether a hook changes, or looks at, its gradient."""
        entry = self._entry
        return isinstance(entry, Node) and entry.extra is not None and bool(entry.extra.hooks)

    @property
    def call(self) -> Ended | None:
        """The call of a composite function whose result it is."""
        entry = self._entry
        return entry.extra.call if isinstance(entry, Node) and entry.extra is not None else None

    def is_after(self, before: int) -> bool:
        """Whether it is a result of an op that was recorded after the node of an id."""
        entry = self._entry
        return isinstance(entry, Node) and entry.op is not None and entry.id > before

    def operand_name(self, slot: int) -> str:
        """Return the op's name for one of its operands; ``a[2]`` where it takes any number."""
        op = self.op
        assert op is not None
        return f"{op.operands[0]}[{slot}]" if op.variadic else op.operands[slot]

    def is_differentiated(self, slot: int) -> bool:
        """Whether the backward pass goes back to this operand; its derivative may be 0."""
        return self._entry.parents[slot] is not None

    def handle(self) -> Tensor:
        """Return a tensor without a value that stands for this step, for hooks."""
        return wrap(None, self._entry if isinstance(self._entry, Node) else None)

    def still_saved(self, slot: int) -> Any:
        """Return an operand's value if the node still keeps it for its rules."""
        op, entry = self.op, self._entry
        if op is None or entry.saved is FREED or op.variadic:
            return None
        return dict(zip(op.saved, entry.saved, strict=True)).get(op.operands[slot])


class Call(NamedTuple):
    """One call of a composite function.

    Attributes
    ----------
    name : str
        Of the function.
    results, inside : collections of int
        The steps of its results, and of all that it recorded.
    given : list of (str, int, str, list or None)
        Its arguments in the order of its parameters: the name, if it was passed by it, and the
        step, the text of a number or of named data, a list of these, None for other settings, and
        -1 for an array that no op inside reads as it is.
    """

    name: str
    results: tuple[int, ...]
    inside: frozenset[int]
    given: list[tuple[str, Any]]


class Program:
    """The instructions behind some results, operands before what is computed from them.

    It does not refer to views of it, so there is no reference cycle, and dropping the program is
    enough to free what was recorded.

    Parameters
    ----------
    roots : list of Node
        The nodes of the results.
    known : dict, optional
        Values by node, which are not computed again.

    Attributes
    ----------
    steps : list of Instruction
    outputs : list of int
        The steps of the results.
    zeros : Met, or None
        Where a cotangent of 0 has met NaN, once cotangents were computed.
    """

    def __init__(self, roots: list[Node], known: dict[Node, Any] | None = None) -> None:
        self._known = {} if known is None else known
        self.steps: list[Instruction] = []
        self.zeros: Met | None = None
        # Of the step that was asked for last: all its operands are asked for in a row.
        self._last: tuple[int, list[Any]] = (-1, [])
        self._last_pull: tuple[int, list[Any]] = (-1, [])
        index: dict[Any, int] = {}

        def enter(entry: Any, key: Any, operands: tuple[int, ...]) -> int:
            index[key] = len(self.steps)
            self.steps.append(Instruction(entry, operands))
            return index[key]

        for node in reach(roots)[::-1]:
            slots = []
            for slot, parent in enumerate(node.parents):
                if parent is not None:
                    slots.append(index[parent])
                    continue
                constant = node.constants[slot]
                key = _identity(constant) if isinstance(constant, Constant) else (node, slot)
                slots.append(index[key] if key in index else enter(constant, key, ()))
            enter(node, node, tuple(slots))
        self.outputs = [index[root] for root in dict.fromkeys(roots)]

    @functools.cached_property
    def places(self) -> dict[Node, int]:
        """The step of each recorded node."""
        return {s._entry: i for i, s in enumerate(self.steps) if isinstance(s._entry, Node)}

    def call_constants(self, names: Mapping[Any, str]) -> None:
        """Give constants without a name one, in what was recorded: by shape and numbers.

        It is kept as an expression, so that equal constants stay one step of every program.
        """
        for step in self.steps:
            entry = step._entry
            unnamed = isinstance(entry, Constant) and step.name is None
            if unnamed and isinstance(entry.value, np.ndarray):
                entry.expression = step.name = names.get(numbers_of(entry.value))

    @functools.cached_property
    def calls(self) -> list[Call]:
        """The calls of composite functions that recorded several ops; of nested ones the outer."""
        ends: dict[tuple[str, int], list[tuple[int, int]]] = {}
        arguments: dict[tuple[str, int], list[Given]] = {}
        for i, step in enumerate(self.steps):
            if (end := step.call) is not None:
                ends.setdefault((end.name, end.before), []).append((end.place, i))
                arguments[end.name, end.before] = end.given
        found: list[Call] = []
        claimed: set[int] = set()
        for call, places in sorted(ends.items(), key=lambda end: -max(i for _, i in end[1])):
            results = [i for _, i in sorted(places)]  # in the order in which they are returned
            if max(results) in claimed:
                continue
            inside: set[int] = set()
            ahead = [*results]
            while ahead:
                k = ahead.pop()
                if k not in inside and self.steps[k].is_after(call[1]):
                    inside.add(k)
                    ahead += self.steps[k].operands
            if len(inside) > 1:
                claimed |= inside
                given = self._arguments(arguments[call], inside)
                found.append(Call(call[0], tuple(results), frozenset(inside), given))
        return found[::-1]

    def _arguments(self, given: list[Given], inside: set[int]) -> list[tuple[str, Any]]:
        """Return the steps of the arguments of a call, of those that its ops have read."""
        read = sorted({k for i in inside for k in self.steps[i].operands} - inside)
        of_nodes: dict[int, int] = {}
        by_numbers: dict[Any, int] = {}
        for k in read:
            entry = self.steps[k]._entry
            if isinstance(entry, Node):
                of_nodes[entry.id] = k

        def step(x: Any) -> Any:
            if x is None or isinstance(x, str):
                return x
            if isinstance(x, int):
                return of_nodes.get(x, -1)
            array = x()
            if array is None:
                return -1
            if not by_numbers:
                for k in read:
                    entry = self.steps[k]._entry
                    value = entry.value if isinstance(entry, Constant) else None
                    if value is not None:
                        by_numbers.setdefault(numbers_of(value), k)
            return by_numbers.get(numbers_of(array), -1)

        return [
            (name, [step(one) for one in x] if isinstance(x, list) else step(x))
            for name, x in given
        ]

    @functools.cached_property
    def _uses(self) -> dict[int, tuple[int, int]]:
        """When each leaf was used first and last."""
        found: dict[int, tuple[int, int]] = {}
        for step in self.steps:
            for i in step.operands:
                if isinstance(self.steps[i]._entry, Leaf):
                    first, _ = found.get(i, (step._entry.id,) * 2)
                    found[i] = first, step._entry.id
        return found

    def is_assigned(self, i: int) -> bool:
        """Whether a leaf has got another value since it was used."""
        entry = self.steps[i]._entry
        return i in self._uses and bool(entry.written > self._uses[i][0])

    # -- values ------------------------------------------------------------------------------------

    @functools.cached_property
    def values(self) -> list[Any]:
        """The value of each step; None where it cannot be recovered."""
        return self.computed()

    def computed(
        self, change: Callable[[Any, Any], Any] | None = None, *, given: bool = False
    ) -> list[Any]:
        """Compute the value of each step, from the leaves up.

        Parameters
        ----------
        change : callable, optional
            Takes each value and returns what takes its place, such as one with noise; constants,
            and what an op only selects, stay. Then nothing that is known is taken for granted. Its
            second argument is the size of what was added up: the value's own, unless much of it
            cancelled.
        given : bool
            Whether leaves stay too.
        """
        values: list[Any] = []
        with np.errstate(all="ignore"):
            for i, step in enumerate(self.steps):
                entry, value = step._entry, None
                if isinstance(entry, Leaf):  # a value assigned since is not the one recorded
                    value = entry.value_at(*self._uses.get(i, (entry.written,) * 2))
                elif isinstance(entry, Node):
                    value = self._known.get(entry) if change is None else None
                    value = self._replayed(step, values) if value is None else value
                else:
                    values.append(step.constant)
                    continue
                selected = step.op is not None and step.op.selects
                stays = change is None or value is None or selected
                stays = stays or (given and step.op is None)
                values.append(
                    value if stays or change is None else change(value, self._terms(step, values))
                )
        return values

    def _terms(self, step: Instruction, values: list[Any]) -> Any:
        """Return the sum of the sizes of what a step adds up; 0 where it adds up nothing."""
        op = step.op
        if op is None or not op.accumulates or (op.multiplies and not op.bilinear):
            return 0.0
        operands = [values[k] for k in step.operands]
        if any(v is None for v in operands):
            return 0.0
        return np.abs(op.forward(*map(np.abs, operands), **step.params))

    def _replayed(self, step: Instruction, values: list[Any]) -> Any:
        """Compute a result again from the values of its operands."""
        operands = []
        for slot, k in enumerate(step.operands):
            value, given = values[k], self.steps[k]
            if value is not None and given.is_weak:
                value = value.item()
            if value is None:
                value = step.still_saved(slot)
                if not isinstance(given._entry, Leaf):  # its value has been assigned since
                    values[k] = value
            if value is None:
                return None
            operands.append(value)
        assert step.op is not None
        out = step.op.forward(*operands, **step.params)
        return out[()] if isinstance(out, np.ndarray) else out

    def saved(self, i: int, values: list[Any] | None = None) -> tuple[Any, ...] | None:
        """Return what the rules of a step read, from computed values; None where one is unknown."""
        step, values = self.steps[i], self.values if values is None else values
        op = step.op
        assert op is not None
        operands = [
            step.still_saved(slot) if values[k] is None else values[k]
            for slot, k in enumerate(step.operands)
        ]
        needed = op.needed([parent is not None for parent in step._entry.parents])
        saved: list[Any] = []
        for name in op.saved:
            if name not in needed:
                saved.append(None)
                continue
            if name == "out":
                found = values[i]
            else:
                asks = name in op.operands
                given = operands if asks else [self.steps[k].shape for k in step.operands]
                slot = op.operands.index(name if asks else name.removesuffix("_shape"))
                found = tuple(given) if op.variadic else given[slot]
            if found is None or (type(found) is tuple and any(x is None for x in found)):
                return None
            saved.append(found)
        return tuple(saved)

    # -- cotangents --------------------------------------------------------------------------------

    @functools.cached_property
    def cotangents(self) -> list[Any]:
        """The gradient of the outputs by each step; None where there is none, or it is unknown.

        There is none before a backward pass.
        """
        if not all(self.steps[i].walked for i in self.outputs):
            return [None] * len(self.steps)
        seeds = {}
        for i in self.outputs:
            root = self.steps[i]
            one = int(np.prod(root.shape)) == 1  # otherwise the pass began with other weights
            seeds[i] = np.ones(root.shape, root.dtype)[()] if one else UNKNOWN
        self.zeros = Met(
            [*self.places][::-1],
            [(self.steps[i]._entry, g) for i, g in seeds.items() if g is not UNKNOWN],
            lambda node: self.saved(self.places[node]),
        )
        found = self.pulled_back(self.values, seeds, self.zeros)
        return [
            None if g is None or g is UNKNOWN else in_dtype(g, step)
            for g, step in zip(found, self.steps, strict=True)
        ]

    def pulled_back(
        self,
        values: list[Any],
        seeds: Mapping[int, Any],
        met: Met | None = None,
        change: Callable[[Any], Any] | None = None,
        instead: Mapping[int, Callable[[Any], Any]] | None = None,
        found_in: list[Any] | None = None,
    ) -> list[Any]:
        """Compute the cotangent of each step: None where there is none, or UNKNOWN.

        Parameters
        ----------
        values : list
            Of each step.
        seeds : mapping
            From steps of outputs to their cotangents.
        met : Met, optional
            Is told of zeros that have met NaN.
        change : callable, optional
            Takes each term of a cotangent and returns what takes its place.
        instead : mapping, optional
            From steps to functions that take the whole cotangent and return what takes its place.
        found_in : list, optional
            Where the cotangents are put, so that such a function can look at those behind it.
        """
        found: list[Any] = [] if found_in is None else found_in
        found[:] = [seeds.get(i) for i in range(len(self.steps))]
        with np.errstate(all="ignore"):
            for k in range(len(found) - 1, -1, -1):
                if instead and k in instead and found[k] is not None and found[k] is not UNKNOWN:
                    found[k] = instead[k](found[k])
                step, g = self.steps[k], found[k]
                if step.op is None or g is None:
                    continue
                saved = None if g is UNKNOWN else self.saved(k, values)
                terms = (
                    [UNKNOWN] * len(step.operands)
                    if saved is None
                    else self._pulled(step, saved, g, met)
                )
                for parent, i, x in zip(step._entry.parents, step.operands, terms, strict=False):
                    if parent is None:
                        continue
                    term = x
                    if term is None:  # of an op whose derivative is 0
                        term = np.zeros(parent.shape, parent.dtype)
                    if term is not UNKNOWN:
                        term = conform(change(term) if change else term, step._entry, parent)
                    before = found[i]
                    if before is UNKNOWN or term is UNKNOWN:
                        found[i] = UNKNOWN
                    else:
                        found[i] = term if before is None else before + term
        return found

    def _pulled(self, step: Instruction, saved: Any, g: Any, met: Met | None) -> list[Any]:
        """Return what a step gives to each operand, half precision in single as the walk does."""
        if step.dtype == np.float16:
            saved, g = single(saved), single(g)
        return pulled(step._entry, saved, g, STATE.get().strong_zero, met)

    def given(self, i: int, slot: int, values: list[Any], g: Any, saved: Any = None) -> Any:
        """Return what a step gives to one operand, for any values and cotangent, or None."""
        step = self.steps[i]
        parent = step._entry.parents[slot]
        saved = self.saved(i, values) if saved is None else saved
        if saved is None or parent is None or g is UNKNOWN:
            return None
        try:
            with np.errstate(all="ignore"):
                found = self._pulled(step, saved, g, None)[slot]
                return None if found is None else conform(found, step._entry, parent)
        except Exception:  # values that a rule was not made for
            return None

    def brought(self, i: int, slot: int) -> Any:
        """Return what comes back from a step to one operand; None where that is not known."""
        step, g = self.steps[i], self.cotangents[i]
        parent = step._entry.parents[slot]
        if g is None or parent is None:
            return None
        if self._last[0] != i:
            saved = self.saved(i)
            with np.errstate(all="ignore"):
                terms = None if saved is None else self._pulled(step, saved, g, None)
            self._last = i, terms or [None] * len(step.operands)
        found = self._last[1][slot]
        return None if found is None else in_dtype(conform(found, step._entry, parent), parent)

    def local_number(self, i: int, slot: int) -> float | None:
        """Return the local derivative between two single numbers; None for arrays, or unknown."""
        step = self.steps[i]
        if not step.is_differentiated(slot) or step.shape or self.steps[step.operands[slot]].shape:
            return None
        if self._last_pull[0] != i:
            saved, one = self.saved(i), np.ones((), step.dtype)[()]
            if step.dtype == np.float16 and saved is not None:
                saved, one = single(saved), single(one)
            assert step.op is not None
            with np.errstate(all="ignore"):
                pull = [] if saved is None else step.op.pull(step._entry, saved, one)
            self._last_pull = i, [0.0 if x is None else x for x in pull]
        found = self._last_pull[1]
        return float(found[slot]) if found else None

    def recorded_pull(self, i: int, g: Any) -> list[Any]:
        """Return what the rules of a step give for a cotangent, on the values that it keeps."""
        step = self.steps[i]
        assert step.op is not None
        return list(step.op.pull(step._entry, step._entry.saved, g))

    def hidden_limits(self) -> list[int]:
        """Return the steps where a 0 that arithmetic made met an infinite derivative."""
        return [] if self.zeros is None else [self.places[n] for n in self.zeros.hidden()]


def numbers_of(x: Any) -> Any:
    """Return a key that is the same for arrays of one shape with the same numbers."""
    return x.shape, x.astype(float).tobytes()


def _identity(constant: Constant) -> Any:
    """Return a key that is the same for every use of one array."""
    if constant.name is not None or not isinstance(constant.value, np.ndarray):
        return "constant", id(constant)
    # By its numbers, not by its place in memory: the same program draws the same picture.
    return "array", constant.dtype, constant.shape, constant.value.tobytes()
