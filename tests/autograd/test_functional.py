"""Transforms: gradients, products with Jacobians, Hessians, structures and nesting."""

from __future__ import annotations

import pickle
from collections import OrderedDict, defaultdict
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest

from autograd import (
    DTypeError,
    GradientError,
    ShapeError,
    Tensor,
    grad,
    graph,
    hessian,
    hvp,
    jacobian,
    jvp,
    sigmoid,
    value_and_grad,
    vjp,
)

A = np.array([[1.0, 2.0, -1.0], [0.5, -2.0, 3.0]])
X = np.array([0.3, -0.7, 1.1])


def layer(x):
    return np.tanh(A @ x)


def jacobian_of_layer(x):
    return (1 - np.tanh(A @ x) ** 2)[:, None] * A


def quadratic(x):
    return (x * x).sum() * x.sum()


def hessian_of_quadratic(x):
    return 2 * x.sum() * np.eye(3) + 2 * (x[:, None] + x[None, :])


def test_jacobian_has_the_shape_of_the_result_and_then_of_the_argument() -> None:
    np.testing.assert_allclose(jacobian(layer)(X), jacobian_of_layer(X), rtol=1e-14)
    assert jacobian(lambda W: W @ X)(A).shape == (2, 2, 3)
    assert jacobian(lambda x: x.sum())(X).shape == (3,)
    assert jacobian(lambda x: x[:0])(X).shape == (0, 3)


def test_vjp_and_jvp_are_the_two_products_with_the_jacobian(rng) -> None:
    J = jacobian_of_layer(X)
    g, v = rng.normal(size=2), rng.normal(size=3)
    value, pull = vjp(layer, X)
    np.testing.assert_allclose(value, layer(X), rtol=1e-15)
    np.testing.assert_allclose(pull(g)[0], g @ J, rtol=1e-14)
    np.testing.assert_allclose(pull(2 * g)[0], 2 * g @ J, rtol=1e-14)  # again
    value, along = jvp(layer, (X,), (v,))
    np.testing.assert_allclose(along, J @ v, rtol=1e-14)
    # ⟨Jv, g⟩ = ⟨v, Jᵀg⟩
    assert along @ g == pytest.approx(v @ pull(g)[0], rel=1e-13)


def test_hessian_and_its_product_with_a_vector(rng) -> None:
    v = rng.normal(size=3)
    expected = hessian_of_quadratic(X)
    np.testing.assert_allclose(hessian(quadratic)(X), expected, rtol=1e-13)
    np.testing.assert_allclose(hvp(quadratic)(X, v), expected @ v, rtol=1e-13)
    W = hessian(lambda W: (W**3).sum())(A)
    assert W.shape == (2, 3, 2, 3)
    np.testing.assert_allclose(W.reshape(6, 6), np.diag(6 * A.ravel()), rtol=1e-14)


def test_transforms_nest_in_each_other() -> None:
    np.testing.assert_allclose(
        jacobian(jacobian(lambda x: (x**3).sum()))(X), np.diag(6 * X), atol=1e-14
    )
    slope = grad(lambda x: jvp(lambda y: y**3, (x,), (2.0,))[1])(3.0)
    assert slope == pytest.approx(2 * 6 * 3.0, rel=1e-14)
    assert grad(lambda x: vjp(lambda y: y**3, x)[1](1.0)[0])(2.0) == pytest.approx(12.0)
    third = grad(lambda x: hvp(lambda y: y**4)(x, 1.0))(2.0)
    assert third == pytest.approx(24 * 2.0, rel=1e-14)
    assert grad(lambda x: value_and_grad(lambda y: x * y * y)(3.0)[1])(2.0) == 6.0


def test_no_perturbation_confusion_between_products_either() -> None:
    # d/dx [x · d/dy (x + y)] = 1, by forward products inside a gradient
    assert grad(lambda x: x * jvp(lambda y: x + y, (x,), (1.0,))[1])(1.0) == 1.0


def test_arguments_may_be_structures() -> None:
    def model(parameters, x):
        return (sigmoid(parameters["w"] @ x + parameters["b"][0]) * parameters["b"][1]).sum()

    parameters = {"w": A, "b": (np.array([0.1, -0.2]), 2.0)}
    value, g = value_and_grad(model)(parameters, X)
    a = 1 / (1 + np.exp(-(A @ X + parameters["b"][0])))
    assert value == pytest.approx(2 * a.sum(), rel=1e-15)
    np.testing.assert_allclose(g["w"], 2 * (a * (1 - a))[:, None] * X, rtol=1e-14)
    np.testing.assert_allclose(g["b"][0], 2 * a * (1 - a), rtol=1e-14)
    assert g["b"][1] == pytest.approx(a.sum(), rel=1e-15)
    assert isinstance(g["b"], tuple)
    np.testing.assert_array_equal(grad(lambda x: (x * x).sum())([1.0, 2.0]), [2.0, 4.0])


def test_auxiliary_outputs_come_along_as_arrays() -> None:
    def f(x):
        y = x * x
        return y.sum(), {"y": y, "note": "kept"}

    g, aux = grad(f, has_aux=True)(X)
    np.testing.assert_allclose(g, 2 * X)
    assert type(aux["y"]) is np.ndarray
    assert aux["note"] == "kept"
    (value, aux), g = value_and_grad(f, has_aux=True)(X)
    assert value == pytest.approx((X * X).sum())
    with pytest.raises(GradientError, match="needs a pair"):
        grad(lambda x: x.sum(), has_aux=True)(X)


def test_results_are_arrays_of_the_arguments_dtype() -> None:
    x = X.astype(np.float32)
    for found in (
        grad(quadratic)(x),
        hvp(quadratic)(x, x),
        jacobian(layer)(x),
        jvp(layer, (x,), (x,))[1],
    ):
        assert type(found) is np.ndarray
    assert grad(quadratic)(x).dtype == np.float32
    assert hessian(quadratic)(x).dtype == np.float32


def test_independent_results_have_zero_derivatives() -> None:
    np.testing.assert_array_equal(jacobian(lambda x: np.ones(2))(X), np.zeros((2, 3)))
    assert jvp(lambda x: 3.0, (1.0,), (1.0,))[1] == 0
    np.testing.assert_array_equal(hessian(lambda x: x.sum())(X), np.zeros((3, 3)))
    np.testing.assert_array_equal(vjp(lambda x: np.ones(2), X)[1](np.ones(2))[0], np.zeros(3))


def test_mistakes_are_named() -> None:
    with pytest.raises(GradientError, match=r"got shape \(3,\); reduce it with \.sum\(\)"):
        grad(lambda x: x * x)(X)
    with pytest.raises(GradientError, match="argnums=2, but the function was called with 1"):
        grad(quadratic, argnums=2)(X)
    with pytest.raises(DTypeError, match=r"jacobian: .*int64.*astype\(float\)"):
        jacobian(layer)(np.arange(3))
    with pytest.raises(
        ShapeError, match=r"jvp: tangents need the shapes \[\(3,\)\], got \[\(2,\)\]"
    ):
        jvp(layer, (X,), (np.ones(2),))
    with pytest.raises(ShapeError, match=r"hvp: the vector needs shape \(3,\), got \(2,\)"):
        hvp(quadratic)(X, np.ones(2))
    with pytest.raises(ShapeError, match=r"output's shape \(2,\), got \(3,\)"):
        vjp(layer, X)[1](np.ones(3))


def test_an_outer_tensor_is_seen_through_a_transform() -> None:
    w = Tensor(3.0, requires_grad=True)
    inner = grad(lambda x: grad(lambda y: w * y * y)(x))(2.0)
    assert inner == 6.0


@pytest.mark.parametrize("transform", [jacobian, lambda f: lambda x: vjp(f, x)])
@pytest.mark.parametrize("result", [lambda x: {"u": 2 * x}, lambda x: None, lambda x: (x, x)])
def test_functions_that_return_no_single_array_are_refused(transform, result) -> None:
    with pytest.raises(
        GradientError, match=r"needs to return one array, got (dict|NoneType|tuple)"
    ):
        transform(result)(np.ones(2))
    with pytest.raises(GradientError, match="jvp: the function needs to return one array"):
        jvp(result, (np.ones(2),), (np.ones(2),))


def test_second_derivatives_by_a_structure_are_refused() -> None:
    def f(p):
        return (p["w"] ** 2).sum()

    with pytest.raises(GradientError, match="hessian: argument 0 needs to be one array, got dict"):
        hessian(f)({"w": np.ones(2)})
    with pytest.raises(GradientError, match="hvp: argument 0 needs to be one array, got dict"):
        hvp(f)({"w": np.ones(2)}, np.ones(2))
    with pytest.raises(GradientError, match="and then the vector"):
        hvp(np.sum)(np.ones(2))
    with pytest.raises(GradientError, match=r"write \(x,\), \(v,\)"):
        jvp(np.sin, 0.0, 1.0)
    with pytest.raises(GradientError, match="an int or a tuple of ints, got 'b'"):
        grad(np.sum, argnums="b")(np.ones(2))


@pytest.mark.parametrize("cut", ["numpy", "item", "tolist"])
def test_values_without_their_gradient_are_refused_inside_a_transform(cut) -> None:
    with pytest.raises(GradientError, match=rf"{cut}\(Tensor\) inside a transform"):
        grad(lambda x: x * np.sum(getattr(x, cut)()))(2.5)
    assert grad(lambda x: x * getattr(x.detach(), cut)())(2.5) == 2.5


def test_products_where_a_result_depends_on_some_arguments_only() -> None:
    def f(x: Any, y: Any, z: Any) -> Any:
        return np.sin(y) * y

    point, along = (1.0, 2.0, 3.0), (5.0, 7.0, 11.0)
    slope = np.cos(2.0) * 2.0 + np.sin(2.0)
    value, out = jvp(f, point, along)
    assert value == np.sin(2.0) * 2.0
    assert out == pytest.approx(7.0 * slope, rel=1e-14)
    value, pull = vjp(f, *point)
    assert pull(1.0) == pytest.approx((0.0, slope, 0.0), rel=1e-14)
    assert jacobian(f, argnums=(0, 1))(*point) == pytest.approx((0.0, slope), rel=1e-14)


def test_a_linear_result_of_three_arguments_has_all_its_terms() -> None:
    assert jvp(lambda x, y, z: x + 2 * y + 3 * z, (1.0, 1.0, 1.0), (1.0, 10.0, 100.0))[1] == 321.0


@pytest.mark.parametrize("argnums", [1, -2, (0, 1), (0, -2)])
def test_an_argument_that_is_not_there_is_named(argnums: Any) -> None:
    transforms = (grad, jacobian, hessian) if isinstance(argnums, int) else (grad, jacobian)
    for transform in transforms:
        with pytest.raises(GradientError, match=r"called with 1 arguments"):
            transform(lambda x: x * x, argnums=argnums)(2.0)


@pytest.mark.parametrize(("primals", "tangents"), [(1.0, (1.0,)), ((1.0,), 1.0)])
def test_products_need_tuples_on_both_sides(primals: Any, tangents: Any) -> None:
    with pytest.raises(GradientError, match=r"need to be tuples; write \(x,\), \(v,\)"):
        jvp(np.sin, primals, tangents)


def test_values_and_cotangents_of_vjp_are_differentiated_inside_a_transform() -> None:
    def outer(x: Any) -> Any:
        value, pull = vjp(lambda t: t**3, x)
        (slope,) = pull(1.0)
        return value * slope  # x³ · 3x²

    assert grad(outer)(2.0) == pytest.approx(15 * 2.0**4, rel=1e-14)

    def along(x: Any) -> Any:
        value, slope = jvp(lambda t: t**3, (x,), (1.0,))
        return value * slope

    assert grad(along)(2.0) == pytest.approx(15 * 2.0**4, rel=1e-14)


def test_lists_of_numbers_are_one_array_where_second_derivatives_are_taken() -> None:
    found = hessian(lambda x: (x**3).sum())([1.0, 2.0])
    np.testing.assert_allclose(found, np.diag([6.0, 12.0]), rtol=1e-14)


# -- structures ------------------------------------------------------------------------------------


class Pair(NamedTuple):
    a: Any
    b: Any


@dataclass(frozen=True)
class Layer:
    W: Any
    b: Any


STRUCTURES: dict[str, Any] = {
    "dict": {"a": 2.0, "b": 3.0},
    "OrderedDict": OrderedDict(a=2.0, b=3.0),
    "tuple": (2.0, 3.0),
    "named tuple": Pair(2.0, 3.0),
    "list of arrays": [np.array(2.0), np.array(3.0)],
}


@pytest.mark.parametrize("name", STRUCTURES)
def test_a_gradient_has_the_type_of_its_argument(name) -> None:
    tree = STRUCTURES[name]

    def f(p: Any) -> Any:
        a, b = p.values() if isinstance(p, dict) else p
        return a * a * b

    found = grad(f)(tree)
    assert type(found) is type(tree)
    values = list(found.values()) if isinstance(found, dict) else list(found)
    assert values == [12.0, 4.0]


def test_dataclasses_and_default_dicts_come_back_as_what_they_were() -> None:
    layer = Layer(np.array([[1.0, 2.0]]), np.array([3.0]))
    found = grad(lambda p: (p.W @ np.ones(2) * p.b).sum())(layer)
    assert type(found) is Layer
    np.testing.assert_array_equal(found.W, [[3.0, 3.0]])
    np.testing.assert_array_equal(layer.b, [3.0])  # the argument is not changed
    given: defaultdict[str, Any] = defaultdict(list, a=2.0)
    back = grad(lambda p: p["a"] ** 2)(given)
    assert type(back) is defaultdict
    assert back.default_factory is list
    assert back["a"] == 4.0
    nested = {"layers": [layer, layer], "scale": 2.0}
    slopes = grad(lambda p: p["scale"] * sum(x.b.sum() for x in p["layers"]))(nested)
    assert slopes["scale"] == 6.0
    assert slopes["layers"][1].b == 2.0


def test_lists_of_whole_numbers_are_arrays() -> None:
    np.testing.assert_array_equal(grad(lambda x: x[0] ** 2 * x[1])([1, 2]), [4.0, 1.0])


@pytest.mark.parametrize("entry", [None, "relu"])
def test_an_entry_that_is_no_array_is_named_by_its_key(entry) -> None:
    with pytest.raises(DTypeError, match=r"argument 0\['b'\] is"):
        grad(lambda p: (p["W"] ** 2).sum())({"W": np.ones(2), "b": entry})


def cube(x: Any) -> Any:
    return (x**3).sum()


@pytest.mark.parametrize("transform", [grad, value_and_grad, jacobian, hessian])
def test_transforms_can_be_pickled_and_sent_to_processes(transform) -> None:
    x = np.array([1.0, 2.0])
    for f in (cube, np.sum):
        again = pickle.loads(pickle.dumps(transform(f)))
        assert repr(again(x)) == repr(transform(f)(x))
    assert transform(cube).__name__ == "cube"


def test_a_transform_in_a_class_is_a_method() -> None:
    class Model:
        slope = grad(lambda self, x: self.k * x * x, 1)
        k = 3.0

    assert Model().slope(2.0) == 12.0


def test_graphs_say_that_they_cannot_be_pickled() -> None:
    with pytest.raises(TypeError, match="cannot be pickled; pickle the values"):
        pickle.dumps(graph(Tensor(1.0, requires_grad=True) * 2))


def test_a_step_leaves_zeros() -> None:
    w, v = (Tensor([1.5, -0.5], requires_grad=True) for _ in range(2))
    np.floor(w * 2).sum().backward()
    np.testing.assert_array_equal(w.grad, [0.0, 0.0])
    (np.sign(w) * v).sum().backward()
    np.testing.assert_array_equal(w.grad, [0.0, 0.0])
    np.testing.assert_array_equal(v.grad, [1.0, -1.0])
    assert grad(lambda x: x * int(np.floor(x)))(2.5) == 2.0  # a step has no gradient to lose


@pytest.mark.parametrize("p", [[2, 3], [2.0, 3.0], [[1, 2], [3, 4]], {"a": [2, 3], "b": 1.0}])
def test_lists_of_numbers_come_back_as_lists(p: Any) -> None:
    """As dicts and dataclasses do; inside of the function they are an array."""

    def f(p: Any) -> Any:
        x = p["a"] if isinstance(p, dict) else p
        return (x * x).sum()

    for found in (grad(f)(p), value_and_grad(f)(p)[1], grad(f, argnums=(0,))(p)[0]):
        assert type(found) is type(p)
        listed, given = (q["a"] if isinstance(q, dict) else q for q in (found, p))
        assert type(listed) is list
        np.testing.assert_array_equal(listed, 2.0 * np.array(given))


def test_a_gradient_by_a_list_can_be_differentiated() -> None:
    second = jacobian(lambda x: np.stack(grad(lambda p: (p**3).sum())(x)))(np.array([1.0, 2.0]))
    np.testing.assert_array_equal(second, [[6, 0], [0, 12]])
    found = jacobian(lambda x: np.stack([x[0] * x[1], x[1], x[0]]))([2.0, 3.0])
    np.testing.assert_array_equal(found, [[3, 2], [0, 1], [1, 0]])
    assert type(found) is np.ndarray  # of another shape than the list
