"""Whether probabilities come true: band by band and in all, with intervals from a bootstrap over whole accounts.

Contacts of one account share their deal, and snapshots of one lead its outcome, so rows are not independent and a
band of many rows may rest on few accounts. Each repeat draws accounts with replacement (Efron 1979). Where a band saw
one outcome only the bootstrap sees no other either; there the interval is widened to that of Wilson (1927) with the
accounts, not the rows, as the number of trials.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from leadml.predict.encoding import Floats
from leadml.training.evaluation import resampled_accounts, wilson
from leadml.training.folds import Rows
from leadml.training.split import Groups, account_codes

_BINS = 10
_REPEATS = 200
_LEVEL = 0.95


@dataclass(frozen=True)
class Band:
    """Rows with like probabilities: the mean predicted, the share won with its 95 % interval, rows and accounts."""

    predicted: float
    observed: float
    low: float
    high: float
    rows: int
    accounts: int

    def to_dict(self) -> dict[str, float]:
        """The band as the bundle's facts keep it."""
        return vars(self).copy()


@dataclass(frozen=True)
class Reliability:
    """Bands, lowest first, and the calibration error: their mean distance of predicted and observed, by rows.

    `error` is (value, low, high) beyond chance: chance alone sets predicted and observed apart, by about as much as it
    sets what was observed and what the repeats draw from it apart. The mean of that is taken off the distance seen, and
    for the ends of the 95 % interval its upper end is taken off and added (the triangle inequality); never below zero.
    """

    bands: tuple[Band, ...]
    error: tuple[float, float, float]


def reliability(label: Floats, probability: Floats, groups: Groups) -> Reliability:
    """Predicted against observed in ten bands of about equal row counts.

    Rows with the same probability share a band, so there may be fewer. Accounts are drawn alike every time.

    Args:
        label: 1.0 won, 0.0 not; shape (rows,).
        probability: what was predicted; shape (rows,).
        groups: the account of each row.
    """
    accounts, band = account_codes(groups), _band_of(probability)
    rows, won, predicted = (_sums(band, one) for one in (np.ones(len(label)), label, probability))
    drawn_won, noise = np.zeros((_REPEATS, len(rows))), np.zeros(_REPEATS)
    gap = (predicted - won) / rows
    for place, times in enumerate(resampled_accounts(accounts, _REPEATS, seed=0)):
        drawn, of_won = _sums(band, times, len(rows)), _sums(band, times * label, len(rows))
        noise[place] = _error(_sums(band, times * probability, len(rows)) - of_won - drawn * gap, drawn)
        drawn_won[place] = np.divide(of_won, drawn, out=np.full(len(rows), np.nan), where=drawn > 0)
    bands = []
    for number, (n, observed, mean) in enumerate(zip(rows, won / rows, predicted / rows, strict=True)):
        trials = len(np.unique(accounts[band == number]))
        low, high = rate_interval(float(observed), trials, drawn_won[:, number])
        bands.append(Band(float(mean), float(observed), low, high, int(n), trials))
    return Reliability(tuple(bands), _beyond_chance(_error(predicted - won, rows), noise))


def rate_interval(rate: float, trials: int, repeats: Floats, level: float = _LEVEL) -> tuple[float, float]:
    """The interval of a rate by its spread over repeats of the bootstrap, or Wilson's for so many trials if wider."""
    known, z = repeats[np.isfinite(repeats)], NormalDist().inv_cdf((1 + level) / 2)
    reach = z * float(np.std(known)) if len(known) else 0.0
    least, most = wilson(rate * trials, trials, level=level)
    return max(min(rate - reach, least), 0.0), min(max(rate + reach, most), 1.0)


def _band_of(probability: Floats) -> Rows:
    """The band of each row, numbered from 0 without a gap."""
    _, place, count = np.unique(probability, return_inverse=True, return_counts=True)
    middle = np.cumsum(count) - count / 2
    bin_of = np.minimum((middle / len(probability) * _BINS).astype(np.int64), _BINS - 1)
    return np.asarray(np.unique(bin_of[place], return_inverse=True)[1])


def _sums(band: Rows, values: Floats, count: int = 0) -> Floats:
    return np.asarray(np.bincount(band, weights=values, minlength=count), dtype=np.float64)


def _error(gap: Floats, rows: Floats) -> float:
    return float(np.abs(gap).sum() / rows.sum())


def _beyond_chance(error: float, noise: Floats) -> tuple[float, float, float]:
    most = float(np.quantile(noise, (1 + _LEVEL) / 2))
    return max(0.0, error - float(noise.mean())), max(0.0, error - most), error + most


def band_facts(found: Reliability) -> list[dict[str, Any]]:
    """The bands as the bundle's facts keep them."""
    return [band.to_dict() for band in found.bands]
