"""Errors of recorded functions: which op failed, on which shapes, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.errors import AutogradError, DTypeError, GradientError, RuleError, ShapeError
from autograd.tensor import has_tensors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autograd.op import Composite, Op

__all__ = ["PASSES", "explain", "no_rule", "not_differentiated", "too_high"]

from_engine = True


def explain(
    op: Op | Composite, error: Exception, operands: Sequence[Any], params: dict[str, Any]
) -> Exception:
    """Say which op failed on which shapes, and keep the type that NumPy raised."""
    for name, value in params.items():
        if has_tensors(value):
            return not_differentiated(op, name)
    if isinstance(error, AutogradError):
        return error
    if isinstance(error, AttributeError) and "'shape'" in str(error):
        return RuleError(
            f"{op.name}: the forward function needs to return an array or a NumPy number; "
            "compute with NumPy functions rather than with math, or wrap it in np.float64()."
        )
    if "read-only" in str(error):
        return RuleError(
            f"{op.name}: the forward function writes into an operand, which a graph may need; "
            "compute a new array instead (a - m, not a -= m)."
        )
    shapes = " and ".join(str(np.shape(v)) for v in operands)
    given = "".join(
        f", {k}={_brief(v)}" for k, v in params.items() if v is not op.defaults.get(k, ...)
    )
    where = f"{op.name}: got shape{'s' if len(operands) > 1 else ''} {shapes}{given}"
    said = str(error).rstrip(".")
    if op.name == "matmul" and len(operands) == 2 and min(np.ndim(v) for v in operands) > 0:
        inner = np.shape(operands[0])[-1], np.shape(operands[1])[-2:][0]
        said = f"the inner lengths {inner[0]} and {inner[1]} must agree; transpose one with .T"
        if inner[0] == inner[1]:
            stacks = " and ".join(str(np.shape(v)[:-2]) for v in operands)
            said = f"the stacks {stacks} must broadcast; give them equal lengths, or 1"
    kinds: dict[type[Exception], type[Exception]] = {ValueError: ShapeError, TypeError: DTypeError}
    kind = next((ours for theirs, ours in kinds.items() if type(error) is theirs), None)
    if kind is None and isinstance(error, np.exceptions.AxisError):
        return ShapeError(f"{where}: {said}; choose an axis the operand has.")
    ours = error.__cause__ is not None  # an op inside a composite has explained it
    if isinstance(error, np.linalg.LinAlgError) and not ours:
        return np.linalg.LinAlgError(f"{where}: {said}; {_mending(said)}.")
    if type(error) is IndexError and not ours:
        fix = "" if said.startswith("only integers") else "; take an index within the shape"
        return IndexError(f"{where}: {said}{fix}.")
    if kind is None:
        error.add_note(where)
        return error
    return kind(f"{where}: {said}.")


def _mending(said: str) -> str:
    """Return what to do about a matrix that linear algebra cannot take."""
    if "square" in said:
        return "pass square matrices"
    if "positive definite" in said:
        return "add a small multiple of the identity, such as 1e-8 * np.eye(n)"
    if "Singular" in said:
        return "use pinv or lstsq, or add a small multiple of the identity"
    return "look for NaN and infinities in it"


def not_differentiated(op: Op | Composite, name: str) -> DTypeError:
    """Return the error of a tensor that is given as a parameter."""
    return DTypeError(
        f"{op.name}: {name} needs a plain value, got a Tensor; nothing is differentiated by it. "
        "Pass t.item() or t.data, or write the function with ops, such as where(x > 0, x, t * x)."
    )


def _brief(value: Any) -> str:
    return f"array{np.shape(value)}" if isinstance(value, np.ndarray) else repr(value)


PASSES = 4  # recorded passes through one kink for which what is known of it is enough


def too_high(name: str) -> GradientError:
    """Return the error of a derivative of too high an order at a kink of an op."""
    return GradientError(
        f"{name}: derivatives of order {PASSES + 2} and more are not known at its kink; take them "
        "at a point beside it, or write the function without it, such as x * x for abs(x)**2."
    )


def no_rule(op: Op, operand: str) -> GradientError:
    """Return the error of an operand that needs a gradient and has no rule."""
    return GradientError(
        f"{op.name}: has no derivative rule for {operand!r}, which requires a gradient; "
        f"declare one with {op.name}.vjp({operand}=...), or pass {operand}.detach()."
    )
