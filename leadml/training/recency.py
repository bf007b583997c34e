"""How much less an old row counts than a new one, chosen by predicting forward in time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leadml.predict.encoding import Floats
from leadml.training.folds import Rows
from leadml.training.linear import fit_linear
from leadml.training.plan import Plan
from leadml.training.sample import Sample, log_loss

# Half-lives tried, as shares of the time the rows span.
_HALF_LIVES = (0.5, 0.25)
_PENALTY = 10.0


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
    """The half-life that predicts forward best, among those that predict every block better than none does.

    Rows of one block share their moment, so their number says little of whether fading pays in the next; blocks do.

    The linear candidate stands for all of them here: it is the quickest, and what fades, fades for all.
    """
    even = Recency(None, order)
    if not plan.forward or order is None or not sample.features:
        return even
    span = float(order.max() - order.min())
    before = _forward_losses(sample, plan, even)
    best, best_gain = even, 0.0
    for share in _HALF_LIVES:
        fading = Recency(share * span, order)
        gains = before - _forward_losses(sample, plan, fading)
        if gains.min() > 0 and gains.mean() > best_gain:
            best, best_gain = fading, float(gains.mean())
    return best


def _forward_losses(sample: Sample, plan: Plan, recency: Recency) -> Floats:
    losses = []
    for trained, judged in plan.folds:
        (tables,) = fit_linear(sample.take(trained).weighted(recency.weights(trained)), [_PENALTY])
        ahead = sample.take(judged)
        losses.append(log_loss(ahead.label, ahead.log_odds(tables)))
    return np.array(losses)
