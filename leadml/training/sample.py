"""The rows that candidates are trained on: codes, labels, and what the rules already say of each row."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from leadml.predict.encoding import Codes, Feature, Floats
from leadml.predict.tables import ScoreTables, probability
from leadml.training.folds import Rows


@dataclass(frozen=True)
class Sample:
    """Coded rows with known outcomes.

    `codes` has shape (rows, features); `label` is 1.0 for won and 0.0 for not; `offset` is the log-odds that the rules
    give each row (zero without rules); `weight` says how much each row counts (mean near 1). `directions` say for each
    feature whether its effect may only rise with the code (1), only fall (-1) or do either (0); empty: all may.
    """

    features: tuple[Feature, ...]
    codes: Codes
    label: Floats
    offset: Floats
    weight: Floats
    directions: tuple[int, ...] = ()

    def take(self, rows: Rows) -> Sample:
        """The sample of some rows."""
        return replace(
            self,
            codes=np.asfortranarray(self.codes[rows]),
            label=self.label[rows],
            offset=self.offset[rows],
            weight=self.weight[rows],
        )

    def thinned(self, most: int) -> Sample:
        """Every k-th row counting k times, so that at most `most` are left: enough to choose a setting by."""
        step = -(-len(self.label) // most)
        if step <= 1:
            return self
        kept = self.take(np.arange(0, len(self.label), step))
        return kept.weighted(kept.weight * step)

    def weighted(self, weight: Floats) -> Sample:
        """The same rows, counting `weight` each."""
        return replace(self, weight=weight)

    def log_odds(self, tables: ScoreTables) -> Floats:
        """Offset plus the tables' sum for each row; shape (rows,)."""
        if not self.features:
            return self.offset + tables.intercept
        return self.offset + tables.log_odds(self.columns)

    @property
    def columns(self) -> list[Codes]:
        """Codes feature by feature."""
        return list(self.codes.T)


def log_loss(label: Floats, log_odds: Floats) -> float:
    """Mean negative log-likelihood of the outcomes, in nats."""
    return float(row_losses(label, log_odds).mean())


def row_losses(label: Floats, log_odds: Floats) -> Floats:
    """Negative log-likelihood of each outcome, shape (rows,)."""
    return np.logaddexp(0, log_odds) - label * log_odds


def base_log_odds(sample: Sample) -> float:
    """The intercept that, added to the offsets, gives the sample's rate of wins (smoothed by half a lead each way)."""
    won = float(sample.weight @ sample.label) + 0.5
    total = float(sample.weight.sum()) + 1.0
    intercept = float(np.log(won / (total - won)))
    if not sample.offset.any():
        return intercept
    for _ in range(100):
        chance = probability(sample.offset + intercept)
        own = float(probability(np.array([intercept]))[0])  # the two smoothing halves have no offset
        missing = won - float(sample.weight @ chance) - own
        curvature = float(sample.weight @ (chance * (1 - chance))) + own * (1 - own)
        step = float(np.clip(missing / curvature, -1, 1))
        intercept += step
        if abs(step) < 1e-10:
            break
    return intercept


def constant_tables(features: tuple[Feature, ...], intercept: float) -> ScoreTables:
    """Tables that say the same of everyone."""
    return ScoreTables(intercept, tuple(np.zeros(feature.n_codes) for feature in features))
