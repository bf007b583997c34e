"""The base-rate correction of a training: of the rehearsal forward in time, and from it of the scorer that is served.

The scorer that is served has learned from the very rows that show where the level is now, so it cannot be judged on
them. Its rehearsal can. Where the rehearsal's out-of-time predictions show clearly that the level has moved, the
corrected rehearsal is right on average now, and the served scorer is shifted so that the newest leads have the same
mean probability by both: whatever it has learned of the move itself is not added a second time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from leadml.features import Snapshots
from leadml.predict import Scorer
from leadml.predict.encoding import Floats
from leadml.predict.tables import probability
from leadml.training.calibration.base_rate import Followed, Shift, follow, shift_between
from leadml.training.cutoffs import OutOfTime

# The newest of the leads that were scored out of time: those that are like the ones to be scored.
_NEWEST = 0.2
_EDGE = 1e-15


@dataclass(frozen=True)
class Corrected:
    """What following the rehearsal's level has led to; `by` is what the served scorer was shifted by, in log-odds."""

    followed: Followed
    by: float

    @property
    def shift(self) -> Shift:
        """How far the level has moved away from what the rehearsal says."""
        return self.followed.shift

    def to_dict(self) -> dict[str, Any] | None:
        """The correction as the bundle's facts keep it; None where there is none."""
        return correction_facts(self.shift, self.by, source="train") if self.shift.applied else None


def correction_facts(shift: Shift, by: float, *, source: str, **more: Any) -> dict[str, Any]:
    """A correction as the bundle's facts keep it: what the scorer was shifted by, and on what evidence."""
    return {
        "source": source,
        "by": by,
        "moved": [shift.value, shift.low, shift.high],
        "rows": shift.rows,
        **more,
    }


def follow_rehearsal(weekly: Snapshots, leads: OutOfTime) -> Followed | None:
    """Follow the level of the rehearsal through the leads that it had not seen; None where nothing says what is newer.

    `leads` are what it says of `weekly`, row by row. Outcomes come to be known a horizon late, at once without dates.
    """
    if weekly.order is None or not np.isfinite(leads.label).any():
        return None
    return follow(
        log_odds_of(leads.probability), leads.label, weekly.order, weekly.horizon_days or 0.0, accounts=leads.account
    )


def as_corrected(probabilities: Floats, order: Floats | None, followed: Followed | None) -> Floats:
    """Probabilities as they would have been at the time, given the corrections of that time; shape (rows,)."""
    if order is None or followed is None or not followed.applied.any():
        return probabilities
    return probability(log_odds_of(probabilities) + followed.at(order))


def corrected_now(served: Scorer, rehearsal: Scorer, weekly: Snapshots, followed: Followed) -> tuple[Scorer, Corrected]:
    """The scorer to serve, shifted to where the corrected rehearsal puts the level of the newest leads."""
    shift = followed.shift.applied
    if not shift or weekly.order is None:
        return served, Corrected(followed, 0.0)
    newest = weekly.take(np.flatnonzero(weekly.order >= np.quantile(weekly.order, 1 - _NEWEST))).features
    by = shift_between(served.log_odds(newest), probability(rehearsal.log_odds(newest) + shift))
    return shifted(served, by), Corrected(followed, by)


def shifted(scorer: Scorer, by: float) -> Scorer:
    """The same scorer with all log-odds higher by so much; not the one of any bundle any more."""
    # How leads answer is told by their log-odds, which are higher now.
    answers = tuple(replace(one, bounds=tuple(bound + by for bound in one.bounds)) for one in scorer.answers)
    scorer = replace(scorer, answers=answers, digest=None)
    if scorer.calibration is not None:
        return replace(scorer, calibration=scorer.calibration.shifted(by))
    return replace(scorer, tables=replace(scorer.tables, intercept=scorer.tables.intercept + by))


def log_odds_of(probabilities: Floats) -> Floats:
    """Log-odds of probabilities, finite even where rounding has made 0 or 1 of them."""
    kept = np.clip(probabilities, _EDGE, 1 - _EDGE)
    return np.asarray(np.log(kept) - np.log1p(-kept))
