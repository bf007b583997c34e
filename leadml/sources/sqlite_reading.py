"""SQLite tables as Arrow batches of one type per column, although SQLite lets any value into any column."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from leadml.sources.database import quoted
from leadml.sources.sqlite_names import TYPES, held_columns

__all__ = ["read_batches"]

_BATCH_ROWS = 1 << 15
# The first row tells the driver the types; it looks at the values of the first rows, and these may all be missing.
_FIRST = {"int64": "0", "double": "0.5", "string": "''"}


def read_batches(cursor: Any, table: str, columns: list[str], where: str) -> Iterator[pa.RecordBatch]:
    """Yield columns of a table in its own order; `where` is empty or a clause."""
    schema = _schema(cursor, table, columns, where)
    first = ", ".join(f"{_FIRST[str(field.type)]} AS c{number}" for number, field in enumerate(schema))
    cells = ", ".join(f"CAST({quoted(field.name)} AS {TYPES[str(field.type)]})" for field in schema)
    rows = f"SELECT {cells} FROM {quoted(table)}{where}{_order(cursor, table)} LIMIT -1"  # noqa: S608 - quoted
    cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": str(_BATCH_ROWS)})
    cursor.execute(f"SELECT {first} UNION ALL SELECT * FROM ({rows})")  # noqa: S608 - quoted
    for number, batch in enumerate(cursor.fetch_record_batch()):
        values = batch.slice(1) if number == 0 else batch
        if values.num_rows:
            arrays = [_decoded(column) for column in values.columns]
            yield pa.record_batch(arrays, schema=schema)


def _schema(cursor: Any, table: str, columns: list[str], where: str) -> pa.Schema:
    """Settle the types: by declaration for text, else by the values, as cheaply as the declaration allows."""
    cursor.execute("SELECT name, upper(type) FROM pragma_table_info(?)", (table,))
    declared = dict(cursor.fetchall())
    affinities = {column: _affinity(declared[column]) for column in columns}
    asked = {column: _questions(quoted(column), affinity) for column, affinity in affinities.items()}
    questions = ", ".join(question for pair in asked.values() for question in pair)
    # What asks for no value at all is answered without the rows: there may be none.
    rows = "" if set(affinities.values()) == {"TEXT"} else f" FROM {quoted(table)}{where}"
    cursor.execute(f"SELECT {questions}{rows}")
    answers = iter(cursor.fetchone())
    return pa.schema([(column, _type(next(answers), next(answers))) for column in asked])


def _affinity(declared: str) -> str:
    """How SQLite stores values in a column that was declared so (section 3.1 of its page on datatypes)."""
    for affinity, parts in (("INTEGER", ("INT",)), ("TEXT", ("CHAR", "CLOB", "TEXT")), ("", ("BLOB",))):
        if any(part in declared for part in parts):
            return affinity
    return "REAL" if any(part in declared for part in ("REAL", "FLOA", "DOUB")) else ""


def _questions(name: str, affinity: str) -> tuple[str, str]:
    """Ask for the lowest and the highest type of the values, in the order of the alphabet.

    SQLite sorts numbers before texts before blobs, and finding the greatest value is far cheaper than naming the type
    of each.
    """
    if affinity == "TEXT":
        return "'text'", "'text'"
    if affinity == "REAL":
        return "'null'", f"CASE WHEN typeof(max({name})) IN ('text', 'blob') THEN 'text' ELSE 'real' END"
    if affinity == "INTEGER":
        broken = f"max({name} <> CAST({name} AS INTEGER))"
        kind = (
            f"CASE WHEN typeof(max({name})) IN ('text', 'blob') THEN 'text' WHEN {broken} THEN 'real' ELSE 'null' END"
        )
        return "'null'", kind
    return f"min(typeof({name}))", f"max(typeof({name}))"


def _type(low: str | None, high: str | None) -> pa.DataType:
    # in the order of the alphabet: blob, integer, null, real, text
    if high is None or high == "text" or low == "blob":
        return pa.string()
    return pa.float64() if high == "real" else pa.int64()


def _order(cursor: Any, table: str) -> str:
    """Ask for the order of the rows, because a query over few columns is answered from an index otherwise."""
    cursor.execute("SELECT 1 FROM sqlite_master WHERE name = ? AND type = 'table'", (table,))
    if not cursor.fetchall():  # a view has an order of its own
        return ""
    cursor.execute("SELECT 1 FROM pragma_table_list(?) WHERE schema = 'main' AND wr", (table,))
    without_row_ids = cursor.fetchall()
    columns = {name.lower() for name in held_columns(cursor, table)}
    free = [alias for alias in ("rowid", "_rowid_", "oid") if alias not in columns]
    return f" ORDER BY {free[0]}" if free and not without_row_ids else ""


def _decoded(column: pa.Array) -> pa.Array:
    """SQLite lets text be anything, so what is not UTF-8 is replaced here."""
    if not pa.types.is_string(column.type):
        return column
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        cells = column.view(pa.binary()).to_pylist()
        return pa.array([None if cell is None else cell.decode("utf-8", "replace") for cell in cells], pa.string())
    return column
