"""A group of whole accounts in a worker: checked and made into features by the code that every other run uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.errors import SourceError
from leadml.features import FeaturePlan, feature_columns, snapshots_at
from leadml.operations.spark.shapes import plain, plain_schema
from leadml.operations.spark.undecided import refuse_undecided
from leadml.predict.columns import TYPE_OF_KIND
from leadml.schema import ActivityColumns, HistoryColumns, Kind, LeadColumns, LeadTables
from leadml.sources.check import Wanted, check_tables
from leadml.sources.layout import lay_out
from leadml.sources.quarantine import REJECTS_SCHEMA
from leadml.sources.raw import Raw
from leadml.sources.source import nearest

__all__ = ["GroupWork"]

LEADS, ACTIVITIES, HISTORY = "leads", "activities", "history"
_REJECTED = pa.schema([field for field in REJECTS_SCHEMA if field.name != "row"])  # rows have no number in Spark


@dataclass(frozen=True)
class GroupWork:
    """What is done with each group, and all that it takes.

    `features_of` is a group's account of itself: one column "features" (a struct, null where a row was rejected) and
    one "rejected" (a struct of table, lead_id, column, value and reason, null where a lead has features).
    """

    plan: FeaturePlan
    lead_columns: LeadColumns
    activity_columns: ActivityColumns | None
    history_columns: HistoryColumns | None
    as_of: datetime
    open_only: bool
    now: datetime

    @property
    def kinds(self) -> dict[str, Kind]:
        """What the attributes are that the scorer was trained on."""
        return {attribute.name: attribute.kind for attribute in self.plan.attributes}

    @property
    def schema(self) -> pa.Schema:
        """The columns of what a group gives."""
        keys = pa.schema([("lead_id", pa.string()), ("account_id", pa.string())])
        features = [pa.field(column.name, TYPE_OF_KIND[column.kind]) for column in feature_columns(self.plan)]
        team = [pa.field("team", pa.string())] if self.plan.teams else []
        known = plain_schema(pa.schema([*keys, *features, *team]))
        return pa.schema([("features", pa.struct(list(known))), ("rejected", pa.struct(list(_REJECTED)))])

    def features_of(self, leads: pa.Table, events: pa.Table) -> pa.Table:
        """Features of a group, and the rows that were rejected.

        Args:
            leads: "number" (int64), by which leads are in order, and "leads", a struct of the user's columns.
            events: "activities" and "history", each null or a struct of the user's columns.

        Raises:
            SourceError: a column is missing or cannot be read.
            ColumnsError: the tables lack what the plan was made from.
        """
        tables = self._read(
            {LEADS: _rows(leads.sort_by("number"), LEADS)}
            | {name: _rows(events, name) for name in (ACTIVITIES, HISTORY) if name in events.column_names}
        )
        made = snapshots_at(tables, self.as_of, plan=self.plan, open_only=self.open_only)
        features = made.features.add_column(0, "account_id", made.account_id).add_column(0, "lead_id", made.lead_id)
        return pa.concat_tables(
            [
                self._filled("features", plain(features)),
                self._filled("rejected", tables.rejects.select(_REJECTED.names)),
            ]
        )

    def _read(self, tables: Mapping[str, pa.Table]) -> LeadTables:
        wanted = Wanted(
            leads_table=LEADS,
            lead_columns=self.lead_columns,
            activities_table=ACTIVITIES if self.activity_columns else None,
            activity_columns=self.activity_columns,
            history_table=HISTORY if self.history_columns else None,
            history_columns=self.history_columns,
            kinds=self.kinds,
            now=self.now,
        )
        layout = lay_out(tables[LEADS].column_names, self.lead_columns, f"Spark, table '{LEADS}'", self.kinds)
        read = {name: _selected(name, tables[name], needed) for name, (_, needed) in wanted.tables(layout).items()}
        refuse_undecided(read, wanted, layout)
        return check_tables(lambda name: Raw(read[name], np.arange(1, len(read[name]) + 1), []), wanted, layout)

    def _filled(self, name: str, rows: pa.Table) -> pa.Table:
        """Rows as one column of structs, the other columns empty."""
        schema = self.schema
        cells = {field.name: pa.nulls(rows.num_rows, field.type) for field in schema}
        struct = schema.field(name).type
        whole = rows.cast(pa.schema(list(struct))).combine_chunks()
        columns = [column.chunk(0) if column.num_chunks else pa.array([], column.type) for column in whole.columns]
        cells[name] = pa.StructArray.from_arrays(columns, fields=list(struct))
        return pa.table(cells, schema=schema)


def _selected(name: str, table: pa.Table, columns: Sequence[str]) -> pa.Table:
    for column in columns:
        if column not in table.column_names:
            raise SourceError(
                f"Spark, table '{name}': there is no column '{column}'. {nearest(column, table.column_names)}"
            )
    return table.select(columns)


def _rows(table: pa.Table, name: str) -> pa.Table:
    """The rows of one of the user's tables, which are the structs of a column that are not null."""
    structs = table[name].filter(pc.is_valid(table[name])).combine_chunks()
    return pa.Table.from_struct_array(structs)
