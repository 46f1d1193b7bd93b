"""Every function that is written with ops, over all its samples, beside NumPy's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.special

import autograd
from autograd import COMPOSITES, OPS, DTypeError, Tensor, check_gradients, gradients
from autograd.dispatch import ALIASES, PLAIN
from autograd.missing import MISSING
from tests.autograd.helpers import run_example, slope
from tests.autograd.samples import parse_composite

CASES = [(name, sample) for name, c in sorted(COMPOSITES.items()) for sample in c.samples]
every_sample = pytest.mark.parametrize(
    ("name", "sample"), CASES, ids=[f"{n}-{s.replace(' ', '_')}" for n, s in CASES]
)
every_composite = pytest.mark.parametrize("name", sorted(COMPOSITES))


def convolved(x: Any, w: Any, stride: Any = 1, padding: Any = 0) -> Any:
    """Convolution by its definition, one output element at a time."""
    n = x.ndim - 2
    stride, padding = (k if isinstance(k, tuple) else (k,) * n for k in (stride, padding))
    x = np.pad(x, [(0, 0), (0, 0), *((k, k) for k in padding)])
    size = [(a - b) // s + 1 for a, b, s in zip(x.shape[2:], w.shape[2:], stride, strict=True)]
    out = np.zeros((x.shape[0], w.shape[0], *size))
    for place in np.ndindex(*out.shape):
        start = [i * s for i, s in zip(place[2:], stride, strict=True)]
        cut = tuple(slice(a, a + k) for a, k in zip(start, w.shape[2:], strict=True))
        out[place] = (x[(place[0], slice(None), *cut)] * w[place[1]]).sum()
    return out


def pooled(of: Any) -> Any:
    def pool(x: Any, window: Any, stride: Any = None) -> Any:
        n = x.ndim - 2
        window = window if isinstance(window, tuple) else (window,) * n
        stride = (
            window if stride is None else stride if isinstance(stride, tuple) else (stride,) * n
        )
        size = [(a - b) // s + 1 for a, b, s in zip(x.shape[2:], window, stride, strict=True)]
        out = np.zeros((*x.shape[:2], *size))
        for place in np.ndindex(*out.shape):
            start = [i * s for i, s in zip(place[2:], stride, strict=True)]
            cut = tuple(slice(a, a + k) for a, k in zip(start, window, strict=True))
            out[place] = of(x[(*place[:2], *cut)])
        return out

    return pool


# What the functions that NumPy does not have are, by their definition.
DEFINITIONS: dict[str, Any] = {
    "conv": convolved,
    "max_pool": pooled(np.max),
    "avg_pool": pooled(np.mean),
}


def theirs(name: str) -> Any:
    homes = (np, np.linalg, scipy.special)
    return DEFINITIONS.get(name) or next(getattr(h, name) for h in homes if hasattr(h, name))


def parts(result: Any) -> list[Any]:
    return list(result) if isinstance(result, (list, tuple)) else [result]


def plain(x: Any) -> Any:
    return x.data if isinstance(x, Tensor) else np.asarray(x)


@every_sample
def test_value_is_numpys(name: str, sample: str) -> None:
    arrays, call = parse_composite(COMPOSITES[name], sample)
    expected = parts(call(arrays, theirs(name)))
    actual = parts(call([Tensor(x) for x in arrays]))
    assert len(actual) == len(expected)
    for ours, numpys in zip(actual, expected, strict=True):
        assert plain(ours).shape == np.shape(numpys)
        # The same sums in another order, of at most a few dozen terms of size about 1.
        np.testing.assert_allclose(plain(ours), numpys, rtol=1e-13, atol=1e-14)


@every_sample
def test_numpys_function_records(name: str, sample: str) -> None:
    if name not in DEFINITIONS:
        arrays, call = parse_composite(COMPOSITES[name], sample)
        leaves = [Tensor(x, requires_grad=True) for x in arrays]
        ours, through = parts(call(leaves)), parts(call(leaves, theirs(name)))
        for a, b in zip(ours, through, strict=True):
            assert type(a) is type(b)
            np.testing.assert_array_equal(plain(a), plain(b))
        assert any(isinstance(y, Tensor) and y.requires_grad for y in through)


@every_sample
def test_gradient_of_order_1_and_2_agrees_with_differences(name: str, sample: str) -> None:
    arrays, call = parse_composite(COMPOSITES[name], sample)
    weights = np.random.default_rng(1)
    # One number of all the results, of which none is left out by a symmetry.
    scale = [weights.normal(size=np.shape(y)) for y in parts(call(arrays))]

    def f(*xs: Tensor) -> Any:
        tensors = zip(parts(call(xs)), scale, strict=True)
        terms = [(y * w).sum() for y, w in tensors if isinstance(y, Tensor)]
        return sum(terms[1:], terms[0])

    check_gradients(f, *arrays, order=2).raise_if_wrong()


@every_sample
def test_float32_stays_float32_and_agrees_with_float64(name: str, sample: str) -> None:
    found: dict[type, list[Any]] = {}
    for dtype in (np.float32, np.float64):
        arrays, call = parse_composite(COMPOSITES[name], sample)
        leaves = [Tensor(x.astype(np.float32).astype(dtype), requires_grad=True) for x in arrays]
        outs = [y for y in parts(call(leaves)) if isinstance(y, Tensor) and y.requires_grad]
        if name != "float_power":  # its purpose is to change the dtype
            assert all(y.dtype == dtype for y in outs)
        seeds = [np.ones(y.shape, y.dtype) for y in outs]
        found[dtype] = gradients(outs, leaves, seeds, allow_unused=True)
        assert all(g is None or g.dtype == dtype for g in found[dtype])
    for single, double in zip(found[np.float32], found[np.float64], strict=True):
        if double is not None:
            # 2e-5 is about 200 units of float32's last place; ten times that for inverses.
            np.testing.assert_allclose(single, double, rtol=2e-4, atol=2e-4)


@every_sample
def test_arrays_give_arrays(name: str, sample: str) -> None:
    arrays, call = parse_composite(COMPOSITES[name], sample)
    before = [x.copy() for x in arrays]
    for y, z in zip(parts(call(arrays)), parts(call([Tensor(x) for x in arrays])), strict=True):
        assert not isinstance(y, Tensor)
        np.testing.assert_array_equal(y, plain(z))
    for x, old in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(x, old)


@every_composite
def test_docstring_example_runs(name: str) -> None:
    run_example(name, COMPOSITES[name].doc)


@every_composite
def test_composite_is_public_under_its_name(name: str) -> None:
    assert getattr(autograd, name) is COMPOSITES[name].call


def numpys_functions() -> list[tuple[str, str]]:
    return [
        (module.__name__, name)
        for module in (np, np.linalg)
        for name in sorted(dir(module))
        if callable(getattr(module, name))
        and not isinstance(getattr(module, name), type)
        and not name.startswith("_")
    ]


@pytest.mark.parametrize(("module", "name"), numpys_functions())
def test_each_numpy_function_is_here_or_has_its_reason(module: str, name: str) -> None:
    known = {*OPS, *COMPOSITES, *PLAIN, *ALIASES}
    function = getattr(np.linalg if module == "numpy.linalg" else np, name)
    here = name in known or getattr(function, "__name__", name) in known
    assert here != (name in MISSING)


def test_a_missing_function_says_why() -> None:
    x = Tensor([[1.0, 2.0], [2.0, 1.0]], requires_grad=True)
    with pytest.raises(
        DTypeError, match=r"np\.linalg\.eig: .*complex; for a symmetric matrix use eigh"
    ):
        np.linalg.eig(x)


def test_at_least_150_differentiable_functions() -> None:
    assert sum(any(o.rules.values()) for o in OPS.values()) + len(COMPOSITES) >= 150


def test_overwritten_windows_axes_and_repeated_places_are_no_special_case() -> None:
    with pytest.raises(autograd.ShapeError, match="each axis once"):
        autograd.sliding_window_view(Tensor([1.0, 2.0, 3.0]), (2, 2), axis=(0, 0))
    with pytest.raises(autograd.ShapeError, match="at least 1"):
        autograd.max_pool(np.ones((1, 1, 4)), 2, stride=0)
    value = Tensor([1.0, 2.0], requires_grad=True)
    y = autograd.at(np.zeros(2), [0, 0]).set(value)
    np.testing.assert_array_equal(gradients(y, value, np.array([np.inf, 1.0])), [0.0, np.inf])
    # NumPy takes booleans as the numbers 0 and 1 here.
    found = slope(lambda t: np.take(t, [True, False, True]).sum(), [5.0, 7.0])
    np.testing.assert_array_equal(found, [1.0, 2.0])


def test_parameters_are_plain_values() -> None:
    x = Tensor([1.0, 2.0, 4.0], requires_grad=True)
    with pytest.raises(TypeError):
        autograd.std(x, ddof=Tensor(1.0, requires_grad=True))
    with pytest.raises(autograd.AutogradError, match="base needs to be one number"):
        np.logspace(x[0], 1.0, 3, base=np.array([2.0, 3.0]))


@pytest.mark.parametrize("f", [np.histogram, np.histogram_bin_edges])
def test_counts_are_refused_because_weights_would_lose_their_gradient(f: Any) -> None:
    with pytest.raises(DTypeError, match="it counts"):
        f(Tensor([1.0, 2.0], requires_grad=True), 2)


def test_a_composite_without_samples_says_what_to_write() -> None:
    for declare in (lambda f: autograd.composite(f), lambda f: autograd.composite()(f)):
        with pytest.raises(TypeError, match=r'write @composite\(samples=\["3"\]\) above it'):
            declare(lambda a: a)
