"""Which leads out of time were missed wins, and which false alarms.

As in the figures of the cutoffs, what a lead scored counts at moments whose outcome is known: otherwise a win that was
missed there would not be missed here, having scored more at some moment of its last weeks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leadml.predict.encoding import Floats
from leadml.training.cutoffs import OutOfTime
from leadml.training.cutoffs.by_row import first_handed_over
from leadml.training.folds import Rows
from leadml.training.split import Mask


@dataclass(frozen=True)
class Missed:
    """Leads that were won within the horizon of a snapshot and scored below the MQL cutoff at every one.

    `rows` has one snapshot per lead, that of its highest probability, the lowest of these first. `wins` is the number
    of leads that were won in all, `gated` of those that scored high enough and were kept from MQL by a gate.
    """

    rows: Rows
    wins: int
    gated: int


@dataclass(frozen=True)
class Alarms:
    """Leads that crossed the MQL cutoff and were not won: their first crossings, the highest probability first.

    `crossed` is the number of leads that crossed in all, `won_later` of those won only after the horizon: they are no
    false alarms.
    """

    rows: Rows
    crossed: int
    won_later: int


def missed_wins(leads: OutOfTime, cutoffs: Floats) -> Missed:
    """The missed wins among leads out of time, by the cutoff of each snapshot."""
    won = np.unique(leads.lead[leads.label == 1])
    best = _best_moments(leads)
    best = best[np.isin(leads.lead[best], won)]
    above = _above(leads, cutoffs)
    below = best[~np.isin(leads.lead[best], above)]
    crossed = leads.lead[known_crossings(leads, cutoffs)]
    ordered = below[np.lexsort((below, leads.probability[below]))]
    return Missed(ordered, len(won), len(won) - len(below) - int(np.isin(won, crossed).sum()))


def false_alarms(leads: OutOfTime, cutoffs: Floats, won: Mask) -> Alarms:
    """The false alarms among leads out of time; `won` says of each snapshot whether its lead was ever won."""
    crossed = known_crossings(leads, cutoffs)
    not_in_time = crossed[leads.label[crossed] == 0]
    rows = not_in_time[~won[not_in_time]]
    ordered = rows[np.lexsort((rows, -leads.probability[rows]))]
    return Alarms(ordered, len(crossed), len(not_in_time) - len(rows))


def known_crossings(leads: OutOfTime, cutoffs: Floats) -> Rows:
    """The first crossings of the MQL cutoff among snapshots whose outcome is known."""
    return first_handed_over(leads, np.where(np.isfinite(leads.label), cutoffs, np.nan), "MQL")


def never_above(leads: OutOfTime, cutoffs: Floats) -> Rows:
    """The known snapshots of leads that never scored as much as their cutoff."""
    return np.flatnonzero(np.isfinite(leads.label) & ~np.isin(leads.lead, _above(leads, cutoffs)))


def _above(leads: OutOfTime, cutoffs: Floats) -> Rows:
    """The leads that scored as much as their cutoff at a known snapshot."""
    return np.unique(leads.lead[np.isfinite(leads.label) & (leads.probability >= cutoffs)])


def _best_moments(leads: OutOfTime) -> Rows:
    """Each lead's known snapshot of its highest probability, the first of several."""
    moment = np.zeros(len(leads.lead)) if leads.order is None else leads.order
    known = np.flatnonzero(np.isfinite(leads.label))
    ordered = known[np.lexsort((moment[known], -leads.probability[known], leads.lead[known]))]
    return ordered[np.unique(leads.lead[ordered], return_index=True)[1]]
