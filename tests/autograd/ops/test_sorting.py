"""Ties in a sort follow the stable permutation."""

from __future__ import annotations

import numpy as np

from tests.autograd.helpers import leaf


def test_sort_ties_follow_the_stable_permutation() -> None:
    x = leaf([2.0, 1.0, 2.0, 1.0])
    y = np.sort(x)
    np.testing.assert_array_equal(y.data, [1.0, 1.0, 2.0, 2.0])
    y.backward([1.0, 10.0, 100.0, 1000.0])  # of elements 1, 3, 0, 2
    np.testing.assert_array_equal(x.grad, [100.0, 1.0, 1000.0, 10.0])
    many = leaf(np.arange(200.0) % 2)  # more than an insertion sort takes
    np.sort(many).backward(np.arange(200.0))
    expected = np.empty(200)
    expected[0::2], expected[1::2] = np.arange(100.0), np.arange(100.0, 200.0)
    np.testing.assert_array_equal(many.grad, expected)
    columns = leaf([[1.0, 1.0], [1.0, 0.0]])
    np.sort(columns, axis=0).backward([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(columns.grad, [[1.0, 4.0], [3.0, 2.0]])
    flat = leaf([[1.0, 0.0], [1.0, 0.0]])
    np.sort(flat, axis=None).backward([1.0, 2.0, 3.0, 4.0])
    np.testing.assert_array_equal(flat.grad, [[3.0, 1.0], [4.0, 2.0]])
