"""What the errors of several rooms say in the same words, and the checks that say it."""

from __future__ import annotations

import difflib
import functools
import inspect
import math
import sys
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, cast

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

BOOLS: tuple[Any, ...] = (bool, np.bool_)  # they count as numbers to Python, and are meant as none

__all__ = [
    "BOOLS",
    "count",
    "Hinted",
    "hinted",
    "lacking",
    "outside",
    "positive",
    "refuse_keywords",
    "suggestion",
]


def suggestion(given: object, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'relu'?"`` where a name is close to a known one, otherwise ""."""
    spelled = {name.lower(): name for name in known}
    asked = str(given).lower().replace("-", "_").replace(" ", "_")
    close = difflib.get_close_matches(asked, spelled, 1)
    return f" Did you mean {spelled[close[0]]!r}?" if close else ""


# What people who come from elsewhere write, and what it is called here; of several names, the first
# that the function has.
_OF_FIT = {
    "optimizer", "learning_rate", "loss", "penalty", "epochs", "batch_size", "dev", "metrics",
    "sample_weight", "class_weight", "max_norm", "early_stopping", "checkpoint", "progress",
    "shuffle",
}  # fmt: skip
ELSEWHERE = {
    "lr": "learning_rate",
    "alpha": ("strength", "l2", "learning_rate"),
    "lambda_": ("strength", "l2", "penalty=nn.L2(λ)"),
    "lam": ("strength", "l2", "penalty=nn.L2(λ)"),
    "learning_rate_init": "learning_rate",
    "scheduler": "learning_rate=nn.InverseDecay(…)",
    "schedule": "learning_rate=nn.InverseDecay(…)",
    "decay": "learning_rate=nn.InverseDecay(…)",
    "l2": "penalty=nn.L2(λ)",
    "lambd": ("strength", "penalty=nn.L2(λ)"),
    "l2_penalty": "penalty=nn.L2(λ)",
    "regularizer": "penalty=nn.L2(λ)",
    "weight_decay": "penalty=nn.L2(λ), or the optimizer nn.AdamW",
    "verbose": "progress",
    "print_cost": "progress",
    "validation_data": "dev=(X_dev, Y_dev)",
    "validation_split": "dev=(X_dev, Y_dev), with nn.split",
    "iterations": "epochs",
    "num_iterations": "epochs",
    "n_epochs": "epochs",
    "num_epochs": "epochs",
    "max_iter": "epochs",
    "mini_batch_size": "batch_size",
    "callbacks": "on_epoch",
    "patience": "early_stopping",
    "random_state": "rng",
    "seed": "rng",
    "beta": ("beta1", "an optimizer object, such as nn.Momentum(net.parameters(), beta=…)"),
    "beta1": "an optimizer object, such as nn.Adam(net.parameters(), beta1=…)",
    "beta2": "an optimizer object, such as nn.Adam(net.parameters(), beta2=…)",
    "dropout": "keep_prob (1 minus it)",
    "activation": "hidden",
    "activations": "hidden",
    "output_activation": "output",
    "layers": "n, the first argument",
    "layer_dims": "n, the first argument",
    "initialization": "init",
    "hidden_layer_sizes": "hidden",
    "units": "hidden",
    "solver": "optimizer",
    "C": "l2, which is 1 / C",
    "eps": "epsilon",
    "momentum": ("beta", "an optimizer object, nn.Momentum(net.parameters(), beta=…)"),
    "rho": ("beta", "beta2"),
    "eta": "learning_rate",
    "betas": "beta1=… and beta2=…",
    "callback": "on_epoch",
    "clip_norm": "max_norm",
    "clipnorm": "max_norm",
    "gradient_clip": "max_norm",
    "grad_clip": "max_norm",
    "validation": "dev=(X_dev, Y_dev)",
    "n_iter": "epochs",
    "criterion": "loss",
    "min_delta": "early_stopping=nn.EarlyStopping(patience, least=…)",
    "lr_decay": "learning_rate=nn.InverseDecay(…)",
    "p": "keep_prob (1 minus it)",
    "rate": ("keep_prob (1 minus it)", "learning_rate"),
    "negative_slope": "slope",
    "decay_rate": ("decay", "base", "factor"),
    "time_interval": "every",
    "decay_steps": "every",
    "step_size": ("every", "learning_rate"),
    "gamma": ("factor", "base"),
    "initial_lr": "learning_rate",
    "bias_correction": "corrected",
    "correct_bias": "corrected",
    "in_features": "n_in",
    "out_features": "n_out",
    "test_size": "fractions, such as (0.8, 0.2)",
    "train_size": "fractions, such as (0.8, 0.2)",
    "n_trials": "trials",
    "num_classes": "classes",
    "std": "init, such as init=0.01",
}
_DECAY = "AdamW takes it, apart from the gradient. As L2: penalty=nn.L2(λ) of nn.fit."


def hinted(function: _F, name: str = "") -> _F:
    """Return a function whose unknown keywords, and arguments too many, are refused with a hint.

    Python's own message says neither what there is nor what it is called here.
    """
    where = name or function.__name__
    parameters = inspect.signature(function).parameters
    kinds = [p.kind for p in parameters.values()]
    variable = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    known = [k for k, p in parameters.items() if k != "self" and p.kind not in variable]
    open_ended = inspect.Parameter.VAR_KEYWORD in kinds
    by_place = sum(kind is inspect.Parameter.POSITIONAL_OR_KEYWORD for kind in kinds)
    most = math.inf if inspect.Parameter.VAR_POSITIONAL in kinds else by_place

    @functools.wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        if not open_ended and not options.keys() <= parameters.keys():
            refuse_keywords(where, options, known)
        if len(args) > most:
            _refuse_places(where, args["self" in parameters :], known)
        return function(*args, **options)

    return cast("_F", call)


class Hinted:
    """Base of the classes here whose unknown options are refused with a hint."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if cls.__module__.startswith("nn.") and "__init__" in vars(cls):
            cls.__init__ = hinted(cls.__init__, cls.__name__)  # type: ignore[method-assign]


def _refuse_places(where: str, args: Sequence[Any], known: Sequence[str]) -> NoReturn:
    """Raise TypeError for arguments that have to be named."""
    if all(isinstance(x, Integral) for x in args):
        hint = f" Write {where}([{', '.join(map(str, args))}])."
    else:
        hint = " The others go by name."
    raise TypeError(
        f"{where}: {len(args)} arguments without a name are too many; it takes "
        f"{', '.join(known)}.{hint}"
    )


# What people who know other libraries look for in `nn`.
_NAMES = {
    "functional": "autograd has the functions, such as autograd.relu",
    "f1_score": "the metric is nn.f1",
    "predict": "write net.predict(X)",
    "StepLR": "write nn.Staircase(…) or another schedule for learning_rate=",
    "Parameter": "write Tensor(value, requires_grad=True)",
    "BCELoss": "write nn.binary_cross_entropy, a function of A and Y",
    "BCEWithLogitsLoss": "write nn.binary_cross_entropy_with_logits, a function of Z and Y",
    "CrossEntropyLoss": "write nn.softmax_cross_entropy, a function of Z and one-hot Y",
    "MSELoss": "write nn.mean_squared_error, a function of A and Y",
    "BatchNorm1d": "write nn.BatchNorm(n)",
    "Dense": "write nn.Linear(n_in, n_out)",
    "ModuleList": "set each module as an attribute, or write nn.Sequential(a, b)",
    "StandardScaler": "write nn.Normalizer, for examples in columns",
    "train_test_split": "write nn.split(X, Y, (0.8, 0.2))",
}
_MODULES = {
    "relu": "ReLU",
    "leaky_relu": "LeakyReLU",
    "elu": "ELU",
    "gelu": "GELU",
    "silu": "SiLU",
    **{name: name.capitalize() for name in ("sigmoid", "softmax", "softplus", "tanh")},
}


def lacking(name: str) -> Any:
    """Raise AttributeError for a name that `nn` has not, with what it is called here."""
    said = _NAMES.get(name, "")
    if name in _MODULES:
        home = "np" if name == "tanh" else "autograd"
        said = f"the function is {home}.{name}, the module nn.{_MODULES[name]}"
    hint = f": {said}." if said else ""
    raise AttributeError(f"module 'nn' has no attribute {name!r}{hint}", name=name)


_F = TypeVar("_F", bound="Callable[..., Any]")


def _stem(instead: str) -> str:
    return instead.partition("=")[0].partition(" ")[0].rstrip(",")


def refuse_keywords(where: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Raise TypeError for keywords that a function has not, with what to write."""
    names = [*known]
    for name in given:
        if name in names:
            continue
        found = ELSEWHERE.get(name, f"{name}=…" if name in _OF_FIT else "")
        several = found if isinstance(found, tuple) else (found,)
        instead = next((one for one in several if _stem(one) in names), several[-1])
        stem = _stem(instead)
        if name == "weight_decay" and "parameters" in names:  # of another optimizer
            hint = f" {_DECAY}"
        elif stem in names or (
            instead.startswith("an ") and {"optimizer", "parameters"} & set(names)
        ):
            hint = f" Write {instead}."
        elif name in ("bias", "use_bias") and where == "Linear":
            hint = " Every layer has one; to keep it 0 leave b out of what the optimizer gets."
        elif name in ("dropout", "keep_prob", "activation", "hidden", "init") and where == "fit":
            hint = " That belongs to nn.Network(…)."
        elif stem and where.startswith("Network"):
            hint = f" That belongs to nn.fit(net, …, {instead})."
        else:
            hint = suggestion(name, names)
        raise TypeError(f"{where}: no option {name!r}; it takes {', '.join(names)}.{hint}")


def outside() -> int:
    """Return the stacklevel of the first caller that is not in this package."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("nn."):
        frame, level = frame.f_back, level + 1
    return level


def positive(where: str, name: str, value: Any, *, zero: bool = False) -> float:
    """Return a real number as a float, or say that it needs to be positive (or 0, where `zero`)."""
    real = isinstance(value, Real) and not isinstance(value, BOOLS)
    if not (real and math.isfinite(value) and (value > 0 or (zero and value == 0))):
        kind = "a number of at least 0" if zero else "a positive number"
        raise ValueError(f"{where}: {name} needs to be {kind}, got {value!r}.")
    return float(value)


def count(where: str, name: str, value: Any, least: int = 1) -> int:
    """Return an int, or say that it needs to be one of at least `least`."""
    if not isinstance(value, Integral) or isinstance(value, BOOLS) or value < least:
        kind = "a positive int" if least == 1 else f"an int of at least {least}"
        raise ValueError(f"{where}: {name} needs to be {kind}, got {value!r}.")
    return int(value)
