"""New rows in the shape of the table that they are added to."""

from __future__ import annotations

import pyarrow as pa

from leadml.errors import SourceError
from leadml.sources.cells import plain
from leadml.sources.source import Sink

__all__ = ["Fitting"]


class Fitting:
    """A sink that takes batches in any order of columns; columns that they lack are empty."""

    def __init__(self, sink: Sink, schema: pa.Schema, where: str) -> None:
        self._sink = sink
        self._schema = schema
        self._where = where

    def add(self, batch: pa.RecordBatch) -> None:
        """Hand a batch on.

        Raises:
            SourceError: the table holds values of another type in one of the columns.
        """
        cells = [self._fitted(batch, field) for field in self._schema]
        self._sink.add(pa.record_batch(cells, schema=self._schema))

    def _fitted(self, batch: pa.RecordBatch, field: pa.Field) -> pa.Array:
        if field.name not in batch.schema.names:
            return pa.nulls(batch.num_rows, field.type)
        column = batch.select([field.name])
        try:
            # the text of a value is what it would be had the whole table been written at once
            return (plain(column) if pa.types.is_string(field.type) else column).column(0).cast(field.type)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise SourceError(
                f"{self._where}: column '{field.name}' holds {field.type}, which new rows do not fit ({error}). Rename "
                "the table if it is something else; nothing changed."
            ) from None
