"""Defaults and thresholds, each at its edge: what a number one higher would change."""

from __future__ import annotations

import inspect
import struct
import warnings
from typing import Any

import numpy as np
import pytest

import nn
from autograd import Tensor
from nn import diagnosis
from tests.nn.helpers import toy

X, Y = toy(64)
QUIET = pytest.mark.filterwarnings("ignore::nn.TrainingWarning")

# -- defaults: the notes' (β, β₁, β₂, ε, the slope 0.01), and what the docs say --------------------

DEFAULTS: dict[str, dict[str, Any]] = {
    "Adam": {"learning_rate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
    "AdamW": {
        "learning_rate": 0.001,
        "beta1": 0.9,
        "beta2": 0.999,
        "epsilon": 1e-8,
        "weight_decay": 0.01,
    },
    "RMSprop": {"learning_rate": 0.001, "beta": 0.9, "epsilon": 1e-8},
    "Momentum": {"beta": 0.9},
    "LeakyReLU": {"slope": 0.01},
    "ELU": {"alpha": 1.0},
    "PReLU": {"slope": 0.25},
    "BatchNorm": {"momentum": 0.9, "epsilon": 1e-5},
    "InverseDecay": {"decay": 1.0, "every": 1},
    "RootDecay": {"k": 1.0},
    "ExponentialDecay": {"base": 0.95},
    "Staircase": {"factor": 0.5, "every": 10},
    "EarlyStopping": {"patience": 10, "least": 0.0},
    "Network": {"hidden": "relu", "output": "sigmoid", "init": "he", "keep_prob": 1.0},
    "fit": {"optimizer": "adam", "epochs": 50, "batch_size": 64, "shuffle": True, "resume": True},
    "minibatches": {"batch_size": 64, "shuffle": True},
    "split": {"fractions": (0.6, 0.2, 0.2), "stratify": False},
    "augment": {"flip": True, "rotate": 10.0, "distort": 0.0, "copies": 1},
    "random_search": {
        "trials": 20,
        "learning_rate": (1e-4, 1e-1),
        "layers": (1, 3),
        "units": (4, 64),
    },
    "check_gradients": {"epsilon": 1e-7},
    "weighted_average": {"corrected": False},
    "diagnose_bias_variance": {"optimal_error": 0.0, "tolerance": 0.02},
    "LogisticRegression": {"l2": 1.0, "max_iter": 1000, "tol": 1e-9},
    "Perceptron": {"learning_rate": 1.0, "epochs": 1000},
    "plot_schedule": {"epochs": 50},
    "plot_decision_boundary": {"steps": 200},
    "MLPClassifier": {
        "hidden": (32,),
        "learning_rate": 0.01,
        "l2": 0.0,
        "keep_prob": 1.0,
        "epochs": 100,
        "batch_size": 64,
        "normalize": True,
    },
}
DEFAULTS["MLPRegressor"] = DEFAULTS["MLPClassifier"]


@pytest.mark.parametrize("name", DEFAULTS)
def test_defaults_are_a_promise(name: str) -> None:
    parameters = inspect.signature(getattr(nn, name)).parameters
    assert {k: parameters[k].default for k in DEFAULTS[name]} == DEFAULTS[name]


# -- what is said of data and training -------------------------------------------------------------


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


def said_in(net: Any, inputs: Any, labels: Any, **options: Any) -> list[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return nn.fit(net, inputs, labels, rng=0, **options).notes


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


@QUIET
def test_what_diverges_in_the_first_epoch_names_a_layer() -> None:
    net = nn.Network([2, 3, 1], output="identity", rng=0)
    calls = iter([1.0] * 3)

    def loss(A: Any, targets: Any) -> Any:
        return ((A - targets) ** 2).mean() * next(calls, np.inf)

    with pytest.raises(nn.TrainingError, match=r"the first to see is layer\d\.[Wb]") as found:
        nn.fit(net, X, Y, loss=loss, batch_size=16, epochs=2, learning_rate=1e-3, optimizer="sgd")
    assert found.value.layer is not None


# -- checkpoints -----------------------------------------------------------------------------------


def scaled(factor: float) -> Any:
    def loss(A: Any, targets: Any) -> Any:
        return factor * ((A - targets) ** 2).mean()

    return loss


def nested(power: int) -> Any:
    if power == 2:

        def loss(A: Any, targets: Any) -> Any:
            return (lambda d: d * d)(A - targets).mean()
    else:

        def loss(A: Any, targets: Any) -> Any:
            return (lambda d: d**2 * 1.0)(A - targets).mean() + 0.125

    return loss


@QUIET
@pytest.mark.parametrize(
    ("one", "other"), [(scaled(1.0), scaled(2.0)), (nested(2), nested(3))], ids=["closure", "code"]
)
def test_a_loss_of_other_numbers_is_another_run(tmp_path: Any, one: Any, other: Any) -> None:
    def run(loss: Any, epochs: int) -> Any:
        net = nn.Network([2, 3, 1], rng=0)
        path = tmp_path / "run.safetensors"
        return nn.fit(net, X, Y, loss=loss, epochs=epochs, rng=0, checkpoint=path)

    run(one, 1)
    assert run(one, 2).epochs == 2
    with pytest.raises(ValueError, match=r"of a run with other settings: .*loss"):
        run(other, 3)


@QUIET
def test_a_run_that_draws_from_numpys_own_stream_goes_on_there(tmp_path: Any) -> None:
    def trained(*epochs: int) -> Any:
        np.random.seed(3)  # noqa: NPY002 - the stream that is meant
        path = tmp_path / f"{len(epochs)}.safetensors"
        for n in epochs:
            net = nn.Network([2, 3, 1], rng=0)

            def loss(A: Any, targets: Any) -> Any:
                return ((A - targets) ** 2).mean() * np.random.uniform(0.5, 1.5)  # noqa: NPY002

            nn.fit(net, X, Y, loss=loss, epochs=n, rng=0, checkpoint=path)
            if n != epochs[-1]:
                np.random.seed(99)  # noqa: NPY002 - as in a new process
        return net["W1"].data

    np.testing.assert_array_equal(trained(2, 4), trained(4))


def test_a_header_that_is_longer_than_the_file_is_cut_off(tmp_path: Any) -> None:
    path = nn.save(nn.Network([2, 1]), tmp_path / "net.safetensors")
    content = path.read_bytes()
    for more in (1, 8):
        path.write_bytes(struct.pack("<Q", len(content) - 8 + more) + content[8:])
        with pytest.raises(nn.FileFormatError, match="is cut off: its header should have"):
            nn.load(path)


# -- estimators ------------------------------------------------------------------------------------

ROWS, CLASSES = X.T, Y[0].astype(int)


@QUIET
@pytest.mark.parametrize("kind", ["LogisticRegression", "Perceptron", "MLPClassifier"])
def test_a_column_of_labels_is_warned_of_where_it_was_given(kind: str) -> None:
    model = getattr(nn, kind)(random_state=0)
    with pytest.warns(UserWarning, match="A column-vector y was passed") as caught:
        model.fit(ROWS, CLASSES.reshape(-1, 1))
    assert model.predict(ROWS).shape == (64,)
    assert caught[0].filename == __file__


def every_warning() -> Any:
    """Return calls that warn, each of another room."""
    single = nn.Network([2, 3, 1], rng=0, dtype=np.float32)
    rare = np.zeros((1, 100))
    rare[0, :2] = 1

    def loaded(tmp_path: Any) -> None:
        nn.load(nn.save(nn.Network([2, 3, 1], rng=1), tmp_path / "n.safetensors"), single)

    return {
        "fit": lambda _: nn.fit(nn.Network([2, 3, 1], init="zeros"), X, Y, epochs=1),
        "split": lambda _: nn.split(np.ones((2, 100)), rare, stratify=True, rng=0),
        "load": loaded,
        "perceptron": lambda _: nn.Perceptron(epochs=1).fit(ROWS, CLASSES),
        "logistic": lambda _: nn.LogisticRegression(max_iter=1).fit(ROWS, CLASSES),
        "mlp": lambda _: nn.MLPClassifier(epochs=1, init="zeros").fit(ROWS, CLASSES),
    }


@pytest.mark.parametrize("name", every_warning())
def test_warnings_point_at_the_callers_line(name: str, tmp_path: Any) -> None:
    with pytest.warns(UserWarning, match=r"^\w+: |^A column") as caught:
        every_warning()[name](tmp_path)
    assert {w.filename for w in caught} == {__file__}


def test_errors_of_estimators_begin_with_their_name() -> None:
    for kind in (nn.LogisticRegression, nn.Perceptron, nn.MLPClassifier, nn.MLPRegressor):
        with pytest.raises(ValueError, match=rf"{kind.__name__}\.fit: .*(NaN|nan|finite)"):
            kind().fit(ROWS, np.full(64, np.nan))


def test_probabilities_of_scores_that_overflow_are_finite() -> None:
    rows = np.repeat(np.eye(3), 5, axis=0)
    model = nn.LogisticRegression(l2=1e-3).fit(rows, np.repeat(np.arange(3), 5))
    model.coef_ = model.coef_ * 1e5
    found = model.predict_proba(rows)
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    assert (found.argmax(axis=1) == np.repeat(np.arange(3), 5)).all()


@QUIET
def test_a_regressor_answers_in_the_shape_that_it_was_given() -> None:
    for targets in (ROWS[:, 0], ROWS):
        model = nn.MLPRegressor(epochs=1, random_state=0).fit(ROWS, targets)
        assert model.predict(ROWS).shape == targets.shape


def test_a_cut_that_leaves_a_part_empty_speaks_of_parts() -> None:
    with pytest.raises(ValueError, match="leave one empty; use fewer parts"):
        nn.split(np.ones((1, 4)), [[0, 0, 1, 1]], (0.97, 0.03), stratify=True, rng=0)


def test_gradients_at_the_bound_are_not_clipped() -> None:
    w = Tensor([3.0, 4.0], requires_grad=True)
    (w * np.array([3.0, 4.0])).sum().backward()
    assert nn.clip_gradients([w], 5.0) == pytest.approx(5.0)
    np.testing.assert_array_equal(w.grad, [3.0, 4.0])


def test_labels_of_objects_may_be_words_and_not_none() -> None:
    words = np.array(["no", "yes"], dtype=object)[CLASSES]
    assert set(nn.LogisticRegression().fit(ROWS, words).predict(ROWS)) == {"no", "yes"}
    words[3] = None
    with pytest.raises(ValueError, match="y contains None or NaN"):
        nn.LogisticRegression().fit(ROWS, words)


class Weighed:
    """A loss that keeps an array."""

    def __init__(self, *weights: float) -> None:
        self.weights = np.array(weights)

    def __call__(self, A: Any, targets: Any) -> Any:
        return (self.weights[0] * (A - targets) ** 2).mean()


@QUIET
def test_a_loss_with_another_array_is_another_run(tmp_path: Any) -> None:
    def run(loss: Any, epochs: int) -> Any:
        net, path = nn.Network([2, 3, 1], rng=0), tmp_path / "run.safetensors"
        return nn.fit(net, X, Y, loss=loss, epochs=epochs, rng=0, checkpoint=path)

    run(Weighed(1.0, 2.0), 1)
    assert run(Weighed(1.0, 2.0), 2).epochs == 2
    with pytest.raises(ValueError, match=r"of a run with other settings: .*loss"):
        run(Weighed(1.0, 3.0), 3)


def test_what_is_not_finite_is_counted() -> None:
    net = nn.Network([1, 1], output="identity", rng=0)
    net["W1"].data = [[1.0]]
    with pytest.raises(ValueError, match="3 of 4 outputs are not finite: X is not finite"):
        net.predict([[np.nan, np.inf, -np.inf, 1.0]])


def test_every_threshold_of_a_probability_is_allowed() -> None:
    net = nn.Network([2, 1], rng=0)
    assert net.predict(X, threshold=0).all()
    assert not net.predict(X, threshold=1).any()
    for wrong in (-0.1, 1.1):
        with pytest.raises(ValueError, match="threshold needs to be in"):
            net.predict(X, threshold=wrong)


def test_no_part_is_empty() -> None:
    with pytest.raises(ValueError, match="fractions need to be positive and sum to 1"):
        nn.split(X, Y, (1.0, 0.0))


def test_errors_of_the_check_begin_with_its_name() -> None:
    with pytest.raises((TypeError, ValueError), match=r"^check_gradients: "):
        nn.check_gradients(nn.Network([2, 1]), X, Y, epsilon=-1.0)


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


def test_other_outputs_that_are_stuck_are_counted() -> None:
    wanted = np.array([[True, False], [True, False], [True, False]])
    for n, more in ((1, ""), (2, " So do 1 more."), (3, " So do 2 more.")):
        found = wanted.copy()
        found[:n] = True
        (note,) = diagnosis._never_answered(found, wanted)
        assert ("So do" in note) == bool(more)
        assert more in note


# -- what a sample of changes left unnoticed ------------------------------------------------------


def test_small_gradients_have_their_own_norm_before_it_is_clipped() -> None:
    w = Tensor([3.0, 4.0], requires_grad=True)
    (w * np.array([3e-3, 4e-3])).sum().backward()
    assert nn.clip_gradients([w], 1e-3) == pytest.approx(5e-3)
    np.testing.assert_allclose(w.grad, [6e-4, 8e-4])


def test_a_gradient_that_is_not_real_is_told_by_its_parameters_name() -> None:
    w, v = Tensor(1.0, requires_grad=True, name="w"), Tensor(1.0, requires_grad=True)
    for parameters, said in (([w], "the gradient of w needs"), ([v], "the gradient of 0 needs")):
        with pytest.raises(TypeError, match=said):
            nn.SGD(parameters, learning_rate=0.1).update([1j])


def test_perceptrons_step_by_the_weight_of_a_class_in_the_bias_too() -> None:
    """One wrong example of weight 3: b = 3 α, as W = 3 α x."""
    rows, labels = np.array([[1.0], [-1.0]]), np.array([1, 0])
    model = nn.Perceptron(class_weight={1: 3.0}, epochs=1, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(rows, labels)
    # Only x = 1 is ever wrong, in whichever order: W and b get the same step.
    assert model.coef_[0, 0] == model.intercept_[0] == pytest.approx(3.0)


def test_a_schedule_of_ones_own_keeps_its_own_constructor() -> None:
    class Own(nn.Schedule):
        def __init__(self, *rates: float) -> None:
            self.rates = rates

        def __call__(self, epoch: int, step: int | None = None) -> float:
            return self.rates[epoch - 1]

    assert Own(0.3, 0.2)(2) == 0.2
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        Own(rate=0.3)  # Python's own words: it is none of ours


def test_outputs_of_another_shape_are_no_learning() -> None:
    net = nn.Network([2, 1])
    assert not diagnosis._has_learned(net, np.ones((2, 5)), np.ones((1, 5)))


def test_what_counts_no_times_is_not_there() -> None:
    rows = np.array([[1.0, 3.0, 1e300]])
    made = nn.Normalizer().fit(rows, [1.0, 1.0, 0.0])
    assert (made.mean.item(), made.std.item()) == (2.0, 1.0)


def test_a_class_may_weigh_nothing() -> None:
    model = nn.LogisticRegression(class_weight={0: 0.0}).fit(ROWS, CLASSES)
    assert (model.predict(ROWS) == 1).all()
    with pytest.raises(ValueError, match="class_weight"):
        nn.LogisticRegression(class_weight={0: -1.0}).fit(ROWS, CLASSES)


def test_augmented_images_leave_the_given_ones_alone() -> None:
    images = np.random.default_rng(0).uniform(size=(4, 6, 6, 1))
    before = images.copy()
    more, _ = nn.augment(images, np.ones((1, 4)), copies=2, rng=0)
    more[...] = -1.0
    np.testing.assert_array_equal(images, before)
