"""The candidates a scorer is blended from, each judged on rows it was not trained on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier

from leadml.errors import TrainingError
from leadml.predict.tables import ScoreTables
from leadml.training.blend import averaged
from leadml.training.boosted import grow_boosted, together
from leadml.training.choices import Kind
from leadml.training.foreign import Foreigners, trained_on
from leadml.training.glassbox import grow_mains
from leadml.training.linear import ENOUGH_ROWS, PENALTIES, fit_linear
from leadml.training.models import Model, Tabled
from leadml.training.parallel import in_parallel
from leadml.training.sample import Sample, base_log_odds, constant_tables
from leadml.training.workshop import SERVED_BY, Workshop

# Of the rarer outcome: with fewer, trees only add noise; with fewer than the second figure, free boosting does and a
# forest does not.
_LEAST_FOR_TREES = 20
_LEAST_FOR_BOOSTED = 250
# Shares of a time limit by which candidates are judged, the boosted one last.
_ADDITIVE_BY = 0.3
_BOOSTED_BY = 0.55


@dataclass(frozen=True)
class Candidate:
    """The model of each fold, trained on what the fold does not judge; `finish` trains the one to serve."""

    name: str
    folds: tuple[Model, ...]
    finish: Callable[[], Model]


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
    late = shop.clock.late
    if fewest < _LEAST_FOR_TREES:
        return candidates
    if kind != "linear" and not late(_ADDITIVE_BY, "the additive candidate was left out")():
        candidates.append(_additive(shop))
    enough = kind == "boosted" or (fewest >= _LEAST_FOR_BOOSTED and len(shop.sample.features) > 1)
    name, free = ("boosted", _boosted) if enough else ("extra trees", _extra_trees)
    if kind == "boosted" or (kind == "glassbox" and not late(_BOOSTED_BY, f"the {name} candidate was left out")()):
        candidates.append(free(shop))
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
        late = shop.clock.late(SERVED_BY, "the additive model served stopped growing")
        return Tabled(averaged(grow_mains(shop.bags(), None, rounds=grown.rounds, late=late, haste=shop.haste).tables))

    return Candidate("additive", _tabled(grown.tables), finish)


def _boosted(shop: Workshop) -> Candidate:
    shop.clock.tell("judging a boosted model")
    late = shop.clock.late(_BOOSTED_BY, "the boosted candidate stopped growing")
    grown = grow_boosted(shop.training, shop.judging, shop.plan.importance, late=late)

    def finish() -> Model:
        if not shop.grows_anew:
            return together(grown)
        late = shop.clock.late(SERVED_BY, "the boosted model served stopped growing")
        return together(grow_boosted(shop.bags(), None, rounds=grown[0].rounds, late=late, haste=shop.haste))

    return Candidate("boosted", grown, finish)


def _extra_trees(shop: Workshop) -> Candidate:
    """Extremely randomised trees (Geurts, Ernst and Wehenkel 2006) ask little of the data: few leads suit them."""
    return _foreign(
        shop, "extra trees", ExtraTreesClassifier(60, min_samples_leaf=15, max_features=0.5, random_state=0)
    )


def _foreign(shop: Workshop, name: str, classifier: Any) -> Candidate:
    shop.clock.tell(f"judging {name}")
    models = trained_on(shop.training, name, classifier)

    def finish() -> Model:
        return Foreigners(trained_on(shop.bags(), name, classifier) if shop.grows_anew else models)

    return Candidate(name, models, finish)


def _tabled(tables: Sequence[ScoreTables]) -> tuple[Model, ...]:
    return tuple(map(Tabled, tables))
