"""What cutoffs are chosen and judged on: leads, week by week, scored by a scorer that had not seen that time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from leadml.predict.encoding import Floats
from leadml.training.cutoffs.crossings import Crossings, Period
from leadml.training.cutoffs.policy import Stage
from leadml.training.folds import Rows
from leadml.training.split import Mask


@dataclass(frozen=True)
class OutOfTime:
    """Each lead at each moment at which it was open, as a scoring run would have met it.

    Every array has shape (snapshots,): `probability`, by a scorer trained on nothing of that time; `label`, 1 (won
    within the horizon), 0, or NaN where that is not yet known; `lead` and `account`, numbers from 0; `order`, the
    moment in days (None without time: none is earlier then). `may_be` says by stage which snapshots may have it
    whatever their score; all where a stage is not named. What may not be MQL may not be SQL.

    `value` is what such a deal was expected to be worth, by what was known at that moment (NaN: nothing tells; None:
    nothing ever tells), and `cost_of_working` what working one lead costs, in the same currency. `segment` is the
    number of the segment of the cutoff policy that each snapshot belongs to, -1 for none; None: there are no segments.
    `period` is that of which the snapshots are a part, `known_period` that of the known ones among them (None: what
    they span).
    """

    probability: Floats
    label: Floats
    lead: Rows
    account: Rows
    order: Floats | None
    may_be: Mapping[Stage, Mask] = field(default_factory=dict)
    value: Floats | None = None
    cost_of_working: float = 0.0
    segment: Rows | None = None
    period: Period | None = None
    known_period: Period | None = None

    def take(self, rows: Rows) -> OutOfTime:
        """The snapshots at some row numbers, in their order; their period is that which they span."""
        return replace(
            self,
            probability=self.probability[rows],
            label=self.label[rows],
            lead=self.lead[rows],
            account=self.account[rows],
            order=None if self.order is None else self.order[rows],
            may_be={stage: mask[rows] for stage, mask in self.may_be.items()},
            value=None if self.value is None else self.value[rows],
            segment=None if self.segment is None else self.segment[rows],
            period=None,
            known_period=None,
        )

    def of_segment(self, number: int | None) -> OutOfTime:
        """The snapshots of a segment, by its number; those of none for None. They stand for the whole period."""
        if self.segment is None:
            return self
        own = self.take(np.flatnonzero(self.segment == (-1 if number is None else number)))
        if self.order is None or self.known.order is None:
            return own
        known = self.known_period or Period.of(self.known.order)
        return replace(own, period=self.period or Period.of(self.order), known_period=known)

    @cached_property
    def known(self) -> OutOfTime:
        """The snapshots whose horizon has passed."""
        known = self.take(np.flatnonzero(np.isfinite(self.label)))
        return replace(known, period=self.known_period, known_period=self.known_period)

    @property
    def weeks(self) -> float | None:
        """Weeks from the first moment to the last; None without time, or where there is only one moment."""
        period = self.period or Period.of(self.order)
        return period.weeks if period else None

    def crossings(self, stage: Stage) -> Crossings:
        """Each lead's first crossing of any cutoff of a stage; found once, since every figure asks for it."""
        if stage not in self._found:
            eligible = self.eligible(stage)
            self._found[stage] = Crossings(
                self.probability, self.label, self.lead, self.order, eligible, period=self.period
            )
        return self._found[stage]

    @cached_property
    def _found(self) -> dict[Stage, Crossings]:
        return {}

    def eligible(self, stage: Stage) -> Mask:
        """Which snapshots may have a stage whatever their score."""
        eligible = np.ones(len(self.probability), dtype=np.bool_)
        needed: tuple[Stage, ...] = ("MQL", "SQL") if stage == "SQL" else ("MQL",)
        for name in needed:
            eligible &= self.may_be.get(name, True)
        return eligible
