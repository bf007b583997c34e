"""A cutoff as it is published: where it lies, why there, and what it would have done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from leadml.training.cutoffs.demands import Binding
from leadml.training.cutoffs.policy import Stage, StagePolicy
from leadml.training.evaluation import Interval


@dataclass(frozen=True)
class Figures:
    """What a cutoff would have done to the leads it is judged on, each figure (value, low, high) or None.

    `per_week` is the number of leads that first cross it in an average week (None without time), `precision` the share
    of all that cross it which convert within the horizon of crossing, `recall` the share that crosses of all that
    convert, however long before, and `value_per_week` what those that convert were expected to bring, less the cost of
    working all that cross. `leads` is the number of all that cross it, `missed` that of leads that convert and never
    cross it, `missed_per_week` the same of the leads that came in after the first moment, in an average week.
    """

    per_week: Interval | None = None
    precision: Interval | None = None
    recall: Interval | None = None
    value_per_week: Interval | None = None
    leads: Interval | None = None
    missed: Interval | None = None
    missed_per_week: Interval | None = None

    def to_dict(self) -> dict[str, Any]:
        """The figures as the bundle's facts keep them."""
        return {name: None if figure is None else list(figure) for name, figure in vars(self).items()}


@dataclass(frozen=True)
class Confirmation:
    """What a cutoff chosen by the same policy on the older half of the weeks did on the newer half.

    `asked` is what was asked, in words; `held` whether that was so, None where too little is known to tell, or where
    only the best was asked for and no bound.
    """

    asked: str
    cutoff: float | None
    got: Figures
    held: bool | None

    def to_dict(self) -> dict[str, Any]:
        """The confirmation as the bundle's facts keep it."""
        return {"asked": self.asked, "cutoff": self.cutoff, "got": self.got.to_dict(), "held": self.held}


@dataclass(frozen=True)
class Guarantee:
    """A share of leads that is promised to convert, certified at a confidence."""

    minimum_precision: float
    confidence: float

    def to_dict(self) -> dict[str, float]:
        """The promise as the bundle's facts keep it."""
        return {"minimum_precision": self.minimum_precision, "confidence": self.confidence}


@dataclass(frozen=True)
class Cutoff:
    """One stage's cutoff, for the leads of a `segment` or (None) of no segment.

    `probability` is None where no cutoff is published, and `why` says the reason; `binding` is what puts it where it
    is, of what was `asked`.
    """

    stage: Stage
    probability: float | None
    binding: Binding
    why: str
    figures: Figures = Figures()
    segment: str | None = None
    guarantee: Guarantee | None = None
    confirmation: Confirmation | None = None
    asked: StagePolicy | None = None

    @property
    def precision(self) -> Interval | None:
        """The share of its leads that convert."""
        return self.figures.precision

    @property
    def recall(self) -> Interval | None:
        """The share of all leads that convert which its leads are."""
        return self.figures.recall

    @property
    def per_week(self) -> Interval | None:
        """Leads that cross it in an average week."""
        return self.figures.per_week

    def to_dict(self) -> dict[str, Any]:
        """The cutoff as the bundle's facts keep it."""
        return {
            "stage": self.stage,
            "segment": self.segment,
            "probability": self.probability,
            "binding": self.binding,
            **self.figures.to_dict(),
            "guarantee": None if self.guarantee is None else self.guarantee.to_dict(),
            "confirmation": None if self.confirmation is None else self.confirmation.to_dict(),
            "why": self.why,
        }


def unpublished(stage: Stage, why: str, segment: str | None = None) -> Cutoff:
    """No cutoff, and why."""
    return Cutoff(stage, None, "none", why, segment=segment)


def published_at(cutoffs: Sequence[Cutoff], stage: Stage) -> float | None:
    """Where the cutoff of a stage lies for the leads of no segment; None where none is published."""
    return next((one.probability for one in cutoffs if one.stage == stage and one.segment is None), None)
