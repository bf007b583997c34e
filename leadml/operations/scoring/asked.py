"""What is asked of a scoring run; a run that was stopped goes on only where the very same is asked again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from leadml.errors import SourceError
from leadml.features import FeaturePlan
from leadml.operations.accounts import OF_ACCOUNTS, accounts_target
from leadml.operations.champion import load_champion
from leadml.operations.ledger.seen import settings_digest
from leadml.operations.lifecycle import ProjectLifecycle, open_lifecycle
from leadml.operations.lifecycle_tables import DECISIONS_TABLE, STAGES_TABLE, TRANSITIONS_TABLE
from leadml.operations.project import Project
from leadml.operations.published import found_name, refuse_others
from leadml.operations.scoring.history import HISTORY_ROWS, history_table
from leadml.operations.scoring.runs import RUN_ROWS, Which, runs_table
from leadml.operations.scoring.scores import scores_table
from leadml.predict import Scorer

OF_SCORES = ("lead_id", "probability", "bundle")


@dataclass(frozen=True)
class Targets:
    """The names of the tables that a run reads and writes; `accounts` is None where no account is mapped."""

    scores: str
    accounts: str | None
    moves: str
    stages: str
    decisions: str


@dataclass(frozen=True)
class Asked:
    """A project with its champion and lifecycle, which of its leads are to be scored, and as of when (None: now)."""

    project: Project
    targets: Targets
    scorer: Scorer
    plan: FeaturePlan
    lifecycle: ProjectLifecycle
    as_of: datetime | None
    which: Which

    @property
    def bundle(self) -> str:
        """The digest of the champion."""
        if self.scorer.digest is None:
            raise AssertionError("A champion is loaded from a bundle, which has a digest.")
        return self.scorer.digest

    @property
    def identity(self) -> str:
        """A digest of all that decides what a run does with the data that it read."""
        as_of = None if self.as_of is None else self.as_of.isoformat()
        asked = [self.bundle, self.which, as_of, settings_digest(self.project)]
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


def ask(project: Project, *, as_of: datetime | None, which: Which) -> Asked:
    """Open all that scoring needs, so that what is wrong with it is said before any work is done.

    Raises:
        LeadmlError: there is no champion, the lifecycle file is wrong, or a table that would be written is something
            else.
    """
    scorer = load_champion(project.models)
    plan = FeaturePlan.from_dict(scorer.facts["plan"])
    lifecycle = open_lifecycle(project)
    refuse_others(project, scores_table(project), OF_SCORES)
    refuse_others(project, history_table(project), HISTORY_ROWS.names)
    refuse_others(project, runs_table(project), RUN_ROWS.names)
    if project.settings.leads.account is not None:
        refuse_others(project, accounts_target(project), OF_ACCOUNTS)
    if as_of is not None and which == "changed":
        raise SourceError(
            "--leads changed asks what is new since the last run, so it takes no --as-of. Leave one of the two out."
        )
    return Asked(project, _targets(project, lifecycle), scorer, plan, lifecycle, as_of, which)


def _targets(project: Project, lifecycle: ProjectLifecycle) -> Targets:
    """The names once and for all: the database is not asked while a part is being written to it."""
    has_accounts = project.settings.leads.account is not None
    return Targets(
        scores=found_name(project, scores_table(project)),
        accounts=found_name(project, accounts_target(project)) if has_accounts else None,
        moves=lifecycle.tables.name(TRANSITIONS_TABLE),
        stages=lifecycle.tables.name(STAGES_TABLE),
        decisions=lifecycle.tables.name(DECISIONS_TABLE),
    )
