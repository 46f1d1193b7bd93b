"""`checkpoint(f)`: forget what happens inside f, and compute it again when the backward pass comes.

The graph then has one node for the call, which keeps no intermediate value: memory for time.
"""

from __future__ import annotations

import functools
import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.backward import walk
from autograd.cotangents import conform
from autograd.errors import GradientError
from autograd.node import Node, next_id
from autograd.op import OPS, op
from autograd.state import STATE, enable_grad, no_grad
from autograd.structures import arrays_of, like
from autograd.symbol import Symbol, apply
from autograd.tensor import Tensor, wrap

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["checkpoint"]

from_engine = True


def checkpoint(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return f as a function that keeps none of its intermediate values.

    The backward pass runs it again, so its values are there only as long as that part of the graph
    is differentiated. A chain of n layers in √n checkpoints needs memory for 2 √n of them, and
    about one more forward pass.

    Parameters
    ----------
    f : callable
        Returns a Tensor, or a structure (tuples, lists, dicts) of Tensors. It may use tensors that
        it was not passed, such as the parameters of a layer. It has to give the same values when it
        runs again, so it must not draw random numbers or change anything.

    Returns
    -------
    callable
        Takes and returns what f does. Derivatives of every order pass through it.

    Raises
    ------
    GradientError
        In the backward pass, if f gives other values when it runs again.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import Tensor, checkpoint
    >>> x = Tensor(0.5, requires_grad=True)
    >>> block = checkpoint(lambda t: np.sin(np.exp(t)))
    >>> block(x).backward()
    >>> print(f"{x.grad:.6f}")
    -0.128347
    """

    @functools.wraps(f)
    def run(*args: Any, **params: Any) -> Any:
        if not STATE.get().recording:
            return f(*args, **params)
        return Segment(functools.partial(f, *args, **params)).first()

    return run


class Segment:
    """One call of a checkpointed function: how to run it again, and notice if it changed."""

    digest: tuple[Any, ...]  # of the first run

    def __init__(self, function: Callable[[], Any]) -> None:
        self.function = function

    def __call__(self) -> Any:
        return self.function()

    def first(self) -> Any:
        """Run the function, forget its graph, and return its results on one node."""
        packed, outside, inner, made = self.run()
        if packed is None or not outside:  # nothing to differentiate by
            return made
        self.digest = _digest(packed, inner)
        node, last = Node.__new__(Node), inner[0]
        node.id, node.op, node.walked = next_id(), _OP, False
        node.name = node.extra = None
        node.parents, node.saved, node.params = tuple(outside), (), (self,)
        node.shape, node.dtype = packed.shape, packed.dtype
        node.constants = ()
        node.scope, node.code, node.lasti = STATE.get().scope, last.code, last.lasti
        return _unpacked(wrap(packed._value, node), made)

    def run(self) -> tuple[Tensor | None, list[Node], list[Node], Any]:
        """Run and record; return the packed results, the nodes outside, those inside, the results.

        The packed results are None if nothing in the function was recorded.
        """
        start = next_id()
        made = self.function()
        tensors = [x for x in arrays_of(made) if isinstance(x, Tensor) and x._node is not None]
        if not any(x._node.id > start for x in tensors if x._node is not None):
            return None, [], [], made
        packed = tensors[0] if len(tensors) == 1 else _pack(tensors)
        inner, outside = _inside(packed, start)
        return packed, outside, inner, made

    def replay(self, parents: Sequence[Any], g: Any) -> list[Any]:
        """Run again and pull a cotangent back to the nodes outside."""
        record = type(g) is Tensor
        with enable_grad():
            packed, _, inner, _ = self.run()
        if packed is None or _digest(packed, inner) != self.digest:
            raise GradientError(
                "checkpoint: the function gave other values when it ran again for the backward "
                "pass; it must not draw random numbers, and what it reads must not change between "
                "(call backward() before the optimizer's step)."
            )
        root = packed._node
        assert root is not None
        cotangents = {root: g}
        walk(inner, cotangents, retain_graph=record, record=record, kept=[])
        return [
            None if p is None else cotangents.get(p, np.zeros(p.shape, p.dtype)) for p in parents
        ]


def _inside(result: Tensor, start: int) -> tuple[list[Node], list[Node]]:
    """Return the nodes made after a time, latest first, and the older ones that they read."""
    assert result._node is not None
    inner, outside, stack = {result._node}, set(), [result._node]
    while stack:
        for parent in stack.pop().parents:
            if parent is None or parent in inner:
                continue
            if parent.id <= start:
                outside.add(parent)
                continue
            inner.add(parent)
            stack.append(parent)

    def age(node: Node) -> int:
        return node.id

    return sorted(inner, key=age, reverse=True), sorted(outside, key=age)


def _pack(tensors: list[Tensor]) -> Tensor:
    packed: Tensor = OPS["concatenate"].record([OPS["ravel"].record(x) for x in tensors])
    return packed


def _unpacked(packed: Tensor, made: Any) -> Any:
    """Return the results in their structure, as parts of the packed ones."""
    parts = list(arrays_of(made))
    several = sum(isinstance(x, Tensor) and x._node is not None for x in parts) > 1
    start, found = 0, []
    for x in parts:
        if not isinstance(x, Tensor) or x._node is None:
            found.append(x)
        elif several:
            part = packed[start : start + x.size]
            found.append(part.reshape(x.shape) if x.dtype == packed.dtype else part.astype(x.dtype))
            start += x.size
        else:
            found.append(packed)
    return like(made, iter(found))


def _digest(result: Tensor, inner: list[Node]) -> tuple[Any, ...]:
    """Return what tells whether a second run was the same: its result, and what its rules read."""
    ops = [(node.op.name, node.saved, node.params) for node in inner if node.op is not None]
    digest: tuple[Any, ...] = _digested((result._value, ops))
    return digest


def _digested(value: Any) -> Any:
    """Return a structure with a digest in the place of each array."""
    if isinstance(value, (tuple, list)):
        return tuple(_digested(v) for v in value)
    if isinstance(value, np.ndarray):
        return value.shape, hashlib.blake2b(value.tobytes(), digest_size=16).digest()
    return value.digest if isinstance(value, Segment) else repr(value)


@op(symbol="checkpoint", samples=())
def checkpointed(*inputs: Any, function: Segment) -> Any:
    """Compute again what a function gave that `checkpoint` runs again when it is differentiated."""
    with no_grad():
        made = [np.asarray(x.data if isinstance(x, Tensor) else x) for x in arrays_of(function())]
    return made[0] if len(made) == 1 else np.concatenate([a.ravel() for a in made])


# It belongs to `checkpoint`, and is not for users to call.
_OP = OPS.pop("checkpointed")
_OP.name = "checkpoint"
# For pictures: the formula of the way back. The walk takes `_pull`, once for all inputs.
_OP.vjp(inputs=lambda g, i: apply("again", (g,)) if isinstance(g, Symbol) else g)


def _pull(node: Node, saved: Any, g: Any) -> list[Any]:
    (segment,) = node.params
    found: list[Any] = segment.replay(node.parents, g)
    return found


def _push(node: Node, saved: Any, g: Any, into: dict[Node, Any], useful: Any, *_: Any) -> None:
    for parent, x in zip(node.parents, _pull(node, saved, g), strict=True):
        assert parent is not None  # the parents of a segment are what it reads from outside
        if useful is None or parent in useful:
            x = conform(x, node, parent)
            into[parent] = into[parent] + x if parent in into else x


_OP.pull, _OP.push = _pull, _push  # type: ignore[method-assign]
