"""`fit`: what it trains, what it says, where it stops, and how it goes on."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import textwrap
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nn
from autograd import ShapeError, Tensor
from tests.nn.helpers import three, toy

ROOT = Path(__file__).resolve().parents[2]


def net_of(seed: int = 0, **options) -> nn.Network:
    return nn.Network([2, 8, 1], rng=seed, **options)


def values(net) -> list:
    return [p.numpy() for p in net.parameters()]


def same(one, two) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(values(one), values(two), strict=True))


# -- the truth about training ----------------------------------------------------------------------


def test_one_softmax_output_is_refused_everywhere() -> None:
    with pytest.raises(ValueError, match=r"one softmax output is always 1.*output='sigmoid'"):
        nn.Network([3, 1], output="softmax")
    net = nn.Sequential(nn.Linear(2, 1, rng=0), nn.Softmax())
    X, Y = toy(20)
    with pytest.raises(ShapeError, match="one softmax output is always 1"):
        nn.fit(net, X, Y, epochs=1)
    with pytest.raises(ShapeError, match="one softmax output is always 1"):
        nn.softmax_cross_entropy(Tensor([[1.0, 2.0]]), [[1.0, 1.0]])


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


def test_divergence_is_said_while_it_is_still_finite_and_the_best_is_restored() -> None:
    X, Y = toy(64)
    net = net_of(output="identity")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(nn.TrainingError, match=r"the cost rose from .* in epoch \d+") as caught:
            nn.fit(
                net, X, Y, optimizer="sgd", learning_rate=1.0, loss=nn.mean_squared_error,
                epochs=200, batch_size=None,
            )  # fmt: skip
    error = caught.value
    assert error.epoch == error.history.epochs + 1
    assert error.layer in dict(net.named_parameters())
    assert all(np.isfinite(error.history.cost))
    best = error.history.best_epoch
    again = net_of(output="identity")
    assert best == 1  # whose cost is that of the parameters before its step
    assert same(net, again)
    loaded = pickle.loads(pickle.dumps(error))
    assert (loaded.epoch, loaded.layer, str(loaded)) == (error.epoch, error.layer, str(error))


def test_a_parameter_that_overflows_in_the_last_step_is_no_success() -> None:
    class Bad(nn.SGD):
        def change(self, g):
            return np.full_like(g, np.inf)

    net, (X, Y) = net_of(), toy(64)
    before = values(net)
    with pytest.raises(nn.TrainingError, match=r"parameter layer1\.W is not finite in epoch 1"):
        nn.fit(
            net, X, Y, optimizer=Bad(net.parameters(), learning_rate=1.0), epochs=1, batch_size=None
        )
    for p, old in zip(net.parameters(), before, strict=True):
        np.testing.assert_array_equal(p.data, old)


def test_a_dev_cost_that_is_no_number_is_no_success() -> None:
    X, Y = np.array([[1.0, -1.0] * 8]), np.array([[1.0, 0.0] * 8])
    net = nn.Network([1, 1], output="identity", rng=0)

    def own(A, Y):
        return (np.exp(A) - Y).sum() / A.shape[1]

    net.layer1.W.data = [[0.1]]
    with pytest.raises(nn.TrainingError, match="the dev cost became inf in epoch 1"):
        nn.fit(
            net, X, Y, optimizer="sgd", learning_rate=0.1, loss=own, epochs=1,
            dev=([[1e5]], [[1.0]]),
        )  # fmt: skip


def test_no_numpy_warning_escapes() -> None:
    X, Y = toy(64)
    net = net_of(init=lambda n_in, n_out, rng: rng.normal(size=(n_out, n_in)) * 1e155)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        warnings.simplefilter("ignore", nn.TrainingWarning)
        with pytest.raises(nn.TrainingError, match="the cost became"):
            nn.fit(net, X, Y, learning_rate=0.1, epochs=2)


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


# -- what goes wrong silently ----------------------------------------------------------------------


def noted(net, X, Y, **options) -> nn.History:
    with pytest.warns(nn.TrainingWarning) as found:
        history = nn.fit(net, X, Y, **{"learning_rate": 0.01, "epochs": 2, "rng": 0, **options})
    assert [str(w.message) for w in found] == [f"fit: {note}" for note in history.notes]
    assert {Path(w.filename).name for w in found} == {"test_training.py"}
    return history


def test_it_is_said_when_scales_differ() -> None:
    X, Y = toy()
    net = nn.Network([3, 8, 1], rng=0)
    history = noted(net, np.vstack([X, 500 * X[:1]]), Y)
    assert "scales differ by a factor of" in history.notes[0]
    assert "the values of feature 2 span" in history.notes[0]
    constant = np.vstack([X, np.full((1, 200), 1e9)])  # such a feature has no scale
    quiet = nn.fit(nn.Network([3, 8, 1], rng=0), constant / 1e9, Y, learning_rate=1e-3, epochs=0)
    assert quiet.notes == []


def test_it_is_said_when_pixels_are_not_divided_by_255() -> None:
    rng = np.random.default_rng(0)
    X = rng.integers(0, 256, size=(16, 50)).astype(float)
    Y = (X[:1] > 128).astype(float)
    history = noted(nn.Network([16, 4, 1], rng=0), X, Y)
    assert history.notes[0] == "X is of whole numbers from 0 to 255, like pixels: divide it by 255."
    net = nn.Network([16, 4, 1], hidden="tanh", rng=0)
    scaled = nn.fit(net, X / 255, Y, learning_rate=0.1, epochs=30, rng=0)
    assert scaled.notes == []


def test_it_is_said_when_units_are_identical_or_labels_all_the_same() -> None:
    X, Y = toy()
    history = noted(net_of(init="zeros"), X, Y)
    assert "All 8 units of layer1 (Linear) begin with the same weights" in history.notes[0]
    history = noted(net_of(), X, np.ones((1, 200)))
    assert "All 200 labels are the same" in history.notes[0]


def test_it_is_said_when_only_the_majority_is_predicted() -> None:
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(2, 200)), (np.arange(200) < 20).astype(float).reshape(1, -1)
    history = noted(nn.Network([2, 1], init="zeros", rng=0), X, Y, epochs=150)
    assert history.notes[-1].startswith(
        "The network answers class 0 to every example, which is right for 90.0% of them; its "
        "recall of class 1 is 0"
    )


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


# -- mistakes of use -------------------------------------------------------------------------------


def mistakes():
    net, (X, Y) = net_of(), toy(20)
    return {
        "class": (lambda: nn.fit(net, X, Y, optimizer=nn.Adam), r"got the class; write .*'adam'"),
        "typo": (lambda: nn.fit(net, X, Y, optimizer="adm"), r"got 'adm'\. Did you mean 'adam'\?"),
        "other": (
            lambda: nn.fit(net, X, Y, optimizer=nn.Adam(net_of(1).parameters())),
            "holds 4 of 4 parameters that are not this network's",
        ),
        "both": (
            lambda: nn.fit(net, X, Y, optimizer=nn.Adam(net.parameters()), learning_rate=1),
            "learning_rate= belongs to an optimizer given by its name",
        ),
        "rate": (lambda: nn.fit(net, X, Y, optimizer="sgd"), "'sgd' needs learning_rate="),
        "strings": (
            lambda: nn.fit(net, X, np.array([["a", "b"] * 10])),
            "Y needs to be of numbers",
        ),
        "plus minus": (
            lambda: nn.accuracy(net, X, 2 * Y - 1),
            r"need to be in \[0, 1\], got .* -1",
        ),
        "label strings": (
            lambda: nn.accuracy(net, X, np.array([["a", "b"] * 10])),
            "labels need to be numbers",
        ),
        "m = 0": (lambda: nn.fit(net, X[:, :0], Y[:, :0]), "needs at least one example"),
        "accuracy m = 0": (
            lambda: nn.accuracy(net, X[:, :0], Y[:, :0]),
            "accuracy: needs at least one example",
        ),
        "cost m = 0": (lambda: nn.cost(net, X[:, :0], Y[:, :0]), "m is 0 here"),
        "Relu": (lambda: nn.Network([2, 2, 1], hidden="Relu"), r"got 'Relu'\. Did you mean 'relu'"),
        "He": (lambda: nn.Network([2, 2, 1], init="He"), r"got 'He'\. Did you mean 'he'\?"),
        "rng": (
            lambda: nn.Network([2, 1], rng=1.5),
            r"rng needs to be an int, a Generator .* 1\.5",
        ),
        "rng of fit": (lambda: nn.fit(net, X, Y, rng="1"), "fit: rng needs to be an int"),
        "seed": (lambda: nn.Network([2, 1], rng=-1), "a seed needs to be at least 0"),
        "no unit": (lambda: nn.Network([3, 0, 1]), r"Network: n\[1\] needs to be a positive int"),
        "float unit": (lambda: nn.Network([3, 2.5, 1]), r"Network: n\[1\] .* got 2\.5"),
        "n": (lambda: nn.Network(3), "such as .30, 1., got 3"),
        "hidden": (
            lambda: nn.Network([2, 2, 1], hidden=["relu", "tanh"]),
            "hidden needs one for each of the 1 hidden layers, or one for all, got 2",
        ),
        "patience": (lambda: nn.fit(net, X, Y, early_stopping=3), r"pass dev=\(X_dev, Y_dev\)"),
        "metric": (lambda: nn.fit(net, X, Y, metrics=["acuracy"]), "Did you mean 'accuracy'"),
        "epochs": (lambda: nn.fit(net, X, Y, epochs=-1), "epochs needs to be an int of at least 0"),
        "max_norm": (lambda: nn.fit(net, X, Y, max_norm=0), "max_norm needs to be a positive"),
        "weights": (lambda: nn.fit(net, X, Y, sample_weight=[1.0]), "sample_weight needs 20"),
        "negative": (
            lambda: nn.fit(net, X, Y, sample_weight=-np.ones(20)),
            "sample_weight needs finite numbers of at least 0",
        ),
        "one class": (
            lambda: nn.fit(net, X, Y, class_weight={0: 1}),
            r"for each class .* see \[1\]",
        ),
        "net": (lambda: nn.fit(lambda X: X, X, Y), "fit: needs a module of nn"),
        "own weights": (
            lambda: nn.fit(net, X, Y, loss=lambda A, Y: A.sum(), class_weight="balanced"),
            "known to nn's losses, not to",
        ),
    }


@pytest.mark.parametrize("mistake", mistakes())
def test_a_mistake_is_said_with_what_to_write(mistake) -> None:
    call, message = mistakes()[mistake]
    with pytest.raises((ValueError, TypeError, ShapeError), match=message):
        call()


# -- what people expect of fit ---------------------------------------------------------------------


@pytest.mark.parametrize("name", ["adam", "adamw", "momentum", "rmsprop", "sgd"])
def test_an_optimizer_by_name_is_the_same_as_the_object(name: str) -> None:
    X, Y = toy()
    one, two = net_of(), net_of()
    kind = {"adam": nn.Adam, "adamw": nn.AdamW, "momentum": nn.Momentum, "rmsprop": nn.RMSprop}
    optimizer = kind.get(name, nn.SGD)(two.parameters(), learning_rate=0.05)
    a = nn.fit(one, X, Y, optimizer=name, learning_rate=0.05, epochs=5, rng=1)
    b = nn.fit(two, X, Y, optimizer=optimizer, epochs=5, rng=1)
    assert a.cost == b.cost
    assert same(one, two)
    assert a.cost[-1] < a.cost[0]


def test_each_epoch_has_batches_of_its_own_and_no_example_twice() -> None:
    X, Y = np.arange(20.0).reshape(1, -1) / 20, np.zeros((1, 20))
    net = nn.Network([1, 1], output="identity", rng=0)
    seen = []

    def own(A, Y):
        return (A * A).sum() / A.shape[1]

    class Spy(nn.Network):
        def forward(self, X):
            if self.training:
                seen.append(X.data.reshape(-1).tolist())
            return super().forward(X)

    net = Spy([1, 1], output="identity", rng=0)
    nn.fit(net, X, Y, loss=own, learning_rate=0.01, epochs=3, batch_size=8, rng=0)
    assert [len(batch) for batch in seen] == [8, 8, 4] * 3
    epochs = [[x for batch in seen[i : i + 3] for x in batch] for i in (0, 3, 6)]
    for epoch in epochs:
        assert sorted(epoch) == sorted(X.reshape(-1).tolist())
    assert epochs[0] != epochs[1] != epochs[2]


def test_a_fit_can_seed_each_epoch_as_the_course_does() -> None:
    X, Y = toy(100)
    one, two = net_of(), net_of()
    seed, optimizer = 10, nn.Adam(two.parameters(), learning_rate=0.01)
    for _ in range(3):  # the loop of the course
        seed += 1
        order = list(np.random.RandomState(seed).permutation(100))
        for start in (0, 64):
            columns = order[start : start + 64]
            optimizer.zero_grad()
            nn.cost(two, X[:, columns], Y[:, columns]).backward()
            optimizer.step()
    nn.fit(
        one, X, Y, learning_rate=0.01, epochs=3, rng=lambda epoch: np.random.RandomState(10 + epoch)
    )
    assert same(one, two)


def test_schedules_are_followed_and_kept_in_the_history() -> None:
    X, Y = toy()
    history = nn.fit(
        net_of(), X, Y, learning_rate=nn.InverseDecay(0.1), optimizer="sgd", epochs=4, rng=0
    )
    assert history["learning_rate"] == pytest.approx([0.05, 0.1 / 3, 0.025, 0.02])


def test_the_penalty_is_divided_by_the_whole_set() -> None:
    X, Y = toy(100)
    one, two = net_of(), net_of()
    nn.fit(one, X, Y, optimizer="sgd", learning_rate=0.1, penalty=nn.L2(2.0), epochs=1, rng=3)
    optimizer = nn.SGD(two.parameters(), learning_rate=0.1)
    for batch in nn.minibatches(X, Y, 64, rng=3):
        optimizer.zero_grad()
        nn.cost(two, *batch, penalty=nn.L2(2.0), m=100).backward()
        optimizer.step()
    assert same(one, two)


def test_weights_of_classes_and_samples() -> None:
    X, Y = toy(100)
    w = np.where(Y[0] == 1, 3.0, 1.0)
    one, two, three_ = net_of(), net_of(), net_of()
    options = {"learning_rate": 0.01, "epochs": 3, "rng": 0}
    nn.fit(one, X, Y, class_weight={0: 1.0, 1: 3.0}, **options)
    nn.fit(two, X, Y, sample_weight=10 * w, **options)
    for a, b in zip(values(one), values(two), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9)  # only their ratios matter
    # an example of weight 2 is two examples, on the whole set
    doubled = np.hstack([X, X[:, :30]]), np.hstack([Y, Y[:, :30]])
    weights = np.where(np.arange(100) < 30, 2.0, 1.0)
    nn.fit(three_, X, Y, sample_weight=weights, batch_size=None, **options)
    other = net_of()
    nn.fit(other, *doubled, batch_size=None, **options)
    for a, b in zip(values(three_), values(other), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9)
    counts = np.array([np.sum(Y == 0), np.sum(Y == 1)])
    four, five = net_of(), net_of()
    nn.fit(four, X, Y, class_weight="balanced", **options)
    nn.fit(five, X, Y, sample_weight=(100 / (2 * counts))[Y[0].astype(int)], **options)
    assert same(four, five)


def test_gradients_are_clipped_to_a_norm() -> None:
    X, Y = toy(64)
    net, moved = net_of(), net_of()
    nn.fit(net, X, Y, optimizer="sgd", learning_rate=1.0, max_norm=1e-3, epochs=1, batch_size=None)
    step = np.sqrt(
        sum(np.sum((a - b) ** 2) for a, b in zip(values(net), values(moved), strict=True))
    )
    assert step == pytest.approx(1e-3, rel=1e-9)


def test_early_stopping_restores_the_best_also_when_all_epochs_ran() -> None:
    X, Y = toy(30, seed=4)
    dev = toy(60, seed=5)
    options = {"learning_rate": 0.05, "dev": dev, "rng": 0}
    net = nn.Network([2, 32, 1], rng=0)
    history = nn.fit(net, X, Y, epochs=300, early_stopping=15, **options)
    assert "stopped early after epoch" in history.stopped
    assert history.epochs == history.best_epoch + 15
    assert history.dev_cost[history.best_epoch - 1] == min(history.dev_cost)
    assert nn.cost(net, *dev).item() == pytest.approx(min(history.dev_cost), rel=1e-12)
    net = nn.Network([2, 32, 1], rng=0)
    whole = nn.fit(
        net, X, Y, epochs=history.epochs - 5, early_stopping=nn.EarlyStopping(15), **options
    )
    assert whole.stopped is None
    assert nn.cost(net, *dev).item() == pytest.approx(min(whole.dev_cost), rel=1e-12)
    assert nn.EarlyStopping(2, least=0.1).is_over([1.0, 0.95, 0.91])
    assert not nn.EarlyStopping(2, least=0.1).is_over([1.0, 0.95, 0.89])


def test_callbacks_may_stop() -> None:
    X, Y = toy()

    def raises(epoch, history):
        if epoch == 3:
            raise StopIteration

    for call in (lambda epoch, history: epoch == 3, raises):
        history = nn.fit(net_of(), X, Y, epochs=10, learning_rate=0.01, on_epoch=[call], rng=0)
        assert history.epochs == 3
        assert history.stopped == "stopped by on_epoch after epoch 3"
    seen = []
    nn.fit(
        net_of(), X, Y, epochs=2, learning_rate=0.01, rng=0,
        on_epoch=[lambda e, h: seen.append(e), lambda e, h: seen.append(h.epochs)],
    )  # fmt: skip
    assert seen == [1, 1, 2, 2]


def test_an_interrupt_keeps_history_and_network() -> None:
    X, Y = toy()
    net = net_of()

    def stop(epoch, history):
        if epoch == 2:
            raise KeyboardInterrupt

    history = nn.fit(net, X, Y, epochs=10, learning_rate=0.01, on_epoch=stop, rng=0)
    assert history.epochs == 2
    assert history.stopped == "interrupted in epoch 3"
    assert not net.training
    other = net_of()
    nn.fit(other, X, Y, epochs=2, learning_rate=0.01, rng=0)
    assert same(net, other)


def test_metrics_are_measured_on_the_dev_set_or_else_the_training_set() -> None:
    X, Y = toy()
    dev = toy(80, seed=1)
    net = net_of()

    def always(net, X, Y):
        return X.shape[1]

    history = nn.fit(
        net, X, Y, epochs=2, learning_rate=0.01, dev=dev, metrics=["accuracy", always], rng=0
    )
    assert history["dev_accuracy"][-1] == nn.accuracy(net, *dev)
    assert history["dev_always"] == [80, 80]
    history = nn.fit(net, X, Y, epochs=1, learning_rate=0.01, metrics="recall", rng=0)
    assert history["recall"] == [nn.recall(net, X, Y)]


def test_a_history_is_a_dict_of_lists_with_a_short_repr() -> None:
    X, Y = toy()
    history = nn.fit(net_of(), X, Y, epochs=3, learning_rate=0.02, dev=toy(50, seed=1), rng=0)
    assert set(history) == {"cost", "dev_cost", "learning_rate"}
    assert {len(v) for v in history.values()} == {3}
    assert history["cost"] is history.cost
    assert repr(history).startswith("History(3 epochs, ")
    assert "\n" not in repr(history)
    assert f"cost {history.cost[0]:.4g} → {history.cost[-1]:.4g}" in repr(history)
    assert {path: len(v) for path, v in history.gradient_norms.items()} == {
        f"layer{i}.{name}": 3 for i in (1, 2) for name in ("W", "b")
    }
    for other in (copy.deepcopy(history), pickle.loads(pickle.dumps(history))):
        assert other == history
        assert other.gradient_norms == history.gradient_norms
        assert other.notes == history.notes
    assert repr(nn.History()) == "History(no epoch)"


def test_gradient_norms_are_those_of_the_first_batch() -> None:
    X, Y = toy(64)
    net = net_of()
    J = nn.cost(net, X, Y)
    J.backward()
    expected = np.linalg.norm(net["W1"].grad)
    history = nn.fit(net, X, Y, epochs=1, learning_rate=0.01, batch_size=None)
    assert history.gradient_norms["layer1.W"] == pytest.approx([expected])


# -- checkpoints -----------------------------------------------------------------------------------


def options(**more):
    return {"learning_rate": nn.ExponentialDecay(0.02, 0.9), "dev": toy(40, seed=1), **more}


@pytest.mark.filterwarnings("ignore::nn.TrainingWarning")
@pytest.mark.parametrize("rng", [1, np.random.RandomState(3)], ids=["Generator", "RandomState"])
@pytest.mark.parametrize("optimizer", ["adam", "momentum", "sgd"])
def test_a_run_that_goes_on_is_the_run_that_was_not_interrupted(tmp_path, rng, optimizer) -> None:
    X, Y = toy(100)

    def start():
        return nn.Network([2, 8, 1], keep_prob=0.8, rng=5), copy.deepcopy(rng)

    whole, stream = start()
    once = nn.fit(whole, X, Y, optimizer=optimizer, epochs=7, rng=stream, **options())
    file = tmp_path / "run.safetensors"
    for epochs in (3, 4, 7):
        net, stream = start()
        again = nn.fit(
            net, X, Y, optimizer=optimizer, epochs=epochs, rng=stream, checkpoint=file, **options()
        )
    assert same(whole, net)
    assert dict(again) == dict(once)
    assert again.gradient_norms == once.gradient_norms
    assert again.best_epoch == once.best_epoch
    # nothing is left to do
    net, stream = start()
    done = nn.fit(
        net, X, Y, optimizer=optimizer, epochs=7, rng=stream, checkpoint=file, **options()
    )
    assert same(whole, net)
    assert dict(done) == dict(once)


@pytest.mark.filterwarnings("ignore::nn.TrainingWarning")
def test_a_checkpoint_of_other_settings_is_refused_and_nothing_changed(tmp_path) -> None:
    X, Y = toy(100)
    file = tmp_path / "run.safetensors"
    nn.fit(net_of(), X, Y, epochs=2, checkpoint=file, rng=0, **options())
    kept = file.read_bytes()
    for change, said in (
        ({"batch_size": 32}, r"batch_size \(was 64, is 32\)"),
        ({"optimizer": "sgd"}, "names|unknown optimizer|missing|optimizer"),
        ({"penalty": nn.L2(1.0)}, "penalty"),
        ({"dev": toy(40, seed=2)}, "dev"),
        ({"metrics": ["accuracy"]}, "metrics"),
    ):
        net = net_of(7)
        before = values(net)
        with pytest.raises((ValueError, ShapeError), match=said):
            nn.fit(net, X, Y, epochs=3, checkpoint=file, rng=0, **options(**change))
        assert all(np.array_equal(a, b) for a, b in zip(values(net), before, strict=True))
    with pytest.raises(ValueError, match="other settings: data"):
        nn.fit(net_of(), X + 1e-9, Y, epochs=3, checkpoint=file, rng=0, **options())
    with pytest.raises(ValueError, match="other settings: network"):
        nn.fit(nn.Network([2, 9, 1], rng=0), X, Y, epochs=3, checkpoint=file, rng=0, **options())
    with pytest.raises(ValueError, match="other settings: rng"):
        nn.fit(net_of(), X, Y, epochs=3, checkpoint=file, rng=lambda epoch: epoch, **options())
    assert file.read_bytes() == kept
    fresh = nn.fit(net_of(), X, Y, epochs=1, checkpoint=file, resume=False, rng=0, **options())
    assert fresh.epochs == 1
    nn.save(net_of(), file)
    with pytest.raises((nn.FileFormatError, ShapeError), match="is no checkpoint"):
        nn.fit(net_of(), X, Y, epochs=1, checkpoint=file, rng=0, **options())


@pytest.mark.filterwarnings("ignore::nn.TrainingWarning")
def test_a_checkpoint_knows_functions_schedules_and_dtypes_by_what_they_are(tmp_path) -> None:
    X, Y = toy(60)
    file = tmp_path / "run.safetensors"

    class Listed(nn.Schedule):
        def __init__(self, *rates: float) -> None:
            self.rates = list(rates)

        def __call__(self, epoch: int, step: int | None = None) -> float:
            return self.rates[min(epoch, len(self.rates)) - 1]

    def run(net: nn.Module, **changes: Any) -> None:
        given = {"rng": lambda epoch: np.random.RandomState(10 + epoch), **changes}
        nn.fit(net, X, Y, epochs=2, checkpoint=file, progress=False, **given)

    run(net_of(), learning_rate=Listed(0.1, 0.1))
    for net, changes, said in (
        (net_of(), {"rng": lambda epoch: np.random.RandomState(999 + epoch)}, "rng"),
        (net_of(), {"learning_rate": Listed(0.1, 0.5)}, "learning_rate"),
        (nn.Network([2, 8, 1], rng=0, dtype=np.float32), {}, "network"),
    ):
        with pytest.raises(ValueError, match=f"other settings: .*{said}"):
            run(net, **{"learning_rate": Listed(0.1, 0.1), **changes})
    run(net_of(), learning_rate=Listed(0.1, 0.1))  # the same again: nothing to do


RATE = 0.1


@pytest.mark.filterwarnings("ignore::nn.TrainingWarning")
def test_a_rate_that_reads_a_global_value_is_another_one_when_it_changes(
    tmp_path, monkeypatch
) -> None:
    X, Y = toy(60)
    file = tmp_path / "run.safetensors"

    def go() -> None:
        nn.fit(
            net_of(), X, Y, epochs=1, checkpoint=file, rng=0, progress=False,
            learning_rate=lambda epoch: RATE / epoch,
        )  # fmt: skip

    go()
    go()
    monkeypatch.setitem(globals(), "RATE", 0.2)
    with pytest.raises(ValueError, match="other settings: learning_rate"):
        go()


class Noisy(nn.Module):
    """Noise from np.random's own stream, as many write it."""

    def __init__(self) -> None:
        self.inner = nn.Network([2, 4, 1], rng=0)

    def forward(self, X: Any) -> Any:
        return self.inner(X + 0.1 * np.random.standard_normal(X.shape))  # noqa: NPY002


@pytest.mark.filterwarnings("ignore::nn.TrainingWarning")
def test_a_run_that_draws_from_numpys_own_stream_goes_on_as_it_was(tmp_path) -> None:
    X, Y = toy(60)
    file = tmp_path / "run.safetensors"
    settled = {"loss": nn.binary_cross_entropy, "rng": 0, "progress": False}
    ended = []
    for parts in ([5], [2, 5]):
        for k, epochs in enumerate(parts):
            np.random.seed(3 if not k else 77)  # noqa: NPY002 - another process begins elsewhere
            net = Noisy()
            nn.fit(net, X, Y, epochs=epochs, checkpoint=file, resume=k > 0, **settled)
        ended.append(values(net))
    for one, other in zip(*ended, strict=True):
        np.testing.assert_array_equal(one, other)
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    still = tmp_path / "still.safetensors"
    for epochs in (1, 2):  # a run that draws nothing from it leaves it alone
        nn.fit(net_of(), X, Y, epochs=epochs, checkpoint=still, rng=0, progress=False)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


@pytest.mark.parametrize("declared", [False, True])
def test_an_array_that_a_checkpoint_does_not_hold_is_told(tmp_path, declared: bool) -> None:
    class Counting(nn.Module):
        buffers = ("seen",) if declared else ()

        def __init__(self) -> None:
            self.inner = nn.Network([2, 4, 1], rng=0)
            self.seen = np.zeros(1)

        def forward(self, X: Any) -> Any:
            self.seen = self.seen + 1
            return self.inner(X)

    X, Y = toy(60)
    notes = notes_of(
        Counting(), X, Y, loss=nn.binary_cross_entropy, epochs=2,
        checkpoint=tmp_path / "run.safetensors",
    )  # fmt: skip
    assert said(notes, "keeps the array 'seen', which the checkpoint does not") is not declared
    assert sum("keeps the array" in note for note in notes) == int(not declared)


def edited(file: Path, change: Any) -> None:
    """Change what a checkpoint says of its run."""
    import json

    from safetensors import safe_open
    from safetensors.numpy import save_file

    with safe_open(file, framework="numpy") as opened:
        metadata = dict(opened.metadata())
        arrays = {key: opened.get_tensor(key) for key in opened.keys()}  # noqa: SIM118 - no dict
    run = json.loads(metadata["run"])
    change(run)
    save_file(arrays, file, {**metadata, "run": json.dumps(run)})


EDITS: dict[str, Any] = {
    "a method": lambda run: run["settings"]["settings"].update(_apply="x"),
    "another attribute": lambda run: run["settings"]["settings"].update(parameters=1.0),
    "a number that cannot be": lambda run: run["settings"]["settings"].update(beta1=5.0),
    "a text for a number": lambda run: run["settings"]["settings"].update(beta1="0.9"),
    "a setting less": lambda run: run["settings"]["settings"].pop("beta1"),
    "no cost": lambda run: run["history"].pop("cost"),
    "a column too long": lambda run: run["history"]["learning_rate"].append(1.0),
    "a negative rate": lambda run: run.update(rate=-1.0),
    "a stream of nothing": lambda run: run.update(streams=[{"kind": "Generator"}]),
    "a stream of text": lambda run: run["streams"][0].update(state="x"),
}


@pytest.mark.filterwarnings("ignore::nn.TrainingWarning")
@pytest.mark.parametrize("change", [pytest.param(f, id=name) for name, f in EDITS.items()])
def test_an_edited_checkpoint_is_refused_and_nothing_changed(tmp_path, change) -> None:
    X, Y = toy(60)
    file = tmp_path / "run.safetensors"
    settled = {"optimizer": "adam", "learning_rate": 0.01, "rng": 0, "progress": False}
    nn.fit(net_of(), X, Y, epochs=2, checkpoint=file, **settled)
    edited(file, change)
    net = net_of(7)
    net.load_state_dict(net_of().state_dict())
    before = values(net)
    optimizer = nn.Adam(net.parameters(), learning_rate=0.01)
    kept = dict(vars(optimizer))
    given = {**settled, "optimizer": optimizer}
    del given["learning_rate"]
    with pytest.raises(nn.FileFormatError):
        nn.fit(net, X, Y, epochs=3, checkpoint=file, **given)
    assert all(np.array_equal(a, b) for a, b in zip(values(net), before, strict=True))
    assert {k: v for k, v in vars(optimizer).items() if k in kept} == kept


KILLED = """
import sys, time, numpy as np, nn
rng = np.random.default_rng(0)
X = rng.normal(size=(20, 400)); Y = (X[:1] > 0).astype(float)
net = nn.Network([20, 30, 1], keep_prob=0.9, rng=5)
nn.fit(net, X, Y, learning_rate=1e-3, epochs=int(sys.argv[2]), rng=1, checkpoint=sys.argv[1],
       dev=(X[:, :50], Y[:, :50]), on_epoch=lambda e, h: print(e, flush=True))
np.save(sys.argv[3], net["W1"].data)
"""


@pytest.mark.long
def test_a_run_that_is_killed_loses_its_last_epoch_at_most(tmp_path) -> None:
    """Killed twelve times at any moment, it ends as the run that nobody killed."""
    file, out, whole = (tmp_path / name for name in ("run.safetensors", "a.npy", "b.npy"))
    script = tmp_path / "run.py"
    script.write_text(textwrap.dedent(KILLED), "utf-8")
    command = [sys.executable, str(script)]
    rng = np.random.default_rng(0)
    reached, kills = 0, 0
    while kills < 12:
        last = reached
        with subprocess.Popen(
            [*command, str(file), "400", str(out)], stdout=subprocess.PIPE, text=True, cwd=ROOT
        ) as run:
            for line in run.stdout:
                last = int(line)
                if last >= reached + rng.integers(1, 25):
                    run.kill()
                    break
        kills += 1
        if file.exists():
            _, metadata = nn.io.read_arrays("test", file)  # always a whole file
            assert '"cost"' in metadata["run"]
        reached = last
    for target, path in ((file, out), (tmp_path / "other.safetensors", whole)):
        subprocess.run([*command, str(target), "400", str(path)], check=True, cwd=ROOT,
                       stdout=subprocess.DEVNULL)  # fmt: skip
    np.testing.assert_array_equal(np.load(out), np.load(whole))


@pytest.mark.filterwarnings("ignore::nn.TrainingWarning")
def test_a_run_with_batch_norm_goes_on_with_its_averages(tmp_path) -> None:
    X, Y = toy(96)

    def start():
        return nn.Sequential(
            nn.Linear(2, 6, rng=0), nn.BatchNorm(6), nn.ReLU(), nn.Linear(6, 1, rng=1), nn.Sigmoid()
        )

    settings = {"learning_rate": 0.02, "dev": toy(40, seed=1), "early_stopping": 50, "rng": 3}
    whole, file = start(), tmp_path / "run.safetensors"
    once = nn.fit(whole, X, Y, epochs=6, **settings)
    nn.fit(start(), X, Y, epochs=3, checkpoint=file, **settings)
    net = start()
    again = nn.fit(net, X, Y, epochs=6, checkpoint=file, **settings)
    assert dict(again) == dict(once)
    for name, array in whole.state_dict().items():
        np.testing.assert_array_equal(net.state_dict()[name], array)
    norm = list(net.children())[1]
    assert (norm.beta.data != 0).any()  # it was trained


def test_a_callback_may_change_the_rate_and_the_run_goes_on_with_it(tmp_path) -> None:
    X, Y = toy(64)

    def run(epochs, file=None):
        net = net_of()
        optimizer = nn.SGD(net.parameters(), learning_rate=0.5)

        def halve(epoch, history):
            optimizer.learning_rate = optimizer.learning_rate / 2

        history = nn.fit(
            net, X, Y, optimizer=optimizer, epochs=epochs, checkpoint=file, on_epoch=halve, rng=0
        )
        return net, history

    whole, once = run(5)
    run(2, tmp_path / "a.safetensors")
    net, again = run(5, tmp_path / "a.safetensors")
    assert again["learning_rate"] == once["learning_rate"] == [0.5 / 2**k for k in range(5)]
    assert same(net, whole)


def test_progress_shows_cost_and_dev_metrics(monkeypatch) -> None:
    pytest.importorskip("tqdm", reason="the extra 'progress' is not installed")
    import tqdm

    shown = []

    class Bar(list):
        def __init__(self, epochs, **options):
            super().__init__(epochs)
            self.options = options

        def set_postfix(self, values):
            shown.append(values)

        def close(self):
            shown.append("closed")

    monkeypatch.setattr(tqdm, "tqdm", Bar)
    X, Y = toy()
    history = nn.fit(
        net_of(), X, Y, learning_rate=0.01, epochs=2, dev=toy(50, seed=1), metrics=["accuracy"],
        rng=0,
    )  # fmt: skip
    names = ("cost", "dev_cost", "dev_accuracy")
    assert shown[:2] == [{k: f"{history[k][e]:.4g}" for k in names} for e in range(2)]
    assert shown[-1] == "closed"
    shown.clear()
    nn.fit(net_of(), X, Y, learning_rate=0.01, epochs=2, progress=False, rng=0)
    assert shown == []


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


def test_the_repr_of_a_history_says_what_matters() -> None:
    history = nn.History(cost=[2.0, 1.0], dev_cost=[3.0, 1.5], dev_recall=[np.nan, np.nan])
    history.best_epoch, history.seconds = 1, 0.25
    history.notes = ["a"]
    history.stopped = "stopped early after epoch 2"
    assert repr(history) == (
        "History(2 epochs, 0.25 s: cost 2 → 1, dev cost 1.5, best in epoch 1, "
        "stopped early after epoch 2, 1 note)"
    )
    history.notes = ["a", "b"]
    assert repr(history).endswith("2 notes)")


def test_a_weight_of_0_leaves_an_example_out() -> None:
    X, Y = toy(40)
    one, two = net_of(), net_of()
    settings = {"learning_rate": 0.01, "epochs": 3, "batch_size": None}
    weights = np.where(np.arange(40) < 30, 1.0, 0.0)
    begun = time.perf_counter()
    history = nn.fit(one, X, Y, sample_weight=weights, **settings)
    assert 0 < history.seconds < time.perf_counter() - begun
    nn.fit(two, X[:, :30], Y[:, :30], **settings)
    for a, b in zip(values(one), values(two), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9)
    with pytest.raises(ValueError, match="the weights of all examples are 0"):
        nn.fit(one, X, Y, sample_weight=np.zeros(40))


def test_the_classes_that_are_never_predicted_are_named() -> None:
    X, Y = three(90)
    net = nn.Network([2, 3], output="softmax", rng=0)
    net["b1"] = [[0.0], [100.0], [0.0]]
    history = noted(net, X, Y, optimizer="sgd", learning_rate=1e-9)
    assert "answers class 1 to every example, which is right for 33.3% of them" in history.notes[0]
    assert "its recall of class 0, 2 is 0" in history.notes[0]


def test_labels_as_numbers_are_told_to_be_one_hot() -> None:
    X, Y = three(30)
    net = nn.Network([2, 3], output="softmax", rng=0)
    with pytest.raises(ShapeError, match=r"Pass one_hot\(Y, 3\)"):
        nn.fit(net, X, Y.argmax(axis=0)[None])


def test_seconds_of_an_interrupted_run_are_its_own() -> None:
    import time

    def stop(epoch, history):
        if epoch == 2:
            raise KeyboardInterrupt

    begun = time.perf_counter()
    history = nn.fit(nn.Network([2, 3, 1], rng=0), *toy(), epochs=5, rng=0, on_epoch=stop)
    assert 0 < history.seconds <= time.perf_counter() - begun


def test_the_layer_that_breaks_is_named() -> None:
    """A step that makes one parameter infinite is blamed on it, whatever the gradients are."""
    net = nn.Network([2, 3, 1], rng=0)

    class Breaks(nn.SGD):
        def change(self, g, *averages):
            return np.full(g.shape, np.inf) if g.shape == (1, 1) else 0 * g

    with pytest.raises(nn.TrainingError, match=r"the first to see is layer2\.b") as caught:
        nn.fit(net, *toy(), optimizer=Breaks(net.parameters(), learning_rate=1.0), rng=0)
    assert caught.value.layer == "layer2.b"
    assert np.isfinite(net["b2"].data).all()


def test_weights_of_examples_may_be_small() -> None:
    X, Y = toy(20)
    costs = []
    for w in (1.0, 1e-3):
        net = nn.Network([2, 3, 1], rng=0)
        nn.fit(net, X, Y, epochs=3, sample_weight=np.full(20, w), rng=0)
        costs.append(nn.cost(net, X, Y).item())
    assert costs[0] == pytest.approx(costs[1], rel=1e-12)


def test_the_best_epoch_is_the_first_of_equal_ones() -> None:
    """Labels that nothing tells apart, at their mean: no step changes the cost."""
    net = nn.Network([1, 1], init="zeros")
    X, Y = np.zeros((1, 4)), np.array([[0.0, 1.0, 0.0, 1.0]])
    with pytest.warns(nn.TrainingWarning):
        history = nn.fit(net, X, Y, epochs=4, batch_size=None, dev=(X, Y), rng=0)
    assert len(set(history.dev_cost)) == 1
    assert history.best_epoch == 1


def test_modes_are_set_for_those_who_are_called_and_for_training() -> None:
    """Who is called after an epoch meets a network in eval mode, and may leave it so."""
    net = nn.Network([2, 8, 1], keep_prob=0.5, rng=0)
    seen = []

    def look(epoch, history):
        seen.append([m.training for m in net.modules()])
        net.train(epoch % 2 == 0)

    called = nn.fit(net, *toy(), epochs=4, rng=0, on_epoch=look)
    assert not np.any(seen)
    other = nn.Network([2, 8, 1], keep_prob=0.5, rng=0)
    silent = nn.fit(other, *toy(), epochs=4, rng=0)
    assert called.cost == silent.cost
    assert not other.training


def test_what_a_callback_changes_is_what_the_next_epoch_begins_with() -> None:
    """The best values are those before the epoch that measured them, after all changes."""
    good = nn.Network([2, 3, 1], rng=0)
    nn.fit(good, *toy(), epochs=30, learning_rate=0.05, rng=0)
    better = {name: good[name].data for name in good.as_dict()}
    net = nn.Network([2, 3, 1], rng=0)

    def change(epoch, history):
        for name, value in better.items():
            if epoch == 2:
                net[name] = value
            if epoch == 3:
                net[name] = np.full(value.shape, 1e300)

    with pytest.raises(nn.TrainingError) as caught:
        nn.fit(net, *toy(), epochs=5, learning_rate=1e-9, rng=0, on_epoch=change)
    assert caught.value.history.best_epoch == 3
    for name, value in better.items():
        np.testing.assert_array_equal(net[name].data, value)


def test_labels_that_are_words_are_told_what_becomes_of_them() -> None:
    with pytest.raises(ValueError, match=r"Y needs to be of numbers; map each class"):
        nn.fit(net_of(), np.ones((2, 2)), [["cat", "dog"]], progress=False)
    with pytest.raises(ValueError, match=r"X needs to be of numbers; encode it"):
        nn.fit(net_of(), [["a", "b"], ["c", "d"]], [[0, 1]], progress=False)


def test_an_optimizer_of_another_network_counts_what_it_holds() -> None:
    X, Y = toy()
    mine, others = net_of(), net_of(1)
    both = nn.Adam([*mine.parameters(), *others.parameters()])
    with pytest.raises(ValueError, match="holds 4 of 8 parameters that are not this network's"):
        nn.fit(mine, X, Y, optimizer=both, progress=False)


def test_a_penalty_has_to_be_one() -> None:
    X, Y = toy()
    for wrong in (nn.L2, 0.7, "l2"):
        with pytest.raises(TypeError, match=r"penalty needs nn.L2\(0.7\)"):
            nn.fit(net_of(), X, Y, penalty=wrong, progress=False)
    nn.fit(net_of(), X, Y, penalty=lambda net, m: net.layers[0].W.sum() / m, epochs=1)


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


@pytest.mark.parametrize(("size", "refused"), [(4, True), (1, True), (3, False), (None, False)])
def test_a_rest_of_one_example_has_no_variance(size, refused) -> None:
    X, Y = toy(9)
    net = nn.Sequential(
        nn.Linear(2, 3, rng=0), nn.BatchNorm(3), nn.ReLU(), nn.Linear(3, 1, rng=1), nn.Sigmoid()
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", nn.TrainingWarning)
        if refused:
            with pytest.raises(ValueError, match="no variance for BatchNorm"):
                nn.fit(net, X, Y, batch_size=size, epochs=1, progress=False)
        else:
            nn.fit(net, X, Y, batch_size=size, epochs=1, progress=False)


def test_units_that_differ_in_the_bias_alone_are_not_identical() -> None:
    X, Y = toy()
    for biases, said in ((np.zeros((4, 1)), True), (np.arange(4.0).reshape(4, 1), False)):
        net = nn.Network([2, 4, 1], hidden="tanh", rng=0)
        net["W1"], net["b1"], net["W2"] = np.ones((4, 2)), biases, np.ones((1, 4))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", nn.TrainingWarning)
            notes = nn.fit(net, X, Y, epochs=1, progress=False).notes
        assert any("begin with the same weights" in note for note in notes) == said


def test_two_examples_of_one_class_are_of_one_class() -> None:
    with pytest.warns(nn.TrainingWarning, match="All 2 labels are the same"):
        nn.fit(net_of(hidden="tanh"), np.eye(2), np.ones((1, 2)), epochs=1, progress=False)


def test_vanishing_gradients_are_said_from_three_layers_on() -> None:
    X, Y = toy()
    for sizes, said in (([2, 3, 3, 1], True), ([2, 3, 1], False)):
        net = nn.Network(sizes, hidden="sigmoid", rng=0)
        net[f"W{len(sizes) - 1}"] = 1e-9 * net[f"W{len(sizes) - 1}"].numpy()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", nn.TrainingWarning)
            notes = nn.fit(net, X, Y, epochs=1, progress=False).notes
        assert any("Vanishing gradients" in note for note in notes) == said


def test_a_metric_that_is_not_a_number_is_left_out_of_the_short_text() -> None:
    history = nn.History({"cost": [1.0, 0.5], "dev_auc": [0.7, float("nan")], "f1": [0.2, 0.4]})
    assert "f1 0.4" in repr(history)
    assert "auc" not in repr(history)
    history = nn.History({"cost": [1.0, 0.5], "dev_auc": [float("nan"), 0.7]})
    assert "dev auc 0.7" in repr(history)


# -- what is trained, and says that it has learned nothing ---------------------------------------


def notes_of(net: nn.Module, X: Any, Y: Any, **options: Any) -> list[str]:
    """Return the notes of a training."""
    settled = {"progress": False, "rng": 0, "epochs": 50, **options}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", nn.TrainingWarning)
        return nn.fit(net, X, Y, **settled).notes


def said(notes: list[str], words: str) -> bool:
    return any(words in note for note in notes)


DRAWN = np.random.default_rng(3)


def test_features_within_0_and_1_may_differ_in_scale_too() -> None:
    X = DRAWN.random((3, 200))
    X[1] *= 1e-3
    net = nn.Network([3, 8, 1], rng=0)
    assert said(notes_of(net, X, (X[1:2] > 0.0005) * 1.0), "scales differ by a factor of")
    pixels = DRAWN.random((64, 200)) * np.where(np.arange(64) < 3, 1 / 255, 1)[:, None]
    net = nn.Network([64, 8, 1], rng=0)
    assert not said(notes_of(net, pixels, (pixels[10:11] > 0.5) * 1.0), "scales differ")


def test_targets_far_from_their_scale_are_told() -> None:
    X = DRAWN.normal(size=(2, 200))
    targets = 1e4 + 100 * X[:1]
    net = nn.Network([2, 8, 1], output="identity", rng=0)
    notes = notes_of(net, X, targets, loss=nn.mean_squared_error)
    assert said(notes, "The targets are not normalized (row 0 has mean 1e+04")
    assert said(notes, "predicts no better than the mean of the targets (R² = -")
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
    assert said(notes, words)
    assert not said(notes, "recall")  # these are no classes


def test_one_unit_that_is_dead_is_told() -> None:
    X = DRAWN.random((3, 100))
    net = nn.Network([3, 4, 1], output="relu", rng=0)
    net["W2"], net["b2"] = -np.abs(net["W2"].numpy()), np.array([[-1.0]])
    notes = notes_of(net, X, X[:1] + 1, loss=nn.mean_squared_error, epochs=3)
    assert said(notes, "The unit of layer2 (Linear) is dead: 0 for every example")


@pytest.mark.parametrize("rare", [0.0, 0.02])
def test_logits_without_a_sigmoid_are_classes_too(rare: float) -> None:
    X = DRAWN.normal(size=(2, 300))
    Y = np.ones((1, 300)) if not rare else (DRAWN.random((1, 300)) < rare) * 1.0
    net = nn.Network([2, 3, 1], output="identity", rng=0)
    net["b2"] = [[-20.0 if rare else 0.0]]
    notes = notes_of(net, X, Y, loss=nn.binary_cross_entropy_with_logits, epochs=3)
    assert said(notes, "recall of class 1 is 0" if rare else "All 300 labels are the same")


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
    assert not said(notes_of(coder, X, X, **squares), "The targets are")
    bounded = np.tanh(DRAWN.normal(size=(1, 200)) * 9) * (1 + 1e-7)
    net = nn.Network([4, 8, 1], output="tanh", rng=0)
    assert not said(notes_of(net, X, bounded, **squares), "targets are between")
    scaled = nn.Sequential(nn.Linear(4, 8, activation="relu", rng=0), nn.Linear(8, 1, rng=1))
    own = nn.Sequential(scaled, lambda A: 200 * A + 300)
    assert not said(notes_of(own, X, 300 + 200 * X[1:2], **squares), "not normalized")
    norm = nn.Sequential(nn.Linear(4, 8, rng=0), nn.BatchNorm(8), "relu", nn.Linear(8, 1, rng=1))
    for _ in range(40):
        found = notes_of(norm, X, X[1:2], **{**squares, "epochs": 1, "batch_size": None})
    assert not said(found, "averaged")


def test_a_label_that_is_never_given_is_told() -> None:
    X = DRAWN.normal(size=(2, 200))
    Y = np.vstack([X[0] > 0, np.arange(200) < 6]) * 1.0
    notes = notes_of(nn.Network([2, 4, 2], rng=0), X, Y, learning_rate=0.05)
    assert said(notes, "Output 1 answers 0 to every example, and 6 of 200 have the other label")
    assert not said(notes, "Output 0")


def test_some_units_that_are_the_same_are_told() -> None:
    net = nn.Network([3, 4, 1], rng=0)
    W1, W2 = net["W1"].numpy(), net["W2"].numpy()
    W1[1], W2[:, 1], W1[3], W2[:, 3] = W1[0], W2[:, 0], W1[2], W2[:, 2]
    net["W1"], net["W2"] = W1, W2
    X = DRAWN.normal(size=(3, 100))
    notes = notes_of(net, X, (X[:1] > 0) * 1.0, epochs=2)
    assert said(notes, "4 of the 4 units of layer1 (Linear) begin with the weights of another one")
    W2[:, 3] += 1.0  # what comes after tells them apart
    net["W1"], net["W2"] = W1, W2
    assert said(notes_of(net, X, (X[:1] > 0) * 1.0, epochs=2), "2 of the 4 units") is True


def test_batch_norm_that_has_seen_few_batches_is_told() -> None:
    X = 5 + 3 * DRAWN.normal(size=(3, 200))
    Y = (X[:1] > 5) * 1.0

    def net(momentum: float) -> nn.Module:
        norm = nn.BatchNorm(8, momentum=momentum)
        return nn.Sequential(
            nn.Linear(3, 8, rng=0), norm, "relu", nn.Linear(8, 1, rng=1), "sigmoid"
        )

    notes = notes_of(net(0.99), X, Y, epochs=20, batch_size=None)
    assert said(notes, "step2 (BatchNorm) has averaged over 20 mini-batches only")
    assert not said(notes, "try a learning rate below")
    assert not said(notes_of(net(0.9), X, Y, epochs=20, batch_size=50), "averaged")


# -- weights of examples and classes -------------------------------------------------------------


def test_training_is_judged_by_the_weighted_cost() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1, 200))
    Y = 2 * X + 1
    X[0, :5], Y[0, :5] = 1e4, 0  # five rows that do not count
    weight = np.where(np.arange(200) < 5, 0.0, 1.0)
    net = nn.Network([1, 1], output="identity", init="zeros")
    notes_of(
        net, X, Y, loss=nn.mean_squared_error, sample_weight=weight, optimizer="sgd",
        learning_rate=0.1, epochs=100, batch_size=None,
    )  # fmt: skip
    np.testing.assert_allclose([net["W1"].item(), net["b1"].item()], [2, 1], rtol=1e-6)


def test_a_cost_that_rises_without_the_weights_is_no_fault() -> None:
    X = DRAWN.normal(size=(2, 400))
    Y = (X[:1] + DRAWN.normal(size=(1, 400)) > 1.5) * 1.0
    net = nn.Network([2, 1], init="zeros", rng=0)
    weights = {0: 1.0, 1: 20.0}
    notes = notes_of(net, X, Y, class_weight=weights, optimizer="sgd", learning_rate=0.5)
    assert not said(notes, "The cost rose")


def test_balanced_classes_count_their_examples_by_weight() -> None:
    """An example of weight 2 is two examples."""
    X = DRAWN.normal(size=(2, 60))
    Y = (X[:1] + 0.5 * DRAWN.normal(size=(1, 60)) > 0.7) * 1.0
    times = DRAWN.integers(1, 4, 60)
    trained = []
    for columns, weight in ((np.arange(60), times), (np.repeat(np.arange(60), times), None)):
        net = nn.Network([2, 1], init="zeros")
        notes_of(
            net, X[:, columns], Y[:, columns], class_weight="balanced", sample_weight=weight,
            optimizer="sgd", learning_rate=0.5, batch_size=None, epochs=200,
        )  # fmt: skip
        trained.append(np.concatenate([net["W1"].numpy().ravel(), net["b1"].numpy().ravel()]))
    np.testing.assert_allclose(*trained, rtol=1e-9)
    with pytest.raises(ValueError, match="examples of class 1 all have sample_weight 0"):
        nn.fit(
            nn.Network([2, 1], rng=0), X, Y, class_weight="balanced", sample_weight=1 - Y[0],
            progress=False,
        )  # fmt: skip


def test_divergence_after_the_last_step_names_a_layer() -> None:
    X = DRAWN.normal(size=(2, 50))
    with pytest.raises(nn.TrainingError) as caught:
        nn.fit(
            nn.Network([2, 3, 1], output="identity", rng=0), X, X[:1], optimizer="sgd",
            learning_rate=1e6, loss=nn.mean_squared_error, epochs=1, batch_size=None,
            progress=False,
        )  # fmt: skip
    assert caught.value.layer in {"layer1.W", "layer1.b", "layer2.W", "layer2.b"}


def test_several_labels_that_are_never_given_are_counted() -> None:
    X = DRAWN.normal(size=(2, 100))
    net = nn.Network([2, 4, 3], rng=0)
    net["b2"] = [[-30.0], [-30.0], [30.0]]
    Y = (DRAWN.random((3, 100)) < 0.5) * 1.0
    (told,) = [note for note in notes_of(net, X, Y, epochs=1) if "to every example" in note]
    assert told.startswith("Output 0 answers 0 to every example")
    assert " So do 2 more." in told
