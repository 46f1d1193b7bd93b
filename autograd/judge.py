"""Whether a backward function is right, at the given inputs and at others."""

from __future__ import annotations

import contextlib
import io
import time
import types
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.captured import Call, copied, entries
from autograd.limited import Endless, Limited
from autograd.placed import is_same
from autograd.structures import arrays_of
from autograd.written import objects_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from autograd.captured import Pair

__all__ = ["Judge"]

from_engine = True

_SECONDS = 1.0  # in which more parameters are drawn
_GIVEN_DATA = (1, 3, 5, 7, 9)  # seeds of parameters alone


@dataclass
class _Case:
    """One set of inputs.

    Attributes
    ----------
    seed : int or None
        Which they are drawn with; None of the given ones.
    call : Call
        Of backward.
    expected : dict
        The right gradients.
    bound : object
        What backward is a method of, as forward has left it.
    objects : list of pair
        Objects that both functions name, and their variables as forward has left them.
    floors : dict or None
        How far rounding may move them; measured when it is asked for.
    """

    seed: int | None
    call: Call
    expected: dict[str, Any]
    bound: Any = None
    objects: list[tuple[Any, Any]] = field(default_factory=list)
    floors: dict[str, Any] | None = None


class Judge:
    """Says whether a backward function is right, at the given inputs and at two others.

    A special point, such as biases of 0, hides mistakes.
    """

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.objects = objects_of([pair.forward, pair.backward])
        self.cases: list[_Case] = []
        self.keys: list[str] = []  # of the cache
        for seeds in ((None,), _GIVEN_DATA, (2, 4, 6, 8, 10)):
            found: list[_Case] = []
            for seed in seeds:
                case = self.case(seed)
                if case is not None:
                    found.append(case)
                    if pair.refused or all(np.any(g) for g in case.expected.values()):
                        break
            # The last: where all units are flat, a gradient of 0 is right with any factor.
            is_full = found and all(np.any(g) for g in found[-1].expected.values())
            self.cases += found[-1:] if is_full else found[:1]
        self.wanted: list[str] = []
        self.limit: Limited | None = None  # of a call of a changed function
        self.seconds = 1.0
        if self.cases:
            first = self.cases[0]
            begun = time.perf_counter()
            try:
                own = self.returned(pair.backward, first)
                self.seconds = max(0.3, 10 * (time.perf_counter() - begun))
                self.wanted = [k for k in own if k in first.expected]
            except Exception:  # it does not run: all of them are wanted
                self.wanted = [*first.expected]
                pair.order = pair.order or [*pair.names]

    def holds(self, function: Callable[..., Any], *, drawn: bool = False) -> bool:
        """Return whether the gradients are right with the given data, whatever the parameters are.

        With `drawn`, but for those that were given. Parameters are drawn more often, of all sizes.
        What is wrong with some of them is a case of its own from then on.
        """
        which = {"given_data": not drawn, "drawn": drawn}
        if not self.passes(function, **which):
            return False
        if self.pair.refused:  # small parameters stand near the kinks that differences step over
            return True
        known = {c.seed for c in self.cases}
        end = time.perf_counter() + _SECONDS
        for seed in (s for s in _GIVEN_DATA if s not in known):
            if time.perf_counter() > end:
                break
            case = self.case(seed)
            if case is None or not all(np.any(g) for g in case.expected.values()):
                continue
            self.cases.append(case)
            if not self.passes(function, **which):
                return False
            self.cases.pop()
        return True

    def case(self, seed: int | None) -> _Case | None:
        """Return the arguments of a call of backward and what is right there, if forward runs."""
        pair = self.pair
        try:
            with np.errstate(all="ignore"):
                reference = pair.reference(seed)
                if reference is None:
                    return None
                J, expected = reference
                value, values, data, ran = pair.plain(seed)
        except Exception:  # what was drawn is outside of what forward takes
            return None
        finite = pair.refused or all(np.isfinite(g).all() for g in expected.values())
        finite = finite and np.isfinite(J)
        if not finite or not np.allclose(np.asarray(value, float), J, rtol=1e-6):
            return None
        more = pair.more_for_backward(ran, values, data)
        self.keys = self.keys or list(entries(more["cache"]))
        call = pair.bound(pair.backward, pair.like(values), data, more)
        objects = [(x, copied(vars(x))) for x in self.objects]
        own = copied(getattr(pair.backward, "__self__", None))
        return _Case(seed, call, expected, own, objects)

    def returned(
        self, function: Callable[..., Any], case: _Case, given: Call | None = None
    ) -> dict[str, Any]:
        """Return the gradients that a function gives; of a method, with a copy of its object.

        It gets copies of the arguments of a case, or the very ones that are given.
        """
        np.random.set_state(self.pair.state)  # noqa: NPY002
        call, plain = case.call, getattr(function, "__func__", None)
        if plain is not None and case.bound is not None:
            function = types.MethodType(plain, copied(case.bound))
        for x, state in case.objects:
            vars(x).clear()
            vars(x).update(copied(state))
        own = {k: copied(x) for k, x in call.named.items()}
        positional = [*map(copied, call.positional)]
        if given is not None:
            positional, own = given
        with contextlib.redirect_stdout(io.StringIO()):
            if self.limit is None:
                return self.pair.returned(function(*positional, **own))
            found = self.limit.call(lambda: function(*positional, **own), self.seconds)
        return self.pair.returned(found)

    def is_remade(self, function: Callable[..., Any]) -> bool:
        """Return whether a function made from the source gives what the user's own does."""
        for case in self.cases:
            results = []
            for f in (self.pair.backward, function):
                try:
                    with np.errstate(all="ignore"):
                        results.append(self.returned(f, case))
                except Exception as error:
                    results.append({type(error).__name__: np.zeros(0)})
            one, other = results
            alike = one.keys() == other.keys()
            if not alike or any(not is_same(one[k], other[k]) for k in one):
                return False
        return True

    def near(self, g: Any, name: str, case: _Case) -> bool:
        """Return whether a gradient is right in each element, or those that were measured."""
        right = case.expected[name]
        if self.pair.refused:
            there = np.isfinite(right)
            g, right = np.asarray(g)[there], right[there]
        bound = self.pair.allowed * np.maximum(np.abs(right), 1e-3 * np.abs(right).max(initial=0.0))
        off = np.abs(g - right)
        if (off <= bound + self.pair.slack.get(case.seed, 0.0)).all():
            return True
        # Of a gradient that is 0 in exact arithmetic, and of saturated units, much is rounding,
        # here or by hand: how much is measured.
        most = max((np.abs(x).max(initial=0.0) for x in case.expected.values()), default=0.0)
        if self.pair.refused or not (off <= 0.01 * most).all():
            return False
        if case.floors is None:
            case.floors = self.pair.rounding(case.seed)
        return bool((off <= bound + case.floors[name]).all())

    def is_rounding(self) -> bool:
        """Return whether what is wrong at the given inputs may be rounding, here or by hand.

        It is small beside the greatest gradient, or as shaking moves it.
        """
        case = next((c for c in self.cases if c.seed is None), None)
        if case is None or (self.pair.refused and not self.pair.has_digits(None)):
            return True  # nothing is known there
        try:
            with np.errstate(all="ignore"):
                found = self.returned(self.pair.backward, case)
        except Exception:
            return False
        most = max((np.abs(x).max(initial=0.0) for x in case.expected.values()), default=0.0)
        floors = {} if self.pair.refused else self.pair.rounding(None)
        for name in self.wanted:
            g, right = np.asarray(found.get(name)), case.expected[name]
            if g.dtype.kind not in "fiu" or g.shape != right.shape:
                return False
            off = np.abs(g - right)
            if not (off <= 1e-7 * most + 10 * np.asarray(floors.get(name, 0.0))).all():
                return False
        return True

    def flat(self) -> set[str]:
        """Return the gradients that are 0 at the given inputs."""
        case = next((c for c in self.cases if c.seed is None), None)
        return set() if case is None else {k for k, g in case.expected.items() if not np.any(g)}

    def wrong(self, case: _Case) -> set[str]:
        """Return the gradients that the user's function gets wrong in a case; none if it raises."""
        try:
            with np.errstate(all="ignore"):
                found = self.returned(self.pair.backward, case)
        except Exception:
            return set()
        return {name for name in self.wanted if not self.is_right(found.get(name), name, case)}

    def right(self, function: Callable[..., Any], before: set[str] | None = None) -> set[str]:
        """Return the gradients that are right in all cases; none unless more than before are."""
        right = {*self.wanted}
        for case in self.cases:
            try:
                with np.errstate(all="ignore"):
                    found = self.returned(function, case)
            except (Exception, Endless):
                return set()
            right = {name for name in right if self.is_right(found.get(name), name, case)}
            if before is not None and not right > before:
                return set()
        return set() if right == {*self.wanted} and self.spoils(function) else right

    def spoils(self, function: Callable[..., Any]) -> bool:
        """Return whether a changed function changes what it is given, as ``dw = w; dw += …`` does.

        Where the user's own does so, it is no fault of the change.
        """
        return self.writes(function) and not self.writes(self.pair.backward)

    def writes(self, function: Callable[..., Any]) -> bool:
        """Return whether a function changes an array of its arguments, at the first inputs."""
        case = self.cases[0]
        given = Call([*map(copied, case.call.positional)], copied(case.call.named))
        try:
            with np.errstate(all="ignore"):
                self.returned(function, case, given)
        except (Exception, Endless):
            return False
        before, after = (arrays_of([*call.positional, call.named]) for call in (case.call, given))
        return any(
            isinstance(a, np.ndarray) and not np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
            for a, b in zip(before, after, strict=False)
        )

    def is_right(self, g: Any, name: str, case: _Case) -> bool:
        """Return whether a gradient is there, has the right shape, and is right."""
        x = np.asarray(g)
        shaped = x.dtype.kind in "fiub" and x.shape == case.expected[name].shape
        return shaped and self.near(g, name, case)

    def passes(
        self, function: Callable[..., Any], *, given_data: bool = False, drawn: bool = False
    ) -> bool:
        """Return whether every gradient is right; with given data, or drawn inputs, only."""
        wanted = self.wanted
        cases = [c for c in self.cases if not given_data or c.seed is None or c.seed % 2]
        cases = [c for c in cases if not drawn or c.seed is not None]
        for case in cases:
            try:
                with np.errstate(all="ignore"):
                    found = self.returned(function, case)
            except (Exception, Endless):  # an edit that does not run is none
                return False
            if not found.keys() >= {*wanted}:  # nor is one that returns a gradient less
                return False
            for name in wanted:
                if not self.is_right(found[name], name, case):
                    wanted.remove(name)  # the one that is wrong is looked at first
                    wanted.insert(0, name)
                    return False
        return bool(wanted and cases) and not self.spoils(function)
