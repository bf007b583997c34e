"""Rows that a reader has to turn away: a few per thousand, added beside the sound ones.

They are extra rows, so that no sound lead loses an activity or a neighbour and its truth stays the truth. They come at
fixed distances instead of at random, so that every kind is there in every company of some size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from leadml.demo.rows import LEAD_COLUMNS, Row

__all__ = ["with_bad_activities", "with_bad_history", "with_bad_leads"]

LEADS_APART = 250
ACTIVITIES_APART = 400
HISTORY_APART = 500

# What one column is overwritten with; the row keeps its neighbour's other values.
BAD_LEADS: tuple[tuple[str, Any], ...] = (
    ("created_at", "2024-02-31T10:00:00"),
    ("created_at", "0202-05-01T08:15:00"),
    ("closed_at", "2019-01-01T00:00:00"),
    ("deal_value", -4200.0),
    ("company_size", "inf"),
    ("company_size", "many"),
    ("deal_value", "a lot"),
)


def with_bad_leads(rows: Sequence[Row], before: int) -> list[Row]:
    """The rows, with a duplicate and a bad row of the next kind after every so many; `before` leads came earlier."""

    def spoil(row: Row, turn: int) -> list[Row]:
        column, value = BAD_LEADS[turn % len(BAD_LEADS)]
        spoiled = dict(zip(LEAD_COLUMNS, row, strict=True))
        spoiled.update({"lead_id": f"X{turn:06d}", "account_id": f"XA{turn:06d}", column: value})
        return [row, tuple(spoiled.values())]

    return _strewn(rows, before, LEADS_APART, spoil)


def with_bad_activities(rows: Sequence[Row], before: int) -> list[Row]:
    """The rows (activity_id, lead_id, occurred_at, type, value), with some of unknown leads and impossible times."""

    def spoil(row: Row, turn: int) -> list[Row]:
        lead_id, at = (f"GONE{turn}", row[2]) if turn % 2 else (row[1], "2024-13-45T99:00:00")
        return [(-1 - turn, lead_id, at, *row[3:])]

    return _strewn(rows, before, ACTIVITIES_APART, spoil)


def with_bad_history(rows: Sequence[Row], before: int) -> list[Row]:
    """The rows (lead_id, field, value, changed_at), with some of unknown leads and impossible times."""

    def spoil(row: Row, turn: int) -> list[Row]:
        return [(f"GONE{turn}", *row[1:]) if turn % 2 else (*row[:3], "2025-02-30T12:00:00")]

    return _strewn(rows, before, HISTORY_APART, spoil)


def _strewn(rows: Sequence[Row], before: int, apart: int, spoil: Callable[[Row, int], list[Row]]) -> list[Row]:
    strewn: list[Row] = []
    done = 0
    for place in range(apart - 1 - before % apart, len(rows), apart):
        strewn += rows[done : place + 1]
        strewn += spoil(rows[place], (before + place) // apart)
        done = place + 1
    strewn += rows[done:]
    return strewn
