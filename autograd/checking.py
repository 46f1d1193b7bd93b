"""Checks: automatic gradients against differences, and against backprop derived by hand.

Both use the relative error of the course, ‖a − n‖₂ / (‖a‖₂ + ‖n‖₂), and its bands: below 1e-7 is
great, above 1e-5 is suspect. A report prints as a table and is falsy when something is wrong.
"""

from __future__ import annotations

import functools
import math
import time
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.backward import gradients, reach
from autograd.differences import blame, by_complex_step, central, fixed, refined
from autograd.errors import AutogradError, GradientError, ShapeError
from autograd.graph import graph
from autograd.noise import FACTOR, noise
from autograd.registry import OPS
from autograd.state import inside_transform
from autograd.tensor import Tensor, wrap
from autograd.zeros import collected_limits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt

__all__ = [
    "BackpropReport",
    "GradientReport",
    "check_gradients",
    "compare_backprop",
    "relative_error",
]

from_engine = True

GREAT, SUSPECT = 1e-7, 1e-5
_ONE_BY_ONE, _TOGETHER = 64, 16  # elements that are measured by themselves, and in which steps


def relative_error(a: npt.ArrayLike, n: npt.ArrayLike) -> float:
    """Return ‖a − n‖₂ / (‖a‖₂ + ‖n‖₂), the course's measure, and 0 where both are zero.

    Parameters
    ----------
    a, n : array_like
        Two gradients of one shape; integers, floats.

    Returns
    -------
    float
        In [0, 1]; NaN if an element is NaN.

    Examples
    --------
    >>> relative_error([3.0, 4.0], [3.0, 4.0])
    0.0
    """
    if np.shape(a) != np.shape(n):
        raise ShapeError(
            f"relative_error: needs two arrays of one shape, got {np.shape(a)} and {np.shape(n)}."
        )
    x, y = np.asarray(a, dtype=np.float64).ravel(), np.asarray(n, dtype=np.float64).ravel()
    if np.array_equal(x, y):
        return 0.0
    scale = float(np.abs([x, y]).max(initial=0.0))  # no overflow in squares; NaN if there is one
    if not math.isfinite(scale):
        return math.nan
    x, y = x / scale, y / scale
    return float(np.linalg.norm(x - y) / (np.linalg.norm(x) + np.linalg.norm(y)))


@dataclass(frozen=True)
class Comparison:
    """One row of a report.

    Attributes
    ----------
    name : str
        The parameter or input.
    shape : tuple of int
        Its shape.
    error : float
        Relative error of the whole gradient.
    worst : tuple of int
        Index of the element with the greatest difference.
    ours, theirs : float
        That element: automatic, and numerical or hand-derived.
    norm : float
        ‖automatic gradient‖₂.
    tolerance : float
        Greatest error that counts as right.
    rounding : float
        What rounding alone can make of the numerical gradient's norm; 0 where it is exact.
    judged : bool
        Whether there was something to compare with: a difference may leave the domain.
    """

    name: str
    shape: tuple[int, ...]
    error: float
    worst: tuple[int, ...]
    ours: float
    theirs: float
    norm: float
    tolerance: float
    rounding: float = 0.0
    judged: bool = True

    @property
    def wrong(self) -> bool:
        """Whether the whole is above its tolerance, or one element is far off behind larger ones.

        An element is far off when it differs by more than 1 % and more than a hundred times what
        rounding explains. NaN is wrong.
        """
        size = max(math.prod(self.shape), 1)
        distance, least = abs(self.ours - self.theirs), 100 * self.rounding / size**0.5
        hidden = distance > 0.01 * (abs(self.ours) + abs(self.theirs)) and distance > least > 0
        return hidden or not self.error <= self.tolerance

    @property
    def band(self) -> str:
        """The course's word for the error, or that differences could not measure it."""
        if not self.judged:
            return "not judged"
        if 0 < self.norm <= self.rounding:
            return "below rounding"
        if self.error < GREAT:
            return "great"
        return "acceptable" if self.error <= SUSPECT else "suspect"


class Report:
    """A table of comparisons; falsy when one of them is above its tolerance."""

    title = "comparison"
    other = "other"

    def __init__(self, rows: list[Comparison], notes: list[str]) -> None:
        self.rows, self.notes = tuple(rows), tuple(notes)

    @property
    def worst(self) -> float:
        """The greatest relative error; NaN if any is."""
        errors = [row.error for row in self.rows]
        return math.nan if any(math.isnan(e) for e in errors) else max(errors, default=0.0)

    def __bool__(self) -> bool:
        return not any(row.wrong for row in self.rows)

    def __str__(self) -> str:
        head = ("parameter", "shape", "‖gradient‖", "relative error", "band", "worst element")
        body = [
            (
                row.name,
                str(row.shape),
                f"{row.norm:.4g}",
                f"{row.error:.1e}",
                "WRONG" if row.wrong and row.judged else row.band,
                f"{list(row.worst)}: {row.ours:.10g} against {row.theirs:.10g}",
            )
            for row in self.rows
        ]
        widths = [max(len(line[i]) for line in [head, *body]) for i in range(len(head))]
        lines = [
            "  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip()
            for line in [head, *body]
        ]
        total = len(self.rows)
        wrong = sum(row.wrong and row.judged for row in self.rows)
        unknown = 0 if wrong else sum(not row.judged for row in self.rows)
        few = wrong or unknown
        some = f"{few} of {total}" if 0 < few < total else str(total)
        verdict = f"{some} {'DIFFER' if wrong else 'COULD NOT BE JUDGED' if unknown else 'agree'}"
        tolerances = sorted({row.tolerance for row in self.rows})
        summary = (
            f"{self.title}: {verdict} with {self.other} to {self.worst:.1e} "
            f"(tolerance {' and '.join(f'{t:.0e}' for t in tolerances)})"
        )
        return "\n".join([summary, *lines, *self.notes])

    __repr__ = __str__

    def raise_if_wrong(self) -> None:
        """Raise GradientError with the table if a comparison is above the tolerance."""
        if not self:
            raise GradientError(str(self))


class GradientReport(Report):
    """The result of `check_gradients`: automatic against numerical."""

    title = "check_gradients"
    other = "central differences"


class BackpropReport(Report):
    """The result of `compare_backprop`: automatic against hand-derived."""

    title = "compare_backprop"
    other = "the hand-derived gradients"


def check_gradients(
    f: Callable[..., Any],
    *inputs: Any,
    order: int = 1,
    tolerance: float | None = None,
    names: tuple[str, ...] | None = None,
) -> GradientReport:
    """Compare the automatic gradients of a function with central differences.

    Parameters
    ----------
    f : callable
        Takes the inputs as Tensors, returns a Tensor of any shape (it is reduced with fixed random
        weights). It must give the same value each time: no dropout.
    *inputs : array_like or Tensor
        Floating points to differentiate at; not changed.
    order : {1, 2}
        2 also checks the gradient of the gradient (along a fixed random direction).
    tolerance : float, optional
        Greatest relative error that counts as right; by default 1e-6 in double precision for order
        1, 1e-5 for order 2, and 1e-4 for an input or a result in single precision (1e-2 where the
        function itself converts to it, so that differences cannot be taken in double); for half
        precision ten times its machine epsilon, 2^-10.
    names : tuple of str, optional
        What the table calls the inputs; by default their names, or input 0, input 1, …

    Returns
    -------
    GradientReport
        One row for each input; falsy when something is wrong.

    Raises
    ------
    GradientError
        If f is not deterministic, or returns no Tensor.

    Notes
    -----
    The gradient at each element is (f(θ + ε) − f(θ − ε)) / 2ε, with ε = (machine epsilon)^⅓ times
    max(1, |θ|). Where that differs, it is measured again with steps of many sizes, because the
    function may vary on a smaller scale. Where the function takes complex numbers, and the complex
    step Im f(θ + ih) / h confirms the difference, it is used instead, being exact to rounding.
    Where both gradients are below the rounding of the differences, 4 · machine epsilon · |f| / 2ε
    for each element, they are equal: nothing could tell them from 0.

    When something is wrong, each op's rule is also tried alone, and the table ends with the ones
    that differ and the line that called them.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import check_gradients
    >>> bool(check_gradients(np.tanh, np.array([0.5, -1.0])))
    True
    """
    if order not in (1, 2):
        raise GradientError(f"check_gradients: order needs to be 1 or 2, got {order}.")
    if not inputs:
        raise GradientError("check_gradients: needs at least one input to differentiate by.")
    if names is not None and len(names) != len(inputs):
        raise GradientError(
            f"check_gradients: needs one name for each of {len(inputs)} inputs, got {len(names)}."
        )
    with collected_limits() as limits:
        rows, notes = _checked(f, inputs, order, tolerance, names)
        if any(row.wrong for row in rows):  # rare randomness may have shown in the differences only
            _value(_inside(f), _arrays(inputs), _MANY_REPEATS, seconds=1.0)
    return GradientReport(rows, [*notes, *limits])


def _checked(
    f: Callable[..., Any],
    inputs: tuple[Any, ...],
    order: int,
    tolerance: float | None,
    names: tuple[str, ...] | None,
) -> tuple[list[Comparison], list[str]]:
    """Return the rows and the notes of a report of `check_gradients`."""
    f = _inside(f)
    arrays = _arrays(inputs)
    labels = names or tuple(
        x.name if isinstance(x, Tensor) and x.name else f"input {i}" for i, x in enumerate(inputs)
    )
    weights = _weights(f, arrays)
    wide = [a.astype(np.float64) for a in arrays]
    rows = _compare(
        f, weights, arrays, labels, tolerance, 1e-6, lambda i: by_complex_step(f, weights, wide, i)
    )
    if order == 2:
        # One for each input: two that were the same would make f(x − y) look constant.
        directions = [fixed(a.shape, seed=2 + i).ravel() for i, a in enumerate(arrays)]

        def slope(*xs: Tensor, record: bool = True) -> Any:
            value = (f(*xs) * weights).sum()
            found: list[Any] = [None] * len(xs)
            if value.requires_grad:
                found = gradients(value, xs, create_graph=record, allow_unused=True)
            parts = [np.zeros(x.size) if d is None else d for d, x in zip(found, xs, strict=True)]
            return np.concatenate([*(np.ravel(d) for d in parts), Tensor([0.0], dtype=value.dtype)])

        # Differences of the gradient that is not recorded, which the first order has proved: a rule
        # may take another way for Tensors, and that way could be wrong in itself.
        plain = functools.partial(slope, record=False)
        second = tuple(f"∂²: {label}" for label in labels)
        along = np.concatenate([*directions, [0.0]])
        coarsest = max(1e-5, *(row.tolerance for row in rows))
        rows += _compare(
            slope, along, arrays, second, tolerance, coarsest, lambda i: None, measured=plain
        )
    return rows, _notes(f, arrays, rows)


def _inside(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function as a transform runs it: what it differentiates itself stays recorded."""

    def run(*xs: Any) -> Any:
        with inside_transform():
            return f(*xs)

    return run


_REPEATS, _MANY_REPEATS = 16, 200  # calls that look for randomness


def _arrays(inputs: tuple[Any, ...]) -> list[npt.NDArray[Any]]:
    """Return the inputs as arrays of floating point."""
    arrays = [np.array(x.data if isinstance(x, Tensor) else x) for x in inputs]
    return [a.astype(np.float64) if a.dtype.kind in "biu" else a for a in arrays]


def _value(
    f: Callable[..., Any], arrays: list[npt.NDArray[Any]], repeats: int, seconds: float = math.inf
) -> Tensor:
    """Return the value of f, when it is a function at all: the same in several calls."""
    end = time.perf_counter() + seconds
    first = f(*[Tensor(a, requires_grad=True) for a in arrays])
    if not isinstance(first, Tensor):
        raise GradientError(
            f"check_gradients: the function needs to return a Tensor, got {type(first).__name__}; "
            "compute with its arguments as they are."
        )
    # A small dropout layer often draws the same mask twice; many times in a row it hardly does.
    calls = takewhile(lambda _: time.perf_counter() < end, range(repeats))
    again = (f(*[Tensor(a, requires_grad=True) for a in arrays]) for _ in calls)
    if not all(np.array_equal(first.data, other.data, equal_nan=True) for other in again):
        raise GradientError(
            "check_gradients: two calls with the same inputs differ, so there is no gradient to "
            "check; switch dropout and other randomness off (module.eval()), or fix its seed."
        )
    return first


def _weights(f: Callable[..., Any], arrays: list[npt.NDArray[Any]]) -> Any:
    """Return the weights that make one number of the results."""
    first = _value(f, arrays, _REPEATS)
    if not first.ndim:
        return np.ones((), first.dtype)
    return fixed(first.shape, seed=0).astype(first.dtype)


def _compare(
    f: Callable[..., Any],
    weights: Any,
    arrays: list[npt.NDArray[Any]],
    labels: tuple[str, ...],
    tolerance: float | None,
    in_double: float,
    exact: Callable[[int], npt.NDArray[np.float64] | None],
    measured: Callable[..., Any] | None = None,
) -> list[Comparison]:
    """Compare automatic and numerical gradients of a function, its results summed with weights.

    Differences are taken of `measured`, a function of the same values, where it is given. Without a
    tolerance, `in_double` is that of double precision.
    """
    measured = f if measured is None else measured
    leaves = [Tensor(a, requires_grad=True) for a in arrays]
    result = f(*leaves)
    automatic: list[Any] = [None] * len(leaves)
    if result.requires_grad:
        seed = np.asarray(weights, result.dtype)
        automatic = gradients(result, leaves, seed, allow_unused=True)
    # Differences are taken in double precision where the function goes along.
    wide = [a.astype(np.float64) for a in arrays]
    double = f(*[Tensor(a, requires_grad=True) for a in wide]).dtype == np.float64
    points = wide if double else arrays
    rows = []
    for i, (label, a, g) in enumerate(zip(labels, arrays, automatic, strict=True)):
        numerical = central(measured, weights, points, i)
        rounding = numerical.rounding
        ours = np.zeros(a.shape) if g is None else np.asarray(g, np.float64)
        narrow = a.dtype.itemsize < 8 or result.dtype.itemsize < 8
        allowed = (1e-4 if double else 1e-2) if narrow else in_double
        allowed = max(allowed, 10 * float(np.finfo(a.dtype).eps)) if narrow else allowed
        allowed = allowed if tolerance is None else tolerance
        # What rounding swallows whole cannot be told from 0.
        hidden = (numerical.lost > 0) & (np.abs(ours) <= numerical.lost)
        theirs = np.where(hidden, ours, numerical.gradient)
        row = _row(label, ours, theirs, allowed, rounding)
        sharp = exact(i) if double else None
        apart = np.abs(ours - theirs)
        if row.wrong and double and not _agree(sharp, theirs, rounding):
            theirs = _sharpened(measured, weights, points, i, ours, theirs, allowed)
            row = _row(label, ours, theirs, allowed, rounding)
        if sharp is not None and _agree(sharp, theirs, rounding):
            row = _row(label, ours, sharp, allowed, rounding)
        if row.wrong and allowed and double and a.size and np.all(np.isfinite(ours)):
            floor = np.zeros(a.shape)
            off = np.argwhere(~(np.abs(ours - theirs) <= allowed * np.abs(theirs)))
            far = [tuple(int(k) for k in index) for index in off]
            leaf, seed = leaves[i]._node, np.asarray(weights, result.dtype)
            assert leaf is not None
            if result.requires_grad:
                floor = noise(result, seed, [leaf])[1][0]
            blur = _blurs(lambda part: _blur(f, weights, points, i, part), far, apart, floor)  # noqa: B023
            # Where the true gradient is 0, both are what rounding makes of the terms of a sum.
            if sharp is not None and np.all(np.abs(sharp - theirs) <= blur):
                theirs, blur, apart = sharp, np.zeros(a.shape), np.abs(ours - sharp)
            near = np.minimum(np.abs(ours - theirs), apart) <= floor + blur
            theirs = np.where(near, ours, theirs)
            # Nor has a difference a relative precision there: f‴ ε² stands beside the 0.
            terms = floor / (FACTOR * np.finfo(np.float64).eps) * np.ones(a.shape)
            for at in far[:_ONE_BY_ONE]:
                if theirs[at] != ours[at]:
                    value, error, size = refined(measured, weights, points, i, at)
                    near = abs(ours[at] - value) <= 3 * error + floor[at]
                    if near and error <= 1e-8 * max(terms[at], size):
                        theirs[at] = ours[at]
            row = _row(label, ours, theirs, allowed, rounding)
        left = np.isfinite(theirs) | ~np.isfinite(ours)
        if not np.all(left) and not _row(label, ours[left], theirs[left], allowed, rounding).wrong:
            row = replace(row, judged=False)
        rows.append(row)
    return rows


def _blurs(
    measure: Callable[[list[tuple[int, ...]]], npt.NDArray[Any]],
    far: list[tuple[int, ...]],
    apart: npt.NDArray[Any],
    floor: npt.NDArray[Any],
) -> npt.NDArray[Any]:
    """Return what rounding makes of the differences at the places of an array that differ.

    Each element has a rounding of its own. Where it explains those that are measured, the others
    have what these have as a rule; where it does not, nothing more is measured.
    """
    found = np.zeros(apart.shape)
    some = far[:: max(1, math.ceil(len(far) / _ONE_BY_ONE))]
    for k in range(0, len(some), _TOGETHER):
        part = some[k : k + _TOGETHER]
        found += measure(part)
        if any(apart[at] > 4 * (floor[at] + found[at]) for at in part):
            return found
    usual = float(np.median([found[at] for at in some] or [0.0]))
    return np.maximum(found, usual)


def _blur(
    f: Callable[..., Any],
    weights: Any,
    points: list[npt.NDArray[Any]],
    which: int,
    places: list[tuple[int, ...]],
) -> npt.NDArray[Any]:
    """Return what rounding inside a function can make of central differences at some places.

    Results that do not depend on the element have no part in it.
    """
    base = points[which]
    found = np.zeros(base.shape)
    for at in places:
        step = _step(base, at)
        results = []
        for signed in (step, -step):
            moved = base.copy()
            moved[at] += signed
            xs = [
                Tensor(moved if i == which else x, requires_grad=True) for i, x in enumerate(points)
            ]
            with np.errstate(all="ignore"):
                results.append(f(*xs))
        above, below = results
        if above.requires_grad:
            value, _ = noise(above, np.asarray(weights, above.dtype), [])
            parts = np.where(above.data == below.data, 0.0, value * np.abs(weights))
            found[at] = float(np.sum(parts)) / step
    return found


def _step(base: npt.NDArray[Any], at: tuple[int, ...]) -> float:
    """Return the step of the central difference at one element."""
    return float(float(np.finfo(base.dtype).eps) ** (1 / 3) * max(1.0, abs(float(base[at]))))


def _agree(sharp: Any, theirs: npt.NDArray[Any], rounding: float) -> bool:
    """Return whether differences confirm the complex step."""
    return sharp is not None and not _row("", sharp, theirs, 1e-5, rounding).wrong


def _sharpened(
    f: Callable[..., Any],
    weights: Any,
    points: list[npt.NDArray[Any]],
    which: int,
    ours: npt.NDArray[Any],
    theirs: npt.NDArray[Any],
    allowed: float,
) -> npt.NDArray[Any]:
    """Measure again with steps of every size, in case the one step was at fault."""
    better = theirs.copy()
    for index in np.ndindex(theirs.shape):
        size = abs(ours[index]) + abs(theirs[index])
        if not abs(ours[index] - theirs[index]) <= allowed * size:
            value, error, _ = refined(f, weights, points, which, index)
            if error <= allowed * abs(value):
                better[index] = value
    return better


def _row(
    name: str,
    ours: npt.NDArray[Any],
    theirs: npt.NDArray[Any],
    tolerance: float,
    rounding: float = 0.0,
) -> Comparison:
    """Compare two gradients; where both are no more than rounding, they are equal."""
    a, n = np.asarray(ours, dtype=np.float64), np.asarray(theirs, dtype=np.float64)
    if not a.size:
        return Comparison(name, a.shape, 0.0, (), 0.0, 0.0, 0.0, tolerance)
    distance = np.abs(a - n)
    if rounding:  # the element that is furthest off for its own size
        floor = 100 * rounding / a.size**0.5
        distance = distance / np.maximum(np.abs(a) + np.abs(n), floor)
    worst = np.unravel_index(
        int(np.argmax(np.where(np.isnan(distance), np.inf, distance))), a.shape
    )
    return Comparison(
        name,
        a.shape,
        0.0 if np.linalg.norm(a) <= rounding >= np.linalg.norm(n) else relative_error(a, n),
        tuple(int(i) for i in worst),
        float(a[worst]),
        float(n[worst]),
        float(np.linalg.norm(a)),
        tolerance,
        rounding,
    )


def _notes(
    f: Callable[..., Any],
    arrays: list[npt.NDArray[Any]],
    rows: list[Comparison],
) -> list[str]:
    """Name the rules that are wrong, and the ops with a kink, where differences may be at fault."""
    result = f(*[Tensor(a, requires_grad=True) for a in arrays])
    if not any(row.wrong for row in rows):
        if result.requires_grad:
            return []
        return [
            "note: no gradient reaches the inputs; the function is constant by its ops, or "
            "computes with other tensors than its arguments."
        ]
    if not result.requires_grad:
        return [
            "note: the function is constant by its ops; where it jumps, as floor does, a "
            "difference across the jump is wrong, not the gradient. Try inputs away from it."
        ]
    recorded = graph(result)
    notes = blame(recorded)
    left = [row.name for row in rows if row.wrong and not math.isfinite(row.theirs)]
    if left:
        notes.append(
            f"note: at {', '.join(left)} a difference is not finite: its step leaves the domain of "
            "the function, or crosses a pole, and so it proves nothing. Try inputs away from it."
        )
    known = {n.op for n in recorded if n.op in OPS}
    steps = sorted(n for n in known if OPS[n].flat)
    if steps:
        notes.append(
            f"note: {', '.join(steps)} jumps; a difference across the jump is wrong, not the "
            "gradient. Try inputs away from it."
        )
    kinked = sorted(n for n in known if OPS[n].kinks and not OPS[n].flat)
    if kinked:
        notes.append(
            f"note: {', '.join(kinked)} has a kink; a difference that steps across it is wrong, "
            "not the gradient. Try inputs away from it."
        )
    return notes


def compare_backprop(
    cost: Tensor,
    hand: Mapping[Tensor | str, npt.ArrayLike],
    *,
    tolerance: float | None = None,
) -> BackpropReport:
    """Compare automatic gradients with those of a backward pass derived by hand.

    Parameters
    ----------
    cost : Tensor
        A single number. Its graph is kept, and no `grad` is touched.
    hand : mapping
        From a Tensor, or the name of one in the graph ("W1", or "dW1" as in the course), to the
        hand-derived gradient, of its shape. Intermediate results may be compared too; where they
        are of the sum of the losses, without its 1/m, as in the course, a note says so.
    tolerance : float, optional
        Greatest relative error that counts as equal; by default 1e-12 in double precision, 1e-5 in
        single and 1e-2 in half.

    Returns
    -------
    BackpropReport
        One row for each entry; falsy when one differs.

    Raises
    ------
    GradientError
        If a name is not in the graph, or stands there more than once.
    ShapeError
        If a hand-derived gradient does not have the shape of its tensor.

    Examples
    --------
    >>> from autograd import Tensor, compare_backprop
    >>> w = Tensor(3.0, name="w", requires_grad=True)
    >>> bool(compare_backprop(w * w, {"w": 6.0}))
    True
    """
    if not hand:
        raise GradientError("compare_backprop: needs at least one hand-derived gradient, got none.")
    found = _by_name(cost)
    tensors: list[Tensor] = []
    labels: list[str] = []
    for key in hand:
        if isinstance(key, Tensor):
            tensors.append(key)
            labels.append(key.name or f"parameter {len(labels)}")
            continue
        if key not in found and key[:1] == "d" and key[1:] in found:
            key = key[1:]  # the course's name of a derivative
        if len(found.get(key, [])) != 1:
            count = len(found.get(key, []))
            raise GradientError(
                f"compare_backprop: {key!r} is the name of {count} tensors in the graph, one is "
                f"needed; the graph has {', '.join(sorted(found)) or 'no names'}."
            )
        tensors.append(found[key][0])
        labels.append(key)
    with collected_limits() as limits:
        automatic = gradients(cost, tensors, retain_graph=True)
    rows = []
    for label, tensor, ours, theirs in zip(labels, tensors, automatic, hand.values(), strict=True):
        if np.shape(theirs) != tensor.shape:
            raise ShapeError(
                f"compare_backprop: the gradient of {label!r} needs shape {tensor.shape}, "
                f"got {np.shape(theirs)}."
            )
        coarsest = min((tensor.dtype, cost.dtype), key=lambda dtype: dtype.itemsize)
        allowed = {8: 1e-12, 4: 1e-5, 2: 1e-2}[coarsest.itemsize]
        allowed = allowed if tolerance is None else tolerance
        rows.append(_row(label, ours, np.asarray(theirs), allowed))
    notes = []
    for k, (row, tensor, ours, theirs) in enumerate(
        zip(rows, tensors, automatic, hand.values(), strict=True)
    ):
        if row.wrong and not tensor.is_leaf:
            for n in {*tensor.shape, tensor.size} - {0, 1}:
                again = _row(row.name, ours, np.asarray(theirs) / n, row.tolerance)
                if not again.wrong:
                    rows[k] = again
                    notes.append(
                        f"{row.name} is {n} times the derivative of the cost: the course's "
                        f"convention, of the sum of the losses without 1/{n}."
                    )
    if any(row.wrong for row in rows):
        # A gradient that is 0 in exact arithmetic is rounding on both sides.
        nodes = [t._node for t in tensors if t._node is not None]
        _, floors = noise(cost, np.ones(cost.shape), nodes)
        for k, (row, ours, theirs) in enumerate(zip(rows, automatic, hand.values(), strict=True)):
            if row.wrong:
                # The other derivation has roundings of its own, which this one does not show.
                scale = 8 if np.asarray(ours).dtype == np.float64 else 2
                near = np.abs(np.subtract(ours, theirs)) <= scale * floors[k]
                rows[k] = _row(row.name, ours, np.where(near, ours, theirs), row.tolerance)
    return BackpropReport(rows, [*notes, *limits])


def _by_name(cost: Tensor) -> dict[str, list[Tensor]]:
    """Return handles on the named nodes of a graph."""
    if not isinstance(cost, Tensor) or cost._node is None:
        raise AutogradError("compare_backprop: the cost needs a graph; see requires_grad=True.")
    table: dict[str, list[Tensor]] = {}
    for node in reversed(reach([cost._node])):
        if node.name is not None:
            value = np.broadcast_to(np.array(np.nan, node.dtype), node.shape)
            table.setdefault(node.name, []).append(wrap(value, node))
    return table
