"""Sums of products: einsum in every form, and the products of tensors that are cases of it."""

from __future__ import annotations

import string
from typing import Any

import numpy as np

from autograd.op import composite, op

from_engine = True

Labels = tuple[list[str], str]  # of the operands, and of the result


@op(
    accumulates=True,
    symbol="einsum",
    text='einsum("{subscripts}", {*operands})',
    latex=r"\operatorname{einsum}(\text{{subscripts}}, {*operands})",
    bilinear=True,
    samples=(
        "2,3 3,4 subscripts='ij,jk->ik'",
        "2,3 subscripts='ij->'",
        "2,3 subscripts='ij->j'",
        "3,3 subscripts='ii->'",
        "3,3 subscripts='ii->i'",
        "3,3 3 subscripts='ii,i'",
        "2,3 3,4 subscripts='ij,jk'",
        "2,3 subscripts='ji'",
        "2,3,4 subscripts='...ij->...ji'",
        "5,2,3 5,3,4 subscripts='...ij,...jk->...ik'",
        "5,2,3 3,4 subscripts='...ij,jk'",
        "3 3 3 subscripts='i,i,i->i'",
        "1,3 2,3 subscripts='ij,ij->ij'",
        "_ 2 subscripts=',i->i'",
        "2,2,2 subscripts='iij->j'",
    ),
)
def einsum(*operands: Any, subscripts: str) -> Any:
    """Sum products of operands over the indices that the result lacks.

    Called as ``np.einsum("ij,jk->ik", a, b)``, or ``einsum([a, b], subscripts="ij,jk->ik")``.

    Examples
    --------
    >>> from autograd import einsum
    >>> einsum([[1.0, 2.0], [3.0, 4.0]], subscripts="i,i->")
    np.float64(11.0)
    """
    if not isinstance(subscripts, str):
        raise TypeError(f"subscripts need to be text such as 'ij,jk->ik', got {subscripts!r}")
    if any(0 in np.shape(x) for x in operands):  # NumPy lets lengths that differ pass there
        named, _ = labelled(subscripts, tuple(map(np.shape, operands)))
        lengths: dict[str, int] = {}
        for term, x in zip(named, operands, strict=False):
            for label, n in zip(term, np.shape(x), strict=False):
                if n != 1 and lengths.setdefault(label, n) != n:
                    raise ValueError(f"index {label!r} has the lengths {lengths[label]} and {n}")
    return np.einsum(subscripts, *operands, optimize=len(operands) > 1)


def labelled(subscripts: str, shapes: tuple[tuple[int, ...], ...]) -> Labels:
    """Return the labels of operands and result, with ellipses and implicit results written out."""
    left, arrow, right = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    free = [c for c in string.ascii_letters if c not in subscripts]
    room = [len(s) - len(t.replace("...", "")) for t, s in zip(terms, shapes, strict=True)]
    longest = max([r for t, r in zip(terms, room, strict=True) if "..." in t], default=0)
    dots = "".join(free[:longest])
    named = [
        t.replace("...", dots[len(dots) - r :]) if "..." in t else t
        for t, r in zip(terms, room, strict=True)
    ]
    if arrow:
        return named, right.replace("...", dots)
    plain = "".join(t.replace("...", "") for t in terms)
    return named, dots + "".join(c for c in sorted(set(plain)) if plain.count(c) == 1)


def einsum_cotangent(
    g: Any, i: int, operands: Any, shapes: tuple[tuple[int, ...], ...], subscripts: str
) -> Any:
    """Return the cotangent of operand i: one more einsum, of g with the other operands.

    An index that only this operand has, or for which the others have length 1, is met by ones. An
    index that it has twice belongs to its diagonal: the second one gets a label of its own, tied to
    the first by an identity matrix.
    """
    named, result = labelled(subscripts, shapes)
    met = set(result)
    for k, term in enumerate(named):
        met |= {c for c, n in zip(term, shapes[k], strict=True) if k != i and n > 1}
    others = [x for k, x in enumerate(operands) if k != i]
    terms = [result, *(t for k, t in enumerate(named) if k != i)]
    free = [c for c in string.ascii_letters if c not in "".join([*named, result])]
    wanted = ""
    extra: list[Any] = []
    for label, n in zip(named[i], shapes[i], strict=True):
        if label in wanted:
            twin = free.pop()
            terms.append(label + twin)
            extra.append(np.eye(n))
            wanted += twin
        else:
            if label not in met and (n != 1 or not any(label in term for term in terms)):
                terms.append(label)
                extra.append(np.ones(n))
            wanted += label
    return einsum([g, *others, *extra], subscripts=f"{','.join(terms)}->{wanted}")


einsum.vjp(
    operands=lambda g, i, operands, operands_shape, subscripts: einsum_cotangent(
        g, i, operands, operands_shape, subscripts
    )
)


def pair(a: str, b: str, out: str) -> tuple[str, str]:
    """Return the subscripts of the two cotangents of a product with these labels."""
    return f"{out},{b}->{a}", f"{out},{a}->{b}"


def inner_pair(a_shape: tuple[int, ...], b_shape: tuple[int, ...]) -> tuple[str, str]:
    """Label `inner`: the last index of both; a number is a factor."""
    a, b = "abcdefgh"[: len(a_shape)], "ijklmnop"[: len(b_shape)]
    if a and b:
        return pair(a, b[:-1] + a[-1], a[:-1] + b[:-1])
    return pair(a, b, a + b)


def tensordot_pair(
    a_shape: tuple[int, ...], b_shape: tuple[int, ...], axes: Any
) -> tuple[str, str]:
    """Label `tensordot`: the axes that are summed have one label in both."""
    a, b = list("abcdefgh"[: len(a_shape)]), list("ijklmnop"[: len(b_shape)])
    if isinstance(axes, int):
        axes = (range(len(a) - axes, len(a)), range(axes))
    first, second = ([x] if isinstance(x, int) else list(x) for x in axes)
    for one, two in zip(first, second, strict=True):
        b[two] = a[one]
    out = [c for c in a if c not in b] + [c for c in b if c not in a]
    return pair("".join(a), "".join(b), "".join(out))


@op(
    accumulates=True,
    symbol="inner",
    bilinear=True,
    samples=("3 3", "2,3 3", "2,3 4,3", "_ 3", "2,3 _"),
)
def inner(a: Any, b: Any) -> Any:
    """Product over the last axis of both.

    Examples
    --------
    >>> from autograd import inner
    >>> inner([1.0, 2.0], [3.0, 4.0])
    np.float64(11.0)
    """
    return np.inner(a, b)


inner.vjp(
    a=lambda g, b, a_shape, b_shape: einsum([g, b], subscripts=inner_pair(a_shape, b_shape)[0]),
    b=lambda g, a, a_shape, b_shape: einsum([g, a], subscripts=inner_pair(a_shape, b_shape)[1]),
)


@op(symbol="⊗", binds=20, bilinear=True, latex=r"{a} \otimes {b}", samples=("3 2", "2,2 3", "_ 2"))
def outer(a: Any, b: Any) -> Any:
    """Products of all pairs of elements, of the flattened operands.

    Examples
    --------
    >>> from autograd import outer
    >>> outer([1.0, 2.0], [3.0, 4.0])
    array([[3., 4.],
           [6., 8.]])
    """
    return np.outer(a, b)


outer.vjp(
    a=lambda g, b, a_shape: np.reshape(g @ np.ravel(b), a_shape),
    b=lambda g, a, b_shape: np.reshape(np.ravel(a) @ g, b_shape),
)


@op(
    accumulates=True,
    symbol="tensordot",
    bilinear=True,
    samples=(
        "2,3 2,3",
        "2,3 3,4 axes=1",
        "2,3 4 axes=0",
        "2,3,4 4,3,5 axes=([1,2],[1,0])",
        "2,3 3,2 axes=(0,1)",
        "2,3,4 3,2 axes=((1,0),(0,-1))",
    ),
)
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """Sum products over pairs of axes: the last ones of a and the first of b, or those named.

    Examples
    --------
    >>> from autograd import tensordot
    >>> tensordot([1.0, 2.0], [3.0, 4.0], 1)
    np.float64(11.0)
    """
    return np.tensordot(a, b, axes)


tensordot.vjp(
    a=lambda g, b, a_shape, b_shape, axes: einsum(
        [g, b], subscripts=tensordot_pair(a_shape, b_shape, axes)[0]
    ),
    b=lambda g, a, a_shape, b_shape, axes: einsum(
        [g, a], subscripts=tensordot_pair(a_shape, b_shape, axes)[1]
    ),
)


@composite(samples=("3 3", "2,3 3", "3 3,2", "2,3 3,4", "2,3 5,3,4", "2,3,4 4", "_ 3", "2,3 _"))
def dot(a: Any, b: Any) -> Any:
    """Product over the last axis of a and the last but one of b; of two vectors, a number.

    Examples
    --------
    >>> from autograd import dot
    >>> dot([1.0, 2.0], [3.0, 4.0])
    np.float64(11.0)
    """
    m, n = np.ndim(a), np.ndim(b)
    if not (m and n):
        return np.multiply(a, b)
    if max(m, n) <= 2:
        return np.matmul(a, b)
    return np.tensordot(a, b, ((m - 1,), (max(n - 2, 0),)))
