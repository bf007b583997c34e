"""What a spool holds, in one JSON file that is written last: without it a spool is not complete."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from leadml.errors import SourceError
from leadml.replacing import replacing
from leadml.schema import Counts
from leadml.sources.check import Wanted
from leadml.sources.source import Source

__all__ = ["Further", "Manifest", "counts_of", "moment_of", "purpose_of", "read_manifest", "sizes", "write_manifest"]

_FORMAT = 1
_NAME = "manifest.json"


@dataclass(frozen=True)
class Further:
    """A table that is not checked: the column that names the lead of each row, and what is read (None: all columns)."""

    lead: str
    columns: Sequence[str] | None = None


@dataclass(frozen=True)
class Manifest:
    """What is the same in all parts, what only all of them together tell, and the size of each file in bytes."""

    purpose: dict[str, Any]
    moment: str | None
    parts: int
    attributes: list[str]
    answers: dict[str, str]
    known_at: dict[str, str | None]
    source: str | None
    dropped: dict[str, str]
    assumptions: list[str]
    counts: list[dict[str, list[int]]]
    reasons: dict[str, dict[str, int]]
    newest: str | None
    any_open: bool
    further: list[str]
    bad: dict[str, list[tuple[int, str]]]
    sizes: dict[str, int]


def purpose_of(
    source: Source, wanted: Wanted, further: Mapping[str, Further] | None = None, accounts: pa.Array | None = None
) -> dict[str, Any]:
    """Say what a spool is made for, as JSON gives it back."""
    chosen = None if accounts is None else hashlib.sha256("\0".join(sorted(accounts.to_pylist())).encode()).hexdigest()
    described = asdict(wanted)
    described.pop("now")
    others = {table: asdict(how) for table, how in (further or {}).items()}
    told = {"source": source.where, "wanted": described, "further": others, "accounts": chosen}
    purpose: dict[str, Any] = json.loads(json.dumps(told))
    return purpose


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Complete a spool.

    Raises:
        OSError: the disk is full.
    """
    with replacing(folder / _NAME) as draft:
        draft.write_text(json.dumps({"format": _FORMAT, **asdict(manifest)}), "utf-8")


def read_manifest(folder: Path) -> Manifest | None:
    """Read what a spool holds; None: it is not complete, or another version of leadml wrote it.

    Raises:
        SourceError: the file is damaged.
    """
    path = folder / _NAME
    try:
        given = json.loads(path.read_text("utf-8"))
        if given.pop("format") != _FORMAT:
            return None
        manifest = Manifest(**given)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, AttributeError, KeyError) as fault:
        raise SourceError(f"{path} is damaged ({fault}). Remove its folder; the leads are read again then.") from None
    return manifest if sizes(folder) == manifest.sizes else None


def sizes(folder: Path) -> dict[str, int]:
    """The size of each file of a spool."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != _NAME)
    return {str(path.relative_to(folder)): path.stat().st_size for path in files}


def counts_of(given: Mapping[str, list[int]]) -> dict[str, Counts]:
    """The balance of each table."""
    return {table: Counts(*count) for table, count in given.items()}


def moment_of(given: str | None) -> datetime | None:
    """A moment as JSON gives it back."""
    return None if given is None else datetime.fromisoformat(given)
