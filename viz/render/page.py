"""One HTML file that plays a graph step by step; it needs no network, and no script to be read.

The steps are the recorded order forward, and its exact reverse backward. Each step has its elements
(`data-at` in the SVG) and its words. The page's own style and script are the only ones its
Content-Security-Policy lets in, by their hashes.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from viz.engine import bracketed
from viz.render.svg import description, style_of, svg_of, thickness
from viz.render.text import render_text
from viz.text import pieces

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from viz.numbers import Known
    from viz.view import EdgeView, GraphView, NodeView

__all__ = ["Picture", "Step", "marks_of", "render_page", "steps_of"]


@dataclass(frozen=True, slots=True)
class Picture:
    """One of the pictures of a page: a graph with some of its modules open.

    Attributes
    ----------
    label : str
        What the list of pictures calls it.
    view : GraphView
        What it shows.
    leads : dict
        Card id to the number of the picture in which that module is open.
    """

    label: str
    view: GraphView
    leads: dict[int, int]


@dataclass(frozen=True, slots=True)
class Step:
    """What happens at one step.

    Attributes
    ----------
    words : str
        What is said of it.
    back : bool
        Whether it goes back.
    edge : int
        The number of the edge that it goes back along; −1 for others.
    ask, answer, hint, rule : str
        What a reader may be asked first, what is right (a number, or the formula of the rule),
        which factor it needs, and the rule of a number; empty where there is nothing to ask.
    """

    words: str
    back: bool
    edge: int = -1
    ask: str = ""
    answer: str = ""
    hint: str = ""
    rule: str = ""


@dataclass(slots=True)
class Steps:
    """The steps of a picture, and the step (from 1) at which each part of it appears."""

    steps: list[Step]
    nodes: dict[int, int]
    gradients: dict[int, int]
    inside: dict[int, int]  # the gradients inside a folded card
    ahead: dict[int, int]
    back: dict[int, int]


def steps_of(view: GraphView) -> Steps:
    """Return the forward steps in the order of the nodes, and the backward ones in reverse."""
    s = Steps([], {}, {}, {}, {}, {})
    arriving: dict[int, list[int]] = {n.id: [] for n in view.nodes}
    for number, edge in enumerate(view.edges):
        arriving[edge.target].append(number)
    given = [n for n in view.nodes if not arriving[n.id] and not n.is_folded]
    if given:
        s.steps.append(Step(f"Given: {'; '.join(_said(n) for n in given)}.", back=False))
    s.nodes.update((n.id, 1) for n in given)
    for node in view.nodes:
        if node.id not in s.nodes:
            s.steps.append(Step(f"{_said(node)}.", back=False))
            s.nodes[node.id] = len(s.steps)
            s.ahead.update((number, len(s.steps)) for number in arriving[node.id])
    missing = {n.id: 0 for n in view.nodes}
    for edge in view.edges:
        missing[edge.source] += edge.back
    by_id = {n.id: n for n in view.nodes}
    names = {name for n in view.nodes for name in (n.name, f"d{n.name}")}
    forward = len(s.steps)
    walked = any(n.slope is not None and n.slope.state != "none" for n in view.nodes)
    for node in reversed(view.nodes) if walked else ():
        if node.gradient and not missing[node.id] and node.id not in s.gradients:
            if arriving[node.id] or len(s.steps) == forward:
                s.steps.append(Step(f"{node.gradient}: the backward pass begins here.", back=True))
            s.gradients[node.id] = len(s.steps)
        if node.gradients_inside:
            said = "; ".join(node.gradients_inside)
            s.steps.append(Step(f"Inside {node.name}: {said}.", back=True))
            s.inside[node.id] = len(s.steps)
        for number in reversed(arriving[node.id]):
            edge = view.edges[number]
            if not edge.back:
                continue
            missing[edge.source] -= 1
            through = f"back through {node.name} into {by_id[edge.source].name}"
            words = edge.words or edge.label or through
            if not missing[edge.source]:
                s.gradients[edge.source] = len(s.steps) + 1
                slope = by_id[edge.source].slope
                words += f". In all {slope}" if slope is not None and slope.paths > 1 else ""
            s.steps.append(_asked(Step(f"{words}.", back=True, edge=number), edge, by_id, names))
            s.back[number] = len(s.steps)
    for number in range(len(view.edges)):
        s.back.setdefault(number, 1)  # of a graph that no backward pass has gone through
    for node in view.nodes:  # what no derivative reaches says so from the beginning
        s.gradients.setdefault(node.id, s.nodes[node.id])
    return s


def _asked(step: Step, edge: EdgeView, by_id: dict[int, NodeView], names: set[str]) -> Step:
    """Return a step that can be asked: the number that comes back, or the rule of an array."""
    source, target = by_id[edge.source], by_id[edge.target]
    if not edge.formula or source.slope is None or target.slope is None:
        return step
    ask, above = source.slope.symbol, target.slope.symbol
    one = f" along {target.name}" if source.slope.paths > 1 else ""
    if edge.brings is not None and not source.shape.startswith("("):
        rule = f"{above} · ({edge.formula})"
        above_name, name = bracketed(target.name), bracketed(source.name)
        factor = edge.symbol if edge.symbol != ask else f"∂{above_name}/∂{name}"
        hint = f"{ask} = {above} · {factor}. The factor {factor} is {edge.formula}."
        if above == f"∂{above_name}/∂{above_name}":
            hint = f"{above} is 1, so it is the local derivative: {edge.formula}."
            rule = edge.formula
        return replace(step, ask=f"{ask}{one} = ", answer=repr(edge.brings), hint=hint, rule=rule)
    if edge.symbol.startswith(ask):  # a whole derivative, or what comes back along one of the paths
        found = (x for x in _NAMES.findall(edge.formula) if x.startswith("∂") or x in names)
        parts = ", ".join(dict.fromkeys(found))
        made = f"is made of {parts}, and " if parts else ""
        hint = f"It {made}has the shape of {source.name}, {source.shape}."
        return replace(step, ask=f"{edge.symbol} = ", answer=edge.formula, hint=hint)
    hint = f"Derive {target.header} by {source.name}, element by element."
    return replace(step, ask=f"{edge.symbol} = ", answer=edge.formula, hint=hint)


_NAMES = re.compile(  # derivatives, and names with a layer or an accent, without the ᵀ after them
    r"∂(?:\([^()]*\)|[\w./]+)/∂(?:\([^()]*\)|(?:(?!ᵀ)[\w.])+(?:\^\[[\w, ]+\](?:\(\w+\))?)?)"
    r"|[^\W\d_ᵀ](?:(?!ᵀ)[\w.\u0302-\u0304])*(?:\^\[[\w, ]+\](?:\(\w+\))?)?"
)


def _said(node: NodeView) -> str:
    value = ", ".join([*node.body, *node.value, *filter(None, [node.count])])
    return " = ".join(filter(None, [node.header, node.substituted, value]))


def render_page(
    pictures: Sequence[Picture],
    first: int = 0,
    frames: Sequence[GraphView] = (),
    measured: GraphView | None = None,
    theme: str = "auto",
    arrays: Mapping[int, Sequence[tuple[str, str]]] | None = None,
    known: Mapping[int, Known] | None = None,
) -> str:
    """Return the page.

    Parameters
    ----------
    pictures : sequence of Picture
        The same graph with more or fewer of its modules open.
    first : int
        The picture that is shown first, and where no script runs.
    frames : sequence of GraphView
        The graph of the only picture at several times.
    measured : GraphView, optional
        What the sizes of that picture are taken from.
    theme : {"light", "dark", "auto"}
        auto follows the reader's setting.
    arrays : mapping, optional
        Card id to the arrays that a click on it shows, each with a caption.
    known : mapping, optional
        Card id to the shape, value and gradient that a predicted formula is computed with.
    """
    style = f"{_themed(_file('player.css'), theme)}\n{style_of('svg.graph', theme)}"
    script = _file("algebra.js") + _file("player.js")
    known = known or {}
    figures, described = [], []
    for k, picture in enumerate(pictures):
        steps = steps_of(picture.view)
        prefix = f"p{k}"
        svg = svg_of(picture.view, prefix, measured, marks_of(picture, steps))
        hidden = "" if k == first else " hidden"
        figures.append(f'<div class="figure"{hidden}>{svg}</div>')
        described.append(
            {
                "prefix": prefix,
                "summary": " ".join(picture.view.caption),
                "edges": [[e.source, e.target] for e in picture.view.edges],
                "cards": {n.id: [n.header, n.source] for n in picture.view.nodes},
                "known": [
                    [n.name, *known.get(n.id, (None, None, None)), n.id] for n in picture.view.nodes
                ],
                "steps": _steps(steps),
            }
        )
    data = {"first": first, "pictures": described, "frames": [_frame(view) for view in frames]}
    data["arrays"] = arrays or {}
    view = pictures[first].view
    options = "".join(
        f'<option value="{k}"{" selected" if k == first else ""}>{html.escape(p.label)}</option>'
        for k, p in enumerate(pictures)
    )
    return _file("player.html").format(
        title=html.escape(view.title),
        policy=f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "img-src data:; "  # of the picture that is copied
        "base-uri 'none'; form-action 'none'",
        style=style,
        script=script,
        figures="\n".join(figures),
        options=options,
        last=max(len(frames) - 1, 0),
        text=html.escape(render_text(view)),
        data=_json(data),
    )


def _steps(steps: Steps) -> list[dict[str, Any]]:
    return [
        {"words": s.words, "back": s.back, "edge": s.edge}
        | ({"ask": s.ask, "answer": s.answer, "hint": s.hint, "rule": s.rule} if s.ask else {})
        for s in steps.steps
    ]


def _frame(view: GraphView) -> dict[str, Any]:
    """Return what changes in a picture from one time to another."""
    thick = {n.id: thickness(n.norm) for n in view.nodes}
    return {
        "title": view.title,
        "words": description(view),
        "text": render_text(view),
        "cards": {
            n.id: {"words": n.label, "texts": [pieces(row) for row in n.rows]} for n in view.nodes
        },
        "edges": {
            k: {"label": pieces(e.label), "thick": thick[e.source]}
            for k, e in enumerate(view.edges)
            if e.back
        },
        "steps": _steps(steps_of(view)),
    }


def marks_of(picture: Picture, steps: Steps) -> dict[str, str]:
    """Return the attributes that say at which step each part of a picture appears."""
    marks = {}
    for node, at in steps.nodes.items():
        module = f' data-module="{picture.leads[node]}"' if node in picture.leads else ""
        marks[f"n{node}"] = f' data-at="{at}"{module}'
    gradients = (("n", " gradient", steps.gradients), ("n", " inside", steps.inside))
    parts = (*gradients, ("e", " ahead", steps.ahead))
    for kind, part, table in (*parts, ("e", " back", steps.back)):
        marks.update({f"{kind}{k}{part}": f' data-at="{at}"' for k, at in table.items()})
    return marks


def _themed(css: str, theme: str) -> str:
    """Return the page's style with its dark colours always, never, or as the reader likes."""
    if theme == "auto":
        return css
    css = css.replace("color-scheme: light dark", f"color-scheme: {theme}")
    wanted = "all" if theme == "dark" else "not all"
    return css.replace("@media (prefers-color-scheme: dark)", f"@media {wanted}")


def _file(name: str) -> str:
    return (files("viz.render") / name).read_text("utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _json(data: Any) -> str:
    """Return JSON that cannot end the element it stands in."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
