"""Time ops that take a sequence, and ways of taking parts, against the number of pieces.

Run it with ``python benchmarks/sequences.py``. Each row is the time of a backward pass for n and 4n
pieces, and their ratio: about 4 where the cost is linear, 16 where it is quadratic.
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

import numpy as np

import autograd
from autograd import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable

SMALL, TIMES, RUNS = 1000, 4, 5


def numbers(n: int) -> list[Any]:
    x = Tensor(1.0, requires_grad=True)
    return [x * i for i in range(n)]


def vectors(n: int) -> list[Any]:
    x = Tensor([1.0], requires_grad=True)
    return [x * i for i in range(n)]


def parts(take: Callable[[Any, int], Any]) -> Callable[[int], Any]:
    """Return a program that takes n parts of one array, one by one, and adds them up."""

    def program(n: int) -> Any:
        y = Tensor(np.ones(n), requires_grad=True) * 1.0
        return np.stack([take(y, i) for i in range(n)]).sum()

    return program


SEQUENCES: dict[str, Callable[[int], Any]] = {
    "concatenate": lambda n: np.concatenate(vectors(n)).sum(),
    "concatenate, axis=None": lambda n: np.concatenate(vectors(n), axis=None).sum(),
    "stack": lambda n: np.stack(numbers(n)).sum(),
    "hstack": lambda n: np.hstack(vectors(n)).sum(),
    "vstack": lambda n: np.vstack(vectors(n)).sum(),
    "dstack": lambda n: np.dstack(vectors(n)).sum(),
    "column_stack": lambda n: np.column_stack(vectors(n)).sum(),
    "block": lambda n: np.block(vectors(n)).sum(),
    "array": lambda n: autograd.array(numbers(n)).sum(),
}
PARTS: dict[str, Callable[[int], Any]] = {
    "y[i]": parts(lambda y, i: y[i]),
    "y[i:i+1]": parts(lambda y, i: y[i : i + 1]),
    "y[[i]]": parts(lambda y, i: y[[i]]),
    "np.take(y, i)": parts(lambda y, i: np.take(y, i)),
    "for t in y": lambda n: np.stack(list(Tensor(np.ones(n), requires_grad=True) * 1.0)).sum(),
    "np.split": lambda n: np.stack(np.split(Tensor(np.ones(n), requires_grad=True) * 1, n)).sum(),
    "np.unstack": lambda n: np.stack(
        autograd.unstack(Tensor(np.ones(n), requires_grad=True) * 1.0)
    ).sum(),
}


def seconds(program: Callable[[int], Any], n: int) -> float:
    """Return the median time of backward()."""
    found = []
    for _ in range(RUNS):
        result = program(n)
        start = time.perf_counter()
        result.backward()
        found.append(time.perf_counter() - start)
    return statistics.median(found)


def main() -> None:
    print(f"{'backward of':26} {SMALL:>9} {SMALL * TIMES:>9}   ratio")
    for name, program in {**SEQUENCES, **PARTS}.items():
        few, many = seconds(program, SMALL), seconds(program, SMALL * TIMES)
        print(f"{name:26} {few * 1e3:7.2f}ms {many * 1e3:7.2f}ms   {many / few:5.1f}")


if __name__ == "__main__":
    main()
