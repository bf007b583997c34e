"""What a points card can ask: whether a value is one of some, lies in a range with round bounds, or is not known."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from leadml.predict.encoding import Column, Floats, to_floats
from leadml.predict.phrases import number_text
from leadml.predict.rules.conditions import ValueCondition
from leadml.predict.rules.rows import Mask, RuleRows
from leadml.training.binning import kept_levels

# A line must speak of so many rows, and of so many rows not.
_LEAST_ROWS = 20
_LEAST_SHARE = 0.005
# Numbers of at most so many values may be cut between any two; others near so many quantiles.
_FEW_VALUES = 10
_QUANTILES = 12
_MOST_LEVELS = 30


@dataclass(frozen=True)
class Line:
    """One line of a card: a column's value is not known, one of `levels`, or from `low` up to below `high`."""

    column: str
    low: float | None = None
    high: float | None = None
    levels: tuple[str, ...] = ()

    @property
    def asks_missing(self) -> bool:
        """Whether it holds for leads of which the value is not known."""
        return self.low is None and not self.levels

    @property
    def label(self) -> str:
        """What it says of a lead, in words that complete "<column>: ..."."""
        if self.levels:
            return " or ".join(self.levels)
        if self.low is None:
            return "not known"
        if self.high is None:
            return f"{number_text(self.low)} or more"
        return f"{number_text(self.low)} to under {number_text(self.high)}"

    def joined(self, other: Line) -> Line:
        """The line that holds where either does; both are sets of levels, or ranges that touch."""
        if self.levels:
            return replace(self, levels=self.levels + other.levels)
        lower, upper = sorted((self, other), key=lambda line: line.low or 0.0)
        return replace(lower, high=upper.high)


def holds(rows: RuleRows, line: Line) -> Mask:
    """Which rows a line holds for, as the rules that it becomes would say; shape (rows,)."""
    held = rows.column(line.column)
    if line.levels:
        return held.said(ValueCondition("attribute", line.column, one_of=line.levels))
    if line.low is None:
        return held.said(ValueCondition("attribute", line.column, known=False))
    inside = held.said(ValueCondition("attribute", line.column, at_least=line.low))
    if line.high is None:
        return inside
    return inside & ~held.said(ValueCondition("attribute", line.column, at_least=line.high))


def design(table: pa.Table, lines: Sequence[Line]) -> Floats:
    """1.0 where a line holds for a row; shape (rows, lines)."""
    rows, held = RuleRows(table), np.zeros((table.num_rows, len(lines)))
    for place, line in enumerate(lines):
        held[:, place] = holds(rows, line)
    return held


def proposed_lines(table: pa.Table, columns: Sequence[Column]) -> list[Line]:
    """Every line that could stand on a card: not known, each level, and each number from a round bound up.

    Each speaks of enough rows and leaves enough; columns of dates give none. Ranges are open upwards here: taken
    together they can follow any shape, and `disjoint` turns those that are chosen into ranges beside each other.
    """
    rows, least = RuleRows(table), max(_LEAST_ROWS, _LEAST_SHARE * table.num_rows)
    lines = [line for column in columns for line in _of_column(table, column)]
    return [line for line in lines if least <= holds(rows, line).sum() <= table.num_rows - least]


def disjoint(lines: Sequence[Line]) -> list[Line]:
    """The lines column by column, no two of which hold together: not known, ranges from the highest down, levels."""
    names = dict.fromkeys(line.column for line in lines)
    return [line for name in names for line in _beside([one for one in lines if one.column == name])]


def merged(lines: Sequence[Line], points: Mapping[Line, int]) -> dict[Line, int]:
    """Disjoint lines without those that give nothing, and as one where they say the same.

    A range without points stays where a lower one has some: of ranges, the first that holds counts.
    """
    kept: dict[Line, int] = {}
    for name in dict.fromkeys(line.column for line in lines):
        own = [line for line in lines if line.column == name]
        for group in _mergeable(own, points):
            joined = group[0]
            for line in group[1:]:
                joined = joined.joined(line)
            kept[joined] = points[group[0]]
        ranges = [line for line in kept if line.column == name and line.low is not None]
        while ranges and not kept[ranges[-1]]:
            del kept[ranges.pop()]
    return kept


def _mergeable(lines: Sequence[Line], points: Mapping[Line, int]) -> Iterator[list[Line]]:
    """Lines of one column that become one: neighbouring ranges with equal points, and levels with equal points."""
    yield from ([line] for line in lines if line.asks_missing and points[line])
    ranges: list[list[Line]] = []
    for line in (one for one in lines if one.low is not None):
        if ranges and points[ranges[-1][0]] == points[line]:
            ranges[-1].append(line)
        else:
            ranges.append([line])
    yield from ranges
    worths = sorted({points[line] for line in lines if line.levels and points[line]}, reverse=True)
    yield from ([line for line in lines if line.levels and points[line] == worth] for worth in worths)


def _beside(lines: Sequence[Line]) -> Iterator[Line]:
    yield from (line for line in lines if line.asks_missing)
    high: float | None = None
    for low in sorted((line.low for line in lines if line.low is not None), reverse=True):
        yield Line(lines[0].column, low=low, high=high)
        high = low
    yield from (line for line in lines if line.levels)


def _of_column(table: pa.Table, column: Column) -> Iterator[Line]:
    if column.kind == "time":
        return
    yield Line(column.name)
    if column.kind == "number":
        yield from (Line(column.name, low=edge) for edge in round_edges(to_floats(table[column.name])))
    else:
        yield from (Line(column.name, levels=(level,)) for level in kept_levels(table[column.name])[:_MOST_LEVELS])


def round_edges(values: Floats) -> list[float]:
    """Ascending lower bounds of ranges, each the roundest number that cuts about where a quantile would.

    Few distinct values are all told apart; a value that many rows share at the low end (zero visits) is kept apart.
    """
    known = np.sort(values[np.isfinite(values)])
    distinct = np.unique(known)
    if len(distinct) <= _FEW_VALUES:
        return list(map(float, distinct[1:]))
    marks = np.unique(np.quantile(known, np.linspace(0, 1, _QUANTILES + 1), method="lower"))
    middles = (marks[:-1] + marks[1:]) / 2
    edges = {roundest(low, high) for low, high in itertools.pairwise(middles)}
    return sorted({roundest(float(distinct[0]), float(distinct[1])), *edges})


def roundest(low: float, high: float) -> float:
    """The number above `low` and up to `high` that takes the fewest digits to say."""
    if low < 0 <= high:
        return 0.0
    exponent = int(np.ceil(np.log10(max(abs(low), abs(high))))) + 1
    while True:
        for head in (10, 5, 2):
            # Divided by a whole number where it can be: 3 / 10 is what 0.3 is, 3 * 0.1 is not.
            scale = 10.0 ** abs(exponent - 1)
            steps = np.floor(high / head / scale if exponent > 0 else high / head * scale)
            found = float(steps * head * scale if exponent > 0 else steps * head / scale)
            if low < found <= high:
                return found
        exponent -= 1
        if exponent < -12:
            return float(high)
