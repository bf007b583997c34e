"""What was known of a lead at its snapshot, under the user's own column names, and how old the lead was.

A field with a history says what it said last before the snapshot, and nothing where its history begins later. Its
current value is never used, not even for a lead whose changes were not recorded: it may be younger than the snapshot,
and where it is filled in on winning a deal it gives the outcome away. A value that is known only from a date on
(known_at) is missing at every snapshot up to that date.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.errors import ColumnsError
from leadml.features.plan import Attribute, FeaturePlan
from leadml.features.spine import DAY, NEVER, Spine
from leadml.predict.columns import coerce
from leadml.predict.encoding import Column
from leadml.predict.phrases import Phrase
from leadml.schema import LeadTables

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = [
    "attribute_columns",
    "calendar_columns",
    "calendar_features",
    "current_values",
    "days_before",
    "not_before",
    "past_values",
]

Values: TypeAlias = pa.ChunkedArray | pa.Array

# Texts that are not of their field's kind say nothing; an infinite number is not a number.
_READ_AS = {
    "number": "case when isfinite(try_cast(value as double)) then try_cast(value as double) end",
    "category": "value",
    "time": "try_cast(value as timestamp)",
}


def attribute_columns(plan: FeaturePlan) -> list[Column]:
    """Contracts of the attributes. With a moment to count from, a time becomes the number of days before it."""
    return [_days_column(a) if plan.calendar and a.kind == "time" else _column(a) for a in plan.attributes]


def calendar_columns() -> list[Column]:
    """Contracts of what the moment itself says."""
    return [
        Column("lead age days", "number", "engagement", "Age of the lead in days", Phrase("since", "Lead came in")),
        Column("month", "number", "engagement", "Month of the year", Phrase("month", "Month")),
    ]


def calendar_features(leads: pa.Table, spine: Spine) -> list[pa.Array]:
    """Age of each lead at its snapshot in days, and the month (1 to 12) of the snapshot."""
    created = leads["created_at"].cast(pa.int64()).to_numpy()[spine.lead]
    month = pc.month(pa.array(spine.at).cast(pa.timestamp("us"))).cast(pa.float64())
    return [pa.array((spine.at - created) / DAY), month]


def current_values(tables: LeadTables, spine: Spine, attribute: Attribute) -> Values:
    """Values of an attribute without a history.

    Raises:
        ColumnsError: the lead table has no such column, or its values are of another kind than in training.
    """
    if attribute.name not in tables.leads.column_names:
        # A column that says nothing about any lead of this table was dropped when it was checked.
        if attribute.name in tables.dropped:
            return coerce(pa.nulls(len(spine.lead)), _column(attribute))
        raise ColumnsError(
            f"The leads have no column {attribute.name!r}, which the scorer was trained on. "
            "Bring the column, or train a scorer without it."
        )
    values = coerce(tables.leads[attribute.name], _column(attribute))
    return values.take(pa.array(spine.lead))


def past_values(con: DuckDBPyConnection, attribute: Attribute, field: int) -> pa.ChunkedArray:
    """Values of a field (by its number in the history) as they were before each row of the spine."""
    query = f"""
        with changes as (select lead, moment, value from history where field = {field:d})
        select {_READ_AS[attribute.kind]} as value
        from spine s asof left join changes on changes.lead = s.lead and s.moment > changes.moment order by s.row
    """  # noqa: S608 - a whole number and text of this module
    return con.sql(query).to_arrow_table().column(0)


def not_before(values: Values, since: pa.ChunkedArray, spine: Spine) -> Values:
    """Values where they were known before the snapshot, `since` (per lead) being when they came to be known."""
    moments = pc.fill_null(since.cast(pa.int64()), NEVER).to_numpy()[spine.lead]
    return pc.if_else(pa.array(moments < spine.at), values, pa.scalar(None, values.type))


def days_before(times: Values, spine: Spine) -> pa.Array:
    """Days from each time to its snapshot; missing for a time at or after it, which nobody could know."""
    moments = pc.fill_null(times.cast(pa.timestamp("us")).cast(pa.int64()), NEVER).to_numpy()
    known = moments < spine.at
    days = np.where(known, spine.at - np.where(known, moments, 0), 0) / DAY
    return pa.array(days, mask=~known)


def _days_column(attribute: Attribute) -> Column:
    return Column(attribute.name, "number", attribute.group, attribute.label, Phrase("since"))


def _column(attribute: Attribute) -> Column:
    return Column(attribute.name, attribute.kind, attribute.group, attribute.label)
