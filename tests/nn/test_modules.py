"""Modules and sequences of them: parameters, modes, predictions and the activation at the end."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from autograd import GradientError, ShapeError, Tensor
from tests.nn.helpers import net_of, toy

X, _ = toy(64)


# -- parameters ------------------------------------------------------------------------------------


def test_parameters_in_a_list_are_refused_not_lost() -> None:
    class Deep(nn.Module):
        def __init__(self):
            self.layers = [nn.Linear(2, 2)]

    with pytest.raises(TypeError, match=r"Deep\.layers: .*Sequential"):
        Deep()


def test_results_kept_by_forward_are_no_parameters_and_parameters_stay_tensors() -> None:
    net = nn.Linear(2, 3, rng=0)
    net.Z = net(np.ones((2, 1)))
    assert [name for name, _ in net.named_parameters()] == ["W", "b"]
    with pytest.raises(TypeError, match=r"W: is a parameter.*\.data = array"):
        net.W = np.ones((3, 2))
    w = Tensor(1.0, requires_grad=True)
    with pytest.raises(ValueError, match="twice"):
        nn.SGD([w, w], learning_rate=1)
    with pytest.raises(GradientError, match="leaves"):
        nn.SGD([w * 2], learning_rate=1)


def test_weights_are_what_is_called_w() -> None:
    net = nn.Sequential(nn.Linear(2, 3, rng=0), nn.BatchNorm(3), nn.Linear(3, 1, rng=0))
    assert [w.shape for w in net.weights()] == [(3, 2), (1, 3)]
    tied = nn.Sequential(nn.Linear(2, 2, rng=0))
    tied.again = next(tied.children())
    assert len(tied.weights()) == len(tied.parameters()) - 1 == 1


def test_state_dict_round_trip_and_its_errors() -> None:
    one, two = nn.Network([2, 3, 1], rng=0), nn.Network([2, 3, 1], rng=1)
    two.load_state_dict(one.state_dict())
    np.testing.assert_array_equal(two.layer1.W.data, one.layer1.W.data)
    state = one.state_dict()
    state["layer1.W"] = np.zeros((3, 3))
    with pytest.raises(ShapeError, match=r"layer1\.W needs shape \(3, 2\), got \(3, 3\)"):
        two.load_state_dict({**state, "layer2.W": np.ones((1, 3))})
    np.testing.assert_array_equal(two.layer2.W.data, one.layer2.W.data)
    with pytest.raises(ShapeError, match=r"missing \['layer2\.b'\], unknown \['b'\]"):
        two.load_state_dict({"b" if k == "layer2.b" else k: v for k, v in state.items()})


# -- sequences and modes ---------------------------------------------------------------------------


def test_sequential_applies_in_order_and_train_reaches_all_modules() -> None:
    net = nn.Sequential(nn.Linear(2, 3, rng=0), nn.Tanh(), nn.Linear(3, 1, rng=1))
    X = np.ones((2, 5))
    expected = net.step3.W.data @ np.tanh(net.step1.W.data @ X)
    np.testing.assert_allclose(net(X).data, expected, rtol=1e-15)
    assert not any(m.training for m in net.eval().children())
    assert all(m.training for m in net.train().children())


def test_sequential_takes_names_functions_and_classes_and_drops_nothing() -> None:
    linear = nn.Linear(2, 3, rng=0), nn.Linear(3, 1, rng=1)
    expected = np.tanh(linear[0](X).data)
    for g in ("tanh", np.tanh, nn.Tanh, nn.Tanh()):
        net = nn.Sequential(linear[0], g, linear[1], "sigmoid")
        assert len(list(net.children())) == 4
        np.testing.assert_allclose(net.logits(X).data, linear[1](expected).data)
    with pytest.raises(ValueError, match="Did you mean 'relu'"):
        nn.Sequential(linear[0], "rellu")
    with pytest.raises(TypeError, match=r"write Sequential\(a, b\), without brackets"):
        nn.Sequential([*linear])
    with pytest.raises(ValueError, match="activation: needs one of"):
        nn.Sequential(linear[0], 3)
    assert type(nn.Network([2, 2, 1], hidden=nn.ReLU, rng=0).layer1.g) is nn.ReLU


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


# -- the activation at the end ---------------------------------------------------------------------


def test_the_activation_at_the_end_brings_the_loss_on_logits() -> None:
    linear = nn.Linear(1, 1, rng=0)
    linear.W.data = np.ones((1, 1))
    X, Y = np.array([[1000.0, 1.0]]), np.array([[0.0, 1.0]])
    expected = (1000.0 + np.log1p(np.exp(-1.0))) / 2  # 500.1566
    inner = nn.Sequential(linear, nn.Sigmoid())
    for net in (
        inner,
        nn.Sequential(nn.Identity(), inner),
        nn.Sequential(nn.Linear(1, 1, activation=nn.Sigmoid(), rng=0)),
    ):
        net.parameters()[0].data = np.ones((1, 1))
        assert nn.losses.cost(net, X, Y, nn.binary_cross_entropy).item() == pytest.approx(expected)
        assert net.predict(X).tolist() == [[1, 1]]
        assert nn.accuracy(net, X, Y) == 0.5
    logits = nn.losses.cost(linear, X, Y, nn.binary_cross_entropy_with_logits)
    assert logits.item() == pytest.approx(expected)
    with pytest.raises(TypeError, match="does not end with an activation"):
        nn.Sequential(nn.Module()).logits(X)


def test_a_subclass_that_computes_otherwise_is_not_taken_for_its_base() -> None:
    class Twice(nn.Sequential):
        def forward(self, x):
            return nn.Sigmoid()(2 * super().forward(x))

    class Flat(nn.Sigmoid):
        def forward(self, z):
            return super().forward(z / 4)

    class Doubled(nn.Network):
        def forward(self, X):
            return super().forward(np.multiply(X, 2))

    X, Y = np.array([[0.5, -1.0], [2.0, 0.3]]), np.array([[1.0, 0.0]])
    for net in (
        Twice(nn.Linear(2, 1, rng=0), nn.Sigmoid()),
        nn.Sequential(nn.Linear(2, 1, rng=0), Flat()),
        nn.Linear(2, 1, activation=Flat(), rng=0),
        Doubled([2, 1], rng=0),
    ):
        A = net(X).data
        expected = -np.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A))
        J = nn.losses.cost(net, X, Y, nn.binary_cross_entropy)
        assert J.item() == pytest.approx(expected, rel=1e-12)


# -- predictions -----------------------------------------------------------------------------------


def test_probabilities_need_an_output_that_has_some() -> None:
    net = nn.Network([2, 1], output="identity", rng=0)
    with pytest.raises(ValueError, match="predict_proba: needs a network that ends with a sigmoid"):
        net.predict_proba(np.ones((2, 1)))
    with pytest.raises(ValueError, match="predict_proba"):
        nn.Sequential(nn.Linear(2, 1, rng=0), nn.BatchNorm(1)).predict_proba(np.ones((2, 1)))
    soft = nn.Network([2, 3], output="softmax", rng=0)
    np.testing.assert_allclose(soft.predict_proba(np.ones((2, 4))).sum(axis=0), 1)


def test_a_probability_at_the_threshold_is_class_0() -> None:
    net = nn.Network([1, 1], init="zeros")
    X = np.array([[1.0, -2.0]])
    assert net.predict_proba(X).tolist() == [[0.5, 0.5]]
    assert net.predict(X).tolist() == [[0, 0]]
    assert net.predict(X, threshold=0.4).tolist() == [[1, 1]]


def test_every_threshold_of_a_probability_is_allowed() -> None:
    net = nn.Network([2, 1], rng=0)
    assert net.predict(X, threshold=0).all()
    assert not net.predict(X, threshold=1).any()
    for wrong in (-0.1, 1.1):
        with pytest.raises(ValueError, match="threshold needs to be in"):
            net.predict(X, threshold=wrong)


def test_predictions_and_accuracy_refuse_what_is_not_finite() -> None:
    net, (X, Y) = net_of(), toy(20)
    net.layer1.W.data = np.full((8, 2), np.nan)
    for call in (
        lambda: net.predict(X),
        lambda: net.predict_proba(X),
        lambda: nn.accuracy(net, X, Y),
        lambda: nn.auc(net, X, Y),
        lambda: nn.confusion_matrix(net, X, Y),
    ):
        with pytest.raises(ValueError, match=r"outputs are not finite: parameter layer1\.W"):
            call()
    with pytest.raises(ValueError, match="2 of 2 outputs are not finite: X is not finite"):
        net_of(hidden="tanh").predict([[np.nan, 1.0], [0.0, np.nan]])


def test_what_is_not_finite_is_counted() -> None:
    net = nn.Network([1, 1], output="identity", rng=0)
    net["W1"].data = [[1.0]]
    with pytest.raises(ValueError, match="3 of 4 outputs are not finite: X is not finite"):
        net.predict([[np.nan, np.inf, -np.inf, 1.0]])


def test_a_summary_tells_what_every_module_gives() -> None:
    inner = nn.Sequential(nn.Linear(8, 5, rng=0), "relu")
    net = nn.Sequential(nn.Linear(4, 8, rng=0), nn.BatchNorm(8), "tanh", nn.Dropout(0.5), inner)
    rows = [line.split() for line in net.summary().splitlines()]
    assert rows[1:] == [
        ["step1", "Linear", "identity", "(8,", "m)", "40"],
        ["step2", "BatchNorm", "(8,", "m)", "16"],
        ["step3", "Tanh", "tanh", "(8,", "m)", "0"],
        ["step4", "Dropout", "(8,", "m)", "0"],
        ["step5", "Sequential", "relu", "(5,", "m)", "45"],
        ["total", "101"],
    ]
