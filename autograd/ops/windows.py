"""Sliding windows, and what is made of them: convolution and pooling over any number of axes."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from autograd.op import composite, op
from autograd.ops.padding import pad, padded
from autograd.ops.shape import flip

from_engine = True

Lengths = int | tuple[int, ...]


def each(lengths: Lengths, n: int, what: str) -> tuple[int, ...]:
    """Return one length for each of n axes."""
    found = (lengths,) * n if isinstance(lengths, (int, np.integer)) else tuple(lengths)
    if len(found) != n:
        raise ValueError(f"needs one {what} for each of {n} axes, got {lengths}")
    return tuple(int(k) for k in found)


@op(
    moves=True,
    symbol="windows",
    samples=(
        "5 window_shape=3",
        "4,5 window_shape=(2,3)",
        "2,5 window_shape=2 axis=1",
        "2,5 window_shape=2 axis=-1",
        "4,3,4 window_shape=(2,3) axis=(0,2)",
    ),
)
def sliding_window_view(x: Any, /, window_shape: Lengths, axis: Any = None) -> Any:
    """Every window of a shape, in new axes at the end; along all axes by default.

    Examples
    --------
    >>> from autograd import sliding_window_view
    >>> sliding_window_view([1.0, 2.0, 3.0], 2)
    array([[1., 2.],
           [2., 3.]])
    """
    axes = slid_axes(np.ndim(x), window_shape, axis)
    if len(set(axes)) != len(axes):
        raise ValueError(f"windows slide along each axis once, got axis={axis}")
    return np.lib.stride_tricks.sliding_window_view(x, window_shape, axis)


def slid_axes(ndim: int, window_shape: Lengths, axis: Any) -> tuple[int, ...]:
    """Return the axes that windows slide along, one for each length of the window."""
    if axis is None:
        return tuple(range(ndim))
    return tuple(i % ndim for i in ((axis,) if isinstance(axis, int) else axis))


@op(
    accumulates=True,
    symbol="overlap-add",
    samples=("3,3 shape=(5,)", "3,2,3 shape=(3,4) axis=(1,)", "2,3,2,1 shape=(3,3)"),
)
def overlap_add(a: Any, /, shape: tuple[int, ...], axis: Any = None) -> Any:
    """Add windows into zeros of a shape, each where it was: the transpose of sliding windows.

    Examples
    --------
    >>> from autograd import overlap_add
    >>> overlap_add([[1.0, 2.0], [3.0, 4.0]], (3,))
    array([1., 5., 4.])
    """
    windows: Any = np.asarray(a)
    axes = slid_axes(len(shape), (), axis)
    lengths, sizes = windows.shape[len(shape) :], list(shape)
    for i, k in zip(axes, lengths, strict=True):
        sizes[i] += 1 - k
    if windows.shape[: len(shape)] != tuple(sizes):
        raise ValueError(f"windows of {lengths} in {shape} need shape {(*sizes, *lengths)}")
    result = np.zeros(shape, windows.dtype)
    for offset in itertools.product(*(range(k) for k in windows.shape[len(shape) :])):
        place = [slice(None)] * len(shape)
        for i, start in zip(axes, offset, strict=True):
            place[i] = slice(start, start + windows.shape[i])
        result[tuple(place)] += windows[(Ellipsis, *offset)]
    return result


sliding_window_view.vjp(
    x=lambda g, x_shape, window_shape, axis: overlap_add(
        g, shape=x_shape, axis=slid_axes(len(x_shape), window_shape, axis)
    )
)
overlap_add.vjp(
    a=lambda g, a_shape, shape, axis: sliding_window_view(
        g, window_shape=a_shape[len(shape) :], axis=slid_axes(len(shape), (), axis)
    )
)


@op(
    accumulates=True,
    symbol="∗",
    binds=20,
    text="convolve({a}, {v})",
    bilinear=True,
    samples=("4 3", "2 5", "5 3 mode='same'", "5 2 mode='valid'", "2 5 mode='same'", "1 1"),
)
def convolve(a: Any, v: Any, /, mode: str = "full") -> Any:
    """Discrete convolution of two sequences: "full", "same" or "valid" as in NumPy.

    Examples
    --------
    >>> from autograd import convolve
    >>> convolve([1.0, 2.0], [1.0, 1.0])
    array([1., 3., 2.])
    """
    if np.ndim(a) != 1 or np.ndim(v) != 1:
        raise ValueError("needs two sequences, each with one axis")
    return np.convolve(a, v, mode)  # type: ignore[call-overload]


def uncut(g: Any, n: int, m: int, mode: str) -> Any:
    """Put zeros around the cotangent where `mode` cut the full convolution."""
    cut = n + m - 1 - np.shape(g)[0]
    # "same" keeps the middle, and of an odd rest one more on the left goes.
    return padded(g, ((cut // 2, cut - cut // 2),)) if cut else g


def convolve_pulled(g: Any, other: Any, n: int, m: int, mode: str) -> Any:
    """Return the cotangent of the sequence of length n, of two."""
    if mode == "valid":  # without zeros around it, which would meet what is not finite
        return convolve(g, flip(other), mode="full" if n >= m else "valid")
    return convolve(uncut(g, n, m, mode), flip(other), mode="valid")


convolve.vjp(
    a=lambda g, v, a_shape, v_shape, mode: convolve_pulled(g, v, a_shape[0], v_shape[0], mode),
    v=lambda g, a, a_shape, v_shape, mode: convolve_pulled(g, a, v_shape[0], a_shape[0], mode),
)


_MODES = [
    f"{n} {m} mode='{mode}'"
    for n, m in ((4, 3), (2, 3), (2, 4), (5, 2), (4, 5))
    for mode in ("same", "full", "valid")
]


@composite(samples=("4 3", "3 3", *_MODES))
def correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    """Cross-correlation Σ_n a[n + k] v[n] of two sequences, with NumPy's modes.

    Examples
    --------
    >>> from autograd import correlate
    >>> correlate([1.0, 2.0, 3.0], [0.0, 1.0])
    array([2., 3.])
    """
    if np.shape(v)[0] > np.shape(a)[0]:  # NumPy exchanges them, and turns the result around
        return flip(convolve(v, flip(a), mode=mode))
    return convolve(a, flip(v), mode=mode)


_IMAGES = (
    "2,3,5,4 2,3,2,3",
    "1,2,5 3,2,3 stride=2",
    "1,2,4,4 1,2,3,3 padding=1",
    "2,1,5,5 2,1,2,2 stride=(2,1) padding=(0,1)",
)


@composite(samples=_IMAGES)
def conv(x: Any, w: Any, stride: Lengths = 1, padding: Lengths = 0) -> Any:
    """Convolve images with filters, as neural networks do: w is not flipped.

    Parameters
    ----------
    x : Tensor or array_like, shape (m, c, *spatial)
        m examples of c channels, over any number of spatial axes.
    w : Tensor or array_like, shape (f, c, *lengths)
        f filters.
    stride : int or tuple of int
        Steps between windows, one for each spatial axis.
    padding : int or tuple of int
        Zeros on both sides of each spatial axis.

    Returns
    -------
    Tensor or array, shape (m, f, *windows)
        With (n + 2 padding − length) // stride + 1 windows along an axis of length n.

    Raises
    ------
    ShapeError
        If the ranks or the channels differ, or a filter is longer than its axis.

    Examples
    --------
    >>> from autograd import conv
    >>> conv([[[1.0, 2.0, 3.0]]], [[[1.0, 1.0]]])
    array([[[3., 5.]]])
    """
    n = np.ndim(x) - 2
    if n < 1 or np.ndim(w) != np.ndim(x) or np.shape(w)[1] != np.shape(x)[1]:
        raise ValueError(
            f"needs x (m, c, *spatial) and w (f, c, *lengths), got {np.shape(x)} and {np.shape(w)}"
        )
    windows = _strided(_padded(x, padding), np.shape(w)[2:], stride)
    axes = tuple(range(-n, 0))
    return np.moveaxis(np.tensordot(windows, w, axes=((1, *axes), (1, *axes))), -1, 1)


_POOLS = ("2,3,4,4 window=2", "1,2,5 window=3 stride=1", "1,1,5,4 window=(2,1) stride=(3,2)")


@composite(samples=_POOLS, kinks=True)
def max_pool(x: Any, window: Lengths, stride: Lengths | None = None) -> Any:
    """Greatest value of each window of the spatial axes; ties share the derivative evenly.

    Parameters
    ----------
    x : Tensor or array_like, shape (m, c, *spatial)
        m examples of c channels.
    window : int or tuple of int
        Lengths of a window.
    stride : int or tuple of int, optional
        Steps between windows; by default the window's lengths, so that windows do not overlap.

    Examples
    --------
    >>> from autograd import max_pool
    >>> max_pool([[[1.0, 4.0, 3.0, 2.0]]], 2)
    array([[[4., 3.]]])
    """
    return np.max(_pools(x, window, stride), axis=tuple(range(2 - np.ndim(x), 0)))


@composite(samples=_POOLS)
def avg_pool(x: Any, window: Lengths, stride: Lengths | None = None) -> Any:
    """Mean of each window of the spatial axes; parameters as for `max_pool`.

    Examples
    --------
    >>> from autograd import avg_pool
    >>> avg_pool([[[1.0, 3.0, 3.0, 2.0]]], 2)
    array([[[2. , 2.5]]])
    """
    return np.mean(_pools(x, window, stride), axis=tuple(range(2 - np.ndim(x), 0)))


def _pools(x: Any, window: Lengths, stride: Lengths | None) -> Any:
    lengths = each(window, np.ndim(x) - 2, "window length")
    return _strided(
        x if hasattr(x, "shape") else np.asarray(x), lengths, lengths if stride is None else stride
    )


def _padded(x: Any, padding: Lengths) -> Any:
    widths = each(padding, np.ndim(x) - 2, "padding")
    if min(widths) < 0:
        raise ValueError(f"padding cannot be negative, got {padding}")
    return pad(x, ((0, 0), (0, 0), *((k, k) for k in widths))) if any(widths) else x


def _strided(x: Any, lengths: tuple[int, ...], stride: Lengths) -> Any:
    """Return every stride-th window of the spatial axes of x."""
    n = len(lengths)
    steps = each(stride, n, "stride")
    if min(steps) < 1 or min(lengths) < 1:
        raise ValueError(f"lengths and strides need to be at least 1, got {lengths} and {steps}")
    spatial = np.shape(x)[2:]
    if any(k > size for k, size in zip(lengths, spatial, strict=True)):
        raise ValueError(f"a window of {lengths} does not fit into {spatial}")
    windows = sliding_window_view(x, window_shape=lengths, axis=tuple(range(2, 2 + n)))
    if all(k == 1 for k in steps):
        return windows
    return windows[(slice(None), slice(None), *(slice(None, None, k) for k in steps))]
