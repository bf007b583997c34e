"""MQL and SQL cutoffs: what is asked of them, which ones keep to it, and what they would have done.

policy.py        what may be asked; out_of_time.py: the leads it is answered on
crossings.py     each lead's first crossing of any cutoff
candidates.py    every cutoff there could be; demands.py: which of them meet what is asked
solver.py        the one to publish and what binds it; question.py: all of that for one stage
choosing.py      all stages and segments; confirmation.py: whether what is asked would have been kept
curve.py         what cutoffs would have done, with intervals; alternatives.py: what asking for more would give
words.py         everything that is said of a cutoff
by_row.py        whom the published cutoffs hand over, each lead by that of its own segment
"""

from __future__ import annotations

from leadml.training.cutoffs.choosing import choose_cutoffs, no_cutoffs
from leadml.training.cutoffs.crossings import Crossings
from leadml.training.cutoffs.cutoff import Cutoff, Figures, unpublished
from leadml.training.cutoffs.out_of_time import OutOfTime
from leadml.training.cutoffs.policy import CutoffPolicy, SegmentPolicy, Stage, StagePolicy

__all__ = [
    "Crossings",
    "Cutoff",
    "CutoffPolicy",
    "Figures",
    "OutOfTime",
    "SegmentPolicy",
    "Stage",
    "StagePolicy",
    "choose_cutoffs",
    "no_cutoffs",
    "unpublished",
]
