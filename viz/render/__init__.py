"""Renderers: a `GraphView` becomes SVG, DOT or text."""
