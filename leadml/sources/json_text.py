"""Lists and structs as JSON text, column by column: what is inside them is written once per distinct value."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["json_texts"]


def json_texts(column: pa.Array) -> pa.Array:
    """The text that `json.dumps` gives for each value, with letters as they are; null stays null. String array."""
    texts = _texts(column)
    return pc.if_else(column.is_valid(), texts, pa.scalar(None, pa.string())) if column.null_count else texts


def _texts(values: pa.Array) -> pa.Array:
    """JSON of each value; that of null is "null"."""
    if pa.types.is_struct(values.type):
        return _or_null(values, _objects(values))
    if pa.types.is_list(values.type) or pa.types.is_large_list(values.type):
        return _or_null(values, _lists(values))
    if pa.types.is_nested(values.type):  # maps and the like: nothing that leadml writes
        return pa.array(map(_dumped, values.to_pylist()), pa.string())
    return _by_distinct(values)


def _or_null(values: pa.Array, texts: pa.Array) -> pa.Array:
    return pc.if_else(values.is_valid(), texts, pa.scalar("null")) if values.null_count else texts


def _objects(values: pa.StructArray) -> pa.Array:
    if not values.type.num_fields:
        return pa.array(["{}"] * len(values), pa.string())
    pieces: list[pa.Array | pa.Scalar] = []
    for position, (field, inside) in enumerate(zip(values.type, values.flatten(), strict=True)):
        pieces += [pa.scalar(f"{', ' if position else '{'}{_dumped(field.name)}: "), _texts(inside)]
    return pc.binary_join_element_wise(*pieces, pa.scalar("}"), pa.scalar(""))


def _lists(values: pa.ListArray) -> pa.Array:
    first, last = values.offsets[0], values.offsets[-1]  # behind a null, too, there may be values
    reached = values.values.slice(first.as_py(), last.as_py() - first.as_py())
    inside = type(values).from_arrays(pc.subtract(values.offsets, first), _texts(reached))
    return pc.binary_join_element_wise(pa.scalar("["), pc.binary_join(inside, ", "), pa.scalar("]"), pa.scalar(""))


def _by_distinct(values: pa.Array) -> pa.Array:
    encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    texts = pa.array([*map(_dumped, encoded.dictionary.to_pylist()), "null"], pa.string())
    return texts.take(encoded.indices.cast(pa.int64()).fill_null(len(texts) - 1))


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
