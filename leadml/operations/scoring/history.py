"""The history of scores: every score that was ever written, with all that is needed to compute it again.

What took a lead out of the scores is on record, too: else its last score would stand for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import pyarrow as pa

from leadml.operations.project import Project
from leadml.operations.published import target_name

HISTORY_TABLE = "lead_score_history"
HISTORY_ROWS = pa.schema(
    [
        ("run_id", pa.string()),
        ("lead_id", pa.string()),
        ("as_of", pa.timestamp("us")),
        ("probability", pa.float64()),
        ("score", pa.float64()),
        ("grade", pa.string()),
        ("stage", pa.string()),
        ("segment", pa.string()),
        ("stopped_by", pa.list_(pa.string())),
        ("bundle", pa.string()),
        ("inputs", pa.string()),
    ]
)
"""A score as it was written: "inputs" are the encoded inputs of the scorer (base64 text), null where none were kept.

A row without a probability says that the run took the lead out of the scores; but for run_id, lead_id and as_of it is
empty."""


def history_table(project: Project) -> str:
    """The table of the score history."""
    return target_name(project, HISTORY_TABLE)


def history_rows(scores: pa.Table, removed: pa.Array, *, run_id: str, as_of: datetime | None) -> pa.Table:
    """Give the rows of the history for what a run writes.

    Args:
        scores: the score rows that are written.
        removed: the leads (string) whose score rows are taken out.
        run_id: what the run is called.
        as_of: the moment of its scores, None without dates.
    """
    written = {name: scores[name] for name in scores.column_names}
    gone = {"lead_id": removed, "as_of": pa.repeat(pa.scalar(as_of, pa.timestamp("us")), len(removed))}
    return pa.concat_tables([_rows(written, scores.num_rows, run_id), _rows(gone, len(removed), run_id)])


def _rows(held: Mapping[str, pa.Array | pa.ChunkedArray], count: int, run_id: str) -> pa.Table:
    columns = {"run_id": pa.repeat(run_id, count)}
    for field in HISTORY_ROWS:
        if field.name != "run_id":
            kept = held.get(field.name)
            columns[field.name] = pa.nulls(count, field.type) if kept is None else kept.cast(field.type)
    return pa.table(columns, schema=HISTORY_ROWS)
