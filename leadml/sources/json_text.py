"""Arrow columns of lists and structs as JSON text, built by columns and not row by row."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["json_text"]

_NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def json_text(column: pa.Array) -> pa.Array:
    """Write each value as JSON, as Python's json.loads reads it back; a missing value stays missing."""
    return pc.if_else(column.is_valid(), _written(column), pa.scalar(None, pa.string()))


def _written(column: pa.Array) -> pa.Array:
    """The JSON of each value, "null" where it is missing."""
    if pa.types.is_dictionary(column.type) and not pa.types.is_string(column.type.value_type):
        column = column.cast(column.type.value_type)
    kind = column.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        text = _lists(column)
    elif pa.types.is_struct(kind):
        text = _structs(column)
    elif pa.types.is_boolean(kind) or pa.types.is_integer(kind):
        text = column.cast(pa.string())
    elif pa.types.is_floating(kind):
        text = _floats(column)
    else:
        text = _texts(column)
    return text.fill_null("null")


def _lists(column: Any) -> pa.Array:
    items = _written(column.flatten())
    lengths = pc.list_value_length(column).fill_null(0).to_numpy(zero_copy_only=False)
    offsets = pa.array(np.append(0, np.cumsum(lengths)), pa.int64())
    joined = pc.binary_join(pa.LargeListArray.from_arrays(offsets, items), ", ")
    text = pc.binary_join_element_wise("[", joined, "]", "")
    return pc.if_else(column.is_valid(), text, pa.scalar(None, pa.string()))


def _structs(column: Any) -> pa.Array:
    pieces: list[Any] = []
    for field, values in zip(column.type, column.flatten(), strict=True):  # flatten() takes missing structs along
        pieces += [f"{', ' if pieces else '{'}{_quoted(field.name)}: ", _written(values)]
    if not pieces:
        return pc.if_else(column.is_valid(), pa.scalar("{}"), pa.scalar(None, pa.string()))
    text = pc.binary_join_element_wise(*pieces, "}", "")
    return pc.if_else(column.is_valid(), text, pa.scalar(None, pa.string()))


def _floats(column: pa.Array) -> pa.Array:
    encoded = column.dictionary_encode()  # a log-odds of a table entry comes again and again
    text = encoded.dictionary.cast(pa.string())
    whole = pc.match_substring_regex(text, r"^-?\d+$")  # a float is to be read back as a float
    text = pc.if_else(whole, pc.binary_join_element_wise(text, "0", "."), text)
    for written, named in _NOT_FINITE.items():
        text = pc.if_else(pc.equal(text, written), named, text)
    return text.take(encoded.indices)


def _texts(column: pa.Array) -> pa.Array:
    """Text is escaped once for each distinct value; what JSON does not know, such as a date, is its text."""
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    escaped = [None if value is None else _quoted(str(value)) for value in encoded.dictionary.to_pylist()]
    return pa.array(escaped, pa.string()).take(encoded.indices)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
