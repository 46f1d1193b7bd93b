"""Padding, in all of NumPy's modes."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from autograd.op import composite, op
from autograd.ops.indexing import scatter
from autograd.symbol import printed
from autograd.tensor import Tensor, arrayed

from_engine = True

_OPTIONS = {
    "constant": ("constant_values",),
    "linear_ramp": ("end_values",),
    "reflect": ("reflect_type",),
    "symmetric": ("reflect_type",),
    **dict.fromkeys(("mean", "maximum", "minimum", "median"), ("stat_length",)),
}


@op(
    symbol="pad",
    samples=(
        *("3 widths=((1,1),)", "2,3 widths=((1,0),(0,2))", "3 widths=((2,1),) constant_values=5.0"),
        *(f"4 widths=((2,3),) mode='{m}'" for m in ("edge", "wrap", "empty", "linear_ramp")),
        *(f"3 widths=((2,4),) mode='{m}'" for m in ("reflect", "symmetric", "mean")),
        "3,2 widths=((2,4),(1,1)) mode='reflect' reflect_type='odd'",
        "2,3 widths=((1,2),(3,0)) mode='symmetric' reflect_type='odd'",
        "2,3 widths=((1,0),(0,2)) mode='linear_ramp' end_values=2.0",
        "5 widths=((1,2),) mode='mean' stat_length=2",
    ),
)
def padded(
    a: Any,
    /,
    widths: tuple[tuple[int, int], ...],
    mode: str = "constant",
    constant_values: Any = 0,
    end_values: Any = 0,
    reflect_type: Any = "even",
    stat_length: Any = None,
) -> Any:
    """Put around an array what depends on its elements by fixed weights: see `pad`.

    Examples
    --------
    >>> from autograd import padded
    >>> padded([1.0, 2.0], ((1, 1),))
    array([0., 1., 2., 0.])
    """
    options = {"constant_values": constant_values, "end_values": end_values}
    options |= {"reflect_type": reflect_type, "stat_length": stat_length}
    if len(widths) != np.ndim(a):
        raise ValueError(f"needs a pair of widths for each of {np.ndim(a)} axes, got {widths}")
    if not widths:
        return np.array(a)  # a number has no sides
    if mode == "empty":  # whatever stands there; zeros are as good
        mode, options["constant_values"] = "constant", 0
    given = {n: options[n] for n in _OPTIONS.get(mode, ())}
    pad: Any = np.pad
    return pad(a, widths_of(widths, np.ndim(a)), mode, **given)


@printed("the part of {0} inside, and its padding added up", r"\operatorname{pad}^{\mathsf{T}} {0}")
def unpadded(
    g: Any, shape: tuple[int, ...], widths: Any, mode: str, reflect_type: str, stat_length: Any
) -> Any:
    """Return for each element the sum of the cotangents of its copies.

    Padding is done axis by axis, and along one it is a matrix: what it makes of the unit vectors.
    Where it only copies, its index does the same in linear time.
    """
    widths = widths_of(widths, len(shape))
    inside = tuple(slice(before, before + n) for (before, _), n in zip(widths, shape, strict=True))
    if mode in ("constant", "empty"):
        return g[inside]
    if mode in ("edge", "wrap") or (mode in ("reflect", "symmetric") and reflect_type == "even"):
        numbers = np.arange(math.prod(shape)).reshape(shape)
        places = padded.op.forward(numbers, widths, mode)
        return np.reshape(scatter(g, shape=(math.prod(shape),), index=places), shape)
    for i in reversed(range(len(shape))):
        if widths[i] == (0, 0):
            continue
        length = stat_length
        if length is not None and np.ndim(length):
            length = [np.broadcast_to(length, (len(shape), 2))[i].tolist(), (None, None)][:1]
        options: dict[str, Any] = {"reflect_type": reflect_type, "stat_length": length}
        given = {n: options[n] for n in _OPTIONS[mode] if n in options}
        pad: Any = np.pad
        matrix = np.stack([pad(row, [widths[i]], mode, **given) for row in np.eye(shape[i])])
        g = np.moveaxis(np.matmul(np.moveaxis(g, i, -1), matrix.T), -1, i)
    return g


padded.vjp(
    a=lambda g, a_shape, widths, mode, reflect_type, stat_length: unpadded(
        g, a_shape, widths, mode, reflect_type, stat_length
    )
)


def widths_of(pad_width: Any, ndim: int) -> tuple[tuple[int, int], ...]:
    """Return the widths before and after, for each axis, as np.pad reads them."""
    if isinstance(pad_width, dict):
        pairs: list[Any] = [(0, 0)] * ndim
        for axis, width in pad_width.items():
            pairs[axis] = np.broadcast_to(width, 2)
    else:
        given = np.asarray(pad_width if ndim else np.zeros((0, 2), int))
        if given.dtype.kind not in "iu":
            raise TypeError("pad_width needs to be of whole numbers")
        pairs = list(np.broadcast_to(given, (ndim, 2)))
    found = tuple((operator.index(w[0]), operator.index(w[1])) for w in pairs)
    if any(n < 0 for pair in found for n in pair):
        raise ValueError("pad_width cannot be negative")
    return found


@composite(
    samples=(
        *("3 pad_width=1", "2,3 pad_width=((1,0),(0,2))", "3 pad_width=(2,1) constant_values=5.0"),
        *("3 pad_width=2 mode='edge'", "4 pad_width=(2,3) mode='reflect'"),
        *(f"2,4 pad_width=(1,2) mode='{m}'" for m in ("maximum", "minimum", "median", "mean")),
        "5 pad_width=(2,1) mode='maximum' stat_length=2",
    ),
    kinks=True,
)
def pad(
    array: Any,
    pad_width: Any,
    mode: str = "constant",
    *,
    constant_values: Any = 0,
    end_values: Any = 0,
    reflect_type: str = "even",
    stat_length: Any = None,
) -> Any:
    """Put values around an array, in all of np.pad's modes.

    Parameters
    ----------
    array : Tensor or array_like
        Any shape.
    pad_width : int, pair, sequence of pairs, or dict of axis to width or pair
        How many elements before and after, along each axis.
    mode : str
        ``"constant"``, ``"edge"``, ``"linear_ramp"``, ``"maximum"``, ``"mean"``, ``"median"``,
        ``"minimum"``, ``"reflect"``, ``"symmetric"``, ``"wrap"``, or ``"empty"``, which is zeros.
    constant_values : number, Tensor of one number, or as pad_width
        What ``"constant"`` puts there; a Tensor is differentiated by.
    end_values : number, or as pad_width
        What ``"linear_ramp"`` ends at.
    reflect_type : {"even", "odd"}
        Of ``"reflect"`` and ``"symmetric"``; the odd one is 2 · edge − mirrored.
    stat_length : int, or as pad_width, optional
        Of how many elements at the edge the maximum, mean, median or minimum is taken.

    Examples
    --------
    >>> from autograd import pad
    >>> pad([1.0, 2.0], 1)
    array([0., 1., 2., 0.])
    """
    if callable(mode):
        raise TypeError(
            "mode is a function, which has no derivative here; write the padding with "
            "np.concatenate, or pass a mode by its name"
        )
    a = arrayed(array)
    widths = widths_of(pad_width, a.ndim)
    options = {"end_values": end_values, "reflect_type": reflect_type, "stat_length": stat_length}
    if mode in ("maximum", "minimum", "median"):
        return _padded_by(a, widths, mode, stat_length)
    if type(constant_values) is Tensor and mode == "constant":
        if constant_values.size != 1:
            raise TypeError("constant_values that are a Tensor need to be one number")
        outside = 1.0 - np.pad(np.ones(a.shape), list(widths))
        return padded(a, widths) + np.reshape(constant_values, ()) * outside
    return padded(a, widths, mode=mode, constant_values=constant_values, **options)


def _padded_by(a: Any, widths: Any, mode: str, stat_length: Any) -> Any:
    """Pad with a statistic of the edge, axis after axis, as NumPy does."""
    of: Any = {"maximum": np.max, "minimum": np.min, "median": np.median}[mode]
    lengths = np.broadcast_to(0 if stat_length is None else stat_length, (a.ndim, 2))
    for i, (before, after) in enumerate(widths):
        n = a.shape[i]
        rest = (slice(None),) * i
        first, last = (min(int(k), n) if stat_length is not None else n for k in lengths[i])
        ends = []
        for width, part in ((before, slice(0, first)), (after, slice(n - last, n))):
            if not width:  # nor is anything taken of an axis of length 0
                ends.append(a[(*rest, slice(0, 0))])
                continue
            value = of(a[(*rest, part)], axis=i, keepdims=True)
            ends.append(np.broadcast_to(value, (*a.shape[:i], width, *a.shape[i + 1 :])))
        a = np.concatenate([ends[0], a, ends[1]], axis=i)
    return a
