"""The rows of a table with their numbers, as they stream by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from leadml.sources.numbers import Ints
from leadml.sources.parts.ahead import ahead
from leadml.sources.source import Among, BadRow, Source

__all__ = ["Numbered", "RowNumbers", "numbered"]


class Numbered(NamedTuple):
    """Some rows, their numbers (1 is the first row of data), and rows that could not be cut into cells."""

    rows: pa.Table
    numbers: Ints
    bad: list[BadRow]


class RowNumbers:
    """Numbers rows one after the other, without the numbers of the bad ones, which are known before they are due."""

    def __init__(self) -> None:
        self._last = 0
        self._bad: list[int] = []

    def next(self, count: int, bad: Sequence[BadRow]) -> Ints:
        """Number the next `count` rows; `bad` are rows that were found bad since the last time."""
        self._bad = sorted([*self._bad, *(row.row for row in bad)])
        everything = np.arange(self._last + 1, self._last + 1 + count + len(self._bad))
        numbers = np.setdiff1d(everything, self._bad, assume_unique=True)[:count]
        self._last = int(numbers[-1]) if count else self._last
        self._bad = [row for row in self._bad if row > self._last]
        return numbers


def numbered(
    source: Source,
    table: str,
    columns: Sequence[str] | None,
    rows: Among | None = None,
    numbers: RowNumbers | None = None,
) -> Iterator[Numbered]:
    """Stream a table, or some of its rows; the next batch is read while one is worked on.

    The last one has no rows, only bad ones perhaps. `numbers` go on from what was streamed before.
    """
    bad: list[BadRow] = []
    numbers = numbers or RowNumbers()
    empty = pa.schema([pa.field(column, pa.string()) for column in columns or source.columns(table)]).empty_table()
    which = {} if rows is None else {"rows": rows}
    for batch in ahead(source.stream(table, columns, on_bad_row=bad.append, **which)):
        found = _taken(bad)
        yield Numbered(pa.Table.from_batches([batch]), numbers.next(batch.num_rows, found), found)
        empty = batch.schema.empty_table()
    yield Numbered(empty, np.empty(0, np.int64), _taken(bad))


def _taken(bad: list[BadRow]) -> list[BadRow]:
    """Empty a list that a thread may be adding to."""
    found = bad[: len(bad)]
    del bad[: len(found)]
    return found
