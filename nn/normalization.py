"""Batch normalization, as a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import ShapeError, Tensor
from nn._words import count, positive
from nn.module import Module

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["BatchNorm"]

from_engine = True


class BatchNorm(Module):
    """Each row to mean 0 and variance 1 over the mini-batch, then a learned scale and shift.

    Parameters
    ----------
    n : int
        Rows: units of the layer before.
    momentum : float
        Weight of the past in the running mean and variance, in [0, 1); PyTorch's is 1 − momentum.
    epsilon : float
        Added to the variance, > 0.

    Attributes
    ----------
    gamma, beta : Tensor, shape (n, 1)
        Scale and shift.
    running_mean, running_var : array, shape (n, 1)
        Averages over the mini-batches, used in `eval` mode; saved with the parameters.
    batches : array, shape (1, 1)
        How many mini-batches they have seen; saved as well.

    Notes
    -----
    Z̃ = γ (Z − μ)/√(σ² + ε) + β, with μ and σ² over the columns of the mini-batch.

    Examples
    --------
    >>> import nn
    >>> nn.BatchNorm(1, epsilon=1e-12)(nn.Tensor([[1.0, 3.0]])).data.round(6)
    array([[-1.,  1.]])
    """

    buffers = ("running_mean", "running_var", "batches")
    not_negative = ("running_var", "batches")
    batches: npt.NDArray[Any] = np.zeros((1, 1))  # of those that were pickled without it

    def __init__(
        self,
        n: int,
        *,
        momentum: float = 0.9,
        epsilon: float = 1e-5,
        dtype: npt.DTypeLike = np.float64,
    ) -> None:
        n = count("BatchNorm", "n", n)
        if not 0 <= momentum < 1:
            raise ValueError(f"BatchNorm: momentum needs to be in [0, 1), got {momentum!r}.")
        self.n, self.momentum = n, float(momentum)
        self.epsilon = positive("BatchNorm", "epsilon", epsilon)
        self.gamma = Tensor(np.ones((n, 1)), name="γ", dtype=dtype, requires_grad=True)
        self.beta = Tensor(np.zeros((n, 1)), name="β", dtype=dtype, requires_grad=True)
        self.running_mean = np.zeros((n, 1), dtype)
        self.running_var = np.ones((n, 1), dtype)
        self.batches = np.zeros((1, 1))

    def forward(self, Z: Tensor | npt.ArrayLike) -> Tensor:
        """Return Z̃, shape (n, m), for Z of shape (n, m)."""
        Z = Z if isinstance(Z, Tensor) else Tensor(Z)
        if Z.ndim != 2 or Z.shape[0] != self.n:
            raise ShapeError(f"{self.title}: input needs {self.n} rows, got shape {Z.shape}.")
        mean: Any = self.running_mean
        var: Any = self.running_var
        if self.training:
            if Z.shape[1] < 2:
                raise ValueError(
                    f"{self.title}: one column has no variance; choose a batch_size that leaves no "
                    "batch of one example, or call eval() for prediction."
                )
            mean = np.mean(Z, axis=1, keepdims=True)
            var = np.var(Z, axis=1, keepdims=True)
            self.batches = self.batches + 1
            past = self.momentum
            kind = self.running_mean.dtype
            self.running_mean = (past * self.running_mean + (1 - past) * mean.data).astype(kind)
            self.running_var = (past * self.running_var + (1 - past) * var.data).astype(kind)
        normed: Tensor = self.gamma * ((Z - mean) / np.sqrt(var + self.epsilon)) + self.beta
        return normed

    def units_after(self, units: int | None) -> int | None:
        """Return n."""
        return self.n

    def __repr__(self) -> str:
        return f"BatchNorm({self.n})"
