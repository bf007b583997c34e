"""How SQLite finds some rows of a table: by an index on the column, where there is one, else by reading that column.

SQLite compares text byte by byte, so whatever is padded with blanks or is a date in another spelling lies in ranges
that an index can be asked for. All numbers come before all text. The bounds of the ranges are no numbers, because in a
column declared as numbers or as a date a bound that looks like one would be taken for one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from leadml.sources.database import day_before, quoted
from leadml.sources.distinct import SPACES
from leadml.sources.source import Among, Since
from leadml.sources.sqlite_names import row_number

__all__ = ["choose", "choose_exactly"]

_AMONG, _RANGES, _CHOSEN = "leadml_among", "leadml_ranges", "leadml_chosen"
_BLANKS = f"char({', '.join(map(str, SPACES))})"
_PADDING = (("\x01", "!"), ("\x85", "\xa1"), ("\u1680", "\u3001"))
"""Between these lies every blank, and little else: from the first up to the second."""
_FIRST_YEAR = 1900  # of those that are read
_YEAR_FIRST = "[0-9][0-9][0-9][0-9][-/.]*"


def choose(cursor: Any, table: str, rows: Among | Since) -> str:
    """Find the rows asked for and write a condition that takes them, and perhaps some too many.

    What was found is kept in temporary tables of the connection.
    """
    return _choose_among(cursor, table, rows) if isinstance(rows, Among) else _choose_since(cursor, table, rows)


def choose_exactly(cursor: Any, table: str, rows: Among) -> str:
    """Write a condition that takes the rows asked for and no others: in a column of numbers '01' finds 1, too."""
    return f"{choose(cursor, table, rows)} AND {_is_one_of(rows)}"


def _choose_among(cursor: Any, table: str, rows: Among) -> str:
    column = f"held.{quoted(rows.column)}"
    _put_values(cursor, rows.values)
    if not _seeks(cursor, table, column):
        return _kept(cursor, table, [f"{_from(table)} WHERE {_is_one_of(rows)}"], _is_one_of(rows))
    _find_padded(cursor, table, column, _is_one_of(rows))
    found = f"{column} IN (SELECT value FROM temp.{_AMONG})"  # noqa: S608 - quoted
    return _kept(cursor, table, [f"{_from(table)} WHERE {found}"], found)


def _is_one_of(rows: Among) -> str:
    column = f"held.{quoted(rows.column)}"
    # trimming takes far longer than all else, and next to no text begins or ends with anything but a plain letter
    odd = f"({column} < '!' OR {column} > '~' OR substr({column}, -1) < '!' OR substr({column}, -1) > '~')"
    trimmed = f"CASE WHEN typeof({column}) = 'text' AND {odd} THEN trim({column}, {_BLANKS}) ELSE {column} END"
    return f"{trimmed} IN (SELECT value FROM temp.{_AMONG})"  # noqa: S608 - quoted


def _find_padded(cursor: Any, table: str, column: str, is_one: str) -> None:
    """Put the padded spellings of the values that there are in a column beside them."""
    _put_ranges(cursor, _PADDING)
    texts = f"(SELECT value FROM temp.{_AMONG} WHERE typeof(value) = 'text') AS given"  # noqa: S608 - constants
    cursor.execute("DROP TABLE IF EXISTS temp.leadml_padded")
    cursor.execute(
        "CREATE TEMP TABLE leadml_padded AS "
        f"SELECT {column} {_from(table, f'temp.{_RANGES} AS bound')} "
        f"WHERE {column} >= bound.low AND {column} < bound.high AND {is_one} "
        f"UNION SELECT {column} {_from(table, texts, f'temp.{_RANGES} AS bound')} "
        f"WHERE {column} >= given.value || bound.low AND {column} < given.value || bound.high AND {is_one}"
    )
    cursor.execute(f"INSERT OR IGNORE INTO temp.{_AMONG} SELECT * FROM temp.leadml_padded")  # noqa: S608 - constants


def _choose_since(cursor: Any, table: str, rows: Since) -> str:
    column, day = f"held.{quoted(rows.column)}", day_before(rows)
    odd = f"{column} NOT GLOB '{_YEAR_FIRST}'"
    anyhow = f"({column} IS NULL OR {column} >= '{day}' OR {odd})"
    if not _seeks(cursor, table, column):
        return _kept(cursor, table, [f"{_from(table)} WHERE {anyhow}"], anyhow)
    # after the last date of a year and before the first one of the next
    _put_ranges(cursor, ((f"{year}/\U0010ffff", f"{year + 1}-") for year in range(_FIRST_YEAR, day.year)))
    pieces = [
        f"{_from(table)} WHERE {column} IS NULL",
        f"{_from(table)} WHERE {column} >= '{day}'",
        f"{_from(table)} WHERE {column} < '{_FIRST_YEAR}-' AND {odd}",
        f"{_from(table, f'temp.{_RANGES} AS bound')} WHERE {column} >= bound.low AND {column} < bound.high",
    ]
    return _kept(cursor, table, pieces, anyhow)


def _kept(cursor: Any, table: str, pieces: list[str], otherwise: str) -> str:
    """Keep the numbers of the rows of queries; where rows have none, a condition tells them."""
    row = row_number(cursor, table)
    if row is None:
        return otherwise
    cursor.execute(f"DROP TABLE IF EXISTS temp.{_CHOSEN}")
    cursor.execute(f"CREATE TEMP TABLE {_CHOSEN} (number INTEGER PRIMARY KEY)")
    for piece in pieces:
        cursor.execute(f"INSERT OR IGNORE INTO temp.{_CHOSEN} SELECT held.{row} {piece}")
    return f"held.{row} IN (SELECT number FROM temp.{_CHOSEN})"  # noqa: S608 - constants


def _from(table: str, *before: str) -> str:
    """Name the tables of a query, the one with the rows last: the order in which they are gone through."""
    return f"FROM {' CROSS JOIN '.join([*before, f'main.{quoted(table)} AS held'])}"


def _seeks(cursor: Any, table: str, column: str) -> bool:
    """Ask SQLite whether it would find a range of a column by an index."""
    cursor.execute(f"EXPLAIN QUERY PLAN SELECT 1 {_from(table)} WHERE {column} > 'a' AND {column} < 'b'")
    return not any(detail.startswith("SCAN") for *_, detail in cursor.fetchall())


def _put_values(cursor: Any, values: pa.Array) -> None:
    """Put texts into a temporary table, and beside them the numbers that they are: numbers are compared as such."""
    texts = values.cast(pa.string())
    cursor.execute(f"DROP TABLE IF EXISTS temp.{_AMONG}")
    cursor.execute(f"CREATE TEMP TABLE {_AMONG} (value PRIMARY KEY) WITHOUT ROWID")
    for kept in (texts, _numbers(texts, pa.int64()), _numbers(texts, pa.float64())):
        if len(kept):
            cursor.executemany(f"INSERT OR IGNORE INTO temp.{_AMONG} VALUES (?)", pa.table({"value": kept}))  # noqa: S608


def _put_ranges(cursor: Any, ranges: Iterable[tuple[str, str]]) -> None:
    low, high = zip(*ranges, strict=True)
    cursor.execute(f"DROP TABLE IF EXISTS temp.{_RANGES}")
    cursor.execute(f"CREATE TEMP TABLE {_RANGES} (low, high)")
    cursor.executemany(f"INSERT INTO temp.{_RANGES} VALUES (?, ?)", pa.table({"low": low, "high": high}))  # noqa: S608


def _numbers(texts: pa.Array, kind: pa.DataType) -> pa.Array:
    """Those numbers whose text is among `texts`."""
    written = pc.match_substring_regex(
        texts, r"^-?\d+$" if pa.types.is_integer(kind) else r"^-?\d+(\.\d+)?(e[+-]\d+)?$"
    )
    numbers = texts.filter(pc.and_(written, pc.less(pc.binary_length(texts), 19 if kind == pa.int64() else 99)))
    found = numbers.cast(kind)
    return found.filter(pc.equal(found.cast(pa.string()), numbers))
