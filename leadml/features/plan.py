"""What training fixed about the features, so that scoring makes the same columns in the same order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from leadml.errors import BundleError
from leadml.predict.encoding import Column, Group
from leadml.predict.rules.conditions import ActivityCount
from leadml.schema import Kind

__all__ = ["STILL", "TEAM", "Attribute", "Ebb", "FeaturePlan", "Measure", "readable"]

TEAM = Column("team", "category", "fit", "Team")
"""The team of whoever works the lead (`features.teams`); no attribute has its name."""


How = Literal[
    "still", "since", "window", "kinds", "trend", "points", "account window", "colleagues", "engaged", "roles"
]


@dataclass(frozen=True)
class Ebb:
    """How a computed feature changes while nothing new happens; `features.expiry` tells from it until when it holds.

    "since" grows with every moment; "window" loses what is older than `days` (of one `type`, by its number, or of all),
    "account window" what the whole account did of intent, "colleagues" what others of it did; "kinds", "engaged" and
    "roles" count what did something in the window; "trend" compares two windows; "points" halve in `days`.
    """

    how: How = "still"
    days: int = 0
    type: int | None = None


STILL = Ebb()


@dataclass(frozen=True)
class Measure:
    """One computed feature: its column contract, the SQL expression that gives it, and how it ebbs away."""

    column: Column
    sql: str
    ebb: Ebb = STILL


@dataclass(frozen=True)
class Attribute:
    """One attribute of a lead.

    `history` says that its value comes from the field history, never from the lead; `known_at` names the column of the
    leads that says from when on the value is known (None: a history or the lead itself says it as it was).
    """

    name: str
    kind: Kind
    group: Group
    label: str
    history: bool = False
    known_at: str | None = None


@dataclass(frozen=True, kw_only=True)
class FeaturePlan:
    """Which features a company's tables give.

    `calendar`: snapshots have a moment (otherwise the features are the attributes as given, and nothing else).
    `activity_types`: the types with features of their own; `pooled`: the remaining ones share features.
    `intent_types`: the types that show intent. `accounts`: some account has two leads or more.
    `roles`: leads have a role. `teams`: each lead's team stands beside its features (for cutoffs; nothing learns from
    it). `counts`: what the rulebook counts of activities.
    `activity_labels`: what people call types, where that is not their name.
    """

    calendar: bool
    attributes: tuple[Attribute, ...]
    activity_types: tuple[str, ...] = ()
    pooled: bool = False
    intent_types: tuple[str, ...] = ()
    accounts: bool = False
    roles: bool = False
    teams: bool = False
    counts: tuple[ActivityCount, ...] = ()
    activity_labels: Mapping[str, str] = field(default_factory=dict)

    def activity_label(self, kind: str) -> str:
        """What people call an activity type."""
        return self.activity_labels.get(kind) or readable(kind)

    @property
    def counted_types(self) -> tuple[str, ...]:
        """The activity types that the counts name."""
        steps = [step for count in self.counts for step in (*count.after, count.types)]
        return tuple(dict.fromkeys(kind for step in steps for kind in step))

    def to_dict(self) -> dict[str, Any]:
        """Give the plan as values that JSON can hold."""
        plan = asdict(self)
        plain = {key: list(value) if isinstance(value, tuple) else value for key, value in plan.items()}
        return plain | {"counts": [count.to_dict() for count in self.counts]}

    @classmethod
    def from_dict(cls, plan: Mapping[str, Any]) -> FeaturePlan:
        """Read back what `to_dict` gave.

        Raises:
            BundleError: keys are missing, or there are others.
        """
        try:
            fields: dict[str, Any] = {
                key: tuple(value) if isinstance(value, list) else value for key, value in plan.items()
            }
            fields["attributes"] = tuple(Attribute(**attribute) for attribute in plan["attributes"])
            fields["counts"] = tuple(ActivityCount.from_dict(count) for count in plan["counts"])
            return cls(**fields)
        except (KeyError, TypeError, AttributeError) as fault:
            raise BundleError(
                f"The feature plan of this bundle cannot be read ({fault}). Train the scorer again."
            ) from fault


def readable(name: str) -> str:
    """Turn a name from a database into words: `pricing_page` -> "Pricing page"."""
    words = " ".join(name.replace("_", " ").split())
    return words[:1].upper() + words[1:] or name
