"""Activities, field history and decisions, checked against the leads that were kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.errors import SourceError
from leadml.schema import ActivityColumns, HistoryColumns, Kind
from leadml.sources.direct import direct
from leadml.sources.distinct import Distinct, Mask, distinct, is_plain
from leadml.sources.folding import fold
from leadml.sources.kinds import cast
from leadml.sources.quarantine import Quarantine
from leadml.sources.raw import Raw
from leadml.sources.style import NO_STYLES, Style, Styles

__all__ = ["CheckedEvents", "check_activities", "check_decisions", "check_history", "named_fields"]


class CheckedEvents(NamedTuple):
    """The good rows, what was assumed, the quarantine and its rejects."""

    table: pa.Table
    assumptions: list[str]
    quarantine: Quarantine
    rejects: pa.Table


def check_activities(
    raw: Raw,
    columns: ActivityColumns,
    lead_ids: pa.ChunkedArray,
    latest: datetime | None,
    styles: Styles = NO_STYLES,
) -> CheckedEvents:
    """Check the activity table; an activity without a value counts as 1, one after `latest` has not happened yet.

    `styles` are those of the whole table, where these are only some of its rows.
    """
    check = _EventCheck("activities", raw, columns.lead, lead_ids, latest, styles)
    check.moment("occurred_at", columns.occurred_at)
    types = check.required(columns.type, "missing type")
    styles.tally("type", types)
    check.cells["type"] = fold(types)
    if columns.value is None:
        check.cells["value"] = pa.array(np.ones(len(raw.rows)))
    else:
        check.cells["value"] = check.number(columns.value).fill_null(1.0)
    return check.result()


def check_history(
    raw: Raw,
    columns: HistoryColumns,
    lead_ids: pa.ChunkedArray,
    names: Mapping[str, str],
    kinds: Mapping[str, Kind],
    latest: datetime | None,
    styles: Styles = NO_STYLES,
) -> CheckedEvents:
    """Check the field history, up to `latest`; `styles` as for `check_activities`.

    `names` maps a role or attribute to the user's column: fields are named like these from here on, so that what is
    never learnt from (an outcome, a deal value, an owner) is not learnt from through its history. `kinds` says what an
    attribute is: the values of a number or a time are given in one style, "1234.5" or ISO dates.
    """
    check = _EventCheck("history", raw, columns.lead, lead_ids, latest, styles)
    check.moment("changed_at", columns.changed_at)
    fields = check.required(columns.field, "missing field")
    check.cells["field"] = named_fields(fields, names)
    values = check.distinct(columns.value)
    texts = values.text()
    for name, kind in kinds.items():
        rows = np.asarray(pc.equal(check.cells["field"], name).fill_null(False))
        if kind != "category" and rows.any():
            own = Distinct(np.where(rows, values.codes, -1), values.values)
            typed = check.typed(own, kind, columns.value, styles.fields.get(name))
            texts = pc.if_else(pa.array(rows), typed.cast(pa.string()), texts)
    check.cells["value"] = texts
    return check.result()


def named_fields(fields: Distinct, names: Mapping[str, str]) -> pa.Array:
    """Give each row's field by the canonical name; `names` maps that to the user's column."""
    renamed = {column: name for name, column in names.items()}
    return fields.rows(pa.array([renamed.get(value, value) for value in fields.values.to_pylist()], pa.string()))


def check_decisions(
    raw: Raw, lead_ids: pa.ChunkedArray, known: Collection[str], latest: datetime | None
) -> CheckedEvents:
    """Check the decisions of people, which another program may have written: one of the `known` words, in any letters.

    The columns are "lead_id", "decision" and "decided_at"; "reason" and "decided_by" may be missing or empty.
    """
    check = _EventCheck("lead_decisions", raw, "lead_id", lead_ids, latest)
    check.moment("decided_at", "decided_at")
    decisions = check.required("decision", "missing decision")
    folded = [text.casefold() for text in decisions.values.to_pylist()]
    foreign = np.array([text not in known for text in folded], bool)
    check.quarantine.reject(decisions.mark(foreign), "decision", decisions.text(), "unknown decision")
    check.cells["decision"] = decisions.rows(pa.array(folded, pa.string()))
    for column in ("reason", "decided_by"):
        written = column in raw.table.column_names
        check.cells[column] = check.distinct(column).text() if written else pa.nulls(len(raw.rows), pa.string())
    return check.result()


class _EventCheck:
    def __init__(
        self,
        table: str,
        raw: Raw,
        lead: str,
        lead_ids: pa.ChunkedArray,
        latest: datetime | None,
        styles: Styles = NO_STYLES,
    ) -> None:
        self.quarantine = Quarantine(table, raw.rows, raw.bad)
        self._raw = raw
        self._latest = latest
        self._styles = styles.columns
        self._assumptions: list[str] = []
        leads = self.distinct(lead)
        self._leads = leads.text()
        self.cells: dict[str, pa.Array] = {"lead_id": self._leads}
        unknown = ~np.asarray(pc.is_in(leads.values, value_set=lead_ids).fill_null(False))
        self.quarantine.reject(leads.missing, lead, self._leads, "missing lead id")
        self.quarantine.reject(leads.mark(unknown), lead, self._leads, "unknown lead")

    def moment(self, name: str, column: str) -> None:
        if (moments := self._direct(column, "time")) is None:
            values = self.distinct(column)
            self._missing_date(values.missing, column)
            moments = self.typed(values, "time", column)
        else:
            self._missing_date(np.asarray(moments.is_null()), column)
        self.cells[name] = moments
        self.quarantine.reject_later(moments, column, self._latest)

    def number(self, column: str) -> pa.Array:
        numbers = self._direct(column, "number")
        return self.typed(self.distinct(column), "number", column) if numbers is None else numbers

    def required(self, column: str, reason: str) -> Distinct:
        values = self.distinct(column)
        self.quarantine.reject(values.missing, column, values.text(), reason)
        return values

    def typed(self, values: Distinct, kind: Kind, column: str, style: Style | None = None) -> pa.Array:
        cells, assumption = cast(values, kind, column, self.quarantine, style or self._styles.get(column))
        if assumption and assumption not in self._assumptions:  # fields of a history share a column
            self._assumptions.append(assumption)
        return cells

    def _missing_date(self, missing: Mask, column: str) -> None:
        self.quarantine.reject(missing, column, pa.nulls(len(missing), pa.string()), "missing date")

    def _direct(self, column: str, kind: Kind) -> pa.Array | None:
        return direct(self._raw.table[column], kind, (), self._styles.get(column))

    def distinct(self, column: str) -> Distinct:
        values = self._raw.table[column]
        if not is_plain(values.type):
            raise SourceError(f"{self.quarantine.table}, column '{column}': it holds {values.type}. Choose another.")
        return distinct(values)

    def result(self) -> CheckedEvents:
        table = pa.table(self.cells).filter(pa.array(self.quarantine.good))
        return CheckedEvents(table, self._assumptions, self.quarantine, self.quarantine.rejects(self._leads))
