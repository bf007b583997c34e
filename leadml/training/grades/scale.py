"""Which grade bounds a training publishes: those of the model before it, as long as the same is asked for.

Bounds made anew from every training's base rate would drift with it: an A would mean something else each month, and
nobody could tell better leads from a lower bar.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leadml.predict import Scorer
from leadml.training.grades.bounds import Bounds


@dataclass(frozen=True, kw_only=True)
class GradePolicy:
    """What is asked of grade bounds: probabilities as stated or, where none are, multiples of the base rate."""

    multiples: Bounds = (4.0, 2.0, 1.0)
    probabilities: Bounds | None = None

    @property
    def asked(self) -> dict[str, list[float]]:
        """What is asked, as the bundle's facts keep it, so that the next training can tell whether it is the same."""
        if self.probabilities is not None:
            return {"probabilities": list(self.probabilities)}
        return {"multiples": list(self.multiples)}


@dataclass(frozen=True)
class GradeScale:
    """The bounds of A, B and C, what they were asked as, since which day they stand, and why they are as they are.

    `horizon_days` is what the probabilities speak of (None without dates); `kept` says that the model before had them.
    """

    bounds: Bounds
    asked: dict[str, list[float]]
    horizon_days: float | None
    since: str
    kept: bool
    why: str

    def to_dict(self) -> dict[str, Any]:
        """The scale as the bundle's facts keep it ("grade_bounds")."""
        return {
            "bounds": list(self.bounds),
            "asked": self.asked,
            "horizon_days": self.horizon_days,
            "since": self.since,
            "kept": self.kept,
            "why": self.why,
        }


def settle_grades(
    policy: GradePolicy, fresh: Bounds, previous: Scorer | None, *, horizon_days: float | None, now: datetime
) -> GradeScale:
    """Keep the bounds of the model before, bit for bit, or set new ones.

    They are kept where the same multiples (or probabilities) are asked for and the horizon is the same: a probability
    of being won within 30 days is not one of being won within 90.

    Args:
        policy: what is asked.
        fresh: the bounds that this training's base rate gives.
        previous: the scorer that served until now, None where there is none.
        horizon_days: within how many days a win counts, None without dates.
        now: the moment of training; new bounds stand since that day.
    """
    changed = "set by this training" if previous is None else _changed(policy, previous, horizon_days)
    if previous is None or changed:
        bounds = policy.probabilities or fresh
        return GradeScale(bounds, policy.asked, horizon_days, now.date().isoformat(), kept=False, why=changed)
    since = str(previous.facts["grade_bounds"]["since"])
    return GradeScale(
        previous.policy.grade_bounds, policy.asked, horizon_days, since, kept=True, why=f"kept since {since}"
    )


def _changed(policy: GradePolicy, previous: Scorer, horizon_days: float | None) -> str:
    """Why the bounds of the model before cannot be kept; "" where they can."""
    made = previous.facts.get("grade_bounds")
    if not isinstance(made, dict):
        return "set by this training: the model before it does not say what its bounds were made from"
    if made["asked"] != policy.asked:
        return f"set by this training: {_named(made['asked'])} were asked for before, now {_named(policy.asked)}"
    if made["horizon_days"] != horizon_days:
        before, after = (f"{days:g} days" if days else "no horizon" for days in (made["horizon_days"], horizon_days))
        return f"set by this training: probabilities spoke of {before} before, now of {after}"
    return ""


def _named(asked: Mapping[str, Sequence[float]]) -> str:
    return " and ".join(f"the {name} {', '.join(f'{value:g}' for value in values)}" for name, values in asked.items())
