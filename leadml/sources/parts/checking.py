"""Each part checked once and kept, and what only all parts together tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from leadml.schema import Counts, LeadTables
from leadml.sources.parts.files import write_rows

__all__ = ["TABLES", "Totals", "keep"]

TABLES = ("leads", "activities", "history", "rejects")


@dataclass
class Totals:
    """What the parts so far add up to."""

    counts: list[Mapping[str, Counts]] = field(default_factory=list)
    reasons: dict[str, Counter[str]] = field(default_factory=dict)
    assumptions: list[str] = field(default_factory=list)
    newest: datetime | None = None
    any_open: bool = False

    def add(self, part: LeadTables) -> None:
        """Add a further part."""
        self.counts.append(part.counts)
        for table in part.counts:
            self.reasons.setdefault(table, Counter()).update(part.reasons(table))
        self.assumptions += [note for note in part.assumptions if note not in self.assumptions]
        moments = [moment for moment in (self.newest, part.newest) if moment is not None]
        self.newest = max(moments, default=None)
        self.any_open |= part.any_open


def keep(folder: Path, number: int, part: LeadTables) -> None:
    """Write the checked tables of a part.

    Raises:
        OSError: the disk is full.
    """
    for name in TABLES:
        if (rows := getattr(part, name)) is not None:
            write_rows(folder / name / str(number), rows)
