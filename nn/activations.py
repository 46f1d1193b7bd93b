"""Activations g, by name and as modules."""

from __future__ import annotations

import math
import re
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from autograd import (
    ShapeError,
    Tensor,
    elu,
    gelu,
    leaky_relu,
    relu,
    sigmoid,
    silu,
    softmax,
    softplus,
)
from nn._words import BOOLS, suggestion
from nn.losses import (
    ONE_SOFTMAX,
    Loss,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    softmax_cross_entropy,
)
from nn.module import Module

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "ACTIVATIONS",
    "ELU",
    "GELU",
    "Activation",
    "Identity",
    "LeakyReLU",
    "PReLU",
    "ReLU",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
    "activation",
]

from_engine = True


def identity(z: Any) -> Any:
    """Return z itself: a linear activation."""
    return z


class Activation(Module):
    """A function g applied to Z, element by element or down each column.

    Parameters
    ----------
    function : callable, optional
        g; subclasses have their own.

    Attributes
    ----------
    loss : callable, or None
        The cost that belongs to it where it ends a network, on which `fit` trains by default.
    on_logits : dict
        From a cost of A = g(Z) to the same cost of Z, which is finite for any logits.
    """

    function: Callable[[Any], Any] = staticmethod(identity)
    loss: Loss | None = None
    on_logits: ClassVar[dict[Loss, Loss]] = {}

    def __init__(self, function: Callable[[Any], Any] | None = None) -> None:
        if function is not None:
            self.function = function

    @property
    def ending(self) -> Activation:
        """The activation itself."""
        return self

    def loss_on_logits(self, loss: Loss) -> Loss | None:
        """Return the same cost of Z, or None if there is none, or a subclass computes otherwise."""
        home = next(kind for kind in type(self).__mro__ if "on_logits" in vars(kind))
        same = type(self).forward is home.forward and self.function is home.function  # type: ignore[attr-defined]
        return self.on_logits.get(loss) if same else None

    def logits(self, Z: Any) -> Any:
        """Return what g is applied to: Z."""
        return Z if isinstance(Z, Tensor) else Tensor(Z)

    def units_after(self, units: int | None) -> int | None:
        """Return as many, of the activations here; those of others may have any number."""
        return units if type(self) is not Activation else None

    def forward(self, z: Any) -> Any:
        """Return g(z), of the shape of z."""
        return self.function(z)

    @property
    def label(self) -> str:
        """The name under which `activation` knows it, or the function's own."""
        for name, kind in ACTIVATIONS.items():
            if type(self) is kind and (kind is not Identity or self.function is identity):
                return name
        return getattr(self.function, "__name__", super().label)

    @property
    def written(self) -> str:
        """The name from which `activation` makes an equal one: ``leaky_relu(0.2)``."""
        return self.label

    def classes(self, A: Any) -> Any:
        """Return the classes that outputs of this activation mean; here the outputs themselves."""
        return A


class Identity(Activation):
    """g(z) = z."""


class Sigmoid(Activation):
    """g(z) = 1 / (1 + e^−z), in (0, 1)."""

    function = staticmethod(sigmoid)
    loss = staticmethod(binary_cross_entropy)
    on_logits: ClassVar[dict[Loss, Loss]] = dict.fromkeys(
        (binary_cross_entropy, binary_cross_entropy_with_logits), binary_cross_entropy_with_logits
    )

    def classes(self, A: Any) -> Any:
        """Return 1 where a probability is above ½, and 0 elsewhere, of A's shape."""
        return self.threshold_classes(A, 0.5)

    def threshold_classes(self, A: Any, threshold: float) -> Any:
        """Return 1 where a probability is above a threshold, and 0 elsewhere, of A's shape."""
        if not isinstance(threshold, (int, float, np.number)) or not 0 <= threshold <= 1:
            raise ValueError(f"threshold needs to be in [0, 1], got {threshold!r}.")
        return np.asarray(threshold < A, dtype=np.int64)


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
        super().__init__()
        self.slope = _real("LeakyReLU", "slope", slope)

    @property
    def written(self) -> str:
        """``leaky_relu``, with its slope where that is not the notes'."""
        return "leaky_relu" if self.slope == 0.01 else f"leaky_relu({float(self.slope)!r})"

    def forward(self, z: Any) -> Any:
        """Return g(z), of the shape of z."""
        return leaky_relu(z, slope=self.slope)


class Softmax(Activation):
    """g(z) = e^z / Σ e^z down each column: probabilities of n_y classes."""

    function = staticmethod(softmax)
    loss = staticmethod(softmax_cross_entropy)
    on_logits: ClassVar[dict[Loss, Loss]] = {softmax_cross_entropy: softmax_cross_entropy}

    def classes(self, A: Any) -> Any:
        """Return the number of the class of each column, shape (m,), of n_y ≥ 2 rows."""
        if np.shape(A)[0] == 1:
            raise ShapeError(f"{self.title}: {ONE_SOFTMAX}")
        return np.argmax(A, axis=0)


class Softplus(Activation):
    """g(z) = log(1 + e^z), a smooth ReLU."""

    function = staticmethod(softplus)


class ELU(Activation):
    """g(z) = z where positive, α(e^z − 1) elsewhere.

    Parameters
    ----------
    alpha : float
        α.
    """

    def __init__(self, alpha: float = 1.0) -> None:
        super().__init__()
        self.alpha = _real("ELU", "alpha", alpha)

    @property
    def written(self) -> str:
        """``elu``, with its α where that is not 1."""
        return "elu" if self.alpha == 1 else f"elu({float(self.alpha)!r})"

    def forward(self, z: Any) -> Any:
        """Return g(z), of the shape of z."""
        return elu(z, alpha=self.alpha)


class GELU(Activation):
    """g(z) = z Φ(z), with the normal distribution function Φ."""

    function = staticmethod(gelu)


class SiLU(Activation):
    """g(z) = z σ(z), also called swish."""

    function = staticmethod(silu)


class PReLU(Activation):
    """g(z) = z where positive, slope·z elsewhere, with a slope that is learned.

    Parameters
    ----------
    slope : float
        Where it begins.

    Attributes
    ----------
    slope : Tensor, shape ()
    """

    def __init__(self, slope: float = 0.25) -> None:
        super().__init__()
        self.slope = Tensor(slope, name="slope", requires_grad=True)

    def forward(self, z: Any) -> Any:
        """Return g(z), of the shape of z."""
        return np.maximum(z, 0) + self.slope * np.minimum(z, 0)


ACTIVATIONS: dict[str, type[Activation]] = {
    "elu": ELU,
    "gelu": GELU,
    "identity": Identity,
    "leaky_relu": LeakyReLU,
    "prelu": PReLU,
    "relu": ReLU,
    "sigmoid": Sigmoid,
    "silu": SiLU,
    "softmax": Softmax,
    "softplus": Softplus,
    "tanh": Tanh,
}


_WITH_NUMBER = re.compile(
    r"(leaky_relu|elu|prelu)\(\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*\)"
)


def _real(where: str, name: str, value: Any) -> float:
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if isinstance(value, BOOLS) or not isinstance(value, Real) or not math.isfinite(value):
        raise ValueError(f"{where}: {name} needs to be a finite number, got {value!r}.")
    return float(value)


def activation(g: str | Module | Callable[[Any], Any]) -> Module:
    """Return an activation as a module, by its name, from a function, or as it is.

    A name may have its number: ``"leaky_relu(0.2)"``, ``"elu(2)"``, ``"prelu(0.1)"``.

    Raises
    ------
    ValueError
        If the name is unknown.

    Examples
    --------
    >>> [type(activation(g)).__name__ for g in ("relu", Sigmoid(), sigmoid, abs)]
    ['ReLU', 'Sigmoid', 'Sigmoid', 'Activation']
    """
    if isinstance(g, Module):
        return g
    if isinstance(g, type) and issubclass(g, Module):  # nn.ReLU, without its parentheses
        return g()
    if isinstance(g, str) and (found := _WITH_NUMBER.fullmatch(g)):
        return ACTIVATIONS[found[1]](float(found[2]))  # type: ignore[arg-type]
    for name, kind in ACTIVATIONS.items():
        own = "function" in vars(kind)  # the others have the base's
        if g == name or (own and g is kind.function):
            return kind()
    if not callable(g):
        other = {"linear": "identity", "logistic": "sigmoid", "swish": "silu", None: "identity"}
        known = other.get(g) if isinstance(g, (str, type(None))) else None
        hint = f" Write {known!r}." if known else suggestion(g, ACTIVATIONS)
        raise ValueError(f"activation: needs one of {', '.join(ACTIVATIONS)}, got {g!r}.{hint}")
    return Activation(g)
