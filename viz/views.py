"""Views of a recorded graph, from the fullest to the briefest, as far as options leave it open."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from viz.cards import LARGE, view_of, without_values
from viz.doctor import findings, with_findings
from viz.engine import LONGEST, BackpropDiagnosis, pause_collector, raised, readable
from viz.fit import fitted, meant, place_of, rows_or_why
from viz.health import judged
from viz.heat import ARRAYS, with_heat
from viz.loops import loops_of
from viz.notation import NOTATIONS, in_course_notation
from viz.numbers import Known, arrays_of, known_of
from viz.passes import (
    deepest,
    fold,
    fold_calls,
    fold_repeats,
    fold_to_budget,
    hide_constants,
    name_inside,
    one_direction,
    open_but_repeats,
)
from viz.stretches import fold_stretches
from viz.text import clean
from viz.theme import NAMES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from viz.doctor import Finding
    from viz.engine import Graph
    from viz.fit import Place
    from viz.view import GraphView

__all__ = ["DIRECTIONS", "ENGINES", "Options", "Views", "checked_rows"]

DIRECTIONS = ("both", "forward", "backward")
ENGINES = ("auto", "builtin", "dot", "pygraphviz")
MOST = 150  # cards of a picture, where nothing else is asked for
_BUDGETS = (24, 16, 11, 8, 5, 3)  # cards that are tried, where nothing has a name to fold by


def checked_rows(rows: int | None) -> int | None:
    """Return a number of rows, or raise ValueError."""
    if rows is not None and (type(rows) is bool or not isinstance(rows, int) or rows < 1):
        raise ValueError(f"viz.draw: rows needs to be an int of at least 1, got {rows!r}.")
    return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What `draw` was asked for; its docstring says what each means.

    Raises
    ------
    ValueError
        If one has an unknown value.
    TypeError
        If `against` is no report of `check_backprop`.
    """

    direction: str = "both"
    depth: int | None = None
    values: bool = True
    health: bool | None = None
    repeats: bool | None = None
    constants: bool = False
    theme: str = "light"
    engine: str = "auto"
    max_nodes: int | None = None
    rows: int | None = None
    fit: Any = "auto"
    notation: str = "plain"
    arrays: str = "numbers"
    against: Any = None

    def __post_init__(self) -> None:
        for name, known in (
            ("direction", DIRECTIONS),
            ("theme", NAMES),
            ("engine", ENGINES),
            ("notation", NOTATIONS),
            ("arrays", ARRAYS),
        ):
            value = getattr(self, name)
            if value not in known:
                raise ValueError(
                    f"viz.draw: {name} needs one of {', '.join(known)}, got {value!r}."
                    f"{meant(value, known)}"
                )
        for name, least in (("max_nodes", 1), ("depth", 0)):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, int) or value < least):
                raise ValueError(
                    f"viz.draw: {name} needs to be an int of at least {least}, got {value!r}."
                )
        checked_rows(self.rows)
        if self.fit not in (None, "auto"):
            place_of(self.fit)
        if self.against is not None and not isinstance(self.against, BackpropDiagnosis):
            raise TypeError(
                "viz.draw: against needs what check_backprop returns, got "
                f"{type(self.against).__name__}."
            )

    @property
    def most(self) -> int:
        """The greatest number of cards."""
        return MOST if self.max_nodes is None else self.max_nodes

    @property
    def place(self) -> Place | None:
        """Where the picture will be read, if that was said."""
        return None if self.fit in (None, "auto") else place_of(self.fit)


class Views:
    """The views of one graph for some options, each made when it is asked for."""

    def __init__(self, graph: Graph, options: Options) -> None:
        self.graph, self.options = graph, options
        self._whole: dict[tuple[bool, int], GraphView] = {}

    @property
    def is_large(self) -> bool:
        """Whether loops fold by themselves, and what takes its time is left out."""
        return len(self.graph) > LARGE

    def _only_loops_fold(self, budget: int) -> bool:
        """Whether it is clear without a view of every card that loops have to fold."""
        return self.is_large or (self._plain is not None and self._plain > budget)

    @functools.cached_property
    def _plain(self) -> int | None:
        """How many cards there are at least, where no module or call of a function can fold."""
        if any(n.scope for n in self.graph.nodes) or self.graph.program.calls:
            return None
        return sum(n.kind != "constant" for n in self.graph.nodes)

    @functools.cached_property
    def loops(self) -> list[Any]:
        """The loops of the graph."""
        return loops_of(self.graph)

    @functools.cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What is broken in it."""
        return () if self.is_large else findings(self.graph)

    @functools.cached_property
    def named(self) -> set[int]:
        """The results that the user named."""
        return {n.id for n in self.graph.nodes if n.name and n.kind == "op"}

    def whole(self, folding: bool, rounds: int = 0) -> GraphView:
        """Return the view with every card, or with one for each loop after some of its rounds."""
        key = folding, rounds
        if key not in self._whole:
            self._whole[key] = self._extracted(self.loops if folding else [], rounds)
        return self._whole[key]

    def _extracted(self, loops: list[Any], rounds: int) -> GraphView:
        o = self.options
        view = view_of(self.graph, o.values, bool(o.health), loops, rounds)
        view = replace(view if o.values else without_values(view), rows=o.rows)
        if o.arrays == "heat":
            view = with_heat(view, self.graph)
        view = one_direction(view, o.direction)
        if o.against is not None:
            view = judged(view, o.against)
        if o.values and o.health is not False:
            view = with_findings(view, self.findings)
        return view if o.constants else hide_constants(view)

    def shown(self, budget: int, levels: int | None = None, again: bool | None = None) -> GraphView:
        """Return what has at most so many cards.

        Parameters
        ----------
        budget : int
            The greatest number of cards.
        levels : int, optional
            Of modules that are open; as many as the budget allows by default.
        again : bool, optional
            Whether what repeats is folded; by default where there are too many cards otherwise.
        """

        def folded(full: GraphView) -> GraphView:
            return fold_to_budget(full, budget) if levels is None else fold(full, levels)

        full = self.whole(self._only_loops_fold(budget) if again is None else again)
        if levels is None:
            full = fold_calls(full)
        view = folded(full)
        if again and levels is None:
            view = open_but_repeats(full, budget)
        elif again or (again is None and len(view.nodes) > budget):
            view = fold_repeats(view)
        if again is None and len(view.nodes) > budget:  # loops fold in a graph that is not large
            full = self.whole(True) if levels is not None else fold_calls(self.whole(True))
            view = fold_repeats(folded(full))
        return self._in_parts(view, budget) if len(view.nodes) > budget else view

    def _in_parts(self, view: GraphView, budget: int | None = None) -> GraphView:
        """Return a view whose steps are together where they lead to one result alone."""
        return fold_stretches(view, budget, self.named, composed=self._composed)

    def _composed(self, i: int, inside: Collection[int]) -> str:
        return raised(clean(self.graph.nodes[i].composed(inside), LONGEST))

    @functools.cached_property
    def first(self) -> GraphView:
        """The view that the options ask for, before it is fitted into a place."""
        return self.shown(self.options.most, self.options.depth, self.options.repeats)

    @functools.cached_property
    def full(self) -> GraphView:
        """The view with everything open that the first one folds, but for its loops."""
        return self.whole(any(n.kind == "repeat" for n in self.first.nodes))

    def fuller(self) -> Iterator[GraphView]:
        """Yield what can be shown, the fullest first, as far as the options leave it open."""
        o, view = self.options, self.first
        yield view
        if o.depth is None and o.repeats is None:
            yield self.shown(o.most, None, True)
            for level in range(deepest(self.full) - 1, -1, -1):
                yield self.shown(o.most, level)
                yield self.shown(o.most, level, True)
        asked = o.depth is not None or o.repeats is not None or o.max_nodes is not None
        if not asked or o.place is not None:
            if o.depth is None and len(view.nodes) <= o.most:
                yield fold_stretches(view, named=self.named)
                yield self._in_parts(view)
            if o.depth is None and o.repeats is None:
                yield self._in_parts(self.shown(o.most, None, True))
            for budget in _BUDGETS:
                yield self.shown(min(budget, o.most), o.depth, o.repeats)

    @functools.cached_property
    def given(self) -> list[str]:
        """The names of leaves and data, and of results that have one."""
        return [clean(readable(n.name)) for n in self.graph.nodes if n.name]

    def noted(self, view: GraphView) -> GraphView:
        """Return a view in the notation that is asked for."""
        return in_course_notation(view) if self.options.notation == "course" else view

    def told(self, view: GraphView) -> GraphView:
        """Return a view whose caption has the names that stand on no card, in that notation."""
        return self.noted(name_inside(view, self.given))

    def fitted_to(self, place: Place) -> GraphView:
        """Return the fullest view that can be read in a place."""
        with pause_collector():
            return fitted(self.fuller(), place, self.options.rows, self.told)

    @property
    def view(self) -> GraphView:
        """The view that the options ask for."""
        place = self.options.place
        with pause_collector():
            view = self.told(self.first) if place is None else self.fitted_to(place)
        return view if self.options.rows is None else rows_or_why(view)

    @property
    def opened(self) -> GraphView:
        """The whole graph, whose modules a page folds one by one."""
        return self.noted(self.full)

    @property
    def one_round(self) -> GraphView | None:
        """The graph with a round of the loops open that are folded; None where there are none."""
        if not any(n.kind == "repeat" for n in self.full.nodes):
            return None
        whole, o = self.whole(True, rounds=1), self.options
        view = fold_to_budget(whole, o.most) if o.depth is None else fold(whole, o.depth)
        return self.noted(view)

    @property
    def arrays(self) -> dict[int, list[tuple[str, str]]]:
        """The numbers of all values and gradients, by card."""
        return arrays_of(self.graph) if self.options.values and not self.is_large else {}

    @property
    def known(self) -> dict[int, Known]:
        """The shape, value and gradient of each card, to compute formulas with."""
        return known_of(self.graph) if self.options.values and not self.is_large else {}
