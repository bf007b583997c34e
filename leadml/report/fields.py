"""Every field of the lead table: what would be lost without it, or why it is not used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leadml.charts import plain
from leadml.report.formats import records, share_of_gain, triple


@dataclass(frozen=True)
class Field:
    """One row of the table, as printed: `lost` and `interval` are "" where nothing was measured, `why` where used."""

    label: str
    used: bool
    group: str
    lost: str
    interval: str
    why: str


def fields(facts: Mapping[str, Any]) -> list[Field]:
    """The fields in the order of the facts: those used first, the one that would be missed most at the top."""
    return [_field(entry) for entry in records(facts.get("fields"))]


def _field(entry: Mapping[str, Any]) -> Field:
    lost, low, high = triple(entry.get("importance"))
    used = entry.get("used") is True
    group = plain(entry.get("group") or "", 20).capitalize()
    by_rules = ", read by the rules" if entry.get("by_rules") is True else ""
    return Field(
        label=plain(entry.get("label") or entry.get("field"), 60),
        used=used,
        group=f"{group}{by_rules}",
        lost="" if lost is None else share_of_gain(lost),
        interval="" if low is None or high is None else f"{share_of_gain(low)} to {share_of_gain(high)}",
        why="" if used else plain(entry.get("why") or "", 240),
    )
