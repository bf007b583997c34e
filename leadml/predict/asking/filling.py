"""Scores of leads as they would be with a question answered: the sum again, in those of its terms that change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from leadml.predict.asking.answers import Answers
from leadml.predict.calibration import MonotoneMap
from leadml.predict.encoding import Codes, Column, Feature, Floats
from leadml.predict.phrases import number_text
from leadml.predict.rules.rows import RuleRows
from leadml.predict.rules.rulebook import Dimension, Rulebook
from leadml.predict.segments import RowCutoffs
from leadml.predict.tables import Pair, ScoreTables
from leadml.predict.trees import Trees

Indices: TypeAlias = np.ndarray[Any, np.dtype[np.intp]]


@dataclass(frozen=True)
class Addends:
    """All that a score adds up."""

    features: tuple[Feature, ...]
    tables: ScoreTables
    rulebook: Rulebook
    trees: tuple[Trees, ...] = ()
    calibration: MonotoneMap | None = None


@dataclass(frozen=True)
class Standing:
    """Rows as they stand: log-odds, intent subtotal, codes of the features, points of the rules' terms, cutoffs.

    Arrays have the shape (rows,).
    """

    log_odds: Floats
    intent: Floats
    codes: tuple[Codes, ...]
    points: tuple[Floats, ...]
    rows: RuleRows
    cutoffs: RowCutoffs


@dataclass(frozen=True)
class Filling:
    """A column, filled in with each of its answers in turn."""

    answers: Answers
    column: Column
    addends: Addends

    @cached_property
    def is_gated(self) -> bool:
        """Whether a gate looks at the column."""
        return any(self.column.name in gate.columns for gate in self.addends.rulebook.gates)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The answers as people read them: of a number the range, where no two share it."""
        if self.column.kind != "number":
            return tuple(map(str, self.answers.values))
        features = [self.addends.features[position] for position in self._codes]
        ranges = [one.describe(int(code)) for one in features[:1] for code in self._codes[next(iter(self._codes))]]
        alike = len(set(ranges)) < len(self.answers.values)
        return tuple(number_text(float(value)) for value in self.answers.values) if alike else tuple(ranges)

    def after(self, standing: Standing, asked: Indices) -> Iterator[tuple[Floats, RuleRows]]:
        """For each answer the log-odds of the rows `asked`, as scoring them with it would give, and all rows with it.

        The rows stay as they were where neither a gate nor a rule of several columns looks at them.
        """
        read = range(len(standing.codes)) if self.addends.trees else self._partners
        codes = {position: standing.codes[position][asked] for position in read}
        weight = self.addends.tables.rules_weight
        calibration, log_odds = self.addends.calibration, standing.log_odds[asked]
        rest = (calibration.inverse.apply(log_odds) if calibration else log_odds) - self._learned(codes, len(asked))
        for term in self._rule_terms:
            rest -= weight * standing.points[term][asked]
        for place in range(len(self.answers.values)):
            rows = standing.rows
            if self._joint or self.is_gated:
                rows = rows.filled(self.column.name, self._values[place : place + 1])
            given = {position: own[place] for position, own in self._codes.items()}
            total = rest + self._learned(codes | given, len(asked))
            total += weight * self._points[place]
            for dimension in self._joint:
                for _, points in dimension.evaluate(rows):
                    total += weight * points[asked]
            yield (calibration.apply(total) if calibration else total), rows

    def _learned(self, codes: Mapping[int, Any], count: int) -> Floats:
        """What tables and trees say of the column, given codes by feature: one for all rows, or one for each."""
        tables = self.addends.tables
        total = sum((tables.main[position][codes[position]] for position in self._codes), np.zeros(1))
        for pair in self._pairs:
            total = total + pair.table[pair.left_map[codes[pair.left]], pair.right_map[codes[pair.right]]]
        if self.addends.trees:
            spread = [np.broadcast_to(codes[position], count) for position in range(len(self.addends.features))]
            total = total + sum(trees.log_odds(spread) for trees in self.addends.trees)
        return np.asarray(total)

    @cached_property
    def _values(self) -> pa.Array:
        return self.answers.as_column(self.column)

    @cached_property
    def _codes(self) -> dict[int, Codes]:
        """Codes of the answers, by the position of each feature of the column."""
        features = enumerate(self.addends.features)
        return {position: one.codes(self._values) for position, one in features if one.column == self.column.name}

    @cached_property
    def _pairs(self) -> list[Pair]:
        return [pair for pair in self.addends.tables.pairs if {pair.left, pair.right} & self._codes.keys()]

    @cached_property
    def _partners(self) -> set[int]:
        """The features whose codes have a say in what an answer does."""
        return self._codes.keys() | {side for pair in self._pairs for side in (pair.left, pair.right)}

    @cached_property
    def _affected(self) -> list[tuple[Dimension, range]]:
        """The dimensions that look at the column, each with its terms."""
        affected, start = [], 0
        for dimension in self.addends.rulebook.dimensions:
            if self.column.name in dimension.columns:
                affected.append((dimension, range(start, start + dimension.terms)))
            start += dimension.terms
        return affected

    @cached_property
    def _rule_terms(self) -> list[int]:
        return [term for _, terms in self._affected for term in terms]

    @cached_property
    def _joint(self) -> list[Dimension]:
        """The dimensions on which the column does not decide alone: they are evaluated anew, row by row."""
        return [dimension for dimension, _ in self._affected if set(dimension.columns) != {self.column.name}]

    @cached_property
    def _points(self) -> Floats:
        """Points of each answer, by the dimensions on which the column decides alone; shape (answers,)."""
        rows = RuleRows(pa.table({self.column.name: self._values}), self.addends.rulebook.unanswered)
        alone = [dimension for dimension, _ in self._affected if set(dimension.columns) == {self.column.name}]
        terms = [points for dimension in alone for _, points in dimension.evaluate(rows)]
        return np.asarray(sum(terms, np.zeros(len(self._values))))
