"""`Module`: parameters and other modules under attribute names.

Calling a module records its ops under its attribute name, so drawings show it as a cluster.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from autograd import ShapeError, Tensor, no_grad
from autograd.state import under
from autograd.tensor import adopt
from nn._words import Hinted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import numpy.typing as npt

    from nn.activations import Activation

__all__ = ["Module"]

from_engine = True

# W, w, W1, Wax, W_hh, weight; not W_b, w_bias or W_scale.
_WEIGHT = re.compile(r"[Ww]\d*|W[a-z]{1,3}|[Ww]_(?!b$|bias|scale|norm)\w+|weight\d*")
_PLAIN = {str, int, float, bool, type(None)}  # most of what modules hold


class Module(Hinted):
    """Base of everything that has parameters.

    Assign parameters (Tensors that require a gradient) and modules as attributes, and define
    `forward`.

    Examples
    --------
    >>> import nn
    >>> from autograd import Tensor
    >>> class Scale(nn.Module):
    ...     def __init__(self):
    ...         self.factor = Tensor(2.0, name="factor", requires_grad=True)
    ...
    ...     def forward(self, x):
    ...         return self.factor * x
    >>> [name for name, _ in Scale().named_parameters()]
    ['factor']
    """

    training: bool = True
    buffers: tuple[str, ...] = ()  # names of arrays that are saved, and not learned
    not_negative: tuple[str, ...] = ()  # buffers that no file may set to numbers below 0
    in_order: bool = False  # whether the modules inside run one after another, as they stand
    attribute: str = ""  # the name under which another module holds this one

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Module):
            object.__setattr__(value, "attribute", name)
        elif isinstance(vars(self).get(name), Tensor) and not isinstance(value, Tensor):
            raise TypeError(
                f"{type(self).__name__}.{name}: is a parameter; to change its values write "
                f"module.{name}.data = array."
            )
        elif isinstance(value, (list, tuple, dict)):
            items = value.values() if isinstance(value, dict) else value
            if any(
                isinstance(v, Module) or (isinstance(v, Tensor) and v.requires_grad) for v in items
            ):
                raise TypeError(
                    f"{type(self).__name__}.{name}: parameters in a {type(value).__name__} would "
                    "not be found; set each as an attribute of its own, or write Sequential(a, b)."
                )
        elif isinstance(value, Tensor):
            adopt(value)
        object.__setattr__(self, name, value)

    @property
    def title(self) -> str:
        """Attribute name and type, as clusters and errors show them: ``layer1 (Linear)``."""
        kind = type(self).__name__
        return f"{self.attribute} ({kind})" if self.attribute else kind

    def forward(self, *inputs: Any) -> Any:
        """Compute the output; every module defines it."""
        raise NotImplementedError(f"{type(self).__name__}: define forward().")

    def __call__(self, *inputs: Any) -> Any:
        """Compute the output, recorded under the module's name."""
        return self.scoped(self.forward, *inputs)

    def scoped(self, method: Callable[..., Any], *inputs: Any) -> Any:
        """Call a method of the module under its name scope, as `__call__` does with `forward`."""
        return under(self.title, method, *inputs) if self.attribute else method(*inputs)

    @property
    def ending(self) -> Activation | None:
        """The activation whose results are this module's outputs; None where there is none."""
        return None

    def logits(self, X: Any) -> Tensor:
        """Return what the activation at the end is applied to.

        Raises
        ------
        TypeError
            If the module does not end with an activation.
        """
        raise TypeError(f"{self.title}.logits: the module does not end with an activation.")

    @contextmanager
    def evaluating(self) -> Iterator[Self]:
        """Compute as for prediction inside the block, without recording; then as before."""
        modes = [(module, module.training) for module in self.modules()]
        self.eval()
        try:
            with no_grad():
                yield self
        finally:
            for module, mode in modes:
                module.training = mode

    def _outputs(self, where: str, X: Tensor | npt.ArrayLike) -> npt.NDArray[Any]:
        """Return the outputs as for prediction, or say that they are no numbers."""
        with self.evaluating():
            A: npt.NDArray[Any] = self(X).data
        if not np.isfinite(A).all():
            given = X.data if isinstance(X, Tensor) else np.asarray(X)
            bad = [path for path, p in self.named_parameters() if not np.isfinite(p.data).all()]
            why = (
                f"parameter {bad[0]} is not finite"
                if bad
                else "X is not finite"
                if given.dtype.kind == "f" and not np.isfinite(given).all()
                else "it overflows inside"
            )
            count, total = int(np.isnan(A).sum() + np.isinf(A).sum()), A.size
            raise ValueError(
                f"{self.title}.{where}: {count} of {total} outputs are not finite: {why}."
            )
        return A

    def predict(
        self, X: Tensor | npt.ArrayLike, *, threshold: float | None = None
    ) -> npt.NDArray[Any]:
        """Return what the module makes of each column; nothing is recorded, and dropout is off.

        Parameters
        ----------
        X : array_like, shape (n[0], m)
            Examples in columns.
        threshold : float, optional
            Above which a probability means class 1, for a sigmoid; ½ by default.

        Returns
        -------
        array
            Classes 0 or 1, shape (n_y, m), where it ends with a sigmoid; class numbers, shape (m,),
            with softmax; the outputs themselves otherwise.

        Raises
        ------
        ValueError
            If an output is NaN or infinite, or a threshold is given to what has none.
        """
        A = self._outputs("predict", X)
        ending = self.ending
        if threshold is None:
            return A if ending is None else ending.classes(A)
        if ending is None or not hasattr(ending, "threshold_classes"):
            raise ValueError(
                f"{self.title}.predict: threshold belongs to a network that ends with a sigmoid."
            )
        found: npt.NDArray[Any] = ending.threshold_classes(A, threshold)
        return found

    def predict_proba(self, X: Tensor | npt.ArrayLike) -> npt.NDArray[Any]:
        """Return the probabilities A[L], shape (n[L], m), of a network that ends with them.

        Raises
        ------
        ValueError
            If it does not end with a sigmoid or softmax, or an output is not finite.
        """
        if self.ending is None or self.ending.loss is None:
            raise ValueError(
                f"{self.title}.predict_proba: needs a network that ends with a sigmoid or softmax."
            )
        return self._outputs("predict_proba", X)

    def modules(self) -> Iterator[Module]:
        """Yield this module and all below it, each once."""
        seen: set[int] = set()
        waiting: list[Module] = [self]
        while waiting:
            module = waiting.pop(0)
            if id(module) not in seen:
                seen.add(id(module))
                yield module
                waiting[:0] = module.children()

    def weights(self) -> list[Tensor]:
        """Return the parameters that penalties are of: W, w, W1, W_hh, weight; not the biases."""
        named = ((path.rpartition(".")[2], p) for path, p in self.named_parameters())
        return [p for name, p in named if _WEIGHT.fullmatch(name)]

    def children(self) -> Iterator[Module]:
        """Yield the modules held directly, in the order of assignment."""
        return (value for value in vars(self).values() if isinstance(value, Module))

    def named_parameters(self, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
        """Yield (path, parameter) pairs such as ``("layer1.W", W)``, each parameter once."""
        seen: set[int] = set()
        for path, parameter in self._walk(prefix):
            if id(parameter) not in seen:
                seen.add(id(parameter))
                yield path, parameter

    def _walk(self, prefix: str) -> Iterator[tuple[str, Tensor]]:
        for name, value in vars(self).items():
            if isinstance(value, Tensor) and value.is_leaf:  # not a result kept by forward
                yield prefix + name, value
            elif isinstance(value, Module):
                yield from value._walk(f"{prefix}{name}.")

    def parameters(self) -> list[Tensor]:
        """Return the parameters of this module and all below it."""
        return [parameter for _, parameter in self.named_parameters()]

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        modules: list[Module] = [self]
        seen: set[int] = set()
        for module in modules:  # grows; parameters that have two paths are reached twice
            if id(module) in seen:
                continue
            seen.add(id(module))
            for value in module.__dict__.values():
                if type(value) in _PLAIN:
                    continue
                if isinstance(value, Tensor):
                    value.zero_grad()
                elif isinstance(value, Module):
                    modules.append(value)

    def _buffers(self, prefix: str = "") -> Iterator[tuple[str, Module, str]]:
        for name in self.buffers:
            yield prefix + name, self, name
        for name, value in vars(self).items():
            if isinstance(value, Module):
                yield from value._buffers(f"{prefix}{name}.")

    def state_dict(self) -> dict[str, npt.NDArray[Any]]:
        """Return copies of all parameter values by path, and of what is kept beside them."""
        state = {path: parameter.numpy() for path, parameter in self.named_parameters()}
        state |= {path: np.array(buffer_of(m, name)) for path, m, name in self._buffers()}
        return state

    def load_state_dict(self, state: Mapping[str, npt.ArrayLike]) -> None:
        """Set all parameters from `state_dict`'s output; nothing is changed unless all of it fits.

        Raises
        ------
        ShapeError
            If names or shapes are not those of this module; it lists what differs.
        ValueError
            If a running variance or a count is negative.
        """
        own = self.state_dict()
        state = {**{k: v for k, v in own.items() if is_newer(k)}, **state}
        if set(own) != set(state):
            missing, extra = sorted(set(own) - set(state)), sorted(set(state) - set(own))
            raise ShapeError(
                f"{self.title}.load_state_dict: the names must be the module's own; "
                f"missing {missing or 'none'}, unknown {extra or 'none'}."
            )
        values = {path: Tensor(state[path], dtype=old.dtype).data for path, old in own.items()}
        differing = [
            f"{path} needs shape {old.shape}, got {values[path].shape}"
            for path, old in own.items()
            if values[path].shape != old.shape
        ]
        if differing:
            raise ShapeError(f"{self.title}.load_state_dict: {'; '.join(differing)}.")
        for path, module, name in self._buffers():
            if name in module.not_negative and not (values[path] >= 0).all():
                raise ValueError(
                    f"{self.title}.load_state_dict: {path} needs numbers of at least 0, got "
                    f"{np.min(values[path]):g}."
                )
        for path, parameter in self.named_parameters():
            parameter.data = values[path]
        for path, module, name in self._buffers():
            set_buffer(module, name, values[path])

    def units_after(self, units: int | None) -> int | None:
        """Return how many rows the output has, of an input of so many; None if unknown."""
        if not self.in_order:
            return getattr(self, "n_out", None)
        for child in self.children():
            units = child.units_after(units)
        return units

    def summary(self) -> str:
        """Return a table of the layers: what each is, its activation, shape and parameters.

        Examples
        --------
        >>> import nn
        >>> print(nn.Network([3, 4, 1], rng=0).summary())
        module  kind    g        output  parameters
        layer1  Linear  relu     (4, m)          16
        layer2  Linear  sigmoid  (1, m)           5
        total                                    21
        """
        rows = [("module", "kind", "g", "output", "parameters")]
        units = None  # that the modules so far give
        for child in self.children():
            g = getattr(child, "g", None) or child.ending
            units = child.units_after(units if self.in_order else None)
            rows.append(
                (
                    child.attribute,
                    type(child).__name__,
                    "" if g is None else g.label,
                    "" if units is None else f"({units}, m)",
                    f"{sum(p.size for p in child.parameters()):,}",
                )
            )
        rows.append(("total", "", "", "", f"{sum(p.size for p in self.parameters()):,}"))
        wide = [max(len(row[i]) for row in rows) for i in range(5)]
        return "\n".join(
            "  ".join(
                [f"{text:<{w}}" for text, w in zip(row[:4], wide, strict=False)]
                + [f"{row[4]:>{wide[4]}}"]
            )
            for row in rows
        )

    @property
    def label(self) -> str:
        """What tables call it: its type, in small letters."""
        return type(self).__name__.lower()

    def train(self, mode: bool = True) -> Self:
        """Switch to training behaviour, here and in all modules below; return the module."""
        vars(self)["training"] = mode  # it is no parameter, and fit does this every epoch
        for child in self.children():
            child.train(mode)
        return self

    def eval(self) -> Self:
        """Switch to the behaviour for prediction; return the module."""
        return self.train(False)

    def __repr__(self) -> str:
        lines = [f"  {c.attribute}: {c!r}".replace("\n", "\n  ") for c in self.children()]
        count = sum(p.size for p in self.parameters())
        head = f"{type(self).__name__} ({count} parameters)"
        return "\n".join([head, *lines])


def is_newer(path: str) -> bool:
    """Whether files of earlier versions lack an array, so that the module's own is kept."""
    return path.rpartition(".")[2] == "batches"


def buffer_of(module: Module, name: str) -> npt.NDArray[Any]:
    """Return the array of a buffer, which may be a constant tensor."""
    value = getattr(module, name)
    found: npt.NDArray[Any] = value.data if isinstance(value, Tensor) else value
    return found


def set_buffer(module: Module, name: str, array: npt.NDArray[Any]) -> None:
    """Set a buffer to an array of its shape."""
    value = getattr(module, name)
    if isinstance(value, Tensor):
        value.data = array
    else:
        setattr(module, name, np.array(array))
