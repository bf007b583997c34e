"""Columns that are of their kind already, or are written in the plainest way: values without a detour by their text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.predict.arrays import from_numpy
from leadml.schema import Kind
from leadml.sources.distinct import texts
from leadml.sources.style import Style

__all__ = ["direct"]

_EARLIEST, _LATEST = datetime(1900, 1, 1), datetime(2201, 1, 1)  # noqa: DTZ001 (UTC, as in dates.py)
# Of YYYY-MM-DD, with hours and minutes, with seconds, with their fraction: Arrow reads more, dates.py does not.
_LENGTHS = from_numpy(np.array([10, 16, 19, 21, 22, 23, 24, 25, 26], np.int32))  # a list would load pandas


def direct(
    column: pa.ChunkedArray, kind: Kind, missing_values: Sequence[str] = (), style: Style | None = None
) -> pa.Array | None:
    """Give a column as double or timestamp[us], as `cast` would; None where a value is not plainly of the kind.

    What this gives needs no row to be set aside and nothing to be assumed; `style` is as for `cast`.
    """
    values = _values(column, kind, missing_values, style)
    if values is None or (values.num_chunks if isinstance(values, pa.ChunkedArray) else 1) == 1:
        return values.chunk(0) if isinstance(values, pa.ChunkedArray) else values
    return pa.concat_arrays(values.chunks or [pa.array([], values.type)])


def _values(column: pa.ChunkedArray, kind: Kind, missing_values: Sequence[str], style: Style | None) -> Any:
    if kind == "category":
        return None
    if pa.types.is_string(column.type):
        return _from_text(texts(column, missing_values), kind, style)
    if any(character.isdigit() for mark in missing_values for character in mark) or "inf" in missing_values:
        return None  # a number or a date may stand for "no value"
    return _number(column) if kind == "number" else _time(column)


def _from_text(values: pa.Array, kind: Kind, style: Style | None) -> Any:
    try:
        if kind == "number":
            numbers = None if style is not None and style.number else values.cast(pa.float64())
            return None if numbers is None or not _all(pc.is_finite(numbers)) else numbers
        if style is not None and style.order != (None, None, False):
            return None
        if not _all(pc.is_in(pc.binary_length(values.drop_null()), value_set=_LENGTHS)):
            return None
        return _within(values.cast(pa.timestamp("us")))
    except pa.ArrowInvalid:
        return None


def _number(column: pa.ChunkedArray) -> Any:
    if pa.types.is_integer(column.type):
        return column.cast(pa.float64(), safe=False)
    if not pa.types.is_float64(column.type):  # the text of a shorter float is another number
        return None
    if _all(pc.is_finite(column)):
        return column
    numbers = pc.if_else(pc.is_nan(column), None, column)
    return numbers if _all(pc.is_finite(numbers)) else None


def _time(column: pa.ChunkedArray) -> Any:
    if not (pa.types.is_timestamp(column.type) or pa.types.is_date32(column.type)):
        return None
    return _within(column.cast(pa.timestamp("us"), safe=False))


def _within(moments: Any) -> Any:
    ends = pc.min_max(moments).as_py()
    if ends["min"] is None:
        return moments
    return moments if ends["min"] >= _EARLIEST and ends["max"] < _LATEST else None


def _all(mask: Any) -> bool:
    return pc.all(mask).as_py() is not False
