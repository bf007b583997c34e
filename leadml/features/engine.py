"""DuckDB in this process, and the tables that the feature queries see.

Leads, accounts, types, fields and moments become whole numbers first. So no name or text that a user wrote is ever
part of a query, joins compare integers, and sums are exact: they do not depend on the order of rows or on threads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.errors import MissingExtraError
from leadml.features.plan import FeaturePlan, Measure
from leadml.features.spine import Ints, Spine
from leadml.quiet_duckdb import open_memory
from leadml.schema import LeadTables

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["BEGINNING", "END", "connect", "measured", "numbered_activities", "numbered_leads", "opened", "parts"]

ROWS_AT_ONCE = 1_000_000
"""Activities and snapshots that are worked on together; an account is never split."""

BEGINNING, END = -(2**62), 2**62  # microseconds: long before and after all data

_MICRO = 1e6
_LARGEST = 1e12  # of an activity's value: its millionths still fit 64 bits, times five points


def connect() -> DuckDBPyConnection:
    """Open a database in memory that reads no file.

    Raises:
        MissingExtraError: DuckDB is not installed.
    """
    try:
        return open_memory(threads=2)
    except ImportError as missing:
        raise MissingExtraError(
            'Features of dated leads need DuckDB, which is not installed. Run: pip install "leadml[train]"'
        ) from missing


@contextmanager
def opened(tables: LeadTables, spine: Spine, plan: FeaturePlan) -> Iterator[DuckDBPyConnection]:
    """Open a database with the spine, leads, activities and history in whole numbers; `parts` lets queries see them."""
    leads = numbered_leads(tables.leads, plan)
    with connect() as con:
        con.register("all_spine", _spine(spine, leads))
        con.register("all_leads", leads)
        con.register("all_activities", numbered_activities(tables, leads, plan))
        con.register("all_history", _history(tables, leads, plan))
        yield con


def parts(con: DuckDBPyConnection) -> Iterator[Ints]:
    """Fill `spine`, `leads`, `activities` and `history` with one part of the accounts after the other.

    So the memory that queries take does not grow with the company. Gives the numbers of each part's spine rows.
    """
    sizes = [con.table(name).count("*").fetchall()[0][0] for name in ("all_spine", "all_activities")]
    count = 1 + sum(sizes) // ROWS_AT_ONCE
    for part in range(count):
        chosen = f"where account % {count} = {part}"
        for name in ("spine", "leads", "activities"):
            con.execute(f"create or replace table {name} as select * from all_{name} {chosen}")  # noqa: S608
        # Two changes of a field in one moment have no order: the alphabetically last stands, wherever it is stored.
        con.execute(
            "create or replace table history as select lead, field, moment, max(value) as value "  # noqa: S608
            f"from all_history {chosen} group by lead, field, moment"
        )
        yield con.sql("select row from spine order by row").to_arrow_table()["row"].to_numpy()


def measured(con: DuckDBPyConnection, measures: list[Measure], query: str) -> list[pa.ChunkedArray]:
    """Run a query whose `{measures}` are the measures' expressions; one array per measure."""
    if not measures:
        return []
    selected = ", ".join(f"cast({m.sql} as double) as f{i}" for i, m in enumerate(measures))
    return list(con.sql(query.format(measures=selected)).to_arrow_table().columns)


def numbered_leads(leads: pa.Table, plan: FeaturePlan) -> pa.Table:
    """Leads in whole numbers: "lead" (its place), "account", "created" (microseconds, maybe null), and the role."""
    accounts = leads["account_id"]
    columns = {
        "lead": pa.array(np.arange(leads.num_rows)),
        "account": pc.index_in(accounts, value_set=pc.unique(accounts)).cast(pa.int64()),
        "created": leads["created_at"].cast(pa.int64()),
    }
    if plan.roles:
        # A column without any value was dropped when the table was checked.
        dropped = "role" not in leads.column_names
        columns["role"] = pa.nulls(leads.num_rows, pa.string()) if dropped else leads["role"]
        columns["role_since"] = _role_since(leads, plan)
    return pa.table(columns)


def _role_since(leads: pa.Table, plan: FeaturePlan) -> pa.Array | pa.ChunkedArray:
    """From when on each lead's role is known: from the beginning, or as leads.known_at says."""
    for attribute in plan.attributes:
        if attribute.name == "role" and attribute.known_at is not None:
            return pc.fill_null(leads[attribute.known_at].cast(pa.int64()), END)
    return pa.array(np.full(leads.num_rows, BEGINNING))


def _spine(spine: Spine, leads: pa.Table) -> pa.Table:
    accounts = leads["account"].to_numpy()
    row = np.arange(len(spine.lead))
    return pa.table({"row": row, "lead": spine.lead, "account": accounts[spine.lead], "moment": spine.at})


def numbered_activities(tables: LeadTables, leads: pa.Table, plan: FeaturePlan) -> pa.Table:
    """Activities of numbered leads in whole numbers; of none where the plan has no types."""
    if tables.activities is None or not plan.activity_types:
        empty: Any = np.empty(0, np.int64)
        return pa.table(dict.fromkeys(("lead", "account", "moment", "type", "units", "points", "counted"), empty))
    kept, lead = _of_known_leads(tables.activities, tables.leads)
    kind = pc.fill_null(_numbered(kept["type"], plan.activity_types), len(plan.activity_types))
    intent = np.asarray(pc.is_valid(_numbered(kept["type"], plan.intent_types)))
    value = np.clip(pc.fill_null(kept["value"], 1.0).to_numpy(), -_LARGEST, _LARGEST)
    return pa.table(
        {
            "lead": lead,
            "account": leads["account"].to_numpy()[lead],
            "moment": kept["occurred_at"].cast(pa.int64()),
            "type": kind.cast(pa.int64()),
            "units": np.round(value * _MICRO).astype(np.int64),
            "points": np.where(intent, 5, 1),
            # Which of the types that rules name, whether or not it has features of its own.
            "counted": _numbered(kept["type"], plan.counted_types),
        }
    )


def _numbered(types: pa.ChunkedArray, known: Sequence[str]) -> pa.Array:
    """Each row's place among known types, in whatever case they are written: other tables settle on other spellings."""
    encoded = types.combine_chunks().dictionary_encode()
    spelled = pa.array([text.casefold() for text in encoded.dictionary.to_pylist()], pa.string())
    places = pc.index_in(spelled, value_set=pa.array([text.casefold() for text in known], pa.string()))
    return places.take(encoded.indices)


def _history(tables: LeadTables, leads: pa.Table, plan: FeaturePlan) -> pa.Table:
    fields = pa.array([attribute.name for attribute in plan.attributes if attribute.history], pa.string())
    if tables.history is None or not len(fields):
        none: Any = np.empty(0, np.int64)
        return pa.table(
            {"lead": none, "account": none, "field": none, "moment": none, "value": pa.array([], pa.string())}
        )
    chosen = tables.history.filter(pc.is_in(tables.history["field"], value_set=fields))
    kept, lead = _of_known_leads(chosen, tables.leads)
    field = pc.index_in(kept["field"], value_set=fields).cast(pa.int64())
    return pa.table(
        {
            "lead": lead,
            "account": leads["account"].to_numpy()[lead],
            "field": field,
            "moment": kept["changed_at"].cast(pa.int64()),
            "value": kept["value"],
        }
    )


def _of_known_leads(table: pa.Table, leads: pa.Table) -> tuple[pa.Table, Any]:
    """Rows of the leads at hand (a part of a company has the activities of the whole), and their leads' numbers."""
    lead = pc.index_in(table["lead_id"], value_set=leads["lead_id"].combine_chunks())
    known = pc.is_valid(lead)
    return table.filter(known), lead.filter(known).to_numpy().astype(np.int64)
