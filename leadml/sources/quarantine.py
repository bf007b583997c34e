"""Rows that break the contract are set aside with a reason, and counted."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from leadml.schema import Counts, LeadTables
from leadml.sources.distinct import Mask
from leadml.sources.publish import staged
from leadml.sources.source import BadRow
from leadml.spreadsheet import safe_cell

__all__ = ["REJECTS_SCHEMA", "Quarantine", "write_reject_rows", "write_rejects"]

REJECTS_SCHEMA = pa.schema(
    [
        ("table", pa.string()),
        ("row", pa.int64()),
        ("lead_id", pa.string()),
        ("column", pa.string()),
        ("value", pa.string()),
        ("reason", pa.string()),
    ]
)
_SHOWN = 80


class Quarantine:
    """The rejects of one table. Each row has at most one: the first fault found."""

    def __init__(self, table: str, rows: npt.NDArray[np.int64], bad: list[BadRow]) -> None:
        self.table = table
        self.good: Mask = np.ones(len(rows), bool)
        self.rows = rows
        self._bad = bad
        self._faults: list[tuple[npt.NDArray[np.int64], str, pa.Array, str]] = []

    def reject(self, mask: Mask, column: str, values: pa.Array, reason: str) -> None:
        """Set aside the marked rows that are still good; `mask` and `values` have one entry per row."""
        found = np.flatnonzero(mask & self.good)
        if len(found):
            shown = pc.utf8_slice_codeunits(pc.take(values, pa.array(found)).cast(pa.string()), 0, _SHOWN)
            self._faults.append((found, column, shown, reason))
            self.good[found] = False

    def reject_later(self, moments: pa.Array, column: str, latest: datetime | None) -> None:
        """Set aside the rows whose moment is after `latest`; None: nothing is too late."""
        if latest is not None:
            late = pc.greater(moments, pa.scalar(latest, pa.timestamp("us"))).fill_null(False)
            self.reject(np.asarray(late), column, moments, "in the future")

    def counts(self) -> Counts:
        """Count the rows so far."""
        kept = int(self.good.sum())
        read = len(self.good) + len(self._bad)
        return Counts(read, kept, len(self._bad) + sum(len(found) for found, *_ in self._faults))

    def rejects(self, lead_ids: pa.Array) -> pa.Table:
        """Give the rejects in the order of the rows; `lead_ids` has one entry per row, null where unknown."""
        parts = [self._uncut()]
        for found, column, shown, reason in self._faults:
            size = len(found)
            ids = pc.take(lead_ids, pa.array(found))
            cells = [
                pa.repeat(self.table, size),
                pa.array(self.rows[found]),
                ids,
                pa.repeat(column, size),
                shown,
                pa.repeat(reason, size),
            ]
            parts.append(pa.table(cells, schema=REJECTS_SCHEMA))
        return pa.concat_tables(parts).combine_chunks().sort_by("row")

    def _uncut(self) -> pa.Table:
        entries = [
            {"table": self.table, "row": bad.row, "value": bad.text[:_SHOWN], "reason": "wrong number of cells"}
            for bad in self._bad
        ]
        return pa.Table.from_pylist(entries, schema=REJECTS_SCHEMA)


def write_rejects(tables: LeadTables, path: Path) -> None:
    """Write the rejects to a CSV file, all at once; no cell can act as a formula in a spreadsheet.

    Raises:
        SourceError: the file cannot be written.
    """
    batches = tables.rejects.to_batches(max_chunksize=1 << 14)
    rows = (row for batch in batches for row in zip(*(column.to_pylist() for column in batch.columns), strict=True))
    write_reject_rows(rows, path)


def write_reject_rows(rows: Iterable[tuple[Any, ...]], path: Path) -> None:
    """Write rejects as `write_rejects` does, row by row.

    Raises:
        SourceError: the file cannot be written.
    """
    with staged(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(REJECTS_SCHEMA.names)
        writer.writerows(map(safe_cell, row) for row in rows)
