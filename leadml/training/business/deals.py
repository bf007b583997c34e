"""Won deals: what they were worth, how long they took, and how many leads stand behind each.

Contacts of one account share a deal: it is counted once, from the first of them that came in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy import stats

from leadml.predict.encoding import Floats, to_floats
from leadml.training.evaluation import Interval
from leadml.training.folds import Rows
from leadml.training.split import account_codes

MICROSECONDS_A_DAY = 86_400e6
_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Deals:
    """One entry per won deal, nan where it is not on record: `value` and `cycle_days`, from creation to close.

    `rows` are the won leads in the lead table, and `deal` says which deal each of them belongs to.
    """

    value: Floats
    cycle_days: Floats
    rows: Rows
    deal: Rows

    @property
    def leads_per_deal(self) -> float:
        """Won leads that stand behind a deal, in the mean."""
        return len(self.rows) / len(self.value) if len(self.value) else float("nan")

    @property
    def share(self) -> Floats:
        """The share of its deal that each won lead has; shape of `rows`."""
        return np.asarray(1 / np.bincount(self.deal, minlength=len(self.value))[self.deal])


def won_deals(leads: pa.Table) -> Deals:
    """The deals of a lead table. Where contacts disagree on a deal's value, their mean is taken."""
    rows = np.flatnonzero(pc.fill_null(pc.equal(leads["outcome"], "won"), False).to_numpy())
    won = leads.take(pa.array(rows))
    deal = account_codes(won["account_id"])
    value = to_floats(won["deal_value"]) if "deal_value" in leads.column_names else np.full(len(rows), np.nan)
    created, closed = (_earliest(days_of(won, name), deal) for name in ("created_at", "closed_at"))
    return Deals(_mean_known(value, deal), closed - created, rows, deal)


def days_of(leads: pa.Table, name: str) -> Floats:
    """A column of moments as days since 1970, nan where there is none."""
    if name not in leads.column_names:
        return np.full(len(leads), np.nan)
    return to_floats(leads[name].cast(pa.int64())) / MICROSECONDS_A_DAY


def decided_before(end: float, horizon_days: float | None, cycle_days: float) -> float:
    """Until when leads came in that are old enough to judge by: a horizon and a usual cycle before the end of the data.

    The deals of younger ones are still to come. All in days; a cycle that is nan counts as none.
    """
    return end - (horizon_days or 0.0) - (cycle_days if np.isfinite(cycle_days) else 0.0)


def mean_with_interval(values: Floats) -> Interval:
    """Mean of positive figures with its 95 % interval by Student's t on the log scale; nan where it cannot be told."""
    if not len(values):
        return (np.nan, np.nan, np.nan)
    mean = float(values.mean())
    if len(values) < 2 or mean <= 0:
        return (mean, np.nan, np.nan)
    error = float(values.std(ddof=1)) / np.sqrt(len(values)) / mean
    return spread_by(mean, float(stats.t.ppf((1 + _CONFIDENCE) / 2, len(values) - 1)) * error)


def median_with_interval(values: Floats) -> Interval:
    """Median with the 95 % interval of its order statistics, which holds for any distribution; nan below six values."""
    if not len(values):
        return (np.nan, np.nan, np.nan)
    rank = int(stats.binom.ppf((1 - _CONFIDENCE) / 2, len(values), 0.5))
    ordered = np.sort(values)
    ends = (float(ordered[rank - 1]), float(ordered[-rank])) if rank else (np.nan, np.nan)
    return (float(np.median(values)), *ends)


def share_with_interval(won: float, rows: float) -> Interval:
    """A share with the 95 % interval of Wilson 1927."""
    if not rows:
        return (np.nan, np.nan, np.nan)
    ends = stats.binomtest(int(won), int(rows)).proportion_ci(_CONFIDENCE, method="wilson")
    return (won / rows, float(ends.low), float(ends.high))


def spread_by(value: float, half_width: float) -> Interval:
    """A positive figure with an interval that is even on the log scale."""
    return (value, value * float(np.exp(-half_width)), value * float(np.exp(half_width)))


def half_width(interval: Sequence[float]) -> float:
    """Half the width of an interval on the log scale."""
    _, low, high = interval
    return float(np.log(high / low) / 2) if low > 0 else float("nan")


def _mean_known(values: Floats, groups: Rows) -> Floats:
    known = np.isfinite(values)
    size = int(groups.max(initial=-1)) + 1
    count = np.bincount(groups[known], minlength=size)
    total = np.bincount(groups[known], weights=values[known], minlength=size)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _earliest(days: Floats, groups: Rows) -> Floats:
    found = np.full(int(groups.max(initial=-1)) + 1, np.inf)
    np.minimum.at(found, groups, np.where(np.isfinite(days), days, np.inf))
    return np.where(np.isfinite(found), found, np.nan)
