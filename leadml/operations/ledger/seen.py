"""What a scoring run saw of the data: what a later run must know of it to tell what has changed since."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from leadml.operations.project import Project
from leadml.sources import Since

__all__ = ["EventTable", "Seen", "event_tables", "rows_now", "seen_by", "settings_digest"]


@dataclass(frozen=True)
class EventTable:
    """A table of things that happened to leads: columns of the lead, of when it happened and was written (or None)."""

    key: str
    table: str
    lead: str
    happened: str
    recorded: str | None


@dataclass(frozen=True)
class Seen:
    """What was seen.

    `settings` is a digest of the settings; `older` says of tables without `recorded_at` how many rows were dated before
    the run's moment (one that was being written is left out); `ahead` whether anything was dated after it.
    """

    settings: str
    older: Mapping[str, int]
    ahead: bool

    @classmethod
    def read(cls, text: str | None) -> Seen | None:
        """What `seen_by` gave; None where that is not what this is."""
        try:
            return cls(**json.loads(text or ""))
        except (ValueError, TypeError):
            return None


def event_tables(project: Project) -> Iterator[EventTable]:
    """The tables of activities and field history that are mapped."""
    activities, history = project.settings.activities, project.settings.history
    if activities is not None:
        columns = (activities.lead, activities.occurred_at, activities.recorded_at)
        yield EventTable("activities", activities.table, *columns)
    if history is not None:
        yield EventTable("history", history.table, history.lead, history.changed_at, history.recorded_at)


def rows_now(project: Project) -> dict[str, int]:
    """How many rows the tables without `recorded_at` have, by key; to be asked before a run begins to read.

    Nothing is counted where `leads.changed_at` is not mapped: the next run looks at every lead anyway.
    """
    if project.settings.leads.changed_at is None:
        return {}
    return {one.key: project.source.count(one.table) for one in event_tables(project) if one.recorded is None}


def seen_by(project: Project, before: Mapping[str, int], *, as_of: datetime | None, newest: datetime | None) -> str:
    """What a run saw, as text for the column "seen" of its row; to be asked once it has read.

    Args:
        project: whose leads.
        before: what `rows_now` gave before the run began to read.
        as_of: the moment as of which leads were scored.
        newest: the newest date on record (`LeadParts.newest`).
    """
    after = rows_now(project)
    # A table that grew meanwhile has rows of which nobody can say whether they were read.
    still = {key: rows for key, rows in after.items() if rows == before.get(key)}
    older = {one.key: rows_before(project, one, as_of) for one in event_tables(project) if one.key in still}
    ahead = as_of is not None and newest is not None and newest >= as_of
    return json.dumps(asdict(Seen(settings_digest(project), older, ahead)), sort_keys=True)


def rows_before(project: Project, events: EventTable, moment: datetime | None) -> int:
    """How many rows of a table are dated before a moment; all where there is none."""
    total = project.source.count(events.table)
    return total if moment is None else total - project.source.count(events.table, Since(events.happened, moment))


def settings_digest(project: Project) -> str:
    """A digest of the settings, and of the lifecycle file that they name."""
    settings = project.settings
    digest = hashlib.sha256(json.dumps(settings.model_dump(mode="json"), sort_keys=True).encode())
    named = settings.lifecycle.file
    if named is not None and (path := settings.path(named)).is_file():
        digest.update(path.read_bytes())
    return digest.hexdigest()
