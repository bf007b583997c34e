"""The candidates a scorer is blended from, each judged on rows it was not trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from leadml.predict.encoding import Floats
from leadml.predict.tables import ScoreTables
from leadml.training.blend import averaged
from leadml.training.boosted import grow_boosted, together
from leadml.training.clock import Clock
from leadml.training.glassbox import grow_mains
from leadml.training.linear import ENOUGH_ROWS, PENALTIES, fit_linear
from leadml.training.parallel import in_parallel
from leadml.training.plan import Plan
from leadml.training.sample import Sample, base_log_odds, constant_tables, log_loss

# Of the rarer outcome: with fewer, trees only add noise; and with fewer than the second figure, so do free ones.
_LEAST_FOR_TREES = 20
_LEAST_FOR_BOOSTED = 250
# Shares of a time limit by which candidates are judged, the boosted one last, and by which what is served is grown.
_ADDITIVE_BY = 0.3
_BOOSTED_BY = 0.55
_SERVED_BY = 0.85


class Model(Protocol):
    """Whatever gives coded rows their log-odds, the sample's offset included."""

    def log_odds(self, sample: Sample) -> Floats:
        """Log-odds of each row; shape (rows,)."""


@dataclass(frozen=True)
class Tabled:
    """A model that is tables."""

    tables: ScoreTables

    def log_odds(self, sample: Sample) -> Floats:
        """Log-odds of each row; shape (rows,)."""
        return sample.log_odds(self.tables)


@dataclass(frozen=True)
class Candidate:
    """The model of each fold, trained on what the fold does not judge; `finish` trains the one to serve."""

    name: str
    folds: tuple[Model, ...]
    finish: Callable[[], Model]


class Workshop:
    """A sample cut by a plan: what every candidate is trained and judged on.

    `whole` are all rows there are, where the sample is only some of them: what is served is grown from those.
    """

    def __init__(
        self,
        sample: Sample,
        plan: Plan,
        recency: Callable[[np.ndarray], Floats],
        clock: Clock | None = None,
        whole: Sample | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self._opened = self.clock.gone
        self.sample = sample.weighted(recency(np.arange(len(sample.label))))
        self.whole = self.sample if whole is None else whole
        self.plan = plan
        self.training = [sample.take(rows).weighted(recency(rows)) for rows, _ in plan.folds]
        self.judging = [sample.take(rows) for _, rows in plan.folds]

    def judge(self, models: Sequence[Model]) -> tuple[Floats, ...]:
        """Log-odds of each fold's judged rows."""
        return tuple(in_parallel(lambda one: one[1].log_odds(one[0]), zip(self.judging, models, strict=True)))

    def loss(self, judged: Sequence[Floats]) -> float:
        """Log loss over the folds, by their importance."""
        sizes = self.plan.importance * [len(sample.label) for sample in self.judging]
        losses = [log_loss(sample.label, one) for sample, one in zip(self.judging, judged, strict=True)]
        return float(np.average(losses, weights=sizes))

    @property
    def grows_anew(self) -> bool:
        """Whether what is served is grown once more; else the folds' own models are the bags."""
        return self.plan.forward or self.whole is not self.sample

    def bags(self) -> list[Sample]:
        """Samples to grow what is served from; of very many rows one, as there is no chance left to average out."""
        if self.whole is not self.sample:
            return [self.whole]
        return [self.sample.take(rows) for rows in self.plan.bags]

    @property
    def haste(self) -> float:
        """How much larger the steps are that what is served grows by, in as many rounds as were best for the folds.

        The more rows, the longer growing pays: as a power of them (Buehlmann and Yu, "Boosting with the L2 loss",
        2003). Growing further by larger steps rather than by more takes no more time, and with rows enough to be
        judged by some of them costs nothing: on made-up leads both ways, and the cube root, lay near the best.
        """
        return 1.0 if self.whole is self.sample else self._times_as_many ** (1 / 3)

    @property
    def _times_as_many(self) -> float:
        """Rows of the whole for every row that a fold's model was trained on."""
        trained = np.average([len(sample.label) for sample in self.training], weights=self.plan.importance)
        return float(len(self.whole.label) / trained)

    def shorten(self) -> None:
        """Keep as many of the whole's rows as there is time for, by what judging took for the rows it trained on."""
        if self.clock.limit is None or self.whole is self.sample:
            return
        pace = sum(len(sample.label) for sample in self.training) / max(self.clock.gone - self._opened, 1e-3)
        rows = len(self.whole.label)
        time_left = _SERVED_BY * self.clock.limit - self.clock.gone
        most = max(int(pace * time_left), len(self.sample.label))
        if most < rows:
            self.whole = self.whole.take(np.arange(0, rows, -(-rows // most)))
            self.clock.cut(f"what is served was grown on {len(self.whole.label):,} of {rows:,} rows")


def train_candidates(shop: Workshop) -> list[Candidate]:
    """All candidates that the data can carry, the simplest first."""
    candidates = [_base_rate(shop)]
    if not shop.sample.features:
        return candidates
    candidates.append(_linear(shop))
    fewest = min(min(sample.label.sum(), len(sample.label) - sample.label.sum()) for sample in shop.training)
    late = shop.clock.late
    if fewest >= _LEAST_FOR_TREES and not late(_ADDITIVE_BY, "the additive candidate was left out")():
        candidates.append(_additive(shop))
    enough = fewest >= _LEAST_FOR_BOOSTED and len(shop.sample.features) > 1
    if enough and not late(_BOOSTED_BY, "the boosted candidate was left out")():
        candidates.append(_boosted(shop))
    return candidates


def _base_rate(shop: Workshop) -> Candidate:
    def model(sample: Sample) -> Model:
        return Tabled(constant_tables(sample.features, base_log_odds(sample)))

    return Candidate("base rate", tuple(map(model, shop.training)), lambda: model(shop.sample))


def _linear(shop: Workshop) -> Candidate:
    shop.clock.tell("judging a linear model")
    tried = in_parallel(lambda sample: fit_linear(sample.thinned(ENOUGH_ROWS), PENALTIES), shop.training)
    losses = [shop.loss(shop.judge(_tabled(tables))) for tables in zip(*tried, strict=True)]
    best = [PENALTIES[int(np.argmin(losses))]]
    fits = in_parallel(lambda sample: fit_linear(sample, best)[0], shop.training)
    return Candidate("linear", _tabled(fits), lambda: Tabled(fit_linear(shop.whole, best)[0]))


def _additive(shop: Workshop) -> Candidate:
    shop.clock.tell("judging an additive model")
    late = shop.clock.late(_ADDITIVE_BY, "the additive candidate stopped growing")
    grown = grow_mains(shop.training, shop.judging, shop.plan.importance, late=late)

    def finish() -> Model:
        if not shop.grows_anew:
            return Tabled(averaged(grown.tables))
        late = shop.clock.late(_SERVED_BY, "the additive model served stopped growing")
        return Tabled(averaged(grow_mains(shop.bags(), None, rounds=grown.rounds, late=late, haste=shop.haste).tables))

    return Candidate("additive", _tabled(grown.tables), finish)


def _boosted(shop: Workshop) -> Candidate:
    shop.clock.tell("judging a boosted model")
    late = shop.clock.late(_BOOSTED_BY, "the boosted candidate stopped growing")
    grown = grow_boosted(shop.training, shop.judging, shop.plan.importance, late=late)

    def finish() -> Model:
        if not shop.grows_anew:
            return together(grown)
        late = shop.clock.late(_SERVED_BY, "the boosted model served stopped growing")
        return together(grow_boosted(shop.bags(), None, rounds=grown[0].rounds, late=late, haste=shop.haste))

    return Candidate("boosted", grown, finish)


def _tabled(tables: Sequence[ScoreTables]) -> tuple[Model, ...]:
    return tuple(map(Tabled, tables))
