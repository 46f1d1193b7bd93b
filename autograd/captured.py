"""Course-style functions for `check_backprop`: run them, and see what they call their values.

``forward`` computes J and a cache, ``backward`` the gradients from the cache. Both run as they are;
the values of their variables are read when they return.
"""

from __future__ import annotations

import ast
import copy
import inspect
import sys
import textwrap
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.backward import gradients
from autograd.checking import relative_error
from autograd.edits import redrawn
from autograd.errors import GradientError
from autograd.tensor import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

__all__ = ["derivation", "judge"]

from_engine = True

_PARAMS = {"params", "parameters", "p", "theta", "weights"}
_CACHE = {"cache", "caches"}


def derivation(
    forward: Callable[..., Any], backward: Callable[..., Any], params: Any, data: Sequence[Any]
) -> tuple[Tensor, dict[str, Any], list[str]]:
    """Run both functions; return the cost with its graph, the derivation by name, and notes.

    Parameters
    ----------
    forward : callable
        Returns J, or (J, cache). Its arguments are found by their names: ``params`` or
        ``parameters``, single names of parameters, ``X``, ``Y``. One name of another kind stands
        for the parameters, where nothing else does.
    backward : callable
        Returns the gradients, as a dict or in the order of the parameters. It may take ``cache``.
    params : dict, list or tuple of arrays
    data : sequence of arrays
        X and Y.
    """
    named = _named(params)
    kept = {name: np.array(value) for name, value in named.items()}
    leaves = {k: Tensor(v.astype(float), name=k, requires_grad=True) for k, v in kept.items()}
    labels = _labels(data)
    inputs = [np.array(x) for x in data]
    tensors = [Tensor(x, name=n) for x, n in zip(inputs, labels, strict=True)]
    state = np.random.get_state()  # noqa: NPY002 - so that dropout draws the same mask again
    result, inside = _run(
        forward, _bound(forward, _like(params, leaves), tensors, labels, None), state
    )
    J = result[0] if isinstance(result, (tuple, list)) else result
    if not isinstance(J, Tensor) or J.size != 1 or not J.requires_grad:
        got = f"shape {J.shape}" if isinstance(J, Tensor) else type(J).__name__
        raise GradientError(
            f"check_backprop: {_name(forward)} needs to return J or (J, cache), with J one number "
            f"computed from the parameters by NumPy's functions (without float()), got {got}."
        )
    twice = rebound(forward)
    names = [*named]
    if not isinstance(params, dict):  # a list has the names that forward gives its items
        names = _unpacked(inside, leaves, twice)
        for leaf, name in zip(leaves.values(), names, strict=True):
            leaf.named(name)
    once = {k: v for k, v in inside.items() if k not in twice and k not in leaves}
    _give_names({**_entries(result), **once}, leaves)
    plain = {k: v.astype(float) for k, v in kept.items()}
    again, _ = _run(forward, _bound(forward, _like(params, plain), inputs, labels, None), state)
    value = again[0] if isinstance(again, (tuple, list)) else again
    if not np.allclose(np.asarray(value, float).reshape(-1), J.data.reshape(-1), rtol=1e-6):
        raise GradientError(
            f"check_backprop: two calls of {_name(forward)} give different costs; seed what is "
            "random in it, such as dropout."
        )
    cache = again[1] if isinstance(again, (tuple, list)) and len(again) > 1 else None
    before = _copies(cache)
    found, mine = _run(backward, _bound(backward, _like(params, plain), inputs, labels, cache))
    notes = []
    lost = sorted(k for k in rebound(backward) if k[:1] == "d" and k in mine)
    if lost:
        notes.append(f"Not compared, as they are assigned more than once: {', '.join(lost)}.")
    if any(not np.array_equal(plain[k], kept[k]) for k in kept):
        notes.append(f"{_name(backward)} changes its parameters; copy them before an update.")
    if any(
        not np.array_equal(a, b, equal_nan=True)
        for a, b in zip(before, _copies(cache), strict=False)
    ):
        notes.append(f"{_name(backward)} changes the cache, which the next call would see.")
    returned = _gradients(found, names)
    absent = [f"d{k}" for k in names if f"d{k}" not in returned]
    if absent:
        notes.append(f"Not returned: {', '.join(absent)}.")
    seen = {k: v for k, v in _apart(_arrays(mine), returned).items() if k not in lost}
    return J, {**seen, **returned}, notes


def judge(
    forward: Callable[..., Any], backward: Callable[..., Any], params: Any, data: Sequence[Any]
) -> tuple[Callable[[Callable[..., Any]], bool], list[str]]:
    """Return what tells whether a backward function is right, and the keys of the cache.

    It is judged at the given parameters and data and at two others, because a special point, such
    as biases of 0, hides mistakes.
    """
    named = _named(params)
    names, labels = [*named], _labels(data)
    cases: list[tuple[list[Any], dict[str, Any]]] = []
    keys: list[str] = []
    for seed in (None, 1, 2):
        values = [np.array(v, float) for v in named.values()]
        inputs = [np.array(x) for x in data]
        if seed is not None:
            values, inputs = redrawn(values, seed), redrawn(inputs, seed + 10)
        leaves = [Tensor(v, requires_grad=True) for v in values]
        tensors = [Tensor(x) for x in inputs]
        like = _like(params, dict(zip(named, leaves, strict=True)))
        result, inside = _run(forward, _bound(forward, like, tensors, labels, None))
        if not isinstance(params, dict):
            names = _unpacked(inside, dict(zip(named, leaves, strict=True)), rebound(forward))
        J = result[0] if isinstance(result, (tuple, list)) else result
        right = gradients(J, leaves, allow_unused=True)
        plain = _like(params, dict(zip(named, values, strict=True)))
        again = forward(*_bound(forward, plain, inputs, labels, None))
        cache = again[1] if isinstance(again, (tuple, list)) and len(again) > 1 else None
        keys = keys or list(_entries(cache))
        call = _bound(backward, plain, inputs, labels, cache)
        expected = {
            f"d{k}": np.zeros(v.shape) if g is None else np.asarray(g)
            for k, v, g in zip(names, values, right, strict=True)
        }
        cases.append((call, expected))
    call, expected = cases[0]
    wanted = _gradients(backward(*copy.deepcopy(call)), names).keys() & expected.keys()

    def passes(function: Callable[..., Any]) -> bool:
        for call, expected in cases:
            try:
                with np.errstate(all="ignore"):
                    found = _gradients(function(*copy.deepcopy(call)), names)
            except Exception:  # an edit that does not run is none
                return False
            if not wanted <= found.keys():  # nor is one that returns a gradient less
                return False
            for name in wanted:
                g, right = found[name], expected[name]
                if np.shape(g) != right.shape or not relative_error(g, right) < 1e-7:
                    return False
        return bool(wanted)

    return passes, keys


def _unpacked(inside: dict[str, Any], leaves: dict[str, Tensor], twice: set[str]) -> list[str]:
    """Return the names that a function gives to the items of a list of parameters."""
    own = {id(v): k for k, v in inside.items() if isinstance(v, Tensor) and k not in twice}
    return [own.get(id(leaf), k) for k, leaf in leaves.items()]


def _labels(data: Any) -> list[str]:
    if not isinstance(data, (tuple, list)) or len(data) > 2:
        raise GradientError("check_backprop: data needs a pair (X, Y), or (X,).")
    return ["X", "Y"][: len(data)]


def _named(params: Any) -> dict[str, Any]:
    found = None
    if isinstance(params, dict):
        found = dict(params)
    if isinstance(params, (list, tuple)):
        found = {f"p{i}": x for i, x in enumerate(params, 1)}
    if found is not None:
        for name, value in found.items():
            try:
                np.array(value, float)
            except (TypeError, ValueError):
                raise GradientError(
                    f"check_backprop: parameter {name!r} needs to be an array of numbers, got "
                    f"{type(value).__name__}; give a flat dict of arrays."
                ) from None
        return found
    raise GradientError(
        f"check_backprop: params needs a dict such as {{'W1': W1, 'b1': b1}}, or a list, got "
        f"{type(params).__name__}."
    )


def _like(params: Any, values: dict[str, Any]) -> Any:
    return dict(values) if isinstance(params, dict) else type(params)(values.values())


def _bound(
    f: Callable[..., Any], params: Any, data: Sequence[Any], labels: Sequence[str], cache: Any
) -> list[Any]:
    """Return the arguments of a call, found by the names that the function gives them."""
    known: dict[str, Any] = dict(zip(labels, data, strict=True))
    known |= {name.lower(): value for name, value in known.items()}
    known |= dict.fromkeys(_PARAMS, params) | dict.fromkeys(_CACHE, cache)
    if isinstance(params, dict):
        known |= params
    names = [
        p.name
        for p in inspect.signature(f).parameters.values()
        if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    unknown = [name for name in names if name not in known]
    if len(unknown) == 1 and not set(names) & (
        _PARAMS | set(params if isinstance(params, dict) else ())
    ):
        known[unknown[0]] = params  # the only one that is left
        unknown = []
    if unknown:
        raise GradientError(
            f"check_backprop: {_name(f)} has the arguments {', '.join(names)}; known are X, Y, "
            f"parameters, cache and the names of parameters, not {', '.join(unknown)}: rename it, "
            "or give it a default."
        )
    return [known[name] for name in names]


def rebound(f: Callable[..., Any]) -> set[str]:
    """Return the variables that a function assigns more than once: at its end they are others."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(f)))
    except (OSError, TypeError, SyntaxError):
        return set()
    count: Counter[str] = Counter()

    def visit(node: ast.AST, times: int) -> None:
        times = 2 if isinstance(node, (ast.For, ast.While)) else times
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            count[node.id] += times
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            count[node.target.id] += 1
        for child in ast.iter_child_nodes(node):
            visit(child, times)

    visit(tree, 1)
    return {name for name, times in count.items() if times > 1}


def _apart(mine: dict[str, Any], returned: dict[str, Any]) -> dict[str, Any]:
    """Leave out arrays that share their memory with a later one, which has changed them."""
    found: dict[str, Any] = {}
    for name, array in mine.items():
        for other in [*found]:
            if np.shares_memory(found[other], array) and other not in returned:
                del found[other]
        found[name] = array
    return found


def _run(
    f: Callable[..., Any], arguments: list[Any], state: Any = None
) -> tuple[Any, dict[str, Any]]:
    """Call a function; return its result and its variables as they were when it returned."""
    found: dict[str, Any] = {}
    if state is not None:
        np.random.set_state(state)  # noqa: NPY002
    code = getattr(inspect.unwrap(f), "__code__", None)

    def watch(frame: FrameType, event: str, _: Any) -> None:
        if event == "return" and frame.f_code is code:
            found.update(frame.f_locals)

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        result = f(*arguments)
    except Exception as error:
        trace = error.__traceback__
        line = 0
        while trace is not None:
            if trace.tb_frame.f_code is code:
                line = trace.tb_lineno
            trace = trace.tb_next
        where = f" in line {line}" if line else ""
        raise GradientError(
            f"check_backprop: {_name(f)} raised {type(error).__name__}{where}: {error}"
        ) from error
    finally:
        sys.setprofile(before)
    return result, found


def _give_names(found: dict[str, Any], leaves: dict[str, Tensor]) -> None:
    """Give the tensors of a function the names of its variables, where they have none."""
    known = {id(t) for t in leaves.values()}
    for name, value in found.items():
        if isinstance(value, Tensor) and value.requires_grad and id(value) not in known:
            if value.name is None and not value.is_leaf and name not in leaves:
                value.named(name)
            known.add(id(value))


def _entries(x: Any) -> dict[str, Any]:
    """Return what stands in dicts under text, in a result of tuples, lists and dicts."""
    if isinstance(x, dict):
        own = {k: v for k, v in x.items() if isinstance(k, str)}
        return {**own, **{k: v for y in x.values() for k, v in _entries(y).items()}}
    if isinstance(x, (tuple, list)):
        return {k: v for y in x for k, v in _entries(y).items()}
    return {}


def _arrays(found: dict[str, Any]) -> dict[str, Any]:
    every = {**found, **_entries([*found.values()])}
    return {
        k: np.asarray(v)
        for k, v in every.items()
        if k[:1] == "d" and len(k) > 1 and isinstance(v, (np.ndarray, np.generic, float, int))
    }


def _gradients(found: Any, names: list[str]) -> dict[str, Any]:
    """Return the gradients that a function returns, by name."""
    if isinstance(found, dict):
        own = {k: f"d{k}" if k in names or k[:1] != "d" else k for k in found if isinstance(k, str)}
        return {name: np.asarray(found[k]) for k, name in own.items()}
    if isinstance(found, (tuple, list)) and found and isinstance(found[0], dict):
        return _gradients(found[0], names)  # (grads, cost), as in the course
    if isinstance(found, (tuple, list)) and len(found) == len(names):
        return {f"d{k}": np.asarray(v) for k, v in zip(names, found, strict=True)}
    if isinstance(found, (np.ndarray, float)) and len(names) == 1:
        return {f"d{names[0]}": np.asarray(found)}
    raise GradientError(
        f"check_backprop: backward needs to return a dict of gradients, or one for each of "
        f"{len(names)} parameters, got {type(found).__name__}."
    )


def _copies(x: Any) -> list[Any]:
    if isinstance(x, dict):
        return [a for v in x.values() for a in _copies(v)]
    if isinstance(x, (tuple, list)):
        return [a for v in x for a in _copies(v)]
    return [np.array(x)] if isinstance(x, np.ndarray) and x.dtype.kind in "biuf" else []


def _name(f: Callable[..., Any]) -> str:
    return getattr(f, "__name__", "the function")
