"""The leakage audit: columns that know the outcome because they were filled in after it, or because of it.

*Proven* (L0xx) means that no reading but a leak fits, and the column is left out by itself. *Suspected* (L1xx) means
that the column does what leaks do and honest columns rarely do; it stays until the user decides. A column that the user
vouches for is only remarked on (L2xx).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.predict.encoding import Floats
from leadml.training.audit.lateness import suspect_late
from leadml.training.audit.proofs import Fills, prove_by_history, prove_by_open_leads, vouched_by_history
from leadml.training.audit.strength import Judge
from leadml.training.audit.suspicions import suspect
from leadml.training.findings import Finding
from leadml.training.folds import Rows
from leadml.training.split import Groups, Mask, account_codes

Outcomes: TypeAlias = Sequence[str | None] | np.ndarray[Any, Any] | pa.Array | pa.ChunkedArray


def audit_leads(
    leads: pa.Table,
    attributes: Sequence[str],
    outcome: Outcomes,
    *,
    lead_id: Groups | None = None,
    account_id: Groups | None = None,
    created_at: pa.Array | pa.ChunkedArray | None = None,
    closed_at: pa.Array | pa.ChunkedArray | None = None,
    history: pa.Table | None = None,
    order: Floats | None = None,
    known_at: Mapping[str, str | None] | None = None,
) -> list[Finding]:
    """At most one finding per attribute, the proven first; each states its evidence in numbers.

    Args:
        leads: one row per lead, with the columns named in `attributes` as they stand now.
        attributes: the columns to audit.
        outcome: (leads,) "won", "lost" or None for a lead still open. Without open leads only `history` can prove.
        lead_id: (leads,) or None; needed to use `history`.
        account_id: (leads,) or None. A column is judged on other accounts than it was learned from; without it each
            lead stands alone.
        created_at: timestamps (leads,) or None; needed to compare what a `history` says early and late.
        closed_at: timestamps (leads,) or None; needed to use `history`.
        history: lead_id, field, value, changed_at. A column whose values are on record before closing is honest and is
            not suspected: a snapshot reads it as it was then. Only where it says far more shortly before closing than
            early on, that is remarked.
        order: float array (leads,) or None, sortable time. Columns are compared among leads of about the same time, so
            that one that merely follows the calendar is not mistaken for one that knows the outcome.
        known_at: what the user has settled: attribute -> the column that dates its values, so that a snapshot reads
            them as they were then (no finding), or None where it is known from the beginning (a note).
    """
    settled = known_at or {}
    audited = [name for name in attributes if settled.get(name) is None]
    closed = _Closed.of(outcome, account_id if account_id is not None else lead_id, order)
    fills = {name: Fills.count(leads[name], closed.won, closed.lost) for name in audited}
    findings = [finding for name in audited for finding in prove_by_open_leads(name, fills[name])]
    vouched: set[str] = set()
    if history is not None and lead_id is not None and closed_at is not None:
        times = pa.table({"lead_id": _as_arrow(lead_id), "closed_at": closed_at})
        unproven = [name for name in audited if name not in _columns(findings)]
        findings += [finding for name in unproven for finding in prove_by_history(name, history, times)]
        vouched = {name for name in unproven if vouched_by_history(name, history, times, leads[name])}
        if created_at is not None:
            kept = [name for name in unproven if name not in _columns(findings)]
            findings += _late(kept, history, times.append_column("created_at", _chunked(created_at)), closed)
    suspects = [name for name in audited if name not in vouched | _columns(findings)]
    rows = closed.rows()
    findings += suspect(leads.select(suspects).take(pa.array(rows)), closed.judge(rows))
    return [_settled(finding) if finding.column in settled else finding for finding in findings]


@dataclass(frozen=True)
class _Closed:
    """Which leads are closed, and what columns are judged by; all arrays (leads,)."""

    won: Mask
    lost: Mask
    accounts: Rows
    order: Floats | None

    @classmethod
    def of(cls, outcome: Outcomes, independent: Groups | None, order: Floats | None) -> _Closed:
        ends = _as_arrow(outcome)
        won, lost = (pc.fill_null(pc.equal(ends, end), False).to_numpy(zero_copy_only=False) for end in ("won", "lost"))
        accounts = np.arange(len(won)) if independent is None else account_codes(independent)
        return cls(won, lost, accounts, order)

    def rows(self) -> Rows:
        return np.flatnonzero(self.won | self.lost)

    def judge(self, rows: Rows) -> Judge:
        order = None if self.order is None else self.order[rows]
        return Judge(self.won[rows].astype(float), self.accounts[rows], order)


def _late(names: Sequence[str], history: pa.Table, times: pa.Table, closed: _Closed) -> list[Finding]:
    """What the history says early and late, of the leads whose closing has a date."""
    recorded = set(pc.unique(history["field"]).to_pylist())
    rows = closed.rows()
    rows = rows[pc.is_valid(times["closed_at"]).to_numpy()[rows]]
    return suspect_late([n for n in names if n in recorded], history, times.take(pa.array(rows)), closed.judge(rows))


def _settled(finding: Finding) -> Finding:
    message = f"{finding.message} It stays: leads.known_at says that it is known when a lead comes in."
    return Finding("L200", "note", finding.column, message, "Nothing to do, unless that is wrong.")


def _columns(findings: Sequence[Finding]) -> set[str | None]:
    return {finding.column for finding in findings}


def _as_arrow(values: Outcomes | Groups) -> pa.Array | pa.ChunkedArray:
    return values if isinstance(values, (pa.Array, pa.ChunkedArray)) else pa.array(values, pa.string())


def _chunked(values: pa.Array | pa.ChunkedArray) -> pa.ChunkedArray:
    return values if isinstance(values, pa.ChunkedArray) else pa.chunked_array([values])
