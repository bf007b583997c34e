"""What one transaction does to a DuckDB database, and how its names and conditions are written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from leadml.sources.cells import flat
from leadml.sources.database import day_before, doubles, quoted, require_keys
from leadml.sources.distinct import SPACES
from leadml.sources.source import Among, Since

__all__ = ["DuckdbChanges", "Found", "condition", "found_columns", "found_tables"]

_GIVEN = "leadml_given"
_BLANKS = " || ".join(f"chr({code})" for code in SPACES)
_TYPES = {"int64": "BIGINT", "double": "DOUBLE", "bool": "BOOLEAN", "timestamp[us]": "TIMESTAMP"}
_TIMES = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE", "DATE")
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_UNIQUE = """
    SELECT constraint_column_names FROM duckdb_constraints()
    WHERE schema_name = ? AND table_name = ? AND constraint_type IN ('PRIMARY KEY', 'UNIQUE')
    UNION ALL SELECT string_split(trim(expressions, '[]'), ', ') FROM duckdb_indexes()
    WHERE schema_name = ? AND table_name = ? AND is_unique
"""


class Found(NamedTuple):
    """A table in its schema."""

    schema: str
    table: str

    def __str__(self) -> str:
        return f"{quoted(self.schema)}.{quoted(self.table)}"


def found_tables(connection: Any) -> dict[str, Found]:
    """Map the names of tables and views, with their schema where it is not the main one, to where they are."""
    query = "SELECT schema_name, {0}_name FROM duckdb_{0}s() WHERE NOT internal AND database_name = current_database()"
    rows = [row for kind in ("table", "view") for row in connection.execute(query.format(kind)).fetchall()]
    return {table if schema == "main" else f"{schema}.{table}": Found(schema, table) for schema, table in rows}


def found_columns(connection: Any, found: Found) -> dict[str, str]:
    """Map the columns of a table, in its order, to their types."""
    query = (
        "SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = ? AND table_name = ?"
        " AND database_name = current_database() ORDER BY column_index"
    )
    return dict(connection.execute(query, list(found)).fetchall())


def condition(connection: Any, column: str, kind: str, rows: Among | Since) -> str:
    """Write which rows are asked for; of `Since` it may take some too many where dates are kept as text."""
    name = quoted(column)
    if isinstance(rows, Among):
        connection.register(_GIVEN, pa.table({"value": rows.values.cast(pa.string())}))
        if kind in _WHOLE:
            whole = f"TRY_CAST(value AS {kind})"
            return f"{name} IN (SELECT {whole} FROM {_GIVEN} WHERE {whole}::VARCHAR = value)"  # noqa: S608 - quoted
        text = f"{name}::VARCHAR"
        # trimming takes far longer than all else, and next to no text begins or ends with anything but a plain letter
        odd = f"{text} < '!' OR {text} > '~' OR right({text}, 1) < '!' OR right({text}, 1) > '~'"
        trimmed = f"CASE WHEN {odd} THEN trim({text}, {_BLANKS}) ELSE {text} END"
        return f"{trimmed} IN (SELECT value FROM {_GIVEN})"  # noqa: S608 - quoted
    if kind in _TIMES:
        zone = "+00" if kind == "TIMESTAMP WITH TIME ZONE" else ""
        moment = f"'{rows.moment.isoformat(sep=' ')}{zone}'::{'TIMESTAMPTZ' if zone else 'TIMESTAMP'}"
        return f"({name} IS NULL OR {name} >= {moment} OR NOT isfinite({name}))"
    if kind != "VARCHAR":
        return "true"
    year_first = f"regexp_matches({name}, '^[0-9]{{4}}[-/.]')"
    return f"({name} IS NULL OR {name} >= '{day_before(rows).isoformat()}' OR NOT {year_first})"


class DuckdbChanges:
    """Changes on one connection that is inside a transaction; committing is the caller's."""

    def __init__(self, connection: Any, where: str) -> None:
        self._connection = connection
        self._where = where

    def upsert(self, table: str, rows: pa.Table, *, key: Sequence[str]) -> None:
        """Put rows in the place of those with the same key, and add the others."""
        place = f"table '{table}' in {self._where}"
        require_keys(rows, key, place)
        rows = flat(rows)
        found = self._make_room(table, rows.schema, key)
        self._require_key(found, key, place)
        changes = ", ".join(f"{quoted(c)} = excluded.{quoted(c)}" for c in rows.schema.names if c not in key)
        then = f"UPDATE SET {changes}" if changes else "NOTHING"
        self._insert(found, rows, f" ON CONFLICT ({', '.join(map(quoted, key))}) DO {then}")

    def append(self, table: str, rows: pa.Table) -> None:
        """Add rows behind those there are."""
        rows = flat(rows)
        self._insert(self._make_room(table, rows.schema, ()), rows, "")

    def remove(self, table: str, rows: Among) -> None:
        """Take rows out; a table that is not there has none."""
        if (found := self._find(table)) is not None:
            kind = found_columns(self._connection, found)[rows.column]
            clause = condition(self._connection, rows.column, kind, rows)
            self._connection.execute(f"DELETE FROM {found} WHERE {clause}")  # noqa: S608 - quoted

    def _insert(self, found: Found, rows: pa.Table, conflict: str) -> None:
        names = ", ".join(map(quoted, rows.schema.names))
        self._connection.register(_GIVEN, rows)
        self._connection.execute(f"INSERT INTO {found} ({names}) SELECT {names} FROM {_GIVEN}{conflict}")  # noqa: S608
        self._connection.unregister(_GIVEN)

    def _find(self, table: str) -> Found | None:
        """A database compares names without regard to the case of letters."""
        known = {name.casefold(): found for name, found in found_tables(self._connection).items()}
        return known.get(table.casefold())

    def _make_room(self, table: str, schema: pa.Schema, key: Sequence[str]) -> Found:
        found = self._find(table)
        if found is None:
            found = self._new(table)
            primary = f", PRIMARY KEY ({', '.join(map(quoted, key))})" if key else ""
            self._connection.execute(f"CREATE TABLE {found} ({', '.join(map(_cell, schema))}{primary})")
        held = {name.casefold() for name in found_columns(self._connection, found)}
        for field in schema:
            if field.name.casefold() not in held:
                self._connection.execute(f"ALTER TABLE {found} ADD COLUMN {_cell(field)}")
        return found

    def _new(self, table: str) -> Found:
        schema, point, rest = table.partition(".")
        schemas = self._connection.execute("SELECT schema_name FROM duckdb_schemas()").fetchall()
        return Found(schema, rest) if point and (schema,) in schemas else Found("main", table)

    def _require_key(self, found: Found, key: Sequence[str], place: str) -> None:
        """See to it that the database itself holds the key together, or rows could be there twice."""
        wanted = {name.casefold() for name in key}
        for (columns,) in self._connection.execute(_UNIQUE, [*found, *found]).fetchall():
            if wanted == {_bare(column) for column in columns}:
                return
        names = ", ".join(map(quoted, key))
        lacking = " OR ".join(f"{quoted(name)} IS NULL" for name in key)
        held = f"SELECT 1 FROM {found} WHERE NOT ({lacking}) GROUP BY {names} HAVING count(*) > 1 LIMIT 1"  # noqa: S608
        if self._connection.execute(held).fetchall():
            raise doubles(place, key)
        index = quoted(f"leadml {found.table} {' '.join(key)}")
        self._connection.execute(f"CREATE UNIQUE INDEX {index} ON {found} ({names})")


def _cell(field: pa.Field) -> str:
    return f"{quoted(field.name)} {_TYPES.get(str(field.type), 'VARCHAR')}"


def _bare(column: str) -> str:
    """A name out of the expression of an index, where it is quoted as need be, once or twice."""
    name = column.strip("'").strip()
    return (name[1:-1].replace('""', '"') if name.startswith('"') else name).casefold()
