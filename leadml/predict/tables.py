"""The scorer's numbers: one table per feature, one per chosen pair of features, and the weight of the rules.

    log-odds = intercept + rules_weight * points + sum_f main[f][code_f] + sum_(f, g) pair[f, g][code_f, code_g]

Every figure a lead is given is one of these terms, so the reasons add up to the score by construction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from leadml.predict.encoding import Codes, Floats

Map = np.ndarray[Any, np.dtype[np.uint16]]


@dataclass(frozen=True)
class Pair:
    """A two-feature table over coarse codes; `left` and `right` index the scorer's features.

    `left_map` and `right_map` take a feature's code to its coarse code; `table` has shape
    (coarse codes of left, coarse codes of right).
    """

    left: int
    right: int
    left_map: Map
    right_map: Map
    table: Floats

    def codes(self, codes: Sequence[Codes]) -> Codes:
        """Position of each row in the flattened table, given the codes of all features; shape (rows,)."""
        row = self.left_map[codes[self.left]]
        position: Codes = row * np.uint16(self.table.shape[1]) + self.right_map[codes[self.right]]
        return position


@dataclass(frozen=True)
class ScoreTables:
    """All terms of the log-odds. `main` holds one float64 table of length `n_codes` per feature."""

    intercept: float
    main: tuple[Floats, ...]
    pairs: tuple[Pair, ...] = ()
    rules_weight: float = 0.0

    def log_odds(self, codes: Sequence[Codes]) -> Floats:
        """Sum of all terms but the rules', given the codes of each of one feature or more; shape (rows,)."""
        total = np.full(len(codes[0]), self.intercept)
        for table, code in zip(self.main, codes, strict=True):
            total += table[code]
        for pair in self.pairs:
            total += pair.table.ravel()[pair.codes(codes)]
        return total

    def rescaled(self, slope: float, shift: float) -> ScoreTables:
        """The tables of `shift + slope * log_odds`: an affine calibration folded into every term."""
        return replace(
            self,
            intercept=shift + slope * self.intercept,
            main=tuple(slope * table for table in self.main),
            pairs=tuple(replace(pair, table=slope * pair.table) for pair in self.pairs),
            rules_weight=slope * self.rules_weight,
        )


def probability(log_odds: Floats) -> Floats:
    """Logistic function, without overflow and without cancellation at either end."""
    small = np.exp(-np.abs(log_odds))
    return np.where(log_odds >= 0, 1.0, small) / (1.0 + small)
