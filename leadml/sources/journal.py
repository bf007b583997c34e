"""Several files that take their places together, also where the process is killed half-way.

New files are written into a folder of their own, which nobody reads. Then one small journal is put beside the tables
that says which of them go where: with it the change is decided. Whoever opens the folder next finishes what it says.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from leadml.errors import SourceError

__all__ = ["finish_renames", "staging", "take_places"]

_STAGING = ".leadml-staging-"
_JOURNAL = ".leadml-journal-"


@contextmanager
def staging(folder: Path) -> Iterator[Path]:
    """Give an empty folder inside `folder` that goes when the block ends, together with what others left behind.

    Only one may be at work in a folder at a time, which is the caller's to see to.
    """
    finish_renames(folder)
    for left in folder.glob(f"{_STAGING}*"):
        shutil.rmtree(left, ignore_errors=True)
    draft = folder / f"{_STAGING}{secrets.token_hex(4)}"
    draft.mkdir()
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def take_places(folder: Path, files: Mapping[str, Path]) -> None:
    """Put files from a staging folder in the places of those in `folder` that have these names, all or none."""
    for file in files.values():
        _to_disk(file)
    journal = folder / f"{_JOURNAL}{secrets.token_hex(4)}"
    draft = next(iter(files.values())).parent / "journal"
    draft.write_text(json.dumps({name: str(file.relative_to(folder)) for name, file in files.items()}), "utf-8")
    _to_disk(draft)
    draft.replace(journal)
    _to_disk(folder)
    _follow(journal)


def finish_renames(folder: Path) -> None:
    """Finish what a killed process had decided.

    Raises:
        SourceError: the folder may not be written.
    """
    for journal in folder.glob(f"{_JOURNAL}*"):
        try:
            _follow(journal)
        except FileNotFoundError:  # another process was faster
            continue
        except OSError as error:
            raise SourceError(
                f"{folder}: a change that was interrupted cannot be finished ({error.strerror or error}). Open the "
                "folder once with the right to write it."
            ) from None


def _follow(journal: Path) -> None:
    for name, file in json.loads(journal.read_text("utf-8")).items():
        try:
            (journal.parent / file).replace(journal.parent / name)
        except FileNotFoundError:  # it is in its place already
            continue
    _to_disk(journal.parent)
    journal.unlink(missing_ok=True)


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
