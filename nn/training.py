"""`fit`: mini-batch training, with what one wants to know and to keep of it."""

from __future__ import annotations

import copy
import inspect
import json
import math
import sys
import time
import warnings
import zlib
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import ShapeError, Tensor, enable_grad, gradients, no_grad
from autograd.tensor import value_of
from nn import diagnosis
from nn._described import described, function_of, settings_of
from nn._words import count, outside, positive, refuse_keywords
from nn.activations import Sigmoid, Softmax
from nn.data import batch_columns, check_finite, minibatches
from nn.diagnosis import TrainingWarning
from nn.history import History
from nn.io import FileFormatError, check_target, read_arrays, read_metadata, write_arrays
from nn.losses import Loss, check_penalty, cost, loss_called
from nn.metrics import metric
from nn.module import Module, buffer_of, set_buffer
from nn.normalization import BatchNorm
from nn.optim import Optimizer, clip_gradients, optimizer_for
from nn.rng import check_rng_state, generator, load_rng_state, rng_state

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy.typing as npt

    from nn.optim import Rate
    from nn.regularizers import Penalty
    from nn.rng import Rng, Stream

    State = dict[str, npt.NDArray[Any]]

__all__ = ["EarlyStopping", "TrainingError", "fit"]

from_engine = True

_GLOBAL: Any = np.random.mtrand._rand  # np.random's own stream
DIVERGED = 1000.0  # times the cost of the network as it began
SUMS = {"data", "dev", "weights"}  # what is compared by a checksum
RESERVED = {"cost", "dev_cost", "learning_rate"}


class TrainingError(ArithmeticError):
    """Training diverged. The parameters are those of the best epoch before.

    Attributes
    ----------
    history : History
        What was measured before.
    epoch : int
        In which it happened.
    layer : str or None
        The path of the first parameter that is not finite, or whose gradient is largest.
    """

    def __init__(
        self,
        message: str,
        history: History | None = None,
        epoch: int = 0,
        layer: str | None = None,
    ) -> None:
        super().__init__(message)
        self.history, self.epoch, self.layer = history, epoch, layer

    def __reduce__(self) -> Any:
        return type(self), (self.args[0], self.history, self.epoch, self.layer)


@dataclass(frozen=True)
class EarlyStopping:
    """Stop when the dev cost has not improved for some epochs; keep the best parameters.

    Parameters
    ----------
    patience : int
        How many epochs without improvement are waited for.
    least : float
        By how much the dev cost has to fall to count, ≥ 0.
    """

    patience: int = 10
    least: float = 0.0

    def __post_init__(self) -> None:
        count("EarlyStopping", "patience", self.patience)
        positive("EarlyStopping", "least", self.least, zero=True)

    def is_over(self, costs: Sequence[float]) -> bool:
        """Return whether the last `patience` costs brought no improvement."""
        best, since = math.inf, 0
        for value in costs:
            best, since = (value, 0) if value < best - self.least else (best, since + 1)
        return since >= self.patience


def fit(
    net: Module,
    X: npt.ArrayLike,
    Y: npt.ArrayLike | None = None,
    *,
    optimizer: Optimizer | str = "adam",
    learning_rate: Rate | None = None,
    loss: Loss | None = None,
    penalty: Penalty | None = None,
    epochs: int = 50,
    batch_size: int | None = 64,
    shuffle: bool = True,
    dev: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    metrics: Sequence[str | Callable[..., float]] = (),
    sample_weight: npt.ArrayLike | None = None,
    class_weight: Mapping[int, float] | str | None = None,
    max_norm: float | None = None,
    early_stopping: EarlyStopping | int | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: int = 1,
    resume: bool = True,
    progress: bool = True,
    on_epoch: Callable[[int, History], Any] | Sequence[Callable[[int, History], Any]] | None = None,
    rng: Rng | Callable[[int], Rng] = None,
    **unknown: Any,
) -> History:
    """Train a network: in each epoch, one optimizer step for each mini-batch.

    Parameters
    ----------
    net : Module
        Changed in place.
    X, Y : array_like, shapes (n[0], m) and (n[L], m)
        Training examples and labels in columns; finite.
    optimizer : Optimizer or str
        On ``net.parameters()``, or a name: "adam", "adamw", "momentum", "rmsprop", "sgd". One that
        has taken steps goes on where it was: with its averages, and the epoch of its schedule.
    learning_rate : float or callable, optional
        With a name: α, or a schedule.
    loss : callable, optional
        A cost such as `binary_cross_entropy`; see `cost` for the stable form it is given. By
        default the cross-entropy that belongs to the network's sigmoid or softmax output.
    penalty : Penalty, optional
        `L1` or `L2`, with m of the whole training set.
    epochs : int
        Passes over the training set.
    batch_size : int or None
        Columns in a mini-batch; None for the whole set.
    shuffle : bool
        Draw the mini-batches anew in each epoch; False takes the columns as they stand.
    dev : pair of array_like, optional
        (X_dev, Y_dev), whose cost is measured after each epoch.
    metrics : sequence of str or callable
        "accuracy", "precision", "recall", "f1", "auc", or functions of (net, X, Y): measured after
        each epoch on the dev set as ``history["dev_accuracy"]``; without one, on the training set.
    sample_weight : array_like, shape (m,), optional
        Of each example; their mean is made 1.
    class_weight : mapping or "balanced", optional
        From class number to weight; "balanced" weighs each class alike.
    max_norm : float, optional
        Gradients of a greater common norm are scaled down to it.
    early_stopping : EarlyStopping or int, optional
        Stop when the dev cost has not improved for so many epochs. The parameters of the best epoch
        are restored at the end, also when all epochs were run.
    checkpoint : path_like, optional
        A file ``….safetensors`` that is written after each epoch, whole or not at all: parameters,
        optimizer, random state, history.
    checkpoint_every : int
        Epochs from one checkpoint to the next; the last epoch has one in any case.
    resume : bool
        Go on from the checkpoint, if there is one; the result is that of an uninterrupted run, bit
        for bit. False begins anew, and replaces it.
    progress : bool
        Show a bar (tqdm, where it is installed), when standard error is a terminal.
    on_epoch : callable or sequence of callables, optional
        Called as ``on_epoch(epoch, history)`` after each epoch, counted from 1. Training stops when
        one returns True or raises StopIteration.
    rng : Generator, RandomState, int or None; or callable
        Decides the mini-batches. A function of the epoch gives a new one for each, as in the
        course: ``rng=lambda epoch: np.random.RandomState(10 + epoch)``.

    Returns
    -------
    History
        After a keyboard interrupt, that of the epochs that were finished. The network is left in
        `eval()`, for predictions; a loop of your own that goes on needs `net.train()`.

    Raises
    ------
    ShapeError
        If X, Y or dev do not fit each other or the network.
    ValueError
        If the data are not finite, or the labels not in the loss's range.
    TrainingError
        If cost or parameters stop being finite, or the cost rises above 1000 times that of the
        beginning. The parameters are those of the best cost that was seen.

    Warns
    -----
    TrainingWarning
        Once for each of `History.notes`.
    """
    refuse_keywords(
        "fit", unknown, [n for n in inspect.signature(fit).parameters if n != "unknown"]
    )
    given: Any = net
    if not isinstance(given, Module):
        kind = given.__name__ if isinstance(given, type) else type(given).__name__
        raise TypeError(f"fit: needs a module of nn first, then X and Y; got {kind}.")
    if Y is None:
        raise TypeError("fit: needs the network, X and Y, as in fit(net, X, Y); got no Y.")
    check_penalty("fit", penalty)
    calls = _listed(on_epoch)
    for call in calls:
        if not callable(call):
            raise TypeError(
                f"fit: on_epoch needs a function of (epoch, history), or a list of them, got "
                f"{call!r}."
            )
    run = _Run(
        net,
        optimizer_for("fit", optimizer, net.parameters(), learning_rate),
        _loss(net, loss),
        penalty,
        count("fit", "epochs", epochs, 0),
        batch_size,
        _metrics(metrics),
        None if max_norm is None else positive("fit", "max_norm", max_norm),
        _stopping(early_stopping, dev),
    )
    with np.errstate(all="ignore"):  # what overflows is found and said
        run.take(X, Y, dev, sample_weight, class_weight)
    if not isinstance(shuffle, (bool, np.bool_)):
        raise TypeError(f"fit: shuffle needs True or False, got {shuffle!r}.")
    run.shuffle = bool(shuffle)
    run.stream = None if callable(rng) else generator(rng, "fit")
    run.reseed = rng if callable(rng) else None
    run.seed = rng if isinstance(rng, int) else type(rng).__name__
    run.seed = function_of(rng, around=True) if callable(rng) else run.seed
    run.calls = calls
    run.every = count("fit", "checkpoint_every", checkpoint_every, 1)
    if checkpoint is None and run.every != 1:
        raise ValueError("fit: checkpoint_every needs checkpoint=, the file to write.")
    if checkpoint is not None:
        run.file = Path(checkpoint).expanduser()
        check_target("fit", run.file)
        run.print = run.fingerprint()
        if resume and run.file.exists():
            run.resume()
    with np.errstate(all="ignore"):
        run.train(progress)
    return run.history


class _Run:
    """One call of `fit`: what it trains, with what, and where it stands."""

    weight: npt.NDArray[Any] | None  # set by `take`, as the first cost is
    first_cost: float
    stream: Stream | None  # set by `fit`
    reseed: Callable[[int], Any] | None
    shuffle: bool
    seed: Any
    calls: list[Callable[[int, History], Any]]
    print: dict[str, Any]
    every: int

    def __init__(
        self,
        net: Module,
        optimizer: Optimizer,
        loss: Loss,
        penalty: Penalty | None,
        epochs: int,
        batch_size: int | None,
        metrics: list[tuple[str, Callable[..., Any]]],
        max_norm: float | None,
        stopping: EarlyStopping | None,
    ) -> None:
        self.net, self.optimizer, self.loss, self.penalty = net, optimizer, loss, penalty
        self.epochs, self.batch_size, self.metrics = epochs, batch_size, metrics
        self.max_norm, self.stopping = max_norm, stopping
        self.paths = dict(net.named_parameters())
        self.history = History()
        self.dev: tuple[Tensor, Tensor] | None = None
        self.file: Path | None = None
        self.legacy = _legacy_state()
        self.kept_whole: tuple[Tensor, Tensor] | None = None
        self.kept_value: Any = None  # of its X, which a module may have replaced
        self.kept = [(m, name) for _, m, name in net._buffers()]
        self.values = self._values()  # as they were when they were last looked at
        self.began: Any = _checksum(*self.values[0])
        self.best, self.best_values = math.inf, self.values
        self.touched = True  # whether others may have changed the network since
        self.rate = optimizer.learning_rate if optimizer._schedule is None else None

    def _values(self) -> tuple[list[Any], list[Any]]:
        """Return the values of parameters and buffers, which are replaced and never changed."""
        buffers = [buffer_of(module, name) for module, name in self.kept]
        return [value_of(p) for p in self.paths.values()], buffers

    def _restore(self) -> None:
        """Set the network to the best values."""
        values, buffers = self.best_values
        for p, value in zip(self.paths.values(), values, strict=True):
            p.data = value
        for (module, name), array in zip(self.kept, buffers, strict=True):
            set_buffer(module, name, array)

    # -- before ------------------------------------------------------------------------------------

    def take(self, X: Any, Y: Any, dev: Any, sample_weight: Any, class_weight: Any) -> None:
        """Check data and labels: every mistake in them shows here, before anything changes."""
        net = self.net
        self.X, self.Y = _matrix_of("X", X), _matrix_of("Y", Y)
        if not self.X.size or not self.Y.size:
            raise ValueError(f"fit: needs at least one example, got X of shape {self.X.shape}.")
        check_finite("fit", X=self.X, Y=self.Y)
        with net.evaluating():
            unweighted = self._cost(*self.whole(), None)
            next(minibatches(self.X, self.Y, self.batch_size, rng=0))
            self.weight = _weights(self.Y, sample_weight, class_weight)
            weighted = self.weight is not None
            cost = self._cost(*self.whole(), self.weight) if weighted else unweighted
            self.first_cost = float(cost.item())
            if dev is not None:
                self._take_dev(dev)
            for name, function in self.metrics:
                _number(name, function(net, *self._measured_on))
        ending = net.ending
        if class_weight is not None and not (
            isinstance(ending, Softmax) or (isinstance(ending, Sigmoid) and self.Y.shape[0] == 1)
        ):
            raise ValueError(
                "fit: class_weight needs classes: a network that ends with one sigmoid or with "
                "softmax; use sample_weight."
            )
        m, size = self.X.shape[1], self.batch_size
        left = m if size is None or size >= m else (m % size or size)
        if 1 in (left, size) and any(isinstance(m, BatchNorm) for m in net.modules()):
            raise ValueError(
                f"fit: batches of {size} of {m} examples leave one of a single example, which has "
                "no variance for BatchNorm; choose another batch_size."
            )

    def _take_dev(self, dev: Any) -> None:
        if not isinstance(dev, (tuple, list)) or len(dev) != 2:
            raise TypeError("fit: dev needs a pair (X_dev, Y_dev); nn.split cuts one off.")
        dev_X, dev_Y = (_matrix_of(f"dev {n}", d) for n, d in zip(("X", "Y"), dev, strict=True))
        check_finite("fit", dev_X=dev_X, dev_Y=dev_Y)
        self.dev = Tensor(dev_X), Tensor(dev_Y)
        try:
            cost(self.net, *self.dev, self.loss)
        except (ShapeError, ValueError) as error:
            raise type(error)(f"fit: dev does not fit: {error}") from error

    @property
    def _measured_on(self) -> tuple[Any, Any]:
        return (self.X, self.Y) if self.dev is None else (self.dev[0].data, self.dev[1].data)

    def _cost(self, X: Any, Y: Any, weight: Any) -> Tensor:
        m = self.X.shape[1]
        return cost(self.net, X, Y, self.loss, penalty=self.penalty, m=m, weight=weight)

    def whole(self) -> tuple[Tensor, Tensor]:
        """Return the training set as tensors; they are kept where each step is on all of it."""
        kept = self.kept_whole
        if kept is not None and value_of(kept[0]) is self.kept_value:
            return kept
        X, Y = Tensor(self.X), Tensor(self.Y)
        if self.batch_size is None or self.batch_size >= self.X.shape[1]:
            self.kept_whole, self.kept_value = (X, Y), value_of(X)
        return X, Y

    # -- training ----------------------------------------------------------------------------------

    def train(self, progress: bool) -> None:
        """Run the epochs that are left."""
        history, begun = self.history, time.perf_counter() - self.history.seconds
        if not history.epochs:
            self.note(diagnosis.before(self.net, self.X, self.Y, self.loss))
        elif history.epochs > self.epochs:
            self.note([f"Nothing to train: the checkpoint has {history.epochs} epochs already."])
        left = range(history.epochs + 1, self.epochs + 1)
        before = self._epochs_before()
        bar = _bar(left, progress)
        try:
            for epoch in bar:
                if self.stopping and self._is_over():
                    break
                history.stopped, history.interrupted = None, False
                self.optimizer.epoch = before + epoch
                self.epoch(epoch)
                history.seconds = time.perf_counter() - begun
                over = [_called(call, epoch, history) for call in self.calls]
                if any(over):
                    history.stopped = f"stopped by on_epoch after epoch {epoch}"
                elif self.stopping and self._is_over():
                    history.stopped = f"stopped early after epoch {epoch}"
                if epoch % self.every == 0 or epoch == self.epochs or history.stopped:
                    self.write()
                if hasattr(bar, "set_postfix"):
                    shown = {k: v[-1] for k, v in history.items() if k != "learning_rate"}
                    bar.set_postfix({k: f"{v:.4g}" for k, v in shown.items()})
                if history.stopped:
                    break
        except KeyboardInterrupt:
            for norms in history.gradient_norms.values():
                del norms[history.epochs :]
            history.stopped = f"interrupted in epoch {history.epochs + 1}"
            self.optimizer.epoch = max(before + history.epochs, 1)  # the next run begins with it
            history.interrupted = True
            history.seconds = time.perf_counter() - begun
        finally:
            self.net.eval()
            self.optimizer.zero_grad()  # of the last batch: nobody's pass goes on from there
            if hasattr(bar, "close"):
                bar.close()
        self.values = self._values()
        self._check_parameters(history.epochs)
        if self.stopping and history.epochs:
            self._restore()
        if history.epochs:
            self._look_back()

    def _epochs_before(self) -> int:
        """Return how many epochs the optimizer had before this run; its schedule goes on there."""
        if self.history.epochs:  # of a checkpoint
            return self.optimizer.epoch - self.history.epochs
        return self.optimizer.epoch - (self.optimizer.steps == 0)

    def _look_back(self) -> None:
        """Say what the trained network shows; its last step has been seen by no cost yet."""
        with self.net.evaluating():
            last, first = float(self._cost(*self.whole(), self.weight).item()), self.first_cost
        if not math.isfinite(last) or last > self._bound():
            self._fail(f"the cost went from {first:.4g} to {last:.4g}", self.history.epochs)
        early = list(diagnosis.averages(self.net))
        self.note(early)
        if last > first + 0.5 * abs(first) and not early:
            self.note(
                [
                    f"The cost rose from {first:.4g} to {last:.4g}: try a learning rate below "
                    f"{self.optimizer.learning_rate:g}."
                ]
            )
        if abs(last - first) <= diagnosis.UNCHANGED * abs(first):
            self.note(diagnosis.stuck(self.history, self.optimizer, self._slopes))
        self.note(diagnosis.after(self.net, self.X, self.Y, self.loss, self.weight))

    def _slopes(self) -> list[Any]:
        """Return the gradients on the whole training set, of what the optimizer trains."""
        with self.net.evaluating(), enable_grad():
            J = self._cost(*self.whole(), self.weight)
        return list(gradients(J, self.optimizer.parameters, allow_unused=True))

    def _bound(self) -> float:
        """Return the cost above which training has diverged."""
        return DIVERGED * max(abs(self.first_cost), 1.0)

    def epoch(self, epoch: int) -> None:
        """Run one epoch and measure what the network can do after it."""
        net, history, rate = self.net, self.history, self.optimizer.learning_rate
        measuring = self.dev is not None or bool(self.metrics)
        stream = generator(self.reseed(epoch), "fit") if self.reseed else self.stream
        total, m, first = 0.0, self.X.shape[1], True
        if self.touched:  # by what was called after the epoch before
            self.values = self._values()
        before = self.values  # whose cost the epoch measures, where there is no dev set
        if self.touched or measuring:
            net.train()
        size = m if self.batch_size is None else self.batch_size
        for columns in batch_columns(m, size, stream if size < m and self.shuffle else None):
            X, Y = (
                self.whole()
                if size >= m
                else (Tensor(self.X[:, columns]), Tensor(self.Y[:, columns]))
            )
            weight = None if self.weight is None else self.weight[columns]
            total += self.step(epoch, X, Y, weight, first) * X.shape[1]
            first = False
        measured = {"cost": total / m, "learning_rate": rate}
        self.values = self._values()
        self._check_parameters(epoch)
        if measuring or self.calls:
            net.eval()
        self.touched = bool(self.calls)
        with no_grad():
            if self.dev is not None:
                measured["dev_cost"] = cost(net, *self.dev, self.loss).item()
                if not math.isfinite(measured["dev_cost"]):
                    self._fail(f"the dev cost became {measured['dev_cost']}", epoch)
            prefix = "" if self.dev is None else "dev_"
            for name, function in self.metrics:
                try:
                    measured[prefix + name] = _number(name, function(net, *self._measured_on))
                except ValueError as error:
                    self._fail(f"{name} could not be measured ({error})", epoch)
        history.add(**measured)
        judged = measured.get("dev_cost", measured["cost"])
        if judged < self.best:
            values = before if self.dev is None else self.values
            self.best, self.best_values, history.best_epoch = judged, values, epoch

    def step(self, epoch: int, X: Any, Y: Any, weight: Any, first: bool) -> float:
        """Do one step; return the cost before it."""
        optimizer = self.optimizer
        J = self._cost(X, Y, weight)
        value = float(J.item())
        if not math.isfinite(value):
            self._fail(f"the cost became {value}", epoch)
        if value > self._bound():
            self._fail(f"the cost rose from {self.first_cost:.4g} to {value:.4g}", epoch)
        optimizer.zero_grad()
        J.backward()
        if first:
            slopes = {path: p.grad for path, p in self.paths.items()}
            norms = {path: _norm(g) for path, g in slopes.items() if g is not None}
            for path, norm in norms.items():
                self.history.gradient_norms.setdefault(path, []).append(norm)
            if epoch == 1:
                self.note(diagnosis.first_step(self.net, norms))
        if self.max_norm is not None:
            given = [p.grad for p in optimizer.parameters if p.grad is not None]
            if not all(np.isfinite(g).all() for g in given):
                self._fail("a gradient is not finite", epoch)
            clip_gradients(optimizer.parameters, self.max_norm)
        optimizer.step()
        return value

    def note(self, notes: Iterable[str]) -> None:
        """Keep and say what was noticed, once."""
        for text in notes:
            if text not in self.history.notes:
                self.history.notes.append(text)
                warnings.warn(f"fit: {text}", TrainingWarning, stacklevel=outside())

    def _is_over(self) -> bool:
        return self.stopping is not None and self.stopping.is_over(self.history.dev_cost)

    def _check_parameters(self, epoch: int) -> None:
        for path, value in zip(self.paths, self.values[0], strict=True):
            # A sum of squares that overflows is looked at again, element by element.
            if not math.isfinite(np.vdot(value, value)) and not np.isfinite(value).all():
                self._fail(f"parameter {path} is not finite", epoch)

    def _fail(self, what: str, epoch: int) -> None:
        """Restore the best parameters and raise."""
        paths = self.paths
        broken = [path for path, p in paths.items() if not np.isfinite(p.data).all()]
        sizes = {path: _norm(p.grad) for path, p in paths.items() if p.grad is not None}
        if not sizes:  # of the last step there are none any more
            sizes = {path: norms[-1] for path, norms in self.history.gradient_norms.items()}
        largest = max(sizes, key=lambda path: (math.isnan(sizes[path]), sizes[path]), default=None)
        layer = broken[0] if broken else largest
        self._restore()
        self.net.eval()
        steps, rate = self.optimizer.steps, self.optimizer.learning_rate
        kept = [a for arrays in self.optimizer.state.values() for a in arrays]
        if not all(np.isfinite(a).all() for a in kept):  # nothing could be trained with them
            for a in kept:
                a[...] = 0
            self.optimizer.steps, self.optimizer.epoch = 0, 1
        best = self.history.best_epoch
        raise TrainingError(
            f"fit: {what} in epoch {epoch}, after step {steps}"
            + (f"; the first to see is {layer}" if layer else "")
            + ". The parameters are those of "
            + (
                f"{'the best epoch' if self.dev else 'before the epoch of least cost'}, {best}. "
                if best
                else "the beginning. "
            )
            + (
                f"Try a learning rate below {rate:g}, or normalize the inputs."
                if steps
                else "No step has been taken: see that the loss takes what the output gives."
            ),
            self.history,
            epoch,
            layer,
        )

    # -- checkpoints -------------------------------------------------------------------------------

    def fingerprint(self) -> dict[str, Any]:
        """Return what has to be the same for a run to go on."""
        kept: dict[str, Any] = {
            "network": described(self.net),
            "optimizer": settings_of(self.optimizer),
            "learning_rate": function_of(self.optimizer._schedule, around=True)
            if self.rate is None
            else self.rate,
            "loss": function_of(self.loss),
            "penalty": self._penalized(),
            "rng": self.seed,
            "batch_size": self.batch_size,
            "shuffle": self.shuffle,
            "max_norm": self.max_norm,
            "metrics": [name for name, _ in self.metrics],
            "data": _checksum(self.X, self.Y),
            "dev": None if self.dev is None else _checksum(*(t.data for t in self.dev)),
            "weights": None if self.weight is None else _checksum(self.weight),
        }
        return json.loads(json.dumps(kept, default=str))  # type: ignore[no-any-return]

    def _penalized(self) -> list[Any]:
        """Return a penalty with the paths of the weights that it was given."""
        penalty = self.penalty
        weights = getattr(penalty, "weights", None) or []
        own = {id(p) for p in weights}
        return [repr(penalty), [path for path, p in self.paths.items() if id(p) in own]]

    def _streams(self) -> list[Stream]:
        """Return the sources of random numbers, each once."""
        found = [] if self.stream is None else [self.stream]
        kinds = (np.random.Generator, np.random.RandomState)
        found += [v for m in self.net.modules() for v in vars(m).values() if isinstance(v, kinds)]
        if _legacy_state() != self.legacy:  # the network, a loss or a callback draws from it
            found.append(_GLOBAL)
        return list({id(stream): stream for stream in found}.values())

    def write(self) -> None:
        """Write the checkpoint, if one is asked for."""
        if self.file is None:
            return
        history = self.history
        self.note(_not_kept(self.net))
        arrays = {f"net.{name}": array for name, array in self.net.state_dict().items()}
        names = [*self.paths, *(path for path, _, _ in self.net._buffers())]
        values = [value for part in self.best_values for value in part]
        arrays |= {f"best.{name}": array for name, array in zip(names, values, strict=True)}
        arrays |= {f"optimizer.{k}": array for k, array in self.optimizer.state_dict().items()}
        series = {f"history.{k}": np.array(v, float) for k, v in history.items()}
        series |= {f"norms.{k}": np.array(v, float) for k, v in history.gradient_norms.items()}
        arrays |= series
        run = {
            "fingerprint": self.print,
            "series": {name: len(values) for name, values in series.items()},
            "notes": history.notes,
            "best_epoch": history.best_epoch,
            "stopped": history.stopped,
            "seconds": history.seconds,
            "best": self.best,
            "first_cost": self.first_cost,
            "began": self.began,
            "streams": [rng_state(stream) for stream in self._streams()],
            "rate": None if self.optimizer._schedule else self.optimizer.learning_rate,
            "settings": settings_of(self.optimizer),
        }
        write_arrays("fit", self.file, arrays, {"kind": "checkpoint", "run": json.dumps(run)})

    def resume(self) -> None:
        """Go on from the checkpoint; nothing is changed unless all of it fits."""
        assert self.file is not None
        name = repr(str(self.file))
        metadata = read_metadata("fit", self.file)
        if metadata.get("kind") != "checkpoint":
            raise FileFormatError(
                f"fit: {name} is no checkpoint; choose another name, or read it with nn.load."
            )
        own = self.net.state_dict()
        expected = {f"{part}.{k}": v.shape for part in ("net", "best") for k, v in own.items()}
        slots = self.optimizer.state_dict()
        expected |= {f"optimizer.{k}": v.shape for k, v in slots.items()}
        try:
            run = json.loads(metadata["run"])
            was, now = run["fingerprint"], self.print
            differing = [key for key in now if was.get(key) != now[key]]
            if differing:
                short = {k for k in differing if len(f"{was.get(k)}{now[k]}") < 80} - SUMS
                said = ", ".join(
                    f"{k} (was {was.get(k)!r}, is {now[k]!r})" if k in short else k
                    for k in differing
                )
                raise ValueError(
                    f"fit: {name} is of a run with other settings: {said}. Use the same, or begin "
                    "anew with resume=False, or another file."
                )
            streams = self._streams()
            if len(streams) == len(run["streams"]) - 1:  # np.random's own was drawn from
                streams.append(_GLOBAL)
            if len(streams) != len(run["streams"]):
                raise ValueError(f"fit: {name} is of a run with another kind of rng=.")
            if "history" in run:
                raise FileFormatError(
                    f"fit: {name} is a checkpoint as earlier versions wrote it; begin anew with "
                    "resume=False, or another file."
                )
            if not all(isinstance(n, int) and n >= 0 for n in run["series"].values()):
                raise KeyError("lengths of its history")
            series = {str(k): (n,) for k, n in run["series"].items()}
            odd = [k for k in series if not k.startswith(("history.", "norms."))]
            if odd:
                raise KeyError(odd[0])
            lengths = [n for k, (n,) in series.items() if k.startswith("history.")]
            epochs = series.get("history.cost", (0,))[0]
            if lengths and max(lengths) > epochs:
                raise KeyError("a history without costs of its epochs")
            history = History()
            history.notes = [str(note) for note in run["notes"]]
            history.best_epoch, history.stopped = run["best_epoch"], run["stopped"]
            history.seconds = float(run["seconds"])
            best, first, rate = float(run["best"]), float(run["first_cost"]), run["rate"]
            settings, states = run["settings"], list(run["streams"])
            self._check_settings(settings, rate)
            for stream, state in zip(streams, states, strict=True):
                load_rng_state(copy.deepcopy(stream), state)
            arrays, _ = read_arrays("fit", self.file, {**expected, **series})
            history.update({k: v.tolist() for k, v in _part(arrays, "history.").items()})
            history.gradient_norms = {k: v.tolist() for k, v in _part(arrays, "norms.").items()}
        except FileFormatError:
            raise
        except (KeyError, TypeError, AttributeError, RecursionError, json.JSONDecodeError) as error:
            raise FileFormatError(f"fit: {name} is no whole checkpoint: {error!r}.") from None
        if rate is None and self.optimizer._schedule is None:
            raise ValueError(f"fit: a callback had set a schedule in {name}; it cannot go on.")
        for stream, state in zip(streams, states, strict=True):
            check_rng_state(stream, state)
        self.optimizer.load_state_dict(_part(arrays, "optimizer."))
        for stream, state in zip(streams, states, strict=True):
            load_rng_state(stream, state)
        self.net.load_state_dict(_part(arrays, "net."))
        best_state = _part(arrays, "best.")
        buffers = [best_state[path] for path, _, _ in self.net._buffers()]
        self.best_values = [best_state[path] for path in self.paths], buffers
        now, known = self.began, [run.get("began"), *self._sums(arrays)]
        self.history, self.best, self.first_cost = history, best, first
        self.began = run.get("began")
        if self.began is not None and now not in known:
            self.note(
                [
                    f"Went on from epoch {history.epochs} of {name}, which was begun from other "
                    "parameters than this network had: they are replaced. To train this one, give "
                    "resume=False, or another file."
                ]
            )
        if rate is not None:
            self.optimizer.learning_rate = rate  # what a callback had made of it
        for key, value in settings["settings"].items():
            setattr(self.optimizer, key, value)

    def _sums(self, arrays: State) -> list[Any]:
        """Return the checksums of the last and of the best parameters of a checkpoint."""
        return [
            _checksum(*[arrays[f"{part}.{path}"].astype(p.dtype) for path, p in self.paths.items()])
            for part in ("net", "best")
        ]

    def _check_settings(self, given: Any, rate: Any) -> None:
        """Refuse settings of an optimizer that this one could not have: the file was changed."""
        own = settings_of(self.optimizer)["settings"]
        settings = given["settings"]
        odd = [k for k, v in settings.items() if k in own and type(v) is not type(own[k])]
        odd += [k for k in settings if k not in own and hasattr(self.optimizer, k)]
        if odd or set(own) - set(settings):
            raise KeyError(f"settings of {type(self.optimizer).__name__}")
        try:
            if rate is not None:
                positive("fit", "the learning rate", rate)
            if type(self.optimizer).__module__ == "nn.optim":
                known = self.optimizer.__signature__.parameters
                type(self.optimizer)(
                    self.optimizer.parameters,
                    **{"learning_rate": 1.0, **{k: v for k, v in settings.items() if k in known}},
                )
        except ValueError as error:
            raise FileFormatError(f"fit: {str(self.file)!r} was changed: {error}") from None


def _not_kept(net: Module) -> Iterable[str]:
    """Yield a note for arrays of modules of somebody's own that no checkpoint holds."""
    for m in net.modules():
        if type(m).__module__.partition(".")[0] == "nn":
            continue
        for name, value in vars(m).items():
            if isinstance(value, np.ndarray) and name not in m.buffers:
                yield (
                    f"{m.title} keeps the array {name!r}, which the checkpoint does not: a run "
                    f"that goes on begins with another one. Write buffers = ({name!r},) in its "
                    "class."
                )


def _legacy_state() -> tuple[Any, ...]:
    """Return the state of np.random's own stream."""
    name, key, *rest = _GLOBAL.get_state(legacy=True)
    return name, np.asarray(key).tobytes(), *rest


def _listed(given: Any) -> list[Any]:
    if given is None:
        return []
    return [given] if callable(given) or not hasattr(given, "__iter__") else list(given)


def _loss(net: Module, loss: Any) -> Loss:
    if loss is None:
        loss = None if net.ending is None else net.ending.loss
    if not callable(loss):
        raise ValueError(
            f"fit: needs loss=, a function such as nn.binary_cross_entropy, got {loss!r}; only "
            f"a network that ends with a sigmoid or softmax has one by default.{loss_called(loss)}"
        )
    return loss  # type: ignore[no-any-return]


def _stopping(given: Any, dev: Any) -> EarlyStopping | None:
    if given is None:
        return None
    if dev is None:
        raise ValueError("fit: early_stopping judges by the dev cost; pass dev=(X_dev, Y_dev).")
    if isinstance(given, EarlyStopping):
        return given
    return EarlyStopping(count("fit", "early_stopping", given))


def _weights(Y: Any, sample_weight: Any, class_weight: Any) -> npt.NDArray[Any] | None:
    """Return the weight of each example, with mean 1, or None for equal ones."""
    if sample_weight is None and class_weight is None:
        return None
    m = Y.shape[1]
    w = np.ones(m)
    if sample_weight is not None:
        if isinstance(sample_weight, str):
            raise ValueError(
                f"fit: sample_weight needs {m} numbers, one for each example, got "
                f"{sample_weight!r}; 'balanced' is for class_weight."
            )
        given = np.asarray(sample_weight, dtype=float).reshape(-1)
        if given.shape != (m,):
            raise ShapeError(f"fit: sample_weight needs {m} numbers, got shape {given.shape}.")
        if not np.isfinite(given).all() or (given < 0).any():
            raise ValueError("fit: sample_weight needs finite numbers of at least 0.")
        w = w * given
    if class_weight is not None:
        classes = Y.argmax(axis=0) if Y.shape[0] > 1 else (Y.reshape(-1) > 0.5).astype(int)
        if isinstance(class_weight, str):
            if class_weight != "balanced":
                raise ValueError(
                    "fit: class_weight needs 'balanced' or a dict from class numbers to weights, "
                    f"got {class_weight!r}."
                )
            numbers, which = np.unique(classes, return_inverse=True)
            counts = np.bincount(which.reshape(-1), weights=w)
            if not counts.all():
                raise ValueError(
                    f"fit: class_weight='balanced': the examples of class "
                    f"{numbers[counts.argmin()]} all have sample_weight 0; leave them out of X "
                    "and Y, or give weights by class."
                )
            table = dict(zip(numbers.tolist(), w.sum() / (len(numbers) * counts), strict=True))
        else:
            if not hasattr(class_weight, "items"):
                raise TypeError(
                    "fit: class_weight needs 'balanced' or a dict from class numbers to weights, "
                    f"such as {{0: 1, 1: 2}}, got {class_weight!r}."
                )
            if not all(isinstance(k, Real) and float(k).is_integer() for k in class_weight):
                raise TypeError(
                    "fit: class_weight needs the numbers of classes for keys, such as "
                    f"{{0: 1, 1: 2}}, got {list(class_weight)}."
                )
            table = {int(k): v for k, v in class_weight.items()}
            unknown = sorted(set(np.unique(classes).tolist()) ^ set(table))
            if unknown:
                raise ValueError(
                    f"fit: class_weight needs a weight for each class of Y and no other; see "
                    f"{unknown}."
                )
        factors = [
            positive("fit", f"class_weight[{c}]", table[c], zero=True) for c in classes.tolist()
        ]
        w = w * np.array(factors)
    if not w.sum() > 0:
        raise ValueError("fit: the weights of all examples are 0.")
    scaled: npt.NDArray[Any] = w * (m / w.sum())
    return scaled


def _called(call: Callable[[int, History], Any], epoch: int, history: History) -> bool:
    """Return whether a callback wants to stop."""
    try:
        answer = call(epoch, history)
    except StopIteration:
        return True
    return isinstance(answer, (bool, np.bool_)) and bool(answer)


def _matrix_of(name: str, given: Any) -> npt.NDArray[Any]:
    """Return data as a matrix of numbers, or say what to write."""
    array = np.asarray(given.data if isinstance(given, Tensor) else given)
    if array.dtype.kind not in "biuf":
        what = "map each class to 0 and 1, or use one_hot()" if name.endswith("Y") else "encode it"
        raise ValueError(f"fit: {name} needs to be of numbers; {what}.")
    if array.ndim != 2 and not (name.endswith("Y") and array.ndim == 1):
        raise ShapeError(
            f"fit: {name} needs shape (rows, m), got {array.shape}; examples are columns, so pass "
            + (
                f"{name.split()[-1]}.reshape(1, -1) for one row."
                if array.ndim < 2
                else f"nn.image_to_vector({name.split()[-1]}) for images."
            )
        )
    return array.astype(float) if array.dtype.kind == "b" else array.copy()


def _metrics(given: Any) -> list[tuple[str, Callable[..., Any]]]:
    """Return the names and functions of metrics; refuse names that would hide a column."""
    one = isinstance(given, str) or callable(given)
    if not one and not isinstance(given, (list, tuple, set)):
        raise TypeError(f"fit: metrics needs names or functions, got {given!r}.")
    found = [metric("fit", m) for m in ([given] if one else given)]
    names = [name for name, _ in found]
    for name in names:
        if name in RESERVED or names.count(name) > 1:
            raise ValueError(
                f"fit: metrics: {name!r} is taken, by fit or by another of them; give the function "
                "a name of its own with def."
            )
    return found


def _number(name: str, value: Any) -> float:
    if np.size(value) != 1:
        raise ValueError(
            f"fit: metrics: {name} gives {np.size(value)} numbers, one for each class; write a "
            "function of (net, X, Y) that returns one, such as their mean."
        )
    return float(np.asarray(value).reshape(())[()])


def _norm(g: Any) -> float:
    return math.sqrt(np.vdot(g, g))


def _checksum(*arrays: Any) -> list[Any]:
    found: list[Any] = []
    for a in arrays:
        found += [list(a.shape), a.dtype.str, zlib.crc32(np.ascontiguousarray(a).tobytes())]
    return found


def _part(arrays: State, prefix: str) -> State:
    return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}


def _bar(epochs: Iterable[int], progress: bool) -> Any:
    """Wrap the epochs in a progress bar where one can be shown."""
    if not progress:
        return epochs
    try:
        from tqdm import tqdm
    except ImportError:
        return epochs
    # In a notebook no stream is a terminal, and the cell shows what is written to it.
    return tqdm(epochs, desc="fit", unit="epoch", disable=False if _in_notebook() else None)


def _in_notebook() -> bool:
    """Whether an IPython kernel runs this, that of a notebook."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return type(shell).__name__ == "ZMQInteractiveShell"
