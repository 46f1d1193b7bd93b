"""Tensor as a value: construction, conversion, protocols."""

from __future__ import annotations

import copy
import math
import operator
import pickle
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import autograd
from autograd import (
    DTypeError,
    GradientError,
    RuleError,
    ShapeError,
    Tensor,
    enable_grad,
    errors,
    grad,
    graph,
    name_scope,
    no_grad,
    op,
)
from autograd.missing import ATTRIBUTES
from tests.autograd.helpers import leaf, table

if TYPE_CHECKING:
    from pathlib import Path


def test_attributes_are_numpys() -> None:
    t = Tensor(np.ones((2, 3), np.float32), name="t")
    assert (t.shape, t.ndim, t.size, t.dtype, t.name) == ((2, 3), 2, 6, np.float32, "t")
    assert t.T.shape == (3, 2)
    assert isinstance(t.data, np.ndarray)
    assert Tensor(3.0).data.shape == ()


def test_integer_leaf_is_refused_with_the_fix() -> None:
    with pytest.raises(DTypeError, match=r"Tensor 'n': .*int64.*astype\(float\)"):
        leaf(3, "n")
    with pytest.raises(TypeError):
        leaf([1, 2])
    assert (leaf(2.0) * Tensor(3)).item() == 6.0


@pytest.mark.parametrize("bad", [1j, "x", [[1.0], [2.0, 3.0]], None, object()])
def test_what_is_not_real_numbers_is_refused(bad) -> None:
    with pytest.raises(DTypeError, match="needs"):
        Tensor(bad)
    with pytest.raises(TypeError):
        leaf(1.0) * bad


def test_names_are_text() -> None:
    with pytest.raises(DTypeError, match="name needs to be a str, got int"):
        Tensor(1.0, name=3)
    with pytest.raises(DTypeError, match="name_scope"):
        name_scope(3)


def test_float32_stays_with_python_scalars_and_gradients_have_the_leafs_dtype() -> None:
    x = Tensor([1.0, 2.0], dtype=np.float32, requires_grad=True)
    y = (2 * x + 1) / 3 - x**2
    assert y.dtype == np.float32
    y.sum().backward()
    assert x.grad.dtype == np.float32
    w = leaf(np.ones(2))
    (w * x).sum().backward()
    assert w.grad.dtype == np.float64
    assert x.grad.dtype == np.float32


def test_zero_dimensional_results_stay_tensors() -> None:
    x = leaf([1.0, 2.0])
    assert all(isinstance(y, Tensor) and y.shape == () for y in (x.sum(), x[0], x.max(), x @ x))


def test_python_protocols() -> None:
    t = Tensor([1.0, 2.0])
    assert len(t) == 2
    assert [v.item() for v in t] == [1.0, 2.0]
    assert 2.0 in t
    assert 5.0 not in t
    with pytest.raises(ValueError, match="ambiguous"):
        bool(t)
    assert bool(Tensor(1.0))
    assert float(Tensor(1.5)) == 1.5
    assert int(Tensor(2)) == 2
    assert [10, 20][Tensor(1)] == 20
    with pytest.raises(TypeError):
        len(Tensor(1.0))
    with pytest.raises(TypeError):
        iter(Tensor(1.0))
    assert f"{leaf(0.12345):.2f}" == "0.12"
    np.testing.assert_array_equal(t == Tensor([1.0, 3.0]), [True, False])
    assert (t == None) is False  # noqa: E711 - the operator itself is tested
    assert len({t, t}) == 1
    with pytest.raises(TypeError, match="subclassed"):
        type("Sub", (Tensor,), {})


def test_repr_shows_value_name_and_origin() -> None:
    assert repr(leaf(2.0, "a")) == "Tensor(2., name='a', requires_grad=True)"
    assert repr(leaf(2.0) * 3) == "Tensor(6., op=multiply)"
    assert repr(Tensor([1.0], dtype="f4")) == "Tensor([1.], dtype=float32)"


def test_copy_and_pickle_keep_the_value_and_cut_the_graph() -> None:
    x = leaf([1.0, 2.0], "x")
    y = x * 3
    for made in (copy.deepcopy(x), pickle.loads(pickle.dumps(x)), copy.copy(x)):
        assert made.requires_grad
        assert made.name == "x"
        np.testing.assert_array_equal(made.data, x.data)
    assert not copy.deepcopy(y).requires_grad
    assert not pickle.loads(pickle.dumps(y)).requires_grad


def test_asarray_is_refused_where_a_gradient_would_be_lost() -> None:
    with pytest.raises(GradientError, match="detach"):
        np.asarray(leaf([1.0]))
    np.testing.assert_array_equal(np.asarray(leaf([1.0]).detach()), [1.0])
    writable = leaf([1.0]).numpy()
    writable[0] = 2.0


def test_data_of_a_leaf_can_be_replaced_and_of_a_result_cannot() -> None:
    x = leaf([1.0, 2.0], "x")
    x.data = x.data - 0.5
    np.testing.assert_array_equal(x.data, [0.5, 1.5])
    with pytest.raises(ShapeError, match=r"'x'\.data: needs shape \(2,\), got \(3,\)"):
        x.data = np.ones(3)
    with pytest.raises(GradientError, match="result of multiply"):
        (x * 2).data = [0.0, 0.0]
    np.testing.assert_array_equal(x.data, [0.5, 1.5])


def test_numpy_functions_and_operators_record() -> None:
    x = leaf([1.0, 2.0])
    a = np.array([3.0, 4.0])
    results = [
        np.exp(x),
        np.sum(x, axis=0),
        np.concatenate([x, a]),
        a * x,
        a @ x,
        np.float64(3) * x,
        np.where(a > 3, x, 0),
        np.maximum(a, x),
        np.mean(x),
        np.reshape(x, (2, 1)),
        np.broadcast_to(x, (2, 2)),
        np.amax(x),
        np.abs(x),
        a - x,
        a / x,
        a**x,
        np.matmul(a, x),
        np.transpose(x),
    ]
    assert all(isinstance(y, Tensor) and y.requires_grad for y in results)
    assert isinstance(np.array([1.0, 2.0]) > x, np.ndarray)
    assert np.isfinite(x).all()
    assert np.argmax(x) == 1


def test_numpy_functions_without_a_rule_are_refused_by_name() -> None:
    x = leaf([1.0, 2.0])
    for call, name in [
        (lambda: np.fft.fft(x), "fft"),
        (lambda: np.nextafter(x, 1.0), "nextafter"),
        (lambda: np.exp(x, out=np.empty(2)), "out="),
        (lambda: np.hypot.reduce(x), "reduce"),
        (lambda: np.add.at(x, 0, 1.0), "at"),
        (lambda: np.sum(x, dtype=float), "dtype"),
        (lambda: np.where(x), "where"),
    ]:
        with pytest.raises(DTypeError, match=name):
            call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: leaf(np.ones((2, 3))) + np.ones(4), r"add: got shapes \(2, 3\) and \(4,\)"),
        (lambda: leaf(np.ones((2, 3))) @ np.ones((2, 3)), r"matmul: .*inner lengths 3 and 2.*\.T"),
        (lambda: leaf(np.ones(3)).sum(axis=4), r"sum: got shape \(3,\), axis=4"),
        (lambda: leaf(np.ones(3)).reshape(2, 2), r"reshape: got shape \(3,\), shape=\(2, 2\)"),
        (lambda: autograd.concatenate([leaf(np.ones(2)), np.ones((2, 2))]), "concatenate: got"),
    ],
)
def test_shape_errors_name_the_op_and_the_shapes(call, message) -> None:
    with pytest.raises(ShapeError, match=message):
        call()


def test_an_error_in_an_op_changes_no_mode_and_records_nothing() -> None:
    x = leaf(np.ones(2))
    with pytest.raises(ShapeError), name_scope("lost"):
        x + np.ones(3)
    y = x * 2
    assert graph(y).outputs[0].scope == ()
    assert len(graph(y)) == 3


def test_modes_nest_decorate_and_are_separate_for_each_thread() -> None:
    x = leaf(2.0)

    @no_grad()
    def twice(depth):
        assert not (x * 2).requires_grad
        if depth:
            twice(depth - 1)
        with enable_grad():
            assert (x * 2).requires_grad
        assert not (x * 2).requires_grad

    twice(2)
    assert (x * 2).requires_grad
    mode = no_grad()
    with mode, mode:
        seen = []
        thread = threading.Thread(target=lambda: seen.append((x * 2).requires_grad))
        thread.start()
        thread.join()
        assert seen == [True]
        assert not (x * 2).requires_grad
    assert (x * 2).requires_grad
    with pytest.raises(KeyError), no_grad():
        raise KeyError
    assert (x * 2).requires_grad


def test_declaration_mistakes_are_found_at_registration(registry) -> None:
    @op(symbol="s", samples=["_"])
    def twofold(a, b):
        return a + b

    with pytest.raises(RuleError, match=r"no operand 'c'"):
        twofold.vjp(c=lambda g: g)
    with pytest.raises(RuleError, match=r"no name 'a_shap'.*did you mean 'a_shape'"):
        twofold.vjp(a=lambda g, a_shap: g)
    with pytest.raises(RuleError, match="needs named operands"):
        op(symbol="s", samples=["_"])(lambda g: g)
    with pytest.raises(RuleError, match="taken"):

        @op(symbol="s", samples=["_"])
        def exp(a):
            return a


def test_an_op_without_a_rule_fails_at_the_moment_of_use(registry) -> None:
    @op(symbol="s", samples=["_"])
    def ruleless(a):
        return a * 1

    assert ruleless(Tensor(2.0)).item() == 2
    with pytest.raises(GradientError, match=r"ruleless: has no derivative rule for 'a'"):
        ruleless(leaf(2.0))


def test_arguments_are_bound_as_numpys_signatures_read_them() -> None:
    x = leaf([[1.0, -2.0], [3.0, 4.0]])
    with pytest.raises(DTypeError, match=r"np\.cumsum: dtype is not supported"):
        np.cumsum(x, 0, np.float32)
    assert np.linalg.norm(x, 1).item() == 6.0  # the greatest sum of a column
    assert np.linalg.norm(x, None, 1).shape == (2,)
    np.testing.assert_array_equal(np.nan_to_num(leaf([np.nan, 1.0]), True).data, [0.0, 1.0])
    assert np.sum(x, 0, keepdims=True).shape == (1, 2)
    assert np.concatenate((x, x), 1).shape == (2, 4)
    cube = leaf(np.arange(8.0).reshape(2, 2, 2))
    np.testing.assert_array_equal(np.linalg.trace(cube).data, [3.0, 11.0])  # of the last two axes
    np.testing.assert_array_equal(np.trace(cube).data, [6.0, 8.0])  # of the first two
    with pytest.raises(DTypeError, match="no derivative rule"):
        np.emath.sqrt(x)
    np.testing.assert_array_equal(np.einsum("ii", x, optimize=True).data, 5.0)
    np.testing.assert_array_equal(np.einsum(x, [0, 1], [0]).data, [-1.0, 7.0])


def test_a_tensor_with_a_graph_is_not_cut_from_it_unseen() -> None:
    x = leaf(2.0, "x")
    with pytest.raises(GradientError, match=r"t\.detach\(\)"):
        Tensor(x * 2)
    for cut in (math.sin, lambda t: float(t) ** 2, int):
        with pytest.raises(GradientError, match="inside a transform: the gradient would be lost"):
            grad(cut)(2.0)
    assert float(x) == 2.0
    for wrong in (lambda w: None, lambda w: "a"):
        with pytest.raises(GradientError, match="needs to return a single number, got"):
            grad(wrong)(1.0)
    with pytest.raises(GradientError, match="would be cut from"):
        grad(lambda v: v**3)(x)


def test_in_place_steps_on_a_leaf_under_no_grad_are_refused_with_the_remedy() -> None:
    p = leaf([1.0, 2.0])
    with no_grad(), pytest.raises(GradientError, match=r"p\.data = p\.data - "):
        p -= 0.5
    np.testing.assert_array_equal(p.data, [1.0, 2.0])


def test_a_mode_left_out_of_order_restores_only_what_it_changed() -> None:
    x = leaf(1.0)

    def loader():
        with no_grad():
            yield 1

    batches = loader()
    next(batches)
    assert not (x * 2).requires_grad
    with name_scope("layer"):
        batches.close()
    assert (x * 2).requires_grad
    assert graph(x * 2).outputs[0].scope == ()


def test_no_grad_around_an_inner_transform_stops_the_outer_one() -> None:
    def stop(x):
        with no_grad():
            return grad(np.sin)(x)

    assert grad(lambda x: x * stop(x))(0.5) == np.cos(0.5)


def test_one_argument_asked_for_twice_is_one_variable() -> None:
    assert grad(lambda x, y: x * y, argnums=(0, -2))(3.0, 4.0) == (4.0, 4.0)


def test_numpy_integers_serve_as_axes_and_lengths() -> None:
    x = leaf(np.ones((2, 3)))
    x.sum(axis=np.int64(0)).sum().backward()
    np.testing.assert_array_equal(x.grad, np.ones((2, 3)))
    x.reshape(np.prod((2, 3))).sum().backward()


def test_a_forward_function_that_returns_no_array_is_named(registry) -> None:
    @op(symbol="s", samples=["_"])
    def plain(a):
        return float(a)

    with pytest.raises(RuleError, match=r"plain: the forward function needs to return an array"):
        plain(leaf(1.0))


def test_methods_are_the_ops() -> None:
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    assert x.prod().item() == 24
    assert x.std(axis=0).shape == (2,)
    assert x.trace().item() == 5
    assert x.cumsum(1).swapaxes(0, 1).ravel().shape == (4,)


def test_reading_the_gradient_of_a_result_says_how_to_get_one() -> None:
    w = leaf([1.0, 2.0])
    (w * w).sum().backward()
    w -= 0.1 * w.grad
    assert w.grad is None  # nothing has gone back through it yet
    (w * w).sum().backward()
    with pytest.warns(UserWarning, match=r"w.data = w.data - rate \* w.grad"):
        assert w.grad is None


def test_methods_of_ufuncs_are_the_ops_they_stand_for() -> None:
    a = np.array([[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]])
    for call in (
        lambda x: np.add.reduce(x),
        lambda x: np.add.reduce(x, axis=1, keepdims=True),
        lambda x: np.add.reduce(x, axis=None),
        lambda x: np.multiply.reduce(x, axis=(0, 1)),
        lambda x: np.maximum.reduce(x),
        lambda x: np.minimum.reduce(x, axis=-1),
        lambda x: np.logaddexp.reduce(x),
        lambda x: np.add.accumulate(x),
        lambda x: np.multiply.accumulate(x, axis=1),
        lambda x: np.multiply.outer(x, np.array([1.0, 2.0])),
        lambda x: np.subtract.outer(np.array([1.0, 2.0]), x),
    ):
        y = call(leaf(a))
        assert y.requires_grad
        # logaddexp in another order of its additions
        np.testing.assert_allclose(y.data, call(a), rtol=1e-15)


# -- what arrays have ------------------------------------------------------------------------------


def test_every_attribute_of_an_array_is_there_or_has_its_reason() -> None:
    theirs = {n for n in dir(np.ndarray) if not n.startswith("_")}
    ours = {n for n in theirs if hasattr(leaf([[1.0]]), n)}
    assert theirs - ours == ATTRIBUTES.keys() & theirs
    assert not ours & ATTRIBUTES.keys()
    for name in sorted(theirs - ours):
        with pytest.raises(AttributeError, match=rf"no attribute '{name}': \w+"):
            getattr(leaf([1.0]), name)
    for name in ATTRIBUTES.keys() - theirs:  # PyTorch's
        assert not hasattr(Tensor, name)
        with pytest.raises(AttributeError, match=rf"no attribute '{name}': \w+"):
            getattr(leaf([1.0]), name)
    with pytest.raises(AttributeError, match="no attribute 'backwards'"):
        leaf([1.0]).backwards


METHODS: dict[str, Any] = {
    "flatten": lambda t: t.flatten(),
    "flatten F": lambda t: t.flatten("F"),
    "copy": lambda t: t.copy(),
    "conj": lambda t: t.conj(),
    "real": lambda t: t.real,
    "mT": lambda t: t.mT,
    "compress": lambda t: t.compress([True, False], axis=0),
    "round()": lambda t: round(t, 1),
    "divmod()": lambda t: divmod(t, 0.7)[1],
    "divmod() reflected": lambda t: divmod(3.0, t)[1],
}
VALUES = np.array([[0.32, 2.26, -1.18], [1.7, -0.4, 0.9]])


@pytest.mark.parametrize("name", METHODS)
def test_methods_of_arrays_record_what_numpy_computes(name: str) -> None:
    f = METHODS[name]
    expected = np.round(VALUES, 1) if name == "round()" else f(VALUES)
    y = f(leaf(VALUES))
    assert isinstance(y, Tensor)
    assert y.requires_grad
    np.testing.assert_array_equal(y.data, expected)


class Quantity:
    """An object with operators of its own, which takes no arrays into ufuncs."""

    __array_ufunc__ = None
    __hash__ = None

    def answer(self, other: Any) -> Any:
        return "its own", other

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = answer
    __radd__ = __rsub__ = __rmul__ = __rtruediv__ = __rpow__ = __rmatmul__ = answer
    __rfloordiv__ = __rmod__ = __rdivmod__ = answer


OPERATORS = [
    *(operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge),
    *(operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.matmul),
    *(operator.floordiv, operator.mod, divmod),
]


@pytest.mark.parametrize("of", OPERATORS, ids=lambda f: f.__name__)
def test_what_wants_no_arrays_has_its_own_operators(of: Any) -> None:
    t = leaf([1.0, 2.0])
    words, given = of(t, Quantity())
    assert words == "its own"
    if of in OPERATORS[:6]:  # a comparison has no gradient to lose, and is of the values
        assert type(given) is np.ndarray
        np.testing.assert_array_equal(given, t.data)
    else:
        assert given is t


def test_a_result_compares_with_a_number_within_a_tolerance() -> None:
    loss = (leaf([1.0, 2.0]) ** 2).sum()
    assert loss == pytest.approx(5.0 + 1e-9)
    assert loss != pytest.approx(5.1)
    assert leaf([1.0, 2.0]) * 2 == pytest.approx(np.array([2.0, 4.0]))


def test_methods_that_give_places_give_arrays() -> None:
    t = leaf([3.0, 1.0, 2.0])
    assert t.argsort().tolist() == [1, 2, 0]
    assert t.argpartition(1)[1] == 2
    assert t.nonzero()[0].tolist() == [0, 1, 2]
    assert leaf([1.0, 2.0]).searchsorted(1.5) == 1
    assert (t.itemsize, t.nbytes) == (8, 24)
    assert t.sort().tolist() == [1.0, 2.0, 3.0]
    assert t.partition(1).tolist()[1] == 2.0
    assert t.tolist() == [3.0, 1.0, 2.0]
    assert Tensor([1, 0]).choose([[1.0, 2.0], [3.0, 4.0]]).tolist() == [3.0, 2.0]


@pytest.mark.filterwarnings("error")
def test_complex_values_are_refused_wherever_a_value_is_given() -> None:
    w = leaf([1.0])

    def data() -> None:
        w.data = [1j]

    def slope() -> None:
        w.grad = [1j]

    def hooked() -> None:
        (t := w * 1).register_hook(lambda g: g * 1j)
        t.sum().backward()

    for give in (data, slope, hooked, lambda: Tensor([1j], dtype=float), lambda: Tensor(1j)):
        with pytest.raises(DTypeError, match="complex"):
            give()
    assert w.data[0] == 1.0
    assert w.grad is None


PARAMETERS: dict[str, Any] = {
    "slope": lambda x, t: autograd.leaky_relu(x, slope=t),
    "alpha": lambda x, t: autograd.elu(x, alpha=t),
    "nan": lambda x, t: np.nan_to_num(x, nan=t),
    "initial": lambda x, t: np.sum(x, initial=t),
    "axis": lambda x, t: np.sum(x, axis=t),
    "end_values": lambda x, t: np.pad(x, 1, "linear_ramp", end_values=t),
    "repeats": lambda x, t: np.repeat(x, t),
}


@pytest.mark.parametrize("make", [leaf, Tensor])
@pytest.mark.parametrize("name", PARAMETERS)
def test_a_tensor_as_a_parameter_is_refused_by_function_and_parameter(name: str, make: Any) -> None:
    with pytest.raises(DTypeError, match=rf"\w+: {name} needs a plain value, got a Tensor"):
        PARAMETERS[name](make([1.0, 2.0]), leaf(2.0))


def test_a_tensor_as_a_value_is_differentiated_by() -> None:
    x, t = leaf([1.0, 2.0]), leaf(5.0)
    (np.full_like(x, t) * x).sum().backward()
    assert t.grad == 3.0
    t.zero_grad()
    np.pad(x, (1, 2), constant_values=t).sum().backward()
    assert t.grad == 3.0


def test_leaves_of_one_cotangent_do_not_share_it() -> None:
    a, b = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    (a + b).backward(np.ones(2))
    a.grad[:] = 0.0
    np.testing.assert_array_equal(b.grad, [1.0, 1.0])


def test_constants_go_to_numpys_functions_of_files(tmp_path: Path) -> None:
    t = leaf([1.0, 2.0])
    np.save(tmp_path / "t.npy", t.detach())
    np.testing.assert_array_equal(np.load(tmp_path / "t.npy"), [1.0, 2.0])
    np.testing.assert_array_equal(np.from_dlpack(t.detach()), [1.0, 2.0])
    with pytest.raises(GradientError, match="without their graph"):
        np.from_dlpack(t)


@pytest.mark.parametrize("error", [getattr(errors, n) for n in errors.__all__])
def test_errors_survive_pickling(error: Any) -> None:
    again = pickle.loads(pickle.dumps(error("text")))
    assert type(again) is error
    assert str(again) == "text"


FORMS: dict[str, Any] = {
    # As NumPy's arrays take them; both sides compute with the same call.
    "reshape by order": lambda v: v.reshape(3, 2, order="F"),
    "clip from below": lambda v: v.clip(min=1.0),
    "clip from above": lambda v: v.clip(max=1.0),
    "clip of both": lambda v: v.clip(1.0, max=3.0),
    "astype without a copy": lambda v: v.astype(np.float64, copy=False),
    "a stable sort": lambda v: np.sort(v, kind="stable"),
    "sort by quicksort": lambda v: np.sort(v, -1, "quicksort"),
}


@pytest.mark.parametrize("f", table(FORMS))
def test_methods_take_the_forms_that_arrays_take(f: Any) -> None:
    values = np.array([3.1, 0.5, 2.0, 5.0, 1.5, 4.0])
    v = leaf(values)
    np.testing.assert_array_equal(f(v).data, f(values))
    weights = np.arange(1.0, 7.0).reshape(np.shape(f(values)))
    (f(v) * weights).sum().backward()
    kept = np.equal(f(values).reshape(-1)[:, None], values)  # each value stands there once
    np.testing.assert_array_equal(v.grad, weights.reshape(-1) @ kept)


def test_item_takes_an_index() -> None:
    v = leaf(np.arange(6.0).reshape(2, 3))
    assert v.item(4) == 4.0
    assert v.item(1, 0) == 3.0
    assert v.item((0, 2)) == 2.0
    with pytest.raises(ValueError, match="size 1"):
        v.item()
