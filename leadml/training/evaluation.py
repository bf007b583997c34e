"""The judgement of a model: every figure with an interval from a bootstrap over whole accounts (Efron 1979).

Contacts of one account share a deal, so rows are not independent, accounts are: each repeat draws as many accounts
as there are, with replacement, and an account drawn twice counts twice. Intervals are the central 95 % of the repeats.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import NormalDist
from typing import Any

import numpy as np

from leadml.predict.encoding import Floats
from leadml.training.metrics import TALLY_METRICS, Tally, captured, tally
from leadml.training.split import Groups, account_codes

Interval = tuple[float, float, float]

_COVERAGE = (2.5, 97.5)
_LEVEL = 0.95
_GAIN_POINTS = 51


def evaluate(
    label: Floats,
    probabilities: Mapping[str, Floats],
    groups: Groups,
    *,
    repeats: int = 200,
    seed: int = 0,
) -> dict[str, dict[str, Interval]]:
    """Every metric of every model on the same rows, as model -> metric -> (value, low, high).

    A figure that the rows do not determine (the AUC of one outcome) is NaN.

    Args:
        label: float array (rows,), 1 won and 0 otherwise.
        probabilities: a float array (rows,) per model.
        groups: array (rows,), the account of each row.
        repeats: number of bootstrap repeats; all models are judged on the same ones.
        seed: picks the accounts of each repeat.
    """
    tallies = {name: _Sorted(label, probability) for name, probability in probabilities.items()}
    values = {name: _figures(rows.tally(None)) for name, rows in tallies.items()}
    drawn: dict[str, list[Floats]] = {name: [] for name in tallies}
    for multiplicity in resampled_accounts(account_codes(groups), repeats, seed):
        for name, rows in tallies.items():
            drawn[name].append(_figures(rows.tally(multiplicity)))
    return {
        name: dict(zip(TALLY_METRICS, with_intervals(values[name], np.array(drawn[name])), strict=True))
        for name in tallies
    }


def resampled_accounts(accounts: np.ndarray[Any, np.dtype[np.int64]], repeats: int, seed: int) -> Iterator[Floats]:
    """For each repeat, how often each row's account was drawn; float arrays (rows,)."""
    random = np.random.default_rng(seed)
    n_accounts = int(accounts.max()) + 1
    for _ in range(repeats):
        times = np.bincount(random.integers(0, n_accounts, n_accounts), minlength=n_accounts)
        yield times.astype(float)[accounts]


def drawn_sums(by_account: Floats, repeats: int, seed: int) -> Floats:
    """Sums over the accounts drawn in each repeat, (repeats, columns), of what each adds, (accounts, columns)."""
    accounts = np.arange(len(by_account))
    return np.array([times @ by_account for times in resampled_accounts(accounts, repeats, seed)])


def with_intervals(values: Floats, repeats: Floats) -> list[Interval]:
    """(value, low, high) per figure from its repeats, shape (repeats, figures); NaN repeats are skipped."""
    intervals: list[Interval] = []
    for value, column in zip(values, repeats.T, strict=True):
        known = column[np.isfinite(column)]
        low, high = np.percentile(known, _COVERAGE) if len(known) else (np.nan, np.nan)
        intervals.append((float(value), float(low), float(high)))
    return intervals


def gain(label: Floats, probability: Floats) -> list[dict[str, float]]:
    """`captured`, the share of the won rows found, at 51 values of `share`, the share of rows worked from the top."""
    shares = np.linspace(0, 1, _GAIN_POINTS)
    found = captured(tally(label, probability), shares)
    return [{"share": float(x), "captured": float(y)} for x, y in zip(shares, found, strict=True)]


def wilson(won: float, rows: float, *, level: float = _LEVEL) -> tuple[float, float]:
    """Interval of a rate seen as `won` of `rows` (Wilson 1927); stays inside 0 to 1 and is never empty."""
    z = NormalDist().inv_cdf((1 + level) / 2)
    rate, z2 = won / rows, z**2 / rows
    middle = (rate + z2 / 2) / (1 + z2)
    half = z * np.sqrt(rate * (1 - rate) / rows + z2 / (4 * rows)) / (1 + z2)
    return max(float(middle - half), 0.0), min(float(middle + half), 1.0)


class _Sorted:
    """Rows sorted by probability once, so that each repeat of the bootstrap only adds up."""

    def __init__(self, label: Floats, probability: Floats) -> None:
        self._rows = np.argsort(probability, kind="stable")
        self._won = np.asarray(label, dtype=float)[self._rows]
        ordered = np.asarray(probability, dtype=float)[self._rows]
        self._starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
        self._distinct = ordered[self._starts]

    def tally(self, multiplicity: Floats | None) -> Tally:
        times = np.ones(len(self._rows)) if multiplicity is None else multiplicity[self._rows]
        won = times * self._won
        if len(self._distinct) == len(won):
            return Tally(self._distinct, won, times - won)
        return Tally(
            self._distinct,
            np.add.reduceat(won, self._starts),
            np.add.reduceat(times - won, self._starts),
        )


def _figures(counts: Tally) -> Floats:
    return np.array([of_tally(counts) for of_tally in TALLY_METRICS.values()])
