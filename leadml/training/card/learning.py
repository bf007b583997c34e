"""A points card learned from data: few lines, whole points, written as a rulebook that people can read and change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from leadml.errors import TrainingError
from leadml.predict.encoding import Column, Floats
from leadml.predict.rules.conditions import (
    ACCOUNT_COLUMNS,
    ActivityCount,
    Condition,
    CountCondition,
    Subject,
    ValueCondition,
)
from leadml.predict.rules.rulebook import TIER, Dimension, Rule, Rulebook
from leadml.predict.tables import probability
from leadml.rules import Names, map_rulebook
from leadml.training.binning import code_matrix, fit_features
from leadml.training.card.choice import choose_lines
from leadml.training.card.lines import Line, design, disjoint, merged, proposed_lines
from leadml.training.card.rounding import Weighted, fit_weights, rounded
from leadml.training.known import Groups
from leadml.training.plan import make_plan
from leadml.training.rules_weight import RulesWeight, fit_rules_weight
from leadml.training.thinning import whole_accounts

# Lines with the same points are written as one: so many more may be looked for than a card may have.
_BEFORE_MERGING = 1.5
_ENOUGH_ROWS = 20_000
_MOST_FOLDS = 5
_SUBJECT_OF: Mapping[str, str] = {column: name for name, column in ACCOUNT_COLUMNS.items()}


@dataclass(frozen=True)
class PointsCard:
    """A card and what it was rounded from.

    `rulebook` is written down for the user: its columns are found by name. `resolved` is the same over the columns it
    was learned from, and `weight` makes its points a probability. `lines` and `exact` are the lines and weights that
    were rounded.
    """

    rulebook: Rulebook
    resolved: Rulebook
    weight: RulesWeight
    lines: tuple[Line, ...]
    exact: Weighted

    @property
    def length(self) -> int:
        """How many lines the card has."""
        return sum(len(dimension.rules) for dimension in self.rulebook.dimensions)

    def probability(self, table: pa.Table) -> Floats:
        """By the card's points; shape (rows,)."""
        return probability(self.weight.log_odds(self.resolved.total(table)))

    def unrounded(self, table: pa.Table) -> Floats:
        """Probability by the same questions with weights that are not rounded; shape (rows,)."""
        return probability(self.exact.log_odds(design(table, self.lines)))


def learn_card(
    table: pa.Table,
    columns: Sequence[Column],
    label: Floats,
    *,
    name: str,
    order: Floats | None = None,
    groups: Groups | None = None,
    gap: float = 0.0,
    counts: Mapping[str, ActivityCount] | None = None,
    lines: int = 20,
    seed: int = 0,
) -> PointsCard:
    """Learn a points card of at most `lines` lines from rows with known outcomes.

    Args:
        table: one row per snapshot with every column of `columns` in its kind's type.
        columns: what the card may ask for; dates are passed over.
        label: shape (rows,), 1.0 for won, 0.0 for not.
        name: what the rulebook is called.
        order: sortable time of each row, shape (rows,), for choosing forward in time; None where there is no time.
        groups: account of each row, shape (rows,); an account is never on both sides when lines are chosen.
        gap: as in `fit_scorer`.
        counts: columns that count activities, and what each counts.
        lines: the most lines there may be.
        seed: for dealing folds.

    Raises:
        TrainingError: outcomes are not of both kinds, or no column says anything.
    """
    if len(np.unique(label)) < 2:
        raise TrainingError("A points card is learned from won and lost leads, and all outcomes are the same.")
    rows = whole_accounts(groups, len(label), min(_ENOUGH_ROWS, len(label)), seed)
    part, won = table.take(rows), label[rows]
    order, groups = (None if one is None else np.asarray(one)[rows] for one in (order, groups))
    proposed = proposed_lines(part, columns)
    held = design(part, proposed)
    codes = code_matrix(part, fit_features(part, columns))
    plan = make_plan(won, codes, order, groups, gap, seed)
    found = choose_lines(
        held, won, plan.folds[:_MOST_FOLDS], plan.importance[:_MOST_FOLDS], int(_BEFORE_MERGING * lines)
    )
    chosen, exact, points = _longest_card([proposed[place] for place in found], part, won, lines)
    if not points:
        raise TrainingError(
            "No column tells who converts well enough for a line of points. `leadml check` says what is known of each."
        )
    rulebook = _rulebook(name, points, {column.name: column for column in columns}, counts or {})
    resolved = _resolved(rulebook, columns, counts or {})
    accounts = np.arange(len(won)) if groups is None else groups
    weight = fit_rules_weight(resolved.total(part), won, accounts)
    return PointsCard(rulebook, resolved, weight, tuple(chosen), exact)


def _longest_card(
    found: Sequence[Line], table: pa.Table, label: Floats, most: int
) -> tuple[list[Line], Weighted, dict[Line, int]]:
    """The first so many of the lines found that are at most `most` once rounded and merged."""
    for size in range(len(found), 0, -1):
        chosen = disjoint(found[:size])
        held = design(table, chosen)
        exact = fit_weights(held, label)
        points = merged(chosen, dict(zip(chosen, rounded(exact, held, label).tolist(), strict=True)))
        if len(points) <= most:
            return chosen, exact, points
    return [], fit_weights(np.zeros((len(label), 0)), label), {}


def _rulebook(
    name: str, points: Mapping[Line, int], columns: Mapping[str, Column], counts: Mapping[str, ActivityCount]
) -> Rulebook:
    asked = list(dict.fromkeys(line.column for line in points))
    labels = [columns[column].label for column in asked]
    dimensions = []
    for column, label in zip(asked, labels, strict=True):
        clear = labels.count(label) == 1 and label != TIER
        own = {line: points[line] for line in points if line.column == column}
        dimensions.append(
            _dimension(label if clear else f"{label} ({column})", own, columns[column], counts.get(column))
        )
    return Rulebook(name, "", tuple(dimensions))


def _dimension(name: str, points: Mapping[Line, int], column: Column, count: ActivityCount | None) -> Dimension:
    rules = tuple(Rule(line.label, float(worth), (_condition(line, count),)) for line, worth in points.items())
    said = count is None and column.group in ("fit", "answer")
    return Dimension(name, rules, evidence="explicit" if said else "implicit", group=column.group)


def _condition(line: Line, count: ActivityCount | None) -> Condition:
    """Of ranges the first that holds counts, from the highest down: the lower bound says enough."""
    if count is not None:
        return CountCondition(count, at_least=line.low)
    subject: Subject = "account" if line.column in _SUBJECT_OF else "attribute"
    return ValueCondition(
        subject,
        _SUBJECT_OF.get(line.column, line.column),
        one_of=line.levels,
        at_least=line.low,
        known=False if line.asks_missing else None,
    )


def _resolved(rulebook: Rulebook, columns: Sequence[Column], counts: Mapping[str, ActivityCount]) -> Rulebook:
    names = [column.name for column in columns]
    types = {kind for count in counts.values() for kind in count.types}
    return map_rulebook(rulebook, Names(names, activities=types, account=names), advice="")[0]
