"""What the rules of norms and roots are where the function has a kink or an infinite slope.

A norm n of x has no derivative at 0; by convention it is 0 there, as that of |x| is. But n² has
one, 2x, and its second derivative is 2. In a recorded pass the cotangent g of n is itself a
function of n, so it can be asked: near 0 it is g(0) + g′(0) n. The constant part meets the kink and
gives 0; the other gives g′(0) n · x/n = g′(0) x, without a kink. One law for all of them.

As a function of n, (g(n) − g(0)) / n is g′ − n g″/2 + n² g‴/6 − …; the terms after the first are 0
at the kink, and are there for derivatives of higher order, to the fourth.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

import numpy as np

from autograd.backward import gradients
from autograd.op import SUBSTITUTE
from autograd.symbol import Symbol
from autograd.tensor import Tensor, value_of, wrap
from autograd.zeros import report

from_engine = True


def slopes(g: Any, node: Any, places: Any) -> Any | None:
    """Return how each element of a recorded cotangent changes with the same element of a result.

    Parameters
    ----------
    g : Tensor
        The cotangent of the result.
    node : Node
        The node of the result.
    places : array of bool
        The elements that are asked for; the others are 0.

    Returns
    -------
    Tensor, or None
        None where g does not depend on the result at all.
    """
    inside = _DEPTH.get()
    if inside > 1:  # a kink inside a kink inside a kink: what it gives is not known, and is told
        return None
    token = _DEPTH.set(inside + 1)
    try:
        return _expanded(g, node, places, _TERMS if not inside else 1)
    finally:
        _DEPTH.reset(token)


_DEPTH: ContextVar[int] = ContextVar("autograd_kinks", default=0)  # of slopes inside slopes


def _expanded(g: Any, node: Any, places: Any, terms: int) -> Any | None:
    """Return g′ − n g″/2 + …, to a number of terms; None where g does not depend on n."""
    out = wrap(np.broadcast_to(np.array(np.nan, node.dtype), node.shape), node)
    found = _slope(g, out, places)
    if found is None:
        return None
    n = SUBSTITUTE.record(out, places=places, values=0.0)
    term, factor = found, 1.0
    power: Any = 1.0
    for k in range(2, terms + 1):
        term = _slope(term, out, places)
        if term is None:
            break
        factor, power = -factor / k, power * n
        found = found + factor * power * term
    return found


_TERMS = 3


def _slope(g: Any, out: Any, places: Any) -> Any | None:
    """Return ∂g/∂out of the same elements, recorded; None where g does not depend on out."""
    if type(g) is not Tensor or g._node is None:
        return None
    found = None
    for place in np.argwhere(places):
        one = np.zeros(out.shape)
        one[tuple(place)] = 1.0
        slope = gradients(g, out, one, create_graph=True, allow_unused=True)
        if slope is None:
            return None
        slope = slope * one
        found = slope if found is None else found + slope
    return found


def along(g: Any, a: Any, n: Any, kink: Any = None, spread: Any = None) -> Any:
    """Return g · a / n, where n is the size of a; at a kink, where n is 0, what the law above says.

    Parameters
    ----------
    g, n : array, Tensor or Symbol
        The cotangent of the sizes, and the sizes.
    a : array, Tensor or Symbol
        What has these sizes; 0 where they are.
    kink : array of bool, optional
        Where the size is 0; found from n by default.
    spread : callable, optional
        Gives each element of a what belongs to its slice.
    """
    spread = spread or (lambda x: x)
    if isinstance(n, Symbol):
        return spread(g) * (a / spread(n))
    if kink is None:
        kink = np.equal(value_of(n), 0)
    if not np.any(kink):
        return spread(g) * (a / spread(n))
    plain = spread(g) * (a / spread(np.where(kink, 1.0, n)))
    node = n._node if type(n) is Tensor else None
    slope = None if node is None else slopes(g, node, kink)
    if slope is None:
        if node is not None and type(g) is Tensor and g._node is not None:
            # g is 0 by way of something else, such as another norm: the limit is not known.
            report([node] * bool(np.any(kink & np.equal(value_of(g), 0))))
        return np.where(spread(kink), 0.0, plain)
    places = spread(kink)
    still = SUBSTITUTE.record(a * spread(slope), places=places, values=0.0)  # a may be rounding
    return np.where(places, still, plain)
