"""A lifecycle as data: its transitions, and what each of them needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from leadml.lifecycle.stages import Cutoff, Decision, Mover, Need, Stage

Propose = Literal["never", "always", "MQL", "SQL"]


@dataclass(frozen=True, kw_only=True)
class Transition:
    """One way from some stages to another.

    Made by "score": once the recommended stage has reached `cutoff`. With `hysteresis`, a lead that a score put into
    `to` goes back to the first of `sources` once its probability is below `hysteresis` times the cutoff.
    Made by "person": on `decision`; `propose` says when people are asked for it: "never", "always", or once the
    recommended stage has reached a cutoff and the probability is `rise` times what it was when the lead came into its
    stage. Made by "product": on at least `at_least` activities of the types `activities`, within `within_days` (None:
    ever), since the lead came into its stage. Made by "outcome": once the lead is won or lost.

    `minimum_stay_days` is how long a stage lasts that a score put a lead into, before a score ends it, either way.
    `after_days` is how long a lead rests in its stage, whoever put it there, before this transition is made or
    proposed; a lead that was never moved need not rest. `needs` are further conditions of score and product.
    """

    sources: tuple[Stage, ...]
    to: Stage
    by: Mover
    cutoff: Cutoff | None = None
    hysteresis: float | None = None
    minimum_stay_days: float = 0.0
    after_days: float = 0.0
    needs: tuple[Need, ...] = ()
    decision: Decision | None = None
    propose: Propose = "never"
    rise: float = 0.0
    activities: tuple[str, ...] = ()
    at_least: float = 1.0
    within_days: float | None = None


@dataclass(frozen=True)
class Lifecycle:
    """A whole lifecycle. Where several transitions could be made, the first in the file is."""

    name: str
    transitions: tuple[Transition, ...]

    def made_by(self, mover: Mover) -> tuple[Transition, ...]:
        """The transitions of one maker, in the order of the file."""
        return tuple(transition for transition in self.transitions if transition.by == mover)

    def ways(self, stage: str) -> dict[str, Stage]:
        """What a person may decide about a lead in `stage`, and the stage that it leads to."""
        people = self.made_by("person")
        return {way.decision: way.to for way in people if stage in way.sources and way.decision is not None}
