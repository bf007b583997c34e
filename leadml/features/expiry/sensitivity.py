"""Where a scorer tells the numbers of a column apart, and what a further unit of a count is worth to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from leadml.predict import Scorer
from leadml.predict.encoding import Floats
from leadml.predict.rules.conditions import Condition, CountCondition
from leadml.predict.rules.rows import number_in
from leadml.predict.rules.rulebook import Rulebook

__all__ = ["Each", "Sensitivity", "sensitivity_of", "steepest"]


@dataclass(frozen=True)
class Each:
    """A rule that gives points for each of something: the log-odds of one more, and from which count on none counts."""

    log_odds: float
    most: float


@dataclass(frozen=True)
class Sensitivity:
    """What a scorer looks at.

    `cuts` hold by column the numbers (ascending) at which what it says can change: two numbers with as many cuts at or
    below them are the same to it. A column that it looks at but not as a number has none. `each` holds the counts that
    give points for each, by column. `hard` are the cuts of
    rules, segments and trees alone: what crosses one may change more than the log-odds, or by who knows how much.
    """

    cuts: dict[str, Floats]
    each: dict[str, tuple[Each, ...]]
    hard: dict[str, Floats]

    def looks_at(self, column: str) -> bool:
        """Whether it makes any difference what the column says."""
        return column in self.cuts or column in self.each

    def cuts_of(self, column: str) -> Floats:
        """The cuts of a column; none where it is not looked at."""
        return self.cuts.get(column, np.empty(0))


def sensitivity_of(scorer: Scorer) -> Sensitivity:
    """What a scorer's features, rules and segments look at.

    Neighbouring bins of a feature that add the same log-odds everywhere count as one.
    """
    learned, hard = _of_features(scorer), _of_rules(scorer)
    if scorer.trees:
        hard = _joined(hard, learned)
    cuts = _joined(learned, hard)
    arrays = ({name: np.unique(np.array(each)) for name, each in given.items()} for given in (cuts, hard))
    return Sensitivity(next(arrays), _each(scorer), next(arrays))


def _joined(one: dict[str, list[float]], other: dict[str, list[float]]) -> dict[str, list[float]]:
    return {name: [*one.get(name, ()), *other.get(name, ())] for name in {**one, **other}}


def _of_features(scorer: Scorer) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for position, feature in enumerate(scorer.features):
        if _says_anything(scorer, position):
            edges = feature.edges[_matters(scorer, position)] if feature.kind == "number" else np.empty(0)
            found.setdefault(feature.column, []).extend(edges.tolist())
    return found


def _of_rules(scorer: Scorer) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for segment in scorer.policy.segments:
        found.setdefault(segment.column, []).extend(_around(map(number_in, segment.values)))
    if scorer.rulebook is not None:
        for column in scorer.rulebook.columns:
            found.setdefault(column, []).extend(_around(map(number_in, scorer.rulebook.unanswered)))
        for condition in _conditions(scorer.rulebook):
            found[str(condition.column)].extend(_bounds(condition))
    return found


def _matters(scorer: Scorer, position: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """At which edges of a number feature a term changes; edge k lies between the codes k + 1 and k + 2."""
    tables = scorer.tables
    matters = np.diff(tables.main[position][1:]) != 0
    for pair in tables.pairs:
        for side, to_coarse in ((pair.left, pair.left_map), (pair.right, pair.right_map)):
            if side == position:
                matters |= np.diff(to_coarse[1:].astype(np.int64)) != 0
    for trees in scorer.trees:
        matters |= np.diff(trees.places[position][1:]) != 0
    return np.asarray(matters, np.bool_)


def _says_anything(scorer: Scorer, position: int) -> bool:
    in_a_pair = any(position in (pair.left, pair.right) for pair in scorer.tables.pairs)
    return in_a_pair or bool(scorer.trees) or bool(np.ptp(scorer.tables.main[position]) > 0)


def _conditions(rulebook: Rulebook) -> Iterator[Condition]:
    for dimension in rulebook.dimensions:
        yield from dimension.only
        for rule in dimension.rules:
            yield from rule.when
    for gate in rulebook.gates:
        yield from (*gate.when, *gate.only)


def _bounds(condition: Condition) -> Iterator[float]:
    if condition.at_least is not None:
        yield condition.at_least
    if condition.at_most is not None:
        yield float(np.nextafter(condition.at_most, np.inf))  # what is above it is told apart from what is at it
    if not isinstance(condition, CountCondition):
        yield from _around(map(number_in, (*condition.one_of, *condition.none_of)))


def _around(numbers: Iterator[float]) -> Iterator[float]:
    """Cuts that set some numbers apart from all others."""
    for number in numbers:
        if np.isfinite(number):
            yield number
            yield float(np.nextafter(number, np.inf))


def _each(scorer: Scorer) -> dict[str, tuple[Each, ...]]:
    found: dict[str, tuple[Each, ...]] = {}
    for dimension in scorer.rulebook.dimensions if scorer.rulebook else ():
        for rule in dimension.rules:
            if rule.each is None or not rule.points:
                continue
            most = np.inf if rule.most_points is None else abs(rule.most_points / rule.points)
            worth = abs(rule.points * scorer.tables.rules_weight) * steepest(scorer)
            found[rule.each.column] = (*found.get(rule.each.column, ()), Each(worth, most))
    return found


def steepest(scorer: Scorer) -> float:
    """The most by which a calibration stretches a difference of log-odds."""
    if scorer.calibration is None or len(scorer.calibration.at) < 2:
        return 1.0
    return max(1.0, float((np.diff(scorer.calibration.to) / np.diff(scorer.calibration.at)).max()))
