"""`check_backprop`: which line of a derivation by hand is wrong, and what it computes instead.

Each quantity is judged given the values that the derivation itself has upstream (teacher forcing):
going right to left, what the user has takes the place of what was computed. So every step is
judged alone, several mistakes all show, and what is wrong only because of an earlier one is said to
follow.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.captured import Pair
from autograd.diagnosis import WRONG, BackpropDiagnosis, Cause, Quantity
from autograd.errors import GradientError
from autograd.forcing import (
    Check,
    letters_of,
    places,
    voted,
    with_followers,
    with_letters,
)
from autograd.graph import graph
from autograd.judged_functions import of_functions
from autograd.judged_rules import class_cases, of_rule, op_cases, op_of
from autograd.tensor import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

__all__ = ["BackpropDiagnosis", "Cause", "Quantity", "check_backprop"]

from_engine = True


def check_backprop(
    cost: Tensor | Callable[..., Any] | type,
    hand: Mapping[Tensor | str, npt.ArrayLike] | Callable[..., Any] | None = None,
    params: Any = None,
    data: Sequence[npt.ArrayLike] = (),
    *,
    loss: Callable[..., Any] | None = None,
    tolerance: float | None = None,
) -> BackpropDiagnosis:
    """Say which step of a backward pass derived by hand is wrong, and what it computes instead.

    Parameters
    ----------
    cost : Tensor or callable
        A single number J, with its graph; before or after ``backward()``. Or a function in the
        course's way, such as ``forward(X, Y, parameters)``, that returns J or (J, cache). Or a
        class with ``forward(ctx, ...)`` and ``backward(ctx, g)`` in PyTorch's way, or an op made
        by `op`: these two alone, with `data` for their arguments.
    hand : mapping or callable, optional
        The derivation, or a part of it: from names in the course's way ("dZ2" of the tensor "Z2",
        or "Z2" itself) or from tensors, to arrays. The more intermediate quantities there are, the
        better a mistake is placed. Or a function such as ``backward(X, Y, parameters, cache)``
        that returns the gradients, as a dict or in the order of the parameters: then its variables
        (dZ2, dA1, …) are compared with those of the same names in the forward function.
    params : dict, list or tuple of array, or array
        With functions: the parameters, such as {"W1": W1, "b1": b1}, also inside each other. A list
        fits a function that takes it whole, and one that takes its items by name.
    loss : callable, optional
        With functions, where forward returns (A, cache): the cost, such as ``loss(A, Y)``.
    data : sequence of array_like
        With functions: (X, Y), or all other arguments of forward in their order. Of a class or an
        op: the arguments of its forward function. It is judged at these and at two other sets of
        the same shapes.
    tolerance : float, optional
        Greatest relative error of a right step; by default 1e-7 in double precision, 1e-3 in
        single.

    Returns
    -------
    BackpropDiagnosis
        Falsy when a step is wrong.

    Raises
    ------
    GradientError
        If no name of a mapping is in the graph; single ones that are not are wrong by their names.

    Notes
    -----
    Quantities between parameters and cost may be of the sum of the losses, without its 1/m, as the
    notes of a well-known course have them (dZ = A − Y); that is found, and said. Parameters' own
    gradients are of J.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import Tensor, check_backprop
    >>> W = Tensor([[0.5, -1.0]], name="W", requires_grad=True)
    >>> X, Y = np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([[1.0, 0.0]])
    >>> Z = (W @ X).named("Z")
    >>> J = ((Z - Y) ** 2).sum()
    >>> dZ = Z.numpy() - Y  # a factor 2 is missing
    >>> report = check_backprop(J, {"dZ": dZ, "dW": dZ @ X.T})
    >>> [row.status for row in report.rows]
    ['WRONG', 'follows']
    """
    if hand is None:
        return _alone(cost, data, tolerance)
    if loss is not None and not callable(loss):
        raise GradientError(f"check_backprop: loss needs to be a function, got {loss!r}.")
    if callable(cost) and callable(hand):
        pair = Pair(cost, hand, params, data, loss)
        with pair.kept():
            return of_functions(pair, tolerance)
    if callable(cost) or callable(hand) or not isinstance(cost, Tensor):
        raise GradientError(
            "check_backprop: needs J and a dict of arrays, or two functions: "
            "check_backprop(forward, backward, params, (X, Y))."
        )
    if not hand:
        raise GradientError("check_backprop: needs at least one quantity, got none.")
    if int(np.prod(cost.shape)) != 1:
        raise GradientError(f"check_backprop: the cost needs to be one number, got {cost.shape}.")
    view = graph(cost)
    given, lost = places(view, hand)
    report = with_followers(voted(view, given, tolerance, []), view, given)
    return with_letters(replace(report, rows=(*report.rows, *lost)), letters_of(view))


def _of_nothing(name: str) -> Quantity:
    """Return the row of a gradient of what the result has no derivative by."""
    said = f"the result does not depend on {name[1:]}, or only by its steps: {name} is 0"
    return Quantity(name, WRONG, math.nan, "", (Cause("path", said),))


def _with_unused(report: BackpropDiagnosis, unused: set[str]) -> BackpropDiagnosis:
    """Return a report that says which wrong gradients do not ask for that of the result."""
    said = "the gradient of the result, which backward is given, is not used"
    rows = [
        replace(row, causes=(Cause("upstream", said), *row.causes)[:3])
        if row.name in unused and row.status == WRONG
        else row
        for row in report.rows
    ]
    return replace(report, rows=tuple(rows))


def _alone(rule: Any, data: Sequence[npt.ArrayLike], tolerance: float | None) -> BackpropDiagnosis:
    """Judge a class in PyTorch's way, or an op; return the first report that finds a mistake."""
    op = op_of(rule)
    if op is None and not (hasattr(rule, "forward") and hasattr(rule, "backward")):
        raise GradientError(
            "check_backprop: needs a derivation to compare: a dict of arrays, a backward function, "
            "a class with forward(ctx, ...) and backward(ctx, g), or an op."
        )
    report: BackpropDiagnosis | None = None
    if op is not None:
        for case in op_cases(op, data):
            rows = tuple(of_rule(op.name, name, *found) for name, found in case.items())
            report = BackpropDiagnosis(rows, ("Judged by differences, at 3 sets of inputs.",))
            if not report:
                return report
    else:
        for J, gradients, unused in class_cases(rule, data):
            view = graph(J)
            found: dict[Tensor | str, Any] = dict(gradients.items())
            given, lost = places(view, found)
            check = Check(view, given, tolerance)
            report = check.report(["Judged at 3 sets of inputs."], *check.reference())
            report = with_letters(with_followers(report, view, given), letters_of(view))
            wrong = [row.name for row in lost if np.nan_to_num(gradients[row.name]).any()]
            report = replace(report, rows=(*report.rows, *map(_of_nothing, wrong)))
            if not report:
                return _with_unused(report, unused)
    assert report is not None
    return report
