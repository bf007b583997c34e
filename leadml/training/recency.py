"""How much less an old row counts than a new one, chosen by predicting forward in time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leadml.predict.encoding import Floats
from leadml.training.folds import Fold, Rows
from leadml.training.linear import ENOUGH_ROWS, fit_linear
from leadml.training.parallel import in_parallel
from leadml.training.plan import Plan
from leadml.training.sample import Sample, log_loss

# Half-lives tried, as shares of the time the rows span.
_HALF_LIVES = (0.5, 0.25)
_PENALTY = 10.0
# Nats. Rows of one block share their moment, so many rows do not make a smaller gain carry over to the next block.
_LEAST_GAIN = 0.001


@dataclass(frozen=True)
class Recency:
    """Row weights that halve with every `half_life` before the newest row; None: all rows count the same."""

    half_life: float | None
    order: Floats | None

    def weights(self, rows: Rows) -> Floats:
        """Weights of some rows, mean one; shape (rows,)."""
        if self.half_life is None or self.order is None:
            return np.ones(len(rows))
        age = self.order[rows].max() - self.order[rows]
        weights = 0.5 ** (age / self.half_life)
        return np.asarray(weights / weights.mean())


def choose_recency(sample: Sample, plan: Plan, order: Floats | None) -> Recency:
    """The half-life that predicts forward best, newer blocks counting for more; none unless it gains enough.

    The linear candidate stands for all of them here: it is the quickest, and what fades, fades for all.
    """
    even = Recency(None, order)
    if not plan.forward or order is None or not sample.features:
        return even
    span = float(order.max() - order.min())
    before = _forward_losses(sample, plan, even)
    best, best_gain = even, _LEAST_GAIN
    for share in _HALF_LIVES:
        fading = Recency(share * span, order)
        gains = before - _forward_losses(sample, plan, fading)
        gain = float(np.average(gains, weights=plan.importance))
        if gain > best_gain:
            best, best_gain = fading, gain
    return best


def _forward_losses(sample: Sample, plan: Plan, recency: Recency) -> Floats:
    def loss(fold: Fold) -> float:
        trained, judged = fold
        past = sample.take(trained).weighted(recency.weights(trained)).thinned(ENOUGH_ROWS)
        (tables,) = fit_linear(past, [_PENALTY])
        ahead = sample.take(judged)
        return log_loss(ahead.label, ahead.log_odds(tables))

    return np.array(in_parallel(loss, plan.folds))
