"""`check_backprop` of a rule by itself.

That is a class with ``forward(ctx, ...)`` and ``backward(ctx, g)`` in PyTorch's way, without
PyTorch, or an op declared with `@op`. A class is compared with the graph of its own forward
function, an op with differences of it, at the given inputs and at others.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.checking import relative_error
from autograd.diagnosis import APART, RIGHT, WRONG, Cause, Quantity
from autograd.differences import slopes
from autograd.errors import GradientError
from autograd.registry import OPS
from autograd.tensor import Tensor

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from autograd.op import Op

__all__ = [
    "Context",
    "class_cases",
    "of_rule",
    "op_cases",
    "op_of",
    "shapes_in_words",
    "what_it_is",
]

from_engine = True

_SEEDS = (None, 1, 2)  # the inputs as given, and two others


class Context:
    """What stands in the place of PyTorch's ctx: it keeps what forward saves for backward."""

    def __init__(self, needs: tuple[bool, ...]) -> None:
        self.saved_tensors: tuple[Any, ...] = ()
        self.needs_input_grad = needs

    def save_for_backward(self, *values: Any) -> None:
        """Keep values for backward."""
        self.saved_tensors = values

    def mark_non_differentiable(self, *_: Any) -> None:
        """Do nothing: such results have no gradient here either."""

    def set_materialize_grads(self, _: bool) -> None:
        """Do nothing: cotangents are always arrays here."""


def class_cases(kind: Any, data: Any) -> Iterator[tuple[Tensor, dict[str, Any], set[str]]]:
    """Yield, for each set of inputs, a cost with its graph and the gradients that backward gives.

    And which of them stay the same where another gradient of the result is given. The cost is the
    sum of the result times fixed numbers, so that no symmetry hides a mistake.
    """
    if isinstance(data, (np.ndarray, Tensor)):
        data = (data,)
    kind = _object_of(kind, len(data))
    taken = [*inspect.signature(kind.forward).parameters.values()][1:]
    names = [p.name for p in taken]
    if taken and taken[-1].kind is inspect.Parameter.VAR_POSITIONAL:
        rest = len(data) - len(names) + 1
        names[-1:] = [f"{names[-1]}{i}" for i in range(1, rest + 1)]
    where = getattr(kind, "__name__", type(kind).__name__)
    state = np.random.get_state()  # noqa: NPY002 - so that dropout draws one mask
    try:
        for seed in _SEEDS:
            given = [_array(x) for x in data]
            yield _class_case(kind, where, names, given if seed is None else _redrawn(given, seed))
    finally:
        np.random.set_state(state)  # noqa: NPY002


def _object_of(kind: Any, many: int) -> Any:
    """Return an object of a class whose methods want one beside ctx, and others as they are."""
    taken = [*inspect.signature(kind.forward).parameters.values()]
    needed = [p for p in taken if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
    if not inspect.isclass(kind) or [p.name for p in taken[:1]] != ["self"]:
        return kind
    if len(needed) - 1 <= many:  # self is what is called ctx elsewhere
        return kind
    try:
        return kind()
    except TypeError:  # it cannot be made without arguments
        return kind


def _class_case(
    kind: Any, where: str, names: list[str], given: list[Any]
) -> tuple[Tensor, dict[str, Any], set[str]]:
    """Return what `class_cases` yields, for one set of inputs."""
    needs = tuple(getattr(getattr(x, "dtype", None), "kind", "") == "f" for x in given)
    leaves = [
        Tensor(x, name=n, requires_grad=True) if need else x
        for x, n, need in zip(given, names, needs, strict=False)
    ]
    state = np.random.get_state()  # noqa: NPY002
    try:
        out = kind.forward(Context(needs), *leaves)
    except Exception as error:
        raise GradientError(
            f"check_backprop: {where}.forward raised {type(error).__name__}: {error}; it is "
            "recorded, so it has to use NumPy's functions on its arguments."
        ) from error
    if not isinstance(out, Tensor) or not out.requires_grad:
        raise GradientError(
            f"check_backprop: {where}.forward gave {type(out).__name__}, which has no graph: "
            "it has to return one result, computed by NumPy's functions from its arguments."
        )
    g = np.random.default_rng(7).normal(size=out.shape).astype(out.dtype)
    J = (out.named("out") * Tensor(g, name="g")).sum().named("J")

    def pulled(cotangent: Any) -> tuple[Any, ...]:
        """Return what backward gives after a forward of its own, with the same random numbers."""
        ctx = Context(needs)
        np.random.set_state(state)  # noqa: NPY002
        again = kind.forward(ctx, *[x.copy() if isinstance(x, np.ndarray) else x for x in given])
        if not np.allclose(np.asarray(again, float), out.data, rtol=1e-6, equal_nan=True):
            raise GradientError(
                f"check_backprop: two calls of {where}.forward give different results; seed what "
                "is random in it, such as dropout."
            )
        with np.errstate(all="ignore"):
            found = kind.backward(ctx, cotangent)
        return found if isinstance(found, tuple) else (found,)

    try:
        grads = pulled(g.copy())
    except GradientError:
        raise
    except Exception as error:
        raise GradientError(
            f"check_backprop: {where}.backward raised {type(error).__name__}: {error}"
        ) from error
    rest = grads[len(given) :]  # of arguments that are as by default
    if len(grads) < len(given) or len(grads) > len(names) or any(x is not None for x in rest):
        raise GradientError(
            f"check_backprop: {where}.backward needs to return one gradient for each of the "
            f"{len(given)} arguments of forward, None for those without, got {len(grads)}."
        )
    hand = _by_name(names, grads, needs)
    doubled = _by_name(names, pulled(2 * g), needs)
    return J, hand, {k for k, x in hand.items() if np.any(x) and np.array_equal(x, doubled[k])}


def _by_name(names: list[str], grads: Sequence[Any], needs: Sequence[bool]) -> dict[str, Any]:
    """Return the gradients that are needed; NaN for None."""
    some = zip(names, grads, needs, strict=False)
    return {f"d{n}": np.array(np.nan if g is None else g) for n, g, need in some if need}


def _array(x: Any) -> Any:
    """Return a copy of an array; numbers and other options as they are."""
    return np.array(x) if isinstance(x, (np.ndarray, list, tuple)) else x


def _redrawn(given: Sequence[Any], seed: int) -> list[Any]:
    """Return other arrays of the same shapes; where all were positive, positive ones."""
    rng = np.random.default_rng(seed)
    drawn = []
    for x in given:
        if isinstance(x, np.ndarray) and x.dtype.kind == "f":
            y = np.asarray(rng.normal(size=x.shape) * max(1.0, float(np.abs(x).max(initial=0.0))))
            positive = x.size and bool((x > 0).all())
            x = (np.abs(y) + 0.1 if positive else y).astype(x.dtype)
        drawn.append(x)
    return drawn


def op_of(x: Any) -> Op | None:
    """Return the op that a recording function belongs to; None for others."""
    return next((o for o in OPS.values() if x is o or x is o.record), None)


def op_cases(op: Op, data: Sequence[Any]) -> Iterator[dict[str, tuple[Any, Any, dict[str, Any]]]]:
    """Yield, for each set of inputs, of each operand: what its rule gives, and what is right.

    With what else a rule might give by mistake, by words.
    """
    for seed in _SEEDS:
        given = [np.array(x, float) for x in data]
        given = given if seed is None else _redrawn(given, seed)
        named = [*zip(op.operands, given, strict=True)]
        leaves = [Tensor(x, name=n, requires_grad=True) for n, x in named]
        out = op.record(*leaves)
        g = np.random.default_rng(7).normal(size=out.shape)
        right = [_slope(op, given, k, g) for k in range(len(given))]
        found: dict[str, tuple[Any, Any, dict[str, Any]]] = {}
        for k, name in enumerate(op.operands):
            rule = op.rules.get(name)
            if rule is None:
                continue
            asked = {
                **dict(zip(op.operands, given, strict=True)),
                **{f"{n}_shape": x.shape for n, x in zip(op.operands, given, strict=True)},
                **op.defaults,
                "out": out.data,
            }
            try:
                with np.errstate(all="ignore"):
                    theirs = rule(*[g if n == "g" else asked[n] for n in op.asks[name]])
                    twice = rule(*[2 * g if n == "g" else asked[n] for n in op.asks[name]])
            except Exception as error:
                raise GradientError(
                    f"check_backprop: {op.name}.vjp({name}=...) raised {type(error).__name__}: "
                    f"{error}"
                ) from error
            others: dict[str, Any] = {
                f"it is the derivative by {op.operands[j]}": right[j]
                for j in range(len(given))
                if j != k
            }
            if np.array_equal(np.asarray(theirs), np.asarray(twice)):
                others["g is not used"] = theirs
            around = [*named, ("out", np.asarray(out.data))]
            for n, x in around:
                for other, y in around:
                    swapped = {**asked, n: y}
                    if other != n and np.shape(x) == np.shape(y) and n in op.asks[name]:
                        with np.errstate(all="ignore"):
                            value = rule(*[g if a == "g" else swapped[a] for a in op.asks[name]])
                        others[f"{n} stands in the place of {other}"] = value
            mended = dict(others)
            if np.shape(theirs) == np.shape(right[k]) and np.shape(given[k]) == np.shape(right[k]):
                off = ~np.isclose(theirs, right[k], rtol=1e-5, atol=1e-7)
                for sign, words in ((1, "> 0"), (-1, "< 0")):
                    side = sign * given[k] > 0
                    if off.any() and not off[side].any() and side.any():
                        mended[f"it is right where {name} {words} only"] = theirs
            found[name] = (np.asarray(theirs), right[k], mended)
        yield found


def _slope(op: Op, given: list[Any], k: int, g: Any) -> Any:
    """Return the gradient of Σ g · out by one operand, by central differences."""

    def cost(x: Any) -> float:
        return float(np.sum(g * op.forward(*given[:k], x, *given[k + 1 :])))

    return slopes(cost, given[k], np.ndindex(given[k].shape))


def what_it_is(theirs: Any, right: Any, others: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield kinds and sentences that explain a wrong gradient, the simplest first."""
    below = float(np.vdot(right, right))
    if theirs.shape == right.shape and below:
        c = float(np.vdot(right, theirs)) / below
        if c and np.allclose(theirs, c * right, rtol=1e-4, atol=1e-6 * np.abs(right).max()):
            yield (
                ("sign", "its sign is wrong")
                if abs(c + 1) < 1e-4
                else (
                    "scale",
                    f"it is {c:.6g} times as large",
                )
            )
    turned = theirs.T
    if theirs.ndim == 2 and turned.shape == right.shape and np.allclose(turned, right, rtol=1e-4):
        yield "transposed", "it is transposed"
    for words, value in others.items():
        if words.startswith(("g is", "it is right where")):
            yield ("upstream" if words.startswith("g") else "factor"), words
        elif np.shape(value) == theirs.shape == right.shape:
            kind = "operand"
            if "in the place" in words and np.allclose(value, right, rtol=1e-4, atol=1e-7):
                first, _, second = words.partition(" stands in the place of ")
                yield kind, f"{first} stands where {second} should"
            elif "in the place" not in words and np.allclose(theirs, value, rtol=1e-4, atol=1e-7):
                yield kind, words


def of_rule(
    op: str,
    operand: str,
    theirs: Any,
    right: Any,
    others: dict[str, Any],
    *,
    slack: float | None = None,
) -> Quantity:
    """Judge what the rule of an op gives for one operand."""
    name, formula = f"d{operand}", f"{op}.vjp({operand}=...)"
    if theirs.shape != right.shape:
        try:
            fits = np.broadcast_shapes(theirs.shape, right.shape) == theirs.shape
        except ValueError:
            fits = False
        if not fits:
            return Quantity(
                name, WRONG, np.nan, formula, (Cause("shape", shapes_in_words(theirs, right)),)
            )
        lead = theirs.ndim - right.ndim  # the engine sums over what was broadcast
        theirs = theirs.sum(axis=tuple(range(lead)))
        kept = tuple(k for k, n in enumerate(right.shape) if n == 1 < theirs.shape[k])
        theirs = theirs.sum(axis=kept, keepdims=True) if kept else theirs
    if slack is not None and theirs.shape == right.shape:  # by differences, of some of its elements
        there = np.isfinite(right)
        if right.size and not there.any():
            said = "not judged: the cost has few digits here, as where units are saturated"
            return Quantity(name, APART, np.nan, formula, (), said)
        theirs, right = theirs[there], right[there]
    error = relative_error(theirs, right)
    most = float(np.abs(right).max(initial=0.0))
    least = 1e-7 * max(1.0, most) if slack is None else 1e-7 * most + slack
    if np.allclose(theirs, right, rtol=1e-5, atol=least):
        if slack is not None and not np.allclose(theirs, right, rtol=1e-3, atol=1e-3 * most):
            said = "smaller than the rounding of the cost, which hides it from differences"
            return Quantity(name, APART, error, formula, (), said)
        return Quantity(name, RIGHT, error, formula)
    causes = tuple(Cause(*found) for found in what_it_is(theirs, right, others))[:3]
    unknown = (Cause("unknown", "it is none of the usual slips"),)
    return Quantity(name, WRONG, error, formula, causes or unknown)


def shapes_in_words(theirs: Any, right: Any) -> str:
    """Say how the shape of an array differs from the right one."""
    said = f"its shape is {theirs.shape}, and should be {right.shape}"
    if theirs.shape == right.shape[::-1]:
        return f"{said}: it is transposed"
    if theirs.size == right.size:
        return f"{said}: keepdims=True is missing, or a reshape"
    if theirs.ndim == right.ndim and any(
        a != b == 1 for a, b in zip(theirs.shape, right.shape, strict=True)
    ):
        return f"{said}: a sum over the axis that was broadcast is missing"
    return said
