"""Which leads out of time the published cutoffs would have handed over, each by the cutoff of its own segment."""

from __future__ import annotations

import numpy as np

from leadml.predict.encoding import Floats
from leadml.predict.policy import Policy
from leadml.training.cutoffs.out_of_time import OutOfTime
from leadml.training.cutoffs.policy import Stage
from leadml.training.folds import Rows


def row_cutoffs(leads: OutOfTime, policy: Policy, stage: Stage) -> Floats:
    """The cutoff of each snapshot, NaN where none is published; array (snapshots,)."""
    cutoffs = policy.cutoffs(leads.segment)
    return np.broadcast_to(cutoffs.mql if stage == "MQL" else cutoffs.sql, leads.probability.shape)


def first_handed_over(leads: OutOfTime, cutoffs: Floats, stage: Stage) -> Rows:
    """The snapshots, one per lead, at which leads first reach their cutoff and may have the stage, by lead.

    Where time is unknown, a lead does so at its highest probability.
    """
    reached = np.flatnonzero(leads.eligible(stage) & (leads.probability >= cutoffs))  # nothing reaches NaN
    moment = -leads.probability if leads.order is None else leads.order
    ordered = reached[np.lexsort((-leads.probability[reached], moment[reached], leads.lead[reached]))]
    first: Rows = ordered[np.unique(leads.lead[ordered], return_index=True)[1]]
    return first
