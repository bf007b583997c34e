"""What one transaction does to a PostgreSQL database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from leadml.sources.cells import flat
from leadml.sources.database import doubles, require_keys
from leadml.sources.postgres_choosing import Padding, choose
from leadml.sources.postgres_names import Column, Name, found_columns, found_tables, made_type, quoted
from leadml.sources.source import Among

__all__ = ["PostgresChanges"]

_STAGED = "leadml_rows"
_KEYS = """
    SELECT array_to_string(array_agg(a.attname), chr(10))
    FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a
      ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey::int2[])
    WHERE i.indrelid = '{name}'::regclass AND i.indisunique AND i.indisvalid AND i.indimmediate
      AND i.indpred IS NULL AND i.indexprs IS NULL AND i.indnkeyatts = i.indnatts
    GROUP BY i.indexrelid
"""


class PostgresChanges:
    """Changes on one connection that is inside a transaction; committing is the caller's."""

    def __init__(self, cursor: Any, where: str, padding: Padding) -> None:
        self._cursor = cursor
        self._where = where
        self._padding = padding

    def upsert(self, table: str, rows: pa.Table, *, key: Sequence[str]) -> None:
        """Put rows in the place of those with the same key, and add the others."""
        place = f"table '{table}' in {self._where}"
        require_keys(rows, key, place)
        rows = flat(rows)
        name, columns = self._make_room(table, rows.schema, key)
        self._require_key(name, key, place)
        changes = ", ".join(f"{quoted(c)} = excluded.{quoted(c)}" for c in rows.schema.names if c not in key)
        then = f"UPDATE SET {changes}" if changes else "NOTHING"
        self._insert(name, rows, columns, f" ON CONFLICT ({', '.join(map(quoted, key))}) DO {then}")

    def append(self, table: str, rows: pa.Table) -> None:
        """Add rows behind those there are."""
        rows = flat(rows)
        name, columns = self._make_room(table, rows.schema, ())
        self._insert(name, rows, columns, "")

    def remove(self, table: str, rows: Among) -> None:
        """Take rows out; a table that is not there has none."""
        if (name := found_tables(self._cursor).get(table)) is None:
            return
        column = found_columns(self._cursor, name)[rows.column]
        clause = choose(self._cursor, name, column, rows, self._padding)
        self._cursor.execute(f"DELETE FROM {name} WHERE {clause}")  # noqa: S608 - quoted

    def _insert(self, name: Name, rows: pa.Table, columns: dict[str, Column], conflict: str) -> None:
        self._cursor.execute(f"DROP TABLE IF EXISTS pg_temp.{_STAGED}")
        self._cursor.adbc_ingest(_STAGED, rows, mode="create", temporary=True)
        names = ", ".join(map(quoted, rows.schema.names))
        # without its length, so that what is too long is refused and not cut
        given = ", ".join(f"{quoted(column)}::{columns[column].kind}" for column in rows.schema.names)
        insert = f"INSERT INTO {name} ({names}) SELECT {given} FROM pg_temp.{_STAGED}{conflict}"  # noqa: S608 - quoted
        self._cursor.execute(insert)
        self._cursor.execute(f"DROP TABLE pg_temp.{_STAGED}")

    def _make_room(self, table: str, schema: pa.Schema, key: Sequence[str]) -> tuple[Name, dict[str, Column]]:
        name = found_tables(self._cursor).get(table)
        if name is None:
            name = self._new_name(table)
            primary = f", PRIMARY KEY ({', '.join(map(quoted, key))})" if key else ""
            cells = ", ".join(f"{quoted(field.name)} {made_type(field.type)}" for field in schema)
            self._cursor.execute(f"CREATE TABLE {name} ({cells}{primary})")
        columns = found_columns(self._cursor, name)
        if lacking := [field for field in schema if field.name not in columns]:
            for field in lacking:
                self._cursor.execute(f"ALTER TABLE {name} ADD COLUMN {quoted(field.name)} {made_type(field.type)}")
            columns = found_columns(self._cursor, name)
        return name, columns

    def _new_name(self, table: str) -> Name:
        schema, point, rest = table.partition(".")
        self._cursor.execute("SELECT nspname FROM pg_catalog.pg_namespace")
        if point and (schema,) in self._cursor.fetchall():
            return Name(schema, rest)
        return Name(None, table)

    def _require_key(self, name: Name, key: Sequence[str], place: str) -> None:
        """See to it that the database itself holds the key together, or rows could be there twice."""
        self._cursor.execute(_KEYS.format(name=str(name).replace("'", "''")))
        if any(set(columns.split("\n")) == set(key) for (columns,) in self._cursor.fetchall()):
            return
        names = ", ".join(map(quoted, key))
        held = f"SELECT 1 FROM {name} WHERE ({names}) IS NOT NULL GROUP BY {names} HAVING count(*) > 1 LIMIT 1"  # noqa: S608
        self._cursor.execute(held)
        if self._cursor.fetchall():
            raise doubles(place, key)
        self._cursor.execute(f"CREATE UNIQUE INDEX ON {name} ({names})")
