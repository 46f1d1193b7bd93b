"""Activations: their formulas, names and slopes, and the loss that belongs to each."""

from __future__ import annotations

import math

import numpy as np
import pytest

import autograd
import nn
from autograd import Tensor, check_gradients
from nn.activations import ACTIVATIONS, activation
from tests.nn.helpers import small_net, toy

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
X, _ = toy(64)


@pytest.mark.parametrize("name", sorted(set(ACTIVATIONS) - {"softmax"}))
def test_every_activation_is_its_formula_and_differentiates(name: str) -> None:
    g = activation(name)
    expected = [[FORMULAS[name](z) for z in Z[0]]]
    np.testing.assert_allclose(g(Tensor(Z)).data, expected, rtol=1e-14)
    assert check_gradients(g, Z, order=2)
    assert g.label == name


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("identity", lambda z: z),
        ("sigmoid", lambda z: 1 / (1 + np.exp(-z))),
        ("tanh", np.tanh),
        ("relu", lambda z: np.maximum(0, z)),
        ("leaky_relu", lambda z: np.maximum(0.01 * z, z)),
        ("softplus", lambda z: np.log(1 + np.exp(z))),
        ("softmax", lambda z: np.exp(z) / np.exp(z).sum(axis=0)),
    ],
)
def test_activations_are_the_notes_formulas(name, function, rng) -> None:
    layer = nn.Linear(3, 4, activation=name, rng=0)
    X = rng.normal(size=(3, 5))
    np.testing.assert_allclose(layer(X).data, function(layer.W.data @ X), rtol=1e-14)


def test_settings_of_activations_are_used() -> None:
    assert nn.LeakyReLU(0.3)(Tensor(Z)).data[0, 0] == pytest.approx(-0.6)
    assert nn.ELU(2.0)(Tensor(Z)).data[0, 0] == pytest.approx(2 * math.expm1(-2))
    assert nn.PReLU(0.5)(Tensor(Z)).data[0, 0] == -1.0
    assert nn.Activation(np.sin).label == "sin"


@pytest.mark.parametrize("slope", [np.float64(0.3), 1e16, 2e-7, -0.5, np.array(0.1)])
def test_slopes_of_every_kind_are_kept(slope, tmp_path):
    net = small_net(hidden=nn.LeakyReLU(slope))
    again = nn.load(nn.save(net, tmp_path / "n.safetensors"))
    assert again.layers[0].g.slope == slope
    with np.errstate(over="ignore"):
        A, _ = nn.by_hand.forward(net.as_dict(), X, hidden=[nn.LeakyReLU(slope)])
    assert A.shape == (1, 64)
    for wrong in ("leaky_relu(.)", "leaky_relu(1.2.3)", "elu()"):
        with pytest.raises(ValueError, match="activation: needs one of"):
            small_net(hidden=wrong)


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


def test_parameters_of_an_activation_are_the_layers() -> None:
    class Slope(nn.Module):
        """A leaky ReLU whose slope is learnt; in evaluation it is the identity."""

        def __init__(self) -> None:
            self.alpha = Tensor(0.25, name="alpha", requires_grad=True)

        def forward(self, z):
            return np.where(z > 0, z, self.alpha * z) if self.training else z

    layer = nn.Linear(2, 3, activation=Slope(), rng=0)
    assert [name for name, _ in layer.named_parameters()] == ["W", "b", "g.alpha"]
    net = nn.Sequential(layer)
    assert "step1.g.alpha" in net.state_dict()
    x = -np.ones((2, 1))
    Z = layer.W.data @ x
    np.testing.assert_allclose(net(x).data, np.where(Z > 0, Z, 0.25 * Z))
    np.testing.assert_array_equal(net.eval()(x).data, Z)
    net.train()(x).sum().backward()
    assert layer.g.alpha.grad is not None


def test_activations_in_any_form_count_as_their_names() -> None:
    X, Y = np.array([[1.0, -1.0]]), np.array([[0.0, 1.0]])
    for output in ("sigmoid", nn.Sigmoid(), autograd.sigmoid):
        net = nn.Network([1, 1], output=output, rng=0)
        net.layer1.W.data = [[2000.0]]
        assert nn.cost(net, X, Y, nn.binary_cross_entropy).item() == 2000.0
        assert nn.accuracy(net, X, 1 - Y) == 1.0


def test_an_identity_of_another_function_has_its_name() -> None:
    assert nn.Identity().label == "identity"
    assert nn.Identity(np.abs).label == "absolute"
    assert nn.LeakyReLU(0.3).label == "leaky_relu"


def test_names_from_elsewhere_are_translated() -> None:
    for name, known in (("linear", "identity"), ("logistic", "sigmoid"), ("swish", "silu")):
        with pytest.raises(ValueError, match=f"Write '{known}'"):
            nn.Network([2, 1], output=name)


def test_a_slope_that_is_learned_has_the_dtype_of_its_layer() -> None:
    net = nn.Network([2, 3, 1], hidden="prelu", dtype=np.float32, rng=0)
    assert {p.dtype for p in net.parameters()} == {np.dtype(np.float32)}
    assert net(np.ones((2, 4), np.float32)).dtype == np.float32
    assert [path for path, _ in net.named_parameters()].count("layer1.g.slope") == 1
