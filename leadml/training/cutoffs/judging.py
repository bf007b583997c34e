"""What a cutoff would have done, with intervals by a bootstrap over accounts."""

from __future__ import annotations

import numpy as np

from leadml.predict.encoding import Floats
from leadml.training.cutoffs.cutoff import Figures
from leadml.training.cutoffs.out_of_time import OutOfTime
from leadml.training.cutoffs.policy import Stage
from leadml.training.evaluation import Interval, with_intervals

_REPEATS = 200


def judged(leads: OutOfTime, stage: Stage, cutoff: float, *, seed: int) -> Figures:
    """The figures of a cutoff on leads with known outcomes; see `Figures`."""
    crossings = leads.crossings(stage)
    rows, accounts = crossings.rows(cutoff), int(leads.account.max()) + 1
    gain = np.zeros(len(rows))
    if leads.value is not None:
        gain = leads.label[rows] * np.nan_to_num(leads.value[rows]) - leads.cost_of_working
    sums = [
        np.bincount(leads.account[at], weights=weight, minlength=accounts)
        for at, weight in (
            (rows, np.ones(len(rows))),
            (rows, leads.label[rows]),
            (crossings.converting, np.ones(len(crossings.converting))),
            (rows, gain),
        )
    ]
    weeks = crossings.weeks or 1
    by_account, random = np.array(sums), np.random.default_rng(seed)
    drawn = (random.integers(0, accounts, accounts) for _ in range(_REPEATS))
    repeats = np.array(
        [_figures(by_account @ np.bincount(one, minlength=accounts).astype(np.float64), weeks) for one in drawn]
    )
    per_week, precision, recall, value = with_intervals(_figures(by_account.sum(axis=1), weeks), repeats)
    valued = leads.value is not None and np.isfinite(leads.value).any()
    return Figures(
        None if crossings.weeks is None else per_week,
        _known(precision),
        _known(recall),
        value if valued and crossings.weeks is not None else None,
    )


def _figures(sums: Floats, weeks: int) -> Floats:
    crossed, converted, converting, gain = sums
    precision = converted / crossed if crossed else np.nan
    return np.array([crossed / weeks, precision, converted / converting if converting else np.nan, gain / weeks])


def _known(figure: Interval) -> Interval | None:
    return figure if np.isfinite(figure[0]) else None
