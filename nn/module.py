"""`Module`: parameters and other modules under attribute names.

Calling a module records its ops under its attribute name, so drawings show it as a cluster.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Self

from autograd import ShapeError, Tensor, name_scope, no_grad

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import numpy.typing as npt

    from nn.activations import Activation

__all__ = ["Module", "Sequential"]

from_engine = True


class Module:
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
                    "not be found; set each as an attribute of its own, or use Sequential."
                )
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
        with name_scope(self.title) if self.attribute else nullcontext():
            return method(*inputs)

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

    def predict(self, X: Tensor | npt.ArrayLike) -> npt.NDArray[Any]:
        """Return what the module makes of each column; nothing is recorded.

        Returns
        -------
        array
            Classes 0 or 1, shape (n_y, m), where it ends with a sigmoid; class numbers, shape (m,),
            with softmax; the outputs themselves otherwise.
        """
        with no_grad():
            A: npt.NDArray[Any] = self(X).data
        return A if self.ending is None else self.ending.classes(A)

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
        for value in vars(self).values():  # parameters that have two paths are reached twice
            if isinstance(value, (Tensor, Module)):
                value.zero_grad()

    def state_dict(self) -> dict[str, npt.NDArray[Any]]:
        """Return copies of all parameter values by path."""
        return {path: parameter.numpy() for path, parameter in self.named_parameters()}

    def load_state_dict(self, state: Mapping[str, npt.ArrayLike]) -> None:
        """Set all parameters from `state_dict`'s output; nothing is changed unless all of it fits.

        Raises
        ------
        ShapeError
            If names or shapes are not those of this module.
        """
        own = dict(self.named_parameters())
        if set(own) != set(state):
            missing, extra = sorted(set(own) - set(state)), sorted(set(state) - set(own))
            raise ShapeError(
                f"{self.title}.load_state_dict: the names must be the module's own; "
                f"missing {missing or 'none'}, unknown {extra or 'none'}."
            )
        values = {path: Tensor(state[path], dtype=p.dtype) for path, p in own.items()}
        for path, parameter in own.items():
            if values[path].shape != parameter.shape:
                raise ShapeError(
                    f"{self.title}.load_state_dict: {path} needs shape {parameter.shape}, "
                    f"got {values[path].shape}."
                )
        for path, parameter in own.items():
            parameter.data = values[path].data

    def train(self, mode: bool = True) -> Self:
        """Switch to training behaviour, here and in all modules below; return the module."""
        self.training = mode
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


class Sequential(Module):
    """Modules one after the other.

    Parameters
    ----------
    *modules : Module
        The output of each is the input of the next; they are held as ``step1``, ``step2``, …

    Examples
    --------
    >>> import nn
    >>> net = nn.Sequential(nn.Linear(2, 3, rng=0), nn.Tanh(), nn.Linear(3, 1, rng=1))
    >>> net(nn.Tensor([[1.0], [2.0]])).shape
    (1, 1)
    """

    def __init__(self, *modules: Module) -> None:
        for i, module in enumerate(modules, start=1):
            setattr(self, f"step{i}", module)

    def forward(self, x: Any) -> Any:
        """Apply the modules in order."""
        for module in self.children():
            x = module(x)
        return x

    @property
    def ending(self) -> Activation | None:
        """The activation at the end of the last module; None if a subclass computes otherwise."""
        if type(self).forward is not Sequential.forward:
            return None
        *_, last = (None, *self.children())
        return None if last is None else last.ending

    def logits(self, X: Any) -> Tensor:
        """Return what the activation at the end is applied to."""
        *before, last = self.children()
        for module in before:
            X = module(X)
        found: Tensor = last.scoped(last.logits, X)
        return found
