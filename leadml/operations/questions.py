"""`leadml questions`: which question, asked more often, would help most over the whole database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from leadml.errors import SourceError
from leadml.features import FeaturePlan, snapshots_at
from leadml.operations.champion import load_champion
from leadml.operations.project import Project
from leadml.operations.scoring.scores import after_newest
from leadml.predict import Scorer
from leadml.predict.asking.questions import OpenQuestion
from leadml.training.clock import Progress

_LEADS_AT_ONCE = 20_000


@dataclass(frozen=True)
class QuestionWorth:
    """One question over all leads that could be asked.

    `open` and `first` count the leads that have not answered it, and those that it is the next question for. `worth` is
    what asking everybody whom it pays to ask would gain, in won deals.
    """

    dimension: str
    question: str
    open: int = 0
    first: int = 0
    worth: float = 0.0


@dataclass(frozen=True)
class QuestionsRun:
    """Every question of the rulebook, the one worth most first, and how many leads were looked at."""

    leads: int
    as_of: datetime | None
    questions: tuple[QuestionWorth, ...]


def rank_questions(project: Project, *, as_of: datetime | None, progress: Progress) -> QuestionsRun:
    """Weigh each question of the champion over the leads that are open at a moment (None: right after the newest).

    Raises:
        LeadmlError: there is no champion, it has no rulebook, or the leads do not have its columns.
    """
    scorer = load_champion(project.models)
    if scorer.rulebook is None:
        raise SourceError(
            "The champion has no rulebook, so there are no questions to ask. Name one under [rules] in leadml.toml, "
            "map its questions under [leads.answers], and train again."
        )
    progress("reading leads")
    plan = FeaturePlan.from_dict(scorer.facts["plan"])
    tables = project.read({attribute.name: attribute.kind for attribute in plan.attributes})
    moment = (as_of or after_newest(tables)) if plan.calendar else None
    parts, leads = tables.leads.num_rows // _LEADS_AT_ONCE + 1, 0
    worth: dict[str, QuestionWorth] = {}
    for part in range(parts):
        progress(f"weighing questions, part {part + 1} of {parts}")
        snapshots = snapshots_at(
            tables, moment or datetime.now(UTC), plan=plan, open_only=tables.any_open, part=(part, parts)
        )
        leads += snapshots.features.num_rows
        for found in _worth(scorer, snapshots.features):
            worth[found.dimension] = _added(worth.get(found.dimension), found)
    ranked = sorted(worth.values(), key=lambda one: -one.worth)
    return QuestionsRun(leads, moment, tuple(ranked))


def _worth(scorer: Scorer, rows: pa.Table) -> Iterator[QuestionWorth]:
    questions = scorer.open_questions(rows)
    values = np.zeros((len(questions) + 1, rows.num_rows))
    for position, one in enumerate(questions, start=1):
        values[position, one.rows] = one.value
    first = values.argmax(axis=0)  # of equal ones the first in the rulebook, and before all that nothing is asked
    for position, one in enumerate(questions, start=1):
        yield _of(one, int((first == position).sum()))


def _of(question: OpenQuestion, first: int) -> QuestionWorth:
    worth = float(np.maximum(question.value, 0.0).sum())
    return QuestionWorth(question.dimension, question.question, len(question.rows), first, worth)


def _added(before: QuestionWorth | None, found: QuestionWorth) -> QuestionWorth:
    if before is None:
        return found
    return replace(
        before, open=before.open + found.open, first=before.first + found.first, worth=before.worth + found.worth
    )
