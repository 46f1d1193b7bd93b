"""Functions of scipy.special: each has its gradient, far out too, or is refused by name."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import scipy.special

import autograd
from autograd import DTypeError, GradientError, Tensor, check_gradients, grad
from autograd.ops.special import SCIPY
from tests.autograd.helpers import leaf


@pytest.mark.parametrize("name", sorted(SCIPY))
def test_a_function_of_scipy_records_and_has_its_gradient(name: str) -> None:
    f = getattr(scipy.special, name)
    x = np.array([0.2, 0.5, 0.7])
    operands = (2, x) if name in ("jv", "iv") else (x,) if f.nin == 1 else (x, x[::-1] + 0.1)
    tracked = [Tensor(v, requires_grad=True) if isinstance(v, np.ndarray) else v for v in operands]
    y = f(*tracked)
    assert isinstance(y, Tensor)
    assert y.requires_grad
    np.testing.assert_allclose(y.data, f(*operands), rtol=2e-15)
    moving = [v for v in operands if isinstance(v, np.ndarray)]
    fixed = operands[: len(operands) - len(moving)]
    report = check_gradients(lambda *xs: f(*fixed, *xs), *moving, order=2)
    assert report, report


def test_one_that_has_no_rule_is_refused_by_its_right_name() -> None:
    t = leaf([0.3])
    with pytest.raises(TypeError, match=r"^scipy\.special\.exprel: has no derivative rule"):
        scipy.special.exprel(t)
    np.testing.assert_array_equal(
        scipy.special.exprel(t.detach()), scipy.special.exprel(np.array([0.3]))
    )
    with pytest.raises(Exception, match=r"^scipy\.special\.softmax .*autograd\.softmax"):
        scipy.special.softmax(t)


@pytest.mark.parametrize("name", ["factorial", "factorial2"])
def test_functions_of_scipy_that_look_at_their_argument_are_refused(name: str) -> None:
    """They are Python, asked whether a tensor was a number, and went on: 0.5!! came out as 1."""
    with pytest.raises(DTypeError, match=rf"scipy\.special\.{name}: has no derivative rule"):
        getattr(scipy.special, name)(leaf(0.5))


def test_advice_for_scipys_functions_gives_what_they_give() -> None:
    M = np.array([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_allclose(
        autograd.softmax(leaf(M), axis=None).data, scipy.special.softmax(M), rtol=1e-14
    )
    np.testing.assert_allclose(
        autograd.polygamma(leaf(M), 1).data, scipy.special.polygamma(1, M), rtol=1e-14
    )
    for call, said in (
        (scipy.special.softmax, r"autograd\.softmax\(t, axis=None\)"),
        (lambda t: scipy.special.polygamma(1, t), r"autograd\.polygamma\(t, n\)"),
    ):
        with pytest.raises(GradientError, match=said):
            call(leaf(M))


@pytest.mark.parametrize("a", [-1e8, -1000.0, -5.0, 0.0, 5.0])
def test_the_slope_of_log_ndtr_keeps_its_digits(a: float) -> None:
    with mpmath.workdps(60):
        x = mpmath.mpf(a)  # φ/Φ; far out by its asymptotic series, |a| (1 + 1/a² - 2/a⁴)
        expected = (
            float(mpmath.npdf(x) / mpmath.ncdf(x))
            if a > -100
            else float(-x * (1 + x**-2 - 2 * x**-4))
        )
    np.testing.assert_allclose(grad(autograd.log_ndtr)(a), expected, rtol=1e-13)


@pytest.mark.parametrize("x", [-1e9, -1e7, -1e3])
def test_the_second_derivative_of_log_ndtr_tends_to_minus_1(x: float) -> None:
    """−1 + 1/x² − … (the derivative of −x + 1/x − …, Mills' ratio)."""
    assert grad(grad(autograd.log_ndtr))(x) == pytest.approx(-1 + 1 / x**2, abs=1e-11)


@pytest.mark.parametrize("x", [-3.0, 0.0, 0.5, 0.999, 1.0, 2.0, 30.0, 1e4, 1e6, 1e8])
def test_derivatives_of_erfcx_keep_their_digits(x: float) -> None:
    """From y′ = 2xy − 2/√π in 120 digits: in doubles its terms cancel to nothing at large x."""
    mp = mpmath.mp
    with mp.workdps(120):
        t = mp.mpf(x)
        y = mp.exp(t * t) * mp.erfc(t)
        slopes = [2 * t * y - 2 / mp.sqrt(mp.pi)]
        slopes.append(2 * y + 2 * t * slopes[0])
        slopes.append(4 * slopes[0] + 2 * t * slopes[1])
        expected = [float(s) for s in slopes]
    f = autograd.erfcx
    for wanted in expected:
        f = grad(f)
        assert f(x) == pytest.approx(wanted, rel=1e-14)
