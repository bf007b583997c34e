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
    "base rate",
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
    """All that is asked of a cutoff's volume, precision and recall; the best value must be a gain at all."""
    return list(_demands(asked, candidates))


def _demands(asked: StagePolicy, candidates: Candidates) -> Iterator[Demand]:
    if asked.per_week is not None and candidates.per_week is not None:
        yield Demand("capacity", _within_capacity(asked, candidates))
    if asked.minimum_precision is not None:
        minimum, confidence = asked.minimum_precision, asked.confidence
        enough = (candidates.crossed >= FEWEST_LEADS) & (candidates.converted >= minimum * candidates.crossed)
        yield Demand("minimum precision", enough if confidence is None else _certified(asked, candidates))
    if asked.minimum_recall is not None:
        yield Demand("minimum recall", np.nan_to_num(candidates.recall) >= asked.minimum_recall)
    if asked.expected_value and candidates.expected_value is not None:
        yield Demand("expected value", candidates.expected_value > 0)


def _within_capacity(asked: StagePolicy, candidates: Candidates) -> Mask:
    if asked.per_week is None or candidates.per_week is None:
        return np.ones(len(candidates.cutoffs), np.bool_)
    return np.asarray(candidates.per_week <= asked.per_week)


def _certified(asked: StagePolicy, candidates: Candidates) -> Mask:
    """Where a minimum precision is promised. Testing begins among the cutoffs within the capacity, to lose no power.

    What holds below them only tells what binds. The floor, which for an SQL is the MQL cutoff and so may have come
    from outcomes, has no say in what is tested: a cutoff at the floor crosses what the next one above it does.
    """
    minimum, confidence = asked.minimum_precision or 0.0, asked.confidence or 0.0
    if not 0 < minimum < 1:
        return np.full(len(candidates.cutoffs), minimum == 0)
    every = candidates.without_floor
    crossings, accounts, within = every.crossings, every.leads.account, _within_capacity(asked, every)
    certified = guaranteed(crossings, accounts, every.cutoffs, minimum=minimum, confidence=confidence)
    if not within.all():
        cutoffs = every.cutoffs[within]
        certified[within] = guaranteed(crossings, accounts, cutoffs, minimum=minimum, confidence=confidence)
    return certified[np.searchsorted(every.cutoffs, candidates.cutoffs)]


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
