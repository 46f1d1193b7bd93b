"""A new op in five lines: it records, is differentiable to any order, checked and drawn."""

import numpy as np

from autograd import Tensor, check_gradients, graph, op


@op(symbol="softsign", latex=r"\frac{{a}}{1 + |{a}|}", samples=["2,3", "_"])
def softsign(a):
    """Return a / (1 + |a|)."""
    return a / (1 + np.abs(a))


softsign.vjp(a=lambda g, a: g / (1 + np.absolute(a)) ** 2)

x = Tensor(1.0, name="x", requires_grad=True)
edge = graph(softsign(x)).edges[0]
print(f"∂softsign/∂x = {edge.formula} = {edge.number}")
report = check_gradients(softsign, np.array([0.5, -2.0]), order=2)
print(report)
assert report
