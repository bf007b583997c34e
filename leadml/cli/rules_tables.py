"""What `leadml rules` prints: short tables for people, one JSON object for programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from leadml.cli.show import print_json, print_lines, print_table
from leadml.operations.rules import RulesCheck
from leadml.rules.coverage import Coverage
from leadml.rules.explained import DimensionPoints, GateResult, PointsExplanation


def print_rules_check(check: RulesCheck, *, json: bool) -> None:
    """The remarks, then how far the rules reach on real leads."""
    if json:
        print_json({"sound": check.sound, **asdict(check)})
        return
    print_lines(*(f"{remark.level}: {remark.where}: {remark.message}" for remark in check.remarks))
    if check.coverage is not None:
        _print_coverage(check.name, check.coverage, check.population)
    counted = [f"{sum(remark.level == level for remark in check.remarks)} {level}s" for level in _LEVELS]
    print_lines("", f"{check.name}: {', '.join(counted)}.")


_LEVELS = ("error", "warning", "note")


def _print_coverage(name: str, covered: Coverage, population: str) -> None:
    rows: list[list[str]] = []
    for dimension in covered.dimensions:
        answered = "" if dimension.answered is None else f"{dimension.answered:.0%}"
        span = f"{dimension.lowest:g} to {dimension.highest:g}"
        rows.append([dimension.name, span, answered, f"{dimension.held:.0%}", "", f"{dimension.points:.1f}"])
        rows += [
            [f"· {rule.label}", f"{rule.points:+g}", "", f"{rule.holds:.1%}", f"{rule.counts:.1%}", f"{rule.gives:.1f}"]
            for rule in dimension.rules
        ]
    print_lines("")
    print_table(f"{name} on {population}", _HEAD, rows, text="dimension, rule")
    print_lines(
        f"Points: {', '.join(f'{_QUANTILES[at]} {points:.4g}' for at, points in covered.points.items())} "
        f"(possible: {covered.possible[0]:g} to {covered.possible[1]:g}).",
        *(f"Gate {gate}: stops {share:.1%}." for gate, share in covered.stopped.items()),
    )


_HEAD = ["dimension, rule", "points", "answered", "holds", "counts", "mean points"]
_QUANTILES = {0.0: "lowest", 0.1: "10 %", 0.25: "25 %", 0.5: "half", 0.75: "75 %", 0.9: "90 %", 1.0: "highest"}


def print_points(lead_id: str, explanation: PointsExplanation, *, json: bool) -> None:
    """Each dimension's points, the rules that give them and what they looked at; then gates, tier and what to ask."""
    if json:
        print_json({"lead_id": lead_id, **asdict(explanation)})
        return
    low, high = explanation.possible
    tier = "" if explanation.tier is None else f", tier {explanation.tier}"
    print_lines(f"Lead {lead_id}: {explanation.total:.4g} points of {low:g} to {high:g}{tier}")
    print_lines(*(line for dimension in explanation.dimensions for line in _dimension(dimension)))
    print_lines(*map(_gate, explanation.gates))
    asks = [f"{one.name}: {one.ask}" for one in explanation.dimensions if one.ask is not None]
    print_lines(*(["Not answered yet:", *(f"  {ask}" for ask in asks)] if asks else []))


def _dimension(dimension: DimensionPoints) -> Iterator[str]:
    why = dimension.why if dimension.ask is not None else "; ".join([dimension.why, *dimension.saw])
    yield f"{dimension.name}: {dimension.points:.4g} of {dimension.lowest:g} to {dimension.highest:g}" + (
        f" ({why})" if dimension.why else ""
    )
    for rule in dimension.rules:
        yield f"  {rule.points:+.4g} {rule.label} ({rule.group}, {rule.evidence}), by {'; '.join(rule.saw)}"


def _gate(gate: GateResult) -> str:
    result = "passed" if gate.passed else f"stopped, no {gate.stops}"
    return f"Gate {gate.name}: {result} ({'; '.join(gate.saw)})"
