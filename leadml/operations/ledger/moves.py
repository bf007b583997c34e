"""What moved between two scores of a lead: each input, from what to what, and by how much."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from leadml.operations.ledger.past import PastScore, Said

__all__ = ["INTERCEPT", "Move", "moves"]

INTERCEPT = "a lead like any other"
_NOTHING = "not looked at"


@dataclass(frozen=True)
class Move:
    """One input that moved: what it said before and after, and what that added to the log-odds.

    `by_model` where it says the same as before, and only the model weighs it otherwise.
    """

    input: str
    before: str
    after: str
    log_odds: float
    by_model: bool


def moves(earlier: PastScore, later: PastScore) -> tuple[Move, ...]:
    """Every term that changed, the strongest first; together they are the change in log-odds.

    Terms are compared by name. Within one bundle each stands for what is now known otherwise of the lead; between two,
    a term that says the same of the lead as before is the new model's doing, and so is what only one of them looks at.
    """
    found = [move for move in _compared(earlier, later) if move.log_odds]
    return tuple(sorted(found, key=lambda move: -abs(move.log_odds)))


def _compared(earlier: PastScore, later: PastScore) -> Iterator[Move]:
    start = later.scorer.intercept - earlier.scorer.intercept
    yield Move("intercept", INTERCEPT, INTERCEPT, start, by_model=True)
    same_model = earlier.scorer.digest == later.scorer.digest
    for name in dict.fromkeys([*earlier.terms, *later.terms]):
        before = earlier.terms.get(name, Said(_NOTHING, 0.0))
        after = later.terms.get(name, Said(_NOTHING, 0.0))
        told = before.reason == after.reason or _NOTHING in (before.reason, after.reason)
        step = after.log_odds - before.log_odds
        yield Move(name, before.reason, after.reason, step, by_model=told and not same_model)
