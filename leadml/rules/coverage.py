"""How far a rulebook reaches on real leads: who has answered, whom each rule holds for, and what points there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from leadml.predict.encoding import Floats
from leadml.predict.rules.rows import Mask, RuleRows
from leadml.predict.rules.rulebook import HOLDS, Dimension, Gate, Rulebook
from leadml.rules.remarks import Remark

__all__ = ["Coverage", "DimensionCoverage", "RuleCoverage", "coverage"]

QUANTILES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)


@dataclass(frozen=True)
class RuleCoverage:
    """Shares of the leads that a rule holds for and counts for, and the points it gives where it counts, on average.

    Of a dimension in which the first rule counts a rule may hold and not count; elsewhere the two are the same.
    """

    label: str
    points: float
    holds: float
    counts: float
    gives: float


@dataclass(frozen=True)
class DimensionCoverage:
    """Shares of the leads that have answered (None: nothing is asked) and for whom any rule holds; their points."""

    name: str
    answered: float | None
    held: float
    points: float
    lowest: float
    highest: float
    rules: tuple[RuleCoverage, ...]


@dataclass(frozen=True)
class Coverage:
    """What a rulebook says of `leads` leads.

    `points` maps a quantile (0 to 1) to the total points there, `possible` are the lowest and highest points that
    there are, `stopped` maps a gate to the share of leads that it stops.
    """

    leads: int
    dimensions: tuple[DimensionCoverage, ...]
    stopped: Mapping[str, float]
    points: Mapping[float, float]
    possible: tuple[float, float]
    remarks: tuple[Remark, ...]


def coverage(rulebook: Rulebook, table: pa.Table) -> Coverage:
    """What a resolved rulebook says of some leads, one row each; there must be one at least."""
    rows = rulebook.rows(table)
    total = rulebook.total(table)
    stopped = {gate.name: float(gate.stopped(rows).mean()) for gate in rulebook.gates}
    parts = [_of_dimension(dimension, rows) for dimension in rulebook.dimensions]
    remarks = [remark for dimension in rulebook.dimensions for remark in _remarks(dimension, rows)]
    remarks += [remark for gate in rulebook.gates for remark in _of_gate(gate, stopped[gate.name])]
    points = dict(zip(QUANTILES, np.quantile(total, QUANTILES).tolist(), strict=True))
    return Coverage(len(rows), tuple(parts), stopped, points, rulebook.reach, tuple(remarks))


def counting(dimension: Dimension, rows: RuleRows) -> list[tuple[Mask, Floats]]:
    """For each rule of a dimension, the rows that it counts for, and the points it gives there; each (rows,)."""
    terms = dimension.evaluate(rows)
    if dimension.counts == "all":
        return [(codes == HOLDS, points) for codes, points in terms]
    ((codes, points),) = terms
    masks = [codes == place for place in range(2, len(dimension.rules) + 2)]
    return [(mask, np.where(mask, points, 0.0)) for mask in masks]


def points_of(dimension: Dimension, rows: RuleRows) -> Floats:
    """Points of a dimension; shape (rows,)."""
    points: Floats = np.sum([points for _, points in dimension.evaluate(rows)], axis=0)
    return points


def _of_dimension(dimension: Dimension, rows: RuleRows) -> DimensionCoverage:
    counted = counting(dimension, rows)
    any_held = np.any([mask for mask, _ in counted], axis=0)
    known = None if dimension.column is None else ~replace(dimension, only=()).open(rows)
    rules = [
        RuleCoverage(
            label=rule.label,
            points=rule.points,
            holds=float(rule.holds(rows).mean()),
            counts=float(mask.mean()),
            gives=float(points[mask].mean()) if mask.any() else 0.0,
        )
        for rule, (mask, points) in zip(dimension.rules, counted, strict=True)
    ]
    return DimensionCoverage(
        dimension.name,
        None if known is None else float(known.mean()),
        float(any_held.mean()),
        float(points_of(dimension, rows).mean()),
        *dimension.reach,
        tuple(rules),
    )


def _remarks(dimension: Dimension, rows: RuleRows) -> Iterator[Remark]:
    given = points_of(dimension, rows)
    for rule, (mask, _) in zip(dimension.rules, counting(dimension, rows), strict=True):
        held = int(rule.holds(rows).sum())
        if not held:
            message = f'"{rule.label}" holds for none of {len(rows):,} leads.'
            yield Remark("note", dimension.name, message, rule.label)
        elif not mask.any():
            why = "the dimension does not apply to them" if dimension.counts == "all" else "an earlier rule always wins"
            message = f'"{rule.label}" holds for {held:,} of {len(rows):,} leads and never counts: {why}.'
            yield Remark("note", dimension.name, message, rule.label)
        elif dimension.counts == "all" and rule.points and len(dimension.rules) > 1:
            others = replace(dimension, rules=tuple(other for other in dimension.rules if other is not rule))
            if np.array_equal(points_of(others, rows), given):
                message = f'"{rule.label}" holds for {held:,} of {len(rows):,} leads and changes the points of none: '
                yield Remark("warning", dimension.name, f"{message}without it they are at the cap as well.", rule.label)


def _of_gate(gate: Gate, stopped: float) -> Iterator[Remark]:
    if stopped == 0.0:
        yield Remark("note", f"gate {gate.name}", "stops no lead that there is now.")
    if stopped == 1.0:
        yield Remark("warning", f"gate {gate.name}", "stops every lead that there is now.")
