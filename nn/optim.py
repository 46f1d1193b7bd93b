"""Optimizers: what one step does with the gradients."""

from __future__ import annotations

import math
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import GradientError, ShapeError, Tensor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy.typing as npt

__all__ = ["SGD", "Adam", "Optimizer"]


class Optimizer:
    """Base of all optimizers: holds the parameters, checks their gradients, keeps averages.

    A subclass names the averages it keeps for each parameter, and says what one step subtracts.

    Parameters
    ----------
    parameters : iterable of Tensor
        Leaves, such as ``net.parameters()``.
    learning_rate : float
        α > 0.

    Attributes
    ----------
    steps : int
        How many updates have been made.
    state : dict
        From the name of an average to its arrays, one for each parameter, of its shape.

    Examples
    --------
    >>> import nn
    >>> class Sign(nn.Optimizer):
    ...     def change(self, g):
    ...         return self.learning_rate * np.sign(g)
    >>> w = nn.Tensor(1.0, requires_grad=True)
    >>> Sign([w], learning_rate=0.25).update([3.0])
    >>> w.item()
    0.75
    """

    averages: tuple[str, ...] = ()

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
        self.state = {
            name: [np.zeros(p.shape, p.dtype) for p in self.parameters] for name in self.averages
        }

    def change(self, g: npt.NDArray[Any], *averages: npt.NDArray[Any]) -> Any:
        """Return what to subtract from a parameter; update its averages in place.

        Parameters
        ----------
        g : array
            Its gradient.
        *averages : array
            In the order of the class's `averages`.
        """
        raise NotImplementedError(f"{type(self).__name__}: define change(g).")

    def step(self) -> None:
        """Update every parameter from its gradient in `grad`.

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
        self._apply(
            [g.data if isinstance(g, Tensor) else g for g in (p.grad for p in self.parameters)]
        )

    def update(self, gradients: Sequence[npt.ArrayLike]) -> None:
        """Update every parameter from gradients that are given, in the order of `parameters`.

        They may come from `autograd.gradients`, a transform, or a derivation by hand.

        Raises
        ------
        ShapeError
            If there is not one gradient for each parameter, of its shape. Then none is changed.
        """
        given = [np.asarray(g.data if isinstance(g, Tensor) else g) for g in gradients]
        where = f"{type(self).__name__}.update"
        if len(given) != len(self.parameters):
            raise ShapeError(
                f"{where}: needs one gradient for each of {len(self.parameters)} parameters, "
                f"got {len(given)}."
            )
        for i, (p, g) in enumerate(zip(self.parameters, given, strict=True)):
            if g.shape != p.shape:
                raise ShapeError(
                    f"{where}: the gradient of {p.name or i} needs shape {p.shape}, got {g.shape}."
                )
        self._apply([g.astype(p.dtype) for p, g in zip(self.parameters, given, strict=True)])

    def _apply(self, slopes: list[Any]) -> None:
        self.steps += 1
        for i, (p, g) in enumerate(zip(self.parameters, slopes, strict=True)):
            p.data = p.data - self.change(g, *[self.state[name][i] for name in self.averages])

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for p in self.parameters:
            p.zero_grad()

    def state_dict(self) -> dict[str, npt.NDArray[Any]]:
        """Return copies of the averages (``"v.0"``: v of the first parameter) and ``"steps"``."""
        arrays = {f"{k}.{i}": x.copy() for k, xs in self.state.items() for i, x in enumerate(xs)}
        return {"steps": np.array(self.steps), **arrays}

    def load_state_dict(self, state: Mapping[str, npt.ArrayLike]) -> None:
        """Set the averages and the count of steps; nothing is changed unless all of it fits.

        Raises
        ------
        ShapeError
            If names or shapes are not those of `state_dict`.
        """
        own, where = self.state_dict(), f"{type(self).__name__}.load_state_dict"
        if own.keys() != state.keys():
            missing, extra = sorted(own.keys() - state.keys()), sorted(state.keys() - own.keys())
            raise ShapeError(
                f"{where}: the names must be the optimizer's own; missing {missing or 'none'}, "
                f"unknown {extra or 'none'}."
            )
        given = {name: np.array(state[name], old.dtype) for name, old in own.items()}
        for name, old in own.items():
            if given[name].shape != old.shape:
                raise ShapeError(
                    f"{where}: {name} needs shape {old.shape}, got {given[name].shape}."
                )
        self.steps = int(given["steps"])
        for name, arrays in self.state.items():
            arrays[:] = [given[f"{name}.{i}"] for i in range(len(arrays))]


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

    def change(self, g: npt.NDArray[Any], *averages: npt.NDArray[Any]) -> Any:
        """Return α dθ."""
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

    averages = ("v", "s")

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

    def change(self, g: npt.NDArray[Any], *averages: npt.NDArray[Any]) -> Any:
        """Return α v̂ / (√ŝ + ε), after dθ has gone into v and s."""
        v, s = averages
        v *= self.beta1
        v += (1 - self.beta1) * g
        s *= self.beta2
        s += (1 - self.beta2) * (g * g)
        root = np.sqrt(s / (1 - self.beta2**self.steps))
        return self.learning_rate / (1 - self.beta1**self.steps) * v / (root + self.epsilon)


def _positive(where: str, name: str, value: float) -> float:
    number: Any = value
    real = isinstance(number, Real) and not isinstance(number, bool)
    if not (real and math.isfinite(value) and value > 0):
        raise ValueError(f"{where}: {name} needs to be a positive number, got {value!r}.")
    return float(value)
