"""Checkpoints: the same gradients, less memory, and an error where the second run differs."""

from __future__ import annotations

import gc
import sys
import threading
import tracemalloc
import weakref
from typing import Any

import numpy as np
import pytest

from autograd import (
    GradientError,
    Tensor,
    checkpoint,
    detect_anomaly,
    gradients,
    graph,
    hessian,
    no_grad,
    pause_collector,
)
from autograd.state import STATE


def leaf(x: Any) -> Tensor:
    return Tensor(x, requires_grad=True)


def test_gradients_are_those_without_it_for_arguments_and_for_what_it_closes_over() -> None:
    found = []
    for wrap in (checkpoint, lambda f: f):
        x, w = leaf([0.3, -1.0]), leaf([2.0, 0.5])
        block = wrap(lambda t, w=w: np.sin(t * w) + np.exp(w))
        (block(block(x)) * x).sum().backward()
        found.append((x.grad, w.grad))
    for ours, plain in zip(*found, strict=True):
        np.testing.assert_array_equal(ours, plain)


def test_what_an_op_reads_is_found_on_both_of_its_sides() -> None:
    x, w = leaf(0.5), leaf(2.0)
    checkpoint(lambda t: w * np.sin(t))(x).backward()  # w is outside, its partner inside
    assert (x.grad, w.grad) == (2 * np.cos(0.5), np.sin(0.5))


def test_structures_of_results_and_results_that_are_not_recorded() -> None:
    x = leaf([0.3, -1.0])

    def f(t: Any) -> Any:
        return (np.sin(t), {"sum": np.sum(t * t), "constant": 3.0, "same": t})

    a, more = checkpoint(f)(x)
    assert more["constant"] == 3.0
    assert more["sum"].shape == ()
    J = a.sum() * more["sum"] + more["same"].sum()
    expected = np.cos(x.data) * np.sum(x.data**2) + np.sin(x.data).sum() * 2 * x.data + 1
    # Sums of two terms of size 1.
    np.testing.assert_allclose(gradients(J, x), expected, rtol=1e-15)


def test_a_function_that_reads_nothing_from_outside_is_as_without_it() -> None:
    made: list[Tensor] = []

    def own() -> Any:
        made.append(leaf(2.0))
        return made[-1] * made[-1]

    checkpoint(own)().backward()
    assert len(made) == 1  # nothing asks for a second run
    assert made[0].grad == 4.0


def test_second_derivatives_pass_through_it() -> None:
    point = np.array([0.5, 1.5, -0.3])

    def f(x: Any) -> Any:
        return (np.sin(x) * x[0] ** 2).sum()

    np.testing.assert_array_equal(hessian(checkpoint(f))(point), hessian(f)(point))


def test_it_keeps_a_fraction_of_the_memory() -> None:
    def peak(wrap: Any) -> int:
        def block(y: Any) -> Any:
            for _ in range(10):
                y = np.sin(y) * 1.01
            return y

        x = leaf(np.ones(20_000))
        tracemalloc.start()
        y: Any = x
        for _ in range(10):
            y = wrap(block)(y)
        y.sum().backward()
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    # 100 steps keep 100 arrays; ten blocks keep 10, and 10 more while one is differentiated.
    assert peak(checkpoint) < 0.35 * peak(lambda f: f)


def test_a_second_run_that_differs_is_an_error() -> None:
    rng = np.random.default_rng(0)
    x, w = leaf([1.0, 0.0]), leaf(3.0)
    constant = np.array(2.0)
    y = checkpoint(lambda t: t * rng.random())(x)
    with pytest.raises(GradientError, match="other values when it ran again"):
        y.backward(np.ones(2))
    y = checkpoint(lambda t: t * w)(leaf(0.0))  # the same result for any w
    w.data = 5.0
    with pytest.raises(GradientError, match="optimizer's step"):
        y.backward()
    y = checkpoint(lambda t: t * constant)(leaf(0.0))
    constant[...] = 7.0
    with pytest.raises(GradientError, match="must not change"):
        y.backward()
    assert x.grad is None


def test_a_second_run_that_reads_another_element_is_an_error() -> None:
    calls = []

    def f(t: Any) -> Any:
        calls.append(1)
        return t[len(calls) % 2]

    y = checkpoint(f)(leaf([3.0, 3.0]))  # the same value, from another place
    with pytest.raises(GradientError, match="other values"):
        y.backward()
    rng = np.random.default_rng(0)
    mask = np.array([1.0, 2.0, 3.0])
    y = checkpoint(lambda t: (t * rng.permutation(mask)).sum())(leaf(np.ones(3)))
    with pytest.raises(GradientError, match="other values"):
        y.backward()


def test_it_records_nothing_under_no_grad_and_frees_its_graph_without_the_collector() -> None:
    with no_grad():
        assert not checkpoint(np.exp)(leaf(1.0)).requires_grad
    gc.collect()
    gc.disable()
    try:
        inside = np.exp(leaf(np.zeros(3)) * 1.0)
        alive = weakref.ref(inside.data.base)
        y = checkpoint(lambda t, s=inside: np.exp(t) * s)(inside)
        del inside, y
        assert alive() is None
    finally:
        gc.enable()


def test_a_picture_shows_one_card_for_it() -> None:
    x = leaf(0.5)
    nodes = graph(checkpoint(lambda t: np.sin(np.exp(t)))(x)).nodes
    assert [n.op for n in nodes] == ["", "checkpoint"]
    assert nodes[-1].value == np.sin(np.exp(0.5))


def test_the_collector_is_paused_once_however_many_ask() -> None:
    assert gc.isenabled()
    with pause_collector(), pause_collector():
        assert not gc.isenabled()
    assert gc.isenabled()
    gc.disable()
    try:
        with pytest.raises(KeyError), pause_collector():
            raise KeyError
        assert not gc.isenabled()  # it was off before, and stays off
    finally:
        gc.enable()


def _recorded(n: int) -> tuple[Tensor, int]:
    """Record n numbers; return the last, and how often the oldest objects were looked at."""
    y, before = leaf(1.0), gc.get_stats()[2]["collections"]
    for _ in range(n):
        y = y * 1.0
    return y, gc.get_stats()[2]["collections"] - before


def _settled() -> tuple[int, int, int]:
    """Return the collector's thresholds while what grows is no graph."""
    lists = [[i] for i in range(50_000)]
    assert len(lists) == 50_000
    return gc.get_threshold()


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="its collector does not wait")
def test_the_oldest_objects_wait_while_a_graph_grows_and_no_longer() -> None:
    assert gc.isenabled()
    usual = _settled()
    gc.collect()
    y, looked = _recorded(100_000)
    assert gc.get_threshold() > usual
    assert looked <= 1  # by itself Python looks some ten times
    assert _settled() == usual
    y.backward()


def test_a_threshold_that_somebody_sets_is_left_alone() -> None:
    usual = _settled()
    try:
        kept = [_recorded(30_000)]
        gc.set_threshold(usual[0], usual[1], 5)
        kept.append(_recorded(30_000))
        assert _settled() == (usual[0], usual[1], 5)
        gc.set_threshold(usual[0], usual[1], 0)  # looks whenever the middle generation is full
        kept.append(_recorded(30_000))
        assert gc.get_threshold()[2] == 0
        assert [y.item() for y, _ in kept] == [1.0, 1.0, 1.0]
    finally:
        gc.set_threshold(*usual)


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="its collector does not wait")
def test_graphs_that_are_freed_at_each_step_make_nothing_wait() -> None:
    """What grows beside them are objects of the user's, in which cycles may be."""
    usual, kept = _settled(), []
    for _ in range(300):
        kept.append([[i] for i in range(300)])
        y, _ = _recorded(60)
        assert gc.get_threshold() == usual
    y.backward()


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="its collector does not wait")
def test_thresholds_that_were_saved_while_a_graph_grew_are_undone() -> None:
    usual = _settled()
    try:
        y, _ = _recorded(30_000)
        saved = gc.get_threshold()
        gc.set_threshold(50_000, 20, 20)
        assert _settled() == (50_000, 20, 20)
        gc.set_threshold(*saved)
        assert y.item() == 1.0
        assert _settled() == usual
        z, _ = _recorded(30_000)
        assert gc.get_threshold() > usual
        assert z.item() == 1.0
    finally:
        gc.set_threshold(*usual)


def test_the_collector_counts_nodes_without_taking_their_numbers() -> None:
    m = leaf(np.ones((2, 2)))
    numbers = []
    for _ in range(3):
        numbers.append((m * 1.0)._node.id)
        gc.collect(1)
    assert np.diff(numbers).tolist() == [1, 1]


def test_cycles_among_old_objects_are_found_after_a_graph_has_grown() -> None:
    class Cycle:
        pass

    cycle = Cycle()
    cycle.self = cycle  # type: ignore[attr-defined]
    alive = weakref.ref(cycle)
    gc.collect()  # among the oldest from here on
    y, _ = _recorded(30_000)
    del cycle
    kept: list[Any] = []
    while alive() is not None and len(kept) < 3_000_000:
        kept += [[y] for _ in range(10_000)]  # between two looks, which hold it
    assert alive() is None


def test_one_mode_may_be_open_in_several_threads() -> None:
    mode, log = no_grad(), []
    entered, leave = threading.Barrier(2), threading.Barrier(2)

    def work(outer: bool) -> None:
        with no_grad() if outer else detect_anomaly():
            with mode:
                entered.wait()
                leave.wait()
            log.append((outer, STATE.get().recording))

    threads = [threading.Thread(target=work, args=(outer,)) for outer in (True, False)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(log) == [(False, True), (True, False)]


def test_a_mode_decorates_generators_and_coroutines_by_their_bodies() -> None:
    import asyncio

    @no_grad()
    def numbers() -> Any:
        received = yield STATE.get().recording
        yield received, STATE.get().recording
        return "done"

    running = numbers()
    assert next(running) is False
    assert STATE.get().recording  # between its steps the caller records
    assert running.send(5) == (5, False)
    with pytest.raises(StopIteration, match="done"):
        next(running)

    @no_grad()
    async def later() -> bool:
        await asyncio.sleep(0)
        return STATE.get().recording

    assert asyncio.run(later()) is False
    with pytest.raises(TypeError, match="asynchronous generator"):

        @no_grad()
        async def stream() -> Any:
            yield 1


def test_exactly_two_results_are_both_differentiated() -> None:
    x = leaf([0.5, 1.5])
    s, e = checkpoint(lambda t: (np.sin(t), np.exp(t)))(x)
    (3.0 * s + e).sum().backward()
    np.testing.assert_allclose(x.grad, 3 * np.cos(x.data) + np.exp(x.data), rtol=1e-15)


def test_a_constant_before_what_comes_from_outside() -> None:
    x, y = leaf(0.5), leaf(2.0)
    checkpoint(lambda: np.subtract(3.0, x) * np.divide(1.0, y))().backward()
    assert (x.grad, y.grad) == (-0.5, -2.5 / 4.0)


def test_checkpoints_nest() -> None:
    inner = checkpoint(lambda y: np.exp(y) * y)
    x = leaf(0.5)
    checkpoint(lambda t: np.sin(inner(t)) * t)(x).backward()
    u, du = np.exp(0.5) * 0.5, np.exp(0.5) * 1.5
    assert x.grad == pytest.approx(np.cos(u) * du * 0.5 + np.sin(u), rel=1e-14)
