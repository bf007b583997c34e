"""Streams the tables of a source to local disk once, cut into parts of whole accounts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.schema import Kind
from leadml.sources.check import Wanted
from leadml.sources.distinct import Mask, is_plain, texts
from leadml.sources.layout import Layout
from leadml.sources.parts.cutting import CutTable
from leadml.sources.parts.files import ROW, Cutter
from leadml.sources.parts.further import Further
from leadml.sources.parts.hashing import Hasher, Hashes, Parts, PartsOfLeads
from leadml.sources.parts.numbering import Numbered, RowNumbers, numbered
from leadml.sources.parts.surveying import ColumnSurveys, FieldSurveys, activity_kinds, lead_kinds
from leadml.sources.raw import Raw
from leadml.sources.source import Among, BadRow, Source
from leadml.sources.style import Styles

__all__ = ["Cut", "cut"]


@dataclass
class Cut:
    """The tables in parts, the styles of the whole ones, and rows of further tables that no cells could be cut from."""

    tables: dict[str, CutTable] = field(default_factory=dict)
    styles: dict[str, Styles] = field(default_factory=dict)
    bad: dict[str, list[BadRow]] = field(default_factory=dict)

    def raw(self, part: int, name: str) -> Raw:
        """Read a part of a table, in the order of its rows."""
        return self.tables[name].raw(part)


def cut(
    source: Source,
    folder: Path,
    wanted: Wanted,
    layout: Layout,
    *,
    rows: int,
    count: int,
    further: Mapping[str, Further],
    beside: Source,
    accounts: pa.Array | None,
) -> Cut:
    """Cut leads, activities and history into `folder/raw`, and further tables, which are `beside`, into `others`.

    There are so many parts (`count`), for about so many `rows` of leads.
    """
    (folder / "raw").mkdir(mode=0o700)
    (folder / "others").mkdir(mode=0o700)
    with Hasher() as hasher:
        cutting = _Cutting(source, folder, wanted, layout, rows, count, hasher, accounts)
        cutting.leads()
        cutting.events()
        for number, (table, how) in enumerate(further.items()):
            cutting.other(beside, table, how, folder / "others" / str(number))
    return cutting.done


class _Cutting:
    def __init__(
        self,
        source: Source,
        folder: Path,
        wanted: Wanted,
        layout: Layout,
        rows: int,
        count: int,
        hasher: Hasher,
        accounts: pa.Array | None,
    ) -> None:
        self.done = Cut()
        self._source = source
        self._folder = folder
        self._wanted = wanted
        self._layout = layout
        self._rows = max(rows, 1)
        self._count = count
        self._hasher = hasher
        self._accounts = accounts if "lead_id" in layout.roles else None  # a row number names no row of a choice
        self._places = wanted.tables(layout)
        self._parts = PartsOfLeads(count)
        self._ids: list[pa.Array] = []

    def leads(self) -> None:
        """Cut the lead table by account."""
        kinds, missing = self._wanted.kinds or {}, self._wanted.lead_columns.missing_values
        surveys = ColumnSurveys(lead_kinds(self._layout, kinds), missing)
        table = self._cut_table("leads")
        for batch in self._lead_rows():
            ids = self._lead_ids(batch)
            hashes = self._hasher.of(ids)
            parts = self._parts_of_rows(batch, hashes)
            self._parts.add(hashes, parts, batch.numbers)
            table.add(batch, parts)
            surveys.add(batch.rows, batch.numbers)
            if self._accounts is not None:
                self._ids.append(ids.drop_null())
        table.move(*self._parts.settle())
        table.close()
        self.done.styles["leads"] = Styles(surveys.styles())

    def events(self) -> None:
        """Cut activities and history by the lead that they are of."""
        if "activities" in self._places and self._wanted.activity_columns is not None:
            columns = self._wanted.activity_columns
            surveys = ColumnSurveys(activity_kinds(columns))
            self._follow("activities", columns.lead, surveys)
            self.done.styles["activities"] = Styles(surveys.styles())
        if "history" in self._places and self._wanted.history_columns is not None:
            names = {**self._layout.roles, **self._layout.attributes}
            fields = FieldSurveys(self._wanted.history_columns, names, self._kinds())
            self._follow("history", self._wanted.history_columns.lead, fields)
            self.done.styles["history"] = fields.styles()

    def other(self, place: Source, table: str, how: Further, folder: Path) -> None:
        """Cut a table that is not checked by the lead that its rows are of."""
        cutter = Cutter(folder, self._count)
        columns = None if how.columns is None else list(dict.fromkeys([how.lead, *how.columns]))
        self.done.bad[table] = []
        chosen = self._chosen_accounts(how.lead) if how.of_accounts else self._chosen(how.lead)
        for batch in numbered(place, table, columns, chosen):
            rows = batch.rows.append_column(ROW, pa.array(batch.numbers))
            cutter.add(
                rows, self._part_of_accounts(rows, how.lead) if how.of_accounts else self._part_of(rows, how.lead)
            )
            self.done.bad[table] += batch.bad
            schema = rows.schema
        cutter.close(schema)

    def _follow(self, name: str, column: str, surveys: ColumnSurveys | FieldSurveys) -> None:
        table = self._cut_table(name)
        place, columns = self._places[name]
        for batch in numbered(self._source, place, columns, self._chosen(column)):
            table.add(batch, self._part_of(batch.rows, column))
            surveys.add(batch.rows, batch.numbers)
        table.close()

    def _parts_of_rows(self, batch: Numbered, leads: Hashes) -> Parts:
        """By account; without accounts in the order of the table, as neighbours often lie together in indexes, too."""
        if "account_id" not in self._layout.roles:
            return np.minimum((batch.numbers - 1) * self._count // self._rows, self._count - 1).astype(np.uint16)
        own = self._hasher.of(self._account_of(batch))
        return (np.where(own > 0, own, leads) % np.uint64(self._count)).astype(np.uint16)

    def _part_of_accounts(self, rows: pa.Table, column: str) -> Parts:
        parts: Parts = (self._hasher.of(_texts(rows[column])) % np.uint64(self._count)).astype(np.uint16)
        return parts

    def _chosen_accounts(self, column: str) -> Among | None:
        return None if self._accounts is None else Among(column, self._accounts)

    def _part_of(self, rows: pa.Table, column: str) -> Parts:
        return self._parts.of(self._hasher.of(_texts(rows[column])))

    def _cut_table(self, name: str) -> CutTable:
        table = self.done.tables[name] = CutTable(self._folder / "raw" / name, self._count)
        return table

    def _lead_rows(self) -> Iterator[Numbered]:
        place, columns = self._places["leads"]
        account = self._layout.roles.get("account_id")
        lead = self._layout.roles.get("lead_id")
        if self._accounts is None or lead is None:
            yield from numbered(self._source, place, columns)
        elif account is None:
            yield from numbered(self._source, place, columns, Among(lead, self._accounts))
        else:
            yield from self._of_accounts(place, columns, self._with_doubles(place, account, lead), account, lead)

    def _with_doubles(self, place: str, account: str, lead: str) -> pa.Array:
        """The accounts, and those that further rows of their leads name: which row is good shows only later."""
        columns, accounts = list(dict.fromkeys([lead, account])), pc.unique(self._accounts)
        while True:
            found = self._of_accounts(place, columns, accounts, account, lead)
            ids = pc.unique(pa.concat_arrays([self._lead_ids(batch).drop_null() for batch in found]))
            rows = numbered(self._source, place, columns, Among(lead, ids))
            named = [pc.coalesce(self._account_of(batch), self._lead_ids(batch)) for batch in rows]
            every = pc.unique(pa.concat_arrays([accounts, *named]).drop_null())
            if len(every) == len(accounts):
                return accounts
            accounts = every

    def _of_accounts(
        self, place: str, columns: Sequence[str], accounts: pa.Array, account: str, lead: str
    ) -> Iterator[Numbered]:
        numbers = RowNumbers()
        yield from numbered(self._source, place, columns, Among(account, accounts), numbers)
        for batch in numbered(self._source, place, columns, Among(lead, accounts), numbers):
            yield _chosen(batch, np.asarray(self._account_of(batch).is_null()))  # these are accounts of their own

    def _lead_ids(self, batch: Numbered) -> pa.Array:
        if (column := self._layout.roles.get("lead_id")) is None:
            return pa.array(batch.numbers).cast(pa.string())
        return _texts(batch.rows[column])

    def _account_of(self, batch: Numbered) -> pa.Array:
        if (column := self._layout.roles.get("account_id")) is None:
            return pa.nulls(batch.rows.num_rows, pa.string())
        return _texts(batch.rows[column], self._wanted.lead_columns.missing_values)

    def _chosen(self, column: str) -> Among | None:
        if self._accounts is None:
            return None
        return Among(column, pc.unique(pa.concat_arrays(self._ids)))

    def _kinds(self) -> dict[str, Kind]:
        given, styles = self._wanted.kinds or {}, self.done.styles["leads"].columns
        kinds: dict[str, Kind] = {}
        for name, column in self._layout.attributes.items():
            if name in ("role", "direction"):
                kinds[name] = "category"
            elif name in given:
                kinds[name] = given[name]
            elif column in styles:
                kinds[name] = styles[column].kind
        return kinds


def _texts(column: pa.ChunkedArray, missing_values: Sequence[str] = ()) -> pa.Array:
    """The text of ids; what is no id at all is refused when the first part is checked."""
    return texts(column, missing_values) if is_plain(column.type) else pa.nulls(len(column), pa.string())


def _chosen(batch: Numbered, mask: Mask) -> Numbered:
    return Numbered(batch.rows.filter(pa.array(mask)), batch.numbers[mask], batch.bad)
