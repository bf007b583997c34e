"""Made-up leads of the size that batch scoring is measured on: 33 columns, as they lie in a database, and a scorer.

Eighteen numbers (three of twenty missing) and fifteen texts of 3 to 3,000 levels, four of them answers to the questions
of BANT. No column tells anything but the first three of each kind: how fast leads are scored does not hang on it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.tasks import Array
from leadml.predict import Scorer
from leadml.predict.encoding import Column, Feature
from leadml.predict.policy import Policy
from leadml.predict.tables import Pair, ScoreTables
from leadml.rules import Names, load_rulebook, map_rulebook

NUMBERS = tuple(f"number_{position}" for position in range(18))
LEVELS = {f"category_{count}": count for count in (3, 5, 8, 12, 20, 35, 60, 150, 400, 1_000, 3_000)}
ANSWERS = ("budget", "authority", "need", "timeline")
_SAYS = ("approved", "planned", "no", "high", "this year", "unknown", None)
_MISSING = 0.15
# Of so many levels training keeps apart the most frequent ones.
_MOST_LEVELS = 250
_EDGES = 62
_PAIRS = 5


def make_rows(rng: np.random.Generator, count: int) -> pa.Table:
    """Raw leads, as a database hands them over: numbers as float64, texts as strings, nulls in both."""
    columns: dict[str, pa.Array] = {}
    for position, name in enumerate(NUMBERS):
        values = (rng.normal(size=count), rng.lognormal(8, 2, count), rng.poisson(9, count) + 0.0)[position % 3]
        columns[name] = pa.array(values, mask=rng.random(count) < _MISSING)
    for name, levels in LEVELS.items():
        texts = pa.array([*(f"Level {level}" for level in range(levels)), None])
        columns[name] = texts.take(pa.array((len(texts) * rng.random(count) ** 1.5).astype(np.int64)))
    for name in ANSWERS:
        columns[name] = pa.array(_SAYS).take(pa.array(rng.integers(0, len(_SAYS), count)))
    return pa.table(columns)


def won(rng: np.random.Generator, rows: pa.Table) -> Array:
    """Which of the leads are won, about one in eight; shape (rows,)."""
    matrix = np.nan_to_num(ready_matrix(rows))
    log_odds = matrix[:, 0] + np.log1p(matrix[:, 1]) / 8 + matrix[:, 2] / 12 - 0.3 * matrix[:, len(NUMBERS)] - 3.6
    return np.asarray(rng.random(rows.num_rows) < 1 / (1 + np.exp(-log_odds)))


def ready_matrix(rows: pa.Table) -> Array:
    """What LightGBM is given: float64 of shape (rows, 33), texts as the numbers of their levels, NaN for missing."""
    columns = [rows[name] for name in rows.column_names]
    texts = [pc.dictionary_encode(column).combine_chunks() for column in columns[len(NUMBERS) :]]
    codes = [encoded.indices.cast(pa.float64()) for encoded in texts]
    return np.column_stack([column.to_numpy(zero_copy_only=False) for column in (*columns[: len(NUMBERS)], *codes)])


def make_scorer(rng: np.random.Generator, rows: pa.Table) -> Scorer:
    """A scorer of the usual size for these leads: 38 tables, of which 5 are pairs, and the BANT rulebook."""
    numbers = [
        Feature(name, name, "number", "engagement", name.replace("_", " ").capitalize(), edges=_edges(rows[name]))
        for name in NUMBERS
    ]
    named = {name: tuple(f"level {level}" for level in range(min(LEVELS[name], _MOST_LEVELS))) for name in LEVELS}
    named |= {name: tuple(filter(None, _SAYS)) for name in ANSWERS}
    texts = [
        Feature(name, name, "category", "answer" if name in ANSWERS else "fit", name.capitalize(), levels=levels)
        for name, levels in named.items()
    ]
    features = (*numbers, *texts)
    rulebook, _ = map_rulebook(load_rulebook("bant"), Names(ANSWERS), advice="")
    return Scorer(
        columns=tuple(Column(f.column, f.kind, f.group, f.label) for f in features),  # type: ignore[arg-type]
        features=features,
        tables=ScoreTables(
            intercept=-2.0,
            main=tuple(rng.normal(scale=0.2, size=feature.n_codes) for feature in features),
            pairs=tuple(_pair(rng, features, 2 * number, 2 * number + 1) for number in range(_PAIRS)),
            rules_weight=0.02,
        ),
        policy=Policy((0.5, 0.25, 0.12), mql=0.2, sql=0.4),
        rulebook=rulebook,
    )


def _edges(values: pa.ChunkedArray) -> Array:
    """Cuts as training makes them: at quantiles, halfway between values."""
    found = np.quantile(values.drop_null().to_numpy(), np.linspace(0.01, 0.99, _EDGES))
    whole = bool((found == found.round()).all())
    return np.asarray(np.unique(found) + (0.5 if whole else 0.0))


def _pair(rng: np.random.Generator, features: Sequence[Feature], left: int, right: int) -> Pair:
    maps = [(np.arange(features[side].n_codes) // 4).astype(np.uint16) for side in (left, right)]
    shape = (int(maps[0].max()) + 1, int(maps[1].max()) + 1)
    return Pair(left, right, maps[0], maps[1], rng.normal(scale=0.1, size=shape))
