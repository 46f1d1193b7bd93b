"""Every op of the registry, over all its samples: one declaration gets all of these checks."""

from __future__ import annotations

import inspect
import math
import re
from typing import Any

import numpy as np
import pytest
import scipy.integrate
import scipy.special

import autograd
from autograd import (
    OPS,
    Op,
    Tensor,
    check_gradients,
    gradients,
    graph,
    op,
)
from autograd.ops.special import SCIPY
from tests.autograd.helpers import run_example
from tests.autograd.samples import parse

CASES = [(name, sample) for name, o in sorted(OPS.items()) for sample in o.samples]
IDS = [f"{name}-{sample.replace(' ', '_')}" for name, sample in CASES]
every_sample = pytest.mark.parametrize(("name", "sample"), CASES, ids=IDS)
every_op = pytest.mark.parametrize("name", sorted(OPS))


def call(o: Op, operands: list[Any], params: dict[str, Any]) -> Any:
    return o.record(operands, **params) if o.variadic else o.record(*operands, **params)


def log_loss(a: Any, y: Any) -> Any:
    return -(y * np.log(a) + (1 - y) * np.log(1 - a))


def logistic(a: Any) -> Any:
    return 1 / (1 + np.exp(-a))


def normalized_exp(a: Any, axis: Any = 0) -> Any:
    return np.exp(a) / np.exp(a).sum(axis=axis, keepdims=True)


def scattered(a: Any, shape: Any, index: Any) -> Any:
    """Place by place, as the definition says."""
    result = np.zeros(shape)
    places = np.arange(result.size).reshape(shape)[
        np.array(index) if isinstance(index, list) else index
    ]
    for place, value in zip(np.ravel(places), np.ravel(a), strict=True):
        result.flat[place] += value
    return result


def places(index: Any) -> Any:
    if isinstance(index, tuple):
        return tuple(map(np.array, index))
    return np.array(index, dtype=int) if index == [] else np.array(index)


def assigned(a: Any, b: Any, index: Any) -> Any:
    result = a.copy()
    result[places(index)] = b
    return result


def added_up(a: Any, b: Any, index: Any) -> Any:
    zeros = np.zeros(a.shape)
    taken = np.arange(a.size).reshape(a.shape)[places(index)]
    for place, value in zip(taken.ravel(), np.broadcast_to(b, taken.shape).ravel(), strict=True):
        zeros.flat[place] += value
    return a + zeros


def overlapped(a: Any, shape: Any, axis: Any = None) -> Any:
    """Element by element: a[i, k] goes to i + k."""
    result, axes = np.zeros(shape), range(len(shape)) if axis is None else axis
    for place in np.ndindex(*a.shape):
        target = list(place[: len(shape)])
        for i, k in zip(axes, place[len(shape) :], strict=True):
            target[i] += k
        result[tuple(target)] += a[place]
    return result


def rows_of(*matrices: Any) -> Any:
    return np.concatenate([m if m.ndim > 1 else m[None] for m in matrices], -2)


def stacked_eigh(a: Any) -> Any:
    values, vectors = np.linalg.eigh(a)
    return rows_of(values[..., None, :], vectors)


def stacked_svd(a: Any) -> Any:
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    return rows_of(u, s[..., None, :], np.matrix_transpose(vh))


def stacked_qr(a: Any) -> Any:
    q, r = np.linalg.qr(a)
    return rows_of(q, np.matrix_transpose(r))


def power_norm(a: Any, axis: Any = None, keepdims: bool = False, ord: float = 2) -> Any:
    return np.linalg.vector_norm(a, axis=axis, keepdims=keepdims, ord=ord)


def repeated_integral(a: Any, n: int) -> Any:
    """Return 2/(√π n!) ∫ uⁿ exp(−u² − 2ua) du from 0 to infinity, by quadrature."""

    def one(x: float) -> float:
        whole = scipy.integrate.quad(
            lambda u: u**n * math.exp(-u * u - 2 * u * x), 0, 12, epsabs=0, epsrel=2e-14, limit=200
        )[0]
        return 2 / (math.sqrt(math.pi) * math.factorial(n)) * whole

    return np.vectorize(one, otypes=[float])(a)


# What the ops without a function of the same name in NumPy are, by their definition.
DEFINITIONS: dict[str, Any] = {
    **{name: getattr(scipy.special, name) for name in SCIPY if SCIPY[name] in OPS},
    "digamma": scipy.special.digamma,
    "padded": lambda a, widths, mode="constant", **options: (
        np.pad(a, widths, mode, **options) if mode != "empty" else np.pad(a, widths)
    ),
    "cross_product": np.linalg.cross,
    "ierfcx": lambda a, n=1: repeated_integral(a, n),
    "polygamma": lambda a, n=1: scipy.special.polygamma(n, a),
    "jv": lambda a, n: scipy.special.jv(n, a),
    "iv": lambda a, n: scipy.special.iv(n, a),
    "eigh_stacked": stacked_eigh,
    "svd_stacked": stacked_svd,
    "qr_stacked": stacked_qr,
    "logabsdet": lambda a: np.log(np.abs(np.linalg.det(a))),
    "cholesky": np.linalg.cholesky,
    "pinv": np.linalg.pinv,
    "index_set": assigned,
    "index_add": added_up,
    "overlap_add": overlapped,
    "sliding_window_view": np.lib.stride_tricks.sliding_window_view,
    "vector_norm": power_norm,
    "astype": lambda a, dtype: np.asarray(a, dtype),
    "binary_cross_entropy": log_loss,
    "binary_cross_entropy_with_logits": lambda z, y: log_loss(logistic(z), y),
    "det": np.linalg.det,
    "einsum": lambda operands, subscripts: np.einsum(subscripts, *operands),
    "inv": np.linalg.inv,
    "solve": np.linalg.solve,
    "elu": lambda a, alpha=1.0: np.where(a > 0, a, alpha * (np.exp(a) - 1)),
    "erf": np.vectorize(math.erf, otypes=[float]),
    "erfc": np.vectorize(math.erfc, otypes=[float]),
    "gelu": lambda a: a * (1 + np.vectorize(math.erf, otypes=[float])(a / 2**0.5)) / 2,
    "log_softmax": lambda a, axis=0: np.log(normalized_exp(a, axis)),
    "silu": lambda a: a * logistic(a),
    "take_along_axis": lambda a, indices, axis=-1: np.take_along_axis(a, np.array(indices), axis),
    "getitem": lambda a, index: a[tuple(map(np.array, index)) if type(index) is tuple else index],
    "leaky_relu": lambda a, slope=0.01: np.maximum(slope * a, a),
    "logsumexp": lambda a, axis=None, keepdims=False, where=True: np.log(
        np.sum(np.exp(a), axis, keepdims=keepdims, where=where)
    ),
    "relu": lambda a: np.maximum(a, 0),
    "scatter": scattered,
    "scatter_all": lambda parts, shape, indices: sum(
        scattered(part, shape, index) for part, index in zip(parts, indices, strict=True)
    ),
    "sigmoid": logistic,
    "softmax": normalized_exp,
    "softmax_cross_entropy": lambda z, y, axis=0: -(y * np.log(normalized_exp(z, axis))).sum(axis),
    "softplus": lambda a: np.log(1 + np.exp(a)),
}
# A definition that is not the stable form loses a few digits.
ROUNDING = dict.fromkeys(DEFINITIONS, 1e-13)


@every_sample
def test_value_is_numpys(name: str, sample: str) -> None:
    o = OPS[name]
    operands, params = parse(o, sample)
    theirs = DEFINITIONS.get(name) or getattr(np, name)
    given = [operands] if o.variadic else operands
    expected = theirs(*given, **params)
    actual = call(o, [Tensor(x) for x in operands], params)
    assert isinstance(actual, Tensor)
    assert actual.shape == np.shape(expected)
    # Reductions may add in another order than NumPy's own entry point.
    rtol = ROUNDING.get(name, 1e-15)
    np.testing.assert_allclose(actual.data, expected, rtol=rtol, atol=0)


@every_sample
def test_gradient_of_order_1_and_2_agrees_with_differences(name: str, sample: str) -> None:
    check_op(OPS[name], sample)


def check_op(o: Op, sample: str) -> None:
    operands, params = parse(o, sample)
    free = [i for i in range(len(operands)) if o.variadic or o.rules.get(o.operands[i])]

    def f(*xs: Tensor) -> Any:
        given: list[Any] = list(operands)
        for i, x in zip(free, xs, strict=True):
            given[i] = x
        return call(o, given, params)

    if free:
        check_gradients(f, *[operands[i] for i in free], order=2).raise_if_wrong()


@every_sample
def test_float32_stays_float32_and_agrees_with_float64(name: str, sample: str) -> None:
    o = OPS[name]
    if name == "astype":
        return  # its purpose is to change the dtype; its own test is below
    found = {}
    for dtype in (np.float32, np.float64):
        operands, params = parse(o, sample, dtype)
        leaves = [Tensor(x.astype(np.float32).astype(dtype), requires_grad=True) for x in operands]
        y = call(o, leaves, params)
        if not y.requires_grad:
            assert all(rule is None for rule in o.rules.values())
            return
        assert y.dtype == dtype
        found[dtype] = gradients(y, leaves, np.ones(y.shape, dtype), allow_unused=True)
        assert all(g is None or g.dtype == dtype for g in found[dtype])
    for single, double in zip(found[np.float32], found[np.float64], strict=True):
        if double is not None:
            # 2e-5 is about 200 units of float32's last place, for cancellation in differences
            np.testing.assert_allclose(single, double, rtol=2e-5, atol=2e-5)


@every_sample
def test_operands_are_left_untouched_and_gradients_do_not_alias(name: str, sample: str) -> None:
    o = OPS[name]
    operands, params = parse(o, sample)
    before = [x.copy() for x in operands]
    leaves = [Tensor(x, requires_grad=True) for x in operands]
    y = call(o, leaves, params)
    if y.requires_grad:
        seed = np.ones(y.shape)
        y.backward(seed)
        grads = [x.grad for x in leaves if x.grad is not None]
        for i, g in enumerate(grads):
            assert g.flags.writeable
            assert not np.shares_memory(g, seed)
            assert not any(np.shares_memory(g, other) for other in grads[i + 1 :])
            assert not any(np.shares_memory(g, x.data) for x in leaves)
    for x, old, leaf in zip(operands, before, leaves, strict=True):
        np.testing.assert_array_equal(x, old)
        np.testing.assert_array_equal(leaf.data, old)


@every_sample
def test_rule_is_linear_in_the_cotangent(name: str, sample: str) -> None:
    o = OPS[name]
    operands, params = parse(o, sample)
    leaves = [Tensor(x, requires_grad=True) for x in operands]
    y = call(o, leaves, params)
    if not y.requires_grad:
        return
    rng = np.random.default_rng(3)
    g, h = rng.normal(size=(2, *y.shape))

    def pulled(cotangent: np.ndarray) -> list[Any]:
        return gradients(y, leaves, cotangent, retain_graph=True, allow_unused=True)

    for combined, one, two in zip(pulled(2 * g - 3 * h), pulled(g), pulled(h), strict=True):
        if combined is not None:
            # Rounding of sums of at most a few dozen terms of size about 10.
            np.testing.assert_allclose(combined, 2 * one - 3 * two, rtol=1e-12, atol=1e-12)


@every_sample
def test_arrays_give_arrays_and_nothing_is_recorded(name: str, sample: str) -> None:
    o = OPS[name]
    operands, params = parse(o, sample)
    plain = call(o, operands, params)
    assert not isinstance(plain, Tensor)
    np.testing.assert_array_equal(plain, call(o, [Tensor(x) for x in operands], params).data)


@every_sample
def test_graph_prints_label_latex_and_local_derivatives(name: str, sample: str) -> None:
    o = OPS[name]
    operands, params = parse(o, sample)
    leaves = [
        Tensor(x, requires_grad=True, name=n) for x, n in zip(operands, "ABCDEFG", strict=False)
    ]
    y = call(o, leaves, params)
    if not y.requires_grad:
        return
    g = graph(y.named("J"))
    for text in (g.outputs[0].formula, g.outputs[0].latex):
        for leaf in leaves:
            assert str(leaf.name) in text or o.name in {"getitem"}
        assert not any(f"{{{operand}}}" in text for operand in o.operands)  # all filled in
    for edge in g.edges:
        assert edge.formula
        assert edge.latex
        assert "object at" not in edge.formula
        assert "{" not in edge.formula or "{" in repr(params)  # what the template lacks
    for latex in (g.outputs[0].latex, *(edge.latex for edge in g.edges)):
        assert latex.isascii()
        names = re.findall(r"\\operatorname\{([^}]*)\}", latex)
        assert not any("_" in n.replace(r"\_", "") for n in names)


@every_op
def test_docstring_example_runs(name: str) -> None:
    run_example(name, OPS[name].doc)


@every_op
def test_recorder_shows_its_own_signature_and_docstring(name: str) -> None:
    o = OPS[name]
    assert inspect.signature(o.record) == inspect.signature(o.forward)
    assert inspect.getdoc(o.record) == o.doc
    assert getattr(autograd, name) is o.record


@every_op
def test_each_operand_has_a_rule_and_a_sample(name: str) -> None:
    o = OPS[name]
    assert set(o.rules) == set(o.operands)
    assert o.samples


@pytest.mark.parametrize(
    ("name", "sample"), [(n, s) for n, s in CASES if OPS[n].elementwise and s != "0"]
)
def test_elementwise_says_what_a_result_depends_on(name: str, sample: str) -> None:
    o = OPS[name]
    operands, params = parse(o, sample)
    out = np.asarray(call(o, operands, params), float)
    assert out.shape == np.broadcast_shapes(*(x.shape for x in operands))
    for k, x in enumerate(operands):
        for place in np.ndindex(out.shape):  # another number there changes this result only
            moved = [np.array(np.broadcast_to(y, out.shape)) for y in operands]
            moved[k][place] *= 1.01
            changed = np.not_equal(call(o, moved, params), out)
            changed = np.ravel(changed).tolist()
            del changed[np.ravel_multi_index(place, out.shape) if place else 0]
            assert not any(changed), (x.shape, place)


@pytest.mark.parametrize("name", [n for n, o in OPS.items() if o.samples and not o.elementwise])
def test_moves_says_that_results_are_elements_of_operands(name: str) -> None:
    """Any op that only moves elements says so, and each that says so does nothing else."""
    o = OPS[name]
    kept = []
    for sample in o.samples:
        operands, params = parse(o, sample)
        result = np.asarray(call(o, operands, params), float)
        given = np.concatenate([np.ravel(x) for x in operands])
        kept.append(bool(np.isin(result, given).all()))
    values_decide = o.selects or o.flat  # such as the greatest, or the places of some
    assert o.moves == (all(kept) and not values_decide and name != "index_set"), kept


def test_elementwise_is_known_of_functions_and_of_what_moves_elements() -> None:
    known = {name for name, o in OPS.items() if o.elementwise}
    assert {"exp", "add", "where", "clip", "relu", "sigmoid", "jv", "astype", "arccosh"} <= known
    others = {"sum", "softmax", "transpose", "reshape", "cumsum", "sort", "squeeze", "flip"}
    assert not known & (others | {"broadcast_to", "concatenate", "matmul", "getitem", "stack"})


def test_an_op_with_parameters_is_elementwise_if_it_says_so(registry: dict[str, Op]) -> None:
    @op(symbol="roll", samples=["3"])
    def rolled(a, by=0):
        """Return a, moved on."""
        return np.roll(a, by)

    @op(symbol="scale", samples=["3"], elementwise=True)
    def scaled(a, by=2.0):
        """Return a, times a number."""
        return a * by

    @op(symbol="gate", samples=["3"])
    def gated(a):
        """Return a where none of it is large."""
        return a * (np.max(np.abs(a)) < 5)

    @op(symbol="open", samples=["3"], domain={"a": (0, np.inf)})
    def opened(a):
        """Return the root."""
        return np.sqrt(a)

    assert [registry[n].elementwise for n in ("rolled", "scaled", "gated", "opened")] == [
        *(False, True, False, True)
    ]


def test_a_new_op_in_five_lines_gets_all_of_this(registry: dict[str, Op]) -> None:
    @op(symbol="softsign", latex=r"\frac{{a}}{1 + |{a}|}", samples=["2,3", "_", "0"])
    def softsign(a):
        """a / (1 + |a|).  >>> float(softsign(1.0))."""
        return a / (1 + np.abs(a))

    softsign.vjp(a=lambda g, a: g / (1 + np.absolute(a)) ** 2)

    declared = registry["softsign"]
    for sample in declared.samples:
        operands, _ = parse(declared, sample)
        np.testing.assert_array_equal(
            softsign(Tensor(operands[0])).data, operands[0] / (1 + np.abs(operands[0]))
        )
        check_op(declared, sample)
        test_float32_stays_float32_and_agrees_with_float64("softsign", sample)
        test_operands_are_left_untouched_and_gradients_do_not_alias("softsign", sample)
        test_rule_is_linear_in_the_cotangent("softsign", sample)
        test_graph_prints_label_latex_and_local_derivatives("softsign", sample)
    x = Tensor(1.0, requires_grad=True, name="x")
    edge = graph(softsign(x)).edges[0]
    assert edge.formula == "1 / (1 + |x|)^2"
    assert edge.number == 0.25
    assert graph(softsign(x)).outputs[0].latex == r"\frac{x}{1 + |x|}"


def test_a_rule_that_is_0_05_percent_wrong_fails_the_check(registry: dict[str, Op]) -> None:
    @op(symbol="almost", samples=["3"])
    def almost(a):
        return np.sin(a)

    almost.vjp(a=lambda g, a: g * np.cos(a) * 1.0005)
    with pytest.raises(autograd.GradientError, match="WRONG"):
        check_op(registry["almost"], "3")


def test_a_wrong_second_derivative_fails_the_check_of_order_2(registry: dict[str, Op]) -> None:
    @op(symbol="cut", samples=["3"])
    def cut(a):
        return a * a

    # Right values, but the record of the derivative is cut: order 1 cannot see it.
    cut.vjp(a=lambda g, a: g * 2 * (a.detach() if isinstance(a, Tensor) else a))
    x = np.array([1.0, 2.0, 3.0])
    assert check_gradients(cut, x)
    assert not check_gradients(cut, x, order=2)


def test_terms_and_classes_that_are_ruled_out_have_no_weight() -> None:
    a, b = Tensor(-np.inf, requires_grad=True), Tensor(-np.inf, requires_grad=True)
    np.logaddexp(a, b).backward()
    assert (a.grad, b.grad) == (0, 0)
    z = Tensor([[1.0], [-np.inf]], requires_grad=True)
    loss = autograd.softmax_cross_entropy(z, [[1.0], [0.0]]).sum()
    loss.backward()
    assert loss.item() == 0
    np.testing.assert_array_equal(z.grad, [[0.0], [0.0]])
