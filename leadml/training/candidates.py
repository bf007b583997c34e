"""The candidates a scorer is blended from, each judged on rows it was not trained on and then made into tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from leadml.predict.encoding import Floats
from leadml.predict.tables import ScoreTables
from leadml.training.blend import averaged
from leadml.training.glassbox import choose_pairs, grow_mains, grow_pairs
from leadml.training.linear import ENOUGH_ROWS, PENALTIES, fit_linear
from leadml.training.parallel import in_parallel
from leadml.training.plan import Plan
from leadml.training.sample import Sample, base_log_odds, constant_tables, log_loss

# Fewer of the rarer outcome than this cannot tell a pair from chance.
_LEAST_FOR_PAIRS = 250
_LEAST_FOR_TREES = 20
# Nats. Pairs make a score harder to read; with less gain than this they are not worth it.
_LEAST_GAIN_OF_PAIRS = 0.0005


@dataclass(frozen=True)
class Candidate:
    """`judged` holds, per fold, the log-odds of the fold's judged rows; `finish` gives the tables to serve."""

    name: str
    judged: tuple[Floats, ...]
    finish: Callable[[], ScoreTables]


class Workshop:
    """A sample cut by a plan: what every candidate is trained and judged on."""

    def __init__(self, sample: Sample, plan: Plan, recency: Callable[[np.ndarray], Floats]) -> None:
        self.sample = sample.weighted(recency(np.arange(len(sample.label))))
        self.plan = plan
        self.training = [sample.take(rows).weighted(recency(rows)) for rows, _ in plan.folds]
        self.judging = [sample.take(rows) for _, rows in plan.folds]

    def judge(self, tables: Sequence[ScoreTables]) -> tuple[Floats, ...]:
        """Log-odds of each fold's judged rows."""
        return tuple(judged.log_odds(one) for judged, one in zip(self.judging, tables, strict=True))

    def loss(self, judged: Sequence[Floats]) -> float:
        """Log loss over the folds, by their importance."""
        sizes = self.plan.importance * [len(sample.label) for sample in self.judging]
        losses = [log_loss(sample.label, one) for sample, one in zip(self.judging, judged, strict=True)]
        return float(np.average(losses, weights=sizes))

    def bags(self) -> list[Sample]:
        """Samples to grow what is served from."""
        return [self.sample.take(rows) for rows in self.plan.bags]


def judge_candidates(shop: Workshop) -> list[Candidate]:
    """All candidates that the data can carry, the simplest first."""
    candidates = [_base_rate(shop)]
    if not shop.sample.features:
        return candidates
    candidates.append(_linear(shop))
    fewest = min(min(sample.label.sum(), len(sample.label) - sample.label.sum()) for sample in shop.training)
    if fewest >= _LEAST_FOR_TREES:
        candidates += _glassbox(shop, with_pairs=fewest >= _LEAST_FOR_PAIRS and len(shop.sample.features) > 1)
    return candidates


def _base_rate(shop: Workshop) -> Candidate:
    def tables(sample: Sample) -> ScoreTables:
        return constant_tables(sample.features, base_log_odds(sample))

    return Candidate("base rate", shop.judge([tables(sample) for sample in shop.training]), lambda: tables(shop.sample))


def _linear(shop: Workshop) -> Candidate:
    tried = in_parallel(lambda sample: fit_linear(sample.thinned(ENOUGH_ROWS), PENALTIES), shop.training)
    losses = [shop.loss(shop.judge(tables)) for tables in zip(*tried, strict=True)]
    best = [PENALTIES[int(np.argmin(losses))]]
    fits = in_parallel(lambda sample: fit_linear(sample, best)[0], shop.training)
    return Candidate("linear", shop.judge(fits), lambda: fit_linear(shop.sample, best)[0])


def _glassbox(shop: Workshop, *, with_pairs: bool) -> list[Candidate]:
    importance = shop.plan.importance
    mains = grow_mains(shop.training, shop.judging, importance=importance)

    @cache
    def served_mains() -> Sequence[ScoreTables]:
        # Without time, the folds' own models are the bags.
        return grow_mains(shop.bags(), None, mains.rounds).tables if shop.plan.forward else mains.tables

    candidates = [Candidate("glass-box", shop.judge(mains.tables), lambda: averaged(served_mains()))]
    pairs = choose_pairs(shop.training, mains.tables) if with_pairs else ()
    if not pairs:
        return candidates
    both = grow_pairs(shop.training, shop.judging, mains.tables, pairs, importance=importance)
    if shop.loss(shop.judge(mains.tables)) - shop.loss(shop.judge(both.tables)) < _LEAST_GAIN_OF_PAIRS:
        return candidates

    def served_pairs() -> ScoreTables:
        if not shop.plan.forward:
            return averaged(both.tables)
        return averaged(grow_pairs(shop.bags(), None, served_mains(), pairs, both.rounds).tables)

    return [*candidates, Candidate("glass-box with pairs", shop.judge(both.tables), served_pairs)]
