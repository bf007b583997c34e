"""How many leads will cross a cutoff in each of the weeks ahead, with an interval for what chance and change may do.

Weekly counts come from a level that wanders: the older a week is, the less it says of the next ones (the Poisson-gamma
model with a discount, Harvey & Fernandes 1989, West & Harrison 1997), and the further ahead a week lies, the less is
known of it. Counts vary around the level by more than a Poisson number does, since weeks differ. How fast the past is
forgotten and how much weeks differ is averaged over, each pair weighing as much as it would have forecast the weeks
seen, one by one. What is forecast so is accounts; colleagues cross together, as many at a time as they did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product
from typing import Any

import numpy as np
from scipy.special import logsumexp
from scipy.stats import nbinom

from leadml.predict.encoding import Floats
from leadml.training.cutoffs.crossings import Period
from leadml.training.cutoffs.cutoff import Cutoff, published_at
from leadml.training.cutoffs.out_of_time import OutOfTime
from leadml.training.cutoffs.policy import STAGES, Stage
from leadml.training.folds import Rows

LEVEL = 0.9
WEEKS_AHEAD = 4
FEWEST_WEEKS = 6

_WEEK = 7.0
_REMEMBERED = (0.8, 0.9, 0.95, 0.98, 1.0)  # of what a week says, a week later
_DISPERSION = (1.01, 1.1, 1.25, 1.6, 2.2, 3.5, 6.0)  # variance of a week's number around its level, over the level
_DRAWS = 20_000
_PRIOR_WEEKS = 0.1  # that the mean of all weeks counts for before the first one


@dataclass(frozen=True)
class Weekly:
    """First crossings of a cutoff week by week, the stock at the first moment left out.

    `leads` are the crossings of each week, `accounts` those that have any in it, both of shape (weeks,), oldest first.
    `together` are the numbers of leads with which accounts crossed in a week, shape (accounts in all weeks,). `end` is
    the last moment, in days since 1970.
    """

    leads: Rows
    accounts: Rows
    together: Rows
    end: float


def weekly_crossings(leads: OutOfTime, stage: Stage, cutoff: float) -> Weekly:
    """Count first crossings in whole weeks that end with the last moment, whether their outcome is known or not.

    A later week changes no earlier week's count. Needs dates (`OutOfTime.weeks`).

    Args:
        leads: snapshots of every lead.
        stage: MQL or SQL.
        cutoff: the probability to be crossed.
    """
    period = leads.period or Period.of(leads.order)
    assert leads.order is not None
    assert period is not None
    rows = leads.crossings(stage).rows(cutoff)
    ago = np.floor((period.last - leads.order[rows]) / _WEEK).astype(np.int64)
    weeks = int(period.weeks)
    within = (ago < weeks) & (leads.order[rows] > period.first)
    week, account = weeks - 1 - ago[within], leads.account[rows][within]
    units, together = np.unique(np.stack([week, account]), axis=1, return_counts=True)
    return Weekly(np.bincount(week, minlength=weeks), np.bincount(units[0], minlength=weeks), together, period.last)


def expected_volumes(seen: Weekly, *, weeks: int = WEEKS_AHEAD, level: float = LEVEL, seed: int = 0) -> Floats:
    """Leads that will cross in each of the weeks ahead: shape (weeks, 3), expected, low and high.

    The interval, both ends within it, holds a week's number with a probability of `level`.

    Args:
        seen: the weeks there have been.
        weeks: how many to forecast.
        level: above 0 and below 1.
        seed: picks the draws that tell the interval.
    """
    random = np.random.default_rng(seed)
    remembered, dispersion = np.array(list(product(_REMEMBERED, _DISPERSION))).T
    shape, rate = _levels(seen.accounts, remembered, dispersion)
    before = _negative_binomial(*_moments(shape[:-1], rate[:-1], dispersion))
    weight = nbinom.logpmf(seen.accounts[:, None], *before).sum(axis=0)
    model = random.choice(len(weight), _DRAWS, p=np.exp(weight - logsumexp(weight)))
    together = seen.together if len(seen.together) else np.ones(1, dtype=np.int64)
    sizes, share = np.unique(together, return_counts=True)
    found = []
    for ahead in range(1, weeks + 1):
        left = remembered ** (ahead - 1)
        mean, variance = (of[model] for of in _moments(shape[-1] * left, rate[-1] * left, dispersion))
        accounts = nbinom.rvs(*_negative_binomial(mean, variance), random_state=random)
        leads = random.multinomial(accounts, share / share.sum()) @ sizes
        found.append((float(mean.mean() * (sizes @ share) / share.sum()), *narrowest(leads, level)))
    return np.array(found)


def narrowest(draws: Rows, level: float) -> tuple[float, float]:
    """The narrowest interval that holds a share of at least `level` of draws, both ends within it.

    Numbers of leads are whole: leaving as much out on either side would hold far more than asked for.
    """
    ordered = np.sort(draws)
    held = int(np.ceil(level * len(ordered)))
    widths = ordered[held - 1 :] - ordered[: len(ordered) - held + 1]
    ties = np.flatnonzero(widths == widths.min())
    start = ties[len(ties) // 2]
    return float(ordered[start]), float(ordered[start + held - 1])


def _levels(counts: Rows, remembered: Floats, dispersion: Floats) -> tuple[Floats, Floats]:
    """Shape and rate of the level's gamma distribution before each week and before the next, (weeks + 1, models).

    Args:
        counts: those of each week, oldest first.
        remembered: of what a week says, the share that remains a week later; shape (models,).
        dispersion: variance of a count, over the level; shape (models,).
    """
    rate = [_PRIOR_WEEKS / dispersion]
    shape = [(counts.mean() + 0.1) * rate[0]]
    for count in counts:
        shape.append(remembered * (shape[-1] + count / dispersion))
        rate.append(remembered * (rate[-1] + 1 / dispersion))
    return np.array(shape), np.array(rate)


def _moments(shape: Floats, rate: Floats, dispersion: Floats) -> tuple[Floats, Floats]:
    """Mean and variance of a count whose level has a gamma distribution."""
    mean = shape / rate
    return mean, mean * dispersion + mean / rate


def _negative_binomial(mean: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """Size and chance of the negative binomial distribution with a mean and a larger variance."""
    return mean**2 / (variance - mean), mean / variance


def forecast(leads: OutOfTime, cutoffs: Sequence[Cutoff], *, seed: int = 0) -> dict[str, dict[str, Any]]:
    """By stage, the volumes of the weeks ahead at the published cutoff as JSON values, and the weeks seen.

    `weeks` are those from the last moment on (the data ends within the first), each `from` a day on, with `expected`,
    `low` and `high`; `seen` the past ones; `too_little` is a sentence where nothing can be forecast. All of the leads
    of no segment.

    Args:
        leads: every lead at each moment at which it was open, whether its outcome is known or not.
        cutoffs: those published.
        seed: picks the draws.
    """
    own, reason = leads.of_segment(None), _too_little(leads)
    return {stage: _forecast(own, stage, published_at(cutoffs, stage), reason, seed) for stage in STAGES}


def _forecast(leads: OutOfTime, stage: Stage, cutoff: float | None, reason: str | None, seed: int) -> dict[str, Any]:
    reason = f"No {stage} cutoff is published." if cutoff is None else reason
    facts: dict[str, Any] = {"level": LEVEL, "weeks": [], "seen": [], "too_little": reason}
    if cutoff is None or leads.weeks is None:
        return facts
    seen = weekly_crossings(leads, stage, cutoff)
    count = len(seen.leads)
    facts["seen"] = [
        {"from": _day(seen.end, number - count), "leads": int(number_of)} for number, number_of in enumerate(seen.leads)
    ]
    if reason is None:
        rows = expected_volumes(seen, seed=seed).tolist()
        facts["weeks"] = [
            {"from": _day(seen.end, number), "expected": expected, "low": low, "high": high}
            for number, (expected, low, high) in enumerate(rows)
        ]
    return facts


def _too_little(leads: OutOfTime) -> str | None:
    """What keeps the weeks to come from being told, by the moments of all leads: few of them may be of no segment."""
    if leads.order is None or leads.weeks is None:
        return "Leads without dates tell nothing of the weeks to come."
    moments = np.unique(leads.order)
    if np.diff(moments).min() > _WEEK:
        return f"Leads were looked at every {np.diff(moments).min():g} days, which tells nothing of single weeks."
    if leads.weeks < FEWEST_WEEKS:
        return f"{int(leads.weeks)} whole weeks have been seen; a forecast needs {FEWEST_WEEKS}."
    return None


def _day(end: float, weeks: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=end + _WEEK * weeks)).isoformat()
