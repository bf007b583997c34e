"""What cutoffs are chosen and judged on: leads, week by week, scored by a scorer that had not seen that time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from leadml.predict.encoding import Floats
from leadml.training.cutoffs.crossings import Crossings
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
    """

    probability: Floats
    label: Floats
    lead: Rows
    account: Rows
    order: Floats | None
    may_be: Mapping[Stage, Mask] = field(default_factory=dict)

    def take(self, rows: Rows) -> OutOfTime:
        """The snapshots at some row numbers, in their order."""
        return replace(
            self,
            probability=self.probability[rows],
            label=self.label[rows],
            lead=self.lead[rows],
            account=self.account[rows],
            order=None if self.order is None else self.order[rows],
            may_be={stage: mask[rows] for stage, mask in self.may_be.items()},
        )

    @cached_property
    def known(self) -> OutOfTime:
        """The snapshots whose horizon has passed."""
        return self.take(np.flatnonzero(np.isfinite(self.label)))

    def crossings(self, stage: Stage) -> Crossings:
        """Each lead's first crossing of any cutoff of a stage."""
        return Crossings(self.probability, self.label, self.lead, self.order, self.eligible(stage))

    def eligible(self, stage: Stage) -> Mask:
        """Which snapshots may have a stage whatever their score."""
        eligible = np.ones(len(self.probability), dtype=np.bool_)
        needed: tuple[Stage, ...] = ("MQL", "SQL") if stage == "SQL" else ("MQL",)
        for name in needed:
            eligible &= self.may_be.get(name, True)
        return eligible
