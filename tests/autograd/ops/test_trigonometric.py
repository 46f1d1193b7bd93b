"""Lengths and angles at the origin, tanh far out, sinc at 0."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from autograd import LimitWarning, Tensor, grad, jacobian
from tests.autograd.helpers import derivatives_at

KINKS: dict[str, tuple[Any, Any, Any]] = {
    # The function, the point, and the derivative by each argument there.
    "hypot(0, 0)": (np.hypot, [0.0, 0.0], [0.0, 0.0]),
    "arctan2(0, 0)": (np.arctan2, [0.0, 0.0], [0.0, 0.0]),
    "sinc at 0": (np.sinc, [0.0], [0.0]),
    "tanh at 1000": (np.tanh, [1000.0], [0.0]),
    "tanh at -1000": (np.tanh, [-1000.0], [0.0]),
}


test_the_derivative_at = derivatives_at(KINKS)


@pytest.mark.parametrize(
    ("function", "x", "expected"),
    [
        (np.tanh, 1000.0, 0.0),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
def test_gradients_at_kinks_and_singular_points(function: Any, x: float, expected: float) -> None:
    t = Tensor(x, requires_grad=True)
    function(t).backward()
    assert t.grad == expected


def test_the_angle_at_the_origin_tells_of_limits() -> None:
    """Polar coordinates taken back: r sin θ is y, whose derivative the convention would hide."""

    def y(v: Any) -> Any:
        return np.hypot(v[0], v[1]) * np.sin(np.arctan2(v[0], v[1]))

    with pytest.warns(LimitWarning, match="arctan2: a gradient of 0 has met"):
        grad(y)(np.zeros(2))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert grad(lambda v: np.arctan2(v[0], v[1]))(np.zeros(2)).tolist() == [0, 0]
        # What was selected away is silent.
        angles = jacobian(lambda v: np.arctan2(v[:2], v[2:]))(np.array([0.0, 1, 0, 2]))
        np.testing.assert_allclose(angles, [[0, 0, 0, 0], [0, 0.4, 0, -0.2]])
        chosen = grad(lambda v: np.where(v[0] > 0, np.arctan2(v[0], v[1]), v[0]))(np.zeros(2))
        assert chosen.tolist() == [1, 0]


def test_sinc_has_its_second_derivative_at_0() -> None:
    # sinc x = 1 − (πx)²/6 + (πx)⁴/120 − …
    assert grad(np.sinc)(0.0) == 0.0
    assert grad(grad(np.sinc))(0.0) == pytest.approx(-(np.pi**2) / 3, rel=1e-14)
    assert grad(grad(grad(np.sinc)))(0.0) == pytest.approx(0.0, abs=1e-12)
