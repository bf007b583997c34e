"""Score tables that say what another model says.

A flexible model hears more in few won leads than tables grown from the same leads, but cannot be read. Tables fitted to
its log-odds, which carry no chance outcomes, keep nearly all of what it heard (model distillation: Bucila, Caruana and
Niculescu-Mizil, "Model compression", KDD 2006; for additive students, Tan, Caruana, Hooker, Koch and Gordo, "Learning
global additive explanations for neural nets using model distillation", 2018).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import lsqr

from leadml.predict.encoding import OTHER, Codes, Floats
from leadml.predict.tables import Map, Pair, ScoreTables, probability
from leadml.predict.trees import Trees
from leadml.training.blend import blended
from leadml.training.boosted import Boosted
from leadml.training.foreign import Foreign, Foreigners
from leadml.training.models import Model, Tabled
from leadml.training.sample import Sample, constant_tables, log_loss

MOST_PAIRS = 60
_COARSE_CODES = 16
# A smooth function needs no more rows than this to be read off; choosing pairs by it needs fewer.
_ENOUGH_ROWS = 50_000
_ENOUGH_FOR_PAIRS = 30_000
# Rows of weight 1/4 (an even chance) that a table's entry, or a pair's cell, is pulled to zero by.
_MAIN_RIDGE = 0.1
_PAIR_RIDGE = 6.0
_STEPS = 100
_MOST_COPIES = 8
_SWAPPED = 0.3
# Many rows tell every entry apart in fewer steps: the other sixty were worth 0.000004 in log loss at 100,000 rows.
_MANY_ROWS = 50_000
_STEPS_OF_MANY = 40


def blended_tables(models: Sequence[Model], weights: Floats | Sequence[float], sample: Sample) -> ScoreTables:
    """The weighted sum of models as tables: exactly where they are tables, distilled where they are not."""
    sample = _enough(sample)
    exact = [(one.tables, weight) for one, weight in zip(models, weights, strict=True) if isinstance(one, Tabled)]
    others = [(one, weight) for one, weight in zip(models, weights, strict=True) if not isinstance(one, Tabled)]
    parts = [blended(*zip(*exact, strict=True))] if exact else []
    if others:
        rows = recombined(sample, known_by_heart=any(isinstance(one, (Foreign, Foreigners)) for one, _ in others))
        total = sum(weight * (one.log_odds(rows) - rows.offset) for one, weight in others)
        parts.append(distilled(rows, np.asarray(total)))
    return blended(parts, [1.0] * len(parts))


def recombined(sample: Sample, *, known_by_heart: bool = False) -> Sample:
    """The sample, and copies in which some values of each lead are another lead's; the fewer leads, the more copies.

    A model can be asked about leads that never were. Without them, tables fitted to few rows would follow what it says
    of these rows by any combination of entries that happens to be theirs. With `known_by_heart` the leads themselves
    count for nothing: what a forest says of leads it was grown from is what happened to them.
    """
    rows = len(sample.label)
    copies = int(np.clip(_ENOUGH_FOR_PAIRS // rows - 1, 1, _MOST_COPIES))
    rng = np.random.default_rng(0)
    codes = [sample.codes]
    for _ in range(copies):
        another = sample.codes[rng.permutation(rows)]
        codes.append(np.where(rng.random(another.shape) < _SWAPPED, another, sample.codes))
    own = np.zeros(rows) if known_by_heart else sample.weight
    return replace(
        sample,
        codes=np.asfortranarray(np.concatenate(codes)),
        label=np.tile(sample.label, copies + 1),
        offset=np.tile(sample.offset, copies + 1),
        weight=np.concatenate([own, *[sample.weight / copies] * copies]),
    )


def lost_by_distilling(
    models: Sequence[Model], weights: Floats | Sequence[float], training: Sample, judging: Sample
) -> float:
    """Log loss that the tables of a blend add to the blend's own, in nats, on rows that neither was trained on."""
    tables = blended_tables(models, weights, training)
    blend = sum(weight * one.log_odds(judging) for one, weight in zip(models, weights, strict=True))
    return log_loss(judging.label, judging.log_odds(tables)) - log_loss(judging.label, np.asarray(blend))


def undistilled(
    models: Sequence[Model], weights: Floats | Sequence[float], sample: Sample
) -> tuple[ScoreTables, tuple[Trees, ...]]:
    """The weighted sum of tables and boosted models as they are: tables, and the trees that add to them."""
    tables, trees = constant_tables(sample.features, 0.0), []
    for model, weight in zip(models, weights, strict=True):
        if isinstance(model, Boosted):
            part = constant_tables(sample.features, model.intercept)
            trees += [one.rescaled(weight) for one in model.trees()]
        else:
            part = blended_tables([model], [1.0], sample)
        tables = blended([tables, part], [1.0, weight])
    return tables, tuple(trees)


def distilled(sample: Sample, log_odds: Floats, most_pairs: int = MOST_PAIRS) -> ScoreTables:
    """Main tables and up to `most_pairs` pairs whose sum is nearest to the log-odds given for the sample's rows.

    Nearest by squares weighted with p(1 - p), which is what a small difference costs in log loss. The pairs are those
    that explain most of what is left by main tables alone, as in FAST (Lou, Caruana, Gehrke and Hooker, KDD 2013).

    Args:
        sample: coded rows; their labels are not looked at.
        log_odds: shape (rows,), without the sample's offset.
        most_pairs: how many pairs at most.
    """
    chance = probability(sample.offset + log_odds)
    weight = sample.weight * chance * (1 - chance)
    mains, left_over = _fitted(sample, log_odds, weight, ())
    pairs = _choose_pairs(sample, left_over, weight, most_pairs) if most_pairs else ()
    return _fitted(sample, log_odds, weight, pairs)[0] if pairs else mains


def _enough(sample: Sample) -> Sample:
    step = -(-len(sample.label) // _ENOUGH_ROWS)
    return sample if step <= 1 else sample.take(np.arange(0, len(sample.label), step))


def _fitted(sample: Sample, log_odds: Floats, weight: Floats, pairs: Sequence[Pair]) -> tuple[ScoreTables, Floats]:
    """Ridge regression on one column per table entry, by LSQR (Paige and Saunders 1982); and what it leaves over."""
    sizes = [feature.n_codes for feature in sample.features] + [pair.table.size for pair in pairs]
    ridge = np.repeat([_MAIN_RIDGE / 4] * len(sample.features) + [_PAIR_RIDGE / 4] * len(pairs), sizes)
    entries = _one_hot(sample, sizes, pairs)
    mean = float(np.average(log_odds, weights=weight))
    rows = sparse.diags_array(np.sqrt(weight)) @ entries
    # Columns of like length make the search short; the ridge is in the rows below so that scaling does not touch it.
    scale = 1 / np.sqrt(entries.T @ weight + ridge)
    system = sparse.vstack([rows, sparse.diags_array(np.sqrt(ridge))]) @ sparse.diags_array(scale)
    wanted = np.concatenate([np.sqrt(weight) * (log_odds - mean), np.zeros(len(ridge))])
    steps = _STEPS if len(log_odds) < _MANY_ROWS else _STEPS_OF_MANY
    solved = scale * lsqr(system.tocsr(), wanted, atol=1e-5, btol=1e-5, iter_lim=steps)[0]
    parts = np.split(solved, np.cumsum(sizes)[:-1])
    main, flat = parts[: len(sample.features)], parts[len(sample.features) :]
    main = [table[_stand_ins(sample, position)] for position, table in enumerate(main)]
    filled = [replace(pair, table=one.reshape(pair.table.shape)) for pair, one in zip(pairs, flat, strict=True)]
    return ScoreTables(mean, tuple(main), tuple(filled)), log_odds - mean - entries @ solved


def _one_hot(sample: Sample, sizes: Sequence[int], pairs: Sequence[Pair]) -> sparse.csr_array:
    """One row per lead with a one at its entry of each table; shape (rows, entries of all tables)."""
    columns = sample.columns
    places = np.column_stack([*columns, *(pair.codes(columns) for pair in pairs)]).astype(np.int32)
    places += np.cumsum([0, *sizes[:-1]]).astype(np.int32)
    pointers = np.arange(len(places) + 1, dtype=np.int32) * np.int32(len(sizes))
    return sparse.csr_array((np.ones(places.size), places.ravel(), pointers), shape=(len(places), sum(sizes)))


def _choose_pairs(sample: Sample, left_over: Floats, weight: Floats, most: int) -> tuple[Pair, ...]:
    """The pairs of features, over coarse codes, whose cells explain most of the weighted squares left over."""
    step = -(-len(left_over) // _ENOUGH_FOR_PAIRS)
    maps = [_coarse_map(sample, position) for position in range(len(sample.features))]
    coarse = [one[codes].astype(np.int64) for one, codes in zip(maps, sample.codes[::step].T, strict=True)]
    weight, pull = weight[::step], (weight * left_over)[::step]
    worth = {}
    free = [position for position in range(len(maps)) if not (sample.directions and sample.directions[position])]
    for left, right in itertools.combinations(free, 2):
        cell = coarse[left] * (int(maps[right].max()) + 1) + coarse[right]
        pulls = np.bincount(cell, weights=pull)
        worth[left, right] = float((pulls**2 / (np.bincount(cell, weights=weight) + _PAIR_RIDGE / 4)).sum())
    chosen = sorted(sorted(worth, key=lambda pair: (-worth[pair], pair))[:most])
    return tuple(_empty_pair(left, right, maps) for left, right in chosen)


def _empty_pair(left: int, right: int, maps: Sequence[Map]) -> Pair:
    shape = int(maps[left].max()) + 1, int(maps[right].max()) + 1
    return Pair(left, right, maps[left], maps[right], np.zeros(shape))


def _coarse_map(sample: Sample, position: int) -> Map:
    """Code -> coarse code, at most `_COARSE_CODES`: missing stays 0, neighbouring bins and rare levels are merged."""
    feature = sample.features[position]
    if feature.kind == "category" and feature.n_codes > _COARSE_CODES:
        return np.array([*range(_COARSE_CODES), *[OTHER] * (feature.n_codes - _COARSE_CODES)], dtype=np.uint16)
    stand_ins = _stand_ins(sample, position)
    if len(np.unique(stand_ins)) <= _COARSE_CODES:
        return np.unique(stand_ins, return_inverse=True)[1].astype(np.uint16)
    known = np.bincount(sample.codes[:, position], minlength=feature.n_codes)[1:]
    share = (np.cumsum(known) - known / 2) / max(known.sum(), 1)
    coarse = np.concatenate([[0.0], 1 + np.floor(share * (_COARSE_CODES - 1))])
    return np.unique(coarse[stand_ins], return_inverse=True)[1].astype(np.uint16)


def _stand_ins(sample: Sample, position: int) -> Codes:
    """The code that speaks for each code: of a number's bin without rows, such as a tail, the nearest bin with some."""
    n_codes = sample.features[position].n_codes
    codes = np.arange(n_codes, dtype=np.uint16)
    filled = np.flatnonzero(np.bincount(sample.codes[:, position], minlength=n_codes)[1:]) + 1
    if sample.features[position].kind != "number" or not len(filled):
        return codes
    nearest = filled[np.abs(np.arange(1, n_codes)[:, None] - filled).argmin(axis=1)]
    return np.concatenate([codes[:1], nearest.astype(np.uint16)])
