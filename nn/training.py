"""`fit`: mini-batch training with a dev set, a history and a progress bar."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import ShapeError, Tensor, no_grad
from nn.data import Part, check_finite, minibatches
from nn.losses import Loss, cost
from nn.module import Module

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy.typing as npt

    from nn.optim import Optimizer

__all__ = ["History", "TrainingError", "accuracy", "fit"]

from_engine = True


class TrainingError(ArithmeticError):
    """The cost stopped being a finite number."""


@dataclass
class History:
    """What happened in each epoch.

    Attributes
    ----------
    cost : list of float
        Average of the mini-batch costs of the epoch, in nats, each before its step.
    dev_cost : list of float
        Cost on the dev set after the epoch; empty without one.
    seconds : float
        Wall time in all.
    """

    cost: list[float] = field(default_factory=list)
    dev_cost: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def epochs(self) -> int:
        """How many epochs were run."""
        return len(self.cost)

    def plot(self, path: str | Path, title: str = "Cost") -> Path:
        """Write the cost curves as a figure (matplotlib, extra `plot`); return the path.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        OSError
            If the file cannot be written; nothing is left half-written.
        """
        try:
            from matplotlib import rc_context
            from matplotlib.figure import Figure
            from matplotlib.ticker import MaxNLocator
        except ImportError as error:
            raise ImportError(
                "History.plot: needs matplotlib; install it with pip install matplotlib."
            ) from error
        target = Path(path)
        if not target.suffix or not target.parent.is_dir():
            raise OSError(
                f"History.plot: cannot write {str(target)!r}: it needs an ending such as .svg, and "
                "a folder that exists."
            )
        with rc_context({"svg.hashsalt": "retrograd", "font.family": "DejaVu Sans"}):
            figure = Figure(figsize=(7, 4), layout="constrained")
            axes = figure.add_subplot()
            epochs = np.arange(1, self.epochs + 1)
            axes.plot(epochs, self.cost, color="#0072B2", lw=2, label="train")
            if self.dev_cost:
                axes.plot(epochs, self.dev_cost, color="#D55E00", lw=2, ls="--", label="dev")
                axes.legend(frameon=False)
            axes.set(xlabel="epoch", ylabel="cost J (nats)", title=title)
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.spines[["top", "right"]].set_visible(False)
            axes.grid(alpha=0.25)
            part = target.with_name(f".{target.name}.part{target.suffix}")
            try:
                metadata = {"Date": None} if target.suffix == ".svg" else None
                figure.savefig(part, metadata=metadata)
                part.replace(target)
            finally:
                part.unlink(missing_ok=True)
        return target


def fit(
    net: Module,
    X: npt.ArrayLike,
    Y: npt.ArrayLike,
    *,
    optimizer: Optimizer,
    loss: Loss | None = None,
    epochs: int = 50,
    batch_size: int | None = 64,
    dev: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    progress: bool = True,
    on_epoch: Callable[[int, History], None] | None = None,
    rng: np.random.Generator | int | None = None,
) -> History:
    """Train a network: in each epoch, one optimizer step for each mini-batch.

    Parameters
    ----------
    net : Module
        Changed in place.
    X, Y : array_like, shapes (n[0], m) and (n[L], m)
        Training examples and labels in columns; finite.
    optimizer : Optimizer
        On ``net.parameters()``.
    loss : callable, optional
        A cost such as `binary_cross_entropy`; see `cost` for the stable form it is given. By
        default the cross-entropy that belongs to the network's sigmoid or softmax output.
    epochs : int
        Passes over the training set.
    batch_size : int or None
        Columns in a mini-batch; None for the whole set.
    dev : pair of array_like, optional
        (X_dev, Y_dev), whose cost is measured after each epoch.
    progress : bool
        Show a bar (tqdm, where it is installed), when standard error is a terminal.
    on_epoch : callable, optional
        Called as ``on_epoch(epoch, history)`` after each epoch, counted from 1.
    rng : Generator, int or None
        Decides the mini-batches.

    Returns
    -------
    History

    Raises
    ------
    ShapeError
        If X, Y or dev do not fit each other or the network.
    ValueError
        If the data are not finite, or the labels not in the loss's range.
    TrainingError
        If the cost stops being finite. The parameters are those of the last finite cost.
    """
    if not isinstance(epochs, (int, np.integer)) or epochs < 0:
        raise ValueError(f"fit: epochs needs to be an int of at least 0, got {epochs!r}.")
    if loss is None:
        loss = None if net.ending is None else net.ending.loss
    if not callable(loss):
        raise ValueError(
            f"fit: needs loss=, a function such as nn.binary_cross_entropy, got {loss!r}; only a "
            "network that ends with a sigmoid or softmax has one by default."
        )
    X, Y = Tensor(X).numpy(), Tensor(Y).numpy()
    if not X.size:
        raise ValueError(f"fit: needs at least one example, got X of shape {X.shape}.")
    check_finite("fit", X=X, Y=Y)
    generator = np.random.default_rng(rng)
    held_out = None
    with no_grad():  # every mistake in shapes and labels shows here, before anything changes
        cost(net, Tensor(X), Tensor(Y), loss)
        next(minibatches(X, Y, batch_size, rng=0))
        if dev is not None:
            dev_X, dev_Y = np.asarray(dev[0]), np.asarray(dev[1])
            check_finite("fit", dev_X=dev_X, dev_Y=dev_Y)
            held_out = Tensor(dev_X), Tensor(dev_Y)
            cost(net, *held_out, loss)
    history, started = History(), time.perf_counter()
    last: list[npt.NDArray[Any]] = []
    for epoch in _bar(range(1, epochs + 1), progress):
        total = 0.0
        net.train()
        for batch in minibatches(X, Y, batch_size, rng=generator):
            total += _step(net, batch, loss, optimizer, epoch, last) * batch.X.shape[1]
        history.cost.append(total / X.shape[1])
        net.eval()
        if held_out is not None:
            with no_grad():
                history.dev_cost.append(cost(net, *held_out, loss).item())
        history.seconds = time.perf_counter() - started
        if on_epoch is not None:
            on_epoch(epoch, history)
    return history


def accuracy(net: Any, X: npt.ArrayLike, Y: npt.ArrayLike) -> float:
    """Return the fraction of columns that a classifier's `predict` gets right, in [0, 1].

    Parameters
    ----------
    net : Module
        One that ends with a sigmoid or softmax.
    X, Y : array_like, shapes (n[0], m) and (n[L], m)
        Examples, and labels 0 or 1 (one-hot for softmax).
    """
    ending = getattr(net, "ending", None)
    if ending is None or ending.loss is None:
        raise ValueError("accuracy: needs a network that ends with a sigmoid or softmax.")
    with no_grad():
        A = net(X).data
    wanted = np.asarray(Y)
    if wanted.shape != A.shape:
        hint = "pass one_hot(labels)" if A.shape[0] > 1 else "pass Y.reshape(1, -1)"
        raise ShapeError(f"accuracy: labels need the shape {A.shape}, got {wanted.shape}; {hint}.")
    own = type(net).predict is not Module.predict  # such as one with another threshold
    right = np.equal(net.predict(X) if own else ending.classes(A), ending.classes(wanted))
    return float(np.mean(np.all(np.atleast_2d(right), axis=0)))


def _step(
    net: Module,
    batch: Part,
    loss: Loss,
    optimizer: Optimizer,
    epoch: int,
    last: list[npt.NDArray[Any]],
) -> float:
    """Do one step; return the cost before it. `last` holds the values of the last finite cost."""
    J = cost(net, Tensor(batch.X), Tensor(batch.Y), loss)
    value = float(J.item())
    if not math.isfinite(value):
        for p, before in zip(optimizer.parameters, last, strict=False):
            p.data = before
        raise TrainingError(
            f"fit: the cost became {value} in epoch {epoch}, before step {optimizer.steps + 1}; "
            "the parameters are those of the last finite cost. "
            + (
                f"Try a learning rate below {optimizer.learning_rate:g}, or normalize the inputs."
                if optimizer.steps
                else "No step has been taken: see that the loss takes what the output gives."
            )
        )
    optimizer.zero_grad()
    J.backward()
    last[:] = [p.data for p in optimizer.parameters]
    optimizer.step()
    return value


def _bar(epochs: Iterable[int], progress: bool) -> Iterable[int]:
    """Wrap the epochs in a progress bar where one can be shown."""
    if not progress:
        return epochs
    try:
        from tqdm import tqdm
    except ImportError:
        return epochs
    bar: Iterable[int] = tqdm(epochs, desc="fit", unit="epoch", disable=None)
    return bar
