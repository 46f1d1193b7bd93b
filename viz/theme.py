"""Colours and sizes of drawings.

Blue and vermillion keep their distance under every common colour blindness; in greyscale, where
they do not, dashes and position tell forward from backward.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DARK", "LIGHT", "NAMES", "Theme"]

FONT = "Helvetica, Arial, 'DejaVu Sans', sans-serif"
NAME, VALUE, LABEL, SMALL = 13.0, 12.0, 11.0, 11.0  # font sizes in pixels

NAMES = ("light", "dark", "auto")


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours by role."""

    background: str
    forward: str
    backward: str
    backward_text: str
    ink: str
    muted: str
    card: str
    leaf: str
    cost: str
    gradient: str
    cluster: str
    mark: str


LIGHT = Theme(
    background="#FFFFFF",
    forward="#0072B2",
    backward="#D55E00",
    backward_text="#B24A00",
    ink="#1F2933",
    muted="#6B7280",
    card="#FFFFFF",
    leaf="#EAF4FB",
    cost="#FFF4E0",
    gradient="#FDEDE3",
    cluster="#F7F8FA",
    mark="#A3195B",
)
DARK = Theme(
    background="#0F172A",
    forward="#56B4E9",
    backward="#E69F00",
    backward_text="#E69F00",
    ink="#E5E7EB",
    muted="#9CA3AF",
    card="#17213A",
    leaf="#16324A",
    cost="#3A2E12",
    gradient="#3A2113",
    cluster="#131D33",
    mark="#F08CB4",
)
