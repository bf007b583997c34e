"""What a cutoff in points would have done: leads handed over a week, who of them converts, and which wins it misses.

As for the cutoffs of a scorer, a lead counts once, at its first crossing (`leadml.training.cutoffs.crossings`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from leadml.predict.arrays import Mask
from leadml.predict.encoding import Floats
from leadml.predict.rules.rulebook import Rulebook
from leadml.training.cutoffs.crossings import Crossings
from leadml.training.cutoffs.demands import FEWEST_LEADS
from leadml.training.cutoffs.policy import StagePolicy
from leadml.training.evaluation import Interval, resampled_accounts, with_intervals
from leadml.training.folds import Rows
from leadml.training.simulation.replay import REPEATS, Replay

FIGURES = ("volume", "precision", "recall", "missed", "auc")


@dataclass(frozen=True)
class Trial:
    """What a rulebook with a cutoff would have done, each figure (value, low, high).

    `volume` leads cross first in an average week after the first moment (in all, without weeks), `precision` of all
    that cross convert within the horizon of it; `recall` is the share that crosses of all leads that convert, however
    long before, and `missed` are the others. `auc` says how well the points rank leads, whatever the cutoff. Precision
    is None below 10 leads, recall where nothing is won, the AUC where all leads ended alike. `less_present` are the
    differences to the rulebook and cutoff as they are, from the same repeats.
    """

    name: str
    cutoff: float
    leads: int
    figures: dict[str, Interval | None]
    less_present: dict[str, Interval | None]


class Points:
    """The total points of a rulebook on the rows of a replay, and who crosses which number of them."""

    def __init__(self, rulebook: Rulebook, replay: Replay) -> None:
        self.replay = replay
        self.workable: Mask = replay.workable(rulebook)
        self.total = rulebook.total(replay.table)
        # Points may be negative, which probabilities never are: crossings go by rank.
        self._distinct = np.unique(self.total)

    @cached_property
    def crossings(self) -> Crossings:
        """First crossings, by the rank of the points (from 1)."""
        ranks = (np.searchsorted(self._distinct, self.total) + 1).astype(np.float64)
        return Crossings(ranks, self.replay.label, self.replay.leads, self.replay.order, self.workable)

    def rows(self, cutoff: float) -> Rows:
        """The rows, one per lead, at which leads first have the points of a cutoff."""
        return self.crossings.rows(np.searchsorted(self._distinct, cutoff) + 1.0)

    def choose(self, policy: StagePolicy) -> tuple[float | None, str]:
        """The lowest cutoff that keeps to a policy, in points, and the policy in words; None where there is none.

        With neither a capacity nor a minimum precision asked for, who crosses must convert as leads at large do.
        """
        ranks = self.crossings.candidates(0.0)
        crossed, converted = self.crossings.counts(ranks)
        per_week = self.crossings.per_week(ranks)
        capacity = policy.per_week if per_week is not None else None
        minimum = policy.minimum_precision
        said = [f"no more than {capacity:g} leads a week cross it"] if capacity is not None else []
        said += [f"{minimum:.1%} of its leads convert"] if minimum is not None else []
        if not said:
            minimum = self.replay.base_rate
            said = [f"its leads convert as all do ({minimum:.1%}) or better (no capacity is asked for under [cutoffs])"]
        fits = np.ones(len(ranks), np.bool_)
        if per_week is not None and capacity is not None:
            fits &= per_week <= capacity
        if minimum is not None:
            fits &= (crossed >= FEWEST_LEADS) & (converted >= minimum * crossed)
        why = f"the lowest at which {' and '.join(said)}"
        others = [
            name for name, value in vars(policy).items() if value and name not in ("per_week", "minimum_precision")
        ]
        if others:
            why += f"; not asked of points: {', '.join(others)}"
        return (self._points(ranks[np.argmax(fits)]) if fits.any() else None), why

    def of_volume(self, leads: int) -> float | None:
        """The lowest cutoff that no more than so many leads cross."""
        ranks = self.crossings.candidates(0.0)
        fits = self.crossings.counts(ranks)[0] <= leads
        return self._points(ranks[np.argmax(fits)]) if fits.any() else None

    def _points(self, rank: float) -> float:
        return float(self._distinct[int(rank) - 1])


def trial(name: str, points: Points, cutoff: float, present: tuple[Points, float], *, seed: int) -> Trial:
    """Try a cutoff on some points, beside the points and the cutoff that there are."""
    replay = points.replay
    here, there = _Tried(points, cutoff), _Tried(*present)
    values = here.figures(None), there.figures(None)
    drawn = [
        (here.figures(times), there.figures(times))
        for times in resampled_accounts(np.arange(replay.n_accounts), REPEATS, seed)
    ]
    own = with_intervals(values[0], np.array([one for one, _ in drawn]))
    differences = with_intervals(values[0] - values[1], np.array([one - other for one, other in drawn]))
    return Trial(name, cutoff, here.leads, _known(own, here.unclear), _known(differences, here.unclear | there.unclear))


def _known(figures: list[Interval], unclear: set[str]) -> dict[str, Interval | None]:
    return {
        name: None if name in unclear or not np.isfinite(figure[0]) else figure
        for name, figure in zip(FIGURES, figures, strict=True)
    }


class _Tried:
    """Sums by account, so that each repeat of the bootstrap only weighs them."""

    def __init__(self, points: Points, cutoff: float) -> None:
        replay, rows = points.replay, points.rows(cutoff)
        self._points, self._replay = points, replay
        self._weeks = points.crossings.weeks or 1
        self.leads = len(rows)
        new = rows if points.crossings.weeks is None else rows[points.crossings.after_first(replay.order, rows)]
        converting = points.crossings.converting
        reached = rows[np.isin(replay.leads[rows], replay.leads[converting])]
        crossed, flow, all_won, won = (self._marked(one) for one in (rows, new, converting, reached))
        counted = (crossed, crossed * replay.label, won, all_won, flow)
        self._sums = np.array([replay.by_account(one) for one in counted])

    def _marked(self, rows: Rows) -> Floats:
        marked = np.zeros(len(self._replay.label))
        marked[rows] = 1.0
        return marked

    @property
    def unclear(self) -> set[str]:
        return {"precision"} if self.leads < FEWEST_LEADS else set()

    def figures(self, times: Floats | None) -> Floats:
        """In the order of `FIGURES`; `times` is how often each account was drawn."""
        crossed, converted, reached, all_won, flow = self._sums.sum(axis=1) if times is None else self._sums @ times
        auc = self._replay.auc(self._points.total, None if times is None else times[self._replay.accounts])
        return np.array(
            [
                flow / self._weeks,
                converted / crossed if crossed else np.nan,
                reached / all_won if all_won else np.nan,
                all_won - reached,
                auc,
            ]
        )
