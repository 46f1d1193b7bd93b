"""Linear layers and networks: shapes, letters and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import nn
from autograd import ShapeError, graph

# -- layers and networks ---------------------------------------------------------------------------


def test_network_has_the_courses_layers_and_shapes() -> None:
    net = nn.Network([30, 20, 7, 5, 1], rng=1)
    assert [name for name, _ in net.named_parameters()] == [
        *("layer1.W", "layer1.b", "layer2.W", "layer2.b"),
        *("layer3.W", "layer3.b", "layer4.W", "layer4.b"),
    ]
    assert [p.shape for p in net.parameters()] == [
        *((20, 30), (20, 1), (7, 20), (7, 1), (5, 7), (5, 1), (1, 5), (1, 1)),
    ]
    assert net.layer1.W.name == "W1"
    assert net(np.zeros((30, 4))).shape == (1, 4)
    assert not net.layer3.b.data.any()


def test_ops_are_recorded_under_the_layers_and_named_as_in_the_notes() -> None:
    net = nn.Network([2, 3, 1], rng=0)
    g = graph(net(np.ones((2, 4))))
    scopes = {n.name: n.scope for n in g if n.op and n.name}
    assert scopes == {
        "Z1": ("layer1 (Linear)",),
        "A1": ("layer1 (Linear)",),
        "Z2": ("layer2 (Linear)",),
        "A2": ("layer2 (Linear)",),
    }


def test_each_hidden_layer_has_its_own_g() -> None:
    net = nn.Network([2, 3, 4, 1], hidden=["tanh", nn.LeakyReLU(0.2)], output=np.sin, rng=0)
    assert [layer.g.label for layer in net.layers] == ["tanh", "leaky_relu", "sin"]
    X = np.ones((2, 5))
    A = np.tanh(net["W1"].data @ X)
    Z2 = net["W2"].data @ A
    A = np.where(Z2 > 0, Z2, 0.2 * Z2)
    np.testing.assert_allclose(net(X).data, np.sin(net["W3"].data @ A), rtol=1e-13)


def test_layers_of_one_shape_begin_with_weights_of_their_own() -> None:
    net = nn.Network([3, 3, 3, 3], rng=0)
    one, two, three_ = (layer.W.data for layer in net.layers)
    for a, b in ((one, two), (two, three_), (one, three_)):
        assert not np.array_equal(a, b)


def test_transposed_input_is_refused_with_the_fix() -> None:
    net = nn.Network([30, 20, 1], rng=0)
    with pytest.raises(
        ShapeError,
        match=r"layer1 \(Linear\): input needs n\[0\]=30 rows, got shape \(569, 30\)\. "
        r"Examples are columns here: pass X\.T\.",
    ):
        net(np.zeros((569, 30)))
    with pytest.raises(ShapeError, match=r"got shape \(30,\). Pass x\.reshape\(-1, 1\)"):
        net(np.zeros(30))


@pytest.mark.parametrize(
    ("A", "hint"),
    [
        (np.ones((5, 2)), r"Examples are columns here: pass X\.T\."),
        (np.ones(2), r"Pass x\.reshape\(-1, 1\) for one example\."),
        (np.ones((3, 3)), r"got shape \(3, 3\)\.$"),
    ],
)
def test_shapes_of_inputs_are_refused_with_what_to_write(A: Any, hint: str) -> None:
    with pytest.raises(ShapeError, match=hint):
        nn.Linear(2, 1, rng=0)(A)


@pytest.mark.parametrize("n", [[3], [3, 0, 1], [3, 2.5, 1], []])
def test_impossible_layers_are_refused(n) -> None:
    with pytest.raises(ValueError, match=r"needs (at least|to be a positive int)"):
        nn.Network(n)


def test_unknown_names_are_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"one of .*he.*, got 'hee'"):
        nn.Linear(2, 3, init="hee")
    with pytest.raises(ValueError, match=r"one of .*relu.*, got 'rellu'"):
        nn.Network([2, 1], hidden="relu", output="rellu")


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


def test_names_that_are_missing_or_unknown_are_listed() -> None:
    net = nn.Network([2, 1], rng=0)
    with pytest.raises(ShapeError, match=r"missing \['b1'\], unknown \['c1'\]"):
        net.load_dict({"W1": np.ones((1, 2)), "c1": np.ones((1, 1))})


def test_a_network_takes_attributes_that_only_begin_like_a_parameter() -> None:
    net = nn.Network([2, 3, 1], rng=0)
    net.best, net.Wide = 0.5, True
    assert (net.best, net.Wide) == (0.5, True)
    with pytest.raises(TypeError, match=r"write net\[.W1.\] = array"):
        net.W1 = np.ones((3, 2))
