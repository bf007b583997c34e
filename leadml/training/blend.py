"""How much say each candidate gets: non-negative weights in log-odds that add up to one.

The weights minimise the log loss of predictions for rows a candidate was not trained on (stacking: Wolpert 1992;
Breiman 1996 for the non-negative weights). The base rate is a candidate too, so that a weak blend is pulled to it. As
every candidate is a sum of tables, so is the blend: nothing is lost between what is judged and what is served.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.optimize import minimize

from leadml.predict.encoding import Floats
from leadml.predict.tables import Pair, ScoreTables, probability
from leadml.training.folds import Rows
from leadml.training.sample import Sample, row_losses

# How firmly the weights are held near an even split, in nats per squared distance; it fades as rows grow.
_BELIEF = 12.0
_NEGLIGIBLE = 0.02
# Forward in time the same, in nats per row and squared distance, from fast to loose; and what looseness must gain.
_FORWARD_BELIEFS = (1.0, 0.1, 0.03, 0.01, 0.003, 0.001)
_LEAST_GAIN = 0.0003


def blend_weights(log_odds: Floats, label: Floats, weight: Floats | None = None, *, belief: float = _BELIEF) -> Floats:
    """Weights of candidates, shape (candidates,), non-negative with sum one; negligible ones are set to zero.

    `log_odds` has shape (candidates, rows): out-of-sample log-odds of each candidate for the same rows, the base rate
    first. `belief` pulls towards an even split among the others, and `weight` says how much each row counts.
    """
    count = len(log_odds)
    counted = np.ones(len(label)) if weight is None else weight / weight.mean()
    even = np.full(count, 1 / max(count - 1, 1))
    even[0] = 0.0 if count > 1 else 1.0

    def loss(weights: Floats) -> tuple[float, Floats]:
        total = weights @ log_odds
        apart = weights - even
        value = float(counted @ row_losses(label, total)) + 0.5 * belief * float(apart @ apart)
        slope = log_odds @ (counted * (probability(total) - label)) + belief * apart
        return value / len(label), slope / len(label)

    found = minimize(
        loss,
        even,
        jac=True,
        method="SLSQP",
        bounds=[(0.0, 1.0)] * count,
        constraints={"type": "eq", "fun": lambda weights: weights.sum() - 1, "jac": np.ones_like},
        options={"maxiter": 200, "ftol": 1e-10},
    )
    weights = np.clip(found.x, 0, None)
    weights[weights < _NEGLIGIBLE * weights.sum()] = 0.0
    return np.asarray(weights / weights.sum())


def forward_weights(log_odds: Floats, label: Floats, block: Rows, importance: Floats) -> Floats:
    """Weights for rows that were predicted forward in time, block by block; shapes as in `blend_weights`.

    What was best in past blocks need not be in the next one. How far that carries is found by walking forward again:
    weights from the blocks before judge each block, and they are held as near to an even split as costs nothing there.

    Args:
        log_odds: shape (candidates, rows).
        label: shape (rows,).
        block: shape (rows,), the number of each row's block, oldest 0.
        importance: shape (blocks,), how much a row of each block counts.
    """

    def weights(belief: float, rows: Rows) -> Floats:
        return blend_weights(log_odds[:, rows], label[rows], importance[block[rows]], belief=belief * len(rows))

    def walked(belief: float) -> float:
        losses = []
        for newest in range(1, len(importance)):
            past, ahead = np.flatnonzero(block < newest), block == newest
            losses.append(row_losses(label[ahead], weights(belief, past) @ log_odds[:, ahead]).mean())
        return float(np.average(losses, weights=importance[1:]))

    walks = [walked(belief) for belief in _FORWARD_BELIEFS]
    firmest = next(
        belief for belief, loss in zip(_FORWARD_BELIEFS, walks, strict=True) if loss <= min(walks) + _LEAST_GAIN
    )
    return weights(firmest, np.arange(len(label)))


def blended(tables: Sequence[ScoreTables], weights: Floats | Sequence[float]) -> ScoreTables:
    """The weighted sum of tables over the same features, as tables.

    Pairs of the same two features must share their coarse codes.
    """
    intercept = sum(weight * one.intercept for one, weight in zip(tables, weights, strict=True))
    main = [np.zeros(len(table)) for table in tables[0].main]
    pairs: dict[tuple[int, int], Pair] = {}
    for one, weight in zip(tables, weights, strict=True):
        for position, table in enumerate(one.main):
            main[position] += weight * table
        for pair in one.pairs:
            key = (pair.left, pair.right)
            before = pairs[key].table if key in pairs else 0.0
            pairs[key] = replace(pair, table=before + weight * pair.table)
    return ScoreTables(float(intercept), tuple(main), tuple(pairs[key] for key in sorted(pairs)))


def averaged(tables: Sequence[ScoreTables]) -> ScoreTables:
    """The mean of tables over the same features."""
    return blended(tables, [1 / len(tables)] * len(tables))


def centred(tables: ScoreTables, sample: Sample) -> ScoreTables:
    """The same sum, with every table's mean over the sample at zero, and no main effect left inside a pair.

    A lead's reasons are then read against the average lead. Pairs are purified as in Lengerich, Tan, Chang, Hooker and
    Caruana, "Purifying interaction effects with the functional ANOVA" (AISTATS 2020), weighted by the sample's rows.
    """
    main = [table.copy() for table in tables.main]
    pairs = []
    for pair in tables.pairs:
        table, left, right = _purified(pair, sample)
        main[pair.left] += left[pair.left_map]
        main[pair.right] += right[pair.right_map]
        pairs.append(replace(pair, table=table))
    intercept = tables.intercept
    for position, table in enumerate(main):
        rows = np.bincount(sample.codes[:, position], minlength=len(table))
        mean = float(rows @ table) / max(len(sample.label), 1)
        main[position] = table - mean
        intercept += mean
    return replace(tables, intercept=intercept, main=tuple(main), pairs=tuple(pairs))


def _purified(pair: Pair, sample: Sample) -> tuple[Floats, Floats, Floats]:
    """The pair's table without what depends on one side alone, and those two parts."""
    shape = pair.table.shape
    cells = np.bincount(pair.codes(sample.columns), minlength=pair.table.size).reshape(shape) + 1e-6
    table = pair.table.copy()
    left, right = np.zeros(shape[0]), np.zeros(shape[1])
    for _ in range(20):
        across = (cells * table).sum(axis=1) / cells.sum(axis=1)
        table -= across[:, None]
        left += across
        down = (cells * table).sum(axis=0) / cells.sum(axis=0)
        table -= down
        right += down
    return table, left, right
