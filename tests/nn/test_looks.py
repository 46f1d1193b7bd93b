"""The looks of the plots: their widths, colours, scales and labels, each at its edge."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import nn
from tests.nn.helpers import toy

matplotlib = pytest.importorskip("matplotlib", reason="the extra 'plot' is not installed")
matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

X, Y = toy(64)
CLASSES = Y[0].astype(int)


@pytest.fixture
def history() -> Any:
    net = nn.Network([2, 4, 1], rng=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return nn.fit(net, X, Y, epochs=3, rng=0)


def of_layers(n: int) -> Any:
    made = nn.History({"cost": [1.0, 0.5]})
    made.gradient_norms = {f"layer{k}.W": [1.0 + k, 0.5] for k in range(n)}
    return made


def test_lines_are_two_pixels_wide_on_axes_of_one_size(history: Any) -> None:
    for draw in (
        lambda: nn.plot_cost(history),
        lambda: nn.plot_gradient_norms(history),
        lambda: nn.plot_schedule(nn.RootDecay(0.1), 5),
    ):
        ax = draw()
        assert [line.get_linewidth() for line in ax.lines] == [2.0] * len(ax.lines)
        assert tuple(ax.figure.get_size_inches()) == (7.0, 4.0)
        assert all(line.get_visible() for line in ax.get_xgridlines())
        plt.close("all")


def test_legends_and_points_are_quiet(history: Any) -> None:
    both = nn.plot_cost({"one": history, "two": history})
    assert not both.get_legend().get_frame_on()
    assert not any(both.spines[side].get_visible() for side in ("top", "right"))
    assert all(both.spines[side].get_visible() for side in ("bottom", "left"))
    ax = nn.plot_decision_boundary(nn.Network([2, 1], rng=0), X, Y, steps=10)
    points = [c for c in ax.collections if type(c).__name__ == "PathCollection"]
    assert [c.get_sizes().tolist() for c in points] == [[18]] * 2
    plt.close("all")


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


def test_up_to_eight_layers_differ_in_dashes_and_seven_in_the_colours_of_pictures() -> None:
    from nn.plots import _COLOURS

    styles = {line.get_linestyle() for line in nn.plot_gradient_norms(of_layers(8)).lines}
    assert len(styles) == 4
    assert {line.get_linestyle() for line in nn.plot_gradient_norms(of_layers(9)).lines} == {"-"}
    seven = [line.get_color() for line in nn.plot_gradient_norms(of_layers(7)).lines]
    assert seven == [*_COLOURS]
    plt.close("all")


def test_rates_are_drawn_from_zero() -> None:
    assert nn.plot_schedule(nn.RootDecay(0.1)).get_ylim()[0] == 0
    assert len(nn.plot_schedule(nn.RootDecay(0.1)).lines[0].get_xdata()) == 50
    plt.close("all")


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


def test_one_hot_labels_of_two_classes_are_points_of_two_classes() -> None:
    net = nn.Network([2, 2], output="softmax", rng=0)
    ax = nn.plot_decision_boundary(net, X, nn.one_hot(CLASSES, 2), steps=10)
    found = [len(c.get_offsets()) for c in ax.collections if type(c).__name__ == "PathCollection"]
    assert found == np.bincount(CLASSES).tolist()
    with pytest.raises(ValueError, match="choose two features"):
        nn.plot_decision_boundary(nn.Network([3, 1]), np.ones((3, 4)), np.ones((1, 4)))
    plt.close("all")


def test_weights_are_shaded_up_to_the_greatest() -> None:
    ax = nn.plot_weights([[0.25, -0.5]], (1, 2))
    assert ax.images[0].get_clim() == (-0.5, 0.5)
    assert nn.plot_weights([[0.0, 0.0]], (1, 2)).images[0].get_clim() == (-1.0, 1.0)
    plt.close("all")


def test_a_history_writes_its_curves(history: Any, tmp_path: Any) -> None:
    text = history.plot(tmp_path / "cost.svg", title="Falling").read_text("utf-8")
    assert "Falling" in text
    same = nn.save_plot(
        tmp_path / "same.svg", lambda ax: nn.plot_cost(history, ax=ax, title="Falling")
    )
    bare = nn.save_plot(tmp_path / "bare.svg", lambda ax: ax.set_title("Falling"))
    assert text == same.read_text("utf-8") != bare.read_text("utf-8")
