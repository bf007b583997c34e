"""What a lead did before its snapshot: counts, recency, variety, trend and decayed points.

An activity's value is how many of it there were (1 unless the source says otherwise), so a count is a sum of values.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from leadml.features.engine import measured
from leadml.features.plan import Ebb, FeaturePlan, Measure, readable
from leadml.features.spine import DAY
from leadml.predict.encoding import Column, Group
from leadml.predict.phrases import Pattern, Phrase

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

__all__ = ["activity_features", "activity_measures"]

_WINDOWS = (7, 30, 90)
_HALF_LIFE = 30

# The points are whole millionths, so that their sum is exact in any order. Each pair of snapshot and type is summed
# up once; the measures then pick types out of few rows instead of filtering every activity for every column.
_QUERY = f"""
    with seen as (
        select s.row, a.type, min(s.moment - a.moment) as age,
               sum(a.units) filter (where s.moment - a.moment <= 7 * {DAY}) as n7,
               sum(a.units) filter (where s.moment - a.moment <= 30 * {DAY}) as n30,
               sum(a.units) filter (where s.moment - a.moment <= 60 * {DAY}) as n60,
               sum(a.units) filter (where s.moment - a.moment <= 90 * {DAY}) as n90,
               sum(round(a.units * a.points * pow(0.5, (s.moment - a.moment) / {_HALF_LIFE * DAY}.0))::bigint) as points
        from spine s join activities a on a.lead = s.lead and a.moment < s.moment
        group by s.row, a.type
    )
    select {{measures}} from spine s left join seen on seen.row = s.row group by s.row order by s.row
"""  # noqa: S608 - only whole numbers of this module


def activity_features(con: DuckDBPyConnection, plan: FeaturePlan) -> list[pa.ChunkedArray]:
    """One array per measure, a value per row of the spine."""
    return measured(con, list(activity_measures(plan)), _QUERY)


def activity_measures(plan: FeaturePlan) -> Iterator[Measure]:
    """Features of each type, then those over all types. Counts are 0 without activities; days since are missing."""
    if not plan.activity_types:
        return
    for code, kind in enumerate(plan.activity_types):
        group: Group = "intent" if kind in plan.intent_types else "engagement"
        yield from _of_type(kind, plan.activity_label(kind), group, code)
    if plan.pooled:
        name = "other activities"
        yield from _of_type(name, readable(name), "engagement", len(plan.activity_types))
    yield from _of_type("any activity", "Any activity", "engagement", None)
    yield from _over_all()


def _of_type(name: str, label: str, group: Group, code: int | None) -> Iterator[Measure]:
    condition = "true" if code is None else f"type = {code}"
    for days in _WINDOWS:
        column = Column(f"{name} {days}d", "number", group, f"{label}, {days} days", Phrase("times", label, days))
        total = f"coalesce(sum(n{days}) filter (where {condition}), 0) / 1e6"
        yield Measure(column, total, Ebb("window", days, code))
    column = Column(f"days since {name}", "number", group, f"{label}, days since the last", Phrase("last", label))
    yield Measure(column, f"min(age) filter (where {condition}) / {DAY}.0", Ebb("since"))


def _over_all() -> Iterator[Measure]:
    def column(name: str, label: str, subject: str, pattern: Pattern = "value") -> Column:
        return Column(name, "number", "engagement", label, Phrase(pattern, subject))

    yield Measure(
        column("activity types 90d", "Kinds of activity, 90 days", "Kinds of activity in 90 days"),
        f"count(*) filter (where age <= 90 * {DAY})",
        Ebb("kinds", 90),
    )
    recent, before = "coalesce(sum(n30), 0)", "coalesce(sum(n60), 0) - coalesce(sum(n30), 0)"
    yield Measure(
        column(
            "activity trend",
            "Activity, last 30 days against the 30 before (log ratio)",
            "Activity in the last 30 days against the 30 before",
            "ratio",
        ),
        f"ln((greatest({recent}, 0) / 1e6 + 1) / (greatest({before}, 0) / 1e6 + 1))",
        Ebb("trend", 30),
    )
    yield Measure(
        column(
            "engagement points",
            f"Points for activities (intent 5, other 1; half-life {_HALF_LIFE} days)",
            "Points for activities, the newer the more",
        ),
        "coalesce(sum(points), 0) / 1e6",
        Ebb("points", _HALF_LIFE),
    )
