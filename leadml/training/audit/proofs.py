"""Proof that a column is filled in only after a lead has closed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.config import dotted
from leadml.training.findings import Finding
from leadml.training.split import Mask

_EXPECTED = 10  # with ten fills expected and none seen, chance is below 5 in 100,000
_OFTEN = 0.2
_RECORDED = 10
_DAYS = 5
_ON_RECORD = 0.95


@dataclass(frozen=True)
class Fills:
    """How many leads there are, and how many have a value, by outcome."""

    won: int
    won_filled: int
    lost: int
    lost_filled: int
    open: int
    open_filled: int

    @classmethod
    def count(cls, values: pa.ChunkedArray, won: Mask, lost: Mask) -> Fills:
        """Count a lead-level column; NaN is missing."""
        filled = is_filled(values)
        still = ~won & ~lost
        return cls(*(int(part.sum()) for mask in (won, lost, still) for part in (mask, mask & filled)))


def is_filled(values: pa.ChunkedArray) -> Mask:
    """Which rows have a value; NaN is missing."""
    filled = pc.is_valid(values)
    if pa.types.is_floating(values.type):
        filled = pc.and_(filled, pc.invert(pc.fill_null(pc.is_nan(values), True)))
    return np.asarray(filled.to_numpy())


def prove_by_open_leads(column: str, fills: Fills) -> list[Finding]:
    """Filled for one outcome, never for the other, and never for an open lead, though fills were to be expected.

    The number expected among open leads is small on purpose: only those that will end with this outcome, at its rate
    so far, are taken to have a value before closing. So a column that is merely an excellent sign is not proven.
    """
    closed = max(fills.won + fills.lost, 1)
    sides = (
        ("won", fills.won, fills.won_filled, "lost", fills.lost, fills.lost_filled),
        ("lost", fills.lost, fills.lost_filled, "won", fills.won, fills.won_filled),
    )
    for name, leads, filled, other, other_leads, other_filled in sides:
        rate = filled / max(leads, 1)
        expected = rate * fills.open * leads / closed
        if other_filled or fills.open_filled or rate < _OFTEN or min(expected, rate * other_leads) < _EXPECTED:
            continue
        message = (
            f"{column!r} is filled for {filled} of {leads} {name} leads, for none of {other_leads} {other} ones and "
            f"for none of {fills.open} open ones, where about {expected:.0f} fills were to be expected."
        )
        return [_proven("L001", column, message)]
    return []


def prove_by_history(column: str, history: pa.Table, closing: pa.Table) -> list[Finding]:
    """Every value on record was recorded at or after its lead's closing, and on no open lead.

    `history` has lead_id, field, value, changed_at; `closing` has lead_id and closed_at, null for open leads. Values
    that were all recorded within a few days are no proof: an import writes the whole past at once.
    """
    records = _records(column, history, closing)
    if records.num_rows < _RECORDED:
        return []
    late = pc.fill_null(pc.greater_equal(records["changed_at"], records["closed_at"]), False)
    days = len(pc.unique(pc.floor_temporal(records["changed_at"], unit="day")))
    if not pc.all(late).as_py() or days < _DAYS:
        return []
    leads = len(pc.unique(records["lead_id"]))
    if leads < _RECORDED:
        return []
    message = (
        f"All {records.num_rows} values of {column!r} in the history, of {leads} leads, were recorded at or after the "
        f"lead's closing, on {days} different days."
    )
    return [_proven("L002", column, message)]


def vouched_by_history(column: str, history: pa.Table, closing: pa.Table, values: pa.ChunkedArray) -> bool:
    """Whether nearly all closed leads that have a value had one on record before they closed."""
    held = pa.table({"lead_id": closing["lead_id"]}).filter(
        pc.and_(pa.chunked_array([pa.array(is_filled(values))]), pc.is_valid(closing["closed_at"]))
    )
    if not held.num_rows:
        return False
    records = _records(column, history, closing)
    early = records.filter(pc.less(records["changed_at"], records["closed_at"]))["lead_id"]
    on_record = pc.sum(pc.is_in(held["lead_id"], value_set=pc.unique(early))).as_py()
    return bool(on_record >= _ON_RECORD * held.num_rows)


def _records(column: str, history: pa.Table, closing: pa.Table) -> pa.Table:
    """The history's values of one field, each beside its lead's time of closing."""
    filled = history.filter((pc.field("field") == column) & pc.field("value").is_valid())
    return filled.select(["lead_id", "changed_at"]).join(closing, "lead_id", join_type="inner")


def _proven(code: str, column: str, message: str) -> Finding:
    return Finding(
        code,
        "warning",
        column,
        message,
        "It is known only after the outcome and is left out. Settle it by excluding it, or by naming the column that "
        f'dates it under [leads.known_at]; to keep it as it is all the same, say {dotted([column])} = "created" there.',
    )
