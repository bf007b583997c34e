"""A run under way: what it has read, how it began, and how far it has come."""

from __future__ import annotations

from dataclasses import dataclass, replace

from leadml.operations.scoring.asked import Asked
from leadml.operations.scoring.beginning import utc_now
from leadml.operations.scoring.keeping import Beginning, RunFolder
from leadml.operations.scoring.reading import RunParts
from leadml.operations.scoring.runs import ScoringRecord
from leadml.operations.scoring.tally import Tally


@dataclass(frozen=True)
class Session:
    """A run after `done` of its parts, with their tally; `resumed_at` is how many were done before it went on."""

    folder: RunFolder
    parts: RunParts
    begun: Beginning
    done: int = 0
    tally: Tally | None = None
    resumed_at: int | None = None

    def after(self, tally: Tally) -> Session:
        """The run after one more part."""
        return replace(self, done=self.done + 1, tally=tally if self.tally is None else self.tally.plus(tally))

    def record(self, asked: Asked) -> ScoringRecord:
        """The run's row now; with its last part it is done, and its counts are known."""
        begun, over = self.begun, self.done == self.parts.count
        return ScoringRecord(
            run_id=begun.run_id,
            state="done" if over else "running",
            started_at=begun.started_at,
            finished_at=utc_now() if over else None,
            as_of=begun.as_of,
            bundle=asked.bundle,
            which=begun.which,
            closed=begun.closed,
            counts=self.tally.counts(self.parts.leads.counts["leads"]) if over and self.tally else None,
            parts=self.parts.count,
            parts_done=self.done,
            seen=begun.seen,
        )
