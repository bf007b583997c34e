"""Selection, precision, recall and calibration by group, with intervals over accounts, and the four-fifths rule."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from leadml.predict.encoding import Floats
from leadml.training.cutoffs import OutOfTime, Stage
from leadml.training.cutoffs.by_row import first_handed_over
from leadml.training.evaluation import drawn_sums, with_intervals
from leadml.training.fairness.groups import PeopleGroups
from leadml.training.folds import Rows

FOUR_FIFTHS = 0.8
_REPEATS = 200
_LEVEL = 0.95

# Of every lead: itself, its crossing, that crossing won, its conversion, snapshots, their probability, their wins, and
# its crossing if it converts at all, however long after.
_COUNTS = 8


@dataclass(frozen=True)
class _Sums:
    """Sums of what is counted by group, arrays (..., groups, counts); every rate is a ratio of two of them."""

    of: Floats

    def share(self, part: int, whole: int) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio: Floats = self.of[..., part] / self.of[..., whole]
        return ratio

    @property
    def selected(self) -> Floats:
        """Share of leads that cross the cutoff."""
        return self.share(1, 0)

    @property
    def precision(self) -> Floats:
        """Share of those that cross that convert within the horizon of crossing."""
        return self.share(2, 1)

    @property
    def recall(self) -> Floats:
        """Share that crosses of all leads that convert, however long before (as in `cutoffs.cutoff.Figures`)."""
        return self.share(7, 3)

    @property
    def off(self) -> Floats:
        """Observed less predicted share of wins, over snapshots."""
        return self.share(6, 4) - self.share(5, 4)


def group_rates(
    leads: OutOfTime, groups: PeopleGroups, cutoffs: Floats, stage: Stage, *, seed: int = 0
) -> list[dict[str, Any]]:
    """What happens to each group at a cutoff, in the order of `groups.names`.

    Each lead counts once, at its first crossing. Intervals are 95 %, from a bootstrap over accounts. The four-fifths
    rule (Uniform Guidelines on Employee Selection Procedures, 1978, 29 CFR 1607.4 D) compares a group's selection
    rate with the highest of any group: below 80 % is taken as evidence of adverse impact. Its interval is that of the
    logarithm of the ratio, at a level at which all pairs of groups hold together (Bonferroni), with a standard error
    never below that of independent leads; "breached" and "kept" are said only where all of it lies on one side.

    Args:
        leads: leads out of time whose outcome is known.
        groups: the group of each snapshot.
        cutoffs: of each snapshot, NaN where none is published; where all are, nothing is selected and those figures
            are None.
        stage: whose cutoffs they are.
        seed: picks the accounts of each repeat.

    Returns:
        Per group "group", "leads", "judged" (whether it is compared), "selected", "precision" and "recall" as
        [value, low, high], "ratio" to the highest rate as [value, low, high], "four_fifths" ("breached", "kept",
        "cannot be told", "highest rate" or None), "predicted", "observed" as [value, low, high], "off" (observed
        less predicted, at a level at which all groups hold together) and "calibrated" ("lower than predicted",
        "higher than predicted", "no difference shown" or None).
    """
    count = len(groups.names)
    counted, published = _counted(leads, cutoffs, stage), bool(np.isfinite(cutoffs).any())
    value = _Sums(_by_account(counted, leads, groups.code, count).sum(axis=0))
    repeats = _repeats(counted, leads, groups.code, count, seed)
    told: list[dict[str, Any]] = [
        {"group": name, "leads": int(value.of[place, 0]), "judged": place in groups.judged}
        for place, name in enumerate(groups.names)
    ]
    for name in ("selected", "precision", "recall"):
        figures = with_intervals(getattr(value, name), getattr(repeats, name))
        for row, figure in zip(told, figures, strict=True):
            row[name] = list(figure) if published else None
    for row, observed, predicted in zip(
        told, with_intervals(value.share(6, 4), repeats.share(6, 4)), value.share(5, 4), strict=True
    ):
        row |= {"observed": list(observed), "predicted": float(predicted)}
    _calibrated(told, value, repeats, groups)
    _four_fifths(told, value, repeats, groups.judged if published else ())
    return told


def _counted(leads: OutOfTime, cutoffs: Floats, stage: Stage) -> Floats:
    """What each snapshot adds to the counts, array (snapshots, counts)."""
    crossed = first_handed_over(leads, cutoffs, stage)
    counted = np.zeros((len(leads.label), _COUNTS))
    counted[np.unique(leads.lead, return_index=True)[1], 0] = 1
    counted[crossed, 1] = 1
    counted[crossed, 2] = leads.label[crossed]
    converting = np.flatnonzero(leads.label == 1)
    counted[converting[np.unique(leads.lead[converting], return_index=True)[1]], 3] = 1
    counted[crossed, 7] = np.isin(leads.lead[crossed], leads.lead[converting])
    counted[:, 4] = 1
    counted[:, 5] = leads.probability
    counted[:, 6] = leads.label
    return counted


def _by_account(counted: Floats, leads: OutOfTime, code: Rows, groups: int) -> Floats:
    """Sums per account and group, array (accounts, groups, counts)."""
    accounts = int(leads.account.max()) + 1
    cell = leads.account * groups + code
    sums = [np.bincount(cell, weights=column, minlength=accounts * groups) for column in counted.T]
    table: Floats = np.stack(sums, axis=1).astype(float).reshape(accounts, groups, _COUNTS)
    return table


def _repeats(counted: Floats, leads: OutOfTime, code: Rows, groups: int, seed: int) -> _Sums:
    """The sums in each repeat of the bootstrap, array (repeats, groups, counts)."""
    by_account = _by_account(counted, leads, code, groups)
    drawn = drawn_sums(by_account.reshape(len(by_account), -1), _REPEATS, seed)
    return _Sums(drawn.reshape(_REPEATS, groups, _COUNTS))


def _calibrated(told: list[dict[str, Any]], value: _Sums, repeats: _Sums, groups: PeopleGroups) -> None:
    """Whether as many of each group are won as predicted."""
    errors = NormalDist().inv_cdf(1 - (1 - _LEVEL) / 2 / max(len(groups.judged), 1))
    for place, row in enumerate(told):
        row["off"] = row["calibrated"] = None
        if place not in groups.judged:
            continue
        off = float(value.off[place])
        error = errors * _error(repeats.off[:, place])
        row["off"] = [off, off - error, off + error]
        row["calibrated"] = "no difference shown"
        if off - error > 0:
            row["calibrated"] = "higher than predicted"
        elif off + error < 0:
            row["calibrated"] = "lower than predicted"


def _four_fifths(told: list[dict[str, Any]], value: _Sums, repeats: _Sums, judged: tuple[int, ...]) -> None:
    """Each judged group's selection rate beside the highest of them."""
    for row in told:
        row["ratio"] = row["four_fifths"] = None
    if len(judged) < 2 or not value.of[list(judged), 1].any():
        return
    best = max(judged, key=lambda place: value.selected[place])
    pairs = len(judged) * (len(judged) - 1) / 2
    errors = NormalDist().inv_cdf(1 - (1 - _LEVEL) / 2 / pairs)
    rate = _log_rates(value)
    ratios = _log_rates(repeats) - _log_rates(repeats)[:, [best]]
    told[best] |= {"ratio": [1.0, None, None], "four_fifths": "highest rate"}
    for place in judged:
        if place == best:
            continue
        of_leads = np.sqrt(_variance(value.of[place]) + _variance(value.of[best]))
        error = errors * max(_error(ratios[:, place]), float(of_leads))
        low, high = (float(np.exp(rate[place] - rate[best] + side * error)) for side in (-1, 1))
        exact = float(value.selected[place] / value.selected[best])
        told[place] |= {"ratio": [exact, min(low, exact), max(high, exact)], "four_fifths": _verdict(low, high)}


def _verdict(low: float, high: float) -> str:
    if high < FOUR_FIFTHS:
        return "breached"
    return "kept" if low >= FOUR_FIFTHS else "cannot be told"


def _log_rates(sums: _Sums) -> Floats:
    """Logarithms of selection rates, half a lead added so that none is endless."""
    rates: Floats = np.log((sums.of[..., 1] + 0.5) / (sums.of[..., 0] + 0.5))
    return rates


def _variance(counts: Floats) -> float:
    """Of the logarithm of a rate of independent leads."""
    return max(float(1 / (counts[1] + 0.5) - 1 / (counts[0] + 0.5)), 0.0)


def _error(repeats: Floats) -> float:
    known = repeats[np.isfinite(repeats)]
    return float(known.std(ddof=1)) if len(known) > 1 else np.inf
