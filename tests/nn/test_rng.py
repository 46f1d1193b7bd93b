"""Sources of random numbers: which there are, and their states."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from nn.rng import generator, load_rng_state, rng_state
from tests.nn.helpers import picture


def test_the_courses_numbers_come_from_its_stream() -> None:
    """np.random.seed(2) and randn × 0.01, as the exercises on initialization print them."""
    net = nn.Network([2, 4, 1], init="small_random", rng=np.random.RandomState(2))
    W1 = [[-0.00416758, -0.00056267], [-0.02136196, 0.01640271]]
    W1 += [[-0.01793436, -0.00841747], [0.00502881, -0.01245288]]
    np.testing.assert_allclose(net["W1"].data, W1, atol=5e-9)
    np.testing.assert_allclose(
        net["W2"].data, [[-0.01057952, -0.00909008, 0.00551454, 0.02292208]], atol=5e-9
    )
    np.random.seed(3)  # noqa: NPY002 - the course's own line
    order = np.random.permutation(10)  # noqa: NPY002
    batch = next(
        nn.minibatches(np.arange(10.0)[None], np.zeros((1, 10)), 4, rng=np.random.RandomState(3))
    )
    assert batch.X[0].tolist() == order[:4].tolist()


@pytest.mark.parametrize("rng", [1.5, "1", True, np.bool_(1), [1], np.random])
def test_what_is_no_source_of_random_numbers_is_refused(rng) -> None:
    for make in (
        lambda: nn.Network([2, 1], rng=rng),
        lambda: nn.Linear(2, 1, rng=rng),
        lambda: nn.Dropout(0.5, rng=rng),
        lambda: nn.split(np.ones((1, 9)), np.ones((1, 9)), rng=rng),
        lambda: nn.augment(picture(), rng=rng),
        lambda: list(nn.minibatches(np.ones((1, 9)), np.ones((1, 9)), 3, rng=rng)),
    ):
        with pytest.raises(TypeError, match="rng needs to be an int, a Generator"):
            make()


@pytest.mark.parametrize(
    "stream",
    [
        np.random.RandomState(3),
        np.random.default_rng(3),
        *(np.random.Generator(b(3)) for b in (np.random.MT19937, np.random.Philox)),
        *(np.random.Generator(b(3)) for b in (np.random.SFC64, np.random.PCG64DXSM)),
    ],
    ids=lambda s: str(s)[:40],
)
def test_the_state_of_a_stream_can_be_written_down(stream) -> None:
    import json

    stream.standard_normal(3)
    state = json.loads(json.dumps(rng_state(stream)))
    expected = stream.standard_normal(5), stream.permutation(9)
    load_rng_state(stream, state)
    np.testing.assert_array_equal(stream.standard_normal(5), expected[0])
    np.testing.assert_array_equal(stream.permutation(9), expected[1])
    other = np.random.default_rng(0) if isinstance(stream, np.random.RandomState) else None
    with pytest.raises(ValueError, match="the random state is that of a"):
        load_rng_state(other or np.random.RandomState(0), state)
    assert generator(stream, "test") is stream
