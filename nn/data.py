"""Data with examples in columns: splits, mini-batches, normalization, one-hot labels."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np

from autograd import ShapeError
from nn._words import count, hinted, outside
from nn.rng import Rng, Stream, generator

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

__all__ = [
    "Normalizer",
    "Part",
    "augment",
    "image_to_vector",
    "minibatches",
    "one_hot",
    "split",
    "vector_to_image",
]


DEPTHS = (1, 3, 4)  # of grey images, colours, and colours with transparency


class Part(NamedTuple):
    """A set of examples: X of shape (n_x, m) and Y of shape (n_y, m)."""

    X: npt.NDArray[Any]
    Y: npt.NDArray[Any]


@hinted
def split(
    X: npt.ArrayLike,
    Y: npt.ArrayLike,
    fractions: Sequence[float] = (0.6, 0.2, 0.2),
    *,
    stratify: bool = False,
    rng: Rng = None,
) -> tuple[Part, ...]:
    """Shuffle the examples and cut them into parts, such as train, dev and test.

    Parameters
    ----------
    X, Y : array_like, shapes (n_x, m) and (n_y, m)
        Examples and labels in columns.
    fractions : sequence of float
        The parts, which sum to 1: (0.6, 0.2, 0.2), or (0.98, 0.01, 0.01) for big data.
    stratify : bool
        Cut each class (each different column of Y) apart, so that all parts have their share of it:
        5 positives among 100 become 3, 1 and 1.
    rng : Generator, RandomState, int or None
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
    if not isinstance(fractions, (tuple, list, np.ndarray)):
        raise ValueError(
            f"split: fractions needs one for each part, such as (0.8, 0.2), got {fractions!r}."
        )
    if not isinstance(stratify, (bool, np.bool_)):
        raise TypeError("split: stratify needs True or False; the labels are Y.")
    if any(f <= 0 for f in fractions) or abs(sum(fractions) - 1) > 1e-9:
        raise ValueError(f"split: fractions need to be positive and sum to 1, got {fractions}.")
    if not m:
        raise ValueError("split: needs at least one example, got none.")
    order = generator(rng, "split").permutation(m)
    if stratify:
        _, which = np.unique(Y, axis=1, return_inverse=True)
        which = which.reshape(-1)[order]
        sizes = np.diff([0, *_ends(fractions, m), m]).tolist()
        ends = np.cumsum(np.bincount(which))[:-1]
        groups = np.split(order[np.argsort(which, kind="stable")], ends)
        cut = [np.split(group, _ends(fractions, len(group))) for group in groups]
        parts = [np.concatenate([c[i] for c in cut]) for i in range(len(sizes))]
        classes, empty = len(groups), not all(map(len, parts))
        if classes > 0.5 * m and empty:
            raise ValueError(
                f"split: stratify=True takes each value of Y for a class, and {m} examples have "
                f"{classes} of them; leave it out where Y holds numbers rather than classes."
            )
        off = max(abs(len(part) - size) for part, size in zip(parts, sizes, strict=True))
        if off > max(1, 0.01 * m):  # many small classes: their rounding adds up
            parts = _evenly(groups, fractions, sizes)
        place = np.argsort(order)  # each part in the order of the shuffle, classes mixed
        parts = [part[np.argsort(place[part])] for part in parts]
    else:
        parts = np.split(order, _ends(fractions, m))
    if stratify:
        _tell_of_missing(Y, parts)
    if any(not len(part) for part in parts):
        raise ValueError(
            f"split: {m} examples in parts of {tuple(fractions)} leave one empty; use fewer parts."
        )
    return tuple(Part(X[:, part], Y[:, part]) for part in parts)


def _evenly(
    groups: Sequence[npt.NDArray[Any]], fractions: Sequence[float], sizes: Sequence[int]
) -> list[npt.NDArray[Any]]:
    """Deal classes out to parts of some sizes, so that each has its share of each, within one.

    A part gets what it is owed of a class, rounded down. What is left of the class goes one each to
    the parts with most room, first of the classes of which most is left: so all parts fill up.
    """
    owed = np.array([[f * len(group) for f in fractions] for group in groups])
    counts = np.floor(owed + 1e-9).astype(int)
    left = np.array([len(group) for group in groups]) - counts.sum(axis=1)
    room = np.array(sizes) - counts.sum(axis=0)
    for k in np.argsort(-left, kind="stable"):
        parts = np.argsort(-room, kind="stable")[: left[k]]
        counts[k, parts] += 1
        room[parts] -= 1
    cut = [np.split(g, np.cumsum(n)[:-1]) for g, n in zip(groups, counts, strict=True)]
    return [np.concatenate([c[i] for c in cut]) for i in range(len(sizes))]


def _tell_of_missing(Y: npt.NDArray[Any], parts: Sequence[npt.NDArray[Any]]) -> None:
    """Warn of a class that is in some of the parts only."""
    if Y.dtype.kind == "f" and np.isnan(Y).any():
        return
    for number, part in enumerate(parts, 1):
        missing = {tuple(y) for y in Y.T.tolist()} - {tuple(y) for y in Y.T[part].tolist()}
        if missing and len(part):
            first = sorted(missing)[0]
            said = first[0] if len(first) == 1 else list(first)
            warnings.warn(
                f"split: part {number} has no example with Y = {said}: there are too few of them "
                "for each part to have one.",
                stacklevel=outside(),
            )


def _ends(fractions: Sequence[float], m: int) -> list[int]:
    """Return where m examples are cut."""
    return [round(float(c) * m) for c in np.cumsum(fractions)[:-1]]


@hinted
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
    rng : Generator, RandomState, int or None
        Decides the order.

    Examples
    --------
    >>> import nn
    >>> batches = nn.minibatches(np.ones((3, 148)), np.ones((1, 148)), 64, rng=0)
    >>> [batch.X.shape for batch in batches]
    [(3, 64), (3, 64), (3, 20)]
    """
    X, Y = _pair("minibatches", X, Y)
    m = X.shape[1]
    size = max(m, 1) if batch_size is None else count("minibatches", "batch_size", batch_size)
    stream = generator(rng, "minibatches") if shuffle else None
    for columns in batch_columns(m, size, stream):
        yield Part(X[:, columns], Y[:, columns])


def batch_columns(m: int, size: int, stream: Stream | None) -> Iterator[Any]:
    """Yield the columns of each mini-batch of m examples, shuffled where a stream is given."""
    if stream is None:
        yield from (slice(start, min(start + size, m)) for start in range(0, m, size))
        return
    order = stream.permutation(m)
    for start in range(0, m, size):
        yield order[start : start + size]


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

    def fit(self, X: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> Self:
        """Measure the rows of X, shape (n_x, m); return the normalizer.

        With a weight, shape (m,), each example counts so many times.
        """
        X = _matrix("Normalizer.fit", "X", X)
        check_finite("Normalizer.fit", X=X)
        if not X.shape[1]:
            raise ValueError("Normalizer.fit: needs at least one example, got none.")
        w = np.ones(X.shape[1]) if weight is None else np.asarray(weight, np.float64)
        if w.shape != X.shape[1:] or not (np.isfinite(w) & (w >= 0)).all() or not w.any():
            raise ValueError(
                f"Normalizer.fit: weight needs {X.shape[1]} finite numbers of at least 0, not all "
                f"of them 0; got an array of shape {w.shape}."
            )
        if not w.all():  # what counts no times is not there
            X, w = X[:, w > 0], w[w > 0]
        share = None if weight is None else w / w.max()
        X = X.astype(np.result_type(X.dtype, np.float32) if X.dtype.kind == "f" else np.float64)
        # Scaled first: squares and sums of large or small numbers leave the range of floats.
        size = np.abs(X).max(axis=1, keepdims=True)
        size = np.where(size > 0, size, 1.0)
        mean = np.average(X / size, axis=1, weights=share)[:, None] * size
        apart = np.abs(X / 2 - mean / 2).max(axis=1, keepdims=True) * 2
        # The rounding of a mean must not pass for a variance.
        fixed = (X[:, :1] == X).all(axis=1, keepdims=True)
        around = (X - mean) / np.where(fixed | (apart == 0), 1.0, apart)
        std = np.sqrt(np.average(around**2, axis=1, weights=share)[:, None]) * apart
        self.mean = np.where(fixed, X[:, :1], mean)
        self.std = np.where(fixed, 0.0, std)
        return self

    def transform(self, X: npt.ArrayLike) -> npt.NDArray[Any]:
        """Return (X − mean) / std, shape (n_x, m)."""
        if self.mean is None or self.std is None:
            raise ValueError("Normalizer.transform: call fit() with the training set first.")
        X = self._of_its_rows("transform", X)
        normalized: npt.NDArray[Any] = (X - self.mean) / np.where(self.std > 0, self.std, 1.0)
        return normalized

    def fit_transform(self, X: npt.ArrayLike) -> npt.NDArray[Any]:
        """Measure the rows of X, shape (n_x, m), and return them normalized."""
        return self.fit(X).transform(X)

    def __getattr__(self, name: str) -> Any:
        hint = " Write inverse(X)." if name == "inverse_transform" else ""
        raise AttributeError(f"Normalizer has no {name!r}.{hint}")

    def inverse(self, X: npt.ArrayLike) -> npt.NDArray[Any]:
        """Return X · std + mean, shape (n_x, m): `transform` undone."""
        X = self._of_its_rows("inverse", X)
        assert self.mean is not None
        assert self.std is not None
        back: npt.NDArray[Any] = X * np.where(self.std > 0, self.std, 1.0) + self.mean
        return back

    def _of_its_rows(self, method: str, X: npt.ArrayLike) -> npt.NDArray[Any]:
        if self.mean is None:
            raise ValueError(f"Normalizer.{method}: call fit() with the training set first.")
        matrix = _matrix(f"Normalizer.{method}", "X", X)
        if matrix.shape[0] != self.mean.shape[0]:
            raise ShapeError(
                f"Normalizer.{method}: X needs {self.mean.shape[0]} rows, got shape "
                f"{matrix.shape}. Examples are columns here."
            )
        return matrix


@hinted
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
    given = np.asarray(labels)
    if given.ndim > 2 or (given.ndim == 2 and given.shape[0] != 1):
        raise ShapeError(
            f"one_hot: labels need shape (m,) or (1, m), got {given.shape}; are they one-hot "
            "already?"
        )
    flat = given.reshape(-1)
    if flat.dtype.kind == "f" and np.isfinite(flat).all() and (flat == np.floor(flat)).all():
        flat = flat.astype(np.int64)  # 0.0 and 1.0 are class numbers, too
    if flat.dtype.kind not in "iu":
        hint = (
            "; number the classes first: names, numbers = np.unique(labels, return_inverse=True)"
            if flat.dtype.kind in "OUSb"
            else "; write labels.astype(int)"
        )
        raise ValueError(f"one_hot: labels need to be integers, got {flat.dtype}{hint}.")
    flat = flat.astype(np.int64)
    least = int(flat.max(initial=-1)) + 1
    n = least if classes is None else count("one_hot", "classes", classes)
    if flat.size and (flat.min() < 0 or flat.max() >= n):
        raise ValueError(
            f"one_hot: labels need to be in 0 … {n - 1}, got {flat.min()} … {flat.max()}."
        )
    return np.eye(n)[:, flat]


@hinted
def image_to_vector(images: npt.ArrayLike) -> npt.NDArray[Any]:
    """Return images as columns, the notes' ``image.reshape(h * w * d, 1)``, of many at once.

    Parameters
    ----------
    images : array_like, shape (height, width, depth) or (m, height, width, depth)
        One colour image, or m of them; for grey images give depth 1.

    Returns
    -------
    array, shape (height · width · depth, 1 or m)
        Divide by 255 where the pixels are 0 … 255.

    Examples
    --------
    >>> image_to_vector(np.zeros((209, 64, 64, 3))).shape
    (12288, 209)
    """
    array = np.asarray(images)
    if array.ndim == 3:
        if array.shape[2] not in DEPTHS:
            raise ShapeError(
                f"image_to_vector: shape {array.shape} is one image of depth {array.shape[2]}, or "
                f"{array.shape[0]} grey ones: write images[None] for one, images[..., None] for "
                "many."
            )
        array = array[None]
    if array.ndim != 4:
        raise ShapeError(
            "image_to_vector: needs shape (height, width, depth) or (m, height, width, depth), got "
            f"{array.shape}; for grey images add an axis: images[..., None]."
        )
    return array.reshape(array.shape[0], -1).T


def vector_to_image(X: npt.ArrayLike, shape: tuple[int, int, int]) -> npt.NDArray[Any]:
    """Return columns as images, shape (m, height, width, depth): `image_to_vector` undone."""
    matrix = _matrix("vector_to_image", "X", X)
    if matrix.shape[0] != int(np.prod(shape)):
        raise ShapeError(
            f"vector_to_image: {matrix.shape[0]} rows are no image of shape {tuple(shape)}."
        )
    return matrix.T.reshape(-1, *shape)


@hinted
def augment(
    images: npt.ArrayLike,
    labels: npt.ArrayLike | None = None,
    *,
    flip: bool = True,
    rotate: float = 10.0,
    distort: float = 0.0,
    copies: int = 1,
    rng: Rng = None,
) -> Any:
    """Return images and changed copies of them: more data that cost nothing.

    Parameters
    ----------
    images : array_like, shape (m, height, width) or (m, height, width, depth)
        Images in the first axis.
    labels : array_like, shape (n_y, m), optional
        Repeated for the copies.
    flip : bool
        Flip half of the copies from left to right. Not for digits or letters.
    rotate : float
        The greatest angle of rotation, in degrees, either way.
    distort : float
        The greatest shear and change of size, as a fraction such as 0.1.
    copies : int
        Changed copies of each image.
    rng : Generator, RandomState, int or None
        Decides the changes.

    Returns
    -------
    array, or (array, array) with labels
        (1 + copies) · m images, the given ones first. Pixels that come from outside take the value
        of the nearest edge; between pixels the value is interpolated linearly.

    Examples
    --------
    >>> images, labels = augment(np.zeros((5, 8, 8)), np.ones((1, 5)), copies=2, rng=0)
    >>> images.shape, labels.shape
    ((15, 8, 8), (1, 15))
    """
    array = np.asarray(images)
    if array.ndim == 3 and array.shape[2] in DEPTHS and array.shape[1] > 2 * array.shape[2]:
        raise ShapeError(
            f"augment: shape {array.shape} looks like one image of depth {array.shape[2]}: write "
            f"image[None]; for {array.shape[0]} grey images write images[..., None]."
        )
    if array.ndim not in (3, 4):
        raise ShapeError(
            f"augment: needs shape (m, height, width) or (m, height, width, depth), got "
            f"{array.shape}."
        )
    m, times = array.shape[0], count("augment", "copies", copies)
    if not (0 <= rotate <= 180 and 0 <= distort < 1):
        raise ValueError(
            f"augment: rotate needs to be in [0, 180] and distort in [0, 1), got {rotate!r} and "
            f"{distort!r}."
        )
    stream = generator(rng, "augment")
    made = [array.astype(np.result_type(array.dtype, np.float32), copy=False)]
    for _ in range(times):
        flipped = stream.random(m) < 0.5 if flip else np.zeros(m, bool)
        angle = np.deg2rad(rotate) * (2 * stream.random(m) - 1)
        shear, scale = distort * (2 * stream.random((2, m)) - 1)
        made.append(_warped(made[0], flipped, angle, shear, 1 + scale))
    more = np.concatenate(made)
    if labels is None:
        return more
    Y = _matrix("augment", "labels", labels)
    if Y.shape[1] != m:
        raise ShapeError(f"augment: labels need {m} columns, got shape {Y.shape}.")
    return more, np.tile(Y, (1, 1 + times))


def _warped(images: Any, flipped: Any, angle: Any, shear: Any, scale: Any) -> Any:
    """Return images that are flipped, rotated and sheared about their centres."""
    _, h, w = images.shape[:3]
    y, x = np.mgrid[:h, :w].astype(float)
    y, x = y - (h - 1) / 2, x - (w - 1) / 2
    c, s = np.cos(angle)[:, None, None], np.sin(angle)[:, None, None]
    size = scale[:, None, None]
    # Where each pixel of the copy comes from.
    from_x = (c * x + s * y) / size + shear[:, None, None] * y
    from_y = (c * y - s * x) / size
    from_x = np.where(flipped[:, None, None], -from_x, from_x)
    rows = np.clip(from_y + (h - 1) / 2, 0, h - 1)
    columns = np.clip(from_x + (w - 1) / 2, 0, w - 1)
    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    down, right = np.minimum(top + 1, h - 1), np.minimum(left + 1, w - 1)
    fy, fx = rows - top, columns - left
    if images.ndim == 4:
        fy, fx = fy[..., None], fx[..., None]
    i = np.arange(images.shape[0])[:, None, None]
    upper = images[i, top, left] * (1 - fx) + images[i, top, right] * fx
    lower = images[i, down, left] * (1 - fx) + images[i, down, right] * fx
    return (upper * (1 - fy) + lower * fy).astype(images.dtype)


def check_finite(where: str, **arrays: npt.NDArray[Any]) -> None:
    """Raise ValueError at the first NaN or infinity, saying where it stands."""
    for name, array in arrays.items():
        if array.dtype.kind not in "biuf":
            raise ValueError(f"{where}: {name} needs to be of numbers, got {array.dtype}.")
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
        if X.shape[0] == Y.shape[0] > max(X.shape[1], Y.shape[1]):
            hint = " Examples are columns here: pass X.T and Y.T."
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
