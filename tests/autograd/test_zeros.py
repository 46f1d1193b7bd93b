"""A cotangent of exactly 0 stays 0, and nothing else is touched."""

from __future__ import annotations

import inspect
import sys
import warnings
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import (
    OPS,
    AnomalyError,
    GradientError,
    LimitWarning,
    check_gradients,
    compare_backprop,
    detect_anomaly,
    grad,
    gradients,
    graph,
    hessian,
    hvp,
    jacobian,
    jvp,
    strong_zero,
    vjp,
)
from tests.autograd.helpers import every_float, leaf, limits, quiet, slope, table
from tests.autograd.samples import parse

INF, NAN = np.inf, np.nan


@limits
def test_x_times_its_root_at_0() -> None:
    assert slope(lambda x: x * np.sqrt(x), 0.0) == 0


@quiet
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_branch_that_where_did_not_take_adds_nothing(dtype: Any) -> None:
    def f(x: Any) -> Any:
        return np.where(x.data > 0, np.sqrt(x), 0.0).sum()

    found = slope(f, [0.0, -1.0, 4.0], dtype)
    np.testing.assert_array_equal(found, [0.0, 0.0, 0.25])
    assert found.dtype == dtype


@quiet
@pytest.mark.parametrize(
    "bad",
    [
        lambda x: np.log(x - 1),  # NaN below 1, −∞ at 1
        lambda x: 1 / (x - 1),
        lambda x: np.arcsin(2 * x),
        lambda x: (x - 1) ** -1.5,
        lambda x: (x - 1) ** (x - 1),
        lambda x: np.exp(x * 1e4) * np.log(x - 1),
        lambda x: np.arctanh(x),
        lambda x: np.divide(x, np.zeros(3)),
        lambda x: autograd.prod(np.log(x - 1)[:, None], axis=1),
        lambda x: autograd.logsumexp(np.log(x - 1)[:, None], axis=1),
        lambda x: autograd.std(np.stack([np.log(x - 1), x]), axis=0),
        lambda x: autograd.vector_norm(np.log(x - 1)[:, None], axis=1, ord=3),
    ],
)
def test_guarding_by_where_is_enough(bad: Any) -> None:
    # What `where` does not take: the usual ways to a NaN, and their reductions along axes.
    found = slope(lambda x: np.where([False] * 3, bad(x), x * x).sum(), [0.5, 1.0, 2.0])
    np.testing.assert_array_equal(found, [1.0, 2.0, 4.0])


@quiet
def test_rows_that_are_masked_out_do_not_reach_shared_weights() -> None:
    X = np.array([[1.0, 2.0], [np.nan, 3.0], [4.0, 5.0], [np.inf, -np.inf]])
    valid = np.array([True, False, True, False])
    expected = 2 * X[valid].T @ (X[valid] @ np.ones(2))
    for product in (
        lambda w: X @ w,
        lambda w: np.einsum("ij,j->i", X, w),
        lambda w: np.dot(X, w),
        lambda w: np.inner(X, w),
        lambda w: np.tensordot(X, w, 1),
        lambda w: np.matvec(X, w),
        lambda w: np.vecdot(X, w),
    ):
        found = slope(lambda w, p=product: np.where(valid, p(w) ** 2, 0.0).sum(), [1.0, 1.0])
        np.testing.assert_array_equal(found, expected)


@quiet
def test_a_product_keeps_what_really_is_not_finite() -> None:
    X = np.array([[1.0, 2.0], [np.nan, 3.0]])
    np.testing.assert_array_equal(slope(lambda w: (X @ w).sum(), [1.0, 1.0]), [np.nan, 5.0])
    infinite = np.array([[np.inf, 1.0], [-np.inf, 1.0], [np.nan, np.nan]])
    found = slope(lambda w: np.where([True, True, False], infinite @ w, 0.0).sum(), [1.0, 1.0])
    np.testing.assert_array_equal(found, [np.nan, 2.0])  # ∞ − ∞ stays, the last row is out


@quiet
def test_nan_in_a_cotangent_goes_on() -> None:
    x = leaf([3.0, 1.0, 2.0])
    seed = np.array([0.0, np.nan, 1.0])
    np.testing.assert_array_equal(gradients(np.sort(x), x, seed), [1.0, 0.0, np.nan])
    x = leaf([3.0, 1.0, 2.0])
    np.testing.assert_array_equal(gradients(np.exp(x) * 0 + x, x, seed), [0.0, np.nan, 1.0])
    x = leaf([np.nan, 1.0])
    assert np.isnan(gradients(autograd.softmax(x)[1], x)).all()  # it depends on both


@quiet
def test_a_whole_cotangent_of_0_gives_0_in_any_rule() -> None:
    singular = leaf(np.full((2, 2), np.nan))
    zero = np.zeros((2, 2))
    for f in (autograd.softmax, lambda a: autograd.solve(a, np.eye(2)), autograd.cumprod):
        y = f(singular)
        np.testing.assert_array_equal(gradients(y, singular, np.zeros(y.shape)), zero)


@quiet
def test_second_derivatives_have_strong_zeros_too() -> None:
    def f(x: Any) -> Any:
        return np.where(np.array([True, False]), np.sqrt(x), x**3).sum()

    expected = [[-1 / 32, 0.0], [0.0, 0.0]]
    np.testing.assert_array_equal(hessian(f)(np.array([4.0, 0.0])), expected)
    X = np.array([[1.0, 2.0], [np.nan, 3.0]])

    def loss(w: Any) -> Any:
        return np.where([True, False], (X @ w) ** 2, 0.0).sum()

    np.testing.assert_array_equal(hessian(loss)(np.ones(2)), [[2.0, 4.0], [4.0, 8.0]])


@limits
def test_the_switch_gives_ieee_arithmetic_and_nests() -> None:
    f = grad(lambda x: x * np.sqrt(x))
    with strong_zero(False):
        assert np.isnan(f(0.0))
        with strong_zero():
            assert f(0.0) == 0
        assert np.isnan(f(0.0))
    assert f(0.0) == 0


def test_the_backward_pass_is_silent() -> None:
    # filterwarnings = error: NumPy's warnings would be raised here
    assert slope(np.sqrt, 0.0) == np.inf
    assert slope(lambda x: np.where([False], np.sqrt(x), x).sum(), [0.0]) == 1


# -- zeros that hide a limit -----------------------------------------------------------------------

ROOTS = np.array([0.0, 4.0])
MASK = np.array([0.0, 1.0])
WATCHED: dict[str, tuple[Any, list[float], str | None]] = {
    # The function, its gradient at (0, 4) as it is given, and the op that is named, if one is.
    "product with a root": (lambda x: (x * np.sqrt(x)).sum(), [0, 3], "sqrt"),
    "square of a root": (lambda x: (np.sqrt(x) ** 2).sum(), [0, 1], "sqrt"),
    "square of a half power": (lambda x: ((x**0.5) ** 2).sum(), [0, 1], "power"),
    "exp of a sum of logarithms": (lambda x: np.exp(np.log(x).sum()), [0, 0], "log"),
    "branch that was taken": (lambda x: np.where(x >= 0, np.sqrt(x) ** 2, 0).sum(), [0, 1], "sqrt"),
    "index that was taken": (lambda x: (np.sqrt(x) ** 2)[0], [0, 0], "sqrt"),
    "mask of 1": (lambda x: ((1 - MASK) * np.sqrt(x) ** 2).sum(), [0, 0], "sqrt"),
    "branch": (lambda x: np.where(x > 0, x * np.sqrt(x), 0).sum(), [0, 3], None),
    "branch of a division": (lambda x: np.where(x > 0, 1 / x, 0).sum(), [0, -1 / 16], None),
    "index": (lambda x: np.sqrt(x)[1], [0, 0.25], None),
    "list of indices": (lambda x: np.sqrt(x)[[1, 1]].sum(), [0, 0.5], None),
    "slice": (lambda x: np.sqrt(x)[1:].sum(), [0, 0.25], None),
    "boolean index": (lambda x: np.sqrt(x)[x.data > 0].sum(), [0, 0.25], None),
    "mask": (lambda x: (MASK * np.sqrt(x)).sum(), [0, 0.25], None),
    "weights": (lambda x: MASK @ np.sqrt(x), [0, 0.25], None),
    "constant 0": (lambda x: 0.0 * np.sqrt(x[0]) + x[1], [0, 1], None),
    "masked sum": (lambda x: np.sum(np.sqrt(x), where=MASK > 0), [0, 0.25], None),
    "clip": (lambda x: np.clip(np.sqrt(x), 1.0, 3.0).sum(), [0, 0.25], None),
    "max": (lambda x: np.sqrt(x).max(), [0, 0.25], None),
    "maximum": (lambda x: np.maximum(np.sqrt(x), 1.0).sum(), [0, 0.25], None),
    "relu": (lambda x: autograd.relu(np.sqrt(x) - 1).sum(), [0, 0.25], None),
    "sort": (lambda x: np.sort(np.sqrt(x))[1], [0, 0.25], None),
    "median": (lambda x: np.median(np.concatenate([np.sqrt(x), [9.0]])), [0, 0.25], None),
}


@pytest.mark.parametrize("how", ["grad", "backward", "recorded", "anomaly"])
@pytest.mark.parametrize(("f", "expected", "op"), table(WATCHED))
def test_a_zero_of_arithmetic_is_reported_and_one_of_selection_is_silent(
    f: Any, expected: Any, op: str | None, how: str
) -> None:
    def found() -> Any:
        with np.errstate(all="ignore"):
            if how == "grad":
                return grad(f)(ROOTS)
            x = leaf(ROOTS)
            if how == "backward":
                f(x).backward()
                return x.grad
            if how == "recorded":
                return gradients(f(x), x, create_graph=True).data
            y = f(x)
            with detect_anomaly():
                return gradients(y, x)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if how == "anomaly" and op is not None:
            with pytest.raises(AnomalyError, match=f"{op}.* of 0 .*called at .*test_zeros"):
                found()
            return
        actual = found()
    ours = [w for w in caught if issubclass(w.category, LimitWarning)]
    if how == "recorded" and op in ("sqrt", "power") and actual.tolist() != expected:
        # A recorded pass knows how the zero depends on the root, and so the limit.
        x = leaf(ROOTS + np.array([1e-12, 0.0]))
        np.testing.assert_allclose(actual, gradients(f(x), x), rtol=1e-5)
        assert not ours
        return
    np.testing.assert_array_equal(actual, expected)
    assert [str(w.message).split(":")[0] for w in ours] == ([] if op is None else [op])
    assert all(w.filename == __file__ for w in ours)


def test_the_warning_comes_once_a_line() -> None:
    def f(x: Any) -> Any:
        return (x * np.sqrt(x)).sum()

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(3):
            grad(f)(ROOTS)
    assert len(caught) == 1
    assert "sqrt: a gradient of 0" in str(caught[0].message)


def test_a_warning_that_is_an_error_leaves_gradients_as_they_were() -> None:
    x = leaf(0.0)
    y = x * np.sqrt(x)
    with pytest.raises(LimitWarning):
        y.backward()
    assert x.grad is None


@limits
def test_pictures_and_reports_tell_of_hidden_limits() -> None:
    x = leaf([0.0, 4.0], "x")
    y = (np.sqrt(x).named("r") ** 2).sum()
    y.backward()
    g = graph(y)
    assert [n.label for n in g.hidden_limits] == ["r"]
    z = np.where([False, True], np.sqrt(x), 0.0).sum()
    z.backward()
    assert graph(z).keeps_zeros
    assert not graph(z).hidden_limits


def test_reports_note_hidden_limits() -> None:
    with np.errstate(divide="ignore"):
        report = check_gradients(lambda x: (x * np.sqrt(x * x)).sum(), np.array([0.0, 4.0]))
    assert "note: sqrt: a gradient of 0 has met" in str(report)
    w = leaf(np.array([0.0, 4.0]), "w")
    cost = (np.sqrt(w) ** 2).sum()
    report_of_hand = compare_backprop(cost, {"w": np.array([1.0, 1.0])})
    assert not report_of_hand
    assert "note: sqrt: a gradient of 0 has met" in str(report_of_hand)


# -- the second pass -------------------------------------------------------------------------------

X_NAN = np.array([[1.0, 2.0], [np.nan, 3.0]])


SELECTED: dict[str, tuple[Any, Any]] = {
    # What is not finite was not selected; a second pass meets it again, and has nothing to tell.
    "root of a square": (lambda x: np.where(x > 0, np.sqrt(x * x), 0).sum(), [[0, 0], [0, 0]]),
    "quotient": (
        lambda x: np.where(x > 0, x**3 / np.sqrt(x * x), 0).sum(),
        [[0, 0], [0, 2]],
    ),
    "power over a root": (
        lambda x: np.where(x > 0, x**1.5 / np.sqrt(x * x), 0).sum(),
        [[0, 0], [0, -1 / 32]],
    ),
    "product of roots": (
        lambda x: np.where(x > 0, x**1.5 * x**0.5, 0).sum(),
        [[0, 0], [0, 2]],
    ),
    "square of an element": (lambda x: (x**1.5)[1] ** 2, [[0, 0], [0, 24]]),
    "square of a masked sum": (lambda x: (x**1.5 * MASK).sum() ** 2, [[0, 0], [0, 24]]),
    "square of the greatest": (lambda x: np.max(x**1.5) ** 2, [[0, 0], [0, 24]]),
    "one-hot times log of 0": (
        lambda x: (MASK * np.log(np.exp(x * x - np.array([800.0, 0.0])))).sum(),
        [[0, 0], [0, 2]],
    ),
    "masked row of softmax": (
        lambda x: np.log((lambda e: e / e.sum())(np.exp(np.where(x > 0, x, -np.inf))))[1],
        [[0, 0], [0, 0]],
    ),
    "index of a root": (lambda x: np.sqrt(x)[1], [[0, 0], [0, -1 / 32]]),
}


@pytest.mark.parametrize("how", ["hessian", "hvp", "jvp", "create_graph"])
@pytest.mark.parametrize(("f", "expected"), table(SELECTED))
def test_a_second_pass_is_silent_where_selection_made_the_zero(
    f: Any, expected: Any, how: str
) -> None:
    x, v = ROOTS, np.array([1.0, -3.0])
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("error")
        if how == "hessian":
            np.testing.assert_allclose(hessian(f)(x), expected, atol=1e-15)
        elif how == "hvp":
            np.testing.assert_allclose(hvp(f)(x, v), np.array(expected) @ v, atol=1e-15)
        elif how == "jvp":
            np.testing.assert_allclose(jvp(f, (x,), (v,))[1], grad(f)(x) @ v, rtol=1e-12)
        else:
            w = leaf(x)
            slope = gradients(f(w), w, create_graph=True)
            found = gradients((slope * v).sum(), w, allow_unused=True)
            np.testing.assert_allclose(found, np.array(expected) @ v, atol=1e-15)


def test_what_somebody_looks_at_is_a_derivative_too() -> None:
    """A zero beside a retained gradient hides a limit, though no leaf depends on it."""
    for how in ("retain", "hook"):
        t = autograd.relu(leaf([1.0, 2.0]) - 5)
        if how == "retain":
            t.retain_grad()
        else:
            t.register_hook(lambda g: None)
        with pytest.warns(LimitWarning, match="sqrt"):
            (np.sqrt(t) ** 2).sum().backward()


def test_a_step_function_has_no_limit_to_hide() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert grad(lambda x: (np.sqrt(np.floor(x)) ** 2).sum())(np.array([0.5])) == [0.0]


TANGENTS: dict[str, tuple[Any, Any, Any]] = {
    # The function, a point, and its derivative along (1, 1).
    "root": (np.sqrt, [0.0, 4.0], [np.inf, 0.25]),
    "power of 1.5": (lambda x: x * np.sqrt(x), [0.0, 4.0], [0, 3]),
    "branch": (lambda x: np.where(x > 0, np.sqrt(x), 0.0), [-1.0, 4.0], [0, 0.25]),
    "infinite row": (lambda x: np.array([[np.inf, 1], [0, 1]]) @ x, [1.0, 1.0], [np.inf, 1]),
    "NaN row": (lambda x: X_NAN @ x, [1.0, 1.0], [3, np.nan]),
}


@quiet
@pytest.mark.parametrize(("f", "point", "expected"), table(TANGENTS))
def test_tangents_where_derivatives_are_infinite(f: Any, point: Any, expected: Any) -> None:
    _, tangent = jvp(f, (np.array(point),), (np.ones(2),))
    np.testing.assert_array_equal(tangent, expected)


@quiet
@pytest.mark.parametrize("name", WATCHED)
def test_products_of_derivatives_agree_in_compositions(name: str) -> None:
    f, v = WATCHED[name][0], np.array([0.7, 1.3])
    slope_of, (_, tangent) = grad(f)(ROOTS), jvp(f, (ROOTS,), (v,))
    recorded = gradients(f(x := leaf(ROOTS)), x, create_graph=True).data
    if np.array_equal(slope_of, recorded):  # the recorded pass knows some limits
        np.testing.assert_allclose(tangent, slope_of @ v, rtol=1e-14)
    H = hessian(f)(ROOTS)
    finite = np.isfinite(H).all(axis=0) & np.isfinite(H).all(axis=1)
    assert finite[1]
    np.testing.assert_allclose(H[finite][:, finite], H.T[finite][:, finite], rtol=1e-14)
    np.testing.assert_allclose(hvp(f)(ROOTS, v)[finite], (H @ v)[finite], rtol=1e-14)


def test_a_seed_of_0_can_be_differentiated_by() -> None:
    # the derivative of gᵀJ by g along v is J v, also at g = 0
    x, g = leaf(ROOTS), leaf(np.zeros(2))
    pulled = gradients(np.sqrt(x), x, g, create_graph=True)
    np.testing.assert_array_equal(gradients(pulled.sum(), g), [np.inf, 0.25])


def special(name: str, sample: str, which: int) -> tuple[Any, Any, Any]:
    """Return a function of one operand of an op, with zeros, infinities and NaN in it."""
    o = OPS[name]
    arrays, params = parse(o, sample)
    for k, value in enumerate((0.0, np.nan, np.inf)[: max(arrays[which].size - 2, 0)]):
        arrays[which].flat[k] = value

    def f(x: Any) -> Any:
        operands = [*arrays]
        operands[which] = x
        return o.record(operands, **params) if o.variadic else o.record(*operands, **params)

    return f, arrays[which], o


SPECIAL = [
    pytest.param(name, sample, which, id=f"{name}-{sample.replace(' ', '_')}-{which}")
    for name, o in sorted(OPS.items())
    for sample in o.samples
    for which in range(len([w for w in sample.split() if "=" not in w]))
    if o.variadic or o.rules.get(o.operands[which]) is not None
]


@quiet
@pytest.mark.parametrize(("name", "sample", "which"), SPECIAL)
def test_products_of_derivatives_agree_beside_zeros_infinities_and_nan(
    name: str, sample: str, which: int
) -> None:
    f, point, _ = special(name, sample, which)
    try:
        J = jacobian(f)(point)
    except np.linalg.LinAlgError:
        pytest.skip("the decomposition of a matrix with NaN is an error, as in NumPy")
    shape = J.shape[: J.ndim - point.ndim]
    J = J.reshape(int(np.prod(shape)), point.size)
    rng = np.random.default_rng(0)
    v, g = rng.uniform(0.5, 1.5, point.shape), rng.uniform(0.5, 1.5, shape)
    _, tangent = jvp(f, (point,), (v,))
    finite = np.isfinite(J).all(axis=1)
    np.testing.assert_allclose(
        np.ravel(tangent)[finite], (J @ v.ravel())[finite], rtol=1e-12, atol=1e-14
    )
    _, pull = vjp(f, point)
    columns = np.isfinite(J).all(axis=0)
    np.testing.assert_allclose(
        pull(g)[0].ravel()[columns], (g.ravel() @ J)[columns], rtol=1e-12, atol=1e-14
    )

    def cost(x: Any) -> Any:
        return (f(x) * g).sum()

    H = hessian(cost)(point).reshape(point.size, point.size)
    along = hvp(cost)(point, v).ravel()
    rows = np.isfinite(H).all(axis=1) & np.isfinite(H).all(axis=0)
    np.testing.assert_allclose(along[rows], (H @ v.ravel())[rows], rtol=1e-10, atol=1e-12)
    both = np.isfinite(H) & np.isfinite(H.T)
    np.testing.assert_allclose(H[both], H.T[both], rtol=1e-10, atol=1e-12)


STACKS: dict[str, tuple[Any, tuple[int, ...]]] = {
    "softmax": (lambda a: autograd.softmax(a, axis=1), (2, 3)),
    "log_softmax": (lambda a: autograd.log_softmax(a, axis=1), (2, 3)),
    "cumprod": (lambda a: np.cumprod(a, axis=1), (2, 3)),
    "logsumexp": (lambda a: autograd.logsumexp(a, axis=1), (2, 3)),
    "prod": (lambda a: np.prod(a, axis=1), (2, 3)),
    "std": (lambda a: np.std(a, axis=1), (2, 3)),
    "norm": (lambda a: np.linalg.norm(a, axis=1), (2, 3)),
    "cross": (lambda a: np.linalg.cross(a, np.array([1.0, 2.0, 3.0])), (2, 3)),
    "det": (np.linalg.det, (2, 2, 2)),
    "inv": (np.linalg.inv, (2, 2, 2)),
    "solve": (lambda a: np.linalg.solve(a, np.ones((2, 1))), (2, 2, 2)),
    "solve for a vector": (lambda a: np.linalg.solve(a, np.ones(2)), (2, 2, 2)),
    "logabsdet": (lambda a: np.linalg.slogdet(a)[1], (2, 2, 2)),
}


@quiet
@pytest.mark.parametrize("recorded", [False, True])
@pytest.mark.parametrize(("f", "shape"), table(STACKS))
def test_a_nan_slice_whose_cotangent_is_0_spoils_nothing(
    f: Any, shape: tuple[int, ...], recorded: bool
) -> None:
    values = np.random.default_rng(0).uniform(0.5, 1.5, shape)
    beside = leaf(values[1:])
    expected = gradients(f(beside).sum(), beside)
    values[0] = np.nan
    x = leaf(values)
    found = gradients(f(x)[1:].sum(), x, create_graph=recorded)
    found = found.data if recorded else found
    np.testing.assert_array_equal(found[0], np.zeros(shape[1:]))
    np.testing.assert_allclose(found[1:], expected, rtol=1e-13)


@quiet
def test_anomaly_detection_sees_what_a_zero_beside_it_has_not_mended() -> None:
    t = leaf([np.nan, np.nan])
    y = t * t
    with pytest.raises(AnomalyError, match="backward pass of multiply gave nan"), detect_anomaly():
        gradients(y, t, np.array([0.0, 1.0]))


@pytest.mark.parametrize(
    ("name", "sample"),
    [
        (n, s)
        for n, o in sorted(autograd.OPS.items())
        for s in o.samples[:2]
        if n not in ("det", "inv")
    ],
)
def test_a_recomputed_pass_goes_as_the_walk_where_0_stands_beside_nan(
    name: str, sample: str
) -> None:
    """A cotangent of NaN and one of 0: what a picture recomputes has the same gradients."""
    op = autograd.OPS[name]
    arrays, params = parse(op, sample)
    tensors = [leaf(a) for a in arrays]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        out = op.record(tensors, **params) if op.variadic else op.record(*tensors, **params)
        weights = np.zeros(out.shape)
        weights.flat[:2] = [np.nan, 1.0][: out.size]
        walked = gradients((out * weights).sum(), tensors, allow_unused=True)
        view = autograd.graph((out * weights).sum())
        program = view.program
        seeds = {program.outputs[0]: np.ones(())[()]}
        again = program.pulled_back(program.values, seeds)
    for t, g in zip(tensors, walked, strict=True):
        node = view.find(t)
        if node is not None and g is not None:
            np.testing.assert_array_equal(np.asarray(again[node.id]), g)


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda x: np.linalg.slogdet(x)[1][1], np.linalg.inv([[3.0, 1.0], [1.0, 2.0]]).T),
        (lambda x: (np.linalg.qr(x)[1][1] ** 2).sum(), 2 * np.array([[3.0, 1.0], [1.0, 2.0]])),
    ],
)
def test_a_singular_matrix_that_nobody_asks_about_spoils_no_other(f: Any, expected: Any) -> None:
    """‖R‖² = ‖A‖², as Q is orthogonal."""
    stack = np.array([[[1.0, 1.0], [1.0, 1.0]], [[3.0, 1.0], [1.0, 2.0]]])
    found = grad(f)(stack)
    np.testing.assert_allclose(found[1], expected, rtol=1e-12)
    np.testing.assert_array_equal(found[0], np.zeros((2, 2)))
    H = hessian(f)(stack)
    assert not H[0].any()
    assert not H[:, :, :, 0].any()
    with pytest.raises(GradientError, match="Singular matrix"):
        grad(lambda x: f(x[::-1]))(stack)


LEFT_OUT: dict[str, Any] = {
    "relu": lambda x: autograd.relu(x),
    "maximum": lambda x: np.maximum(x, 0.0),
    "minimum": lambda x: -np.minimum(-x, 0.0),
    "fmax": lambda x: np.fmax(x, 0.0),
    "clip": lambda x: np.clip(x, 0.0, 9.0),
    "where": lambda x: np.where(x > 0, x, 0.0),
}


@pytest.mark.parametrize("outer", [np.sqrt, lambda u: np.log(u + 0.0) * 0.25, np.cbrt])
@pytest.mark.parametrize("f", table(LEFT_OUT))
def test_an_infinite_slope_beyond_what_was_left_out_is_nothing(f: Any, outer: Any) -> None:
    """The composition is constant around −1, whatever its outer function does at 0."""
    point = np.array([-1.0, 4.0])
    with np.errstate(all="ignore"):
        found = grad(lambda x: outer(f(x)).sum())(point)
        alone = grad(lambda x: outer(x).sum())(4.0)
        assert found[0] == 0.0
        assert found[1] == pytest.approx(alone, rel=1e-15)
        H = hessian(lambda x: outer(f(x)).sum())(point)
    np.testing.assert_array_equal(H[0], [0.0, 0.0])
    assert H[1, 1] == pytest.approx(grad(grad(lambda x: outer(x)))(4.0), rel=1e-14)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_products_that_leave_out_what_is_not_finite_have_their_derivatives(bad: float) -> None:
    x = np.array([2.0, 3.0, bad, 5.0])
    f = lambda x: np.cumprod(x)[0] + 2 * np.cumprod(x)[1]  # noqa: E731 - x₀ + 2 x₀ x₁
    np.testing.assert_array_equal(grad(f)(x), [7.0, 4.0, 0.0, 0.0])
    H = np.zeros((4, 4))
    H[0, 1] = H[1, 0] = 2
    np.testing.assert_array_equal(hessian(f)(x), H)
    with np.errstate(all="ignore"):
        found = grad(np.linalg.det)(np.array([[1.0, 2.0, 1.0], [2.0, bad, 3.0], [4.0, 5.0, 6.0]]))
    # The minors of the row and of the column in which it stands.
    np.testing.assert_allclose(found[1], [-7.0, 2.0, 3.0], rtol=1e-12)
    np.testing.assert_allclose(found[:, 1], [0.0, 2.0, -1.0], atol=1e-12)


@quiet
@pytest.mark.filterwarnings("ignore::autograd.LimitWarning")
def test_tangents_of_gradients_beside_a_row_of_nan() -> None:
    """Where the rows are centred, cotangents that are equal would cancel."""
    a = np.array([1.0, np.nan, 1.0])
    X = np.array([[3.0, 2.0, 1.0], [1.0, 2.5, 0.0], [2.0, 2.0, 7.0]])
    V = np.arange(1.0, 10.0).reshape(3, 3) / 9

    def centred(a: Any) -> Any:
        def f(x: Any) -> Any:
            c = x * a[:, None]
            c = c - c.mean(1, keepdims=True)
            return (c @ c.T)[0, 2] ** 2

        return f

    expected = jvp(grad(centred(np.ones(3))), (X,), (V,))[1]  # of the rows that count
    found = jvp(grad(centred(a)), (X,), (V,))[1]
    np.testing.assert_allclose(found[[0, 2]], expected[[0, 2]], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(hvp(centred(a))(X, V)[[0, 2]], expected[[0, 2]], atol=1e-12)


@quiet
@every_float
def test_where_x_is_positive_sqrt_x_else_0_is_flat_at_0_and_minus_1(dtype: Any) -> None:
    def f(x: Any) -> Any:
        return np.where(x > 0, np.sqrt(x), 0)

    for value, expected in ((0.0, 0.0), (-1.0, 0.0), (4.0, 0.25)):
        x = leaf(value, dtype=dtype)
        assert gradients(f(x), x) == expected
    x = leaf([0.0, -1.0, 4.0], dtype=dtype)
    np.testing.assert_array_equal(gradients(f(x), x, np.ones(3)), [0.0, 0.0, 0.25])
    second = hessian(lambda x: f(x).sum())(np.array([0.0, -1.0, 4.0], dtype))
    np.testing.assert_array_equal(second, np.diag([0.0, 0.0, -1 / 32]))


@quiet
def test_strong_zero_a_zero_times_what_is_not_finite_is_0() -> None:
    # The cotangent is 0 in the first place only, the local derivative is ∞ or NaN in both.
    for f, local in ((np.sqrt, INF), (np.log, INF), (lambda x: x**-0.5, -INF)):
        x = leaf([0.0, 0.0])
        np.testing.assert_array_equal(gradients(f(x), x, [0.0, 1.0]), [0.0, local])
    x = leaf([-1.0, -1.0])
    np.testing.assert_array_equal(gradients(np.sqrt(x), x, [0.0, 1.0]), [0.0, NAN])
    factor = np.array([NAN, INF])
    x = leaf([1.0, 1.0])
    np.testing.assert_array_equal(gradients(x * factor, x, [0.0, 0.0]), [0.0, 0.0])
    np.testing.assert_array_equal(gradients(x * factor, x, [1.0, 1.0]), [NAN, INF])


def test_strong_zero_is_computed_only_when_something_is_not_finite() -> None:
    from autograd.zeros import mended

    calls: list[Any] = []

    def count(frame: Any, event: str, _: Any) -> None:
        if event == "call" and frame.f_code is mended.__code__:
            calls.append(frame)

    x = leaf([0.0, 1.0])
    finite = np.where([False, True], np.exp(x), 0.0) * x
    root = np.sqrt(x)
    before = sys.getprofile()
    try:
        sys.setprofile(count)
        gradients(finite, x, [0.0, 1.0])
        gradients(root, x, [1.0, 1.0], retain_graph=True)  # ∞, but no 0 meets it
        none = len(calls)
        found = gradients(root, x, [0.0, 1.0])
    finally:
        sys.setprofile(before)
    np.testing.assert_array_equal(found, [0.0, 0.5])
    assert (none, len(calls)) == (0, 1)


def test_strong_zero_is_documented() -> None:
    text = inspect.getdoc(strong_zero) or ""
    assert "a cotangent of exactly 0 stays 0" in text
    assert "0 · ∞ is NaN" in text


@quiet
def test_strong_zero_has_a_switch_that_gives_ieee_behaviour() -> None:
    def f(x: Any) -> Any:
        return np.where(x > 0, np.sqrt(x), 0.0)

    assert grad(f)(0.0) == 0.0
    with strong_zero(False):
        assert np.isnan(grad(f)(0.0))
        assert np.isnan(grad(lambda x: x * np.sqrt(x))(0.0))
    assert grad(f)(0.0) == 0.0
