"""What is said of data and training that go wrong without an error, and of bias and variance."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import nn
from autograd import Tensor
from nn import diagnosis
from tests.nn.helpers import QUIET, mentions, net_of, notes_of, small_net, three, toy

X, Y = toy(64)
DRAWN = np.random.default_rng(3)


def noted(net, X, Y, **options) -> nn.History:
    with pytest.warns(nn.TrainingWarning) as found:
        history = nn.fit(net, X, Y, **{"learning_rate": 0.01, "epochs": 2, "rng": 0, **options})
    assert [str(w.message) for w in found] == [f"fit: {note}" for note in history.notes]
    assert {w.filename for w in found} == {__file__}
    return history


def notes(X, Y=None, net=None, **options) -> list[str]:
    Y = (X[:1] > np.median(X[0])).astype(float) if Y is None else Y
    net = nn.Network([len(X), 4, 1], hidden="tanh", rng=0) if net is None else net
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", nn.TrainingWarning)
        settings = {"learning_rate": 0.01, "epochs": 0, "rng": 0, **options}
        history = nn.fit(net, X, Y, **settings)
    return history.notes


def said_in(net: Any, inputs: Any, labels: Any, **options: Any) -> list[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return nn.fit(net, inputs, labels, rng=0, **options).notes


# -- bias and variance -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("train", "dev", "optimal", "bias", "variance"),
    [
        (0.01, 0.11, 0.0, False, True),  # the four rows of the lecture
        (0.15, 0.16, 0.0, True, False),
        (0.15, 0.30, 0.0, True, True),
        (0.005, 0.01, 0.0, False, False),
        (0.15, 0.16, 0.15, False, False),  # nobody does better
    ],
)
def test_the_four_cases_of_the_notes(train, dev, optimal, bias, variance) -> None:
    found = nn.diagnose_bias_variance(train, dev, optimal)
    assert (found.high_bias, found.high_variance) == (bias, variance)
    assert found.bias == pytest.approx(train - optimal)
    assert found.variance == pytest.approx(dev - train)
    text = str(found)
    assert ("bigger network" in text) == bias
    assert ("more data, or augment" in text) == variance
    assert ("done" in text) == (not bias and not variance)


def test_errors_are_fractions() -> None:
    with pytest.raises(ValueError, match=r"train_error needs to be a fraction in \[0, 1\], got 15"):
        nn.diagnose_bias_variance(15, 16)
    assert "is that one right" in str(nn.diagnose_bias_variance(0.0, 0.0, 0.1))


@pytest.mark.parametrize("error", [-0.01, 1.01, 1.5, 2.0, 50.0])
def test_errors_outside_0_and_1_are_no_fractions(error: float) -> None:
    with pytest.raises(ValueError, match=r"a fraction in \[0, 1\]"):
        nn.diagnose_bias_variance(error, 0.2)


def test_no_tolerance_is_a_tolerance() -> None:
    found = nn.diagnose_bias_variance(0.01, 0.01, 0.0, tolerance=0.0)
    assert found.high_bias
    assert not found.high_variance


def test_a_bias_of_nothing_or_of_the_tolerance_is_low() -> None:
    assert "low bias (0.00% above" in str(nn.diagnose_bias_variance(0.0, 0.0))
    found = nn.diagnose_bias_variance(0.02, 0.04)
    assert (found.high_bias, found.high_variance) == (False, False)
    found = nn.diagnose_bias_variance(0.0201, 0.0403)
    assert (found.high_bias, found.high_variance) == (True, True)


def test_all_errors_may_be_wrong_and_advice_is_for_both() -> None:
    found = nn.diagnose_bias_variance(1.0, 1.0)
    assert found.high_bias
    assert not found.high_variance
    assert "0.00% more on the dev set" in str(found)
    both = nn.diagnose_bias_variance(0.3, 0.5).advice
    apart = nn.diagnose_bias_variance(0.3, 0.3).advice, nn.diagnose_bias_variance(0.0, 0.2).advice
    assert both == [*apart[0], *apart[1]]
    with pytest.raises(ValueError, match="needs to be"):
        nn.diagnose_bias_variance(1.5, 0.5)


# -- data ------------------------------------------------------------------------------------------


def test_it_is_said_when_scales_differ() -> None:
    X, Y = toy()
    net = nn.Network([3, 8, 1], rng=0)
    history = noted(net, np.vstack([X, 500 * X[:1]]), Y)
    assert "scales differ by a factor of" in history.notes[0]
    assert "the values of feature 2 span" in history.notes[0]
    constant = np.vstack([X, np.full((1, 200), 1e9)])  # such a feature has no scale
    quiet = nn.fit(nn.Network([3, 8, 1], rng=0), constant / 1e9, Y, learning_rate=1e-3, epochs=0)
    assert quiet.notes == []


def test_data_that_are_not_normalized_get_one() -> None:
    for change in (lambda X: X * 1000, lambda X: X + 500):
        (note,) = notes(change(X))
        assert "not normalized (feature " in note


@pytest.mark.parametrize(("mean", "said"), [(19.5, False), (20.5, True), (-20.5, True)])
def test_features_far_from_zero_are_said_from_twenty_deviations_on(mean, said) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2, 400))
    X = (X - X.mean(axis=1, keepdims=True)) / X.std(axis=1, keepdims=True) + [[mean], [0]]
    Y = (rng.random((1, 400)) > 0.5).astype(float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", nn.TrainingWarning)
        notes = nn.fit(net_of(hidden="tanh"), X, Y, epochs=1, progress=False).notes
    assert any("not normalized" in note for note in notes) == said


def test_it_is_said_when_pixels_are_not_divided_by_255() -> None:
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, size=(16, 50)).astype(float)
    Y = (X[:1] > 128).astype(float)
    history = noted(nn.Network([16, 4, 1], rng=0), X, Y)
    assert history.notes[0] == "X is of whole numbers from 0 to 255, like pixels: divide it by 255."
    net = nn.Network([16, 4, 1], hidden="tanh", rng=0)
    scaled = nn.fit(net, X / 255, Y, learning_rate=0.1, epochs=30, rng=0)
    assert scaled.notes == []


def test_pixels_begin_at_0() -> None:
    """What goes below 0 is no picture, whatever its greatest value is."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (16, 20)).astype(float)

    def notes(rows: Any) -> list[str]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            net = nn.Network([16, 1], rng=0)
            labels = (np.arange(20) % 2).reshape(1, 20)
            return nn.fit(net, rows, labels, epochs=1, progress=False, rng=0).notes

    assert any("divide it by 255" in note for note in notes(pixels))
    dark = pixels.copy()
    dark[0] = 1.0 + dark[0] % 9  # no pixel of 0 there
    assert any("divide it by 255" in note for note in notes(np.maximum(dark, 1.0)))
    assert not any("divide it by 255" in note for note in notes(pixels - 5.0))


def test_grey_values_between_whole_numbers_are_pixels_too():
    rng = np.random.default_rng(0)
    pixels = rng.uniform(0, 255, size=(16, 50))
    net = nn.Network([16, 4, 1], rng=0)
    assert said_in(net, pixels, (pixels[:1] > 99) * 1.0, epochs=1)[0].endswith("divide it by 255.")
    rates = rng.exponential(10, size=(16, 50))  # no pixels, whatever the greatest is
    rates[0, 0] = 200
    for other in (rates, rng.normal(130, 20, (16, 50)), rng.uniform(0, 200, (16, 50))):
        notes = said_in(net, other, (other[:1] > 9) * 1.0, epochs=1)
        assert not any("divide it by 255" in note for note in notes)


def test_it_is_said_when_a_float32_network_gets_float64() -> None:
    X, Y = toy()
    net = net_of(dtype=np.float32)
    history = noted(net, X, Y, epochs=20)
    assert history.notes == [
        "The parameters are float32 and the data float64, so that all is computed in float64: "
        "pass X.astype(np.float32)."
    ]
    assert net.layer1.W.dtype == np.float32
    assert nn.fit(net, X.astype("f"), Y.astype("f"), learning_rate=0.01, epochs=2).notes == []


def test_healthy_data_get_no_note() -> None:
    rng = np.random.default_rng(0)
    rare = np.vstack([rng.normal(size=60_000), np.arange(60_000) < 4])
    assert notes(nn.Normalizer().fit(rare).transform(rare)) == []
    pixels = rng.random((20, 100))
    pixels[3] *= 1 / 255
    assert notes(pixels) == []
    small = rng.integers(-28, 29, size=(2, 200)).astype(np.int8)
    assert notes(small) == []
    ages = np.vstack([rng.integers(18, 140, 200), rng.integers(0, 2, 200)]).astype(float)
    assert not [n for n in notes(ages) if "255" in n]


# -- targets and labels ----------------------------------------------------------------------------


def said_of_targets(values: Any) -> list[str]:
    net = nn.Network([2, 3, 1], output="identity", rng=0)
    return [*diagnosis._targets(net, np.asarray(values, float).reshape(1, -1))]


@pytest.mark.parametrize(
    ("mean", "std", "said"),
    [
        (20.5, 1.0, True),
        (-20.5, 1.0, True),
        (19.5, 1.0, False),
        (0.0, 101.0, True),
        (0.0, 99.0, False),
        (0.0, 0.9e-3, True),
        (0.0, 1.1e-3, False),
        (5.0, 0.0, False),
    ],
)
def test_targets_far_from_mean_0_and_variance_1_are_named(
    mean: float, std: float, said: bool
) -> None:
    values = mean + std * np.array([-1.0, 1.0, -1.0, 1.0])
    assert bool(said_of_targets(values)) == said


def notes_of_targets(Y: Any, output: str = "identity") -> list[str]:
    rows = np.random.default_rng(0).normal(size=(2, 60))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net = nn.Network([2, 1], output=output, rng=0)
        return nn.fit(net, rows, Y, loss=nn.squared_error, epochs=1, progress=False, rng=0).notes


def test_targets_are_judged_by_their_mean_in_standard_deviations() -> None:
    Z = np.random.default_rng(1).normal(size=(1, 60))
    Z = (Z - Z.mean()) / Z.std()
    assert not any("not normalized" in n for n in notes_of_targets(30 + 3 * Z))
    assert any("not normalized" in n for n in notes_of_targets(90 + 3 * Z))
    assert not any("not normalized" in n for n in notes_of_targets(5 + 0.5 * Z))


def test_targets_that_an_output_of_relu_can_give() -> None:
    Y = np.linspace(0.0, 1.0, 60).reshape(1, 60)
    assert not any("The targets are between" in n for n in notes_of_targets(Y, "relu"))
    assert any("of at least 0" in n for n in notes_of_targets(Y - 0.5, "relu"))


def test_one_hot_labels_on_sigmoids_get_a_note() -> None:
    X, Y = three(60)
    assert [n for n in notes(X, Y, nn.Network([2, 8, 3], rng=0)) if "use output='softmax'" in n]
    several = np.vstack([Y[:1], 1 - Y[1:2], Y[2:]])  # a question each
    assert notes(X, several, nn.Network([2, 8, 3], rng=0)) == []


def test_two_examples_of_one_class_are_of_one_class() -> None:
    with pytest.warns(nn.TrainingWarning, match="All 2 labels are the same"):
        nn.fit(net_of(hidden="tanh"), np.eye(2), np.ones((1, 2)), epochs=1, progress=False)


# -- units that are the same, and dead ones --------------------------------------------------------


def test_it_is_said_when_units_are_identical_or_labels_all_the_same() -> None:
    X, Y = toy()
    history = noted(net_of(init="zeros"), X, Y)
    assert "All 8 units of layer1 (Linear) begin with the same weights" in history.notes[0]
    history = noted(net_of(), X, np.ones((1, 200)))
    assert "All 200 labels are the same" in history.notes[0]


def test_units_that_differ_in_the_bias_alone_are_not_identical() -> None:
    X, Y = toy()
    for biases, said in ((np.zeros((4, 1)), True), (np.arange(4.0).reshape(4, 1), False)):
        net = nn.Network([2, 4, 1], hidden="tanh", rng=0)
        net["W1"], net["b1"], net["W2"] = np.ones((4, 2)), biases, np.ones((1, 4))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", nn.TrainingWarning)
            notes = nn.fit(net, X, Y, epochs=1, progress=False).notes
        assert any("begin with the same weights" in note for note in notes) == said


@pytest.mark.parametrize(("g", "silent"), [("relu", True), ("tanh", True), ("sigmoid", False)])
def test_dropout_does_not_help_where_all_is_zero(g, silent):
    net = nn.Network([2, 4, 1], init="zeros", keep_prob=0.5, hidden=g, rng=0)
    notes = said_in(net, X, Y, epochs=3)
    assert any("begin with the same weights" in note for note in notes) == silent
    assert net["W1"].data.any() != silent


@QUIET
@pytest.mark.parametrize("g", [lambda: nn.BatchNorm(3), lambda: lambda z: z[:3] * 1.0])
def test_zeros_with_dropout_and_an_activation_of_ones_own_train(g):
    net = nn.Network([2, 3, 1], hidden=g(), init="zeros", keep_prob=0.5, rng=0)
    assert nn.fit(net, X, Y, epochs=1).epochs == 1


def test_dead_units_are_explained_by_the_inputs() -> None:
    X, Y = toy()
    for change, cure in (
        (lambda X: X + 50, "The inputs are not normalized: use nn.Normalizer"),
        (lambda X: X * 40, "The inputs are not normalized: use nn.Normalizer"),
        (lambda X: X - X.mean(), "Try a lower learning rate, hidden='leaky_relu'"),
    ):
        net = net_of()
        net.layer1.W.data, net.layer1.b.data = np.zeros((8, 2)), -np.arange(1.0, 9).reshape(8, 1)
        history = noted(net, change(X), Y, learning_rate=1e-9, optimizer="sgd")
        (note,) = [n for n in history.notes if "dead" in n]
        assert cure in note
    half = net_of()
    half.layer1.b.data = np.where(np.arange(8) < 3, -1e3, 1.0).reshape(8, 1)
    quiet = nn.fit(half, X, Y, learning_rate=0.01, epochs=10, rng=0)
    assert not [n for n in quiet.notes if "dead" in n]  # three of eight are fewer than half


@pytest.mark.parametrize(("mean", "said"), [(3.5, "nn.Normalizer"), (2.5, "lower learning rate")])
def test_dead_units_of_far_inputs_are_mended_by_normalizing(mean, said):
    from nn.diagnosis import _dead

    net = small_net(init=0.01)
    net["b1"].data = np.full((3, 1), -1e3) - np.arange(3.0).reshape(3, 1)
    far = np.random.default_rng(0).normal(mean, 0.5, (2, 400))
    (note,) = _dead(net, far)
    assert said in note


def test_half_of_a_layer_dead_is_said_of_wide_layers_only() -> None:
    X, Y = toy()
    for width, dead, said in ((4, 2, True), (4, 1, False), (3, 2, False), (3, 3, True)):
        net = nn.Network([2, width, 1], hidden="relu", rng=0)
        W, b = net["W1"].numpy(), net["b1"].numpy()
        b[:dead] = -1e6
        net["W1"], net["b1"] = W, b
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", nn.TrainingWarning)
            rate = nn.SGD(net.parameters(), learning_rate=1e-9)
            notes = nn.fit(net, X, Y, optimizer=rate, epochs=1, progress=False).notes
        assert any("are dead" in note for note in notes) == said, (width, dead)


def test_one_dead_unit_of_two_is_no_alarm_and_identical_units_are_said_once() -> None:
    net = nn.Network([2, 2, 1], rng=0)
    net["b1"] = [[-100.0], [1.0]]
    assert not [n for n in notes(X, Y, net, epochs=2) if "dead" in n]
    net["b1"] = [[-100.0], [-100.0]]
    assert [n for n in notes(X, Y, net, epochs=2) if "100% of the units" in n]
    said = notes(X, Y, nn.Network([2, 4, 1], init="zeros"), epochs=2)
    assert len([n for n in said if "layer1" in n]) == 1


def test_dead_units_of_a_network_that_has_not_learned_are_named():
    net = nn.Network([2, 8, 1], rng=0)
    net["b1"].data = np.concatenate([np.full((7, 1), -1e3), np.zeros((1, 1))])
    notes = said_in(net, X, Y, epochs=1, learning_rate=1e-9)
    assert any("dead" in note for note in notes)


@pytest.mark.parametrize("seed", range(4))
def test_a_deep_network_that_has_learned_is_not_accused(seed):
    inputs = np.random.default_rng(0).normal(size=(3, 200))
    net = nn.Network([3, *[32] * 30, 1], init="he", rng=seed)
    notes = said_in(net, inputs, (inputs[:1] > 0) * 1.0, epochs=30)
    assert nn.accuracy(net, inputs, inputs[:1] > 0) > 0.9
    assert not any("dead" in note for note in notes)


# -- gradients and costs ---------------------------------------------------------------------------


def test_it_is_said_when_gradients_vanish_or_units_are_dead() -> None:
    X, Y = toy()
    net = nn.Network([2, *[8] * 20, 1], hidden="sigmoid", init="xavier", rng=0)
    history = noted(net, X, Y, epochs=1)
    assert history.notes[0].startswith("Vanishing gradients: ‖gradient‖ is ")
    assert "layer1.W" in history.notes[0]
    net = net_of()
    net.layer1.b.data = np.full((8, 1), -100.0)
    history = noted(net, X, Y)
    assert "100% of the units of layer1 (Linear) are dead" in history.notes[0]


def test_vanishing_gradients_are_said_from_three_layers_on() -> None:
    X, Y = toy()
    for sizes, said in (([2, 3, 3, 1], True), ([2, 3, 1], False)):
        net = nn.Network(sizes, hidden="sigmoid", rng=0)
        net[f"W{len(sizes) - 1}"] = 1e-9 * net[f"W{len(sizes) - 1}"].numpy()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", nn.TrainingWarning)
            notes = nn.fit(net, X, Y, epochs=1, progress=False).notes
        assert any("Vanishing gradients" in note for note in notes) == said


def test_a_layer_of_zeros_at_the_end_is_no_vanishing_gradient() -> None:
    net = nn.Network([2, 8, 8, 1], rng=0)
    net["W3"] = np.zeros((1, 8))
    assert not [n for n in notes(X, Y, net, epochs=5) if "Vanishing" in n]


def deep(g: str, init: Any, depth: int = 10) -> list[str]:
    net = nn.Network([2, *[10] * depth, 1], hidden=g, init=init, rng=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return nn.fit(net, X, Y, epochs=1, progress=False, rng=0).notes


def test_gradients_that_explode_or_vanish_in_every_layer_are_told() -> None:
    assert any(note.startswith("Exploding gradients") for note in deep("relu", 1.0, 20))
    assert any(note.startswith("Vanishing gradients") for note in deep("tanh", 0.01))
    assert not any("gradients" in note for note in deep("tanh", "xavier", 4))
    assert not any("gradients" in note for note in deep("relu", "he", 4))


def test_it_is_said_when_the_cost_rises() -> None:
    """J = (w + b − 1)² has curvature 4 along w = b: a rate of 0.55 makes it 1.44 times as great."""
    net = nn.Network([1, 1], output="identity", init="zeros", rng=0)
    history = noted(
        net, [[1.0]], [[1.0]], optimizer="sgd", learning_rate=0.55, epochs=6, batch_size=None,
        loss=nn.mean_squared_error,
    )  # fmt: skip
    assert history.cost == pytest.approx([1.44**k for k in range(6)])
    assert history.notes == [  # after the last step, which no epoch has looked at
        f"The cost rose from 1 to {1.44**6:.4g}: try a learning rate below 0.55."
    ]


@QUIET
@pytest.mark.parametrize(("rate", "told"), [(0.02, False), (1.0, True)])
def test_a_cost_that_has_risen_by_half_is_told(rate: float, told: bool) -> None:
    """J = ½ w² with steps of −(2 + r): w is multiplied by −(1 + r) each time."""

    class One(nn.Module):
        def __init__(self) -> None:
            self.w = Tensor([[1.0]], requires_grad=True)

        def forward(self, A: Any) -> Any:
            return self.w * A

    net, ones = One(), np.ones((1, 4))
    optimizer = nn.SGD(net.parameters(), learning_rate=2.0 + rate / 4)
    history = nn.fit(
        net, ones, 0 * ones, loss=nn.squared_error, optimizer=optimizer, epochs=1,
        batch_size=None, progress=False,
    )  # fmt: skip
    risen = (1 + rate / 4) ** 2 - 1
    assert told == (risen > 0.5)
    assert any("The cost rose" in note for note in history.notes) == told


def test_a_cost_below_0_may_fall() -> None:
    def loss(A, Y):
        return ((A - Y) ** 2).mean() - 5

    net = nn.Network([2, 1], output="identity", init="zeros")
    assert notes(X, Y, net, loss=loss, epochs=20) == []


# -- answers ---------------------------------------------------------------------------------------


def test_it_is_said_when_only_the_majority_is_predicted() -> None:
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(2, 200)), (np.arange(200) < 20).astype(float).reshape(1, -1)
    history = noted(nn.Network([2, 1], init="zeros", rng=0), X, Y, epochs=150)
    assert history.notes[-1].startswith(
        "The network answers class 0 to every example, which is right for 90.0% of them; its "
        "recall of class 1 is 0"
    )


def test_the_classes_that_are_never_predicted_are_named() -> None:
    X, Y = three(90)
    net = nn.Network([2, 3], output="softmax", rng=0)
    net["b1"] = [[0.0], [100.0], [0.0]]
    history = noted(net, X, Y, optimizer="sgd", learning_rate=1e-9)
    assert "answers class 1 to every example, which is right for 33.3% of them" in history.notes[0]
    assert "its recall of class 0, 2 is 0" in history.notes[0]


def test_two_sigmoids_are_two_questions_of_which_one_is_never_answered() -> None:
    X, Y = toy()
    both = np.vstack([Y, np.ones_like(Y)])  # the second question has one answer
    net = nn.Network([2, 8, 2], output="sigmoid", rng=0)
    net["W2"], net["b2"] = net["W2"].numpy() * 0, np.array([[5.0], [5.0]])
    still = nn.SGD(net.parameters(), learning_rate=1e-9)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", nn.TrainingWarning)
        notes = nn.fit(net, X, both, optimizer=still, epochs=1, progress=False).notes
    told = [note for note in notes if "to every example" in note]
    assert len(told) == 1
    assert told[0].startswith("Output 0 answers 1 to every example")
    assert "more" not in told[0]


def test_other_outputs_that_are_stuck_are_counted() -> None:
    wanted = np.array([[True, False], [True, False], [True, False]])
    for n, more in ((1, ""), (2, " So do 1 more."), (3, " So do 2 more.")):
        found = wanted.copy()
        found[:n] = True
        (note,) = diagnosis._never_answered(found, wanted)
        assert ("So do" in note) == bool(more)
        assert more in note


def test_a_rare_class_that_is_found_is_not_called_missing() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1, 10_000))
    X[0, 1:9:2] += 50  # four positives, between the examples that are looked at first
    Y = (X > 25).astype(float)
    net = nn.Network.from_dict({"W1": [[1.0]], "b1": [[-25.0]]})
    assert not [n for n in notes(X, Y, net, optimizer="sgd", epochs=1) if "recall" in n]


def test_what_some_show_is_confirmed_on_all() -> None:
    """The 1000 that are looked at are of one class; the others are not."""
    m = 5000
    inputs = np.zeros((1, m))
    looked = np.unique(np.linspace(0, m - 1, diagnosis.SAMPLE).astype(int))
    inputs[0, np.setdiff1d(np.arange(m), looked)[::2]] = 6.0
    inputs[0, looked[0]] = 6.0  # a second class among them, which is answered wrong
    labels = (inputs > 3) * 1.0
    labels[0, looked[1]] = 1.0
    net = nn.Network([1, 1], rng=0)
    net["W1"].data, net["b1"].data = [[10.0]], [[-30.0]]
    notes = said_in(net, inputs, labels, epochs=1, learning_rate=1e-12, optimizer="sgd")
    assert not any("to every example" in note for note in notes)


def test_logits_of_an_identity_are_classes_by_their_sign() -> None:
    net = nn.Network([2, 1], output="identity", rng=0)
    net["W1"].data, net["b1"].data = [[0.02, 0.0]], [[0.0]]  # logits between −½ and ½
    inputs = np.array([[-9.0, -5.0, 5.0, 9.0], [0.0, 0.0, 0.0, 0.0]])
    loss = nn.binary_cross_entropy_with_logits
    notes = said_in(net, inputs, inputs[:1] > 0, loss=loss, epochs=1, learning_rate=1e-12)
    assert not any("to every example" in note for note in notes)


def test_large_errors_in_one_direction_are_no_learning() -> None:
    net, targets = nn.Network([2, 1], output="identity"), np.array([[0.0, 1.0, 5.0]])
    assert diagnosis._has_learned(net, targets + 0.1, targets)
    assert not diagnosis._has_learned(net, targets - 50, targets)
    assert not diagnosis._has_learned(net, targets + 50, targets)
    assert not diagnosis._has_learned(net, np.full((1, 3), 2.0), targets)
    two = nn.Network([2, 1])
    labels = np.array([[1.0, 1.0, 1.0, 0.0]])
    assert diagnosis._has_learned(two, labels * 0.8 + 0.1, labels)
    assert not diagnosis._has_learned(two, np.full((1, 4), 0.9), labels)


def test_outputs_of_another_shape_are_no_learning() -> None:
    net = nn.Network([2, 1])
    assert not diagnosis._has_learned(net, np.ones((2, 5)), np.ones((1, 5)))


# -- what is trained, and says that it has learned nothing -----------------------------------------


def test_features_within_0_and_1_may_differ_in_scale_too() -> None:
    X = DRAWN.random((3, 200))
    X[1] *= 1e-3
    net = nn.Network([3, 8, 1], rng=0)
    assert mentions(notes_of(net, X, (X[1:2] > 0.0005) * 1.0), "scales differ by a factor of")
    pixels = DRAWN.random((64, 200)) * np.where(np.arange(64) < 3, 1 / 255, 1)[:, None]
    net = nn.Network([64, 8, 1], rng=0)
    assert not mentions(notes_of(net, pixels, (pixels[10:11] > 0.5) * 1.0), "scales differ")


def test_targets_far_from_their_scale_are_told() -> None:
    X = DRAWN.normal(size=(2, 200))
    targets = 1e4 + 100 * X[:1]
    net = nn.Network([2, 8, 1], output="identity", rng=0)
    notes = notes_of(net, X, targets, loss=nn.mean_squared_error)
    assert mentions(notes, "The targets are not normalized (row 0 has mean 1e+04")
    assert mentions(notes, "predicts no better than the mean of the targets (R² = -")
    fine = notes_of(
        nn.Network([2, 8, 1], output="identity", rng=0), X, 1 + 2 * X[:1],
        loss=nn.mean_squared_error, learning_rate=0.01,
    )  # fmt: skip
    assert fine == []


@pytest.mark.parametrize(
    ("output", "target", "words"),
    [
        ("sigmoid", [-9.0, 9.0], "a sigmoid, gives numbers between 0 and 1"),
        ("tanh", [-1.0, 3.0], "a tanh, gives numbers between −1 and 1"),
        ("relu", [-3.0, -1.0], "a relu, gives numbers of at least 0"),
    ],
)
def test_targets_out_of_the_outputs_range_are_told(output: str, target: Any, words: str) -> None:
    X = DRAWN.normal(size=(2, 100))
    Y = np.resize(target, (1, 100))
    notes = notes_of(
        nn.Network([2, 4, 1], output=output, rng=0), X, Y, loss=nn.mean_squared_error, epochs=5
    )
    assert mentions(notes, words)
    assert not mentions(notes, "recall")  # these are no classes


def test_one_unit_that_is_dead_is_told() -> None:
    X = DRAWN.random((3, 100))
    net = nn.Network([3, 4, 1], output="relu", rng=0)
    net["W2"], net["b2"] = -np.abs(net["W2"].numpy()), np.array([[-1.0]])
    notes = notes_of(net, X, X[:1] + 1, loss=nn.mean_squared_error, epochs=3)
    assert mentions(notes, "The unit of layer2 (Linear) is dead: 0 for every example")


@pytest.mark.parametrize("rare", [0.0, 0.02])
def test_logits_without_a_sigmoid_are_classes_too(rare: float) -> None:
    X = DRAWN.normal(size=(2, 300))
    Y = np.ones((1, 300)) if not rare else (DRAWN.random((1, 300)) < rare) * 1.0
    net = nn.Network([2, 3, 1], output="identity", rng=0)
    net["b2"] = [[-20.0 if rare else 0.0]]
    notes = notes_of(net, X, Y, loss=nn.binary_cross_entropy_with_logits, epochs=3)
    assert mentions(notes, "recall of class 1 is 0" if rare else "All 300 labels are the same")


@pytest.mark.parametrize("how", ["written out", "scaled"])
def test_probabilities_of_ones_own_are_judged_as_such(how: str) -> None:
    X = DRAWN.normal(size=(3, 60))
    own = (lambda Z: 1 / (1 + np.exp(-Z))) if how == "written out" else (lambda A: 0.01 + 0.98 * A)
    steps = [nn.Linear(3, 1, rng=0), *(["sigmoid"] if how == "scaled" else []), own]
    notes = notes_of(
        nn.Sequential(*steps), X, (X[:1] > 0) * 1.0, loss=nn.binary_cross_entropy, epochs=60,
        learning_rate=0.1,
    )  # fmt: skip
    assert notes == []


def test_nothing_is_told_where_nothing_is_wrong() -> None:
    X = DRAWN.random((4, 200))
    X[0] = DRAWN.random(200) < 0.01
    squares = {"loss": nn.mean_squared_error, "epochs": 30}
    coder = nn.Network([4, 8, 4], output="sigmoid", rng=0)
    assert not mentions(notes_of(coder, X, X, **squares), "The targets are")
    bounded = np.tanh(DRAWN.normal(size=(1, 200)) * 9) * (1 + 1e-7)
    net = nn.Network([4, 8, 1], output="tanh", rng=0)
    assert not mentions(notes_of(net, X, bounded, **squares), "targets are between")
    scaled = nn.Sequential(nn.Linear(4, 8, activation="relu", rng=0), nn.Linear(8, 1, rng=1))
    own = nn.Sequential(scaled, lambda A: 200 * A + 300)
    assert not mentions(notes_of(own, X, 300 + 200 * X[1:2], **squares), "not normalized")
    norm = nn.Sequential(nn.Linear(4, 8, rng=0), nn.BatchNorm(8), "relu", nn.Linear(8, 1, rng=1))
    for _ in range(40):
        found = notes_of(norm, X, X[1:2], **{**squares, "epochs": 1, "batch_size": None})
    assert not mentions(found, "averaged")


def test_a_label_that_is_never_given_is_told() -> None:
    X = DRAWN.normal(size=(2, 200))
    Y = np.vstack([X[0] > 0, np.arange(200) < 6]) * 1.0
    notes = notes_of(nn.Network([2, 4, 2], rng=0), X, Y, learning_rate=0.05)
    assert mentions(notes, "Output 1 answers 0 to every example, and 6 of 200 have the other label")
    assert not mentions(notes, "Output 0")


def test_some_units_that_are_the_same_are_told() -> None:
    net = nn.Network([3, 4, 1], rng=0)
    W1, W2 = net["W1"].numpy(), net["W2"].numpy()
    W1[1], W2[:, 1], W1[3], W2[:, 3] = W1[0], W2[:, 0], W1[2], W2[:, 2]
    net["W1"], net["W2"] = W1, W2
    X = DRAWN.normal(size=(3, 100))
    notes = notes_of(net, X, (X[:1] > 0) * 1.0, epochs=2)
    assert mentions(
        notes, "4 of the 4 units of layer1 (Linear) begin with the weights of another one"
    )
    W2[:, 3] += 1.0  # what comes after tells them apart
    net["W1"], net["W2"] = W1, W2
    assert mentions(notes_of(net, X, (X[:1] > 0) * 1.0, epochs=2), "2 of the 4 units") is True


def test_batch_norm_that_has_seen_few_batches_is_told() -> None:
    X = 5 + 3 * DRAWN.normal(size=(3, 200))
    Y = (X[:1] > 5) * 1.0

    def net(momentum: float) -> nn.Module:
        norm = nn.BatchNorm(8, momentum=momentum)
        return nn.Sequential(
            nn.Linear(3, 8, rng=0), norm, "relu", nn.Linear(8, 1, rng=1), "sigmoid"
        )

    notes = notes_of(net(0.99), X, Y, epochs=20, batch_size=None)
    assert mentions(notes, "step2 (BatchNorm) has averaged over 20 mini-batches only")
    assert not mentions(notes, "try a learning rate below")
    assert not mentions(notes_of(net(0.9), X, Y, epochs=20, batch_size=50), "averaged")


def test_a_cost_that_rises_without_the_weights_is_no_fault() -> None:
    X = DRAWN.normal(size=(2, 400))
    Y = (X[:1] + DRAWN.normal(size=(1, 400)) > 1.5) * 1.0
    net = nn.Network([2, 1], init="zeros", rng=0)
    weights = {0: 1.0, 1: 20.0}
    notes = notes_of(net, X, Y, class_weight=weights, optimizer="sgd", learning_rate=0.5)
    assert not mentions(notes, "The cost rose")


def test_several_labels_that_are_never_given_are_counted() -> None:
    X = DRAWN.normal(size=(2, 100))
    net = nn.Network([2, 4, 3], rng=0)
    net["b2"] = [[-30.0], [-30.0], [30.0]]
    Y = (DRAWN.random((3, 100)) < 0.5) * 1.0
    (told,) = [note for note in notes_of(net, X, Y, epochs=1) if "to every example" in note]
    assert told.startswith("Output 0 answers 0 to every example")
    assert " So do 2 more." in told


def test_a_first_gradient_that_is_a_millionth_of_the_last_has_vanished() -> None:
    """Ten layers of sigmoids: the first has more than 1e-8, but hardly any of what the last has."""
    X, Y = toy(64)

    def said(depth: int, hidden: str) -> bool:
        init = "he" if hidden == "relu" else "xavier"
        net = nn.Network([2, *[8] * depth, 1], hidden=hidden, init=init, rng=1)
        return any(note.startswith("Vanishing") for note in notes(X, Y, net, epochs=2))

    assert said(10, "sigmoid")
    assert not said(2, "sigmoid")
    assert not said(10, "relu")


# -- the limits of what is told --------------------------------------------------------------------
#
# Of each limit: a number at it, and one a little beyond.


def seen_before(X: Any, **options: Any) -> str:
    """Return what is said of inputs alone."""
    net = nn.Network([len(X), 1], rng=0, **options)
    return " ".join(diagnosis._inputs(net, np.asarray(X)))


def two_valued(mean: float, std: float, m: int = 2000) -> Any:
    """Return a feature of exactly this mean and standard deviation, whose values are two."""
    return mean + std * np.resize([-1.0, 1.0], m)


def with_outliers(std: float, m: int = 2000) -> Any:
    """Return a feature of mean 0 and this standard deviation that is 0 but for two examples."""
    x = np.zeros(m)
    x[:2] = std * np.sqrt(m / 2) * np.array([-1.0, 1.0])
    return x


def grey(low: float, high: float, others: float) -> Any:
    """Return 17 features from low to the greatest value others, but one that reaches high."""
    X = low + (others - low) * np.linspace(0, 1, 40) ** np.ones((17, 1))
    X[0, -1] = high
    return X


@pytest.mark.parametrize(
    ("X", "said"),
    [
        (grey(0.25, 254.5, 127.5), True),
        (grey(4.75, 254.5, 127.5), True),
        (grey(5.0, 254.5, 127.5), False),  # no black
        (grey(5.5, 254.5, 127.5), False),
        (grey(0.25, 250.5, 127.5), True),
        (grey(0.25, 250.0, 127.5), False),  # no white
        (grey(0.25, 254.5, 127.0), False),  # most features are dark
        (np.round(grey(0, 200, 90)), True),  # whole numbers
        (np.round(grey(0, 200, 90))[:16], True),
        (np.round(grey(0, 200, 90))[:15], False),  # too few for a picture
        (np.round(grey(0, 128, 90)), True),
        (np.round(grey(0, 127, 90)), False),
        (np.round(grey(0, 255, 90)), True),
        (grey(0.25, 255.5, 200), False),  # more than white
        (np.round(grey(0, 256, 90)), False),
    ],
)
def test_what_counts_as_pixels(X: Any, said: bool) -> None:
    assert ("like pixels" in seen_before(X)) == said


def test_a_fraction_anywhere_makes_numbers_of_grey_values() -> None:
    X = np.round(grey(0, 200, 90))
    X[3, 1] += 0.5
    assert "like pixels" not in seen_before(X)
    many = np.round(np.tile(grey(0, 200, 90), 75))  # 3000 examples, of which some are looked at
    assert "whole numbers" in seen_before(many)


@pytest.mark.parametrize(
    ("least", "most", "rows", "said"),
    [
        (0.0, 1.0, 16, False),  # pixels in [0, 1], one of them seldom lit
        (0.0, 1.0, 15, True),
        (0.0, 1.25, 16, True),
        (-0.25, 1.0, 16, True),
    ],
)
def test_pixels_from_0_to_1_may_differ_in_scale(least, most, rows, said) -> None:
    X = np.tile([least, most], (rows, 20))
    X[3] = [0.0, 1e-3] * 20
    assert ("scales differ" in seen_before(X)) == said


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(0.0, 1.0, False), (0.0, 1.5, True), (-0.5, 1.0, True), (1.5, 2.0, True)],
)
def test_features_from_0_to_1_are_normalized_enough(low, high, said) -> None:
    """Far from 0 in standard deviations, as one example of 2000 is the other one."""
    X = np.full((2, 2000), high)
    X[:, 0] = low
    assert ("not normalized" in seen_before(X)) == said


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (two_valued(0, 1), False),
        (two_valued(0, 0.19), True),  # of a scale of its own, from here on
        (two_valued(0, 0.21), False),
        (two_valued(0, 5), True),
        (two_valued(0, 4.9), False),
        (two_valued(0, 5.5), True),
        (two_valued(0.5, 1), False),  # near 0: within half a deviation
        (two_valued(0.625, 1), True),
        (two_valued(1, 2), False),
    ],
)
def test_normalized_features_may_have_outliers(other: Any, said: bool) -> None:
    X = np.stack([with_outliers(4.9), two_valued(0, 0.25), other])  # spans of 310 and 0.5
    assert ("scales differ" in seen_before(X)) == said


@pytest.mark.parametrize(("wide", "said"), [(100.0, False), (100.5, True), (300.0, True)])
def test_scales_differ_from_a_hundred_times_on(wide: float, said: bool) -> None:
    found = seen_before(np.stack([two_valued(0, wide), two_valued(0.75, 1)]))
    assert ("scales differ" in found) == said
    if wide == 300:
        assert (
            "by a factor of 300 (the values of feature 0 span 600, those of feature 1 2)" in found
        )


@pytest.mark.parametrize(("range_", "said"), [(0.5e-12, False), (1.5e-12, True)])
@pytest.mark.parametrize("size", [1.0, 2.0**20])
def test_rounding_of_a_constant_is_no_scale(range_: float, size: float, said: bool) -> None:
    X = np.stack([two_valued(0, size), size + two_valued(0, range_ * size / 2)])
    assert ("scales differ" in seen_before(X)) == said


def test_features_that_are_all_constant_have_no_scale() -> None:
    assert seen_before(np.full((2, 10), 1e6)) == ""


@pytest.mark.parametrize(
    ("features", "named"),
    [
        ([(20, 1), (0, 29)], None),
        ([(20.5, 1), (0, 29)], "feature 0 has mean 20.5 and standard deviation 1)"),
        ([(0, 1.5), (0, 30)], None),
        ([(0, 1.5), (0, 30.5)], "feature 1 has mean 0 and standard deviation 30.5)"),
        ([(0, 1.5), (24, 18)], None),  # of the size 30, √(24² + 18²)
        ([(0, 1.5), (25, 18)], "feature 1 has mean 25"),
        ([(25, 1), (600, 32)], "feature 0 has mean 25"),  # 25 deviations, not 19
        ([(10, 0.4), (15, 1)], "feature 0 has mean 10"),
        ([(31.5, 1.5), (0, 101)], "feature 0 has mean 31.5"),  # its mean is said first
        ([(82, 4), (0, 101)], "feature 0 has mean 82"),
    ],
)
def test_features_far_from_0_are_named(features: Any, named: str | None) -> None:
    found = seen_before(np.stack([two_valued(*f) for f in features]))
    assert "not normalized" in found if named else found == ""
    assert named is None or named in found


@pytest.mark.parametrize(
    ("norms", "said"),
    [
        ((1.1e-8, 1e-3), ""),
        ((1e-8, 1e-3), ""),  # the limit of what has vanished
        ((0.9e-8, 1e-3), "Vanishing"),
        ((1e-6, 1.0), ""),  # a millionth of the largest
        ((0.9e-6, 1.0), "Vanishing"),
        ((1e-5, 100.0), "Vanishing"),
        ((0.0, 1e-8), ""),  # nothing has a gradient: no step can be judged
        ((1.0, 1e5), ""),
        ((1.0, 1.1e5), "Exploding"),
    ],
)
def test_when_the_gradients_of_a_first_step_have_vanished(norms: Any, said: str) -> None:
    first, last = norms
    net = nn.Network([2, 3, 3, 1], rng=0)
    found = [*diagnosis.first_step(net, {"layer1.W": first, "layer2.W": last, "layer3.W": last})]
    assert [note.partition(" ")[0] for note in found] == [said] * bool(said)


@pytest.mark.parametrize(("momentum", "said"), [(0.05, False), (0.0625, True)])
def test_averages_that_are_nearly_there_are_enough(momentum: float, said: bool) -> None:
    """One batch takes them 95 % of the way, or a little less."""
    net = nn.Sequential(nn.Linear(2, 3, rng=0), nn.BatchNorm(3, momentum=momentum))
    net(np.array([[1.0, 2.0], [0.0, 1.0]]))
    assert any("mini-batches only" in note for note in diagnosis.averages(net)) == said


def test_layers_that_are_alike_are_found_behind_others() -> None:
    """A layer of one unit, and one that does not fit the next, are passed over."""

    def alike(n_in: int, n_out: int) -> nn.Linear:
        layer = nn.Linear(n_in, n_out, rng=0)
        layer.W.data, layer.b.data = np.ones((n_out, n_in)), np.zeros((n_out, 1))
        return layer

    chain = [nn.Linear(2, 1, rng=0), alike(1, 3), alike(3, 1)]
    assert any("All 3 units" in note for note in diagnosis._identical(nn.Sequential(*chain)))
    dropped = nn.Sequential(nn.Linear(2, 3, rng=0), nn.Dropout(0.5), *chain[1:])
    assert not [*diagnosis._identical(dropped)]


@pytest.mark.parametrize(("classes", "said"), [(2, True), (3, True)])
def test_sigmoids_for_classes_that_exclude_each_other(classes: int, said: bool) -> None:
    net = nn.Network([2, classes], output="sigmoid", rng=0)
    Y = np.eye(classes)[:, [0, 1]]
    found = [*diagnosis.before(net, np.eye(2), Y, nn.binary_cross_entropy)]
    assert any("use output='softmax'" in note for note in found) == said
    one = [*diagnosis.before(net, np.eye(2)[:, :1], Y[:, :1], nn.binary_cross_entropy)]
    assert one == []  # one example shows neither classes nor that all are of one


def test_advice_for_bias_and_for_variance_stand_together() -> None:
    found = nn.diagnose_bias_variance(0.2, 0.4)
    assert sum("bias" in line for line in found.advice) == 3
    assert sum("variance" in line for line in found.advice) == 3
    at = nn.diagnose_bias_variance(0.0, 0.02, 0.02)  # by the tolerance, and no more
    assert at.advice == ["both are low: done"]


# -- what is told of networks that have not learned ------------------------------------------------


def test_zeros_of_either_sign_are_the_same_weights() -> None:
    net = nn.Network([16, 6, 1], init=0.0, hidden="softplus", rng=0)
    assert np.signbit(net["W1"].data).any()  # 0 times a negative number
    assert any("All 6 units" in note for note in diagnosis._identical(net))


def test_colours_of_pixels_are_features_to_normalize() -> None:
    X = np.random.default_rng(0).integers(0, 256, (3, 600)).astype(float)
    assert "not normalized" in seen_before(X)
    assert "not normalized" in seen_before(np.tile(X, (20, 1)) // 4)  # 60 of them, from 0 to 63
    assert seen_before(X / 255) == ""


@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
def test_a_class_of_which_none_is_found_is_told(output: str) -> None:
    """Though the answers are not all the same: some are given to the wrong ones."""
    logits = np.array([[5.0, -5.0, -5.0, 5.0, -5.0, -5.0]])
    rare = np.array([0, 0, 0, 0, 0, 1])
    net = nn.Network([1, 1 if output == "sigmoid" else 2], output=output, rng=0)
    W = net["W1"].data
    net["W1"].data = np.ones_like(W) * ([[1.0]] if output == "sigmoid" else [[-1.0], [1.0]])
    Y = rare[None].astype(float) if output == "sigmoid" else nn.one_hot(rare, 2)
    loss = nn.binary_cross_entropy if output == "sigmoid" else nn.softmax_cross_entropy
    A = net(logits).data
    (note,) = diagnosis._learned(net, A, Y, loss, None)
    assert note.startswith("The network finds none of class 1, 16.7% of the examples")
    found = nn.one_hot([1, 0, 0, 0, 0, 1], 2)  # one of them is found
    logits[0, -1] = 5.0
    Y = found[1:] if output == "sigmoid" else found
    assert not [*diagnosis._learned(net, net(logits).data, Y, loss, None)]


def test_dead_units_of_a_relu_that_stands_alone_are_told() -> None:
    first = nn.Linear(2, 16, rng=0)
    first.b.data = np.where(np.arange(16) < 15, -100.0, 0.0)[:, None]
    net = nn.Sequential(first, nn.ReLU(), nn.Linear(16, 1, rng=0), nn.Sigmoid())
    X = np.random.default_rng(0).normal(size=(2, 50))
    (note,) = diagnosis._dead(net, X)
    assert note.startswith("94% of the units of")
    assert not [*diagnosis._dead(nn.Sequential(nn.ReLU(), first), X)]  # of inputs, not of units


@pytest.mark.parametrize(
    ("rate", "epochs", "said"), [(1e-7, 20, True), (1e-7, 9, False), (0.1, 20, False)]
)
def test_a_cost_that_does_not_move_is_told(rate: float, epochs: int, said: bool) -> None:
    X, Y = toy(100)
    options = {"optimizer": "sgd", "learning_rate": rate, "epochs": epochs, "progress": False}
    found = said_in(nn.Network([2, 8, 1], rng=0), X, Y, **options)
    assert any(f"hardly changed in {epochs} epochs" in note for note in found) == said
    if said:
        assert any("above 1e-07" in note for note in found)


def noisy(m: int = 200) -> tuple[Any, Any]:
    """Labels of which 15 % are wrong: the cost cannot go to 0."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2, m))
    return X, ((X[:1] > 0) ^ (rng.random((1, m)) < 0.15)).astype(float)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_cost_at_its_minimum_may_stay(optimizer: str) -> None:
    """Also in small steps, each on a mini-batch whose gradient is not 0."""
    X, Y = noisy()
    net = nn.Network([2, 4, 1], hidden="tanh", rng=0)
    said_in(net, X, Y, epochs=300, learning_rate=0.01, batch_size=32, progress=False)
    options = {"optimizer": optimizer, "learning_rate": 1e-4, "epochs": 20, "batch_size": 32}
    found = said_in(net, X, Y, progress=False, **options)
    assert not any("hardly changed" in note for note in found)


def test_a_cost_that_stays_for_other_reasons_is_no_small_rate() -> None:
    X, Y = np.ones((1, 8)), np.linspace(-1, 1, 8)[None]
    net = nn.Network([1, 1], output="identity", rng=0)
    net["W1"].data, net["b1"].data = [[2.0]], [[0.0]]
    options = {"loss": nn.mean_squared_error, "optimizer": "sgd", "batch_size": None}
    found = said_in(net, X, Y, learning_rate=0.5, epochs=20, progress=False, **options)
    assert not any("hardly changed" in note for note in found)  # from one side to the other
    frozen = nn.SGD([net["b1"]], learning_rate=1.0)
    options |= {"optimizer": frozen, "progress": False}
    net["W1"].data = [[0.0]]
    found = said_in(net, X, Y, epochs=20, **options)
    assert not any("hardly changed" in note for note in found)


def test_a_class_without_weight_may_be_missed() -> None:
    X = np.eye(3)[:, [0, 1, 2] * 20]
    Y = X.copy()
    net = nn.Network([3, 3], output="softmax", rng=0)
    net["W1"].data = np.diag([5.0, 5.0, 0.0])
    net["b1"].data = np.array([[1.0], [0.0], [0.0]])
    A, loss = net(X).data, nn.softmax_cross_entropy
    assert [*diagnosis._learned(net, A, Y, loss, None)] != []
    assert [*diagnosis._learned(net, A, Y, loss, np.tile([1.0, 1.0, 0.0], 20))] == []
