"""MQL and SQL cutoffs from a stated policy, chosen on out-of-time predictions.

A lead counts once, at its *first crossing*: the first of its snapshots at which it would have been handed over. That
is when it takes a place in the week's capacity, and whether it converts within the horizon *from then* is what the
conversion of a cutoff means.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from leadml.predict.encoding import Floats
from leadml.training.cutoffs.crossings import Crossings
from leadml.training.cutoffs.out_of_time import OutOfTime
from leadml.training.cutoffs.policy import CutoffPolicy, Stage, StagePolicy
from leadml.training.evaluation import Interval, resampled_accounts, with_intervals
from leadml.training.folds import Rows
from leadml.training.grades import times_base_rate
from leadml.training.split import Mask

Binding = Literal["capacity", "minimum precision", "none"]

DEFAULT_MULTIPLES: dict[Stage, float] = {"MQL": 1.0, "SQL": 2.0}
FEWEST_LEADS = 10  # a conversion seen on fewer leads says nothing about the next ones

_REPEATS = 200


@dataclass(frozen=True)
class Cutoff:
    """One stage's cutoff and what it would have done to the leads it was chosen on.

    `probability` is None where no cutoff is published, and `why` says the reason. `per_week` is the number of leads
    that first cross it in an average week (None without time). `precision` is the share of these that convert within
    the horizon of crossing, `recall` their share of all leads that convert; both (value, low, high) or None.
    """

    stage: Stage
    probability: float | None
    binding: Binding
    per_week: float | None
    precision: Interval | None
    recall: Interval | None
    why: str

    def to_dict(self) -> dict[str, Any]:
        """The cutoff as the bundle's facts keep it."""
        return {
            "stage": self.stage,
            "probability": self.probability,
            "binding": self.binding,
            "per_week": self.per_week,
            "precision": None if self.precision is None else list(self.precision),
            "recall": None if self.recall is None else list(self.recall),
            "why": self.why,
        }


def choose_cutoffs(
    leads: OutOfTime, policy: CutoffPolicy, *, base_rate: float, signal: bool = True, seed: int = 0
) -> list[Cutoff]:
    """The cutoffs for MQL and SQL, in this order; SQL never lies below MQL.

    A capacity asks for the lowest cutoff that no more leads per week cross; a minimum precision for the lowest one
    whose leads convert at that rate; both together for the lowest one that satisfies both. With neither, the cutoff
    lies at the base rate for MQL and at twice the base rate for SQL (`times_base_rate`) or, where the leads above
    convert less than that, as much higher as it takes.

    Args:
        leads: what the cutoffs are chosen on; those whose outcome is not yet known are left aside. Without time there
            are no weeks, a capacity cannot be applied, and `why` says so.
        policy: what is asked.
        base_rate: share of snapshots that convert, from training.
        signal: False where the model knows no more than the base rate: then no cutoff is published.
        seed: picks the accounts of each bootstrap repeat.
    """
    if not signal:
        reason = "No cutoff is published: the model found no signal, so no score separates leads."
        return [unpublished(stage, reason) for stage in DEFAULT_MULTIPLES]
    known = leads.known
    mql = _Chooser("MQL", policy.mql, base_rate, floor=0.0)
    first = mql.choose(known.crossings("MQL"), known.label, known.account, seed)
    if first.probability is None:
        return [first, unpublished("SQL", "No SQL cutoff is published: it would have to lie above an MQL cutoff.")]
    sql = _Chooser("SQL", policy.sql, base_rate, floor=first.probability)
    return [first, sql.choose(known.crossings("SQL"), known.label, known.account, seed)]


@dataclass(frozen=True)
class _Chooser:
    """What is asked of one stage; `floor` is the lowest cutoff it may have."""

    stage: Stage
    asked: StagePolicy
    base_rate: float
    floor: float

    def choose(self, crossings: Crossings, label: Floats, accounts: Rows, seed: int) -> Cutoff:
        if self.asked.per_week is not None and crossings.weeks is None:
            timeless = replace(self, asked=replace(self.asked, per_week=None)).choose(crossings, label, accounts, seed)
            unapplied = f"The capacity of {self.asked.per_week:g} a week is not applied: that needs dates."
            return replace(timeless, why=f"{timeless.why} {unapplied}")
        default = self.asked.per_week is None and self.asked.minimum_precision is None
        usual = times_base_rate(self.base_rate, DEFAULT_MULTIPLES[self.stage])
        minimum = usual if default else self.asked.minimum_precision
        lowest = max(self.floor, usual) if default else self.floor
        candidates = crossings.candidates(lowest)
        crossed, converted = crossings.counts(candidates)
        within = np.ones(len(candidates), dtype=bool)
        if self.asked.per_week is not None and crossings.weeks is not None:
            within = crossed <= self.asked.per_week * crossings.weeks
        enough = np.ones(len(candidates), dtype=bool)
        if minimum is not None:
            enough = (crossed >= FEWEST_LEADS) & (converted >= minimum * crossed)
        if not (within & enough).any():
            return unpublished(self.stage, self._out_of_reach(minimum, lowest, enough))
        place = int(np.argmax(within & enough))
        binding: Binding = "none"
        if place > int(np.argmax(within)) or (place == 0 and lowest > self.floor):
            binding = "minimum precision"
        elif place > 0:
            binding = "capacity"
        return self._published(float(candidates[place]), binding, minimum, crossings, label, accounts, seed)

    def _published(
        self,
        cutoff: float,
        binding: Binding,
        minimum: float | None,
        crossings: Crossings,
        label: Floats,
        accounts: Rows,
        seed: int,
    ) -> Cutoff:
        rows = crossings.rows(cutoff)
        precision, recall = _precision_and_recall(rows, crossings.converting, label, accounts, seed)
        per_week = None if crossings.weeks is None else len(rows) / crossings.weeks
        volume = f"{len(rows)} leads" if per_week is None else f"{per_week:.1f} leads a week"
        did = f"{volume} first cross it, and {precision[0]:.1%} of them convert (base rate {self.base_rate:.1%})"
        asked = {
            "capacity": f"the lowest cutoff within the capacity of {self.asked.per_week or 0:g} leads a week",
            "minimum precision": f"the lowest cutoff whose leads convert at {minimum or 0:.1%} or more",
            "none": "the lowest cutoff there can be, since what was asked for holds even there",
        }[binding]
        why = f"{self.stage} at {cutoff:.3f} is {asked}: {did}."
        return Cutoff(self.stage, cutoff, binding, per_week, precision, recall, why)

    def _out_of_reach(self, minimum: float | None, lowest: float, enough: Mask) -> str:
        no = f"No {self.stage} cutoff is published:"
        if not len(enough):
            return f"{no} no lead that qualifies scores {lowest:.3f} or more."
        if minimum is not None and not enough.any():
            return f"{no} at no cutoff do {FEWEST_LEADS} leads or more convert at {minimum:.1%}."
        if minimum is None:
            return f"{no} even the highest score is crossed by more than {self.asked.per_week:g} leads a week."
        capacity = f"{self.asked.per_week:g} leads a week"
        return f"{no} no cutoff keeps to {capacity} and has leads that convert at {minimum:.1%}."


def _precision_and_recall(
    rows: Rows, converting: Rows, label: Floats, accounts: Rows, seed: int
) -> tuple[Interval, Interval]:
    """Of the leads that cross at `rows`, the share that converts, and what share that is of all converting leads."""

    def measure(times: Floats) -> tuple[float, float]:
        won = float((times[rows] * label[rows]).sum())
        crossed, all_won = float(times[rows].sum()), float(times[converting].sum())
        return won / crossed if crossed else np.nan, won / all_won if all_won else np.nan

    values = np.array(measure(np.ones(len(label))))
    repeats = np.array([measure(times) for times in resampled_accounts(accounts, _REPEATS, seed)])
    precision, recall = with_intervals(values, repeats)
    return precision, recall


def unpublished(stage: Stage, why: str) -> Cutoff:
    """No cutoff, and why."""
    return Cutoff(stage, None, "none", None, None, None, why)
