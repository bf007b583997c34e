"""Rows in whatever shape (Arrow, a DataFrame, dictionaries) -> Arrow columns of the contracted kinds, by name.

Order and extra columns do not matter. A column that is absent counts as missing values, as a lead form may leave out
what nobody filled in; but rows that lack most of the columns belong to another scorer, and are refused.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from leadml.errors import ColumnsError
from leadml.predict.encoding import Column

TIME = pa.timestamp("us")
_TYPE_OF_KIND = {"number": pa.float64(), "category": pa.string(), "time": TIME}


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
    brought = bring_columns(rows, [column.name for column in columns])
    absent = [column.name for column in columns if column.name not in brought]
    if len(absent) * 2 > len(columns):
        raise ColumnsError(
            f"These rows lack {len(absent)} of the {len(columns)} columns this scorer was trained on "
            f"({_listed(absent)}). Score the table it was trained for, or train a scorer on this one."
        )
    if absent and not _are_dictionaries(rows):
        warnings.warn(f"Columns absent from the rows count as missing values: {_listed(absent)}.", stacklevel=3)
    count = _row_count(rows)
    arrays = [
        coerce(brought[c.name], c) if c.name in brought else pa.nulls(count, _TYPE_OF_KIND[c.kind]) for c in columns
    ]
    return pa.table(arrays, names=[column.name for column in columns])


def coerce(values: pa.ChunkedArray | pa.Array, column: Column) -> pa.ChunkedArray | pa.Array:
    """Bring one column's values to the type of its kind.

    Raises:
        ColumnsError: a value is not of the kind; the message names column, row and value.

    """
    kind = values.type
    if pa.types.is_nested(kind) or pa.types.is_binary(kind):
        raise ColumnsError(
            f"Column {column.name!r} holds {kind} values; a lead attribute must be a text, number or time."
        )
    if pa.types.is_null(kind):
        return pa.nulls(len(values), _TYPE_OF_KIND[column.kind])
    if column.kind == "category":
        return _as_text(values)
    if pa.types.is_dictionary(kind):
        values = values.cast(kind.value_type)
    return _as_number(values, column) if column.kind == "number" else _as_time(values, column)


def plain_number(value: float) -> str:
    """A number as the text of a category: whole numbers without a decimal point."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def bring_columns(rows: Any, names: Iterable[str]) -> Mapping[str, pa.ChunkedArray | pa.Array]:
    """Those of the named columns that `rows` have, in whatever type they come; see `read_columns`."""
    if isinstance(rows, pa.RecordBatch):
        rows = pa.Table.from_batches([rows])
    if not isinstance(rows, pa.Table) and hasattr(rows, "iloc"):
        by_name = {str(name): position for position, name in enumerate(rows.columns)}
        return {name: _from_series(rows.iloc[:, by_name[name]]) for name in names if name in by_name}
    if not isinstance(rows, pa.Table) and hasattr(rows, "__arrow_c_stream__"):
        rows = pa.table(rows)
    if isinstance(rows, pa.Table):
        return {name: rows.column(rows.schema.get_field_index(name)) for name in names if _has_one(rows, name)}
    if _are_dictionaries(rows):
        return {name: _from_values([row.get(name) for row in rows]) for name in names if any(name in r for r in rows)}
    raise ColumnsError(
        f"Rows must be an Arrow table, a DataFrame or a list of dictionaries, got {type(rows).__name__} instead."
    )


def _has_one(table: pa.Table, name: str) -> bool:
    count: int = table.column_names.count(name)
    if count > 1:
        raise ColumnsError(f"The rows have {count} columns named {name!r}. Rename or drop all but one.")
    return count == 1


def _are_dictionaries(rows: Any) -> bool:
    return isinstance(rows, list | tuple) and all(isinstance(row, Mapping) for row in rows)


def _row_count(rows: Any) -> int:
    return int(rows.num_rows) if isinstance(rows, pa.Table | pa.RecordBatch) else len(rows)


def _from_series(series: Any) -> pa.ChunkedArray | pa.Array:
    try:
        return pa.array(series, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return _from_values([None if missing else value for value, missing in zip(series, series.isna(), strict=True)])


def _from_values(values: list[Any]) -> pa.Array:
    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        # Values of several types in one column: their text is what they have in common.
        return pa.array([None if value is None else str(value) for value in values], pa.string())


def _as_text(values: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    kind = values.type
    if pa.types.is_dictionary(kind):
        return values if pa.types.is_string(kind.value_type) else _as_text(values.cast(kind.value_type))
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _by_distinct(values.cast(pa.float64()), lambda value: None if value != value else plain_number(value))
    return values.cast(pa.string())


def _as_number(values: pa.ChunkedArray | pa.Array, column: Column) -> pa.ChunkedArray | pa.Array:
    if pa.types.is_temporal(values.type):
        raise ColumnsError(f"Column {column.name!r} was a number in training, but these rows bring {values.type}.")
    if _is_text(values.type):
        return _by_distinct(values, float, pa.float64(), column)
    return values.cast(pa.float64())


def _as_time(values: pa.ChunkedArray | pa.Array, column: Column) -> pa.ChunkedArray | pa.Array:
    if _is_text(values.type):
        return _by_distinct(values, _parse_time, TIME, column)
    if pa.types.is_timestamp(values.type) or pa.types.is_date(values.type):
        utc = values.cast(pa.timestamp(values.type.unit)) if pa.types.is_timestamp(values.type) else values
        return utc.cast(TIME, safe=False)
    raise ColumnsError(f"Column {column.name!r} was a time in training, but these rows bring {values.type}.")


def _parse_time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _by_distinct(
    values: pa.ChunkedArray | pa.Array,
    convert: Callable[[Any], Any],
    kind: pa.DataType = None,
    column: Any = None,
) -> pa.Array:
    """Convert each distinct value once. Blank texts are missing; a value that fails is named."""
    array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    encoded = array.dictionary_encode()
    converted = []
    for position, value in enumerate(encoded.dictionary.to_pylist()):
        stripped = value.strip() if isinstance(value, str) else value
        try:
            converted.append(None if stripped == "" else convert(stripped))
        except ValueError:
            row = pc.index(encoded.indices, position).as_py() + 1
            raise ColumnsError(
                f"Column {column.name!r} was a {column.kind} in training, but row {row} brings {value!r}. "
                "Mend the value, or leave it empty."
            ) from None
    return pa.array(converted, kind or pa.string()).take(encoded.indices)


def _listed(names: Sequence[str], most: int = 8) -> str:
    shown = ", ".join(repr(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
