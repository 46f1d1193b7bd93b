"""What goes wrong in training without an error: said in words, with what to do."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nn._words import positive
from nn.activations import Activation, ReLU, Sigmoid, Softmax
from nn.linear import Linear
from nn.losses import (
    WEIGHTED,
    binary_cross_entropy_with_logits,
    mean_squared_error,
    softmax_cross_entropy,
    squared_error,
)
from nn.normalization import BatchNorm
from nn.regularizers import Dropout
from nn.sequential import Sequential

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import numpy.typing as npt

    from nn.history import History
    from nn.module import Module
    from nn.optim import Optimizer

__all__ = ["BiasVariance", "TrainingWarning", "diagnose_bias_variance"]

SAMPLE = 1000  # examples that are looked at
RARE = 0.01  # the share of classes that a network of many may miss
LARGE = 30  # the size of a feature, √(mean² + variance), that is not normalized
SQUARES = (squared_error, mean_squared_error)
# What activations give, as an output of numbers.
RANGES = {
    "sigmoid": (0, 1, "between 0 and 1"),
    "softmax": (0, 1, "between 0 and 1"),
    "tanh": (-1, 1, "between −1 and 1"),
    "relu": (0, np.inf, "of at least 0"),
}


EPOCHS, UNCHANGED = 10, 1e-3  # of a cost that has not moved: so many, by less than this share
VANISHING, EXPLODING = 1e-8, 1e5  # norms of the gradient of one layer in the first step
FADING = 1e-6  # of the first layer's gradient, as a share of the largest


class TrainingWarning(UserWarning):
    """Training runs, and something about it will spoil its result."""


@dataclass(frozen=True)
class BiasVariance:
    """What `diagnose_bias_variance` found.

    Attributes
    ----------
    bias, variance : float
        Train error above the optimal error, and dev error above train error.
    high_bias, high_variance : bool
        Whether each is above the tolerance.
    advice : list of str
        What the notes' recipe says to try.
    """

    bias: float
    variance: float
    high_bias: bool
    high_variance: bool
    advice: list[str]

    def __str__(self) -> str:
        words = {True: "high", False: "low"}
        above = "below" if self.bias < 0 else "above"
        more = "less" if self.variance < 0 else "more"
        head = (
            f"{words[self.high_bias]} bias ({abs(self.bias):.2%} {above} the optimal error), "
            f"{words[self.high_variance]} variance ({abs(self.variance):.2%} {more} on the dev set)"
        )
        return "\n".join([head, *(f"- {line}" for line in self.advice)])


def diagnose_bias_variance(
    train_error: float, dev_error: float, optimal_error: float = 0.0, *, tolerance: float = 0.02
) -> BiasVariance:
    """Say whether a classifier has high bias, high variance, both or neither, and what to do.

    Parameters
    ----------
    train_error, dev_error : float
        Fractions of wrong answers, in [0, 1]: ``1 - accuracy(net, X, Y)``.
    optimal_error : float
        What the best possible classifier, or a person, gets wrong: the Bayes error.
    tolerance : float
        How much is still low.

    Examples
    --------
    >>> import nn
    >>> print(nn.diagnose_bias_variance(0.01, 0.11))
    low bias (1.00% above the optimal error), high variance (10.00% more on the dev set)
    - high variance: get more data, or augment it
    - high variance: regularize, with L2, dropout or early stopping
    - high variance: try another architecture
    """
    for name, value in (
        ("train_error", train_error),
        ("dev_error", dev_error),
        ("optimal_error", optimal_error),
    ):
        if not 0 <= value <= 1:
            raise ValueError(
                f"diagnose_bias_variance: {name} needs to be a fraction in [0, 1], got {value!r}."
            )
    positive("diagnose_bias_variance", "tolerance", tolerance, zero=True)
    bias, variance = train_error - optimal_error, dev_error - train_error
    high_bias, high_variance = bias > tolerance + 1e-12, variance > tolerance + 1e-12
    advice = []
    if high_bias:
        advice += [
            "high bias: use a bigger network, with more layers or more units",
            "high bias: train longer, or with another optimizer or learning rate",
            "high bias: try another architecture; more data will not help",
        ]
    if high_variance:
        advice += [
            "high variance: get more data, or augment it",
            "high variance: regularize, with L2, dropout or early stopping",
            "high variance: try another architecture",
        ]
    if bias < -tolerance:
        advice.append("the train error is below the optimal error: is that one right?")
    return BiasVariance(bias, variance, high_bias, high_variance, advice or ["both are low: done"])


def before(net: Module, X: npt.NDArray[Any], Y: npt.NDArray[Any], loss: Any) -> Iterator[str]:
    """Yield what can be seen in data and parameters before the first step."""
    yield from _inputs(net, X)
    if loss in SQUARES:
        yield from _targets(net, Y)
    if _classifies(loss) and Y.shape[1] > 1 and (Y[:, :1] == Y).all():
        yield (
            f"All {Y.shape[1]} labels are the same: the network will learn to answer that, "
            "whatever it is asked. Are the data cut before they are shuffled?"
        )
    yield from _identical(net)
    several = isinstance(net.ending, Sigmoid) and Y.shape[0] > 1
    if several and Y.shape[1] > 1 and ((Y == 0) | (Y == 1)).all() and (Y.sum(axis=0) == 1).all():
        yield (
            f"Each example has one of {Y.shape[0]} classes, and the network ends with "
            f"{Y.shape[0]} sigmoids, which are questions of their own: use output='softmax'."
        )


def _classifies(loss: Any) -> bool:
    """Whether a loss is of classes."""
    return loss in WEIGHTED and loss not in SQUARES


def _targets(net: Module, Y: npt.NDArray[Any]) -> Iterator[str]:
    """Yield a note for numbers that the output cannot give, or not soon."""
    Y = Y.astype(float)
    low, high = float(Y.min()), float(Y.max())
    name = net.ending.label if net.ending is not None else ""
    least, most, words = RANGES.get(name, (-np.inf, np.inf, ""))
    if low < least - 1e-6 or high > most + 1e-6:
        yield (
            f"The targets are between {low:.4g} and {high:.4g}, and the output, a {name}, gives "
            f"numbers {words}: use output='identity', or scale the targets."
        )
        return
    if name != "identity":  # it may take them back to their scale itself
        return
    mean, std = Y.mean(axis=1), Y.std(axis=1)
    off = (std > 0) & ((np.abs(mean) > 20 * std) | (std > 100) | (std < 1e-3))
    if off.any():
        k = int(np.argmax(off))
        yield (
            f"The targets are not normalized (row {k} has mean {mean[k]:.4g} and standard "
            f"deviation {std[k]:.3g}), so that training takes very long: train on "
            "nn.Normalizer().fit(Y_train).transform(Y_train), and take predictions back with its "
            "inverse."
        )


def _inputs(net: Module, X: npt.NDArray[Any]) -> Iterator[str]:
    X = X.astype(float) if X.dtype.kind != "f" else X
    low, high = float(X.min()), float(X.max())
    if X.shape[0] >= 16 and low >= 0 and 127 < high <= 255 and _are_pixels(X):
        kind = "whole numbers" if bool((np.floor(X) == X).all()) else "numbers"
        yield f"X is of {kind} from {low:g} to {high:g}, like pixels: divide it by 255."
    elif not (low >= 0 and high <= 1 and X.shape[0] >= 16):  # pixels, some of which are seldom lit
        yield from _scales(X, only_ranges=low >= 0 and high <= 1)
    kinds = {p.dtype for p in net.parameters()}
    if kinds == {np.dtype(np.float32)} and X.dtype == np.float64:
        yield (
            "The parameters are float32 and the data float64, so that all is computed in float64: "
            "pass X.astype(np.float32)."
        )


def _are_pixels(X: npt.NDArray[Any]) -> bool:
    """Whether numbers up to 255 are grey values: whole, or most features reach far."""
    some = X[:, :: max(X.shape[1] // SAMPLE, 1)]
    whole = bool((some == np.floor(some)).all())
    # Between whole ones, as augmented images are, they reach from black to white.
    return whole or (X.min() < 5 and X.max() > 250 and bool(np.median(some.max(axis=1)) > 127))


def _scales(X: npt.NDArray[Any], *, only_ranges: bool) -> Iterator[str]:
    """Yield a note for features of different scales, or far from mean 0 and variance 1."""
    # By ranges: a pixel that is seldom lit has a small deviation, and the same scale.
    ranges, mean, std = np.ptp(X, axis=1), X.mean(axis=1), X.std(axis=1)
    varying = np.flatnonzero(ranges > 1e-12 * np.abs(X).max(axis=1))
    normal = (np.abs(mean) <= 0.5 * std) & (std > 0.2) & (std < 5)  # as Normalizer leaves them
    if not len(varying) or normal[varying].all():
        return
    least, most = varying[ranges[varying].argmin()], varying[ranges[varying].argmax()]
    far = varying[(np.abs(mean) / np.where(std > 0, std, 1))[varying].argmax()]
    size = np.hypot(mean, std)
    wide = varying[size[varying].argmax()]
    if ranges[most] > 100 * ranges[least]:
        factor = ranges[most] / ranges[least]
        yield (
            f"The features' scales differ by a factor of {factor:,.0f} (the values of feature "
            f"{most} span {ranges[most]:.3g}, those of feature {least} {ranges[least]:.3g}): "
            "normalize with nn.Normalizer().fit(X_train)."
        )
    elif not only_ranges and (abs(mean[far]) > 20 * std[far] or size[wide] > LARGE):
        k = far if abs(mean[far]) > 20 * std[far] else wide
        yield (
            f"The features are not normalized (feature {k} has mean {mean[k]:.3g} and standard "
            f"deviation {std[k]:.3g}): use nn.Normalizer().fit(X_train)."
        )


def _identical(net: Module) -> Iterator[str]:
    """Yield a note for hidden layers that have units which are the same, and will stay so."""
    layers = [m for m in net.modules() if isinstance(m, Linear)]
    dropped = any(isinstance(m, Dropout) for m in net.modules())
    for layer, after in itertools.pairwise(layers):
        if after.n_in != layer.n_out or layer.n_out == 1:
            continue
        # Dropout tells units apart, but not where all of them answer 0 and send nothing back.
        if dropped and not (_is_odd(layer) and not after.W.data.any()):
            continue
        units = np.concatenate([layer.W.data, layer.b.data, after.W.data.T], axis=1) + 0.0  # no −0
        sizes = Counter(row.tobytes() for row in units)
        count = layer.n_out - len(sizes) + 1
        if count == layer.n_out:
            yield (
                f"All {layer.n_out} units of {layer.title} begin with the same weights, and so "
                "they stay the same: begin with random ones, such as init='he'."
            )
        elif count > 1:
            same = sum(size for size in sizes.values() if size > 1)
            yield (
                f"{same} of the {layer.n_out} units of {layer.title} begin "
                "with the weights of another one, and so they stay the same: begin with random "
                "ones, such as init='he'."
            )


def _is_odd(layer: Linear) -> bool:
    """Whether a layer answers 0 to what is 0, as far as its activation is one of ours."""
    if not isinstance(layer.g, Activation):
        return False
    return not np.any(layer.g(np.zeros((layer.n_out, 1))).data)


def averages(net: Module) -> Iterator[str]:
    """Yield a note for batch norm whose running averages have not seen enough batches."""
    for module in net.modules():
        if isinstance(module, BatchNorm):
            steps = int(np.nan_to_num(module.batches.item(), posinf=1e9))
            moved = 1 - module.momentum ** max(steps, 0)
            if moved < 0.95:
                yield (
                    f"{module.title} has averaged over {steps} mini-batches only, and its running "
                    f"mean and variance are {moved:.0%} of the way to those of the data, so that "
                    "predictions differ from what was trained: run more epochs, use smaller "
                    f"batches, or a momentum below {module.momentum:g}."
                )
                return


def first_step(net: Module, norms: Mapping[str, float]) -> Iterator[str]:
    """Yield what the gradients of the first step show."""
    weights = {p: n for p, n in norms.items() if p.rpartition(".")[2] == "W"}
    if len(weights) < 3 or not all(W.data.any() for W in net.weights()):
        return  # behind a layer of zeros there is no gradient, until its first step
    (first, least), *_ = weights.items()
    largest, most = max((n, p) for p, n in weights.items())
    faded = least < VANISHING or least < FADING * largest
    if faded and max(norms.values()) > VANISHING:
        yield (
            f"Vanishing gradients: ‖gradient‖ is {least:.1e} at {first} and {largest:.1e} at the "
            "layer where it is largest, so the first layers will not learn: use hidden='relu' "
            "with init='he', or fewer layers."
        )
    elif largest > EXPLODING:
        yield (
            f"Exploding gradients: ‖gradient‖ is {largest:.1e} at {most}: use init='he' or "
            "'xavier', normalized inputs, fewer layers, or max_norm."
        )


def stuck(history: History, optimizer: Optimizer, slopes: Callable[[], list[Any]]) -> Iterator[str]:
    """Yield that steps are too short to change anything, where the cost has hardly changed.

    After ten epochs at least. All steps together are then shorter than 1 % of the parameters, as
    far as the last gradient tells, and the gradient says that the cost could fall: a change of 1 %
    of the parameters, 0.01 ‖θ‖ ‖dθ‖, would change more than 1 % of it.
    """
    rate = optimizer.learning_rate
    if history.epochs < EPOCHS or not rate:
        return
    size = np.sqrt(sum(float(np.vdot(p.data, p.data)) for p in optimizer.parameters))
    count = sum(p.size for p in optimizer.parameters)
    given = [g for g in slopes() if g is not None]
    slope = np.sqrt(sum(float(np.vdot(g, g)) for g in given))
    path = rate * max(slope, np.sqrt(count)) * optimizer.steps
    if path < 0.01 * size and slope * size > abs(history.cost[-1]):
        yield (
            f"The cost has hardly changed in {history.epochs} epochs, from {history.cost[0]:.4g} "
            f"to {history.cost[-1]:.4g}: try a learning rate above {rate:g}."
        )


def after(
    net: Module, X: npt.NDArray[Any], Y: npt.NDArray[Any], loss: Any, weight: Any = None
) -> Iterator[str]:
    """Yield what the trained network shows on the training set."""
    some, labels, every = X, Y, weight
    if X.shape[1] > SAMPLE:  # a look at some; what it shows is confirmed on all
        places = np.unique(np.linspace(0, X.shape[1] - 1, SAMPLE).astype(int))
        some, labels = X[:, places], Y[:, places]
        weight = None if weight is None else weight[places]
    with net.evaluating():  # nothing is yielded in here: the caller may never come back
        A, dead = net(some).data, list(_dead(net, some))
        found = list(_learned(net, A, labels, loss, weight))
        if some is not X and (dead or found):
            A, dead = net(X).data, list(_dead(net, X)) if dead else []
            found = list(_learned(net, A, Y, loss, every))
        if dead and not found and _has_learned(net, A, Y if A.shape == Y.shape else labels):
            dead = []  # the others were enough
    yield from dead
    yield from found


def _has_learned(net: Module, A: Any, Y: Any) -> bool:
    """Whether outputs are right far more often than one answer to all would be."""
    if A.shape != Y.shape:
        return False
    if net.ending is None or net.ending.loss is None:
        spread = ((Y - Y.mean(axis=1, keepdims=True)) ** 2).sum()
        return bool(((A - Y) ** 2).sum() < 0.5 * spread)
    if A.shape[0] == 1:
        A, Y = np.concatenate([1 - A, A]), np.concatenate([1 - Y, Y])
    wanted = Y.argmax(axis=0)
    wrong = np.mean(A.argmax(axis=0) != wanted)
    return bool(wrong < 0.5 * (1 - np.bincount(wanted).max() / wanted.size))


def _learned(net: Module, A: Any, Y: Any, loss: Any, weight: Any) -> Iterator[str]:
    """Yield a note for outputs that do not depend on the examples as they should."""
    if Y.shape != A.shape:
        return
    if loss in SQUARES and not _is_binary(Y):
        yield from _explained(A, Y, weight)
        return
    ending = net.ending
    if not _classifies(loss) and (ending is None or ending.loss is None):
        return
    several = isinstance(ending, Softmax) or loss is softmax_cross_entropy
    logits = loss is binary_cross_entropy_with_logits and not isinstance(ending, Sigmoid)
    zero = 0.0 if logits else 0.5
    if not several and A.shape[0] > 1:  # sigmoids, each a question of its own
        yield from _never_answered(zero < A, Y > 0.5)
        return
    if several:
        found, wanted = A.argmax(axis=0), Y.argmax(axis=0)
    else:
        found, wanted = (zero < A)[0].astype(int), (Y > 0.5)[0].astype(int)
    if weight is not None:  # what counts no times is not there
        found, wanted = found[weight > 0], wanted[weight > 0]
    classes, counts = np.unique(wanted, return_counts=True)
    missed = [k for k in classes if not np.any((found == k) & (wanted == k))]
    if len(classes) < 2 or not missed:
        return
    rest = ", ".join(map(str, missed))
    cure = "Normalize the inputs, try another learning rate, or class_weight='balanced'."
    if (found == found[0]).all():
        share = counts[classes == found[0]].sum() / counts.sum()
        yield (
            f"The network answers class {found[0]} to every example, which is right for "
            f"{share:.1%} of them; its recall of class {rest} is 0, so it has not learned to tell "
            f"them apart. {cure}"
        )
        return
    share = counts[np.isin(classes, missed)].sum() / counts.sum()
    if share >= RARE or len(classes) == 2:
        yield (
            f"The network finds none of class {rest}, {share:.1%} of the examples: its recall of "
            f"it is 0. {cure}"
        )


def _is_binary(Y: Any) -> bool:
    return bool(((Y == 0) | (Y == 1)).all())


def _never_answered(found: Any, wanted: Any) -> Iterator[str]:
    """Yield a note for sigmoids of which some give one answer to all examples."""
    stuck = (found == found[:, :1]).all(axis=1) & (wanted != wanted[:, :1]).any(axis=1)
    rows = np.flatnonzero(stuck)
    if len(rows):
        k = rows[0]
        more = f" So do {len(rows) - 1} more." if len(rows) > 1 else ""
        yield (
            f"Output {k} answers {int(found[k, 0])} to every example, and "
            f"{int((wanted[k] != found[k, 0]).sum())} of {wanted.shape[1]} have the other label, "
            f"so it has not learned to tell them apart.{more} Normalize the inputs, train longer, "
            "or weigh the examples."
        )


def _explained(A: Any, Y: Any, weight: Any) -> Iterator[str]:
    """Yield a note for predictions that are no better than the mean of the targets."""
    w = np.ones(Y.shape[1]) if weight is None else weight
    if not w.sum() > 0:
        return
    mean = np.average(Y, axis=1, weights=w)[:, None]
    spread, off = float((w * (Y - mean) ** 2).sum()), float((w * (Y - A) ** 2).sum())
    if spread > 0 and off > (1 - 1e-3) * spread:
        yield (
            f"The network predicts no better than the mean of the targets (R² = "
            f"{1 - off / spread:.3g}): normalize inputs and targets, train longer, or try another "
            "learning rate."
        )


def _dead(net: Module, X: npt.NDArray[Any]) -> Iterator[str]:
    """Yield a note for ReLU layers of which half or more units answer 0 to all examples."""
    before: Module | None = None
    for module, A in _activations(net, X):
        alone = isinstance(module, ReLU) and isinstance(before, Linear)  # Linear, ReLU in a chain
        layer, before = before if alone else module, module
        if isinstance(layer, Linear) and (alone or isinstance(layer.g, ReLU)):
            dead = float((A <= 0).all(axis=1).mean())
            W, b = layer.W.data, layer.b.data
            if layer.n_out > 1 and (W[:1] == W).all() and (b == b[:1]).all():
                continue  # identical units: said already
            # One of two or three units is a small network's lot, and not worth an alarm.
            if dead == 1 or (dead >= 0.5 and layer.n_out >= 4):
                raw = np.abs(X.mean(axis=1)).max() > 3 or X.std(axis=1).max() > 10
                cure = (
                    "The inputs are not normalized: use nn.Normalizer."
                    if raw
                    else "Try a lower learning rate, hidden='leaky_relu' or another rng."
                )
                which = "The unit" if layer.n_out == 1 else f"{dead:.0%} of the units"
                yield (
                    f"{which} of {layer.title} {'is' if layer.n_out == 1 else 'are'} dead: 0 for "
                    f"every example, with gradient 0. {cure}"
                )


def _activations(net: Module, X: Any) -> Iterator[tuple[Module, Any]]:
    """Yield each step of a chain with its outputs; nothing for a module that is no chain."""
    steps = getattr(net, "_steps", None)
    chain = steps() if steps is not None else list(net.children())
    if steps is None and not isinstance(net, Sequential):
        return
    A: Any = X
    for module in chain:
        A = module(A)
        yield module, A.data
