"""Every cutoff that could be published, with what it would have done."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from leadml.predict.encoding import Floats
from leadml.training.cutoffs.crossings import Crossings
from leadml.training.cutoffs.out_of_time import OutOfTime
from leadml.training.cutoffs.policy import Stage
from leadml.training.folds import Rows


@dataclass(frozen=True)
class Candidates:
    """Cutoffs of a stage, ascending, each counting a lead once, at its first crossing; arrays of shape (cutoffs,).

    `leads` are those with a known outcome, and `floor` is the lowest cutoff there may be.
    """

    leads: OutOfTime
    crossings: Crossings
    floor: float
    cutoffs: Floats

    @classmethod
    def of(cls, leads: OutOfTime, stage: Stage, floor: float) -> Candidates:
        """Every cutoff from a floor on that makes a difference."""
        crossings = leads.crossings(stage)
        return cls(leads, crossings, floor, crossings.candidates(floor))

    @property
    def without_floor(self) -> Candidates:
        """Every cutoff that makes a difference, those below the floor, too."""
        return replace(self, floor=0.0, cutoffs=self.crossings.candidates(0.0))

    @cached_property
    def _counts(self) -> tuple[Rows, Rows]:
        return self.crossings.counts(self.cutoffs)

    @property
    def crossed(self) -> Rows:
        """Leads that cross."""
        return self._counts[0]

    @property
    def converted(self) -> Rows:
        """Leads that cross and convert within the horizon of it."""
        return self._counts[1]

    @cached_property
    def per_week(self) -> Floats | None:
        """Leads that cross in an average week; None without weeks."""
        return self.crossings.per_week(self.cutoffs)

    @property
    def recall(self) -> Floats:
        """The share that crosses of all leads that convert; nan where none converts."""
        with np.errstate(invalid="ignore"):
            share: Floats = self.crossings.reached(self.cutoffs) / np.float64(len(self.crossings.converting))
        return share

    @cached_property
    def expected_value(self) -> Floats | None:
        """The sum of probability x value expected of such a deal, less the cost of working; None where nothing tells.

        A lead whose deal nobody could tell the worth of at that moment adds the cost alone.
        """
        if self.leads.value is None or not np.isfinite(self.leads.value).any():
            return None
        gain = self.leads.probability * np.nan_to_num(self.leads.value) - self.leads.cost_of_working
        return self.crossings.sums(gain, self.cutoffs)

    def f_beta(self, beta: float) -> Floats:
        """F-beta of each cutoff's precision and recall (van Rijsbergen 1979); 0 where no lead converts."""
        weight, recall = beta * beta, np.nan_to_num(self.recall)
        precision = self.converted / np.maximum(self.crossed, 1)
        score: Floats = (1 + weight) * precision * recall / np.maximum(weight * precision + recall, 1e-12)
        return score
