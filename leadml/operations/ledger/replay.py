"""`leadml replay LEAD_ID`: what a score was, why, and what has changed since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from leadml.errors import SourceError
from leadml.operations.ledger.moves import Move, moves
from leadml.operations.ledger.past import PastScore, history_of, moment_text, past_score
from leadml.operations.project import Project

__all__ = ["Replay", "replay"]


@dataclass(frozen=True)
class Replay:
    """A score as it stood at a moment, one of later where there is one, and what moved between them."""

    then: PastScore
    later: PastScore | None
    moves: tuple[Move, ...]

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
        told = {"then": _told(self.then), "later": None if self.later is None else _told(self.later)}
        changed = {"change": self.change, "by_model": self.by_model, "moves": list(map(asdict, self.moves))}
        return told | changed


def replay(project: Project, lead_id: str, *, at: datetime | None, until: datetime | None) -> Replay:
    """Replay the score of a lead from what was written then; nothing that came to be known later has a say in it.

    Args:
        project: whose lead.
        lead_id: its id.
        at: the moment (UTC): the last score written as of it or before is replayed. None: the score before the last.
        until: the moment of the score that it is compared with; None: the last one there is.

    Raises:
        SourceError: there is no score of this lead, or none as early as that.
        BundleError: the bundle of a score is gone, or its inputs are damaged.
    """
    rows = history_of(project, lead_id)
    last = _last(rows, until, lead_id)
    then = _last(rows, at, lead_id) if at is not None else max(last - 1, 0)
    if last < then:
        raise SourceError(f"--until {moment_text(until)} lies before --at {moment_text(at)}. Swap the two.")
    earlier = past_score(project, rows[then])
    if then == last:
        return Replay(earlier, None, ())
    later = past_score(project, rows[last])
    return Replay(earlier, later, moves(earlier, later))


def _last(rows: Sequence[Mapping[str, Any]], moment: datetime | None, lead_id: str) -> int:
    """The place of the last row as of a moment or before."""
    if moment is None:
        return len(rows) - 1
    known = [place for place, row in enumerate(rows) if row["as_of"] is None or row["as_of"] <= moment]
    if not known:
        raise SourceError(
            f"Lead {lead_id!r} had no score yet at {moment_text(moment)}: the first is as of "
            f"{moment_text(rows[0]['as_of'])}. Choose a later moment."
        )
    return known[-1]


def _told(past: PastScore) -> dict[str, Any]:
    terms = sorted(past.terms.values(), key=lambda said: -abs(said.log_odds))
    reasons = [asdict(said) for said in terms if said.log_odds]
    written = {name: past.written[name] for name in ("run_id", "inputs")}
    return {**past.row, **written, "intercept": past.scorer.intercept, "reasons": reasons}
