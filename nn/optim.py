"""Optimizers: what one step does with the gradients; weighted averages; clipping."""

from __future__ import annotations

import inspect
import math
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from autograd import GradientError, ShapeError, Tensor
from autograd.tensor import value_of
from nn._words import BOOLS, ELSEWHERE, hinted, positive, refuse_keywords, suggestion
from nn.schedules import Schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy.typing as npt

    Rate = float | Callable[..., float]

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "Momentum",
    "Optimizer",
    "RMSprop",
    "clip_gradients",
    "weighted_average",
]


class Optimizer:
    """Base of all optimizers: holds the parameters, checks their gradients, keeps averages.

    A subclass names the averages it keeps for each parameter, and says what one step subtracts.

    Parameters
    ----------
    parameters : iterable of Tensor
        Leaves, such as ``net.parameters()``.
    learning_rate : float or callable
        α > 0, or a schedule: a `Schedule`, or a function of the epoch, which counts from 1.

    Attributes
    ----------
    steps : int
        How many updates have been made.
    epoch : int
        The epoch that schedules are asked for, from 1; `fit` counts it, your own loop may.
    state : dict
        From the name of an average to its arrays, one for each parameter, of its shape.

    Examples
    --------
    >>> import nn
    >>> class Sign(nn.Optimizer):
    ...     def change(self, g):
    ...         return self.learning_rate * np.sign(g)
    >>> w = nn.Tensor(1.0, requires_grad=True)
    >>> Sign([w], learning_rate=0.25).update([3.0])
    >>> w.item()
    0.75
    """

    averages: tuple[str, ...] = ()
    weight_decay: float = 0.0
    _schedule: Callable[..., float] | None = None
    _held: float | None = None  # α while a step is being made

    __signature__: ClassVar[inspect.Signature]

    def __init_subclass__(cls) -> None:
        whole = inspect.signature(cls.__init__)  # help() would show that of __new__
        cls.__signature__ = whole.replace(parameters=[*whole.parameters.values()][1:])

    def __new__(cls, *args: Any, **options: Any) -> Self:
        """Say what is wrong with a call before the constructor sees it."""
        known = [name for name in cls.__signature__.parameters if name != "parameters"]
        example = f"{cls.__name__}(net.parameters(), learning_rate=0.01)"
        if len(args) > 1 and cls.__module__ == __name__:
            raise TypeError(
                f"{cls.__name__}: options go by name, as in {example}; got {args[1]!r}."
            )
        given = args[0] if args else options.get("parameters", ())
        if inspect.ismethod(given):
            raise TypeError(
                f"{cls.__name__}: needs tensors, got the method {given.__name__}; call it, as in "
                f"{example}."
            )
        if cls.__module__ == __name__:
            refuse_keywords(cls.__name__, options, ["parameters", *known])
        return super().__new__(cls)

    def __init__(self, parameters: Iterable[Tensor], *, learning_rate: Rate | None = None) -> None:
        where = type(self).__name__
        if hasattr(parameters, "parameters"):
            raise TypeError(
                f"{where}: needs tensors, got a {type(parameters).__name__}; write "
                f"{where}(net.parameters(), learning_rate=0.01)."
            )
        given: Any = parameters
        if given is None or isinstance(given, (int, float, str)):
            raise TypeError(
                f"{where}: needs the parameters first, as in {where}(net.parameters(), "
                f"learning_rate=0.01), got {given!r}."
            )
        if isinstance(parameters, Tensor):
            raise TypeError(f"{where}: needs a list of tensors; write {where}([w], …).")
        self.parameters = list(parameters)
        if not self.parameters:
            raise ValueError(f"{where}: needs at least one parameter, got none.")
        for p in self.parameters:
            if not isinstance(p, Tensor) or not p.is_leaf:
                raise GradientError(
                    f"{where}: parameters need to be leaves with requires_grad=True, got {p!r}."
                )
        if len({id(p) for p in self.parameters}) < len(self.parameters):
            raise ValueError(f"{where}: a parameter stands in the list twice; pass each once.")
        self.steps, self.epoch = 0, 1
        if learning_rate is None:
            raise TypeError(
                f"{where}: needs learning_rate=, as in {where}(net.parameters(), "
                "learning_rate=0.01)."
            )
        self.learning_rate = learning_rate
        self.state = {
            name: [np.zeros(p.shape, p.dtype) for p in self.parameters] for name in self.averages
        }

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse a setting of other optimizers or libraries, which would change nothing."""
        cls = type(self)
        if (name in ELSEWHERE or name == "epsilon") and cls.__module__ == __name__:
            settings = cls.__signature__.parameters
            if name not in settings and not hasattr(cls, name):
                try:
                    refuse_keywords(cls.__name__, [name], settings)
                except TypeError as error:
                    raise AttributeError(str(error)) from None
        object.__setattr__(self, name, value)

    @property
    def learning_rate(self) -> float:
        """α of the next step: a number, or what the schedule says; assign a number or a schedule.

        Raises
        ------
        ValueError
            If it is not a positive number.
        """
        if self._held is not None:
            return self._held
        if self._schedule is None:
            return self._rate
        schedule, place = self._schedule, [self.epoch, self.steps + 1]
        rate = schedule(*place) if self._per_step else schedule(self.epoch)
        where = f"{getattr(schedule, '__name__', repr(schedule))} in epoch {self.epoch}"
        return positive(where, "the learning rate", rate, zero=True)

    @learning_rate.setter
    def learning_rate(self, rate: Rate) -> None:
        if callable(rate):
            self._schedule = rate
            self._per_step = isinstance(rate, Schedule) or _takes_step(rate)
            return
        self._rate = positive(type(self).__name__, "learning_rate", rate)
        self._schedule = None

    def change(self, g: npt.NDArray[Any], *averages: npt.NDArray[Any]) -> Any:
        """Return what to subtract from a parameter; update its averages in place.

        Parameters
        ----------
        g : array
            Its gradient.
        *averages : array
            In the order of the class's `averages`.
        """
        raise NotImplementedError(f"{type(self).__name__}: define change(g).")

    def __repr__(self) -> str:
        rate = repr(self._schedule) if self._schedule is not None else f"{self.learning_rate:g}"
        n = len(self.parameters)
        return f"<{type(self).__name__}(learning_rate={rate}) of {n} parameter{'s' * (n != 1)}>"

    def step(self) -> None:
        """Update every parameter from its gradient in `grad`.

        Raises
        ------
        GradientError
            If a parameter has no gradient. Then none is changed.
        """
        for i, p in enumerate(self.parameters):
            if p.grad is None:
                raise GradientError(
                    f"{type(self).__name__}.step: parameter {p.name or i} has no gradient; "
                    "call backward() on a cost that depends on it, or leave it out."
                )
        self._apply(
            [g.data if isinstance(g, Tensor) else g for g in (p.grad for p in self.parameters)]
        )

    def update(self, gradients: Sequence[npt.ArrayLike]) -> None:
        """Update every parameter from gradients that are given, in the order of `parameters`.

        They may come from `autograd.gradients`, a transform, or a derivation by hand.

        Raises
        ------
        ShapeError
            If there is not one gradient for each parameter, of its shape. Then none is changed.
        """
        given = [np.asarray(g.data if isinstance(g, Tensor) else g) for g in gradients]
        where = f"{type(self).__name__}.update"
        if len(given) != len(self.parameters):
            raise ShapeError(
                f"{where}: needs one gradient for each of {len(self.parameters)} parameters, "
                f"got {len(given)}."
            )
        for i, (p, g) in enumerate(zip(self.parameters, given, strict=True)):
            if g.dtype.kind not in "biuf":
                raise TypeError(
                    f"{where}: the gradient of {p.name or i} needs to be of real numbers, got "
                    f"{g.dtype}."
                )
            if g.shape != p.shape:
                raise ShapeError(
                    f"{where}: the gradient of {p.name or i} needs shape {p.shape}, got {g.shape}."
                )
        self._apply([g.astype(p.dtype) for p, g in zip(self.parameters, given, strict=True)])

    def _apply(self, slopes: list[Any]) -> None:
        rate = self.learning_rate  # a schedule that fails does so before anything has changed
        self.steps, self._held = self.steps + 1, rate
        try:
            for i, (p, g) in enumerate(zip(self.parameters, slopes, strict=True)):
                change = self.change(g, *[self.state[name][i] for name in self.averages])
                before = value_of(p)
                if self.weight_decay:
                    change = change + rate * self.weight_decay * before
                p.data = before - change
        finally:
            self._held = None

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for p in self.parameters:
            p.zero_grad()

    def state_dict(self) -> dict[str, npt.NDArray[Any]]:
        """Return copies of the averages (``"v.0"``: v of the first parameter), steps and epoch."""
        arrays = {f"{k}.{i}": x.copy() for k, xs in self.state.items() for i, x in enumerate(xs)}
        return {"steps": np.array(self.steps), "epoch": np.array(self.epoch), **arrays}

    def load_state_dict(self, state: Mapping[str, npt.ArrayLike]) -> None:
        """Set the averages, the steps and the epoch; nothing is changed unless all of it fits.

        Without an ``"epoch"`` it stays as it is.

        Raises
        ------
        ShapeError
            If names or shapes are not those of `state_dict`.
        """
        own, where = self.state_dict(), f"{type(self).__name__}.load_state_dict"
        state = {"epoch": own["epoch"], **state}
        if own.keys() != state.keys():
            missing, extra = sorted(own.keys() - state.keys()), sorted(state.keys() - own.keys())
            raise ShapeError(
                f"{where}: the names must be the optimizer's own; missing {missing or 'none'}, "
                f"unknown {extra or 'none'}."
            )
        given = {name: np.array(state[name], old.dtype) for name, old in own.items()}
        for name, old in own.items():
            if given[name].shape != old.shape:
                raise ShapeError(
                    f"{where}: {name} needs shape {old.shape}, got {given[name].shape}."
                )
            if not np.isfinite(given[name]).all():
                raise ValueError(f"{where}: {name} needs finite numbers.")
        if given["steps"] < 0:
            raise ValueError(f"{where}: steps needs to be at least 0, got {given['steps']}.")
        if given["epoch"] < 1:
            raise ValueError(f"{where}: epochs count from 1, got {given['epoch']}.")
        self.steps, self.epoch = int(given["steps"]), int(given["epoch"])
        for name, arrays in self.state.items():
            arrays[:] = [given[f"{name}.{i}"] for i in range(len(arrays))]


class SGD(Optimizer):
    """Gradient descent, θ := θ − α dθ; batch, mini-batch or stochastic by what it is given.

    Examples
    --------
    >>> import nn
    >>> w = nn.Tensor(1.0, requires_grad=True)
    >>> optimizer = nn.SGD([w], learning_rate=0.25)
    >>> (w * w).backward()
    >>> optimizer.step()
    >>> w.item()
    0.5
    """

    def change(self, g: npt.NDArray[Any], *averages: npt.NDArray[Any]) -> Any:
        """Return α dθ."""
        return self.learning_rate * g


class Momentum(Optimizer):
    """Gradient descent with momentum: steps along a weighted average of the gradients.

    Parameters
    ----------
    parameters : iterable of Tensor
        Leaves.
    learning_rate : float or callable
        α, or a schedule.
    beta : float
        Weight of the past, in [0, 1); about 1/(1 − β) gradients are averaged.

    Notes
    -----
    v := βv + (1 − β)dθ,  θ := θ − αv, as in the notes. PyTorch's ``SGD(momentum=β)`` leaves out the
    factor: v := βv + dθ. The two take the same steps where its learning rate is (1 − β)α.

    Examples
    --------
    >>> import nn
    >>> w = nn.Tensor(1.0, requires_grad=True)
    >>> optimizer = nn.Momentum([w], learning_rate=0.5, beta=0.5)
    >>> optimizer.update([1.0])
    >>> w.item(), optimizer.state["v"][0].item()
    (0.75, 0.5)
    """

    averages = ("v",)

    def __init__(
        self,
        parameters: Iterable[Tensor],
        *,
        learning_rate: Rate | None = None,
        beta: float = 0.9,
    ) -> None:
        super().__init__(parameters, learning_rate=learning_rate)
        self.beta = _beta("Momentum", "beta", beta)

    def change(self, g: npt.NDArray[Any], *averages: npt.NDArray[Any]) -> Any:
        """Return αv, after dθ has gone into v."""
        (v,) = averages
        v *= self.beta
        v += (1 - self.beta) * g
        return self.learning_rate * v


class RMSprop(Optimizer):
    """RMSprop: each gradient divided by the root of a weighted average of its square.

    Parameters
    ----------
    parameters : iterable of Tensor
        Leaves.
    learning_rate : float or callable
        α, or a schedule.
    beta : float
        Weight of the past, in [0, 1).
    epsilon : float
        Added to the root, > 0.

    Notes
    -----
    s := βs + (1 − β)dθ²,  θ := θ − α dθ / (√s + ε), with ε outside the root.
    """

    averages = ("s",)

    def __init__(
        self,
        parameters: Iterable[Tensor],
        *,
        learning_rate: Rate | None = 1e-3,
        beta: float = 0.9,
        epsilon: float = 1e-8,
    ) -> None:
        super().__init__(parameters, learning_rate=learning_rate)
        self.beta = _beta("RMSprop", "beta", beta)
        self.epsilon = positive("RMSprop", "epsilon", epsilon)

    def change(self, g: npt.NDArray[Any], *averages: npt.NDArray[Any]) -> Any:
        """Return α dθ / (√s + ε), after dθ² has gone into s."""
        (s,) = averages
        s *= self.beta
        s += (1 - self.beta) * (g * g)
        return self.learning_rate * g / (np.sqrt(s) + self.epsilon)


class Adam(Optimizer):
    """Adam: averages of the gradient and of its square, both corrected for their start at 0.

    Parameters
    ----------
    parameters : iterable of Tensor
        Leaves.
    learning_rate : float or callable
        α, or a schedule.
    beta1, beta2 : float
        Weights of the past, in [0, 1).
    epsilon : float
        Added to the root, > 0.

    Notes
    -----
    v := β₁v + (1 − β₁)dθ,  s := β₂s + (1 − β₂)dθ²,  and with v̂ = v/(1 − β₁ᵗ), ŝ = s/(1 − β₂ᵗ):
    θ := θ − α v̂ / (√ŝ + ε).

    References
    ----------
    Kingma and Ba (2015), Adam: a method for stochastic optimization, algorithm 1.
    """

    averages = ("v", "s")

    def __init__(
        self,
        parameters: Iterable[Tensor],
        *,
        learning_rate: Rate | None = 1e-3,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
    ) -> None:
        super().__init__(parameters, learning_rate=learning_rate)
        where = type(self).__name__
        self.beta1, self.beta2 = _beta(where, "beta1", beta1), _beta(where, "beta2", beta2)
        self.epsilon = positive(where, "epsilon", epsilon)

    def change(self, g: npt.NDArray[Any], *averages: npt.NDArray[Any]) -> Any:
        """Return α v̂ / (√ŝ + ε), after dθ has gone into v and s."""
        v, s = averages
        v *= self.beta1
        v += (1 - self.beta1) * g
        s *= self.beta2
        s += (1 - self.beta2) * (g * g)
        root = np.sqrt(s / (1 - self.beta2**self.steps))
        return self.learning_rate / (1 - self.beta1**self.steps) * v / (root + self.epsilon)


class AdamW(Adam):
    """Adam with weight decay that is kept apart from the gradient: θ := θ − α(Adam's + wθ).

    Parameters
    ----------
    parameters : iterable of Tensor
        Leaves; all of them decay, biases too. For weights alone, use the penalty `L2`.
    learning_rate : float or callable
        α, or a schedule.
    beta1, beta2, epsilon : float
        As for `Adam`.
    weight_decay : float
        w ≥ 0.

    References
    ----------
    Loshchilov and Hutter (2019), Decoupled weight decay regularization, algorithm 2.
    """

    def __init__(
        self,
        parameters: Iterable[Tensor],
        *,
        learning_rate: Rate | None = 1e-3,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(
            parameters, learning_rate=learning_rate, beta1=beta1, beta2=beta2, epsilon=epsilon
        )
        self.weight_decay = positive("AdamW", "weight_decay", weight_decay, zero=True)


OPTIMIZERS: dict[str, type[Optimizer]] = {  # by the name that `fit` takes
    kind.__name__.lower(): kind
    for kind in [*vars().values()]
    if isinstance(kind, type) and issubclass(kind, Optimizer) and kind is not Optimizer
}


def optimizer_for(
    where: str, optimizer: Any, parameters: list[Tensor], learning_rate: Rate | None
) -> Optimizer:
    """Return an optimizer from its name, or the one that is given, if it is of these parameters.

    Raises
    ------
    TypeError, ValueError
        If it is neither, or holds parameters of another network.
    """
    if isinstance(optimizer, type) and issubclass(optimizer, Optimizer):
        raise TypeError(
            f"{where}: optimizer needs an object, got the class; write "
            f"optimizer=nn.{optimizer.__name__}(net.parameters(), learning_rate=0.01), or "
            f"optimizer={optimizer.__name__.lower()!r}."
        )
    if isinstance(optimizer, str):
        if optimizer not in OPTIMIZERS:
            raise ValueError(
                f"{where}: optimizer needs one of {', '.join(OPTIMIZERS)}, got {optimizer!r}."
                f"{suggestion(optimizer, OPTIMIZERS)}"
            )
        kind = OPTIMIZERS[optimizer]
        if learning_rate is None:
            if kind in (SGD, Momentum):
                raise TypeError(
                    f"{where}: optimizer={optimizer!r} needs learning_rate=, such as 0.01."
                )
            return kind(parameters, learning_rate=1e-3)
        return kind(parameters, learning_rate=learning_rate)
    if not isinstance(optimizer, Optimizer):
        raise TypeError(
            f"{where}: optimizer needs one of nn's, such as nn.Adam(net.parameters()), or a name "
            f"such as 'adam', got {optimizer!r}."
        )
    if learning_rate is not None:
        raise TypeError(
            f"{where}: learning_rate= belongs to an optimizer given by its name; set it where "
            f"{type(optimizer).__name__}(…) is made, or assign optimizer.learning_rate."
        )
    own = {id(p) for p in parameters}
    foreign = [p for p in optimizer.parameters if id(p) not in own]
    if foreign:
        raise ValueError(
            f"{where}: the optimizer holds {len(foreign)} of {len(optimizer.parameters)} "
            "parameters that are not this network's, which would not be trained; make it with "
            f"{type(optimizer).__name__}(net.parameters(), …) of this network."
        )
    return optimizer


def clip_gradients(parameters: Iterable[Tensor], max_norm: float) -> float:
    """Scale all gradients down together where their common norm is above a bound.

    Parameters
    ----------
    parameters : iterable of Tensor
        Leaves; those without a gradient are left out.
    max_norm : float
        The greatest √(Σ‖dθ‖²) that may stay, > 0.

    Returns
    -------
    float
        The norm before.

    Examples
    --------
    >>> import nn
    >>> w = nn.Tensor([3.0, 4.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> nn.clip_gradients([w], 1.0), w.grad
    (10.0, array([0.6, 0.8]))
    """
    bound = positive("clip_gradients", "max_norm", max_norm)
    with_gradient = [p for p in parameters if p.grad is not None]
    gradients = [np.asarray(p.grad) for p in with_gradient]
    largest = max((float(np.abs(g).max(initial=0.0)) for g in gradients), default=0.0)
    if not math.isfinite(largest):
        raise GradientError("clip_gradients: a gradient is not finite; clipping cannot mend it.")
    if largest == 0:
        return 0.0
    # Divided by the largest first: squares of large or small numbers leave the range of floats.
    norm = largest * math.sqrt(sum(float(np.sum(np.square(g / largest))) for g in gradients))
    if norm > bound:
        for p, g in zip(with_gradient, gradients, strict=True):
            p.grad = g * (bound / norm)
    return norm


@hinted
def weighted_average(
    values: npt.ArrayLike, beta: float, corrected: bool = False
) -> npt.NDArray[np.float64]:
    """Return the exponentially weighted averages v₁ … vₙ of a sequence.

    Parameters
    ----------
    values : array_like, shape (n, …)
        θ₁ … θₙ along the first axis.
    beta : float
        Weight of the past, in [0, 1); about 1/(1 − β) values are averaged.
    corrected : bool
        Divide by 1 − βᵗ, which corrects the bias of the start at v₀ = 0.

    Returns
    -------
    array, shape (n, …)
        v_t = βv_{t−1} + (1 − β)θ_t.

    Examples
    --------
    >>> import nn
    >>> nn.weighted_average([40, 49, 45], 0.9).round(10)
    array([ 4.  ,  8.5 , 12.15])
    >>> nn.weighted_average([10, 10], 0.5, corrected=True)
    array([10., 10.])
    """
    given = np.asarray(values)
    if given.ndim == 0 or given.dtype.kind not in "biuf":
        raise ValueError(f"weighted_average: values needs a sequence of numbers, got {values!r}.")
    beta = _beta("weighted_average", "beta", beta)
    theta = given.astype(np.float64)
    averages, v = np.empty_like(theta), np.zeros(theta.shape[1:])
    for t, value in enumerate(theta):
        v = beta * v + (1 - beta) * value
        averages[t] = v / (1 - beta ** (t + 1)) if corrected else v
    return averages


def _beta(where: str, name: str, beta: Any) -> float:
    if (
        isinstance(beta, BOOLS)
        or not isinstance(beta, (int, float, np.number))
        or not 0 <= beta < 1
    ):
        raise ValueError(f"{where}: {name} needs to be in [0, 1), got {beta!r}.")
    return float(beta)


def _takes_step(function: Callable[..., Any]) -> bool:
    """Return whether a schedule wants the step beside the epoch: its second parameter says so."""
    try:
        parameters = [*inspect.signature(function).parameters.values()]
    except (TypeError, ValueError):  # a builtin without a signature takes the epoch
        return False
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    second = next((p for p in parameters[1:2] if p.kind in kinds), None)
    return second is not None and (second.name == "step" or second.default is second.empty)
