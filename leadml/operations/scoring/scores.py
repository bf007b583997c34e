"""Scores of the leads in some tables as of a moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from leadml.features import FeaturePlan, Snapshots, newest_moment, snapshots_at
from leadml.operations.project import Project
from leadml.operations.published import target_name
from leadml.predict import Scorer
from leadml.schema import LeadTables

# No attribute of a user is called so: the id travels beside the features.
LEAD_ID = "leadml: lead id"


def score_leads(
    scorer: Scorer, tables: LeadTables, plan: FeaturePlan, moment: datetime | None, *, reasons: int = 3, **which: Any
) -> pa.Table:
    """Scores of leads as of a moment, by lead id; `which` goes to `snapshots_at` (open_only, part)."""
    snapshots = snapshots_at(tables, moment or datetime.now(UTC), plan=plan, **which)
    return score_snapshots(scorer, snapshots, moment, reasons=reasons)


def score_snapshots(
    scorer: Scorer, snapshots: Snapshots, moment: datetime | None, *, reasons: int = 3, inputs: bool = False
) -> pa.Table:
    """Scores of snapshots, by lead id; with `inputs` also what the scorer needs to give them again."""
    rows = snapshots.features.append_column(LEAD_ID, snapshots.lead_id)
    return scorer.score(rows, id_column=LEAD_ID, as_of=moment, reasons=reasons, inputs=inputs)


def after_newest(tables: LeadTables) -> datetime:
    """The first moment at which everything on record had happened, but not in the future."""
    return right_after(newest_moment(tables))


def right_after(newest: datetime) -> datetime:
    """The first moment after the newest record, but not in the future (UTC without a zone)."""
    return min(newest + timedelta(microseconds=1), datetime.now(UTC).replace(tzinfo=None))


def scores_table(project: Project) -> str:
    """The table that scores go to; beside files it is a CSV file unless its name says otherwise."""
    return target_name(project, project.settings.output.scores)
