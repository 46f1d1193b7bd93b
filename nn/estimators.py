"""Estimators with scikit-learn's contract: rows are examples. scikit-learn is not needed to run.

They take rows (n_samples, n_features) as that ecosystem does, and transpose once at their door.
"""

from __future__ import annotations

import functools
import inspect
import sys
import warnings
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from autograd import Tensor, value_and_grad
from nn._solver import minimum
from nn._words import count, outside, positive, refuse_keywords, suggestion
from nn.data import Normalizer, one_hot
from nn.diagnosis import TrainingWarning
from nn.linear import Network
from nn.losses import (
    binary_cross_entropy_with_logits,
    mean_squared_error,
    softmax_cross_entropy,
)
from nn.regularizers import L2
from nn.rng import generator
from nn.training import fit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from nn.history import History

__all__ = ["LogisticRegression", "MLPClassifier", "MLPRegressor", "Perceptron"]


class NotFittedError(ValueError, AttributeError):
    """The estimator was asked before `fit`."""


def _whole(fit: Callable[..., Any]) -> Callable[..., Any]:
    """Make a fit that fails leave the estimator as it was."""

    @functools.wraps(fit)
    def fitted(self: Any, *args: Any, **options: Any) -> Any:
        before = dict(vars(self))
        try:
            return fit(self, *args, **options)
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            raise

    return fitted


class _Estimator:
    """What all of them share: settings, and the checks at the door."""

    _kind = "classifier"
    n_features_in_: int
    __signature__: ClassVar[inspect.Signature]

    def __init_subclass__(cls) -> None:
        if "fit" in vars(cls):
            cls.fit = _whole(cls.fit)  # type: ignore[method-assign]
        whole = inspect.signature(cls.__init__)  # help() would show that of __new__
        cls.__signature__ = whole.replace(parameters=[*whole.parameters.values()][1:])

    def __new__(cls, *args: Any, **options: Any) -> Self:
        """Say what is wrong with a name before the constructor sees it."""
        refuse_keywords(cls.__name__, options, cls._names())
        return super().__new__(cls)

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from rows; every estimator defines it."""
        raise NotImplementedError

    @classmethod
    def _names(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the settings by name."""
        return {name: getattr(self, name) for name in self._names()}

    def set_params(self, **params: Any) -> Self:
        """Change settings; return the estimator."""
        known = self._names()
        for name in params:
            if name not in known:
                raise ValueError(
                    f"Invalid parameter {name!r} for estimator {self!r}. Valid parameters are: "
                    f"{known!r}.{suggestion(name, known)}"
                )
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self).__init__).parameters
        changed = [
            f"{name}={value!r}"
            for name, value in self.get_params().items()
            if repr(value) != repr(defaults[name].default)
        ]
        return f"{type(self).__name__}({', '.join(changed)})"

    def __sklearn_tags__(self) -> Any:
        """Say to scikit-learn, which asks, what kind of estimator this is."""
        from sklearn.utils import ClassifierTags, RegressorTags, Tags, TargetTags

        classifier = self._kind == "classifier"
        return Tags(
            estimator_type=self._kind,
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags() if classifier else None,
            regressor_tags=None if classifier else RegressorTags(),
        )

    def get_metadata_routing(self) -> Any:
        """Say to scikit-learn, which asks, who wants sample weights: see `set_fit_request`."""
        from sklearn.utils.metadata_routing import MetadataRequest

        kept = getattr(self, "_metadata_request", None)
        if kept is not None:
            return kept
        request = MetadataRequest(owner=self)
        for method in ("fit", "score"):
            if "sample_weight" in inspect.signature(getattr(self, method)).parameters:
                getattr(request, method).add_request(param="sample_weight", alias=None)
        return request

    def _requested(self, method: str, sample_weight: Any) -> Self:
        if "sample_weight" not in inspect.signature(getattr(self, method)).parameters:
            raise TypeError(f"{type(self).__name__}.{method} takes no sample_weight to be passed.")
        request = self.get_metadata_routing()
        getattr(request, method).add_request(param="sample_weight", alias=sample_weight)
        self._metadata_request = request
        return self

    def set_fit_request(self, *, sample_weight: bool | str | None = None) -> Self:
        """Ask scikit-learn's metadata routing to pass weights to `fit`; return the estimator."""
        return self._requested("fit", sample_weight)

    def set_score_request(self, *, sample_weight: bool | str | None = None) -> Self:
        """Ask scikit-learn's metadata routing to pass weights to `score`; return the estimator."""
        return self._requested("score", sample_weight)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "n_features_in_")

    def _fitted(self, method: str) -> None:
        if not hasattr(self, "n_features_in_"):
            kind = _scikit_learns("sklearn.exceptions", "NotFittedError", NotFittedError)
            raise kind(
                f"{type(self).__name__}.{method}: this instance is not fitted yet; call fit(X, y) "
                "first."
            )

    def _rows(self, method: str, X: Any, *, fitting: bool = False) -> npt.NDArray[Any]:
        """Return X as a matrix of finite floats, (n_samples, n_features), of the known features."""
        where = f"{type(self).__name__}.{method}"
        names = _feature_names(X)
        matrix = _numbers(where, "X", X)
        if matrix.ndim != 2:
            raise ValueError(
                f"{where}: X needs shape (n_samples, n_features), got {matrix.shape}. Reshape your "
                "data: X.reshape(-1, 1) for a single feature, X.reshape(1, -1) for a single sample."
            )
        if not matrix.shape[0]:
            raise ValueError(
                f"{where}: found array with 0 sample(s) (shape={matrix.shape}) while a minimum of "
                "1 is required."
            )
        if not matrix.shape[1]:
            raise ValueError(
                f"{where}: found array with 0 feature(s) (shape={matrix.shape}) while a minimum of "
                "1 is required."
            )
        _finite(where, "X", matrix)
        if fitting:
            self.n_features_in_ = matrix.shape[1]
            if names is not None:
                self.feature_names_in_ = names
            elif hasattr(self, "feature_names_in_"):
                del self.feature_names_in_
            return matrix
        self._same_features(names, matrix.shape[1])
        return matrix

    def _same_features(self, names: Any, n: int) -> None:
        kind, known = type(self).__name__, getattr(self, "feature_names_in_", None)
        if known is not None and names is not None:
            if list(names) != list(known):
                raise ValueError(_name_differences(list(known), list(names)))
        elif known is not None:
            warnings.warn(
                f"X does not have valid feature names, but {kind} was fitted with feature names",
                UserWarning,
                stacklevel=outside(),
            )
        elif names is not None:
            warnings.warn(
                f"X has feature names, but {kind} was fitted without feature names",
                UserWarning,
                stacklevel=outside(),
            )
        if n != self.n_features_in_:
            raise ValueError(
                f"X has {n} features, but {kind} is expecting {self.n_features_in_} features as "
                "input."
            )

    def _targets(self, y: Any, n: int) -> npt.NDArray[Any]:
        where = f"{type(self).__name__}.fit"
        if y is None:
            raise ValueError(
                f"{where}: requires y to be passed, but the target y is None; pass labels, one for "
                "each row of X."
            )
        given = np.asarray(y)
        if given.ndim == 2 and given.shape[1] == 1:
            kind = _scikit_learns("sklearn.exceptions", "DataConversionWarning", UserWarning)
            warnings.warn(
                "A column-vector y was passed when a 1d array was expected. Please change the "
                "shape of y to (n_samples,), for example using ravel().",
                kind,
                stacklevel=outside(),
            )
            given = given.reshape(-1)
        if given.shape[:1] != (n,):
            raise ValueError(
                f"{where}: X and y need the same number of samples, got {n} and {given.shape}."
            )
        return given


class _Classifier(_Estimator):
    """What the classifiers share: classes of any kind, and their numbers."""

    classes_: npt.NDArray[Any]

    def _numbered(self, y: Any, n: int) -> npt.NDArray[np.int64]:
        """Return the number of each label's class; keep the classes in order."""
        given = self._targets(y, n)
        where = f"{type(self).__name__}.fit"
        if given.ndim != 1:
            raise ValueError(f"{where}: y needs shape (n_samples,), got {given.shape}.")
        if given.dtype.kind == "f":
            _finite(where, "y", given)
            if (given != np.floor(given)).any():
                raise ValueError(
                    f"Unknown label type: continuous. {where}: classes need to be whole numbers or "
                    "strings; for numbers to predict use MLPRegressor."
                )
        if given.dtype.kind == "c":
            raise ValueError(f"{where}: Complex data not supported.")
        if given.dtype.kind == "O" and any(v is None or v != v for v in given):
            raise ValueError(f"{where}: y contains None or NaN; remove those rows.")
        try:
            self.classes_, numbers = np.unique(given, return_inverse=True)
        except TypeError as error:
            raise ValueError(
                f"{where}: classes need to be all numbers or all strings: {error}."
            ) from None
        if len(self.classes_) < 2:
            raise ValueError(
                f"{where}: needs samples of at least 2 classes in the data, but the data contains "
                f"only one class: {self.classes_[0]!r}."
            )
        return numbers.reshape(-1)

    def _scores(self, X: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the logits of rows, shape (n_samples, 1 or n_classes)."""
        raise NotImplementedError

    def decision_function(self, X: Any) -> npt.NDArray[Any]:
        """Return the logits z: shape (n_samples,) of two classes, else (n_samples, n_classes)."""
        self._fitted("decision_function")
        scores = self._scores(self._rows("decision_function", X))
        return scores[:, 0] if scores.shape[1] == 1 else scores

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Return the class of each row, shape (n_samples,)."""
        self._fitted("predict")
        scores = self._scores(self._rows("predict", X))
        numbers = (scores[:, 0] > 0).astype(int) if scores.shape[1] == 1 else scores.argmax(axis=1)
        found: npt.NDArray[Any] = self.classes_[numbers]
        return found

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the fraction of rows whose class is right, in [0, 1]."""
        found, wanted = self.predict(X), np.asarray(y)
        where = f"{type(self).__name__}.score"
        if wanted.shape not in (found.shape, (len(found), 1)):
            raise ValueError(f"{where}: y needs {len(found)} labels, got shape {wanted.shape}.")
        wanted = wanted.reshape(-1)
        if wanted.dtype.kind == "f":
            _finite(where, "y", wanted)
        weight = _sample_weight(where, sample_weight, len(found))
        if (wanted.dtype.kind in "OUS") != (self.classes_.dtype.kind in "OUS"):
            raise ValueError(
                f"{type(self).__name__}.score: labels of {wanted.dtype}, and the classes are of "
                f"{self.classes_.dtype}."
            )
        return float(np.average(found == wanted, weights=weight))


class _Probabilities(_Classifier):
    def predict_proba(self, X: Any) -> npt.NDArray[Any]:
        """Return the probability of each class, shape (n_samples, n_classes)."""
        self._fitted("predict_proba")
        scores = self._scores(self._rows("predict_proba", X))
        if scores.shape[1] == 1:  # as softmax of (0, z), which rounds alike on both sides
            scores = np.concatenate([np.zeros_like(scores), scores], axis=1)
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        found: npt.NDArray[Any] = e / e.sum(axis=1, keepdims=True)
        return found

    def predict_log_proba(self, X: Any) -> npt.NDArray[Any]:
        """Return the logarithm of `predict_proba`, finite for any logit."""
        self._fitted("predict_log_proba")
        scores = self._scores(self._rows("predict_log_proba", X))
        if scores.shape[1] == 1:
            scores = np.concatenate([np.zeros_like(scores), scores], axis=1)
        shifted = scores - scores.max(axis=1, keepdims=True)
        found: npt.NDArray[Any] = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        return found


class LogisticRegression(_Probabilities):
    """Logistic regression: a sigmoid of wᵀx + b for two classes, softmax for more.

    The cost is convex, and the minimum is found, by L-BFGS on autograd's gradients.

    Parameters
    ----------
    l2 : float
        λ of (λ/2m) ‖w‖², b not included; 1/C of scikit-learn's, and like there 1 by default.
    class_weight : "balanced" or mapping, optional
        Weights of the classes, by their label.
    max_iter : int
        The most steps.
    tol : float
        Of the greatest element of the gradient, for features of variance 1.

    Attributes
    ----------
    classes_ : array
    coef_ : array, shape (1 or n_classes, n_features)
    intercept_ : array, shape (1 or n_classes,)
    n_iter_ : int

    Examples
    --------
    >>> import nn
    >>> X, y = [[-2.0], [-1.0], [1.0], [2.0]], ["no", "no", "yes", "yes"]
    >>> nn.LogisticRegression().fit(X, y).predict([[3.0], [-3.0]])
    array(['yes', 'no'], dtype='<U3')
    """

    def __init__(
        self,
        *,
        l2: float = 1.0,
        class_weight: str | Mapping[Any, float] | None = None,
        max_iter: int = 5000,
        tol: float = 1e-9,
        random_state: Any = None,
    ) -> None:
        self.l2, self.class_weight = l2, class_weight
        self.max_iter, self.tol, self.random_state = max_iter, tol, random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Find the minimum of the cost on rows X, shape (n_samples, n_features); return self."""
        where = "LogisticRegression"
        strength = positive(where, "l2", self.l2, zero=True)
        steps = count(where, "max_iter", self.max_iter)
        tolerance = positive(where, "tol", self.tol)
        rows = self._rows("fit", X, fitting=True)
        numbers = self._numbered(y, len(rows))
        weight = _sample_weight(where, sample_weight, len(rows))
        weight = weight * _class_weight(where, self.class_weight, self.classes_, numbers, weight)
        k = 1 if len(self.classes_) == 2 else len(self.classes_)
        Y = numbers.reshape(1, -1).astype(float) if k == 1 else one_hot(numbers, k)
        n, total = rows.shape[1], float(weight.sum())
        if total <= 0:
            raise ValueError(
                f"{where}.fit: every weight is zero; give one sample a weight above 0."
            )
        # Weights that are whole numbers count as so many rows: m is their sum.
        scaled = weight * (len(rows) / total)
        loss = binary_cross_entropy_with_logits if k == 1 else softmax_cross_entropy
        # Found for features of mean 0 and variance 1, where the steps are short, and taken back.
        shift = np.average(rows, axis=0, weights=weight)[None]
        apart = np.abs(rows - shift).max(axis=0, keepdims=True)
        apart = np.where(apart > 1e-14 * np.abs(shift), apart, 1.0)  # of a feature that is constant
        around = np.average(((rows - shift) / apart) ** 2, axis=0, weights=weight)[None]
        size = apart * np.sqrt(np.where(around > 0, around, 1.0))
        columns = Tensor(((rows - shift) / size).T)
        # The curvature along each weight is at most ¼ of the data's and the penalty's: made 1.
        with np.errstate(all="ignore"):
            even = 1 / np.sqrt(0.25 + (np.sqrt(strength / total) / size) ** 2)

        def cost(theta: Any) -> Any:
            W, b = theta[: k * n].reshape(k, n) * even, theta[k * n :].reshape(k, 1)
            J = loss(W @ columns + b, Y, weight=scaled)
            return J + (0.5 * strength / total) * np.sum(np.square(W / size))

        both = value_and_grad(cost)

        def f(theta: Any) -> tuple[float, Any]:
            value, slope = both(theta)
            return float(value), np.asarray(slope)

        with np.errstate(all="ignore"):
            theta, self.n_iter_, converged = minimum(
                f, np.zeros(k * n + k), steps=steps, tolerance=tolerance
            )
        if not converged:
            warnings.warn(
                f"{where}: no minimum found in {self.n_iter_} steps; normalize the features, or "
                "raise max_iter or l2.",
                TrainingWarning,
                stacklevel=outside(),
            )
        with np.errstate(all="ignore"):
            self.coef_ = theta[: k * n].reshape(k, n) * even / size
            self.intercept_ = theta[k * n :] - (self.coef_ * shift).sum(axis=1)
        return self

    def _scores(self, X: npt.NDArray[Any]) -> npt.NDArray[Any]:
        scores: npt.NDArray[Any] = X @ self.coef_.T + self.intercept_
        return scores


class Perceptron(_Classifier):
    """The perceptron: fires where wᵀx + b > 0; each mistake moves w by α(y − ŷ)x.

    For more than two classes, one perceptron for each against the others.

    Parameters
    ----------
    learning_rate : float
        α; with weights that begin at 0 it changes their size only.
    epochs : int
        The most passes over the data; it stops after one without a mistake. Where the classes
        cannot be separated it makes them all, and keeps the weights that were right most often.
    class_weight : "balanced" or mapping, optional
        Weights of the classes, by their label: how far a mistake moves w.
    random_state : int, RandomState or None
        Decides the order of the examples in each pass.

    Attributes
    ----------
    classes_, coef_, intercept_
        As those of `LogisticRegression`.
    n_iter_ : int
        Passes that were made.

    Notes
    -----
    It takes no `sample_weight`: its rule has no cost to weigh, and a row of weight 2 is not the
    same as two rows in some order, as scikit-learn's contract asks.

    References
    ----------
    Rosenblatt (1958), The perceptron.

    Examples
    --------
    >>> import nn
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1]
    >>> nn.Perceptron(random_state=0).fit(X, y).predict(X)
    array([0, 0, 0, 1])
    """

    def __init__(
        self,
        *,
        learning_rate: float = 1.0,
        epochs: int = 1000,
        class_weight: str | Mapping[Any, float] | None = None,
        random_state: Any = None,
    ) -> None:
        self.learning_rate, self.epochs = learning_rate, epochs
        self.class_weight, self.random_state = class_weight, random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from rows X, shape (n_samples, n_features); return self."""
        alpha = positive("Perceptron", "learning_rate", self.learning_rate)
        passes = count("Perceptron", "epochs", self.epochs)
        rows = self._rows("fit", X, fitting=True)
        numbers = self._numbered(y, len(rows))
        kept, weight = _weighed("Perceptron", None, self.class_weight, self, numbers)
        rows, numbers = rows[kept], numbers[kept]
        weight = np.ones(len(rows)) if weight is None else weight
        k = 1 if len(self.classes_) == 2 else len(self.classes_)
        fires = (numbers.reshape(-1, 1) == (np.array([1]) if k == 1 else np.arange(k))).astype(
            float
        )
        W, b = np.zeros((k, rows.shape[1])), np.zeros(k)
        stream = generator(self.random_state, "Perceptron")
        best, most = (W.copy(), b.copy()), -1.0
        for epoch in range(1, passes + 1):
            mistakes = 0
            for i in stream.permutation(len(rows)):
                x = rows[i]
                off = fires[i] - (W @ x + b > 0)
                if off.any():
                    mistakes += 1
                    W += alpha * weight[i] * off[:, None] * x
                    b += alpha * weight[i] * off
            self.n_iter_ = epoch
            scores = rows @ W.T + b
            found = (scores[:, 0] > 0).astype(int) if k == 1 else scores.argmax(axis=1)
            if (right := float(np.average(found == numbers, weights=weight))) > most:
                best, most = (W.copy(), b.copy()), right
            if not mistakes:
                break
        if most < 1:
            warnings.warn(
                f"Perceptron: no line that parts the classes was found in {self.n_iter_} passes. "
                f"It keeps the weights that were right most often, for {most:.1%} of the examples; "
                "where no line can, LogisticRegression has a best answer.",
                TrainingWarning,
                stacklevel=outside(),
            )
        self.coef_, self.intercept_ = best  # the last one may stand anywhere on its round
        return self

    def _scores(self, X: npt.NDArray[Any]) -> npt.NDArray[Any]:
        scores: npt.NDArray[Any] = X @ self.coef_.T + self.intercept_
        return scores


class _Mlp:
    """What classifier and regressor share: the settings of a network and of its training."""

    net_: Network
    history_: History
    normalizer_: Normalizer | None

    def __init__(
        self,
        *,
        hidden: int | Sequence[int] = (32,),
        activation: str | Sequence[str] = "relu",
        init: str | float = "he",
        optimizer: str = "adam",
        learning_rate: float = 0.01,
        l2: float = 0.0,
        keep_prob: float = 1.0,
        epochs: int = 100,
        batch_size: int | None = 64,
        normalize: bool = True,
        progress: bool = False,
        random_state: Any = None,
    ) -> None:
        self.hidden, self.activation, self.init = hidden, activation, init
        self.optimizer, self.learning_rate = optimizer, learning_rate
        self.l2, self.keep_prob = l2, keep_prob
        self.epochs, self.batch_size = epochs, batch_size
        self.normalize, self.progress, self.random_state = normalize, progress, random_state

    def _train(
        self, X: npt.NDArray[Any], Y: npt.NDArray[Any], output: str, loss: Any, weight: Any
    ) -> None:
        """Fit a network to columns X and Y."""
        self.normalizer_ = Normalizer().fit(X, weight) if self.normalize else None
        columns = X if self.normalizer_ is None else self.normalizer_.transform(X)
        units = [self.hidden] if isinstance(self.hidden, (int, np.integer)) else list(self.hidden)
        stream = generator(self.random_state, type(self).__name__)
        self.net_ = Network(
            [X.shape[0], *units, Y.shape[0]],
            hidden=self.activation if isinstance(self.activation, str) else list(self.activation),
            output=output,
            init=self.init,
            keep_prob=self.keep_prob,
            rng=stream,
        )
        self.history_ = fit(
            self.net_,
            columns,
            Y,
            optimizer=self.optimizer,
            learning_rate=self.learning_rate,
            loss=loss,
            penalty=L2(self.l2) if self.l2 else None,
            epochs=self.epochs,
            batch_size=self.batch_size,
            sample_weight=weight,
            progress=self.progress,
            rng=stream,
        )
        if self.history_.interrupted:  # a model that is half trained would pass for a whole one
            raise KeyboardInterrupt
        self.n_iter_ = self.history_.epochs

    def _columns(self, X: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return X.T if self.normalizer_ is None else self.normalizer_.transform(X.T)


class MLPClassifier(_Mlp, _Probabilities):
    """An L-layer network that classifies, with a sigmoid for two classes and softmax for more.

    Parameters
    ----------
    hidden : int or sequence of int
        Units of the hidden layers.
    activation : str or sequence of str
        g of the hidden layers.
    init : str or float
        How weights begin.
    optimizer : str
        "adam", "adamw", "momentum", "rmsprop" or "sgd".
    learning_rate : float
        α.
    l2 : float
        λ of the penalty (λ/2m) Σ ‖W‖²_F.
    keep_prob : float
        Of dropout after the hidden layers; 1 for none.
    epochs, batch_size : int
        Passes over the data, and examples in a mini-batch (None for all).
    normalize : bool
        Give the features mean 0 and variance 1 first, by the training set.
    progress : bool
        Show a bar, when standard error is a terminal.
    random_state : int, RandomState, Generator or None
        Decides weights, mini-batches and dropout.
    class_weight : "balanced" or mapping, optional
        Weights of the classes, by their label.

    Attributes
    ----------
    classes_ : array
    net_ : Network
        The network; it takes normalized columns: ``normalizer_.transform(X.T)``.
    history_ : History
    normalizer_ : Normalizer or None

    Examples
    --------
    >>> import nn
    >>> X, y = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 0]
    >>> nn.MLPClassifier(hidden=8, activation="tanh", random_state=0).fit(X, y).predict(X)
    array([0, 1, 1, 0])
    """

    def __init__(
        self,
        *,
        hidden: int | Sequence[int] = (32,),
        activation: str | Sequence[str] = "relu",
        init: str | float = "he",
        optimizer: str = "adam",
        learning_rate: float = 0.01,
        l2: float = 0.0,
        keep_prob: float = 1.0,
        epochs: int = 100,
        batch_size: int | None = 64,
        normalize: bool = True,
        progress: bool = False,
        random_state: Any = None,
        class_weight: str | Mapping[Any, float] | None = None,
    ) -> None:
        super().__init__(
            hidden=hidden,
            activation=activation,
            init=init,
            optimizer=optimizer,
            learning_rate=learning_rate,
            l2=l2,
            keep_prob=keep_prob,
            epochs=epochs,
            batch_size=batch_size,
            normalize=normalize,
            progress=progress,
            random_state=random_state,
        )
        self.class_weight = class_weight

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn from rows X, shape (n_samples, n_features); return self.

        The cost is the mean of the losses with `sample_weight`, shape (n_samples,); a weight of 0
        leaves a row out.
        """
        rows = self._rows("fit", X, fitting=True)
        numbers = self._numbered(y, len(rows))
        kept, weight = _weighed("MLPClassifier", sample_weight, self.class_weight, self, numbers)
        k = len(self.classes_)
        Y = numbers.reshape(1, -1).astype(float) if k == 2 else one_hot(numbers, k)
        self._train(rows[kept].T, Y[:, kept], "sigmoid" if k == 2 else "softmax", None, weight)
        return self

    def _scores(self, X: npt.NDArray[Any]) -> npt.NDArray[Any]:
        with self.net_.evaluating():
            scores: npt.NDArray[Any] = self.net_.logits(self._columns(X)).data.T
        return scores


class MLPRegressor(_Mlp, _Estimator):
    """An L-layer network that predicts numbers, trained on their mean squared error.

    Parameters
    ----------
    hidden, activation, init, optimizer, learning_rate, l2, keep_prob, epochs, batch_size, progress
        As those of `MLPClassifier`.
    normalize : bool
        Give features and targets mean 0 and variance 1 first, by the training set; predictions come
        in the targets' own units.
    random_state : int, RandomState, Generator or None
        Decides weights, mini-batches and dropout.

    Attributes
    ----------
    net_ : Network
    history_ : History
    """

    _kind = "regressor"

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn from rows X and y, shape (n_samples,) or (n_samples, n_targets); return self.

        The cost is the mean of the squared errors with `sample_weight`, shape (n_samples,); a
        weight of 0 leaves a row out.
        """
        rows = self._rows("fit", X, fitting=True)
        given = _numbers("MLPRegressor.fit", "y", self._targets(y, len(rows)))
        _finite("MLPRegressor.fit", "y", given)
        self._single = given.ndim == 1
        kept, weight = _counted("MLPRegressor", sample_weight, len(rows))
        Y = given.reshape(len(rows), -1)[kept].T
        self.scaler_ = Normalizer().fit(Y, weight) if self.normalize else None
        scaled = Y if self.scaler_ is None else self.scaler_.transform(Y)
        self._train(rows[kept].T, scaled, "identity", mean_squared_error, weight)
        return self

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Return the predictions of rows, of the shape that y had."""
        self._fitted("predict")
        Y = self.net_.predict(self._columns(self._rows("predict", X)))
        if self.scaler_ is not None:
            Y = self.scaler_.inverse(Y)
        return Y[0] if self._single else Y.T

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return R² = 1 − Σ(y − ŷ)² / Σ(y − ȳ)², averaged over the targets."""
        Y, wanted = self.predict(X), _numbers("MLPRegressor.score", "y", y)
        if wanted.shape != Y.shape and {wanted.shape, Y.shape} != {(len(Y),), (len(Y), 1)}:
            raise ValueError(f"MLPRegressor.score: y needs shape {Y.shape}, got {wanted.shape}.")
        _finite("MLPRegressor.score", "y", wanted)
        w = _sample_weight("MLPRegressor.score", sample_weight, len(Y))
        Y, wanted = Y.reshape(len(w), -1), wanted.reshape(len(w), -1)
        off = w @ (wanted - Y) ** 2
        spread = w @ (wanted - np.average(wanted, axis=0, weights=w)) ** 2
        exact = np.where(off == 0, 1.0, 0.0)  # of a target that does not vary
        return float(
            np.mean(np.where(spread > 0, 1 - off / np.where(spread > 0, spread, 1), exact))
        )


def _numbers(where: str, name: str, given: Any) -> npt.NDArray[Any]:
    """Return an array of float64, or say why that cannot be."""
    if hasattr(given, "toarray") or hasattr(given, "tocsr"):
        raise TypeError(
            f"{where}: sparse data was passed, but dense data is required; use {name}.toarray()."
        )
    array = np.asarray(given)
    if array.dtype.kind == "c":
        raise ValueError(f"{where}: Complex data not supported; {name} is of {array.dtype}.")
    if array.dtype.kind in "USMmV":
        raise ValueError(f"{where}: {name} needs to be of numbers, got {array.dtype}; encode it.")
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        kind = TypeError if "must be a string or a real number" in str(error) else ValueError
        raise kind(f"{where}: {name} needs to be of numbers: {error}; encode it.") from None


def _finite(where: str, name: str, array: npt.NDArray[Any]) -> None:
    if not np.isfinite(array).all():
        what = "NaN" if np.isnan(array).any() else "infinity"
        raise ValueError(
            f"{where}: Input {name} contains {what}; remove or fill those rows (a value that is "
            "NaN, infinity or too large for float64 has no gradient)."
        )


def _feature_names(X: Any) -> Any:
    """Return the names of a data frame's columns, if all are strings."""
    columns = getattr(X, "columns", None)
    if columns is None:
        return None
    names = list(columns)
    strings = [isinstance(name, str) for name in names]
    if any(strings) and not all(strings):
        raise TypeError(
            "Feature names are only supported if all input features have string names, but your "
            f"input has {sorted({type(n).__name__ for n in names})} as feature name / column name "
            "types. Convert them all: X.columns = X.columns.astype(str)."
        )
    return np.array(names, dtype=object) if names and all(strings) else None


def _name_differences(known: list[str], names: list[str]) -> str:
    """Return scikit-learn's sentences, which its users look for."""
    lines = ["The feature names should match those that were passed during fit."]
    unexpected, missing = sorted(set(names) - set(known)), sorted(set(known) - set(names))
    for head, found in (
        ("Feature names unseen at fit time:", unexpected),
        ("Feature names seen at fit time, yet now missing:", missing),
    ):
        if found:
            lines += [head, *(f"- {name}" for name in found[:5]), *(["- ..."] * (len(found) > 5))]
    if not unexpected and not missing:
        lines.append("Feature names must be in the same order as they were in fit.")
    return "\n".join(lines) + "\n"


def _sample_weight(where: str, given: Any, m: int) -> npt.NDArray[Any]:
    if given is None:
        return np.ones(m)
    where = where if "." in where else f"{where}.fit"
    weight = _numbers(where, "sample_weight", given)
    if weight.ndim == 0:
        weight = np.full(m, float(weight))
    if weight.shape != (m,):
        raise ValueError(f"{where}: sample_weight needs shape ({m},), got {weight.shape}.")
    if not np.isfinite(weight).all() or (weight < 0).any():
        raise ValueError(f"{where}: sample_weight needs finite numbers of at least 0.")
    if where.endswith(".score") and not weight.any():
        raise ValueError(f"{where}: every weight is zero; give one sample a weight above 0.")
    return weight


def _counted(where: str, given: Any, m: int) -> tuple[Any, Any]:
    """Return which rows count, and their weights; None for equal ones."""
    weight = _sample_weight(where, given, m)
    kept = weight > 0
    if not kept.any():
        raise ValueError(f"{where}.fit: every weight is zero; give one sample a weight above 0.")
    return kept, None if given is None else weight[kept]


def _weighed(
    where: str, sample_weight: Any, class_weight: Any, model: _Classifier, numbers: Any
) -> tuple[Any, Any]:
    """Return which rows count, and their weights by sample and class; None for equal ones."""
    if class_weight is None:
        return _counted(where, sample_weight, len(numbers))
    weight = _sample_weight(where, sample_weight, len(numbers))
    of_class = _class_weight(where, class_weight, model.classes_, numbers, weight)
    return _counted(where, weight * of_class, len(numbers))


def _class_weight(where: str, given: Any, classes: Any, numbers: Any, weight: Any) -> Any:
    """Return the weight of each sample by its class; each has a weight of its own already."""
    if given is None:
        return 1.0
    if isinstance(given, str):
        if given != "balanced":
            raise ValueError(
                f"{where}.fit: class_weight needs 'balanced' or a dict, got {given!r}."
            )
        counts = np.bincount(numbers, weights=weight, minlength=len(classes))
        shares = np.where(counts > 0, weight.sum() / (len(classes) * np.maximum(counts, 1e-300)), 0)
        return shares[numbers]
    if not hasattr(given, "items"):
        raise ValueError(f"{where}.fit: class_weight needs 'balanced' or a dict, got {given!r}.")
    unknown = [label for label in given if label not in set(classes.tolist())]
    if unknown:
        raise ValueError(f"{where}.fit: class_weight has {unknown!r}, which is no class of y.")
    for label, value in given.items():
        positive(f"{where}.fit", f"class_weight[{label!r}]", value, zero=True)
    return np.array([float(given.get(label, 1.0)) for label in classes.tolist()])[numbers]


def _scikit_learns(module: str, name: str, ours: Any) -> Any:
    """Return scikit-learn's own class of an error, where it is loaded and may be waited for."""
    return getattr(sys.modules.get(module), name, ours)
