"""The terms of the sum that a query adds up: those of the scorer that can add anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from leadml.predict import Scorer
from leadml.predict.encoding import Floats
from leadml.predict.tables import Pair
from leadml.predict.terms import CALIBRATION, Term
from leadml.sql.codes import CodeColumn, CodeColumns
from leadml.sql.lines import Lines, pick, row
from leadml.sql.points import Points

Literal = Callable[[float], str]


@dataclass(frozen=True)
class SqlTerm:
    """A term t<number>: what it adds as an expression over columns of codes (and points).

    Its words are those of `code` and, of a pair, those of `other` behind them. `number` is its place in the sum.
    """

    number: int
    term: Term
    sql: Lines
    code: CodeColumn
    other: CodeColumn | None = None

    @property
    def name(self) -> str:
        """What the query calls it."""
        return f"t{self.number}"


def used_features(scorer: Scorer) -> list[int]:
    """The features that add anything, alone or in a pair."""
    alone = {number for number, table in enumerate(scorer.tables.main) if np.any(table)}
    paired = {side for pair in scorer.tables.pairs if np.any(pair.table) for side in (pair.left, pair.right)}
    return sorted(alone | paired)


def rule_terms(scorer: Scorer, points: Points, literal: Literal) -> list[SqlTerm]:
    """Terms of the rules, in the order of the sum; none where rules weigh nothing."""
    weight = float(scorer.tables.rules_weight)
    if not weight:
        return []
    return [
        SqlTerm(number, one.term, [f"{one.points} * {literal(weight)}"], one.code)
        for number, one in enumerate(points.terms)
    ]


def feature_terms(scorer: Scorer, columns: CodeColumns, literal: Literal) -> list[SqlTerm]:
    """Terms of features and pairs, in the order of the sum."""
    numbered = list(enumerate(scorer.terms))[scorer.rule_terms :]
    made = []
    for (number, term), (feature, table) in zip(numbered, enumerate(scorer.tables.main), strict=False):
        if np.any(table):
            code = columns.of_feature(feature)
            made.append(SqlTerm(number, term, pick(code.name, _literals(table, literal), code.words), code))
    for (number, term), pair in zip(numbered[len(scorer.features) :], scorer.tables.pairs, strict=False):
        if np.any(pair.table):
            made.append(_pair_term(number, term, pair, columns, literal))
    return made


def calibration_number(scorer: Scorer) -> int:
    """The place of a calibration in the sum: behind all others."""
    return scorer.terms.index(CALIBRATION)


def _pair_term(number: int, term: Term, pair: Pair, columns: CodeColumns, literal: Literal) -> SqlTerm:
    left = columns.of_feature(pair.left, pair.left_map, pair.table.shape[0])
    right = columns.of_feature(pair.right, pair.right_map, pair.table.shape[1])
    rows = [row(right.name, _literals(values, literal)) for values in pair.table]
    return SqlTerm(number, term, pick(left.name, rows, left.words), left, right)


def _literals(values: Floats, literal: Literal) -> Sequence[str]:
    return [literal(float(value)) for value in values]
