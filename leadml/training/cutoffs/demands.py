"""What a stage policy demands of candidate cutoffs, one by one, and which of those that meet it is best."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from leadml.predict.encoding import Floats
from leadml.training.cutoffs.candidates import Candidates
from leadml.training.cutoffs.guarantee import guaranteed
from leadml.training.cutoffs.policy import StagePolicy
from leadml.training.split import Mask

Binding = Literal[
    "capacity",
    "minimum precision",
    "minimum recall",
    "target volume",
    "expected value",
    "F-beta",
    "manual",
    "none",
]

FEWEST_LEADS = 10  # a conversion seen on fewer leads says nothing about the next ones


@dataclass(frozen=True)
class Demand:
    """Something asked, and which candidates meet it; shape (cutoffs,)."""

    name: Binding
    met: Mask


@dataclass(frozen=True)
class Goal:
    """What makes one candidate better than another: the higher its merit; shape (cutoffs,)."""

    name: Binding
    merit: Floats


def demands_of(asked: StagePolicy, candidates: Candidates) -> list[Demand]:
    """All that is asked of a cutoff's volume, precision and recall."""
    return list(_demands(asked, candidates))


def _demands(asked: StagePolicy, candidates: Candidates) -> Iterator[Demand]:
    within = np.ones(len(candidates.cutoffs), np.bool_)
    if asked.per_week is not None and candidates.per_week is not None:
        within = candidates.per_week <= asked.per_week
        yield Demand("capacity", within)
    if asked.minimum_precision is not None:
        minimum, confidence = asked.minimum_precision, asked.confidence
        enough = (candidates.crossed >= FEWEST_LEADS) & (candidates.converted >= minimum * candidates.crossed)
        yield Demand("minimum precision", enough if confidence is None else _certified(candidates, within, asked))
    if asked.minimum_recall is not None:
        yield Demand("minimum recall", np.nan_to_num(candidates.recall) >= asked.minimum_recall)


def _certified(candidates: Candidates, within: Mask, asked: StagePolicy) -> Mask:
    """Where a minimum precision is promised. Testing begins among the cutoffs within the capacity, to lose no power.

    What holds below them only tells what binds.
    """
    minimum, confidence = asked.minimum_precision or 0.0, asked.confidence or 0.0
    if not 0 < minimum < 1:
        return np.full(len(within), minimum == 0)
    crossings, accounts = candidates.crossings, candidates.leads.account
    certified = guaranteed(crossings, accounts, candidates.cutoffs, minimum=minimum, confidence=confidence)
    if not within.all():
        cutoffs = candidates.cutoffs[within]
        certified[within] = guaranteed(crossings, accounts, cutoffs, minimum=minimum, confidence=confidence)
    return certified


def goal_of(asked: StagePolicy, candidates: Candidates) -> Goal | None:
    """What is best among the cutoffs that meet all demands; None: the lowest.

    Recall alone is met by every low cutoff: then the highest is best, which gives the fewest leads to work.
    """
    if asked.target_per_week is not None and candidates.per_week is not None:
        return Goal("target volume", -np.abs(candidates.per_week - asked.target_per_week))
    if asked.expected_value:
        value = candidates.expected_value
        return Goal("expected value", np.zeros(len(candidates.cutoffs)) if value is None else value)
    if asked.f_beta is not None:
        return Goal("F-beta", candidates.f_beta(asked.f_beta))
    if asked.minimum_recall is not None and asked.per_week is None and asked.minimum_precision is None:
        return Goal("minimum recall", candidates.cutoffs)
    return None
