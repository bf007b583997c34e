"""The terms of a score as reasons: what each adds in log-odds, to which feature group, and in which words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from leadml.predict.encoding import MISSING, Feature, Floats, Group
from leadml.predict.phrases import Words
from leadml.predict.rules.rulebook import Dimension, Rulebook
from leadml.predict.tables import Map, Pair, ScoreTables

Indices = np.ndarray[Any, np.dtype[np.intp]]


@dataclass(frozen=True)
class Term:
    """One term of the sum: its log-odds and its words for every code it can take; both as long as the codes.

    `log_odds` is None where they are no matter of the code alone, as for rules that count and for a calibration.
    """

    name: str
    groups: tuple[Group, ...]
    log_odds: Floats | None
    texts: tuple[str, ...]


CALIBRATION = Term("calibration", (), None, ("Calibration",))
"""What a calibration that is a map adds to the sum of all others."""


def terms_of(features: Sequence[Feature], tables: ScoreTables, rulebook: Rulebook | None) -> tuple[Term, ...]:
    """All terms in the order of the sum: rule dimensions, features, pairs."""
    dimensions = rulebook.dimensions if rulebook else ()
    return (
        *(term for dimension in dimensions for term in _rule_terms(dimension, tables.rules_weight)),
        *(_main_term(feature, table) for feature, table in zip(features, tables.main, strict=True)),
        *(_pair_term(features, pair) for pair in tables.pairs),
    )


def _rule_terms(dimension: Dimension, weight: float) -> Iterator[Term]:
    """The terms of a dimension, in the order of its evaluation."""
    name, points = f"rules: {dimension.name}", dimension.points_by_code
    log_odds = [None] * dimension.terms if points is None else [weight * own for own in points]
    if dimension.counts == "first":
        texts = (f"{dimension.name}: {dimension.describe(code)}" for code in range(len(dimension.rules) + 3))
        yield Term(name, (dimension.group,), log_odds[0], tuple(texts))
        return
    for rule, own in zip(dimension.rules, log_odds, strict=True):
        text = f"{dimension.name}: {rule.label}"
        yield Term(f"{name}: {rule.label}", (rule.group or dimension.group,), own, (f"not {text}", text))


def _main_term(feature: Feature, table: Floats) -> Term:
    texts = tuple(feature.say([feature.words(code)]) for code in range(feature.n_codes))
    return Term(feature.name, (feature.group,), table, texts)


def _pair_term(features: Sequence[Feature], pair: Pair) -> Term:
    left, right = features[pair.left], features[pair.right]
    lefts = list(map(left.say, coarse_words(left, pair.left_map, pair.table.shape[0])))
    rights = list(map(right.say, coarse_words(right, pair.right_map, pair.table.shape[1])))
    texts = tuple(f"{one}, with {other}" for one in lefts for other in rights)
    return Term(f"{left.name} x {right.name}", (left.group, right.group), pair.table.ravel(), texts)


def coarse_words(feature: Feature, to_coarse: Map, count: int) -> list[list[Words]]:
    """For each of a pair's coarse codes words for all the codes that it stands for."""
    return [_words_of(feature, np.flatnonzero(to_coarse == coarse)) for coarse in range(count)]


def _words_of(feature: Feature, codes: Indices) -> list[Words]:
    """Words for some codes; neighbouring bins read as one range."""
    if feature.kind != "number":
        return [feature.words(int(code)) for code in codes]
    breaks = np.flatnonzero((np.diff(codes) > 1) | (codes[:-1] == MISSING)) + 1
    return [feature.words(int(run[0]), int(run[-1])) for run in np.split(codes, breaks) if len(run)]
