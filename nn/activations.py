"""Activations g, by name and as modules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import leaky_relu, relu, sigmoid, softmax, softplus
from nn.module import Module

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "ACTIVATIONS",
    "Activation",
    "Identity",
    "LeakyReLU",
    "ReLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
    "as_function",
    "name_of",
]

from_engine = True


def identity(z: Any) -> Any:
    """Return z itself: a linear activation."""
    return z


class Activation(Module):
    """A function g applied to Z; it has no parameters."""

    function: Callable[[Any], Any] = staticmethod(identity)

    def forward(self, z: Any) -> Any:
        """Return g(z), of the shape of z."""
        return self.function(z)


class Identity(Activation):
    """g(z) = z."""


class Sigmoid(Activation):
    """g(z) = 1 / (1 + e^−z), in (0, 1)."""

    function = staticmethod(sigmoid)


class Tanh(Activation):
    """g(z) = tanh z, in (−1, 1)."""

    function = staticmethod(np.tanh)


class ReLU(Activation):
    """g(z) = max(0, z); its slope at 0 is 0."""

    function = staticmethod(relu)


class LeakyReLU(Activation):
    """g(z) = z where positive, slope·z elsewhere.

    Parameters
    ----------
    slope : float
        0.01 in the notes.
    """

    def __init__(self, slope: float = 0.01) -> None:
        self.slope = slope

    def forward(self, z: Any) -> Any:
        """Return g(z), of the shape of z."""
        return leaky_relu(z, slope=self.slope)


class Softmax(Activation):
    """g(z) = e^z / Σ e^z down each column: probabilities of n_y classes."""

    function = staticmethod(softmax)


class Softplus(Activation):
    """g(z) = log(1 + e^z), a smooth ReLU."""

    function = staticmethod(softplus)


ACTIVATIONS: dict[str, type[Activation]] = {
    "identity": Identity,
    "leaky_relu": LeakyReLU,
    "relu": ReLU,
    "sigmoid": Sigmoid,
    "softmax": Softmax,
    "softplus": Softplus,
    "tanh": Tanh,
}


def as_function(g: str | Activation | Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return an activation as a function, by its name or as it is.

    Raises
    ------
    ValueError
        If the name is unknown.
    """
    if isinstance(g, Module):
        return g.forward
    if callable(g):
        return g
    if g not in ACTIVATIONS:
        raise ValueError(f"activation: needs one of {', '.join(ACTIVATIONS)}, got {g!r}.")
    return ACTIVATIONS[g]().forward


def name_of(g: str | Activation | Callable[[Any], Any]) -> str:
    """Return the name of an activation given in any form; empty where it is none of ours.

    Examples
    --------
    >>> name_of(Sigmoid()), name_of(sigmoid), name_of("sigmoid"), name_of(abs)
    ('sigmoid', 'sigmoid', 'sigmoid', '')
    """
    if isinstance(g, str):
        return g
    for name, kind in ACTIVATIONS.items():
        if type(g) is kind or g is kind.function:
            return name
    return ""
