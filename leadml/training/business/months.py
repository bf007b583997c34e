"""Monthly counts, and whether they grow: Poisson regression on the month (McCullagh and Nelder 1989)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from leadml.predict.encoding import Floats
from leadml.training.evaluation import Interval

MOST_MONTHS = 24
FEWEST_FOR_TREND = 3
_CONFIDENCE = 0.95
_STEPS = 100
_PRIOR = np.diag([0.0, 1.0])
Months = np.ndarray[Any, np.dtype[np.datetime64]]


@dataclass(frozen=True)
class MonthlyCounts:
    """Whole months in a row, the leads counted in each, and how long each was looked at; all of shape (months,).

    `looks` are the days of a month, or the moments in it at which leads were looked at: four Mondays or five.
    """

    month: tuple[str, ...]
    leads: Floats
    looks: Floats


def monthly_counts(days: Floats, *, after: float, until: float, every: float) -> MonthlyCounts:
    """Count moments (days since 1970) by month.

    Moments lie on the grid `after + every`, `after + 2 * every`, ... up to `until`. Only months are counted of which
    the whole grid lies there: first and last months that are cut off are left out. Of very many months the newest are
    taken.
    """
    grid = _months(np.arange(after + every, until + every / 2, every))
    ahead = _months(np.array([until + every]))[0]
    whole = [month for month in np.unique(grid) if month > _months(np.array([after]))[0] and month < ahead]
    whole = whole[-MOST_MONTHS:]
    counted = _months(days)
    return MonthlyCounts(
        tuple(str(month) for month in whole),
        np.array([float((counted == month).sum()) for month in whole]),
        np.array([float((grid == month).sum()) for month in whole]),
    )


def mean_per_month(counts: MonthlyCounts, newest: int) -> Interval:
    """Leads of a month, the mean of the newest few, with its 95 % interval; nan where there is no whole month."""
    leads = counts.leads[-newest:]
    if not len(leads) or not leads.sum():
        return (0.0 if len(leads) else np.nan, np.nan, np.nan)
    mean = float(leads.mean())
    apart = max(1.0, float(leads.var(ddof=1)) / mean) if len(leads) > 1 else 1.0
    width = float(stats.norm.ppf((1 + _CONFIDENCE) / 2)) * np.sqrt(apart / leads.sum())
    return (mean, mean * float(np.exp(-width)), mean * float(np.exp(width)))


def monthly_change(counts: MonthlyCounts) -> Interval | None:
    """What the count is multiplied by from month to month, with its 95 % interval; None where nothing can tell.

    Months differ by more than chance alone would have them, so the error is widened by how much they do (and never
    made smaller), and Student's t stands for how few months that is judged by. A prior that growth of e from month to
    month is one standard deviation keeps months without any lead from growth without end.
    """
    leads, looks = counts.leads, counts.looks
    months = len(leads)
    if months < FEWEST_FOR_TREND or leads.sum() == 0:
        return None
    design = np.column_stack([np.ones(months), np.arange(months) - (months - 1) / 2])
    parameters = np.array([np.log(leads.sum() / looks.sum()), 0.0])
    for _ in range(_STEPS):
        expected = looks * np.exp(design @ parameters)
        slope_of = design.T @ (leads - expected) - _PRIOR @ parameters
        step = np.linalg.solve((design * expected[:, None]).T @ design + _PRIOR, slope_of)
        parameters = parameters + np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-10:
            break
    expected = looks * np.exp(design @ parameters)
    apart = max(1.0, float(((leads - expected) ** 2 / expected).sum()) / (months - 2))
    error = np.sqrt(apart * np.linalg.inv((design * expected[:, None]).T @ design + _PRIOR)[1, 1])
    slope, width = parameters[1], float(stats.t.ppf((1 + _CONFIDENCE) / 2, months - 2)) * error
    return (float(np.exp(slope)), float(np.exp(slope - width)), float(np.exp(slope + width)))


def _months(days: Floats) -> Months:
    return np.asarray((days * 86_400).astype("int64").astype("datetime64[s]").astype("datetime64[M]"))
