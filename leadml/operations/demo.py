"""`leadml demo`: a made-up company, from its database to scored leads and a page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from leadml.config import load_settings
from leadml.demo import write_company
from leadml.errors import SourceError
from leadml.operations.champion import POINTER
from leadml.operations.init import propose, write_settings
from leadml.operations.page import write_page
from leadml.operations.project import Project
from leadml.operations.scoring.run import run_scoring
from leadml.operations.scoring.summary import ScoringRun
from leadml.operations.train import TrainingRun, run_training
from leadml.training.clock import Progress

DATABASE = "company.sqlite"
CONFIG = "leadml.toml"


@dataclass(frozen=True)
class DemoRun:
    """What the demo leaves behind."""

    training: TrainingRun
    scoring: ScoringRun
    config: Path
    page: Path


def run_demo(folder: Path, *, leads: int, seed: int, now: datetime, progress: Progress) -> DemoRun:
    """Make up a company in `folder`, look at it as `leadml init` would at a stranger's, train, score, and report.

    A company that is already there is replaced.

    Raises:
        LeadmlError: the folder cannot be written to, or so few leads were asked for that they carry no model.
    """
    progress(f"making up a company with {leads:,} leads")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SourceError(f"{folder}: cannot be made ({error.strerror}). Choose another --folder.") from None
    database = folder / DATABASE
    write_company(database, leads=leads, seed=seed)
    progress("guessing what its columns mean")
    config = folder / CONFIG
    write_settings(propose(f"sqlite:///{database}"), config, force=True)
    project = Project(load_settings(config))
    (project.models / POINTER).unlink(missing_ok=True)  # the champion of a company that is no more
    training = run_training(project, now=now, progress=progress)
    scoring = run_scoring(project, progress=progress)
    progress("writing the page")
    return DemoRun(training, scoring, config, write_page(project))
