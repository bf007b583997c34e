"""What is served: the rules, the base rate or what was learned, as one sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from leadml.predict.calibration import MonotoneMap
from leadml.predict.encoding import Floats
from leadml.predict.tables import ScoreTables
from leadml.predict.trees import Trees
from leadml.training.candidates import Candidate
from leadml.training.choices import Kind
from leadml.training.distilling import blended_tables, lost_by_distilling, undistilled
from leadml.training.judgement import Judgement, is_better
from leadml.training.known import Groups, RulesPart
from leadml.training.parallel import in_parallel
from leadml.training.sample import base_log_odds, constant_tables
from leadml.training.workshop import Workshop

Served = Literal["learned", "rules", "nothing"]

# What is learned is served where it beats the base rate beyond chance and the rules by so many standard errors.
_ERRORS_OVER_RULES = 1.0


@dataclass(frozen=True)
class Decision:
    """What the judged predictions say should be served, and how it becomes a sum.

    `accounts` are those of the rows that the workshop's sample holds.
    """

    verdict: Judgement
    candidates: Sequence[Candidate]
    shop: Workshop
    rules: RulesPart
    accounts: Groups | None

    @cached_property
    def served(self) -> Served:
        """What is learned must beat the base rate beyond chance, and the rules; else these stand, where they weigh."""
        verdict = self.verdict
        learned = self._beats(verdict.blend, verdict.base_rate)
        if self.rules.weight == 0:
            return "learned" if learned else "nothing"
        better = learned and self._beats(verdict.blend, verdict.simplest, errors=_ERRORS_OVER_RULES)
        return "learned" if better else "rules"

    @property
    def signal(self) -> bool:
        """Whether what is served is better than the base rate beyond chance."""
        ruled = self.served == "rules" and self._beats(self.verdict.simplest, self.verdict.base_rate)
        return self.served == "learned" or ruled

    @property
    def log_odds(self) -> Floats:
        """Of the judged rows, by what is served."""
        verdict = self.verdict
        return {"learned": verdict.log_odds, "rules": verdict.simplest, "nothing": verdict.base_rate}[self.served]

    @property
    def weights(self) -> Floats:
        """Each candidate's weight in what is served; shape (candidates,)."""
        return self.verdict.weights if self.served == "learned" else np.eye(len(self.candidates))[0]

    @property
    def calibration(self) -> MonotoneMap | None:
        """The map that calibrates what is served; None where the calibration is folded into the tables."""
        return self.verdict.bent if self.served == "learned" else None

    def addends(self, kind: Kind) -> tuple[ScoreTables, tuple[Trees, ...]]:
        """What to serve; every candidate corrects the same offset, so the blend carries it once."""
        sample, rules = self.shop.whole, self.rules
        if self.served == "nothing":
            bare = replace(sample, offset=np.zeros(len(sample.label)))
            return constant_tables(sample.features, base_log_odds(bare)), ()
        if self.served == "rules" and rules.intercept is not None:
            return replace(constant_tables(sample.features, rules.intercept), rules_weight=rules.weight), ()
        if self.served == "rules":
            tables = blended_tables([self.candidates[0].finish()], [1.0], sample)
            return replace(tables, rules_weight=rules.weight), ()
        return self._learned(kind)

    def lost_by_distilling(self) -> float:
        """What the tables lose against the blend that they are distilled from, on the newest (or last) fold."""
        if self.served != "learned":
            return 0.0
        models = [self.candidates[position].folds[-1] for position in self._used]
        return lost_by_distilling(
            models, self.verdict.weights[self._used], self.shop.training[-1], self.shop.judging[-1]
        )

    def _learned(self, kind: Kind) -> tuple[ScoreTables, tuple[Trees, ...]]:
        shop, weights = self.shop, self.verdict.weights[self._used]
        shop.shorten()
        shop.clock.tell(f"growing what is served from {len(shop.whole.label):,} snapshots")
        models = in_parallel(lambda position: self.candidates[position].finish(), self._used)
        shop.clock.tell("writing down what is served")
        if kind == "boosted":
            total, trees = undistilled(models, weights, shop.whole)
        else:
            total, trees = blended_tables(models, weights, shop.whole), ()
        total = replace(total, rules_weight=self.rules.weight)
        if self.calibration is not None:
            return total, trees
        slope, shift = self.verdict.calibration.slope, self.verdict.calibration.shift
        total = total.rescaled(slope, shift)
        return total, tuple(one.rescaled(slope) for one in trees)

    @property
    def _used(self) -> list[int]:
        return np.flatnonzero(self.verdict.weights).tolist()

    def _beats(self, log_odds: Floats, others: Floats, **bar: float) -> bool:
        verdict = self.verdict
        groups = np.arange(len(verdict.label)) if self.accounts is None else self.accounts[verdict.rows]
        return is_better(verdict.losses_of(log_odds), verdict.losses_of(others), groups, **bar)
