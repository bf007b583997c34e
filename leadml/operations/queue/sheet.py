"""A CSV file for spreadsheets, in which no cell is taken for a formula."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from leadml.sources import staged

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)


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
        writer.writerows([safe_cell(row[column]) for column in columns] for row in rows)


def safe_cell(value: Any) -> Any:
    """A cell that is shown and never run."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return value
    text = str(value)
    return f"'{text}" if text.startswith(_STARTS_A_FORMULA) and not _NUMBER.fullmatch(text) else text
