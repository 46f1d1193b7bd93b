"""Writing files: whole or not at all."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

__all__ = ["write_whole"]

_BINARY = getattr(os, "O_BINARY", 0)  # where text files would be changed on the way


def write_whole(where: str, target: Path, made: str | bytes) -> None:
    """Write a file whole or not at all; a symbolic link stays one, and a file's mode is kept.

    Parameters
    ----------
    where : str
        Who asks, for messages.
    target : Path
        The file.
    made : str or bytes
        Its content; text is encoded as UTF-8.

    Raises
    ------
    OSError
        If it cannot be written. What was there before is then still there.
    """
    folder = target.parent
    if not folder.is_dir():
        raise FileNotFoundError(
            f"{where}: cannot write {str(target)!r}: the folder {str(folder)!r} does not exist; "
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
