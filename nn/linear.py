"""Layers in the course's layout: examples are columns, Z = W A + b, A = g(Z)."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from autograd import ShapeError, Tensor
from nn.activations import activation as activated
from nn.init import initial
from nn.module import Module

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from nn.activations import Activation
    from nn.init import Init

    Rng = np.random.Generator | int | None
    Activated = str | Module | Callable[[Any], Any]

__all__ = ["Linear", "Network"]

from_engine = True


class Linear(Module):
    """One layer: Z = W A + b, and A = g(Z) where an activation is given.

    Parameters
    ----------
    n_in, n_out : int
        Numbers of units n[l−1] and n[l].
    activation : str, Module or callable
        g; the identity by default.
    init : str or callable
        How W begins: "he", "xavier", "glorot", "small_random", "zeros". b begins at 0.
    rng : Generator, int or None
        Where W's random numbers come from.
    dtype : dtype_like
        Of W and b; float64 by default.
    index : int, optional
        The layer's number l; names the parameters W1, b1 and the results Z1, A1.

    Attributes
    ----------
    W : Tensor, shape (n_out, n_in)
    b : Tensor, shape (n_out, 1)
    g : Module
        The activation; its parameters, if it has any, are the layer's.

    Examples
    --------
    >>> import nn
    >>> layer = nn.Linear(3, 2, activation="tanh", init="xavier", rng=0)
    >>> layer.W.shape, layer.b.shape
    ((2, 3), (2, 1))
    """

    def __init__(
        self,
        n_in: int,
        n_out: int,
        *,
        activation: Activated = "identity",
        init: str | Init = "he",
        rng: Rng = None,
        dtype: npt.DTypeLike = np.float64,
        index: int | None = None,
    ) -> None:
        for name, n in (("n_in", n_in), ("n_out", n_out)):
            if not isinstance(n, (int, np.integer)) or n < 1:
                raise ValueError(f"Linear: {name} needs to be a positive int, got {n!r}.")
        self.n_in, self.n_out, self.index = int(n_in), int(n_out), index
        number = "" if index is None else str(index)
        weights = initial(init, n_in, n_out, np.random.default_rng(rng))
        if weights.shape != (n_out, n_in):
            raise ShapeError(
                f"Linear: init needs to give shape {(n_out, n_in)}, got {weights.shape}."
            )
        self.W = Tensor(weights, name=f"W{number}", dtype=dtype, requires_grad=True)
        self.b = Tensor(np.zeros((n_out, 1)), name=f"b{number}", dtype=dtype, requires_grad=True)
        self.g = activated(activation)
        self._Z, self._A = f"Z{number}", f"A{number}"

    def linear(self, A: Tensor | npt.ArrayLike) -> Tensor:
        """Return Z = W A + b, shape (n_out, m), for A of shape (n_in, m)."""
        shape = A.shape if isinstance(A, Tensor) else np.shape(A)
        if len(shape) != 2 or shape[0] != self.n_in:
            source = "n_in" if self.index is None else f"n[{self.index - 1}]"
            if len(shape) == 2 and shape[1] == self.n_in:
                hint = " Examples are columns here: pass X.T."
            elif len(shape) == 1:
                hint = " Pass x.reshape(-1, 1) for one example."
            else:
                hint = ""
            raise ShapeError(
                f"{self.title}: input needs {source}={self.n_in} rows, got shape {shape}.{hint}"
            )
        return (self.W @ A + self.b).named(self._Z)

    def forward(self, A: Tensor | npt.ArrayLike) -> Tensor:
        """Return g(W A + b), shape (n_out, m), for A of shape (n_in, m)."""
        Z = self.linear(A)
        out: Tensor = self.g.forward(Z)  # under the layer's name, not one of its own
        return out if out is Z else out.named(self._A)

    @property
    def ending(self) -> Activation | None:
        """The layer's activation; None if a subclass computes otherwise."""
        return self.g.ending if type(self).forward is Linear.forward else None

    def logits(self, A: Tensor | npt.ArrayLike) -> Tensor:
        """Return what the activation is applied to: Z, where it has one part."""
        return self.g.logits(self.linear(A))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.n_in} → {self.n_out})"


class Network(Module):
    """An L-layer network, A[l] = g[l](W[l] A[l−1] + b[l]), with layers ``layer1`` … ``layerL``.

    Parameters
    ----------
    n : sequence of int
        Units of each layer, the inputs first: ``[30, 20, 7, 5, 1]`` has L = 4 layers.
    hidden, output : str, Module or callable
        The activations of the hidden layers and of the last one.
    init : str or callable
        How the weights begin.
    rng : Generator, int or None
        Where their random numbers come from.
    dtype : dtype_like
        Of all parameters; float64 by default.

    Examples
    --------
    >>> import nn
    >>> nn.Network([30, 20, 7, 5, 1], rng=1)
    Network (813 parameters)
      layer1: Linear(30 → 20)
      layer2: Linear(20 → 7)
      layer3: Linear(7 → 5)
      layer4: Linear(5 → 1)
    """

    def __init__(
        self,
        n: Sequence[int],
        *,
        hidden: Activated = "relu",
        output: Activated = "sigmoid",
        init: str | Init = "he",
        rng: Rng = None,
        dtype: npt.DTypeLike = np.float64,
    ) -> None:
        if len(n) < 2:
            raise ValueError(
                f"Network: n needs at least inputs and outputs, such as [30, 1], got {list(n)}."
            )
        generator = np.random.default_rng(rng)
        self.n, self.L = tuple(n), len(n) - 1
        for index, (n_in, n_out) in enumerate(pairwise(n), start=1):
            layer = Linear(
                n_in,
                n_out,
                activation=output if index == self.L else hidden,
                init=init,
                rng=generator,
                dtype=dtype,
                index=index,
            )
            setattr(self, f"layer{index}", layer)

    @property
    def layers(self) -> list[Linear]:
        """The layers 1 … L."""
        return [child for child in self.children() if isinstance(child, Linear)]

    def forward(self, X: Tensor | npt.ArrayLike) -> Tensor:
        """Return A[L], shape (n[L], m), for X of shape (n[0], m)."""
        A = _data(X)
        for layer in self.layers:
            A = layer(A)
        return A

    def logits(self, X: Tensor | npt.ArrayLike) -> Tensor:
        """Return Z[L], the input of the last activation, shape (n[L], m)."""
        A = _data(X)
        *hidden, last = self.layers
        for layer in hidden:
            A = layer(A)
        return cast("Tensor", last.scoped(last.logits, A))

    @property
    def ending(self) -> Activation | None:
        """The activation of the last layer; None if a subclass computes otherwise."""
        return self.layers[-1].ending if type(self).forward is Network.forward else None


def _data(X: Tensor | npt.ArrayLike) -> Tensor:
    """Return the inputs as a tensor, under the notes' name for them."""
    return X if isinstance(X, Tensor) else Tensor(X, name="X")
