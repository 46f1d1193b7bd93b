"""Mermaid text, which GitHub and many editors draw: https://mermaid.js.org/syntax/flowchart.html."""

from __future__ import annotations

from typing import TYPE_CHECKING

from viz.kinds import BORDER, KINDS

if TYPE_CHECKING:
    from viz.kinds import CardKind
    from viz.view import GraphView

__all__ = ["markdown", "render_mermaid"]

_SAFE = frozenset(" .,=+/()_|!?")


def render_mermaid(view: GraphView) -> str:
    """Return the picture as a Mermaid flowchart in a Markdown page."""
    lines = [markdown(view.title), "", "```mermaid", "flowchart LR"]
    lines += _clusters(view, (), "  ")
    for node in view.nodes:
        left, right = _shape(KINDS[node.kind])
        label = "<br/>".join(map(_escaped, node.lines))
        lines.append(f'  n{node.id}{left}"{label}"{right}')
    for edge in view.edges:
        if edge.forward:
            lines.append(f"  n{edge.source} --> n{edge.target}")
        if edge.back:
            label = f'-. "{_escaped(edge.label)}" .->' if edge.label else "-.->"
            lines.append(f"  n{edge.target} {label} n{edge.source}")
    for name, kind in KINDS.items():
        cards = [f"n{n.id}" for n in view.nodes if n.kind == name]
        if cards and kind.thick != BORDER:
            lines.append(f"  style {','.join(cards)} stroke-width:{kind.thick:g}px")
    return "\n".join([*lines, "```", "", *(f"{markdown(line)}  " for line in view.caption), ""])


def _shape(kind: CardKind) -> tuple[str, str]:
    """Return the brackets of a card: doubled, square or round."""
    if kind.double or kind.stacked:
        return "[[", "]]"
    return ("[", "]") if kind.radius == 0 or kind.fill == "module" else ("(", ")")


def _clusters(view: GraphView, path: tuple[str, ...], indent: str) -> list[str]:
    level = len(path)
    inner = dict.fromkeys(
        n.scope[: level + 1] for n in view.nodes if len(n.scope) > level and n.scope[:level] == path
    )
    lines = []
    for scope in inner:
        members = [n for n in view.nodes if n.scope[: level + 1] == scope]
        lines.append(f'{indent}subgraph s{members[0].id}x{level}["{_escaped(scope[-1])}"]')
        lines += _clusters(view, scope, indent + "  ")
        lines += [f"{indent}  n{n.id}" for n in members if n.scope == scope]
        lines.append(f"{indent}end")
    return lines


def markdown(text: str) -> str:
    """Return text in which Markdown finds nothing to do."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>#|$~&!" else c for c in text)


def _escaped(text: str) -> str:
    """Return text in which everything that Mermaid or Markdown could read is a character code."""
    return "".join(c if c.isalnum() or c in _SAFE else f"#{ord(c)};" for c in text)
