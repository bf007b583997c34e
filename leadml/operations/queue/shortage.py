"""What a lead below MQL is short of, and at which step of the buyer's journey it stands.

Both are read off the score row. A feature group's subtotal is what it adds to the log-odds; 0 is neutral, as the
intercept stands apart. Above 0 the group speaks for the lead, at 0 or below it does not.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

SHORTAGES = (
    "neither fit nor engagement",
    "engagement without fit",
    "fit",
    "fit without engagement",
    "engagement",
    "engagement without intent",
    "intent",
    "answers",
    "nothing: just below the cutoff",
)
"""What a lead can be short of, in the order in which the work gets lighter."""

STEPS = ("unknown", "awareness", "consideration", "decision", "purchase")
"""Steps of the buyer's journey."""

_BOUGHT = {"opportunity", "won", "customer"}
_DECIDING = {"sql", "pql"}
_CONSIDERING = {"mql", "sal"}


def shortage(row: Mapping[str, Any], judged: Collection[str]) -> str:
    """Say what a lead is short of.

    `row` holds the subtotals fit, engagement, intent and answer; `judged` names the groups that the scorer knows
    anything of: a lead is not short of what nobody could have, nor has it what nobody looked at.
    """
    short = {group for group in judged if row[group] <= 0}
    if "fit" in short:
        if "engagement" in short:
            return "neither fit nor engagement"
        return "engagement without fit" if "engagement" in judged else "fit"
    if "engagement" in short:
        return "fit without engagement" if "fit" in judged else "engagement"
    if "intent" in short:
        return "engagement without intent" if "engagement" in judged else "intent"
    return "answers" if "answer" in short else "nothing: just below the cutoff"


def journey_step(row: Mapping[str, Any], stage: str | None) -> str:
    """Say at which step of the buyer's journey a lead stands.

    purchase: it is an opportunity or was won. decision: it is an SQL or PQL, or both intent and answers speak for it.
    consideration: it is an MQL or SAL, or intent or answers speak for it. awareness: engagement speaks for it.
    unknown: none of these.
    """
    at = (stage or "").casefold()
    speaking = (row["intent"] > 0) + (row["answer"] > 0)
    if at in _BOUGHT:
        return "purchase"
    if at in _DECIDING or speaking == 2:
        return "decision"
    if at in _CONSIDERING or speaking == 1:
        return "consideration"
    return "awareness" if row["engagement"] > 0 else "unknown"
