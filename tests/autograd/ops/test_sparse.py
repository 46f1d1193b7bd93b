"""Products with sparse matrices record, to second order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse

from autograd import GradientError, check_gradients, grad
from tests.autograd.helpers import leaf


@pytest.mark.parametrize("make", [scipy.sparse.csr_matrix, scipy.sparse.csc_array])
def test_products_with_sparse_matrices_record(make: Any) -> None:
    dense = np.array([[1.0, 0.0, 2.0], [0.0, 3.0, 0.0]])
    S = make(dense)
    for f, g, x in (
        (lambda v: S @ v, lambda v: dense @ v, np.array([1.0, 2.0, 3.0])),
        (lambda v: S @ v, lambda v: dense @ v, np.arange(6.0).reshape(3, 2)),
        (lambda v: v @ S, lambda v: v @ dense, np.array([1.0, 2.0])),
        (lambda v: v @ S, lambda v: v @ dense, np.arange(4.0).reshape(2, 2)),
    ):
        cost = grad(lambda v, f=f: (f(v) ** 2).sum())
        np.testing.assert_allclose(cost(x), grad(lambda v, g=g: (g(v) ** 2).sum())(x), rtol=1e-15)
        assert check_gradients(lambda v, f=f: (f(v) ** 2).sum(), x, order=2)
    t = leaf([1.0, 2.0, 3.0])
    y = S @ t
    S.data[:] = 0  # what was recorded is a copy
    y.sum().backward()
    np.testing.assert_array_equal(t.grad, dense.sum(axis=0))
    with pytest.raises((GradientError, TypeError)):  # elementwise products are no product of ours
        S.multiply(t)
