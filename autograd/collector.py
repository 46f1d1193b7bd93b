"""Python's cyclic garbage collector beside a graph that grows, which has no cycles to be found.

By itself it looks at the oldest objects again whenever there are a quarter more of them, and while
a graph of a million nodes is recorded, that takes longer than the recording. So its oldest
generation waits while a graph grows, and `pause_collector` stops all of it.
"""

from __future__ import annotations

import gc
import sys
from threading import Lock
from typing import Any, Self

from autograd.node import Node, next_id

__all__ = ["pause_collector"]

_LOCK = Lock()
_open = 0
_resume = False


_PATIENCE = 997  # collections of the middle generation for which the oldest waits; a mark as well
_MANY = 1000  # nodes recorded since the middle generation was last collected
_SHARE = 0.25  # of the objects that have survived in it, which are nodes where a graph grows
_recorded = 0  # nodes when it was last collected
_usual: int | None = None  # the patience that Python, or the user, had before


def _watch(phase: str, info: dict[str, int]) -> None:
    """Let the oldest generation wait while a graph grows; called by the collector itself.

    It grows where most of what survives is a part of it: nodes that are freed at each step of a
    training loop are not among it. A threshold that somebody has set in the meantime is left alone.
    """
    global _recorded, _usual
    if phase != "start" or info["generation"] != 1:
        return
    young, middle, old = gc.get_threshold()
    if _is_growing():
        if 0 < old < _PATIENCE and _usual in (None, old):
            _usual = old
            gc.set_threshold(young, middle, _PATIENCE)
    elif old == _PATIENCE and _usual is not None:
        gc.set_threshold(young, middle, _usual)


def _is_growing() -> bool:
    global _recorded
    now = int(repr(next_id.__self__)[6:-1])  # type: ignore[attr-defined]  # count(7): none is taken
    before, _recorded = _recorded, now
    if now - before < _MANY:
        return False
    survivors = gc.get_objects(generation=1)[::5]
    return sum(type(x) is Node for x in survivors) > _SHARE * len(survivors)


if sys.version_info < (3, 14):  # whose collector goes on in small steps, and does not wait
    gc.callbacks.append(_watch)


class pause_collector:
    """Keep the cyclic collector from walking a graph that is being recorded.

    A graph has no reference cycles, so reference counts alone free it, and the collector only
    costs: a quarter of the recording of a million nodes, though its oldest generation waits by
    itself while a graph grows. Blocks may nest, and threads may have theirs; the collector is on
    again when the last one ends, if it was on before; what other code leaves in cycles waits until
    then.

    Examples
    --------
    >>> from autograd import Tensor, pause_collector
    >>> x = Tensor(1.0, requires_grad=True)
    >>> with pause_collector():
    ...     y = x
    ...     for _ in range(10_000):
    ...         y = y * 1.0001
    ...     y.backward()
    >>> print(f"{x.grad:.4f}")
    2.7181
    """

    def __enter__(self) -> Self:
        global _open, _resume
        with _LOCK:
            if not _open:
                _resume = gc.isenabled()
                gc.disable()
            _open += 1
        return self

    def __exit__(self, *exc: Any) -> None:
        global _open
        with _LOCK:
            _open -= 1
            if not _open and _resume:
                gc.enable()
