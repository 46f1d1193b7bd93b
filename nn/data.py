"""Data with examples in columns: splits, mini-batches, normalization, one-hot labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from autograd import ShapeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    Rng = np.random.Generator | int | None

__all__ = ["Normalizer", "Part", "minibatches", "one_hot", "split"]


class Part(NamedTuple):
    """A set of examples: X of shape (n_x, m) and Y of shape (n_y, m)."""

    X: npt.NDArray[Any]
    Y: npt.NDArray[Any]


def split(
    X: npt.ArrayLike,
    Y: npt.ArrayLike,
    fractions: Sequence[float] = (0.6, 0.2, 0.2),
    *,
    rng: Rng = None,
) -> tuple[Part, ...]:
    """Shuffle the examples and cut them into parts, such as train, dev and test.

    Parameters
    ----------
    X, Y : array_like, shapes (n_x, m) and (n_y, m)
        Examples and labels in columns.
    fractions : sequence of float
        The parts, which sum to 1: (0.6, 0.2, 0.2), or (0.98, 0.01, 0.01) for big data.
    rng : Generator, int or None
        Decides the shuffling.

    Returns
    -------
    tuple of Part
        Each with .X and .Y; the last one takes the rounding.

    Raises
    ------
    ValueError
        If the fractions do not sum to 1, or leave a part without an example.

    Examples
    --------
    >>> import nn
    >>> train, dev, test = nn.split(np.ones((3, 10)), np.ones((1, 10)), rng=0)
    >>> train.X.shape, dev.X.shape, test.Y.shape
    ((3, 6), (3, 2), (1, 2))
    """
    X, Y = _pair("split", X, Y)
    m = X.shape[1]
    if any(f <= 0 for f in fractions) or abs(sum(fractions) - 1) > 1e-9:
        raise ValueError(f"split: fractions need to be positive and sum to 1, got {fractions}.")
    ends = [round(float(c) * m) for c in np.cumsum(fractions)[:-1]]
    order = np.random.default_rng(rng).permutation(m)
    parts = np.split(order, ends)
    if any(not len(part) for part in parts):
        raise ValueError(
            f"split: {m} examples in parts of {tuple(fractions)} leave one empty; use fewer parts."
        )
    return tuple(Part(X[:, part], Y[:, part]) for part in parts)


def minibatches(
    X: npt.ArrayLike,
    Y: npt.ArrayLike,
    batch_size: int | None = 64,
    *,
    shuffle: bool = True,
    rng: Rng = None,
) -> Iterator[Part]:
    """Yield all examples once, in batches; the last one may be smaller.

    Parameters
    ----------
    X, Y : array_like, shapes (n_x, m) and (n_y, m)
        Examples and labels in columns.
    batch_size : int or None
        Usually a power of two from 64 to 512; 1 is stochastic, None one whole batch.
    shuffle : bool
        Draw the examples in a random order.
    rng : Generator, int or None
        Decides the order.
    """
    X, Y = _pair("minibatches", X, Y)
    m = X.shape[1]
    size = m if batch_size is None else batch_size
    if not isinstance(size, (int, np.integer)) or (size < 1 and m):
        raise ValueError(f"minibatches: batch_size needs to be a positive int, got {batch_size!r}.")
    if size >= m and not shuffle:
        yield Part(X, Y)
        return
    order = np.random.default_rng(rng).permutation(m) if shuffle else np.arange(m)
    for start in range(0, m, size):
        batch = order[start : start + size]
        yield Part(X[:, batch], Y[:, batch])


class Normalizer:
    """Give every feature mean 0 and variance 1, as measured on the training set.

    A feature that does not vary in it is only moved to 0.

    Attributes
    ----------
    mean, std : array, shape (n_x, 1)
        Of the set given to `fit`.

    Examples
    --------
    >>> import nn
    >>> X_train = np.array([[1.0, 3.0], [5.0, 5.0]])
    >>> nn.Normalizer().fit(X_train).transform(X_train)
    array([[-1.,  1.],
           [ 0.,  0.]])
    """

    mean: npt.NDArray[Any] | None = None
    std: npt.NDArray[Any] | None = None

    def fit(self, X: npt.ArrayLike) -> Self:
        """Measure the rows of X, shape (n_x, m); return the normalizer."""
        X = _matrix("Normalizer.fit", "X", X)
        check_finite("Normalizer.fit", X=X)
        self.mean = X.mean(axis=1, keepdims=True)
        self.std = X.std(axis=1, keepdims=True)
        # The rounding of a mean must not pass for a variance.
        fixed = np.ptp(X, axis=1, keepdims=True) == 0
        self.mean = np.where(fixed, X[:, :1], self.mean)
        self.std = np.where(fixed, 0.0, self.std)
        return self

    def transform(self, X: npt.ArrayLike) -> npt.NDArray[Any]:
        """Return (X − mean) / std, shape (n_x, m)."""
        if self.mean is None or self.std is None:
            raise ValueError("Normalizer.transform: call fit() with the training set first.")
        X = _matrix("Normalizer.transform", "X", X)
        if X.shape[0] != self.mean.shape[0]:
            raise ShapeError(
                f"Normalizer.transform: X needs {self.mean.shape[0]} rows, got shape {X.shape}. "
                "Examples are columns here."
            )
        normalized: npt.NDArray[Any] = (X - self.mean) / np.where(self.std > 0, self.std, 1.0)
        return normalized


def one_hot(labels: npt.ArrayLike, classes: int | None = None) -> npt.NDArray[np.float64]:
    """Return class numbers as columns with a single 1.

    Parameters
    ----------
    labels : array_like of int, shape (m,) or (1, m)
        In 0 … classes − 1.
    classes : int, optional
        Number of rows; the greatest label plus one by default.

    Returns
    -------
    array, shape (classes, m)

    Examples
    --------
    >>> one_hot([0, 2, 1])
    array([[1., 0., 0.],
           [0., 0., 1.],
           [0., 1., 0.]])
    """
    flat = np.asarray(labels).reshape(-1)
    if flat.dtype.kind not in "iu":
        raise ValueError(f"one_hot: labels need to be integers, got {flat.dtype}.")
    n = int(flat.max(initial=-1)) + 1 if classes is None else classes
    if flat.size and (flat.min() < 0 or flat.max() >= n):
        raise ValueError(
            f"one_hot: labels need to be in 0 … {n - 1}, got {flat.min()} … {flat.max()}."
        )
    return np.eye(n)[:, flat]


def check_finite(where: str, **arrays: npt.NDArray[Any]) -> None:
    """Raise ValueError at the first NaN or infinity, saying where it stands."""
    for name, array in arrays.items():
        bad = ~np.isfinite(array)
        if bad.any():
            place = tuple(int(i) for i in np.argwhere(bad)[0])
            raise ValueError(
                f"{where}: {name} needs finite numbers, got {array[place]} at {list(place)} "
                f"({int(bad.sum())} in all); remove or fill those examples."
            )


def _pair(
    where: str, X: npt.ArrayLike, Y: npt.ArrayLike
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    X, Y = _matrix(where, "X", X), _matrix(where, "Y", Y)
    if X.shape[1] != Y.shape[1]:
        hint = " Examples are columns here: pass X.T." if X.shape[0] == Y.shape[1] else ""
        raise ShapeError(
            f"{where}: X and Y need the same number of columns, got shapes {X.shape} and "
            f"{Y.shape}.{hint}"
        )
    return X, Y


def _matrix(where: str, name: str, array: npt.ArrayLike) -> npt.NDArray[Any]:
    matrix = np.asarray(array)
    if matrix.ndim != 2:
        raise ShapeError(
            f"{where}: {name} needs shape (rows, m), got {matrix.shape}; "
            "reshape a vector with .reshape(1, -1)."
        )
    return matrix
