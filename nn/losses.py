"""Costs: the average over the m columns of a loss in nats, J = (1/m) Σ L.

A sigmoid or softmax that ends a module knows the form of the loss that takes its logits, which is
finite for any of them; `cost` takes that one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

import autograd
from autograd import ShapeError, Tensor

if TYPE_CHECKING:
    import numpy.typing as npt

    from nn.module import Module

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cost",
    "softmax_cross_entropy",
]

from_engine = True


class Loss(Protocol):
    """A function of predictions and labels that returns the cost."""

    def __call__(self, A: Tensor, Y: Any, /) -> Tensor:
        """Return the cost, a single number."""


def binary_cross_entropy(A: Tensor, Y: Tensor | npt.ArrayLike) -> Tensor:
    """Return the cross-entropy cost J = (1/m) Σ −[y log a + (1 − y) log(1 − a)].

    Parameters
    ----------
    A : Tensor, shape (n_y, m)
        Probabilities in [0, 1].
    Y : array_like, shape (n_y, m)
        Labels in [0, 1].

    Returns
    -------
    Tensor, shape ()
        In nats.

    Examples
    --------
    >>> import nn
    >>> print(f"{nn.binary_cross_entropy(nn.Tensor([[0.5, 0.5]]), [[1.0, 0.0]]):.6f}")
    0.693147
    """
    Y = _labels("binary_cross_entropy", A, Y)
    return _average(autograd.binary_cross_entropy(A, Y), A.shape[1])


def binary_cross_entropy_with_logits(Z: Tensor, Y: Tensor | npt.ArrayLike) -> Tensor:
    """Return the cross-entropy cost of A = σ(Z), finite at any logit.

    Parameters
    ----------
    Z : Tensor, shape (n_y, m)
        Logits.
    Y : array_like, shape (n_y, m)
        Labels in [0, 1].

    Returns
    -------
    Tensor, shape ()
        In nats.
    """
    Y = _labels("binary_cross_entropy_with_logits", Z, Y)
    return _average(autograd.binary_cross_entropy_with_logits(Z, Y), Z.shape[1])


def softmax_cross_entropy(Z: Tensor, Y: Tensor | npt.ArrayLike) -> Tensor:
    """Return the multi-class cross-entropy cost J = (1/m) Σ −Σ y log softmax(z).

    Parameters
    ----------
    Z : Tensor, shape (n_y, m)
        Logits.
    Y : array_like, shape (n_y, m)
        One-hot labels (see `one_hot`), or probabilities that sum to 1 down each column.

    Returns
    -------
    Tensor, shape ()
        In nats.
    """
    Y = _labels("softmax_cross_entropy", Z, Y)
    return _average(autograd.softmax_cross_entropy(Z, Y), Z.shape[1])


def cost(net: Module, X: Tensor | npt.ArrayLike, Y: Tensor | npt.ArrayLike, loss: Loss) -> Tensor:
    """Return the cost J of a network on a set of examples, through logits where that is exact.

    Parameters
    ----------
    net : Module or callable
        Takes X.
    X : array_like, shape (n[0], m)
        Examples in columns.
    Y : array_like, shape (n[L], m)
        Labels.
    loss : callable
        Such as `binary_cross_entropy`.

    Returns
    -------
    Tensor, shape ()
        Named "J".
    """
    ending = getattr(net, "ending", None)  # a plain function has none
    stable = None if ending is None else ending.loss_on_logits(loss)
    return (loss(net(X), Y) if stable is None else stable(net.logits(X), Y)).named("J")


def _average(L: Tensor, m: int) -> Tensor:
    return L.named("L").sum() / m


def _labels(where: str, A: Tensor, Y: Tensor | npt.ArrayLike) -> Tensor:
    """Return the labels as a constant, after checking that they belong to these predictions."""
    Y = Y if isinstance(Y, Tensor) else Tensor(Y, name="Y")
    if Y.shape != A.shape or A.ndim != 2:
        hint = ""
        if Y.shape == A.shape[::-1]:
            hint = " Examples are columns here: pass Y.T."
        elif A.shape[0] > 1 and Y.size == A.shape[1]:
            hint = f" Pass one_hot(Y, {A.shape[0]})."
        elif Y.ndim == 1:
            hint = " Pass Y.reshape(1, -1)."
        raise ShapeError(f"{where}: labels need the shape {A.shape}, got {Y.shape}.{hint}")
    values = Y.data
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError(
            f"{where}: labels need to be in [0, 1], got values from {np.min(values):.4g} to "
            f"{np.max(values):.4g}; map classes to 0 and 1, or use one_hot()."
        )
    return Y
