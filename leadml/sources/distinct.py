"""A column as its distinct texts and one code per row: rules are then applied to few values, not to many rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["NULL_MARKS", "SPACES", "Distinct", "Mask", "distinct", "is_plain", "texts"]

Mask = npt.NDArray[np.bool_]
_Codes = npt.NDArray[np.int64]

# "none" is not among them: it can be an answer ("Budget: none")
NULL_MARKS = ("", "null", "nan", "n/a", "#n/a")
# What trimming takes away, for databases that are to trim alike.
SPACES = (
    *(*range(9, 14), *range(28, 33), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B)),
    *(0x2028, 0x2029, 0x202F, 0x205F, 0x3000),
)


@dataclass(frozen=True)
class Distinct:
    """A column of n rows: `codes` (n, int64) point into `values` (trimmed text); -1 is a missing value."""

    codes: _Codes
    values: pa.Array
    whole: pa.Array | None = None
    """The text of each row, where it is at hand."""

    @property
    def missing(self) -> Mask:
        """Tell which rows have no value, shape (n,)."""
        return self.codes < 0

    @property
    def weights(self) -> _Codes:
        """Count the rows of each distinct value, shape (len(values),)."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.values))

    def rows(self, per_value: pa.Array) -> pa.Array:
        """Spread one result per distinct value over the rows."""
        return pc.take(per_value, pa.array(self.codes, mask=self.missing))

    def mark(self, per_value: Mask) -> Mask:
        """Tell which rows hold one of the marked values, shape (n,)."""
        return np.append(per_value, False)[self.codes]

    def text(self) -> pa.Array:
        """Give the text of each row."""
        return self.rows(self.values) if self.whole is None else self.whole


def is_plain(kind: pa.DataType) -> bool:
    """Tell whether a column of this type holds single values that have a text."""
    if pa.types.is_dictionary(kind):
        return is_plain(kind.value_type)
    # all binary types fall out here, and so do durations and times of day
    return any(
        test(kind)
        for test in (
            pa.types.is_string,
            pa.types.is_large_string,
            pa.types.is_string_view,
            pa.types.is_integer,
            pa.types.is_floating,
            pa.types.is_decimal,
            pa.types.is_boolean,
            pa.types.is_timestamp,
            pa.types.is_date,
            pa.types.is_null,
        )
    )


def distinct(column: pa.ChunkedArray, missing_values: Iterable[str] = ()) -> Distinct:
    """Cut a column of any plain type into its distinct texts.

    The same data give the same texts whether they came as numbers, as times or as text. Empty cells, NULL_MARKS and
    `missing_values` (compared without regard to case) become missing.
    """
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_string_view(column.type) or pa.types.is_null(column.type):  # neither can be encoded as it is
        column = column.cast(pa.string())
    if pa.types.is_float16(column.type):  # nor can this
        column = column.cast(pa.float32())
    given = _one(column)
    encoded = given.dictionary_encode()
    dictionary = encoded.dictionary
    values, codes = _trimmed(_text(dictionary), np.asarray(encoded.indices.fill_null(-1).cast(pa.int64())))
    marks = pa.array([*NULL_MARKS, *(value.strip().lower() for value in missing_values)], pa.string())
    is_missing = np.asarray(pc.is_in(pc.utf8_lower(values), value_set=marks).fill_null(True))
    if is_missing.any():
        return Distinct(np.where(np.append(is_missing, True)[codes], -1, codes), values)
    return Distinct(codes, values, given if pa.types.is_string(given.type) and values is dictionary else None)


def texts(column: pa.ChunkedArray, missing_values: Iterable[str] = ()) -> pa.Array:
    """Give the text of each row as `distinct` does, without looking for equal ones: quicker where there are few."""
    if not (pa.types.is_string(column.type) or pa.types.is_integer(column.type)):
        return distinct(column, missing_values).text()
    trimmed = pc.utf8_trim_whitespace(column.cast(pa.string()))
    marks = pa.array([*NULL_MARKS, *(value.strip().lower() for value in missing_values)], pa.string())
    longest = pc.max(pc.utf8_length(marks)).as_py()
    short = pc.less_equal(pc.utf8_length(trimmed), 2 * longest)  # a letter may become two in lower case
    if pc.any(short).as_py():
        trimmed = pc.if_else(pc.is_in(pc.utf8_lower(trimmed), value_set=marks), None, trimmed)
    return _one(trimmed)


def _one(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks or [pa.nulls(0, column.type)])


def _text(values: Any) -> pa.Array:
    if pa.types.is_timestamp(values.type):
        values = values.cast(pa.timestamp("us"), safe=False)  # drops the zone: what is stored is UTC
    return values if pa.types.is_string(values.type) else values.cast(pa.string())


def _trimmed(values: pa.Array, codes: _Codes) -> tuple[pa.Array, _Codes]:
    trimmed = pc.utf8_trim_whitespace(values)
    if trimmed.equals(values):
        return values, codes
    encoded = trimmed.dictionary_encode()  # " a" and "a" are one value now
    return encoded.dictionary, np.append(np.asarray(encoded.indices), -1)[codes].astype(np.int64)
