"""What is asked of the cutoffs: the business questions that they answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

Stage = Literal["MQL", "SQL"]
STAGES: tuple[Stage, ...] = get_args(Stage)


@dataclass(frozen=True, kw_only=True)
class StagePolicy:
    """What is asked of one stage's cutoff; None (or False): nothing.

    Demands hold together:
    - `per_week`: a capacity; no more leads a week may be handed over.
    - `minimum_precision`: the share of them that must convert within the horizon. With `confidence` (0.95) that share
      is promised: it is certified at this confidence; without, the plain estimate must reach it.
    - `minimum_recall`: the share of all leads that convert that must be among them.

    Of the cutoffs that meet them the lowest is taken (where recall alone is asked, the highest), unless a goal says
    which is best, one at the most:
    - `target_per_week`: the volume that comes nearest to so many leads a week.
    - `expected_value`: the highest sum of probability x value expected for such a deal, less the cost of working it.
    - `f_beta`: the highest F-beta, recall counting beta times as much as precision (van Rijsbergen 1979).

    `probability` is the cutoff itself and stands alone.
    """

    per_week: float | None = None
    target_per_week: float | None = None
    minimum_precision: float | None = None
    confidence: float | None = None
    minimum_recall: float | None = None
    expected_value: bool = False
    f_beta: float | None = None
    probability: float | None = None

    @property
    def asks(self) -> bool:
        """Whether anything is asked."""
        return self != StagePolicy()


@dataclass(frozen=True, kw_only=True)
class SegmentPolicy:
    """What is asked of the cutoffs of some leads only: those whose `column` says one of `one_of`.

    The column is an attribute of the leads, or "team".
    """

    name: str
    column: str
    one_of: tuple[str, ...]
    mql: StagePolicy = field(default_factory=StagePolicy)
    sql: StagePolicy = field(default_factory=StagePolicy)


@dataclass(frozen=True, kw_only=True)
class CutoffPolicy:
    """What is asked of all cutoffs: of those of segments, and of those of the leads in none of them.

    `cost_of_working` is what working one lead costs, in the currency of the deals.
    """

    mql: StagePolicy = field(default_factory=StagePolicy)
    sql: StagePolicy = field(default_factory=StagePolicy)
    segments: tuple[SegmentPolicy, ...] = ()
    cost_of_working: float = 0.0
