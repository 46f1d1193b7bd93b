"""Products of matrices and vectors of all ranks, the order of long products, and cross products."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, strategies as st

import autograd
from autograd import ShapeError, Tensor, grad, graph, hessian, jvp
from tests.autograd.helpers import (
    assert_gradients_by_linearity,
    examples,
    holds,
    layouts,
    leaf,
    seeds,
    values,
)

RANKS = {1: (3,), 2: (2, 3), 3: (4, 2, 3), 4: (5, 4, 2, 3)}
RANKS_RIGHT = {1: (3,), 2: (3, 2), 3: (4, 3, 2), 4: (5, 4, 3, 2)}
MATMULS = [
    *[(RANKS[i], RANKS_RIGHT[j]) for i in RANKS for j in RANKS],
    # batches that broadcast
    *[((1, 2, 3), (4, 3, 2)), ((4, 2, 3), (1, 3, 2)), ((5, 1, 2, 3), (4, 3, 1))],
    *[((5, 1, 1, 3), (1, 4, 3, 1)), ((1, 1, 3), (3,)), ((3,), (1, 4, 3, 2))],
    # an inner dimension of 0, and others
    *[((2, 0), (0, 3)), ((0,), (0,)), ((2, 0), (0,)), ((0,), (0, 3)), ((4, 2, 0), (0, 3))],
    *[((0, 2), (2, 3)), ((2, 3), (3, 0)), ((0, 2, 3), (3, 2)), ((0, 2, 3), (1, 3, 2))],
]


@pytest.mark.parametrize(("left", "right"), MATMULS, ids=str)
def test_matmul_of_every_rank_pair_and_batch(left: Any, right: Any) -> None:
    assert_gradients_by_linearity(lambda a, b: a @ b, [left, right])


@examples
@given(st.data(), layouts, seeds)
def test_matrix_products_of_every_pair_of_ranks(data: Any, layout: str, seed: int) -> None:
    drawn = data.draw(
        hnp.mutually_broadcastable_shapes(
            signature="(m?,n),(n,p?)->(m?,p?)", max_dims=2, max_side=3
        )
    )
    a, b = drawn.input_shapes
    holds(np.matmul, [values(a, seed), values(b, seed + 1)], layout)


@pytest.mark.parametrize(
    ("a", "b", "said"),
    [
        ((3, 4), (5, 6), "the inner lengths 4 and 5 must agree"),
        ((3, 4), (5,), "the inner lengths 4 and 5 must agree"),
        ((4,), (5,), "the inner lengths 4 and 5 must agree"),
        ((2, 3, 4), (2, 5, 4), "the inner lengths 4 and 5 must agree"),
        ((3, 4), (), "matmul: got shapes (3, 4) and ()"),
    ],
)
def test_a_product_that_does_not_fit_names_the_lengths(a: Any, b: Any, said: str) -> None:
    with pytest.raises(ShapeError) as error:
        leaf(np.ones(a)) @ np.ones(b)
    assert said in str(error.value)
    assert ("inner lengths" in str(error.value)) is ("inner" in said)


def test_stacks_that_do_not_broadcast_are_named_as_such() -> None:
    with pytest.raises(ShapeError, match=r"the stacks \(2,\) and \(3,\) must broadcast"):
        leaf(np.ones((2, 3, 3))) @ np.ones((3, 3, 3))


@pytest.mark.parametrize(
    ("shapes", "largest"),
    [
        ([(2, 50), (50, 3), (3, 50)], 6),
        ([(50, 2), (2, 60), (60, 2)], 4),
        ([(2, 40), (40, 3), (3, 40), (40, 2)], 6),
        ([(40, 2), (2, 30), (30, 3), (3, 50)], 100),
    ],
)
def test_products_are_taken_in_the_cheapest_order(shapes: Any, largest: int) -> None:
    rng = np.random.default_rng(0)
    matrices = [Tensor(rng.normal(size=s), requires_grad=True) for s in shapes]
    y = np.linalg.multi_dot(matrices)
    np.testing.assert_allclose(y.data, np.linalg.multi_dot([m.data for m in matrices]), rtol=1e-12)
    inner = [n.shape for n in graph(y) if n.kind == "op" and n.shape != y.shape]
    assert max(r * c for r, c in inner) == largest


def test_a_product_of_many_matrices_is_taken_in_the_cheapest_order() -> None:
    """The example of Cormen et al., Introduction to Algorithms, 15.2: (A1(A2A3))((A4A5)A6)."""
    sides = [30, 35, 15, 5, 10, 20, 25]
    factors = [
        Tensor(np.ones((m, n)), name=f"A{i + 1}", requires_grad=True)
        for i, (m, n) in enumerate(pairwise(sides))
    ]
    nodes = autograd.graph(np.linalg.multi_dot(factors)).nodes

    def order(i: int) -> str:
        node = nodes[i]
        return node.label if not node.op else f"({''.join(order(p) for p in node.parents)})"

    assert order(len(nodes) - 1) == "((A1(A2A3))((A4A5)A6))"


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_cross_product_beside_what_is_not_finite(bad: float) -> None:
    """(c × x)₁ is c₂ x₀ − c₀ x₂, without c₁."""
    x, v = np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0]) / 3
    H = 2 * np.array([[1.0, 0, -1], [0, 0, 0], [-1, 0, 1]])
    for f in (lambda x: np.cross([1, bad, 1], x)[1], lambda x: -np.linalg.cross(x, [1, bad, 1])[1]):
        g = lambda x, f=f: f(x) ** 2  # noqa: E731
        np.testing.assert_allclose(grad(g)(x), [-4.0, 0.0, 4.0], rtol=1e-15)
        np.testing.assert_allclose(hessian(g)(x), H, rtol=1e-15)
        np.testing.assert_allclose(jvp(grad(g), (x,), (v,))[1], H @ v, rtol=1e-15)
