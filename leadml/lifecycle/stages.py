"""The words of the lifecycle: stages, who moves a lead, what a person can decide."""

from __future__ import annotations

from typing import Literal, get_args

Stage = Literal["raw", "MQL", "SAL", "SQL", "PQL", "opportunity", "won", "lost", "disqualified", "recycled"]
Mover = Literal["score", "person", "product", "outcome"]
Decision = Literal["accept", "reject", "recycle", "disqualify", "opportunity"]
Cutoff = Literal["MQL", "SQL"]
Need = Literal["acceptance", "no gate"]

STAGES: tuple[Stage, ...] = get_args(Stage)
MOVERS: tuple[Mover, ...] = get_args(Mover)
DECISIONS: tuple[Decision, ...] = get_args(Decision)
CUTOFFS: tuple[Cutoff, ...] = get_args(Cutoff)
NEEDS: tuple[Need, ...] = get_args(Need)

FIRST: Stage = "raw"
OUTCOMES: tuple[Stage, ...] = ("won", "lost")
LEFT_BY_PEOPLE: tuple[Stage, ...] = ("won", "lost", "disqualified")
"""No score and no use of the product moves a lead out of these."""
