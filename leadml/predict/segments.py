"""Parts of the leads that have cutoffs of their own, and the cutoffs of each row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from leadml.predict.encoding import Floats
from leadml.predict.rules.conditions import ValueCondition
from leadml.predict.rules.rows import RuleRows

Numbers = np.ndarray[Any, np.dtype[np.int64]]

NO_SEGMENT = -1


@dataclass(frozen=True)
class Segment:
    """Leads whose `column` says one of some texts, compared as rulebooks compare them, and their cutoffs.

    `mql` and `sql` are None where no cutoff is published.
    """

    name: str
    column: str
    values: tuple[str, ...]
    mql: float | None = None
    sql: float | None = None


@dataclass(frozen=True)
class RowCutoffs:
    """The cutoffs of each row, NaN where none is published; of shape (rows,), or () where all rows share them."""

    mql: Floats
    sql: Floats

    def take(self, rows: Any) -> RowCutoffs:
        """Those of some rows."""
        return self if self.mql.ndim == 0 else RowCutoffs(self.mql[rows], self.sql[rows])


def segment_numbers(table: pa.Table, column: str, values: Sequence[Sequence[str]]) -> Numbers:
    """The number of the segment each row belongs to, by the texts of each segment; `NO_SEGMENT` for none."""
    rows, numbers = RuleRows(table), np.full(table.num_rows, NO_SEGMENT, np.int64)
    for number, texts in enumerate(values):
        numbers[ValueCondition("attribute", column, one_of=tuple(texts), column=column).holds(rows)] = number
    return numbers
