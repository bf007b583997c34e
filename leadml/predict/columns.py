"""Rows in whatever shape (Arrow, a DataFrame, dictionaries) -> Arrow columns of the contracted kinds, by name.

Order and extra columns do not matter. A column that is absent counts as missing values, as a lead form may leave out
what nobody filled in; but rows that lack most of the columns belong to another scorer, and are refused.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.errors import ColumnsError
from leadml.predict.arrays import from_texts, from_values
from leadml.predict.encoding import Column, to_dictionary

TIME = pa.timestamp("us")
TYPE_OF_KIND = {"number": pa.float64(), "category": pa.string(), "time": TIME}
_REFUSED = (
    pa.types.is_nested,
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_binary_view,
    pa.types.is_fixed_size_binary,
)
# What pyarrow raises for values that have no type in common; a whole number beyond 64 bits is one of them.
_SEVERAL_TYPES = (
    pa.ArrowInvalid,
    pa.ArrowTypeError,
    pa.ArrowNotImplementedError,
    OverflowError,
    UnicodeEncodeError,
)


def read_columns(rows: Any, columns: Sequence[Column]) -> pa.Table:
    """The contracted columns of `rows`, in the contract's order and types.

    Args:
        rows: a pyarrow Table or RecordBatch, a pandas or other Arrow-capable DataFrame, or a list of dictionaries.
        columns: the column contract.

    Returns:
        A table with one column per contracted column: number -> float64, category -> string (or dictionary of strings),
        time -> timestamp[us] in UTC without a zone.

    Raises:
        ColumnsError: rows of another shape, most columns absent, or a value that is not of its column's kind.
    """
    rows = materialize(rows)
    brought = bring_columns(rows, [column.name for column in columns])
    absent = [column.name for column in columns if column.name not in brought]
    if len(absent) * 2 > len(columns):
        raise ColumnsError(
            f"These rows lack {len(absent)} of the {len(columns)} columns this scorer was trained on "
            f"({_listed(absent)}). Score the table it was trained for, or train a scorer on this one."
        )
    if absent and not _are_dictionaries(rows):
        warnings.warn(f"Columns absent from the rows count as missing values: {_listed(absent)}.", stacklevel=3)
    arrays = [
        coerce(brought[c.name], c) if c.name in brought else pa.nulls(len(rows), TYPE_OF_KIND[c.kind]) for c in columns
    ]
    return pa.table(arrays, names=[column.name for column in columns])


def read_ids(rows: Any, name: str) -> pa.ChunkedArray | pa.Array:
    """The column `name` of `rows` as text, whatever its type.

    Raises:
        ColumnsError: there is no such column, or it holds nested or binary values.
    """
    brought = bring_columns(rows, [name])
    if name not in brought:
        raise ColumnsError(f"The rows have no column {name!r} to hand through as the lead's id.")
    return coerce(brought[name], Column(name, "category", "fit", name)).cast(pa.string())


def materialize(rows: Any) -> Any:
    """Rows that can be read more than once and know their number: what streams Arrow data becomes a table.

    Raises:
        ColumnsError: rows of another shape.
    """
    if isinstance(rows, pa.Table) or _is_frame(rows) or _are_dictionaries(rows):
        return rows
    if isinstance(rows, pa.RecordBatch):
        return pa.Table.from_batches([rows])
    if hasattr(rows, "__arrow_c_stream__"):
        try:
            return pa.table(rows)
        except pa.ArrowInvalid:  # one column, not a table
            pass
    raise ColumnsError(
        f"Rows must be an Arrow table, a DataFrame or a list of dictionaries, got {type(rows).__name__} instead."
    )


def coerce(values: pa.ChunkedArray | pa.Array, column: Column) -> pa.ChunkedArray | pa.Array:
    """Bring one column's values to the type of its kind.

    Raises:
        ColumnsError: a value is not of the kind; the message names column, row and value.
    """
    if values.null_count == len(values):  # whatever its type, it says nothing
        return pa.nulls(len(values), TYPE_OF_KIND[column.kind])
    if pa.types.is_dictionary(values.type):
        return _through_dictionary(values, column)
    wanted = f"Column {column.name!r} holds {values.type} values; a lead attribute must be a text, number or time."
    if isinstance(values.type, pa.BaseExtensionType) or any(is_refused(values.type) for is_refused in _REFUSED):
        raise ColumnsError(wanted)
    try:
        return _CONVERT[column.kind](values, column)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise ColumnsError(f"{wanted} ({error})") from None


def plain_number(value: float) -> str:
    """A number as the text of a category: whole numbers without a decimal point."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def bring_columns(rows: Any, names: Iterable[str]) -> Mapping[str, pa.ChunkedArray | pa.Array]:
    """Those of the named columns that `rows` have, in whatever type they come; see `read_columns`.

    Raises:
        ColumnsError: rows of another shape, or several columns of one of the names.
    """
    rows = materialize(rows)
    if _are_dictionaries(rows):
        return {
            name: _from_values([row.get(name) for row in rows])
            for name in names
            if not rows or any(name in row for row in rows)
        }
    positions: dict[str, list[int]] = {}
    for position, found in enumerate(rows.columns if _is_frame(rows) else rows.column_names):
        positions.setdefault(str(found), []).append(position)
    twice = [name for name in dict.fromkeys(names) if len(positions.get(name, ())) > 1]
    if twice:
        raise ColumnsError(f"The rows have several columns named {_listed(twice)}. Rename or drop all but one.")
    take = _from_series if _is_frame(rows) else lambda column: column
    return {name: take(_nth(rows, positions[name][0])) for name in names if name in positions}


def _nth(rows: Any, position: int) -> Any:
    return rows.iloc[:, position] if _is_frame(rows) else rows.column(position)


def _is_frame(rows: Any) -> bool:
    return hasattr(rows, "iloc") and hasattr(rows, "columns")


def _are_dictionaries(rows: Any) -> bool:
    return isinstance(rows, list | tuple) and all(isinstance(row, Mapping) for row in rows)


def _from_series(series: Any) -> pa.ChunkedArray | pa.Array:
    try:
        return pa.array(series, from_pandas=True)
    except _SEVERAL_TYPES:
        return _from_values(list(series))


def _from_values(values: list[Any]) -> pa.Array:
    try:
        return from_values(values)
    except _SEVERAL_TYPES:
        # Values of several types in one column: their text is what they have in common.
        return from_texts([_text_of(value) for value in values])


def _text_of(value: Any) -> str | None:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):  # pandas may not be installed
        return None
    if isinstance(value, float | np.floating):
        return None if np.isnan(value) else plain_number(float(value))
    return str(value).encode("utf-8", "replace").decode()  # half a surrogate pair is no text


def _through_dictionary(values: pa.ChunkedArray | pa.Array, column: Column) -> pa.Array:
    encoded = to_dictionary(values)
    if column.kind != "category" and _is_text(values.type.value_type):
        return _CONVERT[column.kind](encoded, column)
    converted = coerce(encoded.dictionary, column)
    if column.kind == "category":
        return pa.DictionaryArray.from_arrays(encoded.indices, converted)
    return converted.take(encoded.indices)


def _as_text(values: pa.ChunkedArray | pa.Array, column: Column) -> pa.ChunkedArray | pa.Array:
    if pa.types.is_floating(values.type) or pa.types.is_decimal(values.type):
        return _by_distinct(
            values.cast(pa.float64()), lambda v: None if v != v else plain_number(v), pa.string(), column
        )
    return values.cast(pa.string())


def _as_number(values: pa.ChunkedArray | pa.Array, column: Column) -> pa.ChunkedArray | pa.Array:
    if pa.types.is_temporal(values.type):
        raise ColumnsError(f"Column {column.name!r} was a number in training, but these rows bring {values.type}.")
    if _is_text(values.type):
        return _by_distinct(values, float, pa.float64(), column)
    return values.cast(pa.float64(), safe=False)


def _as_time(values: pa.ChunkedArray | pa.Array, column: Column) -> pa.ChunkedArray | pa.Array:
    if _is_text(values.type):
        return _by_distinct(values, _parse_time, TIME, column)
    if pa.types.is_timestamp(values.type) or pa.types.is_date(values.type):
        utc = values.cast(pa.timestamp(values.type.unit)) if pa.types.is_timestamp(values.type) else values
        return utc.cast(TIME, safe=False)
    raise ColumnsError(f"Column {column.name!r} was a time in training, but these rows bring {values.type}.")


_CONVERT = {"number": _as_number, "category": _as_text, "time": _as_time}


def _parse_time(text: str) -> int:
    """Microseconds since 1970, UTC; a text without a zone is UTC already."""
    moment = datetime.fromisoformat(text)
    utc = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (utc - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _by_distinct(
    values: pa.ChunkedArray | pa.Array, convert: Callable[[Any], Any], kind: pa.DataType, column: Column
) -> pa.Array:
    """Convert each distinct value once. Blank texts are missing; a value that fails is named."""
    encoded = to_dictionary(values)
    converted = []
    for position, value in enumerate(encoded.dictionary.to_pylist()):
        stripped = value.strip() if isinstance(value, str) else value
        try:
            converted.append(None if stripped == "" else convert(stripped))
        except (ValueError, OverflowError):
            row = pc.index(encoded.indices, position).as_py() + 1
            if not row:  # a level of a dictionary that no row uses
                converted.append(None)
                continue
            raise ColumnsError(
                f"Column {column.name!r} was a {column.kind} in training, but row {row} brings {value!r}. "
                "Mend the value, or leave it empty."
            ) from None
    return from_values(converted).cast(kind).take(encoded.indices)


def _listed(names: Sequence[str], most: int = 8) -> str:
    shown = ", ".join(repr(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
