"""Estimators: scikit-learn's contract, and what they learn."""

from __future__ import annotations

import pickle
import subprocess
import sys
import textwrap
import warnings

import numpy as np
import pytest

import nn

sklearn = pytest.importorskip("sklearn", reason="the extra 'examples' is not installed")
from sklearn.utils.estimator_checks import parametrize_with_checks  # noqa: E402

QUICK = {"epochs": 60, "random_state": 0}
ESTIMATORS = [
    nn.LogisticRegression(),
    nn.Perceptron(random_state=0),
    nn.MLPClassifier(**QUICK),
    nn.MLPRegressor(**QUICK),
]
with warnings.catch_warnings():  # that they do not inherit from BaseEstimator, which is the point
    warnings.simplefilter("ignore")
    CHECKS = parametrize_with_checks(ESTIMATORS)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")  # the checks look at the warnings they are about themselves
@CHECKS
def test_scikit_learns_own_checks_pass(estimator, check) -> None:
    check(estimator)


def test_nothing_of_scikit_learn_is_imported() -> None:
    code = """
    import sys, numpy as np, nn
    X, y = np.arange(20.0).reshape(10, 2), np.arange(10) % 2
    for kind in (nn.LogisticRegression, nn.Perceptron, nn.MLPClassifier):
        kind().fit(X, y).predict(X)
    nn.MLPRegressor(epochs=2).fit(X, X[:, 0]).score(X, X[:, 0])
    assert not [m for m in sys.modules if m.split(".")[0] in ("sklearn", "scipy", "matplotlib")]
    """
    subprocess.run([sys.executable, "-W", "ignore", "-c", textwrap.dedent(code)], check=True)


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


def test_what_finds_no_minimum_says_so() -> None:
    X, y = cancer()
    with pytest.warns(nn.TrainingWarning, match="no minimum found in 2 steps; normalize"):
        assert nn.LogisticRegression(max_iter=2).fit(X, y).n_iter_ == 2


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


def test_a_perceptron_follows_its_rule_and_stops() -> None:
    """One pass over two examples in a known order: w moves by α(y − ŷ)x at each mistake."""
    X, y = np.array([[1.0, 2.0], [-1.0, 1.0]]), np.array([0, 1])

    class Ordered(np.random.RandomState):
        def permutation(self, n):
            return np.arange(n)

    with pytest.warns(nn.TrainingWarning, match="was found in 1 passes"):
        net = nn.Perceptron(learning_rate=0.5, epochs=1, random_state=Ordered(0)).fit(X, y)
    # example 0: w·x + b = 0, so ŷ = 0 = y; example 1: ŷ = 0, y = 1, so w = 0.5 x
    np.testing.assert_array_equal(net.coef_, [[-0.5, 0.5]])
    np.testing.assert_array_equal(net.intercept_, [0.5])
    separable = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    assert (
        nn.Perceptron(random_state=0).fit(separable, [0, 1, 1, 1]).score(separable, [0, 1, 1, 1])
        == 1
    )
    with pytest.warns(nn.TrainingWarning, match="was found in 1000 passes"):
        xor = nn.Perceptron(random_state=0).fit(separable, [0, 1, 1, 0])
    assert xor.n_iter_ == 1000  # not separable: it ends with the best that it met
    assert xor.score(separable, [0, 1, 1, 0]) >= 0.5


def test_mistakes_are_said() -> None:
    X, y = np.ones((4, 2)), [0, 1, 0, 1]
    with pytest.raises(ValueError, match=r"Invalid parameter 'hiden' .* Did you mean 'hidden'"):
        nn.MLPClassifier().set_params(hiden=3)
    with pytest.raises(ValueError, match="not fitted yet; call fit"):
        nn.MLPRegressor().predict(X)
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        nn.LogisticRegression().fit(X, [0.5, 0.1, 0.2, 0.3])
    with pytest.raises(ValueError, match="only one class"):
        nn.Perceptron().fit(X, [1, 1, 1, 1])
    with pytest.raises(ValueError, match="l2 needs to be a number of at least 0"):
        nn.LogisticRegression(l2=-1).fit(X, y)


def test_balanced_weights_are_scikit_learns() -> None:
    from sklearn.linear_model import LogisticRegression

    X, y = cancer()
    X, y = X[:300], y[:300] * (np.arange(300) % 4 > 0)
    for weight in ("balanced", {0: 1.0, 1: 5.0}):
        ours = nn.LogisticRegression(class_weight=weight).fit(X, y)
        theirs = LogisticRegression(class_weight=weight, tol=1e-10, max_iter=10_000).fit(X, y)
        np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=2e-5)
        np.testing.assert_allclose(np.exp(ours.predict_log_proba(X)), ours.predict_proba(X))


@pytest.mark.parametrize("kind", [nn.MLPClassifier, nn.MLPRegressor])
def test_a_weight_of_a_network_counts_rows(kind) -> None:
    """A weight of 3 is the row three times, a weight of 0 is no row; all in one batch."""
    rng = np.random.default_rng(3)
    X = rng.normal(size=(20, 3)) * [1, 10, 0.1] + [0, 5, 1]
    y = (X[:, 0] > 0).astype(int) if kind is nn.MLPClassifier else X @ [1.0, 0.1, 2.0]
    w = rng.integers(0, 4, 20)
    options = {"hidden": 4, "epochs": 30, "batch_size": None, "random_state": 0}
    weighted = kind(**options).fit(X, y, sample_weight=w)
    repeated = kind(**options).fit(np.repeat(X, w, axis=0), np.repeat(y, w))
    unweighted = kind(**options).fit(X, y)
    at = rng.normal(size=(50, 3)) * [1, 10, 0.1] + [0, 5, 1]
    ask = "predict_proba" if kind is nn.MLPClassifier else "predict"
    found, same, other = (getattr(net, ask)(at) for net in (weighted, repeated, unweighted))
    np.testing.assert_allclose(found, same, rtol=1e-9, atol=1e-12)
    assert np.abs(found - other).max() > 1e-3
    with pytest.raises(ValueError, match=r"fit: every weight is zero"):
        kind(**options).fit(X, y, sample_weight=np.zeros(20))
    with pytest.raises(ValueError, match=r"sample_weight needs shape \(20,\)"):
        kind(**options).fit(X, y, sample_weight=np.ones(19))


def test_a_normalizer_measures_weighted_examples() -> None:
    X = np.array([[1.0, 2.0, 9.0], [4.0, 4.0, 7.0]])
    plain = nn.Normalizer().fit([[1.0, 1.0, 1.0, 2.0], [4.0, 4.0, 4.0, 4.0]])
    weighted = nn.Normalizer().fit(X, [3, 1, 0])
    np.testing.assert_allclose(weighted.mean, plain.mean)
    np.testing.assert_allclose(weighted.std, plain.std)
    for bad in ([1, 1], [0, 0, 0], [1, -1, 1], [1, np.nan, 1]):
        with pytest.raises(ValueError, match="weight needs 3 finite numbers of at least 0"):
            nn.Normalizer().fit(X, bad)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_r2_does_not_depend_on_units(scale) -> None:
    from sklearn.metrics import r2_score

    X = np.random.default_rng(0).normal(size=(30, 2))
    y = scale * np.c_[X @ [1.0, 2.0], X @ [0.5, -1.0]]
    net = nn.MLPRegressor(hidden=4, epochs=20, random_state=0).fit(X, y)
    assert net.score(X, y) == pytest.approx(r2_score(y, net.predict(X)), rel=1e-9)


def test_r2_of_a_target_that_does_not_vary_is_1_where_it_is_met_and_0_elsewhere() -> None:
    X = np.random.default_rng(0).normal(size=(30, 2))
    net = nn.MLPRegressor(hidden=4, epochs=5, random_state=0).fit(X, np.full(30, 4.0))
    found = net.predict(X[:1])
    assert net.score(X[[0, 0]], np.repeat(found, 2)) == 1.0
    assert net.score(X[[0, 0]], np.repeat(found + 1, 2)) == 0.0


def test_a_perceptron_of_three_classes_moves_by_hand() -> None:
    """Rosenblatt's rule for each class against the rest, in the order that the stream gives."""
    X = np.array([[2.0, 1.0], [-1.0, 0.5], [0.5, -2.0], [3.0, 0.0]])
    y = np.array([0, 1, 2, 0])
    order = np.random.RandomState(5).permutation(4)
    W, b = np.zeros((3, 2)), np.zeros(3)
    for i in order:
        for c in range(3):
            off = float(y[i] == c) - float(W[c] @ X[i] + b[c] > 0)
            W[c] += 0.5 * off * X[i]
            b[c] += 0.5 * off
    stream = np.random.RandomState(5)
    net = nn.Perceptron(learning_rate=0.5, epochs=1, random_state=stream).fit(X, y)
    np.testing.assert_allclose(net.coef_, W)
    np.testing.assert_allclose(net.intercept_, b)


@pytest.mark.parametrize("shape", [(0, 3), (3, 0)])
def test_an_empty_table_names_what_it_lacks(shape) -> None:
    what = "0 sample" if not shape[0] else "0 feature"
    with pytest.raises(ValueError, match=what):
        nn.LogisticRegression().fit(np.zeros(shape), np.arange(shape[0]) % 2)


def test_targets_are_refused_by_the_name_of_the_estimator() -> None:
    with pytest.raises(ValueError, match=r"^MLPRegressor\.fit: requires y"):
        nn.MLPRegressor().fit(np.ones((3, 1)), None)
    with pytest.raises(ValueError, match=r"^Perceptron\.fit: X and y need the same number"):
        nn.Perceptron().fit(np.ones((3, 1)), [0, 1])


def test_names_of_columns_are_strings_or_are_left_alone() -> None:
    pandas = pytest.importorskip("pandas")
    values = np.random.default_rng(0).normal(size=(6, 2))
    y = [0, 1, 0, 1, 0, 1]
    for columns, known in ((["a", "b"], True), ([0, 1], False)):
        net = nn.LogisticRegression().fit(pandas.DataFrame(values, columns=columns), y)
        assert hasattr(net, "feature_names_in_") == known
    with pytest.raises(TypeError, match=r"\['int', 'str'\]"):
        nn.LogisticRegression().fit(pandas.DataFrame(values, columns=["a", 1]), y)


def test_the_first_step_of_the_solver_is_of_length_one_at_most() -> None:
    from nn._solver import minimum

    tried = []

    def f(x):
        tried.append(x.copy())
        return float(50 * x @ x), 100 * x

    minimum(f, np.array([3.0, 4.0]), steps=1, tolerance=1e-9)
    assert np.abs(tried[1] - tried[0]).sum() == pytest.approx(1.0)
    tried.clear()

    def flat(x):
        tried.append(x.copy())
        return float(0.005 * x @ x), 0.01 * x

    minimum(flat, np.array([3.0, 4.0]), steps=1, tolerance=1e-9)
    np.testing.assert_allclose(tried[1] - tried[0], [-0.03, -0.04])


def test_each_estimator_shows_all_of_its_settings() -> None:
    import inspect

    for estimator in ESTIMATORS:
        shown = list(inspect.signature(type(estimator)).parameters)
        assert sorted(shown) == sorted(estimator.get_params())


def test_more_than_five_unknown_names_are_cut() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    X, y = np.arange(24.0).reshape(4, 6), np.array([0, 1, 0, 1])
    for many, cut in ((5, False), (6, True)):
        known = [f"a{i}" for i in range(many)]
        model = nn.LogisticRegression().fit(pandas.DataFrame(X[:, :many], columns=known), y)
        other = pandas.DataFrame(X[:, :many], columns=[f"b{i}" for i in range(many)])
        with pytest.raises(ValueError, match="unseen at fit time") as caught:
            model.predict(other)
        assert ("- ..." in str(caught.value)) == cut


@pytest.mark.parametrize("hole", [None, float("nan")])
def test_a_hole_among_the_classes_is_said(hole) -> None:
    y = np.array(["a", "b", hole, "a"], dtype=object)
    with pytest.raises(ValueError, match="y contains None or NaN"):
        nn.MLPClassifier(**QUICK).fit(np.ones((4, 2)), y)


def test_sparse_rows_of_either_kind_are_refused() -> None:
    class Old:
        def toarray(self):
            raise AssertionError

    class New:
        def tocsr(self):
            raise AssertionError

    for kind in (Old, New):
        with pytest.raises(TypeError, match=r"use X\.toarray"):
            nn.LogisticRegression().fit(kind(), [0, 1])


def test_three_classes_have_three_outputs() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 2)), np.repeat(["a", "b", "c"], 10)
    model = nn.MLPClassifier(**QUICK).fit(X, y)
    assert model.predict_proba(X).shape == (30, 3)
    assert nn.MLPClassifier(**QUICK).fit(X[:20], y[:20]).net_.layers[-1].n_out == 1


def test_the_score_of_several_targets_is_the_mean_of_each() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 2))
    Y = np.column_stack([X @ [1.0, 2.0], X @ [-1.0, 0.5]])
    model = nn.MLPRegressor(**QUICK).fit(X, Y)
    found = model.predict(X)
    each = 1 - ((Y - found) ** 2).sum(axis=0) / ((Y - Y.mean(axis=0)) ** 2).sum(axis=0)
    assert model.score(X, Y) == pytest.approx(each.mean())


def test_the_number_of_epochs_is_kept() -> None:
    X, y = np.random.default_rng(0).normal(size=(20, 2)), np.arange(20) % 2
    assert nn.MLPClassifier(epochs=7, random_state=0).fit(X, y).n_iter_ == 7


def overlapping(seed: int = 0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(60, 2))
    return X, (X[:, 0] + rng.normal(size=60) > 0).astype(int)


def test_one_weight_is_the_weight_of_all_samples() -> None:
    X, y = overlapping()
    one = nn.LogisticRegression().fit(X, y, sample_weight=2.0)
    each = nn.LogisticRegression().fit(X, y, sample_weight=np.full(60, 2.0))
    np.testing.assert_array_equal(one.coef_, each.coef_)
    bare = nn.LogisticRegression().fit(X, y)
    assert not np.allclose(one.coef_, bare.coef_)  # the penalty counts half as much


def test_a_table_after_an_array_is_a_warning() -> None:
    pandas = pytest.importorskip("pandas", reason="the extra 'examples' is not installed")
    X, y = overlapping()
    model = nn.LogisticRegression().fit(X, y)
    with pytest.warns(UserWarning, match="X has feature names, but LogisticRegression was fitted"):
        model.predict(pandas.DataFrame(X, columns=["a", "b"]))


def test_a_perceptron_keeps_the_first_of_equally_good_lines() -> None:
    X, y = overlapping()
    kept = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it does not converge
        for epochs in range(1, 25):
            model = nn.Perceptron(epochs=epochs, random_state=0).fit(X, y)
            right = model.score(X, y)
            line = (*model.coef_.ravel(), *model.intercept_)
            assert kept.setdefault(right, line) == line
    assert len(kept) < 20  # several epochs had equally good ones
    assert [*kept] == sorted(kept)  # and none is given up for a worse one


@pytest.mark.parametrize("estimator", [nn.LogisticRegression(), nn.MLPRegressor()])
def test_tags_say_what_kind_of_estimator_it_is(estimator) -> None:
    tags = estimator.__sklearn_tags__()
    is_classifier = isinstance(estimator, nn.LogisticRegression)
    assert (tags.classifier_tags is not None) == is_classifier
    assert (tags.regressor_tags is None) == is_classifier


@pytest.mark.parametrize("weight", [0.0, np.zeros(60)])
def test_a_regression_on_nothing_is_refused(weight) -> None:
    with pytest.raises(ValueError, match=r"LogisticRegression.fit: every weight is zero"):
        nn.LogisticRegression().fit(*overlapping(), sample_weight=weight)


DRAWN = np.random.default_rng(5)
ROWS = DRAWN.normal(size=(80, 3))
CLASSES = (ROWS[:, 0] + 0.3 * DRAWN.normal(size=80) > 0.6).astype(int)
TIMES = DRAWN.integers(0, 4, 80)


def test_balanced_classes_count_rows_by_their_weight() -> None:
    weighed = nn.LogisticRegression(class_weight="balanced")
    weighed.fit(ROWS, CLASSES, sample_weight=TIMES)
    repeated = nn.LogisticRegression(class_weight="balanced")
    repeated.fit(np.repeat(ROWS, TIMES, axis=0), np.repeat(CLASSES, TIMES))
    np.testing.assert_allclose(weighed.coef_, repeated.coef_, rtol=1e-6)
    np.testing.assert_allclose(weighed.intercept_, repeated.intercept_, rtol=1e-6)


@pytest.mark.parametrize(
    "kind", [nn.LogisticRegression, nn.Perceptron, nn.MLPClassifier], ids=lambda k: k.__name__
)
@pytest.mark.filterwarnings("ignore:Perceptron. no line")
def test_every_classifier_weighs_classes(kind) -> None:
    options = {} if kind is nn.LogisticRegression else {"random_state": 0}
    found = [
        kind(class_weight={0: 1.0, 1: weight}, **options).fit(ROWS, CLASSES).predict(ROWS).sum()
        for weight in (0.02, 1.0, 50.0)
    ]
    assert found[0] <= found[1] <= found[2]
    assert found[0] < found[2]
    kind(class_weight="balanced", **options).fit(ROWS, CLASSES)
    for wrong, said in (({0: -10, 1: 1}, r"class_weight\[0\]"), ([1, 2], "'balanced' or a dict")):
        with pytest.raises(ValueError, match=said):
            kind(class_weight=wrong, **options).fit(ROWS, CLASSES)


@pytest.mark.filterwarnings("ignore::nn.TrainingWarning")
def test_scores_refuse_what_fit_refuses() -> None:
    y = 2 * ROWS[:, 0]
    curve = nn.MLPRegressor(epochs=5, random_state=0).fit(ROWS, y)
    with_nan = np.where(np.arange(80) == 3, np.nan, y)
    for labels, weight in (
        (with_nan, None), (np.zeros((2, 40)), None), (y, -np.ones(80)), (y, np.full(80, np.nan)),
        (y, np.zeros(80)),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"^MLPRegressor\.score"):
            curve.score(ROWS, labels, sample_weight=weight)
    assert curve.score(ROWS, y[:, None]) == curve.score(ROWS, y)
    model = nn.LogisticRegression().fit(ROWS, CLASSES)
    for labels in (np.where(CLASSES > 0, np.nan, 0.0), CLASSES.reshape(2, 40)):
        with pytest.raises(ValueError, match=r"^LogisticRegression\.score"):
            model.score(ROWS, labels)


def test_an_interrupt_goes_through_an_estimator(monkeypatch) -> None:
    from nn import estimators

    def stopped(*args, **options):
        def interrupt(epoch, history):
            raise KeyboardInterrupt

        return nn.fit(*args, **options, on_epoch=interrupt)

    monkeypatch.setattr(estimators, "fit", stopped)
    model = nn.MLPClassifier(epochs=5, random_state=0)
    with pytest.raises(KeyboardInterrupt):
        model.fit(ROWS, CLASSES)
    assert not hasattr(model, "classes_")


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


def test_alpha_of_scikit_learn_is_the_penalty() -> None:
    with pytest.raises(TypeError, match="Write l2"):
        nn.MLPClassifier(alpha=1e-4)


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
