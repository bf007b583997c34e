"""A SQLite database as a source, through the standard library."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from leadml.errors import SourceError
from leadml.sources.cells import plain, plain_schema
from leadml.sources.database import Database, quoted
from leadml.sources.locking import locked
from leadml.sources.source import Among, Since, Sink, Transaction
from leadml.sources.sqlite_changes import SqliteChanges
from leadml.sources.sqlite_names import TYPES, cells, condition, held_columns

__all__ = ["SqliteSource"]

_BUSY_SECONDS = 3.0
_BATCH_ROWS = 1 << 15
_STAGING = "leadml_staging"


class SqliteSource(Database):
    """Tables and views of a SQLite database; opened read-only unless a table is being written."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self._path = path
        if not path.is_file():
            raise SourceError(f"There is no database {path}. Mend the path.")
        if path.stat().st_size == 0:
            raise SourceError(f"The database {path} is empty. Mend the path, or fill it with leads first.")

    def tables(self) -> list[str]:
        """Name the tables and views."""
        with self._session("ro") as connection:
            names = connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name")
            return [name for (name,) in names if not name.startswith("sqlite_")]

    def columns(self, table: str) -> dict[str, str]:
        """Map columns to the types they were declared with."""
        self._require_table(table)
        with self._session("ro") as connection:
            return dict(connection.execute("SELECT name, type FROM pragma_table_info(?)", (table,)))

    def _batches(self, table: str, columns: list[str], rows: Among | Since | None) -> Iterator[pa.RecordBatch]:
        with self._session("ro") as connection:
            connection.execute("BEGIN")
            schema = _stored_schema(connection, table, columns)
            where = "" if rows is None else f" WHERE {condition(connection, rows)}"
            chosen = ", ".join(_expression(field) for field in schema)
            order = _table_order(connection, table)
            connection.text_factory = bytes  # SQLite lets text be anything, so it is decoded here
            found = connection.execute(f"SELECT {chosen} FROM {quoted(table)}{where}{order}")  # noqa: S608 - quoted
            while chunk := found.fetchmany(_BATCH_ROWS):
                values = zip(*chunk, strict=True)
                arrays = [_array(column, field.type) for column, field in zip(values, schema, strict=True)]
                yield pa.record_batch(arrays, schema=schema)

    def _count(self, table: str) -> int:
        self._require_table(table)
        with self._session("ro") as connection:
            return int(connection.execute(f"SELECT count(*) FROM {quoted(table)}").fetchone()[0])  # noqa: S608 - quoted

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Change tables on one connection between BEGIN and COMMIT; closing it without undoes what was changed."""
        with self._session("rw") as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield SqliteChanges(connection, self.where)
            connection.execute("COMMIT")

    def exclusive(self, purpose: str) -> AbstractContextManager[None]:
        """Hold a lock file beside the database."""
        path = self._path.resolve()
        return locked(path.with_name(f".{path.name}.{purpose}.lock"), f"{purpose} in {self.where}")

    def replace(self, table: str, schema: pa.Schema) -> AbstractContextManager[Sink]:
        """Stage in a temporary table, then replace the table in one transaction; indexes are kept."""
        return self._replace(table, plain_schema(schema))

    def append(self, table: str, schema: pa.Schema) -> AbstractContextManager[Sink]:
        """Stage in a temporary table, then add its rows in one transaction."""
        return self._append(table, plain_schema(schema))

    @contextmanager
    def _replace(self, table: str, schema: pa.Schema) -> Iterator[Sink]:
        with self._staging(schema) as connection:
            yield _SqliteSink(connection, len(schema))
            _publish(connection, quoted(table), table, cells(schema))

    @contextmanager
    def _append(self, table: str, schema: pa.Schema) -> Iterator[Sink]:
        # A database compares names without regard to the case of letters.
        if held := [name for name in self.tables() if name.casefold() == table.casefold()]:
            known = {column.casefold() for column in self.columns(held[0])}
            self._require_room(held[0], [name for name in schema.names if name.casefold() not in known], ())
        names = ", ".join(map(quoted, schema.names))
        with self._staging(schema) as connection:
            yield _SqliteSink(connection, len(schema))
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(f"CREATE TABLE IF NOT EXISTS main.{quoted(table)} ({cells(schema)})")
            insert = f"INSERT INTO main.{quoted(table)} ({names})"
            connection.execute(f"{insert} SELECT {names} FROM temp.{_STAGING}")  # noqa: S608 - quoted
            connection.execute("COMMIT")

    @contextmanager
    def _staging(self, schema: pa.Schema) -> Iterator[sqlite3.Connection]:
        with self._session("rw") as connection:
            connection.execute("BEGIN IMMEDIATE")  # a database that cannot be written is refused before the work
            connection.execute("ROLLBACK")
            # Only this connection sees a temporary table, and it goes with it: runs at the same time do not meet in
            # it, and one that is killed leaves nothing behind.
            connection.execute(f"CREATE TEMP TABLE {_STAGING} ({cells(schema)})")
            yield connection

    @contextmanager
    def _session(self, mode: str) -> Iterator[sqlite3.Connection]:
        address = f"{self._path.resolve().as_uri()}?mode={mode}"
        try:
            with closing(sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)) as connection:
                yield connection
        except sqlite3.Error as error:
            raise SourceError(f"The database {self.where} {_fault(error)}") from None


class _SqliteSink:
    def __init__(self, connection: sqlite3.Connection, width: int) -> None:
        self._connection = connection
        self._insert = f"INSERT INTO temp.{_STAGING} VALUES ({', '.join('?' * width)})"  # noqa: S608 - counted

    def add(self, batch: pa.RecordBatch) -> None:
        columns = [column.to_pylist() for column in plain(batch).columns]
        self._connection.execute("BEGIN")
        self._connection.executemany(self._insert, zip(*columns, strict=True))
        self._connection.execute("COMMIT")


def _publish(connection: sqlite3.Connection, quoted: str, table: str, columns: str) -> None:
    """Put the staged rows into the table's place; closing the connection undoes what is not committed."""
    connection.execute("BEGIN IMMEDIATE")
    attached = "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type IN ('index', 'trigger') AND sql NOT NULL"
    statements = connection.execute(attached, (table,)).fetchall()
    connection.execute(f"DROP TABLE IF EXISTS main.{quoted}")
    connection.execute(f"CREATE TABLE main.{quoted} ({columns})")
    connection.execute(f"INSERT INTO main.{quoted} SELECT * FROM temp.{_STAGING}")  # noqa: S608 - quoted
    for (statement,) in statements:
        connection.execute(statement)
    connection.execute("COMMIT")


def _stored_schema(connection: sqlite3.Connection, table: str, columns: list[str]) -> pa.Schema:
    """Look at the values, because SQLite lets any type into any column."""
    extremes = ", ".join(f"min(typeof({quoted(c)})), max(typeof({quoted(c)}))" for c in columns)
    row = connection.execute(f"SELECT {extremes} FROM {quoted(table)}").fetchone()  # noqa: S608 - quoted
    pairs = zip(columns, row[::2], row[1::2], strict=True)
    return pa.schema([pa.field(column, _stored_type(low, high)) for column, low, high in pairs])


def _stored_type(low: str | None, high: str | None) -> pa.DataType:
    # in the order of the alphabet: blob, integer, null, real, text
    if high is None or high == "text" or low == "blob":
        return pa.string()
    return pa.float64() if high == "real" else pa.int64()


def _expression(field: Any) -> str:
    return f"CAST({quoted(field.name)} AS {TYPES[str(field.type)]})"


def _array(cells: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if not pa.types.is_string(kind):
        return pa.array(cells, kind)
    try:
        return pa.array(cells, pa.binary()).cast(pa.string())
    except pa.ArrowInvalid:
        return pa.array([None if cell is None else cell.decode("utf-8", "replace") for cell in cells])


def _table_order(connection: sqlite3.Connection, table: str) -> str:
    """Ask for the order of the rows, because a query over few columns is answered from an index otherwise."""
    columns = {name.lower() for name in held_columns(connection, table)}
    for alias in ("rowid", "_rowid_", "oid"):
        if alias not in columns:
            try:
                connection.execute(f"SELECT {alias} FROM {quoted(table)} LIMIT 0")  # noqa: S608 - quoted
            except sqlite3.OperationalError:  # a view, or a table WITHOUT ROWID
                return ""
            return f" ORDER BY {alias}"
    return ""


def _fault(error: sqlite3.Error) -> str:
    text = str(error)
    if "locked" in text or "busy" in text:
        return f"is locked by another program for more than {_BUSY_SECONDS:g} s. Try again when it is done."
    if "readonly" in text or "unable to open" in text:
        return "may not be written or opened. Mend the rights of the file and of its folder; nothing changed."
    if "not a database" in text or "malformed" in text:
        return f"is damaged or no SQLite database ({text}). Restore it from a copy."
    return f"refused: {text}. Nothing changed."
