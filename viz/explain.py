"""`explain`: the chain rule, derived step by step with numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from viz.cards import view_of
from viz.engine import NotDrawable, find, graph_of, pause_collector, readable
from viz.files import write
from viz.passes import hide_constants
from viz.render.mermaid import markdown
from viz.render.tikz import escaped
from viz.text import clean

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from pathlib import Path

    from viz.view import EdgeView, GraphView, NodeView

__all__ = ["Explanation", "explain"]


@dataclass(frozen=True, slots=True, repr=False)
class Explanation:
    """A derivation; `print` it, show it in a notebook, or save it.

    Attributes
    ----------
    view : GraphView
        The part of the graph it is about.
    title : str
        What is derived.
    """

    view: GraphView
    title: str

    @property
    def text(self) -> str:
        """The derivation as plain text."""
        lines = [self.title, "", "Forward"]
        lines += [f"  {_given(node)}" for node in self.view.nodes]
        lines += ["", "Backward"]
        lines += [f"  {x if isinstance(x, str) else x.words or x.label}" for x in _steps(self.view)]
        return "\n".join([*lines, ""])

    @property
    def markdown(self) -> str:
        """The derivation as Markdown, its mathematics between dollar signs."""
        lines = [f"## {markdown(self.title)}", "", "**Forward**", ""]
        lines += [f"- ${node.latex}${_value(node)}" for node in self.view.nodes]
        lines += ["", "**Backward**", ""]
        for x in _steps(self.view):
            lines.append(f"- {markdown(x)}" if isinstance(x, str) else f"- ${x.latex}$")
        return "\n".join([*lines, ""])

    @property
    def latex(self) -> str:
        """The derivation as a LaTeX document."""
        lines = [
            r"\documentclass{article}",
            r"\usepackage[T1]{fontenc}",
            r"\usepackage{amsmath,amssymb}",
            r"\begin{document}",
            rf"\section*{{{escaped(self.title)}}}",
            r"\subsection*{Forward}",
            r"\begin{itemize}",
            *[rf"\item ${n.latex}${escaped(_value(n))}" for n in self.view.nodes],
            r"\end{itemize}",
            r"\subsection*{Backward}",
            r"\begin{itemize}",
        ]
        for x in _steps(self.view):
            made = escaped(x) if isinstance(x, str) else rf"$\displaystyle {x.latex}$"
            lines.append(rf"\item {made}")
        return "\n".join([*lines, r"\end{itemize}", r"\end{document}", ""])

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the derivation to a file ending in .txt, .md or .tex; return the path.

        Raises
        ------
        ValueError
            If the ending is another one.
        OSError
            If the file cannot be written. What was there before is untouched.
        """
        makers = {
            ".txt": lambda: self.text,
            ".md": lambda: self.markdown,
            ".tex": lambda: self.latex,
        }
        return write("Explanation.save", path, makers)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<Explanation: {self.title}; print it>"

    def _repr_markdown_(self) -> str:
        return self.markdown


def explain(output: Any, wrt: Any = None) -> Explanation:
    """Derive the derivative of an output step by step, as the chain rule gives it.

    Parameters
    ----------
    output : Tensor
        The result of a recorded computation that a backward pass has gone through.
    wrt : Tensor, name, or sequence of these, optional
        What to differentiate by; every leaf by default. Only paths to these are told.

    Returns
    -------
    Explanation
        With `text`, `markdown` and `latex`.

    Raises
    ------
    NotDrawable
        If the output has no graph, no backward pass has been, or it does not depend on `wrt`.

    Examples
    --------
    >>> import viz
    >>> from autograd import Tensor
    >>> a, b = Tensor(2.0, name="a", requires_grad=True), Tensor(3.0, name="b", requires_grad=True)
    >>> J = (a * b + b).named("J")
    >>> J.backward()
    >>> print(viz.explain(J, wrt=b))
    The derivative of J by b
    <BLANKLINE>
    Forward
      a = 2, given
      b = 3, given
      u = a · b = 2 · 3 = 6
      J = u + b = 6 + 3 = 9
    <BLANKLINE>
    Backward
      ∂J/∂J = 1
      ∂J/∂u = 1
      ∂J/∂b = 1, on one of 2 paths
      ∂J/∂b = ∂J/∂u · ∂u/∂b = 1 · 2 = 2, on one of 2 paths, where ∂u/∂b = a = 2
      The sum over 2 paths: ∂J/∂b = 2 + 1 = 3 (2 paths)
    <BLANKLINE>
    """
    with pause_collector():
        recorded = graph_of(output, where="viz.explain")
        view = view_of(recorded, typeset=True)
        (result,) = recorded.outputs
        if not result.walked:
            raise NotDrawable("viz.explain: no backward pass has been; call backward() first.")
        ids = None if wrt is None else {_id(output, view, x) for x in _sequence(wrt)}
    if ids is None:
        ids = {n.id for n in view.nodes if n.kind == "parameter"}
    names = ", ".join(n.name for n in view.nodes if n.id in ids)
    # The first step says what the result is; numbers stand in formulas.
    part = _towards(replace(hide_constants(view, arrays=False), notes=view.notes, results=()), ids)
    return Explanation(part, f"The derivative of {clean(result.label)} by {names}")


def _sequence(wrt: Any) -> Sequence[Any]:
    found = list(wrt) if isinstance(wrt, (list, tuple)) else [wrt]
    if not found:
        raise NotDrawable("viz.explain: wrt is empty; leave it out to derive by every leaf.")
    return found


def _id(output: Any, view: GraphView, x: Any) -> int:
    """Return the id of a tensor, or of the card of a name."""
    if not isinstance(x, str):
        return find(output, x)
    ids = [n.id for n in view.nodes if n.name in {x, readable(x)}]
    if len(ids) != 1:
        names = ", ".join(n.name for n in view.nodes if n.kind != "constant")
        raise NotDrawable(
            f"viz.explain: {len(ids) or 'no'} cards are called {x!r}; there are {names}."
        )
    return ids[0]


def _towards(view: GraphView, ids: set[int]) -> GraphView:
    """Keep the nodes on paths from these to the output, and the operands they were made of."""
    above = set(ids)
    for edge in view.edges:  # in the order of their targets
        if edge.back and edge.source in above:
            above.add(edge.target)
    edges = tuple(
        replace(e, back=e.back and e.source in above) for e in view.edges if e.target in above
    )
    kept = above | {e.source for e in edges}
    # What the operands beside the path are made of is told too: their values come from there.
    for edge in reversed(view.edges):
        if edge.target in kept:
            kept.add(edge.source)
    return replace(view, nodes=tuple(n for n in view.nodes if n.id in kept), edges=edges)


def _given(node: NodeView) -> str:
    value = ", ".join(node.details)
    value = "" if value == node.name else value
    made = " = ".join(filter(None, [node.header, node.substituted, value]))
    return made if node.formula else f"{made}, given"


def _is_missing(node: NodeView, edges: list[EdgeView]) -> bool:
    """Return whether the numbers of a gradient are not in the chain rule itself."""
    return bool(edges) and node.slope is not None and node.slope.amount not in edges[-1].words


def _value(node: NodeView) -> str:
    value = ", ".join(node.details)
    made = [node.substituted, value] if value and value != node.name else [node.substituted]
    return "".join(f" = {part}" for part in made if part)


def _steps(view: GraphView) -> list[str | EdgeView]:
    """Return the backward pass in order: the chain rule along edges, and sentences about them."""
    leaving: dict[int, list[EdgeView]] = {}
    for edge in reversed(view.edges):
        if edge.back:
            leaving.setdefault(edge.source, []).append(edge)
    steps: list[str | EdgeView] = []
    for node in reversed(view.nodes):
        edges = leaving.get(node.id, [])
        if len(edges) > 1:
            note = rf"\quad \text{{(one of {len(edges)} paths)}}"
            edges = [replace(e, latex=e.latex + note) for e in edges]
        steps += edges
        if not edges:
            steps += [node.gradient] if node.id == view.nodes[-1].id and node.gradient else []
        elif len(edges) > 1 and node.gradient:
            steps.append(f"The sum over {len(edges)} paths: {node.gradient}")
        elif _is_missing(node, edges):
            steps.append(f"So {node.gradient}")
    return [*steps, *map(str, view.alerts), *view.notes, *filter(None, [view.shorthand])]
