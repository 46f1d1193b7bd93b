"""Numbers that the course's exercises print, computed by `nn` from the same seeds."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from autograd import relu
from nn import by_hand

CLOSE = {"rtol": 0, "atol": 6e-9}  # they are printed with eight decimals


def drawn(seed: int, *shapes: tuple[int, ...]) -> list[np.ndarray]:
    rng = np.random.RandomState(seed)
    return [rng.randn(*shape) for shape in shapes]


# -- course 1, week 2: logistic regression ---------------------------------------------------------

W, B = np.array([[1.0], [2.0]]), 2.0
X, Y = np.array([[1.0, 2.0, -1.0], [3.0, 4.0, -3.2]]), np.array([[1, 0, 1]])


@pytest.mark.parametrize("f", [by_hand.logistic_regression, by_hand.logistic_regression_loop])
def test_propagate(f) -> None:
    found, dw, db = f(W, B, X, Y)
    assert found == pytest.approx(5.801545319394553, rel=1e-14)
    np.testing.assert_allclose(dw, [[0.99845601], [2.39507239]], **CLOSE)
    assert db == pytest.approx(0.00145557813678, abs=6e-15)


def test_optimize_and_predict() -> None:
    net = nn.Network.from_dict({"W1": W.T, "b1": [[B]]})
    optimizer = nn.SGD(net.parameters(), learning_rate=0.009)
    with pytest.warns(nn.TrainingWarning, match="recall of class 0 is 0"):  # of these 3 examples
        nn.fit(net, X, Y, optimizer=optimizer, epochs=100, batch_size=3, rng=0)
    np.testing.assert_allclose(net["W1"].data.T, [[0.19033591], [0.12259159]], **CLOSE)
    assert net["b1"].item() == pytest.approx(1.92535983008, abs=6e-12)
    net = nn.Network.from_dict({"W1": [[0.1124579, 0.23106775]], "b1": [[-0.3]]})
    points = [[1.0, -1.1, -3.2], [1.2, 2.0, 0.1]]
    assert net.predict(np.array(points)).tolist() == [[1, 1, 0]]


# -- course 1, week 4: a deep network step by step -------------------------------------------------


def test_initialize_parameters_deep() -> None:
    net = nn.Network([5, 4, 3], output="softmax", init=0.01, rng=np.random.RandomState(3))
    first = [0.01788628, 0.0043651, 0.00096497, -0.01863493, -0.00277388]
    np.testing.assert_allclose(net["W1"].data[0], first, **CLOSE)
    np.testing.assert_allclose(
        net["W2"].data,
        [
            [-0.01185047, -0.0020565, 0.01486148, 0.00236716],
            [-0.01023785, -0.00712993, 0.00625245, -0.00160513],
            [-0.00768836, -0.00230031, 0.00745056, 0.01976111],
        ],
        **CLOSE,
    )
    assert not net["b1"].data.any()


def test_linear_activation_forward() -> None:
    A, W, b = drawn(2, (3, 2), (1, 3), (1, 1))
    Z = by_hand.linear_forward(A, W, b)
    np.testing.assert_allclose(by_hand.sigmoid(Z), [[0.96890023, 0.11013289]], **CLOSE)
    np.testing.assert_allclose(relu(Z), [[3.43896131, 0]], **CLOSE)


DEEP = {
    "one hidden layer": (1, [4, 3, 1], [[0.17007265, 0.2524272]]),
    "two hidden layers": (6, [5, 4, 3, 1], [[0.03921668, 0.70498921, 0.19734387, 0.04728177]]),
}


@pytest.mark.parametrize("name", DEEP)
def test_forward_of_a_deep_network(name) -> None:
    seed, n, printed = DEEP[name]
    rng = np.random.RandomState(seed)
    X = rng.randn(n[0], len(printed[0]))
    P = {}
    for l in range(1, len(n)):  # noqa: E741
        P |= {f"W{l}": rng.randn(n[l], n[l - 1]), f"b{l}": rng.randn(n[l], 1)}
    A, caches = by_hand.forward(P, X)
    np.testing.assert_allclose(A, printed, **CLOSE)
    assert len(caches) == len(n) - 1
    np.testing.assert_allclose(nn.Network.from_dict(P)(X).data, printed, **CLOSE)


def test_cost() -> None:
    A, Y = np.array([[0.8, 0.9, 0.4]]), np.array([[1, 1, 1]])
    assert by_hand.cost(A, Y) == pytest.approx(0.41493159961539694, rel=1e-14)
    assert nn.binary_cross_entropy(A, Y).item() == pytest.approx(0.41493159961539694, rel=1e-14)


def test_linear_backward() -> None:
    dZ, A, W, _ = drawn(1, (1, 2), (3, 2), (1, 3), (1, 1))
    dA, dW, db = by_hand.linear_backward(dZ, A, W)
    printed = [[0.51822968, -0.19517421], [-0.40506361, 0.15255393], [2.37496825, -0.89445391]]
    np.testing.assert_allclose(dA, printed, **CLOSE)
    np.testing.assert_allclose(dW, [[-0.10076895, 1.40685096, 1.64992505]], **CLOSE)
    np.testing.assert_allclose(db, [[0.50629448]], **CLOSE)


# -- course 2, week 1: initialization, regularization ----------------------------------------------

INITIAL = {
    "he": [
        [1.78862847, 0.43650985],
        [0.09649747, -1.8634927],
        [-0.2773882, -0.35475898],
        [-0.08274148, -0.62700068],
    ],
    10.0: [
        [17.88628473, 4.36509851],
        [0.96497468, -18.63492703],
        [-2.77388203, -3.54758979],
        [-0.82741481, -6.27000677],
    ],
    "zeros": [[0, 0]] * 4,
}


@pytest.mark.parametrize("init", INITIAL)
def test_initializations(init) -> None:
    net = nn.Network([2, 4, 1], init=init, rng=np.random.RandomState(3))
    np.testing.assert_allclose(net["W1"].data, INITIAL[init], **CLOSE)


@pytest.mark.parametrize("init", [-1, np.nan, np.inf, 10**400, 1j, [0.1], True, None, "He"])
def test_an_initialization_that_is_none_is_refused(init) -> None:
    with pytest.raises(ValueError, match="init: "):
        nn.Network([2, 4, 1], init=init, rng=0)


# What both of the next exercises give.
Z1 = np.array(
    [
        [-1.52855314, 3.32524635, 2.13994541, 2.60700654, -0.75942115],
        [-1.98043538, 4.1600994, 0.79051021, 1.46493512, -0.45506242],
    ]
)
W1 = np.array([[-1.09989127, -0.17242821, -0.87785842], [0.04221375, 0.58281521, -1.10061918]])
W2 = np.array([[0.50249434, 0.90085595], [-0.68372786, -0.12289023], [-0.93576943, -0.26788808]])
W3 = np.array([[-0.6871727, -0.84520564, -0.67124613]])


def test_backward_with_l2() -> None:
    """λ = 0.7; what the exercise gives has eight decimals, and so has what it prints."""
    (X,), Y = drawn(1, (3, 5)), np.array([[1, 1, 0, 1, 0]])
    Z2 = np.array(
        [
            [0.53035547, 5.94892323, 2.31780174, 3.16005701, 0.53035547],
            [-0.69166075, -3.47645987, -2.25194702, -2.65416996, -0.69166075],
            [-0.39675353, -4.62285846, -2.61101729, -3.22874921, -0.39675353],
        ]
    )
    Z3 = np.array([[-0.3771104, -4.10060224, -1.60539468, -2.18416951, -0.3771104]])
    A1, A2 = np.maximum(0, Z1), np.maximum(0, Z2)
    A3 = np.array([[0.40682402, 0.01629284, 0.16722898, 0.10118111, 0.40682402]])
    caches = [
        by_hand.Cache(X, W1, np.zeros((2, 1)), Z1, A1, "relu"),
        by_hand.Cache(A1, W2, np.zeros((3, 1)), Z2, A2, "relu"),
        by_hand.Cache(A2, W3, np.zeros((1, 1)), Z3, A3, "sigmoid"),
    ]
    found = by_hand.backward(A3, Y, caches, l2=0.7)
    printed = {
        "dW1": [[-0.25604646, 0.12298827, -0.28297129], [-0.17706303, 0.34536094, -0.4410571]],
        "dW2": [[0.79276486, 0.85133918], [-0.0957219, -0.01720463], [-0.13100772, -0.03750433]],
        "dW3": [[-1.77691347, -0.11832879, -0.09397446]],
    }
    for name, array in printed.items():
        np.testing.assert_allclose(found[name], array, rtol=0, atol=2e-7)


def test_backward_with_dropout() -> None:
    """keep_prob = 0.8; dA is after the mask."""
    (X,), Y = drawn(1, (3, 5)), np.array([[1, 1, 0, 1, 0]])
    D1 = np.array([[1, 0, 1, 1, 1], [1, 1, 1, 1, 0]])
    A1 = np.array(
        [[0.0, 0.0, 4.27989081, 5.21401307, 0.0], [0.0, 8.32019881, 1.58102041, 2.92987024, 0.0]]
    )
    Z2 = np.array(
        [
            [0.53035547, 8.02565606, 4.10524802, 5.78975856, 0.53035547],
            [-0.69166075, -1.71413186, -3.81223329, -4.61667916, -0.69166075],
            [-0.39675353, -2.62563561, -4.82528105, -6.0607449, -0.39675353],
        ]
    )
    D2 = np.array([[1, 0, 1, 0, 1], [0, 1, 0, 1, 1], [0, 0, 1, 0, 0]])
    A2 = np.zeros((3, 5))
    A2[0] = [1.06071093, 0.0, 8.21049603, 0.0, 1.06071093]
    Z3 = np.array([[-0.7415562, -0.0126646, -5.65469333, -0.0126646, -0.7415562]])
    A3 = np.array([[0.32266394, 0.49683389, 0.00348883, 0.49683389, 0.32266394]])
    caches = [
        by_hand.Cache(X, W1, np.zeros((2, 1)), Z1, A1, "relu", D1, 0.8),
        by_hand.Cache(A1, W2, np.zeros((3, 1)), Z2, A2, "relu", D2, 0.8),
        by_hand.Cache(A2, W3, np.zeros((1, 1)), Z3, A3, "sigmoid"),
    ]
    gradients = by_hand.backward(A3, Y, caches)
    dA1 = [
        [0.36544439, 0.0, -0.00188233, 0.0, -0.17408748],
        [0.65515713, 0.0, -0.00337459, 0.0, 0.0],
    ]
    dA2 = [
        [0.58180856, 0.0, -0.00299679, 0.0, -0.27715731],
        [0.0, 0.53159854, 0.0, 0.53159854, -0.34089673],
        [0.0, 0.0, -0.00292733, 0.0, 0.0],
    ]
    np.testing.assert_allclose(gradients["dA1"], dA1, **CLOSE)
    np.testing.assert_allclose(gradients["dA2"], dA2, **CLOSE)
