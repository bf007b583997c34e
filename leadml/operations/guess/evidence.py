"""A guess: what is proposed, how sure that is, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Confidence = Literal["sure", "likely", "unsure"]


@dataclass(frozen=True)
class Guess:
    """One proposed value of leadml.toml; `evidence` says in words where it comes from."""

    value: object
    confidence: Confidence
    evidence: str


@dataclass(frozen=True)
class Suggestion:
    """A column that may have been filled in after the outcome: to be judged by a person, so never acted on."""

    column: str
    reason: str


@dataclass(frozen=True)
class Candidate:
    """A column for a role, with the weight of the evidence: 4 and more is sure, 2.5 and more likely."""

    column: str
    weight: float
    evidence: str

    def guess(self) -> Guess:
        """Propose the column."""
        return Guess(self.column, confidence_of(self.weight), self.evidence)


def confidence_of(weight: float) -> Confidence:
    """Name the weight of evidence."""
    if weight >= 4:
        return "sure"
    return "likely" if weight >= 2.5 else "unsure"


def percent(share: float) -> str:
    """Write a share; only what is whole is written as 0 % or 100 %."""
    if 0 < share < 0.001 or 0.999 < share < 1:
        return "under 0.1 %" if share < 0.5 else "over 99.9 %"
    return f"{100 * share:.3g} %"


def quoted(texts: list[str], most: int = 4) -> str:
    """List some texts in quotes, cut short."""
    shown = ", ".join(f"'{text[:30]}'" for text in texts[:most])
    return shown + (f" and {len(texts) - most} more" if len(texts) > most else "")
