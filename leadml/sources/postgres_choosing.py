"""How PostgreSQL finds some rows of a table: on the column's own type, so that it can use an index on the column."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from leadml.sources.database import day_before
from leadml.sources.distinct import SPACES
from leadml.sources.postgres_names import Column, Name, quoted
from leadml.sources.source import Among, Since

__all__ = ["Padding", "choose"]

Padding = dict[tuple[Name, str], bool]
"""Whether there are texts with blanks around them in a column; asked once per column, as every row is looked at."""

_AMONG = "pg_temp.leadml_among"
_BLANKS = "U&'" + "".join(f"\\{code:04X}" for code in SPACES) + "'"
_EVERY_BLANK = "ARRAY[" + ", ".join(f"U&'\\{code:04X}'" for code in SPACES) + "]"
_TEXTS = ("text", "varchar")
_WRITTEN = {
    **dict.fromkeys(("int2", "int4", "int8"), ("bigint", r"^(0|-?[1-9][0-9]{0,17})$")),
    "numeric": ("numeric", r"^-?[0-9]+(\.[0-9]+)?$"),
    "uuid": ("uuid", "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"),
}
"""The type in which a text is compared with a column, and how texts are written that can be equal to it."""


def choose(cursor: Any, name: Name, column: Column, rows: Among | Since, padding: Padding) -> str:
    """Write which rows are asked for; of `Since` it may take some too many where dates are kept as text.

    The values of an `Among` are put into a temporary table of the connection.
    """
    if isinstance(rows, Since):
        return _since(column, rows)
    _put_values(cursor, rows)
    exactly = f"btrim(({column.read})::text, {_BLANKS}) IN (SELECT value FROM {_AMONG})"  # noqa: S608 - quoted
    if (given := _given(cursor, name, column, padding)) is None or not _is_table(cursor, name):
        return exactly
    # the numbers of rows sort them, and keep the planner from going through the table all the same
    found = f"SELECT ctid FROM {name} WHERE {quoted(column.name)} IN (SELECT {given} FROM {_AMONG})"  # noqa: S608
    return f"ctid = ANY (ARRAY({found})) AND {exactly}"


def _given(cursor: Any, name: Name, column: Column, padding: Padding) -> str | None:
    """Write the values in the column's own type; None where texts have to be compared."""
    if column.base in _WRITTEN and column.category != "d":
        kind, written = _WRITTEN[column.base]
        return f"CASE WHEN value ~ '{written}' THEN value::{kind} END"
    if column.base not in _TEXTS:
        return None
    key = (name, column.name)
    if key not in padding:
        edges = (f'{edge}({quoted(column.name)}, 1) COLLATE "C" = ANY ({_EVERY_BLANK})' for edge in ("left", "right"))
        # counting is shared out among the server's workers, which looking for the first one is not
        cursor.execute(f"SELECT count(*) > 0 FROM {name} WHERE {' OR '.join(edges)}")  # noqa: S608 - quoted
        padding[key] = cursor.fetchall()[0][0]
    return None if padding[key] else "value"


def _is_table(cursor: Any, name: Name) -> bool:
    """Whether rows have numbers of their own: not so in views, foreign tables and tables in partitions."""
    regclass = str(name).replace("'", "''")
    kind = f"SELECT relkind IN ('r', 'm') FROM pg_catalog.pg_class WHERE oid = '{regclass}'::regclass"  # noqa: S608
    cursor.execute(kind)
    return bool(cursor.fetchall()[0][0])


def _since(column: Column, rows: Since) -> str:
    name = quoted(column.name)
    if column.base in ("timestamptz", "timestamp", "date"):
        moment = rows.moment.isoformat(sep=" ") + ("+00" if column.base == "timestamptz" else "")
        kind = "timestamptz" if column.base == "timestamptz" else "timestamp"
        return f"({name} IS NULL OR {name} >= '{moment}'::{kind} OR {name} = '-infinity')"
    if not column.is_text:
        return "true"
    text = f"{name}::text"
    day = day_before(rows).isoformat()
    return f"""({text} IS NULL OR {text} COLLATE "C" >= '{day}' OR {text} !~ '^[0-9]{{4}}[-/.]')"""


def _put_values(cursor: Any, rows: Among) -> None:
    cursor.execute(f"DROP TABLE IF EXISTS {_AMONG}")
    values = pa.table({"value": rows.values.cast(pa.string())})
    cursor.adbc_ingest(_AMONG.partition(".")[2], values, mode="create", temporary=True)
    cursor.execute(f"ANALYZE {_AMONG}")
