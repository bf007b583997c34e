"""Everything that a training can be asked to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from leadml.features import TEAM, CensoringRule
from leadml.predict.encoding import Group
from leadml.predict.rules.rulebook import Rulebook
from leadml.training.cutoffs.policy import CutoffPolicy
from leadml.training.grades.scale import GradePolicy

# What is served: the blend of all candidates as tables, the linear candidate's tables, or LightGBM itself.
Kind = Literal["glassbox", "linear", "boosted"]


@dataclass(frozen=True, kw_only=True)
class Choices:
    """Everything a training is asked to do; the defaults are those of leadml.toml."""

    name: str = "leads"
    horizon_days: float = 90
    every_days: float = 7
    per_lead: int = 3
    censoring: CensoringRule = "full_horizon"
    intent_types: tuple[str, ...] = ()
    groups: Mapping[str, Group] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    activity_labels: Mapping[str, str] = field(default_factory=dict)
    prompt_types: tuple[str, ...] = ()
    monotone: Mapping[str, int] = field(default_factory=dict)
    rulebook: Rulebook | None = None
    rule_attributes: Mapping[str, str] = field(default_factory=dict)
    rule_activities: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    base_rate: float | None = None
    points_that_double_odds: float | None = None
    cost_of_asking: float = 0.0
    cutoffs: CutoffPolicy = field(default_factory=CutoffPolicy)
    sql_needs_intent: bool = True
    value_by: str | None = None
    deal_values: Mapping[str, float] = field(default_factory=dict)
    grades: GradePolicy = field(default_factory=GradePolicy)
    kind: Kind = "glassbox"
    seed: int = 0
    time_limit_seconds: float | None = None
    calibration_limit: float | None = 0.05

    @property
    def by_team(self) -> bool:
        """Whether teams have cutoffs of their own."""
        return any(segment.column == TEAM.name for segment in self.cutoffs.segments)
