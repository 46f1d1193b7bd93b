"""`detect_anomaly`: the first NaN or infinity, named with op, scope and line."""

from __future__ import annotations

import numpy as np
import pytest

from autograd import AnomalyError, Tensor, detect_anomaly, gradients, name_scope, op

pytestmark = pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")


def leaf(value):
    return Tensor(value, requires_grad=True)


def test_a_forward_infinity_is_named_where_it_begins() -> None:
    x = leaf([1.0, 0.0, 2.0])
    with detect_anomaly(), name_scope("layer1"), pytest.raises(AnomalyError) as caught:
        np.exp(np.log(x))
    message = str(caught.value)
    assert message.startswith("detect_anomaly: log gave -inf at [1] (operands of shape (3,), all ")
    assert "it began here), in layer1, called at " in message
    file, line = message.rstrip(".").split("called at ")[1].rsplit(":", 1)
    with open(file, encoding="utf-8") as source:  # noqa: PTH123
        assert "np.exp(np.log(x))" in source.read().splitlines()[int(line) - 1]


def test_a_backward_infinity_is_named_with_its_operand() -> None:
    x = leaf([4.0, 0.0])
    y = np.sqrt(x * 1.0).sum()
    with detect_anomaly(), pytest.raises(AnomalyError, match=r"of sqrt gave inf for a at \[1\]"):
        y.backward()
    assert x.grad is None


def test_a_nan_that_comes_from_outside_is_not_blamed_on_the_op() -> None:
    x = leaf([np.nan, 1.0])
    with (
        detect_anomaly(),
        pytest.raises(AnomalyError, match=r"multiply gave nan .* not all"),
    ):
        x * 2


def test_recorded_backward_passes_are_watched_too() -> None:
    x = leaf(0.0)
    y = x**1.5
    slope = gradients(y, x, create_graph=True)
    with detect_anomaly(), pytest.raises(AnomalyError, match="backward pass of power gave inf"):
        gradients(slope, x)


def test_without_the_mode_infinities_pass_and_leaving_it_restores_that() -> None:
    x = leaf(0.0)
    assert np.log(x).item() == -np.inf

    @detect_anomaly()
    def watched():
        return np.log(x)

    with pytest.raises(AnomalyError):
        watched()
    assert np.log(x).item() == -np.inf


def test_finite_computations_are_untouched() -> None:
    x = leaf([1.0, 2.0])
    with detect_anomaly():
        (np.log(x) * x).sum().backward()
    np.testing.assert_allclose(x.grad, np.log([1.0, 2.0]) + 1)


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_sums_of_cotangents_that_overflow_are_found() -> None:
    x = Tensor(1.0, requires_grad=True, name="x")
    with detect_anomaly(), pytest.raises(AnomalyError, match=r"came back to a leaf 'x' of shape"):
        (x + x).backward(1.7e308)
    y = Tensor(1.0, requires_grad=True) * 1.0
    with detect_anomaly(), pytest.raises(AnomalyError, match=r"came back to multiply of shape"):
        (y + y).backward(1.7e308)


def test_a_backward_infinity_names_the_operand_of_a_sequence(registry) -> None:
    @op(symbol="odd", samples=())
    def odd_sum(*parts):
        return np.sum(parts, axis=0)

    odd_sum.vjp(parts=lambda g, i: g * (np.inf if i == 1 else 1.0))
    x, y = leaf(1.0), leaf(2.0)
    with detect_anomaly(), pytest.raises(AnomalyError, match=r"for parts\[1\]"):
        odd_sum([x, y]).backward()
