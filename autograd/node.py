"""Nodes: the recorded graph, apart from the tensors a user holds.

A `Node` knows the op that made it, its parents (one per argument slot, `None` where no gradient is
needed), and the values that the derivative rules will read. It holds no reference to its own
result, so a graph has no cycles and reference counts alone free it.
"""

from __future__ import annotations

import functools
import weakref
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import CodeType

    from autograd.op import Op

__all__ = [
    "FREED",
    "Constant",
    "Ended",
    "Extra",
    "Leaf",
    "Node",
    "Pass",
    "line_of",
    "next_id",
    "source_of",
]

next_id = count(1).__next__

_SMALL = 256  # elements of an array that is copied for pictures in any case
_COPIED = 2**16  # bytes of one that is copied because its owner could write to it
_SOME = 2**20  # bytes of an array that is kept though nothing else refers to it

# An argument of a call: its name if it was passed by it, and what finds it again: the id of a node,
# a weak reference to an array, a text, a list of these, or None.
Given = tuple[str, Any]

FREED = ("freed",)  # stands where a node's saved values were, once a backward walk has passed


class Pass:
    """What a backward pass has reached: the ids, and the most passes that any of them has had."""

    __slots__ = ("ids", "most")

    ids: list[int]
    most: int


class Ended(NamedTuple):
    """Which call of a composite function a node is the result of.

    Attributes
    ----------
    name : str
        Of the function.
    before : int
        An id before those of all nodes of the call, which tells it from others.
    place : int
        Among its results.
    given : list of Given
        Its arguments.
    field : str or None
        What the result is called in a tuple with names: Q or R of ``qr``.
    """

    name: str
    before: int
    place: int
    given: list[Given]
    field: str | None


class Extra:
    """What only some nodes have: a gradient that is kept, hooks, the call they end."""

    __slots__ = ("call", "grad", "hooks", "last", "passes", "retains", "total")

    def __init__(self, *, retains: bool = False) -> None:
        self.retains = retains
        self.grad: Any = None
        self.passes = 0  # backward passes whose gradients grad holds
        self.total = 0  # backward passes that have ever reached it
        self.last: Pass | None = None  # of them
        self.hooks: list[Callable[[Any], Any]] | None = None
        self.call: Ended | None = None

    def is_trained_apart(self, ids: set[int]) -> bool:
        """Whether it has backward passes of its own, beside those of the leaves of these ids.

        Its last one has reached none of them, or some that other passes reach too, as the pass of a
        generator reaches the discriminator.
        """
        last = self.last
        return last is not None and (last.most > self.total or ids.isdisjoint(last.ids))


class Node:
    """One recorded operation, or a leaf (then `op` is `None` and `parents` is empty)."""

    __slots__ = (
        "code",
        "constants",
        "dtype",
        "extra",
        "id",
        "lasti",
        "name",
        "op",
        "params",
        "parents",
        "saved",
        "scope",
        "shape",
        "walked",
    )

    id: int  # grows with time: parents come before the nodes made from them
    op: Op | None
    parents: tuple[Node | None, ...]
    saved: tuple[Any, ...]
    params: tuple[Any, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    constants: tuple[Any, ...]  # beside parents: what stood in the slots that need no gradient
    scope: tuple[str, ...]
    code: CodeType | None  # with lasti, the user's line, decoded only when someone asks
    lasti: int
    extra: Extra | None
    name: str | None
    walked: bool  # a backward walk has passed here

    def more(self) -> Extra:
        """Return the node's extra part, made now if it was not there."""
        if self.extra is None:
            self.extra = Extra()
        return self.extra


class Leaf(Node):
    """A value that gradients are wanted for; from leaves the graph can be computed again."""

    __slots__ = ("__weakref__", "before", "of_module", "of_transform", "value", "written")

    value: Any
    written: int  # the time of the last assignment to the value
    before: tuple[int, Any] | None  # when the value before that was assigned, and what it was
    of_module: bool  # a parameter, which stands where its module does
    of_transform: bool  # made by `grad` and its kin, for the function they differentiate

    def __init__(self, value: Any, name: str | None, scope: tuple[str, ...] = ()) -> None:
        self.id = self.written = next_id()
        self.op = None
        self.parents = self.saved = self.params = self.constants = ()
        self.scope = scope
        self.shape, self.dtype = value.shape, value.dtype
        self.code, self.lasti = None, 0
        self.extra, self.name = Extra(retains=True), name
        self.walked = self.of_transform = self.of_module = False
        self.value, self.before = value, None

    def assign(self, value: Any) -> None:
        """Give it another value. The one before is kept for pictures, if it is no large array."""
        self.before = (self.written, self.value) if self.value.nbytes <= _SOME else None
        self.value, self.written = value, next_id()

    def value_at(self, first: int, last: int) -> Any:
        """Return the value that it had from one time to another; None if that is not known."""
        if self.written <= first:
            return self.value
        then = self.before
        return then[1] if then is not None and then[0] < first and last < self.written else None


def source_of(node: Node) -> tuple[str, int] | None:
    """Return the file and line of the user's code that called a node's op."""
    return None if node.code is None else line_of(node.code, node.lasti)


@functools.lru_cache(maxsize=1024)  # a loop asks for the same few lines again and again
def line_of(code: CodeType, lasti: int) -> tuple[str, int]:
    """Return the file and line of an instruction."""
    for i, (line, _, _, _) in enumerate(code.co_positions()):
        if i * 2 >= lasti and line is not None:
            return code.co_filename, line
    return code.co_filename, code.co_firstlineno


def _owners(x: Any) -> Iterator[Any]:
    """Yield an array, what it is a view of, and so on to what owns the memory."""
    while isinstance(x, np.ndarray):
        yield x
        x = x.base
    if x is not None:
        yield x


class Constant:
    """What the graph remembers of an operand that needs no gradient, for pictures.

    Small arrays that somebody can write to are copied, because they may change before a picture is
    drawn. Read-only arrays are kept if they are named or small, and others by a weak reference.
    """

    __slots__ = ("_kept", "_reference", "cut", "dtype", "expression", "name", "shape", "weak")

    def __init__(
        self,
        value: Any,
        name: str | None = None,
        *,
        weak: bool = False,
        expression: str | None = None,
        cut: Any = None,
    ) -> None:
        self.name = name
        self.cut = cut  # how it lost its graph, if it had one: see cuts.py
        self.expression = expression  # of named constants that it was computed from: "X / 255"
        self.weak = weak  # made of a Python number, which takes the dtype of what it meets
        self.shape, self.dtype = np.shape(value), value.dtype
        self._kept: Any = None
        self._reference: Any = None
        if np.size(value) <= _SMALL:
            self._kept = np.array(value)[()]
            return
        owners = list(_owners(value))
        if any(type(x) is not np.ndarray or x.flags.writeable for x in owners):
            if value.nbytes <= _COPIED:
                self._kept = np.array(value)
        elif name or max(x.nbytes for x in owners) <= _SOME:
            self._kept = value
        else:
            self._reference = weakref.ref(value)

    @property
    def value(self) -> Any:
        """The array, or None when nobody holds it any more."""
        if self._kept is not None:
            return self._kept
        return None if self._reference is None else self._reference()
