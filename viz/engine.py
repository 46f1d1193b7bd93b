"""The door to the engine: the only file of `viz`, beside the guard, that imports `autograd`."""

from __future__ import annotations

import contextlib
import functools
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import autograd
from autograd import (
    COMPOSITES,
    OPS,
    BackpropDiagnosis,
    Graph,
    GraphNode,
    Tensor,
    format_number,
    graph,
    name_scope,
    pause_collector,
)
from autograd.__main__ import main as check_derivation
from autograd.files import write_whole
from autograd.graph import LONGEST
from autograd.labels import accented, bracketed, latex_name, readable
from autograd.ops.special import SCIPY
from autograd.state import STATE
from autograd.symbol import latex_number, raised
from autograd.tensor import adopt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = [
    "LONGEST",
    "BackpropDiagnosis",
    "Graph",
    "GraphNode",
    "NotDrawable",
    "accented",
    "bracketed",
    "check_derivation",
    "differentiated",
    "engine",
    "find",
    "format_number",
    "functions",
    "graph_of",
    "is_recorded",
    "last_of",
    "latex_name",
    "latex_number",
    "leaf",
    "op_named",
    "pause_collector",
    "raised",
    "readable",
    "scalar",
    "scoped",
    "strong_zeros",
    "unreached",
    "write_whole",
]


class NotDrawable(ValueError):
    """Something that has no picture, or not one of a readable size."""


# What an expression may call besides the functions of each element.
_ARRAYS = (
    *("dot", "inner", "logsumexp", "log_softmax", "matmul", "mean", "norm", "outer", "prod"),
    *("softmax", "sum", "std", "transpose", "var", "matvec", "vecdot", "vecmat"),
    *("binary_cross_entropy", "binary_cross_entropy_with_logits"),
)


def functions() -> dict[str, Callable[..., Any]]:
    """Return what an expression may call, by name: functions of each element, sums and products."""
    names = [
        n for n, o in OPS.items() if o.elementwise and o.rules and o.defaults.keys() >= {*o.params}
    ]
    found: dict[str, Callable[..., Any]] = {
        n: OPS[n].record if n in OPS else COMPOSITES[n].call
        for n in (*names, *_ARRAYS, *SCIPY.values())
    }
    found["abs"] = OPS["absolute"].record
    for of_one, of_two in (("max", "maximum"), ("min", "minimum")):
        found[of_one] = functools.partial(_greatest, OPS[of_one].record, OPS[of_two].record)
    return found


def _greatest(of_one: Any, of_two: Any, *arguments: Any, **options: Any) -> Any:
    """Return the greatest (or least) element of one array, or of each pair of two."""
    return (of_one if len(arguments) == 1 else of_two)(*arguments, **options)


def engine() -> Path:
    """Return the folder of the engine that is in use."""
    return Path(autograd.__file__).resolve().parent


def op_named(name: str) -> Any:
    """Return the engine's op of a name; None if no op has that name."""
    return OPS.get(name)


def scalar(value: float, name: str, node: Any) -> Tensor:
    """Return one named number of a leaf or of data."""
    made = Tensor(value, name=name, requires_grad=node.kind == "leaf")
    if node.is_parameter:
        adopt(made)
    return made


def is_recorded(x: Any) -> bool:
    """Return whether a number is the result of a recorded op, or a leaf."""
    return isinstance(x, Tensor) and x.requires_grad


def scoped(name: str) -> Any:
    """Return a block in which ops belong to a module."""
    return name_scope(name)


def leaf(name: str, value: Any) -> Tensor:
    """Return a named value that derivatives are wanted for."""
    return Tensor(value, name=name, requires_grad=True)


def graph_of(*outputs: Any, where: str = "viz.draw") -> Graph:
    """Return the recorded graph of some results; `where` is what refusals are called by."""
    for y in outputs:
        if not isinstance(y, Tensor):
            raise NotDrawable(
                f"{where}: needs an autograd.Tensor, got {_type(y)}; pass the result of a "
                "computation."
            )
        if not y.requires_grad:
            raise NotDrawable(
                f"{where}: the tensor of shape {y.shape} has no graph; make its leaves with "
                "requires_grad=True, outside no_grad()."
            )
    return graph(*outputs)


def _type(x: Any) -> str:
    """Return the name of a type, with its module where that is not Python's own."""
    kind = type(x)
    package = kind.__module__.partition(".")[0]
    return kind.__qualname__ if package == "builtins" else f"{package}.{kind.__qualname__}"


def unreached(output: Tensor, named: Mapping[str, Any]) -> list[str]:
    """Return the names of what no derivative of an output leads to."""
    g = graph_of(output)
    tensors = {name: x for name, x in named.items() if isinstance(x, Tensor)}
    return [name for name, x in tensors.items() if g.find(x) is None]


def last_of(results: list[Tensor]) -> list[Tensor]:
    """Return the results that no other one was computed from; those of a backward pass, if any."""
    kept = [
        x for x in results if not any(graph(y).find(x) is not None for y in results if y is not x)
    ]
    walked = [x for x in kept if graph(x).outputs[0].walked]
    return walked or kept


@contextlib.contextmanager
def differentiated() -> Iterator[dict[tuple[str, int], Tensor]]:
    """Collect the tensors whose `backward` is called in a block, the last one of each line.

    The line is the user's, also where it calls `nn.fit`.
    """
    found: dict[tuple[str, int], Tensor] = {}
    plain = Tensor.backward

    def backward(self: Tensor, *args: Any, **options: Any) -> None:
        caller = sys._getframe(1)
        while "from_engine" in caller.f_globals and caller.f_back is not None:
            caller = caller.f_back
        found[caller.f_code.co_filename, caller.f_lineno] = self
        plain(self, *args, **options)

    Tensor.backward = backward  # type: ignore[method-assign]
    try:
        yield found
    finally:
        Tensor.backward = plain  # type: ignore[method-assign]


def find(output: Tensor, x: Any) -> int:
    """Return the id of a tensor in the graph of an output."""
    node = graph_of(output).find(x) if isinstance(x, Tensor) else None
    if node is None:
        name = getattr(x, "name", None)
        raise NotDrawable(
            f"viz.explain: the output does not depend on {name or f'this {type(x).__name__}'}; "
            "pass tensors it was computed from, made with requires_grad=True."
        )
    return node.id


def strong_zeros() -> bool:
    """Return whether a cotangent of 0 stays 0 beside an infinite derivative."""
    return STATE.get().strong_zero
