"""`History`: what happened in a run of `fit`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from nn.plots import plot_cost, save_plot

if TYPE_CHECKING:
    import os

__all__ = ["History"]


class History(dict[str, list[float]]):
    """What was measured in each epoch: a dict of lists of the same length.

    Attributes
    ----------
    cost : list of float
        ``history["cost"]``: average of the mini-batch costs of the epoch, each before its step,
        with the penalty; in nats for the cross-entropies.
    dev_cost : list of float
        ``history["dev_cost"]``: cost on the dev set after the epoch, without the penalty; empty
        without one.
    gradient_norms : dict
        From a parameter's path to ‖gradient‖ in the first mini-batch of each epoch.
    notes : list of str
        What `fit` noticed: features that are not normalized, units that are dead, and the like.
    best_epoch : int or None
        The epoch of the least cost on the dev set, or on the training set without one.
    stopped : str or None
        Why training ended before all epochs were run.
    interrupted : bool
        Whether that was the keyboard's interrupt.
    seconds : float
        Wall time in all.
    """

    def __init__(self, *args: Any, **lists: Any) -> None:
        super().__init__(*args, **lists)
        self.gradient_norms: dict[str, list[float]] = {}
        self.notes: list[str] = []
        self.best_epoch: int | None = None
        self.stopped: str | None = None
        self.interrupted = False
        self.seconds = 0.0

    def __getattr__(self, name: str) -> list[float]:
        if name in self:  # such as history.learning_rate
            return self[name]
        known = ", ".join(self) or "none"
        raise AttributeError(f"History: has no {name!r}; measured were {known}.")

    @property
    def cost(self) -> list[float]:
        """The cost of each epoch."""
        return self.get("cost", [])

    @property
    def dev_cost(self) -> list[float]:
        """The cost on the dev set after each epoch; empty without one."""
        return self.get("dev_cost", [])

    @property
    def epochs(self) -> int:
        """How many epochs were run."""
        return len(self.cost)

    def add(self, **numbers: float) -> None:
        """Append what was measured in one epoch."""
        for name, value in numbers.items():
            self.setdefault(name, []).append(float(value))

    def plot(
        self, path: str | os.PathLike[str] | None = None, title: str = "Cost", *, ax: Any = None
    ) -> Any:
        """Draw the cost curves (matplotlib, extra `plot`).

        Parameters
        ----------
        path : path_like, optional
            A file to write.
        title : str
            Above the curves.
        ax : Axes, optional
            Where to draw; on a new figure by default.

        Returns
        -------
        Axes, or the Path with `path`

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        OSError
            If the file cannot be written; nothing is left half-written.
        """
        if path is None:
            return plot_cost(self, ax=ax, title=title)
        return save_plot(path, lambda axes: plot_cost(self, ax=axes, title=title))

    def __repr__(self) -> str:
        if not self.cost:
            return f"History(no epoch{f': {self.stopped}' if self.stopped else ''})"
        parts = [f"cost {self.cost[0]:.4g} → {self.cost[-1]:.4g}"]
        parts += [
            f"{name.replace('_', ' ')} {values[-1]:.4g}"
            for name, values in self.items()
            if name not in {"cost", "learning_rate"} and values and not math.isnan(values[-1])
        ]
        if self.best_epoch is not None and self.best_epoch != self.epochs:
            parts.append(f"best in epoch {self.best_epoch}")
        if self.stopped:
            parts.append(self.stopped)
        if self.notes:
            parts.append(f"{len(self.notes)} note{'s' * (len(self.notes) > 1)}")
        unit = "epoch" if self.epochs == 1 else "epochs"
        return f"History({self.epochs} {unit}, {self.seconds:.3g} s: {', '.join(parts)})"
