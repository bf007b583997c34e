"""The snapshots that a training looks at: those it learns from, and those that a weekly scoring run would have met."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np

from leadml.errors import TrainingError
from leadml.features import Snapshots, build_snapshots, newest_moment, snapshots_at
from leadml.schema import LeadTables
from leadml.training.choices import Choices


def known_snapshots(tables: LeadTables, choices: Choices, *, may_be_none: bool) -> Snapshots:
    """The snapshots whose outcome is known, thinned to at most `choices.per_lead` of each lead.

    Where no lead is closed on record there is none: a company that has only begun to keep outcomes has not lost its
    leads.

    Raises:
        TrainingError: no moment has its whole horizon behind it, and there must be one.
    """
    try:
        snapshots = build_snapshots(tables, per_lead=choices.per_lead, **_how(tables, choices))
    except TrainingError:
        if not may_be_none:
            raise
        return snapshots_at(tables, newest_moment(tables), **_what(tables, choices)).take(np.arange(0))
    if tables.leads["outcome"].null_count == len(tables.leads):
        return snapshots.take(np.arange(0))
    return _known(snapshots)


def weekly_snapshots(tables: LeadTables, choices: Choices, since: datetime) -> Snapshots:
    """Each lead at each moment from `since` on at which it was open, with its outcome.

    Training thins a lead's moments; volumes per week and first crossings can only be counted on all of them.
    """
    return _known(build_snapshots(tables, per_lead=None, since=since, **_how(tables, choices)))


def _known(snapshots: Snapshots) -> Snapshots:
    return snapshots.take(np.flatnonzero(np.isfinite(snapshots.label)))


def _how(tables: LeadTables, choices: Choices) -> dict[str, Any]:
    return {"horizon_days": choices.horizon_days, "every_days": choices.every_days, **_what(tables, choices)}


def _what(tables: LeadTables, choices: Choices) -> dict[str, Any]:
    return {
        "intent_types": choices.intent_types,
        "groups": {name: group for name, group in choices.groups.items() if name in tables.attributes},
        "labels": {name: label for name, label in choices.labels.items() if name in tables.attributes},
    }
