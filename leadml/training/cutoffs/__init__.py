"""MQL and SQL cutoffs: what is asked of them, which ones keep to it, and what they would have done."""

from __future__ import annotations

from leadml.training.cutoffs.choosing import Cutoff, choose_cutoffs, unpublished
from leadml.training.cutoffs.crossings import Crossings
from leadml.training.cutoffs.out_of_time import OutOfTime
from leadml.training.cutoffs.policy import CutoffPolicy, Stage, StagePolicy

__all__ = ["Crossings", "Cutoff", "CutoffPolicy", "OutOfTime", "Stage", "StagePolicy", "choose_cutoffs", "unpublished"]
