"""`Sequential`: modules one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nn.activations import activation
from nn.module import Module

if TYPE_CHECKING:
    from collections.abc import Callable

    from autograd import Tensor
    from nn.activations import Activation

__all__ = ["Sequential"]

from_engine = True


class Sequential(Module):
    """Modules one after the other.

    Parameters
    ----------
    *modules : Module, str or callable
        The output of each is the input of the next; they are held as ``step1``, ``step2``, … An
        activation may be given by its name or as a function.

    Examples
    --------
    >>> import nn
    >>> net = nn.Sequential(nn.Linear(2, 3, rng=0), nn.Tanh(), nn.Linear(3, 1, rng=1))
    >>> net(nn.Tensor([[1.0], [2.0]])).shape
    (1, 1)
    """

    in_order = True

    def __init__(self, *modules: Module | str | Callable[[Any], Any]) -> None:
        if len(modules) == 1 and isinstance(modules[0], (list, tuple)):
            raise TypeError("Sequential: write Sequential(a, b), without brackets.")
        for i, module in enumerate(modules, start=1):
            setattr(self, f"step{i}", activation(module))

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
