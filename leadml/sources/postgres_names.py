"""How names, types and columns are written in PostgreSQL."""

from __future__ import annotations

from typing import Any, NamedTuple

import pyarrow as pa

from leadml.errors import SourceError

__all__ = ["Column", "Name", "found_columns", "found_tables", "made_type", "quoted"]

_LONGEST = 63  # bytes: PostgreSQL cuts longer names without a word
_TABLES = """
    SELECT n.nspname, c.relname, pg_table_is_visible(c.oid)
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
"""
# A domain is read as what it is made of.
_COLUMNS = """
    SELECT a.attname, format_type(a.atttypid, a.atttypmod), format_type(a.atttypid, NULL), b.typname, b.typtype,
           CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    JOIN pg_catalog.pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
    WHERE a.attrelid = '{name}'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""
_AS_TEXT = ("bpchar", "citext", "name", "uuid", "cidr", "macaddr", "macaddr8", "char")
_TEXTS = ("text", "varchar", *_AS_TEXT)
_MADE = {"int64": "bigint", "double": "double precision", "bool": "boolean", "timestamp[us]": "timestamp"}


class Name(NamedTuple):
    """A table in its schema; without one (None) it is made where the connection makes tables."""

    schema: str | None
    table: str

    def __str__(self) -> str:
        return quoted(self.table) if self.schema is None else f"{quoted(self.schema)}.{quoted(self.table)}"


class Column(NamedTuple):
    """A column, what it was declared as, its type without lengths, and what that is made of."""

    name: str
    declared: str
    kind: str
    base: str
    category: str
    modifier: int

    @property
    def is_text(self) -> bool:
        """Tell whether it holds text, or what is read as such."""
        return self.base in _TEXTS

    @property
    def read(self) -> str:
        """Write how it is read: a number exactly, a moment in UTC without a zone, and never infinitely far away."""
        name = quoted(self.name)
        if self.base == "numeric":
            return _numeric(name, self.modifier)
        if self.base == "money":
            return f"trim_scale({name}::numeric)::text"
        if self.base in _AS_TEXT or self.category == "e":
            return f"{name}::text"
        if self.base == "inet":
            return f"abbrev({name})"
        if self.base == "timestamptz":
            return f"CASE WHEN isfinite({name}) THEN timezone('UTC', {name}) END"
        if self.base in ("timestamp", "date"):
            return f"CASE WHEN isfinite({name}) THEN {name} END"
        return name


def quoted(name: str) -> str:
    """A name as PostgreSQL takes it, whatever is in it.

    Raises:
        SourceError: it is too long.
    """
    if len(name.encode()) > _LONGEST:
        raise SourceError(f"'{name}' is too long for a name in PostgreSQL, which keeps {_LONGEST} bytes. Shorten it.")
    return '"' + name.replace('"', '""') + '"'


def found_tables(cursor: Any) -> dict[str, Name]:
    """Map the names of tables and views, with their schema where they need one, to where they are."""
    cursor.execute(_TABLES)
    found = sorted(cursor.fetchall(), key=lambda row: (not row[2], row[0], row[1]))
    names: dict[str, Name] = {}
    for schema, table, visible in found:
        names.setdefault(table if visible else f"{schema}.{table}", Name(schema, table))
    return names


def found_columns(cursor: Any, name: Name) -> dict[str, Column]:
    """Map the columns of a table, in its order, to what they are."""
    cursor.execute(_COLUMNS.format(name=str(name).replace("'", "''")))
    return {row[0]: Column(*row) for row in cursor.fetchall()}


def made_type(kind: pa.DataType) -> str:
    """Give the type of a column that is made for flat Arrow values."""
    return _MADE.get(str(kind), "text")


def _numeric(name: str, modifier: int) -> str:
    precision, scale = (modifier - 4) >> 16, (modifier - 4) & 0xFFFF
    if modifier >= 4 and precision <= 18 and scale == 0:
        return f"{name}::bigint"
    # of a double 15 digits are right
    return f"{name}::float8" if modifier >= 4 and precision <= 15 else f"trim_scale({name})::text"
