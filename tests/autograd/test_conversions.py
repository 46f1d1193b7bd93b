"""A tracked number that becomes a plain one: refused where its gradient would be lost unseen."""

from __future__ import annotations

import array as plain_arrays
import cmath
import copy
import functools
import math
import operator
import pickle
import threading
import types
import warnings
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import (
    AutogradError,
    DTypeError,
    GradientError,
    ReadOnlyError,
    Tensor,
    at,
    detect_anomaly,
    grad,
)
from tests.autograd.helpers import leaf, table

W = [1.0, 2.0, 3.0]


def element(y: Any, w: Any) -> None:
    y[0] = w[0] * w[1]


def added(y: Any, w: Any) -> None:
    y[1] += w[1]


def sliced(y: Any, w: Any) -> None:
    y[:] = w


def part(y: Any, w: Any) -> None:
    y[0:2] = w[0:2]


def listed(y: Any, w: Any) -> None:
    y[[0, 1]] = w[0:2]


def listed_values(y: Any, w: Any) -> None:
    y[0:2] = [w[0], w[1]]


def of_one(y: Any, w: Any) -> None:
    y[0] = w[0:1]


def objects(w: Any) -> Any:
    """Return an array of objects, which are tensors of one number."""
    found = np.empty(3, object)
    found[:] = list(w)
    return found


STORES = {f.__name__: f for f in (element, added, sliced, part, listed, listed_values, of_one)}
STORES |= {
    "fill": lambda y, w: y.fill(w[0]),
    "__setitem__": lambda y, w: y.__setitem__(0, w[0]),
    "fromiter": lambda y, w: np.fromiter((x for x in w), float),
    "fromiter of a map": lambda y, w: np.fromiter(map(np.sin, w), float),
    "astype of objects": lambda y, w: objects(w).astype(float),
    "asarray of objects": lambda y, w: np.asarray(objects(w), float),
    "copyto of objects": lambda y, w: np.copyto(y, objects(w), casting="unsafe"),
    "array.array": lambda y, w: plain_arrays.array("d", [w[0]]),
    "full": lambda y, w: np.full(3, w[0]),
    "starred": lambda y, w: y.fill(*[w[0]]),
    "starred fromiter": lambda y, w: np.fromiter(*((x for x in w), float)),
    "of the operators": lambda y, w: operator.setitem(y, 0, w[0]),
    "a part of it": lambda y, w: functools.partial(operator.setitem, y, 0)(w[0]),
    "mapped": lambda y, w: list(map(y.__setitem__, range(3), w)),
}


def renamed(y: Any, w: Any) -> None:
    """Call a method that has another name here."""
    store = y.__setitem__
    store(0, w[0])


def renamed_fill(y: Any, w: Any) -> None:
    """Call a method that has another name here."""
    f = y.fill
    f(w[0])


def given(x: Any) -> Any:
    return x


STORES |= {
    "fromiter as float": lambda y, w: np.fromiter((x * w[0] for x in w), float),
    "fromiter of a list": lambda y, w: np.fromiter([x * w[0] for x in w], dtype=float),
    "fromiter of a result": lambda y, w: np.fromiter(w.ravel(), dtype=float),
    "astype float": lambda y, w: given(objects(w)).astype(float),
    "astype of a call": lambda y, w: given(objects(w)).astype(np.float64),
    "made by frompyfunc": lambda y, w: np.frompyfunc(lambda v: v * w[0], 1, 1)(y).astype(float),
    "out of a ufunc": lambda y, w: np.add(objects(w), 0.0, out=y, casting="unsafe"),
}


def local_store(y: Any, w: Any) -> None:
    """Map a function over local names."""
    x, put = w[0], operator.setitem
    list(map(put, (y,), (0,), (x,)))


STORES |= {f.__name__: f for f in (renamed, renamed_fill, local_store)}


def attribute(w: Any) -> Any:
    """Call a function of math that an object keeps."""
    holder = types.SimpleNamespace(root=math.sqrt)
    return holder.root(w[0])


def later(w: Any) -> Any:
    """Run through a map that was made before."""
    roots = map(math.sqrt, w)
    return list(roots)


def unpacked(w: Any) -> Any:
    """Give the results names."""
    a, b, c = map(math.sqrt, w)
    return a + b + c


def looped(w: Any) -> Any:
    """Loop over a map."""
    total = 0.0
    for x in map(math.sqrt, w):
        total += x
    return total


def local_names(w: Any) -> Any:
    """Map a function that has a local name; newer Pythons load both names at once."""
    root = math.sqrt
    return list(map(root, w))


OF_MATH: dict[str, Any] = {f.__name__: f for f in (attribute, later, unpacked, looped, local_names)}
OF_MATH |= {
    "starred": lambda w: math.hypot(*w),
    "mapped": lambda w: list(map(math.sqrt, w)),
    "in a list": lambda w: [*map(math.sqrt, w)],
    "in a comprehension": lambda w: [x for x in map(math.sqrt, w)],  # noqa: C416 - as it is
    "partial": lambda w: functools.partial(math.pow, 2.0)(w[0]),
    "from a table": lambda w: {"root": math.sqrt}["root"](w[0]),
}


@pytest.mark.parametrize("f", table(OF_MATH))
def test_functions_of_math_are_refused_however_they_are_called(f: Any) -> None:
    with pytest.raises(GradientError, match="gradient would be lost"):
        f(leaf(W))


def test_what_is_converted_in_so_many_words_stays_silent() -> None:
    w = leaf(W)
    ways = [
        list(map(float, w)),
        [*map(float, w)],
        [float(x) for x in w],
        np.fromiter(map(float, w), float).tolist(),
    ]
    assert ways == [W] * 4
    total, other = sum(map(float, w)), math.fsum(map(float, w))
    assert total == other == sum(W)
    roots = [math.sqrt(float(x)) for x in w]
    assert roots == [math.sqrt(x) for x in W]


def test_functions_of_scipy_that_call_for_numbers_are_told() -> None:
    integrate = pytest.importorskip("scipy.integrate", reason="SciPy is not installed")
    optimize = pytest.importorskip("scipy.optimize", reason="SciPy is not installed")
    w = leaf(2.0)
    for call in (
        lambda: integrate.quad(lambda s: w * s, 0, 1),
        lambda: integrate.dblquad(lambda s, u: w * s * u, 0, 1, 0, 1),
    ):
        with pytest.warns(RuntimeWarning, match=r"quad takes the number of a Tensor alone"):
            call()
    # Code in C may not be left by an error: it goes on, and ends as a SystemError.
    with pytest.warns(RuntimeWarning, match=r"brentq takes the number of a Tensor alone"):
        assert optimize.brentq(lambda s: w * s - 1, 0, 1) == pytest.approx(0.5)
    assert integrate.quad(lambda s: (w * s).item(), 0, 1)[0] == pytest.approx(1.0)


def raised(f: Any, *args: Any) -> GradientError:
    """Return our error, which NumPy may have put behind one of its own."""
    with pytest.raises((GradientError, ValueError)) as found:
        f(*args)
    error = found.value
    while not isinstance(error, GradientError):
        assert error.__cause__ is not None
        error = error.__cause__  # type: ignore[assignment]
    return error


@pytest.mark.parametrize("store", table(STORES))
def test_storing_a_tracked_number_is_an_error_everywhere(store: Any) -> None:
    y = np.zeros(3)
    assert "gradient would be lost" in str(raised(store, y, leaf(W)))
    assert not y.any()

    def f(w: Any) -> Any:
        y = np.zeros(3)
        store(y, w)
        return (y * w).sum()

    with pytest.raises(GradientError, match="gradient would be lost"):  # ours, in a transform
        grad(f)(np.array(W))


@pytest.mark.parametrize("store", table({k: STORES[k] for k in ("element", "sliced", "part")}))
def test_the_error_of_an_assignment_says_what_to_write(store: Any) -> None:
    said = str(raised(store, np.zeros(3), leaf(W, "w")))
    assert "at(y, index).set(t)" in said
    assert "autograd.array([...])" in said
    assert "np.stack" in said


def test_what_the_error_advises_works() -> None:
    w = leaf(W)
    y: Any = np.zeros(3)
    for i in range(3):
        y = at(y, i).set(w[i] * w[0])
    (y * w).sum().backward()
    np.testing.assert_array_equal(w.grad, [16.0, 4.0, 6.0])
    w.zero_grad()
    y = autograd.array([w[i] * w[0] for i in range(3)])
    (y * w).sum().backward()
    np.testing.assert_array_equal(w.grad, [16.0, 4.0, 6.0])


def test_functions_of_math_are_refused_everywhere() -> None:
    x = leaf(4.0)
    with pytest.raises(GradientError, match=r"^math\.sqrt.*write np\.sqrt\(\.\.\.\)"):
        math.sqrt(x)
    sqrt = math.sqrt
    with pytest.raises(GradientError, match=r"^sqrt.*gradient would be lost"):
        sqrt(x)
    with pytest.raises(GradientError, match="gradient would be lost"):
        cmath.sqrt(x)
    with pytest.raises(GradientError, match="write a function of NumPy"):  # np.fsum is none
        math.fsum([x, x])


def test_pickling_in_a_transform_is_refused() -> None:
    with pytest.raises(GradientError, match="inside a transform"):
        grad(lambda x: pickle.loads(pickle.dumps(x * x)).sum() * x[0])(np.ones(2))


def test_constants_may_be_added_in_place() -> None:
    y, w = np.ones(2), leaf([1.0, 2.0])
    y += w.detach()
    np.testing.assert_array_equal(y, [2.0, 3.0])


def test_looking_at_a_number_is_silent_outside_of_transforms() -> None:
    loss = leaf(2.0) * 3
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert float(loss) == loss.item() == 6.0
        assert f"{loss:.2f}" == "%.2f" % loss == "6.00"  # noqa: UP031 - it is what is tested
        assert [float(x) for x in (loss, loss)] == list(map(float, (loss, loss)))
        assert not math.isnan(loss)
        assert int(loss) == 6
        assert np.float64(loss) == 6.0
        losses = [0.0]
        losses[0] = float(loss)
        values = np.zeros(1)
        values[0] = loss.item()


@pytest.mark.parametrize("convert", [float, int, lambda t: t.item(), lambda t: t.numpy()])
def test_every_thread_of_a_transform_is_seen(convert: Any) -> None:
    def f(x: Any) -> Any:
        found: list[Any] = []

        def work() -> None:
            try:
                found.append(convert(x * 2))
            except GradientError as error:
                found.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        if isinstance(found[0], GradientError):
            raise found[0]
        return x * found[0]

    with pytest.raises(GradientError, match="inside a transform"):
        grad(f)(3.0)
    other = leaf(2.0)  # what no transform differentiates by may be looked at meanwhile
    assert grad(lambda x: x * convert_in_thread(other * 1))(3.0) == 2.0


def convert_in_thread(t: Any) -> float:
    found: list[float] = []
    thread = threading.Thread(target=lambda: found.append(float(t)))
    thread.start()
    thread.join()
    return found[0]


def test_anomaly_detection_names_lines_of_conversions() -> None:
    loss = leaf(2.0) * 3
    with detect_anomaly(), pytest.warns(RuntimeWarning, match="gives a plain number") as caught:
        float(loss)
    assert caught[0].filename == __file__


def test_copies_in_a_transform_keep_the_gradient() -> None:
    for copied in (copy.copy, copy.deepcopy, lambda t: copy.deepcopy({"t": t})["t"]):
        assert grad(lambda x, c=copied: c(x * x) * x)(2.0) == 12.0
        assert not copied(leaf(2.0) * 1).requires_grad


@pytest.mark.parametrize(
    ("program", "named"),
    [
        ("np.mean([t, t])", r"np\.mean of .* write autograd\.mean\(\.\.\.\), which takes lists"),
        ("np.linalg.norm([t, t])", r"np\.linalg\.norm of .* write autograd\.norm"),
        ("np.random.default_rng(0).normal(t)", r"np\.random\.default_rng\.normal of a Tensor"),
        ("rows[0].searchsorted(t)", r"rows\.searchsorted of a Tensor"),
        ("np.asarray(holder.t)", r"np\.asarray of a Tensor"),
    ],
)
def test_the_function_that_asks_for_an_array_is_named(program: str, named: str) -> None:
    class holder:
        t = leaf([1.0, 2.0])

    space = {"np": np, "t": leaf(2.0), "holder": holder, "rows": [np.arange(3.0)]}
    for where in (f"{program}\n", f"def f():\n    {program}\nf()\n"):
        with pytest.raises(GradientError, match=named):
            exec(compile(where, "<program>", "exec"), space)


def test_data_may_be_updated_in_place_and_not_written_to() -> None:
    w = leaf([1.0, 2.0], "w")
    before = w * w
    w.data -= 0.5
    np.testing.assert_array_equal(w.data, [0.5, 1.5])
    before.sum().backward()  # what was recorded before stays what it was
    np.testing.assert_array_equal(w.grad, [2.0, 4.0])
    with pytest.raises(ReadOnlyError, match=r"w\.data = at\(w\.data, index\)\.set"):
        w.data[0] = 5.0
    with pytest.raises(ReadOnlyError, match=r"w\.data = at\(w\.data, index\)\.set"):
        w.data[0] -= 5.0
    with pytest.raises(ReadOnlyError, match=r"new = w\.numpy\(\)"):
        w.data.fill(5.0)
    view = w.data
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 5.0
    np.testing.assert_array_equal(w.data, [0.5, 1.5])


READS = """
autograd.at(w.data, 0).set(5.0)
np.add.at(w.data.copy(), [0], 1.0)
kept[k] = table.at[w.data.size]
order = w.data.sort
kept[k] = math.isclose(w.sum(), math.sqrt(9.0))
kept[k] = math.ceil(w.sum() / math.log(2.0))
kept[k] = math.isclose(a=w.sum(), b=math.exp(math.log(3.0)))
kept[k] = math.isclose(*[w.sum(), math.sqrt(9.0)])
kept[k] = w.data
kept["W" + str(k)] = w.data
kept[k] = w.data if k else None
kept[k] = w.data[0]
kept[k] = [w.data, 1]
kept[k] = w.data.copy()
rows[0:1] = [w.data]
rows[a:] = w.data
kept[k] = value = w.data
kept[k], value = w.data, 1
plain[k] += w.data[0]
plain[:] = w.data
kept[k] = kept.get(w.data.size)
del kept[w.data.size]
kept[w.data.size] = k
kept[int(w.data[0])] = w.data
holder.best = w.data
kept[k] = kept[k - 1] = w.data
""".strip().splitlines()
STORES = """
w.data[k] = 5.0
w.data[k - 1] = plain[0]
w.data[a:] = 5.0
w.data[a:2] = plain
w.data[:] = plain
w.data[..., k - 1] = 5.0
w.data[plain > 0] = 0.0
value = w.data[0] = 5.0
w.data[k] -= 5.0
w.data[a:] *= 2
w.data[a:2] += plain
w.data[..., k - 1] /= 5.0
w.data.fill(1.0)
w.data.sort()
w.data.put(k, 1.0)
np.add.at(w.data, [k], 5.0)
np.maximum.at(holder.w.data, [0], 9.0)
""".strip().splitlines()


def run_lines(line: str, within: str) -> None:
    """Run a line in a function of its own, in one with a closure, or at the top of a module."""
    known = {
        "w": leaf([1.0, 2.0], "w"), "kept": {0: 0, 2: 1}, "rows": [1, 2], "plain": np.ones(2),
        "k": 1, "a": 0, "holder": types.SimpleNamespace(w=leaf([1.0, 2.0])), "np": np,
        "autograd": autograd, "math": math, "table": types.SimpleNamespace(at={2: 1}),
    }  # fmt: skip
    heads = {
        "module": line,
        "function": f"def f(w, kept, rows, plain, k, a, holder):\n    {line}\n"
        "f(w, kept, rows, plain, k, a, holder)",
        "closure": f"def g(w, kept, rows, plain, k, a, holder):\n    def f():\n        {line}\n"
        "    f()\ng(w, kept, rows, plain, k, a, holder)",
    }
    exec(heads[within], known)


@pytest.mark.parametrize("within", ["module", "function", "closure"])
@pytest.mark.parametrize("line", READS)
def test_data_may_be_read_in_any_line(line: str, within: str) -> None:
    run_lines(line, within)


@pytest.mark.parametrize("within", ["module", "function", "closure"])
@pytest.mark.parametrize("line", STORES)
def test_storing_into_data_says_what_to_write(line: str, within: str) -> None:
    with pytest.raises(ReadOnlyError, match=r"the value is read-only"):
        run_lines(line, within)


def test_requires_grad_cannot_be_switched_and_says_how_else() -> None:
    w = leaf(1.0, "w")
    with pytest.raises(GradientError, match=r"compute with w\.detach\(\)"):
        w.requires_grad = False
    w.requires_grad = True
    with pytest.raises(GradientError, match="Tensor"):
        Tensor(1.0).requires_grad = True


@pytest.mark.parametrize(
    ("f", "said"),
    table(
        {
            "y += t": (lambda t: np.zeros(2).__iadd__(t), r"write y = y \+ t"),
            "np.add.at": (lambda t: np.add.at(np.zeros(2), [0], t[:1]), r"at\(y, index\)\.add"),
            "emath": (np.emath.log, r"^np\.emath\.log: .*write np\.log"),
            "fft": (np.fft.fft, r"^np\.fft\.fft: .*complex"),
            "np.array": (lambda t: np.array([[t[0], 0.0]]), r"^np\.array .*autograd\.array\("),
            "np.dot": (lambda t: np.dot([t[0]], [t[1]]), r"^np\.dot .*autograd\.array\("),
            "np.mean": (lambda t: np.mean([t[0], t[1]]), r"^np\.mean .*autograd\.array\("),
            "np.r_": (lambda t: np.r_[t, 1.0], r"np\.r_"),
            "fill": (lambda t: t.fill(0), "in place.*full_like"),
        }
    ),
)
def test_errors_name_what_was_done_and_what_to_write(f: Any, said: str) -> None:
    with pytest.raises((GradientError, TypeError, AttributeError), match=said):
        f(leaf([1.0, 2.0]))


def test_nested_lists_of_tensors_become_one() -> None:
    a, b = leaf(2.0), leaf(3.0)
    A = autograd.array([[a, b], [0, a * b]])
    assert A.shape == (2, 2)
    A.sum().backward()
    assert (a.grad, b.grad) == (4.0, 3.0)
    x = leaf([1.0, 2.0])
    assert autograd.array([x, x * 2, [0.0, 1.0]]).shape == (3, 2)
    assert autograd.array([1, 2.5]).data.tolist() == [1.0, 2.5]
    with pytest.raises(autograd.ShapeError, match="one shape"):
        autograd.array([[a, b], [a]])
    with pytest.raises(autograd.ShapeError, match="one shape"):
        autograd.array([a, x])


@pytest.mark.parametrize("name", ["mean", "sum", "std", "max", "median", "norm", "var", "prod"])
def test_our_functions_take_lists_of_tensors(name: str) -> None:
    f, values = getattr(autograd, name), np.array([1.0, 4.0, 2.5])
    x = leaf(values)
    f([x[0], x[1], x[2]]).backward()
    y = leaf(values)
    f(y).backward()
    np.testing.assert_allclose(x.grad, y.grad, rtol=1e-15)


def test_operands_may_be_lists_of_tensors() -> None:
    a, b = leaf(2.0), leaf(3.0)
    (leaf([1.0, 2.0]) * [a, b]).sum().backward()
    assert (a.grad, b.grad) == (1.0, 2.0)
    autograd.dot([a, b], [b, a]).backward()
    assert (a.grad, b.grad) == (7.0, 6.0)


# -- numbers that NumPy's own functions take beside plain arrays ---------------------------------


TAKEN: dict[str, Any] = {
    "sum": lambda x, t: np.sum(x, initial=t),
    "prod": lambda x, t: np.prod(x, initial=t),
    "max": lambda x, t: np.max(x, initial=t),
    "nansum": lambda x, t: np.nansum(x, initial=t),
    "method": lambda x, t: x.sum(initial=t),
    "reduce": lambda x, t: np.add.reduce(x, initial=t),
    "interp": lambda x, t: np.interp(5.0, x, x, right=t),
    "std": lambda x, t: np.std(x, ddof=t),
    "nan_to_num": lambda x, t: np.nan_to_num(x, nan=t),
    "unwrap": lambda x, t: np.unwrap(x, period=t),
    "pad": lambda x, t: np.pad(x, 1, constant_values=t),
}


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("call", table(TAKEN))
def test_a_tensor_beside_a_plain_array_is_refused_or_recorded(call: Any, inside: bool) -> None:
    x = np.arange(4.0)
    run = grad(lambda t: call(x, t * 1.0)) if inside else lambda t: call(x, leaf(t) * 1.0)
    with pytest.raises((AutogradError, ValueError)) as caught:  # NumPy wraps some of them
        run(2.0)
    found = caught.value if isinstance(caught.value, AutogradError) else caught.value.__cause__
    assert isinstance(found, AutogradError)
    assert "gradient" in str(found) or "derivative" in str(found)


@pytest.mark.parametrize("name", ["var", "std", "linalg.norm"])
@pytest.mark.parametrize("constant", [False, True])
def test_a_parameter_with_a_graph_is_refused_where_nothing_else_has_one(
    name: str, constant: bool
) -> None:
    t = leaf(2.0) * 1.0
    f = {"var": autograd.var, "std": autograd.std, "linalg.norm": autograd.norm}[name]
    x = Tensor(np.arange(4.0)) if constant else np.arange(4.0)
    key = "ord" if name == "linalg.norm" else "ddof"
    with pytest.raises(DTypeError, match="needs a plain value, got a Tensor"):
        f(x, **{key: t})


def test_a_format_is_a_number_too() -> None:
    with pytest.raises(GradientError, match=r"format\(Tensor\) inside a transform"):
        grad(lambda x: (f"{x[0]:.3f}", x.sum())[1])(np.ones(2))
    assert f"{leaf(2.0) * 1.0:.3f}" == "2.000"


def test_anomaly_detection_names_conversions_in_the_threads_it_starts() -> None:
    y = leaf(2.0) * 3.0
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        with detect_anomaly():
            thread = threading.Thread(target=lambda: float(y))
            thread.start()
            thread.join()
        assert len(told) == 1
        assert "float(Tensor) gives a plain number" in str(told[0].message)
        assert told[0].filename == __file__
        thread = threading.Thread(target=lambda: float(y))
        thread.start()
        thread.join()
    assert len(told) == 1


FLAT = {
    "heaviside": lambda w: np.heaviside(w, 1.0),
    "copysign": lambda w: np.copysign(2.0, w),
    "where": lambda w: np.where(w, 1.0, 0.0),
    "sign": np.sign,
}


@pytest.mark.parametrize("f", table(FLAT))
def test_what_has_derivative_0_everywhere_has_no_gradient_to_lose(f: Any) -> None:
    P = f(leaf(W))
    expected = f(np.array(W))
    np.testing.assert_array_equal(np.asarray(P), expected)
    out = np.zeros(3)
    for i in range(3):
        out[i] = f(leaf(W)[i])
    np.testing.assert_array_equal(out, expected)
    np.testing.assert_array_equal(np.fromiter((f(w) for w in leaf(W)), float), expected)
    found = grad(lambda w: np.sum(w * np.array([float(f(v)) for v in w])))(np.array(W))
    np.testing.assert_array_equal(found, expected)
