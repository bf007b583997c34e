"""The additive candidate: boosted trees that see one feature at a time, read into tables.

A generalised additive model grown by boosting, as in Lou, Caruana and Gehrke, "Intelligible models for classification
and regression" (KDD 2012). LightGBM grows it under interaction constraints. As no tree sees more than one feature, the
model is a sum of tables, and the tables are read by asking the model itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from leadml.predict.encoding import Feature, Floats
from leadml.predict.tables import ScoreTables
from leadml.training.boosting import MOST_ROUNDS, Booster, Growth, grow
from leadml.training.clock import never
from leadml.training.parallel import in_parallel
from leadml.training.sample import Sample

_MANY_ROWS = 10_000


@dataclass(frozen=True)
class Grown:
    """Tables of one booster per training sample, all of the same number of rounds."""

    tables: tuple[ScoreTables, ...]
    rounds: int


def grow_mains(
    training: Sequence[Sample],
    judging: Sequence[Sample] | None,
    importance: Floats | None = None,
    rounds: int = MOST_ROUNDS,
    late: Callable[[], bool] = never,
) -> Grown:
    """Main-effect tables for each training sample; see `boosting.grow` for when growing stops."""
    features = training[0].features
    boosters, best = grow(training, _growth(training), judging, importance, rounds, late)
    return Grown(tuple(in_parallel(lambda booster: _read(booster, features, best), boosters)), best)


def _growth(training: Sequence[Sample]) -> Growth:
    # A tree uses one feature, so looking at a few of them each round costs little and acts as shrinkage.
    fraction = float(np.clip(8 / len(training[0].features), 0.1, 0.5))
    # Small steps smooth what few rows say; many rows need them less, and their rounds cost more.
    rate = 0.08 if len(training[0].label) < _MANY_ROWS else 0.12
    return Growth(
        additive=True, leaves=4, least_rows_in_leaf=10, ridge=5.0, feature_fraction=fraction, learning_rate=rate
    )


def _read(booster: Booster, features: Sequence[Feature], rounds: int) -> ScoreTables:
    """Tables of an additive booster: one row per code, all else at code 0; the differences are exact."""
    sizes = [feature.n_codes for feature in features]
    starts = np.cumsum([0, *sizes])
    rows = np.zeros((starts[-1] + 1, len(features)), dtype=np.uint16)
    for position, (start, size) in enumerate(zip(starts, sizes, strict=False)):
        rows[start : start + size, position] = np.arange(size)
    sums = booster.sums(rows, rounds)
    origin = float(sums[-1])
    mains = tuple(sums[start : start + size] - origin for start, size in zip(starts, sizes, strict=False))
    return ScoreTables(booster.intercept + origin, mains)
