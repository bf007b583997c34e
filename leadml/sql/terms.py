"""The terms of the sum that a query adds up: those of the scorer that can add anything."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leadml.predict import Scorer
from leadml.predict.tables import Pair
from leadml.predict.terms import CALIBRATION, Term
from leadml.sql.codes import CodeColumn, CodeColumns
from leadml.sql.dialects import Dialect
from leadml.sql.lines import Lines
from leadml.sql.points import Points


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


def rule_terms(scorer: Scorer, points: Points, dialect: Dialect) -> list[SqlTerm]:
    """Terms of the rules, in the order of the sum; none where rules weigh nothing."""
    weight = float(scorer.tables.rules_weight)
    if not weight:
        return []
    return [
        SqlTerm(number, one.term, [f"{one.points} * {dialect.double(weight)}"], one.code)
        for number, one in enumerate(points.terms)
    ]


def feature_terms(scorer: Scorer, columns: CodeColumns, dialect: Dialect) -> list[SqlTerm]:
    """Terms of features and pairs, in the order of the sum."""
    numbered = list(enumerate(scorer.terms))[scorer.rule_terms :]
    made = []
    for (number, term), (feature, table) in zip(numbered, enumerate(scorer.tables.main), strict=False):
        if np.any(table):
            code = columns.of_feature(feature)
            made.append(SqlTerm(number, term, dialect.value_at(code.name, table.tolist(), code.words), code))
    for (number, term), pair in zip(numbered[len(scorer.features) :], scorer.tables.pairs, strict=False):
        if np.any(pair.table):
            made.append(_pair_term(number, term, pair, columns, dialect))
    return made


def calibration_number(scorer: Scorer) -> int:
    """The place of a calibration in the sum: behind all others."""
    return scorer.terms.index(CALIBRATION)


def _pair_term(number: int, term: Term, pair: Pair, columns: CodeColumns, dialect: Dialect) -> SqlTerm:
    left = columns.of_feature(pair.left, pair.left_map, pair.table.shape[0])
    right = columns.of_feature(pair.right, pair.right_map, pair.table.shape[1])
    return SqlTerm(number, term, dialect.cell_at(left.name, right.name, pair.table.tolist(), left.words), left, right)
