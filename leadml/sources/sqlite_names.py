"""How names, types and conditions are written in SQLite."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from leadml.sources.database import day_before, quoted
from leadml.sources.distinct import SPACES
from leadml.sources.source import Among, Since

__all__ = ["TYPES", "cells", "condition", "held_columns"]

TYPES = {"int64": "INTEGER", "double": "REAL", "string": "TEXT"}
_AMONG = "leadml_among"
_BLANKS = f"char({', '.join(map(str, SPACES))})"


def cells(schema: pa.Schema) -> str:
    """The columns of a table to be made."""
    return ", ".join(f"{quoted(field.name)} {TYPES[str(field.type)]}" for field in schema)


def held_columns(cursor: Any, table: str) -> list[str]:
    """Name the columns of a table or view; none where there is no such table."""
    cursor.execute("SELECT name FROM pragma_table_info(?)", (table,))
    return [name for (name,) in cursor.fetchall()]


def condition(cursor: Any, rows: Among | Since) -> str:
    """Write which rows are asked for; of `Since` it may take some too many, as SQLite keeps dates as any text.

    The values of an `Among` go into a temporary table of the connection.
    """
    column = quoted(rows.column)
    if isinstance(rows, Since):
        day = day_before(rows).isoformat()
        year_first = "[0-9][0-9][0-9][0-9][-/.]*"
        return f"({column} IS NULL OR {column} >= '{day}' OR {column} NOT GLOB '{year_first}')"
    cursor.execute(f"DROP TABLE IF EXISTS temp.{_AMONG}")
    cursor.execute(f"CREATE TEMP TABLE {_AMONG} (value PRIMARY KEY) WITHOUT ROWID")
    values = rows.values.cast(pa.string())
    for kept in (values, _numbers(values, pa.int64()), _numbers(values, pa.float64())):
        if len(kept):
            cursor.executemany(f"INSERT OR IGNORE INTO temp.{_AMONG} VALUES (?)", pa.table({"value": kept}))  # noqa: S608
    trimmed = f"CASE typeof({column}) WHEN 'text' THEN trim({column}, {_BLANKS}) ELSE {column} END"
    return f"{trimmed} IN (SELECT value FROM temp.{_AMONG})"  # noqa: S608 - quoted


def _numbers(texts: pa.Array, kind: pa.DataType) -> pa.Array:
    """Those numbers whose text is among `texts`: a column of numbers is compared as numbers."""
    written = pc.match_substring_regex(
        texts, r"^-?\d+$" if pa.types.is_integer(kind) else r"^-?\d+(\.\d+)?(e[+-]\d+)?$"
    )
    numbers = texts.filter(pc.and_(written, pc.less(pc.binary_length(texts), 19 if kind == pa.int64() else 99)))
    found = numbers.cast(kind)
    return found.filter(pc.equal(found.cast(pa.string()), numbers))
