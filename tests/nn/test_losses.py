"""Losses and costs: their values, and the labels and outputs that they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import ShapeError, Tensor, check_gradients
from tests.nn.helpers import net_of, three, toy

X, _ = toy(64)


# -- values ----------------------------------------------------------------------------------------


def test_costs_are_averages_over_the_columns(rng) -> None:
    A, Y = rng.uniform(0.1, 0.9, (1, 6)), np.array([[0.0, 1, 1, 0, 1, 0]])
    expected = -np.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A))
    assert nn.binary_cross_entropy(Tensor(A), Y).item() == pytest.approx(expected, rel=1e-14)
    Z = np.log(A / (1 - A))
    actual = nn.binary_cross_entropy_with_logits(Tensor(Z), Y).item()
    assert actual == pytest.approx(expected, rel=1e-14)


def test_softmax_cross_entropy_of_two_classes_is_the_binary_one(rng) -> None:
    z, y = rng.normal(size=(1, 5)), np.array([[0.0, 1, 1, 0, 1]])
    two = nn.softmax_cross_entropy(Tensor(np.vstack([z, np.zeros_like(z)])), np.vstack([y, 1 - y]))
    one = nn.binary_cross_entropy_with_logits(Tensor(z), y)
    assert two.item() == pytest.approx(one.item(), rel=1e-14)


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


def test_cost_uses_the_form_on_logits() -> None:
    net = nn.Network([1, 1], rng=0)
    net.layer1.W.data = [[2000.0]]
    X, Y = np.array([[1.0, -1.0]]), np.array([[0.0, 1.0]])
    assert nn.cost(net, X, Y, nn.binary_cross_entropy).item() == 2000.0


def test_gradients_of_a_network_pass_the_courses_check(rng) -> None:
    X, Y = toy(8)
    net = nn.Network([2, 3, 1], hidden="tanh", rng=0)

    def J(*parameters):
        for own, given in zip(("W", "b"), parameters, strict=True):
            setattr(net.layer1, own, given)
        return nn.cost(net, X, Y, nn.binary_cross_entropy)

    report = check_gradients(J, net.layer1.W, net.layer1.b)
    assert report
    assert report.worst < 1e-7


def test_a_plain_function_has_a_cost_and_no_accuracy() -> None:
    X, Y = np.zeros((2, 3)), np.ones((1, 3))
    J = nn.losses.cost(lambda X: Tensor(X[:1].data + 0.5), Tensor(X), Y, nn.binary_cross_entropy)
    assert J.item() == pytest.approx(np.log(2))
    with pytest.raises(ValueError, match="ends with a sigmoid or softmax"):
        nn.accuracy(lambda X: X, X, Y)


# -- labels ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("Y", "message"),
    [
        (np.ones((4, 1)), r"need the shape \(1, 4\), got \(4, 1\)\. .*pass Y\.T"),
        (np.ones(4), r"got \(4,\)\. Pass Y\.reshape\(1, -1\)"),
        (np.full((1, 4), 2.0), r"labels need to be in \[0, 1\], got values from 2 to 2"),
        (np.full((1, 4), np.nan), r"labels need to be in \[0, 1\]"),
    ],
)
def test_labels_that_do_not_fit_are_refused(Y, message) -> None:
    with pytest.raises(ValueError, match=message):
        nn.binary_cross_entropy(Tensor(np.full((1, 4), 0.5)), Y)


def test_softmax_labels_sum_to_1() -> None:
    Z = Tensor(np.zeros((3, 4)))
    Y = np.eye(3)[:, [0, 1, 2, 0]]
    assert nn.softmax_cross_entropy(Z, Y).item() == pytest.approx(np.log(3))
    Y[1, 2] = 1
    with pytest.raises(ValueError, match=r"sum to 1 down each column, got 2 in column 2 \(1 such"):
        nn.softmax_cross_entropy(Z, Y)
    nn.softmax_cross_entropy(Z, np.full((3, 4), 1 / 3))  # rounding is no error
    X, _ = three(30)
    net = nn.Network([2, 3], output="softmax", rng=0)
    with pytest.raises(ValueError, match="sum to 1 down each column"):
        nn.accuracy(net, X, np.zeros((3, 30)))


def test_labels_may_be_off_by_rounding() -> None:
    Z, Y = np.zeros((3, 4)), nn.one_hot([0, 1, 2, 0])
    wanted = nn.softmax_cross_entropy(nn.Tensor(Z), Y).item()
    assert nn.softmax_cross_entropy(nn.Tensor(Z), Y * (1 + 2.3e-16)).item() == pytest.approx(wanted)
    with pytest.raises(ValueError, match="need to be in"):
        nn.softmax_cross_entropy(nn.Tensor(Z), Y * 1.001)


# -- losses of one's own ---------------------------------------------------------------------------


def test_an_own_loss_sees_labels_of_the_shape_of_the_outputs_only() -> None:
    net, X = net_of(), toy(20)[0]
    seen = []

    def own(A, Y):
        seen.append(Y.shape)
        return ((A - Y) ** 2).sum() / A.shape[1]

    nn.cost(net, X, np.zeros((1, 20)), own)
    assert seen == [(1, 20)]
    for Y in (np.zeros((20, 1)), np.zeros(20), np.zeros((1, 1))):
        with pytest.raises(ShapeError, match=r"cost: labels need the shape \(1, 20\)"):
            nn.cost(net, X, Y, own)
    with pytest.raises(
        TypeError, match=r"needs to return a Tensor of one number, got shape \(1, 2"
    ):
        nn.cost(net, X, np.zeros((1, 20)), lambda A, Y: (A - Y) ** 2)
    with pytest.raises(TypeError, match="one number, got float"):
        nn.cost(net, X, np.zeros((1, 20)), lambda A, Y: 1.0)


def test_an_own_loss_of_a_vector_sees_labels_of_its_shape() -> None:
    class Dot(nn.Module):
        def __init__(self) -> None:
            self.w = nn.Tensor([1.0, 0.0], requires_grad=True)

        def forward(self, X: Any) -> Any:
            return self.w @ X

    X = np.random.default_rng(0).normal(size=(2, 6))
    loss = lambda A, Y: ((A - Y) ** 2).mean()  # noqa: E731
    assert nn.cost(Dot(), X, X[0], loss).item() == 0.0
    with pytest.raises(ShapeError, match=r"labels need the shape \(6,\), got \(6, 1\)"):
        nn.cost(Dot(), X, X[0][:, None], loss)


# -- one softmax output ----------------------------------------------------------------------------


def test_one_softmax_output_is_refused_everywhere() -> None:
    with pytest.raises(ValueError, match=r"one softmax output is always 1.*output='sigmoid'"):
        nn.Network([3, 1], output="softmax")
    net = nn.Sequential(nn.Linear(2, 1, rng=0), nn.Softmax())
    X, Y = toy(20)
    with pytest.raises(ShapeError, match="one softmax output is always 1"):
        nn.fit(net, X, Y, epochs=1)
    with pytest.raises(ShapeError, match="one softmax output is always 1"):
        nn.softmax_cross_entropy(Tensor([[1.0, 2.0]]), [[1.0, 1.0]])


def test_one_softmax_unit_is_refused_in_every_module() -> None:
    X, Y = np.ones((3, 4)), np.ones((1, 4))
    net = nn.Sequential(nn.Linear(3, 1, rng=0), "softmax")
    for use in (
        lambda: nn.accuracy(net, X, Y),
        lambda: nn.cost(net, X, Y, nn.squared_error),
        lambda: net.predict(X),
        lambda: nn.cost(
            nn.Network([3, 1], output=lambda Z: autograd.softmax(Z, axis=0)), X, Y, nn.squared_error
        ),
    ):
        with pytest.raises(ShapeError, match="one softmax output is always 1"):
            use()


# -- probabilities that are none -------------------------------------------------------------------


def test_probabilities_are_in_0_1() -> None:
    with pytest.raises(ValueError, match=r"probabilities need to be in .0, 1., got values from -1"):
        nn.binary_cross_entropy(Tensor([[-1.0, 0.5]]), [[1, 0]])
    with pytest.raises(ValueError, match=r"pass A = σ\(Z\) first and the labels second"):
        nn.binary_cross_entropy(Tensor([[1.5, 0.5]]), [[1, 0]])


def test_a_probability_of_exactly_0_or_1_is_one() -> None:
    L = nn.binary_cross_entropy(np.array([[0.0, 1.0]]), np.array([[0.0, 1.0]]))
    np.testing.assert_array_equal(np.asarray(L), [[0.0, 0.0]])
    for bad in (-1e-9, 1 + 1e-9):
        with pytest.raises(ValueError, match="probabilities"):
            nn.binary_cross_entropy(np.array([[bad]]), np.array([[0.0]]))


# -- logits that are none --------------------------------------------------------------------------


def logits(n):
    return Tensor(np.random.default_rng(0).normal(size=(n, 20)), requires_grad=True)


OF_SIGMOIDS = {
    "a little added": lambda z: nn.Sigmoid()(z) + 1e-8,
    "times 1": lambda z: nn.Sigmoid()(z) * 1.0,
    "divided by 1": lambda z: nn.Sigmoid()(z) / 1,
    "e^z / (1 + e^z)": lambda z: np.exp(z) / (1 + np.exp(z)),
    "one e^z": lambda z: (lambda e: e / (e + 1))(np.exp(z)),
    "1 − σ(−z)": lambda z: 1 - nn.Sigmoid()(-z),
    "by tanh": lambda z: 0.5 * (1 + np.tanh(z / 2)),
    "by tanh, divided": lambda z: (np.tanh(z / 2) + 1) / 2,
    "½ + ½ tanh": lambda z: 0.5 * np.tanh(z / 2) + 0.5,
    "½ + tanh / 2": lambda z: 0.5 + np.tanh(z / 2) / 2,
    "after dropout": lambda z: nn.Dropout(0.9, rng=0)(nn.Sigmoid()(z)),
}
LOGITS = {
    "a little added": lambda z: z + 1e-8,
    "times 1": lambda z: z * 1,
    "tanh": np.tanh,
    "twice σ": lambda z: 2 * nn.Sigmoid()(z) - 1,
    "σ / 0.1": lambda z: nn.Sigmoid()(z) / 0.1,
    "z σ(z)": lambda z: z * nn.Sigmoid()(z),
    "e^z": np.exp,
    "e^z / (1 + e^−z)": lambda z: np.exp(z) / (1 + np.exp(-z)),
    "after dropout": lambda z: nn.Dropout(0.9, rng=0)(z),
    "tanh + 2": lambda z: (np.tanh(z) + 2) / 2,
    "2 / (1 + tanh)": lambda z: 2 / (1 + np.tanh(z)),
    "½ + tanh": lambda z: 0.5 + np.tanh(z),
}
TWICE: dict[str, Any] = {
    "reshaped": lambda A: A.reshape(3, -1),
    "times 1": lambda A: A * 1.0,
    "transposed twice": lambda A: A.T.T,
    "clipped": lambda A: np.clip(A, 1e-9, 1),
    "joined again": lambda A: np.concatenate([A[:1], A[1:]]),
    "by hand": lambda A: np.exp(np.log(A)),
}


@pytest.mark.filterwarnings("ignore::nn.TrainingWarning")
def test_a_loss_on_logits_refuses_probabilities() -> None:
    z = Tensor(np.zeros((3, 2)), requires_grad=True)
    Y = np.eye(3)[:, :2]
    import autograd

    for made in (autograd.softmax(z), autograd.sigmoid(z), autograd.softmax(z).named("A")):
        with pytest.raises(ValueError, match="would be applied twice; pass Z, before the"):
            nn.softmax_cross_entropy(made, Y)
        with pytest.raises(ValueError, match="would be applied twice"):
            nn.binary_cross_entropy_with_logits(made, Y)
    net = nn.Sequential(nn.Linear(2, 3, rng=0), nn.Sigmoid())
    X, Y = three(30)
    with pytest.raises(ValueError, match="softmax_cross_entropy: takes logits"):
        nn.fit(net, X, Y, loss=nn.softmax_cross_entropy, epochs=1, rng=0)
    # where the module knows its softmax the loss takes the logits, and the cost is right
    net = nn.Sequential(nn.Linear(2, 3, rng=0), nn.Softmax())
    J = nn.cost(net, X, Y, nn.softmax_cross_entropy)
    assert J.item() == pytest.approx(-np.log(net(X).data[Y == 1]).mean())


@pytest.mark.parametrize("g", ["sigmoid", "softmax"])
def test_a_loss_on_logits_says_which_loss_takes_probabilities(g) -> None:
    Z = Tensor(np.array([[1.0, -1.0], [0.5, 2.0]]), requires_grad=True)
    A, Y = getattr(autograd, g)(Z), np.eye(2)
    with pytest.raises(ValueError, match="takes logits") as caught:
        nn.binary_cross_entropy_with_logits(A, Y)
    other = "or use binary_cross_entropy on probabilities"
    assert (other in str(caught.value)) == (g == "sigmoid")
    assert "None" not in str(caught.value)


@pytest.mark.parametrize("after", [pytest.param(f, id=name) for name, f in TWICE.items()])
def test_probabilities_are_no_logits_however_they_are_arranged(after: Any) -> None:
    X = np.random.default_rng(0).normal(size=(3, 20))
    Y = nn.one_hot(np.arange(20) % 3)
    net = nn.Sequential(nn.Linear(3, 3, rng=0), "softmax", after)
    with pytest.raises(ValueError, match="the result of softmax, so that it would be applied twi"):
        nn.fit(net, X, Y, loss=nn.softmax_cross_entropy, progress=False)


def test_probabilities_of_one_example_are_no_logits_either() -> None:
    E = np.exp(nn.Tensor([[0.2], [0.3], [0.5]], requires_grad=True))
    with pytest.raises(ValueError, match="the result of softmax"):
        nn.softmax_cross_entropy(E / E.sum(axis=0), [[1.0], [0.0], [0.0]])


def test_a_sigmoid_written_out_is_one_too() -> None:
    X = np.random.default_rng(0).normal(size=(3, 20))
    Y = (X[:1] > 0) * 1.0
    Z = nn.Tensor([[1.0, -2.0, 0.5]], requires_grad=True) @ X
    with pytest.raises(ValueError, match="the result of sigmoid"):
        nn.binary_cross_entropy_with_logits(1 / (1 + np.exp(-Z)), Y)
    assert nn.binary_cross_entropy_with_logits(Z, Y).item() > 0
    # Scaled beyond (0, 1) it is a bounded logit, and meant.
    assert nn.binary_cross_entropy_with_logits(10 / (1 + np.exp(-Z)) - 5, Y).item() > 0


@pytest.mark.parametrize("name", OF_SIGMOIDS)
def test_a_loss_on_logits_refuses_a_sigmoid_however_it_is_written(name):
    with pytest.raises(ValueError, match="takes logits"):
        nn.binary_cross_entropy_with_logits(OF_SIGMOIDS[name](logits(1)), np.ones((1, 20)))


@pytest.mark.parametrize("name", LOGITS)
def test_what_only_looks_like_a_sigmoid_are_logits(name):
    assert nn.binary_cross_entropy_with_logits(LOGITS[name](logits(1)), np.ones((1, 20))).size == 1


@pytest.mark.parametrize("shift", [1e-8, -1e-8])
def test_a_softmax_with_a_little_added_is_no_logit(shift):
    targets = nn.one_hot(np.arange(20) % 3)
    with pytest.raises(ValueError, match="takes logits"):
        nn.softmax_cross_entropy(nn.Softmax()(logits(3)) + shift, targets)
    net = nn.Sequential(nn.Linear(2, 3, rng=0), nn.Softmax(), nn.Activation(lambda a: a + shift))
    with pytest.raises(ValueError, match="takes logits"):
        nn.fit(net, X, nn.one_hot(np.arange(64) % 3), loss=nn.softmax_cross_entropy, epochs=1)


def test_logits_that_look_like_probabilities_in_their_first_column_are_logits():
    A = np.array([[0.3, 0.9], [0.7, 0.9]])  # the second column sums to 1.8
    targets = np.array([[1.0, 0.0], [0.0, 1.0]])
    wanted = np.mean(np.log(np.exp(A).sum(axis=0)) - (A * targets).sum(axis=0))
    assert nn.softmax_cross_entropy(A, targets) == pytest.approx(wanted)


def test_logits_that_add_up_to_1_are_logits() -> None:
    X, Y = np.random.default_rng(0).normal(size=(3, 20)), nn.one_hot(np.arange(20) % 3)
    start = {"W1": np.zeros((3, 3)), "b1": np.full((3, 1), 1 / 3)}
    net = nn.Network.from_dict(start, output="softmax")
    assert nn.cost(net, X, Y).item() == pytest.approx(np.log(3))
    assert nn.softmax_cross_entropy(nn.Tensor(Y), Y).item() > 0
    assert nn.binary_cross_entropy_with_logits(nn.Tensor(Y), Y).item() > 0


def test_where_the_results_of_an_op_come_from() -> None:
    z = nn.Tensor(np.ones((2, 3)), requires_grad=True)
    assert (z * 2).comes_from == "multiply"
    assert np.clip(autograd.tanh(z).reshape(3, 2), -0.5, 0.5).T.comes_from == "tanh"
    assert (z / (1 + np.exp(-z))).comes_from == "divide"  # SiLU, and no sigmoid
    assert (1 / (3 + np.exp(-z))).comes_from == "divide"
    assert (1 / (1 + np.exp(-z))).comes_from == "sigmoid"
    assert (z + autograd.sigmoid(z)).comes_from == "add"
    assert nn.Tensor(1.0).comes_from is None


@pytest.mark.parametrize("loss", [nn.binary_cross_entropy, nn.binary_cross_entropy_with_logits])
def test_classes_of_a_softmax_are_no_questions_of_their_own(loss: Any) -> None:
    """The cost would be another one than the course's, and about twice as large."""
    net = nn.Network([2, 4, 3], output="softmax", rng=0)
    X, Y = np.random.default_rng(0).normal(size=(2, 9)), np.eye(3)[:, np.arange(9) % 3]
    before = net["W1"].numpy()
    for call in (nn.cost, nn.fit):
        with pytest.raises(ValueError, match=r"write loss=nn\.softmax_cross_entropy"):
            call(net, X, Y, loss=loss)
    np.testing.assert_array_equal(net["W1"].data, before)
    assert float(nn.cost(net, X, Y)) == float(nn.cost(net, X, Y, nn.softmax_cross_entropy))
