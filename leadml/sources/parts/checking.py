"""Each part checked once and kept, and what all parts together tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from leadml.schema import Counts, LeadTables
from leadml.sources.check import Wanted, check_tables
from leadml.sources.layout import Layout
from leadml.sources.parts.files import write_rows
from leadml.sources.parts.spelling import Spellings
from leadml.sources.parts.spooling import Cut

__all__ = ["Totals", "check_parts"]

_TABLES = ("leads", "activities", "history", "rejects")
_AT_ONCE = 2  # Arrow does most of the work, and lets other threads run meanwhile
_NOTHING = pa.table({})


@dataclass(frozen=True)
class CheckedPart:
    """What a part tells without its rows, which are on disk; `tables` holds none."""

    tables: LeadTables
    reasons: Mapping[str, Mapping[str, int]]
    newest: datetime | None
    any_open: bool


class Totals:
    """What parts add up to; `spellings` maps a table and a column to spellings and those to be used for them."""

    def __init__(self, parts: Sequence[CheckedPart], spellings: Mapping[str, Mapping[str, Mapping[str, str]]]) -> None:
        self.spellings = spellings
        self.tables = parts[0].tables
        self.counts: list[Mapping[str, Counts]] = [part.tables.counts for part in parts]
        self.reasons = {
            table: dict(sum((Counter(part.reasons[table]) for part in parts), Counter())) for table in self.counts[0]
        }
        self.assumptions = list(dict.fromkeys(note for part in parts for note in part.tables.assumptions))
        self.newest = max((part.newest for part in parts if part.newest is not None), default=None)
        self.any_open = any(part.any_open for part in parts)


def check_parts(
    cut: Cut,
    folder: Path,
    wanted: Wanted,
    layout: Layout,
    *,
    count: int,
    notes: Sequence[str],
    progress: Callable[[str], None],
) -> Totals:
    """Check one part after the other, put its tables into `folder`, and take it from where it was cut.

    Raises:
        SourceError: as `check_tables`, for the first part that is refused.
        OSError: the disk is full.
    """

    def check(number: int) -> CheckedPart:
        raw = {name: table.raw(number) for name, table in cut.tables.items()}
        part = check_tables(raw.__getitem__, wanted, layout, styles=styles, notes=notes)
        _keep(folder, number, part)
        for table in cut.tables.values():
            table.forget(number)
        return _told(part)

    spellings = {name: Spellings() for name in cut.styles}
    styles = {name: replace(style, tally=spellings[name].add) for name, style in cut.styles.items()}
    for name in _TABLES:
        (folder / name).mkdir(mode=0o700, parents=True)
    parts: list[CheckedPart] = []
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        checked = [threads.submit(check, number) for number in range(count)]
        try:
            for number, part in enumerate(checked):
                progress(f"checking leads, part {number + 1} of {count}")
                parts.append(part.result())
        except BaseException:
            threads.shutdown(cancel_futures=True)
            raise
    return Totals(parts, {table: best for table, met in spellings.items() if (best := met.best())})


def _keep(folder: Path, number: int, part: LeadTables) -> None:
    for name in _TABLES:
        if (rows := getattr(part, name)) is not None:
            write_rows(folder / name / str(number), rows)


def _told(part: LeadTables) -> CheckedPart:
    reasons = {table: part.reasons(table) for table in part.counts}
    without = replace(part, leads=_NOTHING, activities=None, history=None, rejects=_NOTHING)
    return CheckedPart(without, reasons, part.newest, part.any_open)
