"""Pausing Python's cyclic garbage collector while a large graph is recorded."""

from __future__ import annotations

import gc
from threading import Lock
from typing import Any, Self

__all__ = ["pause_collector"]

_LOCK = Lock()
_open = 0
_resume = False


class pause_collector:
    """Keep the cyclic collector from walking a graph that is being recorded.

    A graph has no reference cycles, so reference counts alone free it, and the collector, which
    looks at every live object again and again, only costs: with a million nodes more than the
    recording itself. Blocks may nest, and threads may have theirs; the collector is on again when
    the last one ends, if it was on before; what other code leaves in cycles waits until then.

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
