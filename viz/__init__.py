"""Pictures of computation graphs: values left to right, derivatives right to left.

Always: the same program gives the same bytes, and a picture needs nothing but this package.
"""

__version__ = "0.1.0"

from viz import _guard  # noqa: F401 - refuses another distribution's autograd first
from viz.doctor import Finding, diagnose
from viz.drawing import Drawing, Playback, draw, play
from viz.engine import NotDrawable
from viz.explain import Explanation, explain
from viz.film import Film, diff, film
from viz.formats import FORMATS, Format
from viz.network import NetworkDrawing, draw_network
from viz.render.dot import EngineError
from viz.view import EdgeView, Gradient, GraphView, NodeView

__all__ = [
    "FORMATS",
    "Drawing",
    "EdgeView",
    "EngineError",
    "Explanation",
    "Film",
    "Finding",
    "Format",
    "Gradient",
    "GraphView",
    "NetworkDrawing",
    "NodeView",
    "NotDrawable",
    "Playback",
    "diagnose",
    "diff",
    "draw",
    "draw_network",
    "explain",
    "film",
    "play",
]
