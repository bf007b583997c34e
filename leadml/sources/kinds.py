"""What a column is (number, time or category), and its values as that."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from leadml.errors import SourceError
from leadml.schema import Kind
from leadml.sources.dates import parse_dates
from leadml.sources.distinct import Distinct, Mask
from leadml.sources.folding import fold
from leadml.sources.numbers import parse_numbers
from leadml.sources.quarantine import Quarantine
from leadml.sources.style import Cell, Style, order_of, style_of

__all__ = ["Typed", "cast", "infer_kind"]


class Typed(NamedTuple):
    """A column as double, timestamp[us] or string, and what had to be assumed (or None)."""

    values: pa.Array
    assumption: str | None = None


def infer_kind(column: Distinct, style: Style | None = None) -> Kind:
    """Say what a column is: as the style of the whole says, or else as its own values do."""
    return (style or style_of(column)).kind


def cast(column: Distinct, kind: Kind, name: str, quarantine: Quarantine, style: Style | None = None) -> Typed:
    """Give a column's values as `kind`; rows with a value that is none of the kind are set aside.

    `style` is that of the column which these values are a part of; None: they are all there are.

    Raises:
        SourceError: dates are written in two orders that contradict each other.
    """
    if kind == "number":
        return Typed(_numbers(column, name, quarantine, style))
    if kind == "time":
        return _times(column, name, quarantine, style)
    return Typed(fold(column))


def _numbers(column: Distinct, name: str, quarantine: Quarantine, style: Style | None) -> pa.Array:
    numbers = parse_numbers(column, None if style is None else style.number)
    _reject(~numbers.wellformed, column, name, "not a number", quarantine)
    _reject(numbers.infinite, column, name, "infinity", quarantine)
    return column.rows(numbers.values)


def _times(column: Distinct, name: str, quarantine: Quarantine, style: Style | None) -> Typed:
    dates = parse_dates(column, None if style is None else style.month_first)
    order = order_of(column, dates, quarantine.rows) if style is None else style.order
    if order.day_first and order.month_first:
        raise SourceError(_contradiction(order.day_first, order.month_first, name, quarantine))
    _reject(~dates.wellformed, column, name, "not a date", quarantine)
    _reject(np.asarray(dates.values.is_null()), column, name, "impossible date", quarantine)
    assumption = (
        f"{quarantine.table}, column '{name}': no date tells whether day or month comes first; read with the day first."
        " Write the dates as YYYY-MM-DD to settle it"
    )
    return Typed(column.rows(dates.values), assumption if order.ambiguous else None)


def _reject(per_value: Mask, column: Distinct, name: str, reason: str, quarantine: Quarantine) -> None:
    if per_value.any():
        quarantine.reject(column.mark(per_value), name, column.text(), reason)


def _contradiction(day: Cell, month: Cell, name: str, quarantine: Quarantine) -> str:
    first, second = (f"row {cell.row} has '{cell.text}'" for cell in (day, month))
    return (
        f"{quarantine.table}, column '{name}': the dates are in two contradictory formats, the day first ({first}) and"
        f" the month first ({second}). Write them all as YYYY-MM-DD, or exclude the column."
    )
