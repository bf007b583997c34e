"""What one transaction does to a SQLite database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from leadml.sources.cells import plain_rows
from leadml.sources.database import doubles, quoted, require_keys
from leadml.sources.source import Among
from leadml.sources.sqlite_choosing import choose_exactly
from leadml.sources.sqlite_names import cells, held_columns

__all__ = ["SqliteChanges"]

_BATCH_ROWS = 1 << 14


class SqliteChanges:
    """Changes on one connection that is inside a transaction; committing is the caller's."""

    def __init__(self, cursor: Any, where: str) -> None:
        self._cursor = cursor
        self._where = where

    def upsert(self, table: str, rows: pa.Table, *, key: Sequence[str]) -> None:
        """Put rows in the place of those with the same key, and add the others."""
        require_keys(rows, key, self._place(table))
        rows = plain_rows(rows)
        self._make_room(table, rows.schema, key)
        self._require_key(table, key)
        further = [name for name in rows.schema.names if name not in key]
        changes = ", ".join(f"{quoted(name)} = excluded.{quoted(name)}" for name in further)
        names = ", ".join(map(quoted, key))
        self._insert(table, rows, f" ON CONFLICT ({names}) DO {f'UPDATE SET {changes}' if changes else 'NOTHING'}")

    def append(self, table: str, rows: pa.Table) -> None:
        """Add rows behind those there are."""
        rows = plain_rows(rows)
        self._make_room(table, rows.schema, ())
        self._insert(table, rows, "")

    def remove(self, table: str, rows: Among) -> None:
        """Take rows out; a table that is not there has none."""
        if not held_columns(self._cursor, table):
            return
        clause = choose_exactly(self._cursor, table, rows)
        self._cursor.execute(f"DELETE FROM main.{quoted(table)} AS held WHERE {clause}")  # noqa: S608 - quoted

    def _insert(self, table: str, rows: pa.Table, conflict: str) -> None:
        names = ", ".join(map(quoted, rows.schema.names))
        marks = ", ".join("?" * rows.num_columns)
        statement = f"INSERT INTO main.{quoted(table)} ({names}) VALUES ({marks}){conflict}"  # noqa: S608 - quoted
        if rows.num_rows:
            # A table is bound as one batch; in small ones a driver's own copy stays small.
            batches = rows.to_batches(max_chunksize=_BATCH_ROWS)
            self._cursor.executemany(statement, pa.RecordBatchReader.from_batches(rows.schema, batches))

    def _make_room(self, table: str, schema: pa.Schema, key: Sequence[str]) -> None:
        held = {name.casefold() for name in held_columns(self._cursor, table)}
        if not held:
            primary = f", PRIMARY KEY ({', '.join(map(quoted, key))})" if key else ""
            self._cursor.execute(f"CREATE TABLE main.{quoted(table)} ({cells(schema)}{primary})")
        for field in schema:
            if held and field.name.casefold() not in held:
                added = cells(pa.schema([field]))
                self._cursor.execute(f"ALTER TABLE main.{quoted(table)} ADD COLUMN {added}")

    def _require_key(self, table: str, key: Sequence[str]) -> None:
        """See to it that the database itself holds the key together, or rows could be there twice."""
        wanted = {name.casefold() for name in key}
        if any(wanted == unique for unique in self._unique(table)):
            return
        names = ", ".join(map(quoted, key))
        index = quoted(f"leadml {table} {' '.join(key)}")
        there = " AND ".join(f"{quoted(name)} IS NOT NULL" for name in key)
        twice = f"SELECT 1 FROM main.{quoted(table)} WHERE {there} GROUP BY {names} HAVING count(*) > 1 LIMIT 1"  # noqa: S608
        self._cursor.execute(twice)
        if self._cursor.fetchall():
            raise doubles(self._place(table), key)
        self._cursor.execute(f"CREATE UNIQUE INDEX main.{index} ON {quoted(table)} ({names})")

    def _place(self, table: str) -> str:
        return f"table '{table}' in {self._where}"

    def _unique(self, table: str) -> Iterator[set[str]]:
        self._cursor.execute("SELECT name FROM pragma_table_info(?) WHERE pk > 0", (table,))
        yield {name.casefold() for (name,) in self._cursor.fetchall()}
        indexes = 'SELECT name FROM pragma_index_list(?) WHERE "unique" AND NOT partial'
        self._cursor.execute(indexes, (table,))
        for (index,) in self._cursor.fetchall():
            self._cursor.execute("SELECT name FROM pragma_index_info(?)", (index,))
            yield {(name or "").casefold() for (name,) in self._cursor.fetchall()}
