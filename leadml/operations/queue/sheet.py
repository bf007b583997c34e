"""A CSV file for spreadsheets, in which no cell is taken for a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from leadml.sources import staged
from leadml.spreadsheet import safe_cell


def write_sheet(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as CSV, whole or not at all.

    A text that a spreadsheet would run (it begins with =, +, -, @, a tab or a line end) gets an apostrophe before it;
    numbers stay numbers, negative ones too.

    Raises:
        SourceError: the file cannot be written.
    """
    # Excel takes UTF-8 for what it is only where the file begins with its mark.
    with staged(path) as part, part.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([safe_cell(column) for column in columns])
        writer.writerows([_cell(row[column]) for column in columns] for row in rows)


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return safe_cell(value)
