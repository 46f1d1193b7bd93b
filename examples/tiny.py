"""The whole idea on one screen: numbers that know how to pass a derivative back.

A `Value` is a number, what it was computed from, and the local derivative by each of them.
`backward` goes through all values in reverse order and applies the chain rule. `autograd` does the
same with arrays; a test holds the two together, number by number.
"""

from __future__ import annotations

import math
import random


class Value:
    """A number in a computation graph."""

    def __init__(self, data: float, parents: tuple[tuple[Value, float], ...] = ()) -> None:
        self.data, self.parents = data, parents  # pairs of an operand and ∂self/∂operand
        self.grad = 0.0

    def __add__(self, other: Value | float) -> Value:
        other = as_value(other)
        return Value(self.data + other.data, ((self, 1.0), (other, 1.0)))

    def __mul__(self, other: Value | float) -> Value:
        other = as_value(other)
        return Value(self.data * other.data, ((self, other.data), (other, self.data)))

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> Value:
        return self * -1

    def __sub__(self, other: Value | float) -> Value:
        return self + -as_value(other)

    def tanh(self) -> Value:
        """Return tanh of the number; its derivative is 1 − tanh²."""
        t = math.tanh(self.data)
        return Value(t, ((self, 1 - t * t),))

    def backward(self) -> None:
        """Add ∂self/∂v to v.grad, for every v that self was computed from."""
        order: list[Value] = []
        seen: set[int] = set()

        def visit(v: Value) -> None:  # operands before results: a topological order
            if id(v) not in seen:
                seen.add(id(v))
                for parent, _ in v.parents:
                    visit(parent)
                order.append(v)

        visit(self)
        slopes = {id(v): 0.0 for v in order}
        slopes[id(self)] = 1.0
        for v in reversed(order):  # every result has its whole derivative before it passes it on
            for parent, local in v.parents:
                slopes[id(parent)] += slopes[id(v)] * local  # the chain rule; paths add up
        for v in order:
            v.grad += slopes[id(v)]


def as_value(x: Value | float) -> Value:
    """Return a number as a value that was computed from nothing."""
    return x if isinstance(x, Value) else Value(x)


def neuron(w: list[Value], b: Value, x: list[float]) -> Value:
    """Return tanh(w·x + b)."""
    return sum((wi * xi for wi, xi in zip(w, x, strict=True)), b).tanh()


def train(steps: int = 100, rate: float = 0.1) -> tuple[list[Value], Value, list[float]]:
    """Teach one neuron the logical or, with −1 for false; return w, b and the losses."""
    rng = random.Random(0)
    w, b = [Value(rng.uniform(-1, 1)) for _ in range(2)], Value(0.0)
    rows = [(-1.0, -1.0, -1.0), (-1.0, 1.0, 1.0), (1.0, -1.0, 1.0), (1.0, 1.0, 1.0)]
    losses = []
    for _ in range(steps):
        loss = Value(0.0)
        for x1, x2, y in rows:
            off = neuron(w, b, [x1, x2]) - y
            loss = loss + off * off
        for p in (*w, b):
            p.grad = 0.0
        loss.backward()
        for p in (*w, b):
            p.data -= rate * p.grad
        losses.append(loss.data)
    return w, b, losses


if __name__ == "__main__":
    w, b, losses = train()
    print(f"loss {losses[0]:.3f} → {losses[-1]:.3f}, w = {w[0].data:.2f}, {w[1].data:.2f}")
    assert losses[-1] < 0.1
