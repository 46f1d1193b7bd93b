"""DOT source for Graphviz, and SVG by `dot` or `pygraphviz` where they are installed."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from graphviz.backend.dot_command import command

from viz.kinds import BORDER, KINDS
from viz.render.svg import legend
from viz.theme import DARK, LIGHT

if TYPE_CHECKING:
    from viz.view import GraphView, NodeView

__all__ = ["EngineError", "EngineTimeout", "by_dot", "render_dot", "svg_by_pygraphviz"]

TIMEOUT = 60.0  # seconds


class EngineError(RuntimeError):
    """A layout engine that is not there, or failed."""


class EngineTimeout(EngineError):
    """A layout engine that did not finish in its time."""


def render_dot(view: GraphView, theme: str = "light") -> str:
    """Return the picture as DOT: forward edges rank the graph, backward ones run beside them."""
    colours = DARK if theme == "dark" else LIGHT
    lines = [
        "digraph {",
        f'  graph [rankdir=LR, bgcolor="{colours.background}", nodesep=0.4, ranksep=0.9, '
        f"label={_quoted(legend(view), *view.caption, break_with='l')}, labeljust=l, "
        f'fontname="Helvetica", fontsize=10, fontcolor="{colours.muted}"];',
        f'  node [shape=box, style="filled", fontname="Helvetica", fontsize=12, '
        f'color="{colours.ink}", fontcolor="{colours.ink}", fillcolor="{colours.card}"];',
        '  edge [fontname="Helvetica", fontsize=11];',
    ]
    lines += _clusters(view, 0, (), colours.muted)
    fills = {"leaf": colours.leaf, "cost": colours.cost}
    for node in view.nodes:
        kind = KINDS[node.kind]
        extra = f", penwidth={kind.thick:g}" * (kind.thick != BORDER)
        extra += ", peripheries=2" * kind.double + ", shape=box3d" * kind.stacked
        plain = kind.double or kind.radius == 0 or kind.fill == "module"
        rounded = "" if plain else ', style="filled,rounded"'
        fill = f', fillcolor="{fills[kind.fill]}"' if kind.fill in fills else ""
        lines.append(f"  n{node.id} [label={_quoted(*node.rows)}{fill}{rounded}{extra}];")
    for edge in view.edges:
        style = "" if edge.forward else ", style=invis"  # it still ranks the graph
        lines.append(f'  n{edge.source} -> n{edge.target} [color="{colours.forward}"{style}];')
        if edge.back:
            label = f"label={_quoted(edge.label)}, " if edge.label else ""
            lines.append(
                f"  n{edge.target} -> n{edge.source} [{label}constraint=false, style=dashed, "
                f'color="{colours.backward}", fontcolor="{colours.backward_text}"];'
            )
    if not any(node.scope for node in view.nodes):
        leaves = " ".join(f"n{n.id};" for n in view.nodes if n.kind in {"parameter", "data"})
        lines.append(f"  {{ rank=same; {leaves} }}")
    return "\n".join([*lines, "}", ""])


def _clusters(view: GraphView, level: int, path: tuple[str, ...], colour: str) -> list[str]:
    """Write the subgraphs below a path; they nest only as deep as modules do."""
    members: dict[tuple[str, ...], list[NodeView]] = {}
    for node in view.nodes:
        if len(node.scope) > level and node.scope[:level] == path:
            members.setdefault(node.scope[: level + 1], []).append(node)
    lines = []
    for inner, nodes in members.items():
        indent = "  " * (level + 1)
        name = "_".join(["cluster", *(str(n.id) for n in nodes[:1]), str(level)])
        lines.append(f"{indent}subgraph {name} {{")
        lines.append(f'{indent}  label={_quoted(inner[-1])}; color="{colour}";')
        own = [f"n{n.id};" for n in nodes if len(n.scope) == level + 1]
        lines.append(f"{indent}  {' '.join(own)}")
        lines += _clusters(view, level + 1, inner, colour)
        lines.append(f"{indent}}}")
    return lines


def _quoted(*rows: str, break_with: str = "n") -> str:
    r"""Return rows of text as one DOT string, with everything DOT would interpret escaped.

    Rows end in ``\n``, which centres them, or in ``\l``, which begins them at the left.

    Graphviz reads entities such as ``&lt;`` in labels, so ``&`` goes first; a backslash begins an
    escape, a quote ends the string.
    """
    escaped = [row.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"') for row in rows]
    return '"' + f"\\{break_with}".join([*escaped, *[""][: break_with == "l"]]) + '"'


def by_dot(source: str, kind: str, timeout: float = TIMEOUT) -> bytes:
    """Return the SVG, PNG or PDF that the `dot` program makes.

    Raises
    ------
    EngineError
        If it is not on the path or fails; EngineTimeout after `timeout` seconds.
    """
    try:
        done = subprocess.run(
            command("dot", kind),
            input=source.encode(),
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except OSError as error:
        raise EngineError(
            "engine='dot': the program dot is not on the path; install Graphviz "
            "(Debian: apt-get install graphviz), or use engine='builtin', which needs nothing."
        ) from error
    except subprocess.TimeoutExpired as error:
        raise EngineTimeout(
            f"engine='dot': no picture after {timeout:g} s; use engine='builtin' or a smaller "
            "depth."
        ) from error
    if done.returncode:
        raise EngineError(
            f"engine='dot': dot failed: {done.stderr.decode(errors='replace').strip()}"
        )
    return done.stdout


def svg_by_pygraphviz(source: str) -> str:
    """Return SVG made by pygraphviz.

    Raises
    ------
    EngineError
        If it is not installed, or fails.
    """
    try:
        import pygraphviz
    except ImportError as error:
        raise EngineError(
            "engine='pygraphviz': needs pygraphviz; install it with pip install "
            "'pygraphviz>=2', or use engine='builtin', which needs nothing."
        ) from error
    try:
        graph = pygraphviz.AGraph(string=source)
        svg: bytes = graph.draw(format="svg", prog="dot")
    except Exception as error:
        raise EngineError(f"engine='pygraphviz': {error}") from error
    return svg.decode()
