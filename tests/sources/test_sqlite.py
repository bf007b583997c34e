from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pytest

from leadml.errors import SourceError
from leadml.sources import open_source, sqlite_session


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(tmp_path / "crm.db", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE leads (id INTEGER PRIMARY KEY, amount REAL, name TEXT)")
        connection.execute("INSERT INTO leads VALUES (1, 2.5, 'Ann'), (2, NULL, 'Bob')")
        yield connection


def _read(tmp_path: Path, table: str = "leads") -> pa.Table:
    return pa.Table.from_batches(list(open_source(str(tmp_path / "crm.db")).stream(table)))


def test_columns_keep_their_stored_types(tmp_path: Path, connection: sqlite3.Connection) -> None:
    table = _read(tmp_path)
    assert table.schema.types == [pa.int64(), pa.float64(), pa.string()]
    assert open_source(str(tmp_path / "crm.db")).columns("leads") == {
        "id": "INTEGER",
        "amount": "REAL",
        "name": "TEXT",
    }


def test_a_column_of_mixed_storage_classes_comes_as_text(tmp_path: Path, connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO leads VALUES (3, 'about 7', x'ff41'), (4, 9, NULL)")
    table = _read(tmp_path)
    assert table["amount"].to_pylist() == ["2.5", None, "about 7", "9.0"]
    assert table["name"].to_pylist() == ["Ann", "Bob", "\ufffdA", None]


def test_rows_come_in_the_order_of_the_table_even_where_an_index_would_do(
    tmp_path: Path, connection: sqlite3.Connection
) -> None:
    connection.execute("INSERT INTO leads VALUES (3, 1.5, 'Aaron')")
    connection.execute("CREATE INDEX by_name ON leads (name)")
    batches = open_source(str(tmp_path / "crm.db")).stream("leads", ["name"])
    assert [name for batch in batches for name in batch["name"].to_pylist()] == ["Ann", "Bob", "Aaron"]


def test_views_and_tables_without_row_ids_are_read(tmp_path: Path, connection: sqlite3.Connection) -> None:
    connection.execute("CREATE VIEW open_leads AS SELECT id FROM leads WHERE id > 1")
    connection.execute("CREATE TABLE plain (id TEXT PRIMARY KEY) WITHOUT ROWID")
    connection.execute("INSERT INTO plain VALUES ('x')")
    assert _read(tmp_path, "open_leads")["id"].to_pylist() == [2]
    assert _read(tmp_path, "plain")["id"].to_pylist() == ["x"]


def test_a_database_that_is_being_written_is_refused_before_the_work(
    tmp_path: Path, connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_session, "BUSY_SECONDS", 0.05)
    connection.execute("BEGIN IMMEDIATE")
    source = open_source(str(tmp_path / "crm.db"))
    with pytest.raises(SourceError, match="is locked"), source.transaction():
        pytest.fail("the work was begun")


def test_a_locked_database_is_refused_after_a_short_wait(
    tmp_path: Path, connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_session, "BUSY_SECONDS", 0.05)
    source = open_source(str(tmp_path / "crm.db"))
    connection.execute("BEGIN EXCLUSIVE")
    with pytest.raises(SourceError, match=r"is locked by another program .* Try again"):
        source.tables()


READING = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN")
connection.execute("SELECT * FROM leads").fetchone()
print("reading", flush=True)
sys.stdin.read()
"""


def test_a_read_lock_held_by_another_program_stops_a_change_and_leaves_all_as_it_was(
    tmp_path: Path, connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_session, "BUSY_SECONDS", 0.05)
    source = open_source(str(tmp_path / "crm.db"))
    command = [sys.executable, "-c", READING, str(tmp_path / "crm.db")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == b"reading\n"
        with (
            pytest.raises(SourceError, match="is locked by another program"),
            source.transaction() as change,
        ):
            change.append("leads", pa.table({"id": [7]}))
        reader.communicate()
    assert connection.execute("SELECT count(*) FROM leads").fetchone() == (2,)


def test_what_this_process_has_begun_with_a_sqlite_of_its_own_is_waited_for(
    tmp_path: Path, connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_session, "BUSY_SECONDS", 0.05)
    source = open_source(str(tmp_path / "crm.db"))
    connection.execute("BEGIN IMMEDIATE")
    with pytest.raises(SourceError, match="is locked"):
        source.count("leads")
    connection.execute("ROLLBACK")
    assert source.count("leads") == 2


@pytest.mark.parametrize("declared", ["REAL", "INTEGER", "DECIMAL(10, 2)", ""])
def test_a_column_of_numbers_is_one_wherever_its_first_value_is(
    tmp_path: Path, connection: sqlite3.Connection, declared: str
) -> None:
    connection.execute(f"CREATE TABLE t (n INTEGER, v {declared})")
    connection.execute("BEGIN")  # one commit and not 40,000
    connection.executemany("INSERT INTO t VALUES (?, ?)", [(n, None) for n in range(40_000)] + [(1, 7), (2, 2.5)])
    connection.execute("COMMIT")
    assert _read(tmp_path, "t")["v"].drop_null().to_pylist() == [7, 2.5]
    connection.execute("INSERT INTO t VALUES (3, 'seven')")
    assert _read(tmp_path, "t")["v"].drop_null().to_pylist()[1:] == ["2.5", "seven"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"SQLite format 3\0" + b"\1" * 5000, "is damaged or no SQLite"),
        (b"x" * 99, "is damaged or no"),
    ],
)
def test_files_that_are_no_database_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "crm.db").write_bytes(content)
    with pytest.raises(SourceError, match=message):
        open_source(str(tmp_path / "crm.db")).tables()


def test_rows_are_added_to_a_table_that_is_spelt_in_other_letters(
    tmp_path: Path, connection: sqlite3.Connection
) -> None:
    with open_source(str(tmp_path / "crm.db")).transaction() as change:
        change.append("Leads", pa.table({"ID": [7], "Name": ["Cleo"]}))
    assert connection.execute("SELECT * FROM leads").fetchall()[2:] == [(7, None, "Cleo")]


def test_a_table_of_text_columns_without_any_row_is_read(tmp_path: Path, connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE t (a TEXT, b VARCHAR(9))")
    source = open_source(str(tmp_path / "crm.db"))
    assert sum(batch.num_rows for batch in source.stream("t")) == 0


KILLED = """
import os, signal, sqlite3, sys
database = sqlite3.connect(sys.argv[1])
database.execute("PRAGMA cache_size = 5")  # so that the file is changed before the end, as in a large transaction
database.execute("UPDATE leads SET name = 'half'")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_program_left_half_written_is_undone_by_the_next_reader(
    tmp_path: Path, connection: sqlite3.Connection
) -> None:
    rows = [(n, "whole" * 100) for n in range(10, 500)]
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO leads VALUES (?, 0.5, ?)", rows)
    connection.execute("COMMIT")
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "crm.db")], check=False)
    assert (tmp_path / "crm.db-journal").stat().st_size
    assert "half" not in _read(tmp_path, "leads")["name"].to_pylist()
