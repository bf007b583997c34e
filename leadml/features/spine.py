"""Which lead is looked at when: the rows that features are made for.

Training looks at calendar moments of the past, scoring at one moment; everything after that is shared.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.predict.encoding import Floats

__all__ = [
    "DAY",
    "NEVER",
    "Ints",
    "Spine",
    "close_times",
    "flat_spine",
    "hash_numbers",
    "scoring_spine",
    "training_spine",
    "weekly_spine",
]

Ints = np.ndarray[Any, np.dtype[np.int64]]
Numbers = np.ndarray[Any, np.dtype[np.uint64]]

NEVER = np.iinfo(np.int64).max
_FARTHEST = 2.0**61  # microseconds: after all data, and still far from what 64 bits hold
DAY = 86_400_000_000  # microseconds
_FIRST_MONDAY = 4 * DAY  # 1970-01-05: every grid of whole weeks falls on Mondays, in each run


@dataclass(frozen=True)
class Spine:
    """Snapshots to be made: row numbers into the lead table and moments (microseconds since 1970), both shape (n,)."""

    lead: Ints
    at: Ints


def training_spine(leads: pa.Table, *, every: int, per_lead: int, until: int) -> Spine:
    """Choose the moments at which each lead is looked at: open then, and not after `until` (all in microseconds).

    A lead's moments are numbered 1, 2, ... from its creation. Its first one is taken (drawn, if only one may be);
    after a pick at number a, the chance that none follows up to b is (a / b) ** max(1, per_lead / 3): as many
    snapshots of leads twice as old. A pick never looks at what comes after it. Choosing evenly among the moments at
    which a lead turned out to be open would: of leads won in a week it would take every moment and of leads open for
    a year few, so that young leads seemed to win far more often than they do.
    """
    order = pc.sort_indices(leads["lead_id"]).to_numpy().astype(np.int64)
    created = _microseconds(leads["created_at"], NEVER)[order]
    closed = close_times(leads)[order]
    # A lead without a creation date is never open; dividing NEVER would overflow.
    first = -((_FIRST_MONDAY - np.where(created == NEVER, 0, created)) // every)
    steps = np.minimum(_steps(leads["lead_id"].take(pa.array(order)), per_lead), _FARTHEST / every)
    moments = _FIRST_MONDAY + (first[:, None] + steps.astype(np.int64)) * every
    chosen = (created[:, None] <= moments) & (moments < closed[:, None]) & (moments <= until)
    return Spine(np.repeat(order, chosen.sum(axis=1)), moments[chosen])


def weekly_spine(leads: pa.Table, *, every: int, since: int, until: int) -> Spine:
    """Look at every lead at each moment from `since` to `until` at which it was open (all in microseconds).

    This is what a scoring run at each of these moments would have met, so volumes can be counted on it.
    """
    order = pc.sort_indices(leads["lead_id"]).to_numpy().astype(np.int64)
    created = _microseconds(leads["created_at"], NEVER)[order]
    closed = close_times(leads)[order]
    first = -((_FIRST_MONDAY - np.maximum(np.where(created == NEVER, 0, created), since)) // every)
    last = (np.minimum(closed - 1, until) - _FIRST_MONDAY) // every
    count = np.where(created == NEVER, 0, np.maximum(last - first + 1, 0))
    nth = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return Spine(np.repeat(order, count), _FIRST_MONDAY + (np.repeat(first, count) + nth) * every)


def scoring_spine(leads: pa.Table, *, at: int, open_only: bool) -> Spine:
    """Look at every lead that was there at a moment (microseconds), or at those still open then; by lead id."""
    order = pc.sort_indices(leads["lead_id"]).to_numpy().astype(np.int64)
    chosen = _microseconds(leads["created_at"], NEVER) <= at
    if open_only:
        chosen &= at < close_times(leads)
    lead = order[chosen[order]]
    return Spine(lead, np.full(len(lead), at, np.int64))


def flat_spine(leads: pa.Table, *, open_only: bool) -> Spine:
    """Look at every lead once, or at those without an outcome; by lead id, and at no moment."""
    order = pc.sort_indices(leads["lead_id"]).to_numpy().astype(np.int64)
    if open_only and "outcome" in leads.column_names:
        order = order[pc.is_null(leads["outcome"]).to_numpy()[order]]
    return Spine(order, np.zeros(len(order), np.int64))


def close_times(leads: pa.Table) -> Ints:
    """When each lead was closed (microseconds): NEVER if still open, before all time if nobody knows when.

    An open lead's close date is what sales hope for, not what happened.
    """
    if "outcome" not in leads.column_names:
        return np.full(leads.num_rows, NEVER, np.int64)
    unknown = np.iinfo(np.int64).min
    closed = (
        _microseconds(leads["closed_at"], unknown)
        if "closed_at" in leads.column_names
        else np.full(leads.num_rows, unknown, np.int64)
    )
    return np.where(pc.is_null(leads["outcome"]).to_numpy(), NEVER, closed)


def hash_numbers(ids: pa.ChunkedArray | pa.Array, per_id: int) -> Numbers:
    """Numbers below 2 ** 64 that only an id decides, on every machine and in every version; shape (ids, per_id)."""
    digests = b"".join(hashlib.shake_128(key.encode()).digest(8 * per_id) for key in ids.to_pylist())
    return np.frombuffer(digests, "<u8").reshape(len(ids), per_id).astype(np.uint64)


def _steps(ids: pa.ChunkedArray, per_lead: int) -> Floats:
    """Numbers (from 0) of the moments picked for each lead, ascending; shape (leads, per_lead)."""
    chance = (hash_numbers(ids, per_lead).astype(np.float64) + 1) / 2.0**64
    factor = chance ** (-1 / max(1.0, per_lead / 3))
    picks = np.ones_like(factor)
    if per_lead == 1:
        picks[:, 0] = np.floor(factor[:, 0])
    for pick in range(1, per_lead):
        picks[:, pick] = np.floor(picks[:, pick - 1] * factor[:, pick]) + 1
    return picks - 1


def _microseconds(times: pa.ChunkedArray, missing: int) -> Ints:
    numbers: Ints = pc.fill_null(times.cast(pa.int64()), missing).to_numpy()
    return numbers
