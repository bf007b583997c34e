"""The glass-box candidate: boosted trees that see one feature, or one chosen pair, at a time, read into tables.

An additive boosted model with pairs is the generalised additive model of Lou, Caruana, Gehrke and Hooker, "Accurate
intelligible models with pairwise interactions" (KDD 2013). LightGBM grows it under interaction constraints. As no
tree sees more than an allowed pair, the model is a sum of tables, and the tables are read by asking the model itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from leadml.predict.encoding import MISSING, OTHER, Codes, Feature, Floats
from leadml.predict.tables import Map, Pair, ScoreTables
from leadml.training.boosting import Booster, Growth, boost
from leadml.training.parallel import in_parallel
from leadml.training.sample import Sample

MOST_ROUNDS = 800
_PATIENCE = 40
_COARSE_CODES = 16
_MOST_PAIRS = 60
_ROWS_PER_PAIR = 300
_SCOUTING_ROUNDS = 60
_MANY_ROWS = 10_000


@dataclass(frozen=True)
class Grown:
    """Tables of one booster per training sample, all of the same number of rounds."""

    tables: tuple[ScoreTables, ...]
    rounds: int


def grow_mains(
    training: Sequence[Sample],
    judging: Sequence[Sample] | None,
    rounds: int = MOST_ROUNDS,
    importance: Floats | None = None,
) -> Grown:
    """Main-effect tables for each training sample.

    With `judging` samples, boosting stops at the number of rounds with the least pooled loss there (each sample's rows
    counting its `importance`), at most `rounds`; without, after `rounds`.
    """
    features = training[0].features
    alone = tuple((position,) for position in range(len(features)))
    # A tree uses one feature, so looking at a few of them each round costs little and acts as shrinkage.
    growth = Growth(alone, float(np.clip(8 / len(features), 0.1, 0.5)), _learning_rate(training))
    boosters = in_parallel(lambda numbered: Booster(numbered[1], growth, numbered[0]), enumerate(training))
    best = _boost(boosters, judging, rounds, importance)
    return Grown(tuple(in_parallel(lambda booster: _read_mains(booster, features, best), boosters)), best)


def choose_pairs(training: Sequence[Sample], mains: Sequence[ScoreTables]) -> tuple[Pair, ...]:
    """The pairs of features that small unconstrained boosters split on together most, on what the mains leave.

    A pair's worth is the gain of splits made right below a split on the other feature, summed over the samples. The
    pairs come with empty tables.
    """
    maps = [_coarse_map(training[0], position) for position in range(len(training[0].features))]
    coarse = [_coarse(sample, tables, maps) for sample, tables in zip(training, mains, strict=True)]
    boosters = in_parallel(
        lambda numbered: Booster(numbered[1], Growth(None, 0.5, _learning_rate(training)), numbered[0]),
        enumerate(coarse),
    )
    boost(boosters, None, _SCOUTING_ROUNDS, _PATIENCE)
    worth: dict[tuple[int, int], float] = {}
    for booster in boosters:
        for pair, gain in booster.joint_gains():
            worth[pair] = worth.get(pair, 0.0) + gain
    most = min(_MOST_PAIRS, len(training[0].label) // _ROWS_PER_PAIR)
    chosen = sorted(sorted(worth, key=lambda pair: (-worth[pair], pair))[:most])
    return tuple(_empty_pair(left, right, maps) for left, right in chosen)


def grow_pairs(
    training: Sequence[Sample],
    judging: Sequence[Sample] | None,
    mains: Sequence[ScoreTables],
    pairs: Sequence[Pair],
    rounds: int = MOST_ROUNDS,
    importance: Floats | None = None,
) -> Grown:
    """Tables of `mains` (one per sample) plus `pairs`, grown on what each sample's mains leave; see `grow_mains`."""
    maps = _maps_of(pairs, training[0].features)
    coarse = [_coarse(sample, tables, maps) for sample, tables in zip(training, mains, strict=True)]
    judged = judging and [_coarse(sample, tables, maps) for sample, tables in zip(judging, mains, strict=True)]
    growth = Growth(tuple((pair.left, pair.right) for pair in pairs), 0.5, _learning_rate(training))
    boosters = in_parallel(lambda numbered: Booster(numbered[1], growth, numbered[0]), enumerate(coarse))
    best = _boost(boosters, judged, rounds, importance)
    grown = zip(boosters, mains, strict=True)
    return Grown(tuple(in_parallel(lambda one: _read_pairs(*one, pairs, maps, best), grown)), best)


def _learning_rate(training: Sequence[Sample]) -> float:
    """Small steps smooth what few rows say; many rows need them less, and their rounds cost more."""
    return 0.08 if len(training[0].label) < _MANY_ROWS else 0.12


def _boost(
    boosters: Sequence[Booster], judging: Sequence[Sample] | None, rounds: int, importance: Floats | None
) -> int:
    if judging is None:
        return boost(boosters, None, rounds, _PATIENCE)
    for booster, sample in zip(boosters, judging, strict=True):
        booster.watch(sample)
    counts = np.array([len(sample.label) for sample in judging], dtype=float)
    return boost(boosters, counts if importance is None else counts * importance, rounds, _PATIENCE)


def _read_mains(booster: Booster, features: Sequence[Feature], rounds: int) -> ScoreTables:
    """Tables of a booster without pairs: one row per code, all else at code 0; the differences are exact."""
    sizes = [feature.n_codes for feature in features]
    starts = np.cumsum([0, *sizes])
    rows = np.zeros((starts[-1] + 1, len(features)), dtype=np.uint16)
    for position, (start, size) in enumerate(zip(starts, sizes, strict=False)):
        rows[start : start + size, position] = np.arange(size)
    sums = _sums(booster, rows, rounds)
    origin = sums[-1]
    mains = tuple(sums[start : start + size] - origin for start, size in zip(starts, sizes, strict=False))
    return ScoreTables(booster.intercept + origin, mains)


def _read_pairs(
    booster: Booster, mains: ScoreTables, pairs: Sequence[Pair], maps: Sequence[Map], rounds: int
) -> ScoreTables:
    """Mains plus a booster F of pairs: F(c, d) - F(c, 0) - F(0, d) + F(0, 0) is a pair's, F(c, 0) - F(0, 0) a main."""
    sizes = [int(coarse.max()) + 1 for coarse in maps]
    grids = [_grid(pair, sizes) for pair in pairs]
    sums = np.split(_sums(booster, np.concatenate(grids), rounds), np.cumsum([len(grid) for grid in grids])[:-1])
    origin = float(sums[0][0])
    main = list(mains.main)
    done: set[int] = set()
    read: list[Pair] = []
    for pair, flat in zip(pairs, sums, strict=True):
        table = flat.reshape(sizes[pair.left], sizes[pair.right]) - origin
        left, right = table[:, 0].copy(), table[0].copy()
        # A feature's own part shows in the grid of every pair it is in: take it once.
        for position, part, coarse in ((pair.left, left, pair.left_map), (pair.right, right, pair.right_map)):
            if position not in done:
                main[position] = main[position] + part[coarse]
                done.add(position)
        read.append(replace(pair, table=table - left[:, None] - right))
    return ScoreTables(mains.intercept + booster.intercept + origin, tuple(main), tuple(read))


def _sums(booster: Booster, rows: Codes, rounds: int) -> Floats:
    return booster.sums(rows, rounds) if rounds else np.zeros(len(rows))  # LightGBM takes 0 rounds for all rounds


def _grid(pair: Pair, sizes: Sequence[int]) -> Codes:
    rows = np.zeros((sizes[pair.left] * sizes[pair.right], len(sizes)), dtype=np.uint16)
    rows[:, pair.left] = np.repeat(np.arange(sizes[pair.left]), sizes[pair.right])
    rows[:, pair.right] = np.tile(np.arange(sizes[pair.right]), sizes[pair.left])
    return rows


def _empty_pair(left: int, right: int, maps: Sequence[Map]) -> Pair:
    shape = int(maps[left].max()) + 1, int(maps[right].max()) + 1
    return Pair(left, right, maps[left], maps[right], np.zeros(shape))


def _maps_of(pairs: Sequence[Pair], features: Sequence[Feature]) -> list[Map]:
    """Coarse maps of all features; those in no pair are put at code 0, as no tree may see them."""
    maps = [np.zeros(feature.n_codes, dtype=np.uint16) for feature in features]
    for pair in pairs:
        maps[pair.left], maps[pair.right] = pair.left_map, pair.right_map
    return maps


def _coarse_map(sample: Sample, position: int) -> Map:
    """Code -> coarse code, at most `_COARSE_CODES`: missing stays 0, neighbouring bins and rare levels are merged."""
    feature = sample.features[position]
    counts = np.bincount(sample.codes[:, position], minlength=feature.n_codes)
    if feature.n_codes <= _COARSE_CODES:
        return np.arange(feature.n_codes, dtype=np.uint16)
    if feature.kind == "category":
        return np.array([*range(_COARSE_CODES), *[OTHER] * (feature.n_codes - _COARSE_CODES)], dtype=np.uint16)
    known = counts[1:]
    share = (np.cumsum(known) - known / 2) / max(known.sum(), 1)
    coarse = np.concatenate([[MISSING], 1 + np.floor(share * (_COARSE_CODES - 1))])
    _, packed = np.unique(coarse, return_inverse=True)
    return packed.astype(np.uint16)


def _coarse(sample: Sample, mains: ScoreTables, maps: Sequence[Map]) -> Sample:
    """The sample in coarse codes, with what the mains say of each row in its offset."""
    codes = np.empty_like(sample.codes)
    for position, coarse in enumerate(maps):
        codes[:, position] = coarse[sample.codes[:, position]]
    return replace(sample, codes=codes, offset=sample.log_odds(mains))
