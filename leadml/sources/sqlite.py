"""A SQLite database as a source, through ADBC."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from leadml.errors import SourceError
from leadml.sources.cells import plain, plain_rows, plain_schema
from leadml.sources.database import Database, quoted
from leadml.sources.locking import locked
from leadml.sources.source import Among, Since, Sink, Transaction
from leadml.sources.sqlite_changes import SqliteChanges
from leadml.sources.sqlite_names import cells
from leadml.sources.sqlite_reading import read_batches
from leadml.sources.sqlite_session import session

__all__ = ["SqliteSource"]

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
        with session(self._path) as cursor:
            cursor.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name")
            return [name for (name,) in cursor.fetchall() if not name.startswith("sqlite_")]

    def columns(self, table: str) -> dict[str, str]:
        """Map columns to the types they were declared with."""
        self._require_table(table)
        with session(self._path) as cursor:
            cursor.execute("SELECT name, type FROM pragma_table_info(?)", (table,))
            return dict(cursor.fetchall())

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Change tables on one connection between BEGIN and COMMIT; closing it without undoes what was changed."""
        with session(self._path, write=True) as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            yield SqliteChanges(cursor, self.where)
            cursor.execute("COMMIT")

    def as_kept(self, rows: pa.Table) -> pa.Table:
        """Give rows as numbers and text."""
        return plain_rows(rows)

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

    def _batches(self, table: str, columns: list[str], rows: Among | Since | None) -> Iterator[pa.RecordBatch]:
        with session(self._path) as cursor:
            cursor.execute("BEGIN")
            yield from read_batches(cursor, table, columns, rows)

    def _count(self, table: str) -> int:
        self._require_table(table)
        with session(self._path) as cursor:
            cursor.execute(f"SELECT count(*) FROM {quoted(table)}")  # noqa: S608 - quoted
            return int(cursor.fetchone()[0])

    @contextmanager
    def _replace(self, table: str, schema: pa.Schema) -> Iterator[Sink]:
        with self._staging(schema) as cursor:
            yield _SqliteSink(cursor, len(schema))
            _publish(cursor, table, cells(schema))

    @contextmanager
    def _append(self, table: str, schema: pa.Schema) -> Iterator[Sink]:
        # A database compares names without regard to the case of letters.
        if held := [name for name in self.tables() if name.casefold() == table.casefold()]:
            known = {column.casefold() for column in self.columns(held[0])}
            self._require_room(held[0], [name for name in schema.names if name.casefold() not in known], ())
        names = ", ".join(map(quoted, schema.names))
        with self._staging(schema) as cursor:
            yield _SqliteSink(cursor, len(schema))
            cursor.execute("BEGIN IMMEDIATE")
            cursor.execute(f"CREATE TABLE IF NOT EXISTS main.{quoted(table)} ({cells(schema)})")
            insert = f"INSERT INTO main.{quoted(table)} ({names})"
            cursor.execute(f"{insert} SELECT {names} FROM temp.{_STAGING}")  # noqa: S608 - quoted
            cursor.execute("COMMIT")

    @contextmanager
    def _staging(self, schema: pa.Schema) -> Iterator[Any]:
        with session(self._path, write=True) as cursor:
            cursor.execute("BEGIN IMMEDIATE")  # a database that cannot be written is refused before the work
            cursor.execute("ROLLBACK")
            # Only this connection sees a temporary table, and it goes with it: runs at the same time do not meet in
            # it, and one that is killed leaves nothing behind.
            cursor.execute(f"CREATE TEMP TABLE {_STAGING} ({cells(schema)})")
            yield cursor


class _SqliteSink:
    def __init__(self, cursor: Any, width: int) -> None:
        self._cursor = cursor
        self._insert = f"INSERT INTO temp.{_STAGING} VALUES ({', '.join('?' * width)})"  # noqa: S608 - counted

    def add(self, batch: pa.RecordBatch) -> None:
        if batch.num_rows:
            self._cursor.execute("BEGIN")
            self._cursor.executemany(self._insert, plain(batch))
            self._cursor.execute("COMMIT")


def _publish(cursor: Any, table: str, columns: str) -> None:
    """Put the staged rows into the table's place; closing the connection undoes what is not committed."""
    cursor.execute("BEGIN IMMEDIATE")
    attached = "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type IN ('index', 'trigger') AND sql NOT NULL"
    cursor.execute(attached, (table,))
    statements = cursor.fetchall()
    cursor.execute(f"DROP TABLE IF EXISTS main.{quoted(table)}")
    cursor.execute(f"CREATE TABLE main.{quoted(table)} ({columns})")
    cursor.execute(f"INSERT INTO main.{quoted(table)} SELECT * FROM temp.{_STAGING}")  # noqa: S608 - quoted
    for (statement,) in statements:
        cursor.execute(statement)
    cursor.execute("COMMIT")
