"""A backward pass with mistakes, and the check that finds them.

The mistakes are those of the course's exercise on gradient checking: dW2 is doubled, db1 is four
times too large. One number says that something is wrong; the report says which lines, and by what
factor; the picture shows where in the graph they stand.

python examples/planted_bug.py [bug.svg]
"""

from __future__ import annotations

import sys

import numpy as np

import nn
import viz
from autograd import check_backprop

rng = np.random.RandomState(1)
X, Y = rng.randn(4, 3), np.array([[1, 1, 0]])
shapes = {"W1": (5, 4), "b1": (5, 1), "W2": (3, 5), "b2": (3, 1), "W3": (1, 3), "b3": (1, 1)}
net = nn.Network.from_dict({name: rng.randn(*shape) for name, shape in shapes.items()})

A, caches = nn.by_hand.forward(net.as_dict(), X)
hand = {name: g for name, g in nn.by_hand.backward(A, Y, caches).items() if name[1] in "Wb"}
print(nn.check_gradients(net, X, Y, gradients=hand))

hand["dW2"] *= 2
hand["db1"] *= 4
wrong = nn.check_gradients(net, X, Y, gradients=hand)
print(wrong)
J = nn.cost(net, X, Y)
report = check_backprop(J, hand)
print(report)
J.backward()
if len(sys.argv) > 1:
    viz.draw(J, against=report).save(sys.argv[1])
assert abs(wrong - 0.285093156781) < 1e-11  # as the exercise prints it
assert {mistake.name for mistake in report.mistakes} == {"dW2", "db1"}
