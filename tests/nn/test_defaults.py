"""Defaults of nn's functions and classes: the notes' (β, β₁, β₂, ε, a slope of 0.01) and ours."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

import nn

DEFAULTS: dict[str, dict[str, Any]] = {
    "Adam": {"learning_rate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
    "AdamW": {
        "learning_rate": 0.001,
        "beta1": 0.9,
        "beta2": 0.999,
        "epsilon": 1e-8,
        "weight_decay": 0.01,
    },
    "RMSprop": {"learning_rate": 0.001, "beta": 0.9, "epsilon": 1e-8},
    "Momentum": {"beta": 0.9},
    "LeakyReLU": {"slope": 0.01},
    "ELU": {"alpha": 1.0},
    "PReLU": {"slope": 0.25},
    "BatchNorm": {"momentum": 0.9, "epsilon": 1e-5},
    "InverseDecay": {"decay": 1.0, "every": 1},
    "RootDecay": {"k": 1.0},
    "ExponentialDecay": {"base": 0.95},
    "Staircase": {"factor": 0.5, "every": 10},
    "EarlyStopping": {"patience": 10, "least": 0.0},
    "Network": {"hidden": "relu", "output": "sigmoid", "init": "he", "keep_prob": 1.0},
    "fit": {"optimizer": "adam", "epochs": 50, "batch_size": 64, "shuffle": True, "resume": True},
    "minibatches": {"batch_size": 64, "shuffle": True},
    "split": {"fractions": (0.6, 0.2, 0.2), "stratify": False},
    "augment": {"flip": True, "rotate": 10.0, "distort": 0.0, "copies": 1},
    "random_search": {
        "trials": 20,
        "learning_rate": (1e-4, 1e-1),
        "layers": (1, 3),
        "units": (4, 64),
    },
    "check_gradients": {"epsilon": 1e-7},
    "weighted_average": {"corrected": False},
    "diagnose_bias_variance": {"optimal_error": 0.0, "tolerance": 0.02},
    "LogisticRegression": {"l2": 1.0, "max_iter": 5000, "tol": 1e-9},
    "Perceptron": {"learning_rate": 1.0, "epochs": 1000},
    "plot_schedule": {"epochs": 50},
    "plot_decision_boundary": {"steps": 200},
    "MLPClassifier": {
        "hidden": (32,),
        "learning_rate": 0.01,
        "l2": 0.0,
        "keep_prob": 1.0,
        "epochs": 100,
        "batch_size": 64,
        "normalize": True,
    },
}
DEFAULTS["MLPRegressor"] = DEFAULTS["MLPClassifier"]


@pytest.mark.parametrize("name", DEFAULTS)
def test_defaults_are_a_promise(name: str) -> None:
    parameters = inspect.signature(getattr(nn, name)).parameters
    assert {k: parameters[k].default for k in DEFAULTS[name]} == DEFAULTS[name]


def test_what_fit_does_without_being_told() -> None:
    import inspect

    told = {k: p.default for k, p in inspect.signature(nn.fit).parameters.items()}
    assert (told["epochs"], told["batch_size"]) == (50, 64)
