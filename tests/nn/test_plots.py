"""Plots: what they draw and how it looks, and that each takes and returns its Axes."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import nn
from autograd import ShapeError
from tests.nn.helpers import small_net, three, toy

matplotlib = pytest.importorskip("matplotlib", reason="the extra 'plot' is not installed")
matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

X, Y = toy(64)
CLASSES = Y[0].astype(int)


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def history():
    net = nn.Network([2, 8, 4, 1], rng=0)
    return nn.fit(net, *toy(), dev=toy(50, seed=1), learning_rate=0.02, epochs=4, rng=0)


@pytest.fixture
def history_without_dev() -> Any:
    net = nn.Network([2, 4, 1], rng=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return nn.fit(net, X, Y, epochs=3, rng=0)


def lines(ax) -> dict:
    return {line.get_label(): line.get_ydata().tolist() for line in ax.lines}


def of_layers(n: int) -> Any:
    made = nn.History({"cost": [1.0, 0.5]})
    made.gradient_norms = {f"layer{k}.W": [1.0 + k, 0.5] for k in range(n)}
    return made


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


def test_lines_are_two_pixels_wide_on_axes_of_one_size(history_without_dev: Any) -> None:
    for draw in (
        lambda: nn.plot_cost(history_without_dev),
        lambda: nn.plot_gradient_norms(history_without_dev),
        lambda: nn.plot_schedule(nn.RootDecay(0.1), 5),
    ):
        ax = draw()
        assert [line.get_linewidth() for line in ax.lines] == [2.0] * len(ax.lines)
        assert tuple(ax.figure.get_size_inches()) == (7.0, 4.0)
        assert all(line.get_visible() for line in ax.get_xgridlines())
        plt.close("all")


def test_legends_and_points_are_quiet(history_without_dev: Any) -> None:
    both = nn.plot_cost({"one": history_without_dev, "two": history_without_dev})
    assert not both.get_legend().get_frame_on()
    assert not any(both.spines[side].get_visible() for side in ("top", "right"))
    assert all(both.spines[side].get_visible() for side in ("bottom", "left"))
    ax = nn.plot_decision_boundary(nn.Network([2, 1], rng=0), X, Y, steps=10)
    points = [c for c in ax.collections if type(c).__name__ == "PathCollection"]
    assert [c.get_sizes().tolist() for c in points] == [[18]] * 2
    plt.close("all")


def test_plots_are_saved_whole(tmp_path) -> None:
    path = nn.save_plot(tmp_path / "a.png", lambda ax: ax.plot([1, 2]))
    assert path.read_bytes()[:4] == b"\x89PNG"
    for wrong in ("a", "none/a.svg"):
        with pytest.raises(OSError, match="save_plot: cannot write"):
            nn.save_plot(tmp_path / wrong, lambda ax: None)
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


# -- costs, gradients and rates --------------------------------------------------------------------


def test_cost_curves_show_the_history(history) -> None:
    ax = nn.plot_cost(history)
    assert lines(ax) == {"train": history.cost, "dev": history.dev_cost}
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["train", "dev"]
    ax = nn.plot_cost({"a": history, "b": history}, log=True)
    assert set(lines(ax)) == {"a (train)", "a (dev)", "b (train)", "b (dev)"}
    assert ax.get_yscale() == "log"


def test_a_run_of_one_epoch_is_a_point() -> None:
    X, Y = toy()
    one = nn.fit(nn.Network([2, 4, 1], rng=1), X, Y, learning_rate=0.05, epochs=1, rng=0)
    two = nn.fit(nn.Network([2, 4, 1], rng=1), X, Y, learning_rate=0.05, epochs=2, rng=0)
    assert nn.plot_cost(one).lines[0].get_marker() == "o"
    assert nn.plot_cost(two).lines[0].get_marker() == "None"
    assert nn.plot_cost(two).get_legend() is None  # one curve needs none


def test_epochs_are_counted_in_whole_numbers() -> None:
    history = nn.fit(nn.Network([2, 3, 1], rng=0), *toy(), learning_rate=0.02, epochs=3, rng=0)
    for ax in (nn.plot_cost(history), nn.plot_gradient_norms(history)):
        ticks = ax.xaxis.get_major_locator().tick_values(1, 3)
        assert [t for t in ticks if t != round(t)] == []


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


def test_a_history_writes_its_curves(history_without_dev: Any, tmp_path: Any) -> None:
    text = history_without_dev.plot(tmp_path / "cost.svg", title="Falling").read_text("utf-8")
    assert "Falling" in text
    same = nn.save_plot(
        tmp_path / "same.svg", lambda ax: nn.plot_cost(history_without_dev, ax=ax, title="Falling")
    )
    bare = nn.save_plot(tmp_path / "bare.svg", lambda ax: ax.set_title("Falling"))
    assert text == same.read_text("utf-8") != bare.read_text("utf-8")


def test_history_plot_writes_one_whole_deterministic_file(tmp_path) -> None:
    history = nn.History(cost=[0.7, 0.5], dev_cost=[0.8, 0.6])
    one, two = history.plot(tmp_path / "a.svg"), history.plot(tmp_path / "b.svg")
    assert one.read_bytes() == two.read_bytes()
    with pytest.raises(OSError, match="nowhere"):
        history.plot(tmp_path / "nowhere" / "a.svg")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.svg", "b.svg"]


def test_gradient_norms_show_the_weights_of_each_layer(history) -> None:
    ax = nn.plot_gradient_norms(history)
    assert lines(ax) == {f"layer{i}.W": history.gradient_norms[f"layer{i}.W"] for i in (1, 2, 3)}
    assert len(nn.plot_gradient_norms(history, biases=True).lines) == 6
    history.gradient_norms["layer1.W"][0] = 0.0  # which a logarithm has not
    assert np.isnan(lines(nn.plot_gradient_norms(history))["layer1.W"][0])


def test_many_layers_get_colours_of_their_own() -> None:
    history = nn.History(cost=[1.0, 2.0])
    history.gradient_norms = {f"layer{i}.W": [1.0, 2.0] for i in range(12)}
    ax = nn.plot_gradient_norms(history)
    assert len({tuple(np.ravel(matplotlib.colors.to_rgb(x.get_color()))) for x in ax.lines}) == 12
    history.gradient_norms = {"slope": [1.0, 2.0]}  # no weights: what there is
    assert lines(nn.plot_gradient_norms(history)) == {"slope": [1.0, 2.0]}


def test_up_to_eight_layers_differ_in_dashes_and_seven_in_the_colours_of_pictures() -> None:
    from nn.plots import _COLOURS

    styles = {line.get_linestyle() for line in nn.plot_gradient_norms(of_layers(8)).lines}
    assert len(styles) == 4
    assert {line.get_linestyle() for line in nn.plot_gradient_norms(of_layers(9)).lines} == {"-"}
    seven = [line.get_color() for line in nn.plot_gradient_norms(of_layers(7)).lines]
    assert seven == [*_COLOURS]
    plt.close("all")


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


def test_schedules_are_drawn_from_epoch_1() -> None:
    ax = nn.plot_schedule({"a": nn.InverseDecay(0.1), "b": nn.RootDecay(0.1)}, 3)
    assert ax.lines[0].get_xdata().tolist() == [1, 2, 3]
    assert lines(ax)["a"] == pytest.approx([0.05, 0.1 / 3, 0.025])


def test_rates_are_drawn_from_zero() -> None:
    assert nn.plot_schedule(nn.RootDecay(0.1)).get_ylim()[0] == 0
    assert len(nn.plot_schedule(nn.RootDecay(0.1)).lines[0].get_xdata()) == 50
    plt.close("all")


def test_a_rate_for_each_step_is_drawn_once_an_epoch() -> None:
    from nn.plots import per_step

    assert per_step(nn.RootDecay(0.2, per="step"))
    assert not per_step(nn.RootDecay(0.2, per="epoch"))
    assert not per_step(lambda epoch: 0.1)


# -- boundaries ------------------------------------------------------------------------------------


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


def test_a_boundary_shows_every_class_and_point() -> None:
    X, Y = three(30)
    net = nn.Network([2, 8, 3], output="softmax", rng=0)
    ax = nn.plot_decision_boundary(net, X, Y, steps=30)
    points = np.vstack([c.get_offsets() for c in ax.collections if len(c.get_offsets()) > 1])
    assert sorted(map(tuple, points)) == sorted(map(tuple, X.T))
    assert {t.get_text() for t in ax.get_legend().get_texts()} == {f"class {k}" for k in range(3)}
    with pytest.raises(ShapeError, match=r"needs X of shape \(2, m\)"):
        nn.plot_decision_boundary(net, np.ones((3, 4)), Y)


def test_a_boundary_is_drawn_where_there_is_one() -> None:
    one = nn.Network([2, 1], rng=0)
    one["W1"].data, one["b1"].data = [[0.0, 0.0]], [[5.0]]
    ax = nn.plot_decision_boundary(one, X, Y, steps=20)
    assert [type(c).__name__ for c in ax.collections] == ["PathCollection"] * 2  # the points alone
    (area,) = ax.patches
    assert area.get_linewidth() == 0
    assert not any(line.get_visible() for line in ax.get_xgridlines())
    two = nn.Network([2, 1], rng=0)
    two["W1"].data = [[1.0, 0.0]]
    ax = nn.plot_decision_boundary(two, X, Y, steps=20)
    contours = [c for c in ax.collections if type(c).__name__ == "QuadContourSet"]
    assert [c.get_linewidths()[0] for c in contours if not c.filled] == [1.0]
    plt.close("all")


def test_one_class_everywhere_colours_the_whole_area() -> None:
    X, Y = three(30)
    net = nn.Network.from_dict({"W1": np.zeros((1, 2)), "b1": [[-5.0]]})
    ax = nn.plot_decision_boundary(net, X, Y[:1], steps=30)
    (area,) = ax.patches
    box = area.get_extents().transformed(ax.transData.inverted())
    assert (box.x0, box.x1) == pytest.approx(ax.get_xlim())


def test_a_network_that_says_one_class_fills_the_plane() -> None:
    net = nn.Network.from_dict({"W1": [[0.0, 0.0]], "b1": [[1.0]]})
    ax = nn.plot_decision_boundary(net, np.ones((2, 3)), np.array([[0, 1, 1]]), steps=11)
    assert regions(ax) == {}
    (span,) = ax.patches
    assert span.get_facecolor()[:3] == pytest.approx(matplotlib.colors.to_rgb("#0072B2"))
    assert ax.get_xlim() == pytest.approx((0.92, 1.08))  # of data that do not vary


def test_one_hot_labels_of_two_classes_are_points_of_two_classes() -> None:
    net = nn.Network([2, 2], output="softmax", rng=0)
    ax = nn.plot_decision_boundary(net, X, nn.one_hot(CLASSES, 2), steps=10)
    found = [len(c.get_offsets()) for c in ax.collections if type(c).__name__ == "PathCollection"]
    assert found == np.bincount(CLASSES).tolist()
    with pytest.raises(ValueError, match="choose two features"):
        nn.plot_decision_boundary(nn.Network([3, 1]), np.ones((3, 4)), np.ones((1, 4)))
    plt.close("all")


def test_a_boundary_is_drawn_of_estimators_too() -> None:
    pytest.importorskip("matplotlib", reason="the extra 'plot' is not installed")
    import matplotlib

    matplotlib.use("Agg")
    model = nn.LogisticRegression().fit(X.T, np.array(["a", "b"])[Y[0].astype(int)])
    for labels in (Y[0], np.array(["a", "b"])[Y[0].astype(int)]):
        ax = nn.plot_decision_boundary(model, X, labels, steps=20)
        assert [t.get_text() for t in ax.get_legend().get_texts()] == ["class a", "class b"]


@pytest.mark.parametrize("classes", [(1, 2), (-1, 1), (0, 5)])
def test_regions_and_points_of_a_class_have_one_colour(classes: Any) -> None:
    matplotlib = pytest.importorskip("matplotlib", reason="the extra 'plot' is not installed")
    matplotlib.use("Agg")
    labels = np.array(classes)[Y[0].astype(int)]
    model = nn.LogisticRegression().fit(X.T, labels)
    ax = nn.plot_decision_boundary(model, X, labels, steps=20)
    assert [t.get_text() for t in ax.get_legend().get_texts()] == [f"class {k}" for k in classes]
    regions = [c for c in ax.collections if hasattr(c, "levels") and len(c.levels) == 2]
    points = [c for c in ax.collections if len(c.get_offsets()) > 1]
    assert len(regions) == len(points) == 2
    for region, some in zip(regions, points, strict=True):
        assert tuple(region.get_facecolor()[0][:3]) == tuple(some.get_facecolor()[0][:3])


def test_numbers_are_no_classes_to_draw() -> None:
    pytest.importorskip("matplotlib", reason="the extra 'plot' is not installed")
    net = nn.Network([2, 1], output="identity", rng=0)
    with pytest.raises(ValueError, match=r"needs classes, and predict gives .* numbers"):
        nn.plot_decision_boundary(net, X, Y)
    with pytest.raises(ShapeError, match="a label for each of"):
        nn.plot_decision_boundary(net, X, Y[:, :-1])


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


# -- tables of counts ------------------------------------------------------------------------------


def test_a_confusion_matrix_shows_its_counts() -> None:
    ax = nn.plot_confusion_matrix([[3, 1000], [0, 2]], labels=["no", "yes"])
    assert [t.get_text() for t in ax.texts] == ["3", "1,000", "0", "2"]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["no", "yes"]
    with pytest.raises(ValueError, match="needs 2 labels, got 1"):
        nn.plot_confusion_matrix([[3, 1], [0, 2]], labels=["no"])
    with pytest.raises(ShapeError, match=r"needs shape \(C, C\)"):
        nn.plot_confusion_matrix([1, 2])


def test_a_confusion_matrix_is_as_dark_as_its_shares() -> None:
    ax = nn.plot_confusion_matrix([[3, 1], [0, 2]])
    assert ax.images[0].get_clim() == (0, 1)
    np.testing.assert_allclose(ax.images[0].get_array(), [[0.75, 0.25], [0, 1]])


def test_numbers_on_dark_cells_are_white() -> None:
    ax = nn.plot_confusion_matrix([[9, 1], [0, 2]])
    dark = [t.get_text() for t in ax.texts if t.get_color() == "white"]
    assert dark == ["9", "2"]


def test_a_table_of_counts_is_square_and_a_network_has_its_data() -> None:
    from autograd import ShapeError

    for wrong in ([1, 2], [[1, 2, 3], [4, 5, 6]]):
        with pytest.raises(ShapeError, match="needs shape"):
            nn.plot_confusion_matrix(wrong)
    net = nn.Network([2, 1])
    for missing in ((), (X,), (None, Y)):
        with pytest.raises(TypeError, match="needs X and Y"):
            nn.plot_confusion_matrix(net, *missing)
    with pytest.raises(TypeError, match="a table alone"):
        nn.plot_confusion_matrix([[1, 2], [3, 4]], X, Y)


def test_a_network_is_counted_and_drawn_in_one_call():
    pytest.importorskip("matplotlib", reason="the extra 'plot' is not installed")
    net = small_net()
    ax = nn.plot_confusion_matrix(net, X, Y)
    counts = nn.confusion_matrix(net, X, Y)
    assert sorted(t.get_text() for t in ax.texts) == sorted(map(str, counts.reshape(-1)))
    assert "3 units" in nn.plot_weights(net, (1, 2)).get_title()


# -- weights ---------------------------------------------------------------------------------------


def test_weights_are_laid_out_as_images() -> None:
    W = np.arange(12.0).reshape(3, 4)
    ax = nn.plot_weights(W, (2, 2), columns=2)
    canvas = np.asarray(ax.images[0].get_array().filled(np.nan))
    np.testing.assert_array_equal(canvas[:2, :2], [[0, 1], [2, 3]])
    np.testing.assert_array_equal(canvas[:2, 3:], [[4, 5], [6, 7]])
    np.testing.assert_array_equal(canvas[3:, :2], [[8, 9], [10, 11]])
    with pytest.raises(ShapeError, match="has no images of shape"):
        nn.plot_weights(W, (3, 2))


def test_weights_are_shaded_up_to_the_greatest() -> None:
    ax = nn.plot_weights([[0.25, -0.5]], (1, 2))
    assert ax.images[0].get_clim() == (-0.5, 0.5)
    assert nn.plot_weights([[0.0, 0.0]], (1, 2)).images[0].get_clim() == (-1.0, 1.0)
    plt.close("all")


def test_rates_are_drawn_from_0() -> None:
    history = nn.History({"cost": [1.0, 0.5, 0.2], "learning_rate": [0.3, 0.2, 0.1]})
    ax = nn.plot_cost(history)
    (right,) = [a for a in ax.figure.axes if a is not ax]
    assert right.get_ylim()[0] == 0
    assert nn.plot_schedule(nn.InverseDecay(0.5)).get_ylim()[0] == 0


def test_costs_of_ones_own_loop_are_drawn() -> None:
    (line,) = nn.plot_cost([3.0, 2.0, np.float64(1.5)]).lines
    np.testing.assert_array_equal(line.get_ydata(), [3.0, 2.0, 1.5])
    both = nn.plot_cost({"slow": [3.0, 2.9], "fast": [3.0, 1.0]})
    assert [text.get_text() for text in both.get_legend().get_texts()] == ["slow", "fast"]
    costs = [nn.Tensor(2.0, requires_grad=True) * 1.0, np.array(1.5), 1]
    np.testing.assert_array_equal(nn.plot_cost(costs).lines[0].get_ydata(), [2.0, 1.5, 1.0])
    assert len(nn.plot_cost(range(1, 4)).lines[0].get_ydata()) == 3
    for bad in ("cost", 3, [[1.0, 2.0]], None, ["a"], [], np.array(3.0)):
        with pytest.raises(TypeError, match=r"plot_cost: needs what nn\.fit returns, or the costs"):
            nn.plot_cost(bad)
