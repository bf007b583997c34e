"""Which rows train and which judge inside the training part.

An account is never on both sides. Where time is known the judged rows lie after the training rows, with a gap between
them, because that is what serving is: yesterday's outcomes scoring tomorrow's leads.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from leadml.predict.encoding import Codes, Floats

Rows = np.ndarray[Any, np.dtype[np.int64]]
Fold = tuple[Rows, Rows]

_LEAST_OF_EACH_OUTCOME = 5
_FIRST_FORWARD_SHARE = 0.4


def signatures(codes: Codes) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """One number per row that is the same for rows with the same codes; shape (rows,)."""
    multipliers = np.random.default_rng(0).integers(1, 2**63, codes.shape[1], dtype=np.uint64) * np.uint64(
        2
    ) + np.uint64(1)
    total = np.zeros(len(codes), dtype=np.uint64)
    for position, multiplier in enumerate(multipliers):
        total += (codes[:, position].astype(np.uint64) + np.uint64(1)) * multiplier
        total ^= total >> np.uint64(29)  # without mixing, sums of small codes would collide
    return total


def grouped_folds(label: Floats, groups: np.ndarray[Any, Any], n_folds: int, seed: int) -> list[Fold]:
    """`n_folds` (train, judge) pairs of row numbers; each group whole, outcomes spread evenly.

    Groups are dealt like cards after sorting by outcome and size, in an order drawn from `seed`.
    """
    _, group = np.unique(groups, return_inverse=True)
    size = np.bincount(group)
    won = np.bincount(group, weights=label)
    shuffled = np.random.default_rng(seed).permutation(len(size))
    dealt = np.lexsort((shuffled, -size, -won))
    hand = np.empty(len(size), dtype=np.int64)
    hand[dealt] = _snake(len(size), n_folds)
    return [(np.flatnonzero(hand[group] != k), np.flatnonzero(hand[group] == k)) for k in range(n_folds)]


def forward_folds(label: Floats, order: Floats, groups: np.ndarray[Any, Any], gap: float, n_folds: int) -> list[Fold]:
    """Expanding windows: train on the past, judge the next block; at most `n_folds`, oldest first.

    The newest 60 % of the rows are cut into blocks at values of `order` (rows of one moment stay together). A row
    trains if `order + gap` is not after the block's start; a row of the block is judged if its group does not train.
    Choosing the other way round, training rows by whether their group is still in the block, would select on the
    outcome. Blocks that would judge, or train on, too few of an outcome are left out.
    """
    _, group = np.unique(groups, return_inverse=True)
    shares = np.linspace(_FIRST_FORWARD_SHARE, 1, n_folds + 1)
    starts = np.unique(np.quantile(order, shares[:-1], method="higher"))
    bounds = [*starts, np.inf]
    folds: list[Fold] = []
    for start, end in itertools.pairwise(bounds):
        trained = (order < start) & (order + gap <= start)
        known = np.zeros(group.max() + 1, dtype=bool)
        known[group[trained]] = True
        judged = (order >= start) & (order < end) & ~known[group]
        if _enough(label[trained]) and _enough(label[judged]):
            folds.append((np.flatnonzero(trained), np.flatnonzero(judged)))
    return folds


def _snake(n: int, k: int) -> Rows:
    """0 1 .. k-1 k-1 .. 1 0 0 1 ..: dealing back and forth evens out the sizes."""
    place = np.arange(n) % (2 * k)
    return np.minimum(place, 2 * k - 1 - place)


def _enough(label: Floats) -> bool:
    won = int(label.sum())
    return min(won, len(label) - won) >= _LEAST_OF_EACH_OUTCOME
