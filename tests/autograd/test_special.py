"""Functions of others: scipy.special, sparse matrices, ufuncs and operators that are not ours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse
import scipy.special

from autograd import OPS, Tensor, check_gradients, grad
from autograd.ops.special import SCIPY
from tests.autograd.helpers import leaf


@pytest.mark.parametrize("name", sorted(SCIPY))
def test_a_function_of_scipy_records_and_has_its_gradient(name: str) -> None:
    f = getattr(scipy.special, name)
    x = np.array([0.2, 0.5, 0.7])
    operands = (2, x) if name in ("jv", "iv") else (x,) if f.nin == 1 else (x, x[::-1] + 0.1)
    tracked = [Tensor(v, requires_grad=True) if isinstance(v, np.ndarray) else v for v in operands]
    y = f(*tracked)
    assert isinstance(y, Tensor)
    assert y.requires_grad
    np.testing.assert_allclose(y.data, f(*operands), rtol=2e-15)
    moving = [v for v in operands if isinstance(v, np.ndarray)]
    fixed = operands[: len(operands) - len(moving)]
    report = check_gradients(lambda *xs: f(*fixed, *xs), *moving, order=2)
    assert report, report


def test_one_that_has_no_rule_is_refused_by_its_right_name() -> None:
    t = leaf([0.3])
    with pytest.raises(TypeError, match=r"^scipy\.special\.erfcx: has no derivative rule"):
        scipy.special.erfcx(t)
    np.testing.assert_array_equal(
        scipy.special.erfcx(t.detach()), scipy.special.erfcx(np.array([0.3]))
    )
    with pytest.raises(Exception, match=r"^scipy\.special\.softmax .*autograd\.softmax"):
        scipy.special.softmax(t)


def test_a_ufunc_of_another_name_space_is_not_taken_for_ours() -> None:
    made = np.frompyfunc(lambda x: 10 * x, 1, 1)  # somebody's ufunc, with a name that an op has
    assert "relu" in OPS

    class Fake:
        __name__ = "relu"

    assert made.__name__ != "relu"
    with pytest.raises(TypeError, match="not NumPy's"):
        made(leaf([1.0]))
    assert made(Tensor([0.5]))[0] == 5.0


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


def test_other_objects_have_the_word_in_their_operators() -> None:
    class Unit:
        def __rmul__(self, other: Any) -> Any:
            return "unit", other

        def __radd__(self, other: Any) -> Any:
            return "sum", other

    t = leaf([1.0])
    assert (t * Unit())[0] == "unit"
    assert (t + Unit())[1] is t
    with pytest.raises(TypeError):
        t - Unit()
    with pytest.raises(TypeError, match="real numbers"):
        t * None
