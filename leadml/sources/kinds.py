"""What a column is (number, time or category), decided over all its values; and its values as that."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from leadml.errors import SourceError
from leadml.schema import Kind
from leadml.sources.dates import Dates, parse_dates
from leadml.sources.distinct import Distinct, Mask
from leadml.sources.folding import fold
from leadml.sources.numbers import parse_numbers
from leadml.sources.quarantine import Quarantine

__all__ = ["Typed", "cast", "infer_kind"]

_SHARE = 0.95


class Typed(NamedTuple):
    """A column as double, timestamp[us] or string, and what had to be assumed (or None)."""

    values: pa.Array
    assumption: str | None = None


def infer_kind(column: Distinct) -> Kind:
    """Call a column a number or a time where at least 95 % of its values are written as one, else a category."""
    if not (present := int(column.weights.sum())):
        return "category"
    if column.weights[parse_numbers(column).wellformed].sum() >= _SHARE * present:
        return "number"
    if column.weights[parse_dates(column).wellformed].sum() >= _SHARE * present:
        return "time"
    return "category"


def cast(column: Distinct, kind: Kind, name: str, quarantine: Quarantine) -> Typed:
    """Give a column's values as `kind`; rows with a value that is none of the kind are set aside.

    Raises:
        SourceError: dates are written in two orders that contradict each other.
    """
    if kind == "number":
        return Typed(_numbers(column, name, quarantine))
    if kind == "time":
        return _times(column, name, quarantine)
    return Typed(fold(column))


def _numbers(column: Distinct, name: str, quarantine: Quarantine) -> pa.Array:
    numbers = parse_numbers(column)
    _reject(~numbers.wellformed, column, name, "not a number", quarantine)
    _reject(numbers.infinite, column, name, "infinity", quarantine)
    return column.rows(numbers.values)


def _times(column: Distinct, name: str, quarantine: Quarantine) -> Typed:
    dates = parse_dates(column)
    if dates.day_first_only.any() and dates.month_first_only.any():
        raise SourceError(_contradiction(column, dates, name, quarantine))
    _reject(~dates.wellformed, column, name, "not a date", quarantine)
    _reject(np.asarray(dates.values.is_null()), column, name, "impossible date", quarantine)
    assumption = (
        f"{quarantine.table}, column '{name}': no date tells whether day or month comes first; read with the day first."
        " Write the dates as YYYY-MM-DD to settle it"
    )
    return Typed(column.rows(dates.values), assumption if dates.ambiguous else None)


def _reject(per_value: Mask, column: Distinct, name: str, reason: str, quarantine: Quarantine) -> None:
    if per_value.any():
        quarantine.reject(column.mark(per_value), name, column.text(), reason)


def _contradiction(column: Distinct, dates: Dates, name: str, quarantine: Quarantine) -> str:
    rows = [int(np.argmax(column.mark(marked))) for marked in (dates.day_first_only, dates.month_first_only)]
    day, month = (f"row {quarantine.row(row)} has '{column.values[column.codes[row]]}'" for row in rows)
    return (
        f"{quarantine.table}, column '{name}': the dates are in two contradictory formats, the day first ({day}) and"
        f" the month first ({month}). Write them all as YYYY-MM-DD, or exclude the column."
    )
