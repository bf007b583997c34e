"""The base rate as it is now: the shift in log-odds that makes a scorer right on average on the newest known outcomes.

A scorer learned from the past, and the level at which leads convert may have jumped, crept or swung since. Outcomes
arrive late (a horizon after the lead was scored), so the level has to be followed from those that have matured:
several filters with memories from short to long each follow the shift (dynamic generalised linear models with
discounting: West, Harrison and Migon 1985), beside the one belief that nothing has moved. Bayesian evidence weighs
them, and a little weight is shared out anew all the time, so that a jump is noticed however long it was calm before
("fixed share": Herbster and Warmuth 1998). There is no correction until the belief that nothing has moved has become
unlikely, nor while corrections, judged on rows that they came in time for, do harm: a level that swings as fast as
outcomes are late is best left alone.

Memories are counted in information, the sum of p (1 - p): a shift told from I of it is sure to within 1 / sqrt(I).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leadml.predict.encoding import Floats
from leadml.predict.tables import probability
from leadml.training.folds import Rows
from leadml.training.sample import row_losses

# All chosen on simulated drifts (benchmarks/drifts.py): jumps, ramps, waves and none.
_MEMORIES = np.array([5.0, 15.0, 50.0, 150.0, 500.0, 1_500.0])
_STILL = 0.9
_CALM = 1_000.0
_CLEAR = 0.2
_SPREAD = 1.0
_HARM = -5.0  # log evidence lost by corrections that came too late: odds of 150 to 1 that they do harm
_HARM_MEMORY = 150.0

_FEWEST_AT_ONCE = 25  # rows looked at together: one by one would be slow and no better
_STEPS = 25
_CLOSE = 1e-9
_Z = 1.959964


@dataclass(frozen=True)
class Shift:
    """How far the level has moved, in log-odds, with its 95 % interval, told from so many `rows` with known outcomes.

    `clear` says whether the evidence for a move is, or was and has not been refuted since. `still` is the probability
    that nothing has moved at all, `gained` the log evidence that such corrections have gained of late on the rows that
    they came in time for (below zero: they do harm).
    """

    value: float
    low: float
    high: float
    still: float
    clear: bool
    rows: int
    gained: float = 0.0

    @property
    def moved(self) -> bool:
        """Whether the evidence is clear, and following it no harm."""
        return self.clear and self.gained > _HARM

    @property
    def proposed(self) -> float:
        """What the evidence asks for, whatever such corrections have gained."""
        return self.value if self.clear else 0.0

    @property
    def applied(self) -> float:
        """What a scorer is corrected by: nothing unless the evidence is clear."""
        return self.value if self.moved else 0.0


class BaseRate:
    """Follows the shift of a scorer's level, from its log-odds for rows whose outcomes come to be known."""

    def __init__(self) -> None:
        self._mean = np.zeros(len(_MEMORIES))
        self._precision = np.full(len(_MEMORIES), 1 / _SPREAD**2)
        self._prior = np.array([_STILL, *np.full(len(_MEMORIES), (1 - _STILL) / len(_MEMORIES))])
        self._weight = self._prior
        self._rows, self._gained, self._clear = 0, 0.0, False

    def learn(self, log_odds: Floats, label: Floats, proposed: Floats | float = 0.0, weight: float = 1.0) -> None:
        """Take in rows, shape (rows,) each, whose outcomes have come to be known at the same time.

        `proposed` is the shift (`Shift.proposed`) that was known when each of them was scored. `weight` is how much a
        row counts as evidence: below 1 where rows are not independent of each other.
        """
        if not len(label):
            return
        chance = probability(log_odds)
        information = weight * float((chance * (1 - chance)).sum())
        gain = row_losses(label, log_odds) - row_losses(label, log_odds + proposed)
        self._gained = np.exp(-information / _HARM_MEMORY) * self._gained + weight * float(gain.sum())
        kept = np.exp(-information / _MEMORIES)
        precision = kept * self._precision + (1 - kept) / _SPREAD**2
        mean = kept * self._precision * self._mean / precision
        found, curvature, gained = _most_probable(log_odds, label, weight, mean, precision)
        fresh = 1 - np.exp(-information / _CALM)
        weighed = ((1 - fresh) * self._weight + fresh * self._prior) * np.exp(_evidence(gained))
        self._weight = weighed / weighed.sum()
        self._clear = self._weight[0] < (1 - _CLEAR if self._clear else _CLEAR)
        self._mean, self._precision = found, curvature
        self._rows += len(label)

    @property
    def shift(self) -> Shift:
        """The shift as it is known by now."""
        still, moved = float(self._weight[0]), self._weight[1:]
        share = moved / moved.sum()
        mean = float(share @ self._mean)
        spread = float(np.sqrt(share @ (1 / self._precision + (self._mean - mean) ** 2)))
        return Shift(mean, mean - _Z * spread, mean + _Z * spread, still, self._clear, self._rows, self._gained)


@dataclass(frozen=True)
class Followed:
    """The corrections of a scorer as they would have been: `applied` from each of the `moments` on, ascending.

    `shift` is what is known at the end, from all known outcomes.
    """

    moments: Floats
    applied: Floats
    shift: Shift

    def at(self, order: Floats) -> Floats:
        """The correction of rows scored at some moments, in log-odds; shape (rows,)."""
        place = np.searchsorted(self.moments, order, side="right") - 1
        return np.where(place < 0, 0.0, self.applied[place])


def follow(log_odds: Floats, label: Floats, order: Floats, delay: float, *, accounts: Rows | None = None) -> Followed:
    """Walk through rows in time and correct the level at each moment by what was known then.

    A correction rests on the outcomes of those rows alone that had matured before: `order + delay` lies before its
    moment. The shift at the end rests on all known outcomes.

    Args:
        log_odds: of a scorer that had not learned from these rows; shape (rows,).
        label: 1.0 won, 0.0 not, NaN not yet known; shape (rows,).
        order: when each row was scored, shape (rows,).
        delay: how long an outcome takes to be known (the horizon), in the unit of `order`.
        accounts: account of each row: contacts of one account share their deal, and count as less evidence.
    """
    known = np.flatnonzero(np.isfinite(label))
    known = known[np.argsort(order[known], kind="stable")]
    weight = 1.0 if accounts is None else 1 / design_effect(accounts)
    moments, moment_of = np.unique(order, return_inverse=True)
    matured = np.searchsorted(order[known] + delay, moments, side="left")
    level, taken = BaseRate(), 0
    proposed, applied = np.zeros((2, len(moments)))
    for place, count in enumerate(matured):
        if count - taken >= _FEWEST_AT_ONCE:
            rows, taken = known[taken:count], count
            level.learn(log_odds[rows], label[rows], proposed[moment_of[rows]], weight)
        if taken:
            proposed[place], applied[place] = level.shift.proposed, level.shift.applied
    rest = known[taken:]
    level.learn(log_odds[rest], label[rest], proposed[moment_of[rest]], weight)
    return Followed(moments, applied, level.shift)


def design_effect(accounts: Rows) -> float:
    """How many rows make one independent one, if the rows of an account all say the same (Kish 1965); 1 at least.

    Told without the outcomes, so that no outcome to come can change what is said now.
    """
    size = np.unique(accounts, return_counts=True)[1]
    return float((size**2).sum() / size.sum()) if len(size) else 1.0


def shift_between(log_odds: Floats, wanted: Floats) -> float:
    """The shift at which log-odds give the mean of the `wanted` probabilities; both of shape (rows,)."""
    loose = np.full(1, 1e-9)
    return float(_most_probable(log_odds, wanted, 1.0, np.zeros(1), loose)[0][0])


def _most_probable(
    log_odds: Floats, label: Floats, weight: float, mean: Floats, precision: Floats
) -> tuple[Floats, Floats, Floats]:
    """Per filter the most probable shift, its precision, and the log evidence of the rows against no shift at all.

    The evidence is Laplace's approximation: what the rows say for the shift found, less what it cost to find it.
    """
    shift = mean.copy()
    for _ in range(_STEPS):
        chance = probability(log_odds + shift[:, None])
        slope = weight * (label - chance).sum(axis=1) - precision * (shift - mean)
        curvature = precision + weight * (chance * (1 - chance)).sum(axis=1)
        step = np.clip(slope / curvature, -1, 1)
        shift = shift + step
        if np.abs(step).max() < _CLOSE:
            break
    still, moved = row_losses(label, log_odds).sum(), row_losses(label, log_odds + shift[:, None]).sum(axis=1)
    spent = precision * (shift - mean) ** 2 + np.log(curvature / precision)
    return shift, curvature, weight * (still - moved) - spent / 2


def _evidence(gained: Floats) -> Floats:
    """Log evidence of the belief that nothing moved (0) and of each filter, so that no exponential overflows."""
    gained = np.append(0.0, gained)
    return np.asarray(gained - gained.max())
