"""Estimators beside scikit-learn: its checks, its numbers, its pipelines and its routing."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pytest

import nn
from tests.nn.helpers import QUICK, rare_rows

sklearn = pytest.importorskip("sklearn", reason="the extra 'examples' is not installed")
from sklearn.utils.estimator_checks import parametrize_with_checks  # noqa: E402

ROWS, CLASSES, _ = rare_rows()
ESTIMATORS = [
    nn.LogisticRegression(),
    nn.Perceptron(random_state=0),
    nn.MLPClassifier(**QUICK),
    nn.MLPRegressor(**QUICK),
]
with warnings.catch_warnings():  # that they do not inherit from BaseEstimator, which is the point
    warnings.simplefilter("ignore")
    CHECKS = parametrize_with_checks(ESTIMATORS)


# -- its checks and settings -----------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")  # the checks look at the warnings they are about themselves
@CHECKS
def test_scikit_learns_own_checks_pass(estimator, check) -> None:
    check(estimator)


def test_each_estimator_shows_all_of_its_settings() -> None:
    import inspect

    for estimator in ESTIMATORS:
        shown = list(inspect.signature(type(estimator)).parameters)
        assert sorted(shown) == sorted(estimator.get_params())


@pytest.mark.parametrize("estimator", [nn.LogisticRegression(), nn.MLPRegressor()])
def test_tags_say_what_kind_of_estimator_it_is(estimator) -> None:
    tags = estimator.__sklearn_tags__()
    is_classifier = isinstance(estimator, nn.LogisticRegression)
    assert (tags.classifier_tags is not None) == is_classifier
    assert (tags.regressor_tags is None) == is_classifier


def test_they_work_in_pipelines_searches_and_processes() -> None:
    from sklearn.base import clone
    from sklearn.model_selection import GridSearchCV, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    X, y = cancer()
    names = np.array(["malignant", "benign"])[y]
    pipe = make_pipeline(StandardScaler(), nn.LogisticRegression())
    assert cross_val_score(pipe, X, names, cv=3).min() > 0.95
    search = GridSearchCV(
        nn.MLPClassifier(epochs=10, random_state=0), {"hidden": [(4,), (8, 4)]}, cv=2, n_jobs=2
    )
    search.fit(X, names)
    assert search.best_score_ > 0.93
    assert set(search.predict(X)) <= {"malignant", "benign"}
    copy = clone(nn.MLPClassifier(hidden=(3, 2), l2=0.5))
    assert copy.get_params()["hidden"] == (3, 2)
    assert repr(copy) == "MLPClassifier(hidden=(3, 2), l2=0.5)"
    fitted = search.best_estimator_
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict_proba(X), fitted.predict_proba(X))


def test_scikit_learn_routes_weights_to_them() -> None:
    from sklearn.model_selection import cross_validate
    from sklearn.pipeline import make_pipeline

    with sklearn.config_context(enable_metadata_routing=True):
        model = nn.LogisticRegression(l2=0.1).set_fit_request(sample_weight=True)
        model.set_score_request(sample_weight=True)
        weight = np.where(CLASSES > 0, 50.0, 1.0)
        found = cross_validate(
            make_pipeline(model), ROWS, CLASSES, params={"sample_weight": weight}, cv=3,
            return_estimator=True, error_score="raise",
        )  # fmt: skip
        part = found["estimator"][0][-1]
        assert (
            part.predict(ROWS).sum()
            > nn.LogisticRegression(l2=0.1).fit(ROWS, CLASSES).predict(ROWS).sum()
        )
        assert sklearn.clone(model).get_metadata_routing().fit.requests == {"sample_weight": True}


def test_who_takes_weights_says_so_to_scikit_learn() -> None:
    asked = {
        kind: kind().get_metadata_routing().fit.requests
        for kind in (nn.LogisticRegression, nn.MLPClassifier, nn.MLPRegressor, nn.Perceptron)
    }
    assert asked.pop(nn.Perceptron) == {}
    assert all(requests == {"sample_weight": None} for requests in asked.values())
    assert nn.Perceptron().get_metadata_routing().score.requests == {"sample_weight": None}
    with pytest.raises(TypeError, match=r"Perceptron\.fit takes no sample_weight"):
        nn.Perceptron().set_fit_request(sample_weight=True)


# -- its data and its numbers ----------------------------------------------------------------------


def cancer():
    from sklearn.datasets import load_breast_cancer
    from sklearn.preprocessing import StandardScaler

    X, y = load_breast_cancer(return_X_y=True)
    return StandardScaler().fit_transform(X), y


@pytest.mark.parametrize("l2", [0.1, 1.0, 30.0])
def test_logistic_regression_finds_scikit_learns_minimum(l2) -> None:
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    for X, y in (cancer(), load_iris(return_X_y=True)):
        ours = nn.LogisticRegression(l2=l2).fit(X, y)
        theirs = LogisticRegression(C=1 / l2, tol=1e-10, max_iter=10_000).fit(X, y)
        np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=2e-5)
        assert (ours.predict(X) == theirs.predict(X)).all()
    np.testing.assert_allclose(np.exp(ours.predict_log_proba(X)), ours.predict_proba(X), rtol=1e-12)


def test_what_finds_no_minimum_says_so() -> None:
    X, y = cancer()
    with pytest.warns(nn.TrainingWarning, match="no minimum found in 2 steps; normalize"):
        assert nn.LogisticRegression(max_iter=2).fit(X, y).n_iter_ == 2


def test_weights_of_samples_are_repetitions() -> None:
    X, y = cancer()
    w = np.random.default_rng(0).integers(0, 4, len(y))
    one = nn.LogisticRegression(l2=2.0).fit(X, y, sample_weight=w)
    two = nn.LogisticRegression(l2=2.0).fit(np.repeat(X, w, axis=0), np.repeat(y, w))
    np.testing.assert_allclose(one.coef_, two.coef_, atol=1e-5)
    balanced = nn.LogisticRegression(class_weight="balanced").fit(X, y)
    counts = np.bincount(y)
    by_hand = nn.LogisticRegression(
        class_weight={0: len(y) / (2 * counts[0]), 1: len(y) / (2 * counts[1])}
    )
    np.testing.assert_allclose(balanced.coef_, by_hand.fit(X, y).coef_, atol=1e-6)
    with pytest.raises(ValueError, match=r"class_weight has .7., which is no class of y"):
        nn.LogisticRegression(class_weight={7: 1.0}).fit(X, y)


def test_balanced_weights_are_scikit_learns() -> None:
    from sklearn.linear_model import LogisticRegression

    X, y = cancer()
    X, y = X[:300], y[:300] * (np.arange(300) % 4 > 0)
    for weight in ("balanced", {0: 1.0, 1: 5.0}):
        ours = nn.LogisticRegression(class_weight=weight).fit(X, y)
        theirs = LogisticRegression(class_weight=weight, tol=1e-10, max_iter=10_000).fit(X, y)
        np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=2e-5)
        np.testing.assert_allclose(np.exp(ours.predict_log_proba(X)), ours.predict_proba(X))


def test_a_network_learns_digits_and_a_curve() -> None:
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    X, y = load_digits(return_X_y=True)
    X, X_test, y, y_test = train_test_split(X / 16, y, random_state=0, stratify=y)
    net = nn.MLPClassifier(hidden=64, epochs=30, random_state=0).fit(X, y)
    assert net.score(X_test, y_test) >= 0.97
    assert net.predict_proba(X_test).sum(axis=1) == pytest.approx(1)
    x = np.linspace(-3, 3, 200).reshape(-1, 1)
    curve = nn.MLPRegressor(hidden=(32, 32), epochs=300, random_state=0)
    t = 1e6 + 1e5 * np.sin(x[:, 0])  # in its own units, however large
    assert curve.fit(x, t).score(x, t) > 0.99
    two = nn.MLPRegressor(hidden=32, epochs=100, random_state=0).fit(x, np.c_[t, -t])
    assert two.predict(x).shape == (200, 2)


@pytest.mark.filterwarnings("ignore::nn.TrainingWarning")
def test_r2_is_scikit_learns() -> None:
    from sklearn.metrics import r2_score

    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 2)), rng.normal(size=(60, 2))
    net = nn.MLPRegressor(epochs=5, random_state=0).fit(X, y)
    w = rng.random(60)
    assert net.score(X, y) == pytest.approx(r2_score(y, net.predict(X)))
    assert net.score(X, y, sample_weight=w) == pytest.approx(
        r2_score(y, net.predict(X), sample_weight=w)
    )


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_r2_does_not_depend_on_units(scale) -> None:
    from sklearn.metrics import r2_score

    X = np.random.default_rng(0).normal(size=(30, 2))
    y = scale * np.c_[X @ [1.0, 2.0], X @ [0.5, -1.0]]
    net = nn.MLPRegressor(hidden=4, epochs=20, random_state=0).fit(X, y)
    assert net.score(X, y) == pytest.approx(r2_score(y, net.predict(X)), rel=1e-9)
