"""`score`: the rows of a Spark DataFrame scored where they are, by the scorer that every other run uses."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from leadml.operations.spark.carried import Carried, carry
from leadml.operations.spark.shapes import chosen, plain, plain_schema, spark_schema, without_pandas

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["score"]

ROWS_AT_ONCE = 1 << 16
"""Rows scored together, so that memory does not grow with a partition and each call is worth its while."""


def score(
    df: DataFrame,
    bundle: str | os.PathLike[str],
    *,
    id_column: str,
    as_of: datetime | None = None,
    reasons: int = 3,
) -> DataFrame:
    """Score the rows of a DataFrame.

    Nothing is computed before the result is asked for. Workers need numpy and pyarrow; pandas is not used.

    Args:
        df: rows with the columns of the bundle's contract, in any order, such as `features(...).rows`. Values never
            seen in training, missing values and extra columns are all right.
        bundle: the bundle file, as the driver sees it; its bytes travel to the workers.
        id_column: the column of `df` that becomes "lead_id", as text.
        as_of: the moment (UTC if without a zone) the rows describe, handed through.
        reasons: how many reasons for and against to give, at the most.

    Returns:
        A DataFrame of one row per row, with the columns of `leadml.predict.Scorer.score`: numbers are double,
        texts string, reasons arrays of structs (reason, log_odds), as_of a timestamp.

    Raises:
        BundleError: the file is not a bundle.
        ColumnsError: `df` lacks the id or most columns of the contract. A value that is not of its column's kind is
            found where it is scored: Spark fails with a message that names column and value.
    """
    carried = carry(bundle)
    wanted = {column.name for column in carried.scorer().columns} | {id_column}
    taken = [name for name in df.columns if name in wanted]
    work = _work(carried, id_column, as_of, reasons)
    schema = plain_schema(work(pa.table({name: pa.nulls(0) for name in taken})).schema)  # refuses foreign columns
    with without_pandas():
        return df.select(*chosen(df, taken)).mapInArrow(_by_batches(work), spark_schema(schema))


def _work(carried: Carried, id_column: str, as_of: datetime | None, reasons: int) -> Callable[[pa.Table], pa.Table]:
    def scored(rows: pa.Table) -> pa.Table:
        return carried.scorer().score(rows, id_column=id_column, as_of=as_of, reasons=reasons)

    return scored


def _by_batches(work: Callable[[pa.Table], pa.Table]) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def scored(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for rows in _gathered(batches):
            with warnings.catch_warnings(action="ignore"):  # said once, on the driver
                scores = work(rows)
            yield from plain(scores).to_batches()

    return scored


def _gathered(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Batches put together to tables of about ROWS_AT_ONCE rows; empty ones are left out."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(map(len, held)) >= ROWS_AT_ONCE:
            yield pa.Table.from_batches(held)
            held = []
    if any(map(len, held)):
        yield pa.Table.from_batches(held)
