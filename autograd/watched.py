"""Run a user's function and keep what it calls its values: each assignment of each variable."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.errors import GradientError
from autograd.tensor import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import CodeType, FrameType

__all__ = ["Assigned", "Failed", "Watched", "watched"]

from_engine = True

MOST = 20_000  # assignments that are kept of one run
LARGE = 100_000  # elements of arrays in which no change in place is looked for


@dataclass
class Assigned:
    """One assignment of a variable.

    Attributes
    ----------
    name : str
    occurrence : int
        Which of that name it is, counted from 1 over all calls. Changes of an array in place count
        as well, those of one line together.
    line : int
        Of the file.
    value : Tensor, array or float
        A copy of an array, as it was after that line.
    thing : object
        What was assigned.
    """

    name: str
    occurrence: int
    line: int
    value: Any
    thing: Any = None


@dataclass
class Failed:
    """What a function raised.

    Attributes
    ----------
    text : str
        Such as "ValueError: shapes do not fit".
    line : int
        Of the file, in the function or one that it calls.
    """

    text: str
    line: int


@dataclass
class Watched:
    """What a run gave.

    Attributes
    ----------
    result : object
    assigned : list of Assigned
        In their order.
    variables : dict
        Of the function itself, when it returned.
    error : Failed or None
    kinds : dict of str to set
        Of each variable, the shapes of its arrays and the types of its other values.
    entries : dict of str to list
        The keys of dicts that functions were given.
    """

    result: Any
    assigned: list[Assigned]
    variables: dict[str, Any]
    error: Failed | None = None
    kinds: dict[str, set[Any]] = field(default_factory=dict)
    entries: dict[str, list[str]] = field(default_factory=dict)


def watched(
    f: Callable[..., Any],
    arguments: list[Any],
    named: dict[str, Any],
    codes: Iterable[CodeType],
    *,
    stops: bool = True,
) -> Watched:
    """Call a function; keep the variables of the frames that run these codes, the first its own.

    Raises
    ------
    GradientError
        If it raises, with the line; unless it is not to stop here.
    """
    watch = _Watch(list(codes))
    before = sys.gettrace()
    result, failed = None, None
    sys.settrace(watch.call)
    try:
        result = f(*arguments, **named)
    except Exception as error:
        trace, line = error.__traceback__, 0
        while trace is not None:
            line = trace.tb_lineno if trace.tb_frame.f_code in watch.codes else line
            trace = trace.tb_next
        where = f" in line {line}" if line else ""
        failed = Failed(f"{type(error).__name__}: {error}", line)
        if stops:
            raise GradientError(
                f"check_backprop: {getattr(f, '__name__', 'the function')} raised "
                f"{type(error).__name__}{where}: {error}"
            ) from error
    finally:
        sys.settrace(before)
    return Watched(result, watch.assigned, watch.variables, failed, watch.kinds, watch.entries)


def _kind_of(value: Any) -> Any:
    """Return the shape of an array, or the type of anything else; an object is not asked."""
    return value.shape if isinstance(value, (np.ndarray, np.generic, Tensor)) else type(value)


def _variables(frame: FrameType) -> dict[str, Any]:
    """Return the variables of a frame, and those of its object: Z2 of ``self.Z2``."""
    own = frame.f_locals
    of_object = getattr(own.get("self"), "__dict__", None)
    return {**of_object, **own} if type(of_object) is dict else dict(own)


class _Watch:
    """The trace function of a run."""

    def __init__(self, codes: list[CodeType]) -> None:
        self.codes, self.first = set(codes), codes[0] if codes else None
        self.assigned: list[Assigned] = []
        self.variables: dict[str, Any] = {}
        self.counts: dict[str, int] = {}
        self.kinds: dict[str, set[Any]] = {}
        self.entries: dict[str, list[str]] = {}
        self.frames: dict[FrameType, tuple[dict[str, Any], dict[str, Assigned], list[int]]] = {}

    def call(self, frame: FrameType, event: str, _: Any) -> Any:
        """Watch a frame, if it is the user's."""
        if event != "call" or frame.f_code not in self.codes:
            return None
        self.frames[frame] = (_variables(frame), {}, [frame.f_lineno])
        for name, value in frame.f_locals.items():
            self.kinds.setdefault(name, set()).add(_kind_of(value))
            if isinstance(value, dict):
                self.entries[name] = [k for k in value if isinstance(k, str)]
                for k, v in value.items():
                    self.kinds.setdefault(f"{name}[{k!r}]", set()).add(_kind_of(v))
        return self.line

    def line(self, frame: FrameType, event: str, _: Any) -> Any:
        """See what the line before has assigned."""
        if event in ("line", "return"):
            self.look(frame)
            self.frames[frame][2][0] = frame.f_lineno
        if event == "return":
            if frame.f_code is self.first:
                self.variables = dict(frame.f_locals)
            del self.frames[frame]
        return self.line

    def look(self, frame: FrameType) -> None:
        """Keep each variable that has another value than at the line before."""
        seen, last, (line,) = self.frames[frame]
        for name, value in _variables(frame).items():
            if name[:2] == "__":  # of what was made for recording
                continue
            if name in seen and seen[name] is value:
                if name in last and isinstance(value, np.ndarray):
                    self.look_inside(last, name, value, line)
                continue
            seen[name] = value
            self.kinds.setdefault(name, set()).add(_kind_of(value))
            if isinstance(value, (np.ndarray, np.generic, float, Tensor)):
                self.keep(last, name, value, line)

    def look_inside(self, last: dict[str, Assigned], name: str, value: Any, line: int) -> None:
        """Keep an array that has been changed in place."""
        before = last[name]
        if value.size > LARGE or before.value.tobytes() == value.tobytes():
            return
        if before.line == line:  # a loop that fills it
            before.value = value.copy()
        else:
            self.keep(last, name, value, line)

    def keep(self, last: dict[str, Assigned], name: str, value: Any, line: int) -> None:
        """Keep an assignment."""
        if len(self.assigned) >= MOST:
            return
        count = self.counts[name] = self.counts.get(name, 0) + 1
        copied = value.copy() if isinstance(value, np.ndarray) else value
        last[name] = Assigned(name, count, line, copied, value)
        self.assigned.append(last[name])
