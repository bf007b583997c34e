"""The snapshots that a training looks at: those it learns from, and those that a scoring run would meet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeAlias

import numpy as np

from leadml.features import Snapshots, build_snapshots, snapshots_at
from leadml.predict.rules.conditions import ActivityCount
from leadml.schema import LeadTables
from leadml.training.choices import Choices

Counts: TypeAlias = Sequence[ActivityCount]
"""What a mapped rulebook counts of activities."""


def known_snapshots(tables: LeadTables, choices: Choices, counts: Counts = ()) -> Snapshots:
    """The snapshots whose outcome is known, thinned to at most `choices.per_lead` of each lead.

    Where no lead is closed on record there is none: a company that has only begun to keep outcomes has not lost its
    leads.

    Raises:
        TrainingError: no moment has its whole horizon behind it.
    """
    if tables.leads["outcome"].null_count == len(tables.leads):
        return no_snapshots(tables, choices, counts)
    return _known(build_snapshots(tables, per_lead=choices.per_lead, **_how(tables, choices, counts)))


def recent_too(tables: LeadTables, choices: Choices, counts: Counts = (), now: datetime | None = None) -> Snapshots:
    """The snapshots known at a moment (the end of the data), recent ones with them, weighted for those still open.

    Raises:
        TrainingError: no moment has its whole horizon behind it.
    """
    how = _how(tables, choices, counts)
    return _known(build_snapshots(tables, per_lead=choices.per_lead, censoring="weighted", now=now, **how))


def no_snapshots(tables: LeadTables, choices: Choices, counts: Counts = ()) -> Snapshots:
    """No rows, in the columns that there would be."""
    return leads_at(tables, choices, datetime(1970, 1, 1), counts).take(np.arange(0))  # noqa: DTZ001 (UTC without a zone)


def leads_at(tables: LeadTables, choices: Choices, moment: datetime, counts: Counts = ()) -> Snapshots:
    """Every lead that there was at a moment, open or closed, as it was then; nothing is said of its outcome."""
    return snapshots_at(tables, moment, open_only=False, **_what(tables, choices, counts))


def weekly_snapshots(tables: LeadTables, choices: Choices, since: datetime, counts: Counts = ()) -> Snapshots:
    """Each lead at each moment from `since` to the end of the data at which it was open, with its outcome if known.

    Training thins a lead's moments; volumes per week and first crossings can only be counted on all of them. Outcomes
    are to be judged on the complete ones alone (`censoring`).
    """
    return build_snapshots(tables, per_lead=None, since=since, censoring="weighted", **_how(tables, choices, counts))


def finished_weeks(tables: LeadTables, choices: Choices, since: datetime, counts: Counts = ()) -> Snapshots:
    """Each lead at each moment from `since` at which it was open and since which its whole horizon has passed."""
    return _known(build_snapshots(tables, per_lead=None, since=since, **_how(tables, choices, counts)))


def _known(snapshots: Snapshots) -> Snapshots:
    return snapshots.take(np.flatnonzero(np.isfinite(snapshots.label)))


def _how(tables: LeadTables, choices: Choices, counts: Counts) -> dict[str, Any]:
    return {"horizon_days": choices.horizon_days, "every_days": choices.every_days, **_what(tables, choices, counts)}


def _what(tables: LeadTables, choices: Choices, counts: Counts) -> dict[str, Any]:
    return {
        "intent_types": choices.intent_types,
        "groups": {name: group for name, group in choices.groups.items() if name in tables.attributes},
        "labels": {name: label for name, label in choices.labels.items() if name in tables.attributes},
        "activity_labels": choices.activity_labels,
        "counts": counts,
        "teams": choices.by_team,
    }
