"""How every scorer of a training is made, the rehearsal and the one that is served."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pyarrow.compute as pc

from leadml.features import Snapshots
from leadml.predict import Scorer
from leadml.predict.encoding import Floats
from leadml.training import baselines
from leadml.training.choices import Choices
from leadml.training.clock import Progress
from leadml.training.examination import Examination
from leadml.training.findings import columns_left_out
from leadml.training.fit import Fitted, fit_scorer
from leadml.training.history import recent_too
from leadml.training.split import account_codes

# Of the time limit, for the rehearsal and for the final fit each; what lies around them needs the rest.
_SHARE_OF_LIMIT = 0.45
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 (all moments are UTC without a zone)


@dataclass(frozen=True)
class Student:
    """How every scorer of a training is made: the same columns, rulebook, prior and settings."""

    examined: Examination
    choices: Choices

    def learn(self, snapshots: Snapshots, progress: Progress) -> Fitted:
        """Fit a scorer to snapshots, in its share of the time limit."""
        limit = self.choices.time_limit_seconds
        return fit_scorer(
            snapshots.features,
            self.examined.columns,
            snapshots.label,
            order=snapshots.order,
            groups=account_codes(snapshots.account_id),
            gap=snapshots.horizon_days or 0.0,
            censoring=snapshots.censoring,
            rulebook=self.examined.rulebook,
            prior=self.examined.prior,
            kind=self.choices.kind,
            monotone=held_monotone(self.examined, self.choices),
            seed=self.choices.seed,
            time_limit=None if limit is None else _SHARE_OF_LIMIT * limit,
            progress=progress,
        )

    def recent_too(
        self, complete: Snapshots, boundary: float | None = None, apart: Snapshots | None = None
    ) -> Snapshots:
        """Where asked for, snapshots with those that follow up to a boundary (days since 1970; the end of the data).

        Accounts that are to be kept `apart` are left out: the newest part judges leads whose accounts are new.
        """
        if self.choices.censoring == "full_horizon" or complete.horizon_days is None:
            return complete
        moment = None if boundary is None else _EPOCH + timedelta(days=boundary)
        known = recent_too(self.examined.tables, self.choices, self.examined.counts, moment)
        if apart is None:
            return known
        return known.take(np.flatnonzero(~pc.is_in(known.account_id, pc.unique(apart.account_id)).to_numpy(False)))

    def predictions(self, older: Snapshots, newest: Snapshots, scorer: Scorer) -> dict[str, Floats]:
        """Probabilities for the newest snapshots: of the scorer, and of what it has to beat."""
        rows, columns, rulebook = newest.features, self.examined.columns, self.examined.rulebook
        predictions = {
            "leadml": scorer.probability(rows),
            "logistic regression": baselines.logistic_regression(older.features, older.label, rows, columns),
        }
        if rulebook is not None:
            predictions["rules alone"] = baselines.rules_alone(rulebook, older.features, older.label, rows)
        return predictions | {"base rate": baselines.base_rate(older.label, len(newest.lead_id))}


def held_monotone(examined: Examination, choices: Choices) -> dict[str, int]:
    """What is asked of the columns that are learned from; one that the audit leaves out holds nothing up."""
    left_out = columns_left_out(examined.findings)
    return {name: way for name, way in choices.monotone.items() if name not in left_out}
