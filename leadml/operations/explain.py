"""`leadml explain LEAD_ID`: one lead's score, term by term."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from leadml.errors import SourceError
from leadml.features import FeaturePlan
from leadml.operations.champion import load_champion
from leadml.operations.lead import decisions_of
from leadml.operations.project import Project
from leadml.operations.score import after_newest, score_leads
from leadml.schema import LeadTables

_ALL_REASONS = 10_000


@dataclass(frozen=True)
class Explanation:
    """A lead's score row with every reason, the intercept that the reasons add to, and what people decided about it."""

    row: Mapping[str, Any]
    intercept: float
    decisions: list[dict[str, Any]]


def explain_lead(project: Project, lead_id: str, *, as_of: datetime | None) -> Explanation:
    """Explain the score of one lead, open or closed, as of a moment (None: right after the newest record there is).

    Raises:
        LeadmlError: there is no champion, no such lead, or the lead did not exist then.
    """
    scorer = load_champion(project.models)
    plan = FeaturePlan.from_dict(scorer.facts["plan"])
    tables = project.read({attribute.name: attribute.kind for attribute in plan.attributes})
    moment = (as_of or after_newest(tables)) if plan.calendar else None
    tables = account_of(tables, lead_id, project.source.where)
    scores = score_leads(scorer, tables, plan, moment, open_only=False, reasons=_ALL_REASONS)
    rows = scores.filter(pc.equal(scores["lead_id"], lead_id)).to_pylist()
    if not rows:
        raise SourceError(f"Lead {lead_id!r} was created after {moment:%Y-%m-%d %H:%M}. Choose a later --as-of.")
    decisions = decisions_of(project, lead_id, now=datetime.now(UTC).replace(tzinfo=None))
    return Explanation(rows[0], scorer.intercept, decisions)


def account_of(tables: LeadTables, lead_id: str, where: str) -> LeadTables:
    """The tables cut down to the account of one lead, which is all that its features look at.

    Raises:
        SourceError: there is no such lead; `where` names the place in the message.
    """
    leads = tables.leads
    own = leads.filter(pc.equal(leads["lead_id"], lead_id))
    if not own.num_rows:
        near = difflib.get_close_matches(lead_id, leads["lead_id"].to_pylist(), n=3)
        hint = f"Did you mean {' or '.join(near)}?" if near else f"Ids look like {leads['lead_id'][0].as_py()!r}."
        raise SourceError(f"{where}: there is no usable lead {lead_id!r}. {hint}")
    leads = leads.filter(pc.equal(leads["account_id"], own["account_id"][0]))
    ids = pc.unique(leads["lead_id"])
    return replace(
        tables, leads=leads, activities=_of_leads(tables.activities, ids), history=_of_leads(tables.history, ids)
    )


def _of_leads(events: pa.Table | None, ids: pa.Array) -> pa.Table | None:
    return None if events is None else events.filter(pc.is_in(events["lead_id"], value_set=ids))
