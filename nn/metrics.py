"""Metrics of classifiers. All take (network, X, Y), so that nobody confuses labels and guesses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import ShapeError, Tensor
from nn._words import suggestion
from nn.activations import Sigmoid
from nn.linear import Linear, Network
from nn.losses import ROUNDING
from nn.module import Module
from nn.sequential import Sequential

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

__all__ = ["accuracy", "auc", "confusion_matrix", "f1", "precision", "recall"]


def accuracy(
    net: Any, X: npt.ArrayLike, Y: npt.ArrayLike, *, threshold: float | None = None
) -> float:
    """Return the fraction of columns that a classifier's `predict` gets right, in [0, 1].

    Parameters
    ----------
    net : Module
        One that ends with a sigmoid or softmax.
    X, Y : array_like, shapes (n[0], m) and (n[L], m)
        Examples, and labels 0 or 1 (one-hot for softmax).
    threshold : float, optional
        For a sigmoid: above it a probability means class 1; ½ by default.

    Raises
    ------
    ShapeError, ValueError
        If the labels are not of the network's shape and range, or an output is not finite.
    """
    predicted, wanted = _classes("accuracy", net, X, Y, threshold)
    return float(np.mean(np.all(np.atleast_2d(np.equal(predicted, wanted)), axis=0)))


def confusion_matrix(
    net: Any, X: npt.ArrayLike, Y: npt.ArrayLike, *, threshold: float | None = None
) -> npt.NDArray[np.int64]:
    """Return how many examples of class i (row) were taken for class j (column), shape (C, C).

    Parameters
    ----------
    net : Module
        One that ends with one sigmoid or with softmax.
    X, Y : array_like, shapes (n[0], m) and (n[L], m)
        Examples, and labels 0 or 1 (one-hot for softmax).
    threshold : float, optional
        For a sigmoid: above it a probability means class 1; ½ by default.

    Examples
    --------
    >>> import nn
    >>> net = nn.Network.from_dict({"W1": [[1.0]], "b1": [[0.0]]})
    >>> nn.confusion_matrix(net, [[-2.0, -1.0, 1.0, 3.0]], [[0, 1, 1, 1]])
    array([[1, 0],
           [1, 2]])
    """
    predicted, wanted = _classes("confusion_matrix", net, X, Y, threshold)
    rows = np.asarray(Y).shape[0]
    if predicted.ndim == 2 and rows > 1:
        raise ShapeError(
            f"confusion_matrix: {rows} sigmoids are {rows} questions of their own; ask about one "
            "at a time, or use softmax for classes that exclude each other."
        )
    classes = 2 if rows == 1 else rows
    table = np.zeros((classes, classes), np.int64)
    np.add.at(table, (wanted.reshape(-1), predicted.reshape(-1)), 1)
    return table


def precision(
    net: Any, X: npt.ArrayLike, Y: npt.ArrayLike, *, threshold: float | None = None
) -> Any:
    """Return how many of the examples that are taken for class 1 belong to it.

    A float for a sigmoid; for softmax an array, one for each class. NaN where nothing is taken for
    the class.
    """
    table = confusion_matrix(net, X, Y, threshold=threshold)
    return _of_class(np.diag(table), table.sum(axis=0), Y)


def recall(net: Any, X: npt.ArrayLike, Y: npt.ArrayLike, *, threshold: float | None = None) -> Any:
    """Return how many of the examples of class 1 are found.

    A float for a sigmoid; for softmax an array, one for each class. NaN where no example is of the
    class.
    """
    table = confusion_matrix(net, X, Y, threshold=threshold)
    return _of_class(np.diag(table), table.sum(axis=1), Y)


def f1(net: Any, X: npt.ArrayLike, Y: npt.ArrayLike, *, threshold: float | None = None) -> Any:
    """Return the harmonic mean of precision and recall: 2tp / (2tp + fp + fn).

    A float for a sigmoid; for softmax an array, one for each class. NaN where the class neither
    occurs nor is predicted.
    """
    table = confusion_matrix(net, X, Y, threshold=threshold)
    return _of_class(2 * np.diag(table), table.sum(axis=0) + table.sum(axis=1), Y)


def auc(net: Any, X: npt.ArrayLike, Y: npt.ArrayLike) -> float:
    """Return the area under the ROC curve of one sigmoid.

    It is the probability that an example of class 1 gets the higher output of a pair; ties count
    one half.

    Raises
    ------
    ValueError
        If the labels are of one class only, which leaves no pair.
    """
    net = _classifier("auc", net)
    A = net._outputs("auc", X)
    wanted = _labels("auc", net, A, Y)
    if A.shape[0] != 1:
        raise ShapeError(f"auc: needs a network of one output, got {A.shape[0]}.")
    positive = wanted.reshape(-1) == 1
    m, n = int(positive.sum()), int((~positive).sum())
    if not m or not n:
        raise ValueError(
            f"auc: needs examples of both classes, got {m} of class 1 and {n} of class 0."
        )
    if type(net.ending) is Sigmoid and type(net).forward in _PLAIN:
        with net.evaluating():  # probabilities near 1 are rounded to ties, logits are not
            A = net.logits(X).data
    _, which, counts = np.unique(A.reshape(-1), return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2  # the mean rank of equal outputs
    above = float(ranks[which.reshape(-1)][positive].sum()) - m * (m + 1) / 2
    return above / (m * n)


_PLAIN = (Linear.forward, Network.forward, Sequential.forward)

METRICS: dict[str, Callable[..., Any]] = {
    "accuracy": accuracy,
    "auc": auc,
    "f1": f1,
    "precision": precision,
    "recall": recall,
}


def metric(where: str, given: Any) -> tuple[str, Callable[..., Any]]:
    """Return the name and the function of a metric that is given by its name or as a function."""
    if callable(given):
        return getattr(given, "__name__", "metric"), given
    if isinstance(given, str):  # as they are called elsewhere
        given = {"acc": "accuracy", "f1_score": "f1", "roc_auc": "auc"}.get(given, given)
    if not isinstance(given, str) or given not in METRICS:
        raise ValueError(
            f"{where}: metrics needs some of {', '.join(METRICS)}, or functions of (net, X, Y), "
            f"got {given!r}.{suggestion(given, METRICS)}"
        )
    return given, METRICS[given]


def _classifier(where: str, net: Any) -> Any:
    ending = getattr(net, "ending", None)
    if not isinstance(net, Module):
        if hasattr(net, "score") and hasattr(net, "predict"):
            raise ValueError(
                f"{where}: needs a network that ends with a sigmoid or softmax; for an estimator "
                f"use its score(), or sklearn.metrics with {type(net).__name__}.predict()."
            )
        raise ValueError(
            f"{where}: needs a network that ends with a sigmoid or softmax, then X and Y; for "
            "arrays of predictions use sklearn.metrics."
        )
    if ending is None or ending.loss is None:
        raise ValueError(f"{where}: needs a network that ends with a sigmoid or softmax.")
    return net


def _classes(
    where: str, net: Any, X: npt.ArrayLike, Y: npt.ArrayLike, threshold: float | None
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return the predicted classes and those of the labels."""
    net = _classifier(where, net)
    A = net._outputs(where, X)
    wanted = _labels(where, net, A, Y)
    own = type(net).predict is not Module.predict  # such as one with another threshold
    if threshold is not None:
        return net.predict(X, threshold=threshold), wanted
    return (np.asarray(net.predict(X)) if own else net.ending.classes(A)), wanted


def _labels(where: str, net: Any, A: Any, Y: npt.ArrayLike) -> npt.NDArray[Any]:
    """Return the classes of labels, which need to be those that the network's loss takes."""
    given = np.asarray(Y.data if isinstance(Y, Tensor) else Y)
    softmax = A.shape[0] > 1
    if given.dtype.kind not in "biuf":
        raise ValueError(
            f"{where}: labels need to be numbers, got {given.dtype}; map each class to 0 and 1, or "
            "to its number and use one_hot()."
        )
    if given.shape != A.shape:
        hint = "pass one_hot(labels)" if softmax else "pass Y.reshape(1, -1)"
        raise ShapeError(f"{where}: labels need the shape {A.shape}, got {given.shape}; {hint}.")
    if not given.shape[1]:
        raise ValueError(f"{where}: needs at least one example, got none.")
    if not ((given >= -ROUNDING) & (given <= 1 + ROUNDING)).all():
        raise ValueError(
            f"{where}: labels need to be in [0, 1], got values from {given.min():.4g} to "
            f"{given.max():.4g}; map classes to 0 and 1, or use one_hot()."
        )
    found: npt.NDArray[Any] = net.ending.classes(given)
    if softmax and found.ndim == 1 and (np.abs(given.sum(axis=0) - 1) > 1e-6).any():
        raise ValueError(f"{where}: labels need to sum to 1 down each column; use one_hot().")
    return found


def _of_class(part: Any, whole: Any, Y: npt.ArrayLike) -> Any:
    with np.errstate(invalid="ignore"):
        found = np.where(whole > 0, part / np.maximum(whole, 1), np.nan)
    return float(found[1]) if np.asarray(Y).shape[0] == 1 else found
