"""Modules, layers, losses, optimizers, data and training."""

from __future__ import annotations

import builtins
import sys
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import GradientError, ShapeError, Tensor, check_gradients, graph


def toy(m=200, seed=0):
    """Return two overlapping clouds, (2, m) and labels (1, m)."""
    rng = np.random.default_rng(seed)
    Y = (rng.random((1, m)) > 0.5).astype(float)
    return rng.normal(size=(2, m)) + 2 * Y, Y


# -- modules ---------------------------------------------------------------------------------------


def test_network_has_the_courses_layers_and_shapes() -> None:
    net = nn.Network([30, 20, 7, 5, 1], rng=1)
    assert [name for name, _ in net.named_parameters()] == [
        *("layer1.W", "layer1.b", "layer2.W", "layer2.b"),
        *("layer3.W", "layer3.b", "layer4.W", "layer4.b"),
    ]
    assert [p.shape for p in net.parameters()] == [
        *((20, 30), (20, 1), (7, 20), (7, 1), (5, 7), (5, 1), (1, 5), (1, 1)),
    ]
    assert net.layer1.W.name == "W1"
    assert net(np.zeros((30, 4))).shape == (1, 4)
    assert not net.layer3.b.data.any()


def test_ops_are_recorded_under_the_layers_and_named_as_in_the_notes() -> None:
    net = nn.Network([2, 3, 1], rng=0)
    g = graph(net(np.ones((2, 4))))
    scopes = {n.name: n.scope for n in g if n.op and n.name}
    assert scopes == {
        "Z1": ("layer1 (Linear)",),
        "A1": ("layer1 (Linear)",),
        "Z2": ("layer2 (Linear)",),
        "A2": ("layer2 (Linear)",),
    }


def test_transposed_input_is_refused_with_the_fix() -> None:
    net = nn.Network([30, 20, 1], rng=0)
    with pytest.raises(
        ShapeError,
        match=r"layer1 \(Linear\): input needs n\[0\]=30 rows, got shape \(569, 30\)\. "
        r"Examples are columns here: pass X\.T\.",
    ):
        net(np.zeros((569, 30)))
    with pytest.raises(ShapeError, match=r"got shape \(30,\). Pass x\.reshape\(-1, 1\)"):
        net(np.zeros(30))


@pytest.mark.parametrize("n", [[3], [3, 0, 1], [3, 2.5, 1], []])
def test_impossible_layers_are_refused(n) -> None:
    with pytest.raises(ValueError, match=r"needs (at least|to be a positive int)"):
        nn.Network(n)


def test_unknown_names_are_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"one of .*he.*, got 'hee'"):
        nn.Linear(2, 3, init="hee")
    with pytest.raises(ValueError, match=r"one of .*relu.*, got 'rellu'"):
        nn.Network([2, 1], hidden="relu", output="rellu")


def test_parameters_in_a_list_are_refused_not_lost() -> None:
    class Deep(nn.Module):
        def __init__(self):
            self.layers = [nn.Linear(2, 2)]

    with pytest.raises(TypeError, match=r"Deep\.layers: .*Sequential"):
        Deep()


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


def test_sequential_applies_in_order_and_train_reaches_all_modules() -> None:
    net = nn.Sequential(nn.Linear(2, 3, rng=0), nn.Tanh(), nn.Linear(3, 1, rng=1))
    X = np.ones((2, 5))
    expected = net.step3.W.data @ np.tanh(net.step1.W.data @ X)
    np.testing.assert_allclose(net(X).data, expected, rtol=1e-15)
    assert not any(m.training for m in net.eval().children())
    assert all(m.training for m in net.train().children())


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("identity", lambda z: z),
        ("sigmoid", lambda z: 1 / (1 + np.exp(-z))),
        ("tanh", np.tanh),
        ("relu", lambda z: np.maximum(0, z)),
        ("leaky_relu", lambda z: np.maximum(0.01 * z, z)),
        ("softplus", lambda z: np.log(1 + np.exp(z))),
        ("softmax", lambda z: np.exp(z) / np.exp(z).sum(axis=0)),
    ],
)
def test_activations_are_the_notes_formulas(name, function, rng) -> None:
    layer = nn.Linear(3, 4, activation=name, rng=0)
    X = rng.normal(size=(3, 5))
    np.testing.assert_allclose(layer(X).data, function(layer.W.data @ X), rtol=1e-14)


@pytest.mark.parametrize(
    ("init", "expected"),
    [
        ("small_random", 0.01),
        ("xavier", (1 / 400) ** 0.5),
        ("glorot", (2 / 1000) ** 0.5),
        ("he", (2 / 400) ** 0.5),
        ("zeros", 0.0),
    ],
)
def test_initializations_have_the_notes_standard_deviation(init, expected) -> None:
    W = nn.Linear(400, 600, init=init, rng=0).W.data
    # 240 000 normal values: the standard deviation is known to 1 / sqrt(480 000) = 0.15 %.
    assert W.std() == pytest.approx(expected, rel=0.01)
    assert abs(W.mean()) <= 5 * expected / 240_000**0.5


def test_zero_weights_keep_all_hidden_units_identical() -> None:
    X, Y = toy()
    net = nn.Network([2, 4, 1], hidden="tanh", init="zeros", rng=0)
    net.layer2.W.data = np.full((1, 4), 0.5)  # even then every unit gets the same gradient
    with pytest.warns(nn.TrainingWarning, match="All 4 units of layer1"):
        nn.fit(net, X, Y, optimizer=nn.SGD(net.parameters(), learning_rate=0.1), epochs=5, rng=0)
    W = net.layer1.W.data
    assert np.ptp(W, axis=0).max() == 0
    assert W.any()


# -- losses ----------------------------------------------------------------------------------------


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


def test_cost_uses_the_form_on_logits() -> None:
    net = nn.Network([1, 1], rng=0)
    net.layer1.W.data = [[2000.0]]
    X, Y = np.array([[1.0, -1.0]]), np.array([[0.0, 1.0]])
    assert nn.cost(net, X, Y, nn.binary_cross_entropy).item() == 2000.0


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


# -- optimizers ------------------------------------------------------------------------------------


def test_gradient_descent_is_theta_minus_alpha_dtheta() -> None:
    w = Tensor([1.0, 2.0], requires_grad=True)
    (w * w).sum().backward()
    nn.SGD([w], learning_rate=0.1).step()
    np.testing.assert_allclose(w.data, [0.8, 1.6], rtol=1e-15)


def test_adam_follows_its_formulas() -> None:
    w = Tensor(1.0, requires_grad=True)
    optimizer = nn.Adam([w], learning_rate=0.1)
    theta, v, s = 1.0, 0.0, 0.0
    for t in range(1, 6):
        optimizer.zero_grad()
        (w**4).backward()
        optimizer.step()
        d = 4 * theta**3
        v, s = 0.9 * v + 0.1 * d, 0.999 * s + 0.001 * d * d
        theta -= 0.1 * (v / (1 - 0.9**t)) / ((s / (1 - 0.999**t)) ** 0.5 + 1e-8)
        assert w.item() == pytest.approx(theta, rel=1e-13)


def test_a_missing_gradient_stops_the_step_before_any_change() -> None:
    w, v = (Tensor(1.0, requires_grad=True, name=n) for n in "wv")
    (w * w).backward()
    for optimizer in (nn.SGD([w, v], learning_rate=1), nn.Adam([w, v])):
        with pytest.raises(GradientError, match=r"parameter v has no gradient; call backward"):
            optimizer.step()
    assert w.item() == 1.0


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf"), "0.1"])
def test_optimizers_refuse_impossible_settings(rate) -> None:
    w = Tensor(1.0, requires_grad=True)
    with pytest.raises(ValueError, match="learning_rate needs to be a positive number"):
        nn.SGD([w], learning_rate=rate)
    with pytest.raises(ValueError, match="at least one parameter"):
        nn.SGD([], learning_rate=1)
    with pytest.raises(GradientError, match="requires_grad=True"):
        nn.SGD([Tensor(1.0)], learning_rate=1)
    with pytest.raises(ValueError, match=r"beta1 needs to be in \[0, 1\)"):
        nn.Adam([w], beta1=1)


def test_float32_parameters_stay_float32() -> None:
    X, Y = toy()
    net = nn.Network([2, 3, 1], rng=0, dtype=np.float32)
    optimizer = nn.Adam(net.parameters())
    nn.fit(net, X.astype(np.float32), Y.astype(np.float32), optimizer=optimizer, epochs=1, rng=0)
    assert {p.dtype for p in net.parameters()} == {np.dtype(np.float32)}


# -- data ------------------------------------------------------------------------------------------


def test_minibatches_visit_every_example_once_and_keep_the_last_part() -> None:
    X = np.arange(10.0).reshape(1, 10)
    batches = list(nn.minibatches(X, 2 * X, 4, rng=0))
    assert [b.X.shape[1] for b in batches] == [4, 4, 2]
    seen = np.concatenate([b.X for b in batches], axis=1)
    assert sorted(seen[0]) == sorted(X[0])
    assert not np.array_equal(seen, X)
    np.testing.assert_array_equal(np.concatenate([b.Y for b in batches], axis=1), 2 * seen)
    again = np.concatenate([b.X for b in nn.minibatches(X, X, 4, rng=0)], axis=1)
    np.testing.assert_array_equal(again, seen)
    (whole,) = nn.minibatches(X, X, None)
    assert whole.X.shape == X.shape
    with pytest.raises(ValueError, match="batch_size"):
        next(nn.minibatches(X, X, 0))


def test_split_keeps_pairs_together_and_uses_every_example() -> None:
    X = np.arange(100.0).reshape(1, 100)
    parts = nn.split(X, -X, (0.98, 0.01, 0.01), rng=0)
    assert [p.X.shape[1] for p in parts] == [98, 1, 1]
    assert sorted(np.concatenate([p.X[0] for p in parts])) == sorted(X[0])
    assert all(np.array_equal(p.Y, -p.X) for p in parts)
    with pytest.raises(ValueError, match="sum to 1"):
        nn.split(X, X, (0.5, 0.6))
    with pytest.raises(ValueError, match="leave one empty"):
        nn.split(X[:, :3], X[:, :3], (0.98, 0.01, 0.01))
    with pytest.raises(ShapeError, match=r"pass X\.T"):
        nn.split(X.T, X)


def test_normalizer_uses_the_training_sets_mean_and_variance(rng) -> None:
    X = rng.normal(3.0, 5.0, (2, 50))
    X[1] = 7.0
    normalizer = nn.Normalizer().fit(X)
    done = normalizer.transform(X)
    assert done[0].mean() == pytest.approx(0, abs=1e-14)
    assert done[0].std() == pytest.approx(1, rel=1e-14)
    assert not done[1].any()
    other = rng.normal(size=(2, 3))
    np.testing.assert_allclose(
        normalizer.transform(other)[0], (other[0] - X[0].mean()) / X[0].std()
    )
    with pytest.raises(ShapeError, match="2 rows"):
        normalizer.transform(other.T)
    with pytest.raises(ValueError, match=r"call fit\(\)"):
        nn.Normalizer().transform(X)
    X[0, 3] = np.nan
    with pytest.raises(
        ValueError, match=r"X needs finite numbers, got nan at \[0, 3\] \(1 in all\)"
    ):
        nn.Normalizer().fit(X)


def test_one_hot_refuses_labels_outside_its_range() -> None:
    with pytest.raises(ValueError, match="0 … 1, got 0 … 2"):
        nn.one_hot([0, 2], classes=2)
    with pytest.raises(ValueError, match="integers"):
        nn.one_hot([0.5])


# -- training --------------------------------------------------------------------------------------


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


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_a_diverging_cost_stops_with_the_last_finite_parameters() -> None:
    X, Y = toy()
    net = nn.Network([2, 8, 8, 8, 1], hidden="identity", output="sigmoid", rng=0)
    with pytest.raises(nn.TrainingError, match=r"became (nan|inf) in epoch \d+.*learning rate"):
        nn.fit(net, X, Y, optimizer=nn.SGD(net.parameters(), learning_rate=1e80), epochs=5, rng=0)
    assert all(np.isfinite(p.data).all() for p in net.parameters())
    assert np.isfinite(nn.cost(net, X, Y, nn.binary_cross_entropy).item())


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


def test_progress_is_silent_without_a_terminal(capfd) -> None:
    X, Y = toy()
    net = nn.Network([2, 1], rng=0)
    nn.fit(net, X, Y, optimizer=nn.Adam(net.parameters()), epochs=2, progress=True, rng=0)
    assert capfd.readouterr() == ("", "")


def test_history_plot_writes_one_whole_deterministic_file(tmp_path) -> None:
    history = nn.History(cost=[0.7, 0.5], dev_cost=[0.8, 0.6])
    one, two = history.plot(tmp_path / "a.svg"), history.plot(tmp_path / "b.svg")
    assert one.read_bytes() == two.read_bytes()
    with pytest.raises(OSError, match="nowhere"):
        history.plot(tmp_path / "nowhere" / "a.svg")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.svg", "b.svg"]


def test_dev_cost_is_the_cost_on_the_dev_set_after_the_epoch() -> None:
    X, Y = toy()
    dev = toy(50, seed=1)
    net = nn.Network([2, 4, 1], rng=0)
    optimizer = nn.Adam(net.parameters(), learning_rate=0.03)
    history = nn.fit(net, X, Y, optimizer=optimizer, epochs=5, dev=dev, rng=0)
    expected = nn.cost(net, *dev, nn.binary_cross_entropy).item()
    assert history.dev_cost[-1] == expected
    assert not net.training


def test_accuracy_compares_labels_of_the_right_shape_only(rng) -> None:
    labels = rng.integers(0, 3, 60)
    X = rng.normal(size=(2, 60))
    net = nn.Network([2, 3], output="softmax", rng=0)
    predicted = net(X).data.argmax(axis=0)
    assert nn.accuracy(net, X, nn.one_hot(labels, 3)) == np.mean(predicted == labels)
    for wrong in (labels, labels.reshape(1, -1)):
        with pytest.raises(ShapeError, match=r"pass one_hot\(labels\)"):
            nn.accuracy(net, X, wrong)
    two = nn.Network([2, 2], output="sigmoid", rng=0)
    Y = (two(X).data > 0.5).astype(float)
    Y[1, :30] = 1 - Y[1, :30]
    assert nn.accuracy(two, X, Y) == 0.5  # every row counts
    with pytest.raises(ShapeError):
        nn.accuracy(two, X, Y.T)
    with pytest.raises(ValueError, match="ends with a sigmoid or softmax"):
        nn.accuracy(nn.Sequential(nn.Linear(2, 1)), X, Y[:1])


def test_activations_in_any_form_count_as_their_names() -> None:
    X, Y = np.array([[1.0, -1.0]]), np.array([[0.0, 1.0]])
    for output in ("sigmoid", nn.Sigmoid(), autograd.sigmoid):
        net = nn.Network([1, 1], output=output, rng=0)
        net.layer1.W.data = [[2000.0]]
        assert nn.cost(net, X, Y, nn.binary_cross_entropy).item() == 2000.0
        assert nn.accuracy(net, X, 1 - Y) == 1.0


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


def test_a_feature_that_does_not_vary_is_only_moved() -> None:
    normalizer = nn.Normalizer().fit(np.full((1, 7), 0.1))
    np.testing.assert_allclose(normalizer.transform([[0.1, 0.3]]), [[0.0, 0.2]], rtol=1e-15)


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


def test_a_step_takes_recorded_gradients_and_numpy_learning_rates() -> None:
    w = Tensor(2.0, requires_grad=True)
    (w * w).backward(create_graph=True)
    nn.Adam([w], learning_rate=np.float32(0.5)).step()
    assert w.item() == pytest.approx(1.5)


# -- what links the parts --------------------------------------------------------------------------


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


def test_a_plain_function_has_a_cost_and_no_accuracy() -> None:
    X, Y = np.zeros((2, 3)), np.ones((1, 3))
    J = nn.losses.cost(lambda X: Tensor(X[:1].data + 0.5), Tensor(X), Y, nn.binary_cross_entropy)
    assert J.item() == pytest.approx(np.log(2))
    with pytest.raises(ValueError, match="ends with a sigmoid or softmax"):
        nn.accuracy(lambda X: X, X, Y)


def test_accuracy_uses_a_predict_of_ones_own() -> None:
    class Careful(nn.Network):
        def predict(self, X):
            return np.zeros((1, np.shape(X)[1]), int)

    X, Y = toy()
    assert nn.accuracy(Careful([2, 1], rng=0), X, Y) == np.mean(Y == 0)


def test_fit_takes_the_loss_of_the_activation_at_the_end() -> None:
    X, Y = toy()
    net = nn.Sequential(nn.Linear(2, 4, rng=0), nn.Tanh(), nn.Linear(4, 1, rng=1), nn.Sigmoid())
    history = nn.fit(
        net, X, Y, optimizer=nn.Adam(net.parameters(), learning_rate=0.05), epochs=20, rng=0
    )
    assert history.cost[-1] < 0.5 * history.cost[0]
    assert nn.accuracy(net, X, Y) > 0.85


def test_parameters_of_an_activation_are_the_layers() -> None:
    class Slope(nn.Module):
        """A leaky ReLU whose slope is learnt; in evaluation it is the identity."""

        def __init__(self) -> None:
            self.alpha = Tensor(0.25, name="alpha", requires_grad=True)

        def forward(self, z):
            return np.where(z > 0, z, self.alpha * z) if self.training else z

    layer = nn.Linear(2, 3, activation=Slope(), rng=0)
    assert [name for name, _ in layer.named_parameters()] == ["W", "b", "g.alpha"]
    net = nn.Sequential(layer)
    assert "step1.g.alpha" in net.state_dict()
    x = -np.ones((2, 1))
    Z = layer.W.data @ x
    np.testing.assert_allclose(net(x).data, np.where(Z > 0, Z, 0.25 * Z))
    np.testing.assert_array_equal(net.eval()(x).data, Z)
    net.train()(x).sum().backward()
    assert layer.g.alpha.grad is not None


# -- optimizers ------------------------------------------------------------------------------------


def test_update_takes_gradients_that_are_given() -> None:
    w, v = (Tensor(x, requires_grad=True, name="w") for x in (np.ones(2), np.ones(2)))
    one, two = nn.Adam([w], learning_rate=0.1), nn.Adam([v], learning_rate=0.1)
    for _ in range(3):
        w.zero_grad()
        (w**2).sum().backward()
        one.step()
        two.update([2 * v.data])
    np.testing.assert_array_equal(w.data, v.data)
    assert one.steps == two.steps == 3
    before = v.data
    with pytest.raises(ShapeError, match=r"Adam\.update: the gradient of w needs shape \(2,\)"):
        two.update([np.ones(3)])
    with pytest.raises(ShapeError, match="one gradient for each of 1 parameters, got 2"):
        two.update([before, before])
    np.testing.assert_array_equal(v.data, before)


def test_an_optimizers_state_is_saved_and_loaded(tmp_path) -> None:
    def trained(steps, w, optimizer):
        for _ in range(steps):
            optimizer.update([2 * w.data])
        return w.data

    w = Tensor(np.array([1.0, -2.0]), requires_grad=True)
    first = nn.Adam([w], learning_rate=0.1)
    trained(4, w, first)
    np.savez(tmp_path / "state.npz", **first.state_dict())
    again = Tensor(w.data, requires_grad=True)
    second = nn.Adam([again], learning_rate=0.1)
    with np.load(tmp_path / "state.npz") as state:
        second.load_state_dict(state)
    np.testing.assert_array_equal(trained(3, again, second), trained(3, w, first))
    assert set(first.state_dict()) == {"steps", "epoch", "v.0", "s.0"}
    with pytest.raises(ShapeError, match=r"missing \['s\.0'\], unknown \['r\.0'\]"):
        second.load_state_dict({"steps": 1, "v.0": np.zeros(2), "r.0": np.zeros(2)})
    with pytest.raises(ShapeError, match=r"v\.0 needs shape \(2,\), got \(3,\)"):
        second.load_state_dict({"steps": 1, "v.0": np.zeros(3), "s.0": np.zeros(2)})
    assert second.steps == 7


@pytest.mark.parametrize("g", ["sigmoid", "softmax"])
def test_a_loss_on_logits_says_which_loss_takes_probabilities(g) -> None:
    Z = Tensor(np.array([[1.0, -1.0], [0.5, 2.0]]), requires_grad=True)
    A, Y = getattr(autograd, g)(Z), np.eye(2)
    with pytest.raises(ValueError, match="takes logits") as caught:
        nn.binary_cross_entropy_with_logits(A, Y)
    other = "or use binary_cross_entropy on probabilities"
    assert (other in str(caught.value)) == (g == "sigmoid")
    assert "None" not in str(caught.value)


# -- a function that would be applied twice, and outputs that say nothing -------------------------


TWICE: dict[str, Any] = {
    "reshaped": lambda A: A.reshape(3, -1),
    "times 1": lambda A: A * 1.0,
    "transposed twice": lambda A: A.T.T,
    "clipped": lambda A: np.clip(A, 1e-9, 1),
    "joined again": lambda A: np.concatenate([A[:1], A[1:]]),
    "by hand": lambda A: np.exp(np.log(A)),
}


@pytest.mark.parametrize("after", [pytest.param(f, id=name) for name, f in TWICE.items()])
def test_probabilities_are_no_logits_however_they_are_arranged(after: Any) -> None:
    X = np.random.default_rng(0).normal(size=(3, 20))
    Y = nn.one_hot(np.arange(20) % 3)
    net = nn.Sequential(nn.Linear(3, 3, rng=0), "softmax", after)
    with pytest.raises(ValueError, match="the result of softmax, so that it would be applied twi"):
        nn.fit(net, X, Y, loss=nn.softmax_cross_entropy, progress=False)


def test_a_sigmoid_written_out_is_one_too() -> None:
    X = np.random.default_rng(0).normal(size=(3, 20))
    Y = (X[:1] > 0) * 1.0
    Z = nn.Tensor([[1.0, -2.0, 0.5]], requires_grad=True) @ X
    with pytest.raises(ValueError, match="the result of sigmoid"):
        nn.binary_cross_entropy_with_logits(1 / (1 + np.exp(-Z)), Y)
    assert nn.binary_cross_entropy_with_logits(Z, Y).item() > 0
    # Scaled beyond (0, 1) it is a bounded logit, and meant.
    assert nn.binary_cross_entropy_with_logits(10 / (1 + np.exp(-Z)) - 5, Y).item() > 0


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


def test_labels_may_be_off_by_rounding() -> None:
    Z, Y = np.zeros((3, 4)), nn.one_hot([0, 1, 2, 0])
    wanted = nn.softmax_cross_entropy(nn.Tensor(Z), Y).item()
    assert nn.softmax_cross_entropy(nn.Tensor(Z), Y * (1 + 2.3e-16)).item() == pytest.approx(wanted)
    with pytest.raises(ValueError, match="need to be in"):
        nn.softmax_cross_entropy(nn.Tensor(Z), Y * 1.001)


def test_where_the_results_of_an_op_come_from() -> None:
    z = nn.Tensor(np.ones((2, 3)), requires_grad=True)
    assert (z * 2).comes_from == "multiply"
    assert np.clip(autograd.tanh(z).reshape(3, 2), -0.5, 0.5).T.comes_from == "tanh"
    assert (z / (1 + np.exp(-z))).comes_from == "divide"  # SiLU, and no sigmoid
    assert (1 / (3 + np.exp(-z))).comes_from == "divide"
    assert (1 / (1 + np.exp(-z))).comes_from == "sigmoid"
    assert (z + autograd.sigmoid(z)).comes_from == "add"
    assert nn.Tensor(1.0).comes_from is None


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


def test_probabilities_of_one_example_are_no_logits_either() -> None:
    E = np.exp(nn.Tensor([[0.2], [0.3], [0.5]], requires_grad=True))
    with pytest.raises(ValueError, match="the result of softmax"):
        nn.softmax_cross_entropy(E / E.sum(axis=0), [[1.0], [0.0], [0.0]])


def test_logits_that_add_up_to_1_are_logits() -> None:
    X, Y = np.random.default_rng(0).normal(size=(3, 20)), nn.one_hot(np.arange(20) % 3)
    start = {"W1": np.zeros((3, 3)), "b1": np.full((3, 1), 1 / 3)}
    net = nn.Network.from_dict(start, output="softmax")
    assert nn.cost(net, X, Y).item() == pytest.approx(np.log(3))
    assert nn.softmax_cross_entropy(nn.Tensor(Y), Y).item() > 0
    assert nn.binary_cross_entropy_with_logits(nn.Tensor(Y), Y).item() > 0


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


def test_an_identity_of_another_function_has_its_name() -> None:
    assert nn.Identity().label == "identity"
    assert nn.Identity(np.abs).label == "absolute"
    assert nn.LeakyReLU(0.3).label == "leaky_relu"


def test_a_bias_of_nothing_or_of_the_tolerance_is_low() -> None:
    assert "low bias (0.00% above" in str(nn.diagnose_bias_variance(0.0, 0.0))
    found = nn.diagnose_bias_variance(0.02, 0.04)
    assert (found.high_bias, found.high_variance) == (False, False)
    found = nn.diagnose_bias_variance(0.0201, 0.0403)
    assert (found.high_bias, found.high_variance) == (True, True)
