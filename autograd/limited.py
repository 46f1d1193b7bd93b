"""Limits of a search: of its tries, and of a call that may never end."""

from __future__ import annotations

import ctypes
import math
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Allowance", "Endless", "Limited"]

from_engine = True

EVERY = 0.02  # seconds between two looks at the clock
ARRIVES = 0.5  # seconds in which an error that was sent to a thread has arrived there


class Allowance:
    """The work that a search may do: so many tries, the same ones on every machine.

    Where each takes long, a time of computing ends it before.

    Parameters
    ----------
    tries : int
        How many there may be.
    seconds : float
        Of this thread's computing, so that other work does not shorten the search.
    within : Allowance, optional
        From which they are taken too.
    """

    def __init__(self, tries: int, seconds: float, within: Allowance | None = None) -> None:
        self.tries, self.seconds, self.within = tries, seconds, within
        self.taken, self.begun = 0, time.thread_time()
        self.over = ""  # what was used up when a try was refused, in words

    @property
    def spent(self) -> float:
        """Return how many seconds of computing have gone by."""
        return time.thread_time() - self.begun

    def take(self) -> bool:
        """Return whether another try may be made, and count it."""
        if self.taken >= self.tries:
            self.over = f"{self.tries:,} tries"
        elif self.spent >= self.seconds:
            self.over = f"{self.seconds:g} s"
        elif self.within is not None and not self.within.take():
            self.over = self.within.over
        self.taken += not self.over
        return not self.over

    def share(self, of: int) -> Allowance:
        """Return a part of it, such as a quarter, for a search within the search."""
        return Allowance(self.tries // of, self.seconds / of, self)


class Endless(BaseException):
    """Raised inside of a call that takes too long; no Exception, so that it is not caught there."""


class Limited:
    """Calls of one thread, each ended after some seconds by another thread that watches the clock.

    An array operation is not interrupted: it ends after it. While the object is entered the other
    thread runs.
    """

    def __init__(self) -> None:
        self.until, self.fired = math.inf, False
        self.lock, self.done = threading.Lock(), threading.Event()
        self.ident = 0

    def __enter__(self) -> Limited:
        self.ident = threading.get_ident()
        self.done.clear()
        threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.done.set()

    def call(self, f: Callable[[], Any], seconds: float) -> Any:
        """Return what a function returns.

        Raises
        ------
        Endless
            If it has not returned by then.
        """
        self.fired = False
        self.until = time.perf_counter() + seconds
        try:
            try:
                return f()
            finally:
                with self.lock:
                    self.until = math.inf
                # It is on its way, and arrives here, unless the function has caught it.
                end = time.perf_counter() + ARRIVES
                while self.fired and not isinstance(sys.exception(), Endless):
                    if time.perf_counter() > end:
                        break
                    time.sleep(EVERY)
        finally:
            self.fired = False

    def _watch(self) -> None:
        while not self.done.wait(EVERY):
            with self.lock:
                if time.perf_counter() > self.until:
                    self.fired = True
                    self.until += 1.0  # again, should the function have caught it
                    raised = ctypes.py_object(Endless)
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self.ident), raised)
