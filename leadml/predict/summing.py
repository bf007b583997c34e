"""The sum that a score is: rows coded once, and in parts what each term adds to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from leadml.predict.calibration import MonotoneMap
from leadml.predict.encoding import GROUPS, Codes, Feature, Floats, to_dictionary
from leadml.predict.rules.rows import RuleRows
from leadml.predict.rules.rulebook import Rulebook
from leadml.predict.segments import Numbers
from leadml.predict.tables import ScoreTables
from leadml.predict.terms import CALIBRATION, Term, terms_of
from leadml.predict.threads import side_by_side
from leadml.predict.trees import Trees

PART = 16_384
"""Rows worked on at a time: few enough that their contributions stay in the processor's cache."""
BLOCK = 16 * PART
"""Rows whose codes are held at a time, so that memory does not grow with the number of leads."""


@dataclass(frozen=True)
class Part:
    """Some rows.

    `codes` are of all terms (rules, features, pairs, calibration), `segments` number the rows' segments, `points` are
    of the rules' terms, and `rows` are what rules look at.
    """

    count: int
    codes: tuple[Codes, ...]
    segments: Numbers | None
    points: tuple[Floats, ...] = ()
    rows: RuleRows | None = None


@dataclass(frozen=True)
class Coded:
    """A table as the sum looks at it: codes of all terms but the rules', whose points are worked out part by part."""

    count: int
    codes: tuple[Codes, ...]
    segments: Numbers | None
    rulebook: Rulebook | None
    rows: RuleRows | None

    def part(self, start: int, stop: int) -> Part:
        """The rows from `start` up to `stop`."""
        coded = [code[start:stop] for code in self.codes]
        segments = None if self.segments is None else self.segments[start:stop]
        if self.rulebook is None or self.rows is None:
            return Part(stop - start, tuple(coded), segments)
        rows = self.rows.part(start, stop)
        said = self.rulebook.evaluate(rows)
        return Part(stop - start, (*said.codes, *coded), segments, said.points, rows)

    @property
    def whole(self) -> Part:
        """All rows at once."""
        return self.part(0, self.count)

    @property
    def spans(self) -> list[tuple[int, int]]:
        """Where each part begins and ends; one, and empty, where there are no rows."""
        return [(start, min(start + PART, self.count)) for start in range(0, max(self.count, 1), PART)]


@dataclass(frozen=True)
class Sum:
    """What is added up: rules, features, pairs, trees, and a calibration of it all where that is a map."""

    features: tuple[Feature, ...]
    tables: ScoreTables
    rulebook: Rulebook | None
    trees: tuple[Trees, ...]
    calibration: MonotoneMap | None

    @cached_property
    def intercept(self) -> float:
        """What every lead starts from: the log-odds that are no term's."""
        return self.tables.intercept + sum(trees.bias for trees in self.trees)

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """The terms, in order."""
        terms = terms_of(self.features, self.tables, self.rulebook)
        return terms if self.calibration is None else (*terms, CALIBRATION)

    @cached_property
    def of_rules(self) -> int:
        """How many of the terms are the rules'; they come first, then features, pairs and a calibration."""
        return sum(dimension.terms for dimension in self.rulebook.dimensions) if self.rulebook else 0

    @cached_property
    def by_code(self) -> slice:
        """The terms whose log-odds are a matter of their code alone, as far as they stand side by side."""
        if self.trees:
            return slice(0, 0)
        rules = any(term.log_odds is None for term in self.terms[: self.of_rules])
        return slice(self.of_rules if rules else 0, len(self.terms) - (self.calibration is not None))

    def encode(self, table: pa.Table) -> list[Codes]:
        """Codes of each feature; each of shape (rows,)."""
        if table.num_rows <= PART:  # threads would cost more than they save
            return [feature.codes(table[feature.column]) for feature in self.features]
        return side_by_side(lambda feature: feature.codes(table[feature.column]), self.features)

    def coded(self, table: pa.Table, segments: Numbers | None) -> Coded:
        """The table as the sum looks at it."""
        table = self._with_dictionaries(table)
        codes = self.with_pairs(self.encode(table), table.num_rows)
        rows = self.rulebook.rows(table) if self.rulebook else None
        if self.rulebook and rows and table.num_rows > PART:
            rows.read(self.rulebook.columns)  # before parts of them are worked on side by side
        return Coded(table.num_rows, tuple(codes), segments, self.rulebook, rows)

    def _with_dictionaries(self, table: pa.Table) -> pa.Table:
        """The table with texts that rules look at in dictionaries, as features are likely to look at them too."""
        names = [name for name in (self.rulebook.columns if self.rulebook else ()) if table[name].type == pa.string()]
        encoded = side_by_side(to_dictionary, [table[name] for name in names])
        for name, texts in zip(names, encoded, strict=True):
            table = table.set_column(table.column_names.index(name), name, texts)
        return table

    def with_pairs(self, codes: Sequence[Codes], count: int) -> list[Codes]:
        """The codes of all terms but the rules', given those of the features."""
        calibration = [] if self.calibration is None else [np.zeros(count, dtype=np.uint16)]
        return [*codes, *(pair.codes(codes) for pair in self.tables.pairs), *calibration]

    def matrix(self, part: Part) -> Floats:
        """What rules and tables say of each term for each row, shape (terms, rows)."""
        matrix = np.empty((len(self.terms), part.count))
        for row, points in zip(matrix, part.points, strict=False):
            np.multiply(points, self.tables.rules_weight, out=row)
        rest = slice(self.of_rules, None)
        for row, term, code in zip(matrix[rest], self.terms[rest], part.codes[rest], strict=True):
            if term.log_odds is None:
                row[:] = 0.0  # a calibration, until the sum is known
            else:
                np.take(term.log_odds, code, out=row)
        return matrix

    def log_odds(self, matrix: Floats, part: Part) -> Floats:
        """Log-odds of each row. Terms are added in their order, so a row scores the same alone and among others.

        What a calibration adds is known only now, and is written into its row of the matrix.
        """
        total = np.full(matrix.shape[1], self.tables.intercept)
        for log_odds in matrix:
            total += log_odds
        for trees in self.trees:
            total += trees.log_odds(self.features_of(part))
        if self.calibration is None:
            return total
        matrix[-1] = self.calibration.apply(total) - total
        return np.asarray(total + matrix[-1])

    def share_out(self, matrix: Floats, part: Part) -> None:
        """Give every feature's term its share of what the trees say."""
        for trees in self.trees:
            matrix[self.of_rules : self.of_rules + len(self.features)] += trees.contributions(self.features_of(part))

    def shared_out(self, part: Part) -> Floats:
        """All that each term adds to each row, shape (terms, rows)."""
        matrix = self.matrix(part)
        if self.calibration is not None:
            self.log_odds(matrix, part)
        self.share_out(matrix, part)
        return matrix

    def features_of(self, part: Part) -> tuple[Codes, ...]:
        """The codes of the features among those of all terms."""
        return part.codes[self.of_rules : self.of_rules + len(self.features)]

    def subtotals(self, matrix: Floats) -> dict[str, Floats]:
        """Log-odds per feature group; a pair across two groups counts half for each."""
        subtotals: dict[str, Floats] = {group: np.zeros(matrix.shape[1]) for group in GROUPS}
        for term, log_odds in zip(self.terms, matrix, strict=True):
            for group in term.groups:
                subtotals[group] += log_odds / len(term.groups)
        return subtotals
