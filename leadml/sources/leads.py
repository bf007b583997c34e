"""The lead table, checked: roles first, then attributes, duplicates last, so that the first good row is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.errors import SourceError
from leadml.schema import EVERY_OTHER, Kind, LeadColumns
from leadml.sources.direct import direct
from leadml.sources.distinct import Distinct, Mask, distinct, is_plain, texts
from leadml.sources.folding import fold
from leadml.sources.kinds import cast, infer_kind
from leadml.sources.layout import Layout
from leadml.sources.quarantine import Quarantine
from leadml.sources.raw import Raw
from leadml.sources.style import NO_STYLES, Styles

__all__ = ["CheckedLeads", "check_leads"]


class CheckedLeads(NamedTuple):
    """The good leads, what each attribute is, why columns were dropped, what was assumed, and the rest.

    `sensitive` has the values of each sensitive column beside the ids of the good leads.
    """

    table: pa.Table
    kinds: dict[str, Kind]
    dropped: dict[str, str]
    assumptions: list[str]
    quarantine: Quarantine
    rejects: pa.Table
    sensitive: dict[str, pa.Table]


def check_leads(
    raw: Raw,
    layout: Layout,
    columns: LeadColumns,
    kinds: Mapping[str, Kind] | None,
    latest: datetime | None,
    styles: Styles = NO_STYLES,
) -> CheckedLeads:
    """Check the lead table.

    `kinds` gives attributes their kinds, where it is None they are inferred. Nothing was created or closed after
    `latest`. `styles` are those of the whole table, where these are only some of its rows.
    """
    check = _LeadCheck(raw, layout, columns, styles)
    check.roles()
    check.future(latest)
    found = check.attributes(kinds)
    check.known_from()
    check.duplicates()
    mask = pa.array(check.quarantine.good)
    table = pa.table(check.cells).filter(mask)
    if kinds is None:
        empty = [name for name in found if table[name].null_count == table.num_rows]
        check.dropped |= {layout.attributes[name]: "no value in any row" for name in empty}
        found = {name: kind for name, kind in found.items() if name not in empty}
        table = table.drop_columns([name for name in empty if name in table.column_names])
    rejects = check.quarantine.rejects(check.ids.text())
    sensitive = {
        column: pa.table({"lead_id": check.cells["lead_id"], "value": values}).filter(mask)
        for column, values in check.sensitive()
    }
    return CheckedLeads(table, found, check.dropped, check.assumptions, check.quarantine, rejects, sensitive)


class _LeadCheck:
    def __init__(self, raw: Raw, layout: Layout, columns: LeadColumns, styles: Styles) -> None:
        self.quarantine = Quarantine("leads", raw.rows, raw.bad)
        self.dropped: dict[str, str] = dict(layout.dropped)
        self.assumptions: list[str] = []
        self.cells: dict[str, pa.Array] = {}
        self._raw = raw
        self._layout = layout
        self._columns = columns
        self._styles = styles.columns
        self._tally = styles.tally
        self.ids = self._lead_ids()

    def roles(self) -> None:
        roles = self._layout.roles
        if "lead_id" in roles:
            self.quarantine.reject(self.ids.missing, roles["lead_id"], self.ids.text(), "missing lead id")
        self.cells["lead_id"] = self.ids.text()
        self._account()
        self._dates()
        if "outcome" in roles:
            self.cells["outcome"] = self._outcome()
        for role in ("owner", "team"):
            if role in roles:
                values = self._distinct(roles[role])
                self._tally(role, values)
                self.cells[role] = fold(values)
        for role in ("deal_value", "lead_cost"):
            self._amount(role)
        self._order()

    def future(self, latest: datetime | None) -> None:
        if "created_at" in self.cells:
            self.quarantine.reject_later(self.cells["created_at"], self._layout.roles["created_at"], latest)
        if "closed_at" in self.cells and "outcome" in self.cells:
            # the close date of an open lead is what sales hope for
            closed = pc.if_else(pc.is_valid(self.cells["outcome"]), self.cells["closed_at"], None)
            self.quarantine.reject_later(closed, self._layout.roles["closed_at"], latest)

    def attributes(self, kinds: Mapping[str, Kind] | None) -> dict[str, Kind]:
        found: dict[str, Kind] = {}
        for name, column in self._layout.attributes.items():
            if not is_plain(self._raw.table[column].type):
                self.dropped[column] = f"holds {self._raw.table[column].type}, not single values"
                continue
            fixed: Kind | None = "category" if name in ("role", "direction") else (kinds or {}).get(name)
            if fixed and (cells := self._direct(column, fixed)) is not None:
                found[name], self.cells[name] = fixed, cells
                continue
            values = self._distinct(column)
            found[name] = fixed or self._kind(values, column)
            if found[name] == "category":
                self._tally(name, values)
            self.cells[name] = self._cast(values, found[name], column)
        return found

    def known_from(self) -> None:
        for name, column in self._layout.moments.items():
            values = self._distinct(column)
            if not values.missing.all() and self._kind(values, column) != "time":
                raise SourceError(
                    f"leads, column '{column}': leads.known_at names it as a column of dates, but it holds none."
                    ' Name another, or say "created" or "closed".'
                )
            self.cells[name] = self._cast(values, "time", column)

    def sensitive(self) -> Iterator[tuple[str, pa.Array]]:
        """Each sensitive column; a value that is not of its kind is missing, as it must cost no lead its place."""
        for column in self._layout.sensitive:
            values = self._distinct(column)
            apart = Quarantine("leads", self._raw.rows, self._raw.bad)
            yield column, cast(values, infer_kind(values), column, apart).values

    def duplicates(self) -> None:
        if "lead_id" not in self._layout.roles:
            return
        good = np.flatnonzero(self.quarantine.good)
        _, first = np.unique(self.ids.codes[good], return_index=True)
        again = self.quarantine.good.copy()
        again[good[first]] = False
        self.quarantine.reject(again, self._layout.roles["lead_id"], self.ids.text(), "duplicate lead id")

    def _lead_ids(self) -> Distinct:
        if "lead_id" in self._layout.roles:
            return self._distinct(self._layout.roles["lead_id"], missing=False)
        return Distinct(np.arange(len(self._raw.rows)), pa.array(self._raw.rows).cast(pa.string()))

    def _account(self) -> None:
        own = self.cells["lead_id"]
        if "account_id" in self._layout.roles:
            column = self._layout.roles["account_id"]
            own = pc.coalesce(texts(self._plain(column), self._columns.missing_values), own)
        self.cells["account_id"] = own

    def _dates(self) -> None:
        roles = self._layout.roles
        for role in ("created_at", "closed_at"):
            if role in roles:
                self.cells[role], missing = self._time(roles[role])
                if role == "created_at":
                    self.quarantine.reject(missing, roles[role], pa.nulls(len(missing), pa.string()), "missing date")
        if "created_at" in roles and "closed_at" in roles:
            early = pc.less(self.cells["closed_at"], self.cells["created_at"]).fill_null(False)
            self.quarantine.reject(
                np.asarray(early), roles["closed_at"], self.cells["closed_at"], "closed before created"
            )

    def _outcome(self) -> pa.Array:
        values = self._distinct(self._layout.roles["outcome"], missing=False)
        meaning = {value.strip().casefold(): "lost" for value in self._columns.lost}
        meaning |= {value.strip().casefold(): "won" for value in self._columns.won}
        other = meaning.pop(EVERY_OTHER, None)
        return values.rows(pa.array([meaning.get(v.casefold(), other) for v in values.values.to_pylist()], pa.string()))

    def _amount(self, role: str) -> None:
        if column := self._layout.roles.get(role):
            self.cells[role] = amounts = self._direct(column, "number")
            if amounts is not None and not pc.any(pc.less(amounts, 0)).as_py():
                return
            values = self._distinct(column)
            self.cells[role] = amounts = self._cast(values, "number", column)
            negative = np.asarray(pc.less(amounts, 0).fill_null(False))
            self.quarantine.reject(negative, column, values.text(), f"negative {role.replace('_', ' ')}")

    def _order(self) -> None:
        if column := self._layout.roles.get("order"):
            values = self._distinct(column)
            kind = self._kind(values, column)
            if kind == "category" and len(self._raw.rows):
                raise SourceError(
                    f"leads, column '{column}': it is to give the order in time but holds neither numbers nor dates."
                    " Choose another column for order_by, or set rows_in_time_order."
                )
            self.cells["order"] = _days(self._cast(values, kind, column))
        elif self._columns.rows_in_time_order:
            self.cells["order"] = pa.array(self._raw.rows).cast(pa.float64())

    def _distinct(self, column: str, *, missing: bool = True) -> Distinct:
        return distinct(self._plain(column), self._columns.missing_values if missing else ())

    def _plain(self, column: str) -> pa.ChunkedArray:
        values = self._raw.table[column]
        if not is_plain(values.type):
            raise SourceError(f"leads, column '{column}': it holds {values.type}, not single values. Choose another.")
        return values

    def _time(self, column: str) -> tuple[pa.Array, Mask]:
        """The moments of a column, and which rows have none written."""
        if (moments := self._direct(column, "time")) is not None:
            return moments, np.asarray(moments.is_null())
        values = self._distinct(column)
        return self._cast(values, "time", column), values.missing

    def _direct(self, column: str, kind: Kind) -> pa.Array | None:
        return direct(self._raw.table[column], kind, self._columns.missing_values, self._styles.get(column))

    def _kind(self, values: Distinct, column: str) -> Kind:
        return infer_kind(values, self._styles.get(column))

    def _cast(self, values: Distinct, kind: Kind, column: str) -> pa.Array:
        cells, assumption = cast(values, kind, column, self.quarantine, self._styles.get(column))
        if assumption and assumption not in self.assumptions:
            self.assumptions.append(assumption)
        return cells


def _days(order: pa.Array) -> pa.Array:
    if not pa.types.is_timestamp(order.type):
        return order
    return pc.divide(order.cast(pa.int64()).cast(pa.float64()), 86_400e6)
