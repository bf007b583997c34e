"""Sales velocity: what the qualified leads of a month bring per day of their way, and whether they grow in number.

    velocity = qualified leads x win rate x deal value / leads per deal / cycle length

in money per day. Its parts go into the facts, so that the page can state them; a part that cannot be told is named, and
then there is no velocity.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from leadml.predict.encoding import Floats
from leadml.training.business.deals import (
    Deals,
    days_of,
    decided_before,
    half_width,
    mean_with_interval,
    median_with_interval,
    share_with_interval,
    spread_by,
    won_deals,
)
from leadml.training.business.months import MonthlyCounts, mean_per_month, monthly_change, monthly_counts
from leadml.training.cutoffs import Cutoff, OutOfTime
from leadml.training.cutoffs.by_row import first_handed_over
from leadml.training.cutoffs.curve import figures_at
from leadml.training.evaluation import Interval

NEWEST_MONTHS = 3
# Days: deals that close on the day they come in would make a velocity without end.
_SHORTEST_CYCLE = 1.0


@dataclass(frozen=True)
class Qualified:
    """Leads that first crossed the MQL cutoff: month by month, and the share of them won within the horizon of it.

    `cutoff` is None where segments have cutoffs of their own.
    """

    cutoff: float | None
    counts: MonthlyCounts
    win_rate: Interval


def first_crossings(leads: OutOfTime, cutoffs: Sequence[Cutoff], every: float) -> Qualified | None:
    """The leads that crossed their MQL cutoff on weekly snapshots out of time; None where none is published.

    Those above it at the very first moment may have crossed it long before: the count begins after that.

    Args:
        leads: each lead at each moment at which it was open.
        cutoffs: those published; the first is the MQL cutoff of leads of no segment.
        every: days between two moments.
    """
    mql = cutoffs[0] if leads.segment is None else None
    over = _own_cutoffs(leads, cutoffs)
    precision = _precision(leads, over) if mql is None else mql.precision
    if precision is None or leads.order is None or np.isnan(over).all():
        return None
    days = leads.order[first_handed_over(leads, over, "MQL")]
    first, last = float(leads.order.min()), float(leads.order.max())
    counts = monthly_counts(days[days > first], after=first, until=last, every=every)
    return Qualified(None if mql is None else mql.probability, counts, precision)


def _own_cutoffs(leads: OutOfTime, cutoffs: Sequence[Cutoff]) -> Floats:
    """The MQL cutoff of each snapshot's own segment, NaN where none is published."""
    own = np.array([np.nan if one.probability is None else one.probability for one in cutoffs if one.stage == "MQL"])
    found: Floats = own[np.zeros_like(leads.lead) if leads.segment is None else leads.segment + 1]
    return found


def _precision(leads: OutOfTime, over: Floats) -> Interval | None:
    """The share of the known leads that first reach their cutoff which convert; None where nothing tells."""
    known, own = leads.known, over[np.isfinite(leads.label)]
    reached = np.zeros(len(own))
    reached[first_handed_over(known, own, "MQL")] = 1.0
    return figures_at(replace(known, probability=reached), "MQL", [1.0])[0].precision


def sales_velocity(
    leads: pa.Table, *, qualified: Qualified | None, horizon_days: float | None, end: float
) -> dict[str, Any]:
    """The velocity, its parts and the monthly counts as JSON values, figures as (value, low, high).

    Where no lead can be seen to qualify, every lead created counts, and the win rate is that of leads old enough to
    have been decided.

    Args:
        leads: the checked lead table, with dates.
        qualified: the leads that crossed the MQL cutoff, None where there is none.
        horizon_days: the horizon.
        end: until when the data goes, in days since 1970.
    """
    deals = won_deals(leads)
    cycle = median_with_interval(_known(deals.cycle_days))
    counts = qualified.counts if qualified else _created(leads, end)
    parts = {
        "per_month": mean_per_month(counts, NEWEST_MONTHS),
        "win_rate": qualified.win_rate if qualified else _won_of_old(leads, end, horizon_days, cycle[0]),
        "deal_value": mean_with_interval(_known(deals.value)),
        "cycle_days": cycle,
    }
    return {
        "qualified": "crossed" if qualified else "created",
        "cutoff": qualified.cutoff if qualified else None,
        "months": [dict(zip(("month", "leads", "looks"), row, strict=True)) for row in _rows(counts)],
        "newest_months": min(NEWEST_MONTHS, len(counts.leads)),
        "change": monthly_change(counts),
        **parts,
        "deals": len(deals.value),
        "deals_valued": len(_known(deals.value)),
        "leads_per_deal": deals.leads_per_deal,
        "per_day": _per_day(parts, deals),
        "missing": _missing(leads, parts, counts),
    }


def _per_day(parts: Mapping[str, Interval], deals: Deals) -> Interval:
    """By parts; its interval adds up the relative errors of independent parts (the delta method)."""
    leads, rate, value, cycle = (parts[name][0] for name in ("per_month", "win_rate", "deal_value", "cycle_days"))
    velocity = leads * rate * value / deals.leads_per_deal / max(cycle, _SHORTEST_CYCLE)
    if not velocity > 0:
        return (velocity, np.nan, np.nan)
    return spread_by(velocity, float(np.sqrt(sum(half_width(part) ** 2 for part in parts.values()))))


def _missing(leads: pa.Table, parts: Mapping[str, Interval], counts: MonthlyCounts) -> list[str]:
    """What keeps the velocity from being told, one sentence each."""
    found = []
    if not counts.month:
        found.append("No whole month of leads has been seen.")
    if not np.isfinite(parts["win_rate"][0]):
        found.append("No lead is old enough to tell the win rate.")
    if "deal_value" not in leads.column_names:
        found.append("No column says what a deal is worth (leads.deal_value).")
    elif not np.isfinite(parts["deal_value"][0]):
        found.append("No won deal has its value on record.")
    if not np.isfinite(parts["cycle_days"][0]):
        found.append("No won deal has its close date on record (leads.closed_at).")
    return found


def _created(leads: pa.Table, end: float) -> MonthlyCounts:
    days = _known(days_of(leads, "created_at"))
    days = days[days <= end]
    if not len(days):
        return MonthlyCounts((), np.zeros(0), np.zeros(0))
    return monthly_counts(days, after=float(np.floor(days.min())) - 1, until=float(np.floor(end)), every=1.0)


def _won_of_old(leads: pa.Table, end: float, horizon_days: float | None, cycle: float) -> Interval:
    old = days_of(leads, "created_at") <= decided_before(end, horizon_days, cycle)
    won = np.zeros(len(old))
    won[won_deals(leads).rows] = 1.0
    return share_with_interval(float(won[old].sum()), float(old.sum()))


def _rows(counts: MonthlyCounts) -> list[tuple[str, float, float]]:
    return list(zip(counts.month, counts.leads.tolist(), counts.looks.tolist(), strict=True))


def _known(values: Floats) -> Floats:
    return values[np.isfinite(values)]
