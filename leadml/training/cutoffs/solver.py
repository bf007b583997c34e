"""The cutoff that demands and a goal leave, and which of them binds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leadml.training.cutoffs.demands import Binding, Demand, Goal
from leadml.training.split import Mask


@dataclass(frozen=True)
class Solution:
    """The position of the cutoff among the candidates, and what puts it there."""

    place: int
    binding: Binding


def solve(count: int, demands: Sequence[Demand], goal: Goal | None) -> Solution | None:
    """The best of so many ascending candidates that meets every demand: without a goal the lowest; None: there is none.

    The demand binds without which the cutoff would be another one; of several the one that moves it most. Where each
    alone could go, as others hold the cutoff where it is, it is the one that rules out most of what lies below.
    Where no demand does anything, the goal puts it there.
    """
    place = _best(_all_met(count, demands), goal)
    if place is None:
        return None
    moves: list[int] = [_moved(count, demands, one, goal, place) for one in demands]
    if any(moves):
        return Solution(place, demands[int(np.argmax(moves))].name)
    if goal is not None and _best(np.ones(count, np.bool_), goal) == place:
        return Solution(place, goal.name)
    if goal is None and place == 0:
        return Solution(place, "none")
    ruled_out = [int((~one.met[:place]).sum() or (~one.met).sum()) for one in demands]
    return Solution(place, demands[int(np.argmax(ruled_out))].name)


def _all_met(count: int, demands: Sequence[Demand]) -> Mask:
    met = np.ones(count, np.bool_)
    for one in demands:
        met &= one.met
    return met


def _best(met: Mask, goal: Goal | None) -> int | None:
    """The lowest, or the one of most merit, the lowest of equals."""
    if not met.any():
        return None
    if goal is None:
        return int(np.argmax(met))
    return int(np.argmax(np.where(met, goal.merit, -np.inf)))


def _moved(count: int, demands: Sequence[Demand], one: Demand, goal: Goal | None, place: int) -> int:
    """By how many candidates the cutoff would move, were one thing not demanded."""
    without = _best(_all_met(count, [other for other in demands if other is not one]), goal)
    return abs(place - (place if without is None else without))
