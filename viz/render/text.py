"""The picture in words: the forward steps in order, then the backward steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from viz.view import EdgeView, GraphView

__all__ = ["render_text"]


def render_text(view: GraphView) -> str:
    """Return the picture as lines of plain text."""
    lines = [view.title, "", "Forward"]
    lines += [
        f"  {node.header}"
        + (f" = {', '.join(node.details)}" if node.details else "")
        + (f" ({node.mark})" if node.mark else "")
        for node in view.nodes
    ]
    if any(edge.back for edge in view.edges) or (not view.edges and view.nodes[-1].gradient):
        arriving: dict[int, list[EdgeView]] = {}
        for edge in view.edges:
            arriving.setdefault(edge.target, []).append(edge)
        lines += ["", "Backward"]
        for node in reversed(view.nodes):
            if node.gradient:
                first, *rows = node.gradient_rows
                lines.append(f"  {first} {', '.join(rows)}".rstrip())
            lines += [f"    {e.label}" for e in arriving.get(node.id, []) if e.label]
    return "\n".join([*lines, "", *view.caption, ""])
