"""How names and types are written in SQLite."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from leadml.sources.database import quoted

__all__ = ["TYPES", "cells", "held_columns", "row_number"]

TYPES = {"int64": "INTEGER", "double": "REAL", "string": "TEXT"}


def cells(schema: pa.Schema) -> str:
    """The columns of a table to be made."""
    return ", ".join(f"{quoted(field.name)} {TYPES[str(field.type)]}" for field in schema)


def held_columns(cursor: Any, table: str) -> list[str]:
    """Name the columns of a table or view; none where there is no such table."""
    cursor.execute("SELECT name FROM pragma_table_info(?)", (table,))
    return [name for (name,) in cursor.fetchall()]


def row_number(cursor: Any, table: str) -> str | None:
    """Name what numbers the rows of a table; None for a view and where rows have no numbers."""
    cursor.execute("SELECT 1 FROM sqlite_master WHERE name = ? COLLATE NOCASE AND type = 'table'", (table,))
    if not cursor.fetchall():  # a view has an order of its own
        return None
    cursor.execute("SELECT 1 FROM pragma_table_list(?) WHERE schema = 'main' AND wr", (table,))
    if cursor.fetchall():
        return None
    columns = {name.lower() for name in held_columns(cursor, table)}
    return next((alias for alias in ("rowid", "_rowid_", "oid") if alias not in columns), None)
