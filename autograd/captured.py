"""Course-style functions for `check_backprop`: run them, and see what they call their values.

``forward`` computes J and a cache, ``backward`` the gradients from the cache. Both run as they are;
their variables, and those of the functions of their file that they call, are read at every line.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import functools
import inspect
import io
import re
import textwrap
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autograd.backward import gradients
from autograd.differences import STEP, slopes
from autograd.errors import AutogradError, GradientError
from autograd.graph import graph
from autograd.noise import moved_by_rounding, shaken
from autograd.placed import Given, Places, meant
from autograd.structures import arrays_of, is_numbers, mapped, mapped_at
from autograd.tensor import Tensor
from autograd.watched import Failed, Watched, watched
from autograd.written import objects_of, storing, targets, users_functions, written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

__all__ = ["Call", "Derivation", "Pair", "copied", "entries"]

from_engine = True

SECONDS = 2.0  # in which a cost is differenced
_SMALL_PART = 1e-7  # of the largest gradient
_PARAMS = {"params", "parameters", "p", "theta", "weights"}
_CACHE = {"cache", "caches"}
# What a backward function may call the gradient of its result.
_UPSTREAM = re.compile(
    r"d_?out\w*|d_?y|d_?a|dL|dJ|g|gout|grad_?\w*|upstream\w*|delta", re.IGNORECASE
)
_RESULT = {"a", "al", "yhat", "y_hat", "y_pred", "out", "output", "outputs", "probs", "pred"}


class RandomCostError(GradientError):
    """A forward function gives another cost at each call, so that nothing can be judged."""


class Call(NamedTuple):
    """The arguments of a call."""

    positional: list[Any]
    named: dict[str, Any]


@dataclass
class Derivation:
    """Two functions, run once.

    Attributes
    ----------
    J : Tensor
        The cost, with its graph.
    given : dict of int to Given
        From steps of the program to the values of the derivation.
    notes : list of str
    error : Failed or None
        What backward raised.
    values : dict
        Of all that backward assigned and returned, by name and occurrence.
    """

    J: Tensor
    given: dict[int, Given]
    notes: list[str] = field(default_factory=list)
    error: Failed | None = None
    values: dict[tuple[str, int], Any] = field(default_factory=dict)


class Pair:
    """Two functions in the course's way, and what they take.

    Parameters
    ----------
    forward : callable
        Returns J, or (J, cache); with `loss`, a result that `loss` makes a J of.
    backward : callable
        Returns the gradients.
    params : dict, list or tuple of arrays, also inside each other
    data : sequence
        The other arguments of `forward`, in their order; X and Y are known by name.
    loss : callable, optional
        Such as ``loss(A, Y)``.
    """

    def __init__(
        self,
        forward: Callable[..., Any],
        backward: Callable[..., Any],
        params: Any,
        data: Sequence[Any],
        loss: Callable[..., Any] | None = None,
    ) -> None:
        (self.forward, own), (self.backward, its) = _opened(forward), _opened(backward)
        self.loss: Callable[..., Any] | None = None
        self.fixed: dict[str, Any] = {**its, **own}  # by functools.partial
        if loss is not None:
            self.loss, also = _opened(loss)
            self.fixed |= also
        alone = isinstance(params, (np.ndarray, float))
        self.params = (np.asarray(params),) if alone else params
        if isinstance(params, list) and all(isinstance(x, (int, float)) for x in params):
            self.params = tuple(map(np.asarray, params))  # each is a parameter
        self.named = {k: np.array(v) for k, v in _flat(self.params).items()}
        self.names = [*self.named]  # perhaps those that forward gives the items of a list
        if not isinstance(data, (tuple, list)):
            raise GradientError(
                "check_backprop: data needs a pair (X, Y), or a tuple of all other arguments."
            )
        # Whether a number that was given is of single precision, or less.
        given = [*self.named.values(), *arrays_of([*data])]
        self.is_single = any(_is_float(x) and x.dtype.itemsize < 8 for x in given)
        self.data = [mapped(_taken, x) for x in data]
        self.known_as = {*_PARAMS}  # the names under which functions take the parameters
        # Whether forward takes them one by one, so that p may be what it calls a probability.
        self.one_by_one = {*self.names} <= {*self.wanted_by(self.forward)} and not any(
            _reads_keys(self.forward, n) for n in self.names
        )
        self.labels = self._labels()
        self.state = np.random.get_state()  # noqa: NPY002 - so that dropout draws the same mask
        self.recorder = self.forward  # the function that is run on tensors
        self.seen: set[str] = set()  # the variables of backward, but for dicts
        self.kinds: dict[str, set[Any]] = {}  # and what all of them are
        self.entries: dict[str, list[str]] = {}  # the keys of dicts that it was given
        self.quiet = False  # whether what the functions print was shown before
        self.measured = ""  # how much of the gradients, by differences, if not all
        # Of gradients by differences, for each seed: the rounding of the cost.
        self.slack: dict[int | None, float] = {}
        self.refused = ""  # why forward cannot be recorded
        # Gradients that are not returned, and what is under names that nothing in forward has.
        self.misnamed: tuple[list[str], list[str]] = ([], [])
        self.order: list[str | None] | None = None  # of the gradients, where backward has a tuple
        called = [n for n in self.wanted_by(self.forward) if n in self.known_as]
        if len(called) == 1 == len(self.named) and (alone or self._is_taken_as_an_array()):
            self.names, self.known_as = called, _PARAMS - {*called}

    @functools.cached_property
    def lines(self) -> dict[str, int]:
        """The lines in which backward gives a name, or a key such as "dW1", its last value."""
        source = written(self.backward, self.forward)
        trees = [] if source is None else [*source.trees.values()]
        found = [n for tree in trees[::-1] for n in ast.walk(tree) if isinstance(n, ast.stmt)]
        return {name: node.lineno for node in found for name in targets(node)}

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Give NumPy's random numbers and the objects that functions use back as they were."""
        state = np.random.get_state()  # noqa: NPY002
        both = (self.forward, self.backward)
        owners = {id(o): o for o in objects_of(both)}
        owners |= {id(o): o for f in both if (o := _owner_of(f)) is not None}
        before = [(o, {k: copied(v) for k, v in vars(o).items()}) for o in owners.values()]
        try:
            yield
        finally:
            np.random.set_state(state)  # noqa: NPY002
            for o, variables in before:
                vars(o).clear()
                vars(o).update(variables)

    def mended(self, backward: Callable[..., Any]) -> Pair:
        """Return the pair with another backward function, which has been run before."""
        other = copy.copy(self)
        other.backward, other.quiet = backward, True
        return other

    def _labels(self) -> list[str]:
        """Return the names of data, as forward has them."""
        own = self.wanted_by(self.forward)
        words = set() if self.one_by_one else self.known_as
        names = [n for n in own if n not in words and n not in self.named]
        none_is_known = names and len(names) == len(own) and not _rest(self.forward)
        if none_is_known:  # one of them stands for the parameters, or several do
            items = len(self.params) if isinstance(self.params, (list, tuple)) else 0
            params = next((n for n in names if n.lower() not in ("x", "y")), names[-1])
            if len(names) == len(self.data) + 1 and names[-1].lower() not in ("x", "y"):
                params = names[-1]
            if 1 < items == len(self.named) == len(names) - len(self.data):
                at = names.index(params) if names[-1] != params else len(names) - items
                self.names = names[at : at + items]
                names = [n for n in names if n not in self.names]
            else:
                self.known_as.add(params)
                names.remove(params)
        usual = {"x", "y"} >= {n.lower() for n in names}
        if usual and len(self.data) <= 2 and len(names) != len(self.data):
            low = {n.lower(): n for n in names}
            return [low.get(n, n.upper()) for n in ("x", "y")[: len(self.data)]]
        if len(names) == len(self.data):
            return names
        known = ["X", "Y"][: len(self.data)]
        return known + [f"data{i}" for i in range(2, len(self.data))]

    def wanted_by(self, f: Callable[..., Any]) -> list[str]:
        """Return the names of the arguments that a function needs, keyword-only ones among them."""
        return [n for n in _required(f) if n not in self.fixed]

    def _is_taken_as_an_array(self) -> bool:
        """Return whether forward computes with a list of one parameter as if it were an array."""
        if not isinstance(self.params, (list, tuple)):
            return False
        (item,) = self.inputs(None)[0].values()
        for params, takes in ((_Items([item]), False), (item, True)):
            try:
                self.run(self.forward, self.bound(self.forward, params, self.data, {}))
                return takes
            except Exception:  # then it is not that; of neither, the error is raised later
                continue
        return False

    def inputs(self, seed: int | None) -> tuple[dict[str, Any], list[Any]]:
        """Return parameters and data: as given, or the first drawn anew, or with an even seed both.

        With a seed above 6 the parameters are a tenth as large, above 8 a thousandth, so that fewer
        units are saturated: by raw pixels, for example.
        Data that has a structure, such as labels, masks and shares, stays as it is, unless it is of
        one number only, which hides much: λ = 0.0, keep_prob = 1.0, a mask of ones.
        """
        values = {k: v.astype(float) for k, v in self.named.items()}
        data = [mapped(_taken, x) for x in self.data]
        if seed is None:
            return values, data
        rng = np.random.default_rng(seed)
        free = seed % 4 == 2  # of any sign, where the function takes them
        size = 1.0 if seed <= _LARGE_ONES else 0.1 if seed <= _SMALL_ONES else 1e-3
        values = {k: size * np.asarray(redrawn(v, rng, free=free)) for k, v in values.items()}
        if seed % 2 == 0:
            given = [_as_real(x, name) for x, name in zip(data, self.labels, strict=True)]
            data = [mapped(lambda x: _drawn(x, rng), x) for x in given]
        return values, data

    @property
    def allowed(self) -> float:
        """The relative error of a right gradient; a sum of shares in single precision is not 1."""
        return 1e-5 if self.refused else 1e-6 if self.is_single else 1e-7

    def like(self, values: Mapping[str, Any]) -> Any:
        """Return the parameters with other values in their places."""
        return mapped_at(lambda _, path: values[_clean(path)], self.params)

    def bound(self, f: Callable[..., Any], params: Any, data: Sequence[Any], more: Any) -> Call:
        """Return the arguments of a call, found by the names that the function gives them."""
        known: dict[str, Any] = dict(zip(self.labels, data, strict=True))
        known |= {name.lower(): value for name, value in known.items()}
        known |= {name.upper(): value for name, value in known.items() if len(name) == 1}
        words = self.known_as
        if self.one_by_one and f is not self.loss:
            words = {n for n in words if _reads_keys(f, n)}
        known |= dict.fromkeys(words, params)
        own = params if isinstance(params, dict) else dict(zip(self.names, params, strict=False))
        known |= own
        # An array that is called theta, but read as theta["theta"].
        alike = [n for n in own if n in _PARAMS and not isinstance(own[n], (dict, list, tuple))]
        known |= {n: params for n in alike if _reads_keys(f, n)}
        known = {**more, **known, **self.fixed}
        names = _required(f)
        unknown = [name for name in names if name not in known]
        takes = {*names} & (words | {*own})  # the parameters, or some of them
        rest = _rest(f)
        if len(unknown) == 1:  # the only one that is left
            if not takes and not rest and not _UPSTREAM.fullmatch(unknown[0]):
                known[unknown[0]] = params
            elif not {*names, *rest} & _CACHE and more.get("cache") is not None:
                known[unknown[0]] = more["cache"]
            unknown = [name for name in names if name not in known]
        if unknown and {*unknown} <= {"X", "Y", "x", "y"} and f is self.forward:
            there = f"data has {', '.join(self.labels)} only" if self.labels else "there is no data"
            raise GradientError(
                f"check_backprop: {_name(f)} takes {', '.join(names)}, and {there}; pass "
                f"{', '.join(unknown)} too: check_backprop(forward, backward, params, (X, Y))."
            )
        if unknown:
            raise GradientError(
                f"check_backprop: {_name(f)} has the arguments {', '.join(names)}; known are "
                f"{', '.join([*self.labels, 'parameters', 'cache'])} and the names of parameters, "
                f"not {', '.join(unknown)}: rename it, or give it a default."
            )
        call = Call([], {})
        for p in inspect.signature(f).parameters.values():
            if p.kind == p.VAR_POSITIONAL:  # *cache, *params, or else what is left of data
                more_of = more.get("cache") if p.name in _CACHE else None
                left = [x for n, x in zip(self.labels, data, strict=True) if n not in names]
                call.positional.extend(
                    more_of if more_of is not None else left if takes else own.values()
                )
            elif p.kind == p.VAR_KEYWORD:
                cache = more.get("cache")
                call.named.update(cache if p.name in _CACHE and isinstance(cache, dict) else {})
                call.named.update({} if takes or p.name in _CACHE else own)
            elif p.name in names or p.name in self.fixed:
                if p.kind == p.KEYWORD_ONLY or (p.default is not p.empty and not rest):
                    call.named[p.name] = known[p.name]
                else:
                    call.positional.append(known[p.name])
            elif rest and p.kind != p.KEYWORD_ONLY:  # what follows may be by position
                call.positional.append(p.default)
        return call

    def run(
        self,
        f: Callable[..., Any],
        call: Call,
        *,
        watching: bool = True,
        stops: bool = True,
        aloud: bool = False,
    ) -> Watched:
        """Call a function with the random numbers of the first call, and watch it.

        What it prints is left out, except where it runs as its author runs it.
        """
        np.random.set_state(self.state)  # noqa: NPY002
        quiet = contextlib.nullcontext() if aloud else contextlib.redirect_stdout(io.StringIO())
        with quiet:
            if not watching:
                return Watched(f(*call.positional, **call.named), [], {})
            others = [g for g in (self.forward, self.backward) if g is not f]
            codes = [g.__code__ for g in users_functions(f, *others)]
            return watched(f, call.positional, call.named, codes, stops=stops)

    def cost_of(self, ran: Watched, params: Any, data: Sequence[Any]) -> Any:
        """Return J of a run of forward."""
        result = ran.result
        first = result[0] if isinstance(result, (tuple, list)) and result else result
        if self.loss is None:
            return first
        if np.ndim(first) == 0 and isinstance(result, (tuple, list)):
            raise GradientError(
                f"check_backprop: {_name(self.forward)} returns one number first, as a cost; leave "
                f"loss= out, or return what {_name(self.loss)} takes."
            )
        more = self.more(ran)
        known = (*more, *self.labels, *self.named)
        names = [n for n in self.wanted_by(self.loss) if n not in known]
        more |= dict.fromkeys(names[:1], first)  # whatever the result is called there
        call = self.bound(self.loss, params, data, more)
        try:
            return self.loss(*call.positional, **call.named)
        except Exception as error:
            raise GradientError(
                f"check_backprop: {_name(self.loss)} raised {type(error).__name__}: {error}"
            ) from error

    def more(self, ran: Watched) -> dict[str, Any]:
        """Return what else backward may ask for: the cache, the result, forward's variables."""
        result = ran.result
        parts = result if isinstance(result, (tuple, list)) else (result,)
        cache = parts[1] if len(parts) == 2 else parts[1:] if len(parts) > 2 else None
        known = entries(cache) | ran.variables | dict.fromkeys(_CACHE, cache)
        for name in _RESULT:
            for spelt in (name, name.upper(), name.capitalize()):
                known.setdefault(spelt, parts[0] if parts else None)
        return known

    def more_for_backward(self, ran: Watched, plain: dict[str, Any], data: list[Any]) -> Any:
        """Return what `more` does, and the gradient of the result where backward takes it."""
        more = self.more(ran)
        known = {*more, *self.labels, *self.names, *_PARAMS, *_CACHE}
        for name in self.wanted_by(self.backward):
            if name not in known and _UPSTREAM.fullmatch(name):
                more[name] = self.upstream(ran, self.like(plain), data)
        return more

    def upstream(self, ran: Watched, params: Any, data: Sequence[Any]) -> Any:
        """Return the gradient of the cost by what forward returns: 1 where that is the cost."""
        if self.loss is None:
            return 1.0
        result = ran.result
        several = isinstance(result, (tuple, list))
        out = result[0] if several else result
        first = Tensor(np.asarray(out, float), requires_grad=True)
        changed = (first, *result[1:]) if several else first
        named = {k: first if x is out else x for k, x in ran.variables.items()}
        J = self.cost_of(replace(ran, result=changed, variables=named), params, data)
        return gradients(J, first) if isinstance(J, Tensor) else 1.0

    def recorded(self, seed: int | None) -> tuple[Tensor, dict[str, Tensor], Watched]:
        """Run forward on tensors: the cost with its graph, the leaves, and what was seen."""
        values, data = self.inputs(seed)
        leaves = {
            k: Tensor(v, name=n, requires_grad=True)
            for (k, v), n in zip(values.items(), self.names, strict=True)
        }
        tensors = [
            Tensor(x, name=n) if _is_operand(x) else x
            for x, n in zip(data, self.labels, strict=True)
        ]
        like = self.like(leaves)
        ran = self.run(self.recorder, self.bound(self.recorder, like, tensors, {}))
        J = self.cost_of(ran, like, tensors)
        if not isinstance(J, Tensor) or J.size != 1 or not J.requires_grad:
            got = f"shape {J.shape}" if isinstance(J, Tensor) else type(J).__name__
            hint = " pass loss= if the cost has a function of its own;" if np.size(J) != 1 else ""
            raise GradientError(
                f"check_backprop: {_name(self.forward)} needs to return J or (J, cache), with J "
                "one number computed from the parameters by NumPy's functions (without float());"
                f"{hint} got {got}."
            )
        return J, leaves, ran

    def plain(
        self, seed: int | None, *, aloud: bool = False
    ) -> tuple[Any, dict[str, Any], list[Any], Watched]:
        """Run forward on arrays: J, the inputs, and what was seen."""
        values, data = self.inputs(seed)
        like = self.like(values)
        ran = self.run(self.forward, self.bound(self.forward, like, data, {}), aloud=aloud)
        return self.cost_of(ran, like, data), values, data, ran

    def reference(self, seed: int | None) -> tuple[float, dict[str, Any]] | None:
        """Return J and the right gradients; None where rounding moves them, of drawn inputs.

        That is so where units are saturated: 1 − A has few digits then. Gradients of 0 that are all
        rounding do not count.
        """
        if self.refused:
            return self.differences(seed) if seed is None or self.has_digits(seed) else None
        J, leaves, _ = self.recorded(seed)
        if seed is not None and not self._is_steady(J, leaves):
            return None
        found = gradients(J, [*leaves.values()], allow_unused=True)
        right = zip(self.names, leaves.values(), found, strict=True)
        by_name = {f"d{k}": np.zeros(t.shape) if g is None else np.asarray(g) for k, t, g in right}
        return float(J.data.reshape(())), by_name

    def few_digits(self) -> str:
        """Return why rounding may decide what the gradients are at the given inputs, or nothing."""
        with np.errstate(all="ignore"):
            value = self.plain(None)[0]
            if not np.all(np.isfinite(value)):
                return "the cost is not finite"
            if self.refused:
                steady = self.has_digits(None)
            else:
                J, leaves, _ = self.recorded(None)
                steady = self._is_steady(J, leaves)
        return "" if steady else "rounding decides some gradients, as where units are saturated"

    def _is_steady(self, J: Tensor, leaves: Mapping[str, Tensor]) -> bool:
        """Return whether rounding leaves the gradients as they are, here and by hand.

        One that is a small part of another may be exact here, and 0 by hand, where 1 − a is 0.
        """
        view = graph(J)
        at = [node.id for t in leaves.values() if (node := view.find(t)) is not None]
        found, moved = shaken(view.program, J)
        most = max((np.abs(found[i]).max(initial=0.0) for i in at), default=0.0)
        if not most:
            return False  # everything is flat here
        for i in at:
            size = np.abs(found[i])
            largest = size.max(initial=0.0)
            bound = 1e-8 * np.maximum(size, 1e-3 * largest)
            off = np.abs(moved[i] - found[i])
            if not ((off <= bound) | (off <= 1e-10 * most)).all():
                return False
            is_exact = off.max(initial=0.0) < 0.1 * largest  # else it is 0, but for rounding
            if is_exact and largest < _SMALL_PART * most:
                return False
        return True

    def rounding(self, seed: int | None) -> dict[str, Any]:
        """Return how far rounding inside of forward and backward may move each gradient."""
        J, leaves, _ = self.recorded(seed)
        view = graph(J)
        program = view.program
        seeds = {program.outputs[0]: np.ones(J.shape, J.dtype)[()]}
        moved = moved_by_rounding(program, program.pulled_back(program.values, seeds), seeds)
        at = {k: view.find(t) for k, t in zip(self.names, leaves.values(), strict=True)}
        return {f"d{k}": 0.0 if node is None else moved[node.id] for k, node in at.items()}

    def has_digits(self, seed: int | None) -> bool:
        """Return whether the cost of plain arrays is finite, and as exact as its numbers.

        Where 1 − a has few digits, differences of the cost are wrong, though they may be steady:
        0 where a rounds to the same.
        """
        J, off = self.blur(seed)
        return bool(np.isfinite(J) and off <= 1e-12 * abs(J))

    def blur(self, seed: int | None) -> tuple[float, float]:
        """Return the cost of plain arrays, and how far it is from that of numbers of more digits.

        It is 0 where forward takes no such numbers.
        """

        def cost(dtype: type) -> Any:
            values, data = self.inputs(seed)
            like = self.like({k: v.astype(dtype) for k, v in values.items()})
            data = [mapped(lambda x: x.astype(dtype) if _is_float(x) else x, x) for x in data]
            ran = self.run(self.forward, self.bound(self.forward, like, data, {}), watching=False)
            return np.asarray(self.cost_of(ran, like, data), np.longdouble).reshape(())

        with np.errstate(all="ignore"):
            J = cost(float)
            try:
                sharp = cost(np.longdouble)
            except Exception:  # of functions that take no such numbers
                sharp = J
            return float(J), float(abs(J - sharp))

    def differences(self, seed: int | None) -> tuple[float, dict[str, Any]]:
        """Return J and its slopes, by central differences of forward; NaN where time was short."""
        values, data = self.inputs(seed)

        def cost(k: str = "", x: Any = None) -> float:
            like = self.like({n: (x if n == k else v).copy() for n, v in values.items()})
            ran = self.run(self.forward, self.bound(self.forward, like, data, {}), watching=False)
            return float(np.asarray(self.cost_of(ran, like, data), float).reshape(()))

        begun = time.perf_counter()
        cost()
        each = 2 * (time.perf_counter() - begun)
        total = sum(x.size for x in values.values())
        some = min(1.0, SECONDS / max(each * total, 1e-9))  # the share that is measured
        if some < 1:
            self.measured = f"at {max(1, int(some * total))} of {total} elements, drawn at random"
        stream = np.random.default_rng(0)
        found = {}
        for name, (k, x) in zip(self.names, values.items(), strict=True):
            places = [*np.ndindex(x.shape)]
            few = max(1, int(np.ceil(some * len(places)))) if places else 0
            drawn = (places[n] for n in stream.permutation(len(places))[:few])
            found[f"d{name}"] = slopes(functools.partial(cost, k), x, drawn)
        J, off = self.blur(seed)
        self.slack[seed] = 8 * max(np.finfo(float).eps * abs(J), off) / STEP
        return J, found

    def derivation(self, seed: int | None = None) -> Derivation:
        """Run both functions at the given inputs, or at others."""
        J, leaves, ran = self.recorded(seed) if seed else self._recorded_somehow()
        if isinstance(self.params, (list, tuple)):  # it has the names that forward gives its items
            own: dict[int, str] = {}
            for a in ran.assigned:
                own.setdefault(id(a.value), a.name)
            named = zip(self.names, leaves.values(), strict=True)
            names = [own.get(id(leaf), n) for n, leaf in named]
            if len(set(names)) == len(names):  # those of a loop are one name for several
                self.names = names
            for leaf, name in zip(leaves.values(), self.names, strict=True):
                leaf.named(name)
        value, plain, data, before = self.plain(seed, aloud=seed is None and not self.quiet)
        if np.size(value) != 1 or not np.allclose(
            np.asarray(value, float).reshape(-1), J.data.reshape(-1), rtol=1e-6, equal_nan=True
        ):
            raise RandomCostError(
                f"check_backprop: two calls of {_name(self.forward)} give different costs; seed "
                "what is random in it, such as dropout."
            )
        loud = seed is None and not self.quiet
        returned, mine, notes = self.backpropagated(plain, data, before, aloud=loud)
        given, lost = Places(J, leaves, self.names, ran, self).given(mine, returned)
        if lost:
            notes.append(f"Not compared, as forward has no such names: {', '.join(lost)}.")
        values = {(a.name, a.occurrence): a.value for a in mine.assigned}
        values |= {(g.name, g.occurrence): g.array for g in given.values()}
        return Derivation(J, given, notes, mine.error, values)

    def backpropagated(
        self, plain: dict[str, Any], data: list[Any], before: Watched, *, aloud: bool = False
    ) -> tuple[dict[str, Any], Watched, list[str]]:
        """Run backward: the gradients it returns, what was seen, and notes."""
        more = self.more_for_backward(before, plain, data)
        cache = more["cache"]
        kept, own = _copies(cache), {k: v.copy() for k, v in plain.items()}
        given = _copies(data)
        call = self.bound(self.backward, self.like(plain), data, more)
        mine = self.run(self.backward, call, stops=False, aloud=aloud)
        self.seen = {name for name, kinds in mine.kinds.items() if dict not in kinds}
        self.kinds, self.entries = mine.kinds, mine.entries
        notes = []
        if any(not np.array_equal(plain[k], own[k], equal_nan=True) for k in plain):
            notes.append(f"{_name(self.backward)} changes its parameters; copy them before.")
        pairs = zip(given, _copies(data), strict=True)
        if any(not _same(a, b) for a, b in pairs):
            notes.append(f"{_name(self.backward)} changes its data; copy it before.")
        pairs = zip(kept, _copies(cache), strict=False)
        if any(not _same(a, b) for a, b in pairs):
            notes.append(
                f"{_name(self.backward)} changes the cache, which the next call would see."
            )
        if mine.error is not None:
            return {}, mine, notes
        self.order = self.order or _order(mine.result, self.names, mine.variables)
        returned = self.returned(mine.result)
        absent = [f"d{k}" for k in self.names if f"d{k}" not in returned]
        if absent:
            notes.append(f"Not returned: {', '.join(absent)}.")
        self.misnamed = self.astray(returned)
        return returned, mine, notes

    def returned(self, found: Any) -> dict[str, Any]:
        """Return the gradients of a result by name, in the order of the parameters in a tuple."""
        names = self.names
        if isinstance(found, (tuple, list)) and found and isinstance(found[0], dict):
            paths = {_clean(p.replace("['d", "['")): x for p, x in _leaves_of(found)}
            if paths.keys() <= self.named.keys():  # a dict for each layer, as the parameters are
                by_path = zip(self.named, names, strict=True)
                return {f"d{n}": np.asarray(paths[k]) for k, n in by_path if k in paths}
            found = found[0]  # (grads, cost), as in the course
        if isinstance(found, dict):
            known = dict.fromkeys(names)
            own: dict[str, Any] = {}
            ends = Counter(_end(_clean(path)) for path, _ in _leaves_of(found))
            for path, x in _leaves_of(found):
                k = _clean(path)
                stem = k if k in known else meant(k, known)
                if stem is None and ends[_end(k)] == 1:  # model.dW, or dW of a dict inside
                    stem = _end(k) if _end(k) in known else meant(_end(k), known)
                own[f"d{stem}" if stem else k if k[:1] == "d" else f"d{k}"] = np.asarray(x)
            absent, strange = self.astray(own)
            if len(absent) == len(strange) == 1:
                own = {absent[0] if k == strange[0] else k: x for k, x in own.items()}
            return own
        if isinstance(found, (tuple, list)) and self.order is not None:
            flat = _items_of(found)
            if len(flat) == len(self.order):
                pairs = zip(self.order, flat, strict=True)
                return {f"d{k}": np.asarray(x) for k, x in pairs if k is not None}
        if isinstance(found, (np.ndarray, float, list)) and len(names) == 1:
            return {f"d{names[0]}": np.asarray(found)}
        raise GradientError(
            f"check_backprop: backward needs to return a dict of gradients, or one for each of "
            f"{len(names)} parameters, got {type(found).__name__}."
        )

    def astray(self, returned: Mapping[str, Any]) -> tuple[list[str], list[str]]:
        """Return gradients that are not returned, and what may be they, under other names.

        It has their shape, and a name that nothing in forward has.
        """
        shapes = {f"d{k}": v.shape for k, v in zip(self.names, self.named.values(), strict=True)}
        absent = [k for k in shapes if k not in returned]
        known = {n for f in users_functions(self.forward) for n in _variables_of(f)}
        known |= {*self.names, *self.labels, "cost", "loss", "J"}
        strange = [
            k
            for k, x in returned.items()
            if k not in shapes
            and meant(k, dict.fromkeys(known)) is None
            and any(np.shape(x) == shapes[n] for n in absent)
        ]
        return (absent, strange) if strange else ([], [])

    def _recorded_somehow(self) -> tuple[Tensor, dict[str, Tensor], Watched]:
        """Record forward as it is, or else with its stores into arrays made new arrays."""
        try:
            return self.recorded(None)
        except AutogradError as error:
            made = storing(self.forward)
            if made is None:
                raise
            try:
                self.recorder = made
                return self.recorded(None)
            except Exception:
                self.recorder = self.forward
                raise error from None


def _is_float(x: Any) -> bool:
    return isinstance(x, (np.ndarray, np.floating)) and x.dtype.kind == "f"


def _taken(x: Any) -> Any:
    """Return data for a call: a copy of an array, or of numbers in lists; all else as it is.

    Single precision becomes double, as parameters do: sums of data alone would have few digits.
    """
    if isinstance(x, np.floating):
        return np.float64(x)
    if isinstance(x, np.ndarray):
        return np.array(x, float if x.dtype.kind == "f" else None)
    if is_numbers(x):
        try:
            return np.array(x)
        except ValueError:  # rows of different lengths
            return copied(x)
    return x


# Of data that is a real number, though 0 or 1 is given as a whole one.
_REAL = re.compile(
    r"(?i)(^|_)(lamb?d?a?|lmbda|reg|regulari[sz]ation|decay|penalty|keep|strength|wd)\d?(_|$)"
    r"|^l[12](_(reg|lambda|penalty|strength|decay))?$|^(alpha|eta)$"
)


def _as_real(x: Any, name: str) -> Any:
    """Return a number that hides a term, λ = 0, as one that may be drawn anew."""
    is_real = _REAL.search(name) and not name.endswith(("axis", "dims"))
    return float(x) if is_real and type(x) is int and x in (0, 1) else x


def _drawn(x: Any, rng: Any) -> Any:
    """Return other data of its kind, or the same."""
    if _is_free(x):
        return redrawn(x, rng)
    given = np.asarray(x) if isinstance(x, (float, np.ndarray)) else np.zeros(0)
    if given.dtype.kind not in "fb" or not given.size or np.ptp(given.astype(float)):
        return x
    first = float(given.flat[0])
    if not given.ndim and (first == 1 or abs(first) < 1e-6):
        return type(x)(rng.uniform(0.3, 0.9)) if isinstance(x, float) else rng.uniform(0.3, 0.9)
    if given.size > 2 and first in (0, 1):
        return (rng.random(given.shape) < 0.6).astype(given.dtype)
    return x


_LARGE_ONES, _SMALL_ONES = 6, 8  # seeds of parameters of usual size, and of a tenth


def redrawn(x: Any, rng: Any, *, free: bool = False) -> Any:
    """Return other numbers of the same kind: positive ones, shares of 1, or any."""
    x = np.asarray(x)
    if not x.size:
        return x
    kind = x.dtype if x.dtype.kind == "f" else float
    if not x.ndim:
        drawn = rng.uniform(0.2, 0.9) if 0 < x < 1 else np.abs(rng.normal()) + 0.5
        return float(np.where(x < 0, -drawn, drawn))
    if free or not ((x > 0).all() or ((x >= 0).all() and (x > 2).any())):
        return (0.8 * rng.normal(size=x.shape)).astype(kind)
    drawn = rng.uniform(0.05, 0.95, x.shape) if (x < 1).all() else 0.2 + rng.random(x.shape)
    for axis in range(x.ndim):
        if x.shape[axis] > 1 and np.allclose(x.sum(axis=axis), 1):
            drawn /= drawn.sum(axis=axis, keepdims=True)
    return drawn.astype(kind)


def _is_free(x: Any) -> bool:
    """Return whether data are any numbers: not labels, masks, shares of 1, whole or one number."""
    x = np.asarray(x)
    if x.dtype.kind not in "fiu" or not x.ndim or not np.isfinite(x).all():
        return False
    several = len(np.unique(x))
    if (x >= 0).all() and not (x % 1).any():  # pixels, and no labels; what needs an index raises
        return bool(x.ndim > 1 and several > 16 and x.max() > 30)
    if x.dtype.kind != "f":
        return False
    large = x.size > 2 and several > x.size / 2 and (x > 2).any() and (x % 1 != 0).any()
    return bool(several > 2 and ((x < 0).any() or large))


def _required(f: Callable[..., Any]) -> list[str]:
    of = inspect.signature(f).parameters.values()
    return [p.name for p in of if p.default is p.empty and p.kind not in _REST]


def _rest(f: Callable[..., Any]) -> list[str]:
    return [p.name for p in inspect.signature(f).parameters.values() if p.kind in _REST]


class _Items(list[Any]):
    """A list that NumPy cannot take for an array."""

    __array_ufunc__ = None

    def __array_function__(self, *_: Any) -> Any:
        raise TypeError("a list, and no array")


_REST = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _opened(f: Callable[..., Any]) -> tuple[Callable[..., Any], dict[str, Any]]:
    """Return a function without what functools.partial has given it, and that."""
    fixed: dict[str, Any] = {}
    while isinstance(f, functools.partial):
        names = [*inspect.signature(f.func).parameters]
        fixed = {**dict(zip(names, f.args, strict=False)), **f.keywords, **fixed}
        f = f.func
    return f, fixed


def _clean(path: str) -> str:
    """Return the name of a parameter by where it stands: W1, or p1 of a list."""
    key = re.match(r"\['(.+?)'\]", path)
    if key:
        return key[1] + path[key.end() :]
    place = re.match(r"\[(\d+)\]", path)
    return f"p{int(place[1]) + 1}{path[place.end() :]}" if place else path.lstrip(".")


def _variables_of(f: Callable[..., Any]) -> tuple[str, ...]:
    code = f.__code__
    return (*code.co_varnames, *code.co_cellvars)


def _end(name: str) -> str:
    """Return the last word of where a gradient stands: dW of model.dW."""
    return str((re.findall(r"[^\W\d]\w*", name) or [name])[-1])


def _flat(params: Any) -> dict[str, Any]:
    """Return the arrays of a structure by name."""
    if not isinstance(params, (dict, list, tuple)):
        raise GradientError(
            f"check_backprop: params needs a dict such as {{'W1': W1, 'b1': b1}}, or a list, got "
            f"{type(params).__name__}."
        )
    found: dict[str, Any] = {}

    def keep(x: Any, path: str) -> Any:
        name = _clean(path)
        try:
            found[name] = np.array(x, float)
        except (TypeError, ValueError):
            raise GradientError(
                f"check_backprop: parameter {name!r} needs to be an array of numbers, got "
                f"{type(x).__name__}."
            ) from None
        return x

    mapped_at(keep, params)
    return found


def _is_operand(x: Any) -> bool:
    """Return whether data is computed with, and no index such as the numbers of classes."""
    return isinstance(x, np.ndarray) and (x.dtype.kind == "f" or x.ndim > 1) and x.ndim > 0


def entries(x: Any) -> dict[str, Any]:
    """Return what stands in dicts under text, in a result of tuples, lists and dicts."""
    if isinstance(x, dict):
        own = {k: v for k, v in x.items() if isinstance(k, str)}
        return {**own, **{k: v for y in x.values() for k, v in entries(y).items()}}
    if isinstance(x, (tuple, list)):
        return {k: v for y in x for k, v in entries(y).items()}
    return {}


def _order(found: Any, names: list[str], variables: Mapping[str, Any]) -> list[str | None] | None:
    """Return which parameter each gradient of a tuple belongs to: as they stand, or by name."""
    if not isinstance(found, (tuple, list)):
        return None
    flat = _items_of(found)
    by_id = {id(v): k for k, v in variables.items()}
    order = [meant(by_id.get(id(x), ""), dict.fromkeys(names)) for x in flat]
    if len(flat) == len(names):  # as they stand, unless their names say otherwise
        return order if {*order} == {*names} else [*names]
    return order if any(order) else None


def _reads_keys(f: Callable[..., Any], name: str) -> bool:
    """Return whether a function reads an argument by keys that are text, as it does a dict."""
    try:
        return name in _read_by_keys(f)
    except TypeError:  # a callable that has no hash
        return False


@functools.lru_cache(maxsize=64)
def _read_by_keys(f: Callable[..., Any]) -> frozenset[str]:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(f)))
    except (OSError, TypeError, SyntaxError):  # it has no source, or one that does not stand alone
        return frozenset()
    return frozenset(
        node.value.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Name)
        and isinstance(node.slice, ast.Constant)
        and isinstance(node.slice.value, str)
    )


def _items_of(found: Any) -> list[Any]:
    """Return the gradients in a tuple or a list, each number of a list by itself."""
    numbers = isinstance(found, list) and all(
        isinstance(x, (float, int, np.generic)) for x in found
    )
    return [*found] if numbers else [x for _, x in _leaves_of(found)]


def _leaves_of(tree: Any) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    mapped_at(lambda x, path: found.append((path, x)), tree)
    return found


def copied(x: Any) -> Any:
    """Return a copy of arrays in dicts, lists and tuples, and of other objects if they have one."""
    if isinstance(x, np.ndarray):
        return x.copy()
    if type(x) is dict:
        return {k: copied(v) for k, v in x.items()}
    if type(x) in (tuple, list):
        return type(x)([copied(v) for v in x])
    if x is None or isinstance(x, (bool, int, float, str, np.generic)):
        return x
    try:
        return copy.deepcopy(x)
    except Exception:  # an open file and the like
        return x


def _owner_of(f: Callable[..., Any]) -> Any:
    """Return the object that a method belongs to, if it has variables of its own."""
    owner = getattr(f, "__self__", None)
    return owner if not isinstance(owner, type) and hasattr(owner, "__dict__") else None


def _copies(x: Any) -> list[Any]:
    return [np.array(a) for a in arrays_of(x) if isinstance(a, np.ndarray)]


def _same(a: Any, b: Any) -> bool:
    return bool(a.tobytes() == b.tobytes())


def _name(f: Callable[..., Any]) -> str:
    return getattr(f, "__name__", "the function")
