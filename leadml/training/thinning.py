"""Rows enough to judge candidates by, where there are more.

Which candidate is better, how many rounds pay and how the blend is weighed do not change any more beyond some number of
rows, while every fold's models would have to be trained on all of them. What is served is trained on every row.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from leadml.predict.encoding import Floats
from leadml.training.clock import Clock
from leadml.training.folds import Rows

_ENOUGH_ROWS = 150_000
# Of the rarer outcome: where wins are few, it is they that judge, and more rows are kept for their sake.
_ENOUGH_RARER = 2_000
# With a limit: as many rows as a slow core judges in half of the time, and rows below which little time is saved.
_ROWS_PER_SECOND = 1_000
_FEWEST_ROWS = 30_000


def rows_to_judge(label: Floats, accounts: np.ndarray[Any, Any] | None, clock: Clock, seed: int) -> Rows:
    """Positions of the rows to judge by, ascending; all of them unless there are many or time is short."""
    rows = len(label)
    rarer = min(label.sum(), rows - label.sum())
    most = int(max(_ENOUGH_ROWS, rows * min(_ENOUGH_RARER / max(rarer, 1), 1)))
    if clock.limit is not None:
        affordable = int(max(_ROWS_PER_SECOND * clock.limit, _FEWEST_ROWS))
        if affordable < min(most, rows):
            most = affordable
            clock.cut(f"candidates were judged on {most:,} of {rows:,} rows")
    return np.arange(rows) if rows <= most else whole_accounts(accounts, rows, most, seed)


def whole_accounts(accounts: np.ndarray[Any, Any] | None, rows: int, most: int, seed: int) -> Rows:
    """Positions of at most `most` of the rows, ascending, each account with all of its rows or none.

    From the largest account down, the last of every few is kept: it is at most as large as the mean of the few, so that
    `most` holds without one large account deciding how many rows there are.
    """
    group = np.arange(rows) if accounts is None else np.unique(accounts, return_inverse=True)[1]
    size = np.bincount(group)
    lots = np.random.default_rng(seed).permutation(len(size))
    largest_first = np.lexsort((lots, -size))
    step = rows / most
    kept = np.zeros(len(size), dtype=bool)
    kept[largest_first[np.ceil(np.arange(1, int(len(size) / step) + 1) * step).astype(np.int64) - 1]] = True
    return np.flatnonzero(kept[group])
