"""History as a rulebook is tried out on it: weekly rows with known outcomes, in an order of their own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from leadml.features import Snapshots
from leadml.predict.arrays import Mask
from leadml.predict.encoding import Floats
from leadml.predict.rules.rulebook import Rulebook
from leadml.training.folds import Rows
from leadml.training.metrics import auc_of, tally
from leadml.training.split import account_codes

REPEATS = 200
"""Repeats of every bootstrap here."""


@dataclass(frozen=True)
class Replay:
    """Rows of (lead, week), sorted by account, lead and week, so that the order in which they came is no matter.

    `label` is 1 where the lead was won within the horizon; `leads` and `accounts` are numbers from 0; `order` are days,
    None where leads have no dates (then each has one row).
    """

    table: pa.Table
    label: Floats
    leads: Rows
    accounts: Rows
    order: Floats | None

    @classmethod
    def of(cls, snapshots: Snapshots) -> Replay:
        """Snapshots with known outcomes; there must be one at least."""
        leads, accounts = account_codes(snapshots.lead_id), account_codes(snapshots.account_id)
        order = snapshots.order if snapshots.horizon_days else None
        rows = np.lexsort((np.zeros(len(leads)) if order is None else order, leads, accounts))
        return cls(
            snapshots.features.take(pa.array(rows)),
            snapshots.label[rows],
            leads[rows],
            accounts[rows],
            None if order is None else order[rows],
        )

    @property
    def n_accounts(self) -> int:
        """How many accounts there are."""
        return int(self.accounts.max()) + 1

    @cached_property
    def weights(self) -> Floats:
        """What each row counts, so that each lead counts once, spread over the weeks at which it was open."""
        return 1.0 / np.bincount(self.leads)[self.leads]

    @property
    def base_rate(self) -> float:
        """Share of leads, so counted, that are won within the horizon."""
        return float((self.weights * self.label).sum() / self.weights.sum())

    def count(self, rows: Mask) -> tuple[int, int]:
        """How many leads have any of some rows, and how many of them are won within the horizon from one of these."""
        return len(np.unique(self.leads[rows])), len(np.unique(self.leads[rows & (self.label == 1)]))

    def count_accounts(self, rows: Mask) -> int:
        """How many accounts have any of some rows."""
        return len(np.unique(self.accounts[rows]))

    def by_account(self, values: Floats) -> Floats:
        """Sums of values of rows by account; shape (accounts,)."""
        sums: Floats = np.bincount(self.accounts, weights=values, minlength=self.n_accounts).astype(np.float64)
        return sums

    def auc(self, points: Floats, times: Floats | None = None) -> float:
        """Chance that a winner has more points than a loser, ties half; rows count `times` as often."""
        return auc_of(tally(self.label, points, self.weights if times is None else self.weights * times))

    def workable(self, rulebook: Rulebook) -> Mask:
        """Rows that no gate keeps from being an MQL."""
        return ~rulebook.kept_from("MQL", rulebook.rows(self.table))
