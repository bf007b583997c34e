"""`leadml explain LEAD_ID`: one lead's score, term by term."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadml.errors import SourceError
from leadml.features import FeaturePlan, snapshots_at
from leadml.operations.champion import load_champion
from leadml.operations.lead import decisions_of
from leadml.operations.project import Project
from leadml.operations.score import after_newest, score_snapshots
from leadml.predict import Scorer
from leadml.predict.policy import scores
from leadml.schema import LeadTables

_ALL_REASONS = 10_000


@dataclass(frozen=True)
class LeadAnswer:
    """An answer that a lead may give: how likely it is, and the probability and score after it."""

    answer: str
    share: float
    probability: float
    score: float


@dataclass(frozen=True)
class LeadQuestion:
    """A question that a lead has not answered, and what asking it is expected to gain, in won deals."""

    question: str
    value: float
    answers: tuple[LeadAnswer, ...]


@dataclass(frozen=True)
class Explanation:
    """A lead's score row with every reason, the intercept that they add to, and what people decided about the lead.

    `questions` are those it has not answered, the one worth most first.
    """

    row: Mapping[str, Any]
    intercept: float
    decisions: list[dict[str, Any]]
    questions: tuple[LeadQuestion, ...] = ()


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
    snapshots = snapshots_at(tables, moment or datetime.now(UTC), plan=plan, open_only=False)
    own = snapshots.take(np.flatnonzero(pc.equal(snapshots.lead_id, lead_id).to_numpy(zero_copy_only=False)))
    if not len(own.lead_id):
        raise SourceError(f"Lead {lead_id!r} was created after {moment:%Y-%m-%d %H:%M}. Choose a later --as-of.")
    (row,) = score_snapshots(scorer, own, moment, reasons=_ALL_REASONS).to_pylist()
    decisions = decisions_of(project, lead_id, now=datetime.now(UTC).replace(tzinfo=None))
    return Explanation(row, scorer.intercept, decisions, tuple(_questions(scorer, own.features)))


def _questions(scorer: Scorer, lead: pa.Table) -> Iterator[LeadQuestion]:
    """The questions that one lead has not answered, the one worth most first."""
    asked = [question for question in scorer.open_questions(lead) if len(question.rows)]
    for question in sorted(asked, key=lambda question: -question.value[0]):
        chance, share = question.probability[:, 0], question.share[:, 0]
        columns = (question.answers, share.tolist(), chance.tolist(), scores(chance).tolist())
        answers = (LeadAnswer(*told) for told in zip(*columns, strict=True))
        likeliest = sorted(answers, key=lambda answer: -answer.share)
        yield LeadQuestion(question.question, float(question.value[0]), tuple(likeliest))


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
