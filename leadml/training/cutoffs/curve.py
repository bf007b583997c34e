"""What each of many cutoffs would have done, with intervals; every lead counts once, at its first crossing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from leadml.predict.encoding import Floats
from leadml.training.cutoffs.crossings import Crossings
from leadml.training.cutoffs.cutoff import Figures
from leadml.training.cutoffs.out_of_time import OutOfTime
from leadml.training.cutoffs.policy import Stage
from leadml.training.cutoffs.resampling import Entries, spread
from leadml.training.evaluation import Interval, wilson
from leadml.training.folds import Rows
from leadml.training.split import Mask

# What is summed up at each cutoff over first crossings, and what over all leads that convert.
_AT_CUTOFFS = 6
_NAMES = ("leads", "precision", "recall", "missed", "per_week", "missed_per_week", "value_per_week")
_WEEKLY = ("per_week", "missed_per_week", "value_per_week")


def figures_at(
    leads: OutOfTime, stage: Stage, cutoffs: Sequence[float] | Floats, *, repeats: int = 200, seed: int = 0
) -> list[Figures]:
    """What cutoffs would have done to the leads with known outcomes, each figure with its 95 % interval.

    Intervals come from a bootstrap over accounts, stretched to what weeks add (`resampling`); a share of which none
    or all was seen, about which a bootstrap knows nothing, has at least Wilson's interval (1927). Per week
    counts the flow alone: the stock above a cutoff at the first moment is left out (`Period`). Precision, recall,
    `leads` and `missed` count all.

    Args:
        leads: snapshots of every lead.
        stage: MQL or SQL.
        cutoffs: probabilities, shape (cutoffs,), in any order.
        repeats: number of bootstrap repeats.
        seed: picks the draws.

    Returns:
        One `Figures` per cutoff, in the order given; a figure that nothing determines is None.
    """
    asked = np.asarray(cutoffs, dtype=float)
    ascending, place = np.unique(asked, return_inverse=True)
    known = leads.known
    if not len(asked) or not len(known.label):
        return [Figures() for _ in asked]
    curve = _Curve(known, known.crossings(stage), ascending)
    value, low, high = spread(curve.entries(), curve.figures, repeats=repeats, seed=seed)
    value, low, high = _within_reason(value, low, high, len(curve.crossings.converting))
    return [curve.at(column, value, low, high) for column in place]


@dataclass(frozen=True)
class _Curve:
    """Cutoffs, ascending, over the first crossings of a stage."""

    leads: OutOfTime
    crossings: Crossings
    cutoffs: Floats

    def entries(self) -> Entries:
        """An entry per crossing and per converting lead; for `figures`, the columns to be summed up."""
        found, converting = self.crossings.records, self.crossings.converting
        come_new = self._come_new()
        rows = np.r_[found, converting]
        label = self.leads.label[found]
        new = self.crossings.after_first(self.leads.order, found)
        reached = self.crossings.winning
        held = np.stack([np.ones(len(found)), label, reached, new, reached * come_new[found], new * self._gain(found)])
        crossing = self._between(held)
        alike = np.stack([np.ones(len(converting)), come_new[converting]], axis=1)
        values = sparse.block_diag([crossing, sparse.csr_array(alike)], format="csr")
        week, weeks = self._weeks(rows)
        return Entries(sparse.csr_array(values), self.leads.account[rows], week, weeks)

    def figures(self, sums: Floats) -> Floats:
        """From sums, shape (repeats, columns), to figures, shape (repeats, figures, cutoffs); see `_NAMES`."""
        size, weeks = len(self.cutoffs), self.crossings.weeks or np.nan
        steps = sums[:, : _AT_CUTOFFS * (size + 1)].reshape(len(sums), _AT_CUTOFFS, size + 1)
        reaching = np.cumsum(steps[:, :, ::-1], axis=2)[:, :, ::-1][:, :, 1:]
        crossed, won, reached, new, reached_new, gain = reaching.transpose(1, 0, 2)
        all_won, all_new = sums[:, -2, None], sums[:, -1, None]
        with np.errstate(invalid="ignore", divide="ignore"):
            shares = [won / crossed, reached / all_won]
        by_name = [crossed, *shares, all_won - reached, new / weeks, (all_new - reached_new) / weeks, gain / weeks]
        return np.stack(by_name, axis=1)

    def at(self, column: int, value: Floats, low: Floats, high: Floats) -> Figures:
        """The figures of one cutoff."""
        found: dict[str, Interval | None] = {}
        for number, name in enumerate(_NAMES):
            one = float(value[number, column]), float(low[number, column]), float(high[number, column])
            told = np.isfinite(one).all() and (name not in _WEEKLY or self.crossings.weeks is not None)
            found[name] = one if told and (name != "value_per_week" or self._valued) else None
        return Figures(**found)

    @property
    def _valued(self) -> bool:
        return self.leads.value is not None and bool(np.isfinite(self.leads.value).any())

    def _gain(self, rows: Rows) -> Floats:
        if self.leads.value is None:
            return np.zeros(len(rows))
        return np.asarray(self.leads.label[rows] * np.nan_to_num(self.leads.value[rows]) - self.leads.cost_of_working)

    def _come_new(self) -> Mask:
        """Which snapshots are of leads that were not there at the first moment."""
        there = np.zeros(int(self.leads.lead.max(initial=0)) + 1, dtype=np.bool_)
        rows = np.arange(len(self.leads.lead))
        there[self.leads.lead[~self.crossings.after_first(self.leads.order, rows)]] = True
        return ~there[self.leads.lead]

    def _between(self, held: Floats) -> sparse.csr_array:
        """What each crossing adds to each cutoff from the lead's earlier height to its own, as steps up and down.

        A crossing takes two steps instead of an entry for every cutoff between them; `figures` adds them up.
        """
        size, count = len(self.cutoffs) + 1, held.shape[1]
        top = np.searchsorted(self.cutoffs, self.crossings.probability[self.crossings.records], side="right")
        bottom = np.searchsorted(self.cutoffs, self.crossings.earlier, side="right")
        kinds, rows = np.arange(_AT_CUTOFFS)[:, None] * size, np.broadcast_to(np.arange(count), held.shape)
        columns = np.concatenate([kinds + top, kinds + bottom]).ravel()
        steps = np.concatenate([held, -held]).ravel()
        places = (steps, (np.concatenate([rows, rows]).ravel(), columns))
        summed = sparse.coo_array(places, shape=(count, _AT_CUTOFFS * size)).tocsr()
        summed.eliminate_zeros()
        return sparse.csr_array(summed)

    def _weeks(self, rows: Rows) -> tuple[Rows, int]:
        """The number of each row's moment after the first, -1 for those of the first, and how many there are."""
        order = self.leads.order
        if order is None or self.crossings.period is None:
            return np.full(len(rows), -1), 0
        after = np.unique(order[order > self.crossings.period.first])
        week = np.searchsorted(after, order[rows])
        return np.where(order[rows] > self.crossings.period.first, week, -1), len(after)


def _within_reason(value: Floats, low: Floats, high: Floats, converting: int) -> tuple[Floats, Floats, Floats]:
    """Intervals without what cannot be: counts below 0, shares outside 0 to 1 or known without doubt."""
    low, high = low.copy(), high.copy()
    for number, name in enumerate(_NAMES[:-1]):
        low[number] = np.maximum(low[number], 0.0)
        if name in ("precision", "recall"):
            high[number] = np.minimum(high[number], 1.0)
    leads, precision, recall = value[:3]
    for number, share, of in ((1, precision, leads), (2, recall, np.full(len(leads), converting))):
        for column in np.flatnonzero((share == 0) | (share == 1)):
            rows = float(of[column])
            if rows > 0:
                least, most = wilson(float(share[column]) * rows, rows)
                low[number, column] = min(low[number, column], least)
                high[number, column] = max(high[number, column], most)
    return value, low, high
