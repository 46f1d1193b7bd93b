"""What two readers of nn found: wrong numbers, runs that mix, and calls that people try first."""

from __future__ import annotations

import copy
import inspect
import pickle
import typing
import warnings
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import ShapeError, Tensor
from tests.nn.helpers import three, toy

X, Y = toy(64)
QUIET = pytest.mark.filterwarnings("ignore::nn.TrainingWarning")


def net_of(**options):
    return nn.Network([2, 3, 1], rng=0, **options)


# -- checkpoints are of one run --------------------------------------------------------------------


def others():
    W = nn.L2

    def of(strength, path):
        net = net_of()
        return {"net": net, "penalty": W(strength, weights=[net[path]])}

    return {
        "activation": ({}, {"net": net_of(hidden="tanh")}),
        "keep_prob": ({"net": net_of(keep_prob=0.9)}, {"net": net_of(keep_prob=0.3)}),
        "rate": ({"learning_rate": 0.01}, {"learning_rate": 0.02}),
        "schedule": ({"learning_rate": nn.InverseDecay(0.1)}, {"learning_rate": nn.RootDecay(0.1)}),
        "beta": ({"beta": 0.9}, {"beta": 0.5}),
        "penalized": (of(5.0, "W1"), of(5.0, "W2")),
        "loss": (
            {"loss": lambda A, Y: ((A - Y) ** 2).mean()},
            {"loss": lambda A, Y: ((A - Y) ** 2).sum()},
        ),
        "seed": ({"rng": 0}, {"rng": 1}),
        "slope": ({"net": net_of(hidden=nn.LeakyReLU(0.1))}, {"net": net_of(hidden="leaky_relu")}),
    }


def run(file, epochs=2, **options):
    settings = {"rng": 0, **options}
    net = settings.pop("net", None) or net_of()
    beta = settings.pop("beta", None)
    if beta is not None:
        settings["optimizer"] = nn.Momentum(net.parameters(), learning_rate=0.01, beta=beta)
    elif "learning_rate" not in settings:
        settings["learning_rate"] = 0.01
    return nn.fit(net, X, Y, epochs=epochs, checkpoint=file, **settings), net


@QUIET
@pytest.mark.parametrize("name", others())
def test_another_run_does_not_go_on_from_a_checkpoint(tmp_path, name) -> None:
    one, two = others()[name]
    file = tmp_path / "run.safetensors"
    run(file, **one)
    again, _ = run(file, 3, **(others()[name][0] if name != "loss" else one))
    assert again.epochs == 3  # the same goes on
    with pytest.raises(ValueError, match="is of a run with other settings"):
        run(file, 3, **two)


@QUIET
def test_a_loss_that_is_an_object_goes_on(tmp_path) -> None:
    class Scaled:
        def __init__(self, by):
            self.by = by

        def __call__(self, A, Y):
            return self.by * ((A - Y) ** 2).mean()

    file = tmp_path / "run.safetensors"
    run(file, loss=Scaled(2.0))
    assert run(file, 3, loss=Scaled(2.0))[0].epochs == 3
    with pytest.raises(ValueError, match="other settings: loss"):
        run(file, 4, loss=Scaled(3.0))


@QUIET
def test_a_finished_run_stays_finished(tmp_path) -> None:
    file = tmp_path / "run.safetensors"
    options = {"early_stopping": 2, "dev": (X, 1 - Y), "learning_rate": 0.1}
    first, _ = run(file, 50, **options)
    assert first.stopped
    second, _ = run(file, 50, **options)
    assert second.epochs == first.epochs
    with pytest.warns(nn.TrainingWarning, match="Nothing to train: the checkpoint has"):
        run(file, 1, **options)


@QUIET
def test_a_rate_that_a_callback_set_goes_on_in_the_place_of_a_schedule(tmp_path) -> None:
    def train(epochs, file=None):
        net = net_of()
        optimizer = nn.Momentum(net.parameters(), learning_rate=nn.ExponentialDecay(0.5, 0.9))

        def change(epoch, history):
            if epoch == 2:
                optimizer.learning_rate, optimizer.beta = 0.01, 0.5

        nn.fit(
            net, X, Y, optimizer=optimizer, epochs=epochs, on_epoch=change, rng=0, checkpoint=file
        )
        return net

    whole = train(6)
    train(4, tmp_path / "a.safetensors")
    np.testing.assert_array_equal(train(6, tmp_path / "a.safetensors")["W1"].data, whole["W1"].data)


@QUIET
def test_a_failing_resume_leaves_the_optimizer_alone(tmp_path) -> None:
    file = tmp_path / "run.safetensors"
    run(file, rng=np.random.RandomState(0))
    net = net_of()
    optimizer = nn.Adam(net.parameters(), learning_rate=0.01)
    with pytest.raises(ValueError, match="rng"):
        nn.fit(net, X, Y, optimizer=optimizer, epochs=3, checkpoint=file, rng=3)
    assert optimizer.steps == 0
    assert not optimizer.state["v"][0].any()


@QUIET
def test_streams_of_own_modules_are_kept(tmp_path) -> None:
    class Noise(nn.Module):
        def __init__(self):
            self.rng = np.random.default_rng(7)

        def forward(self, A):
            return A + self.rng.normal(size=A.shape) if self.training else A

    def make():
        return nn.Sequential(nn.Linear(2, 3, rng=0), Noise(), nn.Linear(3, 1, rng=1), "sigmoid")

    whole = make()
    nn.fit(whole, X, Y, learning_rate=0.01, epochs=4, rng=0)
    file = tmp_path / "a.safetensors"
    nn.fit(make(), X, Y, learning_rate=0.01, epochs=2, rng=0, checkpoint=file)
    net = make()
    nn.fit(net, X, Y, learning_rate=0.01, epochs=4, rng=0, checkpoint=file)
    for name, array in whole.state_dict().items():
        np.testing.assert_array_equal(net.state_dict()[name], array)


# -- numbers that were wrong -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "schedule",
    [
        lambda epoch, base=0.95: 0.1 * base**epoch,
        lambda epoch, *, base=0.95: 0.1 * base**epoch,
        nn.ExponentialDecay(0.1, 0.95),
    ],
)
def test_a_default_of_a_schedule_is_not_the_step(schedule) -> None:
    optimizer = nn.SGD([Tensor(1.0, requires_grad=True)], learning_rate=schedule)
    optimizer.epoch, optimizer.steps = 2, 40
    assert optimizer.learning_rate == pytest.approx(0.1 * 0.95**2)


@QUIET
def test_after_divergence_the_parameters_are_those_of_a_cost_that_was_seen() -> None:
    net = net_of()
    begin, cost = net.as_dict(), nn.cost(net, X, Y).item()
    with pytest.raises(nn.TrainingError):
        nn.fit(net, X, Y, optimizer="sgd", learning_rate=1e9, batch_size=None, epochs=5)
    assert nn.cost(net, X, Y).item() == cost
    assert all(np.array_equal(v, begin[k]) for k, v in net.as_dict().items())
    # one step, which no epoch after it has looked at
    with pytest.raises(nn.TrainingError, match="the cost went from"):
        nn.fit(net_of(), X, Y, optimizer="sgd", learning_rate=1e9, batch_size=None, epochs=1)


def test_an_optimizer_can_be_used_after_a_run_failed() -> None:
    net = net_of()
    optimizer = nn.Adam(net.parameters(), learning_rate=0.01)
    with pytest.raises(nn.TrainingError):
        nn.fit(
            net, X, Y, optimizer=optimizer, epochs=2,
            loss=lambda A, Y: np.sqrt(A - A.numpy()).sum(),  # its slope is infinite everywhere
        )  # fmt: skip
    assert all(np.isfinite(a).all() for a in optimizer.state["v"])
    history = nn.fit(net, X, Y, optimizer=optimizer, loss=nn.mean_squared_error, epochs=10, rng=0)
    assert history.cost[-1] < history.cost[0]


@QUIET
def test_a_small_first_batch_is_no_measure_of_divergence() -> None:
    rng = np.random.RandomState(0)
    y = np.concatenate([np.zeros(150), rng.rand(50) * 100]).reshape(1, -1)
    for seed in range(5):
        net = nn.Network([2, 1], output="identity", init="zeros")
        nn.fit(
            net, rng.randn(2, 200), y, loss=nn.mean_squared_error, batch_size=1, epochs=3,
            optimizer="sgd", learning_rate=0.001, rng=seed,
        )  # fmt: skip


@QUIET
def test_a_search_reports_the_cost_of_the_network_that_it_returns() -> None:
    dev = X[:, :40], 1 - Y[:, :40]
    found = nn.random_search(
        (X, Y), dev, trials=3, epochs=20, early_stopping=3, learning_rate=(0.05, 0.1), rng=0
    )
    for trial in found:
        assert trial.dev_cost == nn.cost(trial.net, *dev).item()
    with pytest.raises(TypeError, match="a checkpoint is of one run"):
        nn.random_search((X, Y), dev, checkpoint="a.safetensors")


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


def test_metrics_do_not_hide_the_cost() -> None:
    def cost(net, X, Y):
        return 7.0

    for wrong in ([cost], [nn.cost], ["accuracy", "accuracy"], [lambda n, X, Y: 1] * 2):
        with pytest.raises(ValueError, match="is taken, by fit or by another of them"):
            nn.fit(net_of(), X, Y, metrics=wrong, epochs=1)
    soft = nn.Network([2, 3], output="softmax", rng=0)
    with pytest.raises(ValueError, match="precision gives 3 numbers, one for each class"):
        nn.fit(soft, *three(30), metrics=["precision"], epochs=1)


@pytest.mark.parametrize(
    ("net", "labels", "loss"),
    [
        (nn.Network([2, 2], rng=0), np.vstack([Y, Y]), None),
        (nn.Network([2, 1], output="identity", rng=0), Y, nn.mean_squared_error),
    ],
)
def test_class_weights_need_classes(net, labels, loss) -> None:
    with pytest.raises(ValueError, match="class_weight needs classes"):
        nn.fit(net, X, labels, loss=loss, class_weight="balanced", epochs=1)


def test_a_file_describes_a_network_only_where_it_can_be_made_again(tmp_path) -> None:
    class Doubled(nn.Linear):
        def forward(self, A):
            return super().forward(A) * 2

    odd = net_of()
    odd.layer1 = Doubled(2, 3, rng=0, index=1)
    shared = nn.Network([2, 3, 3, 1], hidden=nn.PReLU(), rng=0)
    tied = nn.Network([3, 3, 3], rng=0)
    tied.layer2.W = tied.layer1.W
    mixed = net_of()
    mixed.layer2 = nn.Linear(3, 1, rng=0, index=2, dtype=np.float32)
    for net in (odd, shared, tied, mixed):
        path = nn.save(net, tmp_path / "net.safetensors")
        with pytest.raises(ShapeError, match="no description of a network"):
            nn.load(path)
        same = copy.deepcopy(net)
        for p in same.parameters():
            p.data = p.data * 0
        nn.load(path, same)
        for name, array in net.state_dict().items():
            np.testing.assert_array_equal(same.state_dict()[name], array)


def test_frozen_weights_are_saved_and_loaded(tmp_path) -> None:
    def make(seed):
        net = nn.Network([2, 3, 1], rng=seed)
        net.layer1.W = Tensor(net.layer1.W.data, name="W1")
        return net

    net, other = make(0), make(1)
    assert "layer1.W" not in dict(net.named_parameters())
    nn.load(nn.save(net, tmp_path / "net.safetensors"), other)
    np.testing.assert_array_equal(other.predict_proba(X), net.predict_proba(X))


@pytest.mark.parametrize("scale", [1e-200, 1e-8, 1.0, 1e14, 1e200])
def test_scales_of_any_size_are_normalized(scale) -> None:
    Z = np.random.default_rng(0).normal(size=(2, 100)) + 3
    normal = nn.Normalizer().fit(Z * scale).transform(Z * scale)
    np.testing.assert_allclose(normal.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(normal.std(axis=1), 1, rtol=1e-12)
    y = (Z[0] > 3).astype(int)
    rows = Z.T * scale
    assert nn.MLPClassifier(epochs=60, random_state=0).fit(rows, y).score(rows, y) > 0.95
    if 1e-9 < scale < 1e15:
        with_l2 = nn.LogisticRegression(l2=0.001 * scale**2).fit(rows, y)
        assert with_l2.score(rows, y) > 0.97


def test_batch_norm_keeps_its_dtype() -> None:
    norm = nn.BatchNorm(2, dtype=np.float32)
    norm(Tensor(X))
    assert norm.running_mean.dtype == norm.running_var.dtype == np.float32


def test_auc_ranks_what_a_sigmoid_rounds_to_1() -> None:
    net = nn.Network.from_dict({"W1": [[1.0]], "b1": [[0.0]]})
    assert nn.auc(net, [[40.0, 50.0, 60.0, 70.0]], [[0, 0, 1, 1]]) == 1.0


def test_what_a_check_cannot_measure_is_refused() -> None:
    with pytest.raises(ValueError, match=r"need float64, and layer1\.W is float32"):
        nn.check_gradients(net_of(dtype=np.float32), X, Y)


def test_probabilities_are_in_0_1() -> None:
    with pytest.raises(ValueError, match=r"probabilities need to be in .0, 1., got values from -1"):
        nn.binary_cross_entropy(Tensor([[-1.0, 0.5]]), [[1, 0]])
    with pytest.raises(ValueError, match=r"pass A = σ\(Z\) first and the labels second"):
        nn.binary_cross_entropy(Tensor([[1.5, 0.5]]), [[1, 0]])


# -- estimators ------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:Perceptron. no line")
def test_a_fit_that_fails_leaves_the_estimator_as_it_was() -> None:
    rows, y = X.T, np.array(["a", "b"])[Y[0].astype(int)]
    for kind in (nn.LogisticRegression, nn.Perceptron, nn.MLPClassifier):
        options = {} if kind is nn.LogisticRegression else {"epochs": 30, "random_state": 0}
        model = kind(**options)
        with pytest.raises(ValueError, match="only one class"):
            model.fit(rows, ["a"] * 64)
        with pytest.raises(ValueError, match="not fitted yet"):
            model.predict(rows)
        model.fit(rows, y)
        before = model.predict(rows)
        with pytest.raises(ValueError, match="number of samples"):
            model.fit(rows[:, :1], ["x", "y", "z"])
        np.testing.assert_array_equal(model.predict(rows), before)
        pickle.loads(pickle.dumps(model))


@QUIET
def test_scores_need_labels_of_their_kind_and_number() -> None:
    rows, y = X.T, Y[0].astype(int)
    model = nn.LogisticRegression().fit(rows, y)
    for wrong in ([1], y[:10], np.array(["a"] * 64)):
        with pytest.raises(ValueError, match=r"LogisticRegression\.score"):
            model.score(rows, wrong)
    curve = nn.MLPRegressor(epochs=2, random_state=0).fit(rows, X[0])
    with pytest.raises(ValueError, match=r"MLPRegressor\.score: y needs shape"):
        curve.score(rows[:10], X[0][:20])


def test_a_column_of_times_hides_no_minimum() -> None:
    rows = np.c_[X[0], 1.7e18 + np.random.default_rng(0).random(64) * 1e15]
    model = nn.LogisticRegression().fit(rows, Y[0])  # a column of times: found all the same
    assert model.score(rows, Y[0]) > 0.7
    assert np.isfinite(model.coef_).all()


def test_a_perceptron_goes_on_until_it_has_separated() -> None:
    model = nn.Perceptron(random_state=0, epochs=30_000).fit([[100.0], [101.0]], [0, 1])
    assert model.score([[100.0], [101.0]], [0, 1]) == 1.0


def test_a_boundary_is_drawn_of_estimators_too() -> None:
    pytest.importorskip("matplotlib", reason="the extra 'plot' is not installed")
    import matplotlib

    matplotlib.use("Agg")
    model = nn.LogisticRegression().fit(X.T, np.array(["a", "b"])[Y[0].astype(int)])
    ax = nn.plot_decision_boundary(model, X, Y[0], steps=20)
    assert {t.get_text() for t in ax.get_legend().get_texts()} == {"class 0", "class 1"}


# -- false alarms ----------------------------------------------------------------------------------


def notes(X, Y=None, net=None, **options) -> list[str]:
    import warnings

    Y = (X[:1] > np.median(X[0])).astype(float) if Y is None else Y
    net = nn.Network([len(X), 4, 1], hidden="tanh", rng=0) if net is None else net
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", nn.TrainingWarning)
        settings = {"learning_rate": 0.01, "epochs": 0, "rng": 0, **options}
        history = nn.fit(net, X, Y, **settings)
    return history.notes


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


def test_data_that_are_not_normalized_get_one() -> None:
    for change in (lambda X: X * 1000, lambda X: X + 500):
        (note,) = notes(change(X))
        assert "not normalized (feature " in note


def test_a_layer_of_zeros_at_the_end_is_no_vanishing_gradient() -> None:
    net = nn.Network([2, 8, 8, 1], rng=0)
    net["W3"] = np.zeros((1, 8))
    assert not [n for n in notes(X, Y, net, epochs=5) if "Vanishing" in n]


def test_a_rare_class_that_is_found_is_not_called_missing() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1, 10_000))
    X[0, 1:9:2] += 50  # four positives, between the examples that are looked at first
    Y = (X > 25).astype(float)
    net = nn.Network.from_dict({"W1": [[1.0]], "b1": [[-25.0]]})
    assert not [n for n in notes(X, Y, net, optimizer="sgd", epochs=1) if "recall" in n]


def test_a_cost_below_0_may_fall() -> None:
    def loss(A, Y):
        return ((A - Y) ** 2).mean() - 5

    net = nn.Network([2, 1], output="identity", init="zeros")
    assert notes(X, Y, net, loss=loss, epochs=20) == []


# -- calls that people try first -------------------------------------------------------------------


def calls():
    net = net_of()
    J = nn.cost(net, X, Y)
    p = net.parameters()
    by = nn.by_hand
    first, last = nn.Linear(2, 2, rng=0), nn.Linear(2, 1, rng=0)
    normed = nn.Sequential(first, nn.BatchNorm(2), last, "sigmoid")
    return {
        "lr": (lambda: nn.fit(net, X, Y, lr=0.1), r"no option 'lr'; .* Write learning_rate"),
        "verbose": (lambda: nn.fit(net, X, Y, verbose=1), "Write progress"),
        "validation": (lambda: nn.fit(net, X, Y, validation_data=1), r"Write dev=\(X_dev"),
        "l2": (lambda: nn.fit(net, X, Y, l2=1), r"Write penalty=nn\.L2"),
        "keep_prob": (lambda: nn.fit(net, X, Y, keep_prob=1), r"belongs to nn\.Network"),
        "activation": (lambda: nn.Network([2, 1], activation="relu"), "Write hidden"),
        "dropout": (lambda: nn.Network([2, 1], dropout=0.5), "Write keep_prob"),
        "rate": (lambda: nn.Network([2, 1], lr=0.5), r"belongs to nn\.fit"),
        "sizes": (lambda: nn.MLPClassifier(hidden_layer_sizes=3), "Write hidden"),
        "C": (lambda: nn.LogisticRegression(C=3), "Write l2, which is 1 / C"),
        "penalty": (lambda: nn.fit(net, X, Y, penalty=0.1), r"penalty needs nn\.L2"),
        "penalty class": (lambda: nn.cost(net, X, Y, penalty=nn.L2), r"penalty needs nn\.L2"),
        "loss": (lambda: nn.cost(net, X, Y, "mse"), "loss needs a function such as"),
        "1-D": (lambda: nn.fit(net, X[0], Y), r"X needs shape \(rows, m\).* X\.reshape\(1, -1\)"),
        "dev": (lambda: nn.fit(net, X, Y, dev=0.2), r"dev needs a pair"),
        "dev labels": (lambda: nn.fit(net, X, Y, dev=(X, 3 * Y)), "fit: dev does not fit"),
        "dev strings": (lambda: nn.fit(net, X, Y, dev=(X, [["a"] * 64])), "dev Y needs to be"),
        "net.W1": (lambda: setattr(net, "W1", 1), r'write net\["W1"\] = array'),
        "arrays": (lambda: nn.confusion_matrix(Y, Y, Y), r"use sklearn\.metrics"),
        "grad": (lambda: autograd.grad(J, p[0]), r"J\.backward\(\), or gradients\(J, \[w\]\)"),
        "order": (lambda: nn.fit(X, Y, net), "needs a module of nn first"),
        "class": (lambda: nn.fit(nn.Network, X, Y), "got Network"),
        "metrics": (lambda: nn.fit(net, X, Y, metrics=3), "metrics needs names or functions"),
        "split": (lambda: nn.split(X, Y, 0.8), r"such as \(0\.8, 0\.2\)"),
        "stratify": (lambda: nn.split(X, Y, stratify=Y), "needs True or False"),
        "one-hot": (lambda: nn.one_hot(np.eye(3, dtype=int)), "are they one-hot already"),
        "classes": (lambda: nn.one_hot([0, 1], classes=2.5), "classes needs to be"),
        "folder": (lambda: nn.fit(net, X, Y, checkpoint="no/a.safetensors"), "does not exist"),
        "ending": (
            lambda: nn.fit(net, X, Y, checkpoint="a.ckpt"),
            r"needs the ending \.safetensors",
        ),
        "schedule": (lambda: nn.plot_schedule(0.1), "needs a function of the epoch"),
        "search": (lambda: nn.random_search((X, Y), (X, Y), layers=2), "layers needs a pair"),
        "labels by hand": (lambda: by.cost(Y, Y.T), "need one shape"),
        "transposed": (
            lambda: by.logistic_regression(np.ones((2, 1)), 0.0, X.T, Y),
            "examples are columns",
        ),
        "plus minus": (
            lambda: by.logistic_regression(np.ones((2, 1)), 0.0, X, 2 * Y - 1),
            "labels need to be 0 or 1",
        ),
        "tahn": (lambda: by.forward(net.as_dict(), X, hidden="tahn"), "needs an activation for"),
        "net by hand": (lambda: by.forward(net, X), r"write net\.as_dict\(\)"),
        "normalizer": (lambda: nn.Normalizer().fit([["a"]]), "X needs to be of numbers"),
        "batch norm": (
            lambda: nn.fit(normed, X, Y, batch_size=63),
            "leave one of a single example",
        ),
    }


@pytest.mark.parametrize("name", calls())
def test_what_people_try_first_is_answered(name, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    call, message = calls()[name]
    with pytest.raises((TypeError, ValueError, OSError), match=message):
        call()
    assert list(tmp_path.iterdir()) == []


def test_what_people_write_works() -> None:
    assert nn.one_hot(np.array([0, 1, 2], np.uint8)).shape == (3, 3)
    assert nn.one_hot([0.0, 1.0]).tolist() == [[1, 0], [0, 1]]
    net = net_of()
    nn.fit(net, X > 0, Y, learning_rate=0.01, epochs=1, rng=0, metrics=nn.accuracy)
    both = nn.L1(0.1) + nn.L2(0.2)
    R = nn.L1(0.1)(net, 5).item() + nn.L2(0.2)(net, 5).item()
    assert both(net, 5).item() == pytest.approx(R)
    assert repr(both) == "L1(0.1) + L2(0.2)"
    history = nn.fit(
        net, X, Y, learning_rate=0.01, epochs=3, rng=0, on_epoch=lambda e, h: np.mean(h.cost) < 1e9
    )
    assert history.epochs == 1
    assert history.learning_rate == [0.01]
    with pytest.raises(AttributeError, match="measured were cost, learning_rate"):
        history.val_loss
    assert "tanh" in repr(nn.Network([2, 2, 1], hidden="tanh", rng=0))
    assert repr(nn.InverseDecay(0.1)) == "InverseDecay(learning_rate=0.1, decay=1.0, every=1)"
    ends = nn.fit(
        net, X, Y, optimizer="sgd", epochs=10, rng=0, learning_rate=lambda e: 0.1 * (1 - e / 10)
    )
    assert ends.learning_rate[-1] == 0.0


def test_one_hot_labels_on_sigmoids_get_a_note() -> None:
    X, Y = three(60)
    assert [n for n in notes(X, Y, nn.Network([2, 8, 3], rng=0)) if "use output='softmax'" in n]
    several = np.vstack([Y[:1], 1 - Y[1:2], Y[2:]])  # a question each
    assert notes(X, several, nn.Network([2, 8, 3], rng=0)) == []


def test_names_from_elsewhere_are_translated() -> None:
    for name, known in (("linear", "identity"), ("logistic", "sigmoid"), ("swish", "silu")):
        with pytest.raises(ValueError, match=f"Write '{known}'"):
            nn.Network([2, 1], output=name)


def test_one_dead_unit_of_two_is_no_alarm_and_identical_units_are_said_once() -> None:
    net = nn.Network([2, 2, 1], rng=0)
    net["b1"] = [[-100.0], [1.0]]
    assert not [n for n in notes(X, Y, net, epochs=2) if "dead" in n]
    net["b1"] = [[-100.0], [-100.0]]
    assert [n for n in notes(X, Y, net, epochs=2) if "100% of the units" in n]
    said = notes(X, Y, nn.Network([2, 4, 1], init="zeros"), epochs=2)
    assert len([n for n in said if "layer1" in n]) == 1


# -- small promises, each of which a small change would break --------------------------------------


def test_a_probability_of_exactly_0_or_1_is_one() -> None:
    L = nn.binary_cross_entropy(np.array([[0.0, 1.0]]), np.array([[0.0, 1.0]]))
    np.testing.assert_array_equal(np.asarray(L), [[0.0, 0.0]])
    for bad in (-1e-9, 1 + 1e-9):
        with pytest.raises(ValueError, match="probabilities"):
            nn.binary_cross_entropy(np.array([[bad]]), np.array([[0.0]]))


def test_a_probability_at_the_threshold_is_class_0() -> None:
    net = nn.Network([1, 1], init="zeros")
    X = np.array([[1.0, -2.0]])
    assert net.predict_proba(X).tolist() == [[0.5, 0.5]]
    assert net.predict(X).tolist() == [[0, 0]]
    assert net.predict(X, threshold=0.4).tolist() == [[1, 1]]


def test_a_history_tells_its_last_numbers_and_its_best_epoch_where_that_is_another() -> None:
    history = nn.History()
    for cost, dev in ((3.0, 2.0), (2.0, 0.5), (1.0, 0.75)):
        history.add(cost=cost, dev_cost=dev)
    history.best_epoch = 2
    assert "cost 3 → 1, dev cost 0.75, best in epoch 2" in repr(history)
    history.best_epoch = 3
    assert "best" not in repr(history)


def test_a_normalizer_keeps_single_precision_and_restores_what_does_not_vary() -> None:
    X = np.array([[1.0, 2.0, 3.0], [7.0, 7.0, 7.0]])
    normalizer = nn.Normalizer().fit(X.astype(np.float32))
    assert normalizer.transform(X.astype(np.float32)).dtype == np.float32
    assert nn.Normalizer().fit(X.astype(int)).transform(X.astype(int)).dtype == np.float64
    other = np.array([[5.0], [9.0]])
    np.testing.assert_allclose(normalizer.inverse(normalizer.transform(other)), other)
    for method in ("transform", "inverse"):
        with pytest.raises(ValueError, match=r"call fit\(\)"):
            getattr(nn.Normalizer(), method)(X)


def test_copies_are_stretched_and_sheared_by_the_share_at_most() -> None:
    """A disc of radius 10 whose copies are between 0.8 and 1.2 times as large."""
    y, x = np.mgrid[:61, :61] - 30.0
    disc = (x**2 + y**2 <= 100).astype(float)
    copies = nn.augment(np.repeat(disc[None], 60, 0), flip=False, rotate=0, distort=0.2, rng=0)[60:]
    areas = copies.sum(axis=(1, 2)) / disc.sum()
    assert 0.55 < areas.min() < 0.8
    assert 1.2 < areas.max() < 1.6


def test_labels_of_one_class_make_one_row() -> None:
    assert nn.one_hot([0, 0, 0]).shape == (1, 3)
    assert nn.one_hot([]).shape[1] == 0


def test_an_option_that_belongs_elsewhere_is_said_so() -> None:
    X, Y = np.ones((2, 4)), np.array([[0.0, 1.0, 0.0, 1.0]])
    with pytest.raises(TypeError, match=r"no option 'dropout'.* That belongs to nn\.Network"):
        nn.fit(nn.Network([2, 1], rng=0), X, Y, dropout=0.5)
    with pytest.raises(TypeError) as caught:
        nn.fit(nn.Network([2, 1], rng=0), X, Y, verbosity=1)
    assert "belongs" not in str(caught.value)
    assert "None" not in str(caught.value).partition("it takes")[0]


def test_what_fit_does_without_being_told() -> None:
    import inspect

    told = {k: p.default for k, p in inspect.signature(nn.fit).parameters.items()}
    assert (told["epochs"], told["batch_size"]) == (50, 64)


def test_an_optimizer_takes_its_rate_by_name() -> None:
    net = nn.Network([2, 1], rng=0)
    for kind in (nn.SGD, nn.Adam):
        with pytest.raises(TypeError, match="learning_rate="):
            kind(net.parameters(), 0.1)


def test_numbers_as_text_are_a_wrong_value_of_an_estimator() -> None:
    with pytest.raises(ValueError, match="X needs to be of numbers"):
        nn.LogisticRegression().fit([["a"], ["b"]], [0, 1])


def test_fit_leaves_no_gradients_behind() -> None:
    """The next backward pass is nobody's but the user's."""
    X, Y = np.array([[1.0, -1.0, 2.0]]), np.array([[1.0, 0.0, 1.0]])
    net = nn.Network([1, 3, 1], hidden="tanh", rng=0)
    nn.fit(net, X, Y, epochs=2, rng=0)
    assert all(p.grad is None for p in net.parameters())
    J = nn.cost(net, X, Y)
    J.backward()
    first = [p.grad.copy() for p in net.parameters()]
    net.zero_grad()
    nn.cost(net, X, Y).backward()
    for a, p in zip(first, net.parameters(), strict=True):
        np.testing.assert_array_equal(a, p.grad)


# -- what a second reader has found ----------------------------------------------------------------


@QUIET
def test_a_checkpoint_of_other_parameters_is_told(tmp_path: Any) -> None:
    """A comparison of initializations with one file would show one result twice."""
    path = tmp_path / "run.safetensors"

    def run(epochs: int, **options: Any) -> nn.History:
        net = nn.Network([2, 4, 1], **options)
        return nn.fit(net, X, Y, epochs=epochs, checkpoint=path, progress=False, rng=0)

    run(2, rng=0)
    assert run(3, rng=0).epochs == 3  # of the same beginning
    history = run(4, rng=2)
    (note,) = [note for note in history.notes if "Went on" in note]
    assert "from epoch 3" in note
    assert "was begun from other parameters" in note
    assert "resume=False" in note


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


def test_boundaries_of_estimators_and_functions() -> None:
    pytest.importorskip("matplotlib")
    rows, y = X.T, Y[0].astype(int)
    model = nn.LogisticRegression().fit(rows, y)
    assert nn.plot_decision_boundary(model, rows, y) is not None
    assert nn.plot_decision_boundary(model, X, y) is not None
    assert nn.plot_decision_boundary(lambda x: model.predict(x), X, y) is not None
    net = nn.Network([2, 1], rng=0)
    with pytest.raises(ShapeError, match=r"examples are columns here: pass X\.T"):
        nn.plot_decision_boundary(net, rows, y)
    with pytest.raises(TypeError, match="a network, an estimator or a function of rows, got dict"):
        nn.plot_decision_boundary({}, X, y)


def test_smaller_things_that_a_second_reader_has_asked_for() -> None:
    net = nn.Network([2, 1], rng=0)
    assert (
        repr(nn.SGD(net.parameters(), learning_rate=0.5))
        == "<SGD(learning_rate=0.5) of 2 parameters>"
    )
    assert "RootDecay" in repr(nn.Adam(net.parameters(), learning_rate=nn.RootDecay(0.1)))
    assert nn.RootDecay(0.2, per="t")(1, step=16) == nn.RootDecay(0.2, per="step")(1, step=16)
    with pytest.raises(ValueError, match="leave it out where Y holds numbers"):
        nn.split(np.ones((2, 6)), np.arange(6.0).reshape(1, 6), (0.5, 0.5), stratify=True)
    with pytest.raises(TypeError, match=r"fit\(net, X, Y\); got no Y"):
        nn.fit(net, X)
    with pytest.raises(TypeError, match="needs a module of nn first"):
        nn.fit(X, Y)
    with pytest.raises(ValueError, match=r"to 1\.000005"):
        nn.softmax_cross_entropy(Tensor([[0.5], [0.5]]), np.array([[1.000005], [0.0]]))


# -- what mutants have shown -----------------------------------------------------------------------


@pytest.mark.parametrize("size", [0.0, 1.0, 2.0])
def test_clipping_where_the_greatest_gradient_is_0_or_1(size: float) -> None:
    w = Tensor(np.ones(2), requires_grad=True)
    w.grad = np.array([size, 0.0])
    assert nn.clip_gradients([w], 0.5) == size
    np.testing.assert_array_equal(w.grad, [min(size, 0.5), 0.0])


def test_a_schedule_gets_the_step_where_it_has_a_place_for_it() -> None:
    seen: list[Any] = []

    def named(epoch: int, step: int | None = None) -> float:
        seen.append(step)
        return 0.1

    def needed(epoch: int, t: int) -> float:
        seen.append(t)
        return 0.1

    def with_default(epoch: int, rate: float = 0.1) -> float:
        seen.append(rate)
        return rate

    for schedule, expected in ((named, 1), (needed, 1), (with_default, 0.1)):
        seen.clear()
        net = nn.Network([2, 1], rng=0)
        optimizer = nn.SGD(net.parameters(), learning_rate=schedule)
        nn.cost(net, X, Y, nn.binary_cross_entropy).backward()
        optimizer.step()
        assert set(seen) == {expected}


def test_a_perceptron_ends_with_the_first_pass_without_a_mistake() -> None:
    model = nn.Perceptron(random_state=0).fit([[0.0], [1.0], [4.0], [5.0]], [0, 0, 1, 1])
    assert model.n_iter_ < 50


def notes_of(Y: Any, output: str = "identity") -> list[str]:
    rows = np.random.default_rng(0).normal(size=(2, 60))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net = nn.Network([2, 1], output=output, rng=0)
        return nn.fit(net, rows, Y, loss=nn.squared_error, epochs=1, progress=False, rng=0).notes


def test_targets_are_judged_by_their_mean_in_standard_deviations() -> None:
    Z = np.random.default_rng(1).normal(size=(1, 60))
    Z = (Z - Z.mean()) / Z.std()
    assert not any("not normalized" in n for n in notes_of(30 + 3 * Z))
    assert any("not normalized" in n for n in notes_of(90 + 3 * Z))
    assert not any("not normalized" in n for n in notes_of(5 + 0.5 * Z))


def test_targets_that_an_output_of_relu_can_give() -> None:
    Y = np.linspace(0.0, 1.0, 60).reshape(1, 60)
    assert not any("The targets are between" in n for n in notes_of(Y, "relu"))
    assert any("of at least 0" in n for n in notes_of(Y - 0.5, "relu"))


def test_layers_of_one_shape_begin_with_weights_of_their_own() -> None:
    net = nn.Network([3, 3, 3, 3], rng=0)
    one, two, three_ = (layer.W.data for layer in net.layers)
    for a, b in ((one, two), (two, three_), (one, three_)):
        assert not np.array_equal(a, b)


def test_a_file_keeps_which_layer_is_dropped_how_much(tmp_path: Any) -> None:
    path = tmp_path / "net.safetensors"
    nn.save(nn.Network([2, 4, 3, 1], keep_prob=[0.9, 0.5], rng=0), path)
    again = nn.load(path)
    kept = {m.attribute: m.keep_prob for m in again.children() if isinstance(m, nn.Dropout)}
    assert kept == {"dropout1": 0.9, "dropout2": 0.5}


def test_a_history_is_interrupted_only_by_the_keyboard() -> None:
    assert nn.History().interrupted is False
    assert toy_fit().interrupted is False


def toy_fit() -> nn.History:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return nn.fit(net_of(), X, Y, epochs=1, progress=False, rng=0)


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


def test_a_beta_of_0_forgets_everything() -> None:
    """Momentum without a past is plain gradient descent."""
    nets = [nn.Network([2, 1], rng=0) for _ in range(2)]
    for net, kind in zip(nets, ("momentum", "sgd"), strict=True):
        options = {"beta": 0.0} if kind == "momentum" else {}
        of = nn.Momentum if kind == "momentum" else nn.SGD
        optimizer = of(net.parameters(), learning_rate=0.3, **options)
        for _ in range(3):
            optimizer.zero_grad()
            nn.cost(net, X, Y, nn.binary_cross_entropy).backward()
            optimizer.step()
    np.testing.assert_allclose(nets[0]["W1"].data, nets[1]["W1"].data, rtol=1e-14)


@pytest.mark.parametrize("error", [-0.01, 1.01, 1.5, 2.0, 50.0])
def test_errors_are_fractions(error: float) -> None:
    with pytest.raises(ValueError, match=r"a fraction in \[0, 1\]"):
        nn.diagnose_bias_variance(error, 0.2)


@pytest.mark.parametrize("value", [0.1, 1e-3, 1e17 / 3])
def test_a_constant_feature_has_no_variance_from_rounding(value: float) -> None:
    rows = np.vstack([np.full(7, value), np.arange(7.0)])
    normalizer = nn.Normalizer().fit(rows)
    np.testing.assert_array_equal(normalizer.transform(rows)[0], np.zeros(7))


def test_names_that_are_missing_or_unknown_are_listed() -> None:
    net = nn.Network([2, 1], rng=0)
    with pytest.raises(ShapeError, match=r"missing \['b1'\], unknown \['c1'\]"):
        net.load_dict({"W1": np.ones((1, 2)), "c1": np.ones((1, 1))})


@QUIET
@pytest.mark.filterwarnings("ignore:A column-vector y was passed")
def test_columns_of_labels_are_taken_as_scikit_learn_takes_them() -> None:
    rows, y = X.T, Y[0].astype(int)
    a = nn.LogisticRegression().fit(rows, y)
    b = nn.LogisticRegression().fit(rows, y.reshape(-1, 1))
    np.testing.assert_array_equal(a.coef_, b.coef_)


def test_what_is_no_array_of_numbers_has_numpys_kind_of_error() -> None:
    with pytest.raises(ValueError, match="needs to be of numbers"):
        nn.LogisticRegression().fit(np.array([["a"], ["b"]], object), [0, 1])
    with pytest.raises(TypeError, match="needs to be of numbers"):
        nn.LogisticRegression().fit(np.array([[{}], [{}]], object), [0, 1])


@pytest.mark.parametrize("rows", [np.ones(3), np.ones((2, 3, 1)), np.ones(())])
def test_one_unit_needs_a_matrix_of_examples(rows: Any) -> None:
    with pytest.raises(ShapeError, match="examples are columns"):
        nn.by_hand.logistic_regression(np.zeros((2, 1)), 0.0, rows, np.ones((1, 3)))


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


# -- edges that nobody had looked at ---------------------------------------------------------------


def wave(z):
    return np.sin(z)


def bend(z):
    return np.arctan(z)


def test_a_file_knows_the_function_of_an_activation_of_ones_own(tmp_path):
    nn.save(net_of(hidden=wave), tmp_path / "net.safetensors")
    with pytest.raises(ValueError, match=r"function 'wave' in the file and 'bend' here"):
        nn.load(tmp_path / "net.safetensors", net_of(hidden=bend))
    nn.load(tmp_path / "net.safetensors", net_of(hidden=wave))


def test_a_class_without_a_weight_weighs_one():
    rows, labels = X.T, Y[0]
    weights = np.where(labels == 0, 3.0, 1.0)
    given = nn.LogisticRegression(class_weight={0: 3.0}).fit(rows, labels)
    same = nn.LogisticRegression().fit(rows, labels, sample_weight=weights)
    np.testing.assert_allclose(given.coef_, same.coef_, rtol=1e-6)


def test_logits_that_look_like_probabilities_in_their_first_column_are_logits():
    A = np.array([[0.3, 0.9], [0.7, 0.9]])  # the second column sums to 1.8
    targets = np.array([[1.0, 0.0], [0.0, 1.0]])
    wanted = np.mean(np.log(np.exp(A).sum(axis=0)) - (A * targets).sum(axis=0))
    assert nn.softmax_cross_entropy(A, targets) == pytest.approx(wanted)


def test_a_fall_that_rounding_hides_ends_at_the_minimum():
    """1e8 + a parabola: near its foot no step lowers the value any more."""
    from nn._solver import minimum

    a = np.array([1.0, 30.0])

    def f(x):
        return float(1e8 + (a * (x - 0.3) ** 2).sum()), 2 * a * (x - 0.3)

    found, _, converged = minimum(f, np.array([5.0, -7.0]), steps=200, tolerance=1e-12)
    assert converged
    np.testing.assert_allclose(found, 0.3, atol=1e-3)


@QUIET
def test_an_optimizer_whose_state_is_spoiled_begins_anew():
    """The square of the gradient is infinite after one step; the next cost is NaN."""
    net, costs = net_of(output="identity"), iter([1e160] * 3)
    optimizer = nn.RMSprop(net.parameters(), learning_rate=0.1)

    def loss(A, targets):
        return (A - targets).mean() * next(costs, np.nan)

    with pytest.raises(nn.TrainingError), np.errstate(all="ignore"):
        nn.fit(net, X, Y, optimizer=optimizer, epochs=20, loss=loss, batch_size=None)
    kept = [a for arrays in optimizer.state.values() for a in arrays]
    assert kept
    assert not any(a.any() for a in kept)
    assert optimizer.steps == 0


def test_no_epoch_is_no_epoch_without_improvement():
    assert not nn.EarlyStopping(patience=1).is_over([])
    assert not nn.EarlyStopping(patience=1).is_over([1.0])
    assert nn.EarlyStopping(patience=1).is_over([1.0, 1.0])


def test_a_warped_ramp_is_a_ramp_to_the_last_column():
    """Bilinear interpolation gives what is linear exactly, the edges included."""
    from nn.data import _warped

    ramp = np.broadcast_to(np.arange(6.0), (1, 5, 6)).copy()
    shear, none = np.array([0.13]), np.zeros(1)
    made = _warped(ramp, np.array([False]), none, shear, none + 1)
    y, x = np.mgrid[:5, :6]
    np.testing.assert_allclose(made[0], np.clip(x + 0.13 * (y - 2), 0, 5), atol=1e-12)


@pytest.mark.parametrize(("mean", "said"), [(3.5, "nn.Normalizer"), (2.5, "lower learning rate")])
def test_dead_units_of_far_inputs_are_mended_by_normalizing(mean, said):
    from nn.diagnosis import _dead

    net = net_of(init=0.01)
    net["b1"].data = np.full((3, 1), -1e3) - np.arange(3.0).reshape(3, 1)
    far = np.random.default_rng(0).normal(mean, 0.5, (2, 400))
    (note,) = _dead(net, far)
    assert said in note


@pytest.mark.parametrize("schedule", [nn.ExponentialDecay, nn.Staircase])
def test_a_factor_of_one_keeps_the_rate(schedule):
    made = schedule(0.1, 1.0) if schedule is nn.ExponentialDecay else schedule(0.1, 1.0, every=2)
    assert [made(t) for t in (1, 2, 9)] == [0.1] * 3


@QUIET
def test_random_search_of_numbers_has_no_accuracy():
    pair = X, 3.0 * Y + X[:1]
    options = {"output": "identity", "epochs": 2, "rng": 0, "units": (2, 3), "progress": False}
    loss = nn.mean_squared_error
    trials = nn.random_search(pair, pair, trials=2, loss=loss, **options)
    assert np.isnan([trial.dev_accuracy for trial in trials]).all()
    assert np.isfinite([trial.dev_cost for trial in trials]).all()


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


# -- what is dead, and what has learned ------------------------------------------------------------


def said_in(net, inputs, labels, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return nn.fit(net, inputs, labels, rng=0, **options).notes


@pytest.mark.parametrize("seed", range(4))
def test_a_deep_network_that_has_learned_is_not_accused(seed):
    inputs = np.random.default_rng(0).normal(size=(3, 200))
    net = nn.Network([3, *[32] * 30, 1], init="he", rng=seed)
    notes = said_in(net, inputs, (inputs[:1] > 0) * 1.0, epochs=30)
    assert nn.accuracy(net, inputs, inputs[:1] > 0) > 0.9
    assert not any("dead" in note for note in notes)


def test_dead_units_of_a_network_that_has_not_learned_are_named():
    net = nn.Network([2, 8, 1], rng=0)
    net["b1"].data = np.concatenate([np.full((7, 1), -1e3), np.zeros((1, 1))])
    notes = said_in(net, X, Y, epochs=1, learning_rate=1e-9)
    assert any("dead" in note for note in notes)


@pytest.mark.parametrize(("g", "silent"), [("relu", True), ("tanh", True), ("sigmoid", False)])
def test_dropout_does_not_help_where_all_is_zero(g, silent):
    net = nn.Network([2, 4, 1], init="zeros", keep_prob=0.5, hidden=g, rng=0)
    notes = said_in(net, X, Y, epochs=3)
    assert any("begin with the same weights" in note for note in notes) == silent
    assert net["W1"].data.any() != silent


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


# -- a second fit with one optimizer ---------------------------------------------------------------

SCHEDULES = {
    "inverse": nn.InverseDecay(0.1, 1),
    "root": nn.RootDecay(0.1),
    "root of the step": nn.RootDecay(0.1, per="step"),
    "staircase": nn.Staircase(0.1, 0.5, every=2),
    "a function": lambda epoch: 0.1 / epoch,
}


@pytest.mark.parametrize("name", SCHEDULES)
@QUIET
def test_two_fits_of_three_epochs_are_one_of_six(name, tmp_path):
    def trained(*epochs):
        net = net_of()
        optimizer = nn.Momentum(net.parameters(), learning_rate=SCHEDULES[name])
        rates = []
        for n in epochs:
            options = {"epochs": n, "batch_size": None, "optimizer": optimizer}
            rates += nn.fit(net, X, Y, **options)["learning_rate"]
        return rates, net["W1"].data

    (one, W), (two, V) = trained(6), trained(3, 3)
    assert one == two
    np.testing.assert_array_equal(W, V)

    # and so is one that goes on from a checkpoint, in a second run of its own
    net = net_of()
    optimizer = nn.Momentum(net.parameters(), learning_rate=SCHEDULES[name])
    nn.fit(net, X, Y, epochs=2, batch_size=None, optimizer=optimizer)
    for n in (1, 4):  # interrupted after one of four epochs
        given = (
            optimizer if n == 1 else nn.Momentum(net.parameters(), learning_rate=SCHEDULES[name])
        )
        history = nn.fit(
            net,
            X,
            Y,
            epochs=n,
            batch_size=None,
            optimizer=given,
            checkpoint=tmp_path / "c.safetensors",
        )
    assert history["learning_rate"] == one[2:]
    np.testing.assert_array_equal(net["W1"].data, W)


def test_an_optimizers_epoch_is_saved_and_may_be_left_out():
    optimizer = nn.SGD([Tensor(1.0, requires_grad=True)], learning_rate=nn.InverseDecay(0.1))
    optimizer.load_state_dict({"steps": 3})
    assert (optimizer.steps, optimizer.epoch) == (3, 1)
    optimizer.load_state_dict({"steps": 3, "epoch": 7})
    assert optimizer.state_dict()["epoch"] == 7
    with pytest.raises(ValueError, match="epochs count from 1"):
        optimizer.load_state_dict({"steps": 3, "epoch": 0})


def test_batches_stay_as_they_stand_without_shuffling():
    seen = []

    def loss(A, targets):
        seen.append(np.asarray(targets.data if isinstance(targets, Tensor) else targets))
        return ((A - targets) ** 2).mean()

    net = net_of(output="identity")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nn.fit(
            net,
            X,
            np.arange(64.0).reshape(1, -1),
            loss=loss,
            epochs=2,
            batch_size=16,
            shuffle=False,
        )
    batches = [y for y in seen if y.size == 16]
    np.testing.assert_array_equal(np.concatenate(batches, axis=1)[0], np.tile(np.arange(64), 2))
    with pytest.raises(TypeError, match="shuffle needs True or False"):
        nn.fit(net_of(), X, Y, shuffle=1)


# -- names from elsewhere --------------------------------------------------------------------------

HINTS = {
    "Dropout": (lambda: nn.Dropout(p=0.5), r"Write keep_prob \(1 minus it\)"),
    "LeakyReLU": (lambda: nn.LeakyReLU(negative_slope=0.1), "Write slope"),
    "Linear": (lambda: nn.Linear(3, 2, "relu"), "activation, init.* The others go by name"),
    "Network": (lambda: nn.Network(3, 4, 1), r"Write Network\(\[3, 4, 1\]\)"),
    "decay_rate": (lambda: nn.InverseDecay(0.5, decay_rate=1), "Write decay"),
    "time_interval": (lambda: nn.InverseDecay(0.5, time_interval=9), "Write every"),
    "gamma": (lambda: nn.Staircase(0.5, gamma=0.1), "Write factor"),
    "corrected": (lambda: nn.weighted_average([1], 0.9, bias_correction=True), "Write corrected"),
    "seed": (lambda: nn.minibatches(X, Y, seed=1), "Write rng"),
    "test_size": (lambda: nn.split(X, Y, test_size=0.2), r"such as \(0.8, 0.2\)"),
    "random_state": (lambda: nn.split(X, Y, random_state=0), "Write rng"),
    "betas": (lambda: nn.Adam(net_of().parameters(), betas=(0.9, 0.99)), "beta1=… and beta2=…"),
    "weight_decay": (lambda: nn.Adam(net_of().parameters(), weight_decay=0.1), "AdamW takes it"),
    "clip_norm": (lambda: nn.fit(net_of(), X, Y, clip_norm=1), "Write max_norm"),
    "callback": (lambda: nn.fit(net_of(), X, Y, callback=print), "Write on_epoch"),
    "criterion": (lambda: nn.fit(net_of(), X, Y, criterion="mse"), "Write loss"),
    "loss": (lambda: nn.fit(net_of(), X, Y, loss="mse"), r"Write loss=nn\.mean_squared_error"),
    "bce": (lambda: nn.cost(net_of(), X, Y, "binary_crossentropy"), "nn.binary_cross_entropy"),
    "kaiming": (lambda: net_of(init="kaiming"), "Write 'he'"),
    "he_normal": (lambda: net_of(init="he_normal"), "Write 'he'"),
    "slope": (lambda: nn.LeakyReLU("a"), "slope needs to be a finite number, got 'a'"),
    "relu": (lambda: nn.relu, r"the function is autograd\.relu, the module nn\.ReLU"),
    "CrossEntropyLoss": (lambda: nn.CrossEntropyLoss, r"write nn\.softmax_cross_entropy"),
    "inverse": (lambda: nn.Normalizer().inverse_transform, r"Write inverse\(X\)"),
    "search": (lambda: nn.random_search((X, Y[0]), (X, Y[0])), r"write Y\.reshape\(1, -1\)"),
    "weights": (lambda: nn.plot_weights(nn.ReLU(), (2, 2)), "ReLU has no weights"),
    "history": (lambda: nn.plot_schedule(nn.History()), r"history\.plot\(\) draws them"),
    "schedules": (lambda: nn.plot_schedule([nn.RootDecay(0.1)]), "a dict from names to functions"),
    "ending": (lambda: nn.save_plot("y.foo", print), r"ending such as \.svg, \.png or \.pdf"),
    "matrix": (lambda: nn.plot_confusion_matrix(net_of()), "a network needs X and Y"),
    "by_hand": (lambda: nn.by_hand.activation_backward(X, X, "foo"), "needs one of identity"),
}


@pytest.mark.parametrize("name", HINTS)
def test_names_from_elsewhere_are_answered_with_ours(name):
    call, said = HINTS[name]
    with pytest.raises((TypeError, ValueError, AttributeError), match=said):
        call()


def test_signatures_are_those_that_are_written():
    assert str(inspect.signature(nn.Dropout)).startswith("(keep_prob: ")
    assert [*inspect.signature(nn.split).parameters] == ["X", "Y", "fractions", "stratify", "rng"]
    assert nn.split.__doc__.startswith("Shuffle the examples")
    with pytest.raises(AttributeError, match=r"has no attribute 'foo'$"):
        nn.foo


def test_a_network_is_counted_and_drawn_in_one_call():
    pytest.importorskip("matplotlib", reason="the extra 'plot' is not installed")
    net = net_of()
    ax = nn.plot_confusion_matrix(net, X, Y)
    counts = nn.confusion_matrix(net, X, Y)
    assert sorted(t.get_text() for t in ax.texts) == sorted(map(str, counts.reshape(-1)))
    assert "3 units" in nn.plot_weights(net, (1, 2)).get_title()


def test_a_class_that_is_missing_in_a_part_is_told():
    rare = np.zeros((1, 100))
    rare[0, :2] = 1
    with pytest.warns(UserWarning, match="part 3 has no example with Y = 1.0"):
        nn.split(np.ones((2, 100)), rare, stratify=True, rng=0)


def test_a_normalizer_fits_and_transforms():
    made = nn.Normalizer()
    np.testing.assert_array_equal(made.fit_transform(X), nn.Normalizer().fit(X).transform(X))
    np.testing.assert_allclose(made.inverse(made.transform(X)), X)
    for again in (copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        np.testing.assert_array_equal(again.transform(X), made.transform(X))


def test_every_estimator_takes_a_random_state():
    kinds = (nn.LogisticRegression, nn.Perceptron, nn.MLPClassifier, nn.MLPRegressor)
    assert all(kind(random_state=0).get_params()["random_state"] == 0 for kind in kinds)


def test_modules_and_schedules_are_bases_like_others():
    T = typing.TypeVar("T")
    seen = []

    class Registry:
        def __init_subclass__(cls, tag="", **options):
            super().__init_subclass__(**options)
            seen.append((cls.__name__, tag))

    class Net(nn.Module, Registry, typing.Generic[T], tag="x"):
        pass

    class Slow(nn.Schedule, Registry, typing.Generic[T]):
        pass

    assert seen == [("Net", "x"), ("Slow", "")]
    assert Net[int] is not None
    assert Slow[int] is not None


@QUIET
@pytest.mark.parametrize("g", [lambda: nn.BatchNorm(3), lambda: lambda z: z[:3] * 1.0])
def test_zeros_with_dropout_and_an_activation_of_ones_own_train(g):
    net = nn.Network([2, 3, 1], hidden=g(), init="zeros", keep_prob=0.5, rng=0)
    assert nn.fit(net, X, Y, epochs=1).epochs == 1


@pytest.mark.parametrize("slope", [np.float64(0.3), 1e16, 2e-7, -0.5, np.array(0.1)])
def test_slopes_of_every_kind_are_kept(slope, tmp_path):
    net = net_of(hidden=nn.LeakyReLU(slope))
    again = nn.load(nn.save(net, tmp_path / "n.safetensors"))
    assert again.layers[0].g.slope == slope
    with np.errstate(over="ignore"):
        A, _ = nn.by_hand.forward(net.as_dict(), X, hidden=[nn.LeakyReLU(slope)])
    assert A.shape == (1, 64)
    for wrong in ("leaky_relu(.)", "leaky_relu(1.2.3)", "elu()"):
        with pytest.raises(ValueError, match="activation: needs one of"):
            net_of(hidden=wrong)


def test_an_interrupted_epoch_is_run_again():
    net = net_of()
    optimizer = nn.SGD(net.parameters(), learning_rate=nn.InverseDecay(0.1))

    def interrupt(epoch, history):
        if epoch == 2:
            raise KeyboardInterrupt

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        first = nn.fit(net, X, Y, optimizer=optimizer, epochs=5, on_epoch=interrupt)
        second = nn.fit(net, X, Y, optimizer=optimizer, epochs=2)
    rates = [0.1 / (1 + t) for t in range(1, 9)]
    done = first.epochs
    assert first["learning_rate"] == pytest.approx(rates[:done])
    assert second["learning_rate"] == pytest.approx(rates[done : done + 2])
