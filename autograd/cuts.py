"""Where a graph was cut: how, in which line, and which leaves it came from.

`t.detach()`, `no_grad()`, `t.numpy()`, `t.data`, and numbers by `float(t)`, `t.item()` or
`t.tolist()` are values that no derivative goes back from. That is often meant; where it is not, a
picture can say which parameters were lost by it. What is remembered is small, and keeps no graph
and no leaf alive.
"""

from __future__ import annotations

import math
import sys
import weakref
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.node import Extra, Leaf, Node, line_of

if TYPE_CHECKING:
    from types import CodeType

__all__ = [
    "Cut",
    "cut_of",
    "cut_of_numbers",
    "cut_since",
    "further",
    "joined",
    "remember",
    "remember_number",
    "remember_numbers",
]

from_engine = True

_WALKED = 24  # nodes that are looked at for leaves: the nearest ones
_MOST = 12  # leaves that are remembered


class Cut:
    """How a value lost its graph. It stands in the place of a `Constant` until one is needed.

    Attributes
    ----------
    how : str
        ``detach()``, ``no_grad()``, ``numpy()``, ``data``, ``float()``, ``item()``, ``tolist()``.
    leaves : dict
        The leaves that it was computed from: by id a weak reference, the name, and which
        passes had reached it. One that nobody holds any more is in no graph.
    code, lasti
        The user's instruction.
    """

    __slots__ = ("code", "how", "lasti", "leaves", "of")

    name = None
    weak = False

    def __init__(self, how: str, leaves: dict[int, Any], of: str, code: Any, lasti: int) -> None:
        self.how, self.leaves, self.of = how, leaves, of
        self.code: CodeType | None = code
        self.lasti = lasti

    @property
    def cut(self) -> Cut:
        """Itself, as a constant has one."""
        return self

    @property
    def expression(self) -> str:
        """What pictures call the value: ``detach(h)``."""
        return f"{self.how.removesuffix('()')}({self.of})"

    @property
    def source(self) -> tuple[str, int] | None:
        """File and line of it."""
        return None if self.code is None else line_of(self.code, self.lasti)


_arrays: dict[int, tuple[Any, Cut, float]] = {}  # by id: what `numpy()` has given, and its sum


def cut_since(how: str, nodes: tuple[Node | None, ...]) -> Cut:
    """Return a cut at the user's line, of values that some nodes have computed."""
    named = "…"
    leaves: dict[int, Any] = {}
    for node in nodes:
        if node is None:
            continue
        own = node.name
        if named == "…":
            named = own or (node.op.name if node.op is not None else "…")
        _add_leaves(node, leaves)
    frame = sys._getframe(1)
    while "from_engine" in frame.f_globals and frame.f_back is not None:
        frame = frame.f_back
    return Cut(how, leaves, named, frame.f_code, frame.f_lasti)


def _lost(leaf: Leaf) -> tuple[Any, str | None, Any]:
    turns = Extra()  # without the gradient
    if leaf.extra is not None:
        turns.total, turns.last = leaf.extra.total, leaf.extra.last
    return weakref.ref(leaf), leaf.name, turns


def _add_leaves(node: Node, found: dict[int, Any]) -> None:
    seen: set[int] = set()
    waiting = [node]
    while waiting and len(seen) < _WALKED and len(found) < _MOST:
        node = waiting.pop()
        if node.id in seen:
            continue
        seen.add(node.id)
        if isinstance(node, Leaf):
            found[node.id] = _lost(node)
        else:
            waiting += [p for p in node.parents if p is not None]


def joined(cuts: list[Cut]) -> Cut | None:
    """Return the first of several cuts, with the leaves of all, as many as are remembered."""
    if len(cuts) < 2 or len(cuts[0].leaves) >= _MOST:
        return cuts[0] if cuts else None
    first = cuts[0]
    leaves = dict(first.leaves)
    for cut in cuts[1:]:
        for key, leaf in cut.leaves.items():
            if len(leaves) < _MOST:
                leaves.setdefault(key, leaf)
    if len(leaves) == len(first.leaves):
        return first
    return Cut(first.how, leaves, first.of, first.code, first.lasti)


def further(cut: Cut, nodes: tuple[Node | None, ...]) -> Cut:
    """Return a cut with the leaves among some operands that met a value of it."""
    if len(cut.leaves) >= _MOST:
        return cut
    new = {
        node.id: _lost(node)
        for node in nodes
        if isinstance(node, Leaf) and node.id not in cut.leaves
    }
    if not new:
        return cut
    return Cut(cut.how, {**cut.leaves, **new}, cut.of, cut.code, cut.lasti)


def remember(array: Any, how: str, node: Node | None) -> None:
    """Remember where an array comes from that is given to the user, as long as it lives."""
    if node is None or isinstance(node, Leaf) or not isinstance(array, np.ndarray):
        return
    key = id(array)

    def forget(_: Any) -> None:
        _arrays.pop(key, None)

    _arrays[key] = weakref.ref(array, forget), cut_since(how, (node,)), _sum(array)


def cut_of(array: Any) -> Cut | None:
    """Return the cut that an array was given by, if it was, and was not written to since."""
    known = _arrays.get(id(array))
    if known is None or known[0]() is not array:
        return None
    now = _sum(array)
    return known[1] if now == known[2] or now != now else None


def remember_number(x: Any, how: str, node: Node | None) -> None:
    """Remember a number that is given to the user: nothing but its digits tells it again.

    Those that could come from anywhere, such as 0.5 and 3, are left out.
    """
    if node is None or node.op is None or type(x) is not float or not x * 4096 % 1 or x != x:
        return
    _keep(x, cut_since(how, (node,)))


def _keep(key: Any, cut: Cut) -> None:
    _numbers.pop(key, None)
    _numbers[key] = cut
    if len(_numbers) > _REMEMBERED:
        _numbers.popitem(last=False)


def remember_numbers(array: Any, how: str, node: Node | None) -> None:
    """Remember an array that is given as a list, and its numbers if they are few."""
    if node is None or isinstance(node, Leaf) or array.dtype.kind != "f" or array.size > _LONG:
        return
    numbers = array.ravel().tolist()
    if any(x * 4096 % 1 for x in numbers):
        _keep((array.shape, hash(array.astype(float).tobytes())), cut_since(how, (node,)))
        for x in numbers[:_ALONE]:
            remember_number(x, how, node)


_LONG = 4096  # elements
_numbers: OrderedDict[Any, Cut] = OrderedDict()  # what was given as numbers
_REMEMBERED = 256  # of them, the last ones
_ALONE = 16  # elements of a list that are remembered by themselves too


def cut_of_numbers(values: Any) -> Cut | None:
    """Return the cut that numbers were given by, if they have the same digits."""
    values = np.asarray(values)
    if not _numbers or values.dtype.kind != "f" or values.size > _LONG:
        return None
    numbers = values.ravel().tolist()
    digits = hash(values.astype(float).tobytes())
    found = _numbers.get((values.shape, digits) if values.ndim else numbers[0])
    return None if found is None or all(map(_is_common, numbers)) else found


def _is_common(x: float) -> bool:
    """Return whether a number may well have been written: 0.01, 2 / 3, √2, e."""
    if len(f"{x:.17g}") < _SHORT or float(f"{x:.6g}") == x:
        return True
    parts = x * np.arange(1, 1001)
    near = np.abs(parts - np.round(parts)) <= 4 * np.finfo(float).eps * np.abs(parts)
    whole = near & (np.round(parts) != 0) & (np.abs(parts) < _WHOLE)
    return bool(whole.any()) or any(math.isclose(x, c, rel_tol=1e-15) for c in _CONSTANTS)


_SHORT, _WHOLE = 8, 1e6  # characters of a number; a whole one that may stand in a fraction
_CONSTANTS = (math.pi, math.tau, math.e, 1 / math.e, *map(math.sqrt, (2, 3, 0.5, math.tau)))
_CONSTANTS += (math.log(2), math.log(10), math.pi / 2, 1 / math.sqrt(3))


def _sum(array: Any) -> float:
    with np.errstate(all="ignore"):
        return float(array.sum())
