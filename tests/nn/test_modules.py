"""Networks and activations: settings, letters, tables and what they refuse."""

from __future__ import annotations

import math

import numpy as np
import pytest

import nn
from autograd import ShapeError, Tensor, check_gradients
from nn.activations import ACTIVATIONS, activation

Z = np.array([[-2.0, -0.5, 0.5, 3.0]])
FORMULAS = {
    "elu": lambda z: z if z > 0 else math.expm1(z),
    "gelu": lambda z: z * (1 + math.erf(z / math.sqrt(2))) / 2,
    "identity": lambda z: z,
    "leaky_relu": lambda z: z if z > 0 else 0.01 * z,
    "prelu": lambda z: z if z > 0 else 0.25 * z,
    "relu": lambda z: max(z, 0),
    "sigmoid": lambda z: 1 / (1 + math.exp(-z)),
    "silu": lambda z: z / (1 + math.exp(-z)),
    "softplus": lambda z: math.log1p(math.exp(z)),
    "tanh": math.tanh,
}


@pytest.mark.parametrize("name", sorted(set(ACTIVATIONS) - {"softmax"}))
def test_every_activation_is_its_formula_and_differentiates(name: str) -> None:
    g = activation(name)
    expected = [[FORMULAS[name](z) for z in Z[0]]]
    np.testing.assert_allclose(g(Tensor(Z)).data, expected, rtol=1e-14)
    assert check_gradients(g, Z, order=2)
    assert g.label == name


def test_settings_of_activations_are_used() -> None:
    assert nn.LeakyReLU(0.3)(Tensor(Z)).data[0, 0] == pytest.approx(-0.6)
    assert nn.ELU(2.0)(Tensor(Z)).data[0, 0] == pytest.approx(2 * math.expm1(-2))
    assert nn.PReLU(0.5)(Tensor(Z)).data[0, 0] == -1.0
    assert nn.Activation(np.sin).label == "sin"


def test_a_learned_slope_is_learned() -> None:
    g = nn.PReLU(0.1)
    net = nn.Network([1, 1, 1], hidden=g, output="identity", rng=0)
    assert "layer1.g.slope" in dict(net.named_parameters())
    X = np.linspace(-1, 1, 20)[None]
    net.load_dict({"W1": [[1.0]], "b1": [[0.0]], "W2": [[1.0]], "b2": [[0.0]]})
    optimizer = nn.Adam([g.slope], learning_rate=0.05)
    Y = np.where(X > 0, X, 0.7 * X)
    nn.fit(net, X, Y, optimizer=optimizer, loss=nn.mean_squared_error, epochs=100)
    assert g.slope.item() == pytest.approx(0.7, abs=0.02)


def test_each_hidden_layer_has_its_own_g() -> None:
    net = nn.Network([2, 3, 4, 1], hidden=["tanh", nn.LeakyReLU(0.2)], output=np.sin, rng=0)
    assert [layer.g.label for layer in net.layers] == ["tanh", "leaky_relu", "sin"]
    X = np.ones((2, 5))
    A = np.tanh(net["W1"].data @ X)
    Z2 = net["W2"].data @ A
    A = np.where(Z2 > 0, Z2, 0.2 * Z2)
    np.testing.assert_allclose(net(X).data, np.sin(net["W3"].data @ A), rtol=1e-13)


# -- the notes' letters ----------------------------------------------------------------------------


def test_parameters_go_by_the_notes_letters() -> None:
    net = nn.Network([2, 3, 1], rng=0)
    assert net["W1"] is net.layer1.W
    assert net["b2"] is net.layer2.b
    net["W2"] = [[1.0, 2.0, 3.0]]
    assert net.layer2.W.data.tolist() == [[1, 2, 3]]
    P = net.as_dict()
    assert list(P) == ["W1", "b1", "W2", "b2"]
    P["W1"] += 1
    assert (net.layer1.W.data != P["W1"]).all()  # copies
    other = nn.Network.from_dict(P)
    assert other.n == (2, 3, 1)
    for name, value in other.as_dict().items():
        np.testing.assert_array_equal(value, P[name])
    small = {name: value.astype(np.float32) for name, value in P.items()}
    assert nn.Network.from_dict(small)["W1"].dtype == np.float32


@pytest.mark.parametrize("name", ["W0", "W3", "w1", "c1", "W", "W1.5", "", 1])
def test_unknown_letters_are_refused(name) -> None:
    net = nn.Network([2, 3, 1], rng=0)
    with pytest.raises(KeyError, match="parameters are W1, b1, … W2, b2"):
        net[name]


def test_a_dict_that_does_not_fit_changes_nothing() -> None:
    net = nn.Network([2, 3, 1], rng=0)
    before = net.as_dict()
    for change, message in (
        ({"W1": np.ones((3, 3))}, r"W1 needs shape \(3, 2\), got \(3, 3\)"),
        ({"W3": np.ones((1, 1))}, "missing none, unknown .'W3'."),
    ):
        with pytest.raises(ShapeError, match=message):
            net.load_dict({**{k: v + 1 for k, v in before.items()}, **change})
    assert all(np.array_equal(v, before[k]) for k, v in net.as_dict().items())
    for wrong in ({}, {"W1": [[1.0]]}, {"W1": [[1.0]], "b2": [[1.0]]}):
        with pytest.raises(ValueError, match="from_dict: needs W1, b1, … WL, bL"):
            nn.Network.from_dict(wrong)
    with pytest.raises(ShapeError, match=r"W1 needs shape \(n\[1\], n\[0\]\), got \(2,\)"):
        nn.Network.from_dict({"W1": [1.0, 2.0], "b1": [[0.0]]})


# -- modes and tables ------------------------------------------------------------------------------


def test_modes_reach_every_depth_and_come_back() -> None:
    inner = nn.Sequential(nn.Dropout(0.5, rng=0))
    net = nn.Sequential(nn.Sequential(inner, nn.Linear(2, 1, rng=0)), nn.Sigmoid())
    drop = next(inner.children())
    assert [m for m in net.modules() if isinstance(m, nn.Dropout)] == [drop]
    net.eval()
    assert not drop.training
    net.train()
    assert drop.training
    drop.eval()
    with net.evaluating():
        assert not net.training
        assert not nn.cost(net, np.ones((2, 3)), np.ones((1, 3))).requires_grad
    assert net.training
    assert not drop.training  # each as it was
    with pytest.raises(RuntimeError), net.evaluating():
        raise RuntimeError
    assert net.training


def test_weights_are_what_is_called_w() -> None:
    net = nn.Sequential(nn.Linear(2, 3, rng=0), nn.BatchNorm(3), nn.Linear(3, 1, rng=0))
    assert [w.shape for w in net.weights()] == [(3, 2), (1, 3)]
    tied = nn.Sequential(nn.Linear(2, 2, rng=0))
    tied.again = next(tied.children())
    assert len(tied.weights()) == len(tied.parameters()) - 1 == 1


def test_probabilities_need_an_output_that_has_some() -> None:
    net = nn.Network([2, 1], output="identity", rng=0)
    with pytest.raises(ValueError, match="predict_proba: needs a network that ends with a sigmoid"):
        net.predict_proba(np.ones((2, 1)))
    with pytest.raises(ValueError, match="predict_proba"):
        nn.Sequential(nn.Linear(2, 1, rng=0), nn.BatchNorm(1)).predict_proba(np.ones((2, 1)))
    soft = nn.Network([2, 3], output="softmax", rng=0)
    np.testing.assert_allclose(soft.predict_proba(np.ones((2, 4))).sum(axis=0), 1)


def test_squared_errors() -> None:
    A, Y = Tensor([[1.0, 3.0], [0.0, 0.0]]), np.array([[0.0, 1.0], [1.0, 0.0]])
    assert nn.squared_error(A, Y).item() == (1 + 4 + 1) / 2 / 2
    assert nn.mean_squared_error(A, Y).item() == (1 + 4 + 1) / 2
    assert nn.mean_squared_error(A, Y, weight=[2.0, 0.0]).item() == (2 * 2) / 2
    for loss in (nn.squared_error, nn.mean_squared_error):
        with pytest.raises(ShapeError, match="labels need the shape"):
            loss(A, Y[:1])
        with pytest.raises(ValueError, match="weight: needs 2 finite numbers"):
            loss(A, Y, weight=[1.0])
        with pytest.raises(ValueError, match="weight: needs 2 finite numbers"):
            loss(A, Y, weight=[1.0, -1.0])


def test_a_network_takes_attributes_that_only_begin_like_a_parameter() -> None:
    net = nn.Network([2, 3, 1], rng=0)
    net.best, net.Wide = 0.5, True
    assert (net.best, net.Wide) == (0.5, True)
    with pytest.raises(TypeError, match=r"write net\[.W1.\] = array"):
        net.W1 = np.ones((3, 2))


def test_an_option_of_nobody_is_sent_nowhere() -> None:
    with pytest.raises(TypeError) as caught:
        nn.Network([2, 3, 1], colour="red")
    assert "belongs to" not in str(caught.value)
    with pytest.raises(TypeError, match=r"belongs to nn\.fit"):
        nn.Network([2, 3, 1], epochs=3)
