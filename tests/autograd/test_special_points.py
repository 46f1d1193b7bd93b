"""Derivatives at the points where a rule has a case of its own: zeros, ties, NaN, infinities."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Tensor, graph

NAN, INF = np.nan, np.inf

# A function, its point, and the derivative by each argument there, worked out by hand.
POINTS: dict[str, tuple[Any, list[Any], list[Any]]] = {
    "fmax beside NaN on the right": (np.fmax, [2.0, NAN], [1.0, 0.0]),
    "fmax beside NaN on the left": (np.fmax, [NAN, 2.0], [0.0, 1.0]),
    "fmin beside NaN on the right": (np.fmin, [2.0, NAN], [1.0, 0.0]),
    "fmin beside NaN on the left": (np.fmin, [NAN, 2.0], [0.0, 1.0]),
    "fmax of equal numbers": (np.fmax, [2.0, 2.0], [0.5, 0.5]),
    "copysign of zero": (np.copysign, [0.0, -3.0], [0.0, 0.0]),
    "copysign of a negative": (np.copysign, [-2.0, 3.0], [-1.0, 0.0]),
    "fabs of zero": (np.fabs, [0.0], [0.0]),
    "heaviside at the step": (np.heaviside, [0.0, 0.5], [0.0, 1.0]),
    "heaviside at one": (np.heaviside, [1.0, 0.5], [0.0, 0.0]),
    "nan_to_num of infinity": (np.nan_to_num, [INF], [0.0]),
    "nan_to_num of NaN": (np.nan_to_num, [NAN], [0.0]),
    "nan_to_num of a number": (np.nan_to_num, [2.0], [1.0]),
    "zero to the zero": (lambda a: a**0.0, [0.0], [0.0]),
    "zero to a whole power": (lambda a: a ** np.int64(3), [0.0], [0.0]),
    "zero to the first": (lambda a: a**1.0, [0.0], [1.0]),
    "a negative to a whole power": (lambda a: a ** np.array(3), [-2.0], [12.0]),
    "logsumexp of −∞ and a number": (
        lambda a: autograd.logsumexp(np.stack([a, Tensor(1.0)])),
        [-INF],
        [0.0],
    ),
    "logsumexp of +∞ alone": (lambda a: autograd.logsumexp(np.stack([a, a])), [3.0], [1.0]),
    "elu at 0.5": (autograd.elu, [0.5], [1.0]),
    "elu at 30": (autograd.elu, [30.0], [1.0]),
    "elu at −1": (autograd.elu, [-1.0], [np.exp(-1.0)]),
    "max with an initial value that ties": (lambda a: np.max(a, initial=2.0), [2.0], [0.5]),
    "max with an initial value that wins": (lambda a: np.max(a, initial=3.0), [2.0], [0.0]),
    "max with an initial value that loses": (lambda a: np.max(a, initial=1.0), [2.0], [1.0]),
    "min with an initial value that ties": (lambda a: np.min(a, initial=2.0), [2.0], [0.5]),
    "loss of a certain class": (lambda a: autograd.binary_cross_entropy(a, 1.0), [1.0], [-1.0]),
    "loss of the other class": (lambda a: autograd.binary_cross_entropy(a, 0.0), [0.0], [1.0]),
    "modf of an integer": (lambda a: np.modf(a)[0], [3.0], [1.0]),
    "norm of order 3 with a zero": (
        lambda a: np.linalg.norm(np.stack([a, Tensor(2.0)]), 3),
        [0.0],
        [0.0],
    ),
    "norm of order 3": (
        lambda a: np.linalg.norm(np.stack([a, Tensor(2.0)]), 3),
        [1.0],
        [9.0 ** (-2 / 3)],
    ),
    "norm of order 2 of tiny numbers": (
        lambda a: np.linalg.norm(np.stack([a, a])),
        [1e-200],
        [2**0.5],
    ),
    "norm of zeros": (lambda a: np.linalg.norm(np.stack([a, a]), 3), [0.0], [0.0]),
    "mean of 32 768 halves": (
        lambda a: np.mean(np.broadcast_to(a, (2**15,))),
        [0.5],
        [1.0],
    ),
    "cumprod with zeros": (lambda a: np.cumprod(np.stack([a, Tensor(2.0)]))[1], [0.0], [2.0]),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("f", "point", "expected"), POINTS.values(), ids=POINTS)
def test_derivatives_at_special_points(f: Any, point: list[Any], expected: list[Any]) -> None:
    leaves = [Tensor(x, requires_grad=True) for x in point]
    y = f(*leaves)
    y.backward()
    found = [0.0 if x.grad is None else x.grad for x in leaves]
    np.testing.assert_allclose(found, expected, rtol=1e-14, atol=0)


@pytest.mark.parametrize("q", [0.5, [0.25, 0.5]])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_quantile_of_a_slice_with_nan_is_nan_and_others_are_not(q: Any) -> None:
    x = np.array([[1.0, 2.0, 5.0], [NAN, 3.0, 4.0]])
    t = Tensor(x, requires_grad=True)
    y = np.quantile(t, q, axis=1)
    np.testing.assert_array_equal(y.data, np.quantile(x, q, axis=1))
    np.sum(y[..., 0]).backward()
    assert np.all(np.isfinite(t.grad[0]))
    assert t.grad[0].sum() == pytest.approx(np.size(q), rel=1e-15)


@pytest.mark.parametrize("q", [1.5, 2.0, -0.5])
def test_a_quantile_outside_the_range_says_the_range(q: float) -> None:
    with pytest.raises(autograd.ShapeError, match="fractions need to be between 0 and 1"):
        np.quantile(Tensor([1.0, 2.0, 3.0], requires_grad=True), q)


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


def test_a_least_squares_solution_has_numpys_rank_and_residuals() -> None:
    rng = np.random.default_rng(0)
    full = rng.normal(size=(5, 3))
    thin = np.stack([full[:, 0], full[:, 1], full[:, 0] + full[:, 1]], 1)
    b = rng.normal(size=5)
    for a in (full, thin, full.T, full[:3]):
        found = np.linalg.lstsq(Tensor(a, requires_grad=True), b[: a.shape[0]])
        expected = np.linalg.lstsq(a, b[: a.shape[0]])
        assert found[2] == expected[2]
        np.testing.assert_allclose(found[0].data, expected[0], rtol=1e-9)
        np.testing.assert_allclose(getattr(found[1], "data", found[1]), expected[1], rtol=1e-9)
        np.testing.assert_allclose(found[3].data, expected[3], rtol=1e-9, atol=1e-14)


def test_the_derivative_of_a_power_is_printed_as_the_notes_do() -> None:
    a, b = Tensor(2.0, name="a", requires_grad=True), Tensor(3.0, name="b", requires_grad=True)
    formulas = {e.operand: e.formula for e in graph(a**b).edges}
    assert formulas["a"] == "b · a^(b − 1)"


def test_the_last_of_evenly_spaced_numbers_is_exactly_the_end() -> None:
    rng = np.random.default_rng(0)
    for low, high in rng.uniform(0.1, 9.0, (300, 2)):
        start = Tensor(low, requires_grad=True)
        for n in (2, 3, 7):
            assert np.linspace(start, high, n).data[-1] == high
            assert np.geomspace(start, high, n).data[-1] == np.geomspace(low, high, n)[-1]
        assert np.linspace(start, high, 1).data[0] == low
        assert np.linspace(start, high, 4, endpoint=False).data[-1] < max(low, high)


def test_correlations_never_leave_their_range() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        x = rng.normal(size=5)
        found = np.corrcoef(Tensor(np.stack([x, rng.normal() * x]), requires_grad=True)).data
        assert np.all(np.abs(found) <= 1.0)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_variance_with_no_degrees_of_freedom_has_no_derivative() -> None:
    for where in (True, [True, True, False]):
        x = Tensor([1.0, 2.0, 7.0] if where is not True else [1.0, 2.0], requires_grad=True)
        np.var(x, ddof=2, where=where).backward()
        assert np.isnan(x.grad[0])


SYMMETRIC = np.array([[2.0, 0.5], [0.5, 1.0]])


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_symmetry_is_judged_at_the_scale_of_the_matrix(scale: float) -> None:
    rounded = scale * np.add(SYMMETRIC, [[0.0, 1e-6], [0.0, 0.0]])
    w = np.linalg.eigvalsh(Tensor(rounded, requires_grad=True))
    np.testing.assert_allclose(w.data, scale * np.linalg.eigvalsh(SYMMETRIC), rtol=1e-5)
    with pytest.raises(autograd.ShapeError, match="needs a symmetric matrix"):
        np.linalg.eigvalsh(Tensor(scale * np.add(SYMMETRIC, [[0.0, 0.1], [0.0, 0.0]])))


def test_a_rank_is_judged_at_the_scale_of_the_matrix() -> None:
    eps = np.finfo(float).eps
    for scale in (1e-3, 1.0, 1e3):
        for smallest, rank in ((2 * eps, 1), (20 * eps, 2)):
            a = np.zeros((5, 2))
            a[0, 0], a[1, 1] = scale, scale * smallest
            assert np.linalg.matrix_rank(a) == rank  # by NumPy's own measure
            assert np.linalg.lstsq(Tensor(a, requires_grad=True), np.ones(5))[2] == rank


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: np.gradient(x[:1]), "needs at least 2 points, got 1"),
        (lambda x: np.gradient(x[:2], edge_order=2), "needs at least 3 points, got 2"),
        (lambda x: np.rollaxis(x, 0, 5), "start needs to be between -1 and 1"),
        (lambda x: np.diff(x, axis=1), "axis 1 is out of bounds"),
        (lambda x: np.cov(x, fweights=[1, 2]), "fweights need 3 numbers"),
        (
            lambda x: np.cov(x, aweights=[1.0, -2.0, 1.0]),
            "need 3 numbers that are not negative",
        ),
        (lambda x: np.cov(x, fweights=[1.0, 2.5, 1.0]), "fweights need to be whole numbers"),
        (lambda x: autograd.conv(x, x), r"needs x \(m, c, \*spatial\)"),
        (
            lambda x: autograd.conv(np.ones((2, 1, 5)) * x[0], np.ones((1, 2, 3))),
            r"got \(2, 1, 5\) and \(1, 2, 3\)",
        ),
        (
            lambda x: autograd.conv(np.ones((2, 1, 5)) * x[0], np.ones((1, 1, 3, 3))),
            r"and \(1, 1, 3, 3\)",
        ),
    ],
)
def test_messages_give_the_numbers(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(Tensor([1.0, 2.0, 4.0], requires_grad=True))


def test_the_derivative_of_the_loss_is_printed_as_a_fraction() -> None:
    a = Tensor(0.25, name="a", requires_grad=True)
    loss = autograd.binary_cross_entropy(a, Tensor(1.0, name="y"))
    (edge,) = (e for e in graph(loss).edges if e.differentiable)
    assert edge.formula == "(1 − y) / (1 − a) − y / a"
