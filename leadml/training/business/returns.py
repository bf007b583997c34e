"""Return on lead cost: what the leads of each source cost, and what their deals brought.

Only leads count that came in a horizon and a usual cycle ago: the deals of younger ones are still to come, and would
look like losses. A deal counts once, shared equally among its account's won leads, and so among their sources.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy import stats

from leadml.predict.encoding import Floats, to_floats
from leadml.training.business.deals import days_of, decided_before, median_with_interval, spread_by, won_deals
from leadml.training.evaluation import Interval
from leadml.training.split import account_codes

MOST_SOURCES = 40
NOT_GIVEN = "not given"
# Deals below which no interval can be trusted, and none is given.
_FEWEST_DEALS = 5
_NORMAL = float(stats.norm.ppf(0.975))


def return_on_cost(leads: pa.Table, source: str | None, *, horizon_days: float | None, end: float) -> dict[str, Any]:
    """Leads, cost, wins and revenue of each source as JSON values, the source with most leads first.

    `wins` are deals, which sources may share. `per_cost` (revenue per unit of cost) and `cost_per_win` are (value, low,
    high), intervals by linearised ratios over accounts. `missing` says what cannot be told.

    Args:
        leads: the checked lead table, with dates.
        source: the column that says where a lead came from; None: all leads are one source.
        horizon_days: the horizon.
        end: until when the data goes, in days since 1970.
    """
    if "lead_cost" not in leads.column_names:
        return {"rows": [], "total": None, "missing": ["No column says what a lead cost (leads.cost)."]}
    deals = won_deals(leads)
    cycle = median_with_interval(deals.cycle_days[np.isfinite(deals.cycle_days)])[0]
    cost = to_floats(leads["lead_cost"])
    wins, revenue = np.zeros(len(leads)), np.zeros(len(leads))
    wins[deals.rows] = deals.share
    revenue[deals.rows] = deals.share * np.nan_to_num(deals.value)[deals.deal]
    newest = decided_before(end, horizon_days, cycle)
    old = days_of(leads, "created_at") <= newest
    counted = old & np.isfinite(cost)
    figures = np.column_stack([cost, wins, revenue])[counted]
    accounts = account_codes(leads["account_id"].filter(pa.array(counted)))
    names = _names(leads, source, counted)
    unvalued = np.zeros(len(leads), dtype=bool)
    unvalued[deals.rows] = ~np.isfinite(deals.value[deals.deal])
    valued = "deal_value" in leads.column_names
    rows = [_row(name, figures[names == name], accounts[names == name], valued) for name in _by_size(names)]
    return {
        "rows": rows,
        "total": _row("all sources", figures, accounts, valued) if len(figures) else None,
        "by_source": source is not None,
        "created_until": str(np.datetime64(int(newest), "D")),
        "too_young": int((~old).sum()),
        "missing": _missing(leads, int((old & ~np.isfinite(cost)).sum()), int((unvalued & counted).sum()), source)
        + ([] if len(figures) else ["No lead with a cost is old enough."]),
    }


def _missing(leads: pa.Table, without_cost: int, unvalued: int, source: str | None) -> list[str]:
    found = []
    if source is None:
        found.append("No column says where leads came from (leads.source).")
    if without_cost:
        found.append(f"{without_cost:,} leads have no cost on record and are not counted.")
    if "deal_value" not in leads.column_names:
        found.append("No column says what a deal is worth (leads.deal_value), so there is no revenue.")
    elif unvalued:
        found.append(f"{unvalued:,} won leads have no deal value on record: their revenue counts as nothing.")
    return found


def _names(leads: pa.Table, source: str | None, counted: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Each counted lead's source; sources beyond the most that a page can hold are pooled."""
    if source is None:
        return np.full(int(counted.sum()), "all leads", dtype=object)
    texts = pc.fill_null(leads[source].cast(pa.string()), NOT_GIVEN).filter(pa.array(counted))
    names = texts.to_numpy().astype(object)
    kept = _by_size(names)[:MOST_SOURCES]
    return np.where(np.isin(names, kept), names, "other sources")


def _by_size(names: np.ndarray[Any, Any]) -> list[str]:
    distinct, size = np.unique(names.astype(str), return_counts=True)
    return [str(name) for name in distinct[np.lexsort((distinct, -size))]]


def _row(name: str, figures: Floats, accounts: np.ndarray[Any, Any], valued: bool) -> dict[str, Any]:
    cost, wins, revenue = figures.sum(axis=0).tolist()
    _, group = np.unique(accounts, return_inverse=True)
    by_account = np.column_stack([np.bincount(group, weights=column) for column in figures.T]).astype(np.float64)
    return {
        "source": name,
        "leads": len(figures),
        "cost": cost,
        "wins": wins,
        "revenue": revenue if valued else None,
        "per_cost": _ratio(by_account[:, 2], by_account[:, 0], wins) if valued else None,
        "cost_per_win": _ratio(by_account[:, 0], by_account[:, 1], wins),
    }


def _ratio(above: Floats, below: Floats, wins: float) -> Interval:
    """Sum over sum, with the interval of a ratio estimator, even on the log scale; nan where too few deals tell."""
    if not below.sum():
        return (np.nan, np.nan, np.nan)
    ratio, count = float(above.sum() / below.sum()), len(above)
    if wins < _FEWEST_DEALS or count < 2 or ratio <= 0:
        return (ratio, np.nan, np.nan)
    off = above - ratio * below
    error = np.sqrt(count / (count - 1) * float((off**2).sum())) / above.sum()
    return spread_by(ratio, _NORMAL * float(error))
