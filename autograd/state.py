"""The modes of the engine: whether ops record, and under which names.

The state is one immutable value in a context variable, so it is separate for each thread and each
asynchronous task, and it is restored when a block ends, by an exception too.
"""

from __future__ import annotations

import functools
import inspect
import threading
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from autograd.errors import DTypeError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = [
    "STATE",
    "State",
    "complex_step",
    "detect_anomaly",
    "enable_grad",
    "inside_transform",
    "name_scope",
    "no_grad",
    "running_transforms",
    "strong_zero",
    "under",
    "watched_elsewhere",
]

from_engine = True  # frames of this module are skipped when an op looks for the user's line


@dataclass(slots=True)
class State:
    """What an op needs to know of its surroundings. Nothing changes one; `_with` makes another."""

    recording: bool = True
    scope: tuple[str, ...] = ()
    anomaly: bool = False
    strong_zero: bool = True
    complex_step: bool = False  # ops take complex numbers, for a derivative that is being measured
    depth: int = 0  # how many transforms (grad, ...) are running around the op


def _with(state: State, field: str, value: Any) -> State:
    """Return a state with another value in one field (`dataclasses.replace` takes five times)."""
    s = state
    found = State(s.recording, s.scope, s.anomaly, s.strong_zero, s.complex_step, s.depth)
    setattr(found, field, value)
    return found


_RUNNING: list[Any] = []  # the transforms that are running, in any thread


_WATCHING: list[int] = []  # the threads in which `detect_anomaly` is on


def watched_elsewhere() -> bool:
    """Whether `detect_anomaly` is on in another thread, which may have started this one."""
    return any(thread != threading.get_ident() for thread in tuple(_WATCHING))


def running_transforms() -> bool:
    """Whether a transform runs anywhere in the process."""
    return bool(_RUNNING)


_F = TypeVar("_F", bound="Callable[..., Any]")

STATE: ContextVar[State] = ContextVar("autograd_state", default=State())  # noqa: B039 - immutable


# What to restore for each mode that is open in this context, innermost last.
# With it, the whole state before and after: where nothing else has changed, that is one step back.
_OPEN: ContextVar[tuple[tuple[_Mode, Any, State, State], ...]] = ContextVar(
    "autograd_open", default=()
)


class _Mode:
    """A change of state for a block or a decorated function; it may be entered again while open.

    What was before is kept with the context, so threads may share a mode. Leaving restores only the
    field it changed: blocks need not close in order, as when a generator is closed inside another
    block.
    """

    field: str

    def _changed(self, value: Any) -> Any:
        raise NotImplementedError

    def __enter__(self) -> Self:
        state = STATE.get()
        value = getattr(state, self.field)
        changed = _with(state, self.field, self._changed(value))
        _OPEN.set((*_OPEN.get(), (self, value, state, changed)))
        STATE.set(changed)  # last, so that an interrupt finds the mode on as rarely as can be
        return self

    def __exit__(self, *exc: Any) -> None:
        opened = _OPEN.get()
        if opened and opened[-1][0] is self and STATE.get() is opened[-1][3]:
            STATE.set(opened[-1][2])
            _OPEN.set(opened[:-1])
            return
        last = max((i for i, (mode, *_) in enumerate(opened) if mode is self), default=None)
        if last is None:  # left in another context than it was entered in
            return
        STATE.set(_with(STATE.get(), self.field, opened[last][1]))
        _OPEN.set(opened[:last] + opened[last + 1 :])

    def __call__(self, function: _F) -> _F:
        """Decorate a function, a coroutine function or a generator function, whose body it is for.

        A generator is in the mode only while it runs, not while it waits to be asked for more.
        """
        if inspect.isasyncgenfunction(function):
            raise DTypeError(
                f"{type(self).__name__}: cannot decorate {function.__name__}, an asynchronous "
                "generator; write the with statement in it."
            )
        wrapper: Any
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def wrapper(*args: Any, **params: Any) -> Any:
                with self:
                    return await function(*args, **params)

        elif inspect.isgeneratorfunction(function):

            @functools.wraps(function)
            def wrapper(*args: Any, **params: Any) -> Any:
                return self._running(function(*args, **params))

        else:

            @functools.wraps(function)
            def wrapper(*args: Any, **params: Any) -> Any:
                with self:
                    return function(*args, **params)

        return cast("_F", wrapper)

    def _running(self, generator: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        """Run a generator, in the mode from one yield to the next."""
        step: Callable[[], Any] = functools.partial(next, generator)
        try:
            while True:
                with self:
                    item = step()
                try:
                    step = functools.partial(generator.send, (yield item))
                except GeneratorExit:
                    raise
                except BaseException as error:
                    step = functools.partial(generator.throw, error)
        except StopIteration as stop:
            return stop.value
        finally:
            with self:
                generator.close()


class no_grad(_Mode):
    """Compute without recording: results are constants.

    Examples
    --------
    >>> from autograd import Tensor, no_grad
    >>> w = Tensor(2.0, requires_grad=True)
    >>> with no_grad():
    ...     y = w * 3
    >>> y.requires_grad
    False
    """

    field = "recording"

    def _changed(self, value: bool) -> bool:
        return False


class enable_grad(_Mode):
    """Record again inside a `no_grad` block.

    Examples
    --------
    >>> from autograd import Tensor, enable_grad, no_grad
    >>> w = Tensor(2.0, requires_grad=True)
    >>> with no_grad(), enable_grad():
    ...     y = w * 3
    >>> y.requires_grad
    True
    """

    field = "recording"

    def _changed(self, value: bool) -> bool:
        return True


class name_scope(_Mode):
    """Record the ops of a block under a name; scopes nest, and drawings show them as clusters.

    Parameters
    ----------
    text : str
        One step of the path, such as ``"layer1"``.

    Examples
    --------
    >>> from autograd import Tensor, graph, name_scope
    >>> w = Tensor(2.0, requires_grad=True)
    >>> with name_scope("layer1"):
    ...     y = w * 3
    >>> graph(y).outputs[0].scope
    ('layer1',)
    """

    field = "scope"

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise DTypeError(
                f"name_scope: needs a str, got {type(text).__name__}; pass the name as text."
            )
        self._text = text

    def _changed(self, value: tuple[str, ...]) -> tuple[str, ...]:
        return (*value, self._text)


def under(text: str, function: Callable[..., Any], *args: Any) -> Any:
    """Call a function as ``with name_scope(text)`` does, without an object for the block."""
    before = STATE.get()
    inside = _with(before, "scope", (*before.scope, text))
    STATE.set(inside)
    try:
        return function(*args)
    finally:
        now = STATE.get()  # a mode that the function has opened and left open stays
        STATE.set(before if now is inside else _with(now, "scope", before.scope))


class detect_anomaly(_Mode):
    """Stop at the first NaN or infinity that a recorded op computes, forward or backward.

    The error names the op, the shapes, the scope, and the line of your code that called the op.
    Costs a look at every array, so it is a mode to debug in.

    Parameters
    ----------
    on : bool
        Whether to look in the block or decorated function.

    Raises
    ------
    AnomalyError
        Inside the block, from the op or from the backward pass.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import AnomalyError, Tensor, detect_anomaly
    >>> x = Tensor([1.0, 0.0], requires_grad=True)
    >>> with detect_anomaly(), np.errstate(divide="ignore"):
    ...     try:
    ...         np.sqrt(x).sum().backward()
    ...     except AnomalyError as error:
    ...         print(str(error).split(" (")[0])
    detect_anomaly: the backward pass of sqrt gave inf for a at [1]
    """

    field = "anomaly"

    def __init__(self, on: bool = True) -> None:
        self._on = on

    def __enter__(self) -> Self:
        if self._on:
            _WATCHING.append(threading.get_ident())
        return super().__enter__()

    def __exit__(self, *exc: Any) -> None:
        super().__exit__(*exc)
        if self._on and _WATCHING:
            here = threading.get_ident()
            _WATCHING.remove(here if here in _WATCHING else _WATCHING[-1])

    def _changed(self, value: bool) -> bool:
        return self._on


class strong_zero(_Mode):
    """Switch the strong zero off, or on again: a cotangent of exactly 0 stays 0.

    It is on by default: where a cotangent is exactly 0 and the local derivative is infinite or NaN,
    their product counts as 0, so that a branch that `where` did not take cannot spoil a gradient.
    Switched off, backward passes do what IEEE arithmetic does, where 0 · ∞ is NaN.

    Parameters
    ----------
    on : bool
        Whether the zero is strong in the block or decorated function.

    Notes
    -----
    It holds for every rule that is a factor for each element, with reductions over axes, and for
    products such as matmul and einsum. Other rules that mix elements (softmax, solve, ...) have it
    where the whole cotangent is 0. Both orders of derivative follow it.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import grad, strong_zero
    >>> def root(x):
    ...     return np.where(x > 0, np.sqrt(x), 0.0)
    >>> grad(root)(0.0)
    array(0.)
    >>> with strong_zero(False):
    ...     print(grad(root)(0.0))
    nan
    """

    field = "strong_zero"

    def __init__(self, on: bool = True) -> None:
        self._on = on

    def _changed(self, value: bool) -> bool:
        return self._on


class complex_step(_Mode):
    """Let ops take complex numbers, which is how the checks measure a derivative."""

    field = "complex_step"

    def _changed(self, value: bool) -> bool:
        return True


class inside_transform(_Mode):
    """Mark that a transform runs a function: gradients taken inside stay differentiable."""

    field = "depth"

    def __enter__(self) -> Self:
        _RUNNING.append(self)
        return super().__enter__()

    def __exit__(self, *exc: Any) -> None:
        super().__exit__(*exc)
        _RUNNING.remove(self)

    def _changed(self, value: int) -> int:
        return value + 1
