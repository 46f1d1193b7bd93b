"""What an op records: which values it keeps, copies, constants, dtypes, and what it says."""

from __future__ import annotations

import operator
import warnings
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import (
    DTypeError,
    GradientError,
    RuleError,
    ShapeError,
    Tensor,
    graph,
    no_grad,
    op,
)
from autograd.operands import frozen
from autograd.state import complex_step
from tests.autograd.helpers import leaf

# -- What is kept ----------------------------------------------------------------------------------


def test_only_what_a_rule_that_will_run_reads_is_kept() -> None:
    x, c = leaf([1.0, 2.0]), np.array([3.0, 4.0])
    a, b = (x * c)._node.saved
    assert a is None
    np.testing.assert_array_equal(b, c)
    a, b = (c * x)._node.saved
    np.testing.assert_array_equal(a, c)
    assert b is None
    a, b = (x * x)._node.saved
    assert a is b is x._value


def test_constants_are_remembered_only_where_an_operand_is_one() -> None:
    x = leaf([1.0, 2.0])
    assert (x * x)._node.constants == ()
    first, second = (x * np.array([3.0, 4.0]))._node.constants
    assert first is None
    np.testing.assert_array_equal(second.value, [3.0, 4.0])


def test_one_tensor_is_one_constant() -> None:
    x, c = leaf([1.0, 2.0]), Tensor([3.0, 4.0])
    assert sum(n.kind == "constant" for n in graph(x * c + x * c)) == 1


def test_only_what_could_change_is_copied() -> None:
    a = np.arange(6.0)
    assert frozen(a) is not a
    a.flags.writeable = False
    assert frozen(a) is a
    part = a[:3]
    assert frozen(part) is part
    below = np.arange(6.0)
    view = below[:3]
    view.flags.writeable = False  # its base can still be written to
    assert frozen(view) is not view
    borrowed = np.frombuffer(b"12345678" * 2)  # read-only, of memory that is not NumPy's
    assert frozen(borrowed) is not borrowed
    assert frozen((1, [a, {"k": np.int64(3)}])) == (1, [a, {"k": 3}])
    t = Tensor(1.0)
    with pytest.raises(DTypeError, match="leaky_relu: slope needs a plain value, got a Tensor"):
        autograd.leaky_relu(leaf([1.0]), slope=[t])


# -- Numbers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "dtype"),
    [
        (lambda h, s: np.sum(h), np.float16),
        (lambda h, s: np.concatenate([h, h]), np.float16),
        (lambda h, s: np.einsum("i,i->", h, h), np.float16),
        (lambda h, s: np.einsum("i,i->", h, s), np.float32),
        (lambda h, s: np.matmul(h, s), np.float32),
        (lambda h, s: np.concatenate([h, s]), np.float32),
    ],
)
def test_halves_stay_halves_and_meet_singles_as_singles(call: Any, dtype: Any) -> None:
    h, s = np.float16([1.0, 2.0]), np.float32([3.0, 4.0])
    assert call(leaf(h), leaf(s)).dtype == dtype
    assert call(leaf(h), s).dtype == dtype
    assert call(h, s).dtype == dtype


def test_sums_of_many_halves_do_not_stop_at_2048() -> None:
    ones = np.ones(5000, np.float16)
    assert float(np.sum(leaf(ones)).data) == 5000 // 4 * 4
    assert float(np.einsum("i,i->", leaf(ones), ones).data) == 5000 // 4 * 4


def test_complex_numbers_are_for_the_complex_step_alone() -> None:
    from autograd import sin, sum

    with pytest.raises(DTypeError, match="needs real numbers, got ndarray of dtype complex128"):
        sin(np.array([1.0 + 1j]))
    with no_grad(), complex_step():
        assert sin(np.array([1.0 + 1e-30j]))[0].imag == np.cos(1.0) * 1e-30
        assert sum(np.array([1.0, 1e-30j])).imag == 1e-30
        with pytest.raises(DTypeError, match="needs real numbers"):
            sin(np.array(["a"]))
    with pytest.raises(DTypeError, match="needs real numbers"):
        sin(np.array([1.0 + 1j]))


# -- Messages --------------------------------------------------------------------------------------


def test_an_attribute_that_is_missing_in_a_forward_function_is_said_as_it_is(registry: Any) -> None:
    @op(symbol="odd", samples=())
    def odd(a):
        return a.nothing

    with pytest.raises(AttributeError, match="nothing"):
        odd(leaf([1.0]))

    @op(symbol="plain", samples=())
    def plain(a):
        return 2.0

    plain.vjp(a=lambda g: g)
    with pytest.raises(RuleError, match="needs to return an array"):
        plain(leaf([1.0]))


# -- Tensors ---------------------------------------------------------------------------------------


def test_a_constant_keeps_its_name_and_its_weakness_when_it_is_assigned_or_named() -> None:
    c = Tensor([1.0, 2.0], name="c")
    c.data = [3.0, 4.0]
    assert c.name == "c"
    g = graph(leaf([1.0, 1.0], "x") * c)
    (constant,) = (n for n in g if n.kind == "constant")
    assert constant.label == "c"
    np.testing.assert_array_equal(constant.value, [3.0, 4.0])
    unnamed = Tensor([1.0, 2.0])
    unnamed.data = [5.0, 6.0]
    assert unnamed.name is None
    assert Tensor([1.0]).named("d").name == "d"
    # A Python number takes the dtype of what it meets, whatever is done to it.
    single = leaf(np.float32([1.0]))
    number = Tensor(2.0)
    assert (single * number).dtype == np.float32
    number.data = 3.0
    assert (single * number).dtype == np.float32
    assert (single * number.named("n")).dtype == np.float32
    assert (single * Tensor(np.float64(2.0)).named("n")).dtype == np.float64


def test_arrays_are_views_or_copies_as_numpy_asks() -> None:
    t = Tensor([1.0, 2.0])
    view = np.asarray(t, copy=False)
    assert np.shares_memory(view, t.data)
    assert not view.flags.writeable
    copied = np.array(t, copy=True)
    assert not np.shares_memory(copied, t.data)
    copied[0] = 7.0
    assert t.data[0] == 1.0
    assert np.asarray(t, dtype=np.float32).dtype == np.float32
    assert np.asarray(t, dtype=np.float64, copy=False).dtype == np.float64
    with pytest.raises(ValueError, match=r"float64 to .*float32.* cannot be without copy"):
        np.asarray(t, dtype=np.float32, copy=False)


def test_only_a_whole_number_is_an_index() -> None:
    assert operator.index(Tensor(3)) == 3
    assert [10, 20, 30][Tensor(True)] == 20
    for wrong in (Tensor(2.0), Tensor([1]), Tensor([[1]])):
        with pytest.raises(TypeError, match="is not an index"):
            operator.index(wrong)


def test_the_repr_shows_twenty_elements_and_of_more_two_at_each_end() -> None:
    assert "..." not in repr(Tensor(np.arange(20.0)))
    assert repr(Tensor(np.arange(21.0))) == "Tensor([ 0.,  1., ..., 19., 20.])"


def test_forgetting_a_gradient_that_cannot_be_is_no_error() -> None:
    Tensor(2.0).zero_grad()
    y = leaf(2.0) * 3.0
    y.zero_grad()
    y.backward()


def test_what_is_no_real_number_says_why() -> None:
    with pytest.raises(DTypeError, match=r"got complex128: complex numbers are not different"):
        Tensor([1.0 + 2j])
    with pytest.raises(DTypeError, match=r"needs real numbers, got <U1; pass floats"):
        Tensor(["a"])


def test_the_warning_of_a_missing_gradient_points_at_the_users_line() -> None:
    y = leaf(2.0) * 3.0
    y.backward()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert y.grad is None
    (warning,) = caught
    assert warning.filename == __file__


# -- Modes -----------------------------------------------------------------------------------------


def test_a_generator_in_a_mode_may_handle_what_is_thrown_into_it() -> None:
    @no_grad()
    def numbers() -> Any:
        x = leaf(2.0)
        try:
            yield x * 2.0
        except KeyError:
            yield x * 3.0
        return "end"

    running = numbers()
    assert not next(running).requires_grad
    thrown = running.throw(KeyError("stop"))
    assert (thrown.data, thrown.requires_grad) == (6.0, False)
    with pytest.raises(StopIteration) as end:
        next(running)
    assert end.value.value == "end"


def test_a_gradient_may_be_put_in_its_place() -> None:
    x = leaf([1.0, 2.0], dtype=np.float32)
    x.grad = [3.0, 4.0]
    assert type(x.grad) is np.ndarray
    assert x.grad.dtype == np.float32
    (x * 2.0).sum().backward()
    np.testing.assert_array_equal(x.grad, [5.0, 6.0])
    x.grad = None
    assert x.grad is None
    with pytest.raises(ShapeError, match=r"needs shape \(2,\), got \(3,\)"):
        x.grad = np.ones(3)
    with pytest.raises(GradientError):
        Tensor(2.0).grad = 1.0


def test_products_with_np_matrix_are_refused_where_they_would_be_of_elements() -> None:
    M = leaf([[1.0, 2.0], [3.0, 4.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        m = np.matrix([[1.0, 2.0], [3.0, 4.0]])
    for product in (lambda: M * m, lambda: m * M):
        with pytest.raises(DTypeError, match=r"np\.asarray\(m\)"):
            product()
    np.testing.assert_array_equal((M @ m).data, M.data @ M.data)


@pytest.mark.parametrize(
    "call",
    [
        lambda t: np.linalg.cond(np.eye(2) * t, t),
        lambda t: np.unwrap(np.ones(2) * t, discont=t),
        lambda t: np.unwrap(np.ones(2) * t, period=t),
    ],
)
def test_parameters_that_nothing_is_differentiated_by_are_plain(call: Any) -> None:
    with pytest.raises(DTypeError):
        call(leaf(2.0))
