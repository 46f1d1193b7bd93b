"""`fit`: what it trains, what it measures, and where it stops."""

from __future__ import annotations

import builtins
import sys
import time
import warnings
from typing import Any

import numpy as np
import pytest

import nn
from autograd import ShapeError, Tensor
from tests.nn.helpers import QUIET, net_of, notes_of, same, small_net, three, toy, values

X, Y = toy(64)
DRAWN = np.random.default_rng(3)


# -- what it trains --------------------------------------------------------------------------------


def test_fit_learns_and_keeps_a_history() -> None:
    X, Y = toy()
    net = nn.Network([2, 4, 1], rng=0)
    seen = []
    history = nn.fit(
        net,
        X,
        Y,
        optimizer=nn.Adam(net.parameters(), learning_rate=0.02),
        epochs=20,
        batch_size=32,
        dev=toy(50, seed=1),
        on_epoch=lambda epoch, h: seen.append((epoch, h.epochs)),
        rng=0,
    )
    assert history.epochs == len(history.dev_cost) == 20
    assert history.cost[-1] < 0.5 * history.cost[0]
    assert nn.accuracy(net, X, Y) > 0.85
    assert seen == [(i, i) for i in range(1, 21)]


def test_fit_repeats_exactly_with_the_same_seeds() -> None:
    X, Y = toy()

    def trained():
        net = nn.Network([2, 3, 1], rng=0)
        optimizer = nn.Adam(net.parameters())
        return nn.fit(net, X, Y, optimizer=optimizer, epochs=3, rng=5).cost

    assert trained() == trained()


def test_fit_on_softmax_learns_three_classes(rng) -> None:
    labels = rng.integers(0, 3, 300)
    X = rng.normal(size=(2, 300)) + np.array([[0, 4, 0], [0, 0, 4]])[:, labels]
    Y = nn.one_hot(labels)
    net = nn.Network([2, 8, 3], output="softmax", rng=0)
    optimizer = nn.Adam(net.parameters(), learning_rate=0.05)
    nn.fit(net, X, Y, loss=nn.softmax_cross_entropy, optimizer=optimizer, epochs=20, rng=0)
    assert nn.accuracy(net, X, Y) > 0.9


def test_fit_chooses_the_loss_of_the_output_or_asks_for_one() -> None:
    X, Y = toy()
    both = np.vstack([Y, 1 - Y])
    net = nn.Network([2, 2], output="softmax", rng=0)
    history = nn.fit(net, X, both, optimizer=nn.SGD(net.parameters(), learning_rate=1e-9), epochs=1)
    expected = nn.cost(net, X, both, nn.softmax_cross_entropy).item()
    assert history.cost[0] == pytest.approx(expected, rel=1e-3)
    line = nn.Network([2, 1], output="identity", rng=0)
    with pytest.raises(ValueError, match="needs loss="):
        nn.fit(line, X, Y, optimizer=nn.Adam(line.parameters()))
    with pytest.raises(ValueError, match="at least one example"):
        nn.fit(net, X[:, :0], both[:, :0], optimizer=nn.Adam(net.parameters()))


def test_fit_takes_the_loss_of_the_activation_at_the_end() -> None:
    X, Y = toy()
    net = nn.Sequential(nn.Linear(2, 4, rng=0), nn.Tanh(), nn.Linear(4, 1, rng=1), nn.Sigmoid())
    history = nn.fit(
        net, X, Y, optimizer=nn.Adam(net.parameters(), learning_rate=0.05), epochs=20, rng=0
    )
    assert history.cost[-1] < 0.5 * history.cost[0]
    assert nn.accuracy(net, X, Y) > 0.85


def test_a_module_may_return_its_own_cost() -> None:
    class Energy(nn.Module):
        def __init__(self) -> None:
            self.w = nn.Tensor([1.0, 0.5], requires_grad=True)

        def forward(self, X: Any) -> Any:
            return ((self.w @ X) ** 2).mean()

    X, Y = np.random.default_rng(0).normal(size=(2, 20)), np.ones((1, 20))
    history = nn.fit(Energy(), X, Y, loss=lambda A, Y: A, epochs=5, progress=False)
    assert history.cost[-1] < history.cost[0]
    assert nn.Softmax()(np.zeros((1, 4))).shape == (1, 4)  # over one key, say


def test_dev_cost_is_the_cost_on_the_dev_set_after_the_epoch() -> None:
    X, Y = toy()
    dev = toy(50, seed=1)
    net = nn.Network([2, 4, 1], rng=0)
    optimizer = nn.Adam(net.parameters(), learning_rate=0.03)
    history = nn.fit(net, X, Y, optimizer=optimizer, epochs=5, dev=dev, rng=0)
    expected = nn.cost(net, *dev, nn.binary_cross_entropy).item()
    assert history.dev_cost[-1] == expected
    assert not net.training


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


# -- data that do not fit --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, Y: (X.T, Y), r"pass X\.T"),
        (lambda X, Y: (X, Y.T), r"pass Y\.T"),
        (lambda X, Y: (np.where(X > 2, np.nan, X), Y), "X needs finite numbers, got nan"),
        (lambda X, Y: (X, np.where(Y > 0, np.inf, Y)), "Y needs finite numbers, got inf"),
        (lambda X, Y: (X, Y + 1), r"labels need to be in \[0, 1\]"),
        (lambda X, Y: (X[:, :50], Y), r"need the shape \(1, 50\), got \(1, 200\)"),
        (lambda X, Y: (X, Y[0]), r"Pass Y\.reshape"),
    ],
)
def test_bad_data_stops_fit_before_anything_changes(change, message) -> None:
    X, Y = change(*toy())
    net = nn.Network([2, 3, 1], rng=0)
    before = net.state_dict()
    with pytest.raises(ValueError, match=message):
        nn.fit(net, X, Y, optimizer=nn.Adam(net.parameters()), epochs=1, rng=0)
    for path, value in net.state_dict().items():
        np.testing.assert_array_equal(value, before[path])


def test_bad_dev_data_stops_fit_before_anything_changes() -> None:
    X, Y = toy()
    net = nn.Network([2, 3, 1], rng=0)
    before = net.state_dict()
    with pytest.raises(ShapeError, match=r"pass X\.T"):
        nn.fit(net, X, Y, optimizer=nn.Adam(net.parameters()), dev=(X.T, Y), rng=0)
    np.testing.assert_array_equal(net.state_dict()["layer1.W"], before["layer1.W"])


def test_labels_that_are_words_are_told_what_becomes_of_them() -> None:
    with pytest.raises(ValueError, match=r"Y needs to be of numbers; map each class"):
        nn.fit(net_of(), np.ones((2, 2)), [["cat", "dog"]], progress=False)
    with pytest.raises(ValueError, match=r"X needs to be of numbers; encode it"):
        nn.fit(net_of(), [["a", "b"], ["c", "d"]], [[0, 1]], progress=False)


def test_labels_as_numbers_are_told_to_be_one_hot() -> None:
    X, Y = three(30)
    net = nn.Network([2, 3], output="softmax", rng=0)
    with pytest.raises(ShapeError, match=r"Pass one_hot\(Y, 3\)"):
        nn.fit(net, X, Y.argmax(axis=0)[None])


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


def test_metrics_do_not_hide_the_cost() -> None:
    def cost(net, X, Y):
        return 7.0

    for wrong in ([cost], [nn.cost], ["accuracy", "accuracy"], [lambda n, X, Y: 1] * 2):
        with pytest.raises(ValueError, match="is taken, by fit or by another of them"):
            nn.fit(small_net(), X, Y, metrics=wrong, epochs=1)
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


def test_batches_stay_as_they_stand_without_shuffling():
    seen = []

    def loss(A, targets):
        seen.append(np.asarray(targets.data if isinstance(targets, Tensor) else targets))
        return ((A - targets) ** 2).mean()

    net = small_net(output="identity")
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
        nn.fit(small_net(), X, Y, shuffle=1)


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


def test_gradients_are_clipped_to_a_norm() -> None:
    X, Y = toy(64)
    net, moved = net_of(), net_of()
    nn.fit(net, X, Y, optimizer="sgd", learning_rate=1.0, max_norm=1e-3, epochs=1, batch_size=None)
    step = np.sqrt(
        sum(np.sum((a - b) ** 2) for a, b in zip(values(net), values(moved), strict=True))
    )
    assert step == pytest.approx(1e-3, rel=1e-9)


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


def test_progress_is_silent_without_a_terminal(capfd) -> None:
    X, Y = toy()
    net = nn.Network([2, 1], rng=0)
    nn.fit(net, X, Y, optimizer=nn.Adam(net.parameters()), epochs=2, progress=True, rng=0)
    assert capfd.readouterr() == ("", "")


def test_training_works_without_tqdm_and_matplotlibs_absence_is_named(monkeypatch) -> None:
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.split(".")[0] in {"tqdm", "matplotlib"}:
            raise ImportError(name)
        return real(name, *args, **kwargs)

    for name in [n for n in sys.modules if n.split(".")[0] in {"tqdm", "matplotlib"}]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", without)
    X, Y = toy()
    net = nn.Network([2, 1], rng=0)
    history = nn.fit(net, X, Y, optimizer=nn.Adam(net.parameters()), epochs=1, rng=0)
    assert history.epochs == 1
    with pytest.raises(ImportError, match=r"pip install matplotlib"):
        history.plot("cost.svg")


# -- weights of examples and classes ---------------------------------------------------------------


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


def test_weights_of_examples_may_be_small() -> None:
    X, Y = toy(20)
    costs = []
    for w in (1.0, 1e-3):
        net = nn.Network([2, 3, 1], rng=0)
        nn.fit(net, X, Y, epochs=3, sample_weight=np.full(20, w), rng=0)
        costs.append(nn.cost(net, X, Y).item())
    assert costs[0] == pytest.approx(costs[1], rel=1e-12)


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


# -- where it stops --------------------------------------------------------------------------------


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


def test_no_epoch_is_no_epoch_without_improvement():
    assert not nn.EarlyStopping(patience=1).is_over([])
    assert not nn.EarlyStopping(patience=1).is_over([1.0])
    assert nn.EarlyStopping(patience=1).is_over([1.0, 1.0])


def test_the_best_epoch_is_the_first_of_equal_ones() -> None:
    """Labels that nothing tells apart, at their mean: no step changes the cost."""
    net = nn.Network([1, 1], init="zeros")
    X, Y = np.zeros((1, 4)), np.array([[0.0, 1.0, 0.0, 1.0]])
    with pytest.warns(nn.TrainingWarning):
        history = nn.fit(net, X, Y, epochs=4, batch_size=None, dev=(X, Y), rng=0)
    assert len(set(history.dev_cost)) == 1
    assert history.best_epoch == 1


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


# -- a second fit with one optimizer ---------------------------------------------------------------


def test_an_interrupted_epoch_is_run_again():
    net = small_net()
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
        net = small_net()
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
    net = small_net()
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


# -- what a run begins with, and what it says when it fails ----------------------------------------


def test_the_first_cost_is_the_weighted_one() -> None:
    X, Y = toy(40)
    weight = np.where(np.arange(40) < 4, 10.0, 0.1)
    net = nn.Network([2, 3, 1], rng=0)
    first = nn.cost(net, X, Y, weight=weight * (40 / weight.sum())).item()
    options = {"optimizer": "sgd", "learning_rate": 1e-9, "epochs": 10, "progress": False}
    with pytest.warns(nn.TrainingWarning, match=f"from {first:.4g} to {first:.4g}"):
        nn.fit(net, X, Y, sample_weight=weight, **options)


@pytest.mark.parametrize(("X", "Y"), [((2, 0), (1, 0)), ((2, 3), (0, 3)), ((0, 3), (1, 3))])
def test_nothing_to_train_with_is_refused(X: Any, Y: Any) -> None:
    with pytest.raises(ValueError, match="needs at least one example"):
        nn.fit(nn.Network([2, 1], rng=0), np.ones(X), np.ones(Y), epochs=1)


def test_a_gradient_that_is_not_finite_is_named_before_it_is_clipped() -> None:
    """The derivative of √ at 0 is infinite, and the cost is finite."""

    class Root(nn.Module):
        def __init__(self) -> None:
            self.w = Tensor([[0.0]], requires_grad=True)

        def forward(self, X: Any) -> Any:
            return np.sqrt(self.w) + X

    options = {"loss": nn.mean_squared_error, "optimizer": "sgd", "learning_rate": 0.1, "epochs": 1}
    with pytest.raises(nn.TrainingError, match="a gradient is not finite in epoch 1"):
        nn.fit(Root(), np.ones((1, 3)), np.zeros((1, 3)), max_norm=1.0, **options)


def test_a_class_of_weight_0_does_not_count() -> None:
    X, Y = toy(60)
    one = nn.Network([2, 1], rng=0)
    options = {"epochs": 5, "progress": False, "batch_size": None, "rng": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nn.fit(one, X, Y, class_weight={0: 0.0, 1: 2.0}, **options)
        other = nn.Network([2, 1], rng=0)
        nn.fit(other, X, Y, sample_weight=Y[0], **options)
    np.testing.assert_allclose(one["W1"].data, other["W1"].data, rtol=1e-12)


def test_an_interrupt_in_the_first_epoch_leaves_the_optimizer_at_its_beginning() -> None:
    X, Y = toy(40)
    net = nn.Network([2, 1], rng=0)
    optimizer = nn.SGD(net.parameters(), learning_rate=nn.InverseDecay(0.1))

    def interrupted(A: Any, Y: Any) -> Any:
        if optimizer.steps:
            raise KeyboardInterrupt
        return nn.binary_cross_entropy(A, Y)

    history = nn.fit(net, X, Y, loss=interrupted, optimizer=optimizer, epochs=3, batch_size=20)
    assert history.interrupted
    assert history.epochs == 0
    assert optimizer.epoch == 1


@pytest.mark.parametrize(
    ("shell", "shown"), [("ZMQInteractiveShell", True), ("TerminalInteractiveShell", False)]
)
def test_progress_is_shown_in_a_notebook(shell: str, shown: bool, monkeypatch, capsys) -> None:
    """Its streams are no terminals, but the cell shows them."""
    module = type(sys)("IPython")
    vars(module)["get_ipython"] = lambda: type(shell, (), {})()
    monkeypatch.setitem(sys.modules, "IPython", module)
    X, Y = toy(40)
    nn.fit(nn.Network([2, 1], rng=0), X, Y, epochs=2, rng=0)
    assert ("fit: 100%" in capsys.readouterr().err) == shown
