"""What several tests share."""

from __future__ import annotations

import doctest
import inspect
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from autograd import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable

limits = pytest.mark.filterwarnings("ignore::autograd.LimitWarning")  # of zeros that hide one
quiet = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of the forward pass


def leaf(value: Any, name: str | None = None, dtype: Any = None) -> Tensor:
    return Tensor(value, requires_grad=True, name=name, dtype=dtype)


def weights(shape: tuple[int, ...]) -> Any:
    """Return a cotangent of large whole numbers, whose sums are exact and tell what was added."""
    return np.random.default_rng(0).integers(1, 2**40, shape).astype(float)


def table(cases: dict[str, Any]) -> list[Any]:
    """Return parameters with their names as ids; what is no tuple is one argument."""
    return [pytest.param(*(v if type(v) is tuple else (v,)), id=k) for k, v in cases.items()]


def from_where(places: Any, shape: tuple[int, ...], w: Any) -> Any:
    """Return the gradient of Σ w · y where y takes the elements of x from these places.

    A place of −1 is of no element.
    """
    taken, parts = np.ravel(places), np.ravel(w)
    size = int(np.prod(shape))
    total = np.bincount(taken[taken >= 0], parts[taken >= 0], minlength=size)
    return total[:size].reshape(shape)


def line_of(function: Callable[..., Any], text: str) -> str:
    """Return the place of the line of a function that has a text: file:line."""
    lines, start = inspect.getsourcelines(function)
    (found,) = [start + i for i, line in enumerate(lines) if text in line and "line_of" not in line]
    return f"{inspect.getsourcefile(function)}:{found}"


def run_example(name: str, doc: str) -> None:
    """Run the example that a docstring needs to have."""
    examples = doctest.DocTestParser().get_doctest(doc, {}, name, None, 0)
    assert examples.examples, f"{name} needs an example in its docstring"
    messages: list[str] = []
    result = doctest.DocTestRunner().run(examples, out=messages.append)
    assert result.failed == 0, "".join(messages)
