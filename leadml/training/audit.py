"""The leakage audit: columns that know the outcome because they were filled in after it, or because of it.

*Proven* (L0xx) means that no reading but a leak fits, and the column is left out by itself. *Suspected* (L1xx) means
that the column does what leaks do and honest columns rarely do; it stays until the user decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.predict.encoding import Floats
from leadml.training.findings import Finding
from leadml.training.proofs import Fills, prove_by_history, prove_by_open_leads, vouched_by_history
from leadml.training.split import Groups, account_codes
from leadml.training.suspicions import suspect

Outcomes: TypeAlias = Sequence[str | None] | np.ndarray[Any, Any] | pa.Array | pa.ChunkedArray


def audit_leads(
    leads: pa.Table,
    attributes: Sequence[str],
    outcome: Outcomes,
    *,
    lead_id: Groups | None = None,
    account_id: Groups | None = None,
    closed_at: pa.Array | pa.ChunkedArray | None = None,
    history: pa.Table | None = None,
    order: Floats | None = None,
) -> list[Finding]:
    """At most one finding per attribute, the proven first; each states its evidence in numbers.

    Args:
        leads: one row per lead, with the columns named in `attributes` as they stand now.
        attributes: the columns to audit.
        outcome: (leads,) "won", "lost" or None for a lead still open. Without open leads only `history` can prove.
        lead_id: (leads,) or None; needed to use `history`.
        account_id: (leads,) or None. A column is judged on other accounts than it was learned from; without it each
            lead stands alone.
        closed_at: timestamps (leads,) or None; needed to use `history`.
        history: lead_id, field, value, changed_at. A column whose values are on record before closing is honest and is
            not suspected: a snapshot reads it as it was then.
        order: float array (leads,) or None, sortable time. Columns are compared among leads of about the same time, so
            that one that merely follows the calendar is not mistaken for one that knows the outcome.
    """
    won = pc.fill_null(pc.equal(_as_arrow(outcome), "won"), False).to_numpy(zero_copy_only=False)
    lost = pc.fill_null(pc.equal(_as_arrow(outcome), "lost"), False).to_numpy(zero_copy_only=False)
    fills = {name: Fills.count(leads[name], won, lost) for name in attributes}
    proven = [finding for name in attributes for finding in prove_by_open_leads(name, fills[name])]
    vouched: set[str] = set()
    if history is not None and lead_id is not None and closed_at is not None:
        times = pa.table({"lead_id": _as_arrow(lead_id), "closed_at": closed_at})
        settled = {finding.column for finding in proven}
        for name in attributes:
            found = [] if name in settled else prove_by_history(name, history, times)
            proven += found
            if not found and vouched_by_history(name, history, times, leads[name]):
                vouched.add(name)
    closed = np.flatnonzero(won | lost)
    spoken_for = vouched | {finding.column for finding in proven if finding.column is not None}
    suspects = [name for name in attributes if name not in spoken_for]
    independent = account_id if account_id is not None else lead_id
    accounts = np.arange(len(won)) if independent is None else account_codes(independent)
    suspected = suspect(
        leads.select(suspects).take(pa.array(closed)),
        won[closed].astype(float),
        accounts[closed],
        None if order is None else order[closed],
    )
    return proven + suspected


def _as_arrow(values: Outcomes | Groups) -> pa.Array | pa.ChunkedArray:
    return values if isinstance(values, (pa.Array, pa.ChunkedArray)) else pa.array(values, pa.string())
