"""Plots (matplotlib, extra `plot`). Each draws on `ax` or on a new figure, and returns its Axes."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import ShapeError
from autograd.files import write_whole
from autograd.tensor import value_of
from nn.metrics import confusion_matrix
from nn.module import Module

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from nn.history import History

__all__ = [
    "plot_confusion_matrix",
    "plot_cost",
    "plot_decision_boundary",
    "plot_gradient_norms",
    "plot_schedule",
    "plot_weights",
    "save_plot",
]

# The colours of viz: blue and vermillion stay apart for every kind of colour vision.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_STYLES = ("-", "--", "-.", ":")


def plot_cost(
    history: History | Sequence[float] | Mapping[str, History | Sequence[float]],
    *,
    ax: Any = None,
    title: str = "Cost",
    log: bool = False,
) -> Any:
    """Draw the cost of each epoch, on the training set and the dev set, and a rate that changes.

    Parameters
    ----------
    history : History, sequence of costs, or dict from names to these
        Several runs are drawn on top of each other, dev set dashed.
    ax : Axes, optional
        Where to draw.
    title : str
        Above it.
    log : bool
        A logarithmic cost axis.
    """
    ax = _axes("plot_cost", ax)
    several: Any = history if _is_several(history) else {"": history}
    runs: dict[str, Any] = {name: _run(run) for name, run in several.items()}
    for i, (name, run) in enumerate(runs.items()):
        pairs = [("train", run.cost, "-"), ("dev", run.dev_cost, "--")]
        for j, (part, values, style) in enumerate(pairs):
            if values:
                label = f"{name} ({part})" if name and run.dev_cost else name or part
                colour = _COLOURS[(i if name else j) % len(_COLOURS)]
                epochs = np.arange(1, len(values) + 1)
                marker = "o" if len(values) == 1 else None
                ax.plot(epochs, values, style, color=colour, lw=2, label=label, marker=marker)
    ax.set(xlabel="epoch", ylabel="cost J", title=title)
    if log:
        ax.set_yscale("log")
    rates = runs[""].get("learning_rate", []) if isinstance(runs.get(""), dict) else []
    if len(set(rates)) > 1:  # a schedule: its own axis, on the right
        right = ax.twinx()
        right.plot(np.arange(1, len(rates) + 1), rates, ":", color="0.45", drawstyle="steps-mid")
        right.set_ylabel("learning rate α (dotted)", color="0.35")
        right.set_ylim(bottom=0)
        right.spines["top"].set_visible(False)
    return _finished(ax, whole=True)


def plot_gradient_norms(history: History, *, ax: Any = None, biases: bool = False) -> Any:
    """Draw ‖gradient‖ of each layer over training, on a logarithmic axis.

    Lines far below the others are layers whose gradients vanish.

    Parameters
    ----------
    history : History
        Its `gradient_norms`.
    ax : Axes, optional
        Where to draw.
    biases : bool
        Draw the biases too.
    """
    ax = _axes("plot_gradient_norms", ax)
    shown = {
        path: norms
        for path, norms in history.gradient_norms.items()
        if biases or path.rpartition(".")[2] in {"W", "w"}
    } or history.gradient_norms
    colours = _shades(len(shown))
    for i, (path, norms) in enumerate(shown.items()):
        values = np.where(np.asarray(norms) > 0, norms, np.nan)  # 0 has no logarithm
        style = _STYLES[i % len(_STYLES)] if len(shown) <= 8 else "-"
        epochs = np.arange(1, len(values) + 1)
        ax.plot(epochs, values, style, color=colours[i], lw=2, label=path)
    ax.set(xlabel="epoch", ylabel="‖gradient‖", title="Gradients of each layer", yscale="log")
    return _finished(ax, whole=True)


def plot_schedule(
    schedule: Callable[..., float] | dict[str, Callable[..., float]],
    epochs: int = 50,
    *,
    ax: Any = None,
) -> Any:
    """Draw the learning rate of each epoch.

    Parameters
    ----------
    schedule : callable, or dict from names to callables
        Functions of the epoch, which counts from 1.
    epochs : int
        How many.
    ax : Axes, optional
        Where to draw.
    """
    ax = _axes("plot_schedule", ax)
    known = "a function of the epoch, or a dict from names to functions"
    if hasattr(schedule, "gradient_norms"):
        raise TypeError(
            f'plot_schedule: needs {known}, got a History; its rates are history["learning_rate"], '
            "and history.plot() draws them."
        )
    several = schedule if isinstance(schedule, dict) else {"": schedule}
    for i, (name, alpha) in enumerate(several.items()):
        x = np.arange(1, epochs + 1)
        if not callable(alpha):
            raise TypeError(f"plot_schedule: needs {known}, got {alpha!r}.")
        y = [alpha(int(epoch), int(epoch)) if per_step(alpha) else alpha(int(epoch)) for epoch in x]
        style, colour = _STYLES[i % len(_STYLES)], _COLOURS[i % len(_COLOURS)]
        ax.plot(x, y, style, color=colour, lw=2, label=name or None, drawstyle="steps-mid")
    ax.set(xlabel="epoch", ylabel="learning rate α", title="Learning rate")
    ax.set_ylim(bottom=0)
    return _finished(ax, whole=True)


def _plain_name(x: Any) -> str:
    """Return a class as legends show it: 1 for 1.0."""
    return f"{x:g}" if isinstance(x, (np.floating, np.bool_)) else str(x)


def plot_decision_boundary(
    net: Any,
    X: npt.ArrayLike,
    Y: npt.ArrayLike,
    *,
    ax: Any = None,
    steps: int = 200,
    title: str = "Decision boundary",
) -> Any:
    """Draw examples of two features and the classes that a network gives to the plane.

    Parameters
    ----------
    net : Module, estimator or callable
        A classifier of two features, or anything with `predict` that takes columns. An estimator,
        or a function as in the course's ``lambda x: predict(parameters, x.T)``, takes rows.
    X, Y : array_like, shapes (2, m) and (1, m) or (n_y, m)
        Examples and labels. With an estimator X may have the shape (m, 2) of its own.
    ax : Axes, optional
        Where to draw.
    steps : int
        Points of the grid along each side.
    title : str
        Above it.
    """
    points, labels = np.asarray(X), np.asarray(Y)
    function = getattr(net, "predict", net)
    if not callable(function):
        raise TypeError(
            "plot_decision_boundary: needs a network, an estimator or a function of rows, got "
            f"{type(net).__name__}."
        )
    rows = hasattr(net, "n_features_in_") or function is net
    if rows and points.ndim == 2 and points.shape[1] == 2 != points.shape[0]:
        points = points.T
    if points.ndim != 2 or points.shape[0] != 2:
        mend = "choose two features"
        if points.ndim == 2 and points.shape[1] == 2:
            mend = "examples are columns here: pass X.T"
        raise ShapeError(
            f"plot_decision_boundary: needs X of shape (2, m), got {points.shape}; {mend}."
        )
    if labels.ndim == 1:
        labels = labels.reshape(1, -1)
    if labels.reshape(-1).shape[-1:] != points.shape[1:] and labels.shape[1:] != points.shape[1:]:
        raise ShapeError(
            f"plot_decision_boundary: needs a label for each of {points.shape[1]} examples, got Y "
            f"of shape {np.shape(Y)}."
        )
    several = labels.shape[0] > 1 and labels.shape[1] == points.shape[1]
    given = labels.argmax(axis=0) if several else labels.reshape(-1)
    ax = _axes("plot_decision_boundary", ax)
    low, high = points.min(axis=1), points.max(axis=1)
    edge = 0.08 * np.where(high > low, high - low, 1)
    x = np.linspace(low[0] - edge[0], high[0] + edge[0], steps)
    y = np.linspace(low[1] - edge[1], high[1] + edge[1], steps)
    grid = np.stack([g.reshape(-1) for g in np.meshgrid(x, y)])
    own = getattr(net, "classes_", None)
    if rows and own is not None and not np.isin(given, own).all():  # labels by their numbers
        if not np.isin(given, range(len(own))).all() or np.isin(given, own).any():
            raise ValueError(
                f"plot_decision_boundary: Y needs the classes of the estimator, {list(own)}, got "
                f"{np.unique(given).tolist()}."
            )
        given = np.asarray(own)[given.astype(int)]
    answers = np.asarray(function(grid.T if rows else grid)).reshape(-1)
    names, numbers = np.unique(np.concatenate([given, answers]), return_inverse=True)
    if len(names) > max(10, len(np.unique(given))):
        raise ValueError(
            f"plot_decision_boundary: needs classes, and predict gives {len(names)} numbers; use a "
            "network that ends with a sigmoid or softmax, or a function such as "
            "lambda X: net.predict(X.T).reshape(-1) > 0."
        )
    classes, found = numbers[: len(given)], numbers[len(given) :].reshape(steps, steps)
    known = range(len(names))
    colours = [_COLOURS[1], _COLOURS[0], *_COLOURS[2:]]
    for k in known:
        c = colours[int(k) % len(colours)]
        if (found == k).any() and (found != k).any():
            ax.contourf(x, y, (found == k).astype(float), levels=[0.5, 1.5], colors=[c], alpha=0.16)
        elif (found == k).all():
            ax.axvspan(x[0], x[-1], color=c, alpha=0.16, lw=0)
        here = classes == k
        marker = "os^Dv"[int(k) % 5]
        ax.scatter(
            *points[:, here], s=18, color=c, marker=marker, edgecolor="white", linewidth=0.4,
            label=f"class {_plain_name(names[k])}",
        )  # fmt: skip
    if len(np.unique(found)) > 1:
        for k in known[:-1]:
            ax.contour(x, y, (found > k).astype(float), levels=[0.5], colors="0.25", linewidths=1)
    ax.set(xlabel="x₁", ylabel="x₂", title=title, xlim=(x[0], x[-1]), ylim=(y[0], y[-1]))
    return _finished(ax, grid=False)


def plot_confusion_matrix(
    matrix: Any,
    X: npt.ArrayLike | None = None,
    Y: npt.ArrayLike | None = None,
    *,
    ax: Any = None,
    labels: list[str] | None = None,
    title: str = "Confusion matrix",
) -> Any:
    """Draw a confusion matrix with its counts.

    Parameters
    ----------
    matrix : array_like, shape (C, C), or Module
        From `confusion_matrix`: true classes in rows. Or the network, and then X and Y.
    X, Y : array_like, shapes (n_x, m) and (n_y, m), optional
        Examples and labels of which the network's classes are counted.
    ax : Axes, optional
        Where to draw.
    labels : list of str, optional
        Names of the classes.
    title : str
        Above it.
    """
    if isinstance(matrix, Module):
        if X is None or Y is None:
            raise TypeError("plot_confusion_matrix: a network needs X and Y after it.")
        matrix = confusion_matrix(matrix, X, Y)
    elif X is not None or Y is not None:
        raise TypeError("plot_confusion_matrix: takes a table alone, or a network, X and Y.")
    table = np.asarray(matrix)
    if table.ndim != 2 or table.shape[0] != table.shape[1]:
        raise ShapeError(f"plot_confusion_matrix: needs shape (C, C), got {table.shape}.")
    names = labels if labels is not None else [str(k) for k in range(len(table))]
    if len(names) != len(table):
        raise ValueError(f"plot_confusion_matrix: needs {len(table)} labels, got {len(names)}.")
    ax = _axes("plot_confusion_matrix", ax)
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i, j in np.ndindex(*table.shape):
        colour = "white" if shares[i, j] > 0.55 else "0.15"
        ax.text(j, i, f"{table[i, j]:,}", ha="center", va="center", color=colour)
    places = range(len(table))
    ax.set_xticks(places, names)
    ax.set_yticks(places, names)
    ax.set(xlabel="predicted", ylabel="true", title=title)
    return ax


def plot_weights(
    W: Any, shape: tuple[int, int], *, ax: Any = None, columns: int | None = None
) -> Any:
    """Draw the rows of a first layer's W as images: what each unit looks for.

    Parameters
    ----------
    W : array_like or Tensor, shape (units, height · width), or Network
        Weights; of a network, those of its first layer.
    shape : tuple of int
        (height, width) of an image.
    ax : Axes, optional
        Where to draw.
    columns : int, optional
        Images in a row.
    """
    if isinstance(W, Module):
        first = next(iter(W.weights()), None)
        if first is None:
            raise TypeError(f"plot_weights: {W.title} has no weights; pass an array.")
        W = first
    rows = np.asarray(getattr(W, "data", W))
    if rows.ndim != 2 or rows.shape[1] != shape[0] * shape[1]:
        raise ShapeError(
            f"plot_weights: W of shape {rows.shape} has no images of shape {tuple(shape)} in its "
            "rows."
        )
    ax = _axes("plot_weights", ax)
    across = columns or int(np.ceil(np.sqrt(len(rows))))
    down = -(-len(rows) // across)
    h, w = shape
    canvas = np.full((down * (h + 1) - 1, across * (w + 1) - 1), np.nan)
    for i, row in enumerate(rows):
        y, x = divmod(i, across)
        canvas[y * (h + 1) : y * (h + 1) + h, x * (w + 1) : x * (w + 1) + w] = row.reshape(h, w)
    bound = float(np.nanmax(np.abs(canvas))) or 1.0
    picture = ax.imshow(canvas, cmap="RdBu_r", vmin=-bound, vmax=bound, interpolation="nearest")
    ax.figure.colorbar(picture, ax=ax, shrink=0.8, label="weight")
    ax.set(title=f"Weights of {len(rows)} units")
    ax.set_axis_off()
    return ax


def save_plot(path: str | os.PathLike[str], draw: Callable[[Any], Any]) -> Path:
    """Write what a function draws on its axes as a file, whole or not at all; return the path.

    Parameters
    ----------
    path : path_like
        Its ending says the format: .svg, .png, .pdf.
    draw : callable
        Called with the axes, such as ``lambda ax: nn.plot_cost(history, ax=ax)``.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    target = Path(path)
    matplotlib = _matplotlib("save_plot")
    known = _figure().canvas.get_supported_filetypes()
    if target.suffix and target.suffix[1:].lower() not in known:
        raise ValueError(
            f"save_plot: {target.name!r} needs an ending such as .svg, .png or .pdf; matplotlib "
            f"writes {', '.join(f'.{kind}' for kind in sorted(known))}."
        )
    if not target.suffix or not target.parent.is_dir():
        raise OSError(
            f"save_plot: cannot write {str(target)!r}: it needs an ending such as .svg, and "
            "a folder that exists."
        )
    style = {"svg.hashsalt": "retrograd", "font.family": "DejaVu Sans"}
    with matplotlib.rc_context(style):
        figure = _figure()
        draw(figure.add_subplot())
        content = BytesIO()
        metadata = {"Date": None} if target.suffix == ".svg" else None
        figure.savefig(content, format=target.suffix[1:], metadata=metadata)
    write_whole("save_plot", target, content.getvalue())
    return target


def _matplotlib(where: str) -> Any:
    try:
        import matplotlib
    except ImportError as error:
        raise ImportError(
            f"{where}: needs matplotlib; install it with pip install matplotlib."
        ) from error
    return matplotlib


def _figure() -> Any:
    from matplotlib.figure import Figure

    return Figure(figsize=(7, 4), layout="constrained")


def _axes(where: str, ax: Any) -> Any:
    """Return the given axes, or those of a new figure: pyplot's, where it is used already."""
    _matplotlib(where)
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(7, 4), layout="constrained")[1]


def _finished(ax: Any, *, whole: bool = False, grid: bool = True) -> Any:
    """Give axes the look that all plots share."""
    from matplotlib.ticker import MaxNLocator

    if whole:
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    labelled = ax.get_legend_handles_labels()[1]
    if len(labelled) > 1:
        ax.legend(frameon=False, fontsize="small", ncols=1 + (len(labelled) > 12))
    ax.spines[["top", "right"]].set_visible(False)
    if grid:
        ax.grid(alpha=0.25)
    return ax


def _shades(n: int) -> list[Any]:
    if n <= len(_COLOURS):
        return list(_COLOURS[:n])
    import matplotlib

    return [matplotlib.colormaps["viridis"](i / max(n - 1, 1)) for i in range(n)]


def per_step(schedule: Any) -> bool:
    """Return whether a schedule counts steps; one is drawn for each epoch then."""
    return getattr(schedule, "per", None) == "step"


def _run(history: Any) -> Any:
    """Return a history, made of costs if it is a list of them."""
    if hasattr(history, "dev_cost"):
        return history
    try:
        costs = [] if isinstance(history, (str, dict)) else [*history]
    except TypeError:  # it is no sequence
        costs = []
    costs = [c.item() if np.ndim(value_of(c)) == 0 and hasattr(c, "item") else c for c in costs]
    if not costs or not all(isinstance(c, (int, float)) for c in costs):
        raise TypeError(
            f"plot_cost: needs what nn.fit returns, or the costs in a list, got {history!r:.60}."
        )
    return SimpleNamespace(cost=[float(c) for c in costs], dev_cost=[])


def _is_several(history: Any) -> bool:
    return isinstance(history, dict) and not hasattr(history, "gradient_norms")
