"""A lock in a file that goes with the process that holds it, however that process ends."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from leadml.errors import SourceError

__all__ = ["locked"]


@contextmanager
def locked(path: Path, what: str) -> Iterator[None]:
    """Hold the lock file `path` while the block runs; `what` says in messages what it keeps apart.

    Raises:
        SourceError: another process holds it, or the folder may not be written.
    """
    try:
        file = _open(path, what)
    except OSError as error:
        raise SourceError(
            f"{what}: the lock {path} cannot be made ({error.strerror or error}). Mend the rights of the folder."
        ) from None
    with file:
        try:
            yield
        finally:
            with suppress(OSError):  # while it is still held, so that nobody can be waiting on what is deleted
                path.unlink()


def _open(path: Path, what: str) -> IO[str]:
    while True:
        file = path.open("a+", encoding="utf-8")
        if not _held(file):
            holder = _read(file)
            file.close()
            raise SourceError(f"{what} is already being done by {holder}. Wait until it is done, or end it.")
        if _still_there(file, path):
            file.truncate(0)
            file.write(f"process {os.getpid()} on {socket.gethostname()} since {datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
            file.flush()
            return file
        file.close()


def _held(file: IO[str]) -> bool:
    import fcntl  # not on every system, and only needed here

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(file: IO[str]) -> str:
    file.seek(0)
    return file.read(200).strip() or "another process"


def _still_there(file: IO[str], path: Path) -> bool:
    """The one who held it before may have deleted it between our opening and our locking."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
