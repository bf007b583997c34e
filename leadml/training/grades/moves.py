"""How leads moved across the grades since the last model: what the model changed, and what the leads changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.errors import LeadmlError
from leadml.features import FeaturePlan, Snapshots, newest_moment, snapshots_at
from leadml.predict import Scorer
from leadml.predict.arrays import to_numpy
from leadml.predict.policy import GRADES
from leadml.schema import LeadTables
from leadml.training.folds import Rows

# Shares of so many leads are known to half a percent; whole accounts are drawn where there are more.
MOST_LEADS = 40_000

_BEST_FIRST = len(GRADES) - 1


def grade_moves(scorer: Scorer, previous: Scorer | None, tables: LeadTables, snapshots: Snapshots) -> dict[str, Any]:
    """How the same leads are graded by the model before and by the new one, as counts.

    The leads are those open at the end of the data; where none is, those open at the newest snapshot or, without
    dates, all. Both scorers see each lead as of that same moment, so all that moves here was moved by the model.
    What the leads changed is told beside it where there are dates: the grades that the model before gives to the leads
    open now, beside those that it gives to the leads that were open when it was made (attributes without a history as
    they are now).

    Returns:
        "as_of" (ISO moment, None without dates), "which" leads in words, "leads" (their number) and "grades" (how
        many have A, B, C, D by the new scorer); "table" (4 x 4 counts, a row per old and a column per new grade from
        A to D, adding up to "compared"), "moved", "up" and "down" (counts), "previous_trained_at"; "then" ("as_of" and
        "grades", counts by the old scorer of the leads open then); and "why" where nothing can be compared. What does
        not apply is None.

    Args:
        scorer: the new scorer, with its grade bounds.
        previous: the scorer before it, None where there is none.
        tables: the leads.
        snapshots: those that the new scorer was trained on.
    """
    looked, which = _newest(tables, snapshots)
    now = looked.graded(scorer, snapshots.plan)
    told: dict[str, Any] = {
        "as_of": looked.moment.isoformat() if snapshots.plan.calendar else None,
        "which": which,
        "leads": len(now.grade),
        "grades": now.counts,
        "previous_trained_at": None if previous is None else previous.facts.get("trained_at"),
        **dict.fromkeys(("compared", "table", "moved", "up", "down", "then")),
        "why": "There was no model before.",
    }
    if previous is None:
        return told
    try:
        plan = FeaturePlan.from_dict(previous.facts["plan"])
        table = _table(looked.graded(previous, plan), now)
        return told | table | {"then": _then(previous, plan, looked), "why": None}
    except KeyError:
        return told | {"why": "The model before does not say what its features were made from."}
    except LeadmlError as cannot:
        return told | {"why": f"The model before cannot score these leads: {cannot}"}


@dataclass(frozen=True)
class _Graded:
    """Lead ids, and their grades as 0 (A) to 3 (D)."""

    lead: pa.Array
    grade: Rows

    @property
    def counts(self) -> list[int]:
        return [int((self.grade == grade).sum()) for grade in range(len(GRADES))]


@dataclass(frozen=True)
class _Look:
    """The leads of some tables as of a moment, those that were open then or all."""

    tables: LeadTables
    moment: datetime
    open_only: bool

    def graded(self, scorer: Scorer, plan: FeaturePlan) -> _Graded:
        parts = self.tables.leads.num_rows // MOST_LEADS + 1
        leads = snapshots_at(self.tables, self.moment, plan=plan, open_only=self.open_only, part=(0, parts))
        grades = scorer.policy.grades(scorer.probability(leads.features))
        return _Graded(leads.lead_id, _BEST_FIRST - to_numpy(grades.indices, np.int64, 0))


def _newest(tables: LeadTables, snapshots: Snapshots) -> tuple[_Look, str]:
    """The leads to be graded, and which they are."""
    still_open = tables.leads["outcome"].null_count > 0
    if not snapshots.plan.calendar:
        moment = datetime(1970, 1, 1)  # noqa: DTZ001 (without meaning where there are no dates)
        return _Look(tables, moment, still_open), "open leads" if still_open else "leads (none is open)"
    end = newest_moment(tables) + timedelta(microseconds=1)
    if still_open or snapshots.as_of is None or not len(snapshots.as_of):
        return _Look(tables, end, still_open), "leads open at the end of the data" if still_open else "leads"
    return _Look(tables, pc.max(snapshots.as_of).as_py(), True), "leads open at the newest snapshot"


def _table(before: _Graded, now: _Graded) -> dict[str, Any]:
    """Old against new grades of the leads that both have."""
    place = pc.index_in(now.lead, value_set=before.lead)
    both = np.flatnonzero(place.is_valid().to_numpy(False))
    old, new = before.grade[place.take(both).to_numpy(False)], now.grade[both]
    table = np.bincount(old * len(GRADES) + new, minlength=len(GRADES) ** 2).reshape(len(GRADES), -1)
    up, down = int((new < old).sum()), int((new > old).sum())
    return {"compared": len(both), "table": table.tolist(), "moved": up + down, "up": up, "down": down}


def _then(previous: Scorer, plan: FeaturePlan, looked: _Look) -> dict[str, Any] | None:
    """The grades that the model before gave to the leads open when it was made, and gives to those open now."""
    moment = (previous.facts.get("grade_moves") or {}).get("as_of")
    if moment is None or not plan.calendar:
        return None
    then = _Look(looked.tables, datetime.fromisoformat(moment), open_only=True)
    return {"as_of": moment, "grades": then.graded(previous, plan).counts}
