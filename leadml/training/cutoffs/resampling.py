"""Bootstraps of sums over leads that depend on each other in two ways: by their account and by their week.

Leads of an account share a deal, and leads of a week share whatever happened in it. The variance of a figure is that
over accounts, plus that over weeks, less that over the parts that an account has in a week, which both have counted
(Cameron, Gelbach & Miller 2011). Each of the three comes from a bootstrap of its own. Accounts, and parts of them,
are drawn a Poisson number of times each (Hanley & MacGibbon 2006), since their total is by chance too; weeks are drawn
with replacement, since their number is given. Leads above a cutoff at the first moment crossed it in a week that is
not known, so each of their accounts has a week of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from leadml.predict.encoding import Floats
from leadml.training.folds import Rows

_AT_ONCE = 25  # repeats: bounds the memory that the numbers of draws take
_CENTRAL = (0.025, 0.975)


@dataclass(frozen=True)
class Entries:
    """What is summed up, entry by entry.

    `values` is a sparse matrix (entries, sums), `account` the account of each entry, and `week` its number from 0 to
    `weeks` - 1, -1 where it is not known. `weeks` is 0 without time.
    """

    values: sparse.csr_array
    account: Rows
    week: Rows
    weeks: int


def spread(
    entries: Entries, figures: Callable[[Floats], Floats], *, repeats: int, seed: int
) -> tuple[Floats, Floats, Floats]:
    """(value, low, high) of figures of the sums, with central 95 % intervals; NaN where nothing determines a figure.

    The percentiles are those over accounts, their distance from the value stretched to the variance in both ways.

    Args:
        entries: what is summed up.
        figures: from sums, shape (repeats, sums), to figures, shape (repeats, ...).
        repeats: number of repeats of each bootstrap.
        seed: picks the draws.
    """
    value = figures(np.asarray(entries.values.sum(axis=0), dtype=float)[None])[0]
    random = np.random.default_rng(seed)
    by_account = figures(_poisson(entries, entries.account, repeats, random))
    low, high = (_percentile(by_account, share) for share in _CENTRAL)
    if entries.weeks < 2:
        return value, low, high
    by_week = figures(_weekly(entries, repeats, random))
    by_part = figures(_poisson(entries, _parts(entries), repeats, random))
    accounts, weeks, parts = (_variance(one) for one in (by_account, by_week, by_part))
    with np.errstate(invalid="ignore", divide="ignore"):
        stretch = np.sqrt(np.maximum(accounts + weeks - parts, accounts) / accounts)
    stretch = np.where(np.isfinite(stretch), stretch, 1.0)
    return value, value + (low - value) * stretch, value + (high - value) * stretch


def _poisson(entries: Entries, units: Rows, repeats: int, random: np.random.Generator) -> Floats:
    """The sums of repeats in which each unit occurs a Poisson number of times; shape (repeats, sums)."""
    values = _added_up(entries.values, units)
    sizes = [min(_AT_ONCE, repeats - done) for done in range(0, repeats, _AT_ONCE)]
    return np.concatenate([(values.T @ random.poisson(1.0, (size, values.shape[0])).T).T for size in sizes])


def _weekly(entries: Entries, repeats: int, random: np.random.Generator) -> Floats:
    """The sums of repeats in which weeks are drawn with replacement; entries of no known week as `_poisson` does."""
    known = np.flatnonzero(entries.week >= 0)
    by_week = _added_up(entries.values[known], entries.week[known], entries.weeks)
    drawn = random.multinomial(entries.weeks, np.full(entries.weeks, 1 / entries.weeks), repeats)
    sums: Floats = (by_week.T @ drawn.T).T
    unknown = np.flatnonzero(entries.week < 0)
    if not len(unknown):
        return sums
    rest = Entries(entries.values[unknown], entries.account[unknown], entries.week[unknown], 0)
    return sums + _poisson(rest, rest.account, repeats, random)


def _parts(entries: Entries) -> Rows:
    return entries.account * (entries.weeks + 1) + entries.week + 1


def _added_up(values: sparse.csr_array, units: Rows, count: int | None = None) -> sparse.csr_array:
    """The sums of each unit, shape (units, sums); only those that there are, unless their number is given."""
    if count is None:
        found, units = np.unique(units, return_inverse=True)
        count = len(found)
    adding = sparse.csr_array((np.ones(len(units)), (units, np.arange(len(units)))), shape=(count, len(units)))
    return sparse.csr_array(adding @ values)


def _percentile(repeats: Floats, share: float) -> Floats:
    """The value below which a share of the repeats lies that determine a figure; NaN where none does."""
    ordered = np.sort(repeats, axis=0)  # NaN last
    place = share * np.maximum(np.isfinite(repeats).sum(axis=0) - 1, 0)
    below = place.astype(np.int64)
    low, high = (np.take_along_axis(ordered, at[None], axis=0)[0] for at in (below, np.ceil(place).astype(np.int64)))
    return np.asarray(low + (place - below) * (high - low))


def _variance(repeats: Floats) -> Floats:
    known = np.isfinite(repeats)
    count = np.maximum(known.sum(axis=0), 1)
    values = np.where(known, repeats, 0.0)
    return np.asarray((values**2).sum(axis=0) / count - (values.sum(axis=0) / count) ** 2)
