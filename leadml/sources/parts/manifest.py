"""What a spool holds, in one JSON file that is written last: without it a spool is not complete."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from leadml.errors import SourceError
from leadml.replacing import replacing
from leadml.schema import Counts
from leadml.sources.parts.checking import Totals
from leadml.sources.source import BadRow

__all__ = ["Manifest", "counts_of", "manifest_of", "moment_of", "read_manifest", "write_manifest"]

_FORMAT = 2
_NAME = "manifest.json"


@dataclass(frozen=True)
class Manifest:
    """What is the same in all parts, what only all of them together tell, and the size of each file in bytes."""

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
    spellings: dict[str, dict[str, dict[str, str]]]
    further: list[str]
    bad: dict[str, list[tuple[int, str]]]
    sizes: dict[str, int]


def manifest_of(totals: Totals, folder: Path, further: Iterable[str], bad: Mapping[str, Sequence[BadRow]]) -> Manifest:
    """Say what a folder of checked parts holds; `bad` rows of further tables could not be cut into cells."""
    one = totals.tables
    return Manifest(
        parts=len(totals.counts),
        attributes=list(one.attributes),
        answers=dict(one.answers),
        known_at=dict(one.known_at),
        source=one.source,
        dropped=dict(one.dropped),
        assumptions=totals.assumptions,
        counts=[{name: [c.read, c.kept, c.rejected] for name, c in part.items()} for part in totals.counts],
        reasons=totals.reasons,
        newest=None if totals.newest is None else totals.newest.isoformat(),
        any_open=totals.any_open,
        spellings={table: {name: dict(best) for name, best in of.items()} for table, of in totals.spellings.items()},
        further=list(further),
        bad={table: [(row.row, row.text) for row in rows] for table, rows in bad.items()},
        sizes=_sizes(folder),
    )


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
    return manifest if _sizes(folder) == manifest.sizes else None


def _sizes(folder: Path) -> dict[str, int]:
    """The size of each file of a spool."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != _NAME)
    return {str(path.relative_to(folder)): path.stat().st_size for path in files}


def counts_of(given: Mapping[str, list[int]]) -> dict[str, Counts]:
    """The balance of each table."""
    return {table: Counts(*count) for table, count in given.items()}


def moment_of(given: str | None) -> datetime | None:
    """A moment as JSON gives it back."""
    return None if given is None else datetime.fromisoformat(given)
