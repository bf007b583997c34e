"""New rows in the shape of the table that they are added to."""

from __future__ import annotations

import pyarrow as pa

from leadml.errors import SourceError
from leadml.sources.cells import plain

__all__ = ["fitted"]


def fitted(batch: pa.RecordBatch, schema: pa.Schema, where: str) -> pa.RecordBatch:
    """Give a batch the columns of a table, found by their names; those that it lacks are empty.

    Raises:
        SourceError: the table holds values of another type in one of the columns.
    """
    return pa.record_batch([_cells(batch, field, where) for field in schema], schema=schema)


def _cells(batch: pa.RecordBatch, field: pa.Field, where: str) -> pa.Array:
    if field.name not in batch.schema.names:
        return pa.nulls(batch.num_rows, field.type)
    column = batch.select([field.name])
    try:
        # the text of a value is what it would be had the whole table been written at once
        return (plain(column) if pa.types.is_string(field.type) else column).column(0).cast(field.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise SourceError(
            f"{where}: column '{field.name}' holds {field.type}, which new rows do not fit ({error}). Rename "
            "the table if it is something else; nothing changed."
        ) from None
