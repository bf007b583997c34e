"""First crossings: for any cutoff, each lead's first snapshot at or above it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leadml.predict.encoding import Floats
from leadml.training.folds import Rows
from leadml.training.split import Mask

_DAYS_A_WEEK = 7


@dataclass(frozen=True)
class Period:
    """The first and the last moment, in days, at which leads were looked at.

    Leads above a cutoff at the first may have crossed it long before: they are a stock. The flow of a week is what
    crosses after it, so the weeks are counted from there.
    """

    first: float
    last: float

    @property
    def weeks(self) -> float:
        """Weeks between the two, which are those of the flow."""
        return (self.last - self.first) / _DAYS_A_WEEK

    @classmethod
    def of(cls, order: Floats | None) -> Period | None:
        """The period of moments in days; None without time, or where there is only one."""
        if order is None or not len(order) or np.ptp(order) == 0:
            return None
        return cls(float(order.min()), float(order.max()))


class Crossings:
    """Each lead's first crossing of any cutoff, found once for all cutoffs.

    In time order, a snapshot is its lead's first crossing of exactly those cutoffs that lie above all the lead's
    earlier probabilities and not above its own. Where time is unknown a lead crosses at its highest probability.
    Snapshots that are not `eligible` (no intent, for SQL) cross nothing. `probability` and `label` are those given.

    `period` is that which the snapshots span, unless it is given, and `weeks` its length (None where there is none);
    `converting` is one row of each lead that converts after any of its snapshots, its first such one. `records` are
    the rows at which leads cross anything, by lead and time, `earlier` the highest probability each lead had before,
    and `winning` which of them are of leads that convert, be it long after.
    """

    def __init__(
        self,
        probability: Floats,
        label: Floats,
        leads: Rows,
        order: Floats | None,
        eligible: Mask,
        *,
        period: Period | None = None,
    ) -> None:
        self.period = period or Period.of(order)
        self.weeks = self.period.weeks if self.period else None
        self.probability, self.label = probability, label
        moment = -probability if order is None else order
        converting = np.flatnonzero(label == 1)
        converting = converting[np.lexsort((moment[converting], leads[converting]))]
        self.converting = converting[np.unique(leads[converting], return_index=True)[1]]
        rows = np.flatnonzero(eligible)
        rows = rows[np.lexsort((-probability[rows], moment[rows], leads[rows]))]
        earlier = _highest_before(probability[rows], leads[rows])
        rising = probability[rows] > earlier
        self.records, self.earlier = rows[rising], earlier[rising]
        self._probability, self._label = probability[self.records], label[self.records]
        winners = np.zeros(int(leads.max(initial=0)) + 1, dtype=np.bool_)
        winners[leads[self.converting]] = True
        self.winning = winners[leads[self.records]]
        self._new = self.after_first(order, self.records)

    def candidates(self, lowest: float) -> Floats:
        """The cutoffs worth looking at, ascending: every probability from `lowest` on at which a lead may cross."""
        above = self._probability[self._probability >= lowest]
        return np.unique(np.append(above, lowest)) if len(above) and lowest > 0 else np.unique(above)

    def counts(self, cutoffs: Floats) -> tuple[Rows, Rows]:
        """How many leads cross each cutoff, and how many of these convert within the horizon of crossing."""
        won = self._label == 1
        crossed = _reaching(self._probability, cutoffs) - _reaching(self.earlier, cutoffs)
        converted = _reaching(self._probability[won], cutoffs) - _reaching(self.earlier[won], cutoffs)
        return crossed, converted

    def reached(self, cutoffs: Floats) -> Rows:
        """How many of the leads that convert cross each cutoff at all, however long before."""
        own = self.winning
        return _reaching(self._probability[own], cutoffs) - _reaching(self.earlier[own], cutoffs)

    def per_week(self, cutoffs: Floats) -> Floats | None:
        """How many leads cross each cutoff in an average week, those of the first moment aside; None without weeks."""
        if self.weeks is None:
            return None
        new = _reaching(self._probability[self._new], cutoffs) - _reaching(self.earlier[self._new], cutoffs)
        return np.asarray(new / self.weeks)

    def after_first(self, order: Floats | None, rows: Rows) -> Mask:
        """Which rows lie after the first moment; none where there are no weeks."""
        if order is None or self.period is None:
            return np.zeros(len(rows), dtype=np.bool_)
        return np.asarray(order[rows] > self.period.first)

    def sums(self, values: Floats, cutoffs: Floats) -> Floats:
        """The sum of values (one per snapshot) over the first crossings of each cutoff; shape of `cutoffs`."""
        held = values[self.records]
        return _sum_reaching(self._probability, held, cutoffs) - _sum_reaching(self.earlier, held, cutoffs)

    def rows(self, cutoff: float) -> Rows:
        """The snapshots, one per lead, at which leads first cross the cutoff."""
        return self.records[(self._probability >= cutoff) & (self.earlier < cutoff)]


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
