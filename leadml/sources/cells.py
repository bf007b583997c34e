"""Arrow columns as plain cells, for places that know numbers and text only."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from leadml.sources.json_text import json_texts

__all__ = ["flat", "plain", "plain_rows", "plain_schema"]


def plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Turn lists and structs into JSON text, times into ISO text in UTC and booleans into 0 and 1."""
    columns = [_plain_column(column) for column in batch.columns]
    return pa.record_batch(columns, schema=plain_schema(batch.schema))


def plain_rows(rows: pa.Table) -> pa.Table:
    """Give rows as `plain` batches."""
    return pa.Table.from_batches(map(plain, rows.to_batches()), plain_schema(rows.schema))


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """Give the schema of `plain` batches."""
    return pa.schema([pa.field(field.name, _plain_type(field.type)) for field in schema])


def flat(rows: pa.Table) -> pa.Table:
    """Give rows for a database that knows booleans and times: lists and structs as JSON text, times in UTC."""
    columns = [
        column.cast(_flat_type(column.type)) if not pa.types.is_nested(column.type) else _json(column)
        for column in rows.columns
    ]
    return pa.table(columns, names=rows.schema.names)


def _flat_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return pa.timestamp("us")
    return kind if pa.types.is_boolean(kind) else _plain_type(kind)


def _json(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pa.chunked_array([_plain_column(chunk) for chunk in column.chunks], pa.string())


def _plain_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind):
        return pa.int64()
    return pa.float64() if pa.types.is_floating(kind) or pa.types.is_decimal(kind) else pa.string()


def _plain_column(column: pa.Array) -> pa.Array:
    if pa.types.is_nested(column.type):
        return json_texts(column)
    if pa.types.is_timestamp(column.type):
        distinct = column.dictionary_encode()  # few moments come in many rows
        text = pc.cast(pc.cast(distinct.dictionary, pa.timestamp("us")), pa.string())
        return pc.replace_substring_regex(text, r"\.0+$", "").take(distinct.indices)
    return pc.cast(column, _plain_type(column.type))
