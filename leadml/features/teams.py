"""The team of whoever worked a lead at its snapshot; segments of cutoffs may go by it, and nothing learns from it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.features.plan import TEAM
from leadml.features.spine import Spine
from leadml.schema import LeadTables

__all__ = ["teams_at", "teams_have_a_history"]


def teams_have_a_history(tables: LeadTables) -> bool:
    """Whether the field history says of some lead when its team changed."""
    return tables.history is not None and bool(pc.any(pc.equal(tables.history["field"], TEAM.name)).as_py())


def teams_at(tables: LeadTables, spine: Spine, *, calendar: bool) -> pa.Array:
    """Each row's team, null where there was none; string array of shape (rows,).

    Of a lead whose team has changed it is what the field history said last before the row's moment, and none before the
    first change. Where no change was recorded, or without moments, it is the team as it is now.
    """
    if TEAM.name not in tables.leads.column_names:
        now = pa.nulls(len(spine.lead), pa.string())
    else:
        now = tables.leads[TEAM.name].cast(pa.string()).combine_chunks().take(pa.array(spine.lead))
    if not calendar or tables.history is None or not teams_have_a_history(tables):
        return now
    return _as_of(tables.leads, tables.history.filter(pc.equal(tables.history["field"], TEAM.name)), spine, now)


def _as_of(leads: pa.Table, changes: pa.Table, spine: Spine, now: pa.Array) -> pa.Array:
    lead = pc.index_in(changes["lead_id"], value_set=leads["lead_id"].combine_chunks())
    changes, lead = changes.filter(pc.is_valid(lead)), lead.filter(pc.is_valid(lead)).to_numpy()
    values, count = changes["value"].combine_chunks(), len(lead)
    # Of two changes in one moment the alphabetically last stands; a row does not know of one in its own moment.
    rank = pc.rank(pc.fill_null(values, ""), tiebreaker="dense").to_numpy().astype(np.int64)
    of = np.concatenate([lead, spine.lead])
    moments = np.concatenate([changes["changed_at"].cast(pa.int64()).to_numpy(), spine.at])
    order = np.lexsort((np.concatenate([rank, np.zeros(len(spine.lead), np.int64)]), moments, of))
    newest = np.maximum.accumulate(np.where(order < count, np.arange(len(order)), -1))
    before = np.empty_like(order)
    before[order] = np.where(newest < 0, -1, order[newest])
    found = before[count:]
    known = (found >= 0) & (of[found] == spine.lead)
    then = values.take(pa.array(found, mask=~known))
    return pc.if_else(pa.array(np.isin(spine.lead, lead)), then, now)
