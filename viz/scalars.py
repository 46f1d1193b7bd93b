"""`draw(J, scalars=True)`: a small tensor graph opened into the graph of its numbers.

The recorded ops are run once more, on arrays whose elements are tensors of one number each: NumPy's
own object arrays do the shapes, the sums and the matrix products, and the engine records.
"""

from __future__ import annotations

import functools
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np

from viz.engine import NotDrawable, graph_of, is_recorded, op_named, scalar, scoped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["opened"]

MOST = 2000  # numbers of all tensors together

# What adds and multiplies elements, or moves them, NumPy does to arrays of anything.
_SUMS = {"dot", "inner", "matmul", "matvec", "outer", "prod", "sum", "trace", "vecdot"}


def opened(*outputs: Any) -> list[Any]:
    """Return the numbers of the outputs, computed again number by number.

    Raises
    ------
    NotDrawable
        If there are too many numbers, or an op mixes elements in a way that has no scalar form.
    """
    g = graph_of(*outputs)
    total = sum(int(np.prod(node.shape)) for node in g)
    if total > MOST:
        raise NotDrawable(
            f"viz.draw: scalars=True would open {total} numbers, more than {MOST}; draw a smaller "
            "example (fewer rows, fewer neurons)."
        )
    made: list[Any] = []
    for node in g:
        with ExitStack() as stack:
            for name in node.scope:
                stack.enter_context(scoped(name))
            if node.kind != "op":
                made.append(_given(node))
                continue
            operands = [made[p] for p in node.parents]
            made.append(_named(_checked(_computed(node, operands), node), node))
    # The weights that a pass of several elements began with are not recorded.
    walked = all(node.walked and np.prod(node.shape) == 1 for node in g.outputs)
    results = [x for node in g.outputs for x in np.ravel(_array(made[node.id])).tolist()]
    if not all(map(is_recorded, results)):
        raise NotDrawable(
            "viz.draw: scalars=True found no number that the output depends on; draw arrays that "
            "have elements."
        )
    if walked:
        for x in results:
            x.backward(retain_graph=True)
    return results


def _given(node: Any) -> Any:
    """Return a leaf or a constant as an array of named numbers."""
    value = node.value
    if value is None:
        raise NotDrawable(
            f"viz.draw: scalars=True needs the value of {node.label}, which nobody keeps; give the "
            "data a name, Tensor(X, name='X')."
        )
    array = np.asarray(value, np.float64)
    if node.kind == "constant" and node.name is None:
        return array if array.ndim else float(array)
    return _each(array, lambda x, i: scalar(float(x), _element(node.label, i), node))


def _each(array: Any, make: Callable[[Any, tuple[int, ...]], Any]) -> Any:
    found = np.empty(array.shape, object)
    for index in np.ndindex(array.shape):
        found[index] = make(array[index], index)
    return found


def _element(name: str, index: tuple[int, ...]) -> str:
    """Return the name of an element: W_01, or W_10,2 where an index has two digits."""
    separator = "," if any(i > 9 for i in index) else ""
    return f"{name}_{separator.join(map(str, index))}" if index else name


def _named(result: Any, node: Any) -> Any:
    """Give the elements of a named result their names."""
    if node.name is None:
        return result
    array = _array(result)
    for index in np.ndindex(array.shape):
        x: Any = array[index]
        if is_recorded(x) and x.name is None:
            x.named(_element(node.name, index))
    return array


def _checked(result: Any, node: Any) -> Any:
    """Return an op's result of numbers, if they are those of the arrays."""
    found = [x.item() if is_recorded(x) else float(x) for x in np.ravel(_array(result)).tolist()]
    if node.value is not None and not np.allclose(
        found, np.ravel(node.value), rtol=1e-4, atol=1e-6, equal_nan=True
    ):
        raise NotDrawable(
            f"viz.draw: scalars=True computes other numbers for {node.label} than {node.op} gave: "
            "it is random, or its elements depend on each other, though it says elementwise=True."
        )
    return result


def _computed(node: Any, operands: Sequence[Any]) -> Any:
    op = op_named(node.op)
    if node.op in _SUMS or (op is not None and op.moves):
        return _array(op.forward(*map(_array, operands), **node.params))
    if node.op in ("mean", "max", "min"):
        combine = _mean if node.op == "mean" else functools.partial(_extreme, node.op)
        return _reduced(node, _array(operands[0]), combine)
    shapes = [_array(x).shape for x in operands]
    if op is None:
        raise NotDrawable(
            f"viz.draw: scalars=True cannot open {node.op}, which runs a function again; draw the "
            "computation without it."
        )
    if not op.elementwise or np.broadcast_shapes(*shapes) != node.shape:
        raise NotDrawable(
            f"viz.draw: scalars=True cannot open {node.op}, whose elements may depend on each "
            "other; write it with sums, products and functions of each element, or, if they do "
            "not, say elementwise=True in its @op."
        )
    arrays = [np.broadcast_to(_array(x), node.shape) for x in operands]
    found = np.empty(node.shape, object)
    for index in np.ndindex(node.shape):
        found[index] = op.record(*(a[index] for a in arrays), **node.params)
    return found


def _reduced(node: Any, a: Any, combine: Callable[[list[Any]], Any]) -> Any:
    """Combine the elements of each slice that a reduction takes, and its initial value."""
    axis, where = node.params["axis"], node.params["where"]
    axes = range(a.ndim) if axis is None else np.atleast_1d(axis) % max(a.ndim, 1)
    rest = [i for i in range(a.ndim) if i not in set(axes)]
    order = [*rest, *(i for i in range(a.ndim) if i not in rest)]
    lengths = [a.shape[i] for i in rest]
    mask = np.broadcast_to(True if where is None else where, a.shape)
    rows = np.transpose(a, order).reshape(*lengths, -1)
    masks = np.transpose(mask, order).reshape(*lengths, -1)
    initial = node.params.get("initial")
    found = np.empty(lengths, object)
    for index in np.ndindex(*lengths):
        elements = [x for x, there in zip(rows[index], masks[index], strict=True) if there]
        found[index] = combine([*elements, *([] if initial is None else [float(initial)])])
    return found.reshape(node.shape)


def _mean(elements: list[Any]) -> Any:
    return sum(elements[1:], elements[0]) / len(elements) if elements else np.nan


def _extreme(name: str, elements: list[Any]) -> Any:
    """Compare two at a time; three that are equal would not share the derivative evenly."""
    values = [x.item() if is_recorded(x) else float(x) for x in elements]
    extreme = (max if name == "max" else min)(values)
    if values.count(extreme) > 2:
        raise NotDrawable(
            f"viz.draw: scalars=True cannot open {name} where three or more numbers are equal: "
            "comparing two at a time does not share the derivative evenly."
        )
    pick = op_named(f"{name}imum").record
    return functools.reduce(pick, elements)


def _array(x: Any) -> Any:
    """Return an array of objects, of one where x is a number."""
    if isinstance(x, np.ndarray):
        return x.astype(object)
    one = np.empty((), object)
    one[()] = x
    return one
