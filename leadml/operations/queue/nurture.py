"""`leadml queue --nurture`: leads below MQL, what each is short of, and what usually moved such leads on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow.compute as pc

from leadml.features import FeaturePlan
from leadml.operations.champion import load_champion
from leadml.operations.project import Project
from leadml.operations.queue.looking_back import past_cases
from leadml.operations.queue.moving import Mover, movers
from leadml.operations.queue.reading import SUBTOTALS, ScoredLeads, read_scored
from leadml.operations.queue.shortage import SHORTAGES, journey_step, shortage

COLUMNS = ("lead_id", "account_id", "score", "short_of", "step", *SUBTOTALS, "moved_such_leads", "ask")
"""What the list says of each lead."""

_BELOW_MQL = ("raw", "recycled")


@dataclass(frozen=True)
class Segment:
    """Leads with one shortage: how many, at which steps of the buyer's journey, and what usually moved such leads."""

    short_of: str
    leads: int
    steps: Mapping[str, int]
    mover: Mover | None


@dataclass(frozen=True)
class NurtureList:
    """Leads below MQL as of the moment of the scores, the most likely first, and `segments` by what they lack."""

    as_of: datetime | None
    segments: Sequence[Segment]
    rows: Sequence[Mapping[str, Any]]
    notes: Sequence[str]


def list_nurture(project: Project) -> NurtureList:
    """Make marketing's list from the published scores and the champion.

    Raises:
        LeadmlError: there is no champion, there are no scores yet, or a table cannot be read.
    """
    scorer = load_champion(project.models)
    plan = FeaturePlan.from_dict(scorer.facts["plan"])
    scored = read_scored(project, {attribute.name: attribute.kind for attribute in plan.attributes})
    judged = [group for group in SUBTOTALS if pc.any(pc.not_equal(scored.scores[group], 0.0)).as_py()]
    known = {"lead_id", "score", "probability", *SUBTOTALS}
    leads = scored.workable(None if scored.undecided else _BELOW_MQL)
    rows = [
        {name: row[name] for name in known}
        | {"account_id": row.get("account_id"), "short_of": shortage(row, judged), "ask": row["next_question"]}
        | {"step": journey_step(row, row["stage"])}
        for row in leads
    ]
    moved: dict[str, Mover] = {}
    if plan.calendar and scored.moment is not None:
        horizon = project.settings.project.horizon_days
        moved = movers(past_cases(scorer, scored.tables, plan, scored.moment, horizon, judged))
    leads_table = project.settings.leads
    if leads_table.account is None or leads_table.account in leads_table.personal:
        rows = [row | {"account_id": None} for row in rows]
    words = {lack: mover.in_words() for lack, mover in moved.items()}
    rows = [row | {"moved_such_leads": words.get(row["short_of"])} for row in rows]
    rows.sort(key=lambda row: (-row["probability"], row["lead_id"]))
    return NurtureList(scored.moment, _segments(rows, moved), rows, list(_notes(scored, moved)))


def _segments(rows: Sequence[Mapping[str, Any]], moved: Mapping[str, Mover]) -> list[Segment]:
    found = []
    for lack in SHORTAGES:
        steps = Counter(row["step"] for row in rows if row["short_of"] == lack)
        if steps:
            found.append(Segment(lack, steps.total(), dict(sorted(steps.items())), moved.get(lack)))
    return found


def _notes(scored: ScoredLeads, moved: Mapping[str, Mover]) -> Iterator[str]:
    if scored.vanished:
        yield f"Scored leads that are no longer among the leads: {scored.vanished:,}. Run `leadml score` again."
    if not moved:
        yield "The history does not prove that anything in particular moved such leads on."
    else:
        yield (
            "What moved such leads on was seen of them within 30 days, while they were open, and they were won after "
            "that: a sign, not a cause."
        )
