"""What is asked of the cutoffs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Stage = Literal["MQL", "SQL"]


@dataclass(frozen=True, kw_only=True)
class StagePolicy:
    """What is asked of one stage's cutoff; None: nothing.

    `per_week` is a capacity: leads per week that may be handed over at the most. `minimum_precision` is the share of
    them that must convert.
    """

    per_week: float | None = None
    minimum_precision: float | None = None


@dataclass(frozen=True, kw_only=True)
class CutoffPolicy:
    """What is asked of both cutoffs."""

    mql: StagePolicy = field(default_factory=StagePolicy)
    sql: StagePolicy = field(default_factory=StagePolicy)
