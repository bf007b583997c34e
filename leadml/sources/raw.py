"""A table as the source holds it, with the numbers of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from leadml.sources.source import BadRow, Source

__all__ = ["Raw", "read_raw"]


@dataclass(frozen=True)
class Raw:
    """The rows that could be cut into cells, their numbers (1 is the first row of data), and those that could not."""

    table: pa.Table
    rows: npt.NDArray[np.int64]
    bad: list[BadRow]


def read_raw(source: Source, table: str, columns: Sequence[str]) -> Raw:
    """Read columns of a table into memory."""
    bad: list[BadRow] = []
    batches = list(source.stream(table, columns, on_bad_row=bad.append))
    empty = pa.schema([pa.field(column, pa.string()) for column in columns])
    held = pa.Table.from_batches(batches, batches[0].schema if batches else empty)
    everything = np.arange(1, held.num_rows + len(bad) + 1)
    return Raw(held, np.delete(everything, [row.row - 1 for row in bad]), bad)
