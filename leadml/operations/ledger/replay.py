"""`leadml replay LEAD_ID`: what a score was, why, and what has changed since."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from leadml.errors import SourceError
from leadml.operations.ledger.moves import Move, moves
from leadml.operations.ledger.past import PastScore, past_score
from leadml.operations.ledger.remarks import remarks_at, remarks_until
from leadml.operations.ledger.standing import standing
from leadml.operations.ledger.written import moment_text, writings_of
from leadml.operations.project import Project
from leadml.operations.scoring.beginning import utc_now

__all__ = ["Replay", "replay"]


@dataclass(frozen=True)
class Replay:
    """A score as it stood at a moment, one of later where there is one, and what moved between them.

    `remarks` say in sentences what there is to know of when it was written.
    """

    then: PastScore
    later: PastScore | None
    moves: tuple[Move, ...]
    remarks: tuple[str, ...] = ()

    @property
    def change(self) -> float:
        """By how much the log-odds changed; what moved adds up to it."""
        return 0.0 if self.later is None else float(self.later.row["log_odds"] - self.then.row["log_odds"])

    @property
    def by_model(self) -> float | None:
        """What of the change comes from another model, in log-odds; None where the model is the same."""
        if self.later is None or self.later.scorer.digest == self.then.scorer.digest:
            return None
        return sum(move.log_odds for move in self.moves if move.by_model)

    def to_dict(self) -> dict[str, Any]:
        """Give everything as one mapping."""
        told = {
            "remarks": list(self.remarks),
            "then": _told(self.then),
            "later": None if self.later is None else _told(self.later),
        }
        changed = {"change": self.change, "by_model": self.by_model, "moves": list(map(asdict, self.moves))}
        return told | changed


def replay(project: Project, lead_id: str, *, at: datetime | None, until: datetime | None) -> Replay:
    """Replay the score of a lead from what was written then; nothing that came to be known later has a say in it.

    Args:
        project: whose lead.
        lead_id: its id.
        at: the moment (UTC) of the clock: the score is replayed that stood in lead_scores then, whatever it is as of.
            Where no run had written any by then, the score that a later run gave as of then or before, and a remark
            says so. None: the score before the last.
        until: the moment of the score that it is compared with, in the same way; None: the last one there is.

    Raises:
        SourceError: there is no score of this lead, or none as early as that.
        BundleError: the bundle of a score is gone, or its inputs are damaged.
    """
    if at is not None and until is not None and until < at:
        raise SourceError(f"--until {moment_text(until)} lies before --at {moment_text(at)}. Swap the two.")
    writings = writings_of(project, lead_id)
    compared = standing(writings, until)
    stood = compared.before if at is None else standing(writings, at)
    remarks = [] if at is None else [*remarks_at(at, stood, writings[0], utc_now())]
    then = past_score(project, stood.last)
    if compared.last is stood.last:
        return Replay(then, None, (), tuple(remarks))
    remarks += [] if until is None else [*remarks_until(until, compared)]
    later = past_score(project, compared.last)
    return Replay(then, later, moves(then, later), tuple(remarks))


def _told(past: PastScore) -> dict[str, Any]:
    terms = sorted(past.terms.values(), key=lambda said: -abs(said.log_odds))
    reasons = [asdict(said) for said in terms if said.log_odds]
    writing = past.writing
    written = {name: writing.row[name] for name in ("run_id", "inputs")}
    written |= {"run_began": writing.began, "run_over": writing.over}
    return {**past.row, **written, "intercept": past.scorer.intercept, "reasons": reasons}
