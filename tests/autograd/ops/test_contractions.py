"""Einsum with repeated labels, ellipses, implicit output and labels that Hypothesis draws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from tests.autograd.helpers import (
    assert_gradients_by_linearity,
    by_linearity,
    examples,
    holds,
    layouts,
    leaf,
    seeds,
    values,
    weights,
)

EINSUMS: list[tuple[str, list[tuple[int, ...]]]] = [
    # repeated indices
    ("ii->", [(3, 3)]),
    ("ii->i", [(3, 3)]),
    ("iii->i", [(2, 2, 2)]),
    ("iij->j", [(2, 2, 3)]),
    ("iij,j->i", [(2, 2, 3), (3,)]),
    ("ii,ij->j", [(2, 2), (2, 3)]),
    ("iijj->ij", [(2, 2, 3, 3)]),
    # lone sums
    ("ij->", [(2, 3)]),
    ("ij->j", [(2, 3)]),
    ("ij,k->j", [(2, 3), (4,)]),
    ("ij,jk->k", [(2, 3), (3, 4)]),
    ("i,j->", [(2,), (3,)]),
    # ellipsis
    ("...->...", [(2, 3)]),
    ("...ij->...ji", [(2, 3, 4)]),
    ("...ii->...i", [(2, 3, 3)]),
    ("...ij,...jk->...ik", [(2, 3, 4), (2, 4, 2)]),
    ("...i,...i->...", [(2, 3), (3,)]),
    ("...ij,jk->...ik", [(2, 1, 2, 3), (3, 2)]),
    ("i...,i...->...", [(2, 3), (2, 1)]),
    ("i...->...", [(2, 3, 2)]),
    ("...ij,...j", [(2, 2, 3), (2, 3)]),
    # implicit output
    ("ij,jk", [(2, 3), (3, 4)]),
    ("ba", [(2, 3)]),
    ("ii", [(3, 3)]),
    ("ij,ij", [(2, 3), (2, 3)]),
    ("i,j", [(2,), (3,)]),
    ("ji,kj", [(2, 3), (4, 2)]),
    # and the rest
    (",i->i", [(), (3,)]),
    ("ij,jk,kl->il", [(2, 3), (3, 2), (2, 4)]),
    ("i,i,i->i", [(3,), (3,), (3,)]),
    ("ij,kj->ik", [(2, 3), (4, 3)]),
    ("ij, jk -> ik", [(2, 3), (3, 2)]),
    ("ij,jk->ik", [(2, 0), (0, 3)]),
    ("ij,ij->ij", [(1, 3), (2, 3)]),
]


@pytest.mark.parametrize(("subscripts", "shapes"), EINSUMS, ids=[s for s, _ in EINSUMS])
def test_einsum(subscripts: str, shapes: Any) -> None:
    assert_gradients_by_linearity(lambda *xs: np.einsum(subscripts, *xs), shapes)


@pytest.mark.parametrize("subscripts", ["ij,ij->", "ij,jk->ik", "ij,ji->", "ij,kj->ik", "ii,jj->"])
def test_einsum_of_the_same_operand_twice(subscripts: str) -> None:
    a = np.array([[1.0, 2.0], [3.0, 5.0]])
    w = weights(np.einsum(subscripts, a, a).shape)
    x = leaf(a)
    np.einsum(subscripts, x, x).backward(w)
    first, second = by_linearity(lambda p, q: np.einsum(subscripts, p, q), [a, a], w)
    np.testing.assert_array_equal(x.grad, first + second)


@examples
@given(st.data(), layouts, seeds)
def test_einsum_of_drawn_labels(data: Any, layout: str, seed: int) -> None:
    sizes = {"i": 2, "j": 3, "k": 1, "l": 2}
    terms = data.draw(st.lists(st.text("ijkl", min_size=0, max_size=3), min_size=1, max_size=3))
    used = sorted(set("".join(terms)))
    out = "".join(data.draw(st.lists(st.sampled_from(used), unique=True)) if used else [])
    arrays = [values(tuple(sizes[c] for c in t), seed + k) for k, t in enumerate(terms)]
    holds(lambda *xs: np.einsum(f"{','.join(terms)}->{out}", *xs), arrays, layout)
