"""A SQLite database as a source, through ADBC."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pyarrow as pa

from leadml.errors import SourceError
from leadml.sources.cells import plain_rows
from leadml.sources.database import Database, quoted
from leadml.sources.locking import locked
from leadml.sources.source import Among, Since, Transaction
from leadml.sources.sqlite_changes import SqliteChanges
from leadml.sources.sqlite_reading import read_batches
from leadml.sources.sqlite_session import session

__all__ = ["SqliteSource"]


_COLUMNS = """
    SELECT held.name, held.type FROM sqlite_master AS known JOIN pragma_table_info(known.name) AS held
    WHERE known.name = ? AND known.type IN ('table', 'view')
"""


class SqliteSource(Database):
    """Tables and views of a SQLite database; opened read-only unless a table is being written."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self._path = path
        if not path.is_file():
            raise SourceError(f"There is no database {path}. Mend the path.")
        if path.stat().st_size == 0:
            raise SourceError(f"The database {path} is empty. Mend the path, or fill it with leads first.")

    def tables(self) -> list[str]:
        """Name the tables and views."""
        with session(self._path) as cursor:
            cursor.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name")
            return [name for (name,) in cursor.fetchall() if not name.startswith("sqlite_")]

    def columns(self, table: str) -> dict[str, str]:
        """Map columns to the types they were declared with."""
        with session(self._path) as cursor:
            cursor.execute(_COLUMNS, (table,))
            found = dict(cursor.fetchall())
        if not found:
            self._require_table(table)
        return found

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Change tables on one connection between BEGIN and COMMIT; closing it without undoes what was changed."""
        with session(self._path, write=True) as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            yield SqliteChanges(cursor, self.where)
            cursor.execute("COMMIT")

    def as_kept(self, rows: pa.Table) -> pa.Table:
        """Give rows as numbers and text."""
        return plain_rows(rows)

    def exclusive(self, purpose: str) -> AbstractContextManager[None]:
        """Hold a lock file beside the database."""
        path = self._path.resolve()
        return locked(path.with_name(f".{path.name}.{purpose}.lock"), f"{purpose} in {self.where}")

    def _batches(self, table: str, columns: list[str], rows: Among | Since | None) -> Iterator[pa.RecordBatch]:
        with session(self._path) as cursor:
            cursor.execute("BEGIN")
            yield from read_batches(cursor, table, columns, rows)

    def _count(self, table: str) -> int:
        self._require_table(table)
        with session(self._path) as cursor:
            cursor.execute(f"SELECT count(*) FROM {quoted(table)}")  # noqa: S608 - quoted
            return int(cursor.fetchone()[0])
