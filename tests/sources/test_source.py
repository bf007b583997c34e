"""What every source promises of the rows that are added to it and read back."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pyarrow as pa
import pytest

from leadml.errors import SourceError

ROWS = pa.table({"id": ["1", None, "3"], "select": ["a", "b", None], "at": ["now", "then", 'quote " , \n']})


def test_columns_come_in_the_order_asked_for(place: Any) -> None:
    place.put("leads", ROWS)
    (names,) = {tuple(batch.schema.names) for batch in place.source.stream("leads" + place.ending, ["select", "id"])}
    assert names == ("select", "id")
    assert place.read("leads", ["select", "id"]) == ROWS.select(["select", "id"]).to_pylist()


def test_values_of_all_types_are_read_back_as_the_place_knows_them(place: Any) -> None:
    moment = dt.datetime(2025, 3, 1, 12, 30)  # noqa: DTZ001 - leadml's times are naive UTC
    reasons, numbers = [{"name": "a", "by": 0.5}], {"p": [0.1], "n": [7], "won": [True]}
    rows = pa.table({"reasons": [reasons], "at": [moment], **numbers, "none": pa.array([None], pa.float64())})
    for _ in range(2):
        place.put("leads", rows)
    row, added = place.read("leads")
    assert row == added  # whether the table is new or is there
    assert (row["reasons"] if place.kind == "parquet" else json.loads(row["reasons"])) == reasons
    assert row["at"] == (moment if place.kind in ("parquet", "duckdb", "postgresql") else "2025-03-01 12:30:00")
    assert (float(row["p"]), int(row["n"]), int(row["won"]), row["none"]) == (0.1, 7, 1, None)


def test_unknown_tables_and_columns_are_refused_with_the_nearest(place: Any) -> None:
    place.put("leads", ROWS)
    with pytest.raises(SourceError, match=r"there is no table 'Laeds.*'. Did you mean 'leads"):
        place.source.columns("Laeds" + place.ending)
    with pytest.raises(SourceError, match=r"there is no column 'Selekt'. Did you mean 'select'\?"):
        place.source.stream("leads" + place.ending, ["Selekt"])


def test_rows_are_added_behind_those_that_are_there(place: Any) -> None:
    for _ in range(3):
        place.put("leads", ROWS)
    assert place.read("leads") == 3 * ROWS.to_pylist()


def test_added_rows_find_their_columns_by_name_and_leave_further_ones_empty(place: Any) -> None:
    place.put("leads", pa.table({"id": ["1"], "synced": ["yes"], "at": ["now"]}))
    place.put("leads", pa.table({"at": ["later", None], "id": ["2", "3"]}))
    assert place.read("leads") == [
        {"id": "1", "synced": "yes", "at": "now"},
        {"id": "2", "synced": None, "at": "later"},
        {"id": "3", "synced": None, "at": None},
    ]
