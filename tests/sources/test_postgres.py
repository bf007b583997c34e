"""What is PostgreSQL's own: its types, schemas, rights, locks and messages."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pytest

from leadml.errors import MissingExtraError, SourceError
from leadml.sources import Among, Since, open_source, postgres_session
from leadml.sources.distinct import distinct, is_plain


@pytest.fixture
def cursor(postgres_url: str) -> Iterator[Any]:
    import adbc_driver_postgresql.dbapi as postgres

    with postgres.connect(postgres_url, autocommit=True) as connection, connection.cursor() as cursor:
        yield cursor


def _column(url: str, table: str, column: str) -> pa.ChunkedArray:
    return pa.Table.from_batches(list(open_source(url).stream(table, [column])))[column]


@pytest.mark.parametrize(
    ("kind", "written", "texts"),
    [
        ("numeric", "12345678901234567890.50", ["12345678901234567890.5"]),
        ("numeric(10, 2)", "1.50", ["1.5"]),
        ("numeric(18, 0)", "123456789012345678", ["123456789012345678"]),
        ("money", "$1.50", ["1.5"]),
        ("timestamptz", "2024-03-01 10:00:00+02", ["2024-03-01 08:00:00.000000"]),
        ("timestamp", "2024-03-01 10:00:00", ["2024-03-01 10:00:00.000000"]),
        ("timestamp", "infinity", []),
        ("date", "2024-03-01", ["2024-03-01"]),
        ("uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]),
        ("char(5)", "ab", ["ab"]),
        ("inet", "10.0.0.1", ["10.0.0.1"]),
        ("boolean", "t", ["true"]),
        ("smallint", "7", ["7"]),
        ("real", "0.1", ["0.1"]),
        ("mood", "glad", ["glad"]),
        ("weight", "2.5", ["2.5"]),
    ],
)
def test_a_single_value_of_every_type_arrives_as_itself(
    postgres_url: str, cursor: Any, kind: str, written: str, texts: list[str]
) -> None:
    cursor.execute("CREATE TYPE mood AS ENUM ('sad', 'glad')")
    cursor.execute("CREATE DOMAIN weight AS numeric(8, 3) CHECK (VALUE > 0)")
    cursor.execute(f"CREATE TABLE t (v {kind})")
    cursor.execute(f"INSERT INTO t VALUES ('{written}'), (NULL)")
    column = _column(postgres_url, "t", "v")
    assert is_plain(column.type)
    assert distinct(column.drop_null()).values.to_pylist() == texts


@pytest.mark.parametrize(
    ("kind", "written"),
    [("int[]", "{1,2}"), ("jsonb", '{"a": 1}'), ("json", "[]"), ("bytea", "x"), ("interval", "1 day"), ("time", "1:0"),
     ("point", "(1,2)"), ("int4range", "[1,2)"), ("tsvector", "a b"), ("bit(3)", "101")],
)  # fmt: skip
def test_what_is_no_single_value_is_told_as_such(postgres_url: str, cursor: Any, kind: str, written: str) -> None:
    cursor.execute(f"CREATE TABLE t (v {kind})")
    cursor.execute(f"INSERT INTO t VALUES ('{written}'), (NULL)")
    assert not is_plain(_column(postgres_url, "t", "v").type)


def test_5000_nulls_come_before_a_number(postgres_url: str, cursor: Any) -> None:
    cursor.execute("CREATE TABLE t AS SELECT NULL::float8 AS v FROM generate_series(1, 5000) UNION ALL SELECT 2.5")
    assert _column(postgres_url, "t", "v").drop_null().to_pylist() == [2.5]


def test_tables_of_other_schemas_are_named_with_them(postgres_url: str, cursor: Any) -> None:
    cursor.execute('CREATE SCHEMA "Sales Dep"')
    try:
        cursor.execute('CREATE TABLE "Sales Dep"."Order" ("Group" text)')
        source = open_source(postgres_url)
        assert "Sales Dep.Order" in source.tables()
        with source.transaction() as change:
            change.append("Sales Dep.Order", pa.table({"Group": ["a"]}))
            change.upsert("Sales Dep.scores", pa.table({"id": ["a"]}), key=["id"])
        assert source.count("Sales Dep.Order") == source.count("Sales Dep.scores") == 1
    finally:
        cursor.execute('DROP SCHEMA "Sales Dep" CASCADE')


def test_json_columns_of_the_user_take_what_is_written(postgres_url: str, cursor: Any) -> None:
    cursor.execute("CREATE TABLE scores (id varchar(3) PRIMARY KEY, reasons jsonb, p numeric(4, 3), at timestamptz)")
    at = dt.datetime(2025, 3, 1, 12)  # noqa: DTZ001 - leadml's times are naive UTC
    rows = pa.table({"id": ["a"], "reasons": [[{"reason": "x", "log_odds": 0.5}]], "p": [0.1], "at": [at]})
    with open_source(postgres_url).transaction() as change:
        change.upsert("scores", rows, key=["id"])
    cursor.execute("SELECT reasons->0->>'reason', p::text, (at AT TIME ZONE 'UTC')::text FROM scores")
    assert cursor.fetchall() == [("x", "0.100", "2025-03-01 12:00:00")]


def test_text_that_is_too_long_is_refused_and_not_cut(postgres_url: str, cursor: Any) -> None:
    cursor.execute("CREATE TABLE scores (id varchar(3) PRIMARY KEY)")
    with (
        pytest.raises(SourceError, match=r"refused: value too long for type character varying\(3\). Nothing changed"),
        open_source(postgres_url).transaction() as change,
    ):
        change.append("scores", pa.table({"id": ["abcd"]}))
    with (
        pytest.raises(SourceError, match="is too long for a name in PostgreSQL"),
        open_source(postgres_url).transaction() as change,
    ):
        change.append("x" * 70, pa.table({"id": ["a"]}))


def test_rows_since_a_moment_are_found_by_times_with_and_without_a_zone(postgres_url: str, cursor: Any) -> None:
    cursor.execute("CREATE TABLE t (n int, a timestamptz, b timestamp, c date)")
    cursor.execute(
        "INSERT INTO t VALUES (1, '2024-03-01 10:00+00', '2024-03-01 10:00', '2024-03-02'),"
        " (2, '2024-03-01 10:59+01', '2024-03-01 09:59', '2024-03-01'), (3, NULL, NULL, NULL)"
    )
    moment = dt.datetime(2024, 3, 1, 10)  # noqa: DTZ001 - leadml's times are naive UTC
    for column in "abc":
        found = open_source(postgres_url).stream("t", ["n"], rows=Since(column, moment))
        assert [row["n"] for batch in found for row in batch.to_pylist()] == [1, 3]


def test_a_reader_that_stops_early_leaves_nothing_open(postgres_url: str, cursor: Any) -> None:
    cursor.execute("CREATE TABLE t AS SELECT n, repeat('x', 1000) AS v FROM generate_series(1, 50000) n")
    batches = open_source(postgres_url).stream("t")
    assert next(batches)["n"][0].as_py() == 1
    batches.close()  # type: ignore[attr-defined]
    cursor.execute("DROP TABLE t")


def test_a_locked_table_is_refused_after_a_short_wait(
    postgres_url: str, cursor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_session, "LOCK_SECONDS", 0.1)
    cursor.execute("CREATE TABLE scores (id text PRIMARY KEY)")
    cursor.execute("BEGIN")
    cursor.execute("LOCK TABLE scores IN SHARE MODE")
    with (
        pytest.raises(SourceError, match=r"is locked by another program for more than 0.1 s. Try again"),
        open_source(postgres_url).transaction() as change,
    ):
        change.upsert("scores", pa.table({"id": ["a"]}), key=["id"])
    cursor.execute("ROLLBACK")


def test_a_missing_right_and_a_missing_database_are_told_without_the_password(postgres_url: str, cursor: Any) -> None:
    cursor.execute("CREATE TABLE scores (id text PRIMARY KEY)")
    cursor.execute("SELECT current_schema()")
    ((schema,),) = cursor.fetchall()
    cursor.execute(f"CREATE ROLE {schema} LOGIN PASSWORD 's3cret'")
    cursor.execute(f"GRANT USAGE ON SCHEMA {schema} TO {schema}")
    other = postgres_url.replace("postgres:@", f"{schema}:s3cret@")
    with pytest.raises(SourceError, match=r"refuses: permission denied for table scores. Ask its owner") as refusal:
        list(open_source(other).stream("scores"))
    assert "s3cret" not in str(refusal.value)
    with pytest.raises(SourceError, match=r"cannot be opened: database \"nowhere\" does not exist"):
        open_source(f"postgresql://postgres@/nowhere?{postgres_url.partition('?')[2]}").tables()
    cursor.execute(f"DROP OWNED BY {schema}")
    cursor.execute(f"DROP ROLE {schema}")


def test_what_was_done_before_a_connection_is_lost_is_undone(postgres_url: str, cursor: Any) -> None:
    source = open_source(postgres_url)

    def lose_it() -> None:
        with source.transaction() as change:
            change.append("scores", pa.table({"id": ["a"]}))
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name ~ '^leadml'")
            change.append("scores", pa.table({"id": ["b"]}))

    with pytest.raises(SourceError, match=r"was lost: .*undone; try again"):
        lose_it()
    assert source.tables() == []


@pytest.mark.parametrize("said", ["No entry.", "No entry. ", "No entry...", "No entry.\\nAsk Ann."])
def test_what_the_server_says_becomes_part_of_a_sentence_however_it_ends(
    postgres_url: str, cursor: Any, said: str
) -> None:
    cursor.execute("CREATE TABLE scores (id text)")
    raising = f"BEGIN RAISE EXCEPTION E'{said}'; END"
    cursor.execute(f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ {raising} $$")
    cursor.execute("CREATE TRIGGER guard BEFORE INSERT ON scores FOR EACH ROW EXECUTE FUNCTION refuse()")
    with (
        pytest.raises(SourceError, match=r" refused: No entry\. Nothing changed\.$"),
        open_source(postgres_url).transaction() as change,
    ):
        change.append("scores", pa.table({"id": ["a"]}))


def test_what_goes_wrong_only_as_rows_come_in_is_one_clear_line(postgres_url: str, cursor: Any) -> None:
    cursor.execute("CREATE VIEW shares AS SELECT 1 / (n - 3) AS share FROM generate_series(1, 5) n")
    with pytest.raises(SourceError, match=r"^The database .* refused: division by zero\. Nothing changed\.$"):
        list(open_source(postgres_url).stream("shares"))


def test_a_server_that_is_not_there_is_told_without_a_question() -> None:
    with pytest.raises(SourceError, match=r"Connection refused\. Mend the address"):
        open_source("postgresql://localhost:1/crm").tables()


@pytest.mark.parametrize("password", ["s3cr%et", "s3 cret", "s3:cr@et", "pazz/word"])
def test_passwords_are_masked_in_what_the_driver_says(password: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "fromoutside")
    for url in (f"postgresql://ann:{password}@localhost:1/crm", f"postgres://ann:{quote(password)}@localhost:1/crm"):
        with pytest.raises(SourceError, match=r"The database .* cannot be opened: .*PGPASSWORD") as refusal:
            open_source(url).tables()
        text = str(refusal.value)
        assert not any(part in text for part in (password, "pazz", "s3cr", "s3 c"))
        assert quote(password) not in text
        assert "fromoutside" not in text
        assert "\n" not in text


def test_the_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "adbc_driver_postgresql.dbapi", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'leadml\[postgres\]'"):
        open_source("postgresql://localhost/crm").tables()


def test_columns_of_an_unknown_name_are_refused(postgres_url: str, cursor: Any) -> None:
    cursor.execute("CREATE TABLE scores (id text)")
    with pytest.raises(SourceError, match=r"there is no column 'idd'. Did you mean 'id'\?"):
        open_source(postgres_url).count("scores", Among("idd", pa.array(["a"])))
