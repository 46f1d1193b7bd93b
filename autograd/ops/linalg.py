"""Products of matrices and vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.op import composite, op
from autograd.symbol import Symbol, apply
from autograd.tensor import Tensor, arrayed, value_of

from_engine = True


@op(
    accumulates=True,
    symbol="@",
    bilinear=True,
    binds=20,
    associative=True,
    latex=r"{a}\,{b}",
    samples=(
        "2,3 3,4",
        "3 3",
        "3 3,2",
        "2,3 3",
        "5,2,3 5,3,4",
        "2,3 5,3,1",
        "4,1,2,3 5,3,2",
        "3 5,3,2",
        "5,2,3 3",
        "2,0 0,3",
    ),
)
def matmul(a: Any, b: Any) -> Any:
    """Matrix product; a 1-D operand is a row on the left, a column on the right.

    Examples
    --------
    >>> from autograd import matmul
    >>> matmul([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0])
    array([3., 7.])
    """
    return a @ b


def as_matrix(g: Any, a_shape: tuple[int, ...], b_shape: tuple[int, ...]) -> Any:
    """Give the product the axis of length 1 that a 1-D operand took away."""
    if len(b_shape) == 1:
        g = g[..., None]
    return g[..., None, :] if len(a_shape) == 1 else g


def right_transposed(b: Any, b_shape: tuple[int, ...]) -> Any:
    """Return bᵀ, of a 1-D b as a row."""
    return b[None, :] if len(b_shape) == 1 else np.matrix_transpose(b)


def left_transposed(a: Any, a_shape: tuple[int, ...]) -> Any:
    """Return aᵀ, of a 1-D a as a column."""
    return a[:, None] if len(a_shape) == 1 else np.matrix_transpose(a)


def as_right(g_b: Any, b_shape: tuple[int, ...]) -> Any:
    """Drop the column axis again where b is 1-D."""
    return g_b[..., 0] if len(b_shape) == 1 else g_b


def left_pulled(g: Any, b: Any, a_shape: tuple[int, ...], b_shape: tuple[int, ...]) -> Any:
    """Return g bᵀ; with vectors that is g b, or an outer product, and is printed so."""
    if len(a_shape) == len(b_shape) == 2:
        if type(g) is type(b) is np.ndarray:
            return g.dot(b.T)  # half a microsecond less than g @ b.T
        if type(b) is Tensor:  # without NumPy's dispatch
            return g @ b.mT
    match isinstance(g, Symbol), len(a_shape), len(b_shape):  # stacks have the general form
        case True, 1, 1:
            return g * b
        case True, 2, 1:
            return apply("outer", (g, b))
        case True, 1, 2:
            return b @ g
    return as_matrix(g, a_shape, b_shape) @ right_transposed(b, b_shape)


def right_pulled(g: Any, a: Any, a_shape: tuple[int, ...], b_shape: tuple[int, ...]) -> Any:
    """Return aᵀ g; with vectors that is g a, or an outer product, and is printed so."""
    if len(a_shape) == len(b_shape) == 2:
        if type(g) is type(a) is np.ndarray:
            return a.T.dot(g)
        if type(a) is Tensor:
            return a.mT @ g
    match isinstance(g, Symbol), len(a_shape), len(b_shape):
        case True, 1, 1:
            return g * a
        case True, 1, 2:
            return apply("outer", (a, g))
        case True, 2, 1:
            return np.matrix_transpose(a) @ g
    return as_right(left_transposed(a, a_shape) @ as_matrix(g, a_shape, b_shape), b_shape)


matmul.vjp(
    a=lambda g, b, a_shape, b_shape: left_pulled(g, b, a_shape, b_shape),
    b=lambda g, a, a_shape, b_shape: right_pulled(g, a, a_shape, b_shape),
)


@op(
    accumulates=True,
    symbol="vdot",
    latex=r"{a} \cdot {b}",
    bilinear=True,
    samples=("3 3", "2,3 6", "2,3 2,3", "_ _"),
)
def vdot(a: Any, b: Any) -> Any:
    """Sum of the products of all elements, in C order.

    Examples
    --------
    >>> from autograd import vdot
    >>> vdot([[1.0, 2.0]], [3.0, 4.0])
    np.float64(11.0)
    """
    return np.vdot(a, b)


vdot.vjp(
    a=lambda g, b, a_shape: g * np.reshape(b, a_shape),
    b=lambda g, a, b_shape: g * np.reshape(a, b_shape),
)


@op(
    accumulates=True,
    symbol="vecdot",
    bilinear=True,
    samples=("3 3", "2,3 2,3", "2,3 3", "2,3 1,3 axis=-1", "3,2 3,1 axis=0", "4,1,3 2,3"),
)
def vecdot(a: Any, b: Any, axis: int = -1) -> Any:
    """Dot products of the vectors along an axis; the other axes broadcast.

    Examples
    --------
    >>> from autograd import vecdot
    >>> vecdot([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0])
    array([3., 7.])
    """
    if axis >= 0 and np.ndim(a) != np.ndim(b):
        raise ValueError(
            "operands of different ranks need an axis counted from the end, such as -1"
        )
    product: Any = np.vecdot  # whose stub lacks axis=
    return product(np.asarray(a), np.asarray(b), axis=axis)


def along_axis(g: Any, axis: int, ndim: int) -> Any:
    """Put back the axis that was summed over."""
    return np.expand_dims(g, axis if axis < 0 else axis - ndim)


vecdot.vjp(
    a=lambda g, b, axis, a_shape: along_axis(g, axis, len(a_shape)) * b,
    b=lambda g, a, axis, b_shape: along_axis(g, axis, len(b_shape)) * a,
)


@op(
    accumulates=True,
    symbol="matvec",
    bilinear=True,
    samples=("2,3 3", "4,2,3 3", "2,3 4,3", "4,2,3 4,3"),
)
def matvec(a: Any, b: Any) -> Any:
    """Products of matrices, in the last two axes of a, with vectors, in the last axis of b.

    Examples
    --------
    >>> from autograd import matvec
    >>> matvec([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0])
    array([3., 7.])
    """
    return np.matvec(np.asarray(a), np.asarray(b))


@op(
    accumulates=True,
    symbol="vecmat",
    bilinear=True,
    samples=("2 2,3", "4,2 2,3", "2 4,2,3", "4,2 4,2,3"),
)
def vecmat(a: Any, b: Any) -> Any:
    """Products of vectors, in the last axis of a, with matrices, in the last two axes of b.

    Examples
    --------
    >>> from autograd import vecmat
    >>> vecmat([1.0, 1.0], [[1.0, 2.0], [3.0, 4.0]])
    array([4., 6.])
    """
    return np.vecmat(np.asarray(a), np.asarray(b))


def columns_times_rows(a: Any, b: Any) -> Any:
    """Return the outer products of the vectors in the last axes."""
    return np.expand_dims(a, -1) * np.expand_dims(b, -2)


matvec.vjp(a=lambda g, b: columns_times_rows(g, b), b=lambda g, a: vecmat(g, a))
vecmat.vjp(a=lambda g, b: matvec(b, g), b=lambda g, a: columns_times_rows(a, g))


@op(
    mixes="axis",
    symbol="×",
    text="cross({a}, {b})",
    latex=r"{a} \times {b}",
    samples=("3 3", "2,3 2,3", "2,3 3", "4,1,3 2,3", "3,2 3,2 axis=0"),
)
def cross_product(a: Any, b: Any, axis: int = -1) -> Any:
    """Cross product of vectors of three elements along an axis, the same of both: see `cross`.

    Examples
    --------
    >>> from autograd import cross_product
    >>> cross_product([1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    array([0., 0., 1.])
    """
    if axis >= 0 and np.ndim(a) != np.ndim(b):
        raise ValueError(
            "operands of different ranks need an axis counted from the end, such as -1"
        )
    return np.linalg.cross(np.asarray(a), np.asarray(b), axis=axis)


def crossed(x: Any, y: Any, axis: int, g: Any) -> Any:
    """Return x × y for a cotangent g among the two, whose zeros meet nothing but zeros."""
    if isinstance(x, Symbol) or isinstance(y, Symbol):
        return cross_product(x, y, axis=axis)
    found = cross_product(x, y, axis=axis)
    if not np.any(np.isnan(value_of(found))):
        return found
    zero = np.equal(value_of(g), 0)

    def product(i: int, j: int) -> Any:
        p, q, none = (
            np.take(v, [k], axis) for v, k in ((x, i), (y, j), (zero, i if x is g else j))
        )
        terms = p * q
        idle = none & ~np.isfinite(value_of(terms))
        return np.where(idle, 0.0, terms) if np.any(idle) else terms

    parts = [product(i, j) - product(j, i) for i, j in ((1, 2), (2, 0), (0, 1))]
    return np.concatenate(parts, axis=axis)


cross_product.vjp(
    a=lambda g, b, axis: crossed(b, g, axis, g),
    b=lambda g, a, axis: crossed(g, a, axis, g),
)


@composite(
    samples=(
        *("3 3", "2,3 2,3", "4,1,3 2,3", "3,2 3,2 axis=0", "3,2 2,3 axisa=0", "2,3 3,2 axisb=0"),
        *("2,3 2,3 axisc=0", "3,2 3 axisa=0 axisc=0"),
    )
)
def cross(
    a: Any,
    b: Any,
    axisa: int = -1,
    axisb: int = -1,
    axisc: int = -1,
    axis: int | None = None,
) -> Any:
    """Cross product of vectors of three elements.

    Parameters
    ----------
    a, b : Tensor or array_like
        Vectors along the axes `axisa` and `axisb`; the other axes broadcast.
    axisa, axisb, axisc : int
        Where the vectors are in a, in b and in the result.
    axis : int, optional
        One for all three.

    Examples
    --------
    >>> from autograd import cross
    >>> cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    array([0., 0., 1.])
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = arrayed(a), arrayed(b)
    a = a if axisa == -1 else np.moveaxis(a, axisa, -1)
    b = b if axisb == -1 else np.moveaxis(b, axisb, -1)
    made = cross_product(a, b)
    return made if axisc == -1 else np.moveaxis(made, -1, axisc)


@composite(samples=("2 3", "2,3 2,2", "2 2,2", "_ 3"))
def kron(a: Any, b: Any) -> Any:
    """Kronecker product: b, times each element of a, in blocks.

    Examples
    --------
    >>> from autograd import kron
    >>> kron([1.0, 10.0], [1.0, 2.0])
    array([ 1.,  2., 10., 20.])
    """
    n = max(np.ndim(a), np.ndim(b))
    blocks = np.reshape(a, (1,) * (n - np.ndim(a)) + np.shape(a))
    inner = np.reshape(b, (1,) * (n - np.ndim(b)) + np.shape(b))
    shape = [p * q for p, q in zip(np.shape(blocks), np.shape(inner), strict=True)]
    left = np.expand_dims(blocks, tuple(range(1, 2 * n, 2)))
    right = np.expand_dims(inner, tuple(range(0, 2 * n, 2)))
    return np.reshape(left * right, shape)


@composite(
    samples=("arrays:2,3|3,4", "arrays:2,3|3,4|4,2", "arrays:3|3,4|4", "arrays:2,3|3,2|2,4|4,1")
)
def multi_dot(arrays: Any) -> Any:
    """Matrix product of a sequence of arrays, in the order that costs the fewest operations.

    The first and the last may be vectors.

    Examples
    --------
    >>> from autograd import multi_dot
    >>> multi_dot([[1.0, 2.0], [[1.0, 0.0], [0.0, 1.0]], [3.0, 4.0]])
    np.float64(11.0)
    """
    factors = list(arrays)
    if len(factors) < 2:
        raise ValueError("needs at least two arrays")
    ends = [np.ndim(factors[0]) == 1, np.ndim(factors[-1]) == 1]
    if ends[0]:
        factors[0] = np.reshape(factors[0], (1, -1))
    if ends[1]:
        factors[-1] = np.reshape(factors[-1], (-1, 1))
    if any(np.ndim(f) != 2 for f in factors):
        raise ValueError("needs matrices, and vectors only at the ends")
    product = _in_order(factors, _cheapest([np.shape(f) for f in factors]), 0, len(factors) - 1)
    shape = tuple(n for n, gone in zip(np.shape(product), ends, strict=True) if not gone)
    return np.reshape(product, shape)[()] if any(ends) else product


def _cheapest(shapes: list[tuple[int, ...]]) -> dict[tuple[int, int], int]:
    """Return where to cut each run of factors (Cormen et al., Introduction to Algorithms, 15.2)."""
    n, lengths = len(shapes), [shapes[0][0], *(s[1] for s in shapes)]
    cost: dict[tuple[int, int], int] = {(i, i): 0 for i in range(n)}
    cut: dict[tuple[int, int], int] = {}
    for span in range(1, n):
        for i in range(n - span):
            j = i + span
            cost[i, j], cut[i, j] = min(
                (cost[i, k] + cost[k + 1, j] + lengths[i] * lengths[k + 1] * lengths[j + 1], k)
                for k in range(i, j)
            )
    return cut


def _in_order(factors: list[Any], cut: dict[tuple[int, int], int], i: int, j: int) -> Any:
    if i == j:
        return factors[i]
    k = cut[i, j]
    return _in_order(factors, cut, i, k) @ _in_order(factors, cut, k + 1, j)
