"""A DuckDB database file as a source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from leadml.errors import SourceError, naming_the_extra
from leadml.quiet_duckdb import open_file
from leadml.sources.database import Database, quoted
from leadml.sources.duckdb_changes import DuckdbChanges, Found, condition, found_columns, found_tables
from leadml.sources.locking import locked
from leadml.sources.source import Among, Since, Transaction

__all__ = ["DuckdbSource"]

_BATCH_ROWS = 1 << 16
_AS_TEXT = ("UUID", "HUGEINT", "UHUGEINT", "BIGNUM", "VARINT")
_TIMES = ("TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS")


class DuckdbSource(Database):
    """Tables and views of a DuckDB database; opened read-only unless a table is being written."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self._path = path
        if not path.is_file():
            raise SourceError(f"There is no database {path}. Mend the path.")

    def tables(self) -> list[str]:
        """Name the tables and views."""
        with self._session() as connection:
            return sorted(found_tables(connection))

    def columns(self, table: str) -> dict[str, str]:
        """Map columns to the types they were declared with."""
        with self._session() as connection:
            return found_columns(connection, self._found(connection, table))

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Change tables on one connection; meanwhile no other process can open the database."""
        with self._session(write=True) as connection:
            connection.begin()
            yield DuckdbChanges(connection, self.where)
            connection.commit()

    def exclusive(self, purpose: str) -> AbstractContextManager[None]:
        """Hold a lock file beside the database."""
        path = self._path.resolve()
        return locked(path.with_name(f".{path.name}.{purpose}.lock"), f"{purpose} in {self.where}")

    def _batches(self, table: str, columns: list[str], rows: Among | Since | None) -> Iterator[pa.RecordBatch]:
        with self._session() as connection:
            found = self._found(connection, table)
            kinds = found_columns(connection, found)
            chosen = ", ".join(f"{_read(name, kinds[name])} AS c{number}" for number, name in enumerate(columns))
            where = "" if rows is None else f" WHERE {condition(connection, rows.column, kinds[rows.column], rows)}"
            query = f"SELECT {chosen} FROM {found}{where}"  # noqa: S608 - quoted
            for batch in connection.sql(query).to_arrow_reader(_BATCH_ROWS):
                yield pa.record_batch([_without_zone(column) for column in batch.columns], names=columns)

    def _count(self, table: str) -> int:
        with self._session() as connection:
            found = self._found(connection, table)
            return int(connection.execute(f"SELECT count(*) FROM {found}").fetchone()[0])  # noqa: S608 - quoted

    def _found(self, connection: Any, table: str) -> Found:
        known = found_tables(connection)
        self._require_known(table, known)
        return known[table]

    @contextmanager
    def _session(self, *, write: bool = False) -> Iterator[Any]:
        with naming_the_extra("A DuckDB database"):
            import duckdb
        try:
            with _opened(duckdb, self._path, write=write) as connection:
                yield connection
        except duckdb.Error as error:
            raise SourceError(f"The database {self.where} {_fault(str(error))}") from None


def _opened(duckdb: Any, path: Path, *, write: bool) -> Any:
    try:
        return open_file(path, read_only=not write)
    except duckdb.ConnectionException:
        if write:
            raise
        return open_file(path)  # this process is writing it, so it shares what it has open


def _read(column: str, kind: str) -> str:
    """Write how a column is read: a number exactly, a moment as microseconds, and never infinitely far away."""
    name = quoted(column)
    if kind in _AS_TEXT or kind.startswith("ENUM"):
        return f"{name}::VARCHAR"
    if kind == "JSON":  # text to DuckDB, but not single values
        return f"encode({name}::VARCHAR)"
    if kind in _TIMES:
        name = f"{name}::TIMESTAMP"
    return f"CASE WHEN isfinite({name}) THEN {name} END" if kind.startswith(("TIMESTAMP", "DATE")) else name


def _without_zone(column: pa.Array) -> pa.Array:
    return column.cast(pa.timestamp("us")) if pa.types.is_timestamp(column.type) else column


def _fault(text: str) -> str:
    said = re.sub(r"^\w+ Error: ", "", text.strip().split("\n", 1)[0])[:300].rstrip(".")
    if "Could not set lock" in text:
        holder = re.search(r"PID (\d+)", text)
        by = f"process {holder[1]}" if holder else "another process"
        return f"is being written by {by}, and DuckDB lets nobody else in meanwhile. Try again when it is done."
    if "different configuration" in text:
        return "is being read by this process, and cannot be written meanwhile. Read it to the end first."
    if "ermission denied" in text or "ead-only" in text or "read-only" in text:
        return "may not be written or opened. Mend the rights of the file and of its folder; nothing changed."
    if "not a valid DuckDB" in text or "orrupt" in text:
        return f"is damaged or no DuckDB database ({said}). Restore it from a copy."
    return f"refused: {said}. Nothing changed."
