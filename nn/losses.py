"""Costs: the average over the m columns of a loss, J = (1/m) Σ L, and penalties added to it.

A sigmoid or softmax that ends a module knows the form of the loss that takes its logits, which is
finite for any of them; `cost` takes that one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

import autograd
from autograd import ShapeError, Tensor
from nn._words import suggestion

if TYPE_CHECKING:
    import numpy.typing as npt

    from nn.module import Module
    from nn.regularizers import Penalty

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cost",
    "mean_squared_error",
    "softmax_cross_entropy",
    "squared_error",
]

from_engine = True

WRITTEN = {"divide", "exp", "multiply", "concatenate"}  # what may end a softmax written out
ROUNDING = 1e-6  # by which labels may leave [0, 1], and their sums 1
Weight = Any  # array_like of m numbers, or None


def value_of(x: Any) -> Any:
    """Return the array of a tensor, or of what can become one."""
    return x.data if isinstance(x, Tensor) else np.asarray(x)


class Loss(Protocol):
    """A function of predictions and labels that returns the cost."""

    def __call__(self, A: Tensor, Y: Any, /) -> Tensor:
        """Return the cost, a single number."""


def binary_cross_entropy(A: Tensor, Y: Tensor | npt.ArrayLike, *, weight: Weight = None) -> Tensor:
    """Return the cross-entropy cost J = (1/m) Σ −[y log a + (1 − y) log(1 − a)].

    Parameters
    ----------
    A : Tensor, shape (n_y, m)
        Probabilities in [0, 1].
    Y : array_like, shape (n_y, m)
        Labels in [0, 1].
    weight : array_like, shape (m,), optional
        Of each example: J = Σ wL / m.

    Returns
    -------
    Tensor, shape ()
        In nats.

    Notes
    -----
    The probability of the labels is p(y|x) = aʸ(1 − a)^(1−y); −log of it, averaged over the
    examples, is J. The least J is the greatest likelihood.

    Examples
    --------
    >>> import nn
    >>> print(f"{nn.binary_cross_entropy(nn.Tensor([[0.5, 0.5]]), [[1.0, 0.0]]):.6f}")
    0.693147
    """
    Y = _labels("binary_cross_entropy", A, Y)
    values = value_of(A)
    if not ((values >= 0) & (values <= 1) | np.isnan(values)).all():
        raise ValueError(
            "binary_cross_entropy: probabilities need to be in [0, 1], got values from "
            f"{np.nanmin(values):.4g} to {np.nanmax(values):.4g}; pass A = σ(Z) first and the "
            "labels second, or logits to binary_cross_entropy_with_logits."
        )
    return _average(autograd.binary_cross_entropy(A, Y), A.shape[1], weight)


def binary_cross_entropy_with_logits(
    Z: Tensor, Y: Tensor | npt.ArrayLike, *, weight: Weight = None
) -> Tensor:
    """Return the cross-entropy cost of A = σ(Z), finite at any logit.

    Parameters
    ----------
    Z : Tensor, shape (n_y, m)
        Logits, before the sigmoid.
    Y : array_like, shape (n_y, m)
        Labels in [0, 1].
    weight : array_like, shape (m,), optional
        Of each example.

    Returns
    -------
    Tensor, shape ()
        In nats.
    """
    _need_logits("binary_cross_entropy_with_logits", Z, {"sigmoid", "softmax"})
    Y = _labels("binary_cross_entropy_with_logits", Z, Y)
    return _average(autograd.binary_cross_entropy_with_logits(Z, Y), Z.shape[1], weight)


def softmax_cross_entropy(Z: Tensor, Y: Tensor | npt.ArrayLike, *, weight: Weight = None) -> Tensor:
    """Return the multi-class cross-entropy cost J = (1/m) Σ −Σ y log softmax(z).

    Parameters
    ----------
    Z : Tensor, shape (n_y, m)
        Logits, before the softmax; n_y ≥ 2.
    Y : array_like, shape (n_y, m)
        One-hot labels (see `one_hot`), or probabilities that sum to 1 down each column.
    weight : array_like, shape (m,), optional
        Of each example.

    Returns
    -------
    Tensor, shape ()
        In nats.
    """
    where = "softmax_cross_entropy"
    _need_logits(where, Z, {"softmax", "sigmoid"})
    if Z.ndim == 2 and Z.shape[0] == 1:
        raise ShapeError(f"{where}: {ONE_SOFTMAX}")
    Y = _labels(where, Z, Y)
    sums = Y.data.sum(axis=0)
    off = np.abs(sums - 1) > ROUNDING
    if off.any():
        i = int(np.argmax(off))
        raise ValueError(
            f"{where}: labels need to sum to 1 down each column, got {sums[i]:.6g} in column {i} "
            f"({int(off.sum())} such columns); use one_hot(class numbers)."
        )
    return _average(autograd.softmax_cross_entropy(Z, Y), Z.shape[1], weight)


def squared_error(A: Tensor, Y: Tensor | npt.ArrayLike, *, weight: Weight = None) -> Tensor:
    """Return the notes' squared error J = (1/m) Σ ½(ŷ − y)².

    Parameters
    ----------
    A : Tensor, shape (n_y, m)
        Predictions ŷ.
    Y : array_like, shape (n_y, m)
        What they should be.
    weight : array_like, shape (m,), optional
        Of each example.

    Returns
    -------
    Tensor, shape ()
        Summed over the n_y outputs of an example.

    Examples
    --------
    >>> import nn
    >>> nn.squared_error(nn.Tensor([[3.0, 1.0]]), [[1.0, 1.0]]).item()
    1.0
    """
    Y = _matching("squared_error", A, Y)
    return _average(0.5 * (A - Y) ** 2, A.shape[1], weight)


def mean_squared_error(A: Tensor, Y: Tensor | npt.ArrayLike, *, weight: Weight = None) -> Tensor:
    """Return the mean squared error J = (1/m) Σ (ŷ − y)², twice `squared_error`.

    Parameters
    ----------
    A : Tensor, shape (n_y, m)
        Predictions ŷ.
    Y : array_like, shape (n_y, m)
        What they should be.
    weight : array_like, shape (m,), optional
        Of each example.

    Returns
    -------
    Tensor, shape ()
        Summed over the n_y outputs of an example; PyTorch's and scikit-learn's divide by n_y too.
    """
    Y = _matching("mean_squared_error", A, Y)
    return _average((A - Y) ** 2, A.shape[1], weight)


WEIGHTED = (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    mean_squared_error,
    softmax_cross_entropy,
    squared_error,
)
ONE_SOFTMAX = (
    "one softmax output is always 1, whatever the weights; use output='sigmoid' for two classes, "
    "or one softmax unit for each class."
)


def cost(
    net: Module,
    X: Tensor | npt.ArrayLike,
    Y: Tensor | npt.ArrayLike,
    loss: Loss | None = None,
    *,
    penalty: Penalty | None = None,
    m: int | None = None,
    weight: Weight = None,
) -> Tensor:
    """Return the cost J of a network on a set of examples, through logits where that is exact.

    Parameters
    ----------
    net : Module or callable
        Takes X.
    X : array_like, shape (n[0], m)
        Examples in columns.
    Y : array_like, shape (n[L], m)
        Labels.
    loss : callable, optional
        Such as `binary_cross_entropy`; by default the one that belongs to the network's output.
        One of your own is called with A and with Y, of A's shape.
    penalty : Penalty, optional
        `L1` or `L2`, added to the cost.
    m : int, optional
        The number of examples by which the penalty is divided; by default that of X. For a
        mini-batch it is the number of the whole set, so that the batches of an epoch have the
        penalty of the whole set on average.
    weight : array_like, shape (m,), optional
        Of each example, for the losses here.

    Returns
    -------
    Tensor, shape ()
        Named "J".
    """
    ending = getattr(net, "ending", None)  # a plain function has none
    if loss is None:
        loss = None if ending is None else ending.loss
        if loss is None:
            raise ValueError(
                "cost: needs a loss, such as nn.binary_cross_entropy; only a network that ends "
                "with a sigmoid or softmax has one by default."
            )
    if not callable(loss):
        raise TypeError(
            f"cost: loss needs a function such as nn.mean_squared_error, got {loss!r}."
            f"{loss_called(loss)}"
        )
    check_penalty("cost", penalty)
    if ending is not None and ending.loss is softmax_cross_entropy and loss in _OF_ONE_CLASS:
        raise ValueError(
            f"cost: {loss.__name__} takes each output for a question of its own, and those of a "
            "softmax are one: leave loss out, or write loss=nn.softmax_cross_entropy."
        )
    stable = None if ending is None else ending.loss_on_logits(loss)
    taken, A = (loss, net(X)) if stable is None else (stable, net.logits(X))
    if stable is None and isinstance(A, Tensor) and A.shape[:1] == (1,) and A.made_by == "softmax":
        raise ShapeError(f"cost: {ONE_SOFTMAX}")
    J = _of(taken, A, Y, weight)
    if penalty is not None:
        J = J + penalty(net, A.shape[1] if m is None else m)
    return J.named("J")


_OF_ONE_CLASS = (binary_cross_entropy, binary_cross_entropy_with_logits)
_ELSEWHERE = {
    "mse": "mean_squared_error",
    "l2": "mean_squared_error",
    "bce": "binary_cross_entropy",
    "binary_crossentropy": "binary_cross_entropy",
    "log_loss": "binary_cross_entropy",
    "logistic": "binary_cross_entropy",
    "cross_entropy": "softmax_cross_entropy",
    "crossentropy": "softmax_cross_entropy",
    "categorical_crossentropy": "softmax_cross_entropy",
}


def loss_called(name: Any) -> str:
    """Return a hint for the name of a loss."""
    known = [n for n in __all__ if n != "cost"]
    if name in known or _ELSEWHERE.get(name):
        return f" Write loss=nn.{_ELSEWHERE.get(name, name)}."
    return suggestion(name, known).replace("'", "") if isinstance(name, str) else ""


def check_penalty(where: str, penalty: Any) -> None:
    """Refuse what is no penalty, with what to write."""
    if penalty is None or (callable(penalty) and not isinstance(penalty, type)):
        return
    raise TypeError(f"{where}: penalty needs nn.L2(0.7), nn.L1(0.1) or their sum, got {penalty!r}.")


def _of(loss: Any, A: Tensor, Y: Any, weight: Weight) -> Tensor:
    """Return the cost of predictions; a loss of somebody's own sees labels of their shape only."""
    if loss in WEIGHTED:
        own: Tensor = loss(A, Y, weight=weight)
        return own
    if weight is not None:
        raise ValueError(
            f"cost: weights of examples are known to nn's losses, not to {loss!r}; weigh inside it."
        )
    shaped = isinstance(A, Tensor) and A.ndim == 2
    given = np.shape(Y)
    if isinstance(A, Tensor) and A.ndim == 1 and given == (A.size, 1) and A.size > 1:
        raise ShapeError(
            f"cost: labels need the shape {A.shape}, got {given}: together they would be broadcast "
            f"to {(A.size, A.size)}. Pass Y.reshape(1, -1), or of the output's shape."
        )
    found = loss(A, _matching("cost", A, Y) if shaped else Y)
    if not isinstance(found, Tensor) or found.size != 1:
        raise TypeError(
            f"cost: the loss needs to return a Tensor of one number, got "
            f"{f'shape {found.shape}' if isinstance(found, Tensor) else type(found).__name__}; "
            "average over the examples."
        )
    return found


def _average(L: Tensor, m: int, weight: Weight) -> Tensor:
    if m == 0:
        raise ValueError("the cost is an average over m examples, and m is 0 here; pass some.")
    if weight is None:
        return L.named("L").sum() / m
    w = np.asarray(weight, dtype=float).reshape(-1)
    if w.shape != (m,) or not np.isfinite(w).all() or (w < 0).any():
        raise ValueError(
            f"weight: needs {m} finite numbers of at least 0, one for each column, got shape "
            f"{np.shape(weight)}."
        )
    return (L.named("L") * w.astype(L.dtype)).sum() / m


def _need_logits(where: str, Z: Tensor, refused: set[str]) -> None:
    """Refuse what a sigmoid or softmax has made: the loss applies it itself."""
    made = Z.comes_from if isinstance(Z, Tensor) else None
    if made not in refused:
        written = made in WRITTEN and _are_probabilities(value_of(Z))
        made = "softmax" if written else None
    if made is not None:
        other = ", or use binary_cross_entropy on probabilities" if made == "sigmoid" else ""
        raise ValueError(
            f"{where}: takes logits and applies its own function to them, but this is the result "
            f"of {made}, so that it would be applied twice; pass Z, before the {made}{other}."
        )


def _in_unit(values: npt.NDArray[Any]) -> bool:
    return bool(values.size and values.min() >= 0 and values.max() <= 1)


def _are_probabilities(values: npt.NDArray[Any]) -> bool:
    """Whether columns are probabilities that sum to 1, which logits never are by accident."""
    if values.ndim != 2 or values.shape[0] < 2 or not values.size:
        return False
    if abs(values[:, 0].sum() - 1) > 1e-6:  # a look at one, for the sake of speed
        return False
    return _in_unit(values) and bool((np.abs(values.sum(axis=0) - 1) < 1e-6).all())


def _matching(where: str, A: Tensor, Y: Tensor | npt.ArrayLike) -> Tensor:
    """Return the labels as a constant of the shape of the predictions, which is (n_y, m)."""
    if not isinstance(A, (Tensor, np.ndarray)) or A.ndim != 2:
        raise ShapeError(
            f"{where}: predictions need to be a Tensor of shape (n_y, m), examples in columns, "
            f"got {type(A).__name__} of shape {np.shape(A)}."
        )
    if not isinstance(Y, Tensor):
        given = np.asarray(Y)
        if given.dtype.kind not in "biuf":
            raise ValueError(
                f"{where}: labels need to be numbers, got {given.dtype}; map each class to 0 and "
                "1, or to its number and use one_hot()."
            )
        Y = Tensor(given, name="Y")
    if Y.shape != A.shape:
        hint = ""
        if Y.shape == A.shape[::-1]:
            hint = " Examples are columns here: pass Y.T."
        elif A.shape[0] > 1 and Y.size == A.shape[1]:
            hint = f" Pass one_hot(Y, {A.shape[0]})."
        elif Y.ndim == 1:
            wanted = "(-1, 1)" if A.shape == (Y.size, 1) else "(1, -1)"
            hint = f" Pass Y.reshape{wanted}."
        raise ShapeError(f"{where}: labels need the shape {A.shape}, got {Y.shape}.{hint}")
    return Y


def _labels(where: str, A: Tensor, Y: Tensor | npt.ArrayLike) -> Tensor:
    """Return the labels as a constant, after checking that they belong to these predictions."""
    Y = _matching(where, A, Y)
    values = Y.data
    if not ((values >= -ROUNDING) & (values <= 1 + ROUNDING)).all():
        raise ValueError(
            f"{where}: labels need to be in [0, 1], got values from {np.min(values):.7g} to "
            f"{np.max(values):.7g}; map classes to 0 and 1, or use one_hot(). For numbers: "
            "output='identity' and loss=nn.mean_squared_error."
        )
    return Y
