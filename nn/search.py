"""Random search for hyperparameters."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import ShapeError
from nn._words import count, outside
from nn.data import Part
from nn.diagnosis import TrainingWarning
from nn.linear import Network
from nn.losses import cost
from nn.metrics import accuracy
from nn.rng import Rng, generator
from nn.training import TrainingError, _bar, fit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nn.history import History
    from nn.module import Module

__all__ = ["Trial", "random_search"]


@dataclass(frozen=True)
class Trial:
    """One network that `random_search` has trained.

    Attributes
    ----------
    settings : dict
        "learning_rate", "units" (of the hidden layers) and "hidden" (their activation).
    dev_cost : float
        After training; infinity if it diverged.
    dev_accuracy : float
        For a network that ends with a sigmoid or softmax; NaN otherwise.
    net : Module
    history : History or None
    error : str or None
        Why training stopped, if it diverged.
    """

    settings: dict[str, Any]
    dev_cost: float
    dev_accuracy: float
    net: Module = field(repr=False)
    history: History | None = field(repr=False)
    error: str | None = None


def random_search(
    train: tuple[Any, Any],
    dev: tuple[Any, Any],
    *,
    trials: int = 20,
    learning_rate: tuple[float, float] = (1e-4, 1e-1),
    layers: tuple[int, int] = (1, 3),
    units: tuple[int, int] = (4, 64),
    hidden: Sequence[str] = ("relu", "tanh"),
    output: str | None = None,
    init: str | float = "he",
    progress: bool = True,
    on_trial: Callable[[int, Trial], Any] | None = None,
    rng: Rng = None,
    **options: Any,
) -> list[Trial]:
    """Train networks with random settings; return the trials, the least dev cost first.

    Parameters
    ----------
    train, dev : pair of array_like
        (X, Y), examples in columns.
    trials : int
        How many networks.
    learning_rate : pair of float
        The least and the greatest α; drawn on a logarithmic scale.
    layers, units : pair of int
        The least and the greatest number of hidden layers, and of units in each; units are drawn on
        a logarithmic scale.
    hidden : sequence of str
        Activations to choose from.
    output : str, optional
        The output's activation; by default a sigmoid for one row of Y, softmax for several.
    init : str or float
        How weights begin.
    progress : bool
        Show a bar, when standard error is a terminal.
    on_trial : callable, optional
        Called as ``on_trial(number, trial)`` after each, counted from 1.
    rng : Generator, RandomState, int or None
        Decides everything.
    **options
        For `fit`: epochs, batch_size, optimizer, loss, penalty, …

    Examples
    --------
    >>> import nn
    >>> X = np.array([[-1.0, 1.0, -2.0, 2.0]])
    >>> rates = (0.01, 0.1)
    >>> found = nn.random_search((X, X > 0), (X, X > 0), trials=2, learning_rate=rates, rng=0)
    >>> len(found), found[0].dev_cost <= found[1].dev_cost
    (2, True)

    Notes
    -----
    A keyboard interrupt ends the search and returns the trials that were finished, with a warning.
    """
    where = "random_search"
    for name, pair in (("learning_rate", learning_rate), ("layers", layers), ("units", units)):
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise TypeError(
                f"{where}: {name} needs a pair, its least and its greatest value, got {pair!r}."
            )
        low, high = pair
        if not 0 <= low <= high or (low == 0 and name != "layers"):
            raise ValueError(
                f"{where}: {name} needs a least and a greatest value above 0, got {(low, high)}."
            )
    if "checkpoint" in options:
        raise TypeError(f"{where}: a checkpoint is of one run; leave checkpoint= out.")
    stream = generator(rng, where)
    hidden = [hidden] if isinstance(hidden, str) else list(hidden)
    (X, Y), (dev_X, dev_Y) = Part(*map(np.asarray, train)), Part(*map(np.asarray, dev))
    if X.ndim != 2 or Y.ndim != 2:
        raise ShapeError(
            f"{where}: X and Y need examples in columns, got shapes {X.shape} and {Y.shape}; write "
            "Y.reshape(1, -1), or one_hot(Y)."
        )
    found: list[Trial] = []
    for number in _bar(range(1, count(where, "trials", trials) + 1), progress):
        alpha = math.exp(stream.uniform(*np.log(learning_rate)))
        depth = math.floor(stream.uniform(layers[0], layers[1] + 1))
        widths = [
            int(math.exp(stream.uniform(np.log(units[0]), np.log(units[1] + 1))))
            for _ in range(depth)
        ]
        g = hidden[math.floor(stream.uniform(0, len(hidden)))]
        settings = {"learning_rate": alpha, "units": tuple(widths), "hidden": g}
        net = Network(
            [X.shape[0], *widths, Y.shape[0]],
            hidden=g,
            output=output or ("sigmoid" if Y.shape[0] == 1 else "softmax"),
            init=init,
            rng=stream,
        )
        settled = {"progress": False, "optimizer": "adam", "rng": stream, **options}
        history: History | None = None
        try:
            history = fit(net, X, Y, dev=(dev_X, dev_Y), learning_rate=alpha, **settled)
        except TrainingError as error:
            trial = Trial(settings, math.inf, math.nan, net, error.history, str(error))
        else:
            classifies = net.ending is not None and net.ending.loss is not None
            right = accuracy(net, dev_X, dev_Y) if classifies else math.nan
            with net.evaluating():
                dev_cost = cost(net, dev_X, dev_Y, options.get("loss")).item()
            trial = Trial(settings, dev_cost, right, net, history)
        if history is not None and history.interrupted:
            if not found:
                raise KeyboardInterrupt
            warnings.warn(
                f"{where}: interrupted in trial {number} of {trials}; these are the "
                f"{len(found)} that were finished.",
                TrainingWarning,
                stacklevel=outside(),
            )
            break
        found.append(trial)
        if on_trial is not None:
            on_trial(number, trial)
    return sorted(found, key=lambda trial: trial.dev_cost)
