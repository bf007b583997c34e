"""What became of each field of the lead table: how much it matters, or why it is not used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from leadml.features import Snapshots
from leadml.features.plan import readable
from leadml.predict import Scorer
from leadml.predict.encoding import Feature
from leadml.schema import LeadTables
from leadml.training.drivers import effect_sizes
from leadml.training.evaluation import Interval
from leadml.training.findings import Finding, columns_left_out

# Fields with a part of their own, which is not to be learned from.
_ROLES: Mapping[str, str] = {
    "lead_id": "tells leads apart",
    "created_at": "says when the lead came in; its age is used, not its date",
    "outcome": "is what is learned",
    "closed_at": "is known only once the lead is closed",
    "account_id": "tells accounts apart; what the account did is used, not its name",
    "owner": "says who works the lead, which is decided late",
    "team": "says who works the lead, which is decided late",
    "deal_value": "is known only late",
    "lead_cost": "is what was paid, not what the lead is",
    "order": "gives the order in time",
}
# What moves no score by as much as this in log-odds moves nothing.
_FLAT = 1e-6


def field_facts(
    scorer: Scorer,
    tables: LeadTables,
    snapshots: Snapshots,
    findings: Sequence[Finding],
    lost: Mapping[str, Interval],
) -> list[dict[str, Any]]:
    """One entry per field that was read: those used first, by what would be lost without them, then the others.

    Keys: field, label, group (None where it is no attribute), used, by_rules (whether the rulebook reads it),
    importance (what would be lost without it as `importance.lost_without` measured it: value, low, high; None where it
    is not used or was not measured) and why (a phrase: why it is not used; None where it is).
    """
    ruled = set(scorer.rulebook.columns) if scorer.rulebook else set()
    moving = _moving(scorer, snapshots)
    scarce = {finding.column: f"{finding.code}: {finding.message}" for finding in findings if finding.code == "R105"}
    entries: list[dict[str, Any]] = []
    for attribute in snapshots.plan.attributes:
        used = attribute.name in ruled | moving
        entries.append(
            {
                "field": attribute.name,
                "label": attribute.label,
                "group": attribute.group,
                "used": used,
                "by_rules": attribute.name in ruled,
                "importance": list(lost[attribute.name]) if used and attribute.name in lost else None,
                "why": None if used else scarce.get(attribute.name) or _why_not(scorer, attribute.name),
            }
        )
    entries.sort(key=lambda entry: (not entry["used"], -(entry["importance"] or [0.0])[0]))
    return entries + [
        {"field": field, "label": readable(field), "group": None, "used": False, "by_rules": False}
        | {"importance": None, "why": why}
        for field, why in _never_read(tables, findings).items()
    ]


def _moving(scorer: Scorer, snapshots: Snapshots) -> set[str]:
    """Columns of which a feature moves the score of some snapshot."""
    if not len(snapshots.lead_id):
        return set()
    sizes = effect_sizes(scorer, scorer.encode(snapshots.features))
    return {feature.column for feature, size in zip(scorer.features, sizes, strict=True) if size > _FLAT}


def _why_not(scorer: Scorer, column: str) -> str:
    features = [feature for feature in scorer.features if feature.column == column]
    if not features:
        return "it is the same for every lead, or never filled in"
    if all(map(_is_free_text, features)):
        return "nearly every lead has another value, as in free text, and being filled in tells nothing beyond chance"
    return "it told nothing beyond chance: all its tables are flat"


def _is_free_text(feature: Feature) -> bool:
    return feature.kind == "category" and not feature.levels


def _never_read(tables: LeadTables, findings: Sequence[Finding]) -> dict[str, str]:
    """Fields that training did not see, with the reason."""
    roles = {name: why for name, why in _ROLES.items() if name in tables.leads.column_names}
    return {**columns_left_out(findings), **tables.dropped, **roles}
