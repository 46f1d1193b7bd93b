"""Writing files: whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
    _write(where, target, maker())
    return target


def _write(where: str, target: Path, made: str | bytes) -> None:
    """Write a file whole or not at all."""
    folder = target.parent
    if not folder.is_dir():
        raise FileNotFoundError(
            f"{where}: cannot write {str(target)!r}: the folder {str(folder)!r} does "
            f"not exist; "
            "create it first."
        )
    try:
        handle, part = tempfile.mkstemp(dir=folder, prefix=f".{target.name}.")
    except OSError as error:
        raise type(error)(
            f"{where}: cannot write {str(target)!r}: {error.strerror}; choose another folder."
        ) from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(made.encode() if isinstance(made, str) else made)
        mask = os.umask(0)
        os.umask(mask)
        Path(part).chmod(0o666 & ~mask)
        Path(part).replace(target)
    except OSError as error:
        raise type(error)(f"{where}: cannot write {str(target)!r}: {error.strerror}.") from error
    finally:
        Path(part).unlink(missing_ok=True)
