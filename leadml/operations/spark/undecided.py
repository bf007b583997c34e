"""Text whose meaning only the whole column could tell is refused, as a group of accounts sees a part of it alone.

On one machine all values of a column decide together whether the day or the month comes first, or which mark parts the
thousands. Groups that decided for themselves could contradict each other without anybody noticing.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from leadml.errors import ColumnsError
from leadml.sources.check import Wanted
from leadml.sources.layout import Layout
from leadml.sources.parts.surveying import ColumnSurveys, FieldSurveys, activity_kinds, lead_kinds
from leadml.sources.style import Style

__all__ = ["refuse_undecided"]


def refuse_undecided(tables: Mapping[str, pa.Table], wanted: Wanted, layout: Layout) -> None:
    """Look at the dates and numbers that are held as text.

    Raises:
        ColumnsError: dates have the year last, or numbers are not written plainly.
    """
    kinds = wanted.kinds or {}
    leads = ColumnSurveys(lead_kinds(layout, kinds), wanted.lead_columns.missing_values)
    leads.add(tables["leads"], _numbers(tables["leads"]))
    _refuse("leads", leads.styles())
    if (activities := wanted.activity_columns) is not None:
        events = ColumnSurveys(activity_kinds(activities))
        events.add(tables["activities"], _numbers(tables["activities"]))
        _refuse("activities", events.styles())
    if (history := wanted.history_columns) is not None:
        changes = FieldSurveys(history, {**layout.roles, **layout.attributes}, kinds)
        changes.add(tables["history"], _numbers(tables["history"]))
        styles = changes.styles()
        _refuse("history", styles.columns)
        _refuse("history", {f"{history.value}, field {name}": style for name, style in styles.fields.items()})


def _numbers(table: pa.Table) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.arange(1, table.num_rows + 1)


def _refuse(table: str, styles: Mapping[str, Style]) -> None:
    for column, style in styles.items():
        order = style.order
        if order.day_first or order.month_first or order.open_to_both:
            seen = next((f" ({cell.text!r})" for cell in order[:2] if cell), "")
            raise ColumnsError(
                f"{table}, column '{column}': it holds texts that are dates with the year last{seen}, and a part of "
                "the rows cannot tell whether the day or the month comes first. Make timestamps of them before, such "
                "as to_timestamp(COLUMN, 'dd/MM/yyyy')."
            )
        if style.number:
            raise ColumnsError(
                f"{table}, column '{column}': it holds texts that are numbers with commas, and a part of the rows "
                "cannot tell what parts thousands and what decimals. Make numbers of them before."
            )
