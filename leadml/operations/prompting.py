"""What an activity that can be prompted would do to a lead's score, were it to happen now.

The lead is looked at again, through the same features, with one activity more just before the moment. That tells how
past leads with such an activity fared, not what prompting it would cause.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.errors import ConfigError
from leadml.features import FeaturePlan, Snapshots, snapshots_at
from leadml.operations.project import Project
from leadml.predict import Scorer
from leadml.predict.policy import scores
from leadml.predict.tables import probability
from leadml.schema import LeadTables
from leadml.sources import nearest


@dataclass(frozen=True)
class Prompt:
    """One more activity of a lead: its type and what people call it, and the probability and score with it.

    `log_odds` is what it adds.
    """

    type: str
    activity: str
    probability: float
    score: float
    log_odds: float


def promptable(project: Project, tables: LeadTables) -> tuple[str, ...]:
    """The activity types that a project can prompt.

    Raises:
        ConfigError: one of them does not occur among the activities.
    """
    given = project.settings.activities
    if given is None or tables.activities is None:
        return ()
    known = pc.unique(tables.activities["type"]).to_pylist()
    for kind in given.prompt_types:
        if kind not in known:
            raise ConfigError(f"activities.prompt_types: no activity is of type {kind!r}. {nearest(kind, known)}")
    return given.prompt_types


def prompted(
    scorer: Scorer, tables: LeadTables, lead_id: str, plan: FeaturePlan, moment: datetime, types: Sequence[str]
) -> list[Prompt]:
    """What one more activity of each type would do to a lead, the strongest first.

    `tables` need hold no more than the lead's account.
    """
    before = _log_odds(scorer, tables, lead_id, plan, moment)
    found = []
    for kind in types:
        after = _log_odds(scorer, with_activity(tables, lead_id, kind, moment), lead_id, plan, moment)
        chance = probability(np.array([after]))
        (score,) = scores(chance).tolist()
        found.append(Prompt(kind, plan.activity_label(kind), float(chance[0]), score, after - before))
    return sorted(found, key=lambda prompt: -prompt.log_odds)


def with_activity(tables: LeadTables, lead_id: str, kind: str, moment: datetime) -> LeadTables:
    """The tables with one activity more, the last instant before a moment."""
    if tables.activities is None:
        return tables
    row = {"lead_id": lead_id, "occurred_at": moment - timedelta(microseconds=1), "type": kind, "value": 1.0}
    schema = tables.activities.schema
    more = pa.Table.from_pylist([{name: row.get(name) for name in schema.names}], schema=schema)
    return replace(tables, activities=pa.concat_tables([tables.activities, more]))


def lead_at(tables: LeadTables, lead_id: str, plan: FeaturePlan, moment: datetime | None) -> Snapshots:
    """One lead as of a moment, open or closed: one row, or none where it was created later."""
    snapshots = snapshots_at(tables, moment or datetime(1970, 1, 1), plan=plan, open_only=False)  # noqa: DTZ001 (any)
    return snapshots.take(np.flatnonzero(pc.equal(snapshots.lead_id, lead_id).to_numpy(zero_copy_only=False)))


def _log_odds(scorer: Scorer, tables: LeadTables, lead_id: str, plan: FeaturePlan, moment: datetime) -> float:
    return float(scorer.log_odds(lead_at(tables, lead_id, plan, moment).features)[0])
