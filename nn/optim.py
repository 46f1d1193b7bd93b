"""Optimizers: what one step does with the gradients."""

from __future__ import annotations

import math
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import GradientError, Tensor

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

__all__ = ["SGD", "Adam", "Optimizer"]


class Optimizer:
    """Base of all optimizers: holds the parameters and checks their gradients.

    Parameters
    ----------
    parameters : iterable of Tensor
        Leaves, such as ``net.parameters()``.
    learning_rate : float
        α > 0.
    """

    def __init__(self, parameters: Iterable[Tensor], *, learning_rate: float) -> None:
        self.parameters = list(parameters)
        where = type(self).__name__
        if not self.parameters:
            raise ValueError(f"{where}: needs at least one parameter, got none.")
        for p in self.parameters:
            if not isinstance(p, Tensor) or not p.is_leaf:
                raise GradientError(
                    f"{where}: parameters need to be leaves with requires_grad=True, got {p!r}."
                )
        if len({id(p) for p in self.parameters}) < len(self.parameters):
            raise ValueError(f"{where}: a parameter stands in the list twice; pass each once.")
        self.learning_rate = _positive(where, "learning_rate", learning_rate)
        self.steps = 0

    def step(self) -> None:
        """Update every parameter from its gradient.

        Raises
        ------
        GradientError
            If a parameter has no gradient. Then none is changed.
        """
        for i, p in enumerate(self.parameters):
            if p.grad is None:
                raise GradientError(
                    f"{type(self).__name__}.step: parameter {p.name or i} has no gradient; "
                    "call backward() on a cost that depends on it, or leave it out."
                )
        slopes = [p.grad.data if isinstance(p.grad, Tensor) else p.grad for p in self.parameters]
        self.steps += 1
        for i, (p, g) in enumerate(zip(self.parameters, slopes, strict=True)):
            p.data = p.data - self._change(i, g)

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for p in self.parameters:
            p.zero_grad()

    def _change(self, i: int, g: npt.NDArray[Any]) -> Any:
        """Return what to subtract from parameter i, given its gradient."""
        raise NotImplementedError


class SGD(Optimizer):
    """Gradient descent, θ := θ − α dθ; batch, mini-batch or stochastic by what it is given.

    Examples
    --------
    >>> import nn
    >>> w = nn.Tensor(1.0, requires_grad=True)
    >>> optimizer = nn.SGD([w], learning_rate=0.25)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> w.item()
    0.5
    """

    def _change(self, i: int, g: npt.NDArray[Any]) -> Any:
        return self.learning_rate * g


class Adam(Optimizer):
    """Adam: averages of the gradient and of its square, both corrected for their start at 0.

    Parameters
    ----------
    parameters : iterable of Tensor
        Leaves.
    learning_rate : float
        α.
    beta1, beta2 : float
        Weights of the past, in [0, 1).
    epsilon : float
        Added to the root, > 0.

    Notes
    -----
    v := β₁v + (1 − β₁)dθ,  s := β₂s + (1 − β₂)dθ²,  and with v̂ = v/(1 − β₁ᵗ), ŝ = s/(1 − β₂ᵗ):
    θ := θ − α v̂ / (√ŝ + ε).

    References
    ----------
    Kingma and Ba (2015), Adam: a method for stochastic optimization, algorithm 1.
    """

    def __init__(
        self,
        parameters: Iterable[Tensor],
        *,
        learning_rate: float = 1e-3,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
    ) -> None:
        super().__init__(parameters, learning_rate=learning_rate)
        for name, beta in (("beta1", beta1), ("beta2", beta2)):
            if not 0 <= beta < 1:
                raise ValueError(f"Adam: {name} needs to be in [0, 1), got {beta!r}.")
        self.beta1, self.beta2 = beta1, beta2
        self.epsilon = _positive("Adam", "epsilon", epsilon)
        self._v = [np.zeros(p.shape, p.dtype) for p in self.parameters]
        self._s = [np.zeros(p.shape, p.dtype) for p in self.parameters]

    def _change(self, i: int, g: npt.NDArray[Any]) -> Any:
        v, s, t = self._v[i], self._s[i], self.steps
        v *= self.beta1
        v += (1 - self.beta1) * g
        s *= self.beta2
        s += (1 - self.beta2) * (g * g)
        root = np.sqrt(s / (1 - self.beta2**t))
        return self.learning_rate / (1 - self.beta1**t) * v / (root + self.epsilon)


def _positive(where: str, name: str, value: float) -> float:
    number: Any = value
    real = isinstance(number, Real) and not isinstance(number, bool)
    if not (real and math.isfinite(value) and value > 0):
        raise ValueError(f"{where}: {name} needs to be a positive number, got {value!r}.")
    return float(value)
