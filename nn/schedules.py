"""Learning-rate schedules: α as a function of the epoch, or of the step.

An optimizer takes one in the place of a number: ``Adam(p, learning_rate=ExponentialDecay(0.01))``.
Epochs and steps count from 1, as in the notes' formulas.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nn._words import Hinted, count, positive

__all__ = ["ExponentialDecay", "InverseDecay", "RootDecay", "Schedule", "Staircase"]


class Schedule(Hinted):
    """Base of schedules: a callable of the epoch and the step. Plain functions of the epoch do too.

    Examples
    --------
    >>> import nn
    >>> class Halved(nn.Schedule):
    ...     def __call__(self, epoch, step=None):
    ...         return 0.1 / 2**epoch
    >>> optimizer = nn.SGD([nn.Tensor(1.0, requires_grad=True)], learning_rate=Halved())
    >>> optimizer.epoch = 2
    >>> optimizer.learning_rate
    0.025
    """

    def __call__(self, epoch: int, step: int | None = None) -> float:
        """Return α in an epoch, at a step of the whole run; both count from 1."""
        raise NotImplementedError(f"{type(self).__name__}: define __call__(epoch, step).")

    def __repr__(self) -> str:
        inner = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({inner})"


class InverseDecay(Schedule):
    """α = α₀ / (1 + decay · epoch).

    Parameters
    ----------
    learning_rate : float
        α₀ > 0.
    decay : float
        The notes' decay rate, at least 0.
    every : int
        Decay once in so many epochs: α = α₀ / (1 + decay · ⌊epoch / every⌋).

    Examples
    --------
    >>> import nn
    >>> print(f"{nn.InverseDecay(0.5, 1)(2):.6f} {nn.InverseDecay(0.3, 0.25, every=100)(1000):.6f}")
    0.166667 0.085714
    """

    def __init__(self, learning_rate: float, decay: float = 1.0, *, every: int = 1) -> None:
        self.learning_rate = positive("InverseDecay", "learning_rate", learning_rate)
        self.decay = positive("InverseDecay", "decay", decay, zero=True)
        self.every = count("InverseDecay", "every", every)

    def __call__(self, epoch: int, step: int | None = None) -> float:
        """Return α in an epoch."""
        _counted("InverseDecay", epoch, 0)
        return self.learning_rate / (1 + self.decay * (epoch // self.every))


class RootDecay(Schedule):
    """α = k α₀ / √epoch, or k α₀ / √t for the mini-batch t.

    Parameters
    ----------
    learning_rate : float
        α₀ > 0.
    k : float
        A factor > 0.
    per : "epoch", or "step" or "t"
        What is counted; t is the notes' letter for the mini-batch. The first is 1: at 0 the notes'
        formula is infinite.

    Examples
    --------
    >>> import nn
    >>> nn.RootDecay(0.2)(4), nn.RootDecay(0.2, per="step")(1, step=16)
    (0.1, 0.05)
    """

    def __init__(self, learning_rate: float, k: float = 1.0, *, per: str = "epoch") -> None:
        self.learning_rate = positive("RootDecay", "learning_rate", learning_rate)
        self.k = positive("RootDecay", "k", k)
        if per not in {"epoch", "step", "t"}:
            raise ValueError(f"RootDecay: per needs to be 'epoch', or 'step' or 't', got {per!r}.")
        self.per = "step" if per == "t" else per

    def __call__(self, epoch: int, step: int | None = None) -> float:
        """Return α in an epoch, or at a step."""
        t = epoch if self.per == "epoch" else step
        if t is None or t < 1:
            raise ValueError(
                f"RootDecay: the {self.per} needs to be at least 1, got {t}; the formula is "
                "infinite at 0."
            )
        return self.k * self.learning_rate / math.sqrt(t)


class ExponentialDecay(Schedule):
    """α = α₀ · base^epoch, such as 0.95^epoch.

    Parameters
    ----------
    learning_rate : float
        α₀ > 0.
    base : float
        In (0, 1].

    Examples
    --------
    >>> import nn
    >>> nn.ExponentialDecay(1.0, 0.5)(3)
    0.125
    """

    def __init__(self, learning_rate: float, base: float = 0.95) -> None:
        self.learning_rate = positive("ExponentialDecay", "learning_rate", learning_rate)
        self.base = _factor("ExponentialDecay", "base", base)

    def __call__(self, epoch: int, step: int | None = None) -> float:
        """Return α in an epoch."""
        _counted("ExponentialDecay", epoch, 0)
        return float(self.learning_rate * self.base**epoch)


class Staircase(Schedule):
    """Discrete steps: α₀ for `every` epochs, then α₀ · factor for as many, and so on.

    Parameters
    ----------
    learning_rate : float
        α₀ > 0.
    factor : float
        In (0, 1].
    every : int
        Epochs on each stair.

    Examples
    --------
    >>> import nn
    >>> stairs = nn.Staircase(0.1, 0.5, every=2)
    >>> [stairs(epoch) for epoch in (1, 2, 3, 4, 5)]
    [0.1, 0.1, 0.05, 0.05, 0.025]
    """

    def __init__(self, learning_rate: float, factor: float = 0.5, *, every: int = 10) -> None:
        self.learning_rate = positive("Staircase", "learning_rate", learning_rate)
        self.factor = _factor("Staircase", "factor", factor)
        self.every = count("Staircase", "every", every)

    def __call__(self, epoch: int, step: int | None = None) -> float:
        """Return α in an epoch."""
        _counted("Staircase", epoch, 1)
        return float(self.learning_rate * self.factor ** ((epoch - 1) // self.every))


def _counted(where: str, epoch: int, least: int) -> None:
    if np.any(np.less(epoch, least)):
        raise ValueError(f"{where}: epochs count from 1; got {epoch}, and {least} is the least.")


def _factor(where: str, name: str, value: Any) -> float:
    number = positive(where, name, value)
    if number > 1:
        raise ValueError(f"{where}: {name} needs to be in (0, 1], got {value!r}.")
    return number
