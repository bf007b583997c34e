"""What a rulebook counts of activities before each snapshot: windows, chains, caps per day, fading.

Every activity that counts is worth a whole number of millionths, so that sums are exact and depend on no order.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from leadml.features.plan import FeaturePlan
from leadml.features.spine import DAY
from leadml.predict.encoding import Column, Group
from leadml.predict.rules.conditions import ANY_ACTIVITY, ActivityCount

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

__all__ = ["count_columns", "count_features"]


def count_columns(plan: FeaturePlan) -> Iterator[Column]:
    """Contracts of the counts. What counts nothing but intent is intent, all else engagement."""
    for count in plan.counts:
        group: Group = "intent" if set(count.types) <= set(plan.intent_types) else "engagement"
        yield Column(count.column, "number", group, count.column)


def count_features(con: DuckDBPyConnection, plan: FeaturePlan) -> list[pa.ChunkedArray]:
    """One array per count, a value per row of the spine; 0 where nothing counts."""
    return [con.sql(_query(count, plan)).to_arrow_table().column(0) for count in plan.counts]


def _query(count: ActivityCount, plan: FeaturePlan) -> str:
    key = "account" if count.whose == "account" else "lead"
    recent = "" if count.within_days is None else f"and s.moment - a.moment <= {_days(count.within_days)}"
    steps = [_step(number, step, count, plan) for number, step in enumerate(count.after, start=1)]
    chained = _chained(f"step{len(steps)}", count) if steps else "near"
    return f"""
        with near as (
            select s.row, a.moment, s.moment - a.moment as age, a.units, a.counted
            from spine s join activities a on a.{key} = s.{key} and a.moment < s.moment {recent}
        ),
        {"".join(f"{step}, " for step in steps)}
        daily as (
            select *, sum(units) over (partition by row, floor(moment / {DAY})) as of_day
            from {chained} where {_of(count.types, plan)}
        ),
        worth as (select row, sum(round(units * {_fading(count)} * {_share_of_day(count)})::bigint) as total
                  from daily group by row)
        select coalesce(worth.total, 0) / 1e6 as value from spine s left join worth on worth.row = s.row order by s.row
    """  # noqa: S608 - only numbers of a checked rulebook and names of this module


def _step(number: int, types: tuple[str, ...], count: ActivityCount, plan: FeaturePlan) -> str:
    """When each snapshot's lead had first done the chain up to a step: the earliest leaves most room for the next."""
    before = "near" if number == 1 else _chained(f"step{number - 1}", count)
    return f"step{number} as (select row, min(moment) as reached from {before} where {_of(types, plan)} group by row)"  # noqa: S608


def _chained(step: str, count: ActivityCount) -> str:
    """The activities that come after a step, by as much as asked."""
    return f"""(select near.* from near join {step} on {step}.row = near.row
                where near.moment > reached and near.moment - reached >= {_days(count.gap_days)})"""  # noqa: S608


def _of(types: tuple[str, ...], plan: FeaturePlan) -> str:
    if ANY_ACTIVITY in types:
        return "true"
    return f"counted in ({', '.join(str(plan.counted_types.index(kind)) for kind in types)})"


def _fading(count: ActivityCount) -> str:
    if count.half_life_days is not None:
        return f"pow(0.5, age / {_days(count.half_life_days)}.0)"
    return "1" if count.lifespan_days is None else f"greatest(0, 1 - age / {_days(count.lifespan_days)}.0)"


def _share_of_day(count: ActivityCount) -> str:
    """Beyond the cap all of a day's activities count for less, so that none is preferred."""
    if count.per_day is None:
        return "1"
    return f"least(1, {count.per_day * 1e6!r} / greatest(of_day, 1))"


def _days(days: float) -> int:
    """Microseconds."""
    return round(days * DAY)
