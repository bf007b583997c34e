"""How the text of a column is written, where only all its values together tell: a part of them must not decide."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from leadml.schema import Kind
from leadml.sources.dates import Dates, parse_dates
from leadml.sources.distinct import Distinct, Mask
from leadml.sources.numbers import Ints, NumberFits, number_fits

__all__ = ["NO_STYLES", "Cell", "DateOrder", "Style", "Styles", "Survey", "order_of", "style_of"]

_SHARE = 0.95


class Cell(NamedTuple):
    """A value and the number of its row (1 is the first row of data)."""

    row: int
    text: str


class DateOrder(NamedTuple):
    """The first cells that are a date with the day first alone, and with the month first alone.

    `open_to_both` says that a cell is a date in both orders, and not the same.
    """

    day_first: Cell | None
    month_first: Cell | None
    open_to_both: bool

    @property
    def ambiguous(self) -> bool:
        """Tell whether no cell decides where one is open."""
        return self.open_to_both and not self.day_first and not self.month_first

    def followed_by(self, later: DateOrder) -> DateOrder:
        """The order of a column that goes on."""
        return DateOrder(
            self.day_first or later.day_first,
            self.month_first or later.month_first,
            self.open_to_both or later.open_to_both,
        )


class Style(NamedTuple):
    """What all values of a column decide: its kind, the style of its numbers (see `parse_numbers`) and of its dates."""

    kind: Kind
    number: int
    order: DateOrder

    @property
    def month_first(self) -> bool:
        """Tell whether the month comes first in its dates."""
        return self.order.month_first is not None

    @classmethod
    def from_json(cls, given: Sequence[Any]) -> Style:
        """Read what JSON made of a style."""
        kind, number, (day, month, open_to_both) = given
        return cls(kind, number, DateOrder(day and Cell(*day), month and Cell(*month), open_to_both))


@dataclass(frozen=True)
class Styles:
    """The styles of a table's columns, and of a field history's values by field; who has none decides by itself.

    `tally` is told the name and the values of each column in which spellings are folded: only all parts together tell
    which is the most frequent.
    """

    columns: Mapping[str, Style] = field(default_factory=dict)
    fields: Mapping[str, Style] = field(default_factory=dict)
    tally: Callable[[str, Distinct], None] = lambda name, values: None


NO_STYLES = Styles()


class Survey:
    """Looks at a column piece by piece, in the order of its rows: at its numbers, its dates, or (None) at both."""

    def __init__(self, kind: Kind | None = None) -> None:
        self._kind = kind
        self._present = 0
        self._numbers = NumberFits.none()
        self._dates = 0
        self._order = DateOrder(None, None, False)

    def add(self, column: Distinct, rows: Ints) -> None:
        """Look at a further piece, shape (n,); `rows` numbers its rows."""
        self._present += int(column.weights.sum())
        if self._kind != "time":
            self._numbers = self._numbers.plus(number_fits(column))
        if self._kind != "number":
            dates = parse_dates(column)
            self._dates += int(column.weights[dates.wellformed].sum())
            self._order = self._order.followed_by(order_of(column, dates, rows))

    def style(self) -> Style:
        """Say what the values decide."""
        return Style(self._kind or self._inferred(), self._numbers.style, self._order)

    def _inferred(self) -> Kind:
        """A number or a time where at least 95 % of the values are written as one, else a category."""
        if not self._present:
            return "category"
        if self._numbers.wellformed >= _SHARE * self._present:
            return "number"
        return "time" if self._dates >= _SHARE * self._present else "category"


def style_of(column: Distinct) -> Style:
    """Say what a column's own values decide."""
    survey = Survey()
    survey.add(column, np.arange(1, len(column.codes) + 1))
    return survey.style()


def order_of(column: Distinct, dates: Dates, rows: Ints) -> DateOrder:
    """Find the cells that tell in which order a column's dates are written; `rows` numbers its rows."""
    day, month = (_first(marked, column, rows) for marked in (dates.day_first_only, dates.month_first_only))
    return DateOrder(day, month, dates.open_to_both)


def _first(per_value: Mask, column: Distinct, rows: Ints) -> Cell | None:
    if not per_value.any():
        return None
    position = int(np.argmax(column.mark(per_value)))
    return Cell(int(rows[position]), column.values[int(column.codes[position])].as_py())
