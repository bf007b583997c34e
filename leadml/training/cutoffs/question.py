"""One stage's cutoff: what is asked of it, answered on leads that the scorer had not seen."""

from __future__ import annotations

from dataclasses import dataclass, replace

from leadml.training.cutoffs.candidates import Candidates
from leadml.training.cutoffs.cutoff import Cutoff, Guarantee, unpublished
from leadml.training.cutoffs.demands import demands_of, goal_of
from leadml.training.cutoffs.judging import judged
from leadml.training.cutoffs.out_of_time import OutOfTime
from leadml.training.cutoffs.policy import Stage, StagePolicy
from leadml.training.cutoffs.solver import Solution, solve
from leadml.training.cutoffs.words import did, out_of_reach, placed
from leadml.training.grades import times_base_rate

DEFAULT_MULTIPLES: dict[Stage, float] = {"MQL": 1.0, "SQL": 2.0}


@dataclass(frozen=True)
class Question:
    """What is asked of one stage's cutoff: `floor` is the lowest that it may be, `segment` whose it is."""

    stage: Stage
    asked: StagePolicy
    base_rate: float
    floor: float = 0.0
    segment: str | None = None

    def answer(self, leads: OutOfTime, seed: int) -> Cutoff:
        """The cutoff for leads whose outcome is known."""
        if leads.order is None and (self.asked.per_week or self.asked.target_per_week) is not None:
            return self._without_weeks(leads, seed)
        if not len(leads.label):
            return self._none(f"No {self.stage} cutoff is published: no lead of it has been seen with its outcome.")
        if self.asked.probability is not None:
            return self._by_hand(leads, self.asked.probability, seed)
        asked = self._asked()
        lowest = self.floor if self.asked.asks else max(self.floor, asked.minimum_precision or 0.0)
        candidates = Candidates.of(leads, self.stage, lowest)
        if self.asked.expected_value and candidates.expected_value is None:
            return self._none(f"No {self.stage} cutoff is published: nothing tells what a deal was worth by then.")
        demands = demands_of(asked, candidates)
        solution = solve(len(candidates.cutoffs), demands, goal_of(asked, candidates))
        if solution is None:
            return self._none(out_of_reach(self.stage, asked, candidates, demands))
        if solution.binding == "none" and lowest > self.floor:
            solution = Solution(solution.place, "minimum precision")
        return self._published(leads, asked, candidates, solution, seed)

    def _asked(self) -> StagePolicy:
        """What is asked; nothing is a conversion at the base rate (SQL: twice that)."""
        if self.asked.asks:
            return self.asked
        return StagePolicy(minimum_precision=times_base_rate(self.base_rate, DEFAULT_MULTIPLES[self.stage]))

    def _published(
        self, leads: OutOfTime, asked: StagePolicy, candidates: Candidates, solution: Solution, seed: int
    ) -> Cutoff:
        cutoff = float(candidates.cutoffs[solution.place])
        figures = judged(leads, self.stage, cutoff, seed=seed)
        crossed = int(candidates.crossed[solution.place])
        words = placed(asked, solution.binding, leads.cost_of_working)
        why = f"{self.stage} at {cutoff:.3f} is {words}: {did(figures, crossed, self.base_rate)}."
        promise = None
        if asked.minimum_precision is not None and asked.confidence is not None:
            promise = Guarantee(asked.minimum_precision, asked.confidence)
        return Cutoff(self.stage, cutoff, solution.binding, why, figures, self.segment, promise)

    def _by_hand(self, leads: OutOfTime, cutoff: float, seed: int) -> Cutoff:
        cutoff, raised = max(cutoff, self.floor), cutoff < self.floor
        figures = judged(leads, self.stage, cutoff, seed=seed)
        crossed = len(leads.crossings(self.stage).rows(cutoff))
        words = placed(self.asked, "manual", 0.0) + (", raised to the MQL cutoff" if raised else "")
        why = f"{self.stage} at {cutoff:.3f} is {words}: {did(figures, crossed, self.base_rate)}."
        return Cutoff(self.stage, cutoff, "manual", why, figures, self.segment)

    def _without_weeks(self, leads: OutOfTime, seed: int) -> Cutoff:
        volume, what = self.asked.per_week, "capacity"
        if volume is None:
            volume, what = self.asked.target_per_week, "target"
        other = replace(self, asked=replace(self.asked, per_week=None, target_per_week=None)).answer(leads, seed)
        return replace(other, why=f"{other.why} The {what} of {volume:g} a week is not applied: that needs dates.")

    def _none(self, why: str) -> Cutoff:
        return unpublished(self.stage, why, self.segment)
