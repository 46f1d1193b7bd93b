"""What nn answers to wrong calls and to names from elsewhere, and whose line a warning names."""

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
from autograd import Tensor
from tests.nn.helpers import small_net, toy

X, Y = toy(64)
ROWS, CLASSES = X.T, Y[0].astype(int)


# -- calls that people try first -------------------------------------------------------------------


def calls():
    net = small_net()
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
    net = small_net()
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


def test_smaller_things_that_people_ask_for() -> None:
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
    "betas": (lambda: nn.Adam(small_net().parameters(), betas=(0.9, 0.99)), "beta1=… and beta2=…"),
    "weight_decay": (lambda: nn.Adam(small_net().parameters(), weight_decay=0.1), "AdamW takes it"),
    "clip_norm": (lambda: nn.fit(small_net(), X, Y, clip_norm=1), "Write max_norm"),
    "callback": (lambda: nn.fit(small_net(), X, Y, callback=print), "Write on_epoch"),
    "criterion": (lambda: nn.fit(small_net(), X, Y, criterion="mse"), "Write loss"),
    "loss": (lambda: nn.fit(small_net(), X, Y, loss="mse"), r"Write loss=nn\.mean_squared_error"),
    "bce": (lambda: nn.cost(small_net(), X, Y, "binary_crossentropy"), "nn.binary_cross_entropy"),
    "kaiming": (lambda: small_net(init="kaiming"), "Write 'he'"),
    "he_normal": (lambda: small_net(init="he_normal"), "Write 'he'"),
    "slope": (lambda: nn.LeakyReLU("a"), "slope needs to be a finite number, got 'a'"),
    "relu": (lambda: nn.relu, r"the function is autograd\.relu, the module nn\.ReLU"),
    "CrossEntropyLoss": (lambda: nn.CrossEntropyLoss, r"write nn\.softmax_cross_entropy"),
    "inverse": (lambda: nn.Normalizer().inverse_transform, r"Write inverse\(X\)"),
    "search": (lambda: nn.random_search((X, Y[0]), (X, Y[0])), r"write Y\.reshape\(1, -1\)"),
    "weights": (lambda: nn.plot_weights(nn.ReLU(), (2, 2)), "ReLU has no weights"),
    "history": (lambda: nn.plot_schedule(nn.History()), r"history\.plot\(\) draws them"),
    "schedules": (lambda: nn.plot_schedule([nn.RootDecay(0.1)]), "a dict from names to functions"),
    "ending": (lambda: nn.save_plot("y.foo", print), r"ending such as \.svg, \.png or \.pdf"),
    "matrix": (lambda: nn.plot_confusion_matrix(small_net()), "a network needs X and Y"),
    "by_hand": (lambda: nn.by_hand.activation_backward(X, X, "foo"), "needs one of identity"),
}


@pytest.mark.parametrize("name", HINTS)
def test_names_from_elsewhere_are_answered_with_ours(name):
    call, said = HINTS[name]
    with pytest.raises((TypeError, ValueError, AttributeError), match=said):
        call()


def test_names_that_others_use_are_answered() -> None:
    with pytest.raises(TypeError, match=r"no option 'lambda_'.* Write strength"):
        nn.L2(lambda_=0.7)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"nn\.Momentum"):
        nn.SGD(nn.Network([2, 1]).parameters(), learning_rate=0.1, momentum=0.9)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="needs the parameters first"):
        nn.SGD(None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="on_epoch needs a function"):
        nn.fit(nn.Network([2, 1]), np.ones((2, 3)), np.ones((1, 3)), on_epoch=3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="real numbers, got complex128"):
        nn.SGD([nn.Tensor(1.0, requires_grad=True)], learning_rate=0.1).update([1j])


def test_an_option_that_belongs_elsewhere_is_said_so() -> None:
    X, Y = np.ones((2, 4)), np.array([[0.0, 1.0, 0.0, 1.0]])
    with pytest.raises(TypeError, match=r"no option 'dropout'.* That belongs to nn\.Network"):
        nn.fit(nn.Network([2, 1], rng=0), X, Y, dropout=0.5)
    with pytest.raises(TypeError) as caught:
        nn.fit(nn.Network([2, 1], rng=0), X, Y, verbosity=1)
    assert "belongs" not in str(caught.value)
    assert "None" not in str(caught.value).partition("it takes")[0]


def test_an_option_of_nobody_is_sent_nowhere() -> None:
    with pytest.raises(TypeError) as caught:
        nn.Network([2, 3, 1], colour="red")
    assert "belongs to" not in str(caught.value)
    with pytest.raises(TypeError, match=r"belongs to nn\.fit"):
        nn.Network([2, 3, 1], epochs=3)


def test_signatures_are_those_that_are_written():
    assert str(inspect.signature(nn.Dropout)).startswith("(keep_prob: ")
    assert [*inspect.signature(nn.split).parameters] == ["X", "Y", "fractions", "stratify", "rng"]
    assert nn.split.__doc__.startswith("Shuffle the examples")
    with pytest.raises(AttributeError, match=r"has no attribute 'foo'$"):
        nn.foo


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


# -- whose line a warning names --------------------------------------------------------------------


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


MENDED: dict[str, tuple[Any, str]] = {
    "predictions of one axis": (
        lambda: nn.mean_squared_error(nn.Tensor(np.ones(3)), np.ones(3)),
        r"predictions need to be a Tensor of shape \(n_y, m\), .* got Tensor of shape \(3,\)",
    ),
    "predictions in a list": (lambda: nn.binary_cross_entropy([0.5], [1]), "got list of shape"),
    "numbers for a sigmoid": (
        lambda: nn.fit(small(), COLUMNS, 3 * COLUMNS[:1], epochs=1),
        "For numbers: output='identity' and loss=nn.mean_squared_error",
    ),
    "rows": (lambda: nn.split(COLUMNS.T, COLUMNS[:1].T), r"pass X\.T and Y\.T"),
    "a method": (lambda: nn.SGD(small().parameters, learning_rate=0.1), "the method parameters"),
    "weights in a list": (
        lambda: nn.fit(small(), COLUMNS, COLUMNS[:1] > 0, epochs=1, class_weight=[1, 2]),
        r"such as \{0: 1, 1: 2\}, got \[1, 2\]",
    ),
    "weights by text": (
        lambda: nn.fit(small(), COLUMNS, COLUMNS[:1] > 0, epochs=1, class_weight={"0": 1, "1": 2}),
        "needs the numbers of classes for keys",
    ),
    "balanced samples": (
        lambda: nn.fit(small(), COLUMNS, COLUMNS[:1] > 0, epochs=1, sample_weight="balanced"),
        "'balanced' is for class_weight",
    ),
    "images": (
        lambda: nn.fit(small(), np.ones((5, 3, 3)), np.ones((1, 5)), epochs=1),
        r"pass nn\.image_to_vector\(X\) for images",
    ),
    "no bias": (lambda: nn.Linear(2, 1, bias=False), "leave b out of what the optimizer gets"),
}
COLUMNS = np.random.default_rng(0).normal(size=(2, 20))


def small() -> nn.Network:
    return nn.Network([2, 3, 1], rng=0)


@pytest.mark.parametrize("name", MENDED)
def test_a_mistake_of_a_call_is_told_with_its_mend(name: str) -> None:
    call, said = MENDED[name]
    with pytest.raises((TypeError, ValueError), match=said):
        call()


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_optimizers_and_penalties_can_be_copied(copied: Any) -> None:
    net = small()
    for one in (nn.SGD(net.parameters(), learning_rate=0.1), nn.Adam(net.parameters())):
        assert type(copied(one)) is type(one)
        assert copied(one).learning_rate == one.learning_rate
    assert copied(nn.L2(0.7)).strength == 0.7
    assert repr(copied(nn.L2(0.7) + nn.L1(0.1))) == repr(nn.L2(0.7) + nn.L1(0.1))


def test_metrics_have_the_names_of_elsewhere_too() -> None:
    Y = (COLUMNS[:1] > 0).astype(float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        history = nn.fit(small(), COLUMNS, Y, epochs=1, metrics=["acc", "f1_score"], rng=0)
    assert {"accuracy", "f1"} <= {*history}
    assert nn.accuracy(small(), COLUMNS, Y, threshold=0.0) == Y.mean()
    J, dw, db = nn.by_hand.logistic_regression_loop(np.ones((2, 1)), np.zeros((1, 1)), COLUMNS, Y)
    assert nn.by_hand.logistic_regression(np.ones((2, 1)), 0.0, COLUMNS, Y)[0] == pytest.approx(J)
    assert dw.shape == (2, 1)
    assert np.ndim(db) == 0
