"""The leads of a whole company, part by part."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa

from leadml.schema import Counts, LeadTables, summary_of
from leadml.sources.parts.files import ROW, read_rows
from leadml.sources.parts.manifest import Manifest, counts_of, moment_of, read_manifest
from leadml.sources.parts.spelling import respelled
from leadml.sources.quarantine import write_reject_rows
from leadml.sources.raw import Raw
from leadml.sources.source import BadRow

__all__ = ["LeadParts", "open_spool"]


@dataclass(frozen=True)
class LeadParts:
    """A spool: checked leads with all that is known of them, in parts of whole accounts, on local disk."""

    folder: Path
    _manifest: Manifest

    @property
    def count(self) -> int:
        """How many parts there are, at least one."""
        return self._manifest.parts

    @property
    def counts(self) -> dict[str, Counts]:
        """The balance of each table."""
        parts = [counts_of(part) for part in self._manifest.counts]
        return {table: _total([part[table] for part in parts]) for table in parts[0]}

    @property
    def assumptions(self) -> tuple[str, ...]:
        """Sentences on what had to be assumed to read the data."""
        return tuple(self._manifest.assumptions)

    @property
    def newest(self) -> datetime | None:
        """The newest date of something that happened (UTC without a zone); None where there is no date."""
        return moment_of(self._manifest.newest)

    @property
    def any_open(self) -> bool:
        """Whether any lead is still open."""
        return self._manifest.any_open

    def summary(self) -> str:
        """Say in one line how many rows of each table were read, kept and rejected, and why."""
        return summary_of(self.counts, self._manifest.reasons)

    def read(self, number: int) -> LeadTables:
        """Read a part (from 0): whole accounts, checked; rejects have the row numbers of the whole tables.

        Raises:
            SourceError: the part was damaged or removed.
        """
        held = self._manifest
        counts = counts_of(held.counts[number])
        return LeadTables(
            leads=self._rows("leads", number),
            attributes=tuple(held.attributes),
            answers=held.answers,
            activities=self._rows("activities", number) if "activities" in counts else None,
            history=self._rows("history", number) if "history" in counts else None,
            rejects=self._rows("rejects", number),
            counts=counts,
            dropped=held.dropped,
            assumptions=self.assumptions,
            known_at=held.known_at,
            source=held.source,
        )

    @property
    def further(self) -> list[str]:
        """Name the further tables."""
        return self._manifest.further

    def others(self, number: int, table: str) -> pa.Table:
        """Read the rows of a further table that are of the leads of a part, as its source gave them.

        Rows of leads that are in no part (they are gone, or were rejected) come too: each row is in exactly one part.

        Raises:
            SourceError: the part was damaged or removed.
        """
        return self.numbered_others(number, table).table

    def numbered_others(self, number: int, table: str) -> Raw:
        """Read what `others` gives, with the numbers of the rows; rows that could not be cut into cells are in part 0.

        Raises:
            SourceError: the part was damaged or removed.
        """
        rows = read_rows(self.folder / "others" / str(self.further.index(table)) / str(number))
        bad = [BadRow(*row) for row in self._manifest.bad[table]] if number == 0 else []
        return Raw(rows.drop_columns(ROW), rows[ROW].to_numpy(), bad)

    def write_rejects(self, path: Path, further: pa.Table | None = None) -> None:
        """Write the rejects of all parts, and then `further` ones, to a CSV file; memory stays constant.

        They come in the order of tables and rows.

        Raises:
            SourceError: the file cannot be written.
        """
        order = {table: place for place, table in enumerate(self._manifest.counts[0])}
        parts = (self._rejects(number) for number in range(self.count))
        merged = heapq.merge(*parts, key=lambda row: (order[row[0]], row[1]))
        write_reject_rows(chain(merged, [] if further is None else _rows_of(further)), path)

    def _rejects(self, number: int) -> Iterator[tuple[Any, ...]]:
        yield from _rows_of(self._rows("rejects", number))

    def _rows(self, name: str, number: int) -> pa.Table:
        if not 0 <= number < self.count:
            raise ValueError(f"part must be from 0 to {self.count - 1}, got {number} instead.")
        rows = read_rows(self.folder / "checked" / name / str(number))
        return respelled(rows, self._manifest.spellings.get(name, {}))


def open_spool(folder: Path) -> LeadParts | None:
    """Open a spool that was made before; None where it is not complete.

    Raises:
        SourceError: it is damaged.
    """
    manifest = read_manifest(folder)
    return None if manifest is None else LeadParts(folder, manifest)


def _rows_of(rejects: pa.Table) -> Iterator[tuple[Any, ...]]:
    for batch in rejects.to_batches(max_chunksize=1 << 10):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _total(counts: list[Counts]) -> Counts:
    return Counts(*(sum(column) for column in zip(*((c.read, c.kept, c.rejected) for c in counts), strict=True)))
