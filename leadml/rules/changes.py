"""A rulebook with some of its points changed, to try out what that would do."""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection, Mapping
from dataclasses import replace

from leadml.errors import RulebookError
from leadml.predict.encoding import fold
from leadml.predict.rules.rulebook import Dimension, Rule, Rulebook

__all__ = ["changed_rulebook", "read_changes"]


def read_changes(texts: Collection[str], option: str) -> dict[str, float]:
    """Read changes such as "Budget=2" into a number by name; `option` names where they stand in messages.

    Raises:
        RulebookError: there is no "=", what follows the last one is no finite number, or a name is given twice.
    """
    changes: dict[str, float] = {}
    for text in texts:
        name, equals, number = text.rpartition("=")
        try:
            value = float(number)
        except ValueError:
            value = math.nan
        if not (equals and name.strip() and math.isfinite(value)):
            raise RulebookError(f"{option} {text!r}: write a name, = and a number, such as {_EXAMPLES[option]!r}.")
        if name.strip() in changes:
            raise RulebookError(f"{option} {text!r}: {name.strip()!r} is given twice. Leave one out.")
        changes[name.strip()] = value
    return changes


_EXAMPLES = {"--weight": "Budget=2", "--points": "Budget: budget approved=15"}


def changed_rulebook(rulebook: Rulebook, weights: Mapping[str, float], points: Mapping[str, float]) -> Rulebook:
    """The rulebook with some rules' points set ("Budget: approved" -> 15) and then whole dimensions weighted.

    A weight multiplies all that a dimension gives: its rules' points, caps and floors, and the points of leads that
    have not answered or that no rule holds for. Names are compared without case.

    Raises:
        RulebookError: there is no such dimension or rule, or a weight is negative.
    """
    dimensions = list(rulebook.dimensions)
    rules = {
        f"{dimension.name}: {rule.label}": (place, rule)
        for place, dimension in enumerate(dimensions)
        for rule in dimension.rules
    }
    for name, value in points.items():
        place, rule = rules[_named(name, rules, "rule", rulebook.name)]
        changed = tuple(
            replace(one, points=value) if one.label == rule.label else one for one in dimensions[place].rules
        )
        dimensions[place] = replace(dimensions[place], rules=changed)
    names = {dimension.name: place for place, dimension in enumerate(dimensions)}
    for name, weight in weights.items():
        place = names[_named(name, names, "dimension", rulebook.name)]
        if weight < 0:
            raise RulebookError(f"--weight {name}={weight:g}: a weight must not be negative. 0 leaves a dimension out.")
        dimensions[place] = _weighted(dimensions[place], weight)
    return replace(rulebook, dimensions=tuple(dimensions))


def _weighted(dimension: Dimension, weight: float) -> Dimension:
    most, least = dimension.most_points, dimension.least_points
    return replace(
        dimension,
        rules=tuple(_weighted_rule(rule, weight) for rule in dimension.rules),
        missing=weight * dimension.missing,
        otherwise=weight * dimension.otherwise,
        most_points=None if most is None else weight * most,
        least_points=None if least is None else weight * least,
    )


def _weighted_rule(rule: Rule, weight: float) -> Rule:
    most = None if rule.most_points is None else weight * rule.most_points
    return replace(rule, points=weight * rule.points, most_points=most)


def _named(name: str, known: Collection[str], what: str, rulebook: str) -> str:
    folded = {fold(other): other for other in known}
    if fold(name) in folded:
        return folded[fold(name)]
    near = difflib.get_close_matches(fold(name), folded, n=1)
    hint = f"Did you mean {folded[near[0]]!r}?" if near else f"It has {', '.join(map(repr, list(known)[:12]))}."
    raise RulebookError(f"The rulebook {rulebook} has no {what} {name!r} that is mapped to these leads. {hint}")
