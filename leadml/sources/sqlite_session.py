"""A connection to a SQLite database, and what goes wrong on it in one clear line.

ADBC brings a SQLite of its own. Two of them in one process do not see each other's locks on a file, because the system
keeps such locks by process, and one that closes the file even drops those of the other. So before the file is opened
here, it is made sure that nobody else in this process is in the middle of something with it.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from leadml.errors import SourceError, naming_the_extra

__all__ = ["BUSY_SECONDS", "session"]

BUSY_SECONDS = 3.0
_LOCKS = Path("/proc/locks")
_CACHE_KIB = 65_536  # keys come in any order, and each is looked up
_open: Counter[int] = Counter()


@contextmanager
def session(path: Path, *, write: bool = False) -> Iterator[Any]:
    """Give a cursor on a new connection, which is closed when the block ends; what is not committed is undone.

    Raises:
        SourceError: whatever SQLite says against it.
    """
    with naming_the_extra("A SQLite database"):
        import adbc_driver_sqlite.dbapi as sqlite
    inode, real = _settled(path), path.resolve()
    # What a killed process left half-written is undone by whoever opens the file next, if that one may write.
    mode = "rw" if write or real.with_name(f"{real.name}-journal").exists() else "ro"
    address = f"{real.as_uri()}?mode={mode}"
    _open[inode] += 1
    try:
        with sqlite.connect(address, autocommit=True) as connection, connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
            cursor.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            yield cursor
    except sqlite.Error as error:
        raise SourceError(f"The database {path} {_fault(str(error))}") from None
    finally:
        _open[inode] -= 1


def _settled(path: Path) -> int:
    """Wait until no other SQLite in this process holds a lock on the file; give its inode."""
    try:
        inode = path.stat().st_ino
    except OSError as error:
        raise SourceError(f"The database {path} cannot be opened ({error.strerror}). Mend the path.") from None
    until = time.monotonic() + BUSY_SECONDS
    while not _open[inode] and _locked_here(inode):
        if time.monotonic() > until:
            raise SourceError(f"The database {path} {_fault('locked')}")
        time.sleep(0.01)
    return inode


def _locked_here(inode: int) -> bool:
    """Look where Linux tells who holds which lock; elsewhere nobody is asked."""
    try:
        held = _LOCKS.read_text("utf-8").splitlines()
    except OSError:
        return False
    own = (f" {os.getpid()} ", f":{inode} ")
    return any("POSIX" in line and all(part in line for part in own) for line in held)


def _fault(text: str) -> str:
    said = text.split("\n", 1)[0].rpartition("query: ")[2].removeprefix("IO: ").strip()
    if "locked" in said or "busy" in said:
        return f"is locked by another program for more than {BUSY_SECONDS:g} s. Try again when it is done."
    if "readonly" in said or "unable to open" in said or "failed to open" in said:
        return "may not be written or opened. Mend the rights of the file and of its folder; nothing changed."
    if "not a database" in said or "malformed" in said:
        return f"is damaged or no SQLite database ({said}). Restore it from a copy."
    if "full" in said:
        return "has no room left on its disk. Make room and try again; nothing changed."
    return f"refused: {said}. Nothing changed."
