"""`leadml queue`: today's leads of each rep or team, with why, what to ask, and how fresh they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from leadml.config import Settings
from leadml.config.qualification import QueueSettings
from leadml.config.settings import LeadSettings
from leadml.errors import ConfigError
from leadml.operations.project import Project
from leadml.operations.queue.freshness import (
    Freshness,
    freshness_of,
    median_first_contact,
    touches_before,
    workable_since,
)
from leadml.operations.queue.notes import notes_on
from leadml.operations.queue.ordering import EVERYBODY, NOBODY, Task, day_lists
from leadml.operations.queue.reading import ScoredLeads, read_scored
from leadml.operations.queue.valuing import worth_of_deals
from leadml.sources import nearest
from leadml.training.business.worth import Worth

By = Literal["owner", "team"]

COLUMNS = (
    "who",
    "rank",
    "lead_id",
    "account_id",
    "stage",
    "grade",
    "score",
    "expected_value",
    "deal_value",
    "days_waiting",
    "contacted",
    "days_to_first_contact",
    "why",
    "ask",
)
"""What the list says of each lead."""

_WHYS = 2


@dataclass(frozen=True)
class DayList:
    """One rep's or team's list for today.

    `workable` counts the leads that could be worked and `contacted` those of them that were contacted, None where
    nobody says which activities are contacts; the median days to the first contact is over these.
    """

    who: str
    workable: int
    contacted: int | None
    median_days_to_first_contact: float | None
    rows: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class WorkList:
    """Everybody's lists as of the moment of the scores, and in `notes` what had to be assumed."""

    as_of: datetime | None
    by: str
    lists: Sequence[DayList]
    notes: Sequence[str]


def list_work(project: Project, *, by: By | None = None, who: str | None = None) -> WorkList:
    """Make the work list of each rep (or team) from the published scores.

    Args:
        project: whose leads.
        by: who lists are for; reps where their column is mapped, else teams, else one list for everybody.
        who: one rep or team only.

    Raises:
        SourceError: there are no scores yet, or a table cannot be read.
        ConfigError: what [queue] names is not in the data, or nobody is called `who`.
    """
    settings = project.settings
    segment = project.value_by()
    scored = read_scored(project, {segment: "category"} if segment else {})
    by = _whose(settings.leads, by)
    worth, segments = worth_of_deals(scored, segment, settings.queue)
    stages = None if scored.undecided else settings.queue.stages
    tasks = list(_tasks(scored, stages, by, worth, segments, settings.queue))
    lists = _lists(tasks, scored, by, settings)
    notes = [
        *notes_on(scored, worth, settings.queue),
        *([] if lists else ["No lead is at a stage that is worked today."]),
    ]
    return WorkList(scored.moment, by or "everybody", _only(lists, who), notes)


def _whose(leads: LeadSettings, by: By | None) -> By | None:
    """Whom lists are for: what was asked, else the reps, the teams, or everybody; a personal column is never shown."""
    known: list[By] = [role for role in ("owner", "team") if _shown(leads, role)]
    if by is None:
        return known[0] if known else None
    if by not in known:
        state = "is listed in leads.personal, which is never shown" if getattr(leads, by) else "is not mapped"
        raise ConfigError(f"leads.{by} {state}. Mend leadml.toml, or list by {known[0] if known else 'nothing'}.")
    return by


def _shown(leads: LeadSettings, role: str) -> bool:
    column = getattr(leads, role)
    return column is not None and column not in leads.personal


def _tasks(
    scored: ScoredLeads,
    stages: Collection[str] | None,
    by: By | None,
    worth: Worth,
    segments: Mapping[str, str | None],
    queue: QueueSettings,
) -> Iterator[Task]:
    rows = scored.workable(stages)
    leads = [row["lead_id"] for row in rows]
    touches = touches_before(scored.tables.activities, leads, queue.contact_types, scored.moment)
    for row in rows:
        lead = row["lead_id"]
        since = workable_since(lead, entered=row["since"], created=row.get("created_at"), touches=touches)
        fresh = freshness_of(since, touches.contacts.get(lead, ()), scored.moment)
        value = worth.of(segments.get(lead))
        expected = row["probability"] * value * fresh.discount(queue.half_life_days)
        who = row.get(by) if by else EVERYBODY
        yield Task(lead, who, expected, {**row, "deal_value": value, "fresh": fresh})


def _lists(tasks: Sequence[Task], scored: ScoredLeads, by: By | None, settings: Settings) -> list[DayList]:
    reps = _reps_of_teams(scored) if by == "team" else {}
    whole: dict[str | None, list[Freshness]] = defaultdict(list)
    for task in tasks:
        whole[task.who].append(task.row["fresh"])
    with_account = _shown(settings.leads, "account")
    chosen = day_lists(tasks, lambda who: settings.queue.per_day * reps.get(who, 1))
    return [
        DayList(
            NOBODY if who is None else who,
            len(whole[who]),
            sum(fresh.contacted for fresh in whole[who]) if settings.queue.contact_types else None,
            median_first_contact(whole[who]),
            [_row(NOBODY if who is None else who, rank, task, with_account) for rank, task in enumerate(own, 1)],
        )
        for who, own in chosen.items()
    ]


def _reps_of_teams(scored: ScoredLeads) -> dict[str | None, int]:
    """How many reps each team has, by whom its leads belong to: a team can do what its reps can."""
    leads = scored.tables.leads
    if not {"team", "owner"} <= set(leads.column_names):
        return {}
    owners = leads.select(["team", "owner"]).group_by("team").aggregate([("owner", "count_distinct")]).to_pylist()
    return {row["team"]: max(1, row["owner_count_distinct"]) for row in owners if row["team"] is not None}


def _row(who: str, rank: int, task: Task, with_account: bool) -> dict[str, Any]:
    row, fresh = task.row, task.row["fresh"]
    known = {name: row[name] for name in ("stage", "grade", "score", "deal_value")}
    return known | {
        "who": who,
        "rank": rank,
        "lead_id": task.lead_id,
        "account_id": row["account_id"] if with_account else None,
        "expected_value": task.expected_value,
        "days_waiting": fresh.waiting,
        "contacted": fresh.contacted,
        "days_to_first_contact": fresh.first_contact,
        "why": "; ".join(reason["reason"] for reason in row["reasons_for"][:_WHYS]),
        "ask": row["next_question"],
    }


def _only(lists: Sequence[DayList], who: str | None) -> Sequence[DayList]:
    if who is None:
        return lists
    found = [one for one in lists if one.who.casefold() == who.strip().casefold()]
    if not found:
        raise ConfigError(f"Nobody called {who!r} has a lead to work. {nearest(who, [one.who for one in lists])}")
    return found
