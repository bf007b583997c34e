"""Missed wins and false alarms with their reasons: counts for the bundle's facts, rows for people to look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.features import Snapshots
from leadml.predict.columns import read_columns
from leadml.predict.encoding import Floats
from leadml.predict.policy import Policy
from leadml.schema import LeadTables
from leadml.training.cutoffs.by_row import row_cutoffs
from leadml.training.folds import Rows
from leadml.training.handover import Rehearsal
from leadml.training.review.picking import Alarms, Missed, false_alarms, known_crossings, missed_wins, never_above
from leadml.training.review.traits import in_common
from leadml.training.split import Mask

MOST_LISTED = 200

_REASONS = 3
_DAY = 86_400e6  # microseconds


def review_facts(tables: LeadTables, rehearsal: Rehearsal | None, policy: Policy) -> dict[str, Any]:
    """How many wins were missed and alarms false out of time, and what they have in common; no lead is named.

    Returns:
        "cutoffs" (for MQL, ascending; of several, each segment has its own), "missed" with "count", "of" (leads won),
        "gated", "listed" and "common" (see `in_common`), "alarms" with "count", "of" (leads that crossed), "won_later",
        "listed" and "common"; or None for these and "why".
    """
    cutoffs = _mql(rehearsal, policy)
    if rehearsal is None or cutoffs is None:
        why = "Without an MQL cutoff no lead is handed over, so none is missed and no alarm is false."
        return {"cutoffs": [], "missed": None, "alarms": None, "why": why}
    missed, alarms = _picked(tables, rehearsal, cutoffs)
    return {
        "cutoffs": np.unique(cutoffs[np.isfinite(cutoffs)]).tolist(),
        "missed": {
            "count": len(missed.rows),
            "of": missed.wins,
            "gated": missed.gated,
            "listed": min(len(missed.rows), MOST_LISTED),
            "common": _missed_in_common(rehearsal, cutoffs, missed),
        },
        "alarms": {
            "count": len(alarms.rows),
            "of": alarms.crossed,
            "won_later": alarms.won_later,
            "listed": min(len(alarms.rows), MOST_LISTED),
            "common": _alarms_in_common(rehearsal, cutoffs, alarms),
        },
        "why": None,
    }


def review_rows(tables: LeadTables, rehearsal: Rehearsal | None, policy: Policy) -> list[dict[str, Any]]:
    """The worst missed wins, then the worst false alarms, at most `MOST_LISTED` of each, worst first.

    Each row has "kind" ("missed" or "alarm"), "lead_id", "as_of" (ISO moment, None without dates), "probability" (of a
    scorer that had not seen that time), "grade" (by the bounds of `policy`), "what_happened", "reasons_for" and
    "reasons_against" (texts, the strongest first).
    """
    cutoffs = _mql(rehearsal, policy)
    if rehearsal is None or cutoffs is None:
        return []
    missed, alarms = _picked(tables, rehearsal, cutoffs)
    kinds = (("missed", missed.rows[:MOST_LISTED]), ("alarm", alarms.rows[:MOST_LISTED]))
    return [row for kind, rows in kinds if len(rows) for row in _rows(kind, tables, rehearsal, policy, rows)]


def _mql(rehearsal: Rehearsal | None, policy: Policy) -> Floats | None:
    """The MQL cutoff of each snapshot out of time, None where none is published at all."""
    if rehearsal is None:
        return None
    cutoffs = row_cutoffs(rehearsal.leads, policy, "MQL")
    return cutoffs if np.isfinite(cutoffs).any() else None


def _picked(tables: LeadTables, rehearsal: Rehearsal, cutoffs: Floats) -> tuple[Missed, Alarms]:
    won = np.asarray(pc.fill_null(pc.equal(_of_leads(tables, rehearsal.weekly, "outcome"), "won"), False))
    return missed_wins(rehearsal.leads, cutoffs), false_alarms(rehearsal.leads, cutoffs, won)


def _of_leads(tables: LeadTables, snapshots: Snapshots, column: str) -> pa.ChunkedArray:
    """What the lead table says of each snapshot's lead."""
    return tables.leads[column].take(pc.index_in(snapshots.lead_id, tables.leads["lead_id"].combine_chunks()))


def _missed_in_common(rehearsal: Rehearsal, cutoffs: Floats, missed: Missed) -> list[dict[str, Any]]:
    """Beside the other leads that never scored as much as the cutoff and were not won."""
    rows = never_above(rehearsal.leads, cutoffs)
    return _in_common(rehearsal, rows, rehearsal.leads.label[rows] == 1, np.isin(rows, _first_won(rehearsal, rows)))


def _first_won(rehearsal: Rehearsal, rows: Rows) -> Rows:
    """Of each lead among the rows that is won, the first of its rows from which on it is won within the horizon."""
    won = rows[rehearsal.leads.label[rows] == 1]
    first: Rows = won[np.unique(rehearsal.leads.lead[won], return_index=True)[1]]
    return first


def _alarms_in_common(rehearsal: Rehearsal, cutoffs: Floats, alarms: Alarms) -> list[dict[str, Any]]:
    """Beside the other leads that crossed the cutoff."""
    rows = known_crossings(rehearsal.leads, cutoffs)
    return _in_common(rehearsal, rows, np.isin(rows, alarms.rows), np.ones(len(rows), dtype=np.bool_))


def _in_common(rehearsal: Rehearsal, rows: Rows, wrong: Mask, listed: Mask) -> list[dict[str, Any]]:
    scorer, leads = rehearsal.scorer, rehearsal.leads
    table = read_columns(rehearsal.weekly.take(rows).features, scorer.columns)
    codes = scorer.encode(table)
    return in_common(scorer.features, codes, leads.probability[rows], wrong, leads.account[rows], listed)


def _rows(kind: str, tables: LeadTables, rehearsal: Rehearsal, policy: Policy, rows: Rows) -> Iterator[dict[str, Any]]:
    snapshots, probability = rehearsal.weekly.take(rows), rehearsal.leads.probability[rows]
    reasons = rehearsal.scorer.score(snapshots.features, reasons=_REASONS).select(["reasons_for", "reasons_against"])
    moments = [None] * len(rows) if snapshots.as_of is None else snapshots.as_of.to_pylist()
    grades, happened = policy.grades(probability).to_pylist(), _happened(tables, snapshots)
    for place, said in enumerate(reasons.to_pylist()):
        moment = moments[place]
        yield {
            "kind": kind,
            "lead_id": snapshots.lead_id[place].as_py(),
            "as_of": None if moment is None else moment.isoformat(),
            "probability": float(probability[place]),
            "grade": grades[place],
            "what_happened": happened[place],
            "reasons_for": _said(said["reasons_for"]),
            "reasons_against": _said(said["reasons_against"]),
        }


def _said(reasons: Sequence[dict[str, Any]]) -> str:
    return "; ".join(f"{one['reason']} ({one['log_odds']:+.2f})" for one in reasons)


def _happened(tables: LeadTables, snapshots: Snapshots) -> list[str]:
    """What became of each snapshot's lead, and how many days later."""
    outcomes = _of_leads(tables, snapshots, "outcome").to_pylist()
    if snapshots.as_of is None or "closed_at" not in tables.leads.column_names:
        return [outcome or "still open" for outcome in outcomes]
    closed = _of_leads(tables, snapshots, "closed_at").cast(pa.int64()).to_pylist()
    seen = snapshots.as_of.cast(pa.int64()).to_pylist()
    return [
        "still open" if outcome is None else outcome if end is None else f"{outcome} {days_later((end - at) / _DAY)}"
        for outcome, end, at in zip(outcomes, closed, seen, strict=True)
    ]


def days_later(days: float) -> str:
    """In words how many whole days later something was."""
    return "1 day later" if round(days) == 1 else f"{days:.0f} days later"
