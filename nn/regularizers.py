"""Regularization: penalties that are part of the cost, and dropout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from autograd import ShapeError, Tensor, name_scope
from nn._words import count, positive, refuse_keywords
from nn.module import Module
from nn.rng import Rng, generator

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

__all__ = ["L1", "L2", "Dropout", "Penalty"]

from_engine = True


class Penalty:
    """Base of penalties: λ/m times a sum over the weights W, without the biases.

    Parameters
    ----------
    strength : float
        λ ≥ 0.
    weights : iterable of Tensor, optional
        What is penalized; by default the weights of the network (see `Module.weights`).
    """

    def __new__(cls, *args: Any, **options: Any) -> Self:
        """Say what is wrong with a name before the constructor sees it."""
        if cls.__init__ is Penalty.__init__:
            refuse_keywords(cls.__name__, options, ["strength", "weights"])
        return super().__new__(cls)

    def __init__(self, strength: float, *, weights: Iterable[Tensor] | None = None) -> None:
        self.strength = positive(type(self).__name__, "strength", strength, zero=True)
        self.weights = None if weights is None else list(weights)

    def of(self, W: Tensor) -> Tensor:
        """Return what one weight matrix adds, for λ/m = 1; every penalty defines it."""
        raise NotImplementedError(f"{type(self).__name__}: define of(W).")

    def __call__(self, net: Any, m: int) -> Tensor:
        """Return the penalty, a single number named "R".

        Parameters
        ----------
        net : Module
            Whose weights are penalized.
        m : int
            The number of examples of the whole training set.
        """
        where = type(self).__name__
        weights = self.weights
        if weights is None:
            weights = net.weights() if isinstance(net, Module) else []
        if not weights:
            raise ValueError(
                f"{where}: {type(net).__name__} has no parameter called W, w, W1 or "
                f"weight; give {where}({self.strength:g}, weights=[…])."
            )
        with name_scope(where):
            total = self.of(weights[0])
            for W in weights[1:]:
                total = total + self.of(W)
            strength: Any = self.strength  # it may have been set
            if not isinstance(strength, Tensor):
                strength = positive(where, "strength", strength, zero=True)
            penalty: Tensor = (total * (strength / count(where, "m", m))).named("R")
            return penalty

    def __add__(self, other: Any) -> Penalty:
        if not isinstance(other, Penalty):
            return NotImplemented
        return _Sum(self, other)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.strength:g})"


class _Sum(Penalty):
    """Several penalties together, such as L1 and L2 (the elastic net)."""

    def __init__(self, *parts: Penalty) -> None:
        self.parts = parts

    def __call__(self, net: Any, m: int) -> Tensor:
        first, *others = [part(net, m) for part in self.parts]
        for other in others:
            first = first + other
        return first.named("R")

    def __repr__(self) -> str:
        return " + ".join(map(repr, self.parts))


class L2(Penalty):
    """The notes' L2 regularization, (λ/2m) Σ ‖W‖²_F: each step also shrinks W by α λ/m of itself.

    Examples
    --------
    >>> import nn
    >>> net = nn.Network([2, 1], init=lambda n_in, n_out, rng: [[3.0, 4.0]])
    >>> nn.L2(0.5)(net, m=5).item()
    1.25
    """

    def of(self, W: Tensor) -> Tensor:
        """Return ½ ‖W‖²_F."""
        half: Tensor = 0.5 * np.sum(np.square(W))
        return half


class L1(Penalty):
    """L1 regularization, (λ/m) Σ |w|, which makes weights 0. Some write λ/2m.

    Examples
    --------
    >>> import nn
    >>> net = nn.Network([2, 1], init=lambda n_in, n_out, rng: [[3.0, -4.0]])
    >>> nn.L1(0.5)(net, m=4).item()
    0.875
    """

    def of(self, W: Tensor) -> Tensor:
        """Return Σ |w|."""
        total: Tensor = np.sum(np.abs(W))
        return total


class Dropout(Module):
    """Inverted dropout: in training, each unit stays with probability keep_prob, divided by it.

    Off in `eval` mode, in `predict`, `accuracy` and nn's `check_gradients`.

    Parameters
    ----------
    keep_prob : float
        In (0, 1]; 1 keeps every unit. PyTorch's ``Dropout(p)`` drops with p = 1 − keep_prob.
    mask : array_like, optional
        D, of 0 and 1, to use instead of random ones; assign `mask` to change it, None for random.
    rng : Generator, RandomState, int or None
        Where the masks come from.
    index : int, optional
        The layer's number l, for the names D1 and A1.

    Attributes
    ----------
    D : array
        The mask of the last call in training.

    Examples
    --------
    >>> import nn
    >>> dropout = nn.Dropout(0.5, mask=[[1, 0]])
    >>> dropout(nn.Tensor([[3.0, 4.0]])).data
    array([[6., 0.]])
    >>> dropout.eval()(nn.Tensor([[3.0, 4.0]])).data
    array([[3., 4.]])
    """

    def __init__(
        self,
        keep_prob: float,
        *,
        mask: npt.ArrayLike | None = None,
        rng: Rng = None,
        index: int | None = None,
    ) -> None:
        self.keep_prob = kept_probability("Dropout", keep_prob)
        self.rng = generator(rng, "Dropout")
        self.mask = mask
        self.D: npt.NDArray[Any] | None = None
        self._number = "" if index is None else str(index)

    def forward(self, A: Tensor | npt.ArrayLike) -> Tensor:
        """Return A * D / keep_prob in training, of A's shape, and A itself otherwise."""
        A = A if isinstance(A, Tensor) else Tensor(A)
        if not self.training or (self.keep_prob == 1 and self.mask is None):
            return A
        keep_prob = kept_probability(self.title, self.keep_prob)  # it may have been set
        self.D = self._mask(A.shape).astype(A.dtype)
        D = Tensor(self.D, name=f"D{self._number}")
        return (A * D / keep_prob).named(f"A{self._number}")

    def _mask(self, shape: tuple[int, ...]) -> npt.NDArray[Any]:
        if self.mask is None:
            return self.rng.random(shape) < self.keep_prob
        given = np.asarray(self.mask)
        if given.shape != shape:
            raise ShapeError(f"{self.title}: mask needs shape {shape}, got {given.shape}.")
        if not np.isin(given, (0, 1)).all():
            raise ValueError(f"{self.title}: mask needs to be of 0 and 1.")
        return given

    def units_after(self, units: int | None) -> int | None:
        """Return as many."""
        return units

    def __repr__(self) -> str:
        return f"Dropout(keep_prob={self.keep_prob:g})"


def kept_probability(where: str, keep_prob: Any) -> float:
    """Return a probability of staying, which is in (0, 1]."""
    number = positive(where, "keep_prob", keep_prob)
    if number > 1:
        raise ValueError(f"{where}: keep_prob needs to be in (0, 1], got {keep_prob!r}.")
    return number
