"""Which values of the graph the variables of a derivation are, or are the derivatives of."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autograd.graph import graph
from autograd.program import numbers_of
from autograd.tensor import Tensor, value_of
from autograd.watched import LARGE, Assigned, Watched
from autograd.written import users_functions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from autograd.captured import Pair

__all__ = ["Given", "Places", "is_same", "meant"]

from_engine = True

_DERIVATIVE = r"d[A-Z]\w*|d[a-z]\d*|d_\w+|g[A-Z]\w*|g[a-z]|grad\w*|delta\w*|err\w*"
_BEFORE = ("dJ_d", "dL_d", "dJd", "dLd", "grad_", "d_", "g_", "bar_", "adj_", "grad", "d", "g")

_AFTER = ("_grad", "_bar", "_adj")


class Given(NamedTuple):
    """What a derivation gives for one value of the graph."""

    name: str
    array: Any
    occurrence: int = 1
    line: int | None = None
    order: float = np.inf  # in which it was computed


class Places:
    """Which values of the graph the values of a derivation belong to."""

    def __init__(
        self,
        J: Tensor,
        leaves: dict[str, Tensor],
        names: list[str],
        ran: Watched,
        pair: Pair,
    ) -> None:
        self.lines = pair.lines
        self.ahead: dict[str, list[Any]] = defaultdict(list)  # what forward's variables have been
        for a in ran.assigned:
            self.ahead[a.name].append(value_of(a.value))
        self.begin = getattr(getattr(pair.backward, "__code__", None), "co_firstlineno", 0)
        tensors = [a for a in ran.assigned if _tracked(a.value)]
        known = {id(t) for t in leaves.values()}
        by_name: dict[str, list[Tensor]] = defaultdict(list)
        for a in tensors:
            if id(a.value) not in known and all(a.value is not t for t in by_name[a.name]):
                by_name[a.name].append(a.value)
        self.numbers = [int(n) for k in leaves for n in re.findall(r"\d+$", k)]
        paths = [(path, t) for path, t in _paths(ran.variables) if id(t) not in known]
        first: dict[str, list[Tensor]] = defaultdict(list)  # by the name that each had first
        for a in tensors:
            if id(a.value) not in known and all(
                a.value is not t for ts in first.values() for t in ts
            ):
                first[a.name].append(a.value)
        for name, found in first.items():
            if len(found) == 1:
                _call(found[0], name)
        for path, t in paths:  # the key of a dict is a name, a place in a tuple hardly one
            if path.isidentifier():
                _call(t, path)
        for name, found in first.items():
            for k, t in enumerate(found, 1):
                _call(t, self._numbered(name, k, len(found), {*by_name, *leaves}))
        for path, t in paths:
            _call(t, path)
        self.view = graph(J)
        self.view.program.call_constants(self._constants(ran, pair))
        place = {id(t): node.id for t in self._everything(ran, leaves) if (node := self.find(t))}
        self.places: dict[str, list[int]] = {
            n: [place[id(t)] for t in ts if id(t) in place] for n, ts in by_name.items()
        }
        # Of each assignment its step; None where the cost does not depend on it.
        self.whole = {n: [place.get(id(t)) for t in ts] for n, ts in by_name.items()}
        for path, t in paths:
            if id(t) in place:
                self.places.setdefault(path, [place[id(t)]])
        for name, found in by_name.items():  # dA2 is that of the second A
            for k, t in enumerate(found, 1):
                if len(found) > 1 and id(t) in place:
                    self.places.setdefault(f"{name}{k}", [place[id(t)]])
        for parameter, t in zip(names, leaves.values(), strict=True):
            if id(t) in place:
                self.places[parameter] = [place[id(t)]]
        program = self.view.program
        self.true = program.pulled_back(
            program.values, {program.outputs[0]: np.ones(J.shape, J.dtype)[()]}
        )

    def _constants(self, ran: Watched, pair: Pair) -> dict[Any, str]:
        """Return the names of arrays without a graph, by their numbers: D1, a mask of dropout."""
        arrays = [(a.name, a.value) for a in ran.assigned]
        for f in users_functions(pair.forward):
            arrays += [(n, f.__globals__.get(n)) for n in f.__code__.co_names]
        by_name: dict[str, dict[Any, None]] = defaultdict(dict)
        for name, x in arrays:
            known = isinstance(x, np.ndarray) and x.ndim and x.dtype.kind in "biuf"
            if known and x.size <= LARGE:
                by_name[name][numbers_of(x)] = None
        found: dict[Any, str] = {}
        for name, keys in by_name.items():
            for k, key in enumerate(keys, 1):
                found.setdefault(key, self._numbered(name, k, len(keys), {*self.ahead}))
        return found

    def _numbered(self, name: str, k: int, many: int, taken: set[str]) -> str:
        """Return what the k-th value of a variable is called."""
        if many == 1:
            return name
        layers = max(self.numbers, default=0) == many and f"{name}{k}" not in taken
        layers = layers and not name[-1].isdigit()  # A11 is no first value of A1
        return f"{name}{k}" if layers else f"{name}:{k}"

    def _everything(self, ran: Watched, leaves: dict[str, Tensor]) -> Iterator[Tensor]:
        yield from leaves.values()
        yield from (a.value for a in ran.assigned if _tracked(a.value))
        yield from (t for _, t in _paths(ran.variables))

    def find(self, t: Tensor) -> Any:
        """Return the node of a tensor; None where the cost does not depend on it."""
        return self.view.find(t)

    def given(self, mine: Watched, returned: dict[str, Any]) -> tuple[dict[int, Given], list[str]]:
        """Return what a derivation gives for each step, and names that forward has none for."""
        found: dict[int, Given] = {}
        lost: list[str] = []
        lines = {a.name: a for a in mine.assigned}
        order = {id(a): i for i, a in enumerate(mine.assigned)}
        for name, array in returned.items():
            for place in self.places.get(name[1:], []):
                last = lines.get(name)
                line = self.lines.get(name)
                g = Given(name, np.asarray(array), 1, line, self.time_of(line, mine.assigned))
                if last is not None:
                    g = g._replace(occurrence=last.occurrence, line=last.line)
                    g = g._replace(order=order[id(last)])
                found[place] = g
        by_name: dict[str, list[Assigned]] = defaultdict(list)
        for a in mine.assigned:
            if not isinstance(a.value, Tensor) and a.name not in returned:
                same = [b for b in by_name[a.name] if b.thing is a.thing and b.line != a.line]
                if not any(np.array_equal(a.value, b.value) for b in same):  # handed on by a helper
                    by_name[a.name].append(a)
        for path, array in _arrays_in(mine.variables):
            if path not in returned and path not in by_name:
                by_name[path].append(Assigned(path, 1, 0, array))
        for name, assigned in by_name.items():
            forward = meant(name, self.places)
            named = [] if forward is None else [*self.matched(assigned, forward)]
            if not any(self.agree(k, a.value) for k, a in named):
                # The name may stand for something else, such as what is inside of a function.
                # That of something nearer to the cost is no habit: the rest of the way is missing.
                end = max(self.places.get(forward or "", []), default=len(self.true))
                called = forward is not None or re.fullmatch(_DERIVATIVE, name)
                some = assigned if called else []
                alike = [(k, a) for a in some if (k := self.alike(a.value)) is not None]
                named = [(k, a) for k, a in alike if k < end] or named
            if forward is None and not named and re.fullmatch(_DERIVATIVE, name):
                # What is returned is compared; what forward has too, such as err, is no derivative.
                known = [*returned.values(), *self.ahead.get(name, [])]
                if not all(any(is_same(a.value, x) for x in known) for a in assigned):
                    lost.append(name)
            for k, a in named:
                when = float(order.get(id(a), np.inf))
                g = Given(name, np.asarray(a.value), a.occurrence, a.line or None, when)
                found.setdefault(k, g)
        return found, sorted(lost)

    def time_of(self, line: int | None, assigned: list[Assigned]) -> float:
        """Return when a line has run last that gives a key its value: after those above it."""
        own = (i for i, a in enumerate(assigned) if self.begin <= a.line < (line or 0))
        return np.inf if line is None or line < self.begin else max(own, default=-1) + 0.5

    def matched(self, assigned: list[Assigned], name: str) -> Iterator[tuple[int, Assigned]]:
        """Yield the step of each assignment: the last of them is the first that was computed.

        A loop that goes forward and back at once has them in the same order.
        """
        places = self.places[name]
        if len(places) == 1:  # what is masked in place afterwards was right before
            right = [a for a in assigned if self.agree(places[0], a.value)]
            yield places[0], (right or assigned)[-1]
            return
        best: list[tuple[int, Assigned]] = []
        most = 0.5  # one at least has to be right, or all of one shape and as many
        for order in (places[::-1], places):
            for skip in range(-len(assigned) + 1, len(order)):
                pairs = [
                    (order[i + skip], a)
                    for i, a in enumerate(assigned)
                    if 0 <= i + skip < len(order)
                ]
                shapes = self.view.program.steps
                if any(shapes[k].shape != np.shape(a.value) for k, a in pairs):
                    continue
                whole = len(pairs) == len(places) == len(assigned)
                score = sum(self.agree(k, a.value) for k, a in pairs) + 0.6 * whole
                if score > most:
                    best, most = pairs, score
        every = self.whole.get(name, [])
        if not best and len(every) == len(assigned) > len(places):
            # All are wrong, and the cost does not depend on some: as many as forward has.
            shapes = self.view.program.steps
            best = [(k, a) for k, a in zip(every[::-1], assigned, strict=True) if k is not None]
            best = [(k, a) for k, a in best if shapes[k].shape == np.shape(a.value)]
        yield from best

    def alike(self, value: Any) -> int | None:
        """Return the step whose cotangent an array is, or a whole number of times it."""
        x = np.asarray(value)
        if x.size < 3 or len(self.true) > 1000 or x.dtype.kind != "f" or np.ptp(x) == 0:
            return None
        steps, other = self.view.program.steps, None
        for k in range(len(steps) - 1, -1, -1):
            if steps[k].op is None or steps[k].shape != x.shape:
                continue
            times = self.times(k, x)
            if times == 1:
                return k
            if other is None and times > 1 and times == round(times):  # the notes' convention
                other = k
        return other

    def agree(self, k: int, value: Any) -> bool:
        """Return whether an array is the right cotangent, or some number times it."""
        return self.times(k, value) != 0

    def times(self, k: int, value: Any) -> float:
        """Return by which number an array is the right cotangent; 0 where it is not."""
        right = self.true[k]
        if right is None or np.shape(right) != np.shape(value):
            return 0.0
        a, b = np.ravel(np.asarray(right, float)), np.ravel(np.asarray(value, float))
        below = float(a @ a)
        c = float(a @ b) / below if below else 0.0
        if not np.isfinite(c):
            return 0.0
        if len(a) == 1 and not np.isclose(c, 1, rtol=1e-6):  # one number is always a multiple
            return 0.0
        near = np.allclose(b, c * a, rtol=1e-6, atol=1e-9 * float(np.abs(b).max(initial=0.0)))
        return 0.0 if not near else float(f"{c:.6g}")


def meant(name: str, known: Mapping[str, Any]) -> str | None:
    """Return the value that a variable is named as the derivative of: dZ2, grad_z, delta2, dhidden.

    None where there is none.
    """
    stems = [name.removeprefix(p) for p in _BEFORE if name.startswith(p) and name != p]
    stems += [name.removesuffix(p) for p in _AFTER if name.endswith(p)]
    number = re.fullmatch(r"delta_?(\d*)", name)
    if number:
        stems += [f"Z{number[1]}", f"z{number[1]}"]
    for stem in stems:
        if stem in known:
            return stem
    low = defaultdict(list)
    for k in known:
        low[k.lower().replace("_", "")].append(k)
    for stem in stems:
        same = low.get(stem.lower().replace("_", ""), [])
        if len(same) == 1:
            return same[0]
    for stem in stems:
        longer = [k for k in known if len(stem) >= 4 and k.startswith(stem)]
        if len(longer) == 1:
            return longer[0]
    return None


def _tracked(value: Any) -> bool:
    return isinstance(value, Tensor) and value.requires_grad


def _call(t: Tensor, name: str) -> None:
    """Give a tensor a name, where it has none."""
    if t.name is None and not t.is_leaf:
        t.named(name)


def _paths(variables: dict[str, Any]) -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors inside of containers: Z1 of cache["Z1"], hs[2] of a dict or list."""
    yield from ((n, t) for n, t in _inside(variables) if _tracked(t))


def _arrays_in(variables: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    kinds = (np.ndarray, np.generic, float)
    yield from ((n, np.asarray(x)) for n, x in _inside(variables) if isinstance(x, kinds))


def _inside(variables: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    def walk(path: str, x: Any, depth: int) -> Iterator[tuple[str, Any]]:
        if isinstance(x, dict) and depth < 4:
            for k, v in x.items():
                yield from walk(k if isinstance(k, str) else f"{path}[{k}]", v, depth + 1)
        elif isinstance(x, (list, tuple)) and depth < 4 and len(x) < 1000:
            for i, v in enumerate(x):
                yield from walk(f"{path}[{i}]", v, depth + 1)
        elif depth:
            yield path, x

    for name, value in variables.items():
        yield from walk(name, value, 0)


def is_same(a: Any, b: Any) -> bool:
    """Return whether two gradients are the same to the last bit."""
    a, b = np.asarray(a), np.asarray(b)
    return a.shape == b.shape and (a.dtype.kind == "O" or np.array_equal(a, b, equal_nan=True))
