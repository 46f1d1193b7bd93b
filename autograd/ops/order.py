"""Sorting, taking along axes, padding and tiling: elements in another order or more than once."""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from autograd.op import composite, op
from autograd.ops.index import scatter
from autograd.ops.reduce import spread
from autograd.symbol import printed
from autograd.tensor import Tensor, arrayed, value_of

if TYPE_CHECKING:
    from autograd.axes import Axis

from_engine = True


@op(
    selects=True,
    symbol="sort",
    kinks=True,
    samples=("4", "2,3", "2,3 axis=0", "2,3 axis=None", "0"),
)
def sort(a: Any, axis: int | None = -1) -> Any:
    """Sort along an axis, stably; flattened where the axis is None.

    Examples
    --------
    >>> from autograd import sort
    >>> sort([3.0, 1.0, 2.0])
    array([1., 2., 3.])
    """
    return np.sort(a, axis if axis is None else operator.index(axis), kind="stable")


def sorted_places(a: Any, shape: tuple[int, ...], axis: int | None) -> Any:
    """Return the index that sorts, of the flattened array where the axis is None."""
    axis = axis if axis is None else operator.index(axis)
    order = np.argsort(value_of(a), axis, kind="stable")
    return order if axis is None else along(order, axis, len(shape))


def along(indices: Any, axis: int, ndim: int) -> tuple[Any, ...]:
    """Return the full index of `take_along_axis`."""
    grid = [
        np.arange(n).reshape([-1 if k == i else 1 for k in range(ndim)])
        for i, n in enumerate(indices.shape)
    ]
    grid[axis] = indices
    return tuple(grid)


sort.vjp(
    a=lambda g, a, a_shape, axis: np.reshape(
        scatter(
            g,
            shape=(int(np.prod(a_shape)),) if axis is None else a_shape,
            index=sorted_places(a, a_shape, axis),
        ),
        a_shape,
    )
)


@op(
    symbol="take",
    samples=(
        "4 indices=[0,0,3]",
        "2,3 indices=[2,0] axis=1",
        "2,3 indices=4",
        "2,3 indices=[[0,1],[1,1]] axis=0",
        "2,3 indices=-1 axis=-1",
        "2,3 indices=[0,7,-9] mode='wrap'",
        "2,3 indices=[0,7,-9] axis=1 mode='clip'",
    ),
)
def take(a: Any, /, indices: Any, axis: int | None = None, mode: str = "raise") -> Any:
    """Take elements along an axis; of the flattened array by default.

    Indices beyond the ends are an error, or with mode="wrap" begin again, or with mode="clip" are
    the first and the last.

    Examples
    --------
    >>> from autograd import take
    >>> take([1.0, 2.0, 3.0], [2, 0])
    array([3., 1.])
    """
    length = np.size(a) if axis is None or not np.ndim(a) else np.shape(a)[axis]
    if not length and np.size(indices):  # where NumPy looks for ever, with mode="wrap"
        raise IndexError("cannot take elements of an empty axis")
    return np.take(a, indices, axis, mode=cast("Any", mode))


def taken(g: Any, shape: tuple[int, ...], indices: Any, axis: int | None, mode: str) -> Any:
    """Return the cotangents of the elements that `take` took, at their places."""
    if not g.size:
        return np.broadcast_to(np.sum(g), shape)  # 0: nothing was taken, whatever the indices
    axis = axis if shape else None  # a number has one element along any axis
    full = (math.prod(shape),) if axis is None else shape
    which = 0 if axis is None else axis % len(shape)
    places = np.array(indices, dtype=np.intp)
    if mode == "clip":
        places = np.clip(places, 0, full[which] - 1)
    elif mode == "wrap":
        places = places % full[which]
    index = (*[slice(None)] * which, places)
    return np.reshape(scatter(g, shape=full, index=index), shape)


take.vjp(a=lambda g, a_shape, indices, axis, mode: taken(g, a_shape, indices, axis, mode))


@op(
    symbol="take_along_axis",
    samples=(
        "2,3 indices=[[2,0],[1,1]] axis=1",
        "3,2 indices=[[0,0],[2,1]] axis=0",
        "4 indices=[3,3,0] axis=0",
        "2,3 indices=[[1]] axis=1",
        "1,3 indices=[[1],[0]] axis=1",
        "4 indices=[3,3,0] axis=None",
    ),
)
def take_along_axis(a: Any, /, indices: Any, axis: int | None = -1) -> Any:
    """Take from each slice along an axis its own elements, as `argsort` gives them.

    Examples
    --------
    >>> from autograd import take_along_axis
    >>> take_along_axis([[3.0, 1.0]], [[1, 0]], axis=1)
    array([[1., 3.]])
    """
    return np.take_along_axis(np.asarray(a), np.asarray(indices), axis)


def spanning(indices: Any, shape: tuple[int, ...], axis: int) -> Any:
    """Return the indices for the whole array, where they are the same along an axis."""
    lengths = [n if i == axis % len(shape) else None for i, n in enumerate(indices.shape)]
    full = [n if k is None else k for n, k in zip(shape, lengths, strict=True)]
    return np.broadcast_to(indices, full)


def put_along(g: Any, shape: tuple[int, ...], indices: Any, axis: int | None) -> Any:
    """Add each cotangent where its element was taken; axes of length 1 are for the whole array."""
    if axis is None:
        return np.reshape(scatter(g, shape=(int(np.prod(shape)),), index=indices), shape)
    full = tuple(
        n if i == axis % len(shape) or n != 1 else m
        for i, (n, m) in enumerate(zip(shape, indices.shape, strict=True))
    )
    return scatter(g, shape=full, index=along(spanning(indices, full, axis), axis, len(full)))


take_along_axis.vjp(
    a=lambda g, a_shape, indices, axis: put_along(g, a_shape, np.array(indices), axis)
)


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


# What each mode reads, as np.pad has it.
_OPTIONS = {
    "constant": ("constant_values",),
    "linear_ramp": ("end_values",),
    "reflect": ("reflect_type",),
    "symmetric": ("reflect_type",),
    **dict.fromkeys(("mean", "maximum", "minimum", "median"), ("stat_length",)),
}


@printed("the part of {0} inside, and its padding added up", r"\operatorname{pad}^{\mathsf{T}} {0}")
def unpadded(
    g: Any, shape: tuple[int, ...], widths: Any, mode: str, reflect_type: str, stat_length: Any
) -> Any:
    """Return for each element the cotangents of what was made of it.

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
            value = of(a[(*rest, part)], axis=i, keepdims=True)
            ends.append(np.broadcast_to(value, (*a.shape[:i], width, *a.shape[i + 1 :])))
        a = np.concatenate([ends[0], a, ends[1]], axis=i)
    return a


@op(symbol="tile", samples=("3 reps=2", "2,3 reps=(2,1)", "2,3 reps=2", "3 reps=(2,2)", "_ reps=3"))
def tile(a: Any, /, reps: Any) -> Any:
    """Repeat an array as a whole along axes.

    Examples
    --------
    >>> from autograd import tile
    >>> tile([1.0, 2.0], 2)
    array([1., 2., 1., 2.])
    """
    return np.tile(a, [operator.index(k) for k in np.ravel(reps).tolist()])


@printed("Σ of the copies in {0}", r"\sum_{\text{copies}} {0}")
def untiled(g: Any, shape: tuple[int, ...], reps: Any) -> Any:
    """Return the sum over the repetitions."""
    times = tuple(max(int(k), 0) for k in np.ravel(reps).tolist())
    n = max(len(times), len(shape))
    times = (1,) * (n - len(times)) + times
    lengths = (1,) * (n - len(shape)) + shape
    split = [int(k) for pair in zip(times, lengths, strict=True) for k in pair]
    return np.reshape(np.sum(np.reshape(g, split), axis=tuple(range(0, 2 * n, 2))), shape)


tile.vjp(a=lambda g, a_shape, reps: untiled(g, a_shape, reps))


@op(
    selects=True,
    symbol="median",
    latex=r"\operatorname{median} {a}",
    kinks=True,
    samples=(
        *("5", "4", "2,3", "2,3 axis=0", "2,4 axis=-1 keepdims=True", "2,3,2 axis=(0,2)"),
        *("2,3 axis=()", "2,3,2 axis=(-1,0) keepdims=True"),
    ),
)
def median(a: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Middle value; the mean of the middle two of an even number, which then count ½ each.

    Examples
    --------
    >>> from autograd import median
    >>> median([3.0, 1.0, 10.0])
    np.float64(3.0)
    """
    return np.median(a, axis=axis, keepdims=keepdims)


def middles(a: Any, shape: tuple[int, ...], axis: Axis) -> Any:
    """Return each element's part of the median of its slice; of NaN, where one is there."""
    reduced = [i for i, (n, k) in enumerate(zip(shape, _ones(shape, axis), strict=True)) if k]
    rest = [i for i in range(len(shape)) if i not in reduced]
    values = np.transpose(value_of(a), (*rest, *reduced))
    if not values.size:
        return np.zeros(shape)
    flat = np.reshape(values, (*(shape[i] for i in rest), -1))
    n = flat.shape[-1]
    order = np.argsort(flat, -1, kind="stable")
    parts = np.zeros(flat.shape)
    for k in {(n - 1) // 2, n // 2}:
        place = order[..., [k]]
        old = np.take_along_axis(parts, place, -1)
        np.put_along_axis(parts, place, old + (1.0 if n % 2 else 0.5), -1)
    nan = np.isnan(flat)
    parts = np.where(np.any(nan, -1, keepdims=True), nan, parts)
    back = np.argsort((*rest, *reduced))
    return np.transpose(np.reshape(parts, values.shape), [int(i) for i in back])


def _ones(shape: tuple[int, ...], axis: Axis) -> list[bool]:
    """Return whether each axis is reduced."""
    if axis is None:
        return [True] * len(shape)
    axes = {i % len(shape) for i in ((axis,) if isinstance(axis, int) else axis)}
    return [i in axes for i in range(len(shape))]


median.vjp(
    a=lambda g, a, a_shape, axis: spread(g, a_shape, axis) * middles(a, a_shape, axis),
)
