"""What holds for every source: CSV, Parquet and SQLite alike."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from leadml.errors import SourceError
from leadml.sources import Source, open_source

HOSTILE = ["select", "a:b,c[d]", "x'); DROP TABLE leads;--", 'say "hi"', "two\nlines", "a.b", "a", "rowid"]
TABLE = pa.table({name: [f"{name} 1", None, 'quote " comma , \n newline'] for name in HOSTILE})


@pytest.fixture(params=["csv", "csv.gz", "parquet", "sqlite"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Source, str]:
    if request.param != "sqlite":
        return open_source(str(tmp_path)), f"leads.{request.param}"
    with closing(sqlite3.connect(tmp_path / "crm.db")) as connection:
        connection.execute("CREATE TABLE other (id)")
    return open_source(str(tmp_path / "crm.db")), "leads; --"


def _write(source: Source, table: str, content: pa.Table) -> None:
    with source.replace(table, content.schema) as sink:
        for batch in content.to_batches(max_chunksize=2):
            sink.add(batch)


def _read(source: Source, table: str, columns: list[str] | None = None) -> list[dict[str, Any]]:
    return [row for batch in source.stream(table, columns) for row in batch.to_pylist()]


def test_hostile_names_and_cells_survive_writing_and_reading(place: tuple[Source, str]) -> None:
    source, table = place
    _write(source, table, TABLE)
    assert table in source.tables()
    assert list(source.columns(table)) == HOSTILE
    assert _read(source, table) == TABLE.to_pylist()


def test_columns_come_in_the_order_asked_for(place: tuple[Source, str]) -> None:
    source, table = place
    _write(source, table, TABLE)
    assert _read(source, table, ["a", "select"]) == TABLE.select(["a", "select"]).to_pylist()


def test_replacing_again_leaves_the_new_rows_alone(place: tuple[Source, str]) -> None:
    source, table = place
    _write(source, table, TABLE)
    _write(source, table, pa.table({"id": ["9"]}))
    assert _read(source, table) == [{"id": "9"}]


def test_an_exception_while_writing_changes_nothing_and_leaves_nothing_behind(
    place: tuple[Source, str], tmp_path: Path
) -> None:
    source, table = place
    _write(source, table, TABLE)
    before = sorted(tmp_path.iterdir()), source.tables()

    def write_half() -> None:
        with source.replace(table, TABLE.schema) as sink:
            sink.add(TABLE.to_batches()[0])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert (sorted(tmp_path.iterdir()), source.tables()) == before
    assert _read(source, table) == TABLE.to_pylist()


def test_lists_and_times_become_text_where_the_place_knows_no_better(place: tuple[Source, str]) -> None:
    source, table = place
    moment = dt.datetime(2025, 3, 1, 12, 30)  # noqa: DTZ001 - leadml's times are naive UTC
    rows = pa.table({"reasons": [[{"name": "a", "by": 0.5}]], "at": [moment], "p": [0.1], "won": [True]})
    _write(source, table, rows)
    (row,) = _read(source, table)
    if table.endswith("parquet"):
        assert row == rows.to_pylist()[0]
    else:
        assert json.loads(row["reasons"]) == [{"name": "a", "by": 0.5}]
        assert row["at"] == "2025-03-01 12:30:00"
        assert (float(row["p"]), int(row["won"])) == (0.1, 1)


def test_unknown_tables_and_columns_are_refused_with_the_nearest(place: tuple[Source, str]) -> None:
    source, table = place
    _write(source, table, TABLE)
    with pytest.raises(SourceError, match=r"there is no table 'Laeds.*'. Did you mean 'leads"):
        source.columns(table.replace("leads", "Laeds"))
    with pytest.raises(SourceError, match=r"there is no column 'Selekt'. Did you mean 'select'\?"):
        source.stream(table, ["Selekt"])


def _append(source: Source, table: str, content: pa.Table) -> None:
    with source.append(table, content.schema) as sink:
        for batch in content.to_batches(max_chunksize=2):
            sink.add(batch)


def test_rows_are_added_behind_those_that_are_there(place: tuple[Source, str]) -> None:
    source, table = place
    for _ in range(3):
        _append(source, table, TABLE)
    assert _read(source, table) == 3 * TABLE.to_pylist()


def test_added_rows_find_their_columns_by_name_and_leave_further_ones_empty(place: tuple[Source, str]) -> None:
    source, table = place
    _write(source, table, pa.table({"id": ["1"], "synced": ["yes"], "at": ["now"]}))
    _append(source, table, pa.table({"at": ["later", None], "id": ["2", "3"]}))
    assert _read(source, table) == [
        {"id": "1", "synced": "yes", "at": "now"},
        {"id": "2", "synced": None, "at": "later"},
        {"id": "3", "synced": None, "at": None},
    ]


def test_rows_cannot_be_added_to_a_table_that_is_something_else(place: tuple[Source, str]) -> None:
    source, table = place
    _write(source, table, pa.table({"customer": ["1"]}))
    with pytest.raises(SourceError, match=r"has no column 'at', 'id', so rows cannot be added.*nothing changed"):
        _append(source, table, pa.table({"at": ["now"], "id": ["2"]}))
    assert _read(source, table) == [{"customer": "1"}]


def test_an_exception_while_adding_changes_nothing(place: tuple[Source, str], tmp_path: Path) -> None:
    source, table = place
    _write(source, table, TABLE)
    before = sorted(tmp_path.iterdir())

    def add_half() -> None:
        with source.append(table, TABLE.schema) as sink:
            sink.add(TABLE.to_batches()[0])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        add_half()
    assert sorted(tmp_path.iterdir()) == before
    assert _read(source, table) == TABLE.to_pylist()


def test_times_and_numbers_are_added_as_they_are_written(place: tuple[Source, str]) -> None:
    source, table = place
    moment = dt.datetime(2025, 3, 1, 12, 30)  # noqa: DTZ001 - leadml's times are naive UTC
    rows = pa.table({"at": [moment], "p": [0.1], "n": [7], "none": pa.array([None], pa.float64())})
    _write(source, table, rows)
    _append(source, table, rows)
    first, second = _read(source, table)
    assert first == second
