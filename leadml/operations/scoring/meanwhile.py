"""What people decide while a run is under way: it has read their leads before, so their stages are the next run's."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from leadml.operations.published import beside
from leadml.operations.scoring.asked import Asked
from leadml.operations.scoring.keeping import Beginning
from leadml.operations.scoring.part import ScoredPart
from leadml.sources import Since


def without_decided(asked: Asked, begun: Beginning, part: ScoredPart) -> ScoredPart:
    """A part without moves and stages of leads that somebody has decided about since the run began to read.

    Raises:
        SourceError: the decisions cannot be read.
    """
    ids = _decided(asked, begun)
    if not len(ids):
        return part
    own = (asked.targets.moves, asked.targets.stages)
    kept = []
    for change in part.changes:
        if change.table in own:
            others = pc.invert(pc.is_in(change.rows["lead_id"], value_set=ids))
            change = replace(change, rows=change.rows.filter(others))
        kept.append(change)
    return replace(part, changes=kept)


def _decided(asked: Asked, begun: Beginning) -> pa.Array:
    """The leads that somebody has decided about since the run began to read."""
    source, table = beside(asked.project), asked.targets.decisions
    if table not in source.tables():
        return pa.array([], pa.string())
    since = Since("decided_at", begun.started_at)
    batches = source.stream(table, ["lead_id", "decided_at"], rows=since)
    dated = (batch["lead_id"].filter(pc.is_valid(batch["decided_at"])).cast(pa.string()) for batch in batches)
    found = [pa.array([], pa.string()), *dated]
    return pc.unique(pc.utf8_trim_whitespace(pa.concat_arrays(found)))
