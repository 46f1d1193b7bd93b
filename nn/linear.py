"""Layers in the course's layout: examples are columns, Z = W A + b, A = g(Z)."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from autograd import ShapeError, Tensor
from nn._words import count, refuse_keywords
from nn.activations import Softmax, activation as activated
from nn.init import initial
from nn.losses import ONE_SOFTMAX
from nn.module import Module
from nn.regularizers import Dropout, kept_probability
from nn.rng import Rng, generator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from nn.activations import Activation
    from nn.init import Init

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
    init : str, float or callable
        How W begins: "he", "xavier", "glorot", "small_random", "zeros", or the standard deviation
        of normal values. b begins at 0.
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
        init: str | float | Init = "he",
        rng: Rng = None,
        dtype: npt.DTypeLike = np.float64,
        index: int | None = None,
    ) -> None:
        self.n_in, self.n_out = count("Linear", "n_in", n_in), count("Linear", "n_out", n_out)
        self.index = index
        number = "" if index is None else str(index)
        weights = initial(init, n_in, n_out, generator(rng, "Linear"))
        if weights.shape != (n_out, n_in):
            raise ShapeError(
                f"Linear: init needs to give shape {(n_out, n_in)}, got {weights.shape}."
            )
        self.W = Tensor(weights, name=f"W{number}", dtype=dtype, requires_grad=True)
        self.b = Tensor(np.zeros((n_out, 1)), name=f"b{number}", dtype=dtype, requires_grad=True)
        self.g = activated(activation)
        if isinstance(activation, str):  # made here: its parameters too, such as PReLU's slope
            for name, p in vars(self.g).items():
                if isinstance(p, Tensor) and p.dtype != dtype:
                    setattr(
                        self.g, name, Tensor(p.data, name=p.name, dtype=dtype, requires_grad=True)
                    )
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

    @property
    def buffers(self) -> tuple[str, ...]:  # type: ignore[override]
        """W and b where they are constants: frozen, and saved all the same."""
        return tuple(name for name in ("W", "b") if not getattr(self, name).is_leaf)

    def __repr__(self) -> str:
        g = "" if self.g.label == "identity" else f", {self.g.label}"
        return f"{type(self).__name__}({self.n_in} → {self.n_out}{g})"


class Network(Module):
    """An L-layer network, A[l] = g[l](W[l] A[l−1] + b[l]), with layers ``layer1`` … ``layerL``.

    Parameters
    ----------
    n : sequence of int
        Units of each layer, the inputs first: ``[30, 20, 7, 5, 1]`` has L = 4 layers.
    hidden : str, Module, callable, or list of them
        The activations of the hidden layers: one for all, or one for each.
    output : str, Module or callable
        The activation of the last layer.
    init : str, float or callable
        How the weights begin, as in `Linear`.
    keep_prob : float or list of float
        Dropout after the hidden layers: one probability for all, or one for each; 1 for none.
    rng : Generator, RandomState, int or None
        Where the random numbers of weights and dropout come from. ``np.random.RandomState(2)``
        gives the numbers that the course prints after ``np.random.seed(2)``.
    dtype : dtype_like
        Of all parameters; float64 by default.

    Examples
    --------
    >>> import nn
    >>> nn.Network([30, 20, 7, 5, 1], rng=1)
    Network (813 parameters)
      layer1: Linear(30 → 20, relu)
      layer2: Linear(20 → 7, relu)
      layer3: Linear(7 → 5, relu)
      layer4: Linear(5 → 1, sigmoid)
    """

    in_order = True

    def __init__(
        self,
        n: Sequence[int],
        *,
        hidden: Activated | Sequence[Activated] = "relu",
        output: Activated = "sigmoid",
        init: str | float | Init = "he",
        keep_prob: float | Sequence[float] = 1.0,
        rng: Rng = None,
        dtype: npt.DTypeLike = np.float64,
        **unknown: Any,
    ) -> None:
        refuse_keywords(
            "Network", unknown, ("n", "hidden", "output", "init", "keep_prob", "rng", "dtype")
        )
        if isinstance(n, (str, int)) or len(n) < 2:
            raise ValueError(
                "Network: n needs at least inputs and outputs, such as [30, 1], got "
                f"{n if isinstance(n, (str, int)) else list(n)}."
            )
        self.n = tuple(count("Network", f"n[{i}]", units) for i, units in enumerate(n))
        self.L = len(n) - 1
        g = [*_for_each("hidden", hidden, self.L - 1), output]
        kept = [
            kept_probability("Network", p) for p in _for_each("keep_prob", keep_prob, self.L - 1)
        ]
        stream = generator(rng, "Network")
        for index, (n_in, n_out) in enumerate(pairwise(self.n), start=1):
            layer = Linear(
                n_in,
                n_out,
                activation=g[index - 1],
                init=init,
                rng=stream,
                dtype=dtype,
                index=index,
            )
            setattr(self, f"layer{index}", layer)
            if index < self.L and kept[index - 1] < 1:
                dropout = Dropout(kept[index - 1], rng=stream, index=index)
                setattr(self, f"dropout{index}", dropout)
        if self.n[-1] == 1 and isinstance(self.layers[-1].g, Softmax):
            raise ValueError(f"Network: {ONE_SOFTMAX}")

    @classmethod
    def from_dict(
        cls,
        parameters: Mapping[str, npt.ArrayLike],
        *,
        hidden: Activated | Sequence[Activated] = "relu",
        output: Activated = "sigmoid",
        keep_prob: float | Sequence[float] = 1.0,
        rng: Rng = None,
    ) -> Network:
        """Make a network of parameters in the notes' letters: W1, b1, … WL, bL.

        Examples
        --------
        >>> import nn
        >>> net = nn.Network.from_dict({"W1": [[2.0, -3.0]], "b1": [[-3.0]]})
        >>> net.n, net["W1"].data
        ((2, 1), array([[ 2., -3.]]))
        """
        L = sum(name.startswith("W") for name in parameters)
        wanted = [f"{letter}{i}" for i in range(1, L + 1) for letter in ("W", "b")]
        if not L or set(parameters) != set(wanted):
            raise ValueError(
                f"{cls.__name__}.from_dict: needs W1, b1, … WL, bL, got {', '.join(parameters)}."
            )
        arrays = {name: np.asarray(value) for name, value in parameters.items()}
        for i in range(1, L + 1):
            if arrays[f"W{i}"].ndim != 2:
                raise ShapeError(
                    f"{cls.__name__}.from_dict: W{i} needs shape (n[{i}], n[{i - 1}]), got "
                    f"{arrays[f'W{i}'].shape}."
                )
        n = [arrays["W1"].shape[1], *(arrays[f"W{i}"].shape[0] for i in range(1, L + 1))]
        floats = all(a.dtype == np.float32 for a in arrays.values())
        net = cls(
            n,
            hidden=hidden,
            output=output,
            init="zeros",
            keep_prob=keep_prob,
            rng=rng,
            dtype=np.float32 if floats else np.float64,
        )
        net.load_dict(arrays)
        return net

    def __setattr__(self, name: str, value: Any) -> None:
        if name[:1] in ("W", "b") and name[1:].isdecimal() and "L" in vars(self):
            raise TypeError(f'{self.title}: to set a parameter write net["{name}"] = array.')
        super().__setattr__(name, value)

    def __getitem__(self, name: str) -> Tensor:
        """Return a parameter by the notes' letter: ``net["W1"]``, ``net["b2"]``."""
        return self._lettered(name)

    def __setitem__(self, name: str, values: npt.ArrayLike) -> None:
        self._lettered(name).data = values

    def _lettered(self, name: str) -> Tensor:
        letter, number = str(name)[:1], str(name)[1:]
        if letter not in {"W", "b"} or not number.isdecimal() or not 1 <= int(number) <= self.L:
            raise KeyError(
                f"{self.title}: parameters are W1, b1, … W{self.L}, b{self.L}; got {name!r}."
            )
        found: Tensor = getattr(self.layers[int(number) - 1], letter)
        return found

    def as_dict(self) -> dict[str, npt.NDArray[Any]]:
        """Return copies of the parameters in the notes' letters: W1, b1, … WL, bL."""
        names = [f"{letter}{i}" for i in range(1, self.L + 1) for letter in ("W", "b")]
        return {name: self[name].numpy() for name in names}

    def load_dict(self, parameters: Mapping[str, npt.ArrayLike]) -> None:
        """Set the parameters from a dict in the notes' letters; none is changed unless all fit.

        Raises
        ------
        ShapeError
            If names or shapes are not those of this network.
        """
        own = self.as_dict()
        if set(own) != set(parameters):
            missing = sorted(set(own) - set(parameters))
            extra = sorted(set(parameters) - set(own))
            raise ShapeError(
                f"{self.title}.load_dict: the names must be the network's own; missing "
                f"{missing or 'none'}, unknown {extra or 'none'}."
            )
        values = {name: Tensor(parameters[name], dtype=old.dtype).data for name, old in own.items()}
        for name, old in own.items():
            if values[name].shape != old.shape:
                raise ShapeError(
                    f"{self.title}.load_dict: {name} needs shape {old.shape}, got "
                    f"{values[name].shape}."
                )
        for name, value in values.items():
            self[name] = value

    @property
    def layers(self) -> list[Linear]:
        """The layers 1 … L."""
        return [child for child in self.children() if isinstance(child, Linear)]

    def _steps(self) -> list[Module]:
        """Return the layers, and the dropout between them."""
        return [child for child in self.children() if isinstance(child, (Linear, Dropout))]

    def forward(self, X: Tensor | npt.ArrayLike) -> Tensor:
        """Return A[L], shape (n[L], m), for X of shape (n[0], m)."""
        A = _data(X)
        for module in self._steps():
            A = module(A)
        return A

    def logits(self, X: Tensor | npt.ArrayLike) -> Tensor:
        """Return Z[L], the input of the last activation, shape (n[L], m)."""
        A = _data(X)
        *before, last = self._steps()
        for module in before:
            A = module(A)
        return cast("Tensor", last.scoped(last.logits, A))

    @property
    def ending(self) -> Activation | None:
        """The activation of the last layer; None if a subclass computes otherwise."""
        return self.layers[-1].ending if type(self).forward is Network.forward else None


def _data(X: Tensor | npt.ArrayLike) -> Tensor:
    """Return the inputs as a tensor, under the notes' name for them."""
    return X if isinstance(X, Tensor) else Tensor(X, name="X")


def _for_each(name: str, given: Any, n: int) -> list[Any]:
    """Return one setting for each of n hidden layers."""
    if not isinstance(given, (list, tuple)):
        return [given] * n
    if len(given) != n:
        raise ValueError(
            f"Network: {name} needs one for each of the {n} hidden layers, or one for all, got "
            f"{len(given)}."
        )
    return list(given)
