"""What a scoring run did, for whoever asked for it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from leadml.operations.lifecycle import LifecycleRun
from leadml.operations.scoring.asked import Asked
from leadml.operations.scoring.counts import RunCounts
from leadml.operations.scoring.runs import Which
from leadml.operations.scoring.session import Session


@dataclass(frozen=True)
class ScoringRun:
    """What a scoring run did: how many leads it read, scored and wrote, by grade and by recommended stage, and where.

    `lifecycle` is what the scores and all else that happened did to the stages that leads are in.

    `which` leads were asked for; `why` says in sentences which were looked at where not all were asked for.
    `best` holds score rows, the most probable first. `as_of` is None where leads have no dates. `resumed_at` is None
    for a run that was never stopped, else how many of its `parts` were done when it went on.
    """

    run_id: str
    started_at: datetime
    which: Which
    why: list[str]
    counts: RunCounts
    grades: dict[str, int]
    stages: dict[str, int]
    best: list[dict[str, Any]]
    as_of: datetime | None
    target: str
    reading: str
    parts: int
    resumed_at: int | None
    lifecycle: LifecycleRun

    @property
    def scored(self) -> int:
        """How many leads were scored."""
        return self.counts.scored

    def to_dict(self) -> dict[str, Any]:
        """Give everything as one mapping, the counts among the rest."""
        told = asdict(self)
        return {"run_id": told.pop("run_id"), **told.pop("counts"), **told}


def summed_up(asked: Asked, session: Session) -> ScoringRun:
    """Sum up a run that is done."""
    if session.tally is None:
        raise AssertionError("A run has at least one part.")
    tally, leads = session.tally, session.parts.leads
    has_activities = asked.project.settings.activities is not None
    return ScoringRun(
        run_id=session.begun.run_id,
        started_at=session.begun.started_at,
        which=session.begun.which,
        why=session.begun.why,
        counts=tally.counts(leads.counts["leads"]),
        grades=dict(sorted(tally.grades.items())),
        stages=tally.stages,
        best=tally.best,
        as_of=session.begun.as_of,
        target=asked.project.source.place(asked.targets.scores),
        reading=leads.summary(),
        parts=session.parts.count,
        resumed_at=session.resumed_at,
        lifecycle=asked.lifecycle.run(tally.lifecycle, session.begun.moment, activities=has_activities),
    )
