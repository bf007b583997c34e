"""`leadml train`: read, train, publish."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from leadml.errors import TrainingError
from leadml.operations.champion import champion_before, publish
from leadml.operations.project import Project
from leadml.operations.review import refuse_foreign, write_review
from leadml.predict import Scorer
from leadml.training.clock import Progress
from leadml.training.review import review_rows
from leadml.training.trainer import train


@dataclass(frozen=True)
class TrainingRun:
    """What a training leaves behind; `reading` says in one line what became of the rows read."""

    scorer: Scorer
    bundle: Path
    reading: str
    assumptions: tuple[str, ...]


def run_training(project: Project, *, now: datetime, progress: Progress) -> TrainingRun:
    """Train on a project's leads and publish the bundle as champion.

    Raises:
        LeadmlError: the leads cannot be read or cannot carry a model; nothing is published then. Or the file of
            missed wins and false alarms cannot be written; the bundle is published then.
    """
    refuse_foreign(project)
    progress("reading leads")
    tables = project.read_and_keep_rejects()
    choices = project.choices()
    previous, unreadable = champion_before(project.models)
    try:
        trained = train(tables, choices, now=now, previous=previous, progress=progress)
    except TrainingError as refused:
        raise TrainingError(f"{refused}\nRead: {tables.summary()}.") from None  # too few leads may be too many rejects
    wrong = review_rows(trained.evidence.tables, trained.evidence.rehearsal, trained.scorer.policy)
    scorer, path = publish(trained.scorer, project.models, name=project.settings.project.name, now=now)
    write_review(project, wrong, str(scorer.digest))
    return TrainingRun(scorer, path, tables.summary(), (*tables.assumptions, *unreadable))
