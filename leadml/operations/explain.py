"""`leadml explain LEAD_ID`: one lead's score, term by term."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from leadml.errors import SourceError
from leadml.features import FeaturePlan
from leadml.operations.champion import load_champion
from leadml.operations.lead import decisions_of
from leadml.operations.lead_cutoffs import LeadCutoffs, cutoffs_of
from leadml.operations.project import Project
from leadml.operations.prompting import Prompt, lead_at, promptable, prompted
from leadml.operations.scoring.scores import after_newest, score_snapshots
from leadml.predict import Scorer
from leadml.predict.policy import scores
from leadml.report import render_lead
from leadml.schema import LeadTables
from leadml.sources import staged


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

    `questions` are those it has not answered, the one worth most first; `prompts` what activities that can be prompted
    would do, the strongest first; `horizon_days` is None where leads have no dates. `cutoffs` are those that the lead
    is held to.
    """

    row: Mapping[str, Any]
    intercept: float
    decisions: list[dict[str, Any]]
    cutoffs: LeadCutoffs
    questions: tuple[LeadQuestion, ...] = ()
    prompts: tuple[Prompt, ...] = ()
    horizon_days: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Give everything as one mapping, from which the lead's page is drawn, too."""
        return {
            "intercept": self.intercept,
            **self.row,
            "horizon_days": self.horizon_days,
            "cutoffs": asdict(self.cutoffs),
            "questions": list(map(asdict, self.questions)),
            "prompts": list(map(asdict, self.prompts)),
            "decisions": self.decisions,
        }


def explain_lead(project: Project, lead_id: str, *, as_of: datetime | None) -> Explanation:
    """Explain the score of one lead, open or closed, as of a moment (None: right after the newest record there is).

    Raises:
        LeadmlError: there is no champion, no such lead, the lead did not exist then, or a type of activity to prompt
            is none.
    """
    scorer = load_champion(project.models)
    plan = FeaturePlan.from_dict(scorer.facts["plan"])
    tables = project.read({attribute.name: attribute.kind for attribute in plan.attributes})
    moment = (as_of or after_newest(tables)) if plan.calendar else None
    types = promptable(project, tables)
    tables = account_of(tables, lead_id, project.source.where)
    own = lead_at(tables, lead_id, plan, moment)
    if not len(own.lead_id):
        raise SourceError(f"Lead {lead_id!r} was created after {moment:%Y-%m-%d %H:%M}. Choose a later --as-of.")
    (row,) = score_snapshots(scorer, own, moment, reasons=0).to_pylist()
    decisions = decisions_of(project, lead_id, now=datetime.now(UTC).replace(tzinfo=None))
    prompts = prompted(scorer, tables, lead_id, plan, moment, types) if moment else []
    return Explanation(
        row | _reasons(scorer, own.features),
        scorer.intercept,
        decisions,
        cutoffs_of(scorer, own.features),
        tuple(_questions(scorer, own.features)),
        tuple(prompts),
        scorer.facts.get("horizon_days"),
    )


def write_lead_page(explanation: Explanation, target: Path) -> Path:
    """Write the page of one lead, replacing it atomically; returns its path.

    Raises:
        SourceError: the page cannot be written.
    """
    with staged(target) as part:
        part.write_text(render_lead(explanation.to_dict()), encoding="utf-8")
    return target


def _reasons(scorer: Scorer, lead: pa.Table) -> dict[str, list[dict[str, Any]]]:
    """Every reason of one lead, with its very values, the strongest first each way."""
    told = [asdict(reason) for reason in scorer.reasons(lead)]
    return {
        "reasons_for": [reason for reason in told if reason["log_odds"] > 0],
        "reasons_against": [reason for reason in told if reason["log_odds"] < 0],
    }


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
