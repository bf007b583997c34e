"""Rows are chosen by an index of the user's database, and are the same ones as without it."""

from __future__ import annotations

import datetime as dt
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from leadml.sources import Among, Since, open_source
from leadml.sources.postgres_choosing import choose as choose_postgres
from leadml.sources.postgres_names import found_columns, found_tables
from leadml.sources.sqlite_choosing import choose as choose_sqlite
from leadml.sources.sqlite_session import session

SINCE = Since("v", dt.datetime(2024, 3, 1, 10))  # noqa: DTZ001 - leadml's times are naive UTC
AMONG = Among("v", pa.array(["1", "01", "L1", "7.5", "x y", "ü"]))
IDS = ["1", " 1", "1 ", "01", "1.0", "10", 1, 7.5, "7.5\t", "L1", "\u2003L1\u00a0", "l1", "L1 x", "L1\x85", "x y ",
       "\nx y", "x  y", "ü\u3000", "üü", None, b"L1", "L10", "", " "]  # fmt: skip
DATES = ["2024-03-01 10:00:00", "2024-02-29", " 2024-03-02", "2024-3-1 11:00", "01.03.2024 11:00", "3.3.2024", "2/3/24",
         "19/03/2024", "20-03-2024", "31.12.2023", "2019", "20190301", "201", "2023/12/31", "1970-01-01", "0001-01-01",
         "never", "", None, 20240301, 1.7e9, b"2024-04-01", "2024.03.01 09:00", "9999-12-31", "1999-x"]  # fmt: skip


@pytest.mark.parametrize("declared", ["", "TEXT", "INTEGER", "DATETIME", "REAL", "TEXT COLLATE NOCASE"])
@pytest.mark.parametrize(("rows", "values"), [(AMONG, IDS), (SINCE, DATES)], ids=["among", "since"])
def test_an_index_changes_nothing_about_which_rows_are_chosen(
    tmp_path: Path, declared: str, rows: Among | Since, values: list[Any]
) -> None:
    with closing(sqlite3.connect(tmp_path / "crm.db", isolation_level=None)) as connection:
        connection.execute(f"CREATE TABLE t (n INTEGER, v {declared}, rowid TEXT)")
        connection.executemany("INSERT INTO t VALUES (?, ?, 'x')", enumerate(values))
        connection.execute("CREATE VIEW seen AS SELECT * FROM t")
        source = open_source(str(tmp_path / "crm.db"))
        found = [row["n"] for batch in source.stream("t", ["n"], rows=rows) for row in batch.to_pylist()]
        connection.execute("CREATE INDEX i ON t (v)")
        for table in ("t", "seen"):
            by_index = [row["n"] for batch in source.stream(table, ["n"], rows=rows) for row in batch.to_pylist()]
            assert by_index == found if table == "t" else sorted(by_index) == found
        assert len(found) > 5
        if isinstance(rows, Among) and declared != "REAL":  # as text 1 is "1.0" there
            with source.transaction() as change:
                change.remove("t", rows)
            left = {row for (row,) in connection.execute("SELECT n FROM t")}
            assert left >= set(range(len(values))) - set(found)
            assert source.count("t", rows) <= len({type(value) for value in values} & {bytes})


class _Explaining:
    """A cursor that keeps how SQLite goes through the user's table in whatever it is asked."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor
        self.plans: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def execute(self, query: str, *parameters: Any) -> Any:
        if "AS held" in query and not query.startswith("EXPLAIN"):
            self._cursor.execute(f"EXPLAIN QUERY PLAN {(query.partition(' AS SELECT ')[2] and 'SELECT ') or ''}"
                                 f"{query.partition(' AS SELECT ')[2] or query}")  # fmt: skip
            self.plans += [detail for *_, detail in self._cursor.fetchall() if "held" in detail]
        return self._cursor.execute(query, *parameters)


@pytest.mark.parametrize(
    ("declared", "rows"),
    [("TEXT", AMONG), ("INTEGER", AMONG), ("INTEGER PRIMARY KEY", AMONG), ("TEXT", SINCE), ("DATETIME", SINCE)],
)
def test_sqlite_never_goes_through_a_table_whose_column_has_an_index(
    tmp_path: Path, declared: str, rows: Among | Since
) -> None:
    with closing(sqlite3.connect(tmp_path / "crm.db")) as connection:
        connection.execute(f"CREATE TABLE t (n TEXT, v {declared})")
        connection.execute("CREATE INDEX i ON t (v, n)")
    with session(tmp_path / "crm.db") as cursor:
        explaining = _Explaining(cursor)
        where = choose_sqlite(explaining, "t", rows)
        explaining.execute(f"SELECT n FROM main.t AS held WHERE {where} ORDER BY held.rowid")
    assert explaining.plans
    assert all(plan.startswith("SEARCH held USING") for plan in explaining.plans)


@pytest.mark.parametrize(
    ("kind", "values"),
    [("text", "'L' || n"), ("varchar(20)", "'L' || n"), ("bigint", "n"), ("integer", "n"), ("numeric", "n"),
     ("uuid", "md5(n::text)::uuid")],
)  # fmt: skip
def test_postgresql_finds_ids_by_an_index_on_the_columns_own_type(postgres_url: str, kind: str, values: str) -> None:
    import adbc_driver_postgresql.dbapi as postgres

    with postgres.connect(postgres_url, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE t AS SELECT n, ({values})::{kind} AS v FROM generate_series(1, 20000) n")
        cursor.execute("CREATE INDEX ON t (v)")
        cursor.execute("ANALYZE t")
        cursor.execute("SELECT v::text FROM t WHERE n IN (7, 19000) ORDER BY n DESC")
        rows = Among("v", pa.array([*(text for (text,) in cursor.fetchall()), "nobody", "12'", "9" * 30]))
        name = found_tables(cursor)["t"]
        where = choose_postgres(cursor, name, found_columns(cursor, name)["v"], rows, {})
        cursor.adbc_statement.set_options(**{"adbc.postgresql.use_copy": "false"})
        cursor.execute(f"EXPLAIN SELECT n FROM {name} WHERE {where}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
        assert "Seq Scan on t" not in plan, plan
        assert re.search(r"Index.* Scan .*t_v_idx", plan), plan
        source = open_source(postgres_url)
        assert [row["n"] for batch in source.stream("t", ["n"], rows=rows) for row in batch.to_pylist()] == [7, 19000]
        with source.transaction() as change:
            change.remove("t", rows)
        assert (source.count("t", rows), source.count("t")) == (0, 19998)


def test_postgresql_finds_times_by_an_index(postgres_url: str) -> None:
    import adbc_driver_postgresql.dbapi as postgres

    with postgres.connect(postgres_url, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE t AS SELECT n, timestamptz '2024-03-01 10:00Z' - n * interval '1 minute' AS v"
            " FROM generate_series(0, 20000) n"
            " UNION ALL VALUES (-1, NULL::timestamptz), (-2, 'infinity'), (-3, '-infinity')"
        )
        cursor.execute("CREATE INDEX ON t (v)")
        cursor.execute("ANALYZE t")
        name = found_tables(cursor)["t"]
        where = choose_postgres(cursor, name, found_columns(cursor, name)["v"], SINCE, {})
        cursor.adbc_statement.set_options(**{"adbc.postgresql.use_copy": "false"})
        cursor.execute(f"EXPLAIN SELECT n FROM {name} WHERE {where}")
        assert "Seq Scan" not in "\n".join(line for (line,) in cursor.fetchall())
        found = open_source(postgres_url).stream("t", ["n"], rows=SINCE)
        assert [row["n"] for batch in found for row in batch.to_pylist()] == [0, -1, -2, -3]
