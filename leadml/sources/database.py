"""What all databases have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta

import pyarrow as pa

from leadml.errors import SourceError
from leadml.sources.cells import flat
from leadml.sources.choosing import sift, with_column
from leadml.sources.source import Among, BadRow, Since, Source

__all__ = ["Database", "day_before", "doubles", "quoted", "require_keys"]


class Database(Source):
    """Tables and views that are asked for in SQL."""

    def stream(
        self,
        table: str,
        columns: Sequence[str] | None = None,
        *,
        rows: Among | Since | None = None,
        on_bad_row: Callable[[BadRow], None] | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """Yield a table in batches, as it was when the first one was read."""
        del on_bad_row  # a database has no ragged rows
        names = self._require_columns(table, columns, rows)
        return sift(self._batches(table, with_column(names, rows), rows), names, rows)

    def count(self, table: str, rows: Among | Since | None = None) -> int:
        """Count the rows of a table, or some of them."""
        if rows is not None:
            return sum(batch.num_rows for batch in self.stream(table, [rows.column], rows=rows))
        return self._count(table)

    def as_kept(self, rows: pa.Table) -> pa.Table:
        """Give rows as a database that knows booleans and times keeps them."""
        return flat(rows)

    def place(self, table: str) -> str:
        """Name the table and the database."""
        return f"table '{table}' in {self.where}"

    @abstractmethod
    def _batches(self, table: str, columns: list[str], rows: Among | Since | None) -> Iterator[pa.RecordBatch]:
        """Yield columns of a table; of `rows` it may give some too many."""

    @abstractmethod
    def _count(self, table: str) -> int:
        """Count all rows of a table."""


def quoted(name: str) -> str:
    """A name as SQL takes it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def day_before(rows: Since) -> date:
    """Give a day before which no text can be at or after the moment, whatever zone it is of."""
    return (rows.moment - timedelta(days=1)).date()


def require_keys(rows: pa.Table, key: Sequence[str], place: str) -> None:
    """Refuse rows that lack a part of their key, by which they could never be found again."""
    if any(rows[name].null_count for name in key):
        raise SourceError(f"Rows for {place} lack their {' and '.join(key)}.")


def doubles(place: str, key: Sequence[str]) -> SourceError:
    """Say that a table holds a key twice."""
    return SourceError(
        f"{place} has rows with the same {' and '.join(key)}, so rows cannot be replaced by it. Take the doubles out, "
        "or rename it if it is something else; nothing changed."
    )
