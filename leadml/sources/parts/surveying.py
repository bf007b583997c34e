"""What the text of whole tables decides, found while they stream by: parts of them could not tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.schema import ActivityColumns, HistoryColumns, Kind
from leadml.sources.direct import direct
from leadml.sources.distinct import Distinct, distinct, is_plain
from leadml.sources.events import named_fields
from leadml.sources.layout import Layout
from leadml.sources.numbers import Ints
from leadml.sources.style import Style, Styles, Survey

__all__ = ["ColumnSurveys", "FieldSurveys", "activity_kinds", "lead_kinds"]

_CATEGORIES = ("role", "direction")  # among the attributes, these are never anything else


def lead_kinds(layout: Layout, kinds: Mapping[str, Kind]) -> dict[str, Kind | None]:
    """Map the columns of the lead table whose style matters to their kind; None: the values decide on it."""
    roles: dict[str, Kind | None] = {
        "created_at": "time",
        "closed_at": "time",
        "deal_value": "number",
        "lead_cost": "number",
        "order": None,
    }
    found = {layout.roles[role]: kind for role, kind in roles.items() if role in layout.roles}
    for name, column in layout.attributes.items():
        kind = "category" if name in _CATEGORIES else kinds.get(name)
        if kind != "category":
            found[column] = kind if found.get(column, kind) == kind else None
    return found | dict.fromkeys(layout.moments.values())


def activity_kinds(columns: ActivityColumns) -> dict[str, Kind | None]:
    """Map the columns of the activity table whose style matters to their kind."""
    values: dict[str, Kind | None] = {} if columns.value is None else {columns.value: "number"}
    return {columns.occurred_at: "time", **values}


class ColumnSurveys:
    """Surveys of the columns of a table; `kinds` as from `lead_kinds`.

    A column that is not text is of one style anyway, but only the whole tells what kind of column it is.
    """

    def __init__(self, kinds: Mapping[str, Kind | None], missing_values: Sequence[str] = ()) -> None:
        self._kinds = kinds
        self._missing_values = missing_values
        self._surveys = {column: Survey(kind) for column, kind in kinds.items()}

    def add(self, rows: pa.Table, numbers: Ints) -> None:
        """Look at further rows."""
        for column, survey in self._surveys.items():
            values, kind = rows[column], self._kinds[column]
            if not is_plain(values.type) or (kind is not None and not _is_text(values.type)):
                continue
            if kind == "time" and direct(values, kind, self._missing_values) is not None:
                continue  # dates with the year first tell nothing about others
            survey.add(distinct(values, self._missing_values), numbers)

    def styles(self) -> dict[str, Style]:
        """Say what was found."""
        return {column: survey.style() for column, survey in self._surveys.items()}


class FieldSurveys:
    """Surveys of a field history: of its moments, and of the values of each field that is a number or a time."""

    def __init__(self, columns: HistoryColumns, names: Mapping[str, str], kinds: Mapping[str, Kind]) -> None:
        self._columns = columns
        self._names = names
        self._moments = ColumnSurveys({columns.changed_at: "time"})
        self._fields = {name: Survey(kind) for name, kind in kinds.items() if kind != "category"}

    def add(self, rows: pa.Table, numbers: Ints) -> None:
        """Look at further rows."""
        self._moments.add(rows, numbers)
        fields, values = rows[self._columns.field], rows[self._columns.value]
        if not (is_plain(fields.type) and _is_text(values.type)):
            return
        named, texts = named_fields(distinct(fields), self._names), distinct(values)
        for name in pc.unique(named).to_pylist():
            if name in self._fields:
                own = np.asarray(pc.equal(named, name).fill_null(False))
                self._fields[name].add(Distinct(np.where(own, texts.codes, -1), texts.values), numbers)

    def styles(self) -> Styles:
        """Say what was found."""
        return Styles(self._moments.styles(), {name: survey.style() for name, survey in self._fields.items()})


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return any(test(kind) for test in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view))
