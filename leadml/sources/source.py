"""What every place where leads live can do: list tables, stream them as Arrow batches, change some of them at once."""

from __future__ import annotations

import difflib
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

import pyarrow as pa

from leadml.errors import SourceError

__all__ = ["Among", "BadRow", "Since", "Source", "Transaction", "nearest"]


class BadRow(NamedTuple):
    """A row that could not be cut into cells: its number (1 is the first row of data) and its text."""

    row: int
    text: str


@dataclass(frozen=True)
class Among:
    """The rows whose `column`, as trimmed text, is one of `values` (string, without nulls)."""

    column: str
    values: pa.Array


@dataclass(frozen=True)
class Since:
    """The rows whose `column` is at or after a moment (UTC without a zone), and those where it says nothing."""

    column: str
    moment: datetime


class Transaction(Protocol):
    """Changes to tables that are made at once when its block ends, or not at all.

    A table that is not there yet is made. One that is there keeps its further columns, which are empty in new rows, and
    is given the columns that it lacks.
    """

    def upsert(self, table: str, rows: pa.Table, *, key: Sequence[str]) -> None:
        """Put rows in the place of those with the same key, and add the others; no key is there twice in `rows`."""

    def append(self, table: str, rows: pa.Table) -> None:
        """Add rows behind those there are."""

    def remove(self, table: str, rows: Among) -> None:
        """Take rows out; a table that is not there has none."""


class Source(ABC):
    """A lead database, a folder of tables or one file. `where` names it in messages, without secrets."""

    small_transactions = True
    """Whether a transaction costs what it writes; else what the tables hold, so that one should do for a whole run."""

    def __init__(self, where: str) -> None:
        self.where = where

    @abstractmethod
    def tables(self) -> list[str]:
        """Name the tables, sorted."""

    @abstractmethod
    def columns(self, table: str) -> dict[str, str]:
        """Map each column of a table, in its order, to the type that the source declares."""

    @abstractmethod
    def stream(
        self,
        table: str,
        columns: Sequence[str] | None = None,
        *,
        rows: Among | Since | None = None,
        on_bad_row: Callable[[BadRow], None] | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """Yield a table, or some rows of it, in batches of one schema, in the table's own order, in constant memory.

        A row that cannot be cut into cells is passed to `on_bad_row` and left out; without one it raises.

        Raises:
            SourceError: the table or a column is unknown, or what is stored cannot be read.
        """

    @abstractmethod
    def count(self, table: str, rows: Among | Since | None = None) -> int:
        """Count the rows of a table, or some of them.

        Raises:
            SourceError: the table or the column is unknown.
        """

    @abstractmethod
    def transaction(self) -> AbstractContextManager[Transaction]:
        """Change tables at once when the block ends; on an exception, a crash or a power cut nothing changes.

        No other process is inside such a block of this place meanwhile: it waits a little, and is refused then. So what
        leadml keeps there can be read inside the block and is still so when the changes are made.

        Raises:
            SourceError: the place cannot be written, another process is writing it, or a table holds what cannot be
                changed so.
        """

    def as_kept(self, rows: pa.Table) -> pa.Table:
        """Give rows in the types that the place keeps, as a transaction does; done ahead, that is quicker."""
        return rows

    @abstractmethod
    def exclusive(self, purpose: str) -> AbstractContextManager[None]:
        """Let nobody else hold the same purpose in this place; it is given up when the block or the process ends.

        Raises:
            SourceError: another process holds it.
        """

    @abstractmethod
    def place(self, table: str) -> str:
        """Say where a table is, for messages."""

    def assumptions(self, table: str) -> tuple[str, ...]:
        """Say what had to be assumed to read a table, one sentence each."""
        del table
        return ()

    def _require_table(self, table: str) -> None:
        self._require_known(table, self.tables())

    def _require_known(self, table: str, known: Collection[str]) -> None:
        if table not in known:
            raise SourceError(f"{self.where}: there is no table '{table}'. {nearest(table, known)}")

    def _require_columns(
        self, table: str, columns: Sequence[str] | None, rows: Among | Since | None = None
    ) -> list[str]:
        known = list(self.columns(table))
        for column in [*(columns or ()), *([rows.column] if rows else ())]:
            if column not in known:
                raise SourceError(
                    f"{self.where}, table '{table}': there is no column '{column}'. {nearest(column, known)}"
                )
        return list(columns) if columns else known


def nearest(name: str, known: Collection[str]) -> str:
    """Say which known name was probably meant, or else which there are."""
    folded = {other.casefold(): other for other in known}
    if close := difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.6):
        return f"Did you mean '{folded[close[0]]}'?"
    shown = ", ".join(f"'{other}'" for other in list(known)[:12])
    return f"It has {shown}{' and more' if len(known) > 12 else ''}." if known else "It has none."
