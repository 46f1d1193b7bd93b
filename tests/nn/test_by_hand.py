"""The derivations by hand agree with autograd, with loops, and with a plain NumPy training run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import nn
from autograd import ShapeError, compare_backprop
from nn import by_hand

HIDDEN = sorted(set(by_hand.ACTIVATIONS) - {"softmax"})


def data(n_x: int, n_y: int, m: int, seed: int = 0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_x, m))
    return X, np.eye(n_y)[:, rng.integers(0, n_y, m)] if n_y > 1 else rng.integers(0, 2, (1, m))


def agrees(net, J, gradients) -> None:
    own = {name: gradients[f"d{name}"] for name in net.as_dict()}
    report = compare_backprop(J, own)
    assert report, report
    assert report.worst < 1e-12


@pytest.mark.parametrize("g", HIDDEN)
@pytest.mark.parametrize("output", ["sigmoid", "softmax", "identity"])
def test_backward_by_hand_is_autograds_for_any_activation(g: str, output: str) -> None:
    n_y = 3 if output == "softmax" else 1
    X, Y = data(4, n_y, 9)
    net = nn.Network([4, 5, 3, n_y], hidden=g, output=output, rng=1)
    loss = {
        "sigmoid": ("cross_entropy", nn.binary_cross_entropy),
        "softmax": ("softmax_cross_entropy", nn.softmax_cross_entropy),
        "identity": ("squared_error", nn.squared_error),
    }[output]
    P = net.as_dict()
    A, caches = by_hand.forward(P, X, hidden=g, output=output)
    np.testing.assert_allclose(A, net(X).data, rtol=1e-12, atol=1e-15)
    J = nn.cost(net, X, Y, loss[1], penalty=nn.L2(0.3))
    by = by_hand.cost(A, Y, loss=loss[0], parameters=P, l2=0.3)
    assert J.item() == pytest.approx(by, rel=1e-12)
    agrees(net, J, by_hand.backward(A, Y, caches, loss=loss[0], l2=0.3))


def test_dropout_masks_go_both_ways() -> None:
    X, Y = data(4, 1, 9)
    net = nn.Network([4, 6, 5, 1], hidden=["tanh", "relu"], keep_prob=[0.6, 0.8], rng=1)
    J = nn.cost(net, X, Y)
    masks = {"D1": net.dropout1.D, "D2": net.dropout2.D}
    A, caches = by_hand.forward(
        net.as_dict(), X, hidden=["tanh", "relu"], masks=masks, keep_prob=[0.6, 0.8]
    )
    assert by_hand.cost(A, Y) == pytest.approx(J.item(), rel=1e-13)
    agrees(net, J, by_hand.backward(A, Y, caches))


def test_dz_and_da_are_without_1_over_m_and_are_autograds_times_m() -> None:
    X, Y = data(4, 1, 9)
    net = nn.Network([4, 5, 1], hidden="tanh", rng=1)
    A = X
    kept = []
    for layer in net.layers:
        Z = layer.linear(A)
        A = layer.g(Z)
        kept += [Z, A]
        Z.retain_grad()
        A.retain_grad()
    nn.binary_cross_entropy(A, Y).backward()
    A_L, caches = by_hand.forward(net.as_dict(), X, hidden="tanh")
    gradients = by_hand.backward(A_L, Y, caches)
    for name, t in zip(("dZ1", "dA1", "dZ2", "dA2"), kept, strict=True):
        np.testing.assert_allclose(gradients[name], 9 * t.grad, rtol=1e-11)
    assert list(gradients)[-1] == "dA0"


def test_loops_equal_the_vectorized_form() -> None:
    X, Y = data(4, 1, 7)
    rng = np.random.default_rng(0)
    w, b = rng.normal(size=(4, 1)), 0.3
    one, two = by_hand.logistic_regression_loop(w, b, X, Y), by_hand.logistic_regression(w, b, X, Y)
    for a, c in zip(one, two, strict=True):
        np.testing.assert_allclose(a, c, rtol=1e-13)
    net = nn.Network([4, 1], rng=0)
    net["W1"], net["b1"] = w.T, [[b]]
    J = nn.cost(net, X, Y)
    assert J.item() == pytest.approx(two[0], rel=1e-13)
    agrees(net, J, {"dW1": two[1].T, "db1": np.array([[two[2]]])})
    net = nn.Network([4, 5, 3, 1], rng=2)
    P = net.as_dict()
    J, gradients = by_hand.network_loop(P, X, Y)
    A, caches = by_hand.forward(P, X)
    assert pytest.approx(by_hand.cost(A, Y), rel=1e-13) == J
    whole = by_hand.backward(A, Y, caches)
    for name in gradients:
        np.testing.assert_allclose(gradients[name], whole[name], atol=1e-14)


def test_what_has_no_elementwise_slope_is_refused() -> None:
    X, Y = data(4, 3, 5)
    net = nn.Network([4, 3], output="softmax", rng=0)
    A, caches = by_hand.forward(net.as_dict(), X, output="softmax")
    with pytest.raises(ValueError, match="softmax needs its own cross-entropy"):
        by_hand.backward(A, Y, caches, loss="squared_error")
    with pytest.raises(ValueError, match="loss needs to be"):
        by_hand.cost(A, Y, loss="hinge")
    with pytest.raises(ValueError, match="l2 needs parameters="):
        by_hand.cost(A, Y, l2=1.0)


@pytest.mark.long
def test_2500_iterations_of_the_courses_network_stay_within_1e_12_of_plain_numpy() -> None:
    """12288-20-7-5-1 on 209 random images, by gradient descent."""
    n, m, alpha, steps = [12288, 20, 7, 5, 1], 209, 0.0075, 2500
    rng = np.random.default_rng(0)
    X, Y = rng.random((n[0], m)) - 0.5, rng.integers(0, 2, (1, m)).astype(float)
    net = nn.Network(n, init="he", rng=np.random.RandomState(1))
    P = net.as_dict()
    costs = []
    for _ in range(steps):
        A, caches = by_hand.forward(P, X)
        costs.append(by_hand.cost(A, Y))
        gradients = by_hand.backward(A, Y, caches)
        P = {name: value - alpha * gradients[f"d{name}"] for name, value in P.items()}
    history = nn.fit(
        net, X, Y, optimizer="sgd", learning_rate=alpha, epochs=steps, batch_size=None,
        progress=False,
    )  # fmt: skip
    np.testing.assert_allclose(history.cost, costs, rtol=1e-12)
    for name, value in net.as_dict().items():
        assert np.abs(value - P[name]).max() <= 1e-12 * np.abs(value).max()


@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
def test_da_of_the_output_is_the_derivative_of_the_loss(output: str) -> None:
    n_y = 3 if output == "softmax" else 1
    X, Y = data(4, n_y, 9)
    loss = {"sigmoid": "cross_entropy", "softmax": "softmax_cross_entropy"}[output]
    A, caches = by_hand.forward(
        nn.Network([4, n_y], output=output, rng=1).as_dict(), X, output=output
    )
    got = by_hand.backward(A, Y, caches, loss=loss)["dA1"]
    for i in np.ndindex(*A.shape):
        step = np.zeros_like(A)
        step[i] = 1e-6
        up, down = (by_hand.cost(A + s * step, Y, loss=loss) for s in (1, -1))
        assert got[i] == pytest.approx(9 * (up - down) / 2e-6, rel=1e-5, abs=1e-6)


def test_the_backward_pass_of_the_courses_exercise() -> None:
    """Its A[2] is drawn, not σ(Z[2]); the numbers are those it prints (course 1, week 4)."""
    draw = np.random.RandomState(3).randn
    A_L, Y = draw(1, 2), np.array([[1, 0]])
    A1, W1, b1, Z1 = draw(4, 2), draw(3, 4), draw(3, 1), draw(3, 2)
    A2, W2, b2, Z2 = draw(3, 2), draw(1, 3), draw(1, 1), draw(1, 2)
    caches = [
        by_hand.Cache(A1, W1, b1, Z1, np.maximum(0, Z1), "relu"),
        by_hand.Cache(A2, W2, b2, Z2, by_hand.sigmoid(Z2), "sigmoid"),
    ]
    found = by_hand.backward(A_L, Y, caches)
    np.testing.assert_allclose(
        found["dW1"],
        [
            [0.41010002, 0.07807203, 0.13798444, 0.10502167],
            [0, 0, 0, 0],
            [0.05283652, 0.01005865, 0.01777766, 0.0135308],
        ],
        atol=5e-9,
    )
    np.testing.assert_allclose(found["db1"], [[-0.22007063], [0], [-0.02835349]], atol=5e-9)


@pytest.mark.parametrize("loss", ["cross-entropy", "mse", None])
def test_a_loss_that_is_not_known_is_refused(loss: Any) -> None:
    A_L, caches = by_hand.forward({"W1": np.ones((1, 2)), "b1": np.zeros((1, 1))}, np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"backward: loss needs to be 'cross_entropy'"):
        by_hand.backward(A_L, np.ones((1, 3)), caches, loss=loss)
    with pytest.raises(ValueError, match=r"cost: loss needs to be 'cross_entropy'"):
        by_hand.cost(A_L, np.ones((1, 3)), loss=loss)


def test_the_short_way_is_for_the_output_of_the_last_cache_only() -> None:
    parameters = {"W1": np.array([[0.5, -1.0]]), "b1": np.array([[0.25]])}
    X, Y = np.array([[1.0, 2.0], [0.5, -1.0]]), np.array([[1.0, 0.0]])
    A, caches = by_hand.forward(parameters, X)
    np.testing.assert_array_equal(by_hand.backward(A, Y, caches)["dZ1"], A - Y)
    other = A + 0.01
    long_way = (-Y / other + (1 - Y) / (1 - other)) * A * (1 - A)
    np.testing.assert_allclose(by_hand.backward(other, Y, caches)["dZ1"], long_way, rtol=1e-14)
    assert caches[-1].keep_prob == 1.0


def test_a_list_of_keep_probs_leaves_the_output_alone() -> None:
    parameters = nn.Network([2, 3, 1], rng=0).as_dict()
    masks = {"D1": np.ones((3, 4)), "D2": np.ones((1, 4))}
    _, caches = by_hand.forward(parameters, np.ones((2, 4)), masks=masks, keep_prob=[0.5])
    assert [cache.keep_prob for cache in caches] == [0.5, 1.0]


@pytest.mark.parametrize("shape", [(1, 4), (4,), (3, 3)])
def test_shapes_of_a_single_unit_are_checked_whatever_they_are(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match="logistic_regression: needs w"):
        by_hand.logistic_regression(np.ones((2, 1)), 0.0, np.ones(shape), np.ones((1, 3)))
    with pytest.raises(ShapeError, match="logistic_regression: needs w"):
        by_hand.logistic_regression(np.ones((2, 1)), 0.0, np.ones((2, 3)), np.ones(3))


@pytest.mark.parametrize("rows", [np.ones(3), np.ones((2, 3, 1)), np.ones(())])
def test_one_unit_needs_a_matrix_of_examples(rows: Any) -> None:
    with pytest.raises(ShapeError, match="examples are columns"):
        nn.by_hand.logistic_regression(np.zeros((2, 1)), 0.0, rows, np.ones((1, 3)))


def test_a_cost_of_softmax_needs_its_own_loss() -> None:
    """(1/m) Σ −Σ y log a; the other cost would count the other classes again."""
    A, Y = np.array([[0.7, 0.2], [0.3, 0.8]]), np.array([[1.0, 0.0], [0.0, 1.0]])
    with pytest.raises(ValueError, match="pass loss='softmax_cross_entropy'"):
        by_hand.cost(A, Y)
    found = by_hand.cost(A, Y, loss="softmax_cross_entropy")
    assert found == pytest.approx(-(np.log(0.7) + np.log(0.8)) / 2, rel=1e-15)
    of_sigmoids = by_hand.cost(A, Y, loss="cross_entropy")
    assert of_sigmoids == pytest.approx(-np.log([0.7, 0.8, 0.7, 0.8]).sum() / 2, rel=1e-14)
    assert by_hand.cost(A, np.ones((2, 2))) > 0  # labels that are no classes of softmax
    with_nan = np.array([[np.nan, 0.2], [0.3, 0.8]])
    assert np.isnan(by_hand.cost(with_nan, Y, loss="softmax_cross_entropy"))
    assert np.isnan(by_hand.cost(with_nan, 1 - Y, loss="softmax_cross_entropy"))
    two = np.array([[0.7, 0.2], [0.4, 0.8]])  # two sigmoids
    expected = -np.log([0.7, 0.8, 1 - 0.2, 1 - 0.4]).sum() / 2
    assert by_hand.cost(two, Y) == pytest.approx(expected, rel=1e-14)


def test_certain_and_right_costs_nothing() -> None:
    """0 log 0 is 0."""
    Y = np.array([[1.0, 0.0]])
    with np.errstate(all="raise"):
        assert by_hand.cost(Y, Y) == 0.0
        assert (
            by_hand.cost(np.vstack([Y, 1 - Y]), np.vstack([Y, 1 - Y]), loss="softmax_cross_entropy")
            == 0
        )


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"b1": np.zeros(3)}, r"W1 and b1 need shapes \(n\[1\], 2\) and \(n\[1\], 1\)"),
        ({"b1": np.zeros((1, 3))}, r"got \(3, 2\) and \(1, 3\)"),
        ({"W2": np.zeros((1, 2))}, "W2 and b2 need shapes"),
        ({"b2": None}, "needs W1, b1, W2, b2, got W1, b1, W2"),
        ({"b1": None, "W2": None, "b2": None}, "needs W1, b1, got W1"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(changed: Any, said: str) -> None:
    """A bias of rank 1 would be added along the examples, where there are as many as units."""
    whole = {**nn.Network([2, 3, 1], rng=0).as_dict(), **changed}
    parameters = {name: array for name, array in whole.items() if array is not None}
    with pytest.raises(ShapeError, match=said):
        nn.by_hand.forward(parameters, np.ones((2, 3)))
