"""Outcomes unrelated to anything: the scorer must find nothing, say so, and do no harm."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from leadml.predict.encoding import Column
from leadml.training.fit import fit_scorer
from leadml.training.metrics import auc
from leadml.training.readiness import auc_standard_error
from leadml.training.sample import log_loss

HARM = 0.002
BASE_RATE = 0.2
FRESH = 10_000


class Noise:
    """Columns of every kind and outcomes that none of them knows of; with accounts, those of an account agree."""

    def __init__(self, rows: int, seed: Any, *, accounts: bool) -> None:
        self.random = np.random.default_rng(seed)
        self.table = self._columns(rows)
        self.columns = [
            Column(name, "number" if name[0] == "n" else "category", "fit", name) for name in self.table.column_names
        ]
        self.groups = self.random.integers(0, rows // 2, rows) if accounts else None
        chance = self.random.beta(0.4, 1.6, rows)[self.groups] if accounts else BASE_RATE
        self.label = (self.random.random(rows) < chance).astype(float)

    def fit(self, *, dated: bool):
        rows = len(self.label)
        order = np.arange(float(rows)) if dated else None
        return fit_scorer(
            self.table, self.columns, self.label, order=order, groups=self.groups, gap=0.05 * rows if dated else 0.0
        )

    def judged(self, fitted):
        """Log loss above the base rate's on fresh leads, and how many standard errors the AUC lies off 0.5."""
        outcome = (self.random.random(FRESH) < BASE_RATE).astype(float)
        scored = fitted.scorer.log_odds(self._columns(FRESH))
        rate = (self.label.sum() + 0.5) / (len(self.label) + 1)
        harm = log_loss(outcome, scored) - log_loss(outcome, np.full(FRESH, np.log(rate / (1 - rate))))
        error = auc_standard_error(int(outcome.sum()), int(FRESH - outcome.sum()), 0.5)
        return harm, abs(auc(outcome, scored) - 0.5) / error

    def _columns(self, rows: int) -> pa.Table:
        numbers = {f"n{place}": self.random.normal(size=rows) for place in range(3)}
        counts = {f"n{place}": self.random.poisson(2, rows).astype(float) for place in range(3, 6)}
        texts = {f"c{levels}": self.random.choice([f"v{n}" for n in range(levels)], rows) for levels in (4, 40, 200)}
        return pa.table(numbers | counts | texts)


def noise_sets(rows: int, sets: int, *, dated: bool, accounts: bool):
    """Share of false signals, mean harm and greatest harm."""
    signals, harms, apart = 0, [], []
    for seed in range(sets):
        noise = Noise(rows, [rows, seed, dated, accounts], accounts=accounts)
        if noise.label.sum() in (0, rows):
            continue
        fitted = noise.fit(dated=dated)
        harm, off = noise.judged(fitted)
        signals, harms, apart = signals + fitted.signal, [*harms, harm], [*apart, off]
        if not fitted.signal:
            assert np.ptp(fitted.scorer.log_odds(noise.table)) == 0
    found = signals / len(harms), float(np.mean(harms)), float(np.max(harms)), float(np.mean(np.array(apart) > 3))
    print(
        f"{rows} rows, dated {dated}, accounts {accounts}: {signals} of {len(harms)} false signals, "
        f"log loss above the base rate's: mean {found[1]:.5f}, greatest {found[2]:.5f}, "
        f"AUC more than 3 errors off: {found[3]:.1%}",
        flush=True,
    )
    return found


@pytest.mark.parametrize("dated", [False, True])
def test_noise_gives_the_base_rate_and_no_signal(dated):
    signals, harm, _, off = noise_sets(60, 24, dated=dated, accounts=dated)
    assert signals <= 1 / 24
    assert harm <= HARM
    assert off <= 1 / 24


@pytest.mark.proof
@pytest.mark.parametrize(("dated", "accounts"), [(False, False), (True, False), (True, True)])
@pytest.mark.parametrize(("rows", "sets"), [(60, 200), (200, 200), (1000, 40), (5000, 10), (20_000, 3)])
def test_noise_of_every_size_does_no_harm_and_is_seldom_taken_for_signal(rows, sets, dated, accounts):
    signals, harm, _, off = noise_sets(rows, sets, dated=dated, accounts=accounts)
    assert signals <= max(0.03, 1 / sets)
    assert harm <= HARM
    assert off <= max(0.02, 1 / sets)
