"""Checkpoints of `fit`: a run goes on where it was interrupted, and no other run does."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
import textwrap
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nn
from autograd import ShapeError
from tests.nn.helpers import QUIET, mentions, net_of, notes_of, same, small_net, toy, values

ROOT = Path(__file__).resolve().parents[2]
X, Y = toy(64)


# -- a run that goes on ----------------------------------------------------------------------------


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


def run(file, epochs=2, **options):
    settings = {"rng": 0, **options}
    net = settings.pop("net", None) or small_net()
    beta = settings.pop("beta", None)
    if beta is not None:
        settings["optimizer"] = nn.Momentum(net.parameters(), learning_rate=0.01, beta=beta)
    elif "learning_rate" not in settings:
        settings["learning_rate"] = 0.01
    return nn.fit(net, X, Y, epochs=epochs, checkpoint=file, **settings), net


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


@QUIET
def test_a_rate_that_a_callback_set_goes_on_in_the_place_of_a_schedule(tmp_path) -> None:
    def train(epochs, file=None):
        net = small_net()
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
    net = small_net()
    optimizer = nn.Adam(net.parameters(), learning_rate=0.01)
    with pytest.raises(ValueError, match="rng"):
        nn.fit(net, X, Y, optimizer=optimizer, epochs=3, checkpoint=file, rng=3)
    assert optimizer.steps == 0
    assert not optimizer.state["v"][0].any()


# -- streams of random numbers ---------------------------------------------------------------------


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


# -- other runs ------------------------------------------------------------------------------------


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


def others():
    W = nn.L2

    def of(strength, path):
        net = small_net()
        return {"net": net, "penalty": W(strength, weights=[net[path]])}

    return {
        "activation": ({}, {"net": small_net(hidden="tanh")}),
        "keep_prob": ({"net": small_net(keep_prob=0.9)}, {"net": small_net(keep_prob=0.3)}),
        "rate": ({"learning_rate": 0.01}, {"learning_rate": 0.02}),
        "schedule": ({"learning_rate": nn.InverseDecay(0.1)}, {"learning_rate": nn.RootDecay(0.1)}),
        "beta": ({"beta": 0.9}, {"beta": 0.5}),
        "penalized": (of(5.0, "W1"), of(5.0, "W2")),
        "loss": (
            {"loss": lambda A, Y: ((A - Y) ** 2).mean()},
            {"loss": lambda A, Y: ((A - Y) ** 2).sum()},
        ),
        "seed": ({"rng": 0}, {"rng": 1}),
        "slope": (
            {"net": small_net(hidden=nn.LeakyReLU(0.1))},
            {"net": small_net(hidden="leaky_relu")},
        ),
    }


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


# -- files -----------------------------------------------------------------------------------------


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
    assert mentions(notes, "keeps the array 'seen', which the checkpoint does not") is not declared
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
    "no cost": lambda run: run["series"].pop("history.cost"),
    "a column too long": lambda run: run["series"].update({"history.learning_rate": 3}),
    "a series of another kind": lambda run: run["series"].update({"net.layer1.W": 3}),
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
            arrays, _ = nn.io.read_arrays("test", file)  # always a whole file
            assert len(arrays["history.cost"]) >= 1
        reached = last
    for target, path in ((file, out), (tmp_path / "other.safetensors", whole)):
        subprocess.run([*command, str(target), "400", str(path)], check=True, cwd=ROOT,
                       stdout=subprocess.DEVNULL)  # fmt: skip
    np.testing.assert_array_equal(np.load(out), np.load(whole))


def test_a_checkpoint_costs_an_epoch_the_same_after_many(tmp_path) -> None:
    """The history is in arrays: its text does not grow with the epochs."""
    X, Y = toy(40)
    file = tmp_path / "run.safetensors"
    sizes = {}
    for epochs in (10, 200):
        nn.fit(net_of(), X, Y, epochs=epochs, checkpoint=file, rng=0, progress=False, resume=False)
        sizes[epochs] = len(nn.io.read_metadata("test", file)["run"])
    assert abs(sizes[200] - sizes[10]) < 100
    history = nn.fit(net_of(), X, Y, epochs=200, checkpoint=file, rng=0, progress=False)
    assert len(history["cost"]) == 200
    assert len(history.gradient_norms["layer1.W"]) == 200


def test_batches_that_a_running_average_has_seen_are_kept(tmp_path) -> None:
    X, Y = toy(70)

    def net() -> nn.Sequential:
        return nn.Sequential(
            nn.Linear(2, 4, rng=0), nn.BatchNorm(4), nn.Linear(4, 1, rng=1), nn.Sigmoid()
        )

    file = tmp_path / "run.safetensors"
    options = {"batch_size": 10, "rng": 0, "progress": False, "learning_rate": 0.01}
    whole = nn.fit(net(), X, Y, epochs=12, **options).notes
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        nn.fit(net(), X, Y, epochs=10, checkpoint=file, **options)
    assert nn.fit(net(), X, Y, epochs=12, checkpoint=file, **options).notes == whole == []


def test_a_run_goes_on_with_the_same_penalty_only(tmp_path) -> None:
    X, Y = toy(40)
    file = tmp_path / "run.safetensors"
    options = {"checkpoint": file, "rng": 0, "progress": False, "learning_rate": 0.01}
    net = net_of()
    first, last = (layer.W for layer in net.layers)
    nn.fit(net, X, Y, epochs=2, penalty=nn.L2(0.1, weights=[first]), **options)
    with pytest.raises(ValueError, match="penalty"):
        nn.fit(net, X, Y, epochs=3, penalty=nn.L2(0.1, weights=[last]), **options)
    nn.fit(net, X, Y, epochs=3, penalty=nn.L2(0.1, weights=[first]), **options)


def test_seconds_of_a_run_that_goes_on_are_added(tmp_path) -> None:
    X, Y = toy(40)
    file = tmp_path / "run.safetensors"
    options = {"checkpoint": file, "rng": 0, "progress": False, "learning_rate": 0.01}
    begun = nn.fit(net_of(), X, Y, epochs=30, **options).seconds
    after = nn.fit(net_of(), X, Y, epochs=31, **options)
    assert after.epochs == 31
    assert after.seconds > begun > 0


def test_a_loss_with_another_number_in_it_is_another_one(tmp_path) -> None:
    def loss_of(power: int) -> Any:
        if power == 2:
            return lambda A, Y: ((A - Y) ** 2).mean()
        return lambda A, Y: ((A - Y) ** 4).mean()

    X, Y = toy(40)
    options = {"checkpoint": tmp_path / "run.safetensors", "rng": 0, "progress": False}
    options |= {"optimizer": "adam", "learning_rate": 0.01}
    nn.fit(net_of(), X, Y, epochs=2, loss=loss_of(2), **options)
    with pytest.raises(ValueError, match=r"of a run with other settings: .*loss"):
        nn.fit(net_of(), X, Y, epochs=3, loss=loss_of(4), **options)


def test_a_checkpoint_may_be_written_every_few_epochs(tmp_path) -> None:
    """A run that is killed between two goes on from the first of them, bit for bit."""

    def run(file: Path | None, epochs: int, **more: Any) -> Any:
        net = nn.Network([2, 6, 1], rng=5)
        nn.fit(net, X, Y, epochs=epochs, rng=1, progress=False, checkpoint=file, **more)
        return net

    written = []
    file = tmp_path / "run.safetensors"

    def look(epoch: int, history: nn.History) -> None:
        written.append((epoch, file.stat().st_mtime_ns if file.exists() else None))
        if epoch == 6:
            raise ZeroDivisionError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(ZeroDivisionError):
            run(file, 9, checkpoint_every=4, on_epoch=look)
        assert [stamp is not None for _, stamp in written] == [False] * 4 + [True] * 2
        assert len({stamp for _, stamp in written}) == 2
        again, once = run(file, 9, checkpoint_every=4), run(None, 9)
        assert nn.metadata_of(file)["kind"] == "checkpoint"
        assert same(again, once)
        after = file.stat().st_mtime_ns
        run(file, 9)  # the last epoch, the ninth, has been written too: nothing is left to train
    assert json.loads(nn.metadata_of(file)["run"])["stopped"] is None
    assert file.stat().st_mtime_ns == after
    for bad in (0, -1, 1.5, "2"):
        with pytest.raises((ValueError, TypeError), match="fit: checkpoint_every"):
            run(file, 9, checkpoint_every=bad)
