"""Penalties and dropout."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from autograd import ShapeError, Tensor, check_gradients, graph
from tests.nn.helpers import toy


def net_of(**options):
    return nn.Network([2, 4, 3, 1], hidden="tanh", rng=3, **options)


# -- penalties -------------------------------------------------------------------------------------


def test_l2_of_the_courses_exercise() -> None:
    """The course's compute_cost_with_regularization test prints 1.78648594516 for these."""
    rng = np.random.RandomState(1)
    Y = np.array([[1, 1, 0, 1, 0]])
    W1, b1 = rng.randn(2, 3), rng.randn(2, 1)
    W2, b2 = rng.randn(3, 2), rng.randn(3, 1)
    W3, b3 = rng.randn(1, 3), rng.randn(1, 1)
    net = nn.Network.from_dict({"W1": W1, "b1": b1, "W2": W2, "b2": b2, "W3": W3, "b3": b3})
    A = np.array([[0.40682402, 0.01629284, 0.16722898, 0.10118111, 0.40682402]])
    J = nn.binary_cross_entropy(Tensor(A), Y) + nn.L2(0.1)(net, m=5)
    assert J.item() == pytest.approx(1.78648594516, abs=1e-10)


@pytest.mark.parametrize(
    ("penalty", "of"),
    [(nn.L2(0.7), lambda W: 0.35 * (W**2).sum()), (nn.L1(0.7), lambda W: 0.7 * np.abs(W).sum())],
    ids=["L2", "L1"],
)
def test_a_penalty_is_over_the_weights_and_not_the_biases(penalty, of) -> None:
    net, (X, Y) = net_of(), toy(20)
    for layer in net.layers:
        layer.b.data = np.full(layer.b.shape, 50.0)
    plain = nn.cost(net, X, Y).item()
    R = sum(of(layer.W.data) for layer in net.layers)
    assert nn.cost(net, X, Y, penalty=penalty).item() == pytest.approx(plain + R / 20, rel=1e-13)
    # and for a mini-batch of a set of 200
    assert nn.cost(net, X, Y, penalty=penalty, m=200).item() == pytest.approx(
        plain + R / 200, rel=1e-13
    )


@pytest.mark.parametrize("penalty", [nn.L1(0.7), nn.L2(0.7)], ids=repr)
def test_checks_and_drawings_know_the_penalty(penalty) -> None:
    net, (X, Y) = net_of(), toy(8)
    J = nn.cost(net, X, Y, penalty=penalty)
    nodes = {n.name: n for n in graph(J) if n.name}
    assert "R" in nodes
    assert type(penalty).__name__ in nodes["R"].scope
    J.backward()
    got = net["W2"].grad.copy()
    net.zero_grad()
    nn.cost(net, X, Y).backward()
    W = net["W2"].data
    extra = 0.7 / 8 * (W if isinstance(penalty, nn.L2) else np.sign(W))
    np.testing.assert_allclose(got, net["W2"].grad + extra, rtol=1e-12)
    assert nn.check_gradients(net, X, Y, penalty=penalty) < 1e-7


def test_l2_is_weight_decay() -> None:
    net, (X, Y) = net_of(), toy(40)
    W, alpha = net["W1"].numpy(), 0.5
    nn.cost(net, X, Y).backward()
    dW = net["W1"].grad.copy()
    optimizer = nn.SGD(net.parameters(), learning_rate=alpha)
    net.zero_grad()
    nn.cost(net, X, Y, penalty=nn.L2(3.0)).backward()
    optimizer.step()
    np.testing.assert_allclose(net["W1"].data, (1 - alpha * 3.0 / 40) * W - alpha * dW, rtol=1e-12)


def test_penalties_say_what_they_need() -> None:
    with pytest.raises(ValueError, match="strength needs to be a number of at least 0, got -1"):
        nn.L2(-1)
    with pytest.raises(
        ValueError, match=r"Tanh has no parameter called W, w, W1 or weight; give L2"
    ):
        nn.L2(1.0)(nn.Tanh(), 5)
    with pytest.raises(ValueError, match="L1: m needs to be a positive int, got 0"):
        nn.L1(1.0)(net_of(), 0)
    own = Tensor([3.0], requires_grad=True)
    assert nn.L2(2.0, weights=[own])(nn.Tanh(), 1).item() == 9.0


# -- dropout ---------------------------------------------------------------------------------------


def test_inverted_dropout_with_the_courses_masks() -> None:
    """The course seeds 1 before each forward pass: D1 from rand(2, 5), D2 from rand(3, 5)."""
    rng = np.random.RandomState(1)
    X = rng.randn(3, 5)
    P = {"W1": rng.randn(2, 3), "b1": rng.randn(2, 1), "W2": rng.randn(3, 2)}
    P |= {"b2": rng.randn(3, 1), "W3": rng.randn(1, 3), "b3": rng.randn(1, 1)}
    net = nn.Network.from_dict(P, keep_prob=0.7, rng=np.random.RandomState(1))
    A3 = net(X)
    expected = [[0.36974721, 0.00305176, 0.04565099, 0.49683389, 0.36974721]]
    np.testing.assert_allclose(A3.data, expected, atol=1e-8)  # printed by the exercise
    np.testing.assert_array_equal(net.dropout1.D, np.random.RandomState(1).rand(2, 5) < 0.7)


def test_dropout_keeps_the_mean_and_is_off_for_prediction() -> None:
    dropout = nn.Dropout(0.8, rng=0)
    A = Tensor(np.ones((500, 200)))
    kept = dropout(A).data
    assert set(np.unique(kept)) == {0.0, 1.25}
    assert kept.mean() == pytest.approx(1.0, abs=0.01)
    assert (dropout(A).data != kept).any()  # another mask each time
    assert dropout.eval()(A) is A
    assert nn.Dropout(1.0)(A) is A


def test_dropout_is_off_in_predict_accuracy_dev_cost_and_checks() -> None:
    X, Y = toy(40)
    net = net_of(keep_prob=[0.5, 0.9])
    plain = nn.Network.from_dict(net.as_dict(), hidden="tanh")
    assert net.training
    np.testing.assert_array_equal(net.predict(X), plain.predict(X))
    np.testing.assert_array_equal(net.predict_proba(X), plain.predict_proba(X))
    assert nn.accuracy(net, X, Y) == nn.accuracy(plain, X, Y)
    assert nn.check_gradients(net, X, Y) < 1e-7
    assert net.training
    assert net.dropout1.training  # as before
    history = nn.fit(net, X, Y, learning_rate=0.01, epochs=2, dev=(X, Y), rng=0)
    plain.load_dict(net.as_dict())
    assert history.dev_cost[-1] == nn.cost(plain, X, Y).item()


def test_each_layer_has_its_own_probability_and_masks() -> None:
    net = net_of(keep_prob=[0.5, 1.0])
    assert [name for name in vars(net) if name.startswith("dropout")] == ["dropout1"]
    net = net_of(keep_prob=0.5)
    net(np.ones((2, 400)))
    one, two = net.dropout1.D, net.dropout2.D
    assert one.shape == (4, 400)
    assert two.shape == (3, 400)
    assert (one[:3] != two).any()
    assert [n.name for n in graph(net(np.ones((2, 3)))) if n.name and n.name[0] == "D"] == [
        "D1",
        "D2",
    ]


def test_masks_can_be_given() -> None:
    net, D = net_of(keep_prob=0.5), np.array([[1], [0], [1], [0]]) * np.ones((1, 3))
    net.dropout1.mask, net.dropout2.mask = D, np.ones((3, 3))
    assert net(np.ones((2, 3))).data.tolist() == net(np.ones((2, 3))).data.tolist()
    with pytest.raises(ShapeError, match=r"mask needs shape \(4, 5\), got \(4, 3\)"):
        net(np.ones((2, 5)))
    net.dropout1.mask = D * 0.5
    with pytest.raises(ValueError, match="mask needs to be of 0 and 1"):
        net(np.ones((2, 3)))


@pytest.mark.parametrize("p", [0, -0.5, 1.5, "a", None, True])
def test_impossible_probabilities_are_refused(p) -> None:
    with pytest.raises(ValueError, match="keep_prob needs to be"):
        nn.Dropout(p)
    with pytest.raises(ValueError, match="keep_prob needs to be"):
        net_of(keep_prob=[p, 1.0])
    with pytest.raises(ValueError, match="keep_prob needs one for each of the 2 hidden layers"):
        net_of(keep_prob=[0.5])


@pytest.mark.parametrize("seed", range(40))
def test_a_check_never_calls_dropout_wrong(seed: int) -> None:
    """A mask of few units is often drawn twice; the check refuses all the same."""
    net = nn.Network([2, 2, 1], keep_prob=0.9, rng=seed)
    X, Y = np.ones((2, 1)), np.ones((1, 1))

    def f(W):
        net.layer1.W = W
        return nn.cost(net, X, Y)

    net.layer1.b.data = [[2.0], [2.0]]
    net.layer1.W.data = abs(net.layer1.W.data)
    with pytest.raises(Exception, match="two calls with the same inputs differ"):
        check_gradients(f, net.layer1.W.numpy()).raise_if_wrong()


@pytest.mark.parametrize("name", ["W", "w", "W1", "W_hh", "weight"])
def test_weights_are_found_by_their_names(name: str) -> None:
    """Beside those of a layer inside: none is left out of the penalty."""

    class Own(nn.Module):
        def __init__(self) -> None:
            setattr(self, name, nn.Tensor([[3.0]], requires_grad=True))
            self.b1 = nn.Tensor([[5.0]], requires_grad=True)
            self.inner = nn.Linear(1, 1, init=lambda n_in, n_out, rng: [[4.0]])

    assert nn.L2(2.0)(Own(), m=1).item() == 25.0


def test_settings_are_checked_when_they_are_used() -> None:
    dropout, penalty = nn.Dropout(0.5, rng=0), nn.L2(1.0)
    dropout.keep_prob, penalty.strength = 0.0, -5.0
    with pytest.raises(ValueError, match="keep_prob"):
        dropout(np.ones((2, 2)))
    with pytest.raises(ValueError, match="strength"):
        penalty(nn.Network([2, 1], rng=0), m=3)


@pytest.mark.parametrize("name", ["W_b", "w_bias", "weight_bias", "W_scale", "bias", "b"])
def test_biases_and_scales_are_not_penalized(name: str) -> None:
    class Own(nn.Module):
        def __init__(self) -> None:
            setattr(self, name, nn.Tensor([[3.0]], requires_grad=True))
            self.Wax = nn.Tensor([[2.0]], requires_grad=True)

    assert nn.L2(2.0)(Own(), m=1).item() == 4.0
