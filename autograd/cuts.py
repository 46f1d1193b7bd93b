"""Where a graph was cut: how, in which line, and which leaves it came from.

`t.detach()`, `no_grad()`, `t.numpy()` and `t.data` give values that no derivative goes back from.
That is often meant; where it is not, a picture can say which parameters were lost by it.
"""

from __future__ import annotations

import sys
import weakref
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autograd.node import Leaf, Node, line_of

if TYPE_CHECKING:
    from types import CodeType

__all__ = ["Cut", "cut_of", "cut_since", "joined", "remember"]

from_engine = True

_WALKED = 200  # nodes that are looked at for leaves


class Cut(NamedTuple):
    """How a value lost its graph.

    Attributes
    ----------
    how : str
        ``detach()``, ``no_grad()``, ``numpy()`` or ``data``.
    expression : str
        What pictures call the value, ``detach(h)``.
    leaves : tuple of pairs
        The leaves that it was computed from, by weak references, and their names. One that nobody
        holds any more is in no graph.
    code, lasti
        The user's instruction.
    """

    how: str
    leaves: tuple[Any, ...]
    expression: str
    code: CodeType | None
    lasti: int

    @property
    def source(self) -> tuple[str, int] | None:
        """File and line of it."""
        return None if self.code is None else line_of(self.code, self.lasti)


_arrays: dict[int, tuple[Any, Cut]] = {}  # by id: a weak reference to what `numpy()` has given


def cut_since(how: str, nodes: tuple[Node | None, ...]) -> Cut:
    """Return a cut at the user's line, of values that some nodes have computed."""
    first = next((n for n in nodes if n is not None), None)
    named = "…" if first is None or first.op is None else first.op.name
    if first is not None and first.extra is not None and first.extra.name:
        named = first.extra.name
    frame = sys._getframe(1)
    while "from_engine" in frame.f_globals and frame.f_back is not None:
        frame = frame.f_back
    told = f"{how.removesuffix('()')}({named})"
    return Cut(how, _leaves(nodes), told, frame.f_code, frame.f_lasti)


def _leaves(nodes: tuple[Node | None, ...]) -> tuple[Any, ...]:
    found: dict[int, Any] = {}
    seen: set[int] = set()
    waiting = [n for n in nodes if n is not None]
    while waiting and len(seen) < _WALKED:
        node = waiting.pop()
        if node.id in seen:
            continue
        seen.add(node.id)
        if isinstance(node, Leaf):
            name = None if node.extra is None else node.extra.name
            found[node.id] = weakref.ref(node), name
        waiting += [p for p in node.parents if p is not None]
    return tuple(found.values())


def joined(cuts: list[Cut]) -> Cut | None:
    """Return the first of several cuts, with the leaves of all."""
    if len(cuts) < 2:
        return cuts[0] if cuts else None
    return cuts[0]._replace(leaves=tuple(dict.fromkeys(r for c in cuts for r in c.leaves)))


def remember(array: Any, how: str, node: Node | None) -> None:
    """Remember where an array comes from that is given to the user, as long as it lives."""
    if node is None or isinstance(node, Leaf) or not isinstance(array, np.ndarray):
        return
    key = id(array)

    def forget(_: Any) -> None:
        _arrays.pop(key, None)

    _arrays[key] = weakref.ref(array, forget), cut_since(how, (node,))


def cut_of(array: Any) -> Cut | None:
    """Return the cut that an array was given by, if it was."""
    known = _arrays.get(id(array))
    return None if known is None or known[0]() is not array else known[1]
