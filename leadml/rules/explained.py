"""One lead's points, rule by rule, with what each rule looked at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from leadml.predict.encoding import Group
from leadml.predict.rules.conditions import ActivityCount, Condition, CountCondition
from leadml.predict.rules.rows import RuleRows
from leadml.predict.rules.rulebook import HOLDS, Dimension, Evidence, Gate, Rulebook, Stops
from leadml.rules.cells import spoken

__all__ = ["DimensionPoints", "GateResult", "PointsExplanation", "RulePoints", "explain_points"]


@dataclass(frozen=True)
class RulePoints:
    """A rule that counts for the lead: its points, and what it looked at ("budget: approved")."""

    label: str
    points: float
    group: Group
    evidence: Evidence
    saw: tuple[str, ...]


@dataclass(frozen=True)
class DimensionPoints:
    """A dimension's points between `lowest` and `highest`, by the rules that count.

    `why` says in words where no rule counts: "not known", "no rule holds" or "does not apply"; `saw` is what was
    looked at in vain. `ask` is the question to put to the lead, None where it is answered or nothing is asked.
    """

    name: str
    points: float
    lowest: float
    highest: float
    rules: tuple[RulePoints, ...]
    why: str
    saw: tuple[str, ...]
    ask: str | None


@dataclass(frozen=True)
class GateResult:
    """Whether a gate lets the lead pass, and what it looked at."""

    name: str
    passed: bool
    stops: Stops
    saw: tuple[str, ...]


@dataclass(frozen=True)
class PointsExplanation:
    """All dimensions and gates of one lead, its tier (None: of none, or there are none) and its total points."""

    dimensions: tuple[DimensionPoints, ...]
    gates: tuple[GateResult, ...]
    tier: str | None
    total: float
    possible: tuple[float, float]


def explain_points(rulebook: Rulebook, table: pa.Table) -> PointsExplanation:
    """Explain the points that a resolved rulebook gives to the one lead of a table."""
    rows = rulebook.rows(table)
    dimensions = tuple(_of_dimension(dimension, table, rows) for dimension in rulebook.dimensions)
    gates = tuple(_of_gate(gate, table, rows) for gate in rulebook.gates)
    tier = next((rule.label for rule in dimensions[0].rules), None) if rulebook.tier else None
    return PointsExplanation(dimensions, gates, tier, float(rulebook.total(table)[0]), rulebook.reach)


def _of_dimension(dimension: Dimension, table: pa.Table, rows: RuleRows) -> DimensionPoints:
    terms = [(int(codes[0]), float(points[0])) for codes, points in dimension.evaluate(rows)]
    if dimension.counts == "first":
        ((code, points),) = terms
        counted = {code - 2: points} if 2 <= code < len(dimension.rules) + 2 else {}
        why = dimension.describe(code)
    else:
        counted = {place: points for place, (code, points) in enumerate(terms) if code == HOLDS}
        applies = all(condition.holds(rows)[0] for condition in dimension.only)
        why = "no rule holds" if applies else "does not apply"
    looked_at = [one for rule in dimension.rules for one in (*rule.when, *([rule.each] if rule.each else []))]
    return DimensionPoints(
        name=dimension.name,
        points=sum(points for _, points in terms),
        lowest=dimension.reach[0],
        highest=dimension.reach[1],
        rules=tuple(_of_rule(dimension, place, points, table) for place, points in counted.items()),
        why="" if counted else why,
        saw=() if counted else _saw(dimension.only if why == "does not apply" else looked_at, table),
        ask=dimension.question if bool(dimension.open(rows)[0]) else None,
    )


def _of_rule(dimension: Dimension, place: int, points: float, table: pa.Table) -> RulePoints:
    rule = dimension.rules[place]
    return RulePoints(
        label=rule.label,
        points=points,
        group=rule.group or dimension.group,
        evidence=rule.evidence or dimension.evidence,
        saw=_saw((*rule.when, *([rule.each] if rule.each else [])), table),
    )


def _of_gate(gate: Gate, table: pa.Table, rows: RuleRows) -> GateResult:
    return GateResult(gate.name, not gate.stopped(rows)[0], gate.stops, _saw((*gate.when, *gate.only), table))


def _saw(looked_at: Iterable[Condition | ActivityCount] | Sequence[Condition], table: pa.Table) -> tuple[str, ...]:
    """What conditions look at, and what is there."""
    return tuple(dict.fromkeys(_said(one, table) for one in looked_at))


def _said(one: Condition | ActivityCount, table: pa.Table) -> str:
    column = str(one.column)
    value = table[column][0].as_py()
    if isinstance(one, ActivityCount | CountCondition):
        count = one if isinstance(one, ActivityCount) else one.count
        return f"{spoken(count)}: {0.0 if value is None else value:.4g}"
    missing = value is None or (isinstance(value, float) and np.isnan(value))
    return f"{column}: {'not known' if missing else f'{value:g}' if isinstance(value, float) else value}"
