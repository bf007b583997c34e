"""The candidates a scorer is blended from, each judged on rows it was not trained on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier

from leadml.errors import TrainingError
from leadml.predict.encoding import Floats
from leadml.predict.tables import ScoreTables
from leadml.training.blend import averaged
from leadml.training.boosted import grow_boosted, together
from leadml.training.choices import Kind
from leadml.training.foreign import said_apart, trained_on
from leadml.training.glassbox import grow_mains
from leadml.training.linear import ENOUGH_ROWS, PENALTIES, fit_linear
from leadml.training.parallel import in_parallel
from leadml.training.plan import Plan
from leadml.training.sample import Sample, base_log_odds, constant_tables, log_loss

# Of the rarer outcome: with fewer, trees only add noise; with fewer than the second figure, free boosting does and a
# forest does not.
_LEAST_FOR_TREES = 20
_LEAST_FOR_BOOSTED = 250


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
    """A sample cut by a plan: what every candidate is trained and judged on."""

    def __init__(self, sample: Sample, plan: Plan, recency: Callable[[np.ndarray], Floats]) -> None:
        self.sample = sample.weighted(recency(np.arange(len(sample.label))))
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

    def bags(self) -> list[Sample]:
        """Samples to grow what is served from."""
        return [self.sample.take(rows) for rows in self.plan.bags]


def train_candidates(
    shop: Workshop, foreign: Mapping[str, Any] | None = None, kind: Kind = "glassbox"
) -> list[Candidate]:
    """All candidates that the data can carry, the simplest first; `foreign` classifiers join where trees do.

    Where a `kind` is pinned, what it could only lose time by is left out.

    Raises:
        TrainingError: a foreign classifier fails, or there are too few leads for the kind that is pinned.
    """
    candidates = [_base_rate(shop)]
    if not shop.sample.features:
        return candidates
    candidates.append(_linear(shop))
    fewest = min(min(sample.label.sum(), len(sample.label) - sample.label.sum()) for sample in shop.training)
    if kind == "boosted" and fewest < _LEAST_FOR_TREES:
        raise TrainingError(
            f'kind = "boosted" needs {_LEAST_FOR_TREES} leads of each outcome to learn from in every part of the '
            f"validation, and one has {fewest:.0f}. Take another kind until more leads have closed."
        )
    if fewest >= _LEAST_FOR_TREES:
        free = _boosted if fewest >= _LEAST_FOR_BOOSTED and len(shop.sample.features) > 1 else _forest
        if kind == "boosted":
            candidates += [_additive(shop), _boosted(shop)]
        if kind == "glassbox":
            candidates += [_additive(shop), free(shop)]
        candidates += [_foreign(shop, name, classifier) for name, classifier in (foreign or {}).items()]
    return candidates


def may_be_blended(candidates: Sequence[Candidate], kind: Kind) -> list[bool]:
    """Which candidates a kind blends: all, or the base rate and the pinned one."""
    return [kind == "glassbox" or candidate.name in ("base rate", kind) for candidate in candidates]


def _base_rate(shop: Workshop) -> Candidate:
    def model(sample: Sample) -> Model:
        return Tabled(constant_tables(sample.features, base_log_odds(sample)))

    return Candidate("base rate", tuple(map(model, shop.training)), lambda: model(shop.sample))


def _linear(shop: Workshop) -> Candidate:
    tried = in_parallel(lambda sample: fit_linear(sample.thinned(ENOUGH_ROWS), PENALTIES), shop.training)
    losses = [shop.loss(shop.judge(_tabled(tables))) for tables in zip(*tried, strict=True)]
    best = [PENALTIES[int(np.argmin(losses))]]
    fits = in_parallel(lambda sample: fit_linear(sample, best)[0], shop.training)
    return Candidate("linear", _tabled(fits), lambda: Tabled(fit_linear(shop.sample, best)[0]))


def _additive(shop: Workshop) -> Candidate:
    grown = grow_mains(shop.training, shop.judging, shop.plan.importance)

    def finish() -> Model:
        # Without time, the folds' own models are the bags.
        return Tabled(
            averaged((grow_mains(shop.bags(), None, rounds=grown.rounds) if shop.plan.forward else grown).tables)
        )

    return Candidate("additive", _tabled(grown.tables), finish)


def _boosted(shop: Workshop) -> Candidate:
    grown = grow_boosted(shop.training, shop.judging, shop.plan.importance)

    def finish() -> Model:
        return together(grow_boosted(shop.bags(), None, rounds=grown[0].rounds) if shop.plan.forward else grown)

    return Candidate("boosted", grown, finish)


def _forest(shop: Workshop) -> Candidate:
    """Extremely randomised trees (Geurts, Ernst and Wehenkel 2006) ask little of the data: few leads suit them."""
    return _foreign(
        shop, "extra trees", ExtraTreesClassifier(60, min_samples_leaf=15, max_features=0.5, random_state=0)
    )


def _foreign(shop: Workshop, name: str, classifier: Any) -> Candidate:
    models = trained_on(shop.training, name, classifier)

    def finish() -> Model:
        apart = shop.plan.apart
        if not shop.plan.forward:
            return said_apart(models, apart, shop.sample)
        again = trained_on([shop.sample.take(rows) for rows, _ in apart], name, classifier)
        return said_apart(again, apart, shop.sample)

    return Candidate(name, models, finish)


def _tabled(tables: Sequence[ScoreTables]) -> tuple[Model, ...]:
    return tuple(map(Tabled, tables))
