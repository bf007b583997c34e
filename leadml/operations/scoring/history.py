"""The history of scores: every score that was ever written, with all that is needed to compute it again."""

from __future__ import annotations

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
"""A score as it was written: "inputs" are the encoded inputs of the scorer (base64 text), null where none were kept."""


def history_table(project: Project) -> str:
    """The table of the score history."""
    return target_name(project, HISTORY_TABLE)


def history_rows(scores: pa.Table, run_id: str) -> pa.Table:
    """Give the rows of the history for score rows that are written."""
    columns = {"run_id": pa.repeat(run_id, scores.num_rows)}
    for field in HISTORY_ROWS:
        if field.name != "run_id":
            held = field.name in scores.column_names
            columns[field.name] = scores[field.name].cast(field.type) if held else pa.nulls(scores.num_rows, field.type)
    return pa.table(columns, schema=HISTORY_ROWS)
