"""What leads, activities and field history look like: the user's columns, and the checked tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

__all__ = [
    "CLOSED",
    "CREATED",
    "EVERY_OTHER",
    "LEAD_ROLES",
    "ActivityColumns",
    "Counts",
    "HistoryColumns",
    "Kind",
    "LeadColumns",
    "LeadTables",
    "summary_of",
]

LEAD_ROLES = (
    "lead_id",
    "created_at",
    "outcome",
    "closed_at",
    "account_id",
    "owner",
    "team",
    "role",
    "deal_value",
    "lead_cost",
    "direction",
)
"""Canonical names of the columns that carry a meaning of their own."""

CREATED, CLOSED = "created", "closed"
"""In `LeadColumns.known_at`: known when the lead came in; known only once it was closed."""

EVERY_OTHER = "*"
"""In `LeadColumns.lost`: every value of the outcome that is neither won nor missing."""

Kind = Literal["number", "category", "time"]
"""What a column of values is: double, string or timestamp[us] (naive UTC)."""


@dataclass(frozen=True, kw_only=True)
class LeadColumns:
    """Which of the user's columns plays which role in the lead table; None where there is none.

    `order_by` names a sortable column that stands for time where there are no dates, `rows_in_time_order`
    says that the row number does. `won` and `lost` are values of `outcome`, compared as trimmed text without
    regard to case; any other value, a missing one too, means that the lead is still open. With `lost = ("*",)`
    every other value that is not missing means lost. `answers` maps a
    qualification question ("budget") to the column that holds its answer; `missing_values` are texts that
    mean "no value". `source` says where a lead came from, and stays an attribute.
    `sensitive` columns say what leads must not be judged by; they are read for the report on fairness alone.
    `known_at` maps a column to when its value is known: `CREATED`, `CLOSED`, or the name of a column
    of dates.
    """

    id: str | None = None
    created_at: str | None = None
    outcome: str | None = None
    closed_at: str | None = None
    account: str | None = None
    owner: str | None = None
    team: str | None = None
    role: str | None = None
    deal_value: str | None = None
    cost: str | None = None
    source: str | None = None
    direction: str | None = None
    order_by: str | None = None
    rows_in_time_order: bool = False
    won: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    personal: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    missing_values: tuple[str, ...] = ()
    known_at: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ActivityColumns:
    """Which of the user's columns plays which role in the activity table."""

    lead: str
    occurred_at: str
    type: str
    value: str | None = None


@dataclass(frozen=True, kw_only=True)
class HistoryColumns:
    """Which of the user's columns plays which role in the field history."""

    lead: str
    field: str
    value: str
    changed_at: str


@dataclass(frozen=True)
class Counts:
    """Rows of one table: `read == kept + rejected`, always."""

    read: int
    kept: int
    rejected: int

    def __post_init__(self) -> None:
        if self.read != self.kept + self.rejected:
            raise AssertionError(f"{self.read} rows read are not {self.kept} kept + {self.rejected} rejected")


@dataclass(frozen=True)
class LeadTables:
    """Checked tables under canonical names, and an account of every row that was left out.

    `leads` has one row per lead: "lead_id" and "account_id" (string, never null); the other roles that are mapped
    ("created_at" and "closed_at" timestamp[us], naive UTC; "outcome" string "won", "lost" or null; "deal_value" and
    "lead_cost" double; "owner", "team", "role" and "direction" string; "order" double); and `attributes`, the columns
    that may become features (double, string or timestamp[us]). `answers` maps a question to the attribute that holds
    its answer, `source` is the attribute that says where leads came from (None: nothing does). `known_at` maps an
    attribute to the further column of `leads` (timestamp[us]) that says from when on its value is known, or to None
    where the user vouches that it is known from the beginning.

    `activities` has "lead_id" and "type" string, "occurred_at" timestamp[us], "value" double; `history` has
    "lead_id", "field" and "value" string, "changed_at" timestamp[us]. Each is None where there is no such table.

    `sensitive` maps a sensitive column, by the user's name, to a table of "lead_id" and "value" (double, string or
    timestamp[us]); no other part of these tables holds its values.

    `rejects` has "table", "lead_id", "column", "value" and "reason" string, and "row" int64 (1 is the first row
    of data). `counts` holds the balance of each table; `dropped` says why a whole column was left out;
    `assumptions` are sentences on what had to be assumed to read the data.
    """

    leads: pa.Table
    attributes: tuple[str, ...]
    answers: Mapping[str, str]
    activities: pa.Table | None
    history: pa.Table | None
    rejects: pa.Table
    counts: Mapping[str, Counts]
    dropped: Mapping[str, str] = field(default_factory=dict)
    assumptions: tuple[str, ...] = ()
    known_at: Mapping[str, str | None] = field(default_factory=dict)
    source: str | None = None
    sensitive: Mapping[str, pa.Table] = field(default_factory=dict)

    def summary(self) -> str:
        """Say in one line how many rows of each table were read, kept and rejected, and why."""
        return summary_of(self.counts, {table: self.reasons(table) for table in self.counts})

    @property
    def newest(self) -> datetime | None:
        """The newest date of something that happened (UTC without a zone): a close date of an open lead did not."""
        leads = self.leads
        dates = [leads["created_at"]] if "created_at" in leads.column_names else []
        if "closed_at" in leads.column_names and "outcome" in leads.column_names:
            dates.append(leads["closed_at"].filter(pc.is_valid(leads["outcome"])))
        if self.activities is not None:
            dates.append(self.activities["occurred_at"])
        if self.history is not None:
            dates.append(self.history["changed_at"])
        newest = [pc.max(column).as_py() for column in dates]
        return max((moment for moment in newest if moment is not None), default=None)

    @property
    def any_open(self) -> bool:
        """Whether any lead is still open; without an outcome column all are."""
        return "outcome" not in self.leads.column_names or self.leads["outcome"].null_count > 0

    def reasons(self, table: str) -> dict[str, int]:
        """Count the rejects of a table by reason."""
        reasons = self.rejects.filter(pc.equal(self.rejects["table"], table))["reason"]
        return {str(entry["values"]): int(entry["counts"]) for entry in pc.value_counts(reasons).to_pylist()}


def summary_of(counts: Mapping[str, Counts], reasons: Mapping[str, Mapping[str, int]]) -> str:
    """Say in one line how many rows of each table were read, kept and rejected, and how many for each reason."""
    parts = []
    for table, count in counts.items():
        line = f"{table}: {count.read:,} read, {count.kept:,} kept, {count.rejected:,} rejected"
        if count.rejected:
            ordered = sorted(reasons[table].items(), key=lambda pair: (-pair[1], pair[0]))
            line += f" ({', '.join(f'{n:,} {reason}' for reason, n in ordered)})"
        parts.append(line)
    return "; ".join(parts)
