"""Health of a graph: what vanishes, explodes, is zero or is not finite, and where that begins."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from viz.engine import readable
from viz.numbers import norm_of
from viz.text import clean

if TYPE_CHECKING:
    from viz.engine import Graph
    from viz.view import Grade, GraphView, NodeView

__all__ = ["EXPLODING", "VANISHING", "judged", "neighbours", "trouble", "with_health"]

VANISHING, EXPLODING = 1e-7, 1e3  # norms of gradients beyond which a card says so


def with_health(g: Graph, views: tuple[NodeView, ...]) -> tuple[NodeView, ...]:
    """Add the norm of each gradient, and a word where something is out of bounds."""
    before, after = neighbours(g)
    value = [trouble(node.value) for node in g]
    slope = [trouble(node.cotangent) for node in g]
    healthy = []
    for view in views:
        i = view.id
        mark, norm = "", None
        grade: Grade = ""
        if value[i] or slope[i]:
            begins = not any(value[p] for p in before[i])
            what = value[i]
            if not what:
                begins = not any(slope[c] or value[c] for c in after[i])
                what = f"{slope[i]} gradient"
            mark = f"{what} begins here" if begins else what
            grade = "begins" if begins else "nan" if (value[i] or slope[i]) == "NaN" else "infinite"
        elif view.slope is not None and g.nodes[i].cotangent is not None:
            norm = norm_of(g.nodes[i].cotangent)
            if norm == 0:
                mark, grade = "zero gradient", "zero"
            elif norm < VANISHING or norm > EXPLODING:
                mark = grade = "vanishing" if norm < VANISHING else "exploding"
        words = f"{view.words}. {mark}" if mark else view.words
        healthy.append(replace(view, mark=mark, grade=grade, norm=norm, words=words))
    return tuple(healthy)


_SAID = 12  # verdicts up to which the caption names each


def judged(view: GraphView, report: Any) -> GraphView:
    """Mark the cards with the verdicts of `autograd.check_backprop` on their derivatives.

    The caption says the verdict and names the rows, or counts them where they are many: a card may
    be folded away.
    """
    worst = {"WRONG": 2, "follows": 1}  # of a name that stands for several values
    rows = sorted(report.rows, key=lambda row: worst.get(row.status, 0))
    verdicts = {readable(row.name[1:]): row for row in rows}
    nodes = []
    for node in view.nodes:
        row = verdicts.get(node.name)
        if row is None:
            nodes.append(node)
            continue
        mark = f"d{node.name} {row.status}"
        if row.causes:
            mark += f": {row.causes[0].sentence}"
        words = f"{node.words}. {mark}"
        nodes.append(replace(node, mark=mark, grade=row.status.lower(), words=words))
    by_status: dict[str, list[str]] = {}
    for row in (row for row in report.rows if verdicts[readable(row.name[1:])] is row):
        by_status.setdefault(row.status, []).append(row.name)
    each = {
        status: ", ".join(map(clean, names)) if len(verdicts) <= _SAID else str(len(names))
        for status, names in by_status.items()
    }
    order = sorted(each, key=("WRONG", "follows", "right", "not compared").index)
    said = "; ".join(f"{each[status]} {status}" for status in order)
    notes = [f"{text}." for text in (clean(report.verdict), said) if text] + [*report.notes]
    return replace(view, nodes=tuple(nodes), notes=(*view.notes, *notes))


def neighbours(g: Graph) -> tuple[list[list[int]], list[list[int]]]:
    """Return the operands of each node, and what reads it and is differentiated by it."""
    before: list[list[int]] = [[] for _ in g.nodes]
    after: list[list[int]] = [[] for _ in g.nodes]
    for edge in g.edges:
        before[edge.child].append(edge.parent)
        if edge.differentiable:
            after[edge.parent].append(edge.child)
    return before, after


def trouble(x: Any) -> str:
    """Return NaN or ∞ for an array that has one."""
    if x is None or np.all(np.isfinite(x)):
        return ""
    return "NaN" if np.any(np.isnan(x)) else "∞"
