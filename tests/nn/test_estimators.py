"""Estimators: what they learn, how they weigh, and what they refuse."""

from __future__ import annotations

import pickle
import subprocess
import sys
import textwrap
import warnings

import numpy as np
import pytest

import nn
from tests.nn.helpers import QUICK, QUIET, rare_rows, toy

X, Y = toy(64)
POINTS, LABELS = X.T, Y[0].astype(int)
ROWS, CLASSES, TIMES = rare_rows()


def overlapping(seed: int = 0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(60, 2))
    return X, (X[:, 0] + rng.normal(size=60) > 0).astype(int)


# -- what they learn -------------------------------------------------------------------------------


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


def test_three_classes_have_three_outputs() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 2)), np.repeat(["a", "b", "c"], 10)
    model = nn.MLPClassifier(**QUICK).fit(X, y)
    assert model.predict_proba(X).shape == (30, 3)
    assert nn.MLPClassifier(**QUICK).fit(X[:20], y[:20]).net_.layers[-1].n_out == 1


def test_the_number_of_epochs_is_kept() -> None:
    X, y = np.random.default_rng(0).normal(size=(20, 2)), np.arange(20) % 2
    assert nn.MLPClassifier(epochs=7, random_state=0).fit(X, y).n_iter_ == 7


def test_every_estimator_takes_a_random_state():
    kinds = (nn.LogisticRegression, nn.Perceptron, nn.MLPClassifier, nn.MLPRegressor)
    assert all(kind(random_state=0).get_params()["random_state"] == 0 for kind in kinds)


def test_a_column_of_times_hides_no_minimum() -> None:
    rows = np.c_[X[0], 1.7e18 + np.random.default_rng(0).random(64) * 1e15]
    model = nn.LogisticRegression().fit(rows, Y[0])  # a column of times: found all the same
    assert model.score(rows, Y[0]) > 0.7
    assert np.isfinite(model.coef_).all()


def test_probabilities_of_scores_that_overflow_are_finite() -> None:
    rows = np.repeat(np.eye(3), 5, axis=0)
    model = nn.LogisticRegression(l2=1e-3).fit(rows, np.repeat(np.arange(3), 5))
    model.coef_ = model.coef_ * 1e5
    found = model.predict_proba(rows)
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    assert (found.argmax(axis=1) == np.repeat(np.arange(3), 5)).all()


@QUIET
def test_a_regressor_answers_in_the_shape_that_it_was_given() -> None:
    for targets in (POINTS[:, 0], POINTS):
        model = nn.MLPRegressor(epochs=1, random_state=0).fit(POINTS, targets)
        assert model.predict(POINTS).shape == targets.shape


# -- perceptrons -----------------------------------------------------------------------------------


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


def test_perceptrons_step_by_the_weight_of_a_class_in_the_bias_too() -> None:
    """One wrong example of weight 3: b = 3 α, as W = 3 α x."""
    rows, labels = np.array([[1.0], [-1.0]]), np.array([1, 0])
    model = nn.Perceptron(class_weight={1: 3.0}, epochs=1, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(rows, labels)
    # Only x = 1 is ever wrong, in whichever order: W and b get the same step.
    assert model.coef_[0, 0] == model.intercept_[0] == pytest.approx(3.0)


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


def test_a_perceptron_goes_on_until_it_has_separated() -> None:
    model = nn.Perceptron(random_state=0, epochs=30_000).fit([[100.0], [101.0]], [0, 1])
    assert model.score([[100.0], [101.0]], [0, 1]) == 1.0


def test_a_perceptron_ends_with_the_first_pass_without_a_mistake() -> None:
    model = nn.Perceptron(random_state=0).fit([[0.0], [1.0], [4.0], [5.0]], [0, 0, 1, 1])
    assert model.n_iter_ < 50


# -- weights of samples and classes ----------------------------------------------------------------


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


def test_one_weight_is_the_weight_of_all_samples() -> None:
    X, y = overlapping()
    one = nn.LogisticRegression().fit(X, y, sample_weight=2.0)
    each = nn.LogisticRegression().fit(X, y, sample_weight=np.full(60, 2.0))
    np.testing.assert_array_equal(one.coef_, each.coef_)
    bare = nn.LogisticRegression().fit(X, y)
    assert not np.allclose(one.coef_, bare.coef_)  # the penalty counts half as much


@pytest.mark.parametrize("weight", [0.0, np.zeros(60)])
def test_a_regression_on_nothing_is_refused(weight) -> None:
    with pytest.raises(ValueError, match=r"LogisticRegression.fit: every weight is zero"):
        nn.LogisticRegression().fit(*overlapping(), sample_weight=weight)


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


def test_a_class_without_a_weight_weighs_one():
    rows, labels = X.T, Y[0]
    weights = np.where(labels == 0, 3.0, 1.0)
    given = nn.LogisticRegression(class_weight={0: 3.0}).fit(rows, labels)
    same = nn.LogisticRegression().fit(rows, labels, sample_weight=weights)
    np.testing.assert_allclose(given.coef_, same.coef_, rtol=1e-6)


def test_a_class_may_weigh_nothing() -> None:
    model = nn.LogisticRegression(class_weight={0: 0.0}).fit(POINTS, LABELS)
    assert (model.predict(POINTS) == 1).all()
    with pytest.raises(ValueError, match="class_weight"):
        nn.LogisticRegression(class_weight={0: -1.0}).fit(POINTS, LABELS)


# -- scores ----------------------------------------------------------------------------------------


def test_the_score_of_several_targets_is_the_mean_of_each() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 2))
    Y = np.column_stack([X @ [1.0, 2.0], X @ [-1.0, 0.5]])
    model = nn.MLPRegressor(**QUICK).fit(X, Y)
    found = model.predict(X)
    each = 1 - ((Y - found) ** 2).sum(axis=0) / ((Y - Y.mean(axis=0)) ** 2).sum(axis=0)
    assert model.score(X, Y) == pytest.approx(each.mean())


def test_r2_of_a_target_that_does_not_vary_is_1_where_it_is_met_and_0_elsewhere() -> None:
    X = np.random.default_rng(0).normal(size=(30, 2))
    net = nn.MLPRegressor(hidden=4, epochs=5, random_state=0).fit(X, np.full(30, 4.0))
    found = net.predict(X[:1])
    assert net.score(X[[0, 0]], np.repeat(found, 2)) == 1.0
    assert net.score(X[[0, 0]], np.repeat(found + 1, 2)) == 0.0


@QUIET
def test_scores_need_labels_of_their_kind_and_number() -> None:
    rows, y = X.T, Y[0].astype(int)
    model = nn.LogisticRegression().fit(rows, y)
    for wrong in ([1], y[:10], np.array(["a"] * 64)):
        with pytest.raises(ValueError, match=r"LogisticRegression\.score"):
            model.score(rows, wrong)
    curve = nn.MLPRegressor(epochs=2, random_state=0).fit(rows, X[0])
    with pytest.raises(ValueError, match=r"MLPRegressor\.score: y needs shape"):
        curve.score(rows[:10], X[0][:20])


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


# -- rows, labels and columns ----------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(0, 3), (3, 0)])
def test_an_empty_table_names_what_it_lacks(shape) -> None:
    what = "0 sample" if not shape[0] else "0 feature"
    with pytest.raises(ValueError, match=what):
        nn.LogisticRegression().fit(np.zeros(shape), np.arange(shape[0]) % 2)


def test_numbers_as_text_are_a_wrong_value_of_an_estimator() -> None:
    with pytest.raises(ValueError, match="X needs to be of numbers"):
        nn.LogisticRegression().fit([["a"], ["b"]], [0, 1])


def test_what_is_no_array_of_numbers_has_numpys_kind_of_error() -> None:
    with pytest.raises(ValueError, match="needs to be of numbers"):
        nn.LogisticRegression().fit(np.array([["a"], ["b"]], object), [0, 1])
    with pytest.raises(TypeError, match="needs to be of numbers"):
        nn.LogisticRegression().fit(np.array([[{}], [{}]], object), [0, 1])


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


def test_targets_are_refused_by_the_name_of_the_estimator() -> None:
    with pytest.raises(ValueError, match=r"^MLPRegressor\.fit: requires y"):
        nn.MLPRegressor().fit(np.ones((3, 1)), None)
    with pytest.raises(ValueError, match=r"^Perceptron\.fit: X and y need the same number"):
        nn.Perceptron().fit(np.ones((3, 1)), [0, 1])


@pytest.mark.parametrize("hole", [None, float("nan")])
def test_a_hole_among_the_classes_is_said(hole) -> None:
    y = np.array(["a", "b", hole, "a"], dtype=object)
    with pytest.raises(ValueError, match="y contains None or NaN"):
        nn.MLPClassifier(**QUICK).fit(np.ones((4, 2)), y)


def test_labels_of_objects_may_be_words_and_not_none() -> None:
    words = np.array(["no", "yes"], dtype=object)[LABELS]
    assert set(nn.LogisticRegression().fit(POINTS, words).predict(POINTS)) == {"no", "yes"}
    words[3] = None
    with pytest.raises(ValueError, match="y contains None or NaN"):
        nn.LogisticRegression().fit(POINTS, words)


@QUIET
@pytest.mark.parametrize("kind", ["LogisticRegression", "Perceptron", "MLPClassifier"])
def test_a_column_of_labels_is_warned_of_where_it_was_given(kind: str) -> None:
    model = getattr(nn, kind)(random_state=0)
    with pytest.warns(UserWarning, match="A column-vector y was passed") as caught:
        model.fit(POINTS, LABELS.reshape(-1, 1))
    assert model.predict(POINTS).shape == (64,)
    assert caught[0].filename == __file__


@QUIET
@pytest.mark.filterwarnings("ignore:A column-vector y was passed")
def test_columns_of_labels_are_taken_as_scikit_learn_takes_them() -> None:
    rows, y = X.T, Y[0].astype(int)
    a = nn.LogisticRegression().fit(rows, y)
    b = nn.LogisticRegression().fit(rows, y.reshape(-1, 1))
    np.testing.assert_array_equal(a.coef_, b.coef_)


def test_names_of_columns_are_strings_or_are_left_alone() -> None:
    pandas = pytest.importorskip("pandas")
    values = np.random.default_rng(0).normal(size=(6, 2))
    y = [0, 1, 0, 1, 0, 1]
    for columns, known in ((["a", "b"], True), ([0, 1], False)):
        net = nn.LogisticRegression().fit(pandas.DataFrame(values, columns=columns), y)
        assert hasattr(net, "feature_names_in_") == known
    with pytest.raises(TypeError, match=r"\['int', 'str'\]"):
        nn.LogisticRegression().fit(pandas.DataFrame(values, columns=["a", 1]), y)


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


def test_a_table_after_an_array_is_a_warning() -> None:
    pandas = pytest.importorskip("pandas", reason="the extra 'examples' is not installed")
    X, y = overlapping()
    model = nn.LogisticRegression().fit(X, y)
    with pytest.warns(UserWarning, match="X has feature names, but LogisticRegression was fitted"):
        model.predict(pandas.DataFrame(X, columns=["a", "b"]))


# -- mistakes and interrupts -----------------------------------------------------------------------


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


def test_alpha_of_scikit_learn_is_the_penalty() -> None:
    with pytest.raises(TypeError, match="Write l2"):
        nn.MLPClassifier(alpha=1e-4)


def test_errors_of_estimators_begin_with_their_name() -> None:
    for kind in (nn.LogisticRegression, nn.Perceptron, nn.MLPClassifier, nn.MLPRegressor):
        with pytest.raises(ValueError, match=rf"{kind.__name__}\.fit: .*(NaN|nan|finite)"):
            kind().fit(POINTS, np.full(64, np.nan))


@pytest.mark.filterwarnings("ignore:Perceptron. no line")
def test_a_fit_that_fails_leaves_the_estimator_as_it_was() -> None:
    rows, y = X.T, np.array(["a", "b"])[Y[0].astype(int)]
    for kind in (nn.LogisticRegression, nn.Perceptron, nn.MLPClassifier):
        options = {} if kind is nn.LogisticRegression else {"epochs": 30, "random_state": 0}
        model = kind(**options)
        with pytest.raises(ValueError, match="only one class"):
            model.fit(rows, ["a"] * 64)
        with pytest.raises(ValueError, match="not fitted yet"):
            model.predict(rows)
        model.fit(rows, y)
        before = model.predict(rows)
        with pytest.raises(ValueError, match="number of samples"):
            model.fit(rows[:, :1], ["x", "y", "z"])
        np.testing.assert_array_equal(model.predict(rows), before)
        pickle.loads(pickle.dumps(model))


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


def test_weights_may_add_up_to_less_than_one() -> None:
    rows, y = np.random.default_rng(0).normal(size=(20, 2)), np.arange(20) % 2
    small = nn.LogisticRegression(l2=0.0).fit(rows, y, sample_weight=np.full(20, 0.01))
    whole = nn.LogisticRegression(l2=0.0).fit(rows, y)
    np.testing.assert_allclose(small.coef_, whole.coef_, rtol=1e-6)
