"""The course's gradient check: one number over all parameters of a network."""

from __future__ import annotations

import time
from itertools import takewhile
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autograd import GradientError, ShapeError, Tensor, no_grad, relative_error
from nn._words import positive
from nn.activations import Sigmoid
from nn.losses import Loss, binary_cross_entropy, cost
from nn.module import Module

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt

    from nn.regularizers import Penalty

__all__ = ["CourseCheck", "check_gradients"]

from_engine = True

STEEP = 1e-3  # the longest step in which what bends is a kink
REPEATS, MANY_REPEATS = 16, 200  # calls that look for randomness, before and after a wrong verdict


class CourseCheck(float):
    """The relative error of all gradients together, a float; it prints with the course's band.

    Attributes
    ----------
    approximate, gradients : dict
        dθ_approx and dθ by the parameter's path.
    on_logits : float
        The same error with the cost computed from the logits, which rounds less than the notes'
        log(1 − a). The band is that of this number.
    apart, rounding : float
        ‖dθ_approx − dθ‖₂ on logits, and what the rounding of the cost alone can make of it. At an
        exact fit, where the gradient is 0, both gradients are rounding and the number is near 1.
    kinked : int
        How many numbers of the parameters have another slope on each side, as where relu gets
        exactly 0. Any slope between the two is right, and counts as no error.
    """

    approximate: dict[str, npt.NDArray[Any]]
    gradients: dict[str, npt.NDArray[Any]]
    on_logits: float
    apart: float = np.inf
    rounding: float = 0.0
    epsilon: float = 1e-7
    kinked: int = 0

    @property
    def band(self) -> str:
        """One of "great" (below 1e-7, or both 0 to rounding), "look again" and "WRONG"."""
        sharp = self.on_logits
        if self.apart <= self.rounding:  # differences cannot tell: both are 0, or the cost is large
            return "great" if sharp < 1e-7 or self._is_zero else "look again"
        return "great" if sharp < 1e-7 else "look again" if sharp <= 1e-5 else "WRONG"

    @property
    def _is_zero(self) -> bool:
        sizes = [*self.gradients.values()]
        # A step that is too short has more rounding than the gradient, however large that is.
        least = self.rounding * min(1.0, self.epsilon / 1e-7)
        return float(np.sqrt(sum(float(np.sum(g**2)) for g in sizes))) <= least

    @property
    def worst(self) -> str:
        """The path of the parameter whose gradient alone has the greatest relative error."""
        errors = {k: relative_error(g, self.approximate[k]) for k, g in self.gradients.items()}
        return max(errors, key=lambda path: errors[path])

    def __str__(self) -> str:
        band = self.band
        if band == "great" and self.on_logits >= 1e-7:
            band += ": the gradient is 0, and the difference is the rounding of the cost"
        elif band == "great" and self >= 1e-7:
            band += f": {self.on_logits:.1e} on logits, the rest is the rounding of log(1 − a)"
        elif band == "look again" and self.apart <= self.rounding:
            if self.epsilon < 1e-7:
                band += ": epsilon is too small, the difference is the cost's rounding: take 1e-7"
            else:
                band += ": the cost is too large for this epsilon, take 1e-3 or scale the targets"
        if self.kinked:
            band += (
                f"; at a kink in {self.kinked} of {sum(g.size for g in self.gradients.values())}"
            )
            band += " numbers, where any slope between its two sides is right"
        text = f"gradient check: {float(self):.4g} ({band})"
        return text if self.band == "great" else f"{text}; worst at {self.worst}"


def check_gradients(
    net: Module,
    X: npt.ArrayLike,
    Y: npt.ArrayLike,
    loss: Loss | None = None,
    *,
    epsilon: float = 1e-7,
    penalty: Penalty | None = None,
    gradients: Mapping[str, npt.ArrayLike] | None = None,
) -> CourseCheck:
    """Check the gradients of a network's cost by the course's formula, as one number.

    ‖dθ_approx − dθ‖₂ / (‖dθ_approx‖₂ + ‖dθ‖₂), where dθ_approx[i] is
    (J(θ[i] + ε) − J(θ[i] − ε)) / 2ε. The cross-entropy of a sigmoid is computed for it as the notes
    write it, from a and in NumPy, so that the course's numbers come out. For the sharper check,
    with a row for each parameter, see `autograd.check_gradients`.

    Parameters
    ----------
    net : Module
        Its parameters are all checked; they are left as they are. Dropout is off meanwhile.
    X, Y : array_like, shapes (n[0], m) and (n[L], m)
        Examples and labels; few, as the cost is computed twice for each number in the parameters.
    loss : callable, optional
        By default the one that belongs to the network's output.
    epsilon : float
        ε > 0.
    penalty : Penalty, optional
        Part of the cost.
    gradients : mapping, optional
        What to check in the place of autograd's: dθ derived by hand, by path ("layer1.W") or in the
        notes' letters ("dW1" or "W1").

    Returns
    -------
    CourseCheck
        A float; below 1e-7 "great", above 1e-5 there may be a mistake.

    Examples
    --------
    >>> import nn
    >>> net = nn.Network([2, 3, 1], hidden="tanh", rng=0)
    >>> bool(nn.check_gradients(net, np.ones((2, 4)), np.ones((1, 4))) < 1e-7)
    True
    """
    where = "check_gradients"
    if not isinstance(net, Module):
        raise TypeError(
            f"{where}: nn's needs a network and data; for a function use autograd.check_gradients."
        )
    positive(where, "epsilon", epsilon)
    paths = dict(net.named_parameters())
    small = [path for path, p in paths.items() if p.dtype != np.float64]
    if small:
        raise ValueError(
            f"{where}: differences of {epsilon:g} need float64, and {small[0]} is "
            f"{paths[small[0]].dtype}; make the network with dtype=float, or use "
            "autograd.check_gradients, which knows single precision."
        )
    modes = [(module, module.training) for module in net.modules()]
    kept = {path: p.grad for path, p in paths.items()}
    net.eval()
    try:
        J = cost(net, X, Y, loss, penalty=penalty)
        for p in paths.values():
            p.zero_grad()
        J.backward()
        own = {
            path: np.zeros(p.shape) if p.grad is None else np.asarray(p.grad, float)
            for path, p in paths.items()
        }

        def stable() -> float:
            return float(cost(net, X, Y, loss, penalty=penalty).item())

        with no_grad():
            _same(where, stable, J.item(), REPEATS)
            sharp = {path: _differences(p, stable, epsilon) for path, p in paths.items()}
            noted = _as_noted(net, X, Y, loss, penalty)
            rough = sharp
            if noted is not None and np.isfinite(noted()):
                rough = {path: _differences(p, noted, epsilon) for path, p in paths.items()}
    finally:
        for path, p in paths.items():
            p.grad = kept[path]
        for module, mode in modes:
            module.training = mode
    checked = own if gradients is None else _given(where, net, gradients, paths)
    approximate, kinked = _beside(checked, rough)
    exact, _ = _beside(checked, sharp)
    found = CourseCheck(_error(checked, approximate))
    found.approximate, found.gradients, found.kinked = approximate, checked, kinked
    found.epsilon = epsilon
    found.on_logits = _error(checked, exact)
    flat, near = _flat(checked, exact)
    found.apart = float(np.linalg.norm(flat - near))
    with net.evaluating():  # what the cost and its slopes are made of
        sizes = [np.square(net(X).data), np.square(Y.data if isinstance(Y, Tensor) else Y)]
    size = abs(float(J.item())) / epsilon + sum(float(np.mean(x)) for x in sizes)
    found.rounding = flat.size**0.5 * float(np.finfo(float).eps) * size
    if found.band != "great":  # small dropout of one's own often draws the same mask
        with no_grad():
            _same(where, stable, J.item(), MANY_REPEATS)
    return found


def _same(where: str, J: Callable[[], float], first: float, times: int) -> None:
    """Refuse a cost that is another number in one of several calls, in a second at most."""
    end = time.perf_counter() + 1
    calls = takewhile(lambda _: time.perf_counter() < end, range(times))
    if any(not np.array_equal(J(), first, equal_nan=True) for _ in calls):
        raise GradientError(
            f"{where}: two costs of the same data differ, so there is no gradient to check: the "
            "module draws random numbers in eval mode too. Draw them only where self.training "
            "holds, or use nn.Dropout."
        )


def _error(gradients: Mapping[str, Any], approximate: Mapping[str, Any]) -> float:
    """Return the course's number for all parameters in one vector."""
    return float(relative_error(*_flat(gradients, approximate)))


def _flat(
    gradients: Mapping[str, Any], approximate: Mapping[str, Any]
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return both as one vector each."""
    flat, near = (
        np.concatenate([d[path].reshape(-1) for path in gradients])
        for d in (gradients, approximate)
    )
    return flat, near


def _as_noted(net: Module, X: Any, Y: Any, loss: Any, penalty: Any) -> Callable[[], float] | None:
    """Return the notes' cross-entropy of a network that ends with a sigmoid, or None."""
    ending = net.ending
    if not isinstance(ending, Sigmoid) or loss not in {None, binary_cross_entropy}:
        return None
    labels = np.asarray(Y.data if isinstance(Y, Tensor) else Y, float)

    def J() -> float:
        A = net(X).data
        m = A.shape[1]
        with np.errstate(all="ignore"):
            value = 1 / m * np.sum(-np.log(A) * labels - np.log(1 - A) * (1 - labels))
        return float(value + (0.0 if penalty is None else penalty(net, m).item()))

    return J


class _Slopes(NamedTuple):
    """(J(θ + ε) − J(θ − ε)) / 2ε, and by how much the slopes differ at the sides of a kink."""

    central: npt.NDArray[np.float64]
    apart: npt.NDArray[np.float64]


def _differences(p: Tensor, J: Callable[[], float], epsilon: float) -> _Slopes:
    """Return the slopes of the cost for each number of a parameter, which is left as it was."""
    before, here = p.data, J()
    central, apart = np.empty(p.shape), np.zeros(p.shape)

    def sides(i: tuple[int, ...], step: float) -> tuple[float, float]:
        costs = []
        for by in (step, -step):
            moved = np.array(before)
            moved[i] += by
            p.data = moved
            costs.append(J())
        return costs[0], costs[1]

    rounding = 1e4 * float(np.finfo(float).eps) * abs(here) / epsilon
    try:
        for i in np.ndindex(*p.shape):
            above, below = sides(i, epsilon)
            central[i] = (above - below) / (2 * epsilon)
            between = abs(above - 2 * here + below) / epsilon
            if epsilon <= STEEP and between > 1e-3 * abs(central[i]) + rounding:
                above, below = sides(i, epsilon / 8)
                # Of a kink an eighth is left, of curvature a 64th, of a jump all.
                share = abs(above - 2 * here + below) / (between * epsilon)
                apart[i] = between if 1 / 16 < share < 1 / 4 else 0.0
    finally:
        p.data = before
    return _Slopes(central, apart)


def _beside(
    gradients: Mapping[str, Any], slopes: Mapping[str, _Slopes]
) -> tuple[dict[str, npt.NDArray[Any]], int]:
    """Return dθ_approx, at kinks the slope of either side or between that is nearest to dθ.

    And at how many numbers there is a kink.
    """
    found = {
        path: np.where(apart, np.clip(gradients[path], s - apart / 2, s + apart / 2), s)
        for path, (s, apart) in slopes.items()
    }
    return found, sum(int(np.count_nonzero(apart)) for _, apart in slopes.values())


def _given(
    where: str, net: Module, gradients: Mapping[str, Any], paths: Mapping[str, Tensor]
) -> dict[str, npt.NDArray[Any]]:
    """Return gradients that are given in any of the names, by path."""
    names = {path: {path, f"d{path}", p.name or path, f"d{p.name}"} for path, p in paths.items()}
    found: dict[str, npt.NDArray[Any]] = {}
    for path, p in paths.items():
        keys = [key for key in gradients if key in names[path]]
        if len(keys) != 1:
            raise GradientError(
                f"{where}: gradients needs one entry for {path} (such as 'd{p.name}'), got "
                f"{len(keys)}; the names are {', '.join(map(str, gradients))}."
            )
        g = np.asarray(gradients[keys[0]], float)
        if g.shape != p.shape:
            raise ShapeError(f"{where}: {keys[0]} needs shape {p.shape}, got {g.shape}.")
        found[path] = g
    return found
