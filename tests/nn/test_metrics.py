"""Metrics, against scikit-learn where it is installed, and by hand."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from autograd import ShapeError
from tests.nn.helpers import three, toy


def logistic(w=1.0, b=0.0) -> nn.Network:
    return nn.Network.from_dict({"W1": [[w]], "b1": [[b]]})


X = np.array([[-2.0, -1.0, 1.0, 3.0, 2.0]])
Y = np.array([[0, 1, 1, 1, 0]])


def test_counts_by_hand() -> None:
    net = logistic()
    assert nn.confusion_matrix(net, X, Y).tolist() == [[1, 1], [1, 2]]
    assert nn.accuracy(net, X, Y) == pytest.approx(3 / 5)
    assert nn.precision(net, X, Y) == pytest.approx(2 / 3)
    assert nn.recall(net, X, Y) == pytest.approx(2 / 3)
    assert nn.f1(net, X, Y) == pytest.approx(2 / 3)
    # pairs (positive, negative): −1, 1, 3 against −2, 2
    assert nn.auc(net, X, Y) == pytest.approx((1 + 0 + 1 + 0 + 1 + 1) / 6)


def test_a_threshold_moves_precision_against_recall() -> None:
    net = logistic()
    assert nn.recall(net, X, Y, threshold=0.1) == 1.0
    assert nn.precision(net, X, Y, threshold=0.9) == 1.0
    assert net.predict(X, threshold=0.9).tolist() == [[0, 0, 0, 1, 0]]
    with pytest.raises(ValueError, match=r"threshold needs to be in \[0, 1\], got 2"):
        net.predict(X, threshold=2)
    soft = nn.Network([1, 3], output="softmax", rng=0)
    with pytest.raises(ValueError, match="threshold belongs to a network that ends with a sigmoid"):
        soft.predict(X, threshold=0.5)


def test_what_has_no_value_is_nan() -> None:
    never = logistic(0.0, -5.0)
    assert np.isnan(nn.precision(never, X, Y))
    assert nn.recall(never, X, Y) == 0.0
    assert nn.f1(never, X, Y) == 0.0
    assert np.isnan(nn.recall(never, X, 0 * Y))
    with pytest.raises(ValueError, match="auc: needs examples of both classes, got 0 of class 1"):
        nn.auc(never, X, 0 * Y)
    assert nn.auc(never, X, Y) == 0.5  # all ties


def test_auc_ranks_what_a_sigmoid_rounds_to_1() -> None:
    net = nn.Network.from_dict({"W1": [[1.0]], "b1": [[0.0]]})
    assert nn.auc(net, [[40.0, 50.0, 60.0, 70.0]], [[0, 0, 1, 1]]) == 1.0


def test_they_agree_with_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    X, Y = toy(300)
    net = nn.Network([2, 5, 1], rng=1)
    y, p = Y[0], net.predict_proba(X)[0].round(1)  # with ties
    assert nn.auc(net, X, Y) == pytest.approx(metrics.roc_auc_score(y, net.predict_proba(X)[0]))

    class Rounded(nn.Network):
        def forward(self, X):
            return super().forward(X).round(1)

        ending = property(lambda self: self.layers[-1].ending)

    tied = Rounded([2, 5, 1], rng=1)
    assert nn.auc(tied, X, Y) == pytest.approx(metrics.roc_auc_score(y, p))
    guess = net.predict(X)[0]
    np.testing.assert_array_equal(
        nn.confusion_matrix(net, X, Y), metrics.confusion_matrix(y, guess)
    )
    assert nn.f1(net, X, Y) == pytest.approx(metrics.f1_score(y, guess))
    X, Y = three(120)
    net = nn.Network([2, 4, 3], output="softmax", rng=0)
    y, guess = Y.argmax(axis=0), net.predict(X)
    np.testing.assert_array_equal(
        nn.confusion_matrix(net, X, Y), metrics.confusion_matrix(y, guess, labels=[0, 1, 2])
    )
    for ours, theirs in (
        (nn.precision, metrics.precision_score),
        (nn.recall, metrics.recall_score),
        (nn.f1, metrics.f1_score),
    ):
        np.testing.assert_allclose(
            np.nan_to_num(ours(net, X, Y)), theirs(y, guess, average=None, zero_division=0)
        )


def test_accuracy_compares_labels_of_the_right_shape_only(rng) -> None:
    labels = rng.integers(0, 3, 60)
    X = rng.normal(size=(2, 60))
    net = nn.Network([2, 3], output="softmax", rng=0)
    predicted = net(X).data.argmax(axis=0)
    assert nn.accuracy(net, X, nn.one_hot(labels, 3)) == np.mean(predicted == labels)
    for wrong in (labels, labels.reshape(1, -1)):
        with pytest.raises(ShapeError, match=r"pass one_hot\(labels\)"):
            nn.accuracy(net, X, wrong)
    two = nn.Network([2, 2], output="sigmoid", rng=0)
    Y = (two(X).data > 0.5).astype(float)
    Y[1, :30] = 1 - Y[1, :30]
    assert nn.accuracy(two, X, Y) == 0.5  # every row counts
    with pytest.raises(ShapeError):
        nn.accuracy(two, X, Y.T)
    with pytest.raises(ValueError, match="ends with a sigmoid or softmax"):
        nn.accuracy(nn.Sequential(nn.Linear(2, 1)), X, Y[:1])


def test_accuracy_uses_a_predict_of_ones_own() -> None:
    class Careful(nn.Network):
        def predict(self, X):
            return np.zeros((1, np.shape(X)[1]), int)

    X, Y = toy()
    assert nn.accuracy(Careful([2, 1], rng=0), X, Y) == np.mean(Y == 0)


def test_questions_that_have_no_answer_are_refused() -> None:
    two = nn.Network([1, 2], output="sigmoid", rng=0)
    with pytest.raises(ShapeError, match="2 sigmoids are 2 questions of their own"):
        nn.confusion_matrix(two, X, np.ones((2, 5)))
    with pytest.raises(ShapeError, match="auc: needs a network of one output, got 2"):
        nn.auc(two, X, np.ones((2, 5)))
    for f in (nn.accuracy, nn.precision, nn.auc):
        with pytest.raises(ValueError, match="needs a network that ends with a sigmoid or softmax"):
            f(nn.Network([1, 1], output="identity", rng=0), X, Y)
