"""Values between Python, numpy and Arrow, past pyarrow's own converters.

Wherever pandas is installed, pyarrow imports it as soon as it converts a first value, even a list of numbers; that
would take up half the time in which a cold process scores its first lead.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

Numbers = np.ndarray[Any, np.dtype[Any]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]


def from_numpy(numbers: Numbers, valid: Mask | None = None) -> pa.Array:
    """An Arrow array over the memory of a numpy array of numbers; null where not `valid`."""
    data = pa.py_buffer(np.ascontiguousarray(numbers))
    bitmap = None if valid is None else pa.py_buffer(np.packbits(valid, bitorder="little"))
    return pa.Array.from_buffers(pa.from_numpy_dtype(numbers.dtype), len(numbers), [bitmap, data])


def from_texts(texts: Sequence[str | None]) -> pa.Array:
    """A string array; None is null.

    Raises:
        UnicodeEncodeError: half a surrogate pair is no text.
        ArrowInvalid: more text than one array can hold.
    """
    encoded = [b"" if text is None else text.encode() for text in texts]
    offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    if offsets[-1] > np.iinfo(np.int32).max:
        raise pa.ArrowInvalid("more than 2 GiB of text in one column")
    valid = np.array([text is not None for text in texts], dtype=np.bool_)
    bitmap = pa.py_buffer(np.packbits(valid, bitorder="little"))
    buffers = [bitmap, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(encoded), buffers)


def from_values(values: Sequence[Any]) -> pa.Array:
    """An Arrow array of the type that the values have in common; None and NaN are null.

    Raises:
        ArrowException, OverflowError, UnicodeEncodeError: they have none.
    """
    types = set(map(type, values)) - {type(None)}
    if types == {str}:
        return from_texts(values)
    if not types or not types <= {int, float, bool} or (bool in types and len(types) > 1):
        return pa.array(values, from_pandas=True) if types else pa.nulls(len(values))
    numbers = np.array([0 if value is None else value for value in values], np.float64 if float in types else np.int64)
    valid = np.array([value is not None for value in values]) & ~np.isnan(numbers)
    array = from_numpy(numbers, valid)
    return array.cast(pa.bool_()) if types == {bool} else array


def to_numpy(values: pa.ChunkedArray | pa.Array, dtype: type[np.generic], missing: float) -> Numbers:
    """The numbers of an Arrow array that holds just that 64-bit type, with `missing` for null; shape (rows,)."""
    array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    if not len(array):
        return np.empty(0, dtype)
    bitmap, data = array.buffers()
    inside = slice(array.offset, array.offset + len(array))
    numbers: Numbers = np.frombuffer(data, dtype)[inside]
    if not array.null_count:
        return numbers
    valid = np.unpackbits(np.frombuffer(bitmap, np.uint8), count=inside.stop, bitorder="little")[inside]
    return np.where(valid.view(np.bool_), numbers, missing)
