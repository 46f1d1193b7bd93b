"""Writing what the ending of a file's name asks for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from viz.engine import write_whole

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

__all__ = ["write"]


def write(
    where: str, path: str | os.PathLike[str], makers: Mapping[str, Callable[[], str | bytes]]
) -> Path:
    """Write what the maker for a file's ending makes; return the path.

    Parameters
    ----------
    where : str
        Who asks, for messages.
    path : path_like
        The file.
    makers : mapping
        From endings to functions that return the content.
    """
    try:
        target = Path(path).expanduser()
    except TypeError:
        raise TypeError(
            f"{where}: needs the path of a file, such as 'graph.svg', got {path!r}."
        ) from None
    maker = makers.get(target.suffix.lower())
    if maker is None:
        raise ValueError(f"{where}: {target.name!r} needs one of the endings {', '.join(makers)}.")
    write_whole(where, target, maker())
    return target
