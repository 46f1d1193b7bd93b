"""What the errors of several rooms say in the same words, and the checks that say it."""

from __future__ import annotations

import difflib
import math
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

BOOLS: tuple[Any, ...] = (bool, np.bool_)  # they count as numbers to Python, and are meant as none

__all__ = ["BOOLS", "count", "positive", "refuse_keywords", "suggestion"]


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
    "beta": "an optimizer object, such as nn.Momentum(net.parameters(), beta=…)",
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
    "momentum": "an optimizer object, nn.Momentum(net.parameters(), beta=…)",
}


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
        if stem in names or (
            instead.startswith("an ") and {"optimizer", "parameters"} & set(names)
        ):
            hint = f" Write {instead}."
        elif name in ("dropout", "keep_prob", "activation", "hidden", "init") and where == "fit":
            hint = " That belongs to nn.Network(…)."
        elif stem and where.startswith("Network"):
            hint = f" That belongs to nn.fit(net, …, {instead})."
        else:
            hint = suggestion(name, names)
        raise TypeError(f"{where}: no option {name!r}; it takes {', '.join(names)}.{hint}")


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
