"""Columns with a history that say far more shortly before closing than early on: they move with the deal.

A snapshot reads such a column as it was then, so nothing of the future gets in. But where it is set to the outcome on
the way there, a score built on it rises because the deal moves, and says little of the leads that are still early.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.predict.encoding import Floats
from leadml.training.audit.strength import FEWEST, Judge, codes_of
from leadml.training.audit.suspicions import suspected
from leadml.training.findings import Finding

_EARLY = 0.25
_STRONG_AUC = 0.75
_JUMP = 0.15


def suspect_late(fields: Sequence[str], history: pa.Table, leads: pa.Table, judge: Judge) -> list[Finding]:
    """Fields whose AUC alone jumps between a quarter of the way from creation to closing and the moment of closing.

    `leads` holds the closed leads (rows): lead_id, created_at and closed_at; `judge` knows the same leads. `history`
    has lead_id, field, value and changed_at.
    """
    created, closed = (leads[name].cast(pa.int64()).to_numpy() for name in ("created_at", "closed_at"))
    if min(judge.won.sum(), (1 - judge.won).sum()) < FEWEST:
        return []
    early = created + _EARLY * (closed - created)
    findings = []
    for field in fields:
        changes = history.filter(pc.field("field") == field)
        then, last = (judge.auc(codes_of(_as_of(changes, leads["lead_id"], at))) for at in (early, closed))
        if last - 1.645 * judge.standard_error(last) >= _STRONG_AUC and last - then >= _JUMP:
            text = (
                f"as it was just before closing it alone has an AUC of {last:.2f} ({judge.how}), as it was a quarter "
                f"of the way there {then:.2f}"
            )
            findings.append(suspected(field, [("L105", text)]))
    return findings


def _as_of(changes: pa.Table, ids: pa.ChunkedArray, moments: Floats) -> pa.ChunkedArray:
    """What a field said last before a moment of each lead; numbers where all of it are."""
    lead = pc.index_in(changes["lead_id"], value_set=ids.combine_chunks())
    known = pc.is_valid(lead)
    lead = lead.filter(known).to_numpy().astype(np.int64)
    changed = changes["changed_at"].filter(known).cast(pa.int64()).to_numpy()
    before = np.flatnonzero(changed < moments[lead])
    latest = before[np.lexsort([changed[before], lead[before]])]
    place = np.full(len(ids), -1)
    place[lead[latest]] = latest
    values = changes["value"].filter(known).take(pa.array(place, mask=place < 0))
    try:
        return values.cast(pa.float64())
    except pa.ArrowInvalid:
        return values
