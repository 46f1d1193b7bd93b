"""Logistic regression on real data: the course's first week, on 569 tumours.

python examples/breast_cancer.py [confusion.svg]
"""

from __future__ import annotations

import sys

from sklearn.datasets import load_breast_cancer

import nn

rows, labels = load_breast_cancer(return_X_y=True)
X, Y = rows.T, labels.reshape(1, -1)  # examples are columns: (30, 569) and (1, 569)

train, dev, test = nn.split(X, Y, (0.6, 0.2, 0.2), stratify=True, rng=1)
normalizer = nn.Normalizer().fit(train.X)  # by the training set alone
train, dev, test = (nn.Part(normalizer.transform(p.X), p.Y) for p in (train, dev, test))

net = nn.Network([30, 1], init="zeros")  # one sigmoid unit; zeros are right where nothing is hidden
history = nn.fit(net, *train, learning_rate=0.01, epochs=200, dev=dev, early_stopping=20, rng=1)
print(history)

errors = [1 - nn.accuracy(net, *part) for part in (train, dev)]
print(nn.diagnose_bias_variance(*errors, optimal_error=0.0))
accuracy = nn.accuracy(net, *test)
print(
    f"test set: accuracy {accuracy:.1%}, recall {nn.recall(net, *test):.1%}, "
    f"AUC {nn.auc(net, *test):.4f}"
)
if len(sys.argv) > 1:
    counts = nn.confusion_matrix(net, *test)
    names = ["malignant", "benign"]
    nn.save_plot(sys.argv[1], lambda ax: nn.plot_confusion_matrix(counts, labels=names, ax=ax))
assert accuracy >= 0.95
