"""The errors of the engine.

Each message says *where*, *what was needed*, *what came* and *what to do*, and each type is also
the built-in one that a NumPy user would catch. Shapes are shown, arrays never.
"""

from __future__ import annotations

__all__ = [
    "AnomalyError",
    "AutogradError",
    "DTypeError",
    "GradientError",
    "LimitWarning",
    "ReadOnlyError",
    "RuleError",
    "ShapeError",
]


class AutogradError(Exception):
    """Base of every error the engine raises on purpose."""


class ShapeError(AutogradError, ValueError):
    """Arrays whose shapes do not fit the operation."""


class DTypeError(AutogradError, TypeError):
    """A value of a type or dtype that the operation cannot take."""


class GradientError(AutogradError, RuntimeError):
    """A derivative that does not exist, is no longer there, or was asked for in the wrong way."""


class ReadOnlyError(GradientError, ValueError):
    """An attempt to change an array that a graph may need."""


class AnomalyError(AutogradError, ArithmeticError):
    """A NaN or an infinity, caught where it began (see `detect_anomaly`)."""


class RuleError(AutogradError, TypeError):
    """A declaration of an op, or of one of its derivative rules, that cannot work."""


class LimitWarning(RuntimeWarning):
    """A gradient of 0 has met an infinite derivative, and what their product tends to is unknown.

    The product counts as 0 (see `strong_zero`), which may not be the limit: √x · √x has slope 1 at
    0. It is an error in `detect_anomaly`.
    """
