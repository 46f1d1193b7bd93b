"""All declared ops and composite functions, by name.

Everything that follows from declarations (dispatch, methods, checks, pages, drawings) reads these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autograd.op import Composite, Op

__all__ = ["COMPOSITES", "HIDDEN", "OPS"]

OPS: dict[str, Op] = {}
COMPOSITES: dict[str, Composite] = {}
HIDDEN: dict[str, Op] = {}  # ops of the engine's own, not for users to call
