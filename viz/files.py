"""Writing files: whole or not at all."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["write"]

_BINARY = getattr(os, "O_BINARY", 0)  # where text files would be changed on the way


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
    if target.is_symlink():  # it stays one; what it leads to is written
        real = Path(os.path.realpath(target))
        if real.is_symlink():
            raise OSError(
                f"{where}: cannot write {str(target)!r}: the link leads back to itself; remove it."
            )
        target = real
        folder = target.parent
    if target.exists() and not target.is_file():  # replacing it would destroy a device or a pipe
        raise OSError(
            f"{where}: cannot write {str(target)!r}: it is no regular file; choose another name."
        )
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
    # A short name: that of the file may be as long as a name can be.
    part = folder / f".{secrets.token_hex(8)}.part"
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o666)
    except OSError as error:
        raise type(error)(
            f"{where}: cannot write {str(target)!r}: {error.strerror}; choose another folder."
        ) from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(made.encode() if isinstance(made, str) else made)
        if mode is not None:
            part.chmod(mode)
        part.replace(target)
    except OSError as error:
        raise type(error)(f"{where}: cannot write {str(target)!r}: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)
