"""How well one column alone tells who was won: learned on older leads, judged on newer ones of about the same time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.predict.encoding import Floats
from leadml.training.folds import Rows
from leadml.training.metrics import auc
from leadml.training.readiness import auc_standard_error
from leadml.training.split import Mask

FEWEST = 20
"""Leads of either outcome, before any rate or AUC is worth comparing."""

_FOLDS = 5
_BINS = 20
_TIME_BLOCKS = 10
_PRIOR_ROWS = 5.0
_MOST_CODES = 1000


@dataclass(frozen=True)
class Judge:
    """Closed leads (rows) that columns are judged on: `won` is 1 or 0, `accounts` numbers each lead's account.

    `order` is sortable time or None. A column's conversion rates are always learned on other accounts. With time they
    are learned on all older leads and compared among leads of about the same time: a column that merely follows the
    calendar is then not mistaken for one that knows the outcome.
    """

    won: Floats
    accounts: Rows
    order: Floats | None

    @cached_property
    def blocks(self) -> Rows:
        """The number of each lead's stretch of time; a single one without time."""
        if self.order is None or len(self.won) < _TIME_BLOCKS * FEWEST:
            return np.zeros(len(self.won), dtype=np.int64)
        cuts = np.nanquantile(self.order, np.linspace(0, 1, _TIME_BLOCKS + 1)[1:-1])
        return np.searchsorted(cuts, self.order, side="right")

    @cached_property
    def judged(self) -> Mask:
        """The leads that judge: those with enough older ones of either outcome, or all where these are too few."""
        for block in range(1, int(self.blocks.max(initial=0)) + 1):
            newer = self.blocks >= block
            if min(self._counts(newer) + self._counts(~newer)) >= FEWEST:
                return newer
        return np.ones(len(self.won), dtype=bool)

    @property
    def forward(self) -> bool:
        """Whether columns are learned on older leads and judged on newer ones."""
        return not bool(self.judged.all())

    @property
    def how(self) -> str:
        """How a column is judged, in words."""
        return "learned on older leads, judged on newer ones" if self.forward else "judged on other leads"

    def auc(self, codes: Rows) -> float:
        """AUC of a column's conversion rates by code; 0.5 where there is nothing to compare."""
        scores = self._scores(codes)
        total, weights = 0.0, 0.0
        for block in np.unique(self.blocks[self.judged]):
            here = self.judged & (self.blocks == block)
            won, lost = self._counts(here)
            if won * lost:
                total += won * lost * auc(self.won[here], scores[here])
                weights += won * lost
        return max(total / weights, 0.5) if weights else 0.5  # below is chance: the rates were learned

    def standard_error(self, strength: float) -> float:
        """Standard error of an AUC measured here."""
        won, lost = self._counts(self.judged)
        return auc_standard_error(won, lost, min(strength, 0.99))

    def _scores(self, codes: Rows) -> Floats:
        """Each lead's conversion rate by code, of other accounts and, where judged forward, of older stretches."""
        codes = _pooled(codes)
        fold, size = self.accounts % _FOLDS, int(codes.max(initial=0)) + 1
        shape = (int(self.blocks.max(initial=0)) + 1, _FOLDS, size)
        cell = (self.blocks * _FOLDS + fold) * size + codes
        learned = []
        for weights in (None, self.won):
            sums = np.bincount(cell, weights, minlength=shape[0] * _FOLDS * size).reshape(shape).astype(float)
            within = (
                sums.cumsum(axis=0) - sums if self.forward else sums.sum(axis=0, keepdims=True).repeat(len(sums), 0)
            )
            learned.append(within.sum(axis=1, keepdims=True) - within)
        rows, wins = learned
        base = wins.sum(axis=2, keepdims=True) / np.maximum(rows.sum(axis=2, keepdims=True), 1)
        rates: Floats = (wins + _PRIOR_ROWS * base) / (rows + _PRIOR_ROWS)
        return rates[self.blocks, fold, codes]

    def _counts(self, rows: Mask) -> tuple[int, int]:
        won = int(self.won[rows].sum())
        return won, int(rows.sum()) - won


def _pooled(codes: Rows) -> Rows:
    """The same codes with the rarest in one, so that a column of a million texts does not take a million rates."""
    rows = np.bincount(codes)
    if len(rows) <= _MOST_CODES:
        return codes
    frequent = rows > np.sort(rows)[-_MOST_CODES]
    return np.where(frequent, np.cumsum(frequent), 0)[codes]


def codes_of(values: pa.ChunkedArray) -> Rows:
    """0 for missing, then a number per category, or per twentieth of the numbers (times count as numbers)."""
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        encoded = values.combine_chunks().dictionary_encode()
        return np.asarray(encoded.indices.fill_null(-1), dtype=np.int64) + 1
    if pa.types.is_timestamp(values.type):
        values = values.cast(pa.int64())
    numbers = pc.fill_null(values.cast(pa.float64()), float("nan")).to_numpy()
    known = numbers[~np.isnan(numbers)]
    if not len(known):
        return np.zeros(len(numbers), dtype=np.int64)
    cuts = np.unique(np.quantile(known, np.linspace(0, 1, _BINS + 1)[1:-1]))
    return np.where(np.isnan(numbers), 0, np.searchsorted(cuts, numbers, side="right") + 1)
