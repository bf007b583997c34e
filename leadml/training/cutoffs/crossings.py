"""First crossings: for any cutoff, each lead's first snapshot at or above it."""

from __future__ import annotations

import numpy as np

from leadml.predict.encoding import Floats
from leadml.training.folds import Rows
from leadml.training.split import Mask

_DAYS_A_WEEK = 7


class Crossings:
    """Each lead's first crossing of any cutoff, found once for all cutoffs.

    In time order, a snapshot is its lead's first crossing of exactly those cutoffs that lie above all the lead's
    earlier probabilities and not above its own. Where time is unknown a lead crosses at its highest probability.
    Snapshots that are not `eligible` (no intent, for SQL) cross nothing. `probability` and `label` are those given.

    `weeks` is the number of weeks the snapshots span, unless it is given (None without time), `converting` one row of
    each lead that converts after any of its snapshots.
    """

    def __init__(
        self,
        probability: Floats,
        label: Floats,
        leads: Rows,
        order: Floats | None,
        eligible: Mask,
        *,
        weeks: int | None = None,
    ) -> None:
        self.weeks = None if order is None else weeks or weeks_of(order)
        self.probability, self.label = probability, label
        converting = np.flatnonzero(label == 1)
        self.converting = converting[np.unique(leads[converting], return_index=True)[1]]
        rows = np.flatnonzero(eligible)
        moment = -probability if order is None else order
        rows = rows[np.lexsort((-probability[rows], moment[rows], leads[rows]))]
        earlier = _highest_before(probability[rows], leads[rows])
        records = probability[rows] > earlier
        self._rows, self._earlier = rows[records], earlier[records]
        self._probability, self._label = probability[self._rows], label[self._rows]

    def candidates(self, lowest: float) -> Floats:
        """The cutoffs worth looking at, ascending: every probability from `lowest` on at which a lead may cross."""
        above = self._probability[self._probability >= lowest]
        return np.unique(np.append(above, lowest)) if len(above) and lowest > 0 else np.unique(above)

    def counts(self, cutoffs: Floats) -> tuple[Rows, Rows]:
        """How many leads cross each cutoff, and how many of these convert within the horizon of crossing."""
        won = self._label == 1
        crossed = _reaching(self._probability, cutoffs) - _reaching(self._earlier, cutoffs)
        converted = _reaching(self._probability[won], cutoffs) - _reaching(self._earlier[won], cutoffs)
        return crossed, converted

    def sums(self, values: Floats, cutoffs: Floats) -> Floats:
        """The sum of values (one per snapshot) over the first crossings of each cutoff; shape of `cutoffs`."""
        held = values[self._rows]
        return _sum_reaching(self._probability, held, cutoffs) - _sum_reaching(self._earlier, held, cutoffs)

    def rows(self, cutoff: float) -> Rows:
        """The snapshots, one per lead, at which leads first cross the cutoff."""
        return self._rows[(self._probability >= cutoff) & (self._earlier < cutoff)]


def weeks_of(order: Floats) -> int:
    """How many weeks moments in days span; 0 for none."""
    return int(np.ptp(order) // _DAYS_A_WEEK) + 1 if len(order) else 0


def _highest_before(probability: Floats, leads: Rows) -> Floats:
    """The highest earlier probability of the same lead, -1 for its first row; rows sorted by lead, then time."""
    before = np.full(len(probability), -1.0)
    # Leads take turns: all second rows at once, then all third rows, and so on; few leads have many snapshots.
    same = np.flatnonzero(np.r_[False, leads[1:] == leads[:-1]]) if len(leads) else np.empty(0, dtype=np.int64)
    starts = np.flatnonzero(np.r_[True, leads[1:] != leads[:-1]]) if len(leads) else same
    turn = np.arange(len(leads)) - np.repeat(starts, np.diff(np.r_[starts, len(leads)]))
    for number in range(1, int(turn.max(initial=0)) + 1):
        here = same[turn[same] == number]
        before[here] = np.maximum(before[here - 1], probability[here - 1])
    return before


def _reaching(values: Floats, cutoffs: Floats) -> Rows:
    ordered = np.sort(values)
    return len(ordered) - np.searchsorted(ordered, cutoffs, side="left")


def _sum_reaching(values: Floats, held: Floats, cutoffs: Floats) -> Floats:
    order = np.lexsort((held, values))  # by what is held as well, so that the order of rows changes no digit
    above = np.r_[0.0, np.cumsum(held[order][::-1])][::-1]
    sums: Floats = above[np.searchsorted(values[order], cutoffs, side="left")]
    return sums
