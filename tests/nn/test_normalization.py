"""Batch normalization: scale and shift, running averages and what it cannot take."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import nn
from autograd import ShapeError, Tensor, check_gradients
from tests.nn.helpers import toy

X, _ = toy(64)


def test_batch_norm_normalizes_and_learns_scale_and_shift() -> None:
    rng = np.random.default_rng(0)
    Z = rng.normal(3, 5, size=(4, 60))
    norm = nn.BatchNorm(4, epsilon=1e-12)
    out = norm(Tensor(Z)).data
    np.testing.assert_allclose(out.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(out.std(axis=1), 1, rtol=1e-10)
    norm.gamma.data, norm.beta.data = np.full((4, 1), 2.0), np.full((4, 1), -1.0)
    np.testing.assert_allclose(norm(Tensor(Z)).data, 2 * out - 1, atol=1e-12)
    assert check_gradients(lambda z, g, b: run(norm, z, g, b), Z[:, :5], [[1.0]] * 4, [[0.5]] * 4)


def run(norm, z, gamma, beta):
    norm.gamma, norm.beta = gamma, beta
    return norm(z)


def test_batch_norm_predicts_by_its_running_averages_which_are_saved(tmp_path) -> None:
    rng = np.random.default_rng(1)
    norm = nn.BatchNorm(2, momentum=0.5)
    mean, var = np.zeros((2, 1)), np.ones((2, 1))
    for _ in range(3):
        Z = rng.normal(2, 3, size=(2, 50))
        norm(Tensor(Z))
        mean = 0.5 * mean + 0.5 * Z.mean(axis=1, keepdims=True)
        var = 0.5 * var + 0.5 * Z.var(axis=1, keepdims=True)
    np.testing.assert_allclose(norm.running_mean, mean, rtol=1e-12)
    Z = np.array([[1.0], [2.0]])
    expected = (Z - mean) / np.sqrt(var + 1e-5)
    np.testing.assert_allclose(norm.eval()(Tensor(Z)).data, expected, rtol=1e-12)
    net = nn.Sequential(nn.Linear(2, 2, rng=0), norm, nn.Sigmoid())
    assert set(net.state_dict()) >= {"step2.running_mean", "step2.running_var", "step2.gamma"}
    again = nn.Sequential(nn.Linear(2, 2, rng=1), nn.BatchNorm(2), nn.Sigmoid())
    again.load_state_dict(net.state_dict())
    np.testing.assert_array_equal(again.predict_proba(Z), net.predict_proba(Z))


def test_batch_norm_keeps_its_dtype() -> None:
    norm = nn.BatchNorm(2, dtype=np.float32)
    norm(Tensor(X))
    assert norm.running_mean.dtype == norm.running_var.dtype == np.float32


def test_batch_norm_says_what_it_cannot_take() -> None:
    norm = nn.BatchNorm(2)
    with pytest.raises(ShapeError, match=r"needs 2 rows, got shape \(3, 5\)"):
        norm(np.ones((3, 5)))
    with pytest.raises(ValueError, match="one column has no variance; choose a batch_size"):
        norm(np.ones((2, 1)))
    with pytest.raises(ValueError, match="momentum needs to be in"):
        nn.BatchNorm(2, momentum=1.0)


@pytest.mark.parametrize(("size", "refused"), [(4, True), (1, True), (3, False), (None, False)])
def test_a_rest_of_one_example_has_no_variance(size, refused) -> None:
    X, Y = toy(9)
    net = nn.Sequential(
        nn.Linear(2, 3, rng=0), nn.BatchNorm(3), nn.ReLU(), nn.Linear(3, 1, rng=1), nn.Sigmoid()
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", nn.TrainingWarning)
        if refused:
            with pytest.raises(ValueError, match="no variance for BatchNorm"):
                nn.fit(net, X, Y, batch_size=size, epochs=1, progress=False)
        else:
            nn.fit(net, X, Y, batch_size=size, epochs=1, progress=False)


def test_a_network_with_batch_norm_trains() -> None:
    X, Y = toy(200)
    net = nn.Sequential(
        nn.Linear(2, 8, rng=0), nn.BatchNorm(8), nn.ReLU(), nn.Linear(8, 1, rng=1), nn.Sigmoid()
    )
    history = nn.fit(net, X, Y, learning_rate=0.01, epochs=20, dev=toy(100, seed=1), rng=0)
    assert history.dev_cost[-1] < 0.35
    assert history.cost[-1] < history.cost[0]
