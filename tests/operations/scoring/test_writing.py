"""Which score rows are written: laws over random rows, whatever a database made of the types of those before."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadml.operations.scoring.writing import COMPARED, differences

TOLERANCE = 0.0005
SCHEMA = pa.schema(
    [
        ("lead_id", pa.string()),
        ("probability", pa.float64()),
        ("grade", pa.dictionary(pa.int32(), pa.string())),
        ("stage", pa.dictionary(pa.int32(), pa.string())),
        ("segment", pa.string()),
        ("stopped_by", pa.list_(pa.string())),
        ("bundle", pa.string()),
    ]
)
ROW = st.fixed_dictionaries(
    {
        "lead_id": st.integers(0, 30).map(str),
        "probability": st.integers(0, 20).map(lambda step: 0.2 + step * TOLERANCE / 4),
        "grade": st.sampled_from("AB"),
        "stage": st.sampled_from([None, "raw", "MQL"]),
        "segment": st.sampled_from([None, "big"]),
        "stopped_by": st.sampled_from([[], ["spam"], ["spam", "é"]]),
        "bundle": st.sampled_from(["x", "y"]),
    }
)
ROWS = st.lists(ROW, max_size=25, unique_by=lambda row: row["lead_id"])


def table(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def kept_in_a_database(rows: pa.Table) -> pa.Table:
    """What a database gives back: lists as JSON text, words as plain text, in another order."""
    gates = [json.dumps(gates, ensure_ascii=False) for gates in rows["stopped_by"].to_pylist()]
    cells = {name: rows[name].cast(pa.string()) for name in COMPARED if name not in ("probability", "stopped_by")}
    return pa.table({**cells, "probability": rows["probability"], "stopped_by": pa.array(gates, pa.string())})[::-1]


def written(before: pa.Table, after: pa.Table) -> list[dict[str, Any]]:
    """What stands there once the differences were written."""
    found = differences(before, after, TOLERANCE)
    rows = {row["lead_id"]: row for row in before.to_pylist()}
    for row, is_written in zip(after.to_pylist(), found.written, strict=True):
        if is_written:
            rows[row["lead_id"]] = row
    for lead in found.removed.to_pylist():
        del rows[lead]
    return list(rows.values())


@given(before=ROWS, after=ROWS)
@settings(max_examples=150)
def test_every_row_is_added_changed_or_unchanged_and_who_is_gone_is_removed(before, after) -> None:
    found = differences(kept_in_a_database(table(before)), table(after), TOLERANCE)
    then = {row["lead_id"]: row for row in before}
    for row, added, changed in zip(after, found.added, found.changed, strict=True):
        old = then.get(row["lead_id"])
        assert added == (old is None)
        if old is not None:
            rest = ("grade", "stage", "segment", "stopped_by", "bundle")
            moved = abs(row["probability"] - old["probability"]) > TOLERANCE
            assert changed == (moved or any(row[name] != old[name] for name in rest))
    assert set(found.removed.to_pylist()) == then.keys() - {row["lead_id"] for row in after}
    assert not (found.added & found.changed).any()


@given(before=ROWS, after=ROWS)
@settings(max_examples=60)
def test_writing_twice_writes_nothing_the_second_time(before, after) -> None:
    once = written(table(before), table(after))
    again = differences(table(once), table(after), TOLERANCE)
    assert not again.written.any()
    assert not len(again.removed)


@given(moves=st.lists(st.floats(-0.0004, 0.0004), min_size=1, max_size=30))
@settings(max_examples=40)
def test_what_is_written_is_never_further_from_the_truth_than_the_tolerance(moves) -> None:
    stands = [{"lead_id": "1", "probability": 0.5, "grade": "A", "bundle": "x"}]
    for now in 0.5 + np.cumsum(moves):
        stands = written(table(stands), table([stands[0] | {"probability": float(now)}]))
        assert abs(stands[0]["probability"] - now) <= TOLERANCE


def test_rows_of_a_bundle_without_gates_and_segments_are_the_same_as_rows_that_leave_them_empty() -> None:
    full = table([{"lead_id": "1", "probability": 0.5, "grade": "A", "stopped_by": [], "bundle": "x"}])
    bare = full.drop_columns(["segment", "stopped_by"])
    assert not differences(bare, full, TOLERANCE).written.any()
    assert not differences(full, bare, TOLERANCE).written.any()


@pytest.mark.parametrize("spoiled", [None, float("nan")])
def test_a_probability_that_somebody_emptied_is_written_again(spoiled: float | None) -> None:
    row = {"lead_id": "1", "probability": 0.5, "grade": "A", "bundle": "x"}
    assert differences(table([row | {"probability": spoiled}]), table([row]), 1.0).changed.all()
