"""L-BFGS: its first step, its direction, and where it ends."""

from __future__ import annotations

import numpy as np
import pytest


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


def test_the_solver_has_newtons_direction_after_as_many_steps_as_dimensions() -> None:
    """Of a quadratic with orthogonal moves the two loops give −H⁻¹ g exactly."""
    from nn._solver import _direction

    curvature = np.array([2.0, 5.0, 9.0])
    moves = [(e, curvature * e, 1 / float(e @ (curvature * e))) for e in np.eye(3)]
    g = np.array([1.0, -3.0, 0.5])
    assert _direction(g, moves) == pytest.approx(-g / curvature)


def test_the_solver_finds_the_minimum_of_a_long_valley_in_few_steps() -> None:
    from nn._solver import minimum

    scales = np.logspace(0, 3, 12)
    target = np.linspace(-2, 2, 12)
    calls = []

    def valley(x):
        calls.append(1)
        return 0.5 * float(scales @ (x - target) ** 2), scales * (x - target)

    x, steps, small = minimum(valley, np.zeros(12), steps=500, tolerance=1e-9)
    assert small
    assert x == pytest.approx(target, abs=1e-9)
    assert steps <= 220  # SciPy: 152; gradient descent: some ten thousand
    assert len(calls) <= 300


def test_a_fall_that_rounding_hides_ends_at_the_minimum():
    """1e8 + a parabola: near its foot no step lowers the value any more."""
    from nn._solver import minimum

    a = np.array([1.0, 30.0])

    def f(x):
        return float(1e8 + (a * (x - 0.3) ** 2).sum()), 2 * a * (x - 0.3)

    found, _, converged = minimum(f, np.array([5.0, -7.0]), steps=200, tolerance=1e-12)
    assert converged
    np.testing.assert_allclose(found, 0.3, atol=1e-3)
