"""Which rows an `Among` or a `Since` speaks of, decided the same way for every source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.errors import SourceError
from leadml.sources.dates import latest_readings
from leadml.sources.distinct import Mask, distinct, is_plain
from leadml.sources.source import Among, Since

__all__ = ["chosen", "sift", "with_column"]


def sift(
    batches: Iterable[pa.RecordBatch], columns: Sequence[str], rows: Among | Since | None
) -> Iterator[pa.RecordBatch]:
    """Keep the rows and the columns asked for; `batches` hold the column by which rows are chosen, too."""
    for batch in batches:
        kept = batch if rows is None else batch.filter(pa.array(chosen(batch[rows.column], rows)))
        if kept.num_rows:
            yield kept.select(list(columns)) if kept.schema.names != list(columns) else kept


def with_column(columns: Sequence[str], rows: Among | Since | None) -> list[str]:
    """Name the columns that must be read to choose rows and to give `columns` of them."""
    return list(dict.fromkeys([*columns, rows.column])) if rows is not None else list(columns)


def chosen(column: pa.Array, rows: Among | Since) -> Mask:
    """Tell which rows are asked for, shape (n,).

    A date that can be read with the day or with the month first counts with the later of the two, so that `Since`
    gives a row too many rather than one too few.

    Raises:
        SourceError: the column does not hold single values.
    """
    if not is_plain(column.type):
        raise SourceError(f"column '{rows.column}' holds {column.type}, not single values. Choose another.")
    held = distinct(pa.chunked_array([column]))
    if isinstance(rows, Among):
        return held.mark(np.asarray(pc.is_in(held.values, value_set=rows.values.cast(pa.string()))))
    late = pc.greater_equal(latest_readings(held.values), pa.scalar(rows.moment, pa.timestamp("us")))
    return held.mark(np.asarray(late.fill_null(True))) | held.missing
