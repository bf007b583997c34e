"""Snapshots that are younger than the horizon: which outcomes are known, and for how many others each one stands.

Of the recent leads those that closed early are known and their open neighbours are not. Keeping the ones and dropping
the others would select on the outcome, so each known one is weighted by the inverse of the chance that it could be
known: inverse-probability-of-censoring weights (Robins and Rotnitzky 1992; for machine learning Vock et al. 2016,
"Adapting machine learning techniques to censored time-to-event health record data", J. Biomed. Inform. 61). They take
it that how long leads stay open has nothing to do with how old the snapshot is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from leadml.predict.encoding import Floats

__all__ = ["Censoring", "CensoringRule", "censoring_weights"]

Ints = np.ndarray[Any, np.dtype[np.int64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]
# What becomes of snapshots whose horizon has not passed: left out, or used by weight as far as their leads have closed.
CensoringRule = Literal["full_horizon", "weighted"]


@dataclass(frozen=True)
class Censoring:
    """How rows count where some are younger than the horizon; both arrays of shape (rows,).

    `weight` is zero where the outcome is not known; `complete` says whether the whole horizon has passed.
    """

    weight: Floats
    complete: Mask

    def take(self, rows: Any) -> Censoring:
        """Those of some rows."""
        return Censoring(self.weight[rows], self.complete[rows])


def censoring_weights(open_for: Ints, seen_for: Ints, horizon: int) -> Floats:
    """1 / P(seen at least until the outcome is known) for rows that were, 0 for those that were not; shape (rows,).

    A row's outcome is known once its lead closes or the horizon ends, whichever is first. The chance to be seen for
    longer is the product-limit estimate (Kaplan and Meier 1958), in which being cut off is what happens and an outcome
    ends the watch; of the same moment, outcomes come first.

    Args:
        open_for: time from each snapshot to the lead's close, far beyond the data where it is still open.
        seen_for: time from each snapshot to the end of the data, not negative, in the same unit.
        horizon: the horizon, in the same unit.
    """
    settled = np.minimum(open_for, horizon)
    known = settled <= seen_for
    watched = np.where(known, settled, seen_for)
    cut_off_at, cut_off = np.unique(watched[~known], return_counts=True)
    at_risk = len(watched) - np.searchsorted(np.sort(watched), cut_off_at, side="right") + cut_off
    seen_beyond = np.cumprod(1 - cut_off / at_risk)
    before = np.searchsorted(cut_off_at, settled[known], side="left")
    weight = np.zeros(len(watched))
    weight[known] = 1 / np.r_[1.0, seen_beyond][before]
    return weight
