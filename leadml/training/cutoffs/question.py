"""One stage's cutoff: what is asked of it, answered on leads that the scorer had not seen."""

from __future__ import annotations

from dataclasses import dataclass, replace

from leadml.training.cutoffs.candidates import Candidates
from leadml.training.cutoffs.curve import figures_at
from leadml.training.cutoffs.cutoff import Cutoff, Figures, Guarantee, unpublished
from leadml.training.cutoffs.demands import Binding, demands_of, goal_of
from leadml.training.cutoffs.out_of_time import OutOfTime
from leadml.training.cutoffs.policy import Stage, StagePolicy
from leadml.training.cutoffs.solver import solve
from leadml.training.cutoffs.words import did, out_of_reach, placed
from leadml.training.grades import times_base_rate

DEFAULT_MULTIPLES: dict[Stage, float] = {"MQL": 1.0, "SQL": 2.0}


@dataclass(frozen=True)
class Answer:
    """A cutoff before it is judged, what puts it there, and how many leads cross it; or why there is none."""

    cutoff: float | None
    binding: Binding = "none"
    crossed: int = 0
    why: str = ""


@dataclass(frozen=True)
class Question:
    """What is asked of one stage's cutoff: `floor` is the lowest that it may be, `segment` whose it is."""

    stage: Stage
    asked: StagePolicy
    base_rate: float
    floor: float = 0.0
    segment: str | None = None

    @property
    def of_all(self) -> StagePolicy:
        """What is asked; where nothing is, a conversion at the base rate (SQL: twice that)."""
        if self.asked.asks:
            return self.asked
        return StagePolicy(minimum_precision=times_base_rate(self.base_rate, DEFAULT_MULTIPLES[self.stage]))

    @property
    def _of(self) -> str:
        return "" if self.segment is None else f" of {self.segment}"

    def publish(self, leads: OutOfTime, seed: int) -> Cutoff:
        """The cutoff for leads with known outcomes, and what it would have done to them."""
        asked, left_aside = self._within(leads)
        answer = asked.answer(leads)
        if answer.cutoff is None:
            why = f"No {self.stage} cutoff{self._of} is published: {answer.why}."
            return unpublished(self.stage, why + left_aside, self.segment)
        figures = figures_at(leads, self.stage, [answer.cutoff], seed=seed)[0]
        return asked.cutoff(answer, figures, leads.cost_of_working, left_aside)

    def cutoff(self, answer: Answer, figures: Figures, cost: float, left_aside: str = "") -> Cutoff:
        """An answer with what it would have done."""
        place, of_all, promise = answer.cutoff or 0.0, self.of_all, None
        words = self._placed(answer, cost) + answer.why
        seen = did(figures, answer.crossed, self.base_rate)
        why = f"{self.stage}{self._of} at {place:.3f} is {words}: {seen}.{left_aside}"
        if of_all.minimum_precision is not None and of_all.confidence is not None:
            promise = Guarantee(of_all.minimum_precision, of_all.confidence)
        return Cutoff(self.stage, place, answer.binding, why, figures, self.segment, promise, asked=of_all)

    def _placed(self, answer: Answer, cost: float) -> str:
        if answer.binding == "base rate":
            return f"{'' if self.stage == 'MQL' else 'twice '}the base rate, as nothing else is asked"
        if answer.binding == "none" and self.floor:
            return "the MQL cutoff, the lowest that an SQL may have"
        return placed(self.of_all, answer.binding, cost)

    def answer(self, leads: OutOfTime) -> Answer:
        """The cutoff for leads with known outcomes; a volume is only heeded where there are weeks."""
        if not len(leads.label):
            return Answer(None, why="no lead of it has been seen with its outcome")
        if self.asked.probability is not None:
            return self._by_hand(leads, self.asked.probability)
        asked = self.of_all
        lowest = self.floor if self.asked.asks else max(self.floor, asked.minimum_precision or 0.0)
        candidates = Candidates.of(leads, self.stage, lowest)
        if asked.expected_value and candidates.expected_value is None:
            return Answer(None, why="nothing tells what a deal was worth by then")
        demands = demands_of(asked, candidates)
        solution = solve(len(candidates.cutoffs), demands, goal_of(asked, candidates))
        if solution is None:
            return Answer(None, why=out_of_reach(asked, candidates, demands))
        lifted = solution.binding == "none" and lowest > self.floor
        binding: Binding = "base rate" if lifted else solution.binding
        cutoff = float(candidates.cutoffs[solution.place])
        if self.floor and cutoff == self.floor:
            binding = "none"  # it might lie lower, were MQL lower
        return Answer(cutoff, binding, int(candidates.crossed[solution.place]))

    def _by_hand(self, leads: OutOfTime, cutoff: float) -> Answer:
        raised = ", raised to the MQL cutoff" if cutoff < self.floor else ""
        cutoff = max(cutoff, self.floor)
        return Answer(cutoff, "manual", len(leads.crossings(self.stage).rows(cutoff)), raised)

    def _within(self, leads: OutOfTime) -> tuple[Question, str]:
        """What can be asked of these leads, and what is left aside, in words."""
        volume = self.asked.per_week or self.asked.target_per_week
        if leads.weeks is not None or volume is None:
            return self, ""
        what = "capacity" if self.asked.per_week else "target"
        said = f" The {what} of {volume:g} a week is not applied: that needs dates, of more than one week."
        return replace(self, asked=replace(self.asked, per_week=None, target_per_week=None)), said
