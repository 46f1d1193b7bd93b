"""Plots: what they draw, and that each takes and returns its Axes."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from autograd import ShapeError
from tests.nn.helpers import three, toy

matplotlib = pytest.importorskip("matplotlib", reason="the extra 'plot' is not installed")
matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def history():
    net = nn.Network([2, 8, 4, 1], rng=0)
    return nn.fit(net, *toy(), dev=toy(50, seed=1), learning_rate=0.02, epochs=4, rng=0)


def lines(ax) -> dict:
    return {line.get_label(): line.get_ydata().tolist() for line in ax.lines}


def draws():
    net = nn.Network([2, 4, 1], rng=0)
    return {
        "cost": lambda ax, h: nn.plot_cost(h, ax=ax),
        "history": lambda ax, h: h.plot(ax=ax),
        "norms": lambda ax, h: nn.plot_gradient_norms(h, ax=ax),
        "schedule": lambda ax, h: nn.plot_schedule(nn.InverseDecay(0.1), 5, ax=ax),
        "boundary": lambda ax, h: nn.plot_decision_boundary(net, *toy(20), ax=ax, steps=20),
        "confusion": lambda ax, h: nn.plot_confusion_matrix([[3, 1], [0, 2]], ax=ax),
        "weights": lambda ax, h: nn.plot_weights(np.eye(6)[:, :4], (2, 2), ax=ax),
    }


@pytest.mark.parametrize("name", draws())
def test_each_takes_axes_or_makes_its_own_and_returns_them(name, history) -> None:
    draw = draws()[name]
    _, ax = plt.subplots()
    assert draw(ax, history) is ax
    own = draw(None, history)
    assert isinstance(own, matplotlib.axes.Axes)
    assert own is not ax
    own.figure.canvas.draw()


def test_cost_curves_show_the_history(history) -> None:
    ax = nn.plot_cost(history)
    assert lines(ax) == {"train": history.cost, "dev": history.dev_cost}
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["train", "dev"]
    ax = nn.plot_cost({"a": history, "b": history}, log=True)
    assert set(lines(ax)) == {"a (train)", "a (dev)", "b (train)", "b (dev)"}
    assert ax.get_yscale() == "log"


def test_gradient_norms_show_the_weights_of_each_layer(history) -> None:
    ax = nn.plot_gradient_norms(history)
    assert lines(ax) == {f"layer{i}.W": history.gradient_norms[f"layer{i}.W"] for i in (1, 2, 3)}
    assert len(nn.plot_gradient_norms(history, biases=True).lines) == 6
    history.gradient_norms["layer1.W"][0] = 0.0  # which a logarithm has not
    assert np.isnan(lines(nn.plot_gradient_norms(history))["layer1.W"][0])


def test_schedules_are_drawn_from_epoch_1() -> None:
    ax = nn.plot_schedule({"a": nn.InverseDecay(0.1), "b": nn.RootDecay(0.1)}, 3)
    assert ax.lines[0].get_xdata().tolist() == [1, 2, 3]
    assert lines(ax)["a"] == pytest.approx([0.05, 0.1 / 3, 0.025])


def test_a_boundary_shows_every_class_and_point() -> None:
    X, Y = three(30)
    net = nn.Network([2, 8, 3], output="softmax", rng=0)
    ax = nn.plot_decision_boundary(net, X, Y, steps=30)
    points = np.vstack([c.get_offsets() for c in ax.collections if len(c.get_offsets()) > 1])
    assert sorted(map(tuple, points)) == sorted(map(tuple, X.T))
    assert {t.get_text() for t in ax.get_legend().get_texts()} == {f"class {k}" for k in range(3)}
    with pytest.raises(ShapeError, match=r"needs X of shape \(2, m\)"):
        nn.plot_decision_boundary(net, np.ones((3, 4)), Y)


def test_one_class_everywhere_colours_the_whole_area() -> None:
    X, Y = three(30)
    net = nn.Network.from_dict({"W1": np.zeros((1, 2)), "b1": [[-5.0]]})
    ax = nn.plot_decision_boundary(net, X, Y[:1], steps=30)
    (area,) = ax.patches
    box = area.get_extents().transformed(ax.transData.inverted())
    assert (box.x0, box.x1) == pytest.approx(ax.get_xlim())


def test_a_confusion_matrix_shows_its_counts() -> None:
    ax = nn.plot_confusion_matrix([[3, 1000], [0, 2]], labels=["no", "yes"])
    assert [t.get_text() for t in ax.texts] == ["3", "1,000", "0", "2"]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["no", "yes"]
    with pytest.raises(ValueError, match="needs 2 labels, got 1"):
        nn.plot_confusion_matrix([[3, 1], [0, 2]], labels=["no"])
    with pytest.raises(ShapeError, match=r"needs shape \(C, C\)"):
        nn.plot_confusion_matrix([1, 2])


def test_weights_are_laid_out_as_images() -> None:
    W = np.arange(12.0).reshape(3, 4)
    ax = nn.plot_weights(W, (2, 2), columns=2)
    canvas = np.asarray(ax.images[0].get_array().filled(np.nan))
    np.testing.assert_array_equal(canvas[:2, :2], [[0, 1], [2, 3]])
    np.testing.assert_array_equal(canvas[:2, 3:], [[4, 5], [6, 7]])
    np.testing.assert_array_equal(canvas[3:, :2], [[8, 9], [10, 11]])
    with pytest.raises(ShapeError, match="has no images of shape"):
        nn.plot_weights(W, (3, 2))


def regions(ax) -> dict:
    """Return the filled areas by their colour, as the bounding boxes of their paths."""
    from matplotlib.contour import QuadContourSet

    found = {}
    for c in ax.collections:
        if isinstance(c, QuadContourSet) and c.filled:
            box = c.get_paths()[0].get_extents()
            found[tuple(c.get_facecolor()[0][:3].round(3))] = (box.x0, box.x1, box.y0, box.y1)
    return found


def test_the_areas_of_a_boundary_are_where_the_network_says() -> None:
    """Class 1 right of x₁ = 1, on data from 0 to 4 by −2 to 3; the frame leaves 8 % around."""
    net = nn.Network.from_dict({"W1": [[50.0, 0.0]], "b1": [[-50.0]]})
    X = np.array([[0.0, 4.0, 2.0], [-2.0, 3.0, 0.0]])
    ax = nn.plot_decision_boundary(net, X, np.array([[0, 1, 1]]), steps=101)
    assert ax.get_xlim() == pytest.approx((-0.32, 4.32))
    assert ax.get_ylim() == pytest.approx((-2.4, 3.4))
    zero, one = (tuple(np.round(matplotlib.colors.to_rgb(c), 3)) for c in ("#D55E00", "#0072B2"))
    areas = regions(ax)
    assert areas[zero] == pytest.approx((-0.32, 1.0, -2.4, 3.4), abs=0.06)
    assert areas[one] == pytest.approx((1.0, 4.32, -2.4, 3.4), abs=0.06)
    lines = [c for c in ax.collections if hasattr(c, "filled") and not c.filled]
    assert len(lines) == 1
    border = lines[0].get_paths()[0].vertices
    assert len(border) > 50
    assert border[:, 0] == pytest.approx(1.0, abs=0.06)
    points = {
        c.get_label(): c.get_offsets().tolist() for c in ax.collections if c.get_label()[:1] == "c"
    }
    assert points == {"class 0": [[0, -2]], "class 1": [[4, 3], [2, 0]]}


def test_a_network_that_says_one_class_fills_the_plane() -> None:
    net = nn.Network.from_dict({"W1": [[0.0, 0.0]], "b1": [[1.0]]})
    ax = nn.plot_decision_boundary(net, np.ones((2, 3)), np.array([[0, 1, 1]]), steps=11)
    assert regions(ax) == {}
    (span,) = ax.patches
    assert span.get_facecolor()[:3] == pytest.approx(matplotlib.colors.to_rgb("#0072B2"))
    assert ax.get_xlim() == pytest.approx((0.92, 1.08))  # of data that do not vary


def test_a_run_of_one_epoch_is_a_point() -> None:
    X, Y = toy()
    one = nn.fit(nn.Network([2, 4, 1], rng=1), X, Y, learning_rate=0.05, epochs=1, rng=0)
    two = nn.fit(nn.Network([2, 4, 1], rng=1), X, Y, learning_rate=0.05, epochs=2, rng=0)
    assert nn.plot_cost(one).lines[0].get_marker() == "o"
    assert nn.plot_cost(two).lines[0].get_marker() == "None"
    assert nn.plot_cost(two).get_legend() is None  # one curve needs none


def test_many_layers_get_colours_of_their_own() -> None:
    history = nn.History(cost=[1.0, 2.0])
    history.gradient_norms = {f"layer{i}.W": [1.0, 2.0] for i in range(12)}
    ax = nn.plot_gradient_norms(history)
    assert len({tuple(np.ravel(matplotlib.colors.to_rgb(x.get_color()))) for x in ax.lines}) == 12
    history.gradient_norms = {"slope": [1.0, 2.0]}  # no weights: what there is
    assert lines(nn.plot_gradient_norms(history)) == {"slope": [1.0, 2.0]}


def test_plots_are_saved_whole(tmp_path) -> None:
    path = nn.save_plot(tmp_path / "a.png", lambda ax: ax.plot([1, 2]))
    assert path.read_bytes()[:4] == b"\x89PNG"
    for wrong in ("a", "none/a.svg"):
        with pytest.raises(OSError, match="save_plot: cannot write"):
            nn.save_plot(tmp_path / wrong, lambda ax: None)
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


def test_a_rate_that_changes_is_drawn_with_the_cost() -> None:
    X, Y = toy()
    settings = {"optimizer": "sgd", "epochs": 3, "rng": 0}
    net = nn.Network([2, 4, 1], rng=1)
    scheduled = nn.fit(net, X, Y, learning_rate=nn.InverseDecay(1.0), **settings)
    ax = nn.plot_cost(scheduled)
    (right,) = [a for a in ax.figure.axes if a is not ax]
    assert right.lines[0].get_ydata().tolist() == pytest.approx([1 / 2, 1 / 3, 1 / 4])
    constant = nn.fit(nn.Network([2, 4, 1], rng=1), X, Y, learning_rate=0.5, **settings)
    ax = nn.plot_cost(constant)
    assert ax.figure.axes == [ax]


def test_epochs_are_counted_in_whole_numbers() -> None:
    history = nn.fit(nn.Network([2, 3, 1], rng=0), *toy(), learning_rate=0.02, epochs=3, rng=0)
    for ax in (nn.plot_cost(history), nn.plot_gradient_norms(history)):
        ticks = ax.xaxis.get_major_locator().tick_values(1, 3)
        assert [t for t in ticks if t != round(t)] == []


def test_more_lines_than_colours_stay_apart_and_legends_get_a_second_column() -> None:
    for many, columns in ((12, 1), (13, 2)):
        schedules = {str(k): nn.InverseDecay(0.1 + k) for k in range(many)}
        ax = nn.plot_schedule(schedules, 5)
        assert ax.get_legend()._ncols == columns
        looks = {(line.get_color(), line.get_linestyle()) for line in ax.lines}
        assert len(looks) == many
    net, X = nn.Network([2, 8, 9], output="softmax", rng=0), np.eye(9)[:2]
    ax = nn.plot_decision_boundary(net, X, nn.one_hot(np.arange(9)), steps=20)
    marks = {tuple(c) for c in np.concatenate([c.get_facecolor() for c in ax.collections])}
    assert len(marks) >= 9


def test_a_confusion_matrix_is_as_dark_as_its_shares() -> None:
    ax = nn.plot_confusion_matrix([[3, 1], [0, 2]])
    assert ax.images[0].get_clim() == (0, 1)
    np.testing.assert_allclose(ax.images[0].get_array(), [[0.75, 0.25], [0, 1]])


def test_numbers_on_dark_cells_are_white() -> None:
    ax = nn.plot_confusion_matrix([[9, 1], [0, 2]])
    dark = [t.get_text() for t in ax.texts if t.get_color() == "white"]
    assert dark == ["9", "2"]


def test_a_rate_for_each_step_is_drawn_once_an_epoch() -> None:
    from nn.plots import per_step

    assert per_step(nn.RootDecay(0.2, per="step"))
    assert not per_step(nn.RootDecay(0.2, per="epoch"))
    assert not per_step(lambda epoch: 0.1)
