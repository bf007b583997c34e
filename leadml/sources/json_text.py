"""Lists and structs as JSON text, column by column: what is inside them is written once per distinct value."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["json_texts"]

_MOST_NUMBERS = 2**62  # by which combinations of values are told apart


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
    """Few objects come again and again, such as a reason and its log-odds: each is put together once."""
    insides = values.flatten()
    if not insides:
        return pa.array(["{}"] * len(values), pa.string())
    if any(pa.types.is_nested(inside.type) for inside in insides):
        return _joined(values.type, [_texts(inside) for inside in insides])
    encoded = [_encoded(inside) for inside in insides]
    if math.prod(len(texts) for _, texts in encoded) > _MOST_NUMBERS:
        return _joined(values.type, [texts.take(pa.array(codes)) for codes, texts in encoded])
    number = np.zeros(len(values), np.int64)
    for codes, texts in encoded:
        number = number * len(texts) + codes
    distinct = pa.array(number).dictionary_encode()
    left, pieces = distinct.dictionary.to_numpy(), []
    for _, texts in reversed(encoded):
        left, codes = np.divmod(left, len(texts))
        pieces.append(texts.take(pa.array(codes)))
    return _joined(values.type, pieces[::-1]).take(distinct.indices)


def _joined(kind: pa.StructType, insides: Sequence[pa.Array]) -> pa.Array:
    pieces: list[pa.Array | pa.Scalar] = []
    for position, (field, inside) in enumerate(zip(kind, insides, strict=True)):
        pieces += [pa.scalar(f"{', ' if position else '{'}{_dumped(field.name)}: "), inside]
    return pc.binary_join_element_wise(*pieces, pa.scalar("}"), pa.scalar(""))


def _lists(values: pa.ListArray) -> pa.Array:
    first, last = values.offsets[0], values.offsets[-1]  # behind a null, too, there may be values
    reached = values.values.slice(first.as_py(), last.as_py() - first.as_py())
    inside = type(values).from_arrays(pc.subtract(values.offsets, first), _texts(reached))
    return pc.binary_join_element_wise(pa.scalar("["), pc.binary_join(inside, ", "), pa.scalar("]"), pa.scalar(""))


def _by_distinct(values: pa.Array) -> pa.Array:
    codes, texts = _encoded(values)
    return texts.take(pa.array(codes))


def _encoded(values: pa.Array) -> tuple[npt.NDArray[np.int64], pa.Array]:
    """The place of each value among the distinct texts, of which the last is that of null."""
    encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    distinct = encoded.dictionary
    words = _floats(distinct) if pa.types.is_float64(distinct.type) else pa.array(map(_dumped, distinct.to_pylist()))
    texts = pa.concat_arrays([words.cast(pa.string()), pa.array(["null"])])
    return encoded.indices.cast(pa.int64()).fill_null(len(texts) - 1).to_numpy(), texts


def _floats(values: pa.Array) -> pa.Array:
    """Arrow writes floats as json.dumps does, but for whole, very large and very small ones and those not finite."""
    texts = values.cast(pa.string())
    others = pc.invert(pc.match_substring_regex(texts, r"^-?(0\.0{0,3}[1-9]\d*|[1-9]\d{0,14}\.\d+)$"))
    return pc.replace_with_mask(texts, others, pa.array(map(_dumped, values.filter(others).to_pylist()), pa.string()))


def _dumped(value: Any) -> str:
    return _quoted(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


@lru_cache(1 << 16)  # the same reasons come in every batch
def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
