"""Python's cyclic garbage collector beside a graph that grows, which has no cycles to be found.

By itself it looks at the oldest objects again whenever there are a quarter more of them, and while
a graph of a million nodes is recorded, that takes longer than the recording. So its oldest
generation waits while a graph grows, and `pause_collector` stops all of it.
"""

from __future__ import annotations

import gc
from threading import Lock
from typing import Any, Self

from autograd.node import next_id

__all__ = ["pause_collector"]

_LOCK = Lock()
_open = 0
_resume = False


_GROWING = 1000  # nodes recorded between two collections of the middle generation: a graph grows
_PATIENCE = 1000  # collections of the middle generation for which the oldest then waits
_latest = 0  # the latest node when the middle generation was last collected
_usual: int | None = None  # the patience to go back to; None while nothing is changed


def _watch(phase: str, info: dict[str, int]) -> None:
    """Let the oldest generation wait while a graph grows; called by the collector itself.

    The middle generation is collected after some 8 000 new objects, of which a node is two or
    three. A threshold that somebody has set in the meantime is left alone.
    """
    global _latest, _usual
    if phase != "stop" or info["generation"] != 1:
        return
    recorded, _latest = next_id() - _latest, next_id()
    young, middle, old = gc.get_threshold()
    if recorded >= _GROWING:
        if 0 < old < _PATIENCE and _usual is None:
            _usual = old
            gc.set_threshold(young, middle, _PATIENCE)
    elif _usual is not None:
        if old == _PATIENCE:
            gc.set_threshold(young, middle, _usual)
        _usual = None


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
